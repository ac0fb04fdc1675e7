package evtx

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The values that a Writer takes are made by the functions below. The numbers of the types are those of [MS-EVEN6] 2.2.12.

func present(t Type, b []byte) Value { return Value{Bytes: b, Type: t, State: Present} }

// NullValue is an element without a value.
func NullValue() Value { return Value{State: Null} }

// StringValue is s as UTF-16LE.
func StringValue(s string) Value { return present(TypeString, appendUTF16(nil, s)) }

// StringsValue is an array of strings; a zero character within one makes it two.
func StringsValue(s ...string) Value {
	v := Value{Type: TypeString, State: Present, Array: true}
	for _, s := range s {
		v.Bytes = append(appendUTF16(v.Bytes, s), 0, 0)
	}
	return v
}

// ANSIValue is text in a code page, which a reader has to know (Options.ANSI) and gives as a string.
func ANSIValue(b []byte) Value { return present(TypeANSI, b) }

// Int8Value is a signed number of one byte.
func Int8Value(n int8) Value { return present(TypeInt8, []byte{byte(n)}) }

// Uint8Value is a number of one byte.
func Uint8Value(n uint8) Value { return present(TypeUint8, []byte{n}) }

// Int16Value is a signed number of two bytes.
func Int16Value(n int16) Value { return present(TypeInt16, le.AppendUint16(nil, uint16(n))) }

// Uint16Value is a number of two bytes.
func Uint16Value(n uint16) Value { return present(TypeUint16, le.AppendUint16(nil, n)) }

// Int32Value is a signed number of four bytes.
func Int32Value(n int32) Value { return present(TypeInt32, le.AppendUint32(nil, uint32(n))) }

// Uint32Value is a number of four bytes.
func Uint32Value(n uint32) Value { return present(TypeUint32, le.AppendUint32(nil, n)) }

// Int64Value is a signed number of eight bytes.
func Int64Value(n int64) Value { return present(TypeInt64, le.AppendUint64(nil, uint64(n))) }

// Uint64Value is a number of eight bytes.
func Uint64Value(n uint64) Value { return present(TypeUint64, le.AppendUint64(nil, n)) }

// Hex32Value is a number of four bytes that is shown in hexadecimal.
func Hex32Value(n uint32) Value { return present(TypeHex32, le.AppendUint32(nil, n)) }

// Hex64Value is a number of eight bytes that is shown in hexadecimal.
func Hex64Value(n uint64) Value { return present(TypeHex64, le.AppendUint64(nil, n)) }

// SizeTValue is a size of eight bytes, as a program of 64 bits logs it, that is shown in hexadecimal.
func SizeTValue(n uint64) Value { return present(TypeSizeT, le.AppendUint64(nil, n)) }

// Float32Value is a floating-point number of four bytes.
func Float32Value(f float32) Value {
	return present(TypeFloat32, le.AppendUint32(nil, math.Float32bits(f)))
}

// Float64Value is a floating-point number of eight bytes.
func Float64Value(f float64) Value {
	return present(TypeFloat64, le.AppendUint64(nil, math.Float64bits(f)))
}

// BoolValue is a boolean of four bytes.
func BoolValue(b bool) Value {
	if b {
		return present(TypeBool, []byte{1, 0, 0, 0})
	}
	return present(TypeBool, make([]byte, 4))
}

// BinaryValue is b itself.
func BinaryValue(b []byte) Value { return present(TypeBinary, b) }

// GUIDValue is a GUID.
func GUIDValue(g GUID) Value { return present(TypeGUID, g[:]) }

// TimeValue is a FILETIME; what is finer than 100 ns is cut off, times before 1601 are 0.
func TimeValue(t time.Time) Value { return present(TypeFileTime, le.AppendUint64(nil, ticksOf(t))) }

// SystemTimeValue is a SYSTEMTIME in UTC; what is finer than a millisecond is cut off.
func SystemTimeValue(t time.Time) Value {
	t = t.UTC()
	var b []byte
	for _, n := range [...]int{t.Year(), int(t.Month()), int(t.Weekday()), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond() / 1e6} {
		b = le.AppendUint16(b, uint16(n))
	}
	return present(TypeSystemTime, b)
}

// SIDValue is the SID that s spells, or null when s spells none.
func SIDValue(s string) Value {
	b, ok := ParseSID(s)
	if !ok {
		return NullValue()
	}
	return present(TypeSID, b)
}

// ArrayValue is an array of the items, which are of one type. It is null when they are not, when there are none, and of binary items,
// which nothing would tell apart.
func ArrayValue(items ...Value) Value {
	if len(items) == 0 {
		return NullValue()
	}
	v := Value{Type: items[0].Type, State: Present, Array: true}
	for _, item := range items {
		if item.State != Present || item.Array || item.Type != v.Type || v.itemSize() != len(item.Bytes) && v.itemSize() != 0 {
			return NullValue()
		}
		switch v.Bytes = append(v.Bytes, item.Bytes...); v.Type {
		case TypeString:
			v.Bytes = append(v.Bytes, 0, 0)
		case TypeANSI:
			v.Bytes = append(v.Bytes, 0)
		case TypeNull, TypeBinary:
			return NullValue()
		}
	}
	return v
}

// ParseSID turns "S-1-5-18" into the bytes of a SID: revision, count, authority in six bytes big endian, sub-authorities.
func ParseSID(s string) ([]byte, bool) { return appendParsedSID(nil, s) }

// appendParsedSID appends the SID that s spells; what it appended means nothing when s spells none.
func appendParsedSID(dst []byte, s string) (b []byte, ok bool) {
	if s, ok = strings.CutPrefix(s, "S-"); !ok {
		return dst, false
	}
	revision, s, _ := strings.Cut(s, "-")
	authority, s, subs := strings.Cut(s, "-")
	n, err := strconv.ParseUint(revision, 10, 8)
	a, err2 := strconv.ParseUint(authority, 10, 48)
	if err != nil || err2 != nil {
		return dst, false
	}
	dst = append(dst, byte(n), 0)
	count := len(dst) - 1
	for shift := 40; shift >= 0; shift -= 8 {
		dst = append(dst, byte(a>>shift))
	}
	for subs {
		var sub string
		sub, s, subs = strings.Cut(s, "-")
		n, err := strconv.ParseUint(sub, 10, 32)
		if err != nil || dst[count] == 255 {
			return dst, false
		}
		dst = le.AppendUint32(dst, uint32(n))
		dst[count]++
	}
	return dst, true
}

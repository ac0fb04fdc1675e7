package evtx

import (
	"iter"
	"strconv"
	"time"
)

// Type is the type of a value as binary XML numbers it.
type Type uint8

// The value types. An ANSI string reaches the caller as TypeString, decoded by Options.ANSI.
const (
	TypeNull       Type = 0x00
	TypeString     Type = 0x01 // UTF-16LE
	TypeANSI       Type = 0x02
	TypeInt8       Type = 0x03
	TypeUint8      Type = 0x04
	TypeInt16      Type = 0x05
	TypeUint16     Type = 0x06
	TypeInt32      Type = 0x07
	TypeUint32     Type = 0x08
	TypeInt64      Type = 0x09
	TypeUint64     Type = 0x0a
	TypeFloat32    Type = 0x0b
	TypeFloat64    Type = 0x0c
	TypeBool       Type = 0x0d // 1, 2, 4 or 8 bytes; anything but zero is true
	TypeBinary     Type = 0x0e
	TypeGUID       Type = 0x0f
	TypeSizeT      Type = 0x10 // 4 or 8 bytes, shown in hex
	TypeFileTime   Type = 0x11 // 100 ns since 1601, UTC
	TypeSystemTime Type = 0x12
	TypeSID        Type = 0x13
	TypeHex32      Type = 0x14
	TypeHex64      Type = 0x15
	TypeBinXML     Type = 0x21

	arrayBit Type = 0x80
)

// State tells a field that is not there from one without a value.
type State uint8

// A field is absent when its layout does not have it or when an optional substitution is null (Windows leaves the element out);
// null when the element is there without a value; present otherwise, also when its text is empty.
const (
	Absent State = iota
	Null
	Present
)

// String is the state's name.
func (s State) String() string {
	switch s {
	case Absent:
		return "absent"
	case Null:
		return "null"
	}
	return "present"
}

// Value is one value of a record: a view on the chunk, valid as long as its record. Copying one allocates nothing.
type Value struct {
	Bytes []byte // raw, little endian; a string is UTF-16LE without its terminator
	Type  Type   // without the array bit
	State State
	Array bool // Bytes holds items of Type one after the other; strings end with a zero unit
}

// fixedSize is the size of one item of a type, 0 for the types whose size varies or is not known.
var fixedSize = [32]uint8{TypeInt8: 1, TypeUint8: 1, TypeInt16: 2, TypeUint16: 2, TypeInt32: 4, TypeUint32: 4, TypeInt64: 8,
	TypeUint64: 8, TypeFloat32: 4, TypeFloat64: 8, TypeBool: 4, TypeGUID: 16, TypeSizeT: 8, TypeFileTime: 8, TypeSystemTime: 16,
	TypeHex32: 4, TypeHex64: 8}

// IsAbsent, IsNull and IsPresent name the three states.
func (v Value) IsAbsent() bool { return v.State == Absent }

// IsNull reports an element without a value.
func (v Value) IsNull() bool { return v.State == Null }

// IsPresent reports a value, be it empty.
func (v Value) IsPresent() bool { return v.State == Present }

// number widens 1 to 8 little-endian bytes.
func (v Value) number() uint64 {
	b := v.Bytes
	switch len(b) {
	case 0:
		return 0
	case 1:
		return uint64(b[0])
	case 2, 3:
		return uint64(le.Uint16(b))
	case 4, 5, 6, 7:
		return uint64(le.Uint32(b))
	}
	return le.Uint64(b)
}

// signed widens like number and keeps the sign of the stated type.
func (v Value) signed() int64 {
	n := v.number()
	switch v.Type {
	case TypeInt8:
		return int64(int8(n))
	case TypeInt16:
		return int64(int16(n))
	case TypeInt32:
		return int64(int32(n))
	}
	return int64(n)
}

// Uint64 is the number that an integer, boolean, hexadecimal, size or time value holds, or that a string spells in decimal or
// 0x-hexadecimal; false for anything else and for negative numbers.
func (v Value) Uint64() (uint64, bool) {
	if v.State != Present || v.Array {
		return 0, false
	}
	switch v.Type {
	case TypeUint8, TypeUint16, TypeUint32, TypeUint64, TypeSizeT, TypeHex32, TypeHex64, TypeFileTime, TypeBool:
		return v.number(), len(v.Bytes) > 0
	case TypeInt8, TypeInt16, TypeInt32, TypeInt64:
		if n := v.signed(); n >= 0 {
			return uint64(n), len(v.Bytes) > 0
		}
	case TypeString:
		return parseUnits(v.Bytes)
	}
	return 0, false
}

// parseUnits reads a decimal or 0x-hexadecimal number out of UTF-16LE.
func parseUnits(b []byte) (uint64, bool) {
	var text [20]byte
	if len(b) == 0 || len(b) > 2*len(text) {
		return 0, false
	}
	n := 0
	for ; len(b) >= 2; b = b[2:] {
		if b[1] != 0 {
			return 0, false
		}
		text[n] = b[0]
		n++
	}
	base, digits := 10, text[:n]
	if n > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		base, digits = 16, digits[2:]
	}
	var x uint64
	for _, c := range digits {
		d := hexDigit(c)
		if d >= base || x > (1<<64-1-uint64(d))/uint64(base) {
			return 0, false
		}
		x = x*uint64(base) + uint64(d)
	}
	return x, true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 99
}

const (
	ticksPerSecond = 10_000_000
	unixEpoch      = 11_644_473_600 // seconds from 1601 to 1970
)

// fileTime turns 100 ns since 1601 into a time. Every 64-bit count is a valid time.Time.
func fileTime(ticks uint64) time.Time {
	return time.Unix(int64(ticks/ticksPerSecond)-unixEpoch, int64(ticks%ticksPerSecond)*100).UTC()
}

// ticksOf is the inverse of fileTime; times before 1601 are 0.
func ticksOf(t time.Time) uint64 {
	if s := t.Unix() + unixEpoch; s >= 0 {
		return uint64(s)*ticksPerSecond + uint64(t.Nanosecond()/100)
	}
	return 0
}

// Time is the moment that a FILETIME, a SYSTEMTIME or an RFC 3339 string holds, in UTC. A FILETIME of 0 means "never": false.
func (v Value) Time() (time.Time, bool) {
	if v.State != Present || v.Array {
		return time.Time{}, false
	}
	switch v.Type {
	case TypeFileTime:
		n := v.number()
		return fileTime(n), n != 0 && len(v.Bytes) >= 8
	case TypeSystemTime:
		s, ok := readSystemTime(v.Bytes)
		if !ok {
			return time.Time{}, false
		}
		return time.Date(int(s[0]), time.Month(s[1]), int(s[3]), int(s[4]), int(s[5]), int(s[6]), int(s[7])*1e6, time.UTC), true
	case TypeString:
		var buf [64]byte
		if len(v.Bytes) > len(buf) {
			return time.Time{}, false
		}
		t, err := time.Parse(time.RFC3339Nano, string(AppendUTF8(buf[:0], v.Bytes)))
		return t.UTC(), err == nil
	}
	return time.Time{}, false
}

// Items yields the items of an array, or the value itself when it is none. An array of no bytes is one empty item, as Windows
// shows it; items that are cut off are dropped. Absent and null values have no items.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for rest, ok := v, v.State == Present; ok; {
			var item Value
			item, rest, ok = rest.next()
			if !yield(item) {
				return
			}
		}
	}
}

// next splits the first item off an array; more says whether rest holds another one.
func (v Value) next() (item, rest Value, more bool) {
	item = Value{Type: v.Type, State: Present}
	size := v.itemSize()
	if !v.Array || (size == 0 && v.Type != TypeString && v.Type != TypeSID) {
		item.Bytes = v.Bytes
		return item, Value{}, false
	}
	rest = v
	switch {
	case v.Type == TypeString:
		n, used := nulUnit(v.Bytes)
		item.Bytes, rest.Bytes = v.Bytes[:n], v.Bytes[used:]
		return item, rest, len(rest.Bytes) >= 2
	case v.Type == TypeSID && len(v.Bytes) >= 2:
		size = 8 + 4*int(v.Bytes[1])
	}
	size = min(size, len(v.Bytes))
	item.Bytes, rest.Bytes = v.Bytes[:size], v.Bytes[size:]
	return item, rest, size > 0 && len(rest.Bytes) >= max(1, v.itemSize())
}

// itemSize is the fixed size of an array's items, 0 when it varies.
func (v Value) itemSize() int {
	if int(v.Type) >= len(fixedSize) {
		return 0
	}
	return int(fixedSize[v.Type])
}

// nulUnit finds the first zero unit: n bytes stand before it, the next string begins at used.
func nulUnit(b []byte) (n, used int) {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i]|b[i+1] == 0 {
			return i, i + 2
		}
	}
	return len(b) &^ 1, len(b)
}

// EqualFoldASCII reports whether the value's text equals s, ASCII letters compared without case. Strings are compared in
// place, other values by their AppendText. Like the comparisons below it is for single values: ask each of an array's Items.
func (v Value) EqualFoldASCII(s string) bool {
	var buf [textBuffer]byte
	b, ok := v.wide(&buf)
	if !ok {
		return false
	}
	n, ok := prefixFold(b, s)
	return ok && n == len(b)
}

// HasPrefixFold is EqualFoldASCII for the beginning of the text.
func (v Value) HasPrefixFold(s string) bool {
	var buf [textBuffer]byte
	b, ok := v.wide(&buf)
	if ok {
		_, ok = prefixFold(b, s)
	}
	return ok
}

// HasSuffixFold is EqualFoldASCII for the end of the text.
func (v Value) HasSuffixFold(s string) bool {
	var buf [textBuffer]byte
	b, ok := v.wide(&buf)
	n := 2 * units(s)
	if !ok || n > len(b) {
		return false
	}
	_, ok = prefixFold(b[len(b)-n:], s)
	return ok
}

// ContainsFold reports whether s occurs in the text, ASCII letters compared without case.
func (v Value) ContainsFold(s string) bool {
	var buf [textBuffer]byte
	b, ok := v.wide(&buf)
	if !ok || s == "" {
		return ok
	}
	first := uint16(0xffff) // no first unit to look for when s begins beyond ASCII
	if s[0] < 0x80 {
		first = lower(uint16(s[0]))
	}
	for n := 2 * units(s); len(b) >= n; b = b[2:] {
		if first != 0xffff && lower(le.Uint16(b)) != first {
			continue
		}
		if _, ok := prefixFold(b, s); ok {
			return true
		}
	}
	return false
}

// textBuffer holds the longest text of a value that is no string, in UTF-16, on the stack.
const textBuffer = 128

// wide is the value's text in UTF-16LE: strings as they are, short values of other types rendered into buf.
func (v Value) wide(buf *[textBuffer]byte) ([]byte, bool) {
	if v.State != Present {
		return nil, false
	}
	if v.Type == TypeString {
		return v.Bytes[:len(v.Bytes)&^1], true
	}
	var text [textBuffer / 2]byte
	return appendWide(buf[:0], v.AppendText(text[:0])), true
}

// String renders the value; AppendText is the form for the hot path.
func (v Value) String() string { return string(v.AppendText(nil)) }

// String is the type's name, or its number in hexadecimal.
func (t Type) String() string {
	names := [...]string{"null", "string", "ansi", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32",
		"float64", "bool", "binary", "guid", "size_t", "filetime", "systemtime", "sid", "hex32", "hex64"}
	if int(t) < len(names) {
		return names[t]
	}
	if t == TypeBinXML {
		return "binxml"
	}
	return "0x" + strconv.FormatUint(uint64(t), 16)
}

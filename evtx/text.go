package evtx

import (
	"math"
	"strconv"
)

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

// AppendText appends the value as the Windows event viewer's XML prints it: hexadecimal stays 0x3e7, GUIDs are {UPPER-CASE}, times RFC
// 3339 with seven decimals and Z, booleans true or false, binary upper-case hex. Items of an array are joined by a line feed;
// use Items where they matter apart. Absent and null values append nothing.
func (v Value) AppendText(dst []byte) []byte {
	if v.State != Present {
		return dst
	}
	if !v.Array {
		if v.Type == TypeString {
			return AppendUTF8(dst, v.Bytes)
		}
		return v.appendScalar(dst)
	}
	for more := true; more; {
		var item Value
		item, v, more = v.next()
		dst = item.AppendText(dst)
		if more {
			dst = append(dst, '\n')
		}
	}
	return dst
}

func (v Value) appendScalar(dst []byte) []byte {
	b := v.Bytes
	switch v.Type {
	case TypeInt8, TypeInt16, TypeInt32, TypeInt64:
		return strconv.AppendInt(dst, v.signed(), 10)
	case TypeUint8, TypeUint16, TypeUint32, TypeUint64:
		return strconv.AppendUint(dst, v.number(), 10)
	case TypeFloat32:
		return strconv.AppendFloat(dst, float64(math.Float32frombits(uint32(v.number()))), 'g', -1, 32)
	case TypeFloat64:
		return strconv.AppendFloat(dst, math.Float64frombits(v.number()), 'g', -1, 64)
	case TypeBool:
		return strconv.AppendBool(dst, v.number() != 0)
	case TypeGUID:
		if len(b) < 16 {
			return appendHex(dst, b)
		}
		return GUID(b[:16]).append(dst)
	case TypeSizeT, TypeHex32, TypeHex64:
		return appendHexNumber(dst, v.number())
	case TypeFileTime:
		return appendFileTime(dst, v.number())
	case TypeSystemTime:
		return appendSystemTime(dst, b)
	case TypeSID:
		return appendSID(dst, b)
	case TypeNull:
		return dst
	}
	return appendHex(dst, b)
}

// appendHexNumber appends 0x and the digits of n.
func appendHexNumber(dst []byte, n uint64) []byte {
	var text [18]byte
	i := len(text)
	for {
		i--
		text[i] = lowerHex[n&15]
		if n >>= 4; n == 0 {
			break
		}
	}
	text[i-1], text[i-2] = 'x', '0'
	return append(dst, text[i-2:]...)
}

func appendHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

// appendSID renders S-1-...; a SID that ends early shows the sub-authorities it has, one without a head shows nothing.
func appendSID(dst, b []byte) []byte {
	if len(b) < 8 {
		return dst
	}
	dst = append(dst, "S-"...)
	dst = strconv.AppendUint(dst, uint64(b[0]), 10)
	var authority uint64
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	for n, sub := int(b[1]), b[8:]; n > 0 && len(sub) >= 4; n, sub = n-1, sub[4:] {
		dst = strconv.AppendUint(append(dst, '-'), uint64(le.Uint32(sub)), 10)
	}
	return dst
}

// appendFileTime renders 100 ns since 1601. Counts beyond the year 9999 have no RFC 3339 form and are shown as the number.
func appendFileTime(dst []byte, ticks uint64) []byte {
	const year10000 = 2_650_467_744_000_000_000
	if ticks >= year10000 {
		return strconv.AppendUint(dst, ticks, 10)
	}
	seconds := ticks / ticksPerSecond
	y, m, d := civil(int64(seconds / 86400))
	s := seconds % 86400
	var t [28]byte
	put(t[0:4], uint64(y))
	put(t[5:7], uint64(m))
	put(t[8:10], uint64(d))
	put(t[11:13], s/3600)
	put(t[14:16], s/60%60)
	put(t[17:19], s%60)
	put(t[20:27], ticks%ticksPerSecond)
	t[4], t[7], t[10], t[13], t[16], t[19], t[27] = '-', '-', 'T', ':', ':', '.', 'Z'
	return append(dst, t[:]...)
}

// twoDigits are the numbers from 00 to 99.
const twoDigits = "0001020304050607080910111213141516171819" + "2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" + "6061626364656667686970717273747576777879" + "8081828384858687888990919293949596979899"

// put writes n in decimal, filling b.
func put(b []byte, n uint64) {
	for len(b) >= 2 {
		pair := twoDigits[2*(n%100):]
		b[len(b)-1], b[len(b)-2] = pair[1], pair[0]
		b, n = b[:len(b)-2], n/100
	}
	if len(b) == 1 {
		b[0] = byte('0' + n%10)
	}
}

// civil turns days since 1601-01-01 into a date: the usual count in eras of 400 years that begin in March.
func civil(days int64) (year, month, day int64) {
	days += 584694 // from 0000-03-01
	era := days / 146097
	dayOfEra := days % 146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*m+2)/5 + 1
	year, month = yearOfEra+era*400, m+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// readSystemTime reads year, month, weekday, day, hour, minute, second, millisecond and refuses what is no date.
func readSystemTime(b []byte) (s [8]uint16, ok bool) {
	if len(b) < 16 {
		return s, false
	}
	for i := range s {
		s[i] = le.Uint16(b[2*i:])
	}
	ok = s[0] <= 9999 && s[1] >= 1 && s[1] <= 12 && s[3] >= 1 && s[3] <= 31 && s[4] < 24 && s[5] < 60 && s[6] < 62 && s[7] < 1000
	return s, ok
}

func appendSystemTime(dst, b []byte) []byte {
	s, ok := readSystemTime(b)
	if !ok {
		return appendHex(dst, b)
	}
	var t [24]byte
	put(t[0:4], uint64(s[0]))
	put(t[5:7], uint64(s[1]))
	put(t[8:10], uint64(s[3]))
	put(t[11:13], uint64(s[4]))
	put(t[14:16], uint64(s[5]))
	put(t[17:19], uint64(s[6]))
	put(t[20:23], uint64(s[7]))
	t[4], t[7], t[10], t[13], t[16], t[19], t[23] = '-', '-', 'T', ':', ':', '.', 'Z'
	return append(dst, t[:]...)
}

package evtx

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

var le = binary.LittleEndian

const (
	notASCII   = 0xff80ff80ff80ff80 // bits that four ASCII units leave clear
	everyByte  = 0x0101010101010101
	everyHigh  = 0x8080808080808080
	surrogate  = 0xd800
	lowHalf    = 0xdc00
	surrogates = 0xe000
)

// AppendUTF8 appends src, which is UTF-16LE, to dst as UTF-8. A lone surrogate becomes U+FFFD, an odd last byte is dropped.
func AppendUTF8(dst, src []byte) []byte {
	n := len(src) / 2
	dst = slices.Grow(dst, 3*n)
	o := len(dst)
	d := dst[o : o+3*n]
	k := 0
	for {
		k, src = packASCII(d, k, src)
		if len(src) < 2 {
			return dst[:o+k]
		}
		r, size := decodeUnit(src)
		src = src[size:]
		if r < 0x80 {
			d[k] = byte(r)
			k++
			continue
		}
		k += utf8.EncodeRune(d[k:], r)
	}
}

// packASCII copies runs of eight ASCII units to d[k:] eight bytes a step and returns the new k and what is left of src.
func packASCII(d []byte, k int, src []byte) (int, []byte) {
	for len(src) >= 16 && len(d)-k >= 8 {
		x, y := le.Uint64(src), le.Uint64(src[8:])
		if (x|y)&notASCII != 0 {
			break
		}
		le.PutUint64(d[k:], pack4(x)|pack4(y)<<32)
		k += 8
		src = src[16:]
	}
	// A run shorter than eight units that is all there is: one step of four saves most of the scalar loop.
	if len(src) >= 8 && len(d)-k >= 4 {
		if x := le.Uint64(src); x&notASCII == 0 {
			le.PutUint32(d[k:], uint32(pack4(x)))
			k += 4
			src = src[8:]
		}
	}
	return k, src
}

// pack4 squeezes four ASCII units into the low four bytes.
func pack4(x uint64) uint64 {
	x |= x >> 8
	return x&0xffff | (x>>16)&0xffff0000
}

// decodeUnit reads the first character of src, which holds at least one unit, and says how many bytes it took.
func decodeUnit(src []byte) (rune, int) {
	r := rune(le.Uint16(src))
	if r < surrogate || r >= surrogates {
		return r, 2
	}
	if r < lowHalf && len(src) >= 4 {
		if low := rune(le.Uint16(src[2:])); low >= lowHalf && low < surrogates {
			return (r-surrogate)<<10 | (low - lowHalf) + 0x10000, 4
		}
	}
	return utf8.RuneError, 2
}

// appendUTF16 appends s, which is UTF-8, to dst as UTF-16LE.
func appendUTF16(dst []byte, s string) []byte {
	for _, r := range s {
		if r < 0x10000 {
			dst = le.AppendUint16(dst, uint16(r))
			continue
		}
		r -= 0x10000
		dst = le.AppendUint16(dst, uint16(surrogate+r>>10))
		dst = le.AppendUint16(dst, uint16(lowHalf+r&0x3ff))
	}
	return dst
}

// appendWide appends ASCII text to dst as UTF-16LE.
func appendWide(dst, ascii []byte) []byte {
	for _, c := range ascii {
		dst = append(dst, c, 0)
	}
	return dst
}

// trimNUL cuts the zero units off the end of a UTF-16LE string: writers count terminators in or not as they please.
func trimNUL(b []byte) []byte {
	b = b[:len(b)&^1]
	for len(b) >= 2 && b[len(b)-1] == 0 && b[len(b)-2] == 0 {
		b = b[:len(b)-2]
	}
	return b
}

// The searches below work on the raw units, so that a condition on a field costs no decoding. They fold ASCII letters only,
// which is what Windows paths and Sigma values need; any other character has to be equal.

func lower(u uint16) uint16 {
	if u-'A' < 26 {
		return u + 'a' - 'A'
	}
	return u
}

// prefixFold reports whether the UTF-16LE b begins with s, and how many bytes of b that took.
func prefixFold(b []byte, s string) (int, bool) {
	at := 0
	for i := 0; i < len(s); {
		if len(b)-at < 2 {
			return 0, false
		}
		if c := s[i]; c < utf8.RuneSelf {
			if lower(le.Uint16(b[at:])) != lower(uint16(c)) {
				return 0, false
			}
			i++
			at += 2
			continue
		}
		want, n := utf8.DecodeRuneInString(s[i:])
		got, size := decodeUnit(b[at:])
		if got != want {
			return 0, false
		}
		i += n
		at += size
	}
	return at, true
}

// units is the length of s in UTF-16 units.
func units(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0xf0: // four bytes make two units
			n -= 2
		case c >= 0xe0:
			n -= 2
		case c >= 0xc0:
			n--
		}
	}
	return n
}

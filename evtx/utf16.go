package evtx

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

var le = binary.LittleEndian

const (
	surrogate  = 0xd800
	lowHalf    = 0xdc00
	surrogates = 0xe000
)

// AppendUTF8 appends src, which is UTF-16LE, to dst as UTF-8. A lone surrogate becomes U+FFFD, an odd last byte is dropped. Bytes that follow
// src in its slice may be read; they change nothing.
func AppendUTF8(dst, src []byte) []byte {
	if len(src) < 2 {
		return dst
	}
	dst = slices.Grow(dst, 3*(len(src)/2)+16)
	k, room := len(dst), dst[:cap(dst)]
	for {
		n := packASCII(room[k:], src)
		k += n
		if src = src[2*n:]; len(src) < 2 {
			return room[:k]
		}
		for {
			r, size := decodeUnit(src)
			k += utf8.EncodeRune(room[k:], r)
			if src = src[size:]; len(src) < 2 {
				return room[:k]
			}
			if u := le.Uint16(src); u < utf8.RuneSelf && u != 0 {
				break
			}
		}
	}
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

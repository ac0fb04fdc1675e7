package evtx

import "math/bits"

// Most text in a log is ASCII in UTF-16LE, and most of the time goes into making bytes of it. The routines below do that for as long as
// the text stays plain. On amd64 each has a twin in assembly that reads sixteen units a step; it reads beyond the end of a text, so
// that it is used only where bytes of the same slice follow, as they do for nearly every value of a chunk.

// wideRead is how many bytes of its slice must follow a text for the wide routines.
const wideRead = 32

const (
	notASCII  = 0xff80ff80ff80ff80 // bits that four ASCII units leave clear
	everyByte = 0x0101010101010101
	everyHigh = 0x8080808080808080
)

// packASCII writes the ASCII units that src begins with to dst, a byte each, and returns how many they were. It may stop at a zero
// unit. dst has room for 16 bytes more than src has units.
func packASCII(dst, src []byte) (read int) {
	if readsWide(src) {
		return packASCIIWide(&dst[0], &src[0], len(src)/2)
	}
	return packASCIIPortable(dst, src)
}

// readsWide tells whether the wide routines may read src.
func readsWide(src []byte) bool { return wide && len(src) > 1 && cap(src)-len(src) >= wideRead }

func packASCIIPortable(dst, src []byte) (read int) {
	for ; len(src) >= 16; src = src[16:] {
		x, y := le.Uint64(src), le.Uint64(src[8:])
		if (x|y)&notASCII != 0 {
			break
		}
		le.PutUint64(dst[read:], pack4(x)|pack4(y)<<32)
		read += 8
	}
	for ; len(src) >= 2; src = src[2:] {
		u := le.Uint16(src)
		if u >= 0x80 {
			break
		}
		dst[read] = byte(u)
		read++
	}
	return read
}

// packJSON writes the units that src begins with to dst for as long as they are ASCII and no controls, quotes and backslashes with a
// backslash before them. It returns how many units it read and how many bytes it wrote. dst has room for two bytes a unit and 16 more.
func packJSON(dst, src []byte) (read, written int) {
	if readsWide(src) {
		return packJSONWide(&dst[0], &src[0], len(src)/2)
	}
	return packJSONPortable(dst, src)
}

func packJSONPortable(dst, src []byte) (read, written int) {
	n := len(src) / 2
	for read < n {
		if at := 2 * read; n-read >= 8 {
			x, y := le.Uint64(src[at:]), le.Uint64(src[at+8:])
			if (x|y)&notASCII == 0 {
				z := pack4(x) | pack4(y)<<32
				le.PutUint64(dst[written:], z)
				plain := bits.TrailingZeros64(escapes(z)) / 8 // 8 when there are none
				read += plain
				written += plain
				if plain == 8 {
					continue
				}
			}
		}
		u := le.Uint16(src[2*read:])
		switch {
		case u == '"' || u == '\\':
			dst[written] = '\\'
			written++
		case u < 0x20 || u >= 0x80:
			return read, written
		}
		dst[written] = byte(u)
		read++
		written++
	}
	return read, written
}

// packXML writes the units that src begins with to dst for as long as they are ASCII, no controls and none of & < > ' ", a byte each, and
// returns how many they were. dst has room for 16 bytes more than src has units.
func packXML(dst, src []byte) (read int) {
	if readsWide(src) {
		return packXMLWide(&dst[0], &src[0], len(src)/2)
	}
	return packXMLPortable(dst, src)
}

func packXMLPortable(dst, src []byte) (read int) {
	for ; len(src) >= 2; src = src[2:] {
		u := le.Uint16(src)
		if u < 0x20 || u >= 0x80 || u == '&' || u == '<' || u == '>' || u == '\'' || u == '"' {
			break
		}
		dst[read] = byte(u)
		read++
	}
	return read
}

// pack4 squeezes four ASCII units into the low four bytes.
func pack4(x uint64) uint64 {
	x |= x >> 8
	return x&0xffff | (x>>16)&0xffff0000
}

// escapes marks, by the high bit of its byte, the first ASCII character of x that JSON escapes: controls, the quote and the backslash. Bytes
// behind the first marked one may be marked in error.
func escapes(x uint64) uint64 {
	quote := x ^ '"'*everyByte
	slash := x ^ '\\'*everyByte
	return ((x - 0x20*everyByte) | (quote - everyByte) | (slash - everyByte)) & everyHigh
}

package evtx

import "slices"

// Codepage maps the bytes 0x80 to 0xff of an ANSI string to characters of the basic plane.
type Codepage [128]uint16

// Windows1252 is the Western European code page.
var Windows1252 = makeWindows1252()

func makeWindows1252() (p Codepage) {
	for i := range p {
		p[i] = uint16(0x80 + i)
	}
	copy(p[:], []uint16{0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d,
		0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178})
	return p
}

// append decodes ANSI text to UTF-16LE.
func (p *Codepage) append(dst, src []byte) []byte {
	k := len(dst)
	dst = slices.Grow(dst, 2*len(src))[:k+2*len(src)]
	for i, c := range src {
		u := uint16(c)
		if c >= 0x80 {
			u = p[c-0x80]
		}
		le.PutUint16(dst[k+2*i:], u)
	}
	return dst
}

package evtx

// GUID is a GUID in its Windows memory order (the first three groups little endian).
type GUID [16]byte

// String renders {UPPER-CASE}.
func (g GUID) String() string { return string(g.append(nil)) }

// IsZero reports the all-zero GUID.
func (g GUID) IsZero() bool { return g == GUID{} }

// guidOrder lists the bytes of a GUID as its text shows them; -1 is a hyphen.
var guidOrder = [20]int8{3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15}

func (g GUID) append(dst []byte) []byte {
	var text [38]byte
	n := 1
	text[0] = '{'
	for _, i := range guidOrder {
		if i < 0 {
			text[n] = '-'
			n++
			continue
		}
		text[n], text[n+1] = upperHex[g[i]>>4], upperHex[g[i]&15]
		n += 2
	}
	text[n] = '}'
	return append(dst, text[:]...)
}

// ParseGUID reads the 36-character form, with or without braces and in either case.
func ParseGUID(s string) (GUID, bool) {
	var g GUID
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 {
		return g, false
	}
	for _, i := range guidOrder {
		if i < 0 {
			if s[0] != '-' {
				return GUID{}, false
			}
			s = s[1:]
			continue
		}
		h, l := hexDigit(s[0]), hexDigit(s[1])
		if h > 15 || l > 15 {
			return GUID{}, false
		}
		g[i] = byte(h<<4 | l)
		s = s[2:]
	}
	return g, true
}

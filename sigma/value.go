package sigma

import (
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// fold is how values are compared without regard to case: both sides by the same rule, so that lengths stay comparable.
func fold(s string) string { return strings.ToLower(s) }

// piece of a value with wildcards: literal text, '*' any run, '?' one character.
type piece struct {
	kind byte // 'l', '*', '?'
	text string
}

// parsePieces reads a value as pySigma's SigmaString does: a backslash escapes *, ? and itself and is literal before anything
// else and at the end.
func parsePieces(s string) []piece {
	var out []piece
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			out = append(out, piece{'l', lit.String()})
			lit.Reset()
		}
	}
	escaped := false
	for _, c := range s {
		switch {
		case escaped:
			if c != '*' && c != '?' && c != '\\' {
				lit.WriteByte('\\')
			}
			lit.WriteRune(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == '*' || c == '?':
			flush()
			if c == '*' && len(out) > 0 && out[len(out)-1].kind == '*' {
				continue
			}
			out = append(out, piece{kind: byte(c)})
		default:
			lit.WriteRune(c)
		}
	}
	if escaped {
		lit.WriteByte('\\')
	}
	flush()
	return out
}

// literal gives the text of a value without wildcards.
func literal(ps []piece) (string, bool) {
	switch len(ps) {
	case 0:
		return "", true
	case 1:
		return ps[0].text, ps[0].kind == 'l'
	}
	return "", false
}

// matchPieces matches the whole text. Only the last star is ever reconsidered, which is enough for globs, so that the cost is
// bounded by the product of the lengths.
func matchPieces(ps []piece, s string) bool {
	i, at := 0, 0
	star, resume := -1, 0
	for {
		switch {
		case i == len(ps):
			if at == len(s) {
				return true
			}
		case ps[i].kind == '*':
			if i == len(ps)-1 {
				return true
			}
			star, resume = i, at
			i++
			continue
		case ps[i].kind == '?':
			if at < len(s) {
				_, w := utf8.DecodeRuneInString(s[at:])
				at += w
				i++
				continue
			}
		case strings.HasPrefix(s[at:], ps[i].text):
			at += len(ps[i].text)
			i++
			continue
		}
		if star < 0 || resume >= len(s) {
			return false
		}
		resume++
		if next := ps[star+1]; next.kind == 'l' { // jump to where the literal can be
			k := strings.Index(s[resume:], next.text)
			if k < 0 {
				return false
			}
			resume += k
		}
		at, i = resume, star+1
	}
}

const dashes = "-/\u2013\u2014\u2015"

// windash gives all forms of a text in which a dash that begins an option is each of the dashes that Windows programs take.
func windash(s string) []string {
	word := func(b byte) bool {
		return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
	}
	out, last := []string{""}, 0
	for i := 0; i < len(s); i++ {
		if s[i] != '-' && s[i] != '/' || i > 0 && word(s[i-1]) || i+1 >= len(s) || !word(s[i+1]) {
			continue
		}
		var next []string
		for _, o := range out {
			for _, d := range dashes {
				next = append(next, o+s[last:i]+string(d))
			}
		}
		if len(next) > maxVariants {
			break
		}
		out, last = next, i+1
	}
	for i := range out {
		out[i] += s[last:]
	}
	return out
}

// maxVariants bounds what one value may expand to.
const maxVariants = 4096

func utf16Text(s string, big, mark bool) string {
	var b []byte
	if mark {
		b = append(b, 0xff, 0xfe)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// base64Offsets gives the three forms in which a text can stand inside base64, without what depends on its neighbours.
func base64Offsets(s string) []string {
	start, end := [3]int{0, 2, 3}, [3]int{0, -3, -2}
	var out []string
	for i := range 3 {
		e := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", i) + s))
		out = append(out, e[start[i]:len(e)+end[(len(s)+i)%3]])
	}
	return out
}

// cidrSet is one network.
type cidrSet struct{ netip.Prefix }

func (c cidrSet) has(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && c.Contains(a.Unmap().WithZone(""))
}

// timePart reads a part of a time that the value states.
func timePart(s, unit string) (int, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		switch unit {
		case "minute":
			return t.Minute(), true
		case "hour":
			return t.Hour(), true
		case "day":
			return t.Day(), true
		case "week":
			_, w := t.ISOWeek()
			return w, true
		case "month":
			return int(t.Month()), true
		case "year":
			return t.Year(), true
		}
	}
	return 0, false
}

// test answers a predicate for one present value; v is unfolded, f its folded form.
func (p *pred) test(v, f string) bool {
	text := f
	if p.cased {
		text = v
	}
	switch p.op {
	case opExact:
		return text == p.lit
	case opPrefix:
		return strings.HasPrefix(text, p.lit)
	case opSuffix:
		return strings.HasSuffix(text, p.lit)
	case opContains:
		return strings.Contains(text, p.lit)
	case opGlob:
		return matchPieces(p.parts, text)
	case opRegexp:
		return p.re.match(v)
	case opCIDR:
		return p.cidr.has(v)
	case opTime:
		n, ok := timePart(v, p.unit)
		return ok && float64(n) == p.num
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil {
			return false
		}
		switch p.op {
		case opLess:
			return n < p.num
		case opLessEqual:
			return n <= p.num
		case opGreater:
			return n > p.num
		}
		return n >= p.num
	}
	return false
}

// testRef compares two folded values.
func (p *pred) testRef(a, b string) bool {
	switch p.ref {
	case opPrefix:
		return strings.HasPrefix(a, b)
	case opSuffix:
		return strings.HasSuffix(a, b)
	case opContains:
		return strings.Contains(a, b)
	}
	return a == b
}

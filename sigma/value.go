package sigma

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// fold is how texts are compared without regard to case: Unicode's simple case folding, one function for rules and records.
// Letters that merely look alike stay apart.
func fold(s string) string {
	b, _ := appendFolded(nil, []byte(s))
	return string(b)
}

// appendFolded appends the folded form: eight ASCII bytes at a time, anything else rune by rune. Bytes that are no UTF-8 become
// U+FFFD.
func appendFolded(dst, src []byte) (out []byte, ascii bool) {
	from := len(dst)
	dst = slices.Grow(dst, len(src))[:from+len(src)]
	b := dst[from:]
	var high uint64
	i := 0
	for ; i+8 <= len(src); i += 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		high |= x
		binary.LittleEndian.PutUint64(b[i:], lower(x))
	}
	for ; i < len(src); i++ {
		high |= uint64(src[i])
		b[i] = byte(lower(uint64(src[i])))
	}
	if high&highBits == 0 {
		return dst, true
	}
	dst = dst[:from]
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		dst, src = utf8.AppendRune(dst, foldRune(r)), src[n:]
	}
	return dst, false
}

const (
	lowBits  = 0x7f7f7f7f7f7f7f7f
	highBits = 0x8080808080808080
)

// lower folds eight ASCII bytes.
func lower(x uint64) uint64 {
	low := x & lowBits
	upper := (low + 0x3f3f3f3f3f3f3f3f) &^ (low + 0x2525252525252525) & highBits &^ x
	return x | upper>>2
}

// appendUTF16 decodes UTF-16LE, folded or as it is: eight ASCII characters at a time, anything else rune by rune. Lone surrogates
// become U+FFFD, half a unit at the end is left out.
func appendUTF16(dst, src []byte, folded bool) (out []byte, ascii bool) {
	dst = slices.Grow(dst, len(src)/2)
	ascii = true
	for len(src) >= 2 {
		for len(src) >= 16 {
			a, b := binary.LittleEndian.Uint64(src), binary.LittleEndian.Uint64(src[8:])
			if (a|b)&0xff80ff80ff80ff80 != 0 {
				break
			}
			x := pack(a) | pack(b)<<32
			if folded {
				x = lower(x)
			}
			dst, src = binary.LittleEndian.AppendUint64(dst, x), src[16:]
		}
		if len(src) < 2 {
			break
		}
		r, n := rune(binary.LittleEndian.Uint16(src)), 2
		if utf16.IsSurrogate(r) {
			second := rune(0)
			if len(src) >= 4 {
				second = rune(binary.LittleEndian.Uint16(src[2:]))
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				n = 4
			}
		}
		src = src[n:]
		if r >= utf8.RuneSelf {
			ascii = false
		}
		if folded {
			r = foldRune(r)
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst, ascii
}

// pack makes four bytes of four characters of ASCII.
func pack(x uint64) uint64 {
	x = (x | x>>8) & 0x0000ffff0000ffff
	return (x | x>>16) & 0xffffffff
}

// foldRune gives all letters that differ only in case one form: the lower case of the first of them.
func foldRune(r rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r < utf8.RuneSelf, r >= 0x2e80 && r < 0xa640, r >= 0xac00 && r < 0xd7b0: // nor has East Asian writing any case
		return r
	}
	least := r
	for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
		least = min(least, x)
	}
	if unicode.SimpleFold(r) == r {
		return r
	}
	return unicode.ToLower(least)
}

// piece of a value with wildcards: 'l' literal text, '*' any run, '?' one character.
type piece struct {
	kind byte
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
			out = add(out, piece{kind: byte(c)})
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

// add appends a piece and joins it with the one before where both are one.
func add(ps []piece, p piece) []piece {
	if n := len(ps); n > 0 && ps[n-1].kind == p.kind {
		switch p.kind {
		case 'l':
			ps[n-1].text += p.text
			return ps
		case '*':
			return ps
		}
	}
	if p.kind == 'l' && p.text == "" {
		return ps
	}
	return append(ps, p)
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
		_, w := utf8.DecodeRuneInString(s[resume:])
		resume += w
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

// dashes are what Windows programs take as the beginning of an option.
const dashes = "-/\u2013\u2014\u2015"

// windash gives all forms of a text in which a dash that begins an option is each of the dashes. ok is false when there are too
// many.
func windash(s string) (out []string, ok bool) {
	word := func(r rune, size int) bool {
		return size > 0 && (r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r))
	}
	out, last := []string{""}, 0
	for i := 0; i < len(s); i++ {
		if s[i] != '-' && s[i] != '/' || word(utf8.DecodeLastRuneInString(s[:i])) || !word(utf8.DecodeRuneInString(s[i+1:])) {
			continue
		}
		var next []string
		for _, o := range out {
			for _, d := range dashes {
				next = append(next, o+s[last:i]+string(d))
			}
		}
		if len(next) > maxVariants {
			return nil, false
		}
		out, last = next, i+1
	}
	for i := range out {
		out[i] += s[last:]
	}
	return out, true
}

// maxVariants bounds what one value may expand to.
const maxVariants = 4096

func utf16Text(s string, big bool) string {
	var b []byte
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
		from, to := start[i], len(e)+end[(len(s)+i)%3]
		out = append(out, e[min(from, to):to])
	}
	return out
}

// parseNetwork reads a network; an address alone is a network of one.
func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), err
}

func inNetwork(p netip.Prefix, s string) bool {
	if !likeAddress(s) {
		return false
	}
	a, err := netip.ParseAddr(s)
	return err == nil && p.Contains(a.Unmap().WithZone(""))
}

// likeAddress refuses most of what is no address, of which parsing would make an error.
func likeAddress(s string) bool {
	bare, _, _ := strings.Cut(s, "%")
	dots, colons, letters := 0, 0, 0
	for i := range len(bare) {
		switch c := bare[i]; {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			letters++
		case c < '0' || c > '9':
			return false
		}
	}
	return len(s) <= 64 && (colons > 1 || dots == 3 && letters == 0 && len(bare) == len(s))
}

// units are the parts of a time that rules compare.
var units = [...]string{"minute", "hour", "day", "week", "month", "year"}

// timePart reads a part of a time as the value states it, "2006-01-02 15:04..." or with a T; a time zone is not applied.
func timePart(s, unit string) (float64, bool) {
	if len(s) < 16 || s[4] != '-' || s[7] != '-' || s[10] != ' ' && s[10] != 'T' || s[13] != ':' {
		return 0, false
	}
	var n [5]int // year, month, day, hour, minute
	for i, at := range [...]int{0, 5, 8, 11, 14} {
		for _, c := range []byte(s[at : at+2+2*(1-min(i, 1))]) {
			if c < '0' || c > '9' {
				return 0, false
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	switch unit {
	case "minute":
		return float64(n[4]), true
	case "hour":
		return float64(n[3]), true
	case "day":
		return float64(n[2]), true
	case "month":
		return float64(n[1]), true
	case "year":
		return float64(n[0]), true
	}
	_, week := time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC).ISOWeek()
	return float64(week), true
}

// number reads a decimal number. What is none is told without making an error.
func number(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if !isNumber(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// plainNumber writes a number of YAML in the notation that most logs have: 0x10 as 16, 1_000 as 1000, 4624.0 as 4624. One beyond
// 64 bits stays as it is.
func plainNumber(s string) (text string, ok bool) {
	s = strings.ReplaceAll(s, "_", "")
	digits := strings.TrimLeft(s, "+-")
	if u, err := strconv.ParseUint(digits, 0, 64); err == nil {
		text = strconv.FormatUint(u, 10)
		if s[0] == '-' && u > 0 {
			text = "-" + text
		}
		return text, true
	}
	n, ok := number(s)
	switch {
	case !ok || !strings.ContainsAny(s, ".eE"):
		return s, ok
	case n == 0: // be it negative
		return "0", true
	}
	return strconv.FormatFloat(n, 'f', -1, 64), true
}

// truth knows the words that YAML 1.1 has for true and false beside these.
func truth(s string) (word string, ok bool) {
	switch s {
	case "yes", "Yes", "YES", "on", "On", "ON":
		return "true", true
	case "no", "No", "NO", "off", "Off", "OFF":
		return "false", true
	}
	return "", false
}

// isNumber knows [sign] digits [. digits] [e [sign] digits]; there may be no digits on one side of the point.
func isNumber(s string) bool {
	digits := func() int {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n
	}
	sign := func() {
		if s != "" && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
	}
	sign()
	n := digits()
	if s != "" && s[0] == '.' {
		s = s[1:]
		n += digits()
	}
	if n == 0 {
		return false
	}
	if s != "" && s[0]|0x20 == 'e' {
		s = s[1:]
		sign()
		if digits() == 0 {
			return false
		}
	}
	return s == ""
}

// unfolded tells predicates that look at a value as it is written.
func (p *pred) unfolded() bool { return p.cased || p.op >= opRegexp }

// mayMatch tells whether a folded value holds one of the texts that a match needs.
func (p *pred) mayMatch(folded string) bool {
	return slices.ContainsFunc(p.need, func(s string) bool { return strings.Contains(folded, s) })
}

// test answers a predicate for one present value, which is folded unless the predicate wants it as it is.
func (p *pred) test(v string) bool {
	switch p.op {
	case opExact:
		return v == p.lit
	case opPrefix:
		return strings.HasPrefix(v, p.lit)
	case opSuffix:
		return strings.HasSuffix(v, p.lit)
	case opContains:
		return strings.Contains(v, p.lit)
	case opGlob:
		return matchPieces(p.parts, v)
	case opRegexp:
		return p.re.match(v)
	case opCIDR:
		return inNetwork(p.cidr, v)
	case opPresent:
		return true
	case opEqual, opLess, opLessEqual, opGreater, opGreaterEqual:
		return p.compare(v)
	}
	return false
}

// compare answers comparisons of numbers; a value that is no number, or no time, is neither less nor greater.
func (p *pred) compare(v string) bool {
	n, ok := 0.0, false
	if p.unit == "" {
		n, ok = number(v)
	} else {
		n, ok = timePart(v, p.unit)
	}
	if !ok {
		return false
	}
	return p.op.compares(n, p.num)
}

// comparisonOf is what a word of rules asks of two numbers.
func comparisonOf(word string) (o op, ok bool) {
	o, ok = map[string]op{"lt": opLess, "lte": opLessEqual, "gt": opGreater, "gte": opGreaterEqual}[word]
	return o, ok
}

// compares answers a comparison of numbers.
func (o op) compares(a, b float64) bool {
	switch o {
	case opLess:
		return a < b
	case opLessEqual:
		return a <= b
	case opGreater:
		return a > b
	case opGreaterEqual:
		return a >= b
	}
	return a == b
}

// testRef compares two folded values.
func (p *pred) testRef(a, b []byte) bool {
	switch p.ref {
	case opPrefix:
		return bytes.HasPrefix(a, b)
	case opSuffix:
		return bytes.HasSuffix(a, b)
	case opContains:
		return bytes.Contains(a, b)
	}
	return bytes.Equal(a, b)
}

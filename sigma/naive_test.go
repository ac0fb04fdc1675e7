package sigma

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// The naive evaluator is a second reading of the specification, which shares no code with the first: it makes a function of
// every part of a rule, and a list of signs of every text, in which it follows all ways at once.

// testEvent is an event as tests state it: values by field, "" for values of no field; a nil list is a field stated as null.
type testEvent map[string][]string

type naive func(testEvent) bool

// naiveReader makes functions of rules. They share what they learn of values, so that one goroutine at a time may ask them.
type naiveReader struct {
	placeholders map[string][]string
	alike        map[string]string // values in the case in which they are compared
	last, such   string            // the value asked for last, and what it is like
}

func newNaiveReader(placeholders map[string][]string) *naiveReader {
	return &naiveReader{placeholders: placeholders, alike: map[string]string{}}
}

// naiveRule makes a function of a detection that shares nothing with others.
func naiveRule(detection string, placeholders map[string][]string) (naive, error) {
	return newNaiveReader(placeholders).rule(detection)
}

// rule makes a function of a detection.
func (r *naiveReader) rule(detection string) (naive, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(detection), &doc); err != nil {
		return nil, err
	}
	return r.detection(doc.Content[0])
}

func (r *naiveReader) detection(m *yaml.Node) (naive, error) {
	searches := map[string]naive{}
	var names, conditions []string
	for i := 0; i < len(m.Content); i += 2 {
		name, v := m.Content[i].Value, m.Content[i+1]
		if name == "condition" {
			if conditions = []string{v.Value}; v.Kind == yaml.SequenceNode {
				conditions = nil
				for _, x := range v.Content {
					conditions = append(conditions, x.Value)
				}
			}
			continue
		}
		s, err := r.search(v)
		if err != nil {
			return nil, err
		}
		searches[name] = s
		names = append(names, name)
	}
	var out []naive
	for _, c := range conditions {
		words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(c))
		f, rest := naiveOr(words, names, searches)
		if f == nil || len(rest) > 0 {
			return nil, fmt.Errorf("condition %q", c)
		}
		out = append(out, f)
	}
	return anyOf(out), nil
}

func anyOf(list []naive) naive {
	return func(e testEvent) bool {
		for _, f := range list {
			if f(e) {
				return true
			}
		}
		return false
	}
}

func allOf(list []naive) naive {
	return func(e testEvent) bool {
		for _, f := range list {
			if !f(e) {
				return false
			}
		}
		return true
	}
}

func not(f naive) naive { return func(e testEvent) bool { return !f(e) } }

func (r *naiveReader) search(v *yaml.Node) (naive, error) {
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	var list []naive
	switch v.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(v.Content); i += 2 {
			if v.Content[i].Value == "<<" { // of the one test that merges, which overrides User
				v.Content[i], v.Content[i+1] = v.Content[i+1].Alias.Content[0], v.Content[i+1].Alias.Content[1]
			}
			f, err := r.item(v.Content[i].Value, v.Content[i+1])
			if err != nil {
				return nil, err
			}
			list = append(list, f)
		}
		return allOf(list), nil
	case yaml.SequenceNode:
		for _, x := range v.Content {
			f, err := r.search(x)
			if err != nil {
				return nil, err
			}
			list = append(list, f)
		}
		return anyOf(list), nil
	}
	return r.item("", v)
}

func (r *naiveReader) item(key string, v *yaml.Node) (naive, error) {
	mods := strings.Split(key, "|")
	field := strings.ReplaceAll(mods[0], " ", "")
	mods = mods[1:]
	if v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	values := v.Content
	if v.Kind == yaml.ScalarNode {
		values = []*yaml.Node{v}
	} else if len(values) == 0 {
		values = []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null"}}
	}
	var list []naive
	var asks []func(string) bool
	for _, x := range values {
		whole, ask, err := r.value(field, mods, x)
		switch {
		case err != nil:
			return nil, err
		case whole != nil:
			list = append(list, whole)
		case has(mods, "all"):
			list = append(list, each(field, ask))
		default:
			asks = append(asks, ask)
		}
	}
	if len(asks) > 0 {
		list = append(list, each(field, func(v string) bool {
			for _, ask := range asks {
				if ask(v) {
					return true
				}
			}
			return false
		}))
	}
	f := anyOf(list)
	if has(mods, "all") {
		f = allOf(list)
	}
	if has(mods, "neq") {
		f = not(f)
	}
	return f, nil
}

func has(mods []string, name string) bool {
	for _, m := range mods {
		if m == name {
			return true
		}
	}
	return false
}

// each asks a question of every value of a field, or of all.
func each(field string, ask func(string) bool) naive {
	of := func(values []string) bool {
		for _, v := range values {
			if ask(v) {
				return true
			}
		}
		return false
	}
	if field != "" {
		return func(e testEvent) bool { return of(e[field]) }
	}
	return func(e testEvent) bool {
		for _, values := range e {
			if of(values) {
				return true
			}
		}
		return false
	}
}

// value makes a question to the event of one value of a rule, or one to each value of the event's field.
func (r *naiveReader) value(field string, mods []string, x *yaml.Node) (whole naive, ask func(string) bool, err error) {
	if x.Tag == "!!null" {
		return func(e testEvent) bool { return len(e[field]) == 0 }, nil, nil
	}
	s, same := x.Value, naiveSame(x)
	unit := ""
	for i, m := range mods {
		switch m {
		case "exists":
			return func(e testEvent) bool { _, ok := e[field]; return ok == strings.EqualFold(cmp.Or(same, s), "true") }, nil, nil
		case "cidr":
			ask, err = naiveNetwork(s)
			return nil, ask, err
		case "re":
			flags := ""
			for _, f := range mods[i+1:] {
				flags += map[string]string{"i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"}[f]
			}
			if flags != "" {
				s = "(?" + flags + ")" + s
			}
			re, err := regexp.Compile(s)
			if err != nil {
				return nil, nil, err
			}
			return nil, func(v string) bool {
				// What is found without a last line break is found before it, unless it asks for the very end.
				line, broken := strings.CutSuffix(v, "\n")
				return re.MatchString(v) || broken && !strings.Contains(s, `\z`) && re.MatchString(line)
			}, nil
		case "fieldref":
			return r.reference(field, strings.ReplaceAll(s, " ", ""), mods[i+1:]), nil, nil
		case "minute", "hour", "day", "week", "month", "year":
			unit = m
		case "lt", "lte", "gt", "gte":
			return nil, naiveCompare(unit, m, cmp.Or(same, s)), nil
		}
	}
	if unit != "" {
		return nil, naiveCompare(unit, "", cmp.Or(same, s)), nil
	}
	texts := []signs{readSigns(s)}
	if word := same == "true" || same == "false"; same != "" && (!word || field != "" && !slices.ContainsFunc(mods, func(m string) bool { return m != "all" && m != "neq" })) {
		texts = append(texts, readSigns(same))
	}
	cased := has(mods, "cased")
	var list []pattern
	for _, t := range r.modify(mods, texts) {
		if field == "" { // keywords stand anywhere
			t = anywhere(t)
		}
		list = append(list, newPattern(t, cased))
	}
	return nil, func(v string) bool {
		if !cased {
			v = r.folded(v)
		}
		for _, p := range list {
			if p.fits(v) {
				return true
			}
		}
		return false
	}, nil
}

// truths are words that are true or false where they stand without quotes.
var truths = regexp.MustCompile(`^(?:(yes|Yes|YES|on|On|ON)|no|No|NO|off|Off|OFF)$`)

// naiveSame is what a number or one of those words is to a reader of YAML, as text; "" for other values.
func naiveSame(x *yaml.Node) string {
	switch digits := strings.ReplaceAll(x.Value, "_", ""); x.ShortTag() {
	case "!!int":
		if n, ok := new(big.Int).SetString(digits, 0); ok {
			return n.String()
		}
	case "!!float":
		if r, ok := new(big.Rat).SetString(digits); ok {
			text := r.FloatString(400)
			return strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
	case "!!str":
		if m := truths.FindStringSubmatch(x.Value); m != nil && x.Style == 0 {
			return strconv.FormatBool(m[1] != "")
		}
	}
	return ""
}

// folded remembers values in the case in which they are compared.
func (r *naiveReader) folded(v string) string {
	if v != r.last {
		f, known := r.alike[v]
		if !known {
			f = naiveFold(v)
			r.alike[v] = f
		}
		r.last, r.such = v, f
	}
	return r.such
}

// naiveFold writes every letter as the first in Unicode's order of those that differ only in case, and a byte that is no UTF-8 as
// U+FFFD.
func naiveFold(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' {
			return c - 'a' + 'A'
		}
		first := c
		for x := unicode.SimpleFold(c); x != c; x = unicode.SimpleFold(x) {
			first = min(first, x)
		}
		return first
	}, s)
}

func naiveNetwork(s string) (func(string) bool, error) {
	if !strings.Contains(s, "/") {
		s += map[bool]string{true: "/128", false: "/32"}[strings.Contains(s, ":")]
	}
	_, n, err := net.ParseCIDR(s)
	if err != nil {
		return nil, err
	}
	return func(v string) bool {
		if bare, _, _ := strings.Cut(v, "%"); strings.Contains(bare, ":") { // zones are of version 6
			v = bare
		}
		ip := net.ParseIP(v)
		return ip != nil && n.Contains(ip)
	}, nil
}

// sign is one character of a value, or a wildcard: a star or a question mark.
type sign struct {
	wild bool
	text string
}

type signs []sign

// readSigns reads a value: a backslash makes a star, a question mark and a backslash behind it plain.
func readSigns(s string) (out signs) {
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		c := s[:n]
		if c == `\` && len(s) > 1 && strings.Contains(`\*?`, s[1:2]) {
			out = append(out, sign{text: s[1:2]})
			s = s[2:]
			continue
		}
		out = append(out, sign{wild: c == "*" || c == "?", text: c})
		s = s[n:]
	}
	return out
}

func (t signs) String() string {
	s := ""
	for _, c := range t {
		s += c.text
	}
	return s
}

func plainSigns(s string) signs { return signs{{text: s}} }

// pattern is a text with wildcards: what stands between them is joined, in the case in which it is compared.
type pattern struct {
	parts signs
	plain []string // parts that are no wildcards
}

func newPattern(t signs, cased bool) (p pattern) {
	for i := 0; i < len(t); {
		if t[i].wild {
			p.parts = append(p.parts, t[i])
			i++
			continue
		}
		text := ""
		for ; i < len(t) && !t[i].wild; i++ {
			text += t[i].text
		}
		if !cased {
			text = naiveFold(text)
		}
		p.parts, p.plain = append(p.parts, sign{text: text}), append(p.plain, text)
	}
	return p
}

// fits tells whether the pattern is the whole of a value. It follows all ways through the value at once: after each part it knows
// every place that can have been reached.
func (p pattern) fits(v string) bool {
	for _, text := range p.plain { // without which there is no way
		if !strings.Contains(v, text) {
			return false
		}
	}
	places := []int{0}
	for _, part := range p.parts {
		var next []int
		switch {
		case !part.wild:
			for _, at := range places {
				if strings.HasPrefix(v[at:], part.text) {
					next = append(next, at+len(part.text))
				}
			}
		case part.text == "?":
			for _, at := range places {
				if _, n := utf8.DecodeRuneInString(v[at:]); n > 0 {
					next = append(next, at+n)
				}
			}
		default:
			next = make([]int, 0, len(v)-places[0]+1)
			for i := range v[places[0]:] {
				next = append(next, places[0]+i)
			}
			next = append(next, len(v))
		}
		if places = next; len(places) == 0 {
			return false
		}
	}
	return places[len(places)-1] == len(v)
}

func anywhere(t signs) signs {
	star := sign{true, "*"}
	return append(append(signs{star}, t...), star)
}

// modify applies the modifiers of text, each to all that came of those before it.
func (r *naiveReader) modify(mods []string, texts []signs) []signs {
	for _, m := range mods {
		var next []signs
		for _, t := range texts {
			switch m {
			case "contains":
				next = append(next, anywhere(t))
			case "startswith":
				next = append(next, anywhere(t)[1:])
			case "endswith":
				next = append(next, anywhere(t)[:len(t)+1])
			case "windash":
				next = append(next, dashed(t)...)
			case "base64":
				next = append(next, plainSigns(base64.StdEncoding.EncodeToString([]byte(t.String()))))
			case "base64offset":
				for _, s := range shifted(t.String()) {
					next = append(next, plainSigns(s))
				}
			case "wide", "utf16le", "utf16be", "utf16":
				next = append(next, widened(t, m))
			case "expand":
				next = append(next, r.expanded(t)...)
			default:
				next = append(next, t)
			}
		}
		texts = next
	}
	return texts
}

// dashed gives the first dash that no word stands before and a word stands behind every form, and all behind it likewise.
func dashed(t signs) (out []signs) {
	word := func(i int) bool {
		if i < 0 || i >= len(t) || t[i].wild {
			return false
		}
		c, _ := utf8.DecodeRuneInString(t[i].text)
		return c == '_' || unicode.In(c, unicode.L, unicode.N)
	}
	for i, c := range t {
		if c.wild || c.text != "-" && c.text != "/" || word(i-1) || !word(i+1) {
			continue
		}
		for _, rest := range dashed(t[i+1:]) { // which begins with a word
			for _, d := range []string{"-", "/", "\u2013", "\u2014", "\u2015"} {
				out = append(out, append(append(append(signs{}, t[:i]...), sign{text: d}), rest...))
			}
		}
		return out
	}
	return []signs{t}
}

func widened(t signs, encoding string) (out signs) {
	if encoding == "utf16" {
		out = plainSigns("\xff\xfe")
	}
	for _, c := range t {
		if c.wild {
			out = append(out, c)
			continue
		}
		var b []byte
		for _, u := range utf16.Encode([]rune(c.text)) {
			if encoding == "utf16be" {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		out = append(out, sign{text: string(b)})
	}
	return out
}

// expanded fills in the first placeholder in every way, and all behind it likewise. A backslash makes a percent sign plain.
func (r *naiveReader) expanded(t signs) (out []signs) {
	percent := func(i int) bool { return !t[i].wild && t[i].text == "%" }
	var before signs
	for i := range t {
		escaped := i > 0 && !t[i-1].wild && t[i-1].text == `\`
		if percent(i) && escaped {
			before[len(before)-1] = t[i]
			continue
		}
		end := i + 1
		for percent(i) && end < len(t) && nameSign.MatchString(t[end].text) {
			end++
		}
		if !percent(i) || end == i+1 || end == len(t) || !percent(end) {
			before = append(before, t[i])
			continue
		}
		for _, rest := range r.expanded(t[end+1:]) {
			for _, v := range r.placeholders[t[i+1:end].String()] {
				out = append(out, append(append(append(signs{}, before...), readSigns(v)...), rest...))
			}
		}
		return out
	}
	return []signs{before}
}

// nameSign is a character of a placeholder's name.
var nameSign = regexp.MustCompile(`^[\w-]$`)

// shifted finds what is constant in the base64 forms of a text by trying neighbours.
func shifted(s string) []string {
	var out []string
	for i := range 3 {
		var first string
		same := []bool{}
		for _, c := range []string{"\x00", "\xff", "aZ"} {
			e := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(c[:1], i) + s + strings.Repeat(c[len(c)-1:], 3-(len(s)+i)%3)))
			if first == "" {
				first, same = e, make([]bool, len(e))
				for k := range same {
					same[k] = true
				}
			}
			for k := range min(len(e), len(same)) {
				same[k] = same[k] && e[k] == first[k]
			}
		}
		from := (i*8 + 5) / 6
		to := (i + len(s)) * 8 / 6
		for k := from; k < to; k++ {
			if !same[k] {
				panic("what should be constant is not")
			}
		}
		out = append(out, first[from:to])
	}
	return out
}

// reference compares two fields.
func (r *naiveReader) reference(field, other string, mods []string) naive {
	compare := func(a, b string) bool { return a == b }
	for _, m := range mods {
		switch m {
		case "startswith":
			compare = strings.HasPrefix
		case "endswith":
			compare = strings.HasSuffix
		case "contains":
			compare = strings.Contains
		}
	}
	return func(e testEvent) bool {
		for _, a := range e[field] {
			for _, b := range e[other] {
				if compare(r.folded(a), r.folded(b)) {
					return true
				}
			}
		}
		return false
	}
}

func naiveCompare(unit, mod, s string) func(string) bool {
	want, err := strconv.ParseFloat(s, 64)
	return func(v string) bool {
		have, bad := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(v), "_", "x"), 64) // which Go reads over
		if unit != "" {
			var t time.Time
			for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04"} {
				if t, bad = time.Parse(layout, v); bad == nil {
					break
				}
			}
			_, week := t.ISOWeek()
			have = map[string]float64{"minute": float64(t.Minute()), "hour": float64(t.Hour()), "day": float64(t.Day()), "week": float64(week), "month": float64(t.Month()), "year": float64(t.Year())}[unit]
		}
		if err != nil || bad != nil {
			return false
		}
		switch mod {
		case "lt":
			return have < want
		case "lte":
			return have <= want
		case "gt":
			return have > want
		case "gte":
			return have >= want
		}
		return have == want
	}
}

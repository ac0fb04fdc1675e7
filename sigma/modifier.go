package sigma

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// item is a field with modifiers and its values: "CommandLine|contains|all".
type item struct {
	field string
	mods  []string
	opt   *ParseOptions
}

// aliases are pySigma's long names of modifiers.
var aliases = map[string]string{"ignorecase": "i", "multiline": "m", "dotall": "s", "utf16le": "wide"}

var plainModifiers = []string{"contains", "startswith", "endswith", "all", "cased", "neq", "windash", "base64", "base64offset", "wide", "utf16", "utf16be", "re", "i", "m", "s", "cidr", "exists", "expand",
	"fieldref", "lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year"}

// parseItem makes the node of one key of a search identifier.
func parseItem(key string, v *yaml.Node, opt *ParseOptions) (*node, error) {
	parts := strings.Split(key, "|")
	it := item{field: strings.ReplaceAll(parts[0], " ", ""), opt: opt}
	for _, m := range parts[1:] {
		if long, ok := aliases[m]; ok {
			m = long
		}
		if !slices.Contains(plainModifiers, m) {
			return nil, fmt.Errorf("the modifier %q is not known", m)
		}
		it.mods = append(it.mods, m)
	}
	values := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		values = v.Content
	}
	if len(values) == 0 {
		values = []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null"}}
	}
	var kids []*node
	for _, x := range values {
		n, err := it.value(x)
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	kind := byte('|')
	if it.has("all") {
		kind = '&'
	}
	n := combine(kind, kids...)
	if it.has("neq") {
		n = combine('!', n)
	}
	return n, nil
}

func (it *item) has(m string) bool { return slices.Contains(it.mods, m) }

func (it *item) leaf(p *pred) *node {
	p.field = it.field
	return &node{kind: 'p', pred: p}
}

// value makes the node of one value.
func (it *item) value(x *yaml.Node) (*node, error) {
	if x.Kind == yaml.AliasNode {
		x = x.Alias
	}
	if x.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("a value of %q is neither text nor number", it.field)
	}
	if x.Tag == "!!null" {
		return it.leaf(&pred{op: opNull}), nil
	}
	s := x.Value
	if it.has("expand") && strings.Contains(s, "%") {
		return it.expand(s)
	}
	return it.text(s)
}

// text makes the node of one value whose placeholders are filled.
func (it *item) text(s string) (*node, error) {
	switch {
	case it.has("exists"):
		want, err := strconv.ParseBool(strings.ToLower(s))
		if err != nil {
			return nil, fmt.Errorf("exists wants true or false, not %q", s)
		}
		return it.leaf(&pred{op: opExists, want: want}), nil
	case it.has("re"):
		return it.regexp(s)
	case it.has("cidr"):
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no network: %w", s, err)
		}
		return it.leaf(&pred{op: opCIDR, cidr: cidrSet{p.Masked()}}), nil
	case it.has("fieldref"):
		p := &pred{op: opRef, lit: strings.ReplaceAll(s, " ", ""), ref: opExact}
		for m, o := range map[string]op{"startswith": opPrefix, "endswith": opSuffix, "contains": opContains} {
			if it.has(m) {
				p.ref = o
			}
		}
		return it.leaf(p), nil
	}
	for _, c := range []struct {
		mod string
		op  op
	}{{"lt", opLess}, {"lte", opLessEqual}, {"gt", opGreater}, {"gte", opGreaterEqual}} {
		if it.has(c.mod) {
			n, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return nil, fmt.Errorf("%s wants a number, not %q", c.mod, s)
			}
			return it.leaf(&pred{op: c.op, num: n}), nil
		}
	}
	for _, unit := range []string{"minute", "hour", "day", "week", "month", "year"} {
		if it.has(unit) {
			n, err := strconv.Atoi(s)
			if err != nil {
				return nil, fmt.Errorf("%s wants a number, not %q", unit, s)
			}
			return it.leaf(&pred{op: opTime, unit: unit, num: float64(n)}), nil
		}
	}
	return it.strings([][]piece{parsePieces(s)})
}

// strings applies the modifiers of text in order and makes a node of all forms that come out.
func (it *item) strings(forms [][]piece) (*node, error) {
	for _, m := range it.mods {
		var next [][]piece
		for _, ps := range forms {
			out, err := transform(m, ps)
			if err != nil {
				return nil, err
			}
			if next = append(next, out...); len(next) > maxVariants {
				return nil, fmt.Errorf("a value expands to more than %d forms", maxVariants)
			}
		}
		forms = next
	}
	var kids []*node
	for _, ps := range forms {
		if it.field == "" { // keywords stand anywhere in a value
			ps = withStar(withStar(ps, true), false)
		}
		kids = append(kids, it.leaf(literalPred(ps, it.has("cased"))))
	}
	return combine('|', kids...), nil
}

// transform applies one modifier to one form.
func transform(mod string, ps []piece) ([][]piece, error) {
	lit := func(list ...string) (out [][]piece) {
		for _, s := range list {
			out = append(out, []piece{{'l', s}})
		}
		return out
	}
	switch mod {
	case "windash":
		out := [][]piece{nil}
		for _, p := range ps {
			variants := []string{p.text}
			if p.kind == 'l' {
				variants = windash(p.text)
			}
			var next [][]piece
			for _, have := range out {
				for _, v := range variants {
					next = append(next, append(slices.Clone(have), piece{p.kind, v}))
				}
			}
			out = next
		}
		return out, nil
	case "wide", "utf16", "utf16be", "base64", "base64offset":
		s, ok := literal(ps)
		if !ok {
			return nil, fmt.Errorf("%s cannot encode wildcards", mod)
		}
		switch mod {
		case "wide":
			return lit(utf16Text(s, false, false)), nil
		case "utf16be":
			return lit(utf16Text(s, true, false)), nil
		case "utf16":
			return lit(utf16Text(s, false, true)), nil
		case "base64":
			return lit(base64.StdEncoding.EncodeToString([]byte(s))), nil
		}
		return lit(base64Offsets(s)...), nil
	case "contains":
		return [][]piece{withStar(withStar(ps, true), false)}, nil
	case "startswith":
		return [][]piece{withStar(ps, false)}, nil
	case "endswith":
		return [][]piece{withStar(ps, true)}, nil
	}
	return [][]piece{ps}, nil
}

// withStar adds a star at the front or the end unless one stands there.
func withStar(ps []piece, front bool) []piece {
	star := piece{kind: '*'}
	switch {
	case len(ps) == 0:
		return []piece{star}
	case front && ps[0].kind != '*':
		return append([]piece{star}, ps...)
	case !front && ps[len(ps)-1].kind != '*':
		return append(slices.Clone(ps), star)
	}
	return ps
}

// literalPred makes the cheapest predicate of a value: most patterns are plain text with a star at an end.
func literalPred(ps []piece, cased bool) *pred {
	f := fold
	if cased {
		f = func(s string) string { return s }
	}
	p := &pred{cased: cased}
	shape := ""
	for _, x := range ps {
		shape += string(x.kind)
	}
	switch shape {
	case "":
		p.op = opExact
	case "l":
		p.op, p.lit = opExact, f(ps[0].text)
	case "*":
		p.op, p.want = opExists, true
	case "*l":
		p.op, p.lit = opSuffix, f(ps[1].text)
	case "l*":
		p.op, p.lit = opPrefix, f(ps[0].text)
	case "*l*":
		p.op, p.lit = opContains, f(ps[1].text)
	default:
		p.op = opGlob
		longest := ""
		for _, x := range ps {
			p.parts = append(p.parts, piece{x.kind, f(x.text)})
			if len(x.text) > len(longest) {
				longest = x.text
			}
			p.lit += x.text + string(x.kind&0x7f)
		}
		if longest != "" {
			p.need = []string{fold(longest)}
		}
	}
	return p
}

// regexp makes the node of a regular expression: a search, with regard to case unless a flag says otherwise.
func (it *item) regexp(s string) (*node, error) {
	flags := ""
	for _, f := range []string{"i", "m", "s"} {
		if it.has(f) {
			flags += f
		}
	}
	if flags != "" {
		s = "(?" + flags + ")" + s
	}
	re, err := compileRE(s)
	if err != nil {
		return nil, err
	}
	return it.leaf(&pred{op: opRegexp, lit: s, re: re, need: re.need}), nil
}

// expand fills the placeholders of a value; a value whose placeholder has no list makes the rule inactive.
func (it *item) expand(s string) (*node, error) {
	forms := []string{s}
	for i := 0; i < len(forms); {
		before, rest, ok := strings.Cut(forms[i], "%")
		name, after, closed := strings.Cut(rest, "%")
		if !ok || !closed {
			i++
			continue
		}
		list, known := it.opt.Placeholders[name]
		if !known {
			return nil, fmt.Errorf("%w: the placeholder %%%s%% has no values", ErrInactive, name)
		}
		filled := make([]string, 0, len(list))
		for _, v := range list {
			filled = append(filled, before+strings.ReplaceAll(v, "%", "\x00")+after)
		}
		if forms = append(append(slices.Clone(forms[:i]), filled...), forms[i+1:]...); len(forms) > maxVariants {
			return nil, fmt.Errorf("placeholders expand to more than %d values", maxVariants)
		}
	}
	var kids []*node
	for _, f := range forms {
		n, err := it.text(strings.ReplaceAll(f, "\x00", "%"))
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	return combine('|', kids...), nil
}

package sigma

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// item is a field with modifiers and its values: "CommandLine|contains|all".
type item struct {
	field    string
	mods     []string
	all, neq bool
	opt      *ParseOptions
}

// longName gives modifiers with two names one.
func longName(m string) string {
	switch m {
	case "ignorecase":
		return "i"
	case "multiline":
		return "m"
	case "dotall":
		return "s"
	case "utf16le":
		return "wide"
	}
	return m
}

// modifiers are all that the specification has.
var modifiers = append([]string{"contains", "startswith", "endswith", "all", "cased", "neq", "windash", "base64", "base64offset", "wide", "utf16", "utf16be", "re", "i", "m", "s", "cidr",
	"exists", "expand", "fieldref", "lt", "lte", "gt", "gte"}, units[:]...)

// parseItem makes the node of one key of a search identifier.
func parseItem(key, v *yaml.Node, opt *ParseOptions) (*node, error) {
	parts := strings.Split(key.Value, "|")
	it := item{field: strings.ReplaceAll(parts[0], " ", ""), opt: opt}
	for _, m := range parts[1:] {
		switch m = longName(m); {
		case !slices.Contains(modifiers, m):
			return nil, atLine(key, fmt.Errorf("the modifier %q is not known", m))
		case m == "all":
			it.all = true
		case m == "neq":
			it.neq = true
		default:
			it.mods = append(it.mods, m)
		}
	}
	values := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		values = v.Content
	}
	if len(values) == 0 {
		values = []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!null", Line: v.Line}}
	}
	var kids []*node
	for _, x := range values {
		n, err := it.value(x)
		if err != nil {
			return nil, atLine(x, err)
		}
		kids = append(kids, n)
	}
	kind := byte('|')
	if it.all {
		kind = '&'
	}
	n := combine(kind, kids...)
	if it.neq {
		n = combine('!', n)
	}
	return n, nil
}

// form is a value on its way through the modifiers. What it is decides which modifiers apply.
type form struct {
	is    string // "text", "number", "true or false", "null", "expression", "network", "field", "comparison", "part of a time", "question of existence"
	parts []piece
	raw   string
	pred  pred
}

// value makes the node of one value.
func (it *item) value(x *yaml.Node) (*node, error) {
	if x.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("a value of %q is neither text nor number", it.field)
	}
	forms, err := it.forms(x)
	if err != nil {
		return nil, err
	}
	for i, m := range it.mods {
		var next []form
		for _, f := range forms {
			out, err := it.apply(m, f, i == 0)
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
	for _, f := range forms {
		p, err := it.predicate(f)
		if err != nil {
			return nil, err
		}
		p.field = it.field
		kids = append(kids, &node{kind: 'p', pred: p})
	}
	return combine('|', kids...), nil
}

// forms are what YAML makes of a value: text, a number, true or false, or null.
func (it *item) forms(x *yaml.Node) ([]form, error) {
	written := form{is: "text", parts: parsePieces(x.Value), raw: x.Value}
	switch x.ShortTag() {
	case "!!null":
		if it.field == "" {
			return nil, errors.New("a keyword is null")
		}
		return []form{{is: "null", pred: pred{op: opNull}}}, nil
	case "!!int", "!!float":
		written.is = "number"
		text, ok := plainNumber(x.Value)
		if !ok || text == x.Value {
			break
		}
		plain := form{is: "number", parts: parsePieces(text), raw: text}
		switch {
		case it.has("re", "cidr", "exists", "fieldref"):
		case it.has("lt", "lte", "gt", "gte") || it.has(units[:]...):
			return []form{plain}, nil
		default: // logs print 0x1410 or 5136: a number in another notation means both
			return []form{written, plain}, nil
		}
	case "!!bool":
		written.is = "true or false"
	case "!!str":
		// YAML 1.1, by which rules are written, has more words for true and false. Logs print these words too: they mean both.
		// Within a text, or behind a modifier that pySigma refuses for them, they are but words.
		word, ok := truth(x.Value)
		switch {
		case !ok || x.Style != 0: // in quotes
		case it.has("exists"):
			written.raw = word
		case len(it.mods) == 0 && it.field != "":
			return []form{written, {is: "true or false", parts: parsePieces(word), raw: word}}, nil
		}
	}
	return []form{written}, nil
}

// has tells whether one of some modifiers is there.
func (it *item) has(mods ...string) bool {
	return slices.ContainsFunc(it.mods, func(m string) bool { return slices.Contains(mods, m) })
}

// apply applies one modifier to one form.
func (it *item) apply(mod string, f form, first bool) ([]form, error) {
	wrong := fmt.Errorf("%s does not apply to a %s", mod, f.is)
	text := f.is == "text" || f.is == "number" || f.is == "true or false"
	switch mod {
	case "contains", "startswith", "endswith":
		switch {
		case text:
			f.parts = stars(mod, f.parts)
			f.is = "text"
		case f.is == "field":
			f.pred.ref = map[string]op{"contains": opContains, "startswith": opPrefix, "endswith": opSuffix}[mod]
		case f.is != "expression": // an expression is looked for anywhere as it is
			return nil, wrong
		}
		return []form{f}, nil
	case "i", "m", "s":
		if f.is != "expression" {
			return nil, wrong
		}
		f.pred.lit += mod
		return []form{f}, nil
	case "expand":
		return it.expand(f)
	case "lt", "lte", "gt", "gte":
		return f.compare(map[string]op{"lt": opLess, "lte": opLessEqual, "gt": opGreater, "gte": opGreaterEqual}[mod], wrong)
	}
	if !text {
		return nil, wrong
	}
	switch mod {
	case "cased":
		f.pred.cased = true
		return []form{f}, nil
	case "re", "cidr", "exists":
		if !first {
			return nil, fmt.Errorf("%s stands behind another modifier", mod)
		}
		return f.become(mod, it.field)
	case "fieldref":
		name, ok := literal(f.parts)
		if name = strings.ReplaceAll(name, " ", ""); !ok || name == "" || it.field == "" {
			return nil, errors.New("fieldref wants a field and the name of another")
		}
		f.is, f.pred = "field", pred{op: opRef, lit: name, ref: opExact}
		return []form{f}, nil
	}
	if slices.Contains(units[:], mod) {
		n, ok := number(f.raw)
		if !ok {
			return nil, fmt.Errorf("%s wants a number, not %q", mod, f.raw)
		}
		f.is, f.pred = "part of a time", pred{op: opEqual, unit: mod, num: n}
		return []form{f}, nil
	}
	return f.encode(mod)
}

// become makes the form what re, cidr and exists say that it is.
func (f form) become(mod, field string) ([]form, error) {
	switch mod {
	case "re":
		f.is, f.pred = "expression", pred{op: opRegexp}
	case "cidr":
		p, err := parseNetwork(f.raw)
		if err != nil {
			return nil, fmt.Errorf("%q is no network", f.raw)
		}
		f.is, f.pred = "network", pred{op: opCIDR, cidr: p, lit: p.String()}
	default:
		want, err := strconv.ParseBool(strings.ToLower(f.raw))
		if err != nil || field == "" {
			return nil, fmt.Errorf("exists wants a field, and true or false, not %q", f.raw)
		}
		f.is, f.pred = "question of existence", pred{op: opExists, want: want}
	}
	return []form{f}, nil
}

func (f form) compare(o op, wrong error) ([]form, error) {
	if f.is == "part of a time" {
		f.pred.op = o
		return []form{f}, nil
	}
	if f.is != "number" && f.is != "text" {
		return nil, wrong
	}
	n, ok := number(f.raw)
	if !ok {
		return nil, fmt.Errorf("a comparison wants a number, not %q", f.raw)
	}
	f.is, f.pred = "comparison", pred{op: o, num: n}
	return []form{f}, nil
}

// encode applies the modifiers that rewrite text.
func (f form) encode(mod string) ([]form, error) {
	texts := func(list ...string) (out []form) {
		for _, s := range list {
			out = append(out, form{is: "text", parts: add(nil, piece{'l', s}), raw: s, pred: f.pred})
		}
		return out
	}
	switch mod {
	case "windash":
		return f.windash()
	case "wide", "utf16", "utf16be":
		var out []piece
		if mod == "utf16" {
			out = add(out, piece{'l', "\xff\xfe"})
		}
		for _, p := range f.parts {
			out = add(out, piece{p.kind, utf16Text(p.text, mod == "utf16be")})
		}
		f.is, f.parts = "text", out
		return []form{f}, nil
	}
	s, ok := literal(f.parts)
	if !ok {
		return nil, fmt.Errorf("%s cannot encode wildcards", mod)
	}
	if mod == "base64" {
		return texts(base64.StdEncoding.EncodeToString([]byte(s))), nil
	}
	list := base64Offsets(s)
	if slices.Contains(list, "") {
		return nil, fmt.Errorf("%q is too short to be found within base64", s)
	}
	return texts(list...), nil
}

func (f form) windash() ([]form, error) {
	forms := [][]piece{nil}
	for _, p := range f.parts {
		variants, ok := []string{p.text}, true
		if p.kind == 'l' {
			variants, ok = windash(p.text)
		}
		if !ok || len(variants)*len(forms) > maxVariants {
			return nil, fmt.Errorf("windash expands a value to more than %d forms", maxVariants)
		}
		var next [][]piece
		for _, have := range forms {
			for _, v := range variants {
				next = append(next, add(slices.Clone(have), piece{p.kind, v}))
			}
		}
		forms = next
	}
	var out []form
	for _, ps := range forms {
		out = append(out, form{is: "text", parts: ps, raw: f.raw, pred: f.pred})
	}
	return out, nil
}

// stars adds the wildcards that contains, startswith and endswith stand for, unless they are there.
func stars(mod string, ps []piece) []piece {
	star := piece{kind: '*'}
	out := ps
	if mod != "startswith" {
		out = []piece{star}
		for _, p := range ps {
			out = add(out, p)
		}
	}
	if mod != "endswith" {
		out = add(slices.Clone(out), star)
	}
	return out
}

// placeholder also takes names with dashes, which pySigma leaves as text that no record has.
var placeholder = regexp.MustCompile(`%([\w-]+)%`)

// expand fills the placeholders of a value; one without values makes the rule inactive. \% is a percent sign.
func (it *item) expand(f form) ([]form, error) {
	if f.is == "expression" {
		list, err := it.fill(f.raw)
		var out []form
		for _, ps := range list {
			raw := ""
			for _, p := range ps {
				raw += p.text
			}
			out = append(out, form{is: f.is, raw: raw, pred: f.pred})
		}
		return out, err
	}
	if f.is == "number" || f.is == "true or false" {
		return []form{f}, nil
	}
	if f.is != "text" {
		return nil, fmt.Errorf("expand does not apply to a %s", f.is)
	}
	forms := [][]piece{nil}
	for _, p := range f.parts {
		filled := [][]piece{{p}}
		if p.kind == 'l' {
			var err error
			if filled, err = it.fill(p.text); err != nil {
				return nil, err
			}
		}
		var next [][]piece
		for _, have := range forms {
			for _, ps := range filled {
				one := slices.Clone(have)
				for _, q := range ps {
					if q.kind == '%' { // a value of a placeholder has its own wildcards
						for _, v := range parsePieces(q.text) {
							one = add(one, v)
						}
						continue
					}
					one = add(one, q)
				}
				next = append(next, one)
			}
		}
		if forms = next; len(forms) > maxVariants {
			return nil, fmt.Errorf("placeholders expand a value to more than %d forms", maxVariants)
		}
	}
	var out []form
	for _, ps := range forms {
		out = append(out, form{is: f.is, parts: ps, raw: f.raw, pred: f.pred})
	}
	return out, nil
}

// fill gives a text with every choice of values for its placeholders; filled in parts have the kind '%'.
func (it *item) fill(s string) ([][]piece, error) {
	out := [][]piece{nil}
	last := 0
	rest := func(to int) {
		text := strings.ReplaceAll(s[last:to], `\%`, "%")
		for i := range out {
			if text != "" {
				out[i] = append(slices.Clone(out[i]), piece{'l', text})
			}
		}
	}
	for from := 0; ; {
		m := placeholder.FindStringSubmatchIndex(s[from:])
		if m == nil {
			break
		}
		at, end, name := from+m[0], from+m[1], s[from+m[2]:from+m[3]]
		if at > 0 && s[at-1] == '\\' {
			from = at + 1
			continue
		}
		values := it.opt.Placeholders[name]
		if len(values) == 0 {
			return nil, fmt.Errorf("%w: the placeholder %%%s%% has no values", ErrInactive, name)
		}
		rest(at)
		var next [][]piece
		for _, have := range out {
			for _, v := range values {
				next = append(next, append(slices.Clone(have), piece{'%', v}))
			}
		}
		if out, last, from = next, end, end; len(out) > maxVariants {
			return nil, fmt.Errorf("placeholders expand a value to more than %d forms", maxVariants)
		}
	}
	rest(len(s))
	return out, nil
}

// predicate makes the question of a form that all modifiers were applied to.
func (it *item) predicate(f form) (*pred, error) {
	switch f.is {
	case "text", "number", "true or false":
		ps := f.parts
		if it.field == "" { // keywords stand anywhere in a value
			ps = stars("contains", ps)
		}
		return literalPred(ps, f.pred.cased), nil
	case "expression":
		return regexpPred(f.raw, f.pred.lit)
	}
	if it.field == "" && f.is != "network" {
		return nil, fmt.Errorf("a %s needs a field", f.is)
	}
	p := f.pred
	return &p, nil
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
		p.op, p.cased = opPresent, false
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
			if x.kind == 'l' {
				p.lit += f(x.text)
			} else {
				p.lit += string(x.kind)
			}
		}
		if longest != "" {
			p.need = []string{fold(longest)}
		}
	}
	return p
}

// regexpPred makes the predicate of a regular expression: a search, with regard to case unless a flag says otherwise.
func regexpPred(s, flags string) (*pred, error) {
	if flags != "" {
		s = "(?" + flags + ")" + s
	}
	re, err := compileRE(s)
	if err != nil {
		return nil, err
	}
	return &pred{op: opRegexp, lit: s, re: re, need: re.need}, nil
}

package sigma

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
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
	read     *reader
}

// Bounds of what one value expands to, beside maxVariants.
const (
	maxModifiers = 16
	maxExpanded  = 8 << 20 // bytes of all forms
	maxExpanding = 8 << 10 // bytes of a value that windash makes many of
)

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

// item makes the node of one key of a search identifier.
func (r *reader) item(key, v *yaml.Node) (*node, error) {
	parts := strings.Split(key.Value, "|")
	it := item{field: strings.ReplaceAll(parts[0], " ", ""), read: r}
	if len(parts) > 1+maxModifiers {
		return nil, atLine(key, fmt.Errorf("a field has more than %d modifiers", maxModifiers))
	}
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
	if mod, ok := rawUTF16(it.mods); ok {
		r.warnings = append(r.warnings, Warning{cmp.Or(key.Line, v.Line), fmt.Sprintf("%s makes UTF-16, which no value is; base64 or base64offset should follow it", mod)})
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
		size := 0
		for _, f := range forms {
			out, err := it.apply(m, f, i == 0)
			if err != nil {
				return nil, err
			}
			for _, f := range out {
				if size += f.size(); size > maxExpanded {
					return nil, fmt.Errorf("a value expands to more than %d bytes", maxExpanded)
				}
			}
			if next = append(next, out...); len(next) > maxVariants {
				return nil, fmt.Errorf("a value expands to more than %d forms", maxVariants)
			}
		}
		forms = next
	}
	var kids []*node
	for _, f := range forms {
		if err := it.read.spend(1 + f.size()/64); err != nil {
			return nil, err
		}
		p, err := it.predicate(f)
		if err != nil {
			return nil, err
		}
		if p.re != nil {
			if err := it.read.spend(p.re.steps / 4); err != nil {
				return nil, err
			}
		}
		p.field = it.field
		p.id, p.often = p.key(), p.frequency()
		kids = append(kids, &node{kind: 'p', pred: p})
	}
	return combine('|', kids...), nil
}

// size is how many bytes of text a form has.
func (f form) size() (n int) {
	for _, p := range f.parts {
		n += len(p.text)
	}
	if f.is == "expression" {
		n = len(f.raw)
	}
	return n
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
		text := decimal(x)
		if text == x.Value {
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

// decimal gives what a scalar says, and of a number in another notation of YAML, as 0x1410, its decimal digits.
func decimal(x *yaml.Node) string {
	if tag := x.ShortTag(); tag == "!!int" || tag == "!!float" {
		if text, ok := plainNumber(x.Value); ok {
			return text
		}
	}
	return x.Value
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
		o, _ := comparisonOf(mod)
		return f.compare(o, wrong)
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
	if f.size() > maxExpanding {
		return nil, fmt.Errorf("windash stands behind a value of more than %d bytes", maxExpanding)
	}
	var parts [][][]piece
	for _, p := range f.parts {
		variants, ok := []string{p.text}, true
		if p.kind == 'l' {
			variants, ok = windash(p.text)
		}
		if !ok {
			return nil, fmt.Errorf("windash expands a value to more than %d forms", maxVariants)
		}
		var list [][]piece
		for _, v := range variants {
			list = append(list, []piece{{p.kind, v}})
		}
		parts = append(parts, list)
	}
	return f.choices("windash expands", parts)
}

// pieceSize is what a piece takes without its text, in bytes.
const pieceSize = 24

// choices gives a form for every choice of each part. It refuses what is too much before it makes it.
func (f form) choices(says string, parts [][][]piece) ([]form, error) {
	n, size := 1, 0
	for _, list := range parts {
		longest := 0
		for _, ps := range list {
			bytes := 0
			for _, p := range ps {
				bytes += pieceSize + len(p.text)
			}
			longest = max(longest, bytes)
		}
		n, size = n*len(list), size+longest
		if n > maxVariants || n*size > maxExpanded {
			return nil, fmt.Errorf("%s a value to more than %d forms or %d bytes", says, maxVariants, maxExpanded)
		}
	}
	out := make([]form, n)
	for i := range out {
		var ps []piece
		each := n
		for _, list := range parts {
			each /= len(list)
			for _, p := range list[i/each%len(list)] {
				ps = add(ps, p)
			}
		}
		out[i] = form{is: f.is, parts: ps, raw: f.raw, pred: f.pred}
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
	var parts [][][]piece
	n := 1
	switch f.is {
	case "number", "true or false":
		return []form{f}, nil
	case "expression":
		f.parts = []piece{{'l', f.raw}}
	case "text":
	default:
		return nil, fmt.Errorf("expand does not apply to a %s", f.is)
	}
	for _, p := range f.parts {
		if p.kind != 'l' {
			parts = append(parts, [][]piece{{p}})
			continue
		}
		more, err := it.fill(p.text, f.is == "text", &n)
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	out, err := f.choices("placeholders expand", parts)
	for i := range out {
		if f.is == "expression" {
			out[i].raw, _ = literal(out[i].parts)
		}
	}
	return out, err
}

// fill gives the parts of a text, each with its choices: a placeholder has as many as values, which may have wildcards of their own.
// n counts the texts that come of all.
func (it *item) fill(s string, wildcards bool, n *int) (parts [][][]piece, err error) {
	last := 0
	rest := func(to int) {
		if text := strings.ReplaceAll(s[last:to], `\%`, "%"); text != "" {
			parts = append(parts, [][]piece{{{'l', text}}})
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
		values := it.read.Placeholders[name]
		if len(values) == 0 {
			return nil, fmt.Errorf("%w: the placeholder %%%s%% has no values", ErrInactive, name)
		}
		if *n *= len(values); *n > maxVariants {
			return nil, fmt.Errorf("placeholders expand a value to more than %d forms", maxVariants)
		}
		rest(at)
		var list [][]piece
		for _, v := range values {
			ps := []piece{{'l', v}}
			if wildcards {
				ps = parsePieces(v)
			}
			list = append(list, ps)
		}
		parts, last, from = append(parts, list), end, end
	}
	rest(len(s))
	return parts, nil
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

// unlikeRE2 knows what an expression that needs backtracking stumbles over.
var unlikeRE2 = regexp.MustCompile(`^(\(\?(<?[=!]|[>(]|P)|\\([1-9]|k|g))`)

// regexpPred makes the predicate of a regular expression: a search, with regard to case unless a flag says otherwise.
func regexpPred(s, flags string) (*pred, error) {
	if flags != "" {
		s = "(?" + flags + ")" + s
	}
	re, err := compileRE(s)
	if err != nil {
		if at := new(syntax.Error); errors.As(err, &at) && unlikeRE2.MatchString(at.Expr) {
			err = fmt.Errorf("%w; expressions run in linear time, which rules look-around and back-references out", err)
		}
		return nil, err
	}
	return &pred{op: opRegexp, lit: s, re: re, need: re.need}, nil
}

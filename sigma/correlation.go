package sigma

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Correlation says how matches of other rules make a match of this one.
//
// Hits. A correlation looks at the matches of its rules, which may be correlations, in groups: a group has one value of every field
// of GroupBy; without GroupBy all are one group. Values are compared without regard to case. A record that does not state one of
// these fields, or that states it without a value, is in no group, as with the backends that group by a query: what is unknown of
// two records is not the same. A field that a rule's records name otherwise is found by an alias.
//
// Windows. A window holds hits of a group that are at most Timespan apart, both ends included, and is as long as it can be: no hit
// before or after it is near enough to be added. Windows slide, there are no buckets. A window whose count satisfies the condition
// matches; matching windows that share a hit are one match. So a burst of any length is one match, and "lt", "lte", "eq" and "neq"
// are asked of whole windows, never of the beginning of a burst. A group without any hit has no window: nothing is found where
// nothing happens.
//
// Counts, by type:
//   - event_count: records; one that several of the rules match counts once. Of a correlation, its matches.
//   - value_count: different values of the condition's field, or different combinations when there are several fields.
//   - temporal: rules that have a hit; without a condition all must. The condition may also be a text of rules, and, or, not.
//   - temporal_ordered: rules in the longest series of hits in the order of Rules; hits of the same time count as in order.
//   - value_sum, value_avg, value_median, value_percentile: of the field's values that are decimal numbers; a record counts once,
//     in the group's first hit of it.
//     The median of an even number of values is the mean of the middle two. A percentile is the smallest value that at least that
//     share of the values does not exceed.
//
// A hit of a correlation within another one is a hit of its records: each stands at its own time, though not before a window that
// holds it satisfied the condition, and with its own values. So "many failures, then a success" is found while failures go on.
type Correlation struct {
	Type     string
	Rules    []string // ids or names, as written
	GroupBy  []string // fields or aliases
	Timespan time.Duration
	Generate bool // the rules are of interest without the correlation as well

	refs       []reference
	aliases    map[alias]string // the field that the rule's records have for the name
	named      []reference      // the rules that aliases name
	fields     []string
	bounds     []bound
	percentile share
	formula    *formula // of temporal: instead of bounds
}

// alias is a name that a rule's records have another one for. The rule is called by id or by name, as written; byID is that text in
// lower case, for ids are the same in either case and names are not.
type alias struct {
	name, of string
	byID     bool
}

// share is a part of one as a fraction, so that ranks are counted exactly: 2.2 percent are 11 of 500.
type share struct{ num, den uint64 }

// newShare makes that of a percentile from 0 to 100, as its shortest decimal notation has it; false when that has more digits than
// can be counted with.
func newShare(percentile float64) (share, bool) {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(percentile, 'f', -1, 64))
	if !ok {
		return share{}, false
	}
	r.Quo(r, big.NewRat(100, 1))
	return share{r.Num().Uint64(), r.Denom().Uint64()}, r.Num().IsUint64() && r.Denom().IsUint64()
}

// rank is the least number that is at least the share of n; 1 when that is 0.
func (s share) rank(n int) int {
	hi, lo := bits.Mul64(s.num, uint64(n))
	whole, rest := bits.Div64(hi, lo, s.den) // fits: a share is at most 1
	if rest > 0 {
		whole++
	}
	return max(1, int(whole))
}

// bound is a comparison of what was counted.
type bound struct {
	op    op
	neq   bool
	value float64
}

// formula is a condition over rules: 'p' one of them, '&', '|' and '!' of others.
type formula struct {
	kind byte
	ref  int32
	kids []*formula
}

// Bounds of a correlation.
const (
	maxReferences = 100
	maxOrder      = 32 // of temporal_ordered
	maxFormula    = 256
	maxGroupBy    = 32
	maxAliases    = 1000
	maxTimespan   = 100 * 366 * 24 * time.Hour
)

func parseCorrelation(v, generate *yaml.Node) (*Correlation, error) {
	if v.Kind != yaml.MappingNode {
		return nil, errors.New("correlation is no mapping")
	}
	c := &Correlation{}
	part := map[string]*yaml.Node{"generate": generate}
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, x := v.Content[i], v.Content[i+1]
		switch key.Value {
		case "type", "rules", "group-by", "timespan", "aliases", "condition", "generate":
			part[key.Value] = x
		default:
			return nil, atLine(key, fmt.Errorf("the key %q of a correlation is not known", key.Value))
		}
	}
	for _, p := range []struct {
		key  string
		read func(*yaml.Node) error
	}{{"type", c.parseType}, {"rules", c.parseRules}, {"group-by", c.parseGroupBy}, {"timespan", c.parseTimespan}, {"aliases", c.parseAliases}, {"condition", c.parseCondition}, {"generate", c.parseGenerate}} {
		x := part[p.key]
		if err := p.read(x); err != nil {
			if x != nil {
				err = atLine(x, err)
			}
			return nil, err
		}
	}
	return c, nil
}

func (c *Correlation) temporal() bool { return strings.HasPrefix(c.Type, "temporal") }

func (c *Correlation) parseType(v *yaml.Node) error {
	if v == nil {
		return errors.New("the correlation has no type")
	}
	c.Type = word(v)
	if !slices.Contains([]string{"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_median", "value_percentile"}, c.Type) {
		return fmt.Errorf("%q is no type of correlation", c.Type)
	}
	return nil
}

func (c *Correlation) parseRules(v *yaml.Node) (err error) {
	if v == nil && c.temporal() {
		return nil // the condition may name them
	}
	if v != nil {
		c.refs, c.Rules, err = parseReferences(v)
	}
	switch {
	case err != nil:
		return err
	case len(c.refs) == 0:
		return errors.New("the correlation names no rules")
	}
	return c.tooMany()
}

func (c *Correlation) tooMany() error {
	most := maxReferences
	if c.Type == "temporal_ordered" {
		most = maxOrder
	}
	if len(c.refs) > most {
		return fmt.Errorf("the correlation names more than %d rules", most)
	}
	return nil
}

func (c *Correlation) parseGroupBy(v *yaml.Node) error {
	if v == nil {
		return nil
	}
	c.GroupBy = names(v)
	switch {
	case v.Kind == yaml.MappingNode || len(c.GroupBy) == 0 && len(v.Content) > 0 || slices.Contains(c.GroupBy, ""):
		return errors.New("group-by is neither a field nor a list of fields")
	case len(c.GroupBy) > maxGroupBy:
		return fmt.Errorf("group-by has more than %d fields", maxGroupBy)
	}
	return nil
}

// names gives field names, blanks stripped; "" stands for what is none.
func names(v *yaml.Node) []string {
	list := v.Content
	if v.Kind == yaml.ScalarNode {
		list = []*yaml.Node{v}
	}
	var out []string
	for _, x := range list {
		out = append(out, strings.ReplaceAll(word(x), " ", ""))
	}
	return out
}

// parseTimespan reads a number and a unit. A month and a year are those of pySigma: a twelfth of, and the mean Gregorian year.
func (c *Correlation) parseTimespan(v *yaml.Node) error {
	if v == nil {
		return errors.New("the correlation has no timespan")
	}
	s := word(v)
	digits := strings.TrimRight(s, "smhdwMy")
	unit, ok := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "M": 2_629_746 * time.Second, "y": 31_556_952 * time.Second}[s[len(digits):]]
	n, err := strconv.ParseUint(digits, 10, 32)
	switch {
	case !ok || err != nil || n == 0:
		return fmt.Errorf("the timespan %q is not a number and one of s, m, h, d, w, M, y", s)
	case n > uint64(maxTimespan/unit):
		return fmt.Errorf("the timespan %q is longer than 100 years", s)
	}
	c.Timespan = time.Duration(n) * unit
	return nil
}

func (c *Correlation) parseAliases(v *yaml.Node) error {
	if v == nil {
		return nil
	}
	if v.Kind != yaml.MappingNode {
		return errors.New("aliases is no mapping")
	}
	c.aliases = map[alias]string{}
	for i := 0; i+1 < len(v.Content); i += 2 {
		name, of := v.Content[i], v.Content[i+1]
		if of.Kind != yaml.MappingNode {
			return atLine(name, fmt.Errorf("the alias %q is no mapping of rules to fields", name.Value))
		}
		for k := 0; k+1 < len(of.Content); k += 2 {
			field := strings.ReplaceAll(word(of.Content[k+1]), " ", "")
			switch {
			case len(c.named) == maxAliases:
				return fmt.Errorf("aliases has more than %d fields", maxAliases)
			case field == "":
				return atLine(of.Content[k], fmt.Errorf("the alias %q has no field of %q", name.Value, of.Content[k].Value))
			}
			rule := of.Content[k]
			c.named = append(c.named, reference{rule.Value, rule.Line})
			key := alias{name: strings.ReplaceAll(name.Value, " ", ""), of: rule.Value}
			c.aliases[key] = field
			key.of, key.byID = strings.ToLower(rule.Value), true
			c.aliases[key] = field
		}
	}
	return nil
}

func (c *Correlation) parseGenerate(v *yaml.Node) error {
	if v == nil {
		return nil
	}
	if v.ShortTag() != "!!bool" {
		return errors.New("generate is neither true nor false")
	}
	c.Generate = strings.EqualFold(v.Value, "true")
	return nil
}

func (c *Correlation) parseCondition(v *yaml.Node) error {
	if v != nil && v.Kind == yaml.ScalarNode && word(v) != "" {
		if !c.temporal() {
			return fmt.Errorf("only a temporal correlation has a text as its condition, not %s", c.Type)
		}
		return c.parseFormula(word(v), v.Line)
	}
	if v == nil {
		switch {
		case !c.temporal():
			return errors.New("the correlation has no condition")
		case len(c.refs) == 0:
			return errors.New("the correlation names no rules")
		}
		c.bounds = []bound{{op: opGreaterEqual, value: float64(len(c.refs))}}
		return nil
	}
	if v.Kind != yaml.MappingNode {
		return errors.New("the condition of a correlation is no mapping")
	}
	if len(c.refs) == 0 {
		return errors.New("the correlation names no rules")
	}
	percentile := false
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, x := v.Content[i], v.Content[i+1]
		switch key.Value {
		case "field":
			if c.fields = names(x); len(c.fields) == 0 || x.Kind == yaml.MappingNode || slices.Contains(c.fields, "") {
				return atLine(key, errors.New("field is neither a field nor a list of fields"))
			}
			continue
		case "gt", "gte", "lt", "lte", "eq", "neq", "percentile":
		default:
			return atLine(key, fmt.Errorf("the key %q of a condition is not known", key.Value))
		}
		n, ok := number(decimal(x))
		switch {
		case !ok:
			return atLine(key, fmt.Errorf("%s wants a number, not %q", key.Value, word(x)))
		case key.Value != "percentile":
			c.bounds = append(c.bounds, newBound(key.Value, n))
		case n < 0 || n > 100:
			return atLine(key, fmt.Errorf("the percentile %s is not between 0 and 100", x.Value))
		default:
			if c.percentile, percentile = newShare(n); !percentile {
				return atLine(key, fmt.Errorf("the percentile %s has too many digits", x.Value))
			}
		}
	}
	return c.check(percentile)
}

// check tells what is missing of a condition or too much.
func (c *Correlation) check(percentile bool) error {
	counts := strings.HasPrefix(c.Type, "value_")
	switch {
	case len(c.bounds) == 0:
		return errors.New("the condition has none of gt, gte, lt, lte, eq and neq")
	case len(c.bounds) > 2:
		return errors.New("the condition has more than two of gt, gte, lt, lte, eq and neq")
	case counts && len(c.fields) == 0:
		return fmt.Errorf("the condition of %s names no field", c.Type)
	case !counts && len(c.fields) > 0:
		return fmt.Errorf("%s looks at no field", c.Type)
	case counts && c.Type != "value_count" && len(c.fields) > 1:
		return fmt.Errorf("%s looks at one field only", c.Type)
	case len(c.fields) > maxGroupBy:
		return fmt.Errorf("the condition has more than %d fields", maxGroupBy)
	case c.Type == "value_percentile" && !percentile:
		return errors.New("the condition of value_percentile has no percentile")
	case c.Type != "value_percentile" && percentile:
		return fmt.Errorf("%s has no percentile", c.Type)
	}
	return nil
}

func newBound(key string, n float64) bound {
	if o, ok := comparisonOf(key); ok {
		return bound{op: o, value: n}
	}
	return bound{op: opEqual, neq: key == "neq", value: n}
}

func (b bound) holds(n float64) bool { return b.op.compares(n, b.value) != b.neq }

// parseFormula reads a condition over rules. It names all rules; without a list of rules it is the list.
func (c *Correlation) parseFormula(text string, line int) error {
	listed := len(c.refs) > 0
	p := &conditionParser{named: map[string]*node{}, used: map[string]bool{}}
	ref := map[string]int32{}
	for i, r := range c.Rules {
		p.named[r], ref[r] = &node{kind: 'p', name: r}, int32(i)
	}
	used := map[string]bool{}
	for _, w := range conditionToken.FindAllString(text, maxFormula+1) {
		if slices.Contains([]string{"and", "or", "not", "of", "(", ")"}, strings.ToLower(w)) {
			continue
		}
		if p.named[w] == nil && !listed {
			p.named[w], ref[w] = &node{kind: 'p', name: w}, int32(len(c.refs))
			c.refs, c.Rules = append(c.refs, reference{w, line}), append(c.Rules, w)
		}
		used[w] = true
	}
	for _, r := range c.Rules {
		if !used[r] {
			return fmt.Errorf("the condition does not name %q, which is one of the rules", r)
		}
	}
	if err := c.tooMany(); err != nil {
		return err
	}
	root, err := p.parse(text)
	if err != nil {
		return err
	}
	size := 0
	c.formula = newFormula(root, ref, &size)
	switch {
	case size > maxFormula:
		return fmt.Errorf("the condition has more than %d parts", maxFormula)
	case c.Type != "temporal_ordered":
		return nil
	case c.formula.all():
		c.formula, c.bounds = nil, []bound{{op: opGreaterEqual, value: float64(len(c.refs))}}
		return nil
	}
	return fmt.Errorf("%w: a condition with or and not does not say what order its rules have", ErrInactive)
}

func newFormula(n *node, ref map[string]int32, size *int) *formula {
	*size++
	f := &formula{kind: n.kind, ref: ref[n.name]}
	for _, k := range n.kids {
		f.kids = append(f.kids, newFormula(k, ref, size))
	}
	return f
}

// all tells whether the condition asks for all rules that it names.
func (f *formula) all() bool {
	return f.kind != '!' && f.kind != '|' && !slices.ContainsFunc(f.kids, func(k *formula) bool { return !k.all() })
}

// holds evaluates the condition over the rules that are there.
func (f *formula) holds(there []int32) bool {
	switch f.kind {
	case 'p':
		return there[f.ref] > 0
	case '!':
		return !f.kids[0].holds(there)
	}
	for _, k := range f.kids {
		if k.holds(there) != (f.kind == '&') {
			return f.kind == '|'
		}
	}
	return f.kind == '&'
}

// grows tells whether more hits can only make the condition true.
func (c *Correlation) grows() bool {
	if c.formula != nil {
		return c.formula.grows()
	}
	return (c.temporal() || strings.HasSuffix(c.Type, "_count")) && !slices.ContainsFunc(c.bounds, func(b bound) bool { return b.op != opGreater && b.op != opGreaterEqual })
}

func (f *formula) grows() bool {
	return f.kind != '!' && !slices.ContainsFunc(f.kids, func(k *formula) bool { return !k.grows() })
}

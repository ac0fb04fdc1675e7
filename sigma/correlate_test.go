package sigma

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// wish is a correlation of the random cases. Its rules are a, b, c or wishes before it, by name.
type wish struct {
	name, typ, field, formula string
	rules, groupBy            []string
	aliases                   map[[2]string]string // field by name and rule
	span                      int64                // ticks
	ops                       map[string]int
	percentile                int
}

// document writes a wish as a rule's author does.
func (w wish) document() string {
	condition := ""
	if w.formula != "" {
		condition = w.formula
	} else if len(w.ops) > 0 {
		parts := []string{}
		for _, op := range slices.Sorted(maps.Keys(w.ops)) {
			parts = append(parts, fmt.Sprintf("%s: %d", op, w.ops[op]))
		}
		if w.field != "" {
			parts = append(parts, "field: "+w.field)
		}
		if w.typ == "value_percentile" {
			parts = append(parts, fmt.Sprint("percentile: ", w.percentile))
		}
		condition = "{" + strings.Join(parts, ", ") + "}"
	}
	out := fmt.Sprintf("title: %s\nname: %s\ngenerate: true\ncorrelation:\n  type: %s\n  rules: [%s]\n  timespan: %ds\n  group-by: [%s]\n", w.name, w.name, w.typ, strings.Join(w.rules, ", "), w.span/10_000_000, strings.Join(w.groupBy, ", "))
	if condition != "" {
		out += "  condition: " + condition + "\n"
	}
	if len(w.aliases) > 0 {
		out += "  aliases:\n"
		for _, name := range slices.Sorted(maps.Keys(map[string]bool{"G": true, "H": true, "V": true})) {
			fields := ""
			for _, r := range w.rules {
				if f := w.aliases[[2]string{name, r}]; f != "" {
					fields += fmt.Sprintf("      %s: %s\n", r, f)
				}
			}
			if fields != "" {
				out += "    " + name + ":\n" + fields
			}
		}
	}
	return out
}

// sight is a record as the naive reading sees it: where it stands, how to ask it for a field, and what it is a part of.
type sight struct {
	time, own int64
	id        int
	event     string
	rule      string
	number    int32 // of the rule that it began with
	field     func(name string) (string, bool)
}

// naiveMatch is a match of a wish: its sights, and when each could be known.
type naiveMatch struct {
	group string
	list  []sight
	known []int64
}

// naiveCorrelate reads a wish from the comment of Correlation and nothing else: it looks at every window and counts anew.
func naiveCorrelate(w wish, of map[string][]sight) (out []naiveMatch) {
	groups := map[string][]sight{}
	for _, rule := range w.rules {
		for _, s := range of[rule] {
			inner := s.field
			s.rule = rule
			s.field = func(name string) (string, bool) {
				if f := w.aliases[[2]string{name, rule}]; f != "" {
					name = f
				}
				return inner(name)
			}
			group, ok := "", true
			for _, g := range w.groupBy {
				v, stated := s.field(g)
				group, ok = group+fmt.Sprintf("%q", strings.ToLower(v)), ok && stated
			}
			if v, stated := s.field(w.field); w.field != "" {
				_, isNumber := number(v)
				ok = ok && stated && (isNumber || w.typ == "value_count")
			}
			if ok {
				groups[group] = append(groups[group], s)
			}
		}
	}
	for group, list := range groups {
		slices.SortStableFunc(list, func(a, b sight) int { // one record may stand there twice at a time: of which rule it is decides
			return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(slices.Index(w.rules, a.rule), slices.Index(w.rules, b.rule)), cmp.Compare(a.own, b.own), cmp.Compare(a.number, b.number), cmp.Compare(a.id, b.id))
		})
		if w.adds() { // a record counts once, where it stands first
			seen := map[int]bool{}
			list = slices.DeleteFunc(list, func(s sight) bool { was := seen[s.id]; seen[s.id] = true; return was })
		}
		out = append(out, w.matches(group, list)...)
	}
	return out
}

func (w wish) adds() bool { return strings.HasPrefix(w.typ, "value_") && w.typ != "value_count" }

func (w wish) matches(group string, list []sight) (out []naiveMatch) {
	within := func(from, to int64) (set []int) {
		for i, s := range list {
			if s.time >= from && s.time <= to {
				set = append(set, i)
			}
		}
		return set
	}
	holds := func(set []int) bool {
		chosen := make([]sight, len(set))
		for i, at := range set {
			chosen[i] = list[at]
		}
		return w.holds(chosen)
	}
	var windows [][]int
	for _, s := range list {
		set := within(s.time, s.time+w.span)
		longer := slices.ContainsFunc(list, func(o sight) bool {
			other := within(o.time, o.time+w.span)
			return len(other) > len(set) && !slices.ContainsFunc(set, func(i int) bool { return !slices.Contains(other, i) })
		})
		if !longer && holds(set) {
			windows = append(windows, set)
		}
	}
	of := make([]int, len(list)) // match of each sight, from 1
	for _, set := range windows {
		n := 0
		for _, i := range set {
			n = max(n, of[i])
		}
		if n == 0 {
			out = append(out, naiveMatch{group: group})
			n = len(out)
		}
		for _, i := range set {
			if of[i] == n {
				continue
			}
			known := list[set[len(set)-1]].time
			for _, e := range list[i:] {
				if w.grows() && holds(within(e.time-w.span, e.time)) {
					known = e.time
					break
				}
			}
			of[i] = n
			m := &out[n-1]
			m.list, m.known = append(m.list, list[i]), append(m.known, known)
		}
	}
	return out
}

// grows tells of the wishes that hold for more hits when they hold for some.
func (w wish) grows() bool {
	for op := range w.ops {
		if op != "gt" && op != "gte" {
			return false
		}
	}
	return !w.adds() && !strings.Contains(w.formula, "not")
}

func (w wish) holds(set []sight) bool {
	there := map[string]bool{}
	count := 0.0
	var values []float64
	for _, s := range set {
		v, _ := s.field(w.field)
		switch n, _ := number(v); {
		case w.typ == "event_count":
			there[s.event] = true
		case w.typ == "value_count":
			there[strings.ToLower(v)] = true
		case w.adds():
			values = append(values, n)
			count += n
		default:
			there[s.rule] = true
		}
	}
	slices.Sort(values)
	switch n := len(values); w.typ {
	case "value_avg":
		count /= float64(n)
	case "value_median":
		if count = values[n/2]; n%2 == 0 {
			count = (values[n/2-1] + values[n/2]) / 2
		}
	case "value_percentile":
		for k, v := range values {
			if count = v; (k+1)*100 >= w.percentile*n {
				break
			}
		}
	case "value_sum":
	case "temporal_ordered":
		count = float64(w.longest(set, 0, -1<<62))
	default:
		count = float64(len(there))
	}
	switch w.formula {
	case "a and (b or not c)":
		return there["a"] && (there["b"] || !there["c"])
	case "a and b or c":
		return there["a"] && there["b"] || there["c"]
	}
	ops := w.ops
	if len(ops) == 0 {
		ops = map[string]int{"gte": len(w.rules)}
	}
	for op, k := range ops {
		n := float64(k)
		if !map[string]bool{"gt": count > n, "gte": count >= n, "lt": count < n, "lte": count <= n, "eq": count == n, "neq": count != n}[op] {
			return false
		}
	}
	return true
}

// longest tries every series of hits in the order of the rules.
func (w wish) longest(set []sight, rule int, after int64) (most int) {
	for i := rule; i < len(w.rules); i++ {
		for _, s := range set {
			if s.rule == w.rules[i] && s.time >= after {
				most = max(most, 1+w.longest(set, i+1, s.time))
				break // the earliest leaves the most
			}
		}
	}
	return most
}

// randomWish makes the wish of a name, over rules and the wishes before it.
func randomWish(r *rand.Rand, name string, rules []string) wish {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	w := wish{name: name, typ: pick("event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_median", "value_percentile"),
		span: int64(1+r.IntN(8)) * 10_000_000, ops: map[string]int{}, percentile: r.IntN(101), aliases: map[[2]string]string{}}
	for _, i := range r.Perm(len(rules))[:1+r.IntN(min(3, len(rules)))] {
		w.rules = append(w.rules, rules[i])
	}
	for _, g := range []string{"G", "H"} {
		if r.IntN(3) == 0 {
			w.groupBy = append(w.groupBy, g)
		}
	}
	if strings.HasPrefix(w.typ, "value_") {
		w.field = pick("V", "G")
	}
	for _, rule := range w.rules {
		for _, name := range []string{"G", "H", "V"} {
			if r.IntN(8) == 0 {
				w.aliases[[2]string{name, rule}] = pick("G", "H", "V")
			}
		}
	}
	temporal := strings.HasPrefix(w.typ, "temporal")
	if w.typ == "temporal" && !slices.ContainsFunc(rules[3:], func(s string) bool { return s != "" }) && r.IntN(3) == 0 {
		w.rules, w.formula, w.aliases = []string{"a", "b", "c"}, pick("a and (b or not c)", "a and b or c"), nil
		return w
	}
	if temporal && r.IntN(2) == 0 {
		return w
	}
	for range 1 + r.IntN(4)/3 {
		w.ops[pick("gt", "gte", "gte", "gte", "lt", "lte", "eq", "neq")] = 1 + r.IntN(4)
	}
	return w
}

// TestCorrelationsAgreeWithTheNaiveReading compares both over random correlations, of rules and of one another, and random hits,
// and shuffles the hits.
func TestCorrelationsAgreeWithTheNaiveReading(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rounds := 6000
	if testing.Short() {
		rounds = 600
	}
	matches, chained := map[string]int{}, 0
	for round := range rounds {
		rules := []string{"a", "b", "c"}
		var wishes []wish
		var docs []string
		for i := range 1 + r.IntN(4) {
			w := randomWish(r, fmt.Sprint("w", i), rules)
			wishes, docs, rules = append(wishes, w), append(docs, w.document()), append(rules, w.name)
		}
		e := correlating(t, docs...)
		var text []string
		for range r.IntN(30) {
			s := fmt.Sprintf("%ds %s", r.IntN(30), []string{"a", "b", "c", "a+b", "b+c"}[r.IntN(5)])
			for _, f := range []string{"G=x", "G=X", "G=1", "H=1", "H=2", "V=1", "V=3", "V=-2", "V=many"} {
				if r.IntN(3) == 0 && !strings.Contains(s, f[:2]) {
					s += " " + f
				}
			}
			text = append(text, s)
		}
		if len(text) == 0 {
			text = []string{"0s a"}
		}
		hits := hitsOf(t, e, strings.Join(text, "; "))
		want, counts := naiveAnswer(e, wishes, hits)
		for typ, n := range counts {
			matches[typ] += n
		}
		chained += len(wishes) - 1
		for range 2 {
			if got := answer(e, e.Correlate(hits)); got != want {
				t.Fatalf("round %d: the hits\n%s\nof\n%s\ngive\n%s\nwant\n%s", round, strings.Join(text, "\n"), strings.Join(docs, "---\n"), got, want)
			}
			r.Shuffle(len(hits), func(i, k int) { hits[i], hits[k] = hits[k], hits[i] })
		}
	}
	for _, typ := range []string{"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_median", "value_percentile"} {
		if matches[typ] < rounds/20 {
			t.Errorf("%d matches of %s prove little", matches[typ], typ)
		}
	}
	t.Logf("%v", matches)
	t.Logf("%d cases", rounds)
}

// answer writes matches without regard to their order.
func answer(e *Engine, list []Correlated) string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprintf("%s %d-%d %v", e.Rules()[c.Rule].Title, c.First/10_000_000, c.Last/10_000_000, c.Hits))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func naiveAnswer(e *Engine, wishes []wish, hits []Hit) (text string, counts map[string]int) {
	of := map[string][]sight{}
	for _, h := range hits {
		fields, _ := e.Wanted(h.Rule)
		title := e.Rules()[h.Rule].Title
		of[title] = append(of[title], sight{time: h.Time, own: h.Time, id: h.ID, number: h.Rule, event: fmt.Sprint(h.ID), field: func(name string) (string, bool) {
			i := slices.Index(fields, name)
			return h.Values[max(i, 0)].Text, i >= 0 && h.Values[max(i, 0)].Stated
		}})
	}
	for _, h := range hits { // a rule of which no correlation needs a field
		if len(h.Values) == 0 {
			title := e.Rules()[h.Rule].Title
			for i := range of[title] {
				of[title][i].field = func(string) (string, bool) { return "", false }
			}
		}
	}
	counts = map[string]int{}
	var out []string
	for _, w := range wishes {
		for n, m := range naiveCorrelate(w, of) {
			counts[w.typ]++
			first, last, ids := m.list[0].own, m.list[0].own, []int{}
			for i, s := range m.list {
				first, last, ids = min(first, s.own), max(last, s.own), append(ids, s.id)
				s.time, s.event = m.known[i], fmt.Sprint(w.name, n)
				of[w.name] = append(of[w.name], s)
			}
			slices.Sort(ids)
			out = append(out, fmt.Sprintf("%s %d-%d %v", w.name, first/10_000_000, last/10_000_000, slices.Compact(ids)))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n"), counts
}

// TestAFloodOfHitsIsCountedInTime: hits of one group, in one window and in windows of few and of many hits that slide; what is
// quadratic takes a hundred times as long.
func TestAFloodOfHitsIsCountedInTime(t *testing.T) {
	const n = 30_000 // in five minutes
	for _, c := range []struct{ says, doc string }{
		{"event_count", "type: event_count, rules: [a, b], group-by: U, timespan: %s, condition: {gte: 2}"},
		{"value_count", "type: value_count, rules: [a, b], group-by: U, timespan: %s, condition: {field: N, gte: 2}"},
		{"temporal", "type: temporal, rules: [a, b], group-by: U, timespan: %s"},
		{"temporal_ordered", "type: temporal_ordered, rules: [a, b], group-by: U, timespan: %s"},
		{"value_sum", "type: value_sum, rules: [a, b], group-by: U, timespan: %s, condition: {field: N, gte: 1}"},
		{"value_median", "type: value_median, rules: [a, b], group-by: U, timespan: %s, condition: {field: N, gte: 0}"},
		{"value_percentile", "type: value_percentile, rules: [a, b], group-by: U, timespan: %s, condition: {field: N, percentile: 90, gte: 0}"},
	} {
		var hits []Hit
		for _, span := range []string{"1s", "1m", "10y"} {
			e := correlating(t, "title: out\ncorrelation: {type: event_count, rules: t, timespan: 10y, condition: {gte: 1}}", "title: t\nname: t\ncorrelation: {"+fmt.Sprintf(c.doc, span)+"}")
			for i := len(hits); i < n; i++ { // once, for the span changes nothing of what is wanted
				k := int64(i) * 7919 % n
				h := Hit{Rule: int32(k % 2), Time: k * 100_000, ID: int(k)}
				fields, _ := e.Wanted(h.Rule)
				for _, f := range fields {
					h.Values = append(h.Values, HitValue{map[string]string{"U": "x", "N": fmt.Sprint(k)}[f], true})
				}
				hits = append(hits, h)
			}
			got := e.Correlate(hits)
			if len(got) != 1 || got[0].First != 0 && got[0].First != 100_000 || got[0].Last != (n-1)*100_000 || len(got[0].Hits) < n-1 {
				t.Errorf("%s in %s: %d matches, the first from %d to %d of %d", c.says, span, len(got), got[0].First, got[0].Last, len(got[0].Hits))
			}
		}
	}
}

// TestTimesAtTheEndsOfTheirRange: hits that lie further apart than a time can say are apart.
func TestTimesAtTheEndsOfTheirRange(t *testing.T) {
	e := correlating(t, "title: t\ncorrelation: {type: event_count, rules: a, timespan: 100y, condition: {gte: 2}}")
	if got := e.Correlate([]Hit{{Time: -1 << 63, ID: 1}, {Time: 1<<63 - 1, ID: 2}}); got != nil {
		t.Errorf("matches %v", got)
	}
}

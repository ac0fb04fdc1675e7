package sigma

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Hit is a match of a rule that correlations count.
type Hit struct {
	Rule   int32      // its number in the engine
	Time   int64      // of the record, in ticks of 100 ns since any moment that is the same for all hits
	ID     int        // the caller's name of the record: the same in every hit of the record
	Values []HitValue // one for each field that Wanted names, in its order; of a field with several values the first
}

// HitValue is what a record states of a field. A field that it does not state, or states without a value, has Stated false.
type HitValue struct {
	Text   string
	Stated bool
}

// NamedValue is a value of a field or alias.
type NamedValue struct{ Name, Value string }

// Correlated is a match of a correlation.
type Correlated struct {
	Rule        int32        // its number in the engine
	First, Last int64        // times of the first and the last of its records
	Hits        []int        // IDs of its records, sorted, each once
	Group       []NamedValue // what the records have in common, in the order of GroupBy; the spelling is the first record's
}

// correlator is what an engine knows of its correlations.
type correlator struct {
	plans  []*plan    // a correlation stands behind those that it counts
	wanted [][]string // by rule: fields that correlations need of its records
	counts []bool     // by rule: a correlation counts it, perhaps through another
	mute   []bool     // by rule: it only serves correlations
}

// plan is a correlation with rules as numbers.
type plan struct {
	*Correlation
	rule  int32
	from  []source
	ways  []way
	inner bool // another correlation counts it
}

// source is a rule that a correlation counts, or another correlation.
type source struct {
	rule  int32
	inner *plan
	first int32 // of its ways among the correlation's
}

// way is a way from a correlation down to a rule, and where the values stand in the rule's hits: of GroupBy, then of the
// condition's fields.
type way struct {
	ref     int32 // of the correlation's Rules
	via     int32 // the rule or correlation that it begins with
	rule    int32
	columns []int32
}

// newCorrelator numbers the rules and correlations that were mustered.
func newCorrelator(rules []*Rule, x *roster) *correlator {
	c := &correlator{wanted: make([][]string, len(rules)), counts: make([]bool, len(rules)), mute: make([]bool, len(rules))}
	number := make(map[*Rule]int32, len(rules))
	for i, r := range rules {
		number[r] = int32(i)
	}
	loud := make([]bool, len(rules))
	plans := map[*Rule]*plan{}
	for _, r := range x.order {
		p := &plan{Correlation: r.Correlation, rule: number[r]}
		plans[r] = p
		c.plans = append(c.plans, p)
		for ref, list := range x.counts[r] {
			for _, t := range list {
				id := number[x.final[t]]
				c.counts[id], c.mute[id], loud[id] = true, true, loud[id] || p.Generate
				s := source{rule: id, first: int32(len(p.ways))}
				if t.Correlation == nil {
					p.ways = append(p.ways, way{int32(ref), id, id, nil})
				} else {
					s.inner = plans[t]
					s.inner.inner = true
					for _, q := range s.inner.ways {
						p.ways = append(p.ways, way{int32(ref), id, q.rule, nil})
					}
				}
				p.from = append(p.from, s)
			}
		}
	}
	for i := range c.mute {
		c.mute[i] = c.mute[i] && !loud[i]
	}
	fields := func(each func(rule int32, name string, column *int32)) {
		for _, p := range c.plans {
			for i := range p.ways {
				q := &p.ways[i]
				for k, name := range slices.Concat(p.GroupBy, p.fields) {
					if len(q.columns) == k {
						q.columns = append(q.columns, 0)
					}
					each(q.rule, p.field(name, int32(i), rules), &q.columns[k])
				}
			}
		}
	}
	fields(func(rule int32, name string, _ *int32) { c.wanted[rule] = append(c.wanted[rule], name) })
	for i, list := range c.wanted {
		slices.Sort(list)
		c.wanted[i] = slices.Compact(list)
	}
	fields(func(rule int32, name string, column *int32) {
		at, _ := slices.BinarySearch(c.wanted[rule], name)
		*column = int32(at)
	})
	return c
}

// field gives the name that the rule at the end of a way has for a field of the correlation.
func (p *plan) field(name string, at int32, rules []*Rule) string {
	i := len(p.from) - 1
	for p.from[i].first > at {
		i--
	}
	s := p.from[i]
	t := rules[s.rule]
	for _, of := range []alias{{of: p.Rules[p.ways[at].ref]}, {of: t.Name}, {of: t.ID}, {of: strings.ToLower(t.ID), byID: true}} {
		of.name = name
		if field := p.aliases[of]; field != "" {
			name = field
			break
		}
	}
	if s.inner == nil {
		return name
	}
	return s.inner.field(name, at-s.first, rules)
}

// Wanted names the fields that correlations need of a match of a rule, as the rule's records name them, sorted. counted tells
// whether any correlation needs to know of the match; it may without a field.
func (e *Engine) Wanted(rule int32) (fields []string, counted bool) {
	return e.correlator.wanted[rule], e.correlator.counts[rule]
}

// Alerts tells whether a match of a rule is of interest by itself. It is not when the rule only serves correlations, of which none
// says "generate: true".
func (e *Engine) Alerts(rule int32) bool { return !e.correlator.mute[rule] }

// Correlate finds the matches of all correlations that alert, in order of time. The order of the hits does not matter. It takes
// time in proportion to n log n, for each way from a correlation down to a rule, and memory in proportion to n.
func (e *Engine) Correlate(hits []Hit) []Correlated {
	c := e.correlator
	if len(c.plans) == 0 {
		return nil
	}
	run := &run{byRule: make([][]int32, len(e.rules)), passed: map[*plan][]entry{}}
	for _, h := range hits {
		if h.Rule >= 0 && int(h.Rule) < len(c.counts) && c.counts[h.Rule] {
			run.hits = append(run.hits, h)
		}
	}
	slices.SortFunc(run.hits, compareHits)
	for i, h := range run.hits {
		run.byRule[h.Rule] = append(run.byRule[h.Rule], int32(i))
	}
	var out []Correlated
	for _, p := range c.plans {
		found := run.correlate(p)
		if !c.mute[p.rule] {
			out = append(out, found...)
		}
	}
	slices.SortFunc(out, func(a, b Correlated) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last), cmp.Compare(a.Rule, b.Rule), slices.CompareFunc(a.Group, b.Group, func(a, b NamedValue) int {
			return cmp.Compare(a.Value, b.Value)
		}))
	})
	return out
}

func compareHits(a, b Hit) int {
	if c := cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID)); c != 0 {
		return c
	}
	return slices.CompareFunc(a.Values, b.Values, func(a, b HitValue) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), int(flag(a.Stated))-int(flag(b.Stated)))
	})
}

// run is one call of Correlate.
type run struct {
	hits   []Hit
	byRule [][]int32
	passed map[*plan][]entry // what inner correlations hand on
}

// entry is a hit as a correlation sees it.
type entry struct {
	time  int64 // when it counts
	hit   int32
	way   int32
	match int32 // of an inner correlation, from 1; 0 of a rule
	group int32
	key   int32   // of what is counted once: record, match, value, rule
	num   float64 // of what is added up
}

// correlate finds the matches of one correlation.
func (r *run) correlate(p *plan) []Correlated {
	items := r.gather(p)
	r.group(p, &items)
	g := r.gauge(p, &items)
	w := &windows{run: r, plan: p, items: items}
	grows, span := p.grows(), uint64(p.Timespan/100)
	from := 0
	for to := range items {
		if from < to && items[from].group != items[to].group {
			for ; from < to; from++ {
				g.drop(from)
			}
		}
		g.add(to)
		for apart(items[from], items[to]) > span {
			g.drop(from)
			from++
		}
		last := to+1 == len(items) || items[to+1].group != items[to].group || apart(items[from], items[to+1]) > span
		if (last || grows) && g.holds(from) {
			w.match(from, to)
		}
	}
	w.close()
	if p.inner {
		r.passed[p] = w.passed
	}
	return w.out
}

func apart(a, b entry) uint64 { return uint64(b.time) - uint64(a.time) }

// gather collects the hits of a correlation's rules.
func (r *run) gather(p *plan) (items []entry) {
	for _, s := range p.from {
		if s.inner == nil {
			for _, h := range r.byRule[s.rule] {
				items = append(items, entry{time: r.hits[h].Time, hit: h, way: s.first})
			}
			continue
		}
		for _, it := range r.passed[s.inner] {
			it.way += s.first
			items = append(items, it)
		}
	}
	return items
}

// value gives what an entry's record states of a column.
func (r *run) value(p *plan, it *entry, column int) (string, bool) {
	at, values := int(p.ways[it.way].columns[column]), r.hits[it.hit].Values
	if at >= len(values) || !values[at].Stated {
		return "", false
	}
	return values[at].Text, true
}

// numbers gives combinations of values numbers, in order of appearance.
type numbers struct {
	of  map[string]int32
	buf []byte
}

// number reads columns from one on to another; false when the record does not state one.
func (n *numbers) number(r *run, p *plan, it *entry, from, to int) (int32, bool) {
	n.buf = n.buf[:0]
	for c := from; c < to; c++ {
		s, ok := r.value(p, it, c)
		if !ok {
			return 0, false
		}
		at := len(n.buf)
		n.buf, _ = appendFolded(n.buf, []byte(s))
		n.buf = append(strconv.AppendInt(append(n.buf, 0), int64(len(n.buf)-at), 10), 0)
	}
	id, ok := n.of[string(n.buf)]
	if !ok {
		id = int32(len(n.of))
		n.of[string(n.buf)] = id
	}
	return id, true
}

// group puts the items in order: of groups, and of times within them. Items of no group are left out.
func (r *run) group(p *plan, items *[]entry) {
	groups := numbers{of: map[string]int32{}}
	list := (*items)[:0]
	for _, it := range *items {
		var ok bool
		if it.group, ok = groups.number(r, p, &it, 0, len(p.GroupBy)); ok {
			list = append(list, it)
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.time, b.time), cmp.Compare(p.ways[a.way].ref, p.ways[b.way].ref), cmp.Compare(a.hit, b.hit), cmp.Compare(a.way, b.way), cmp.Compare(a.match, b.match))
	})
	*items = list
}

// windows joins the windows that match.
type windows struct {
	run    *run
	plan   *plan
	items  []entry
	out    []Correlated
	passed []entry
	from   int
	to     int // behind the last entry of the match; 0 when there is none
}

// match takes a window, from its first to its last entry. Windows come in order.
func (w *windows) match(from, to int) {
	if from >= w.to {
		w.close()
		w.from, w.to = from, from
	}
	for ; w.plan.inner && w.to <= to; w.to++ {
		it := w.items[w.to]
		it.time, it.match = w.items[to].time, int32(len(w.out))+1
		w.passed = append(w.passed, it)
	}
	w.to = to + 1
}

// close makes a match of the windows that were joined.
func (w *windows) close() {
	if w.to == 0 {
		return
	}
	r, p, list := w.run, w.plan, w.items[w.from:w.to]
	first := &list[0]
	out := Correlated{Rule: p.rule, First: r.hits[first.hit].Time, Last: r.hits[first.hit].Time, Hits: make([]int, 0, len(list))}
	for _, it := range list {
		h := &r.hits[it.hit]
		out.First, out.Last = min(out.First, h.Time), max(out.Last, h.Time)
		out.Hits = append(out.Hits, h.ID)
	}
	slices.Sort(out.Hits)
	out.Hits = slices.Compact(out.Hits)
	for c, name := range p.GroupBy {
		v, _ := r.value(p, first, c)
		out.Group = append(out.Group, NamedValue{name, v})
	}
	w.out = append(w.out, out)
	w.to = 0
}

package sigma

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Mapping tells which of the caller's record sources a log source means. Keys are the caller's own; none means that the caller
// has no such records, and the rule is inactive.
type Mapping interface {
	Sources(Logsource) []string
}

// Engine is a set of rules made ready. It is shared by workers; what it makes of rules, it makes when it is first asked for.
type Engine struct {
	rules      []*Rule
	programs   map[string]*Program
	correlator *correlator
	narrowed   atomic.Int64 // rules in narrowed programs
}

// Compile makes an engine of rules and correlations, with filters applied. What cannot be used, such as a rule without a record
// source, is moved to the set's inactive or failed ones.
func Compile(set *Set, m Mapping) *Engine {
	rules, roster := set.muster(m)
	e := &Engine{rules: rules, programs: map[string]*Program{}, correlator: newCorrelator(rules, roster)}
	bySource := map[string][]int32{}
	for id, r := range rules {
		if r.Correlation != nil {
			continue
		}
		for _, k := range m.Sources(r.Logsource) {
			bySource[k] = append(bySource[k], int32(id))
		}
	}
	same := map[string]*Program{}
	for key, ids := range bySource {
		sign := fmt.Sprint(ids)
		p := same[sign]
		if p == nil {
			p = &Program{engine: e, ids: ids}
			same[sign] = p
		}
		e.programs[key] = p
	}
	return e
}

// String names a log source as rules do.
func (l Logsource) String() string {
	var parts []string
	for _, s := range []string{l.Product, l.Category, l.Service} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "/")
}

// Rules lists the rules by the numbers that matches give.
func (e *Engine) Rules() []*Rule { return e.rules }

// Program gives what is to be done with the records of a source; nil when no rule looks at them.
func (e *Engine) Program(source string) *Program { return e.programs[source] }

// Program matches the rules of one source.
type Program struct {
	engine   *Engine
	ids      []int32 // of rules, sorted
	named    sync.Once
	names    []string // of fields
	anything bool     // keywords look at all values
	once     sync.Once
	*code

	lock     sync.Mutex
	narrowed map[string]*Program // by what is known of a layout; nil where no rule can hold
	whole    *Program            // that this one was narrowed from; nil for a whole one
}

// Predicates that are of no slot.
const (
	keywordSlot = -1
	groupSlot   = -2
)

// code is what rules come to.
type code struct {
	fields    []string
	slot      map[string]int32
	keywords  bool
	preds     []*pred
	slots     []int32 // field of each predicate, or keywordSlot or groupSlot
	refs      []int32 // other field of each opRef predicate
	lazy      []bool  // evaluated when a condition asks for it
	gated     []bool  // lazy, and false unless one of its needed texts was found
	matchers  []*fieldMatcher
	any       *fieldMatcher // of keywords
	nodes     []flatNode
	members   map[int32][]int32 // of opGroup predicates
	rules     []programRule
	numbers   map[*pred]int32
	triggers  []int32 // rules whose necessary clause contains a predicate, those of one predicate after the other
	triggered []int32 // by predicate: where its rules begin in triggers; one more for the end
	always    []int32 // rules without a necessary clause
}

type programRule struct {
	id   int32 // in the engine
	root int32
}

// flatNode is a condition node in an array; children are nodes from..to. Of kind 't' it holds of every event.
type flatNode struct {
	kind     byte
	from, to int32
	pred     int32
}

// Fields names the slots of an event.
func (p *Program) Fields() []string {
	p.look()
	return p.names
}

// Keywords tells whether rules look at all values of an event.
func (p *Program) Keywords() bool {
	p.look()
	return p.anything
}

// look lists what the rules look at, which is asked before any code is needed.
func (p *Program) look() {
	p.named.Do(func() {
		if p.code != nil {
			p.names, p.anything = p.code.fields, p.code.keywords
			return
		}
		seen := map[string]bool{}
		for _, id := range p.ids {
			for _, f := range p.engine.rules[id].Fields() {
				seen[f] = true
			}
		}
		p.anything = seen[""]
		delete(seen, "")
		p.names = slices.Sorted(maps.Keys(seen))
	})
}

// Has tells whether the program holds a rule, by its number.
func (p *Program) Has(rule int32) bool {
	_, ok := slices.BinarySearch(p.ids, rule)
	return ok
}

// ready makes the code of all rules when it is first needed.
func (p *Program) ready() {
	p.once.Do(func() {
		if p.code == nil {
			p.code = p.engine.code(p.ids, p.Fields(), nil)
		}
	})
}

// compiler holds what is needed while code is made.
type compiler struct {
	p      *code
	layout *Layout            // nil when nothing is known of the events
	index  map[string]int32   // predicate by key
	groups map[string]int32   // OR-lists of literals by their members
	lits   map[int32][]target // by slot
	costs  map[int32]float64  // of a predicate
}

// code makes what rules come to for events of a layout, of which each can hold. fields have the first slots.
func (e *Engine) code(ids []int32, fields []string, layout *Layout) *code {
	p := &code{slot: map[string]int32{}, numbers: map[*pred]int32{}, members: map[int32][]int32{}, fields: fields}
	for i, f := range fields {
		p.slot[f] = int32(i)
	}
	c := &compiler{p: p, layout: layout, index: map[string]int32{}, groups: map[string]int32{}, lits: map[int32][]target{}, costs: map[int32]float64{}}
	var roots []*compiled
	for _, id := range ids {
		roots = append(roots, c.rewrite(c.intern(e.rules[id].root)))
		p.rules = append(p.rules, programRule{id: id})
	}
	triggers := make([][]int32, len(p.preds))
	for i, r := range roots {
		_, clause := c.clause(r)
		if clause == nil {
			p.always = append(p.always, int32(i))
			continue
		}
		slices.Sort(clause)
		for _, t := range slices.Compact(clause) {
			triggers[t] = append(triggers[t], int32(i))
		}
	}
	for _, list := range triggers {
		p.triggered = append(p.triggered, int32(len(p.triggers)))
		p.triggers = append(p.triggers, list...)
	}
	p.triggered = append(p.triggered, int32(len(p.triggers)))
	c.literals(roots)
	for i, r := range roots {
		at := int32(len(p.nodes))
		p.nodes = append(p.nodes, flatNode{})
		c.flatten(r, at)
		p.rules[i].root = at
	}
	return p
}

// isTrigger tells predicates that make candidates of rules.
func (p *code) isTrigger(pred int32) bool { return p.triggered[pred] < p.triggered[pred+1] }

// compiled is a condition whose predicates are numbers. Of kind 't' and 'f' it is true and false; no whole condition is false.
type compiled struct {
	kind byte
	kids []*compiled
	pred int32
}

func (c *compiler) field(name string) int32 {
	if name == "" {
		c.p.keywords = true
		return keywordSlot
	}
	if i, ok := c.p.slot[name]; ok {
		return i
	}
	i := int32(len(c.p.fields))
	c.p.slot[name] = i
	c.p.fields = append(c.p.fields, name)
	return i
}

func (c *compiler) add(q *pred, slot, ref int32) int32 {
	i := int32(len(c.p.preds))
	c.p.preds, c.p.slots, c.p.refs = append(c.p.preds, q), append(c.p.slots, slot), append(c.p.refs, ref)
	return i
}

func (c *compiler) intern(n *node) *compiled {
	switch n.kind {
	case 'p':
		return c.internPred(n.pred)
	case '!':
		switch x := c.intern(n.kids[0]); x.kind {
		case 't':
			return &compiled{kind: 'f'}
		case 'f':
			return &compiled{kind: 't'}
		default:
			return &compiled{kind: '!', kids: []*compiled{x}}
		}
	}
	decides, says := byte('f'), byte('t') // what makes the whole so, and what the whole is without it
	if n.kind == '|' {
		decides, says = 't', 'f'
	}
	out := &compiled{kind: n.kind}
	for _, k := range n.kids {
		switch x := c.intern(k); x.kind {
		case decides:
			return x
		case says:
		case out.kind:
			out.kids = append(out.kids, x.kids...)
		default:
			out.kids = append(out.kids, x)
		}
	}
	switch len(out.kids) {
	case 0:
		return &compiled{kind: says}
	case 1:
		return out.kids[0]
	}
	return out
}

func (c *compiler) internPred(q *pred) *compiled {
	if c.layout != nil {
		if holds, known := c.layout.answer(q); known && holds {
			return &compiled{kind: 't'}
		} else if known {
			return &compiled{kind: 'f'}
		}
	}
	i, ok := c.index[q.id]
	if !ok {
		ref := int32(-1)
		if q.op == opRef {
			ref = c.field(q.lit)
		}
		i = c.add(q, c.field(q.field), ref)
		c.index[q.id] = i
	}
	c.p.numbers[q] = i
	return &compiled{kind: 'p', pred: i}
}

// direct tells predicates that a field matcher answers completely.
func direct(q *pred) bool {
	switch q.op {
	case opExact, opPrefix, opSuffix, opContains:
		return !q.cased && q.lit != ""
	}
	return false
}

// needs are folded texts of which a value contains one when the predicate holds for it; nil when none can be told. A direct
// predicate that is looked for anywhere needs its own.
func (p *pred) needs() []string {
	switch {
	case p.op == opContains && p.lit != "" || p.cased && p.op < opContains && p.lit != "":
		return []string{fold(p.lit)}
	case slices.Contains(p.need, ""):
		return nil
	}
	return p.need
}

// short tells predicates that texts below the length of a gram are needed for: to look for these in every value costs more than
// to ask the few values of which a rule wants to know.
func (p *pred) short() bool {
	return slices.ContainsFunc(p.needs(), func(s string) bool { return len(s) < gramSize })
}

// rewrite folds an OR of literals on one field into a group, so that a list of a hundred names is one bit.
func (c *compiler) rewrite(n *compiled) *compiled {
	if n.kind == 'p' {
		return n
	}
	for i, k := range n.kids {
		n.kids[i] = c.rewrite(k)
	}
	if n.kind != '|' {
		return n
	}
	var lits []int32
	var rest []*compiled
	for _, k := range n.kids {
		if q := c.pred(k); q != nil && direct(q) && !q.short() {
			lits = append(lits, k.pred)
		} else {
			rest = append(rest, k)
		}
	}
	if len(lits) < 2 {
		return n
	}
	slices.Sort(lits)
	lits = slices.Compact(lits)
	key := ""
	for _, l := range lits {
		key += strconv.Itoa(int(l)) + ","
	}
	g, ok := c.groups[key]
	if !ok {
		g = c.add(&pred{op: opGroup}, groupSlot, -1)
		c.groups[key], c.p.members[g] = g, lits
	}
	group := &compiled{kind: 'p', pred: g}
	if len(rest) == 0 {
		return group
	}
	n.kids = append([]*compiled{group}, rest...)
	return n
}

// pred is the predicate of a leaf that is no group, nil for anything else.
func (c *compiler) pred(n *compiled) *pred {
	if n.kind != 'p' || c.p.preds[n.pred].op == opGroup {
		return nil
	}
	return c.p.preds[n.pred]
}

// asked tells predicates that are cheaper to ask of the few values of which a rule wants to know than to look for in every value:
// they make no candidates, and are few texts that can stand anywhere, or short ones.
func (c *compiler) asked(id int32) bool {
	const few = 4
	if c.p.isTrigger(id) {
		return false
	}
	q := c.p.preds[id]
	switch {
	case q.op == opGroup:
		anywhere := 0
		for _, m := range c.p.members[id] {
			if c.p.preds[m].op == opContains {
				anywhere++
			}
		}
		return anywhere > 0 && len(c.p.members[id]) <= few
	case direct(q):
		return q.op == opContains
	}
	return q.short()
}

// target is a text to look for and the predicate that it answers.
type target struct {
	text string
	op   op
	pred int32
}

// literals hands every text to the matcher of its field and tells which predicates stay lazy.
func (c *compiler) literals(roots []*compiled) {
	p := c.p
	p.lazy, p.gated = make([]bool, len(p.preds)), make([]bool, len(p.preds))
	used := make([]bool, len(p.preds))
	var mark func(*compiled)
	mark = func(n *compiled) {
		if n.kind == 'p' {
			used[n.pred] = true
		}
		for _, k := range n.kids {
			mark(k)
		}
	}
	for _, r := range roots {
		mark(r)
	}
	for i, q := range p.preds {
		id := int32(i)
		switch {
		case q.op == opGroup && c.asked(id):
			p.lazy[i] = true
		case q.op == opGroup:
			for _, m := range c.p.members[id] {
				c.lits[p.slots[m]] = append(c.lits[p.slots[m]], target{p.preds[m].lit, p.preds[m].op, id})
			}
		case !used[i]:
		case c.asked(id):
			p.lazy[i] = true
		case direct(q):
			c.lits[p.slots[i]] = append(c.lits[p.slots[i]], target{q.lit, q.op, id})
		default:
			p.lazy[i] = true
			for _, s := range q.needs() {
				p.gated[i] = true
				c.lits[p.slots[i]] = append(c.lits[p.slots[i]], target{s, opContains, id})
			}
		}
	}
	p.matchers = make([]*fieldMatcher, len(p.fields))
	for i := range p.fields {
		if list := c.lits[int32(i)]; len(list) > 0 {
			p.matchers[i] = newFieldMatcher(list)
		}
	}
	if list := c.lits[keywordSlot]; len(list) > 0 {
		p.any = newFieldMatcher(list)
	}
}

// clause gives the cheapest set of predicates of which at least one holds whenever the condition does, and its cost: how often
// it is thought to be found. nil when there is none.
func (c *compiler) clause(n *compiled) (float64, []int32) {
	switch n.kind {
	case 'p':
		if q := c.p.preds[n.pred]; q.op != opGroup && !direct(q) && q.needs() == nil {
			return 0, nil
		}
		return c.cost(n.pred), []int32{n.pred}
	case '&':
		var cost float64
		var best []int32
		for _, k := range n.kids {
			if x, s := c.clause(k); s != nil && (best == nil || x < cost) {
				cost, best = x, s
			}
		}
		return cost, best
	case '|':
		var cost float64
		var all []int32
		for _, k := range n.kids {
			x, s := c.clause(k)
			if s == nil {
				return 0, nil
			}
			cost += x
			all = append(all, s...)
		}
		return cost, all
	}
	return 0, nil
}

// cost guesses how often a predicate is found.
func (c *compiler) cost(id int32) float64 {
	if x, ok := c.costs[id]; ok {
		return x
	}
	x := 0.0
	if q := c.p.preds[id]; q.op == opGroup {
		for _, m := range c.p.members[id] {
			x += c.cost(m)
		}
	} else {
		x = q.often
	}
	c.costs[id] = x
	return x
}

// flatten lays a condition out, cheap children first.
func (c *compiler) flatten(n *compiled, at int32) {
	p := c.p
	if n.kind == 'p' || n.kind == 't' {
		p.nodes[at] = flatNode{kind: n.kind, pred: n.pred}
		return
	}
	kids := slices.Clone(n.kids)
	slices.SortStableFunc(kids, func(a, b *compiled) int { return c.effort(a) - c.effort(b) })
	from := int32(len(p.nodes))
	p.nodes = append(p.nodes, make([]flatNode, len(kids))...)
	p.nodes[at] = flatNode{kind: n.kind, from: from, to: int32(len(p.nodes))}
	for i, k := range kids {
		c.flatten(k, from+int32(i))
	}
}

func (c *compiler) effort(n *compiled) int {
	if n.kind == 'p' {
		switch {
		case c.p.gated[n.pred]:
			return 5
		case c.p.lazy[n.pred]:
			return 6
		}
		return 0
	}
	most := 0
	for _, k := range n.kids {
		most = max(most, c.effort(k))
	}
	return most + 1
}

package sigma

import (
	"hash/maphash"
	"slices"
	"unsafe"
)

// Matcher is one worker's state for a program.
type Matcher struct {
	p       *Program
	epoch   uint32
	hits    []uint32 // by predicate: the epoch in which it was found
	memo    []uint32 // by predicate: the epoch in which it was evaluated
	truth   []bool
	stamped []uint32 // by rule
	cand    []int32
	matched []int32
	event   Slots
	profile *Profile // nil unless costs are noted

	cache    []cachedValue // made when it is first wanted
	seed     maphash.Seed
	forgets  bool    // nothing is remembered
	learning bool    // what is found is noted
	learnt   []int32 // predicates found in the value at hand
}

// A matcher remembers what it found in the values that it saw last: programs, users and parents come again and again.
const (
	cached         = 1 << 10
	maxCachedValue = 512
)

// cachedValue is a value of a slot as it was given, and the predicates of which a literal was found in it.
type cachedValue struct {
	slot  int32 // counted from groupSlot; 0 for none
	utf16 bool
	raw   []byte
	preds []int32
}

// NewMatcher gives a worker its state.
func (p *Program) NewMatcher() *Matcher {
	p.ready()
	return &Matcher{p: p, event: newSlots(p), seed: maphash.MakeSeed(), hits: make([]uint32, len(p.preds)), memo: make([]uint32, len(p.preds)), truth: make([]bool, len(p.preds)), stamped: make([]uint32, len(p.rules))}
}

// Remember switches the memory of values off or on again; a new matcher has it.
func (m *Matcher) Remember(on bool) { m.forgets = !on }

// Match gives the numbers of the rules that match, sorted; the slice is reused by the next call.
func (m *Matcher) Match(e Event) []int32 {
	from := m.profile.now()
	m.begin(e)
	m.profile.scanned(m.p, from)
	for _, r := range m.cand {
		m.try(r)
	}
	for _, r := range m.p.always {
		m.try(r)
	}
	if len(m.matched) > 1 {
		slices.Sort(m.matched)
	}
	return m.matched
}

func (m *Matcher) try(rule int32) {
	r := m.p.rules[rule]
	from := m.profile.now()
	ok := m.eval(r.root)
	m.profile.tried(r.id, from, ok)
	if ok {
		m.matched = append(m.matched, r.id)
	}
}

// begin folds and scans the event's values.
func (m *Matcher) begin(event Event) {
	if m.epoch++; m.epoch == 0 { // after four thousand million events
		clear(m.hits)
		clear(m.memo)
		clear(m.stamped)
		m.epoch = 1
	}
	e := &m.event
	e.reset()
	event.Fill(e)
	m.cand, m.matched = m.cand[:0], m.matched[:0]
	for slot, fm := range m.p.matchers {
		if fm == nil {
			continue
		}
		for i := e.first[slot]; i != 0; i = e.values[i-1].next {
			m.scan(int32(slot), fm, &e.values[i-1])
		}
	}
	if m.p.any != nil {
		for i := range e.values {
			if v := &e.values[i]; e.seen(v) {
				m.scan(keywordSlot, m.p.any, v)
			}
		}
	}
}

// scan looks for the literals of a slot in a value, or remembers what it found before.
func (m *Matcher) scan(slot int32, fm *fieldMatcher, v *value) {
	if v.units() < fm.least {
		return
	}
	if m.forgets || !fm.costly || len(v.raw) > maxCachedValue {
		b := m.event.folded(v)
		fm.scan(b, v.ascii, m)
		return
	}
	if m.cache == nil {
		m.cache = make([]cachedValue, cached)
	}
	c := &m.cache[(maphash.Bytes(m.seed, v.raw)+uint64(slot)*0x9e3779b97f4a7c15)%cached]
	key := slot - groupSlot // never 0
	if c.slot == key && c.utf16 == v.utf16 && string(c.raw) == string(v.raw) {
		for _, p := range c.preds {
			m.hit(p)
		}
		return
	}
	m.learning, m.learnt = true, m.learnt[:0]
	b := m.event.folded(v)
	fm.scan(b, v.ascii, m)
	m.learning = false
	slices.Sort(m.learnt)
	c.slot, c.utf16, c.raw, c.preds = key, v.utf16, append(c.raw[:0], v.raw...), append(c.preds[:0], slices.Compact(m.learnt)...)
}

// found notes that a literal was found by a scan.
func (m *Matcher) found(preds answers) {
	if m.learning {
		m.learnt = append(m.learnt, preds...)
	}
	for _, p := range preds {
		m.hit(p)
	}
}

// knows tells whether it would be nothing new that a literal of the predicates was found.
func (m *Matcher) knows(preds answers) bool {
	for _, p := range preds {
		if m.learning || m.hits[p] != m.epoch {
			return false
		}
	}
	return true
}

// hit notes that a literal of a predicate was found, and makes candidates of the rules that need it.
func (m *Matcher) hit(pred int32) {
	if m.hits[pred] == m.epoch {
		return
	}
	m.hits[pred] = m.epoch
	for _, r := range m.p.triggers[m.p.triggered[pred]:m.p.triggered[pred+1]] {
		if m.stamped[r] != m.epoch {
			m.stamped[r] = m.epoch
			m.cand = append(m.cand, r)
		}
	}
}

func (m *Matcher) eval(at int32) bool {
	n := &m.p.nodes[at]
	switch n.kind {
	case 't':
		return true
	case 'p':
		if !m.p.lazy[n.pred] {
			return m.hits[n.pred] == m.epoch
		}
		return m.lazy(n.pred)
	case '&':
		for i := n.from; i < n.to; i++ {
			if !m.eval(i) {
				return false
			}
		}
		return true
	case '|':
		for i := n.from; i < n.to; i++ {
			if m.eval(i) {
				return true
			}
		}
		return false
	}
	return !m.eval(n.from)
}

// lazy evaluates a predicate once an event.
func (m *Matcher) lazy(pred int32) bool {
	if m.p.gated[pred] && m.hits[pred] != m.epoch {
		return false
	}
	if m.memo[pred] != m.epoch {
		m.memo[pred], m.truth[pred] = m.epoch, m.evaluate(pred)
	}
	return m.truth[pred]
}

func (m *Matcher) evaluate(id int32) bool {
	q, slot, e := m.p.preds[id], m.p.slots[id], &m.event
	if q.op == opGroup {
		return slices.ContainsFunc(m.p.members[id], m.evaluate)
	}
	if slot < 0 {
		for i := range e.values {
			if v := &e.values[i]; e.seen(v) && m.test(q, v) {
				return true
			}
		}
		return false
	}
	switch q.op {
	case opNull:
		return e.state[slot] != present
	case opExists:
		return (e.state[slot] != absent) == q.want
	}
	if q.op == opRef {
		return m.refers(q, slot, m.p.refs[id])
	}
	for i := e.first[slot]; i != 0; i = e.values[i-1].next {
		if m.test(q, &e.values[i-1]) {
			return true
		}
	}
	return false
}

// maxPairs bounds the pairs of values that one question about two fields compares. Only a crafted record has lists that long.
const maxPairs = 1 << 16

// refers compares each value of a slot with each of another.
func (m *Matcher) refers(q *pred, slot, other int32) bool {
	e, pairs := &m.event, 0
	for i := e.first[slot]; i != 0; i = e.values[i-1].next {
		for k := e.first[other]; k != 0; k = e.values[k-1].next {
			if pairs++; pairs > maxPairs {
				return q.ref == opExact && m.refersExactly(slot, other)
			}
			e.folded(&e.values[k-1])
			a := e.folded(&e.values[i-1]) // decoding one may move the other
			if q.testRef(a, e.folded(&e.values[k-1])) {
				return true
			}
		}
	}
	return false
}

// refersExactly is for lists of which too many pairs can be made.
func (m *Matcher) refersExactly(slot, other int32) bool {
	e, have := &m.event, map[string]bool{}
	for k := e.first[other]; k != 0; k = e.values[k-1].next {
		have[string(e.folded(&e.values[k-1]))] = true
	}
	for i := e.first[slot]; i != 0; i = e.values[i-1].next {
		if have[string(e.folded(&e.values[i-1]))] {
			return true
		}
	}
	return false
}

// test asks a predicate of a value, which is decoded only as the predicate has to see it.
func (m *Matcher) test(q *pred, v *value) bool {
	switch {
	case q.op == opPresent:
		return true
	case q.unfolded():
		if len(q.need) > 0 && !q.mayMatch(text(m.event.folded(v))) {
			return false
		}
		return q.test(text(m.event.plain(v)))
	}
	return q.test(text(m.event.folded(v)))
}

// text looks at bytes as a string for the time of a comparison; nothing keeps it.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

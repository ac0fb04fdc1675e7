package sigma

import (
	"hash/maphash"
	"slices"
	"unsafe"
)

// Event is one record as rules see it.
type Event interface {
	// Fill puts the record's values into the slots. What it gives is borrowed until the next event.
	Fill(s *Slots)
}

// Slots take the values of one event, a slot for each of the program's fields.
type Slots struct {
	program  *Program
	state    []state
	values   []value // all values, in order of Set
	first    []int32 // of each slot, from 1
	last     []int32
	keywords [][]byte
}

type state uint8

const (
	absent state = iota
	null
	present
)

type value struct {
	text []byte
	next int32 // of the same slot, from 1
}

func newSlots(p *Program) Slots {
	n := len(p.fields)
	return Slots{program: p, state: make([]state, n), first: make([]int32, n), last: make([]int32, n)}
}

// Fields names the slots.
func (s *Slots) Fields() []string { return s.program.fields }

// Keywords tells whether rules look at all values of an event, those of no slot as well.
func (s *Slots) Keywords() bool { return s.program.keywords }

// Set gives a slot a value, UTF-8. Called again it adds one: a list or a repeated field.
func (s *Slots) Set(slot int, text []byte) {
	s.values = append(s.values, value{text: text})
	n := int32(len(s.values))
	if s.first[slot] == 0 {
		s.first[slot] = n
	} else {
		s.values[s.last[slot]-1].next = n
	}
	s.last[slot], s.state[slot] = n, present
}

// SetNull says that the record states the field without a value.
func (s *Slots) SetNull(slot int) {
	if s.state[slot] == absent {
		s.state[slot] = null
	}
}

// AddKeyword gives a value that only keywords look at: of a field that is no slot.
func (s *Slots) AddKeyword(text []byte) { s.keywords = append(s.keywords, text) }

func (s *Slots) reset() {
	clear(s.state)
	clear(s.first)
	s.values, s.keywords = s.values[:0], s.keywords[:0]
}

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
	folded  []byte
	offsets []foldedValue
	event   Slots

	cache    [cached]cachedValue
	seed     maphash.Seed
	learning bool    // what is found is noted
	learnt   []int32 // predicates found in the value at hand
}

// A matcher remembers what it found in the values that it saw last: programs, users and parents come again and again.
const (
	cached         = 1 << 10
	maxCachedValue = 512
)

// cachedValue is a folded value of a slot and the predicates of which a literal was found in it.
type cachedValue struct {
	slot  int32 // from 1
	text  []byte
	preds []int32
}

// foldedValue is where the folded form of a value stands.
type foldedValue struct{ from, to int }

// NewMatcher gives a worker its state.
func (p *Program) NewMatcher() *Matcher {
	return &Matcher{p: p, event: newSlots(p), seed: maphash.MakeSeed(), hits: make([]uint32, len(p.preds)), memo: make([]uint32, len(p.preds)), truth: make([]bool, len(p.preds)), stamped: make([]uint32, len(p.rules))}
}

// Match gives the numbers of the rules that match, sorted; the slice is reused by the next call.
func (m *Matcher) Match(e Event) []int32 {
	m.begin(e)
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
	if m.eval(r.root) {
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
	m.cand, m.matched, m.folded, m.offsets = m.cand[:0], m.matched[:0], m.folded[:0], m.offsets[:0]
	for _, v := range e.values {
		from := len(m.folded)
		m.folded = appendFolded(m.folded, v.text)
		m.offsets = append(m.offsets, foldedValue{from, len(m.folded)})
	}
	for slot, fm := range m.p.matchers {
		if fm == nil {
			continue
		}
		for i := e.first[slot]; i != 0; i = e.values[i-1].next {
			m.scan(int32(slot), fm, m.foldedAt(i-1))
		}
	}
	if m.p.any != nil {
		for _, k := range e.keywords {
			from := len(m.folded)
			m.folded = appendFolded(m.folded, k)
			m.scan(-2, m.p.any, m.folded[from:])
			m.folded = m.folded[:from]
		}
	}
}

func (m *Matcher) foldedAt(i int32) []byte {
	o := m.offsets[i]
	return m.folded[o.from:o.to]
}

// scan looks for the literals of a slot in a value, or remembers what it found before.
func (m *Matcher) scan(slot int32, fm *fieldMatcher, b []byte) {
	if len(b) > maxCachedValue {
		fm.scan(b, m)
		return
	}
	c := &m.cache[(maphash.Bytes(m.seed, b)+uint64(slot)*0x9e3779b97f4a7c15)%cached]
	if c.slot == slot+1 && string(c.text) == string(b) {
		for _, p := range c.preds {
			m.hit(p)
		}
		return
	}
	m.learning, m.learnt = true, m.learnt[:0]
	fm.scan(b, m)
	m.learning = false
	c.slot, c.text, c.preds = slot+1, append(c.text[:0], b...), append(c.preds[:0], m.learnt...)
}

// found notes that a literal of a predicate was found by a scan.
func (m *Matcher) found(pred int32) {
	if m.learning && (len(m.learnt) == 0 || m.learnt[len(m.learnt)-1] != pred) {
		m.learnt = append(m.learnt, pred)
	}
	m.hit(pred)
}

// hit notes that a literal of a predicate was found, and makes candidates of the rules that need it.
func (m *Matcher) hit(pred int32) {
	if m.hits[pred] == m.epoch {
		return
	}
	m.hits[pred] = m.epoch
	for _, r := range m.p.triggers[pred] {
		if m.stamped[r] != m.epoch {
			m.stamped[r] = m.epoch
			m.cand = append(m.cand, r)
		}
	}
}

func (m *Matcher) eval(at int32) bool {
	n := &m.p.nodes[at]
	switch n.kind {
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
	if slot < 0 {
		for i, v := range e.values {
			if q.test(text(v.text), text(m.foldedAt(int32(i)))) {
				return true
			}
		}
		for _, k := range e.keywords {
			from := len(m.folded)
			m.folded = appendFolded(m.folded, k)
			ok := q.test(text(k), text(m.folded[from:]))
			m.folded = m.folded[:from]
			if ok {
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
	for i := e.first[slot]; i != 0; i = e.values[i-1].next {
		f := m.foldedAt(i - 1)
		if q.op != opRef {
			if q.test(text(e.values[i-1].text), text(f)) {
				return true
			}
			continue
		}
		for k := e.first[m.p.refs[id]]; k != 0; k = e.values[k-1].next {
			if q.testRef(f, m.foldedAt(k-1)) {
				return true
			}
		}
	}
	return false
}

// text looks at bytes as a string for the time of a comparison; nothing keeps it.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

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
	values   []value // all values, in order of Set; those that only keywords look at are of no slot
	first    []int32 // of each slot, from 1
	last     []int32
	keywords int32  // first of those of no slot, from 1
	text     []byte // decoded values, with padding behind each
}

type state uint8

const (
	absent state = iota
	null
	present
)

// value is what a slot was given, and what was made of it since.
type value struct {
	raw    []byte
	next   int32 // of the same slot, from 1
	utf16  bool
	ascii  bool // as far as folded is made
	plain  span // of a decoded value in UTF-8
	folded span
}

// units is no less than the value has in UTF-16.
func (v *value) units() int {
	if v.utf16 {
		return len(v.raw) / 2
	}
	return len(v.raw)
}

// span is a part of the decoded text; none has an end of 0.
type span struct{ from, to int32 }

func newSlots(p *Program) Slots {
	n := len(p.fields)
	return Slots{program: p, state: make([]state, n), first: make([]int32, n), last: make([]int32, n)}
}

// Fields names the slots.
func (s *Slots) Fields() []string { return s.program.Fields() }

// Keywords tells whether rules look at all values of an event, those of no slot as well.
func (s *Slots) Keywords() bool { return s.program.Keywords() }

// Set gives a slot a value, UTF-8. Called again it adds one: a list or a repeated field.
func (s *Slots) Set(slot int, text []byte) { s.set(slot, value{raw: text}) }

// SetUTF16 is Set for text in UTF-16LE, which is decoded when it has to be.
func (s *Slots) SetUTF16(slot int, text []byte) { s.set(slot, value{raw: text, utf16: true}) }

func (s *Slots) set(slot int, v value) {
	s.values = append(s.values, v)
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
func (s *Slots) AddKeyword(text []byte) { s.add(value{raw: text}) }

// AddKeywordUTF16 is AddKeyword for text in UTF-16LE.
func (s *Slots) AddKeywordUTF16(text []byte) { s.add(value{raw: text, utf16: true}) }

func (s *Slots) add(v value) {
	v.next = s.keywords
	s.values = append(s.values, v)
	s.keywords = int32(len(s.values))
}

func (s *Slots) reset() {
	clear(s.state)
	clear(s.first)
	s.values, s.keywords, s.text = s.values[:0], 0, s.text[:0]
}

// plain is a value in UTF-8, valid until the next value is decoded.
func (s *Slots) plain(v *value) []byte {
	if !v.utf16 {
		return v.raw
	}
	if v.plain.to == 0 {
		v.plain = s.decode(func(dst []byte) []byte { dst, _ = appendUTF16(dst, v.raw, false); return dst })
	}
	return s.text[v.plain.from:v.plain.to]
}

// folded is a value as it is compared without regard to case. At least padding bytes behind it can be read.
func (s *Slots) folded(v *value) []byte {
	if v.folded.to == 0 {
		v.folded = s.decode(func(dst []byte) []byte {
			if v.utf16 {
				dst, v.ascii = appendUTF16(dst, v.raw, true)
			} else {
				dst, v.ascii = appendFolded(dst, v.raw)
			}
			return dst
		})
	}
	return s.text[v.folded.from:v.folded.to]
}

// decode appends to the text of the event, behind a byte so that no span ends at 0.
func (s *Slots) decode(appended func([]byte) []byte) span {
	s.text = append(s.text, 0)
	from := len(s.text)
	s.text = appended(s.text)
	to := len(s.text)
	s.text = append(s.text, make([]byte, padding)...)
	return span{int32(from), int32(to)}
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
	slot  int32 // from 1
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
		for i := e.keywords; i != 0; i = e.values[i-1].next {
			m.scan(-2, m.p.any, &e.values[i-1])
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
	if c.slot == slot+1 && c.utf16 == v.utf16 && string(c.raw) == string(v.raw) {
		for _, p := range c.preds {
			m.hit(p)
		}
		return
	}
	m.learning, m.learnt = true, m.learnt[:0]
	b := m.event.folded(v)
	fm.scan(b, v.ascii, m)
	m.learning = false
	c.slot, c.utf16, c.raw, c.preds = slot+1, v.utf16, append(c.raw[:0], v.raw...), append(c.preds[:0], m.learnt...)
}

// found notes that a literal was found by a scan.
func (m *Matcher) found(preds found) {
	if m.learning {
		m.learnt = append(m.learnt, preds...)
	}
	for _, p := range preds {
		m.hit(p)
	}
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
			if m.test(q, &e.values[i]) {
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
		v := &e.values[i-1]
		if q.op != opRef {
			if m.test(q, v) {
				return true
			}
			continue
		}
		for k := e.first[m.p.refs[id]]; k != 0; k = e.values[k-1].next {
			e.folded(&e.values[k-1])
			a := e.folded(v) // decoding one may move the other
			if q.testRef(a, e.folded(&e.values[k-1])) {
				return true
			}
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

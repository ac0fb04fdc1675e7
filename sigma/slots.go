package sigma

// Event is one record as rules see it.
type Event interface {
	// Fill puts the record's values into the slots. What it gives is borrowed until the next event.
	Fill(s *Slots)
}

// Slots take the values of one event, a slot for each of the program's fields.
type Slots struct {
	program *Program
	state   []state
	values  []value // all values, in order of Set; those that only keywords look at are of no slot
	first   []int32 // of each slot, from 1
	last    []int32
	hidden  []bool // slots that keywords do not look at
	text    []byte // decoded values, with padding behind each
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
	slot   int32 // keywordSlot for one of no slot
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
	return Slots{program: p, state: make([]state, n), first: make([]int32, n), last: make([]int32, n), hidden: make([]bool, n)}
}

// Fields names the slots.
func (s *Slots) Fields() []string { return s.program.Fields() }

// Keywords tells whether rules look at all values of an event, those of no slot as well.
func (s *Slots) Keywords() bool { return s.program.Keywords() }

// Set gives a slot a value, UTF-8. Keywords look at it as well, unless the slot is hidden. Called again it adds one: a list or a repeated field.
func (s *Slots) Set(slot int, text []byte) { s.set(slot, value{raw: text}) }

// SetUTF16 is Set for text in UTF-16LE, which is decoded when it has to be.
func (s *Slots) SetUTF16(slot int, text []byte) { s.set(slot, value{raw: text, utf16: true}) }

func (s *Slots) set(slot int, v value) {
	v.slot = int32(slot)
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
	v.slot = keywordSlot
	s.values = append(s.values, v)
}

// Hide keeps a slot's values from keywords: the event does not state them so, or they are no data of its own.
func (s *Slots) Hide(slot int) { s.hidden[slot] = true }

// seen tells whether keywords look at a value.
func (s *Slots) seen(v *value) bool { return v.slot == keywordSlot || !s.hidden[v.slot] }

func (s *Slots) reset() {
	clear(s.state)
	clear(s.first)
	clear(s.hidden)
	s.values, s.text = s.values[:0], s.text[:0]
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

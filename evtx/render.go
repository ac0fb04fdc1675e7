package evtx

// render is the program that writes records of one layout as JSON or XML: a list of steps, and all their text in the order of its use. Both
// are kept small, because a log has many layouts and each record asks for another one's.
type render struct {
	steps []renderStep
	text  []byte
	slots []*slot // of values that are not simply one of a record's

	sealed int // steps that nothing may be added to any more
}

// renderStep is one step. What it writes of its own is text[from:to].
type renderStep struct {
	kind     renderKind
	optional bool
	inst     uint16 // of the value; see slot
	index    uint16
	other    int16 // number of the value among slots, -1 when inst and index tell it
	more     uint16
	from, to uint32
}

type renderKind uint8

const (
	renderText    renderKind = iota // text alone
	renderValue                     // a key or an attribute, and a value
	renderElement                   // an element with values for attributes: more of them follow
	renderAttrs                     // the attributes of an element with children: more of them follow
	renderBegin                     // the content of an element begins
	renderEnd                       // an element or a JSON object ends
	renderListEnd                   // a JSON list ends
)

// put adds text, to the step before when that is text too.
func (p *render) put(text string) {
	from := len(p.text)
	p.text = append(p.text, text...)
	if n := len(p.steps); n > p.sealed && p.steps[n-1].kind == renderText {
		p.steps[n-1].to = uint32(len(p.text))
		return
	}
	p.steps = append(p.steps, renderStep{kind: renderText, other: -1, from: uint32(from), to: uint32(len(p.text))})
}

// step adds a step with its text, and the value that it writes when there is one.
func (p *render) step(kind renderKind, text string, value *slot) *renderStep {
	s := renderStep{kind: kind, other: -1, from: uint32(len(p.text))}
	p.text = append(p.text, text...)
	s.to = uint32(len(p.text))
	switch {
	case value == nil:
	case value.kind == slotValue:
		s.optional, s.inst, s.index = value.optional, value.inst, value.index
	default: // maxSteps keeps them below 1<<15
		s.other = int16(len(p.slots))
		p.slots = append(p.slots, value)
	}
	p.steps = append(p.steps, s)
	return &p.steps[len(p.steps)-1]
}

// slot is where the value of a step comes from.
func (p *render) slot(s *renderStep) slot {
	if s.other >= 0 {
		return *p.slots[s.other]
	}
	return slot{kind: slotValue, optional: s.optional, inst: s.inst, index: s.index}
}

// fixed reports content that is the same in every record.
func fixed(s *slot) bool { return s.kind == slotNone || s.kind == slotEmpty || s.kind == slotLiteral }

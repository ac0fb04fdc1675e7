package evtx

import "time"

// Peek is what is known of a record before any of its values has been decoded: enough to pass most records over at the price of
// walking their headers.
type Peek struct {
	RecordID uint64 // of the record header
	EventID  uint32 // 0 when the event has none
	written  uint64
}

// Written is the time in the record's header.
func (p Peek) Written() time.Time { return fileTime(p.written) }

func (c *ChunkReader) peek(at int, eventID uint32) Peek {
	return Peek{RecordID: le.Uint64(c.chunk[at+8:]), EventID: eventID, written: le.Uint64(c.chunk[at+16:])}
}

// peekEventID finds the event id of the binary XML at [p, end) where it is a literal or a 16-bit value of the outermost template, or the text of
// an element where there is no template: in all that Windows writes.
func (c *ChunkReader) peekEventID(p, end int) (id uint32, known bool) {
	b := c.chunk
	if p+18 > end || b[p] != tokHeader {
		return 0, false
	}
	if b[p+4]&^tokMore == tokOpen {
		return c.peekElements(p+4, end)
	}
	if b[p+4] != tokInstance {
		return 0, false
	}
	def, p, f := instanceHead(b, p+4, end)
	if f != nil {
		return 0, false
	}
	prog := c.program(def)
	if prog == nil || !prog.eventID.known {
		return 0, false
	}
	if prog.eventID.literal {
		return prog.eventID.value, true
	}
	table, off, f := valueTable(b, p, end)
	at := int(prog.eventID.value)
	if f != nil || at >= len(table)/4 {
		return 0, false
	}
	for i := range at {
		off += int(le.Uint16(table[4*i:]))
	}
	if le.Uint32(table[4*at:]) != uint32(TypeUint16)<<16|2 || off+2 > end {
		return 0, false
	}
	return uint32(le.Uint16(b[off:])), true
}

// peekElements reads elements without a template as far as the event id, which stands near their beginning.
func (c *ChunkReader) peekElements(p, end int) (id uint32, known bool) {
	w := &c.walker
	for _, w.dependency = range [...]bool{false, true} {
		w.words, w.vals = w.words[:0], c.rec.vals[:0]
		id, known = w.eventID(p, end)
		c.rec.vals = w.vals[:0]
		if known {
			break
		}
	}
	return id, known
}

// eventID looks for the element EventID among those at [p, end), with a single text as its content.
func (w *walker) eventID(p, end int) (id uint32, known bool) {
	for _, want := range [...]uint32{nameIDEvent, nameIDSystem} {
		if p >= end || w.chunk[p]&^tokMore != tokOpen {
			return 0, false
		}
		next, empty, f := w.start(p, end)
		if f != nil || empty || w.words[0] != wordOpen|word(want) {
			return 0, false
		}
		p, w.words = next, w.words[:0]
	}
	for p < end && w.chunk[p]&^tokMore == tokOpen {
		at := p
		next, empty, f := w.start(p, end)
		if f != nil {
			return 0, false
		}
		if w.words[0] != wordOpen|nameIDEventID {
			if p, f = w.element(at, end, false); f != nil {
				return 0, false
			}
			w.words = w.words[:0]
			continue
		}
		values := len(w.vals)
		if p, known, f = w.content(next, end); empty || f != nil || !known || p >= end || w.chunk[p] != tokClose || len(w.vals) != values+1 {
			return 0, false
		}
		v := w.vals[values]
		n, ok := parseUnits(trimNUL(w.chunk[v.off : v.off+uint32(v.size)]))
		return uint32(n), ok && n <= 0xffff
	}
	return 0, false
}

// eventIDPlace is where a template has the event id: a number in it, or the value that it substitutes.
type eventIDPlace struct {
	known, literal bool
	value          uint32 // the number, or the index of the value
}

// placeOfEventID looks for the content of Event/System/EventID. An id in several pieces is not known.
func placeOfEventID(steps []step) (place eventIDPlace) {
	path := [...]string{"Event", "System", "EventID"}
	depth, matched, attribute, pieces := 0, 0, false, 0
	for _, s := range steps {
		switch s.kind {
		case stepOpen:
			if matched == depth && depth < len(path) && s.text == path[depth] {
				matched++
			}
			depth++
			attribute = false
		case stepAttr:
			attribute = true
		case stepContent:
			attribute = false
		case stepClose:
			attribute = false
			if depth--; matched > depth {
				if matched == len(path) {
					place.known = pieces == 1
					return place
				}
				matched = depth
			}
		case stepLiteral, stepValue:
			if s.kind == stepValue && !attribute && depth < len(path) {
				return eventIDPlace{} // it may be a fragment, with an id of its own
			}
			if attribute || matched < len(path) || depth != len(path) {
				continue
			}
			pieces++
			if s.kind == stepValue {
				place.value = uint32(s.index)
				continue
			}
			n, ok := parseUnits([]byte(s.text))
			if !ok || n > 0xffff {
				return eventIDPlace{}
			}
			place.value, place.literal = uint32(n), true
		}
	}
	return eventIDPlace{}
}

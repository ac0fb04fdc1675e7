package evtx

import "time"

// Record is a view on one record of a chunk. It and the values taken from it are valid until the reader's next step; Clone keeps one.
type Record struct {
	c     *ChunkReader
	ansi  *Codepage
	chunk []byte

	id, written uint64
	pos, size   int
	recovered   bool

	insts  []inst
	vals   []val
	node   *layoutNode
	layout *Layout
	arena  []byte // ANSI text as UTF-16LE
	join   []byte // text of several pieces
	open   []int  // where the elements being written as XML have their content
}

// ID is the record's number in its header. The event's own EventRecordID may differ in merged logs.
func (r *Record) ID() uint64 { return r.id }

// Offset is where the record stands in the file.
func (r *Record) Offset() int64 { return r.c.base + int64(r.pos) }

// Size is the number of bytes the record takes in the file.
func (r *Record) Size() int { return r.size }

// Chunk is the number of the record's chunk in the file.
func (r *Record) Chunk() int { return r.c.index }

// Written is the time in the record's header.
func (r *Record) Written() time.Time { return fileTime(r.written) }

// Recovered reports a record out of slack or out of a chunk outside of any file: it was deleted, overwritten in part, or is an
// older copy.
func (r *Record) Recovered() bool { return r.recovered }

// Layout is the form of the record, the same pointer for every record of that form.
func (r *Record) Layout() *Layout { return r.layout }

// EventID is the event's number; 0 when it has none.
func (r *Record) EventID() uint32 {
	n, _ := r.System(EventID).Uint64()
	return uint32(n)
}

// System is the value of a System field.
func (r *Record) System(f SystemField) Value {
	if f >= systemFields {
		return Value{}
	}
	return r.value(&r.layout.system[f])
}

// Value is the value of the field that h addresses in the record's layout. A handle of another layout gives some other field or none.
func (r *Record) Value(h Handle) Value {
	if h <= 0 || int(h) > len(r.layout.slots) {
		return Value{}
	}
	return r.value(&r.layout.slots[h-1])
}

// Lookup is Value by name; see Layout.Lookup. Callers that ask often keep the handle per layout.
func (r *Record) Lookup(name string) Value {
	h, _ := r.layout.Lookup(name)
	return r.Value(h)
}

func (r *Record) value(s *slot) Value {
	switch s.kind {
	case slotValue:
		in := &r.insts[s.inst]
		if int(s.index) < in.n {
			v := &r.vals[in.first+int(s.index)]
			b := r.chunk[v.off : v.off+uint32(v.size)]
			if v.typ == TypeString {
				return Value{Bytes: trimNUL(b), Type: TypeString, State: Present}
			}
			if v.typ != TypeNull {
				return r.typed(v.typ, b)
			}
		}
		if s.optional {
			return Value{}
		}
		return Value{State: Null}
	case slotLiteral:
		return Value{Bytes: s.text.literal, Type: TypeString, State: Present}
	case slotEmpty:
		return Value{State: Null}
	case slotParts:
		return r.joined(s)
	}
	return Value{}
}

// typed is a value that is no plain string.
func (r *Record) typed(t Type, b []byte) Value {
	if t == TypeBinXML {
		return Value{} // its elements are fields; without any there is nothing
	}
	v := Value{Bytes: b, Type: t &^ arrayBit, State: Present, Array: t&arrayBit != 0}
	if v.Type == TypeANSI {
		from := len(r.arena)
		r.arena = r.ansi.append(r.arena, b)
		v.Type, v.Bytes = TypeString, r.arena[from:len(r.arena):len(r.arena)]
		if !v.Array {
			v.Bytes = trimNUL(v.Bytes)
		}
	}
	return v
}

// joined puts together content of several pieces. It is a string, null only when no piece is present.
func (r *Record) joined(s *slot) Value {
	from, state := len(r.join), Absent
	for i := range s.text.parts {
		part := r.value(&s.text.parts[i])
		state = max(state, part.State)
		if part.State != Present {
			continue
		}
		for more := true; more; {
			var item Value
			item, part, more = part.next()
			if item.Type == TypeString {
				r.join = append(r.join, item.Bytes...)
			} else {
				var text [textBuffer]byte
				r.join = appendWide(r.join, item.AppendText(text[:0]))
			}
			if more {
				r.join = append(r.join, '\n', 0)
			}
		}
	}
	return Value{Bytes: r.join[from:len(r.join):len(r.join)], Type: TypeString, State: state}
}

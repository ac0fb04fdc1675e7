package evtx

import "slices"

const (
	maxInstances = 64
	maxValues    = 8192 // of one instance
	maxFragments = 8    // nested in each other
)

// val is a value within the chunk; the parser has checked that it lies inside the record.
type val struct {
	off  uint32
	size uint16
	typ  Type // with the array bit
}

// inst is a template instance, or a run of template-less elements: its values are vals[first:first+n] of the record.
type inst struct {
	prog  *program
	first int
	n     int
}

// parse reads the binary XML of the record's frame: the instances, their values, and the layout they make together.
func (r *Record) parse() *fault {
	c := r.c
	r.insts, r.vals, r.arena, r.join = r.insts[:0], r.vals[:0], r.arena[:0], r.join[:0]
	r.node, r.layout = &c.templates.root, nil
	end := r.pos + r.size - 4
	if le.Uint32(c.chunk[end:]) != uint32(r.size) {
		end += 4 // without a copy of the size the last bytes may be data
	}
	if f := r.fragment(r.pos+recordHeaderSize, end, topSlot, 0); f != nil {
		return f
	}
	if len(r.insts) == 0 {
		return faultEmpty
	}
	l := r.node.layout.Load()
	if l == nil {
		if l = c.compileLayout(r.node); l == nil {
			return faultCompile
		}
	}
	r.layout = l
	if len(l.often) > 0 && r.textSize(l) > textLimit {
		return faultText
	}
	return l.fault
}

// textSize is how many bytes the values that are used often amount to.
func (r *Record) textSize(l *Layout) (n int) {
	for _, u := range l.often {
		if in := r.insts[u.inst]; int(u.index) < in.n {
			n += u.times * int(r.vals[in.first+int(u.index)].size)
		}
	}
	return n
}

func (c *ChunkReader) compileLayout(n *layoutNode) *Layout {
	for m := n; m.parent != nil; m = m.parent {
		c.layouts -= len(m.prog.steps)
	}
	if c.layouts < 0 {
		return nil
	}
	return c.templates.layout(n)
}

// fragment reads instances and elements up to the end token or to end. They fill slot.
func (r *Record) fragment(p, end int, slot uint32, depth int) *fault {
	if depth > maxFragments {
		return faultDepth
	}
	b := r.chunk
	for p < end {
		var f *fault
		switch b[p] {
		case tokHeader:
			p += 4
		case tokInstance:
			if p, f = r.instance(p, end, slot, depth); f != nil {
				return f
			}
		case tokOpen, tokOpen | tokMore:
			if p, f = r.elements(p, end, slot, depth); f != nil {
				return f
			}
		case tokPITarget, tokPIData:
			if p, f = r.c.walker.instruction(p, end); f != nil {
				return f
			}
		case tokEnd:
			if p++; p+4 <= end && b[p] == tokHeader && slot == topSlot {
				r.another(p, end, depth)
			}
			return nil
		default:
			if len(r.insts) > 0 && slot == topSlot {
				return nil // the event is complete; what is left is padding
			}
			return faultToken
		}
	}
	return nil
}

// another reads what follows a complete event: another fragment of it, or padding that still holds the beginning of one.
func (r *Record) another(p, end, depth int) {
	insts, vals, node := len(r.insts), len(r.vals), r.node
	if r.fragment(p, end, topSlot, depth+1) != nil {
		r.insts, r.vals, r.node = r.insts[:insts], r.vals[:vals], node
	}
}

// add makes the instance whose values begin at first part of the record.
func (r *Record) add(p *program, first int, slot uint32) *fault {
	if len(r.insts) == maxInstances {
		return faultInstances
	}
	r.insts = append(r.insts, inst{p, first, len(r.vals) - first})
	c := r.c
	s := &c.steps[(p.number*0x9e3779b1^r.node.id*0x85ebca6b^slot*0xc2b2ae35)>>22]
	if s.from != r.node || s.prog != p || s.slot != slot {
		*s = stepSlot{r.node, p, slot, c.templates.step(r.node, slot, p)}
	}
	r.node = s.to
	return nil
}

// instance reads a template instance with the fragments among its values.
func (r *Record) instance(p, end int, slot uint32, depth int) (int, *fault) {
	b, at := r.chunk, p
	def, p, f := instanceHead(b, p, end)
	if f != nil {
		return 0, f
	}
	prog := r.c.program(def)
	if prog == nil || r.recovered && le.Uint32(b[at+2:]) != le.Uint32(b[def+4:]) {
		return 0, faultTemplate // in slack another definition may have taken the place of the one that was meant
	}
	table, p, f := valueTable(b, p, end)
	if f != nil {
		return 0, f
	}
	n, first, off := len(table)/4, len(r.vals), uint32(p)
	r.vals = slices.Grow(r.vals, n)[:first+n]
	for i := range r.vals[first:] {
		x := le.Uint32(table[4*i:])
		r.vals[first+i] = val{off, uint16(x), Type(x >> 16)}
		off += x & 0xffff
	}
	if int(off) > end {
		return 0, faultValues
	}
	me := len(r.insts)
	if f := r.add(prog, first, slot); f != nil {
		return 0, f
	}
	for _, i := range prog.nested {
		if int(i) >= n {
			continue
		}
		if v := r.vals[first+int(i)]; v.typ == TypeBinXML && v.size > 0 {
			if f := r.fragment(int(v.off), int(v.off)+int(v.size), uint32(me)<<16|uint32(i), depth+1); f != nil {
				return 0, f
			}
		}
	}
	return int(off), nil
}

// instanceHead reads an instance at p up to its value count: the offset of its definition, which may stand in between.
func instanceHead(b []byte, p, end int) (def, next int, f *fault) {
	if p+14 > end {
		return 0, 0, faultShort
	}
	def = int(le.Uint32(b[p+6:]))
	if p += 10; def == p {
		if p+24 > end {
			return 0, 0, faultShort
		}
		size := le.Uint32(b[p+20:])
		if size > ChunkSize || p+24+int(size)+4 > end {
			return 0, 0, faultShort
		}
		p += 24 + int(size)
	}
	return def, p, nil
}

// valueTable reads the count of values at p and the table of their sizes (2 bytes), types (1) and flags (1); the values follow it.
func valueTable(b []byte, p, end int) (table []byte, values int, f *fault) {
	n := int(le.Uint32(b[p:]))
	if p += 4; n < 0 || n > maxValues || p+4*n > end {
		return nil, 0, faultValues
	}
	return b[p : p+4*n], p + 4*n, nil
}

// skipInstance finds the end of an instance that stands among elements.
func skipInstance(b []byte, p, end int) (int, *fault) {
	_, p, f := instanceHead(b, p, end)
	if f != nil {
		return 0, f
	}
	table, off, f := valueTable(b, p, end)
	if f != nil {
		return 0, f
	}
	for ; len(table) > 0; table = table[4:] {
		off += int(le.Uint16(table))
	}
	if off > end {
		return 0, faultValues
	}
	return off, nil
}

// elements reads template-less elements. Whether their starts hold a dependency id is nowhere said: first without one, then with one.
func (r *Record) elements(p, end int, slot uint32, depth int) (int, *fault) {
	w := &r.c.walker
	first := len(r.vals)
	var why *fault
	for _, w.dependency = range [...]bool{false, true} {
		w.words, w.vals, w.hash = w.words[:0], r.vals[:first], 0
		next, f := w.element(p, end, true)
		r.vals = w.vals
		if f == nil {
			return next, r.shaped(first, slot, depth)
		}
		if why == nil || f.class == ErrLimit {
			why = f
		}
	}
	r.vals = r.vals[:first]
	return 0, why
}

// shaped adds the elements just walked to the record, with the instances that stand among them.
func (r *Record) shaped(first int, slot uint32, depth int) *fault {
	w, c := &r.c.walker, r.c
	s := c.shapes[w.hash]
	if s == nil || !equalWords(s.words, w.words) {
		s = &shape{append([]word(nil), w.words...), c.templates.intern(compileShape(w))}
		if len(c.shapes) >= shapesLimit {
			clear(c.shapes)
		}
		c.shapes[w.hash] = s
	}
	me := len(r.insts)
	if f := r.add(s.prog, first, slot); f != nil {
		return f
	}
	for _, i := range s.prog.nested {
		v := r.vals[first+int(i)]
		if v.typ != TypeBinXML {
			continue
		}
		if f := r.fragment(int(v.off), int(v.off)+int(v.size), uint32(me)<<16|uint32(i), depth+1); f != nil {
			return f
		}
	}
	return nil
}

func equalWords(a, b []word) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

package evtx

import (
	"bytes"
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// Templates is a cache of compiled template definitions and layouts. One value may be shared by any number of files and
// goroutines; sharing it is what makes the Layout of the same kind of event the same pointer in all of them, and saves compiling
// when many small files are read. The zero value is ready.
//
// A definition is found by its GUID and size but trusted only after its content has been compared. When the cache has grown to its
// limit it starts anew: memory stays bounded under files made to fill it, at the price that a layout met before and after has
// two pointers.
type Templates struct {
	mu       sync.Mutex
	epoch    atomic.Uint32 // counts the times the cache started anew
	cost     int
	lastID   uint32
	bodies   map[bodyKey][]*definition
	programs map[string]*program // by serialised instructions
	nodes    map[nodeKey]*layoutNode
	root     layoutNode
}

const (
	templatesLimit = 128 << 20 // rough bytes
	variantsLimit  = 16        // definitions kept that share GUID and size
)

// bodyKey finds candidates for a template definition.
type bodyKey struct {
	guid GUID
	size uint32
}

// definition is one template definition as it stood in some chunk, with the program it compiled to.
type definition struct {
	body []byte
	uses []nameUse
	prog *program
}

// program is the element tree of a template or of template-less elements, as a list of steps. It is immutable and interned: equal
// steps are one pointer within a Templates.
type program struct {
	number  uint32
	steps   []step
	eventID eventIDPlace
	// nested lists the substitutions that stand where an element could: a fragment value there is part of the tree.
	nested []uint16
}

type stepKind uint8

const (
	stepOpen stepKind = iota
	stepAttr
	stepContent
	stepClose
	stepLiteral
	stepValue
)

// step is one instruction of a program.
type step struct {
	kind     stepKind
	optional bool   // of a value
	index    uint16 // of a value
	text     string // name, or literal in UTF-16LE
}

// compileShape turns a shape into steps. Texts of a definition become literals; elsewhere every text is the value of its number.
func compileShape(w *walker) []step {
	steps := make([]step, 0, len(w.words))
	value := 0
	next := func(optional bool) {
		steps = append(steps, step{kind: stepValue, optional: optional, index: uint16(value)})
		value++
	}
	literal := func(s string) { steps = append(steps, step{kind: stepLiteral, text: s}) }
	for _, x := range w.words {
		payload := uint32(x &^ wordKind)
		switch x & wordKind {
		case wordOpen:
			steps = append(steps, step{kind: stepOpen, text: w.names.text[payload]})
		case wordAttr:
			steps = append(steps, step{kind: stepAttr, text: w.names.text[payload]})
		case wordContent:
			steps = append(steps, step{kind: stepContent})
		case wordClose:
			steps = append(steps, step{kind: stepClose})
		case wordName:
			literal(string(appendUTF16(nil, w.names.text[payload])))
		case wordText:
			if w.definition {
				v := w.vals[value]
				value++
				literal(string(trimNUL(w.chunk[v.off : v.off+uint32(v.size)])))
			} else {
				next(false)
			}
		case wordNested:
			next(true)
		case wordSub:
			s := step{kind: stepValue, optional: x&optionalBit != 0, index: uint16(payload)}
			if !w.definition { // there is nothing to substitute outside a template
				s.index = noValue
			}
			steps = append(steps, s)
		case wordEntity:
			literal(string(appendUTF16(nil, entity(w.names.text[payload]))))
		case wordCharRef:
			literal(string(le.AppendUint16(nil, uint16(payload))))
		}
	}
	return steps
}

// noValue is a substitution index that no instance has.
const noValue = 0xffff

func entity(name string) string {
	switch name {
	case "amp":
		return "&"
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}

// intern returns the one program with these steps.
func (t *Templates) intern(steps []step) *program {
	key := make([]byte, 0, 32*len(steps))
	for _, s := range steps {
		key = append(key, byte(s.kind))
		if s.optional {
			key[len(key)-1] |= 0x80
		}
		key = le.AppendUint16(key, s.index)
		key = binary.AppendUvarint(key, uint64(len(s.text)))
		key = append(key, s.text...)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, ok := t.programs[string(key)]; ok {
		return p
	}
	t.grow(len(key) + 64*len(steps) + 256)
	t.lastID++
	p := &program{number: t.lastID, steps: steps, eventID: placeOfEventID(steps)}
	attribute := false
	for _, s := range steps {
		switch s.kind {
		case stepAttr, stepOpen:
			attribute = s.kind == stepAttr
		case stepContent, stepClose:
			attribute = false
		case stepValue:
			if !attribute && s.index != noValue {
				p.nested = append(p.nested, s.index)
			}
		}
	}
	t.programs[string(key)] = p
	return p
}

// grow accounts for n more bytes and starts anew when that is too much. The caller holds mu.
func (t *Templates) grow(n int) {
	t.cost += n
	if t.programs != nil && t.cost <= templatesLimit {
		return
	}
	t.cost = n
	t.bodies, t.programs, t.nodes = map[bodyKey][]*definition{}, map[string]*program{}, map[nodeKey]*layoutNode{}
	t.epoch.Add(1)
}

// find looks for the definition whose body stands at base of chunk.
func (t *Templates) find(key bodyKey, chunk []byte, base int, body []byte) *definition {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range t.bodies[key] {
		if d.sameBody(chunk, base, body) {
			return d
		}
	}
	return nil
}

// keep remembers a definition; of more than variantsLimit variants the oldest make room.
func (t *Templates) keep(key bodyKey, d *definition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.grow(2*len(d.body) + 32*len(d.uses) + 256)
	list := t.bodies[key]
	if len(list) >= variantsLimit {
		list = append([]*definition(nil), list[1:]...)
	}
	t.bodies[key] = append(list, d)
}

// program is the compiled template whose definition stands at off of the chunk, nil when there is none to be had. A definition counts once
// against what a chunk may have compiled, also where two share a slot.
func (c *ChunkReader) program(off int) *program {
	s := &c.defs[uint32(off)*2654435761>>23]
	if s.off == uint32(off) && s.generation == c.generation {
		return s.prog
	}
	if s.generation == c.generation {
		c.evicted[s.off] = s.prog
	}
	prog, met := c.evicted[uint32(off)]
	if !met {
		prog = c.define(off)
	}
	*s = defSlot{uint32(off), c.generation, prog}
	return prog
}

// define finds or compiles a definition: link (4 bytes, never followed), GUID (16), size of the body (4), body.
func (c *ChunkReader) define(off int) *program {
	b := c.chunk
	if off < chunkHeaderSize || off+24 > len(b) {
		return nil
	}
	size, base := int(le.Uint32(b[off+20:])), off+24
	if size < 0 || size > len(b)-base || c.budget < size {
		return nil
	}
	c.budget -= size
	body := b[base : base+size]
	key := bodyKey{GUID(b[off+4 : off+20]), uint32(size)}
	for _, d := range c.bodies[key] {
		if d.sameBody(b, base, body) {
			return d.prog
		}
	}
	d := c.templates.find(key, b, base, body)
	if d == nil {
		if d = c.compile(base, base+size); d == nil {
			return nil
		}
		c.templates.keep(key, d)
	}
	if len(c.bodies[key]) < variantsLimit {
		c.bodies[key] = append(c.bodies[key], d)
	}
	return d.prog
}

// compile turns the template body at [base, end) into a program. Element starts hold a dependency id there; some writers leave it out.
func (c *ChunkReader) compile(base, end int) *definition {
	w := &c.compiler
	w.definition = true
	for _, w.dependency = range [...]bool{true, false} {
		w.words, w.vals, w.uses, w.base = w.words[:0], w.vals[:0], w.uses[:0], base
		if c.body(w, base, end) != nil {
			continue
		}
		d := &definition{body: bytes.Clone(c.chunk[base:end]), prog: c.templates.intern(compileShape(w))}
		d.uses = append(d.uses, w.uses...)
		for i := range d.uses {
			d.uses[i].raw = bytes.Clone(d.uses[i].raw)
		}
		return d
	}
	return nil
}

// body reads the elements of a template body.
func (c *ChunkReader) body(w *walker, p, end int) (f *fault) {
	for p < end && f == nil {
		switch c.chunk[p] {
		case tokEnd:
			return nil
		case tokHeader:
			p += 4
		case tokOpen, tokOpen | tokMore:
			p, f = w.element(p, end, false)
		case tokPITarget, tokPIData:
			p, f = w.instruction(p, end)
		default:
			return faultToken
		}
	}
	return f
}

// sameBody reports whether body, which stands at base of chunk, is the definition again: equal bytes except for the offsets of names and
// their links, and equal names behind the offsets. An attacker chooses GUIDs and hashes, so nothing less will do.
func (d *definition) sameBody(chunk []byte, base int, body []byte) bool {
	if len(d.body) != len(body) {
		return false
	}
	p := 0
	for i := range d.uses {
		u := &d.uses[i]
		if u.at < p || u.at+4 > len(body) || !bytes.Equal(d.body[p:u.at], body[p:u.at]) {
			return false
		}
		off := int(le.Uint32(body[u.at:]))
		p = u.at + 4
		if u.inline {
			if off != base+p {
				return false
			}
			p += 4
			continue
		}
		if off == base+p || off+6+len(u.raw) > len(chunk) || !bytes.Equal(u.raw, chunk[off+6:off+6+len(u.raw)]) {
			return false
		}
	}
	return p <= len(body) && bytes.Equal(d.body[p:], body[p:])
}

// layoutNode is a prefix of the instances that make up a record: the outer template, then each nested one with the place it fills.
type layoutNode struct {
	id     uint32
	parent *layoutNode
	slot   uint32 // instance and substitution that it fills; topSlot for a part of the record itself
	prog   *program
	layout atomic.Pointer[Layout]
}

const topSlot = 1<<32 - 1

type nodeKey struct{ from, prog, slot uint32 }

// step returns the node that follows from by filling slot with p.
func (t *Templates) step(from *layoutNode, slot uint32, p *program) *layoutNode {
	key := nodeKey{from.id, p.number, slot}
	t.mu.Lock()
	defer t.mu.Unlock()
	if n, ok := t.nodes[key]; ok {
		return n
	}
	t.grow(256)
	t.lastID++
	n := &layoutNode{id: t.lastID, parent: from, slot: slot, prog: p}
	t.nodes[key] = n
	return n
}

// layout compiles the layout of a node, once for all.
func (t *Templates) layout(n *layoutNode) *Layout {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := n.layout.Load(); l != nil {
		return l
	}
	l := compileLayout(n)
	t.grow(l.cost())
	n.layout.Store(l)
	return l
}

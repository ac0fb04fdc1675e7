package evtx

// encoder writes binary XML into the chunk that it builds. Names and template definitions are written where they are first used and
// referred to by their offset from then on.
type encoder struct {
	b         []byte         // the chunk so far, header included
	names     map[string]int // offset by name
	nameAt    []int          // offsets in order
	templates map[string]int // offset of the definition by its key
	tmplAt    []int

	dependency bool // element starts hold a dependency id: in templates
}

func newEncoder() *encoder {
	return &encoder{b: make([]byte, chunkHeaderSize, ChunkSize), names: map[string]int{}, templates: map[string]int{}}
}

func (e *encoder) u8(n byte)    { e.b = append(e.b, n) }
func (e *encoder) u16(n uint16) { e.b = le.AppendUint16(e.b, n) }
func (e *encoder) u32(n uint32) { e.b = le.AppendUint32(e.b, n) }

// hole leaves room for a 32-bit size and returns its place.
func (e *encoder) hole() int {
	e.u32(0)
	return len(e.b) - 4
}

// fill puts the number of bytes behind a hole into it.
func (e *encoder) fill(at int) { le.PutUint32(e.b[at:], uint32(len(e.b)-at-4)) }

// name writes a reference to a name, and the name itself when the chunk does not have it yet.
func (e *encoder) name(s string) {
	if at, ok := e.names[s]; ok {
		e.u32(uint32(at))
		return
	}
	at := len(e.b) + 4
	e.names[s] = at
	e.nameAt = append(e.nameAt, at)
	raw := appendUTF16(nil, s)
	e.u32(uint32(at))
	e.u32(0) // link, filled in when the chunk is complete
	e.u16(nameHash(raw))
	e.u16(uint16(len(raw) / 2))
	e.b = append(e.b, raw...)
	e.u16(0)
}

// nameHash is the hash that Windows files names under.
func nameHash(raw []byte) uint16 {
	var h uint32
	for ; len(raw) >= 2; raw = raw[2:] {
		h = h*65599 + uint32(le.Uint16(raw))
	}
	return uint16(h)
}

// attr is an attribute of an element: a literal or a substitution.
type attr struct {
	name    string
	literal string
	sub     int // index of an optional substitution when literal is empty
	typ     Type
}

// open writes a start tag; the element's size is filled in by close, which takes what open returns.
func (e *encoder) open(name string, attrs ...attr) int {
	tok := byte(tokOpen)
	if len(attrs) > 0 {
		tok |= tokMore
	}
	e.u8(tok)
	if e.dependency {
		e.u16(0xffff)
	}
	at := e.hole()
	e.name(name)
	if len(attrs) > 0 {
		list := e.hole()
		for i, a := range attrs {
			tok := byte(tokAttribute)
			if i < len(attrs)-1 {
				tok |= tokMore
			}
			e.u8(tok)
			e.name(a.name)
			if a.literal != "" || a.typ == TypeNull {
				e.text(a.literal)
			} else {
				e.sub(a.sub, a.typ, true)
			}
		}
		e.fill(list)
	}
	return at
}

// content ends a start tag.
func (e *encoder) content() { e.u8(tokCloseStart) }

// close ends an element that content stands in.
func (e *encoder) close(at int) {
	e.u8(tokClose)
	e.fill(at)
}

// closeEmpty ends an element without content.
func (e *encoder) closeEmpty(at int) {
	e.u8(tokCloseEmpty)
	e.fill(at)
}

func (e *encoder) text(s string) {
	raw := appendUTF16(nil, s)
	e.u8(tokValue)
	e.u8(byte(TypeString))
	e.u16(uint16(len(raw) / 2))
	e.b = append(e.b, raw...)
}

func (e *encoder) sub(index int, typ Type, optional bool) {
	tok := byte(tokSub)
	if optional {
		tok = tokOptional
	}
	e.u8(tok)
	e.u16(uint16(index))
	e.u8(byte(typ))
}

func (e *encoder) fragmentHeader() { e.b = append(e.b, tokHeader, 1, 1, 0) }

// instance writes the head of a template instance. The definition, which key stands for, is written by body when the chunk does not
// have it yet; it gets guid.
func (e *encoder) instance(key string, guid GUID, body func()) {
	e.u8(tokInstance)
	e.u8(1)
	e.u32(le.Uint32(guid[:]))
	if at, ok := e.templates[key]; ok {
		e.u32(uint32(at))
		return
	}
	at := len(e.b) + 4
	e.templates[key] = at
	e.tmplAt = append(e.tmplAt, at)
	e.u32(uint32(at))
	e.u32(0) // link, filled in when the chunk is complete
	e.b = append(e.b, guid[:]...)
	size := e.hole()
	e.dependency = true
	e.fragmentHeader()
	body()
	e.u8(tokEnd)
	e.dependency = false
	e.fill(size)
}

// values writes the table of an instance and its values. A value made by nested is written in place; its entry is left to patch.
func (e *encoder) values(vals []Value, nested func()) {
	count := len(vals)
	if nested != nil {
		count++
	}
	e.u32(uint32(count))
	table := len(e.b)
	for _, v := range vals {
		t := v.Type
		if v.Array {
			t |= arrayBit
		}
		if v.State != Present {
			t = TypeNull
		}
		e.u16(uint16(len(v.Bytes)))
		e.u16(uint16(t))
	}
	if nested != nil {
		e.u32(uint32(TypeBinXML) << 16)
	}
	for _, v := range vals {
		e.b = append(e.b, v.Bytes...)
	}
	if nested != nil {
		from := len(e.b)
		nested()
		le.PutUint16(e.b[table+4*(count-1):], uint16(len(e.b)-from))
	}
}

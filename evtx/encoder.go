package evtx

import (
	"hash/crc32"
	"maps"
	"slices"
)

// encoder writes binary XML into the chunk that it builds. Names and template definitions are written where they are first used and
// referred to by their offset from then on.
//
// It checks no sizes: what is too large for a 16-bit length is too large for a chunk, so that a chunk within its bounds is right.
type encoder struct {
	b         []byte         // the chunk so far, header included
	names     map[string]int // offset by name
	nameAt    []int          // offsets in order
	templates map[string]int // offset of the definition by its key
	tmplAt    []int

	dependency bool // element starts hold a dependency id: in templates
}

// chunkSlack is room for most records that turn out not to fit the chunk.
const chunkSlack = 4096

func newEncoder() *encoder {
	return &encoder{b: make([]byte, chunkHeaderSize, ChunkSize+chunkSlack), names: map[string]int{}, templates: map[string]int{}}
}

// reset begins another chunk in the place of this one.
func (e *encoder) reset() {
	clear(e.b[:chunkHeaderSize])
	e.undo(chunkHeaderSize)
}

// undo takes back everything from an offset on.
func (e *encoder) undo(at int) {
	late := func(_ string, off int) bool { return off >= at }
	maps.DeleteFunc(e.names, late)
	maps.DeleteFunc(e.templates, late)
	e.nameAt, e.tmplAt = before(e.nameAt, at), before(e.tmplAt, at)
	e.b = e.b[:at]
}

// before cuts ascending offsets off at the first that is not below at.
func before(offsets []int, at int) []int {
	n, _ := slices.BinarySearch(offsets, at)
	return offsets[:n]
}

// finish makes the chunk whole: ids, tables and checksums in its header, zeros behind its records. The bytes are the encoder's own.
func (e *encoder) finish(first, last uint64, lastAt int) []byte {
	free := len(e.b)
	e.b = slices.Grow(e.b, ChunkSize-free)[:ChunkSize]
	b := e.b
	clear(b[free:])
	copy(b, chunkMagic)
	le.PutUint64(b[8:], first)
	le.PutUint64(b[16:], last)
	le.PutUint64(b[24:], first)
	le.PutUint64(b[32:], last)
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(lastAt))
	le.PutUint32(b[48:], uint32(free))
	// Each bucket names its latest entry, which links to the one before.
	const nameTable, nameBuckets, templateTable, templateBuckets = 128, 64, 384, 32
	link := func(table, bucket, at int) {
		copy(b[at:at+4], b[table+4*bucket:])
		le.PutUint32(b[table+4*bucket:], uint32(at))
	}
	for _, at := range e.nameAt {
		link(nameTable, int(le.Uint16(b[at+4:]))%nameBuckets, at)
	}
	for _, at := range e.tmplAt {
		link(templateTable, int(le.Uint32(b[at+4:])%templateBuckets), at)
	}
	le.PutUint32(b[52:], crc32.ChecksumIEEE(b[chunkHeaderSize:free]))
	le.PutUint32(b[124:], headerSum(b))
	return b
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
	e.u32(uint32(at))
	e.u32(0) // link, filled in when the chunk is complete
	hash := len(e.b)
	e.u16(0)
	raw := e.counted(s)
	le.PutUint16(e.b[hash:], nameHash(raw))
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
	e.u8(tokValue)
	e.u8(byte(TypeString))
	e.counted(s)
}

// counted writes s behind its number of units and returns it as written.
func (e *encoder) counted(s string) []byte {
	at := len(e.b) + 2
	e.u16(0)
	e.b = appendUTF16(e.b, s)
	le.PutUint16(e.b[at-2:], uint16((len(e.b)-at)/2))
	return e.b[at:]
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

// table is the list of sizes and types in front of an instance's values. It is filled in as the values are written.
type table struct {
	at   int // of the next entry
	from int // of the value that the next entry is for
}

// table leaves room for n entries, each of which has to be put.
func (e *encoder) table(n int) table {
	e.u32(uint32(n))
	at := len(e.b)
	e.b = slices.Grow(e.b, 4*n)[:at+4*n]
	return table{at, len(e.b)}
}

// put makes what was written since the last entry the next value.
func (e *encoder) put(t *table, typ Type) {
	le.PutUint16(e.b[t.at:], uint16(len(e.b)-t.from))
	le.PutUint16(e.b[t.at+2:], uint16(typ))
	t.at, t.from = t.at+4, len(e.b)
}

// number puts an integer of a type of fixed size.
func (e *encoder) number(t *table, typ Type, n uint64) {
	e.b = le.AppendUint64(e.b, n)
	e.b = e.b[:t.from+int(fixedSize[typ])]
	e.put(t, typ)
}

// values writes the table of an instance and its values. A value made by nested comes last.
func (e *encoder) values(vals []Value, nested func()) {
	n := len(vals)
	if nested != nil {
		n++
	}
	t := e.table(n)
	for _, v := range vals {
		typ := TypeNull
		if v.State == Present {
			e.b = append(e.b, v.Bytes...)
			typ = declared(v)
		}
		e.put(&t, typ)
	}
	if nested != nil {
		nested()
		e.put(&t, TypeBinXML)
	}
}

// declared is the type that a template states for a value and a table of values repeats.
func declared(v Value) Type {
	switch {
	case v.State != Present:
		return TypeNull
	case v.Array:
		return v.Type | arrayBit
	}
	return v.Type
}

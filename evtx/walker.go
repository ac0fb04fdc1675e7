package evtx

// Binary XML tokens. Bit 0x40 says that more follows (attributes, further values).
const (
	tokEnd        = 0x00
	tokOpen       = 0x01
	tokCloseStart = 0x02
	tokCloseEmpty = 0x03
	tokClose      = 0x04
	tokValue      = 0x05
	tokAttribute  = 0x06
	tokCDATA      = 0x07
	tokCharRef    = 0x08
	tokEntityRef  = 0x09
	tokPITarget   = 0x0a
	tokPIData     = 0x0b
	tokInstance   = 0x0c
	tokSub        = 0x0d
	tokOptional   = 0x0e
	tokHeader     = 0x0f

	tokMore = 0x40
)

const (
	maxDepth    = 64   // of open elements; real events stay below 10
	maxElements = 4096 // in one fragment
	maxName     = 1024 // units of an element or attribute name
)

// A shape is a run of binary XML elements with the values taken out: words of four bits kind and 28 bits payload. Equal shapes
// make equal programs, so that elements without a template (Security 4624 has such) share layouts like templates do.
type word uint32

const (
	wordOpen    word = iota << 28 // payload: name
	wordAttr                      // payload: name
	wordName                      // payload: name; text of a Name attribute, part of the shape
	wordContent                   // the attributes are over
	wordClose
	wordText    // the next value, which is a string
	wordNested  // the next value, which is a fragment
	wordSub     // payload: index, and bit 16 when optional
	wordEntity  // payload: name
	wordCharRef // payload: code unit

	wordKind    word = 0xf << 28
	optionalBit word = 1 << 16
)

// nameUse is one reference to a name inside a template definition, kept to recognise the definition in other chunks.
type nameUse struct {
	at     int    // of the reference's four bytes, from the start of the body
	inline bool   // the name itself follows its reference
	raw    []byte // length and characters
}

// walker turns elements at one place of the chunk into a shape and its values. It allocates only to grow its buffers.
type walker struct {
	chunk []byte
	names *nameTable

	definition bool // a template's body: all text is part of the program, name references are noted in uses
	dependency bool // element starts hold a dependency id

	words []word
	hash  uint64
	vals  []val
	uses  []nameUse
	base  int // start of the body, for uses
}

func (w *walker) emit(x word) {
	w.words = append(w.words, x)
	w.hash = (w.hash ^ uint64(x)) * 0x9e3779b97f4a7c15
	w.hash ^= w.hash >> 29
}

// name reads the name reference at p and returns the number of the name and the position behind the reference.
func (w *walker) name(p, end int) (uint32, int, *fault) {
	if p+4 > end {
		return 0, 0, faultShort
	}
	off := int(le.Uint32(w.chunk[p:]))
	id, after, f := w.names.at(w.chunk, off)
	if f != nil {
		return 0, 0, f
	}
	inline := off == p+4
	if w.definition {
		w.uses = append(w.uses, nameUse{at: p - w.base, inline: inline, raw: w.chunk[off+6 : after-2]})
	}
	if !inline {
		return id, p + 4, nil
	}
	if after > end {
		return 0, 0, faultShort
	}
	return id, after, nil
}

// counted reads a 16-bit length and that many units at p.
func (w *walker) counted(p, end int) (from, to int, f *fault) {
	if p+2 > end {
		return 0, 0, faultShort
	}
	from = p + 2
	to = from + 2*int(le.Uint16(w.chunk[p:]))
	if to > end {
		return 0, 0, faultShort
	}
	return from, to, nil
}

func (w *walker) text(from, to int) {
	w.emit(wordText)
	w.vals = append(w.vals, val{off: uint32(from), size: uint16(min(to-from, 0xfffe)), typ: TypeString})
}

// content reads one piece of text: a value, CDATA, a reference or a substitution; ok is false when the token is none.
func (w *walker) content(p, end int) (next int, ok bool, f *fault) {
	c := w.chunk
	switch c[p] &^ tokMore {
	case tokValue:
		if p+2 > end {
			return 0, false, faultShort
		}
		from, to, f := w.counted(p+2, end)
		if f != nil {
			return 0, false, f
		}
		w.text(from, to)
		return to, true, nil
	case tokCDATA:
		from, to, f := w.counted(p+1, end)
		if f != nil {
			return 0, false, f
		}
		w.text(from, to)
		return to, true, nil
	case tokCharRef:
		if p+3 > end {
			return 0, false, faultShort
		}
		w.emit(wordCharRef | word(le.Uint16(c[p+1:])))
		return p + 3, true, nil
	case tokEntityRef:
		id, next, f := w.name(p+1, end)
		if f != nil {
			return 0, false, f
		}
		w.emit(wordEntity | word(id))
		return next, true, nil
	case tokSub, tokOptional:
		if p+4 > end {
			return 0, false, faultShort
		}
		x := wordSub | word(le.Uint16(c[p+1:]))
		if c[p] == tokOptional {
			x |= optionalBit
		}
		w.emit(x)
		return p + 4, true, nil
	}
	return p, false, nil
}

// element reads one element with everything below it, template instances among the elements only where they may be. It keeps its own count of open elements instead of recursing.
func (w *walker) element(p, end int, instances bool) (int, *fault) {
	c := w.chunk
	depth, budget := 0, maxElements
	var f *fault
	for p < end {
		switch tok := c[p]; tok {
		case tokOpen, tokOpen | tokMore:
			if budget--; budget < 0 {
				return 0, faultElements
			}
			if depth == maxDepth {
				return 0, faultDepth
			}
			var empty bool
			if p, empty, f = w.start(p, end); f != nil {
				return 0, f
			}
			if !empty {
				depth++
			}
		case tokClose:
			w.emit(wordClose)
			depth--
			p++
		case tokPITarget, tokPIData:
			if p, f = w.instruction(p, end); f != nil {
				return 0, f
			}
		case tokInstance:
			if !instances {
				return 0, faultToken
			}
			next, f := skipInstance(c, p, end)
			if f != nil {
				return 0, f
			}
			w.emit(wordNested)
			w.vals = append(w.vals, val{off: uint32(p), size: uint16(next - p), typ: TypeBinXML})
			p = next
		default:
			next, ok, f := w.content(p, end)
			if f != nil {
				return 0, f
			}
			if !ok {
				return 0, faultToken
			}
			p = next
		}
		if depth == 0 {
			return p, nil
		}
	}
	return 0, faultUnclosed
}

// start reads an element start tag with its attributes and the token that ends it.
func (w *walker) start(p, end int) (next int, empty bool, f *fault) {
	c := w.chunk
	attributes := c[p]&tokMore != 0
	p += 5 // token, size of the element
	if w.dependency {
		p += 2
	}
	id, p, f := w.name(p, end)
	if f != nil {
		return 0, false, f
	}
	w.emit(wordOpen | word(id))
	if attributes {
		if p, f = w.attributes(p+4, end, w.names.holdsData(id)); f != nil {
			return 0, false, f
		}
	}
	if p >= end {
		return 0, false, faultShort
	}
	switch c[p] {
	case tokCloseStart:
		w.emit(wordContent)
		return p + 1, false, nil
	case tokCloseEmpty:
		w.emit(wordClose)
		return p + 1, true, nil
	}
	return 0, false, faultToken
}

func (w *walker) attributes(p, end int, data bool) (int, *fault) {
	c := w.chunk
	for p < end && c[p]&^tokMore == tokAttribute {
		id, next, f := w.name(p+1, end)
		if f != nil {
			return 0, f
		}
		p = next
		w.emit(wordAttr | word(id))
		if data && !w.definition && w.names.isName(id) {
			if p, f = w.literalName(p, end); f != nil {
				return 0, f
			}
		}
		for p < end {
			next, ok, f := w.content(p, end)
			if f != nil {
				return 0, f
			}
			if !ok {
				break
			}
			p = next
		}
	}
	return p, nil
}

// literalName reads the text of <Data Name="...">, which names the field and so belongs to the shape. Text too long for a name
// is left to be read as a value.
func (w *walker) literalName(p, end int) (int, *fault) {
	if p+2 > end || w.chunk[p]&^tokMore != tokValue {
		return p, nil
	}
	from, to, f := w.counted(p+2, end)
	if f != nil {
		return 0, f
	}
	if to-from > 2*maxName {
		return p, nil
	}
	w.emit(wordName | word(w.names.number(w.chunk[from:to])))
	return to, nil
}

// instruction skips a processing instruction; events carry none that means anything.
func (w *walker) instruction(p, end int) (int, *fault) {
	if w.chunk[p] == tokPITarget {
		_, p, f := w.name(p+1, end)
		return p, f
	}
	_, p, f := w.counted(p+1, end)
	return p, f
}

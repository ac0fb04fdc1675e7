package evtx

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The XML of a record is written by steps that its layout compiles once; what does not depend on the record's values is text in them.
type xmlStep struct {
	kind  xmlKind
	text  string // as it is written: of an attribute up to its value, of a leaf its start tag
	close string // end tag of a leaf or an element
	value *slot
	attrs []xmlStep // of a leaf whose start tag text only begins
}

type xmlKind uint8

const (
	xmlText xmlKind = iota
	xmlAttr
	xmlLeaf  // an element without children
	xmlBegin // the start tag of an element with children ends here
	xmlEnd
)

// xmlSteps is a list of steps in the making.
type xmlSteps []xmlStep

func compileXML(roots []*element) []xmlStep {
	var s xmlSteps
	for _, e := range roots {
		s.element(e)
	}
	return s
}

// put adds text, to the step before when that is text too.
func (s *xmlSteps) put(text string) {
	if n := len(*s); n > 0 && (*s)[n-1].kind == xmlText {
		(*s)[n-1].text += text
		return
	}
	*s = append(*s, xmlStep{text: text})
}

// tag begins a start tag.
func (s *xmlSteps) tag(e *element) {
	s.put("<" + e.tag)
	for i := range e.attrs {
		a := &e.attrs[i]
		open := " " + a.tag + "='"
		if fixed(&a.slot) {
			s.put(open + string(appendXMLUnits(nil, a.slot.literal)) + "'")
		} else {
			*s = append(*s, xmlStep{kind: xmlAttr, text: open, value: &a.slot})
		}
	}
}

// fixed reports content that is the same in every record.
func fixed(s *slot) bool { return s.kind == slotNone || s.kind == slotEmpty || s.kind == slotLiteral }

func (s *xmlSteps) element(e *element) {
	end := "</" + e.tag + ">"
	switch {
	case len(e.kids) == 0 && fixed(&e.text):
		s.tag(e)
		if len(e.text.literal) == 0 {
			s.put("/>")
			return
		}
		s.put(">" + string(appendXMLUnits(nil, e.text.literal)) + end)
	case len(e.kids) == 0:
		var tag xmlSteps
		tag.tag(e)
		leaf := xmlStep{kind: xmlLeaf, text: tag[0].text + ">", close: end, value: &e.text}
		if len(tag) > 1 {
			leaf.text, leaf.attrs = "", tag
		}
		*s = append(*s, leaf)
	default:
		s.tag(e)
		s.put(">")
		*s = append(*s, xmlStep{kind: xmlBegin})
		for _, kid := range e.kids {
			s.element(kid)
		}
		if e.text.kind != slotNone {
			*s = append(*s, xmlStep{kind: xmlLeaf, value: &e.text})
		}
		*s = append(*s, xmlStep{kind: xmlEnd, close: end})
	}
}

// AppendXML appends the record as XML on one line, as wevtutil prints it. Markup characters in values are escaped, characters that XML
// forbids become U+FFFD, and names that are no XML names are made into ones. An array repeats its element; an element whose only
// content is an absent value is left out, as is an absent attribute.
func (r *Record) AppendXML(dst []byte) []byte {
	r.open = r.open[:0]
	for i := range r.layout.xml {
		s := &r.layout.xml[i]
		switch s.kind {
		case xmlText:
			dst = append(dst, s.text...)
		case xmlAttr:
			dst = r.appendXMLAttr(dst, s)
		case xmlLeaf:
			dst = r.appendXMLLeaf(dst, s)
		case xmlBegin:
			r.open = append(r.open, len(dst))
		case xmlEnd:
			last := len(r.open) - 1
			if len(dst) == r.open[last] { // nothing came of its children
				dst = append(dst[:len(dst)-1], "/>"...)
			} else {
				dst = append(dst, s.close...)
			}
			r.open = r.open[:last]
		}
	}
	return dst
}

func (r *Record) appendXMLAttr(dst []byte, s *xmlStep) []byte {
	v := r.value(s.value)
	if v.State == Absent {
		return dst
	}
	return append(v.appendXML(append(dst, s.text...)), '\'')
}

// appendXMLLeaf appends an element with its value, one for each item of an array, or just the value where it stands behind children.
func (r *Record) appendXMLLeaf(dst []byte, s *xmlStep) []byte {
	v := r.value(s.value)
	if s.close == "" {
		return v.appendXML(dst)
	}
	if v.State == Absent {
		return dst
	}
	for more := true; more; {
		item := v
		if more = false; v.Array && v.State == Present {
			item, v, more = v.next()
		}
		dst = append(dst, s.text...)
		if s.text == "" {
			for i := range s.attrs {
				if a := &s.attrs[i]; a.kind == xmlText {
					dst = append(dst, a.text...)
				} else {
					dst = r.appendXMLAttr(dst, a)
				}
			}
			dst = append(dst, '>')
		}
		from := len(dst)
		if dst = item.appendXML(dst); len(dst) == from {
			dst = append(dst[:from-1], "/>"...)
		} else {
			dst = append(dst, s.close...)
		}
	}
	return dst
}

// appendXML appends the value's text, escaped. Only strings can hold markup.
func (v Value) appendXML(dst []byte) []byte {
	switch {
	case v.State != Present || v.Type != TypeString:
		return v.AppendText(dst)
	case !v.Array:
		return appendXMLUnits(dst, v.Bytes)
	}
	for more := true; more; {
		var item Value
		item, v, more = v.next()
		if dst = item.appendXML(dst); more {
			dst = append(dst, '\n')
		}
	}
	return dst
}

// appendXMLUnits appends UTF-16LE as XML text.
func appendXMLUnits(dst, src []byte) []byte {
	for len(src) >= 2 {
		dst = slices.Grow(dst, len(src)/2+16)
		k := len(dst)
		n := packXML(dst[k:cap(dst)], src)
		dst = dst[:k+n]
		for src = src[2*n:]; len(src) >= 2; {
			r, size := decodeUnit(src)
			src = src[size:]
			if s := xmlEscape(r); s != "" {
				dst = append(dst, s...)
			} else {
				dst = utf8.AppendRune(dst, r)
			}
			if len(src) >= 2 && le.Uint16(src)-0x20 < utf8.RuneSelf-0x20 {
				break
			}
		}
	}
	return dst
}

// xmlEscape is what stands for r in XML text and attributes; "" for itself.
func xmlEscape(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '\'':
		return "&apos;"
	case '"':
		return "&quot;"
	case '\r':
		return "&#13;" // a parser would drop it
	case '\t', '\n':
		return ""
	case 0xfffe, 0xffff: // no characters
		return "\ufffd"
	}
	if r < ' ' {
		return "\ufffd"
	}
	return ""
}

// xmlName makes an XML name of whatever a file says is one.
func xmlName(s string) string {
	ok := func(i int, r rune) bool {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_', r == ':':
			return true
		case r >= '0' && r <= '9', r == '-', r == '.':
			return i > 0
		}
		return r >= 0xc0 && r != 0xd7 && r != 0xf7 && r < 0x2000 && r != 0x37e
	}
	var b strings.Builder
	for i, r := range s {
		if !ok(i, r) {
			r = '_'
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

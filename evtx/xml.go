package evtx

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The XML of a record is written by a program of its layout.

func compileXML(roots []*element) render {
	var p render
	for _, e := range roots {
		p.xmlElement(e)
	}
	return p
}

// xmlAttrs adds the attributes of a start tag that has begun.
func (p *render) xmlAttrs(e *element) {
	for i := range e.attrs {
		a := &e.attrs[i]
		open := " " + a.tag + "='"
		if fixed(&a.slot) {
			p.put(open + string(appendXMLUnits(nil, a.slot.literal())) + "'")
		} else {
			p.step(renderValue, open, &a.slot)
		}
	}
}

func (p *render) xmlElement(e *element) {
	end := "</" + e.tag + ">"
	switch {
	case len(e.kids) > 0:
		p.put("<" + e.tag)
		p.xmlAttrs(e)
		p.put(">")
		p.step(renderBegin, "", nil)
		for _, kid := range e.kids {
			p.xmlElement(kid)
		}
		if e.text.kind != slotNone {
			p.step(renderElement, "", &e.text)
		}
		p.step(renderEnd, end, nil)
	case fixed(&e.text):
		p.put("<" + e.tag)
		p.xmlAttrs(e)
		if text := e.text.literal(); len(text) > 0 {
			p.put(">" + string(appendXMLUnits(nil, text)) + end)
		} else {
			p.put("/>")
		}
	default:
		// The end tag is the text of the step, the start tag the steps behind it.
		at := len(p.steps)
		p.step(renderElement, end, &e.text)
		p.step(renderText, "<"+e.tag, nil)
		p.xmlAttrs(e)
		p.steps[at].more = uint16(len(p.steps) - at - 1)
		p.sealed = len(p.steps)
	}
}

// AppendXML appends the record as XML on one line, as wevtutil prints it. Markup characters in values are escaped, characters that XML
// forbids become U+FFFD, and names that are no XML names are made into ones. An array repeats its element; an element whose only
// content is an absent value is left out, as is an absent attribute.
func (r *Record) AppendXML(dst []byte) []byte {
	r.open = r.open[:0]
	p := &r.layout.xml
	for i := 0; i < len(p.steps); i++ {
		s := &p.steps[i]
		switch s.kind {
		case renderText:
			dst = append(dst, p.text[s.from:s.to]...)
		case renderValue:
			dst = r.appendXMLAttr(dst, p, s)
		case renderElement:
			tag := p.steps[i+1 : i+1+int(s.more)]
			dst = r.appendXMLElement(dst, p, s, tag)
			i += len(tag)
		case renderBegin:
			r.open = append(r.open, len(dst))
		case renderEnd:
			last := len(r.open) - 1
			if len(dst) == r.open[last] { // nothing came of its children
				dst = append(dst[:len(dst)-1], "/>"...)
			} else {
				dst = append(dst, p.text[s.from:s.to]...)
			}
			r.open = r.open[:last]
		}
	}
	return dst
}

func (r *Record) appendXMLAttr(dst []byte, p *render, s *renderStep) []byte {
	from := p.slot(s)
	v := r.value(&from)
	if v.State == Absent {
		return dst
	}
	return append(v.appendXML(append(dst, p.text[s.from:s.to]...)), '\'')
}

// appendXMLElement appends an element with its value, one for each item of an array, or just the value where it stands behind children.
func (r *Record) appendXMLElement(dst []byte, p *render, s *renderStep, tag []renderStep) []byte {
	slot := p.slot(s)
	v := r.value(&slot)
	if len(tag) == 0 {
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
		for i := range tag {
			if a := &tag[i]; a.kind == renderText {
				dst = append(dst, p.text[a.from:a.to]...)
			} else {
				dst = r.appendXMLAttr(dst, p, a)
			}
		}
		dst = append(dst, '>')
		from := len(dst)
		if dst = item.appendXML(dst); len(dst) == from {
			dst = append(dst[:from-1], "/>"...)
		} else {
			dst = append(dst, p.text[s.from:s.to]...)
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

package evtx

import (
	"strings"
	"unicode/utf8"
)

// AppendXML appends the record as XML on one line, as wevtutil prints it. Markup characters in values are escaped, characters that XML
// forbids become U+FFFD, and names that are no XML names are made into ones. An array repeats its element; an element whose only
// content is an absent value is left out, as is an absent attribute.
func (r *Record) AppendXML(dst []byte) []byte {
	for _, e := range r.layout.roots {
		dst = r.appendElement(dst, e)
	}
	return dst
}

func (r *Record) appendElement(dst []byte, e *element) []byte {
	v := r.value(&e.text)
	if len(e.kids) == 0 && e.text.kind != slotNone && v.State == Absent {
		return dst
	}
	for more := true; more; {
		var item Value
		if item, more = v, false; v.Array && v.State == Present {
			item, v, more = v.next()
		}
		dst = r.appendStart(dst, e)
		from := len(dst)
		dst = append(dst, '>')
		for _, kid := range e.kids {
			dst = r.appendElement(dst, kid)
		}
		dst = item.appendXML(dst)
		if len(dst) == from+1 {
			dst = append(dst[:from], "/>"...)
			continue
		}
		dst = append(append(append(dst, "</"...), e.tag...), '>')
	}
	return dst
}

// appendStart appends a start tag up to its closing bracket.
func (r *Record) appendStart(dst []byte, e *element) []byte {
	dst = append(append(dst, '<'), e.tag...)
	for i := range e.attrs {
		a := &e.attrs[i]
		v := r.value(&a.slot)
		if v.State == Absent && a.slot.kind != slotNone {
			continue
		}
		dst = append(append(append(dst, ' '), a.tag...), "='"...)
		dst = append(v.appendXML(dst), '\'')
	}
	return dst
}

// appendXML appends the value's text, escaped. Only strings can hold markup.
func (v Value) appendXML(dst []byte) []byte {
	if v.State != Present || v.Type != TypeString {
		return v.AppendText(dst)
	}
	if v.Array {
		for more := true; more; {
			var item Value
			item, v, more = v.next()
			if dst = item.appendXML(dst); more {
				dst = append(dst, '\n')
			}
		}
		return dst
	}
	from := len(dst)
	dst = AppendUTF8(dst, v.Bytes)
	for _, c := range dst[from:] {
		if xmlSuspect[c] {
			return escapeXML(dst[:from], v.Bytes)
		}
	}
	return dst
}

// xmlSuspect marks the bytes of UTF-8 that belong to a character to escape, or may.
var xmlSuspect = makeXMLSuspect()

func makeXMLSuspect() (t [256]bool) {
	for c := range t {
		t[c] = c < utf8.RuneSelf && xmlEscape(rune(c)) != "" || c == 0xef // U+F000 and up
	}
	return t
}

// escapeXML appends UTF-16LE text, escaped.
func escapeXML(dst, src []byte) []byte {
	for len(src) >= 2 {
		r, size := decodeUnit(src)
		src = src[size:]
		if s := xmlEscape(r); s != "" {
			dst = append(dst, s...)
		} else {
			dst = utf8.AppendRune(dst, r)
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

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

// appendXML appends the value's text, escaped.
func (v Value) appendXML(dst []byte) []byte {
	if v.State != Present {
		return dst
	}
	from := len(dst)
	dst = v.AppendText(dst)
	if v.Type != TypeString {
		return dst // numbers, GUIDs and the like hold no markup
	}
	for i := from; i < len(dst); {
		c := dst[i]
		size := 1
		if c >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(dst[i:])
		}
		if xmlEscape(dst[i:i+size]) != "" {
			return escapeXML(dst, i)
		}
		i += size
	}
	return dst
}

// escapeXML escapes dst[from:], which begins with a character to escape.
func escapeXML(dst []byte, from int) []byte {
	text := string(dst[from:])
	dst = dst[:from]
	for len(text) > 0 {
		_, size := utf8.DecodeRuneInString(text)
		if s := xmlEscape([]byte(text[:size])); s != "" {
			dst = append(dst, s...)
		} else {
			dst = append(dst, text[:size]...)
		}
		text = text[size:]
	}
	return dst
}

// xmlEscape is what stands for the one character c in XML text and attributes; "" for itself.
func xmlEscape(c []byte) string {
	switch c[0] {
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
	case 0xef: // U+FFFE and U+FFFF are no characters
		if len(c) == 3 && c[1] == 0xbf && c[2] >= 0xbe {
			return "\ufffd"
		}
	}
	if c[0] < ' ' {
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

package ingest

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"

	"reeve"
)

// xmlParser takes one <Event> apart into leaves on the paths that converters to JSON use, so that both have the same shapes.
// It expands no entities but the five of XML itself and numbers, and reads no DTD.
type xmlParser struct {
	b    []byte
	t    *trie
	rec  *textRecord
	open []element
	key  []byte
	path int // bytes of the names that are open
}

// element is one that is open.
type element struct {
	name   []byte
	opened bool // its step was taken, because it has attributes or children
	data   bool // it is a Data element: a value by the name of label
	label  []byte
	text   int // where its content begins
	child  bool
}

// event reads the event that is all of b and gives the node it ends at.
func (p *xmlParser) event(b []byte) (*node, error) {
	p.rec.begin(nil)
	return p.within(b, p.t.begin())
}

// within reads the element that b begins with on from a node, into the record as it is.
func (p *xmlParser) within(b []byte, n *node) (*node, error) {
	p.b, p.open, p.key, p.path = b, p.open[:0], p.key[:0], 0
	for i := 0; i < len(b); {
		next := bytes.IndexByte(b[i:], '<')
		if next < 0 {
			break
		}
		i += next
		var err error
		if i, n, err = p.markup(i, n); err != nil {
			return n, fmt.Errorf("%w (byte %d of the record)", err, i)
		}
		if len(p.open) == 0 {
			return n, nil
		}
	}
	return n, badRecord("the event does not end")
}

// markup reads what begins with the "<" at i.
func (p *xmlParser) markup(i int, n *node) (int, *node, error) {
	rest := p.b[i:]
	for _, s := range [...]struct{ begin, end string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if bytes.HasPrefix(rest, []byte(s.begin)) {
			end := bytes.Index(rest[len(s.begin):], []byte(s.end))
			if end < 0 {
				return i, n, badRecord("%s does not end", s.begin)
			}
			return i + len(s.begin) + end + len(s.end), n, nil
		}
	}
	if len(rest) < 3 || rest[1] == '!' {
		return i, n, badRecord("a declaration within an event")
	}
	if rest[1] == '/' {
		return p.end(i, n)
	}
	return p.start(i, n)
}

// local strips a namespace prefix.
func local(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// xmlName is the length of the name at the start of b.
func xmlName(b []byte) int {
	for i, c := range b {
		switch c {
		case ' ', '\t', '\r', '\n', '>', '/', '=', '<', '"', '\'', '&':
			return i
		}
	}
	return len(b)
}

func (p *xmlParser) start(i int, n *node) (int, *node, error) {
	at := i + 1
	size := xmlName(p.b[at:])
	e := element{name: local(p.b[at : at+size])}
	if size == 0 || len(e.name) == 0 || len(e.name) > maxKey {
		return i, n, badRecord("a tag without a name")
	}
	if len(p.open) > maxDeep {
		return i, n, fmt.Errorf("%w: elements within elements deeper than %d", reeve.ErrLimit, maxDeep)
	}
	var err error
	if k := len(p.open); k > 0 {
		p.open[k-1].child = true
		if n, err = p.enter(&p.open[k-1], n); err != nil {
			return i, n, err
		}
	}
	e.data = len(p.open) > 0 && (string(e.name) == "Data" || string(e.name) == "ComplexData")
	attributes := false
	for at += size; ; {
		at += len(p.b[at:]) - len(bytes.TrimLeft(p.b[at:], " \t\r\n"))
		if at+1 >= len(p.b) {
			return i, n, badRecord("a tag does not end")
		}
		if p.b[at] == '>' {
			e.text = at + 1
			break
		}
		if p.b[at] == '/' && p.b[at+1] == '>' {
			e.text = at + 2
			break
		}
		var name, value []byte
		if name, value, at, err = p.attribute(at); err != nil {
			return i, n, err
		}
		switch l := local(name); {
		case string(name) == "xmlns" || bytes.HasPrefix(name, []byte("xmlns:")):
		case e.data && string(l) == "Name" && len(value) <= maxKey:
			e.label = p.decoded(value)
		default:
			if n, err = p.enter(&e, n); err != nil {
				return i, n, err
			}
			if !attributes {
				n, attributes = p.t.step(n, opOpen, []byte("#attributes")), true
			}
			if n, err = p.leaf(n, opLeaf, l, value); err != nil {
				return i, n, err
			}
		}
	}
	if attributes {
		n = p.t.step(n, opClose, nil)
	}
	if p.b[at] == '/' {
		n, err = p.finish(&e, n, nil, !attributes)
		return at + 2, n, err
	}
	p.open = append(p.open, e)
	return at + 1, n, nil
}

// decoded is an attribute's value for use as a name.
func (p *xmlParser) decoded(b []byte) []byte {
	if bytes.IndexByte(b, '&') < 0 {
		return b
	}
	from := len(p.key)
	p.key = appendXMLText(p.key, b)
	return p.key[from:len(p.key):len(p.key)]
}

func (p *xmlParser) attribute(at int) (name, value []byte, next int, err error) {
	size := xmlName(p.b[at:])
	name = p.b[at : at+size]
	at += size
	at += len(p.b[at:]) - len(bytes.TrimLeft(p.b[at:], " \t\r\n"))
	if size == 0 || size > maxKey || at >= len(p.b) || p.b[at] != '=' {
		return nil, nil, at, badRecord("a malformed attribute")
	}
	at++
	at += len(p.b[at:]) - len(bytes.TrimLeft(p.b[at:], " \t\r\n"))
	if at >= len(p.b) || p.b[at] != '"' && p.b[at] != '\'' {
		return nil, nil, at, badRecord("an attribute without quotes")
	}
	end := bytes.IndexByte(p.b[at+1:], p.b[at])
	if end < 0 {
		return nil, nil, at, badRecord("an attribute does not end")
	}
	return name, p.b[at+1 : at+1+end], at + end + 2, nil
}

// enter takes the step into an element, once.
func (p *xmlParser) enter(e *element, n *node) (*node, error) {
	if e.opened {
		return n, nil
	}
	e.opened = true
	if p.path += len(e.name) + 1; p.path > maxPath {
		return n, fmt.Errorf("%w: names longer than %d bytes", reeve.ErrLimit, maxPath)
	}
	return p.t.step(n, opOpen, e.name), nil
}

func (p *xmlParser) leaf(n *node, o op, name, value []byte) (*node, error) {
	if len(p.rec.leaves) >= maxLeaves {
		return n, fmt.Errorf("%w: more than %d values", reeve.ErrLimit, maxLeaves)
	}
	f := plain
	if bytes.IndexByte(value, '&') >= 0 || bytes.IndexByte(value, '<') >= 0 {
		f = inXML
	}
	p.rec.put(value, f)
	return p.t.step(n, o, name), nil
}

// end reads an end tag.
func (p *xmlParser) end(i int, n *node) (int, *node, error) {
	size := xmlName(p.b[i+2:])
	name := local(p.b[i+2 : i+2+size])
	at := i + 2 + size
	at += len(p.b[at:]) - len(bytes.TrimLeft(p.b[at:], " \t\r\n"))
	if len(p.open) == 0 || at >= len(p.b) || p.b[at] != '>' {
		return i, n, badRecord("an end tag out of place")
	}
	e := p.open[len(p.open)-1]
	if !bytes.Equal(e.name, name) {
		return i, n, badRecord("</%s> ends <%s>", name[:min(len(name), 40)], e.name[:min(len(e.name), 40)])
	}
	p.open = p.open[:len(p.open)-1]
	n, err := p.finish(&e, n, p.b[e.text:i:i], true)
	return at + 1, n, err
}

// finish makes an element's text a leaf; bare tells that an empty element is a value too, since it says nothing else.
func (p *xmlParser) finish(e *element, n *node, text []byte, bare bool) (*node, error) {
	var err error
	switch {
	case e.child:
	case e.data && !e.opened:
		n, err = p.leaf(n, opData, e.label, text)
	case !e.opened:
		n, err = p.leaf(n, opLeaf, e.name, text)
	case len(text) > 0 && bare:
		n, err = p.leaf(n, opLeaf, []byte("#text"), text)
	}
	if e.opened && err == nil {
		p.path -= len(e.name) + 1
		n = p.t.step(n, opClose, nil)
	}
	return n, err
}

// appendXMLText decodes element content or an attribute: entities, CDATA sections; comments are left out.
func appendXMLText(dst, b []byte) []byte {
	for len(b) > 0 {
		i := bytes.IndexAny(b, "&<")
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		b = b[i:]
		switch {
		case b[0] == '&':
			end := bytes.IndexByte(b[:min(len(b), 12)], ';')
			r, ok := rune(0), false
			if end > 0 {
				r, ok = entity(b[1:end])
			}
			if !ok {
				dst, b = append(dst, '&'), b[1:]
				continue
			}
			dst, b = utf8.AppendRune(dst, r), b[end+1:]
		case bytes.HasPrefix(b, []byte("<![CDATA[")):
			text, rest, _ := bytes.Cut(b[len("<![CDATA["):], []byte("]]>"))
			dst, b = append(dst, text...), rest
		case bytes.HasPrefix(b, []byte("<!--")):
			_, b, _ = bytes.Cut(b, []byte("-->"))
		case bytes.HasPrefix(b, []byte("<?")):
			_, b, _ = bytes.Cut(b, []byte("?>"))
		default:
			dst, b = append(dst, '<'), b[1:]
		}
	}
	return dst
}

func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	base, digits := 10, string(name[1:])
	if digits[0]|0x20 == 'x' {
		base, digits = 16, digits[1:]
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, false
	}
	return rune(v), true
}

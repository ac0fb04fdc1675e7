package ingest

import (
	"bytes"
	"fmt"

	"reeve"
)

// Bounds of one record, of JSON and XML alike. No event comes near them.
const (
	maxRecord = 16 << 20 // bytes
	maxDeep   = 64       // objects within objects
	maxLeaves = 4096     // values
	maxKey    = 1024     // bytes of a name
	maxPath   = 4096     // bytes of all names above a value
)

// jsonParser takes one object apart into the leaves of a record, in one pass and without making anything of its own.
type jsonParser struct {
	b    []byte
	t    *trie
	rec  *textRecord
	key  []byte // a name with escapes, decoded
	path int    // bytes of the names above
}

// object reads the object that begins at b[0]. It gives its length and the node where its structure ends; errShort when b ends
// inside of it. Any other error wraps reeve.ErrRecord or reeve.ErrLimit and says at which byte of the record.
func (p *jsonParser) object(b []byte) (n int, end *node, err error) {
	p.rec.begin(nil)
	n, end, err = p.within(b, p.t.begin())
	if err != nil && err != errShort {
		err = fmt.Errorf("%w (byte %d of the record)", err, n)
	}
	return n, end, err
}

// within reads the object that begins at b[0] on from a node, into the record as it is.
func (p *jsonParser) within(b []byte, n *node) (int, *node, error) {
	p.b, p.path = b, 0
	return p.members(1, n, 0)
}

func (p *jsonParser) space(i int) int {
	for i < len(p.b) && (p.b[i] == ' ' || p.b[i] == '\n' || p.b[i] == '\r' || p.b[i] == '\t') {
		i++
	}
	return i
}

// members reads what follows the opening brace at b[i-1], closing brace included.
func (p *jsonParser) members(i int, n *node, depth int) (int, *node, error) {
	if depth > maxDeep {
		return i, n, fmt.Errorf("%w: objects within objects deeper than %d", reeve.ErrLimit, maxDeep)
	}
	for first := true; ; first = false {
		i = p.space(i)
		if i < len(p.b) && p.b[i] == '}' {
			return i + 1, n, nil
		}
		if !first && i < len(p.b) {
			if p.b[i] != ',' {
				return i, n, badRecord("%q where a comma or brace belongs", p.b[i])
			}
			i = p.space(i + 1)
		}
		if i >= len(p.b) {
			return i, n, errShort
		}
		if p.b[i] != '"' {
			return i, n, badRecord("%q where a name belongs", p.b[i])
		}
		var name []byte
		var err error
		if name, i, err = p.name(i + 1); err != nil {
			return i, n, err
		}
		i = p.space(i)
		if i >= len(p.b) {
			return i, n, errShort
		}
		if p.b[i] != ':' {
			return i, n, badRecord("%q where a colon belongs", p.b[i])
		}
		if i, n, err = p.value(p.space(i+1), n, name, depth); err != nil {
			return i, n, err
		}
	}
}

// name reads a member's name; it is valid until the next one with escapes.
func (p *jsonParser) name(i int) ([]byte, int, error) {
	end, escaped, err := scanString(p.b, i)
	if err != nil {
		return nil, end, err
	}
	name := p.b[i:end]
	if len(name) > maxKey {
		return nil, i, fmt.Errorf("%w: a name of %d bytes", reeve.ErrLimit, len(name))
	}
	if escaped {
		p.key = appendJSONText(p.key[:0], name)
		name = p.key
	}
	return name, end + 1, nil
}

// value reads the value at b[i] of the member name.
func (p *jsonParser) value(i int, n *node, name []byte, depth int) (int, *node, error) {
	if i >= len(p.b) {
		return i, n, errShort
	}
	switch p.b[i] {
	case '"', '{', '[':
	default:
		return p.scalar(i, n, opLeaf, name)
	}
	if string(name) == "Data" {
		if j, m, ok, err := p.data(i, n, name); ok || err != nil {
			return j, m, err
		}
	}
	switch p.b[i] {
	case '"':
		return p.scalar(i, n, opLeaf, name)
	case '[':
		return p.list(i, n, name, depth)
	}
	if p.path += len(name) + 1; p.path > maxPath {
		return i, n, fmt.Errorf("%w: names longer than %d bytes", reeve.ErrLimit, maxPath)
	}
	width := len(name) + 1
	i, n, err := p.members(i+1, p.t.step(n, opOpen, name), depth+1)
	p.path -= width
	if err != nil {
		return i, n, err
	}
	return i, p.t.step(n, opClose, nil), nil
}

// scalar reads a string, number or word as a leaf.
func (p *jsonParser) scalar(i int, n *node, o op, name []byte) (int, *node, error) {
	if len(p.rec.leaves) >= maxLeaves {
		return i, n, fmt.Errorf("%w: more than %d values", reeve.ErrLimit, maxLeaves)
	}
	if p.b[i] == '"' {
		end, escaped, err := scanString(p.b, i+1)
		if err != nil {
			return end, n, err
		}
		f := plain
		if escaped {
			f = inJSON
		}
		p.rec.put(p.b[i+1:end:end], f)
		return end + 1, p.t.step(n, o, name), nil
	}
	size := literal(p.b[i:])
	if i+size >= len(p.b) {
		return i, n, errShort
	}
	word := p.b[i : i+size : i+size]
	if !validLiteral(word) {
		return i, n, badRecord("%q is no value", p.b[i:min(i+max(size, 1), i+16)])
	}
	if string(word) == "null" {
		p.rec.putNull()
	} else {
		p.rec.put(word, plain)
	}
	return i + size, p.t.step(n, o, name), nil
}

// list reads the list at b[i]: one leaf when it holds scalars only, else one member of the name for each item.
func (p *jsonParser) list(i int, n *node, name []byte, depth int) (int, *node, error) {
	j, scalars, err := p.scalars(i)
	if err != nil {
		return j, n, err
	}
	if scalars {
		if len(p.rec.leaves) >= maxLeaves {
			return i, n, fmt.Errorf("%w: more than %d values", reeve.ErrLimit, maxLeaves)
		}
		p.rec.putList(p.b[i:j:j])
		return j, p.t.step(n, opLeaf, name), nil
	}
	if depth > maxDeep {
		return i, n, fmt.Errorf("%w: lists within lists deeper than %d", reeve.ErrLimit, maxDeep)
	}
	if len(p.key) > 0 && len(name) > 0 && &name[0] == &p.key[0] {
		name = bytes.Clone(name) // items may have escaped names of their own
	}
	return p.items(i, n, func(i int, n *node) (int, *node, error) { return p.value(i, n, name, depth+1) })
}

// items calls each for the items of the list at b[i].
func (p *jsonParser) items(i int, n *node, each func(int, *node) (int, *node, error)) (int, *node, error) {
	for i++; ; {
		i = p.space(i)
		if i >= len(p.b) {
			return i, n, errShort
		}
		var err error
		switch p.b[i] {
		case ']':
			return i + 1, n, nil
		case ',':
			i++
		default:
			if i, n, err = each(i, n); err != nil {
				return i, n, err
			}
		}
	}
}

// scalars tells whether the list at b[i] holds no objects or lists, and where it ends.
func (p *jsonParser) scalars(i int) (end int, ok bool, err error) {
	for i++; i < len(p.b); {
		switch p.b[i] {
		case ']':
			return i + 1, true, nil
		case '{', '[':
			return i, false, nil
		case '"':
			if i, _, err = scanString(p.b, i+1); err != nil {
				return i, false, err
			}
			i++
		case ' ', '\t', '\r', '\n', ',':
			i++
		default:
			size := literal(p.b[i:])
			if i+size < len(p.b) && !validLiteral(p.b[i:i+size]) {
				return i, false, badRecord("%q is no value", p.b[i:min(i+max(size, 1), i+16)])
			}
			i += size
		}
	}
	return i, false, errShort
}

// data reads a "Data" that is a converted <Data>: a text, an object of name and text, or a list of both. ok is false, and nothing
// is read, when it is anything else.
func (p *jsonParser) data(i int, n *node, name []byte) (int, *node, bool, error) {
	before := len(p.rec.leaves)
	at, start := i, n
	var err error
	fits := true
	one := func(i int, n *node) (int, *node, error) {
		if p.b[i] != '{' {
			if p.b[i] == '[' {
				fits = false
				return i, n, badRecord("a list within Data")
			}
			return p.scalar(i, n, opData, nil)
		}
		j, m, ok, err := p.dataObject(i, n)
		if !ok && err == nil {
			fits = false
			err = badRecord("not a converted element")
		}
		return j, m, err
	}
	if p.b[i] == '[' {
		i, n, err = p.items(i, n, one)
	} else {
		i, n, err = one(i, n)
	}
	if !fits {
		p.rec.leaves = p.rec.leaves[:before]
		return at, start, false, nil
	}
	return i, n, err == nil, err
}

// dataObject reads {"@Name":"Image","#text":"..."} in the spellings of the converters. A text of several items is as many
// values of the name.
func (p *jsonParser) dataObject(i int, n *node) (int, *node, bool, error) {
	var label []byte
	text := -1
	for i++; ; {
		i = p.space(i)
		if i >= len(p.b) {
			return i, n, false, errShort
		}
		switch p.b[i] {
		case '}':
			i++
			if text < 0 {
				if label == nil {
					return i, n, false, nil
				}
				if len(p.rec.leaves) >= maxLeaves {
					return i, n, false, fmt.Errorf("%w: more than %d values", reeve.ErrLimit, maxLeaves)
				}
				p.rec.put(nil, plain)
				return i, p.t.step(n, opData, label), true, nil
			}
			m, err := p.dataText(text, n, label)
			return i, m, err == nil, err
		case ',':
			i++
			continue
		case '"':
		default:
			return i, n, false, nil
		}
		end, escaped, err := scanString(p.b, i+1)
		if err != nil || escaped {
			return end, n, false, err
		}
		key := string(p.b[i+1 : end])
		if i = p.space(end + 1); i >= len(p.b) {
			return i, n, false, errShort
		}
		if p.b[i] != ':' {
			return i, n, false, nil
		}
		if i = p.space(i + 1); i >= len(p.b) {
			return i, n, false, errShort
		}
		end, err = p.skip(i)
		if err != nil {
			return end, n, false, err
		}
		switch {
		case p.b[i] == '"' && (key == "@Name" || key == "Name" || key == "-Name"):
			label = p.label(p.b[i+1 : end-1])
		case p.b[i] == '{' && (key == "#attributes" || key == "$"):
			if label = p.attribute(p.b[i:end]); label == nil {
				return i, n, false, nil
			}
		case key == "#text" || key == "_" || key == "$t" || key == "text" || key == "Value" || key == "content":
			if p.b[i] == '{' {
				return i, n, false, nil
			}
			text = i
		default:
			return i, n, false, nil
		}
		i = end
	}
}

// dataText makes the text at b[i] of a Data element a leaf, or several.
func (p *jsonParser) dataText(i int, n *node, label []byte) (*node, error) {
	if p.b[i] != '[' {
		_, n, err := p.scalar(i, n, opData, label)
		return n, err
	}
	_, n, err := p.items(i, n, func(i int, n *node) (int, *node, error) {
		if p.b[i] == '{' || p.b[i] == '[' {
			return i, n, badRecord("an object where text belongs")
		}
		return p.scalar(i, n, opData, label)
	})
	return n, err
}

// label decodes the name of a Data element; it is never nil.
func (p *jsonParser) label(b []byte) []byte {
	p.key = appendJSONText(append(p.key[:0], 0)[:0], b[:min(len(b), maxKey)])
	return p.key
}

// attribute finds Name in {"Name":"..."}; nil when there is anything else.
func (p *jsonParser) attribute(b []byte) []byte {
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(b[1:], " \t\r\n"), []byte(`"Name"`))
	if !ok {
		return nil
	}
	rest = bytes.Trim(rest, " \t\r\n:}")
	if len(rest) < 2 || rest[0] != '"' {
		return nil
	}
	end, _, err := scanString(rest, 1)
	if err != nil || end != len(rest)-1 {
		return nil
	}
	return p.label(rest[1:end])
}

// skip finds the end of the value at b[i].
func (p *jsonParser) skip(i int) (int, error) {
	depth := 0
	for i < len(p.b) {
		switch p.b[i] {
		case '"':
			end, _, err := scanString(p.b, i+1)
			if err != nil {
				return end, err
			}
			i = end + 1
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ' ', '\t', '\r', '\n', ':', ',':
			i++
			continue
		default:
			size := max(literal(p.b[i:]), 1)
			if i += size; i >= len(p.b) {
				return i, errShort
			}
		}
		if depth <= 0 {
			return i, nil
		}
	}
	return i, errShort
}

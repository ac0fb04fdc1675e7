package evtx

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf8"
)

// form is what events of equal fields have in common: the templates that they are written with.
type form struct {
	system   template
	sections []section
	steps    int // that a reader compiles for it, at most
	paths    int // bytes of the paths of its fields, at most
	chunk    int // the latest chunk with such an event, counted from 1
}

// template is a definition; key tells it from others.
type template struct {
	key  string
	guid GUID
}

// section is a child of Event beside System: a fragment with a template of its own, as Windows nests EventData.
type section struct {
	template
	root     *node
	from, to int // its values among those of the event
}

// node is an element of a section's template.
type node struct {
	name  string
	attrs []attr
	value int // index of the value that is its content, or noContent
	typ   Type
	kids  []*node

	full bool // no path leads to an element below it
	done bool // no path leads to an attribute of it
}

const noContent = -1

// appendForm appends all that an event's form depends on.
func appendForm(dst []byte, e *Event) []byte {
	dst = appendWord(appendWord(dst, e.Computer), e.EventSourceName)
	if u := e.UserData; u != nil {
		dst = appendWord(appendWord(append(dst, 1), u.Name), u.Namespace)
		dst = appendFields(dst, u.Fields)
	}
	return appendFields(appendFields(append(dst, 0), e.Data), e.Other)
}

func appendWord(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendFields(dst []byte, fields []Field) []byte {
	const absent = 0xff
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	for i := range fields {
		f := &fields[i]
		dst = appendWord(dst, f.Name)
		if f.Value.State == Absent {
			dst = append(dst, absent)
		} else {
			dst = append(dst, byte(declared(f.Value)))
		}
	}
	return dst
}

// former builds a form.
type former struct {
	form
	event node
	keys  [][]byte // of the sections: words, none with a zero byte in it, and zero bytes between them
	next  int      // index of the next value
}

// newForm makes the form of an event, or says why no log can hold it.
func newForm(e *Event) (*form, error) {
	f := &former{}
	if u := e.UserData; u != nil {
		inner := &node{name: u.Name, value: noContent}
		if u.Namespace != "" {
			inner.attrs = []attr{{name: "xmlns", literal: u.Namespace}}
		}
		f.section(&node{name: "UserData", value: noContent, kids: []*node{inner}}, "UserData\x00"+u.Name+"\x00"+u.Namespace)
		for _, field := range u.Fields {
			f.path(inner, field, "")
		}
		inner.full, inner.done = true, true
	}
	if len(e.Data) > 0 || e.UserData == nil && len(e.Other) == 0 {
		root := &node{name: "EventData", value: noContent}
		f.section(root, root.name)
		for _, field := range e.Data {
			f.data(root, field)
		}
	}
	for _, field := range e.Other {
		f.path(&f.event, field, "\x00") // the empty word tells it from a field of Data or UserData
	}
	return &f.form, f.complete(e)
}

// section begins a child of Event.
func (f *former) section(root *node, key string) {
	f.event.kids = append(f.event.kids, root)
	f.sections = append(f.sections, section{root: root, from: f.next, to: f.next})
	f.keys = append(f.keys, []byte(key))
}

// take counts a value into the latest section.
func (f *former) take(mark string, field Field) {
	last := len(f.sections) - 1
	f.next++
	f.sections[last].to = f.next
	f.keys[last] = fmt.Appendf(f.keys[last], "\x00%s%s\x00%d", mark, field.Name, declared(field.Value))
}

// data adds a Data element. One without a value has no substitution: one that is nothing stops libevtx.
func (f *former) data(root *node, field Field) {
	if field.Value.State == Absent {
		return
	}
	n := &node{name: "Data", value: noContent, full: true, done: true}
	if field.Name != "" {
		n.attrs = []attr{{name: "Name", literal: field.Name}}
	}
	if field.Value.State == Present {
		n.value, n.typ = f.next, declared(field.Value)
	}
	root.kids = append(root.kids, n)
	f.take("", field)
}

// path adds the element or attribute that the field's name leads to from n. An element with a value is always a new one; elements on the
// way to it and the bearer of an attribute are those of the field before wherever reading what is written gives the same fields again.
func (f *former) path(n *node, field Field, mark string) {
	if field.Value.State == Absent {
		return
	}
	way, name, attribute := strings.Cut(field.Name, "@")
	if way != "" || n == &f.event || !attribute && n.value != noContent {
		for first, rest, more := strings.Cut(way, "."); more; first, rest, more = strings.Cut(way, ".") {
			if k := n.last(first); k != nil && !k.full {
				n = k
			} else {
				n = f.add(n, first)
			}
			way = rest
		}
		if k := n.last(way); attribute && k != nil && !k.done && !k.has(name) {
			n = k
		} else {
			n = f.add(n, way)
		}
	}
	switch {
	case attribute:
		n.attrs = append(n.attrs, attr{name: name, sub: f.next, typ: declared(field.Value)})
	case field.Value.State == Present:
		n.value, n.typ, n.full = f.next, declared(field.Value), true
	default:
		n.full, n.done = true, true
	}
	f.take(mark, field)
}

// last is the latest element below n, nil when it has another name.
func (n *node) last(name string) *node {
	if len(n.kids) > 0 && n.kids[len(n.kids)-1].name == name {
		return n.kids[len(n.kids)-1]
	}
	return nil
}

func (n *node) has(attribute string) bool {
	for i := range n.attrs {
		if n.attrs[i].name == attribute {
			return true
		}
	}
	return false
}

func (f *former) add(n *node, name string) *node {
	k := &node{name: name, value: noContent}
	if n == &f.event {
		f.section(k, name)
	} else {
		n.kids, n.done = append(n.kids, k), true
	}
	return k
}

// systemSteps is more than a reader compiles for System with its 16 elements and 11 attributes, and for a substitution by each section.
const systemSteps = 256

// complete checks that a reader's limits hold and makes the keys.
func (f *former) complete(e *Event) error {
	if f.next > maxValues || len(f.sections) >= maxInstances {
		return fmt.Errorf("%w: %d values in %d sections", ErrLimit, f.next, len(f.sections))
	}
	if err := checkText(e.Computer, e.EventSourceName); err != nil {
		return err
	}
	f.steps = systemSteps
	for i := range f.sections {
		s := &f.sections[i]
		if s.root.name == "System" {
			return fmt.Errorf("%w: a second System", ErrEvent)
		}
		if err := f.check(s.root, s.from, 1, 0); err != nil {
			return err
		}
		s.key = string(f.keys[i])
		s.guid = keyGUID(s.key)
	}
	f.system.key = "System\x00" + e.Computer
	if e.EventSourceName != "" || len(f.sections) != 1 {
		f.system.key += "\x00" + e.EventSourceName + "\x00" + strconv.Itoa(len(f.sections))
	}
	f.system.guid = keyGUID(f.system.key)
	return nil
}

// check looks at an element and all below it, and makes the indexes of its values those of its section.
func (f *former) check(n *node, from, depth, path int) error {
	path += len(n.name) + 1
	f.steps += 4
	if err := checkName(n.name); err != nil {
		return err
	}
	for i := range n.attrs {
		a := &n.attrs[i]
		f.steps += 2
		if err := checkName(a.name); err != nil {
			return err
		}
		if err := checkText(a.literal); err != nil {
			return err
		}
		f.paths += path + len(a.name) + len(a.literal)
		a.sub -= from
	}
	if n.value != noContent {
		n.value -= from
	}
	f.paths += path
	if depth > maxDepth || f.steps > maxSteps || f.paths > maxPaths {
		return fmt.Errorf("%w: too many elements, or nested too deeply", ErrLimit)
	}
	for _, k := range n.kids {
		if err := f.check(k, from, depth+1, path); err != nil {
			return err
		}
	}
	return nil
}

// checkName says whether a name can be an element's or an attribute's.
func checkName(s string) error {
	if s == "" {
		return fmt.Errorf("%w: an element or attribute without a name", ErrEvent)
	}
	return checkText(s)
}

// checkText says whether texts can be names or literals of a template.
func checkText(texts ...string) error {
	for _, s := range texts {
		switch {
		case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
			return fmt.Errorf("%w: a name that is no text: %.64q", ErrEvent, s)
		case units(s) > maxName:
			return fmt.Errorf("%w: a name of %d units", ErrLimit, units(s))
		}
	}
	return nil
}

// keyGUID gives a template the GUID that its key hashes to.
func keyGUID(key string) GUID {
	h := fnv.New128a()
	h.Write([]byte(key))
	return GUID(h.Sum(nil))
}

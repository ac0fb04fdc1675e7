package ingest

import (
	"strconv"
	"strings"
	"sync"
)

// op is a step that the structure of a record takes.
type op uint8

const (
	opLeaf    op = iota // a member with a value
	opOpen              // a member that is an object, or one of several in a list
	opClose             // its end
	opData              // a value under "Data": the step's name is the value's name, "" for none
	opMessage           // a value out of the text of the message
	opText              // what follows stands in a text, which is XML or JSON of its own
	numOps
)

// node is a state of the walk over the structures met so far: records that take the same steps end at the same node, where
// their shape is. Walking costs a comparison a step, because records of a file resemble each other.
type node struct {
	parent *node
	op     op
	name   string
	hot    *node // the child taken last
	first  []*node
	more   *[numOps]map[string]*node // children beyond the first
	shape  *shape
}

const (
	maxChildren = 8       // that are searched one by one
	maxNodes    = 1 << 16 // before the trie begins anew
	maxNodeText = 8 << 20
)

// trie finds the shape of records by their structure. It is one worker's own; the shapes are shared.
type trie struct {
	root  *node
	nodes int
	text  int
	table *shapes
}

func newTrie(table *shapes) *trie { return &trie{root: &node{}, table: table} }

// begin is the state before a record. A trie that has grown too large is forgotten here.
func (t *trie) begin() *node {
	if t.nodes > maxNodes || t.text > maxNodeText {
		*t = *newTrie(t.table)
	}
	return t.root
}

// step follows or makes the child.
func (t *trie) step(n *node, o op, name []byte) *node {
	if h := n.hot; h != nil && h.op == o && h.name == string(name) {
		return h
	}
	for _, c := range n.first {
		if c.op == o && c.name == string(name) {
			n.hot = c
			return c
		}
	}
	if n.more != nil {
		if c := n.more[o][string(name)]; c != nil {
			n.hot = c
			return c
		}
	}
	return t.grow(n, o, string(name))
}

func (t *trie) grow(n *node, o op, name string) *node {
	c := &node{parent: n, op: o, name: name}
	t.nodes++
	t.text += len(name)
	n.hot = c
	if len(n.first) < maxChildren {
		n.first = append(n.first, c)
		return c
	}
	if n.more == nil {
		n.more = &[numOps]map[string]*node{}
	}
	if n.more[o] == nil {
		n.more[o] = map[string]*node{}
	}
	n.more[o][name] = c
	return c
}

// end is the shape of the records that end at n.
func (t *trie) end(n *node) *shape {
	if n.shape == nil {
		n.shape = t.table.find(n)
	}
	return n.shape
}

// step of a structure, as a shape is made from.
type step struct {
	op   op
	name string
}

// steps is the way from the root to n.
func (n *node) steps() []step {
	count := 0
	for p := n; p.parent != nil; p = p.parent {
		count++
	}
	out := make([]step, count)
	for p := n; p.parent != nil; p = p.parent {
		count--
		out[count] = step{p.op, p.name}
	}
	return out
}

// shapes makes the shapes of all workers one, so that a class is the same wherever it was met.
type shapes struct {
	mu    sync.Mutex
	known map[string]*shape
	text  int
}

const (
	maxShapes    = 1 << 13 // beyond, a shape is its worker's own
	maxShapeText = 32 << 20
)

func (t *shapes) find(n *node) *shape {
	steps := n.steps()
	var key strings.Builder
	for _, s := range steps {
		key.WriteByte(byte(s.op))
		key.WriteString(strconv.Itoa(len(s.name)))
		key.WriteByte(':')
		key.WriteString(s.name)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.known[key.String()]; s != nil {
		return s
	}
	s := newShape(steps)
	if t.known == nil {
		t.known = map[string]*shape{}
	}
	if len(t.known) < maxShapes && t.text < maxShapeText {
		t.known[key.String()] = s
		t.text += key.Len()
	}
	return s
}

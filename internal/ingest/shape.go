package ingest

import (
	"slices"
	"strings"

	"reeve"
)

// shape is the class of records of equal structure in a text format: which of their values is which field, and which belong to
// the envelope. It never changes.
type shape struct {
	leaves  []site
	fields  []reeve.Field
	slots   [numSlots]int // leaf of an envelope value, -1 for none
	times   []int         // leaves that state when it was written, the best first
	anchor  []int         // leaves that state about the same moment in UTC
	message int           // leaf whose text holds the fields, because nothing else does; -1 for none
	text    int           // leaf whose text is XML or JSON that holds the fields; -1 for none
	single  bool          // every value is a list, of one item where there is one value
	event   bool          // it is a Windows event, or what a product tells of one
}

// site is where a value stands in a shape.
type site struct {
	path []string // for writing it as JSON: the way down, the name last
	full string   // path joined by dots
	name string   // of the data field; meaningful only with data
	data bool     // it is a data field, not envelope
	said bool     // it stands within the text of another value: never envelope, never written apart
}

// newShape works out what is what. It is the slow path, once a structure.
func newShape(steps []step) *shape {
	s := &shape{leaves: sites(steps), message: -1, text: -1}
	for i := range s.slots {
		s.slots[i] = -1
	}
	if prefix, ok := eventPrefix(s.leaves); ok {
		s.readEvent(prefix)
	} else {
		s.readFlat()
	}
	for i, p := range s.leaves {
		if p.data {
			s.fields = append(s.fields, reeve.Field{Name: p.name, Handle: reeve.Handle(i)})
		}
	}
	return s
}

// sites replays the steps.
func sites(steps []step) []site {
	var out []site
	var at []string
	said, whole := false, false
	for _, s := range steps {
		switch s.op {
		case opText:
			at, said, whole = nil, true, s.name == wholeEvent
		case opOpen:
			at = append(at, s.name)
		case opClose:
			at = at[:len(at)-1]
		case opLeaf:
			p := siteOf(append(slices.Clone(at), s.name), s.name)
			if said && !whole {
				name, data := elementName(p.path)
				p = siteOf([]string{name}, name)
				p.data = data
			}
			p.said = said
			out = append(out, p)
		case opMessage:
			p := siteOf([]string{s.name}, s.name)
			p.data, p.said = true, true
			out = append(out, p)
		case opData:
			path := append(slices.Clone(at), "Data")
			if s.name != "" {
				path[len(path)-1] = s.name
			}
			p := siteOf(path, s.name)
			if said && !whole {
				p = siteOf(path[len(path)-1:], s.name)
			}
			p.data, p.said = true, said
			out = append(out, p)
		}
	}
	return out
}

func siteOf(path []string, name string) site {
	return site{path: path, full: strings.Join(path, "."), name: name}
}

// resolve finds a field as reeve.Record.Resolve states it.
func (s *shape) resolve(name string) reeve.Handle {
	for _, equal := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for i, p := range s.leaves {
			if p.data && equal(p.name, name) {
				return reeve.Handle(i)
			}
		}
	}
	if sl, ok := slotOf(name); ok {
		return reeve.Handle(s.slots[sl]) // -1 is NoHandle
	}
	for i, p := range s.leaves {
		if strings.EqualFold(p.full, name) {
			return reeve.Handle(i)
		}
	}
	return reeve.NoHandle
}

// index finds the first leaf of each key.
func index(keys []string) map[string]int {
	m := make(map[string]int, len(keys))
	for i, k := range keys {
		if _, ok := m[k]; !ok && k != "" {
			m[k] = i
		}
	}
	return m
}

// take makes the first leaf whose key is one of the candidates, the first candidate first, the slot's.
func (s *shape) take(sl slot, first map[string]int, candidates ...string) {
	for _, c := range candidates {
		if i, ok := first[c]; ok {
			s.slots[sl] = i
			s.leaves[i].data = false
			return
		}
	}
}

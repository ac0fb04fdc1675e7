package sigma

import (
	"slices"
)

// HasCondition tells whether the rule asks something of a single event. One that only correlates other rules does not.
func (r *Rule) HasCondition() bool { return r.root != nil }

// Layout is what is known of events before their values are.
type Layout struct {
	// States tells whether events of the layout state a field, be it not always.
	States func(field string) bool
	// Known gives the value of a field that is the same in all events of the layout, as an event id is; nil knows none.
	Known func(field string) (value string, ok bool)
}

// Chance says whether a rule can hold of the events of a layout.
type Chance uint8

// The chances of a rule. Of Elsewhere the values that are known rule it out, whatever else were stated: it is about other events.
const (
	Elsewhere Chance = iota
	Lacking          // it could hold if the events stated more fields
	Possible
)

// Chance tells whether the rule can hold of events of a layout. A question about a stated field may be answered either way; one about
// a field that is not stated, or whose value is known, has one answer. For Lacking, missing names what would have to be stated
// as well, the fewest fields where there is a choice, sorted; with them the rule is Possible.
//
// Questions are taken as independent of each other: a rule that contradicts itself counts as possible, a rule that can hold is
// never said to be not.
func (r *Rule) Chance(l Layout) (c Chance, missing []string) {
	if r.root == nil {
		return Possible, nil
	}
	missing, ok := l.lack(r.root, true)
	switch {
	case !ok:
		return Elsewhere, nil
	case len(missing) == 0:
		return Possible, nil
	}
	slices.Sort(missing)
	return Lacking, slices.Compact(missing)
}

// lack names the fields for want of which a part of a condition cannot be what is wanted; none when it can, and not ok when no
// field would help.
func (l *Layout) lack(n *node, want bool) (fields []string, ok bool) {
	switch {
	case n.kind == 'p':
		return l.lackOf(n.pred, want)
	case n.kind == '!':
		return l.lack(n.kids[0], !want)
	case (n.kind == '&') == want: // every part has to be so
		for _, k := range n.kids {
			x, ok := l.lack(k, want)
			if !ok {
				return nil, false
			}
			fields = append(fields, x...)
		}
		return fields, true
	}
	for _, k := range n.kids {
		if x, can := l.lack(k, want); can && (!ok || len(x) < len(fields)) {
			fields, ok = x, true
		}
	}
	return fields, ok
}

func (l *Layout) lackOf(p *pred, want bool) (fields []string, ok bool) {
	if holds, known := l.told(p); known {
		return nil, holds == want
	}
	if fields = l.absent(p); len(fields) == 0 || p.ofAbsent() == want {
		return nil, true
	}
	return fields, true
}

// answer gives the answer to a question that is the same for all events of the layout.
func (l *Layout) answer(p *pred) (holds, known bool) {
	if holds, known = l.told(p); known {
		return holds, true
	}
	return p.ofAbsent(), len(l.absent(p)) > 0
}

// told is the answer when the value is known.
func (l *Layout) told(p *pred) (holds, known bool) {
	if l.Known == nil || p.op != opExact || p.cased {
		return false, false
	}
	value, known := l.Known(p.field)
	return known && fold(value) == p.lit, known
}

// absent lists the fields of a question that events do not state.
func (l *Layout) absent(p *pred) []string {
	fields := []string{p.field}
	if p.op == opRef {
		fields = append(fields, p.lit)
	}
	return slices.DeleteFunc(fields, func(f string) bool { return f == "" || l.States(f) })
}

// ofAbsent is the answer when the field is not stated.
func (p *pred) ofAbsent() bool { return p.op == opNull || p.op == opExists && !p.want }

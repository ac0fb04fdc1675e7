package sigma

import "fmt"

// Trace says of a part of a rule whether it holds for an event, and why not.
type Trace struct {
	Part    string // identifier, or "field op value"
	Matched bool
	Why     string // of a field that does not hold: "field absent", "value differs"; "" else
	Parts   []*Trace
}

// Explain evaluates a rule with its reasons. It is for one event at a time, not for the hot path. rule is a number of the
// engine; nil when the program does not hold it.
func (p *Program) Explain(rule int32, e *Event) *Trace {
	for _, r := range p.rules {
		if r.id != rule {
			continue
		}
		m := p.NewMatcher()
		m.begin(e)
		return m.explain(p.engine.rules[rule].root)
	}
	return nil
}

func (m *Matcher) explain(n *node) *Trace {
	if n.kind == 'p' {
		return m.explainPred(n.pred)
	}
	t := &Trace{Part: n.name}
	if t.Part == "" {
		t.Part = map[byte]string{'&': "all of", '|': "one of", '!': "not"}[n.kind]
	}
	t.Matched = n.kind == '&'
	for _, k := range n.kids {
		x := m.explain(k)
		t.Parts = append(t.Parts, x)
		switch n.kind {
		case '&':
			t.Matched = t.Matched && x.Matched
		case '|':
			t.Matched = t.Matched || x.Matched
		default:
			t.Matched = !x.Matched
		}
	}
	return t
}

func (m *Matcher) explainPred(q *pred) *Trace {
	t := &Trace{Part: fmt.Sprintf("%s %s %q", q.field, q.op, q.lit)}
	slot, ok := m.p.slot[q.field]
	if !ok {
		slot = -1
	}
	for i, x := range m.p.preds {
		if x == q || x.op != opGroup && x.key() == q.key() {
			t.Matched = m.evaluate(int32(i))
			break
		}
	}
	switch {
	case t.Matched:
	case slot >= 0 && m.event.state[slot] == absent:
		t.Why = "field absent"
	case slot >= 0 && m.event.state[slot] == null:
		t.Why = "field without a value"
	default:
		t.Why = "value differs"
	}
	return t
}

// String is the operator as rules name it.
func (o op) String() string {
	switch o {
	case opExact:
		return "is"
	case opPrefix:
		return "startswith"
	case opSuffix:
		return "endswith"
	case opContains:
		return "contains"
	case opGlob:
		return "like"
	case opRegexp:
		return "re"
	case opCIDR:
		return "cidr"
	case opNull:
		return "is null"
	case opExists:
		return "exists"
	case opRef:
		return "fieldref"
	case opTime:
		return "time"
	}
	return "compared with"
}

package sigma

// Trace says of a part of a rule whether it holds for an event, and why not.
type Trace struct {
	Part    string // identifier, "all of", "one of", "not", or a question about a value
	Field   string // that a question is about; "" for keywords and for parts that have parts
	Matched bool
	Why     string // of a question that is answered no: "field absent", "field without a value", "value differs"; "" else
	Parts   []*Trace
}

// Explain evaluates a rule with its reasons. It is for one event at a time, not for the hot path. rule is a number of the
// engine; nil when the program does not hold it.
func (p *Program) Explain(rule int32, e Event) *Trace {
	if p.whole != nil {
		p = p.whole // a narrowed program has no answers to what is the same for all its events
	}
	if !p.Has(rule) {
		return nil
	}
	m := p.NewMatcher()
	m.begin(e)
	return m.explain(p.engine.rules[rule].root)
}

func (m *Matcher) explain(n *node) *Trace {
	if n.kind == 'p' {
		return m.explainPred(n.pred)
	}
	t := &Trace{Part: n.name, Matched: n.kind == '&'}
	if t.Part == "" {
		t.Part = map[byte]string{'&': "all of", '|': "one of", '!': "not"}[n.kind]
	}
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
	id := m.p.numbers[q]
	t := &Trace{Part: q.String(), Field: q.field, Matched: m.evaluate(id)}
	slot := m.p.slots[id]
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

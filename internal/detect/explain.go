package detect

import (
	"reeve"
	"reeve/sigma"
)

// Part says of a part of a rule whether it holds for a record, what was looked at, and why it does not.
type Part struct {
	Says    string // identifier, "all of", "one of", "not", or a question about a value
	Field   string // that a question is about; "" for keywords and for parts that have parts
	Matched bool
	Why     string   // of a question that is answered no, as sigma.Trace says it
	Values  []string // of the field, as rules see them, each cut; none when the record states none
	Parts   []*Part
}

// Explain gives a rule's condition with what the record answers to each part; nil when records of this kind are not shown to the
// rule. It is for one record at a time.
func (m *Matcher) Explain(rec reeve.Record, rule int32) *Part {
	views := m.plan(rec).views
	for i := range views {
		v := &views[i]
		if !v.whole.program.Has(rule) || !m.engine.Rules()[rule].HasCondition() {
			continue
		}
		return m.part(rec, v, v.whole.program.Explain(rule, &sight{m, rec, &v.whole}), map[string][]string{})
	}
	return nil
}

// maxListed is how many values of a list are shown beside a part.
const maxListed = 16

func (m *Matcher) part(rec reeve.Record, v *view, t *sigma.Trace, known map[string][]string) *Part {
	p := &Part{Says: t.Part, Field: t.Field, Matched: t.Matched, Why: t.Why}
	if t.Field != "" {
		values, ok := known[t.Field]
		if !ok {
			values, _ = m.texts(rec, v, t.Field)
			values = values[:min(len(values), maxListed)]
			for i, x := range values {
				values[i] = cut(x)
			}
			known[t.Field] = values
		}
		p.Values = values
	}
	for _, k := range t.Parts {
		p.Parts = append(p.Parts, m.part(rec, v, k, known))
	}
	return p
}

// Distance is how many questions would have to be answered otherwise for the part to hold.
func (p *Part) Distance() int {
	switch {
	case p.Matched:
		return 0
	case len(p.Parts) == 0 || p.Says == "not":
		return 1
	case p.Says == "one of":
		return p.closest().Distance()
	}
	n := 0
	for _, k := range p.Parts {
		n += k.Distance()
	}
	return n
}

func (p *Part) closest() *Part {
	best, least := p.Parts[0], p.Parts[0].Distance()
	for _, k := range p.Parts[1:] {
		if d := k.Distance(); d < least {
			best, least = k, d
		}
	}
	return best
}

// Failed gives the parts for which the whole does not hold: every one of those that all have to hold, the closest of
// alternatives. Alternatives that ask about one field are one part.
func (p *Part) Failed() []*Part {
	switch {
	case p.Matched:
		return nil
	case len(p.Parts) == 0 || p.Says == "not" || p.Says == "one of" && p.oneField():
		return []*Part{p}
	case p.Says == "one of":
		return p.closest().Failed()
	}
	var out []*Part
	for _, k := range p.Parts {
		out = append(out, k.Failed()...)
	}
	return out
}

// oneField tells whether all parts are questions about one field.
func (p *Part) oneField() bool {
	for _, k := range p.Parts {
		if len(k.Parts) > 0 || k.Field != p.Parts[0].Field {
			return false
		}
	}
	return len(p.Parts) > 0
}

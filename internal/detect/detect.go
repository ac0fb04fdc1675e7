// Package detect runs compiled Sigma rules over records.
//
// Invariants: a record is shown to the programs of all its sources, once each; matching allocates nothing per record once a
// class of records is known; what matched is owned. The package knows no provider: the caller says which sources a record has
// and where a rule's field stands in it.
package detect

import (
	"bytes"
	"slices"

	"reeve"
	"reeve/sigma"
)

// Meaning tells what records are to rules.
type Meaning struct {
	Sources func(rec reeve.Record) []string
	Field   func(rec reeve.Record, source, name string) (reeve.Handle, func(dst, text []byte) []byte)
}

// Matcher is one worker's state.
type Matcher struct {
	engine   *sigma.Engine
	meaning  Meaning
	plans    map[planKey]*plan
	programs map[*sigma.Program]*program
	last     planKey
	lastPlan *plan
	matched  []int32
	buf      []byte
}

type planKey struct {
	class    reeve.Class
	provider string
	channel  string
	id       uint32
}

// maxPlans bounds what a matcher remembers; hostile evidence can make classes without end.
const maxPlans = 1 << 14

type plan struct{ views []view }

// view is how a program sees records of a class.
type view struct {
	program *program
	slots   []slot
	rest    []reeve.Handle // fields that keywords alone look at
}

type slot struct {
	at      reeve.Handle
	number  int
	convert func(dst, text []byte) []byte
}

type program struct {
	*sigma.Program
	matcher *sigma.Matcher
	event   *sigma.Event
}

// NewMatcher gives a worker its state.
func NewMatcher(e *sigma.Engine, m Meaning) *Matcher {
	return &Matcher{engine: e, meaning: m, plans: map[planKey]*plan{}, programs: map[*sigma.Program]*program{}}
}

func (m *Matcher) plan(rec reeve.Record) *plan {
	h := rec.Head()
	k := planKey{rec.Class(), h.Provider, h.Channel, h.EventID}
	if m.lastPlan != nil && k == m.last {
		return m.lastPlan
	}
	p := m.plans[k]
	if p == nil {
		if len(m.plans) >= maxPlans {
			clear(m.plans)
		}
		p = m.prepare(rec)
		m.plans[k] = p
	}
	m.last, m.lastPlan = k, p
	return p
}

func (m *Matcher) prepare(rec reeve.Record) *plan {
	p := &plan{}
	for _, source := range m.meaning.Sources(rec) {
		prog := m.engine.Program(source)
		if prog == nil {
			continue
		}
		own := m.programs[prog]
		if own == nil {
			own = &program{prog, prog.NewMatcher(), prog.NewEvent()}
			m.programs[prog] = own
		}
		v := view{program: own}
		taken := map[reeve.Handle]bool{}
		for i, name := range prog.Fields() {
			if at, convert := m.meaning.Field(rec, source, name); at != reeve.NoHandle {
				v.slots = append(v.slots, slot{at, i, convert})
				taken[at] = taken[at] || convert == nil
			}
		}
		if prog.Keywords() {
			for _, f := range rec.Fields() {
				if !taken[f.Handle] {
					v.rest = append(v.rest, f.Handle)
				}
			}
		}
		p.views = append(p.views, v)
	}
	return p
}

// Match gives the numbers of the engine's rules that match, sorted, each once; the slice is reused by the next call.
func (m *Matcher) Match(rec reeve.Record) []int32 {
	m.matched = m.matched[:0]
	p := m.plan(rec)
	for i := range p.views {
		v := &p.views[i]
		m.fill(rec, v)
		m.matched = append(m.matched, v.program.matcher.Match(v.program.event)...)
	}
	if len(m.matched) > 1 {
		slices.Sort(m.matched)
		m.matched = slices.Compact(m.matched)
	}
	return m.matched
}

// maxValue bounds the text of one value that rules look at.
const maxValue = 1 << 20

func (m *Matcher) fill(rec reeve.Record, v *view) {
	e := v.program.event
	e.Reset()
	m.buf = m.buf[:0]
	for _, s := range v.slots {
		val := rec.Value(s.at)
		switch val.Kind {
		case reeve.Absent:
			continue
		case reeve.Null:
			e.SetNull(s.number)
			continue
		}
		text := m.text(val)
		if s.convert != nil {
			from := len(m.buf)
			m.buf = s.convert(m.buf, text)
			text = m.buf[from:]
		}
		if val.Kind == reeve.List {
			for part := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte{0}), []byte{0}) {
				e.Set(s.number, part)
			}
			continue
		}
		e.Set(s.number, text)
	}
	for _, h := range v.rest {
		if val := rec.Value(h); val.Kind == reeve.Text || val.Kind == reeve.List {
			e.AddKeyword(m.text(val))
		}
	}
}

// text decodes a value behind the others in the buffer. Growing moves the buffer; what was cut from the old one stays valid.
func (m *Matcher) text(v reeve.Value) []byte {
	from := len(m.buf)
	if len(v.Bytes) > maxValue {
		v.Bytes = v.Bytes[:maxValue]
	}
	m.buf = v.AppendText(m.buf)
	return m.buf[from:]
}

// Looked gives the fields that a rule looked at in a record, with their texts, in the rule's spelling.
func (m *Matcher) Looked(rec reeve.Record, rule int32) []reeve.NamedValue {
	const mostFields, mostText = 12, 512
	var out []reeve.NamedValue
	for _, source := range m.meaning.Sources(rec) {
		prog := m.engine.Program(source)
		if prog == nil || prog.Explain(rule, prog.NewEvent()) == nil {
			continue
		}
		for _, name := range m.engine.Rules()[rule].Fields() {
			at, convert := m.meaning.Field(rec, source, name)
			if name == "" || at == reeve.NoHandle || len(out) == mostFields {
				continue
			}
			text := rec.Value(at).AppendText(nil)
			if convert != nil {
				text = convert(nil, text)
			}
			if len(text) > mostText {
				text = append(bytes.ToValidUTF8(text[:mostText], nil), "…"...)
			}
			out = append(out, reeve.NamedValue{Name: name, Value: string(text)})
		}
		return out
	}
	return out
}

// Silence tells why a rule that sees records of this kind did not match this one.
func (m *Matcher) Silence(rec reeve.Record, rule int32) (reason, says string) {
	for _, v := range m.plan(rec).views {
		m.fill(rec, &v)
		t := v.program.Explain(rule, v.program.event)
		if t == nil {
			continue
		}
		if t.Matched {
			return "", ""
		}
		if part := absent(t); part != "" {
			return "field absent", "the record has no " + part
		}
		return "does not match", "its condition does not hold for this record"
	}
	return "no telemetry", "it looks at another kind of record"
}

// absent finds a part of a rule that failed for want of a field.
func absent(t *sigma.Trace) string {
	if len(t.Parts) == 0 && !t.Matched && t.Why == "field absent" {
		return t.Part
	}
	for _, p := range t.Parts {
		if s := absent(p); s != "" && !t.Matched {
			return s
		}
	}
	return ""
}

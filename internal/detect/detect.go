// Package detect runs compiled Sigma rules over records.
//
// Invariants: a record is shown to the programs of all its sources, once each; matching allocates nothing per record once a
// class of records is known; what matched is owned. The package knows no provider: the caller says which sources a record has
// and where a rule's field stands in it.
package detect

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"reeve"
	"reeve/sigma"
)

// Meaning tells what records are to rules.
type Meaning struct {
	// Sources lists the record sources that a record belongs to.
	Sources func(rec reeve.Record) []string
	// Field finds where a rule's field stands in records of rec's class, in several places where a record states it more than
	// once. convert makes of the texts of all places what rules expect; nil leaves them as they are. It is given and appends texts
	// that are each ended by a NUL character: places that the record leaves empty are empty texts, and no text says that the
	// record does not state the field.
	Field func(rec reeve.Record, source, name string) (at []reeve.Handle, convert func(dst, text []byte) []byte)
	// Kind tells records without an event id apart, whose sources depend on their values; nil when there are none.
	Kind func(rec reeve.Record) reeve.Kind
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
	seen     sight
	buf      []byte
	costs    *sigma.Profile // nil unless they are noted, as is the survey
	survey   *Survey
	fields   map[int32][]string // that a rule looks at
}

// sight is a record as a program sees it: what rules take for an event.
type sight struct {
	matcher *Matcher
	rec     reeve.Record
	view    *view
}

type planKey struct {
	class    reeve.Class
	provider string
	channel  string
	id       uint32
	kind     reeve.Kind // of a record without an event id
}

// maxPlans bounds what a matcher remembers; hostile evidence can make classes without end.
const maxPlans = 1 << 14

type plan struct{ views []view }

// view is how a program sees records of a class.
type view struct {
	source  string
	program *program
	slots   []slot
	rest    []reeve.Handle // values that keywords alone look at
}

type slot struct {
	at      []reeve.Handle
	number  int
	convert func(dst, text []byte) []byte
}

type program struct {
	*sigma.Program
	matcher *sigma.Matcher
}

// NewMatcher gives a worker its state.
func NewMatcher(e *sigma.Engine, m Meaning) *Matcher {
	return &Matcher{engine: e, meaning: m, plans: map[planKey]*plan{}, programs: map[*sigma.Program]*program{}, fields: map[int32][]string{}}
}

func (m *Matcher) plan(rec reeve.Record) *plan {
	h := rec.Head()
	k := planKey{class: rec.Class(), provider: h.Provider, channel: h.Channel, id: h.EventID}
	if k.id == 0 && m.meaning.Kind != nil {
		k.kind = m.meaning.Kind(rec)
	}
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

// envelope is what keywords look at besides a record's data.
var envelope = [...]string{"Provider_Name", "EventID", "Channel", "Computer"}

func (m *Matcher) prepare(rec reeve.Record) *plan {
	p := &plan{}
	for _, source := range m.meaning.Sources(rec) {
		prog := m.engine.Program(source)
		if prog == nil {
			continue
		}
		own := m.programs[prog]
		if own == nil {
			own = &program{prog, prog.NewMatcher()}
			own.matcher.Watch(m.costs)
			m.programs[prog] = own
		}
		v := view{source: source, program: own}
		taken := map[reeve.Handle]bool{reeve.NoHandle: true}
		for i, name := range prog.Fields() {
			at, convert := m.meaning.Field(rec, source, name)
			if len(at) > 0 {
				v.slots = append(v.slots, slot{at, i, convert})
			}
			for _, h := range at {
				taken[h] = taken[h] || convert == nil
			}
		}
		if prog.Keywords() {
			for _, name := range envelope {
				if h := rec.Resolve(name); !taken[h] {
					v.rest, taken[h] = append(v.rest, h), true
				}
			}
			for _, f := range rec.Fields() {
				if !taken[f.Handle] {
					v.rest = append(v.rest, f.Handle)
				}
			}
		}
		m.survey.note(rec.Head(), &v)
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
		m.seen = sight{m, rec, v}
		m.matched = append(m.matched, v.program.matcher.Match(&m.seen)...)
	}
	if len(m.matched) > 1 {
		slices.Sort(m.matched)
		m.matched = slices.Compact(m.matched)
	}
	return m.matched
}

// maxValue bounds the text of one value that rules look at.
const maxValue = 1 << 20

// Fill gives the program what its rules look at.
func (x *sight) Fill(to *sigma.Slots) {
	m, rec, v := x.matcher, x.rec, x.view
	m.buf = m.buf[:0]
	for i := range v.slots {
		m.set(to, rec, &v.slots[i])
	}
	for _, h := range v.rest {
		switch val := rec.Value(h); val.Kind {
		case reeve.Text:
			if val.Enc == reeve.UTF16LE {
				to.AddKeywordUTF16(bounded(val.Bytes))
			} else {
				to.AddKeyword(bounded(val.Bytes))
			}
		case reeve.List:
			for part := range parts(m.text(val)) {
				to.AddKeyword(part)
			}
		}
	}
}

// set fills one slot.
func (m *Matcher) set(to *sigma.Slots, rec reeve.Record, s *slot) {
	if s.convert != nil {
		list, kind := m.gather(rec, s.at)
		switch kind {
		case reeve.Null:
			to.SetNull(s.number)
		case reeve.List:
			from := len(m.buf)
			m.buf = s.convert(m.buf, list)
			for part := range parts(m.buf[from:]) {
				to.Set(s.number, part)
			}
		}
		return
	}
	for _, at := range s.at {
		switch val := rec.Value(at); val.Kind {
		case reeve.Null:
			to.SetNull(s.number)
		case reeve.Text:
			if val.Enc == reeve.UTF16LE { // decoded only as far as rules have to see it
				to.SetUTF16(s.number, bounded(val.Bytes))
			} else {
				to.Set(s.number, bounded(val.Bytes))
			}
		case reeve.List:
			for part := range parts(m.text(val)) {
				to.Set(s.number, part)
			}
		}
	}
}

// gather makes one list of all places' texts; kind is Null or Absent when none of them has a text.
func (m *Matcher) gather(rec reeve.Record, at []reeve.Handle) (list []byte, kind reeve.ValueKind) {
	from := len(m.buf)
	for _, h := range at {
		val := rec.Value(h)
		switch {
		case val.Kind > reeve.Null:
			kind = reeve.List
		case val.Kind == reeve.Null && kind == reeve.Absent:
			kind = reeve.Null
		}
		if text := m.text(val); val.Kind != reeve.List || len(text) > 0 && text[len(text)-1] != 0 {
			m.buf = append(m.buf, 0)
		}
	}
	return m.buf[from:], kind
}

// parts are the texts of a list, each of which is ended by a NUL character.
func parts(list []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(list) > 0 {
			part, rest, _ := bytes.Cut(list, []byte{0})
			if !yield(part) {
				return
			}
			list = rest
		}
	}
}

// text decodes a value behind the others in the buffer. Growing moves the buffer; what was cut from the old one stays valid.
func (m *Matcher) text(v reeve.Value) []byte {
	from := len(m.buf)
	v.Bytes = bounded(v.Bytes)
	if v.Enc == reeve.UTF16LE {
		m.buf, v.Bytes = appendASCII(m.buf, v.Bytes)
	}
	m.buf = v.AppendText(m.buf)
	return m.buf[from:]
}

func bounded(b []byte) []byte { return b[:min(len(b), maxValue)] }

// appendASCII decodes UTF-16 as far as it is ASCII, four characters at a time, and gives the rest.
func appendASCII(dst, b []byte) (out, rest []byte) {
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		if x&0xff80ff80ff80ff80 != 0 {
			break
		}
		x |= x >> 8
		dst = append(dst, byte(x), byte(x>>16), byte(x>>32), byte(x>>48))
	}
	return dst, b
}

// Looked gives the fields that a rule looked at in a record, with their texts, in the rule's spelling; what the record does not
// state is left out.
func (m *Matcher) Looked(rec reeve.Record, rule int32) []reeve.NamedValue {
	const mostFields, mostText = 12, 512
	var out []reeve.NamedValue
	views := m.plan(rec).views
	for i := range views {
		v := &views[i]
		if !v.program.Has(rule) {
			continue
		}
		for _, name := range m.fieldsOf(rule) {
			texts, stated := m.texts(rec, v, name)
			if name == "" || !stated || len(out) == mostFields {
				continue
			}
			text := strings.Join(texts, "\n")
			if len(text) > mostText {
				text = strings.ToValidUTF8(text[:mostText], "") + "…"
			}
			out = append(out, reeve.NamedValue{Name: name, Value: text})
		}
		return out
	}
	return out
}

// fieldsOf remembers what a rule looks at.
func (m *Matcher) fieldsOf(rule int32) []string {
	f, ok := m.fields[rule]
	if !ok {
		f = m.engine.Rules()[rule].Fields()
		m.fields[rule] = f
	}
	return f
}

// texts gives a field's texts as rules see them.
func (m *Matcher) texts(rec reeve.Record, v *view, name string) (out []string, stated bool) {
	number := slices.Index(v.program.Fields(), name)
	at := slices.IndexFunc(v.slots, func(s slot) bool { return s.number == number })
	if number < 0 || at < 0 {
		return nil, false
	}
	s := &v.slots[at]
	m.buf = m.buf[:0]
	if s.convert != nil {
		list, kind := m.gather(rec, s.at)
		if kind == reeve.List {
			for part := range parts(s.convert(nil, list)) {
				out = append(out, string(part))
			}
		}
		return out, out != nil || kind == reeve.Null
	}
	for _, h := range s.at {
		switch val := rec.Value(h); val.Kind {
		case reeve.Absent:
		case reeve.List:
			for part := range parts(val.AppendText(nil)) {
				out = append(out, string(part))
			}
			stated = true
		default:
			out, stated = append(out, val.String()), true
		}
	}
	return out, stated
}

// Silence tells why a rule that sees records of this kind did not match this one; "" when it did.
func (m *Matcher) Silence(rec reeve.Record, rule int32) (reason, says string) {
	views := m.plan(rec).views
	for i := range views {
		v := &views[i]
		if !v.program.Has(rule) {
			continue
		}
		t := v.program.Explain(rule, &sight{m, rec, v})
		if t.Matched {
			return "", ""
		}
		if field := lacking(t); field != "" {
			return "field absent", "the record does not state " + field
		}
		return "does not match", "its condition does not hold for this record"
	}
	return "no telemetry", "it looks at another kind of record"
}

// lacking names a field for want of which a part of a rule did not hold: with it, and others that the record does not state, the
// part could have held. Where a value differs as well, it could not, and "" is given.
func lacking(t *sigma.Trace) string {
	switch {
	case t.Matched:
		return ""
	case len(t.Parts) == 0:
		if t.Why == "field absent" {
			return t.Field
		}
		return ""
	case t.Part == "not":
		return ""
	}
	first := ""
	for _, p := range t.Parts {
		if p.Matched {
			continue
		}
		field := lacking(p)
		if field == "" && t.Part != "one of" { // it would not hold with the field either
			return ""
		}
		if first == "" {
			first = field
		}
	}
	return first
}

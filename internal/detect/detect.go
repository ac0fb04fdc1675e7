// Package detect runs compiled Sigma rules over records.
//
// Invariants: a record is shown to the programs of all its sources, once each; matching allocates nothing per record once a
// class of records is known; what matched is owned. The package knows no provider: the caller says which sources a record has
// and where a rule's field stands in it.
package detect

import (
	"bytes"
	"slices"
	"strconv"
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
	matchers map[*sigma.Program]*sigma.Matcher
	recent   [16]recent // by event id
	matched  []int32
	seen     sight
	buf      []byte
	costs    *sigma.Profile // nil unless they are noted, as is the survey
	survey   *Survey
	fields   map[int32][]string // that a rule looks at
	kept     map[string]string  // texts that correlations need
}

// sight is a record as a program sees it: what rules take for an event.
type sight struct {
	matcher *Matcher
	rec     reeve.Record
	look    *look
}

type planKey struct {
	class    reeve.Class
	provider string
	channel  string
	id       uint32
	kind     reeve.Kind // of a record without an event id
}

// maxPlans bounds what a matcher remembers; hostile evidence can make classes without end.
const maxPlans = 1 << 12

type plan struct{ views []view }

// recent is a plan that was wanted before.
type recent struct {
	key  planKey
	plan *plan
}

// view is how the program of a source sees records of a class.
type view struct {
	source string
	whole  look
	shown  int
	narrow *narrowed // nil until there were some records
	wanted map[int32][]wanted
}

// narrowAfter is how many records of a class make it worth a program of its own.
const narrowAfter = 64

// narrowed is a view with what is the same for all records of a class left out.
type narrowed struct {
	look
	matcher *sigma.Matcher // nil when no rule can hold
	id      known
}

// known is a value that records are thought to have in common. What a record says of itself may differ in form all the same.
type known struct {
	at   reeve.Handle // NoHandle when nothing is known
	text string
}

func (k *known) holds(rec reeve.Record) bool {
	if k.at == reeve.NoHandle {
		return true
	}
	v := rec.Value(k.at)
	return v.Kind == reeve.Text && v.Enc == reeve.UTF8 && string(v.Bytes) == k.text
}

// look is where the fields of a program stand.
type look struct {
	program *sigma.Program
	slots   []slot
	rest    []reeve.Handle // values that keywords alone look at
}

type slot struct {
	at      []reeve.Handle
	number  int
	convert func(dst, text []byte) []byte
	hidden  bool // keywords do not look at it
}

// NewMatcher gives a worker its state.
func NewMatcher(e *sigma.Engine, m Meaning) *Matcher {
	return &Matcher{engine: e, meaning: m, plans: map[planKey]*plan{}, matchers: map[*sigma.Program]*sigma.Matcher{}, fields: map[int32][]string{}}
}

func (m *Matcher) plan(rec reeve.Record) *plan {
	h := rec.Head()
	k := planKey{class: rec.Class(), provider: h.Provider, channel: h.Channel, id: h.EventID}
	if k.id == 0 && m.meaning.Kind != nil {
		k.kind = m.meaning.Kind(rec)
	}
	last := &m.recent[k.id%uint32(len(m.recent))]
	if last.plan != nil && last.key == k {
		return last.plan
	}
	p := m.plans[k]
	if p == nil {
		if len(m.plans) >= maxPlans {
			clear(m.plans)
		}
		p = m.prepare(rec)
		m.plans[k] = p
	}
	*last = recent{k, p}
	return p
}

// envelope is what keywords look at besides a record's data.
var envelope = [...]string{"Provider_Name", "EventID", "Channel", "Computer"}

func (m *Matcher) prepare(rec reeve.Record) *plan {
	p := &plan{}
	for _, source := range m.meaning.Sources(rec) {
		program := m.engine.Program(source)
		if program == nil {
			continue
		}
		v := view{source: source, whole: look{program: program}}
		for i, name := range program.Fields() {
			if at, convert := m.meaning.Field(rec, source, name); len(at) > 0 {
				v.whole.slots = append(v.whole.slots, slot{at: at, number: i, convert: convert})
			}
		}
		v.whole.keywords(rec)
		m.survey.note(&v, rec)
		p.views = append(p.views, v)
	}
	return p
}

// sees gives the program to match a record with, and how it looks at it; no matcher when no rule can hold.
func (m *Matcher) sees(v *view, rec reeve.Record) (*look, *sigma.Matcher) {
	if v.narrow == nil {
		if v.shown++; v.shown > narrowAfter {
			m.narrow(v, rec)
		}
	}
	if v.narrow != nil && v.narrow.id.holds(rec) {
		return &v.narrow.look, v.narrow.matcher
	}
	return &v.whole, m.matcher(v.whole.program)
}

// narrow makes a program for the records that a view is of: their event id is known, and which fields they do not have.
func (m *Matcher) narrow(v *view, rec reeve.Record) {
	v.narrow = &narrowed{id: known{at: reeve.NoHandle}}
	layout := sigma.Layout{States: v.states}
	if s := v.whole.slot("EventID"); s != nil && s.convert == nil && len(s.at) == 1 {
		id := known{s.at[0], strconv.FormatUint(uint64(rec.Head().EventID), 10)}
		if id.holds(rec) {
			v.narrow.id = id
			layout.Known = func(field string) (string, bool) { return id.text, field == "EventID" }
		}
	}
	if n := v.whole.program.Narrow(layout); n != nil {
		v.narrow.matcher, v.narrow.look = m.matcher(n), v.whole.of(n, rec)
	}
}

// states tells whether records of the view's class have a field.
func (v *view) states(field string) bool { return v.whole.slot(field) != nil }

// matcher gives this worker's matcher of a program.
func (m *Matcher) matcher(p *sigma.Program) *sigma.Matcher {
	own := m.matchers[p]
	if own == nil {
		own = p.NewMatcher()
		own.Watch(m.costs)
		m.matchers[p] = own
	}
	return own
}

// slot finds a field's; nil when records of the class do not have it.
func (l *look) slot(field string) *slot {
	number := slices.Index(l.program.Fields(), field)
	for i := range l.slots {
		if l.slots[i].number == number {
			return &l.slots[i]
		}
	}
	return nil
}

// keywords lists what keywords look at: all data as the record states them, and some of the envelope. What slots have of it is seen
// there; what else they have, in another form or of the envelope, is hidden from keywords, which so do not depend on the fields that
// other rules ask for.
func (l *look) keywords(rec reeve.Record) {
	if !l.program.Keywords() {
		return
	}
	var seen []reeve.Handle
	for _, name := range envelope {
		if h := rec.Resolve(name); h != reeve.NoHandle && !slices.Contains(seen, h) {
			seen = append(seen, h)
		}
	}
	for _, f := range rec.Fields() {
		if !slices.Contains(seen, f.Handle) {
			seen = append(seen, f.Handle)
		}
	}
	taken := map[reeve.Handle]bool{}
	for i := range l.slots {
		s := &l.slots[i]
		s.hidden = s.convert != nil || slices.ContainsFunc(s.at, func(h reeve.Handle) bool { return !slices.Contains(seen, h) })
		for _, h := range s.at {
			taken[h] = taken[h] || !s.hidden
		}
	}
	l.rest = slices.DeleteFunc(seen, func(h reeve.Handle) bool { return taken[h] })
}

// of is the look of a program whose fields are among those of l.
func (l *look) of(p *sigma.Program, rec reeve.Record) look {
	if p == l.program {
		return *l
	}
	out := look{program: p}
	for i, name := range p.Fields() {
		if s := l.slot(name); s != nil {
			out.slots = append(out.slots, slot{at: s.at, number: i, convert: s.convert})
		}
	}
	out.keywords(rec)
	return out
}

// Match gives the numbers of the engine's rules that match, sorted, each once; the slice is reused by the next call.
func (m *Matcher) Match(rec reeve.Record) []int32 {
	m.matched = m.matched[:0]
	p := m.plan(rec)
	for i := range p.views {
		v := &p.views[i]
		l, own := m.sees(v, rec)
		if own == nil {
			m.costs.Show(v.whole.program)
			continue
		}
		m.seen = sight{m, rec, l}
		m.matched = append(m.matched, own.Match(&m.seen)...)
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
	m, rec, v := x.matcher, x.rec, x.look
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
	if s.hidden {
		to.Hide(s.number)
	}
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
	m.buf = v.AppendText(m.buf)
	return m.buf[from:]
}

func bounded(b []byte) []byte { return b[:min(len(b), maxValue)] }

// Looked gives the fields that a rule looked at in a record, with their texts, in the rule's spelling; what the record does not
// state is left out.
func (m *Matcher) Looked(rec reeve.Record, rule int32) []reeve.NamedValue {
	const mostFields = 12
	var out []reeve.NamedValue
	views := m.plan(rec).views
	for i := range views {
		v := &views[i]
		if !v.whole.program.Has(rule) {
			continue
		}
		for _, name := range m.fieldsOf(rule) {
			texts, stated := m.texts(rec, v, name)
			if name == "" || !stated || len(out) == mostFields {
				continue
			}
			out = append(out, reeve.NamedValue{Name: name, Value: cut(strings.Join(texts, "\n"))})
		}
		return out
	}
	return out
}

// maxLooked bounds the text of a value that is shown, in bytes.
const maxLooked = 512

func cut(text string) string {
	if len(text) > maxLooked {
		text = strings.ToValidUTF8(text[:maxLooked], "") + "…"
	}
	return text
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
	s := v.whole.slot(name)
	if s == nil {
		return nil, false
	}
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
		if !v.whole.program.Has(rule) {
			continue
		}
		t := v.whole.program.Explain(rule, &sight{m, rec, &v.whole})
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

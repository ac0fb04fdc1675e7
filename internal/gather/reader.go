package gather

import (
	"slices"
	"strings"

	"reeve"
	"reeve/internal/winlog"
)

// reader is one worker: it keeps the events that somebody asked for.
type reader struct {
	*Library
	query   *Query
	decoder *winlog.Decoder
	visit   Visit
	light   winlog.Light
	name    string // of the last record's host, and what is asked about it
	host    *host
	known   bool
	to      []*ask

	texts  map[string]string
	events map[eventKey]*found
	bins   map[binKey]*bin
}

func newReader(q *Query) *reader {
	return &reader{Library: q.library, query: q, decoder: winlog.NewDecoder(), texts: map[string]string{}, events: map[eventKey]*found{}, bins: map[binKey]*bin{}}
}

// bin holds what was found on one topic within one hour.
type bin struct {
	list []*found
	full bool
}

type binKey struct {
	ask  int
	hour reeve.Time
}

// Lost does nothing: losses were told by the first reading.
func (r *reader) Lost(reeve.ReadError) {}

// Record keeps a record that concerns a topic. Text is decoded only where a process, a kind or the time says that it may.
func (r *reader) Record(rec reeve.Record) {
	head := rec.Head()
	if !r.known || head.Computer != r.name {
		r.name, r.host, r.known = head.Computer, r.query.hosts[r.canon(head.Computer)], true
	}
	h := r.host
	if h == nil || head.Time != 0 && !h.written.covers(head.Time) {
		return
	}
	plan := r.decoder.Meaning(rec)
	if plan == nil {
		return
	}
	r.decoder.Light(rec, plan, &r.light)
	r.to = r.to[:0]
	r.byProcess(rec, plan.Kind)
	if a := h.kinds[plan.Kind]; a != nil && a.spans.covers(r.light.Time) {
		r.to = append(r.to, a)
	}
	named := namesThings(plan.Kind) && h.texts.covers(r.light.Time)
	if len(r.to) == 0 && !named {
		return
	}
	e := r.decoder.Decode(rec, plan)
	e.Host = r.canon(e.Host)
	if named {
		r.byText(&e)
	}
	if len(r.to) == 0 {
		return
	}
	r.keep(&e)
	if r.visit != nil {
		r.visit(rec)
	}
}

// byProcess finds who asked for the process that a record names.
func (r *reader) byProcess(rec reeve.Record, kind reeve.Kind) {
	id := r.actor(r.canon(r.light.Host), r.light.Process, r.light.Time, rec.Ref())
	if id == 0 {
		return
	}
	t := r.light.Time
	if a := r.host.deeds[id]; a != nil && (t == 0 || a.spans.covers(t)) {
		r.to = append(r.to, a)
	}
	if a := r.host.starts[id]; a != nil && kind == reeve.ProcessStart && (t == 0 || a.spans.covers(t)) {
		r.to = append(r.to, a)
	}
}

// namesThings tells the kinds whose records concern a case by a file, session or target that only their text names.
func namesThings(kind reeve.Kind) bool {
	switch kind {
	case reeve.FileCreate, reeve.FileStream, reeve.FileExecutable, reeve.FileTime, reeve.FileDelete, reeve.FileAccess, reeve.ImageLoad, reeve.ShareAccess,
		reeve.ProcessStart, reeve.ScriptBlock, reeve.RegistrySet, reeve.Logon, reeve.AdminLogon, reeve.ExplicitLogon, reeve.ProcessAccess, reeve.RemoteThread, reeve.Signature:
		return true
	}
	return false
}

// byText finds who asked for a file or session that an event names.
func (r *reader) byText(e *reeve.Event) {
	take := func(a *ask) {
		if a != nil && a.spans.covers(e.Time) && !slices.Contains(r.to, a) {
			r.to = append(r.to, a)
		}
	}
	switch e.Kind {
	case reeve.Logon, reeve.AdminLogon, reeve.ExplicitLogon:
		for _, a := range [...]reeve.Attr{reeve.AttrTargetLogonID, reeve.AttrLinkedLogonID, reeve.AttrLogonID} {
			take(r.host.sessions[strings.ToLower(e.Get(a))])
		}
	case reeve.ProcessStart:
		r.namedIn(e.Get(reeve.AttrCommandLine), take)
	case reeve.ScriptBlock:
		r.namedIn(e.Get(reeve.AttrContent), take)
	case reeve.RegistrySet:
		r.namedIn(e.Get(reeve.AttrDetails), take)
	default:
		for _, a := range [...]reeve.Attr{reeve.AttrPath, reeve.AttrLoadedImage, reeve.AttrTargetImage} {
			if name := FileName(e.Get(a)); name != "" {
				take(r.host.files[name])
			}
		}
	}
}

// namedIn finds wanted file names in a text by looking at its words, so that the cost does not grow with what is wanted.
func (r *reader) namedIn(text string, take func(*ask)) {
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(c rune) bool { return strings.ContainsRune(" \t\r\n\"'\\/=,;()|<>&", c) }) {
		take(r.host.files[w])
	}
}

// keep notes an event for those who asked for it. Copies of a record become one.
func (r *reader) keep(e *reeve.Event) {
	k := keyOf(e)
	f := r.events[k]
	if f == nil {
		f = &found{Event: *e, key: k}
		for i := range f.Attrs { // records of one process say the same words again and again
			f.Attrs[i].Value = r.once(f.Attrs[i].Value)
		}
		r.events[k] = f
	} else {
		f.absorb(e, nil)
	}
	for _, a := range r.to {
		if slices.Contains(f.asks, a) {
			continue
		}
		f.asks = append(f.asks, a)
		at := binKey{a.n, hourOf(f)}
		b := r.bins[at]
		if b == nil {
			b = &bin{}
			r.bins[at] = b
		}
		if b.list = append(b.list, f); len(b.list) >= 2*maxHour {
			r.trim(b, a)
		}
	}
}

// once keeps one copy of a text.
func (r *reader) once(s string) string {
	if have, ok := r.texts[s]; ok {
		return have
	}
	r.texts[s] = s
	return s
}

// trim lets go of what lies beyond an hour's bound. What stays is the least of a total order, so that all workers together keep
// what one would have kept.
func (r *reader) trim(b *bin, a *ask) {
	slices.SortFunc(b.list, (*found).order)
	for _, f := range b.list[maxHour:] {
		f.asks = slices.DeleteFunc(f.asks, func(x *ask) bool { return x == a })
		if len(f.asks) == 0 {
			delete(r.events, f.key)
		}
	}
	clear(b.list[maxHour:])
	b.list, b.full = b.list[:maxHour], true
}

// FileName is the base name of a file in lower case, without quotes and without the name of a stream.
func FileName(path string) string {
	name := strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
	name, _, _ = strings.Cut(strings.Trim(name, `" `), ":")
	return name
}

package investigate

import (
	"context"
	"fmt"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
)

// maxRounds is how many readings may follow one another because the last one named something new.
const maxRounds = 3

// gather reads the evidence again for what the cases ask, and once more as long as the answers name something new. What was
// asked is never asked again.
func (s *scanned) gather(ctx context.Context, set *evidence.Set, opt *Options, drafts []*draft) error {
	for round := 1; len(drafts) > 0; round++ {
		ask := s.compile(drafts)
		if round == 1 {
			s.askRules(ask, drafts)
		}
		o := opt.ingest(func(p ingest.Progress) { opt.progress(fmt.Sprintf("gather %d", round), p) })
		o.Only = func(file string) bool { return s.concerns(file, ask) }
		var readers []*reader
		_, err := ingest.Scan(ctx, set, o, func(int) ingest.Sink {
			r := newReader(s, ask, opt.Rules)
			readers = append(readers, r)
			return r
		})
		if err != nil {
			return err
		}
		s.collect(readers, ask, drafts)
		var again []*draft
		for _, d := range drafts {
			if d.grow(s.view(d, opt)) {
				again = append(again, d)
			}
		}
		if round == maxRounds {
			for _, d := range again {
				d.bounded("the search stopped after %d readings; what they named last was not asked for", maxRounds)
			}
			break
		}
		drafts = again
	}
	return nil
}

// asked is the compiled form of what all cases want: from what a record names to who wants it. What a record costs does not
// depend on the number of cases.
type asked struct {
	hosts map[string]*askedHost
	list  []*ask
	cited map[reeve.Ref]*inquiry // records that rules are asked about
}

// ask is one topic in one reading.
type ask struct {
	n     int // in the list
	spans spans
	shelf *shelf
}

type askedHost struct {
	written         spans // when what is asked for may have been written
	texts           spans // when any file or session is asked for
	deeds, starts   map[reeve.ProcID]*ask
	files, sessions map[string]*ask
	kinds           map[reeve.Kind]*ask
}

// inquiry asks the rules about a record: what those that matched looked at, and why those about the program did not.
type inquiry struct {
	looked []lookup
	silent []lookup
}

// lookup is about a rule, or about those that mention a program.
type lookup struct {
	draft   int
	rule    int32
	program string
}

// late is how far the time at which a record was written may lie from the event's own.
const late = reeve.Hour

// compile brings together what the drafts have not asked before.
func (s *scanned) compile(drafts []*draft) *asked {
	wanted := map[topic][]span{}
	for _, d := range drafts {
		for _, w := range d.wants[d.asked:] {
			wanted[w.topic] = append(wanted[w.topic], w.span)
		}
		d.asked = len(d.wants)
	}
	a := &asked{hosts: map[string]*askedHost{}}
	when, texts := map[string][]span{}, map[string][]span{}
	for t, list := range wanted {
		sh := s.shelves[t]
		if sh == nil {
			sh = &shelf{}
			s.shelves[t] = sh
		}
		x := &ask{n: len(a.list), spans: union(list).minus(sh.asked), shelf: sh}
		if len(x.spans) == 0 {
			continue
		}
		sh.asked = union(append(sh.asked, x.spans...))
		a.list = append(a.list, x)
		a.host(t.host).enter(t, x)
		when[t.host] = append(when[t.host], x.spans...)
		if t.about == file || t.about == session {
			texts[t.host] = append(texts[t.host], x.spans...)
		}
	}
	for name, h := range a.hosts {
		h.written, h.texts = union(when[name]).widened(late), union(texts[name])
	}
	return a
}

func (a *asked) host(name string) *askedHost {
	h := a.hosts[name]
	if h == nil {
		h = &askedHost{deeds: map[reeve.ProcID]*ask{}, starts: map[reeve.ProcID]*ask{}, files: map[string]*ask{}, sessions: map[string]*ask{}, kinds: map[reeve.Kind]*ask{}}
		a.hosts[name] = h
	}
	return h
}

func (h *askedHost) enter(t topic, x *ask) {
	switch t.about {
	case deeds:
		h.deeds[t.process] = x
	case start:
		h.starts[t.process] = x
	case file:
		h.files[t.word] = x
	case session:
		h.sessions[t.word] = x
	case happened:
		h.kinds[reeve.Kind(t.word)] = x
	}
}

// askRules lists the records about which a case asks the rules.
func (s *scanned) askRules(a *asked, drafts []*draft) {
	a.cited = map[reeve.Ref]*inquiry{}
	of := func(r reeve.Ref) *inquiry {
		if a.cited[r] == nil {
			a.cited[r] = &inquiry{}
		}
		return a.cited[r]
	}
	for i, d := range drafts {
		for _, h := range d.hits {
			q := of(h.ref)
			q.looked = append(q.looked, lookup{draft: i, rule: h.rule})
		}
		if d.opened.Entry != nil && !d.process.Inferred {
			q := of(d.process.Refs[0])
			q.silent = append(q.silent, lookup{draft: i, program: d.opened.Entry.Name})
		}
	}
}

// concerns tells whether a file holds records of a host and time that is asked for.
func (s *scanned) concerns(file string, ask *asked) bool {
	for host, x := range s.where[file] {
		if h := ask.hosts[host]; h != nil && (x.to == 0 || h.written.meets(span{x.from, x.to + 1})) {
			return true
		}
	}
	return false
}

// collect brings together what the workers found, the same for any number of them, and puts it on the shelves.
func (s *scanned) collect(readers []*reader, ask *asked, drafts []*draft) {
	lists := make([][]*found, len(ask.list))
	for _, r := range readers {
		for k, f := range r.events {
			f.same = s.events[k]
			if f.same == nil {
				f.same, s.events[k] = f, f
			} else {
				f.same.absorb(&f.Event, f.refs)
			}
		}
	}
	for _, r := range readers {
		for k, b := range r.bins {
			ask.list[k.ask].shelf.full = ask.list[k.ask].shelf.full || b.full
			for _, f := range b.list {
				lists[k.ask] = append(lists[k.ask], f.same)
			}
		}
		for _, l := range r.looked {
			drafts[l.draft].looked[l.key] = l.fields
		}
		for _, x := range r.silent {
			drafts[x.draft].silent = x.rules
		}
	}
	for i, list := range lists {
		ask.list[i].shelf.put(list)
	}
	for _, r := range readers {
		for _, f := range r.events {
			f.asks = nil
		}
	}
}

// newReader gives one worker of a second reading.
func newReader(s *scanned, ask *asked, rules *Rules) *reader {
	r := &reader{scanned: s, ask: ask, decoder: winlog.NewDecoder(), texts: texts{}, events: map[eventKey]*found{}, bins: map[binKey]*bin{}}
	if len(ask.cited) > 0 {
		r.rules = rules.worker(r.decoder)
	}
	return r
}

// Package gather fetches the events that cases ask for: what a process did, what names a file, a session's logons, what happened
// on a host around a time. Cases that ask the same share what comes back, so that neither time nor memory grows with cases times
// events, and what was asked once is never asked again.
//
// Invariants: what is found depends on the evidence and the questions alone, not on threads, the order of files or the round in
// which something was asked; copies of a record are one event with several citations; every bound that cut something off is
// told. A query is a plain value, which files answer by being read again. The package does not know what a case is.
package gather

import (
	"context"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
)

// Topic is one thing that can be asked of the evidence.
type Topic struct {
	About   About
	Host    string       // canonical
	Process reeve.ProcID // of Deeds and Start
	Word    string       // of File a base name, of Session a logon id, both in lower case; of Happened a kind
}

// About is what kind of thing a topic is.
type About uint8

// The kinds of topics.
const (
	Deeds    About = iota // events that a process did
	Start                 // the records of its start
	File                  // events that name a file
	Session               // logons of a session
	Happened              // events of a kind, whomever they name
)

// Want is a topic with the time for which it is wanted.
type Want struct {
	Topic
	Span
	Own bool // it is what the asking case is about, not what surrounds it
}

// Library holds what was found, for all who asked.
type Library struct {
	canon   func(string) string
	actor   func(host string, key reeve.ProcKey, at reeve.Time, ref reeve.Ref) reeve.ProcID
	shelves map[Topic]*shelf
	events  map[eventKey]*found
	turn    int // of lists made from the shelves

	own, other []*found // of the last list, whose memory the next one takes
	list       []reeve.Event
}

// New gives an empty library. canon joins the names of hosts, actor tells which process a record is about.
func New(canon func(string) string, actor func(string, reeve.ProcKey, reeve.Time, reeve.Ref) reeve.ProcID) *Library {
	return &Library{canon: canon, actor: actor, shelves: map[Topic]*shelf{}, events: map[eventKey]*found{}}
}

// Query is the compiled form of what is wanted and was not asked before: from what a record names to the topics that it
// concerns. What a record costs does not depend on how many want it.
type Query struct {
	library *Library
	hosts   map[string]*host
	asks    []*ask
}

// ask is one topic in one query.
type ask struct {
	n     int // among the asks
	spans spans
	shelf *shelf
}

// host is what is asked about one host.
type host struct {
	written         spans // when what is asked for may have been written
	texts           spans // when any file or session is asked for
	deeds, starts   map[reeve.ProcID]*ask
	files, sessions map[string]*ask
	kinds           map[reeve.Kind]*ask
}

// late is how far the time at which a record was written may lie from the event's own.
const late = reeve.Hour

// Query brings together what is wanted and notes it as asked.
func (l *Library) Query(wants []Want) *Query {
	wanted := map[Topic][]Span{}
	for _, w := range wants {
		wanted[w.Topic] = append(wanted[w.Topic], w.Span)
	}
	q := &Query{library: l, hosts: map[string]*host{}}
	when, texts := map[string][]Span{}, map[string][]Span{}
	for t, list := range wanted {
		sh := l.shelves[t]
		if sh == nil {
			sh = &shelf{}
			l.shelves[t] = sh
		}
		x := &ask{n: len(q.asks), spans: union(list).minus(sh.asked), shelf: sh}
		if len(x.spans) == 0 {
			continue
		}
		sh.asked = union(append(sh.asked, x.spans...))
		q.asks = append(q.asks, x)
		q.host(t.Host).enter(t, x)
		when[t.Host] = append(when[t.Host], x.spans...)
		if t.About == File || t.About == Session {
			texts[t.Host] = append(texts[t.Host], x.spans...)
		}
	}
	for name, h := range q.hosts {
		h.written, h.texts = union(when[name]).widened(late), union(texts[name])
	}
	return q
}

func (q *Query) host(name string) *host {
	h := q.hosts[name]
	if h == nil {
		h = &host{deeds: map[reeve.ProcID]*ask{}, starts: map[reeve.ProcID]*ask{}, files: map[string]*ask{}, sessions: map[string]*ask{}, kinds: map[reeve.Kind]*ask{}}
		q.hosts[name] = h
	}
	return h
}

func (h *host) enter(t Topic, x *ask) {
	switch t.About {
	case Deeds:
		h.deeds[t.Process] = x
	case Start:
		h.starts[t.Process] = x
	case File:
		h.files[t.Word] = x
	case Session:
		h.sessions[t.Word] = x
	case Happened:
		h.kinds[reeve.Kind(t.Word)] = x
	}
}

// Concerns tells whether records of a host that were written between two times can answer the query; both times 0 are unknown.
func (q *Query) Concerns(name string, first, last reeve.Time) bool {
	h := q.hosts[name]
	return h != nil && (last == 0 || h.written.meets(Span{first, last + 1}))
}

// Visit looks at the records that a worker keeps, one after the other.
type Visit func(reeve.Record)

// Read answers the query from the evidence. visitor, when not nil, makes each worker's visit; also, when not nil, makes sinks that
// look at every record on the way.
func (q *Query) Read(ctx context.Context, set *evidence.Set, opt ingest.Options, visitor func(*winlog.Decoder) Visit, also func(int) ingest.Sink) error {
	var readers []*reader
	_, err := ingest.Scan(ctx, set, opt, func(worker int) ingest.Sink {
		r := newReader(q)
		if visitor != nil {
			r.visit = visitor(r.decoder)
		}
		readers = append(readers, r)
		if also != nil {
			return &pair{r, also(worker)}
		}
		return r
	})
	if err != nil {
		return err
	}
	q.collect(readers)
	return nil
}

// pair hands a worker's records to two sinks.
type pair struct {
	*reader
	other ingest.Sink
}

// Record hands on one record.
func (p *pair) Record(rec reeve.Record) {
	p.other.Record(rec)
	p.reader.Record(rec)
}

// collect brings together what the workers found, the same for any number of them, and puts it on the shelves.
func (q *Query) collect(readers []*reader) {
	l := q.library
	for _, r := range readers {
		for k, f := range r.events {
			if f.same = l.events[k]; f.same == nil {
				f.same, l.events[k] = f, f
			} else {
				f.same.absorb(&f.Event, f.refs)
			}
		}
	}
	lists := make([][]*found, len(q.asks))
	for _, r := range readers {
		for k, b := range r.bins {
			sh := q.asks[k.ask].shelf
			sh.full = sh.full || b.full
			for _, f := range b.list {
				lists[k.ask] = append(lists[k.ask], f.same)
			}
		}
		for _, f := range r.events {
			f.asks = nil
		}
	}
	for i, list := range lists {
		q.asks[i].shelf.put(list)
	}
}

package investigate

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"reeve"
)

// Bounds of what is kept of the second readings.
const (
	maxEvents = 20_000 // events that one case looks at
	maxHour   = 4_000  // events kept of one topic within an hour
	maxNear   = 2_000  // events of one topic that a case looks at beside its own deeds
	maxCopies = 16     // citations kept of one record
)

// found is an event that a reading found, kept once however many cases and topics want it.
type found struct {
	reeve.Event
	refs []reeve.Ref // of all copies, sorted; nil when there is one
	asks []*ask      // of the reading that found it
	same *found      // the one that stands for all workers' copies
	turn int         // the list that last took it in
}

// eventKey tells the copies of one record from other records. Converters cut times to milliseconds.
type eventKey struct {
	host, channel string
	record        uint64
	time          reeve.Time
	ref           reeve.Ref // of a record without an id, which nothing can prove to be a copy
}

const millisecond = reeve.Second / 1000

func keyOf(e *reeve.Event) eventKey {
	k := eventKey{host: e.Host, channel: e.Channel, record: e.Ref.RecordID, time: e.Written / millisecond}
	if !e.Ref.HasID {
		k.ref = e.Ref
	}
	return k
}

// order is a total one that does not tell copies of a record apart.
func (f *found) order(o *found) int {
	if f == o {
		return 0
	}
	a, b := keyOf(&f.Event), keyOf(&o.Event)
	return cmp.Or(cmp.Compare(f.Time/millisecond, o.Time/millisecond), strings.Compare(a.channel, b.channel), cmp.Compare(a.record, b.record), cmp.Compare(a.time, b.time), a.ref.Compare(b.ref))
}

// absorb takes in a copy: the fuller one speaks, the citations of both are kept. The result does not depend on which came first.
func (f *found) absorb(e *reeve.Event, refs []reeve.Ref) {
	if refs == nil {
		refs = []reeve.Ref{e.Ref}
	}
	if f.refs == nil {
		f.refs = []reeve.Ref{f.Ref}
	}
	for _, r := range refs {
		if i, ok := slices.BinarySearchFunc(f.refs, r, reeve.Ref.Compare); !ok && i < maxCopies {
			f.refs = slices.Insert(f.refs, i, r)
			f.refs = f.refs[:min(len(f.refs), maxCopies)]
		}
	}
	if cmp.Or(cmp.Compare(len(f.Attrs), len(e.Attrs)), e.Ref.Compare(f.Ref)) < 0 {
		f.Event = *e
	}
}

// event is the event with the citations of its copies.
func (f *found) event() reeve.Event {
	e := f.Event
	for _, r := range f.refs {
		if r != e.Ref {
			e.Also = append(e.Also, r)
		}
	}
	return e
}

// shelf holds what was found on a topic, by time.
type shelf struct {
	events []*found
	asked  spans
	full   bool // some hour held more than is kept
}

// within is the part of a shelf that lies in a span. Of a process its events without a time are part of any span.
func (s *shelf) within(w *want) []*found {
	from := sort.Search(len(s.events), func(i int) bool { return s.events[i].Time >= w.from })
	to := from + sort.Search(len(s.events)-from, func(i int) bool { return s.events[from+i].Time >= w.to })
	if w.about == deeds || w.about == start {
		if timeless := sort.Search(from, func(i int) bool { return s.events[i].Time > 0 }); timeless > 0 {
			return slices.Concat(s.events[:timeless], s.events[from:to])
		}
	}
	return s.events[from:to]
}

// put adds what a reading found, and gives every hour its bound.
func (s *shelf) put(list []*found) {
	slices.SortFunc(list, (*found).order)
	list = slices.Compact(list)
	for from := 0; from < len(list); {
		to := from + sort.Search(len(list)-from, func(i int) bool { return hourOf(list[from+i]) > hourOf(list[from]) })
		s.full = s.full || to-from > maxHour
		s.events = append(s.events, list[from:min(to, from+maxHour)]...)
		from = to
	}
	slices.SortFunc(s.events, byTime)
	s.events = slices.Compact(s.events)
}

func hourOf(f *found) reeve.Time { return f.Time / reeve.Hour }

func byTime(a, b *found) int { return cmp.Or(cmp.Compare(a.Time, b.Time), a.order(b)) }

// eventsOf puts together what a case asked for, by time. Where it is too much, its own deeds come first, then what lies nearest
// to the subject's start.
func (s *scanned) eventsOf(d *draft) []reeve.Event {
	var own, other []*found
	s.turn++
	take := func(list *[]*found, from []*found) {
		for _, f := range from {
			if f.turn != s.turn {
				f.turn = s.turn
				*list = append(*list, f)
			}
		}
	}
	for _, mine := range []bool{true, false} {
		for i := range d.wants {
			w := &d.wants[i]
			sh := s.shelves[w.topic]
			if sh == nil || w.own != mine {
				continue
			}
			list := sh.within(w)
			switch {
			case mine:
				if sh.full && len(list) >= maxHour {
					d.bounded("of one process only the first %d events of an hour were looked at", maxHour)
				}
				take(&own, list)
			default:
				if len(list) > maxNear {
					d.cut("of the %d records about %s only the %d nearest to its start were looked at", len(list), w.words(s), maxNear)
					list = d.nearest(list, maxNear)
				}
				take(&other, list)
			}
		}
	}
	if len(own) > maxEvents {
		d.bounded("of its own %d events only the first %d were looked at", len(own), maxEvents)
		slices.SortFunc(own, byTime)
		own = own[:maxEvents]
	}
	if most := maxEvents - len(own); len(other) > most {
		d.cut("of %d events around it only the %d nearest to its start were looked at", len(other), most)
		other = d.nearest(other, most)
	}
	list := append(own, other...)
	slices.SortFunc(list, func(a, b *found) int { return cmp.Or(cmp.Compare(a.Time, b.Time), a.Ref.Compare(b.Ref)) })
	out := make([]reeve.Event, len(list))
	for i, f := range list {
		out[i] = f.event()
	}
	return out
}

// nearest picks the events nearest to the subject's start.
func (d *draft) nearest(list []*found, most int) []*found {
	list = slices.Clone(list)
	away := func(f *found) reeve.Time { return max(f.Time-d.at, d.at-f.Time) }
	slices.SortFunc(list, func(a, b *found) int { return cmp.Or(cmp.Compare(away(a), away(b)), a.order(b)) })
	return list[:most]
}

// words names a topic for the reader of a report.
func (w *want) words(s *scanned) string {
	switch w.about {
	case deeds, start:
		if image := baseOf(s.graph.Process(w.process).Image); image != "" {
			return fmt.Sprintf("%s (pid %d)", image, s.graph.Process(w.process).Key.PID)
		}
		return fmt.Sprintf("process %d", s.graph.Process(w.process).Key.PID)
	case session:
		return "session " + w.word
	case happened:
		return "the kind " + strings.ReplaceAll(w.word, "_", " ")
	}
	return "the file name " + w.word
}

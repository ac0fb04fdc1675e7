package gather

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"

	"reeve"
)

// MaxCopies bounds the citations that are kept of one record.
const MaxCopies = 16

// Bounds of what is kept.
const (
	maxEvents = 20_000 // events that one case gets
	maxHour   = 4_000  // events kept of one topic within an hour
	maxNear   = 1_000  // events of one topic that a case gets beside its own deeds
)

// found is an event that a reading found, kept once however many cases and topics want it.
type found struct {
	reeve.Event
	key  eventKey
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
	says          uint64    // what it states: two that contradict each other are two events, or the later writer would have the word
}

// telling are the properties in which copies of one record agree.
var telling = [...]reeve.Attr{reeve.AttrImage, reeve.AttrCommandLine, reeve.AttrPath, reeve.AttrLoadedImage, reeve.AttrSigned, reeve.AttrSigner, reeve.AttrKey, reeve.AttrDetails, reeve.AttrDestIP, reeve.AttrTargetImage}

// statement hashes what an event states. The hash is a cryptographic one, because whoever writes records must not be able to make
// two of them look like copies.
func statement(e *reeve.Event) uint64 {
	h := sha256.New()
	h.Write(e.Process.GUID[:])
	for _, a := range telling {
		h.Write(append([]byte(strings.ToLower(strings.TrimSpace(e.Get(a)))), 0))
	}
	return binary.LittleEndian.Uint64(h.Sum(nil))
}

const millisecond = reeve.Second / 1000

func keyOf(e *reeve.Event) eventKey {
	k := eventKey{host: e.Host, channel: e.Channel, record: e.Ref.RecordID, time: e.Written / millisecond}
	if e.Ref.HasID {
		k.says = statement(e)
	} else {
		k.ref = e.Ref
	}
	return k
}

// order is a total one that does not tell copies of a record apart.
func (f *found) order(o *found) int {
	if f == o {
		return 0
	}
	a, b := &f.key, &o.key
	return cmp.Or(cmp.Compare(f.Time/millisecond, o.Time/millisecond), strings.Compare(a.channel, b.channel), cmp.Compare(a.record, b.record), cmp.Compare(a.time, b.time), cmp.Compare(a.says, b.says), a.ref.Compare(b.ref))
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
		if i, ok := slices.BinarySearchFunc(f.refs, r, reeve.Ref.Compare); !ok && i < MaxCopies {
			f.refs = slices.Insert(f.refs, i, r)
			f.refs = f.refs[:min(len(f.refs), MaxCopies)]
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
func (s *shelf) within(w *Want) []*found {
	from := sort.Search(len(s.events), func(i int) bool { return s.events[i].Time >= w.From })
	to := from + sort.Search(len(s.events)-from, func(i int) bool { return s.events[from+i].Time >= w.To })
	if w.About == Deeds || w.About == Start {
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

// Cut says what bounds left out of a list of events.
type Cut struct {
	Own   []string // of what the case is about, so that no answer may rest on its absence
	Other []string
}

// Events puts together what was found on the topics, each event once, by time. Where it is too much, what the case is about comes
// first, then what lies nearest to a time. Of topics that were not asked there is nothing. name says a topic in words. The list
// holds until the next call.
func (l *Library) Events(wants []Want, near reeve.Time, name func(Topic) string) ([]reeve.Event, Cut) {
	var cut Cut
	own, other := l.own[:0], l.other[:0]
	l.turn++
	take := func(list []*found, from []*found) []*found {
		for _, f := range from {
			if f.turn != l.turn {
				f.turn = l.turn
				list = append(list, f)
			}
		}
		return list
	}
	for i := range wants {
		if w := &wants[i]; w.Own && l.shelves[w.Topic] != nil {
			sh := l.shelves[w.Topic]
			own = take(own, sh.within(w))
			if sh.full {
				cut.Own = append(cut.Own, fmt.Sprintf("of the records about %s only the first %d of an hour were looked at", name(w.Topic), maxHour))
			}
		}
	}
	for i := range wants {
		if w := &wants[i]; !w.Own && l.shelves[w.Topic] != nil {
			list := l.shelves[w.Topic].within(w)
			if len(list) > maxNear {
				cut.Other = append(cut.Other, fmt.Sprintf("of the %d records about %s only the %d nearest to its start were looked at", len(list), name(w.Topic), maxNear))
				list = nearest(list, near, maxNear)
			}
			other = take(other, list)
		}
	}
	if len(own) > maxEvents {
		cut.Own = append(cut.Own, fmt.Sprintf("of its own %d events only the first %d were looked at", len(own), maxEvents))
		slices.SortFunc(own, byTime)
		own = own[:maxEvents]
	}
	if most := maxEvents - len(own); len(other) > most {
		cut.Other = append(cut.Other, fmt.Sprintf("of %d events around it only the %d nearest to its start were looked at", len(other), most))
		slices.SortFunc(other, byTime)
		other = nearest(other, near, most)
	}
	list := append(own, other...)
	slices.SortFunc(list, func(a, b *found) int { return cmp.Or(cmp.Compare(a.Time, b.Time), a.Ref.Compare(b.Ref)) })
	l.list = l.list[:0]
	for _, f := range list {
		l.list = append(l.list, f.event())
	}
	l.own, l.other = list, other
	return l.list, cut
}

// nearest picks the events nearest to a time out of a list by time.
func nearest(list []*found, at reeve.Time, most int) []*found {
	to := sort.Search(len(list), func(i int) bool { return list[i].Time >= at })
	from := to
	for to-from < most && (from > 0 || to < len(list)) {
		if to == len(list) || from > 0 && at-list[from-1].Time <= list[to].Time-at {
			from--
		} else {
			to++
		}
	}
	return list[from:to]
}

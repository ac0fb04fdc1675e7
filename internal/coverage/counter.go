// Package coverage says what each host's evidence can and cannot show: channels and kinds present, holes in record ids, silences,
// cleared logs, missing fields, and whether the absence of an event means anything.
//
// Invariants: nothing that was not logged is called clean; the result depends on the records alone, not on their order or on
// how they were spread over counters; memory is bounded by channels, hours and programs, not by records. The package does not
// know what to switch on to get more; it says what is missing.
package coverage

import (
	"cmp"
	"slices"

	"reeve"
)

// Bounds of what a counter keeps.
const (
	maxRuns   = 16384 // runs of record ids for a channel of a host; beyond it holes of that channel are not told
	maxImages = 64    // different programs for a kind, host and hour
)

// Counter collects what one worker sees.
type Counter struct {
	channels map[channelKey]*channel
	kinds    map[kindKey]*kind
	lacks    map[lackKey]int
	cleared  []reeve.Gap
	last     *channel // records come in stretches of one channel
	lastKey  channelKey
}

type channelKey struct{ host, channel string }

type kindKey struct {
	host string
	kind reeve.Kind
}

type lackKey struct{ host, what string }

// span counts records between two times.
type span struct {
	n           int
	first, last reeve.Time
}

func (s *span) add(at reeve.Time) {
	s.n++
	if at == 0 {
		return
	}
	if s.first == 0 || at < s.first {
		s.first = at
	}
	s.last = max(s.last, at)
}

func (s *span) merge(o span) {
	s.n += o.n
	if s.first == 0 || o.first != 0 && o.first < s.first {
		s.first = o.first
	}
	s.last = max(s.last, o.last)
}

type channel struct {
	span
	runs     []run
	open     int  // index of the run that the last record extended
	overflow bool // more runs than are kept
	hours    map[int32]int32
}

// run is a stretch of record ids without a hole.
type run struct {
	from, to       uint64
	first, last    reeve.Time // times of the records at its ends
	before, behind reeve.Ref  // citations of the records at its ends
}

type kind struct {
	span
	hours map[int32]*hour
}

// hour counts the records of a kind within an hour, and how many different programs they name.
type hour struct {
	n      int32
	images map[uint64]struct{}
}

// NewCounter gives an empty counter for one worker.
func NewCounter() *Counter {
	return &Counter{channels: map[channelKey]*channel{}, kinds: map[kindKey]*kind{}, lacks: map[lackKey]int{}}
}

func hourOf(t reeve.Time) int32 { return int32(t / reeve.Hour) }

// Record counts any record. Strings must be ones that may be kept.
func (c *Counter) Record(host, name string, recordID uint64, hasID bool, at reeve.Time, ref reeve.Ref) {
	k := channelKey{host, name}
	ch := c.last
	if ch == nil || c.lastKey != k {
		if ch = c.channels[k]; ch == nil {
			ch = &channel{hours: map[int32]int32{}}
			c.channels[k] = ch
		}
		c.last, c.lastKey = ch, k
	}
	ch.add(at)
	ch.hours[hourOf(at)]++
	if !hasID {
		return
	}
	if len(ch.runs) > 0 {
		r := &ch.runs[ch.open]
		switch {
		case recordID == r.to+1:
			r.to, r.last, r.behind = recordID, at, ref
			return
		case recordID >= r.from && recordID <= r.to:
			return
		}
	}
	if len(ch.runs) >= maxRuns {
		if ch.runs = joined(ch.runs); len(ch.runs) >= maxRuns/2 {
			ch.overflow = true
			return
		}
	}
	ch.open = len(ch.runs)
	ch.runs = append(ch.runs, run{recordID, recordID, at, at, ref, ref})
}

// joined merges runs that touch or overlap.
func joined(runs []run) []run {
	slices.SortFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), a.before.Compare(b.before))
	})
	out := runs[:0]
	for _, r := range runs {
		if n := len(out); n > 0 && r.from <= out[n-1].to+1 {
			if r.to > out[n-1].to {
				out[n-1].to, out[n-1].last, out[n-1].behind = r.to, r.last, r.behind
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

// Event counts a record with meaning and the program that it is about.
func (c *Counter) Event(host string, what reeve.Kind, image []byte, at reeve.Time) {
	k := c.kinds[kindKey{host, what}]
	if k == nil {
		k = &kind{hours: map[int32]*hour{}}
		c.kinds[kindKey{host, what}] = k
	}
	k.add(at)
	h := k.hours[hourOf(at)]
	if h == nil {
		h = &hour{images: map[uint64]struct{}{}}
		k.hours[hourOf(at)] = h
	}
	h.n++
	if len(image) > 0 && len(h.images) < maxImages {
		h.images[hashFold(image)] = struct{}{}
	}
}

// hashFold hashes text without regard to ASCII case (FNV-1a). A collision makes a source look more talkative than it is for one
// program, which costs an answer its certainty and nothing else.
func hashFold(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, x := range b {
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		h = (h ^ uint64(x)) * 1099511628211
	}
	return h
}

// Cleared notes that a log was cleared, or that logging itself was changed; says is the sentence for the report.
func (c *Counter) Cleared(host, name, says string, at reeve.Time, ref reeve.Ref) {
	c.cleared = append(c.cleared, reeve.Gap{Host: host, Channel: name, Kind: "cleared", From: at, To: at, Says: says, Ref: ref})
}

// Lacks notes a field that a process start of a host does not state, for example "command line".
func (c *Counter) Lacks(host, what string) { c.lacks[lackKey{host, what}]++ }

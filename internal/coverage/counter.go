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
	"strings"

	"reeve"
)

// Bounds of what is kept. What lies beyond is given up as a whole, so that the result does not depend on the order of records.
const (
	maxRuns    = 16_384       // runs of record ids for a channel of a host while counting
	fewRuns    = 256          // runs that are not worth joining
	maxToldOf  = maxRuns / 4  // and in the end, beyond which holes are not told apart
	maxAllRuns = 1 << 20      // runs of all channels while counting, and half as many in the end
	maxHours   = 24 * 366 * 5 // hours with records for a channel or kind of a host
	maxKeys    = 1 << 17      // channels, kinds and missing fields, over all hosts
	maxCleared = 4096         // changes of what is logged
)

// Counter collects what one worker sees.
type Counter struct {
	channels bounded[channelKey, *channel]
	kinds    bounded[kindKey, *kind]
	lacks    bounded[lackKey, *int]
	cleared  []reeve.Gap

	runs      int  // of all channels
	scattered bool // more of them than are kept: holes are not told at all

	last     *channel // records come in stretches of one channel
	lastKey  channelKey
	lastKind *kind // and often of one kind
	kindKey  kindKey
}

type channelKey struct{ host, channel string }

func (k channelKey) compare(o channelKey) int {
	return cmp.Or(strings.Compare(k.host, o.host), strings.Compare(k.channel, o.channel))
}

type kindKey struct {
	host string
	kind reeve.Kind
}

func (k kindKey) compare(o kindKey) int {
	return cmp.Or(strings.Compare(k.host, o.host), strings.Compare(string(k.kind), string(o.kind)))
}

type lackKey struct{ host, what string }

func (k lackKey) compare(o lackKey) int {
	return cmp.Or(strings.Compare(k.host, o.host), strings.Compare(k.what, o.what))
}

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

// hours keeps something per hour; nil when there were too many to keep.
type hours[V any] map[int32]V

func hourOf(t reeve.Time) int32 { return int32(t / reeve.Hour) }

type channel struct {
	span
	runs     []run
	open     int  // index of the run that the last record extended
	joined   int  // how many runs the last joining left
	overflow bool // more runs than are kept
	hours    hours[struct{}]
	hour     int32 // the last one noted
}

func newChannel() *channel { return &channel{hours: hours[struct{}]{}, hour: -1} }

// run is a stretch of record ids of one file without a hole; in the end, of one log.
type run struct {
	from, to    uint64
	first, last reeve.Time // times of the records at its ends
	behind      reeve.Ref  // the record at its upper end
}

// apart is how far the times of two runs may lie apart that are to be one log's: beyond it, the same ids are other records.
const apart = reeve.Hour

func (r *run) around(at reeve.Time) bool {
	return at == 0 || min(r.first, r.last)-apart <= at && at <= max(r.first, r.last)+apart
}

type kind struct {
	span
	hours  hours[*hour]
	recent *hour // the one that the last record fell into
	at     int32
}

func newKind() *kind { return &kind{hours: hours[*hour]{}, at: -1} }

// hour tells of the records of a kind within an hour how many different programs they name.
type hour struct {
	programs   []uint32 // the least hashes of names, sorted: which are kept does not depend on the order of records
	unselected bool
}

// maxPrograms is how many programs an hour tells apart.
const maxPrograms = 16

func (h *hour) note(program uint32) {
	i, ok := slices.BinarySearch(h.programs, program)
	if ok || i == maxPrograms {
		return
	}
	if len(h.programs) == maxPrograms {
		h.programs = h.programs[:maxPrograms-1]
	}
	h.programs = slices.Insert(h.programs, i, program)
}

// NewCounter gives an empty counter for one worker.
func NewCounter() *Counter {
	return &Counter{channels: newBounded[channelKey, *channel](), kinds: newBounded[kindKey, *kind](), lacks: newBounded[lackKey, *int]()}
}

// Record counts any record. Strings must be ones that may be kept.
func (c *Counter) Record(host, name string, recordID uint64, hasID bool, at reeve.Time, ref reeve.Ref) {
	if k := (channelKey{host, name}); c.last == nil || c.lastKey != k {
		c.last, c.lastKey = c.channels.get(k, newChannel), k
		if c.last == nil {
			return
		}
	}
	c.last.add(at)
	c.last.note(at)
	if !hasID || c.scattered {
		return
	}
	before := len(c.last.runs)
	c.last.take(recordID, at, ref)
	if c.runs += len(c.last.runs) - before; c.runs > maxAllRuns {
		c.scattered = true
		for _, ch := range c.channels.of {
			ch.runs = nil
		}
	}
}

func (ch *channel) note(at reeve.Time) {
	h := hourOf(at)
	if h == ch.hour || at <= 0 || ch.hours == nil {
		return
	}
	ch.hour = h
	ch.hours[h] = struct{}{}
	if len(ch.hours) > maxHours {
		ch.hours = nil
	}
}

// take notes a record id.
func (ch *channel) take(id uint64, at reeve.Time, ref reeve.Ref) {
	if len(ch.runs) > 0 {
		if r := &ch.runs[ch.open]; r.behind.File == ref.File {
			one := run{id, id, at, at, ref}
			switch {
			case id == r.from-1 && r.from != 0:
				r.from, r.first = id, at
				return
			case id >= r.from && (id <= r.to || id == r.to+1):
				r.extend(&one)
				return
			}
		}
	}
	if n := len(ch.runs); !ch.overflow && n >= min(max(2*ch.joined, fewRuns), maxRuns) {
		ch.runs = joined(ch.runs)
		ch.joined = len(ch.runs)
		ch.overflow = n >= maxRuns && ch.joined >= maxRuns/2
	}
	if ch.open = len(ch.runs); ch.overflow {
		ch.open = 0
		return
	}
	ch.runs = append(ch.runs, run{id, id, at, at, ref})
}

// extend takes in a run that begins no lower and touches this one. Of two records with one id the least is told of.
func (r *run) extend(o *run) {
	if o.from == r.from && o.first < r.first {
		r.first = o.first
	}
	if o.to > r.to || o.to == r.to && o.behind.Compare(r.behind) < 0 {
		r.to, r.last, r.behind = o.to, o.last, o.behind
	}
}

// joined merges runs of one log that touch or overlap.
func joined(runs []run) []run {
	slices.SortFunc(runs, byID)
	out := runs[:0]
	for _, r := range runs {
		if n := len(out); n > 0 && out[n-1].touches(&r) {
			out[n-1].extend(&r)
			continue
		}
		out = append(out, r)
	}
	return out
}

func byID(a, b run) int {
	return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last), a.behind.Compare(b.behind))
}

// touches tells whether a run that begins no lower goes on with this one, or repeats a part of it. Runs of two files do only
// when their times allow it: an id may come again in a log that was made anew.
func (r *run) touches(o *run) bool {
	mine := r.behind.File == o.behind.File
	if o.from > r.to {
		return o.from-1 == r.to && (mine || o.first == 0 || r.last == 0 || o.first >= r.last-apart)
	}
	return mine || r.around(o.first) || o.around(r.last)
}

// Event counts a record with meaning and the program that it is about.
func (c *Counter) Event(host string, what reeve.Kind, image []byte, at reeve.Time) {
	if k := c.kind(host, what); k != nil {
		k.add(at)
		if h := k.hourAt(at); h != nil && len(image) > 0 {
			h.note(hashFold(image))
		}
	}
}

// Unselected notes that a source which logs every event of a kind, whatever its configuration, had one at a time.
func (c *Counter) Unselected(host string, what reeve.Kind, at reeve.Time) {
	if k := c.kind(host, what); k != nil {
		if h := k.hourAt(at); h != nil {
			h.unselected = true
		}
	}
}

func (c *Counter) kind(host string, what reeve.Kind) *kind {
	if k := (kindKey{host, what}); c.lastKind == nil || c.kindKey != k {
		c.lastKind, c.kindKey = c.kinds.get(k, newKind), k
	}
	return c.lastKind
}

func (k *kind) hourAt(at reeve.Time) *hour {
	if k.hours == nil || at <= 0 {
		return nil
	}
	if h := hourOf(at); k.recent == nil || k.at != h {
		x := k.hours[h]
		if x == nil {
			x = &hour{}
			k.hours[h] = x
		}
		k.recent, k.at = x, h
		if len(k.hours) > maxHours {
			k.hours = nil
			return nil
		}
	}
	return k.recent
}

// hashFold hashes text without regard to ASCII case (FNV-1a). A collision makes a source look less talkative, which costs an
// answer its certainty and nothing else.
func hashFold(b []byte) uint32 {
	h := uint64(14695981039346656037)
	for _, x := range b {
		if x >= 'A' && x <= 'Z' {
			x += 'a' - 'A'
		}
		h = (h ^ uint64(x)) * 1099511628211
	}
	return uint32(h>>32) ^ uint32(h)
}

// Cleared notes that a log was cleared, or that logging itself was changed; says is the sentence for the report.
func (c *Counter) Cleared(host, name, says string, at reeve.Time, ref reeve.Ref) {
	c.cleared = append(c.cleared, reeve.Gap{Host: host, Channel: name, Kind: "cleared", From: at, To: at, Says: says, Ref: ref})
	if len(c.cleared) >= 2*maxCleared {
		c.cleared = least(c.cleared)
	}
}

// least keeps of each change one record, and of too many changes one more than are told.
func least(list []reeve.Gap) []reeve.Gap {
	slices.SortFunc(list, compareGaps)
	list = slices.CompactFunc(list, func(a, b reeve.Gap) bool {
		a.Ref, b.Ref = reeve.Ref{}, reeve.Ref{}
		return a == b // the same record in two files
	})
	return list[:min(len(list), maxCleared+1)]
}

func compareGaps(a, b reeve.Gap) int {
	return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Channel, b.Channel), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), strings.Compare(a.Kind, b.Kind),
		strings.Compare(a.Says, b.Says), a.Ref.Compare(b.Ref))
}

// Lacks notes a field that a process start of a host does not state, for example "command line".
func (c *Counter) Lacks(host, what string) {
	if n := c.lacks.get(lackKey{host, what}, func() *int { return new(int) }); n != nil {
		*n++
	}
}

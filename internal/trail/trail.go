// Package trail remembers which files hold which hosts and channels, and when. It answers which files another reading needs, and
// which can hold a record twice: those whose rows of one channel overlap in record ids and in time.
//
// Invariants: the answers depend on the records alone, not on who read which part of a file; where something is too much to be
// told apart, a file counts as one that may hold copies. The package does not know what a record means.
package trail

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
)

// Trail is what one worker saw.
type Trail struct {
	stretches map[key]*stretches
	last      *stretches
	lastKey   key
	part      int
	offset    int64
}

type key struct{ file, host, channel string }

type stretches struct {
	list []stretch
	part int // of the reading to which the last stretch belongs
}

// stretch is a row of records with rising ids.
type stretch struct {
	ids         bool
	at          int64 // offset or line of its first record
	first, last uint64
	from, to    reeve.Time
}

// Bounds of a trail.
const (
	maxStretches = 1 << 16   // kept for a file and channel; beyond it the last stretch takes in all that follows
	maxPairs     = 64        // rows that one is compared with
	partJump     = 256 << 10 // bytes between two records of one worker beyond which another one reads what lies between
)

// millisecond is to what times are compared that a converter may have cut.
const millisecond = reeve.Second / 1000

// New gives an empty trail for one worker.
func New() *Trail { return &Trail{stretches: map[key]*stretches{}} }

// Pass notes a record. A jump within the file means that another worker reads what lies between: the row ends there.
func (t *Trail) Pass(ref reeve.Ref, head *reeve.Head) {
	k := key{ref.File, head.Computer, head.Channel}
	s := t.last
	if s == nil || t.lastKey != k {
		if s = t.stretches[k]; s == nil {
			s = &stretches{}
			t.stretches[k] = s
		}
		if t.lastKey.file != k.file {
			t.part++
		}
		t.last, t.lastKey = s, k
	}
	if ref.Offset < t.offset || ref.Offset-t.offset > partJump {
		t.part++
	}
	t.offset = ref.Offset
	s.pass(ref, head.Time, t.part)
}

func (s *stretches) pass(ref reeve.Ref, at reeve.Time, part int) {
	if n := len(s.list); n > 0 {
		x := &s.list[n-1]
		if s.part == part && x.ids == ref.HasID && (!ref.HasID || ref.RecordID > x.last) || n == maxStretches {
			x.first, x.last = min(x.first, ref.RecordID), max(x.last, ref.RecordID)
			x.take(at)
			return
		}
	}
	x := stretch{ids: ref.HasID, at: ref.Offset, first: ref.RecordID, last: ref.RecordID}
	x.take(at)
	s.list, s.part = append(s.list, x), part
}

func (x *stretch) take(at reeve.Time) {
	if at == 0 {
		return
	}
	if x.from == 0 || at < x.from {
		x.from = at
	}
	x.to = max(x.to, at)
}

// Hosts lists every name under which a host appears, with repetitions.
func (t *Trail) Hosts() []string {
	var out []string
	for k := range t.stretches {
		out = append(out, k.host)
	}
	return out
}

// Rows is the merged word of all workers, in order of host, channel and first id.
type Rows struct{ list []row }

type row struct {
	key
	stretch
}

// Merge joins the trails under canonical host names; rows that follow one another in a file become one, whoever read them.
func Merge(trails []*Trail, canon func(string) string) *Rows {
	var all []row
	for _, t := range trails {
		for k, s := range t.stretches {
			k.host = canon(k.host)
			for _, x := range s.list {
				all = append(all, row{k, x})
			}
		}
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.channel, b.channel), strings.Compare(a.file, b.file), cmp.Compare(a.at, b.at), cmp.Compare(a.first, b.first))
	})
	p := &Rows{}
	for _, x := range all {
		if n := len(p.list); n > 0 {
			if y := &p.list[n-1]; y.file == x.file && y.host == x.host && y.channel == x.channel && y.ids == x.ids && (!x.ids || x.first > y.last) {
				y.last = max(y.last, x.last)
				y.take(x.from)
				y.take(x.to)
				continue
			}
		}
		p.list = append(p.list, x)
	}
	slices.SortStableFunc(p.list, func(a, b row) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.channel, b.channel), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	return p
}

// Times is when something was written; both are 0 where nothing says so.
type Times struct{ From, To reeve.Time }

// Source is one channel of one host in one file.
type Source struct {
	File, Host, Channel string
	Times
}

// Sources lists the channels of each file, by host and channel.
func (p *Rows) Sources() []Source {
	at := map[key]int{}
	var out []stretch
	var keys []key
	for _, x := range p.list {
		i, ok := at[x.key]
		if !ok {
			i = len(out)
			at[x.key] = i
			out, keys = append(out, stretch{}), append(keys, x.key)
		}
		out[i].take(x.from)
		out[i].take(x.to)
	}
	list := make([]Source, len(out))
	for i, k := range keys {
		list[i] = Source{k.file, k.host, k.channel, Times{out[i].from, out[i].to}}
	}
	return list
}

// Twice lists the files that may hold records which stand elsewhere too. A row that meets more others than it can be compared
// with may be in any of them.
func (p *Rows) Twice() map[string]bool {
	out := map[string]bool{}
	reach, met := uint64(0), false // of the rows that met too many
	for a := range p.list {
		x := &p.list[a]
		if a > 0 && (p.list[a-1].host != x.host || p.list[a-1].channel != x.channel) {
			reach, met = 0, false
		}
		if !x.ids {
			continue
		}
		if met && x.first <= reach {
			out[x.file] = true
		}
		for b := a + 1; b < len(p.list) && x.meets(&p.list[b]); b++ {
			if b > a+maxPairs {
				out[x.file] = true
				reach, met = max(reach, x.last), true
				break
			}
			if y := &p.list[b]; y.ids && x.from/millisecond <= y.to/millisecond && y.from/millisecond <= x.to/millisecond {
				out[x.file], out[y.file] = true, true
			}
		}
	}
	return out
}

// meets tells whether a row that begins no lower has ids of this one.
func (p *row) meets(o *row) bool {
	return p.host == o.host && p.channel == o.channel && o.first <= p.last
}

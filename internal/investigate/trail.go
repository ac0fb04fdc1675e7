package investigate

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
)

// trail remembers which files hold which hosts and channels, and when. It answers which files a second reading needs, and
// which files can hold a record twice: those whose stretches of one channel overlap in record ids and in time.
type trail struct {
	stretches map[trailKey]*stretches
	last      *stretches
	lastKey   trailKey
	part      int
	offset    int64
}

type trailKey struct{ file, host, channel string }

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

func newTrail() *trail { return &trail{stretches: map[trailKey]*stretches{}} }

// pass notes a record. A jump within the file means that another worker reads what lies between: the row ends there.
func (t *trail) pass(ref reeve.Ref, head *reeve.Head) {
	k := trailKey{ref.File, head.Computer, head.Channel}
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

// paths is the merged word of all workers' trails, in order of host, channel and first id.
type paths struct{ list []place }

type place struct {
	file, host, channel string
	stretch
}

// mergeTrails joins the trails under canonical host names; rows that follow one another in a file become one, whoever read them.
func mergeTrails(watchers []*watcher, canon func(string) string) *paths {
	var all []place
	for _, w := range watchers {
		for k, s := range w.trail.stretches {
			for _, x := range s.list {
				all = append(all, place{k.file, canon(k.host), k.channel, x})
			}
		}
	}
	slices.SortFunc(all, func(a, b place) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.channel, b.channel), strings.Compare(a.file, b.file), cmp.Compare(a.at, b.at), cmp.Compare(a.first, b.first))
	})
	p := &paths{}
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
	slices.SortStableFunc(p.list, func(a, b place) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.channel, b.channel), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	return p
}

// files tells for each file the hosts that it holds and when: what a second reading asks.
func (p *paths) files() map[string]map[string]stretch {
	out := map[string]map[string]stretch{}
	for _, x := range p.list {
		if out[x.file] == nil {
			out[x.file] = map[string]stretch{}
		}
		s := out[x.file][x.host]
		s.take(x.from)
		s.take(x.to)
		out[x.file][x.host] = s
	}
	return out
}

// sources lists the channels of each file with their time.
func (p *paths) sources() []source {
	at := map[trailKey]int{}
	var out []source
	for _, x := range p.list {
		k := trailKey{x.file, x.host, x.channel}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, source{file: x.file, host: x.host, channel: x.channel, stretch: stretch{from: x.from, to: x.to}})
		}
		out[i].take(x.from)
		out[i].take(x.to)
	}
	return out
}

// twice lists the files that may hold records which stand elsewhere too. A row that meets more others than it can be compared
// with may be in any of them.
func (p *paths) twice() map[string]bool {
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
func (p *place) meets(o *place) bool {
	return p.host == o.host && p.channel == o.channel && o.first <= p.last
}

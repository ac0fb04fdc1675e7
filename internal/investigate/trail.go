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
}

type trailKey struct{ file, host, channel string }

type stretches struct {
	list []stretch
	n    int
}

// stretch is a row of records with rising ids.
type stretch struct {
	ids         bool
	first, last uint64
	from, to    reeve.Time
}

// maxStretches bounds what is kept for a file and channel; beyond it the last stretch takes in all that follows.
const maxStretches = 64

func newTrail() *trail { return &trail{stretches: map[trailKey]*stretches{}} }

// pass notes a record.
func (t *trail) pass(ref reeve.Ref, head *reeve.Head) {
	k := trailKey{ref.File, head.Computer, head.Channel}
	s := t.last
	if s == nil || t.lastKey != k {
		if s = t.stretches[k]; s == nil {
			s = &stretches{}
			t.stretches[k] = s
		}
		t.last, t.lastKey = s, k
	}
	s.n++
	s.pass(ref, head.Time)
}

func (s *stretches) pass(ref reeve.Ref, at reeve.Time) {
	if n := len(s.list); n > 0 {
		x := &s.list[n-1]
		if x.ids == ref.HasID && (!ref.HasID || ref.RecordID > x.last) || n == maxStretches {
			x.first, x.last = min(x.first, ref.RecordID), max(x.last, ref.RecordID)
			x.take(at)
			return
		}
	}
	x := stretch{ids: ref.HasID, first: ref.RecordID, last: ref.RecordID}
	x.take(at)
	s.list = append(s.list, x)
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

// paths is the merged word of all workers' trails, in order of host, channel and file.
type paths struct{ list []place }

type place struct {
	file, host, channel string
	stretch
}

// mergeTrails joins the trails under canonical host names.
func mergeTrails(watchers []*watcher, canon func(string) string) *paths {
	p := &paths{}
	for _, w := range watchers {
		for k, s := range w.trail.stretches {
			for _, x := range s.list {
				p.list = append(p.list, place{k.file, canon(k.host), k.channel, x})
			}
		}
	}
	slices.SortFunc(p.list, func(a, b place) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.channel, b.channel), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last), strings.Compare(a.file, b.file), cmp.Compare(a.from, b.from))
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

// twice lists the files that may hold records which stand elsewhere too.
func (p *paths) twice() map[string]bool {
	out := map[string]bool{}
	for i := 0; i < len(p.list); {
		j, reach := i, p.list[i].last
		for j < len(p.list) && p.list[j].host == p.list[i].host && p.list[j].channel == p.list[i].channel && (j == i || p.list[j].first <= reach) {
			reach = max(reach, p.list[j].last)
			j++
		}
		for a := i; a < j; a++ {
			for b := a + 1; b < j && b < a+1+maxStretches; b++ {
				x, y := &p.list[a], &p.list[b]
				if x.ids && y.ids && y.first <= x.last && x.from <= y.to && y.from <= x.to {
					out[x.file], out[y.file] = true, true
				}
			}
		}
		i = j
	}
	return out
}

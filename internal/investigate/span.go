package investigate

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"reeve"
)

// span is a stretch of time; its end does not belong to it.
type span struct{ from, to reeve.Time }

// endless is the end of a span that has none.
const endless = reeve.Time(math.MaxInt64)

// around is the span about a time.
func around(at, back, ahead reeve.Time) span { return span{at - back, at + ahead} }

// spans are stretches in order of which none touches the next.
type spans []span

// union joins stretches in any order.
func union(list []span) spans {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	out := spans(list[:0])
	for _, x := range list {
		if n := len(out); n > 0 && x.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, x.to)
			continue
		}
		out = append(out, x)
	}
	return out
}

// covers tells whether a time lies within one of them.
func (s spans) covers(t reeve.Time) bool {
	i := s.search(t)
	return i < len(s) && s[i].from <= t
}

// meets tells whether one of them shares a moment with x.
func (s spans) meets(x span) bool {
	i := s.search(x.from)
	return i < len(s) && s[i].from < x.to
}

// search finds the first that ends after a time.
func (s spans) search(t reeve.Time) int {
	if len(s) == 1 && s[0].to > t {
		return 0
	}
	return sort.Search(len(s), func(i int) bool { return s[i].to > t })
}

// minus is what lies in s and not in o.
func (s spans) minus(o spans) spans {
	var out spans
	for _, x := range s {
		for _, y := range o {
			if y.to <= x.from || y.from >= x.to {
				continue
			}
			if y.from > x.from {
				out = append(out, span{x.from, y.from})
			}
			x.from = min(y.to, x.to)
		}
		if x.from < x.to {
			out = append(out, x)
		}
	}
	return out
}

// widened are the spans with a margin on both sides.
func (s spans) widened(by reeve.Time) spans {
	out := make([]span, len(s))
	for i, x := range s {
		out[i] = span{max(x.from, math.MinInt64+by) - by, min(x.to, endless-by) + by}
	}
	return union(out)
}

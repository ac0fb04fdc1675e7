package gather

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"reeve"
)

// Span is a stretch of time; its end does not belong to it.
type Span struct{ From, To reeve.Time }

// Endless is the end of a span that has none.
const Endless = reeve.Time(math.MaxInt64)

// Around is the span about a time.
func Around(at, back, ahead reeve.Time) Span { return Span{at - back, at + ahead} }

// spans are stretches in order of which none touches the next.
type spans []Span

// union joins stretches in any order.
func union(list []Span) spans {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	out := spans(list[:0])
	for _, x := range list {
		if n := len(out); n > 0 && x.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, x.To)
			continue
		}
		out = append(out, x)
	}
	return out
}

// covers tells whether a time lies within one of them.
func (s spans) covers(t reeve.Time) bool {
	i := s.search(t)
	return i < len(s) && s[i].From <= t
}

// meets tells whether one of them shares a moment with x.
func (s spans) meets(x Span) bool {
	i := s.search(x.From)
	return i < len(s) && s[i].From < x.To
}

// search finds the first that ends after a time.
func (s spans) search(t reeve.Time) int {
	if len(s) == 1 && s[0].To > t {
		return 0
	}
	return sort.Search(len(s), func(i int) bool { return s[i].To > t })
}

// minus is what lies in s and not in o.
func (s spans) minus(o spans) spans {
	var out spans
	for _, x := range s {
		for _, y := range o {
			if y.To <= x.From || y.From >= x.To {
				continue
			}
			if y.From > x.From {
				out = append(out, Span{x.From, y.From})
			}
			x.From = min(y.To, x.To)
		}
		if x.From < x.To {
			out = append(out, x)
		}
	}
	return out
}

// widened are the spans with a margin on both sides.
func (s spans) widened(by reeve.Time) spans {
	out := make([]Span, len(s))
	for i, x := range s {
		out[i] = Span{max(x.From, math.MinInt64+by) - by, min(x.To, Endless-by) + by}
	}
	return union(out)
}

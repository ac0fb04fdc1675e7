package gather

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"reeve"
)

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		why       string
		got, want spans
	}{
		{"stretches that overlap become one", union([]Span{{5, 9}, {1, 6}}), spans{{1, 9}}},
		{"and those that touch", union([]Span{{1, 5}, {5, 9}}), spans{{1, 9}}},
		{"others stay, in order", union([]Span{{7, 9}, {1, 5}}), spans{{1, 5}, {7, 9}}},
		{"one within another adds nothing", union([]Span{{1, 9}, {3, 4}}), spans{{1, 9}}},
		{"what was asked is not asked again", spans{{1, 9}}.minus(spans{{3, 5}}), spans{{1, 3}, {5, 9}}},
		{"nothing is left of what was asked for as a whole", spans{{2, 4}}.minus(spans{{1, 9}}), nil},
		{"Endless stretches too", spans{{2, Endless}}.minus(spans{{0, Endless}}), nil},
		{"before an Endless stretch something is left", spans{{2, Endless}}.minus(spans{{5, Endless}}), spans{{2, 5}}},
		{"a margin joins neighbours", spans{{1, 5}, {7, 9}}.widened(1), spans{{0, 10}}},
		{"a margin does not run over the ends of time", spans{{math.MinInt64, Endless}}.widened(reeve.Hour), spans{{math.MinInt64, Endless}}},
	} {
		if fmt.Sprint(c.got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.why, c.got, c.want)
		}
	}
}

// TestSpansAgreeWithSets compares with the naive reading, a set of moments.
func TestSpansAgreeWithSets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() (list []Span, set [64]bool) {
		for range r.IntN(5) {
			x := Span{reeve.Time(r.IntN(60)), 0}
			x.To = x.From + 1 + reeve.Time(r.IntN(int(63-x.From)))
			list = append(list, x)
			for i := x.From; i < x.To; i++ {
				set[i] = true
			}
		}
		return list, set
	}
	for range 2000 {
		a, inA := pick()
		b, inB := pick()
		u, left := union(a), union(a).minus(union(b))
		for i := range reeve.Time(64) {
			if u.covers(i) != inA[i] {
				t.Fatalf("union of %v: %v covers %d: %v", a, u, i, !inA[i])
			}
			if want := inA[i] && !inB[i]; left.covers(i) != want {
				t.Fatalf("%v minus %v is %v: covers %d: %v", a, b, left, i, !want)
			}
			if got := u.meets(Span{i, i + 3}); got != (inA[i] || i < 63 && inA[i+1] || i < 62 && inA[i+2]) {
				t.Fatalf("%v meets [%d, %d): %v", u, i, i+3, got)
			}
		}
	}
}

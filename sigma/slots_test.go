package sigma

import (
	"fmt"
	"testing"
)

// shy is an event of one field that keywords do not look at.
type shy struct{ testEvent }

func (s shy) Fill(to *Slots) {
	s.testEvent.Fill(to)
	for i, name := range to.Fields() {
		if name == "A" {
			to.Hide(i)
		}
	}
}

func TestKeywordsDoNotLookAtWhatIsHidden(t *testing.T) {
	p := program(t, "k: [needle]\ncondition: k", "k: {'|cased': [Needle]}\ncondition: k", "k: {'|re': 'N.+le'}\ncondition: k", "s: {A|contains: needle}\ncondition: s")
	m := p.NewMatcher()
	for _, c := range []struct {
		event Event
		want  string
	}{
		{testEvent{"A": {"a Needle"}}, "[0 1 2 3]"},
		{shy{testEvent{"A": {"a Needle"}}}, "[3]"},
		{shy{testEvent{"A": {"x"}, "": {"a Needle"}}}, "[0 1 2]"},
		{testEvent{"A": {"a Needle"}}, "[0 1 2 3]"}, // it is hidden for one event
	} {
		if got := fmt.Sprint(m.Match(c.event)); got != c.want {
			t.Errorf("%v matches %s, want %s", c.event, got, c.want)
		}
	}
	if p.Explain(0, shy{testEvent{"A": {"a Needle"}}}).Matched {
		t.Error("a keyword is explained to be in a hidden value")
	}
}

// TestLongListsOfTwoFieldsAreCompared: a crafted record has lists of which every pair would take minutes.
func TestLongListsOfTwoFieldsAreCompared(t *testing.T) {
	p := program(t, "s: {A|fieldref: B}\ncondition: s", "s: {A|fieldref|endswith: B}\ncondition: s")
	m := p.NewMatcher()
	list := func(word string, n int, last string) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprint(word, i))
		}
		return append(out, last)
	}
	for _, c := range []struct {
		a, b []string
		want string
	}{
		{list("a", 50_000, "SAME"), list("b", 50_000, "same"), "[0]"}, // ends are asked of as many pairs as there is time for
		{list("a", 50_000, "x"), list("b", 50_000, "y"), "[]"},
		{list("a", 200, "SAME"), list("b", 200, "same"), "[0 1]"},
	} {
		if got := fmt.Sprint(m.Match(testEvent{"A": c.a, "B": c.b})); got != c.want {
			t.Errorf("lists of %d and %d match %s, want %s", len(c.a), len(c.b), got, c.want)
		}
	}
}

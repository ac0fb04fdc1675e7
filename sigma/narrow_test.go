package sigma

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestANarrowedProgramMatchesWhatTheWholeDoes: over random rules and layouts, whose events state some fields never and one always the
// same.
func TestANarrowedProgramMatchesWhatTheWholeDoes(t *testing.T) {
	compared, matched, narrower, none := 0, 0, 0, 0
	for seed := range uint64(60) {
		c := chance{rand.New(rand.NewPCG(seed, 11))}
		var detections []string
		for range 40 {
			detections = append(detections, c.rule())
		}
		p := program(t, detections...)
		for range 8 {
			gone := map[string]bool{}
			for _, f := range append([]string{"E"}, fields...) {
				if c.of(3) {
					gone[f] = true
				}
			}
			fixed, value := fields[c.IntN(len(fields))], c.text(2)
			l := Layout{States: func(f string) bool { return !gone[f] || f == fixed }, Known: func(f string) (string, bool) { return value, f == fixed }}
			n := p.Narrow(l)
			if n == nil {
				none++
			} else if len(n.rules) < len(p.ids) {
				narrower++
			}
			whole := p.NewMatcher()
			var part *Matcher
			if n != nil {
				part = n.NewMatcher()
			}
			for range 40 {
				e := c.event()
				for f := range gone {
					delete(e, f)
				}
				e[fixed] = []string{value}
				want, got := fmt.Sprint(whole.Match(e)), "[]"
				if n != nil {
					got = fmt.Sprint(part.Match(e))
				}
				compared++
				if want != "[]" {
					matched++
				}
				if got != want {
					t.Fatalf("seed %d: %v without %v and %s=%q matches %s, the whole program says %s", seed, e, gone, fixed, value, got, want)
				}
			}
			if n != nil && n != p.Narrow(l) {
				t.Fatal("a layout has two programs")
			}
		}
	}
	if compared < 19_000 || matched < compared/2 || narrower < 100 {
		t.Errorf("%d events, %d of which match, %d programs with fewer rules, %d with none: too few to prove anything", compared, matched, narrower, none)
	}
}

// TestWhatIsKnownIsNotAskedAgain: of rules for other events nothing is left, and of the others only what can differ.
func TestWhatIsKnownIsNotAskedAgain(t *testing.T) {
	p := program(t, "s: {EventID: 1, A|contains: long text}\ncondition: s", "s: {EventID: 2, B: x}\ncondition: s", "s: {EventID: 1, Gone: x}\ncondition: s", "s: {EventID: 1}\nf: {Gone: x}\ncondition: s and not f")
	layout := func(id string) Layout {
		return Layout{States: func(f string) bool { return f != "Gone" }, Known: func(f string) (string, bool) { return id, f == "EventID" }}
	}
	n := p.Narrow(layout("1"))
	if fmt.Sprint(n.ids, n.Fields(), len(n.preds)) != "[0 3] [A] 1" || fmt.Sprint(n.NewMatcher().Match(testEvent{"EventID": {"1"}, "A": {"a long text"}})) != "[0 3]" {
		t.Errorf("of rules %v of event 1 are left, which ask %d questions of %v", n.ids, len(n.preds), n.Fields())
	}
	if n := p.Narrow(layout("3")); n != nil {
		t.Errorf("rules %v are left for event 3", n.ids)
	}
	if x := n.Explain(2, testEvent{"EventID": {"1"}}); x == nil || x.Matched {
		t.Error("a rule that was left out is not explained")
	}
}

// TestLayoutsWithoutEndAreMatchedWithTheWholeProgram: what is made for layouts is bounded, and layouts of which no rule can hold do
// not use it up.
func TestLayoutsWithoutEndAreMatchedWithTheWholeProgram(t *testing.T) {
	layout := func(id int) Layout {
		return Layout{States: func(string) bool { return true }, Known: func(f string) (string, bool) { return fmt.Sprint(id), f == "EventID" }}
	}
	var detections []string
	for range 100 {
		detections = append(detections, "s: {EventID: 1}\nt: {A: x}\ncondition: s or t")
	}
	p := program(t, detections...)
	programs := map[*Program]bool{}
	for i := range 3 * maxNarrowed / len(detections) {
		programs[p.Narrow(layout(i))] = true
	}
	if len(programs) != maxNarrowed/len(detections)+1 || !programs[p] {
		t.Errorf("%d programs", len(programs))
	}
	if got := p.NewMatcher().Match(testEvent{"A": {"x"}}); len(got) != 100 {
		t.Errorf("%d rules match", len(got))
	}
	p = program(t, "s: {EventID: 1, A: x}\ncondition: s")
	for i := range 2 * maxLayouts {
		if n := p.Narrow(layout(i + 2)); n != nil && i < maxLayouts {
			t.Fatalf("a program for event %d", i+2)
		}
	}
	p = program(t, "s: {EventID: 1, A: x}\ncondition: s")
	for i := range maxLayouts / 2 {
		p.Narrow(layout(i + 2))
	}
	if n := p.Narrow(layout(1)); n == nil || n == p {
		t.Error("events without rules leave nothing for those that have some")
	}
}

package investigate

import (
	"fmt"
	"slices"

	"reeve"
	"reeve/internal/triage"
)

// Bounds of looking at the runs of a case one by one.
const (
	maxApart    = 12   // of a case
	maxApartAll = 4000 // of an investigation
)

// apart adds to each case those of its runs that are judged by themselves, because equal command lines need not do equal things:
// an honest habit must not hide the one run that was no habit. Runs that differ in what they started, or in what rules say of
// them, come first.
func (s *scanned) apart(opened []triage.Opened) []triage.Opened {
	var out []triage.Opened
	left := maxApartAll
	for _, o := range opened {
		out = append(out, o)
		if len(o.Occurrences) < 2 {
			continue
		}
		first := s.mark(o.Occurrences[0])
		var rest, like []reeve.ProcID
		for _, id := range o.Occurrences[1:] {
			if s.mark(id) == first {
				like = append(like, id)
			} else {
				rest = append(rest, id)
			}
		}
		rest = append(rest, like...)
		for _, id := range rest[:min(len(rest), maxApart, left)] {
			out = append(out, triage.Opened{Process: id, Entry: o.Entry, Reasons: o.Reasons, Occurrences: []reeve.ProcID{id}, Of: o.Occurrences})
			left--
		}
	}
	return out
}

// mark is what shows of a run before its events are read: what it started, and which rules matched it or that.
func (s *scanned) mark(id reeve.ProcID) string {
	var words []string
	for _, c := range s.graph.Children(id) {
		words = append(words, baseOf(s.graph.Process(c).Image))
	}
	for _, h := range s.hitsOn(id) {
		words = append(words, fmt.Sprint(h.Rule))
	}
	slices.Sort(words)
	return fmt.Sprint(slices.Compact(words))
}

// families cuts the drafts into cases with the runs that follow them.
func families(drafts []*draft) (out [][]*draft) {
	for _, d := range drafts {
		if d.opened.Of == nil {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], d)
	}
	return out
}

// judgedCase is a case with what it was made of.
type judgedCase struct {
	c reeve.Case
	d *draft
}

// judgeAll judges a case and its runs. A run with a graver verdict is a case of its own; of the others the first speaks for all.
func (s *scanned) judgeAll(family []*draft, opt *Options) []judgedCase {
	d := family[0]
	out := []judgedCase{{s.judge(d, opt), d}}
	looked := map[reeve.ProcID]bool{}
	for _, run := range family[1:] {
		looked[run.process.ID] = true
		c := s.judge(run, opt)
		if c.Verdict.Label.Rank() <= out[0].c.Verdict.Label.Rank() {
			continue
		}
		out = append(out, judgedCase{c, run})
		d.opened.Occurrences = slices.DeleteFunc(slices.Clone(d.opened.Occurrences), func(id reeve.ProcID) bool { return id == run.process.ID })
	}
	c := &out[0].c
	c.Occurrences = s.occurrences(d)
	first, unlike := s.mark(d.process.ID), 0
	for _, id := range d.opened.Occurrences[1:] {
		if !looked[id] && s.mark(id) != first {
			unlike++
		}
	}
	if unlike > 0 && c.Verdict.Label.Rank() < reeve.Inconclusive.Rank() {
		c.Verdict.Label = reeve.Inconclusive
		c.Verdict.WouldChange = append(c.Verdict.WouldChange, reeve.Statement{Says: fmt.Sprintf("clearer, with a look at the %d of its %d runs that differ from the first and were not judged one by one", unlike, len(d.opened.Occurrences))})
	}
	return out
}

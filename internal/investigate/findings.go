package investigate

import (
	"cmp"
	"fmt"
	"slices"

	"reeve"
	"reeve/internal/detect"
)

// maxFindings bounds a case's list; a rule that matches a thousand times says no more than one that matches two hundred times.
const maxFindings = 200

// chooseHits picks what rules noticed about the subject and what it started: the gravest, then the earliest.
func (s *scanned) chooseHits(d *draft, rules *Rules) {
	d.hits = s.hitsOn(d.process.ID)
	if len(d.hits) > maxFindings {
		d.cut(fmt.Sprintf("of %d findings the gravest %d are listed", len(d.hits), maxFindings))
		level := func(h *detect.Hit) reeve.Level { return detect.LevelOf(rules.List()[h.Rule]) }
		slices.SortStableFunc(d.hits, func(a, b *detect.Hit) int {
			return cmp.Or(cmp.Compare(level(b), level(a)), cmp.Compare(a.Time, b.Time))
		})
		d.hits = slices.Clip(d.hits[:maxFindings])
	}
}

// hitsOn are the rules' words on a process and on what it started, by process and time, and then those of correlations that count
// a record about any of them.
func (s *scanned) hitsOn(subject reeve.ProcID) []*detect.Hit {
	var out []*detect.Hit
	var shared []int
	below, _ := s.graph.Descendants(subject, maxTree)
	for _, id := range append([]reeve.ProcID{subject}, below...) {
		from, _ := slices.BinarySearchFunc(s.hits, id, func(h *detect.Hit, id reeve.ProcID) int { return cmp.Compare(h.Process, id) })
		for i := from; i < len(s.hits) && s.hits[i].Process == id; i++ {
			if s.hits[i].Whole == nil {
				out = append(out, s.hits[i])
			}
		}
		shared = append(shared, s.shared[id]...)
	}
	slices.Sort(shared)
	for _, i := range slices.Compact(shared) {
		out = append(out, s.hits[i])
	}
	return out
}

// findingsOn are the chosen hits as findings, by time.
func (s *scanned) findingsOn(d *draft, rules *Rules) []reeve.Finding {
	var out []reeve.Finding
	for _, h := range d.hits {
		f := h.Finding(rules.List()[h.Rule])
		if h.Whole == nil {
			f.Fields = d.looked[lookedKey{h.Ref, f.RuleID}]
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b reeve.Finding) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(b.Level, a.Level))
	})
	return out
}

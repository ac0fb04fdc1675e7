package investigate

import (
	"cmp"
	"fmt"
	"slices"

	"reeve"
)

// maxFindings bounds a case's list; a rule that matches a thousand times says no more than one that matches two hundred times.
const maxFindings = 200

// chooseHits picks what rules noticed about the subject and what it started: the gravest, then the earliest.
func (s *scanned) chooseHits(d *draft, rules *Rules) {
	d.hits = s.hitsOn(d.process.ID)
	if len(d.hits) > maxFindings {
		d.cut(fmt.Sprintf("of %d findings the gravest %d are listed", len(d.hits), maxFindings))
		level := func(h *located) reeve.Level { return levelOf(rules.List()[h.rule].Level) }
		slices.SortStableFunc(d.hits, func(a, b *located) int { return cmp.Or(cmp.Compare(level(b), level(a)), cmp.Compare(a.time, b.time)) })
		d.hits = slices.Clip(d.hits[:maxFindings])
	}
}

// hitsOn are the rules' words on a process and on what it started, by process and time.
func (s *scanned) hitsOn(subject reeve.ProcID) []*located {
	var out []*located
	below, _ := s.graph.Descendants(subject, maxTree)
	for _, id := range append([]reeve.ProcID{subject}, below...) {
		from, _ := slices.BinarySearchFunc(s.hits, id, func(h located, id reeve.ProcID) int { return cmp.Compare(h.process, id) })
		for i := from; i < len(s.hits) && s.hits[i].process == id; i++ {
			out = append(out, &s.hits[i])
		}
	}
	return out
}

// findingsOn are the chosen hits as findings, by time.
func (s *scanned) findingsOn(d *draft, rules *Rules) []reeve.Finding {
	var out []reeve.Finding
	for _, h := range d.hits {
		f := h.finding(rules)
		f.Fields = d.looked[lookedKey{h.ref, f.RuleID}]
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b reeve.Finding) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(b.Level, a.Level))
	})
	return out
}

func (h *located) finding(rules *Rules) reeve.Finding {
	f := finding(rules.List()[h.rule])
	f.Host, f.Time, f.Process, f.Fields = h.host, h.time, h.key, h.fields
	f.Refs = append([]reeve.Ref{h.ref}, h.also...)
	return f
}

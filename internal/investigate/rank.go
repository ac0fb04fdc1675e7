package investigate

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
)

// rank puts the gravest case first, then by score, host, time and id.
func rank(cases []reeve.Case) {
	slices.SortFunc(cases, func(a, b reeve.Case) int {
		return cmp.Or(cmp.Compare(b.Verdict.Label.Rank(), a.Verdict.Label.Rank()), cmp.Compare(b.Verdict.Score, a.Verdict.Score),
			strings.Compare(a.Subject.Host, b.Subject.Host), cmp.Compare(a.Subject.Time, b.Subject.Time), strings.Compare(a.ID, b.ID))
	})
}

// maxRelated bounds the relations of a case; cases that share a payload with a thousand others are told by its indicators.
const maxRelated = 20

// relate links ranked cases: those that share a process, and those that ran the same payload. The gravest are named first.
func relate(cases []reeve.Case) {
	type process struct { // its first citation tells it from others of its pid
		host string
		guid reeve.GUID
		pid  uint32
		ref  reeve.Ref
	}
	who := map[any][]int{} // cases by process, and by a payload's hash
	each := func(c *reeve.Case, see func(key any, why string)) {
		for _, n := range c.Tree {
			if n.Role != "ancestor" && len(n.Refs) > 0 {
				see(process{c.Subject.Host, n.GUID, n.PID, n.Refs[0]}, "a process stands in both trees")
			}
		}
		for _, p := range c.Payloads {
			if p.Hashes.SHA256 != "" {
				see(p.Hashes.SHA256, "the same payload, by hash")
			}
		}
	}
	for i := range cases {
		each(&cases[i], func(key any, _ string) { who[key] = append(who[key], i) })
	}
	for i := range cases {
		c := &cases[i]
		each(c, func(key any, why string) {
			for _, j := range who[key] {
				r := reeve.Relation{Case: cases[j].ID, Why: why}
				if len(c.Related) == maxRelated {
					break
				}
				if i != j && !slices.Contains(c.Related, r) {
					c.Related = append(c.Related, r)
				}
			}
		})
	}
	for i := range cases {
		slices.SortFunc(cases[i].Related, func(a, b reeve.Relation) int {
			return cmp.Or(strings.Compare(a.Case, b.Case), strings.Compare(a.Why, b.Why))
		})
	}
}

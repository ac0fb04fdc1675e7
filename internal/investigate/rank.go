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
	type node struct { // of a tree; its first citation tells it from others of its pid
		host string
		guid reeve.GUID
		pid  uint32
		ref  reeve.Ref
	}
	processes, payloads := map[node][]int{}, map[string][]int{}
	for i := range cases {
		c := &cases[i]
		for _, n := range c.Tree {
			if n.Role != "ancestor" && len(n.Refs) > 0 {
				k := node{c.Subject.Host, n.GUID, n.PID, n.Refs[0]}
				processes[k] = append(processes[k], i)
			}
		}
		for _, p := range c.Payloads {
			if p.Hashes.SHA256 != "" {
				payloads[p.Hashes.SHA256] = append(payloads[p.Hashes.SHA256], i)
			}
		}
	}
	link := func(from, to int, why string) {
		r := reeve.Relation{Case: cases[to].ID, Why: why}
		if from != to && !slices.Contains(cases[from].Related, r) {
			cases[from].Related = append(cases[from].Related, r)
		}
	}
	for i := range cases {
		c := &cases[i]
		for _, n := range c.Tree {
			if n.Role == "ancestor" || len(n.Refs) == 0 {
				continue
			}
			for _, j := range processes[node{c.Subject.Host, n.GUID, n.PID, n.Refs[0]}] {
				if len(c.Related) == maxRelated {
					break
				}
				link(i, j, "a process stands in both trees")
			}
		}
		for _, p := range c.Payloads {
			for _, j := range payloads[p.Hashes.SHA256] {
				if len(c.Related) == maxRelated {
					break
				}
				link(i, j, "the same payload, by hash")
			}
		}
	}
	for i := range cases {
		slices.SortFunc(cases[i].Related, func(a, b reeve.Relation) int {
			return cmp.Or(strings.Compare(a.Case, b.Case), strings.Compare(a.Why, b.Why))
		})
	}
}

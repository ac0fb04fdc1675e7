package investigate

import (
	"slices"

	"reeve"
)

// maxQuoted bounds the records that a result carries as text.
const maxQuoted = 20_000

// cited collects every citation of a result, those of the gravest cases first, as many as are quoted; all tells whether none
// was left out.
func cited(inv *reeve.Investigation) (refs []reeve.Ref, all bool) {
	set := map[reeve.Ref]bool{}
	all = true
	add := func(list ...reeve.Ref) {
		for _, r := range list {
			switch {
			case r.File == "" || set[r]:
			case len(set) == maxQuoted:
				all = false
			default:
				set[r] = true
			}
		}
	}
	for i := range inv.Cases {
		c := &inv.Cases[i]
		for _, a := range c.Answers {
			add(a.Refs...)
			for _, d := range a.Details {
				add(d.Refs...)
			}
		}
		for _, st := range slices.Concat(c.Verdict.Because, c.Verdict.WouldChange) {
			add(st.Refs...)
		}
		for _, p := range c.Payloads {
			add(p.Refs...)
		}
		for _, f := range c.Findings {
			add(f.Refs...)
		}
		for _, n := range c.Tree {
			add(n.Refs...)
		}
		for _, n := range c.Indicators {
			add(n.Refs...)
		}
		for _, m := range c.Timeline {
			add(m.Ref)
		}
		for _, o := range c.Occurrences[:min(len(c.Occurrences), 50)] {
			add(o.Ref)
		}
	}
	for _, g := range inv.Gaps {
		add(g.Ref)
	}
	refs = make([]reeve.Ref, 0, len(set))
	for r := range set {
		refs = append(refs, r)
	}
	slices.SortFunc(refs, reeve.Ref.Compare)
	return refs, all
}

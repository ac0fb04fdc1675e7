package investigate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/trail"
	"reeve/internal/winlog"
)

// result is the investigation without its cases.
func (s *scanned) result(opt *Options, triaged []reeve.Triaged) *reeve.Investigation {
	inv := &reeve.Investigation{Tool: opt.Tool, Triage: triaged}
	inv.Evidence.Files = s.files
	inv.Evidence.Hosts = s.coverage.Hosts()
	inv.Coverage, inv.Gaps = s.coverage.Report(winlog.Lacks)
	for _, h := range inv.Coverage {
		for _, c := range h.Channels {
			if c.First != 0 && (inv.Evidence.First == 0 || c.First < inv.Evidence.First) {
				inv.Evidence.First = c.First
			}
			inv.Evidence.Last = max(inv.Evidence.Last, c.Last)
		}
	}
	inv.Gaps = append(slices.Clone(inv.Gaps), s.unreadable()...)
	slices.SortStableFunc(inv.Gaps, func(a, b reeve.Gap) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Channel, b.Channel), cmp.Compare(a.From, b.From))
	})
	inv.Unfound = s.unfound(opt)
	inv.Notes = s.notes(opt)
	return inv
}

// unreadable are the losses of files that hold one channel of one host, so that it is known where the hole is.
func (s *scanned) unreadable() []reeve.Gap {
	owner := map[string]*trail.Source{}
	for i := range s.sources {
		x := &s.sources[i]
		if _, seen := owner[x.File]; seen {
			owner[x.File] = nil
			continue
		}
		owner[x.File] = x
	}
	var out []reeve.Gap
	for i := range s.files {
		f := &s.files[i]
		if x := owner[f.Path]; x != nil && len(f.Errors) > 0 {
			says := fmt.Sprintf("%d parts of %s could not be read", len(f.Errors)+f.MoreErrors, f.Path)
			if len(f.Errors) == 1 && f.MoreErrors == 0 {
				says = "a part of " + f.Path + " could not be read"
			}
			out = append(out, reeve.Gap{Host: x.Host, Channel: x.Channel, Kind: "unreadable", From: x.From, To: x.To, Says: says, Ref: f.Errors[0].Ref})
		}
	}
	return out
}

// unfound says of each subject that was asked for and not found why there is no case.
func (s *scanned) unfound(opt *Options) []string {
	found, outside := make([]bool, len(opt.Subjects)), make([]bool, len(opt.Subjects))
	for id := reeve.ProcID(1); int(id) <= s.graph.Len() && len(opt.Subjects) > 0; id++ {
		p := s.graph.Process(id)
		for i, subject := range opt.Subjects {
			if !found[i] && subject.Matches(&p) {
				found[i], outside[i] = opt.wants(&p, s), true
			}
		}
	}
	var out []string
	for i, subject := range opt.Subjects {
		switch {
		case found[i]:
		case outside[i]:
			out = append(out, fmt.Sprintf("%s ran, but not on the host or in the time that was asked for.", subject.Text))
		case len(s.starters) == 0:
			out = append(out, fmt.Sprintf("No record shows %s: the evidence has no records of process starts at all, so this says nothing about whether it ran.", subject.Text))
		default:
			out = append(out, fmt.Sprintf("No record shows %s: of %s, %d had records of process starts. Where there are none, it may have run unseen.", subject.Text, count(len(s.coverage.Hosts()), "host"), len(s.starters)))
		}
	}
	return out
}

// count words a number of things.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// notes tells what the reader of a report must know about this run.
func (s *scanned) notes(opt *Options) []string {
	var out []string
	records, duplicates := 0, 0
	for i := range s.files {
		records += s.files[i].Records
		duplicates += s.files[i].Duplicates
	}
	switch {
	case len(s.files) == 0:
		out = append(out, "The paths hold no files.")
	case records == 0:
		out = append(out, "No event record was found in any of the files; what each of them is stands in the list of evidence.")
	case len(s.starters) == 0:
		out = append(out, "No record of a process start was found. "+winlog.Enable(reeve.ProcessStart).Enable+" would be needed to see executions.")
	}
	if duplicates == 1 {
		out = append(out, "1 record stands in more than one place; it counts once.")
	} else if duplicates > 1 {
		out = append(out, fmt.Sprintf("%d records stand in more than one place; each counts once.", duplicates))
	}
	out = append(out, s.left.Says()...)
	if opt.From != 0 || opt.To != 0 || opt.Host != "" {
		out = append(out, "Only executions on the host and in the time that were asked for could become cases; the rest of the evidence was read as their surroundings.")
	}
	if opt.Host != "" && records > 0 && !slices.Contains(s.coverage.Hosts(), s.canon(opt.Host)) {
		out = append(out, fmt.Sprintf("No record is of the host %s.", opt.Host))
	}
	return out
}

// maxBounds is how many cases are told of one by one of which something was cut.
const maxBounds = 20

// bounds tells of every ranked case what its bounds left out, so that nothing is cut in silence. quoted is false when not all
// cited records are quoted.
func bounds(cases []reeve.Case, cut map[string][]string, quoted bool) []string {
	var out []string
	told, others := 0, 0
	for i := range cases {
		list := cut[cases[i].ID]
		switch {
		case len(list) == 0:
		case told == maxBounds:
			others++
		default:
			told++
			out = append(out, fmt.Sprintf("Case %s: %s.", cases[i].ID, strings.Join(list, "; ")))
		}
	}
	if others > 0 {
		out = append(out, fmt.Sprintf("Of %s more something was left out because of a bound.", count(others, "case")))
	}
	if !quoted {
		out = append(out, fmt.Sprintf("The first %d cited records are quoted; the others are cited only.", maxQuoted))
	}
	return out
}

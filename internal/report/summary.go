package report

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"reeve"
)

// labels in falling rank, the order in which every output counts them.
var labels = [...]reeve.Label{reeve.Malicious, reeve.Suspicious, reeve.Inconclusive, reeve.Expected, reeve.Benign}

// summary is an investigation in figures.
type summary struct {
	Files, Unread, Records, Duplicates, Errors, Hosts int
	Cases                                             int
	Seen, InCases, LeftOut                            int // LOLBAS executions
	Reasons                                           []reeve.LeftOut
	Verdicts                                          [len(labels)]int // as in labels
}

func summarise(inv *reeve.Investigation) summary {
	s := summary{Files: len(inv.Evidence.Files), Hosts: len(inv.Evidence.Hosts), Cases: len(inv.Cases)}
	for i := range inv.Evidence.Files {
		f := &inv.Evidence.Files[i]
		s.Records += f.Records
		s.Duplicates += f.Duplicates
		s.Errors += len(f.Errors) + f.MoreErrors
		if f.Records == 0 {
			s.Unread++
		}
	}
	for i := range inv.Triage {
		t := &inv.Triage[i]
		s.Seen += t.Seen
		s.InCases += t.InCases
		for _, l := range t.LeftOut {
			s.LeftOut += l.Count
			at := slices.IndexFunc(s.Reasons, func(x reeve.LeftOut) bool { return x.Reason == l.Reason })
			if at < 0 {
				s.Reasons = append(s.Reasons, l)
			} else {
				s.Reasons[at].Count += l.Count
			}
		}
	}
	slices.SortStableFunc(s.Reasons, func(a, b reeve.LeftOut) int { return b.Count - a.Count })
	for i := range inv.Cases {
		s.Verdicts[slices.Index(labels[:], min(inv.Cases[i].Verdict.Label, reeve.Malicious))]++
	}
	return s
}

// Headline says the result in a sentence: "3 cases: 1 malicious, 2 expected."
func (s *summary) Headline() string {
	var parts []string
	for i, n := range s.Verdicts {
		if n > 0 {
			parts = append(parts, number(n)+" "+labels[i].String())
		}
	}
	if len(parts) == 0 {
		return "No execution became a case."
	}
	return fmt.Sprintf("%s: %s.", count(s.Cases, "case"), strings.Join(parts, ", "))
}

// hasKind tells whether any host has records of a kind.
func hasKind(inv *reeve.Investigation, kind reeve.Kind) bool {
	return slices.ContainsFunc(inv.Coverage, func(h reeve.HostCoverage) bool {
		return slices.ContainsFunc(h.Kinds, func(k reeve.Seen) bool { return k.Name == string(kind) && k.Records > 0 })
	})
}

// whyNothing says why there is no case, so that silence is never taken for a clean bill. It is empty when there is one.
func whyNothing(inv *reeve.Investigation) []string {
	if len(inv.Cases) > 0 {
		return nil
	}
	s := summarise(inv)
	var out []string
	switch {
	case s.Files == 0:
		out = append(out, "No file was found in what was given.")
	case s.Records == 0:
		out = append(out, fmt.Sprintf("No record could be read from %s.", count(s.Files, "file")))
	case !hasKind(inv, reeve.ProcessStart):
		out = append(out, "No host has records of process creation, so no execution can be seen. Sysmon event 1 or Security event 4688 with command lines would show them.")
	case s.Seen == 0:
		out = append(out, fmt.Sprintf("%s were read, and no LOLBAS program among the processes that they show.", count(s.Records, "record")))
	case s.LeftOut > 0:
		out = append(out, fmt.Sprintf("%s of LOLBAS programs were seen and none gave reason for a case.", count(s.Seen, "execution")))
	}
	if s.Errors > 0 {
		out = append(out, fmt.Sprintf("%s could not be read; what they said is not known.", count(s.Errors, "place")))
	}
	if n := len(inv.Gaps); n > 0 {
		out = append(out, fmt.Sprintf("The evidence has %s.", count(n, "gap")))
	}
	return out
}

// hints name what the user can do next with reeve itself.
func hints(inv *reeve.Investigation) []string {
	s := summarise(inv)
	var out []string
	if len(inv.Cases) > 0 {
		out = append(out, "--report DIR writes the full report: answers, process trees, timelines, raw records.")
	}
	if s.LeftOut > 0 {
		out = append(out, fmt.Sprintf("--all opens the %s that became no case.", count(s.LeftOut, "execution")))
	}
	if !slices.ContainsFunc(inv.Tool.Rules, func(r reeve.RuleSource) bool { return r.Path != "built-in" }) {
		out = append(out, "--rules DIR adds a folder of Sigma rules.")
	}
	given := map[string]bool{} // values of answers
	for i := range inv.Cases {
		for _, a := range inv.Cases[i].Answers {
			given[a.Value] = true
		}
	}
	if given["role_unknown"] {
		out = append(out, "--inventory FILE tells whose the hosts are, which some answers lack.")
	}
	if given["not_asked"] {
		out = append(out, "--known-bad FILE and --known-good FILE look the hashes up.")
	}
	return out
}

// program names the subject of a case, with the LOLBAS entry behind another name.
func program(c *reeve.Case) string {
	name := baseName(c.Subject.Image)
	switch {
	case c.LOLBin == nil && name == "":
		return "unknown program"
	case c.LOLBin == nil, name != "" && strings.EqualFold(name, c.LOLBin.Name):
		return name
	case name == "":
		return c.LOLBin.Name
	}
	return name + " (" + c.LOLBin.Name + ")"
}

// ran names what the subject ran, "" when that is unknown or nothing.
func ran(c *reeve.Case) string {
	for i := range c.Payloads {
		p := &c.Payloads[i]
		switch {
		case strings.Contains(p.Image, "://"):
			return p.Image
		case p.Image != "":
			return baseName(p.Image)
		case p.CommandLine != "":
			return p.CommandLine
		}
	}
	return ""
}

// title names a case in a line: the program and what it ran.
func title(c *reeve.Case) string {
	if p := ran(c); p != "" {
		return program(c) + " \u2192 " + p
	}
	return program(c)
}

// core words a confidence, which is the share of the four core questions that were answered.
func core(c *reeve.Case) string { return fmt.Sprintf("%.0f/4", share(c.Verdict.Confidence)*4) }

// shortNames gives the first label of each host's name, where no other host has it and the name is no address.
func shortNames(inv *reeve.Investigation) map[string]string {
	owners, out := map[string]int{}, map[string]string{}
	for _, h := range inv.Evidence.Hosts {
		first, _, _ := strings.Cut(h, ".")
		owners[first]++
		if _, err := netip.ParseAddr(h); err != nil && first != "" {
			out[h] = first
		}
	}
	maps.DeleteFunc(out, func(_, first string) bool { return owners[first] > 1 })
	return out
}

const nameless = "an unknown host"

// hostOf is the short name of a host, else its name, else that it has none.
func hostOf(short map[string]string, host string) string { return cmp.Or(short[host], host, nameless) }

package investigate

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/triage"
	"reeve/lolbas"
)

// Hunted is what a hunt brings back.
type Hunted struct {
	Findings []reeve.Finding // by time, gravest first
	Files    []reeve.File    // with what was lost; digests and duplicates are not told
	Notes    []string        // what was left out because of a bound
}

// Hunt reads the evidence once and gives what rules matched, and the executions of LOLBAS programs that are worth a look by
// themselves: no everyday program in its place with an ordinary command line.
func Hunt(ctx context.Context, set *evidence.Set, opt Options) (*Hunted, error) {
	opt.hunts = true
	s, err := scan(ctx, set, &opt)
	if err != nil {
		return nil, err
	}
	out := &Hunted{Files: s.files, Notes: s.left.Says()}
	for _, h := range s.hits {
		p := s.graph.Process(h.Process)
		if !slices.ContainsFunc(h.Hosts(), func(host string) bool { return opt.within(host, h.Time, s) }) {
			continue
		}
		f := h.Finding(opt.Rules.List()[h.Rule])
		if f.Process.IsZero() {
			f.Process = p.Key
		}
		out.Findings = append(out.Findings, f)
	}
	for _, x := range s.triage(&opt).Executions {
		if f, ok := s.listed(&x); ok {
			out.Findings = append(out.Findings, f)
		}
	}
	slices.SortStableFunc(out.Findings, func(a, b reeve.Finding) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(b.Level, a.Level), strings.Compare(a.Host, b.Host), strings.Compare(a.RuleID, b.RuleID), slices.CompareFunc(a.Refs, b.Refs, reeve.Ref.Compare))
	})
	return out, ctx.Err()
}

// listed makes a finding of an execution of a LOLBAS program; ok is false for one that says nothing by itself.
func (s *scanned) listed(x *triage.Execution) (f reeve.Finding, ok bool) {
	level, says := reeve.Informational, ""
	note := func(at reeve.Level, what string) {
		level = max(level, at)
		says = strings.TrimPrefix(says+", "+what, ", ")
	}
	switch x.Entry.Class {
	case lolbas.Developer, lolbas.Optional, lolbas.Rare:
		note(reeve.Low, "a program of class "+string(x.Entry.Class))
	}
	if x.Abuse {
		note(reeve.Medium, "with the command line of a documented abuse")
	}
	switch x.Location {
	case lolbas.OtherProtected, lolbas.UserWritable, lolbas.RemotePath:
		note(reeve.Medium, "not where it belongs")
	}
	switch x.Identity {
	case lolbas.Renamed, lolbas.Masquerade:
		note(reeve.High, "not what its name says")
	}
	if says == "" {
		return f, false
	}
	p := s.graph.Process(x.Process)
	f = reeve.Finding{RuleID: "lolbas:" + strings.ToLower(x.Entry.Name), Title: x.Entry.Name + " ran: " + says, Level: level, Source: "LOLBAS", Host: x.Host, Time: x.Time, Process: p.Key, Refs: p.Refs,
		Fields: []reeve.NamedValue{{Name: "Image", Value: x.Image}}}
	for _, t := range x.Entry.Techniques() {
		f.Tags = append(f.Tags, "attack."+strings.ToLower(t))
	}
	return f, true
}

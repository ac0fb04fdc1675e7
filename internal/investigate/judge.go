package investigate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/internal/playbook/questions"
	"reeve/internal/verdict"
	"reeve/internal/winlog"
)

// judge asks the questions of a case, weighs the answers and puts the case together.
func (s *scanned) judge(d *draft, opt *Options) reeve.Case {
	v := s.view(d, opt)
	v.Payloads = questions.Payloads(v)
	v.Findings = s.findingsOn(d, opt.Rules)
	v.Habit, v.Footprint = s.habitsOf(v, d)
	c := reeve.Case{LOLBin: d.lolbin, Opened: d.opened.Reasons, Payloads: v.Payloads, Findings: v.Findings}
	c.Answers = playbook.Run(questions.All(), v)
	class := ""
	if d.opened.Entry != nil {
		class = string(d.opened.Entry.Class)
	}
	c.Verdict = verdict.Weigh(verdict.Input{Class: class, Core: questions.Core(), Answers: c.Answers})
	c.Subject = subject(v)
	c.ID = caseID(v, &c.Subject, d.at)
	c.Occurrences = s.occurrences(d)
	c.Tree = s.tree(v, d)
	c.Timeline = s.timeline(v, d)
	c.Indicators = indicators(v, &c.Subject)
	c.Techniques = questions.Techniques(v)
	c.NextSteps = nextSteps(&c)
	return c
}

// view closes the world around a case.
func (s *scanned) view(d *draft, opt *Options) *playbook.View {
	v := &playbook.View{
		Process: d.process, LOLBin: d.lolbin, Payloads: d.payloads, Graph: s.graph, Coverage: s.coverage, Enable: winlog.Enable,
		Events: s.eventsOf(d), Silent: d.silent, Inventory: opt.Inventory, Intel: opt.Intel,
	}
	v.Limit = d.limit
	v.Subject = s.record(v)
	return v
}

// record is what is known of the subject's start: the fullest of its records, completed by the others; for want of one, what a
// child's record tells.
func (s *scanned) record(v *playbook.View) *reeve.Event {
	var list []*reeve.Event
	for i := range v.Events {
		if e := &v.Events[i]; e.Kind == reeve.ProcessStart && e.Host == v.Process.Host && s.by(e) == v.Process.ID {
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		return told(v)
	}
	slices.SortStableFunc(list, func(a, b *reeve.Event) int { return cmp.Compare(len(b.Attrs), len(a.Attrs)) })
	if len(list) == 1 {
		return list[0]
	}
	out := *list[0]
	out.Attrs, out.Also = slices.Clone(out.Attrs), slices.Clone(out.Also)
	for _, e := range list[1:] {
		for _, a := range e.Attrs {
			if !out.Has(a.Attr) {
				out.Attrs = append(out.Attrs, a)
			}
		}
		out.Also = append(out.Also, e.Refs()...)
	}
	return &out
}

// told makes do with what a child's record says of a subject that no record of its own shows.
func told(v *playbook.View) *reeve.Event {
	for i := range v.Events {
		e := &v.Events[i]
		if e.Kind != reeve.ProcessStart || e.Host != v.Process.Host {
			continue
		}
		id := v.By(e)
		if id == 0 || v.Graph.Process(id).Parent != v.Process.ID || !strings.EqualFold(baseOf(e.Get(reeve.AttrParentImage)), baseOf(v.Process.Image)) {
			continue
		}
		out := &reeve.Event{Kind: reeve.ProcessStart, Time: e.Time, Written: e.Written, Host: e.Host, Provider: e.Provider, Channel: e.Channel, ID: e.ID, Ref: e.Ref, Also: e.Also, Process: e.Parent}
		for _, a := range [...]struct{ from, to reeve.Attr }{{reeve.AttrParentImage, reeve.AttrImage}, {reeve.AttrParentCommandLine, reeve.AttrCommandLine}, {reeve.AttrParentUser, reeve.AttrUser}} {
			if e.Has(a.from) {
				out.Attrs = append(out.Attrs, reeve.Property{Attr: a.to, Value: e.Get(a.from)})
			}
		}
		return out
	}
	return nil
}

func subject(v *playbook.View) reeve.Subject {
	p := &v.Process
	out := reeve.Subject{Host: p.Host, Time: v.Graph.Seen(p.ID), Image: p.Image, GUID: p.Key.GUID, PID: p.Key.PID, User: p.User}
	if e := v.Subject; e != nil {
		out.User = cmp.Or(out.User, e.Get(reeve.AttrUser))
		out.CommandLine, out.HasCommandLine = e.Get(reeve.AttrCommandLine), e.Has(reeve.AttrCommandLine)
		out.OriginalFileName = e.Get(reeve.AttrOriginalFileName)
		out.Hashes = playbook.Hashes(e.Get(reeve.AttrHashes))
	}
	return out
}

// caseID is stable over runs and over later evidence: it rests on the earliest occurrence alone, and on its GUID only when the
// first records of it state that. A process without a start is told from others of its pid by when it was first seen.
func caseID(v *playbook.View, s *reeve.Subject, seen reeve.Time) string {
	key := fmt.Sprintf("%d@%s", s.PID, cmp.Or(s.Time, seen))
	for i := range v.Events {
		e := &v.Events[i]
		if e.Time > seen+2*reeve.Second {
			break
		}
		if s.GUID != (reeve.GUID{}) && e.Host == s.Host && (e.Process.GUID == s.GUID || e.Parent.GUID == s.GUID || e.Target.GUID == s.GUID) {
			key = s.GUID.String()
			break
		}
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{s.Host, key, s.Image}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// maxOccurrences bounds the runs that a case lists.
const maxOccurrences = 1000

func (s *scanned) occurrences(d *draft) []reeve.Occurrence {
	all := d.opened.Occurrences
	if len(all) > maxOccurrences {
		d.cut(fmt.Sprintf("of its %d runs the first %d are listed", len(all), maxOccurrences))
	}
	var out []reeve.Occurrence
	for _, id := range all[:min(len(all), maxOccurrences)] {
		p := s.graph.Process(id)
		o := reeve.Occurrence{Host: p.Host, Time: s.graph.Seen(id), PID: p.Key.PID, GUID: p.Key.GUID, User: p.User}
		if len(p.Refs) > 0 {
			o.Ref = p.Refs[0]
		}
		out = append(out, o)
	}
	return out
}

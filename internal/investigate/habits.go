package investigate

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
	"reeve/cmdline"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

// maxPrograms bounds what is looked at of a host's footprint.
const maxPrograms = 200

// habitsOf tells how usual the case is, and what its host was used for before. Context is not for sale: the case's own runs,
// what they started, what started them, and every run of the payload's file are left out.
func (s *scanned) habitsOf(v *playbook.View, d *draft) (reeve.Habit, []playbook.Program) {
	own := map[reeve.ProcID]bool{}
	for _, id := range d.opened.Occurrences {
		own[id] = true
		below, _ := s.graph.Descendants(id, maxTree)
		above, _ := s.graph.Ancestors(id)
		for _, x := range slices.Concat(below, above) {
			own[x] = true
		}
	}
	var payloads []string
	for _, p := range v.Payloads {
		if name := baseOf(p.Image); name != "" && name != baseOf(v.Process.Image) {
			payloads = append(payloads, name)
		}
	}
	leave := func(id reeve.ProcID) bool { return own[id] }
	start := s.start(&d.process)
	start.Time = v.Time()
	h := s.habits.Habit(start, leave)
	if start.CommandShape == 0 {
		h.SameShape, h.SameMinuteHosts = 0, 0
	}
	var footprint []playbook.Program
	for _, c := range s.habits.Programs(d.process.Host, v.Time(), leave, maxPrograms) {
		p := s.graph.Process(c.Process)
		if slices.Contains(payloads, c.Base) || !inPlace(p.Image) || len(p.Refs) == 0 {
			continue
		}
		footprint = append(footprint, playbook.Program{Base: c.Base, Runs: c.Runs, Ref: p.Refs[0]})
	}
	return h, footprint
}

// inPlace tells whether a program that shall speak for its host lies where only administrators write, and, when it is on the
// list, where it belongs.
func inPlace(image string) bool {
	switch lolbas.Place(image) {
	case lolbas.VendorCopy, lolbas.OtherProtected, lolbas.ServicingCopy:
	default:
		return false
	}
	for _, e := range lolbas.ByName(cmdline.ParsePath(image).Base) {
		switch lolbas.Locate(e, image).Class {
		case lolbas.Listed, lolbas.ListedForm, lolbas.VendorCopy, lolbas.NoList:
		default:
			return false
		}
	}
	return true
}

// findingsOn are what rules noticed about the subject and what it started.
func (s *scanned) findingsOn(v *playbook.View, d *draft, rules *Rules) []reeve.Finding {
	var out []reeve.Finding
	for n, h := range s.hitsOn(v.Process.ID) {
		if n == maxFindings {
			break
		}
		f := s.finding(h, rules)
		f.Fields = d.looked[lookedKey{h.ref, f.RuleID}]
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b reeve.Finding) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(b.Level, a.Level))
	})
	return out
}

// hitsOn are the rules' words on a process and on what it started, by process and time.
func (s *scanned) hitsOn(subject reeve.ProcID) []*located {
	below, _ := s.graph.Descendants(subject, maxTree)
	var out []*located
	for _, id := range append([]reeve.ProcID{subject}, below...) {
		from, _ := slices.BinarySearchFunc(s.hits, id, func(h located, id reeve.ProcID) int { return int(h.process) - int(id) })
		for i := from; i < len(s.hits) && s.hits[i].process == id; i++ {
			out = append(out, &s.hits[i])
		}
	}
	return out
}

// maxFindings bounds a case's list; a rule that matches a thousand times says no more than one that matches two hundred times.
const maxFindings = 200

func (s *scanned) finding(h *located, rules *Rules) reeve.Finding {
	f := finding(rules.engine.Rules()[h.rule])
	f.Host, f.Time, f.Process, f.Fields = h.host, h.time, h.key, h.fields
	f.Refs = append([]reeve.Ref{h.ref}, h.also...)
	return f
}

// lookedKey names what a rule looked at in a record.
type lookedKey struct {
	ref  reeve.Ref
	rule string
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

package investigate

import (
	"slices"

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
	for _, id := range slices.Concat(d.opened.Occurrences, d.opened.Of) {
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
		if slices.Contains(payloads, c.Base) || !s.inPlace(p.Image) || len(p.Refs) == 0 {
			continue
		}
		footprint = append(footprint, playbook.Program{Base: c.Base, Runs: c.Runs, Ref: p.Refs[0]})
	}
	return h, footprint
}

// inPlace remembers the answers of the function below.
func (s *scanned) inPlace(image string) bool {
	in, known := s.places[image]
	if !known {
		in = inPlace(image)
		s.places[image] = in
	}
	return in
}

// inPlace tells whether a program that shall speak for its host lies where only administrators write, and, when it is on the
// list, where it belongs.
func inPlace(image string) bool {
	if !lolbas.Protected(image) {
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

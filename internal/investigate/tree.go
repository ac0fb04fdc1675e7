package investigate

import (
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/playbook"
)

// Bounds of what a case shows of its processes: so many ancestors, the nearest, and so many in all.
const (
	maxAncestors = 64
	maxNodes     = 200
)

// tree lists ancestors from the root on, the subject, and what it started, parents before children.
func (s *scanned) tree(v *playbook.View, d *draft) []reeve.Node {
	above, _ := v.Ancestors()
	below, more := v.Descendants()
	if len(above) > maxAncestors {
		d.cut(fmt.Sprintf("of its %d ancestors the tree shows the nearest %d", len(above), maxAncestors))
		above = above[:maxAncestors]
	}
	slices.Reverse(above)
	lines := s.commandLines(v)
	names := map[reeve.ProcID]string{}
	var out []reeve.Node
	add := func(p reeve.Process, role string) {
		id := fmt.Sprintf("p%d", len(out)+1)
		n := reeve.Node{ID: id, Parent: names[p.Parent], Image: p.Image, PID: p.Key.PID, GUID: p.Key.GUID, Start: p.Start, Inferred: p.Inferred, Role: role, CommandLine: lines[p.ID], Refs: p.Refs}
		names[p.ID] = id
		out = append(out, n)
	}
	for _, p := range above {
		add(p, "ancestor")
	}
	add(v.Process, "subject")
	nodes := len(out)
	early := map[reeve.ProcID][]reeve.Process{} // by parent: clocks differ, so that a child may seem to have started before it
	var hang func(p reeve.Process)
	hang = func(p reeve.Process) {
		if len(out) >= maxNodes {
			return
		}
		role := "descendant"
		if p.Parent == v.Process.ID && slices.ContainsFunc(v.Payloads, func(x reeve.Payload) bool { return strings.EqualFold(x.Image, p.Image) }) {
			role = "payload"
		}
		add(p, role)
		for _, child := range early[p.ID] {
			hang(child)
		}
	}
	for _, p := range below {
		if names[p.Parent] == "" {
			early[p.Parent] = append(early[p.Parent], p)
			continue
		}
		hang(p)
	}
	shown := len(out) - nodes
	switch {
	case more:
		d.cut(fmt.Sprintf("of more than %d processes below it the tree shows %d", len(below), shown))
	case shown < len(below):
		d.cut(fmt.Sprintf("of %d processes below it the tree shows %d", len(below), shown))
	}
	return out
}

// commandLines are those that the gathered records of starts state, the subject's as its completed record has it.
func (s *scanned) commandLines(v *playbook.View) map[reeve.ProcID]string {
	out := map[reeve.ProcID]string{}
	for i := range v.Events {
		e := &v.Events[i]
		if e.Kind != reeve.ProcessStart {
			continue
		}
		if id := s.by(e); id != 0 && out[id] == "" {
			out[id] = e.Get(reeve.AttrCommandLine)
		}
	}
	if v.Subject != nil {
		out[v.Process.ID] = v.Get(reeve.AttrCommandLine)
	}
	return out
}

package process

import "reeve"

// Seen is when a process started, else when the first record names it; 0 for none.
func (g *Graph) Seen(id reeve.ProcID) reeve.Time {
	if id <= 0 || int(id) >= len(g.nodes) {
		return 0
	}
	if n := &g.nodes[id]; n.p.Start != 0 {
		return n.p.Start
	}
	return g.nodes[id].seen
}

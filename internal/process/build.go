package process

import (
	"cmp"
	"hash/maphash"
	"slices"

	"reeve"
)

// startSlack is how far a parent's recorded start may lie after its child's: clocks of two providers differ by fractions.
const startSlack = reeve.Second

// A boot leaves several records within a minute or so, and the first processes of Windows start before the first of them.
const (
	bootSpread = 2 * reeve.Minute
	bootLead   = 15 * reeve.Second
)

// Build makes the graph of what the workers saw. It takes the builders over: they hold nothing afterwards.
func Build(builders []*Builder, canon func(string) string) *Graph {
	t := join(builders, canon)
	for _, b := range builders {
		b.ids, b.texts, b.sessions, b.known, b.byPID = nil, nil, nil, nil, nil
	}
	m := newMerge(builders, t)
	m.byGUID()
	m.byPID()
	slices.SortFunc(m.starts, func(a, b *start) int {
		if c := cmp.Or(cmp.Compare(m.host(a), m.host(b)), cmp.Compare(a.pid, b.pid)); c != 0 {
			return c
		}
		return m.rest(a, b)
	})
	g := &Graph{merge: m, seed: maphash.MakeSeed(), hosts: map[string]*host{}, unrecorded: map[interval][]reeve.ProcID{}}
	g.lay()
	for _, b := range builders {
		for _, x := range b.boots {
			h := g.hostOf(x.host)
			h.boots = append(h.boots, x.time)
		}
	}
	for _, h := range g.hosts {
		h.boots = cuts(h.boots)
	}
	late := g.ends(builders)
	g.resolve(g.witnesses(builders))
	g.lateEnds(late)
	for _, b := range builders {
		*b = Builder{}
	}
	m.starts, m.into, m.ids, m.disputed = nil, nil, nil, nil
	g.uncircle()
	g.children()
	g.names()
	g.extra = slices.Clip(g.extra)
	g.nodes = slices.Clip(g.nodes)
	return g
}

// lay writes the nodes of recorded processes, in order of host, pid and start.
func (g *Graph) lay() {
	g.nodes = make([]node, 1, len(g.starts)+len(g.starts)/16+16)
	for _, s := range g.starts {
		h := g.hostOf(g.merge.host(s))
		id := reeve.ProcID(len(g.nodes))
		if h.from == 0 {
			h.from = id
		}
		h.to = id + 1
		n := node{guid: s.guid, time: s.time, at: s.at, pid: s.pid, session: s.session, image: s.image, more: s.more}
		if g.disputed[s] {
			n.flags |= contested
		}
		g.nodes = append(g.nodes, n)
		g.enter(id)
	}
}

func (g *Graph) hostOf(name uint32) *host {
	h := g.hosts[g.texts[name]]
	if h == nil {
		h = &host{name: name}
		g.hosts[g.texts[name]] = h
	}
	return h
}

// cuts reduces the records of boots to one moment each, before which every older process had ended.
func cuts(boots []reeve.Time) []reeve.Time {
	slices.Sort(boots)
	var out []reeve.Time
	for i, t := range boots {
		if i == 0 || t-boots[i-1] > bootSpread {
			out = append(out, t-bootLead)
		}
	}
	return out
}

// ends notes the ends of recorded processes, the earliest of each. It gives back the ends of unrecorded ones; those that name a
// pid also cut what is taken to be one process.
func (g *Graph) ends(builders []*Builder) (late []end) {
	type found struct {
		id   reeve.ProcID
		host *host
		end
	}
	var byPID []found
	for _, b := range builders {
		for _, e := range b.ends {
			h := g.hostOf(e.host)
			if !none(e.key.GUID) {
				if id := g.slot(h.name, e.key.GUID); id != 0 {
					g.end(id, e.time)
					continue
				}
				late = append(late, e)
			}
			if e.key.PID == 0 {
				continue
			}
			id := g.before(h, e.key.PID, e.time)
			if id != 0 && (!none(e.key.GUID) && !none(g.nodes[id].guid) || h.boot(g.nodes[id].time) != h.boot(e.time)) {
				id = 0
			}
			byPID = append(byPID, found{id, h, e})
		}
	}
	for _, f := range byPID {
		if f.id != 0 {
			g.end(f.id, f.time)
		}
	}
	for _, f := range byPID {
		if f.id == 0 || f.time > g.nodes[f.id].end+startSlack {
			f.host.strays = append(f.host.strays, stray{f.key.PID, f.time})
			if none(f.key.GUID) {
				late = append(late, f.end)
			}
		}
	}
	for _, h := range g.hosts {
		slices.SortFunc(h.strays, func(a, b stray) int { return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.time, b.time)) })
		h.strays = slices.Compact(h.strays)
	}
	return late
}

func (g *Graph) end(id reeve.ProcID, at reeve.Time) {
	if n := &g.nodes[id]; at >= n.time && (n.end == 0 || at < n.end) {
		n.end = at
	}
}

// lateEnds gives unrecorded processes their ends.
func (g *Graph) lateEnds(late []end) {
	for _, e := range late {
		id := g.slot(e.host, e.key.GUID)
		if none(e.key.GUID) {
			id = latest(g, g.unrecorded[g.interval(g.hostOf(e.host), e.key.PID, e.time)], e.time)
		}
		if id != 0 {
			g.end(id, e.time)
		}
	}
}

// uncircle cuts every circle of parents at its earliest process, whose parent cannot have started later.
func (g *Graph) uncircle() {
	walk := make([]reeve.ProcID, len(g.nodes)) // the node from which a node was first walked to
	for id := range g.nodes {
		at := reeve.ProcID(id)
		for ; at != 0 && walk[at] == 0; at = g.nodes[at].parent {
			walk[at] = reeve.ProcID(id)
		}
		if at == 0 || walk[at] != reeve.ProcID(id) {
			continue
		}
		first := at
		for up := g.nodes[at].parent; up != at; up = g.nodes[up].parent {
			if c := cmp.Compare(g.nodes[up].time, g.nodes[first].time); c < 0 || c == 0 && up < first {
				first = up
			}
		}
		g.nodes[first].parent = 0
		g.nodes[first].flags &^= byPID
	}
}

// children lists every node's children by start, all in one slice.
func (g *Graph) children() {
	g.first = make([]int32, len(g.nodes)+1)
	for i := range g.nodes {
		if p := g.nodes[i].parent; p != 0 {
			g.first[p+1]++
		}
	}
	for i := 1; i < len(g.first); i++ {
		g.first[i] += g.first[i-1]
	}
	g.kids = make([]reeve.ProcID, g.first[len(g.nodes)])
	next := slices.Clone(g.first)
	for i := range g.nodes {
		if p := g.nodes[i].parent; p != 0 {
			g.kids[next[p]] = reeve.ProcID(i)
			next[p]++
		}
	}
	for i := range g.nodes {
		slices.SortFunc(g.kids[g.first[i]:g.first[i+1]], g.byStart)
	}
}

func (g *Graph) byStart(a, b reeve.ProcID) int {
	return cmp.Or(cmp.Compare(g.nodes[a].start(), g.nodes[b].start()), cmp.Compare(a, b))
}

// names sorts the nodes by base name.
func (g *Graph) names() {
	g.named = make([]reeve.ProcID, 0, len(g.nodes)-1)
	for id := 1; id < len(g.nodes); id++ {
		if g.nodes[id].image != 0 {
			g.named = append(g.named, reeve.ProcID(id))
		}
	}
	slices.SortFunc(g.named, func(a, b reeve.ProcID) int {
		return cmp.Or(cmp.Compare(g.base[g.nodes[a].image], g.base[g.nodes[b].image]), cmp.Compare(a, b))
	})
}

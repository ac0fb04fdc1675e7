package process

import (
	"cmp"
	"slices"

	"reeve"
)

// witness is a record that names a process other than by its start: as the parent of another, or as the doer of something.
type witness struct {
	guid             reeve.GUID
	host, pid, image uint32
	time             reeve.Time
	at               cite
	child            reeve.ProcID // 0 for a deed
}

// witnesses links children to recorded parents, and gives the records that name a process which no record shows, in order of
// time.
func (g *Graph) witnesses(builders []*Builder) []witness {
	var out []witness
	for i, s := range g.starts {
		id := reeve.ProcID(i + 1)
		if none(s.parentGUID) && s.parentPID == 0 && s.parentImage == 0 || !none(s.parentGUID) && s.parentGUID == s.guid || none(s.parentGUID) && s.parentPID == s.pid && s.pid != 0 {
			continue
		}
		w := witness{s.parentGUID, g.merge.host(s), s.parentPID, s.parentImage, s.time, s.at, id}
		if !none(w.guid) {
			if parent := g.slot(w.host, w.guid); parent != 0 {
				g.adopt(id, parent, 0)
				continue
			}
		} else if parent := g.alive(g.hostOf(w.host), w.pid, w.image, w.time); parent != 0 && parent != id {
			g.adopt(id, parent, byPID)
			continue
		}
		out = append(out, w)
	}
	for _, d := range fold(builders) {
		if !none(d.guid) && g.slot(d.host, d.guid) != 0 || none(d.guid) && g.alive(g.hostOf(d.host), d.pid, 0, d.time) != 0 {
			continue
		}
		out = append(out, witness{guid: d.guid, host: d.host, pid: d.pid, image: d.image, time: d.time, at: d.at})
	}
	slices.SortFunc(out, func(a, b witness) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.time, b.time), compareGUID(b.guid, a.guid), cmp.Compare(b.image, a.image), cmp.Compare(a.pid, b.pid), a.at.compare(b.at), cmp.Compare(a.child, b.child))
	})
	return out
}

// fold keeps one deed of what any builder took for one process, as if one builder had seen them all.
func fold(builders []*Builder) []*deed {
	var all []*deed
	for _, b := range builders {
		for i := range b.deeds {
			all = append(all, &b.deeds[i])
		}
	}
	which := func(a, b *deed) int {
		if c := cmp.Or(cmp.Compare(a.host, b.host), compareGUID(a.guid, b.guid)); c != 0 || !none(a.guid) {
			return c
		}
		return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.image, b.image), cmp.Compare(a.time/reeve.Day, b.time/reeve.Day))
	}
	slices.SortFunc(all, func(a, b *deed) int {
		return cmp.Or(which(a, b), cmp.Compare(min(b.image, 1), min(a.image, 1)), cmp.Compare(a.time, b.time), a.at.compare(b.at), cmp.Compare(a.image, b.image), cmp.Compare(a.pid, b.pid))
	})
	return slices.CompactFunc(all, func(a, b *deed) bool { return which(a, b) == 0 })
}

func (g *Graph) adopt(child, parent reeve.ProcID, how uint8) {
	if child != parent {
		n := &g.nodes[child]
		n.parent = parent
		n.flags |= how
	}
}

// groupKey finds an unrecorded process by pid, period and program.
type groupKey struct {
	interval
	base uint32
}

// resolve gives each witness the process that it names, in order of time. Nodes are made as late as possible: a witness with a
// GUID names the recorded process of its pid and program when that has no GUID; one of an unrecorded process names the one that
// others named in the same interval, unless GUID or program contradict.
func (g *Graph) resolve(list []witness) {
	groups := map[groupKey]reeve.ProcID{}
	for i := range list {
		w := &list[i]
		h := g.hostOf(w.host)
		id := g.slot(w.host, w.guid)
		if id == 0 && !none(w.guid) {
			if id = g.alive(h, w.pid, w.image, w.time); id != 0 && (!none(g.nodes[id].guid) || id == w.child) {
				id = 0
			}
		}
		var k interval
		bare := id == 0 && (w.pid != 0 || none(w.guid)) // known by pid and time only
		if bare {
			k = g.interval(h, w.pid, w.time)
			if list := g.unrecorded[k]; len(list) > 0 && g.fits(list[len(list)-1], w) {
				id = list[len(list)-1]
			} else if like := groups[groupKey{k, g.base[w.image]}]; like != 0 && g.fits(like, w) {
				id = like
			}
		}
		switch n := &g.nodes[id]; {
		case id == 0:
			if id = g.infer(w); bare {
				g.unrecorded[k] = append(g.unrecorded[k], id)
			}
		case none(n.guid) && !none(w.guid):
			n.guid = w.guid
			n.flags |= adoptedGUID
			g.enter(id)
		}
		n := &g.nodes[id]
		if n.flags&inferred != 0 {
			n.image = g.fuller(n.image, w.image)
			n.pid = cmp.Or(n.pid, w.pid)
			n.more = g.cite(n.at, n.more, w.at)
			if bare {
				groups[groupKey{k, g.base[n.image]}] = id
			}
		}
		if w.child != 0 {
			how := uint8(0)
			if none(w.guid) || n.flags&adoptedGUID != 0 {
				how = byPID
			}
			g.adopt(w.child, id, how)
		}
	}
}

// fits tells whether a witness may speak of an unrecorded process of its pid.
func (g *Graph) fits(id reeve.ProcID, w *witness) bool {
	n := &g.nodes[id]
	return (none(n.guid) || none(w.guid) || n.guid == w.guid) && g.same(n.image, w.image)
}

func (g *Graph) infer(w *witness) reeve.ProcID {
	id := reeve.ProcID(len(g.nodes))
	g.nodes = append(g.nodes, node{guid: w.guid, time: w.time, at: w.at, pid: w.pid, image: w.image, session: g.id(session{host: w.host}), flags: inferred})
	g.enter(id)
	return id
}

// interval is a stretch of time in which a pid that no start was recorded of is taken to be one process: after the same
// recorded process of that pid, the same boot and the same stray end.
type interval struct {
	host, pid  uint32
	after      reeve.ProcID
	boot, ends int32
}

func (g *Graph) interval(h *host, pid uint32, at reeve.Time) interval {
	ends, _ := slices.BinarySearchFunc(h.strays, stray{pid, at - startSlack}, func(a, b stray) int { return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.time, b.time)) })
	return interval{h.name, pid, g.before(h, pid, at), int32(h.boot(at)), int32(ends)}
}

// latest gives the last of the nodes that was seen by a time, else the first; the list is in order of time.
func latest(g *Graph, list []reeve.ProcID, at reeve.Time) reeve.ProcID {
	if len(list) == 0 {
		return 0
	}
	i, _ := slices.BinarySearchFunc(list, at, func(id reeve.ProcID, at reeve.Time) int {
		if g.nodes[id].time <= at {
			return -1
		}
		return 1
	})
	return list[max(i-1, 0)]
}

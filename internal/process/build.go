package process

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
)

// sameStart is how far two recorders' times of one start may lie apart.
const sameStart = 2 * reeve.Second

// startSlack is how far a parent's recorded start may lie after its child's: clocks of two providers differ by fractions.
const startSlack = reeve.Second

// sighting is one merged record of a start, with texts in place.
type sighting struct {
	host, image, parentImage, user, sid, logon string
	key, parent                                reeve.ProcKey
	time                                       reeve.Time
	ref                                        reeve.Ref
}

// Build merges what the workers saw.
func Build(builders []*Builder, canon func(string) string) *Graph {
	g := &Graph{byGUID: map[hostGUID]reeve.ProcID{}, byPID: map[hostPID][]reeve.ProcID{}, byBase: map[string][]reeve.ProcID{}, boots: map[string][]reeve.Time{}, inferred: map[hostPID][]reeve.ProcID{}}
	g.nodes = make([]node, 1)
	var seen []sighting
	for _, b := range builders {
		for i := range b.starts {
			s := &b.starts[i]
			t := b.texts
			seen = append(seen, sighting{canon(t[s.host]), t[s.image], t[s.parentImage], t[s.user], t[s.sid], t[s.logon], s.key, s.parent, s.time, b.ref(s)})
		}
		for _, x := range b.boots {
			h := canon(b.texts[x.host])
			g.boots[h] = append(g.boots[h], x.time)
		}
	}
	for h := range g.boots {
		slices.Sort(g.boots[h])
	}
	slices.SortFunc(seen, func(a, b sighting) int {
		return cmp.Or(strings.Compare(a.host, b.host), cmp.Compare(a.time, b.time), compareKey(b.key, a.key), a.ref.Compare(b.ref))
	})
	parents := make([]sighting, 1, len(seen)+1) // by node: the sighting that names its parent
	for i := range seen {
		g.take(&seen[i], &parents)
	}
	seen = nil
	g.index()
	g.ends(builders, canon)
	g.adopt(parents)
	g.orphans(builders, canon)
	g.link()
	return g
}

// compareKey orders keys; one with a GUID is greater, so that descending order puts Sysmon's word first.
func compareKey(a, b reeve.ProcKey) int {
	return cmp.Or(slices.Compare(a.GUID[:], b.GUID[:]), cmp.Compare(a.PID, b.PID))
}

// take makes a node of a sighting, or adds its citation to the node that it is another record of.
func (g *Graph) take(s *sighting, parents *[]sighting) {
	id := g.known(s)
	if id == 0 {
		id = reeve.ProcID(len(g.nodes))
		g.nodes = append(g.nodes, node{p: reeve.Process{ID: id, Host: s.host, Key: s.key, Image: s.image, User: s.user, UserSID: s.sid, LogonID: s.logon, Start: s.time, Refs: []reeve.Ref{s.ref}}})
		*parents = append(*parents, *s)
		g.byPID[hostPID{s.host, s.key.PID}] = append(g.byPID[hostPID{s.host, s.key.PID}], id)
		if s.key.GUID != (reeve.GUID{}) {
			g.byGUID[hostGUID{s.host, s.key.GUID}] = id
		}
		return
	}
	p := &g.nodes[id].p
	named := &(*parents)[id]
	if p.Key.GUID == (reeve.GUID{}) && s.key.GUID != (reeve.GUID{}) {
		p.Key.GUID = s.key.GUID
		g.byGUID[hostGUID{s.host, s.key.GUID}] = id
	}
	if named.parent.GUID == (reeve.GUID{}) && s.parent.GUID != (reeve.GUID{}) {
		named.parent, named.parentImage = s.parent, cmp.Or(s.parentImage, named.parentImage)
	}
	named.parentImage = cmp.Or(named.parentImage, s.parentImage)
	p.Image, p.User, p.UserSID, p.LogonID = longer(p.Image, s.image), cmp.Or(p.User, s.user), cmp.Or(p.UserSID, s.sid), cmp.Or(p.LogonID, s.logon)
	if slices.Contains(p.Refs, s.ref) {
		return
	}
	if len(p.Refs) < maxRefs {
		p.Refs = append(p.Refs, s.ref)
	}
}

// longer prefers a full path to a bare name.
func longer(a, b string) string {
	if !strings.Contains(a, `\`) && strings.Contains(b, `\`) || a == "" {
		return b
	}
	return a
}

// known finds the node that a sighting is another record of: the same GUID, or the same pid and program within two seconds as
// long as not both have GUIDs.
func (g *Graph) known(s *sighting) reeve.ProcID {
	none := reeve.GUID{}
	if s.key.GUID != none {
		if id := g.byGUID[hostGUID{s.host, s.key.GUID}]; id != 0 {
			return id
		}
	}
	list := g.byPID[hostPID{s.host, s.key.PID}]
	for i := len(list) - 1; i >= 0; i-- {
		p := &g.nodes[list[i]].p
		if s.time-p.Start > sameStart {
			break
		}
		if (p.Key.GUID == none || s.key.GUID == none) && baseOf(p.Image) == baseOf(s.image) {
			return list[i]
		}
	}
	return 0
}

// index sorts each pid's processes by start.
func (g *Graph) index() {
	for k := range g.byPID {
		list := g.byPID[k]
		slices.SortFunc(list, func(a, b reeve.ProcID) int {
			return cmp.Or(cmp.Compare(g.nodes[a].p.Start, g.nodes[b].p.Start), cmp.Compare(a, b))
		})
	}
}

// ends notes the ends; a process that has no record of its end ends at the latest when its pid is used again or the host boots.
func (g *Graph) ends(builders []*Builder, canon func(string) string) {
	for _, b := range builders {
		for _, e := range b.ends {
			host := canon(b.texts[e.host])
			id := g.byGUID[hostGUID{host, e.key.GUID}]
			if e.key.GUID == (reeve.GUID{}) || id == 0 {
				id = g.lookup(host, e.key.PID, e.time)
			}
			if id == 0 {
				continue
			}
			if p := &g.nodes[id].p; e.time >= p.Start && (p.End == 0 || e.time < p.End) {
				p.End = e.time
			}
		}
	}
}

// adopt gives every node its parent; a parent without a record of its own becomes an inferred node.
func (g *Graph) adopt(named []sighting) {
	inferred := map[inferredKey]reeve.ProcID{}
	for id := reeve.ProcID(1); int(id) < len(named); id++ {
		s := &named[id]
		if s.parent.IsZero() && s.parentImage == "" {
			continue
		}
		child := &g.nodes[id].p
		parent, byPID := g.parentOf(id, s)
		if parent == 0 {
			parent = g.infer(inferred, s, child)
			byPID = s.parent.GUID == (reeve.GUID{})
		}
		if parent == id || parent == 0 {
			continue
		}
		child = &g.nodes[id].p // infer may have moved the nodes
		child.Parent, child.ByPID = parent, byPID
	}
}

func (g *Graph) parentOf(id reeve.ProcID, s *sighting) (parent reeve.ProcID, byPID bool) {
	if s.parent.GUID != (reeve.GUID{}) {
		return g.byGUID[hostGUID{s.host, s.parent.GUID}], false
	}
	if s.parent.PID == 0 {
		return 0, false
	}
	parent = g.lookup(s.host, s.parent.PID, s.time+startSlack)
	if parent == id || parent != 0 && s.parentImage != "" && baseOf(g.nodes[parent].p.Image) != baseOf(s.parentImage) {
		return 0, false // the pid belongs to another program by now: the record names one that no record shows
	}
	return parent, true
}

// inferredKey folds the children that name one unrecorded parent. Without a GUID the pid's period counts: the time of the last
// recorded process of that pid before the child.
type inferredKey struct {
	host   string
	key    reeve.ProcKey
	period reeve.ProcID
	boot   int
	image  string
}

func (g *Graph) infer(inferred map[inferredKey]reeve.ProcID, s *sighting, child *reeve.Process) reeve.ProcID {
	k := inferredKey{host: s.host, key: s.parent, image: baseOf(s.parentImage)}
	if s.parent.GUID != (reeve.GUID{}) {
		k.key.PID, k.image = 0, ""
	} else {
		k.period = g.before(s.host, s.parent.PID, s.time)
		k.boot, _ = slices.BinarySearch(g.boots[s.host], s.time)
	}
	if id := inferred[k]; id != 0 {
		p := &g.nodes[id].p
		p.Image = longer(p.Image, s.parentImage)
		if len(p.Refs) < maxRefs {
			p.Refs = append(p.Refs, child.Refs[0])
		}
		return id
	}
	id := reeve.ProcID(len(g.nodes))
	inferred[k] = id
	g.nodes = append(g.nodes, node{seen: s.time, p: reeve.Process{ID: id, Host: s.host, Key: s.parent, Image: s.parentImage, Inferred: true, Refs: []reeve.Ref{child.Refs[0]}}})
	g.remember(id)
	return id
}

// remember makes an inferred node findable.
func (g *Graph) remember(id reeve.ProcID) {
	p := &g.nodes[id].p
	if p.Key.GUID != (reeve.GUID{}) {
		g.byGUID[hostGUID{p.Host, p.Key.GUID}] = id
	}
	if p.Key.PID != 0 {
		k := hostPID{p.Host, p.Key.PID}
		g.inferred[k] = append(g.inferred[k], id)
	}
}

// orphans makes nodes of processes that are known by their deeds only.
func (g *Graph) orphans(builders []*Builder, canon func(string) string) {
	type orphan struct {
		host, image string
		key         reeve.ProcKey
		time        reeve.Time
		ref         reeve.Ref
	}
	var list []orphan
	for _, b := range builders {
		for k, d := range b.deeds {
			list = append(list, orphan{canon(b.texts[k.host]), b.texts[d.image], d.source.key, d.time, b.ref(&d.source)})
		}
	}
	slices.SortFunc(list, func(a, b orphan) int {
		return cmp.Or(strings.Compare(a.host, b.host), cmp.Compare(a.time, b.time), compareKey(b.key, a.key), a.ref.Compare(b.ref), strings.Compare(a.image, b.image))
	})
	for _, o := range list {
		if id := g.Find(o.host, o.key, o.time); id != 0 {
			p := &g.nodes[id].p
			if p.Inferred {
				p.Image = longer(p.Image, o.image)
			}
			continue
		}
		id := reeve.ProcID(len(g.nodes))
		g.nodes = append(g.nodes, node{seen: o.time, p: reeve.Process{ID: id, Host: o.host, Key: o.key, Image: o.image, Inferred: true, Refs: []reeve.Ref{o.ref}}})
		g.remember(id)
	}
}

// link fills children and names, and cuts links that would close a circle.
func (g *Graph) link() {
	for id := reeve.ProcID(1); int(id) < len(g.nodes); id++ {
		p := &g.nodes[id].p
		steps := 0
		for up := p.Parent; up != 0; up = g.nodes[up].p.Parent {
			if steps++; up == id || steps > maxDepth {
				p.Parent = 0
				break
			}
		}
		if b := baseOf(p.Image); b != "" {
			g.byBase[b] = append(g.byBase[b], id)
		}
	}
	for id := reeve.ProcID(1); int(id) < len(g.nodes); id++ {
		if parent := g.nodes[id].p.Parent; parent != 0 {
			g.nodes[parent].children = append(g.nodes[parent].children, id)
		}
	}
	for id := range g.nodes {
		slices.SortFunc(g.nodes[id].children, func(a, b reeve.ProcID) int {
			return cmp.Or(cmp.Compare(g.nodes[a].p.Start, g.nodes[b].p.Start), cmp.Compare(a, b))
		})
	}
}

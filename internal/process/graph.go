package process

import (
	"hash/maphash"
	"slices"
	"sort"
	"strings"

	"reeve"
)

// maxDepth bounds every walk up; no real chain is a tenth as long.
const maxDepth = 1024

// Graph is the finished process graph. It is read only and may be shared. A process costs about 110 bytes.
type Graph struct {
	*merge
	nodes      []node         // by id; 0 is none. Recorded ones first, by host, pid and start
	slots      []reeve.ProcID // the nodes with GUIDs, hashed; 0 is a free place
	used       int
	seed       maphash.Seed
	hosts      map[string]*host
	unrecorded map[interval][]reeve.ProcID // by first sight
	first      []int32                     // of a node's children in kids
	kids       []reeve.ProcID
	named      []reeve.ProcID // by base name, then id
}

// node is a process. Texts are ids.
type node struct {
	guid    reeve.GUID
	time    reeve.Time // start; of an inferred process when the first record names it
	end     reeve.Time
	at      cite
	pid     uint32
	parent  reeve.ProcID
	session uint32
	image   uint32
	more    int32
	flags   uint8
}

const (
	inferred    uint8 = 1 << iota
	byPID             // the link to the parent rests on a pid
	adoptedGUID       // the node has its GUID from a record that was joined to it by pid
	contested         // records of its start name different files
)

func (n *node) start() reeve.Time {
	if n.flags&inferred != 0 {
		return 0
	}
	return n.time
}

// host holds what is known of one host besides its processes.
type host struct {
	name     uint32
	from, to reeve.ProcID // its recorded nodes
	boots    []reeve.Time
	strays   []stray // ends of processes that no start was recorded of, by pid and time
}

type stray struct {
	pid  uint32
	time reeve.Time
}

// boot counts the boots up to a time.
func (h *host) boot(at reeve.Time) int {
	return sort.Search(len(h.boots), func(i int) bool { return h.boots[i] > at })
}

// Stop tells why a chain of ancestors ends.
type Stop string

// The reasons.
const (
	Root          Stop = "root"           // a process that Windows itself begins with
	ParentMissing Stop = "parent missing" // no record names the next parent
	Limit         Stop = "limit"          // the chain is longer than any real one
)

// Len is the number of processes.
func (g *Graph) Len() int { return len(g.nodes) - 1 }

func (g *Graph) has(id reeve.ProcID) bool { return id > 0 && int(id) < len(g.nodes) }

// Process gives a node; the zero Process for 0.
func (g *Graph) Process(id reeve.ProcID) reeve.Process {
	if !g.has(id) {
		return reeve.Process{}
	}
	n := &g.nodes[id]
	s := g.list[n.session]
	p := reeve.Process{ID: id, Parent: n.parent, Host: g.texts[s.host], Key: reeve.ProcKey{GUID: n.guid, PID: n.pid}, Image: g.texts[n.image], User: g.texts[s.user], UserSID: g.texts[s.sid],
		LogonID: g.texts[s.logon], Start: n.start(), End: n.end, Inferred: n.flags&inferred != 0, ByPID: n.flags&byPID != 0, Disputed: n.flags&contested != 0}
	more := 0
	for i := n.more; i != 0; i = g.extra[i].next {
		more++
	}
	p.Refs = make([]reeve.Ref, 0, 1+more)
	p.Refs = append(p.Refs, n.at.ref(g.texts))
	for i := n.more; i != 0; i = g.extra[i].next {
		p.Refs = append(p.Refs, g.extra[i].at.ref(g.texts))
	}
	return p
}

// Seen is when a process started, of an inferred one when the first record names it; 0 for none.
func (g *Graph) Seen(id reeve.ProcID) reeve.Time {
	if !g.has(id) {
		return 0
	}
	return g.nodes[id].time
}

// Find gives the process that a record names by key at a time; 0 when none is known. A GUID decides alone; a pid means the last
// process of that pid that had started by then and had not ended.
func (g *Graph) Find(name string, key reeve.ProcKey, at reeve.Time) reeve.ProcID {
	h := g.hosts[name]
	if h == nil {
		return 0
	}
	if !none(key.GUID) {
		return g.slot(h.name, key.GUID)
	}
	if key.PID == 0 {
		return 0
	}
	if id := g.alive(h, key.PID, 0, at); id != 0 {
		return id
	}
	return latest(g, g.unrecorded[g.interval(h, key.PID, at)], at)
}

// alive finds the recorded process of a pid and program that lived at a time, else one that starts within a moment after. An
// image of 0 is any program.
func (g *Graph) alive(h *host, pid, image uint32, at reeve.Time) reeve.ProcID {
	if pid == 0 {
		return 0
	}
	id := g.before(h, pid, at)
	if id != 0 && g.same(g.nodes[id].image, image) {
		if n := &g.nodes[id]; (n.end == 0 || n.end+startSlack >= at) && h.boot(n.time) == h.boot(at) {
			return id
		}
	}
	next := id + 1
	if id == 0 {
		next = g.search(h, pid, at)
	}
	if next < h.to && g.has(next) {
		if n := &g.nodes[next]; n.pid == pid && n.time <= at+startSlack && g.same(n.image, image) {
			return next
		}
	}
	return 0
}

// search finds the first recorded node of a host that comes after a pid and time.
func (g *Graph) search(h *host, pid uint32, at reeve.Time) reeve.ProcID {
	nodes := g.nodes[h.from:h.to]
	return h.from + reeve.ProcID(sort.Search(len(nodes), func(i int) bool { return nodes[i].pid > pid || nodes[i].pid == pid && nodes[i].time > at }))
}

// before finds the last recorded process of a pid that started at or before a time.
func (g *Graph) before(h *host, pid uint32, at reeve.Time) reeve.ProcID {
	if id := g.search(h, pid, at) - 1; id >= h.from && id > 0 && g.nodes[id].pid == pid {
		return id
	}
	return 0
}

// slot finds a node by GUID.
func (g *Graph) slot(host uint32, guid reeve.GUID) reeve.ProcID {
	if none(guid) || len(g.slots) == 0 {
		return 0
	}
	return g.slots[g.place(host, guid)]
}

// place is where a GUID stands in slots, or would stand.
func (g *Graph) place(host uint32, guid reeve.GUID) uint64 {
	mask := uint64(len(g.slots) - 1)
	at := maphash.Comparable(g.seed, hostGUID{guid, host}) & mask
	for {
		id := g.slots[at]
		if id == 0 || g.nodes[id].guid == guid && g.list[g.nodes[id].session].host == host {
			return at
		}
		at = (at + 1) & mask
	}
}

// enter makes a node with a GUID findable by it.
func (g *Graph) enter(id reeve.ProcID) {
	if none(g.nodes[id].guid) {
		return
	}
	if g.used*4 >= len(g.slots)*3 {
		old := g.slots
		g.slots = make([]reeve.ProcID, max(64, 2*len(old)))
		for _, id := range old {
			if id != 0 {
				g.slots[g.place(g.list[g.nodes[id].session].host, g.nodes[id].guid)] = id
			}
		}
	}
	g.used++
	g.slots[g.place(g.list[g.nodes[id].session].host, g.nodes[id].guid)] = id
}

// Children of a process by start.
func (g *Graph) Children(id reeve.ProcID) []reeve.ProcID {
	if !g.has(id) {
		return nil
	}
	return g.kids[g.first[id]:g.first[id+1]:g.first[id+1]]
}

// Ancestors of a process, nearest first, and why the chain ends.
func (g *Graph) Ancestors(id reeve.ProcID) ([]reeve.ProcID, Stop) {
	if !g.has(id) {
		return nil, ParentMissing
	}
	var out []reeve.ProcID
	for up := g.nodes[id].parent; up != 0; up = g.nodes[up].parent {
		if len(out) == maxDepth {
			return out, Limit
		}
		out = append(out, up)
		id = up
	}
	if root(g.texts[g.nodes[id].image]) {
		return out, Root
	}
	return out, ParentMissing
}

// root tells the processes that Windows itself begins with, by name and by their one folder where a folder is known.
func root(image string) bool {
	image = strings.ToLower(image)
	at := strings.LastIndexAny(image, `\/`) + 1
	switch image[at:] {
	case "system", "registry":
		return at == 0
	case "wininit.exe", "smss.exe", "winlogon.exe", "csrss.exe", "services.exe", "userinit.exe":
		return at == 0 || strings.HasSuffix(image[:at], `\system32\`)
	}
	return false
}

// Descendants of a process in order of start, at most max, and whether there are more.
func (g *Graph) Descendants(id reeve.ProcID, max int) (out []reeve.ProcID, more bool) {
	queue := slices.Clone(g.Children(id))
	for len(queue) > 0 {
		if len(out) >= max {
			more = true
			break
		}
		out = append(out, queue[0])
		queue = append(queue[1:], g.Children(queue[0])...)
	}
	slices.SortFunc(out, g.byStart)
	return out, more
}

// ByImageName gives the processes whose file has a name, in order of id.
func (g *Graph) ByImageName(base string) []reeve.ProcID {
	name, ok := g.find(strings.ToLower(base))
	if !ok || name == 0 {
		return nil
	}
	from := sort.Search(len(g.named), func(i int) bool { return g.base[g.nodes[g.named[i]].image] >= name })
	to := sort.Search(len(g.named), func(i int) bool { return g.base[g.nodes[g.named[i]].image] > name })
	return g.named[from:to:to]
}

package process

import (
	"slices"
	"sort"
	"strings"

	"reeve"
)

// maxDepth bounds every walk up; no real chain is a tenth as long.
const maxDepth = 1024

// Graph is the finished process graph. It is read only and may be shared.
type Graph struct {
	nodes    []node // by id; 0 is none
	byGUID   map[hostGUID]reeve.ProcID
	byPID    map[hostPID][]reeve.ProcID // recorded processes by start
	inferred map[hostPID][]reeve.ProcID
	byBase   map[string][]reeve.ProcID
	boots    map[string][]reeve.Time
}

type node struct {
	p        reeve.Process
	seen     reeve.Time // of an inferred process: when the first record names it
	children []reeve.ProcID
}

type hostGUID struct {
	host string
	guid reeve.GUID
}

type hostPID struct {
	host string
	pid  uint32
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

// Process gives a node; the zero Process for 0.
func (g *Graph) Process(id reeve.ProcID) reeve.Process {
	if id <= 0 || int(id) >= len(g.nodes) {
		return reeve.Process{}
	}
	return g.nodes[id].p
}

// Find gives the process that a record names by key at a time; 0 when none is known. A GUID decides alone; a pid means the last
// process of that pid that had started by then and had not ended.
func (g *Graph) Find(host string, key reeve.ProcKey, at reeve.Time) reeve.ProcID {
	if key.GUID != (reeve.GUID{}) {
		if id := g.byGUID[hostGUID{host, key.GUID}]; id != 0 {
			return id
		}
		return 0
	}
	if key.PID == 0 {
		return 0
	}
	if id := g.lookup(host, key.PID, at+startSlack); id != 0 {
		return id
	}
	period := g.before(host, key.PID, at)
	for _, id := range g.inferred[hostPID{host, key.PID}] {
		p := &g.nodes[id].p
		if p.Key.GUID == (reeve.GUID{}) && g.periodOf(p) == period {
			return id
		}
	}
	return 0
}

// periodOf tells which recorded process of the same pid an inferred one follows; its first citation's children are its only date.
func (g *Graph) periodOf(p *reeve.Process) reeve.ProcID {
	return g.before(p.Host, p.Key.PID, g.nodes[p.ID].seen)
}

// lookup finds the recorded process of a pid that was alive at a time.
func (g *Graph) lookup(host string, pid uint32, at reeve.Time) reeve.ProcID {
	id := g.before(host, pid, at)
	if id == 0 {
		return 0
	}
	p := &g.nodes[id].p
	if p.End != 0 && p.End+startSlack < at-startSlack || g.bootBetween(host, p.Start, at-startSlack) {
		return 0
	}
	return id
}

// before finds the last recorded process of a pid that started at or before a time.
func (g *Graph) before(host string, pid uint32, at reeve.Time) reeve.ProcID {
	list := g.byPID[hostPID{host, pid}]
	i := sort.Search(len(list), func(i int) bool { return g.nodes[list[i]].p.Start > at })
	if i == 0 {
		return 0
	}
	return list[i-1]
}

func (g *Graph) bootBetween(host string, from, to reeve.Time) bool {
	boots := g.boots[host]
	i := sort.Search(len(boots), func(i int) bool { return boots[i] > from })
	return i < len(boots) && boots[i] <= to
}

// Children of a process by start.
func (g *Graph) Children(id reeve.ProcID) []reeve.ProcID {
	if id <= 0 || int(id) >= len(g.nodes) {
		return nil
	}
	return g.nodes[id].children
}

// Ancestors of a process, nearest first, and why the chain ends.
func (g *Graph) Ancestors(id reeve.ProcID) ([]reeve.ProcID, Stop) {
	var out []reeve.ProcID
	for up := g.Process(id).Parent; up != 0; up = g.nodes[up].p.Parent {
		if len(out) == maxDepth {
			return out, Limit
		}
		out = append(out, up)
	}
	last := g.Process(id)
	if len(out) > 0 {
		last = g.Process(out[len(out)-1])
	}
	switch baseOf(last.Image) {
	case "system", "wininit.exe", "smss.exe", "winlogon.exe", "csrss.exe", "services.exe", "userinit.exe", "registry":
		return out, Root
	}
	return out, ParentMissing
}

// Descendants of a process in order of start, at most max, and whether there are more.
func (g *Graph) Descendants(id reeve.ProcID, max int) (out []reeve.ProcID, more bool) {
	queue := slices.Clone(g.Children(id))
	for len(queue) > 0 {
		if len(out) == max {
			more = true
			break
		}
		out = append(out, queue[0])
		queue = append(queue[1:], g.Children(queue[0])...)
	}
	slices.SortStableFunc(out, func(a, b reeve.ProcID) int {
		switch x, y := g.nodes[a].p.Start, g.nodes[b].p.Start; {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return int(a) - int(b)
	})
	return out, more
}

// ByImageName gives the processes whose file has a name, in order of id.
func (g *Graph) ByImageName(base string) []reeve.ProcID { return g.byBase[strings.ToLower(base)] }

func baseOf(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

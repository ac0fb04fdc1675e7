// Package triage decides which executions become a case, one per subject, so that a clean estate is quiet and nothing is
// hidden: what was left out is counted with its reason.
//
// Invariants: every LOLBAS execution is counted exactly once, in a case or left out; the order of cases and occurrences depends
// on host, time and process only. The package does not know what the answers to a case will be.
package triage

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/process"
	"reeve/lolbas"
)

// Execution is one run of a program as the scan saw it.
type Execution struct {
	Process  reeve.ProcID
	Host     string
	Time     reeve.Time
	Image    string
	Parent   string // image of the parent
	Entry    *lolbas.Entry
	Location lolbas.LocationClass
	Identity lolbas.IdentityValue
	Abuse    bool   // the command line has the form of a documented abuse
	Shape    uint64 // of the command line
}

// Opened is a case to be investigated.
type Opened struct {
	Process     reeve.ProcID // the earliest occurrence
	Entry       *lolbas.Entry
	Reasons     []string
	Occurrences []reeve.ProcID // the subject first, then by time
	Of          []reeve.ProcID // of a run that is looked at by itself: the runs of the same behaviour
}

// Input is what triage looks at.
type Input struct {
	Executions []Execution
	Graph      *process.Graph
	Rules      map[reeve.ProcID]string // the gravest rule of level medium or above on a process: its title
	Named      map[reeve.ProcID]string // processes that the user named, and by which words
	All        bool
}

// desktop is the program that does what its user does: what rules say of it, or of what it started, opens no case of it.
const desktop = "Explorer.exe"

// The reasons for leaving an execution out.
const (
	leftEveryday = "an everyday program in its place, with an ordinary command line and no rule against it"
	leftAdmin    = "an administrator's program in its place, with an ordinary command line and no rule against it"
	leftParent   = "only started what has a case of its own"
	leftDesktop  = "the desktop: what it does is its user's doing"
)

// Open decides. Cases come in order of host, time and process.
func Open(in Input) ([]Opened, []reeve.Triaged) {
	list := slices.Clone(in.Executions)
	slices.SortFunc(list, func(a, b Execution) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Process, b.Process), strings.Compare(a.Entry.Name, b.Entry.Name))
	})
	list = slices.CompactFunc(list, func(a, b Execution) bool {
		return a.Process == b.Process && a.Entry.Name == b.Entry.Name && a.Process != 0
	})
	t := &tally{rows: map[string]*reeve.Triaged{}}
	cases := map[behaviour]*Opened{}
	var order []behaviour
	known := map[reeve.ProcID]bool{}
	for i := range list {
		known[list[i].Process] = true
	}
	for i := range list {
		x := &list[i]
		reasons, left := in.reasons(x, known)
		if len(reasons) == 0 && !in.All {
			t.leave(x.Entry, left)
			continue
		}
		if len(reasons) == 0 {
			reasons = []string{"all executions were asked for"}
		}
		t.take(x.Entry)
		k := behaviourOf(x, in.Named[x.Process] != "")
		c := cases[k]
		if c == nil {
			c = &Opened{Process: x.Process, Entry: x.Entry}
			cases[k] = c
			order = append(order, k)
		}
		c.Occurrences = append(c.Occurrences, x.Process)
		for _, r := range reasons {
			if !slices.Contains(c.Reasons, r) {
				c.Reasons = append(c.Reasons, r)
			}
		}
	}
	out := make([]Opened, 0, len(order))
	for _, k := range order {
		out = append(out, *cases[k])
	}
	return append(out, in.named(known)...), t.list()
}

// named opens cases for processes that the user named and that are no LOLBAS executions.
func (in *Input) named(known map[reeve.ProcID]bool) []Opened {
	var ids []reeve.ProcID
	for id := range in.Named {
		if !known[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var out []Opened
	for _, id := range ids {
		out = append(out, Opened{Process: id, Reasons: []string{"named as " + in.Named[id]}, Occurrences: []reeve.ProcID{id}})
	}
	return out
}

// behaviour is what makes two executions the same case.
type behaviour struct {
	host, entry, folder, parent string
	location                    lolbas.LocationClass
	identity                    lolbas.IdentityValue
	shape                       uint64
	alone                       reeve.ProcID
}

func behaviourOf(x *Execution, named bool) behaviour {
	k := behaviour{host: x.Host, entry: x.Entry.Name, folder: strings.ToLower(x.Image), parent: baseOf(x.Parent), location: x.Location, identity: x.Identity, shape: x.Shape}
	if named {
		k.alone = x.Process
	}
	return k
}

func baseOf(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

// reasons tells why an execution becomes a case, or why not.
func (in *Input) reasons(x *Execution, known map[reeve.ProcID]bool) (reasons []string, left string) {
	add := func(s string) { reasons = append(reasons, s) }
	if words := in.Named[x.Process]; words != "" {
		add("named as " + words)
	}
	switch x.Entry.Class {
	case lolbas.Developer, lolbas.Optional, lolbas.Rare:
		add("a program of class " + string(x.Entry.Class) + " ran")
	}
	if x.Abuse {
		add("its command line has the form of a documented abuse")
	}
	switch x.Location {
	case lolbas.OtherProtected, lolbas.UserWritable, lolbas.RemotePath:
		add("it does not run from where it belongs")
	}
	switch x.Identity {
	case lolbas.Renamed, lolbas.Masquerade:
		add("it is not what its name says")
	}
	if strings.EqualFold(x.Entry.Name, desktop) && !x.Abuse {
		return reasons, leftDesktop
	}
	if rule := in.Rules[x.Process]; rule != "" {
		add("a rule matched it: " + rule)
	}
	left = leftAdmin
	if x.Entry.Class == lolbas.Everyday {
		left = leftEveryday
	}
	for _, child := range in.Graph.Children(x.Process) {
		if rule := in.Rules[child]; rule != "" {
			if known[child] {
				left = leftParent
				continue
			}
			add("a rule matched what it started: " + rule)
			break
		}
	}
	return reasons, left
}

// tally counts executions per program.
type tally struct{ rows map[string]*reeve.Triaged }

func (t *tally) row(e *lolbas.Entry) *reeve.Triaged {
	r := t.rows[e.Name]
	if r == nil {
		r = &reeve.Triaged{LOLBin: e.Name}
		t.rows[e.Name] = r
	}
	r.Seen++
	return r
}

func (t *tally) take(e *lolbas.Entry) { t.row(e).InCases++ }

func (t *tally) leave(e *lolbas.Entry, reason string) {
	r := t.row(e)
	for i := range r.LeftOut {
		if r.LeftOut[i].Reason == reason {
			r.LeftOut[i].Count++
			return
		}
	}
	r.LeftOut = append(r.LeftOut, reeve.LeftOut{Reason: reason, Count: 1})
}

func (t *tally) list() []reeve.Triaged {
	out := make([]reeve.Triaged, 0, len(t.rows))
	for _, r := range t.rows {
		slices.SortFunc(r.LeftOut, func(a, b reeve.LeftOut) int { return strings.Compare(a.Reason, b.Reason) })
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b reeve.Triaged) int {
		return strings.Compare(strings.ToLower(a.LOLBin), strings.ToLower(b.LOLBin))
	})
	return out
}

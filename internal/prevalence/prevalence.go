// Package prevalence tells how usual an execution is in the evidence itself: on how many hosts, by how many users, with which
// parents and command shapes, over how many days.
//
// Invariants: rows are counted once however often their record occurs; what belongs to the case under question is left out by
// the caller's test, so that an attacker who runs a thing a thousand times does not make it usual. The package keeps no
// command line, only the hash of its shape, and does not know what any program is.
package prevalence

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"reeve"
	"reeve/cmdline"
)

// Row is one process start, 40 bytes.
type Row struct {
	Process reeve.ProcID
	Program uint32 // interned base name
	Parent  uint32 // interned base name of the parent; 0 is unknown
	Host    uint32
	User    uint32
	Shape   uint64
	Time    reeve.Time
}

// Table holds the process starts of an investigation.
type Table struct {
	rows   []Row // by program, then time, then process
	names  map[string]uint32
	texts  []string // by id
	hosts  map[uint32]span
	byHost map[uint32][]int32 // rows of a host, in their order
}

type span struct{ first, last reeve.Time }

// Start is what the table wants to know of a process start.
type Start struct {
	Process                        reeve.ProcID
	Host, Image, ParentImage, User string
	CommandShape                   uint64
	Time                           reeve.Time
}

// ShapeOf hashes the shape of a command line, the program's own path left out; 0 means that there is no command line, which is
// like no other. The hash is a cryptographic one, cut to 64 bits, because whoever writes command lines must not be able to make
// a rare one look like a usual one.
func ShapeOf(commandLine string) uint64 {
	tokens := cmdline.Split(commandLine)
	if len(tokens) == 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(cmdline.Shape(commandLine[tokens[0].End:])))
	return max(binary.LittleEndian.Uint64(sum[:]), 1)
}

// Build makes the table.
func Build(starts []Start) *Table {
	t := &Table{names: map[string]uint32{"": 0}, hosts: map[uint32]span{}, byHost: map[uint32][]int32{}}
	t.rows = make([]Row, 0, len(starts))
	for _, s := range starts {
		host := t.intern(s.Host)
		t.rows = append(t.rows, Row{s.Process, t.intern(base(s.Image)), t.intern(base(s.ParentImage)), host, t.intern(strings.ToLower(s.User)), s.CommandShape, s.Time})
		if s.Time != 0 && host != 0 {
			h, ok := t.hosts[host]
			if !ok {
				h = span{s.Time, s.Time}
			}
			t.hosts[host] = span{min(h.first, s.Time), max(h.last, s.Time)}
		}
	}
	slices.SortFunc(t.rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Program, b.Program), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Process, b.Process))
	})
	t.rows = slices.CompactFunc(t.rows, func(a, b Row) bool { return a.Process != 0 && a.Process == b.Process })
	t.texts = make([]string, len(t.names))
	for s, id := range t.names {
		t.texts[id] = s
	}
	for i := range t.rows {
		t.byHost[t.rows[i].Host] = append(t.byHost[t.rows[i].Host], int32(i))
	}
	return t
}

func (t *Table) intern(s string) uint32 {
	id, ok := t.names[s]
	if !ok {
		id = uint32(len(t.names))
		t.names[s] = id
	}
	return id
}

func base(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

// Habit compares an execution with all others that leave does not name.
func (t *Table) Habit(s Start, leave func(reeve.ProcID) bool) reeve.Habit {
	h := reeve.Habit{AllHosts: len(t.hosts)}
	program, host, parent := t.names[base(s.Image)], t.names[s.Host], t.names[base(s.ParentImage)]
	if first := t.hosts[host].first; first != 0 && s.Time > first {
		h.Days = int((s.Time - first) / reeve.Day)
	}
	hosts, users, minute := map[uint32]bool{}, map[uint32]bool{}, map[uint32]bool{}
	from, _ := slices.BinarySearchFunc(t.rows, program, func(r Row, p uint32) int { return cmp.Compare(r.Program, p) })
	for _, r := range t.rows[from:] {
		if r.Program != program || program == 0 {
			break
		}
		if leave(r.Process) {
			continue
		}
		h.Runs++
		if r.Host != 0 {
			hosts[r.Host] = true
		}
		if r.User != 0 {
			users[r.User] = true
		}
		if r.Host == host && r.Time != 0 && r.Time < s.Time {
			h.SameHost++
		}
		if r.Parent == parent && parent != 0 {
			h.SameParent++
		}
		if r.Shape == s.CommandShape && r.Shape != 0 {
			h.SameShape++
			if r.Host != host && r.Time != 0 && r.Time > s.Time-reeve.Minute && r.Time < s.Time+reeve.Minute {
				minute[r.Host] = true
			}
		}
	}
	h.Hosts, h.Users, h.SameMinuteHosts = len(hosts), len(users), len(minute)
	return h
}

// Programs lists what ran on a host before a time, most often first, what leave names left out; at most most programs.
func (t *Table) Programs(host string, before reeve.Time, leave func(reeve.ProcID) bool, most int) []Count {
	id, ok := t.names[host]
	if !ok {
		return nil
	}
	var out []Count
	for _, i := range t.byHost[id] {
		r := &t.rows[i]
		if r.Program == 0 || r.Time == 0 || r.Time >= before || leave(r.Process) {
			continue
		}
		if n := len(out); n == 0 || out[n-1].Base != t.texts[r.Program] {
			out = append(out, Count{Base: t.texts[r.Program], Process: r.Process})
		}
		out[len(out)-1].Runs++
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Runs, a.Runs), strings.Compare(a.Base, b.Base))
	})
	return out[:min(len(out), max(most, 0))]
}

// Count is a program's runs.
type Count struct {
	Base    string
	Runs    int
	Process reeve.ProcID // the first of them
}

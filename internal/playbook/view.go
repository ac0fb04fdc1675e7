package playbook

import (
	"slices"
	"strings"

	"reeve"
	"reeve/internal/coverage"
	"reeve/internal/process"
)

// View is the whole world that a question may look at: one case and the evidence gathered for it. Nothing in it is changed by a
// question.
type View struct {
	Process  reeve.Process // the subject's node
	Subject  *reeve.Event  // the record of its start; nil when the node is only inferred
	LOLBin   *reeve.LOLBin // nil when the subject is no LOLBAS program
	Payloads []reeve.Payload

	Graph    *process.Graph
	Coverage *coverage.Coverage
	Enable   func(reeve.Kind) reeve.Need // what to switch on for a kind of event
	Events   []reeve.Event               // gathered for this case, by time
	Findings []reeve.Finding             // on the subject and its descendants, by time
	Silent   []SilentRule                // rules about this program that did not see it
	Limit    string                      // why gathering stopped before everything was asked; "" when it did not

	Inventory reeve.Inventory
	Intel     reeve.Intel
	Habit     reeve.Habit
	Footprint []Program // programs that ran on the subject's host before it, identity checked, the case's own left out

	answers map[string]*reeve.Answer
	starts  map[reeve.ProcID]*reeve.Event // the first start record of each process, once one was asked for
}

// SilentRule is a rule about the subject's program that did not match it.
type SilentRule struct {
	ID, Title string
	Level     reeve.Level
	Reason    string // "field absent", "no telemetry", "does not match"
	Says      string
}

// Program is a part of a host's footprint.
type Program struct {
	Base string // lower case
	Runs int
	Ref  reeve.Ref // one of them
}

// Answer gives the answer to a question that was asked before; nil for any other.
func (v *View) Answer(question string) *reeve.Answer { return v.answers[question] }

// Host is the subject's host.
func (v *View) Host() string { return v.Process.Host }

// Time is when the subject started, else when it was first seen.
func (v *View) Time() reeve.Time {
	if v.Process.Start != 0 || v.Subject == nil {
		return v.Process.Start
	}
	return v.Subject.Time
}

// End is when the subject ended; the last gathered event when that is unknown.
func (v *View) End() reeve.Time {
	if v.Process.End != 0 {
		return v.Process.End
	}
	last := v.Time()
	for i := range v.Events {
		last = max(last, v.Events[i].Time)
	}
	return last
}

// Get is an attribute of the subject's start record; "" without one.
func (v *View) Get(a reeve.Attr) string {
	if v.Subject == nil {
		return ""
	}
	return v.Subject.Get(a)
}

// SubjectRefs cites the subject.
func (v *View) SubjectRefs() []reeve.Ref { return v.Process.Refs }

// Ancestors of the subject, nearest first, and why the chain ends.
func (v *View) Ancestors() ([]reeve.Process, process.Stop) {
	ids, stop := v.Graph.Ancestors(v.Process.ID)
	return v.processes(ids), stop
}

// maxDescendants bounds what is looked at below a subject; services.exe has thousands.
const maxDescendants = 512

// Desktop tells whether the subject is a session's desktop. What its user starts from it is the user's doing, not the desktop's.
func (v *View) Desktop() bool {
	line := strings.Trim(strings.TrimSpace(v.Get(reeve.AttrCommandLine)), `"`)
	return strings.HasSuffix(strings.ToLower(v.Process.Image), `\windows\explorer.exe`) && (line == "" || Base(line) == "explorer.exe")
}

// Descendants of the subject in order of start, and whether there were more than are given; none of a desktop.
func (v *View) Descendants() ([]reeve.Process, bool) {
	if v.Desktop() {
		return nil, false
	}
	ids, more := v.Graph.Descendants(v.Process.ID, maxDescendants)
	return v.processes(ids), more
}

func (v *View) processes(ids []reeve.ProcID) []reeve.Process {
	out := make([]reeve.Process, len(ids))
	for i, id := range ids {
		out[i] = v.Graph.Process(id)
	}
	return out
}

// StartOf finds the gathered start record of a process; nil when it was not gathered.
func (v *View) StartOf(p reeve.Process) *reeve.Event {
	if p.ID == v.Process.ID && v.Subject != nil {
		return v.Subject
	}
	if v.starts == nil {
		v.starts = map[reeve.ProcID]*reeve.Event{}
		for i := range v.Events {
			if e := &v.Events[i]; e.Kind == reeve.ProcessStart {
				if id := v.By(e); id != 0 && v.starts[id] == nil && v.Graph.Process(id).Host == e.Host {
					v.starts[id] = e
				}
			}
		}
	}
	return v.starts[p.ID]
}

// By is the process that did an event; 0 when none is known.
func (v *View) By(e *reeve.Event) reeve.ProcID {
	if e.Process.IsZero() {
		return 0
	}
	return v.Graph.Find(e.Host, e.Process, e.Time)
}

// Deeds are the gathered events of the given kinds that one of the processes did, by time.
func (v *View) Deeds(of []reeve.ProcID, kinds ...reeve.Kind) []*reeve.Event {
	var out []*reeve.Event
	for i := range v.Events {
		e := &v.Events[i]
		if slices.Contains(kinds, e.Kind) && slices.Contains(of, v.By(e)) {
			out = append(out, e)
		}
	}
	return out
}

// Of are the gathered events of the given kinds on the subject's host, whoever did them, by time.
func (v *View) Of(kinds ...reeve.Kind) []*reeve.Event {
	var out []*reeve.Event
	for i := range v.Events {
		if e := &v.Events[i]; slices.Contains(kinds, e.Kind) && e.Host == v.Host() {
			out = append(out, e)
		}
	}
	return out
}

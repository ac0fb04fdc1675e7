package playbook

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reeve"
	"reeve/internal/coverage"
	"reeve/internal/process"
)

func guid(n byte) reeve.GUID { return reeve.GUID{n} }

func key(n uint32) reeve.ProcKey { return reeve.ProcKey{GUID: guid(byte(n)), PID: n} }

// small is a view of a.exe (1), which started b.exe (2), which started c.exe (3), on host h; d.exe (4) runs on another host.
func small() *View {
	b := process.NewBuilder()
	v := &View{}
	start := func(host string, n, parent uint32, image string) {
		at := reeve.Time(n) * reeve.Minute
		s := process.Start{Host: host, Key: key(n), Image: image, Time: at, Ref: ref(int(n))}
		if parent != 0 {
			s.Parent = key(parent)
		}
		b.Start(s)
		v.Events = append(v.Events, reeve.Event{Kind: reeve.ProcessStart, Time: at, Host: host, Process: key(n), Parent: s.Parent, Ref: ref(int(n)), Attrs: []reeve.Property{{Attr: reeve.AttrImage, Value: image}}})
	}
	start("h", 1, 0, `C:\a.exe`)
	start("h", 2, 1, `C:\b.exe`)
	start("h", 3, 2, `C:\c.exe`)
	start("i", 4, 0, `C:\d.exe`)
	v.Events = append(v.Events,
		reeve.Event{Kind: reeve.FileCreate, Time: 10 * reeve.Minute, Host: "h", Process: key(3), Ref: ref(10)},
		reeve.Event{Kind: reeve.FileCreate, Time: 11 * reeve.Minute, Host: "i", Process: key(4), Ref: ref(11)},
		reeve.Event{Kind: reeve.LogCleared, Time: 12 * reeve.Minute, Host: "h", Ref: ref(12)})
	v.Graph, v.Coverage = process.Build([]*process.Builder{b}, func(h string) string { return h }), coverage.Build(nil, func(h string) string { return h })
	v.Process = v.Graph.Process(v.Graph.Find("h", key(2), 2*reeve.Minute))
	v.Subject = &v.Events[1]
	return v
}

func images(list []reeve.Process) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Image)
	}
	return out
}

func TestViewKnowsTheSubjectsFamily(t *testing.T) {
	v := small()
	above, _ := v.Ancestors()
	below, more := v.Descendants()
	if diff := cmp.Diff([]string{`C:\a.exe`}, images(above)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`C:\c.exe`}, images(below)); diff != "" || more {
		t.Error(diff, more)
	}
	if v.Host() != "h" || v.Get(reeve.AttrImage) != `C:\b.exe` {
		t.Errorf("host %q, image %q", v.Host(), v.Get(reeve.AttrImage))
	}
}

func TestViewFindsWhoDidWhat(t *testing.T) {
	v := small()
	below, _ := v.Descendants()
	deeds := v.Deeds([]reeve.ProcID{below[0].ID}, reeve.FileCreate, reeve.LogCleared)
	if len(deeds) != 1 || deeds[0].Ref != ref(10) {
		t.Errorf("c.exe did %v", deeds)
	}
	if got := v.Of(reeve.FileCreate, reeve.LogCleared); len(got) != 2 || got[0].Ref != ref(10) || got[1].Ref != ref(12) {
		t.Errorf("on the subject's host happened %v", got)
	}
	if e := v.StartOf(below[0]); e == nil || e.Ref != ref(3) {
		t.Errorf("c.exe was started by %v", e)
	}
	if e := v.StartOf(v.Process); e != v.Subject {
		t.Errorf("the subject was started by %v", e)
	}
	if id := v.By(&v.Events[len(v.Events)-1]); id != 0 {
		t.Errorf("a record without a process was done by %d", id)
	}
}

func TestViewTimes(t *testing.T) {
	v := small()
	if v.Time() != 2*reeve.Minute || v.End() != 12*reeve.Minute {
		t.Errorf("without a recorded end the last event counts: from %v to %v", v.Time(), v.End())
	}
	v.Process.End = 5 * reeve.Minute
	if v.End() != 5*reeve.Minute {
		t.Errorf("the recorded end is %v", v.End())
	}
	v.Process.Start, v.Subject = 0, nil
	if v.Time() != 0 || v.Get(reeve.AttrImage) != "" {
		t.Errorf("a subject without a record: %v %q", v.Time(), v.Get(reeve.AttrImage))
	}
}

func TestLogonIsTheLastOneOfThisSessionSinceTheHostStarted(t *testing.T) {
	logon := func(minute reeve.Time, id, linked string) reeve.Event {
		return reeve.Event{Kind: reeve.Logon, Time: minute * reeve.Minute, Host: "h", Ref: ref(int(minute)), Attrs: []reeve.Property{{Attr: reeve.AttrTargetLogonID, Value: id}, {Attr: reeve.AttrLinkedLogonID, Value: linked}}}
	}
	boot := func(minute reeve.Time) reeve.Event {
		return reeve.Event{Kind: reeve.Boot, Time: minute * reeve.Minute, Host: "h", Ref: ref(int(minute))}
	}
	other := logon(3, "0xA1", "")
	other.Host = "i"
	for name, test := range map[string]struct {
		id     string
		events []reeve.Event
		want   int // line of the record; 0 for none
	}{
		"none without a session":               {"", []reeve.Event{logon(1, "0xa1", "")}, 0},
		"none for the system itself":           {"0x3E7", []reeve.Event{logon(1, "0x3e7", "")}, 0},
		"the same number, in any case":         {"0xa1", []reeve.Event{logon(1, "0xA1", "")}, 1},
		"the elevated half":                    {"0xa2", []reeve.Event{logon(1, "0xa1", "0xa2")}, 1},
		"the last of several":                  {"0xa1", []reeve.Event{logon(1, "0xa1", ""), logon(2, "0xa1", "")}, 2},
		"none after the execution":             {"0xa1", []reeve.Event{logon(9, "0xa1", "")}, 0},
		"none of another host":                 {"0xa1", []reeve.Event{other}, 0},
		"none from before the host started":    {"0xa1", []reeve.Event{logon(1, "0xa1", ""), boot(2)}, 0},
		"one from after the host started":      {"0xa1", []reeve.Event{boot(2), logon(3, "0xa1", "")}, 3},
		"a start after the execution is later": {"0xa1", []reeve.Event{logon(1, "0xa1", ""), boot(8)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := &View{Process: reeve.Process{Host: "h", LogonID: test.id, Start: 5 * reeve.Minute}, Events: test.events}
			got := v.Logon()
			if (got == nil) != (test.want == 0) || got != nil && got.Ref != ref(test.want) {
				t.Errorf("got %v, want record %d", got, test.want)
			}
		})
	}
}

func TestGapsAreThoseOfTheHostAndTime(t *testing.T) {
	c := coverage.NewCounter()
	for id, minute := range map[uint64]reeve.Time{1: 1, 2: 2, 5: 10, 6: 11} {
		c.Record("h", "Sysmon", id, true, minute*reeve.Minute, ref(int(id)))
		c.Record("i", "Sysmon", id, true, minute*reeve.Minute, ref(int(id)))
	}
	v := &View{Process: reeve.Process{Host: "h"}, Coverage: coverage.Build([]*coverage.Counter{c}, func(h string) string { return h })}
	if got := v.Gaps(5*reeve.Minute, 6*reeve.Minute); len(got) != 1 || got[0].Host != "h" || got[0].Kind != "hole" {
		t.Errorf("got %v", got)
	}
	if got := v.Gaps(20*reeve.Minute, 30*reeve.Minute); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestInboundIsFromElsewhereAndNear(t *testing.T) {
	reached := func(minute reeve.Time, initiated, source string) reeve.Event {
		return reeve.Event{Kind: reeve.NetworkConnect, Time: minute * reeve.Minute, Host: "h", Process: key(2), Ref: ref(int(minute)),
			Attrs: []reeve.Property{{Attr: reeve.AttrInitiated, Value: initiated}, {Attr: reeve.AttrSourceIP, Value: source}}}
	}
	for name, test := range map[string]struct {
		event reeve.Event
		want  bool
	}{
		"within a minute before":    {reached(1, "false", "10.0.0.9"), true},
		"within a minute after":     {reached(3, "false", "10.0.0.9"), true},
		"not later":                 {reached(4, "false", "10.0.0.9"), false},
		"not an outgoing one":       {reached(2, "true", "10.0.0.9"), false},
		"not one from itself":       {reached(2, "false", "127.0.0.1"), false},
		"not one without direction": {reached(2, "", "10.0.0.9"), false},
	} {
		v := small()
		v.Events = append(v.Events, test.event)
		if got := v.Inbound(v.Process); (got != nil) != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

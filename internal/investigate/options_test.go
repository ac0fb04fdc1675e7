package investigate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"reeve"
)

// fleet is mftrace on two hosts, an hour apart.
func fleet() logs {
	one := day()
	var two []record
	for _, r := range day() {
		r.at = r.at.Add(3600e9)
		two = append(two, r.on("pc2.corp.example").with("UtcTime", r.at.Format("2006-01-02 15:04:05.000")))
	}
	return logs{"one.evtx": one, "two.evtx": two}
}

func moment(s string) reeve.Time { return reeve.TimeOf(clock(s)) }

func TestOnlyWhatWasAskedForBecomesACase(t *testing.T) {
	for _, c := range []struct {
		why  string
		opt  Options
		want string // hosts of the cases
	}{
		{"everything", Options{}, "pc pc2"},
		{"one host by its full name", Options{Host: "PC2.corp.example"}, "pc2"},
		{"by its short name", Options{Host: "PC2"}, "pc2"},
		{"from a time on", Options{From: moment("10:30:00")}, "pc2"},
		{"from the very moment on", Options{From: moment("11:00:10")}, "pc2"},
		{"up to a time", Options{To: moment("10:30:00")}, "pc"},
		{"up to the very moment", Options{To: moment("10:00:10")}, "pc"},
		{"between two times", Options{From: moment("10:30:00"), To: moment("10:40:00")}, ""},
		{"a host that is not there", Options{Host: "pc3"}, ""},
	} {
		inv := fleet().run(t, c.opt)
		var got []string
		for _, x := range inv.Cases {
			short, _, _ := strings.Cut(x.Subject.Host, ".")
			got = append(got, short)
		}
		if slices.Sort(got); strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.why, strings.Join(got, " "), c.want)
		}
		narrowed := c.opt.Host != "" || c.opt.From != 0 || c.opt.To != 0
		if notes := strings.Join(inv.Notes, " "); strings.Contains(notes, "could become cases") != narrowed || strings.Contains(notes, "No record is of the host") != (c.opt.Host == "pc3") {
			t.Errorf("%s: notes %q", c.why, notes)
		}
	}
}

// TestWhatWasNotAskedForIsStillItsSurroundings: the time that was asked for bounds cases, not what they rest on.
func TestWhatWasNotAskedForIsStillItsSurroundings(t *testing.T) {
	log := append(day(), writes("09:30:00", 150, browser, payload))
	c := caseOf(t, logs{"a.evtx": log}.run(t, Options{From: moment("10:00:10"), To: moment("10:00:10")}), "mftrace.exe")
	contains(t, "the timeline", says(c), "msedge.exe file event "+payload)
	contains(t, "the tree", shape(c), "cmd.exe<explorer.exe:ancestor", "payload.exe<mftrace.exe:payload")
}

func TestASubjectThatIsNamedGetsACaseOrASentence(t *testing.T) {
	notepad := starts("12:00:00", 500, `C:\Windows\notepad.exe`, "notepad", 100, desktop)
	for _, c := range []struct {
		why, subject string
		opt          Options
		want, says   string
	}{
		{"an everyday program by name", "cmd.exe", Options{}, "cmd.exe mftrace.exe", ""},
		{"a program that is on no list", "notepad", Options{}, "mftrace.exe notepad.exe", ""},
		{"a path", `C:\Windows\NOTEPAD.EXE`, Options{}, "mftrace.exe notepad.exe", ""},
		{"a GUID", strings.Trim(guid(500), "{}"), Options{}, "mftrace.exe notepad.exe", ""},
		{"host, pid and time", "pc:500@2024-05-01T12:00:00Z", Options{}, "mftrace.exe notepad.exe", ""},
		{"a program that never ran", "winver.exe", Options{}, "mftrace.exe", "No record shows winver.exe: of 1 host, 1 had records of process starts. Where there are none, it may have run unseen."},
		{"one that ran at another time", "notepad.exe", Options{To: moment("11:00:00")}, "mftrace.exe", "notepad.exe ran, but not on the host or in the time that was asked for."},
		{"one that ran on another host", "notepad.exe", Options{Host: "pc9"}, "", "notepad.exe ran, but not on the host or in the time that was asked for."},
	} {
		c.opt.Subjects = named(t, c.subject)
		inv := logs{"a.evtx": append(day(), notepad)}.run(t, c.opt)
		if got := programs(inv); got != c.want {
			t.Errorf("%s: %s, want %s", c.why, got, c.want)
		}
		if got := strings.Join(inv.Unfound, " "); got != c.says {
			t.Errorf("%s: it says %q, want %q", c.why, got, c.says)
		}
	}
	inv := logs{"a.evtx": {deed(3, "10:00:00", 7, desktop)}}.run(t, Options{Subjects: named(t, "winver.exe")})
	if want := "No record shows winver.exe: the evidence has no records of process starts at all, so this says nothing about whether it ran."; strings.Join(inv.Unfound, "") != want {
		t.Errorf("without records of starts: %q", inv.Unfound)
	}
}

func TestAllMeansEveryExecutionOfAListedProgram(t *testing.T) {
	log := logs{"a.evtx": append(day(), starts("12:00:00", 500, `C:\Windows\notepad.exe`, "notepad", 100, desktop))}
	some, all := log.run(t, Options{}), log.run(t, Options{All: true})
	if programs(some) != "mftrace.exe" || programs(all) != "explorer.exe cmd.exe mftrace.exe" {
		t.Errorf("some: %s, all: %s", programs(some), programs(all))
	}
	for _, inv := range []*reeve.Investigation{some, all} {
		for _, row := range inv.Triage {
			n := row.InCases
			for _, l := range row.LeftOut {
				n += l.Count
			}
			if row.Seen != 1 || n != 1 {
				t.Errorf("%+v", row)
			}
		}
		if len(inv.Triage) != 3 {
			t.Errorf("%d rows", len(inv.Triage))
		}
	}
}

func TestStoppingStops(t *testing.T) {
	set := fleet().set(t)
	for _, stage := range []string{"scan", "gather 1"} {
		ctx, stop := context.WithCancel(context.Background())
		_, err := Run(ctx, set, Options{Progress: func(at string, _, _ int64) {
			if at == stage {
				stop()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped in %s: %v", stage, err)
		}
		stop()
	}
}

func TestProgressNamesTheStages(t *testing.T) {
	var mu sync.Mutex
	var stages []string
	log := fleet()
	log["copy.evtx"] = log["one.evtx"]
	log.run(t, Options{Progress: func(stage string, done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(stages, stage) {
			stages = append(stages, stage)
		}
		if done > total || total == 0 {
			t.Errorf("%s: %d of %d", stage, done, total)
		}
	}})
	if got := fmt.Sprint(stages); !strings.HasPrefix(got, "[scan gather 1") {
		t.Errorf("stages %s", got)
	}
}

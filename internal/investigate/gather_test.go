package investigate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"reeve"
	"reeve/internal/gather"
	"reeve/internal/process"
	"reeve/internal/triage"
)

const (
	dropper = `C:\Users\ann\dropper.exe`
	planted = `C:\Users\ann\mfdetours.dll`
)

// planting is a story that has to be followed back: mftrace loads a library, which a dropper wrote, which the browser brought.
func planting() []record {
	return append(day(),
		writes("09:50:00", 150, browser, dropper),
		deed(15, "09:50:01", 150, browser, "TargetFilename", dropper+":Zone.Identifier", "Contents", "[ZoneTransfer]  ZoneId=3  HostUrl=https://evil.example/dropper.exe"),
		starts("09:51:00", 160, dropper, "dropper.exe", 100, desktop),
		writes("09:52:00", 160, dropper, planted),
		deed(7, "10:00:10", 300, tracer, "ImageLoaded", planted, "Signed", "false"),
	)
}

// TestTheSearchFollowsWhatItFinds: the library's writer, and where the writer came from.
func TestTheSearchFollowsWhatItFinds(t *testing.T) {
	var rounds []string
	inv := logs{"a.evtx": planting()}.run(t, Options{Threads: 1, Progress: func(stage string, _, _ int64) {
		if len(rounds) == 0 || rounds[len(rounds)-1] != stage {
			rounds = append(rounds, stage)
		}
	}})
	c := caseOf(t, inv, "mftrace.exe")
	contains(t, "the timeline", says(c), "mfdetours.dll", "dropper.exe file event "+planted, "msedge.exe file event "+dropper, "create stream hash "+dropper+":Zone.Identifier")
	if got := strings.Join(rounds, ", "); got != "scan, gather 1, gather 2, gather 3" {
		t.Errorf("stages: %s", got)
	}
}

// TestTheSearchEndsWhereNothingNewIsNamed: a case that is known after one reading costs one.
func TestTheSearchEndsWhereNothingNewIsNamed(t *testing.T) {
	inv := logs{"a.evtx": {starts("10:00:10", 300, tracer, "mftrace.exe", 200, shell)}}.run(t, Options{Progress: func(stage string, _, _ int64) {
		if stage == "gather 2" {
			t.Error("the evidence is read once more for nothing")
		}
	}})
	if len(inv.Notes) != 0 {
		t.Errorf("notes: %q", inv.Notes)
	}
}

// TestTheSearchHasALimitAndSaysSo: each dropper was written by another one.
func TestTheSearchHasALimitAndSaysSo(t *testing.T) {
	log := planting()
	for i := range 5 {
		before, after := fmt.Sprintf(`C:\Users\ann\dropper%d.exe`, i+1), fmt.Sprintf(`C:\Users\ann\dropper%d.exe`, i)
		if i == 0 {
			after = dropper
		}
		log = append(log, starts(fmt.Sprintf("09:%d:00", 48-i), 170+i, before, before, 100, desktop), writes(fmt.Sprintf("09:%d:30", 48-i), 170+i, before, after))
	}
	inv := logs{"a.evtx": log}.run(t, Options{})
	c := caseOf(t, inv, "mftrace.exe")
	const limit = "the search stopped after 3 readings; what they named last was not asked for"
	contains(t, "the notes", strings.Join(inv.Notes, "\n"), "Case "+c.ID+": "+limit)
	for _, a := range c.Answers {
		if a.Question == "behaviour" {
			if fmt.Sprint(a.Details) == "" || !strings.Contains(fmt.Sprint(a.Details), limit) {
				t.Errorf("the behaviour answer does not say it: %+v", a.Details)
			}
		}
	}
}

// TestAnAncestorThatRanForWeeksDoesNotDrownTheCase: the desktop's own deeds of other days are no part of it, its start is.
func TestAnAncestorThatRanForWeeksDoesNotDrownTheCase(t *testing.T) {
	log := day()
	log[0] = starts("2024-04-02 08:00:00", 100, desktop, "explorer.exe", 90, `C:\Windows\System32\userinit.exe`)
	at := clock("2024-04-02 09:00:00")
	for i := range 3000 { // a deed every quarter of an hour
		x := at.Add(time.Duration(i) * 15 * time.Minute)
		log = append(log, writes(x.Format("2006-01-02 15:04:05"), 100, desktop, fmt.Sprintf(`C:\Users\ann\note%d.txt`, i)))
	}
	log = append(log, deed(3, "2024-05-03 10:00:20", 400, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443"))
	set := logs{"a.evtx": log}.set(t)
	c := caseOf(t, investigate(t, set, Options{}), "mftrace.exe")
	contains(t, "the timeline", says(c), "userinit.exe started explorer.exe", "203.0.113.7:443")
	opt := Options{Threads: 1}
	s, err := scan(t.Context(), set, &opt)
	if err != nil {
		t.Fatal(err)
	}
	opened, _ := triage.Open(s.triage(&opt))
	d := begin(opened[0], s.graph)
	if err := s.gather(t.Context(), set, &opt, []*draft{d}); err != nil {
		t.Fatal(err)
	}
	deeds := 0
	for _, e := range s.eventsOf(d) {
		if e.Kind == reeve.FileCreate {
			deeds++
		}
	}
	if deeds < 90 || deeds > 110 { // of the day before, and the hour after
		t.Errorf("%d of the desktop's 3000 deeds were looked at", deeds)
	}
}

// TestWhatHappensAfterDaysIsStillItsDeed: a payload goes on, and its logs lie in later files.
func TestWhatHappensAfterDaysIsStillItsDeed(t *testing.T) {
	later := deed(3, "2024-05-20 10:00:20", 400, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443")
	c := caseOf(t, logs{"may-01.evtx": day(), "may-20.evtx": {later.numbered(900)}}.run(t, Options{}), "mftrace.exe")
	contains(t, "the timeline", says(c), "203.0.113.7:443")
}

func TestWhatACaseAsks(t *testing.T) {
	b := process.NewBuilder()
	key := func(n byte) reeve.ProcKey { return reeve.ProcKey{GUID: reeve.GUID{15: n}, PID: uint32(n)} }
	noon := reeve.TimeOf(clock("12:00:00"))
	for _, s := range []process.Start{
		{Host: "pc", Key: key(1), Image: desktop, Time: noon - 20*reeve.Day, LogonID: "0x7A120"},
		{Host: "pc", Key: key(2), Parent: key(1), Image: tracer, Time: noon, LogonID: "0x3e7"},
		{Host: "pc", Key: key(3), Parent: key(2), Image: payload, Time: noon + reeve.Hour, LogonID: "0x3e7"},
	} {
		b.Start(s)
	}
	b.End("pc", key(3), noon+2*reeve.Hour)
	g := process.Build([]*process.Builder{b}, strings.ToLower)
	find := func(n byte) reeve.ProcID { return g.Find("pc", key(n), noon+reeve.Hour) }
	d := begin(triage.Opened{Process: find(2), Occurrences: []reeve.ProcID{find(2)}}, g)
	for _, c := range []struct {
		why  string
		ask  gather.Topic
		want gather.Span // zero: not asked
		own  bool
	}{
		{"the subject's deeds, by its GUID: whatever the clock said", gather.Topic{About: gather.Deeds, Host: "pc", Process: find(2)}, gather.Span{From: noon - reeve.Day, To: gather.Endless}, true},
		{"its child's too, whatever a record says of its end", gather.Topic{About: gather.Deeds, Host: "pc", Process: find(3)}, gather.Span{From: noon + reeve.Hour - reeve.Day, To: gather.Endless}, true},
		{"its ancestor's around the case", gather.Topic{About: gather.Deeds, Host: "pc", Process: find(1)}, gather.Span{From: noon - reeve.Day, To: noon + 3*reeve.Hour}, false},
		{"and its start, long ago", gather.Topic{About: gather.Start, Host: "pc", Process: find(1)}, gather.Around(noon-20*reeve.Day, reeve.Minute, reeve.Minute), false},
		{"its file", gather.Topic{About: gather.File, Host: "pc", Word: "mftrace.exe"}, gather.Span{From: noon - reeve.Day, To: noon + 3*reeve.Hour}, false},
		{"the session of its ancestor", gather.Topic{About: gather.Session, Host: "pc", Word: "0x7a120"}, gather.Span{From: noon - 30*reeve.Day, To: noon + 3*reeve.Hour}, false},
		{"not that of the system, which has no logon", gather.Topic{About: gather.Session, Host: "pc", Word: "0x3e7"}, gather.Span{}, false},
		{"services of a month, and of the day after", gather.Topic{About: gather.Happened, Host: "pc", Word: string(reeve.ServiceInstall)}, gather.Around(noon, 30*reeve.Day, reeve.Day), false},
		{"what a scanner found on the day before", gather.Topic{About: gather.Happened, Host: "pc", Word: string(reeve.Malware)}, gather.Around(noon, reeve.Day, reeve.Day), false},
	} {
		var got gather.Want
		for _, w := range d.wants {
			if w.Topic == c.ask {
				got = w
			}
		}
		if got.Span != c.want || got.Own != c.own {
			t.Errorf("%s: from %s to %s, want from %s to %s (own: %v)", c.why, got.From, got.To, c.want.From, c.want.To, got.Own)
		}
	}
	runs := 0
	for _, w := range d.wants {
		if w.About == gather.Happened && w.Word == string(reeve.TaskRun) {
			runs++
		}
	}
	if runs != 2 {
		t.Errorf("runs of tasks are asked for around %d starts", runs)
	}
}

// TestBoundsOfACaseAreTold: nothing is cut in silence.
func TestBoundsOfACaseAreTold(t *testing.T) {
	at := func(i int) string { return clock("10:01:00").Add(time.Duration(i) * time.Second).Format("15:04:05") }
	many := func(n int, make func(i int) record) (out []record) {
		for i := range n {
			out = append(out, make(i))
		}
		return out
	}
	child := func(i int) record {
		return starts(at(i), 1000+i, fmt.Sprintf(`C:\Users\ann\tool%d.exe`, i), "tool", 300, tracer)
	}
	for _, c := range []struct {
		why  string
		more []record
		says []string
		not  string
	}{
		{"a small case", nil, nil, "Case"},
		{"a timeline", many(maxMoments, func(i int) record {
			return deed(3, at(i), 400, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443")
		}), []string{"moments the timeline shows the 400 nearest to its start"}, "tree"},
		{"a tree", many(maxNodes+10, child), []string{"of 211 processes below it the tree shows 196"}, "started more than"},
		{"all that it started", many(maxTree+10, child), []string{"it started more than 512 processes; what the others did was not asked for", "of more than 512 processes below it the tree shows 196", "it names more than 64 files"}, ""},
		{"its writers", many(maxNames+10, func(i int) record {
			return writes(at(i % 3500)[:8], 5000+i, fmt.Sprintf(`C:\Windows\System32\writer%d.exe`, i), payload)
		}), []string{"more than 64 processes wrote its files"}, "tree"},
	} {
		inv := logs{"a.evtx": append(day(), c.more...)}.run(t, Options{})
		notes := strings.Join(inv.Notes, "\n")
		contains(t, c.why, notes, c.says...)
		if c.not != "" && strings.Contains(notes, c.not) {
			t.Errorf("%s: %s", c.why, notes)
		}
		x := caseOf(t, inv, "mftrace.exe")
		if len(x.Tree) > maxNodes || len(x.Timeline) > maxMoments {
			t.Errorf("%s: %d nodes, %d moments", c.why, len(x.Tree), len(x.Timeline))
		}
		contains(t, c.why, shape(x), "mftrace.exe<cmd.exe:subject")
	}
}

// TestAChainOfAThousandAncestorsKeepsItsSubject: the nearest are shown.
func TestAChainOfAThousandAncestorsKeepsItsSubject(t *testing.T) {
	var log []record
	for i := range 300 {
		log = append(log, starts("09:00:00", 1000+i, `C:\Users\ann\loop.exe`, "loop", 999+i, `C:\Users\ann\loop.exe`))
	}
	log = append(log, starts("10:00:10", 300, tracer, "mftrace.exe", 1299, `C:\Users\ann\loop.exe`))
	inv := logs{"a.evtx": log}.run(t, Options{})
	c := caseOf(t, inv, "mftrace.exe")
	if n := len(c.Tree); n != maxAncestors+1 || c.Tree[n-1].Role != "subject" || c.Tree[n-1].Parent == "" {
		t.Errorf("%d nodes, the last is %+v", n, c.Tree[n-1])
	}
	contains(t, "the notes", strings.Join(inv.Notes, "\n"), "of its 301 ancestors the tree shows the nearest 64")
}

// TestOccurrencesAreBounded: the table of triage counts them all.
func TestOccurrencesAreBounded(t *testing.T) {
	var log []record
	for i := range maxOccurrences + 1 {
		log = append(log, starts(clock("08:00:00").Add(time.Duration(i)*time.Second).Format("15:04:05"), 1000+i, tracer, "mftrace.exe", 100, desktop))
	}
	inv := logs{"a.evtx": log}.run(t, Options{})
	c := caseOf(t, inv, "mftrace.exe")
	if len(c.Occurrences) != maxOccurrences || len(inv.Triage) < 1 || inv.Triage[len(inv.Triage)-1].Seen != maxOccurrences+1 {
		t.Errorf("%d occurrences, %+v", len(c.Occurrences), inv.Triage)
	}
	contains(t, "the notes", strings.Join(inv.Notes, "\n"), "of its 1001 runs the first 1000 are listed")
}

// TestManyCutCasesAreCounted: a report of a thousand notes is read by nobody.
func TestManyCutCasesAreCounted(t *testing.T) {
	cut := map[string][]string{}
	var cases []reeve.Case
	for i := range maxBounds + 5 {
		id := fmt.Sprint(i)
		cases, cut[id] = append(cases, reeve.Case{ID: id}), []string{"one", "two"}
	}
	notes := bounds(cases, cut, false)
	if len(notes) != maxBounds+2 || notes[0] != "Case 0: one; two." || notes[maxBounds] != "Of 5 cases more something was left out because of a bound." || !strings.Contains(notes[maxBounds+1], "cited only") {
		t.Errorf("%q", notes)
	}
}

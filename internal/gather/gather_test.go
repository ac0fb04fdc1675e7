package gather

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/internal/winlog/recordtest"
)

const morning = 154_615 * reeve.Day // any day will do

// at is a moment counted in seconds from the morning.
func at(seconds int) reeve.Time { return morning + reeve.Time(seconds)*reeve.Second }

// log is evidence as text: a line of Sysmon is a kind, a second, a pid and a field.
func log(t testing.TB, lines ...string) []*recordtest.Record {
	t.Helper()
	var b strings.Builder
	for i, line := range lines {
		var id, second, pid int
		if _, err := fmt.Sscan(line, &id, &second, &pid); err != nil {
			t.Fatal(line, err)
		}
		rest := strings.SplitN(line, " ", 4)[3]
		when := at(second).Std()
		fmt.Fprintf(&b, "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | %d\n@Computer=PC\n@EventRecordID=%d\n@TimeCreated_SystemTime=%s\nUtcTime=%s\nProcessId=%d\nImage=C:\\p%d.exe\n%s\n\n",
			id, i+1, when.Format("2006-01-02T15:04:05.0000000Z"), when.Format("2006-01-02 15:04:05.000"), pid, pid, rest)
	}
	return recordtest.Parse(t, b.String())
}

// library takes a pid for the process itself.
func library() *Library {
	return New(strings.ToLower, func(_ string, k reeve.ProcKey, _ reeve.Time, _ reeve.Ref) reeve.ProcID { return reeve.ProcID(k.PID) })
}

func always() Span { return Span{0, Endless} }

func did(pid reeve.ProcID, when Span) Want {
	return Want{Topic{Deeds, "pc", pid, ""}, when, true}
}

func named(name string, when Span) Want { return Want{Topic{File, "pc", 0, name}, when, false} }

// read lets workers read the records in turns.
func read(q *Query, workers int, records []*recordtest.Record) {
	readers := make([]*reader, workers)
	for i := range readers {
		readers[i] = newReader(q)
	}
	for i, rec := range records {
		readers[i*workers/len(records)%workers].Record(rec)
	}
	q.collect(readers)
}

// list shows events by their record ids, copies behind a plus.
func list(events []reeve.Event) string {
	var out []string
	for _, e := range events {
		s := fmt.Sprint(e.Ref.RecordID)
		if len(e.Also) > 0 {
			s += fmt.Sprintf("+%d", len(e.Also))
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func topicWords(t Topic) string { return fmt.Sprint(t.Process, t.Word) }

func TestWhatIsAskedForIsFound(t *testing.T) {
	records := log(t,
		"11 10 7 TargetFilename=C:\\a.dll",
		"11 20 8 TargetFilename=D:\\other\\A.DLL:Zone.Identifier",
		"1 30 9 CommandLine=copy \"C:\\a.dll\" D:\\",
		"1 40 9 CommandLine=copy C:\\a.dll.bak D:\\",
		"3 50 7 DestinationIp=203.0.113.7",
		"7 60 8 ImageLoaded=C:\\Windows\\a.dll",
		"10 70 8 TargetImage=C:\\p9.exe",
		"12 80 8 TargetObject=HKLM\\a.dll",
	)
	for _, c := range []struct {
		why  string
		want Want
		ids  string
	}{
		{"the deeds of a process", did(7, always()), "1 5"},
		{"within a time", did(7, Span{at(0), at(11)}), "1"},
		{"whose end does not belong to it", did(7, Span{at(0), at(10)}), ""},
		{"the records of a start", Want{Topic{Start, "pc", 9, ""}, always(), false}, "3 4"},
		{"a start of one that did other things", Want{Topic{Start, "pc", 7, ""}, always(), false}, ""},
		{"a file by name, wherever it lies, whole words of a line only", named("a.dll", always()), "1 2 3 6"},
		{"a program that was opened", named("p9.exe", always()), "7"},
		{"a kind, whomever its records name", Want{Topic{Happened, "pc", 0, string(reeve.RegistryKey)}, always(), false}, "8"},
		{"another host", Want{Topic{Deeds, "pc2", 7, ""}, always(), true}, ""},
		{"a process that there is not", did(99, always()), ""},
	} {
		l := library()
		read(l.Query([]Want{c.want}), 1, records)
		events, cut := l.Events([]Want{c.want}, at(0), topicWords)
		if got := list(events); got != c.ids || len(cut.Own)+len(cut.Other) > 0 {
			t.Errorf("%s: %q, want %q; cut %v", c.why, got, c.ids, cut)
		}
	}
}

func TestSessionsAreFoundByEitherHalf(t *testing.T) {
	text := ""
	for i, fields := range []string{"TargetLogonId=0x7A120", "TargetLogonId=0x7a121\nTargetLinkedLogonId=0x7a120", "TargetLogonId=0x3e7", "SubjectLogonId=0x7a120\nTargetLogonId=0x9"} {
		text += fmt.Sprintf("Security | Microsoft-Windows-Security-Auditing | 4624\n@Computer=PC\n@EventRecordID=%d\n@TimeCreated_SystemTime=2024-05-01T10:00:00Z\n%s\n\n", i+1, fields)
	}
	l := library()
	w := []Want{{Topic{Session, "pc", 0, "0x7a120"}, always(), false}}
	read(l.Query(w), 1, recordtest.Parse(t, text))
	if events, _ := l.Events(w, 0, topicWords); list(events) != "1 2 4" {
		t.Errorf("found %s", list(events))
	}
}

// TestWhatIsFoundDoesNotDependOnWorkersOrRounds: asked at once or one after the other, by one worker or many.
func TestWhatIsFoundDoesNotDependOnWorkersOrRounds(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, fmt.Sprintf("11 %d %d TargetFilename=C:\\f%d.txt", i*40, i%7+1, i%5))
	}
	records := log(t, lines...)
	records = append(records, log(t, lines[100:150]...)...) // whose ids are others'
	wants := []Want{did(1, always()), did(2, Span{at(100), at(5000)}), did(2, Span{at(4000), at(9000)}), named("f3.txt", Span{at(3000), at(9000)}), named("f3.txt", Span{at(0), at(100)})}
	want := ""
	for workers := 1; workers <= 4; workers++ {
		for rounds := 1; rounds <= len(wants); rounds++ {
			l := library()
			for i := range rounds {
				read(l.Query(wants[i*len(wants)/rounds:(i+1)*len(wants)/rounds]), workers, records)
			}
			events, _ := l.Events(wants, at(4000), topicWords)
			got := list(events)
			if want == "" {
				want = got
				if len(events) < 100 {
					t.Fatalf("only %d events", len(events))
				}
			}
			if got != want {
				t.Errorf("%d workers, %d rounds:\n%s\nwant\n%s", workers, rounds, got, want)
			}
		}
	}
}

func TestWhatWasAskedIsNotAskedAgain(t *testing.T) {
	l := library()
	l.Query([]Want{did(1, Span{at(0), at(100)}), named("a.dll", always())})
	if q := l.Query([]Want{did(1, Span{at(10), at(90)}), named("a.dll", Span{at(5), at(6)})}); len(q.asks) != 0 || q.Concerns("pc", at(0), at(100)) {
		t.Errorf("%d topics are asked again", len(q.asks))
	}
	q := l.Query([]Want{did(1, Span{at(50), at(100_000)})})
	if len(q.asks) != 1 || q.asks[0].spans[0] != (Span{at(100), at(100_000)}) {
		t.Errorf("asked: %+v", q.asks)
	}
	for _, c := range []struct {
		why   string
		first int
		last  int
		want  bool
	}{
		{"long before", -9000, -8000, false},
		{"less than an hour before: clocks and queues are late", -3000, -2000, true},
		{"within", 500, 600, true},
		{"around", -9000, 900_000, true},
		{"long after", 200_000, 300_000, false},
	} {
		if got := q.Concerns("pc", at(c.first), at(c.last)); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
	if !q.Concerns("pc", 0, 0) || q.Concerns("pc2", 0, 0) {
		t.Error("a file without times concerns every query about its host, and no other")
	}
}

func TestManyWhoAskTheSameShareIt(t *testing.T) {
	l := library()
	var wants []Want
	for i := range 10_000 {
		wants = append(wants, named("a.dll", Around(at(i), reeve.Hour, reeve.Hour)), did(reeve.ProcID(i+1), always()))
	}
	q := l.Query(wants)
	if len(q.asks) != 10_001 {
		t.Errorf("%d topics are asked", len(q.asks))
	}
	read(q, 1, log(t, "11 10 7 TargetFilename=C:\\a.dll"))
	if len(l.events) != 1 || len(l.shelves[Topic{File, "pc", 0, "a.dll"}].events) != 1 {
		t.Errorf("%d events are kept", len(l.events))
	}
	events, _ := l.Events(wants[12:14], at(0), topicWords)
	if list(events) != "1" {
		t.Errorf("found %s", list(events))
	}
}

// TestCopiesBecomeOneEvent: the fuller copy speaks, whichever came first, and both are cited.
func TestCopiesBecomeOneEvent(t *testing.T) {
	full := log(t, "11 10 7 TargetFilename=C:\\a.dll\nUser=CORP\\ann")
	poor := log(t, "11 10 7 TargetFilename=C:\\a.dll\nx=a record of other bytes")
	other := log(t, "11 10 8 TargetFilename=C:\\a.dll", "11 10 7 TargetFilename=C:\\b.dll")
	w := []Want{did(7, always()), named("a.dll", always())}
	for _, order := range [][]*recordtest.Record{{full[0], poor[0], other[1]}, {other[1], poor[0], full[0]}} {
		for workers := 1; workers <= 3; workers++ {
			l := library()
			read(l.Query(w), workers, order)
			events, _ := l.Events(w, at(0), topicWords)
			if len(events) != 2 || list(events) != "1 2" && list(events) != "1+1 2" || events[0].Get(reeve.AttrUser) != `CORP\ann` {
				t.Errorf("%d workers: %s, by %q", workers, list(events), events[0].Get(reeve.AttrUser))
			}
		}
	}
}

func TestBoundsAreToldAndKeepWhatMattersMost(t *testing.T) {
	crowd := func(from, n int, pid int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf("11 %d %d TargetFilename=C:\\a.dll", from+i%3600, pid))
		}
		return lines
	}
	t.Run("an hour", func(t *testing.T) {
		records := log(t, append(crowd(0, maxHour+500, 7), crowd(3600*5, 10, 7)...)...)
		for workers := 1; workers <= 3; workers++ {
			l := library()
			w := []Want{did(7, always())}
			read(l.Query(w), workers, records)
			events, cut := l.Events(w, at(0), topicWords)
			if len(events) != maxHour+10 || len(cut.Own) != 1 || !strings.Contains(cut.Own[0], "7 only the first 4000 of an hour") {
				t.Errorf("%d workers: %d events, %v", workers, len(events), cut)
			}
		}
	})
	t.Run("an hour that fills while reading", func(t *testing.T) {
		records := log(t, crowd(0, 3*maxHour, 7)...)
		var want string
		for workers := 1; workers <= 3; workers++ {
			l := library()
			w := []Want{did(7, always())}
			q := l.Query(w)
			read(q, workers, records)
			events, _ := l.Events(w, at(0), topicWords)
			if want == "" {
				want = list(events)
			}
			if len(events) != maxHour || list(events) != want {
				t.Errorf("%d workers: %d events, others than one worker found", workers, len(events))
			}
		}
	})
	t.Run("what surrounds a case", func(t *testing.T) {
		var lines []string
		for hour := range 3 {
			lines = append(lines, crowd(hour*3600, 1500, 8)...)
		}
		l := library()
		w := []Want{named("a.dll", always())}
		read(l.Query(w), 2, log(t, lines...))
		events, cut := l.Events(w, at(3600), topicWords)
		if len(events) != maxNear || len(cut.Own) != 0 || len(cut.Other) != 1 || !strings.Contains(cut.Other[0], "of the 4500 records about 0a.dll only the 1000 nearest") {
			t.Errorf("%d events, %v", len(events), cut)
		}
		if events[0].Time < at(0) || events[len(events)-1].Time > at(7200) {
			t.Errorf("from %s to %s", events[0].Time, events[len(events)-1].Time)
		}
	})
	t.Run("a case as a whole", func(t *testing.T) {
		l := library()
		w := []Want{did(1, always()), named("x", always())}
		l.Query(w)
		own, other := l.shelves[w[0].Topic], l.shelves[w[1].Topic]
		for i := range maxEvents + 5 {
			own.events = append(own.events, &found{Event: reeve.Event{Time: at(i)}})
			if i < maxNear {
				other.events = append(other.events, &found{Event: reeve.Event{Time: at(i)}})
			}
		}
		events, cut := l.Events(w, at(0), topicWords)
		if len(events) != maxEvents || events[maxEvents-1].Time != at(maxEvents-1) || len(cut.Own) != 1 || len(cut.Other) != 1 {
			t.Errorf("%d events, %v", len(events), cut)
		}
	})
}

func TestRecordsWithoutATimeAreTheirProcesss(t *testing.T) {
	text := "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 11\n@Computer=PC\n@EventRecordID=1\nProcessId=7\nTargetFilename=C:\\a.dll\n"
	w := []Want{did(7, Span{at(0), at(10)}), named("a.dll", Span{at(0), at(10)})}
	for i, want := range []string{"1", ""} {
		l := library()
		read(l.Query(w[i:i+1]), 1, recordtest.Parse(t, text))
		if events, _ := l.Events(w[i:i+1], at(0), topicWords); list(events) != want {
			t.Errorf("%v: %q, want %q", w[i].Topic, list(events), want)
		}
	}
}

func TestKeptRecordsAreVisited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	text := `{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":11,"EventRecordID":%d,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"PC","TimeCreated":{"#attributes":{"SystemTime":"2024-05-01T10:00:00Z"}}},"EventData":{"ProcessId":"%d","TargetFilename":"C:\\a.dll"}}}` + "\n"
	if err := os.WriteFile(path, []byte(fmt.Sprintf(text, 1, 7)+fmt.Sprintf(text, 2, 8)), 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := evidence.Open([]string{path}, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	var seen []uint64
	l := library()
	err = l.Query([]Want{did(8, always())}).Read(context.Background(), set, ingest.Options{Threads: 1}, func(*winlog.Decoder) Visit {
		return func(rec reeve.Record) { seen = append(seen, rec.Ref().RecordID) }
	}, nil)
	if err != nil || fmt.Sprint(seen) != "[2]" {
		t.Errorf("visited %v, %v", seen, err)
	}
}

func TestOfWhatWasNotAskedThereIsNothing(t *testing.T) {
	events, cut := library().Events([]Want{did(7, always()), named("a.dll", always())}, at(0), topicWords)
	if len(events) != 0 || len(cut.Own)+len(cut.Other) != 0 {
		t.Errorf("%d events, %v", len(events), cut)
	}
}

func TestFileNames(t *testing.T) {
	for path, want := range map[string]string{
		`C:\Dir\File.EXE`: "file.exe", `"C:\Dir\File.exe"`: "file.exe", `C:\Dir\file.exe:Zone.Identifier`: "file.exe", "file.exe": "file.exe", "/usr/bin/tool": "tool", "": "", `C:\`: "",
	} {
		if got := FileName(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

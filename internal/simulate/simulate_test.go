package simulate

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reeve/evtx"
)

// bench is one host that records everything, up since the morning.
func bench(t *testing.T) (*Host, *Account) {
	t.Helper()
	e := NewEstate("corp.example", "CORP", "S-1-5-21-1-2-3")
	h := e.Host("PC-1", "10.0.0.1", nine.Add(-3*time.Hour), Logging{Sysmon: true, Logons: true, Starts: true, CommandLines: true, Ends: true, Shares: true})
	return h, e.User("ann", false)
}

var nine = time.Date(2024, 3, 6, 9, 0, 0, 0, time.UTC)

// of are the records of a channel with an event id.
func of(h *Host, channel string, id uint16) (out []evtx.Event) {
	for _, e := range h.Events(channel) {
		if e.EventID == id {
			out = append(out, e)
		}
	}
	return out
}

// says is a field as text.
func says(e evtx.Event, name string) string { return string(e.Field(name).AppendText(nil)) }

// last is the latest record of a list.
func last(list []evtx.Event) evtx.Event { return list[len(list)-1] }

func TestAProcessIsToldByBothChannelsAlike(t *testing.T) {
	h, ann := bench(t)
	explorer := h.SignIn(nine, ann)
	shell := explorer.Start(nine.Add(time.Minute), cmdExe, "", In(`C:\Users\ann\`))
	child := shell.Brief(nine.Add(2*time.Minute), whoamiExe, `whoami  /all`)

	sysmon, audit := last(of(h, sysmonChannel, 1)), last(of(h, securityChannel, 4688))
	for _, c := range []struct{ what, got, want string }{
		{"image", says(sysmon, "Image"), `C:\Windows\System32\whoami.exe`},
		{"the same image", says(audit, "NewProcessName"), says(sysmon, "Image")},
		{"line", says(sysmon, "CommandLine"), `whoami  /all`},
		{"the same line", says(audit, "CommandLine"), `whoami  /all`},
		{"parent", says(sysmon, "ParentImage"), cmdExe.Path},
		{"the same parent", says(audit, "ParentProcessName"), cmdExe.Path},
		{"parent's line", says(sysmon, "ParentCommandLine"), `"` + cmdExe.Path + `"`},
		{"folder, inherited", says(sysmon, "CurrentDirectory"), `C:\Users\ann\`},
		{"user", says(sysmon, "User"), `CORP\ann`},
		{"the same user", says(audit, "SubjectUserName"), "ann"},
		{"session", says(sysmon, "LogonId"), says(audit, "SubjectLogonId")},
		{"session of the logon", says(last(of(h, securityChannel, 4624)), "TargetLogonId"), says(sysmon, "LogonId")},
		{"level", says(sysmon, "IntegrityLevel"), "Medium"},
		{"label", says(audit, "MandatoryLabel"), "S-1-16-8192"},
		{"target of one's own start", says(audit, "TargetUserSid"), "S-1-0-0"},
		{"end", says(last(of(h, sysmonChannel, 5)), "ProcessGuid"), says(sysmon, "ProcessGuid")},
		{"audited end", says(last(of(h, securityChannel, 4689)), "ProcessId"), says(audit, "NewProcessId")},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if pid, _ := sysmon.Field("ProcessId").Uint64(); int(pid) != child.PID {
		t.Errorf("pid %d, want %d", pid, child.PID)
	}
	if parent := says(sysmon, "ParentProcessGuid"); parent != says(of(h, sysmonChannel, 1)[2], "ProcessGuid") {
		t.Errorf("parent %s is not the shell", parent)
	}
}

func TestWhatAHostDoesNotLogIsNotThere(t *testing.T) {
	for _, c := range []struct {
		name             string
		logging          Logging
		sysmon, security int
		line             string
	}{
		{"nothing", Logging{}, 0, 0, ""},
		{"starts without lines", Logging{Starts: true}, 0, 3, ""},
		{"starts with lines", Logging{Starts: true, CommandLines: true}, 0, 3, `"C:\Windows\System32\cmd.exe"`},
		{"sysmon", Logging{Sysmon: true}, 4, 0, ""}, // three starts and an end
		{"logons", Logging{Logons: true}, 0, 1, ""},
	} {
		e := NewEstate("corp.example", "CORP", "S-1-5-21-1-2-3")
		h := e.Host("PC-1", "10.0.0.1", nine.Add(-time.Hour), c.logging)
		h.SignIn(nine, e.User("ann", false)).Start(nine.Add(time.Minute), cmdExe, "")
		if got := len(h.Events(sysmonChannel)); got != c.sysmon {
			t.Errorf("%s: %d records of Sysmon, want %d", c.name, got, c.sysmon)
		}
		if got := len(h.Events(securityChannel)); got != c.security {
			t.Errorf("%s: %d records of Security, want %d", c.name, got, c.security)
		}
		if starts := of(h, securityChannel, 4688); len(starts) > 0 {
			if got := says(last(starts), "CommandLine"); got != c.line {
				t.Errorf("%s: line %q, want %q", c.name, got, c.line)
			}
		}
	}
}

func TestAnAdministratorHasTwoSessions(t *testing.T) {
	e := NewEstate("corp.example", "CORP", "S-1-5-21-1-2-3")
	h := e.Host("PC-1", "10.0.0.1", nine.Add(-time.Hour), Logging{Sysmon: true, Logons: true, Starts: true})
	explorer := h.SignIn(nine, e.User("root", true))
	explorer.Start(nine.Add(time.Minute), cmdExe, "")
	plain := last(of(h, sysmonChannel, 1))
	explorer.Start(nine.Add(2*time.Minute), cmdExe, "", Elevated())
	full := last(of(h, sysmonChannel, 1))
	logons := of(h, securityChannel, 4624)
	for _, c := range []struct{ what, got, want string }{
		{"plain level", says(plain, "IntegrityLevel"), "Medium"},
		{"full level", says(full, "IntegrityLevel"), "High"},
		{"full session", says(logons[0], "TargetLogonId"), says(full, "LogonId")},
		{"plain session", says(logons[1], "TargetLogonId"), says(plain, "LogonId")},
		{"link of the full session", says(logons[0], "TargetLinkedLogonId"), says(plain, "LogonId")},
		{"link of the plain session", says(logons[1], "TargetLinkedLogonId"), says(full, "LogonId")},
		{"privileges", says(last(of(h, securityChannel, 4672)), "SubjectLogonId"), says(full, "LogonId")},
		{"token of the full start", says(last(of(h, securityChannel, 4688)), "TokenElevationType"), "%%1937"},
		{"session that it runs in", says(last(of(h, securityChannel, 4688)), "TargetLogonId"), says(full, "LogonId")},
		{"its account", says(last(of(h, securityChannel, 4688)), "TargetUserName"), "root"},
		{"whose SID is left out", says(last(of(h, securityChannel, 4688)), "TargetUserSid"), "S-1-0-0"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if len(logons) != 2 {
		t.Errorf("%d logons, want 2", len(logons))
	}
}

func TestEqualContentHasEqualHashesWhereverItLies(t *testing.T) {
	tool := Program{Path: `C:\Kit\tool.exe`, OriginalName: "tool.exe", Maker: kit}
	copied, other := tool.At(`C:\Users\Public\other.exe`), Program{Path: `C:\Kit\tool.exe`, OriginalName: "tool.exe", Maker: office}
	if tool.hashes() != copied.hashes() {
		t.Error("a copy has other hashes")
	}
	if tool.hashes() == other.hashes() {
		t.Error("another version has the same hashes")
	}
	note := Document(`C:\Users\ann\note.txt`, "text")
	if got := note.hashes(); !strings.HasSuffix(got, ",IMPHASH=00000000000000000000000000000000") {
		t.Errorf("a text imports something: %s", got)
	}
	if strings.HasSuffix(tool.hashes(), strings.Repeat("0", 32)) {
		t.Error("a program imports nothing")
	}
}

func TestLibrariesOfInstalledProductsAreNotToldOthersAre(t *testing.T) {
	h, ann := bench(t)
	p := h.SignIn(nine, ann)
	for i, path := range []string{`C:\Windows\System32\mf.dll`, `C:\Program Files\X\x.dll`, `C:\ProgramData\Microsoft\x.dll`, `C:\Users\ann\x.dll`, `C:\Program Files (x86)\Windows Kits\x.dll`} {
		p.Load(nine.Add(time.Duration(i+1)*time.Minute), Program{Path: path})
	}
	var got []string
	for _, e := range of(h, sysmonChannel, 7) {
		got = append(got, says(e, "ImageLoaded")+" "+says(e, "Signed"))
	}
	if want := []string{`C:\Users\ann\x.dll false`, `C:\Program Files (x86)\Windows Kits\x.dll false`}; !slices.Equal(got, want) {
		t.Errorf("told are %q, want %q", got, want)
	}
}

func TestDeedsOfAProcessKeepTheirOrderThoseOfServicesTheirTime(t *testing.T) {
	h, ann := bench(t)
	p := h.SignIn(nine, ann)
	p.Write(nine.Add(time.Hour), `C:\a`)
	p.Write(nine.Add(time.Minute), `C:\b`) // told later, so it comes later
	h.Service("Schedule").Write(nine.Add(2*time.Hour), `C:\c`)
	h.Service("Schedule").Write(nine.Add(time.Minute), `C:\d`)
	var got []string
	for _, e := range of(h, sysmonChannel, 11) {
		got = append(got, says(e, "TargetFilename"))
	}
	if want := []string{`C:\d`, `C:\a`, `C:\b`, `C:\c`}; !slices.Equal(got, want) {
		t.Errorf("files are written in the order %q, want %q", got, want)
	}
}

func TestNothingIsRecordedAfterTheLogsWereTaken(t *testing.T) {
	h, ann := bench(t)
	p := h.SignIn(nine, ann)
	p.Write(nine.Add(time.Hour), `C:\before`)
	p.Write(nine.Add(3*time.Hour), `C:\after`)
	h.Taken = nine.Add(2 * time.Hour)
	if got := of(h, sysmonChannel, 11); len(got) != 1 || says(got[0], "TargetFilename") != `C:\before` {
		t.Errorf("%d files are told, want the first alone", len(got))
	}
}

func TestAMarkSaysWhereAFileComesFrom(t *testing.T) {
	h, ann := bench(t)
	file := Document(`C:\Users\ann\a.zip`, "archive")
	p := h.SignIn(nine, ann)
	p.Mark(nine.Add(time.Minute), file, "https://a.example/", "https://b.example/a.zip")
	p.Mark(nine.Add(2*time.Minute), file, `C:\Users\ann\a.zip`, "")
	marks := of(h, sysmonChannel, 15)
	for i, want := range []string{
		"[ZoneTransfer]  ZoneId=3  ReferrerUrl=https://a.example/  HostUrl=https://b.example/a.zip  ",
		`[ZoneTransfer]  ZoneId=3  ReferrerUrl=C:\Users\ann\a.zip  `,
	} {
		if got := says(marks[i], "Contents"); got != want {
			t.Errorf("mark %q, want %q", got, want)
		}
		if got := says(marks[i], "Hash"); got != file.hashes() {
			t.Errorf("hash %q is not that of the file", got)
		}
		if got := says(marks[i], "TargetFilename"); got != file.Path+":Zone.Identifier" {
			t.Errorf("stream %q", got)
		}
	}
}

func TestWhatOneHostDoesChangesNothingOnAnother(t *testing.T) {
	tell := func(busy int) []evtx.Event {
		e := NewEstate("corp.example", "CORP", "S-1-5-21-1-2-3")
		ann := e.User("ann", false)
		first := e.Host("PC-1", "10.0.0.1", nine, Logging{Sysmon: true})
		for range busy {
			first.Service("Schedule").Brief(nine, taskhostExe, "")
		}
		second := e.Host("PC-2", "10.0.0.2", nine.Add(-time.Hour), Logging{Sysmon: true})
		second.SignIn(nine, ann)
		return second.Events(sysmonChannel)
	}
	quiet, loud := tell(0), tell(50)
	if len(quiet) == 0 || !slices.EqualFunc(quiet, loud, func(a, b evtx.Event) bool {
		return a.Time.Equal(b.Time) && a.RecordID == b.RecordID && says(a, "ProcessGuid") == says(b, "ProcessGuid")
	}) {
		t.Error("the records of one host depend on another's")
	}
}

func TestRemoteSessionsAndShares(t *testing.T) {
	h, ann := bench(t)
	s := h.Remote(nine, ann, "10.0.0.7")
	s.Share(nine.Add(time.Second), "10.0.0.7", `\\*\Data`, `D:\Data`, `in\a.txt`, true)
	s.Close(nine.Add(time.Minute))
	logon, share, file, logoff := last(of(h, securityChannel, 4624)), last(of(h, securityChannel, 5140)), last(of(h, securityChannel, 5145)), last(of(h, securityChannel, 4634))
	id := says(logon, "TargetLogonId")
	for _, c := range []struct{ what, got, want string }{
		{"kind", says(logon, "LogonType"), "3"},
		{"address", says(logon, "IpAddress"), "10.0.0.7"},
		{"session of the share", says(share, "SubjectLogonId"), id},
		{"local path", says(share, "ShareLocalPath"), `\??\D:\Data`},
		{"session of the file", says(file, "SubjectLogonId"), id},
		{"file", says(file, "RelativeTargetName"), `in\a.txt`},
		{"rights", says(file, "AccessMask"), "0x12019f"},
		{"session that ends", says(logoff, "TargetLogonId"), id},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	job := h.Batch(nine.Add(time.Hour), ann)
	if got := says(last(of(h, securityChannel, 4624)), "LogonType"); got != "4" || job.ID == s.ID {
		t.Errorf("a task's logon is of type %s", got)
	}
}

func TestLogonsAreOfTheirKind(t *testing.T) {
	h, ann := bench(t)
	h.ServiceLogon(nine)
	h.Unlock(nine.Add(time.Minute), ann)
	var got []string
	for _, e := range h.Events(securityChannel) {
		if kind := e.Field("LogonType"); e.EventID == 4624 || e.EventID == 4634 {
			got = append(got, strconv.Itoa(int(e.EventID))+" "+string(kind.AppendText(nil))+" "+says(e, "TargetUserName")+" "+says(e, "LogonProcessName"))
		}
	}
	if want := []string{"4624 5 SYSTEM Advapi  ", "4624 7 ann Negotiat", "4634 7 ann "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if list := says(of(h, securityChannel, 4672)[0], "PrivilegeList"); !strings.HasPrefix(list, "SeAssignPrimaryTokenPrivilege\r\n\t\t\tSeTcbPrivilege\r\n") {
		t.Errorf("the system's privileges begin with %.60q", list)
	}
}

func TestAConnectionAndANameAreToldLate(t *testing.T) {
	h, ann := bench(t)
	p := h.SignIn(nine, ann)
	p.Query(nine.Add(time.Minute), "a.example", "192.0.2.9")
	p.Query(nine.Add(2*time.Minute), "b.example", "")
	p.Connect(nine.Add(3*time.Minute), "192.0.2.9", "", 443)
	p.Connect(nine.Add(4*time.Minute), "10.0.0.9", "srv.corp.example", 1433)
	names, connections := of(h, sysmonChannel, 22), of(h, sysmonChannel, 3)
	for _, c := range []struct{ what, got, want string }{
		{"found", says(names[0], "QueryStatus") + " " + says(names[0], "QueryResults"), "0 ::ffff:192.0.2.9;"},
		{"not found", says(names[1], "QueryStatus") + " " + says(names[1], "QueryResults"), "9003 -"},
		{"nameless", says(connections[0], "DestinationHostname") + " " + says(connections[0], "DestinationPortName"), "- https"},
		{"named", says(connections[1], "DestinationHostname") + " " + says(connections[1], "DestinationPortName"), "srv.corp.example -"},
		{"from", says(connections[0], "SourceIp") + " " + says(connections[0], "SourceHostname"), "10.0.0.1 PC-1.corp.example"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	for _, e := range append(names, connections...) {
		if deed, _ := time.Parse(sysmonTime, says(e, "UtcTime")); e.Time.Sub(deed) < 300*time.Millisecond {
			t.Errorf("event %d is told %v after the deed", e.EventID, e.Time.Sub(deed))
		}
	}
}

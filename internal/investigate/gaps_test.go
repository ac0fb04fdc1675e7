package investigate

import (
	"bytes"
	"strings"
	"testing"

	"reeve"
)

func gapsOf(inv *reeve.Investigation, kind string) string {
	var out []string
	for _, g := range inv.Gaps {
		if g.Kind == kind {
			out = append(out, g.Host+" "+g.Channel+": "+g.Says)
		}
	}
	return strings.Join(out, "\n")
}

func TestWhatCouldNotBeReadIsAGap(t *testing.T) {
	whole := asEVTX(t, story())
	torn := bytes.Clone(whole)
	at := bytes.Index(torn[0x1000+0x200+20000:], []byte("**\x00\x00")) + 0x1000 + 0x200 + 20000
	copy(torn[at+4:], "\xff\xff\xff\xff")
	inv := investigate(t, open(t, map[string][]byte{"good.evtx": whole, "torn.evtx": torn}), Options{})
	gap := gapsOf(inv, "unreadable")
	contains(t, "the gap", gap, "pc.corp.example Microsoft-Windows-Sysmon/Operational", "torn.evtx could not be read")
	if strings.Contains(gap, "good.evtx") {
		t.Errorf("a file without losses is a gap: %s", gap)
	}
	for _, g := range inv.Gaps {
		if g.Kind == "unreadable" && (g.From != moment("09:00:00") || g.To < g.From || g.Ref.File != "torn.evtx") {
			t.Errorf("%+v", g)
		}
	}
}

// TestALossInAFileOfSeveralHostsIsNobodysGap: nothing tells whose records were lost; the file's account has it.
func TestALossInAFileOfSeveralHostsIsNobodysGap(t *testing.T) {
	text := append(asJSON(t, day()), asJSON(t, moved(day(), "pc2"))...)
	text = append(text, "{\"Event\": {\"System\"\n"...)
	inv := investigate(t, open(t, map[string][]byte{"a.json": text}), Options{})
	if gapsOf(inv, "unreadable") != "" || len(inv.Evidence.Files[0].Errors) != 1 {
		t.Errorf("gaps %q, errors %v", gapsOf(inv, "unreadable"), inv.Evidence.Files[0].Errors)
	}
}

func TestTamperingWithTheLoggingIsTold(t *testing.T) {
	for _, c := range []struct {
		why  string
		rec  record
		want string
	}{
		{"the security log cleared", record{"Microsoft-Windows-Eventlog", "Security", 1102, "pc.corp.example", clock("10:30:00"), 0, []string{"SubjectUserName", "ann", "SubjectDomainName", "CORP"}}, `the log was cleared by CORP\ann`},
		{"another log cleared", record{"Microsoft-Windows-Eventlog", "System", 104, "pc.corp.example", clock("10:30:00"), 0, []string{"SubjectUserName", "ann", "SubjectDomainName", "CORP", "Channel", "Application"}}, `Application: the log was cleared by CORP\ann`},
		{"Sysmon stopped", sysmon(4, "10:30:00", "State", "Stopped"), "Sysmon was stopped"},
		{"Sysmon started", sysmon(4, "10:30:00", "State", "Started"), ""},
		{"its configuration changed", sysmon(16, "10:30:00", "Configuration", "x.xml"), "the Sysmon configuration was changed"},
		{"an error of Sysmon", sysmon(255, "10:30:00", "ID", "x", "Description", "queue is full"), "Sysmon reported an error: queue is full"},
		{"an audit policy removed", security(4719, "10:30:00", "SubjectUserName", "ann", "SubjectDomainName", "CORP", "AuditPolicyChanges", "%%8448"), `an audit policy was switched off by CORP\ann`},
		{"an audit policy added", security(4719, "10:30:00", "SubjectUserName", "ann", "SubjectDomainName", "CORP", "AuditPolicyChanges", "%%8449"), ""},
	} {
		inv := logs{"a.json": append(day(), c.rec)}.run(t, Options{})
		got := gapsOf(inv, "cleared")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

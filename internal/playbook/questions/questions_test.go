package questions

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reeve"
	"reeve/internal/playbook"
	"reeve/internal/process"
	"reeve/lolbas"
)

func TestTheListIsValid(t *testing.T) {
	if err := playbook.Validate(All()); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, q := range All() {
		order = append(order, q.ID)
		if !strings.HasSuffix(q.Text, "?") {
			t.Errorf("%s asks nothing: %q", q.ID, q.Text)
		}
		for _, text := range []string{q.Doc.Why, q.Doc.Supports, q.Doc.Refutes, q.Doc.BlindSpots, q.Doc.KnownBenign} {
			if !strings.HasSuffix(text, ".") || len(strings.Fields(text)) < 5 {
				t.Errorf("%s: the doc %q tells nothing", q.ID, text)
			}
		}
	}
	if diff := cmp.Diff([]string{"location", "identity", "arrival", "payload", "reputation", "behaviour", "origin", "host", "frequency", "detection"}, order); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"location", "payload", "behaviour", "origin"}, Core()); diff != "" {
		t.Error(diff)
	}
}

// The schema lists the values of every question for whoever reads the result by machine.
func TestValuesAreThoseOfTheSchema(t *testing.T) {
	data, err := os.ReadFile("../../../schema/investigation.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	var lists [][]string
	collect(schema, &lists)
	for _, q := range All() {
		want := slices.Sorted(slices.Values(q.Values))
		if !slices.ContainsFunc(lists, func(l []string) bool { return slices.Equal(l, want) }) {
			t.Errorf("no list of the schema has exactly the values of %s: %v", q.ID, q.Values)
		}
	}
}

func collect(x any, lists *[][]string) {
	switch x := x.(type) {
	case map[string]any:
		if list, ok := x["enum"].([]any); ok {
			var out []string
			for _, v := range list {
				out = append(out, fmt.Sprint(v))
			}
			slices.Sort(out)
			*lists = append(*lists, out)
		}
		for _, v := range x {
			collect(v, lists)
		}
	case []any:
		for _, v := range x {
			collect(v, lists)
		}
	}
}

// one asks a question of a program in its place, with what its record states.
func one(t *testing.T, question, events string) reeve.Answer {
	t.Helper()
	s, err := parseScenario(question, []byte("A case.\n-- case --\nsubject: 200\n-- events --\n"+events+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range s.ask(t) {
		if a.Question == question {
			return a
		}
	}
	t.Fatal("no such question")
	return reeve.Answer{}
}

func TestOriginalNamesThatAlwaysDiffer(t *testing.T) {
	for _, test := range []struct{ image, original string }{
		{`C:\Windows\System32\tar.exe`, "bsdtar"},
		{`C:\Windows\System32\rasautou.exe`, "rasdlui.exe"},
		{`C:\Windows\System32\wlrmdr.exe`, "WLRMNDR.EXE"},
		{`C:\Program Files\dotnet\dotnet.exe`, ".NET Host"},
		{`C:\Program Files\dotnet\shared\Microsoft.NETCore.App\6.0.1\createdump.exe`, "FX_VER_INTERNALNAME_STR"},
		{`C:\Windows\System32\wsl.exe`, "wsl"},
		{`C:\Windows\System32\write.exe`, "write"},
		{`C:\Windows\System32\expand.exe`, "expand"},
		{`C:\Windows\System32\provlaunch.exe`, "provlaunch"},
		{`C:\Program Files\Sysinternals\procdump64.exe`, "procdump"},
		{`C:\Windows\System32\mavinject.exe`, "mavinject64.exe"},
		{`C:\Windows\System32\stordiag.exe`, "stordiag_managed.exe"},
		{`C:\Windows\System32\schtasks.exe`, "sctasks.exe"},
		{`C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.2008.9-0\ConfigSecurityPolicy.exe`, "ConfiguSecurityPolicy.exe"},
		{`C:\Windows\System32\certutil.exe`, "CertUtil.exe.mui"},
		{`C:\Windows\System32\cmd.exe`, "Cmd.Exe\r"},
	} {
		a := one(t, "identity", "10:00:00 pc1 process_creation 200# image="+test.image+" | company=Microsoft Corporation | product=Microsoft® Windows® Operating System | original_file_name="+test.original)
		if a.Stance == reeve.Supports || len(a.Signals) > 0 && a.Signals[0].Code == reeve.SignalRenamed {
			t.Errorf("%s with the original name %q: %s", test.image, test.original, a.Says)
		}
	}
}

func TestWhatIsNoOriginalName(t *testing.T) {
	for _, none := range []string{"-", "?", "", "unknown"} {
		if a := one(t, "identity", "10:00:00 pc1 process_creation 200# image=C:\\Windows\\System32\\certutil.exe | original_file_name="+none); a.Value != "unknown" || a.Stance != reeve.Unknown {
			t.Errorf("%q made %s, %s: %s", none, a.Value, a.Stance, a.Says)
		}
	}
}

// The working rules of a developer's prompt: what follows decides whether somebody typed.
func TestGiven(t *testing.T) {
	for line, want := range map[string]bool{
		`cmd.exe`:                       false,
		`"C:\Windows\system32\cmd.exe"`: false,
		`cmd /c whoami`:                 true,
		`cmd.exe /k whoami`:             true,
		`cmd.exe /d`:                    false,
		`powershell.exe`:                false,
		`powershell.exe -nologo -noexit -noprofile`: false,
		`powershell.exe -command get-process`:       true,
		`powershell.exe -c get-process`:             true,
		`powershell.exe -file a.ps1`:                true,
		`powershell.exe -f a.ps1`:                   true,
		`powershell.exe -enc aaaa`:                  true,
		`powershell.exe -e aaaa`:                    true,
		`powershell.exe /encodedcommand aaaa`:       true,
		`powershell.exe a.ps1`:                      true,
		`bash.exe -c ls`:                            true,
		`cmd.exe /k "c:\program files\microsoft visual studio\2022\community\common7\tools\vsdevcmd.bat"`:        false,
		`cmd.exe /k "c:\program files\microsoft visual studio\2022\community\common7\tools\vsdevcmd.bat" & evil`: true,
		`cmd.exe /k c:\users\dana\vsdevcmd.bat`: true,
	} {
		if got := given(line); got != want {
			t.Errorf("%s: given %v", line, got)
		}
	}
}

func TestOutside(t *testing.T) {
	for ip, want := range map[string]bool{"203.0.113.9": true, "8.8.8.8": true, "2001:db8::1": true, "::ffff:8.8.8.8": true, "10.0.0.1": false, "172.16.3.4": false, "192.168.1.1": false,
		"127.0.0.1": false, "::1": false, "169.254.1.1": false, "fe80::1": false, "fd00::1": false, "100.64.0.1": false, "224.0.0.1": false, "0.0.0.0": false, "": false, "host": false, "::ffff:10.0.0.1": false} {
		if got := playbook.Outside(ip); got != want {
			t.Errorf("%q is outside: %v", ip, got)
		}
	}
}

func TestCopies(t *testing.T) {
	const verbs = "copy xcopy.exe robocopy copy-item"
	for _, test := range []struct {
		line, dir, path string
		want            bool
	}{
		{`cmd /c copy C:\kit\a.exe C:\Users\Public\a.exe`, ``, `C:\Users\Public\a.exe`, true},
		{`cmd /c "copy C:\kit\a.exe C:\Users\Public"`, ``, `C:\Users\Public\a.exe`, true},
		{`cmd /c copy /y a.exe b.exe`, `C:\Users\Public\`, `C:\Users\Public\b.exe`, true},
		{`xcopy.exe "C:\Program Files\kit\a.exe" "C:\Users\Public\" /y`, ``, `C:\Users\Public\a.exe`, true},
		{`robocopy C:\kit C:\Users\Public a.exe`, ``, `C:\Users\Public\a.exe`, true},
		{`copy-item -path 'C:\kit\a.exe' -destination 'C:\Users\Public\s.exe'; start x`, ``, `C:\Users\Public\s.exe`, true},
		{`cmd /c copy C:\Users\Public\a.exe D:\backup`, ``, `C:\Users\Public\a.exe`, false},
		{`cmd /c type C:\kit\a.exe C:\Users\Public\a.exe`, ``, `C:\Users\Public\a.exe`, false},
		{`cmd /c C:\Users\Public\a.exe copy`, ``, `C:\Users\Public\a.exe`, false},
		{`cmd /c copy C:\kit\a.exe C:\Users\Public\ab.exe`, ``, `C:\Users\Public\a.exe`, false},
		{``, ``, `C:\Users\Public\a.exe`, false},
		{`copy`, ``, ``, false},
	} {
		if got := copies(test.line, verbs, test.dir, test.path); got != test.want {
			t.Errorf("%s: copies to %s: %v", test.line, test.path, got)
		}
	}
}

func TestRegistryRules(t *testing.T) {
	const dword = "DWORD (0x%08x)"
	for _, test := range []struct{ key, data, want string }{
		{`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\A`, `C:\a.exe`, "persistence"},
		{`HKU\S-1-5-21-1\Software\Microsoft\Windows\CurrentVersion\RunOnce\A`, `a`, "persistence"},
		{`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon\Shell`, `explorer.exe,a.exe`, "persistence"},
		{`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\sethc.exe\Debugger`, `cmd.exe`, "persistence"},
		{`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\a.exe\MitigationOptions`, `QWORD`, ""},
		{`HKLM\System\CurrentControlSet\Services\A\ImagePath`, `C:\a.exe`, "persistence"},
		{`HKLM\System\CurrentControlSet\Services\A\Description`, `x`, ""},
		{`HKLM\System\CurrentControlSet\Control\Lsa\Security Packages`, `x`, "persistence"},
		{`HKU\S-1-5-21-1_Classes\ms-settings\Shell\Open\command\(Default)`, `a.exe`, "persistence"},
		{`HKCR\CLSID\{1}\LocalServer32\(Default)`, `"C:\Program Files\Shop\a.exe" -x`, ""},
		{`HKCR\CLSID\{1}\LocalServer32\(Default)`, `"C:\Users\dana\a.exe" -x`, "persistence"},
		{`HKLM\SOFTWARE\Microsoft\Active Setup\Installed Components\{1}\StubPath`, `C:\ProgramData\a.exe`, "persistence"},
		{`HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\DisableAntiSpyware`, fmt.Sprintf(dword, 1), "tamper"},
		{`HKLM\SOFTWARE\Policies\Microsoft\Windows Defender\DisableAntiSpyware`, fmt.Sprintf(dword, 0), ""},
		{`HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\Users`, fmt.Sprintf(dword, 0), "tamper"},
		{`HKLM\SOFTWARE\Policies\Microsoft\Windows\PowerShell\ScriptBlockLogging\EnableScriptBlockLogging`, fmt.Sprintf(dword, 0), "tamper"},
		{`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\Microsoft-Windows-Sysmon/Operational\Enabled`, fmt.Sprintf(dword, 0), "tamper"},
		{`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WINEVT\Channels\X\Enabled`, fmt.Sprintf(dword, 1), ""},
		{`HKLM\System\CurrentControlSet\Control\SecurityProviders\WDigest\UseLogonCredential`, fmt.Sprintf(dword, 1), "tamper"},
		{`HKLM\System\CurrentControlSet\Services\EventLog\Start`, fmt.Sprintf(dword, 4), "tamper"},
		{`HKLM\System\CurrentControlSet\Services\EventLog\Application\Shop\EventMessageFile`, `C:\x.dll`, ""},
		{`HKLM\System\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile\EnableFirewall`, fmt.Sprintf(dword, 0), "tamper"},
		{`HKCU\Software\Shop\Setting`, `1`, ""},
		{``, ``, ""},
	} {
		got := ""
		e := &reeve.Event{Kind: reeve.RegistrySet, Attrs: []reeve.Property{{Attr: reeve.AttrKey, Value: test.key}, {Attr: reeve.AttrDetails, Value: test.data}}}
		judgeRegistry(e, "a.exe", func(value string, _ reeve.SignalCode, _ string, _ reeve.Ref) { got = value })
		if got != test.want {
			t.Errorf("%s = %s: %q, want %q", test.key, test.data, got, test.want)
		}
	}
}

func TestCommandRules(t *testing.T) {
	for _, test := range []struct{ image, line, want string }{
		{`C:\Windows\System32\vssadmin.exe`, `vssadmin delete shadows /all`, "tamper"},
		{`C:\Windows\System32\vssadmin.exe`, `vssadmin list shadows`, ""},
		{`C:\Windows\System32\wevtutil.exe`, `wevtutil cl Security`, "tamper"},
		{`C:\Windows\System32\wevtutil.exe`, `wevtutil gl Security`, ""},
		{`C:\Windows\System32\sc.exe`, `sc stop WinDefend`, "tamper"},
		{`C:\Windows\System32\sc.exe`, `sc \\srv create Upd binPath= C:\a.exe`, "persistence"},
		{`C:\Windows\System32\sc.exe`, `sc query WinDefend`, ""},
		{`C:\Windows\System32\schtasks.exe`, `schtasks /create /tn a /tr b`, "persistence"},
		{`C:\Windows\System32\schtasks.exe`, `schtasks /query`, ""},
		{`C:\Windows\System32\at.exe`, `C:\Windows\System32\at.exe 09:30 a.exe`, "persistence"},
		{`C:\Windows\System32\at.exe`, `C:\Windows\System32\at.exe`, ""},
		{`C:\Windows\System32\rundll32.exe`, `rundll32 C:\Windows\System32\comsvcs.dll, MiniDump 624 C:\x.dmp full`, "credential"},
		{`C:\Windows\System32\rundll32.exe`, `rundll32 shell32.dll,Control_RunDLL`, ""},
		{`C:\Windows\System32\reg.exe`, `reg save HKLM\SAM C:\sam`, "credential"},
		{`C:\Windows\System32\reg.exe`, `reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v a /d b`, "persistence"},
		{`C:\Windows\System32\reg.exe`, `reg query HKLM\SAM`, ""},
		{`C:\Windows\System32\cmd.exe`, `cmd /c wevtutil cl Security`, "tamper"},
		{`C:\Windows\System32\cmd.exe`, `cmd /c echo vssadmin`, ""},
		{`C:\Windows\System32\cmd.exe`, `cmd /c net user bob secret /add`, "persistence"},
		{`C:\Windows\System32\whoami.exe`, `whoami /all`, "spawn"},
		{`C:\Users\vssadmin delete shadows\a.exe`, `"C:\Users\vssadmin delete shadows\a.exe"`, ""},
	} {
		e := &reeve.Event{Kind: reeve.ProcessStart, Host: "pc1", Attrs: []reeve.Property{{Attr: reeve.AttrImage, Value: test.image}, {Attr: reeve.AttrCommandLine, Value: test.line}}}
		var got []string
		judgeCommand(&playbook.View{Process: reeve.Process{ID: 7}}, e, func(value string, _ reeve.SignalCode, says string, _ reeve.Ref) {
			got = append(got, value)
			if !strings.Contains(says, "was told to ") {
				t.Errorf("%s: %q", test.line, says)
			}
		})
		if len(got) == 0 && test.want != "" || len(got) > 0 && got[0] != test.want {
			t.Errorf("%s: %q, want %q", test.line, got, test.want)
		}
	}
}

func TestCarriersAreKnownByNameAndHash(t *testing.T) {
	v := &playbook.View{Graph: process.Build(nil, func(h string) string { return h })}
	for _, test := range []struct {
		p    reeve.Payload
		want bool
	}{
		{reeve.Payload{Kind: "exe", Image: `C:\Windows\System32\cmd.exe`}, true},
		{reeve.Payload{Kind: "exe", Image: `C:\Windows\System32\rundll32.exe`}, true},
		{reeve.Payload{Kind: "exe", Image: `C:\Program Files\nodejs\node.exe`}, true},
		{reeve.Payload{Kind: "cmd", Image: "powershell -c x", CommandLine: "powershell -c x"}, true},
		{reeve.Payload{Kind: "exe", Image: `C:\a.exe`, Hashes: reeve.Hashes{SHA256: "737b3264a2c58fc6721acbab1eb33a905928b59524bc6b96f29da7527e7fa2ce"}}, true},
		{reeve.Payload{Kind: "exe", Image: `C:\Users\Public\notepad.exe`}, true}, // may be anything
		{reeve.Payload{Kind: "exe", Image: `C:\Windows\System32\notepad.exe`}, false},
		{reeve.Payload{Kind: "dll", Image: `C:\Program Files\Player\player.dll`}, false},
	} {
		if got := carrier(v, &test.p); got != test.want {
			t.Errorf("%+v carries: %v", test.p, got)
		}
	}
}

func TestTechniquesAreSortedAndStandOnce(t *testing.T) {
	v := &playbook.View{LOLBin: &reeve.LOLBin{Techniques: []string{"T1127", "T1218.011"}}, Findings: []reeve.Finding{{Tags: []string{"attack.t1059.001", "attack.execution", "ATTACK.T1127", "attack.t", "cve.2020-1"}}}}
	if diff := cmp.Diff([]string{"T1059.001", "T1127", "T1218.011"}, Techniques(v)); diff != "" {
		t.Error(diff)
	}
	if got := Techniques(&playbook.View{}); len(got) != 0 {
		t.Errorf("no rules and no entry made %v", got)
	}
}

func TestPayloadsComeLikeliestFirst(t *testing.T) {
	s, err := parseScenario("order", []byte(`Told and seen, then told, then seen.
-- case --
subject: 200
-- events --
10:00:00 pc1 process_creation 200# image=C:\Windows\System32\regsvr32.exe | original_file_name=REGSVR32.EXE | command_line=regsvr32.exe /s /n /u /i:https://files.example.com/a.sct C:\Windows\System32\scrobj.dll
10:00:01 pc1 process_creation 210#<200# image=C:\Users\Public\b.exe | command_line=b.exe
10:00:01 pc1 image_load 200# image=C:\Windows\System32\regsvr32.exe | loaded_image=C:\Windows\System32\scrobj.dll
`))
	if err != nil {
		t.Fatal(err)
	}
	v, ok := s.world(s.events, inTurn(s.events))
	if !ok {
		t.Fatal("no subject")
	}
	var got []string
	for _, p := range v.Payloads {
		got = append(got, p.Kind+" "+p.Image)
	}
	if diff := cmp.Diff([]string{`dll C:\Windows\System32\scrobj.dll`, `scriptlet https://files.example.com/a.sct`, `exe C:\Users\Public\b.exe`}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompanionsAreLibrariesFromWhereAnybodyCanWrite(t *testing.T) {
	s, err := parseScenario("companions", []byte(`Three libraries, one of them from a profile, twice.
-- case --
subject: 200
-- events --
10:00:00 pc1 process_creation 200# image=C:\Users\Public\a.exe
10:00:01 pc1 image_load 200# loaded_image=C:\Users\Public\a.exe
10:00:01 pc1 image_load 200# loaded_image=C:\Windows\System32\ntdll.dll
10:00:01 pc1 image_load 200# loaded_image=C:\Users\Public\x.dll
10:00:02 pc1 image_load 200# loaded_image=C:\Users\Public\x.dll
10:00:02 pc1 image_load 300# loaded_image=C:\Users\Public\y.dll
`))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := s.world(s.events, inTurn(s.events))
	if diff := cmp.Diff([]string{`C:\Users\Public\x.dll`}, Companions(v)); diff != "" {
		t.Error(diff)
	}
	v.LOLBin = &reeve.LOLBin{Name: "Mftrace.exe"}
	if diff := cmp.Diff([]string{"mfdetours.dll", "detoured.dll", `C:\Users\Public\x.dll`}, Companions(v)); diff != "" {
		t.Error(diff)
	}
}

// Every entry, run with every documented form of a place, gets an answer to every question and no value off the list.
func TestEveryEntryCanBeAsked(t *testing.T) {
	for i := range lolbas.Entries() {
		e := &lolbas.Entries()[i]
		image := `C:\Windows\System32\` + e.Name
		if len(e.Paths) > 0 {
			image = e.Paths[0]
		}
		s, err := parseScenario(e.Name, []byte("A case.\n-- case --\nsubject: 200\n-- events --\n10:00:00 pc1 process_creation 200#<100# image="+image+" | command_line="+e.Name+" C:\\Users\\Public\\a.exe | original_file_name="+e.Name+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range s.ask(t) {
			if a.Says == "" || strings.HasPrefix(a.Says, "no answer:") || len(a.Refs) == 0 {
				t.Errorf("%s: %s: %q cites %d records", e.Name, a.Question, a.Says, len(a.Refs))
			}
			if a.Question == "payload" && a.Stance == reeve.Refutes && len(a.Details) == 0 {
				t.Errorf("%s: its payload refutes without a detail: %s", e.Name, a.Says)
			}
		}
	}
}

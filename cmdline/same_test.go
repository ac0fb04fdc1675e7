package cmdline

import "testing"

func TestSameFile(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`C:\A\b.exe`, `c:\a\B.EXE`, true},
		{`\\?\C:\a\b.exe`, `C:\a\x\..\b.exe`, true},
		{`C:\Windows\System32\a.dll`, `C:\Windows\SysWOW64\a.dll`, true},
		{`\Device\HarddiskVolume3\a\b.exe`, `C:\a\b.exe`, true},
		{`C:\a\b.exe`, `D:\a\b.exe`, false},
		{`C:\a\b.exe`, `C:\a\c.exe`, false},
		{`C:\a\b.exe:s`, `C:\a\b.exe`, false},
		{`C:\Windows \System32\a.dll`, `C:\Windows\System32\a.dll`, false},
		{`b.exe`, `C:\a\b.exe`, false},
		{`b.exe`, `b.exe`, true},
		{`b.exe`, `B.EXE`, false}, // two bare names may lie in two folders
		{``, ``, false},
		{`C:\a\`, `C:\a\`, true},
	} {
		if got := SameFile(test.a, test.b); got != test.want || SameFile(test.b, test.a) != test.want {
			t.Errorf("%q and %q are one: %v", test.a, test.b, got)
		}
	}
}

package lolbas

import "testing"

func TestWhoCanHavePutAFileWhereItLies(t *testing.T) {
	for _, c := range []struct {
		path                string
		writable, protected bool
	}{
		{`C:\Windows\System32\a.dll`, false, true},
		{`C:\Program Files\Vendor\a.dll`, false, true},
		{`C:\Windows\WinSxS\x\a.dll`, false, true},
		{`C:\Windows\Temp\a.dll`, true, false},
		{`C:\Users\dana\a.dll`, true, false},
		{`\\host\share\a.dll`, true, false},
		{`a.dll`, false, false},
		{``, false, false},
	} {
		if w, p := Writable(c.path), Protected(c.path); w != c.writable || p != c.protected {
			t.Errorf("%q: writable %v, protected %v", c.path, w, p)
		}
	}
}

func TestWhatLiesInTheWindowsFolder(t *testing.T) {
	for path, want := range map[string]bool{`C:\Windows\explorer.exe`: true, `C:\Windows\System32\svchost.exe`: true, `svchost.exe`: true, `C:\Users\dana\svchost.exe`: false, `C:\Program Files\Windows\svchost.exe`: false, `C:\Windows\Temp\svchost.exe`: false} {
		if got := InWindows(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}

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

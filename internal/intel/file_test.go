package intel

import (
	"errors"
	"strings"
	"testing"

	"reeve"
)

const (
	md5    = "0123456789abcdef0123456789abcdef"
	sha1   = "0123456789abcdef0123456789abcdef01234567"
	sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, text, ask, says string
		taken                 int
	}{
		{"one hash a line", md5 + "\n" + sha1 + "\n", sha1, "", 2},
		{"upper case in list and question", strings.ToUpper(sha256), strings.ToUpper(sha256), "", 1},
		{"cells with a name", "hash,name\n" + sha256 + ",Loader X\n", sha256, "Loader X", 1},
		{"a row with several algorithms", `"` + sha1 + `","` + md5 + `","12345678","tool.exe",1024` + "\n", md5, "tool.exe", 2},
		{"algorithm before the hash", "SHA256=" + sha256 + ";bad", sha256, "bad", 1},
		{"as checksum programs print", sha256 + "  *evil.dll", sha256, "evil.dll", 1},
		{"remarks and blank lines", "# made today\n\n" + md5 + "\n", md5, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l Lists
			taken, err := l.Read(strings.NewReader(c.text), "bad.txt", reeve.KnownBad)
			if err != nil || taken != c.taken {
				t.Fatalf("took %d, %v; want %d", taken, err, c.taken)
			}
			want := reeve.Reputation{Standing: reeve.KnownBad, Says: c.says, List: "bad.txt"}
			if got := l.Hash(c.ask); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if l.Empty() {
				t.Error("a list was read and the lists are empty")
			}
		})
	}
}

func TestBadOutweighsGood(t *testing.T) {
	for _, order := range [][]reeve.Standing{{reeve.KnownBad, reeve.KnownGood}, {reeve.KnownGood, reeve.KnownBad}} {
		var l Lists
		for _, s := range order {
			if _, err := l.Read(strings.NewReader(md5), "list", s); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.Hash(md5).Standing; got != reeve.KnownBad {
			t.Errorf("read in order %v: standing %v", order, got)
		}
	}
}

func TestNothingKnown(t *testing.T) {
	var l Lists
	if got := l.Hash(md5); got != (reeve.Reputation{}) || !l.Empty() {
		t.Errorf("the zero lists know %+v", got)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	for name, text := range map[string]string{"no hash at all": "name,owner\na,b\n", "a line without end": strings.Repeat("x", maxLine+1)} {
		var l Lists
		if _, err := l.Read(strings.NewReader(text), "bad.txt", reeve.KnownBad); !errors.Is(err, ErrList) || !strings.Contains(err.Error(), "bad.txt") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(md5 + ",x")
	f.Fuzz(func(t *testing.T, text string) {
		var l Lists
		if _, err := l.Read(strings.NewReader(text), "f", reeve.KnownGood); err == nil && l.Empty() {
			t.Error("read and yet empty")
		}
	})
}

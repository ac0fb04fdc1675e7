package intel

import (
	"errors"
	"io"
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
		{"a row as the software library has it", "\"SHA-1\",\"MD5\",\"CRC32\",\"FileName\",\"FileSize\",\"ProductCode\",\"OpSystemCode\",\"SpecialCode\"\r\n\"" + strings.ToUpper(sha1) + "\",\"" + strings.ToUpper(md5) + "\",\"ABCDEF12\",\"tool.exe\",1024,3095,\"WIN\",\"\"\r\n", sha1, "tool.exe", 2},
		{"separators in quotes are part of the name", sha256 + `,"Loader, the; second",x` + "\n", sha256, "Loader, the; second", 1},
		{"an import hash", "IMPHASH=" + md5 + "\tpacker\n", md5, "packer", 1},
		{"all of Sysmon's hashes in one cell each", "MD5=" + md5 + ",SHA1=" + sha1 + ",SHA256=" + sha256 + ",IMPHASH=" + strings.Repeat("ab", 16), strings.Repeat("ab", 16), "", 4},
		{"lines that end as Windows ends them", md5 + "\r\n" + sha1 + "\r\n", md5, "", 2},
		{"a byte order mark", "\ufeff" + md5 + "\n", md5, "", 1},
		{"text as PowerShell writes it", utf16le("# found\r\n" + sha256 + ",Büro\r\n"), sha256, "Büro", 1},
		{"a name of no ASCII letter", sha256 + ";вирус", sha256, "вирус", 1},
		{"a name that is no text", sha256 + ",b\xffd", sha256, "b\ufffdd", 1},
		{"single quotes", "'" + sha256 + "';'x'", sha256, "x", 1},
		{"the last line has no end", "# x\n" + md5, md5, "", 1},
		{"a hash twice keeps its first name", md5 + ",first\n" + md5 + ",second\n", md5, "first", 2},
		{"other words are no hashes", "0123,not-a-hash\n" + strings.Repeat("g", 64) + ",x\n" + sha256 + ",y\n", sha256, "y", 1},
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

// utf16le writes text of the basic plane with its byte order mark.
func utf16le(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return string(out)
}

func TestAFaultyListLeavesNothing(t *testing.T) {
	var l Lists
	if _, err := l.Read(io.MultiReader(strings.NewReader(md5+",half\n"), broken{}), "half.txt", reeve.KnownBad); !errors.Is(err, ErrList) || !errors.Is(err, errDisk) {
		t.Fatalf("error %v", err)
	}
	if got := l.Hash(md5); got != (reeve.Reputation{}) || !l.Empty() {
		t.Errorf("half a list says %+v", got)
	}
	if _, err := l.Read(strings.NewReader(md5+",whole\n"), "whole.txt", reeve.KnownGood); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Hash(md5), (reeve.Reputation{Standing: reeve.KnownGood, Says: "whole", List: "whole.txt"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

var errDisk = errors.New("disk fell off")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errDisk }

func TestSeveralLists(t *testing.T) {
	var l Lists
	for _, list := range []struct {
		name, text string
		standing   reeve.Standing
	}{{"good.csv", sha256 + ",tool\n" + sha1 + ",other\n", reeve.KnownGood}, {"bad.csv", sha256 + ",loader\n", reeve.KnownBad}, {"late.csv", sha256 + ",again\n", reeve.KnownBad}} {
		if _, err := l.Read(strings.NewReader(list.text), list.name, list.standing); err != nil {
			t.Fatal(err)
		}
	}
	for hash, want := range map[string]reeve.Reputation{
		sha256: {Standing: reeve.KnownBad, Says: "loader", List: "bad.csv"},
		sha1:   {Standing: reeve.KnownGood, Says: "other", List: "good.csv"},
		md5:    {},
		"":     {},
	} {
		if got := l.Hash(hash); got != want {
			t.Errorf("%q: %+v, want %+v", hash, got, want)
		}
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

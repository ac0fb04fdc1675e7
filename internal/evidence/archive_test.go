package evidence

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"reeve"
)

func TestContainersAreKnownByTheirFirstBytes(t *testing.T) {
	tarHead := tarOf(t, item{"name", "body", false})
	oldTar := bytes.Clone(tarHead)
	clear(oldTar[257:265]) // before "ustar" there was no magic
	sum := 0
	for i, c := range oldTar[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	copy(oldTar[148:], fmt.Sprintf("%06o\x00 ", sum))
	wrongSum := bytes.Clone(tarHead)
	wrongSum[0] ^= 1
	for name, c := range map[string]struct {
		head string
		want string
	}{
		"a zip":               {"PK\x03\x04rest", "zip archive"},
		"an empty zip":        {"PK\x05\x06", "zip archive"},
		"a gzip":              {"\x1f\x8b\x08\x00", "gzip archive"},
		"a zstd":              {"\x28\xb5\x2f\xfd", "Zstandard archive"},
		"a tar":               {string(tarHead), "tar archive"},
		"a tar of old":        {string(oldTar), "tar archive"},
		"a tar with an error": {string(wrongSum), ""},
		"a 7z":                {"7z\xbc\xaf\x27\x1c\x00", "7-Zip archive"},
		"a RAR":               {"Rar!\x1a\x07\x00", "RAR archive"},
		"a bzip2":             {"BZh91AY", "bzip2 archive"},
		"an xz":               {"\xfd7zXZ\x00", "xz archive"},
		"a cabinet":           {"MSCF\x00\x00\x00\x00", "cabinet archive"},
		"a log":               {"ElfFile\x00", ""},
		"JSON":                {"{\"PK\":1}", ""},
		"PK alone":            {"PK", ""},
		"zeros":               {strings.Repeat("\x00", 512), ""},
		"nothing":             {"", ""},
	} {
		got := ""
		for _, k := range containers() {
			if got == "" && k.is([]byte(c.head)) {
				got = k.name
			}
		}
		if got != c.want {
			t.Errorf("%s is %q, want %q", name, got, c.want)
		}
	}
}

func TestSanitizedNamesAreValidPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "..", ".", "/", `\`, "C:", ":", "!", "\x00", "\xff", "é", " ", "#2", "\n", "\u202e"})).Draw(t, "parts"), "")
		got := sanitize(name)
		if !fs.ValidPath(got) || got == "." || strings.ContainsAny(got, "\\\x00\n") || strings.Contains(got, "!/") {
			t.Fatalf("%q becomes %q", name, got)
		}
		if again := sanitize(got); again != got {
			t.Fatalf("%q becomes %q, and that %q", name, got, again)
		}
	})
}

// TestWhatIsPackedIsRead: any tree of archives gives back the files that were put in.
func TestWhatIsPackedIsRead(t *testing.T) {
	top := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		want := map[string]string{}
		var pack func(name string, depth int) []byte
		pack = func(name string, depth int) []byte {
			kind := rapid.SampledFrom([]string{"plain", "zip", "tar", "gz", "tgz", "zst"}).Draw(rt, "kind")
			if depth == maxDepth {
				kind = "plain"
			}
			if kind == "plain" {
				body := "text " + rapid.StringN(0, 50, 100).Draw(rt, "body") + strings.Repeat("x", rapid.IntRange(0, 9000).Draw(rt, "more"))
				want[name] = body
				return []byte(body)
			}
			if kind == "gz" || kind == "zst" {
				inner := pack(name+"!/"+name[strings.LastIndex(name, "/")+1:], depth+1)
				if isTar(inner) { // its members stand in the stream itself
					inner = []byte("text instead")
					for k := range want {
						if strings.HasPrefix(k, name+"!/") {
							delete(want, k)
						}
					}
					want[name+"!/"+name[strings.LastIndex(name, "/")+1:]] = "text instead"
				}
				if kind == "gz" {
					return gzOf(inner)
				}
				return zstOf(t, inner)
			}
			var items []item
			for i := range rapid.IntRange(1, 3).Draw(rt, "members") {
				member := fmt.Sprintf("m%d", i)
				items = append(items, item{member, string(pack(name+"!/"+member, depth+1)), rapid.Bool().Draw(rt, "stored")})
			}
			switch kind {
			case "zip":
				return zipOf(t, items...)
			case "tar":
				return tarOf(t, items...)
			}
			return gzOf(tarOf(t, items...))
		}
		path := filepath.Join(top, "in")
		if err := os.WriteFile(path, pack("in", 0), 0o644); err != nil {
			rt.Fatal(err)
		}
		s, err := Open([]string{path}, Options{TempDir: top, InMemory: 32 << 10})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		if len(s.Files()) != len(want) {
			rt.Errorf("%d files, want %d", len(s.Files()), len(want))
		}
		for name, body := range want {
			if got, err := fs.ReadFile(s, name); err != nil || string(got) != body {
				rt.Errorf("%s: %d bytes, %v, want %d bytes", name, len(got), err, len(body))
			}
		}
	})
}

func TestZstandardMembersOfZips(t *testing.T) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	w.RegisterCompressor(zstd.ZipMethodWinZip, zstd.ZipCompressor())
	m, err := w.CreateHeader(&zip.FileHeader{Name: "m", Method: zstd.ZipMethodWinZip})
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(m, "packed by Zstandard")
	w.Close()
	want(t, say(t, open(t, Options{}, folder(t, map[string][]byte{"z": out.Bytes()}))), "case/z!/m = packed by Zstandard")
}

func TestGzipsInARowAreOneFile(t *testing.T) {
	dir := folder(t, map[string][]byte{"a.gz": append(gzOf([]byte("one ")), gzOf([]byte("two"))...)})
	want(t, say(t, open(t, Options{}, dir)), "case/a.gz!/a = one two")
}

func TestLongAndForeignTarNames(t *testing.T) {
	long := strings.Repeat("folder/", 40) + "file"
	dir := folder(t, map[string][]byte{"a.tar": tarOf(t, item{long, "1", false}, item{"grüße", "2", false})})
	want(t, say(t, open(t, Options{}, dir)), "case/a.tar!/"+long+" = 1", "case/a.tar!/grüße = 2")
}

func TestSparseTarMembersAreSaidToBe(t *testing.T) {
	if !isSparse(&tar.Header{PAXRecords: map[string]string{"GNU.sparse.major": "1"}}) || isSparse(&tar.Header{PAXRecords: map[string]string{"mtime": "1"}}) {
		t.Error("sparse members are not told from others")
	}
}

func TestUnreadableThingsOnDiskAreListed(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("permissions do not hold the administrator back")
	}
	dir := folder(t, map[string][]byte{"ok": []byte("1"), "no": []byte("2"), "closed/x": []byte("3")})
	os.Chmod(filepath.Join(dir, "no"), 0)
	os.Chmod(filepath.Join(dir, "closed"), 0)
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "closed"), 0o755) })
	want(t, say(t, open(t, Options{}, dir)), "case/closed = ! cannot be opened: folder cannot be listed completely: open: permission denied",
		"case/no = ! cannot be opened: open: permission denied", "case/ok = 1")
}

func TestAFileThatVanishesIsAnError(t *testing.T) {
	dir := folder(t, map[string][]byte{"x": []byte("1"), "z": zipOf(t, item{"m", "body", false})})
	s := open(t, Options{}, dir)
	os.Remove(filepath.Join(dir, "x"))
	os.Remove(filepath.Join(dir, "z"))
	for _, f := range s.Files() {
		if _, err := f.Open(); !errors.Is(err, reeve.ErrAccess) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", f.Name, err)
		}
		if _, err := f.SHA256(context.Background()); !errors.Is(err, reeve.ErrAccess) {
			t.Errorf("%s: digest %v", f.Name, err)
		}
	}
}

func TestSpoolingNeedsAFolder(t *testing.T) {
	dir := folder(t, map[string][]byte{"a.gz": gzOf([]byte(strings.Repeat("body ", 10000)))})
	s := open(t, Options{TempDir: filepath.Join(dir, "absent"), InMemory: 1024}, dir)
	f := s.Files()[0]
	if _, err := f.Open(); !errors.Is(err, reeve.ErrAccess) || !strings.Contains(err.Error(), "spool") {
		t.Errorf("got %v", err)
	}
}

func TestMemoryIsSharedAndGivenBack(t *testing.T) {
	body := strings.Repeat("y", 3000)
	var items []item
	for i := range 20 {
		items = append(items, item{fmt.Sprint("m", i), body, false})
	}
	s := open(t, Options{InMemory: 32 << 10}, folder(t, map[string][]byte{"z": zipOf(t, items...)}))
	var opened []Content
	for _, f := range s.Files() {
		c, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, c)
	}
	if s.memory < 0 || s.memory > 8<<10 {
		t.Errorf("%d bytes are left with all open", s.memory)
	}
	for _, c := range opened {
		b := make([]byte, c.Size())
		if _, err := c.ReadAt(b, 0); err != nil && err != io.EOF || string(b) != body {
			t.Error("a member reads otherwise")
		}
		c.Close()
		c.Close() // twice does no harm
	}
	if s.memory != 32<<10 {
		t.Errorf("%d bytes of memory after all are closed", s.memory)
	}
}

func TestErrorsKeepTheirClass(t *testing.T) {
	limit := fmt.Errorf("%w: too much", reeve.ErrLimit)
	if got := classed(reeve.ErrDamaged, limit); got != limit {
		t.Errorf("got %v", got)
	}
	if got := classed(reeve.ErrDamaged, gzip.ErrChecksum); !errors.Is(got, reeve.ErrDamaged) || !errors.Is(got, gzip.ErrChecksum) {
		t.Errorf("got %v", got)
	}
}

func TestBombsAreToldFromLogs(t *testing.T) {
	for _, c := range []struct {
		size, packed int64
		bomb         bool
	}{{1 << 20, 1, false}, {64 << 20, 1000, false}, {65 << 20, 65 << 10, true}, {128 << 20, 512 << 10, false}, {1 << 40, 1 << 20, true}, {1 << 40, 1 << 32, false}} {
		if isBomb(c.size, c.packed) != c.bomb {
			t.Errorf("%d out of %d is a bomb: %v", c.size, c.packed, !c.bomb)
		}
	}
}

func TestFolderListsOfTheFileSystem(t *testing.T) {
	s := open(t, Options{}, folder(t, map[string][]byte{"a/1": nil, "a/2": nil, "b.zip": zipOf(t, item{"x/y", "", false})}))
	for folder, want := range map[string]string{".": "case/", "case": "a/ b.zip!/", "case/a": "1 2", "case/b.zip!": "x/", "case/b.zip!/x": "y"} {
		entries, err := fs.ReadDir(s, folder)
		var got []string
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() {
				name += "/"
			}
			got = append(got, name)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s holds %v, %v, want %s", folder, got, err, want)
		}
	}
	for _, name := range []string{"absent", "case/a/1/2", "../case", "/case"} {
		if _, err := s.Open(name); err == nil {
			t.Errorf("%s opens", name)
		}
	}
}

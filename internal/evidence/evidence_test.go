package evidence

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"reeve"
)

// item is a member of an archive that a test makes.
type item struct {
	name, body string
	stored     bool
}

func zipOf(t testing.TB, items ...item) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, i := range items {
		method := zip.Deflate
		if i.stored {
			method = zip.Store
		}
		m, err := w.CreateHeader(&zip.FileHeader{Name: i.name, Method: method})
		if err == nil {
			_, err = io.WriteString(m, i.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tarOf(t testing.TB, items ...item) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, i := range items {
		h := &tar.Header{Name: i.name, Mode: 0o644, Size: int64(len(i.body)), Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(i.body, "->"); ok {
			h.Typeflag, h.Linkname, h.Size, i.body = tar.TypeSymlink, target, 0, ""
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, i.body)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzOf(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zstOf(t testing.TB, b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// folder writes files by name into a new folder "case".
func folder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "case")
	for name, b := range files {
		p := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func open(t testing.TB, o Options, paths ...string) *Set {
	t.Helper()
	if o.TempDir == "" {
		o.TempDir = t.TempDir()
	}
	s, err := Open(paths, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// say lists a set as one line a file: name, then its content or why there is none.
func say(t testing.TB, s *Set) []string {
	t.Helper()
	var out []string
	for _, f := range s.Files() {
		line := f.Name + " = "
		if c, err := f.Open(); err != nil {
			line += "! " + err.Error()
		} else {
			b := make([]byte, c.Size())
			if _, err := c.ReadAt(b, 0); err != nil && err != io.EOF {
				t.Errorf("%s: %v", f.Name, err)
			}
			if len(b) > 40 {
				b = fmt.Appendf(nil, "%d bytes", len(b))
			}
			line += string(b)
			if d := c.Damage(); d != nil {
				line += " ! " + d.Error()
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
		out = append(out, line)
	}
	return out
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestFoldersAndFilesAreNamedAfterTheirArgument(t *testing.T) {
	dir := folder(t, map[string][]byte{"b.txt": []byte("b"), "sub/a.txt": []byte("a"), "sub/deep/c": []byte("c"), "empty": nil})
	want(t, say(t, open(t, Options{}, dir)), "case/b.txt = b", "case/empty = ", "case/sub/a.txt = a", "case/sub/deep/c = c")
	want(t, say(t, open(t, Options{}, filepath.Join(dir, "sub", "a.txt"))), "a.txt = a")
}

func TestArgumentsOfOneNameAreToldApartWhateverTheirOrder(t *testing.T) {
	top := t.TempDir()
	for _, p := range []string{"one/logs", "two/logs"} {
		os.MkdirAll(filepath.Join(top, p), 0o755)
		os.WriteFile(filepath.Join(top, p, "x"), []byte(p), 0o644)
	}
	one, two := filepath.Join(top, "one/logs"), filepath.Join(top, "two/logs")
	for _, args := range [][]string{{one, two}, {two, one}, {two, one, two}} {
		want(t, say(t, open(t, Options{}, args...)), "logs#2/x = two/logs", "logs/x = one/logs")
	}
}

func TestArchivesAreKnownByContentAndNest(t *testing.T) {
	inner := zipOf(t, item{"deep/log.json", "{}", false}, item{"stored.txt", "as it is", true})
	dir := folder(t, map[string][]byte{
		"a.bin":      zipOf(t, item{"x/y.txt", "zipped", false}, item{"in.zip", string(inner), true}, item{"in2.zip", string(inner), false}),
		"b.log.gz":   gzOf([]byte("gzipped")),
		"c.tar":      tarOf(t, item{"t/one", "1", false}, item{"t/two.gz", string(gzOf([]byte("2"))), false}),
		"d.tar.gz":   gzOf(tarOf(t, item{"only", "in tar in gz", false})),
		"e.zst":      zstOf(t, []byte("zstandard")),
		"f.tzst":     zstOf(t, tarOf(t, item{"g", "h", false})),
		"plain.zip":  []byte("not an archive at all"),
		"empty.zip":  zipOf(t),
		"seven":      []byte("7z\xbc\xaf\x27\x1c\x00\x04rest"),
		"old.rar":    []byte("Rar!\x1a\x07\x01\x00"),
		"broken.zip": zipOf(t, item{"n", "content", false})[:30],
	})
	want(t, say(t, open(t, Options{}, dir)),
		"case/a.bin!/in.zip!/deep/log.json = {}",
		"case/a.bin!/in.zip!/stored.txt = as it is",
		"case/a.bin!/in2.zip!/deep/log.json = {}",
		"case/a.bin!/in2.zip!/stored.txt = as it is",
		"case/a.bin!/x/y.txt = zipped",
		"case/b.log.gz!/b.log = gzipped",
		"case/broken.zip = ! file is damaged: zip: not a valid zip file",
		"case/c.tar!/t/one = 1",
		"case/c.tar!/t/two.gz!/two = 2",
		"case/d.tar.gz!/only = in tar in gz",
		"case/e.zst!/e = zstandard",
		"case/empty.zip = ! not in a known format: zip archive without files",
		"case/f.tzst!/g = h",
		"case/old.rar = ! not in a known format: not read: RAR archive",
		"case/plain.zip = not an archive at all",
		"case/seven = ! not in a known format: not read: 7-Zip archive")
}

func TestNamesFromArchivesNeverLeadOut(t *testing.T) {
	for name, safe := range map[string]string{
		"../../etc/passwd":       "__/__/etc/passwd",
		"/abs/file":              "abs/file",
		`C:\Windows\x.evtx`:      "C_/Windows/x.evtx",
		`c:x`:                    "c_x",
		`..\up`:                  "__/up",
		"nul\x00byte\x1b[31m":    "nul_byte_[31m",
		"fake.zip!/member":       "fake.zip_/member",
		"./a//b/":                "a/b",
		"":                       "unnamed",
		"...":                    "...",
		"bad\xff":                "bad_",
		"a/file:Zone.Identifier": "a/file:Zone.Identifier",
	} {
		if got := sanitize(name); got != safe {
			t.Errorf("%q becomes %q, want %q", name, got, safe)
		}
	}
	if got := sanitize(strings.Repeat("é/", 5000)); len(got) > 1024 || !fs.ValidPath(got) {
		t.Errorf("a long name becomes %d bytes, %q...", len(got), got[:20])
	}
	dir := folder(t, map[string][]byte{"z.zip": zipOf(t, item{"../../out", "1", false}, item{"/out", "2", true}, item{`..\..\out`, "3", false})})
	want(t, say(t, open(t, Options{}, dir)), "case/z.zip!/__/__/out = 1", "case/z.zip!/__/__/out#2 = 3", "case/z.zip!/out = 2")
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "*out*")); len(left) > 0 {
		t.Errorf("written outside: %v", left)
	}
}

func TestEqualMemberNamesAreToldApart(t *testing.T) {
	dir := folder(t, map[string][]byte{"z": zipOf(t, item{"a", "1", false}, item{"a", "2", false}, item{"a#2", "3", false}, item{"a", "4", true})})
	want(t, say(t, open(t, Options{}, dir)), "case/z!/a = 1", "case/z!/a#2 = 2", "case/z!/a#2#2 = 3", "case/z!/a#3 = 4")
}

func TestUnreadableMembersAreListedWithTheirReason(t *testing.T) {
	encrypted := zipOf(t, item{"secret", "s", true})
	for _, sig := range []string{"PK\x03\x04", "PK\x01\x02"} {
		at := bytes.Index(encrypted, []byte(sig)) + 6
		if sig == "PK\x01\x02" {
			at += 2
		}
		encrypted[at] |= 1
	}
	deflate64 := zipOf(t, item{"odd", "s", false})
	at := bytes.Index(deflate64, []byte("PK\x01\x02")) + 10
	binary.LittleEndian.PutUint16(deflate64[at:], 9)
	torn := gzOf(bytes.Repeat([]byte("abcdefgh"), 8))
	wrong := zipOf(t, item{"sum", "checksum", false})
	wrong[bytes.Index(wrong, []byte("PK\x01\x02"))+16] ^= 0xff
	dir := folder(t, map[string][]byte{
		"enc.zip": encrypted, "d64.zip": deflate64, "torn.gz": torn[:len(torn)-6], "sum.zip": wrong,
		"links.tar": tarOf(t, item{"l", "->/etc/passwd", false}, item{"f", "file", false}),
		"cut.tar":   tarOf(t, item{"f", strings.Repeat("x", 600), false})[:900],
	})
	want(t, say(t, open(t, Options{}, dir)),
		"case/cut.tar = ! file is damaged: tar header: unexpected EOF",
		"case/cut.tar!/f = 388 bytes ! file is damaged: archive ends 212 bytes before the end of this member",
		"case/d64.zip!/odd = ! not in a known format: not read: zip method 9 (Deflate64)",
		"case/enc.zip!/secret = ! cannot be opened: encrypted zip member",
		"case/links.tar!/f = file",
		"case/links.tar!/l = ! cannot be opened: tar member without content (link or device)",
		"case/sum.zip!/sum = checksum ! file is damaged: checksum is de6fdf9a, the archive states de6fdf65",
		"case/torn.gz!/torn = 64 bytes ! file is damaged: unexpected EOF")
}

func TestDepthIsBounded(t *testing.T) {
	b := []byte("bottom")
	for range maxDepth {
		b = gzOf(b)
	}
	dir := folder(t, map[string][]byte{"in": b, "over": gzOf(b)})
	want(t, say(t, open(t, Options{}, dir)), "case/in!/in!/in!/in!/in = bottom",
		"case/over!/over!/over!/over!/over = ! beyond a limit: archives within archives deeper than 4")
}

func TestBombsAreStopped(t *testing.T) {
	zeros := make([]byte, bombFloor+(8<<20))
	var small bytes.Buffer
	w, _ := gzip.NewWriterLevel(&small, gzip.BestCompression)
	w.Write(zeros)
	w.Close()
	dir := folder(t, map[string][]byte{"bomb.zip": zipOf(t, item{"zeros", string(zeros), false}), "bomb.gz": small.Bytes()})
	for _, line := range say(t, open(t, Options{}, dir)) {
		if !strings.Contains(line, "beyond a limit: expands more than 500 times its size") {
			t.Error(line)
		}
	}
}

func TestExpansionIsBoundedInTheOrderOfNames(t *testing.T) {
	kilo := strings.Repeat("0123456789abcdef", 64)
	dir := folder(t, map[string][]byte{"a.zip": zipOf(t, item{"1", kilo, false}, item{"2", kilo, false}, item{"3", kilo, false}), "b.gz": gzOf([]byte(kilo))})
	want(t, say(t, open(t, Options{MaxExpand: 2100}, dir)), "case/a.zip!/1 = 1024 bytes", "case/a.zip!/2 = 1024 bytes",
		"case/a.zip!/3 = ! beyond a limit: expands to more than what is left for archives",
		"case/b.gz = ! beyond a limit: expands to more than what is left for archives")
}

func TestAMemberThatLiesAboutItsSizeIsDamaged(t *testing.T) {
	z := zipOf(t, item{"liar", strings.Repeat("long ", 400), false})
	at := bytes.Index(z, []byte("PK\x01\x02")) + 24
	binary.LittleEndian.PutUint32(z[at:], 100)
	lines := say(t, open(t, Options{}, folder(t, map[string][]byte{"z": z})))
	if len(lines) != 1 || !strings.Contains(lines[0], "beyond a limit") {
		t.Errorf("stated smaller than it is: %q", lines)
	}
	binary.LittleEndian.PutUint32(z[at:], 5000)
	lines = say(t, open(t, Options{}, folder(t, map[string][]byte{"z": z})))
	if len(lines) != 1 || lines[0] != "case/z!/liar = 2000 bytes ! file is damaged: expands to 2000 bytes, the archive states 5000" {
		t.Errorf("stated larger than it is: %q", lines)
	}
}

func TestLargeMembersAreSpooledOnceAndRemoved(t *testing.T) {
	temp := t.TempDir()
	body := strings.Repeat("spooled text that compresses well enough. ", 4000)
	dir := folder(t, map[string][]byte{"z.zip": zipOf(t, item{"large", body, false}, item{"small", "s", false}), "l.gz": gzOf([]byte(body))})
	s := open(t, Options{TempDir: temp, InMemory: 64 << 10}, dir)
	for range 2 {
		for _, name := range []string{"case/z.zip!/large", "case/z.zip!/small", "case/l.gz!/l"} {
			if b, err := fs.ReadFile(s, name); err != nil || name != "case/z.zip!/small" && string(b) != body {
				t.Errorf("%s: %d bytes, %v", name, len(b), err)
			}
		}
	}
	if left, _ := os.ReadDir(temp); len(left) != 2 {
		t.Errorf("%d temporary files, want 2", len(left))
	}
	f, _ := s.File("case/z.zip!/large")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("%d temporary files are left behind", len(left))
	}
	if _, err := f.Open(); !errors.Is(err, reeve.ErrAccess) {
		t.Errorf("opens after Close: %v", err)
	}
	if s.memory != s.opt.InMemory {
		t.Errorf("%d bytes of memory were not given back", s.opt.InMemory-s.memory)
	}
}

func TestDigestsAreOfTheExpandedBytes(t *testing.T) {
	body := strings.Repeat("digest me ", 1000)
	dir := folder(t, map[string][]byte{"a": []byte(body), "b.zip": zipOf(t, item{"x", body, false}, item{"y", body, true}), "c.gz": gzOf([]byte(body))})
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	s := open(t, Options{InMemory: 64 << 10}, dir)
	for _, f := range s.Files() {
		if got, err := f.SHA256(context.Background()); got != hash || err != nil {
			t.Errorf("%s: %s, %v", f.Name, got, err)
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.files[0].SHA256(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context gives %v", err)
	}
}

func TestLinksAreFollowedOnceAndLoopsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	dir := folder(t, map[string][]byte{"real/x": []byte("x")})
	elsewhere := folder(t, map[string][]byte{"y": []byte("y")})
	for name, target := range map[string]string{"loop": dir, "real/up": "..", "again": "real", "out": elsewhere, "dead": "nowhere", "self": "self"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	refused := " = ! cannot be opened: symbolic link to a folder that is read elsewhere, not followed"
	want(t, say(t, open(t, Options{}, dir)), "case/again"+refused,
		"case/dead = ! cannot be opened: symbolic link leads nowhere: stat: no such file or directory",
		"case/loop"+refused, "case/out/y = y", "case/real/up"+refused, "case/real/x = x",
		"case/self = ! cannot be opened: symbolic link leads nowhere: stat: too many levels of symbolic links")
}

func TestAPathThatDoesNotExistIsAnError(t *testing.T) {
	if _, err := Open([]string{filepath.Join(t.TempDir(), "nothing")}, Options{}); !errors.Is(err, reeve.ErrAccess) {
		t.Errorf("got %v", err)
	}
}

func TestASetIsAFileSystem(t *testing.T) {
	dir := folder(t, map[string][]byte{"a/b": []byte("1"), "z.zip": zipOf(t, item{"in/c", "22", false}, item{"d", "333", true}), "e": nil})
	s := open(t, Options{}, dir)
	if err := fstest.TestFS(s, "case/a/b", "case/z.zip!/in/c", "case/z.zip!/d", "case/e"); err != nil {
		t.Error(err)
	}
}

func TestManyReadersShareAMember(t *testing.T) {
	body := strings.Repeat("shared ", 3000)
	s := open(t, Options{}, folder(t, map[string][]byte{"z": zipOf(t, item{"m", body, false})}))
	done := make(chan error)
	for range 8 {
		go func() {
			b, err := fs.ReadFile(s, "case/z!/m")
			if err == nil && string(b) != body {
				err = errors.New("other bytes")
			}
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// FuzzArchive: whatever an archive holds, listing and reading it ends, names are valid and nothing is left in memory.
func FuzzArchive(f *testing.F) {
	f.Add(zipOf(f, item{"a", "1", false}, item{"../b", "2", true}))
	f.Add(gzOf(tarOf(f, item{"t", "x", false})))
	f.Add(tarOf(f, item{"t", "x", false}, item{"l", "->y", false}))
	f.Add(zstOf(f, []byte("zst")))
	f.Add(zipOf(f, item{"in.zip", string(zipOf(f, item{"x", "y", true})), true}))
	path := filepath.Join(f.TempDir(), "in")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := Open([]string{path}, Options{TempDir: t.TempDir(), MaxExpand: 1 << 20, InMemory: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Files() {
			if !fs.ValidPath(e.Name) {
				t.Errorf("name %q", e.Name)
			}
		}
		say(t, s)
		if err := s.Close(); err != nil || s.memory != s.opt.InMemory {
			t.Errorf("close: %v, memory %d", err, s.memory)
		}
	})
}

func TestExpandingStopsWhenItIsToldTo(t *testing.T) {
	temp := t.TempDir()
	body := strings.Repeat("0123456789abcdef0123456789ABCDEF", 1<<16)
	dir := folder(t, map[string][]byte{"a.gz": gzOf([]byte(body)), "b.zip": zipOf(t, item{"in.gz", string(gzOf([]byte(body))), false}, item{"x", body, false}), "c": []byte("c")})
	for after := range 12 {
		asked := 0
		_, err := Open([]string{dir}, Options{TempDir: temp, InMemory: 64 << 10, Stop: func() error {
			if asked++; asked > after {
				return context.Canceled
			}
			return nil
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("told to stop after %d questions: %v", after, err)
		}
		if asked > after+10 {
			t.Errorf("told to stop after %d questions, and yet %d were asked", after, asked)
		}
		if left, _ := os.ReadDir(temp); len(left) != 0 {
			t.Errorf("%d temporary files are left behind", len(left))
		}
	}
	stopped := false
	s := open(t, Options{Stop: func() error {
		if stopped {
			return context.Canceled
		}
		return nil
	}}, dir)
	stopped = true
	if _, err := fs.ReadFile(s, "case/b.zip!/x"); !errors.Is(err, context.Canceled) || !errors.Is(err, reeve.ErrAccess) {
		t.Errorf("a member that is expanded later: %v", err)
	}
}

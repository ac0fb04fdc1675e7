package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// tarOf and the like make archives that no packer would make.
func tarOf(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		h.Mode = 0o644
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(witness))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, witness); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzOf(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstOf(t testing.TB, content []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(content, nil)
}

func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, witness); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHostileArchivesLeadNowhereAndStopNothing(t *testing.T) {
	zeros := make([]byte, 100<<20)
	locked := zipOf(t, "locked.jsonl")
	for _, sig := range []string{"PK\x03\x04", "PK\x01\x02"} {
		at := bytes.Index(locked, []byte(sig)) + 6
		if sig == "PK\x01\x02" {
			at += 2
		}
		locked[at] |= 1
	}
	nested := []byte(witness)
	for range 12 {
		nested = gzOf(t, nested)
	}
	whole := zipOf(t, "a.jsonl", "b.jsonl", "c.jsonl")
	long := strings.Repeat("long/", 5000) + "name"
	for name, c := range map[string]struct {
		content []byte
		says    string // on standard error or in the account
		records int    // of the archive; -1 for some
	}{
		"zip bomb.zip":         {zipBomb(t, zeros), "times its size", 0},
		"gzip bomb.gz":         {gzOf(t, zeros), "times its size", 0},
		"zstd bomb.zst":        {zstOf(t, zeros), "times its size", 0},
		"too deep.gz":          {nested, "deeper", 0},
		"same name.zip":        {zipOf(t, "a", "a", "a"), "", 3},
		"leads out.zip":        {zipOf(t, "../../../up.jsonl", "/etc/abs.jsonl", `C:\Windows\w.jsonl`, "..\\..\\back.jsonl", "a\x00b\x1b[31m\u202e", long), "", 6},
		"links.tar":            {tarOf(t, tar.Header{Name: "l", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}, tar.Header{Name: "h", Linkname: "../../up", Typeflag: tar.TypeLink}, tar.Header{Name: "f", Typeflag: tar.TypeFifo}, tar.Header{Name: "l", Typeflag: tar.TypeReg}), "link or device", 1},
		"encrypted.zip":        {locked, "encrypted", 0},
		"torn.gz":              {gzOf(t, bytes.Repeat([]byte(witness), 5000))[:600], "damaged", -1},
		"torn.zst":             {zstOf(t, []byte(witness))[:100], "damaged", 0},
		"torn.zip":             {whole[:len(whole)-40], "damaged", 0},
		"torn.tar":             {tarOf(t, tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "b", Typeflag: tar.TypeReg})[:1100], "damaged", 1},
		"garbage after zip.gz": {append(gzOf(t, []byte(witness)), "garbage"...), "damaged", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, map[string][]byte{name: c.content, "witness.jsonl": []byte(witness)})
			inv, _ := s.investigate("--memory", "128MiB")
			records := 0
			for _, f := range inv.Evidence.Files {
				if strings.Contains(f.Path, name) {
					records += f.Records
				}
				if !fs.ValidPath(f.Path) {
					t.Errorf("the name %q leads somewhere", f.Path)
				}
			}
			if !inv.seen() || records != c.records && (c.records >= 0 || records == 0) {
				t.Errorf("%d records of the archive, want %d; the file beside it was read: %v", records, c.records, inv.seen())
			}
			status, out, told := s.run(t.Context(), "dump")
			if status != statusDone || !strings.Contains(told, c.says) {
				t.Errorf("status %d; %q is not said: %s", status, c.says, told)
			}
			harmless(t, "dump", out)
			harmless(t, "standard error", told)
		})
	}
}

func zipBomb(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for range 3 {
		w, err := z.Create("zeros")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

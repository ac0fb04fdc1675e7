package ingest

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/evidence"
)

// watcher is a sink that asks each record for all it has.
type watcher struct {
	t   *testing.T
	buf []byte
	n   int
}

func (w *watcher) Record(r reeve.Record) {
	w.n++
	for _, f := range r.Fields() {
		w.buf = r.Value(f.Handle).AppendText(w.buf[:0])
	}
	for _, name := range slotNames[:] {
		w.buf = r.Value(r.Resolve(name)).AppendText(w.buf[:0])
	}
	w.buf = r.AppendJSON(w.buf[:0])
	if strings.ContainsAny(string(w.buf), "\n") {
		w.t.Errorf("JSON over lines: %q", w.buf)
	}
	if x, ok := r.(interface{ AppendXML([]byte) []byte }); ok {
		w.buf = x.AppendXML(w.buf[:0])
	}
}

func (w *watcher) Lost(e reeve.ReadError) {
	if strings.Contains(e.Err.Error(), "the reader failed") {
		w.t.Error(e.Err)
	}
}

// readBytes reads content as any file of evidence and checks the account.
func readBytes(t *testing.T, path string, b []byte) {
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := evidence.Open([]string{path}, evidence.Options{TempDir: filepath.Dir(path), MaxExpand: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	w := &watcher{t: t}
	files, err := Scan(context.Background(), set, Options{Threads: 1, Recover: len(b)%2 == 0}, func(int) Sink { return w })
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		n += f.Records
		for _, e := range f.Errors {
			if e.Ref.Offset < 0 || e.Ref.File == "" {
				t.Errorf("error at %v", e.Ref)
			}
		}
		if f.Format == "" && f.Says == "" {
			t.Errorf("%s is not named", f.Path)
		}
	}
	if n != w.n {
		t.Errorf("%d records accounted for, %d delivered", n, w.n)
	}
}

func seedShapes(f *testing.F, archive string) {
	_, samples := archived(f, filepath.Join("testdata", archive))
	for _, s := range samples {
		if !strings.HasSuffix(s[0], ".want") {
			f.Add([]byte(s[1]))
		}
	}
}

// FuzzJSON reads any bytes behind an event, so that they are taken for JSON.
func FuzzJSON(f *testing.F) {
	seedShapes(f, "json_shapes.txtar")
	path := filepath.Join(f.TempDir(), "in.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		readBytes(t, path, append([]byte(`{"EventID":1,"Channel":"C"}`+"\n"), b...))
		readBytes(t, path, b)
	})
}

// FuzzXML does the same for XML.
func FuzzXML(f *testing.F) {
	seedShapes(f, "xml_shapes.txtar")
	path := filepath.Join(f.TempDir(), "in.xml")
	f.Fuzz(func(t *testing.T, b []byte) {
		readBytes(t, path, append([]byte("<Event><System><EventID>1</EventID><Channel>C</Channel></System></Event>\n"), b...))
		readBytes(t, path, b)
	})
}

// FuzzCSV does the same for tables.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("1,a,\"b\"\"c\"\n2,,\n3,\"x\ny\",z\n"))
	path := filepath.Join(f.TempDir(), "in.csv")
	f.Fuzz(func(t *testing.T, b []byte) {
		readBytes(t, path, append([]byte("EventID,Computer,x\n"), b...))
	})
}

// FuzzAny lets recognition decide.
func FuzzAny(f *testing.F) {
	f.Add(evtxFile(f, 3))
	f.Add([]byte("MAM\x04"))
	f.Add(utf16Of(sysmonLine(1), binary.BigEndian, true))
	f.Add([]byte("---\na: b\n"))
	path := filepath.Join(f.TempDir(), "in")
	f.Fuzz(func(t *testing.T, b []byte) { readBytes(t, path, b) })
}

// FuzzTime: no text makes the parser fail, and what it reads lies within what it can print.
func FuzzTime(f *testing.F) {
	for _, c := range times {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseTime([]byte(s))
		if at, _ := settle(m, 0, nil); ok && at > 0 && at.String() == "" {
			t.Errorf("%q gives %d", s, at)
		}
	})
}

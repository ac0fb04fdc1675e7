package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reeve"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares an output with its file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); d != "" {
		t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", name, d)
	}
}

var files = map[string]string{"table": "table.txt", "json": "investigation.json", "jsonl": "cases.jsonl", "csv": "cases.csv",
	"markdown": "report.md", "html": "report.html", "timeline": "timeline.csv", "navigator": "navigator.json"}

func write(t *testing.T, name string, inv *reeve.Investigation, opt Options) []byte {
	t.Helper()
	for _, w := range Writers {
		if w.Name == name {
			var b bytes.Buffer
			if err := w.Write(&b, inv, opt); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return b.Bytes()
		}
	}
	t.Fatalf("no writer %q", name)
	return nil
}

func TestEveryOutputIsAsTheGoldenFileHasIt(t *testing.T) {
	for _, w := range Writers {
		t.Run(w.Name, func(t *testing.T) { golden(t, files[w.Name], write(t, w.Name, sample(), Options{})) })
	}
	golden(t, "table-color.txt", write(t, "table", sample(), Options{Color: true, Width: 72}))
	golden(t, "table-nothing.txt", write(t, "table", quiet(), Options{}))
	for _, w := range FindingWriters {
		var b bytes.Buffer
		if err := w.Write(&b, maliciousCase().Findings, Options{}); err != nil {
			t.Fatal(err)
		}
		golden(t, "findings."+map[string]string{"table": "txt", "json": "json", "jsonl": "jsonl", "csv": "csv"}[w.Name], b.Bytes())
	}
}

// quiet is an estate in which nothing became a case.
func quiet() *reeve.Investigation {
	inv := sample()
	inv.Cases = nil
	inv.Unfound = []string{"mftrace.exe on srv-01: no record of that host is in the evidence."}
	return inv
}

// closing is a file in memory.
type closing struct {
	bytes.Buffer
	closed bool
	fail   error
}

func (c *closing) Close() error { c.closed = true; return c.fail }

func TestAReportFolderHoldsFourFiles(t *testing.T) {
	made := map[string]*closing{}
	err := WriteDir(func(name string) (io.WriteCloser, error) { made[name] = &closing{}; return made[name], nil }, sample(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"report.html", "investigation.json", "timeline.csv", "navigator.json"} {
		f := made[name]
		if f == nil || !f.closed || f.Len() == 0 {
			t.Errorf("%s was not written and closed", name)
		}
	}
	if len(made) != 4 {
		t.Errorf("%d files, want 4", len(made))
	}
	if err := WriteDir(func(string) (io.WriteCloser, error) { return nil, io.ErrClosedPipe }, sample(), Options{}); err == nil || !strings.Contains(err.Error(), "report.html") {
		t.Errorf("a folder that cannot be written gives %v, want an error naming the file", err)
	}
	if err := WriteDir(func(string) (io.WriteCloser, error) { return &closing{fail: io.ErrShortWrite}, nil }, sample(), Options{}); err == nil {
		t.Error("a failing Close is not reported")
	}
}

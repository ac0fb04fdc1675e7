package ingest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/evidence"
)

var update = flag.Bool("update", false, "rewrite golden files")

const sharedEvidence = "../../../shared/evidence"

// tally is a sink that counts, and checks what must hold of every record.
type tally struct {
	t       testing.TB
	records int
	lost    int
	classes map[reeve.Class]int // to the number of fields
	buf     []byte
}

func (c *tally) Record(r reeve.Record) {
	c.records++
	n, known := c.classes[r.Class()]
	if !known {
		c.classes[r.Class()] = len(r.Fields())
	} else if n != len(r.Fields()) {
		c.t.Errorf("%v: %d fields in a class of %d", r.Ref(), len(r.Fields()), n)
	}
	for _, f := range r.Fields() {
		c.buf = r.Value(f.Handle).AppendText(c.buf[:0])
	}
	h := r.Head()
	if ref := r.Ref(); ref.File == "" || h.EventID == 0 && h.Provider == "" && h.Channel == "" && h.Time == 0 {
		c.t.Errorf("record %v has head %+v", ref, *h)
	}
}

func (c *tally) Lost(reeve.ReadError) { c.lost++ }

func newTally(t testing.TB) *tally { return &tally{t: t, classes: map[reeve.Class]int{}} }

// TestSharedEvidenceIsReadOrNamed: every file of the collection is read, or said what it is, and the counts are those committed.
func TestSharedEvidenceIsReadOrNamed(t *testing.T) {
	if _, err := os.Stat(sharedEvidence); err != nil {
		t.Skip("../shared/evidence is absent")
	}
	set, err := evidence.Open([]string{sharedEvidence}, evidence.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	files, err := Scan(context.Background(), set, Options{Threads: runtime.GOMAXPROCS(0)}, func(int) Sink { return newTally(t) })
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(set.Files()) {
		t.Errorf("%d files accounted for, %d listed", len(files), len(set.Files()))
	}
	var got strings.Builder
	for _, f := range files {
		if f.Format == "" && f.Says == "" || f.Says == "data in a format that is not known" {
			t.Errorf("%s is not named", f.Path)
		}
		says := f.Says
		if f.Format != "" && f.Format != "evtx" && f.Records == 0 && len(f.Errors) == 0 {
			t.Errorf("%s: %s without records or reason", f.Path, f.Format)
		}
		if len(f.Errors) > 0 {
			says = strings.TrimSpace(says + " ! " + f.Errors[0].Err.Error())
		}
		fmt.Fprintf(&got, "%s\t%s\t%d\t%d\t%s\n", f.Path, f.Format, f.Records, len(f.Errors)+f.MoreErrors, says)
	}
	golden(t, "shared_files.tsv", got.String())
	t.Logf("%d cases", len(files))
}

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(got, "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(have) || have[i] != line {
			t.Fatalf("%s line %d is\n  %s\nwant\n  %s", name, i+1, strings.Join(have[min(i, len(have)):min(i+1, len(have))], ""), line)
		}
	}
	if extra := slices.Index(have, ""); extra >= 0 && extra != len(have)-1 {
		t.Fatalf("%s has %d lines more", name, len(have)-extra)
	}
}

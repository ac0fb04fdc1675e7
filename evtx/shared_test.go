package evtx

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files, testdata/shared_counts.tsv from the real logs and evtxexport")

const (
	sharedEvidence = "../../shared/evidence"
	sharedCounts   = "testdata/shared_counts.tsv"
)

// sharedRow is a line of the golden table. Where the two readers differ, docs/formats/evtx.md explains why under the word in why.
type sharedRow struct {
	path            string
	records, errors int // of this package
	reference       int // records that evtxexport exports
	why             string
}

// whyStops is the one known reason for a difference: evtxexport gives up at a record that it cannot render.
const whyStops = "stops"

func readSharedCounts(t *testing.T) (rows []sharedRow) {
	t.Helper()
	b, err := os.ReadFile(sharedCounts)
	if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		p := strings.Split(s.Text(), "\t")
		if len(p) != 5 {
			t.Fatalf("malformed row %q", s.Text())
		}
		number := func(s string) int {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		rows = append(rows, sharedRow{p[0], number(p[1]), number(p[2]), number(p[3]), p[4]})
	}
	return rows
}

func sharedFiles(t *testing.T) (paths []string) {
	t.Helper()
	if _, err := os.Stat(sharedEvidence); err != nil {
		t.Skip("no real logs: ", sharedEvidence, " is absent")
	}
	err := filepath.WalkDir(sharedEvidence, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".evtx") {
			rel, _ := filepath.Rel(sharedEvidence, path)
			paths = append(paths, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func readShared(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(sharedEvidence, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// count reads every value of every record, so that a file that counts right is also readable to the last field.
func count(t testing.TB, b []byte, templates *Templates) (records, errors int) {
	t.Helper()
	var buf []byte
	for r, err := range open(t, b, Options{Templates: templates}).Records() {
		if err != nil {
			errors++
			continue
		}
		records++
		buf = r.AppendXML(r.AppendJSON(buf[:0]))
	}
	return records, errors
}

func TestRealLogsHaveTheCountsOfAnIndependentReader(t *testing.T) {
	paths := sharedFiles(t)
	if *update {
		updateSharedCounts(t, paths)
	}
	rows := map[string]sharedRow{}
	for _, row := range readSharedCounts(t) {
		rows[row.path] = row
	}
	templates := &Templates{}
	for _, path := range paths {
		row, ok := rows[path]
		if !ok {
			t.Errorf("%s: no golden count; run with -update", path)
			continue
		}
		records, errors := count(t, readShared(t, path), templates)
		if records != row.records || errors != row.errors {
			t.Errorf("%s: %d records and %d errors, want %d and %d", path, records, errors, row.records, row.errors)
		}
		if (row.records != row.reference) != (row.why != "") {
			t.Errorf("%s: %d records, the other reader has %d, explained by %q", path, row.records, row.reference, row.why)
		}
		if row.records < row.reference {
			t.Errorf("%s: the other reader has %d records more", path, row.reference-row.records)
		}
	}
	t.Logf("%d cases", len(paths))
}

// otherReader is libevtx's, on Debian in libevtx-utils. Its counts are committed; where it is installed they are checked.
const otherReader = "evtxexport"

// exported counts the records that the other reader exports; whole is false when it gave up.
func exported(path string) (records int, whole bool) {
	out, err := exec.Command(otherReader, filepath.Join(sharedEvidence, path)).Output()
	return bytes.Count(out, []byte("\nEvent number")), err == nil
}

func TestTheCommittedCountsAreTheOtherReaders(t *testing.T) {
	paths := sharedFiles(t)
	if _, err := exec.LookPath(otherReader); err != nil {
		t.Skip("the committed counts stand: ", otherReader, " is not installed")
	}
	rows := map[string]sharedRow{}
	for _, row := range readSharedCounts(t) {
		rows[row.path] = row
	}
	for _, path := range paths {
		if n, _ := exported(path); n != rows[path].reference {
			t.Errorf("%s: %s exports %d records, the table says %d", path, otherReader, n, rows[path].reference)
		}
	}
	t.Logf("%d cases", len(paths))
}

func updateSharedCounts(t *testing.T, paths []string) {
	t.Helper()
	if _, err := exec.LookPath(otherReader); err != nil {
		t.Fatalf("-update wants %s", otherReader)
	}
	var out strings.Builder
	for _, path := range paths {
		records, errors := count(t, readShared(t, path), nil)
		reference, whole := exported(path)
		why := ""
		if records != reference && !whole {
			why = whyStops
		}
		fmt.Fprintf(&out, "%s\t%d\t%d\t%d\t%s\n", path, records, errors, reference, why)
	}
	if err := os.WriteFile(sharedCounts, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRealLogsReadWithoutAllocation(t *testing.T) {
	n := 0
	for _, path := range sharedFiles(t) {
		if b := readShared(t, path); len(b) < 2<<20 {
			viewAllocations(t, path, b)
			n++
		}
	}
	t.Logf("%d cases", n)
}

// TestRealEventsSurviveWriting writes what it reads and reads it again: the writer takes whatever Windows wrote.
func TestRealEventsSurviveWriting(t *testing.T) {
	total := 0
	for _, path := range sharedFiles(t) {
		events, _ := readAll(t, open(t, readShared(t, path), Options{}))
		var b bytes.Buffer
		w := NewWriter(&b, WriterOptions{})
		var kept []*Event
		for _, e := range events {
			if err := w.Write(e); err == nil {
				kept = append(kept, e)
			} else if !errors.Is(err, ErrLimit) {
				t.Fatalf("%s, record %d: %v", path, e.RecordID, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		again := readClean(t, b.Bytes())
		if len(again) != len(kept) {
			t.Fatalf("%s: %d of %d events come back", path, len(again), len(kept))
		}
		for i, e := range kept {
			if diff := cmp.Diff(e, again[i], sameEvents); diff != "" {
				t.Fatalf("%s, record %d (-first +again):\n%s", path, e.RecordID, diff)
			}
		}
		total += len(kept)
	}
	if total < 8000 {
		t.Errorf("only %d events were written and read again", total)
	}
	t.Logf("%d cases", total)
}

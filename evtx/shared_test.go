package evtx

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files, testdata/shared_counts.tsv from ../shared and evtxexport")

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
}

func updateSharedCounts(t *testing.T, paths []string) {
	t.Helper()
	var out strings.Builder
	for _, path := range paths {
		records, errors := count(t, readShared(t, path), nil)
		export, err := exec.Command("evtxexport", filepath.Join(sharedEvidence, path)).Output()
		reference, why := bytes.Count(export, []byte("\nEvent number")), ""
		if records != reference && err != nil {
			why = whyStops
		}
		fmt.Fprintf(&out, "%s\t%d\t%d\t%d\t%s\n", path, records, errors, reference, why)
	}
	if err := os.WriteFile(sharedCounts, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRealLogsReadWithoutAllocation(t *testing.T) {
	if paths := sharedFiles(t); len(paths) > 0 {
		for _, path := range paths {
			if b := readShared(t, path); len(b) < 2<<20 {
				viewAllocations(t, path, b)
			}
		}
	}
}

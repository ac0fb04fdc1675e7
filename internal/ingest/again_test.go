package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/evidence"
)

// rereader is a sink that prints each record as JSON, reads that again and compares. A whole file of such lines is what dump
// writes.
type rereader struct {
	t     *testing.T
	again *converter
	n     int
	line  []byte
}

func newRereader(t *testing.T) *rereader { return &rereader{t: t, again: newConverter(t)} }

func (s *rereader) Lost(reeve.ReadError) {}

func (s *rereader) Record(r reeve.Record) {
	s.n++
	s.line = append(r.AppendJSON(s.line[:0]), '\n')
	if !json.Valid(s.line) && !s.brokenEscapes() || bytes.Count(s.line, []byte("\n")) != 1 {
		s.again.fail("%v is printed as %s", r.Ref(), s.line)
	}
	got := 0
	s.again.text.w.sink = &seen{each: func(other reeve.Record) {
		if got++; got == 1 {
			s.again.compare("json", r, other)
			if twice := append(other.AppendJSON(nil), '\n'); !bytes.Equal(twice, s.line) {
				s.again.fail("%v is printed as\n  %sand then as\n  %s", r.Ref(), s.line, twice)
			}
		}
	}}
	f := memory("f", bytes.Clone(s.line))
	jsonFormat.read(s.again.text.w, f, part{to: int64(len(s.line)), last: true})
	if got != 1 || len(f.out.Errors) > 0 {
		s.again.fail("%v, printed and read again, is %d records, %v: %s", r.Ref(), got, f.out.Errors, s.line)
	}
}

// brokenEscapes tells that the record was JSON with escapes that JSON does not have, or with numbers such as NaN: it is printed as
// it stands.
func (s *rereader) brokenEscapes() bool {
	return bytes.Contains(s.line, []byte(`\q`)) || bytes.Contains(s.line, []byte("NaN")) || bytes.IndexByte(s.line, '\t') >= 0
}

// TestWhatIsPrintedReadsTheSame: the records of every sample, printed as JSON and read again, are the same records.
func TestWhatIsPrintedReadsTheSame(t *testing.T) {
	s := newRereader(t)
	for _, archive := range []string{"json_shapes.txtar", "xml_shapes.txtar"} {
		_, samples := archived(t, filepath.Join("testdata", archive))
		for _, f := range samples {
			if strings.HasSuffix(f[0], ".want") {
				continue
			}
			if _, err := Scan(context.Background(), setOf(t, map[string][]byte{f[0]: []byte(f[1])}), Options{Threads: 1}, func(int) Sink { return s }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.n < 50 {
		t.Errorf("only %d records", s.n)
	}
	t.Logf("%d records", s.n)
}

// TestSharedTextsArePrintedAsTheyAre is the same for the real exports, of each structure the first few records.
func TestSharedTextsArePrintedAsTheyAre(t *testing.T) {
	if _, err := os.Stat(sharedEvidence); err != nil {
		t.Skip("../shared/evidence is absent")
	}
	set, err := evidence.Open([]string{sharedEvidence}, evidence.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	s := newRereader(t)
	few := map[reeve.Class]int{}
	sink := &seen{each: func(r reeve.Record) {
		if few[r.Class()]++; few[r.Class()] <= 3 {
			s.Record(r)
		}
	}}
	if _, err := Scan(context.Background(), set, Options{Threads: 1, Only: func(n string) bool { return !strings.HasSuffix(n, ".evtx") }}, func(int) Sink { return sink }); err != nil || s.n < 1000 {
		t.Errorf("%d records, %v", s.n, err)
	}
	t.Logf("%d records", s.n)
}

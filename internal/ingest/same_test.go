package ingest

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/evidence"
)

// converter is a sink that writes each record as JSON and as XML, reads both again and compares them with the record.
type converter struct {
	t           *testing.T
	text        *textWorker
	n, unlike   int
	js, xm      []byte
	want, found []string
}

func newConverter(t *testing.T) *converter {
	c := &converter{t: t, text: newTextWorker(nil)}
	c.text.w = &worker{opt: &Options{}, shared: &shared{}, text: c.text}
	return c
}

// Record of a log whose other forms must say the same.
func (c *converter) Record(r reeve.Record) {
	c.n++
	c.js = append(r.AppendJSON(c.js[:0]), '\n')
	c.xm = append(r.(interface{ AppendXML([]byte) []byte }).AppendXML(c.xm[:0]), '\n')
	for format, content := range map[string][]byte{"json": c.js, "xml": c.xm} {
		got := 0
		c.text.w.sink = &seen{each: func(other reeve.Record) { got++; c.compare(format, r, other) }}
		f := memory(format, bytes.Clone(content))
		f.format.read(c.text.w, f, part{to: int64(len(content)), last: true})
		if got != 1 || len(f.out.Errors) > 0 {
			c.fail("%v as %s: %d records, %v", r.Ref(), format, got, f.out.Errors)
		}
	}
}

func (c *converter) compare(format string, r, other reeve.Record) {
	if a, b := *r.Head(), *other.Head(); a != b {
		c.fail("%v as %s has head\n  %+v\nwant\n  %+v", r.Ref(), format, b, a)
	}
	if a, b := r.Ref(), other.Ref(); a.RecordID != b.RecordID {
		c.fail("%v as %s is record %d", a, format, b.RecordID)
	}
	c.want, c.found = fieldsOf(r, c.want[:0]), fieldsOf(other, c.found[:0])
	// Siblings of one name are put together in JSON, wherever they stood; an element's text comes before its attributes in a log.
	if format == "json" || strings.Contains(strings.Join(c.want, "\n"), "@") {
		slices.Sort(c.want)
		slices.Sort(c.found)
	}
	if a, b := strings.Join(c.want, "\n  "), strings.Join(c.found, "\n  "); a != b {
		c.fail("%v as %s has\n  %s\nwant\n  %s", r.Ref(), format, b, a)
	}
}

// fail tells the first few; a fault in one provider's layout shows in all of its records.
func (c *converter) fail(format string, args ...any) {
	if c.unlike++; c.unlike <= 10 {
		c.t.Errorf(format, args...)
	}
}

func (c *converter) Lost(reeve.ReadError) {}

// printable maps what XML cannot carry to U+FFFD, as a conversion to XML does.
func printable(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
		return '�'
	}
	return r
}

// fieldsOf lists named fields that say something. Lists are spelled as the repeated fields that XML makes of them.
func fieldsOf(r reeve.Record, out []string) []string {
	for _, f := range r.Fields() {
		v := r.Value(f.Handle)
		text := v.String()
		if v.Kind == reeve.List {
			text = strings.TrimSuffix(text, "\x00")
		}
		for item := range strings.SplitSeq(text, "\x00") {
			if item != "" && f.Name != "" {
				out = append(out, f.Name+" = "+strings.Map(printable, item))
			}
		}
	}
	return out
}

func TestALogAndItsConversionsSayTheSame(t *testing.T) {
	c := newConverter(t)
	if _, err := Scan(context.Background(), setOf(t, map[string][]byte{"f": evtxFile(t, 300)}), Options{Threads: 1}, func(int) Sink { return c }); err != nil || c.n != 300 {
		t.Errorf("%d records, %v", c.n, err)
	}
}

func TestSharedLogsAndTheirConversionsSayTheSame(t *testing.T) {
	if _, err := os.Stat(sharedEvidence); err != nil {
		t.Skip("../shared/evidence is absent")
	}
	set, err := evidence.Open([]string{sharedEvidence + "/sigma-regression", sharedEvidence + "/evtx-attack-samples", sharedEvidence + "/evtx-to-mitre", sharedEvidence + "/parser-benign"}, evidence.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	c := newConverter(t)
	if _, err := Scan(context.Background(), set, Options{Threads: 1, Only: func(n string) bool { return strings.HasSuffix(n, ".evtx") }}, func(int) Sink { return c }); err != nil || c.n < 8000 {
		t.Errorf("%d records, %v", c.n, err)
	}
	if c.unlike > 0 {
		t.Errorf("%d of %d differ", c.unlike, c.n)
	}
	t.Logf("%d cases", c.n)
}

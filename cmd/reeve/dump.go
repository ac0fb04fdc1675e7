package main

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"reeve"
	"reeve/internal/ingest"
	"reeve/internal/report"
)

type dumpCmd struct {
	reading
	output
	Where  []string `help:"Only records of which this holds: EventID=4688, EventID=1,4688, Channel!=Security, Image=*\\certutil.exe. Without regard to case; * stands for anything; several must all hold." sep:"none" placeholder:"FIELD=VALUE"`
	Format string   `help:"${enum}." enum:"jsonl,xml" default:"jsonl"`
}

// printer prints the records of one worker.
type printer struct {
	partWriter
	selection
	xml bool
	raw []byte
}

// Begin starts a part of the evidence.
func (p *printer) Begin(at ingest.Place) { p.begin(at) }

// Record prints one record.
func (p *printer) Record(rec reeve.Record) {
	if !p.selected(rec) {
		return
	}
	from := len(p.text)
	if x, ok := rec.(interface{ AppendXML([]byte) []byte }); ok && p.xml {
		p.text = x.AppendXML(p.text)
		if _, own := rec.(ingest.WellFormedXML); !own || !isASCII(p.text[from:]) {
			p.raw = append(p.raw[:0], p.text[from:]...)
			p.text = appendXML(p.text[:from], p.raw)
		}
	} else {
		p.text = rec.AppendJSON(p.text)
		if at := from + plainJSON(p.text[from:]); at < len(p.text) {
			p.raw = append(p.raw[:0], p.text[at:]...)
			p.text = appendJSON(p.text[:at], p.raw)
		}
	}
	p.text = append(p.text, '\n')
	p.full()
}

// Lost is told by the account of the file.
func (p *printer) Lost(reeve.ReadError) {}

// End finishes the part.
func (p *printer) End(at ingest.Place) { p.end(at.Last) }

// Run prints the records in the order of files and of records within them.
func (c *dumpCmd) Run(a *app) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	conditions, err := parseWhere(c.Where)
	if err != nil {
		return err
	}
	set, err := c.open(a)
	if err != nil {
		return err
	}
	defer set.Close()
	debug.SetGCPercent(50) // little is allocated for a record, so that collecting often costs next to nothing
	m := newMeter(a.err, c.Quiet)
	return c.write(a, func(w io.Writer, _ report.Options) error {
		lines := newInOrder(w)
		opt := ingest.Options{Threads: c.threads(), Zone: zone, Recover: c.Recover, Progress: func(p ingest.Progress) { m.show("dump", p.BytesDone, p.Bytes) }}
		conditions, opt.EventID = eventIDs(conditions)
		files, err := ingest.Scan(a.ctx, set, opt, func(int) ingest.Sink {
			return &printer{partWriter: partWriter{o: lines}, selection: selection{conditions: conditions}, xml: c.Format == "xml"}
		})
		m.done()
		if err := errors.Join(err, lines.err); err != nil {
			return err
		}
		if !c.Quiet {
			losses(a, files)
		}
		return nil
	})
}

// losses says what was not read, on standard error.
func losses(a *app, files []reeve.File) {
	records := 0
	for _, f := range files {
		records += f.Records
		if f.Says != "" && f.Records == 0 {
			fmt.Fprintf(a.err, "not read: %s: %s\n", report.Clean(f.Path), report.Clean(f.Says))
		}
		for _, e := range f.Errors {
			fmt.Fprintf(a.err, "lost: %s\n", report.Clean(e.Error()))
		}
		if f.MoreErrors > 0 {
			fmt.Fprintf(a.err, "lost: %s: %d more\n", report.Clean(f.Path), f.MoreErrors)
		}
	}
	fmt.Fprintf(a.err, "%d records of %d files\n", records, len(files))
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"

	"reeve"
	"reeve/internal/ingest"
	"reeve/internal/report"
)

type dumpCmd struct {
	reading
	output
	Format string `help:"${enum}." enum:"jsonl,xml" default:"jsonl"`
}

// printer writes the records of all workers; each record is written whole.
type printer struct {
	mu   *sync.Mutex
	w    *bufio.Writer
	xml  bool
	errs *[]reeve.ReadError
	fail *error
	raw  []byte
	buf  []byte
}

// Record prints one record.
func (p *printer) Record(rec reeve.Record) {
	if x, ok := rec.(interface{ AppendXML([]byte) []byte }); ok && p.xml {
		p.raw = x.AppendXML(p.raw[:0])
		p.buf = appendXML(p.buf[:0], p.raw)
	} else {
		p.raw = rec.AppendJSON(p.raw[:0])
		p.buf = appendJSON(p.buf[:0], p.raw)
	}
	p.buf = append(p.buf, '\n')
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.w.Write(p.buf); err != nil && *p.fail == nil {
		*p.fail = err
	}
}

// Lost notes what could not be read.
func (p *printer) Lost(e reeve.ReadError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*p.errs = append(*p.errs, e)
}

// Run prints the records in the order of files and of records within them: one thread reads, so that two runs print the same.
func (c *dumpCmd) Run(a *app) error {
	zone, err := c.zone()
	if err != nil {
		return err
	}
	set, err := c.open(a)
	if err != nil {
		return err
	}
	defer set.Close()
	m := newMeter(a.err, c.Quiet)
	return c.write(a, func(w io.Writer, _ report.Options) error {
		var (
			mu    sync.Mutex
			errs  []reeve.ReadError
			fail  error
			lines = bufio.NewWriterSize(w, 1<<20)
		)
		opt := ingest.Options{Threads: 1, Zone: zone, Recover: c.Recover, Progress: func(p ingest.Progress) { m.show("dump", p.BytesDone, p.Bytes) }}
		files, err := ingest.Scan(a.ctx, set, opt, func(int) ingest.Sink {
			return &printer{mu: &mu, w: lines, xml: c.Format == "xml", errs: &errs, fail: &fail}
		})
		m.done()
		if err := errors.Join(err, fail, lines.Flush()); err != nil {
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

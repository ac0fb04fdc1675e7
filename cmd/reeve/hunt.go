package main

import (
	"fmt"
	"io"
	"slices"

	"reeve/internal/investigate"
	"reeve/internal/report"
)

type huntCmd struct {
	reading
	ruleFlags
	output
	Host   string `help:"Only findings on this host." placeholder:"NAME"`
	From   string `help:"Only findings from this time on." placeholder:"TIME"`
	To     string `help:"Only findings up to this time." placeholder:"TIME"`
	Format string `help:"${enum}." enum:"${findingformats}" default:"table"`
}

// Run prints the findings of rules and the LOLBAS list, by time.
func (c *huntCmd) Run(a *app) error {
	opt := investigate.Options{Threads: c.threads(), Recover: c.Recover, Host: c.Host}
	var err error
	if opt.Zone, err = c.zone(); err != nil {
		return err
	}
	if opt.From, err = moment("from", c.From); err != nil {
		return err
	}
	if opt.To, err = moment("to", c.To); err != nil {
		return err
	}
	if opt.Rules, err = c.load(a, c.Quiet); err != nil {
		return err
	}
	set, err := c.open(a)
	if err != nil {
		return err
	}
	defer set.Close()
	m := newMeter(a.err, c.Quiet)
	opt.Progress = m.show
	found, err := investigate.Hunt(a.ctx, set, opt)
	m.done()
	if err != nil {
		return err
	}
	show := report.FindingWriters[slices.IndexFunc(report.FindingWriters, func(w report.FindingWriter) bool { return w.Name == c.Format })]
	if err := c.write(a, func(w io.Writer, looks report.Options) error { return show.Write(w, found.Findings, looks) }); err != nil {
		return err
	}
	if !c.Quiet {
		losses(a, found.Files)
		for _, n := range found.Notes {
			fmt.Fprintf(a.err, "lost: %s\n", n)
		}
	}
	return nil
}

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"reeve"
	"reeve/internal/intel"
	"reeve/internal/inventory"
	"reeve/internal/investigate"
	"reeve/internal/playbook/questions"
	"reeve/internal/report"
	"reeve/internal/triage"
	"reeve/lolbas"
)

type investigateCmd struct {
	reading
	ruleFlags
	output
	Subject   []string `help:"Investigate this program or process: NAME, PATH, GUID or HOST:PID@TIME." placeholder:"SUBJECT" sep:"none"`
	Host      string   `help:"Only executions on this host." placeholder:"NAME"`
	From      string   `help:"Only executions from this time on." placeholder:"TIME"`
	To        string   `help:"Only executions up to this time." placeholder:"TIME"`
	All       bool     `help:"Open a case for every LOLBAS execution."`
	Inventory string   `help:"CSV of host, owner, department, role." placeholder:"FILE"`
	KnownBad  []string `help:"List of hashes known as malicious." placeholder:"FILE" sep:"none"`
	KnownGood []string `help:"List of hashes known as good." placeholder:"FILE" sep:"none"`
	FailOn    string   `help:"Exit with status 3 when a case reaches this label." enum:",benign,expected,inconclusive,suspicious,malicious" default:"" placeholder:"LABEL"`
	Report    string   `help:"Folder for report.html, investigation.json, timeline.csv and navigator.json." placeholder:"DIR"`
	Format    string   `help:"${enum}." enum:"${formats}" default:"table"`
}

// Run investigates and prints.
func (c *investigateCmd) Run(a *app) error {
	opt, err := c.options()
	if err != nil {
		return err
	}
	if opt.Rules, err = c.load(a, c.Quiet); err != nil {
		return err
	}
	opt.Tool.Rules = opt.Rules.Sources()
	set, err := c.open(a)
	if err != nil {
		return err
	}
	defer set.Close()
	m := newMeter(a.err, c.Quiet)
	opt.Progress = m.show
	inv, err := investigate.Run(a.ctx, set, opt)
	m.done()
	if err != nil {
		return err
	}
	if c.Report != "" {
		if err := writeReport(c.Report, inv); err != nil {
			return err
		}
		if !c.Quiet {
			fmt.Fprintf(a.err, "Report in %s\n", filepath.Join(c.Report, "report.html"))
		}
	}
	show := report.Writers[slices.IndexFunc(report.Writers, func(w report.Writer) bool { return w.Name == c.Format })]
	if err := c.write(a, func(w io.Writer, looks report.Options) error {
		looks.Guide = guide()
		return show.Write(w, inv, looks)
	}); err != nil {
		return err
	}
	return c.judge(inv)
}

// judge turns the gravest label into the exit status that --fail-on asks for.
func (c *investigateCmd) judge(inv *reeve.Investigation) error {
	for _, l := range []reeve.Label{reeve.Benign, reeve.Expected, reeve.Inconclusive, reeve.Suspicious, reeve.Malicious} {
		if l.String() != c.FailOn {
			continue
		}
		if slices.ContainsFunc(inv.Cases, func(x reeve.Case) bool { return x.Verdict.Label.Rank() >= l.Rank() }) {
			return statusErr(statusFound)
		}
	}
	return nil
}

func (c *investigateCmd) options() (opt investigate.Options, err error) {
	opt = investigate.Options{Threads: c.threads(), Recover: c.Recover, Host: c.Host, All: c.All}
	if opt.Zone, err = c.zone(); err != nil {
		return opt, err
	}
	if opt.From, err = moment("from", c.From); err != nil {
		return opt, err
	}
	if opt.To, err = moment("to", c.To); err != nil {
		return opt, err
	}
	for _, s := range c.Subject {
		subject, err := triage.ParseSubject(s)
		if err != nil {
			return opt, hinted{usageErr{err}, "A subject is a file name, a path, a process GUID, or HOST:PID@TIME with a time such as 2024-05-01T13:00:00Z."}
		}
		opt.Subjects = append(opt.Subjects, subject)
	}
	if opt.Inventory, err = readInventory(c.Inventory); err != nil {
		return opt, err
	}
	if opt.Intel, err = readLists(c.KnownBad, c.KnownGood); err != nil {
		return opt, err
	}
	opt.Tool = reeve.Tool{Version: version(), FactsRevision: lolbas.Revision, Options: c.stated()}
	return opt, nil
}

// stated lists the flags that change the result, sorted by name; files by their base name, so that the result names no place
// of the machine that made it.
func (c *investigateCmd) stated() []reeve.NamedValue {
	var out []reeve.NamedValue
	add := func(name string, values ...string) {
		for _, v := range values {
			if v != "" {
				out = append(out, reeve.NamedValue{Name: name, Value: v})
			}
		}
	}
	bases := func(files []string) (out []string) {
		for _, f := range files {
			out = append(out, filepath.Base(f))
		}
		return out
	}
	if c.All {
		add("all", "true")
	}
	if c.AssumeTZ != "UTC" {
		add("assume-tz", c.AssumeTZ)
	}
	add("from", c.From)
	add("host", c.Host)
	if c.Inventory != "" {
		add("inventory", filepath.Base(c.Inventory))
	}
	add("known-bad", bases(c.KnownBad)...)
	add("known-good", bases(c.KnownGood)...)
	add("placeholders", bases(c.Placeholders)...)
	if c.Recover {
		add("recover", "true")
	}
	add("subject", c.Subject...)
	add("to", c.To)
	return out
}

func readInventory(name string) (reeve.Inventory, error) {
	if name == "" {
		return &inventory.Hosts{}, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return inventory.ReadCSV(f, filepath.Base(name))
}

func readLists(bad, good []string) (reeve.Intel, error) {
	lists := &intel.Lists{}
	read := func(name string, standing reeve.Standing) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = lists.Read(f, filepath.Base(name), standing)
		return err
	}
	for _, name := range bad {
		if err := read(name, reeve.KnownBad); err != nil {
			return nil, err
		}
	}
	for _, name := range good {
		if err := read(name, reeve.KnownGood); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

// writeReport fills the folder of --report.
func writeReport(dir string, inv *reeve.Investigation) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return report.WriteDir(func(name string) (io.WriteCloser, error) { return createFile(filepath.Join(dir, name)) }, inv, report.Options{Guide: guide()})
}

// guide words the questions for the reader of a report.
func guide() []report.Guide {
	var out []report.Guide
	for _, q := range questions.All() {
		out = append(out, report.Guide{ID: q.ID, Text: q.Text, Why: q.Doc.Why, Supports: q.Doc.Supports, Refutes: q.Doc.Refutes, BlindSpots: q.Doc.BlindSpots, KnownBenign: q.Doc.KnownBenign})
	}
	return out
}

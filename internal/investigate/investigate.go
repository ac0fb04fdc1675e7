// Package investigate is the whole story: evidence in, cases out. Everything above it shows the result, everything below it
// does one step.
//
// Invariants: the result depends on the evidence and the options alone, not on threads or the order of files; nothing is read
// but the evidence and nothing written but its own temporary files. The package does not know flags, formats or reports.
package investigate

import (
	"context"
	"time"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/triage"
)

// Options of an investigation. The zero value reads everything with one thread and without rules, lists or inventory.
type Options struct {
	Threads   int
	Zone      *time.Location // of times stated without an offset; nil is UTC
	Recover   bool           // carve records from slack and damaged files
	From, To  reeve.Time     // executions outside are no cases; 0 is open
	Host      string         // only executions on this host are cases
	Subjects  []triage.Subject
	All       bool // every LOLBAS execution becomes a case
	Rules     *Rules
	Inventory reeve.Inventory
	Intel     reeve.Intel
	Tool      reeve.Tool
	Progress  func(stage string, done, total int64) // bytes; called from several goroutines

	hunts   bool // note what rules looked at while reading, and nothing that findings do not tell
	counted int  // how many matches correlations count; 0 is detect.MaxCounted
}

// Run investigates the evidence in set.
func Run(ctx context.Context, set *evidence.Set, opt Options) (*reeve.Investigation, error) {
	seen, err := scan(ctx, set, &opt)
	if err != nil {
		return nil, err
	}
	opened, triaged := triage.Open(seen.triage(&opt))
	var drafts []*draft // a case each, followed by those of its runs that are looked at by themselves
	for _, o := range seen.apart(opened) {
		d := begin(o, seen.graph)
		seen.chooseHits(d, opt.Rules)
		drafts = append(drafts, d)
	}
	if err := seen.gather(ctx, set, &opt, drafts); err != nil {
		return nil, err
	}
	inv := seen.result(&opt, triaged)
	cut := map[string][]string{}
	for _, family := range families(drafts) {
		for _, j := range seen.judgeAll(family, &opt) {
			inv.Cases, cut[j.c.ID] = append(inv.Cases, j.c), j.d.cuts
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	rank(inv.Cases)
	relate(inv.Cases)
	refs, all := cited(inv)
	inv.Notes = append(inv.Notes, bounds(inv.Cases, cut, all)...)
	inv.Records = ingest.Quote(ctx, set, refs, opt.ingest(nil))
	return inv, ctx.Err()
}

func (opt *Options) ingest(progress func(ingest.Progress)) ingest.Options {
	return ingest.Options{Threads: max(opt.Threads, 1), Zone: opt.Zone, Recover: opt.Recover, Progress: progress}
}

func (opt *Options) progress(stage string, p ingest.Progress) {
	if opt.Progress != nil {
		opt.Progress(stage, p.BytesDone, p.Bytes)
	}
}

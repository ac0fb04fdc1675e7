package rulebase

import (
	"context"
	"fmt"
	"strings"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/sigma"
)

// correlate runs a case whose rule is a correlation, over the matches of all rules in the case's evidence.
func (t *Trial) correlate(ctx context.Context, m *detect.Matcher, set *evidence.Set, opt ingest.Options, o *Outcome) error {
	x := &tallier{engine: t.Engine, matcher: m, decoder: winlog.NewDecoder(), tally: detect.NewTally(detect.MaxCounted)}
	files, err := ingest.Scan(ctx, set, opt, func(int) ingest.Sink { return x })
	if err != nil {
		return err
	}
	o.Records = x.records
	hits := detect.Distinct(x.tally.Take(), 0)
	found, left := x.tally.Correlate(t.Engine, hits)
	for _, h := range found {
		if h.Rule == o.Rule {
			o.Got++
		}
	}
	if o.tooFew(files) {
		o.Problem = strings.Join(append([]string{o.Problem, fmt.Sprintf("matches of rules that correlations count: %d", len(hits))}, left.Says()...), "; ")
	}
	return nil
}

// tallier is the sink that keeps what correlations count.
type tallier struct {
	engine  *sigma.Engine
	matcher *detect.Matcher
	decoder *winlog.Decoder
	tally   *detect.Tally
	records int
}

// Lost does nothing: a record that is lost is not counted.
func (x *tallier) Lost(reeve.ReadError) {}

// Record keeps the matches that correlations count.
func (x *tallier) Record(rec reeve.Record) {
	x.records++
	for _, rule := range x.matcher.Match(rec) {
		if _, counted := x.engine.Wanted(rule); !counted {
			continue
		}
		head := rec.Head()
		light := winlog.Light{Time: head.Time}
		if plan := x.decoder.Meaning(rec); plan != nil {
			x.decoder.Light(rec, plan, &light)
		}
		h := &detect.Hit{Rule: rule, Host: strings.ToLower(head.Computer), Channel: head.Channel, Time: light.Time, Ref: rec.Ref()}
		x.matcher.Count(rec, h)
		x.tally.Add(h)
	}
}

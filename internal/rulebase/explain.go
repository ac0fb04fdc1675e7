package rulebase

import (
	"context"
	"fmt"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/sigma"
)

// Explanation says why a rule matches a record or does not.
type Explanation struct {
	Ref       reeve.Ref
	Head      reeve.Head
	Sources   []string     // log sources that the record belongs to
	Wanted    []string     // those that the rule is about
	Routed    bool         // the record is shown to the rule
	Condition *detect.Part // nil for a rule without a condition of its own
}

// Matched tells whether the rule matches the record.
func (x *Explanation) Matched() bool { return x.Routed && x.Condition != nil && x.Condition.Matched }

// explainer explains one rule.
type explainer struct {
	decoder        *winlog.Decoder
	routed, forced *detect.Matcher // forced takes every record for one of the rule's log source
	rule           int32
	wanted         []string
}

func newExplainer(e *sigma.Engine, rule int32) *explainer {
	l := e.Rules()[rule].Logsource
	x := &explainer{decoder: winlog.NewDecoder(), rule: rule, wanted: winlog.RuleSources(l.Category, l.Product, l.Service)}
	x.routed = matcher(e, x.decoder, nil)
	x.forced = matcher(e, x.decoder, func(reeve.Record) []string { return x.wanted })
	return x
}

func (x *explainer) explain(rec reeve.Record) *Explanation {
	out := &Explanation{Ref: rec.Ref(), Head: *rec.Head(), Sources: sourceNames(single(x.decoder.RuleSources(rec))), Wanted: sourceNames(x.wanted)}
	if out.Condition = x.routed.Explain(rec, x.rule); out.Condition != nil {
		out.Routed = true
		return out
	}
	out.Condition = x.forced.Explain(rec, x.rule)
	return out
}

// Explain explains a rule, by its number, on the one record that at names. A record that cannot be found, or a name that fits
// several, is an error.
func Explain(ctx context.Context, set *evidence.Set, e *sigma.Engine, rule int32, at Name, opt ingest.Options) (*Explanation, error) {
	file, err := at.in(set)
	if err != nil {
		return nil, err
	}
	opt.Threads, opt.Only = 1, func(name string) bool { return name == file }
	f := &finder{explainer: newExplainer(e, rule), at: at}
	files, err := ingest.Scan(ctx, set, opt, func(int) ingest.Sink { return f })
	switch {
	case err != nil:
		return nil, err
	case f.found == 1 || f.found > 1 && at.By == ByRecord: // a record id may come again after a log was cleared: the first is meant
		return f.out, nil
	case f.found > 1:
		return nil, fmt.Errorf("%s holds %d records: name one by #RECORDID or @OFFSET", file, f.found)
	case len(files) == 1 && files[0].Says != "" && files[0].Records == 0:
		return nil, fmt.Errorf("%s: %s", file, files[0].Says)
	}
	return nil, fmt.Errorf("%s holds no record %s; it has %d", file, at.position(), f.records)
}

// finder is the sink that looks for one record.
type finder struct {
	*explainer
	at             Name
	records, found int
	out            *Explanation
}

// Lost does nothing: losses stand in the account of their file.
func (f *finder) Lost(reeve.ReadError) {}

// Record explains the record if it is the one.
func (f *finder) Record(rec reeve.Record) {
	f.records++
	if !f.at.fits(rec.Ref()) {
		return
	}
	if f.found++; f.found == 1 {
		f.out = f.explain(rec)
	}
}

package rulebase

import (
	"cmp"
	"context"
	"slices"
	"time"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/sigma"
)

// State says what a rule can do with the records of some evidence.
type State string

// The states of a rule. One that is shown records and could hold, whether it matched or not, is evaluable.
const (
	Evaluable    State = "evaluable"
	NotEvaluable State = "not_evaluable" // shown records, none of which states what it needs
	NoEvents     State = "no_events"     // shown records, none of which is of the event id, provider or channel that it asks for
	NoRecords    State = "no_records"    // the evidence has no record of its log source
	Correlates   State = "correlation"   // it counts matches of others, and costs nothing by itself
)

// Use is what one rule did and cost.
type Use struct {
	sigma.Cost
	State   State
	Missing []string // fields of which some would have to be stated for a rule that is not evaluable
}

// Profile is what rules did and cost over some evidence.
type Profile struct {
	Rules   []Use // what costs most first, then by number
	Scan    time.Duration
	Records int
	Files   []reeve.File
}

// Total is the time of all rules and the scan.
func (p *Profile) Total() time.Duration {
	d := p.Scan
	for _, r := range p.Rules {
		d += r.Time
	}
	return d
}

// Measure runs all rules over the evidence with one worker, so that no rule pays for another. clock tells the time since any
// fixed moment.
func Measure(ctx context.Context, set *evidence.Set, e *sigma.Engine, opt ingest.Options, clock func() time.Duration) (*Profile, error) {
	opt.Threads = 1
	costs := e.NewProfile(clock)
	m := &meter{matcher: matcher(e, winlog.NewDecoder(), nil), survey: detect.NewSurvey(e)}
	m.matcher.Watch(costs, m.survey)
	files, err := ingest.Scan(ctx, set, opt, func(int) ingest.Sink { return m })
	if err != nil {
		return nil, err
	}
	p := &Profile{Scan: costs.Scan(), Records: m.records, Files: files}
	for _, c := range costs.Costs() {
		u := Use{Cost: c, State: Evaluable}
		chance, missing := m.survey.Chance(c.Rule)
		switch {
		case !e.Rules()[c.Rule].HasCondition():
			u.State = Correlates
		case c.Shown == 0:
			u.State = NoRecords
		case chance == sigma.Elsewhere:
			u.State = NoEvents
		case chance == sigma.Lacking:
			u.State, u.Missing = NotEvaluable, missing
		}
		p.Rules = append(p.Rules, u)
	}
	slices.SortStableFunc(p.Rules, func(a, b Use) int { return cmp.Compare(b.Time, a.Time) })
	return p, nil
}

// meter is the sink of a profile.
type meter struct {
	matcher *detect.Matcher
	survey  *detect.Survey
	records int
}

// Lost does nothing: losses stand in the account of their file.
func (m *meter) Lost(reeve.ReadError) {}

// Record runs the rules.
func (m *meter) Record(rec reeve.Record) {
	m.records++
	m.matcher.Match(rec)
}

package rulebase

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/sigma"
)

// Outcome is what became of a case.
type Outcome struct {
	Case
	Rule    int32 // number of the rule; -1 when no rule in use has the id
	Records int
	Got     int
	Problem string       // why it failed; "" for a case that passed
	Closest *Explanation // of the record that came closest to a match, of a rule that matched too few
}

// More tells whether the rule matched more often than the case states, which is no failure.
func (o *Outcome) More() bool { return o.Problem == "" && o.Stated && o.Got > o.Want }

// Trial is what running a suite takes.
type Trial struct {
	Dir      string // the suite's folder on disk
	Engine   *sigma.Engine
	Unused   map[string]string // by id: why a rule is not in use
	Evidence evidence.Options
	Reading  ingest.Options
	Progress func(done, all int)
}

// Run runs every case with all rules loaded and records routed to them, as in a hunt.
func (t *Trial) Run(ctx context.Context, s *Suite) ([]Outcome, error) {
	byID := map[string]int32{}
	for i, r := range t.Engine.Rules() {
		if r.ID != "" {
			byID[r.ID] = int32(i)
		}
	}
	m := &counter{matcher: matcher(t.Engine, winlog.NewDecoder(), nil)}
	out := make([]Outcome, 0, len(s.Cases))
	for i, c := range s.Cases {
		if t.Progress != nil {
			t.Progress(i, len(s.Cases))
		}
		o := Outcome{Case: c, Rule: -1}
		if rule, ok := byID[c.RuleID]; ok {
			o.Rule = rule
		}
		if err := t.run(ctx, m, &o); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, ctx.Err()
}

func (t *Trial) run(ctx context.Context, m *counter, o *Outcome) error {
	if o.Rule < 0 {
		if o.Problem = t.Unused[o.RuleID]; o.Problem == "" {
			o.Problem = "no rule has this id"
		}
		return nil
	}
	correlates := !t.Engine.Rules()[o.Rule].HasCondition()
	if correlates && !t.Engine.Alerts(o.Rule) {
		o.Problem = "the rule only serves other correlations: by itself it never matches"
		return nil
	}
	set, err := evidence.Open([]string{filepath.Join(t.Dir, filepath.FromSlash(o.Evidence))}, t.Evidence)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o.Problem = err.Error()
		return nil
	}
	defer set.Close()
	opt := t.Reading
	opt.Threads = 1
	if correlates {
		return t.correlate(ctx, m.matcher, set, opt, o)
	}
	m.rule, m.records, m.got = o.Rule, 0, 0
	files, err := ingest.Scan(ctx, set, opt, func(int) ingest.Sink { return m })
	if err != nil {
		return err
	}
	o.Records, o.Got = m.records, m.got
	if !o.tooFew(files) || m.records == 0 {
		return nil
	}
	near := &nearest{explainer: newExplainer(t.Engine, o.Rule)}
	_, err = ingest.Scan(ctx, set, opt, func(int) ingest.Sink { return near })
	if o.Closest = near.out; o.Closest != nil { // the evidence was opened by itself: the citation is the suite's
		o.Closest.Ref.File = cited(o.Evidence, o.Closest.Ref.File)
	}
	return err
}

// tooFew tells whether the rule matched less often than the case states, and words it.
func (o *Outcome) tooFew(files []reeve.File) bool {
	if o.Got >= o.Want {
		return false
	}
	switch unread := slices.IndexFunc(files, func(f reeve.File) bool { return f.Records == 0 && f.Says != "" }); {
	case o.Records == 0 && unread >= 0:
		o.Problem = "the evidence cannot be read: " + files[unread].Says
	case o.Records == 0:
		o.Problem = "the evidence holds no record"
	case o.Stated:
		o.Problem = fmt.Sprintf("%d of %d matches in %s", o.Got, o.Want, records(o.Records))
	default:
		o.Problem = "no match in " + records(o.Records)
	}
	return true
}

func records(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

// cited puts the case's path before a citation that begins with the last of its elements.
func cited(at, file string) string {
	if dir := path.Dir(at); dir != "." {
		return dir + "/" + strings.TrimPrefix(file, "/")
	}
	return file
}

// counter is the sink that counts one rule's matches. It is used for all cases, so that what it knows of layouts is kept.
type counter struct {
	matcher      *detect.Matcher
	rule         int32
	records, got int
}

// Lost does nothing: a record that is lost does not match.
func (c *counter) Lost(reeve.ReadError) {}

// Record counts a match.
func (c *counter) Record(rec reeve.Record) {
	c.records++
	if slices.Contains(c.matcher.Match(rec), c.rule) {
		c.got++
	}
}

// nearest is the sink that explains the record that comes closest to a match without being one.
type nearest struct {
	*explainer
	out *Explanation
}

// Lost does nothing.
func (n *nearest) Lost(reeve.ReadError) {}

// Record keeps the better explanation: of records that are shown to the rule, of those the one with the fewest parts that fail.
func (n *nearest) Record(rec reeve.Record) {
	x := n.explain(rec)
	if x.Condition == nil || x.Matched() {
		return
	}
	if n.out == nil || x.Routed && !n.out.Routed || x.Routed == n.out.Routed && x.Condition.Distance() < n.out.Condition.Distance() {
		n.out = x
	}
}

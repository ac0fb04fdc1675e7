package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/investigate"
	"reeve/internal/report"
	"reeve/internal/rulebase"
)

type rulesCheckCmd struct {
	rulesArgs
	Profile  []string `help:"Run the rules over this evidence and tell what each costs, and which can hold for no record of it. Repeatable." placeholder:"PATH" sep:"none"`
	Top      int      `help:"Rules that the table of costs lists." default:"20" placeholder:"N"`
	AssumeTZ string   `name:"assume-tz" help:"Time zone of times that state none, as in the IANA database." default:"UTC" placeholder:"ZONE"`
	Temp     string   `help:"Folder for temporary files." placeholder:"DIR"`
	Quiet    bool     `short:"q" help:"No progress and no summary on standard error."`
}

// checked is one rule in the lists of `rules check`. A loaded one has a reason when it has nothing to look at here.
type checked struct {
	ID     string `json:"id"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
	idle   bool
}

// profiled is what one rule did and cost.
type profiled struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Logsource string   `json:"logsource"`
	State     string   `json:"state"`
	Missing   []string `json:"missing"` // fields that a rule that is not evaluable lacks
	Records   int      `json:"records"` // shown to the rule
	Evaluated int      `json:"evaluated"`
	Matched   int      `json:"matched"`
	Time      int64    `json:"time_ns"`
	PerRecord float64  `json:"ns_per_record"`
	Share     float64  `json:"share"` // of the time of all rules and of the scan
}

// checkResult is what `rules check` prints.
type checkResult struct {
	Loaded   []checked  `json:"loaded"`
	Inactive []checked  `json:"inactive"`
	Failed   []checked  `json:"failed"`
	Warnings []checked  `json:"warnings"` // of rules that are not among the failed
	Profile  []profiled `json:"profile"`  // what costs most first; empty unless it was asked for
	Scan     *scanCost  `json:"scan"`     // null unless it was asked for
}

// scanCost is what all rules cost together: the values are read and the literals of all rules looked for at once.
type scanCost struct {
	Records   int     `json:"records"`
	Time      int64   `json:"time_ns"`
	PerRecord float64 `json:"ns_per_record"`
	Share     float64 `json:"share"`
}

// Run tells what became of every rule. A rule that failed makes exit status 1.
func (c *rulesCheckCmd) Run(a *app) error {
	set, err := c.load(a)
	if err != nil {
		return err
	}
	r := checkResult{[]checked{}, []checked{}, []checked{}, []checked{}, []profiled{}, nil}
	for _, x := range set.List() {
		r.Loaded = append(r.Loaded, checked{ID: x.ID, File: x.File, Line: x.Line})
	}
	problems := func(list []reeve.RuleProblem) (out []checked) {
		for _, p := range list {
			out = append(out, checked{p.ID, p.File, p.Line, p.Reason, p.Idle})
		}
		return out
	}
	for _, src := range set.Sources() {
		for _, p := range problems(src.InactiveRules) {
			if p.idle {
				r.Loaded = append(r.Loaded, p)
			} else {
				r.Inactive = append(r.Inactive, p)
			}
		}
		r.Failed = append(r.Failed, problems(src.Unreadable)...)
	}
	r.Warnings = append(r.Warnings, problems(set.Warnings())...)
	if len(c.Profile) > 0 {
		if err := c.profile(a, set, &r); err != nil {
			return err
		}
	}
	err = c.write(a, func(w io.Writer, _ report.Options) error {
		if c.Format == "json" {
			return writeJSON(w, r)
		}
		_, err := io.WriteString(w, r.text(c.Top))
		return err
	})
	if err == nil && len(r.Failed) > 0 {
		return statusErr(statusError)
	}
	return err
}

// profile runs the rules over the evidence.
func (c *rulesCheckCmd) profile(a *app, set *investigate.Rules, r *checkResult) error {
	ev, zone, err := openFor(a, c.Profile, c.Temp, c.AssumeTZ)
	if err != nil {
		return err
	}
	defer ev.Close()
	m := newMeter(a.err, c.Quiet)
	begin := time.Now()
	p, err := rulebase.Measure(a.ctx, ev, set.Engine(), ingest.Options{Zone: zone, Progress: func(p ingest.Progress) { m.show("profile", p.BytesDone, p.Bytes) }},
		func() time.Duration { return time.Since(begin) })
	m.done()
	if err != nil {
		return err
	}
	if !c.Quiet {
		losses(a, p.Files)
	}
	share := func(d time.Duration) float64 { return ratio(float64(d), float64(p.Total())) }
	r.Scan = &scanCost{p.Records, int64(p.Scan), ratio(float64(p.Scan), float64(p.Records)), share(p.Scan)}
	for _, u := range p.Rules {
		x := set.List()[u.Rule]
		r.Profile = append(r.Profile, profiled{x.ID, x.Title, x.File, x.Line, x.Logsource.String(), string(u.State), append([]string{}, u.Missing...), u.Shown, u.Evaluated, u.Matched,
			int64(u.Time), ratio(float64(u.Time), float64(u.Shown)), share(u.Time)})
	}
	return nil
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// openFor opens evidence that is not a command's first argument.
func openFor(a *app, paths []string, temp, tz string) (*evidence.Set, *time.Location, error) {
	in := &reading{Paths: paths, Threads: 1, Memory: 1 << 30, MaxExpand: 64 << 30, Temp: temp, AssumeTZ: tz}
	zone, err := in.zone()
	if err != nil {
		return nil, nil, err
	}
	set, err := in.open(a)
	return set, zone, err
}

// mostAlike is how many rules with one reason are listed one by one; JSON lists all.
const mostAlike = 2

func (r *checkResult) text(top int) string {
	var b strings.Builder
	idle := slices.DeleteFunc(slices.Clone(r.Loaded), func(c checked) bool { return !c.idle })
	for _, part := range []struct {
		word string
		list []checked
	}{{"idle", idle}, {"inactive", r.Inactive}, {"failed", r.Failed}, {"warning", r.Warnings}} {
		shared := map[string]int{}
		for _, x := range part.list {
			shared[x.Reason]++
		}
		for _, x := range part.list {
			switch n := shared[x.Reason]; {
			case n > mostAlike: // one line for all, in the place of the first
				fmt.Fprintf(&b, "%s  %d rules: %s\n", part.word, n, report.Clean(x.Reason))
				shared[x.Reason] = 0
			case n > 0:
				fmt.Fprintf(&b, "%s  %s:%d: %s\n", part.word, report.Clean(x.File), x.Line, report.Clean(x.Reason))
			}
		}
	}
	if r.Scan != nil {
		r.costs(&b, top)
		r.states(&b)
	}
	loaded := strconv.Itoa(len(r.Loaded)) + " loaded"
	if len(idle) > 0 {
		loaded += fmt.Sprintf(" (%d idle)", len(idle))
	}
	fmt.Fprintf(&b, "%s, %d inactive, %d failed", loaded, len(r.Inactive), len(r.Failed))
	if n := len(r.Warnings); n > 0 {
		b.WriteString("; " + plural(n, "warning"))
	}
	b.WriteString("\n")
	return b.String()
}

// costs lists what costs most. What the rules that are left out cost is one line.
func (r *checkResult) costs(b *strings.Builder, top int) {
	const row = "%9s %9s %8s %12s %10s %6s  %s\n"
	fmt.Fprintf(b, "\nWhat the rules cost over %d records, in the time of one processor:\n", r.Scan.Records)
	fmt.Fprintf(b, row, "shown", "evaluated", "matched", "time", "ns/record", "share", "rule")
	percent := func(f float64) string { return fmt.Sprintf("%.1f%%", 100*f) }
	fmt.Fprintf(b, row, fmt.Sprint(r.Scan.Records), "", "", span(r.Scan.Time), fmt.Sprintf("%.1f", r.Scan.PerRecord), percent(r.Scan.Share), "(reading values and looking for the literals of all rules)")
	var rest profiled
	left := 0
	for i, p := range r.Profile {
		if i >= top || p.Time == 0 {
			left++
			rest.Evaluated, rest.Matched, rest.Time, rest.Share = rest.Evaluated+p.Evaluated, rest.Matched+p.Matched, rest.Time+p.Time, rest.Share+p.Share
			continue
		}
		fmt.Fprintf(b, row, fmt.Sprint(p.Records), fmt.Sprint(p.Evaluated), fmt.Sprint(p.Matched), span(p.Time), fmt.Sprintf("%.1f", p.PerRecord), percent(p.Share), report.Clean(p.Title)+"  "+report.Clean(p.ID))
	}
	if left > 0 {
		fmt.Fprintf(b, row, "", fmt.Sprint(rest.Evaluated), fmt.Sprint(rest.Matched), span(rest.Time), "", percent(rest.Share), fmt.Sprintf("(%s more)", plural(left, "rule")))
	}
}

// states tells which rules could not hold, and which were shown nothing.
func (r *checkResult) states(b *strings.Builder) {
	matched, silent, other, correlations, blind, none := 0, 0, 0, 0, []profiled{}, map[string]int{}
	for _, p := range r.Profile {
		switch {
		case p.State == string(rulebase.NotEvaluable):
			blind = append(blind, p)
		case p.State == string(rulebase.NoRecords):
			none[p.Logsource]++
		case p.State == string(rulebase.NoEvents):
			other++
		case p.State == string(rulebase.Correlates):
			correlations++
		case p.Matched > 0:
			matched++
		default:
			silent++
		}
	}
	slices.SortFunc(blind, func(a, b profiled) int {
		return strings.Compare(a.File+"\x00"+a.ID, b.File+"\x00"+b.ID)
	})
	if len(blind) > 0 {
		b.WriteString("\nNot evaluable here: shown records, none of which states the fields that the rule needs\n")
		for _, p := range blind {
			fmt.Fprintf(b, "  %s  %s: needs %s\n", report.Clean(p.File), report.Clean(p.Title), report.Clean(strings.Join(p.Missing, ", ")))
		}
	}
	if len(none) > 0 {
		b.WriteString("\nNo records of their log source, by number of rules\n")
		for _, l := range slices.SortedFunc(maps.Keys(none), func(a, b string) int { return 2*(none[b]-none[a]) + strings.Compare(a, b) }) {
			fmt.Fprintf(b, "  %5d  %s\n", none[l], report.Clean(l))
		}
	}
	unseen := len(r.Profile) - matched - silent - other - correlations - len(blind)
	fmt.Fprintf(b, "\n%s matched; %d could and did not; %d not evaluable here; %d without records of the events that they ask for, %d without any of their log source\n", plural(matched, "rule"), silent, len(blind), other, unseen)
	if correlations > 0 {
		fmt.Fprintf(b, "%s left out: they count matches of other rules\n", plural(correlations, "correlation"))
	}
}

// span writes a time for a table.
func span(ns int64) string {
	switch {
	case ns < 10_000:
		return fmt.Sprintf("%d ns", ns)
	case ns < 10_000_000:
		return fmt.Sprintf("%d µs", ns/1000)
	}
	return fmt.Sprintf("%d ms", ns/1_000_000)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

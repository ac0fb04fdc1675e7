package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reeve/internal/detect"
	"reeve/internal/evidence"
	"reeve/internal/investigate"
	"reeve/internal/report"
	"reeve/internal/rulebase"
)

type rulesTestCmd struct {
	output
	ruleFlags
	Dir    string `arg:"" optional:"" name:"dir" help:"Folder with cases: a checkout of SigmaHQ, its regression_data, or a part of that."`
	Temp   string `help:"Folder for temporary files." placeholder:"DIR"`
	Quiet  bool   `short:"q" help:"No progress on standard error."`
	Format string `help:"${enum}." enum:"text,json" default:"text"`
}

const testHint = "DIR is a folder in which info.yml files state which evidence a rule has to match: a checkout of SigmaHQ, its regression_data, or a part of that."

// testedCase is a case as `rules test` prints it.
type testedCase struct {
	File     string     `json:"file"` // the info.yml
	Line     int        `json:"line"`
	RuleID   string     `json:"rule_id"`
	Title    string     `json:"title"`
	Name     string     `json:"name"`
	Type     string     `json:"type"`
	Evidence string     `json:"evidence"`
	Records  int        `json:"records"`
	Want     int        `json:"want"`   // at least
	Stated   bool       `json:"stated"` // the case states how many
	Got      int        `json:"got"`
	Passed   bool       `json:"passed"`
	Reason   string     `json:"reason"`
	Closest  *explained `json:"closest"` // the record that came closest, of a rule that matched too few; else null
	failed   []failedPart
}

// tested is what `rules test` prints.
type tested struct {
	Cases    []testedCase `json:"cases"`
	Faults   []checked    `json:"faults"`   // files and cases that cannot be used
	Untested []string     `json:"untested"` // info.yml without a case
	Dangling []dangling   `json:"dangling"` // rules whose cases are not there
	Passed   int          `json:"passed"`
	Failed   int          `json:"failed"` // cases; faults are counted apart
	More     int          `json:"more"`   // passed with more matches than stated
	Rules    int          `json:"rules"`  // in use
}

type dangling struct {
	File  string `json:"file"`
	Tests string `json:"tests"`
}

// Run runs the cases. A case that fails or cannot be used makes exit status 1.
func (c *rulesTestCmd) Run(a *app) error {
	if c.Dir == "" {
		return hinted{usageErr{errors.New("rules test wants a folder of regression cases")}, testHint}
	}
	if info, err := os.Stat(c.Dir); err != nil {
		return hinted{fmt.Errorf("regression cases: %w", err), testHint}
	} else if !info.IsDir() {
		return hinted{fmt.Errorf("regression cases: %s is no folder", c.Dir), testHint}
	}
	if len(c.Rules) == 0 {
		if c.Rules = rulesBeside(c.Dir); len(c.Rules) == 0 {
			return hinted{fmt.Errorf("beside %s are no rules to test", c.Dir), "Say with --rules where they are; a checkout of SigmaHQ has them in rules, rules-emerging-threats, rules-threat-hunting."}
		}
	}
	suite, err := rulebase.LoadSuite(os.DirFS(c.Dir))
	if err != nil {
		return err
	}
	if len(suite.Cases)+len(suite.Faults)+len(suite.Untested) == 0 {
		return hinted{fmt.Errorf("%s holds no regression case", c.Dir), testHint}
	}
	set, err := c.load(a, c.Quiet)
	if err != nil {
		return err
	}
	m := newMeter(a.err, c.Quiet)
	trial := rulebase.Trial{Dir: c.Dir, Engine: set.Engine(), Unused: unused(set), Evidence: evidence.Options{TempDir: c.Temp, Stop: a.ctx.Err},
		Progress: func(done, all int) { m.count("test", done, all) }}
	outcomes, err := trial.Run(a.ctx, suite)
	m.done()
	if err != nil {
		return err
	}
	r, err := c.result(set, suite, outcomes)
	if err != nil {
		return err
	}
	err = c.write(a, func(w io.Writer, _ report.Options) error {
		if c.Format == "json" {
			return writeJSON(w, r)
		}
		_, err := io.WriteString(w, r.text())
		return err
	})
	if err == nil && r.Failed+len(r.Faults) > 0 {
		return statusErr(statusError)
	}
	return err
}

// rulesBeside finds the rules of a checkout that a folder is, or is within: the folders rules and rules-* beside regression_data.
func rulesBeside(dir string) []string {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	for at := full; ; at = filepath.Dir(at) {
		if info, err := os.Stat(filepath.Join(at, "regression_data")); err == nil && info.IsDir() {
			list, _ := filepath.Glob(filepath.Join(at, "rules*")) // a folder whose name is a pattern has none
			list = slices.DeleteFunc(list, func(p string) bool {
				info, err := os.Stat(p)
				return err != nil || !info.IsDir()
			})
			return list
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// unused tells by id why a rule is not in use.
func unused(set *investigate.Rules) map[string]string {
	out := map[string]string{}
	for _, src := range set.Sources() {
		for _, p := range src.InactiveRules {
			out[p.ID] = "the rule is inactive: " + p.Reason
		}
		for _, p := range src.Unreadable {
			out[p.ID] = fmt.Sprintf("the rule failed: %s:%d: %s", p.File, p.Line, p.Reason)
		}
	}
	for _, r := range set.List() { // the first of several with one id is in use
		delete(out, r.ID)
	}
	return out
}

func (c *rulesTestCmd) result(set *investigate.Rules, suite *rulebase.Suite, outcomes []rulebase.Outcome) (*tested, error) {
	r := &tested{[]testedCase{}, []checked{}, append([]string{}, suite.Untested...), []dangling{}, 0, 0, 0, len(set.List())}
	for i := range outcomes {
		o := &outcomes[i]
		t := testedCase{File: o.Info, Line: o.Line, RuleID: o.RuleID, Title: o.Title, Name: o.Name, Type: o.Type, Evidence: o.Evidence, Records: o.Records, Want: o.Want, Stated: o.Stated, Got: o.Got,
			Passed: o.Problem == "", Reason: o.Problem}
		if o.Closest != nil {
			rule := set.List()[o.Rule]
			t.Closest = explanationOf(rule, o.Closest)
			t.failed = failedParts(o.Closest)
		}
		switch {
		case !t.Passed:
			r.Failed++
		case o.More():
			r.More++
			fallthrough
		default:
			r.Passed++
		}
		r.Cases = append(r.Cases, t)
	}
	for _, f := range suite.Faults {
		r.Faults = append(r.Faults, checked{ID: f.ID, File: f.File, Line: f.Line, Reason: f.Reason})
	}
	folders, err := c.folders()
	if err != nil {
		return nil, err
	}
	for _, f := range folders {
		list, err := suite.Dangling(f.FS)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			r.Dangling = append(r.Dangling, dangling{f.Name + "/" + p.File, p.Tests})
		}
	}
	return r, nil
}

func (r *tested) text() string {
	var b strings.Builder
	for _, t := range r.Cases {
		switch {
		case !t.Passed:
			fmt.Fprintf(&b, "failed  %s  %s\n        %s:%d: %s\n", report.Clean(cmp.Or(t.Title, "(no title)")), report.Clean(t.RuleID), report.Clean(t.File), t.Line, report.Clean(t.Reason))
			if t.Closest != nil {
				closest(&b, t.Closest, t.failed)
			}
		case t.Stated && t.Got > t.Want:
			fmt.Fprintf(&b, "more    %s  %s\n        %s:%d: %d matches, %d are stated\n", report.Clean(cmp.Or(t.Title, "(no title)")), report.Clean(t.RuleID), report.Clean(t.File), t.Line, t.Got, t.Want)
		}
	}
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "faulty  %s:%d: %s\n", report.Clean(f.File), f.Line, report.Clean(f.Reason))
	}
	for _, u := range r.Untested {
		fmt.Fprintf(&b, "no case  %s states none\n", report.Clean(u))
	}
	if n := len(r.Dangling); n > 0 {
		fmt.Fprintf(&b, "note: %s to cases that are not there, first %s to %s\n", map[bool]string{true: "1 rule points", false: fmt.Sprintf("%d rules point", n)}[n == 1], report.Clean(r.Dangling[0].File), report.Clean(r.Dangling[0].Tests))
	}
	fmt.Fprintf(&b, "%s with %s: %d passed, %d failed, %d faulty", plural(len(r.Cases), "case"), plural(r.Rules, "rule"), r.Passed, r.Failed, len(r.Faults))
	if r.More > 0 {
		fmt.Fprintf(&b, "; %d matched more often than stated", r.More)
	}
	b.WriteString("\n")
	return b.String()
}

// closest tells of the record that came closest what the rule did not find in it.
func closest(b *strings.Builder, x *explained, failed []failedPart) {
	fmt.Fprintf(b, "        closest: %s", report.Clean(x.where()))
	if !x.Routed {
		fmt.Fprintf(b, ", which is not shown to the rule: it belongs to %s, the rule is about %s", report.Clean(strings.Join(x.Sources, ", ")), report.Clean(strings.Join(x.Wanted, ", ")))
	}
	b.WriteString("\n")
	const most = 6
	for _, f := range failed[:min(len(failed), most)] {
		fmt.Fprintf(b, "          %s\n", f.line())
	}
	if n := len(failed) - most; n > 0 {
		fmt.Fprintf(b, "          and %s more\n", plural(n, "part"))
	}
}

// failedPart is a part for which a rule did not match.
type failedPart struct{ part *detect.Part }

func failedParts(x *rulebase.Explanation) (out []failedPart) {
	if x.Condition == nil {
		return nil
	}
	for _, p := range x.Condition.Failed() {
		out = append(out, failedPart{p})
	}
	return out
}

func (f failedPart) line() string {
	p := f.part
	switch {
	case p.Says == "not":
		names := []string{}
		for _, k := range p.Parts {
			names = append(names, k.Says)
		}
		return "not " + report.Clean(strings.Join(names, ", ")) + ": it holds"
	case len(p.Parts) > 0:
		first := p.Parts[0]
		return fmt.Sprintf("one of %s, first %s: %s%s", plural(len(p.Parts), "value"), report.Clean(first.Says), first.Why, looked(first.Values))
	}
	return report.Clean(p.Says) + ": " + p.Why + looked(p.Values)
}

// maxSeen is how much of a value a line shows, in characters.
const maxSeen = 160

// looked shows the values that were looked at.
func looked(values []string) string {
	if len(values) == 0 {
		return ""
	}
	text := []rune(report.Clean(strings.Join(values, " | ")))
	if len(text) > maxSeen {
		text = append(text[:maxSeen-1], '…')
	}
	return ": " + string(text)
}

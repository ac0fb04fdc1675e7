package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/ingest"
	"reeve/internal/investigate"
	"reeve/internal/report"
	"reeve/internal/rulebase"
	"reeve/sigma"
)

type rulesExplainCmd struct {
	output
	ruleFlags
	Rule     string   `arg:"" name:"rule" help:"Id, title or file of a rule."`
	Record   string   `arg:"" name:"record" help:"FILE#RECORDID, FILE@OFFSET or FILE:LINE; a citation as reports print it; or a file that holds one record."`
	In       []string `help:"What was read when a citation was made, if its file cannot be found by itself. Repeatable." placeholder:"PATH" sep:"none"`
	All      bool     `help:"Print every value of long lists."`
	AssumeTZ string   `name:"assume-tz" help:"Time zone of times that state none, as in the IANA database." default:"UTC" placeholder:"ZONE"`
	Temp     string   `help:"Folder for temporary files." placeholder:"DIR"`
	Format   string   `help:"${enum}." enum:"text,json" default:"text"`
}

// explained is an explanation as it is printed.
type explained struct {
	Rule struct {
		ID        string `json:"id"`
		Title     string `json:"title"`
		Level     string `json:"level"`
		File      string `json:"file"`
		Line      int    `json:"line"`
		Logsource string `json:"logsource"`
	} `json:"rule"`
	Record    explainedRecord `json:"record"`
	Sources   []string        `json:"sources"` // log sources of the record
	Wanted    []string        `json:"wanted"`  // those that the rule is about
	Routed    bool            `json:"routed"`
	Condition *explainedPart  `json:"condition"` // null for a rule without one of its own
	Matched   bool            `json:"matched"`
}

type explainedRecord struct {
	File     string  `json:"file"`
	RecordID *uint64 `json:"record_id"`
	Offset   int64   `json:"offset"`
	Line     *int    `json:"line"`
	Provider string  `json:"provider"`
	Channel  string  `json:"channel"`
	EventID  uint32  `json:"event_id"`
	Host     string  `json:"host"`
}

type explainedPart struct {
	Says    string           `json:"says"`
	Field   *string          `json:"field"`
	Matched bool             `json:"matched"`
	Why     string           `json:"why"`
	Values  []string         `json:"values"`
	Parts   []*explainedPart `json:"parts"`
}

// Run explains one rule on one record.
func (c *rulesExplainCmd) Run(a *app) error {
	set, rule, err := c.find(a)
	if err != nil {
		return err
	}
	at, err := rulebase.ParseName(c.Record, func(name string) bool { _, err := os.Stat(name); return err == nil })
	if err != nil {
		return usageErr{err}
	}
	paths := c.In
	if len(paths) == 0 {
		paths = []string{at.Path()}
		if _, err := os.Stat(at.Path()); err != nil {
			return hinted{fmt.Errorf("record: %w", err), "Name it FILE#RECORDID, FILE@OFFSET or FILE:LINE. A citation begins with the last part of a path that was read: say with --in which path."}
		}
	}
	evidence, zone, err := openFor(a, paths, c.Temp, c.AssumeTZ)
	if err != nil {
		return err
	}
	defer evidence.Close()
	x, err := rulebase.Explain(a.ctx, evidence, set.Engine(), rule, at, ingest.Options{Zone: zone})
	if err != nil {
		return err
	}
	out := explanationOf(set.List()[rule], x)
	return c.write(a, func(w io.Writer, _ report.Options) error {
		if c.Format == "json" {
			return writeJSON(w, out)
		}
		_, err := io.WriteString(w, out.text(c.All))
		return err
	})
}

// find loads the rules and finds the one that was named.
func (c *rulesExplainCmd) find(a *app) (*investigate.Rules, int32, error) {
	flags, byFile := c.ruleFlags, false
	if info, err := os.Stat(c.Rule); err == nil && !info.IsDir() {
		flags.Rules, flags.NoBuiltin, byFile = []string{c.Rule}, true, true
	}
	set, err := flags.load(a, true)
	if err != nil {
		return nil, 0, err
	}
	var found, near []string
	at := int32(-1)
	named := func(id, title, file string) bool {
		return byFile || id != "" && strings.EqualFold(id, c.Rule) || title != "" && strings.EqualFold(title, c.Rule) || file == c.Rule
	}
	for i, r := range set.List() {
		switch {
		case named(r.ID, r.Title, r.File):
			found, at = append(found, report.Clean(cmp.Or(r.ID, strconv.Quote(r.Title)))), int32(i)
		case strings.Contains(strings.ToLower(r.Title), strings.ToLower(c.Rule)):
			near = append(near, report.Clean(r.ID+"  "+r.Title))
		}
	}
	const most = 5
	switch {
	case len(found) == 1:
		return set, at, nil
	case len(found) > 1:
		return nil, 0, fmt.Errorf("%s is %d rules: name one by its id or title, %s", c.Rule, len(found), strings.Join(found[:min(len(found), most)], ", "))
	}
	for _, src := range set.Sources() {
		for _, list := range [][]reeve.RuleProblem{src.InactiveRules, src.Unreadable} {
			for _, p := range list {
				if named(p.ID, p.Title, p.File) {
					return nil, 0, fmt.Errorf("%s is not in use: %s:%d: %s", c.Rule, p.File, p.Line, p.Reason)
				}
			}
		}
	}
	hint := "reeve rules list prints what there is; --rules DIR adds a folder of rules."
	if len(near) > 0 {
		hint = "Perhaps one of these:\n  " + strings.Join(near[:min(len(near), most)], "\n  ")
	}
	return nil, 0, hinted{fmt.Errorf("no rule has the id or title %s", c.Rule), hint}
}

func explanationOf(r *sigma.Rule, x *rulebase.Explanation) *explained {
	out := &explained{Sources: append([]string{}, x.Sources...), Wanted: append([]string{}, x.Wanted...), Routed: x.Routed, Matched: x.Matched()}
	out.Rule.ID, out.Rule.Title, out.Rule.Level, out.Rule.File, out.Rule.Line, out.Rule.Logsource = r.ID, r.Title, r.Level, r.File, r.Line, r.Logsource.String()
	out.Record = explainedRecord{File: x.Ref.File, Offset: x.Ref.Offset, Provider: x.Head.Provider, Channel: x.Head.Channel, EventID: x.Head.EventID, Host: x.Head.Computer}
	if x.Ref.HasID {
		out.Record.RecordID = &x.Ref.RecordID
	}
	if x.Ref.Line > 0 {
		out.Record.Line = &x.Ref.Line
	}
	if x.Condition != nil {
		out.Condition = partOf(x.Condition)
	}
	return out
}

func partOf(p *detect.Part) *explainedPart {
	out := &explainedPart{Says: p.Says, Matched: p.Matched, Why: p.Why, Values: append([]string{}, p.Values...), Parts: []*explainedPart{}}
	if p.Field != "" {
		out.Field = &p.Field
	}
	for _, k := range p.Parts {
		out.Parts = append(out.Parts, partOf(k))
	}
	return out
}

// where is the record's citation.
func (x *explained) where() string {
	switch r := &x.Record; {
	case r.RecordID != nil:
		return fmt.Sprintf("%s, record %d", r.File, *r.RecordID)
	case r.Line != nil:
		return fmt.Sprintf("%s, line %d", r.File, *r.Line)
	default:
		return fmt.Sprintf("%s, byte %d", r.File, r.Offset)
	}
}

func (x *explained) text(all bool) string {
	var b strings.Builder
	line := func(head, text string) { fmt.Fprintf(&b, "%-8s%s\n", head, report.Clean(text)) }
	line("rule", x.Rule.Title+"  "+x.Rule.ID)
	line("", fmt.Sprintf("%s:%d, level %s", x.Rule.File, x.Rule.Line, cmp.Or(x.Rule.Level, "not stated")))
	line("record", x.where())
	line("", strings.Join(strings.Fields(fmt.Sprintf("%s event %d", x.Record.Provider, x.Record.EventID)), " ")+", channel "+x.Record.Channel)
	routed := "yes"
	if !x.Routed {
		routed = "no"
	}
	if len(x.Wanted) == 0 {
		line("routed", routed+": the rule has no log source of its own")
	} else {
		line("routed", fmt.Sprintf("%s: the rule is about %s", routed, strings.Join(x.Wanted, ", ")))
	}
	line("", "the record belongs to "+strings.Join(x.Sources, ", "))
	b.WriteString("\n")
	if x.Condition != nil {
		x.Condition.print(&b, "", all)
		b.WriteString("\n")
	}
	switch {
	case x.Matched:
		b.WriteString("The rule matches the record.\n")
	case x.Condition == nil:
		b.WriteString("No match: the rule correlates others and has no condition that a single record could meet.\n")
	case !x.Routed && x.Condition.Matched:
		b.WriteString("No match: the condition holds, but the record is not shown to the rule.\n")
	case !x.Routed:
		b.WriteString("No match: the record is not shown to the rule, and the condition does not hold.\n")
	default:
		b.WriteString("No match: the condition does not hold.\n")
	}
	return b.String()
}

// maxAlternatives is how many parts of a list are printed; those that hold come on top of it.
const maxAlternatives = 8

func (p *explainedPart) print(b *strings.Builder, indent string, all bool) {
	mark := map[bool]string{true: "yes  ", false: "no   "}[p.Matched]
	says := []rune(report.Clean(p.Says))
	if len(says) > maxSeen {
		says = append(says[:maxSeen-1], '…')
	}
	fmt.Fprintf(b, "%s%s%s", mark, indent, string(says))
	if p.Why != "" {
		fmt.Fprintf(b, ": %s", p.Why)
	}
	fmt.Fprintf(b, "%s\n", looked(p.Values))
	shown, left := 0, 0
	for _, k := range p.Parts {
		if shown++; !all && !k.Matched && len(k.Parts) == 0 && shown > maxAlternatives {
			left++
			continue
		}
		k.print(b, indent+"  ", all)
	}
	if left > 0 {
		fmt.Fprintf(b, "no   %s  and %s more; --all prints them\n", indent, plural(left, "question"))
	}
}

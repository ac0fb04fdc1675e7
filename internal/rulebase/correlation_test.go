package rulebase

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"reeve/sigma"
)

// beats compiles a rule about cmd.exe, and correlations; each is "name correlation".
func beats(t *testing.T, correlations ...string) *sigma.Engine {
	t.Helper()
	text := "title: shell\nname: shell\nid: shell\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {Image|endswith: cmd.exe}, condition: s}\n" +
		"---\ntitle: error\nname: error\nlogsource: {product: windows, service: application}\ndetection: {s: {EventID: 4242}, condition: s}\n"
	for _, c := range correlations {
		name, c, _ := strings.Cut(c, " ")
		text += "---\ntitle: " + name + "\nname: " + name + "\nid: " + name + "\ncorrelation: " + c + "\n"
	}
	list, faults := sigma.Parse("rules.yml", []byte(text), sigma.ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return sigma.Compile(&sigma.Set{Rules: list}, windows{})
}

// at is started at a second of a minute.
func at(second int, image, line string) string {
	return strings.Replace(started(image, line), "10:00:00", fmt.Sprintf("10:00:%02d", second), 1)
}

// TestCorrelationsHaveCases: each case is a suite of one case, and what becomes of it.
func TestCorrelationsHaveCases(t *testing.T) {
	const many = "many {type: event_count, rules: shell, group-by: CommandLine, timespan: 10s, condition: {gte: 3}}"
	three := at(1, "cmd.exe", "a") + at(2, "cmd.exe", "A") + at(3, "calc.exe", "a") + at(9, "cmd.exe", "a")
	one := `{"EventID":4242,"Channel":"Application","SourceName":"Vendor","Hostname":"a","EventTime":"2024-05-01 10:00:00"}` + "\n"
	unknown := one + strings.Replace(one, "10:00:00", "10:00:05", 1) + strings.Replace(one, "10:00:00", "10:09:00", 1)
	for _, c := range []struct {
		says, rule, evidence string
		want, got            int
		problem              string
	}{
		{"enough matches", "many", three, 1, 1, ""},
		{"enough twice", "many", three + at(30, "cmd.exe", "a") + at(30, "cmd.exe", "a") + at(30, "cmd.exe", "a"), 2, 2, ""},
		{"one burst is one match", "many", three + at(11, "cmd.exe", "a"), 2, 1, "1 of 2 matches in 5 records; matches of rules that correlations count: 4"},
		{"too few", "many", at(1, "cmd.exe", "a") + at(2, "cmd.exe", "b"), 1, 0, "0 of 1 matches in 2 records; matches of rules that correlations count: 2"},
		{"no match at all", "many", at(1, "calc.exe", "a"), 1, 0, "0 of 1 matches in 1 record; matches of rules that correlations count: 0"},
		{"no time", "many", strings.ReplaceAll(three, "EventTime", "NoTime"), 1, 0,
			"0 of 1 matches in 4 records; matches of rules that correlations count: 0; 3 matches of rules that correlations count could not be counted, because the records state no time."},
		{"no records", "many", "", 1, 0, "the evidence cannot be read: empty; matches of rules that correlations count: 0"},
		{"a rule that only serves it", "shell", three, 3, 3, ""},
		{"records that mean nothing to anyone else", "errors", unknown, 1, 1, ""},
		{"a chain", "chain", three + at(30, "cmd.exe", "a") + at(31, "cmd.exe", "a") + at(32, "cmd.exe", "a"), 1, 1, ""},
		{"a correlation that only serves another", "inner", three, 1, 0, "the rule only serves other correlations: by itself it never matches"},
	} {
		t.Run(c.says, func(t *testing.T) {
			e := beats(t, many, strings.Replace(many, "many", "inner", 1), "errors {type: event_count, rules: error, timespan: 5s, condition: {eq: 2}}", "chain {type: event_count, rules: inner, timespan: 1m, condition: {gte: 2}}")
			trial := Trial{Dir: written(t, map[string]string{"e.json": c.evidence}), Engine: e}
			out, err := trial.Run(context.Background(), &Suite{Cases: []Case{{RuleID: c.rule, Evidence: "e.json", Want: c.want, Stated: true}}})
			if err != nil {
				t.Fatal(err)
			}
			if o := out[0]; o.Got != c.got || o.Problem != c.problem || o.Closest != nil {
				t.Errorf("%d matches, %q; want %d, %q", o.Got, o.Problem, c.got, c.problem)
			}
		})
	}
}

package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// shells are two rules that filters of the tests are for, and a correlation of one.
const shells = "title: cmd\nname: cmd\nid: ID-1\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {Image: cmd}, filter_a: {User: a}, condition: s and not 1 of filter_*}\n---\n" +
	"title: calc\nname: calc\nlogsource: {product: windows, category: process_creation}\ndetection: {s: {Image: calc}, condition: s}\n---\n" +
	"title: file\nname: file\nlogsource: {product: windows, category: file_event}\ndetection: {s: {Image: file}, condition: s}\n---\n" +
	"title: many\nname: many\ncorrelation: {type: event_count, rules: cmd, timespan: 1m, condition: {gte: 2}}\n"

// TestFiltersNarrowTheRulesThatTheyAreFor: each case is a filter and the rules that match records of an administrator and of
// somebody, with it.
func TestFiltersNarrowTheRulesThatTheyAreFor(t *testing.T) {
	const source = "logsource: {product: windows, category: process_creation}\n"
	for _, c := range []struct{ says, filter, admin, other string }{
		{"without the filter all rules match", "", "cmd calc file", "cmd calc file"},
		{"one rule by its name", source + "filter: {rules: cmd, s: {User: adm}, condition: not s}", "calc file", "cmd calc file"},
		{"one rule by its id, and a list", source + "filter: {rules: [id-1], s: {User: adm}, condition: not s}", "calc file", "cmd calc file"},
		{"the condition is one that must hold", source + "filter: {rules: [cmd], s: {User: adm}, condition: s}", "cmd calc file", "calc file"},
		{"any rule of the log source", source + "filter: {rules: any, s: {User: adm}, condition: not s}", "file", "cmd calc file"},
		{"all is any", source + "filter: {rules: ALL, s: {User: adm}, condition: not s}", "file", "cmd calc file"},
		{"no rules is any", source + "filter: {rules: [], s: {User: adm}, condition: not s}", "file", "cmd calc file"},
		{"any of a wider log source", "logsource: {product: windows}\nfilter: {rules: any, s: {User: adm}, condition: not s}", "", "cmd calc file"},
		{"a rule of another log source is left alone", "logsource: {category: file_event}\nfilter: {rules: [cmd, file], s: {User: adm}, condition: not s}", "cmd calc", "cmd calc file"},
		{"identifiers are the filter's own", source + "filter: {rules: cmd, filter_x: {User: bob}, s: {Image: cmd}, condition: s and not filter_a, filter_a: {User: adm}}", "calc file", "cmd calc file"},
		{"patterns are of the filter", source + "filter: {rules: cmd, x1: {User: adm}, x2: {User: root}, condition: not 1 of x*}", "calc file", "cmd calc file"},
		{"two filters", source + "filter: {rules: cmd, s: {User: adm}, condition: not s}\n---\ntitle: g\n" + source + "filter: {rules: [cmd, calc], s: {User: bob}, condition: not s}", "calc file", "file"},
		{"a rule named twice", source + "filter: {rules: [cmd, ID-1], s: {User: adm}, condition: not s}", "calc file", "cmd calc file"},
		{"a rule that there is not, among others", source + "filter: {rules: [nobody, cmd], s: {User: adm}, condition: not s}", "calc file", "cmd calc file"},
	} {
		t.Run(c.says, func(t *testing.T) {
			src := shells
			if c.filter != "" {
				src = "title: f\n" + c.filter + "\n---\n" + shells // a filter may stand before its rules
			}
			rules, faults := Parse("r.yml", []byte(src), ParseOptions{})
			if len(faults) > 0 {
				t.Fatal(faults[0])
			}
			set := &Set{Rules: rules}
			before := len(rules)
			for range 2 { // compiled again nothing is filtered again
				e := Compile(set, one{})
				if len(set.Inactive)+len(set.Failed) > 0 || len(set.Rules) != before || len(e.Rules()) != 4 {
					t.Fatalf("%d of %d rules are in use, inactive %v", len(e.Rules()), before, set.Inactive)
				}
				p := e.Program("records")
				for user, want := range map[string]string{"adm": c.admin, "bob": c.other} {
					var got []string
					for _, image := range []string{"cmd", "calc", "file"} {
						event := testEvent{"Image": {image}, "User": {user}}
						for _, id := range p.NewMatcher().Match(event) {
							got = append(got, e.Rules()[id].Title)
							if !p.Explain(id, event).Matched {
								t.Errorf("%s is not explained as a match", e.Rules()[id].Title)
							}
						}
					}
					if strings.Join(got, " ") != want {
						t.Errorf("of %s match %v, want %s", user, got, want)
					}
				}
				if i := slices.IndexFunc(e.Rules(), func(r *Rule) bool { return r.Title == "cmd" }); len(e.Rules()[i].preds) != 2 || e.Rules()[i].Mentions("adm") {
					t.Error("the filter's values became the rule's")
				}
			}
		})
	}
}

// TestARuleShowsWhatAFilterDidToIt: the fields of its filters are among its own, and the explanation has the filter as a part.
func TestARuleShowsWhatAFilterDidToIt(t *testing.T) {
	rules, _ := Parse("r.yml", []byte(shells+"---\ntitle: ours\nlogsource: {product: windows}\nfilter: {rules: cmd, s: {Computer: x}, condition: not s}"), ParseOptions{})
	set := Merge(&Set{Rules: rules[4:]}, &Set{Rules: rules[:4]})
	e := Compile(set, one{})
	if got := fmt.Sprint(e.Rules()[0].Fields()); got != "[Computer Image User]" || fmt.Sprint(rules[0].Fields()) != "[Image User]" {
		t.Errorf("fields %s, of the rule itself %v", got, rules[0].Fields())
	}
	x := e.Program("records").Explain(0, testEvent{"Image": {"cmd"}, "Computer": {"x"}})
	if x.Matched || len(x.Parts) != 2 || x.Parts[1].Part != "filter ours" || x.Parts[1].Matched || !x.Parts[0].Matched {
		t.Errorf("explained as %+v", x)
	}
}

// TestFiltersThatCannotBeUsedAreNamed: each case is a filter and why it is of no use.
func TestFiltersThatCannotBeUsedAreNamed(t *testing.T) {
	const source = "logsource: {product: windows}\n"
	for _, c := range []struct {
		says, filter string
		line         int
		reason       string
	}{
		{"no log source", "filter: {rules: any, s: {A: 1}, condition: s}", 1, "no logsource"},
		{"an empty log source", "logsource: {}\nfilter: {rules: any, s: {A: 1}, condition: s}", 2, "names neither"},
		{"a filter that is a list", source + "filter: []", 3, "filter is no mapping"},
		{"no rules", source + "filter: {s: {A: 1}, condition: s}", 3, "does not say which rules"},
		{"rules that are null", source + "filter: {rules: ~, s: {A: 1}, condition: s}", 3, "no id and no name"},
		{"rules that are a mapping", source + "filter: {rules: {a: b}, s: {A: 1}, condition: s}", 3, "neither a text nor a list"},
		{"no condition", source + "filter: {rules: any, s: {A: 1}}", 3, "no condition"},
		{"two conditions", source + "filter: {rules: any, s: {A: 1}, condition: [s, s]}", 3, "is one text"},
		{"a name that is not defined", source + "filter: {rules: any, s: {A: 1}, condition: not t}", 3, `names "t"`},
		{"an identifier of the rule", source + "filter:\n  rules: any\n  s: {A: 1}\n  condition: not filter_a", 6, `names "filter_a"`},
		{"an unknown modifier", source + "filter:\n  rules: any\n  s: {A|x: 1}\n  condition: not s", 5, `the modifier "x"`},
		{"an aggregation", source + "filter: {rules: any, s: {A: 1}, condition: s | count() > 1}", 3, "the aggregation count()"},
		{"another taxonomy", source + "taxonomy: ecs\nfilter: {rules: any, s: {A: 1}, condition: s}", 1, "taxonomy"},
		{"a placeholder without values", source + "filter: {rules: any, s: {'A|expand': '%x%'}, condition: s}", 3, "the placeholder %x%"},
		{"unknown rules", source + "filter:\n  rules:\n    - nobody\n    - neither\n  s: {A: 1}\n  condition: s", 5, `it refers to "nobody", which no rule has`},
		{"a rule of another log source", "logsource: {category: registry_set}\nfilter: {rules: cmd, s: {A: 1}, condition: s}", 1, "no rule that it is for has the log source registry_set"},
		{"any rule of a log source without rules", "logsource: {product: linux}\nfilter: {rules: any, s: {A: 1}, condition: s}", 1, "no rule that it is for has the log source linux"},
		{"a correlation", source + "filter: {rules: many, s: {A: 1}, condition: s}", 1, "it is for correlations"},
		{"another filter's id", source + "id: ID-1\nfilter: {rules: any, s: {A: 1}, condition: s}", 1, "has the id of r.yml"},
	} {
		t.Run(c.says, func(t *testing.T) {
			rules, _ := Parse("r.yml", []byte(shells), ParseOptions{})
			filters, faults := Parse("f.yml", []byte("title: f\n"+c.filter), ParseOptions{})
			set := Merge(&Set{Rules: rules}, &Set{Rules: filters})
			set.fault(faults)
			e := Compile(set, one{})
			list := slices.Concat(set.Inactive, set.Failed)
			if len(list) != 1 || list[0].Line != c.line || !strings.Contains(list[0].Reason, c.reason) || list[0].File != "f.yml" {
				t.Errorf("%v, want line %d, %q", list, c.line, c.reason)
			}
			if len(e.Rules()) != 4 || len(set.Rules) != 4 {
				t.Errorf("%d rules are in use", len(e.Rules()))
			}
		})
	}
}

// TestFiltersThatAreTooLargeCostTheRule: a rule is not used without its filters.
func TestFiltersThatAreTooLargeCostTheRule(t *testing.T) {
	src := shells
	for i := range 3 {
		src += fmt.Sprintf("---\ntitle: f%d\nlogsource: {product: windows}\nfilter: {rules: cmd, s: [%s], condition: 's%s'}\n", i, numbered(1000), strings.Repeat(" or s", 70))
	}
	rules, faults := Parse("r.yml", []byte(src), ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	set := &Set{Rules: rules}
	e := Compile(set, one{})
	if len(set.Failed) != 1 || !strings.Contains(set.Failed[0].Reason, "the condition and its filters") || len(set.Inactive) != 1 || !strings.Contains(set.Inactive[0].Reason, `"cmd", which is not in use`) {
		t.Errorf("failed %v, inactive %v", set.Failed, set.Inactive)
	}
	if len(e.Rules()) != 2 {
		t.Errorf("%d rules are in use", len(e.Rules()))
	}
}

// TestFiltersOfAllRulesAreBounded: many filters for every rule are a small text, and come to their product.
func TestFiltersOfAllRulesAreBounded(t *testing.T) {
	var src strings.Builder
	values := strings.Repeat("x, ", 999) + "x"
	for i := range 100 {
		fmt.Fprintf(&src, "---\ntitle: f%d\nlogsource: {product: windows}\nfilter: {rules: any, x: {A: [%s]}, condition: not x}\n", i, values)
	}
	for i := range 40 {
		fmt.Fprintf(&src, "---\ntitle: r%d\nlogsource: {product: windows}\ndetection: {s: {B: x}, condition: s}\n", i)
	}
	rules, faults := Parse("f.yml", []byte(src.String()), ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	set := &Set{Rules: rules}
	e := Compile(set, one{})
	if n := len(e.Rules()); n != 20 || len(set.Failed) != 20 || !strings.Contains(set.Failed[0].Reason, "filters add more than") {
		t.Errorf("%d rules are in use, %d failed", n, len(set.Failed))
	}
}

package sigma

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestActionsMeanWhatSigmacMadeOfThem: each case is a file and the rules that come of it, as level, log source and detection.
func TestActionsMeanWhatSigmacMadeOfThem(t *testing.T) {
	const rule = "title: t\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n"
	for _, c := range []struct {
		says, src string
		want      []string
	}{
		{"a global document goes into all that follow", "action: global\ntitle: g\nlevel: low\ndetection: {condition: s}\n---\nlogsource: {service: a}\ndetection: {s: {A: 1}}\n---\nlogsource: {service: b}\ndetection: {s: {B: 2}}\n",
			[]string{"g low a A is \"1\" at 6", "g low b B is \"2\" at 9"}},
		{"what it states prevails", "action: global\nlevel: low\n---\nlevel: high\n" + rule, []string{"t low windows A is \"1\" at 4"}},
		{"global documents add up", "action: global\nlevel: low\n---\naction: global\nlevel: high\ntitle: g\n---\n" + rule, []string{"g high windows A is \"1\" at 8"}},
		{"reset forgets them", "action: global\nlevel: low\n---\n" + rule + "---\naction: reset\n---\n" + rule, []string{"t low windows A is \"1\" at 4", "t  windows A is \"1\" at 10"}},
		{"repeat is the document before with something else", rule + "---\naction: repeat\nlogsource: {service: b}\nlevel: high\n", []string{"t  windows A is \"1\" at 1", "t high windows/b A is \"1\" at 5"}},
		{"repeat repeats what was repeated", rule + "---\naction: repeat\nlevel: high\n---\naction: repeat\ntitle: u\n", []string{"t  windows A is \"1\" at 1", "t high windows A is \"1\" at 5", "u high windows A is \"1\" at 8"}},
		{"lists are replaced, not joined", "action: global\ndetection: {s: {A: [2]}}\n---\n" + rule, []string{"t  windows A is \"2\" at 4"}},
		{"an alias may stand in a global document", "action: global\nlevel: &l low\nstatus: *l\n---\n" + rule, []string{"t low windows A is \"1\" at 5"}},
	} {
		t.Run(c.says, func(t *testing.T) {
			rules, faults := Parse("r.yml", []byte(c.src), ParseOptions{})
			if len(faults) > 0 {
				t.Fatal(faults[0])
			}
			var got []string
			for _, r := range rules {
				got = append(got, fmt.Sprintf("%s %s %s %s at %d", r.Title, r.Level, r.Logsource, r.preds[0], r.Line))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("\n%q, want\n%q", got, c.want)
			}
		})
	}
}

// TestRulesOfOneDocumentShareItsID: what "action" made of one document is one rule in parts, all of which count.
func TestRulesOfOneDocumentShareItsID(t *testing.T) {
	src := "action: global\ntitle: g\nid: one\ndetection: {s: {A: 1}, condition: s}\n---\nlogsource: {service: a}\n---\nlogsource: {service: b}\n"
	rules, faults := Parse("r.yml", []byte(src), ParseOptions{})
	again, _ := Parse("s.yml", []byte(src), ParseOptions{})
	set := Merge(&Set{Rules: rules}, &Set{Rules: again})
	if len(faults) != 0 || len(set.Rules) != 2 || len(set.Inactive) != 2 || set.Inactive[1].Reason != "has the id of r.yml:6" {
		t.Fatalf("%d rules, faults %v, inactive %v", len(set.Rules), faults, set.Inactive)
	}
	many, _ := Parse("c.yml", []byte("title: many\ncorrelation: {type: event_count, rules: one, timespan: 1m, condition: {gte: 2}}\n"), ParseOptions{})
	e := Compile(Merge(set, &Set{Rules: many}), one{})
	if got := e.Correlate([]Hit{{Rule: 0, ID: 1}, {Rule: 1, ID: 2}}); len(got) != 1 || len(got[0].Hits) != 2 {
		t.Errorf("the parts are counted as %v", got)
	}
}

func TestActionsCannotMakeMoreOfAFileThanItHolds(t *testing.T) {
	big := "action: global\nx: [" + strings.Repeat("1,", 1000) + "1]\n---\n"
	_, faults := Parse("r.yml", []byte(big+strings.Repeat("title: t\nlogsource: {product: p}\ndetection: {s: {A: 1}, condition: s}\n---\n", 900)), ParseOptions{})
	if len(faults) == 0 || !strings.Contains(faults[0].Reason, "actions put more than 200000 values") {
		t.Errorf("faults %v", faults)
	}
}

// TestADocumentThatIsNoYAMLCostsItself: what stands before it and behind it is read, with the lines of the file.
func TestADocumentThatIsNoYAMLCostsItself(t *testing.T) {
	const rule = "title: t\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n"
	for _, c := range []struct {
		says, src string
		want      string
	}{
		{"in the middle", rule + "---\na: [\n---\n" + rule, "rules at 1 7, faults at 6"},
		{"first", "a: 'b\n---\n" + rule, "rules at 3, faults at 2"},
		{"last, and seen only behind its first line", rule + "---\n0\n0:", "rules at 1, faults at 6"},
		{"a document beside its mark", "--- {title: t, logsource: {product: p}, detection: {s: {A: 1}, condition: s}}\n--- 'x\n", "rules at 1, faults at 3"},
		{"dashes in a text are no mark", rule + "description: |\n  a\n  ---\n  b\nauthor: ---x\n---\r\n" + rule, "rules at 1 10, faults at"},
		{"two documents behind an end", rule + "...\n" + rule + "...\n# end\n", "rules at 1 5, faults at"},
	} {
		rules, faults := Parse("r.yml", []byte(c.src), ParseOptions{})
		got := "rules at"
		for _, r := range rules {
			got += fmt.Sprint(" ", r.Line)
		}
		got += ", faults at"
		for _, f := range faults {
			got += fmt.Sprint(" ", f.Line)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s: %v", c.says, got, c.want, faults)
		}
	}
}

// FuzzDocuments: whatever documents stand behind three rules, each is used or named, compiling them again changes nothing, and what
// is correlated does not depend on the order of the hits.
func FuzzDocuments(f *testing.F) {
	f.Add("title: t\ncorrelation: {type: event_count, rules: [a, b], group-by: U, timespan: 1m, condition: {gte: 2}}\n")
	f.Add("title: t\nname: t\ngenerate: true\ncorrelation: {type: temporal_ordered, rules: [a, b], timespan: 1s, aliases: {U: {a: V}}, group-by: [U]}\n---\ntitle: u\ncorrelation: {type: value_percentile, rules: [t, c], timespan: 1y, condition: {field: V, percentile: 50, lte: 3}}\n")
	f.Add("title: t\nname: x\ncorrelation: {type: temporal, timespan: 1s, condition: a and not (x or b)}\n")
	f.Add("title: f\nlogsource: {product: windows}\nfilter: {rules: any, s: {X: 2}, condition: not s}\n---\naction: repeat\nfilter: {rules: [a]}\n")
	f.Add("action: global\ntitle: g\nlogsource: {product: windows}\n---\ndetection: {s: {X: 1}, condition: s}\n---\naction: reset\n")
	f.Fuzz(func(t *testing.T, src string) {
		rules, faults := Parse("r.yml", []byte(three+"---\n"+src), ParseOptions{})
		if len(rules) < 3 {
			t.Fatal("the rules before were lost")
		}
		set := Merge(&Set{Rules: rules})
		set.fault(faults)
		named := len(rules) + len(faults)
		e := Compile(set, one{})
		if got := len(set.Rules) + len(set.Inactive) + len(set.Failed); got != named {
			t.Fatalf("of %d documents %d are used or named", named, got)
		}
		for _, x := range slices.Concat(set.Inactive, set.Failed) {
			if x.Line < 1 || x.Reason == "" || x.File != "r.yml" {
				t.Fatalf("fault %+v", x)
			}
		}
		lost := len(set.Inactive) + len(set.Failed)
		again := Compile(set, one{})
		if len(again.Rules()) != len(e.Rules()) || len(set.Inactive)+len(set.Failed) != lost {
			t.Fatal("compiled again something is lost")
		}
		var hits []Hit
		for i := range 12 {
			for rule := range e.Rules() {
				h := Hit{Rule: int32(rule), Time: int64(i*i) * 10_000_000, ID: i}
				fields, _ := e.Wanted(int32(rule))
				for k := range fields {
					h.Values = append(h.Values, HitValue{fmt.Sprint(i * (k + 1) % 3), (i+k)%5 > 0})
				}
				hits = append(hits, h)
			}
		}
		first := e.Correlate(hits)
		slices.Reverse(hits)
		if !reflect.DeepEqual(again.Correlate(hits), first) {
			t.Fatal("the order of the hits changes what is correlated")
		}
	})
}

package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// three are the rules a, b and c, which correlations of the tests count.
const three = "title: a\nname: a\nid: ID-A\nlogsource: {product: windows}\ndetection: {s: {X: 1}, condition: s}\n---\ntitle: b\nname: b\nlogsource: {product: windows}\ndetection: {s: {X: 2}, condition: s}\n---\n" +
	"title: c\nname: c\nlogsource: {product: windows}\ndetection: {s: {X: 3}, condition: s}\n"

// readThree reads the rules a, b and c once for all.
var readThree = sync.OnceValues(func() ([]*Rule, []*RuleError) { return Parse("r.yml", []byte(three), ParseOptions{}) })

// correlating compiles documents that follow the rules a, b and c.
func correlating(t testing.TB, docs ...string) *Engine {
	t.Helper()
	read, faults := readThree()
	rules, more := Parse("r.yml", []byte(strings.Join(docs, "\n---\n")), ParseOptions{})
	if faults = slices.Concat(faults, more); len(faults) > 0 {
		t.Fatal(faults[0])
	}
	set := &Set{Rules: slices.Concat(read, rules)}
	e := Compile(set, one{})
	if len(set.Inactive)+len(set.Failed) > 0 {
		t.Fatal(slices.Concat(set.Inactive, set.Failed))
	}
	return e
}

// hitsOf reads "0s a U=x; 5s b": times, rules and values. A record that two rules match is "0s a+b". IDs count from 1.
func hitsOf(t testing.TB, e *Engine, text string) (out []Hit) {
	t.Helper()
	for i, one := range strings.Split(text, ";") {
		words := strings.Fields(one)
		at, err := time.ParseDuration(words[0])
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{}
		for _, w := range words[2:] {
			name, value, _ := strings.Cut(w, "=")
			values[name] = value
		}
		for _, title := range strings.Split(words[1], "+") {
			h := Hit{Rule: int32(slices.IndexFunc(e.Rules(), func(r *Rule) bool { return r.Title == title })), Time: int64(at / 100), ID: i + 1}
			fields, _ := e.Wanted(h.Rule)
			for _, f := range fields {
				v, ok := values[f]
				h.Values = append(h.Values, HitValue{v, ok})
			}
			out = append(out, h)
		}
	}
	return out
}

// told writes matches as the cases do.
func told(e *Engine, list []Correlated) string {
	var out []string
	for _, c := range list {
		s := fmt.Sprintf("%s %v-%v %v", e.Rules()[c.Rule].Title, time.Duration(c.First*100), time.Duration(c.Last*100), c.Hits)
		for _, g := range c.Group {
			s += " " + g.Name + "=" + g.Value
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// TestCorrelationsMeanWhatTheirCommentSays: each case is a correlation, hits and the matches that come of them, which are the same
// whatever order the hits come in.
func TestCorrelationsMeanWhatTheirCommentSays(t *testing.T) {
	for _, c := range []struct{ says, doc, hits, want string }{
		{"enough hits in the timespan", "type: event_count, rules: a, timespan: 10s, condition: {gte: 3}", "0s a; 5s a; 9s a", "t 0s-9s [1 2 3]"},
		{"too few", "type: event_count, rules: a, timespan: 10s, condition: {gte: 3}", "0s a; 5s a", ""},
		{"hits that are exactly the timespan apart are in one window", "type: event_count, rules: a, timespan: 10s, condition: {gte: 2}", "0s a; 10s a", "t 0s-10s [1 2]"},
		{"hits that are more than the timespan apart are not", "type: event_count, rules: a, timespan: 10s, condition: {gte: 2}", "0s a; 10.0000001s a", ""},
		{"windows slide and are no buckets", "type: event_count, rules: a, timespan: 10s, condition: {gte: 3}", "8s a; 11s a; 13s a; 40s a", "t 8s-13s [1 2 3]"},
		{"a long burst is one match", "type: event_count, rules: a, timespan: 2s, condition: {gte: 3}", "0s a; 1s a; 2s a; 3s a; 4s a; 5s a", "t 0s-5s [1 2 3 4 5 6]"},
		{"two bursts are two matches", "type: event_count, rules: a, timespan: 2s, condition: {gte: 2}", "0s a; 1s a; 20s a; 21s a", "t 0s-1s [1 2]; t 20s-21s [3 4]"},
		{"a hit outside of all windows that match is not part of it", "type: event_count, rules: a, timespan: 2s, condition: {gte: 3}", "0s a; 3s a; 4s a; 5s a; 8s a", "t 3s-5s [2 3 4]"},
		{"hits out of order", "type: event_count, rules: a, timespan: 10s, condition: {gt: 2}", "9s a; 0s a; 5s a", "t 0s-9s [1 2 3]"},
		{"several rules are counted together", "type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 3}", "0s a; 1s b; 2s a; 3s c", "t 0s-2s [1 2 3]"},
		{"a record that two rules match counts once", "type: event_count, rules: [a, b], timespan: 10s, condition: {gte: 2}", "0s a+b", ""},
		{"a rule may be called by its id", "type: event_count, rules: [id-a], timespan: 10s, condition: {gte: 1}", "0s a; 30s b", "t 0s-0s [1]"},
		{"groups are apart", "type: event_count, rules: a, group-by: U, timespan: 10s, condition: {gte: 2}", "0s a U=x; 1s a U=y; 2s a U=x", "t 0s-2s [1 3] U=x"},
		{"and without regard to case, with the first spelling", "type: event_count, rules: a, group-by: U, timespan: 10s, condition: {gte: 2}", "2s a U=bob; 0s a U=BOB", "t 0s-2s [1 2] U=BOB"},
		{"a group has one value of every field", "type: event_count, rules: a, group-by: [U, H], timespan: 10s, condition: {gte: 2}", "0s a U=x H=1; 1s a U=x H=2; 2s a U=x H=1", "t 0s-2s [1 3] U=x H=1"},
		{"values do not run into one another", "type: event_count, rules: a, group-by: [U, H], timespan: 10s, condition: {gte: 2}", "0s a U=x H=yz; 1s a U=xy H=z", ""},
		{"a record without the field is in no group", "type: event_count, rules: a, group-by: U, timespan: 10s, condition: {gte: 2}", "0s a; 1s a; 2s a U=x", ""},
		{"an empty value is a value", "type: event_count, rules: a, group-by: U, timespan: 10s, condition: {gte: 2}", "0s a U=; 1s a U=", "t 0s-1s [1 2] U="},
		{"blanks of a field are stripped", "type: event_count, rules: a, group-by: [Threat Name], timespan: 10s, condition: {gte: 1}", "0s a ThreatName=x", "t 0s-0s [1] ThreatName=x"},
		{"lt is asked of whole windows", "type: event_count, rules: a, timespan: 10s, condition: {lt: 3}", "0s a; 1s a; 2s a; 50s a; 51s a", "t 50s-51s [4 5]"},
		{"lte", "type: event_count, rules: a, timespan: 10s, condition: {lte: 2}", "0s a; 1s a; 2s a; 50s a; 51s a", "t 50s-51s [4 5]"},
		{"eq is not met by the beginning of a burst, nor by its end", "type: event_count, rules: a, timespan: 10s, condition: {eq: 2}", "0s a; 1s a; 2s a; 50s a; 51s a", "t 50s-51s [4 5]"},
		{"neq", "type: event_count, rules: a, timespan: 10s, condition: {neq: 2}", "0s a; 1s a; 2s a; 50s a; 51s a", "t 0s-2s [1 2 3]"},
		{"a range", "type: event_count, rules: a, timespan: 10s, condition: {gt: 1, lte: 2}", "0s a; 1s a; 2s a; 50s a; 51s a; 90s a", "t 50s-51s [4 5]"},
		{"a steady trickle is one match", "type: event_count, rules: a, timespan: 5s, condition: {lt: 3}", "0s a; 4s a; 8s a; 12s a", "t 0s-12s [1 2 3 4]"},
		{"different values", "type: value_count, rules: a, timespan: 10s, condition: {field: U, gte: 3}", "0s a U=x; 1s a U=y; 2s a U=X; 3s a U=z", "t 0s-3s [1 2 3 4]"},
		{"the same value again and again", "type: value_count, rules: a, timespan: 10s, condition: {field: U, gte: 2}", "0s a U=x; 1s a U=x; 2s a U=X", ""},
		{"a record without the field counts for nothing", "type: value_count, rules: a, timespan: 10s, condition: {field: U, gte: 2}", "0s a U=x; 1s a; 2s a U=y", "t 0s-2s [1 3]"},
		{"different combinations", "type: value_count, rules: a, timespan: 10s, condition: {field: [U, H], gte: 3}", "0s a U=x H=1; 1s a U=x H=2; 2s a U=y H=1", "t 0s-2s [1 2 3]"},
		{"all rules in any order", "type: temporal, rules: [a, b, c], timespan: 10s", "0s c; 3s a; 9s b", "t 0s-9s [1 2 3]"},
		{"not all rules", "type: temporal, rules: [a, b, c], timespan: 10s", "0s c; 3s a; 4s a", ""},
		{"all rules, but too far apart", "type: temporal, rules: [a, b], timespan: 10s", "0s a; 11s b", ""},
		{"some of the rules", "type: temporal, rules: [a, b, c], timespan: 10s, condition: {gte: 2}", "0s c; 3s a", "t 0s-3s [1 2]"},
		{"one record may match all rules", "type: temporal, rules: [a, b], timespan: 10s", "0s a+b", "t 0s-0s [1]"},
		{"a condition over rules", "type: temporal, rules: [a, b, c], timespan: 10s, condition: a and (b or c)", "0s a; 3s c; 50s b; 51s c", "t 0s-3s [1 2]"},
		{"a rule that must not be there", "type: temporal, timespan: 10s, condition: a and not b", "0s a; 3s b; 50s a", "t 50s-50s [3]"},
		{"in order", "type: temporal_ordered, rules: [a, b, c], timespan: 10s", "0s a; 3s b; 9s c", "t 0s-9s [1 2 3]"},
		{"out of order", "type: temporal_ordered, rules: [a, b, c], timespan: 10s", "0s a; 3s c; 9s b", ""},
		{"in order between others", "type: temporal_ordered, rules: [a, b], timespan: 10s", "0s b; 1s a; 2s a; 3s b; 4s a", "t 0s-4s [1 2 3 4 5]"},
		{"at the same time is in order", "type: temporal_ordered, rules: [a, b], timespan: 10s", "1s b; 1s a", "t 1s-1s [1 2]"},
		{"in order, but too far apart", "type: temporal_ordered, rules: [a, b, c], timespan: 10s", "0s a; 9s b; 11s c", ""},
		{"some in order", "type: temporal_ordered, rules: [a, b, c], timespan: 10s, condition: {gte: 2}", "0s b; 3s c; 50s c; 51s a", "t 0s-3s [1 2]"},
		{"in order, all named by the condition", "type: temporal_ordered, rules: [a, b], timespan: 10s, condition: a AND b", "0s b; 3s a; 50s a; 51s b", "t 50s-51s [3 4]"},
		{"a sum", "type: value_sum, rules: a, timespan: 10s, condition: {field: N, gt: 10}", "0s a N=5; 1s a N=4; 2s a N=1.5; 3s a N=much; 4s a", "t 0s-2s [1 2 3]"},
		{"a sum of both signs", "type: value_sum, rules: a, timespan: 10s, condition: {field: N, eq: 0}", "0s a N=1e300; 1s a N=-1e300", "t 0s-1s [1 2]"},
		{"a sum that large numbers have left", "type: value_sum, rules: a, timespan: 2s, condition: {field: N, eq: 2}", "0s a N=1e300; 3s a N=1; 4s a N=1", "t 3s-4s [2 3]"},
		{"a record is added once", "type: value_sum, rules: [a, b], timespan: 10s, condition: {field: N, gte: 4}", "0s a+b N=2", ""},
		{"a mean", "type: value_avg, rules: a, timespan: 10s, condition: {field: N, lt: 3}", "0s a N=1; 1s a N=2; 2s a N=5; 50s a N=9", "t 0s-2s [1 2 3]"},
		{"a median", "type: value_median, rules: a, timespan: 10s, condition: {field: N, eq: 2}", "0s a N=1; 1s a N=2; 2s a N=50", "t 0s-2s [1 2 3]"},
		{"the median of an even number", "type: value_median, rules: a, timespan: 10s, condition: {field: N, eq: 3}", "0s a N=1; 1s a N=2; 2s a N=4; 3s a N=50", "t 0s-3s [1 2 3 4]"},
		{"a percentile", "type: value_percentile, rules: a, timespan: 10s, condition: {field: N, percentile: 75, eq: 3}", "0s a N=1; 1s a N=3; 2s a N=2; 3s a N=50", "t 0s-3s [1 2 3 4]"},
		{"the greatest", "type: value_percentile, rules: a, timespan: 10s, condition: {field: N, percentile: 100, eq: 50}", "0s a N=1; 1s a N=50", "t 0s-1s [1 2]"},
		{"the smallest", "type: value_percentile, rules: a, timespan: 10s, condition: {field: N, percentile: 0, eq: 1}", "0s a N=50; 1s a N=1", "t 0s-1s [1 2]"},
		{"a field that each rule calls otherwise", "type: temporal, rules: [a, b], timespan: 10s, group-by: ip, aliases: {ip: {a: Src, b: Dst}}", "0s a Src=1 Dst=2; 1s b Src=3 Dst=1; 2s b Dst=2", "t 0s-1s [1 2] ip=1"},
		{"an alias of a rule by its id", "type: temporal, rules: [a, b], timespan: 10s, group-by: ip, aliases: {ip: {ID-A: Src}}", "0s a Src=1; 1s b ip=1", "t 0s-1s [1 2] ip=1"},
		{"an alias of what is counted", "type: value_count, rules: [a, b], timespan: 10s, aliases: {u: {a: User, b: Name}}, condition: {field: u, gte: 2}", "0s a User=1; 1s b Name=2", "t 0s-1s [1 2]"},
	} {
		t.Run(c.says, func(t *testing.T) {
			e := correlating(t, "title: t\ncorrelation: {"+c.doc+"}")
			hits := hitsOf(t, e, c.hits)
			for range 2 {
				if got := told(e, e.Correlate(hits)); got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
				slices.Reverse(hits)
			}
		})
	}
}

const (
	failures = "title: many\nname: many\ncorrelation: {type: event_count, rules: a, group-by: U, timespan: 10s, condition: {gte: 3}}"
	success  = "title: in\ncorrelation: {type: temporal_ordered, rules: [many, b], group-by: U, timespan: 30s}"
)

// TestCorrelationsOfCorrelations: as above, of documents that count one another.
func TestCorrelationsOfCorrelations(t *testing.T) {
	for _, c := range []struct {
		says string
		docs []string
		hits string
		want string
	}{
		{"many failures, then a success", []string{success, failures}, "0s a U=x; 1s a U=x; 2s a U=x; 20s b U=x; 21s b U=y", "in 0s-20s [1 2 3 4] U=x"},
		{"a success before there are many", []string{success, failures}, "0s a U=x; 1s a U=x; 1.5s b U=x; 2s a U=x", ""},
		{"a success while they go on", []string{success, failures}, "0s a U=x; 1s a U=x; 2s a U=x; 3s b U=x; 4s a U=x", "in 0s-4s [1 2 3 4 5] U=x"},
		{"too few failures", []string{success, failures}, "0s a U=x; 1s a U=x; 20s b U=x", ""},
		{"a success too late", []string{success, failures}, "0s a U=x; 1s a U=x; 2s a U=x; 33s b U=x", ""},
		{"the inner one groups by something else", []string{"title: in\ncorrelation: {type: temporal_ordered, rules: [many, b], group-by: H, timespan: 30s}", failures},
			"0s a U=x H=1; 1s a U=x H=1; 2s a U=x H=2; 9s b U=z H=2; 9s b H=3", "in 2s-9s [3 4] H=2"},
		{"matches of a correlation are counted, not their records", []string{"title: out\ncorrelation: {type: event_count, rules: many, timespan: 1h, condition: {gte: 2}}", failures},
			"0s a U=x; 1s a U=x; 2s a U=x; 3s a U=x; 1m a U=y; 1m a U=y; 1m a U=y", "out 0s-1m0s [1 2 3 4 5 6 7]"},
		{"one match is one", []string{"title: out\ncorrelation: {type: event_count, rules: many, timespan: 1h, condition: {gte: 2}}", failures}, "0s a U=x; 1s a U=x; 2s a U=x; 3s a U=x", ""},
		{"users of many failures", []string{"title: out\ncorrelation: {type: value_count, rules: many, timespan: 1h, condition: {field: U, gte: 2}}", failures},
			"0s a U=x; 1s a U=x; 2s a U=x; 1m a U=y; 1m a U=y; 1m a U=y; 2m a U=z", "out 0s-1m0s [1 2 3 4 5 6]"},
		{"aliases reach through", []string{"title: out\ncorrelation: {type: temporal, rules: [both, c], group-by: who, timespan: 1h, aliases: {who: {both: ip, c: From}}}",
			"title: both\nname: both\ncorrelation: {type: temporal, rules: [a, b], group-by: ip, timespan: 1m, aliases: {ip: {a: Src, b: Dst}}}"},
			"0s a Src=1; 1s b Dst=1; 9s c From=1; 9s c From=2", "out 0s-9s [1 2 3] who=1"},
		{"three deep", []string{"title: out\ncorrelation: {type: event_count, rules: in, timespan: 1h, condition: {eq: 1}}", success + "\nname: in", failures},
			"0s a U=x; 1s a U=x; 2s a U=x; 20s b U=x", "out 0s-20s [1 2 3 4]"},
		{"generate lets the inner one alert as well", []string{strings.Replace(success, "timespan", "generate: true, timespan", 1), failures},
			"0s a U=x; 1s a U=x; 2s a U=x; 20s b U=x", "many 0s-2s [1 2 3] U=x; in 0s-20s [1 2 3 4] U=x"},
	} {
		t.Run(c.says, func(t *testing.T) {
			e := correlating(t, c.docs...)
			hits := hitsOf(t, e, c.hits)
			for range 2 {
				if got := told(e, e.Correlate(hits)); got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
				slices.Reverse(hits)
			}
		})
	}
}

func TestAnEngineTellsWhatItsCorrelationsNeed(t *testing.T) {
	e := correlating(t, "title: x\ncorrelation: {type: value_count, rules: [a, b], group-by: [ip, U], timespan: 1m, aliases: {ip: {a: Src}}, condition: {field: F, gte: 2}}",
		"title: y\nname: y\ngenerate: true\ncorrelation: {type: event_count, rules: b, timespan: 1m, condition: {gte: 2}}", "title: z\ncorrelation: {type: event_count, rules: y, timespan: 1m, condition: {gte: 2}}")
	var got []string
	for i, r := range e.Rules() {
		fields, counted := e.Wanted(int32(i))
		got = append(got, fmt.Sprintf("%s %v %v alerts %v", r.Title, fields, counted, e.Alerts(int32(i))))
	}
	want := []string{"a [F Src U] true alerts false", "b [F U ip] true alerts true", "c [] false alerts true", "x [] false alerts true", "y [] true alerts false", "z [] false alerts true"}
	if !slices.Equal(got, want) {
		t.Errorf("\n%q, want\n%q", got, want)
	}
	if p := e.Program("records"); len(p.Fields()) != 1 || p.Has(3) || p.Explain(3, testEvent{}) != nil {
		t.Error("a program holds a correlation")
	}
	if e.Correlate([]Hit{{Rule: -1}, {Rule: 2}, {Rule: 99}, {Rule: 1}, {Rule: 1, ID: 1}}) != nil {
		t.Error("hits of no rule, and without values, are counted")
	}
}

// TestFaultyCorrelationsAreNamedWithTheirLine: what is wrong of the document itself is a fault of its file.
func TestFaultyCorrelationsAreNamedWithTheirLine(t *testing.T) {
	count := func(s string) string { return "type: event_count\nrules: a\ntimespan: 1m\n" + s }
	for _, c := range []struct {
		says, section string
		line          int // within the section
		reason        string
	}{
		{"no type", "rules: a", 1, "has no type"},
		{"an unknown type", "rules: a\ntype: event_sum", 2, `"event_sum" is no type`},
		{"no rules", "type: event_count\ntimespan: 1m", 1, "names no rules"},
		{"an empty list of rules", "type: event_count\nrules: []", 2, "names no rules"},
		{"rules that are a mapping", "type: event_count\nrules: {a: b}", 2, "neither a text nor a list"},
		{"a rule that is null", "type: event_count\nrules:\n  - a\n  - ~", 4, "no id and no name"},
		{"a rule twice", "type: temporal\nrules:\n  - a\n  - a", 4, `"a" stands twice`},
		{"too many rules", "type: temporal\nrules: [x" + strings.Repeat("x, x", 100) + "]", 2, "stands twice"},
		{"more rules than can be", "type: temporal\nrules: [" + numbered(101) + "]", 2, "more than 100 rules"},
		{"more rules in order than can be", "type: temporal_ordered\nrules: [" + numbered(33) + "]", 2, "more than 32 rules"},
		{"group-by that is a mapping", count("group-by: {a: b}"), 4, "group-by is neither"},
		{"group-by with null", count("group-by: [a, ~]"), 4, "group-by is neither"},
		{"group-by of too many", count("group-by: [" + numbered(33) + "]"), 4, "more than 32 fields"},
		{"no timespan", "type: event_count\nrules: a", 1, "has no timespan"},
		{"a timespan without a unit", "type: event_count\nrules: a\ntimespan: 10", 3, `the timespan "10" is not`},
		{"a timespan of nothing", "type: event_count\nrules: a\ntimespan: 0s", 3, `the timespan "0s" is not`},
		{"a timespan of two units", "type: event_count\nrules: a\ntimespan: 1h30m", 3, `the timespan "1h30m" is not`},
		{"a negative timespan", "type: event_count\nrules: a\ntimespan: -1h", 3, `the timespan "-1h" is not`},
		{"a timespan of centuries", "type: event_count\nrules: a\ntimespan: 101y", 3, "longer than 100 years"},
		{"a timespan beyond all numbers", "type: event_count\nrules: a\ntimespan: 4000000000y", 3, "longer than 100 years"},
		{"aliases that are a list", count("aliases: [a]"), 4, "aliases is no mapping"},
		{"an alias that is a text", count("aliases:\n  x: y"), 5, `the alias "x" is no mapping`},
		{"an alias without a field", count("aliases:\n  x:\n    a: ~"), 6, `the alias "x" has no field of "a"`},
		{"generate that is a text", count("generate: maybe\ncondition: {gte: 1}"), 4, "neither true nor false"},
		{"no condition", count(""), 1, "has no condition"},
		{"a condition that is a list", count("condition: [1]"), 4, "condition of a correlation is no mapping"},
		{"a condition without a comparison", count("condition: {}"), 4, "none of gt, gte"},
		{"three comparisons", count("condition: {gt: 1, lt: 9, neq: 5}"), 4, "more than two of gt"},
		{"an unknown comparison", count("condition:\n  ge: 1"), 5, `the key "ge" of a condition is not known`},
		{"a comparison with a text", count("condition:\n  gte: many"), 5, `gte wants a number, not "many"`},
		{"a comparison with infinity", count("condition:\n  gte: .inf"), 5, "gte wants a number"},
		{"event_count of a field", count("condition: {field: a, gte: 1}"), 4, "event_count looks at no field"},
		{"value_count of no field", "type: value_count\nrules: a\ntimespan: 1m\ncondition: {gte: 1}", 4, "condition of value_count names no field"},
		{"value_count of null", "type: value_count\nrules: a\ntimespan: 1m\ncondition:\n  field: ~\n  gte: 1", 5, "field is neither"},
		{"value_sum of two fields", "type: value_sum\nrules: a\ntimespan: 1m\ncondition: {field: [a, b], gte: 1}", 4, "one field only"},
		{"value_percentile without a percentile", "type: value_percentile\nrules: a\ntimespan: 1m\ncondition: {field: a, gte: 1}", 4, "has no percentile"},
		{"a percentile of another type", "type: value_sum\nrules: a\ntimespan: 1m\ncondition: {field: a, percentile: 5, gte: 1}", 4, "value_sum has no percentile"},
		{"a percentile beyond 100", "type: value_percentile\nrules: a\ntimespan: 1m\ncondition: {field: a, percentile: 101, gte: 1}", 4, "not between 0 and 100"},
		{"a percentile of too many digits", "type: value_percentile\nrules: a\ntimespan: 1m\ncondition:\n  field: a\n  percentile: 1e-300\n  gte: 1", 6, "the percentile 1e-300 has too many digits"},
		{"a condition over rules of a count", count("condition: a"), 4, "only a temporal correlation"},
		{"a condition that does not name all rules", "type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a", 4, `does not name "b"`},
		{"a condition that names another rule", "type: temporal\nrules: [a]\ntimespan: 1m\ncondition: a and b", 4, `names "b"`},
		{"a condition that ends", "type: temporal\nrules: [a]\ntimespan: 1m\ncondition: a and", 4, "ends too early"},
		{"a condition of too many parts", "type: temporal\nrules: [a]\ntimespan: 1m\ncondition: a" + strings.Repeat(" or a", 300), 4, "more than 256 parts"},
		{"a condition with or of rules in order", "type: temporal_ordered\nrules: [a, b]\ntimespan: 1m\ncondition: a or b", 4, "what order"},
		{"a condition with a number and no rules", "type: temporal\ntimespan: 1m\ncondition: {gte: 1}", 3, "names no rules"},
		{"neither rules nor a condition", "type: temporal\ntimespan: 1m", 1, "names no rules"},
		{"an unknown key", count("group_by: a"), 4, `the key "group_by" of a correlation is not known`},
	} {
		t.Run(c.says, func(t *testing.T) {
			rules, faults := Parse("c.yml", []byte("title: t\nid: i\ncorrelation:\n  "+strings.ReplaceAll(c.section, "\n", "\n  ")+"\n"), ParseOptions{})
			if len(rules) != 0 || len(faults) != 1 {
				t.Fatalf("%d rules, faults %v", len(rules), faults)
			}
			if f := faults[0]; f.Line != c.line+3 || !strings.Contains(f.Reason, c.reason) || f.ID != "i" || errors.Is(f, ErrInactive) != strings.Contains(c.reason, "what order") {
				t.Errorf("%v (%v), want line %d, %q", f, f.Err, c.line+3, c.reason)
			}
		})
	}
	for _, c := range [][2]string{{"correlation: []", "no mapping"}, {"correlation: {type: event_count, rules: a, timespan: 1m, condition: {gte: 1}}\nlevel: urgent", "no level"}, {"generate: 1\ncorrelation: {type: temporal, rules: a, timespan: 1m}", "neither true nor false"}} {
		if _, faults := Parse("c.yml", []byte("title: t\n"+c[0]), ParseOptions{}); len(faults) != 1 || !strings.Contains(faults[0].Reason, c[1]) {
			t.Errorf("%s: %v, want %q", c[0], faults, c[1])
		}
	}
	if _, faults := Parse("c.yml", []byte("correlation: {type: temporal, rules: a, timespan: 1m}"), ParseOptions{}); len(faults) != 1 || faults[0].Reason != "no title" {
		t.Error(faults)
	}
}

func numbered(n int) string {
	out := "0"
	for i := range n - 1 {
		out += ", " + strconv.Itoa(i+1)
	}
	return out
}

func TestTimespans(t *testing.T) {
	for text, want := range map[string]time.Duration{"1s": time.Second, "90m": 90 * time.Minute, "2h": 2 * time.Hour, "3d": 72 * time.Hour, "1w": 168 * time.Hour, "1M": 2_629_746 * time.Second, "1y": 31_556_952 * time.Second, "100y": 3_155_695_200 * time.Second} {
		rules, faults := Parse("c.yml", []byte("title: t\ncorrelation: {type: temporal, rules: a, timespan: "+text+"}"), ParseOptions{})
		if len(faults) > 0 || rules[0].Correlation.Timespan != want {
			t.Errorf("%s: %v, %v", text, rules, faults)
		}
	}
}

// TestWhatACorrelationNeedsMustBeThere: one that cannot be used is named with what it refers to, and so is what counts it.
func TestWhatACorrelationNeedsMustBeThere(t *testing.T) {
	counting := func(title, rules, more string) string {
		return "title: " + title + "\nname: " + title + "\ncorrelation: {type: event_count, rules: [" + rules + "], timespan: 1m, condition: {gte: 1}" + more + "}\n---\n"
	}
	for _, c := range []struct {
		says, src string
		inactive  []string
		failed    []string
		used      string
	}{
		{"a rule that there is not", counting("x", "a, nobody", ""), []string{`x: it refers to "nobody", which no rule has as its id or name`}, nil, "a b c"},
		{"a rule without records", "title: l\nname: l\nlogsource: {product: linux}\ndetection: {s: {X: 1}, condition: s}\n---\n" + counting("x", "l", ""),
			[]string{"l: no records of log source linux", `x: it refers to "l", which is not in use: no records of log source linux`}, nil, "a b c"},
		{"a rule without placeholders", "title: p\nid: P\nlogsource: {product: windows}\ndetection: {s: {X|expand: '%y%'}, condition: s}\n---\n" + counting("x", "p", ""),
			[]string{"P: the placeholder %y% has no values", `x: it refers to "p", which is not in use: the placeholder %y% has no values`}, nil, "a b c"},
		{"a rule that is faulty", "title: f\nname: f\nlogsource: {product: windows}\ndetection: {s: {X: 1}, condition: t}\n---\n" + counting("x", "f", ""),
			[]string{`x: it refers to "f", which is not in use: the condition names "t", which the rule does not define`}, []string{`f: the condition names "t", which the rule does not define`}, "a b c"},
		{"a correlation that is not in use, and the cause once", counting("x", "y", "") + counting("y", "z", "") + counting("z", "nobody", ""),
			[]string{`x: it refers to "y", which is not in use: it refers to "nobody", which no rule has as its id or name`, `y: it refers to "z", which is not in use: it refers to "nobody", which no rule has as its id or name`,
				`z: it refers to "nobody", which no rule has as its id or name`}, nil, "a b c"},
		{"a circle", counting("x", "y", "") + counting("y", "x", "") + counting("z", "x", ""), []string{`z: it refers to "x", which is not in use: it counts itself: "x" counts "y" counts "x"`},
			[]string{`x: it counts itself: "x" counts "y" counts "x"`, `y: it counts itself: "x" counts "y" counts "x"`}, "a b c"},
		{"itself", counting("x", "x", ""), nil, []string{`x: it counts itself: "x" counts "x"`}, "a b c"},
		{"a rule by its name and its id", counting("x", "a, ID-A", ""), nil, []string{`x: "a" and "ID-A" are the same rule`}, "a b c"},
		{"an alias of a rule that it does not count", counting("x", "a", ", aliases: {u: {b: U}}"), nil, []string{`x: aliases names "b", which is none of the rules`}, "a b c"},
		{"a filter", "title: f\nname: f\nlogsource: {product: windows}\nfilter: {rules: any, s: {X: 9}, condition: not s}\n---\n" + counting("x", "f", ""), []string{`x: it refers to "f", which no rule has as its id or name`}, nil, "a b c"},
	} {
		t.Run(c.says, func(t *testing.T) {
			rules, faults := Parse("r.yml", []byte(three+"---\n"+c.src), ParseOptions{})
			set := &Set{Rules: rules}
			set.fault(faults)
			e := Compile(set, onlyWindows{})
			said := func(list []*RuleError) (out []string) {
				for _, f := range list {
					out = append(out, f.Name+f.ID+": "+f.Reason)
				}
				return out
			}
			slices.SortFunc(set.Inactive, func(a, b *RuleError) int { return a.Line - b.Line })
			if got := said(set.Inactive); !slices.Equal(got, c.inactive) {
				t.Errorf("inactive\n%q, want\n%q", got, c.inactive)
			}
			if got := said(set.Failed); !slices.Equal(got, c.failed) {
				t.Errorf("failed\n%q, want\n%q", got, c.failed)
			}
			var used []string
			for i, r := range e.Rules() {
				used = append(used, r.Title)
				if !e.Alerts(int32(i)) {
					t.Errorf("%s does not alert, though no correlation that is in use counts it", r.Title)
				}
			}
			if strings.Join(used, " ") != c.used {
				t.Errorf("in use are %v, want %s", used, c.used)
			}
		})
	}
}

// TestNamesAreOfTheFileFirst: a name is looked for in the correlation's own file before others.
func TestNamesAreOfTheFileFirst(t *testing.T) {
	doc := "title: %s\nname: login\nlogsource: {product: windows}\ndetection: {s: {X: 1}, condition: s}\n"
	counts := "title: x\ncorrelation: {type: event_count, rules: login, timespan: 1m, condition: {gte: 1}}\n"
	parse := func(file, src string) []*Rule {
		rules, faults := Parse(file, []byte(src), ParseOptions{})
		if len(faults) > 0 {
			t.Fatal(faults[0])
		}
		return rules
	}
	first, second, both := parse("1.yml", fmt.Sprintf(doc, "first")), parse("2.yml", fmt.Sprintf(doc, "second")), parse("3.yml", fmt.Sprintf(doc, "third")+"---\n"+counts)
	e := Compile(&Set{Rules: slices.Concat(first, second, both)}, one{})
	if len(e.Correlate([]Hit{{Rule: 0}, {Rule: 1}})) != 0 || len(e.Correlate([]Hit{{Rule: 2}})) != 1 {
		t.Error("the rule of the same file does not go first")
	}
	set := &Set{Rules: slices.Concat(first, second, parse("4.yml", counts))}
	if Compile(set, one{}); len(set.Inactive) != 1 || set.Inactive[0].Reason != `it refers to "login", which is the name of a rule in 1.yml and of another in 2.yml` || set.Inactive[0].Line != 2 {
		t.Errorf("two rules of a name: %v", set.Inactive)
	}
}

func TestChainsAreBounded(t *testing.T) {
	chain := func(n int) (docs string) {
		for i := range n {
			docs += fmt.Sprintf("---\ntitle: x%d\nname: x%d\ncorrelation: {type: event_count, rules: [%s], timespan: 1m, condition: {gte: 1}}\n", i, i, map[bool]string{true: "a", false: fmt.Sprint("x", i-1)}[i == 0])
		}
		return docs
	}
	wide := func(n int) (docs string) { // every one counts the two before it
		docs = chain(2)
		for i := 2; i < n; i++ {
			docs += fmt.Sprintf("---\ntitle: x%d\nname: x%d\ncorrelation: {type: event_count, rules: [x%d, x%d], timespan: 1m, condition: {gte: 1}}\n", i, i, i-1, i-2)
		}
		return docs
	}
	for _, c := range []struct {
		docs   string
		used   int
		failed int
	}{{chain(32), 35, 0}, {chain(40), 35, 1}, {wide(13), 16, 0}, {wide(20), 16, 1}} {
		rules, faults := Parse("r.yml", []byte(three+c.docs), ParseOptions{})
		if len(faults) > 0 {
			t.Fatal(faults[0])
		}
		set := &Set{Rules: rules}
		e := Compile(set, one{})
		if len(e.Rules()) != c.used || len(set.Failed) != c.failed || c.failed > 0 && !strings.Contains(set.Failed[0].Reason, "counts correlations that count others") {
			t.Errorf("%d rules are in use, failed %v", len(e.Rules()), set.Failed)
		}
		if got := e.Correlate([]Hit{{Rule: 0, ID: 7}}); len(got) != 1 || !slices.Equal(got[0].Hits, []int{7}) {
			t.Errorf("the outermost matches %v", got)
		}
	}
}

// TestAPercentileIsExact compares ranks with whole numbers: "2.2 percent of 1500" is 33, which floating point makes a little more of.
func TestAPercentileIsExact(t *testing.T) {
	for tenths := range 1001 {
		text := strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10)
		percentile, _ := strconv.ParseFloat(text, 64)
		p, ok := newShare(percentile)
		if !ok {
			t.Fatalf("%s is no percentile", text)
		}
		for n := 1; n < 2000; n++ {
			if got, want := p.rank(n), max(1, (tenths*n+999)/1000); got != want {
				t.Fatalf("%s percent of %d is the rank %d, want %d", text, n, got, want)
			}
		}
	}
	for _, c := range []struct {
		percentile float64
		n, rank    int
	}{{0, 5, 1}, {100, 1 << 40, 1 << 40}, {0.000000000000001, 1 << 40, 1}, {33.3333333333333, 1 << 50, 375299968947541}, {99.99, 10_000, 9999}, {99.99, 10_001, 10_000}} {
		if p, ok := newShare(c.percentile); !ok || p.rank(c.n) != c.rank {
			t.Errorf("%v percent of %d is the rank %d (%v), want %d", c.percentile, c.n, p.rank(c.n), ok, c.rank)
		}
	}
	e := correlating(t, "title: t\ncorrelation: {type: value_percentile, rules: a, timespan: 1d, condition: {field: U, percentile: 2.2, eq: 33}}")
	hits := make([]Hit, 1500)
	for i := range hits {
		hits[i] = Hit{Rule: 0, Time: int64(i), ID: i, Values: []HitValue{{strconv.Itoa(i + 1), true}}}
	}
	if got := e.Correlate(hits); len(got) != 1 || len(got[0].Hits) != 1500 {
		t.Errorf("%d matches of the 2.2nd percentile", len(got))
	}
}

// TestNumbersOfConditionsAreThoseOfYAML: a condition takes the numbers that a comparison of a rule takes.
func TestNumbersOfConditionsAreThoseOfYAML(t *testing.T) {
	read := func(number string) (*Correlation, []*RuleError) {
		rules, faults := Parse("c.yml", []byte("title: t\ncorrelation: {type: event_count, rules: a, timespan: 1m, condition: {gte: "+number+"}}"), ParseOptions{})
		if len(rules) == 0 {
			return nil, faults
		}
		return rules[0].Correlation, faults
	}
	for number, want := range map[string]float64{"16": 16, "0x10": 16, "0X1f": 31, "0o17": 15, "0b101": 5, "1_000": 1000, "+5": 5, "-0x10": -16, "1e3": 1000, "2.50": 2.5, "'16'": 16} {
		if c, faults := read(number); len(faults) != 0 || c.bounds[0].value != want {
			t.Errorf("%s: %+v, %v, want %v", number, c, faults, want)
		}
	}
	for _, number := range []string{"'0x10'", ".inf", ".nan", "yes", "~", "[1]", "0xg"} {
		if c, faults := read(number); c != nil || len(faults) != 1 || !strings.Contains(faults[0].Reason, "gte wants a number") {
			t.Errorf("%s: %+v, %v", number, c, faults)
		}
	}
}

// TestAliasesTellNamesApartByTheirCase: a name is called as it is written, and an id in either case.
func TestAliasesTellNamesApartByTheirCase(t *testing.T) {
	doc := func(name, id string) string {
		return "title: " + name + "\nname: " + name + "\nid: " + id + "\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n---\n"
	}
	for _, c := range []struct{ says, rules, aliases, upper, lower string }{
		{"both names", "[N, n]", "{N: F1, n: F2}", "F1", "F2"},
		{"both names the other way round", "[N, n]", "{n: F2, N: F1}", "F1", "F2"},
		{"the upper name only", "[N, n]", "{N: F1}", "F1", "u"},
		{"the lower name only", "[N, n]", "{n: F2}", "u", "F2"},
		{"ids in another case", "[N, n]", "{id-a: F1, Id-B: F2}", "F1", "F2"},
		{"an id that the rules have in another case", "[Id-a, n]", "{iD-A: F1}", "F1", "u"},
		{"an id and a name of one rule", "[N, n]", "{id-b: F3, n: F2}", "u", "F2"},
	} {
		rules, faults := Parse("r.yml", []byte(doc("N", "ID-A")+doc("n", "id-b")+"title: t\ncorrelation: {type: event_count, rules: "+c.rules+", group-by: u, timespan: 1m, condition: {gte: 1}, aliases: {u: "+c.aliases+"}}\n"), ParseOptions{})
		set := &Set{Rules: rules}
		e := Compile(set, one{})
		if len(faults)+len(set.Failed)+len(set.Inactive) > 0 {
			t.Fatal(c.says, faults, set.Failed, set.Inactive)
		}
		upper, _ := e.Wanted(0)
		lower, _ := e.Wanted(1)
		if !slices.Equal(upper, []string{c.upper}) || !slices.Equal(lower, []string{c.lower}) {
			t.Errorf("%s: N has %v and n has %v, want %s and %s", c.says, upper, lower, c.upper, c.lower)
		}
	}
}

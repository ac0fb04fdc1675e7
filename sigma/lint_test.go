package sigma

import (
	"fmt"
	"strings"
	"testing"
)

// TestWarningsNameWhatHasNoEffect: a rule that states what nobody uses loads all the same, and says where that stands.
func TestWarningsNameWhatHasNoEffect(t *testing.T) {
	const id = "id: 00000000-0000-4000-8000-00000000000a"
	whole := func(lines ...string) string {
		return "title: t\nlogsource: {product: windows}\n" + strings.Join(lines, "\n") + "\n"
	}
	detection := func(s string) string { return whole(id, "detection:", "  "+strings.ReplaceAll(s, "\n", "\n  ")) }
	for _, c := range []struct {
		says, src string
		want      []string
	}{
		{"a sound rule", whole(id, "status: test", "detection: {s: {A: 1}, condition: s}"), nil},
		{"an id in capitals", whole("id: 00000000-0000-4000-8000-00000000000A", "detection: {s: {A: 1}, condition: s}"), nil},
		{"no id", whole("detection: {s: {A: 1}, condition: s}"), []string{"1: it has no id"}},
		{"an empty id", whole("id: ''", "detection: {s: {A: 1}, condition: s}"), []string{"3: it has no id"}},
		{"an id of another kind", whole("id: rule-7", "detection: {s: {A: 1}, condition: s}"), []string{`3: the id "rule-7" is no UUID`}},
		{"an id in braces", whole("id: '{00000000-0000-4000-8000-00000000000a}'", "detection: {s: {A: 1}, condition: s}"), []string{"is no UUID"}},
		{"a status that is none", whole(id, "status: testing", "detection: {s: {A: 1}, condition: s}"), []string{`4: the status "testing" is none of stable, test, experimental, deprecated, unsupported`}},
		{"a status in capitals", whole(id, "status: Stable", "detection: {s: {A: 1}, condition: s}"), nil},
		{"an identifier that no condition uses", detection("s: {A: 1}\nfilter: {A: 2}\ncondition: s"), []string{`6: no condition uses "filter"`}},
		{"a hidden one", detection("s: {A: 1}\n_t: {A: 2}\ncondition: 1 of them"), []string{`6: no condition uses "_t"`}},
		{"one that another condition uses", detection("s: {A: 1}\nt: {A: 2}\ncondition: [s, t]"), nil},
		{"one that is negated", detection("s: {A: 1}\nt: {A: 2}\ncondition: s and not (s or t)"), nil},
		{"one that a pattern finds", detection("s_a: {A: 1}\ns_b: {A: 2}\nt: {A: 3}\ncondition: all of s_*"), []string{`7: no condition uses "t"`}},
		{"a window of time", detection("s: {A: 1}\ntimeframe: 5m\ncondition: s"), nil},
		{"UTF-16 at the end", detection("s:\n  A|wide: x\ncondition: s"), []string{"6: wide makes UTF-16"}},
		{"UTF-16 by its other name", detection("s:\n  - B: y\n  - A|utf16le: x\ncondition: s"), []string{"7: wide makes UTF-16"}},
		{"UTF-16 that is looked for", detection("s: {A|utf16be|contains: x}\ncondition: s"), []string{"5: utf16be makes UTF-16"}},
		{"UTF-16 behind base64", detection("s: {A|base64|utf16: x}\ncondition: s"), []string{"5: utf16 makes UTF-16"}},
		{"UTF-16 within base64", detection("s: {A|wide|base64offset|contains: xyz, B|utf16|base64: x}\ncondition: s"), nil},
		{"several", whole("detection:", "  s: {A|wide: 1}", "  t: {A: 1}", "  condition: t", "status: x"), []string{"1: it has no id", `4: wide makes`, `4: no condition uses "s"`, "7: the status"}},
		{"a filter", whole(id, "filter:", "  rules: any", "  s: {A: 1}", "  t: {A: 2}", "  condition: not s"), []string{`7: no condition uses "t"`}},
		{"a correlation", "title: t\ncorrelation: {type: temporal, rules: [a, b], timespan: 1m}\n", []string{"1: it has no id"}},
		{"an id that is common to all", "action: global\ntitle: t\n" + id + "\n---\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n", nil},
	} {
		t.Run(c.says, func(t *testing.T) {
			rules, faults := Parse("r.yml", []byte(c.src), ParseOptions{})
			if len(rules) != 1 || len(faults) != 0 {
				t.Fatalf("%d rules, %v", len(rules), faults)
			}
			var got []string
			for _, w := range rules[0].Warnings {
				got = append(got, fmt.Sprintf("%d: %s", w.Line, w.Text))
			}
			if len(got) != len(c.want) {
				t.Fatalf("%q, want %q", got, c.want)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
		})
	}
}

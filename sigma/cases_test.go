package sigma

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// TestMain collects a fourth as often: the tests make much and hold little, and a third of their time would go into collecting.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

// one maps every log source to one source of records.
type one struct{}

func (one) Sources(Logsource) []string { return []string{"records"} }

// Fill puts the event's values into the slots of a program.
func (e testEvent) Fill(to *Slots) {
	for name, values := range e {
		slot := slices.Index(to.Fields(), name)
		if slot >= 0 && len(values) == 0 {
			to.SetNull(slot)
		}
		for _, v := range values {
			if slot >= 0 {
				to.Set(slot, []byte(v))
			} else if to.Keywords() {
				to.AddKeyword([]byte(v))
			}
		}
	}
}

// document makes a rule file of a detection.
func document(detection string) string {
	return "title: t\nlogsource: {product: windows}\ndetection:\n  " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n  ") + "\n"
}

// parseEvent reads "{Image: 'a', User: null}".
func parseEvent(t testing.TB, text string) testEvent {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || doc.Content[0].Kind != yaml.MappingNode {
		t.Fatalf("the event %s: %v", text, err)
	}
	e := testEvent{}
	m := doc.Content[0].Content
	for i := 0; i < len(m); i += 2 {
		name, v := m[i].Value, m[i+1]
		switch {
		case v.Kind == yaml.SequenceNode:
			for _, x := range v.Content {
				e[name] = append(e[name], x.Value)
			}
		case v.Tag == "!!null":
			e[name] = nil
		default:
			e[name] = []string{v.Value}
		}
	}
	return e
}

// placeholders are what the cases and the differential test fill in.
var placeholders = map[string][]string{"admins": {"root", "adm*"}, "one": {"x"}, "folder": {`C:\Tools\`}, "star": {`a\*b`}}

// ruleCase is a rule of testdata/*.txt and what is asked of it.
type ruleCase struct {
	title, detection string
	asked            []question
}

type question struct {
	event string // as it is written
	want  bool
}

// repeated is how a case writes a long text: @ab:300@ is ab three hundred times.
var repeated = regexp.MustCompile(`@([^@\n]+?):(\d+)@`)

// ruleCases reads testdata/*.txt. A case is a comment that says what is shown, a detection (its one identifier's content when it
// has no condition), and events that match or do not.
func ruleCases(t testing.TB) (out []ruleCase) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range strings.Split("\n"+string(text), "\n# ")[1:] {
			title, body, _ := strings.Cut(c, "\n")
			out = append(out, readCase(title, repeated.ReplaceAllStringFunc(body, func(s string) string {
				part := repeated.FindStringSubmatch(s)
				n, _ := strconv.Atoi(part[2])
				return strings.Repeat(part[1], n)
			})))
		}
	}
	return out
}

func readCase(title, body string) ruleCase {
	c := ruleCase{title: title}
	var lines []string
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		if verdict, event, _ := strings.Cut(line, " "); verdict == "yes" || verdict == "no" {
			c.asked = append(c.asked, question{strings.TrimSpace(event), verdict == "yes"})
		} else if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	c.detection = strings.Join(lines, "\n")
	if !strings.Contains("\n"+c.detection, "\ncondition:") {
		c.detection = "selection:\n  " + strings.ReplaceAll(c.detection, "\n", "\n  ") + "\ncondition: selection"
	}
	return c
}

func TestRulesMeanWhatTheSpecificationSays(t *testing.T) {
	cases, events := ruleCases(t), 0
	seen := map[string]string{}
	for _, c := range cases {
		same := fmt.Sprint(c.detection, c.asked)
		if before, twice := seen[same]; twice {
			t.Errorf("%q asks what %q asks", c.title, before)
		}
		if before, twice := seen[c.title]; twice {
			t.Errorf("two cases are called %q: %s", c.title, before)
		}
		seen[same], seen[c.title] = c.title, c.detection
		t.Run(c.title, func(t *testing.T) { events += runCase(t, c) })
	}
	if len(cases) < 750 || events < 1980 {
		t.Errorf("%d cases ask about %d events, there were 750 and 1980", len(cases), events)
	}
}

func runCase(t *testing.T, c ruleCase) (events int) {
	rules, faults := Parse("case.yml", []byte(document(c.detection)), ParseOptions{Placeholders: placeholders})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	second, err := naiveRule(c.detection, placeholders)
	if err != nil {
		t.Fatal(err)
	}
	p := Compile(&Set{Rules: rules}, one{}).Program("records")
	m := p.NewMatcher()
	yes, no := false, false
	for _, a := range c.asked {
		event := parseEvent(t, a.event)
		yes, no = yes || a.want, no || !a.want
		if got := len(m.Match(event)) == 1; got != a.want {
			t.Errorf("%.300s matches: %v, want %v", a.event, got, a.want)
		}
		if got := p.Explain(0, event).Matched; got != a.want {
			t.Errorf("%.300s is explained as a match: %v, want %v", a.event, got, a.want)
		}
		if got := second(event); got != a.want {
			t.Errorf("%.300s matches by the naive reading: %v, want %v", a.event, got, a.want)
		}
	}
	if !yes || !no {
		t.Error("a case needs an event that matches and one that does not")
	}
	return len(c.asked)
}

func TestNumbersOfMatchesAreThoseOfTheEngine(t *testing.T) {
	var src strings.Builder
	for i := range 40 {
		fmt.Fprintf(&src, "title: rule %d\nlogsource: {product: p%d}\ndetection: {s: {Image|endswith: '%s.exe'}, condition: s}\n---\n", i, i%2, []string{"cmd", "calc", ""}[i%3])
	}
	rules, faults := Parse("many.yml", []byte(src.String()), ParseOptions{})
	if len(rules) != 40 || len(faults) != 0 {
		t.Fatal(len(rules), faults)
	}
	e := Compile(&Set{Rules: rules}, byProduct{})
	p := e.Program("p1")
	got := p.NewMatcher().Match(testEvent{"Image": {`C:\CMD.exe`}})
	if !slices.IsSorted(got) || len(got) == 0 {
		t.Fatalf("%v is not in order", got)
	}
	for _, id := range got {
		r := e.Rules()[id]
		if r.Logsource.Product != "p1" || !p.Has(id) || e.Program("p0").Has(id) {
			t.Errorf("rule %d is of %s", id, r.Logsource)
		}
	}
	want := 0
	for i := 1; i < 40; i += 2 {
		if i%3 != 1 {
			want++
		}
	}
	if len(got) != want {
		t.Errorf("%d rules match, want %d", len(got), want)
	}
}

type byProduct struct{}

func (byProduct) Sources(l Logsource) []string { return []string{l.Product} }

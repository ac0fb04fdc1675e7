package sigma

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

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

// rule makes a document of a detection.
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
var placeholders = map[string][]string{"admins": {"root", "adm*"}, "one": {"x"}}

// TestRulesMeanWhatTheSpecificationSays reads testdata/*.txt. A case is a comment that says what is shown, a detection (its one
// identifier's content when it has no condition), and events that match or do not.
func TestRulesMeanWhatTheSpecificationSays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases")
	}
	events := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range strings.Split("\n"+string(text), "\n# ")[1:] {
			title, body, _ := strings.Cut(c, "\n")
			t.Run(title, func(t *testing.T) { events += runCase(t, body) })
		}
	}
	if events < 400 {
		t.Errorf("%d events were asked about, there were 400", events)
	}
}

func runCase(t *testing.T, body string) (events int) {
	var detection []string
	var asked [][2]string
	for _, line := range strings.Split(body, "\n") {
		if verdict, event, _ := strings.Cut(line, " "); verdict == "yes" || verdict == "no" {
			asked = append(asked, [2]string{verdict, strings.TrimSpace(event)})
		} else if strings.TrimSpace(line) != "" {
			detection = append(detection, line)
		}
	}
	text := strings.Join(detection, "\n")
	if !strings.Contains("\n"+text, "\ncondition:") {
		text = "selection:\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\ncondition: selection"
	}
	rules, faults := Parse("case.yml", []byte(document(text)), ParseOptions{Placeholders: placeholders})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	second, err := naiveRule(text, placeholders)
	if err != nil {
		t.Fatal(err)
	}
	p := Compile(&Set{Rules: rules}, one{}).Program("records")
	m := p.NewMatcher()
	seen := map[string]bool{}
	for _, a := range asked {
		event := parseEvent(t, a[1])
		want := a[0] == "yes"
		seen[a[0]] = true
		if got := len(m.Match(event)) == 1; got != want {
			t.Errorf("%s matches: %v, want %v", a[1], got, want)
		}
		if got := p.Explain(0, event).Matched; got != want {
			t.Errorf("%s is explained as a match: %v, want %v", a[1], got, want)
		}
		if got := second(event); got != want {
			t.Errorf("%s matches by the naive reading: %v, want %v", a[1], got, want)
		}
	}
	if !seen["yes"] || !seen["no"] {
		t.Error("a case needs an event that matches and one that does not")
	}
	return len(asked)
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

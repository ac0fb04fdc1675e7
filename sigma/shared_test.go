package sigma

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const shared = "../../shared/"

// sharedEvents reads the regression cases as their authors exported them; values are as JSON states them.
func sharedEvents(t *testing.T) (out []testEvent) {
	t.Helper()
	err := filepath.WalkDir(shared+"evidence/sigma-regression", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".json" {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		for dec := json.NewDecoder(f); ; {
			var doc struct {
				Event struct {
					EventData, UserData map[string]any
				}
			}
			if err := dec.Decode(&doc); err == io.EOF {
				return nil
			} else if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			e := testEvent{}
			for k, v := range doc.Event.EventData {
				if k = strings.ReplaceAll(k, " ", ""); v == nil {
					e[k] = nil
				} else {
					e[k] = []string{fmt.Sprint(v)}
				}
			}
			out = append(out, e)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sysmonEvents reads up to most events of every kind, evenly taken, of a recording of Sysmon; values are as JSON states them.
func sysmonEvents(t *testing.T, most int) (out []testEvent) {
	t.Helper()
	f, err := os.Open(shared + "evidence/eqllib/sysmon-rta.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	dec := json.NewDecoder(text)
	dec.UseNumber()
	if err := dec.Decode(&records); err != nil {
		t.Fatal(err)
	}
	kinds := map[string][]testEvent{}
	seen := map[string]bool{}
	for _, r := range records {
		e, same := testEvent{}, map[string]any{}
		for k, v := range r {
			if k == "EventId" {
				k = "EventID"
			}
			if v == nil {
				e[k] = nil
			} else {
				e[k] = []string{fmt.Sprint(v)}
			}
			if !strings.HasSuffix(k, "Time") && !strings.HasSuffix(k, "ProcessId") && !strings.HasSuffix(strings.ToLower(k), "guid") && k != "SourceThreadId" {
				same[k] = v
			}
		}
		if text := fmt.Sprint(same); !seen[text] { // what only happened again tells nothing new
			seen[text] = true
			kinds[e["EventID"][0]] = append(kinds[e["EventID"][0]], e)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		list := kinds[kind]
		for i := range min(most, len(list)) {
			out = append(out, list[i*len(list)/min(most, len(list))])
		}
	}
	return out
}

// madeEvent is an event that holds what a rule asks for, as far as texts tell: the values of its fields one behind the other when
// all are wanted, else the first or another, here and there in capitals or without its last letter.
func madeEvent(c chance, detection *yaml.Node) testEvent {
	e := testEvent{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, v := range n.Content {
			if n.Kind != yaml.MappingNode {
				walk(v)
				continue
			}
			if i%2 == 0 || v.Kind == yaml.MappingNode {
				walk(v)
				continue
			}
			field, mods, _ := strings.Cut(n.Content[i-1].Value, "|")
			if field == "condition" || len(v.Content) > 0 && v.Content[0].Kind != yaml.ScalarNode {
				walk(v)
				continue
			}
			texts := []string{v.Value}
			for k, x := range v.Content {
				if texts = append(texts, x.Value); k == 0 {
					texts = texts[1:]
				}
			}
			text := texts[c.IntN(len(texts))]
			if strings.Contains(mods, "all") {
				text = strings.Join(texts, "")
			}
			text = strings.NewReplacer(`\\`, `\`, `\*`, `*`, `\?`, `?`, `*`, "", `?`, "x").Replace(text)
			switch c.IntN(8) {
			case 0:
				text = strings.ToUpper(text)
			case 1:
				text = text[:max(0, len(text)-1)]
			case 2:
				text = "C:" + text
			case 3:
				text += " "
			}
			if strings.Contains(mods, "contains") && c.of(2) {
				text = "x" + text + "y"
			}
			if name := strings.ReplaceAll(field, " ", ""); e[name] == nil || c.of(3) {
				e[name] = []string{text}
			}
		}
	}
	walk(detection)
	if len(e[""]) == 0 {
		delete(e, "")
	}
	return e
}

// TestSharedRulesAgreeWithTheNaiveReading compares both over the rules and events that people wrote, and over events made of the
// rules, each of which a part of the rules is asked about, its own among them.
func TestSharedRulesAgreeWithTheNaiveReading(t *testing.T) {
	if _, err := os.Stat(shared + "sigma-rules"); err != nil {
		t.Skip("../shared/sigma-rules is absent")
	}
	t.Parallel()
	set, err := Load(os.DirFS(shared+"sigma-rules"), ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := Compile(set, one{})
	c, r := comparison{program: e.Program("records")}, newNaiveReader(nil)
	random := chance{rand.New(rand.NewPCG(5, 7))}
	var made []testEvent
	seen := map[string]bool{}
	for _, rule := range e.Rules() {
		src, err := os.ReadFile(shared + "sigma-rules/" + rule.File)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Detection yaml.Node }
		if err := yaml.Unmarshal(src, &doc); err != nil {
			t.Fatal(err)
		}
		f, err := r.detection(&doc.Detection)
		if err != nil {
			t.Fatalf("%s: %v", rule.File, err)
		}
		text, err := yaml.Marshal(&doc.Detection)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(text)] = true
		c.second, c.sources = append(c.second, f), append(c.sources, rule.File)
		made = append(made, madeEvent(random, &doc.Detection))
	}
	people := sharedEvents(t)
	_, whole := os.LookupEnv("REEVE_CONFORMANCE") // set, and empty, where `make conformance` runs this
	if whole {
		people = append(people, sysmonEvents(t, 200)...)
	}
	real := distinct(people)
	count := c.over(t, real, nil)
	t.Logf("%d events of people: %+v", len(real), count)
	const parts = 16
	own := c.over(t, made, func(rule, event int) bool { return rule%parts == event%parts })
	t.Logf("%d events of rules: %+v", len(made), own)
	if twice := len(c.second) - len(seen); twice > len(c.second)/100 || len(distinct(made)) < len(made)*9/10 {
		t.Errorf("%d rules are like others, and %d of %d events like none", twice, len(distinct(made)), len(made))
	}
	count.add(own)
	least := tally{pairs: 1_300_000, matches: 2_500, explained: 3_850}
	if whole {
		least = tally{pairs: 6_400_000, matches: 4_800, explained: 5_000}
	}
	if count.pairs < least.pairs || count.matches < least.matches || count.explained < least.explained {
		t.Errorf("%+v: too few to prove anything", count)
	}
	t.Logf("%d cases", count.pairs)
}

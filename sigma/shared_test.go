package sigma

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
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

// TestSharedRulesAgreeWithTheNaiveReading compares both over the rules and events that people wrote.
func TestSharedRulesAgreeWithTheNaiveReading(t *testing.T) {
	if _, err := os.Stat(shared + "sigma-rules"); err != nil {
		t.Skip("../shared/sigma-rules is absent")
	}
	set, err := Load(os.DirFS(shared+"sigma-rules"), ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := Compile(set, one{})
	p := e.Program("records")
	second := make([]naive, len(e.Rules()))
	for i, r := range e.Rules() {
		src, err := os.ReadFile(shared + "sigma-rules/" + r.File)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct{ Detection yaml.Node }
		if err := yaml.Unmarshal(src, &doc); err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(&doc.Detection)
		if err != nil {
			t.Fatal(err)
		}
		if second[i], err = naiveRule(string(text), nil); err != nil {
			t.Fatalf("%s: %v", r.File, err)
		}
	}
	pairs, matches := 0, 0
	m := p.NewMatcher()
	for n, event := range sharedEvents(t) {
		if testing.Short() && n%10 != 0 {
			continue
		}
		got := m.Match(event)
		for i, f := range second {
			want := f(event)
			pairs++
			if want {
				matches++
			}
			if slices.Contains(got, int32(i)) != want {
				t.Errorf("%s matches event %d: %v, want %v", e.Rules()[i].File, n, !want, want)
			}
		}
	}
	if !testing.Short() && (pairs < 438_000 || matches < 345) {
		t.Errorf("%d pairs were compared and %d matched: too few to prove anything", pairs, matches)
	}
	t.Logf("%d pairs, %d matches", pairs, matches)
	t.Logf("%d cases", pairs)
}

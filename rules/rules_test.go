package rules_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"reeve/internal/detect"
	"reeve/internal/winlog"
	"reeve/internal/winlog/recordtest"
	"reeve/rules"
	"reeve/sigma"
)

type windows struct{}

func (windows) Sources(l sigma.Logsource) []string {
	return winlog.RuleSources(l.Category, l.Product, l.Service)
}

func compile(t *testing.T) (*sigma.Engine, *detect.Matcher) {
	t.Helper()
	set, err := sigma.Load(rules.FS, sigma.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	engine := sigma.Compile(set, windows{})
	for _, f := range slices.Concat(set.Failed, set.Inactive) {
		t.Errorf("%v", f)
	}
	if len(engine.Rules()) < 15 {
		t.Fatalf("%d rules are in use, there were 15", len(engine.Rules()))
	}
	return engine, detect.NewMatcher(engine, detect.Meaning{Sources: winlog.NewDecoder().RuleSources, Field: winlog.RuleField})
}

// TestEveryRuleMatchesWhatItIsForAndNothingLikeIt reads testdata/<rule>.txtar, whose members say what a record is and begin with
// "match: " or "quiet: ".
func TestEveryRuleMatchesWhatItIsForAndNothingLikeIt(t *testing.T) {
	engine, m := compile(t)
	for id, r := range engine.Rules() {
		name := strings.TrimSuffix(path.Base(r.File), ".yml")
		t.Run(name, func(t *testing.T) {
			a, err := txtar.ParseFile("testdata/" + name + ".txtar")
			if err != nil {
				t.Fatalf("a rule needs cases: %v", err)
			}
			count := map[string]int{}
			for _, f := range a.Files {
				verdict, _, ok := strings.Cut(f.Name, ": ")
				if !ok || verdict != "match" && verdict != "quiet" {
					t.Fatalf("the member %q is neither a match nor quiet", f.Name)
				}
				count[verdict]++
				for _, rec := range recordtest.Parse(t, string(f.Data)) {
					for _, x := range []*recordtest.Record{rec, rec.UTF16()} {
						if got := slices.Contains(m.Match(x), int32(id)); got != (verdict == "match") {
							t.Errorf("%s: the rule matches: %v", f.Name, got)
						}
					}
				}
			}
			if count["match"] < 2 || count["quiet"] < 2 {
				t.Errorf("%d records match and %d are quiet; two of each are the least", count["match"], count["quiet"])
			}
		})
	}
}

// TestNoCasesAreLeftBehind: a renamed or removed rule takes its cases along.
func TestNoCasesAreLeftBehind(t *testing.T) {
	list, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		name := strings.TrimSuffix(f.Name(), ".txtar")
		if _, err := fs.Stat(rules.FS, "windows/"+name+".yml"); err != nil && name != "honest" {
			t.Errorf("testdata/%s is of no rule", f.Name())
		}
	}
}

var levels = []string{"none", "informational", "low", "medium", "high", "critical"}

// TestHonestWorkIsQuiet: what developers do every day matches nothing above what its case says, and that much it does match.
func TestHonestWorkIsQuiet(t *testing.T) {
	engine, m := compile(t)
	a, err := txtar.ParseFile("testdata/honest.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Files) < 9 {
		t.Fatalf("%d cases, there were 9", len(a.Files))
	}
	for _, f := range a.Files {
		want, _, _ := strings.Cut(f.Name, ": ")
		got, by := "none", ""
		for _, rec := range recordtest.Parse(t, string(f.Data)) {
			for _, id := range m.Match(rec) {
				if r := engine.Rules()[id]; slices.Index(levels, r.Level) > slices.Index(levels, got) {
					got, by = r.Level, r.Title
				}
			}
		}
		if got != want {
			t.Errorf("%s: the gravest match is %s, by %q", f.Name, got, by)
		}
	}
}

var (
	uuid      = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	technique = regexp.MustCompile(`^attack\.t\d{4}(\.\d{3})?$`)
)

var tactics = []string{"reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation", "defense-evasion", "credential-access", "discovery",
	"lateral-movement", "collection", "command-and-control", "exfiltration", "impact"}

func TestRulesAreWellFormed(t *testing.T) {
	engine, _ := compile(t)
	ids, titles := map[string]string{}, map[string]string{}
	for _, r := range engine.Rules() {
		if !uuid.MatchString(r.ID) || ids[r.ID] != "" {
			t.Errorf("%s: the id %q is no UUID or that of %s", r.File, r.ID, ids[r.ID])
		}
		if titles[r.Title] != "" || len(r.Title) > 110 {
			t.Errorf("%s: the title is long or that of %s", r.File, titles[r.Title])
		}
		ids[r.ID], titles[r.Title] = r.File, r.File
		if !slices.Contains([]string{"low", "medium", "high"}, r.Level) || r.Status != "test" || r.Description == "" || r.Author == "" || len(r.FalsePositives) == 0 {
			t.Errorf("%s lacks a level, a status, a description, an author or false positives", r.File)
		}
		known := 0
		for _, tag := range r.Tags {
			switch {
			case technique.MatchString(tag):
				known++
			case !slices.Contains(tactics, strings.TrimPrefix(tag, "attack.")):
				t.Errorf("%s: the tag %q is neither tactic nor technique", r.File, tag)
			}
		}
		if known == 0 || known == len(r.Tags) {
			t.Errorf("%s: tags name a tactic and a technique, not %v", r.File, r.Tags)
		}
		for _, field := range r.Fields() {
			if field == "" {
				t.Errorf("%s looks for keywords, which cost every record of its kind", r.File)
			}
		}
	}
}

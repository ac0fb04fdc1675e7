package detect_test

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/sigma"
)

var update = flag.Bool("update", false, "rewrite golden files")

const shared = "../../../shared/"

// windows maps log sources as the program does.
type windows struct{}

func (windows) Sources(l sigma.Logsource) []string {
	return winlog.RuleSources(l.Category, l.Product, l.Service)
}

func sharedRules(t testing.TB) *sigma.Set {
	t.Helper()
	if _, err := os.Stat(shared + "sigma-rules"); err != nil {
		t.Skip("../shared/sigma-rules is absent")
	}
	set, err := sigma.Load(os.DirFS(shared+"sigma-rules"), sigma.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newMatcher(e *sigma.Engine) *detect.Matcher {
	return detect.NewMatcher(e, detect.Meaning{Sources: winlog.NewDecoder().RuleSources, Field: winlog.RuleField})
}

// TestEverySharedRuleIsAccountedFor: no rule of the collection is dropped without a word.
func TestEverySharedRuleIsAccountedFor(t *testing.T) {
	set := sharedRules(t)
	if n := len(set.Rules) + len(set.Inactive) + len(set.Failed); n != set.Files || n != 3777 {
		t.Errorf("%d rules are accounted for, of %d files; there are 3777", n, set.Files)
	}
	for _, f := range set.Failed {
		t.Errorf("failed: %v", f)
	}
	for _, f := range set.Inactive {
		if !strings.Contains(f.Reason, "placeholder %") || f.ID == "" || f.Line == 0 {
			t.Errorf("inactive: %v", f)
		}
	}
	if len(set.Inactive) != 25 {
		t.Errorf("%d rules want placeholders, 25 do", len(set.Inactive))
	}
	active := len(set.Rules)
	start := time.Now()
	engine := sigma.Compile(set, windows{})
	t.Logf("compiled in %v", time.Since(start))
	t.Logf("%d cases", set.Files)
	var got strings.Builder
	count := map[string]int{}
	for _, f := range set.Inactive[25:] {
		count[f.Reason]++
	}
	count["rules of Windows in use"] = len(engine.Rules())
	if active != len(engine.Rules())+len(set.Inactive)-25 {
		t.Errorf("%d rules are in use and %d have no records, of %d", len(engine.Rules()), len(set.Inactive)-25, active)
	}
	for _, reason := range slices.Sorted(maps.Keys(count)) {
		if strings.Contains(reason, " windows") && !strings.Contains(reason, "file_access") && !strings.Contains(reason, "file_rename") {
			t.Errorf("%d: %s", count[reason], reason)
		}
		fmt.Fprintf(&got, "%d\t%s\n", count[reason], reason)
	}
	golden(t, "shared_rules.tsv", got.String())
}

// matches is a sink that counts the matches of each rule by file, each record once.
type matches struct {
	t       testing.TB
	matcher *detect.Matcher
	engine  *sigma.Engine
	records int
	count   map[string]map[string]int // by file and rule
}

func (m *matches) Record(r reeve.Record) {
	m.records++
	for _, id := range m.matcher.Match(r) {
		if m.count[r.Ref().File] == nil {
			m.count[r.Ref().File] = map[string]int{}
		}
		m.count[r.Ref().File][m.engine.Rules()[id].ID]++
	}
}

func (m *matches) Lost(e reeve.ReadError) { m.t.Errorf("%v: %v", e.Ref, e.Err) }

func scan(t testing.TB, engine *sigma.Engine, folder string, only func(string) bool) *matches {
	t.Helper()
	set, err := evidence.Open([]string{folder}, evidence.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	m := &matches{t: t, matcher: newMatcher(engine), engine: engine, count: map[string]map[string]int{}}
	if _, err := ingest.Scan(context.Background(), set, ingest.Options{Threads: 1, Only: only}, func(int) ingest.Sink { return m }); err != nil {
		t.Fatal(err)
	}
	return m
}

// miscounted are cases whose upstream count was wrong and was corrected later.
var miscounted = map[string]int{"45e112d0-7759-4c2a-aa36-9f8fb79d3393": 3, "c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2}

var stated = regexp.MustCompile(`match_count=(\d+)`)

// TestRegressionCasesMatchAsLabelled runs every case with all rules of Windows loaded and records routed to them.
func TestRegressionCasesMatchAsLabelled(t *testing.T) {
	set := sharedRules(t)
	engine := sigma.Compile(set, windows{})
	const folder = shared + "evidence/sigma-regression"
	m := scan(t, engine, folder, func(name string) bool { return path.Ext(name) == ".evtx" })
	f, err := os.Open(shared + "evidence/labels.csv")
	if err != nil {
		t.Skip("../shared/evidence/labels.csv is absent")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, row := range rows {
		file, id, says := row[0], row[5], row[7]
		if !strings.HasPrefix(file, "sigma-regression/") {
			continue
		}
		cases++
		got := m.count[file][id]
		want, exact := 1, false
		if s := stated.FindStringSubmatch(says); s != nil {
			_, err := fmt.Sscan(s[1], &want)
			if exact = true; err != nil {
				t.Fatal(err)
			}
		}
		if n, ok := miscounted[id]; ok {
			want = n
		}
		if got < want || exact && got != want {
			t.Errorf("%s matches %d times, want %d: %s", id, got, want, file)
		}
	}
	if cases != 106 || m.records < cases {
		t.Errorf("%d cases with %d records, there were 106", cases, m.records)
	}
	var b strings.Builder
	for _, file := range slices.Sorted(maps.Keys(m.count)) {
		for _, id := range slices.Sorted(maps.Keys(m.count[file])) {
			fmt.Fprintf(&b, "%s\t%s\t%d\n", file, id, m.count[file][id])
		}
	}
	golden(t, "shared_regression.tsv", b.String())
	t.Logf("%d cases", cases)
}

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(got, "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(have) || have[i] != line {
			t.Fatalf("%s line %d is\n  %s\nwant\n  %s", name, i+1, strings.Join(have[min(i, len(have)):min(i+1, len(have))], ""), line)
		}
	}
	if n := strings.Count(string(want), "\n"); len(have) > n+1 {
		t.Fatalf("%s has %d lines more", name, len(have)-n-1)
	}
}

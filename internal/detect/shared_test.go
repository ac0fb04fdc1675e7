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
	"reeve/internal/winlog/recordtest"
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

// matches is a sink that counts the matches of each rule by file, each record once, and keeps them by record.
type matches struct {
	t       testing.TB
	matcher *detect.Matcher
	engine  *sigma.Engine
	records int
	count   map[string]map[string]int // by file and rule
	pairs   []string                  // file, record id and rules; in the order of the records
}

func (m *matches) Record(r reeve.Record) {
	m.records++
	file := r.Ref().File
	var rules []string
	for _, id := range m.matcher.Match(r) {
		if m.count[file] == nil {
			m.count[file] = map[string]int{}
		}
		rule := m.engine.Rules()[id].ID
		m.count[file][rule]++
		rules = append(rules, rule)
	}
	if rules != nil {
		slices.Sort(rules)
		m.pairs = append(m.pairs, fmt.Sprintf("%s\t%d\t%s", path.Base(file), r.Ref().RecordID, strings.Join(rules, " ")))
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
	base := map[string]string{}
	for file := range m.count {
		if other := base[path.Base(file)]; other != "" {
			t.Errorf("%s and %s have one name", file, other)
		}
		base[path.Base(file)] = file
	}
	slices.SortStableFunc(m.pairs, func(a, b string) int {
		return strings.Compare(a[:strings.IndexByte(a, '\t')], b[:strings.IndexByte(b, '\t')])
	})
	golden(t, "shared_regression.tsv", strings.Join(m.pairs, "\n")+"\n")
	t.Logf("%d cases", cases)
}

// asker is a sink that asks each class of records for every field that the rules of its sources look at.
type asker struct {
	decoder *winlog.Decoder
	fields  map[string]map[string]bool // by source: whether a class answered
	met     map[string]bool            // sources that have records
	known   map[any]bool
}

func (a *asker) Lost(reeve.ReadError) {}

func (a *asker) Record(r reeve.Record) {
	type class struct {
		class reeve.Class
		head  string
	}
	h := r.Head()
	k := class{r.Class(), fmt.Sprint(h.Provider, "|", h.Channel, "|", h.EventID, "|", a.decoder.Kind(r))}
	if a.known[k] {
		return
	}
	a.known[k] = true
	for _, source := range a.decoder.RuleSources(r) {
		a.met[source] = true
		for field, answered := range a.fields[source] {
			if at, _ := winlog.RuleField(r, source, field); !answered && at != nil {
				a.fields[source][field] = true
			}
		}
	}
}

// unanswered lists sources and fields, "*" for all fields of a source that has no records.
func (a *asker) unanswered() (out []string) {
	for source, fields := range a.fields {
		if !a.met[source] {
			out = append(out, source+"\t*")
			continue
		}
		for field, answered := range fields {
			if !answered {
				out = append(out, source+"\t"+field)
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestTheFieldsOfSharedRulesAreAnswered asks the records of the evidence, and those that show what the code knows, for the fields of
// all rules of Windows. The golden file states what none of them answers, each with the reason; -update adds new ones without.
func TestTheFieldsOfSharedRulesAreAnswered(t *testing.T) {
	set := sharedRules(t)
	engine := sigma.Compile(set, windows{})
	a := &asker{decoder: winlog.NewDecoder(), fields: map[string]map[string]bool{}, met: map[string]bool{}, known: map[any]bool{}}
	asked := 0
	for _, r := range engine.Rules() {
		for _, source := range (windows{}).Sources(r.Logsource) {
			if a.fields[source] == nil {
				a.fields[source] = map[string]bool{}
			}
			for _, field := range r.Fields() {
				if field != "" {
					a.fields[source][field] = false
				}
			}
		}
	}
	for _, fields := range a.fields {
		asked += len(fields)
	}
	for _, rec := range shownRecords(t) {
		a.Record(rec)
	}
	ev, err := evidence.Open([]string{shared + "evidence"}, evidence.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	if _, err := ingest.Scan(context.Background(), ev, ingest.Options{Threads: 1}, func(int) ingest.Sink { return a }); err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	old, err := os.ReadFile(filepath.Join("testdata", "shared_unanswered.tsv"))
	if err != nil && !*update {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(old)) {
		if i := strings.LastIndexByte(line, '\t'); i >= 0 {
			reasons[line[:i]] = strings.TrimSpace(line[i+1:])
		}
	}
	var got strings.Builder
	for _, pair := range a.unanswered() {
		if reasons[pair] == "" {
			t.Errorf("%q is answered by no record, and no reason is given", pair)
		}
		fmt.Fprintf(&got, "%s\t%s\n", pair, reasons[pair])
	}
	golden(t, "shared_unanswered.tsv", got.String())
	t.Logf("%d cases", asked)
}

// shownRecords are the golden records of winlog, which show every meaning that it knows.
func shownRecords(t *testing.T) (out []*recordtest.Record) {
	t.Helper()
	files, err := filepath.Glob("../winlog/testdata/*.txtar")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files show what winlog knows: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, section := range strings.Split(string(text), "\n-- ") {
			if name, record, ok := strings.Cut(section, " --\n"); ok && strings.HasSuffix(name, ".record") {
				out = append(out, recordtest.One(t, record))
			}
		}
	}
	return out
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

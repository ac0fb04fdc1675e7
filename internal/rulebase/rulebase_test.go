package rulebase

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/sigma"
)

type windows struct{}

func (windows) Sources(l sigma.Logsource) []string {
	return winlog.RuleSources(l.Category, l.Product, l.Service)
}

// engine compiles rules; each is "title id category", and a detection below it.
func engine(t testing.TB, text string) *sigma.Engine {
	t.Helper()
	var src []string
	for _, r := range strings.Split(strings.TrimSpace(text), "\n\n") {
		head, detection, _ := strings.Cut(r, "\n")
		f := strings.Fields(head)
		src = append(src, "title: "+f[0]+"\nid: "+f[1]+"\nlogsource: {product: windows, category: "+f[2]+"}\ndetection:\n  "+strings.ReplaceAll(detection, "\n", "\n  ")+"\n")
	}
	list, faults := sigma.Parse("rules.yml", []byte(strings.Join(src, "---\n")), sigma.ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return sigma.Compile(&sigma.Set{Rules: list}, windows{})
}

// started is a line of JSON about a started process.
func started(image, line string) string {
	return `{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"Microsoft-Windows-Sysmon","Hostname":"a","EventTime":"2024-05-01 10:00:00","Image":"` + image + `","CommandLine":"` + line + `"}` + "\n"
}

// written writes files into a folder.
func written(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func opened(t testing.TB, path string) *evidence.Set {
	t.Helper()
	set, err := evidence.Open([]string{path}, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func TestAProfileTellsTheStatesOfRulesApart(t *testing.T) {
	e := engine(t, `
matches 1 process_creation
s: {Image|endswith: cmd.exe}
condition: s

silent 2 process_creation
s: {Image|endswith: calc.exe}
condition: s

blind 3 process_creation
s: {Image|endswith: cmd.exe, Company: ACME}
condition: s

unshown 4 image_load
s: {Image: x}
condition: s

elsewhere 5 process_creation
s: {EventID: 4688, Image|endswith: cmd.exe}
condition: s`)
	dir := written(t, map[string]string{"a.json": started("cmd.exe", "x") + started("notepad.exe", "y")})
	var now time.Duration
	p, err := Measure(context.Background(), opened(t, dir), e, ingest.Options{}, func() time.Duration { now += 10; return now })
	if err != nil {
		t.Fatal(err)
	}
	if p.Records != 2 || len(p.Rules) != 5 {
		t.Fatalf("%d records, %d rules", p.Records, len(p.Rules))
	}
	for i, want := range []Use{
		{Cost: sigma.Cost{Shown: 2, Matched: 1}, State: Evaluable}, {Cost: sigma.Cost{Shown: 2}, State: Evaluable}, {Cost: sigma.Cost{Shown: 2}, State: NotEvaluable, Missing: []string{"Company"}},
		{State: NoRecords}, {Cost: sigma.Cost{Shown: 2}, State: NoEvents},
	} {
		var got Use
		for _, u := range p.Rules {
			if int(u.Rule) == i {
				got = u
			}
		}
		if got.State != want.State || got.Shown != want.Shown || got.Matched != want.Matched || strings.Join(got.Missing, " ") != strings.Join(want.Missing, " ") {
			t.Errorf("%s: %+v, want %+v", e.Rules()[i].Title, got, want)
		}
	}
	for i := 1; i < len(p.Rules); i++ {
		if p.Rules[i-1].Time < p.Rules[i].Time {
			t.Errorf("rule %d costs %v, more than the one before it", i, p.Rules[i].Time)
		}
	}
}

func TestNamesOfRecords(t *testing.T) {
	for _, c := range []struct {
		text string
		want Name
		bad  bool
	}{
		{"a.evtx#12", Name{"a.evtx", ByRecord, 12}, false},
		{"a.evtx@0x1200", Name{"a.evtx", ByOffset, 0x1200}, false},
		{"a.json:3", Name{"a.json", ByLine, 3}, false},
		{`C:\logs\a.evtx`, Name{File: `C:\logs\a.evtx`}, false},
		{`C:\logs\a.evtx#1`, Name{`C:\logs\a.evtx`, ByRecord, 1}, false},
		{"logs/a b.evtx, record 12", Name{"logs/a b.evtx", ByRecord, 12}, false},
		{"logs/a.csv, line 2", Name{"logs/a.csv", ByLine, 2}, false},
		{"logs.zip!/a.evtx, byte 4096", Name{"logs.zip!/a.evtx", ByOffset, 4096}, false},
		{"there#1", Name{File: "there#1"}, false}, // a file of that name exists
		{`{"file":"x/a.evtx","record_id":7,"offset":4608,"line":null}`, Name{"x/a.evtx", ByOffset, 4608}, false},
		{`{"file":"x/a.evtx","record_id":7}`, Name{"x/a.evtx", ByRecord, 7}, false},
		{`{"file":"x/a.evtx"}`, Name{File: "x/a.evtx"}, false},
		{`{"record_id":7}`, Name{}, true},
		{`{`, Name{}, true},
		{"a.evtx#99999999999999999999", Name{}, true},
	} {
		got, err := ParseName(c.text, func(name string) bool { return name == "there#1" })
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%s is %+v, %v; want %+v", c.text, got, err, c.want)
		}
	}
	if p := (Name{File: "logs.zip!/a/b.evtx"}).Path(); p != "logs.zip" {
		t.Errorf("the member is in %s", p)
	}
}

func TestARecordIsExplained(t *testing.T) {
	e := engine(t, "cmd 1 process_creation\ns: {Image|endswith: cmd.exe}\ncondition: s\n\nload 2 image_load\ns: {Image|endswith: cmd.exe}\ncondition: s")
	dir := written(t, map[string]string{"two.json": started("cmd.exe", "x") + started("notepad.exe", "y"), "one.json": started("cmd.exe", "x"), "none.txt": "no log"})
	for _, c := range []struct {
		says    string
		rule    int32
		name    string
		routed  bool
		matched bool
		holds   bool // the condition
		err     string
	}{
		{"a record of a line", 0, "two.json:1", true, true, true, ""},
		{"another", 0, "two.json:2", true, false, false, ""},
		{"the only one", 0, "one.json", true, true, true, ""},
		{"the only one at its place", 0, "one.json@0", true, true, true, ""},
		{"a rule of another log source", 1, "one.json", false, false, true, ""},
		{"several", 0, "two.json", false, false, false, "2 records"},
		{"no such line", 0, "two.json:7", false, false, false, "on line 7"},
		{"no id", 0, "one.json#1", false, false, false, "with the id 1"},
		{"no log", 0, "none.txt", false, false, false, "without event records"},
	} {
		t.Run(c.says, func(t *testing.T) {
			name, err := ParseName(filepath.Join(dir, c.name), func(string) bool { return false })
			if err != nil {
				t.Fatal(err)
			}
			x, err := Explain(context.Background(), opened(t, name.Path()), e, c.rule, name, ingest.Options{})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if x.Routed != c.routed || x.Matched() != c.matched || x.Condition.Matched != c.holds {
				t.Errorf("routed %v, matched %v, holds %v", x.Routed, x.Matched(), x.Condition.Matched)
			}
			if got := strings.Join(x.Sources, ", "); got != "product windows, service sysmon, category process_creation" {
				t.Errorf("the record belongs to %s", got)
			}
		})
	}
	set := opened(t, dir)
	name := Name{File: filepath.Base(dir) + "/two.json", By: ByLine, N: 1}
	if x, err := Explain(context.Background(), set, e, 0, name, ingest.Options{}); err != nil || !x.Matched() {
		t.Errorf("by its citation: %v, %v", x, err)
	}
	if _, err := Explain(context.Background(), set, e, 0, Name{File: dir}, ingest.Options{}); err == nil || !strings.Contains(err.Error(), "3 files") {
		t.Errorf("a folder: %v", err)
	}
}

const good = "rule_metadata: [{id: '1', title: cmd}]\nregression_tests_info:\n  - {name: n, type: json, provider: p, match_count: 1, path: regression_data/rules/a/e.json}\n"

func TestASuiteIsReadWhereverItsFolderBegins(t *testing.T) {
	files := fstest.MapFS{"regression_data/rules/a/info.yml": {Data: []byte(good)}, "regression_data/rules/a/e.json": {Data: []byte("{}")}, "rules/a.yml": {Data: []byte("title: t\nregression_tests_path: regression_data/rules/a/info.yml\n")},
		"rules/b.yml": {Data: []byte("title: t\nregression_tests_path: 'regression_data/rules/b/info.yml' # gone\n")}}
	for _, dir := range []string{".", "regression_data", "regression_data/rules", "regression_data/rules/a"} {
		sub, err := fs.Sub(files, dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := LoadSuite(sub)
		if err != nil || len(s.Faults) > 0 || len(s.Cases) != 1 {
			t.Fatalf("%s: %d cases, faults %v, %v", dir, len(s.Cases), s.Faults, err)
		}
		if c := s.Cases[0]; filepath.ToSlash(filepath.Join(dir, c.Evidence)) != "regression_data/rules/a/e.json" || c.RuleID != "1" || c.Want != 1 || !c.Stated || c.Line != 3 {
			t.Errorf("%s: %+v", dir, c)
		}
		rules, err := fs.Sub(files, "rules")
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.Dangling(rules)
		if err != nil || dir == "regression_data/rules/a" {
			if err != nil || len(list) > 0 {
				t.Errorf("%s: dangling %v, %v", dir, list, err)
			}
			continue
		}
		if len(list) != 1 || list[0] != (Pointer{"b.yml", "regression_data/rules/b/info.yml"}) {
			t.Errorf("%s: dangling %v, %v", dir, list, err)
		}
	}
}

func TestAFaultyCaseCostsItselfOnly(t *testing.T) {
	for _, c := range []struct{ says, info, want string }{
		{"no YAML", "rule_metadata: [", "bad/info.yml:"},
		{"a list", "- a\n", "bad/info.yml:"},
		{"no rule", "regression_tests_info: [{path: e.json}]\n", "bad/info.yml:1: rule_metadata"},
		{"no path", "rule_metadata: [{id: a}]\nregression_tests_info:\n  - {name: n}\n", "bad/info.yml:3: the case names no evidence"},
		{"a path that climbs", "rule_metadata: [{id: a}]\nregression_tests_info:\n  - {path: ../../etc/passwd}\n", "bad/info.yml:3: \"../../etc/passwd\" is no path"},
		{"an absolute path", "rule_metadata: [{id: a}]\nregression_tests_info:\n  - {path: /etc/passwd}\n", "bad/info.yml:3: \"/etc/passwd\" is no path"},
		{"no evidence", "rule_metadata: [{id: a}]\nregression_tests_info:\n  - {path: x/gone.evtx}\n", "bad/info.yml:3: there is no x/gone.evtx"},
		{"a count of nothing", "rule_metadata: [{id: a}]\nregression_tests_info:\n  - {path: rules/a/e.json, match_count: 0}\n", "bad/info.yml:3: match_count is 0"},
		{"a count that is a text", "rule_metadata: [{id: a}]\nregression_tests_info:\n  - {path: rules/a/e.json, match_count: many}\n", "bad/info.yml:3: no case"},
		{"too large", "#" + strings.Repeat("x", maxInfo), "bad/info.yml:1: the file is larger"},
	} {
		t.Run(c.says, func(t *testing.T) {
			s, err := LoadSuite(fstest.MapFS{"bad/info.yml": {Data: []byte(c.info)}, "rules/a/info.yml": {Data: []byte(good)}, "rules/a/e.json": {Data: []byte("{}")}})
			if err != nil || len(s.Cases) != 1 || len(s.Faults) != 1 {
				t.Fatalf("%d cases, faults %v, %v", len(s.Cases), s.Faults, err)
			}
			if got := s.Faults[0].Error(); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	s, err := LoadSuite(fstest.MapFS{"a/info.yml": {Data: []byte("id: x\n#regression_tests_info:\n")}, "b/info.yml": {}, ".git/info.yml": {Data: []byte("[")}})
	if err != nil || len(s.Faults) > 0 || strings.Join(s.Untested, " ") != "a/info.yml b/info.yml" {
		t.Errorf("untested %q, faults %v, %v", s.Untested, s.Faults, err)
	}
}

func TestLogSourcesAreWorded(t *testing.T) {
	keys := []string{"windows", "service:sysmon", "category:file_event", "category:file_event service:sysmon"}
	if got := strings.Join(sourceNames(keys), ", "); got != "product windows, service sysmon, category file_event, category file_event of service sysmon" {
		t.Error(got)
	}
	if got := single(keys); len(got) != 3 || len(keys) != 4 {
		t.Errorf("%q of %q", got, keys)
	}
}

func TestATrialTellsWhyACaseFails(t *testing.T) {
	e := engine(t, "cmd 1 process_creation\ns: {Image|endswith: cmd.exe}\nf: {CommandLine: x}\ncondition: s and not f\n\nload 2 image_load\ns: {Image|endswith: cmd.exe}\ncondition: s")
	dir := written(t, map[string]string{"d/two.json": started("cmd.exe", "y") + started("cmd.exe", "x") + started("notepad.exe", "x"), "none.txt": "no log", "empty.json": ""})
	for _, c := range []struct {
		says, rule, evidence string
		want                 int
		stated               bool
		got                  int
		problem, closest     string
		more                 bool
	}{
		{"a case that passes", "1", "d/two.json", 1, true, 1, "", "", false},
		{"one that states no count", "1", "d/two.json", 1, false, 1, "", "", false},
		{"too few", "1", "d/two.json", 2, true, 1, "1 of 2 matches in 3 records", "not", false},
		{"a rule of another log source", "2", "d/two.json", 1, false, 0, "no match in 3 records", "", false},
		{"an unknown rule", "3", "d/two.json", 1, false, 0, "no rule has this id", "", false},
		{"a rule not in use", "4", "d/two.json", 1, false, 0, "the rule is inactive", "", false},
		{"no log", "1", "none.txt", 1, false, 0, "cannot be read: text without event records", "", false},
		{"nothing in it", "1", "empty.json", 1, false, 0, "the evidence", "", false},
		{"evidence that went", "1", "gone.json", 1, false, 0, "no such file", "", false},
	} {
		t.Run(c.says, func(t *testing.T) {
			trial := &Trial{Dir: dir, Engine: e, Unused: map[string]string{"4": "the rule is inactive: x"}}
			out, err := trial.Run(context.Background(), &Suite{Cases: []Case{{RuleID: c.rule, Evidence: c.evidence, Want: c.want, Stated: c.stated}}})
			if err != nil || len(out) != 1 {
				t.Fatal(len(out), err)
			}
			o := out[0]
			if o.Got != c.got || o.More() != c.more || (c.problem == "") != (o.Problem == "") || !strings.Contains(o.Problem, c.problem) {
				t.Errorf("got %d, problem %q", o.Got, o.Problem)
			}
			if c.closest != "" {
				if failed := o.Closest.Condition.Failed(); len(failed) != 1 || failed[0].Says != c.closest || o.Closest.Ref.File != "d/two.json" || o.Closest.Ref.Line != 2 {
					t.Errorf("closest is %v, failed %v", o.Closest.Ref, failed)
				}
			}
			if c.rule == "2" && (o.Closest == nil || o.Closest.Routed) {
				t.Errorf("closest is %+v", o.Closest)
			}
		})
	}
	out, err := (&Trial{Dir: dir, Engine: engine(t, "any 1 process_creation\ns: {Image|endswith: .exe}\ncondition: s")}).Run(context.Background(), &Suite{Cases: []Case{{RuleID: "1", Evidence: "d/two.json", Want: 1, Stated: true}}})
	if err != nil || !out[0].More() || out[0].Got != 3 {
		t.Errorf("more matches than stated: %+v, %v", out, err)
	}
}

const shared = "../../../shared/"

// TestSharedCasesPass runs SigmaHQ's cases as `reeve rules test` does.
func TestSharedCasesPass(t *testing.T) {
	const dir = shared + "evidence/sigma-regression"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared/evidence is absent")
	}
	s, err := LoadSuite(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	set, err := sigma.Load(os.DirFS(shared+"sigma-rules"), sigma.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := (&Trial{Dir: dir, Engine: sigma.Compile(set, windows{})}).Run(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	more := 0
	for _, o := range out {
		if o.Problem != "" {
			t.Errorf("%s: %s", o.Info, o.Problem)
		}
		if o.More() {
			more++
		}
	}
	if len(out) < 106 || len(s.Faults) > 0 || len(s.Untested) != 1 || more != 2 {
		t.Errorf("%d cases, faults %v, untested %q, %d with more matches than stated", len(out), s.Faults, s.Untested, more)
	}
	t.Logf("%d cases", len(out))
}

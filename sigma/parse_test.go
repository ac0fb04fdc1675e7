package sigma

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const head = "title: t\nid: i\nlogsource: {product: windows}\n"

// TestFaultyRulesAreNamedWithTheirLine: what cannot be used says where and why, and of which class it is.
func TestFaultyRulesAreNamedWithTheirLine(t *testing.T) {
	detection := func(s string) string {
		return head + "detection:\n  " + strings.ReplaceAll(s, "\n", "\n  ") + "\n"
	}
	item := func(s string) string { return detection("s:\n  " + s + "\ncondition: s") }
	for _, c := range []struct {
		says, src string
		line      int
		reason    string
		class     error
	}{
		{"nothing", "", 1, "no document", ErrRule},
		{"comments only", "# nothing\n---\n# here\n", 1, "no document", ErrRule},
		{"no YAML", head + "detection: {a: [}\n", 4, "no YAML", ErrRule},
		{"an unclosed quote", head + "detection:\n  s: 'x\n", 6, "no YAML", ErrRule},
		{"a list", "- a\n- b\n", 1, "no mapping", ErrRule},
		{"a text", "hello\n", 1, "no mapping", ErrRule},
		{"no detection", head, 1, "no detection", ErrRule},
		{"no logsource", "title: t\ndetection: {s: {A: 1}, condition: s}\n", 1, "no logsource", ErrRule},
		{"no title", "logsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n", 1, "no title", ErrRule},
		{"an empty logsource", "title: t\nlogsource: {definition: x}\ndetection: {s: {A: 1}, condition: s}\n", 2, "names neither", ErrRule},
		{"a logsource that is a text", "title: t\nlogsource: windows\ndetection: {s: {A: 1}, condition: s}\n", 2, "no mapping", ErrRule},
		{"an unknown level", head + "level: urgent\ndetection: {s: {A: 1}, condition: s}\n", 4, `"urgent" is no level`, ErrRule},
		{"a key twice", head + "title: again\n", 4, `"title"`, ErrRule},
		{"an identifier twice", detection("s: {A: 1}\ns: {B: 1}\ncondition: s"), 6, `"s"`, ErrRule},
		{"a field twice", item("A: 1\n  A: 2"), 7, `"A"`, ErrRule},
		{"an unknown modifier", item("A|contians: x"), 6, `the modifier "contians" is not known`, ErrRule},
		{"an empty modifier", item("A|: x"), 6, `the modifier "" is not known`, ErrRule},
		{"a value that is a mapping", item("A: {B: 1}"), 6, `a value of "A" is neither text nor number`, ErrRule},
		{"a list within a list of values", item("A: [[x]]"), 6, `a value of "A"`, ErrRule},
		{"an expression that does not compile", item("A|re: 'a('"), 6, "missing closing", ErrRule},
		{"an expression that looks ahead", item("A|re: '(?=x)'"), 6, "invalid", ErrRule},
		{"an expression of many steps", item("A|re: '((ab?c|de){30}){30}'"), 6, "more than 4000 steps", ErrRule},
		{"an expression of many bytes", item("A|re: '" + strings.Repeat("(a|b)?", 10_000) + "'"), 6, "longer than 32000 bytes", ErrRule},
		{"an expression behind another modifier", item("A|contains|re: x"), 6, "re stands behind", ErrRule},
		{"a flag without an expression", item("A|i: x"), 6, "i does not apply to a text", ErrRule},
		{"a network that is none", item("A|cidr: 10.0.0.0/40"), 6, `"10.0.0.0/40" is no network`, ErrRule},
		{"a network behind another modifier", item("A|contains|cidr: 10.0.0.0/8"), 6, "cidr stands behind", ErrRule},
		{"contains of a network", item("A|cidr|contains: 10.0.0.0/8"), 6, "contains does not apply to a network", ErrRule},
		{"contains of null", item("A|contains: null"), 6, "contains does not apply to a null", ErrRule},
		{"exists of a text", item("A|exists: maybe"), 6, "exists wants", ErrRule},
		{"exists of keywords", item("'|exists': true"), 6, "exists wants a field", ErrRule},
		{"a comparison with a text", item("A|lt: many"), 6, `wants a number, not "many"`, ErrRule},
		{"a comparison of keywords", item("'|lt': 5"), 6, "a comparison needs a field", ErrRule},
		{"a part of a time that is no number", item("A|hour: noon"), 6, `hour wants a number, not "noon"`, ErrRule},
		{"fieldref with a wildcard", item("A|fieldref: B*"), 6, "fieldref wants", ErrRule},
		{"fieldref of keywords", item("'|fieldref': B"), 6, "fieldref wants", ErrRule},
		{"base64 of a wildcard", item("A|base64: a*"), 6, "base64 cannot encode wildcards", ErrRule},
		{"base64 behind contains", item("A|contains|base64offset: abc"), 6, "cannot encode wildcards", ErrRule},
		{"base64offset of a letter", item("A|base64offset|contains: a"), 6, "too short", ErrRule},
		{"windash of too many dashes", item("A|windash: '-a -b -c -d -e -f'"), 6, "more than 4096 forms", ErrRule},
		{"cased of an expression", item("A|re|cased: x"), 6, "cased does not apply", ErrRule},
		{"a keyword that is null", detection("s: [null]\ncondition: s"), 5, "a keyword is null", ErrRule},
		{"an empty identifier", detection("s: {}\ncondition: s"), 5, "an identifier is empty", ErrRule},
		{"an empty list of keywords", detection("s: []\ncondition: s"), 5, "an identifier is empty", ErrRule},
		{"a detection that is a list", head + "detection: [a]\n", 4, "detection is no mapping", ErrRule},
		{"no condition", detection("s: {A: 1}"), 5, "no condition", ErrRule},
		{"an empty condition", detection("s: {A: 1}\ncondition: ''"), 6, "ends too early", ErrRule},
		{"an empty list of conditions", detection("s: {A: 1}\ncondition: []"), 5, "no condition", ErrRule},
		{"a condition that is a mapping", detection("s: {A: 1}\ncondition: {a: b}"), 6, "a condition is no text", ErrRule},
		{"a name that is not defined", detection("s: {A: 1}\ncondition: s and t"), 6, `names "t", which the rule does not define`, ErrRule},
		{"a pattern that fits nothing", detection("s: {A: 1}\ncondition: 1 of t_*"), 6, `no identifier fits "t_*"`, ErrRule},
		{"them of hidden identifiers only", detection("_s: {A: 1}\ncondition: 1 of them"), 6, "no identifier fits", ErrRule},
		{"two of", detection("s: {A: 1}\nt: {A: 2}\ncondition: 2 of them"), 7, `asks for "2" of several`, ErrRule},
		{"a bracket that is not closed", detection("s: {A: 1}\ncondition: (s"), 6, "not closed", ErrRule},
		{"a bracket too many", detection("s: {A: 1}\ncondition: s)"), 6, `has ")" where it should end`, ErrRule},
		{"two names in a row", detection("s: {A: 1}\ncondition: s s"), 6, `has "s" where it should end`, ErrRule},
		{"a word that ends", detection("s: {A: 1}\ncondition: s and"), 6, "ends too early", ErrRule},
		{"an aggregation", detection("s: {A: 1}\ncondition: s | count() by B > 3"), 6, "aggregation", ErrRule},
		{"deep brackets", detection("s: {A: 1}\ncondition: " + strings.Repeat("(", 100) + "s" + strings.Repeat(")", 100)), 6, "nested more than 64", ErrRule},
		{"many words", detection("s: {A: 1}\ncondition: s" + strings.Repeat(" and s", 6000)), 6, "more than 10000 words", ErrRule},
		{"deep lists", detection("s: " + strings.Repeat("[", 40) + "x" + strings.Repeat("]", 40) + "\ncondition: s"), 5, "nested more than 32", ErrRule},
		{"aliases of aliases", detection("a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n" +
			"d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\ncondition: e"), 5, "more than 200000 values", ErrRule},
		{"the same list again and again", detection("s: [" + strings.Repeat("x, ", 999) + "x]\ncondition: s" + strings.Repeat(" or s", 300)), 5, "more than 200000 values", ErrRule},
		{"a placeholder", item("A|expand: '%list%'"), 6, "the placeholder %list% has no values", ErrInactive},
		{"a placeholder in a filter", detection("s: {A: 1}\nf: {B|contains|expand: '%list%'}\ncondition: s and not f"), 6, "the placeholder %list%", ErrInactive},
		{"a placeholder whose name has dashes", item("A|expand: '%DC-NAME%'"), 6, "the placeholder %DC-NAME%", ErrInactive},
		{"a placeholder in an expression", item("A|re|expand: 'x%list%'"), 6, "the placeholder %list%", ErrInactive},
		{"a count", detection("s: {A: 1}\ncondition: s | count(B) by C > 3"), 6, "has the aggregation count(), which correlation rules replaced: write a correlation of the type event_count, or value_count of a field", ErrRule},
		{"a count of all", detection("s: {A: 1}\ncondition: s|count() > 3"), 6, "has the aggregation count(), which", ErrRule},
		{"something near", detection("s: {A: 1}\nt: {A: 2}\ncondition: s | near t"), 7, "has the aggregation near, which correlation rules replaced: write a correlation of the type temporal", ErrRule},
		{"a bar and nothing else", detection("s: {A: 1}\ncondition: s |"), 6, "has the aggregation |, which", ErrRule},
		{"a correlation and a filter at once", head + "correlation: {}\nfilter: {}\n", 1, "a correlation and a filter at once", ErrRule},
		{"a title that is null", "title: ~\nid: i\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n", 1, "no title", ErrRule},
		{"what is common to no document", "title: t\nid: i\naction: global\n", 1, "no document follows that the global one", ErrInactive},
		{"a repetition of nothing", "title: t\nid: i\naction: repeat\n", 3, "no document stands before it", ErrRule},
		{"an action that is none", "title: t\nid: i\naction: correlation\n", 3, `the action "correlation" is not known`, ErrRule},
		{"another taxonomy", "title: t\ntaxonomy: ecs\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n", 1, `of the taxonomy "ecs"`, ErrInactive},
		{"another kind of document", "name: tests\nversion: 1\n", 1, "no Sigma rule", ErrInactive},
		{"a huge file", "#" + strings.Repeat("x", maxRuleFile), 1, "larger than", ErrRule},
	} {
		t.Run(c.says, func(t *testing.T) {
			rules, faults := Parse("r.yml", []byte(c.src), ParseOptions{})
			if len(rules) != 0 || len(faults) != 1 {
				t.Fatalf("%d rules, faults %v", len(rules), faults)
			}
			f := faults[0]
			if f.Line != c.line || !strings.Contains(f.Reason, c.reason) || !errors.Is(f, c.class) {
				t.Errorf("%v (%v), want line %d, %q (%v)", f, f.Err, c.line, c.reason, c.class)
			}
			if f.Error() != fmt.Sprintf("r.yml:%d: %s", f.Line, f.Reason) {
				t.Errorf("the error says %q", f)
			}
			if strings.Contains(c.src, "\nid: i\n") && !strings.Contains(f.Reason, "no YAML") && f.ID != "i" {
				t.Errorf("the id is %q", f.ID)
			}
			if strings.HasPrefix(c.src, "title: t\n") && !strings.Contains(f.Reason, "no YAML") && f.Title != "t" && f.Title != "again" {
				t.Errorf("the title is %q", f.Title)
			}
		})
	}
}

func TestEveryDocumentOfAFileCounts(t *testing.T) {
	good := "title: good\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: s}\n"
	src := good + "---\n" + "title: bad\nlogsource: {product: windows}\ndetection: {s: {A: 1}, condition: x}\n---\n---\n" + "title: many\n\ncorrelation: {type: event_count}\n---\n" + good
	rules, faults := Parse("r.yml", []byte(src), ParseOptions{})
	if len(rules) != 2 || len(faults) != 2 {
		t.Fatalf("%d rules, faults %v", len(rules), faults)
	}
	if rules[1].Line != 14 || faults[0].Line != 7 || faults[1].Line != 12 {
		t.Errorf("lines %d, %d, %d", rules[1].Line, faults[0].Line, faults[1].Line)
	}
	rules, faults = Parse("r.yml", []byte(good+"---\ntitle: [\n"), ParseOptions{})
	if len(rules) != 1 || len(faults) != 1 || faults[0].Line < 5 {
		t.Errorf("%d rules, faults %v", len(rules), faults)
	}
	_, faults = Parse("r.yml", []byte(strings.Repeat(good+"---\n", maxDocuments+1)), ParseOptions{})
	if len(faults) != 1 || !strings.Contains(faults[0].Reason, "more than 1000 documents") {
		t.Errorf("faults %v", faults)
	}
}

func TestRulesKeepWhatReportsShow(t *testing.T) {
	src := "\ufefftitle: Some Rule\r\nid: 0f6902f8-2ba2-51f9-9008-b16cc9e67206\r\nstatus: test\r\ndescription: what it is\r\nauthor: somebody\r\ndate: 2024-01-02\r\nmodified: 2024/01/02\r\nlevel: HIGH\r\n" +
		"tags:\r\n  - attack.execution\r\n  - attack.t1127\r\nfalsepositives: Unlikely\r\nrelated:\r\n  - {id: x, type: derived}\r\n  - {id: y, type: obsoletes}\r\n  - z\r\ncustom: {a: b}\r\n" +
		"name: some_rule\r\ntaxonomy: sigma\r\nlicense: DRL-1.1\r\nreferences: [https://a.example, ~]\r\nfields: [Image, User]\r\nscope: server\r\nsimulation: 0x10\r\nempty: ~\r\n" +
		"logsource: {Product: X, product: Windows, category: Process_Creation, service: SEC, definition: audit it, zone: yes}\r\n" +
		"detection:\r\n  s: {Image|endswith: '\\MFTrace.exe', Threat Name|fieldref: Other Name, A|re: 'b\\.exe'}\r\n  k: [Word]\r\n  condition: s or k\r\n"
	rules, faults := Parse("r.yml", []byte(src), ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	r := rules[0]
	got := fmt.Sprintf("%s|%s|%s|%s|%s|%s|%v|%v|%s|%v", r.ID, r.Title, r.Status, r.Description, r.Author, r.Level, r.Tags, r.FalsePositives, r.Logsource, r.Fields())
	want := "0f6902f8-2ba2-51f9-9008-b16cc9e67206|Some Rule|test|what it is|somebody|high|[attack.execution attack.t1127]|[Unlikely]|windows/process_creation/sec|[ A Image OtherName ThreatName]"
	if got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	got = fmt.Sprintf("%s|%s|%s|%s|%v|%v|%v|%v|%s|%v", r.Name, r.License, r.Date, r.Modified, r.References, r.Shown, r.Scope, r.Related, r.Definition, r.Custom)
	want = "some_rule|DRL-1.1|2024-01-02|2024-01-02|[https://a.example]|[Image User]|[server]|[{x derived} {y obsolete}]|audit it|map[logsource.Product:X logsource.zone:yes simulation:0x10]"
	if got != want {
		t.Errorf("\n%s, want\n%s", got, want)
	}
	for text, want := range map[string]bool{`\mftrace.EXE`: true, "word": true, "b.exe": true, "othername": false, "cmd": false} {
		if r.Mentions(text) != want {
			t.Errorf("mentions %q: %v", text, !want)
		}
	}
}

// broken is a folder with one that cannot be read.
type broken struct{ fstest.MapFS }

func (b broken) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "closed" {
		return nil, fs.ErrPermission
	}
	return b.MapFS.ReadDir(name)
}

func (b broken) Open(name string) (fs.File, error) {
	if name == "locked.yml" {
		return nil, fs.ErrPermission
	}
	return b.MapFS.Open(name)
}

func TestAFolderIsLoadedWhole(t *testing.T) {
	doc := func(id, product string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("title: " + id + "\nid: " + id + "\nlogsource: {product: " + product + "}\ndetection: {s: {A: 1}, condition: s}\n")}
	}
	files := fstest.MapFS{"b/two.YAML": doc("2", "windows"), "a.yml": doc("1", "windows"), "c.yml": doc("3", "linux"), "again.yml": doc("2", "windows"), "notes.txt": {Data: []byte("title: no")},
		"bad.yml": {Data: []byte("title: [")}, "closed/x.yml": doc("4", "windows"), "locked.yml": doc("5", "windows")}
	set, err := Load(broken{files}, ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	names := func(list []*RuleError) (out []string) {
		for _, f := range list {
			out = append(out, f.File)
		}
		slices.Sort(out)
		return out
	}
	if got := fmt.Sprint(len(set.Rules), names(set.Inactive), names(set.Failed), set.Files); got != "3 [b/two.YAML] [bad.yml closed locked.yml] 6" {
		t.Errorf("loaded %s", got)
	}
	e := Compile(set, onlyWindows{})
	if len(e.Rules()) != 2 || len(set.Rules) != 2 || len(set.Inactive) != 2 || set.Inactive[1].Reason != "no records of log source linux" {
		t.Errorf("%d rules in use, inactive %v", len(e.Rules()), set.Inactive)
	}
	if e.Program("other") != nil {
		t.Error("a source without rules has a program")
	}
	below, _ := Load(broken{files}, ParseOptions{Folder: "f/"})
	if got := fmt.Sprintf("%s %v %v %s %v", below.Rules[0].File, names(below.Inactive), names(below.Failed), below.Inactive[0].Reason, below.SHA256 == set.SHA256); got != "f/a.yml [f/b/two.YAML] [f/bad.yml f/closed f/locked.yml] has the id of f/again.yml:1 true" {
		t.Errorf("below a folder loaded %s", got)
	}
	same, _ := Load(broken{files}, ParseOptions{})
	files["a.yml"] = doc("1", "windows ")
	other, _ := Load(broken{files}, ParseOptions{})
	if same.SHA256 != set.SHA256 || other.SHA256 == set.SHA256 || len(set.SHA256) != 64 {
		t.Errorf("digests %s, %s, %s", set.SHA256, same.SHA256, other.SHA256)
	}
	if _, err := Load(fstest.MapFS{}, ParseOptions{}); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := Load(gone{}, ParseOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

type gone struct{}

func (gone) Open(string) (fs.File, error) { return nil, fs.ErrNotExist }

type onlyWindows struct{}

func (onlyWindows) Sources(l Logsource) []string {
	if strings.TrimSpace(l.Product) == "windows" {
		return []string{"records"}
	}
	return nil
}

func TestMergedSetsKeepTheFirstOfAnID(t *testing.T) {
	a := &Set{Rules: []*Rule{{ID: "1", File: "a", Line: 3}, {File: "b"}}, Files: 2, SHA256: "x"}
	b := &Set{Rules: []*Rule{{ID: "1", File: "c"}, {File: "d"}}, Failed: []*RuleError{{File: "e"}}, Files: 3, SHA256: "y"}
	m := Merge(a, b)
	if len(m.Rules) != 3 || m.Rules[0].File != "a" || len(m.Inactive) != 1 || m.Inactive[0].File != "c" || m.Inactive[0].Reason != "has the id of a:3" || len(m.Failed) != 1 || m.Files != 5 {
		t.Errorf("merged %+v", m)
	}
	if m.SHA256 == Merge(b, a).SHA256 || len(m.SHA256) != 64 || Merge(a).SHA256 != "x" {
		t.Errorf("digest %s", m.SHA256)
	}
}

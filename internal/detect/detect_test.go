package detect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/winlog/recordtest"
	"reeve/sigma"
)

// keyed maps a log source to the source that its service names.
type keyed struct{}

func (keyed) Sources(l sigma.Logsource) []string { return []string{l.Service} }

// made compiles rules; each is "name source", and a detection below it.
func made(t testing.TB, text string) *sigma.Engine {
	t.Helper()
	var src []string
	for _, r := range strings.Split(strings.TrimSpace(text), "\n\n") {
		head, detection, _ := strings.Cut(r, "\n")
		name, source, _ := strings.Cut(head, " ")
		src = append(src, "title: "+name+"\nlogsource: {service: "+source+"}\ndetection:\n  "+strings.ReplaceAll(detection, "\n", "\n  ")+"\n")
	}
	list, faults := sigma.Parse("made.yml", []byte(strings.Join(src, "---\n")), sigma.ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return sigma.Compile(&sigma.Set{Rules: list}, keyed{})
}

func upper(dst, text []byte) []byte { return append(dst, strings.ToUpper(string(text))...) }

// meaning says that every record is of "all" and of its channel, that Big is Small in upper case, and that Twice is every field
// of that name.
func meaning() detect.Meaning {
	return detect.Meaning{
		Sources: func(rec reeve.Record) []string { return []string{"all", rec.Head().Channel} },
		Field: func(rec reeve.Record, source, name string) (at []reeve.Handle, convert func(dst, text []byte) []byte) {
			if name == "Hidden" && source == "all" {
				return nil, nil
			}
			if name == "Big" {
				name, convert = "Small", upper
			}
			for _, f := range rec.Fields() {
				if f.Name == name {
					at = append(at, f.Handle)
				}
			}
			if h := rec.Resolve(name); at == nil && h != reeve.NoHandle {
				at = append(at, h)
			}
			return at, convert
		},
	}
}

func titles(e *sigma.Engine, ids []int32) (out []string) {
	for _, id := range ids {
		out = append(out, e.Rules()[id].Title)
	}
	return out
}

func TestRecordsAreShownToTheRulesOfTheirSources(t *testing.T) {
	for _, c := range []struct{ says, rules, record, want string }{
		{"a rule of the source and one of all", "one app\ns: {A: x}\ncondition: s\n\ntwo all\ns: {A: x}\ncondition: s", "app | p | 1\nA=X", "one two"},
		{"a rule of another source stays silent", "one other\ns: {A: x}\ncondition: s", "app | p | 1\nA=x", ""},
		{"a field is converted", "one all\ns: {Big|cased: ABC}\ncondition: s\n\ntwo all\ns: {Small|cased: ABC}\ncondition: s", "app | p | 1\nSmall=abc", "one"},
		{"a field is hidden from one source only", "one app\ns: {Hidden: x}\ncondition: s\n\ntwo all\ns: {Hidden: x}\ncondition: s", "app | p | 1\nHidden=x", "one"},
		{"a field stated twice matches by either", "one all\ns: {A|contains|all: [x, y]}\ncondition: s", "app | p | 1\nA=x\nA=y", "one"},
		{"a field stated as null is null", "one all\ns: {A: null}\ncondition: s\n\ntwo all\ns: {A|exists: true}\ncondition: s", "app | p | 1\nA", "one two"},
		{"an absent field is null and does not exist", "one all\ns: {A: null}\ncondition: s\n\ntwo all\ns: {A|exists: true}\ncondition: s", "app | p | 1\nB=x", "one"},
		{"an empty text is neither null nor absent", "one all\ns: {A: null}\ncondition: s\n\ntwo all\ns: {A: ''}\ncondition: s", "app | p | 1\nA=", "two"},
	} {
		t.Run(c.says, func(t *testing.T) {
			e := made(t, c.rules)
			m := detect.NewMatcher(e, meaning())
			rec := recordtest.One(t, c.record)
			for _, r := range []*recordtest.Record{rec, rec.UTF16(), rec} {
				if got := strings.Join(titles(e, m.Match(r)), " "); got != c.want {
					t.Errorf("%q match, want %q", got, c.want)
				}
			}
		})
	}
}

func TestKeywordsLookAtEverything(t *testing.T) {
	e := made(t, "kw all\nk: [needle]\ncondition: k\n\nfield all\ns: {A: x, Big: Y}\ncondition: s")
	m := detect.NewMatcher(e, meaning())
	for record, want := range map[string]bool{
		"app | p | 1\nOther=a needle":             true,  // a field that no rule names
		"app | p | 1\nA=needle":                   true,  // one that a rule names
		"app | p | 1\nSmall=needle":               true,  // one that is converted for another rule
		"app | p | 1\n=needle":                    true,  // unnamed data
		"app | needle-provider | 1\nA=x":          true,  // the envelope
		"needle | p | 1\nA=x":                     true,  // the channel
		"app | p | 1\n@Computer=needle.corp\nA=x": true,  // the computer
		"app | p | 1\nneedle=x":                   false, // a name is no value
		"app | p | 1\nA=nee\nB=dle":               false,
	} {
		if got := slices.Contains(m.Match(recordtest.One(t, record)), 0); got != want {
			t.Errorf("%q matches the keyword: %v", record, got)
		}
	}
}

// list is a record with one field of several values.
type list struct {
	reeve.Record
	value reeve.Value
}

func (l list) Value(h reeve.Handle) reeve.Value {
	if h == l.Fields()[0].Handle {
		return l.value
	}
	return l.Record.Value(h)
}

func TestListsAreSeveralValues(t *testing.T) {
	e := made(t, "second all\ns: {A: two}\ncondition: s\n\nempty all\ns: {A: ''}\ncondition: s\n\nwhole all\ns: {A|contains: one}\nf: {A|contains: otw}\ncondition: s and not f\n\nkw all\nk: [two]\ncondition: k")
	m := detect.NewMatcher(e, meaning())
	rec := list{recordtest.One(t, "app | p | 1\nA=x"), reeve.Value{Kind: reeve.List, Bytes: []byte("one\x00two\x00")}}
	if got := strings.Join(titles(e, m.Match(rec)), " "); got != "second whole kw" {
		t.Errorf("%q match", got)
	}
	rec.value.Bytes = []byte("\x00three\x00")
	if got := strings.Join(titles(e, m.Match(rec)), " "); got != "empty" {
		t.Errorf("%q match", got)
	}
	if got := m.Looked(rec, 1); len(got) != 1 || got[0].Value != "\nthree" {
		t.Errorf("the rule looked at %v", got)
	}
}

func TestAHugeValueIsLookedAtInPart(t *testing.T) {
	e := made(t, "begin all\ns: {A|startswith: abc}\ncondition: s\n\nend all\ns: {A|endswith: xyz}\ncondition: s")
	m := detect.NewMatcher(e, meaning())
	rec := recordtest.One(t, "app | p | 1\nA=abc"+strings.Repeat(".", 1<<20)+"xyz")
	if got := strings.Join(titles(e, m.Match(rec)), " "); got != "begin" {
		t.Errorf("%q match", got)
	}
}

func TestLookedNamesWhatTheRuleSaw(t *testing.T) {
	e := made(t, "r all\ns: {A|contains: x, Big: Y, C: null, D|fieldref: A}\nk: [zz]\ncondition: s or k")
	m := detect.NewMatcher(e, meaning())
	rec := recordtest.One(t, "app | p | 1\nA="+strings.Repeat("é", 400)+"\nSmall=y\nE=not asked\nD=d")
	got := m.Looked(rec, 0)
	var names []string
	for _, v := range got {
		names = append(names, v.Name)
	}
	if strings.Join(names, " ") != "A Big D" {
		t.Fatalf("the rule looked at %q", names)
	}
	if got[1].Value != "Y" || got[2].Value != "d" || !strings.HasSuffix(got[0].Value, "é…") || len(got[0].Value) > 520 {
		t.Errorf("the rule looked at %q", got)
	}
	other := made(t, "r other\ns: {A: x}\ncondition: s")
	if got := detect.NewMatcher(other, meaning()).Looked(rec, 0); got != nil {
		t.Errorf("a rule of another source looked at %q", got)
	}
}

func TestSilenceTellsWhy(t *testing.T) {
	for _, c := range []struct{ says, detection, record, reason, field string }{
		{"it matches", "s: {A: x}\ncondition: s", "A=x", "", ""},
		{"the value differs", "s: {A: x}\ncondition: s", "A=y", "does not match", ""},
		{"the field is absent", "s: {A: x}\ncondition: s", "B=y", "field absent", "A"},
		{"one of two is absent, the other differs", "s: {A: x, B: x}\ncondition: s", "B=y", "does not match", ""},
		{"one of two is absent, the other fits", "s: {A: x, B: y}\ncondition: s", "B=y", "field absent", "A"},
		{"one alternative is absent", "s:\n  - A: x\n  - B: x\ncondition: s", "B=y", "field absent", "A"},
		{"a filter matches", "s: {A: x}\nf: {B: y}\ncondition: s and not f", "A=x\nB=y", "does not match", ""},
		{"stated as null is not absent", "s: {A: x}\ncondition: s", "A", "does not match", ""},
	} {
		t.Run(c.says, func(t *testing.T) {
			m := detect.NewMatcher(made(t, "r all\n"+c.detection), meaning())
			reason, says := m.Silence(recordtest.One(t, "app | p | 1\n"+c.record), 0)
			if reason != c.reason || c.field != "" && !strings.HasSuffix(says, " "+c.field) {
				t.Errorf("silent because of %q: %q", reason, says)
			}
		})
	}
	m := detect.NewMatcher(made(t, "r other\ns: {A: x}\ncondition: s"), meaning())
	if reason, _ := m.Silence(recordtest.One(t, "app | p | 1\nA=x"), 0); reason != "no telemetry" {
		t.Errorf("a rule of another source is silent because of %q", reason)
	}
}

func TestMatchingARecordAllocatesNothing(t *testing.T) {
	e := made(t, "one all\ns: {A|contains: needle, B|re: 'x+y', C|cidr: 10.0.0.0/8, D|gt: 5}\ncondition: s\n\ntwo app\ns: {A|windash|contains: ' -a '}\nf: {B: null}\ncondition: s and not f\n\nkw all\nk: [needle, 'é*x']\ncondition: k")
	m := detect.NewMatcher(e, meaning())
	rec := recordtest.One(t, "app | p | 1\nA=a needle -a in É hay\nB=xxy\nC=10.1.2.3\nD=7\nE=no number\nSmall=s")
	for _, r := range []*recordtest.Record{rec, rec.UTF16()} {
		if n := len(m.Match(r)); n != 3 {
			t.Fatalf("%d rules match", n)
		}
		for range 100 { // until there is a program for such records
			m.Match(r)
		}
		if n := testing.AllocsPerRun(200, func() { m.Match(r) }); n != 0 {
			t.Errorf("%v allocations a record", n)
		}
	}
}

func TestEndlessClassesStayBounded(t *testing.T) {
	m := detect.NewMatcher(made(t, "one all\ns: {A: x}\ncondition: s"), meaning())
	for i := range 40_000 {
		rec := recordtest.One(t, "app | p | 1\nA=x\nF"+strings.Repeat("i", i%7)+string(rune('a'+i%26))+string(rune('A'+i/26%26))+string(rune('0'+i/676))+"=1")
		if len(m.Match(rec)) != 1 {
			t.Fatal("the rule does not match")
		}
	}
	if now, most := m.Plans(); now == 0 || now > most {
		t.Errorf("%d classes are remembered, %d are the most", now, most)
	}
}

// TestOneRecordDoesNotSpeakForOthers: what many records of a layout have in common, the next may say otherwise.
func TestOneRecordDoesNotSpeakForOthers(t *testing.T) {
	e := made(t, "one all\ns: {EventID: 1, A: x}\ncondition: s\n\ntwo all\ns: {EventID: 2, A: x}\ncondition: s\n\nodd all\ns: {EventID: '01', A: x}\ncondition: s\n\nnone all\ns: {EventID: null, A: x}\ncondition: s")
	want := map[string]string{"EventID=1\nA=x": "[one]", "EventID=2\nA=x": "[two]", "EventID=01\nA=x": "[odd]", "EventID\nA=x": "[none]", "EventID=1\nA=y": "[]"}
	for first := range want {
		m := detect.NewMatcher(e, meaning())
		for range 100 {
			if got := fmt.Sprint(titles(e, m.Match(recordtest.One(t, "app | p | 1\n"+first)))); got != want[first] {
				t.Fatalf("%q matches %s, want %s", first, got, want[first])
			}
		}
		for text, want := range want {
			if got := fmt.Sprint(titles(e, m.Match(recordtest.One(t, "app | p | 1\n"+text)))); got != want {
				t.Errorf("after many of %q, %q matches %s, want %s", first, text, got, want)
			}
		}
	}
}

// TestKeywordsDoNotDependOnOtherRules: they look at the data as the record states them and at a part of the envelope, whatever fields
// other rules ask for.
func TestKeywordsDoNotDependOnOtherRules(t *testing.T) {
	const keywords = "converted all\nk: {'|cased': [ABC]}\ncondition: k\n\nstated all\nk: {'|cased': [abc]}\ncondition: k\n\nwriter all\nk: ['4242']\ncondition: k\n\nchannel all\nk: [app]\ncondition: k"
	for _, others := range []string{"", "\n\nother all\ns: {Big: x, Small: y, Execution_ProcessID: 7, Channel: z}\ncondition: s", "\n\nother all\ns: {Big: x, EventID: 7}\ncondition: s"} {
		e := made(t, keywords+others)
		m := detect.NewMatcher(e, meaning())
		for n := range 200 {
			if got := fmt.Sprint(titles(e, m.Match(recordtest.One(t, "app | p | 1\n@Execution_ProcessID=4242\nSmall=abc")))); got != "[stated channel]" {
				t.Fatalf("beside %q record %d matches %s", others, n, got)
			}
		}
	}
}

// TestWhatARecordSaysOfItselfIsNotTakenForWhatItIs: a record may have data that are named as a part of its envelope is. Rules look at
// them, and records of one layout differ in them.
func TestWhatARecordSaysOfItselfIsNotTakenForWhatItIs(t *testing.T) {
	e := made(t, "cleared all\ns: {Channel: Security}\ncondition: s\n\nother all\ns: {Channel: app, A: x}\ncondition: s\n\nnot all\ns: {A: y}\nf: {Channel: app}\ncondition: s and not f")
	m := detect.NewMatcher(e, meaning())
	for _, c := range []struct{ record, want string }{
		{"app | p | 1\nChannel=app\nA=x", "[other]"}, // says the same as the envelope
		{"app | p | 1\nChannel=Security\nA=x", "[cleared]"},
		{"app | p | 1\nChannel=Security\nA=y", "[cleared not]"},
		{"app | p | 1\nA=y", "[]"},
		{"app | p | 1\nA=x", "[other]"},
	} {
		if got := fmt.Sprint(titles(e, m.Match(recordtest.One(t, c.record)))); got != c.want {
			t.Errorf("%q matches %s, want %s", c.record, got, c.want)
		}
	}
}

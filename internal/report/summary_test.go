package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"reeve"
)

func TestTheSummaryCountsEverything(t *testing.T) {
	s := summarise(full())
	for name, row := range map[string][2]int{
		"files": {s.Files, 6}, "files without a record": {s.Unread, 2}, "records": {s.Records, 389_780}, "duplicates": {s.Duplicates, 12},
		"errors, those not listed too": {s.Errors, 6}, "hosts": {s.Hosts, 4}, "seen": {s.Seen, 1807}, "in cases": {s.InCases, 14}, "left out": {s.LeftOut, 1793}, "cases": {s.Cases, 4},
	} {
		if row[0] != row[1] {
			t.Errorf("%s: %d, want %d", name, row[0], row[1])
		}
	}
	if s.Headline() != "4 cases: 1 malicious, 1 suspicious, 1 inconclusive, 1 expected." {
		t.Errorf("headline: %s", s.Headline())
	}
	if s.Reasons[0] != (reeve.LeftOut{Reason: "an everyday program without a sign of abuse", Count: 1783}) {
		t.Errorf("the commonest reason does not stand first: %+v", s.Reasons)
	}
	if got := (&summary{}).Headline(); got != "No execution became a case." {
		t.Errorf("nothing: %s", got)
	}
}

func TestHintsFitTheResult(t *testing.T) {
	ruled := reeve.Tool{Rules: []reeve.RuleSource{{Path: "built-in"}, {Path: "sigma"}}}
	for name, row := range map[string]struct {
		inv  reeve.Investigation
		want []string
	}{
		"nothing at all":           {reeve.Investigation{}, []string{"--rules"}},
		"rules were given":         {reeve.Investigation{Tool: ruled}, nil},
		"executions were left out": {reeve.Investigation{Tool: ruled, Triage: []reeve.Triaged{{Seen: 1, LeftOut: []reeve.LeftOut{{Count: 1}}}}}, []string{"--all"}},
		"a case":                   {reeve.Investigation{Tool: ruled, Cases: []reeve.Case{{}}}, []string{"--report"}},
		"a host nobody knows":      {reeve.Investigation{Tool: ruled, Cases: []reeve.Case{{Answers: []reeve.Answer{{Question: "host", Value: "role_unknown"}}}}}, []string{"--report", "--inventory"}},
		"hashes nobody looked up":  {reeve.Investigation{Tool: ruled, Cases: []reeve.Case{{Answers: []reeve.Answer{{Question: "reputation", Value: "not_asked"}}}}}, []string{"--report", "--known-bad"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, h := range hints(&row.inv) {
				got = append(got, strings.Fields(h)[0])
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("hints %v, want %v", got, row.want)
			}
		})
	}
}

func TestWritersAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range Writers {
		if seen[w.Name] || w.Write == nil {
			t.Errorf("writer %q stands twice or does nothing", w.Name)
		}
		seen[w.Name] = true
	}
	for _, name := range []string{"table", "json", "jsonl", "csv", "markdown", "html"} {
		if !seen[name] {
			t.Errorf("there is no writer %q", name)
		}
	}
	if Writers[0].Name != "table" || FindingWriters[0].Name != "table" {
		t.Error("the default stands first")
	}
}

func TestFindingsOfAHunt(t *testing.T) {
	list := []reeve.Finding{
		{RuleID: "a", Title: "one", Level: reeve.Critical, Host: "h1", Time: at("2026-01-02T03:04:05Z"), Refs: []reeve.Ref{{File: "f.evtx", RecordID: 9, HasID: true}}, Fields: []reeve.NamedValue{{Name: "Image", Value: "=x"}, {Name: "Image", Value: "second"}}},
		{RuleID: "b", Title: "two", Level: reeve.Low, Host: "h2"}, {RuleID: "b", Title: "two", Level: reeve.Low, Host: "h2"},
	}
	out := func(write func(io.Writer, []reeve.Finding, Options) error, l []reeve.Finding) string {
		var b bytes.Buffer
		if err := write(&b, l, Options{}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	table := out(FindingsTable, list)
	for _, want := range []string{"3 findings on 2 hosts: 1 critical, 2 low.", "2026-01-02 03:04:05.000Z  h1", "f.evtx, record 9", "Image =x"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table does not say %q:\n%s", want, table)
		}
	}
	if got := out(FindingsTable, nil); got != "No rule matched.\n" {
		t.Errorf("no finding: %q", got)
	}
	if got := out(FindingsJSON, nil); got != "[]\n" {
		t.Errorf("no finding: %q", got)
	}
	if got := out(FindingsJSONL, nil); got != "" {
		t.Errorf("no finding: %q", got)
	}
	lines := strings.Split(out(FindingsJSONL, list), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], `"fields":{"Image":"=x"}`) || !strings.Contains(lines[1], `"time":null,"citations":[],"fields":{}`) {
		t.Errorf("lines: %q", lines)
	}
	if !strings.Contains(out(FindingsCSV, list), "2026-01-02T03:04:05.0000000Z,critical,one,a,h1,Image==x; Image=second,") {
		t.Errorf("csv: %s", out(FindingsCSV, list))
	}
}

func TestCitationsAreNumberedAsTheyAreMet(t *testing.T) {
	a, b, none := reeve.Ref{File: "a"}, reeve.Ref{File: "b", Line: 2}, reeve.Ref{}
	p := newPage(&reeve.Investigation{Records: map[reeve.Ref]string{b: "{\"k\":\n1}"}}, Options{})
	numbers := func(list []citation) (out []int) {
		for _, c := range list {
			out = append(out, c.Number)
		}
		return out
	}
	if got := numbers(p.cite([]reeve.Ref{b, none, a, b})); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("numbers %v", got)
	}
	if got := numbers(p.cite([]reeve.Ref{a})); !slices.Equal(got, []int{2}) {
		t.Errorf("a record changed its number: %v", got)
	}
	q := p.Quotes()
	if len(q) != 2 || q[0].File != "b" || q[0].Line != 2 || q[0].Text != "{\n  \"k\": 1\n}" || q[1].Missing == "" {
		t.Errorf("quotes: %+v", q)
	}
	m := markdown{numbers: map[reeve.Ref]int{}}
	if got := m.cite([]reeve.Ref{b, a, none, b}) + m.cite([]reeve.Ref{a}) + m.cite([]reeve.Ref{none}); got != " [1, 2] [2]" {
		t.Errorf("markdown: %q", got)
	}
	var many []reeve.Ref
	for i := range 9 {
		many = append(many, reeve.Ref{File: "f", Offset: int64(i)})
	}
	if got := m.cite(many); got != " [3, 4, 5, 6, 7, 8, \u2026]" {
		t.Errorf("markdown: %q", got)
	}
}

func TestPositionsNameWhatTheFormatHas(t *testing.T) {
	for want, r := range map[string]reeve.Ref{"": {}, "a.evtx, record 0": {File: "a.evtx", HasID: true}, "a.json, line 7": {File: "a.json", Line: 7, Offset: 90}, "a.bin, byte 512": {File: "a.bin", Offset: 512}} {
		if got := position(r); got != want {
			t.Errorf("position %q, want %q", got, want)
		}
	}
}

func TestNeedsAreSaidOnceForAllQuestionsThatLackThem(t *testing.T) {
	c := inconclusiveCase()
	needs := caseView{Case: &c}.Needs()
	want := []string{"identity", "arrival", "payload", "behaviour", "origin", "frequency"} // a list that nobody gave is no lack of the evidence
	if len(needs) != 1 || !slices.Equal(needs[0].For, want) {
		t.Errorf("needs: %+v", needs)
	}
	if got := unanswered(&c); !slices.Equal(got, want) {
		t.Errorf("unanswered: %v", got)
	}
}

func TestAnchorsAreUnique(t *testing.T) {
	inv := &reeve.Investigation{Cases: []reeve.Case{{ID: "0123456789abcdef"}, {ID: "0123456789abcdef"}, {ID: `"><b>`}, {ID: ""}}}
	p := newPage(inv, Options{})
	var got []string
	for _, c := range p.Cases {
		got = append(got, c.Anchor)
	}
	if want := []string{"case-0123456789abcdef", "case-2", "case-3", "case-4"}; !slices.Equal(got, want) {
		t.Errorf("anchors %v, want %v", got, want)
	}
}

func TestEveryKindHasALane(t *testing.T) {
	for kind, want := range map[reeve.Kind]string{reeve.ProcessStart: "process", reeve.ImageLoad: "process", "a new kind": "process", reeve.FileStream: "file", reeve.DNSQuery: "network",
		reeve.ShareAccess: "network", reeve.TaskChange: "system", reeve.LogCleared: "system", reeve.RegistrySet: "system", reeve.RemoteSession: "logon"} {
		if got := laneNames[laneOf(kind)]; got != want {
			t.Errorf("%s stands in the lane %s, want %s", kind, got, want)
		}
	}
}

func TestTheMatrixIsBounded(t *testing.T) {
	inv := &reeve.Investigation{}
	for i := range maxRows + 4 {
		inv.Coverage = append(inv.Coverage, reeve.HostCoverage{Host: fmt.Sprint(i)})
	}
	if m := matrixOf(inv); len(m.Hosts) != maxRows || m.More != 4 || len(m.Kinds) != len(telling) {
		t.Errorf("%d hosts, %d more, %d kinds", len(m.Hosts), m.More, len(m.Kinds))
	}
}

func TestGuidesAreTakenForKnownQuestionsOnly(t *testing.T) {
	g := guideOf(Options{Guide: []Guide{{ID: "origin", Text: "From where?"}, {ID: "weather", Text: "Rain?"}, {ID: "host"}}})
	if len(g) != len(questions) || g["origin"].Text != "From where?" || g["host"].Text != questions[7].text {
		t.Errorf("guide: %+v", g)
	}
}

func BenchmarkHTML(b *testing.B) {
	inv := sample()
	for i := range 50 {
		c := maliciousCase()
		c.ID = fmt.Sprintf("%016x", i)
		inv.Cases = append(inv.Cases, c)
	}
	var n counter
	b.ReportAllocs()
	for b.Loop() {
		n = 0
		if err := HTML(&n, inv, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(n))
}

func BenchmarkJSON(b *testing.B) {
	inv := sample()
	var n counter
	b.ReportAllocs()
	for b.Loop() {
		n = 0
		if err := JSON(&n, inv, Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(n))
}

// counter counts what is written.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

package report

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"reeve"
)

func TestVisibleMakesEveryCharacterSeen(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain": "plain", "größe 東京 😀": "größe 東京 😀",
		"a\x1b[31m": "a\u241b[31m", "a\x00b": "a\u2400b", "a\nb\tc\rd": "a\u240ab\u2409c\u240dd", "\x7f": "\u2421", "\u009b": "[U+009B]",
		"\u202egnp.exe": "[U+202E]gnp.exe", "a\u200bb": "a[U+200B]b", "\ufeff": "[U+FEFF]", "\u2028": "[U+2028]", "\U000e0041": "[U+E0041]", "\xff": "\ufffd", "\u3164": "[U+3164]",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
	if got := visibleLines("a\n\x1bb"); got != "a\n\u241bb" {
		t.Errorf("visibleLines: %q", got)
	}
}

func TestCutTextsSaySo(t *testing.T) {
	if got := clip(strings.Repeat("ä", 3000), 10); got != strings.Repeat("ä", 10)+"\u2026 (3,000 characters in all)" {
		t.Errorf("clip: %q", got)
	}
	if got := clip("äöü", 3); got != "äöü" {
		t.Errorf("clip cuts a text that fits: %q", got)
	}
	if got := ellipsis("abcdef", 4); got != "abc\u2026" {
		t.Errorf("ellipsis: %q", got)
	}
	if got := ellipsis("abcd", 4); got != "abcd" {
		t.Errorf("ellipsis cuts a text that fits: %q", got)
	}
}

func TestFiguresReadAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -999: "-999"} {
		if got := number(in); got != want {
			t.Errorf("number(%d) = %s, want %s", in, got, want)
		}
	}
	for in, want := range map[int]string{7: "7", 999: "999", 1000: "1.0k", 9_950: "9.9k", 48_310: "48k", 2_000_000: "2M", 3_000_000_000: "3G"} {
		if got := short(in); got != want || len(got) > 4 {
			t.Errorf("short(%d) = %s, want %s", in, got, want)
		}
	}
	for _, row := range []struct {
		n    int
		noun string
		want string
	}{{0, "case", "0 cases"}, {1, "case", "1 case"}, {2, "entry", "2 entries"}, {2, "process", "2 processes"}, {1200, "record", "1,200 records"}} {
		if got := count(row.n, row.noun); got != row.want {
			t.Errorf("count: %s, want %s", got, row.want)
		}
	}
	base := at("2026-03-02T00:00:00Z")
	for d, want := range map[reeve.Time]string{0: "+0.000 s", reeve.Second / 4: "+0.250 s", -41 * reeve.Second: "\u221241.000 s", 90 * reeve.Second: "+1 min 30 s", 3*reeve.Hour + 5*reeve.Minute: "+3 h 5 min", -50 * reeve.Hour: "\u22122 d 2 h"} {
		if got := since(base, base+d); got != want {
			t.Errorf("since %d = %s, want %s", d, got, want)
		}
	}
	if since(0, base) != "" || when(0) != "" {
		t.Error("an unknown time must be empty")
	}
	if signed(-5) != "\u22125" || signed(5) != "+5" || core(&reeve.Case{Verdict: reeve.Verdict{Confidence: 0.75}}) != "3/4" {
		t.Error("points and shares")
	}
}

func TestIndicatorsAreDefanged(t *testing.T) {
	for _, row := range [][3]string{
		{"ip", "203.0.113.77", "203[.]0[.]113[.]77"}, {"ip", "2001:db8::1", "2001[:]db8[:][:]1"}, {"domain", "a.example", "a[.]example"},
		{"url", "HTTPS://a.example/x.exe?q=1.2", "hxxps[:]//a[.]example/x.exe?q=1.2"}, {"url", "ftp://a.example", "ftp[:]//a[.]example"}, {"url", "a.example", "a[.]example"},
		{"sha256", "ab.cd", "ab.cd"}, {"path", `C:\a.exe`, `C:\a.exe`},
	} {
		if got := defang(row[0], row[1]); got != row[2] {
			t.Errorf("%s %s is shown as %s, want %s", row[0], row[1], got, row[2])
		}
	}
}

func TestACaseIsNamedByWhatItRan(t *testing.T) {
	lolbin := &reeve.LOLBin{Name: "Mftrace.exe"}
	for want, c := range map[string]reeve.Case{
		"unknown program":                       {},
		"Mftrace.exe":                           {LOLBin: lolbin},
		"mftrace.exe":                           {LOLBin: lolbin, Subject: reeve.Subject{Image: `C:\kit\mftrace.exe`}},
		"svc.exe (Mftrace.exe)":                 {LOLBin: lolbin, Subject: reeve.Subject{Image: `C:\svc.exe`}},
		"a.exe \u2192 b.exe":                    {Subject: reeve.Subject{Image: "a.exe"}, Payloads: []reeve.Payload{{}, {Image: `D:\b.exe`, CommandLine: "b.exe -x"}}},
		"a.exe \u2192 https://h.example/s.sct":  {Subject: reeve.Subject{Image: "/usr/a.exe"}, Payloads: []reeve.Payload{{Image: "https://h.example/s.sct"}}},
		"a.exe \u2192 powershell -c iex(iwr x)": {Subject: reeve.Subject{Image: "a.exe"}, Payloads: []reeve.Payload{{CommandLine: "powershell -c iex(iwr x)"}}},
	} {
		if got := title(&c); got != want {
			t.Errorf("named %q, want %q", got, want)
		}
	}
}

func TestReasonsShowTheirPointsApart(t *testing.T) {
	for _, row := range [][4]string{{"+60 it is bad: so", "+60", "it is bad: so", "for"}, {"-5 it is real", "\u22125", "it is real", "against"}, {"it is so", "", "it is so", "none"}, {"+ 5 x", "", "+ 5 x", "none"}} {
		if got := reasonOf(reeve.Statement{Says: row[0], Refs: []reeve.Ref{acct(1)}}); got.Points != row[1] || got.Says != row[2] || got.Sign != row[3] {
			t.Errorf("%q is shown as %+v", row[0], got)
		}
	}
	if got := reasonOf(reeve.Statement{Says: "-20 they tell one story"}); got.Sign != "none" || got.Points != "\u221220" {
		t.Errorf("what cites nothing speaks for neither side: %+v", got)
	}
	for in, want := range map[string]string{"it runs": "It runs", "upd.exe ran": "upd.exe ran", `c:\x ran`: `c:\x ran`, "Ärger": "Ärger", "": ""} {
		if got := upper(in); got != want {
			t.Errorf("upper(%q) = %q", in, got)
		}
	}
}

func TestTheLayerScoresATechniqueByItsGravestCase(t *testing.T) {
	inv := sample()
	inv.Cases = []reeve.Case{{ID: "1", Techniques: []string{"T1127", "t1059.001"}, Verdict: reeve.Verdict{Label: reeve.Benign}},
		{ID: "2", LOLBin: &reeve.LOLBin{Techniques: []string{"T1127", "no technique"}}, Verdict: reeve.Verdict{Label: reeve.Suspicious}}, {ID: "3", Techniques: []string{"T1127"}}}
	var got struct {
		Versions   map[string]string
		Techniques []struct {
			ID      string `json:"techniqueID"`
			Score   int
			Comment string
		}
	}
	if err := json.Unmarshal(write(t, "navigator", inv, Options{}), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Techniques) != 2 || got.Techniques[0].ID != "T1059.001" || got.Techniques[0].Score != 0 || got.Techniques[1].Score != 3 || got.Versions["layer"] != "4.5" {
		t.Fatalf("layer: %+v", got)
	}
	if n := strings.Count(got.Techniques[1].Comment, "\n"); n != 2 {
		t.Errorf("T1127 names %d cases, want 3", n+1)
	}
}

// failing refuses to be written to.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestEveryWriterReportsAFailingDestination(t *testing.T) {
	for _, w := range Writers {
		if err := w.Write(failing{}, sample(), Options{}); err == nil {
			t.Errorf("%s hides that nothing was written", w.Name)
		}
	}
	for _, w := range FindingWriters {
		if err := w.Write(failing{}, maliciousCase().Findings, Options{}); err == nil {
			t.Errorf("findings %s hides that nothing was written", w.Name)
		}
	}
}

func TestTheQuestionsAreThoseOfTheContract(t *testing.T) {
	if len(questions) != len(allowed) {
		t.Fatal("not ten")
	}
	for i, q := range questions {
		if q.id != allowed[i].question || !strings.Contains("|"+allowed[i].values+"|", "|"+q.unanswered+"|") || q.text == "" {
			t.Errorf("question %d: %+v", i, q)
		}
	}
}

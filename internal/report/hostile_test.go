package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"reeve"
)

// forbidden tells what a sink let through that could act on its reader: markup, terminal control or hidden characters, broken
// UTF-8. Line breaks are the sink's own; escape sequences may be too, when it is asked for colour.
func forbidden(t *testing.T, sink, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s: broken UTF-8 came through", sink)
	}
	for _, r := range out {
		if r != '\n' && hides(r) {
			t.Errorf("%s: %U came through", sink, r)
			break
		}
	}
}

func TestNoSinkLetsHostileEvidenceAct(t *testing.T) {
	for _, w := range Writers {
		t.Run(w.Name, func(t *testing.T) {
			out := string(write(t, w.Name, full(), Options{Width: 90}))
			forbidden(t, w.Name, out)
			switch w.Name {
			case "html", "json", "jsonl", "navigator", "markdown":
				rest := out
				if w.Name == "html" { // the page has one script of its own, last
					at := strings.LastIndex(out, "<script>\"use strict\";")
					if at < 0 {
						t.Fatal("the page lacks its script")
					}
					rest = out[:at]
				}
				for _, bad := range []string{"<script", "</script", "<img", "<!-- "} {
					if strings.Contains(strings.ToLower(rest), bad) {
						t.Errorf("%q came through", bad)
					}
				}
			}
		})
	}
	for _, w := range FindingWriters {
		var b bytes.Buffer
		if err := w.Write(&b, hostileCase().Findings, Options{}); err != nil {
			t.Fatal(err)
		}
		forbidden(t, "findings "+w.Name, b.String())
	}
}

func TestColourIsTheOnlyEscapeSequenceOfTheTable(t *testing.T) {
	out := string(write(t, "table", full(), Options{Color: true, Width: 80}))
	if !strings.Contains(out, "\x1b[") {
		t.Fatal("colour was asked for and is not there")
	}
	plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(out, "")
	forbidden(t, "table", plain)
}

func TestTheTableKeepsItsWidth(t *testing.T) {
	for _, width := range []int{1, 40, 72, 100, 200} {
		for n, line := range strings.Split(string(write(t, "table", full(), Options{Width: width})), "\n") {
			if got := utf8.RuneCountInString(line); got > max(width, minWidth) {
				t.Errorf("width %d: line %d has %d columns: %q", width, n+1, got, line)
			}
		}
	}
}

func TestTheTableSaysWhatAnAnalystNeedsFirst(t *testing.T) {
	out := string(write(t, "table", sample(), Options{}))
	for _, want := range []string{"\u2717 MALICIOUS mftrace.exe \u2192 upd.exe \u00d72", "2026-03-02 09:14:07Z on acct-07.corp.example as CORP\\m.weber", "  +60 upd.exe is on the list of bad hashes", "+148 in all, core answered 4/4, case 3f2a9c1b5d6e7f80",
		"? INCONCLUSIVE  2026-03-03 22:10Z  mftrace.exe  kiosk-03", "not answerable: identity",
		"389,780 records", "1,806 executions seen, 14 in cases, 1,792 left out", "the log was cleared", "Security.evtx, byte 69632", "--all opens the 1,792"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table does not say %q", want)
		}
	}
}

func TestTheGravestCaseStandsLastAboveTheSummary(t *testing.T) {
	out := string(write(t, "table", sample(), Options{}))
	last := -1
	for _, mark := range []string{"\u2713 EXPECTED", "? INCONCLUSIVE", "\u2717 MALICIOUS", "3 cases: 1 malicious", "evidence  "} {
		at := strings.Index(out, mark)
		if at <= last {
			t.Errorf("%q stands at %d, what comes before it at %d", mark, at, last)
		}
		last = at
	}
}

func TestHostsAreShortWhereThatIsClear(t *testing.T) {
	short := shortNames(&reeve.Investigation{Evidence: reeve.Evidence{Hosts: []string{"", "10.1.2.3", "dc.a.example", "dc.b.example", "ws-1.a.example", "ws-2"}}})
	for host, want := range map[string]string{"": "an unknown host", "10.1.2.3": "10.1.2.3", "dc.a.example": "dc.a.example", "ws-1.a.example": "ws-1", "ws-2": "ws-2", "elsewhere.example": "elsewhere.example"} {
		if got := hostOf(short, host); got != want {
			t.Errorf("%q is shown as %q, want %q", host, got, want)
		}
	}
}

func TestNothingFoundSaysWhy(t *testing.T) {
	file := func(records int) []reeve.File { return []reeve.File{{Path: "a.evtx", Records: records}} }
	starts := []reeve.HostCoverage{{Host: "a", Kinds: []reeve.Seen{{Name: string(reeve.ProcessStart), Records: 3}}}}
	for name, row := range map[string]struct {
		inv  reeve.Investigation
		says string
	}{
		"no file":                     {reeve.Investigation{}, "No file was found"},
		"no record":                   {reeve.Investigation{Evidence: reeve.Evidence{Files: file(0)}}, "No record could be read from 1 file."},
		"no process creation":         {reeve.Investigation{Evidence: reeve.Evidence{Files: file(9)}}, "No host has records of process creation"},
		"no LOLBAS program":           {reeve.Investigation{Evidence: reeve.Evidence{Files: file(9)}, Coverage: starts}, "no LOLBAS program"},
		"all left out":                {reeve.Investigation{Evidence: reeve.Evidence{Files: file(9)}, Coverage: starts, Triage: []reeve.Triaged{{Seen: 4, LeftOut: []reeve.LeftOut{{Reason: "x", Count: 4}}}}}, "4 executions of LOLBAS programs were seen and none gave reason"},
		"losses are said too":         {reeve.Investigation{Evidence: reeve.Evidence{Files: []reeve.File{{MoreErrors: 2}}}}, "2 places could not be read"},
		"a subject that is not there": {*quiet(), "no record of that host"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, w := range []string{"table", "markdown", "html"} {
				out := strings.Join(strings.Fields(string(write(t, w, &row.inv, Options{Width: 200}))), " ")
				if !strings.Contains(out, row.says) && !strings.Contains(out, prose(row.says)) {
					t.Errorf("%s does not say %q", w, row.says)
				}
			}
		})
	}
	if why := whyNothing(sample()); why != nil {
		t.Errorf("there are cases, and yet %q", why)
	}
}

func rowsOf(t *testing.T, out []byte) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, k := range all[0] {
			m[k] = r[i]
		}
		rows = append(rows, m)
	}
	return rows
}

func TestCSVReadsBackAsWritten(t *testing.T) {
	inv := full()
	rows := rowsOf(t, write(t, "csv", inv, Options{}))
	if len(rows) != len(inv.Cases) {
		t.Fatalf("%d rows for %d cases", len(rows), len(inv.Cases))
	}
	for i, row := range rows {
		c := &inv.Cases[i]
		for column, want := range map[string]string{"case": c.ID, "host": c.Subject.Host, "user": c.Subject.User, "image": c.Subject.Image, "command_line": c.Subject.CommandLine, "because": reasonOf(c.Verdict.Because[0]).Says} {
			if got := strings.TrimPrefix(row[column], "'"); got != visible(want) {
				t.Errorf("case %d, %s reads back as %.80q, want %.80q", i, column, got, visible(want))
			}
		}
		if row["verdict"] != c.Verdict.Label.String() || row["time"] != c.Subject.Time.String() {
			t.Errorf("case %d: verdict %s at %s", i, row["verdict"], row["time"])
		}
	}
	kiosk := rows[2]
	for _, column := range []string{"user", "command_line", "process_guid", "payload_image"} {
		if kiosk[column] != "" {
			t.Errorf("%s is unknown and must be empty, not %q", column, kiosk[column])
		}
	}
}

func TestNoCellStartsAFormula(t *testing.T) {
	for sink, out := range map[string][]byte{"csv": write(t, "csv", full(), Options{}), "timeline": write(t, "timeline", full(), Options{})} {
		for _, row := range rowsOf(t, out) {
			for column, v := range row {
				if column == "score" && regexp.MustCompile(`^-?[0-9]+$`).MatchString(v) {
					continue // a number of our own
				}
				if v != "" && strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", []rune(v)[0]) {
					t.Errorf("%s: %s starts a formula: %.40q", sink, column, v)
				}
			}
		}
	}
	for in, want := range map[string]string{"": "", "a": "a", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=1": "'\u2409=1", "\r=": "'\u240d=", "\uff1d1": "'\uff1d1", "a=b": "a=b", "\xff=": "\ufffd="} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTheTimelineIsInOrderAndComplete(t *testing.T) {
	inv := sample()
	inv.Cases[1].Timeline = append(inv.Cases[1].Timeline, reeve.Moment{Kind: reeve.Logon, Says: "at an unknown time"})
	rows := rowsOf(t, write(t, "timeline", inv, Options{}))
	last := ""
	for i, r := range rows {
		if r["datetime"] == "" && i != len(rows)-1 {
			t.Error("a moment without a time stands before others")
		}
		if r["datetime"] != "" && r["datetime"] < last {
			t.Errorf("%s stands after %s", r["datetime"], last)
		}
		last = max(last, r["datetime"])
		if r["message"] == "" || r["timestamp_desc"] == "" || r["case"] == "" {
			t.Errorf("row %d lacks what Timesketch needs: %v", i, r)
		}
	}
	find := func(message string) int {
		n := 0
		for _, r := range rows {
			if strings.Contains(r["message"], message) {
				n++
			}
		}
		return n
	}
	for message, want := range map[string]int{"rule matched (high)": 1, "task registered": 1, "mftrace.exe ran: malicious": 1, "mftrace.exe ran: expected": 1, "wscript.exe started mftrace.exe": 1} {
		if got := find(message); got != want {
			t.Errorf("%q stands %d times, want %d", message, got, want)
		}
	}
}

func TestJSONEscapesChangeNoValue(t *testing.T) {
	in := map[string]string{"text": strings.ToValidUTF8(hostile, "\ufffd")}
	var b bytes.Buffer
	if err := writeJSON(&b, in, ""); err != nil {
		t.Fatal(err)
	}
	forbidden(t, "json", b.String())
	var out map[string]string
	if err := json.Unmarshal(b.Bytes(), &out); err != nil || out["text"] != in["text"] {
		t.Errorf("read back as %q (%v)", out["text"], err)
	}
	if !strings.Contains(string(plainJSON([]byte(`"a && b > c"`))), "a && b > c") {
		t.Error("what is harmless must stay readable")
	}
}

func TestMarkdownShowsTextAsItIs(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, C:":    "plain words, C:",
		"*b* _i_ `c` [l](u)": "\\*b\\* \\_i\\_ \\`c\\` \\[l\\](u)",
		"<b>&amp;":           "&lt;b&gt;&amp;amp;",
		"https://a.example":  "https&#58;//a.example",
		"www.a.example":      "www\\.a.example",
		"a|b":                "a\\|b",
		"@team":              "&#64;team",
		"- x":                "\\- x",
		"1. x":               "1\\. x",
		"12) x":              "12\\) x",
		"# x":                "\\# x",
		"a\nb":               "a\u240ab",
		"$x$ ~y~":            "\\$x\\$ \\~y\\~",
	} {
		if got := prose(in); got != want {
			t.Errorf("prose(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"": "", `C:\a b|c & d`: "`C:\\a b|c & d`", " x": "`  x `", "a`b": "<code>a&#96;b</code>", "<i>": "<code>&#60;i&#62;</code>", "a\nb": "`a\u240ab`"} {
		if got := code(in); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzSinks: whatever a text is, no escaping lets anything through that acts.
func FuzzSinks(f *testing.F) {
	f.Add(hostile)
	f.Add("plain")
	f.Add("\xed\xa0\x80\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range visible(s) {
			if !unicode.IsGraphic(r) && r != utf8.RuneError && unicode.In(r, unicode.Cc, unicode.Cf) {
				t.Fatalf("visible lets %U through", r)
			}
		}
		if c := cell(s); c != "" && strings.ContainsRune("=+-@\t\r\n", []rune(c)[0]) {
			t.Fatalf("cell lets %q start", c)
		}
		if p := prose(s); strings.ContainsAny(p, "<>@\n") {
			t.Fatalf("prose lets %q through", p)
		}
		if c := code(s); strings.HasPrefix(c, "<code>") && strings.ContainsAny(strings.TrimSuffix(strings.TrimPrefix(c, "<code>"), "</code>"), "<>`") || strings.HasPrefix(c, "`") && strings.ContainsAny(c[1:len(c)-1], "`<\n") {
			t.Fatalf("code lets %q through", c)
		}
		if j, err := json.Marshal(s); err == nil {
			var back string
			if err := json.Unmarshal(plainJSON(j), &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && utf8.ValidString(s) {
				t.Fatalf("JSON of %q reads back as %q (%v)", s, back, err)
			}
		}
	})
}

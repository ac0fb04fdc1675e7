package report

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reeve"
)

func page1(t *testing.T, inv *reeve.Investigation, opt Options) string {
	t.Helper()
	return string(write(t, "html", inv, opt))
}

func TestThePageLoadsNothing(t *testing.T) {
	out := page1(t, sample(), Options{})
	for _, bad := range []string{" src=", "@import", "url(", "<link", "<iframe", "<object", "fetch(", "XMLHttpRequest"} {
		if strings.Contains(out, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(out, -1) {
		if !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], "https://attack.mitre.org/techniques/T") {
			t.Errorf("the page links to %s", m[1])
		}
	}
	if strings.Contains(out, "ZgotmplZ") {
		t.Error("a template put a value where it is not safe")
	}
}

func TestThePolicyAdmitsThePagesScriptAlone(t *testing.T) {
	out := page1(t, sample(), Options{})
	at := strings.Index(out, "<script>")
	script := out[at+len("<script>") : strings.LastIndex(out, "</script>")]
	sum := sha256.Sum256([]byte(script))
	want := "script-src &#39;sha256-" + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;") + "&#39;"
	if !strings.Contains(out, "default-src &#39;none&#39;") || !strings.Contains(out, want) {
		t.Error("the content security policy does not fit the script")
	}
	if strings.Count(out, "<script") != 1 || regexp.MustCompile(`<[^>]* on[a-z]+=`).MatchString(out[:at]) {
		t.Error("there is script beside the page's own")
	}
}

func TestEveryLinkWithinThePageHasATarget(t *testing.T) {
	for name, inv := range map[string]*reeve.Investigation{"sample": sample(), "hostile": full(), "nothing": quiet(), "empty": {}} {
		out := page1(t, inv, Options{})
		ids := map[string]int{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(out, -1) {
			ids[m[1]]++
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s: the id %s stands %d times", name, id, n)
			}
		}
		for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(out, -1) {
			if ids[m[1]] == 0 {
				t.Errorf("%s: nothing has the id %s", name, m[1])
			}
		}
	}
}

func TestThePageTellsTheWholeCase(t *testing.T) {
	out := page1(t, sample(), Options{})
	for _, want := range []string{"3 cases: 1 malicious", "loader, campaign 2231", "&#43;148", "To have these answers next time", "inferred", "hxxps[:]//files[.]example[.]net", "203[.]0[.]113[.]77",
		"record ids 40120 to 41877"[7:], "a Word document, no log", "3 more are not listed", "1,171", "a modifier that Sigma does not know", "they are taken as UTC", "T1204.002", "What would change it",
		`"EventRecordID": 48121`, "Not asked"} {
		if !strings.Contains(strings.ToLower(out), strings.ToLower(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, q := range questions {
		if strings.Count(out, q.text) != 3 {
			t.Errorf("%q is asked %d times, want once a case", q.text, strings.Count(out, q.text))
		}
	}
}

func TestTheGuideStandsInThePage(t *testing.T) {
	out := page1(t, sample(), Options{Guide: []Guide{{ID: "origin", Text: "Who began it?", Why: "because <why>", Supports: "s", Refutes: "r", BlindSpots: "blind", KnownBenign: "k"}}})
	if strings.Count(out, "Who began it?") != 4 || !strings.Contains(out, "because &lt;why&gt;") {
		t.Error("the guide's words are missing")
	}
}

func TestARecordIsQuotedOnceAndALongTextIsCutInDisplayOnly(t *testing.T) {
	out := page1(t, full(), Options{})
	if n := strings.Count(out, strings.Repeat("A", 1<<20)); n != 1 {
		t.Errorf("the long record stands %d times, want once, as the evidence has it", n)
	}
	if len(out) > 2<<20 {
		t.Errorf("the page has %d bytes", len(out))
	}
	if !strings.Contains(out, "characters in all)") {
		t.Error("a cut text does not say that it was cut")
	}
}

func TestThePageStaysSmallHoweverMuchWasFound(t *testing.T) {
	inv := sample()
	c := maliciousCase()
	for i := range maxMoments + 7 {
		c.Timeline = append(c.Timeline, reeve.Moment{Time: reeve.Time(i+1) * reeve.Day, Kind: reeve.FileCreate, Says: "x"})
	}
	for i := range maxRuns + 9 {
		c.Occurrences = append(c.Occurrences, reeve.Occurrence{Host: fmt.Sprint(i)})
	}
	for i := range maxNodes + 5 {
		c.Tree = append(c.Tree, reeve.Node{ID: fmt.Sprint("n", i), Parent: fmt.Sprint("n", i-1), Image: "deep"})
	}
	inv.Cases = []reeve.Case{c}
	for range maxCases + 3 {
		inv.Cases = append(inv.Cases, reeve.Case{ID: "not an id"})
	}
	big := acct(48121)
	inv.Records[big] = strings.Repeat("B", maxQuoted+1)
	out := page1(t, inv, Options{})
	for _, want := range []string{"23 moments more in timeline.csv", "11 runs more in investigation.json", "13 processes more in investigation.json", "Left out to keep the report small"} {
		if !strings.Contains(out, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := strings.Count(out, "<article"); n != maxCases {
		t.Errorf("%d cases stand in full, want %d", n, maxCases)
	}
	if n := strings.Count(out, "<tr data-case="); n != len(inv.Cases) {
		t.Errorf("%d cases are listed, want all %d", n, len(inv.Cases))
	}
}

// depth is the deepest nesting of a tree, and how many nodes it has.
func depth(list []*nodeView) (deep, n int) {
	for _, v := range list {
		d, m := depth(v.Below)
		deep, n = max(deep, d+1), n+m+1
	}
	return deep, n
}

func TestATreeIsNestedWithoutEnd(t *testing.T) {
	chain := func(n int) (out []reeve.Node) {
		for i := range n {
			out = append(out, reeve.Node{ID: fmt.Sprint(i), Parent: fmt.Sprint(i - 1)})
		}
		return out
	}
	for name, row := range map[string]struct {
		tree    []reeve.Node
		deep, n int
	}{
		"a chain":                            {chain(5), 5, 5},
		"a chain deeper than the page nests": {chain(300), maxDepth, 300},
		"a node that is its own parent":      {[]reeve.Node{{ID: "a", Parent: "a"}}, 1, 1},
		"a child before its parent":          {[]reeve.Node{{ID: "b", Parent: "a"}, {ID: "a"}}, 1, 2},
		"a circle":                           {[]reeve.Node{{ID: "a", Parent: "b"}, {ID: "b", Parent: "a"}}, 2, 2},
		"two of one name":                    {[]reeve.Node{{ID: "a"}, {ID: "a", Parent: "a"}, {ID: "c", Parent: "a"}}, 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			if deep, n := depth(caseView{Case: &reeve.Case{Tree: row.tree}}.Roots()); deep != row.deep || n != row.n {
				t.Errorf("depth %d of %d nodes, want %d of %d", deep, n, row.deep, row.n)
			}
		})
	}
}

func TestTheStripKeepsOrderAndBounds(t *testing.T) {
	c := caseView{Case: &[]reeve.Case{maliciousCase()}[0]}
	s := c.Strip()
	if len(s.Ticks) != len(c.Timeline) || len(s.Lanes) != 5 || s.Subject == 0 {
		t.Fatalf("%d ticks, %d lanes, subject at %v", len(s.Ticks), len(s.Lanes), s.Subject)
	}
	last := stripLeft
	for _, k := range s.Ticks {
		if k.X < last || k.X > stripRight {
			t.Errorf("a tick at %v after one at %v", k.X, last)
		}
		last = k.X
	}
	if (caseView{Case: &reeve.Case{Timeline: c.Timeline[:1]}}).Strip() != nil {
		t.Error("one moment makes no picture")
	}
	same := []reeve.Moment{{Time: reeve.Day}, {Time: reeve.Day}, {Time: reeve.Day}}
	if s := (caseView{Case: &reeve.Case{Timeline: same}}).Strip(); s == nil || s.Ticks[2].X > stripRight {
		t.Error("moments at one time do not fit")
	}
}

func TestMomentsThatWouldHideEachOtherAreOneTick(t *testing.T) {
	list := []reeve.Moment{{Time: 1, Kind: reeve.FileCreate}, {Time: 2, Kind: reeve.FileCreate}, {Time: 2, Kind: reeve.DNSQuery}, {Time: reeve.Day, Kind: reeve.FileCreate}}
	for range 200 {
		list = append(list, reeve.Moment{Time: reeve.Day, Kind: reeve.FileCreate})
	}
	n := 0
	s := caseView{Case: &reeve.Case{Timeline: list[:150]}}.Strip()
	for _, k := range s.Ticks {
		n += 1 + k.More
	}
	if n != 150 || len(s.Ticks) >= 150 {
		t.Errorf("%d ticks tell %d moments, want fewer that tell 150", len(s.Ticks), n)
	}
}

func TestALongTimelineShowsTheExecution(t *testing.T) {
	c := &reeve.Case{}
	for i := range 3 * maxMoments {
		c.Timeline = append(c.Timeline, reeve.Moment{Time: reeve.Time(i + 1)})
	}
	for _, at := range []reeve.Time{1, maxMoments + 7, 2*maxMoments + 9, 3 * maxMoments} {
		c.Subject.Time = at
		if got := (caseView{Case: c}).Moments(); len(got) != maxMoments || !slices.ContainsFunc(got, func(m reeve.Moment) bool { return m.Time == at }) {
			t.Errorf("of an execution at %d the moments %d to %d are shown", at, got[0].Time, got[len(got)-1].Time)
		}
	}
}

func TestDetailsSayNothingTwice(t *testing.T) {
	a, b, c := acct(1), acct(2), acct(3)
	got := detailsOf(reeve.Answer{Says: "Written by “wscript.exe”.", Refs: []reeve.Ref{a}, Details: []reeve.Detail{
		{Name: "program", Value: "written by “wscript.exe”", Refs: []reeve.Ref{a}}, {Name: "program", Value: "written by “wscript.exe”", Refs: []reeve.Ref{b}},
		{Name: "spawn", Value: "whoami", Refs: []reeve.Ref{b}}, {Name: "spawn", Value: "net", Refs: []reeve.Ref{c}}, {Name: "spawn", Value: "whoami", Refs: []reeve.Ref{c}},
	}})
	want := []detailView{{"program", "written by “wscript.exe”", []reeve.Ref{b}}, {"spawn", "whoami", []reeve.Ref{b, c}}, {"", "net", []reeve.Ref{c}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("details %+v, want %+v", got, want)
	}
}

func TestARecordIsQuotedAsItIsAndOpensNoMarkup(t *testing.T) {
	if got := raw(`{"a":"</pre><script>&amp;'+"}`); got != `{"a":"&lt;/pre&gt;&lt;script&gt;&amp;amp;'+"}` {
		t.Errorf("raw: %s", got)
	}
}

func TestAnInconclusiveCaseSaysWhichCoreQuestionsAreOpen(t *testing.T) {
	out := page1(t, sample(), Options{})
	if n := strings.Count(out, "Not answered: <b>payload</b>, <b>behaviour</b>, <b>origin</b>. While these are open"); n != 1 {
		t.Errorf("it is said %d times, want once", n)
	}
}

func TestTheMatrixShowsWhatIsAbsent(t *testing.T) {
	m := matrixOf(sample())
	if len(m.Hosts) != 3 || m.Kinds[0] != string(reeve.ProcessStart) || m.Kinds[len(m.Kinds)-1] != string(reeve.LogCleared) {
		t.Fatalf("%d hosts, kinds %v", len(m.Hosts), m.Kinds)
	}
	kiosk := m.Hosts[2]
	if kiosk.Cells[0].Level != 2 || kiosk.Cells[2].Level != 0 || kiosk.Cells[2].Quiet || !kiosk.Cells[len(kiosk.Cells)-1].Quiet {
		t.Errorf("cells of %s: %+v", kiosk.Host, kiosk.Cells)
	}
}

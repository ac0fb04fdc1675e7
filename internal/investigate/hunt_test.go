package investigate

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func hunt(t *testing.T, l logs, opt Options) []string {
	t.Helper()
	opt.Threads = 2
	h, err := Hunt(context.Background(), l.set(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Files) != len(l) {
		t.Errorf("%d files", len(h.Files))
	}
	var out []string
	for _, f := range h.Findings {
		if len(f.Refs) == 0 || f.Process.IsZero() {
			t.Errorf("%s: %d citations, process %v", f.Title, len(f.Refs), f.Process)
		}
		out = append(out, f.Time.String()[11:19]+" "+f.Level.String()+" "+f.Title)
	}
	return out
}

func TestHuntBringsFindingsOfRulesAndPrograms(t *testing.T) {
	log := append(day(),
		starts("10:30:00", 500, `C:\Users\ann\mftrace.exe`, "mftrace.exe", 200, shell).with("OriginalFileName", "mftrace.exe"),
		starts("10:40:00", 600, `C:\Users\ann\tool.exe`, "tool.exe -h", 200, shell).with("OriginalFileName", "mftrace.exe", "Company", "Microsoft Corporation", "Product", "Microsoft® Windows® Operating System", "Description", "MFTrace"))
	got := hunt(t, logs{"a.evtx": log}, Options{Rules: sigmaRule(t, tracing)})
	want := []string{
		"10:00:10 medium Mftrace.exe ran: a program of class developer, with the command line of a documented abuse",
		"10:00:11 high Mftrace Starts A Program",
		"10:30:00 medium Mftrace.exe ran: a program of class developer, not where it belongs",
		"10:40:00 high Mftrace.exe ran: a program of class developer, not where it belongs, not what its name says",
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHuntGivesWhatARuleLookedAt(t *testing.T) {
	h, err := Hunt(context.Background(), logs{"a.evtx": day()}.set(t), Options{Rules: sigmaRule(t, tracing)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range h.Findings {
		if len(f.Fields) == 0 || f.Fields[0].Value == "" {
			t.Errorf("%s looked at %+v", f.Title, f.Fields)
		}
		if f.Source == "LOLBAS" && !slices.Contains(f.Tags, "attack.t1127") {
			t.Errorf("%s has the tags %q", f.Title, f.Tags)
		}
	}
}

func TestHuntKeepsToHostAndTime(t *testing.T) {
	rules := sigmaRule(t, tracing)
	if got := hunt(t, fleet(), Options{Rules: rules, Host: "pc2"}); len(got) != 2 || !strings.HasPrefix(got[0], "11:00:10") {
		t.Errorf("one host: %q", got)
	}
	if got := hunt(t, fleet(), Options{Rules: rules, To: moment("10:00:10")}); len(got) != 1 {
		t.Errorf("up to a time: %q", got)
	}
	if got := hunt(t, fleet(), Options{}); len(got) != 2 {
		t.Errorf("without rules: %q", got)
	}
}

func TestHuntCountsCopiesOnce(t *testing.T) {
	h, err := Hunt(context.Background(), logs{"a.evtx": story(), "b.json": story()}.set(t), Options{Rules: sigmaRule(t, connects)})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range h.Findings {
		if f.Source != "LOLBAS" {
			n++
			if len(f.Refs) != 2 {
				t.Errorf("%s cites %s", f.Title, files(f.Refs))
			}
		}
	}
	if n != 40 {
		t.Errorf("%d findings of 40 connections", n)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"reeve": main})
}

// example is the folder of the shipped example.
func example(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "examples", "mftrace"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "inventory.csv")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScripts(t *testing.T) {
	dir := example(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLE", dir)
			env.Setenv("INVENTORY", filepath.Join(dir, "inventory.csv"))
			env.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}

// execute runs the program in this process.
func execute(t *testing.T, args ...string) (status int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), args, stdio{strings.NewReader(""), &stdout, &stderr})
	return status, stdout.String(), stderr.String()
}

func TestExitStatuses(t *testing.T) {
	dir := example(t)
	for _, c := range []struct {
		says string
		args []string
		want int
		err  string // on standard error
	}{
		{"help is done", []string{"--help"}, statusDone, ""},
		{"a version is done", []string{"version"}, statusDone, ""},
		{"an unknown command is bad usage", []string{"detect"}, statusUsage, "detect"},
		{"a missing path is bad usage", []string{"investigate"}, statusUsage, "path"},
		{"an unknown format is bad usage", []string{"investigate", dir, "--format", "pdf"}, statusUsage, "--format"},
		{"a bad time is bad usage", []string{"investigate", dir, "--from", "yesterday"}, statusUsage, "2024-05-01T13:00:00Z"},
		{"a bad subject is bad usage", []string{"investigate", dir, "--subject", "host@noon"}, statusUsage, "HOST:PID@TIME"},
		{"a bad zone is bad usage", []string{"hunt", dir, "--assume-tz", "Mars/Olympus"}, statusUsage, "--assume-tz"},
		{"a bad size is bad usage", []string{"dump", dir, "--memory", "much"}, statusUsage, "512MiB"},
		{"a path that does not exist cannot be run on", []string{"investigate", filepath.Join(dir, "absent.evtx")}, statusError, "absent.evtx"},
		{"an inventory that does not exist cannot be run with", []string{"investigate", dir, "--inventory", "absent.csv"}, statusError, "absent.csv"},
		{"rules that do not exist cannot be run with", []string{"hunt", dir, "--rules", "absent"}, statusError, "SigmaHQ"},
		{"without a threshold the gravest case is done", []string{"investigate", "-q", dir}, statusDone, ""},
		{"a case that reaches the threshold is told", []string{"investigate", "-q", dir, "--fail-on", "malicious"}, statusFound, ""},
		{"a threshold that no case reaches is done", []string{"investigate", "-q", dir, "--host", "bw-fs-01", "--fail-on", "benign"}, statusDone, ""},
		{"an unknown program is an error", []string{"lolbas", "no-such-program.exe"}, statusError, "LOLBAS"},
	} {
		t.Run(c.says, func(t *testing.T) {
			status, _, stderr := execute(t, c.args...)
			if status != c.want || !strings.Contains(stderr, c.err) {
				t.Errorf("status %d, want %d; standard error:\n%s", status, c.want, stderr)
			}
		})
	}
}

// TestOutputDependsOnTheEvidenceAlone holds the law that threads, the order of paths and the number of runs change no byte.
func TestOutputDependsOnTheEvidenceAlone(t *testing.T) {
	dir := example(t)
	hosts, err := filepath.Glob(filepath.Join(dir, "BW-*"))
	if err != nil || len(hosts) < 4 {
		t.Fatalf("hosts of the example: %v %v", hosts, err)
	}
	reversed := make([]string, 0, len(hosts))
	for i := range hosts {
		reversed = append(reversed, hosts[len(hosts)-1-i])
	}
	for _, format := range []string{"json", "jsonl", "csv", "markdown", "html", "timeline", "navigator", "table"} {
		t.Run(format, func(t *testing.T) {
			flags := []string{"investigate", "-q", "--format", format, "--inventory", filepath.Join(dir, "inventory.csv")}
			_, want, _ := execute(t, append(flags, hosts...)...)
			if len(want) < 100 {
				t.Fatalf("only %d bytes", len(want))
			}
			for says, args := range map[string][]string{
				"a second run":       append(flags, hosts...),
				"one thread":         append(append(flags, "--threads", "1"), hosts...),
				"five threads":       append(append(flags, "--threads", "5"), hosts...),
				"paths turned round": append(flags, reversed...),
			} {
				if _, got, _ := execute(t, args...); got != want {
					t.Errorf("%s gives other bytes", says)
				}
			}
		})
	}
}

// TestHuntDependsOnTheEvidenceAlone is the same law for a hunt.
func TestHuntDependsOnTheEvidenceAlone(t *testing.T) {
	dir := example(t)
	_, want, _ := execute(t, "hunt", "-q", "--format", "jsonl", dir)
	if strings.Count(want, "\n") < 5 {
		t.Fatalf("a hunt found nothing:\n%s", want)
	}
	for line := range strings.Lines(want) {
		var f struct {
			RuleID    string            `json:"rule_id"`
			Title     string            `json:"title"`
			Level     string            `json:"level"`
			Host      string            `json:"host"`
			Time      string            `json:"time"`
			Citations []json.RawMessage `json:"citations"`
			Fields    json.RawMessage   `json:"fields"`
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.RuleID == "" || f.Title == "" || f.Level == "" || f.Host == "" || f.Time == "" || len(f.Citations) == 0 {
			t.Errorf("%v: %s", err, line)
		}
	}
	for _, n := range []string{"1", "3"} {
		if _, got, _ := execute(t, "hunt", "-q", "--format", "jsonl", "--threads", n, dir); got != want {
			t.Errorf("%s threads give other bytes", n)
		}
	}
}

// TestACopyCountsOnce gives the same logs twice: the cases stay the same, the copies are counted and cited.
func TestACopyCountsOnce(t *testing.T) {
	dir := example(t)
	copied := filepath.Join(t.TempDir(), "forwarded")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(dir, "BW-FIN-03"))); err != nil {
		t.Fatal(err)
	}
	type result struct {
		Evidence struct {
			Files []struct {
				Path                string
				Records, Duplicates int
			}
		}
		Coverage []struct {
			Channels []struct {
				Name    string
				Records int
			}
		}
		Cases []struct {
			ID      string
			Verdict struct {
				Label string
				Score int
			}
			Occurrences []json.RawMessage
			Tree        []struct{ Citations []json.RawMessage }
		}
	}
	read := func(paths ...string) (r result) {
		_, out, _ := execute(t, append([]string{"investigate", "-q", "--format", "json"}, paths...)...)
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	once, twice := read(filepath.Join(dir, "BW-FIN-03")), read(filepath.Join(dir, "BW-FIN-03"), copied)
	if len(once.Cases) == 0 || len(once.Cases) != len(twice.Cases) {
		t.Fatalf("%d cases, with the copy %d", len(once.Cases), len(twice.Cases))
	}
	for i := range once.Cases {
		a, b := &once.Cases[i], &twice.Cases[i]
		if a.ID != b.ID || a.Verdict != b.Verdict || len(a.Occurrences) != len(b.Occurrences) || len(a.Tree) != len(b.Tree) {
			t.Errorf("case %s %v with %d runs became %s %v with %d", a.ID, a.Verdict, len(a.Occurrences), b.ID, b.Verdict, len(b.Occurrences))
		}
	}
	records, duplicates := 0, 0
	for _, f := range twice.Evidence.Files {
		records, duplicates = records+f.Records, duplicates+f.Duplicates
	}
	if duplicates == 0 || duplicates*2 != records {
		t.Errorf("%d records, %d of them copies", records, duplicates)
	}
	for i, c := range once.Coverage[0].Channels {
		if got := twice.Coverage[0].Channels[i]; got != c {
			t.Errorf("channel %v became %v", c, got)
		}
	}
	if n := len(twice.Cases[0].Tree[len(twice.Cases[0].Tree)-1].Citations); n < 2 {
		t.Errorf("a process of both logs has %d citations", n)
	}
}

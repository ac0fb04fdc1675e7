package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reeve/internal/simulate"
)

// TestTheExampleIsJudgedAsItWas holds the verdicts of the shipped example against its truth, run by run.
func TestTheExampleIsJudgedAsItWas(t *testing.T) {
	dir := example(t)
	begin := time.Now()
	status, out, stderr := execute(t, "investigate", "-q", "--format", "json", "--inventory", filepath.Join(dir, "inventory.csv"), dir)
	if status != statusDone {
		t.Fatalf("status %d: %s", status, stderr)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	var got struct {
		Cases []struct {
			Verdict     struct{ Label string }
			Occurrences []struct {
				Host string
				PID  int
				Time time.Time
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	truths := simulate.Mftrace().Truth
	if len(truths) < 10 {
		t.Fatalf("the example has %d truths", len(truths))
	}
	for _, truth := range truths {
		p := truth.Process
		want := []string{"expected", "benign"}
		switch {
		case !truth.Shown:
			want = []string{"inconclusive"}
		case truth.Abuse:
			want = []string{"malicious", "suspicious"}
		}
		label := "no case"
		for _, c := range got.Cases {
			for _, o := range c.Occurrences {
				if o.PID == p.PID && strings.EqualFold(o.Host, p.Host().Name) && o.Time.Sub(p.Started).Abs() < time.Second {
					label = c.Verdict.Label
				}
			}
		}
		if !slices.Contains(want, label) {
			t.Errorf("%s at %v: %s, want one of %q: %s", p.Host().Short, p.Started, label, want, truth.Says)
		}
	}
}

// TestTheReadmeShowsWhatComesOut keeps the output in the README true: every line of it stands in the output, in that order.
func TestTheReadmeShowsWhatComesOut(t *testing.T) {
	dir := example(t)
	_, out, _ := execute(t, "investigate", "-q", "--inventory", filepath.Join(dir, "inventory.csv"), dir)
	readme, err := os.ReadFile(filepath.Join(dir, "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(readme), "```text\n")
	block, _, _ = strings.Cut(block, "```")
	lines := 0
	for line := range strings.Lines(block) {
		if strings.TrimSpace(line) == "\u2026" {
			continue
		}
		_, after, found := strings.Cut(out, line)
		if !found {
			t.Fatalf("the program does not print this line, or not here:\n%s", line)
		}
		out = after
		lines++
	}
	if lines < 10 {
		t.Errorf("the README shows %d lines", lines)
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheCorrelationInTheDocumentsIsTheExample keeps docs/rules.md and the folder that its commands read the same, and the example
// honest about what it finds.
func TestTheCorrelationInTheDocumentsIsTheExample(t *testing.T) {
	root := filepath.Join("..", "..")
	dir := filepath.Join(root, "examples", "correlation")
	doc, err := os.ReadFile(filepath.Join(root, "docs", "rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile(filepath.Join(dir, "rules", "guessed.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), "```yaml\n"+string(rules)+"```\n") {
		t.Error("docs/rules.md does not show the rules of examples/correlation")
	}
	status, out, stderr := execute(t, "hunt", filepath.Join(dir, "logons.jsonl"), "--rules", filepath.Join(dir, "rules"), "--format", "csv")
	rows := strings.Split(strings.TrimSpace(out), "\n")
	if status != 0 || len(rows) != 2 || !strings.Contains(rows[1], "Logon After Many Failures") || !strings.Contains(rows[1], "TargetUserName=svc_backup; IpAddress=203.0.113.77; records=6") {
		t.Errorf("status %d, found\n%s\n%s", status, out, stderr)
	}
}

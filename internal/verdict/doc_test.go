package verdict

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of docs/verdicts.md")

// TestTheDocumentHasTheTable keeps the table that users read true to the one that weighs.
func TestTheDocumentHasTheTable(t *testing.T) {
	const begin, end = "-update -->\n", "<!-- end of signals -->"
	file := filepath.Join("..", "..", "docs", "verdicts.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, found := strings.Cut(rest, end)
	if !ok || !found {
		t.Fatal("the document has no place for the table")
	}
	var b strings.Builder
	b.WriteString("| group | signal | points | because |\n|---|---|---|---|\n")
	for _, r := range table {
		points := fmt.Sprintf("%+d", r.points)
		if r.points == 0 {
			points = "0"
		}
		if r.hard {
			points += ", hard"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", r.group, r.code, points, r.why)
	}
	want := head + begin + b.String() + end + tail
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatal("docs/verdicts.md tells other weights: run go test ./internal/verdict -run TestTheDocumentHasTheTable -update")
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

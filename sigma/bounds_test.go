package sigma

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// lines repeats a line, numbered.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestASmallRuleIsRefusedBeforeItIsLarge: what a file comes to is counted while it is made, and a rule that comes to too much
// is refused on the line where it does, at the cost of less memory than would be worth a complaint.
func TestASmallRuleIsRefusedBeforeItIsLarge(t *testing.T) {
	two := map[string][]string{"one": {"x"}, "two": {"x", "y"}, "many": strings.Fields(lines(4000, "v%d "))}
	for _, c := range []struct {
		says, key, values string
		line              int // within the values; 0 is that of the key, -1 any of theirs
		reason            string
	}{
		{"values with five dashes each", "A|windash|contains", lines(400, "    - ' -a -b -c -d -e%d'\n"), 65, "come to more than 200000 values"},
		{"placeholders of many values", "A|expand", lines(400, "    - '%%many%%%d'\n"), 51, "come to more than 200000 values"},
		{"long values in many forms", "A|windash|contains", "    - '-a -b -c -d " + strings.Repeat("x", 8000) + "'\n" + lines(400, "    - ' -a -b -c -d "+strings.Repeat("y", 8000)+"%d'\n"), 3, "come to more than 200000 values"},
		{"expressions of many steps", "A|re", lines(2000, "    - '[a-z]{999}%d'\n"), -1, "come to more than 200000 values"},
		{"UTF-16 of UTF-16", "A" + strings.Repeat("|wide", 16), "    - '" + strings.Repeat("x", 1000) + "'\n", 1, "more than 8388608 bytes"},
		{"modifiers without end", "A" + strings.Repeat("|wide", 17), "    - x\n", 0, "a field has more than 16 modifiers"},
		{"dashes among wildcards without end", "A|windash", "    - '" + strings.Repeat("?x", 4000) + " -a -b -c -d -e'\n", 1, "more than 4096 forms or 8388608 bytes"},
		{"a text without end with dashes", "A|windash", "    - ' -a -b -c -d -e" + strings.Repeat("x", 1<<20) + "'\n", 1, "windash stands behind a value of more than 8192 bytes"},
		{"placeholders without end", "A|expand", "    - '" + strings.Repeat("%two%", 12) + strings.Repeat("%one%", 100_000) + "'\n", 1, "more than 4096 forms or 8388608 bytes"},
		{"placeholders without end among wildcards", "A|expand", "    - '" + strings.Repeat("%many%*", 100_000) + "'\n", 1, "more than 4096 forms"},
	} {
		t.Run(c.says, func(t *testing.T) {
			src := head + "detection:\n  condition: s\n  s:\n    " + c.key + ":\n" + c.values
			line := 7 + c.line
			if c.line < 0 {
				line = 0
			}
			refused(t, src, line, c.reason, ParseOptions{Placeholders: two})
		})
	}
	names := lines(20_000, "  s%d: {A: x}\n")
	refused(t, head+"detection:\n"+names+"  condition: 1 of them"+strings.Repeat(" or 1 of them", 2400)+"\n", 20_005, "come to more than 200000 values", ParseOptions{})
}

// refused parses a rule that must be refused on a line, or when that is 0 on any of its values, and looks at what that took.
func refused(t *testing.T, src string, line int, reason string, opt ParseOptions) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	rules, faults := Parse("r.yml", []byte(src), opt)
	runtime.ReadMemStats(&after)
	if len(rules) != 0 || len(faults) != 1 || faults[0].Line != line && (line > 0 || faults[0].Line < 8) || !strings.Contains(faults[0].Reason, reason) {
		t.Fatalf("%d rules, faults %.300v, want line %d, %q", len(rules), faults, line, reason)
	}
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 1400 {
		t.Errorf("%d MB were made of %d bytes", made, len(src))
	}
}

// TestDocumentsOfAFileShareItsBound: many documents are no way around it.
func TestDocumentsOfAFileShareItsBound(t *testing.T) {
	doc := head + "detection:\n  condition: s\n  s:\n    A|windash|contains:\n" + lines(16, "    - ' -a -b -c -d -e%d'\n") + "---\n"
	rules, faults := Parse("r.yml", []byte(strings.Repeat(doc, 100)), ParseOptions{})
	if len(rules) != 4 || len(faults) != 96 || faults[95].Line != 99*strings.Count(doc, "\n")+8 || !strings.Contains(faults[0].Reason, "come to more than 200000 values") {
		t.Errorf("%d rules, faults %.300v", len(rules), faults)
	}
}

// TestARuleMayBeAsLargeAsItsText: what is written value by value is bounded by the size of a file only.
func TestARuleMayBeAsLargeAsItsText(t *testing.T) {
	for _, c := range []struct{ says, key, values string }{
		{"names of files", "Image|endswith", lines(150_000, "    - '\\f%d.exe'\n")},
		{"digests", "Hashes|contains", lines(40_000, "    - 'SHA256="+strings.Repeat("0", 58)+"%06d'\n")},
		{"expressions", "A|re", lines(2000, "    - '^[a-z]{8}\\\\%d\\.exe$'\n")},
		{"options with a dash", "CommandLine|windash|contains", lines(5000, "    - ' -opt%d '\n")},
	} {
		rules, faults := Parse("r.yml", []byte(head+"detection:\n  condition: s\n  s:\n    "+c.key+":\n"+c.values), ParseOptions{})
		if len(faults) != 0 || len(rules) != 1 || len(rules[0].preds) < strings.Count(c.values, "\n") {
			t.Errorf("%s: %d rules, %v", c.says, len(rules), faults)
		}
	}
}

package sigma

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Warning is what a rule that is in use states without effect, or leaves out.
type Warning struct {
	Line int
	Text string
}

func (r *Rule) warn(line int, text string, args ...any) {
	r.Warnings = append(r.Warnings, Warning{line, fmt.Sprintf(text, args...)})
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// statuses are those of the specification.
var statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}

// lint looks at what a document says of itself, and puts the warnings in order.
func (r *Rule) lint(m *yaml.Node) {
	line := func(key string) int {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if m.Content[i].Value == key {
				return m.Content[i].Line
			}
		}
		return r.Line
	}
	switch {
	case r.ID == "":
		r.warn(line("id"), "it has no id")
	case !uuid.MatchString(r.ID):
		r.warn(line("id"), "the id %q is no UUID", r.ID)
	}
	if r.Status != "" && !slices.Contains(statuses, strings.ToLower(r.Status)) {
		r.warn(line("status"), "the status %q is none of %s", r.Status, strings.Join(statuses, ", "))
	}
	slices.SortStableFunc(r.Warnings, func(a, b Warning) int { return cmp.Compare(a.Line, b.Line) })
}

// rawUTF16 names the modifier of a chain that makes UTF-16 of a text which no base64 follows: records hold text, in which that is
// never found.
func rawUTF16(mods []string) (mod string, found bool) {
	for i, m := range slices.Backward(mods) {
		switch m {
		case "base64", "base64offset":
			return "", false
		case "wide", "utf16", "utf16be":
			return mods[i], true
		}
	}
	return "", false
}

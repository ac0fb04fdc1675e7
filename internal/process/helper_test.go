package process

import (
	"fmt"
	"slices"
	"strings"

	"reeve"
)

// sortedRefs prints lists of citations without regard to the order of lists and citations.
func sortedRefs(lists [][]reeve.Ref) string {
	var out []string
	for _, refs := range lists {
		var one []string
		for _, r := range refs {
			one = append(one, fmt.Sprintf("%s#%d", r.File, r.RecordID))
		}
		slices.Sort(one)
		out = append(out, strings.Join(one, "+"))
	}
	slices.Sort(out)
	return strings.Join(out, "  ")
}

package process

import (
	"slices"
	"strings"
)

// Canon joins the names under which hosts appear: a short name stands for a full name only when exactly one full name among
// names begins with it. The function it returns gives the longest form in lower case.
func Canon(names []string) func(string) string {
	full := map[string][]string{}
	for _, n := range names {
		n = clean(n)
		if short, _, long := strings.Cut(n, "."); long && !slices.Contains(full[short], n) {
			full[short] = append(full[short], n)
		}
	}
	joined := map[string]string{}
	for short, list := range full {
		if len(list) == 1 {
			joined[short] = list[0]
		}
	}
	return func(name string) string {
		name = clean(name)
		if long, ok := joined[name]; ok {
			return long
		}
		return name
	}
}

func clean(name string) string {
	return strings.ToLower(strings.TrimRight(strings.TrimSpace(name), "."))
}

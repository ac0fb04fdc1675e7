package sigma

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// matcherRE is a regular expression with what can be told of its matches beforehand.
type matcherRE struct {
	re     *regexp.Regexp
	need   []string // folded texts of which every match contains at least one
	min    int      // bytes that a match has at least
	anyRun int      // when positive the expression is just "at least n characters", and re is nil
}

// maxNeed bounds the alternatives of a required text.
const maxNeed = 64

func compileRE(s string) (*matcherRE, error) {
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the expression %q: %w", s, err)
	}
	m := &matcherRE{}
	tree = tree.Simplify()
	m.min = shortest(tree)
	parsed, _ := syntax.Parse(s, syntax.Perl) // unsimplified: repetitions are still whole
	if n, ok := runOfAny(parsed); ok {
		m.anyRun = n
		return m, nil
	}
	if m.re, err = regexp.Compile(s); err != nil {
		return nil, fmt.Errorf("the expression %q: %w", s, err)
	}
	m.need = needed(tree)
	for _, t := range m.need {
		if len(t) < 3 {
			m.need = nil
			break
		}
	}
	return m, nil
}

func (m *matcherRE) match(s string) bool {
	if len(s) < m.min {
		return false
	}
	if m.anyRun > 0 {
		for more := true; more; {
			var line string
			if line, s, more = strings.Cut(s, "\n"); utf8.RuneCountInString(line) >= m.anyRun {
				return true
			}
		}
		return false
	}
	return m.re.MatchString(s)
}

// runOfAny knows ".{n,}": asked of every value it would cost an automaton of n states for what is a length.
func runOfAny(r *syntax.Regexp) (int, bool) {
	if r.Op == syntax.OpRepeat && r.Max == -1 && r.Min > 0 && r.Sub[0].Op == syntax.OpAnyCharNotNL {
		return r.Min, true
	}
	return 0, false
}

// shortest is the least number of bytes of a match.
func shortest(r *syntax.Regexp) int {
	switch r.Op {
	case syntax.OpLiteral:
		return len(r.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortest(r.Sub[0])
	case syntax.OpRepeat:
		return min(r.Min*shortest(r.Sub[0]), 1<<20)
	case syntax.OpConcat:
		n := 0
		for _, s := range r.Sub {
			n += shortest(s)
		}
		return n
	case syntax.OpAlternate:
		n := shortest(r.Sub[0])
		for _, s := range r.Sub[1:] {
			n = min(n, shortest(s))
		}
		return n
	}
	return 0
}

// needed gives folded texts of which every match contains at least one; nil when none can be told.
func needed(r *syntax.Regexp) []string {
	switch r.Op {
	case syntax.OpLiteral:
		return []string{fold(string(r.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return needed(r.Sub[0])
	case syntax.OpRepeat:
		if r.Min > 0 {
			return needed(r.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, s := range r.Sub {
			if n := needed(s); worth(n) > worth(best) {
				best = n
			}
		}
		return best
	case syntax.OpAlternate:
		var out []string
		for _, s := range r.Sub {
			n := needed(s)
			if n == nil {
				return nil
			}
			out = append(out, n...)
		}
		if len(out) <= maxNeed {
			return out
		}
	}
	return nil
}

// worth prefers long texts and few of them.
func worth(list []string) int {
	if len(list) == 0 {
		return -1
	}
	least := len(list[0])
	for _, s := range list[1:] {
		least = min(least, len(s))
	}
	return least*16 - len(list)
}

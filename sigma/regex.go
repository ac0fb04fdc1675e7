package sigma

import (
	"cmp"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// matcherRE is a regular expression with what can be told of its matches beforehand.
type matcherRE struct {
	re     *regexp.Regexp
	need   []string   // folded texts of which every match contains at least one
	min    int        // bytes that a match has at least
	anyRun int        // when positive the expression is just "at least n characters", and re is nil
	run    int        // when positive every match has so many bytes of runOf in a row
	runOf  *[256]bool // ASCII only
	steps  int        // that its program has
}

// maxSteps bounds what an expression may cost a character of a value. The largest of four thousand public rules has 1,003 steps.
const maxSteps = 4000

func compileRE(s string) (*matcherRE, error) {
	if len(s) > 8*maxSteps {
		return nil, fmt.Errorf("an expression is longer than %d bytes", 8*maxSteps)
	}
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the expression %q: %w", s, err)
	}
	if endLines(tree) {
		s = tree.String()
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > maxSteps {
		return nil, cmp.Or(err, fmt.Errorf("an expression comes to more than %d steps", maxSteps))
	}
	m := &matcherRE{steps: len(prog.Inst)}
	if n, ok := runOfAny(tree); ok {
		m.anyRun = n
		return m, nil
	}
	m.run, m.runOf = longestRun(tree)
	m.min = shortest(tree)
	m.need = needed(tree.Simplify())
	if m.re, err = regexp.Compile(s); err != nil {
		return nil, fmt.Errorf("the expression %q: %w", s, err)
	}
	return m, nil
}

// endLines rewrites every $ outside multiline mode: PCRE, in whose flavour rules are written, finds it before a last line break as
// well, which Go does not. What stands behind a $ cannot take that line break. It tells whether there was one.
func endLines(r *syntax.Regexp) (found bool) {
	if r.Op == syntax.OpEndText && r.Flags&syntax.WasDollar != 0 {
		newline := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\n'}}
		*r = syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{{Op: syntax.OpQuest, Sub: []*syntax.Regexp{newline}}, {Op: syntax.OpEndText}}}
		return true
	}
	for _, sub := range r.Sub {
		found = endLines(sub) || found
	}
	return found
}

func (m *matcherRE) match(s string) bool {
	if len(s) < m.min {
		return false
	}
	if m.anyRun > 0 {
		for more := true; more; {
			var line string
			if line, s, more = strings.Cut(s, "\n"); len(line) >= m.anyRun && utf8.RuneCountInString(line) >= m.anyRun {
				return true
			}
		}
		return false
	}
	if m.run > 0 && !hasRun(s, m.run, m.runOf) {
		return false
	}
	return m.re.MatchString(s)
}

// hasRun tells whether n bytes of a set stand in a row. It looks at every n-th byte until one is of the set.
func hasRun(s string, n int, set *[256]bool) bool {
	for end := n - 1; end < len(s); {
		at := end
		for at > end-n && set[s[at]] {
			at--
		}
		if at == end-n {
			return true
		}
		end = at + n
	}
	return false
}

// runOfAny knows ".{n,}": asked of every value it would cost an automaton of n states for what is a length.
func runOfAny(r *syntax.Regexp) (int, bool) {
	if r.Op == syntax.OpRepeat && r.Max == -1 && r.Min > 0 && r.Sub[0].Op == syntax.OpAnyCharNotNL {
		return r.Min, true
	}
	return 0, false
}

// leastRun is the length from which a run is worth looking for.
const leastRun = 8

// longestRun finds the longest repetition of ASCII characters that every match has.
func longestRun(r *syntax.Regexp) (n int, set *[256]bool) {
	switch r.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return longestRun(r.Sub[0])
	case syntax.OpConcat:
		for _, s := range r.Sub {
			if k, x := longestRun(s); k > n {
				n, set = k, x
			}
		}
	case syntax.OpRepeat:
		if c := r.Sub[0]; r.Min >= leastRun && c.Op == syntax.OpCharClass && c.Rune[len(c.Rune)-1] < utf8.RuneSelf {
			set = new([256]bool)
			for i := 0; i < len(c.Rune); i += 2 {
				for x := c.Rune[i]; x <= c.Rune[i+1]; x++ {
					set[x] = true
				}
			}
			return r.Min, set
		}
	}
	return n, set
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

// Bounds of what is told of an expression.
const (
	maxNeed  = 64 // texts of which one is needed
	maxClass = 12 // characters of a class that are told apart
)

// needed gives folded texts of which every match contains at least one; nil when none can be told.
func needed(r *syntax.Regexp) []string {
	if all := spelled(r); all != nil {
		if worth(all) > 0 {
			return all
		}
		return nil
	}
	switch r.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return needed(r.Sub[0])
	case syntax.OpRepeat:
		if r.Min > 0 {
			return needed(r.Sub[0])
		}
	case syntax.OpConcat:
		return neededOf(r.Sub)
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

// neededOf looks at the parts of a concatenation: at what each needs, and at what neighbours spell together.
func neededOf(parts []*syntax.Regexp) []string {
	var best []string
	for from := range parts {
		if n := needed(parts[from]); worth(n) > worth(best) {
			best = n
		}
		run := []string{""}
		for _, p := range parts[from:] {
			more := spelled(p)
			if more == nil || len(run)*len(more) > maxNeed {
				break
			}
			var next []string
			for _, a := range run {
				for _, b := range more {
					next = append(next, a+b)
				}
			}
			if run = next; worth(run) > worth(best) {
				best = run
			}
		}
	}
	return best
}

// spelled lists all folded texts that a part can match; nil when they are too many to tell.
func spelled(r *syntax.Regexp) []string {
	switch r.Op {
	case syntax.OpLiteral:
		return []string{fold(string(r.Rune))}
	case syntax.OpEmptyMatch:
		return []string{""}
	case syntax.OpCapture:
		return spelled(r.Sub[0])
	case syntax.OpQuest:
		if s := spelled(r.Sub[0]); s != nil && len(s) < maxNeed {
			return append([]string{""}, s...)
		}
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(r.Rune); i += 2 {
			for x := r.Rune[i]; x <= r.Rune[i+1]; x++ {
				if out = append(out, fold(string(x))); len(out) > maxClass {
					return nil
				}
			}
		}
		return out
	case syntax.OpAlternate, syntax.OpConcat:
		out := []string{""}
		if r.Op == syntax.OpAlternate {
			out = nil
		}
		for _, s := range r.Sub {
			more := spelled(s)
			if more == nil {
				return nil
			}
			if r.Op == syntax.OpAlternate {
				out = append(out, more...)
			} else {
				var next []string
				for _, a := range out {
					for _, b := range more {
						next = append(next, a+b)
					}
				}
				out = next
			}
			if len(out) > maxNeed {
				return nil
			}
		}
		return out
	}
	return nil
}

package sigma

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRule: whatever a file holds, every document is a rule or a fault with a line and a reason, and what is a rule can be
// matched and explained alike.
func FuzzRule(f *testing.F) {
	f.Add("title: t\nlogsource: {product: windows}\ndetection:\n  s: {A|contains|all: [x, y]}\n  condition: s\n", "x and y")
	f.Add("title: t\nlogsource: {product: windows}\ndetection:\n  s: &a [1, {B|re|i: 'x+'}]\n  k: *a\n  condition: 1 of them\n", "xx")
	f.Add("a: &a {b: *a}\n---\n- x\n---\ncorrelation: {}\n", "")
	f.Add("title: t\nlogsource: {service: s}\ndetection: {s: {A|windash|base64offset: '-x', <<: {B: 1}}, condition: not s or s}", "-x")
	f.Fuzz(func(t *testing.T, src, value string) {
		rules, faults := Parse("f.yml", []byte(src), ParseOptions{})
		for _, x := range faults {
			if x.Line < 1 || x.Reason == "" || !errors.Is(x, ErrRule) && !errors.Is(x, ErrInactive) {
				t.Fatalf("fault %+v", x)
			}
		}
		if len(rules)+len(faults) == 0 {
			t.Fatal("nothing is said of the file")
		}
		if len(rules) == 0 {
			return
		}
		engine := Compile(&Set{Rules: rules}, one{})
		p := engine.Program("records")
		if p == nil { // correlations and filters of nothing
			return
		}
		e := testEvent{"": {value}}
		for _, name := range p.Fields() {
			e[name] = []string{value}
		}
		matched := map[int32]bool{}
		for _, id := range p.NewMatcher().Match(e) {
			matched[id] = true
		}
		for id, r := range engine.Rules() {
			if r.Correlation == nil && p.Explain(int32(id), e).Matched != matched[int32(id)] {
				t.Fatalf("rule %d matches %v, which is not how it is explained", id, matched[int32(id)])
			}
		}
	})
}

// FuzzCondition: a condition is refused or read as the naive reading reads it.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{"a and not b or c", "1 of a* and (b or not c)", "all of them", "not not a", "((a)", "a or", "1 of"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 || !utf8.ValidString(text) {
			return
		}
		names := []string{"a", "ab", "b", "c", "_d"}
		c := &conditionParser{named: map[string]*node{}, order: names, used: map[string]bool{}, read: &reader{left: maxPreds}}
		second := map[string]naive{}
		for _, n := range names {
			c.named[n] = &node{kind: 'p', pred: &pred{field: n, op: opExists, want: true}}
			second[n] = func(e testEvent) bool { _, ok := e[n]; return ok }
		}
		root, err := c.parse(text)
		words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
		if err != nil {
			return
		}
		want, rest := naiveOr(words, names, second)
		if want == nil || len(rest) > 0 {
			t.Fatalf("%q is read, but not by the naive reading", text)
		}
		for bits := range 1 << len(names) {
			e := testEvent{}
			for i, n := range names {
				if bits>>i&1 == 1 {
					e[n] = nil
				}
			}
			if got := holds(root, e); got != want(e) {
				t.Fatalf("%q over %v is %v", text, e, got)
			}
		}
	})
}

func holds(n *node, e testEvent) bool {
	switch n.kind {
	case 'p':
		_, ok := e[n.pred.field]
		return ok
	case '!':
		return !holds(n.kids[0], e)
	}
	for _, k := range n.kids {
		if holds(k, e) != (n.kind == '&') {
			return n.kind == '|'
		}
	}
	return n.kind == '&'
}

// FuzzValue: a value with wildcards matches what its regular expression matches.
func FuzzValue(f *testing.F) {
	for _, s := range [][2]string{{`a*c`, "abc"}, {`\*\?\\`, `*?\`}, {`*??é`, "aéé"}, {`\\\*`, `\*`}, {`a\`, `a\`}, {`x*y*z`, "xyyzz"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if len(pattern) > 100 || len(value) > 1000 || !utf8.ValidString(pattern) || !utf8.ValidString(value) {
			return
		}
		re, err := regexp.Compile("(?is)^(?:" + quoted(pattern) + ")$")
		if err != nil {
			t.Skip()
		}
		p := literalPred(parsePieces(pattern), false)
		got := p.test(fold(value))
		if want := re.MatchString(value); got != want {
			t.Fatalf("%q matches %q: %v, want %v", pattern, value, got, want)
		}
		for _, n := range p.need {
			if got && !strings.Contains(fold(value), n) {
				t.Fatalf("%q matches %q without %q", pattern, value, n)
			}
		}
	})
}

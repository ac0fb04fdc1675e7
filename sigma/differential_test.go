package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// tokens are what random values and events are made of: parts that meet, overlap and differ in case, in lengths around those that
// the matchers treat apart.
var tokens = []string{"cmd.exe", "CMD", `\`, `\Windows\`, `C:\`, "powershell", "power", "shell", " -a ", " /A ", "-enc", "/c", "a", "b", "ab", "abc", "abcd", "ABCDE", " ", ".exe", ".EXE", "x", "é", "É", "ß", "ſ", "K",
	"k", "İ", "中文", "😀", "%", "1", "10.0.0.1", "\n", "–a", "needle in a haystack", "mftrace", "\xff", "*", "?"}

type chance struct{ *rand.Rand }

func (c chance) of(n int) bool { return c.IntN(n) == 0 }

func (c chance) text(most int) string {
	var b strings.Builder
	for range c.IntN(most + 1) {
		b.WriteString(tokens[c.IntN(len(tokens)-2)])
	}
	return b.String()
}

// pattern is a text with wildcards and escapes here and there.
func (c chance) pattern() string {
	s := strings.ToValidUTF8(c.text(3), "")
	switch c.IntN(6) {
	case 0:
		s += []string{"*", "?", `\*`, `\?`, `\\`, `\`}[c.IntN(6)]
	case 1:
		s = []string{"*", "?", `\*`, `\\*`}[c.IntN(4)] + s + "*" + strings.ToValidUTF8(c.text(2), "")
	}
	return s
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

var fields = []string{"A", "B", "C", "D"}

// item writes one key with modifiers and values.
func (c chance) item(field string) string {
	values := func(one func() string) string {
		n := 1
		if c.of(3) {
			n += c.IntN(6)
		}
		var list []string
		for range n {
			list = append(list, one())
		}
		if n == 1 && c.of(2) {
			return list[0]
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	extra := []string{"", "", "", "|all", "|neq"}[c.IntN(5)]
	text := func() string { return quote(c.pattern()) }
	switch c.IntN(18) {
	case 0:
		return fmt.Sprintf("%s|exists: %v", field, c.of(2))
	case 1:
		return fmt.Sprintf("%s%s: null", field, []string{"", "|neq"}[c.IntN(2)])
	case 2:
		res := []string{"ab+c", "(?i)power(shell)?", "^C:", "exe$", ".{12,}", "[0-9]+", "(?i)needle.*hay", "(cmd|abcd)", "é", "(?i)ſ|kk", "a.b", "(?i)needles?", "x{2,3}", `\\windows\\`}
		return field + "|re" + []string{"", "|i", "|s", "|m"}[c.IntN(4)] + extra + ": " + values(func() string { return quote(res[c.IntN(len(res))]) })
	case 3:
		return field + "|cidr" + extra + ": " + values(func() string { return quote([]string{"10.0.0.0/8", "::1/128", "10.0.0.1"}[c.IntN(3)]) })
	case 4:
		return field + "|fieldref" + []string{"", "|startswith", "|endswith", "|contains"}[c.IntN(4)] + ": " + fields[c.IntN(len(fields))]
	case 5:
		return fmt.Sprintf("%s|%s: %d", field, []string{"lt", "lte", "gt", "gte"}[c.IntN(4)], c.IntN(20))
	case 6:
		return fmt.Sprintf("%s|%s: %d", field, []string{"hour", "minute", "month"}[c.IntN(3)], c.IntN(13))
	case 7:
		plain := func() string { return quote(tokens[c.IntN(20)] + "x" + tokens[c.IntN(12)]) }
		return field + []string{"|base64offset|contains", "|wide|base64offset|contains", "|base64|contains", "|utf16be|base64", "|utf16|base64offset|contains"}[c.IntN(5)] + extra + ": " + values(plain)
	case 8:
		return field + "|expand: " + quote([]string{"%admins%", "%one%", "100%"}[c.IntN(3)])
	}
	mods := []string{"", "|contains", "|endswith", "|startswith"}[c.IntN(4)]
	if c.of(6) {
		mods += "|windash"
	}
	if c.of(6) {
		mods += "|cased"
	}
	return field + mods + extra + ": " + values(text)
}

func (c chance) search() string {
	switch c.IntN(7) {
	case 0: // keywords
		return []string{`["needle", "shell"]`, `{"|all": ["a", "ab"]}`, `["*exe", "x?c"]`, `[` + quote(c.pattern()) + `]`, `{"|re": ["a+b"]}`}[c.IntN(5)]
	case 1:
		var list []string
		for range 1 + c.IntN(3) {
			list = append(list, "{"+c.mapping()+"}")
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	return "{" + c.mapping() + "}"
}

func (c chance) mapping() string {
	var list []string
	for _, i := range c.Perm(len(fields))[:1+c.IntN(3)] {
		list = append(list, c.item(fields[i]))
	}
	return strings.Join(list, ", ")
}

func (c chance) condition(names []string, depth int) string {
	name := names[c.IntN(len(names))]
	if depth == 0 {
		return name
	}
	switch c.IntN(9) {
	case 0, 1:
		return c.condition(names, depth-1) + " and " + c.condition(names, depth-1)
	case 2:
		return c.condition(names, depth-1) + " or " + c.condition(names, depth-1)
	case 3:
		return "not " + c.condition(names, 0)
	case 4:
		return "(" + c.condition(names, depth-1) + ")"
	case 5:
		return "1 of " + []string{"sel_*", "them", "*"}[c.IntN(3)]
	case 6:
		return "all of " + []string{"sel_*", "them", "sel_a"}[c.IntN(3)]
	case 7:
		return name + " and not 1 of sel_*"
	}
	return name
}

func (c chance) rule() string {
	names := []string{"sel_a", "sel_b", "fil", "_hidden"}
	var b strings.Builder
	for _, n := range names {
		fmt.Fprintf(&b, "%s: %s\n", n, c.search())
	}
	fmt.Fprintf(&b, "condition: %s\n", c.condition(names, 3))
	return b.String()
}

func (c chance) event() testEvent {
	e := testEvent{}
	for _, name := range append([]string{"E", ""}, fields...) {
		switch c.IntN(8) {
		case 0:
		case 1:
			e[name] = nil
		case 2:
			e[name] = []string{c.text(3), c.text(3)}
		case 3:
			e[name] = []string{[]string{"", "5", "10.0.0.1", "::1", "2024-05-06 07:08:09", "Y21kLmV4ZQ==", "cABvAHcAZQByAA==", "root", "12.5"}[c.IntN(9)]}
		default:
			e[name] = []string{c.text(5)}
		}
	}
	if len(e[""]) == 0 {
		delete(e, "") // nothing is stated
	}
	return e
}

// TestTheEngineAgreesWithTheNaiveReading compares both over random rules and events, all rules of a round compiled together.
func TestTheEngineAgreesWithTheNaiveReading(t *testing.T) {
	const rounds, rulesEach, eventsEach = 120, 60, 250
	pairs, matches, explained := 0, 0, 0
	for seed := range uint64(rounds) {
		c := chance{rand.New(rand.NewPCG(seed, 7))}
		var src []string
		var second []naive
		for range rulesEach {
			text := c.rule()
			f, err := naiveRule(text, placeholders)
			if err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			src, second = append(src, document(text)), append(second, f)
		}
		rules, faults := Parse("random.yml", []byte(strings.Join(src, "---\n")), ParseOptions{Placeholders: placeholders})
		if len(faults) > 0 {
			t.Fatalf("seed %d: %v\n%s", seed, faults[0], src[len(rules)])
		}
		p := Compile(&Set{Rules: rules}, one{}).Program("records")
		m := p.NewMatcher()
		for n := range eventsEach {
			event := c.event()
			got := m.Match(event)
			for i, f := range second {
				want := f(event)
				pairs++
				if want {
					matches++
				}
				if slices.Contains(got, int32(i)) != want {
					t.Fatalf("seed %d, event %d %q: rule matches %v, want %v\n%s", seed, n, event, !want, want, src[i])
				}
				if n == 0 {
					explained++
					if p.Explain(int32(i), event).Matched != want {
						t.Fatalf("seed %d, event %q: is explained as %v\n%s", seed, event, !want, src[i])
					}
				}
			}
		}
	}
	if pairs < 1_800_000 || matches < pairs/10 || matches > pairs*9/10 || explained < 7000 {
		t.Errorf("%d pairs were compared, %d matched, %d were explained: too few to prove anything", pairs, matches, explained)
	}
}

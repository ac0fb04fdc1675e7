package sigma

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
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

var inQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func quote(s string) string { return `"` + inQuotes.Replace(s) + `"` }

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
	switch c.IntN(20) {
	case 0:
		return fmt.Sprintf("%s|exists: %v", field, c.of(2))
	case 1:
		return fmt.Sprintf("%s%s: null", field, []string{"", "|neq"}[c.IntN(2)])
	case 2:
		res := []string{"ab+c", "(?i)power(shell)?", "^C:", "exe$", ".{12,}", "[0-9]+", "(?i)needle.*hay", "(cmd|abcd)", "é", "(?i)ſ|kk", "a.b", "(?i)needles?", "x{2,3}", `\\windows\\`, "b$", "(?i)(k|x$)+$"}
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
	case 9:
		return field + []string{"", "|contains", "|gte", "|cased"}[c.IntN(4)] + extra + ": " + values(func() string { return []string{"5.0", "0x10", "12.50", "-0o5", "1_0", "1e1"}[c.IntN(6)] })
	case 10:
		return field + []string{"", "|endswith"}[c.IntN(2)] + extra + ": " + values(func() string { return []string{"yes", "No", "on", "OFF", "true"}[c.IntN(5)] })
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
			e[name] = []string{[]string{"", "5", "10.0.0.1", "::1", "2024-05-06 07:08:09", "Y21kLmV4ZQ==", "cABvAHcAZQByAA==", "root", "12.5", "16", "10", "True", "off"}[c.IntN(13)]}
		default:
			e[name] = []string{c.text(5)}
		}
	}
	if len(e[""]) == 0 {
		delete(e, "") // nothing is stated
	}
	return e
}

// wideEvent gives its values in UTF-16.
type wideEvent testEvent

func (e wideEvent) Fill(to *Slots) {
	for name, values := range e {
		slot := slices.Index(to.Fields(), name)
		if slot >= 0 && len(values) == 0 {
			to.SetNull(slot)
		}
		for _, v := range values {
			var b []byte
			for _, u := range utf16.Encode([]rune(v)) {
				b = append(b, byte(u), byte(u>>8))
			}
			if slot >= 0 {
				to.SetUTF16(slot, b)
			} else if to.Keywords() {
				to.AddKeywordUTF16(b)
			}
		}
	}
}

// comparison holds rules as the engine and as the naive reading understand them.
type comparison struct {
	program *Program
	second  []naive
	sources []string // what a rule is called when the readings differ
}

// tally counts what was compared.
type tally struct{ pairs, matches, explained int }

func (a *tally) add(b tally) {
	a.pairs, a.matches, a.explained = a.pairs+b.pairs, a.matches+b.matches, a.explained+b.explained
}

// over asks both readings of every event about every rule that is wanted, or all. The engine is asked when it has not seen the
// values of the event, when it remembers them, without its memory, and in UTF-16; of every rule one event is explained as well.
func (c comparison) over(t *testing.T, events []testEvent, wanted func(rule, event int) bool) (count tally) {
	t.Helper()
	m, forgets, wide := c.program.NewMatcher(), c.program.NewMatcher(), c.program.NewMatcher()
	forgets.Remember(false)
	found := make([][]bool, len(events))
	for n, e := range events {
		first := slices.Clone(m.Match(e))
		if again := m.Match(e); !slices.Equal(first, again) {
			t.Fatalf("event %d %.1000q matches %v, and %v when its values are remembered", n, e, first, again)
		}
		if got := forgets.Match(e); !slices.Equal(first, got) {
			t.Fatalf("event %d %.1000q matches %v, and %v without memory", n, e, first, got)
		}
		if got := wide.Match(wideEvent(e)); !slices.Equal(first, got) {
			t.Fatalf("event %d %.1000q matches %v, and %v in UTF-16", n, e, first, got)
		}
		found[n] = make([]bool, len(c.second))
		for _, id := range first {
			found[n][id] = true
		}
	}
	for i, f := range c.second { // one rule after the other, for a function that was just called is called fast
		for n, e := range events {
			if wanted != nil && !wanted(i, n) {
				continue
			}
			want := f(e)
			count.pairs++
			if want {
				count.matches++
			}
			if found[n][i] != want {
				t.Fatalf("event %d %.1000q matches %v, want %v\n%s", n, e, !want, want, c.sources[i])
			}
			if n == i {
				count.explained++
				if c.program.Explain(int32(i), e).Matched != want {
					t.Fatalf("event %d %.1000q is explained as %v\n%s", n, e, !want, c.sources[i])
				}
			}
		}
	}
	return count
}

// compared compiles rules together, for both readings.
func compared(t *testing.T, detections []string) comparison {
	t.Helper()
	r := newNaiveReader(placeholders)
	c := comparison{}
	for _, d := range detections {
		f, err := r.rule(d)
		if err != nil {
			t.Fatalf("%v\n%s", err, d)
		}
		c.sources, c.second = append(c.sources, document(d)), append(c.second, f)
	}
	rules, faults := Parse("rules.yml", []byte(strings.Join(c.sources, "---\n")), ParseOptions{Placeholders: placeholders})
	if len(faults) > 0 {
		t.Fatalf("%v\n%s", faults[0], c.sources[len(rules)])
	}
	c.program = Compile(&Set{Rules: rules}, one{}).Program("records")
	return c
}

// distinct leaves events out that are there already.
func distinct(events []testEvent) (out []testEvent) {
	seen := map[string]bool{}
	for _, e := range events {
		if text := fmt.Sprintf("%q", e); !seen[text] {
			seen[text] = true
			out = append(out, e)
		}
	}
	return out
}

// TestTheEngineAgreesWithTheNaiveReading compares both over random rules and events, all rules of a round compiled together. No
// pair of a rule and an event comes twice.
func TestTheEngineAgreesWithTheNaiveReading(t *testing.T) {
	t.Parallel()
	const rounds, rulesEach, eventsEach = 100, 60, 240
	var count tally
	seen := map[string]bool{}
	for seed := range uint64(rounds) {
		c := chance{rand.New(rand.NewPCG(seed, 7))}
		var rules []string
		for len(rules) < rulesEach {
			if text := c.rule(); !seen[text] {
				seen[text] = true
				rules = append(rules, text)
			}
		}
		var events []testEvent
		for range eventsEach {
			events = append(events, c.event())
		}
		count.add(compared(t, rules).over(t, distinct(events), nil))
	}
	if count.pairs < 1_400_000 || count.matches < count.pairs/10 || count.matches > count.pairs*9/10 || count.explained < rounds*rulesEach {
		t.Errorf("%+v: too few to prove anything", count)
	}
}

// quoted makes a regular expression of a value with wildcards: a third reading of it.
func quoted(s string) string {
	escaped := regexp.MustCompile(`(?s)\\[\\*?]|\*|\?|\\|[^\\*?]+`)
	return escaped.ReplaceAllStringFunc(s, func(t string) string {
		switch {
		case t == "*":
			return ".*"
		case t == "?":
			return "."
		case len(t) == 2 && t[0] == '\\':
			return regexp.QuoteMeta(t[1:])
		}
		return regexp.QuoteMeta(t)
	})
}

// TestTheNaiveReadingOfTextsIsThatOfExpressions: what follows all ways through a value finds what a regular expression finds.
func TestTheNaiveReadingOfTextsIsThatOfExpressions(t *testing.T) {
	c := chance{rand.New(rand.NewPCG(2, 3))}
	matches := 0
	const patterns, values = 1500, 100
	for range patterns {
		text := c.pattern()
		re := regexp.MustCompile("(?is)^(?:" + quoted(text) + ")$")
		p := newPattern(readSigns(text), false)
		for range values {
			v := c.text(3)
			want := re.MatchString(v)
			if want {
				matches++
			}
			if p.fits(naiveFold(v)) != want {
				t.Fatalf("%q fits %q: %v, want %v", text, v, !want, want)
			}
		}
	}
	if matches < patterns*values/20 {
		t.Errorf("only %d matched", matches)
	}
}

// TestEveryCaseIsAskedOfEveryRule asks the rules of testdata/*.txt, compiled together, about each other's events.
func TestEveryCaseIsAskedOfEveryRule(t *testing.T) {
	t.Parallel()
	var rules []string
	var events []testEvent
	seen := map[string]bool{}
	for _, c := range ruleCases(t) {
		if !seen[c.detection] {
			seen[c.detection] = true
			rules = append(rules, c.detection)
		}
		for _, a := range c.asked {
			events = append(events, parseEvent(t, a.event))
		}
	}
	count := compared(t, rules).over(t, distinct(events), nil)
	if count.pairs < 900_000 || count.matches < count.pairs/100 || count.explained < len(rules) {
		t.Errorf("%+v: too few to prove anything", count)
	}
}

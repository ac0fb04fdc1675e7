package sigma

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// program compiles rules that look at the same records.
func program(t testing.TB, detections ...string) *Program {
	t.Helper()
	var src []string
	for _, d := range detections {
		src = append(src, document(d))
	}
	rules, faults := Parse("r.yml", []byte(strings.Join(src, "---\n")), ParseOptions{Placeholders: placeholders})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return Compile(&Set{Rules: rules}, one{}).Program("records")
}

// ready is an event that fills slots at no cost of its own; its first value is a keyword as well.
type ready struct {
	slots []int
	texts [][]byte
}

func (r *ready) Fill(to *Slots) {
	for i, slot := range r.slots {
		to.Set(slot, r.texts[i])
	}
	to.AddKeyword(r.texts[0])
}

func TestMatchingAllocatesNothing(t *testing.T) {
	p := program(t,
		"s: {A|contains: 'needle', B|endswith: '.exe'}\ncondition: s",
		"s: {A|re: '(?i)n[aeiou]+dle'}\ncondition: s",
		"s: {C|cidr: '10.0.0.0/8', D|gt: 5, T|hour: 7}\nf: {D|lt: 5}\ncondition: s and not f",
		"k: ['über', 'x*y']\ncondition: k",
		"s: {A|windash|contains: ' -x', B|fieldref|neq: A}\nf: {E|exists: true}\ng: {E: null}\ncondition: s and not f and g",
		"s: {A|cased|contains: 'Needle'}\ncondition: s",
		"s: {B: '*a?b*'}\ncondition: s or not s")
	m := p.NewMatcher()
	events := []testEvent{
		{"A": {"a NEEDLE –x in ÜBER ÉTÉ"}, "B": {"x.exe", "aab"}, "C": {"10.1.2.3"}, "D": {"7"}, "T": {"2024-01-02 07:00:00"}, "Other": {"über"}},
		{"A": {""}, "B": nil, "C": {"no address", "-", "cmd.exe", "10.0.0.1:80", "10.0.0.0.1"}, "D": {"no number", "1e", "10.0.0.1"}, "T": {"never"}, "E": {"x"}},
	}
	for _, ev := range events {
		m.Match(ev)
		values := &ready{}
		for name, list := range ev {
			if slot := slices.Index(p.fields, name); slot >= 0 && len(list) > 0 {
				values.slots = append(values.slots, slot)
				values.texts = append(values.texts, []byte(list[len(list)-1]))
			}
		}
		if n := testing.AllocsPerRun(200, func() { m.Match(values) }); n != 0 {
			t.Errorf("%v allocations an event", n)
		}
	}
}

func TestAMatcherForgetsTheEventBefore(t *testing.T) {
	p := program(t, "s: {A|contains: 'needle'}\ncondition: s", "s: {A: null}\ncondition: s", "s: {B|endswith: 'x'}\ncondition: s")
	m := p.NewMatcher()
	first := fmt.Sprint(m.Match(testEvent{"A": {"a needle"}}))
	second := fmt.Sprint(m.Match(testEvent{"B": {"ax"}}))
	m.epoch = 1<<32 - 1 // the counter begins anew
	third := fmt.Sprint(m.Match(testEvent{"A": {"a needle"}}))
	fourth := fmt.Sprint(m.Match(testEvent{}))
	if first != "[0]" || second != "[1 2]" || third != "[0]" || fourth != "[1]" {
		t.Errorf("matches %s, %s, %s, %s", first, second, third, fourth)
	}
}

// TestRememberedValuesAreFoundAgain: a value that was seen gives the same as one that was not, in its own field only, and also
// when others took its place.
func TestRememberedValuesAreFoundAgain(t *testing.T) {
	p := program(t, "s: {A|contains: ['needle', 'hay']}\ncondition: s", "s: {B|contains: 'needle'}\ncondition: s", "s: {A|contains: 'needle', B|contains: 'needle'}\ncondition: s",
		"s:\n  - {A|endswith: 'shared'}\n  - {B|endswith: 'shared'}\ncondition: s")
	m := p.NewMatcher()
	r := rand.New(rand.NewPCG(1, 2))
	values := []string{"a needle", "hay", "needle", "", "shared", "needle shared"}
	for i := range 5000 {
		values = append(values, fmt.Sprint("other ", i))
	}
	for n := range 40_000 {
		limit := 6
		if n%3 == 0 {
			limit = len(values)
		}
		ev := testEvent{"A": {values[r.IntN(limit)]}, "B": {values[r.IntN(limit)]}}
		got := fmt.Sprint(m.Match(ev))
		if n%50 == 0 {
			if want := fmt.Sprint(p.NewMatcher().Match(ev)); got != want {
				t.Fatalf("%v matches %s, a new matcher says %s", ev, got, want)
			}
		}
		a, b := strings.Contains(ev["A"][0], "needle"), strings.Contains(ev["B"][0], "needle")
		if slices.Contains(m.Match(ev), 2) != (a && b) {
			t.Fatalf("%v: rule 2 matches: %v", ev, !(a && b))
		}
	}
}

func TestFoldingIsUnicodesSimpleFolding(t *testing.T) {
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		f := foldRune(r)
		if foldRune(f) != f {
			t.Fatalf("%U folds to %U, which folds to %U", r, f, foldRune(f))
		}
		for x := unicode.SimpleFold(r); x != r; x = unicode.SimpleFold(x) {
			if foldRune(x) != f {
				t.Fatalf("%U and %U are one letter, but fold to %U and %U", r, x, f, foldRune(x))
			}
		}
		if f != r && !strings.EqualFold(string(f), string(r)) {
			t.Fatalf("%U folds to another letter, %U", r, f)
		}
	}
	c := chance{rand.New(rand.NewPCG(3, 4))}
	for range 20_000 {
		s := c.text(6)
		var want strings.Builder
		for _, r := range s {
			want.WriteRune(foldRune(r))
		}
		if got := fold(s); got != want.String() {
			t.Fatalf("%q folds to %q, rune by rune to %q", s, got, want.String())
		}
	}
}

// TestNeededTextsAreNeeded: every text that an expression matches contains one of the texts by which it is found.
func TestNeededTextsAreNeeded(t *testing.T) {
	for _, c := range []struct {
		re   string
		need string
		hits []string
	}{
		{`power(shell)?\.exe`, "power", []string{"power.exe", "powershell.exe"}},
		{`(?i)powerSHELL`, "powershell", []string{"PowerShell"}},
		{`(cmd|wmic)\.exe`, "cmd.exe wmic.exe", []string{"cmd.exe", "wmic.exe"}},
		{`[Rr][Uu][Nn]dll`, "rundll", []string{"rUndll", "RUNdll"}},
		{`a+bcde?f`, "", []string{"aabcdf", "abcdef"}},
		{`x*needle`, "needle", []string{"needle", "xxneedle"}},
		{`(needle){2,}`, "needle", []string{"needleneedle"}},
		{`.*`, "", []string{""}},
		{`\d+|needle`, "", []string{"5", "needle"}},
		{`(?i)ſecret`, "secret", []string{"Secret", "ſECRET"}},
		{"`(?:\\w+|-|.)`[a]", "", []string{"`-`a"}},
		{`(?s)needle.hay`, "needle", []string{"needle\nhay"}},
		{`\$\{.*\}\{`, "", []string{"${x}{"}},
		{`a?b?c?`, "", []string{"", "b"}},
		{`needle\.$`, "needle", []string{"needle.", "needle.\n"}},
		{`(cmd$|wmic\z)`, "cmd wmic", []string{"cmd\n", "wmic"}},
	} {
		m, err := compileRE(c.re)
		if err != nil {
			t.Fatal(err)
		}
		if c.need != "" && !slices.ContainsFunc(strings.Fields(c.need), func(s string) bool {
			return slices.ContainsFunc(m.need, func(n string) bool { return strings.Contains(n, s) || strings.Contains(s, n) })
		}) {
			t.Errorf("%s needs %q, want %s", c.re, m.need, c.need)
		}
		for _, h := range c.hits {
			if !m.match("before "+h+" behind") && !m.match(h) {
				t.Errorf("%s does not match %q", c.re, h)
			}
			if len(m.need) > 0 && !slices.ContainsFunc(m.need, func(n string) bool { return strings.Contains(fold(h), n) }) {
				t.Errorf("%s matches %q, which contains none of %q", c.re, h, m.need)
			}
		}
	}
}

// TestExpressionsMeanWhatTheStandardLibrarySays compares shortcuts with the expression alone, and of the two at the end of which a
// line break may stand, with the expression over what stands before that.
func TestExpressionsMeanWhatTheStandardLibrarySays(t *testing.T) {
	c := chance{rand.New(rand.NewPCG(5, 6))}
	var list []*matcherRE
	var alone []*regexp.Regexp
	for _, s := range []string{`[a-f0-9]{8}`, `\s[a-d]{9,12}\s`, `(x[abc]{8})+`, `.{6,}`, `.{1,}`, `a.{8,}`, `[abc]{8,}d|x`, `[^a]{8}`, `(?i)[a-c]{10}`, `é{3}`, `[a-cé]{9}`, `(?s).{9,}`,
		`[ab]$`, `(?i)^[^x]*b+$`, `(a|b$|c\b)*$`, `a\z`, `(?m)^[abc]+$`} {
		m, err := compileRE(s)
		if err != nil {
			t.Fatal(err)
		}
		list, alone = append(list, m), append(alone, regexp.MustCompile(s))
	}
	matched, before := make([]int, len(list)), 0
	for range 45_000 {
		i := c.IntN(len(list))
		var b strings.Builder
		for range c.IntN(30) {
			b.WriteString([]string{"a", "b", "c", "d", "B", "0", " ", "\n", "é", "x", "f"}[c.IntN(11)])
			if c.of(3) {
				b.WriteString(strings.Repeat("abc"[c.IntN(3):][:1], c.IntN(10)))
			}
		}
		s := b.String()
		if c.of(4) {
			s += "\n"
		}
		want := alone[i].MatchString(s)
		if line, broken := strings.CutSuffix(s, "\n"); !want && broken && strings.HasSuffix(alone[i].String(), "$") && alone[i].MatchString(line) {
			want = true
			before++
		}
		if want {
			matched[i]++
		}
		m := list[i]
		if got := m.match(s); got != want {
			t.Fatalf("%s matches %q: %v", alone[i], s, got)
		}
		if want && len(m.need) > 0 && !slices.ContainsFunc(m.need, func(n string) bool { return strings.Contains(fold(s), n) }) {
			t.Fatalf("%s matches %q, which contains none of %q", alone[i], s, m.need)
		}
	}
	if slices.Min(matched) < 5 || before < 200 {
		t.Errorf("%d matched, %d of them before a line break: too few to prove anything", matched, before)
	}
}

func TestExplanationsNameTheReason(t *testing.T) {
	p := program(t, `s: {A|endswith: '\x.exe', B|re: 'y+', C|cidr: 10.0.0.0/8, D|exists: true, E: null, F|hour|gte: 9, G|fieldref: A, H: 'a?b', I: '*', J|lt: 5}
f: {A|startswith: q}
k: [word]
condition: s and not f or k`)
	e := testEvent{"A": {`c:\x.exe`}, "B": {"z"}, "G": nil}
	var lines []string
	var show func(*Trace, int)
	show = func(x *Trace, depth int) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s%s %v %s", strings.Repeat(" ", depth), x.Part, x.Matched, x.Why)))
		for _, k := range x.Parts {
			show(k, depth+1)
		}
	}
	trace := p.Explain(0, e)
	show(trace, 0)
	want := `one of false
all of false
s false
all of false
A endswith "\\x.exe" true
B re "y+" false value differs
C cidr "10.0.0.0/8" false field absent
D exists: true false field absent
E is null true
F hour >= 9 false field absent
G fieldref field A false field without a value
H like "a?b" false field absent
I has a value false field absent
J < 5 false field absent
not true
f false
A startswith "q" false value differs
k false
any value contains "word" false value differs`
	want = strings.Replace(want, "G fieldref field A", "G is field A", 1)
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("explained as\n%s", got)
	}
	if p.Explain(1, e) != nil {
		t.Error("a rule that the program does not hold is explained")
	}
}

func TestProgramsAreSharedByEqualSources(t *testing.T) {
	rules, _ := Parse("r.yml", []byte(document("s: {A: x}\ncondition: s")), ParseOptions{})
	e := Compile(&Set{Rules: rules}, twice{})
	if e.Program("one") == nil || e.Program("one") != e.Program("two") {
		t.Error("two sources with the same rules have two programs")
	}
}

type twice struct{}

func (twice) Sources(Logsource) []string { return []string{"one", "two"} }

// TestAnIdenticalPredicateIsEvaluatedOnce: rules share predicates, and those that differ in anything are apart.
func TestAnIdenticalPredicateIsEvaluatedOnce(t *testing.T) {
	var detections []string
	for _, s := range []string{"A: x", "A|contains: x", "A|startswith: x", "A|endswith: x", "A|cased: x", "B: x", "A|re: x", "A|re|i: x", "A|lt: 1", "A|lt: 2", "A|lte: 1", "A|hour: 1", "A|day: 1", "A: null", "A|exists: true",
		"A|exists: false", "A|fieldref: x", "A|fieldref|contains: x", "A: 'x?x'", "A: 'x?x*x'", "A: 'xx?'", "A|cidr: 10.0.0.0/8", "A|cidr: 10.0.0.0/9", "A: '*'"} {
		detections = append(detections, "s: {"+s+"}\ncondition: s")
	}
	p := program(t, append(detections, detections...)...)
	p.ready()
	if len(p.preds) != len(detections) {
		t.Errorf("%d predicates of %d rules, of which every two are equal", len(p.preds), 2*len(detections))
	}
}

func BenchmarkMatch(b *testing.B) {
	c := chance{rand.New(rand.NewPCG(8, 9))}
	var detections []string
	for range 500 {
		detections = append(detections, c.rule())
	}
	p := program(b, detections...)
	var events []testEvent
	for range 500 {
		events = append(events, c.event())
	}
	m := p.NewMatcher()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m.Match(events[i%len(events)])
	}
}

func BenchmarkParse(b *testing.B) {
	src := []byte(document("s:\n  Image|endswith: ['\\a.exe', '\\b.exe']\n  CommandLine|contains|all: ['one', 'two']\nfilter_x: {User: x}\ncondition: s and not 1 of filter_*"))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := Parse("r.yml", src, ParseOptions{}); len(faults) > 0 {
			b.Fatal(faults[0])
		}
	}
}

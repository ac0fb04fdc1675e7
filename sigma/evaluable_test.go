package sigma

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestARuleThatCannotHoldNamesWhatItNeeds(t *testing.T) {
	for _, c := range []struct {
		says, detection, stated string
		missing                 string // "" for a rule that can hold, "elsewhere" for one that is about other events
	}{
		{"a stated field may have any value", "s: {Image: x}\ncondition: s", "Image", ""},
		{"a field that is not stated has no value", "s: {Image: x}\ncondition: s", "User", "Image"},
		{"all of several fields are needed", "s: {Image: x, User: y, Company: z}\ncondition: s", "User", "Company Image"},
		{"one of two alternatives is enough", "s: [{Image: x}, {OriginalFileName: x}]\ncondition: s", "Image", ""},
		{"of alternatives the shorter is named", "s: [{A: x, B: y}, {C: z}]\ncondition: s", "User", "C"},
		{"a filter on an absent field filters nothing", "s: {Image: x}\nf: {User: y}\ncondition: s and not f", "Image", ""},
		{"a filter for null of an absent field filters everything", "s: {Image: x}\nf: {User: null}\ncondition: s and not f", "Image", "User"},
		{"null of an absent field holds", "s: {User: null}\ncondition: s", "Image", ""},
		{"existence of an absent field", "s: {User|exists: true}\ncondition: s", "Image", "User"},
		{"absence of an absent field", "s: {User|exists: false}\ncondition: s", "Image", ""},
		{"absence of a field that some records leave out", "s: {User|exists: false}\ncondition: s", "User", ""},
		{"not absence of an absent field", "s: {User|exists: false}\ncondition: not s", "Image", "User"},
		{"a comparison of fields needs both", "s: {A|fieldref: B}\ncondition: s", "A", "B"},
		{"another value than one that is not stated", "s: {A|neq: x}\ncondition: s", "Image", ""},
		{"keywords look at what there is", "s: [whoami]\ncondition: s", "", ""},
		{"another event id than the one that is asked for", "s: {EventID: 4661, ObjectName: x}\ncondition: s", "EventID=4624 User", "elsewhere"},
		{"the event id that is asked for, without the field", "s: {EventID: 4661, ObjectName: x}\ncondition: s", "EventID=4661 User", "ObjectName"},
		{"one of the event ids that are asked for", "s: {EventID: [4661, 4663], ObjectName: x}\ncondition: s", "EventID=4663 ObjectName", ""},
		{"an event id that is excluded", "s: {ObjectName: x}\nf: {EventID: 4624}\ncondition: s and not f", "EventID=4624", "elsewhere"},
		{"a channel in other letters", "s: {Channel: SECURITY}\ncondition: s", "Channel=Security", ""},
		{"an alternative that is about other events", "s: [{EventID: 1, A: x}, {EventID: 2, B: y, C: z}]\ncondition: s", "EventID=2 B", "C"},
		{"a number that is compared", "s: {A|gt: 5}\ncondition: s", "", "A"},
	} {
		t.Run(c.says, func(t *testing.T) {
			rules, faults := Parse("case.yml", []byte(document(c.detection)), ParseOptions{})
			if len(faults) > 0 {
				t.Fatal(faults[0])
			}
			stated, known := map[string]bool{}, map[string]string{}
			for _, f := range strings.Fields(c.stated) {
				name, value, is := strings.Cut(f, "=")
				if stated[name] = true; is {
					known[name] = value
				}
			}
			chance, missing := rules[0].Chance(Layout{func(f string) bool { return stated[f] }, func(f string) (string, bool) { v, ok := known[f]; return v, ok }})
			want := Lacking
			switch c.missing {
			case "":
				want = Possible
			case "elsewhere":
				want, c.missing = Elsewhere, ""
			}
			if got := strings.Join(missing, " "); got != c.missing || chance != want {
				t.Errorf("chance %d, missing %q; want %d, %q", chance, got, want, c.missing)
			}
		})
	}
}

// possible tries every answer to every question about a stated field. once tells whether every question is asked once.
func possible(r *Rule, states func(string) bool, known map[string]string) (holds, once bool) {
	fixed, open := map[string]bool{}, []string{}
	once = true
	for _, p := range r.preds {
		key := p.key() + "\x00" + p.field
		if _, seen := fixed[key]; seen || slices.Contains(open, key) {
			once = false
			continue
		}
		stated := p.field == "" || states(p.field)
		if p.op == opRef {
			stated = stated && states(p.lit)
		}
		value, is := known[p.field]
		switch {
		case is && p.op == opExact && !p.cased:
			fixed[key] = strings.EqualFold(value, p.lit)
		case stated:
			open = append(open, key)
		case p.op == opNull:
			fixed[key] = true
		case p.op == opExists:
			fixed[key] = !p.want
		default:
			fixed[key] = false
		}
	}
	if len(open) > 14 {
		return false, false
	}
	for bits := range 1 << len(open) {
		var eval func(n *node) bool
		eval = func(n *node) bool {
			switch n.kind {
			case 'p':
				key := n.pred.key() + "\x00" + n.pred.field
				if at := slices.Index(open, key); at >= 0 {
					return bits>>at&1 == 1
				}
				return fixed[key]
			case '!':
				return !eval(n.kids[0])
			case '&':
				return !slices.ContainsFunc(n.kids, func(k *node) bool { return !eval(k) })
			}
			return slices.ContainsFunc(n.kids, eval)
		}
		if eval(r.root) {
			return true, once
		}
	}
	return false, once
}

// TestWhatCanHoldIsWhatBruteForceFinds compares with every assignment, and with what the engine says of events.
func TestWhatCanHoldIsWhatBruteForceFinds(t *testing.T) {
	compared, never, elsewhere, exact, matched := 0, 0, 0, 0, 0
	for seed := range uint64(4000) {
		c := chance{rand.New(rand.NewPCG(seed, 11))}
		text := c.rule()
		rules, faults := Parse("random.yml", []byte(document(text)), ParseOptions{Placeholders: placeholders})
		if len(faults) > 0 {
			t.Fatalf("seed %d: %v", seed, faults[0])
		}
		r := rules[0]
		stated := map[string]bool{}
		for _, f := range fields {
			stated[f] = c.of(2)
		}
		known := map[string]string{}
		if c.of(2) {
			stated["A"] = true
			known["A"] = []string{"a", "cmd.exe", "x"}[c.IntN(3)]
		}
		states := func(f string) bool { return stated[f] }
		layout := Layout{states, func(f string) (string, bool) { v, ok := known[f]; return v, ok }}
		chance, missing := r.Chance(layout)
		ok := chance == Possible
		if (chance == Lacking) != (len(missing) > 0) {
			t.Fatalf("seed %d: chance %d, missing %q", seed, chance, missing)
		}
		matcher := Compile(&Set{Rules: rules}, one{}).Program("records").NewMatcher()
		for range 20 {
			event := c.event()
			for f, is := range stated {
				if !is {
					delete(event, f)
				}
			}
			if v, is := known["A"]; is {
				event["A"] = []string{v}
			}
			if len(matcher.Match(event)) > 0 {
				if matched++; !ok {
					t.Fatalf("seed %d: matches %q, said to need %q\n%s", seed, event, missing, text)
				}
			}
		}
		if chance == Elsewhere {
			elsewhere++
			if again, _ := r.Chance(Layout{func(string) bool { return true }, layout.Known}); again != Elsewhere {
				t.Fatalf("seed %d: is about other events until more is stated\n%s", seed, text)
			}
		}
		if chance == Lacking {
			never++
			if slices.ContainsFunc(missing, states) || !slices.IsSorted(missing) {
				t.Fatalf("seed %d: missing %q, stated %v", seed, missing, stated)
			}
			if again, more := r.Chance(Layout{func(f string) bool { return states(f) || slices.Contains(missing, f) }, layout.Known}); again != Possible {
				t.Fatalf("seed %d: with %q it lacks %q\n%s", seed, missing, more, text)
			}
		}
		holds, once := possible(r, states, known)
		if !holds && !once {
			continue // not tried, or a contradiction between equal questions
		}
		compared++
		if holds && !ok {
			t.Fatalf("seed %d: can hold, is said to need %q\n%s", seed, missing, text)
		}
		if once {
			if exact++; holds != ok {
				t.Fatalf("seed %d: can hold %v, is said to: %v\n%s", seed, holds, ok, text)
			}
		}
	}
	if compared < 2000 || never < 300 || elsewhere < 50 || exact < 500 || matched < 1000 {
		t.Errorf("%d compared, %d lack a field, %d are about other events, %d exact, %d matches: too few to prove anything", compared, never, elsewhere, exact, matched)
	}
}

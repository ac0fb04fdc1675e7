package questions

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reeve"
	"reeve/internal/playbook"
	"reeve/internal/verdict"
)

var update = flag.Bool("update", false, "rewrite the sentences and citations of the case files")

func TestCases(t *testing.T) {
	for _, s := range load(t) {
		t.Run(s.name, func(t *testing.T) {
			answers := s.ask(t)
			if *update {
				s.rewrite(t, answers)
			}
			if len(s.want) == 0 {
				t.Fatal("the case asks nothing")
			}
			if !strings.HasSuffix(s.says, ".") {
				t.Errorf("the comment is no sentence: %q", s.says)
			}
			asked := 0
			for i := range answers {
				a := &answers[i]
				want, ok := s.want[a.Question]
				if !ok {
					continue
				}
				asked++
				got := shown(a)
				for _, k := range wantKeys {
					if *update && (k == "says" || k == "cites") {
						continue
					}
					if got[k] != want[k] {
						t.Errorf("%s, %s:\n got %q\nwant %q\nfor: %s\n%s", a.Question, k, got[k], want[k], a.Says, detailsOf(a))
					}
				}
			}
			if asked != len(s.want) {
				t.Errorf("%d of %d expectations name a question", asked, len(s.want))
			}
		})
	}
}

func detailsOf(a *reeve.Answer) string {
	var b strings.Builder
	for _, d := range a.Details {
		fmt.Fprintf(&b, "  %s: %s\n", d.Name, d.Value)
	}
	return b.String()
}

// A question whose doc says that nothing refutes must never refute; every other one is proven in all three directions.
func TestEveryQuestionHasCasesThatSupportRefuteAndCannotBeAnswered(t *testing.T) {
	seen := map[string]map[string]int{}
	refutes := map[string]bool{}
	values := map[string]map[string]bool{}
	for _, s := range load(t) {
		for q, want := range s.want {
			if seen[q] == nil {
				seen[q], values[q] = map[string]int{}, map[string]bool{}
			}
			seen[q][want["stance"]]++
			values[q][want["value"]] = true
		}
		for _, a := range s.ask(t) {
			refutes[a.Question] = refutes[a.Question] || a.Stance == reeve.Refutes
		}
	}
	for _, q := range All() {
		never := strings.HasPrefix(q.Doc.Refutes, "Nothing")
		for _, stance := range []string{"supports", "refutes", "unknown"} {
			if never && stance == "refutes" {
				if refutes[q.ID] {
					t.Errorf("%s refutes, though its doc says that nothing does", q.ID)
				}
				continue
			}
			if seen[q.ID][stance] == 0 {
				t.Errorf("%s has no case with the stance %s", q.ID, stance)
			}
		}
		for _, v := range q.Values {
			if !values[q.ID][v] {
				t.Errorf("%s has no case with the value %s", q.ID, v)
			}
		}
	}
}

// every runs f over all answers of all cases.
func every(t *testing.T, f func(t *testing.T, s *scenario, v *playbook.View, a *reeve.Answer)) {
	for _, s := range load(t) {
		v, ok := s.world(s.events, inTurn(s.events))
		if !ok {
			t.Fatalf("%s: no subject", s.name)
		}
		answers := playbook.Run(All(), v)
		for i := range answers {
			f(t, s, v, &answers[i])
		}
	}
}

func TestEveryAnswerCitesRecordsOfItsCase(t *testing.T) {
	every(t, func(t *testing.T, s *scenario, v *playbook.View, a *reeve.Answer) {
		if len(a.Refs) == 0 {
			t.Errorf("%s: %s cites nothing: %s", s.name, a.Question, a.Says)
		}
		for _, r := range a.Refs {
			if r.File == "events" && !slices.ContainsFunc(s.events, func(l line) bool { return l.event.Ref == r }) {
				t.Errorf("%s: %s cites %v, which is no record of the case", s.name, a.Question, r)
			}
		}
		for _, x := range a.Signals {
			if len(x.Refs) == 0 || x.Says == "" {
				t.Errorf("%s: %s: the signal %s has no citation or no words", s.name, a.Question, x.Code)
			}
			if _, ok := verdict.Weight(x.Code); !ok {
				t.Errorf("%s: %s: the signal %s has no weight", s.name, a.Question, x.Code)
			}
		}
	})
}

func TestEverySentenceIsOne(t *testing.T) {
	every(t, func(t *testing.T, s *scenario, v *playbook.View, a *reeve.Answer) {
		switch {
		case a.Says == "" || !strings.HasSuffix(a.Says, "."):
			t.Errorf("%s: %s: no sentence: %q", s.name, a.Question, a.Says)
		case strings.Contains(strings.ReplaceAll(a.Says, `..\`, ""), ".."), strings.Contains(a.Says, "%!"), strings.Contains(a.Says, "\u201c\u201d"), strings.Contains(a.Says, "  "):
			t.Errorf("%s: %s: a sentence with a hole: %q", s.name, a.Question, a.Says)
		}
	})
}

// A stance agrees with its signals: none speaks for abuse with milder signals only, none against with graver ones only.
func TestStanceAgreesWithSignals(t *testing.T) {
	every(t, func(t *testing.T, s *scenario, v *playbook.View, a *reeve.Answer) {
		grave, mild := 0, 0
		for _, x := range a.Signals {
			if n, _ := verdict.Weight(x.Code); n > 0 {
				grave++
			} else if n < 0 {
				mild++
			}
		}
		if a.Stance == reeve.Refutes && (grave > 0 || mild == 0 && a.Question != "host") || a.Stance == reeve.Supports && grave == 0 {
			t.Errorf("%s: %s %s with %d signals for abuse and %d against: %s", s.name, a.Question, a.Stance, grave, mild, a.Says)
		}
	})
}

func TestAnswersThatLackSomethingSayWhatToSwitchOn(t *testing.T) {
	every(t, func(t *testing.T, s *scenario, v *playbook.View, a *reeve.Answer) {
		for _, m := range a.Missing {
			if m.Needs == "" || m.Enable == "" {
				t.Errorf("%s: %s: a need without words: %+v", s.name, a.Question, m)
			}
		}
	})
}

// without drops every record of a kind. Where a recorder does not write a kind, record ids stay in turn; where somebody removed
// the records, their ids are missing.
func (s *scenario) without(kind reeve.Kind, removed bool) (*playbook.View, bool) {
	full := inTurn(s.events)
	var left []line
	var ids []uint64
	for i := range s.events {
		if s.events[i].event.Kind != kind {
			left, ids = append(left, s.events[i]), append(ids, full(i))
		}
	}
	if !removed {
		return s.world(left, inTurn(left))
	}
	return s.world(left, func(i int) uint64 { return ids[i] })
}

// always are the kinds that Windows itself writes whatever the configuration: they can be removed, not switched off.
var always = []reeve.Kind{reeve.LogCleared, reeve.ServiceInstall, reeve.Boot}

func TestMissingRecordsNeverExonerate(t *testing.T) {
	dropped := 0
	for _, s := range load(t) {
		before := s.ask(t)
		for _, kind := range kinds(s) {
			for _, removed := range []bool{true, false} {
				if !removed && slices.Contains(always, kind) {
					continue
				}
				v, ok := s.without(kind, removed)
				if !ok {
					continue // nothing shows the execution any more: there is no case
				}
				dropped++
				for i, a := range playbook.Run(All(), v) {
					if a.Stance == reeve.Refutes && before[i].Stance != reeve.Refutes {
						t.Errorf("%s without %s (removed: %v): %s went from %s to refutes: %s", s.name, kind, removed, a.Question, before[i].Stance, a.Says)
					}
					for _, x := range a.Signals {
						if n, _ := verdict.Weight(x.Code); n < 0 && !slices.ContainsFunc(before[i].Signals, func(y reeve.Signal) bool { return y.Code == x.Code }) {
							t.Errorf("%s without %s (removed: %v): %s gained %s: %s", s.name, kind, removed, a.Question, x.Code, x.Says)
						}
					}
				}
			}
		}
	}
	if dropped < 100 {
		t.Errorf("only %d variants were looked at", dropped)
	}
}

// weighed gives the verdict on a view, as an investigation does.
func weighed(v *playbook.View) reeve.Verdict {
	class := ""
	if v.LOLBin != nil {
		class = string(entry(v.LOLBin.Name).Class)
	}
	return verdict.Weigh(verdict.Input{Class: class, Core: Core(), Answers: playbook.Run(All(), v)})
}

// Nothing becomes benign or expected by records that are missing: neither where a kind was never recorded, nor where it was removed.
func TestMissingRecordsNeverMakeItBenign(t *testing.T) {
	mild := 0
	for _, s := range load(t) {
		v, _ := s.world(s.events, inTurn(s.events))
		before := weighed(v)
		if before.Label.Rank() <= reeve.Expected.Rank() {
			mild++
			continue
		}
		for _, kind := range kinds(s) {
			for _, removed := range []bool{true, false} {
				if v, ok := s.without(kind, removed); ok && (removed || !slices.Contains(always, kind)) {
					if after := weighed(v); after.Label.Rank() <= reeve.Expected.Rank() {
						t.Errorf("%s without %s (removed: %v): %s (%d) became %s (%d)", s.name, kind, removed, before.Label, before.Score, after.Label, after.Score)
					}
				}
			}
		}
	}
	if mild < 3 {
		t.Errorf("only %d cases are benign or expected at all", mild)
	}
}

func kinds(s *scenario) []reeve.Kind {
	var out []reeve.Kind
	for i := range s.events {
		if k := s.events[i].event.Kind; !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// lacking drops a property from every record, as recorders that do not know it.
func (s *scenario) lacking(a reeve.Attr) (*playbook.View, bool) {
	left := slices.Clone(s.events)
	for i := range left {
		left[i].event.Attrs = slices.DeleteFunc(slices.Clone(left[i].event.Attrs), func(p reeve.Property) bool { return p.Attr == a })
	}
	return s.world(left, inTurn(left))
}

func TestMissingPropertiesNeverExonerate(t *testing.T) {
	for _, s := range load(t) {
		before := s.ask(t)
		for a := reeve.AttrImage; a <= reeve.AttrMessage; a++ {
			if !slices.ContainsFunc(s.events, func(l line) bool { return l.event.Has(a) }) {
				continue
			}
			v, ok := s.lacking(a)
			if !ok {
				continue
			}
			for i, x := range playbook.Run(All(), v) {
				if x.Stance == reeve.Refutes && before[i].Stance != reeve.Refutes {
					t.Errorf("%s without %s: %s went from %s to refutes: %s", s.name, a, x.Question, before[i].Stance, x.Says)
				}
			}
		}
	}
}

func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	for _, s := range load(t) {
		want := s.ask(t)
		for seed := range int64(4) {
			mixed := slices.Clone(s.events)
			rand.New(rand.NewSource(seed)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			v, ok := s.world(mixed, inTurn(mixed))
			if !ok {
				t.Fatalf("%s: mixed records show no subject", s.name)
			}
			if diff := cmp.Diff(want, playbook.Run(All(), v)); diff != "" {
				t.Errorf("%s: mixed records answer otherwise:\n%s", s.name, diff)
			}
		}
	}
}

func TestSameViewSameAnswers(t *testing.T) {
	for _, s := range load(t) {
		v, _ := s.world(s.events, inTurn(s.events))
		before := fmt.Sprint(v.Events, v.Payloads, v.Process)
		first, second := playbook.Run(All(), v), playbook.Run(All(), v)
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s: asked twice:\n%s", s.name, diff)
		}
		if before != fmt.Sprint(v.Events, v.Payloads, v.Process) {
			t.Errorf("%s: asking changed the view", s.name)
		}
	}
}

// hostile are texts that an attacker may put into any field.
var hostile = []string{"", " ", `\`, `\\`, `"`, `""`, "\x00", "\xff\xfe", "%s%n", "-", ":", `C:`, `C:\`, `\\?\`, "\u202egpj.exe", strings.Repeat("A", 70_000), strings.Repeat(`\`, 300),
	strings.Repeat(`"`, 301), "a\nb\r\n", `..\..\..`, `cmd /c cmd /c cmd /c`, "=", "|", `C:\x.exe:y:z`, "0xffffffffffffffffff", "99999999999999999999", "javascript:" + strings.Repeat("(", 2000)}

func TestHostileTextNeitherPanicsNorLeavesTheLists(t *testing.T) {
	for n, s := range load(t) {
		random := rand.New(rand.NewSource(int64(n)))
		for range 5 {
			bad := slices.Clone(s.events)
			for i := range bad {
				bad[i].event.Attrs = slices.Clone(bad[i].event.Attrs)
				for k := range bad[i].event.Attrs {
					if random.Intn(3) == 0 {
						bad[i].event.Attrs[k].Value = hostile[random.Intn(len(hostile))]
					}
				}
			}
			v, ok := s.world(bad, inTurn(bad))
			if !ok {
				continue
			}
			for i, a := range playbook.Run(All(), v) {
				if !slices.Contains(All()[i].Values, a.Value) || strings.HasPrefix(a.Says, "no answer:") {
					t.Errorf("%s: %s: %q", s.name, a.Question, a.Says)
				}
				if len(a.Says) > 8000 {
					t.Errorf("%s: %s: a sentence of %d bytes", s.name, a.Question, len(a.Says))
				}
			}
		}
	}
}

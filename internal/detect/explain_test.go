package detect_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"reeve/internal/detect"
	"reeve/internal/winlog/recordtest"
	"reeve/sigma"
)

// tree prints a part and what is below it.
func tree(p *detect.Part) string {
	s := fmt.Sprintf("%s:%v", p.Says, p.Matched)
	if p.Why != "" {
		s += ":" + p.Why
	}
	if len(p.Values) > 0 {
		s += fmt.Sprintf("%q", p.Values)
	}
	var kids []string
	for _, k := range p.Parts {
		kids = append(kids, tree(k))
	}
	if kids != nil {
		s += "(" + strings.Join(kids, " ") + ")"
	}
	return s
}

func TestAnExplanationShowsWhatWasLookedAt(t *testing.T) {
	for _, c := range []struct{ says, detection, record, want string }{
		{"a match", "s: {A: x}\ncondition: s", "A=X", `s:true(A is "x":true["X"])`},
		{"another value", "s: {A: x}\ncondition: s", "A=y", `s:false(A is "x":false:value differs["y"])`},
		{"no field", "s: {A: x}\ncondition: s", "B=y", `s:false(A is "x":false:field absent)`},
		{"no value", "s: {A: x}\ncondition: s", "A", `s:false(A is "x":false:field without a value[""])`},
		{"a converted value", "s: {Big|cased: y}\ncondition: s", "Small=x", `s:false(Big is "y":false:value differs["X"])`},
		{"two values", "s: {A: x}\ncondition: s", "A=y\nA=z", `s:false(A is "x":false:value differs["y" "z"])`},
		{"a filter", "s: {A: x}\nf: {B: y}\ncondition: s and not f", "A=x\nB=y", `all of:false(s:true(A is "x":true["x"]) not:false(f:true(B is "y":true["y"])))`},
		{"keywords have no value of their own", "s: [needle]\ncondition: s", "A=hay", `s:false(any value contains "needle":false:value differs)`},
	} {
		t.Run(c.says, func(t *testing.T) {
			m := detect.NewMatcher(made(t, "r all\n"+c.detection), meaning())
			if got := tree(m.Explain(recordtest.One(t, "app | p | 1\n"+c.record), 0)); got != c.want {
				t.Errorf("explained as\n%s, want\n%s", got, c.want)
			}
		})
	}
	m := detect.NewMatcher(made(t, "r other\ns: {A: x}\ncondition: s"), meaning())
	if p := m.Explain(recordtest.One(t, "app | p | 1\nA=x"), 0); p != nil {
		t.Errorf("a rule that is not shown the record is explained as %s", tree(p))
	}
}

func TestAnExplanationCutsWhatIsLong(t *testing.T) {
	m := detect.NewMatcher(made(t, "r all\ns: {A: x}\ncondition: s"), meaning())
	p := m.Explain(recordtest.One(t, "app | p | 1\nA="+strings.Repeat("é", 400)+strings.Repeat("\nA=y", 100)), 0).Parts[0]
	if n := len(p.Values); n != 16 || len(p.Values[0]) > 520 || !strings.HasSuffix(p.Values[0], "é…") {
		t.Errorf("%d values, the first of %d bytes", n, len(p.Values[0]))
	}
}

func TestWhatFailedIsNamed(t *testing.T) {
	for _, c := range []struct {
		says, detection, record string
		distance                int
		want                    string
	}{
		{"nothing", "s: {A: x}\ncondition: s", "A=x", 0, ""},
		{"each of those that all have to hold", "s: {A: x, B: y, C: z}\ncondition: s", "B=y", 2, `A is "x"; C is "z"`},
		{"the closest of alternatives", "s: [{A: x, B: y}, {C: z}]\ncondition: s", "D=1", 1, `C is "z"`},
		{"values of one field are one part", "s: {A: [x, y, z], B: y}\ncondition: s", "B=y", 1, "one of"},
		{"a filter that holds", "s: {A: x}\nf: {B: y}\ncondition: s and not f", "A=x\nB=y", 1, "not"},
	} {
		t.Run(c.says, func(t *testing.T) {
			m := detect.NewMatcher(made(t, "r all\n"+c.detection), meaning())
			p := m.Explain(recordtest.One(t, "app | p | 1\n"+c.record), 0)
			var got []string
			for _, f := range p.Failed() {
				got = append(got, f.Says)
			}
			if strings.Join(got, "; ") != c.want || p.Distance() != c.distance {
				t.Errorf("distance %d, failed %q; want %d, %q", p.Distance(), got, c.distance, c.want)
			}
		})
	}
}

func TestASurveyTellsWhichRulesCouldHold(t *testing.T) {
	const rules = "possible all\ns: {A: x}\ncondition: s\n\nlacking all\ns: {A: x, B: y, C: z}\ncondition: s\n\nother-event all\ns: {EventID: 7, B: y}\ncondition: s\n\n" +
		"channel all\ns: {Channel: elsewhere}\ncondition: s\n\nunseen other\ns: {A: x}\ncondition: s\n\nlater all\ns: {D: x}\ncondition: s\n\nhidden all\ns: {Hidden: x}\ncondition: s"
	e := made(t, rules)
	survey := detect.NewSurvey(e)
	costs := e.NewProfile(func() time.Duration { return 0 })
	m := detect.NewMatcher(e, meaning())
	m.Watch(costs, survey)
	plain := detect.NewMatcher(e, meaning())
	for _, text := range []string{"app | p | 1\nA=q", "app | p | 1\nA=x\nC=1", "app | p | 1\nD=q", "app | p | 1\nA=x\nHidden=x"} {
		rec := recordtest.One(t, text)
		if got, want := fmt.Sprint(m.Match(rec)), fmt.Sprint(plain.Match(rec)); got != want {
			t.Errorf("%q matches %s, without a survey %s", text, got, want)
		}
	}
	for i, want := range []struct {
		chance  sigma.Chance
		missing string
	}{{sigma.Possible, ""}, {sigma.Lacking, "B"}, {sigma.Elsewhere, ""}, {sigma.Elsewhere, ""}, {sigma.Elsewhere, ""}, {sigma.Possible, ""}, {sigma.Lacking, "Hidden"}} {
		chance, missing := survey.Chance(int32(i))
		if chance != want.chance || strings.Join(missing, " ") != want.missing {
			t.Errorf("%s: chance %d, missing %q; want %+v", e.Rules()[i].Title, chance, missing, want)
		}
	}
	if shown := costs.Costs()[0].Shown; shown != 4 {
		t.Errorf("a rule of all records was shown %d of 4", shown)
	}
	if shown := costs.Costs()[4].Shown; shown != 0 {
		t.Errorf("a rule of other records was shown %d", shown)
	}
}

package verdict

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reeve"
	"reeve/lolbas"
)

var core = []string{"location", "payload", "behaviour", "origin"}

// answers gives neutral answers to the core questions; signals stand in the one to "origin" unless a test says otherwise.
func answers(codes ...reeve.SignalCode) []reeve.Answer {
	var out []reeve.Answer
	for _, id := range core {
		out = append(out, reeve.Answer{Question: id, Stance: reeve.Neutral, Says: "Something about " + id + "."})
	}
	for i, code := range codes {
		out[3].Signals = append(out[3].Signals, reeve.Signal{Code: code, Says: "it is " + string(code), Refs: []reeve.Ref{{File: "log", Offset: int64(i)}}})
	}
	return out
}

func stance(list []reeve.Answer, id string, s reeve.Stance) []reeve.Answer {
	for i := range list {
		if list[i].Question == id {
			list[i].Stance = s
		}
	}
	return list
}

func TestPrecedence(t *testing.T) {
	const developer = "developer"
	unknown := func(list []reeve.Answer, ids ...string) []reeve.Answer {
		for _, id := range ids {
			stance(list, id, reeve.Unknown)
		}
		return list
	}
	mild := []reeve.SignalCode{reeve.SignalListedPath, reeve.SignalOrdinaryUse, reeve.SignalDeveloperShell} // -40
	grave := []reeve.SignalCode{reeve.SignalRenamed, reeve.SignalCopied, reeve.SignalPayloadPlace}          // +65 in three groups
	for _, c := range []struct {
		name  string
		class string
		list  []reeve.Answer
		label reeve.Label
		score int
	}{
		{"no answers", "rare", nil, reeve.Inconclusive, 0},
		{"nothing that weighs", "", answers(), reeve.Inconclusive, 0},

		{"1: hard evidence alone", "", answers(reeve.SignalKnownBad), reeve.Malicious, 60},
		{"1: hard evidence against everything else", "everyday", answers(append(mild, reeve.SignalTamper)...), reeve.Malicious, -30},
		{"1: hard evidence while every core question is open", "", unknown(answers(reeve.SignalConviction), core...), reeve.Malicious, 60},

		{"2: three stories and more than sixty points", "", answers(grave...), reeve.Malicious, 65},
		{"2: three stories and sixty points", "", answers(reeve.SignalRenamed, reeve.SignalCopied, reeve.SignalPayloadShell, reeve.SignalRuleMedium), reeve.Suspicious, 60},
		{"2: more than sixty points in two stories", "", answers(reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalCredentials), reeve.Suspicious, 65},
		{"2: a third story without weight is none", "", answers(reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalCredentials, reeve.SignalRuleMedium), reeve.Suspicious, 70},
		{"2: a story that is refuted is none", "", answers(reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalCredentials, reeve.SignalPayloadPlace, reeve.SignalPayloadSigned), reeve.Suspicious, 65},
		{"2: twenty-five points", "", answers(reeve.SignalRenamed), reeve.Suspicious, 25},
		{"2: twenty-five points of two stories", "", answers(reeve.SignalCopied, reeve.SignalRuleMedium), reeve.Suspicious, 25},
		{"2: less than twenty-five points", "", answers(reeve.SignalCopied), reeve.Inconclusive, 20},
		{"2: the class is thought of first", developer, answers(reeve.SignalRenamed, reeve.SignalRuleMedium), reeve.Inconclusive, 20},
		{"2: more than minus ten points", "", answers(reeve.SignalListedPath, reeve.SignalNamedRemote), reeve.Inconclusive, -5},
		{"2: minus ten points", developer, answers(), reeve.Expected, -10},
		{"2: minus twenty-five points", developer, answers(reeve.SignalListedPath, reeve.SignalInteractive), reeve.Expected, -25},
		{"2: minus thirty points", developer, answers(reeve.SignalDeveloperShell), reeve.Benign, -30},

		{"3: an open core question leaves no benign", developer, unknown(answers(mild...), "origin"), reeve.Inconclusive, -50},
		{"3: nor expected", developer, unknown(answers(), "behaviour"), reeve.Inconclusive, -10},
		{"3: a question that was not asked is open", developer, answers(mild...)[:3], reeve.Inconclusive, -10},
		{"3: open questions make nothing less suspicious", "", unknown(answers(reeve.SignalRenamed), "location", "payload", "behaviour"), reeve.Suspicious, 25},
		{"3: or less malicious", "", unknown(answers(grave...), "location", "payload", "behaviour"), reeve.Malicious, 65},
		{"3: or more so", "", unknown(answers(), core...), reeve.Inconclusive, 0},

		{"4: a payload that speaks for abuse leaves no benign", developer, stance(answers(mild...), "payload", reeve.Supports), reeve.Inconclusive, -50},
		{"4: one that speaks against it does", developer, stance(answers(mild...), "payload", reeve.Refutes), reeve.Benign, -50},
		{"4: other answers may speak for abuse", developer, stance(answers(mild...), "origin", reeve.Supports), reeve.Benign, -50},
		{"4: what came of it speaks for abuse", developer, stance(answers(mild...), "behaviour", reeve.Supports), reeve.Inconclusive, -50},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Weigh(Input{Class: c.class, Core: core, Answers: c.list})
			if v.Label != c.label || v.Score != c.score {
				t.Errorf("%s at %d, want %s at %d", v.Label, v.Score, c.label, c.score)
			}
		})
	}
}

func TestThePayloadIsAskedForWhateverIsCore(t *testing.T) {
	list := []reeve.Answer{{Question: "location", Stance: reeve.Refutes, Signals: []reeve.Signal{{Code: reeve.SignalDeveloperShell}}}}
	if v := Weigh(Input{Class: "developer", Core: []string{"location"}, Answers: list}); v.Label != reeve.Inconclusive {
		t.Errorf("without an answer on the payload the label is %s", v.Label)
	}
}

func TestASignedProgramInItsPlaceIsNotBenign(t *testing.T) {
	for _, class := range []string{"developer", "optional", "rare", ""} {
		if v := Weigh(Input{Class: class, Core: core, Answers: answers(reeve.SignalListedPath, reeve.SignalGenuineHash)}); v.Label == reeve.Benign {
			t.Errorf("class %s: place and signature made it benign at %d", class, v.Score)
		}
	}
	for _, r := range table {
		if r.hard && r.points <= 0 {
			t.Errorf("%s is hard evidence for the benign", r.code)
		}
	}
}

func TestStoriesAreCapped(t *testing.T) {
	for _, c := range []struct {
		name  string
		codes []reeve.SignalCode
		score int
	}{
		{"place and rename are one story", []reeve.SignalCode{reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalBadSignature}, 35},
		{"parent and logon are one story", []reeve.SignalCode{reeve.SignalOfficeParent, reeve.SignalRemoteStart}, 35},
		{"two stories are not", []reeve.SignalCode{reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalOfficeParent, reeve.SignalRemoteStart}, 70},
		{"a story is capped downwards too", []reeve.SignalCode{reeve.SignalPayloadSigned, reeve.SignalPayloadProtected, reeve.SignalOrdinaryUse}, -35},
		{"what refutes counts before the cap", []reeve.SignalCode{reeve.SignalPayloadPlace, reeve.SignalPayloadRemote, reeve.SignalPayloadSigned}, 20},
		{"hard evidence stands outside of its story", []reeve.SignalCode{reeve.SignalTamper, reeve.SignalCredentials, reeve.SignalInjection}, 75},
		{"hard evidence has a cap of its own", []reeve.SignalCode{reeve.SignalTamper, reeve.SignalLsassDump, reeve.SignalKnownBad}, 100},
		{"a thing noticed twice weighs once", []reeve.SignalCode{reeve.SignalRenamed, reeve.SignalRenamed}, 25},
		{"an unknown code weighs nothing", []reeve.SignalCode{"never heard of"}, 0},
	} {
		if v := Weigh(Input{Core: core, Answers: answers(c.codes...)}); v.Score != c.score {
			t.Errorf("%s: %d, want %d", c.name, v.Score, c.score)
		}
	}
}

func TestPointsOfAnswers(t *testing.T) {
	list := answers(reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalListedPath)
	list[0].Signals = []reeve.Signal{{Code: reeve.SignalRenamed, Says: "first", Refs: []reeve.Ref{{File: "other"}}}}
	list[1].Points = 99
	v := Weigh(Input{Core: core, Answers: list})
	if list[0].Points != 25 || list[1].Points != 0 || list[3].Points != 10 {
		t.Errorf("points %d, %d, %d: each signal counts where it was noticed first, stale points are gone", list[0].Points, list[1].Points, list[3].Points)
	}
	for _, st := range v.Because {
		if strings.Contains(st.Says, "first") && len(st.Refs) != 2 {
			t.Errorf("the reason cites %v, not both answers' records", st.Refs)
		}
	}
	if len(list[0].Signals[0].Refs) != 1 {
		t.Error("an answer's citations were changed")
	}
}

func TestConfidence(t *testing.T) {
	for _, c := range []struct {
		open []string
		core []string
		want float64
	}{{nil, core, 1}, {[]string{"payload"}, core, 0.75}, {[]string{"payload", "origin", "host"}, core, 0.5}, {core, core, 0}, {nil, []string{"location", "never asked"}, 0.5}, {nil, nil, 0}} {
		list := answers(reeve.SignalKnownBad)
		for _, id := range c.open {
			stance(list, id, reeve.Unknown)
		}
		if v := Weigh(Input{Core: c.core, Answers: list}); v.Confidence != c.want {
			t.Errorf("open %v of %v: confidence %v, want %v", c.open, c.core, v.Confidence, c.want)
		}
	}
}

func says(list []reeve.Statement) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Says)
	}
	return strings.Join(out, "\n")
}

func TestBecause(t *testing.T) {
	v := Weigh(Input{Class: "developer", Core: core, Answers: answers(reeve.SignalListedPath, reeve.SignalVendorCopy, reeve.SignalCopied, reeve.SignalTamper, reeve.SignalLsassDump, reeve.SignalKnownBad, reeve.SignalExternal, reeve.SignalPersistence)})
	want := `+60 it is known_bad: the file itself is known to be malicious
+40 it is tamper: whoever blinds the guard has something to hide
+40 it is lsass_dump: credentials are stolen in this way
`
	if got := says(v.Because); !strings.HasPrefix(sorted(got, 3), sorted(want, 3)) || !strings.HasSuffix(got, `
+25 it is persistence: intruders stay in this way
+20 it is copied_local: every host has it, so that a copy is made to evade
+20 it is external_connection: payloads report to whoever sent them
-10 it is listed_path: its installer puts it there
-40 hard evidence weighs no more than 100 together
-10 the findings about effects tell one story, which weighs no more than 35
-10 a program of class developer: most of its runs are ordinary work`) {
		t.Errorf("got\n%s", got)
	}
	list := answers()
	list[0].Signals = []reeve.Signal{{Code: reeve.SignalFirstHere, Says: "The program did not run before."}}
	if got := says(Weigh(Input{Core: core, Answers: list}).Because); got != "+8 the program did not run before: what belongs to the work here happens again and again" {
		t.Errorf("a sentence does not go on: %s", got)
	}
}

// sorted sorts the first n lines, whose order is that of the signals.
func sorted(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines[:n])
	return strings.Join(lines[:n], "\n")
}

func TestWouldChange(t *testing.T) {
	missing := func(list []reeve.Answer, id string, needs ...string) []reeve.Answer {
		for i := range list {
			if list[i].Question == id {
				list[i].Stance, list[i].Refs = reeve.Unknown, []reeve.Ref{{File: id}}
				for _, n := range needs {
					list[i].Missing = append(list[i].Missing, reeve.Need{Needs: n})
				}
			}
		}
		return list
	}
	const owner = "milder, if the owner or a change ticket confirms host, time and command"
	for _, c := range []struct {
		name  string
		class string
		list  []reeve.Answer
		want  []string
	}{
		{"hard evidence turns by its own explanation alone", "", answers(reeve.SignalKnownBad, reeve.SignalRenamed, reeve.SignalOfficeParent), []string{
			"milder only if a mistake in the list explains that it is known_bad"}},
		{"two pieces by both", "", answers(reeve.SignalTamper, reeve.SignalKnownBad), []string{
			"milder only if a mistake in the list explains that it is known_bad, together with an explanation of the other piece of hard evidence",
			"milder only if an administrator's change that is on record explains that it is tamper, together with an explanation of the other piece of hard evidence"}},
		{"three by all", "", answers(reeve.SignalTamper, reeve.SignalKnownBad, reeve.SignalConviction), []string{
			"milder only if a mistake in the list explains that it is known_bad, together with explanations of the other 2 pieces of hard evidence",
			"milder only if a false alarm that the product's maker confirms explains that it is conviction, together with explanations of the other 2 pieces of hard evidence",
			"milder only if an administrator's change that is on record explains that it is tamper, together with explanations of the other 2 pieces of hard evidence"}},
		{"a suspicious one says how far each explanation takes", "", answers(reeve.SignalRenamed, reeve.SignalPayloadShell, reeve.SignalRuleMedium), []string{
			"inconclusive, if an installer or vendor that ships the program under this name explains that it is renamed",
			"milder together with others, if a build or setup script explains that it is payload_shell",
			graver}},
		{"a malicious one too, and can be no graver", "", answers(reeve.SignalRenamed, reeve.SignalCopied, reeve.SignalPayloadPlace), []string{
			"suspicious, if an installer or vendor that ships the program under this name explains that it is renamed",
			"suspicious, if a packaging script that the owner knows explains that it is copied_local",
			"suspicious, if a developer's own build or a per-user installation explains that it is payload_user_writable"}},
		{"what lies above a cap takes nothing away alone", "", answers(reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalBadSignature), []string{
			"milder together with others, if an installer or vendor that ships the program under this name explains that it is renamed",
			"milder together with others, if a catalog signature that the recorder does not read explains that it is bad_signature",
			"milder together with others, if a product that installs per user explains that it is user_writable_path",
			graver}},
		{"an open one asks for what is missing", "", missing(answers(), "payload", "the command line", "child processes"), []string{
			`clearer, with the command line: it would help to answer "payload"`, `clearer, with child processes: it would help to answer "payload"`, owner, graver}},
		{"of questions that are not core nothing is asked", "", missing(append(answers(), reeve.Answer{Question: "host"}), "host", "an inventory"), []string{owner, graver}},
		{"one that only its payload keeps from being mild", "developer", stance(answers(), "payload", reeve.Supports), []string{
			"milder, if what it ran proves harmless: Something about payload", owner, graver}},
		{"a mild one can be graver", "developer", answers(), []string{graver}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Weigh(Input{Class: c.class, Core: core, Answers: c.list})
			if got, want := says(v.WouldChange), strings.Join(c.want, "\n"); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", v.Label, got, want)
			}
		})
	}
}

// TestEverySignalHasOneRow reads the list of signals where it is written.
func TestEverySignalHasOneRow(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../signal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[reeve.SignalCode]int{}
	for _, r := range table {
		rows[r.code]++
	}
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "SignalCode" {
			return true
		}
		for _, value := range spec.Values {
			text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes++
			if n := rows[reeve.SignalCode(text)]; n != 1 {
				t.Errorf("signal %s has %d rows", text, n)
			}
			if _, ok := Weight(reeve.SignalCode(text)); !ok {
				t.Errorf("signal %s has no weight", text)
			}
		}
		return true
	})
	if codes < 40 || codes != len(table) {
		t.Errorf("%d signals, %d rows", codes, len(table))
	}
	if _, ok := Weight("never heard of"); ok {
		t.Error("an unknown signal has a weight")
	}
}

func TestTheTableReadsWell(t *testing.T) {
	groups := map[group]bool{}
	for _, r := range table {
		groups[r.group] = true
		if r.why == "" || strings.HasSuffix(r.why, ".") || strings.ToLower(r.why[:1]) != r.why[:1] {
			t.Errorf("%s: the reason %q does not go on after a colon", r.code, r.why)
		}
		if grave := r.points >= weighty; grave != (r.turn != "") {
			t.Errorf("%s: %d points and the explanation %q", r.code, r.points, r.turn)
		}
		if r.points > hardCap || !r.hard && r.points > groupCap {
			t.Errorf("%s weighs %d, beyond its cap", r.code, r.points)
		}
		if r.hard && r.points < 40 {
			t.Errorf("%s is hard evidence of %d points", r.code, r.points)
		}
	}
	if len(groups) < wantedGroups+1 {
		t.Errorf("only %d stories", len(groups))
	}
}

func TestClassesHaveAPrior(t *testing.T) {
	for _, c := range []lolbas.Class{lolbas.Everyday, lolbas.AdminTool, lolbas.Developer, lolbas.Optional, lolbas.Rare} {
		if p, ok := classPrior[string(c)]; !ok || p > 0 {
			t.Errorf("class %s: prior %d, %v", c, p, ok)
		}
	}
	if len(classPrior) != 5 {
		t.Errorf("%d classes have a prior", len(classPrior))
	}
}

// TestLawsOfWeighing draws any answers.
func TestLawsOfWeighing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := answers()
		for i := range list {
			list[i].Stance = rapid.SampledFrom([]reeve.Stance{reeve.Unknown, reeve.Neutral, reeve.Supports, reeve.Refutes}).Draw(t, "stance")
			for range rapid.IntRange(0, 4).Draw(t, "signals") {
				r := rapid.SampledFrom(table).Draw(t, "row")
				list[i].Signals = append(list[i].Signals, reeve.Signal{Code: r.code, Says: "x", Refs: []reeve.Ref{{File: fmt.Sprint(i), Offset: int64(r.points)}}})
			}
		}
		class := rapid.SampledFrom([]string{"", "everyday", "admin", "developer", "optional", "rare"}).Draw(t, "class")
		in := Input{Class: class, Core: core, Answers: list}
		v := Weigh(in)
		sum := 0
		for _, st := range v.Because {
			n := 0
			if _, err := fmt.Sscanf(st.Says, "%d", &n); err != nil {
				t.Fatalf("a reason without points: %s", st.Says)
			}
			sum += n
		}
		if sum != v.Score {
			t.Fatalf("the reasons add up to %d, the score is %d:\n%s", sum, v.Score, says(v.Because))
		}
		hard, open := false, 0
		for _, a := range list {
			if a.Stance == reeve.Unknown {
				open++
			}
			for _, s := range a.Signals {
				hard = hard || find(s.Code).hard
			}
		}
		if v.Confidence != float64(len(core)-open)/float64(len(core)) || v.Confidence < 0 || v.Confidence > 1 {
			t.Fatalf("%d open questions, confidence %v", open, v.Confidence)
		}
		if mild := v.Label == reeve.Benign || v.Label == reeve.Expected; hard && v.Label != reeve.Malicious || mild && (open > 0 || list[1].Stance == reeve.Supports || v.Score > expectedAt) {
			t.Fatalf("%s at %d, hard %v, %d open, payload %s", v.Label, v.Score, hard, open, list[1].Stance)
		}
		if len(v.WouldChange) == 0 && (hard || v.Label != reeve.Malicious) || len(v.WouldChange) > maxChanges {
			t.Fatalf("%s and %d ways to change it", v.Label, len(v.WouldChange))
		}
		// What nobody knows turns nothing grave, and makes nothing grave.
		for i := range list {
			list[i].Stance = reeve.Unknown
		}
		u := Weigh(in)
		if grave := v.Label.Rank() > reeve.Inconclusive.Rank(); u.Score != v.Score || grave != (u.Label.Rank() > reeve.Inconclusive.Rank()) || grave && u.Label != v.Label || !grave && u.Label != reeve.Inconclusive {
			t.Fatalf("%s at %d with answers, %s at %d without", v.Label, v.Score, u.Label, u.Score)
		}
	})
}

func BenchmarkWeigh(b *testing.B) {
	in := Input{Class: "developer", Core: core, Answers: answers(reeve.SignalRenamed, reeve.SignalUserWritable, reeve.SignalCopied, reeve.SignalPayloadPlace, reeve.SignalExternal, reeve.SignalFirstHere)}
	b.ReportAllocs()
	for b.Loop() {
		Weigh(in)
	}
}

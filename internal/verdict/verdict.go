// Package verdict weighs answers: points for every signal, capped by the story that signals tell together, and a label by four
// rules of precedence. It is the only place that knows a figure.
//
// Invariants: no answers give the zero verdict, inconclusive; missing knowledge never makes a verdict graver or milder than
// inconclusive; every reason repeats the citations of its signal. The package does not know how an answer was found.
package verdict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reeve"
)

// Thresholds of the score.
const (
	benignAt     = -30
	expectedAt   = -10
	suspiciousAt = 25
	maliciousAt  = 60
	wantedGroups = 3   // independent stories that malicious needs without hard evidence
	hardCap      = 100 // hard evidence weighs no more than this, however often it shows
)

// Input is what is weighed.
type Input struct {
	Class   string   // of the subject's LOLBAS entry; "" when it is none
	Core    []string // ids of the core questions
	Answers []reeve.Answer
}

// Weigh gives the verdict and fills Points of the answers: what each adds to the score before stories are capped.
func Weigh(in Input) reeve.Verdict {
	if len(in.Answers) == 0 {
		return reeve.Verdict{}
	}
	w := weigh(in.Answers)
	prior := w.prior(in.Class)
	v := reeve.Verdict{Score: prior + w.total(), Confidence: confidence(in)}
	v.Label = label(v.Score, w, in)
	v.Because = w.because(v.Label, prior, in.Class)
	v.WouldChange = wouldChange(v, w, in)
	return v
}

// Weight gives a signal's points, for explanation; ok is false for a code without a row.
func Weight(code reeve.SignalCode) (points int, ok bool) {
	r := find(code)
	if r == nil {
		return 0, false
	}
	return r.points, true
}

func find(code reeve.SignalCode) *row {
	for i := range table {
		if table[i].code == code {
			return &table[i]
		}
	}
	return nil
}

// weighed is a signal with its row.
type weighed struct {
	row    *row
	signal reeve.Signal
}

type weighing struct {
	signals []weighed
	sums    map[group]int
	hard    int // points of hard evidence
}

func weigh(answers []reeve.Answer) *weighing {
	w := &weighing{sums: map[group]int{}}
	at := map[reeve.SignalCode]int{}
	for i := range answers {
		a := &answers[i]
		a.Points = 0
		for _, s := range a.Signals {
			r := find(s.Code)
			if r == nil {
				continue
			}
			if k, ok := at[s.Code]; ok { // two questions that notice the same thing notice it once
				w.signals[k].cite(s.Refs)
				continue
			}
			at[s.Code] = len(w.signals)
			a.Points += r.points
			w.add(r, r.points)
			s.Refs = slices.Clone(s.Refs)
			w.signals = append(w.signals, weighed{r, s})
		}
	}
	return w
}

func (x *weighed) cite(refs []reeve.Ref) {
	for _, r := range refs {
		if !slices.Contains(x.signal.Refs, r) {
			x.signal.Refs = append(x.signal.Refs, r)
		}
	}
}

func (w *weighing) add(r *row, points int) {
	if r.hard {
		w.hard += points
	} else {
		w.sums[r.group] += points
	}
}

// without is the weighing as if a signal had been explained.
func (w *weighing) without(x *weighed) *weighing {
	out := &weighing{sums: maps.Clone(w.sums), hard: w.hard}
	for _, s := range w.signals {
		if s.row != x.row {
			out.signals = append(out.signals, s)
		}
	}
	out.add(x.row, -x.row.points)
	return out
}

// prior is what is thought of the class before anything is known. Most runs of an everyday program are ordinary work, but not
// most of those that are out of the ordinary by name, place or form.
func (w *weighing) prior(class string) int {
	p := classPrior[class]
	if w.unusual() {
		p = max(p, unusualPrior)
	}
	return p
}

func (w *weighing) unusual() bool {
	return slices.ContainsFunc(w.signals, func(s weighed) bool { return slices.Contains(unusual, s.row.code) })
}

// total adds the stories, each within its cap.
func (w *weighing) total() int {
	sum := min(w.hard, hardCap)
	for _, points := range w.sums {
		sum += capped(points)
	}
	return sum
}

func capped(points int) int { return min(max(points, -groupCap), groupCap) }

// stories counts the groups that speak for abuse with some weight.
func (w *weighing) stories() int {
	n := 0
	for _, points := range w.sums {
		if points >= 10 {
			n++
		}
	}
	return n
}

func label(score int, w *weighing, in Input) reeve.Label {
	switch {
	case w.hard > 0:
		return reeve.Malicious
	case score > maliciousAt && w.stories() >= wantedGroups:
		return reeve.Malicious
	case score >= suspiciousAt:
		return reeve.Suspicious
	case score > expectedAt || !clean(in):
		return reeve.Inconclusive
	case score <= benignAt:
		return reeve.Benign
	default:
		return reeve.Expected
	}
}

// clean tells whether the milder labels may be given: every core question answered, what was run is known, and neither it nor
// what came of it speaks for abuse.
func clean(in Input) bool {
	a := answerTo(in.Answers, "payload")
	b := answerTo(in.Answers, "behaviour")
	return a != nil && a.Stance != reeve.Unknown && a.Stance != reeve.Supports && (b == nil || b.Stance != reeve.Supports) && len(open(in)) == 0
}

// open lists the core questions that have no answer.
func open(in Input) []string {
	var out []string
	for _, id := range in.Core {
		if a := answerTo(in.Answers, id); a == nil || a.Stance == reeve.Unknown {
			out = append(out, id)
		}
	}
	return out
}

func answerTo(answers []reeve.Answer, id string) *reeve.Answer {
	for i := range answers {
		if answers[i].Question == id {
			return &answers[i]
		}
	}
	return nil
}

func confidence(in Input) float64 {
	if len(in.Core) == 0 {
		return 0
	}
	return float64(len(in.Core)-len(open(in))) / float64(len(in.Core))
}

// because lists what weighed: hard evidence, then what speaks for the label, then the rest, each by weight; what weighs nothing is
// left to the answers. The figures add up to the score.
func (w *weighing) because(label reeve.Label, prior int, class string) []reeve.Statement {
	list := slices.Clone(w.signals)
	toward := cmp.Compare(label.Rank(), reeve.Inconclusive.Rank())
	rank := func(x *weighed) int {
		switch {
		case x.row.hard:
			return 0
		case toward == 0 || cmp.Compare(x.row.points, 0) == toward:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(abs(b.row.points), abs(a.row.points)))
	})
	var out []reeve.Statement
	for _, s := range list {
		if s.row.points != 0 {
			out = append(out, reeve.Statement{Says: fmt.Sprintf("%+d %s: %s", s.row.points, clause(s.signal.Says), s.row.why), Refs: s.signal.Refs})
		}
	}
	if over := min(w.hard, hardCap) - w.hard; over != 0 {
		out = append(out, reeve.Statement{Says: fmt.Sprintf("%+d hard evidence weighs no more than %d together", over, hardCap)})
	}
	for _, g := range slices.Sorted(maps.Keys(w.sums)) {
		if over := capped(w.sums[g]) - w.sums[g]; over != 0 {
			out = append(out, reeve.Statement{Says: fmt.Sprintf("%+d the findings about %s tell one story, which weighs no more than %d", over, g, groupCap)})
		}
	}
	if prior != 0 {
		why := "most of its runs are ordinary work"
		if w.unusual() {
			why = "most of its runs are ordinary work, but this one is out of the ordinary by name, place or form"
		}
		out = append(out, reeve.Statement{Says: fmt.Sprintf("%+d a program of class %s: %s", prior, class, why)})
	}
	return out
}

// clause makes a sentence fit for standing within another.
func clause(says string) string {
	says = strings.TrimRight(says, ". ")
	for _, first := range []string{"The ", "It ", "Its "} {
		if strings.HasPrefix(says, first) {
			return strings.ToLower(first) + says[len(first):]
		}
	}
	return says
}

// Bounds of the list of what would change the verdict.
const (
	maxChanges      = 6
	maxExplanations = 4
	weighty         = 10 // points of a signal whose explanation is worth asking for
)

const graver = "graver, if a list or a security product convicts what it ran, or if credentials, security tools or backups were touched"

// wouldChange names what would turn the verdict. Nothing but the explanation of hard evidence turns a verdict that rests on it;
// a grave one turns when its weightiest signals have harmless explanations, and each says how far it would take; an open or mild
// one turns with the missing answers, or with evidence that makes it grave.
func wouldChange(v reeve.Verdict, w *weighing, in Input) []reeve.Statement {
	var out []reeve.Statement
	say := func(refs []reeve.Ref, format string, args ...any) {
		if len(out) < maxChanges {
			out = append(out, reeve.Statement{Says: fmt.Sprintf(format, args...), Refs: refs})
		}
	}
	switch {
	case w.hard > 0:
		w.explainHard(say)
		return out
	case v.Label.Rank() >= reeve.Suspicious.Rank():
		w.explain(v, in, say)
	case v.Label == reeve.Inconclusive && v.Score <= expectedAt && len(open(in)) == 0:
		if a := answerTo(in.Answers, "payload"); a != nil && a.Says != "" {
			say(a.Refs, "milder, if what it ran proves harmless: %s", clause(a.Says))
		}
	}
	for _, id := range open(in) {
		if a := answerTo(in.Answers, id); a != nil {
			for _, m := range a.Missing {
				say(a.Refs, "clearer, with %s: it would help to answer %q", m.Needs, id)
			}
		}
	}
	if v.Label == reeve.Inconclusive {
		say(nil, "milder, if the owner or a change ticket confirms host, time and command")
	}
	if v.Label != reeve.Malicious {
		say(nil, graver)
	}
	return out
}

func (w *weighing) explainHard(say func([]reeve.Ref, string, ...any)) {
	var hard []*weighed
	for i := range w.signals {
		if w.signals[i].row.hard {
			hard = append(hard, &w.signals[i])
		}
	}
	slices.SortStableFunc(hard, func(a, b *weighed) int { return cmp.Compare(b.row.points, a.row.points) })
	together := ""
	if len(hard) > 1 {
		together = fmt.Sprintf(", together with explanations of the other %d pieces of hard evidence", len(hard)-1)
		if len(hard) == 2 {
			together = ", together with an explanation of the other piece of hard evidence"
		}
	}
	for _, x := range hard {
		say(x.signal.Refs, "milder only if %s explains that %s%s", x.row.turn, clause(x.signal.Says), together)
	}
}

func (w *weighing) explain(v reeve.Verdict, in Input, say func([]reeve.Ref, string, ...any)) {
	list := slices.Clone(w.signals)
	slices.SortStableFunc(list, func(a, b weighed) int { return cmp.Compare(b.row.points, a.row.points) })
	told := 0
	for i := range list {
		x := &list[i]
		if x.row.points < weighty || x.row.turn == "" || told == maxExplanations {
			continue
		}
		told++
		less := w.without(x)
		if l := label(less.prior(in.Class)+less.total(), less, in); l.Rank() < v.Label.Rank() {
			say(x.signal.Refs, "%s, if %s explains that %s", l, x.row.turn, clause(x.signal.Says))
		} else {
			say(x.signal.Refs, "milder together with others, if %s explains that %s", x.row.turn, clause(x.signal.Says))
		}
	}
}

func abs(n int) int { return max(n, -n) }

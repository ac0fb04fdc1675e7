// Package verdict weighs answers: points for every signal, capped by the story that signals tell together, and a label by four
// rules of precedence. It is the only place that knows a figure.
//
// Invariants: no answers give the zero verdict, inconclusive; missing knowledge never makes a verdict graver or milder than
// inconclusive; every reason repeats the citations of its signal. The package does not know how an answer was found.
package verdict

import (
	"cmp"
	"fmt"
	"slices"

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

// Weigh gives the verdict and fills Points of the answers.
func Weigh(in Input) reeve.Verdict {
	w := weigh(in.Answers)
	prior := classPrior[in.Class]
	v := reeve.Verdict{Score: prior + w.total(), Confidence: confidence(in)}
	v.Label = label(v.Score, w, in)
	v.Because = w.because(prior, in.Class)
	v.WouldChange = wouldChange(v.Label, w, in)
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
	seen := map[reeve.SignalCode]bool{}
	for i := range answers {
		a := &answers[i]
		a.Points = 0
		for _, s := range a.Signals {
			r := find(s.Code)
			if r == nil {
				continue
			}
			a.Points += r.points
			if seen[s.Code] {
				continue // two questions that notice the same thing notice it once
			}
			seen[s.Code] = true
			if r.hard {
				w.hard += r.points
			} else {
				w.sums[r.group] += r.points
			}
			w.signals = append(w.signals, weighed{r, s})
		}
	}
	return w
}

// total adds the stories, each within its cap.
func (w *weighing) total() int {
	sum := min(w.hard, hardCap)
	for _, points := range w.sums {
		sum += min(max(points, -groupCap), groupCap)
	}
	return sum
}

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
	case len(in.Answers) == 0:
		return reeve.Inconclusive
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

// clean tells whether the milder labels may be given: every core question answered, and what was run is known and does not
// speak for abuse.
func clean(in Input) bool {
	for _, id := range in.Core {
		a := answerTo(in.Answers, id)
		if a == nil || a.Stance == reeve.Unknown {
			return false
		}
		if id == "payload" && a.Stance == reeve.Supports {
			return false
		}
	}
	return true
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
	known := 0
	for _, id := range in.Core {
		if a := answerTo(in.Answers, id); a != nil && a.Stance != reeve.Unknown {
			known++
		}
	}
	if len(in.Core) == 0 {
		return 0
	}
	return float64(known) / float64(len(in.Core))
}

// because lists what weighed, heaviest first; what weighs nothing is left to the answers.
func (w *weighing) because(prior int, class string) []reeve.Statement {
	list := slices.Clone(w.signals)
	slices.SortStableFunc(list, func(a, b weighed) int {
		if a.row.hard != b.row.hard {
			if a.row.hard {
				return -1
			}
			return 1
		}
		return cmp.Compare(abs(b.row.points), abs(a.row.points))
	})
	var out []reeve.Statement
	for _, s := range list {
		if s.row.points != 0 {
			out = append(out, reeve.Statement{Says: fmt.Sprintf("%+d %s: %s", s.row.points, s.signal.Says, s.row.why), Refs: s.signal.Refs})
		}
	}
	if prior != 0 {
		out = append(out, reeve.Statement{Says: fmt.Sprintf("%+d a program of class %s: most of its runs are honest", prior, class)})
	}
	return out
}

// maxChanges bounds the list of what would change the verdict.
const maxChanges = 6

// wouldChange names what would turn the verdict: for a grave one what would explain its heaviest signals, for a mild or open one
// the answers that are missing and the evidence that would make it grave.
func wouldChange(l reeve.Label, w *weighing, in Input) []reeve.Statement {
	var out []reeve.Statement
	add := func(says string, refs []reeve.Ref) {
		if len(out) < maxChanges {
			out = append(out, reeve.Statement{Says: says, Refs: refs})
		}
	}
	if l.Rank() >= reeve.Suspicious.Rank() {
		list := slices.Clone(w.signals)
		slices.SortStableFunc(list, func(a, b weighed) int { return cmp.Compare(b.row.points, a.row.points) })
		for _, s := range list {
			if s.row.points >= 10 && s.row.turn != "" {
				add(fmt.Sprintf("milder with %s (%s)", s.row.turn, s.signal.Says), s.signal.Refs)
			}
		}
		return out
	}
	for _, a := range in.Answers {
		if a.Stance == reeve.Unknown && slices.Contains(in.Core, a.Question) {
			for _, m := range a.Missing {
				add(fmt.Sprintf("an answer to %q: %s", a.Question, m.Needs), a.Refs)
			}
		}
	}
	if l == reeve.Inconclusive {
		add("milder with the owner's confirmation of host, time and command, or a change ticket", nil)
	}
	add("graver with a payload that a list or a security product convicts, or an effect on credentials, security tools or backups", nil)
	return out
}

func abs(n int) int { return max(n, -n) }

// Package playbook is the engine of the questions: what a question is, the closed world that it may look at, and how a list of
// questions is run. The questions themselves stand in the package questions below it.
//
// Invariants: a question is data and one function over a View; the same View gives the same Answer; an answer cites records of
// the View only. The package does not know what is asked, nor how answers are weighed.
package playbook

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reeve"
)

// Question is one thing that an analyst asks of every case.
type Question struct {
	ID       string   // stable, lower case; the JSON and the documentation use it
	Text     string   // as an analyst asks it
	Values   []string // the closed list that Answer.Value comes from; the last one stands for "cannot be answered"
	Core     bool     // without an answer to it nobody may call the execution benign
	Requires []string // ids of questions whose answers Ask looks at
	Doc      Doc
	Ask      func(*View) reeve.Answer
}

// Doc explains a question to the reader of a report.
type Doc struct{ Why, Supports, Refutes, BlindSpots, KnownBenign string }

// ErrInvalid wraps every fault in a list of questions.
var ErrInvalid = errors.New("invalid list of questions")

// Validate refuses a list in which an id, a text or a value is missing or doubled, a Doc is incomplete, or a question requires
// one that does not stand before it.
func Validate(list []*Question) error {
	seen := map[string]bool{}
	for _, q := range list {
		switch {
		case q.ID == "" || q.Text == "" || q.Ask == nil || len(q.Values) == 0:
			return fmt.Errorf("%w: question %q lacks id, text, values or function", ErrInvalid, q.ID)
		case doubled(q.Values) != "":
			return fmt.Errorf("%w: question %q has the value %q twice, or an empty one", ErrInvalid, q.ID, strings.Trim(doubled(q.Values), " "))
		case seen[q.ID]:
			return fmt.Errorf("%w: question %q stands twice", ErrInvalid, q.ID)
		case q.Doc.Why == "" || q.Doc.Supports == "" || q.Doc.Refutes == "" || q.Doc.BlindSpots == "" || q.Doc.KnownBenign == "":
			return fmt.Errorf("%w: question %q has an incomplete doc", ErrInvalid, q.ID)
		}
		for _, need := range q.Requires {
			if !seen[need] {
				return fmt.Errorf("%w: question %q requires %q, which does not stand before it", ErrInvalid, q.ID, need)
			}
		}
		seen[q.ID] = true
	}
	return nil
}

// doubled finds a value that stands twice; " " for an empty one.
func doubled(values []string) string {
	for i, v := range values {
		if v == "" || slices.Contains(values[:i], v) {
			return cmp.Or(v, " ")
		}
	}
	return ""
}

// Run asks the questions in order. An answer whose value is not on its question's list is a fault of the program and becomes an
// unknown answer that says so, so that a report never carries a value that its readers cannot know.
func Run(list []*Question, v *View) []reeve.Answer {
	v.answers = map[string]*reeve.Answer{}
	out := make([]reeve.Answer, len(list))
	for i, q := range list {
		a := q.Ask(v)
		a.Question = q.ID
		if !slices.Contains(q.Values, a.Value) {
			a = reeve.Answer{Question: q.ID, Refs: v.SubjectRefs(), Value: q.Values[len(q.Values)-1], Says: fmt.Sprintf("no answer: %q is not a value of this question", a.Value)}
		}
		a.Says, a.Refs = shorten(a.Says, maxSentence), cite(&a)
		out[i] = a
		v.answers[q.ID] = &out[i]
	}
	return out
}

// cite gives an answer the citations of its details and signals too, each once, in order.
func cite(a *reeve.Answer) []reeve.Ref {
	refs := slices.Clone(a.Refs)
	for _, d := range a.Details {
		refs = append(refs, d.Refs...)
	}
	for _, s := range a.Signals {
		refs = append(refs, s.Refs...)
	}
	return Distinct(refs)
}

// Distinct drops repeated citations and keeps the order; at most 24 are kept, because nobody opens more.
func Distinct(refs []reeve.Ref) []reeve.Ref {
	const most = 24
	out := make([]reeve.Ref, 0, min(len(refs), most))
	for _, r := range refs {
		if len(out) < most && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

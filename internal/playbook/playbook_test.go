package playbook

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reeve"
)

func question(id string, change func(*Question)) *Question {
	q := &Question{ID: id, Text: "Is it?", Values: []string{"yes", "unknown"}, Doc: Doc{"w", "s", "r", "b", "k"},
		Ask: func(*View) reeve.Answer { return reeve.Answer{Value: "yes", Says: "It is."} }}
	if change != nil {
		change(q)
	}
	return q
}

func TestValidate(t *testing.T) {
	for name, test := range map[string]struct {
		list []*Question
		says string // part of the fault; "" for none
	}{
		"an empty list is valid":                        {nil, ""},
		"two questions are valid":                       {[]*Question{question("a", nil), question("b", func(q *Question) { q.Requires = []string{"a"} })}, ""},
		"an id is wanted":                               {[]*Question{question("", nil)}, "lacks id"},
		"a text is wanted":                              {[]*Question{question("a", func(q *Question) { q.Text = "" })}, "lacks id"},
		"values are wanted":                             {[]*Question{question("a", func(q *Question) { q.Values = nil })}, "lacks id"},
		"a function is wanted":                          {[]*Question{question("a", func(q *Question) { q.Ask = nil })}, "lacks id"},
		"an id may stand once":                          {[]*Question{question("a", nil), question("a", nil)}, "stands twice"},
		"a value may stand once":                        {[]*Question{question("a", func(q *Question) { q.Values = []string{"x", "y", "x"} })}, `value "x" twice`},
		"a value has text":                              {[]*Question{question("a", func(q *Question) { q.Values = []string{"x", ""} })}, "empty one"},
		"why is wanted":                                 {[]*Question{question("a", func(q *Question) { q.Doc.Why = "" })}, "incomplete doc"},
		"what supports is wanted":                       {[]*Question{question("a", func(q *Question) { q.Doc.Supports = "" })}, "incomplete doc"},
		"what refutes is wanted":                        {[]*Question{question("a", func(q *Question) { q.Doc.Refutes = "" })}, "incomplete doc"},
		"blind spots are wanted":                        {[]*Question{question("a", func(q *Question) { q.Doc.BlindSpots = "" })}, "incomplete doc"},
		"what is known to be benign is wanted":          {[]*Question{question("a", func(q *Question) { q.Doc.KnownBenign = "" })}, "incomplete doc"},
		"what a question requires must exist":           {[]*Question{question("a", func(q *Question) { q.Requires = []string{"z"} })}, `requires "z"`},
		"what a question requires must stand before it": {[]*Question{question("a", func(q *Question) { q.Requires = []string{"b"} }), question("b", nil)}, `requires "b"`},
		"a question does not stand before itself":       {[]*Question{question("a", func(q *Question) { q.Requires = []string{"a"} })}, `requires "a"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate(test.list)
			switch {
			case test.says == "" && err != nil:
				t.Error(err)
			case test.says != "" && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), test.says)):
				t.Errorf("got %v, want a fault that says %q", err, test.says)
			}
		})
	}
}

func ref(line int) reeve.Ref { return reeve.Ref{File: "a.evtx", Line: line} }

func TestRun(t *testing.T) {
	v := &View{Process: reeve.Process{ID: 1, Refs: []reeve.Ref{ref(9)}}}
	var seen []string
	list := []*Question{
		question("first", func(q *Question) {
			q.Ask = func(v *View) reeve.Answer {
				if v.Answer("first") != nil || v.Answer("second") != nil {
					t.Error("an answer was there before its question was asked")
				}
				return reeve.Answer{Question: "forged", Value: "yes", Says: "It is.", Refs: []reeve.Ref{ref(1)}, Details: []reeve.Detail{{Name: "d", Refs: []reeve.Ref{ref(2), ref(1)}}},
					Signals: []reeve.Signal{{Code: "c", Refs: []reeve.Ref{ref(3)}}}}
			}
		}),
		question("second", func(q *Question) {
			q.Ask = func(v *View) reeve.Answer {
				seen = append(seen, v.Answer("first").Value)
				return reeve.Answer{Value: "perhaps", Stance: reeve.Refutes, Says: "It is not."}
			}
		}),
		question("third", func(q *Question) {
			q.Ask = func(v *View) reeve.Answer {
				seen = append(seen, v.Answer("second").Value)
				return reeve.Answer{Value: "yes", Says: strings.Repeat("\u00e4", 5000)}
			}
		}),
	}
	got := Run(list, v)
	if got[0].Question != "first" || got[1].Question != "second" {
		t.Errorf("answers bear the ids %q and %q", got[0].Question, got[1].Question)
	}
	if diff := cmp.Diff([]reeve.Ref{ref(1), ref(2), ref(3)}, got[0].Refs); diff != "" {
		t.Errorf("an answer cites its own, its details' and its signals' records, each once:\n%s", diff)
	}
	if a := got[1]; a.Value != "unknown" || a.Stance != reeve.Unknown || !strings.Contains(a.Says, `"perhaps"`) || !slices.Equal(a.Refs, v.SubjectRefs()) {
		t.Errorf("a value that is not on the list becomes an unknown answer that says so and cites the subject, got %+v", a)
	}
	if diff := cmp.Diff([]string{"yes", "unknown"}, seen); diff != "" {
		t.Errorf("a question sees the answers before it:\n%s", diff)
	}
	if n := len([]rune(got[2].Says)); n != maxSentence+1 || !strings.HasSuffix(got[2].Says, "\u2026") {
		t.Errorf("a sentence of %d characters was not cut", n)
	}
	if v.Answer("fourth") != nil {
		t.Error("there is an answer to a question that was not asked")
	}
}

func TestDistinct(t *testing.T) {
	if got := Distinct(nil); len(got) != 0 {
		t.Errorf("nothing became %v", got)
	}
	if diff := cmp.Diff([]reeve.Ref{ref(3), ref(1), ref(2)}, Distinct([]reeve.Ref{ref(3), ref(1), ref(3), ref(2), ref(1)})); diff != "" {
		t.Errorf("repetitions go, the order stays:\n%s", diff)
	}
	var many []reeve.Ref
	for i := range 100 {
		many = append(many, ref(i))
	}
	if got := Distinct(many); len(got) != 24 || got[23] != ref(23) {
		t.Errorf("%d citations were kept, the last %v", len(got), got[len(got)-1])
	}
}

const (
	md5    = "0123456789abcdef0123456789abcdef"
	sha1   = "0123456789abcdef0123456789abcdef01234567"
	sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func TestHashes(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       reeve.Hashes
	}{
		{"nothing states nothing", "", reeve.Hashes{}},
		{"all four in any order", "IMPHASH=" + md5 + ",SHA256=" + strings.ToUpper(sha256) + ",MD5=" + md5 + ",SHA1=" + sha1, reeve.Hashes{MD5: md5, SHA1: sha1, SHA256: sha256, IMPHASH: md5}},
		{"a bare hash is known by its length", sha1, reeve.Hashes{SHA1: sha1}},
		{"semicolons and blanks part too", "MD5=" + md5 + "; SHA256=" + sha256, reeve.Hashes{MD5: md5, SHA256: sha256}},
		{"an import hash is no MD5", "imphash=" + md5, reeve.Hashes{IMPHASH: md5}},
		{"zeros stand for none", "MD5=00000000000000000000000000000000,IMPHASH=00000000000000000000000000000000", reeve.Hashes{}},
		{"other digits are no hash", "MD5=" + strings.Repeat("g", 32), reeve.Hashes{}},
		{"other lengths are no hash", "SHA256=" + md5[:31] + ",IMPHASH=" + sha1, reeve.Hashes{}},
		{"a dash is no hash", "-", reeve.Hashes{}},
		{"the length decides, not the name", "SHA1=" + sha256, reeve.Hashes{SHA256: sha256}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Hashes(test.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestList(t *testing.T) {
	if diff := cmp.Diff([]string{sha256, sha1, md5}, List(reeve.Hashes{MD5: md5, SHA1: sha1, SHA256: sha256})); diff != "" {
		t.Errorf("the longest comes first, what is unknown is left out:\n%s", diff)
	}
	if got := List(reeve.Hashes{}); got != nil {
		t.Errorf("no hash became %v", got)
	}
}

func FuzzHashes(f *testing.F) {
	f.Add("SHA256=" + sha256 + ",MD5=" + md5)
	f.Add("==,,;; \x00=")
	f.Fuzz(func(t *testing.T, text string) {
		for _, h := range List(Hashes(text)) {
			if n := len(h); n != 32 && n != 40 && n != 64 || strings.Trim(h, "0123456789abcdef") != "" || !strings.Contains(strings.ToLower(text), h) {
				t.Errorf("%q is no hash of %q", h, text)
			}
		}
	})
}

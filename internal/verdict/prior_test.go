package verdict

import (
	"strings"
	"testing"

	"reeve"
)

func TestWhatIsOutOfTheOrdinaryHasNoMildPrior(t *testing.T) {
	for _, c := range []struct {
		name  string
		class string
		code  reeve.SignalCode
		want  int // of the prior alone
	}{
		{"an everyday program in its place", "everyday", reeve.SignalListedPath, -30},
		{"an everyday program with the form of a documented abuse", "everyday", reeve.SignalDocumentedAbuse, unusualPrior},
		{"an administrator's program under another name", "admin", reeve.SignalRenamed, unusualPrior},
		{"an everyday name on another program", "everyday", reeve.SignalMasquerade, unusualPrior},
		{"an everyday program where anybody can write", "everyday", reeve.SignalUserWritable, unusualPrior},
		{"an everyday program from another machine", "everyday", reeve.SignalRemotePath, unusualPrior},
		{"a developer's program with such a form", "developer", reeve.SignalDocumentedAbuse, -10},
		{"a rare program with such a form", "rare", reeve.SignalDocumentedAbuse, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			points, _ := Weight(c.code)
			v := Weigh(Input{Class: c.class, Core: core, Answers: answers(c.code)})
			if got := v.Score - points; got != c.want {
				t.Errorf("prior %d, want %d", got, c.want)
			}
		})
	}
}

func TestExplainingWhatWasUnusualRestoresThePrior(t *testing.T) {
	v := Weigh(Input{Class: "everyday", Core: core, Answers: answers(reeve.SignalRenamed, reeve.SignalPayloadPlace)}) // 25+20-10
	if v.Label != reeve.Suspicious || v.Score != 35 {
		t.Fatalf("%s %d", v.Label, v.Score)
	}
	if got := says(v.WouldChange); !strings.Contains(got, "expected, if an installer or vendor") { // 20-30 once it is explained
		t.Errorf("what would change it:\n%s", got)
	}
}

func TestReasonsForTheLabelComeFirst(t *testing.T) {
	mild := Weigh(Input{Class: "developer", Core: core, Answers: answers(reeve.SignalFirstHere, reeve.SignalListedPath, reeve.SignalDeveloperShell, reeve.SignalRoleFits)})
	if mild.Label != reeve.Benign {
		t.Fatalf("%s %d", mild.Label, mild.Score)
	}
	if first, last := mild.Because[0].Says, mild.Because[3].Says; !strings.HasPrefix(first, "-20") || !strings.HasPrefix(last, "+8") {
		t.Errorf("reasons of a mild verdict:\n%s", says(mild.Because))
	}
	grave := Weigh(Input{Class: "rare", Core: core, Answers: answers(reeve.SignalPayloadSigned, reeve.SignalOfficeParent, reeve.SignalFromShare)})
	if grave.Label != reeve.Suspicious {
		t.Fatalf("%s %d", grave.Label, grave.Score)
	}
	if first, last := grave.Because[0].Says, grave.Because[2].Says; !strings.HasPrefix(first, "+30") || !strings.HasPrefix(last, "-20") {
		t.Errorf("reasons of a grave verdict:\n%s", says(grave.Because))
	}
}

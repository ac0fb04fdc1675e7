package questions

import (
	"fmt"
	"strings"

	"reeve"
	"reeve/internal/playbook"
)

var reputation = playbook.Question{
	ID:       "reputation",
	Text:     "Is the payload, or the binary, known?",
	Values:   []string{"known_bad", "known_good", "not_listed", "no_hash", "not_asked"},
	Requires: []string{"payload"},
	Doc: playbook.Doc{
		Why:         "A hash on a list ends the discussion, one way or the other.",
		Supports:    "A list of bad hashes or a security product names the binary or what it ran.",
		Refutes:     "A list of good hashes names what it ran. That the binary itself is good says nothing: it is meant to be.",
		BlindSpots:  "Not being listed means nothing. Scripts, commands and payloads in memory have no hash in the logs.",
		KnownBenign: "Administrators' tools stand on many lists of bad hashes.",
	},
	Ask: askReputation,
}

func askReputation(v *playbook.View) reeve.Answer {
	a := reeve.Answer{Value: "no_hash", Stance: reeve.Unknown}
	convicted := convictions(v, &a)
	asked, good, any := false, false, false
	look := func(what string, hashes reeve.Hashes, refs []reeve.Ref, payload bool) {
		for _, h := range playbook.List(hashes) {
			any = true
			if v.Intel.Empty() {
				continue
			}
			asked = true
			r := v.Intel.Hash(h)
			switch r.Standing {
			case reeve.KnownBad:
				convicted = true
				says := fmt.Sprintf("%s is on the list %s as bad%s", what, r.List, named(r.Says))
				a.Details = append(a.Details, reeve.Detail{Name: "known bad", Value: h + named(r.Says), Refs: refs})
				a.Signals = append(a.Signals, signal(reeve.SignalKnownBad, says, refs...))
				return
			case reeve.KnownGood:
				a.Details = append(a.Details, reeve.Detail{Name: "known good", Value: what + ", " + h + named(r.Says), Refs: refs})
				if payload {
					good = true
					a.Signals = append(a.Signals, signal(reeve.SignalKnownGood, what+" is on the list "+r.List+" as good", refs...))
				}
				return
			}
		}
	}
	look("the program", playbook.Hashes(v.Get(reeve.AttrHashes)), v.SubjectRefs(), false)
	for _, p := range v.Payloads {
		look("the payload "+quoted(base(p.Image)), p.Hashes, p.Refs, true)
	}
	switch {
	case convicted:
		a.Value, a.Stance = "known_bad", reeve.Supports
		a.Says = "A list or a security product names it as malicious: " + a.Details[0].Value + "."
	case good:
		a.Value, a.Stance, a.Says = "known_good", reeve.Refutes, "What it ran is on a list of good hashes."
	case asked:
		a.Value, a.Stance, a.Says = "not_listed", reeve.Neutral, "None of its hashes is on the lists given, which by itself means nothing."
	case any:
		a.Value, a.Says = "not_asked", "There are hashes, but no list was given to look them up in."
		a.Missing = []reeve.Need{{Needs: "a list of known hashes", Enable: "--known-bad and --known-good with lists of hashes"}}
	default:
		a.Says = "The records state no hash of the program or of what it ran."
		a.Missing = []reeve.Need{{Needs: "hashes of programs", Enable: "Sysmon event 1 with a hash algorithm configured"}}
	}
	if len(a.Refs) == 0 {
		a.Refs = v.SubjectRefs()
	}
	return a
}

func named(says string) string {
	if says == "" {
		return ""
	}
	return " (" + says + ")"
}

// convictions finds what a security product said of the program or of what it ran. The record must name the file itself: an
// alarm about something else on the host is no word on this case.
func convictions(v *playbook.View, a *reeve.Answer) bool {
	files := []string{v.Process.Image}
	for _, p := range v.Payloads {
		files = append(files, p.Image)
	}
	found := false
	for _, e := range v.Of(reeve.Malware, reeve.ASRBlock) {
		text := strings.ToLower(e.Get(reeve.AttrPath) + "\n" + e.Get(reeve.AttrProcess))
		for _, f := range files {
			if len(base(f)) < 5 || !strings.Contains(f, `\`) || !strings.Contains(text, strings.ToLower(f)) {
				continue
			}
			says := fmt.Sprintf("a security product reported %s on %s", quoted(e.Get(reeve.AttrName)+e.Get(reeve.AttrRule)), quoted(f))
			a.Details = append(a.Details, reeve.Detail{Name: "security product", Value: says, Refs: []reeve.Ref{e.Ref}})
			if e.Kind == reeve.Malware {
				a.Signals = append(a.Signals, signal(reeve.SignalConviction, says, e.Ref))
				found = true
			}
			break
		}
	}
	return found
}

package questions

import (
	"cmp"
	"fmt"
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

var reputation = playbook.Question{
	ID:       "reputation",
	Text:     "Is the payload, or the binary, known?",
	Values:   []string{"known_bad", "known_good", "not_listed", "no_hash", "not_asked"},
	Requires: []string{"payload"},
	Doc: playbook.Doc{
		Why:         "A hash on a list ends the discussion, one way or the other.",
		Supports:    "A list of bad hashes or a security product names the binary or what it ran.",
		Refutes:     "A list of good hashes names everything that it ran. That the binary itself is good says nothing: it is meant to be; nor does the good name of a shell, an interpreter or a program that LOLBAS lists.",
		BlindSpots:  "Not being listed means nothing. Scripts, commands and payloads in memory have no hash in the logs.",
		KnownBenign: "Administrators' tools stand on many lists of bad hashes.",
	},
	Ask: askReputation,
}

func askReputation(v *playbook.View) reeve.Answer {
	a := reeve.Answer{Value: "no_hash", Stance: reeve.Unknown, Refs: v.SubjectRefs()}
	empty := v.Intel == nil || v.Intel.Empty()
	any, bad := false, convicted(v, &a)
	look := func(what string, hashes reeve.Hashes, refs []reeve.Ref) (good bool) {
		hashes.IMPHASH = "" // shared by whoever imports the same functions: no file's name
		for _, h := range playbook.List(hashes) {
			any = true
			if empty {
				return false
			}
			switch r := v.Intel.Hash(h); r.Standing {
			case reeve.KnownBad:
				bad = cmp.Or(bad, fmt.Sprintf("%s is on the list %s as bad%s", what, r.List, named(r.Says)))
				a.Details = append(a.Details, reeve.Detail{Name: "known bad", Value: what + ", " + h + named(r.Says), Refs: refs})
				a.Signals = append(a.Signals, signal(reeve.SignalKnownBad, what+" is on the list "+r.List+" as bad"+named(r.Says), refs...))
				return false
			case reeve.KnownGood:
				a.Details = append(a.Details, reeve.Detail{Name: "known good", Value: what + ", " + h + named(r.Says) + ", list " + r.List, Refs: refs})
				return true
			}
		}
		return false
	}
	self := look("the program", playbook.Hashes(v.Get(reeve.AttrHashes)), v.SubjectRefs())
	good := len(v.Payloads) > 0
	var refs []reeve.Ref
	for i := range v.Payloads {
		p := &v.Payloads[i]
		good = look("the payload "+playbook.Quoted(playbook.Base(p.Image)), p.Hashes, p.Refs) && !carrier(v, p) && good
		refs = append(refs, p.Refs...)
	}
	switch {
	case bad != "":
		a.Value, a.Stance, a.Says = "known_bad", reeve.Supports, "It is named as malicious: "+bad+"."
	case good:
		a.Value, a.Stance, a.Says = "known_good", reeve.Refutes, "Everything it is known to have run is on a list of good hashes."
		a.Signals = append(a.Signals, signal(reeve.SignalKnownGood, "what it ran is on a list of good hashes", refs...))
	case any && empty:
		a.Value, a.Says = "not_asked", "There are hashes, but no list was given to look them up in."
		a.Missing = []reeve.Need{{Needs: "a list of known hashes", Enable: "--known-bad and --known-good with lists of hashes"}}
	case any:
		a.Value, a.Stance, a.Says = "not_listed", reeve.Neutral, "No list names it as bad, which by itself means nothing."
		if self {
			a.Says = "The program is on a list of good hashes, which says nothing of what it ran; no list names anything as bad."
		}
	default:
		a.Says = "The records state no hash of the program or of what it ran."
		a.Missing = []reeve.Need{{Needs: "hashes of programs", Enable: "Sysmon event 1 with a hash algorithm configured"}}
	}
	return a
}

func named(says string) string {
	if says == "" {
		return ""
	}
	return " (" + says + ")"
}

// convicted says what a security product said of the program or of what it ran. The record must name the file itself as what was
// found: an alarm about something else on the host is no word on this case, and one on a program that every host runs counts
// only while this run of it lived.
func convicted(v *playbook.View, a *reeve.Answer) (says string) {
	files := []string{v.Process.Image}
	for _, p := range v.Payloads {
		files = append(files, p.Image)
	}
	for _, e := range v.Of(reeve.Malware, reeve.ASRBlock) {
		text := strings.ToLower(e.Get(reeve.AttrPath))
		for _, f := range files {
			near := e.Time >= v.Time()-reeve.Minute && e.Time <= max(v.Process.End, v.Time())+10*reeve.Minute
			if len(playbook.Base(f)) < 5 || !strings.Contains(f, `\`) || !playbook.Mentions(text, strings.ToLower(f)) || !lolbas.Writable(f) && !near {
				continue
			}
			line := fmt.Sprintf("a security product reported %s on %s", playbook.Quoted(cmp.Or(e.Get(reeve.AttrName), e.Get(reeve.AttrRule), "a threat")), playbook.Quoted(f))
			a.Details = append(a.Details, reeve.Detail{Name: "security product", Value: line, Refs: []reeve.Ref{e.Ref}})
			if e.Kind == reeve.Malware {
				a.Signals = append(a.Signals, signal(reeve.SignalConviction, line, e.Ref))
				says = cmp.Or(says, line)
			}
			break
		}
	}
	return says
}

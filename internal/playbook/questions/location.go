package questions

import (
	"reeve"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

var location = playbook.Question{
	ID:   "location",
	Text: "Is it run from where it belongs?",
	Values: []string{string(lolbas.Listed), string(lolbas.ListedForm), string(lolbas.ServicingCopy), string(lolbas.VendorCopy), string(lolbas.OtherProtected),
		string(lolbas.UserWritable), string(lolbas.RemotePath), string(lolbas.NoList), string(lolbas.NoLocation)},
	Core: true,
	Doc: playbook.Doc{
		Why:         "Windows and its kits install a program in one place. A copy elsewhere was put there by somebody, often to escape rules that watch the place.",
		Supports:    "A folder that any user can write to, a share, a removable drive; a system folder that is not the program's own.",
		Refutes:     "The listed place, or the same place of another version, architecture or edition, as long as only administrators write there. That is weak: the technique runs the genuine program from its genuine place.",
		BlindSpots:  "LOLBAS lists no place for some programs, and for some a folder of the user's. Permissions are those of a default installation; who really may write is not in the logs. Some records state a file name without its folder.",
		KnownBenign: "Vendors ship copies below their own folder in Program Files; Windows keeps copies for servicing and upgrades; developers move kits to another drive.",
	},
	Ask: askLocation,
}

func askLocation(v *playbook.View) reeve.Answer {
	image := v.Process.Image
	at := lolbas.Location{Class: lolbas.Place(image), Says: "It is no LOLBAS program, so no list says where it belongs; it runs from " + playbook.Quoted(image) + "."}
	if v.LOLBin != nil {
		if e := entry(v.LOLBin.Name); e != nil {
			at = lolbas.Locate(e, image)
		}
	}
	a := reeve.Answer{Value: string(at.Class), Says: at.Says, Stance: reeve.Neutral, Refs: v.SubjectRefs()}
	a.Details = []reeve.Detail{{Name: "runs from", Value: image, Refs: v.SubjectRefs()}}
	for _, d := range []reeve.Detail{{Name: "expected", Value: at.Matched}, {Name: "differs in", Value: at.Differs}, {Name: "kind of place", Value: at.Detail}} {
		if d.Value != "" {
			a.Details = append(a.Details, d)
		}
	}
	if v.Process.Disputed {
		a.Stance = reeve.Unknown
		a.Says = "Records of its start contradict each other: they name different files. " + a.Says
		return a
	}
	say := func(stance reeve.Stance, code reeve.SignalCode, says string) {
		a.Stance = stance
		a.Signals = []reeve.Signal{signal(code, says, v.SubjectRefs()...)}
	}
	switch at.Class {
	case lolbas.Listed, lolbas.ListedForm:
		switch {
		case lolbas.Writable(image):
			a.Says += " Anybody can write there, so the place proves nothing."
		case lolbas.Identify(stated(v)).Value == lolbas.Masquerade:
			a.Says += " That is the place of a program that this one is not."
		default:
			say(reeve.Refutes, reeve.SignalListedPath, "it runs from its listed place")
		}
	case lolbas.VendorCopy:
		if v.LOLBin != nil {
			say(reeve.Neutral, reeve.SignalVendorCopy, "it runs from another product's folder")
		}
	case lolbas.OtherProtected:
		if v.LOLBin != nil {
			say(reeve.Supports, reeve.SignalOddProtected, "it runs from "+playbook.Quoted(image)+", where it does not belong")
		}
	case lolbas.UserWritable:
		say(reeve.Supports, reeve.SignalUserWritable, "it runs from "+playbook.Quoted(image)+", where any user can write")
	case lolbas.RemotePath:
		say(reeve.Supports, reeve.SignalRemotePath, "it runs from "+playbook.Quoted(image)+", not from this host's own disk")
	case lolbas.NoList, lolbas.NoLocation:
		a.Stance = reeve.Unknown
		if lolbas.Place(image) == lolbas.UserWritable {
			say(reeve.Supports, reeve.SignalUserWritable, "it runs from "+playbook.Quoted(image)+", where any user can write")
		}
		if at.Class == lolbas.NoLocation {
			a.Missing = []reeve.Need{{Needs: "the full path of the program", Enable: "Sysmon event 1 or Security 4688, which state it"}}
		}
	}
	return a
}

package questions

import (
	"strings"

	"reeve"
	"reeve/cmdline"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

var identity = playbook.Question{
	ID:     "identity",
	Text:   "Is it really that binary?",
	Values: []string{string(lolbas.Genuine), string(lolbas.Renamed), string(lolbas.Masquerade), string(lolbas.SameName), string(lolbas.UnknownIdentity)},
	Doc: playbook.Doc{
		Why:         "A renamed tool escapes whoever looks for its name, and a stranger's program may borrow a trusted one.",
		Supports:    "The original file name in its version resource differs from its name, the name is a LOLBAS program's and the resource is not, or a signature that it should have is missing or broken.",
		Refutes:     "The published hash of a Microsoft build, and that weakly: being genuine is this technique's premise.",
		BlindSpots:  "Version resources can be written by anybody; Security 4688 and Sysmon before version 10 do not record them; process starts carry no signature.",
		KnownBenign: "Programs whose original name always differs (tar is bsdtar); namesakes of other makers; vendors that rename what they ship.",
	},
	Ask: askIdentity,
}

// stated is what the subject's start record says of its file.
func stated(v *playbook.View) lolbas.Evidence {
	return lolbas.Evidence{Base: playbook.Base(v.Process.Image), Path: v.Process.Image, OriginalFileName: v.Get(reeve.AttrOriginalFileName), Product: v.Get(reeve.AttrProduct),
		Company: v.Get(reeve.AttrCompany), Description: v.Get(reeve.AttrDescription), SHA256: playbook.Hashes(v.Get(reeve.AttrHashes)).SHA256}
}

func askIdentity(v *playbook.View) reeve.Answer {
	own, e, refs := selfLoad(v), stated(v), v.SubjectRefs()
	broken := ""
	if own != nil {
		refs = append(refs[:len(refs):len(refs)], own.Ref)
		switch signed, valid := playbook.Signature(own); {
		case valid:
			e.Signer = own.Get(reeve.AttrSigner)
		case signed:
			broken = "its signature is stated as " + playbook.Quoted(own.Get(reeve.AttrSignatureInfo))
		case strings.EqualFold(own.Get(reeve.AttrSigned), "false"):
			broken = "the record of its image calls it unsigned"
		}
	}
	id := lolbas.Identify(e)
	a := reeve.Answer{Value: string(id.Value), Says: strings.ReplaceAll(id.Says, ".. ", ". "), Stance: reeve.Neutral, Refs: refs}
	for _, d := range []reeve.Detail{{Name: "name", Value: e.Base}, {Name: "original file name", Value: e.OriginalFileName}, {Name: "product", Value: e.Product},
		{Name: "company", Value: e.Company}, {Name: "description", Value: e.Description}, {Name: "hashes", Value: v.Get(reeve.AttrHashes)}} {
		if d.Value != "" {
			d.Refs = v.SubjectRefs()
			a.Details = append(a.Details, d)
		}
	}
	if e.Signer != "" {
		a.Details = append(a.Details, reeve.Detail{Name: "signer", Value: e.Signer, Refs: []reeve.Ref{own.Ref}})
	}
	_, published := lolbas.KnownHash(e.SHA256)
	switch id.Value {
	case lolbas.Renamed:
		a.Stance = reeve.Supports
		a.Signals = []reeve.Signal{signal(reeve.SignalRenamed, playbook.Quoted(e.Base)+" is "+id.Entry.Name+" under another name", refs...)}
	case lolbas.Masquerade:
		a.Stance = reeve.Supports
		a.Signals = []reeve.Signal{signal(reeve.SignalMasquerade, playbook.Quoted(e.Base)+" is not the program of that name", refs...)}
	case lolbas.SameName:
		a.Signals = []reeve.Signal{signal(reeve.SignalSameName, playbook.Quoted(e.Base)+" is a name that other software uses too", refs...)}
	case lolbas.Genuine:
		if published {
			a.Stance = reeve.Refutes
			a.Signals = []reeve.Signal{signal(reeve.SignalGenuineHash, "its hash is the published one", refs...)}
		}
	default:
		a.Stance = reeve.Unknown
		a.Missing = []reeve.Need{{Needs: "the original file name or a hash of the program", Enable: "Sysmon event 1 from version 10 on, with hashes; or AppLocker in audit mode"}}
	}
	if broken != "" && !published && id.Entry != nil && (id.Value == lolbas.Genuine || id.Value == lolbas.Renamed) {
		if id.Value == lolbas.Genuine {
			a.Value = string(lolbas.UnknownIdentity)
		}
		a.Says = strings.TrimSuffix(a.Says, ".") + "; but " + broken + ", so the file may have been changed."
		a.Stance = reeve.Supports
		a.Signals = append(a.Signals, signal(reeve.SignalBadSignature, broken, own.Ref))
	}
	return a
}

// selfLoad is the record of the subject's own image being loaded, which states the signature that a process start does not.
func selfLoad(v *playbook.View) *reeve.Event {
	for _, e := range v.Deeds([]reeve.ProcID{v.Process.ID}, reeve.ImageLoad) {
		if cmdline.SameFile(e.Get(reeve.AttrLoadedImage), v.Process.Image) {
			return e
		}
	}
	return nil
}

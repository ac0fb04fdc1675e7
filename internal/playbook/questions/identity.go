package questions

import (
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

var identity = playbook.Question{
	ID:     "identity",
	Text:   "Is it really that binary?",
	Values: []string{string(lolbas.Genuine), string(lolbas.Renamed), string(lolbas.Masquerade), string(lolbas.SameName), string(lolbas.UnknownIdentity)},
	Doc: playbook.Doc{
		Why:         "A renamed tool escapes whoever looks for its name, and a stranger's program may borrow a trusted one.",
		Supports:    "The original file name in its version resource differs from its name, or the name is a LOLBAS program's and the resource is not.",
		Refutes:     "Nothing alone: being genuine is this technique's premise.",
		BlindSpots:  "Version resources can be written by anybody; Security 4688 and Sysmon before version 10 do not record them; process starts carry no signature.",
		KnownBenign: "Programs whose original name always differs (tar is bsdtar); namesakes of other makers; vendors that rename what they ship.",
	},
	Ask: askIdentity,
}

func askIdentity(v *playbook.View) reeve.Answer {
	own := selfLoad(v)
	e := lolbas.Evidence{Base: base(v.Process.Image), Path: v.Process.Image, OriginalFileName: v.Get(reeve.AttrOriginalFileName), Product: v.Get(reeve.AttrProduct),
		Company: v.Get(reeve.AttrCompany), Description: v.Get(reeve.AttrDescription), SHA256: strings.ToLower(playbook.Hashes(v.Get(reeve.AttrHashes)).SHA256)}
	refs := v.SubjectRefs()
	if own != nil {
		e.Signer = own.Get(reeve.AttrSigner)
		refs = append(refs[:len(refs):len(refs)], own.Ref)
	}
	id := lolbas.Identify(e)
	a := reeve.Answer{Value: string(id.Value), Says: id.Says, Stance: reeve.Neutral, Refs: refs}
	for _, d := range []reeve.Detail{{Name: "name", Value: e.Base}, {Name: "original file name", Value: e.OriginalFileName}, {Name: "product", Value: e.Product},
		{Name: "company", Value: e.Company}, {Name: "description", Value: e.Description}, {Name: "hashes", Value: v.Get(reeve.AttrHashes)}, {Name: "signer", Value: e.Signer}} {
		if d.Value != "" {
			d.Refs = v.SubjectRefs()
			a.Details = append(a.Details, d)
		}
	}
	switch id.Value {
	case lolbas.Renamed:
		a.Stance = reeve.Supports
		a.Signals = []reeve.Signal{signal(reeve.SignalRenamed, quoted(e.Base)+" is "+quoted(e.OriginalFileName)+" under another name", refs...)}
	case lolbas.Masquerade:
		a.Stance = reeve.Supports
		a.Signals = []reeve.Signal{signal(reeve.SignalMasquerade, quoted(e.Base)+" is not the program of that name", refs...)}
	case lolbas.SameName:
		a.Signals = []reeve.Signal{signal(reeve.SignalSameName, "a namesake", refs...)}
	case lolbas.Genuine:
		if _, known := lolbas.KnownHash(playbook.Hashes(v.Get(reeve.AttrHashes)).SHA256); known {
			a.Signals = []reeve.Signal{signal(reeve.SignalGenuineHash, "its hash is the published one", refs...)}
		}
	default:
		a.Stance = reeve.Unknown
		a.Missing = []reeve.Need{{Needs: "the original file name or a hash of the program", Enable: "Sysmon event 1 from version 10 on, with hashes; or AppLocker in audit mode"}}
	}
	if own != nil && strings.EqualFold(own.Get(reeve.AttrSigned), "true") && !strings.EqualFold(own.Get(reeve.AttrSignatureInfo), "valid") && own.Get(reeve.AttrSignatureInfo) != "" {
		a.Stance = reeve.Supports
		a.Signals = append(a.Signals, signal(reeve.SignalBadSignature, "its signature is "+quoted(own.Get(reeve.AttrSignatureInfo)), own.Ref))
	}
	return a
}

// selfLoad is the record of the subject's own image being loaded, which states the signature that a process start does not.
func selfLoad(v *playbook.View) *reeve.Event {
	for _, e := range v.Deeds([]reeve.ProcID{v.Process.ID}, reeve.ImageLoad) {
		if strings.EqualFold(e.Get(reeve.AttrLoadedImage), v.Process.Image) {
			return e
		}
	}
	return nil
}

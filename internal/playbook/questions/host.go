package questions

import (
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

var host = playbook.Question{
	ID:       "host",
	Text:     "Does it belong on this machine and to this owner?",
	Values:   []string{"fits", "does_not_fit", "role_unknown"},
	Requires: []string{"identity", "origin"},
	Doc: playbook.Doc{
		Why:         "A media tracer on a developer's machine is work; on an accounting PC it is a question.",
		Supports:    "A developer's or rare program on a host that the inventory gives to people who do not need it, or a rare one where no such work shows.",
		Refutes:     "A host whose inventory, or at least three of whose programs seen before, show that such work is done there.",
		BlindSpots:  "Without an inventory the role is inferred from programs that ran before the execution, which short evidence does not show. An intruder can run developers' programs too: only programs of confirmed place and name count, and none that LOLBAS lists.",
		KnownBenign: "Shared machines, power users, machines that changed hands.",
	},
	Ask: askHost,
}

// Words by which inventories name departments and roles; one that ends in "*" stands for all words that begin with it.
const (
	developerWords = "develop* dev devs devops engineer* software build builds ci jenkins qa test tester programmer* research* r&d"
	adminWords     = "admin* it infrastructure operations helpdesk support sysadmin* server* security soc"
	businessWords  = "account* financ* payroll hr human sales marketing legal office reception* clerk* kiosk* procurement purchas* management executive* assistant* customer* call"
)

// Programs that show what a host is used for; several different ones are wanted. Office alone does not tell a clerk's machine
// from a developer's.
const (
	developerPrograms  = "devenv.exe cl.exe link.exe rc.exe mt.exe signtool.exe midl.exe git.exe rider64.exe clion64.exe idea64.exe pycharm64.exe nuget.exe cmake.exe ninja.exe go.exe cargo.exe rustc.exe gradle.exe javac.exe mstest.exe perfwatson2.exe servicehub.host.clr.x64.exe"
	businessPrograms   = "saplogon.exe saplgpad.exe datev.exe quickbooks.exe qbw32.exe sage.exe sage50.exe lexware.exe"
	roleProgramsWanted = 3
)

func askHost(v *playbook.View) reeve.Answer {
	class := ""
	if v.LOLBin != nil {
		if e := entry(v.LOLBin.Name); e != nil {
			class = string(e.Class)
		}
	}
	a := reeve.Answer{Value: "role_unknown", Refs: v.SubjectRefs()}
	role, says, sure := roleOf(v, &a)
	switch {
	case role == "":
		a.Says = "Neither an inventory nor the programs seen on it before tell what this host is used for."
		a.Missing = []reeve.Need{{Needs: "the host's owner and role", Enable: "--inventory with host, owner, department, role"}}
		return a
	case class == "":
		a.Says = says + "; whether a program that LOLBAS does not list belongs there, no list says."
		return a
	}
	a.Stance = reeve.Neutral
	switch fit(class, role) {
	case fits:
		a.Value, a.Says, a.Stance = "fits", says+": a program of class "+class+" fits.", reeve.Refutes
		if class == "developer" {
			a.Signals = append(a.Signals, signal(reeve.SignalRoleFits, says, a.Refs...))
			if o := v.Answer("origin"); o != nil && o.Stance == reeve.Neutral && (o.Value == "typed_shell" || o.Value == "developer_tool") {
				a.Signals = append(a.Signals, signal(reeve.SignalDeveloperShell, "a developer's tool or shell started it on a developer's host", o.Refs...))
			}
		}
	case fitsNot:
		a.Value, a.Says = "does_not_fit", says+": a program of class "+class+" does not fit."
		if sure || class == "rare" {
			a.Stance = reeve.Supports
			a.Signals = append(a.Signals, signal(reeve.SignalRoleMismatch, says, a.Refs...))
		}
	default:
		a.Value, a.Says = "fits", says+"; programs of class "+class+" run on every kind of host."
	}
	return a
}

type fitness uint8

const (
	fitsAny fitness = iota
	fits
	fitsNot
)

func fit(class, role string) fitness {
	switch class {
	case "developer":
		if role == "developer" {
			return fits
		}
		return fitsNot
	case "rare":
		if role == "developer" {
			return fitsAny
		}
		return fitsNot
	case "admin":
		if role == "admin" || role == "developer" {
			return fits
		}
	}
	return fitsAny
}

// roleOf asks the inventory, then the footprint; sure is true for the inventory's word.
func roleOf(v *playbook.View, a *reeve.Answer) (role, says string, sure bool) {
	info, ok := reeve.HostInfo{}, false
	if v.Inventory != nil {
		info, ok = v.Inventory.Host(v.Host())
	}
	if ok {
		text := strings.Trim(info.Role+", "+info.Department, ", ")
		a.Details = append(a.Details, reeve.Detail{Name: "inventory", Value: fmt.Sprintf("owner %s, department %s, role %s (%s)", info.Owner, info.Department, info.Role, info.Source)})
		for _, r := range []struct{ role, words string }{{"developer", developerWords}, {"admin", adminWords}, {"business", businessWords}} {
			if wordIn(text, r.words) {
				return r.role, fmt.Sprintf("The inventory gives the host to %s (%s)", info.Owner, text), true
			}
		}
		if text != "" {
			return "other", fmt.Sprintf("The inventory gives the host to %s (%s)", info.Owner, text), true
		}
	}
	for _, r := range []struct{ role, programs string }{{"developer", developerPrograms}, {"business", businessPrograms}} {
		var names []string
		var refs []reeve.Ref
		for _, p := range v.Footprint {
			if playbook.OneOf(p.Base, r.programs) && len(lolbas.ByName(p.Base)) == 0 && !slices.Contains(names, p.Base) {
				names, refs = append(names, p.Base), append(refs, p.Ref)
			}
		}
		if len(names) >= roleProgramsWanted {
			a.Details = append(a.Details, reeve.Detail{Name: "seen before on this host", Value: strings.Join(names, ", "), Refs: playbook.Distinct(refs)})
			a.Refs = append(slices.Clip(a.Refs), refs...)
			return r.role, fmt.Sprintf("%s that ran before on it (%s) show a %s host", playbook.Count(len(names), "program"), strings.Join(names[:min(len(names), 4)], ", "), r.role), false
		}
	}
	return "", "", false
}

// wordIn tells whether a word of text is one of a blank-separated list.
func wordIn(text, list string) bool {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ' ' || r == ',' || r == '-' || r == '/' || r == '_' || r == '.' }) {
		for _, s := range strings.Fields(list) {
			if stem, open := strings.CutSuffix(s, "*"); w == s || open && strings.HasPrefix(w, stem) {
				return true
			}
		}
	}
	return false
}

// entry finds a LOLBAS entry by its own name.
func entry(name string) *lolbas.Entry {
	for _, e := range lolbas.ByName(name) {
		if strings.EqualFold(e.Name, name) {
			return e
		}
	}
	return nil
}

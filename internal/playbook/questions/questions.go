// Package questions holds what reeve asks of every execution, one question a file.
//
// Invariants: a question says only what the records of its View show, cites them, and answers "unknown" with what is missing
// where they show nothing. No question knows points, file formats or Windows field names.
package questions

import (
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

// All lists the questions in the analyst's order.
func All() []*playbook.Question {
	return []*playbook.Question{
		&location, &identity, &arrival, &payload, &reputation, &behaviour, &origin, &host, &frequency, &detection,
	}
}

// Core lists the ids of the questions without which nothing may be called benign.
func Core() []string {
	var ids []string
	for _, q := range All() {
		if q.Core {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// isHelper tells the console hosts and crash handlers that Windows itself puts beside a process: never a payload. The name is not
// enough, anybody can use it; and a console host that was told what to run is no helper.
func isHelper(v *playbook.View, p *reeve.Process) bool {
	switch playbook.Base(p.Image) {
	case "werfault.exe", "werfaultsecure.exe", "wermgr.exe", "csrss.exe":
		return lolbas.InWindows(p.Image)
	case "conhost.exe", "openconsole.exe":
		e := v.StartOf(*p)
		return (lolbas.InWindows(p.Image) || lolbas.Place(p.Image) == lolbas.VendorCopy) && (e == nil || !lolbas.Parse("Conhost.exe", e.Get(reeve.AttrCommandLine)).Abuse)
	}
	return false
}

// carrier tells programs that only carry what somebody else wrote: shells, interpreters, and whatever LOLBAS lists, known by
// name, original file name or hash. That such a program is signed, known and in its place says nothing of what it runs. A file that
// anybody can have put there under a name of their choice may be any of them, as long as no record states its original name.
func carrier(v *playbook.View, p *reeve.Payload) bool {
	if playbook.OneOf(p.Image, interpreters) || p.Kind == "cmd" && playbook.OneOf(firstProgram(p), interpreters) || len(lolbas.ByName(playbook.Base(p.Image))) > 0 {
		return true
	}
	if _, known := lolbas.KnownHash(p.Hashes.SHA256); known {
		return true
	}
	original := ""
	for _, c := range payloadChildren(v) {
		if original != "" || !strings.EqualFold(c.Image, p.Image) {
			continue
		}
		if e := v.StartOf(c); e != nil {
			original = strings.Trim(e.Get(reeve.AttrOriginalFileName), "-? ")
		}
	}
	return len(lolbas.ByOriginalFileName(original)) > 0 || original == "" && lolbas.Writable(p.Image)
}

func signal(code reeve.SignalCode, says string, refs ...reeve.Ref) reeve.Signal {
	return reeve.Signal{Code: code, Says: says, Refs: playbook.Distinct(refs)}
}

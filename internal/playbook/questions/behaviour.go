package questions

import (
	"fmt"
	"strings"

	"reeve"
	"reeve/internal/coverage"
	"reeve/internal/playbook"
)

var behaviour = playbook.Question{
	ID:       "behaviour",
	Text:     "What did the payload and its descendants do?",
	Values:   []string{"tamper", "credential", "injection", "persistence", "network", "spawn", "file", "none_seen", "unknown"},
	Core:     true,
	Requires: []string{"payload"},
	Doc: playbook.Doc{
		Why:         "What a program did afterwards tells more than how it looked.",
		Supports:    "Tampering with security tools, logs or backups; reading credentials; injection; persistence; connections to the outside.",
		Refutes:     "Sources that log without selection cover its whole life and show no effect.",
		BlindSpots:  "Sysmon logs by include and exclude rules: silence is not absence. Work done by services for it (COM, WMI, BITS, SMB) appears under other processes. Sysmon's network events are off by default.",
		KnownBenign: "Installers write services and run keys; debuggers and tracers inject by design; build tools spawn dozens of children.",
	},
	Ask: askBehaviour,
}

// effect is a class of deed, worst first.
type effect struct {
	value string
	seen  []deed
}

// deed is one thing done.
type deed struct {
	code reeve.SignalCode // "" when it weighs nothing by itself
	says string
	ref  reeve.Ref
}

// ledger lists the kinds of event in which effects would show.
var ledger = []struct {
	name  string
	kinds []reeve.Kind
}{
	{"child processes", []reeve.Kind{reeve.ProcessStart}},
	{"network", []reeve.Kind{reeve.NetworkConnect, reeve.DNSQuery}},
	{"files", []reeve.Kind{reeve.FileCreate, reeve.FileDelete, reeve.FileTime, reeve.FileStream, reeve.FileExecutable}},
	{"registry", []reeve.Kind{reeve.RegistryKey, reeve.RegistrySet, reeve.RegistryRename}},
	{"libraries loaded", []reeve.Kind{reeve.ImageLoad}},
	{"other processes", []reeve.Kind{reeve.ProcessAccess, reeve.RemoteThread, reeve.ProcessTamper}},
	{"pipes", []reeve.Kind{reeve.PipeCreate, reeve.PipeConnect}},
}

func askBehaviour(v *playbook.View) reeve.Answer {
	below, more := v.Descendants()
	tree := append([]reeve.ProcID{v.Process.ID}, ids(below)...)
	worst := map[string]*effect{}
	add := func(value string, code reeve.SignalCode, says string, ref reeve.Ref) {
		if worst[value] == nil {
			worst[value] = &effect{value: value}
		}
		worst[value].seen = append(worst[value].seen, deed{code, says, ref})
	}
	for i := range v.Events {
		e := &v.Events[i]
		if contains(tree, v.By(e)) {
			judge(v, e, tree, add)
		}
	}
	for _, p := range below {
		if !isHelper(p.Image) {
			add("spawn", "", "started "+quoted(p.Image), first(p.Refs))
		}
	}
	byOthers(v, add)
	a := reeve.Answer{Value: "unknown", Stance: reeve.Unknown}
	for _, value := range behaviourOrder {
		if e := worst[value]; e != nil {
			if a.Value == "unknown" {
				a.Value = value
			}
			describe(&a, e)
		}
	}
	quiet := keepLedger(v, &a, tree)
	sayBehaviour(v, &a, worst, quiet)
	if more {
		a.Details = append(a.Details, reeve.Detail{Name: "bounded", Value: "more descendants than were looked at"})
	}
	if v.Limit != "" {
		a.Details = append(a.Details, reeve.Detail{Name: "search limit", Value: v.Limit})
	}
	return a
}

var behaviourOrder = []string{"tamper", "credential", "injection", "persistence", "network", "spawn", "file"}

// describe turns an effect into details and signals; a deed done a hundred times is listed a few times.
func describe(a *reeve.Answer, e *effect) {
	const most = 6
	seen := map[string]bool{}
	for _, d := range e.seen {
		if d.code != "" {
			k := -1
			for i := range a.Signals {
				if a.Signals[i].Code == d.code {
					k = i
				}
			}
			if k < 0 {
				a.Signals = append(a.Signals, signal(d.code, d.says, d.ref))
			} else {
				a.Signals[k].Refs = playbook.Distinct(append(a.Signals[k].Refs, d.ref))
			}
		}
		if !seen[d.says] && len(seen) < most {
			seen[d.says] = true
			a.Details = append(a.Details, reeve.Detail{Name: e.value, Value: d.says, Refs: []reeve.Ref{d.ref}})
		}
	}
	if n := len(e.seen); n > most {
		a.Details = append(a.Details, reeve.Detail{Name: e.value, Value: fmt.Sprintf("%d in all", n)})
	}
}

// keepLedger says per kind what was seen, or what silence means; quiet is true when silence speaks everywhere it matters.
func keepLedger(v *playbook.View, a *reeve.Answer, tree []reeve.ProcID) (quiet bool) {
	quiet = v.Process.End != 0
	for _, row := range ledger {
		deeds := v.Deeds(tree, row.kinds...)
		n := 0
		for _, e := range deeds {
			if e.Kind != reeve.ProcessStart || v.By(e) != v.Process.ID {
				n++
			}
		}
		if n > 0 {
			a.Details = append(a.Details, reeve.Detail{Name: "ledger: " + row.name, Value: count(n, "event") + " seen", Refs: eventRefs(deeds[:min(len(deeds), 3)])})
			continue
		}
		best := v.Coverage.Speaks(v.Host(), row.kinds[0], v.Process.Image, v.Time(), v.End())
		kind := row.kinds[0]
		for _, k := range row.kinds[1:] {
			if s := v.Coverage.Speaks(v.Host(), k, v.Process.Image, v.Time(), v.End()); s.State > best.State {
				best, kind = s, k
			}
		}
		a.Details = append(a.Details, reeve.Detail{Name: "ledger: " + row.name, Value: "none seen; " + best.Says})
		core := row.name == "network" || row.name == "files" || row.name == "registry" || row.name == "child processes"
		if best.State != coverage.Full {
			if core {
				quiet = false
			}
			if best.State == coverage.Absent && core {
				a.Missing = append(a.Missing, v.Enable(kind))
			}
		}
	}
	return quiet
}

func sayBehaviour(v *playbook.View, a *reeve.Answer, worst map[string]*effect, quiet bool) {
	switch a.Value {
	case "unknown":
		switch {
		case quiet:
			a.Value, a.Stance = "none_seen", reeve.Refutes
			a.Says = "No effect seen over its whole life, in sources that log without selection."
			a.Signals = append(a.Signals, signal(reeve.SignalNoEffects, "no effect seen over its whole life", v.SubjectRefs()...))
		case len(a.Missing) < 3:
			a.Value, a.Stance = "none_seen", reeve.Neutral
			a.Says = "No effect seen, but the sources log by selection or do not cover its whole life."
		default:
			a.Says = "The evidence lacks the kinds of event in which an effect would show."
		}
	default:
		e := worst[a.Value]
		a.Says = fmt.Sprintf("Worst effect seen: %s (%s).", a.Value, e.seen[0].says)
		a.Stance = reeve.Neutral
		for _, s := range a.Signals {
			switch s.Code {
			case reeve.SignalNamedRemote, reeve.SignalDropsPE, reeve.SignalDiscovery:
			default:
				a.Stance = reeve.Supports
			}
		}
	}
}

// byOthers notices what the system did on the tree's behalf, told by the logon session or by names: services and tasks made,
// logs cleared. It must lie within the tree's life and bear its logon id.
func byOthers(v *playbook.View, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	from, to := v.Time(), v.End()+reeve.Minute
	for i := range v.Events {
		e := &v.Events[i]
		if e.Host != v.Host() || e.Time < from || e.Time > to || v.Process.LogonID == "" || !strings.EqualFold(e.Get(reeve.AttrLogonID), v.Process.LogonID) || systemLogon(v.Process.LogonID) {
			continue
		}
		switch e.Kind {
		case reeve.LogCleared:
			add("tamper", reeve.SignalTamper, "cleared the log "+quoted(e.Get(reeve.AttrChannel)), e.Ref)
		case reeve.ServiceInstall:
			add("persistence", reeve.SignalPersistence, "installed the service "+quoted(e.Get(reeve.AttrName)), e.Ref)
		case reeve.TaskChange:
			if e.Get(reeve.AttrOperation) != "deleted" {
				add("persistence", reeve.SignalPersistence, "registered the task "+quoted(e.Get(reeve.AttrName)), e.Ref)
			}
		}
	}
}

func systemLogon(id string) bool {
	switch strings.ToLower(id) {
	case "0x3e7", "0x3e5", "0x3e4":
		return true
	}
	return false
}

func contains(list []reeve.ProcID, id reeve.ProcID) bool {
	if id == 0 {
		return false
	}
	for _, x := range list {
		if x == id {
			return true
		}
	}
	return false
}

func first(refs []reeve.Ref) reeve.Ref {
	if len(refs) == 0 {
		return reeve.Ref{}
	}
	return refs[0]
}

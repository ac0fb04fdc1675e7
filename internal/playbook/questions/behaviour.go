package questions

import (
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/cmdline"
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
		Supports:    "Tampering with security tools, logs or backups; reading credentials; injection; persistence; connections to the outside; traces deleted.",
		Refutes:     "Every kind of event in which an effect would show is recorded on this host, the telling ones log without selection, no record is missing in its lifetime, and none shows an effect.",
		BlindSpots:  "Sysmon logs by include and exclude rules: silence is not absence. Work done by services for it (COM, WMI, BITS, SMB) appears under other processes. Sysmon's network events are off by default. What one logon session did is only near the execution taken for its doing.",
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

// ledger lists the kinds of event in which effects would show. The first of a row is the one that tells; the basic rows are
// those without which next to nothing is known.
var ledger = []struct {
	name  string
	basic bool
	kinds []reeve.Kind
}{
	{"child processes", true, []reeve.Kind{reeve.ProcessStart}},
	{"connections", true, []reeve.Kind{reeve.NetworkConnect, reeve.DNSQuery}},
	{"written files", true, []reeve.Kind{reeve.FileCreate, reeve.FileDelete, reeve.FileTime, reeve.FileStream, reeve.FileExecutable}},
	{"registry changes", true, []reeve.Kind{reeve.RegistrySet, reeve.RegistryKey, reeve.RegistryRename}},
	{"other processes", false, []reeve.Kind{reeve.ProcessAccess, reeve.RemoteThread, reeve.ProcessTamper}},
	{"raw disk, subscriptions and tasks", false, []reeve.Kind{reeve.RawDiskRead, reeve.WMISubscription, reeve.TaskChange}},
}

func askBehaviour(v *playbook.View) reeve.Answer {
	below, more := v.Descendants()
	tree := append([]reeve.ProcID{v.Process.ID}, playbook.IDs(below)...)
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
		if !isHelper(v, &p) {
			add("spawn", "", "started "+playbook.Quoted(p.Image), p.Refs[0])
		}
	}
	byOthers(v, below, add)
	a := reeve.Answer{Value: "unknown", Stance: reeve.Unknown}
	for _, value := range behaviourOrder {
		if e := worst[value]; e != nil {
			if a.Value == "unknown" {
				a.Value = value
			}
			describe(&a, e)
		}
	}
	l := keepLedger(v, &a, tree)
	if more {
		a.Details = append(a.Details, reeve.Detail{Name: "bounded", Value: "more descendants than were looked at"})
	}
	if v.Limit != "" {
		a.Details = append(a.Details, reeve.Detail{Name: "search limit", Value: v.Limit})
	}
	l.quiet = l.quiet && !more && v.Limit == ""
	sayBehaviour(v, &a, worst, l)
	if a.Stance == reeve.Neutral && (more || v.Limit != "") {
		a.Stance = reeve.Unknown // what was not looked at may be what matters
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

// silence is what the ledger says of kinds without an event by the tree.
type silence struct {
	quiet             bool     // it speaks: nothing can have happened unseen
	absent, selective []string // rows that are absent or off, rows that log by selection or not at that time
	basic             int      // basic rows among the absent
	hole              string
}

// keepLedger says per kind what was seen, or what silence means.
func keepLedger(v *playbook.View, a *reeve.Answer, tree []reeve.ProcID) silence {
	out := silence{quiet: v.Process.End != 0}
	for _, row := range ledger {
		deeds := slices.DeleteFunc(v.Deeds(tree, row.kinds...), func(e *reeve.Event) bool { return e.Kind == reeve.ProcessStart && v.By(e) == v.Process.ID })
		if len(deeds) > 0 {
			a.Details = append(a.Details, reeve.Detail{Name: "ledger: " + row.name, Value: playbook.Count(len(deeds), "event") + " seen", Refs: playbook.RefsOf(deeds[:min(len(deeds), 3)])})
		}
		var tells coverage.Speech
		for i, k := range row.kinds {
			image := v.Process.Image
			if k == reeve.ProcessStart {
				image = "" // a start names the started program: that this one's was recorded says nothing of its children's
			}
			s := v.Coverage.Speaks(v.Host(), k, image, v.Time(), v.End())
			out.quiet = out.quiet && s.State != coverage.Absent
			if i == 0 {
				tells = s
				out.quiet = out.quiet && s.State == coverage.Full
			}
		}
		switch {
		case tells.State == coverage.Absent:
			out.absent = append(out.absent, row.name)
			if row.basic {
				out.basic++
				a.Missing = append(a.Missing, v.Enable(row.kinds[0]))
			}
		case tells.State != coverage.Full && len(deeds) == 0:
			out.selective = append(out.selective, row.name)
		}
		if len(deeds) == 0 {
			a.Details = append(a.Details, reeve.Detail{Name: "ledger: " + row.name, Value: "none seen; " + tells.Says})
		}
	}
	for _, g := range v.Gaps(v.Time(), v.End()) {
		out.quiet, out.hole = false, g.Says
		a.Details = append(a.Details, reeve.Detail{Name: "missing records: " + g.Channel, Value: g.Says, Refs: []reeve.Ref{g.Ref}})
	}
	return out
}

func sayBehaviour(v *playbook.View, a *reeve.Answer, worst map[string]*effect, l silence) {
	blind := ""
	if len(l.selective) > 0 {
		blind += "; selectively logged: " + strings.Join(l.selective, ", ")
	}
	if len(l.absent) > 0 {
		blind += "; absent or off: " + strings.Join(l.absent, ", ")
	}
	if l.hole != "" {
		blind += "; records of that time are missing (" + l.hole + ")"
	}
	if v.Limit != "" {
		blind += "; " + v.Limit
	}
	a.Refs = v.SubjectRefs()
	if e := worst[a.Value]; e != nil {
		telling := max(slices.IndexFunc(e.seen, func(d deed) bool { return d.code != "" }), 0)
		a.Says = fmt.Sprintf("Worst effect seen: %s (%s).", a.Value, e.seen[telling].says)
		a.Stance = reeve.Neutral
		for _, s := range a.Signals {
			if s.Code != reeve.SignalNamedRemote && s.Code != reeve.SignalDropsPE && s.Code != reeve.SignalDiscovery {
				a.Stance = reeve.Supports
			}
		}
		if a.Stance == reeve.Neutral && l.basic > 0 {
			a.Stance = reeve.Unknown // the rest of what it did cannot be seen
			a.Says = strings.TrimSuffix(a.Says, ".") + blind + "."
		}
		return
	}
	switch {
	case l.quiet:
		a.Value, a.Stance = "none_seen", reeve.Refutes
		a.Says = "No effect seen over its whole life, in sources that log without selection."
		a.Signals = append(a.Signals, signal(reeve.SignalNoEffects, "no effect seen over its whole life", v.SubjectRefs()...))
	case l.basic > 0:
		a.Says = "No effect seen, and the evidence cannot show whether there was one" + blind + "."
	default:
		a.Value, a.Stance = "none_seen", reeve.Neutral
		if v.Process.End == 0 {
			blind += "; its end is not recorded"
		}
		a.Says = "No effect seen, which does not show that there was none" + blind + "."
	}
}

// byOthers notices what the system did on the tree's behalf: services and tasks that run its payload, and those made, or logs
// cleared, in its own logon session while it lived. A session lasts all day; where no end is recorded ten minutes are taken.
func byOthers(v *playbook.View, below []reeve.Process, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	from, to, id := v.Time(), v.Time()+10*reeve.Minute, v.Process.LogonID
	for _, p := range append([]reeve.Process{v.Process}, below...) {
		to = max(to, p.End+reeve.Minute)
	}
	for i := range v.Events {
		e := &v.Events[i]
		if e.Host != v.Host() || e.Time < from || e.Time > from+reeve.Day {
			continue
		}
		session := e.Time <= to && id != "" && !playbook.SystemLogon(id) && strings.EqualFold(e.Get(reeve.AttrLogonID), id)
		program, _ := cmdline.Program(e.Get(reeve.AttrAction))
		if !session && (program == "" || !isPayload(v, program)) {
			continue
		}
		switch e.Kind {
		case reeve.LogCleared:
			add("tamper", reeve.SignalTamper, "in its logon session the log "+playbook.Quoted(e.Get(reeve.AttrChannel))+" was cleared", e.Ref)
		case reeve.ServiceInstall:
			add("persistence", reeve.SignalPersistence, "the service "+playbook.Quoted(e.Get(reeve.AttrName))+" was installed", e.Ref)
		case reeve.TaskChange:
			if e.Get(reeve.AttrOperation) != "deleted" {
				add("persistence", reeve.SignalPersistence, "the task "+playbook.Quoted(e.Get(reeve.AttrName))+" was registered", e.Ref)
			}
		}
	}
}

func contains(list []reeve.ProcID, id reeve.ProcID) bool { return id != 0 && slices.Contains(list, id) }

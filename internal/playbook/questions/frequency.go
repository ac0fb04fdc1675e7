package questions

import (
	"fmt"
	"slices"

	"reeve"
	"reeve/internal/playbook"
)

var frequency = playbook.Question{
	ID:       "frequency",
	Text:     "How usual is this here?",
	Values:   []string{"usual", "rare", "first_seen", "deployment", "too_little_history"},
	Requires: []string{"payload", "origin"},
	Doc: playbook.Doc{
		Why:         "What happens every week is seldom an attack; what never happened before deserves a look.",
		Supports:    "The program never ran before in a month or more of records, or never on this host.",
		Refutes:     "The same command shape ran on this host again and again and is not spreading just then, and what it runs cannot be replaced by anybody; or management software ran it on many hosts within a minute.",
		BlindSpots:  "Evidence of a few days cannot tell a first time from a seldom one. The case's own processes, what they started and its payload's hash are never counted. An intruder who stays for weeks becomes usual.",
		KnownBenign: "New software, monthly and quarterly jobs, freshly installed hosts.",
	},
	Ask: askFrequency,
}

// Thresholds of the baseline, in days and runs.
const (
	historyWanted = 7  // days of process records before "not seen here" means anything
	historyFull   = 30 // days before "never seen" weighs
	habitRuns     = 5  // earlier runs of one shape that make a habit
	deployHosts   = 3  // hosts within a minute that make a deployment
)

func askFrequency(v *playbook.View) reeve.Answer {
	h := v.Habit
	a := reeve.Answer{Stance: reeve.Neutral, Refs: append(slices.Clip(v.SubjectRefs()), h.Refs...)}
	a.Details = []reeve.Detail{
		{Name: "hosts", Value: fmt.Sprintf("%d of %d with process records", h.Hosts, h.AllHosts)},
		{Name: "users", Value: fmt.Sprint(h.Users)},
		{Name: "other runs of the program", Value: fmt.Sprint(h.Runs)},
		{Name: "earlier runs on this host", Value: fmt.Sprint(h.SameHost)},
		{Name: "runs with this command shape", Value: fmt.Sprint(h.SameShape)},
		{Name: "runs from such a parent", Value: fmt.Sprint(h.SameParent)},
		{Name: "days of records on this host before it", Value: fmt.Sprint(h.Days)},
	}
	managed := false
	if o := v.Answer("origin"); o != nil {
		managed = o.Value == "management_agent" && o.Stance == reeve.Refutes
	}
	fixed := false // what it runs is nothing, or lies where only administrators write
	if p := v.Answer("payload"); p != nil {
		fixed = slices.ContainsFunc(p.Signals, func(s reeve.Signal) bool {
			return s.Code == reeve.SignalOrdinaryUse || s.Code == reeve.SignalPayloadProtected
		})
	}
	window := fmt.Sprintf("in %s of process records on this host and %s in all, this case left out", playbook.Count(h.Days, "day"), playbook.Count(h.AllHosts, "host"))
	say := func(value, says string, stance reeve.Stance, code reeve.SignalCode) {
		a.Value, a.Says, a.Stance = value, says, stance
		if code != "" {
			a.Signals = []reeve.Signal{signal(code, says, a.Refs...)}
		}
	}
	switch {
	case managed && h.SameMinuteHosts >= deployHosts:
		say("deployment", fmt.Sprintf("Management software ran the same command shape on %d other hosts within a minute.", h.SameMinuteHosts), reeve.Refutes, reeve.SignalDeployment)
	case h.SameHost >= habitRuns && h.SameShape-h.SameMinuteHosts >= habitRuns && h.SameMinuteHosts < deployHosts && h.Days >= historyWanted:
		says := fmt.Sprintf("The program ran %d times before on this host, %d times anywhere with this command shape, %s.", h.SameHost, h.SameShape, window)
		if fixed {
			say("usual", says, reeve.Refutes, reeve.SignalHabitual)
		} else {
			say("usual", says+" What it runs may have been replaced since.", reeve.Neutral, "")
		}
	case h.Days < historyWanted:
		history := "Less than a day"
		if h.Days > 0 {
			history = "Only " + playbook.Count(h.Days, "day")
		}
		says := fmt.Sprintf("%s of process records precedes it on this host; %s of the program elsewhere in the evidence.", history, playbook.Count(h.Runs, "other run"))
		a.Missing = []reeve.Need{{Needs: fmt.Sprintf("at least %d days of process records before the execution", historyWanted), Enable: "longer retention, archived logs, or a baseline of this estate"}}
		say("too_little_history", says, reeve.Unknown, "")
	case h.Runs == 0 && h.Days >= historyFull:
		say("first_seen", "The program never ran before "+window+".", reeve.Supports, reeve.SignalFirstEver)
	case h.Runs == 0 || h.SameHost == 0:
		says := fmt.Sprintf("The program did not run before on this host (%s elsewhere), %s.", playbook.Count(h.Runs, "run"), window)
		value := "rare"
		if h.Runs == 0 {
			value = "first_seen"
		}
		say(value, says, reeve.Supports, reeve.SignalFirstHere)
	default:
		say("rare", fmt.Sprintf("The program ran %s before on this host, %s with this command shape, %s.", playbook.Count(h.SameHost, "time"), playbook.Count(h.SameShape, "time"), window), reeve.Neutral, "")
	}
	return a
}

package questions

import (
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/playbook"
)

var detection = playbook.Question{
	ID:     "detection",
	Text:   "Which rules saw it, and which should have?",
	Values: []string{"covered", "partly", "not_covered"},
	Doc: playbook.Doc{
		Why:         "A rule that fired is an independent look at the same records; a rule that should have fired and did not is work for the detection engineer.",
		Supports:    "A rule of level medium or above matched the execution or what it started.",
		Refutes:     "Nothing: a rule that stays silent proves nothing.",
		BlindSpots:  "A rule that needs a field or a kind of event which the evidence lacks cannot match; such rules are named with the reason.",
		KnownBenign: "Rules name their own false alarms; administrators and developers set off many.",
	},
	Ask: askDetection,
}

func askDetection(v *playbook.View) reeve.Answer {
	a := reeve.Answer{Stance: reeve.Neutral}
	best := map[reeve.Level]*reeve.Finding{}
	top, medium := reeve.Informational, 0
	seen := map[string]bool{}
	for i := range v.Findings {
		f := &v.Findings[i]
		if seen[f.RuleID] {
			continue
		}
		seen[f.RuleID] = true
		a.Details = append(a.Details, reeve.Detail{Name: "matched", Value: fmt.Sprintf("%s (%s, %s)", f.Title, f.Level, f.RuleID), Refs: f.Refs})
		if f.Level >= reeve.Medium {
			medium++
		}
		if best[f.Level] == nil {
			best[f.Level] = f
		}
		top = max(top, f.Level)
	}
	for _, s := range v.Silent {
		if !seen[s.ID] {
			a.Details = append(a.Details, reeve.Detail{Name: "silent: " + s.Reason, Value: fmt.Sprintf("%s (%s, %s): %s", s.Title, s.Level, s.ID, s.Says)})
		}
	}
	for _, level := range []struct {
		at   reeve.Level
		code reeve.SignalCode
	}{{reeve.Critical, reeve.SignalRuleCritical}, {reeve.High, reeve.SignalRuleHigh}, {reeve.Medium, reeve.SignalRuleMedium}} {
		if f := best[level.at]; f != nil {
			a.Signals = append(a.Signals, signal(level.code, "rule "+quoted(f.Title)+" matched", f.Refs...))
			break
		}
	}
	silent := slices.ContainsFunc(v.Silent, func(s playbook.SilentRule) bool { return !seen[s.ID] })
	switch {
	case medium == 0 && len(seen) == 0:
		a.Value, a.Says = "not_covered", "No rule saw it"+techniques(v)+"."
	case medium == 0 || silent:
		a.Value, a.Says = "partly", fmt.Sprintf("%s saw it, the gravest of level %s; others known for this program did not%s.", count(len(seen), "rule"), top, techniques(v))
	default:
		a.Value, a.Says = "covered", fmt.Sprintf("%s saw it, the gravest of level %s%s.", count(len(seen), "rule"), top, techniques(v))
	}
	if medium > 0 {
		a.Stance = reeve.Supports
	}
	if a.Value != "covered" && a.Value != "not_covered" && !silent {
		a.Says = fmt.Sprintf("%s of level %s or below saw it%s.", count(len(seen), "rule"), top, techniques(v))
	}
	return a
}

// techniques names the ATT&CK techniques that rules and the LOLBAS entry state.
func techniques(v *playbook.View) string {
	list := Techniques(v)
	if len(list) == 0 {
		return ""
	}
	return "; techniques " + strings.Join(list, ", ")
}

// Techniques are the ATT&CK ids of a case: of the rules that matched, then of the LOLBAS entry; sorted, each once.
func Techniques(v *playbook.View) []string {
	var out []string
	for i := range v.Findings {
		for _, tag := range v.Findings[i].Tags {
			if id, ok := strings.CutPrefix(strings.ToLower(tag), "attack.t"); ok && id != "" && id[0] >= '0' && id[0] <= '9' {
				out = append(out, "T"+id)
			}
		}
	}
	if v.LOLBin != nil {
		out = append(out, v.LOLBin.Techniques...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

package questions

import (
	"cmp"
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
		BlindSpots:  "A rule that needs a field or a kind of event which the evidence lacks cannot match; such rules are named with the reason. Without rules there is nothing to see with.",
		KnownBenign: "Rules name their own false alarms; administrators and developers set off many.",
	},
	Ask: askDetection,
}

func askDetection(v *playbook.View) reeve.Answer {
	a := reeve.Answer{Stance: reeve.Neutral, Refs: v.SubjectRefs()}
	top, medium, seen := (*reeve.Finding)(nil), 0, map[string]bool{}
	for i := range v.Findings {
		f := &v.Findings[i]
		if id := cmp.Or(f.RuleID, f.Title); seen[id] {
			continue
		} else {
			seen[id] = true
		}
		a.Details = append(a.Details, reeve.Detail{Name: "matched", Value: fmt.Sprintf("%s (%s, %s)", f.Title, f.Level, cmp.Or(f.RuleID, "without id")), Refs: f.Refs})
		if f.Level >= reeve.Medium {
			medium++
		}
		if top == nil || f.Level > top.Level {
			top = f
		}
	}
	var silent []string
	for _, s := range v.Silent {
		if !seen[cmp.Or(s.ID, s.Title)] {
			silent = append(silent, s.Title)
			a.Details = append(a.Details, reeve.Detail{Name: "silent: " + s.Reason, Value: fmt.Sprintf("%s (%s, %s): %s", s.Title, s.Level, s.ID, s.Says)})
		}
	}
	if medium > 0 {
		code := map[reeve.Level]reeve.SignalCode{reeve.Critical: reeve.SignalRuleCritical, reeve.High: reeve.SignalRuleHigh, reeve.Medium: reeve.SignalRuleMedium}[top.Level]
		a.Stance, a.Signals = reeve.Supports, []reeve.Signal{signal(code, "rule "+playbook.Quoted(top.Title)+" matched", top.Refs...)}
	}
	others := ""
	if len(silent) > 0 {
		others = fmt.Sprintf("; %s for this program did not, among them %s", playbook.Count(len(silent), "rule"), playbook.Quoted(silent[0]))
	}
	switch {
	case top == nil && len(silent) == 0:
		a.Value, a.Stance = "not_covered", reeve.Unknown
		a.Says = "No rule for this program was at hand" + techniques(v) + "."
		a.Missing = []reeve.Need{{Needs: "rules that know this program", Enable: "--rules with a folder of Sigma rules"}}
	case top == nil:
		a.Value, a.Says = "not_covered", "No rule saw it"+others+techniques(v)+"."
	case medium == 0 || len(silent) > 0:
		a.Value, a.Says = "partly", fmt.Sprintf("%s saw it, the gravest of level %s%s%s.", playbook.Count(len(seen), "rule"), top.Level, others, techniques(v))
	default:
		a.Value, a.Says = "covered", fmt.Sprintf("%s saw it, the gravest of level %s%s.", playbook.Count(len(seen), "rule"), top.Level, techniques(v))
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

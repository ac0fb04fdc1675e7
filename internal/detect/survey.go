package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reeve"
	"reeve/sigma"
)

// Survey notes which rules the layouts of records that they are shown let hold at all. It belongs to one worker.
type Survey struct {
	rules  []*sigma.Rule
	chance []sigma.Chance     // by rule: the best of all layouts
	lacks  map[int32][]string // of rules that lack a field in every layout: what the best of them does not state
	seen   map[layout]bool    // layouts are many, what they state is not
}

// layout tells layouts apart by what rules can ask of them: a field is stated or not, or its value is known.
type layout struct {
	program *sigma.Program
	says    string
}

// NewSurvey begins a survey of an engine's rules.
func NewSurvey(e *sigma.Engine) *Survey {
	return &Survey{rules: e.Rules(), chance: make([]sigma.Chance, len(e.Rules())), lacks: map[int32][]string{}, seen: map[layout]bool{}}
}

// Watch makes the matcher note what its rules cost and which could hold; it is called before the first record. Either may be nil.
func (m *Matcher) Watch(costs *sigma.Profile, s *Survey) { m.costs, m.survey = costs, s }

// Chance tells whether a rule could hold of any layout of records that it was shown, and if it lacks fields, which.
func (s *Survey) Chance(rule int32) (c sigma.Chance, missing []string) {
	return s.chance[rule], s.lacks[rule]
}

// note takes the layout of records that a view sees into account. What its first record says of itself stands for all.
func (s *Survey) note(v *view, rec reeve.Record) {
	if s == nil {
		return
	}
	l := v.layout(rec)
	var says strings.Builder
	for _, f := range v.whole.program.Fields() {
		value, known := l.Known(f)
		fmt.Fprint(&says, l.States(f), known, value, "\x00")
	}
	at := layout{v.whole.program, says.String()}
	if s.seen[at] || len(s.seen) >= maxPlans {
		return
	}
	s.seen[at] = true
	for i, r := range s.rules {
		id := int32(i)
		if s.chance[i] == sigma.Possible || !v.whole.program.Has(id) {
			continue
		}
		c, missing := r.Chance(l)
		switch before := s.lacks[id]; {
		case c > s.chance[i]:
			if s.chance[i], s.lacks[id] = c, missing; c == sigma.Possible {
				delete(s.lacks, id)
			}
		case c == sigma.Lacking && c == s.chance[i] && cmp.Or(len(missing)-len(before), slices.Compare(missing, before)) < 0:
			s.lacks[id] = missing
		}
	}
}

// layout is what is thought to be known of all records that share the record's plan.
func (v *view) layout(rec reeve.Record) sigma.Layout {
	h := rec.Head()
	known := map[string]string{}
	for name, value := range map[string]string{"EventID": strconv.FormatUint(uint64(h.EventID), 10), "Channel": h.Channel, "Provider_Name": h.Provider} {
		s := v.whole.slot(name)
		if value != "" && s != nil && s.convert == nil && len(s.at) == 1 && rec.Value(s.at[0]).String() == value {
			known[name] = value
		}
	}
	return sigma.Layout{States: v.states, Known: func(field string) (string, bool) { value, ok := known[field]; return value, ok }}
}

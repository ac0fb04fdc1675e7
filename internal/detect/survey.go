package detect

import (
	"cmp"
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

type layout struct {
	program               *sigma.Program
	states                string // a byte for each field
	id, provider, channel string
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

// note takes the layout of a record, as a view sees it, into account.
func (s *Survey) note(h *reeve.Head, v *view) {
	if s == nil {
		return
	}
	fields := v.program.Fields()
	states := make([]byte, len(fields))
	for _, slot := range v.slots {
		states[slot.number] = 1
	}
	at := layout{v.program.Program, string(states), strconv.FormatUint(uint64(h.EventID), 10), h.Provider, h.Channel}
	if s.seen[at] || len(s.seen) >= maxPlans {
		return
	}
	s.seen[at] = true
	stated := map[string]bool{}
	for i, f := range fields {
		stated[f] = states[i] == 1
	}
	l := sigma.Layout{States: func(f string) bool { return stated[f] }, Known: at.known}
	for i, r := range s.rules {
		id := int32(i)
		if s.chance[i] == sigma.Possible || !v.program.Has(id) {
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

// known gives what all records of the layout have in common. Exports leave parts of it out, of which nothing is known.
func (l layout) known(field string) (string, bool) {
	value := ""
	switch {
	case strings.EqualFold(field, "EventID") && l.id != "0":
		value = l.id
	case strings.EqualFold(field, "Channel"):
		value = l.channel
	case strings.EqualFold(field, "Provider_Name"):
		value = l.provider
	}
	return value, value != ""
}

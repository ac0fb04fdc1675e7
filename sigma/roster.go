package sigma

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// roster finds out which documents of a set can be used together.
type roster struct {
	base    []*Rule // about single records, with a record source
	byID    map[string][]*Rule
	byName  map[string][]*Rule
	gone    map[string]string   // what is not in use, by id and by name, with the reason
	filters map[*Rule][]*Rule   // that narrow a rule
	final   map[*Rule]*Rule     // the rule as it is used: narrowed
	counts  map[*Rule][][]*Rule // of a correlation that can be used: what each of its references stands for
	order   []*Rule             // these correlations, each behind those that it counts

	state   map[*Rule]visit
	stack   []*Rule
	problem map[*Rule]error
	ways    map[*Rule]int // how many ways lead from a correlation down to rules
	depth   map[*Rule]int
}

type visit uint8

const (
	unseen visit = iota
	open
	closed
)

// Bounds of correlations that count correlations. Every way down to a rule costs what counting its matches costs.
const (
	maxWays  = 256
	maxChain = 32
)

// muster gives the rules and correlations that can be used, in the set's order, and how the correlations hang together. What
// cannot be used leaves the set's rules for its other lists. The set's own rules stay as they were read, so that it may be mustered
// again.
func (s *Set) muster(m Mapping) ([]*Rule, *roster) {
	x := &roster{byID: map[string][]*Rule{}, byName: map[string][]*Rule{}, gone: map[string]string{}, filters: map[*Rule][]*Rule{}, final: map[*Rule]*Rule{},
		counts: map[*Rule][][]*Rule{}, state: map[*Rule]visit{}, problem: map[*Rule]error{}, ways: map[*Rule]int{}, depth: map[*Rule]int{}}
	for _, f := range slices.Concat(s.Failed, s.Inactive) {
		x.miss(f)
	}
	drop := func(r *Rule, err error) {
		f := r.fault(err)
		x.problem[r] = err
		x.miss(f)
		s.fault([]*RuleError{f})
	}
	for _, r := range s.Rules {
		if r.Correlation == nil && r.Filter == nil {
			if len(m.Sources(r.Logsource)) == 0 {
				drop(r, fmt.Errorf("%w %s", ErrNoRecords, r.Logsource))
				continue
			}
			x.base = append(x.base, r)
		}
		if r.Filter == nil {
			x.final[r] = r
			x.byID[strings.ToLower(r.ID)] = append(x.byID[strings.ToLower(r.ID)], r)
			x.byName[r.Name] = append(x.byName[r.Name], r)
		}
	}
	for _, r := range s.Rules {
		if r.Filter != nil {
			if err := x.apply(r); err != nil {
				drop(r, err)
			}
		}
	}
	left := maxTuned
	for _, r := range x.base {
		if len(x.filters[r]) > 0 {
			tuned, err := r.tune(x.filters[r], &left)
			if err != nil {
				drop(r, err)
				continue
			}
			x.final[r] = tuned
		}
	}
	for _, r := range s.Rules {
		if r.Correlation != nil {
			x.resolve(r)
		}
	}
	kept, used := s.Rules[:0:0], []*Rule{}
	for _, r := range s.Rules {
		switch {
		case r.Correlation != nil && x.problem[r] != nil:
			s.fault([]*RuleError{r.fault(x.problem[r])})
		case x.problem[r] == nil:
			kept = append(kept, r)
			if r.Filter == nil {
				used = append(used, x.final[r])
			}
		}
	}
	s.Rules = kept
	return used, x
}

// miss notes why a document is not in use.
func (x *roster) miss(f *RuleError) {
	for _, key := range []string{strings.ToLower(f.ID), f.Name} {
		if x.gone[key] == "" {
			x.gone[key] = f.Reason
		}
	}
}

// find gives what a reference means: the rule with that id, or with that name; one of the same file goes before others. Rules that
// "action" made of one document are one. The error names the reference.
func (x *roster) find(ref reference, file string) ([]*Rule, error) {
	list := x.byID[strings.ToLower(ref.text)]
	if len(list) == 0 {
		list = x.byName[ref.text]
	}
	if near := slices.DeleteFunc(slices.Clone(list), func(r *Rule) bool { return r.File != file }); len(near) > 0 {
		list = near
	}
	err := func(text string, args ...any) error {
		return &lineError{ref.line, fmt.Errorf("%w: it refers to %q, "+text, append([]any{ErrInactive, ref.text}, args...)...)}
	}
	if len(list) == 0 {
		if reason := cmp.Or(x.gone[strings.ToLower(ref.text)], x.gone[ref.text]); reason != "" {
			return nil, err("which is not in use: %s", reason)
		}
		return nil, err("which no rule has as its id or name")
	}
	for _, r := range list[1:] {
		if first := list[0]; r.File != first.File || !r.part || !first.part {
			return nil, err("which is the name of a rule in %s and of another in %s", first.File, r.File)
		}
	}
	return list, nil
}

// disuse is the problem of a correlation that counts what is not in use. It keeps the first cause, so that the reason does not grow
// with the length of a chain.
type disuse struct {
	error
	cause error
}

func (d *disuse) Unwrap() error { return d.error }

func rootOf(err error) error {
	var d *disuse
	if errors.As(err, &d) {
		return d.cause
	}
	return err
}

// resolve looks up what a correlation refers to, the inner correlations first.
func (x *roster) resolve(r *Rule) {
	if x.state[r] != unseen {
		return
	}
	x.state[r] = open
	x.stack = append(x.stack, r)
	counts, err := x.lookUp(r)
	x.stack = x.stack[:len(x.stack)-1]
	x.state[r] = closed
	if x.problem[r] == nil { // else it is part of a circle
		x.problem[r] = err
	}
	if x.problem[r] == nil {
		x.counts[r] = counts
		x.order = append(x.order, r)
	}
}

func (x *roster) lookUp(r *Rule) ([][]*Rule, error) {
	c := r.Correlation
	var counts [][]*Rule
	by := map[*Rule]string{}
	for _, ref := range c.refs {
		found, err := x.find(ref, r.File)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if before := by[t]; before != "" {
				return nil, &lineError{ref.line, fmt.Errorf("%q and %q are the same rule", before, ref.text)}
			}
			by[t] = ref.text
			if t.Correlation != nil {
				x.resolve(t)
			}
			if x.state[t] == open {
				return nil, x.circle(t, ref)
			}
			if err := x.problem[t]; err != nil {
				cause := rootOf(err)
				reason := t.fault(cause).Reason
				return nil, &lineError{ref.line, &disuse{fmt.Errorf("%w: it refers to %q, which is not in use: %s", ErrInactive, ref.text, reason), cause}}
			}
			x.ways[r] += max(1, x.ways[t])
			x.depth[r] = max(x.depth[r], 1+x.depth[t])
		}
		counts = append(counts, found)
	}
	if x.ways[r] > maxWays || x.depth[r] > maxChain {
		return nil, fmt.Errorf("it counts correlations that count others, in more than %d ways or more than %d deep", maxWays, maxChain)
	}
	for _, a := range c.named {
		if !slices.ContainsFunc(slices.Concat(counts...), func(t *Rule) bool { return a.text == by[t] || a.text == t.Name || strings.EqualFold(a.text, t.ID) }) {
			return nil, &lineError{a.line, fmt.Errorf("aliases names %q, which is none of the rules", a.text)}
		}
	}
	return counts, nil
}

// circle makes a fault of every correlation from the one that was met again on, and gives that of the last.
func (x *roster) circle(t *Rule, ref reference) error {
	around := x.stack[slices.Index(x.stack, t):]
	var names []string
	for _, r := range around[:min(len(around), maxChain)] {
		names = append(names, strconv.Quote(r.Title))
	}
	err := fmt.Errorf("it counts itself: %s counts %q", strings.Join(names, " counts "), t.Title)
	for _, r := range around {
		if x.problem[r] == nil {
			x.problem[r] = err
		}
	}
	return &lineError{ref.line, err}
}

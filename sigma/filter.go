package sigma

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Filter narrows other rules: their condition holds and the filter's holds as well. So a filter that is to keep records of an
// administrator out says "condition: not selection". The specification's example says "condition: selection" for that; pySigma,
// which rules are tested with, reads it as this package does.
//
// A filter is for rules about single records whose log source is its own or a narrower one, not for correlations. Its
// identifiers are its own: no pattern of a rule's condition finds them.
type Filter struct {
	Rules []string // ids or names, as written; none stand for every rule of the log source
	refs  []reference
	root  *node
}

// reference is an id or a name by which a document refers to another.
type reference struct {
	text string
	line int
}

// parseReferences reads one reference or a list of them.
func parseReferences(v *yaml.Node) (refs []reference, names []string, err error) {
	list := v.Content
	if v.Kind == yaml.ScalarNode {
		list = []*yaml.Node{v}
	}
	if v.Kind == yaml.MappingNode {
		return nil, nil, atLine(v, errors.New("rules is neither a text nor a list"))
	}
	seen := map[string]bool{}
	for _, x := range list {
		s := word(x)
		switch {
		case s == "":
			return nil, nil, atLine(x, errors.New("one of the rules is no id and no name"))
		case seen[s]:
			return nil, nil, atLine(x, fmt.Errorf("%q stands twice among the rules", s))
		}
		seen[s] = true
		refs, names = append(refs, reference{s, x.Line}), append(names, s)
	}
	return refs, names, nil
}

func (r *Rule) parseFilter(v *yaml.Node, read *reader) error {
	if v.Kind != yaml.MappingNode {
		return errors.New("filter is no mapping")
	}
	var rules, condition *yaml.Node
	own := *v
	own.Content = nil
	for i := 0; i+1 < len(v.Content); i += 2 {
		switch v.Content[i].Value {
		case "rules":
			rules = v.Content[i+1]
			continue
		case "condition":
			condition = v.Content[i+1]
		}
		own.Content = append(own.Content, v.Content[i], v.Content[i+1])
	}
	switch {
	case rules == nil:
		return errors.New("the filter does not say which rules it is for; any stands for all of its log source")
	case condition != nil && condition.Kind != yaml.ScalarNode:
		return atLine(condition, errors.New("the condition of a filter is one text"))
	}
	f := &Filter{}
	if s := strings.ToLower(word(rules)); s != "any" && s != "all" {
		var err error
		if f.refs, f.Rules, err = parseReferences(rules); err != nil {
			return err
		}
	}
	root, err := r.parseDetection(&own, read)
	if err != nil {
		return err
	}
	if !r.collect(root) {
		return fmt.Errorf("the condition comes to more than %d values", maxPreds)
	}
	f.root, r.Filter = root, f
	return nil
}

// within tells whether a log source is another one or a part of it.
func (l Logsource) within(o Logsource) bool {
	return (o.Category == "" || o.Category == l.Category) && (o.Product == "" || o.Product == l.Product) && (o.Service == "" || o.Service == l.Service)
}

// apply gives a filter to the rules that it is for, which are replaced by narrowed copies; the error says why there are none.
func (x *roster) apply(f *Rule) error {
	var targets []*Rule
	var why error
	if f.Filter.refs == nil {
		targets = x.base
	}
	for _, ref := range f.Filter.refs {
		found, err := x.find(ref, f.File)
		if err != nil && why == nil {
			why = err
		}
		targets = append(targets, found...)
	}
	found, apt := false, false
	for _, r := range targets {
		if r.Correlation != nil {
			continue
		}
		found = true
		if !r.Logsource.within(f.Logsource) {
			continue
		}
		apt = true
		if list := x.filters[r]; len(list) == 0 || list[len(list)-1] != f {
			x.filters[r] = append(list, f)
		}
	}
	switch {
	case apt:
		return nil
	case why != nil && !found:
		return why
	case f.Filter.refs == nil, found:
		return fmt.Errorf("%w: no rule that it is for has the log source %s", ErrInactive, f.Logsource)
	}
	return fmt.Errorf("%w: it is for correlations, which have no records of their own", ErrInactive)
}

// tune gives a copy of a rule with filters; the error says that they are too large. left is what filters may add to all rules.
func (r *Rule) tune(filters []*Rule, left *int) (*Rule, error) {
	out := *r
	kids := []*node{r.root}
	for _, f := range filters {
		if *left -= len(f.preds); *left < 0 || len(r.preds)+len(out.tuned)+len(f.preds) > maxPreds {
			return nil, fmt.Errorf("the condition and its filters come to more than %d values, or filters add more than %d to all rules", maxPreds, maxTuned)
		}
		out.tuned = append(out.tuned, f.preds...)
		kids = append(kids, &node{kind: '&', kids: []*node{f.Filter.root}, name: "filter " + f.Title})
	}
	out.root = combine('&', kids...)
	return &out, nil
}

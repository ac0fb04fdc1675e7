package sigma

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// parseDetection reads search identifiers and conditions; several conditions are alternatives.
func parseDetection(v *yaml.Node, opt *ParseOptions) (*node, error) {
	if v.Kind != yaml.MappingNode {
		return nil, errors.New("detection is no mapping")
	}
	c := &conditionParser{named: map[string]*node{}}
	var conditions []*yaml.Node
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, x := v.Content[i], v.Content[i+1]
		switch key.Value {
		case "condition":
			if conditions = []*yaml.Node{x}; x.Kind == yaml.SequenceNode {
				conditions = x.Content
			}
			continue
		case "timeframe": // of aggregations, which are refused by their condition
			continue
		}
		n, err := parseSearch(x, opt)
		if err != nil {
			return nil, atLine(key, err)
		}
		c.named[key.Value] = &node{kind: '&', kids: []*node{n}, name: key.Value}
		c.order = append(c.order, key.Value)
	}
	if len(conditions) == 0 {
		return nil, errors.New("no condition")
	}
	var kids []*node
	for _, x := range conditions {
		if x.Kind != yaml.ScalarNode {
			return nil, atLine(x, errors.New("a condition is no text"))
		}
		if name, ok := aggregation(x.Value); ok {
			return nil, atLine(x, fmt.Errorf("the condition has the aggregation %s, which correlation rules replaced", name))
		}
		n, err := c.parse(x.Value)
		if err != nil {
			return nil, atLine(x, err)
		}
		kids = append(kids, n)
	}
	return combine('|', kids...), nil
}

// aggregation names what a condition of the old kind does with its matches: "selection | count() by User > 5".
func aggregation(condition string) (name string, ok bool) {
	_, after, ok := strings.Cut(condition, "|")
	if name, _, _ = strings.Cut(strings.TrimSpace(after), " "); name == "" {
		return "|", ok
	}
	if open, args, found := strings.Cut(name, "("); found && args != ")" {
		name = open + "()"
	}
	return name, ok
}

// parseSearch reads one identifier: a mapping is AND, a list is OR, a bare text is a keyword.
func parseSearch(v *yaml.Node, opt *ParseOptions) (*node, error) {
	var kids []*node
	kind := byte('&')
	switch v.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(v.Content); i += 2 {
			n, err := parseItem(v.Content[i], v.Content[i+1], opt)
			if err != nil {
				return nil, atLine(v.Content[i], err)
			}
			kids = append(kids, n)
		}
	case yaml.SequenceNode:
		kind = '|'
		for _, x := range v.Content {
			n, err := parseSearch(x, opt)
			if err != nil {
				return nil, atLine(x, err)
			}
			kids = append(kids, n)
		}
	default:
		return parseItem(&yaml.Node{Line: v.Line}, v, opt)
	}
	if len(kids) == 0 {
		return nil, atLine(v, errors.New("an identifier is empty"))
	}
	return combine(kind, kids...), nil
}

// collect lists the predicates of a condition; false when there are too many.
func (r *Rule) collect(n *node) bool {
	list, ok := predicates(nil, n)
	r.preds = list
	return ok
}

// predicates appends those of a condition; false when there are too many.
func predicates(list []*pred, n *node) ([]*pred, bool) {
	if n.kind == 'p' {
		list = append(list, n.pred)
	}
	ok := true
	for _, k := range n.kids {
		if len(list) > maxPreds || !ok {
			return list, false
		}
		list, ok = predicates(list, k)
	}
	return list, ok && len(list) <= maxPreds
}

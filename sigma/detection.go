package sigma

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reader reads the search identifiers of one file's documents.
type reader struct {
	*ParseOptions
	left     int       // of maxPreds
	warnings []Warning // of the document that is read
}

// errTooMuch is a file whose values expand without end, or whose patterns are held against names without end.
var errTooMuch = fmt.Errorf("the rules of the file come to more than %d values", maxPreds)

// spend uses up what the file may come to. A value costs 1, and 1 more for every 64 bytes and for every 4 steps of an expression.
func (r *reader) spend(n int) error {
	if r.left -= n; r.left < 0 {
		return errTooMuch
	}
	return nil
}

// parseDetection reads search identifiers and conditions; several conditions are alternatives.
func (r *Rule) parseDetection(v *yaml.Node, read *reader) (*node, error) {
	if v.Kind != yaml.MappingNode {
		return nil, errors.New("detection is no mapping")
	}
	read.warnings = nil
	c := &conditionParser{named: map[string]*node{}, used: map[string]bool{}, read: read}
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
		n, err := read.search(x)
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
			return nil, atLine(x, fmt.Errorf("the condition has the aggregation %s, which correlation rules replaced: %s", name, replacement(name)))
		}
		n, err := c.parse(x.Value)
		if err != nil {
			return nil, atLine(x, err)
		}
		kids = append(kids, n)
	}
	r.Warnings = read.warnings
	for i := 0; i+1 < len(v.Content); i += 2 {
		if key := v.Content[i]; c.named[key.Value] != nil && !c.used[key.Value] {
			r.warn(key.Line, "no condition uses %q", key.Value)
		}
	}
	return combine('|', kids...), nil
}

// replacement says how to write what an aggregation did.
func replacement(name string) string {
	if name == "near" {
		return "write a correlation of the type temporal"
	}
	return `write a correlation of the type event_count, or value_count of a field, with the fields behind "by" as its group-by`
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

// search reads one identifier: a mapping is AND, a list is OR, a bare text is a keyword.
func (r *reader) search(v *yaml.Node) (*node, error) {
	var kids []*node
	kind := byte('&')
	switch v.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(v.Content); i += 2 {
			n, err := r.item(v.Content[i], v.Content[i+1])
			if err != nil {
				return nil, atLine(v.Content[i], err)
			}
			kids = append(kids, n)
		}
	case yaml.SequenceNode:
		kind = '|'
		for _, x := range v.Content {
			n, err := r.search(x)
			if err != nil {
				return nil, atLine(x, err)
			}
			kids = append(kids, n)
		}
	default:
		return r.item(&yaml.Node{Line: v.Line}, v)
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

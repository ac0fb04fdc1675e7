package sigma

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// conditionParser reads "selection and not 1 of filter_*": of binds tighter than not, not than and, and than or.
type conditionParser struct {
	tokens []string
	pos    int
	depth  int
	named  map[string]*node
	order  []string
	used   map[string]bool
	read   *reader // pays for the identifiers that patterns are held against
}

var conditionToken = regexp.MustCompile(`[()]|[^\s()]+`)

// Bounds of a condition.
const (
	maxConditionDepth = 64
	maxTokens         = 10_000
)

func (c *conditionParser) parse(text string) (*node, error) {
	if strings.Contains(text, "|") {
		return nil, errors.New("the condition has an aggregation (|), which correlation rules replaced")
	}
	c.tokens, c.pos, c.depth = conditionToken.FindAllString(text, maxTokens+1), 0, 0
	if len(c.tokens) > maxTokens {
		return nil, fmt.Errorf("the condition has more than %d words", maxTokens)
	}
	n, err := c.or()
	if err != nil {
		return nil, err
	}
	if c.pos != len(c.tokens) {
		return nil, fmt.Errorf("the condition has %q where it should end", c.tokens[c.pos])
	}
	return n, nil
}

func (c *conditionParser) peek() string {
	if c.pos < len(c.tokens) {
		return c.tokens[c.pos]
	}
	return ""
}

func (c *conditionParser) or() (*node, error)  { return c.list('|', "or", c.and) }
func (c *conditionParser) and() (*node, error) { return c.list('&', "and", c.not) }

func (c *conditionParser) list(kind byte, word string, next func() (*node, error)) (*node, error) {
	n, err := next()
	if err != nil {
		return nil, err
	}
	kids := []*node{n}
	for strings.EqualFold(c.peek(), word) {
		c.pos++
		if n, err = next(); err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	return combine(kind, kids...), nil
}

func (c *conditionParser) not() (*node, error) {
	if c.depth++; c.depth > maxConditionDepth {
		return nil, fmt.Errorf("the condition is nested more than %d deep", maxConditionDepth)
	}
	defer func() { c.depth-- }()
	if strings.EqualFold(c.peek(), "not") {
		c.pos++
		n, err := c.not()
		if err != nil {
			return nil, err
		}
		return combine('!', n), nil
	}
	t := c.peek()
	c.pos++
	switch {
	case t == "":
		return nil, errors.New("the condition ends too early")
	case t == "(":
		n, err := c.or()
		if err != nil {
			return nil, err
		}
		if c.peek() != ")" {
			return nil, errors.New("a bracket of the condition is not closed")
		}
		c.pos++
		return n, nil
	case (t == "1" || strings.EqualFold(t, "any") || strings.EqualFold(t, "all")) && strings.EqualFold(c.peek(), "of"):
		c.pos++
		pattern := c.peek()
		c.pos++
		return c.of(strings.EqualFold(t, "all"), pattern)
	case strings.EqualFold(c.peek(), "of"):
		return nil, fmt.Errorf("the condition asks for %q of several; 1, any and all can be asked for", t)
	}
	n := c.named[t]
	if n == nil {
		return nil, fmt.Errorf("the condition names %q, which the rule does not define", t)
	}
	c.used[t] = true
	return n, nil
}

// of combines the identifiers that a pattern names; those that begin with an underscore only when the pattern does.
func (c *conditionParser) of(all bool, pattern string) (*node, error) {
	var kids []*node
	for _, id := range c.order {
		if err := c.read.spend(1); err != nil {
			return nil, err
		}
		hidden := strings.HasPrefix(id, "_") && !strings.HasPrefix(pattern, "_")
		if !hidden && (strings.EqualFold(pattern, "them") || matchPieces(namePieces(pattern), id)) {
			kids = append(kids, c.named[id])
			c.used[id] = true
		}
	}
	if len(kids) == 0 {
		return nil, fmt.Errorf("no identifier fits %q", pattern)
	}
	if all {
		return combine('&', kids...), nil
	}
	return combine('|', kids...), nil
}

// namePieces reads a pattern of identifiers, in which only the star is special.
func namePieces(pattern string) []piece {
	var out []piece
	for i, text := range strings.Split(pattern, "*") {
		if i > 0 && (len(out) == 0 || out[len(out)-1].kind != '*') {
			out = append(out, piece{kind: '*'})
		}
		if text != "" {
			out = append(out, piece{'l', text})
		}
	}
	return out
}

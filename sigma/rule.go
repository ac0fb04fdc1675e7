// Package sigma parses Sigma rules and matches them against events.
//
// It follows the specification 2.1 as pySigma implements it. Rules are compiled together: predicates that several rules share
// are evaluated once, one matcher per field looks for all literals at once, and only rules of which a necessary literal was
// found have their condition evaluated.
//
// Invariants: a rule that cannot be used is named with the reason, never dropped; matching allocates nothing per event and uses
// linear-time regular expressions only; a compiled engine is immutable and shared. The package knows no log format, no field
// and no log source: the caller maps log sources to its own record sources and fills an event's slots.
package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The classes of rules that cannot be used.
var (
	ErrRule     = errors.New("faulty rule")
	ErrInactive = errors.New("inactive rule")
)

// RuleError is a rule that cannot be used, with its position and the reason. It wraps ErrRule or ErrInactive.
type RuleError struct {
	File   string
	Line   int
	ID     string
	Reason string
	Err    error
}

// Error states position and reason.
func (e *RuleError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Unwrap gives the class.
func (e *RuleError) Unwrap() error { return e.Err }

// Logsource says what records a rule is about.
type Logsource struct{ Category, Product, Service string }

// Rule is one parsed rule.
type Rule struct {
	ID, Title, Level, Status, Description, Author string
	Tags, FalsePositives                          []string
	Logsource                                     Logsource
	File                                          string
	Line                                          int

	root    *node
	preds   []*pred
	filters []*node
}

// Fields lists the names of the fields that the rule looks at, modifiers and blanks stripped, sorted; "" stands for keywords.
func (r *Rule) Fields() []string {
	var out []string
	for _, p := range r.preds {
		out = append(out, p.field)
		if p.op == opRef {
			out = append(out, p.lit)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Mentions tells whether one of the rule's values contains the text, without regard to case.
func (r *Rule) Mentions(text string) bool {
	text = fold(text)
	return slices.ContainsFunc(r.preds, func(p *pred) bool {
		return p.op != opRef && strings.Contains(fold(p.lit), text)
	})
}

// node is a part of a condition: 'p' a predicate, '&', '|' and '!' of others. name is the identifier that it came from.
type node struct {
	kind byte
	kids []*node
	pred *pred
	name string
}

func combine(kind byte, kids ...*node) *node {
	if kind != '!' && len(kids) == 1 {
		return kids[0]
	}
	return &node{kind: kind, kids: kids}
}

// op is what a predicate asks of a value.
type op uint8

const (
	opExact op = iota
	opPrefix
	opSuffix
	opContains
	opGlob
	opRegexp
	opCIDR
	opNull
	opExists
	opRef // compared with another field by ref
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opTime // a part of a time equals a number
)

// pred is one atomic question about one field.
type pred struct {
	field string // "" asks every value of the event
	op    op
	lit   string // literal (folded unless cased), regular expression, other field
	cased bool
	parts []piece // of a glob
	re    *matcherRE
	cidr  cidrSet
	num   float64
	want  bool // of exists
	ref   op
	unit  string   // of opTime
	need  []string // folded texts of which a match contains at least one; nil when none is known
}

// key tells equal predicates apart from others.
func (p *pred) key() string {
	return fmt.Sprintf("%s\x00%d\x00%s\x00%v\x00%v\x00%v\x00%v\x00%d\x00%s\x00%v", p.field, p.op, p.lit, p.cased, p.parts, p.num, p.want, p.ref, p.unit, p.cidr)
}

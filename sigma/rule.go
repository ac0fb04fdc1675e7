// Package sigma parses Sigma rules and matches them against events.
//
// It follows the specification 2.1 as pySigma implements it. Read document, detection and modifier for what a rule becomes, compile,
// fieldmatcher and matcher for how many are matched at once: predicates that several rules share are evaluated once, one matcher per
// field looks for all literals, and only rules of which a necessary literal was found have their condition evaluated; narrow leaves
// out what events of one layout cannot answer. Correlations count the matches of rules, filters narrow rules: both are documents
// beside the rules, put together with them by Compile. What a correlation finds is told by Engine.Correlate.
//
// Invariants: a rule that cannot be used is named with the reason, never dropped; matching allocates nothing per event and uses
// linear-time regular expressions only; an engine is shared by workers, and says the same whatever it made ready before. The package
// knows no log format, no field and no log source: the caller maps log sources to its own and fills an event's slots.
package sigma

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The classes of rules that cannot be used.
var (
	ErrRule     = errors.New("faulty rule")
	ErrInactive = errors.New("inactive rule")
	// ErrNoRecords is an ErrInactive of a rule that is sound: only the caller has no records of its log source.
	ErrNoRecords = fmt.Errorf("%w: no records of log source", ErrInactive)
)

// RuleError is a rule that cannot be used, with its position and the reason. It wraps ErrRule, ErrInactive or ErrNoRecords.
type RuleError struct {
	File            string
	Line            int
	ID, Name, Title string // "" when the document states none
	Reason          string
	Err             error
}

// Error states position and reason.
func (e *RuleError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Unwrap gives the class.
func (e *RuleError) Unwrap() error { return e.Err }

// Logsource says what records a rule is about.
type Logsource struct{ Category, Product, Service string }

// Rule is one parsed document: a rule about single records, a correlation of other rules, or a filter of other rules.
type Rule struct {
	ID, Name, Title, Level, Status, Description, Author, License string
	Date, Modified                                               string // YYYY-MM-DD, as far as the author kept to it
	Tags, FalsePositives, References, Scope                      []string
	Shown                                                        []string // fields that an analyst should be shown: the key "fields"
	Related                                                      []Related
	Custom                                                       map[string]string // keys that the specification does not have and whose value is one text; "logsource." stands before those of the log source
	Logsource                                                    Logsource         // empty of a correlation
	Definition                                                   string            // what the log source needs to be set up
	File                                                         string
	Line                                                         int
	Correlation                                                  *Correlation // nil unless the document is one
	Filter                                                       *Filter      // nil unless the document is one
	Warnings                                                     []Warning    // by line; the rule is in use all the same

	root  *node
	preds []*pred
	tuned []*pred // of the filters that were applied
	part  bool    // made with "action", so that it may share its id with others of its file
}

// Related is a rule that another one names. Type is derived, obsolete, merged, renamed or similar.
type Related struct{ ID, Type string }

// Fields lists the names of the fields that the rule looks at, modifiers and blanks stripped, sorted; "" stands for keywords.
func (r *Rule) Fields() []string {
	var out []string
	for _, p := range slices.Concat(r.preds, r.tuned) {
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
	contains := func(s string) bool { return strings.Contains(fold(s), text) }
	return slices.ContainsFunc(r.preds, func(p *pred) bool {
		return p.op != opRef && (contains(p.lit) || slices.ContainsFunc(p.need, contains))
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
	opNull    // stated without a value, or not at all
	opExists  // stated, be it without a value
	opPresent // stated with a value, be it empty
	opRef     // compared with another field by ref
	opEqual   // of numbers, as are the following
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opGroup // any of several literals was found; made by the compiler
)

// pred is one atomic question about one field.
type pred struct {
	field string // "" asks every value of the event
	op    op
	lit   string // literal (folded unless cased), pattern, regular expression, network, other field
	cased bool
	want  bool    // of opExists
	ref   op      // of opRef
	unit  string  // the part of a time that is compared with num; "" compares the value itself
	num   float64 // of comparisons
	parts []piece // of opGlob
	re    *matcherRE
	cidr  netip.Prefix
	need  []string // folded texts of which a match contains at least one; nil when none is known

	id    string // key and frequency, worked out once for all programs
	often float64
}

// key tells equal predicates from others: it states every part that the answer depends on.
func (p *pred) key() string {
	b := append(make([]byte, 0, len(p.field)+len(p.lit)+16), p.field...)
	b = append(b, 0, byte(p.op), byte(p.ref), flag(p.cased)|flag(p.want)<<1)
	b = append(append(b, p.unit...), 0)
	b = strconv.AppendUint(b, math.Float64bits(p.num), 36)
	for _, x := range p.parts {
		b = append(strconv.AppendInt(append(b, x.kind), int64(len(x.text)), 10), ':')
		b = append(b, x.text...)
	}
	return string(append(append(b, 0), p.lit...))
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// String states the predicate as an analyst reads it.
func (p *pred) String() string {
	field := p.field
	if field == "" {
		field = "any value"
	}
	switch p.op {
	case opNull:
		return field + " is null"
	case opExists:
		return field + " exists: " + strconv.FormatBool(p.want)
	case opPresent:
		return field + " has a value"
	case opRef:
		return fmt.Sprintf("%s %s field %s", field, p.ref, p.lit)
	case opEqual, opLess, opLessEqual, opGreater, opGreaterEqual:
		return strings.Join(strings.Fields(fmt.Sprint(field, " ", p.unit, " ", p.op, " ", p.num)), " ")
	}
	return fmt.Sprintf("%s %s %q", field, p.op, p.lit)
}

// String is the operator as rules name it.
func (o op) String() string {
	return [...]string{opExact: "is", opPrefix: "startswith", opSuffix: "endswith", opContains: "contains", opGlob: "like", opRegexp: "re", opCIDR: "cidr", opNull: "null",
		opExists: "exists", opPresent: "present", opRef: "fieldref", opEqual: "=", opLess: "<", opLessEqual: "<=", opGreater: ">", opGreaterEqual: ">=", opGroup: "any of"}[o]
}

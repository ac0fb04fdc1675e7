package lolbas

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// grammarText is the table of programs and their forms of use. Its head explains the notation.
//
//go:embed grammar.txt
var grammarText string

// grammar is the table, read once. A fault in it is a fault of the program; the tests read it for themselves and show it.
var grammar = sync.OnceValue(func() map[string]*row {
	rows, err := parseGrammar(grammarText)
	if err != nil {
		return nil
	}
	return rows
})

var errGrammar = errors.New("faulty grammar")

// row is what is known of one program's command line.
type row struct {
	name     string
	valued   []string // options whose value is the next argument
	glued    []string // options whose value follows without a separator, or is the next argument
	stop     bool     // options end at the first argument that is none
	dashOnly bool     // a slash begins no option
	cased    bool     // options are told apart by case
	forms    []usage
}

// usage is one form of use: conditions that must all hold, and what the line then asks for.
type usage struct {
	mode       string
	conditions []condition
	payloads   []slot
	category   string
	technique  string
	abuse      bool
	dual       bool // the program's own purpose has this form as well
	hidden     string
}

// condition holds when one of its keys fits one of its patterns.
type condition struct {
	not      bool
	keys     []string
	patterns []string // none: the key must only be there
}

// slot says where a payload stands and what it is. The first place that is filled counts.
type slot struct {
	kind   PayloadKind // "auto" by its name
	places []string
}

// parseGrammar reads the table.
func parseGrammar(text string) (map[string]*row, error) {
	rows := map[string]*row{}
	var r *row
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n ")
		var err error
		switch {
		case line == "" || line[0] == '#':
		case line[0] != ' ':
			if r, err = parseRow(line); err == nil && rows[strings.ToLower(r.name)] != nil {
				err = errors.New("the program stands twice")
			}
			if err == nil {
				rows[strings.ToLower(r.name)] = r
			}
		case r == nil:
			err = errors.New("a form without a program")
		default:
			var f usage
			if f, err = parseForm(line); err == nil {
				r.forms = append(r.forms, f)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errGrammar, n, err)
		}
	}
	return rows, nil
}

// parseRow reads "Name.exe -valued= -glued* stop dash case".
func parseRow(line string) (*row, error) {
	words := strings.Fields(line)
	r := &row{name: words[0]}
	for _, w := range words[1:] {
		name, isOption := strings.CutPrefix(w, "-")
		switch {
		case w == "stop":
			r.stop = true
		case w == "dash":
			r.dashOnly = true
		case w == "case":
			r.cased = true
		case isOption && strings.HasSuffix(name, "="):
			r.valued = append(r.valued, strings.TrimSuffix(name, "="))
		case isOption && strings.HasSuffix(name, "*"):
			r.glued = append(r.glued, strings.TrimSuffix(name, "*"))
		default:
			return nil, fmt.Errorf("%q is neither an option with value nor a property", w)
		}
	}
	return r, nil
}

// parseForm reads "mode | conditions | payloads | category technique | hidden"; empty columns at the end may be left out.
func parseForm(line string) (usage, error) {
	cells := append(strings.Split(line, "|"), "", "", "", "")
	if len(cells) > 9 { // five, and the four that may be left out
		return usage{}, errors.New("too many columns")
	}
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	f := usage{mode: cells[0], hidden: cells[4]}
	if f.mode == "" {
		return f, errors.New("a form without a mode")
	}
	for _, word := range strings.Fields(cells[1]) {
		c, err := parseCondition(word)
		if err != nil {
			return f, err
		}
		f.conditions = append(f.conditions, c)
	}
	for text := range strings.SplitSeq(cells[2], " ; ") {
		if words := strings.Fields(text); len(words) == 2 {
			f.payloads = append(f.payloads, slot{PayloadKind(words[0]), strings.Split(words[1], ",")})
		} else if len(words) > 0 {
			return f, fmt.Errorf("a payload is a kind and its places, not %q", text)
		}
	}
	if cells[3] != "" {
		var text string
		text, f.dual = strings.CutPrefix(cells[3], "~")
		at := strings.LastIndexByte(text, ' ')
		if at < 0 {
			return f, errors.New("an abuse has a category and a technique")
		}
		f.abuse, f.category, f.technique = true, text[:at], text[at+1:]
	}
	return f, nil
}

// places that a condition may look at, besides options and the number of an argument.
var places = []string{"any", "has", "last", "export", "self", "args", "none"}

func parseCondition(word string) (condition, error) {
	var c condition
	word, c.not = strings.CutPrefix(word, "!")
	keys, patterns, valued := strings.Cut(word, "=")
	if rest, ok := strings.CutPrefix(patterns, "="); ok { // after:text==pattern, for a text that ends in =
		keys, patterns = keys+"=", rest
	}
	for key := range strings.SplitSeq(keys, ",") {
		if !strings.HasPrefix(key, "-") && !digits(key) && !strings.HasPrefix(key, "after:") && !slices.Contains(places, key) {
			return c, fmt.Errorf("the condition %q looks at no known place", word)
		}
		c.keys = append(c.keys, key)
	}
	if valued {
		for p := range strings.SplitSeq(patterns, ",") {
			if p == "" || named(p) && !slices.Contains(natures, p) {
				return c, fmt.Errorf("the condition %q has no known pattern", word)
			}
			c.patterns = append(c.patterns, strings.ReplaceAll(p, "_", " "))
		}
	}
	return c, nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

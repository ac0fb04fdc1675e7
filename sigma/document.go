package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// ParseOptions of Parse and Load.
type ParseOptions struct {
	Placeholders map[string][]string // values of %name% for rules that use expand
	Folder       string              // what Load puts before the names of files: a folder's name and a slash
}

// Bounds of a rule file.
const (
	maxRuleFile  = 4 << 20
	maxDocuments = 1000
	maxYAMLDepth = 32
	maxYAMLNodes = 200_000   // of a document, aliases counted as often as they are used; and of what actions put into a file's documents
	maxTuned     = 2_000_000 // that filters add to all rules
	maxPreds     = 200_000   // of a condition; and what the values of a file's documents come to
)

// lineError is a fault with the line that it stands on.
type lineError struct {
	line int
	error
}

func (e *lineError) Unwrap() error { return e.error }

// atLine gives a fault, if there is one, the line of a node unless it has one.
func atLine(n *yaml.Node, err error) error {
	var known *lineError
	if err == nil || errors.As(err, &known) || n.Line == 0 {
		return err
	}
	return &lineError{n.Line, err}
}

// fault names a document that cannot be used. It stands on the error's line if that has one, else on the document's.
func (r *Rule) fault(err error) *RuleError {
	line, class := r.Line, ErrRule
	for _, c := range []error{ErrInactive, ErrNoRecords} {
		if errors.Is(err, c) {
			class = c
		}
	}
	var at *lineError
	if errors.As(err, &at) {
		line = at.line
	}
	reason := strings.TrimPrefix(err.Error(), ErrInactive.Error()+": ")
	return &RuleError{File: r.File, Line: max(line, 1), ID: r.ID, Name: r.Name, Title: r.Title, Reason: reason, Err: class}
}

// Parse reads the rules, correlations and filters of one file. Every document yields one of them or an error, but for those that
// only say what the others have in common: "action: global" and "action: reset".
func Parse(file string, src []byte, opt ParseOptions) (rules []*Rule, faults []*RuleError) {
	fault := func(line int, err error) { faults = append(faults, (&Rule{File: file, Line: line}).fault(err)) }
	if len(src) > maxRuleFile {
		fault(1, fmt.Errorf("the file is larger than %d bytes", maxRuleFile))
		return nil, faults
	}
	var c collection
	read := &reader{ParseOptions: &opt, left: maxPreds}
	n := 0
	for line, part := range parts(src) {
		for dec := yaml.NewDecoder(bytes.NewReader(part)); ; n++ {
			var doc yaml.Node
			err := dec.Decode(&doc)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				reason := strings.TrimPrefix(err.Error(), "yaml: ")
				var at *yaml.LoadError
				if errors.As(err, &at) { // whose own text has the line of the part
					line, reason = line+max(at.Mark.Line, 1)-1, at.Message
				}
				fault(line, fmt.Errorf("no YAML: %s", reason))
				break
			}
			if n == maxDocuments {
				fault(doc.Line+line-1, fmt.Errorf("more than %d documents", maxDocuments))
				return rules, faults
			}
			if len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" {
				continue
			}
			moveDown(doc.Content[0], line-1)
			r, err := c.parse(doc.Content[0], read)
			if r == nil {
				continue
			}
			r.File = file
			if err != nil {
				faults = append(faults, r.fault(err))
				continue
			}
			rules = append(rules, r)
		}
	}
	if r, err := c.reset(); err != nil {
		r.File = file
		faults = append(faults, r.fault(err))
	}
	if len(rules)+len(faults) == 0 {
		fault(1, errors.New("the file has no document"))
	}
	return rules, faults
}

// parts cuts a file before every line that begins a document, which no line within a document may look like, and gives each part
// with the number of its first line. So a document that is no YAML costs itself and not its neighbours.
func parts(src []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		line, from, number := 1, 0, 1
		for at := 0; at < len(src); number++ {
			if rest := src[at:]; at > from && bytes.HasPrefix(rest, []byte("---")) && (len(rest) == 3 || bytes.IndexByte([]byte(" \t\r\n"), rest[3]) >= 0) {
				if !yield(line, src[from:at]) {
					return
				}
				line, from = number, at
			}
			next := bytes.IndexByte(src[at:], '\n') + 1
			if next == 0 {
				break
			}
			at += next
		}
		yield(line, src[from:])
	}
}

// moveDown makes the line of a part's node that of the file.
func moveDown(n *yaml.Node, by int) {
	n.Line += by
	for _, k := range n.Content {
		moveDown(k, by)
	}
}

// collection is what documents of a file take from those before them. It is what sigmac, the first converter, made of the key
// "action": global documents add up and go into all that follow, and what they state prevails; reset forgets them; repeat is the
// document before with what the repeating one states.
type collection struct {
	global, last *yaml.Node
	given        *Rule // the first of the global documents
	used         bool
	budget       int // values that actions have put into documents
}

// parse reads one document; neither a rule nor an error comes of one that only speaks of others.
func (c *collection) parse(n *yaml.Node, read *reader) (*Rule, error) {
	r := &Rule{Line: n.Line}
	if n.Kind != yaml.MappingNode {
		return r, errors.New("the document is no mapping")
	}
	r.identify(n) // an unusable rule is known by its id as well
	budget := maxYAMLNodes
	if at, err := plain(n, 0, &budget); err != nil {
		return r, atLine(at, err)
	}
	r.identify(n)
	own, action := withoutAction(n)
	switch {
	case action == nil:
		if c.global != nil {
			own, c.used, r.part = merged(c.global, own), true, true
			c.budget += size(c.global)
		}
		c.last = own
	case word(action) == "global":
		if c.given == nil {
			c.given = r
		}
		if c.global != nil {
			own = merged(own, c.global)
			c.budget += size(c.global)
		}
		c.global = own
	case word(action) == "reset":
		return c.reset()
	case word(action) == "repeat":
		if c.last == nil {
			return r, atLine(action, errors.New("no document stands before it that it could repeat"))
		}
		own, r.part = merged(own, c.last), true
		c.budget += size(c.last)
		c.last = own
	default:
		return r, atLine(action, fmt.Errorf("the action %q is not known", word(action)))
	}
	if c.budget > maxYAMLNodes {
		c.global, c.last = nil, nil
		return r, fmt.Errorf("actions put more than %d values into the file's documents", maxYAMLNodes)
	}
	if action != nil && word(action) == "global" {
		return nil, nil
	}
	r.identify(own)
	if err := r.parse(own, read); err != nil {
		return r, err
	}
	r.lint(own)
	return r, nil
}

// reset forgets the global documents, and names them when they were of no use.
func (c *collection) reset() (*Rule, error) {
	r, useless := c.given, c.given != nil && !c.used
	c.global, c.given, c.used = nil, nil, false
	if useless {
		return r, fmt.Errorf("%w: no document follows that the global one could be part of", ErrInactive)
	}
	return nil, nil
}

// identify reads what others may call the rule.
func (r *Rule) identify(m *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		switch m.Content[i].Value {
		case "id":
			r.ID = word(m.Content[i+1])
		case "name":
			r.Name = word(m.Content[i+1])
		case "title":
			r.Title = word(m.Content[i+1])
		}
	}
}

// withoutAction gives a document without its key "action", and that key's value; nil when it has none.
func withoutAction(m *yaml.Node) (own, action *yaml.Node) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == "action" {
			own := *m
			own.Content = slices.Delete(slices.Clone(m.Content), i, i+2)
			return &own, m.Content[i+1]
		}
	}
	return m, nil
}

// merged puts one mapping over another. Where both have a key the upper one's value counts, unless both values are mappings,
// which are merged.
func merged(over, under *yaml.Node) *yaml.Node {
	at := make(map[string]int, len(over.Content)/2)
	for i := 0; i+1 < len(over.Content); i += 2 {
		at[over.Content[i].Value] = i + 1
	}
	out := *over
	out.Content, out.Line = nil, under.Line
	for i := 0; i+1 < len(under.Content); i += 2 {
		key, v := under.Content[i], under.Content[i+1]
		if k, ok := at[key.Value]; ok {
			delete(at, key.Value)
			key = over.Content[k-1]
			if x := over.Content[k]; x.Kind == yaml.MappingNode && v.Kind == yaml.MappingNode {
				v = merged(x, v)
			} else {
				v = x
			}
		}
		out.Content = append(out.Content, key, v)
	}
	for i := 0; i+1 < len(over.Content); i += 2 {
		if _, ok := at[over.Content[i].Value]; ok {
			out.Content = append(out.Content, over.Content[i], over.Content[i+1])
		}
	}
	return &out
}

// size counts the values of a node.
func size(n *yaml.Node) int {
	out := 1
	for _, k := range n.Content {
		out += size(k)
	}
	return out
}

// plain puts what aliases and merge keys mean in their place and refuses doubled keys, so that what follows meets mappings,
// lists and scalars only. The node that it returns with an error is where the error is.
func plain(n *yaml.Node, depth int, budget *int) (*yaml.Node, error) {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	if *budget--; *budget < 0 || depth > maxYAMLDepth {
		return n, atLine(n, fmt.Errorf("more than %d values, or nested more than %d deep", maxYAMLNodes, maxYAMLDepth))
	}
	if n.Kind != yaml.MappingNode {
		for i, k := range n.Content {
			x, err := plain(k, depth+1, budget)
			if err != nil {
				return x, err
			}
			n.Content[i] = x
		}
		return n, nil
	}
	var own, merged []*yaml.Node
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		v, err := plain(n.Content[i+1], depth+1, budget)
		switch {
		case err != nil:
			return v, err
		case key.Kind == yaml.AliasNode && key.Alias != nil:
			key = key.Alias
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			return key, atLine(key, errors.New("a key is no text"))
		case key.ShortTag() == "!!merge":
			from := []*yaml.Node{v}
			if v.Kind == yaml.SequenceNode {
				from = v.Content
			}
			for _, m := range from {
				if m.Kind != yaml.MappingNode {
					return key, atLine(key, errors.New("a merge key merges no mapping"))
				}
				merged = append(merged, m.Content...)
			}
			continue
		case seen[key.Value]:
			return key, atLine(key, fmt.Errorf("the key %q stands twice", key.Value))
		}
		seen[key.Value] = true
		own = append(own, key, v)
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if !seen[merged[i].Value] {
			seen[merged[i].Value] = true
			own = append(own, merged[i], merged[i+1])
		}
	}
	n.Content = own
	return n, nil
}

// parse reads one document of any kind.
func (r *Rule) parse(m *yaml.Node, read *reader) error {
	var detection, logsource, level, correlation, filter, generate *yaml.Node
	taxonomy := ""
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, v := m.Content[i].Value, m.Content[i+1]
		switch key {
		case "id", "name", "title":
		case "level":
			r.Level, level = strings.ToLower(word(v)), v
		case "taxonomy":
			taxonomy = word(v)
		case "logsource":
			logsource = v
		case "detection":
			detection = v
		case "correlation":
			correlation = v
		case "filter":
			filter = v
		case "generate":
			generate = v
		default:
			r.describe(key, v)
		}
	}
	switch {
	case correlation != nil && filter != nil:
		return errors.New("the document is a correlation and a filter at once")
	case correlation == nil && filter == nil && detection == nil && logsource == nil:
		return fmt.Errorf("%w: no Sigma rule, for it has neither logsource nor detection", ErrInactive)
	case correlation == nil && filter == nil && detection == nil:
		return errors.New("no detection")
	case correlation == nil && logsource == nil:
		return errors.New("no logsource")
	case r.Title == "":
		return errors.New("no title")
	case taxonomy != "" && taxonomy != "sigma":
		return fmt.Errorf("%w: its field names are of the taxonomy %q", ErrInactive, taxonomy)
	case level != nil && !slices.Contains([]string{"", "informational", "low", "medium", "high", "critical"}, r.Level):
		return atLine(level, fmt.Errorf("%q is no level", r.Level))
	}
	if correlation != nil {
		c, err := parseCorrelation(correlation, generate)
		r.Correlation = c
		return atLine(correlation, err)
	}
	if err := r.parseLogsource(logsource); err != nil {
		return atLine(logsource, err)
	}
	if filter != nil {
		return atLine(filter, r.parseFilter(filter, read))
	}
	root, err := r.parseDetection(detection, read)
	if err != nil {
		return atLine(detection, err)
	}
	r.root = root
	if !r.collect(root) {
		return atLine(detection, fmt.Errorf("the condition comes to more than %d values", maxPreds))
	}
	return nil
}

// describe keeps what a document says of itself. A key of another type than the specification wants says nothing; it is no
// fault, since nothing is decided by it.
func (r *Rule) describe(key string, v *yaml.Node) {
	switch key {
	case "status":
		r.Status = word(v)
	case "description":
		r.Description = word(v)
	case "author":
		r.Author = word(v)
	case "license":
		r.License = word(v)
	case "date":
		r.Date = date(v)
	case "modified":
		r.Modified = date(v)
	case "tags":
		r.Tags = texts(v)
	case "falsepositives":
		r.FalsePositives = texts(v)
	case "references", "reference": // the specification has both spellings
		r.References = texts(v)
	case "fields":
		r.Shown = texts(v)
	case "scope":
		r.Scope = texts(v)
	case "related":
		for _, x := range v.Content {
			var rel Related
			for i := 0; x.Kind == yaml.MappingNode && i+1 < len(x.Content); i += 2 {
				switch x.Content[i].Value {
				case "id":
					rel.ID = word(x.Content[i+1])
				case "type":
					rel.Type = strings.ToLower(word(x.Content[i+1]))
				}
			}
			if rel.Type == "obsoletes" { // as it was spelt before
				rel.Type = "obsolete"
			}
			if rel.ID != "" {
				r.Related = append(r.Related, rel)
			}
		}
	default:
		r.keep(key, v)
	}
}

// keep notes a key that the specification does not have.
func (r *Rule) keep(key string, v *yaml.Node) {
	if s := word(v); s != "" {
		if r.Custom == nil {
			r.Custom = map[string]string{}
		}
		r.Custom[key] = s
	}
}

func (r *Rule) parseLogsource(v *yaml.Node) error {
	if v.Kind != yaml.MappingNode {
		return errors.New("logsource is no mapping")
	}
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, x := v.Content[i].Value, v.Content[i+1]
		switch key {
		case "category":
			r.Logsource.Category = strings.ToLower(word(x))
		case "product":
			r.Logsource.Product = strings.ToLower(word(x))
		case "service":
			r.Logsource.Service = strings.ToLower(word(x))
		case "definition":
			r.Definition = word(x)
		default:
			r.keep("logsource."+key, x)
		}
	}
	if r.Logsource == (Logsource{}) {
		return errors.New("logsource names neither category nor product nor service")
	}
	return nil
}

// word gives the text of a scalar; "" of null and of anything else.
func word(v *yaml.Node) string {
	if v.Kind != yaml.ScalarNode || v.ShortTag() == "!!null" {
		return ""
	}
	return v.Value
}

// texts gives the texts of a list, or the one that stands in its place.
func texts(v *yaml.Node) []string {
	list := v.Content
	if v.Kind == yaml.ScalarNode {
		list = []*yaml.Node{v}
	}
	if v.Kind == yaml.MappingNode {
		return nil
	}
	var out []string
	for _, x := range list {
		if s := word(x); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// date gives a date as the specification writes it: YYYY-MM-DD. Rules also write YYYY/MM/DD, and one that YAML reads as a time.
func date(v *yaml.Node) string {
	s := strings.ReplaceAll(word(v), "/", "-")
	if v.ShortTag() == "!!timestamp" && len(s) > 10 {
		return s[:10]
	}
	return s
}

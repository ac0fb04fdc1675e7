package sigma

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v4"
)

// ParseOptions of Parse and Load.
type ParseOptions struct {
	Placeholders map[string][]string // values of %name% for rules that use expand
}

// Bounds of a rule file.
const (
	maxRuleFile  = 4 << 20
	maxDocuments = 1000
	maxYAMLDepth = 32
	maxYAMLNodes = 200_000 // of a document, aliases counted as often as they are used
	maxPreds     = 200_000 // of a condition
)

// lineError is a fault with the line that it stands on.
type lineError struct {
	line int
	error
}

func (e *lineError) Unwrap() error { return e.error }

// atLine gives a fault the line of a node unless it has one.
func atLine(n *yaml.Node, err error) error {
	var known *lineError
	if errors.As(err, &known) || n.Line == 0 {
		return err
	}
	return &lineError{n.Line, err}
}

// Parse reads the rules of one file. Every document yields a rule or an error.
func Parse(file string, src []byte, opt ParseOptions) (rules []*Rule, faults []*RuleError) {
	fault := func(line int, id string, err error) {
		class := ErrRule
		if errors.Is(err, ErrInactive) {
			class = ErrInactive
		}
		var at *lineError
		if errors.As(err, &at) {
			line = at.line
		}
		reason := strings.TrimPrefix(err.Error(), ErrInactive.Error()+": ")
		faults = append(faults, &RuleError{File: file, Line: max(line, 1), ID: id, Reason: reason, Err: class})
	}
	if len(src) > maxRuleFile {
		fault(1, "", fmt.Errorf("the file is larger than %d bytes", maxRuleFile))
		return nil, faults
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for n := 0; ; n++ {
		var doc yaml.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF):
			if len(rules)+len(faults) == 0 {
				fault(1, "", errors.New("the file has no document"))
			}
			return rules, faults
		case err != nil: // what follows cannot be told from it
			line := 1
			var at *yaml.LoadError
			if errors.As(err, &at) {
				line = at.Mark.Line
			}
			fault(line, "", fmt.Errorf("no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: ")))
			return rules, faults
		case n == maxDocuments:
			fault(doc.Line, "", fmt.Errorf("more than %d documents", maxDocuments))
			return rules, faults
		}
		if len(doc.Content) == 0 || doc.Content[0].ShortTag() == "!!null" {
			continue
		}
		r, err := parseDocument(doc.Content[0], &opt)
		r.File = file
		if err != nil {
			fault(r.Line, r.ID, err)
			continue
		}
		rules = append(rules, r)
	}
}

func parseDocument(n *yaml.Node, opt *ParseOptions) (*Rule, error) {
	r := &Rule{Line: n.Line}
	if n.Kind != yaml.MappingNode {
		return r, errors.New("the document is no mapping")
	}
	for i := 0; i+1 < len(n.Content); i += 2 { // an unusable rule is known by its id as well
		if n.Content[i].Value == "id" {
			r.ID = n.Content[i+1].Value
		}
	}
	budget := maxYAMLNodes
	if at, err := plain(n, 0, &budget); err != nil {
		return r, atLine(at, err)
	}
	return r, r.parse(n, opt)
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

// parse reads one document.
func (r *Rule) parse(m *yaml.Node, opt *ParseOptions) error {
	var detection, logsource, level *yaml.Node
	other, taxonomy := "", ""
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, v := m.Content[i].Value, m.Content[i+1]
		switch key {
		case "title":
			r.Title = v.Value
		case "level":
			r.Level, level = strings.ToLower(v.Value), v
		case "status":
			r.Status = v.Value
		case "description":
			r.Description = v.Value
		case "author":
			r.Author = v.Value
		case "tags":
			r.Tags = texts(v)
		case "falsepositives":
			r.FalsePositives = texts(v)
		case "taxonomy":
			taxonomy = v.Value
		case "logsource":
			logsource = v
		case "detection":
			detection = v
		case "correlation", "filter", "action":
			other = key
		}
	}
	switch {
	case other != "":
		return fmt.Errorf("%w: %q is a document with %q, which is not evaluated", ErrInactive, cmp.Or(r.Title, r.ID), other)
	case detection == nil && logsource == nil:
		return fmt.Errorf("%w: no Sigma rule, for it has neither logsource nor detection", ErrInactive)
	case detection == nil:
		return errors.New("no detection")
	case logsource == nil:
		return errors.New("no logsource")
	case r.Title == "":
		return errors.New("no title")
	case taxonomy != "" && taxonomy != "sigma":
		return fmt.Errorf("%w: its field names are of the taxonomy %q", ErrInactive, taxonomy)
	case level != nil && !slices.Contains([]string{"", "informational", "low", "medium", "high", "critical"}, r.Level):
		return atLine(level, fmt.Errorf("%q is no level", r.Level))
	}
	if err := r.parseLogsource(logsource); err != nil {
		return atLine(logsource, err)
	}
	root, err := parseDetection(detection, opt)
	if err != nil {
		return atLine(detection, err)
	}
	r.root = root
	if !r.collect(root) {
		return atLine(detection, fmt.Errorf("the condition comes to more than %d values", maxPreds))
	}
	return nil
}

func (r *Rule) parseLogsource(v *yaml.Node) error {
	if v.Kind != yaml.MappingNode {
		return errors.New("logsource is no mapping")
	}
	for i := 0; i+1 < len(v.Content); i += 2 {
		s := strings.ToLower(v.Content[i+1].Value)
		switch v.Content[i].Value {
		case "category":
			r.Logsource.Category = s
		case "product":
			r.Logsource.Product = s
		case "service":
			r.Logsource.Service = s
		}
	}
	if r.Logsource == (Logsource{}) {
		return errors.New("logsource names neither category nor product nor service")
	}
	return nil
}

// collect lists the predicates of a condition; false when there are too many.
func (r *Rule) collect(n *node) bool {
	if n.kind == 'p' {
		r.preds = append(r.preds, n.pred)
	}
	for _, k := range n.kids {
		if len(r.preds) > maxPreds || !r.collect(k) {
			return false
		}
	}
	return len(r.preds) <= maxPreds
}

func texts(v *yaml.Node) []string {
	if v.Kind == yaml.ScalarNode && v.Value != "" {
		return []string{v.Value}
	}
	var out []string
	for _, x := range v.Content {
		out = append(out, x.Value)
	}
	return out
}

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
		n, err := c.parse(x.Value)
		if err != nil {
			return nil, atLine(x, err)
		}
		kids = append(kids, n)
	}
	return combine('|', kids...), nil
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

// Set is what came out of a folder of rules. Every document is on exactly one of the three lists.
type Set struct {
	Rules            []*Rule
	Inactive, Failed []*RuleError
	Files            int
	SHA256           string // over the rule files in order of their names; of merged sets over theirs
}

// Load reads every *.yml and *.yaml below a folder. Rules come in order of file names.
func Load(fsys fs.FS, opt ParseOptions) (*Set, error) {
	var names []string
	s := &Set{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil: // one folder that cannot be read costs itself
			s.Failed = append(s.Failed, &RuleError{File: name, Line: 1, Reason: err.Error(), Err: ErrRule})
			return fs.SkipDir
		}
		if ext := strings.ToLower(path.Ext(name)); !d.IsDir() && (ext == ".yml" || ext == ".yaml") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	slices.Sort(names)
	type result struct {
		src    []byte
		rules  []*Rule
		faults []*RuleError
	}
	results := make([]result, len(names))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				src, err := readFile(fsys, names[i])
				if err != nil {
					results[i].faults = []*RuleError{{File: names[i], Line: 1, Reason: err.Error(), Err: ErrRule}}
					continue
				}
				r := &results[i]
				r.src = src
				r.rules, r.faults = Parse(names[i], src, opt)
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	wg.Wait()
	s.Files = len(names)
	sum := sha256.New()
	for i, r := range results {
		fmt.Fprintf(sum, "%s\x00%d\x00", names[i], len(r.src))
		sum.Write(r.src)
		s.Rules = append(s.Rules, r.rules...)
		s.fault(r.faults)
	}
	s.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return Merge(s), nil
}

// readFile reads a file as far as rules may be large, and a byte more, by which Parse knows it.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxRuleFile+1))
}

func (s *Set) fault(list []*RuleError) {
	for _, f := range list {
		if errors.Is(f, ErrInactive) {
			s.Inactive = append(s.Inactive, f)
		} else {
			s.Failed = append(s.Failed, f)
		}
	}
}

// Merge joins sets. Of several rules with one id the first is kept, the others are inactive.
func Merge(sets ...*Set) *Set {
	out := &Set{}
	if len(sets) == 1 {
		out.SHA256 = sets[0].SHA256
	}
	sum := sha256.New()
	seen := map[string]*Rule{}
	for _, s := range sets {
		out.Inactive, out.Failed = append(out.Inactive, s.Inactive...), append(out.Failed, s.Failed...)
		out.Files += s.Files
		sum.Write([]byte(s.SHA256))
		for _, r := range s.Rules {
			if first := seen[r.ID]; r.ID != "" && first != nil {
				out.Inactive = append(out.Inactive, &RuleError{File: r.File, Line: r.Line, ID: r.ID, Reason: "has the id of " + first.File, Err: ErrInactive})
				continue
			}
			seen[r.ID] = r
			out.Rules = append(out.Rules, r)
		}
	}
	if len(sets) != 1 {
		out.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	return out
}

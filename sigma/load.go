package sigma

import (
	"bytes"
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
)

// Parse reads the rules of one file. Every document yields a rule or an error.
func Parse(file string, src []byte, opt ParseOptions) (rules []*Rule, faults []*RuleError) {
	fault := func(line int, id string, err error) {
		class := ErrRule
		if errors.Is(err, ErrInactive) {
			class = ErrInactive
		}
		reason := strings.TrimPrefix(err.Error(), ErrInactive.Error()+": ")
		faults = append(faults, &RuleError{File: file, Line: line, ID: id, Reason: reason, Err: class})
	}
	if len(src) > maxRuleFile {
		fault(1, "", fmt.Errorf("the file is larger than %d bytes", maxRuleFile))
		return nil, faults
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for n := 0; ; n++ {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return rules, faults
		}
		if err != nil {
			fault(1, "", fmt.Errorf("no YAML: %w", err))
			return rules, faults
		}
		if n == maxDocuments {
			fault(1, "", fmt.Errorf("more than %d documents", maxDocuments))
			return rules, faults
		}
		if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
			continue
		}
		r, err := parseRule(doc.Content[0], &opt)
		r.File = file
		if err != nil {
			fault(r.Line, r.ID, err)
			continue
		}
		rules = append(rules, r)
	}
}

// parseRule reads one document. The rule it returns with an error has what was read so far.
func parseRule(m *yaml.Node, opt *ParseOptions) (*Rule, error) {
	r := &Rule{Line: m.Line}
	if !shallow(m, 0) {
		return r, fmt.Errorf("nested more than %d deep", maxYAMLDepth)
	}
	var detection *yaml.Node
	other := ""
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, v := m.Content[i].Value, m.Content[i+1]
		switch key {
		case "id":
			r.ID = v.Value
		case "title":
			r.Title = v.Value
		case "level":
			r.Level = strings.ToLower(v.Value)
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
		case "logsource":
			for k := 0; k+1 < len(v.Content); k += 2 {
				s := strings.ToLower(v.Content[k+1].Value)
				switch v.Content[k].Value {
				case "category":
					r.Logsource.Category = s
				case "product":
					r.Logsource.Product = s
				case "service":
					r.Logsource.Service = s
				}
			}
		case "detection":
			detection = v
		case "correlation", "filter", "action":
			other = key
		}
	}
	switch {
	case other != "":
		return r, fmt.Errorf("%w: a %s document, which is not evaluated", ErrInactive, other)
	case detection == nil:
		return r, errors.New("no detection")
	case r.Logsource == Logsource{}:
		return r, errors.New("no logsource")
	}
	if r.Title == "" {
		r.Title = r.ID
	}
	root, err := parseDetection(detection, opt)
	if err != nil {
		return r, err
	}
	r.root = root
	walk(root, func(n *node) {
		if n.kind == 'p' {
			r.preds = append(r.preds, n.pred)
		}
	})
	return r, nil
}

func walk(n *node, f func(*node)) {
	f(n)
	for _, k := range n.kids {
		walk(k, f)
	}
}

// shallow refuses documents that are deeper than any rule; aliases are followed nowhere but to scalars.
func shallow(n *yaml.Node, depth int) bool {
	if depth > maxYAMLDepth {
		return false
	}
	return !slices.ContainsFunc(n.Content, func(k *yaml.Node) bool { return !shallow(k, depth+1) })
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
	var conditions []string
	for i := 0; i+1 < len(v.Content); i += 2 {
		name, x := v.Content[i].Value, v.Content[i+1]
		switch name {
		case "condition":
			conditions = texts(x)
			continue
		case "timeframe":
			continue
		}
		if c.named[name] != nil {
			return nil, fmt.Errorf("the identifier %q stands twice", name)
		}
		n, err := parseSearch(x, opt)
		if err != nil {
			return nil, err
		}
		c.named[name] = &node{kind: '&', kids: []*node{n}, name: name}
		c.order = append(c.order, name)
	}
	if len(conditions) == 0 {
		return nil, errors.New("no condition")
	}
	var kids []*node
	for _, text := range conditions {
		n, err := c.parse(text)
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	return combine('|', kids...), nil
}

// parseSearch reads one identifier: a mapping is AND, a list is OR, a bare text is a keyword.
func parseSearch(v *yaml.Node, opt *ParseOptions) (*node, error) {
	switch v.Kind {
	case yaml.MappingNode:
		if len(v.Content) == 0 {
			return nil, errors.New("an identifier is empty")
		}
		var kids []*node
		for i := 0; i+1 < len(v.Content); i += 2 {
			n, err := parseItem(v.Content[i].Value, v.Content[i+1], opt)
			if err != nil {
				return nil, err
			}
			kids = append(kids, n)
		}
		return combine('&', kids...), nil
	case yaml.SequenceNode:
		if len(v.Content) == 0 {
			return nil, errors.New("an identifier is empty")
		}
		var kids []*node
		for _, x := range v.Content {
			n, err := parseSearch(x, opt)
			if err != nil {
				return nil, err
			}
			kids = append(kids, n)
		}
		return combine('|', kids...), nil
	case yaml.ScalarNode:
		return parseItem("", v, opt)
	}
	return nil, errors.New("an identifier is neither mapping nor list nor text")
}

// Set is what came out of a folder of rules. Every document is on exactly one of the three lists.
type Set struct {
	Rules            []*Rule
	Inactive, Failed []*RuleError
	Files            int
	SHA256           string // over the rule files in order of their names
}

// Load reads every *.yml and *.yaml below a folder. Rules come in order of file names.
func Load(fsys fs.FS, opt ParseOptions) (*Set, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
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
				src, err := fs.ReadFile(fsys, names[i])
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
	s := &Set{Files: len(names)}
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
	seen := map[string]*Rule{}
	for _, s := range sets {
		out.Inactive, out.Failed = append(out.Inactive, s.Inactive...), append(out.Failed, s.Failed...)
		out.Files += s.Files
		out.SHA256 += s.SHA256
		for _, r := range s.Rules {
			if first := seen[r.ID]; r.ID != "" && first != nil {
				out.Inactive = append(out.Inactive, &RuleError{File: r.File, Line: r.Line, ID: r.ID, Reason: "has the id of " + first.File, Err: ErrInactive})
				continue
			}
			seen[r.ID] = r
			out.Rules = append(out.Rules, r)
		}
	}
	return out
}

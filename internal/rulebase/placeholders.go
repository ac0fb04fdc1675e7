package rulebase

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"reeve/sigma"
)

// Bounds of a file of placeholders.
const (
	maxPlaceholderFile = 16 << 20
	maxValueLine       = 64 << 10
)

var placeholderName = regexp.MustCompile(`^[\w-]+$`)

// ParsePlaceholders reads the values of placeholders. A file whose name ends with .txt holds those of the one placeholder that it
// is named after, a value a line; blank lines and lines that begin with # count for nothing. Any other is a YAML mapping of names,
// without percent signs, to a value or a list of values; null and the empty list are no values. Values are as in rules: * and ? are
// wildcards, a backslash before one takes that away. The error is a *sigma.RuleError with file and line.
func ParsePlaceholders(file string, src []byte) (map[string][]string, error) {
	fault := func(line int, format string, args ...any) error {
		return &sigma.RuleError{File: file, Line: max(line, 1), Reason: fmt.Sprintf(format, args...), Err: sigma.ErrRule}
	}
	if len(src) > maxPlaceholderFile {
		return nil, fault(1, "the file is larger than %d bytes", maxPlaceholderFile)
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if base := path.Base(strings.ReplaceAll(file, `\`, "/")); strings.EqualFold(path.Ext(base), ".txt") {
		name := base[:len(base)-len(".txt")]
		if !placeholderName.MatchString(name) {
			return nil, fault(1, "%q, the file's name without .txt, is no name of a placeholder", name)
		}
		values, line, err := valueLines(src)
		if err != nil {
			return nil, fault(line, "%v", err)
		}
		return map[string][]string{name: values}, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		line := 1
		var at *yaml.LoadError
		if errors.As(err, &at) {
			line = at.Mark.Line
		}
		return nil, fault(line, "no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil, fault(1, "the file is empty")
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fault(root.Line, "a mapping of names to values is wanted, as in \"admins: [root, adm*]\"")
	}
	out := map[string][]string{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, v := root.Content[i], meant(root.Content[i+1])
		if _, twice := out[key.Value]; twice {
			return nil, fault(key.Line, "the name %q stands twice", key.Value)
		}
		if !placeholderName.MatchString(key.Value) {
			return nil, fault(key.Line, "%q is no name of a placeholder: letters, digits, _ and -, without percent signs", key.Value)
		}
		list := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			list = v.Content
		}
		out[key.Value] = nil
		for _, x := range list {
			x = meant(x)
			switch {
			case x.Kind != yaml.ScalarNode:
				return nil, fault(x.Line, "a value of %q is neither text nor number", key.Value)
			case x.ShortTag() != "!!null":
				out[key.Value] = append(out[key.Value], x.Value)
			case v.Kind == yaml.SequenceNode:
				return nil, fault(x.Line, "a value of %q is empty; '' is the empty text", key.Value)
			}
		}
	}
	return out, nil
}

// meant is what an alias stands for.
func meant(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// valueLines gives the values of a text, or the line of a fault.
func valueLines(src []byte) (values []string, line int, err error) {
	lines := bufio.NewScanner(bytes.NewReader(src))
	lines.Buffer(nil, maxValueLine)
	for lines.Scan() {
		line++
		if s := strings.TrimSpace(lines.Text()); s != "" && s[0] != '#' {
			values = append(values, s)
		}
	}
	return values, line + 1, lines.Err()
}

package rulebase

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"reeve/sigma"
)

// infoName is the file that describes the cases of a rule in SigmaHQ's regression data.
const infoName = "info.yml"

// Bounds of a suite.
const (
	maxInfo  = 1 << 20
	maxCases = 100_000
)

// Case is one regression case: evidence that a rule has to match.
type Case struct {
	Info     string // the info.yml that states it, below the suite's folder
	Line     int
	RuleID   string
	Title    string // of the rule, as the case has it
	Name     string
	Type     string // of the evidence, as the case has it
	Evidence string // below the suite's folder
	Want     int    // matches; at least one
	Stated   bool   // the case states how many
}

// Suite is what a folder holds of regression cases.
type Suite struct {
	Cases    []Case
	Faults   []*sigma.RuleError // of files and cases that cannot be used
	Untested []string           // info.yml that state no case
}

// LoadSuite reads every info.yml of a folder. The folder is a checkout of rules, its regression_data, or any part of that: what
// a case states as the path of its evidence, from the root of the checkout, is found by its end.
func LoadSuite(fsys fs.FS) (*Suite, error) {
	s := &Suite{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			s.fault(name, 1, "", "%v", err)
			return fs.SkipDir
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || d.Name() != infoName:
			return nil
		}
		s.read(fsys, name)
		if len(s.Cases) > maxCases {
			return fmt.Errorf("more than %d cases", maxCases)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("regression data: %w", err)
	}
	return s, nil
}

func (s *Suite) fault(file string, line int, id, format string, args ...any) {
	s.Faults = append(s.Faults, &sigma.RuleError{File: file, Line: max(line, 1), ID: id, Reason: fmt.Sprintf(format, args...), Err: sigma.ErrRule})
}

// info is the file as far as it is used.
type info struct {
	Rules []struct {
		ID    string `yaml:"id"`
		Title string `yaml:"title"`
	} `yaml:"rule_metadata"`
	Tests []yaml.Node `yaml:"regression_tests_info"`
}

type test struct {
	Name  string `yaml:"name"`
	Type  string `yaml:"type"`
	Count *int   `yaml:"match_count"`
	Path  string `yaml:"path"`
}

func (s *Suite) read(fsys fs.FS, name string) {
	src, err := readBounded(fsys, name, maxInfo)
	if err != nil {
		s.fault(name, 1, "", "%v", err)
		return
	}
	var in info
	if err := yaml.NewDecoder(bytes.NewReader(src)).Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		s.fault(name, lineOf(err), "", "no YAML of a regression case: %s", oneLine(err))
		return
	}
	if len(in.Tests) == 0 {
		s.Untested = append(s.Untested, name)
		return
	}
	if len(in.Rules) == 0 {
		s.fault(name, 1, "", "rule_metadata names no rule")
		return
	}
	for i := range in.Tests {
		n := &in.Tests[i]
		var t test
		if err := n.Decode(&t); err != nil {
			s.fault(name, n.Line, in.Rules[0].ID, "no case: %s", oneLine(err))
			continue
		}
		at, err := locate(fsys, path.Dir(name), t.Path)
		switch {
		case err != nil:
			s.fault(name, n.Line, in.Rules[0].ID, "%v", err)
			continue
		case t.Count != nil && *t.Count < 1:
			s.fault(name, n.Line, in.Rules[0].ID, "match_count is %d; a case that must not match is not defined", *t.Count)
			continue
		}
		for _, r := range in.Rules {
			c := Case{Info: name, Line: n.Line, RuleID: r.ID, Title: r.Title, Name: t.Name, Type: t.Type, Evidence: at, Want: 1}
			if t.Count != nil {
				c.Want, c.Stated = *t.Count, true
			}
			s.Cases = append(s.Cases, c)
		}
	}
}

// locate finds evidence whose path is stated from the root of the checkout: by the longest end of the path that leads somewhere
// from the suite's folder, or beside the case.
func locate(fsys fs.FS, beside, stated string) (string, error) {
	if stated == "" {
		return "", errors.New("the case names no evidence (path)")
	}
	clean := strings.ReplaceAll(stated, `\`, "/")
	if !fs.ValidPath(clean) || clean == "." {
		return "", fmt.Errorf("%q is no path below the checkout", stated)
	}
	for rest := clean; strings.Contains(rest, "/"); _, rest, _ = strings.Cut(rest, "/") {
		if _, err := fs.Stat(fsys, rest); err == nil {
			return rest, nil
		}
	}
	at := path.Join(beside, path.Base(clean))
	if _, err := fs.Stat(fsys, at); err != nil {
		return "", fmt.Errorf("there is no %s", stated)
	}
	return at, nil
}

func readBounded(fsys fs.FS, name string, most int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(src)) > most {
		err = fmt.Errorf("the file is larger than %d bytes", most)
	}
	return src, err
}

func lineOf(err error) int {
	var at *yaml.LoadError
	if errors.As(err, &at) {
		return at.Mark.Line
	}
	return 1
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
}

var pointer = regexp.MustCompile(`(?m)^regression_tests_path: *['"]?([^'"\r\n#]+)`)

// Pointer is a rule file that says where its regression tests are.
type Pointer struct{ File, Tests string }

// Dangling lists the rule files of a folder that point to regression tests of which the suite has no info.yml, by file. Paths are
// compared by their ends: of a suite that is the folder of one case nothing can be told.
func (s *Suite) Dangling(fsys fs.FS) ([]Pointer, error) {
	var have []string
	for _, c := range s.Cases {
		have = append(have, c.Info)
	}
	for _, f := range s.Faults {
		have = append(have, f.File)
	}
	have = append(have, s.Untested...)
	var out []Pointer
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yml" {
			return err
		}
		src, err := readBounded(fsys, name, maxInfo)
		if err != nil {
			return nil // the rules' own loading tells of it
		}
		m := pointer.FindSubmatch(src)
		if m == nil {
			return nil
		}
		stated := strings.TrimSpace(string(m[1]))
		if !slices.ContainsFunc(have, func(h string) bool {
			return h == stated || strings.HasSuffix(stated, "/"+h) || strings.HasSuffix(h, "/"+stated)
		}) {
			out = append(out, Pointer{name, stated})
		}
		return nil
	})
	return out, err
}

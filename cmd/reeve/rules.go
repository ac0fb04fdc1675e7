package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"reeve"
	"reeve/internal/investigate"
	"reeve/internal/report"
	"reeve/rules"
	"reeve/sigma"
)

// ruleFlags are the flags of every command that uses rules.
type ruleFlags struct {
	Rules     []string `help:"Folder of Sigma rules, used beside the built-in ones. Repeatable." placeholder:"DIR" sep:"none"`
	NoBuiltin bool     `help:"Leave reeve's own rules out."`
}

// load reads the built-in rules and the folders, and says on standard error what cannot be used.
func (r *ruleFlags) load(a *app, quiet bool) (*investigate.Rules, error) {
	var folders []investigate.RuleFolder
	if !r.NoBuiltin {
		folders = append(folders, investigate.RuleFolder{Name: "built-in", FS: rules.FS})
	}
	for _, dir := range r.Rules {
		if info, err := os.Stat(dir); err != nil {
			return nil, hinted{fmt.Errorf("rules: %w", err), "--rules names a folder with Sigma rules, for example a checkout of SigmaHQ."}
		} else if !info.IsDir() {
			folders = append(folders, investigate.RuleFolder{Name: filepath.Base(dir), FS: single{os.DirFS(filepath.Dir(dir)), filepath.Base(dir)}})
			continue
		}
		folders = append(folders, investigate.RuleFolder{Name: folderName(dir), FS: os.DirFS(dir)})
	}
	set, err := investigate.LoadRules(folders, sigma.ParseOptions{})
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if !quiet {
		for _, src := range set.Sources() {
			if src.Failed > 0 {
				fmt.Fprintf(a.err, "rules: %d of %s cannot be read; reeve rules check lists them\n", src.Failed, report.Clean(src.Path))
			}
		}
	}
	return set, nil
}

// folderName is the last element of a folder's full path, so that "." has a name too.
func folderName(dir string) string {
	if full, err := filepath.Abs(dir); err == nil {
		dir = full
	}
	return filepath.Base(dir)
}

// single is a folder of which one file is seen.
type single struct {
	fs.FS
	name string
}

// ReadDir lists the one file.
func (s single) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(s.FS, name)
	if err != nil || name != "." {
		return nil, err
	}
	for _, e := range list {
		if e.Name() == s.name {
			return []fs.DirEntry{e}, nil
		}
	}
	return nil, fs.ErrNotExist
}

type rulesCmd struct {
	List  rulesListCmd  `cmd:"" help:"List the rules that are in use."`
	Check rulesCheckCmd `cmd:"" help:"Tell which rules loaded, which are inactive and why, and which failed."`
}

// rulesArgs are the folders; none are the built-in rules.
type rulesArgs struct {
	output
	Dirs   []string `arg:"" optional:"" name:"dir" help:"Folders of Sigma rules. Nothing means the built-in ones."`
	Format string   `help:"${enum}." enum:"text,json" default:"text"`
}

func (c *rulesArgs) load(a *app) (*investigate.Rules, error) {
	f := ruleFlags{Rules: c.Dirs, NoBuiltin: len(c.Dirs) > 0}
	return f.load(a, true)
}

type rulesListCmd struct{ rulesArgs }

// listedRule is a rule as `rules list` prints it.
type listedRule struct {
	ID    string   `json:"id"`
	Level string   `json:"level"`
	Title string   `json:"title"`
	File  string   `json:"file"`
	Tags  []string `json:"tags"`
}

// Run lists the rules in use.
func (c *rulesListCmd) Run(a *app) error {
	set, err := c.load(a)
	if err != nil {
		return err
	}
	list := []listedRule{}
	for _, r := range set.List() {
		list = append(list, listedRule{r.ID, r.Level, r.Title, r.File, append([]string{}, r.Tags...)})
	}
	return c.write(a, func(w io.Writer, _ report.Options) error {
		if c.Format == "json" {
			return writeJSON(w, list)
		}
		for _, r := range list {
			if _, err := fmt.Fprintf(w, "%s  %-13s %s\n", report.Clean(r.ID), report.Clean(r.Level), report.Clean(r.Title)); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(w, "%d rules\n", len(list))
		return err
	})
}

type rulesCheckCmd struct{ rulesArgs }

// checked is one rule in the lists of `rules check`.
type checked struct {
	ID     string `json:"id"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// Run tells what became of every rule. A rule that failed makes exit status 1.
func (c *rulesCheckCmd) Run(a *app) error {
	set, err := c.load(a)
	if err != nil {
		return err
	}
	lists := struct {
		Loaded   []checked `json:"loaded"`
		Inactive []checked `json:"inactive"`
		Failed   []checked `json:"failed"`
	}{[]checked{}, []checked{}, []checked{}}
	for _, r := range set.List() {
		lists.Loaded = append(lists.Loaded, checked{ID: r.ID, File: r.File, Line: r.Line})
	}
	problems := func(list []reeve.RuleProblem) (out []checked) {
		for _, p := range list {
			out = append(out, checked{p.ID, p.File, p.Line, p.Reason})
		}
		return out
	}
	for _, src := range set.Sources() {
		lists.Inactive = append(lists.Inactive, problems(src.InactiveRules)...)
		lists.Failed = append(lists.Failed, problems(src.Unreadable)...)
	}
	err = c.write(a, func(w io.Writer, _ report.Options) error {
		if c.Format == "json" {
			return writeJSON(w, lists)
		}
		for _, part := range []struct {
			word string
			list []checked
		}{{"inactive", lists.Inactive}, {"failed", lists.Failed}} {
			for _, r := range part.list {
				if _, err := fmt.Fprintf(w, "%s  %s:%d: %s\n", part.word, report.Clean(r.File), r.Line, report.Clean(r.Reason)); err != nil {
					return err
				}
			}
		}
		_, err := fmt.Fprintf(w, "%d loaded, %d inactive, %d failed\n", len(lists.Loaded), len(lists.Inactive), len(lists.Failed))
		return err
	})
	if err == nil && len(lists.Failed) > 0 {
		return statusErr(statusError)
	}
	return err
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(appendJSON(nil, b.Bytes()))
	return err
}

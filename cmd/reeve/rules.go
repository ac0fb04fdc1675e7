package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"reeve/internal/investigate"
	"reeve/internal/report"
	"reeve/internal/rulebase"
	"reeve/rules"
	"reeve/sigma"
)

// ruleFlags are the flags of every command that uses rules.
type ruleFlags struct {
	Rules     []string `help:"Folder of Sigma rules, or one rule's file, used beside the built-in ones. Repeatable." placeholder:"DIR" sep:"none"`
	NoBuiltin bool     `help:"Leave reeve's own rules out."`
	placeholderFlag
}

// placeholderFlag fills the placeholders of rules.
type placeholderFlag struct {
	Placeholders []string `help:"Values of %name% in rules: a YAML file that maps names to a value or a list, or NAME.txt with a value a line. Repeatable." placeholder:"FILE" sep:"none"`
}

// parse are the options of reading rules. What several files say of one name is added up.
func (p *placeholderFlag) parse() (opt sigma.ParseOptions, err error) {
	opt.Placeholders = map[string][]string{}
	for _, name := range p.Placeholders {
		src, err := os.ReadFile(name)
		if err != nil {
			return opt, hinted{fmt.Errorf("placeholders: %w", err), `--placeholders names a YAML file such as "admins: [root, adm*]", or a text NAME.txt with a value a line.`}
		}
		values, err := rulebase.ParsePlaceholders(name, src)
		if err != nil {
			return opt, fmt.Errorf("placeholders: %w", err)
		}
		for k, list := range values {
			opt.Placeholders[k] = append(opt.Placeholders[k], list...)
		}
	}
	return opt, nil
}

// folders are the built-in rules and those that the flags name. Two of one name are told apart.
func (r *ruleFlags) folders() ([]investigate.RuleFolder, error) {
	var folders []investigate.RuleFolder
	if !r.NoBuiltin {
		folders = append(folders, investigate.RuleFolder{Name: "built-in", FS: rules.FS})
	}
	for _, dir := range r.Rules {
		info, err := os.Stat(dir)
		if err != nil {
			return nil, hinted{fmt.Errorf("rules: %w", err), "A folder with Sigma rules is wanted, for example a checkout of SigmaHQ."}
		}
		f := investigate.RuleFolder{Name: folderName(dir), FS: os.DirFS(dir)}
		if !info.IsDir() {
			f = investigate.RuleFolder{Name: filepath.Base(dir), FS: single{os.DirFS(filepath.Dir(dir)), filepath.Base(dir)}}
		}
		base := f.Name
		for n := 2; slices.ContainsFunc(folders, func(o investigate.RuleFolder) bool { return o.Name == f.Name }); n++ {
			f.Name = fmt.Sprintf("%s#%d", base, n)
		}
		folders = append(folders, f)
	}
	return folders, nil
}

// load reads the built-in rules and the folders, and says on standard error what cannot be used.
func (r *ruleFlags) load(a *app, quiet bool) (*investigate.Rules, error) {
	folders, err := r.folders()
	if err != nil {
		return nil, err
	}
	opt, err := r.parse()
	if err != nil {
		return nil, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // most of what is made for rules stays
	set, err := investigate.LoadRules(folders, opt)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	for _, src := range set.Sources() {
		switch {
		case src.Count+src.Idle+src.Inactive+src.Failed == 0:
			fmt.Fprintf(a.err, "rules: %s holds no rule; rules are files that end with .yml or .yaml\n", report.Clean(src.Path))
		case src.Failed > 0 && !quiet:
			fmt.Fprintf(a.err, "rules: %d of %s cannot be read; reeve rules check lists them\n", src.Failed, report.Clean(src.Path))
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
	List    rulesListCmd    `cmd:"" help:"List the rules that are in use."`
	Check   rulesCheckCmd   `cmd:"" help:"Tell which rules loaded, which are inactive and why, which failed, and what each costs."`
	Test    rulesTestCmd    `cmd:"" help:"Run regression cases: does a rule still match the evidence that it was written for?"`
	Explain rulesExplainCmd `cmd:"" help:"Tell why a rule matches a record, or does not."`
}

// rulesArgs are the folders; none are the built-in rules.
type rulesArgs struct {
	output
	placeholderFlag
	Dirs   []string `arg:"" optional:"" name:"dir" help:"Folders of Sigma rules. Nothing means the built-in ones."`
	Format string   `help:"${enum}." enum:"text,json" default:"text"`
}

func (c *rulesArgs) load(a *app) (*investigate.Rules, error) {
	f := ruleFlags{Rules: c.Dirs, NoBuiltin: len(c.Dirs) > 0, placeholderFlag: c.placeholderFlag}
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

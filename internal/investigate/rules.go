package investigate

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/playbook"
	"reeve/internal/winlog"
	"reeve/lolbas"
	"reeve/sigma"
)

// RuleFolder is a folder of Sigma rules under the name that reports give it.
type RuleFolder struct {
	Name string
	FS   fs.FS
}

// Rules are Sigma rules made ready. They are immutable and shared by workers; nil are no rules.
type Rules struct {
	engine   *sigma.Engine
	sources  []reeve.RuleSource
	warnings []reeve.RuleProblem
}

// windows maps log sources to the records of Windows.
type windows struct{}

func (windows) Sources(l sigma.Logsource) []string {
	return winlog.RuleSources(l.Category, l.Product, l.Service)
}

// LoadRules reads and compiles folders of rules. Of rules with one id the first folder's counts. The error is about a folder
// that cannot be walked; a rule that cannot be used is on its folder's lists.
func LoadRules(folders []RuleFolder, opt sigma.ParseOptions) (*Rules, error) {
	sets := make([]*sigma.Set, len(folders))
	for i, f := range folders {
		opt.Folder = f.Name + "/"
		set, err := sigma.Load(f.FS, opt)
		if err != nil {
			return nil, err
		}
		sets[i] = set
	}
	all := sigma.Merge(sets...)
	r := &Rules{}
	for _, rule := range all.Rules {
		for _, w := range rule.Warnings {
			r.warnings = append(r.warnings, reeve.RuleProblem{ID: rule.ID, Title: rule.Title, File: rule.File, Line: w.Line, Reason: w.Text})
		}
	}
	r.engine = sigma.Compile(all, windows{})
	problems := func(list []*sigma.RuleError, folder string) (out []reeve.RuleProblem) {
		for _, e := range list {
			if strings.HasPrefix(e.File, folder+"/") {
				out = append(out, reeve.RuleProblem{ID: e.ID, Title: e.Title, File: e.File, Line: e.Line, Reason: e.Reason, Idle: errors.Is(e, sigma.ErrNoRecords)})
			}
		}
		return out
	}
	for i, f := range folders {
		src := reeve.RuleSource{Path: f.Name, SHA256: sets[i].SHA256, InactiveRules: problems(all.Inactive, f.Name), Unreadable: problems(all.Failed, f.Name)}
		for _, rule := range r.engine.Rules() {
			if strings.HasPrefix(rule.File, f.Name+"/") {
				src.Count++
			}
		}
		for _, p := range src.InactiveRules {
			if p.Idle {
				src.Idle++
			}
		}
		src.Inactive, src.Failed = len(src.InactiveRules)-src.Idle, len(src.Unreadable)
		r.sources = append(r.sources, src)
	}
	return r, nil
}

// Sources lists the folders with what became of their rules.
func (r *Rules) Sources() []reeve.RuleSource {
	if r == nil {
		return nil
	}
	return r.sources
}

// Warnings tell of rules that can be read what they state without effect, or leave out. Such a rule is used all the same.
func (r *Rules) Warnings() []reeve.RuleProblem {
	if r == nil {
		return nil
	}
	return r.warnings
}

// List gives the rules that are in use, in the order of folders and files.
func (r *Rules) List() []*sigma.Rule {
	if r == nil {
		return nil
	}
	return r.engine.Rules()
}

// Engine gives the rules as they are matched.
func (r *Rules) Engine() *sigma.Engine { return r.engine }

// ruleWorker is one worker's rules.
type ruleWorker struct {
	engine  *sigma.Engine
	rules   []*sigma.Rule
	matcher *detect.Matcher
	about   map[string][]int32 // rules that mention a program, by its name
}

// worker gives a worker its rules; nil when there are none.
func (r *Rules) worker(d *winlog.Decoder) *ruleWorker {
	if r == nil {
		return nil
	}
	return &ruleWorker{engine: r.engine, rules: r.engine.Rules(), matcher: detect.NewMatcher(r.engine, detect.Meaning{Sources: d.RuleSources, Field: winlog.RuleField, Kind: d.Kind}), about: map[string][]int32{}}
}

// maxSilent is how many silent rules a case lists; the gravest are kept.
const maxSilent = 12

// silent tells which rules about a program did not match the record of its start, and why.
func (w *ruleWorker) silent(rec reeve.Record, program string) []playbook.SilentRule {
	list, ok := w.about[program]
	if !ok {
		stem := strings.TrimSuffix(strings.ToLower(program), ".exe")
		for i, r := range w.rules {
			if !w.engine.Alerts(int32(i)) {
				continue
			}
			if titled := strings.Contains(strings.ToLower(r.Title), stem); titled && r.Mentions(program) || !shellLike(program) && r.Mentions(`\`+program) {
				list = append(list, int32(i))
			}
		}
		slices.SortStableFunc(list, func(a, b int32) int {
			return cmp.Or(cmp.Compare(detect.LevelOf(w.rules[b]), detect.LevelOf(w.rules[a])), strings.Compare(w.rules[a].ID, w.rules[b].ID))
		})
		w.about[program] = list
	}
	matched := slices.Clone(w.matcher.Match(rec))
	out := []playbook.SilentRule{}
	for _, i := range list {
		if slices.Contains(matched, i) {
			continue
		}
		r := w.rules[i]
		if reason, says := w.matcher.Silence(rec, i); reason != "" {
			out = append(out, playbook.SilentRule{ID: r.ID, Title: r.Title, Level: detect.LevelOf(r), Reason: reason, Says: says})
		}
		if len(out) == maxSilent {
			break
		}
	}
	return out
}

// shellLike tells programs that rules name as what others start: a rule that mentions one is about it only when its title is.
func shellLike(program string) bool {
	return slices.ContainsFunc(lolbas.ByName(program), func(e *lolbas.Entry) bool { return e.Class == lolbas.Everyday })
}

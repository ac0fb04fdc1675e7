package sigma

import (
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
)

// Set is what came out of a folder of rules. Every document is on exactly one of the three lists, but for those that only say what
// others have in common.
type Set struct {
	Rules            []*Rule // correlations and filters as well
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
			s.Failed = append(s.Failed, &RuleError{File: opt.Folder + name, Line: 1, Reason: err.Error(), Err: ErrRule})
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
					results[i].faults = []*RuleError{{File: opt.Folder + names[i], Line: 1, Reason: err.Error(), Err: ErrRule}}
					continue
				}
				r := &results[i]
				r.src = src
				r.rules, r.faults = Parse(opt.Folder+names[i], src, opt)
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

// Merge joins sets. Of several documents with one id the first is kept, the others are inactive; only those that "action" made of
// one document share its id.
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
			first := seen[r.ID]
			switch {
			case r.ID == "" || first == nil:
				seen[r.ID] = r
			case !first.part || !r.part || first.File != r.File:
				out.Inactive = append(out.Inactive, r.fault(fmt.Errorf("%w: has the id of %s:%d", ErrInactive, first.File, first.Line)))
				continue
			}
			out.Rules = append(out.Rules, r)
		}
	}
	if len(sets) != 1 {
		out.SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	return out
}

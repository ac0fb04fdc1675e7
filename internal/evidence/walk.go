package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reeve"
)

// walker goes through the folders of one argument.
type walker struct {
	s      *Set
	seen   []fs.FileInfo // folders walked so far, to refuse loops of links
	links  []link
	linked bool // links are being followed
}

// link is a symbolic link, followed after everything that lies in the folder itself.
type link struct{ path, name string }

// walk lists all arguments. They are taken in the order of their absolute paths, so that the order on the command line does not
// decide which of two equal base names gets a number; an argument that is given twice counts once.
func (s *Set) walk(paths []string) error {
	abs := make([]string, 0, len(paths))
	for _, p := range paths {
		a, err := filepath.Abs(p)
		if err != nil {
			return fmt.Errorf("open %s: %w", p, err)
		}
		abs = append(abs, a)
	}
	slices.Sort(abs)
	roots := map[string]bool{}
	for _, p := range slices.Compact(abs) {
		info, err := os.Stat(p)
		if err != nil {
			return fmt.Errorf("open evidence: %w: %w", reeve.ErrAccess, err)
		}
		root := sanitize(filepath.Base(p))
		for n, base := 2, root; roots[root]; n++ {
			root = fmt.Sprintf("%s#%d", base, n)
		}
		roots[root] = true
		w := &walker{s: s}
		w.visit(p, root, info)
		w.linked = true
		for len(w.links) > 0 {
			l := w.links[0]
			w.links = w.links[1:]
			w.follow(l)
		}
	}
	return nil
}

// visit lists a file, or what is in a folder.
func (w *walker) visit(path, name string, info fs.FileInfo) {
	switch mode := info.Mode(); {
	case len(w.s.files) >= maxMembers || w.s.opt.Stop() != nil:
		return // said once, by the folder that is too full or by Open
	case mode.IsDir():
		w.folder(path, name, info)
	case mode.IsRegular():
		w.s.member(name, info.Size(), diskFile(path), 0)
	default:
		w.s.refuse(name, 0, reeve.ErrAccess, "not a regular file (%s)", mode.Type())
	}
}

func (w *walker) folder(path, name string, info fs.FileInfo) {
	if w.linked && slices.ContainsFunc(w.seen, func(o fs.FileInfo) bool { return os.SameFile(o, info) }) {
		w.s.refuse(name, 0, reeve.ErrAccess, "symbolic link to a folder that is read elsewhere, not followed")
		return
	}
	w.seen = append(w.seen, info)
	entries, err := os.ReadDir(path) // sorted; what could be listed before an error counts
	if err != nil {
		w.s.refuse(name, 0, reeve.ErrAccess, "folder cannot be listed completely: %v", unpath(err))
	}
	for i, e := range entries {
		if len(w.s.files) >= maxMembers {
			w.s.refuse(name, 0, reeve.ErrLimit, "more than %d files; %d entries of this folder are left out", maxMembers, len(entries)-i)
			return
		}
		at, as := filepath.Join(path, e.Name()), name+"/"+sanitize(e.Name())
		if e.Type()&fs.ModeSymlink != 0 {
			w.links = append(w.links, link{at, as})
			continue
		}
		info, err := e.Info()
		if err != nil {
			w.s.refuse(as, 0, reeve.ErrAccess, "%v", unpath(err))
			continue
		}
		w.visit(at, as, info)
	}
}

func (w *walker) follow(l link) {
	info, err := os.Stat(l.path)
	if err != nil {
		w.s.refuse(l.name, 0, reeve.ErrAccess, "symbolic link leads nowhere: %v", unpath(err))
		return
	}
	w.visit(l.path, l.name, info)
}

// sanitize makes a name that comes out of evidence safe to print as part of a citation: relative, with "/" separators, without
// "..", drive letter, control characters or a "!" that would look like an archive's. It is never used to open anything.
func sanitize(name string) string {
	const longest = 1024
	name = strings.ToValidUTF8(strings.ReplaceAll(name, `\`, "/"), "_")
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '_'
		}
		return r
	}, name)
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			part = "__"
		case len(parts) == 0 && len(part) >= 2 && part[1] == ':':
			part = part[:1] + "_" + part[2:]
		}
		if strings.HasSuffix(part, "!") {
			part = part[:len(part)-1] + "_"
		}
		parts = append(parts, part)
	}
	name = strings.Join(parts, "/")
	if len(name) > longest {
		name = strings.TrimRight(strings.ToValidUTF8(name[:longest], ""), "/")
	}
	if name == "" {
		return "unnamed"
	}
	return name
}

// classed makes sure that err wraps a class of loss.
func classed(class, err error) error {
	for _, c := range []error{reeve.ErrFormat, reeve.ErrRecord, reeve.ErrDamaged, reeve.ErrLimit, reeve.ErrAccess} {
		if errors.Is(err, c) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", class, err)
}

package evidence

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Open makes a Set an fs.FS of its citation names. The files also have ReadAt; folders and archives are directories, those of
// archives with a "!" behind their names. A file that cannot be read gives its reason.
func (s *Set) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if f := s.names[name]; f != nil {
		c, err := f.Open()
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		}
		return &openFile{SectionReader: io.NewSectionReader(c, 0, c.Size()), c: c, entry: entry{path.Base(name), c.Size(), false}}, nil
	}
	entries := s.list(name)
	if entries == nil && name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openFolder{entry: entry{path.Base(name), 0, true}, entries: entries}, nil
}

// list is what a folder holds, by name.
func (s *Set) list(folder string) []fs.DirEntry {
	prefix := folder + "/"
	if folder == "." {
		prefix = ""
	}
	var out []fs.DirEntry
	at, _ := slices.BinarySearchFunc(s.files, prefix, func(f *File, p string) int { return strings.Compare(f.Name, p) })
	seen := map[string]bool{}
	for _, f := range s.files[at:] {
		rest, ok := strings.CutPrefix(f.Name, prefix)
		if !ok {
			break
		}
		first, _, deeper := strings.Cut(rest, "/")
		if !seen[first] {
			seen[first] = true
			out = append(out, entry{first, f.Size, deeper})
		}
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out
}

// entry is a name of the set as fs.DirEntry and fs.FileInfo.
type entry struct {
	name string
	size int64
	dir  bool
}

func (e entry) Name() string               { return e.name }
func (e entry) IsDir() bool                { return e.dir }
func (e entry) Type() fs.FileMode          { return e.Mode().Type() }
func (e entry) Info() (fs.FileInfo, error) { return e, nil }
func (e entry) ModTime() time.Time         { return time.Time{} }
func (e entry) Sys() any                   { return nil }

func (e entry) Size() int64 {
	if e.dir {
		return 0
	}
	return e.size
}

func (e entry) Mode() fs.FileMode {
	if e.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

type openFile struct {
	*io.SectionReader
	c Content
	entry
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *openFile) Close() error               { return f.c.Close() }
func (f *openFile) Size() int64                { return f.c.Size() }

type openFolder struct {
	entry
	entries []fs.DirEntry
	at      int
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.entry, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: fs.ErrInvalid}
}

func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	left := f.entries[f.at:]
	if n > 0 {
		if len(left) == 0 {
			return nil, io.EOF
		}
		left = left[:min(n, len(left))]
	}
	f.at += len(left)
	return slices.Clone(left), nil
}

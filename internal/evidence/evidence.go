// Package evidence turns the paths that the user points at into files with citation names: folders are walked, archives are
// opened and their members listed beside plain files.
//
// Invariants: the input is never written to; no name out of an archive ever becomes a path on disk; every member that cannot be
// read is a [File] with its reason, never a stop; what decompression may cost in memory, on disk and in members is bounded, and
// which member a bound hits does not depend on timing. The same paths give the same names in the same order.
//
// It does not know what the files mean: event logs, formats and records are internal/ingest's.
package evidence

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"reeve"
)

// Options of Open. Zero fields take the defaults named beside them.
type Options struct {
	TempDir   string // where large members are spooled; "" is the system's
	MaxExpand int64  // bytes that all archives together may expand to; 0 is 64 GiB
	InMemory  int64  // bytes of expanded members held in memory at one time; 0 is 256 MiB

	// Stop is asked again and again while paths are walked and members expanded; its error ends both. nil never does.
	Stop func() error
}

const (
	defaultExpand   = 64 << 30
	defaultInMemory = 256 << 20

	maxDepth   = 4       // archives within archives
	maxMembers = 1 << 20 // files altogether

	// A member is a bomb when it expands beyond bombFloor and beyond bombRatio times its compressed size. Deflate ends at 1032:1,
	// a log of 64 MiB that is nearly empty at some 250:1.
	bombFloor = 64 << 20
	bombRatio = 500
)

// Set is the evidence: a file system of citation names. It is safe for concurrent use.
type Set struct {
	opt   Options
	files []*File
	names map[string]*File
	next  map[string]int // the number that the next duplicate of a name gets

	expand int64 // what is left of MaxExpand

	mu     sync.Mutex
	memory int64 // what is left of InMemory
	blobs  []*blob
}

// File is one file, or one member of an archive.
type File struct {
	Name string // citation name, see reeve.Ref
	Size int64  // expanded, in bytes, as far as it is known before reading
	Err  error  // why it cannot be opened, known from the start; wraps one of the root's classes of loss

	src source
}

// Content is an open file. Close it as soon as it is read: members that were expanded into memory are let go by it.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64
	// Damage is what cut the content short or proved it altered, a failed checksum or a torn compressed stream; nil when the
	// content is whole. What came before the damage can be read.
	Damage() error
}

// source is where the bytes of a file come from.
type source interface {
	open() (Content, error)
	// digest is the SHA-256 when it is known without reading.
	digest() (sum [sha256.Size]byte, ok bool)
}

// Open lists everything below the paths. The error is about a path that does not exist or cannot be looked at; anything below
// a path is a File, readable or not. The error may be that of Options.Stop, too. Close the set to remove what was spooled.
func Open(paths []string, o Options) (*Set, error) {
	if o.MaxExpand <= 0 {
		o.MaxExpand = defaultExpand
	}
	if o.InMemory <= 0 {
		o.InMemory = defaultInMemory
	}
	if o.Stop == nil {
		o.Stop = func() error { return nil }
	}
	s := &Set{opt: o, names: map[string]*File{}, next: map[string]int{}, expand: o.MaxExpand, memory: o.InMemory}
	if err := cmp.Or(s.walk(paths), o.Stop()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	slices.SortFunc(s.files, func(a, b *File) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// Files lists all files by name. The slice belongs to the set.
func (s *Set) Files() []*File { return s.files }

// File finds a file by its citation name.
func (s *Set) File(name string) (*File, bool) {
	f, ok := s.names[name]
	return f, ok
}

// Close removes what was spooled. Contents that are still open must not be read any more.
func (s *Set) Close() error {
	s.mu.Lock()
	blobs := s.blobs
	s.blobs = nil
	s.mu.Unlock()
	var errs []error
	for _, b := range blobs {
		errs = append(errs, b.remove())
	}
	return errors.Join(errs...)
}

// Open opens the file; the error wraps one of the root's classes of loss.
func (f *File) Open() (Content, error) {
	if f.Err != nil {
		return nil, f.Err
	}
	return f.src.open()
}

// SHA256 is the digest of the file's expanded bytes in lower-case hexadecimal. It is known without another pass for members
// that were expanded before.
func (f *File) SHA256(ctx context.Context) (string, error) {
	c, err := f.Open()
	if err != nil {
		return "", err
	}
	defer c.Close()
	if sum, ok := f.src.digest(); ok {
		return hex.EncodeToString(sum[:]), nil
	}
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for at := int64(0); at < c.Size(); {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := c.ReadAt(buf[:min(int64(len(buf)), c.Size()-at)], at)
		h.Write(buf[:n])
		if at += int64(n); err != nil && at < c.Size() {
			return "", fmt.Errorf("hash %s: %w: %w", f.Name, reeve.ErrAccess, err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// add lists a file under its name, or the next free number of it, and returns the name it got.
func (s *Set) add(f *File) string {
	f.Name = s.free(f.Name)
	s.names[f.Name] = f
	s.files = append(s.files, f)
	return f.Name
}

func (s *Set) free(name string) string {
	if s.names[name] == nil {
		return name
	}
	for n := max(2, s.next[name]); ; n++ {
		if numbered := name + "#" + strconv.Itoa(n); s.names[numbered] == nil {
			s.next[name] = n + 1
			return numbered
		}
	}
}

// refuse lists something that cannot be read.
func (s *Set) refuse(name string, size int64, class error, format string, args ...any) {
	s.add(&File{Name: name, Size: size, Err: fmt.Errorf("%w: %s", class, fmt.Sprintf(format, args...))})
}

// diskFile is a file as it lies on disk.
type diskFile string

func (d diskFile) open() (Content, error) {
	f, err := os.Open(string(d))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", reeve.ErrAccess, unpath(err))
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%w: not a regular file any more", reeve.ErrAccess)
	}
	return &section{ReaderAt: f, size: info.Size(), close: f.Close}, nil
}

func (diskFile) digest() (sum [sha256.Size]byte, ok bool) { return sum, false }

// stretch is a member that lies in another file as it is.
type stretch struct {
	of     source
	off, n int64
}

func (r stretch) open() (Content, error) {
	c, err := r.of.open()
	if err != nil {
		return nil, err
	}
	n := max(0, min(r.n, c.Size()-r.off))
	var damage error
	if n < r.n {
		damage = fmt.Errorf("%w: archive ends %d bytes before the end of this member", reeve.ErrDamaged, r.n-n)
	}
	return &section{ReaderAt: io.NewSectionReader(c, r.off, n), size: n, close: c.Close, damage: damage}, nil
}

func (stretch) digest() (sum [sha256.Size]byte, ok bool) { return sum, false }

// section is the Content of all sources.
type section struct {
	io.ReaderAt
	size   int64
	damage error
	close  func() error
}

func (s *section) Size() int64   { return s.size }
func (s *section) Damage() error { return s.damage }
func (s *section) Close() error  { return s.close() }

// unpath takes the path out of an error of the operating system: reports do not tell absolute paths.
func unpath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	}
	return err
}

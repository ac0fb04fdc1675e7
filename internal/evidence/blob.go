package evidence

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"reeve"
)

// blob is a member that has to be expanded before it can be read at any place. It is expanded when it is first opened, into
// memory when it is small and memory is left, else once into a temporary file. Memory is let go when nobody has it open, unless
// the member is itself an archive (keep): its members would expand it again each time.
type blob struct {
	set    *Set
	expand func() (io.ReadCloser, error)
	packed int64 // compressed size, for the ratio
	most   int64 // bytes that it may expand to
	size   int64 // stated size; -1 when the format states none
	keep   bool

	mu     sync.Mutex
	users  int
	data   []byte // nil when not in memory
	taken  int64  // of the set's memory
	file   *os.File
	length int64
	damage error
	failed error // nothing could be expanded at all
	sum    [sha256.Size]byte
	hashed bool
}

func (s *Set) newBlob(packed, size, most int64, expand func() (io.ReadCloser, error)) *blob {
	b := &blob{set: s, expand: expand, packed: packed, size: size, most: most}
	s.mu.Lock()
	s.blobs = append(s.blobs, b)
	s.mu.Unlock()
	return b
}

func (b *blob) open() (Content, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed != nil {
		return nil, b.failed
	}
	if b.data == nil && b.file == nil {
		if err := b.fill(); err != nil {
			b.failed = err
			return nil, err
		}
	}
	b.users++
	var once sync.Once
	c := &section{size: b.length, damage: b.damage, close: func() error { once.Do(b.release); return nil }}
	if b.file != nil {
		c.ReaderAt = io.NewSectionReader(b.file, 0, b.length)
	} else {
		c.ReaderAt = bytes.NewReader(b.data)
	}
	return c, nil
}

func (b *blob) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users == 0 && b.data != nil && !b.keep {
		b.data = nil
		b.set.memoryBack(b.taken)
		b.taken = 0
	}
}

func (b *blob) digest() (sum [sha256.Size]byte, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sum, b.hashed
}

// fill expands the member. Damage after the first byte is remembered and what came before it is kept.
func (b *blob) fill() error {
	r, err := b.expand()
	if err != nil {
		return classed(reeve.ErrDamaged, err)
	}
	defer r.Close()
	limited := &limitReader{r: r, stop: b.set.opt.Stop, packed: b.packed, left: b.most}
	h := sha256.New()
	in := io.TeeReader(limited, h)
	if err := b.intoMemory(in); err != nil {
		return b.end(h, err)
	}
	return nil
}

// intoMemory reads in as far as memory goes, and spools from there.
func (b *blob) intoMemory(in io.Reader) error {
	first := int64(64 << 10)
	if b.size >= 0 {
		first = min(b.size+1, b.set.opt.InMemory/8)
	}
	var data []byte
	for want := first; ; want *= 2 {
		if b.taken+want > b.set.opt.InMemory/8 || !b.set.memoryTake(want) {
			return b.spool(data, in)
		}
		b.taken += want
		grown := make([]byte, len(data), int64(len(data))+want)
		copy(grown, data)
		data = grown
		for len(data) < cap(data) {
			n, err := in.Read(data[len(data):cap(data)])
			data = data[:len(data)+n]
			if err != nil {
				b.data, b.length = data, int64(len(data))
				return err
			}
		}
	}
}

// spool writes what was read so far and the rest of in to a temporary file.
func (b *blob) spool(data []byte, in io.Reader) error {
	b.set.memoryBack(b.taken)
	b.taken = 0
	f, err := os.CreateTemp(b.set.opt.TempDir, "reeve-*")
	if err != nil {
		return fmt.Errorf("%w: spool: %w", reeve.ErrAccess, unpath(err))
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{f}, io.MultiReader(bytes.NewReader(data), in), make([]byte, 256<<10))
	b.file, b.length = f, n
	var disk *os.PathError
	if errors.As(err, &disk) {
		return fmt.Errorf("%w: spool: %w", reeve.ErrAccess, unpath(err))
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// end settles how the expansion ended: io.EOF is well.
func (b *blob) end(h hash.Hash, err error) error {
	if err == io.EOF && b.size >= 0 && b.length != b.size {
		err = fmt.Errorf("%w: expands to %d bytes, the archive states %d", reeve.ErrDamaged, b.length, b.size)
	}
	if err != io.EOF {
		b.damage = classed(reeve.ErrDamaged, err)
		if b.length == 0 || errors.Is(err, reeve.ErrLimit) || errors.Is(err, reeve.ErrAccess) {
			_ = b.drop() // the damage tells more
			return b.damage
		}
	}
	h.Sum(b.sum[:0])
	b.hashed = true
	return nil
}

// drop lets go of memory and temporary file.
func (b *blob) drop() error {
	b.set.memoryBack(b.taken)
	b.data, b.taken = nil, 0
	if b.file == nil {
		return nil
	}
	f := b.file
	b.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (b *blob) remove() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = fmt.Errorf("%w: the evidence is closed", reeve.ErrAccess)
	return b.drop()
}

func (s *Set) memoryTake(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.memory {
		return false
	}
	s.memory -= n
	return true
}

func (s *Set) memoryBack(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory += n
}

// limitReader ends with reeve.ErrLimit where a member expands beyond its bound or like a bomb, and where it is told to.
type limitReader struct {
	r            io.Reader
	stop         func() error
	packed, left int64
	read         int64
}

func (l *limitReader) Read(p []byte) (int, error) {
	if err := l.stop(); err != nil {
		return 0, fmt.Errorf("%w: %w", reeve.ErrAccess, err)
	}
	n, err := l.r.Read(p)
	l.read += int64(n)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("%w: expands to more than what is left for archives", reeve.ErrLimit)
	}
	if isBomb(l.read, l.packed) {
		return 0, fmt.Errorf("%w: expands more than %d times its size", reeve.ErrLimit, bombRatio)
	}
	return n, err
}

func isBomb(size, packed int64) bool { return size > bombFloor && size/bombRatio > packed }

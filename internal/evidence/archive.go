package evidence

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"reeve"
)

// container is a kind of archive. One without open is known by sight only.
type container struct {
	name string
	is   func(head []byte) bool
	open func(s *Set, a archive) error
}

// archive is a file that holds others.
type archive struct {
	name  string
	src   source
	c     Content
	depth int
}

// containers are told by content, never by name.
func containers() []container {
	return []container{
		{"zip archive", magic("PK\x03\x04", "PK\x05\x06", "PK00PK\x03\x04"), (*Set).openZip},
		{"gzip archive", magic("\x1f\x8b\x08"), (*Set).openGzip},
		{"Zstandard archive", magic("\x28\xb5\x2f\xfd"), (*Set).openZstd},
		{"tar archive", isTar, (*Set).openTar},
		{"7-Zip archive", magic("7z\xbc\xaf\x27\x1c"), nil},
		{"RAR archive", magic("Rar!\x1a\x07"), nil},
		{"bzip2 archive", magic("BZh"), nil},
		{"xz archive", magic("\xfd7zXZ\x00"), nil},
		{"LZ4 archive", magic("\x04\x22\x4d\x18"), nil},
		{"cabinet archive", magic("MSCF\x00\x00\x00\x00"), nil},
		{"WIM image", magic("MSWIM\x00\x00\x00"), nil},
		{"part of a split zip archive", magic("PK\x07\x08PK\x03\x04"), nil},
	}
}

func magic(prefixes ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(head, []byte(p)) {
				return true
			}
		}
		return false
	}
}

// isTar knows a tar by the checksum of its first header, which every tar since 1979 has.
func isTar(head []byte) bool {
	if len(head) < 512 || head[0] == 0 {
		return false
	}
	sum := 0
	for i, c := range head[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int(c)
	}
	stated := 0
	for _, c := range bytes.Trim(head[148:156], " \x00") {
		if c < '0' || c > '7' {
			return false
		}
		stated = stated<<3 | int(c-'0')
	}
	return stated == sum
}

// member lists a file, or the members of the archive that it is.
func (s *Set) member(name string, size int64, src source, depth int) {
	if s.opt.Stop() != nil {
		return // which Open says
	}
	c, err := src.open()
	if err != nil {
		s.add(&File{Name: name, Size: size, Err: err})
		return
	}
	defer c.Close()
	head := make([]byte, 512)
	n, err := c.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		s.add(&File{Name: name, Size: size, Err: fmt.Errorf("%w: %w", reeve.ErrAccess, unpath(err))})
		return
	}
	for _, k := range containers() {
		if !k.is(head[:n]) {
			continue
		}
		before := len(s.files)
		switch {
		case k.open == nil:
			err = fmt.Errorf("%w: not read: %s", reeve.ErrFormat, k.name)
		case depth >= maxDepth:
			err = fmt.Errorf("%w: archives within archives deeper than %d", reeve.ErrLimit, maxDepth)
		default:
			if b, ok := src.(*blob); ok {
				b.keep = true
			}
			if err = k.open(s, archive{name, src, c, depth}); err == nil && len(s.files) == before {
				err = fmt.Errorf("%w: %s without files", reeve.ErrFormat, k.name)
			}
			if err == nil {
				err = c.Damage()
			}
		}
		if err != nil {
			s.add(&File{Name: name, Size: size, Err: classed(reeve.ErrDamaged, err)})
		}
		return
	}
	s.add(&File{Name: name, Size: c.Size(), src: src})
}

func (s *Set) openZip(a archive) error {
	z, err := zip.NewReader(a.c, a.c.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return err
	}
	for i, f := range z.File {
		name := a.name + "!/" + sanitize(f.Name)
		size, packed := int64(f.UncompressedSize64), int64(f.CompressedSize64)
		switch {
		case strings.HasSuffix(f.Name, "/") || strings.HasSuffix(f.Name, `\`) && size == 0:
			continue
		case len(s.files) >= maxMembers:
			return fmt.Errorf("%w: more than %d files; %d members are left out", reeve.ErrLimit, maxMembers, len(z.File)-i)
		case f.Flags&1 != 0:
			s.refuse(name, size, reeve.ErrAccess, "encrypted zip member")
		case f.Method != zip.Store && f.Method != zip.Deflate && f.Method != zstd.ZipMethodWinZip:
			s.refuse(name, size, reeve.ErrFormat, "not read: zip method %d%s", f.Method, zipMethods[f.Method])
		case size < 0 || packed < 0 || isBomb(size, packed):
			s.refuse(name, size, reeve.ErrLimit, "expands more than %d times its size", bombRatio)
		default:
			s.zipMember(a, f, name, size, packed)
		}
	}
	return nil
}

// zipMethods names what is met in practice and not read.
var zipMethods = map[uint16]string{9: " (Deflate64)", 12: " (bzip2)", 14: " (LZMA)", 95: " (xz)", 98: " (PPMd)", 99: " (AES encrypted)"}

func (s *Set) zipMember(a archive, f *zip.File, name string, size, packed int64) {
	off, err := f.DataOffset()
	if err != nil {
		s.refuse(name, size, reeve.ErrDamaged, "local header of a zip member: %v", err)
		return
	}
	if f.Method == zip.Store {
		s.member(name, size, stretch{of: a.src, off: off, n: size}, a.depth+1)
		return
	}
	if size > s.expand {
		s.refuse(name, size, reeve.ErrLimit, "expands to more than what is left for archives")
		return
	}
	s.expand -= size
	method, crc := f.Method, f.CRC32
	s.member(name, size, s.newBlob(packed, size, size, func() (io.ReadCloser, error) {
		c, err := a.src.open()
		if err != nil {
			return nil, err
		}
		raw := io.NewSectionReader(c, off, packed)
		if method == zip.Deflate {
			return &checked{ReadCloser: flate.NewReader(raw), under: c, want: crc}, nil
		}
		return &checked{ReadCloser: zstd.ZipDecompressor()(raw), under: c, want: crc}, nil
	}), a.depth+1)
}

func (s *Set) openGzip(a archive) error {
	return s.openStream(a, []string{".gz", ".gzip", ".tgz"}, func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) })
}

func (s *Set) openZstd(a archive) error {
	return s.openStream(a, []string{".zst", ".zstd", ".tzst"}, func(r io.Reader) (io.ReadCloser, error) {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	})
}

// openStream lists the one file of a compressed stream, or the members of the tar in it. Such formats do not state their
// expanded size, so that it is expanded now to charge it.
func (s *Set) openStream(a archive, suffixes []string, expand func(io.Reader) (io.ReadCloser, error)) error {
	b := s.newBlob(a.c.Size(), -1, s.expand, func() (io.ReadCloser, error) {
		c, err := a.src.open()
		if err != nil {
			return nil, err
		}
		r, err := expand(io.NewSectionReader(c, 0, c.Size()))
		if err != nil {
			c.Close()
			return nil, err
		}
		return &checked{ReadCloser: r, under: c, unchecked: true}, nil
	})
	c, err := b.open()
	if err != nil {
		return err
	}
	defer c.Close()
	s.expand -= c.Size()
	head := make([]byte, 512)
	if n, _ := c.ReadAt(head, 0); isTar(head[:n]) {
		b.keep = true
		if err := s.openTar(archive{a.name, b, c, a.depth}); err != nil {
			return err
		}
		return c.Damage()
	}
	inner := path.Base(a.name)
	for _, suffix := range suffixes {
		if cut := len(inner) - len(suffix); cut > 0 && strings.EqualFold(inner[cut:], suffix) {
			inner = inner[:cut]
		}
	}
	s.member(a.name+"!/"+sanitize(inner), c.Size(), b, a.depth+1)
	return nil
}

func (s *Set) openTar(a archive) error {
	in := io.NewSectionReader(a.c, 0, a.c.Size())
	t := tar.NewReader(in)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return fmt.Errorf("%w: tar header: %w", reeve.ErrDamaged, err)
		}
		if len(s.files) >= maxMembers {
			return fmt.Errorf("%w: more than %d files; the rest is left out", reeve.ErrLimit, maxMembers)
		}
		name := a.name + "!/" + sanitize(h.Name)
		off, err := in.Seek(0, io.SeekCurrent)
		switch {
		case h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader:
		case h.Typeflag == tar.TypeGNUSparse || isSparse(h):
			s.refuse(name, h.Size, reeve.ErrFormat, "not read: sparse tar member")
		case h.Typeflag != tar.TypeReg:
			s.refuse(name, h.Size, reeve.ErrAccess, "tar member without content (link or device)")
		case err != nil:
			return err
		default:
			s.member(name, h.Size, stretch{of: a.src, off: off, n: h.Size}, a.depth+1)
		}
	}
}

func isSparse(h *tar.Header) bool {
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}

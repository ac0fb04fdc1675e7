package evtx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

const (
	fileHeaderSize = 4096
	rangeChunks    = 4 // chunks that one read takes in: they stay in a processor's own cache
	fileNotesLimit = 4096
)

// Flags of the file header; those of a chunk header are the same.
const (
	flagDirty       = 1 // the file was not closed
	flagNoChecksums = 4 // the writer filled none in
)

var fileMagic = []byte("ElfFile\x00")

// Options of Open. The zero value is ready.
type Options struct {
	Workers   int             // goroutines of Each; 0 means GOMAXPROCS
	Templates *Templates      // shared by files; nil means one for this file
	Recover   bool            // Records and Each go on with what Recovered finds; any blob with a chunk in it opens
	ANSI      *Codepage       // of ANSI strings; nil means Windows1252
	Want      func(Peek) bool // called by all workers; records that it declines are passed over undecoded. nil wants all
	NoVerify  bool            // leave the checksums alone
}

// File is an EVTX file: a header of 4 KiB, then chunks of 64 KiB which are read independently of each other. The size of the file says how
// many there are, not the header. A File is safe for concurrent use as far as its reader is.
type File struct {
	r      io.ReaderAt
	size   int64
	start  int64 // of the first chunk
	o      Options
	header Header

	mu    sync.Mutex
	notes []Note
}

// Header is what the file header states. Nothing is read by it.
type Header struct {
	FirstChunk, LastChunk, NextRecordID uint64
	Minor, Major, Chunks                uint16
	Flags                               uint32 // 1 dirty, 2 full, 4 no checksums
}

// IsFile reports whether a file that begins with prefix (8 bytes do) is an EVTX file.
func IsFile(prefix []byte) bool { return bytes.HasPrefix(prefix, fileMagic) }

// Open reads the header of the file in r. The error is ErrFormat when it is no EVTX file, or what r reports; whatever else is wrong with
// the header becomes a note. A file whose header is lost but that has a chunk where the first belongs, or at its very start, opens too; with
// Recover so does anything that holds a chunk at any offset.
func Open(r io.ReaderAt, size int64, o Options) (*File, error) {
	if o.Templates == nil {
		o.Templates = &Templates{}
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	f := &File{r: r, size: size, start: fileHeaderSize, o: o}
	head := make([]byte, min(max(size, 0), fileHeaderSize+int64(len(chunkMagic))))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read file header: %w", err)
	}
	head = head[:n]
	switch {
	case IsFile(head):
		f.readHeader(head)
	case len(head) > fileHeaderSize && IsChunk(head[fileHeaderSize:]):
		f.note(Note{-1, 0, "file magic is missing", ErrHeader})
	case IsChunk(head):
		f.start = 0
		f.note(Note{-1, 0, "file header is missing", ErrHeader})
	case o.Recover && f.holdsChunk():
		f.start = size
		f.note(Note{-1, 0, "file header is missing", ErrHeader})
	default:
		return nil, ErrFormat
	}
	return f, nil
}

func (f *File) readHeader(b []byte) {
	const used = 128
	if len(b) < used {
		f.note(Note{-1, int64(len(b)), "file header is cut off", ErrTruncated})
		return
	}
	h := &f.header
	h.FirstChunk, h.LastChunk, h.NextRecordID = le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])
	h.Minor, h.Major, h.Chunks = le.Uint16(b[36:]), le.Uint16(b[38:]), le.Uint16(b[42:])
	h.Flags = le.Uint32(b[120:])
	if h.Flags&flagDirty != 0 {
		f.note(Note{-1, 120, "file was not closed", ErrHeader})
	}
	if sum := crc32.ChecksumIEEE(b[:120]); h.Flags&flagNoChecksums == 0 && sum != le.Uint32(b[124:]) {
		f.note(Note{-1, 124, fmt.Sprintf("header has %08x, computed %08x", le.Uint32(b[124:]), sum), ErrChecksum})
	}
	if n := f.NumChunks(); h.Chunks != uint16(n) { // it begins anew after 65,535
		f.note(Note{-1, 42, fmt.Sprintf("header counts %d chunks, the size makes %d", h.Chunks, n), ErrHeader})
	}
	if h.Major != 3 {
		f.note(Note{-1, 36, fmt.Sprintf("unknown version %d.%d", h.Major, h.Minor), ErrHeader})
	}
}

func (f *File) note(n ...Note) {
	if len(n) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes = append(f.notes, n[:min(len(n), max(0, fileNotesLimit-len(f.notes)))]...)
}

// Notes lists what was odd so far, in file order and each once: the header from the start, chunks as they are read.
func (f *File) Notes() []Note {
	f.mu.Lock()
	defer f.mu.Unlock()
	notes := slices.Clone(f.notes)
	slices.SortStableFunc(notes, func(a, b Note) int {
		switch {
		case a.Chunk != b.Chunk:
			return a.Chunk - b.Chunk
		case a.Offset < b.Offset:
			return -1
		case a.Offset > b.Offset:
			return 1
		}
		return 0
	})
	return slices.Compact(notes)
}

// Header is what the file header states.
func (f *File) Header() Header { return f.header }

// NumChunks is how many chunks the size of the file makes, a cut-off one at the end included.
func (f *File) NumChunks() int {
	return int((max(0, f.size-f.start) + ChunkSize - 1) / ChunkSize)
}

// Chunk is one chunk of a file, as ChunkReader.Reset takes it.
type Chunk struct {
	Index  int
	Offset int64
	Data   []byte // valid until the next step; shorter than ChunkSize where the file ends early
}

// Chunks yields the file's chunks in order, all-zero ones left out, for callers that parse them on their own. An error is a
// *RecordError about 64 KiB that are no chunk, or what the reader reports, which ends the walk.
func (f *File) Chunks() iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		var buf []byte
		for first := 0; first < f.NumChunks(); first += rangeChunks {
			var stop bool
			buf, stop = f.readRange(buf, first, yield)
			if stop {
				return
			}
		}
	}
}

// readRange reads the chunks from number first on into buf and hands each to yield.
func (f *File) readRange(buf []byte, first int, yield func(Chunk, error) bool) (_ []byte, stop bool) {
	off := f.start + int64(first)*ChunkSize
	n := int(min(rangeChunks*ChunkSize, f.size-off))
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	got, err := f.r.ReadAt(buf[:n], off)
	data := buf[:got]
	for i := first; len(data) > 0; i++ {
		c := Chunk{Index: i, Offset: off, Data: data[:min(ChunkSize, len(data))]}
		data, off = data[len(c.Data):], off+int64(len(c.Data))
		switch {
		case IsChunk(c.Data):
			if !yield(c, nil) {
				return buf, true
			}
		case !isZero(c.Data):
			if !yield(c, &RecordError{Chunk: i, Offset: c.Offset, Err: ErrChunk, Reason: "no chunk magic"}) {
				return buf, true
			}
		}
	}
	if got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrTruncated
		}
		yield(Chunk{Index: first, Offset: off}, fmt.Errorf("read chunk %d at offset %d: %w", first, off, err))
		return buf, true
	}
	return buf, false
}

func isZero(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if le.Uint64(b) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

func (f *File) reader() *ChunkReader {
	cr := NewChunkReader(f.o.Templates, f.o.ANSI)
	cr.Want = f.o.Want
	return cr
}

// read hands the records of a chunk to yield; false when yield had enough.
func (f *File) read(cr *ChunkReader, c Chunk, err error, yield func(*Record, error) bool) bool {
	if err == nil {
		err = cr.Reset(c.Data, c.Offset, c.Index)
	}
	if err != nil {
		return yield(nil, err)
	}
	if !f.o.NoVerify && f.header.Flags&flagNoChecksums == 0 {
		cr.Verify()
	}
	defer func() { f.note(cr.Notes()...) }()
	for {
		r, err := cr.Next()
		if err == io.EOF {
			return true
		}
		if !yield(r, err) {
			return false
		}
	}
}

// Records yields every record in file order, which is not the order of their ids in a log that wrapped around. A record is valid until
// the next step. An error stands in the place of what could not be read: a *RecordError, or what the reader reports, which ends the walk.
func (f *File) Records() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		cr := f.reader()
		for c, err := range f.Chunks() {
			if !f.read(cr, c, err, yield) {
				return
			}
		}
		if f.o.Recover {
			f.recovered(yield)
		}
	}
}

// Each calls fn for every record and error, from Options.Workers goroutines at once. Chunks are handed out by the megabyte: within one
// the calls come in order and from one worker, whose number fn receives. With Recover what is recovered follows from worker 0. Each returns
// the first error that fn returns, or that of ctx.
func (f *File) Each(ctx context.Context, fn func(worker int, r *Record, err error) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		next atomic.Int64
		wg   sync.WaitGroup
	)
	total := f.NumChunks()
	for w := range min(f.o.Workers, max(1, (total+rangeChunks-1)/rangeChunks)) {
		wg.Go(func() {
			var buf []byte
			cr := f.reader()
			each := func(r *Record, err error) bool {
				if err := fn(w, r, err); err != nil {
					cancel(err)
					return false
				}
				return true
			}
			chunk := func(c Chunk, err error) bool { return ctx.Err() == nil && f.read(cr, c, err, each) }
			for stop := false; !stop && ctx.Err() == nil; {
				first := int(next.Add(rangeChunks) - rangeChunks)
				if first >= total {
					return
				}
				buf, stop = f.readRange(buf, first, chunk)
			}
		})
	}
	wg.Wait()
	if f.o.Recover && ctx.Err() == nil {
		f.recovered(func(r *Record, err error) bool {
			if err := fn(0, r, err); err != nil {
				cancel(err)
			}
			return ctx.Err() == nil
		})
	}
	return context.Cause(ctx)
}

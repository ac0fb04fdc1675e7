package evtx

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	// ChunkSize is the size of every chunk of a file.
	ChunkSize = 65536

	chunkHeaderSize  = 512
	recordHeaderSize = 24
	minRecordSize    = recordHeaderSize + 4 // and the copy of the size at its end
)

var (
	chunkMagic  = []byte("ElfChnk\x00")
	recordMagic = []byte{'*', '*', 0, 0}
)

// ChunkReader reads the records of chunks, one chunk after the other. It is for one goroutine; many of them may share Templates. It
// belongs to callers that schedule their own work; File does the same with less to write.
type ChunkReader struct {
	// Want, when not nil, is asked about each record before it is decoded; Next passes over those that it declines, and over what is wrong
	// inside them.
	Want func(Peek) bool

	templates  *Templates
	epoch      uint32
	bodies     map[bodyKey][]*definition // what this reader has met of templates: no lock on the way
	shapes     map[uint64]*shape
	steps      [1024]stepSlot
	generation uint32
	defs       [512]defSlot        // definitions of this chunk by offset
	evicted    map[uint32]*program // those that had to make room
	walker     walker              // raw elements; its values are those of the record
	compiler   walker              // template bodies
	budget     int                 // bytes of definitions that this chunk may still have compiled or compared
	layouts    int                 // steps of layouts that this chunk may still have compiled
	notes      []Note

	chunk   []byte
	pad     []byte // a chunk that ends early, filled up with zeros
	base    int64  // of the chunk in the file
	index   int
	size    int // of the chunk as far as the file has it
	pos     int
	limit   int
	carving bool // records are taken out of slack

	tail int // where the live records end and slack begins

	rec Record
}

type stepSlot struct {
	from *layoutNode
	prog *program
	slot uint32
	to   *layoutNode
}

type defSlot struct {
	off, generation uint32
	prog            *program
}

// shape is a run of template-less elements met before.
type shape struct {
	words []word
	prog  *program
}

const (
	compileBudget = 4 * ChunkSize // definitions that do not overlap need one chunk
	layoutBudget  = 1 << 18
	shapesLimit   = 4096
	bodiesLimit   = 1 << 14
	notesLimit    = 256 // of one chunk
)

// NewChunkReader returns a reader that shares t, or has templates of its own when t is nil, and decodes ANSI strings by ansi, or
// Windows-1252 when ansi is nil.
func NewChunkReader(t *Templates, ansi *Codepage) *ChunkReader {
	if t == nil {
		t = &Templates{}
	}
	if ansi == nil {
		ansi = &Windows1252
	}
	c := &ChunkReader{templates: t, index: -1, evicted: map[uint32]*program{}}
	c.walker.names = newNameTable()
	c.compiler.names = c.walker.names
	c.rec = Record{c: c, ansi: ansi}
	c.forget()
	return c
}

// forget drops everything that was learnt from earlier chunks.
func (c *ChunkReader) forget() {
	c.epoch = c.templates.epoch.Load()
	c.bodies = map[bodyKey][]*definition{}
	c.shapes = map[uint64]*shape{}
	clear(c.steps[:])
	c.walker.names.reset()
}

// IsChunk reports whether b begins like a chunk.
func IsChunk(b []byte) bool { return bytes.HasPrefix(b, chunkMagic) }

// Reset begins a chunk: data holds it (up to ChunkSize bytes; fewer where the file ends early) and must stay as it is until the
// next Reset; offset is where it stands in the file and index its number there, both only for positions in errors. The error is
// ErrChunk when data does not begin like a chunk.
func (c *ChunkReader) Reset(data []byte, offset int64, index int) error {
	if !IsChunk(data) {
		c.notes, c.pos, c.limit = c.notes[:0], 0, 0
		return &RecordError{Chunk: index, Offset: offset, Err: ErrChunk, Reason: "no chunk magic"}
	}
	c.begin(data, offset, index)
	return nil
}

// begin makes data the chunk to read, whatever its first bytes are.
func (c *ChunkReader) begin(data []byte, offset int64, index int) bool {
	c.notes, c.base, c.index = c.notes[:0], offset, index
	size := len(data)
	c.size = size
	if size < ChunkSize {
		if c.pad == nil {
			c.pad = make([]byte, ChunkSize)
		}
		clear(c.pad[copy(c.pad, data):])
		data = c.pad
	}
	if c.epoch != c.templates.epoch.Load() || c.walker.names.bytes > nameTableLimit || len(c.bodies) > bodiesLimit {
		c.forget()
	}
	c.chunk = data[:ChunkSize:ChunkSize]
	c.walker.chunk, c.compiler.chunk, c.rec.chunk = c.chunk, c.chunk, c.chunk
	c.walker.names.generation++
	c.generation++
	clear(c.evicted)
	c.budget, c.layouts = compileBudget, layoutBudget
	c.pos, c.limit = chunkHeaderSize, chunkEnd(c.chunk, size)
	c.tail, c.carving = c.limit, false
	if size < ChunkSize {
		c.note(int64(size), ErrTruncated, fmt.Sprintf("chunk ends after %d bytes", size))
	}
	return size > chunkHeaderSize
}

// chunkEnd is where the records of a chunk end. The header's word is taken only where it is possible; archived and damaged files state
// the end of the chunk, or nonsense, and zeros tell the end then.
func chunkEnd(chunk []byte, size int) int {
	free := int(le.Uint32(chunk[48:]))
	if free < chunkHeaderSize || free > ChunkSize {
		free = ChunkSize
	}
	return min(free, size)
}

// Verify compares the chunk's two checksums and notes what does not match; it costs some 6 microseconds. Call it after Reset.
func (c *ChunkReader) Verify() {
	if c.limit == 0 || le.Uint32(c.chunk[120:])&flagNoChecksums != 0 {
		return
	}
	if sum := headerSum(c.chunk); sum != le.Uint32(c.chunk[124:]) {
		c.note(124, ErrChecksum, fmt.Sprintf("header has %08x, computed %08x", le.Uint32(c.chunk[124:]), sum))
	}
	if free := int(le.Uint32(c.chunk[48:])); free >= chunkHeaderSize && free <= ChunkSize {
		if free > c.size {
			return // the truncation is noted
		}
		if sum := crc32.ChecksumIEEE(c.chunk[chunkHeaderSize:free]); sum != le.Uint32(c.chunk[52:]) {
			c.note(52, ErrChecksum, fmt.Sprintf("records have %08x, computed %08x", le.Uint32(c.chunk[52:]), sum))
		}
	} else {
		c.note(48, ErrHeader, fmt.Sprintf("free space begins at %d", le.Uint32(c.chunk[48:])))
	}
}

// headerSum is the checksum of a chunk's header: everything of it but its flags and the checksum itself.
func headerSum(chunk []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(chunk[:120]), crc32.IEEETable, chunk[128:chunkHeaderSize])
}

// Notes are the oddities of the current chunk so far, valid until the next Reset.
func (c *ChunkReader) Notes() []Note { return c.notes }

func (c *ChunkReader) note(at int64, class error, reason string) {
	if len(c.notes) < notesLimit {
		c.notes = append(c.notes, Note{Chunk: c.index, Offset: c.base + at, Err: class, Reason: reason})
	}
}

// Next returns the next record of the chunk. The record is valid until the next call. An error other than io.EOF is a *RecordError
// about one record or one damaged place; the following call goes on behind it.
func (c *ChunkReader) Next() (*Record, error) {
	for c.pos+4 <= c.limit && le.Uint32(c.chunk[c.pos:]) != 0 {
		if r, err := c.read(); r != nil || err != nil {
			return r, err
		}
	}
	c.tail, c.pos = min(c.tail, c.pos), c.limit
	return nil, io.EOF
}

// read reads the record that begins here; nil without an error for one that is not wanted.
func (c *ChunkReader) read() (*Record, error) {
	at := c.pos
	size := c.frame(at)
	if size == 0 {
		return nil, c.resync(at)
	}
	c.pos = at + size
	known := false                                          // the event id shows before the record is parsed
	sound := le.Uint32(c.chunk[at+size-4:]) == uint32(size) // else the size may swallow records that are wanted
	if c.Want != nil && sound {
		var id uint32
		if id, known = c.peekEventID(at+recordHeaderSize, at+size-4); known && !c.Want(c.peek(at, id)) {
			return nil, nil
		}
	}
	r := &c.rec
	r.id, r.written = le.Uint64(c.chunk[at+8:]), le.Uint64(c.chunk[at+16:])
	r.pos, r.size, r.recovered = at, size, c.carving
	if !sound {
		if c.torn(at, size) {
			return nil, c.fail(at, r.id, faultTorn)
		}
		c.sizesDiffer(at, size)
	}
	if f := r.parse(); f != nil {
		return nil, c.fail(at, r.id, f)
	}
	if c.Want != nil && !known && !c.Want(c.peek(at, r.EventID())) {
		return nil, nil
	}
	return r, nil
}

// frame is the size of the record at p, 0 when no record can stand there.
func (c *ChunkReader) frame(p int) int {
	if p+minRecordSize > c.limit || le.Uint32(c.chunk[p:]) != le.Uint32(recordMagic) {
		return 0
	}
	size := int64(le.Uint32(c.chunk[p+4:]))
	if size < minRecordSize || int64(p)+size > int64(c.limit) {
		return 0
	}
	return int(size)
}

// torn reports a record whose last disk sector never reached the disk: its header is good, its values are zeros that look like an
// event of id 0.
func (c *ChunkReader) torn(at, size int) bool {
	const sector = 512
	last := (at + size - 4) &^ (sector - 1)
	return last > at && isZero(c.chunk[last:at+size])
}

// sizesDiffer handles a record whose size and its copy at the end differ. When a whole record begins inside it the size is the wrong
// one, and reading goes on there.
func (c *ChunkReader) sizesDiffer(at, size int) {
	c.note(int64(at), ErrRecord, fmt.Sprintf("size %d, its copy says %d", size, le.Uint32(c.chunk[at+size-4:])))
	if inner := c.seek(at+minRecordSize, at+size); inner > 0 {
		c.pos = inner
		c.rec.size = inner - at
	}
}

// seek finds the first whole record, one whose size has an equal copy at its end, that begins within [from, to). 0 means none.
func (c *ChunkReader) seek(from, to int) int {
	for from < to {
		i := bytes.Index(c.chunk[from:to], recordMagic)
		if i < 0 {
			return 0
		}
		from += i
		if n := c.frame(from); n > 0 && le.Uint32(c.chunk[from+n-4:]) == uint32(n) {
			return from
		}
		from++
	}
	return 0
}

// resync reports the damage at p and moves on to the next whole record.
func (c *ChunkReader) resync(p int) error {
	f := &fault{ErrRecord, "no record where one should begin"}
	var id uint64
	if p+minRecordSize <= c.limit && bytes.HasPrefix(c.chunk[p:], recordMagic) {
		id = le.Uint64(c.chunk[p+8:])
		f.reason = fmt.Sprintf("impossible record size %d", le.Uint32(c.chunk[p+4:]))
	}
	if c.size < ChunkSize && c.limit == c.size {
		f.class = ErrTruncated
	}
	c.pos = c.limit
	if next := c.seek(p+1, c.limit); next > 0 {
		c.pos = next
	}
	return c.fail(p, id, f)
}

func (c *ChunkReader) fail(at int, id uint64, f *fault) error {
	return &RecordError{Chunk: c.index, Offset: c.base + int64(at), RecordID: id, Reason: f.reason, Err: f.class}
}

package evtx

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
)

const (
	seenLimit    = 1 << 20 // recovered records remembered to drop their copies
	lookupsLimit = 8       // chunks read again to see whether one candidate is a copy
	searchWindow = 1 << 20
)

// identity tells records apart: ids begin anew when a log is cleared.
type identity struct{ id, written uint64 }

// span is the range of ids that the records of a chunk have.
type span struct {
	offset      int64
	end         int // of the live records
	first, last uint64
}

// recovery carves records that no reader of the log sees any more: in the slack of chunks, in blocks whose chunk header is damaged, and in
// chunks that stand where none belongs. Copies of records that are read anyway, or were recovered before, are dropped. Carving needs the
// templates of the chunk, so that a record is found only within what is left of its chunk.
type recovery struct {
	f     *File
	cr    *ChunkReader
	spans []span
	seen  map[identity]bool
	yield func(*Record, error) bool
	stop  bool

	block  []byte
	probe  []byte // the chunk that was looked at last for copies
	probed int64
}

// Recovered yields the records that Recover adds, in file order; all of them answer Recovered with true.
func (f *File) Recovered() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		f.recovered(func(r *Record, _ error) bool { return yield(r) })
	}
}

func (f *File) recovered(yield func(*Record, error) bool) {
	rc := &recovery{f: f, cr: NewChunkReader(f.o.Templates, f.o.ANSI), seen: map[identity]bool{}, yield: yield,
		block: make([]byte, ChunkSize), probe: make([]byte, ChunkSize), probed: -1}
	rc.index()
	gap := int64(0) // where the bytes begin that no chunk has claimed
	if f.start > 0 && f.start < f.size {
		gap = f.start
	}
	for i := 0; i < f.NumChunks() && !rc.stop; i++ {
		off := f.start + int64(i)*ChunkSize
		block := rc.read(rc.block, off)
		if !IsChunk(block) {
			continue
		}
		rc.gap(gap, off)
		gap = off + ChunkSize
		block = rc.read(rc.block, off) // gap has used the buffer
		if rc.stop || rc.cr.Reset(block, off, i) != nil {
			continue
		}
		rc.drain(false)
	}
	rc.gap(gap, f.size)
}

// read reads up to a buffer's length at off. What cannot be read is not there: the normal walk has reported it.
func (rc *recovery) read(buf []byte, off int64) []byte {
	n, _ := rc.f.r.ReadAt(buf[:max(0, min(int64(len(buf)), rc.f.size-off))], off)
	return buf[:n]
}

// index notes which ids the records of each chunk have, by their headers alone.
func (rc *recovery) index() {
	for c, err := range rc.f.Chunks() {
		if err != nil || rc.cr.Reset(c.Data, c.Offset, c.Index) != nil {
			continue
		}
		if s := rc.span(); s.first <= s.last {
			rc.spans = append(rc.spans, s)
		}
	}
	slices.SortStableFunc(rc.spans, func(a, b span) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
}

// span looks at the record headers of the reader's chunk.
func (rc *recovery) span() span {
	cr := rc.cr
	s := span{cr.base, chunkHeaderSize, 1<<64 - 1, 0}
	for p := chunkHeaderSize; p+4 <= cr.limit && le.Uint32(cr.chunk[p:]) != 0; {
		n := cr.frame(p)
		if n == 0 {
			if p = cr.seek(p+1, cr.limit); p == 0 {
				break
			}
			continue
		}
		id := le.Uint64(cr.chunk[p+8:])
		s.first, s.last = min(s.first, id), max(s.last, id)
		p += n
		s.end = p
	}
	return s
}

// live reports whether the file holds x as a record that everybody reads. Spans are few and hardly overlap, unless someone made them to.
func (rc *recovery) live(x identity) bool {
	from, _ := slices.BinarySearchFunc(rc.spans, x.id, func(s span, id uint64) int {
		if s.first <= id {
			return -1
		}
		return 1
	})
	for i := from - 1; i >= 0 && i >= from-lookupsLimit; i-- {
		s := rc.spans[i]
		if x.id > s.last {
			continue
		}
		if rc.probed != s.offset {
			rc.probe = rc.read(rc.probe[:ChunkSize], s.offset)
			rc.probed = s.offset
		}
		if holds(rc.probe[:min(s.end, len(rc.probe))], x) {
			return true
		}
	}
	return false
}

// holds reports whether b has the header of record x.
func holds(b []byte, x identity) bool {
	head := le.AppendUint64(le.AppendUint64(nil, x.id), x.written)
	for {
		i := bytes.Index(b, head)
		if i < 0 {
			return false
		}
		if i >= 8 && bytes.Equal(b[i-8:i-4], recordMagic) {
			return true
		}
		b = b[i+1:]
	}
}

// emit yields the reader's record unless it is a copy.
func (rc *recovery) emit(r *Record) {
	x := identity{r.id, r.written}
	if want := rc.f.o.Want; want != nil && !want(rc.cr.peek(r.pos, r.EventID())) {
		return
	}
	if rc.seen[x] || rc.live(x) {
		return
	}
	if len(rc.seen) < seenLimit {
		rc.seen[x] = true
	}
	r.recovered = true
	rc.stop = !rc.yield(r, nil)
}

// drain goes through the chunk that the reader was reset to: first its live records, which are recovered ones when the chunk itself is
// stray, then what lies behind them. It returns where the last record ended.
func (rc *recovery) drain(stray bool) (end int) {
	cr := rc.cr
	for !rc.stop {
		r, err := cr.Next()
		if r == nil && cr.pos >= cr.limit {
			break
		}
		if err == nil {
			end = cr.pos
			if stray {
				rc.emit(r)
			}
		}
	}
	return max(end, rc.carve(cr.tail))
}

// carve looks for whole records from p of the reader's chunk on. A frame whose content cannot be read is passed over.
func (rc *recovery) carve(p int) (end int) {
	cr, bad := rc.cr, 0
	cr.limit, cr.carving = ChunkSize, true
	for !rc.stop {
		if p = cr.seek(p, ChunkSize); p == 0 {
			break
		}
		cr.pos = p
		if r, err := cr.Next(); err != nil {
			bad++
			p += minRecordSize
			continue
		} else {
			rc.emit(r)
		}
		p, end = cr.pos, cr.pos
	}
	if bad > 0 {
		rc.f.note(Note{cr.index, cr.base, fmt.Sprintf("%d records in slack cannot be read", bad), ErrRecord})
	}
	return end
}

// gap searches the bytes [from, to) that no chunk of the file claims: for chunks at any offset, and for records in what lies between.
func (rc *recovery) gap(from, to int64) {
	for !rc.stop && from < to {
		at := rc.find(from, to)
		rc.blocks(from, at)
		if at == to || rc.stop {
			return
		}
		data := rc.read(rc.block, at)
		end := chunkHeaderSize // the least step, so that a blob of nothing but magics costs what a file of its size does
		if rc.cr.Reset(data[:min(int64(len(data)), to-at)], at, -1) == nil {
			end = max(end, rc.drain(true))
		}
		from = at + int64(end)
	}
}

// blocks carves the 64 KiB blocks that begin in [from, to) where a chunk of the file would, each taken for a chunk whose header is lost.
func (rc *recovery) blocks(from, to int64) {
	start := rc.f.start
	if start >= rc.f.size {
		start = 0
	}
	for b := start + (from-start+ChunkSize-1)/ChunkSize*ChunkSize; b < to && !rc.stop; b += ChunkSize {
		data := rc.read(rc.block, b)
		data = data[:min(int64(len(data)), to-b)]
		if !isZero(data) && rc.cr.begin(data, b, -1) {
			rc.carve(chunkHeaderSize)
		}
	}
}

// find is the offset of the first chunk magic in [from, to), or to.
func (rc *recovery) find(from, to int64) int64 {
	window := make([]byte, min(searchWindow, max(0, to-from)))
	for from < to {
		b := rc.read(window, from)
		b = b[:min(int64(len(b)), to-from)]
		if i := bytes.Index(b, chunkMagic); i >= 0 {
			return from + int64(i)
		}
		if len(b) < len(window) || len(b) < len(chunkMagic) || from+int64(len(b)) >= to {
			return to
		}
		from += int64(len(b) - len(chunkMagic) + 1)
	}
	return to
}

// holdsChunk reports whether a chunk begins anywhere in the file.
func (f *File) holdsChunk() bool {
	rc := &recovery{f: f}
	return rc.find(0, f.size) < f.size
}

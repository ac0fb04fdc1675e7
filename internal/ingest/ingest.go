// Package ingest reads evidence files into records, one format a file.
//
// Invariants: a format is known by content, never by name; a record states what the evidence states, nothing renamed; a bad
// record costs that record and is told with its position; what was read depends on the evidence alone, not on threads. Readers
// are bounded and survive any input. The package does not know what a record means.
package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"reeve"
	"reeve/internal/evidence"
)

// Options of a reading.
type Options struct {
	Threads  int            // workers; at least one
	Zone     *time.Location // of times stated without an offset; nil is UTC
	Recover  bool           // carve records out of slack and damaged files
	Hash     bool           // compute the files' SHA-256
	Progress func(Progress) // called from several goroutines
	Only     func(name string) bool
	// Where tells which stretches of a file a reading needs, in bytes from and to; nil reads all. What it leaves out is not
	// looked at, and checksums, which the first reading told, are not computed again.
	Where func(name string, from, to int64) bool
	// EventID tells which records a reading needs by their event id, called from several goroutines; nil reads all. EVTX records that it
	// leaves out are not decoded, and what is wrong inside them is not told.
	EventID func(id uint32) bool
}

// Progress of a reading, in files and bytes.
type Progress struct {
	Files, FilesDone int
	Bytes, BytesDone int64
}

// Sink takes the records of one worker; it is never called from two goroutines at once.
type Sink interface {
	Record(reeve.Record)
	Lost(reeve.ReadError)
}

// Place is a part of the evidence that one worker reads at a stretch: the number of its file, in order of names, and of the part within
// the file, in order of positions. Every file has a last part, though there be nothing in it.
type Place struct {
	File, Part int
	Last       bool // of its file
}

// PartSink is a Sink that is told where what it takes stands. Between Begin and End it is called for that part alone. Parts are begun in
// order, except that a file may be begun before all of one before it is; a worker that waits in End for its turn to come does not
// wait for ever.
type PartSink interface {
	Sink
	Begin(Place)
	End(Place)
}

// format is one way in which records are written down.
type format struct {
	name  string
	sniff func(s *sample) bool
	// split cuts a file into parts that can be read apart; nil reads it as one.
	split func(h evidence.Content) []part
	// near is the part that holds a cited record; nil reads all of the file for it.
	near func(h evidence.Content, r reeve.Ref) part
	// read reads one part with the state of one worker.
	read func(w *worker, f *file, p part)
}

// part is a stretch of a file, in bytes.
type part struct {
	from, to int64
	line     int  // of text formats: the line it begins with, 0 for the first
	list     bool // what is read is a list within an object, and ends with it
	last     bool // what is to be done once for a file is done with this one
	hash     bool // nothing is read: the file's digest is computed
}

// sample is the beginning of a file, by which its format is known.
type sample struct {
	raw   []byte
	text  []byte // raw as UTF-8; nil when it is no text
	whole bool   // it is all of the file
}

// formats in the order in which they are tried; the first that knows the content reads it.
func formats() []format { return []format{evtxFormat, xmlFormat, jsonFormat, csvFormat} }

// sniffed is how much of a file is looked at to know its format.
const sniffed = 64 << 10

// maxErrors is how many losses of a file are listed; more are counted.
const maxErrors = 100

// file is one file being read, shared by the workers that read its parts.
type file struct {
	number int
	ev     *evidence.File
	handle evidence.Content
	format *format
	opt    *Options
	shared *shared
	refs   []reeve.Ref // when not nil, only these records are asked for

	mu   sync.Mutex
	out  reeve.File
	open int // parts not yet read
}

// worker is the state of one goroutine: its sink, and what each format keeps between files.
type worker struct {
	sink   Sink
	opt    *Options
	shared *shared
	evtx   *evtxWorker
	text   *textWorker
	names  names
	ctx    context.Context
	busy   bool // within the sink, whose failures are not the reader's
}

// deliver hands a record to the sink, if it is wanted.
func (w *worker) deliver(r reeve.Record) (wanted bool) {
	if w.opt.EventID != nil && !w.opt.EventID(r.Head().EventID) {
		return false
	}
	w.busy = true
	w.sink.Record(r)
	w.busy = false
	return true
}

// shared is what all workers of a reading share.
type shared struct {
	evtx   evtxShared
	shapes shapes
}

// Scan reads every record once, in parallel, and accounts for every file, in order of names. The error is that of ctx.
func Scan(ctx context.Context, set *evidence.Set, opt Options, sink func(worker int) Sink) ([]reeve.File, error) {
	return scan(ctx, set, opt, nil, sink)
}

// scan reads every record, or near the cited ones only.
func scan(ctx context.Context, set *evidence.Set, opt Options, refs map[string][]reeve.Ref, sink func(worker int) Sink) ([]reeve.File, error) {
	s := &scanner{opt: opt, ctx: ctx}
	s.change.L = &s.mu
	for _, ev := range set.Files() {
		if opt.Only == nil || opt.Only(ev.Name) {
			s.files = append(s.files, &file{number: len(s.files), ev: ev, refs: refs[ev.Name], opt: &s.opt, shared: &s.shared, out: reeve.File{Path: ev.Name, Size: ev.Size}})
			s.progress.Bytes += ev.Size
		}
	}
	s.progress.Files = len(s.files)
	var wg sync.WaitGroup
	for i := range max(opt.Threads, 1) {
		w := &worker{sink: sink(i), opt: &s.opt, shared: &s.shared, ctx: ctx}
		wg.Go(func() { s.work(w) })
	}
	wg.Wait()
	out := make([]reeve.File, 0, len(s.files))
	for _, f := range s.files {
		slices.SortStableFunc(f.out.Errors, byPosition)
		if n := len(f.out.Errors); n > maxErrors {
			f.out.Errors = f.out.Errors[:maxErrors]
			f.out.MoreErrors += n - maxErrors
		}
		out = append(out, f.out)
	}
	return out, ctx.Err()
}

func byPosition(a, b reeve.ReadError) int {
	return cmp.Or(a.Ref.Compare(b.Ref), strings.Compare(a.Err.Error(), b.Err.Error()))
}

// scanner hands out work. A worker takes the part of a file that is open before it opens another file, so that no more files
// are open than there are workers.
type scanner struct {
	opt    Options
	ctx    context.Context
	files  []*file
	shared shared

	mu       sync.Mutex
	change   sync.Cond
	parts    []task
	next     int // of files, to be opened
	opening  int
	progress Progress
}

// task is a part of a file to read.
type task struct {
	f     *file
	p     part
	place Place
}

func (t task) compare(u task) int {
	return cmp.Or(cmp.Compare(t.place.File, u.place.File), cmp.Compare(t.place.Part, u.place.Part))
}

func (s *scanner) work(w *worker) {
	for {
		t, f, ok := s.take()
		switch {
		case !ok:
			return
		case f != nil:
			s.begin(w, f)
		default:
			s.tell(w, t.place, func() {
				if s.ctx.Err() == nil {
					s.run(w, t)
				}
			})
			s.done(w, t)
		}
	}
}

// tell calls read between the sink's Begin and End.
func (s *scanner) tell(w *worker, p Place, read func()) {
	sink, ok := w.sink.(PartSink)
	if ok {
		sink.Begin(p)
	}
	read()
	if ok {
		sink.End(p)
	}
}

// take waits for a part to read or a file to open; ok is false when nothing is left.
func (s *scanner) take() (t task, f *file, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case len(s.parts) > 0:
			t, s.parts = s.parts[0], s.parts[1:]
			return t, nil, true
		case s.next < len(s.files) && s.ctx.Err() == nil:
			f = s.files[s.next]
			s.next++
			s.opening++
			return t, f, true
		case s.opening == 0:
			return t, nil, false
		}
		s.change.Wait()
	}
}

// begin opens a file and queues its parts.
func (s *scanner) begin(w *worker, f *file) {
	parts := s.parted(w, f)
	if f.opt.Hash && f.handle != nil {
		parts = append([]part{{hash: true}}, parts...) // first, because it is the longest
	}
	f.open = len(parts)
	if len(parts) == 0 {
		f.close(w)
		s.advance(f.ev.Size, true)
	}
	s.mu.Lock()
	for i, p := range parts {
		s.parts = append(s.parts, task{f, p, Place{f.number, i, i == len(parts)-1}})
	}
	slices.SortStableFunc(s.parts, task.compare) // a file that was opened later may be ahead
	s.opening--
	s.change.Broadcast()
	s.mu.Unlock()
	if len(parts) == 0 {
		s.tell(w, Place{File: f.number, Last: true}, func() {})
	}
}

// parted is file.begin, which looks at hostile content too.
func (s *scanner) parted(w *worker, f *file) (parts []part) {
	defer func() {
		if r := recover(); r != nil {
			parts = nil
			w.lose(f, failure(f, 0, r))
		}
	}()
	return f.begin(w)
}

// begin opens a file and cuts it into parts; none when there is nothing to read.
func (f *file) begin(w *worker) []part {
	h, err := f.ev.Open()
	if err != nil {
		w.lose(f, reeve.ReadError{Ref: reeve.Ref{File: f.ev.Name}, Err: err})
		f.out.Says = unopened(err)
		return nil
	}
	f.handle, f.out.Size = h, h.Size()
	s := sample{raw: make([]byte, min(sniffed, h.Size()))}
	n, err := h.ReadAt(s.raw, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		w.lose(f, reeve.ReadError{Ref: reeve.Ref{File: f.ev.Name}, Err: fmt.Errorf("%w: %w", reeve.ErrAccess, err)})
	}
	s.raw = s.raw[:n]
	s.whole, s.text = int64(n) == h.Size(), plainText(s.raw)
	if bytes.IndexByte(s.text[:min(len(s.text), 512)], 0) >= 0 {
		s.text = nil
	}
	for _, x := range formats() {
		if !x.sniff(&s) {
			continue
		}
		f.format, f.out.Format = &x, x.name
		if parts := f.cited(); parts != nil {
			return parts
		}
		if x.split == nil {
			return []part{{from: 0, to: h.Size(), last: true}}
		}
		return x.split(h)
	}
	if f.opt.Recover && holdsChunk(h) {
		f.format, f.out.Format = &evtxFormat, evtxFormat.name
		return []part{{from: h.Size(), to: h.Size(), last: true}}
	}
	f.out.Says = whatIs(&s)
	return nil
}

// unopened says in a word why a file was not opened; its error says more.
func unopened(err error) string {
	switch {
	case errors.Is(err, reeve.ErrFormat):
		return "not read"
	case errors.Is(err, reeve.ErrDamaged):
		return "damaged"
	case errors.Is(err, reeve.ErrLimit):
		return "beyond a limit"
	}
	return "cannot be opened"
}

// run reads a part; a reader that fails unexpectedly costs the rest of the part and nothing else.
func (s *scanner) run(w *worker, t task) {
	defer func() {
		if r := recover(); r != nil {
			if w.busy {
				panic(r)
			}
			w.evtx, w.text = nil, nil
			w.lose(t.f, failure(t.f, t.p.from, r))
		}
	}()
	if !t.p.hash {
		if t.p.last || t.f.wanted(t.p.from, t.p.to) {
			t.f.format.read(w, t.f, t.p)
		}
		return
	}
	sum, err := t.f.ev.SHA256(s.ctx)
	if err != nil {
		w.lose(t.f, reeve.ReadError{Ref: reeve.Ref{File: t.f.ev.Name}, Err: fmt.Errorf("%w: %w", reeve.ErrAccess, err)})
	}
	t.f.mu.Lock()
	t.f.out.SHA256 = sum
	t.f.mu.Unlock()
}

func failure(f *file, at int64, r any) reeve.ReadError {
	return reeve.ReadError{Ref: reeve.Ref{File: f.ev.Name, Offset: at}, Err: fmt.Errorf("%w: the reader failed: %v (%s)", reeve.ErrRecord, r, where())}
}

// where names the place of a failure without the paths of the machine that built the program.
func where() string {
	for line := range strings.Lines(string(debug.Stack())) {
		if i := strings.LastIndex(line, "/internal/ingest/"); i >= 0 && !strings.Contains(line, "ingest.go:") {
			return strings.TrimSpace(line[i+len("/internal/ingest/"):])
		}
	}
	return "unknown place"
}

func (s *scanner) done(w *worker, t task) {
	t.f.mu.Lock()
	t.f.open--
	last := t.f.open == 0
	t.f.mu.Unlock()
	if last {
		t.f.close(w)
	}
	s.advance(t.p.to-t.p.from, last)
}

func (s *scanner) advance(bytes int64, file bool) {
	s.mu.Lock()
	s.progress.BytesDone += bytes
	if file {
		s.progress.FilesDone++
	}
	p := s.progress
	s.mu.Unlock()
	if s.opt.Progress != nil {
		s.opt.Progress(p)
	}
}

// close tells what the container says of the content, and lets go of it.
func (f *file) close(w *worker) {
	if f.handle == nil {
		return
	}
	if err := f.handle.Damage(); err != nil {
		w.lose(f, reeve.ReadError{Ref: reeve.Ref{File: f.ev.Name, Offset: f.handle.Size()}, Err: err})
	}
	f.handle.Close()
}

// wanted tells whether the reading asks for a stretch of the file.
func (f *file) wanted(from, to int64) bool {
	return f.opt.Where == nil || f.opt.Where(f.ev.Name, from, to)
}

// count notes records that were read.
func (f *file) count(n int) {
	f.mu.Lock()
	f.out.Records += n
	f.mu.Unlock()
}

// lose notes a loss; the first ones by position are kept.
func (f *file) lose(e reeve.ReadError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.out.Errors = append(f.out.Errors, e)
	if n := len(f.out.Errors); n >= 16*maxErrors {
		slices.SortStableFunc(f.out.Errors, byPosition)
		f.out.Errors = f.out.Errors[:maxErrors]
		f.out.MoreErrors += n - maxErrors
	}
}

// lose tells a loss to the file's account and to the sink.
func (w *worker) lose(f *file, e reeve.ReadError) {
	f.lose(e)
	w.sink.Lost(e)
}

package evtx

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// manyChunks is a file of n chunks with five records each.
func manyChunks(t testing.TB, n int) []byte {
	var events []*Event
	for i := range 5 * n {
		e := processEvent()
		e.ProcessID = uint32(i)
		events = append(events, e)
	}
	return encode(t, WriterOptions{RecordsPerChunk: 5}, events...)
}

func TestEachSeesEveryRecordOnceAndInOrderWithinARange(t *testing.T) {
	const chunks = 70
	f := open(t, manyChunks(t, chunks), Options{Workers: 4})
	var mu sync.Mutex
	seen := map[uint64]int{}
	lastOf := map[int]map[int]uint64{}
	err := f.Each(context.Background(), func(worker int, r *Record, err error) error {
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		seen[r.ID()]++
		part := r.Chunk() / rangeChunks
		if lastOf[part] == nil {
			lastOf[part] = map[int]uint64{}
		}
		if len(lastOf[part]) > 0 && lastOf[part][worker] >= r.ID() {
			t.Errorf("range %d: worker %d has record %d behind %d, or another worker was there", part, worker, r.ID(), lastOf[part][worker])
		}
		lastOf[part][worker] = r.ID()
		return nil
	})
	if err != nil || len(seen) != 5*chunks {
		t.Fatalf("error %v, %d records of %d", err, len(seen), 5*chunks)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("record %d comes %d times", id, n)
		}
	}
}

func TestEachStopsAtAnErrorAndWhenItsContextEnds(t *testing.T) {
	f := open(t, manyChunks(t, 40), Options{Workers: 2})
	enough := errors.New("enough")
	if err := f.Each(context.Background(), func(int, *Record, error) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v, want the function's own", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	called := false
	if err := f.Each(ctx, func(int, *Record, error) error { called = true; return nil }); !errors.Is(err, context.Canceled) || called {
		t.Errorf("error %v, called %v", err, called)
	}
}

func TestRecordsStopsWhenTheCallerDoes(t *testing.T) {
	n := 0
	for range open(t, manyChunks(t, 3), Options{}).Records() {
		if n++; n == 7 {
			break
		}
	}
	if n != 7 {
		t.Errorf("%d records", n)
	}
}

func TestNotesComeOnceHoweverOftenAFileIsRead(t *testing.T) {
	b := craftFile(patched(three(1), func(b []byte) { b[52] ^= 1 }), patched(three(4), func(b []byte) { b[52] ^= 1 }))
	sealHeader(b)
	f := open(t, b, Options{Workers: 2})
	want := []Note{}
	for range 2 {
		readAll(t, f)
		got := f.Notes()
		if len(want) == 0 {
			want = got
		}
		// The chunks' headers are sealed too: each chunk has a wrong data checksum and a wrong header checksum.
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" || len(got) != 4 {
			t.Errorf("%d notes (-first +then):\n%s", len(got), diff)
		}
	}
	quiet := open(t, b, Options{NoVerify: true})
	readAll(t, quiet)
	if n := quiet.Notes(); len(n) != 0 {
		t.Errorf("checksums were left alone, yet %v", n)
	}
}

// brokenReader fails behind some offset.
type brokenReader struct {
	b     []byte
	after int64
}

func (r brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) <= r.after {
		return copy(p, r.b[off:]), nil
	}
	n := max(0, min(int64(len(p)), r.after-off))
	return copy(p[:n], r.b[min(off, int64(len(r.b))):]), io.ErrUnexpectedEOF
}

func TestAReadErrorEndsTheWalkAndIsReported(t *testing.T) {
	b := manyChunks(t, 3)
	f, err := Open(brokenReader{b, fileHeaderSize + ChunkSize + 100}, int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	events, errs := readAll(t, f)
	if len(events) != 5 || len(errs) != 1 || !errors.Is(errs[0], io.ErrUnexpectedEOF) {
		t.Errorf("%d events, errors %v", len(events), errs)
	}
	if _, err := Open(brokenReader{b, 10}, int64(len(b)), Options{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Open: %v", err)
	}
}

func TestAFileThatShrankWhileItIsReadIsTruncated(t *testing.T) {
	b := manyChunks(t, 2)
	f, err := Open(bytes.NewReader(b), int64(len(b)+ChunkSize), Options{})
	if err != nil {
		t.Fatal(err)
	}
	events, errs := readAll(t, f)
	if len(events) != 10 || len(errs) != 1 || !errors.Is(errs[0], ErrTruncated) {
		t.Errorf("%d events, errors %v", len(events), errs)
	}
}

func TestChunksAreForCallersWithTheirOwnWorkers(t *testing.T) {
	f := open(t, manyChunks(t, 20), Options{})
	c := NewChunkReader(nil, nil)
	n := 0
	for chunk, err := range f.Chunks() {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Reset(chunk.Data, chunk.Offset, chunk.Index); err != nil {
			t.Fatal(err)
		}
		for {
			r, err := c.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
			if int(r.ID()) != n || r.Chunk() != chunk.Index || r.Offset() < chunk.Offset || r.Size() < minRecordSize {
				t.Errorf("record %d: id %d, chunk %d, offset %d", n, r.ID(), r.Chunk(), r.Offset())
			}
		}
	}
	if n != 100 || f.NumChunks() != 20 {
		t.Errorf("%d records in %d chunks", n, f.NumChunks())
	}
	if err := c.Reset(make([]byte, ChunkSize), 0, 0); !errors.Is(err, ErrChunk) {
		t.Errorf("zeros: %v", err)
	}
	if _, err := c.Next(); err != io.EOF {
		t.Errorf("Next behind a failed Reset: %v", err)
	}
}

func TestManyReadersShareTemplates(t *testing.T) {
	b := manyChunks(t, 4)
	shared := &Templates{}
	var wg sync.WaitGroup
	layouts := make([]*Layout, 8)
	for i := range layouts {
		wg.Go(func() {
			for r, err := range open(t, b, Options{Templates: shared}).Records() {
				if err == nil {
					layouts[i] = r.Layout()
				}
			}
		})
	}
	wg.Wait()
	for _, l := range layouts {
		if l == nil || l != layouts[0] {
			t.Fatalf("layouts %p", layouts)
		}
	}
}

func TestTheCacheStartsAnewAtItsLimitAndReadingGoesOn(t *testing.T) {
	b := encode(t, WriterOptions{RecordsPerChunk: 1}, processEvent(), userDataEvent(), processEvent())
	shared := &Templates{}
	f := open(t, b, Options{Templates: shared})
	i := 0
	for r, err := range f.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if want := []uint32{1, 1102, 1}[i]; r.EventID() != want {
			t.Errorf("record %d is event %d", i, r.EventID())
		}
		i++
		shared.mu.Lock()
		shared.cost = templatesLimit // the next definition is one too many
		shared.mu.Unlock()
	}
	if i != 3 || shared.epoch.Load() < 2 {
		t.Errorf("%d records, the cache started %d times", i, shared.epoch.Load())
	}
}

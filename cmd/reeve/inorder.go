package main

import (
	"io"
	"sync"

	"reeve/internal/ingest"
)

const (
	heldLimit = 64 << 20 // bytes of parts that wait for their turn
	partFull  = 64 << 10 // bytes of the part whose turn it is that are worth a write
)

// inOrder writes what several workers print in the order of the evidence, so that the same evidence gives the same bytes whatever the
// number of threads. The part whose turn it is goes straight to the writer, others wait in memory, and when that is used up their
// workers wait.
type inOrder struct {
	w   io.Writer
	err error // the first of the writer; all that would follow is dropped

	mu     sync.Mutex
	change sync.Cond
	next   ingest.Place // whose turn it is; Last does not count
	done   map[ingest.Place]heldPart
	held   int      // bytes
	spare  [][]byte // buffers of parts that were written
}

// heldPart is a finished part that waits for its turn.
type heldPart struct {
	text []byte
	last bool
}

func newInOrder(w io.Writer) *inOrder {
	o := &inOrder{w: w, done: map[ingest.Place]heldPart{}}
	o.change.L = &o.mu
	return o
}

// partWriter is one worker's way into an inOrder.
type partWriter struct {
	o    *inOrder
	at   ingest.Place
	text []byte
}

// begin starts a part.
func (p *partWriter) begin(at ingest.Place) {
	at.Last = false
	p.at = at
}

// full passes on what was printed of the part so far, when it is much and its turn has come, or has to be waited for.
func (p *partWriter) full() {
	if len(p.text) < partFull {
		return
	}
	o := p.o
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.next != p.at {
		if o.held+len(p.text) < heldLimit {
			return
		}
		o.change.Wait()
	}
	p.text = o.write(p.text)
}

// end finishes the part.
func (p *partWriter) end(last bool) {
	o := p.o
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.next != p.at && o.held+len(p.text) >= heldLimit {
		o.change.Wait()
	}
	if o.next != p.at {
		o.done[p.at] = heldPart{p.text, last}
		o.held += len(p.text)
		p.text = nil
		if n := len(o.spare); n > 0 {
			p.text, o.spare = o.spare[n-1], o.spare[:n-1]
		}
		return
	}
	p.text = o.write(p.text)
	o.advance(last)
	for h, ok := o.done[o.next]; ok; h, ok = o.done[o.next] {
		delete(o.done, o.next)
		o.held -= len(h.text)
		o.spare = append(o.spare, o.write(h.text))
		o.advance(h.last)
	}
	o.change.Broadcast()
}

// write writes and returns the buffer, empty. The caller holds mu.
func (o *inOrder) write(text []byte) []byte {
	if o.err == nil && len(text) > 0 {
		_, o.err = o.w.Write(text)
	}
	return text[:0]
}

func (o *inOrder) advance(last bool) {
	if o.next.Part++; last {
		o.next = ingest.Place{File: o.next.File + 1}
	}
}

package evtx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"reeve/evtx"
)

// damaged is a log of five chunks with a record each; only the first can be read.
func damaged() *bytes.Reader {
	log := written(evtx.WriterOptions{RecordsPerChunk: 1}, &evtx.Event{}, &evtx.Event{}, &evtx.Event{}, &evtx.Event{}, &evtx.Event{})
	b, err := io.ReadAll(log)
	if err != nil {
		panic(err)
	}
	chunk := func(i int) []byte { return b[4096+i*evtx.ChunkSize:] }
	b[120] = 1           // the file was not closed
	chunk(1)[0] = 'X'    // magic of the chunk
	chunk(2)[512+7] = 1  // size of the record
	chunk(3)[512+34] = 9 // place of its template
	return bytes.NewReader(b[:len(b)-len(chunk(4))+600])
}

// An error says what was lost: its class by errors.Is, its place by errors.As.
func ExampleRecordError() {
	log := damaged()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		var lost *evtx.RecordError
		switch {
		case err == nil:
			fmt.Println("record", r.ID())
		case !errors.As(err, &lost):
			panic(err) // the disk, not the log
		case errors.Is(err, evtx.ErrChunk):
			fmt.Println("a whole chunk at", lost.Offset)
		case errors.Is(err, evtx.ErrTruncated):
			fmt.Println("the file ends within record", lost.RecordID)
		case errors.Is(err, evtx.ErrRecord), errors.Is(err, evtx.ErrTemplate), errors.Is(err, evtx.ErrLimit):
			fmt.Printf("record %d of chunk %d: %v: %s\n", lost.RecordID, lost.Chunk, lost.Err, lost.Reason)
		}
	}
	// Output:
	// record 1
	// a whole chunk at 69632
	// record 3 of chunk 2: malformed record: impossible record size 16778632
	// record 4 of chunk 3: template cannot be read: template definition is missing or malformed
	// the file ends within record 5
}

// Notes are what is odd about a file and cost no record. They grow as the file is read.
func ExampleNote() {
	log := damaged()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(f.Notes())
	for range f.Records() {
	}
	for _, n := range f.Notes() {
		switch n.Err {
		case evtx.ErrHeader, evtx.ErrTruncated:
			fmt.Printf("chunk %d, offset %d: %s\n", n.Chunk, n.Offset, n.Reason)
		case evtx.ErrChecksum:
			fmt.Println("chunk", n.Chunk, "is not as it was written")
		}
	}
	// Output:
	// [chunk -1, offset 120: file header does not describe the file: file was not closed]
	// chunk -1, offset 120: file was not closed
	// chunk 2 is not as it was written
	// chunk 3 is not as it was written
	// chunk 4, offset 266840: chunk ends after 600 bytes
}

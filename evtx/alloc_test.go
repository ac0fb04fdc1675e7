package evtx

import (
	"io"
	"testing"
)

// viewAllocations fails when going over a file once more, every value rendered, allocates.
func viewAllocations(t *testing.T, name string, file []byte) {
	t.Helper()
	c := NewChunkReader(nil, nil)
	var text []byte
	damaged := false
	pass := func() {
		for off := fileHeaderSize; off+ChunkSize <= len(file); off += ChunkSize {
			if !IsChunk(file[off:]) || c.Reset(file[off:off+ChunkSize], int64(off), 0) != nil {
				continue
			}
			for {
				r, err := c.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					damaged = true // an error is a value of its own
					continue
				}
				text = text[:0]
				for i := range r.Layout().Fields() {
					text = r.Value(r.Layout().Fields()[i].Handle).AppendText(text)
				}
				if r.EventID() == 1 && r.Lookup("Image").HasSuffixFold(`\mftrace.exe`) && r.System(Computer).EqualFoldASCII("WS1.example.com") {
					text = append(text, '!')
				}
				text = r.AppendJSON(text[:0])
			}
		}
	}
	pass() // compiles layouts and grows the buffers
	if n := testing.AllocsPerRun(3, pass); n != 0 && !damaged {
		t.Errorf("%s: %v allocations a pass", name, n)
	}
}

func TestViewsAllocateNothing(t *testing.T) {
	raw := eventData(func(e *encoder) {
		data(e, "A", func(e *encoder) {
			e.text("a")
			e.u8(tokEntityRef)
			e.name("amp")
			e.text("b")
		})
	})
	viewAllocations(t, "templates", encode(t, WriterOptions{RecordsPerChunk: 3}, processEvent(), userDataEvent(), processEvent(), userDataEvent()))
	viewAllocations(t, "raw elements", craftFile(craftChunk(1, raw, raw, named("B", "1"))))
	viewAllocations(t, "ANSI", craftFile(craftChunk(1, typed(true, present(TypeANSI, []byte("caf\xe9"))))))
}

package evtx

import (
	"io"
	"os"
	"runtime"
	"testing"
)

// corpus is the file to measure with: the one that EVTX_CORPUS names, else 2 MiB of the writer's.
func corpus(b *testing.B) []byte {
	path := os.Getenv("EVTX_CORPUS")
	if path == "" {
		var events []*Event
		for range 1000 {
			events = append(events, processEvent(), userDataEvent())
		}
		return encode(b, WriterOptions{}, events...)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func benchChunks(b *testing.B, verify bool, use func(r *Record)) { benchWanted(b, nil, verify, use) }

func benchWanted(b *testing.B, want func(Peek) bool, verify bool, use func(r *Record)) {
	data := corpus(b)
	c := NewChunkReader(nil, nil)
	c.Want = want
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	records := 0
	pass := func() {
		records = 0
		for off := fileHeaderSize; off+ChunkSize <= len(data); off += ChunkSize {
			if c.Reset(data[off:off+ChunkSize], int64(off), 0) != nil {
				continue
			}
			if verify {
				c.Verify()
			}
			for {
				r, err := c.Next()
				if err == io.EOF {
					break
				}
				if err == nil {
					use(r)
					records++
				}
			}
		}
	}
	pass() // compiles the layouts
	for b.Loop() {
		pass()
	}
	if records > 0 {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
	}
}

func BenchmarkParse(b *testing.B)  { benchChunks(b, false, func(*Record) {}) }
func BenchmarkVerify(b *testing.B) { benchChunks(b, true, func(*Record) {}) }

// BenchmarkEventID learns the event id of every record and decodes none.
func BenchmarkEventID(b *testing.B) {
	var sum uint32
	want := func(p Peek) bool { sum += p.EventID; return false }
	benchWanted(b, want, false, func(*Record) {})
}

func BenchmarkFieldsToText(b *testing.B) {
	var text []byte
	benchChunks(b, false, func(r *Record) {
		text = text[:0]
		for i := range r.Layout().Fields() {
			f := &r.Layout().Fields()[i]
			if f.Section != SectionSystem {
				text = r.Value(f.Handle).AppendText(text)
			}
		}
	})
}

func BenchmarkAllFieldsToText(b *testing.B) {
	var text []byte
	benchChunks(b, false, func(r *Record) {
		text = text[:0]
		for i := range r.Layout().Fields() {
			text = r.Value(r.Layout().Fields()[i].Handle).AppendText(text)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	var text []byte
	benchChunks(b, false, func(r *Record) { text = r.AppendJSON(text[:0]) })
}

// BenchmarkEach renders all fields with as many workers as there are processors.
func BenchmarkEach(b *testing.B) {
	data := corpus(b)
	f := open(b, data, Options{NoVerify: true})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	texts := make([][]byte, runtime.GOMAXPROCS(0))
	for b.Loop() {
		if err := f.Each(b.Context(), func(worker int, r *Record, err error) error {
			if err != nil {
				return nil
			}
			text := texts[worker][:0]
			for _, f := range r.Layout().Fields() {
				if f.Section != SectionSystem {
					text = r.Value(f.Handle).AppendText(text)
				}
			}
			texts[worker] = text
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkClone keeps every record.
func BenchmarkClone(b *testing.B) {
	var last *Event
	benchChunks(b, false, func(r *Record) { last = r.Clone() })
	_ = last
}

// BenchmarkWrite counts the bytes of the file.
func BenchmarkWrite(b *testing.B) {
	e := processEvent()
	b.ReportAllocs()
	for b.Loop() {
		w := NewWriter(io.Discard, WriterOptions{})
		for range 100 {
			if err := w.Write(e); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkXML(b *testing.B) {
	var text []byte
	benchChunks(b, false, func(r *Record) { text = r.AppendXML(text[:0]) })
}

package evtx

import (
	"io"
	"os"
	"testing"
)

// corpus is a large file to measure with, named by EVTX_CORPUS; without one the chunks of the writer serve.
func corpus(b *testing.B) []byte {
	data, err := os.ReadFile(os.Getenv("EVTX_CORPUS"))
	if err != nil {
		b.Skip("EVTX_CORPUS names no file")
	}
	return data
}

func benchChunks(b *testing.B, verify bool, use func(r *Record)) {
	data := corpus(b)
	c := NewChunkReader(nil, nil)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	records := 0
	for b.Loop() {
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
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(max(1, records)), "ns/record")
}

func BenchmarkParse(b *testing.B)  { benchChunks(b, false, func(*Record) {}) }
func BenchmarkVerify(b *testing.B) { benchChunks(b, true, func(*Record) {}) }

func BenchmarkEventID(b *testing.B) {
	var sum uint32
	benchChunks(b, false, func(r *Record) { sum += r.EventID() })
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

func BenchmarkXML(b *testing.B) {
	var text []byte
	benchChunks(b, false, func(r *Record) { text = r.AppendXML(text[:0]) })
}

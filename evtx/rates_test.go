//go:build unix

package evtx

import (
	"context"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A job reads a whole file in some way.
type job struct {
	name string
	run  func(t *testing.T, f *os.File, size int64)
}

// headers walks the record headers and does nothing else: what no reader can be cheaper than.
func headers(t *testing.T, f *os.File, size int64) {
	buf, n := make([]byte, rangeChunks*ChunkSize), 0
	for off := int64(fileHeaderSize); off < size; off += int64(len(buf)) {
		got, err := f.ReadAt(buf, off)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		for b := buf[:got]; len(b) >= ChunkSize; b = b[ChunkSize:] {
			for p := chunkHeaderSize; p+minRecordSize <= ChunkSize && le.Uint32(b[p:]) == le.Uint32(recordMagic); n++ {
				p += max(minRecordSize, int(le.Uint32(b[p+4:])))
			}
		}
	}
	if n == 0 {
		t.Fatal("no records")
	}
}

// rateTemplates are shared by the jobs, as by whoever reads more than one file: what is timed is reading, not compiling.
var rateTemplates Templates

// over makes a job of what is done with each record, by some workers.
func over(workers int, want func(Peek) bool, use func(r *Record, text []byte) []byte) func(*testing.T, *os.File, int64) {
	return func(t *testing.T, file *os.File, size int64) {
		f, err := Open(file, size, Options{Workers: workers, NoVerify: true, Want: want, Templates: &rateTemplates})
		if err != nil {
			t.Fatal(err)
		}
		texts := make([][]byte, workers)
		for i := range texts {
			texts[i] = make([]byte, 0, ChunkSize)
		}
		if err := f.Each(context.Background(), func(worker int, r *Record, err error) error {
			if err == nil {
				texts[worker] = use(r, texts[worker][:0])
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func dataText(r *Record, text []byte) []byte {
	fields := r.Layout().Fields()
	for i := range fields {
		if f := &fields[i]; f.Section != SectionSystem {
			text = r.Value(f.Handle).AppendText(text)
		}
	}
	return text
}

func processCreation(p Peek) bool { return p.EventID == 4688 || p.EventID == 1 }

// TestRates times jobs over the file that EVTX_CORPUS names, in turn, by processor time, and holds what they may cost each other. It is
// for machines with nothing else to do, so that only who asks for it runs it.
func TestRates(t *testing.T) {
	path := os.Getenv("EVTX_CORPUS")
	if path == "" {
		t.Skip("EVTX_CORPUS names no file to measure with")
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	size := info.Size()
	nothing := func(Peek) bool { return false }
	jobs := []job{
		{"headers", headers},
		{"event ids", over(1, nothing, dataText)},
		{"parse", over(1, nil, func(_ *Record, text []byte) []byte { return text })},
		{"process creations", over(1, processCreation, dataText)},
		{"fields", over(1, nil, dataText)},
		{"fields, two workers", over(2, nil, dataText)},
		{"JSON", over(1, nil, func(r *Record, text []byte) []byte { return r.AppendJSON(text) })},
		{"JSON, two workers", over(2, nil, func(r *Record, text []byte) []byte { return r.AppendJSON(text) })},
		{"XML", over(1, nil, func(r *Record, text []byte) []byte { return r.AppendXML(text) })},
	}
	const rounds = 15
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	took, wall := map[string][]time.Duration{}, map[string][]time.Duration{}
	for range rounds {
		for _, j := range jobs {
			runtime.GC()
			from, start := processorTime(), time.Now()
			j.run(t, file, size)
			took[j.name] = append(took[j.name], processorTime()-from)
			wall[j.name] = append(wall[j.name], time.Since(start))
		}
	}
	for _, j := range jobs {
		d := slices.Sorted(slices.Values(took[j.name]))
		best := slices.Min(wall[j.name])
		t.Logf("%-20s %6.1f ms of processor at best, %6.1f median, %6.0f MB/s; %6.1f ms by the clock", j.name,
			ms(d[0]), ms(d[rounds/2]), float64(size)/1e6/d[0].Seconds(), ms(best))
	}
	atMost := func(a, b string, most float64) {
		t.Helper()
		var ratios []float64
		for i := range rounds {
			ratios = append(ratios, float64(took[a][i])/float64(took[b][i]))
		}
		slices.Sort(ratios)
		best := float64(slices.Min(took[a])) / float64(slices.Min(took[b]))
		t.Logf("%s cost %.2f of %s, median of the rounds %.2f, allowed %.2f", a, best, b, ratios[rounds/2], most)
		if min(best, ratios[rounds/2]) > most {
			t.Errorf("%s cost too much", a)
		}
	}
	atMost("event ids", "headers", 1.25)
	atMost("fields", "JSON", 0.65)
	atMost("fields, two workers", "fields", 1.15)
	atMost("JSON, two workers", "JSON", 1.15)
	if strings.Contains(path, "security") {
		atMost("process creations", "fields", 0.5)
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package evtx

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// bigFile is a file header and a great many chunks, of which every nth is there and the others are zeros.
type bigFile struct {
	head, chunk []byte
	size        int64
	nth         int64
}

func (f *bigFile) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) && off < f.size {
		from, at := f.head, off
		if off >= fileHeaderSize {
			at = (off - fileHeaderSize) % ChunkSize
			if from = f.chunk; (off-fileHeaderSize)/ChunkSize%f.nth != f.nth-1 {
				k := int(min(int64(len(b)-n), ChunkSize-at))
				clear(b[n : n+k])
				n, off = n+k, off+int64(k)
				continue
			}
		}
		k := copy(b[n:], from[at:])
		n, off = n+k, off+int64(k)
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func newBigFile(t testing.TB, chunks, nth int64) *bigFile {
	b := encode(t, WriterOptions{}, processEvent(), userDataEvent(), processEvent())
	return &bigFile{b[:fileHeaderSize], b[fileHeaderSize:], fileHeaderSize + chunks*ChunkSize, nth}
}

func TestRecordsBeyondFourGigabytesAreReadWhereTheyStand(t *testing.T) {
	if testing.Short() {
		t.Skip("goes over 5 GiB")
	}
	const chunks = 5 << 30 / ChunkSize
	b := newBigFile(t, chunks, chunks/4)
	f, err := Open(b, b.size, Options{NoVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	var last int64
	n := 0
	for r, err := range f.Records() {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if want := fileHeaderSize + int64(r.Chunk())*ChunkSize + int64(r.pos); r.Offset() != want || r.Offset() <= last {
			t.Fatalf("record at %d, want %d", r.Offset(), want)
		}
		last = r.Offset()
	}
	if n != 12 || last < 5<<30-ChunkSize {
		t.Errorf("%d records, the last at %d", n, last)
	}
}

// TestTwoGigabytesTakeLittleMemory reads them in a process of its own, so that nothing else counts.
func TestTwoGigabytesTakeLittleMemory(t *testing.T) {
	const (
		chunks = 2 << 30 / ChunkSize
		most   = 32 << 20
		child  = "EVTX_READ_TWO_GIGABYTES"
	)
	if os.Getenv(child) != "" {
		b := newBigFile(t, chunks, 1)
		f, err := Open(b, b.size, Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		texts := [2][]byte{}
		var n atomic.Int64
		if err := f.Each(context.Background(), func(worker int, r *Record, err error) error {
			n.Add(1)
			texts[worker] = r.AppendJSON(texts[worker][:0])
			return err
		}); err != nil {
			t.Fatal(err)
		}
		fmt.Println("resident:", resident(), n.Load())
		return
	}
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("goes over 2 GB, and asks Linux how much memory that took")
	}
	c := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), child+"=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, line, _ := strings.Cut(string(out), "resident: ")
	var bytes, records int64
	if _, err := fmt.Sscan(line, &bytes, &records); err != nil || records != 3*chunks {
		t.Fatalf("%v, %d records\n%s", err, records, out)
	}
	t.Logf("%.1f MiB resident", float64(bytes)/(1<<20))
	if bytes == 0 || bytes > most {
		t.Errorf("%d bytes resident, at most %d are allowed", bytes, most)
	}
}

// resident is the most memory that this process had, 0 when that is not known.
func resident() int64 {
	b, _ := os.ReadFile("/proc/self/status")
	_, line, _ := strings.Cut(string(b), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	n, _ := strconv.ParseInt(kb, 10, 64)
	return n << 10
}

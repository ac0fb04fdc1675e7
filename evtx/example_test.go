package evtx_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"reeve/evtx"
)

// sample is a log of two chunks, as a file would hold it: two processes that started, and a log that was cleared.
func sample() *bytes.Reader {
	process := func(image string, pid uint32) *evtx.Event {
		return &evtx.Event{
			Provider: "Microsoft-Windows-Sysmon", EventID: 1, Level: 4, Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "ws1",
			Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Data: []evtx.Field{
				{Name: "Image", Value: evtx.StringValue(image)},
				{Name: "ProcessId", Value: evtx.Uint32Value(pid)},
				{Name: "Company", Value: evtx.StringValue("")},
				{Name: "User", Value: evtx.NullValue()},
			},
		}
	}
	return written(evtx.WriterOptions{FirstRecordID: 100, RecordsPerChunk: 2},
		process(`C:\Windows\System32\notepad.exe`, 42), process(`C:\Temp\MFTRACE.EXE`, 43),
		&evtx.Event{
			Provider: "Microsoft-Windows-Eventlog", EventID: 104, Level: 4, Channel: "System", Computer: "ws1",
			Time: time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC),
			UserData: &evtx.UserData{Name: "LogFileCleared", Namespace: "http://manifests.microsoft.com/win/2004/08/windows/eventlog", Fields: []evtx.Field{
				{Name: "SubjectUserName", Value: evtx.StringValue("eve")},
				{Name: "Channel", Value: evtx.StringValue("Application")},
			}},
			Other: []evtx.Field{{Name: "RenderingInfo.Level", Value: evtx.StringValue("Information")}},
		})
}

// written is a log of the events.
func written(o evtx.WriterOptions, events ...*evtx.Event) *bytes.Reader {
	var b bytes.Buffer
	w := evtx.NewWriter(&b, o)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return bytes.NewReader(b.Bytes())
}

// A log is written to a file and read again.
func Example() {
	file, err := os.CreateTemp("", "*.evtx")
	if err != nil {
		panic(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()

	w := evtx.NewWriter(file, evtx.WriterOptions{})
	err = w.Write(&evtx.Event{
		Provider: "Service Control Manager", EventID: 7036, Channel: "System", Computer: "ws1", Time: time.Now(),
		Data: []evtx.Field{{Name: "param1", Value: evtx.StringValue("Print Spooler")}, {Name: "param2", Value: evtx.StringValue("stopped")}},
	})
	if err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	info, err := file.Stat()
	if err != nil {
		panic(err)
	}
	f, err := evtx.Open(file, info.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			fmt.Println(err) // one record is lost; the next is read
			continue
		}
		fmt.Println(r.EventID(), r.System(evtx.Channel), r.Lookup("param1"), r.Lookup("param2"))
	}
	// Output: 7036 System Print Spooler stopped
}

// What a file is shows in its first bytes, and Open says it too.
func ExampleOpen() {
	for _, content := range []string{"MZ and a program", "ElfFile\x00 and nothing"} {
		fmt.Println(evtx.IsFile([]byte(content[:8])))
		_, err := evtx.Open(strings.NewReader(content), int64(len(content)), evtx.Options{})
		fmt.Println(err, errors.Is(err, evtx.ErrFormat))
	}
	// Output:
	// false
	// not an EVTX file true
	// true
	// <nil> false
}

// The header is shown, not believed: the chunks of a file are as many as its size makes.
func ExampleHeader() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	h := f.Header()
	fmt.Printf("version %d.%d, dirty %v, next record %d\n", h.Major, h.Minor, h.Flags&1 != 0, h.NextRecordID)
	fmt.Printf("%d chunks, from %d to %d; the size makes %d\n", h.Chunks, h.FirstChunk, h.LastChunk, f.NumChunks())
	// Output:
	// version 3.1, dirty false, next record 103
	// 2 chunks, from 0 to 1; the size makes 2
}

// Text is compared in place; the one match is all that becomes a string.
func ExampleFile_Records() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	var text []byte
	for r, err := range f.Records() {
		if err != nil {
			fmt.Println(err)
			continue
		}
		if image := r.Lookup("Image"); r.EventID() == 1 && image.HasSuffixFold(`\mftrace.exe`) {
			text = image.AppendText(text[:0])
			fmt.Printf("record %d: %s\n", r.ID(), text)
		}
	}
	// Output: record 101: C:\Temp\MFTRACE.EXE
}

// Records that nobody wants are passed over before they are decoded: here all but the processes started since the last visit.
func ExamplePeek() {
	const last = 100
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{
		Want:     func(p evtx.Peek) bool { return p.EventID == 1 && p.RecordID > last && p.Written().After(since) },
		NoVerify: true, // a glance is worth no checksums
	})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		fmt.Println(r.ID(), r.Lookup("Image"))
	}
	// Output: 101 C:\Temp\MFTRACE.EXE
}

// Every worker counts for itself, so that none waits for another.
func ExampleFile_Each() {
	const workers = 4
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{Workers: workers})
	if err != nil {
		panic(err)
	}
	var found [workers]int
	err = f.Each(context.Background(), func(worker int, r *evtx.Record, err error) error {
		if err != nil {
			return err // this ends the walk; nil would go on
		}
		if r.EventID() == 1 {
			found[worker]++
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	total := 0
	for _, n := range found {
		total += n
	}
	fmt.Println(total, "processes")
	// Output: 2 processes
}

// Files that share Templates share layouts: what is worked out for the form of a record in one file holds in all.
func ExampleTemplates() {
	shared := &evtx.Templates{}
	records, layouts := 0, map[*evtx.Layout]bool{}
	for _, log := range []*bytes.Reader{sample(), sample(), sample()} {
		f, err := evtx.Open(log, log.Size(), evtx.Options{Templates: shared})
		if err != nil {
			panic(err)
		}
		for r, err := range f.Records() {
			if err != nil {
				panic(err)
			}
			records++
			layouts[r.Layout()] = true
		}
	}
	fmt.Println(records, "records of", len(layouts), "forms")
	// Output: 9 records of 2 forms
}

// Chunks go to a goroutine of the caller's own. Their data is valid until the next step, so that a copy travels.
func ExampleFile_Chunks() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	chunks := make(chan evtx.Chunk)
	go func() {
		defer close(chunks)
		for c, err := range f.Chunks() {
			if err != nil {
				continue // 64 KiB that are no chunk, or the end of what can be read
			}
			c.Data = bytes.Clone(c.Data)
			chunks <- c
		}
	}()
	for c := range chunks {
		fmt.Printf("chunk %d: %d bytes at %d\n", c.Index, len(c.Data), c.Offset)
	}
	// Output:
	// chunk 0: 65536 bytes at 4096
	// chunk 1: 65536 bytes at 69632
}

// A ChunkReader reads one chunk after the other, wherever they come from: here out of a blob.
func ExampleChunkReader() {
	blob, err := io.ReadAll(sample())
	if err != nil {
		panic(err)
	}
	cr := evtx.NewChunkReader(&evtx.Templates{}, &evtx.Windows1252)
	cr.Want = func(p evtx.Peek) bool { return p.EventID == 104 }
	for at := range blob {
		if !evtx.IsChunk(blob[at:]) {
			continue
		}
		if err := cr.Reset(blob[at:min(at+evtx.ChunkSize, len(blob))], int64(at), -1); err != nil {
			panic(err)
		}
		cr.Verify()
		for {
			r, err := cr.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Println(r.ID(), r.Lookup("SubjectUserName"))
		}
		fmt.Println(len(cr.Notes()), "notes on the chunk at", at)
	}
	// Output:
	// 0 notes on the chunk at 4096
	// 102 eve
	// 0 notes on the chunk at 69632
}

// Records that a chunk counts no more are still there until others take their place.
func ExampleFile_Recovered() {
	b, err := io.ReadAll(sample())
	if err != nil {
		panic(err)
	}
	binary.LittleEndian.PutUint32(b[4096+48:], 512) // the first chunk claims to be empty
	f, err := evtx.Open(bytes.NewReader(b), int64(len(b)), evtx.Options{})
	if err != nil {
		panic(err)
	}
	for r := range f.Recovered() {
		fmt.Println(r.ID(), r.Lookup("Image"))
	}
	// Output:
	// 100 C:\Windows\System32\notepad.exe
	// 101 C:\Temp\MFTRACE.EXE
}

// With Recover anything that holds a chunk opens, a piece of memory for one, and what is recovered follows what is live.
func ExampleRecord_Recovered() {
	log, err := io.ReadAll(sample())
	if err != nil {
		panic(err)
	}
	memory := append([]byte("some page"), log[4096:]...)
	f, err := evtx.Open(bytes.NewReader(memory), int64(len(memory)), evtx.Options{Recover: true})
	if err != nil {
		panic(err)
	}
	var deleted []*evtx.Event
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		if r.Recovered() {
			deleted = append(deleted, r.Clone())
		}
	}
	for _, e := range deleted {
		fmt.Println(e.RecordID, e.EventID, e.Recovered)
	}
	// Output:
	// 100 1 true
	// 101 1 true
	// 102 104 true
}

// ANSI text does not say its code page. This one is Cyrillic.
func ExampleCodepage() {
	windows1251 := evtx.Windows1252
	for i := range 64 {
		windows1251[0xc0-0x80+i] = uint16('А' + i)
	}
	log := written(evtx.WriterOptions{}, &evtx.Event{Data: []evtx.Field{
		{Name: "Text", Value: evtx.ANSIValue([]byte("\xcf\xf0\xe8\xe2\xe5\xf2"))},
	}})
	for _, page := range []*evtx.Codepage{nil, &windows1251} {
		f, err := evtx.Open(log, log.Size(), evtx.Options{ANSI: page})
		if err != nil {
			panic(err)
		}
		for r, err := range f.Records() {
			if err != nil {
				panic(err)
			}
			fmt.Println(r.Lookup("Text"))
		}
	}
	// Output:
	// Ïðèâåò
	// Привет
}

package evtx_test

import (
	"bytes"
	"fmt"
	"time"

	"reeve/evtx"
)

// sample is a log of two events, as a file would hold it.
func sample() *bytes.Reader {
	var b bytes.Buffer
	w := evtx.NewWriter(&b, evtx.WriterOptions{FirstRecordID: 100})
	for _, image := range []string{`C:\Windows\System32\notepad.exe`, `C:\Temp\MFTRACE.EXE`} {
		err := w.Write(&evtx.Event{
			Provider: "Microsoft-Windows-Sysmon", EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "ws1",
			Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Data: []evtx.Field{{Name: "Image", Value: evtx.StringValue(image)}, {Name: "ProcessId", Value: evtx.Uint32Value(42)}},
		})
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return bytes.NewReader(b.Bytes())
}

func ExampleFile_Records() {
	r := sample()
	f, err := evtx.Open(r, r.Size(), evtx.Options{})
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
			fmt.Printf("record %d at %d: %s\n", r.ID(), r.Offset(), text)
		}
	}
	// Output: record 101 at 6336: C:\Temp\MFTRACE.EXE
}

// What a field's handle is depends on the layout alone: it is worked out once for each.
func ExampleLayout_Lookup() {
	r := sample()
	f, err := evtx.Open(r, r.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	handles := map[*evtx.Layout]evtx.Handle{}
	for r, err := range f.Records() {
		if err != nil {
			continue
		}
		h, known := handles[r.Layout()]
		if !known {
			h, _ = r.Layout().Lookup("ProcessId")
			handles[r.Layout()] = h
		}
		pid, _ := r.Value(h).Uint64()
		fmt.Println(r.ID(), pid)
	}
	fmt.Println(len(handles), "layout")
	// Output:
	// 100 42
	// 101 42
	// 1 layout
}

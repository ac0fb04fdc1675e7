package evtx

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 890_123_400, time.UTC)

var testGUID = GUID{0x5f, 0x38, 0x70, 0x57, 0x2a, 0xc2, 0xe0, 0x43, 0xbf, 0x4c, 0x06, 0xf5, 0x69, 0x8f, 0xfb, 0xd9}

// processEvent is a process creation with one value of every type a writer takes.
func processEvent() *Event {
	return &Event{
		Provider: "Microsoft-Windows-Sysmon", GUID: testGUID, EventID: 1, Version: 5, Level: 4, Task: 1, Opcode: 2,
		Keywords: 0x8000000000000000, Time: testTime, ActivityID: testGUID, ProcessID: 1912, ThreadID: 996,
		Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "ws1.example.com", UserSID: "S-1-5-18",
		Data: []Field{
			{"Image", StringValue(`C:\Windows\System32\mftrace.exe`)},
			{"CommandLine", StringValue(`mftrace "C:\Temp\p.exe" & <x> 'é' 日本 😀`)},
			{"Empty", StringValue("")},
			{"None", NullValue()},
			{"ProcessId", Uint32Value(4711)},
			{"LogonId", Hex64Value(0x3e7)},
			{"Status", Hex32Value(0xc000006d)},
			{"ProcessGuid", GUIDValue(testGUID)},
			{"UserSid", SIDValue("S-1-5-21-1-2-3-1001")},
			{"UtcTime", TimeValue(testTime)},
			{"Elevated", BoolValue(true)},
			{"Blob", BinaryValue([]byte{0xde, 0xad})},
			{"Names", StringsValue("a", "", "b")},
			{"Delta", Int32Value(-5)},
			{"", StringValue("first")},
			{"", StringValue("second")},
			{"Twice", Uint8Value(1)},
			{"Twice", Uint8Value(2)},
		},
	}
}

func userDataEvent() *Event {
	return &Event{Provider: "Microsoft-Windows-Eventlog", EventID: 1102, Level: 4, Time: testTime, Channel: "Security", Computer: "dc1",
		UserData: &UserData{Name: "LogFileCleared", Namespace: "http://manifests.microsoft.com/win/2004/08/windows/eventlog",
			Fields: []Field{{"SubjectUserName", StringValue("admin")}, {"SubjectLogonId", Hex64Value(0x1234)}}}}
}

// encode writes events into memory.
func encode(t testing.TB, o WriterOptions, events ...*Event) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, o)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t testing.TB, b []byte, o Options) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll clones every record of a file and collects the errors.
func readAll(t testing.TB, f *File) (events []*Event, errs []error) {
	t.Helper()
	for r, err := range f.Records() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		events = append(events, r.Clone())
	}
	return events, errs
}

// readClean is readAll of a file that has nothing wrong with it.
func readClean(t testing.TB, b []byte) []*Event {
	t.Helper()
	f := open(t, b, Options{})
	events, errs := readAll(t, f)
	if len(errs) > 0 || len(f.Notes()) > 0 {
		t.Fatalf("errors %v, notes %v", errs, f.Notes())
	}
	return events
}

func TestWhatTheWriterWritesTheReaderReads(t *testing.T) {
	events := []*Event{processEvent(), userDataEvent(), {Provider: "Bare", EventID: 7, Time: testTime, Channel: "System", Computer: "x"}}
	got := readClean(t, encode(t, WriterOptions{FirstRecordID: 40}, events...))
	for i, e := range events {
		if diff := cmp.Diff(asRead(e, 40+uint64(i)), got[i], cmp.Comparer(bytes.Equal)); diff != "" {
			t.Errorf("event %d (-written +read):\n%s", i, diff)
		}
	}
}

func TestWritingTwiceGivesTheSameBytes(t *testing.T) {
	if !bytes.Equal(encode(t, WriterOptions{}, processEvent(), userDataEvent()), encode(t, WriterOptions{}, processEvent(), userDataEvent())) {
		t.Error("two runs differ")
	}
}

func TestAFileOnDiskEqualsOneInMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.evtx")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWriter(out, WriterOptions{RecordsPerChunk: 2})
	var events []*Event
	for range 5 {
		events = append(events, processEvent())
		if err := w.Write(events[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := encode(t, WriterOptions{RecordsPerChunk: 2}, events...); !bytes.Equal(got, want) {
		t.Errorf("%d bytes on disk, %d in memory, or they differ", len(got), len(want))
	}
	if n := (len(got) - fileHeaderSize) / ChunkSize; n != 3 {
		t.Errorf("%d chunks, want 3", n)
	}
}

func TestManyEventsFillSeveralChunks(t *testing.T) {
	var events []*Event
	for i := range 500 {
		e := processEvent()
		e.ProcessID = uint32(i)
		events = append(events, e)
	}
	b := encode(t, WriterOptions{}, events...)
	if len(b) < fileHeaderSize+3*ChunkSize {
		t.Fatalf("%d bytes are not several chunks", len(b))
	}
	for i, e := range readClean(t, b) {
		if e.RecordID != uint64(i+1) || e.ProcessID != uint32(i) {
			t.Fatalf("record %d is %d of process %d", i, e.RecordID, e.ProcessID)
		}
	}
}

func TestAnEventTooLargeForAChunkIsRefusedAndTheNextIsWritten(t *testing.T) {
	for _, large := range []Field{{"A", StringValue(strings.Repeat("x", 40_000))}, {"B", BinaryValue(make([]byte, 65_000))}} {
		var b bytes.Buffer
		w := NewWriter(&b, WriterOptions{})
		e := processEvent()
		e.Data = append(e.Data, large, Field{"More", BinaryValue(make([]byte, 2_000))})
		if err := w.Write(e); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: error %v, want ErrLimit", large.Name, err)
		}
		if err := errors.Join(w.Write(userDataEvent()), w.Close()); err != nil {
			t.Error(err)
		}
		if got := readClean(t, b.Bytes()); len(got) != 1 || got[0].EventID != 1102 {
			t.Errorf("%s: read back %d events", large.Name, len(got))
		}
	}
}

type failingWriter struct{ after int }

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.after -= len(b); w.after < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

func TestWriteErrorsAreReported(t *testing.T) {
	w := NewWriter(&failingWriter{after: fileHeaderSize}, WriterOptions{})
	if err := w.Write(processEvent()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Close: %v", err)
	}
	w = NewWriter(&bytes.Buffer{}, WriterOptions{})
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Write(processEvent()); err == nil {
		t.Error("a closed writer takes events")
	}
}

// scroll takes a file of any size and keeps its header.
type scroll struct {
	at   int64
	head [fileHeaderSize]byte
}

func (s *scroll) Write(b []byte) (int, error) {
	if s.at < fileHeaderSize {
		copy(s.head[s.at:], b)
	}
	s.at += int64(len(b))
	return len(b), nil
}

func (s *scroll) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		s.at = 0
	}
	s.at += offset
	return s.at, nil
}

func TestTheHeaderOfAFileBeyondFourGigabytes(t *testing.T) {
	var s scroll
	w := NewWriter(&s, WriterOptions{})
	w.chunks = 1<<16 + 4 // as if they had been written
	if err := errors.Join(w.Write(processEvent()), w.Close()); err != nil {
		t.Fatal(err)
	}
	want := Header{LastChunk: 1<<16 + 4, NextRecordID: 2, Minor: 1, Major: 3, Chunks: 5}
	if diff := cmp.Diff(want, open(t, s.head[:], Options{}).Header()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.at != fileHeaderSize+(1<<16+5)*ChunkSize {
		t.Errorf("the file ends at %d", s.at)
	}
}

func TestAFileBeginsWhereItsWriterStands(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	want := encode(t, WriterOptions{}, processEvent())
	out.WriteString("before")
	w := NewWriter(out, WriterOptions{})
	if err := errors.Join(w.Write(processEvent()), w.Close()); err != nil {
		t.Fatal(err)
	}
	out.WriteString("behind")
	got, err := os.ReadFile(out.Name())
	if err != nil || string(got) != "before"+string(want)+"behind" {
		t.Errorf("%d bytes, want %d and 12; %v", len(got), len(want), err)
	}
}

// stuck has the method of a seeker and cannot seek, like a pipe.
type stuck struct{ bytes.Buffer }

func (s *stuck) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported }

func TestWhatCannotSeekIsWrittenFromFrontToBack(t *testing.T) {
	var s stuck
	w := NewWriter(&s, WriterOptions{})
	if err := errors.Join(w.Write(processEvent()), w.Close()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Bytes(), encode(t, WriterOptions{}, processEvent())) {
		t.Error("the bytes differ")
	}
}

func TestAWriterForgetsFormsBeforeTheyFillItsMemory(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b, WriterOptions{})
	if err := errors.Join(w.Write(processEvent()), w.Write(userDataEvent())); err != nil {
		t.Fatal(err)
	}
	w.size = formsLimit
	if err := w.Write(richEvent()); err != nil || len(w.forms) != 1 || w.size > formsLimit {
		t.Errorf("%d forms, %d bytes of keys, %v", len(w.forms), w.size, err)
	}
	if err := errors.Join(w.Write(processEvent()), w.Close()); err != nil {
		t.Fatal(err)
	}
	if got := readClean(t, b.Bytes()); len(got) != 4 {
		t.Errorf("%d events", len(got))
	}
}

func TestWritingAllocatesNothingPerEvent(t *testing.T) {
	w := NewWriter(&scroll{}, WriterOptions{})
	events := []*Event{processEvent(), userDataEvent(), richEvent()}
	pass := func() {
		for range 100 {
			for _, e := range events {
				if err := w.Write(e); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	pass()
	if n := testing.AllocsPerRun(5, pass); n > 100 { // a few a chunk, which defines its templates anew
		t.Errorf("%v allocations for 300 events", n)
	}
}

func TestParseSID(t *testing.T) {
	for s, want := range map[string]string{
		"S-1-5-18": "S-1-5-18", "S-1-0": "S-1-0", "S-1-281474976710655-4294967295": "S-1-281474976710655-4294967295",
		"S-1-5-018": "S-1-5-18", "S-1-5" + strings.Repeat("-1", 255): "S-1-5" + strings.Repeat("-1", 255),
		"": "", "S": "", "S-": "", "S-1": "", "S-1-": "", "S-1-5-": "", "s-1-5-18": "", "S-256-5": "", "S-1-281474976710656": "", "S-1-5-4294967296": "",
		"S-1-5--1": "", "S-1-5-x": "", "S-1-5" + strings.Repeat("-1", 256): "", "S-1-5-18 ": "",
	} {
		b, ok := ParseSID(s)
		if ok != (want != "") || ok && string(appendSID(nil, b)) != want {
			t.Errorf("%.40q is %x, %v", s, b, ok)
		}
	}
}

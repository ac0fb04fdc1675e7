package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
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

// asRead is what reading e back gives: the writer fills in ids and times.
func asRead(e *Event, id uint64) *Event {
	c := *e
	c.RecordID = id
	if c.Written.IsZero() {
		c.Written = c.Time
	}
	return &c
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

// fieldGenerator draws any field that a writer takes.
func fieldGenerator() *rapid.Generator[Field] {
	text := rapid.StringMatching(`[ -~é日😀]{0,40}`)
	return rapid.Custom(func(t *rapid.T) Field {
		value := rapid.OneOf(
			rapid.Map(text, StringValue),
			rapid.Map(rapid.SliceOfN(text, 1, 4), func(s []string) Value { return StringsValue(s...) }),
			rapid.Map(rapid.Uint8(), Uint8Value), rapid.Map(rapid.Uint16(), Uint16Value), rapid.Map(rapid.Uint32(), Uint32Value),
			rapid.Map(rapid.Uint64(), Uint64Value), rapid.Map(rapid.Int32(), Int32Value), rapid.Map(rapid.Int64(), Int64Value),
			rapid.Map(rapid.Uint32(), Hex32Value), rapid.Map(rapid.Uint64(), Hex64Value), rapid.Map(rapid.Bool(), BoolValue),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 50), BinaryValue), rapid.Just(NullValue()), rapid.Map(rapid.Float64(), Float64Value),
			rapid.Just(SIDValue("S-1-5-21-1-2-3")), rapid.Just(GUIDValue(testGUID)), rapid.Just(TimeValue(testTime)),
		).Draw(t, "value")
		return Field{rapid.StringMatching(`[A-Z][A-Za-z0-9]{0,12}|`).Filter(func(s string) bool { return s != "Data" }).Draw(t, "name"), value}
	})
}

func TestAnyEventComesBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []*Event
		for i := range rapid.IntRange(1, 12).Draw(t, "events") {
			e := processEvent()
			e.EventID, e.Computer = rapid.Uint16().Draw(t, "id"), rapid.StringMatching(`[a-z0-9.]{0,20}`).Draw(t, "computer")
			e.Data = rapid.SliceOfN(fieldGenerator(), 0, 20).Draw(t, fmt.Sprint("fields ", i))
			if len(e.Data) > 0 && rapid.Bool().Draw(t, "user data") {
				e.UserData = &UserData{Name: "Thing", Namespace: "urn:x", Fields: e.Data}
				e.Data = nil
				for i := range e.UserData.Fields {
					e.UserData.Fields[i].Name = fmt.Sprint("F", i)
				}
			}
			events = append(events, e)
		}
		var b bytes.Buffer
		w := NewWriter(&b, WriterOptions{RecordsPerChunk: rapid.IntRange(0, 3).Draw(t, "per chunk")})
		for _, e := range events {
			if err := w.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()), Options{})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for r, err := range f.Records() {
			if err != nil {
				t.Fatal(err)
			}
			want := asRead(events[i], uint64(i+1))
			if len(want.Data) == 0 {
				want.Data = nil
			}
			if diff := cmp.Diff(want, r.Clone(), cmp.Comparer(bytes.Equal)); diff != "" {
				t.Fatalf("event %d (-written +read):\n%s", i, diff)
			}
			i++
		}
		if i != len(events) || len(f.Notes()) > 0 {
			t.Fatalf("%d of %d events, notes %v", i, len(events), f.Notes())
		}
	})
}

func TestAnIndependentReaderReadsTheWritersFiles(t *testing.T) {
	if _, err := exec.LookPath("evtxexport"); err != nil {
		t.Skip("evtxexport (libevtx-utils) is not installed")
	}
	var events []*Event
	for i := range 200 {
		e := processEvent()
		e.Task = uint16(i)
		events = append(events, e, userDataEvent())
	}
	path := filepath.Join(t.TempDir(), "a.evtx")
	if err := os.WriteFile(path, encode(t, WriterOptions{}, events...), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("evtxexport", "-f", "xml", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "<Event xmlns="); n != len(events) {
		t.Errorf("it reads %d of %d events", n, len(events))
	}
	for _, want := range []string{`<Data Name="Image">C:\Windows\System32\mftrace.exe</Data>`, `<SubjectUserName>admin</SubjectUserName>`,
		`<Computer>ws1.example.com</Computer>`, `UserID="S-1-5-18"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("its output lacks %s", want)
		}
	}
}

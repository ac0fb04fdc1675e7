package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"

	"reeve"
	"reeve/evtx"
	"reeve/internal/evidence"
)

// sysmonLine is a made-up record as NXLog ships it.
func sysmonLine(i int) string {
	return fmt.Sprintf(`{"EventTime":"2024-03-01 05:20:%02d","Hostname":"WS%d.corp.example","Keywords":-9223372036854775808,"EventType":"INFO","SeverityValue":2,"EventID":1,"SourceName":"Microsoft-Windows-Sysmon","ProviderGuid":"{5770385F-C22A-43E0-BF4C-06F5698FFBD9}","Version":5,"Task":1,"OpcodeValue":0,"RecordNumber":%d,"ExecutionProcessID":3500,"ThreadID":4168,"Channel":"Microsoft-Windows-Sysmon/Operational","UserID":"S-1-5-18","UtcTime":"2024-03-01 10:20:%02d.631","ProcessGuid":"{6a910b9d-498a-5ee0-c903-%012d}","ProcessId":"%d","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"\"C:\\Windows\\System32\\cmd.exe\" /c echo %d \u00e4","ParentImage":"C:\\Windows\\explorer.exe","tags":["a","b"],"@timestamp":"2024-03-01T10:20:%02d.537Z"}`,
		i%60, i%7, i, i%60, i, i, i, i%60)
}

func lines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString(sysmonLine(i))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func sysmonEvent(i int) *evtx.Event {
	e := &evtx.Event{Provider: "Microsoft-Windows-Sysmon", EventID: 1, Version: 5, Level: 4, Task: 1, Keywords: 1 << 63, ProcessID: 2468, ThreadID: 3128,
		Time: time.Date(2024, 3, 1, 10, 20, 30, i*100, time.UTC), Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "ws1.corp.example", UserSID: "S-1-5-18",
		Data: []evtx.Field{{Name: "Image", Value: evtx.StringValue(`C:\Windows\System32\cmd.exe`)}, {Name: "ProcessId", Value: evtx.Uint32Value(uint32(i))},
			{Name: "GrantedAccess", Value: evtx.Hex32Value(0x1410)}, {Name: "CommandLine", Value: evtx.StringValue(fmt.Sprintf("cmd /c echo %d ä😀", i))},
			{Name: "", Value: evtx.StringValue("unnamed")}, {Name: "Twice", Value: evtx.StringValue("1")}, {Name: "Twice", Value: evtx.StringValue("2")}}}
	if i%3 == 0 {
		e.EventID, e.Data = 7, append(e.Data, evtx.Field{Name: "Parts", Value: evtx.StringsValue("x", "y z")}, evtx.Field{Name: "Nothing", Value: evtx.NullValue()})
	}
	return e
}

func evtxFile(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := evtx.NewWriter(&b, evtx.WriterOptions{})
	for i := range n {
		if err := w.Write(sysmonEvent(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEVTXRecordsAreStatedAsTheyAre is the golden of the EVTX adapter.
func TestEVTXRecordsAreStatedAsTheyAre(t *testing.T) {
	got, file := tell(t, "x.bin", evtxFile(t, 2), Options{})
	if file.Format != "evtx" || file.Records != 2 || len(file.Errors) != 0 {
		t.Errorf("account %+v", file)
	}
	golden(t, "evtx_record.txt", got)
}

func TestResolveAnswersToRawAndTaxonomyNames(t *testing.T) {
	samples := map[string][]byte{
		"evtx": evtxFile(t, 2),
		"json": []byte(sysmonLine(1)),
		"xml":  []byte(`<Event xmlns='x'><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><Channel>C</Channel><Security UserID='S-1-5-18'/></System><EventData><Data Name='Image'>C:\Windows\System32\cmd.exe</Data></EventData></Event>`),
	}
	for format, content := range samples {
		var s seen
		s.each = func(r reeve.Record) {
			for name, want := range map[string]string{"Image": `C:\Windows\System32\cmd.exe`, "iMAGE": `C:\Windows\System32\cmd.exe`, "Provider_Name": "Microsoft-Windows-Sysmon",
				"provider_name": "Microsoft-Windows-Sysmon", "Security_UserID": "S-1-5-18"} {
				if got := r.Value(r.Resolve(name)).String(); got != want {
					t.Errorf("%s: %s is %q, want %q", format, name, got, want)
				}
			}
			if h := r.Resolve("NoSuchField"); h != reeve.NoHandle || r.Value(h).Kind != reeve.Absent {
				t.Errorf("%s: a missing field has handle %d", format, h)
			}
			if h := r.Resolve(""); h != reeve.NoHandle && format != "evtx" {
				t.Errorf("%s: an empty name has handle %d", format, h)
			}
		}
		s.read(t, content)
		if s.n == 0 {
			t.Errorf("%s: nothing was read", format)
		}
	}
}

// seen is a sink for one function.
type seen struct {
	n    int
	each func(reeve.Record)
	lost []reeve.ReadError
	mu   sync.Mutex
}

func (s *seen) Record(r reeve.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if s.each != nil {
		s.each(r)
	}
}

func (s *seen) Lost(e reeve.ReadError) { s.lost = append(s.lost, e) }

func (s *seen) read(t testing.TB, content []byte) []reeve.File {
	t.Helper()
	files, err := Scan(context.Background(), setOf(t, map[string][]byte{"f": content}), Options{Threads: 1}, func(int) Sink { return s })
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func utf16Of(s string, order binary.AppendByteOrder, mark bool) []byte {
	var out []byte
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		out = order.AppendUint16(out, u)
	}
	return out
}

func TestEncodingsGiveTheSameRecords(t *testing.T) {
	text := "{\"EventID\":1,\"Channel\":\"C\",\"N\":\"ä😀\"}\r\n{\"EventID\":2,\"Channel\":\"C\",\"N\":\"b\"}\r\n"
	xml := "<Event><System><EventID>3</EventID><Channel>ä</Channel></System></Event>\n<Event><System><EventID>4</EventID><Channel>😀</Channel></System></Event>"
	for name, c := range map[string]struct {
		content []byte
		want    []string // event@offset:line
	}{
		"UTF-8":                   {[]byte(text), []string{"1@0:1", "2@42:2"}},
		"UTF-8 with a mark":       {[]byte("\xef\xbb\xbf" + text), []string{"1@3:1", "2@45:2"}},
		"UTF-16LE":                {utf16Of(text, binary.LittleEndian, true), []string{"1@2:1", "2@80:2"}},
		"UTF-16BE":                {utf16Of(text, binary.BigEndian, true), []string{"1@2:1", "2@80:2"}},
		"UTF-16LE without a mark": {utf16Of(text, binary.LittleEndian, false), []string{"1@0:1", "2@78:2"}},
		"UTF-16LE XML":            {utf16Of(xml, binary.LittleEndian, true), []string{"3@2:1", "4@148:2"}},
	} {
		var got []string
		s := seen{each: func(r reeve.Record) {
			got = append(got, fmt.Sprintf("%d@%d:%d", r.Head().EventID, r.Ref().Offset, r.Ref().Line))
		}}
		s.read(t, c.content)
		if !slices.Equal(got, c.want) || len(s.lost) > 0 {
			t.Errorf("%s: %v %v, want %v", name, got, s.lost, c.want)
		}
	}
}

// TestAccountsDoNotDependOnThreads reads large files, cut into parts, with any number of workers.
func TestAccountsDoNotDependOnThreads(t *testing.T) {
	n := 2*jsonPart/len(sysmonLine(0)) + 5000
	text := lines(n)
	half := len(text) / 2
	broken := slices.Concat(text[:half], []byte("\n{\"EventID\":1,\"Cha\n"), text[half:])
	set := setOf(t, map[string][]byte{"a.json": text, "b.json": broken, "c.evtx": evtxFile(t, 20000), "d.txt": []byte("nothing")})
	var first string
	for _, threads := range []int{1, 2, 7} {
		var mu sync.Mutex
		var refs []string
		files, err := Scan(context.Background(), set, Options{Threads: threads, Hash: true}, func(int) Sink {
			return &seen{each: func(r reeve.Record) {
				mu.Lock()
				refs = append(refs, fmt.Sprintf("%v %d", r.Ref(), r.Head().EventID))
				mu.Unlock()
			}}
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(refs)
		sum := sha256.Sum256([]byte(strings.Join(refs, "\n")))
		got := fmt.Sprintf("%x %+v", sum, files)
		if first == "" {
			first = got
			if files[0].Records != n || files[1].Records != n-1 || files[2].Records != 20000 || len(files[1].Errors) != 2 {
				t.Errorf("counts %d %d %d of %d, errors %v", files[0].Records, files[1].Records, files[2].Records, n, files[1].Errors)
			}
			if want := fmt.Sprintf("%x", sha256.Sum256(text)); files[0].SHA256 != want {
				t.Errorf("digest %s, want %s", files[0].SHA256, want)
			}
		}
		if got != first {
			t.Errorf("%d threads give another account", threads)
		}
	}
}

func TestPartsKnowTheirLines(t *testing.T) {
	n := 2*jsonPart/len(sysmonLine(0)) + 5000
	text := lines(n)
	s := seen{each: func(r reeve.Record) {
		if ref := r.Ref(); ref.RecordID+1 != uint64(ref.Line) {
			t.Fatalf("record %d is said to stand on line %d", ref.RecordID, ref.Line)
		}
	}}
	s.read(t, text)
	if s.n != n {
		t.Errorf("%d records, want %d", s.n, n)
	}
}

func TestHugeAndDeepRecordsCostThemselves(t *testing.T) {
	good := `{"EventID":1,"Channel":"C"}` + "\n"
	for name, c := range map[string]struct{ bad, says string }{
		"too deep":      {`{"EventID":2,"Channel":"C","a":` + strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 101), "deeper than 64"},
		"deep lists":    {`{"EventID":2,"Channel":"C","a":` + strings.Repeat(`[`, 5000) + strings.Repeat("]", 5000) + "}", "deeper than 64"},
		"many values":   {`{"EventID":2,"Channel":"C"` + strings.Repeat(`,"a":1`, 5000) + "}", "more than 4096 values"},
		"a long name":   {`{"EventID":2,"Channel":"C","` + strings.Repeat("n", 2000) + `":1}`, "a name of 2000 bytes"},
		"a long path":   {`{"EventID":2,"Channel":"C","a":` + strings.Repeat(`{"`+strings.Repeat("n", 1000)+`":`, 10) + "1" + strings.Repeat("}", 11), "names longer than"},
		"too large":     {`{"EventID":2,"Channel":"C","a":"` + strings.Repeat("x", maxRecord+10) + `"}`, "a record of more than"},
		"a lone number": {"12345", "no JSON object begins here"},
		"never closed":  {`{"EventID":2,"Channel":"C"`, "where a comma or brace belongs"},
	} {
		s := seen{}
		s.read(t, []byte(good+c.bad+"\n"+good))
		if s.n != 2 || len(s.lost) != 1 || !strings.Contains(s.lost[0].Err.Error(), c.says) || s.lost[0].Ref.Line != 2 {
			t.Errorf("%s: %d records, lost %.300v", name, s.n, s.lost)
		}
	}
}

func TestListsBecomeOneValue(t *testing.T) {
	s := seen{each: func(r reeve.Record) {
		v := r.Value(r.Resolve("a"))
		if v.Kind != reeve.List || v.String() != "x\x00y\"\x001\x00true\x00\x00" {
			t.Errorf("%v %q", v.Kind, v.String())
		}
	}}
	s.read(t, []byte(`{"EventID":1,"Channel":"C","a":["x","y\"",1,true,null]}`))
	if s.n != 1 {
		t.Error("not read")
	}
}

func TestShapesAreClasses(t *testing.T) {
	var classes []reeve.Class
	s := seen{each: func(r reeve.Record) { classes = append(classes, r.Class()) }}
	s.read(t, []byte(`{"EventID":1,"Channel":"C","a":"x"}{"EventID":2,"Channel":"D","a":"y"}{"EventID":1,"a":"x","Channel":"C"}{"EventID":1,"Channel":"C","a":null}`))
	if len(classes) != 4 || classes[0] != classes[1] || classes[0] == classes[2] || classes[0] != classes[3] {
		t.Errorf("classes %v", classes)
	}
}

func TestEndlessShapesStayBounded(t *testing.T) {
	var b bytes.Buffer
	for i := range 20000 {
		fmt.Fprintf(&b, "{\"EventID\":1,\"Channel\":\"C\",\"k%d\":1,\"%d\":2}\n", i, i)
	}
	s := seen{}
	w := newTextWorker(nil)
	s.read(t, b.Bytes())
	if s.n != 20000 {
		t.Errorf("%d records, %v", s.n, s.lost)
	}
	for i := range 100000 {
		n := w.trie.begin()
		n = w.trie.step(n, opLeaf, fmt.Appendf(nil, "key%d", i))
		w.trie.end(n)
	}
	if w.trie.nodes > maxNodes+1 || len(w.trie.table.known) > maxShapes {
		t.Errorf("%d nodes, %d shapes", w.trie.nodes, len(w.trie.table.known))
	}
}

// TestNothingIsAllocatedARecord compares readings of few and of many records: what differs is what a record costs.
func TestNothingIsAllocatedARecord(t *testing.T) {
	xml := "<Event><System><Provider Name='P'/><EventID>1</EventID><TimeCreated SystemTime='2024-03-01T10:20:30Z'/><Channel>C</Channel><Computer>h</Computer></System><EventData><Data Name='Image'>a &amp; b</Data></EventData></Event>\n"
	for name, c := range map[string]struct {
		few, many []byte
		resolve   []string
	}{
		"json": {lines(1000), lines(3000), []string{"Image", "CommandLine", "tags", "Security_UserID"}},
		"xml":  {[]byte(strings.Repeat(xml, 1000)), []byte(strings.Repeat(xml, 3000)), []string{"Image"}},
		"csv": {[]byte("EventID,Computer,Image\n" + strings.Repeat("1,h,\"a\"\"b\"\n", 1000)), []byte("EventID,Computer,Image\n" + strings.Repeat("1,h,\"a\"\"b\"\n", 3000)),
			[]string{"Image"}},
		"evtx": {evtxFile(t, 1000), evtxFile(t, 3000), []string{"Image", "ProcessId", "GrantedAccess", "Security_UserID"}},
	} {
		count := func(content []byte) float64 {
			set := setOf(t, map[string][]byte{"f": content})
			return testing.AllocsPerRun(3, func() {
				s := &prober{names: c.resolve}
				if _, err := Scan(context.Background(), set, Options{Threads: 1}, func(int) Sink { return s }); err != nil || s.n < 1000 {
					t.Fatal(s.n, err)
				}
			})
		}
		if few, many := count(c.few), count(c.many); many-few > 100 {
			t.Errorf("%s: 1000 records take %v allocations, 3000 take %v", name, few, many)
		}
	}
}

// prober asks for a few values of each record, as detection does.
type prober struct {
	names   []string
	class   reeve.Class
	handles []reeve.Handle
	n, size int
}

func (p *prober) Record(r reeve.Record) {
	if r.Class() != p.class {
		p.class, p.handles = r.Class(), p.handles[:0]
		for _, n := range p.names {
			p.handles = append(p.handles, r.Resolve(n))
		}
	}
	for _, h := range p.handles {
		p.size += len(r.Value(h).Bytes)
	}
	p.n++
}

func (p *prober) Lost(reeve.ReadError) {}

func TestAFailingReaderCostsItsPart(t *testing.T) {
	set := setOf(t, map[string][]byte{"a": lines(3), "b": lines(2)})
	s := &scanner{ctx: context.Background(), opt: Options{}}
	w := &worker{sink: &seen{}, opt: &s.opt, shared: &s.shared, ctx: s.ctx}
	f := &file{ev: set.Files()[0], opt: &s.opt, shared: &s.shared}
	f.format = &format{name: "mad", read: func(*worker, *file, part) { panic("index out of range") }}
	s.run(w, task{f: f, p: part{from: 7}})
	if len(f.out.Errors) != 1 || !errors.Is(f.out.Errors[0].Err, reeve.ErrRecord) || f.out.Errors[0].Ref.Offset != 7 {
		t.Errorf("errors %v", f.out.Errors)
	}
}

func TestAFailingSinkIsNotTheReadersFault(t *testing.T) {
	defer func() {
		if r := recover(); r != "the sink's own" {
			t.Errorf("recovered %v", r)
		}
	}()
	s := &scanner{ctx: context.Background(), opt: Options{}}
	w := &worker{sink: &seen{each: func(reeve.Record) { panic("the sink's own") }}, opt: &s.opt, shared: &s.shared, ctx: s.ctx}
	f := &file{ev: &evidence.File{Name: "x"}, opt: &s.opt, format: &format{read: func(w *worker, f *file, p part) { w.deliver(&textRecord{}) }}}
	s.run(w, task{f: f})
	t.Error("it was swallowed")
}

func TestErrorsAreListedUpToABound(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(sysmonLine(0) + "\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "broken %d\n", i)
	}
	s := seen{}
	f := s.read(t, b.Bytes())[0]
	if len(f.Errors) != maxErrors || f.MoreErrors != 4900 || len(s.lost) != 5000 || f.Records != 1 {
		t.Errorf("%d errors, %d more, %d told, %d records", len(f.Errors), f.MoreErrors, len(s.lost), f.Records)
	}
	for i, e := range f.Errors {
		if e.Ref.Line != i+2 {
			t.Fatalf("error %d is of line %d", i, e.Ref.Line)
		}
	}
}

func TestQuotesAreTheCitedRecords(t *testing.T) {
	set := setOf(t, map[string][]byte{
		"a.json": lines(300), "b.evtx": evtxFile(t, 3000), "u.json": utf16Of(string(lines(20)), binary.LittleEndian, true),
		"c.xml":   []byte("<Events>\n<Event><System><EventID>3</EventID><Channel>C</Channel></System></Event>\n<Event><System><EventID>4</EventID><Channel>D</Channel></System><EventData><Data Name='x'>1</Data><Data>2</Data><Data>3</Data></EventData></Event></Events>"),
		"d.csv":   []byte("EventID,Computer,x\n1,a,b\n2,c,\"d\"\"e\"\n"),
		"big.jsn": []byte(`{"EventID":1,"Channel":"C","a":"` + strings.Repeat("é", maxQuote) + `"}`),
	})
	want := map[reeve.Ref]string{}
	var refs []reeve.Ref
	if _, err := Scan(context.Background(), set, Options{Threads: 1}, func(int) Sink {
		return &seen{each: func(r reeve.Record) {
			if r.Ref().RecordID%7 == 0 {
				want[r.Ref()] = string(r.AppendJSON(nil))
				refs = append(refs, r.Ref())
			}
		}}
	}); err != nil {
		t.Fatal(err)
	}
	refs = append(refs, reeve.Ref{File: "in/a.json", Offset: 5}, reeve.Ref{File: "in/absent"}, reeve.Ref{File: "in/b.evtx", Offset: 1 << 40})
	got := Quote(context.Background(), set, refs, Options{Threads: 3})
	if len(got) != len(want) || len(want) < 400 {
		t.Errorf("%d quotes of %d", len(got), len(want))
	}
	for ref, text := range want {
		if strings.HasSuffix(ref.File, "big.jsn") {
			if q := got[ref]; len(q) > maxQuote || !strings.HasSuffix(q, "é [cut]") {
				t.Errorf("a long record is quoted by %d bytes", len(q))
			}
			continue
		}
		if got[ref] != text {
			t.Errorf("%v is quoted as %.200s, want %.200s", ref, got[ref], text)
		}
		if !json.Valid([]byte(text)) || strings.Contains(text, "\n") {
			t.Errorf("%v is no JSON on a line: %.300s", ref, text)
		}
	}
}

func TestCSVAndXMLBecomeJSON(t *testing.T) {
	for content, want := range map[string]string{
		"EventID,Computer,x\n2,c,\"d\"\"e\"\n": `{"EventID":"2","Computer":"c","x":"d\"e"}`,
		"<Event xmlns='x'><System><Provider Name='P'/><EventID>4</EventID></System><EventData><Data Name='x'>1</Data><Data>2</Data><Data>3</Data></EventData></Event>": `{"Event":{"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":"4"},"EventData":{"x":"1","Data":["2","3"]}}}`,
		"[ {\"EventID\" : 1,\n \"Channel\": \"a b\" } ]": `{"EventID":1,"Channel":"a b"}`,
	} {
		s := seen{each: func(r reeve.Record) {
			if got := string(r.AppendJSON(nil)); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		}}
		if s.read(t, []byte(content)); s.n != 1 {
			t.Errorf("%q: %d records, %v", content, s.n, s.lost)
		}
	}
}

func TestFilesWithoutRecordsAreNamed(t *testing.T) {
	mp4 := "\x00\x00\x00\x18ftypisom"
	for content, want := range map[string]string{
		"":                           "empty",
		strings.Repeat("\x00", 5000): "zeros",
		"MAM\x04rest":                "a Windows Prefetch file (compressed): shows that a program ran, but is no event log",
		"\x11\x00\x00\x00SCCA":       "a Windows Prefetch file: shows that a program ran, but is no event log",
		"regf\x01\x00":               "a registry hive, which is no event log",
		"MZ\x90\x00":                 "a program, which is no event log",
		mp4:                          "a video",
		"title: x\nlogsource:\n  a: b\ndetection:\n  c: d\n": "a Sigma rule: give its folder with --rules",
		"---\nkey: value\n":           "YAML text, which is no event log",
		"some words\nand more":        "text without event records",
		"a,b,c\n1,2,3\n":              "a table (CSV) without event records",
		`{"some":"object"}`:           "JSON without event records in a known shape",
		"<html><body>x</body></html>": "XML or HTML without event records",
		`<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj/></Objs>`: "objects exported by PowerShell (CLIXML), which are not read: export with ConvertTo-Json, or copy the .evtx file",
		"\x01\x02\x03\x00\xff\xfe\x99":                                     "data in a format that is not known",
		"caf\xe9 in a code page, just text":                                "text without event records",
		string(utf16Of("plain text in UTF-16", binary.LittleEndian, true)): "text without event records",
	} {
		_, f := tell(t, "f", []byte(content), Options{})
		if f.Says != want || f.Format != "" || f.Records != 0 {
			t.Errorf("%.40q is %q (%s), want %q", content, f.Says, f.Format, want)
		}
	}
}

func TestUnreadableFilesAreAccountedFor(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write(lines(200))
	w.Close()
	set := setOf(t, map[string][]byte{"torn.gz": gz.Bytes()[:gz.Len()-9], "x.7z": []byte("7z\xbc\xaf\x27\x1c\x00\x04")})
	files, err := Scan(context.Background(), set, Options{Threads: 2}, func(int) Sink { return &seen{} })
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	if f := files[0]; f.Format != "json" || f.Records == 0 || len(f.Errors) == 0 || !errors.Is(f.Errors[len(f.Errors)-1].Err, reeve.ErrDamaged) {
		t.Errorf("torn: %+v", f)
	}
	if f := files[1]; f.Says != "not read" || len(f.Errors) != 1 || !strings.Contains(f.Errors[0].Err.Error(), "7-Zip") {
		t.Errorf("7z: %+v", f)
	}
}

func TestOnlyAndCancelAndProgress(t *testing.T) {
	set := setOf(t, map[string][]byte{"a": lines(3), "b": lines(2), "c": []byte("text")})
	var last Progress
	var mu sync.Mutex
	s := &seen{}
	files, err := Scan(context.Background(), set, Options{Threads: 2, Only: func(n string) bool { return n != "in/b" }, Progress: func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		if p.FilesDone > last.FilesDone || p.BytesDone > last.BytesDone {
			last = p
		}
	}}, func(int) Sink { return s })
	if err != nil || len(files) != 2 || files[0].Path != "in/a" || s.n != 3 {
		t.Errorf("%v %v, %d records", files, err, s.n)
	}
	if last.Files != 2 || last.FilesDone != 2 || last.Bytes != last.BytesDone {
		t.Errorf("progress ends with %+v", last)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Scan(ctx, set, Options{}, func(int) Sink { return &seen{} }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	long := setOf(t, map[string][]byte{"a": append([]byte("["), lines(20000)...)}) // an array is one part
	first := &seen{each: func(reeve.Record) { cancel() }}
	if _, err := Scan(ctx, long, Options{}, func(int) Sink { return first }); !errors.Is(err, context.Canceled) || first.n > 5000 {
		t.Errorf("cancelled within a part: %v after %d records", err, first.n)
	}
}

func TestLogsWithoutHeaderAndRecovery(t *testing.T) {
	whole := evtxFile(t, 500)
	for name, content := range map[string][]byte{"chunks only": whole[4096:], "header overwritten": slices.Concat(make([]byte, 4096), whole[4096:])} {
		s := seen{}
		if f := s.read(t, content)[0]; f.Format != "evtx" || s.n != 500 {
			t.Errorf("%s: %s, %d records", name, f.Format, s.n)
		}
	}
	inside := slices.Concat([]byte("a dump of something "), make([]byte, 700), whole[4096:], []byte("tail"))
	s := &seen{}
	set := setOf(t, map[string][]byte{"dump": inside})
	files, err := Scan(context.Background(), set, Options{Threads: 2, Recover: true}, func(int) Sink { return s })
	if err != nil || files[0].Format != "evtx" || s.n != 500 {
		t.Errorf("carved: %v %v, %d records", files, err, s.n)
	}
	if files, _ := Scan(context.Background(), set, Options{}, func(int) Sink { return &seen{} }); files[0].Format != "" {
		t.Errorf("without Recover it is read as %q", files[0].Format)
	}
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	set := setOf(t, map[string][]byte{"a": lines(40000)})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := Scan(context.Background(), set, Options{Threads: 2}, func(int) Sink { return &prober{} }); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 24<<20 {
		t.Errorf("reading %d MiB allocated %d MiB", set.Files()[0].Size>>20, grown>>20)
	}
}

func BenchmarkJSON(b *testing.B) {
	benchmarkScan(b, lines(40000), "Image", "CommandLine", "ParentImage")
}

func BenchmarkXML(b *testing.B) {
	event := "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385F-C22A-43E0-BF4C-06F5698FFBD9}'/><EventID>1</EventID><Version>5</Version><TimeCreated SystemTime='2024-03-01T10:20:30.145335200Z'/><EventRecordID>19683891</EventRecordID><Execution ProcessID='2468' ThreadID='3128'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>dc1.corp.example</Computer><Security UserID='S-1-5-18'/></System><EventData><Data Name='UtcTime'>2024-03-01 10:20:30.100</Data><Data Name='Image'>C:\\Windows\\a &amp; b.exe</Data><Data Name='CommandLine'>&quot;a&quot; -x -y</Data><Data Name='ParentImage'>C:\\Windows\\explorer.exe</Data></EventData></Event>\n"
	benchmarkScan(b, bytes.Repeat([]byte(event), 20000), "Image", "CommandLine", "ParentImage")
}

func BenchmarkEVTX(b *testing.B) {
	benchmarkScan(b, evtxFile(b, 40000), "Image", "CommandLine", "GrantedAccess")
}

// benchmarkScan reads one file with one worker that asks for a few values, as detection does.
func benchmarkScan(b *testing.B, content []byte, names ...string) {
	set := setOf(b, map[string][]byte{"f": content})
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	records := 0
	for b.Loop() {
		p := &prober{names: names}
		if _, err := Scan(context.Background(), set, Options{Threads: 1}, func(int) Sink { return p }); err != nil {
			b.Fatal(err)
		}
		records += p.n
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

// TestAReadingCanLeaveOutWhatItDoesNotNeed reads the end of files of several parts: what is asked for arrives whole, and what is
// not does not arrive, but for the part in which the wanted stretch begins.
func TestAReadingCanLeaveOutWhatItDoesNotNeed(t *testing.T) {
	for name, content := range map[string][]byte{"evtx": evtxFile(t, 20_000), "json": lines(25_000)} {
		set := setOf(t, map[string][]byte{"f": content})
		begin := int64(len(content)) / 3 * 2
		all := map[int64]bool{}
		s := seen{each: func(r reeve.Record) { all[r.Ref().Offset] = true }}
		s.read(t, content)
		got := map[int64]bool{}
		part := seen{each: func(r reeve.Record) { got[r.Ref().Offset] = true }}
		if _, err := Scan(context.Background(), set, Options{Threads: 3, Where: func(name string, from, to int64) bool {
			if name != "in/f" || from >= to {
				t.Errorf("asked for %s from %d to %d", name, from, to)
			}
			return to > begin
		}}, func(int) Sink { return &part }); err != nil {
			t.Fatal(err)
		}
		if len(all) < 15_000 || len(got) == 0 || len(got) > len(all)*3/4 {
			t.Errorf("%s: %d records of %d were read", name, len(got), len(all))
		}
		for at := range all {
			if at >= begin && !got[at] {
				t.Fatalf("%s: the record at %d was left out", name, at)
			}
		}
	}
}

package evtx

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"testing"
)

// renderFile holds one event of each form that rendering tells apart.
func renderFile(t testing.TB) []byte {
	hostile := event(func(e *encoder) {
		within(e, "System", func(e *encoder) {
			e.closeEmpty(e.open("Provider", attr{name: "Name", literal: `a' onclick="x"`}))
			within(e, "EventID", text("7"), attr{name: "Qualifiers", literal: "16384"})
		})
		within(e, "EventData", func(e *encoder) {
			data(e, "Markup", text("</Data><script>alert('x')</script>&\"\t\n\r"))
			data(e, "Controls", text("\x00a\x01b\x1f\ufffe\uffff\x7f"))
			data(e, `"}],<x>`, text("key"))
			e.closeEmpty(e.open("Data", attr{name: "Name", literal: "None"}))
		})
		within(e, "Evil/><x y='", text("tag"), attr{name: "1 =", literal: "v"})
		within(e, "Binary", func(e *encoder) { within(e, "Sub", text("deep"), attr{name: "A", literal: "1"}) }, attr{name: "B", literal: "2"})
	})
	unpaired := func(e *encoder) {
		eventData(func(e *encoder) {
			data(e, "V", func(e *encoder) {
				e.u8(tokValue)
				e.u8(1)
				e.u16(3)
				e.b = append(e.b, 'a', 0, 0, 0xd8, 'b', 0)
			})
		})(e)
	}
	return craftFile(
		craftChunk(1, hostile, unpaired, typed(true, NullValue()), typed(false, NullValue()),
			typed(true, StringsValue("a", `b"<`)), typed(true, present(TypeFloat64, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x7f}))),
		encode(t, WriterOptions{}, processEvent(), userDataEvent())[fileHeaderSize:])
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s", path, got)
	}
}

func TestJSON(t *testing.T) {
	var out []byte
	for r, err := range open(t, renderFile(t), Options{}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		from := len(out)
		out = r.AppendJSON(out)
		if !json.Valid(out[from:]) {
			t.Errorf("record %d is no JSON: %s", r.ID(), out[from:])
		}
		out = append(out, '\n')
	}
	golden(t, "testdata/render.jsonl", out)
}

func TestXML(t *testing.T) {
	var out []byte
	for r, err := range open(t, renderFile(t), Options{}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		from := len(out)
		out = r.AppendXML(out)
		for d := xml.NewDecoder(bytes.NewReader(out[from:])); ; {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("record %d is no XML: %v\n%s", r.ID(), err, out[from:])
				break
			}
			if start, ok := tok.(xml.StartElement); ok && (start.Name.Local == "script" || start.Name.Local == "x") {
				t.Errorf("record %d: a value became an element", r.ID())
			}
		}
		out = append(out, '\n')
	}
	golden(t, "testdata/render.xml", out)
}

func TestLayoutsNameTheirFields(t *testing.T) {
	body := event(func(e *encoder) {
		within(e, "System", func(e *encoder) {
			within(e, "Level", text("4"))
			within(e, "Channel", text("Security"))
		})
		within(e, "UserData", func(e *encoder) {
			within(e, "Outer", func(e *encoder) {
				within(e, "Level", text("inner"))
				within(e, "Sub", func(e *encoder) { within(e, "Leaf", text("deep")) }, attr{name: "Id", literal: "9"})
			})
		})
		within(e, "RenderingInfo", func(e *encoder) {
			within(e, "Level", text("Information"))
			within(e, "Message", text("hello"))
		}, attr{name: "Culture", literal: "en"})
		within(e, "ProcessingErrorData", func(e *encoder) { within(e, "ErrorCode", text("15")) })
	})
	tests := []struct{ name, want string }{
		{"Level", "inner"}, {"Outer.Level", "inner"}, {"Channel", "Security"}, {"Leaf", "deep"}, {"Outer.Sub.Leaf", "deep"},
		{"Sub@Id", "9"}, {"Outer.Sub@Id", "9"}, {"Message", "hello"}, {"RenderingInfo@Culture", "en"}, {"ErrorCode", "15"},
		{"level", ""}, {"Sub", ""}, {"Outer", ""},
	}
	for r, err := range open(t, craftFile(craftChunk(1, body)), Options{}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			v := r.Lookup(test.name)
			if v.String() != test.want || v.IsPresent() != (test.want != "") {
				t.Errorf("%s is %q, want %q", test.name, v, test.want)
			}
		}
		in := []struct {
			section    Section
			name, want string
		}{{SectionSystem, "Level", "4"}, {SectionUserData, "Level", "inner"}, {SectionUserData, "Outer.Level", "inner"},
			{SectionRendering, "Level", "Information"}, {SectionOther, "ErrorCode", "15"}, {SectionEventData, "Level", ""}}
		for _, test := range in {
			h, ok := r.Layout().LookupIn(test.section, test.name)
			if got := r.Value(h).String(); got != test.want || ok != (test.want != "") {
				t.Errorf("%s in %s is %q, %v, want %q", test.name, test.section, got, ok, test.want)
			}
		}
		if l := r.Layout(); !l.HasSystem(Level) || l.HasSystem(Computer) || l.HasSystem(200) {
			t.Error("HasSystem")
		}
		if !r.Value(0).IsAbsent() || !r.Value(-1).IsAbsent() || !r.Value(999).IsAbsent() || !r.System(200).IsAbsent() {
			t.Error("a handle that addresses nothing has a value")
		}
	}
}

func TestEverySystemFieldIsRead(t *testing.T) {
	e := processEvent()
	e.RelatedActivityID = GUID{1}
	want := map[SystemField]string{
		ProviderName: "Microsoft-Windows-Sysmon", ProviderGUID: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", EventSourceName: "", EventID: "1",
		Qualifiers: "", Version: "5", Level: "4", Task: "1", Opcode: "2", Keywords: "0x8000000000000000",
		TimeCreated: "2026-03-04T05:06:07.8901234Z", EventRecordID: "1", ActivityID: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
		RelatedActivityID: "{00000001-0000-0000-0000-000000000000}", ProcessID: "1912", ThreadID: "996",
		Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "ws1.example.com", UserID: "S-1-5-18",
	}
	for r, err := range open(t, encode(t, WriterOptions{}, e), Options{}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		if r.EventID() != 1 || !r.Written().Equal(testTime) {
			t.Errorf("event %d, written %v", r.EventID(), r.Written())
		}
		for f := range systemFields {
			v := r.System(f)
			if v.String() != want[f] || v.IsPresent() != (want[f] != "") {
				t.Errorf("%s is %q, want %q", f, v, want[f])
			}
			if h, ok := r.Layout().LookupIn(SectionSystem, f.String()); ok != r.Layout().HasSystem(f) || ok && r.Value(h).String() != want[f] {
				t.Errorf("%s by name is %q", f, r.Value(h))
			}
		}
	}
}

func TestACodePageOfOnesOwn(t *testing.T) {
	page := Windows1252
	page[0] = 'Ђ'
	file := craftFile(craftChunk(1, typed(true, present(TypeANSI, []byte("\x80x")))))
	for r, err := range open(t, file, Options{ANSI: &page}).Records() {
		if err != nil || r.Lookup("V").String() != "Ђx" {
			t.Errorf("%q, %v", r.Lookup("V"), err)
		}
	}
}

func TestACloneOutlivesItsRecord(t *testing.T) {
	b := encode(t, WriterOptions{}, processEvent())
	var e *Event
	for r, err := range open(t, b, Options{}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		e = r.Clone()
	}
	clear(b)
	if got := e.Field("Image").String(); got != `C:\Windows\System32\mftrace.exe` {
		t.Errorf("Image is %q", got)
	}
	if !e.Field("Nothing").IsAbsent() || !e.Field("None").IsNull() {
		t.Error("absent and null are not told apart")
	}
	if got := userDataEvent().Field("SubjectUserName").String(); got != "admin" {
		t.Errorf("UserData: %q", got)
	}
}

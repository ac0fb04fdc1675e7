package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sameEvents compares events by what they say: a value of no bytes and one without bytes are the same.
var sameEvents = cmp.Options{
	cmp.Comparer(func(a, b GUID) bool { return a == b }),
	cmp.Comparer(func(a, b Field) bool {
		v, w := a.Value, b.Value
		return a.Name == b.Name && v.Type == w.Type && v.State == w.State && v.Array == w.Array && bytes.Equal(v.Bytes, w.Bytes)
	}),
}

// asRead is what reading e back gives: with its id and time, without what is absent, text in a code page as text, an attribute without a
// value as an empty one.
func asRead(e *Event, id uint64) *Event {
	c := *e
	c.RecordID = id
	if c.Written.IsZero() {
		c.Written = fileTime(ticksOf(c.Time))
	}
	fields := func(from []Field, paths bool) (to []Field) {
		for _, f := range from {
			v := f.Value
			if v.Type == TypeANSI {
				v.Type, v.Bytes = TypeString, Windows1252.append(nil, v.Bytes)
			}
			switch {
			case v.State == Absent:
				continue
			case v.State == Null && paths && strings.Contains(f.Name, "@"):
				v = StringValue("")
			case v.State == Null:
				v = NullValue()
			case v.Type == TypeString && !v.Array:
				v.Bytes = trimNUL(v.Bytes)
			}
			to = append(to, Field{f.Name, v})
		}
		return to
	}
	c.Data, c.Other = fields(e.Data, false), fields(e.Other, true)
	if e.UserData != nil {
		c.UserData = &UserData{e.UserData.Name, e.UserData.Namespace, fields(e.UserData.Fields, true)}
	}
	return &c
}

// plain is an event with nothing but what an event has to have.
func plain(data ...Field) *Event {
	return &Event{Provider: "P", EventID: 7, Time: testTime, Channel: "C", Computer: "x", Data: data}
}

// typedValue is a value of one type and what libevtx prints for it, which has wrong digits for negative integers and wrong characters for
// surrogates.
type typedValue struct {
	value Value
	text  string
}

var everyType = []typedValue{
	{StringValue("a é 日本"), "a é 日本"}, {ANSIValue([]byte("ansi")), "ansi"}, {Int8Value(7), "7"}, {Uint8Value(200), "200"},
	{Int16Value(1234), "1234"}, {Uint16Value(54321), "54321"}, {Int32Value(123456), "123456"}, {Uint32Value(4000000000), "4000000000"},
	{Int64Value(1 << 40), "1099511627776"}, {Uint64Value(1 << 60), "1152921504606846976"}, {Float32Value(1.5), "1.500000e+000"},
	{Float64Value(-2.5), "-2.500000e+000"}, {BoolValue(true), "true"}, {BinaryValue([]byte{0xde, 0xad}), "DEAD"},
	{GUIDValue(testGUID), "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"}, {SizeTValue(4096), "4096"},
	{TimeValue(testTime), "2026-03-04T05:06:07.890123400Z"}, {SystemTimeValue(testTime), "2026-03-04T05:06:07.890Z"},
	{SIDValue("S-1-5-21-1-2-3-1001"), "S-1-5-21-1-2-3-1001"}, {Hex32Value(0xc000006d), "0xc000006d"}, {Hex64Value(0x3e7), "0x00000000000003e7"},
}

// everyValue is an event with a field of every type, "T" and its number, and an array of every type that can have one, "A" and its number.
func everyValue() *Event {
	e := plain()
	for _, v := range everyType {
		e.Data = append(e.Data, Field{fmt.Sprintf("T%d", v.value.Type), v.value})
		if array := ArrayValue(v.value, v.value, v.value); array.State == Present {
			e.Data = append(e.Data, Field{fmt.Sprintf("A%d", v.value.Type), array})
		}
	}
	return e
}

func TestEveryTypeAndEveryArrayComeBack(t *testing.T) {
	e := everyValue()
	got := readClean(t, encode(t, WriterOptions{}, e))
	if diff := cmp.Diff(asRead(e, 1), got[0], sameEvents); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	seen := map[Type]int{}
	for _, f := range e.Data {
		seen[f.Value.Type]++
		items := 0
		for item := range got[0].Field(f.Name).Items() {
			single := asRead(plain(Field{f.Name, e.Field("T" + f.Name[1:])}), 1).Data[0]
			if diff := cmp.Diff(single, Field{f.Name, item}, sameEvents); diff != "" {
				t.Errorf("an item (-written +read):\n%s", diff)
			}
			items++
		}
		if f.Value.Array != (items == 3) {
			t.Errorf("%s has %d items", f.Name, items)
		}
	}
	for typ := TypeString; typ <= TypeHex64; typ++ {
		if want := 2; seen[typ] != want && typ != TypeBinary {
			t.Errorf("%d fields of type %s, want %d", seen[typ], typ, want)
		}
	}
}

func TestWhatIsNoArrayIsNull(t *testing.T) {
	for _, v := range []Value{ArrayValue(), ArrayValue(NullValue()), ArrayValue(Uint8Value(1), Uint16Value(1)), ArrayValue(StringsValue("a")),
		ArrayValue(BinaryValue(nil)), ArrayValue(Value{}), ArrayValue(present(TypeSizeT, make([]byte, 4)))} {
		if !v.IsNull() || v.Array || v.Bytes != nil {
			t.Errorf("%+v", v)
		}
	}
}

// richEvent has all that a plain description of an event can carry.
func richEvent() *Event {
	e := plain(Field{"param1", StringValue("Print Spooler")}, Field{"", StringValue("unnamed")}, Field{"Data", StringValue("named Data")},
		Field{"a.b@c", Uint32Value(1)}, Field{"None", NullValue()})
	e.EventSourceName, e.Qualifiers = "Service Control Manager", 16384
	e.UserData = &UserData{"Outer", "urn:outer", []Field{
		{"@Version", Uint32Value(3)}, {"Sub@Id", StringValue("9")}, {"Sub@Kind", StringValue("k")}, {"Sub.Leaf", StringValue("1")},
		{"Sub.Leaf", StringValue("2")}, {"Sub.Deep.Leaf", Hex64Value(3)}, {"List", StringsValue("x", "y")}, {"Text", StringValue("t")},
		{"Text@Attr", GUIDValue(testGUID)}, {"None", NullValue()},
	}}
	e.Other = []Field{
		{"EventData@Name", StringValue("a name")}, {"EventData.Binary", BinaryValue([]byte{1, 2})},
		{"RenderingInfo@Culture", StringValue("en-US")}, {"RenderingInfo.Message", StringValue("It stopped.")},
		{"RenderingInfo.Keywords.Keyword", StringValue("one")}, {"RenderingInfo.Keywords.Keyword", StringValue("two")},
		{"ProcessingErrorData.ErrorCode", Uint32Value(15)}, {"DebugData", NullValue()},
	}
	return e
}

const richXML = `<UserData><Outer xmlns='urn:outer' Version='3'><Sub Id='9' Kind='k'><Leaf>1</Leaf><Leaf>2</Leaf><Deep><Leaf>0x3</Leaf></Deep></Sub>` +
	`<List>x</List><List>y</List><Text Attr='{5770385F-C22A-43E0-BF4C-06F5698FFBD9}'>t</Text><None/></Outer></UserData>` +
	`<EventData Name='a name'><Data Name='param1'>Print Spooler</Data><Data>unnamed</Data><Data Name='Data'>named Data</Data>` +
	`<Data Name='a.b@c'>1</Data><Data Name='None'/><Binary>0102</Binary></EventData>` +
	`<RenderingInfo Culture='en-US'><Message>It stopped.</Message><Keywords><Keyword>one</Keyword><Keyword>two</Keyword></Keywords></RenderingInfo>` +
	`<ProcessingErrorData><ErrorCode>15</ErrorCode></ProcessingErrorData><DebugData/></Event>`

func TestPathsBecomeElements(t *testing.T) {
	file := encode(t, WriterOptions{}, richEvent(), richEvent())
	for i, e := range readClean(t, file) {
		if diff := cmp.Diff(asRead(richEvent(), uint64(i+1)), e, sameEvents); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
	}
	for r, err := range open(t, file, Options{}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		system, rest, _ := strings.Cut(string(r.AppendXML(nil)), "</System>")
		if diff := cmp.Diff(richXML, rest); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, want := range []string{`EventSourceName='Service Control Manager'`, `<EventID Qualifiers='16384'>7</EventID>`} {
			if !strings.Contains(system, want) {
				t.Errorf("%s lacks %s", system, want)
			}
		}
	}
}

// TestPathsThatDoNotFitTogether writes fields that no one element can hold.
func TestPathsThatDoNotFitTogether(t *testing.T) {
	one := Uint8Value(1)
	tests := []struct {
		name   string
		fields []Field
		want   string
	}{
		{"an attribute twice", []Field{{"A@x", one}, {"A@x", one}}, "<A x='1'/><A x='1'/>"},
		{"an attribute behind an element", []Field{{"A.B", one}, {"A@x", one}}, "<A><B>1</B></A><A x='1'/>"},
		{"an element within a text", []Field{{"A", one}, {"A.B", one}}, "<A>1</A><A><B>1</B></A>"},
		{"an attribute of nothing", []Field{{"A", NullValue()}, {"A@x", one}}, "<A/><A x='1'/>"},
		{"an element within nothing", []Field{{"A", NullValue()}, {"A.B", one}}, "<A/><A><B>1</B></A>"},
		{"an attribute without a value", []Field{{"A@x", NullValue()}}, "<A x=''/>"},
		{"absent fields", []Field{{"A", Value{}}, {"A@x", Value{}}, {"B", one}}, "<B>1</B>"},
		{"nothing at all", nil, ""},
		{"text of its own", []Field{{"", one}, {"@x", one}}, "1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := plain()
			e.UserData = &UserData{Name: "X", Fields: test.fields}
			file := encode(t, WriterOptions{}, e)
			if diff := cmp.Diff(asRead(e, 1), readClean(t, file)[0], sameEvents); diff != "" {
				t.Errorf("(-written +read):\n%s", diff)
			}
			for r := range open(t, file, Options{}).Records() {
				_, got, _ := strings.Cut(string(r.AppendXML(nil)), "<UserData><X")
				got, _, _ = strings.Cut(got, "</UserData>")
				_, got, _ = strings.Cut(got, ">")
				if got = strings.TrimSuffix(got, "</X>"); got != test.want {
					t.Errorf("%s, want %s", got, test.want)
				}
			}
		})
	}
}

// TestEventsThatNoWriterWritesAreClonedWhole reads events of odd forms, writes their clones and reads them again.
func TestEventsThatNoWriterWritesAreClonedWhole(t *testing.T) {
	leaf := func(name string) func(e *encoder) { return func(e *encoder) { within(e, name, text("1")) } }
	x := attr{name: "x", literal: "2"}
	tests := []struct {
		name string
		body recordBody
		want string
	}{
		{"two elements in UserData", event(func(e *encoder) {
			within(e, "UserData", func(e *encoder) { within(e, "X", leaf("A")); within(e, "X", leaf("B"), x) }, x)
		}), "user X: A=1; other: UserData@x=2 UserData.X@x=2 UserData.X.B=1"},
		{"text in UserData", event(func(e *encoder) { within(e, "UserData", text("1")) }), "other: UserData=1"},
		{"text in EventData", event(func(e *encoder) { within(e, "EventData", text("1")) }), "other: EventData=1"},
		{"sections twice", event(func(e *encoder) {
			within(e, "EventData", func(e *encoder) { data(e, "A", text("1")); leaf("Binary")(e) })
			within(e, "UserData", func(e *encoder) { within(e, "X", text("1"), x) })
			within(e, "EventData", func(e *encoder) { data(e, "B", text("1")); leaf("Binary")(e) })
			within(e, "UserData", leaf("Y"))
		}), "data: A=1 B=1; user X: =1 @x=2; other: EventData.Binary=1 EventData.Binary=1 UserData.Y=1"},
		{"Data that hold more than text", eventData(func(e *encoder) {
			within(e, "Data", leaf("In"), attr{name: "Name", literal: "A"}, x)
			within(e, "ComplexData", text("1"), x)
			e.closeEmpty(e.open("Data", x))
			e.closeEmpty(e.open("Data"))
		}), "data: =1 =<null>; other: EventData.A@x=2 EventData.A.In=1 EventData.ComplexData@x=2 EventData.Data@x=2"},
		{"no Event", func(e *encoder) {
			e.fragmentHeader()
			within(e, "Root", leaf("A"))
		}, "other: Root.A=1"},
		{"an attribute without a value", event(func(e *encoder) {
			within(e, "Extra", func(e *encoder) {
				e.u8(tokOpen | tokMore)
				at := e.hole()
				e.name("A")
				list := e.hole()
				e.u8(tokAttribute)
				e.name("x")
				e.sub(0, TypeString, false)
				e.fill(list)
				e.closeEmpty(at)
			})
		}), "other: Extra.A@x="},
	}
	list := func(fields []Field) (s string) {
		for _, f := range fields {
			s += fmt.Sprintf(" %s=%s", f.Name, f.Value)
			if f.Value.IsNull() {
				s += "<null>"
			}
		}
		return s
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := readClean(t, craftFile(craftChunk(1, test.body)))[0]
			var got []string
			if e.Data != nil {
				got = append(got, "data:"+list(e.Data))
			}
			if e.UserData != nil {
				got = append(got, "user "+e.UserData.Name+":"+list(e.UserData.Fields))
			}
			if e.Other != nil {
				got = append(got, "other:"+list(e.Other))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(e, readClean(t, encode(t, WriterOptions{}, e))[0], sameEvents); diff != "" {
				t.Errorf("(-first +again):\n%s", diff)
			}
		})
	}
}

// scalars draw a value of each type.
func scalars() (all []*rapid.Generator[Value]) {
	all = append(all,
		rapid.Map(rapid.String(), StringValue), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 20), ANSIValue),
		rapid.Map(rapid.Int8(), Int8Value), rapid.Map(rapid.Uint8(), Uint8Value), rapid.Map(rapid.Int16(), Int16Value),
		rapid.Map(rapid.Uint16(), Uint16Value), rapid.Map(rapid.Int32(), Int32Value), rapid.Map(rapid.Uint32(), Uint32Value),
		rapid.Map(rapid.Int64(), Int64Value), rapid.Map(rapid.Uint64(), Uint64Value), rapid.Map(rapid.Float32(), Float32Value),
		rapid.Map(rapid.Float64(), Float64Value), rapid.Map(rapid.Bool(), BoolValue),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 50), BinaryValue), rapid.Map(guids(), GUIDValue), rapid.Map(rapid.Uint64(), SizeTValue),
		rapid.Map(rapid.Uint64(), func(n uint64) Value { return TimeValue(fileTime(n)) }),
		rapid.Map(rapid.Uint64(), func(n uint64) Value { return SystemTimeValue(fileTime(n)) }),
		rapid.Map(sids(), SIDValue), rapid.Map(rapid.Uint32(), Hex32Value), rapid.Map(rapid.Uint64(), Hex64Value))
	return all
}

func guids() *rapid.Generator[GUID] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) GUID { return GUID(b) })
}

func sids() *rapid.Generator[string] {
	return rapid.StringMatching(`S-[1-9]-[1-9]{1,9}(-[1-9]{1,9}){0,15}`)
}

func names() *rapid.Generator[string] { return rapid.StringMatching(`[A-Za-z_é日😀<>&'" ]{1,12}`) }

// valueGenerator draws any value that a field can have: of each type, arrays, null and absent.
func valueGenerator() *rapid.Generator[Value] {
	one := scalars()
	return rapid.Custom(func(t *rapid.T) Value {
		v := one[rapid.IntRange(0, len(one)-1).Draw(t, "type")]
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			return NullValue()
		case 1:
			return Value{}
		case 2, 3:
			return ArrayValue(rapid.SliceOfN(v, 1, 4).Draw(t, "items")...)
		}
		return v.Draw(t, "value")
	})
}

// pathGenerator draws fields of few names, so that they share elements.
func pathGenerator(first ...string) *rapid.Generator[Field] {
	return rapid.Custom(func(t *rapid.T) Field {
		path := rapid.SliceOfN(rapid.SampledFrom([]string{"A", "B", "Data", "ComplexData"}), 0, 4).Draw(t, "path")
		if len(first) > 0 {
			path = append([]string{rapid.SampledFrom(first).Draw(t, "section")}, path...)
		} else if len(path) == 0 {
			path = []string{"C"}
		}
		f := Field{strings.Join(path, "."), valueGenerator().Draw(t, "value")}
		if rapid.Bool().Draw(t, "attribute") {
			f.Name += rapid.SampledFrom([]string{"@x", "@y"}).Draw(t, "name")
		}
		return f
	})
}

// eventGenerator draws any event that reads back as it was written.
func eventGenerator() *rapid.Generator[*Event] {
	text := rapid.Map(rapid.String(), func(s string) string { return strings.TrimRight(s, "\x00") })
	moment := rapid.OneOf(rapid.Just(time.Time{}), rapid.Map(rapid.Uint64Range(1, 1<<63), fileTime))
	guid := rapid.OneOf(rapid.Just(GUID{}), guids())
	return rapid.Custom(func(t *rapid.T) *Event {
		e := &Event{
			Written: moment.Draw(t, "written"), Provider: text.Draw(t, "provider"), GUID: guid.Draw(t, "guid"), EventID: rapid.Uint16().Draw(t, "id"),
			EventSourceName: rapid.OneOf(rapid.Just(""), names()).Draw(t, "source"), Qualifiers: rapid.Uint16().Draw(t, "qualifiers"),
			Version: rapid.Uint8().Draw(t, "version"), Level: rapid.Uint8().Draw(t, "level"), Task: rapid.Uint16().Draw(t, "task"),
			Opcode: rapid.Uint8().Draw(t, "opcode"), Keywords: rapid.Uint64().Draw(t, "keywords"), Time: moment.Draw(t, "time"),
			ActivityID: guid.Draw(t, "activity"), RelatedActivityID: guid.Draw(t, "related"), ProcessID: rapid.Uint32().Draw(t, "process"),
			ThreadID: rapid.Uint32().Draw(t, "thread"), Channel: text.Draw(t, "channel"),
			Computer: rapid.OneOf(rapid.Just(""), names()).Draw(t, "computer"), UserSID: rapid.OneOf(rapid.Just(""), sids()).Draw(t, "user"),
		}
		name := rapid.OneOf(rapid.SampledFrom([]string{"", "Data", "Twice", "a.b@c"}), names())
		e.Data = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Field {
			return Field{name.Draw(t, "name"), valueGenerator().Draw(t, "value")}
		}), 0, 12).Draw(t, "data")
		sections := []string{"EventData", "RenderingInfo", "Extra"}
		if rapid.Bool().Draw(t, "user data") {
			sections = append(sections, "UserData")
			u := &UserData{Name: names().Draw(t, "element"), Namespace: rapid.OneOf(rapid.Just(""), names()).Draw(t, "namespace")}
			if rapid.Bool().Draw(t, "text") {
				u.Fields = append(u.Fields, Field{"", Uint8Value(1)})
			}
			if rapid.Bool().Draw(t, "attribute") {
				u.Fields = append(u.Fields, Field{"@x", valueGenerator().Draw(t, "value")})
			}
			u.Fields = append(u.Fields, rapid.SliceOfN(pathGenerator(), 0, 8).Draw(t, "fields")...)
			e.UserData = u
		}
		e.Other = rapid.SliceOfN(pathGenerator(sections...), 0, 8).Draw(t, "other")
		e.Other = slices.DeleteFunc(e.Other, func(f Field) bool {
			switch f.Name {
			case "EventData", "UserData":
				return f.Value.State == Null // an empty section says nothing
			case "EventData.Data", "EventData.ComplexData":
				return true // belongs into Data
			}
			return false
		})
		return e
	})
}

func TestAnyEventComesBackAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(eventGenerator(), 1, 8).Draw(t, "events")
		events = append(events, events...) // the second time their forms are known
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
			if diff := cmp.Diff(asRead(events[i], uint64(i+1)), r.Clone(), sameEvents); diff != "" {
				t.Fatalf("event %d (-written +read):\n%s", i, diff)
			}
			i++
		}
		if i != len(events) || len(f.Notes()) > 0 {
			t.Fatalf("%d of %d events, notes %v", i, len(events), f.Notes())
		}
	})
}

// exportXML has libevtx read a file of the events and gives its XML.
func exportXML(t *testing.T, o WriterOptions, events ...*Event) string {
	t.Helper()
	if _, err := exec.LookPath(otherReader); err != nil {
		t.Skip(otherReader, " (libevtx-utils) is not installed")
	}
	path := filepath.Join(t.TempDir(), "a.evtx")
	if err := os.WriteFile(path, encode(t, o, events...), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(otherReader, "-f", "xml", path)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), "<Event xmlns="); n != len(events) {
		t.Errorf("it reads %d of %d events", n, len(events))
	}
	return string(out)
}

func TestAnIndependentReaderReadsTheWritersFiles(t *testing.T) {
	var events []*Event
	for i := range 200 {
		e := processEvent()
		e.Task = uint16(i)
		events = append(events, e, userDataEvent(), richEvent())
	}
	out := exportXML(t, WriterOptions{}, events...)
	for _, want := range []string{`<Data Name="Image">C:\Windows\System32\mftrace.exe</Data>`, `<SubjectUserName>admin</SubjectUserName>`,
		`<Computer>ws1.example.com</Computer>`, `UserID="S-1-5-18"`} {
		if n := strings.Count(out, want); n != 200 {
			t.Errorf("its output has %d of %s", n, want)
		}
	}
	// It prints an element a line, indented; a list is its element repeated.
	var flat strings.Builder
	for line := range strings.Lines(out) {
		flat.WriteString(strings.TrimSpace(line))
	}
	want := strings.NewReplacer("'", `"`, "0x3<", "0x0000000000000003<").Replace(richXML)
	if n := strings.Count(flat.String(), want); n != 200 {
		t.Errorf("its output has %d of\n%s", n, want)
	}
}

func TestAnIndependentReaderReadsEveryType(t *testing.T) {
	e := everyValue()
	e.Data = slices.DeleteFunc(e.Data, func(f Field) bool { // version 20181227 does not know these arrays
		return f.Value.Array && slices.Contains([]Type{TypeBool, TypeSizeT, TypeSID}, f.Value.Type)
	})
	e.Data = append(e.Data, Field{"None", NullValue()}, Field{"Empty", StringValue("")}, Field{"Absent", Value{}})
	out := exportXML(t, WriterOptions{RecordsPerChunk: 1}, e, e)
	for _, v := range everyType {
		if want := fmt.Sprintf(`<Data Name="T%d">%s</Data>`, v.value.Type, v.text); strings.Count(out, want) != 2 {
			t.Errorf("its output has %d of %s", strings.Count(out, want), want)
		}
		name := fmt.Sprintf("A%d", v.value.Type)
		if want := fmt.Sprintf(`<Data Name="%s">%s</Data>`, name, v.text); strings.Count(out, want) != 6 && e.Field(name).IsPresent() {
			t.Errorf("its output has %d of %s", strings.Count(out, want), want)
		}
	}
	if strings.Count(out, `<Data Name="None"/>`) != 2 || strings.Count(out, `<Data Name="Empty"/>`) != 2 || strings.Contains(out, "Absent") {
		t.Errorf("%s", out)
	}
}

// refused are events that a Writer does not take, and why.
func refused() map[string]struct {
	event *Event
	err   error
} {
	user := func(fields ...Field) *Event {
		e := plain()
		e.UserData = &UserData{Name: "X", Fields: fields}
		return e
	}
	other := func(fields ...Field) *Event {
		e := plain()
		e.Other = fields
		return e
	}
	one := Uint8Value(1)
	long := strings.Repeat("n", maxName+1)
	var many, sections []Field
	for i := range 5000 {
		many = append(many, Field{"A", one})
		sections = append(sections, Field{fmt.Sprint("S", i), one})
	}
	deep := strings.Repeat("p.", maxDepth-2)
	var paths []Field
	for i := range 40 {
		paths = append(paths, Field{strings.Repeat(strings.Repeat("p", 1000)+".", 30) + fmt.Sprint("leaf", i), one})
	}
	return map[string]struct {
		event *Event
		err   error
	}{
		"no name":                   {func() *Event { e := user(); e.UserData.Name = ""; return e }(), ErrEvent},
		"no name in a path":         {user(Field{"A..B", one}), ErrEvent},
		"no name of an attribute":   {user(Field{"A@", one}), ErrEvent},
		"no path":                   {other(Field{"", one}), ErrEvent},
		"an attribute of Event":     {other(Field{"@x", one}), ErrEvent},
		"text twice":                {user(Field{"", one}, Field{"", one}), ErrEvent},
		"a second System":           {other(Field{"System.Level", one}), ErrEvent},
		"a zero character":          {plain(Field{"A\x001\x00B", one}), ErrEvent},
		"no text":                   {plain(Field{"\xff", one}), ErrEvent},
		"a fragment":                {plain(Field{"A", present(TypeBinXML, []byte{tokHeader, 1, 1, 0})}), ErrEvent},
		"an unknown type":           {plain(Field{"A", present(0x7f, nil)}), ErrEvent},
		"an array bit":              {plain(Field{"A", present(TypeUint8|arrayBit, nil)}), ErrEvent},
		"a value of no type":        {plain(Field{"A", present(TypeNull, []byte("x"))}), ErrEvent},
		"a long name":               {plain(Field{long, one}), ErrLimit},
		"a long element":            {user(Field{long, one}), ErrLimit},
		"a long attribute":          {user(Field{"@" + long, one}), ErrLimit},
		"a long namespace":          {func() *Event { e := user(); e.UserData.Namespace = long; return e }(), ErrLimit},
		"a long computer":           {&Event{Computer: long}, ErrLimit},
		"a long source":             {&Event{EventSourceName: long}, ErrLimit},
		"a provider beyond a chunk": {&Event{Provider: strings.Repeat("n", 70_000)}, ErrLimit},
		"a value beyond 64 KiB":     {plain(Field{"A", BinaryValue(make([]byte, 70_000))}), ErrLimit},
		"too many fields":           {plain(many...), ErrLimit},
		"too many elements":         {user(many...), ErrLimit},
		"too many sections":         {other(sections[:64]...), ErrLimit},
		"too deep":                  {user(Field{deep + "A", one}), ErrLimit},
		"paths too long":            {user(paths...), ErrLimit},
	}
}

func TestWhatNoLogCanHoldIsRefusedAndTheNextIsWritten(t *testing.T) {
	for name, test := range refused() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := NewWriter(&b, WriterOptions{})
			for range 2 {
				if err := w.Write(test.event); !errors.Is(err, test.err) {
					t.Errorf("error %v, want %v", err, test.err)
				}
				if err := w.Write(processEvent()); err != nil {
					t.Error(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			got := readClean(t, b.Bytes())
			if len(got) != 2 || b.Len() != fileHeaderSize+ChunkSize {
				t.Errorf("%d bytes, %d events", b.Len(), len(got))
			}
			for i, e := range got {
				if diff := cmp.Diff(asRead(processEvent(), uint64(i+1)), e, sameEvents); diff != "" {
					t.Errorf("(-written +read):\n%s", diff)
				}
			}
		})
	}
}

func TestWhatIsJustWithinTheLimitsIsWritten(t *testing.T) {
	one := Uint8Value(1)
	name := strings.Repeat("n", maxName)
	e := plain(Field{name, one}, Field{strings.Repeat("😀", maxName/2), one}, Field{`"><x y='&`, one})
	e.UserData = &UserData{name, name, []Field{{"@" + name, one}, {strings.Repeat("p.", maxDepth-3) + "A", one}, {"<&>'\" \n", one}}}
	e.Other = []Field{{"Long", BinaryValue(make([]byte, 20_000))}}
	e.Computer, e.EventSourceName = name, name
	file := encode(t, WriterOptions{}, e)
	if diff := cmp.Diff(asRead(e, 1), readClean(t, file)[0], sameEvents); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	for r := range open(t, file, Options{}).Records() {
		var text []byte
		use(t, r, &text)
	}
	var fields []Field
	for range 2600 {
		fields = append(fields, Field{"", NullValue()})
	}
	if got := readClean(t, encode(t, WriterOptions{}, plain(fields...))); len(got[0].Data) != len(fields) {
		t.Errorf("%d fields of %d", len(got[0].Data), len(fields))
	}
}

// TestNoChunkAsksForMoreLayoutsThanAReaderCompiles writes events that share one large section and differ in a small one.
func TestNoChunkAsksForMoreLayoutsThanAReaderCompiles(t *testing.T) {
	var large []Field
	for i := range 40 {
		large = append(large, Field{fmt.Sprintf("P%d.%sLeaf", i, strings.Repeat("p.", 50)), Uint8Value(1)})
	}
	var events []*Event
	for i := range 100 {
		e := plain()
		e.UserData = &UserData{Name: "X", Fields: large}
		e.Other = []Field{{fmt.Sprint("Small", i), Uint8Value(1)}}
		events = append(events, e)
	}
	if got := readClean(t, encode(t, WriterOptions{}, append(events, events...)...)); len(got) != 200 {
		t.Errorf("%d events", len(got))
	}
}

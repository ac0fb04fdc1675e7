// Package recordtest makes records out of text, for the tests of whatever reads records. A record is written in one of two forms.
//
// The compact form names channel, provider and event id on its first line and has a line for each data field. "@" marks a value
// of the envelope by its name in the Sigma taxonomy, a line that begins with a tab goes on with the value of the line above, a
// name without "=" is a field stated as null, and "=" without a name is an unnamed Data:
//
//	Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 1
//	@Computer=ws1.corp.example
//	@TimeCreated_SystemTime=2024-05-01T10:00:00.1234567Z
//	@Execution_ProcessID=2100
//	Image=C:\Windows\System32\cmd.exe
//	CommandLine=cmd /c "echo one
//		echo two"
//
// Empty places on the first line leave channel or provider out, as some exports do. A line that begins with "#" is a comment. Blank
// lines stand between records.
//
// The other form is an <Event> as the event viewer prints it. Both may follow one another in one text:
//
//	for _, rec := range recordtest.Parse(t, text) {
//		if p := decoder.Meaning(rec); p != nil {
//			event := decoder.Decode(rec, p)
//
// Records of equal fields have equal classes, and every rule of reeve.Record holds.
package recordtest

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"reeve"
)

// envelope lists the names of the Sigma taxonomy for what is not data.
var envelope = [...]string{"Provider_Name", "Provider_Guid", "EventID", "Version", "Level", "Task", "Opcode", "Keywords", "TimeCreated_SystemTime",
	"EventRecordID", "Correlation_ActivityID", "Correlation_RelatedActivityID", "Execution_ProcessID", "Execution_ThreadID", "Channel", "Computer", "Security_UserID"}

// Record is a record made of text. Unlike those of a reader it may be kept.
type Record struct {
	ref    reeve.Ref
	head   reeve.Head
	system [len(envelope)][]byte // nil where nothing is stated
	class  reeve.Class
	fields []reeve.Field
	values []reeve.Value
}

// class is the names of a record's fields and envelope, one after the other.
type class string

// Parse makes the records of a text in either form; the test fails where it is not well formed.
func Parse(t testing.TB, text string) []*Record {
	t.Helper()
	records, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// One makes the only record of a text.
func One(t testing.TB, text string) *Record {
	t.Helper()
	records := Parse(t, text)
	if len(records) != 1 {
		t.Fatalf("the text holds %d records, not one", len(records))
	}
	return records[0]
}

// At gives the same record at another place in the evidence.
func (r *Record) At(ref reeve.Ref) *Record {
	out := *r
	out.ref = ref
	return &out
}

// UTF16 gives the same record with its values in the encoding of EVTX files.
func (r *Record) UTF16() *Record {
	out := *r
	out.values = make([]reeve.Value, len(r.values))
	for i, v := range r.values {
		out.values[i] = reeve.Value{Kind: v.Kind, Enc: reeve.UTF16LE}
		for _, unit := range utf16.Encode([]rune(string(v.Bytes))) {
			out.values[i].Bytes = binary.LittleEndian.AppendUint16(out.values[i].Bytes, unit)
		}
	}
	return &out
}

// List gives the same record with its first field a list of several texts, as EVTX files state the unnamed Data of old providers.
func (r *Record) List(items ...string) *Record {
	out := *r
	out.values = slices.Clone(r.values)
	out.values[0] = reeve.Value{Kind: reeve.List, Bytes: []byte(strings.Join(items, "\x00") + "\x00")}
	return &out
}

// With gives the same record with one text for every field.
func (r *Record) With(text string) *Record {
	out := *r
	out.values = make([]reeve.Value, len(r.values))
	for i := range out.values {
		out.values[i] = reeve.Value{Kind: reeve.Text, Bytes: []byte(text)}
	}
	return &out
}

// Ref cites the record: file "records.txt", its number in the text as line and, when it states none, as record id.
func (r *Record) Ref() reeve.Ref { return r.ref }

// Head is the record's envelope.
func (r *Record) Head() *reeve.Head { return &r.head }

// Class is equal for records of equal names.
func (r *Record) Class() reeve.Class { return r.class }

// Fields lists the data in the order of the text.
func (r *Record) Fields() []reeve.Field { return r.fields }

// Resolve finds a data field, else a value of the envelope that the record states.
func (r *Record) Resolve(name string) reeve.Handle {
	for _, equal := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, f := range r.fields {
			if f.Name != "" && equal(f.Name, name) {
				return f.Handle
			}
		}
	}
	for i, n := range envelope {
		if strings.EqualFold(n, name) && r.system[i] != nil {
			return reeve.Handle(len(r.values) + i)
		}
	}
	return reeve.NoHandle
}

// Value gives a field's value.
func (r *Record) Value(h reeve.Handle) reeve.Value {
	switch i := int(h) - len(r.values); {
	case h < 0:
		return reeve.Value{}
	case i < 0:
		return r.values[h]
	case i < len(envelope) && r.system[i] != nil:
		return reeve.Value{Kind: reeve.Text, Bytes: r.system[i]}
	}
	return reeve.Value{}
}

// AppendJSON appends {"Event":{"System":{...},"EventData":{...}}} with the names of the Sigma taxonomy in System; unnamed data are
// a list under "Data".
func (r *Record) AppendJSON(dst []byte) []byte {
	system, data := map[string]string{}, map[string]any{}
	for i, n := range envelope {
		if r.system[i] != nil {
			system[n] = string(r.system[i])
		}
	}
	var unnamed []string
	for i, f := range r.fields {
		switch v := r.values[i]; {
		case f.Name == "":
			unnamed = append(unnamed, v.String())
		case v.Kind == reeve.Null:
			data[f.Name] = nil
		default:
			data[f.Name] = v.String()
		}
	}
	if unnamed != nil {
		data["Data"] = unnamed
	}
	out, err := json.Marshal(map[string]any{"Event": map[string]any{"System": system, "EventData": data}})
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return append(dst, out...)
}

// set states a value of the envelope; false when there is no such name.
func (r *Record) set(name, value string) bool {
	for i, n := range envelope {
		if strings.EqualFold(n, name) {
			r.system[i] = append([]byte{}, value...)
			return true
		}
	}
	return false
}

func (r *Record) add(name string, v reeve.Value) {
	r.fields = append(r.fields, reeve.Field{Name: name, Handle: reeve.Handle(len(r.values))})
	r.values = append(r.values, v)
}

// finish reads the head out of the envelope.
func (r *Record) finish(number int) {
	get := func(name string) string {
		for i, n := range envelope {
			if n == name && r.system[i] != nil {
				return string(r.system[i])
			}
		}
		return ""
	}
	count := func(name string, bits int) uint64 {
		n, err := strconv.ParseUint(get(name), 0, bits)
		if err != nil {
			return 0
		}
		return n
	}
	r.head = reeve.Head{Provider: get("Provider_Name"), Channel: get("Channel"), Computer: get("Computer"), EventID: uint32(count("EventID", 32)),
		Version: uint8(count("Version", 8)), PID: uint32(count("Execution_ProcessID", 32))}
	if at, err := time.Parse(time.RFC3339Nano, get("TimeCreated_SystemTime")); err == nil {
		r.head.Time = reeve.TimeOf(at)
	}
	r.ref = reeve.Ref{File: "records.txt", RecordID: count("EventRecordID", 64), HasID: true, Line: number}
	if r.ref.RecordID == 0 {
		r.ref.RecordID = uint64(number)
	}
	names := make([]string, 0, len(r.fields)+len(envelope))
	for _, f := range r.fields {
		names = append(names, f.Name)
	}
	for i, n := range envelope {
		if r.system[i] != nil {
			names = append(names, "@"+n)
		}
	}
	r.class = class(strings.Join(names, "\n"))
}

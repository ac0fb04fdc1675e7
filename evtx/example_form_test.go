package evtx_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"reeve/evtx"
)

// Paths lead to elements within elements, to attributes, and in Other to sections such as those of forwarded and of older events.
func ExampleField() {
	log := written(evtx.WriterOptions{}, &evtx.Event{
		Provider:        "Service Control Manager",
		EventSourceName: "Service Control Manager",
		EventID:         7036,
		Qualifiers:      16384,
		Data:            []evtx.Field{{Name: "param1", Value: evtx.StringValue("Print Spooler")}, {Name: "", Value: evtx.StringValue("stopped")}},
		UserData: &evtx.UserData{Name: "Service", Fields: []evtx.Field{
			{Name: "@Id", Value: evtx.Uint32Value(7)},
			{Name: "State@Code", Value: evtx.Hex32Value(1)},
			{Name: "State.Old", Value: evtx.StringValue("running")},
			{Name: "State.New", Value: evtx.StringValue("stopped")},
		}},
		Other: []evtx.Field{
			{Name: "EventData.Binary", Value: evtx.BinaryValue([]byte{1, 2})},
			{Name: "RenderingInfo@Culture", Value: evtx.StringValue("en-US")},
			{Name: "RenderingInfo.Level", Value: evtx.StringValue("Information")},
		},
	})
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		_, data, _ := strings.Cut(string(r.AppendXML(nil)), "</System>")
		fmt.Println(strings.ReplaceAll(data, "><", ">\n<"))
		e := r.Clone()
		fmt.Println(e.EventSourceName, e.Qualifiers, e.Field("State.New"), e.Other[2])
	}
	// Output:
	// <UserData>
	// <Service Id='7'>
	// <State Code='0x1'>
	// <Old>running</Old>
	// <New>stopped</New>
	// </State>
	// </Service>
	// </UserData>
	// <EventData>
	// <Data Name='param1'>Print Spooler</Data>
	// <Data>stopped</Data>
	// <Binary>0102</Binary>
	// </EventData>
	// <RenderingInfo Culture='en-US'>
	// <Level>Information</Level>
	// </RenderingInfo>
	// </Event>
	// Service Control Manager 16384 stopped {RenderingInfo.Level Information}
}

// Values of one type make an array of that type.
func ExampleArrayValue() {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	for _, v := range []evtx.Value{
		evtx.ArrayValue(evtx.Int8Value(-1), evtx.Int8Value(1)),
		evtx.ArrayValue(evtx.Int16Value(-2), evtx.Int16Value(2)),
		evtx.ArrayValue(evtx.Float32Value(0.5), evtx.Float32Value(1.5)),
		evtx.ArrayValue(evtx.SizeTValue(16), evtx.SizeTValue(32)),
		evtx.ArrayValue(evtx.SystemTimeValue(at), evtx.SystemTimeValue(at.Add(time.Hour))),
		evtx.ArrayValue(evtx.Int8Value(-1), evtx.Int16Value(2)), // two types are no array
	} {
		fmt.Printf("%v %q\n", v.Type, v)
	}
	// Output:
	// int8 "-1\n1"
	// int16 "-2\n2"
	// float32 "0.5\n1.5"
	// size_t "0x10\n0x20"
	// systemtime "2026-01-02T03:04:05.006Z\n2026-01-02T04:04:05.006Z"
	// null ""
}

// Text of older programs is in a code page, which the reader of a log has to know.
func ExampleANSIValue() {
	log := written(evtx.WriterOptions{}, &evtx.Event{Data: []evtx.Field{{Name: "Name", Value: evtx.ANSIValue([]byte("Gr\xf6\xdfe"))}}})
	f, err := evtx.Open(log, log.Size(), evtx.Options{ANSI: &evtx.Windows1252})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		fmt.Println(r.Lookup("Name"))
	}
	// Output: Größe
}

// What no log can hold is refused, and the writer goes on.
func ExampleWriter_Write_names() {
	w := evtx.NewWriter(&bytes.Buffer{}, evtx.WriterOptions{})
	for _, path := range []string{"RenderingInfo.Message", "RenderingInfo..Message"} {
		err := w.Write(&evtx.Event{EventID: 1, Other: []evtx.Field{{Name: path, Value: evtx.StringValue("It stopped.")}}})
		fmt.Println(err, errors.Is(err, evtx.ErrEvent))
	}
	// Output:
	// <nil> false
	// write event 1: event cannot be written: an element or attribute without a name true
}

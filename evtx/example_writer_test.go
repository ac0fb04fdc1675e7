package evtx_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"reeve/evtx"
)

// Each kind of value has its function.
func ExampleWriter() {
	logon, _ := evtx.ParseGUID("{8FA5F1C9-3D4E-4C2B-9A77-0D5A1B2C3D4E}")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var b bytes.Buffer
	w := evtx.NewWriter(&b, evtx.WriterOptions{FirstRecordID: 1000, RecordsPerChunk: 100})
	err := w.Write(&evtx.Event{Data: []evtx.Field{
		{Name: "Null", Value: evtx.NullValue()},
		{Name: "String", Value: evtx.StringValue("Größe")},
		{Name: "ANSI", Value: evtx.ANSIValue([]byte("Gr\xf6\xdfe"))},
		{Name: "Int8", Value: evtx.Int8Value(-8)},
		{Name: "Uint8", Value: evtx.Uint8Value(8)},
		{Name: "Int16", Value: evtx.Int16Value(-16)},
		{Name: "Uint16", Value: evtx.Uint16Value(16)},
		{Name: "Int32", Value: evtx.Int32Value(-32)},
		{Name: "Uint32", Value: evtx.Uint32Value(32)},
		{Name: "Int64", Value: evtx.Int64Value(-64)},
		{Name: "Uint64", Value: evtx.Uint64Value(64)},
		{Name: "Float32", Value: evtx.Float32Value(3.2)},
		{Name: "Float64", Value: evtx.Float64Value(6.4)},
		{Name: "Bool", Value: evtx.BoolValue(true)},
		{Name: "Binary", Value: evtx.BinaryValue([]byte{0xca, 0xfe})},
		{Name: "GUID", Value: evtx.GUIDValue(logon)},
		{Name: "SizeT", Value: evtx.SizeTValue(0x10)},
		{Name: "FileTime", Value: evtx.TimeValue(at)},
		{Name: "SystemTime", Value: evtx.SystemTimeValue(at)},
		{Name: "SID", Value: evtx.SIDValue("S-1-5-18")},
		{Name: "Hex32", Value: evtx.Hex32Value(0x32)},
		{Name: "Hex64", Value: evtx.Hex64Value(0x64)},
		{Name: "Strings", Value: evtx.StringsValue("a", "b")},
		{Name: "Numbers", Value: evtx.ArrayValue(evtx.Uint32Value(1), evtx.Uint32Value(2))},
	}})
	if err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	f, err := evtx.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), evtx.Options{})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		fmt.Println("record", r.ID())
		for _, field := range r.Layout().Fields() {
			if v := r.Value(field.Handle); field.Section == evtx.SectionEventData {
				fmt.Printf("%s: %v %q\n", field.Name, v.Type, v)
			}
		}
	}
	// Output:
	// record 1000
	// Null: null ""
	// String: string "Größe"
	// ANSI: string "Größe"
	// Int8: int8 "-8"
	// Uint8: uint8 "8"
	// Int16: int16 "-16"
	// Uint16: uint16 "16"
	// Int32: int32 "-32"
	// Uint32: uint32 "32"
	// Int64: int64 "-64"
	// Uint64: uint64 "64"
	// Float32: float32 "3.2"
	// Float64: float64 "6.4"
	// Bool: bool "true"
	// Binary: binary "CAFE"
	// GUID: guid "{8FA5F1C9-3D4E-4C2B-9A77-0D5A1B2C3D4E}"
	// SizeT: size_t "0x10"
	// FileTime: filetime "2026-01-02T03:04:05.0000000Z"
	// SystemTime: systemtime "2026-01-02T03:04:05.000Z"
	// SID: sid "S-1-5-18"
	// Hex32: hex32 "0x32"
	// Hex64: hex64 "0x64"
	// Strings: string "a\nb"
	// Numbers: uint32 "1\n2"
}

// An event that does not fit a chunk is refused, and the writer goes on.
func ExampleWriter_Write() {
	w := evtx.NewWriter(&bytes.Buffer{}, evtx.WriterOptions{})
	for _, n := range []int{1 << 20, 1 << 10} {
		err := w.Write(&evtx.Event{Data: []evtx.Field{{Name: "Dump", Value: evtx.BinaryValue(make([]byte, n))}}})
		if errors.Is(err, evtx.ErrLimit) {
			fmt.Println(n, "bytes are too many")
			continue
		}
		if err != nil {
			panic(err)
		}
		fmt.Println(n, "bytes are written")
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	// Output:
	// 1048576 bytes are too many
	// 1024 bytes are written
}

// The records that matter go into a log of their own, with the ids and times that they had.
func ExampleWriter_Write_copy() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	w := evtx.NewWriter(&b, evtx.WriterOptions{})
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		if r.Lookup("Image").HasPrefixFold(`C:\Temp\`) {
			if err := w.Write(r.Clone()); err != nil {
				panic(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	extract, err := evtx.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), evtx.Options{})
	if err != nil {
		panic(err)
	}
	for r, err := range extract.Records() {
		if err != nil {
			panic(err)
		}
		fmt.Println(r.ID(), r.Lookup("Image"))
	}
	// Output: 101 C:\Temp\MFTRACE.EXE
}

// What an event states, and where it stands in the XML.
func ExampleEvent() {
	guid, _ := evtx.ParseGUID("{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}")
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	log := written(evtx.WriterOptions{}, &evtx.Event{
		RecordID:          7,
		Written:           at.Add(time.Second), // in the record's header, which XML does not show
		Provider:          "Microsoft-Windows-Eventlog",
		EventSourceName:   "Eventlog",
		GUID:              guid,
		EventID:           104,
		Qualifiers:        16384,
		Version:           1,
		Level:             4,
		Task:              104,
		Opcode:            2,
		Keywords:          0x8000000000000000,
		Time:              at,
		ActivityID:        evtx.GUID{1},
		RelatedActivityID: evtx.GUID{2},
		ProcessID:         740,
		ThreadID:          812,
		Channel:           "System",
		Computer:          "ws1",
		UserSID:           "S-1-5-18",
		UserData: &evtx.UserData{
			Name:      "LogFileCleared",
			Namespace: "http://manifests.microsoft.com/win/2004/08/windows/eventlog",
			Fields:    []evtx.Field{{Name: "Channel", Value: evtx.StringValue("Application")}},
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
		fmt.Println(strings.ReplaceAll(string(r.AppendXML(nil)), "><", ">\n<"))
	}
	// Output:
	// <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>
	// <System>
	// <Provider Name='Microsoft-Windows-Eventlog' Guid='{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}' EventSourceName='Eventlog'/>
	// <EventID Qualifiers='16384'>104</EventID>
	// <Version>1</Version>
	// <Level>4</Level>
	// <Task>104</Task>
	// <Opcode>2</Opcode>
	// <Keywords>0x8000000000000000</Keywords>
	// <TimeCreated SystemTime='2026-01-02T03:04:05.0000000Z'/>
	// <EventRecordID>7</EventRecordID>
	// <Correlation ActivityID='{00000001-0000-0000-0000-000000000000}' RelatedActivityID='{00000002-0000-0000-0000-000000000000}'/>
	// <Execution ProcessID='740' ThreadID='812'/>
	// <Channel>System</Channel>
	// <Computer>ws1</Computer>
	// <Security UserID='S-1-5-18'/>
	// </System>
	// <UserData>
	// <LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'>
	// <Channel>Application</Channel>
	// </LogFileCleared>
	// </UserData>
	// </Event>
}

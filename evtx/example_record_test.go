package evtx_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reeve/evtx"
)

// Where a record stands in the file is what a citation needs.
func ExampleRecord() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		raw := make([]byte, r.Size())
		if _, err := log.ReadAt(raw, r.Offset()); err != nil {
			panic(err)
		}
		fmt.Printf("record %d, event %d of %v, in chunk %d: %q...\n", r.ID(), r.EventID(), r.Written(), r.Chunk(), raw[:4])
	}
	// Output:
	// record 100, event 1 of 2026-01-02 03:04:05 +0000 UTC, in chunk 0: "**\x00\x00"...
	// record 101, event 1 of 2026-01-02 03:04:05 +0000 UTC, in chunk 0: "**\x00\x00"...
	// record 102, event 104 of 2026-01-02 04:00:00 +0000 UTC, in chunk 1: "**\x00\x00"...
}

// The fields of System go by numbers. A layout may lack one, and a record may lack its value.
func ExampleRecord_System() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{Want: func(p evtx.Peek) bool { return p.RecordID == 100 }})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		for _, field := range []evtx.SystemField{
			evtx.ProviderName, evtx.ProviderGUID, evtx.EventSourceName, evtx.EventID, evtx.Qualifiers, evtx.Version, evtx.Level, evtx.Task,
			evtx.Opcode, evtx.Keywords, evtx.TimeCreated, evtx.EventRecordID, evtx.ActivityID, evtx.RelatedActivityID, evtx.ProcessID,
			evtx.ThreadID, evtx.Channel, evtx.Computer, evtx.UserID,
		} {
			if v := r.System(field); v.IsPresent() {
				fmt.Printf("%v: %v\n", field, v)
			} else if !r.Layout().HasSystem(field) {
				fmt.Println(field, "is not in the layout")
			}
		}
	}
	// Output:
	// Provider@Name: Microsoft-Windows-Sysmon
	// Provider@EventSourceName is not in the layout
	// EventID: 1
	// Version: 0
	// Level: 4
	// Task: 0
	// Opcode: 0
	// Keywords: 0x0
	// TimeCreated@SystemTime: 2026-01-02T03:04:05.0000000Z
	// EventRecordID: 100
	// Execution@ProcessID: 0
	// Execution@ThreadID: 0
	// Channel: Microsoft-Windows-Sysmon/Operational
	// Computer: ws1
}

// A Record is gone at the next step; an Event stays.
func ExampleRecord_Clone() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	var events []*evtx.Event
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		events = append(events, r.Clone())
	}
	slices.SortFunc(events, func(a, b *evtx.Event) int { return cmp.Compare(b.RecordID, a.RecordID) })
	for _, e := range events {
		if u := e.UserData; u != nil {
			fmt.Println(e.RecordID, e.EventID, u.Name, e.Field("Channel"), len(u.Fields), len(e.Other))
			continue
		}
		fmt.Println(e.RecordID, e.EventID, e.Field("Image"), e.Field("User").IsNull(), e.Field("Hashes").IsAbsent())
	}
	// Output:
	// 102 104 LogFileCleared Application 2 1
	// 101 1 C:\Temp\MFTRACE.EXE true true
	// 100 1 C:\Windows\System32\notepad.exe true true
}

// One object a line is what most tools take.
func ExampleRecord_AppendJSON() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{Want: func(p evtx.Peek) bool { return p.RecordID == 102 }})
	if err != nil {
		panic(err)
	}
	var line []byte
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		line = append(r.AppendJSON(line[:0]), '\n')
		fmt.Printf("%s", line)
	}
	// Output:
	// {"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Eventlog"}},"EventID":104,"Version":0,"Level":4,"Task":0,"Opcode":0,"Keywords":"0x0","TimeCreated":{"#attributes":{"SystemTime":"2026-01-02T04:00:00.0000000Z"}},"EventRecordID":102,"Correlation":null,"Execution":{"#attributes":{"ProcessID":0,"ThreadID":0}},"Channel":"System","Computer":"ws1","Security":null},"UserData":{"LogFileCleared":{"SubjectUserName":"eve","Channel":"Application"}},"RenderingInfo":{"Level":"Information"}}}
}

// XML comes as the Windows tools print it; it is broken into lines here.
func ExampleRecord_AppendXML() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{Want: func(p evtx.Peek) bool { return p.RecordID == 102 }})
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
	// <Provider Name='Microsoft-Windows-Eventlog'/>
	// <EventID>104</EventID>
	// <Version>0</Version>
	// <Level>4</Level>
	// <Task>0</Task>
	// <Opcode>0</Opcode>
	// <Keywords>0x0</Keywords>
	// <TimeCreated SystemTime='2026-01-02T04:00:00.0000000Z'/>
	// <EventRecordID>102</EventRecordID>
	// <Correlation/>
	// <Execution ProcessID='0' ThreadID='0'/>
	// <Channel>System</Channel>
	// <Computer>ws1</Computer>
	// <Security/>
	// </System>
	// <UserData>
	// <LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'>
	// <SubjectUserName>eve</SubjectUserName>
	// <Channel>Application</Channel>
	// </LogFileCleared>
	// </UserData>
	// <RenderingInfo>
	// <Level>Information</Level>
	// </RenderingInfo>
	// </Event>
}

// All records of a form have the fields of its layout, in document order.
func ExampleFieldInfo() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	seen := map[*evtx.Layout]bool{}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		if seen[r.Layout()] {
			continue
		}
		seen[r.Layout()] = true
		for _, field := range r.Layout().Fields() {
			if field.Section != evtx.SectionSystem {
				fmt.Printf("%v: %s (%s) = %q\n", field.Section, field.Name, field.Path, r.Value(field.Handle))
			}
		}
	}
	// Output:
	// EventData: Image (Image) = "C:\\Windows\\System32\\notepad.exe"
	// EventData: ProcessId (ProcessId) = "42"
	// EventData: Company (Company) = ""
	// EventData: User (User) = ""
	// UserData: SubjectUserName (LogFileCleared.SubjectUserName) = "eve"
	// UserData: Channel (LogFileCleared.Channel) = "Application"
	// RenderingInfo: Level (Level) = "Information"
}

// Which handle a field has depends on the layout alone: it is looked up once for each.
func ExampleLayout_Lookup() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{})
	if err != nil {
		panic(err)
	}
	handles := map[*evtx.Layout]evtx.Handle{}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		h, known := handles[r.Layout()]
		if !known {
			h, _ = r.Layout().Lookup("ProcessId") // 0 where there is none, whose value is absent
			handles[r.Layout()] = h
		}
		pid, ok := r.Value(h).Uint64()
		fmt.Println(r.ID(), pid, ok)
	}
	fmt.Println(len(handles), "layouts")
	// Output:
	// 100 42 true
	// 101 43 true
	// 102 0 false
	// 2 layouts
}

// One name in two sections is two fields. Lookup prefers the event's own data, then System.
func ExampleLayout_LookupIn() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{Want: func(p evtx.Peek) bool { return p.EventID == 104 }})
	if err != nil {
		panic(err)
	}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		for _, name := range []string{"Channel", "Level"} {
			fmt.Printf("%s is %v\n", name, r.Lookup(name))
			for _, s := range []evtx.Section{
				evtx.SectionSystem, evtx.SectionEventData, evtx.SectionUserData, evtx.SectionRendering, evtx.SectionOther,
			} {
				if h, ok := r.Layout().LookupIn(s, name); ok {
					fmt.Printf("\t%v in %v\n", r.Value(h), s)
				}
			}
		}
	}
	// Output:
	// Channel is Application
	// 	System in System
	// 	Application in UserData
	// Level is 4
	// 	4 in System
	// 	Information in RenderingInfo
}

package evtx_test

import (
	"bytes"
	"fmt"
	"time"

	"reeve/evtx"
)

// Empty text, an element without content and no element at all are three things.
func ExampleState() {
	log := sample()
	f, err := evtx.Open(log, log.Size(), evtx.Options{Want: func(p evtx.Peek) bool { return p.RecordID == 100 }})
	if err != nil {
		panic(err)
	}
	says := map[evtx.State]string{evtx.Absent: "is absent", evtx.Null: "is null", evtx.Present: "has a value"}
	for r, err := range f.Records() {
		if err != nil {
			panic(err)
		}
		for _, name := range []string{"Company", "User", "Hashes"} {
			fmt.Println(name, says[r.Lookup(name).State])
		}
	}
	// Output:
	// Company has a value
	// User is null
	// Hashes is absent
}

// A table of one's own needs to know what a value can be.
func ExampleType() {
	column := func(t evtx.Type) string {
		switch t {
		case evtx.TypeInt8, evtx.TypeInt16, evtx.TypeInt32, evtx.TypeInt64,
			evtx.TypeUint8, evtx.TypeUint16, evtx.TypeUint32, evtx.TypeUint64,
			evtx.TypeSizeT, evtx.TypeHex32, evtx.TypeHex64:
			return "INTEGER"
		case evtx.TypeFloat32, evtx.TypeFloat64:
			return "REAL"
		case evtx.TypeBool:
			return "BOOLEAN"
		case evtx.TypeFileTime, evtx.TypeSystemTime:
			return "TIMESTAMP"
		case evtx.TypeString, evtx.TypeANSI, evtx.TypeGUID, evtx.TypeSID:
			return "TEXT"
		case evtx.TypeBinary, evtx.TypeBinXML:
			return "BLOB"
		case evtx.TypeNull:
			return "NULL"
		}
		return "?"
	}
	for _, v := range []evtx.Value{evtx.Hex64Value(0x3e7), evtx.Float64Value(1.5), evtx.SIDValue("S-1-5-18"), evtx.NullValue()} {
		fmt.Printf("%q of type %v: %s\n", v, v.Type, column(v.Type))
	}
	// Output:
	// "0x3e7" of type hex64: INTEGER
	// "1.5" of type float64: REAL
	// "S-1-5-18" of type sid: TEXT
	// "" of type null: NULL
}

// The text of an array is its items in lines; where an item may hold a line of its own Items tells them apart.
func ExampleValue_Items() {
	groups := evtx.StringsValue("Domain\nUsers", "Administrators")
	fmt.Printf("%v %q\n", groups.Array, groups)
	for item := range groups.Items() {
		fmt.Printf("%q\n", item)
	}
	// Output:
	// true "Domain\nUsers\nAdministrators"
	// "Domain\nUsers"
	// "Administrators"
}

// The comparisons look at the value where it is and make no string of it.
func ExampleValue_EqualFoldASCII() {
	image := evtx.StringValue(`C:\Windows\System32\Notepad.exe`)
	fmt.Println(image.EqualFoldASCII(`c:\windows\system32\NOTEPAD.EXE`))
	fmt.Println(image.HasPrefixFold(`c:\windows\`))
	fmt.Println(image.HasSuffixFold(`\calc.exe`))
	fmt.Println(image.ContainsFold(`\SYSTEM32\`))
	fmt.Println(evtx.Uint16Value(4688).EqualFoldASCII("4688")) // other types by their text
	// Output:
	// true
	// true
	// false
	// true
	// true
}

// Providers log numbers in any type, and as text.
func ExampleValue_Uint64() {
	for _, v := range []evtx.Value{evtx.Uint8Value(7), evtx.Hex32Value(7), evtx.StringValue("0x7"), evtx.BoolValue(true), evtx.Int32Value(-7)} {
		if n, ok := v.Uint64(); ok {
			fmt.Printf("%v %q: %d\n", v.Type, v, n)
		} else {
			fmt.Printf("%v %q: none\n", v.Type, v)
		}
	}
	// Output:
	// uint8 "7": 7
	// hex32 "0x7": 7
	// string "0x7": 7
	// bool "true": 1
	// int32 "-7": none
}

// Times are FILETIMEs, SYSTEMTIMEs, or text. A FILETIME of 0 is no time.
func ExampleValue_Time() {
	for _, v := range []evtx.Value{
		evtx.TimeValue(time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)),
		evtx.SystemTimeValue(time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)),
		evtx.StringValue("2026-01-02T04:04:05+01:00"),
		evtx.TimeValue(time.Time{}),
		evtx.StringValue("yesterday"),
	} {
		t, ok := v.Time()
		fmt.Println(t.Format(time.RFC3339Nano), ok)
	}
	// Output:
	// 2026-01-02T03:04:05.6789Z true
	// 2026-01-02T03:04:05.678Z true
	// 2026-01-02T03:04:05Z true
	// 1601-01-01T00:00:00Z false
	// 0001-01-01T00:00:00Z false
}

// GUIDs are compared as such, not by one of their many spellings.
func ExampleGUID() {
	sysmon, ok := evtx.ParseGUID("5770385f-c22a-43e0-bf4c-06f5698ffbd9")
	fmt.Println(sysmon, ok, sysmon.IsZero())
	v := evtx.GUIDValue(sysmon)
	fmt.Println(evtx.GUID(v.Bytes) == sysmon)
	// Output:
	// {5770385F-C22A-43E0-BF4C-06F5698FFBD9} true false
	// true
}

// SIDs are compared by their bytes.
func ExampleParseSID() {
	system, ok := evtx.ParseSID("S-1-5-18")
	fmt.Println(ok)
	for _, v := range []evtx.Value{evtx.SIDValue("S-1-5-18"), evtx.SIDValue("S-1-5-21-1-2-3-500")} {
		fmt.Println(v, bytes.Equal(v.Bytes, system))
	}
	// Output:
	// true
	// S-1-5-18 true
	// S-1-5-21-1-2-3-500 false
}

// The bytes of a string are UTF-16LE, as is much of what providers log as binary.
func ExampleAppendUTF8() {
	v := evtx.BinaryValue([]byte("c\x00m\x00d\x00"))
	fmt.Println(v)
	fmt.Println(string(evtx.AppendUTF8(nil, v.Bytes)))
	// Output:
	// 63006D006400
	// cmd
}

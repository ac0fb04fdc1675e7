package evtx

import (
	"strings"
	"testing"
	"time"
)

func TestAppendText(t *testing.T) {
	tests := []struct {
		value Value
		want  string
	}{
		{Value{}, ""},
		{NullValue(), ""},
		{StringValue("é日😀"), "é日😀"},
		{present(TypeInt8, []byte{0xff}), "-1"},
		{present(TypeInt16, []byte{0xfe, 0xff}), "-2"},
		{Int32Value(-2147188641), "-2147188641"},
		{Int64Value(-3), "-3"},
		{Uint8Value(255), "255"},
		{Uint16Value(65535), "65535"},
		{Uint32Value(4294967295), "4294967295"},
		{Uint64Value(1<<64 - 1), "18446744073709551615"},
		{present(TypeFloat32, []byte{0, 0, 0xc0, 0x3f}), "1.5"},
		{Float64Value(-0.25), "-0.25"},
		{BoolValue(true), "true"},
		{BoolValue(false), "false"},
		{BinaryValue([]byte{0, 0xaf}), "00AF"},
		{GUIDValue(testGUID), "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"},
		{Hex32Value(0x3e7), "0x3e7"},
		{Hex64Value(0), "0x0"},
		{SIDValue("S-1-5-21-4294967295-2-3-500"), "S-1-5-21-4294967295-2-3-500"},
		{SIDValue("S-1-281474976710655"), "S-1-281474976710655"},
		{TimeValue(testTime), "2026-03-04T05:06:07.8901234Z"},
		{TimeValue(time.Date(2000, 2, 29, 23, 59, 59, 0, time.UTC)), "2000-02-29T23:59:59.0000000Z"},
		{TimeValue(time.Date(1500, 1, 1, 0, 0, 0, 0, time.UTC)), "1601-01-01T00:00:00.0000000Z"},
		{StringsValue("a", "", "b"), "a\n\nb"},
		{StringsValue(), ""},
	}
	for _, test := range tests {
		if got := test.value.String(); got != test.want {
			t.Errorf("%v of % x: %q, want %q", test.value.Type, test.value.Bytes, got, test.want)
		}
	}
}

func TestFileTimesAgreeWithTheCalendar(t *testing.T) {
	for day := time.Date(1601, 1, 1, 12, 34, 56, 0, time.UTC); day.Year() < 10000; day = day.AddDate(0, 0, 97) {
		want := day.Format("2006-01-02T15:04:05.0000000Z")
		v := TimeValue(day)
		if got := v.String(); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		if got, ok := v.Time(); !ok || !got.Equal(day) {
			t.Fatalf("%s, want %s", got, day)
		}
	}
}

func TestUint64(t *testing.T) {
	tests := []struct {
		value Value
		want  uint64
		ok    bool
	}{
		{Uint16Value(4688), 4688, true},
		{Int32Value(7), 7, true},
		{Int32Value(-7), 0, false},
		{Hex64Value(0x3e7), 0x3e7, true},
		{BoolValue(true), 1, true},
		{StringValue("4688"), 4688, true},
		{StringValue("0x3E7"), 0x3e7, true},
		{StringValue("18446744073709551615"), 1<<64 - 1, true},
		{StringValue("18446744073709551616"), 0, false},
		{StringValue("0x"), 0, false},
		{StringValue("12a"), 0, false},
		{StringValue("１"), 0, false},
		{StringValue(""), 0, false},
		{StringValue(strings.Repeat("1", 21)), 0, false},
		{present(TypeUint32, nil), 0, false},
		{GUIDValue(testGUID), 0, false},
		{StringsValue("1"), 0, false},
		{NullValue(), 0, false},
	}
	for _, test := range tests {
		if got, ok := test.value.Uint64(); ok != test.ok || ok && got != test.want {
			t.Errorf("%v %q: %d, %v", test.value.Type, test.value, got, ok)
		}
	}
}

func TestTime(t *testing.T) {
	tests := []struct {
		value Value
		want  string // empty: no time
	}{
		{TimeValue(testTime), "2026-03-04T05:06:07.8901234Z"},
		{present(TypeFileTime, make([]byte, 8)), ""},
		{present(TypeFileTime, make([]byte, 4)), ""},
		{present(TypeSystemTime, systemTime(2020, 2, 6, 29, 1, 2, 3, 45)), "2020-02-29T01:02:03.045Z"},
		{present(TypeSystemTime, systemTime(2020, 13, 6, 29, 1, 2, 3, 45)), ""},
		{StringValue("2026-03-04T06:06:07+01:00"), "2026-03-04T05:06:07Z"},
		{StringValue("yesterday"), ""},
		{StringValue(strings.Repeat("2", 100)), ""},
		{Uint32Value(1), ""},
		{NullValue(), ""},
	}
	for _, test := range tests {
		got, ok := test.value.Time()
		if ok != (test.want != "") || ok && got.Format(time.RFC3339Nano) != test.want {
			t.Errorf("%v %q: %v, %v, want %q", test.value.Type, test.value, got, ok, test.want)
		}
	}
}

func TestTextIsComparedInPlace(t *testing.T) {
	path := StringValue(`C:\Windows\System32\MFTrace.EXE`)
	accents := StringValue("É日😀x")
	tests := []struct {
		name string
		got  bool
		want bool
	}{
		{"equal but for case", path.EqualFoldASCII(`c:\windows\system32\mftrace.exe`), true},
		{"a prefix is not equal", path.EqualFoldASCII(`c:\windows`), false},
		{"longer is not equal", path.EqualFoldASCII(`c:\windows\system32\mftrace.exe.`), false},
		{"suffix", path.HasSuffixFold(`\mftrace.exe`), true},
		{"no suffix", path.HasSuffixFold(`\notepad.exe`), false},
		{"a suffix longer than the text", path.HasSuffixFold(strings.Repeat("x", 99)), false},
		{"prefix", path.HasPrefixFold(`C:\WINDOWS`), true},
		{"contains", path.ContainsFold(`system32\mf`), true},
		{"does not contain", path.ContainsFold(`system33`), false},
		{"everything contains nothing", path.ContainsFold(""), true},
		{"beyond ASCII is exact", accents.EqualFoldASCII("É日😀X"), true},
		{"beyond ASCII is not folded", accents.EqualFoldASCII("é日😀x"), false},
		{"suffix beyond ASCII", accents.HasSuffixFold("日😀X"), true},
		{"contains beyond ASCII", accents.ContainsFold("😀"), true},
		{"brackets are not letters", StringValue("[").EqualFoldASCII("{"), false},
		{"numbers by their text", Uint16Value(4688).EqualFoldASCII("4688"), true},
		{"GUIDs by their text", GUIDValue(testGUID).HasSuffixFold("698ffbd9}"), true},
		{"hex by its text", Hex64Value(0x3e7).EqualFoldASCII("0X3E7"), true},
		{"empty equals empty", StringValue("").EqualFoldASCII(""), true},
		{"null equals nothing", NullValue().EqualFoldASCII(""), false},
		{"absent contains nothing", Value{}.ContainsFold(""), false},
		{"absent has no prefix", Value{}.HasPrefixFold(""), false},
		{"long binary by its text", BinaryValue(make([]byte, 300)).HasSuffixFold("0000"), true},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: %v", test.name, test.got)
		}
	}
}

func TestItems(t *testing.T) {
	sid, _ := ParseSID("S-1-5-18")
	long, _ := ParseSID("S-1-5-21-1-2-3-500")
	tests := []struct {
		value Value
		want  []string
	}{
		{StringsValue("a", "", "b"), []string{"a", "", "b"}},
		{StringValue("one"), []string{"one"}},
		{StringsValue(), []string{""}},
		{Value{Type: TypeUint32, State: Present, Array: true, Bytes: []byte{1, 0, 0, 0, 2, 0, 0, 0, 3}}, []string{"1", "2"}},
		{Value{Type: TypeSID, State: Present, Array: true, Bytes: append(append([]byte(nil), sid...), long...)}, []string{"S-1-5-18", "S-1-5-21-1-2-3-500"}},
		{Value{Type: TypeBinary, State: Present, Array: true, Bytes: []byte{1, 2}}, []string{"0102"}},
		{Value{}, nil},
		{NullValue(), nil},
	}
	for _, test := range tests {
		var got []string
		for item := range test.value.Items() {
			got = append(got, item.String())
		}
		if strings.Join(got, "|") != strings.Join(test.want, "|") || len(got) != len(test.want) {
			t.Errorf("%v: %q, want %q", test.value.Type, got, test.want)
		}
	}
	for range StringsValue("a", "b").Items() {
		break // stopping early is allowed
	}
}

func TestParseGUIDAndSID(t *testing.T) {
	for _, s := range []string{testGUID.String(), strings.ToLower(testGUID.String()), strings.Trim(testGUID.String(), "{}")} {
		if g, ok := ParseGUID(s); !ok || g != testGUID || g.IsZero() {
			t.Errorf("%s: %v, %v", s, g, ok)
		}
	}
	for _, s := range []string{"", "{}", strings.Repeat("0", 36), strings.Replace(testGUID.String(), "5", "g", 1), testGUID.String() + "x"} {
		if g, ok := ParseGUID(s); ok || !g.IsZero() {
			t.Errorf("%q is taken for %v", s, g)
		}
	}
	for _, s := range []string{"", "S", "S-1", "X-1-5", "S-1-x", "S-300-5", "S-1-5-x", "S-1-5-4294967296", "S-1-5" + strings.Repeat("-1", 256)} {
		if b, ok := ParseSID(s); ok || !SIDValue(s).IsNull() {
			t.Errorf("%q is taken for % x", s, b)
		}
	}
}

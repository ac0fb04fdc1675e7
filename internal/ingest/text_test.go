package ingest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"reeve"
)

func TestStringsEndAtTheirQuote(t *testing.T) {
	for text, want := range map[string]string{
		`abc"`:                    "3 false <nil>",
		`"`:                       "0 false <nil>",
		`a\"b"`:                   "4 true <nil>",
		`a\\"`:                    "3 true <nil>",
		`0123456789abcdef"`:       "16 false <nil>",
		`0123456789abcde\""`:      "17 true <nil>",
		`0123456\\"`:              "9 true <nil>",
		"tab\there\"":             "8 false <nil>",
		"Grüße 😀 und mehr Text\"": fmt.Sprint(len("Grüße 😀 und mehr Text"), " false <nil>"),
		"line\nbreak\"":           "4 false record cannot be read: a string is not closed on its line",
		`never closed at all`:     "19 false more is needed",
		`ends in a backslash\`:    "20 true more is needed",
		``:                        "0 false more is needed",
	} {
		end, escaped, err := scanString([]byte(text), 0)
		if got := fmt.Sprint(end, " ", escaped, " ", err); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestScanStringAgreesWithReadingByteByByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.SampledFrom([]byte{'a', '"', '\\', 0x80, 0xff, '!', '#', '[', ']', 0x01, 0x21, 0x5b, 0x5d, 0xa2, 0xdc}), 0, 60).Draw(t, "b")
		want, escaped := len(b), false
		for i := 0; i < len(b); i++ {
			if b[i] == '\\' {
				escaped = true
				i++
			} else if b[i] == '"' {
				want = i
				break
			}
		}
		if end, esc, _ := scanString(b, 0); end != want || esc != escaped {
			t.Fatalf("%q ends at %d %v, want %d %v", b, end, esc, want, escaped)
		}
	})
}

func TestLiteralsAreNumbersAndThreeWords(t *testing.T) {
	for text, want := range map[string]bool{"null": true, "true": true, "false": true, "0": true, "-1": true, "1.5": true, "1e9": true, "1E+9": true, "2e-7": true,
		"NaN": true, "nul": false, "TRUE": false, "-": false, "": false, "+1": false, ".5": false, "1-2": false, "0x10": false, "abc": false} {
		if got := validLiteral([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
		if n := literal([]byte(text + ",x")); n != len(text) {
			t.Errorf("%q has length %d", text, n)
		}
	}
}

func TestEscapesDecodeAsTheStandardLibraryDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{"a", `\n`, `\"`, `\\`, `\/`, `\u0041`, `\u00e4`, `\ud83d\ude00`, `\ud83d`, `\ude00`, "ä", "😀", `\t`, `\ud83dx`})).Draw(t, "parts")
		quoted := `"` + strings.Join(parts, "") + `"`
		var want string
		if err := json.Unmarshal([]byte(quoted), &want); err != nil {
			t.Fatal(err)
		}
		if got := string(appendJSONText(nil, []byte(quoted[1:len(quoted)-1]))); got != want {
			t.Fatalf("%s is %q, want %q", quoted, got, want)
		}
	})
}

func TestQuotingIsUndoneByTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		var got string
		if err := json.Unmarshal(appendQuoted(nil, b), &got); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(string(b))); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func TestCompactJSONMeansTheSame(t *testing.T) {
	for text, want := range map[string]string{
		"{ }":                                  "{ }",
		"{\n \"a b\" : [ 1 ,\t2 ] }":           `{"a b":[1,2]}`,
		"{\n\"a\\\"\\\\\" : \" x\\n \" }":      `{"a\"\\":" x\n "}`,
		"{\r\n\"n\":null,\r\n\"t\": true\r\n}": `{"n":null,"t":true}`,
		"{\"bad\xff\":1}":                      "{\"bad�\":1}",
	} {
		if got := string(appendCompact(nil, []byte(text))); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestXMLTextIsDecoded(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                          "plain",
		"&lt;a&gt; &amp;&quot;&apos;":    `<a> &"'`,
		"&#65;&#x42;&#X43;":              "ABC",
		"&#x1F600;":                      "😀",
		"&unknown; &; & &#; &#x; &amp":   "&unknown; &; & &#; &#x; &amp",
		"&#99999999999;":                 "&#99999999999;",
		"a<![CDATA[<b>&amp;]]>c":         "a<b>&amp;c",
		"a<!-- comment -->b":             "ab",
		"a<?pi x?>b":                     "ab",
		"<![CDATA[never closed":          "never closed",
		"a < b":                          "a < b",
		strings.Repeat("&", 20) + "amp;": strings.Repeat("&", 19) + "&",
		"&waytoolongtobeanentity; &lt;":  "&waytoolongtobeanentity; <",
		"&#xD800;":                       "�",
	} {
		if got := string(appendXMLText(nil, []byte(text))); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestEventTagsAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"<Event>":                      "0  false",
		"  <Event xmlns='x'>":          "2  false",
		"<EventData><EventID><Events>": "-1  false",
		"<EventData/><Event\n>":        "12  false",
		"<e:Event a='b'>":              "0 e: false",
		"</Event>":                     "0  true",
		"x</Event><Event>":             "1  true",
		"<Event":                       "-1  false",
		"Event >":                      "-1  false",
		"<a b:Event >":                 "-1  false",
		"</e:Event>":                   "-1  false",
		"<" + strings.Repeat("p", 60) + ":Event>": "-1  false",
	} {
		at, prefix, isEnd := eventTag([]byte(text), []byte("</Event>"))
		if got := fmt.Sprintf("%d %s %v", at, prefix, isEnd); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestRowsAreCutIntoCells(t *testing.T) {
	for text, want := range map[string]string{
		"a,b,c\n":            `["a" "b" "c"] 6 <nil>`,
		"a,b,c\r\nnext":      `["a" "b" "c"] 7 <nil>`,
		",,\n":               `["" "" ""] 3 <nil>`,
		"\"a,b\",\"c\nd\"\n": `["a,b" "c\nd"] 12 <nil>`,
		"\"a\"\"b\",c\n":     `["a\"\"b" "c"] 9 <nil>`,
		"\"\",x\n":           `["" "x"] 5 <nil>`,
		"a\"b,c\n":           `["a\"b" "c"] 6 <nil>`,
		"\"a\"junk,c\n":      `["a" "c"] 10 <nil>`,
		"last,row":           `["last" "row"] 8 <nil>`,
		"\"open,\n":          `[] 7 record cannot be read: a quoted cell does not end`,
	} {
		h := table{comma: ','}
		n, err := h.read([]byte(text), true)
		if got := fmt.Sprintf("%q %d %v", h.row, n, err); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	h := table{comma: ','}
	for _, text := range []string{"a,b", "a,\"b", "a", ""} {
		if _, err := h.read([]byte(text), false); err != errShort {
			t.Errorf("%q: %v, want more", text, err)
		}
	}
	if _, err := h.read([]byte(strings.Repeat(",", 5000)), true); !errors.Is(err, reeve.ErrLimit) {
		t.Errorf("5000 columns: %v", err)
	}
}

func TestSeparatorsAreKnownByTheHeader(t *testing.T) {
	for header, want := range map[string]byte{"a,b,c\n": ',', "a;b;c\n": ';', "a\tb\tc\n": '\t', "a|b|c\n": '|', "a;b,c,d\n": ','} {
		h, _, err := newTable([]byte(header))
		if err != nil || h.comma != want {
			t.Errorf("%q: %v", header, err)
		}
	}
}

func TestBordersAreBetweenObjectsOnly(t *testing.T) {
	for text, want := range map[string]int{"{}\n{}": 3, "{}\r\n{}": 4, "{},\n{}": -1, "{}{}": -1, "{\"a\":\n{}}\n{": 10, "\n{": -1, "": -1} {
		if got := border([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// trickle gives few bytes at a time, as a reader may.
type trickle struct{ *bytes.Reader }

func (r trickle) ReadAt(b []byte, at int64) (int, error) {
	return r.Reader.ReadAt(b[:min(len(b), 7)], at)
}

func TestWindowsKnowWhereTheyStand(t *testing.T) {
	text := "first\nzweite Zeile: ä😀\n\nlast 𝄞"
	for name, c := range map[string]struct {
		enc  encoding
		raw  []byte
		unit int64
	}{
		"UTF-8":    {textUTF8, []byte(text), 1},
		"UTF-16LE": {textUTF16LE, utf16Of(text, binary.LittleEndian, false), 2},
		"UTF-16BE": {textUTF16BE, utf16Of(text, binary.BigEndian, false), 2},
	} {
		var w window
		w.open(trickle{bytes.NewReader(c.raw)}, c.enc, 0, int64(len(c.raw)), 1)
		for w.more() {
		}
		if got := string(w.rest()); got != text {
			t.Errorf("%s shows %q", name, got)
		}
		w.skip(len("first\nzweite"))
		if w.line != 2 || w.col != 6 || w.at != 12*c.unit {
			t.Errorf("%s stands at line %d col %d offset %d", name, w.line, w.col, w.at)
		}
		w.skip(len(w.rest()))
		if w.line != 4 || w.at != int64(len(c.raw)) {
			t.Errorf("%s ends at line %d offset %d of %d", name, w.line, w.at, len(c.raw))
		}
	}
}

func TestUTF16IsDecodedAsFarAsItGoes(t *testing.T) {
	for src, want := range map[string]string{
		"a\x00b\x00":               "ab 4",
		"a\x00b":                   "a 2",
		"\x3d\xd8\x00\xde":         "😀 4",
		"a\x00\x3d\xd8":            "a 2", // its other half is still to come
		"\x00\xdea\x00":            "�a 4",
		"\x3d\xd8a\x00":            "�a 4",
		"\x3d\xd8\x3d\xd8\x00\xde": "�😀 6",
	} {
		got, n := appendUTF16(nil, []byte(src), textUTF16LE)
		if s := fmt.Sprintf("%s %d", got, n); s != want || !utf8.Valid(got) {
			t.Errorf("%q: %q, want %q", src, s, want)
		}
	}
}

func TestEncodingsAreKnown(t *testing.T) {
	for head, want := range map[string]encoding{"{\"a\"": textUTF8, "\xff\xfe{\x00": textUTF16LE, "\xfe\xff\x00{": textUTF16BE, "{\x00\"\x00": textUTF16LE, "\x00{\x00\"": textUTF16BE,
		"\xef\xbb\xbf{": textUTF8, "": textUTF8, "a": textUTF8, "\x00\x00\x00\x00": textUTF8} {
		if got := encodingOf([]byte(head)); got != want {
			t.Errorf("%q: %d, want %d", head, got, want)
		}
	}
}

func TestLabelsStandForRawNames(t *testing.T) {
	for _, c := range []struct{ section, label, want string }{
		{"Subject", "Account Name", "SubjectUserName"}, {"New Logon", "Logon ID", "TargetLogonId"}, {"Process Information", "Process ID", "ProcessId"},
		{"Network Information", "Source Port", "IpPort"}, {"Filter Information", "Source Port", "SourcePort"}, {"", "TargetFilename", "TargetFilename"},
		{"", "Service Name", "ServiceName"}, {"Subject", "Unheard Of", "UnheardOf"},
	} {
		if got := fieldOf(c.section, c.label); got != c.want {
			t.Errorf("%s/%s is %s, want %s", c.section, c.label, got, c.want)
		}
	}
	for text, want := range map[string]bool{"Image": true, "New Process Name": true, "Logon ID (hex)": true, "": false, "a, b": false, "C:\\x": false,
		strings.Repeat("x", 60): false, "one two three four five six seven": false} {
		if isLabel([]byte(text)) != want {
			t.Errorf("%q is a label: %v", text, !want)
		}
	}
}

func TestElementsAreNamedAsInTheLog(t *testing.T) {
	for path, want := range map[string]string{
		"EventData/Image": "Image", "EventData/#attributes/Name": "EventData@Name", "EventData/@Name": "EventData@Name", "EventData_attributes/Name": "EventData@Name",
		"UserData/LogFileCleared/SubjectUserName": "SubjectUserName", "UserData/X/#attributes/Version": "X@Version", "UserData/X_attributes/Version": "X@Version",
		"UserData/X/@Version": "X@Version", "UserData/X/Y/#text": "Y", "UserData/X/xmlns": "none", "UserData/X/@xmlns": "none", "UserData/X/$/A": "X@A",
	} {
		got, data := elementName(strings.Split(path, "/"))
		if !data {
			got = "none"
		}
		if got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestStepsOfEqualRecordsMeet(t *testing.T) {
	table := &shapes{}
	a, b := newTrie(table), newTrie(table)
	walk := func(tr *trie, names ...string) *shape {
		n := tr.begin()
		for _, name := range names {
			n = tr.step(n, opLeaf, []byte(name))
		}
		return tr.end(n)
	}
	if walk(a, "EventID", "x") != walk(b, "EventID", "x") {
		t.Error("two workers have two shapes for one structure")
	}
	if walk(a, "EventID", "x") == walk(a, "EventID", "y") || walk(a, "ab", "c") == walk(a, "a", "bc") || walk(a, "a\x001:b") == walk(a, "a", "b") {
		t.Error("two structures share a shape")
	}
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("child%d", i))
	}
	for range 2 {
		for _, name := range many {
			if s := walk(a, name); len(s.leaves) != 1 || s.leaves[0].full != name {
				t.Fatalf("%s leads to %v", name, s.leaves)
			}
		}
	}
}

func TestNamesAreInternedByEncoding(t *testing.T) {
	var n names
	one := n.intern(reeve.Value{Kind: reeve.Text, Bytes: []byte("A\x00")})
	two := n.intern(reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: []byte("A\x00")})
	if one != "A\x00" || two != "A" {
		t.Errorf("%q %q", one, two)
	}
	for i := range 3 * maxNames {
		n.intern(reeve.Value{Kind: reeve.Text, Bytes: fmt.Appendf(nil, "host%d", i)})
	}
	if len(n[reeve.UTF8]) > maxNames {
		t.Errorf("%d names are kept", len(n[reeve.UTF8]))
	}
	if s := n.intern(reeve.Value{Kind: reeve.Text, Bytes: bytes.Repeat([]byte("é"), maxNameLength)}); len(s) > maxNameLength+2 || !utf8.ValidString(s) {
		t.Errorf("a long name has %d bytes", len(s))
	}
}

func TestFlatRecordsAreToldFromOtherObjects(t *testing.T) {
	for keys, want := range map[string]bool{
		"EventID Channel": true, "event_id @timestamp": true, "EventCode ComputerName": true, "Channel SourceName": true, "ActionType DeviceName Timestamp": true,
		"event_type timestamp pid": true, "@timestamp process.executable": true, "EventID": false, "Channel": false, "name version": false, "@timestamp message": false,
		"ParentProcessId ProcessId Name": false, "id time": false,
	} {
		var steps []step
		for k := range strings.SplitSeq(keys, " ") {
			steps = append(steps, step{opLeaf, k})
		}
		if got := newShape(steps).event; got != want {
			t.Errorf("%s is an event: %v", keys, got)
		}
	}
}

func TestFormatsAreTriedInOrder(t *testing.T) {
	var order []string
	for _, f := range formats() {
		order = append(order, f.name)
	}
	if want := []string{"evtx", "xml", "json", "csv"}; !slices.Equal(order, want) {
		t.Errorf("%v, want %v", order, want)
	}
}

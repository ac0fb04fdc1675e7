package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reeve"
	"reeve/internal/evidence"
)

// TestHostileTextTakesNoLonger reads texts that are made to be read over and over: each is 1 MiB, and has to be done in seconds
// or, on a slow or busy machine, in a small multiple of what ordinary records take.
func TestHostileTextTakesNoLonger(t *testing.T) {
	const size = 1 << 20
	fill := func(head, unit string) []byte {
		return append([]byte(head), strings.Repeat(unit, size/len(unit))...)
	}
	jsonHead := `{"EventID":1,"Channel":"C"}` + "\n"
	xmlHead := "<Event><System><EventID>1</EventID><Channel>C</Channel></System></Event>\n"
	var keys bytes.Buffer
	keys.WriteString(jsonHead)
	for i := 0; keys.Len() < size; i++ {
		keys.WriteString(`{"EventID":1,"Channel":"C"`)
		for k := range 500 {
			fmt.Fprintf(&keys, `,"k%d-%d":1`, i, k)
		}
		keys.WriteString("}\n")
	}
	read := func(content []byte) (time.Duration, int) {
		set := setOf(t, map[string][]byte{"f": content})
		w := &watcher{t: t}
		begin := time.Now()
		if _, err := Scan(context.Background(), set, Options{Threads: 1}, func(int) Sink { return w }); err != nil {
			t.Fatal(err)
		}
		return time.Since(begin), w.n
	}
	ordinary, _ := read(fill("", jsonHead))
	limit := max(3*time.Second, 50*ordinary)
	for name, content := range map[string][]byte{
		"objects that never end":      fill(jsonHead, "{\"a\":\n"),
		"lists that never end":        fill(jsonHead, "{\"a\":[{},\n"),
		"lists in lists of an answer": fill(`{"a":[{"EventID":1,"Channel":"C"}]}`+"\n", "{\"a\":[\n"),
		"one endless list":            fill(jsonHead+"{\"a\":[\n", "{\"a\":1},\n"),
		"strings that never end":      fill(jsonHead, "{\"a\":\"x\n"),
		"a string of quotes":          fill(jsonHead+`{"a":"`, `\"`),
		"garbage without line breaks": fill(jsonHead, "garbage{"),
		"braces":                      fill(jsonHead, "{"),
		"brackets":                    fill(jsonHead+`{"a":`, "["),
		"commas":                      fill(jsonHead, ","),
		"ever new names":              keys.Bytes(),
		"events that never end":       fill(xmlHead, "<Event>"),
		"events that end at last":     append(fill(xmlHead, "<Event ><System>"), "</Event>"...),
		"open elements":               fill(xmlHead+"<Event>", "<a>"),
		"attributes":                  fill(xmlHead+"<Event ", "a='b' "),
		"tags":                        fill(xmlHead, "<"),
		"ampersands":                  fill(xmlHead+"<Event><System><EventID>", "&"),
		"comments":                    fill(xmlHead+"<Event>", "<!--"),
		"rows of quotes":              fill("EventID,Computer,x\n1,a,b\n", "\"\n\"\"\"\n"),
		"cells":                       fill("EventID,Computer,x\n1,a,b\n", ","),
		"one open quote":              fill("EventID,Computer,x\n1,a,b\n\"", "\"\"\n"),
	} {
		took, n := read(content)
		if took > limit {
			t.Errorf("%s: %v, ordinary records take %v", name, took, ordinary)
		}
		if n == 0 {
			t.Errorf("%s: not even the first record was read", name)
		}
	}
}

// texts draws values of any characters that the formats can carry.
func texts(t *rapid.T) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0xfffe || r == 0xffff || r == 0x7f || r == 0xfffd || r == 0xfeff {
			return 'x'
		}
		return r
	}, rapid.StringN(0, 40, 200).Draw(t, "text"))
}

// TestWhatOthersWriteWeRead: values written by the standard library's encoders come back as they were, in every format.
func TestWhatOthersWriteWeRead(t *testing.T) {
	set := func(name string, content []byte) (values []string) {
		w := newTextWorker(nil)
		sink := &seen{each: func(r reeve.Record) {
			for i := range 4 {
				values = append(values, r.Value(r.Resolve(fmt.Sprintf("f%d", i))).String())
			}
		}}
		f := memory(name, content)
		w.w = &worker{sink: sink, opt: &Options{}, shared: &shared{}, text: w}
		f.format.read(w.w, f, part{to: int64(len(content)), last: true})
		return values
	}
	rapid.Check(t, func(t *rapid.T) {
		want := []string{texts(t), texts(t), texts(t), texts(t)}
		var js, xm, cs bytes.Buffer
		record := map[string]any{"EventID": 1, "Channel": "C"}
		xm.WriteString("<Event><System><EventID>1</EventID><Channel>C</Channel></System><EventData>")
		row := []string{"1", "C"}
		for i, v := range want {
			record[fmt.Sprintf("f%d", i)] = v
			fmt.Fprintf(&xm, "<Data Name='f%d'>", i)
			xml.EscapeText(&xm, []byte(v))
			xm.WriteString("</Data>")
			row = append(row, v)
		}
		xm.WriteString("</EventData></Event>")
		e := json.NewEncoder(&js)
		e.SetEscapeHTML(rapid.Bool().Draw(t, "escape"))
		if err := e.Encode(record); err != nil {
			t.Fatal(err)
		}
		c := csv.NewWriter(&cs)
		c.WriteAll([][]string{{"EventID", "Channel", "f0", "f1", "f2", "f3"}, row})
		for format, content := range map[string][]byte{"json": js.Bytes(), "xml": xm.Bytes(), "csv": cs.Bytes()} {
			if got := set(format, content); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
				t.Fatalf("%s gives %q, want %q, out of %s", format, got, want, content)
			}
		}
	})
}

// memory is a file of a format in memory.
func memory(format string, content []byte) *file {
	f := &file{handle: bytesContent{bytes.NewReader(content)}, ev: &evidence.File{Name: format}, opt: &Options{}}
	for _, x := range formats() {
		if x.name == format {
			f.format = &x
		}
	}
	return f
}

// bytesContent is content in memory.
type bytesContent struct{ *bytes.Reader }

func (bytesContent) Close() error  { return nil }
func (bytesContent) Damage() error { return nil }
func (c bytesContent) Size() int64 { return c.Reader.Size() }

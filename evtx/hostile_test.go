package evtx

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// drainChunk reads and renders all of a chunk and says how many records and errors there were.
func drainChunk(t *testing.T, c *ChunkReader, chunk []byte) (records, errs int) {
	t.Helper()
	if err := c.Reset(chunk, 0, 0); err != nil {
		t.Fatal(err)
	}
	var buf []byte
	for n := 0; ; n++ {
		if n > ChunkSize/minRecordSize {
			t.Fatal("more records than a chunk can hold")
		}
		r, err := c.Next()
		if err == io.EOF {
			return records, errs
		}
		if err != nil {
			var e *RecordError
			if !errors.As(err, &e) || e.Err == nil || e.Reason == "" {
				t.Fatalf("error without a class or reason: %v", err)
			}
			errs++
			continue
		}
		records++
		use(t, r, &buf)
	}
}

// crowded is a chunk with every construct of binary XML in it.
func crowded(t *testing.T) []byte {
	crafted := craftChunk(1, among, multipart, named("A", "1"), typed(true, StringsValue("a", "b")),
		func(e *encoder) { wrapped(e, func(e *encoder) { within(e, "EventData", rawData) }) })
	if n, errs := drainChunk(t, NewChunkReader(nil, nil), crafted); n != 5 || errs != 0 {
		t.Fatalf("the crafted chunk has %d records and %d errors", n, errs)
	}
	return crafted
}

// among is an event of plain elements with a template instance among them.
func among(e *encoder) {
	event(func(e *encoder) {
		within(e, "System", func(e *encoder) { within(e, "Level", text("4")) })
		e.instance("inner", testGUID, func() {
			within(e, "EventData", func(e *encoder) { data(e, "V", func(e *encoder) { e.sub(0, TypeString, false) }) })
		})
		e.values([]Value{StringValue("inside")}, nil)
	})(e)
}

// multipart is an event with text and values of several types in one element.
func multipart(e *encoder) {
	e.fragmentHeader()
	e.instance("parts", GUID{9}, func() {
		within(e, "Event", func(e *encoder) {
			within(e, "EventData", func(e *encoder) {
				data(e, "V", func(e *encoder) {
					e.text("<")
					for i := range 5 {
						e.sub(i, TypeString, true)
						e.text("|")
					}
				})
				data(e, "Nothing", func(e *encoder) {
					e.sub(3, TypeString, true)
					e.sub(3, TypeString, true)
				})
			})
		})
	})
	e.values([]Value{StringValue("é"), Uint32Value(7), StringsValue("a", "b"), NullValue(), present(TypeANSI, []byte("\x80"))}, nil)
}

func TestContentOfSeveralPieces(t *testing.T) {
	f := open(t, craftFile(craftChunk(1, multipart, among)), Options{})
	lines, errs := fields(t, f)
	want := [][]string{{"V=<é|7|a\nb||€|", "Nothing=<absent>"}, {"Level=4", "V=inside"}}
	if diff := cmp.Diff(want, lines); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, fields (-want +got):\n%s", errs, diff)
	}
}

func TestEveryCutOfARecordIsHandled(t *testing.T) {
	chunk := crowded(t)
	c := NewChunkReader(nil, nil)
	for i := range 5 {
		at := recordAt(chunk, i)
		size := int(le.Uint32(chunk[at+4:]))
		for n := minRecordSize; n < size; n++ {
			cut := patched(chunk, func(b []byte) {
				le.PutUint32(b[at+4:], uint32(n))
				le.PutUint32(b[at+n-4:], uint32(n))
				le.PutUint32(b[48:], uint32(at+n))
			})
			if records, errs := drainChunk(t, c, cut); records+errs < i+1 {
				t.Fatalf("record %d cut to %d bytes: %d records, %d errors", i, n, records, errs)
			}
		}
	}
}

func TestEveryChangedByteIsHandled(t *testing.T) {
	chunk := crowded(t)
	c := NewChunkReader(nil, nil)
	for at := chunkHeaderSize; at < recordAt(chunk, 5); at++ {
		for _, x := range []byte{0x00, 0x01, 0x0c, 0x21, 0x7f, 0x81, 0xff} {
			old := chunk[at]
			chunk[at] = x
			drainChunk(t, c, chunk)
			chunk[at] = old
		}
	}
	if n, errs := drainChunk(t, c, chunk); n != 5 || errs != 0 {
		t.Errorf("afterwards the reader sees %d records and %d errors", n, errs)
	}
}

func TestTemplatesWithoutDependencyIDs(t *testing.T) {
	body := func(e *encoder) {
		e.fragmentHeader()
		e.instance("bare", testGUID, func() {
			e.dependency = false
			e.u8(tokPITarget)
			e.name("pi")
			e.u8(tokPIData)
			e.u16(0)
			within(e, "Event", func(e *encoder) {
				within(e, "EventData", func(e *encoder) { data(e, "V", func(e *encoder) { e.sub(0, TypeString, false) }) })
			})
		})
		e.values([]Value{StringValue("x")}, nil)
	}
	lines, errs := fields(t, open(t, craftFile(craftChunk(1, body)), Options{}))
	if diff := cmp.Diff([][]string{{"V=x"}}, lines); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, fields (-want +got):\n%s", errs, diff)
	}
}

func TestDefinitionsThatAreNoneCostTheirRecordOnly(t *testing.T) {
	tests := []struct {
		name string
		body func(e *encoder)
	}{
		{"an unknown token", func(e *encoder) { e.u8(0x3f) }},
		{"an instance within a definition", func(e *encoder) {
			within(e, "Event", func(e *encoder) { e.b = append(e.b, tokInstance, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0) })
		}},
		{"an element that is not closed", func(e *encoder) { e.open("Event"); e.content() }},
		{"a start tag that is not ended", func(e *encoder) { e.open("Event"); e.u8(tokClose) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := func(e *encoder) {
				e.fragmentHeader()
				e.instance("bad", testGUID, func() { test.body(e) })
				e.values(nil, nil)
			}
			lines, errs := fields(t, open(t, craftFile(craftChunk(1, body, named("Next", "1"))), Options{}))
			if len(errs) != 1 || !errors.Is(errs[0], ErrTemplate) || len(lines) != 1 {
				t.Errorf("errors %v, records %v", errs, lines)
			}
		})
	}
}

func TestOverlappingDefinitionsAreRefusedBeforeTheyCostMuch(t *testing.T) {
	// One long definition; each record claims that another begins a byte further on.
	long := func(e *encoder) {
		e.fragmentHeader()
		e.instance("long", testGUID, func() {
			within(e, "Event", func(e *encoder) { e.text(strings.Repeat("x", 15_000)) })
		})
		e.values(nil, nil)
	}
	bodies := []recordBody{long}
	for i := range 300 {
		bodies = append(bodies, func(e *encoder) {
			e.fragmentHeader()
			e.b = append(e.b, tokInstance, 1, 0, 0, 0, 0)
			e.u32(uint32(700 + i*24))
			e.u32(0)
		})
	}
	chunk := craftChunk(1, bodies...)
	for i := range 300 { // a size in the place of each claimed one
		le.PutUint32(chunk[700+i*24+20:], 20_000)
	}
	c := NewChunkReader(nil, nil)
	if _, errs := drainChunk(t, c, chunk); errs < 300 {
		t.Errorf("%d errors", errs)
	}
	if c.budget < 0 || c.budget >= 20_000 {
		t.Errorf("%d bytes of the budget are left", c.budget)
	}
}

func TestALongDataNameIsAValueNotAName(t *testing.T) {
	long := strings.Repeat("n", maxName+1)
	lines, errs := fields(t, open(t, craftFile(craftChunk(1, named(long, "1"))), Options{}))
	if diff := cmp.Diff([][]string{{"Data=1", "Data@Name=" + long}}, lines); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, fields (-want +got):\n%s", errs, diff)
	}
}

func TestPathsThatGrowTooLongAreALimit(t *testing.T) {
	body := event(func(e *encoder) {
		var ends []int
		for range 40 {
			ends = append(ends, e.open(strings.Repeat("p", 1000)))
			e.content()
		}
		for range 100 {
			e.closeEmpty(e.open("leaf"))
		}
		for range ends {
			e.u8(tokClose)
		}
	})
	_, errs := fields(t, open(t, craftFile(craftChunk(1, body)), Options{}))
	if len(errs) != 1 || !errors.Is(errs[0], ErrLimit) {
		t.Errorf("errors %v", errs)
	}
}

func TestASubstitutionOutsideATemplateIsNull(t *testing.T) {
	body := eventData(func(e *encoder) {
		data(e, "V", func(e *encoder) { e.sub(0, TypeString, false) })
		data(e, "W", func(e *encoder) { e.sub(0, TypeString, true) })
	})
	lines, errs := fields(t, open(t, craftFile(craftChunk(1, body)), Options{}))
	if diff := cmp.Diff([][]string{{"V=<null>", "W=<absent>"}}, lines); diff != "" || len(errs) > 0 {
		t.Errorf("errors %v, fields (-want +got):\n%s", errs, diff)
	}
}

func TestManyNamesMakeTheReaderStartAnew(t *testing.T) {
	c := NewChunkReader(nil, nil)
	chunk := three(1)
	drainChunk(t, c, chunk)
	c.walker.names.bytes = nameTableLimit + 1
	if n, errs := drainChunk(t, c, chunk); n != 3 || errs != 0 || c.walker.names.bytes > nameTableLimit {
		t.Errorf("%d records, %d errors, %d bytes of names", n, errs, c.walker.names.bytes)
	}
}

func TestErrorsAndNotesSayWhereAndWhy(t *testing.T) {
	err := &RecordError{Chunk: 3, Offset: 200704, RecordID: 77, Reason: "values exceed the record", Err: ErrRecord}
	if got, want := err.Error(), "chunk 3, offset 200704, record 77: malformed record: values exceed the record"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	note := Note{Chunk: -1, Offset: 42, Reason: "header counts 1 chunks, the size makes 2", Err: ErrHeader}
	if got, want := note.String(), "chunk -1, offset 42: file header does not describe the file: header counts 1 chunks, the size makes 2"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if faultShort.Error() != faultShort.reason {
		t.Error("a fault does not say its reason")
	}
}

func TestNamesOfTypesAndSections(t *testing.T) {
	for want, got := range map[string]string{"string": TypeString.String(), "hex64": TypeHex64.String(), "binxml": TypeBinXML.String(), "0x22": Type(0x22).String(), "absent": Absent.String(), "present": Present.String(),
		"EventData": SectionEventData.String(), "Other": SectionOther.String(), "Channel": Channel.String(), "?": systemFields.String(), "RenderingInfo": SectionRendering.String()} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheHeaderIsShownAsItIs(t *testing.T) {
	f := open(t, encode(t, WriterOptions{RecordsPerChunk: 1}, processEvent(), processEvent()), Options{})
	want := Header{LastChunk: 1, NextRecordID: 3, Minor: 1, Major: 3, Chunks: 2}
	if diff := cmp.Diff(want, f.Header()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

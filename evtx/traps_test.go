package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// three is a chunk of three events A=1, A=2, A=3.
func three(first uint64) []byte {
	return craftChunk(first, named("A", "1"), named("A", "2"), named("A", "3"))
}

func TestFrameTraps(t *testing.T) {
	all := []string{"A=1", "A=2", "A=3"}
	second := recordAt(three(1), 1)
	tests := []struct {
		name  string
		file  []byte
		want  []string
		errs  []error
		notes []error
	}{
		{"a good file", craftFile(three(1)), all, nil, nil},
		{"the header counts too few chunks", patched(craftFile(three(1), three(4)), func(b []byte) { le.PutUint16(b[42:], 1); sealHeader(b) }),
			append(all, all...), nil, []error{ErrHeader}},
		{"the header counts too many chunks", patched(craftFile(three(1)), func(b []byte) { le.PutUint16(b[42:], 9); sealHeader(b) }),
			all, nil, []error{ErrHeader}},
		{"the file was not closed", patched(craftFile(three(1)), func(b []byte) { b[120] = 1 }), all, nil, []error{ErrHeader}},
		{"the header's checksum is wrong", patched(craftFile(three(1)), func(b []byte) { b[124] ^= 1 }), all, nil, []error{ErrChecksum}},
		{"the version is unknown", patched(craftFile(three(1)), func(b []byte) { b[38] = 9; sealHeader(b) }), all, nil, []error{ErrHeader}},
		{"junk is appended", append(craftFile(three(1)), "junk"...), all, []error{ErrChunk}, []error{ErrHeader}},
		{"a zero chunk stands between", craftFile(three(1), make([]byte, ChunkSize), three(4)), append(all, all...), nil, nil},
		{"a damaged chunk stands between", craftFile(three(1), patched(three(4), func(b []byte) { b[0] = 'X' }), three(7)),
			append(all, all...), []error{ErrChunk}, nil},
		{"the file magic is lost", patched(craftFile(three(1)), func(b []byte) { b[0] = 0 }), all, nil, []error{ErrHeader}},
		{"the file header is lost", three(1), all, nil, []error{ErrHeader}},
		{"the file ends within a chunk, behind its records", craftFile(three(1))[:fileHeaderSize+2000], all, nil, []error{ErrTruncated}},
		{"the file ends within a record", craftFile(three(1))[:fileHeaderSize+second+40], all[:1], []error{ErrTruncated}, []error{ErrTruncated}},
		{"free space begins beyond the chunk", chunkPatch(func(b []byte) { le.PutUint32(b[48:], 0xffffffff); seal(b) }), all, nil, []error{ErrHeader}},
		{"free space begins at the end of the chunk", chunkPatch(func(b []byte) { le.PutUint32(b[48:], ChunkSize); seal(b) }), all, nil, nil},
		{"the last id is too large", chunkPatch(func(b []byte) { le.PutUint64(b[32:], 1<<60); seal(b) }), all, nil, nil},
		{"the chunk's checksums are wrong", chunkPatch(func(b []byte) { b[52] ^= 1; b[124] ^= 1 }), all, nil, []error{ErrChecksum, ErrChecksum}},
		{"the chunk has no checksums", chunkPatch(func(b []byte) { le.PutUint64(b[120:], 4) }), all, nil, nil},
		{"the file has no checksums", patched(chunkPatch(func(b []byte) { b[52] ^= 1; b[124] ^= 1 }), func(b []byte) { b[120], b[124] = 4, 0 }), all, nil, nil},
		{"a record has size 0", chunkPatch(func(b []byte) { le.PutUint32(b[second+4:], 0); seal(b) }), []string{"A=1", "A=3"}, []error{ErrRecord}, nil},
		{"a record has size 27", chunkPatch(func(b []byte) { le.PutUint32(b[second+4:], 27); seal(b) }), []string{"A=1", "A=3"}, []error{ErrRecord}, nil},
		{"a record is 4 GiB", chunkPatch(func(b []byte) { le.PutUint32(b[second+4:], 0xfffffff0); seal(b) }), []string{"A=1", "A=3"}, []error{ErrRecord}, nil},
		{"a record's magic is lost", chunkPatch(func(b []byte) { b[second] = 'x'; seal(b) }), []string{"A=1", "A=3"}, []error{ErrRecord}, nil},
		{"a record's size copy is wrong", chunkPatch(func(b []byte) { b[recordAt(b, 2)-4] ^= 0x55; seal(b) }), all, nil, []error{ErrRecord}},
		{"a record's size swallows the next", chunkPatch(func(b []byte) {
			le.PutUint32(b[second+4:], le.Uint32(b[second+4:])+40)
			seal(b)
		}), all, nil, []error{ErrRecord}},
		{"a record's content is damaged", chunkPatch(func(b []byte) { b[second+recordHeaderSize+4] = 0x3f; seal(b) }), []string{"A=1", "A=3"}, []error{ErrRecord}, nil},
		{"a record is torn at a sector", craftFile(patched(craftChunk(1, named("A", "1"), named("A", "2"), named("A", strings.Repeat("x", 600))),
			func(b []byte) { clear(b[(recordAt(b, 2)+600)&^511:]); seal(b) })), all[:2], []error{ErrTruncated}, nil},
		{"the name table points anywhere", chunkPatch(func(b []byte) { fill(b[128:512]); seal(b) }), all, nil, nil},
		{"names link to themselves", chunkPatch(func(b []byte) {
			for _, s := range []string{"Event", "EventData", "Data", "Name"} {
				at := bytes.Index(b[512:], appendUTF16(nil, s)) + 512 - 8
				le.PutUint32(b[at:], uint32(at))
			}
			seal(b)
		}), all, nil, nil},
		{"chunks are not in order", craftFile(three(7), three(1)), append(all, all...), nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := open(t, test.file, Options{})
			lines, errs := fields(t, f)
			var got []string
			for _, line := range lines {
				got = append(got, strings.Join(line, " "))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			sameClasses(t, "errors", test.errs, errs)
			var notes []error
			for _, n := range f.Notes() {
				notes = append(notes, n.Err)
			}
			sameClasses(t, "notes", test.notes, notes)
		})
	}
}

func sameClasses(t *testing.T, what string, want, got []error) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: %v, want %v", what, got, want)
		return
	}
	for i := range want {
		if !errors.Is(got[i], want[i]) {
			t.Errorf("%s: %v, want %v", what, got[i], want[i])
		}
	}
}

// chunkPatch is a file of one chunk of three events, changed.
func chunkPatch(change func(chunk []byte)) []byte { return craftFile(patched(three(1), change)) }

// seal makes a changed chunk's checksums right.
func seal(b []byte) {
	if free := le.Uint32(b[48:]); free <= ChunkSize {
		le.PutUint32(b[52:], crcOf(b[chunkHeaderSize:free]))
	}
	le.PutUint32(b[124:], headerSum(b))
}

func crcOf(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

func sealHeader(b []byte) { le.PutUint32(b[124:], crcOf(b[:120])) }

func fill(b []byte) {
	for i := range b {
		b[i] = byte(i*7 + 1)
	}
}

func TestWhatIsNoLogIsRefused(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("ElfFil"), make([]byte, 5000), []byte("LfLe and more")} {
		if _, err := Open(bytes.NewReader(b), int64(len(b)), Options{Recover: true}); !errors.Is(err, ErrFormat) {
			t.Errorf("%.10q: error %v", b, err)
		}
	}
	if f := open(t, []byte("ElfFile\x00"), Options{}); len(f.Notes()) != 1 || f.NumChunks() != 0 {
		t.Errorf("a bare magic: %v, %d chunks", f.Notes(), f.NumChunks())
	}
	if !IsFile([]byte("ElfFile\x00")) || IsFile([]byte("ElfChnk\x00")) {
		t.Error("IsFile")
	}
}

func TestContentTraps(t *testing.T) {
	str := StringValue
	tests := []struct {
		name string
		body recordBody
		want []string
	}{
		{"a value index that is missing is null", func(e *encoder) {
			e.fragmentHeader()
			e.instance("missing", testGUID, func() {
				within(e, "Event", func(e *encoder) {
					within(e, "EventData", func(e *encoder) { data(e, "V", func(e *encoder) { e.sub(9, TypeString, false) }) })
				})
			})
			e.values([]Value{str("x")}, nil)
		}, []string{"V=<null>"}},
		{"a null in a normal substitution is null", typed(false, NullValue()), []string{"V=<null>"}},
		{"a null in an optional substitution is absent", typed(true, NullValue()), []string{"V=<absent>"}},
		{"an empty string is present", typed(true, str("")), []string{"V="}},
		{"an element without content is null", eventData(func(e *encoder) {
			e.closeEmpty(e.open("Data", attr{name: "Name", literal: "V"}))
		}), []string{"V=<null>"}},
		{"one-byte strings end before they begin", typed(true, present(TypeString, []byte{'x'})), []string{"V="}},
		{"terminators are no text", typed(true, str("x\x00\x00")), []string{"V=x"}},
		{"a boolean of 1 byte", typed(true, present(TypeBool, []byte{2})), []string{"V=true"}},
		{"a boolean of 2 bytes", typed(true, present(TypeBool, []byte{0, 1})), []string{"V=true"}},
		{"a boolean of 4 bytes", typed(true, present(TypeBool, []byte{0, 0, 0, 0})), []string{"V=false"}},
		{"a boolean of 8 bytes", typed(true, present(TypeBool, []byte{0, 0, 0, 0, 0, 0, 0, 9})), []string{"V=true"}},
		{"a size_t of 4 bytes", typed(true, present(TypeSizeT, []byte{0xe7, 3, 0, 0})), []string{"V=0x3e7"}},
		{"a size_t of 8 bytes", typed(true, present(TypeSizeT, []byte{0xe7, 3, 0, 0, 1, 0, 0, 0})), []string{"V=0x1000003e7"}},
		{"an array of no bytes is one empty item", typed(true, Value{Type: TypeString, State: Present, Array: true}), []string{"V="}},
		{"an array without a last terminator", typed(true, Value{Type: TypeString, State: Present, Array: true,
			Bytes: append(appendUTF16(nil, "a"), append([]byte{0, 0}, appendUTF16(nil, "b")...)...)}), []string{"V=a\nb"}},
		{"an array of numbers with a cut-off item", typed(true, Value{Type: TypeUint16, State: Present, Array: true,
			Bytes: []byte{1, 0, 2, 0, 3}}), []string{"V=1\n2"}},
		{"a SID of 15 sub-authorities", typed(true, SIDValue("S-1-5"+strings.Repeat("-7", 15))), []string{"V=S-1-5" + strings.Repeat("-7", 15)}},
		{"a SID that ends early", typed(true, present(TypeSID, []byte{1, 9, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1})), []string{"V=S-1-5-21"}},
		{"a SID of 3 bytes", typed(true, present(TypeSID, []byte{1, 1, 0})), []string{"V="}},
		{"a SYSTEMTIME keeps its milliseconds", typed(true, present(TypeSystemTime, systemTime(2020, 2, 6, 29, 1, 2, 3, 45))),
			[]string{"V=2020-02-29T01:02:03.045Z"}},
		{"a SYSTEMTIME that is no date is bytes", typed(true, present(TypeSystemTime, systemTime(0, 0, 0, 0, 0, 0, 0, 0))),
			[]string{"V=" + strings.Repeat("00", 16)}},
		{"FILETIME 0", typed(true, present(TypeFileTime, make([]byte, 8))), []string{"V=1601-01-01T00:00:00.0000000Z"}},
		{"a FILETIME beyond the year 9999", typed(true, Value{Type: TypeFileTime, State: Present,
			Bytes: le.AppendUint64(nil, 1<<63)}), []string{"V=9223372036854775808"}},
		{"the last FILETIME of the year 9999", typed(true, Value{Type: TypeFileTime, State: Present,
			Bytes: le.AppendUint64(nil, 2_650_467_743_999_999_999)}), []string{"V=9999-12-31T23:59:59.9999999Z"}},
		{"ANSI text is Windows-1252", typed(true, present(TypeANSI, []byte("\x80 caf\xe9\x00"))), []string{"V=€ café"}},
		{"numbers shorter than their type", typed(true, present(TypeUint64, []byte{5})), []string{"V=5"}},
		{"a GUID that ends early is bytes", typed(true, present(TypeGUID, []byte{1, 2})), []string{"V=0102"}},
		{"an unknown type is bytes", typed(true, present(0x1f, []byte{0xab})), []string{"V=AB"}},
		{"entities, references and CDATA are text", eventData(func(e *encoder) {
			data(e, "V", func(e *encoder) {
				e.text("a")
				e.u8(tokEntityRef | tokMore)
				e.name("lt")
				e.u8(tokCharRef)
				e.u16('é')
				e.u8(tokCDATA)
				e.u16(2)
				e.b = append(e.b, 'c', 0, 'd', 0)
				e.u8(tokEntityRef)
				e.name("unknown")
			})
		}), []string{"V=a<écd&unknown;"}},
		{"an entity within an attribute", eventData(func(e *encoder) {
			e.u8(tokOpen | tokMore)
			size := e.hole()
			e.name("Param")
			list := e.hole()
			e.u8(tokAttribute)
			e.name("Value")
			e.text("x")
			e.u8(tokEntityRef | tokMore)
			e.name("amp")
			e.text("y")
			e.fill(list)
			e.closeEmpty(size)
		}), []string{"Param@Value=x&y"}},
		{"processing instructions are skipped", eventData(func(e *encoder) {
			e.u8(tokPITarget)
			e.name("target")
			e.u8(tokPIData)
			e.u16(1)
			e.u16('z')
			data(e, "V", text("1"))
		}), []string{"V=1"}},
		{"duplicates and unnamed Data are kept", eventData(func(e *encoder) {
			data(e, "V", text("1"))
			data(e, "V", text("2"))
			within(e, "Data", text("3"))
			data(e, "", text("4"))
		}), []string{"V=1", "V=2", "Data=3", "Data=4"}},
		{"ComplexData has a name too", eventData(func(e *encoder) {
			within(e, "ComplexData", text("1"), attr{name: "Name", literal: "V"})
		}), []string{"V=1"}},
		{"unnamed Data hold substitutions", func(e *encoder) {
			e.fragmentHeader()
			e.instance("skeleton", testGUID, func() {
				within(e, "Event", func(e *encoder) {
					within(e, "EventData", func(e *encoder) {
						within(e, "Data", func(e *encoder) { e.sub(0, TypeString, false) })
						within(e, "Data", func(e *encoder) { e.sub(1, TypeString, false) })
					})
				})
			})
			e.values([]Value{str("a"), str("b")}, nil)
		}, []string{"Data=a", "Data=b"}},
		{"RenderingInfo is a section of its own", event(func(e *encoder) {
			within(e, "System", func(e *encoder) { within(e, "Level", text("4")) })
			within(e, "RenderingInfo", func(e *encoder) { within(e, "Level", text("Information")) })
		}), []string{"Level=4", "Level=Information"}},
		{"empty Computer and ETW attributes", event(func(e *encoder) {
			within(e, "System", func(e *encoder) {
				within(e, "Computer", text(""))
				e.closeEmpty(e.open("Execution", attr{name: "ProcessID", literal: "4"}, attr{name: "ProcessorID", literal: "1"}))
			})
		}), []string{"Computer=", "Execution@ProcessID=4", "Execution@ProcessorID=1"}},
		{"several fragments make one record", func(e *encoder) {
			named("A", "1")(e)
			e.u8(tokEnd)
			named("B", "2")(e)
		}, []string{"A=1", "B=2"}},
		{"padding that looks like a fragment is padding", func(e *encoder) {
			named("A", "1")(e)
			e.u8(tokEnd)
			e.b = append(e.b, tokHeader, 1, 1, 0, tokInstance, 0xb8)
		}, []string{"A=1"}},
		{"raw elements with dependency ids", func(e *encoder) {
			e.dependency = true
			named("A", "1")(e)
			e.dependency = false
		}, []string{"A=1"}},
		{"a fragment value of raw elements", func(e *encoder) { wrapped(e, func(e *encoder) { within(e, "EventData", rawData) }) }, []string{"A=1"}},
		{"a fragment value of raw elements with dependency ids", func(e *encoder) {
			wrapped(e, func(e *encoder) {
				e.dependency = true
				within(e, "EventData", rawData)
				e.dependency = false
			})
		}, []string{"A=1"}},
		{"a fragment value without elements is nothing", func(e *encoder) {
			e.fragmentHeader()
			e.instance("hollow", testGUID, func() {
				within(e, "Event", func(e *encoder) {
					within(e, "EventData", func(e *encoder) {
						data(e, "A", text("1"))
						data(e, "B", func(e *encoder) { e.sub(0, TypeBinXML, true) })
					})
				})
			})
			e.values(nil, e.fragmentHeader)
		}, []string{"A=1", "B=<absent>"}},
		{"UserData goes by leaf and path", event(func(e *encoder) {
			within(e, "UserData", func(e *encoder) {
				within(e, "Cleared", func(e *encoder) { within(e, "By", text("x")) }, attr{name: "xmlns", literal: "urn:y"})
			})
		}), []string{"Cleared.By=x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := open(t, craftFile(craftChunk(1, test.body, named("Next", "1"))), Options{})
			lines, errs := fields(t, f)
			if diff := cmp.Diff([][]string{test.want, {"Next=1"}}, lines); diff != "" || len(errs) > 0 {
				t.Errorf("errors %v, fields (-want +got):\n%s", errs, diff)
			}
		})
	}
}

func rawData(e *encoder) { data(e, "A", text("1")) }

// wrapped writes an Event template with one fragment value.
func wrapped(e *encoder, fragment func(e *encoder)) {
	e.fragmentHeader()
	e.instance("wrapped", testGUID, func() {
		within(e, "Event", func(e *encoder) { e.sub(0, TypeBinXML, true) })
	})
	e.values(nil, func() {
		e.fragmentHeader()
		fragment(e)
	})
}

func systemTime(parts ...uint16) (b []byte) {
	for _, p := range parts {
		b = le.AppendUint16(b, p)
	}
	return b
}

func TestHostileRecordsAreErrorsAndTheNextIsRead(t *testing.T) {
	deep := func(n int) recordBody {
		return func(e *encoder) {
			e.fragmentHeader()
			for range n {
				e.open("E")
				e.content()
			}
			for range n {
				e.u8(tokClose)
			}
		}
	}
	var nest func(e *encoder, n int)
	nest = func(e *encoder, n int) {
		wrapped(e, func(e *encoder) {
			if n > 0 {
				nest(e, n-1)
			}
		})
	}
	tests := []struct {
		name string
		body recordBody
		want error
	}{
		{"4 billion substitutions", func(e *encoder) {
			e.fragmentHeader()
			e.instance("typed", testGUID, func() { within(e, "Event", text("x")) })
			e.u32(0xfffffff0)
		}, ErrRecord},
		{"values beyond the record", func(e *encoder) {
			e.fragmentHeader()
			e.instance("typed", testGUID, func() { within(e, "Event", text("x")) })
			e.u32(1)
			e.u32(uint32(TypeString)<<16 | 0xffff)
		}, ErrRecord},
		{"a template outside the chunk", func(e *encoder) {
			e.fragmentHeader()
			e.b = append(e.b, tokInstance, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0)
		}, ErrTemplate},
		{"a template that is no template", func(e *encoder) {
			e.fragmentHeader()
			e.b = append(e.b, tokInstance, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0)
		}, ErrTemplate},
		{"1,000 open elements", deep(1000), ErrLimit},
		{"fragments within fragments", func(e *encoder) { nest(e, 20) }, ErrLimit},
		{"5,000 elements", func(e *encoder) {
			e.fragmentHeader()
			within(e, "Event", func(e *encoder) {
				for range 5000 {
					e.closeEmpty(e.open("E"))
				}
			})
		}, ErrLimit},
		{"a name of 65,535 units", func(e *encoder) {
			e.fragmentHeader()
			e.open("LongName")
			e.content()
			i := bytes.Index(e.b, appendUTF16(nil, "LongName"))
			le.PutUint16(e.b[i-2:], 0xffff)
		}, ErrLimit},
		{"a name outside the chunk", func(e *encoder) {
			e.fragmentHeader()
			e.b = append(e.b, tokOpen, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)
		}, ErrRecord},
		{"an element that is not closed", func(e *encoder) {
			e.fragmentHeader()
			e.open("Event")
			e.content()
		}, ErrRecord},
		{"text beyond the record", func(e *encoder) {
			e.fragmentHeader()
			e.open("Event")
			e.content()
			e.b = append(e.b, tokValue, 1, 0xff, 0xff)
		}, ErrRecord},
		{"nothing at all", func(*encoder) {}, ErrRecord},
		{"an unknown token", func(e *encoder) { e.b = append(e.b, tokHeader, 1, 1, 0, 0x3f) }, ErrRecord},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := open(t, craftFile(craftChunk(7, test.body, named("Next", "1"))), Options{})
			lines, errs := fields(t, f)
			var e *RecordError
			if len(errs) != 1 || !errors.Is(errs[0], test.want) || !errors.As(errs[0], &e) {
				t.Fatalf("errors %v, want one %v", errs, test.want)
			}
			if e.RecordID != 7 || e.Chunk != 0 || e.Offset != fileHeaderSize+chunkHeaderSize {
				t.Errorf("position: %+v", e)
			}
			if diff := cmp.Diff([][]string{{"Next=1"}}, lines); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheRecordIDAndTheEventsOwnAreBothKept(t *testing.T) {
	body := event(func(e *encoder) {
		within(e, "System", func(e *encoder) { within(e, "EventRecordID", text("354")) })
	})
	for r, err := range open(t, craftFile(craftChunk(9, body)), Options{}).Records() {
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := r.System(EventRecordID).Uint64(); r.ID() != 9 || n != 354 || !ok {
			t.Errorf("record %d, event %d", r.ID(), n)
		}
	}
}

func TestTemplatesAreKnownByContentNotByGUID(t *testing.T) {
	body := func(name string) recordBody {
		return func(e *encoder) {
			e.fragmentHeader()
			e.instance(name, testGUID, func() {
				within(e, "Event", func(e *encoder) {
					within(e, "EventData", func(e *encoder) { data(e, name, func(e *encoder) { e.sub(0, TypeString, false) }) })
				})
			})
			e.values([]Value{StringValue("x")}, nil)
		}
	}
	// The same GUID, size and offset in each chunk; the third chunk has the names elsewhere.
	file := craftFile(craftChunk(1, body("Abc")), craftChunk(2, body("Xyz")), craftChunk(3, body("Abc")),
		craftChunk(4, named("Abc", "y"), body("Abc")))
	shared := &Templates{}
	var layouts []*Layout
	for range 2 {
		f := open(t, file, Options{Templates: shared})
		lines, errs := fields(t, f)
		if diff := cmp.Diff([][]string{{"Abc=x"}, {"Xyz=x"}, {"Abc=x"}, {"Abc=y"}, {"Abc=x"}}, lines); diff != "" || len(errs) > 0 {
			t.Fatalf("errors %v, fields (-want +got):\n%s", errs, diff)
		}
		for r := range f.Records() {
			layouts = append(layouts, r.Layout())
		}
	}
	if layouts[0] != layouts[2] || layouts[0] != layouts[4] || layouts[0] != layouts[5] || layouts[0] == layouts[1] {
		t.Errorf("layouts are not shared by form: %p", layouts)
	}
}

// TestDefinitionsThatShareASlotAreBothRead has an event whose definition shares its place in the reader's table with that of others, in turn.
func TestDefinitionsThatShareASlotAreBothRead(t *testing.T) {
	wide := &Event{Provider: "P", EventID: 2, Time: testTime, Channel: "C", Computer: "x"}
	for i := range 30 {
		wide.Data = append(wide.Data, Field{fmt.Sprintf("AFieldOfTwentyBytes%d", i), Uint32Value(uint32(i))})
	}
	for n := 2000; n < 3000; n += 2 {
		events := []*Event{{Provider: "P", EventID: 1, Time: testTime, Channel: "C", Computer: "x", Data: []Field{{"B", BinaryValue(make([]byte, n))}}}}
		for range 100 {
			events = append(events, wide)
		}
		if got := readClean(t, encode(t, WriterOptions{}, events...)); len(got) != len(events) {
			t.Fatalf("%d bytes before it: %d events of %d", n, len(got), len(events))
		}
	}
}

func TestAValueThatIsWrittenTooOftenCostsItsRecordAlone(t *testing.T) {
	for n, class := range map[int]error{100: nil, 6000: ErrLimit} {
		bomb := func(e *encoder) {
			e.fragmentHeader()
			e.instance("bomb", keyGUID("bomb"), func() {
				within(e, "Event", func(e *encoder) {
					within(e, "EventData", func(e *encoder) {
						data(e, "V", func(e *encoder) {
							for range n {
								e.sub(0, TypeBinary, true)
							}
						})
					})
				})
			})
			e.values([]Value{BinaryValue(make([]byte, 20_000))}, nil)
		}
		lines, errs := fields(t, open(t, craftFile(craftChunk(1, bomb, named("A", "1"))), Options{}))
		if class == nil && len(errs) > 0 || class != nil && (len(errs) != 1 || !errors.Is(errs[0], class)) || lines[len(lines)-1][0] != "A=1" {
			t.Errorf("%d times: errors %v, %d records", n, errs, len(lines))
		}
	}
}

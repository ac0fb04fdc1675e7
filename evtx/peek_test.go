package evtx

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// mixed is a log of process creations and others, with ids in templates, in literals and in elements without a template.
func mixed(t testing.TB) []byte {
	t.Helper()
	literal := func(e *encoder) {
		e.fragmentHeader()
		e.instance("literal id", keyGUID("literal id"), func() {
			within(e, "Event", func(e *encoder) {
				within(e, "System", func(e *encoder) { within(e, "EventID", text("4688")) })
			})
		})
		e.values(nil, nil)
	}
	pieces := event(func(e *encoder) {
		within(e, "System", func(e *encoder) {
			within(e, "EventID", func(e *encoder) { e.text("46"); e.text("88") })
		})
	})
	bare := event(func(e *encoder) {
		within(e, "System", func(e *encoder) { within(e, "EventID", text("1")) })
	})
	attributes := event(func(e *encoder) {
		within(e, "System", func(e *encoder) {
			e.closeEmpty(e.open("Provider", attr{name: "Name", literal: "P"}))
			within(e, "EventID", text("4688"), attr{name: "Qualifiers", literal: "7"})
			within(e, "Version", text("2"))
		})
	})
	long := event(func(e *encoder) {
		within(e, "System", func(e *encoder) { within(e, "EventID", text("99999999999")) })
	})
	elsewhere := event(func(e *encoder) {
		within(e, "UserData", func(e *encoder) { within(e, "EventID", text("4688")) })
	})
	hidden := func(e *encoder) { // a fragment before the id has another one
		e.fragmentHeader()
		e.instance("hidden id", keyGUID("hidden id"), func() {
			within(e, "Event", func(e *encoder) {
				within(e, "System", func(e *encoder) {
					e.sub(0, TypeBinXML, true)
					within(e, "EventID", text("1"))
				})
			})
		})
		e.values(nil, func() {
			e.fragmentHeader()
			within(e, "EventID", text("4688"))
			e.u8(tokEnd)
		})
	}
	file := encode(t, WriterOptions{}, processEvent(), userDataEvent(), processEvent(), userDataEvent(), userDataEvent())
	return append(file, craftChunk(100, literal, bare, pieces, elsewhere, attributes, long, hidden, literal)...)
}

func TestWhatIsWantedIsWhatAnUnfilteredReaderWouldKeep(t *testing.T) {
	b := mixed(t)
	for _, want := range []func(Peek) bool{
		func(p Peek) bool { return p.EventID == 1 },
		func(p Peek) bool { return p.EventID == 4688 },
		func(p Peek) bool { return p.EventID == 1102 && p.RecordID > 2 },
		func(p Peek) bool { return p.EventID == 0 },
		func(p Peek) bool { return p.Written().Equal(testTime) },
		func(Peek) bool { return true },
		func(Peek) bool { return false },
	} {
		var all, wanted []uint64
		for r, err := range open(t, b, Options{}).Records() {
			if err != nil {
				t.Fatal(err)
			}
			if want(Peek{r.ID(), r.EventID(), r.written}) {
				all = append(all, r.ID())
			}
		}
		for r, err := range open(t, b, Options{Want: want}).Records() {
			if err != nil {
				t.Fatal(err)
			}
			wanted = append(wanted, r.ID())
		}
		if !slices.Equal(all, wanted) {
			t.Errorf("%v are wanted, want %v", wanted, all)
		}
	}
}

func TestTheIDOfWhatAWriterWritesIsKnownByItsHeader(t *testing.T) {
	chunk := encode(t, WriterOptions{}, processEvent(), userDataEvent())[fileHeaderSize:]
	c := NewChunkReader(nil, nil)
	if err := c.Reset(chunk, 0, 0); err != nil {
		t.Fatal(err)
	}
	for at, want := chunkHeaderSize, []uint32{1, 1102}; len(want) > 0; want = want[1:] {
		size := c.frame(at)
		if id, known := c.peekEventID(at+recordHeaderSize, at+size-4); id != want[0] || !known {
			t.Errorf("id %d, known %v, want %d", id, known, want[0])
		}
		at += size
	}
}

func TestWhatIsRecoveredIsAskedForToo(t *testing.T) {
	b := encode(t, WriterOptions{}, processEvent(), userDataEvent(), processEvent())
	b[fileHeaderSize] = 0 // the chunk's magic
	var ids []uint64
	for r := range open(t, b, Options{Recover: true, Want: func(p Peek) bool { return p.EventID == 1102 }}).Recovered() {
		ids = append(ids, r.ID())
	}
	if !slices.Equal(ids, []uint64{2}) {
		t.Errorf("recovered %v, want 2 alone", ids)
	}
}

func TestARecordThatIsNotWantedHidesNoneThatIs(t *testing.T) {
	chunk := encode(t, WriterOptions{}, processEvent(), userDataEvent(), userDataEvent())[fileHeaderSize:]
	le.PutUint32(chunk[chunkHeaderSize+4:], le.Uint32(chunk[48:])-chunkHeaderSize-8)
	c := NewChunkReader(nil, nil)
	c.Want = func(p Peek) bool { return p.EventID == 1102 }
	if err := c.Reset(chunk, 0, 0); err != nil {
		t.Fatal(err)
	}
	for _, id := range []uint64{2, 3} {
		if r, err := c.Next(); err != nil || r.ID() != id {
			t.Fatalf("%v, %v, want record %d", r, err, id)
		}
	}
}

func TestWhatIsNoElementHasNoEventID(t *testing.T) {
	chunk := craftChunk(1, event(func(e *encoder) { within(e, "System", func(e *encoder) { within(e, "EventID", text("7")) }) }))
	at := bytes.IndexByte(chunk[chunkHeaderSize+recordHeaderSize+10:], tokCloseStart) + chunkHeaderSize + recordHeaderSize + 11
	chunk[at] = tokCDATA
	c := NewChunkReader(nil, nil)
	c.Want = func(Peek) bool { return false }
	if err := c.Reset(chunk, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(); !errors.Is(err, ErrRecord) {
		t.Errorf("error %v, want ErrRecord", err)
	}
}

package evtx

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dough is what events are made of.
type dough []byte

func (d *dough) byte() byte {
	if len(*d) == 0 {
		return 0
	}
	c := (*d)[0]
	*d = (*d)[1:]
	return c
}

// take cuts off a piece of the length that its first byte states.
func (d *dough) take() []byte {
	n := min(int(d.byte()), len(*d))
	b := (*d)[:n]
	*d = (*d)[n:]
	return b
}

func (d *dough) fields(n byte) (list []Field) {
	for range n {
		f := Field{string(d.take()), Value{Type: Type(d.byte()), State: State(d.byte() % 3), Bytes: d.take()}}
		f.Value.Array = d.byte()&1 != 0
		list = append(list, f)
	}
	return list
}

// event makes an event, however odd.
func (d *dough) event() *Event {
	e := &Event{
		RecordID: uint64(d.byte()), Provider: string(d.take()), EventSourceName: string(d.take()), EventID: uint16(d.byte()),
		Qualifiers: uint16(d.byte()), Time: fileTime(uint64(d.byte()) << 50), Channel: string(d.take()), Computer: string(d.take()),
		UserSID: string(d.take()), Data: d.fields(d.byte()),
	}
	if d.byte()&1 != 0 {
		e.UserData = &UserData{string(d.take()), string(d.take()), d.fields(d.byte())}
	}
	e.Other = d.fields(d.byte())
	return e
}

// FuzzWrite writes any event. It is refused, or its chunk reads without a fault and it has its values; and what was read can be written
// and reads the same again.
func FuzzWrite(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x01P\x00\x07\x00\x40\x01C\x01x\x08S-1-5-18\x02\x01A\x04\x02\x01\x05\x00\x00\x01\x02\x04a\x00b\x00\x01" +
		"\x01\x01X\x05urn:x\x02\x03A@x\x08\x02\x04abcd\x00\x03A.B\x0e\x02\x02zz\x00\x02\x10EventData.Binary\x0e\x02\x01\xff\x00\x09Render@x.\x01\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := dough(b)
		first, ok := rewrite(t, d.event())
		if !ok {
			return
		}
		second, ok := rewrite(t, first)
		if !ok {
			t.Fatalf("what was read cannot be written: %+v", first)
		}
		second.RecordID = first.RecordID
		if diff := cmp.Diff(first, second, sameEvents); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
	})
}

// rewrite writes an event between two others and reads the file.
func rewrite(t *testing.T, e *Event) (*Event, bool) {
	var b bytes.Buffer
	w := NewWriter(&b, WriterOptions{})
	if err := w.Write(userDataEvent()); err != nil {
		t.Fatal(err)
	}
	err := w.Write(e)
	if err != nil && !errors.Is(err, ErrEvent) && !errors.Is(err, ErrLimit) {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(userDataEvent()), w.Close()); err != nil {
		t.Fatal(err)
	}
	got := readClean(t, b.Bytes())
	if err != nil && len(got) == 2 {
		return nil, false
	}
	if len(got) != 3 {
		t.Fatalf("%d events, error %v", len(got), err)
	}
	want := asRead(e, got[1].RecordID)
	if want.Other == nil { // else some of it may come back as Data
		if diff := cmp.Diff(want.Data, got[1].Data, sameEvents); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
	}
	return got[1], true
}

package evtx

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// The tests craft files that no writer would write: chunks out of records whose binary XML a function writes.

type recordBody func(e *encoder)

// craftChunk makes a chunk whose records have ids from first on.
func craftChunk(first uint64, bodies ...recordBody) []byte {
	e := newEncoder()
	last := 0
	for i, body := range bodies {
		last = len(e.b)
		e.b = append(e.b, recordMagic...)
		e.u32(0)
		e.b = le.AppendUint64(e.b, first+uint64(i))
		e.b = le.AppendUint64(e.b, ticksOf(testTime)+uint64(i))
		body(e)
		e.u8(tokEnd)
		for (len(e.b)+4)%8 != 0 {
			e.u8(0)
		}
		size := len(e.b) + 4 - last
		e.u32(uint32(size))
		le.PutUint32(e.b[last+4:], uint32(size))
	}
	if len(e.b) > ChunkSize {
		panic("crafted chunk is too large")
	}
	return e.finish(first, first+uint64(len(bodies))-1, last)
}

// craftFile puts chunks behind a good file header.
func craftFile(chunks ...[]byte) []byte {
	var b bytes.Buffer
	w := NewWriter(&b, WriterOptions{})
	if err := w.Close(); err != nil {
		panic(err)
	}
	file := b.Bytes()
	le.PutUint16(file[42:], uint16(len(chunks)))
	le.PutUint64(file[16:], uint64(max(0, len(chunks)-1)))
	sealHeader(file)
	return append(file, bytes.Join(chunks, nil)...)
}

// event makes a record body of the raw elements that inside writes into Event.
func event(inside func(e *encoder)) recordBody {
	return func(e *encoder) {
		e.fragmentHeader()
		within(e, "Event", inside)
	}
}

func within(e *encoder, name string, inside func(e *encoder), attrs ...attr) {
	at := e.open(name, attrs...)
	e.content()
	inside(e)
	e.close(at)
}

// eventData is an event of one EventData section.
func eventData(inside func(e *encoder)) recordBody {
	return event(func(e *encoder) { within(e, "EventData", inside) })
}

func data(e *encoder, name string, inside func(e *encoder)) {
	within(e, "Data", inside, attr{name: "Name", literal: name})
}

func text(s string) func(e *encoder) { return func(e *encoder) { e.text(s) } }

// named is an event with one Data of that name and text.
func named(name, value string) recordBody {
	return eventData(func(e *encoder) { data(e, name, text(value)) })
}

// typed is an event whose template has one Data "V" in a substitution, optional or not, that the value fills.
func typed(optional bool, v Value) recordBody {
	return templated(fmt.Sprint("typed", optional), optional, v)
}

func templated(key string, optional bool, v Value) recordBody {
	return func(e *encoder) {
		e.fragmentHeader()
		e.instance(key, keyGUID(key), func() {
			within(e, "Event", func(e *encoder) {
				within(e, "EventData", func(e *encoder) {
					data(e, "V", func(e *encoder) { e.sub(0, TypeString, optional) })
				})
			})
		})
		e.values([]Value{v}, nil)
	}
}

// patched returns a copy of b that change has changed.
func patched(b []byte, change func(b []byte)) []byte {
	b = slices.Clone(b)
	change(b)
	return b
}

// recordAt is the offset in the chunk of its record number i.
func recordAt(chunk []byte, i int) int {
	p := chunkHeaderSize
	for ; i > 0; i-- {
		p += int(le.Uint32(chunk[p+4:]))
	}
	return p
}

// fields renders what a file holds: for each record "Path=text", "Path=<null>" or "Path=<absent>", and for each error its class.
func fields(t testing.TB, f *File) (lines [][]string, errs []error) {
	t.Helper()
	for r, err := range f.Records() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		var line []string
		for _, f := range r.Layout().Fields() {
			v := r.Value(f.Handle)
			s := f.Path + "=" + v.String()
			switch v.State {
			case Null:
				s += "<null>"
			case Absent:
				s += "<absent>"
			}
			line = append(line, s)
		}
		lines = append(lines, line)
	}
	return lines, errs
}

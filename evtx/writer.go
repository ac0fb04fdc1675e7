package evtx

import (
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"io"
	"strings"
)

// Writer writes an EVTX file as Windows lays one out: an outer template for System with the event's own template nested in it, both
// defined once a chunk; name and template tables; checksums. Equal events make equal bytes.
type Writer struct {
	w    io.Writer
	o    WriterOptions
	head bool   // room for the header has been written
	held []byte // chunks, when w cannot seek back to its header
	enc  *encoder

	next        uint64 // id for an event without one
	chunks      int
	first, last uint64 // ids of the chunk in work
	lastAt      int
	records     int
	err         error
}

// WriterOptions of NewWriter. The zero value is ready.
type WriterOptions struct {
	FirstRecordID   uint64 // of events without a RecordID; 0 means 1
	RecordsPerChunk int    // begin a new chunk after so many records; 0 fills chunks
}

// NewWriter returns a writer to w. When w is an io.Seeker chunks are written as they fill up and the header last; else all is held
// back until Close.
func NewWriter(w io.Writer, o WriterOptions) *Writer {
	return &Writer{w: w, o: o, next: max(1, o.FirstRecordID), enc: newEncoder()}
}

// Write adds an event. ErrLimit says that the event does not fit a chunk; the writer goes on without it.
func (w *Writer) Write(e *Event) error {
	if w.err != nil {
		return w.err
	}
	for _, v := range e.values() {
		if len(v.Bytes) > 0xffff {
			return fmt.Errorf("write event %d: %w: a value of %d bytes", e.EventID, ErrLimit, len(v.Bytes))
		}
	}
	if w.o.RecordsPerChunk > 0 && w.records >= w.o.RecordsPerChunk {
		w.flush()
	}
	id := e.RecordID
	if id == 0 {
		id = w.next
	}
	at, ok := w.record(e, id)
	if !ok && w.records > 0 {
		w.flush()
		at, ok = w.record(e, id)
	}
	if !ok {
		w.enc = newEncoder()
		return fmt.Errorf("write event %d: %w: it does not fit a chunk", e.EventID, ErrLimit)
	}
	if w.records == 0 {
		w.first = id
	}
	w.last, w.lastAt, w.next = id, at, id+1
	w.records++
	return w.err
}

func (e *Event) values() (v []Value) {
	for _, f := range e.Data {
		v = append(v, f.Value)
	}
	if e.UserData != nil {
		for _, f := range e.UserData.Fields {
			v = append(v, f.Value)
		}
	}
	return v
}

// record writes one record; when it does not fit, the chunk is cut back to what it was.
func (w *Writer) record(e *Event, id uint64) (at int, ok bool) {
	enc := w.enc
	at = len(enc.b)
	written := e.Written
	if written.IsZero() {
		written = e.Time
	}
	enc.b = append(enc.b, recordMagic...)
	enc.u32(0)
	enc.b = le.AppendUint64(enc.b, id)
	enc.b = le.AppendUint64(enc.b, ticksOf(written))
	from := len(enc.b)
	fits := enc.event(e, id)
	if len(enc.b)-from > 0xffff {
		fits = false
	}
	enc.u8(tokEnd)
	for (len(enc.b)+4)%8 != 0 {
		enc.u8(0)
	}
	size := len(enc.b) + 4 - at
	enc.u32(uint32(size))
	le.PutUint32(enc.b[at+4:], uint32(size))
	if !fits || len(enc.b) > ChunkSize {
		enc.b = enc.b[:at]
		return 0, false
	}
	return at, true
}

// event writes the instance of the outer template with the event's data as its last value.
func (e *encoder) event(ev *Event, id uint64) bool {
	key := strings.Join([]string{"System", ev.Computer}, "\x00")
	guid := func(g GUID) Value {
		if g.IsZero() {
			return NullValue()
		}
		return GUIDValue(g)
	}
	values := []Value{
		Uint8Value(ev.Level), Uint8Value(ev.Opcode), Uint16Value(ev.Task), Uint16Value(ev.EventID), NullValue(), Hex64Value(ev.Keywords),
		TimeValue(ev.Time), guid(ev.ActivityID), Uint32Value(ev.ProcessID), Uint32Value(ev.ThreadID), Uint64Value(id),
		Uint8Value(ev.Version), SIDValue(ev.UserSID), guid(ev.RelatedActivityID), StringValue(ev.Provider), guid(ev.GUID),
		StringValue(ev.Channel),
	}
	e.fragmentHeader()
	e.instance(key, keyGUID(key), func() { e.systemBody(ev.Computer) })
	fits := true
	e.values(values, func() {
		from := len(e.b)
		e.data(ev)
		fits = len(e.b)-from <= 0xffff
	})
	return fits
}

// keyGUID gives a template the GUID that its key hashes to.
func keyGUID(key string) GUID {
	h := fnv.New128a()
	h.Write([]byte(key))
	return GUID(h.Sum(nil))
}

// The substitutions of the outer template, numbered as Windows numbers them.
const (
	subLevel = iota
	subOpcode
	subTask
	subEventID
	subQualifiers
	subKeywords
	subTime
	subActivityID
	subProcessID
	subThreadID
	subRecordID
	subVersion
	subUserID
	subRelatedActivityID
	subProvider
	subGUID
	subChannel
	subData
)

const eventNamespace = "http://schemas.microsoft.com/win/2004/08/events/event"

// systemBody writes the body of the outer template. The computer is a literal in it, as Windows has it.
func (e *encoder) systemBody(computer string) {
	leaf := func(name string, sub int, typ Type, attrs ...attr) {
		at := e.open(name, attrs...)
		e.content()
		e.sub(sub, typ, true)
		e.close(at)
	}
	empty := func(name string, attrs ...attr) { e.closeEmpty(e.open(name, attrs...)) }
	event := e.open("Event", attr{name: "xmlns", literal: eventNamespace})
	e.content()
	system := e.open("System")
	e.content()
	empty("Provider", attr{name: "Name", sub: subProvider, typ: TypeString}, attr{name: "Guid", sub: subGUID, typ: TypeGUID})
	leaf("EventID", subEventID, TypeUint16, attr{name: "Qualifiers", sub: subQualifiers, typ: TypeUint16})
	leaf("Version", subVersion, TypeUint8)
	leaf("Level", subLevel, TypeUint8)
	leaf("Task", subTask, TypeUint16)
	leaf("Opcode", subOpcode, TypeUint8)
	leaf("Keywords", subKeywords, TypeHex64)
	empty("TimeCreated", attr{name: "SystemTime", sub: subTime, typ: TypeFileTime})
	leaf("EventRecordID", subRecordID, TypeUint64)
	empty("Correlation", attr{name: "ActivityID", sub: subActivityID, typ: TypeGUID},
		attr{name: "RelatedActivityID", sub: subRelatedActivityID, typ: TypeGUID})
	empty("Execution", attr{name: "ProcessID", sub: subProcessID, typ: TypeUint32},
		attr{name: "ThreadID", sub: subThreadID, typ: TypeUint32})
	leaf("Channel", subChannel, TypeString)
	at := e.open("Computer")
	e.content()
	e.text(computer)
	e.close(at)
	empty("Security", attr{name: "UserID", sub: subUserID, typ: TypeSID})
	e.close(system)
	e.sub(subData, TypeBinXML, true)
	e.close(event)
}

// data writes the fragment of EventData or UserData. An event with neither has none.
func (e *encoder) data(ev *Event) {
	fields := ev.Data
	key := "EventData"
	if u := ev.UserData; u != nil {
		fields = u.Fields
		key = "UserData\x00" + u.Name + "\x00" + u.Namespace
	}
	values := make([]Value, len(fields))
	for i, f := range fields {
		values[i] = f.Value
		key += fmt.Sprintf("\x00%s\x00%d", f.Name, declared(f.Value))
	}
	if ev.UserData == nil && len(fields) == 0 {
		key = "EventData"
	}
	e.fragmentHeader()
	e.instance(key, keyGUID(key), func() { e.dataBody(ev, fields) })
	e.values(values, nil)
	e.u8(tokEnd)
}

// field ends the element of value i. A null value is an element without content: a substitution of nothing stops libevtx.
func (e *encoder) field(at, i int, v Value) {
	if v.State != Present {
		e.closeEmpty(at)
		return
	}
	e.content()
	e.sub(i, declared(v), false)
	e.close(at)
}

// declared is the type that a template states for a value.
func declared(v Value) Type {
	switch {
	case v.State != Present:
		return TypeNull
	case v.Array:
		return v.Type | arrayBit
	}
	return v.Type
}

func (e *encoder) dataBody(ev *Event, fields []Field) {
	if u := ev.UserData; u != nil {
		section := e.open("UserData")
		e.content()
		inner := e.open(u.Name, attr{name: "xmlns", literal: u.Namespace})
		e.content()
		for i, f := range fields {
			e.field(e.open(f.Name), i, f.Value)
		}
		e.close(inner)
		e.close(section)
		return
	}
	section := e.open("EventData")
	if len(fields) == 0 {
		e.closeEmpty(section)
		return
	}
	e.content()
	for i, f := range fields {
		var attrs []attr
		if f.Name != "" {
			attrs = []attr{{name: "Name", literal: f.Name}}
		}
		e.field(e.open("Data", attrs...), i, f.Value)
	}
	e.close(section)
}

// flush completes the chunk in work and begins another.
func (w *Writer) flush() {
	if w.records == 0 || w.err != nil {
		return
	}
	chunk := w.enc.finish(w.first, w.last, w.lastAt)
	if _, ok := w.w.(io.Seeker); !ok {
		w.held = append(w.held, chunk...)
	} else {
		if !w.head {
			w.head = true
			_, w.err = w.w.Write(make([]byte, fileHeaderSize))
		}
		if w.err == nil {
			_, w.err = w.w.Write(chunk)
		}
	}
	w.chunks++
	w.records = 0
	w.enc = newEncoder()
}

// finish fills in the chunk's header: ids, tables and checksums.
func (e *encoder) finish(first, last uint64, lastAt int) []byte {
	free := len(e.b)
	b := make([]byte, ChunkSize)
	copy(b, e.b)
	copy(b, chunkMagic)
	le.PutUint64(b[8:], first)
	le.PutUint64(b[16:], last)
	le.PutUint64(b[24:], first)
	le.PutUint64(b[32:], last)
	le.PutUint32(b[40:], 128)
	le.PutUint32(b[44:], uint32(lastAt))
	le.PutUint32(b[48:], uint32(free))
	// Each bucket names its latest entry, which links to the one before.
	const nameTable, nameBuckets, templateTable, templateBuckets = 128, 64, 384, 32
	link := func(table, bucket, at int) {
		copy(b[at:at+4], b[table+4*bucket:])
		le.PutUint32(b[table+4*bucket:], uint32(at))
	}
	for _, at := range e.nameAt {
		if at < free {
			link(nameTable, int(le.Uint16(b[at+4:]))%nameBuckets, at)
		}
	}
	for _, at := range e.tmplAt {
		if at < free {
			link(templateTable, int(le.Uint32(b[at+4:])%templateBuckets), at)
		}
	}
	le.PutUint32(b[52:], crc32.ChecksumIEEE(b[chunkHeaderSize:free]))
	le.PutUint32(b[124:], headerSum(b))
	return b
}

// Close writes what is left and the header. It does not close the underlying writer.
func (w *Writer) Close() error {
	w.flush()
	if w.err != nil {
		return w.err
	}
	h := make([]byte, fileHeaderSize)
	copy(h, fileMagic)
	le.PutUint64(h[16:], uint64(max(0, w.chunks-1)))
	le.PutUint64(h[24:], w.next)
	le.PutUint32(h[32:], 128)
	le.PutUint16(h[36:], 1)
	le.PutUint16(h[38:], 3)
	le.PutUint16(h[40:], fileHeaderSize)
	le.PutUint16(h[42:], uint16(w.chunks))
	le.PutUint32(h[124:], crc32.ChecksumIEEE(h[:120]))
	s, ok := w.w.(io.Seeker)
	if !ok {
		if _, w.err = w.w.Write(h); w.err == nil {
			_, w.err = w.w.Write(w.held)
		}
		return w.closed()
	}
	if _, w.err = s.Seek(0, io.SeekStart); w.err == nil {
		if _, w.err = w.w.Write(h); w.err == nil {
			_, w.err = s.Seek(0, io.SeekEnd)
		}
	}
	return w.closed()
}

// closed makes every further call fail.
func (w *Writer) closed() error {
	if w.err != nil {
		return fmt.Errorf("write event log: %w", w.err)
	}
	w.err = io.ErrClosedPipe
	return nil
}

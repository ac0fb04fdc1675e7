package evtx

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
)

// Writer writes an EVTX file as Windows lays one out: a template for System with the template of the event's own data nested in it, both
// defined once a chunk; name and template tables; checksums. Equal events make equal bytes.
//
// The header counts chunks in 16 bits, which begin anew after 65,535 (4 GiB); its number of the last chunk has 64.
type Writer struct {
	w    io.Writer
	o    WriterOptions
	seek io.Seeker // w, when it can go back to its header
	base int64     // where the file begins in it
	held [][]byte  // chunks, when it cannot
	err  error

	forms map[string]*form // by appendForm
	size  int              // of their keys, in bytes
	key   []byte
	vals  []Value

	enc         *encoder
	next        uint64 // id for an event without one
	chunks      int
	first, last uint64 // ids of the chunk in work
	lastAt      int
	records     int
	steps       int // of its forms
}

// WriterOptions of NewWriter. The zero value is ready.
type WriterOptions struct {
	FirstRecordID   uint64 // of events without a RecordID; 0 means 1
	RecordsPerChunk int    // begin a new chunk after so many records; 0 fills chunks
}

// formsLimit is how many bytes of keys of forms a Writer remembers.
const formsLimit = 16 << 20

// NewWriter returns a writer of a file that begins where w stands. When w can seek, chunks are written as they fill up and the header last;
// else all is held in memory until Close.
func NewWriter(w io.Writer, o WriterOptions) *Writer {
	x := &Writer{w: w, o: o, next: max(1, o.FirstRecordID), enc: newEncoder(), forms: map[string]*form{}}
	if s, ok := w.(io.Seeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil { // a pipe has the method too
			x.seek, x.base = s, at
		}
	}
	return x
}

// Write adds an event. The writer goes on without one that it refuses: ErrLimit says that the event does not fit a chunk or asks for more
// than a reader's limits (names and the texts of templates have up to 1,024 UTF-16 units), ErrEvent that no log can hold it.
func (w *Writer) Write(e *Event) error {
	if w.err != nil {
		return w.err
	}
	f, err := w.form(e)
	if err == nil {
		err = w.add(e, f)
	}
	if err != nil {
		return fmt.Errorf("write event %d: %w", e.EventID, err)
	}
	return w.err
}

// form takes the event's values and finds its form.
func (w *Writer) form(e *Event) (*form, error) {
	w.vals = w.vals[:0]
	if e.UserData != nil {
		w.vals = appendValues(w.vals, e.UserData.Fields)
	}
	w.vals = appendValues(appendValues(w.vals, e.Data), e.Other)
	size := 0
	for i := range w.vals {
		v := &w.vals[i]
		if v.State == Present && (v.Type == TypeNull || v.Type > TypeHex64) {
			return nil, fmt.Errorf("%w: a value of type %v", ErrEvent, v.Type)
		}
		if len(v.Bytes) > 0xffff {
			return nil, fmt.Errorf("%w: a value of %d bytes", ErrLimit, len(v.Bytes))
		}
		if size += len(v.Bytes); size > ChunkSize {
			return nil, fmt.Errorf("%w: values of more than %d bytes", ErrLimit, ChunkSize)
		}
	}
	w.key = appendForm(w.key[:0], e)
	if f := w.forms[string(w.key)]; f != nil {
		return f, nil
	}
	f, err := newForm(e)
	if err != nil {
		return nil, err
	}
	if w.size += len(w.key); w.size > formsLimit {
		clear(w.forms)
		w.size = len(w.key)
	}
	w.forms[string(w.key)] = f
	return f, nil
}

func appendValues(dst []Value, fields []Field) []Value {
	for i := range fields {
		if fields[i].Value.State != Absent {
			dst = append(dst, fields[i].Value)
		}
	}
	return dst
}

// add writes the event's record to the chunk in work, or to the next one where there is no room.
func (w *Writer) add(e *Event, f *form) error {
	steps := f.steps
	if f.chunk == w.chunks+1 {
		steps = 0
	}
	if w.o.RecordsPerChunk > 0 && w.records >= w.o.RecordsPerChunk || w.steps+steps > layoutBudget {
		w.flush()
		steps = f.steps
	}
	id := e.RecordID
	if id == 0 {
		id = w.next
	}
	at := len(w.enc.b)
	w.record(e, f, id)
	if end := len(w.enc.b); end > ChunkSize {
		w.enc.undo(at)
		if at == chunkHeaderSize || end-at > ChunkSize-chunkHeaderSize {
			return fmt.Errorf("%w: it does not fit a chunk", ErrLimit)
		}
		w.flush()
		return w.add(e, f)
	}
	if w.records == 0 {
		w.first = id
	}
	f.chunk, w.last, w.lastAt, w.next = w.chunks+1, id, at, id+1
	w.records++
	w.steps += steps
	return nil
}

// record writes one record.
func (w *Writer) record(e *Event, f *form, id uint64) {
	enc, at := w.enc, len(w.enc.b)
	written := e.Written
	if written.IsZero() {
		written = e.Time
	}
	enc.b = append(enc.b, recordMagic...)
	enc.u32(0)
	enc.b = le.AppendUint64(enc.b, id)
	enc.b = le.AppendUint64(enc.b, ticksOf(written))
	enc.event(e, id, f, w.vals)
	enc.u8(tokEnd)
	for (len(enc.b)+4)%8 != 0 {
		enc.u8(0)
	}
	size := uint32(len(enc.b) + 4 - at)
	enc.u32(size)
	le.PutUint32(enc.b[at+4:], size)
}

// event writes the instance of System's template. The event's own data are its last values.
func (e *encoder) event(ev *Event, id uint64, f *form, vals []Value) {
	e.fragmentHeader()
	e.instance(f.system.key, f.system.guid, func() { e.system(ev.Computer, ev.EventSourceName, len(f.sections)) })
	t := e.table(subData + len(f.sections))
	e.number(&t, TypeUint8, uint64(ev.Level))
	e.number(&t, TypeUint8, uint64(ev.Opcode))
	e.number(&t, TypeUint16, uint64(ev.Task))
	e.number(&t, TypeUint16, uint64(ev.EventID))
	if ev.Qualifiers != 0 {
		e.number(&t, TypeUint16, uint64(ev.Qualifiers))
	} else {
		e.put(&t, TypeNull)
	}
	e.number(&t, TypeHex64, ev.Keywords)
	e.number(&t, TypeFileTime, ticksOf(ev.Time))
	e.guid(&t, &ev.ActivityID)
	e.number(&t, TypeUint32, uint64(ev.ProcessID))
	e.number(&t, TypeUint32, uint64(ev.ThreadID))
	e.number(&t, TypeUint64, id)
	e.number(&t, TypeUint8, uint64(ev.Version))
	if b, ok := appendParsedSID(e.b, ev.UserSID); ok {
		e.b = b
		e.put(&t, TypeSID)
	} else {
		e.put(&t, TypeNull)
	}
	e.guid(&t, &ev.RelatedActivityID)
	e.b = appendUTF16(e.b, ev.Provider)
	e.put(&t, TypeString)
	e.guid(&t, &ev.GUID)
	e.b = appendUTF16(e.b, ev.Channel)
	e.put(&t, TypeString)
	for i := range f.sections {
		s := &f.sections[i]
		e.fragmentHeader()
		e.instance(s.key, s.guid, func() { e.node(s.root) })
		e.values(vals[s.from:s.to], nil)
		e.u8(tokEnd)
		e.put(&t, TypeBinXML)
	}
}

// guid puts a GUID, null for the zero one.
func (e *encoder) guid(t *table, g *GUID) {
	if g.IsZero() {
		e.put(t, TypeNull)
		return
	}
	e.b = append(e.b, g[:]...)
	e.put(t, TypeGUID)
}

// The substitutions of System's template, numbered as Windows numbers them.
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
	subData // and those behind it
)

const eventNamespace = "http://schemas.microsoft.com/win/2004/08/events/event"

// system writes the body of System's template with room for the sections. Computer and source are literals in it, as Windows has them.
func (e *encoder) system(computer, source string, sections int) {
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
	provider := []attr{{name: "Name", sub: subProvider, typ: TypeString}, {name: "Guid", sub: subGUID, typ: TypeGUID}}
	if source != "" {
		provider = append(provider, attr{name: "EventSourceName", literal: source})
	}
	empty("Provider", provider...)
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
	for i := range sections {
		e.sub(subData+i, TypeBinXML, true)
	}
	e.close(event)
}

// node writes an element of a section's template.
func (e *encoder) node(n *node) {
	at := e.open(n.name, n.attrs...)
	if n.value == noContent && len(n.kids) == 0 {
		e.closeEmpty(at)
		return
	}
	e.content()
	if n.value != noContent {
		e.sub(n.value, n.typ, false)
	}
	for _, k := range n.kids {
		e.node(k)
	}
	e.close(at)
}

// flush completes the chunk in work and begins another.
func (w *Writer) flush() {
	if w.records == 0 || w.err != nil {
		return
	}
	chunk := w.enc.finish(w.first, w.last, w.lastAt)
	if w.seek == nil {
		w.held = append(w.held, bytes.Clone(chunk))
	} else {
		if w.chunks == 0 {
			_, w.err = w.w.Write(make([]byte, fileHeaderSize))
		}
		if w.err == nil {
			_, w.err = w.w.Write(chunk)
		}
	}
	w.chunks++
	w.records, w.steps = 0, 0
	w.enc.reset()
}

// Close writes what is left and the header. It does not close the underlying writer, and leaves it standing behind the file.
func (w *Writer) Close() error {
	w.flush()
	if w.err == nil {
		w.err = w.close()
	}
	if w.err != nil {
		return fmt.Errorf("write event log: %w", w.err)
	}
	w.err = io.ErrClosedPipe // makes every further call fail
	return nil
}

func (w *Writer) close() error {
	if w.seek != nil {
		if _, err := w.seek.Seek(w.base, io.SeekStart); err != nil {
			return err
		}
	}
	if _, err := w.w.Write(w.header()); err != nil {
		return err
	}
	if w.seek != nil {
		_, err := w.seek.Seek(w.base+fileHeaderSize+int64(w.chunks)*ChunkSize, io.SeekStart)
		return err
	}
	for _, chunk := range w.held {
		if _, err := w.w.Write(chunk); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) header() []byte {
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
	return h
}

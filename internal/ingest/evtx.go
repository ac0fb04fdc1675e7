package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"reeve"
	"reeve/evtx"
	"reeve/internal/evidence"
)

var evtxFormat = format{
	name: "evtx",
	sniff: func(s *sample) bool {
		return evtx.IsFile(s.raw) || evtx.IsChunk(s.raw) || len(s.raw) > evtxHeader && evtx.IsChunk(s.raw[evtxHeader:])
	},
	split: splitEVTX,
	near:  nearEVTX,
	read:  readEVTX,
}

// evtxPart is how much of a log one worker reads at a time: what stays in the cache of its processor.
const evtxPart = 4 * evtx.ChunkSize

const evtxHeader = 4096

// evtxShared is what all workers share: compiled templates.
type evtxShared struct{ templates evtx.Templates }

// evtxWorker is one worker's reader with its buffers.
type evtxWorker struct {
	reader  *evtx.ChunkReader
	buf     []byte
	record  evtxRecord
	classes map[*evtx.Layout]*evtxClass
	fields  int // of the classes
}

// evtxClass is what was worked out for a layout.
type evtxClass struct {
	fields []reeve.Field
	layout *evtx.Layout
}

func holdsChunk(h evidence.Content) bool {
	buf := make([]byte, 1<<20)
	for at := int64(0); at < h.Size(); at += int64(len(buf)) - 8 {
		n, err := h.ReadAt(buf, at)
		if bytes.Contains(buf[:n], []byte("ElfChnk\x00")) {
			return true
		}
		if err != nil {
			return false
		}
	}
	return false
}

// firstChunk is where the chunks begin: at the very start when the file header is lost.
func firstChunk(h evidence.Content) int64 {
	head := make([]byte, 8)
	if _, err := h.ReadAt(head, 0); err == nil && evtx.IsChunk(head) {
		return 0
	}
	return evtxHeader
}

func splitEVTX(h evidence.Content) []part {
	var parts []part
	for at := firstChunk(h); at < h.Size(); at += evtxPart {
		parts = append(parts, part{from: at, to: min(at+evtxPart, h.Size())})
	}
	if len(parts) == 0 {
		return []part{{from: h.Size(), to: h.Size(), last: true}}
	}
	parts[len(parts)-1].last = true
	return parts
}

// nearEVTX is the chunk of a record.
func nearEVTX(h evidence.Content, r reeve.Ref) part {
	first := firstChunk(h)
	from := first + max(0, r.Offset-first)/evtx.ChunkSize*evtx.ChunkSize
	return part{from: from, to: min(from+evtx.ChunkSize, h.Size())}
}

func readEVTX(w *worker, f *file, p part) {
	x := w.evtx
	if x == nil {
		x = &evtxWorker{reader: evtx.NewChunkReader(&w.shared.evtx.templates, nil), buf: make([]byte, evtxPart), classes: map[*evtx.Layout]*evtxClass{}}
		x.record.w, x.record.names = x, &w.names
		if w.opt.EventID != nil {
			x.reader.Want = func(p evtx.Peek) bool { return w.opt.EventID(p.EventID) }
		}
		w.evtx = x
	}
	x.record.file = f.ev.Name
	n, err := f.handle.ReadAt(x.buf[:max(0, min(p.to-p.from, evtxPart))], p.from)
	if err != nil && !errors.Is(err, io.EOF) {
		w.lose(f, reeve.ReadError{Ref: reeve.Ref{File: f.ev.Name, Offset: p.from + int64(n)}, Err: fmt.Errorf("%w: %w", reeve.ErrAccess, err)})
	}
	data, records := x.buf[:n], 0
	for at := 0; at < len(data); at += evtx.ChunkSize {
		chunk := data[at:min(at+evtx.ChunkSize, len(data))]
		offset := p.from + int64(at)
		if !f.wanted(offset, offset+int64(len(chunk))) || zero(chunk) {
			continue
		}
		if err := x.reader.Reset(chunk, offset, int(offset/evtx.ChunkSize)); err != nil {
			w.lose(f, lossOf(f.ev.Name, offset, err))
			continue
		}
		if f.opt.Where == nil {
			x.reader.Verify()
		}
		for {
			r, err := x.reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				w.lose(f, lossOf(f.ev.Name, offset, err))
				continue
			}
			x.record.set(r)
			if w.deliver(&x.record) {
				records++
			}
		}
		for _, note := range x.reader.Notes() {
			if !errors.Is(note.Err, evtx.ErrChecksum) && !errors.Is(note.Err, evtx.ErrTruncated) {
				continue // a copy of a live log is full of them
			}
			f.lose(reeve.ReadError{Ref: reeve.Ref{File: f.ev.Name, Offset: note.Offset}, Err: fmt.Errorf("%w: %s; read all the same", reeve.ErrDamaged, note.Reason)})
		}
	}
	if p.last && f.opt.Recover {
		records += recoverEVTX(w, f)
	}
	f.count(records)
}

// recoverEVTX adds the records that lie in slack or outside of chunks.
func recoverEVTX(w *worker, f *file) (records int) {
	e, err := evtx.Open(f.handle, f.handle.Size(), evtx.Options{Templates: &w.shared.evtx.templates, Recover: true})
	if err != nil {
		return 0
	}
	for r := range e.Recovered() {
		if w.ctx.Err() != nil {
			break
		}
		w.evtx.record.set(r)
		if w.deliver(&w.evtx.record) {
			records++
		}
	}
	return records
}

func zero(b []byte) bool {
	for len(b) >= 8 {
		if b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7] != 0 {
			return false
		}
		b = b[8:]
	}
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

func lossOf(name string, offset int64, err error) reeve.ReadError {
	class := reeve.ErrRecord
	ref := reeve.Ref{File: name, Offset: offset}
	var bad *evtx.RecordError
	if errors.As(err, &bad) {
		ref.Offset, ref.RecordID, ref.HasID = bad.Offset, bad.RecordID, bad.RecordID != 0
	}
	if errors.Is(err, evtx.ErrChunk) || errors.Is(err, evtx.ErrTruncated) || errors.Is(err, evtx.ErrFormat) {
		class = reeve.ErrDamaged
	}
	return reeve.ReadError{Ref: ref, Err: fmt.Errorf("%w: %w", class, err)}
}

// evtxRecord shows a record of an EVTX file as the root wants it.
type evtxRecord struct {
	r       *evtx.Record
	w       *evtxWorker
	names   *names
	file    string
	class   *evtxClass
	layout  *evtx.Layout
	ref     reeve.Ref
	head    reeve.Head
	scratch []byte // text of values that are not UTF-16, until the next record
	last    [3]lastName
	read    bool // ref and head are those of r
}

func (x *evtxRecord) set(r *evtx.Record) {
	x.r = r
	x.scratch = x.scratch[:0]
	if l := r.Layout(); l != x.layout {
		x.layout, x.class = l, x.w.classOf(l)
	}
	x.read = false
}

// envelope reads Ref and Head when they are first asked for: who prints records never does.
func (x *evtxRecord) envelope() {
	if x.read {
		return
	}
	x.read = true
	r := x.r
	id, ok := r.System(evtx.EventRecordID).Uint64()
	if !ok {
		id = r.ID()
	}
	x.ref = reeve.Ref{File: x.file, RecordID: id, HasID: true, Offset: r.Offset()}
	h := &x.head
	h.Provider = x.name(evtx.ProviderName, &x.last[0])
	h.Channel = x.name(evtx.Channel, &x.last[1])
	h.Computer = x.name(evtx.Computer, &x.last[2])
	h.EventID = r.EventID()
	version, _ := r.System(evtx.Version).Uint64()
	h.Version = uint8(version)
	pid, _ := r.System(evtx.ProcessID).Uint64()
	h.PID = uint32(pid)
	h.Time = ticks(r.System(evtx.TimeCreated), r)
}

// ticks is the time of a record: as its envelope states it, else as the record's frame does.
func ticks(v evtx.Value, r *evtx.Record) reeve.Time {
	if v.Type == evtx.TypeFileTime {
		if t, ok := v.Uint64(); ok && t>>63 == 0 {
			return reeve.Time(t)
		}
	}
	if t, ok := v.Time(); ok {
		return reeve.TimeOf(t)
	}
	return reeve.TimeOf(r.Written())
}

// lastName is a name of the envelope as the record before had it: most records share theirs, and to compare costs less than to look up.
type lastName struct {
	raw  reeve.Value
	text string
}

// name interns a value of the envelope.
func (x *evtxRecord) name(f evtx.SystemField, last *lastName) string {
	v := x.value(x.r.System(f))
	if v.Kind != last.raw.Kind || v.Enc != last.raw.Enc || !bytes.Equal(v.Bytes, last.raw.Bytes) {
		last.text = x.names.intern(v)
		last.raw = reeve.Value{Kind: v.Kind, Enc: v.Enc, Bytes: append(last.raw.Bytes[:0], v.Bytes...)}
	}
	return last.text
}

func (w *evtxWorker) classOf(l *evtx.Layout) *evtxClass {
	if c := w.classes[l]; c != nil {
		return c
	}
	const fieldsLimit = 1 << 17 // of all classes together: they keep their layouts from being forgotten
	if w.fields += len(l.Fields()); len(w.classes) >= maxShapes || w.fields > fieldsLimit {
		clear(w.classes)
		w.fields = len(l.Fields())
	}
	c := &evtxClass{layout: l}
	for _, f := range l.Fields() {
		if isData(f.Section) {
			c.fields = append(c.fields, reeve.Field{Name: dataName(f), Handle: reeve.Handle(f.Handle)})
		}
	}
	w.classes[l] = c
	return c
}

func isData(s evtx.Section) bool { return s != evtx.SectionSystem && s != evtx.SectionRendering }

// dataName is the name of a field; an unnamed Data element has none.
func dataName(f evtx.FieldInfo) string {
	if f.Section == evtx.SectionEventData && f.Name == "Data" {
		return ""
	}
	return f.Name
}

// systemFields are the places of the envelope in System. Their handles are negative.
var systemFields = [numSlots]evtx.SystemField{
	slotProvider: evtx.ProviderName, slotProviderGUID: evtx.ProviderGUID, slotEventSource: evtx.EventSourceName, slotEventID: evtx.EventID,
	slotQualifiers: evtx.Qualifiers, slotVersion: evtx.Version, slotLevel: evtx.Level, slotTask: evtx.Task, slotOpcode: evtx.Opcode,
	slotKeywords: evtx.Keywords, slotTime: evtx.TimeCreated, slotRecordID: evtx.EventRecordID, slotActivity: evtx.ActivityID,
	slotRelated: evtx.RelatedActivityID, slotPID: evtx.ProcessID, slotThread: evtx.ThreadID, slotChannel: evtx.Channel,
	slotComputer: evtx.Computer, slotUser: evtx.UserID,
}

func systemHandle(f evtx.SystemField) reeve.Handle { return -2 - reeve.Handle(f) }

// resolve finds a field as reeve.Record.Resolve states it.
func (c *evtxClass) resolve(name string) reeve.Handle {
	for _, equal := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold} {
		for _, f := range c.fields {
			if equal(f.Name, name) && name != "" {
				return f.Handle
			}
		}
	}
	if sl, ok := slotOf(name); ok {
		return systemHandle(systemFields[sl])
	}
	for _, f := range c.layout.Fields() {
		if strings.EqualFold(f.Path, name) && name != "" {
			return reeve.Handle(f.Handle)
		}
	}
	return reeve.NoHandle
}

// Ref cites the record.
func (x *evtxRecord) Ref() reeve.Ref {
	x.envelope()
	return x.ref
}

// Head is the record's envelope.
func (x *evtxRecord) Head() *reeve.Head {
	x.envelope()
	return &x.head
}

// Class is the record's layout.
func (x *evtxRecord) Class() reeve.Class { return x.layout }

// Fields lists the data fields.
func (x *evtxRecord) Fields() []reeve.Field { return x.class.fields }

// Resolve finds a data field, else one of the envelope.
func (x *evtxRecord) Resolve(name string) reeve.Handle { return x.class.resolve(name) }

// Value gives text in place and renders everything else.
func (x *evtxRecord) Value(h reeve.Handle) reeve.Value {
	switch {
	case h == reeve.NoHandle:
		return reeve.Value{}
	case h < 0:
		return x.value(x.r.System(evtx.SystemField(-2 - h)))
	}
	return x.value(x.r.Value(evtx.Handle(h)))
}

func (x *evtxRecord) value(v evtx.Value) reeve.Value {
	n := len(x.scratch)
	switch {
	case v.State == evtx.Absent:
		return reeve.Value{}
	case v.State == evtx.Null:
		return reeve.Value{Kind: reeve.Null}
	case v.Type == evtx.TypeString && v.Array:
		return reeve.Value{Kind: reeve.List, Enc: reeve.UTF16LE, Bytes: v.Bytes}
	case v.Type == evtx.TypeString:
		return reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: v.Bytes}
	case v.Array:
		for item := range v.Items() {
			x.scratch = append(item.AppendText(x.scratch), 0)
		}
		return reeve.Value{Kind: reeve.List, Bytes: x.scratch[n:len(x.scratch):len(x.scratch)]}
	}
	x.scratch = v.AppendText(x.scratch)
	return reeve.Value{Kind: reeve.Text, Bytes: x.scratch[n:len(x.scratch):len(x.scratch)]}
}

// AppendJSON appends the record in the shape of evtx_dump.
func (x *evtxRecord) AppendJSON(dst []byte) []byte { return x.r.AppendJSON(dst) }

// WellFormedXML is a record whose XML is not its source's but made by the reader: it is well-formed, and its references are XML's own.
type WellFormedXML interface {
	AppendXML(dst []byte) []byte
	wellFormed()
}

func (x *evtxRecord) wellFormed() {}

// AppendXML appends the record as wevtutil prints it.
func (x *evtxRecord) AppendXML(dst []byte) []byte { return x.r.AppendXML(dst) }

package ingest

import (
	"bytes"
	"slices"
	"time"
	"unicode/utf8"

	"reeve"
)

// form is how the bytes of a value stand in the evidence.
type form uint8

const (
	plain    form = iota
	inJSON        // inside of a JSON string, with escapes
	listJSON      // a JSON list of scalars, brackets included
	inXML         // XML text, with entities and CDATA sections
	inCSV         // inside of CSV quotes, with doubled ones
)

// leaf is one value of the record at hand. It is decoded when it is first asked for.
type leaf struct {
	bytes []byte
	kind  reeve.ValueKind
	form  form
}

// textRecord is the reeve.Record of all text formats. One worker has one and fills it anew for each record.
type textRecord struct {
	ref    reeve.Ref
	head   reeve.Head
	shape  *shape
	leaves []leaf
	raw    []byte // the whole record as it stands in the evidence, in UTF-8
	asJSON bool   // raw is JSON

	arena  []byte // decoded values; earlier slices of it stay whole when it grows
	names  names
	zone   *time.Location
	before moment // the time parsed last and its spelling: neighbours share it
	spelt  []byte
}

func (r *textRecord) Ref() reeve.Ref                { return r.ref }
func (r *textRecord) Head() *reeve.Head             { return &r.head }
func (r *textRecord) Class() reeve.Class            { return r.shape }
func (r *textRecord) Fields() []reeve.Field         { return r.shape.fields }
func (r *textRecord) begin(raw []byte)              { r.raw, r.leaves, r.arena = raw, r.leaves[:0], r.arena[:0] }
func (r *textRecord) put(b []byte, f form)          { r.leaves = append(r.leaves, leaf{b, reeve.Text, f}) }
func (r *textRecord) putNull()                      { r.leaves = append(r.leaves, leaf{kind: reeve.Null}) }
func (r *textRecord) putList(b []byte)              { r.leaves = append(r.leaves, leaf{b, reeve.List, listJSON}) }
func (r *textRecord) Resolve(n string) reeve.Handle { return r.shape.resolve(n) }

// Value decodes the value when its bytes are not the text itself.
func (r *textRecord) Value(h reeve.Handle) reeve.Value {
	if h < 0 || int(h) >= len(r.leaves) {
		return reeve.Value{}
	}
	l := &r.leaves[h]
	if l.form != plain {
		start := len(r.arena)
		switch l.form {
		case inJSON:
			r.arena = appendJSONText(r.arena, l.bytes)
		case listJSON:
			r.arena = appendJSONList(r.arena, l.bytes)
		case inXML:
			r.arena = appendXMLText(r.arena, l.bytes)
		case inCSV:
			r.arena = appendCSVText(r.arena, l.bytes)
		}
		l.bytes, l.form = r.arena[start:len(r.arena):len(r.arena)], plain
		if l.kind == reeve.List && r.shape != nil && r.shape.single && bytes.IndexByte(l.bytes, 0) == len(l.bytes)-1 {
			l.kind, l.bytes = reeve.Text, bytes.TrimSuffix(l.bytes, []byte{0})
		}
	}
	return reeve.Value{Kind: l.kind, Bytes: l.bytes}
}

// text is an envelope value as UTF-8: of a list the first item, of what is missing nothing.
func (r *textRecord) text(leaf int) []byte {
	v := r.Value(reeve.Handle(leaf))
	if v.Kind == reeve.List {
		first, _, _ := bytes.Cut(v.Bytes, []byte{0})
		return first
	}
	return v.Bytes
}

// finish fills the head from the record's values; ref is the record's position.
func (r *textRecord) finish(s *shape, ref reeve.Ref) {
	r.shape, r.ref = s, ref
	value := func(sl slot) []byte { return r.text(s.slots[sl]) }
	name := func(sl slot) string { return r.names.intern(reeve.Value{Kind: reeve.Text, Bytes: value(sl)}) }
	count := func(sl slot, most uint64) uint64 {
		n, ok := number(value(sl))
		if !ok || n > most {
			return 0
		}
		return n
	}
	r.head = reeve.Head{Provider: name(slotProvider), Channel: name(slotChannel), Computer: name(slotComputer),
		EventID: uint32(count(slotEventID, 1<<32-1)), Version: uint8(count(slotVersion, 255)), PID: uint32(count(slotPID, 1<<32-1))}
	r.ref.RecordID, r.ref.HasID = number(value(slotRecordID))
	r.when()
}

// when settles the time: the best one with an offset or an anchor in UTC, else the best as it stands.
func (r *textRecord) when() {
	var stated moment
	found := false
	for _, i := range r.shape.times {
		if m, ok := r.moment(r.text(i)); ok {
			if i := slices.Index(r.shape.anchor, i); i >= 0 {
				m.local = false
			}
			stated, found = m, true
			break
		}
	}
	if !found {
		return
	}
	var anchor reeve.Time
	if stated.local {
		for _, i := range r.shape.anchor {
			if m, ok := r.moment(r.text(i)); ok {
				anchor = m.at
				break
			}
		}
	}
	r.head.Time, r.head.AssumedZone = settle(stated, anchor, r.zone)
}

func (r *textRecord) moment(b []byte) (moment, bool) {
	if len(b) > 0 && bytes.Equal(b, r.spelt) {
		return r.before, true
	}
	m, ok := parseTime(b)
	if ok {
		r.before, r.spelt = m, append(r.spelt[:0], b...)
	}
	return m, ok
}

// AppendJSON appends the record as one JSON object on one line: JSON as it stands, other formats in the form of the Event.
func (r *textRecord) AppendJSON(dst []byte) []byte {
	if r.asJSON {
		return appendCompact(dst, r.raw)
	}
	return r.appendTree(dst)
}

// appendTree writes the values below their paths. Neighbours of one path become a list.
func (r *textRecord) appendTree(dst []byte) []byte {
	dst = append(dst, '{')
	var at []string // objects that are open
	comma := false
	for i := 0; i < len(r.shape.leaves) && i < len(r.leaves); {
		if r.shape.leaves[i].said { // the value that says it was written
			break
		}
		path := r.shape.leaves[i].path
		same := 0
		for same < len(at) && same < len(path)-1 && at[same] == path[same] {
			same++
		}
		for range at[same:] {
			dst, comma = append(dst, '}'), true
		}
		at = at[:same]
		for _, name := range path[same : len(path)-1] {
			dst = appendKey(dst, name, comma)
			dst, comma = append(dst, '{'), false
			at = append(at, name)
		}
		dst = appendKey(dst, path[len(path)-1], comma)
		comma = true
		n := 1
		for i+n < len(r.leaves) && i+n < len(r.shape.leaves) && slices.Equal(r.shape.leaves[i+n].path, path) {
			n++
		}
		if n > 1 {
			dst = append(dst, '[')
		}
		for k := range n {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = r.appendValue(dst, reeve.Handle(i+k))
		}
		if n > 1 {
			dst = append(dst, ']')
		}
		i += n
	}
	for range at {
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

func (r *textRecord) appendValue(dst []byte, h reeve.Handle) []byte {
	v := r.Value(h)
	switch v.Kind {
	case reeve.Text:
		return appendQuoted(dst, v.Bytes)
	case reeve.List:
		dst = append(dst, '[')
		for i, item := range bytes.Split(bytes.TrimSuffix(v.Bytes, []byte{0}), []byte{0}) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendQuoted(dst, item)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

func appendKey(dst []byte, name string, comma bool) []byte {
	if comma {
		dst = append(dst, ',')
	}
	return append(appendQuoted(dst, []byte(name)), ':')
}

// appendQuoted appends b as a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendQuoted(dst, b []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(b[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ' || c == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// appendCompact appends JSON without white space between its parts.
func appendCompact(dst, raw []byte) []byte {
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("�"))
	}
	if bytes.IndexByte(raw, '\n') < 0 {
		return append(dst, raw...)
	}
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case ' ', '\t', '\r', '\n':
			i++
		case '"':
			end, _, _ := scanString(raw, i+1)
			end = min(end+1, len(raw))
			dst = append(dst, raw[i:end]...)
			i = end
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

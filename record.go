package reeve

import (
	"cmp"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Ref is the position of a record in the evidence, the citation that every claim and every read error carries.
type Ref struct {
	File     string // relative to its PATH argument and prefixed by that argument's base name, "/" separators, archive members as "a.zip!/b.evtx"
	RecordID uint64 // EventRecordID; meaningful only with HasID
	HasID    bool   // false where the format has no record ids
	Offset   int64  // of the record in the decompressed member, in bytes
	Line     int    // from 1, for text formats; 0 otherwise
}

// Compare orders citations by file, offset, line and record id; of two that differ in nothing else the one without an id is first.
func (r Ref) Compare(o Ref) int {
	c := cmp.Or(strings.Compare(r.File, o.File), cmp.Compare(r.Offset, o.Offset), cmp.Compare(r.Line, o.Line), cmp.Compare(r.RecordID, o.RecordID))
	switch {
	case c != 0 || r.HasID == o.HasID:
		return c
	case o.HasID:
		return -1
	}
	return 1
}

// Record is one log entry exactly as the evidence states it, nothing renamed. It is a borrowed view: it, its Head and its
// Values are valid until the reader moves on. No method allocates except Resolve (once a class) and AppendJSON's growth of dst.
type Record interface {
	Ref() Ref
	// Head returns the envelope that every Windows event has, whatever the format.
	Head() *Head
	// Class is comparable; records of one class have the same Fields, so that what was resolved once holds for all of them.
	Class() Class
	// Fields lists the data fields in document order, duplicates and unnamed ones included. The slice belongs to the class.
	Fields() []Field
	// Resolve finds a data field by its raw name (the first of several), or an envelope field by its name of the Sigma
	// taxonomy (Provider_Name, EventID, Channel, Computer, Security_UserID, Execution_ProcessID, Correlation_ActivityID,
	// Level, Task, Opcode, Keywords, Version, EventRecordID). Names are matched without regard to case; NoHandle if there is none.
	Resolve(name string) Handle
	// Value returns the field's value; an Absent one for NoHandle or a field that this record leaves out.
	Value(Handle) Value
	// AppendJSON appends the whole record as one JSON object.
	AppendJSON(dst []byte) []byte
}

// Class identifies the layout of a record: one per EVTX template or JSON shape. Only comparison is meaningful.
type Class any

// Handle addresses a field within a class.
type Handle int32

// NoHandle addresses nothing.
const NoHandle Handle = -1

// Field is a data field of a class. Name is "" for an unnamed <Data>.
type Field struct {
	Name   string
	Handle Handle
}

// Head is a record's envelope. Strings are interned by the reader and may be kept.
type Head struct {
	Provider, Channel, Computer string
	EventID                     uint32
	Version                     uint8
	PID                         uint32 // the process that wrote the record (Execution ProcessID); 0 when not stated
	Time                        Time   // when it was written (TimeCreated)
	AssumedZone                 bool   // the evidence stated Time without an offset
}

// ValueKind tells the states of a value apart. Numbers, GUIDs, SIDs, booleans and times are Text, as Windows prints them
// (0x3e7 stays 0x3e7).
type ValueKind uint8

// The kinds of value. Null is stated but has no content model (XML nil, JSON null); an empty string is Text of no bytes.
const (
	Absent ValueKind = iota
	Null
	Text
	List // several texts, each ended by a NUL character
)

// Encoding of a value's bytes.
type Encoding uint8

// The encodings that evidence comes in.
const (
	UTF8 Encoding = iota
	UTF16LE
)

// Value is a borrowed field value: copying it allocates nothing, text is decoded only on demand.
type Value struct {
	Kind  ValueKind
	Enc   Encoding
	Bytes []byte
}

// AppendText appends the value as UTF-8; lone surrogates become U+FFFD. Absent and Null append nothing.
func (v Value) AppendText(dst []byte) []byte {
	if v.Enc == UTF8 {
		return append(dst, v.Bytes...)
	}
	b := v.Bytes
	for ; len(b) >= 8; b = b[8:] { // four characters of ASCII at a time
		x := binary.LittleEndian.Uint64(b)
		if x&0xff80ff80ff80ff80 != 0 {
			break
		}
		x |= x >> 8
		dst = append(dst, byte(x), byte(x>>16), byte(x>>32), byte(x>>48))
	}
	for ; len(b) >= 2; b = b[2:] {
		r := rune(b[0]) | rune(b[1])<<8
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		if utf16.IsSurrogate(r) {
			second := rune(0)
			if len(b) >= 4 {
				second = rune(b[2]) | rune(b[3])<<8
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				b = b[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// String decodes the value into a new string.
func (v Value) String() string {
	if v.Enc == UTF8 {
		return string(v.Bytes)
	}
	return string(v.AppendText(make([]byte, 0, len(v.Bytes)/2)))
}

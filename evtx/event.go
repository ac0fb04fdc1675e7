package evtx

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Event is an event that owns its memory: what Record.Clone keeps of a record and what Writer writes.
type Event struct {
	RecordID  uint64    // of the record header; 0 lets Writer count
	Written   time.Time // of the record header; zero lets Writer take Time
	Recovered bool      // see Record.Recovered; Writer does not look at it

	Provider          string
	GUID              GUID // of the provider
	EventID           uint16
	Version           uint8
	Level             uint8
	Task              uint16
	Opcode            uint8
	Keywords          uint64
	Time              time.Time // TimeCreated
	ActivityID        GUID
	RelatedActivityID GUID
	ProcessID         uint32
	ThreadID          uint32
	Channel           string
	Computer          string
	UserSID           string // "S-1-5-18"; empty for none

	Data     []Field   // of EventData, in order; duplicates and empty names are fields like others
	UserData *UserData // instead of Data
	Other    []Field   // of RenderingInfo and the like, named by path; Writer leaves them out
}

// UserData is the content of <UserData>: one element with a name and namespace of its own and its fields below.
type UserData struct {
	Name      string
	Namespace string
	Fields    []Field
}

// Field is a named value.
type Field struct {
	Name  string
	Value Value
}

// Field returns the first field of Data or UserData with the name, an absent value when there is none.
func (e *Event) Field(name string) Value {
	fields := e.Data
	if e.UserData != nil {
		fields = e.UserData.Fields
	}
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return Value{}
}

// Clone copies the record into an Event. Absent fields are left out. Fields of UserData go by their path below its element.
func (r *Record) Clone() *Event {
	number := func(f SystemField) uint64 {
		n, _ := r.System(f).Uint64()
		return n
	}
	guid := func(f SystemField) GUID {
		v := r.System(f)
		if v.Type == TypeGUID && len(v.Bytes) >= 16 {
			return GUID(v.Bytes[:16])
		}
		g, _ := ParseGUID(v.String())
		return g
	}
	e := &Event{
		RecordID: r.id, Written: r.Written(), Recovered: r.recovered,
		Provider: r.System(ProviderName).String(), GUID: guid(ProviderGUID),
		EventID: uint16(number(EventID)), Version: uint8(number(Version)), Level: uint8(number(Level)), Task: uint16(number(Task)),
		Opcode: uint8(number(Opcode)), Keywords: number(Keywords), ActivityID: guid(ActivityID),
		RelatedActivityID: guid(RelatedActivityID), ProcessID: uint32(number(ProcessID)), ThreadID: uint32(number(ThreadID)),
		Channel: r.System(Channel).String(), Computer: r.System(Computer).String(), UserSID: r.System(UserID).String(),
	}
	e.Time, _ = r.System(TimeCreated).Time()
	r.cloneFields(e)
	return e
}

// cloneFields copies the fields below System with one allocation for all their bytes.
func (r *Record) cloneFields(e *Event) {
	size := 0
	for i := range r.layout.slots {
		if r.layout.fields[i].Section != SectionSystem {
			size += len(r.value(&r.layout.slots[i]).Bytes)
		}
	}
	store := make([]byte, 0, size)
	for i, f := range r.layout.fields {
		if f.Section == SectionSystem {
			continue
		}
		v := r.value(&r.layout.slots[i])
		if v.State == Absent {
			continue
		}
		from := len(store)
		store = append(store, v.Bytes...)
		v.Bytes = store[from:len(store):len(store)]
		switch f.Section {
		case SectionEventData:
			name := f.Name
			if name == "Data" {
				name = "" // as Writer takes it
			}
			e.Data = append(e.Data, Field{name, v})
		case SectionUserData:
			if e.UserData == nil {
				e.UserData = &UserData{}
				e.UserData.Name, e.UserData.Namespace = r.userData()
			}
			e.UserData.Fields = append(e.UserData.Fields, Field{strings.TrimPrefix(f.Path, e.UserData.Name+"."), v})
		default:
			e.Other = append(e.Other, Field{f.Path, v})
		}
	}
}

// userData is the name and namespace of the first element below UserData.
func (r *Record) userData() (name, namespace string) {
	for _, root := range r.layout.roots {
		for _, section := range root.kids {
			if sectionOf(section.name) != SectionUserData || len(section.kids) == 0 {
				continue
			}
			e := section.kids[0]
			for i := range e.attrs {
				if e.attrs[i].name == "xmlns" {
					namespace = r.value(&e.attrs[i].slot).String()
				}
			}
			return e.name, namespace
		}
	}
	return "", ""
}

func present(t Type, b []byte) Value { return Value{Bytes: b, Type: t, State: Present} }

// The values that a Writer takes are made by these functions.

// NullValue is an element without a value.
func NullValue() Value { return Value{State: Null} }

// StringValue is s as UTF-16LE.
func StringValue(s string) Value { return present(TypeString, appendUTF16(nil, s)) }

// StringsValue is an array of strings.
func StringsValue(s ...string) Value {
	v := Value{Type: TypeString, State: Present, Array: true}
	for _, s := range s {
		v.Bytes = append(appendUTF16(v.Bytes, s), 0, 0)
	}
	return v
}

// Uint8Value is a number of one byte.
func Uint8Value(n uint8) Value { return present(TypeUint8, []byte{n}) }

// Uint16Value is a number of two bytes.
func Uint16Value(n uint16) Value { return present(TypeUint16, le.AppendUint16(nil, n)) }

// Uint32Value is a number of four bytes.
func Uint32Value(n uint32) Value { return present(TypeUint32, le.AppendUint32(nil, n)) }

// Uint64Value is a number of eight bytes.
func Uint64Value(n uint64) Value { return present(TypeUint64, le.AppendUint64(nil, n)) }

// Int32Value is a signed number of four bytes.
func Int32Value(n int32) Value { return present(TypeInt32, le.AppendUint32(nil, uint32(n))) }

// Int64Value is a signed number of eight bytes.
func Int64Value(n int64) Value { return present(TypeInt64, le.AppendUint64(nil, uint64(n))) }

// Hex32Value is a number of four bytes that is shown in hexadecimal.
func Hex32Value(n uint32) Value { return present(TypeHex32, le.AppendUint32(nil, n)) }

// Hex64Value is a number of eight bytes that is shown in hexadecimal.
func Hex64Value(n uint64) Value { return present(TypeHex64, le.AppendUint64(nil, n)) }

// Float64Value is a floating-point number.
func Float64Value(f float64) Value {
	return present(TypeFloat64, le.AppendUint64(nil, math.Float64bits(f)))
}

// BoolValue is a boolean of four bytes.
func BoolValue(b bool) Value {
	if b {
		return present(TypeBool, []byte{1, 0, 0, 0})
	}
	return present(TypeBool, make([]byte, 4))
}

// BinaryValue is b itself.
func BinaryValue(b []byte) Value { return present(TypeBinary, b) }

// GUIDValue is a GUID.
func GUIDValue(g GUID) Value { return present(TypeGUID, g[:]) }

// TimeValue is a FILETIME; what is finer than 100 ns is cut off, times before 1601 are 0.
func TimeValue(t time.Time) Value { return present(TypeFileTime, le.AppendUint64(nil, ticksOf(t))) }

// SIDValue is the SID that s spells, or null when s spells none.
func SIDValue(s string) Value {
	b, ok := ParseSID(s)
	if !ok {
		return NullValue()
	}
	return present(TypeSID, b)
}

// ParseSID turns "S-1-5-18" into the bytes of a SID: revision, count, authority in six bytes big endian, sub-authorities.
func ParseSID(s string) ([]byte, bool) {
	parts := strings.Split(s, "-")
	if len(parts) < 3 || len(parts) > 3+255 || parts[0] != "S" {
		return nil, false
	}
	revision, err := strconv.ParseUint(parts[1], 10, 8)
	authority, err2 := strconv.ParseUint(parts[2], 10, 48)
	if err != nil || err2 != nil {
		return nil, false
	}
	b := []byte{byte(revision), byte(len(parts) - 3)}
	for shift := 40; shift >= 0; shift -= 8 {
		b = append(b, byte(authority>>shift))
	}
	for _, p := range parts[3:] {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return nil, false
		}
		b = le.AppendUint32(b, uint32(n))
	}
	return b, true
}

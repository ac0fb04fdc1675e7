package evtx

import "time"

// Event is an event that owns its memory: what Record.Clone keeps of a record and what Writer writes. What is written reads back equal,
// except that absent fields are gone, attributes without a value are empty, text in a code page is a string, zeros at the end of a string
// are no text, and times have steps of 100 ns from 1601 on.
type Event struct {
	RecordID  uint64    // of the record header; 0 lets Writer count
	Written   time.Time // of the record header; zero lets Writer take Time
	Recovered bool      // see Record.Recovered; Writer does not look at it

	Provider          string
	EventSourceName   string // of the provider; empty for none
	GUID              GUID   // of the provider
	EventID           uint16
	Qualifiers        uint16 // of EventID; 0 for none, be they absent or 0
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
	UserSID           string // "S-1-5-18"; what spells no SID is not written

	Data     []Field   // the Data elements of EventData by their Name, in order; duplicates and empty names are fields like others
	UserData *UserData // the element of UserData
	Other    []Field   // all else but System, by path from the section on: "RenderingInfo.Message", "EventData.Binary", "EventData@Name"
}

// UserData is the content of <UserData>: one element with a name and namespace of its own. Fields go by their path below it.
type UserData struct {
	Name      string
	Namespace string
	Fields    []Field
}

// Field is a named value; one that is Absent is not written.
//
// Where the name is a path, dots lead down through elements and "@" to an attribute: "Inner.Leaf" is <Inner><Leaf>value</Leaf></Inner>,
// "Inner@Id" is <Inner Id="value">, and "" and "@Id" are text and attribute of the element that the path begins at. Fields that follow each
// other share elements: "Inner@Id", "Inner.A", "Inner.B" make one Inner, "Inner.A", "Inner.A" one with two of A. Namespaces are no fields.
type Field struct {
	Name  string
	Value Value
}

// Field returns the first field of UserData or Data with the name, an absent value when there is none.
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

// Clone copies the record into an Event. Absent fields are left out, attributes without a value are empty.
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
		Provider: r.System(ProviderName).String(), EventSourceName: r.System(EventSourceName).String(), GUID: guid(ProviderGUID),
		EventID: uint16(number(EventID)), Qualifiers: uint16(number(Qualifiers)), Version: uint8(number(Version)),
		Level: uint8(number(Level)), Task: uint16(number(Task)), Opcode: uint8(number(Opcode)), Keywords: number(Keywords),
		ActivityID: guid(ActivityID), RelatedActivityID: guid(RelatedActivityID), ProcessID: uint32(number(ProcessID)),
		ThreadID: uint32(number(ThreadID)), Channel: r.System(Channel).String(), Computer: r.System(Computer).String(),
		UserSID: r.System(UserID).String(),
	}
	if t, ok := r.System(TimeCreated).Time(); ok {
		e.Time = t
	}
	c := cloner{r: r, e: e}
	c.fields()
	return e
}

// cloner copies the fields of a record beside System, with one allocation for all their bytes.
type cloner struct {
	r     *Record
	e     *Event
	store []byte
}

func (c *cloner) fields() {
	size := 0
	for i, f := range c.r.layout.fields {
		if f.Section != SectionSystem {
			size += len(c.r.value(&c.r.layout.slots[i]).Bytes)
		}
	}
	c.store = make([]byte, 0, size)
	for _, root := range c.r.layout.roots {
		if root.name != "Event" {
			c.element(&c.e.Other, root.key(), root)
			continue
		}
		for _, s := range root.kids {
			switch section := sectionOf(s.name); {
			case section == SectionEventData:
				c.eventData(s)
			case section == SectionUserData:
				c.userData(s)
			case section != SectionSystem:
				c.element(&c.e.Other, s.key(), s)
			}
		}
	}
}

func (c *cloner) eventData(s *element) {
	c.section(s)
	for _, kid := range s.kids {
		if kid.name != "Data" && kid.name != "ComplexData" {
			c.element(&c.e.Other, s.name+"."+kid.key(), kid)
			continue
		}
		c.content(&c.e.Data, kid.data, kid)
		if len(kid.attrs) > 0 || len(kid.kids) > 0 {
			c.below(&c.e.Other, s.name+"."+kid.key(), kid)
		}
	}
}

func (c *cloner) userData(s *element) {
	c.section(s)
	for _, kid := range s.kids {
		if c.e.UserData != nil {
			c.element(&c.e.Other, s.name+"."+kid.key(), kid)
			continue
		}
		u := &UserData{Name: kid.key()}
		c.e.UserData = u
		for i := range kid.attrs {
			if kid.attrs[i].name == "xmlns" {
				u.Namespace = c.r.value(&kid.attrs[i].slot).String()
			}
		}
		if kid.text.kind != slotNone && c.r.value(&kid.text).State == Present {
			c.add(&u.Fields, "", &kid.text)
		}
		c.attributes(&u.Fields, "", kid)
		for _, k := range kid.kids {
			c.element(&u.Fields, k.key(), k)
		}
	}
}

// section copies what EventData or UserData itself holds.
func (c *cloner) section(s *element) {
	if len(s.kids) == 0 && s.text.kind != slotNone {
		c.add(&c.e.Other, s.name, &s.text)
	}
	c.attributes(&c.e.Other, s.name, s)
}

// element copies an element, which path leads to, and all below it.
func (c *cloner) element(dst *[]Field, path string, e *element) {
	c.content(dst, path, e)
	c.below(dst, path, e)
}

// content copies an element's text. An element of nothing at all is one without a value.
func (c *cloner) content(dst *[]Field, path string, e *element) {
	switch {
	case e.text.kind != slotNone:
		c.add(dst, path, &e.text)
	case len(e.kids) == 0 && (len(e.attrs) == 0 || e.named):
		*dst = append(*dst, Field{path, NullValue()})
	}
}

func (c *cloner) below(dst *[]Field, path string, e *element) {
	c.attributes(dst, path, e)
	for _, kid := range e.kids {
		c.element(dst, path+"."+kid.key(), kid)
	}
}

func (c *cloner) attributes(dst *[]Field, path string, e *element) {
	for i := range e.attrs {
		if a := &e.attrs[i]; !e.describes(a) {
			n := len(*dst)
			c.add(dst, path+"@"+a.name, &a.slot)
			if len(*dst) > n && (*dst)[n].Value.State == Null {
				(*dst)[n].Value = StringValue("")
			}
		}
	}
}

func (c *cloner) add(dst *[]Field, path string, s *slot) {
	v := c.r.value(s)
	if v.State == Absent {
		return
	}
	from := len(c.store)
	c.store = append(c.store, v.Bytes...)
	v.Bytes = c.store[from:len(c.store):len(c.store)]
	*dst = append(*dst, Field{path, v})
}

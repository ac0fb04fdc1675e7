package evtx

import (
	"slices"
	"strings"
)

// Section says which part of an event a field stands in: the same name in two sections is two fields (RenderingInfo repeats Level, Task,
// Channel and others as text).
type Section uint8

// The sections, by the name of the child of Event.
const (
	SectionOther Section = iota // ProcessingErrorData, DebugData, BinaryEventData and whatever else
	SectionSystem
	SectionEventData
	SectionUserData
	SectionRendering
)

// String is the section's name.
func (s Section) String() string {
	names := [...]string{"Other", "System", "EventData", "UserData", "RenderingInfo"}
	if int(s) < len(names) {
		return names[s]
	}
	return "?"
}

func sectionOf(name string) Section {
	switch name {
	case "System":
		return SectionSystem
	case "EventData":
		return SectionEventData
	case "UserData":
		return SectionUserData
	case "RenderingInfo":
		return SectionRendering
	}
	return SectionOther
}

// Handle addresses a field within its Layout. The zero Handle addresses nothing: its value is absent.
type Handle int32

// FieldInfo describes a field of a layout.
//
// Name is the Name attribute of <Data> and <ComplexData>, else the element's own name, with "@Attribute" behind it for an attribute:
// "TargetFilename", "Data", "Provider@Name". Path is the same with the elements between the section and the field before it, joined
// by dots: "LogFileCleared.SubjectUserName" within UserData.
type FieldInfo struct {
	Name    string
	Path    string
	Section Section
	Handle  Handle
}

// SystemField numbers the fields of the System section that every event has.
type SystemField uint8

// The System fields.
const (
	ProviderName SystemField = iota
	ProviderGUID
	EventSourceName
	EventID
	Qualifiers
	Version
	Level
	Task
	Opcode
	Keywords
	TimeCreated
	EventRecordID // the value within the event; it may differ from the record's own id
	ActivityID
	RelatedActivityID
	ProcessID
	ThreadID
	Channel
	Computer
	UserID

	systemFields
)

// systemNames are the System fields' names as FieldInfo.Name gives them.
var systemNames = [systemFields]string{"Provider@Name", "Provider@Guid", "Provider@EventSourceName", "EventID", "EventID@Qualifiers",
	"Version", "Level", "Task", "Opcode", "Keywords", "TimeCreated@SystemTime", "EventRecordID", "Correlation@ActivityID",
	"Correlation@RelatedActivityID", "Execution@ProcessID", "Execution@ThreadID", "Channel", "Computer", "Security@UserID"}

// String is the field's FieldInfo.Name.
func (f SystemField) String() string {
	if f < systemFields {
		return systemNames[f]
	}
	return "?"
}

// Layout is the form of a record: its fields in document order. It is immutable, and records of equal form have the same pointer (see
// Templates), so that whatever depends on the form alone is worked out once per Layout.
type Layout struct {
	fields []FieldInfo
	slots  []slot // of fields
	system [systemFields]slot
	byName map[string]Handle
	roots  []*element
	json   render
	xml    render
	fault  *fault // the form exceeds a limit
	steps  int
	paths  int // bytes of all paths
	often  []oftenUsed
}

// oftenUsed is a value that a layout writes many times. A record of 64 KiB could else ask for gigabytes of text.
type oftenUsed struct {
	inst, index uint16
	times       int
}

const (
	usesLimit = 8        // of a value that are not counted: they cannot amount to much
	textLimit = 16 << 20 // bytes of values that one record may be written with
)

// count lists the values that are used often. The XML of a record has all of them.
func (l *Layout) count() {
	uses := map[[2]uint16]int{}
	for i := range l.xml.steps {
		s := &l.xml.steps[i]
		switch {
		case s.kind != renderValue && s.kind != renderElement:
		case s.other < 0:
			uses[[2]uint16{s.inst, s.index}]++
		default:
			for _, part := range l.xml.slots[s.other].text.parts {
				if part.kind == slotValue {
					uses[[2]uint16{part.inst, part.index}]++
				}
			}
		}
	}
	for at, n := range uses {
		if n > usesLimit {
			l.often = append(l.often, oftenUsed{at[0], at[1], n})
		}
	}
}

// Fields lists all fields in document order, duplicates and unnamed Data included. The slice is shared: do not change it.
func (l *Layout) Fields() []FieldInfo { return l.fields }

// Lookup finds a field by name: the first in EventData or UserData, else in System, else anywhere; in each by Name before by Path.
// Names are compared exactly.
func (l *Layout) Lookup(name string) (Handle, bool) {
	h, ok := l.byName[name]
	return h, ok
}

// LookupIn finds the first field of a section by Name, else by Path.
func (l *Layout) LookupIn(s Section, name string) (Handle, bool) {
	for _, key := range [...]func(FieldInfo) string{fieldName, fieldPath} {
		for _, f := range l.fields {
			if f.Section == s && key(f) == name {
				return f.Handle, true
			}
		}
	}
	return 0, false
}

func fieldName(f FieldInfo) string { return f.Name }
func fieldPath(f FieldInfo) string { return f.Path }

// HasSystem reports whether the layout has the System field at all. Record.System tells what it holds.
func (l *Layout) HasSystem(f SystemField) bool {
	return f < systemFields && l.system[f].kind != slotNone
}

func (l *Layout) cost() int { return 256*len(l.fields) + 64*l.steps + 2*l.paths + 1024 }

type slotKind uint8

const (
	slotNone  slotKind = iota
	slotEmpty          // an element without content
	slotLiteral
	slotValue
	slotParts
)

// slot says where the value of a field comes from. It is small, because the slots of many layouts share the processor's cache.
type slot struct {
	kind     slotKind
	optional bool
	inst     uint16
	index    uint16
	text     *slotText // of slotLiteral and slotParts
}

type slotText struct {
	literal []byte // UTF-16LE
	parts   []slot // literals and values
}

// literal is the text of a literal, none of any other slot.
func (s *slot) literal() []byte {
	if s.kind != slotLiteral {
		return nil
	}
	return s.text.literal
}

func literalSlot(text ...[]byte) slot {
	return slot{kind: slotLiteral, text: &slotText{literal: slices.Concat(text...)}}
}

// element is a node of the event's tree.
type element struct {
	name  string
	tag   string // name as an XML name
	data  string // the literal Name attribute of Data and ComplexData
	named bool   // data holds
	attrs []attribute
	text  slot
	kids  []*element
}

type attribute struct {
	name string
	tag  string // name as an XML name
	slot slot
}

const (
	maxSteps     = 16384 // of all programs of a layout
	maxTreeDepth = 128
	maxPaths     = 1 << 20 // bytes of all paths of a layout
)

// treeBuilder joins the programs of a record into one tree.
type treeBuilder struct {
	insts []*layoutNode
	roots []*element
	steps int
	fault *fault
}

func compileLayout(n *layoutNode) *Layout {
	b := &treeBuilder{}
	for ; n.parent != nil; n = n.parent {
		b.insts = append(b.insts, n)
		b.steps += len(n.prog.steps)
	}
	for i, j := 0, len(b.insts)-1; i < j; i, j = i+1, j-1 {
		b.insts[i], b.insts[j] = b.insts[j], b.insts[i]
	}
	if b.steps > maxSteps {
		return &Layout{fault: faultElements}
	}
	b.steps = 0
	for i, inst := range b.insts {
		if inst.slot == topSlot {
			b.roots = append(b.roots, b.build(i, 0)...)
		}
	}
	if b.fault != nil {
		return &Layout{fault: b.fault}
	}
	l := &Layout{roots: b.roots, steps: b.steps, byName: map[string]Handle{}}
	for _, root := range b.roots {
		if root.name != "Event" {
			l.collect(root, SectionOther, "")
			continue
		}
		for _, kid := range root.kids {
			l.section(kid)
		}
	}
	if l.fault != nil {
		return &Layout{fault: l.fault}
	}
	l.index()
	l.json = compileJSON(b.roots)
	l.xml = compileXML(b.roots)
	l.count()
	return l
}

// build makes the elements of instance i, with the instances nested in it in their places.
func (b *treeBuilder) build(i, depth int) (roots []*element) {
	var open []*element
	attr := false
	for _, s := range b.insts[i].prog.steps {
		if b.steps++; b.steps > maxSteps {
			b.fault = faultElements
		}
		if depth+len(open) > maxTreeDepth {
			b.fault = faultDepth
		}
		if b.fault != nil {
			return nil
		}
		var top *element
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		switch s.kind {
		case stepOpen:
			e := &element{name: s.text, tag: xmlName(s.text)}
			if top != nil {
				top.kids = append(top.kids, e)
			} else {
				roots = append(roots, e)
			}
			open = append(open, e)
		case stepAttr:
			attr = true
			top.attrs = append(top.attrs, attribute{name: s.text, tag: xmlName(s.text)})
		case stepContent, stepClose:
			if attr || s.kind == stepContent {
				top.adoptName()
			}
			attr = false
			if s.kind == stepClose {
				open = open[:len(open)-1]
			}
		case stepLiteral, stepValue:
			if attr {
				a := &top.attrs[len(top.attrs)-1]
				a.slot = a.slot.with(i, s)
				continue
			}
			if s.kind == stepValue {
				if kids, found := b.nested(i, s.index, depth+len(open)); found {
					top.kids = append(top.kids, kids...)
					continue
				}
			}
			top.text = top.text.with(i, s)
		}
	}
	return roots
}

// nested builds what fills a substitution of instance i, if fragments do.
func (b *treeBuilder) nested(i int, index uint16, depth int) (kids []*element, found bool) {
	want := uint32(i)<<16 | uint32(index)
	for j, inst := range b.insts {
		if inst.slot == want && j > i {
			found = true
			kids = append(kids, b.build(j, depth)...)
		}
	}
	return kids, found
}

// with is the slot with one more piece of content.
func (s slot) with(inst int, x step) slot {
	piece := slot{kind: slotValue, optional: x.optional, inst: uint16(inst), index: x.index}
	if x.kind == stepLiteral {
		piece = literalSlot([]byte(x.text))
	}
	switch {
	case s.kind == slotNone:
		return piece
	case s.kind == slotLiteral && piece.kind == slotLiteral:
		return literalSlot(s.text.literal, piece.text.literal)
	case s.kind == slotParts:
		s.text.parts = append(s.text.parts, piece)
		return s
	}
	return slot{kind: slotParts, text: &slotText{parts: []slot{s, piece}}}
}

// adoptName makes the literal Name attribute of Data and ComplexData the name of the field.
func (e *element) adoptName() {
	if e.name != "Data" && e.name != "ComplexData" {
		return
	}
	for _, a := range e.attrs {
		if a.name == "Name" && a.slot.kind == slotLiteral {
			e.data, e.named = string(AppendUTF8(nil, a.slot.literal())), true
			return
		}
	}
}

// key is the name of the element as a field.
func (e *element) key() string {
	if e.named && e.data != "" {
		return e.data
	}
	return e.name
}

// unnamed reports Data that has to share its key with others.
func (e *element) unnamed() bool {
	return (e.name == "Data" || e.name == "ComplexData") && e.data == ""
}

// describes reports an attribute that says something about the element's form and is no field of its own.
func (e *element) describes(a *attribute) bool {
	return a.name == "xmlns" || strings.HasPrefix(a.name, "xmlns:") || (e.named && a.name == "Name")
}

// section collects the fields of one child of Event. Its own name is not part of their paths.
func (l *Layout) section(e *element) {
	s := sectionOf(e.name)
	if len(e.kids) == 0 && e.text.kind != slotNone {
		l.add(e.name, e.name, s, e.text)
	}
	l.attributes(e, s, "")
	for _, kid := range e.kids {
		l.collect(kid, s, "")
	}
}

func (l *Layout) collect(e *element, s Section, prefix string) {
	key := e.key()
	path := prefix + key
	leaf := len(e.kids) == 0 && (len(e.attrs) == 0 || e.named)
	switch {
	case e.text.kind != slotNone:
		l.add(key, path, s, e.text)
	case leaf:
		l.add(key, path, s, slot{kind: slotEmpty})
	}
	l.attributes(e, s, prefix)
	for _, kid := range e.kids {
		l.collect(kid, s, path+".")
	}
}

func (l *Layout) attributes(e *element, s Section, prefix string) {
	for i := range e.attrs {
		if a := &e.attrs[i]; !e.describes(a) {
			name := e.key() + "@" + a.name
			l.add(name, prefix+name, s, a.slot)
		}
	}
}

func (l *Layout) add(name, path string, s Section, v slot) {
	if v.kind == slotNone {
		v.kind = slotEmpty
	}
	if l.paths += len(path); l.paths > maxPaths {
		l.fault = faultElements
		return
	}
	h := Handle(len(l.fields) + 1)
	l.fields = append(l.fields, FieldInfo{Name: name, Path: path, Section: s, Handle: h})
	l.slots = append(l.slots, v)
	if s != SectionSystem || path != name {
		return
	}
	for i, n := range systemNames {
		if n == name && l.system[i].kind == slotNone {
			l.system[i] = v
		}
	}
}

// index fills byName in the order that Lookup promises.
func (l *Layout) index() {
	rank := func(s Section) int {
		switch s {
		case SectionEventData, SectionUserData:
			return 0
		case SectionSystem:
			return 1
		}
		return 2
	}
	for r := range 3 {
		for _, key := range [...]func(FieldInfo) string{fieldName, fieldPath} {
			for _, f := range l.fields {
				if _, taken := l.byName[key(f)]; rank(f.Section) == r && !taken {
					l.byName[key(f)] = f.Handle
				}
			}
		}
	}
}

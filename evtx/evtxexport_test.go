package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// exportTable is the golden table of what is compared with the other reader, by type of value, and of the differences by class.
const exportTable = "testdata/evtxexport.tsv"

// exportVersion is the version of the other reader that the classes describe.
const exportVersion = "evtxexport 20181227"

// difference is a value that the two readers print differently.
type difference struct {
	record  []byte // as it stands in the file
	section Section
	path    string
	value   Value // an item where the field is an array
	ours    string
	theirs  string // as it is printed
	missing bool   // the other reader has nothing of the section
}

// differenceClasses are the known differences. A predicate derives our text from the other reader's to the last character, so that a
// wrong digit on either side is in no class.
var differenceClasses = []struct {
	name, why string
	is        func(d difference) bool
}{
	{"ansi-markup", "evtxexport prints ANSI strings without escaping them, which makes its XML ill-formed; Windows escapes them like others",
		func(d difference) bool {
			return d.value.Type == TypeString && d.theirs == d.ours && exportEscaper.Replace(d.ours) != d.ours &&
				bytes.Contains(d.record, []byte(d.ours)) && !bytes.Contains(d.record, d.value.Bytes)
		}},
	{"filetime-digits", "evtxexport prints nanoseconds, as Windows did; now Windows prints seven decimals, which is all that a FILETIME holds",
		func(d difference) bool {
			whole, ok := strings.CutSuffix(d.theirs, "00Z")
			return ok && d.value.Type == TypeFileTime && d.ours == whole+"Z"
		}},
	{"hex-padded", "evtxexport pads hexadecimal integers with zeros to the width of their type; Windows does not",
		func(d difference) bool {
			digits := map[Type]int{TypeHex32: 8, TypeHex64: 16}[d.value.Type]
			n, err := strconv.ParseUint(d.theirs, 0, 64)
			return err == nil && digits > 0 && d.theirs == fmt.Sprintf("0x%0*x", digits, n) && d.ours == fmt.Sprintf("0x%x", n)
		}},
	{"int32-sign", "evtxexport shows an int32 below zero as the lower 31 bits behind a minus; Windows reads two's complement",
		func(d difference) bool {
			n, err := strconv.ParseInt(d.theirs, 10, 32)
			return err == nil && n <= 0 && d.value.Type == TypeInt32 && d.theirs == fmt.Sprintf("-%d", -n) && d.ours == fmt.Sprint(math.MinInt32-n)
		}},
	{"rendering", "evtxexport reads the first fragment of a value and not the second, RenderingInfo; Windows shows both",
		func(d difference) bool { return d.section == SectionRendering && d.missing }},
}

// classOf names the one class of a difference; "" when there is none, or more than one.
func classOf(d difference) (name string) {
	for _, c := range differenceClasses {
		if c.is(d) {
			if name != "" {
				return ""
			}
			name = c.name
		}
	}
	return name
}

// Classes of records that only this package yields, as a record or as an error.
const (
	classStops = whyStops   // evtxexport gives up at a token within an attribute that it does not know
	classTorn  = "torn"     // a record that was not written to its end: evtxexport leaves it out without a word
	classChunk = "no-chunk" // 64 KiB without magic: evtxexport passes over them
)

func TestADifferenceIsExplainedToTheLastCharacter(t *testing.T) {
	const markup = "<a href='x'>&"
	wide, narrow := StringValue(markup), []byte("..."+markup+"...")
	hex32, hex64, filetime := Hex32Value(0x52), Hex64Value(0x52), TimeValue(testTime)
	negative := Int32Value(-2147188641)
	missing := func(s Section) difference { return difference{section: s, value: wide, ours: markup, missing: true} }
	printed := func(v Value, theirs string, record ...byte) difference {
		return difference{section: SectionEventData, value: v, ours: v.String(), theirs: theirs, record: record}
	}
	tests := []struct {
		name, class string
		d           difference
	}{
		{"hex of four bytes", "hex-padded", printed(hex32, "0x00000052")},
		{"hex of eight bytes", "hex-padded", printed(hex64, "0x0000000000000052")},
		{"another number", "", printed(hex32, "0x00000053")},
		{"another width", "", printed(hex32, "0x0000000000000052")},
		{"half the width", "", printed(hex32, "0x0052")},
		{"capital digits", "", printed(Hex32Value(0xab), "0x000000AB")},
		{"another number of ours", "", difference{value: hex32, ours: "0x53", theirs: "0x00000052"}},
		{"hex that should be decimal", "", printed(Uint32Value(0x52), "0x00000052")},
		{"nanoseconds", "filetime-digits", printed(filetime, strings.TrimSuffix(filetime.String(), "Z")+"00Z")},
		{"nanoseconds that are not zero", "", printed(filetime, strings.TrimSuffix(filetime.String(), "Z")+"01Z")},
		{"another zone", "", printed(filetime, strings.TrimSuffix(filetime.String(), "Z")+"00")},
		{"a time in a string", "", printed(StringValue(filetime.String()), strings.TrimSuffix(filetime.String(), "Z")+"00Z")},
		{"31 bits and a sign", "int32-sign", printed(negative, "-295007")},
		{"31 other bits and a sign", "", printed(negative, "-295008")},
		{"31 bits without a sign", "", printed(negative, "295007")},
		{"31 bits of ours", "", difference{value: negative, ours: "-295006", theirs: "-295007"}},
		{"32 bits of ours", "", difference{value: negative, ours: "2147778655", theirs: "-295007"}},
		{"64 bits", "", printed(Int64Value(-2147188641), "-295007")},
		{"a number above zero", "", printed(Int32Value(295007), "-295007")},
		{"markup in an ANSI string", "ansi-markup", printed(wide, markup, narrow...)},
		{"other markup in an ANSI string", "", printed(wide, markup+"&", narrow...)},
		{"markup in a string", "", printed(wide, markup, wide.Bytes...)},
		{"markup in a record without it", "", printed(wide, markup)},
		{"an ANSI string without markup", "", printed(StringValue("a"), "b", 'a', 'b')},
		{"a missing RenderingInfo", "rendering", missing(SectionRendering)},
		{"a missing value", "", missing(SectionEventData)},
		{"another RenderingInfo", "", difference{section: SectionRendering, value: wide, ours: markup, theirs: "5"}},
	}
	for _, tt := range tests {
		if got := classOf(tt.d); got != tt.class {
			t.Errorf("%s: class %q, want %q", tt.name, got, tt.class)
		}
	}
}

func TestEveryValueIsWhatAnIndependentReaderPrints(t *testing.T) {
	paths := sharedFiles(t)
	if out, err := exec.Command(otherReader, "-V").Output(); err != nil || !bytes.HasPrefix(out, []byte(exportVersion)) {
		t.Skipf("values are not compared: %s is not installed", exportVersion)
	}
	total := map[string]int{classStops: 0, classTorn: 0, classChunk: 0}
	for _, c := range differenceClasses {
		total[c.name] = 0
	}
	var mu sync.Mutex
	t.Run("files", func(t *testing.T) {
		for _, path := range paths {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				counts := compareWithExport(t, path)
				mu.Lock()
				defer mu.Unlock()
				for name, n := range counts {
					total[name] += n
				}
			})
		}
	})
	var table strings.Builder
	for _, name := range slices.Sorted(maps.Keys(total)) {
		if total[name] == 0 {
			t.Errorf("class %s explains nothing", name)
		}
		fmt.Fprintf(&table, "%s\t%d\n", name, total[name])
	}
	if *update {
		if err := os.WriteFile(exportTable, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(exportTable)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), table.String()); diff != "" {
		t.Errorf("%s (-golden +counted):\n%s", exportTable, diff)
	}
	t.Logf("%d cases", total["values"])
}

// compareWithExport compares the records of a file, in its order, and counts what it compares.
func compareWithExport(t *testing.T, path string) map[string]int {
	events, stopped := export(t, path)
	c := &exportComparison{t: t, counts: map[string]int{}}
	b := readShared(t, path)
	for r, err := range open(t, b, Options{}).Records() {
		c.record = r
		switch {
		case errors.Is(err, ErrTruncated):
			c.counts[classTorn]++
		case errors.Is(err, ErrChunk):
			c.counts[classChunk]++
		case err != nil:
			c.fault("%v", err)
		case len(events) > 0:
			c.bytes, c.event = b[r.Offset():][:r.Size()], events[0]
			events = events[1:]
			c.counts["records"]++
			if !c.head() {
				return c.counts // what follows is out of step
			}
			c.all()
		case stopped:
			c.counts[classStops]++
		default:
			c.fault("the other reader does not have it")
		}
	}
	if c.record = nil; len(events) > 0 {
		c.fault("the other reader has %d records more", len(events))
	}
	return c.counts
}

// exportComparison compares the records of a file with their counterparts, one after the other.
type exportComparison struct {
	t      *testing.T
	counts map[string]int
	faults int

	record *Record // nil between records
	bytes  []byte  // of the record
	event  *exportElement
}

// fault reports what no class explains, the first of them.
func (c *exportComparison) fault(format string, args ...any) {
	const shown = 10
	if c.faults++; c.faults > shown {
		c.t.Fail()
		return
	}
	place := ""
	if c.record != nil {
		place = fmt.Sprintf("record %d: ", c.record.ID())
	}
	c.t.Errorf(place+format, args...)
}

// head compares what identifies an event. It is false when the two records are different ones.
func (c *exportComparison) head() bool {
	theirs := map[string]string{}
	for _, e := range c.event.kids {
		if e.name == "System" {
			for _, f := range e.fields(SectionSystem) {
				theirs[f.path] = f.text
			}
		}
	}
	if id := c.record.System(EventRecordID).String(); id != theirs[EventRecordID.String()] {
		c.fault("EventRecordID %s, the other reader has %s in its place", id, theirs[EventRecordID.String()])
		return false
	}
	if id := fmt.Sprint(c.record.EventID()); id != theirs[EventID.String()] {
		c.fault("EventID %s, the other reader has %s", id, theirs[EventID.String()])
	}
	for _, f := range [...]SystemField{ProviderName, Channel, Computer} {
		if s := c.record.System(f).String(); exportEscaper.Replace(s) != theirs[f.String()] {
			c.fault("%v %q, the other reader has %q", f, s, theirs[f.String()])
		}
	}
	created, _ := c.record.System(TimeCreated).Time()
	if other, err := time.Parse(time.RFC3339Nano, theirs[TimeCreated.String()]); err != nil || !created.Equal(other) {
		c.fault("created %v, the other reader has %q", created, theirs[TimeCreated.String()])
	}
	return true
}

// all compares every value of the record: name, order and text.
func (c *exportComparison) all() {
	var theirs []exportField
	sections := map[Section]bool{}
	for _, e := range c.event.kids {
		sections[sectionOf(e.name)] = true
		theirs = append(theirs, e.fields(sectionOf(e.name))...)
	}
	for _, f := range c.record.Layout().Fields() {
		v := c.record.Value(f.Handle)
		if v.State == Absent {
			continue
		}
		items := []Value{v}
		if v.State == Present {
			items = slices.Collect(v.Items())
		}
		for _, item := range items {
			if v.Array {
				c.counts["values-of-arrays"]++
			}
			theirs = c.attributesOnly(theirs, f)
			d := difference{record: c.bytes, section: f.Section, path: f.Path, value: item, ours: item.String(), missing: !sections[f.Section]}
			switch {
			case d.missing:
			case len(theirs) == 0 || !theirs[0].is(f):
				instead := append(theirs, exportField{path: "the end"})[0].path
				c.fault("the other reader does not have %v %s=%.80q in this place, but %s", f.Section, f.Path, d.ours, instead)
				return
			default:
				d.theirs, theirs = theirs[0].text, theirs[1:]
			}
			c.one(d)
		}
	}
	for _, f := range c.attributesOnly(theirs, FieldInfo{}) {
		c.fault("%v %s=%.80q of the other reader has no counterpart", f.section, f.path, f.text)
	}
}

func (c *exportComparison) one(d difference) {
	c.counts["values"]++
	c.counts[fmt.Sprintf("values-of-type-%02x", uint8(d.value.Type))]++
	if !d.missing && exportEscaper.Replace(d.ours) == d.theirs {
		return
	}
	if name := classOf(d); name != "" {
		c.counts[name]++
		return
	}
	c.fault("%v %s of type %#x is %.80q, the other reader has %.80q", d.section, d.path, uint8(d.value.Type), d.ours, d.theirs)
}

// attributesOnly passes over elements that come before f and are there for their attributes, even if all of these are absent: they
// have no value of their own, and a Layout has no field for them.
func (c *exportComparison) attributesOnly(theirs []exportField, f FieldInfo) []exportField {
	for len(theirs) > 0 && theirs[0].text == "" && !theirs[0].is(f) && slices.ContainsFunc(c.record.Layout().Fields(), func(f FieldInfo) bool {
		return f.Section == theirs[0].section && strings.HasPrefix(f.Path, theirs[0].path+"@")
	}) {
		theirs = theirs[1:]
	}
	return theirs
}

// export runs the other reader. stopped is true when it gave up at a record for a reason that is known.
func export(t *testing.T, path string) (events []*exportElement, stopped bool) {
	out, err := exec.Command(otherReader, "-f", "xml", filepath.Join(sharedEvidence, path)).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	p := &exportParser{rest: strings.TrimPrefix(string(out), exportVersion+"\n\n")}
	for p.rest != "" {
		e, err := p.element(0)
		if err != nil || !p.take("\n") {
			t.Fatalf("%d events are exported, what follows cannot be read (%v): %.80q", len(events), err, p.rest)
		}
		events = append(events, e)
	}
	if exit == nil {
		return events, false
	}
	at := fmt.Sprintf("unable to retrieve record: %d.", len(events))
	if !exportStop.Match(exit.Stderr) || !bytes.Contains(exit.Stderr, []byte(at)) {
		t.Fatalf("%s fails after %d events: %s", otherReader, len(events), exit.Stderr)
	}
	return events, true
}

// exportStop is how the other reader says that it cannot go on: an entity reference, or a second value, within an attribute.
var exportStop = regexp.MustCompile(`libfwevt_xml_document_read_attribute: invalid binary XML (sub )?token - unsupported type: 0x(49|05)\.`)

// exportEscaper escapes what the other reader does, in attributes too; quotes and control characters it prints as they are.
var exportEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// exportElement is an element of the other reader's XML, texts as they are printed.
type exportElement struct {
	name  string
	attrs []exportField // of which path is the name
	text  string
	kids  []*exportElement
}

type exportField struct {
	section Section
	path    string
	text    string
}

func (f exportField) is(i FieldInfo) bool { return f.section == i.Section && f.path == i.Path }

// fields lists a section's values under the paths that FieldInfo documents.
func (e *exportElement) fields(s Section) (list []exportField) {
	if len(e.kids) == 0 && e.text != "" {
		list = append(list, exportField{s, e.name, e.text})
	}
	list = append(list, e.attributes(s, e.name)...)
	for _, kid := range e.kids {
		list = append(list, kid.below(s, "")...)
	}
	return list
}

func (e *exportElement) below(s Section, prefix string) (list []exportField) {
	path := prefix + e.name
	if name, named := e.dataName(); named && name != "" {
		path = prefix + name
	}
	if len(e.kids) == 0 {
		list = append(list, exportField{s, path, e.text})
	}
	list = append(list, e.attributes(s, path)...)
	for _, kid := range e.kids {
		list = append(list, kid.below(s, path+".")...)
	}
	return list
}

func (e *exportElement) attributes(s Section, path string) (list []exportField) {
	_, named := e.dataName()
	for _, a := range e.attrs {
		if a.path != "xmlns" && !strings.HasPrefix(a.path, "xmlns:") && !(named && a.path == "Name") {
			list = append(list, exportField{s, path + "@" + a.path, a.text})
		}
	}
	return list
}

// dataName is the Name attribute of Data and ComplexData.
func (e *exportElement) dataName() (name string, named bool) {
	for _, a := range e.attrs {
		if a.path == "Name" && (e.name == "Data" || e.name == "ComplexData") {
			return a.text, true
		}
	}
	return "", false
}

// exportParser reads the other reader's XML by its line feeds and indents: encoding/xml refuses its control characters and its
// markup that is not escaped, and changes its line ends.
type exportParser struct {
	rest string
}

func (p *exportParser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	p.rest = rest
	return ok
}

// until takes what stands before the first end that one of the strings follows, and the end.
func (p *exportParser) until(end string, follow ...string) (string, error) {
	for at := 0; ; {
		i := strings.Index(p.rest[at:], end)
		if i < 0 {
			return "", fmt.Errorf("no %q", end)
		}
		at += i + len(end)
		for _, s := range follow {
			if strings.HasPrefix(p.rest[at:], s) {
				text := p.rest[:at-len(end)]
				p.rest = p.rest[at:]
				return text, nil
			}
		}
	}
}

// element reads an element that is indented by depth, line feed included.
func (p *exportParser) element(depth int) (e *exportElement, err error) {
	indent := strings.Repeat("  ", depth)
	if !p.take(indent + "<") {
		return nil, errors.New("no element")
	}
	e = &exportElement{name: p.rest[:max(0, strings.IndexAny(p.rest, " />"))]}
	p.take(e.name)
	for p.take(" ") {
		var a exportField
		if a.path, err = p.until(`="`, ""); err != nil {
			return nil, err
		}
		if a.text, err = p.until(`"`, " ", ">", "/>\n"); err != nil {
			return nil, err
		}
		e.attrs = append(e.attrs, a)
	}
	if p.take("/>\n") {
		return e, nil
	}
	if !p.take(">") {
		return nil, fmt.Errorf("%s does not begin", e.name)
	}
	end := "</" + e.name + ">\n"
	if strings.HasPrefix(p.rest, "\n"+indent+"  <") {
		for p.take("\n"); !p.take(indent + end); {
			kid, err := p.element(depth + 1)
			if err != nil {
				return nil, err
			}
			e.kids = append(e.kids, kid)
		}
		return e, nil
	}
	e.text, err = p.until(end, indent+"<", strings.TrimPrefix(indent, "  ")+"</")
	return e, err
}

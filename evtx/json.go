package evtx

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The JSON of a record is written by steps that its layout compiles once; what does not depend on the record's values is text in them. Every
// step ends what it writes with a comma, and the step that closes an object or a list takes the last one back.
type jsonStep struct {
	kind  jsonKind
	text  string // as it is written; of a value its key with quotes and colon, empty within a list
	first string // of an attribute: its key behind all that opens its element
	value *slot
	attrs []jsonStep
}

type jsonKind uint8

const (
	jsonText    jsonKind = iota
	jsonValue            // a key and its value
	jsonElement          // a value with attributes that may be absent
	jsonAttrs            // attributes that may be absent
	jsonEnd
	jsonListEnd
)

const jsonAttributes = `"#attributes":{`

// jsonSteps is a list of steps in the making.
type jsonSteps []jsonStep

func compileJSON(roots []*element) []jsonStep {
	var s jsonSteps
	s.group(roots)
	return s
}

// put adds text, to the step before when that is text too.
func (s *jsonSteps) put(text string) {
	if n := len(*s); n > 0 && (*s)[n-1].kind == jsonText {
		(*s)[n-1].text += text
		return
	}
	*s = append(*s, jsonStep{text: text})
}

// end closes an object, at once where all of its end is known.
func (s *jsonSteps) end() {
	n := len(*s)
	if n == 0 || (*s)[n-1].kind != jsonText {
		*s = append(*s, jsonStep{kind: jsonEnd})
		return
	}
	(*s)[n-1].text = string(endJSON([]byte((*s)[n-1].text)))
}

// member adds a key and its value.
func (s *jsonSteps) member(key string, value *slot) {
	switch value.kind {
	case slotNone, slotEmpty:
		s.put(key + "null,")
	case slotLiteral:
		s.put(key + `"` + string(appendJSONUnits(nil, value.literal)) + `",`)
	default:
		*s = append(*s, jsonStep{kind: jsonValue, text: key, value: value})
	}
}

// group compiles siblings. Those of one name become a list in the place of the first; unnamed Data always do.
func (s *jsonSteps) group(kids []*element) {
	groups := map[string][]*element{}
	for _, e := range kids {
		groups[e.key()] = append(groups[e.key()], e)
	}
	for _, e := range kids {
		group := groups[e.key()]
		if group[0] != e {
			continue
		}
		key := jsonKey(e.key())
		if len(group) == 1 && !e.unnamed() {
			s.element(key, e)
			continue
		}
		s.put(key + "[")
		for _, e := range group {
			s.element("", e)
		}
		*s = append(*s, jsonStep{kind: jsonListEnd})
	}
}

func (s *jsonSteps) element(key string, e *element) {
	var attrs jsonSteps
	for i := range e.attrs {
		if a := &e.attrs[i]; !e.describes(a) {
			attrs.member(jsonKey(a.name), &a.slot)
		}
	}
	fixed := slices.ContainsFunc(attrs, func(a jsonStep) bool { return a.kind == jsonText }) // at least one attribute is always there
	switch {
	case len(e.kids) == 0 && len(attrs) == 0:
		s.member(key, &e.text)
		return
	case len(e.kids) == 0 && !fixed:
		for i := range attrs {
			attrs[i].first = key + "{" + jsonAttributes + attrs[i].text
		}
		*s = append(*s, jsonStep{kind: jsonElement, text: key, value: &e.text, attrs: attrs})
		return
	}
	s.put(key + "{")
	switch {
	case fixed:
		s.put(jsonAttributes)
		for _, a := range attrs {
			if a.kind == jsonText {
				s.put(a.text)
			} else {
				*s = append(*s, a)
			}
		}
		s.end()
	case len(attrs) > 0:
		*s = append(*s, jsonStep{kind: jsonAttrs, attrs: attrs})
	}
	s.group(e.kids)
	if e.text.kind != slotNone {
		s.member(`"#text":`, &e.text)
	}
	s.end()
}

func jsonKey(name string) string {
	return string(appendJSONText([]byte{'"'}, name)) + `":`
}

// AppendJSON appends the record as one JSON object without a line break:
//
//	{"Event":{"System":{"Provider":{"#attributes":{"Name":"..."}},"EventID":1,...},"EventData":{"Image":"C:\\...","ProcessId":4}}}
//
// Attributes stand in "#attributes", the text beside them in "#text". Data goes by its Name; Data without one is a list under "Data",
// and siblings of one name are a list in document order. Integers and booleans keep their type, everything else is its AppendText;
// arrays are lists. What is absent is left out, what is null is null. Namespaces are left out.
func (r *Record) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range r.layout.json {
		s := &r.layout.json[i]
		switch s.kind {
		case jsonText:
			dst = append(dst, s.text...)
		case jsonValue:
			dst = r.appendJSONMember(dst, s.text, s.value)
		case jsonElement:
			dst = r.appendJSONElement(dst, s)
		case jsonAttrs:
			dst = r.appendJSONAttrs(dst, s.attrs)
		case jsonEnd:
			dst = endJSON(dst)
		case jsonListEnd:
			dst = append(closeComma(dst), "],"...)
		}
	}
	return append(closeComma(dst), '}')
}

// closeComma takes back the comma behind the last member.
func closeComma(dst []byte) []byte {
	if dst[len(dst)-1] == ',' {
		return dst[:len(dst)-1]
	}
	return dst
}

// endJSON closes an object; one without members is null.
func endJSON(dst []byte) []byte {
	if dst[len(dst)-1] == '{' {
		return append(dst[:len(dst)-1], "null,"...)
	}
	return append(closeComma(dst), "},"...)
}

// appendJSONMember appends a key and its value, nothing when the value is absent.
func (r *Record) appendJSONMember(dst []byte, key string, s *slot) []byte {
	if s.kind == slotValue {
		if in := &r.insts[s.inst]; int(s.index) < in.n {
			v := &r.vals[in.first+int(s.index)]
			b := r.chunk[v.off : v.off+uint32(v.size)]
			// Nearly all values are of these types; for them the way over a Value would be much of the cost.
			switch {
			case v.typ == TypeString:
				dst = append(append(dst, key...), '"')
				return append(appendJSONUnits(dst, trimNUL(b)), '"', ',')
			case v.typ == TypeNull && s.optional:
				return dst
			case v.typ == TypeUint32 && len(b) == 4:
				return append(strconv.AppendUint(append(dst, key...), uint64(le.Uint32(b)), 10), ',')
			case v.typ == TypeUint16 && len(b) == 2:
				return append(strconv.AppendUint(append(dst, key...), uint64(le.Uint16(b)), 10), ',')
			case v.typ == TypeUint8 && len(b) == 1:
				return append(strconv.AppendUint(append(dst, key...), uint64(b[0]), 10), ',')
			case v.typ == TypeHex64 && len(b) == 8:
				return append(appendHexNumber(append(append(dst, key...), '"'), le.Uint64(b)), '"', ',')
			case v.typ == TypeFileTime && len(b) == 8:
				return append(appendFileTime(append(append(dst, key...), '"'), le.Uint64(b)), '"', ',')
			}
		}
	}
	v := r.value(s)
	switch {
	case v.State == Present:
		return append(v.appendJSON(append(dst, key...)), ',')
	case v.State == Null || s.kind == slotNone:
		return append(append(dst, key...), "null,"...)
	}
	return dst
}

// appendJSONAttrs appends the attributes member, nothing when all of them are absent.
func (r *Record) appendJSONAttrs(dst []byte, attrs []jsonStep) []byte {
	dst = append(dst, jsonAttributes...)
	from := len(dst)
	for i := range attrs {
		if a := &attrs[i]; a.kind == jsonText {
			dst = append(dst, a.text...)
		} else {
			dst = r.appendJSONMember(dst, a.text, a.value)
		}
	}
	if len(dst) == from {
		return dst[:from-len(jsonAttributes)]
	}
	dst[len(dst)-1] = '}'
	return append(dst, ',')
}

// appendJSONElement appends an element with attributes: an object when any of them is there, else just its text.
func (r *Record) appendJSONElement(dst []byte, s *jsonStep) []byte {
	object := false
	for i := range s.attrs {
		a := &s.attrs[i]
		if object {
			dst = r.appendJSONMember(dst, a.text, a.value)
			continue
		}
		from := len(dst)
		dst = r.appendJSONMember(dst, a.first, a.value)
		object = len(dst) > from
	}
	if !object {
		return r.appendJSONMember(dst, s.text, s.value)
	}
	dst[len(dst)-1] = '}'
	dst = append(dst, ',')
	if s.value.kind != slotNone {
		dst = r.appendJSONMember(dst, `"#text":`, s.value)
	}
	dst[len(dst)-1] = '}'
	return append(dst, ',')
}

// appendJSON appends a present value as JSON.
func (v Value) appendJSON(dst []byte) []byte {
	if v.Array {
		dst = append(dst, '[')
		for more := true; more; {
			var item Value
			item, v, more = v.next()
			dst = append(item.appendJSON(dst), ',')
		}
		dst[len(dst)-1] = ']'
		return dst
	}
	switch v.Type {
	case TypeString:
		return append(appendJSONUnits(append(dst, '"'), v.Bytes), '"')
	case TypeInt8, TypeUint8, TypeInt16, TypeUint16, TypeInt32, TypeUint32, TypeInt64, TypeUint64, TypeBool:
		return v.appendScalar(dst)
	case TypeFloat32:
		if f := float64(math.Float32frombits(uint32(v.number()))); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return v.appendScalar(dst)
		}
	case TypeFloat64:
		if f := math.Float64frombits(v.number()); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return v.appendScalar(dst)
		}
	}
	return append(v.appendScalar(append(dst, '"')), '"') // none of these texts needs escaping
}

// appendJSONUnits appends UTF-16LE as JSON text without quotes.
func appendJSONUnits(dst, src []byte) []byte {
	for len(src) >= 2 {
		dst = slices.Grow(dst, len(src)+16)
		k := len(dst)
		read, written := packJSON(dst[k:cap(dst)], src)
		dst = dst[:k+written]
		for src = src[2*read:]; len(src) >= 2; {
			r, size := decodeUnit(src)
			src = src[size:]
			if r >= utf8.RuneSelf {
				dst = utf8.AppendRune(dst, r)
			} else {
				dst = appendJSONByte(dst, byte(r))
			}
			if len(src) >= 2 && le.Uint16(src)-0x20 < utf8.RuneSelf-0x20 {
				break
			}
		}
	}
	return dst
}

func appendJSONByte(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c >= 0x20:
		return append(dst, c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
}

// appendJSONText appends UTF-8 as JSON text without quotes.
func appendJSONText(dst []byte, s string) []byte {
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if r < utf8.RuneSelf {
			dst = appendJSONByte(dst, byte(r))
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

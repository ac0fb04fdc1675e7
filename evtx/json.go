package evtx

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The JSON of a record is written by a program of its layout. Every step ends what it writes with a comma, and the step that closes an object or
// a list takes the last one back.

const jsonAttributes = `"#attributes":{`

func compileJSON(roots []*element) render {
	var p render
	p.jsonGroup(roots)
	return p
}

// jsonEnd closes an object, at once where all of its end is known.
func (p *render) jsonEnd() {
	n := len(p.steps)
	if n == 0 || p.steps[n-1].kind != renderText {
		p.step(renderEnd, "", nil)
		return
	}
	p.text = endJSON(p.text)
	p.steps[n-1].to = uint32(len(p.text))
}

// jsonMember adds a key and its value.
func (p *render) jsonMember(key string, value *slot) {
	switch {
	case value.kind == slotLiteral:
		p.put(key + `"` + string(appendJSONUnits(nil, value.literal())) + `",`)
	case fixed(value):
		p.put(key + "null,")
	default:
		p.step(renderValue, key, value)
	}
}

// jsonGroup compiles siblings. Those of one name become a list in the place of the first; unnamed Data always do.
func (p *render) jsonGroup(kids []*element) {
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
			p.jsonElement(key, e)
			continue
		}
		p.put(key + "[")
		for _, e := range group {
			p.jsonElement("", e)
		}
		p.step(renderListEnd, "", nil)
	}
}

func (p *render) jsonElement(key string, e *element) {
	var attrs []*attribute
	always := false // an attribute that every record has
	for i := range e.attrs {
		if a := &e.attrs[i]; !e.describes(a) {
			attrs = append(attrs, a)
			always = always || fixed(&a.slot)
		}
	}
	switch {
	case len(e.kids) == 0 && len(attrs) == 0:
		p.jsonMember(key, &e.text)
		return
	case len(e.kids) == 0 && !always:
		p.step(renderElement, key, &e.text).more = uint16(len(attrs))
		p.jsonAttrs(attrs)
		return
	}
	p.put(key + "{")
	switch {
	case always:
		p.put(jsonAttributes)
		p.jsonAttrs(attrs)
		p.jsonEnd()
	case len(attrs) > 0:
		p.step(renderAttrs, "", nil).more = uint16(len(attrs))
		p.jsonAttrs(attrs)
	}
	p.jsonGroup(e.kids)
	if e.text.kind != slotNone {
		p.jsonMember(`"#text":`, &e.text)
	}
	p.jsonEnd()
}

func (p *render) jsonAttrs(attrs []*attribute) {
	for _, a := range attrs {
		p.jsonMember(jsonKey(a.name), &a.slot)
	}
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
	p := &r.layout.json
	for i := 0; i < len(p.steps); i++ {
		s := &p.steps[i]
		switch s.kind {
		case renderText:
			dst = append(dst, p.text[s.from:s.to]...)
		case renderValue:
			dst = r.appendJSONMember(dst, p.text[s.from:s.to], p, s)
		case renderElement:
			attrs := p.steps[i+1 : i+1+int(s.more)]
			dst = r.appendJSONElement(dst, p, s, attrs)
			i += len(attrs)
		case renderAttrs:
			from := len(dst)
			attrs := p.steps[i+1 : i+1+int(s.more)]
			if dst = r.appendJSONAttrs(append(dst, jsonAttributes...), p, attrs); len(dst) == from+len(jsonAttributes) {
				dst = dst[:from]
			} else {
				dst = append(closeComma(dst), "},"...)
			}
			i += len(attrs)
		case renderEnd:
			dst = endJSON(dst)
		case renderListEnd:
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

// appendJSONMember appends a key and the value of a step, nothing when the value is absent.
func (r *Record) appendJSONMember(dst, key []byte, p *render, s *renderStep) []byte {
	if in := &r.insts[s.inst]; s.other < 0 && int(s.index) < in.n {
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
	from := p.slot(s)
	v := r.value(&from)
	switch {
	case v.State == Present:
		return append(v.appendJSON(append(dst, key...)), ',')
	case v.State == Null || from.kind == slotNone:
		return append(append(dst, key...), "null,"...)
	}
	return dst
}

// appendJSONAttrs appends members.
func (r *Record) appendJSONAttrs(dst []byte, p *render, attrs []renderStep) []byte {
	for i := range attrs {
		a := &attrs[i]
		dst = r.appendJSONMember(dst, p.text[a.from:a.to], p, a)
	}
	return dst
}

// appendJSONElement appends an element with attributes: an object when any of them is there, else just its text.
func (r *Record) appendJSONElement(dst []byte, p *render, s *renderStep, attrs []renderStep) []byte {
	start, key := len(dst), p.text[s.from:s.to]
	dst = append(append(dst, key...), "{"+jsonAttributes...)
	from := len(dst)
	if dst = r.appendJSONAttrs(dst, p, attrs); len(dst) == from {
		return r.appendJSONMember(dst[:start], key, p, s)
	}
	dst[len(dst)-1] = '}'
	dst = append(dst, ',')
	if s.other < 0 || p.slots[s.other].kind != slotNone {
		dst = r.appendJSONMember(dst, []byte(`"#text":`), p, s)
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

package evtx

import (
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// The JSON of a record is written by steps that its layout compiles once. Every step ends what it writes with a comma, and the step
// that closes an object or a list takes the last one back.
type jsonStep struct {
	kind  jsonKind
	key   string // with quotes and colon; empty within a list
	value *slot
	attrs []jsonStep
}

type jsonKind uint8

const (
	jsonValue   jsonKind = iota
	jsonElement          // a value with attributes
	jsonAttrs            // the attributes of an element that has children
	jsonObject
	jsonList
	jsonEnd
	jsonListEnd
)

const jsonAttributes = `"#attributes":{`

func compileJSON(roots []*element) []jsonStep { return jsonGroup(nil, roots) }

// jsonGroup compiles siblings. Those of one name become a list in the place of the first; unnamed Data always do.
func jsonGroup(steps []jsonStep, kids []*element) []jsonStep {
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
			steps = jsonOne(steps, key, e)
			continue
		}
		steps = append(steps, jsonStep{kind: jsonList, key: key})
		for _, e := range group {
			steps = jsonOne(steps, "", e)
		}
		steps = append(steps, jsonStep{kind: jsonListEnd})
	}
	return steps
}

func jsonOne(steps []jsonStep, key string, e *element) []jsonStep {
	var attrs []jsonStep
	for i := range e.attrs {
		if a := &e.attrs[i]; !e.describes(a) {
			attrs = append(attrs, jsonStep{key: jsonKey(a.name), value: &a.slot})
		}
	}
	switch {
	case len(e.kids) > 0:
		steps = append(steps, jsonStep{kind: jsonObject, key: key})
		if len(attrs) > 0 {
			steps = append(steps, jsonStep{kind: jsonAttrs, attrs: attrs})
		}
		steps = jsonGroup(steps, e.kids)
		if e.text.kind != slotNone {
			steps = append(steps, jsonStep{key: `"#text":`, value: &e.text})
		}
		return append(steps, jsonStep{kind: jsonEnd})
	case len(attrs) > 0:
		return append(steps, jsonStep{kind: jsonElement, key: key, value: &e.text, attrs: attrs})
	}
	return append(steps, jsonStep{key: key, value: &e.text})
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
		dst = r.appendJSONStep(dst, &r.layout.json[i])
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

func (r *Record) appendJSONStep(dst []byte, s *jsonStep) []byte {
	switch s.kind {
	case jsonValue:
		return r.appendJSONSlot(dst, s.key, s.value)
	case jsonElement:
		return r.appendJSONElement(dst, s)
	case jsonAttrs:
		return r.appendJSONAttrs(dst, s.attrs)
	case jsonObject:
		return append(append(dst, s.key...), '{')
	case jsonList:
		return append(append(dst, s.key...), '[')
	case jsonListEnd:
		return append(closeComma(dst), "],"...)
	}
	if dst[len(dst)-1] == '{' {
		return append(dst[:len(dst)-1], "null,"...)
	}
	return append(closeComma(dst), "},"...)
}

// appendJSONSlot appends one member, nothing when its value is absent.
func (r *Record) appendJSONSlot(dst []byte, key string, s *slot) []byte {
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
		dst = r.appendJSONSlot(dst, attrs[i].key, attrs[i].value)
	}
	if len(dst) == from {
		return dst[:from-len(jsonAttributes)]
	}
	dst[len(dst)-1] = '}'
	return append(dst, ',')
}

// appendJSONElement appends an element with attributes: an object when any of them is there, else just its text.
func (r *Record) appendJSONElement(dst []byte, s *jsonStep) []byte {
	start := len(dst)
	dst = append(append(dst, s.key...), '{')
	from := len(dst)
	dst = r.appendJSONAttrs(dst, s.attrs)
	if len(dst) == from {
		return r.appendJSONSlot(dst[:start], s.key, s.value)
	}
	if s.value.kind != slotNone {
		dst = r.appendJSONSlot(dst, `"#text":`, s.value)
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

// appendJSONUnits appends UTF-16LE as JSON text without quotes. Eight units that are ASCII and need no escape are one step.
func appendJSONUnits(dst, src []byte) []byte {
	const worst = 6 // bytes of \u0000
	for len(src) >= 2 {
		dst = grow(dst, worst*8)
		for len(src) >= 16 && cap(dst)-len(dst) >= 8 {
			x, y := le.Uint64(src), le.Uint64(src[8:])
			if (x|y)&notASCII != 0 {
				break
			}
			z := pack4(x) | pack4(y)<<32
			n := len(dst)
			dst = dst[:n+8]
			le.PutUint64(dst[n:], z)
			if odd := escapes(z); odd != 0 {
				plain := bits.TrailingZeros64(odd) / 8
				dst, src = appendJSONByte(dst[:n+plain], byte(z>>(8*plain))), src[2*plain+2:]
				break
			}
			src = src[16:]
		}
		for i := 0; i < 8 && len(src) >= 2; i++ {
			r, size := decodeUnit(src)
			src = src[size:]
			switch {
			case r >= utf8.RuneSelf:
				dst = utf8.AppendRune(dst, r)
			default:
				dst = appendJSONByte(dst, byte(r))
			}
			if len(src) >= 16 && le.Uint64(src)&notASCII == 0 {
				break
			}
		}
	}
	return dst
}

// grow makes room for n more bytes at an amortised cost.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	bigger := make([]byte, len(dst), 2*cap(dst)+n)
	copy(bigger, dst)
	return bigger
}

// escapes marks, by the high bit of its byte, the first ASCII character of x that JSON escapes: controls, the quote and the backslash. Bytes
// behind the first marked one may be marked in error.
func escapes(x uint64) uint64 {
	quote := x ^ '"'*everyByte
	slash := x ^ '\\'*everyByte
	return ((x - 0x20*everyByte) | (quote - everyByte) | (slash - everyByte)) & everyHigh
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

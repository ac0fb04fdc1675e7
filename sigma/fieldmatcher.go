package sigma

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// fieldMatcher finds all literals of a field in one folded value. Each text stands in it once, with all predicates that it
// answers.
type fieldMatcher struct {
	exact  textTable    // by the whole text
	sizes  [256]bool    // lengths of texts in exact; the last stands for all that are longer
	base   textTable    // ends that hold a whole last path segment, by it
	ends   [5]textTable // other ends, by their last 1 to 4 bytes
	starts []keyed      // beginnings, by their first bytes
	plain  gramTable    // texts looked for anywhere
	wide   gramTable    // those that are not ASCII: only values that are not can contain them
	short  *shortMatcher
	least  int  // units of UTF-16 that the shortest text has
	costly bool // to look for its texts costs more than to remember a value
}

// keyed are beginnings that share the length of their key.
type keyed struct {
	size  int
	texts textTable
}

// answers are the predicates that a text answers.
type answers []int32

func newFieldMatcher(list []target) *fieldMatcher {
	slices.SortFunc(list, func(a, b target) int {
		if a.op != b.op {
			return int(a.op) - int(b.op)
		}
		if c := strings.Compare(a.text, b.text); c != 0 {
			return c
		}
		return int(a.pred - b.pred)
	})
	m := &fieldMatcher{least: math.MaxInt}
	var plain, wide []literalText
	for from := 0; from < len(list); {
		to, t := from, list[from]
		var preds answers
		for ; to < len(list) && list[to].op == t.op && list[to].text == t.text; to++ {
			if n := len(preds); n == 0 || preds[n-1] != list[to].pred {
				preds = append(preds, list[to].pred)
			}
		}
		from = to
		m.least = min(m.least, unitsOf(t.text))
		x := literalText{t.text, preds}
		switch {
		case t.op == opExact:
			m.exact.add(hash([]byte(t.text)), x)
			m.sizes[min(len(t.text), len(m.sizes)-1)] = true
		case t.op == opSuffix:
			m.addEnd(x)
		case t.op == opPrefix:
			m.addStart(x)
		case len(t.text) < gramSize:
			if m.short == nil {
				m.short = &shortMatcher{}
			}
			m.short.add(x)
		case isASCII(t.text):
			plain = append(plain, x)
		default:
			wide = append(wide, x)
		}
	}
	m.plain, m.wide = newGramTable(plain), newGramTable(wide)
	m.costly = len(list) > 100
	for _, t := range []*textTable{&m.exact, &m.base, &m.ends[1], &m.ends[2], &m.ends[3], &m.ends[4]} {
		t.index()
	}
	for i := range m.starts {
		m.starts[i].texts.index()
	}
	return m
}

// unitsOf is the length of a text in UTF-16, which folding does not change.
func unitsOf(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (m *fieldMatcher) addEnd(x literalText) {
	if i := strings.LastIndexByte(x.text, '\\'); i >= 0 && i < len(x.text)-1 {
		m.base.add(hash([]byte(x.text[i+1:])), x)
		return
	}
	n := min(4, len(x.text))
	m.ends[n].add(hash([]byte(x.text[len(x.text)-n:])), x)
}

func (m *fieldMatcher) addStart(x literalText) {
	n := len(x.text)
	for _, size := range []int{16, 8, 4} {
		if n >= size {
			n = size
			break
		}
	}
	i := slices.IndexFunc(m.starts, func(k keyed) bool { return k.size == n })
	if i < 0 {
		i = len(m.starts)
		m.starts = append(m.starts, keyed{size: n})
	}
	m.starts[i].texts.add(hash([]byte(x.text[:n])), x)
}

// scan reports every predicate of which a literal was found in a folded value; one may be reported several times. Behind the
// value stand at least padding bytes that can be read.
func (m *fieldMatcher) scan(b []byte, ascii bool, s *Matcher) {
	if m.sizes[min(len(b), len(m.sizes)-1)] {
		for x := m.exact.first(hash(b)); x != nil; x = m.exact.after(x) {
			if x.text == text(b) {
				s.found(x.preds)
			}
		}
	}
	if m.base.slots != nil {
		if i := bytes.LastIndexByte(b, '\\'); i >= 0 {
			m.base.scanEnds(b, len(b)-i-1, s)
		}
	}
	for n := 1; n <= 4; n++ {
		if m.ends[n].slots != nil && len(b) >= n {
			m.ends[n].scanEnds(b, n, s)
		}
	}
	for i := range m.starts {
		k := &m.starts[i]
		if len(b) < k.size {
			continue
		}
		for x := k.texts.first(hash(b[:k.size])); x != nil; x = k.texts.after(x) {
			if strings.HasPrefix(text(b), x.text) {
				s.found(x.preds)
			}
		}
	}
	if m.plain.bits != nil {
		m.plain.scan(b, s)
	}
	if m.wide.bits != nil && !ascii {
		m.wide.scan(b, s)
	}
	if m.short != nil {
		m.short.scan(b, s)
	}
}

// literalText is a text that is looked for and what it answers.
type literalText struct {
	text  string
	preds answers
}

// textTable finds texts by the hash of a part of them.
type textTable struct {
	slots []int32 // first entry of a hash, from 1
	shift uint32
	list  []tableText
}

type tableText struct {
	literalText
	hash uint32
	next int32
}

func (t *textTable) add(h uint32, x literalText) { t.list = append(t.list, tableText{x, h, 0}) }

func (t *textTable) index() {
	if len(t.list) == 0 {
		return
	}
	width := max(bits.Len(uint(2*len(t.list))), 3)
	t.slots, t.shift = make([]int32, 1<<width), uint32(32-width)
	for i := range t.list {
		x := &t.list[i]
		x.next = t.slots[x.hash>>t.shift]
		t.slots[x.hash>>t.shift] = int32(i + 1)
	}
}

// first gives the first entry of a hash, nil when there is none.
func (t *textTable) first(h uint32) *tableText { return t.of(t.slots[h>>t.shift], h) }

func (t *textTable) after(x *tableText) *tableText { return t.of(x.next, x.hash) }

func (t *textTable) of(at int32, h uint32) *tableText {
	for at != 0 {
		x := &t.list[at-1]
		if x.hash == h {
			return x
		}
		at = x.next
	}
	return nil
}

// scanEnds looks for ends of a value whose last n bytes are their key.
func (t *textTable) scanEnds(b []byte, n int, s *Matcher) {
	for x := t.first(hash(b[len(b)-n:])); x != nil; x = t.after(x) {
		if strings.HasSuffix(text(b), x.text) {
			s.found(x.preds)
		}
	}
}

// hash mixes eight bytes at a time.
func hash(b []byte) uint32 {
	const factor = 0xff51afd7ed558ccd
	h := uint64(len(b)) * 0x9e3779b97f4a7c15
	n := len(b)
	switch {
	case n >= 8:
		for i := 0; i+8 < n; i += 8 {
			h = (h ^ binary.LittleEndian.Uint64(b[i:])) * factor
			h ^= h >> 32
		}
		h ^= binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		h ^= uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	default:
		for i, c := range b {
			h ^= uint64(c) << (8 * i)
		}
	}
	h *= factor
	return uint32(h>>32) * hashFactor
}

const hashFactor = 2654435761

// shortMatcher finds texts of one to three bytes: single bytes one by one, the others by their first two.
type shortMatcher struct {
	singles []literalText
	pairs   [1 << 16 / 64]uint64 // bitmap of first two bytes
	heads   [256]int32           // first entry of a hash, from 1
	list    []shortText
}

type shortText struct {
	pair  uint16
	len   uint8
	last  byte
	next  int32
	preds answers
}

func pairHash(k uint16) uint8 { return uint8(k ^ k>>8*31) }

func (m *shortMatcher) add(x literalText) {
	if len(x.text) == 1 {
		m.singles = append(m.singles, x)
		return
	}
	k := uint16(x.text[0]) | uint16(x.text[1])<<8
	m.pairs[k>>6] |= 1 << (k & 63)
	m.list = append(m.list, shortText{pair: k, len: uint8(len(x.text)), last: x.text[len(x.text)-1], preds: x.preds, next: m.heads[pairHash(k)]})
	m.heads[pairHash(k)] = int32(len(m.list))
}

func (m *shortMatcher) scan(b []byte, s *Matcher) {
	for _, x := range m.singles {
		if bytes.IndexByte(b, x.text[0]) >= 0 {
			s.found(x.preds)
		}
	}
	if len(m.list) == 0 {
		return
	}
	for i := 0; i+1 < len(b); i++ {
		k := uint16(b[i]) | uint16(b[i+1])<<8
		if m.pairs[k>>6]&(1<<(k&63)) == 0 {
			continue
		}
		for c := m.heads[pairHash(k)]; c != 0; {
			x := &m.list[c-1]
			c = x.next
			if x.pair == k && (x.len == 2 || i+2 < len(b) && b[i+2] == x.last) {
				s.found(x.preds)
			}
		}
	}
}

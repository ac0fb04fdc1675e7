package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// fieldMatcher finds all literals of a field in one folded value.
type fieldMatcher struct {
	exact  map[string][]int32
	byBase map[string][]target         // ends that hold a whole last path segment, by it
	suffix [5]map[string][]target      // other ends by their last 1 to 4 bytes
	prefix map[int]map[string][]target // beginnings by their first bytes
	sizes  []int                       // keys of prefix, sorted
	grams  []uint64                    // bitmap of hashed 4-grams
	shift  uint32
	heads  []int32 // first entry of a hash, from 1
	hshift uint32
	list   []contained
	short  *shortMatcher // of texts below four bytes; nil when there are none
}

// contained is a text looked for anywhere, found by its rarest 4-gram.
type contained struct {
	gram uint32
	at   int32 // of the gram in the text
	text string
	pred int32
	next int32
}

const hashFactor = 2654435761

func newFieldMatcher(list []target) *fieldMatcher {
	m := &fieldMatcher{exact: map[string][]int32{}, byBase: map[string][]target{}, prefix: map[int]map[string][]target{}}
	used := map[uint32]int{}
	for _, t := range list {
		switch t.op {
		case opExact:
			m.exact[t.text] = append(m.exact[t.text], t.pred)
		case opSuffix:
			m.addSuffix(t)
		case opPrefix:
			m.addPrefix(t)
		case opContains:
			if len(t.text) < 4 {
				if m.short == nil {
					m.short = &shortMatcher{}
				}
				m.short.add(t)
				continue
			}
			m.addContained(t, used)
		}
	}
	m.index()
	return m
}

func (m *fieldMatcher) addSuffix(t target) {
	if i := bytes.LastIndexByte([]byte(t.text), '\\'); i >= 0 && i < len(t.text)-1 {
		m.byBase[t.text[i+1:]] = append(m.byBase[t.text[i+1:]], t)
		return
	}
	n := min(4, len(t.text))
	if m.suffix[n] == nil {
		m.suffix[n] = map[string][]target{}
	}
	k := t.text[len(t.text)-n:]
	m.suffix[n][k] = append(m.suffix[n][k], t)
}

func (m *fieldMatcher) addPrefix(t target) {
	n := len(t.text)
	for _, size := range []int{16, 8, 4} {
		if n >= size {
			n = size
			break
		}
	}
	if m.prefix[n] == nil {
		m.prefix[n] = map[string][]target{}
		m.sizes = append(m.sizes, n)
	}
	m.prefix[n][t.text[:n]] = append(m.prefix[n][t.text[:n]], t)
}

// common are 4-grams that most values of Windows logs contain: a text found by one of them would be found too often.
const common = ".exe \\win wind indo ndow dows ows\\ syst yste stem tem3 em32 m32\\ prog rogr ogra gram file iles user sers c:\\w :\\wi micr icro cros roso osof soft powe ower wers ersh rshe shel hell cmd. md.e d.ex l.ex hash md5= sha1 sha2 ha25 a256 256= imph mpha phas ash="

// rarity weighs bytes by how seldom they are in command lines.
func rarity(gram string) float64 {
	if bytes.Contains([]byte(common), []byte(gram)) {
		return 1e12
	}
	x := 1.0
	for i := range len(gram) {
		switch c := gram[i]; {
		case c == 'e' || c == ' ' || c == '\\' || c == '.' || c == '-':
			x *= 8
		case bytes.IndexByte([]byte("taoinsr/:\""), c) >= 0:
			x *= 5
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			x *= 2
		default:
			x *= 0.5
		}
	}
	return x
}

func (m *fieldMatcher) addContained(t target, used map[uint32]int) {
	best, at := 0.0, 0
	for i := 0; i+4 <= len(t.text); i++ {
		g := binary.LittleEndian.Uint32([]byte(t.text[i : i+4]))
		if x := rarity(t.text[i:i+4]) * (1 + 2*float64(used[g])); i == 0 || x < best {
			best, at = x, i
		}
	}
	g := binary.LittleEndian.Uint32([]byte(t.text[at : at+4]))
	used[g]++
	m.list = append(m.list, contained{gram: g, at: int32(at), text: t.text, pred: t.pred})
}

func (m *fieldMatcher) index() {
	if len(m.list) == 0 {
		return
	}
	width := min(max(bits.Len(uint(len(m.list)*24)), 10), 17)
	m.shift = uint32(32 - width)
	m.grams = make([]uint64, (1<<width)/64)
	width = max(bits.Len(uint(len(m.list))), 4)
	m.hshift = uint32(32 - width)
	m.heads = make([]int32, 1<<width)
	for i := range m.list {
		x := &m.list[i]
		h := x.gram * hashFactor
		m.grams[h>>m.shift/64] |= 1 << (h >> m.shift % 64)
		x.next = m.heads[h>>m.hshift]
		m.heads[h>>m.hshift] = int32(i + 1)
	}
}

// scan reports every predicate of which a literal was found in a folded value; one may be reported several times.
func (m *fieldMatcher) scan(b []byte, s *Matcher) {
	for _, t := range m.exact[string(b)] {
		s.found(t)
	}
	if len(m.byBase) > 0 {
		if i := bytes.LastIndexByte(b, '\\'); i >= 0 {
			ends(m.byBase[string(b[i+1:])], b, s)
		}
	}
	for n := 1; n <= 4; n++ {
		if m.suffix[n] != nil && len(b) >= n {
			ends(m.suffix[n][string(b[len(b)-n:])], b, s)
		}
	}
	for _, n := range m.sizes {
		if len(b) < n {
			continue
		}
		for _, t := range m.prefix[n][string(b[:n])] {
			if len(t.text) <= len(b) && string(b[:len(t.text)]) == t.text {
				s.found(t.pred)
			}
		}
	}
	if m.grams != nil {
		m.scanGrams(b, s)
	}
	if m.short != nil {
		m.short.scan(b, s)
	}
}

func ends(list []target, b []byte, s *Matcher) {
	for _, t := range list {
		if len(t.text) <= len(b) && string(b[len(b)-len(t.text):]) == t.text {
			s.found(t.pred)
		}
	}
}

func (m *fieldMatcher) scanGrams(b []byte, s *Matcher) {
	grams, shift := m.grams, m.shift&31
	for i := 0; i+4 <= len(b); i++ {
		g := binary.LittleEndian.Uint32(b[i:])
		h := g * hashFactor
		if x := h >> shift; grams[x>>6]&(1<<(x&63)) == 0 {
			continue
		}
		for c := m.heads[h>>m.hshift]; c != 0; {
			x := &m.list[c-1]
			c = x.next
			if x.gram != g || s.hits[x.pred] == s.epoch && !s.learning {
				continue
			}
			if from := i - int(x.at); from >= 0 && from+len(x.text) <= len(b) && string(b[from:from+len(x.text)]) == x.text {
				s.found(x.pred)
			}
		}
	}
}

// shortMatcher finds texts of one to three bytes: single bytes one by one, the others by their first two.
type shortMatcher struct {
	singles []target
	pairs   [1 << 16 / 64]uint64 // bitmap of first two bytes
	heads   [256]int32           // first entry of a hash, from 1
	list    []shortText
}

type shortText struct {
	pair uint16
	len  uint8
	last byte
	pred int32
	next int32
}

func pairHash(k uint16) uint8 { return uint8(k ^ k>>8*31) }

func (m *shortMatcher) add(t target) {
	if len(t.text) == 1 {
		m.singles = append(m.singles, t)
		return
	}
	k := uint16(t.text[0]) | uint16(t.text[1])<<8
	m.pairs[k>>6] |= 1 << (k & 63)
	x := shortText{pair: k, len: uint8(len(t.text)), last: t.text[len(t.text)-1], pred: t.pred, next: m.heads[pairHash(k)]}
	m.list = append(m.list, x)
	m.heads[pairHash(k)] = int32(len(m.list))
}

func (m *shortMatcher) scan(b []byte, s *Matcher) {
	for _, t := range m.singles {
		if bytes.IndexByte(b, t.text[0]) >= 0 {
			s.found(t.pred)
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
				s.found(x.pred)
			}
		}
	}
}

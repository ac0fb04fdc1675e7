package sigma

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// gramSize is the length of the parts that texts are found by.
const gramSize = 4

// padding is how many bytes behind a value may be read.
const padding = 8

// gramTable finds texts anywhere in a value: each is known by the four bytes in a row that are thought the rarest. A bitmap says
// of almost all others that nothing begins with them.
//
// Where all texts are long, each is known by four grams that follow each other: one of them begins at a place that four divides,
// wherever the text stands, and the other places need not be looked at.
type gramTable struct {
	bits   []uint64 // of hashed grams
	shift  uint32
	heads  []int32 // where the entries of a hash begin in list; one more for the end
	hshift uint32
	list   []gramText
	texts  []literalText
	sparse bool // only every fourth place is looked at
}

// gramText is a text with the eight bytes from its gram on, or as many as it has: most values that contain the gram differ in them.
type gramText struct {
	window, mask uint64
	at           int32 // of the gram in the text
	text         int32
}

func newGramTable(texts []literalText) gramTable {
	t := gramTable{texts: texts, sparse: true}
	if len(texts) == 0 {
		return t
	}
	for _, x := range texts {
		t.sparse = t.sparse && len(x.text) >= 2*gramSize-1
	}
	grams := 1
	if t.sparse {
		grams = gramSize
	}
	n := len(texts) * grams
	width := min(max(bits.Len(uint(n*24)), 10), 18)
	t.shift, t.bits = uint32(32-width), make([]uint64, (1<<width)/64)
	width = max(bits.Len(uint(2*n)), 4)
	t.hshift, t.heads = uint32(32-width), make([]int32, 1<<width+1)
	used := make(map[uint32]int, n)
	list := make([]gramText, 0, n)
	for i, x := range texts {
		first := rarest(x.text, grams, used)
		for at := first; at < first+grams; at++ {
			var window [8]byte
			size := copy(window[:], x.text[at:])
			g := gramText{window: binary.LittleEndian.Uint64(window[:]), mask: ^uint64(0) >> (64 - 8*size), at: int32(at), text: int32(i)}
			h := g.hash()
			t.bits[h>>t.shift/64] |= 1 << (h >> t.shift % 64)
			t.heads[h>>t.hshift+1]++
			list = append(list, g)
		}
	}
	for i := range t.heads[1:] {
		t.heads[i+1] += t.heads[i]
	}
	t.list = make([]gramText, n)
	next := slices.Clone(t.heads)
	for _, x := range list {
		k := x.hash() >> t.hshift
		t.list[next[k]] = x
		next[k]++
	}
	return t
}

func (x *gramText) hash() uint32 { return uint32(x.window) * hashFactor }

func (t *gramTable) scan(b []byte, s *Matcher) {
	if t.sparse {
		t.scanSparse(b, s)
	} else {
		t.scanDense(b, s)
	}
}

func (t *gramTable) scanSparse(b []byte, s *Matcher) {
	table, shift := t.bits, t.shift&31
	p := b[:len(b)+padding]
	for i := 0; i+gramSize <= len(b); i += gramSize {
		h := binary.LittleEndian.Uint32(p[i:]) * hashFactor
		if k := h >> shift; table[k>>6]>>(k&63)&1 != 0 {
			t.verify(p, len(b), i, h, s)
		}
	}
}

// scanDense looks at four places at a time. At the end it reads into the padding: what seems to be found there does not fit the value.
func (t *gramTable) scanDense(b []byte, s *Matcher) {
	table, shift := t.bits, t.shift&31
	p := b[:len(b)+padding]
	for i := 0; i+gramSize <= len(b); i += 4 {
		x := binary.LittleEndian.Uint64(p[i:])
		h0, h1, h2, h3 := uint32(x)*hashFactor, uint32(x>>8)*hashFactor, uint32(x>>16)*hashFactor, uint32(x>>24)*hashFactor
		k0, k1, k2, k3 := h0>>shift, h1>>shift, h2>>shift, h3>>shift
		r0, r1, r2, r3 := table[k0>>6]>>(k0&63)&1, table[k1>>6]>>(k1&63)&1, table[k2>>6]>>(k2&63)&1, table[k3>>6]>>(k3&63)&1
		if r0|r1|r2|r3 == 0 {
			continue
		}
		if r0 != 0 {
			t.verify(p, len(b), i, h0, s)
		}
		if r1 != 0 {
			t.verify(p, len(b), i+1, h1, s)
		}
		if r2 != 0 {
			t.verify(p, len(b), i+2, h2, s)
		}
		if r3 != 0 {
			t.verify(p, len(b), i+3, h3, s)
		}
	}
}

// verify compares the texts whose gram may stand at i. p is the value with its padding, n the value's length.
func (t *gramTable) verify(p []byte, n, i int, h uint32, s *Matcher) {
	if i+gramSize > n {
		return
	}
	window := binary.LittleEndian.Uint64(p[i:])
	for k := t.heads[h>>t.hshift]; k < t.heads[h>>t.hshift+1]; k++ {
		x := &t.list[k]
		if (window^x.window)&x.mask != 0 {
			continue
		}
		l := &t.texts[x.text]
		if s.knows(l.preds) {
			continue
		}
		if from := i - int(x.at); from >= 0 && from+len(l.text) <= n && text(p[from:from+len(l.text)]) == l.text {
			s.found(l.preds)
		}
	}
}

// rarest is where the grams of a text begin that values are thought to contain least often, and that few other texts are known by;
// used counts them.
func rarest(s string, grams int, used map[uint32]int) int {
	best, at := 0.0, 0
	for i := 0; i+grams-1+gramSize <= len(s); i++ {
		x := 0.0
		for k := i; k < i+grams; k++ {
			g := gramAt(s, k)
			w := rarity[s[k]] * rarity[s[k+1]] * rarity[s[k+2]] * rarity[s[k+3]]
			if common[g] {
				w = 1e12
			}
			x += w * (1 + 2*float64(used[g]))
		}
		if i == 0 || x < best {
			best, at = x, i
		}
	}
	for k := at; k < at+grams; k++ {
		used[gramAt(s, k)]++
	}
	return at
}

func gramAt(s string, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// rarity weighs bytes by how often they stand in command lines.
var rarity = func() (w [256]float64) {
	for i := range w {
		switch c := byte(i); {
		case c == 'e' || c == ' ' || c == '\\' || c == '.' || c == '-':
			w[i] = 8
		case c == 't' || c == 'a' || c == 'o' || c == 'i' || c == 'n' || c == 's' || c == 'r' || c == '/' || c == '"' || c == ':':
			w[i] = 5
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			w[i] = 2
		default:
			w[i] = 0.5
		}
	}
	return w
}()

// common are grams of usual values: a text found by one of them would be found too often.
var common = func() map[uint32]bool {
	m := map[uint32]bool{}
	for _, u := range usual {
		for i := 0; i+gramSize <= len(u.value); i++ {
			m[gramAt(u.value, i)] = true
		}
	}
	return m
}()

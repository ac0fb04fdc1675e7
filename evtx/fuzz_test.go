package evtx

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// seeds are the files that fuzzing starts from.
func seeds(t testing.TB) [][]byte {
	return [][]byte{
		encode(t, WriterOptions{RecordsPerChunk: 2}, processEvent(), userDataEvent(), processEvent()),
		craftFile(three(1), slack(three(4), 1)),
		craftFile(craftChunk(1, named("A", "1"), typed(true, NullValue()), typed(false, StringsValue("a", "b")),
			func(e *encoder) { wrapped(e, func(e *encoder) { within(e, "EventData", rawData) }) })),
	}
}

// exercise reads all there is to read in a file.
func exercise(t testing.TB, b []byte, o Options) {
	f, err := Open(bytes.NewReader(b), int64(len(b)), o)
	if err != nil {
		return
	}
	var buf []byte
	for r, err := range f.Records() {
		if err != nil {
			_ = err.Error()
			continue
		}
		use(t, r, &buf)
	}
	f.Notes()
}

func use(t testing.TB, r *Record, buf *[]byte) {
	for _, f := range r.Layout().Fields() {
		v := r.Value(f.Handle)
		*buf = v.AppendText((*buf)[:0])
		v.Uint64()
		v.Time()
		v.HasSuffixFold(`\x.exe`)
		v.ContainsFold("é")
		for item := range v.Items() {
			item.EqualFoldASCII("A")
		}
	}
	*buf = r.AppendJSON((*buf)[:0])
	if !json.Valid(*buf) {
		t.Fatalf("no JSON: %q", *buf)
	}
	*buf = r.AppendXML((*buf)[:0])
	if !utf8.Valid(*buf) {
		t.Fatalf("no UTF-8: %q", *buf)
	}
	r.Clone()
}

// bounded fails when reading some small input takes as long or as much memory as only an attack would make it.
func bounded(t *testing.T, read func()) {
	const (
		longest = 5 * time.Second
		most    = 256 << 20
	)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	read()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; took > longest || n > most {
		t.Errorf("%v and %d bytes allocated", took, n)
	}
}

func FuzzFile(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 {
			return
		}
		bounded(t, func() { exercise(t, b, Options{Recover: true}) })
	})
}

// FuzzChunk changes a few places of a good chunk: a mutation of the whole file mostly hits nothing.
func FuzzChunk(f *testing.F) {
	for i := range seeds(f) {
		f.Add(i, []byte{0, 2, 30, 0x21, 0, 3, 1, 0xff})
	}
	files := seeds(f)
	f.Fuzz(func(t *testing.T, seed int, edits []byte) {
		file := files[uint(seed)%uint(len(files))]
		chunk := bytes.Clone(file[fileHeaderSize : fileHeaderSize+ChunkSize])
		used := int(le.Uint32(chunk[48:])) - chunkHeaderSize
		for ; len(edits) >= 4; edits = edits[4:] {
			at := chunkHeaderSize + (int(edits[0])<<8|int(edits[1]))%max(1, used)
			chunk[at], chunk[min(at+int(edits[2]%4), ChunkSize-1)] = edits[3], edits[2]
		}
		bounded(t, func() { readFuzzed(t, chunk) })
	})
}

// readFuzzed reads a chunk with its magic twice, the second time by asking for each record, which must change nothing.
func readFuzzed(t *testing.T, chunk []byte) {
	var seen [2][]uint64
	for i := range seen {
		c := NewChunkReader(nil, nil)
		if i == 1 {
			c.Want = func(Peek) bool { return true }
		}
		if c.Reset(chunk, 0, 0) != nil {
			t.Fatal("a chunk with its magic is refused")
		}
		c.Verify()
		var buf []byte
		for n := 0; ; n++ {
			r, err := c.Next()
			if err == io.EOF {
				break
			}
			if n > ChunkSize/minRecordSize {
				t.Fatal("more records than a chunk can hold")
			}
			if err != nil {
				seen[i] = append(seen[i], 1<<63)
				continue
			}
			use(t, r, &buf)
			seen[i] = append(seen[i], r.ID(), uint64(r.EventID()))
		}
	}
	if !slices.Equal(seen[0], seen[1]) {
		t.Errorf("%v, when it is asked for %v", seen[0], seen[1])
	}
}

// FuzzRecord reads any bytes as the binary XML of a record, twice in one chunk, so that the second meets what the first left in the caches.
func FuzzRecord(f *testing.F) {
	for _, b := range seeds(f) {
		chunk := b[fileHeaderSize : fileHeaderSize+ChunkSize]
		f.Add(chunk[chunkHeaderSize+recordHeaderSize : recordAt(chunk, 1)-4])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 30_000 {
			return
		}
		raw := func(e *encoder) { e.b = append(e.b, body...) }
		bounded(t, func() { readFuzzed(t, craftChunk(1, raw, named("A", "1"), raw)) })
	})
}

// FuzzTemplate reads any bytes as the body of a template, with values of any types for its holes.
func FuzzTemplate(f *testing.F) {
	for _, b := range seeds(f) {
		chunk := b[fileHeaderSize : fileHeaderSize+ChunkSize]
		def := chunkHeaderSize + recordHeaderSize + 4 + 10
		size := int(le.Uint32(chunk[def+20:]))
		f.Add(chunk[def+24:def+24+min(size, 20_000)], []byte{1, 4, 8, 0x21, 0x81}, []byte("values\x00of\x00it"))
	}
	f.Fuzz(func(t *testing.T, body, types, values []byte) {
		if len(body) > 20_000 || len(types) > 1000 || len(values) > 5000 {
			return
		}
		record := func(e *encoder) {
			e.fragmentHeader()
			e.instance("fuzzed", keyGUID("fuzzed"), func() { e.b = append(e.b, body...) })
			var vals []Value
			for i, typ := range types {
				share := len(values) / len(types)
				vals = append(vals, Value{Type: Type(typ) &^ arrayBit, Array: typ&byte(arrayBit) != 0, State: Present, Bytes: values[i*share : (i+1)*share]})
			}
			e.values(vals, nil)
		}
		bounded(t, func() { readFuzzed(t, craftChunk(1, record, record)) })
	})
}

// FuzzValue renders any bytes as a value of any type.
func FuzzValue(f *testing.F) {
	for typ := range 0x22 {
		f.Add(uint8(typ), []byte("\x01\x02\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00 16 bytes"))
		f.Add(uint8(typ)|uint8(arrayBit), []byte("a\x00\x00\x00b\x00\x00\x00"))
	}
	f.Fuzz(func(t *testing.T, typ uint8, b []byte) {
		if len(b) > 0xffff {
			return
		}
		bounded(t, func() {
			readFuzzed(t, craftChunk(1, typed(true, Value{Type: Type(typ) &^ arrayBit, Array: typ&uint8(arrayBit) != 0, State: Present, Bytes: b[:min(len(b), 40_000)]})))
		})
		v := Value{Type: Type(typ) &^ arrayBit, State: Present, Bytes: b}
		text := v.AppendText(nil)
		if !utf8.Valid(text) {
			t.Errorf("no UTF-8: %q", text)
		}
		if back := v.AppendText([]byte("x")); string(back) != "x"+string(text) {
			t.Errorf("%q behind other text, %q alone", back, text)
		}
		if v.Type != TypeString && len(text) > 0 && (!v.EqualFoldASCII(string(text)) || !v.ContainsFold(string(text))) {
			t.Errorf("%v does not equal its text %q", v.Type, text)
		}
		n := 0
		for range (Value{Type: v.Type, State: Present, Array: true, Bytes: b}).Items() {
			if n++; n > len(b)+1 {
				t.Fatal("more items than bytes")
			}
		}
	})
}

// FuzzCarve looks for records in any blob: what it finds is read whole, and once.
func FuzzCarve(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b[fileHeaderSize:fileHeaderSize+8000], 0, uint16(3))
		f.Add(b[fileHeaderSize:fileHeaderSize+8000], 5000, uint16(700))
	}
	f.Fuzz(func(t *testing.T, piece []byte, at int, gap uint16) {
		if len(piece) > 1<<17 || at < 0 || at > 1<<17 {
			return
		}
		blob := append(make([]byte, at), piece...)
		blob = append(append(blob, make([]byte, gap)...), piece...)
		bounded(t, func() {
			f, err := Open(bytes.NewReader(blob), int64(len(blob)), Options{Recover: true})
			if err != nil {
				return
			}
			var buf []byte
			seen := map[identity]bool{}
			for r := range f.Recovered() {
				if x := (identity{r.id, r.written}); seen[x] {
					t.Fatalf("record %v comes twice", x)
				} else {
					seen[x] = true
				}
				if !r.Recovered() {
					t.Fatal("a recovered record does not say so")
				}
				use(t, r, &buf)
			}
		})
	})
}

func FuzzUTF16(f *testing.F) {
	f.Add([]byte("a\x00b\x00"))
	f.Add([]byte("\x3d\xd8\x00\xdeaaaaaaaaaaaaaaaa\x00\xd8"))
	f.Add(appendUTF16(nil, `C:\Windows\System32\é日本😀 "quoted" \ text`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var units []uint16
		for i := 0; i+1 < len(b); i += 2 {
			units = append(units, le.Uint16(b[i:]))
		}
		want := string(utf16.Decode(units))
		b = spacious(b)
		if got := string(AppendUTF8([]byte("x"), b)); got != "x"+want {
			t.Errorf("AppendUTF8(%x) = %q, want %q", b, got[1:], want)
		}
		var back string
		if err := json.Unmarshal(append(appendJSONUnits([]byte{'"'}, b), '"'), &back); err != nil || back != want {
			t.Errorf("JSON of %x is %q, %v, want %q", b, back, err, want)
		}
		v := Value{Bytes: b[:len(b)&^1], Type: TypeString, State: Present}
		if utf8.ValidString(want) && !bytes.ContainsRune([]byte(want), utf8.RuneError) {
			if !v.EqualFoldASCII(want) || !v.HasSuffixFold(want) || !v.HasPrefixFold(want) || !v.ContainsFold(want) {
				t.Errorf("%q does not match itself", want)
			}
		}
	})
}

// spacious is b with other bytes behind its end, as values have them that lie in a chunk.
func spacious(b []byte) []byte {
	const rest = "\x41\x00\x22\x00\x5c\x00\x00\x00\xe9\x00"
	return append(bytes.Clone(b), bytes.Repeat([]byte(rest), 10)...)[:len(b)]
}

func TestUTF16LikeTheStandardLibrary(t *testing.T) {
	alphabet := []uint16{'a', '"', '\\', '\n', 1, 0, 0x7f, 0x80, 0x7ff, 0x800, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff}
	for n := range 40 {
		for i := range alphabet {
			units := make([]uint16, n)
			for j := range units {
				units[j] = 'a'
			}
			if n > 0 {
				units[n/2] = alphabet[i]
				units[n-1] = alphabet[(i*7+n)%len(alphabet)]
			}
			var raw []byte
			for _, u := range units {
				raw = le.AppendUint16(raw, u)
			}
			want := string(utf16.Decode(units))
			for _, raw := range [][]byte{slices.Clip(raw), spacious(raw)} {
				if got := string(AppendUTF8(nil, raw)); got != want {
					t.Fatalf("%x: %q, want %q", raw, got, want)
				}
				var back string
				if err := json.Unmarshal(append(appendJSONUnits([]byte{'"'}, raw), '"'), &back); err != nil || back != want {
					t.Fatalf("%x: JSON %q, %v, want %q", raw, back, err, want)
				}
			}
		}
	}
}

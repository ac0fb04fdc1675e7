package evtx

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
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

func FuzzFile(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 {
			return
		}
		exercise(t, b, Options{Recover: true})
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
		c := NewChunkReader(nil, nil)
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
			if err == nil {
				use(t, r, &buf)
			}
		}
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

package evtx

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// idsOf lists the record ids of a file, recovered ones with a star.
func idsOf(t *testing.T, b []byte) (ids []string) {
	t.Helper()
	for r, err := range open(t, b, Options{Recover: true}).Records() {
		if err != nil {
			continue
		}
		s := fmt.Sprint(r.ID())
		if r.Recovered() {
			s += "*"
		}
		ids = append(ids, s)
	}
	return ids
}

// slack cuts a chunk off in front of its record n: what follows is slack.
func slack(chunk []byte, n int) []byte {
	return patched(chunk, func(b []byte) {
		le.PutUint32(b[48:], uint32(recordAt(b, n)))
		seal(b)
	})
}

func TestRecovery(t *testing.T) {
	lost := patched(three(4), func(b []byte) { fill(b[:128]) })
	tests := []struct {
		name string
		file []byte
		want []string
	}{
		{"nothing to recover", craftFile(three(1)), []string{"1", "2", "3"}},
		{"records in slack", craftFile(slack(three(1), 1)), []string{"1", "2*", "3*"}},
		{"slack behind zeros", craftFile(patched(slack(three(1), 1), func(b []byte) { clear(b[recordAt(three(1), 1):][:8]) })), []string{"1", "3*"}},
		{"copies of live records are dropped", craftFile(three(1), slack(three(1), 1)), []string{"1", "2", "3", "1"}},
		{"a chunk whose header is lost", craftFile(three(1), lost, three(7)), []string{"1", "2", "3", "7", "8", "9", "4*", "5*", "6*"}},
		{"a chunk at an odd offset", slices.Concat(craftFile(three(1)), make([]byte, 777), three(4)), []string{"1", "2", "3", "4*", "5*", "6*"}},
		{"a chunk in a blob", slices.Concat(make([]byte, 1000), []byte("memory"), three(4), []byte("memory")), []string{"4*", "5*", "6*"}},
		{"a chunk twice in a blob", slices.Concat([]byte("memory!"), three(4), three(4)), []string{"4*", "5*", "6*"}},
		{"a blob of magics", bytes.Repeat(chunkMagic, 3*ChunkSize/8), nil},
		{"a truncated stray chunk", slices.Concat([]byte("x"), three(4)[:recordAt(three(4), 2)+30]), []string{"4*", "5*"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, idsOf(t, test.file)); diff != "" {
				t.Errorf("ids, recovered ones with a star (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnIDThatBeganAnewIsNoCopy(t *testing.T) {
	older := patched(three(1), func(b []byte) {
		for i := range 3 {
			b[recordAt(b, i)+16] ^= 0xff // written at another time
		}
	})
	if diff := cmp.Diff([]string{"1", "2", "3", "1", "2*", "3*"}, idsOf(t, craftFile(three(1), slack(older, 1)))); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestRecoveredDoesNotTakeAnotherTemplateForItsOwn(t *testing.T) {
	body := templated("typed", true, StringValue("x"))
	chunk := craftChunk(1, body, body, body)
	at := bytes.Index(chunk, []byte{tokInstance, 1})
	id := le.Uint32(chunk[at+2:])
	chunk = slack(patched(chunk, func(b []byte) { le.PutUint32(b[recordAt(b, 2)+recordHeaderSize+6:], id+1) }), 1)
	if diff := cmp.Diff([]string{"1", "2*"}, idsOf(t, craftFile(chunk))); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

func TestRecoveredStopsWhenTheCallerDoes(t *testing.T) {
	f := open(t, craftFile(slack(three(1), 1)), Options{Recover: true})
	n := 0
	for r := range f.Recovered() {
		if n++; !r.Recovered() {
			t.Errorf("record %d is not marked", r.ID())
		}
		break
	}
	if n != 1 {
		t.Errorf("%d records", n)
	}
}

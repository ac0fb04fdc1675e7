package evtx

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestTheWideRoutinesDoWhatThePortableOnesDo(t *testing.T) {
	if !wide {
		t.Skip("this build has no wide routines")
	}
	alphabet := []uint16{'a', 'b', 'z', ' ', '"', '\\', '&', '\'', '<', '>', '=', '\n', 0, 0x1f, 0x20, 0x7e, 0x7f, 0x80, 0xff, 0x100, 0x122, 0x5c00, 0x7fff, 0x8000, 0xd83d, 0xffff}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		n := random.IntN(70)
		var raw []byte
		for range n {
			u := alphabet[random.IntN(4)] // long plain runs
			if random.IntN(12) == 0 {
				u = alphabet[random.IntN(len(alphabet))]
			}
			raw = le.AppendUint16(raw, u)
		}
		if n == 0 {
			continue
		}
		raw = spacious(raw)
		got, want := make([]byte, n+16), make([]byte, n+16)
		read, portable := packASCII(got, raw), packASCIIPortable(want, raw)
		// The wide one may stop at a zero unit, and must not before anything else.
		if read > portable || read < portable && le.Uint16(raw[2*read:]) != 0 || !bytes.Equal(got[:read], want[:read]) {
			t.Fatalf("% x: %d units %q, want %d %q", raw, read, got[:read], portable, want[:portable])
		}
		if read, portable := packXML(got, raw), packXMLPortable(want, raw); read != portable || !bytes.Equal(got[:read], want[:read]) {
			t.Fatalf("% x: %d units %q, want %d %q", raw, read, got[:read], portable, want[:portable])
		}
		got, want = make([]byte, 2*n+16), make([]byte, 2*n+16)
		read, written := packJSON(got, raw)
		portableRead, portableWritten := packJSONPortable(want, raw)
		if read != portableRead || written != portableWritten || !bytes.Equal(got[:written], want[:written]) {
			t.Fatalf("% x: %d units %q, want %d %q", raw, read, got[:written], portableRead, want[:portableWritten])
		}
	}
}

func TestTextWithoutRoomBehindItIsNotReadWide(t *testing.T) {
	b := append([]byte("a\x00b\x00"), make([]byte, wideRead)...)
	for _, cut := range []int{0, 1, wideRead - 1} {
		text := b[: 4 : 4+cut]
		var dst [20]byte
		if n := packASCII(dst[:], text); n != 2 {
			t.Errorf("%d bytes behind it: %d units", cut, n)
		}
	}
}

package reeve_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"

	"reeve"
)

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func TestValuesReadAsText(t *testing.T) {
	for _, c := range []struct {
		says string
		v    reeve.Value
		want string
	}{
		{"UTF-8 stays", reeve.Value{Kind: reeve.Text, Bytes: []byte("grün")}, "grün"},
		{"UTF-16 becomes UTF-8", reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: utf16le("grün")}, "grün"},
		{"behind ASCII as well", reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: utf16le("abcdefgü, hijklmnop\u0080q")}, "abcdefgü, hijklmnop\u0080q"},
		{"an odd byte behind eight is left out", reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: append(utf16le("abcd"), 'e')}, "abcd"},
		{"a pair is one character", reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: utf16le("a\U0001F600b")}, "a\U0001F600b"},
		{"half a pair is a replacement", reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: []byte{'a', 0, 0x3d, 0xd8, 'b', 0}}, "a\uFFFDb"},
		{"half a pair at the end is a replacement", reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: []byte{0x3d, 0xd8}}, "\uFFFD"},
		{"an odd byte is left out", reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: []byte{'a', 0, 'b'}}, "a"},
		{"absent is nothing", reeve.Value{}, ""},
		{"null is nothing", reeve.Value{Kind: reeve.Null}, ""},
		{"a list keeps its ends", reeve.Value{Kind: reeve.List, Bytes: []byte("a\x00b\x00")}, "a\x00b\x00"},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := c.v.String(); got != c.want {
				t.Errorf("String gives %q, want %q", got, c.want)
			}
			if got := string(c.v.AppendText([]byte("x"))); got != "x"+c.want {
				t.Errorf("AppendText gives %q", got)
			}
		})
	}
}

func TestUTF16IsReadAsTheStandardLibraryReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.Uint16(), 0, 40).Draw(t, "units")
		var b []byte
		for _, u := range units {
			b = append(b, byte(u), byte(u>>8))
		}
		got := reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: b}.String()
		if want := string(utf16.Decode(units)); got != want || !utf8.ValidString(got) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

func TestAValueIsReadWithoutAllocation(t *testing.T) {
	v := reeve.Value{Kind: reeve.Text, Enc: reeve.UTF16LE, Bytes: utf16le(`C:\Users\grün\a.exe`)}
	buf := make([]byte, 0, 128)
	if n := testing.AllocsPerRun(100, func() { buf = v.AppendText(buf[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCitationsHaveOneOrder(t *testing.T) {
	ref := rapid.Custom(func(t *rapid.T) reeve.Ref {
		return reeve.Ref{File: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "file"), RecordID: rapid.SampledFrom([]uint64{0, 1, math.MaxInt64, math.MaxUint64}).Draw(t, "id"),
			HasID: rapid.Bool().Draw(t, "has"), Offset: rapid.SampledFrom([]int64{0, 1, math.MaxInt64, math.MinInt64}).Draw(t, "offset"), Line: rapid.SampledFrom([]int{0, 1, math.MaxInt}).Draw(t, "line")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := ref.Draw(t, "a"), ref.Draw(t, "b"), ref.Draw(t, "c")
		if a.Compare(b) != -b.Compare(a) {
			t.Fatalf("%v and %v: %d and %d", a, b, a.Compare(b), b.Compare(a))
		}
		if (a.Compare(b) == 0) != (a == b) {
			t.Fatalf("%v and %v are told equal", a, b)
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatalf("%v, %v, %v go round", a, b, c)
		}
	})
}

func TestGUIDs(t *testing.T) {
	const text = "9C977984-B2FD-5C05-0000-0010974F0300"
	for _, s := range []string{text, "{" + text + "}", strings.ToLower(text)} {
		g, ok := reeve.ParseGUID([]byte(s))
		if !ok || g.String() != text {
			t.Errorf("%s reads as %s, %v", s, g, ok)
		}
	}
	for _, s := range []string{"", "{}", text + "}", "{" + text, text[1:], strings.Replace(text, "-", "_", 1), strings.Replace(text, "9C", "xx", 1), text + "00"} {
		if g, ok := reeve.ParseGUID([]byte(s)); ok {
			t.Errorf("%q reads as %s", s, g)
		}
	}
	if s := (reeve.GUID{}).String(); s != "" {
		t.Errorf("no GUID prints %q", s)
	}
	rapid.Check(t, func(t *rapid.T) {
		var g reeve.GUID
		copy(g[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "guid"))
		if back, ok := reeve.ParseGUID([]byte(g.String())); g != (reeve.GUID{}) && (!ok || back != g) {
			t.Fatalf("%s reads back as %s", g, back)
		}
	})
}

func TestTheZeroValueClaimsNothing(t *testing.T) {
	var v reeve.Verdict
	var a reeve.Answer
	if v.Label != reeve.Inconclusive || a.Stance != reeve.Unknown || v.Confidence != 0 {
		t.Errorf("a verdict that was not given is %s, an answer %s", v.Label, a.Stance)
	}
	if !(reeve.ProcKey{}).IsZero() || (reeve.ProcKey{PID: 4}).IsZero() {
		t.Error("a key without GUID and pid names no process, one with a pid does")
	}
}

func TestWordsOfTheContract(t *testing.T) {
	labels := []reeve.Label{reeve.Benign, reeve.Expected, reeve.Inconclusive, reeve.Suspicious, reeve.Malicious}
	if !slices.IsSortedFunc(labels, func(a, b reeve.Label) int { return a.Rank() - b.Rank() }) {
		t.Error("labels do not rank from benign to malicious")
	}
	var words []string
	for _, l := range labels {
		words = append(words, l.String())
	}
	for s := reeve.Unknown; s <= reeve.Refutes; s++ {
		words = append(words, s.String())
	}
	for l := reeve.Informational; l <= reeve.Critical; l++ {
		words = append(words, l.String())
	}
	if got, want := strings.Join(words, " "), "benign expected inconclusive suspicious malicious unknown neutral supports refutes informational low medium high critical"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	seen := map[string]bool{}
	for a := reeve.AttrImage; a <= reeve.AttrMessage; a++ {
		if n := a.String(); n == "" || seen[n] {
			t.Errorf("attribute %d is named %q", a, n)
		}
		seen[a.String()] = true
	}
}

func TestEventsGiveTheirAttributes(t *testing.T) {
	e := reeve.Event{Ref: reeve.Ref{File: "a"}, Also: []reeve.Ref{{File: "b"}}, Attrs: []reeve.Property{{Attr: reeve.AttrImage, Value: "x"}, {Attr: reeve.AttrCommandLine}, {Attr: reeve.AttrImage, Value: "y"}}}
	if e.Get(reeve.AttrImage) != "x" || e.Get(reeve.AttrUser) != "" {
		t.Error("the first of several counts, and what is not stated is empty")
	}
	if !e.Has(reeve.AttrCommandLine) || e.Has(reeve.AttrUser) {
		t.Error("empty is not absent")
	}
	if refs := e.Refs(); len(refs) != 2 || refs[0].File != "a" || refs[1].File != "b" {
		t.Errorf("citations %v", refs)
	}
}

func TestTimesPrintSevenDecimals(t *testing.T) {
	at := time.Date(2024, 3, 6, 9, 39, 8, 385_000_100, time.UTC)
	got := reeve.TimeOf(at)
	if got.String() != "2024-03-06T09:39:08.3850001Z" {
		t.Errorf("%s", got)
	}
	if reeve.TimeOf(at.In(time.FixedZone("", 3600))) != got {
		t.Error("a zone changes the moment")
	}
	if reeve.Time(0).String() != "" {
		t.Errorf("no time prints %q", reeve.Time(0).String())
	}
	if reeve.Day != 24*reeve.Hour || reeve.Hour != 60*reeve.Minute || reeve.Minute != 60*reeve.Second {
		t.Error("units do not fit")
	}
}

func TestReadErrorsTellWhereAndWhat(t *testing.T) {
	e := reeve.ReadError{Ref: reeve.Ref{File: "a.evtx", Offset: 4096}, Err: errors.Join(reeve.ErrRecord)}
	if !errors.Is(&e, reeve.ErrRecord) {
		t.Error("the class is lost")
	}
	if s := e.Error(); !strings.Contains(s, "a.evtx") || !strings.Contains(s, "4096") {
		t.Errorf("%q tells no position", s)
	}
}

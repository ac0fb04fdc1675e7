package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"reeve/internal/ingest"
)

func TestPartsAreWrittenInOrderWhoeverPrintsThem(t *testing.T) {
	const files = 40
	var want bytes.Buffer
	var places []ingest.Place
	texts := map[ingest.Place]string{}
	for f := range files {
		parts := 1 + f%4
		for p := range parts {
			at := ingest.Place{File: f, Part: p, Last: p == parts-1}
			text := strings.Repeat(fmt.Sprintf("%d.%d\n", f, p), 10*(f+p)*(f%3))
			if f == 7 {
				text = strings.Repeat("much\n", partFull) // more than one write
			}
			places, texts[at] = append(places, at), text
			want.WriteString(text)
		}
	}
	for workers := 1; workers <= 5; workers++ {
		var got bytes.Buffer
		o := newInOrder(&got)
		work := make(chan ingest.Place)
		var wg sync.WaitGroup
		for i := range workers {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			wg.Go(func() {
				p := partWriter{o: o}
				for at := range work {
					p.begin(at)
					for text := texts[at]; text != ""; {
						n := min(len(text), 1+random.IntN(100_000))
						p.text = append(p.text, text[:n]...)
						text = text[n:]
						p.full()
					}
					p.end(at.Last)
				}
			})
		}
		for _, at := range places {
			work <- at
		}
		close(work)
		wg.Wait()
		if !bytes.Equal(got.Bytes(), want.Bytes()) || o.held != 0 || len(o.done) != 0 {
			t.Errorf("%d workers: %d bytes of %d, or they differ; %d held", workers, got.Len(), want.Len(), o.held)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAWriterThatFailsStopsNobody(t *testing.T) {
	o := newInOrder(failing{})
	p := partWriter{o: o}
	for i := range 3 {
		p.begin(ingest.Place{Part: i})
		p.text = append(p.text, "text"...)
		p.end(i == 2)
	}
	if o.err == nil || o.next.File != 1 {
		t.Errorf("error %v, next %v", o.err, o.next)
	}
}

func TestWhatAConditionSays(t *testing.T) {
	tests := []struct {
		where, text string
		want        bool
	}{
		{"EventID=4688", "4688", true},
		{"EventID=4688", "46888", false},
		{"EventID=1,4688", "1", true},
		{"EventID=1,4688", "2", false},
		{"EventID!=1,4688", "2", true},
		{"EventID!=1,4688", "1", false},
		{"Channel=security", "Security", true},
		{`Image=*\certutil.exe`, `C:\Windows\System32\CertUtil.exe`, true},
		{`Image=*\certutil.exe`, `C:\Windows\System32\certutil.exe.bak`, false},
		{`Image=C:\*\Temp\*.exe`, `c:\users\a\temp\x.exe`, true},
		{`Image=C:\*\Temp\*.exe`, `c:\temp\x.exe`, false},
		{"CommandLine=*a=b*", "x a=b y", true},
		{"CommandLine=a,b", "a,b", true},
		{"CommandLine=*", "", true},
		{"CommandLine=", "", true},
		{"CommandLine=", "x", false},
		{"CommandLine=ab*ba", "aba", false},
	}
	for _, test := range tests {
		c, err := parseWhere([]string{test.where})
		if err != nil {
			t.Fatal(err)
		}
		if got := c[0].holds(test.text); got != test.want {
			t.Errorf("%s of %q: %v", test.where, test.text, got)
		}
	}
	for _, bad := range []string{"", "EventID", "=4688", "!=4688"} {
		if _, err := parseWhere([]string{bad}); err == nil {
			t.Errorf("%q is taken for a condition", bad)
		}
	}
}

func TestPlainJSONEndsBeforeWhatHasToBeEscaped(t *testing.T) {
	for _, special := range []string{"<", "\x7f", "\u202e", "é", "\xff"} {
		for n := range 40 {
			text := strings.Repeat(`"a":1,`, 10)[:n] + special + strings.Repeat("x", 20)
			if got := plainJSON([]byte(text)); got != n {
				t.Errorf("%q: %d, want %d", text, got, n)
			}
		}
	}
	if text := strings.Repeat("~; ={", 10); plainJSON([]byte(text)) != len(text) {
		t.Error("plain text is not plain")
	}
}

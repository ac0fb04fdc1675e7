package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestARecordOfXMLStaysWhatItIs(t *testing.T) {
	for in, want := range map[string]string{
		"<Event a='1'><Data Name=\"x\">a &amp; b &#65; é</Data></Event>": "<Event a='1'><Data Name=\"x\">a &amp; b &#65; é</Data></Event>",
		"<a>\r\n\tb\rc</a>":                        "<a>\n\tb\nc</a>",
		"<a>\x1b[2J\x00</a>":                       "<a>\ufffd[2J\ufffd</a>",
		"<a>\u202egpj\u009b31m</a>":                "<a>&#x202E;gpj&#x9B;31m</a>",
		"<a b='\u202e<&x;'/>":                      "<a b='&#x202E;&lt;&amp;x;'/>",
		"<a\u202e/>":                               "<a\ufffd/>",
		"<a><![CDATA[<b>&x;\u202e]]>&x;</a>":       "<a><![CDATA[<b>&x;\ufffd]]>&amp;x;</a>",
		"<a><!-- &x;\u202e --></a>":                "<a><!-- &x;\ufffd --></a>",
		"<a>&#0;&#x1b;&#xd800;&#x110000;&#;&;</a>": "<a>\ufffd\ufffd\ufffd\ufffd&amp;#;&amp;;</a>",
		"<a>&#99999999999999;&lt</a>":              "<a>&amp;#99999999999999;&amp;lt</a>",
		"<a>\xff</a>":                              "<a>\ufffd</a>",
		"<a>&":                                     "<a>&amp;",
	} {
		if got := string(appendXML(nil, []byte(in))); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestARecordOfJSONKeepsItsValues(t *testing.T) {
	if got := string(appendJSON([]byte("x"), []byte("{\"a\":\"\u202e<\x7fé\"}"))); got != `x{"a":"\u202e\u003c\u007fé"}` {
		t.Error(got)
	}
}

// FuzzXMLRecord: what a text holds is well-formed once it stands in an element, and nothing in it acts.
func FuzzXMLRecord(f *testing.F) {
	f.Add(strings.ReplaceAll(hostileName, "<", ""))
	f.Add("a &amp; &#x1b; &b; \r\n é")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, '<') || strings.Contains(s, "]]>") {
			return // markup of its own, which may be broken before
		}
		out := string(appendXML(nil, []byte("<a b='"+strings.ReplaceAll(s, "'", "")+"'>"+s+"</a>")))
		harmless(t, "xml", out)
		d := xml.NewDecoder(strings.NewReader(out))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("%q becomes %q: %v", s, out, err)
			}
		}
	})
}

package playbook

import (
	"strings"
	"testing"
	"unicode/utf8"

	"reeve"
)

func TestWords(t *testing.T) {
	for _, test := range []struct{ got, want string }{
		{Quoted("a"), "\u201ca\u201d"},
		{Quoted(strings.Repeat("\u00e4", 161)), "\u201c" + strings.Repeat("\u00e4", 160) + "\u2026\u201d"},
		{Quoted(strings.Repeat("a", 160)), "\u201c" + strings.Repeat("a", 160) + "\u201d"},
		{Quoted("a\xffb"), "\u201ca\ufffdb\u201d"},
		{Count(0, "rule"), "0 rules"},
		{Count(1, "rule"), "1 rule"},
		{Count(2, "rule"), "2 rules"},
		{Ago(0), "less than a second"},
		{Ago(119 * reeve.Second), "119 seconds"},
		{Ago(2 * reeve.Minute), "2 minutes"},
		{Ago(119 * reeve.Minute), "119 minutes"},
		{Ago(2 * reeve.Hour), "2 hours"},
		{Ago(47 * reeve.Hour), "47 hours"},
		{Ago(2 * reeve.Day), "2 days"},
		{Sentence("it ran"), "It ran."},
		{Sentence(""), ""},
		{Base(`C:\A\B.EXE`), "b.exe"},
		{Base(`/a/b`), "b"},
		{Base(`"b.exe"`), "b.exe"},
		{Base(`C:\A\`), ""},
		{PayloadKind(`C:\x\PowerShell.exe`), "cmd"},
		{PayloadKind("cscript.exe"), "script"},
		{PayloadKind("mshta.exe"), "hta"},
		{PayloadKind("msiexec.exe"), "msi"},
		{PayloadKind("a.exe"), "exe"},
		{PayloadKind(""), "exe"},
		{Chain(nil), ""},
		{Chain([]reeve.Process{{Image: `C:\a.exe`}, {Key: reeve.ProcKey{PID: 7}}}), "a.exe \u2190 pid 7"},
		{Chain(make([]reeve.Process, 9)), strings.Repeat("pid 0 \u2190 ", 8) + "\u2026"},
		{Probable(reeve.Process{}, nil), ""},
		{Probable(reeve.Process{ByPID: true}, nil), ", probable: linked by pid and time"},
		{Probable(reeve.Process{}, []reeve.Process{{ByPID: true}, {}}), ", probable: linked by pid and time"},
		{Probable(reeve.Process{}, []reeve.Process{{}, {ByPID: true}}), ""},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestListsOfWords(t *testing.T) {
	for name, ok := range map[string]bool{
		"a name of the list":                    OneOf(`C:\x\Cmd.exe`, "a.exe cmd.exe"),
		"not a part of a name":                  !OneOf("md.exe", "cmd.exe"),
		"not two names as one":                  !OneOf("a.exe cmd.exe", "a.exe cmd.exe"),
		"not an empty name":                     !OneOf("", "cmd.exe"),
		"one of several words":                  HasAny("a copy b", "move|copy"),
		"no words are always there":             HasAny("a", ""),
		"none of several words":                 !HasAny("a", "b|c"),
		"an ending of several":                  HasSuffix("a.dll", ".exe .dll"),
		"no ending":                             !HasSuffix("a.txt", ".exe .dll"),
		"all words":                             HasAll("delete the shadows", []string{"shadow", "delete|remove"}),
		"a word before the end has its blank":   HasAll("sc create", []string{" create "}),
		"one word missing":                      !HasAll("delete", []string{"shadow", "delete"}),
		"parts in order":                        InOrder(`hklm\services\foo\imagepath`, `\services\ \imagepath`),
		"neighbours share a backslash":          InOrder(`\services\imagepath`, `\services\ \imagepath`),
		"parts in another order":                !InOrder(`\imagepath\services\x`, `\services\ \imagepath`),
		"a path within a text":                  Mentions(`file:_c:\a.exe; b`, `c:\a.exe`),
		"a path at the end":                     Mentions(`x c:\a.exe`, `c:\a.exe`),
		"not a path that only begins like it":   !Mentions(`c:\a.exe.txt`, `c:\a.exe`),
		"the second one fits":                   Mentions(`c:\a.exe.txt, c:\a.exe`, `c:\a.exe`),
		"no path is mentioned by an empty name": !Mentions("abc", ""),
		"a picture that is a program":           Disguised("a.jpg.exe") && Disguised("a.pdf.scr") && Disguised("a.txt.dll"),
		"a program with a picture's name":       Disguised("a.jpg") && Disguised("a.tmp"),
		"a program":                             !Disguised("a.exe") && !Disguised("a.1.2.exe") && !Disguised("a"),
		"the system's sessions":                 SystemLogon("0x3E7") && SystemLogon("0x3e5") && SystemLogon("0x3e4"),
		"a user's session":                      !SystemLogon("0x1a2b3") && !SystemLogon(""),
	} {
		if !ok {
			t.Error(name)
		}
	}
}

func TestFactsOfRecords(t *testing.T) {
	event := func(pairs ...any) *reeve.Event {
		e := &reeve.Event{}
		for i := 0; i < len(pairs); i += 2 {
			e.Attrs = append(e.Attrs, reeve.Property{Attr: pairs[i].(reeve.Attr), Value: pairs[i+1].(string)})
		}
		return e
	}
	for _, test := range []struct {
		name          string
		event         *reeve.Event
		signed, valid bool
	}{
		{"nothing stated", event(), false, false},
		{"valid", event(reeve.AttrSigned, "true", reeve.AttrSignatureInfo, "Valid"), true, true},
		{"revoked", event(reeve.AttrSigned, "true", reeve.AttrSignatureInfo, "Revoked"), true, false},
		{"signed, of unknown status", event(reeve.AttrSigned, "true"), false, false},
		{"unsigned, whatever the status", event(reeve.AttrSigned, "false", reeve.AttrSignatureInfo, "Valid"), false, false},
	} {
		if signed, valid := Signature(test.event); signed != test.signed || valid != test.valid {
			t.Errorf("%s: %v %v", test.name, signed, valid)
		}
	}
	for text, want := range map[string]uint64{"0x1410": 0x1410, "0X10": 0x10, "1F": 0x1f, "": 0, "-": 0, "0x": 0, "0x1ffffffff": 0, "%%1": 0} {
		if got := Rights(event(reeve.AttrAccess, text)); got != want {
			t.Errorf("rights %q: %#x", text, got)
		}
	}
	for _, test := range []struct {
		event *reeve.Event
		want  string
	}{
		{event(reeve.AttrSourceIP, "10.0.0.9", reeve.AttrSourceHost, "PC9"), "10.0.0.9"},
		{event(reeve.AttrSourceIP, "-", reeve.AttrSourceHost, "PC9"), "PC9"},
		{event(reeve.AttrSourceIP, "::1"), ""},
		{event(), ""},
	} {
		if got := Source(test.event); got != test.want {
			t.Errorf("source %q, want %q", got, test.want)
		}
	}
	for _, test := range []struct {
		image, target string
		pid           uint32
		want          bool
	}{{`C:\a.exe`, "7", 7, true}, {`C:\a.exe`, "0x7", 7, true}, {`C:\a.exe`, "8", 7, false}, {`C:\a.exe`, "a.exe", 7, true}, {`C:\a.exe`, "A", 7, true}, {`C:\a.exe`, "b", 7, false}, {`C:\a.exe`, "", 7, false}} {
		e := event(reeve.AttrTargetImage, test.image)
		e.Target.PID = test.pid
		if got := Reaches(e, test.target); got != test.want {
			t.Errorf("%s (%d) is reached as %q: %v", test.image, test.pid, test.target, got)
		}
	}
	if got, want := LogonWords(event(reeve.AttrTargetUser, `EX\a`, reeve.AttrLogon, "10", reeve.AttrSourceIP, "10.0.0.9")), `EX\a logged on by remote desktop from 10.0.0.9 at `; got != want {
		t.Errorf("got %q", got)
	}
	if got, want := LogonWords(event()), "an unnamed account logged on in an unstated way at "; got != want {
		t.Errorf("got %q", got)
	}
}

func TestMarkOfTheWeb(t *testing.T) {
	for _, test := range []struct{ name, contents, want string }{
		{"no mark", "", ""},
		{"the host's address", "[ZoneTransfer]\r\nZoneId=3\r\nReferrerUrl=https://a.example/\r\nHostUrl=https://b.example/x\r\n", "https://b.example/x"},
		{"else the referrer", "[ZoneTransfer]\nZoneId=3\nReferrerUrl=https://a.example/", "https://a.example/"},
		{"else the zone", "[ZoneTransfer]\nZoneId=3", "the internet zone"},
		{"a placeholder is no address", "ZoneId=3\nHostUrl=about:internet", "the internet zone"},
		{"restricted sites count", "ZoneId=4", "the internet zone"},
		{"the intranet does not count", "ZoneId=1\nHostUrl=https://intranet.example/x", ""},
		{"nor does a trusted site", "ZoneId=2\nHostUrl=https://b.example/x", ""},
		{"an address without a zone counts", "HostUrl=https://b.example/x", "https://b.example/x"},
		{"names of keys in any case", "zoneid = 3\nHOSTURL = https://b.example/x", "https://b.example/x"},
	} {
		if got := WebMark(test.contents); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	for path, want := range map[string]string{`C:\a.exe:Zone.Identifier`: ":Zone.Identifier", `C:\a.exe:zone.identifier:$DATA`: ":zone.identifier:$DATA", `C:\a.exe`: "", "": "", ":zone.identifier": ""} {
		if got := ZoneStream(path); got != want {
			t.Errorf("%q: got %q", path, got)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("\xff\xfe", `\`)
	f.Add(strings.Repeat("\u0130", 200), ":zone.identifier")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, s := range []string{Quoted(a), Base(a), WebMark(b), ZoneStream(a + b), Chain([]reeve.Process{{Image: a}, {Image: b}})} {
			if len(s) > 4*maxSentence+3*(len(a)+len(b)) { // an invalid byte becomes the three of U+FFFD
				t.Errorf("%d bytes", len(s))
			}
		}
		if !utf8.ValidString(shorten(a, 10_000)) || len([]rune(Quoted(a))) > maxQuote+3 {
			t.Errorf("%q", Quoted(a))
		}
		Mentions(a, b)
		InOrder(a, b)
		OneOf(a, b)
	})
}

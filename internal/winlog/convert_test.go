package winlog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"reeve"
	"reeve/internal/winlog/recordtest"
)

func TestNumbersAreReadAsEvidenceWritesThem(t *testing.T) {
	tests := []struct {
		text string
		want uint64
		ok   bool
	}{
		{"4711", 4711, true}, {"0x1267", 4711, true}, {"0X1267", 4711, true}, {" 4711\t", 4711, true}, {"4711.0", 4711, true}, {"4711.", 4711, true}, {"0", 0, true}, {"0x0", 0, true},
		{"0xffffffffffffffff", 1<<64 - 1, true}, {"9223372036854775807", 1<<63 - 1, true},
		{"", 0, false}, {"-", 0, false}, {"-1", 0, false}, {"0x", 0, false}, {"0x1g", 0, false}, {"0x10000000000000000", 0, false}, {"12345678901234567890", 0, false}, {"4711.5", 0, false}, {".0", 0, false}, {"4 711", 0, false},
	}
	for _, test := range tests {
		if n, ok := number([]byte(test.text)); n != test.want || ok != test.ok {
			t.Errorf("%q is %d, %t, want %d, %t", test.text, n, ok, test.want, test.ok)
		}
	}
}

func TestAProcessIDBeyond32BitsIsNone(t *testing.T) {
	d := NewDecoder()
	for text, want := range map[string]uint32{"4294967295": 1<<32 - 1, "4294967296": 0, "0x100001267": 0, "4711": 4711} {
		rec := recordtest.One(t, "Security | Microsoft-Windows-Security-Auditing | 4689\nProcessId="+text)
		if e := d.Decode(rec, d.Meaning(rec)); e.Process.PID != want {
			t.Errorf("%s is pid %d, want %d", text, e.Process.PID, want)
		}
	}
}

func TestMomentsAreReadInUTC(t *testing.T) {
	at := reeve.TimeOf(time.Date(2024, 2, 29, 23, 59, 59, 123_456_700, time.UTC))
	for text, want := range map[string]reeve.Time{
		"2024-02-29 23:59:59.1234567": at, "2024-02-29T23:59:59.1234567Z": at, "2024-02-29 23:59:59.123456789": at, "2024-02-29 23:59:59": at - 1_234_567, "1601-01-01 00:00:01.0": reeve.Second,
		"": 0, "2024-02-30 00:00:00": 0, "2023-02-29 00:00:00": 0, "2024-13-01 00:00:00": 0, "2024-00-01 00:00:00": 0, "2024-01-00 00:00:00": 0, "2024-01-01 24:00:00": 0, "2024-01-01 00:60:00": 0,
		"2024-01-01 00:00:60": 0, "2024-01-01 00:00:00.": 0, "2024-01-01 00:00:00.1x": 0, "2024-01-01 00:00:00+02:00": 0, "2024/01/01 00:00:00": 0, "20a4-01-01 00:00:00": 0, "1600-01-01 00:00:00": 0,
	} {
		if got := parseMoment([]byte(text)); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestTheEventsOwnTimeComesFirst(t *testing.T) {
	d := NewDecoder()
	const head = "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 5\n@TimeCreated_SystemTime=2024-05-01T10:00:02Z\nImage=x\nUtcTime="
	for utc, want := range map[string]string{"2024-05-01 10:00:01.500": "2024-05-01T10:00:01.5000000Z", "-": "2024-05-01T10:00:02.0000000Z", "": "2024-05-01T10:00:02.0000000Z", "nonsense": "2024-05-01T10:00:02.0000000Z"} {
		rec := recordtest.One(t, head+utc)
		e := d.Decode(rec, d.Meaning(rec))
		if e.Time.String() != want || e.Written.String() != "2024-05-01T10:00:02.0000000Z" {
			t.Errorf("with UtcTime %q the event is at %v, written at %v", utc, e.Time, e.Written)
		}
	}
}

func TestTaskActions(t *testing.T) {
	exec := func(inner string) string { return "<Task><Actions><Exec>" + inner + "</Exec></Actions></Task>" }
	tests := []struct{ why, xml, want string }{
		{"command and arguments", exec("<Command>a.exe</Command><Arguments>-x</Arguments>"), "a.exe -x"},
		{"a command alone", exec("<Command> a.exe </Command>"), "a.exe"},
		{"entities", exec("<Command>a.exe</Command><Arguments>&quot;a &amp; b&quot;</Arguments>"), `a.exe "a & b"`},
		{"a comment within", exec("<Command>a<!-- x -->.exe</Command>"), "a.exe"},
		{"CDATA", exec("<Command><![CDATA[a<b>.exe]]></Command>"), "a<b>.exe"},
		{"a prefix", `<t:Task xmlns:t="x"><t:Exec><t:Command>a.exe</t:Command></t:Exec></t:Task>`, "a.exe"},
		{"a declaration that is not true of the text", `<?xml version="1.0" encoding="UTF-16"?>` + exec("<Command>a.exe</Command>"), "a.exe"},
		{"two actions", "<Task><Exec><Command>a</Command></Exec><Exec><Command>b</Command><Arguments>c</Arguments></Exec></Task>", "a\nb c"},
		{"a class", "<Task><ComHandler><ClassId>{A6BA00FE-40E8-477C-B713-C64A14F18ADB}</ClassId><Data>x</Data></ComHandler></Task>", "{A6BA00FE-40E8-477C-B713-C64A14F18ADB}"},
		{"a folder is none of it", exec("<Command>a</Command><WorkingDirectory>C:\\</WorkingDirectory>"), "a"},
		{"all of it escaped", "&lt;?xml?&gt;&lt;Task&gt;&lt;Exec&gt;&lt;Command&gt;a.exe&lt;/Command&gt;&lt;Arguments&gt;&amp;quot;b&amp;quot;&lt;/Arguments&gt;&lt;/Exec&gt;&lt;/Task&gt;", `a.exe "b"`},
		{"cut off behind the command", "<Task><Exec><Command>a.exe</Command><Argu", "a.exe"},
		{"cut off within the command", "<Task><Exec><Command>a.e", ""},
		{"no XML", "a.exe", ""},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		if got := taskAction(test.xml); got != test.want {
			t.Errorf("%s: %q, want %q", test.why, got, test.want)
		}
	}
}

func TestTaskXMLWithoutEndIsLeft(t *testing.T) {
	begin := time.Now()
	taskAction("<Task>" + strings.Repeat("<Exec>", 1<<20))
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestKeyValues(t *testing.T) {
	tests := []struct {
		text, key, want string
		ok              bool
	}{
		{"\tA=1\r\n\tB=2\r\n", "B", "2", true},
		{"        Host Application = a.exe -x=1\n        Engine Version = 5\n", "Host Application", "a.exe -x=1", true},
		{"\tA=first\nsecond\n$x=1\n\tB=2", "A", "first\nsecond\n$x=1", true},
		{"\tA=first\n\n\tB=2", "A", "first", true},
		{"\tA=last", "A", "last", true},
		{"\tA=\n\tB=2", "A", "", false},
		{"\tA=(NULL)", "A", "(NULL)", false},
		{"\tAB=1", "A", "", false},
		{"", "A", "", false},
	}
	for _, test := range tests {
		if got, ok := keyValue(test.text, test.key); got != test.want || ok != test.ok {
			t.Errorf("%q in %q is %q, %t, want %q, %t", test.key, test.text, got, ok, test.want, test.ok)
		}
	}
}

func TestPhrases(t *testing.T) {
	tests := []struct {
		text, behind, before, want string
		ok                         bool
	}{
		{"a = 1; b = 2", "a = ", ";", "1", true},
		{"a = 1; b = 2", "b = ", ";", "2", true},
		{"x\r\na: 1\r\ny", "a:", "", "1", true},
		{"The System log file was cleared.", "The ", " log file", "System", true},
		{"x (y", "", " (", "x", true},
		{"a:\n1\n2\n", "a:", toEnd, "1\n2", true},
		{"a", "b", "", "", false},
		{"", "b", "", "", false},
	}
	for _, test := range tests {
		if got, ok := between([]byte(test.text), test.behind, test.before); string(got) != test.want || ok != test.ok {
			t.Errorf("behind %q in %q is %q, %t, want %q, %t", test.behind, test.text, got, ok, test.want, test.ok)
		}
	}
}

func TestAnotherMachinesProcessIsNotOfThisHost(t *testing.T) {
	d := NewDecoder()
	for client, want := range map[string]uint32{"ws1": 3004, "WS1": 3004, "ws1.corp.example": 3004, "": 3004, "ws2": 0, "w": 0, "ws1x": 0, `w{1`: 0} {
		rec := recordtest.One(t, "Microsoft-Windows-WMI-Activity/Operational | Microsoft-Windows-WMI-Activity | 5858\n@Computer=WS1.corp.example\nClientMachine="+client+"\nClientProcessId=3004")
		var light Light
		p := d.Meaning(rec)
		d.Light(rec, p, &light)
		if e := d.Decode(rec, p); e.Process.PID != want || light.Process.PID != want {
			t.Errorf("client %q: pid %d and %d, want %d", client, e.Process.PID, light.Process.PID, want)
		}
	}
}

func TestUnnamedDataAreCountedOverLists(t *testing.T) {
	d := NewDecoder()
	for why, rec := range map[string]*recordtest.Record{
		"one for each": recordtest.One(t, "Application | MSSQLSERVER | 15457\n=xp_cmdshell\n=0\n=1"),
		"one list":     recordtest.One(t, "Application | MSSQLSERVER | 15457\n=x").List("xp_cmdshell", "0", "1"),
		"too few":      recordtest.One(t, "Application | MSSQLSERVER | 15457\n=x").List("xp_cmdshell", "0"),
	} {
		for _, rec := range []*recordtest.Record{rec, rec.UTF16()} {
			e := d.Decode(rec, d.Meaning(rec))
			want := "1"
			if why == "too few" {
				want = ""
			}
			if e.Get(reeve.AttrName) != "xp_cmdshell" || e.Get(reeve.AttrPreviousTime) != "0" || e.Get(reeve.AttrDetails) != want {
				t.Errorf("%s: %+v", why, e.Attrs)
			}
		}
	}
}

// FuzzDecode gives every field of every golden record an arbitrary text: nothing may panic, and events hold what the rules of
// reeve.Event promise.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "-", "0x1267", "4294967296.0", "{8D53AE01-0A10-6632-1A03-000000001300}", "2024-05-01 10:00:01.500", "S-1-5-18", "%%1936, x", "a = 1; b", "\tA=1\n\tB=2", ` "a\\b\""`,
		"<Task><Exec><Command>a</Command></Exec>", "x\x00y\x00", "\xff\xfe", "file (x", "http://a (b clientIP: c)"} {
		f.Add(s)
	}
	known := map[string]bool{}
	var records []*recordtest.Record
	for _, s := range samples(f) {
		h := s.rec.Head()
		if key := fmt.Sprint(h.Provider, h.Channel, h.EventID, s.rec.Class()); !known[key] {
			known[key] = true
			records = append(records, s.rec)
		}
	}
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, text string) {
		taskAction(text)
		keyValue(text, "A")
		if at := parseMoment([]byte(text)); at != 0 && at.String()[:10] != strings.TrimSpace(text)[:10] {
			t.Errorf("%q is %v", text, at)
		}
		if n, ok := number([]byte(text)); !ok && n != 0 {
			t.Errorf("%q is no number and %d", text, n)
		}
		for _, rec := range records {
			rec = rec.With(text)
			p := d.Meaning(rec)
			if p == nil {
				continue
			}
			var light Light
			d.Light(rec, p, &light)
			e := d.Decode(rec, p)
			if light.Process != e.Process || light.Parent != e.Parent || light.Time != e.Time {
				t.Errorf("%v: light %+v, event %+v", rec.Head(), light, e)
			}
			seen := map[reeve.Attr]bool{}
			for _, a := range e.Attrs {
				if seen[a.Attr] || a.Value == "" && a.Attr != reeve.AttrCommandLine {
					t.Errorf("%v with %q: %v is %q", rec.Head(), text, a.Attr, a.Value)
				}
				seen[a.Attr] = true
			}
		}
	})
}

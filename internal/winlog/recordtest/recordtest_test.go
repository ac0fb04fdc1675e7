package recordtest

import (
	"strings"
	"testing"

	"reeve"
)

const compact = `# a comment
Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 1
@Computer=ws1.corp.example
@TimeCreated_SystemTime=2024-05-01T10:00:00.1234567Z
@Execution_ProcessID=2100
@EventRecordID=77
@Version=5
Image=C:\Windows\System32\cmd.exe
CommandLine=cmd /c "a=b
	c"
User
Empty=

Application | MsiInstaller | 1033
=Example
=1.0
`

const viewer = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event">
 <System>
  <Provider Name="Microsoft-Windows-Sysmon" Guid="{5770385f-c22a-43e0-bf4c-06f5698ffbd9}" />
  <EventID>1</EventID>
  <Version>5</Version>
  <TimeCreated SystemTime="2024-05-01T10:00:00.1234567Z" />
  <EventRecordID>77</EventRecordID>
  <Execution ProcessID="2100" ThreadID="1" />
  <Channel>Microsoft-Windows-Sysmon/Operational</Channel>
  <Computer>ws1.corp.example</Computer>
  <Security UserID="S-1-5-18" />
 </System>
 <EventData>
  <Data Name="Image">C:\Windows\System32\cmd.exe</Data>
  <Data Name="CommandLine">cmd /c &quot;a=b
c&quot;</Data>
  <Data Name="Empty"></Data>
  <Data>unnamed</Data>
 </EventData>
</Event>
<Event><System><EventID>5857</EventID></System><UserData><Operation xmlns="x"><Code>0x0</Code><Other Id="1">text</Other></Operation></UserData></Event>`

func TestBothFormsStateTheSameHead(t *testing.T) {
	want := reeve.Head{Provider: "Microsoft-Windows-Sysmon", Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "ws1.corp.example", EventID: 1, Version: 5, PID: 2100,
		Time: 133590312001234567}
	for name, text := range map[string]string{"compact": compact, "viewer": viewer} {
		r := Parse(t, text)[0]
		if *r.Head() != want {
			t.Errorf("%s: head %+v, want %+v", name, *r.Head(), want)
		}
		if ref := r.Ref(); ref.RecordID != 77 || !ref.HasID || ref.Line != 1 {
			t.Errorf("%s: ref %+v", name, ref)
		}
	}
}

func TestValuesAreFoundByName(t *testing.T) {
	tests := []struct {
		text   string
		record int
		name   string
		kind   reeve.ValueKind
		want   string
	}{
		{compact, 0, "Image", reeve.Text, `C:\Windows\System32\cmd.exe`},
		{compact, 0, "IMAGE", reeve.Text, `C:\Windows\System32\cmd.exe`},
		{compact, 0, "CommandLine", reeve.Text, "cmd /c \"a=b\nc\""},
		{compact, 0, "User", reeve.Null, ""},
		{compact, 0, "Empty", reeve.Text, ""},
		{compact, 0, "Computer", reeve.Text, "ws1.corp.example"},
		{compact, 0, "EventID", reeve.Text, "1"},
		{compact, 0, "Security_UserID", reeve.Absent, ""},
		{compact, 0, "nowhere", reeve.Absent, ""},
		{compact, 1, "", reeve.Absent, ""},
		{viewer, 0, "commandline", reeve.Text, "cmd /c \"a=b\nc\""},
		{viewer, 0, "Empty", reeve.Text, ""},
		{viewer, 0, "Security_UserID", reeve.Text, "S-1-5-18"},
		{viewer, 1, "Code", reeve.Text, "0x0"},
		{viewer, 1, "Other", reeve.Text, "text"},
		{viewer, 1, "Other@Id", reeve.Text, "1"},
	}
	for _, test := range tests {
		r := Parse(t, test.text)[test.record]
		for _, r := range []*Record{r, r.UTF16()} {
			if v := r.Value(r.Resolve(test.name)); v.Kind != test.kind || v.String() != test.want {
				t.Errorf("record %d, %q is %d %q, want %d %q", test.record, test.name, v.Kind, v.String(), test.kind, test.want)
			}
		}
	}
}

func TestUnnamedDataAreFields(t *testing.T) {
	r := Parse(t, compact)[1]
	if len(r.Fields()) != 2 || r.Fields()[1].Name != "" || r.Value(r.Fields()[1].Handle).String() != "1.0" {
		t.Errorf("fields %+v", r.Fields())
	}
	if got := string(r.AppendJSON(nil)); !strings.Contains(got, `"Data":["Example","1.0"]`) {
		t.Error(got)
	}
}

func TestFieldsCanBeReplaced(t *testing.T) {
	r := Parse(t, compact)[1]
	list := r.List("a", "", "b")
	if v := list.Value(0); v.Kind != reeve.List || v.String() != "a\x00\x00b\x00" || list.UTF16().Value(0).String() != v.String() {
		t.Errorf("%+v", v)
	}
	if v := r.With("x").Value(1); v.Kind != reeve.Text || v.String() != "x" || r.Value(1).String() != "1.0" || r.Value(0).String() != "Example" {
		t.Errorf("%+v, the record itself %q", v, r.Value(0))
	}
}

func TestClassesAreEqualForEqualNames(t *testing.T) {
	r := Parse(t, "A | B | 1\nx=1\n\nA | B | 2\nx=2\n\nA | B | 1\ny=1\n\nA | | 1\nx=1")
	if r[0].Class() != r[1].Class() {
		t.Error("records of equal names have different classes")
	}
	if r[0].Class() == r[2].Class() || r[0].Class() == r[3].Class() {
		t.Error("records of different names have one class")
	}
}

func TestTextThatIsNoRecordIsRefused(t *testing.T) {
	for _, text := range []string{"Security 4688\nx=1", "A | B | 1\n@Nothing=1", "A | B | 1\n@Computer", "<Event><System>", "<Other/>"} {
		if r, err := parse(text); err == nil {
			t.Errorf("%q makes %d records", text, len(r))
		}
	}
}

func TestShowPrintsWhatIsSet(t *testing.T) {
	e := reeve.Event{Kind: reeve.ProcessStart, Time: 133590312001234567, Written: 133590312001234568, Host: "ws1", Process: reeve.ProcKey{GUID: reeve.GUID{1}, PID: 7}, Parent: reeve.ProcKey{PID: 4},
		Attrs: []reeve.Property{{Attr: reeve.AttrImage, Value: "a\nb"}, {Attr: reeve.AttrCommandLine}}}
	want := "kind: process_creation\ntime: 2024-05-01T10:00:00.1234567Z\nwritten: 2024-05-01T10:00:00.1234568Z\nhost: ws1\n" +
		"process: 7 01000000-0000-0000-0000-000000000000\nparent: 4\nimage: a\n\tb\ncommand_line:\n"
	if got := Show(&e); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestReadingARecordAllocatesNothing(t *testing.T) {
	r := Parse(t, compact)[0]
	h, buf := r.Resolve("Image"), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		_, _, _ = r.Class(), r.Fields(), r.Ref()
		buf = r.Value(h).AppendText(buf[:0])
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

package winlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/winlog/recordtest"
)

func TestMeaningsAreFoundByProviderElseChannelElseWitness(t *testing.T) {
	const file = "\nUtcTime=2024-05-01 10:00:01.500\nImage=C:\\tool.exe\nTargetFilename=C:\\new.txt"
	const start = "\nSubjectLogonId=0x3e7\nNewProcessName=C:\\tool.exe"
	tests := []struct {
		why, text string
		want      reeve.Kind
	}{
		{"the provider's name in any case", "x | MICROSOFT-WINDOWS-SYSMON | 11" + file, reeve.FileCreate},
		{"the channel where the provider is left out", "Microsoft-Windows-Sysmon/Operational | | 11" + file, reeve.FileCreate},
		{"the channel of only one provider, whatever the export calls that", "Microsoft-Windows-Sysmon/Operational | Sysmon | 11" + file, reeve.FileCreate},
		{"a field that only Sysmon has", "| | 11" + file, reeve.FileCreate},
		{"a field that only auditing has", "| | 4688" + start, reeve.ProcessStart},
		{"an export that calls the provider as the channel", "Security | Security | 4688" + start, reeve.ProcessStart},
		{"auditing in lower case", "security | | 4688" + start, reeve.ProcessStart},
		{"the logging service in a channel of others", "Security | | 1102\nSubjectUserName=alice", reeve.LogCleared},
		{"services in a channel of others", "System | | 7045\nServiceName=x", reeve.ServiceInstall},
		{"another provider in a channel of many", "Security | AD FS Auditing | 4624\nTargetUserName=x", ""},
		{"another provider with an id of the kernel", "System | Microsoft-Windows-Wininit | 12\nx=1", ""},
		{"no provider and an id that many use", "System | | 12\nx=1", ""},
		{"an id that no table has", "Security | Microsoft-Windows-Security-Auditing | 4658\nx=1", ""},
		{"an id beyond all", "Security | Microsoft-Windows-Security-Auditing | 4294967295\nx=1", ""},
		{"nothing at all", "| | 0\nx=1", ""},
		{"an instance of SQL Server", "Application | MSSQL$SALES | 15457\n=x", reeve.SQLServer},
		{"a registry key, of which only reading is told", "Security | Microsoft-Windows-Security-Auditing | 4663\nObjectType=Key\nObjectName=x", ""},
		{"a file by any case", "Security | Microsoft-Windows-Security-Auditing | 4663\nObjectType=file\nObjectName=x", reeve.FileAccess},
		{"an object whose type was left out", "Security | Microsoft-Windows-Security-Auditing | 4663\nObjectName=x", ""},
	}
	d := NewDecoder()
	for _, test := range tests {
		got := reeve.Kind("")
		if p := d.Meaning(recordtest.One(t, test.text)); p != nil {
			got = p.Kind
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.why, got, test.want)
		}
	}
}

// TestRecordsOfOneClassMayMeanSeveralThings: the plan that is remembered for a class must not outlive the record.
func TestRecordsOfOneClassMayMeanSeveralThings(t *testing.T) {
	const ecs = "| | \nevent.category=process\nevent.type=%s\nprocess.pid=1\nprocess.command_line=x\n"
	const audit = "Security | Microsoft-Windows-Security-Auditing | 4663\nObjectType=%s\nObjectName=x\n"
	tests := []struct {
		text, value string
		want        reeve.Kind
	}{
		{ecs, "start", reeve.ProcessStart}, {ecs, "end", reeve.ProcessEnd}, {ecs, "change", ""}, {ecs, "start", reeve.ProcessStart},
		{audit, "File", reeve.FileAccess}, {audit, "Process", reeve.ProcessAccess}, {audit, "Key", ""}, {audit, "File", reeve.FileAccess},
	}
	d := NewDecoder()
	for _, test := range tests {
		got := reeve.Kind("")
		if p := d.Meaning(recordtest.One(t, fmt.Sprintf(test.text, test.value))); p != nil {
			got = p.Kind
		}
		if got != test.want {
			t.Errorf("%s is %q, want %q", test.value, got, test.want)
		}
	}
}

// TestLightAgreesWithDecode: the first reading and the second must name the same processes at the same time.
func TestLightAgreesWithDecode(t *testing.T) {
	d := NewDecoder()
	images := 0
	for _, s := range samples(t) {
		if s.plan == nil {
			continue
		}
		for _, rec := range []reeve.Record{s.rec, s.rec.UTF16()} {
			var light Light
			d.Light(rec, s.plan, &light)
			e := d.Decode(rec, s.plan)
			image := e.Get(reeve.AttrImage)
			if e.Kind == reeve.Shutdown {
				image = "C:\\Windows\\system32\\shutdown.exe (WS1)" // whose host is cut off in the event
				if len(light.Image) == 0 {
					image = ""
				}
			}
			if light.Host != e.Host || light.Time != e.Time || light.Process != e.Process || light.Parent != e.Parent || string(light.Image) != image {
				t.Errorf("%s: light %+v %q, event %+v", s.name, light, light.Image, e)
			}
			if image != "" {
				images++
			}
		}
	}
	if images < 100 {
		t.Errorf("only %d images", images)
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	d := NewDecoder()
	var light Light
	for _, s := range samples(t) {
		wide := s.rec.UTF16()
		for _, rec := range []reeve.Record{s.rec, wide} {
			if n := testing.AllocsPerRun(20, func() {
				if p := d.Meaning(rec); p != nil {
					d.Light(rec, p, &light)
				}
			}); n > 0 {
				t.Errorf("%s: %v allocations", s.name, n)
			}
		}
	}
}

func TestPlansAreBounded(t *testing.T) {
	d := NewDecoder()
	for i := range maxPlans + 10 {
		rec := recordtest.One(t, fmt.Sprintf("Security | x | %d\nx=1", i))
		d.Meaning(rec)
		if len(d.plans) > maxPlans {
			t.Fatalf("%d plans", len(d.plans))
		}
		if i == maxPlans && len(d.plans) > 2 {
			t.Fatalf("%d plans after the bound", len(d.plans))
		}
	}
}

func TestEventsAreOwned(t *testing.T) {
	d := NewDecoder()
	rec := recordtest.One(t, "Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 11\nImage=C:\\tool.exe\nTargetFilename=C:\\new.txt")
	e := d.Decode(rec, d.Meaning(rec))
	for _, f := range rec.Fields() {
		clear(rec.Value(f.Handle).Bytes)
	}
	if e.Get(reeve.AttrImage) != `C:\tool.exe` || e.Get(reeve.AttrPath) != `C:\new.txt` {
		t.Errorf("the event changed with the record: %+v", e.Attrs)
	}
}

func TestEveryKindOfTheProcessGraphSaysWhatToSwitchOn(t *testing.T) {
	var kinds []reeve.Kind
	for _, p := range providers() {
		for _, m := range p.meanings {
			if !slices.Contains(kinds, m.kind) {
				kinds = append(kinds, m.kind)
			}
		}
	}
	for _, k := range kinds {
		if n := Enable(k); n.Needs == "" || n.Enable == "" || strings.Contains(n.Needs, "_") {
			t.Errorf("%s: %+v", k, n)
		}
	}
	for k := range enable {
		if !slices.Contains(kinds, k) {
			t.Errorf("%s is nowhere in the tables", k)
		}
	}
	for _, what := range []string{"command line", "hashes", "original file name", "signer"} {
		if n := Lacks(what); n.Needs != what || n.Enable == "" {
			t.Errorf("%s: %+v", what, n)
		}
	}
}

func BenchmarkLight(b *testing.B) {
	benchmark(b, func(d *Decoder, rec reeve.Record, p *Plan, light *Light) { d.Light(rec, p, light) })
}

func BenchmarkDecode(b *testing.B) {
	benchmark(b, func(d *Decoder, rec reeve.Record, p *Plan, _ *Light) { d.Decode(rec, p) })
}

func benchmark(b *testing.B, read func(*Decoder, reeve.Record, *Plan, *Light)) {
	rec := recordtest.One(b, `Microsoft-Windows-Sysmon/Operational | Microsoft-Windows-Sysmon | 1
@Computer=ws1.corp.example
UtcTime=2024-05-01 10:00:00.123
ProcessGuid={8D53AE01-0A10-6632-1A03-000000001300}
ProcessId=4711
Image=C:\Windows\System32\cmd.exe
CommandLine=cmd /c dir
User=CORP\alice
LogonId=0x7a120
Hashes=MD5=8A2122E8162DBEF04694B9C3E0B6CDEE
ParentProcessGuid={8D53AE01-09FF-6632-F902-000000001300}
ParentProcessId=3004
ParentImage=C:\Windows\explorer.exe
ParentCommandLine=C:\Windows\Explorer.EXE
`).UTF16()
	d := NewDecoder()
	var light Light
	bytes := 0
	for _, f := range rec.Fields() {
		bytes += len(rec.Value(f.Handle).Bytes)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		read(d, rec, d.Meaning(rec), &light)
	}
}

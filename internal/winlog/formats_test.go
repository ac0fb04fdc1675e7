package winlog

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog/recordtest"
)

// shown is a sink that prints events.
type shown struct {
	d   *Decoder
	out []string
}

func (s *shown) Lost(e reeve.ReadError) { s.out = append(s.out, e.Error()) }

func (s *shown) Record(rec reeve.Record) { s.out = append(s.out, decoded(s.d, rec)) }

// TestFormatsTellTheSameEvent: a process start means the same whatever shipped it.
func TestFormatsTellTheSameEvent(t *testing.T) {
	const want = `kind: process_creation
time: 2024-05-01T10:00:00.1230000Z
written: 2024-05-01T10:00:01.5000000Z
host: ws1.corp.example
process: 4711 8D53AE01-0A10-6632-1A03-000000001300
parent: 3004 8D53AE01-09FF-6632-F902-000000001300
image: C:\tool.exe
user: CORP\alice
hashes: MD5=8A2122E8162DBEF04694B9C3E0B6CDEE
command_line: tool -x "a b"
logon_id: 0x7a120
parent_image: C:\Windows\explorer.exe
`
	const data = `"RuleName":"-","UtcTime":"2024-05-01 10:00:00.123","ProcessGuid":"{8D53AE01-0A10-6632-1A03-000000001300}","ProcessId":"4711","Image":"C:\\tool.exe","CommandLine":"tool -x \"a b\"","User":"CORP\\alice",` +
		`"LogonId":"0x7a120","Hashes":"MD5=8A2122E8162DBEF04694B9C3E0B6CDEE","ParentProcessGuid":"{8D53AE01-09FF-6632-F902-000000001300}","ParentProcessId":"3004","ParentImage":"C:\\Windows\\explorer.exe"`
	const viewer = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Sysmon"/><EventID>1</EventID><TimeCreated SystemTime="2024-05-01T10:00:01.5Z"/>` +
		`<Execution ProcessID="2900" ThreadID="1"/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws1.corp.example</Computer></System><EventData><Data Name="UtcTime">2024-05-01 10:00:00.123</Data>` +
		`<Data Name="ProcessGuid">{8D53AE01-0A10-6632-1A03-000000001300}</Data><Data Name="ProcessId">4711</Data><Data Name="Image">C:\tool.exe</Data><Data Name="CommandLine">tool -x "a b"</Data><Data Name="User">CORP\alice</Data>` +
		`<Data Name="LogonId">0x7a120</Data><Data Name="Hashes">MD5=8A2122E8162DBEF04694B9C3E0B6CDEE</Data><Data Name="ParentProcessGuid">{8D53AE01-09FF-6632-F902-000000001300}</Data><Data Name="ParentProcessId">3004</Data>` +
		`<Data Name="ParentImage">C:\Windows\explorer.exe</Data></EventData></Event>`
	formats := map[string]string{
		"the event viewer's XML": viewer,
		"a converter of EVTX": `{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"2024-05-01T10:00:01.5Z"}},` +
			`"Execution":{"#attributes":{"ProcessID":2900,"ThreadID":1}},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example"},"EventData":{` + data + `}}}`,
		"Winlogbeat": `{"@timestamp":"2024-05-01T10:00:01.500Z","winlog":{"provider_name":"Microsoft-Windows-Sysmon","event_id":"1","channel":"Microsoft-Windows-Sysmon/Operational","computer_name":"ws1.corp.example",` +
			`"process":{"pid":2900},"event_data":{` + data + `}}}`,
		"NXLog": `{"EventTime":"2024-05-01T10:00:01.500Z","Hostname":"ws1.corp.example","SourceName":"Microsoft-Windows-Sysmon","EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","EventType":"INFO","Domain":"NT AUTHORITY",` +
			`"AccountName":"SYSTEM","AccountType":"User","SourceModuleType":"im_msvistalog","ExecutionProcessID":2900,` + data + `}`,
		"an export without provider": `{"EventTime":"2024-05-01T10:00:01.500Z","Hostname":"ws1.corp.example","EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational",` + data + `}`,
		"Hayabusa with all fields":   `{"Timestamp":"2024-05-01 12:00:01.500 +02:00","RuleTitle":"Proc Exec","Computer":"ws1.corp.example","Channel":"Sysmon","EventID":1,"RecordID":33,"AllFieldInfo":{` + data + `}}`,
		"Log Analytics": `{"TimeGenerated":"2024-05-01T10:00:01.500Z","Provider":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example","EventID":1,"EventData":` +
			strconv.Quote("{"+data+"}") + `}`,
		"Splunk": `{"preview":false,"result":{"_time":"2024-05-01T10:00:02.000+00:00","_raw":` + strconv.Quote(viewer) + `}}`,
	}
	for name, text := range formats {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := evidence.Open([]string{path}, evidence.Options{TempDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		sink := &shown{d: NewDecoder()}
		if _, err := ingest.Scan(context.Background(), set, ingest.Options{Threads: 1}, func(int) ingest.Sink { return sink }); err != nil {
			t.Fatal(err)
		}
		set.Close()
		if got := strings.Join(sink.out, "\n"); got != want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	if rec := recordtest.One(t, formats["the event viewer's XML"]); decoded(NewDecoder(), rec) != want {
		t.Errorf("recordtest: %s", decoded(NewDecoder(), rec))
	}
}

package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"reeve/evtx"
)

// manifest are the fields of each event in their order, with their types where they are no text: "ProcessId:uint32". The first
// word is the version. Sysmon's are those of schema 4.90.
var manifest = map[string]string{
	"Sysmon 1": `5 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 Image FileVersion Description Product Company OriginalFileName CommandLine CurrentDirectory User LogonGuid:guid LogonId:hex64
		TerminalSessionId:uint32 IntegrityLevel Hashes ParentProcessGuid:guid ParentProcessId:uint32 ParentImage ParentCommandLine ParentUser`,
	"Sysmon 3": `5 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 Image User Protocol Initiated:bool SourceIsIpv6:bool SourceIp SourceHostname SourcePort:uint16 SourcePortName
		DestinationIsIpv6:bool DestinationIp DestinationHostname DestinationPort:uint16 DestinationPortName`,
	"Sysmon 5": `3 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 Image User`,
	"Sysmon 7": `3 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 Image ImageLoaded FileVersion Description Product Company OriginalFileName Hashes Signed Signature SignatureStatus User`,
	"Sysmon 10": `3 RuleName UtcTime SourceProcessGUID:guid SourceProcessId:uint32 SourceThreadId:uint32 SourceImage TargetProcessGUID:guid TargetProcessId:uint32 TargetImage
		GrantedAccess:hex32 CallTrace SourceUser TargetUser`,
	"Sysmon 11": `2 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 Image TargetFilename CreationUtcTime User`,
	"Sysmon 13": `2 RuleName EventType UtcTime ProcessGuid:guid ProcessId:uint32 Image TargetObject Details User`,
	"Sysmon 15": `2 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 Image TargetFilename CreationUtcTime Hash Contents User`,
	"Sysmon 22": `5 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 QueryName QueryStatus QueryResults Image User`,
	"Sysmon 26": `5 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 User Image TargetFilename Hashes IsExecutable:bool`,
	"Sysmon 29": `5 RuleName UtcTime ProcessGuid:guid ProcessId:uint32 User Image TargetFilename Hashes`,
	"Security-Auditing 4624": `2 SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64 TargetUserSid:sid TargetUserName TargetDomainName TargetLogonId:hex64 LogonType:uint32
		LogonProcessName AuthenticationPackageName WorkstationName LogonGuid:guid TransmittedServices LmPackageName KeyLength:uint32 ProcessId:hex64 ProcessName IpAddress IpPort
		ImpersonationLevel RestrictedAdminMode TargetOutboundUserName TargetOutboundDomainName VirtualAccount TargetLinkedLogonId:hex64 ElevatedToken`,
	"Security-Auditing 4634": `0 TargetUserSid:sid TargetUserName TargetDomainName TargetLogonId:hex64 LogonType:uint32`,
	"Security-Auditing 4672": `0 SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64 PrivilegeList`,
	"Security-Auditing 4688": `2 SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64 NewProcessId:hex64 NewProcessName TokenElevationType ProcessId:hex64 CommandLine
		TargetUserSid:sid TargetUserName TargetDomainName TargetLogonId:hex64 ParentProcessName MandatoryLabel:sid`,
	"Security-Auditing 4689": `0 SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64 Status:hex32 ProcessId:hex64 ProcessName`,
	"Security-Auditing 5140": `1 SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64 ObjectType IpAddress IpPort ShareName ShareLocalPath AccessMask:hex32 AccessList`,
	"Security-Auditing 5145": `0 SubjectUserSid:sid SubjectUserName SubjectDomainName SubjectLogonId:hex64 ObjectType IpAddress IpPort ShareName ShareLocalPath RelativeTargetName AccessMask:hex32 AccessList
		AccessReason`,
}

// form is a record's version and fields in the manifest's words.
func form(e evtx.Event) (name, fields string) {
	words := []string{fmt.Sprint(e.Version)}
	for _, f := range e.Data {
		word := f.Name
		if f.Value.Type != evtx.TypeString {
			word += ":" + f.Value.Type.String()
		}
		words = append(words, word)
	}
	return fmt.Sprintf("%s %d", strings.TrimPrefix(e.Provider, "Microsoft-Windows-"), e.EventID), strings.Join(words, " ")
}

// all are the records of the scenario, and of a host that writes what the scenario does not need.
func all(t *testing.T) (out []evtx.Event) {
	t.Helper()
	h, ann := bench(t)
	h.SignIn(nine, ann).Brief(nine.Add(time.Minute), cmdExe, "")
	for _, h := range append(Mftrace().Estate.Hosts(), h) {
		out = append(append(out, h.Events(securityChannel)...), h.Events(sysmonChannel)...)
	}
	return out
}

func TestRecordsHaveTheFieldsOfTheManifest(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range all(t) {
		name, got := form(e)
		seen[name] = true
		if want := strings.Join(strings.Fields(manifest[name]), " "); got != want {
			t.Fatalf("%s has the fields\n%s, want\n%s", name, got, want)
		}
	}
	for name := range manifest {
		if !seen[name] {
			t.Errorf("no record of %s was looked at", name)
		}
	}
}

// Real records of older Sysmon lack the user at their end, and no real record of some events is at hand.
func TestFieldsAreThoseOfRealRecords(t *testing.T) {
	const evidence = "../../../shared/evidence"
	if _, err := os.Stat(evidence); err != nil {
		t.Skip("the real logs of ../shared are absent")
	}
	real := map[string][]string{}
	err := filepath.WalkDir(evidence, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.EqualFold(filepath.Ext(name), ".evtx") {
			return err
		}
		return readFile(name, func(e evtx.Event) {
			what, fields := form(e)
			real[what] = append(real[what], fields)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for name, fields := range manifest {
		fields = strings.Join(strings.Fields(fields), " ")
		older := fields
		for _, user := range []string{" ParentUser", " SourceUser TargetUser", " User"} {
			older = strings.TrimSuffix(older, user)
		}
		if len(real[name]) == 0 {
			t.Logf("no real record of %s", name)
			continue
		}
		cases++
		found := false
		for _, r := range real[name] {
			found = found || r == fields || r == older
		}
		if !found {
			t.Errorf("%s: no real record has the fields\n%s; one has\n%s", name, fields, real[name][0])
		}
	}
	t.Logf("%d cases", cases)
}

// readFile calls fn for every event of an EVTX file; what cannot be read is left out.
func readFile(name string, fn func(evtx.Event)) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := evtx.Open(bytes.NewReader(data), int64(len(data)), evtx.Options{})
	if errors.Is(err, evtx.ErrFormat) {
		return nil
	} else if err != nil {
		return err
	}
	for r, err := range f.Records() {
		if err == nil {
			fn(*r.Clone())
		}
	}
	return nil
}

// shapes are how the text of fields looks in real records.
var shapes = map[string]*regexp.Regexp{
	"RuleName":         regexp.MustCompile(`^-$`),
	"UtcTime":          regexp.MustCompile(`^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$`),
	"CreationUtcTime":  regexp.MustCompile(`^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$`),
	"Hashes":           regexp.MustCompile(`^MD5=[0-9A-F]{32},SHA256=[0-9A-F]{64},IMPHASH=[0-9A-F]{32}$`),
	"Hash":             regexp.MustCompile(`^MD5=[0-9A-F]{32},SHA256=[0-9A-F]{64},IMPHASH=[0-9A-F]{32}$`),
	"IntegrityLevel":   regexp.MustCompile(`^(Low|Medium|High|System)$`),
	"User":             regexp.MustCompile(`^[^\\]+\\[^\\]+$`),
	"ParentUser":       regexp.MustCompile(`^[^\\]+\\[^\\]+$`),
	"Image":            regexp.MustCompile(`^(System|[A-Z]:\\.+\.(exe|EXE))$`),
	"ParentImage":      regexp.MustCompile(`^(System|[A-Z]:\\.+\.(exe|EXE))$`),
	"ImageLoaded":      regexp.MustCompile(`^[A-Z]:\\.+\.(exe|dll)$`),
	"TargetFilename":   regexp.MustCompile(`^[A-Z]:\\`),
	"TargetObject":     regexp.MustCompile(`^(HKLM|HKU\\S-1-5-21-[\d-]+)\\`),
	"FileVersion":      regexp.MustCompile(`^(-|\d.*)$`),
	"QueryResults":     regexp.MustCompile(`^(-|::ffff:\d+\.\d+\.\d+\.\d+;)$`),
	"Signed":           regexp.MustCompile(`^(true|false)$`),
	"SignatureStatus":  regexp.MustCompile(`^(Valid|Unavailable)$`),
	"DestinationIp":    regexp.MustCompile(`^(10\.20|192\.0\.2|198\.51\.100|203\.0\.113)\.`), // private, or set aside for documentation
	"CurrentDirectory": regexp.MustCompile(`^[A-Z]:\\`),
}

func TestTextsHaveTheShapeOfRealOnes(t *testing.T) {
	seen := map[string]int{}
	for _, h := range Mftrace().Estate.Hosts() {
		for _, e := range h.Events(sysmonChannel) {
			for _, f := range e.Data {
				if shape := shapes[f.Name]; shape != nil {
					seen[f.Name]++
					if text := string(f.Value.AppendText(nil)); !shape.MatchString(text) {
						t.Errorf("record %d of %s, event %d: %s is %q", e.RecordID, h.Short, e.EventID, f.Name, text)
					}
				}
			}
		}
	}
	for name := range shapes {
		if seen[name] == 0 {
			t.Errorf("no %s was looked at", name)
		}
	}
}

func TestSysmonTellsADeedMomentsAfterIt(t *testing.T) {
	for _, h := range Mftrace().Estate.Hosts() {
		for _, e := range h.Events(sysmonChannel) {
			deed, err := time.Parse(sysmonTime, says(e, "UtcTime"))
			if err != nil {
				t.Fatal(err)
			}
			if late := e.Time.Sub(deed); late <= 0 || late > 3*time.Second {
				t.Errorf("record %d of %s tells %v late", e.RecordID, h.Short, late)
			}
		}
	}
}

// A process that a record names has been started, by a record or before the evidence, and has not ended.
func TestEveryDeedBelongsToAProcessThatRuns(t *testing.T) {
	for _, h := range Mftrace().Estate.Hosts() {
		state := map[string]string{}
		events := h.Events(sysmonChannel)
		for _, e := range events {
			id := says(e, "ProcessGuid")
			switch e.EventID {
			case 1:
				if state[id] != "" {
					t.Errorf("%s: record %d starts a process again", h.Short, e.RecordID)
				}
				state[id] = "runs"
				g, _ := evtx.ParseGUID(strings.Trim(id, "{}"))
				sec := int64(g[4]) | int64(g[5])<<8 | int64(g[6])<<16 | int64(g[7])<<24
				if started, _ := time.Parse(sysmonTime, says(e, "UtcTime")); started.Unix() != sec {
					t.Errorf("%s: the GUID of record %d says %v, the record %v", h.Short, e.RecordID, time.Unix(sec, 0).UTC(), started)
				}
				if parent := says(e, "ParentProcessGuid"); state[parent] == "" {
					state[parent] = "ran before"
				} else if state[parent] == "ended" {
					t.Errorf("%s: record %d has a parent that ended", h.Short, e.RecordID)
				}
			case 5:
				if state[id] != "runs" {
					t.Errorf("%s: record %d ends a process that %q", h.Short, e.RecordID, state[id])
				}
				state[id] = "ended"
			case 3, 22: // told late, when the process may be gone
			default:
				if state[id] == "ended" {
					t.Errorf("%s: record %d, event %d, is the deed of a process that ended", h.Short, e.RecordID, e.EventID)
				}
			}
		}
	}
}

// Whoever runs a process has signed in, or is one of the accounts of Windows itself.
func TestEverySessionBeginsWithALogon(t *testing.T) {
	for _, h := range Mftrace().Estate.Hosts() {
		began, ended := map[string]time.Time{}, map[string]time.Time{}
		for _, e := range h.Events(securityChannel) {
			switch e.EventID {
			case 4624:
				began[says(e, "TargetLogonId")] = e.Time
			case 4634:
				ended[says(e, "TargetLogonId")] = e.Time
			}
		}
		looked := 0
		look := func(e evtx.Event, id string) {
			looked++
			if id == "0x3e7" || id == "0x3e5" || id == "0x3e4" {
				return
			}
			if first, ok := began[id]; !ok || e.Time.Before(first) {
				t.Errorf("%s: record %d, event %d, stands in session %s, which has no logon before it", h.Short, e.RecordID, e.EventID, id)
			}
			if end, ok := ended[id]; ok && e.Time.After(end) {
				t.Errorf("%s: record %d, event %d, stands in session %s, which ended", h.Short, e.RecordID, e.EventID, id)
			}
		}
		for _, e := range of(h, sysmonChannel, 1) {
			look(e, says(e, "LogonId"))
		}
		for _, e := range of(h, securityChannel, 4688) {
			look(e, says(e, "SubjectLogonId"))
		}
		if looked < 30 {
			t.Errorf("%s: only %d starts were looked at", h.Short, looked)
		}
	}
}

func TestFilesReadBackWithoutLoss(t *testing.T) {
	files, err := Mftrace().Files()
	if err != nil {
		t.Fatal(err)
	}
	byPath, size := map[string][]byte{}, 0
	for _, f := range files {
		byPath[f.Path] = f.Data
		if strings.HasSuffix(f.Path, ".evtx") {
			size += len(f.Data)
		}
	}
	if size > 3<<20 {
		t.Errorf("the event logs have %d bytes, 3 MiB are allowed", size)
	}
	logs := 0
	for _, h := range Mftrace().Estate.Hosts() {
		for channel, path := range map[string]string{securityChannel: "Security.evtx", sysmonChannel: "Microsoft-Windows-Sysmon%4Operational.evtx"} {
			want := h.Events(channel)
			if h.JSON || len(want) == 0 {
				continue
			}
			logs++
			data := byPath[h.Short+"/"+path]
			f, err := evtx.Open(bytes.NewReader(data), int64(len(data)), evtx.Options{})
			if err != nil {
				t.Fatalf("%s of %s: %v", path, h.Short, err)
			}
			var got []evtx.Event
			for r, err := range f.Records() {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, *r.Clone())
			}
			if notes := f.Notes(); len(notes) > 0 {
				t.Errorf("%s of %s is odd: %v", path, h.Short, notes)
			}
			if len(got) != len(want) {
				t.Fatalf("%s of %s has %d records, want %d", path, h.Short, len(got), len(want))
			}
			for i := range want {
				got[i].Written = time.Time{}
				for j := range want[i].Data {
					if len(want[i].Data[j].Value.Bytes) == 0 {
						want[i].Data[j].Value.Bytes = []byte{}
					}
				}
				if !reflect.DeepEqual(want[i], got[i]) { // cmp takes its time
					t.Fatalf("%s of %s reads back otherwise (-written +read):\n%s", path, h.Short, cmp.Diff(want[i], got[i]))
				}
			}
			for i := 1; i < len(got); i++ {
				if got[i].RecordID != got[i-1].RecordID+1 {
					t.Errorf("%s of %s: record %d follows %d", path, h.Short, got[i].RecordID, got[i-1].RecordID)
				}
				if got[i].Time.Before(got[i-1].Time) {
					t.Errorf("%s of %s: record %d goes back in time", path, h.Short, got[i].RecordID)
				}
			}
		}
	}
	if logs != 9 {
		t.Errorf("%d logs were read back, want 9", logs)
	}
}

func TestJSONLinesHoldEveryRecordOnce(t *testing.T) {
	s := Mftrace()
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range s.Estate.Hosts() {
		if !h.JSON {
			continue
		}
		next := map[string]uint64{}
		for _, c := range []string{securityChannel, sysmonChannel} {
			next[c] = h.Events(c)[0].RecordID
		}
		for _, f := range files {
			if f.Path != h.Short+".jsonl" {
				continue
			}
			lines := 0
			var before time.Time
			for d := json.NewDecoder(bytes.NewReader(f.Data)); ; lines++ {
				var r struct {
					Event struct {
						System struct {
							EventRecordID     uint64
							Channel, Computer string
							TimeCreated       struct {
								Attributes struct{ SystemTime time.Time } `json:"#attributes"`
							}
						}
						EventData map[string]any
					}
				}
				if err := d.Decode(&r); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				sys := r.Event.System
				if sys.EventRecordID != next[sys.Channel] || sys.Computer != h.Name || len(r.Event.EventData) < 5 {
					t.Fatalf("line %d is record %d of %s on %s, want %d on %s", lines+1, sys.EventRecordID, sys.Channel, sys.Computer, next[sys.Channel], h.Name)
				}
				next[sys.Channel]++
				at := sys.TimeCreated.Attributes.SystemTime
				if at.Before(before) {
					t.Errorf("line %d goes back in time", lines+1)
				}
				before = at
			}
			if want := len(h.Events(securityChannel)) + len(h.Events(sysmonChannel)); lines != want || f.Records != want {
				t.Errorf("%d lines, %d said, want %d", lines, f.Records, want)
			}
			return
		}
	}
	t.Fatal("no host is handed over as JSON lines")
}

package investigate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reeve"
	"reeve/evtx"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/triage"
	"reeve/internal/winlog"
	"reeve/sigma"
)

// A test writes its evidence record by record. Records of Sysmon and of auditing are made by the functions below, and a log is
// what stands in one file: as EVTX when its name ends so, else as JSON lines.

// record is one log entry that a test writes.
type record struct {
	provider, channel string
	id                int
	host              string
	at                time.Time
	number            uint64 // EventRecordID; 0 lets the log count, none states none
	fields            []string
}

// none as a record's number leaves it out of JSON.
const none = ^uint64(0)

const (
	desktop = `C:\Windows\explorer.exe`
	shell   = `C:\Windows\System32\cmd.exe`
	tracer  = `C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`
	payload = `C:\Users\ann\payload.exe`
	script  = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`
	browser = `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`
)

// clock reads a time of the day on which most evidence was made, or a whole one.
func clock(s string) time.Time {
	for _, layout := range []string{"15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() == 0 {
				t = t.AddDate(2024, 4, 0) // 2024-05-01
			}
			return t
		}
	}
	panic("no time: " + s)
}

func sysmon(id int, at string, fields ...string) record {
	t := clock(at)
	return record{"Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", id, "pc.corp.example", t, 0, append([]string{"UtcTime", t.Format("2006-01-02 15:04:05.000")}, fields...)}
}

func security(id int, at string, fields ...string) record {
	return record{"Microsoft-Windows-Security-Auditing", "Security", id, "pc.corp.example", clock(at), 0, fields}
}

// on moves a record to another host.
func (r record) on(host string) record { r.host = host; return r }

// numbered gives a record its id.
func (r record) numbered(n uint64) record { r.number = n; return r }

// with sets fields.
func (r record) with(fields ...string) record {
	r.fields = slices.Clone(r.fields)
	for i := 0; i < len(fields); i += 2 {
		if at := slices.Index(r.fields, fields[i]); at >= 0 {
			r.fields[at+1] = fields[i+1]
		} else {
			r.fields = append(r.fields, fields[i], fields[i+1])
		}
	}
	return r
}

// without removes a field.
func (r record) without(field string) record {
	at := slices.Index(r.fields, field)
	r.fields = slices.Delete(slices.Clone(r.fields), at, at+2)
	return r
}

// guid is the process GUID that Sysmon gives a pid.
func guid(pid int) string { return fmt.Sprintf("{8D53AE01-0A10-6632-1A03-%012d}", pid) }

// starts is Sysmon's record of a process being started.
func starts(at string, pid int, image, line string, parent int, parentImage string) record {
	return sysmon(1, at, "ProcessGuid", guid(pid), "ProcessId", strconv.Itoa(pid), "Image", image, "CommandLine", line, "User", `CORP\ann`, "LogonId", "0x7a120",
		"ParentProcessGuid", guid(parent), "ParentProcessId", strconv.Itoa(parent), "ParentImage", parentImage)
}

// deed is a record of Sysmon about something that a process did.
func deed(id int, at string, pid int, image string, fields ...string) record {
	return sysmon(id, at, append([]string{"ProcessGuid", guid(pid), "ProcessId", strconv.Itoa(pid), "Image", image}, fields...)...)
}

// writes is a process writing a file.
func writes(at string, pid int, image, path string) record {
	return deed(11, at, pid, image, "TargetFilename", path)
}

// audited is auditing's record of a process being started.
func audited(at string, pid int, image string, parent int, parentImage string) record {
	return security(4688, at, "SubjectUserSid", "S-1-5-21-1-2-3-1001", "SubjectUserName", "ann", "SubjectDomainName", "CORP", "SubjectLogonId", "0x7a120",
		"NewProcessId", fmt.Sprintf("0x%x", pid), "NewProcessName", image, "ProcessId", fmt.Sprintf("0x%x", parent), "ParentProcessName", parentImage, "TokenElevationType", "%%1936")
}

// day is a small story: the desktop starts a shell, the shell mftrace, and that its payload.
func day() []record {
	return []record{
		starts("09:00:00", 100, desktop, "explorer.exe", 90, `C:\Windows\System32\userinit.exe`),
		starts("10:00:00", 200, shell, "cmd.exe", 100, desktop),
		starts("10:00:10", 300, tracer, "mftrace.exe "+payload, 200, shell),
		starts("10:00:11", 400, payload, payload, 300, tracer),
	}
}

// numberAll gives records without a number theirs, in order of channel.
func numberAll(log []record) []record {
	log = slices.Clone(log)
	next := map[string]uint64{}
	for i := range log {
		k := log[i].host + "\x00" + log[i].channel
		switch log[i].number {
		case none:
		case 0:
			next[k]++
			log[i].number = next[k]
		default:
			next[k] = log[i].number
		}
	}
	return log
}

// asJSON writes a log as JSON lines, as evtx_dump would.
func asJSON(t testing.TB, log []record) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, r := range numberAll(log) {
		data := map[string]string{}
		for i := 0; i < len(r.fields); i += 2 {
			data[r.fields[i]] = r.fields[i+1]
		}
		system := map[string]any{"Provider": map[string]any{"#attributes": map[string]any{"Name": r.provider}}, "EventID": r.id, "Channel": r.channel}
		if r.host != "" {
			system["Computer"] = r.host
		}
		if !r.at.IsZero() {
			system["TimeCreated"] = map[string]any{"#attributes": map[string]any{"SystemTime": r.at.Format("2006-01-02T15:04:05.000000Z")}}
		}
		if r.number != none {
			system["EventRecordID"] = r.number
		}
		b, err := json.Marshal(map[string]any{"Event": map[string]any{"System": system, "EventData": data}})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(b, '\n'))
	}
	return out.Bytes()
}

// asEVTX writes a log as Windows does.
func asEVTX(t testing.TB, log []record) []byte {
	t.Helper()
	var out bytes.Buffer
	w := evtx.NewWriter(&out, evtx.WriterOptions{})
	for _, r := range numberAll(log) {
		e := evtx.Event{RecordID: r.number, Provider: r.provider, EventID: uint16(r.id), Time: r.at, Channel: r.channel, Computer: r.host}
		for i := 0; i < len(r.fields); i += 2 {
			e.Data = append(e.Data, evtx.Field{Name: r.fields[i], Value: evtx.StringValue(r.fields[i+1])})
		}
		if err := w.Write(&e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// logs are the files of a test's evidence, by name.
type logs map[string][]record

// set writes the files and opens them as evidence.
func (l logs) set(t testing.TB) *evidence.Set {
	t.Helper()
	files := map[string][]byte{}
	for name, log := range l {
		if strings.HasSuffix(name, ".evtx") {
			files[name] = asEVTX(t, log)
		} else {
			files[name] = asJSON(t, log)
		}
	}
	return open(t, files)
}

func open(t testing.TB, files map[string][]byte) *evidence.Set {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for name, b := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path) // in the order of chance that a map has, which must not matter
	}
	set, err := evidence.Open(paths, evidence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func (l logs) run(t testing.TB, opt Options) *reeve.Investigation {
	t.Helper()
	return investigate(t, l.set(t), opt)
}

func investigate(t testing.TB, set *evidence.Set, opt Options) *reeve.Investigation {
	t.Helper()
	opt.Threads = max(opt.Threads, 2)
	inv, err := Run(context.Background(), set, opt)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// sigmaRule is a rule in a folder of its own.
func sigmaRule(t testing.TB, texts ...string) *Rules {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("rule%d.yml", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return loadRules(t, map[string]fs.FS{"rules": os.DirFS(dir)})
}

// loadRules makes folders of rules ready.
func loadRules(t testing.TB, folders map[string]fs.FS) *Rules {
	t.Helper()
	var list []RuleFolder
	for name, f := range folders {
		list = append(list, RuleFolder{Name: name, FS: f})
	}
	slices.SortFunc(list, func(a, b RuleFolder) int { return strings.Compare(a.Name, b.Name) })
	r, err := LoadRules(list, parseOptions())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parseOptions() sigma.ParseOptions { return sigma.ParseOptions{} }

func named(t testing.TB, text string) []triage.Subject {
	t.Helper()
	s, err := triage.ParseSubject(text)
	if err != nil {
		t.Fatal(err)
	}
	return []triage.Subject{s}
}

// programs lists the cases' programs, by time.
func programs(inv *reeve.Investigation) string {
	list := slices.Clone(inv.Cases)
	slices.SortFunc(list, func(a, b reeve.Case) int {
		return cmp.Or(cmp.Compare(a.Subject.Time, b.Subject.Time), strings.Compare(a.Subject.Host, b.Subject.Host), strings.Compare(a.Subject.Image, b.Subject.Image))
	})
	var out []string
	for _, c := range list {
		out = append(out, baseOf(c.Subject.Image))
	}
	return strings.Join(out, " ")
}

// caseOf finds the only case of a program.
func caseOf(t testing.TB, inv *reeve.Investigation, program string) *reeve.Case {
	t.Helper()
	var out *reeve.Case
	for i := range inv.Cases {
		if c := &inv.Cases[i]; baseOf(c.Subject.Image) == program {
			if out != nil {
				t.Fatalf("several cases of %s", program)
			}
			out = c
		}
	}
	if out == nil {
		t.Fatalf("no case of %s; there are: %s", program, programs(inv))
	}
	return out
}

// says tells what a case's timeline says, a moment a line.
func says(c *reeve.Case) string {
	var out strings.Builder
	for _, m := range c.Timeline {
		out.WriteString(m.Says + "\n")
	}
	return out.String()
}

// files tells which files a list of citations names.
func files(refs []reeve.Ref) string {
	var out []string
	for _, r := range refs {
		out = append(out, fmt.Sprintf("%s/%d", r.File, r.RecordID))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// shape prints a case's tree: who, under whom, in which role.
func shape(c *reeve.Case) string {
	var out []string
	name := map[string]string{}
	for _, n := range c.Tree {
		name[n.ID] = cmp.Or(baseOf(n.Image), strconv.Itoa(int(n.PID)))
		s := name[n.ID]
		if n.Inferred {
			s = "(" + s + ")"
		}
		if n.Parent != "" {
			s += "<" + name[n.Parent]
		}
		out = append(out, s+":"+n.Role)
	}
	return strings.Join(out, " ")
}

func contains(t testing.TB, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s does not say %q:\n%s", what, p, text)
		}
	}
}

func save(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// decode gives a record its meaning.
func decode(t testing.TB, r record) *reeve.Event {
	t.Helper()
	var out *reeve.Event
	_, err := ingest.Scan(context.Background(), logs{"a.evtx": {r}}.set(t), ingest.Options{Threads: 1}, func(int) ingest.Sink { return &one{winlog.NewDecoder(), &out} })
	if err != nil || out == nil {
		t.Fatalf("no event in %+v: %v", r, err)
	}
	return out
}

// one is a sink for one event.
type one struct {
	decoder *winlog.Decoder
	out     **reeve.Event
}

func (o *one) Lost(reeve.ReadError) {}

func (o *one) Record(rec reeve.Record) {
	if p := o.decoder.Meaning(rec); p != nil {
		e := o.decoder.Decode(rec, p)
		*o.out = &e
	}
}

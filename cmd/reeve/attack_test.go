package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An attacker who can write any record, but take none away, tries to have the example's abuse called something milder.

// entry is one record, as reeve dumps it.
type entry map[string]any

func (r entry) part(names ...string) map[string]any {
	at := map[string]any(r)
	for _, n := range append([]string{"Event"}, names...) {
		at, _ = at[n].(map[string]any)
	}
	return at
}

// data gives a field of the event; "" when it has none.
func (r entry) data(name string) string {
	if v, ok := r.part("EventData")[name]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

func (r entry) id() string { return fmt.Sprint(r.part("System")["EventID"]) }
func (r entry) sysmon() bool {
	return strings.Contains(fmt.Sprint(r.part("System")["Channel"]), "Sysmon")
}

// is tells whether a record is Sysmon's of that id, about a program whose path ends so.
func (r entry) is(id, image string) bool {
	return r.sysmon() && r.id() == id && strings.HasSuffix(r.data("Image"), image)
}

// lines are the records of one host of the example.
func lines(t testing.TB, host string) []entry {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"dump", "-q", filepath.Join(example(t), host)}, stdio{strings.NewReader(""), &stdout, &stderr}); status != statusDone {
		t.Fatal(stderr.String())
	}
	var out []entry
	for line := range bytes.Lines(stdout.Bytes()) {
		var r entry
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func text(t testing.TB, list []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, r := range list {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes()
}

// forger writes records after the model of true ones.
type forger struct {
	t    testing.TB
	next int // record id
}

// forge copies a record under a new record id, moved in time; fields are names and values in turn.
func (f *forger) forge(model entry, later time.Duration, fields ...string) entry {
	f.t.Helper()
	line, err := json.Marshal(model)
	if err != nil {
		f.t.Fatal(err)
	}
	var r entry
	if err := json.Unmarshal(line, &r); err != nil {
		f.t.Fatal(err)
	}
	f.next++
	r.part("System")["EventRecordID"] = 5_000_000 + f.next
	for i := 0; i < len(fields); i += 2 {
		r.part("EventData")[fields[i]] = fields[i+1]
	}
	const layout = "2006-01-02 15:04:05.000"
	at, err := time.Parse(layout, r.data("UtcTime"))
	if err != nil {
		f.t.Fatal(err)
	}
	at = at.Add(later)
	r.part("EventData")["UtcTime"] = at.Format(layout)
	r.part("System", "TimeCreated", "#attributes")["SystemTime"] = at.Format("2006-01-02T15:04:05.000") + "0000Z"
	return r
}

// first finds the first record that fits.
func first(t testing.TB, list []entry, fits func(entry) bool) entry {
	t.Helper()
	for _, r := range list {
		if fits(r) {
			return r
		}
	}
	t.Fatal("the example has no such record")
	return nil
}

// guid is a process GUID of the forger's own.
func guid(n int) string { return fmt.Sprintf("{0E8CEABF-0000-65E8-%04X-%012X}", n>>16, n) }

const kit = `C:\Program Files (x86)\Windows Kits\10\bin\10.0.22621.0\x64\mftrace.exe`

func TestPlantedRecordsDoNotMakeTheAbuseMilder(t *testing.T) {
	list := lines(t, "BW-FIN-03")
	runs := func(r entry) bool { return r.is("1", `\wmtrace.exe`) }
	start := first(t, list, runs)
	payload := first(t, list, func(r entry) bool { return r.is("1", `\readerupd.exe`) })
	ended := first(t, list, func(r entry) bool { return r.sysmon() && r.id() == "5" })
	written := first(t, list, func(r entry) bool { return r.sysmon() && r.id() == "11" })
	elsewhere := func(r entry, computer string) entry { r.part("System")["Computer"] = computer; return r }
	attacks := []struct {
		says  string
		plant func(f *forger) []entry
	}{
		{"nothing", func(*forger) []entry { return nil }},
		{"three hundred honest runs of the tool", func(f *forger) (out []entry) {
			for i := range 300 {
				out = append(out, f.forge(start, -time.Duration(i+1)*2*time.Hour, "ProcessGuid", guid(i), "ProcessId", fmt.Sprint(20_000+4*i), "Image", kit, "CommandLine", `mftrace -o trace.log "C:\Program Files\Clipper\Clipper.exe"`))
			}
			return out
		}},
		{"three hundred runs of the very same line", func(f *forger) (out []entry) {
			for i := range 300 {
				out = append(out, f.forge(start, -time.Duration(i+1)*2*time.Hour, "ProcessGuid", guid(i), "ProcessId", fmt.Sprint(20_000+4*i)))
			}
			return out
		}},
		{"developers' tools in their folders for a month", func(f *forger) (out []entry) {
			for i, name := range []string{"devenv.exe", "git.exe", "cmake.exe", "ninja.exe", "cl.exe", "link.exe"} {
				for day := range 30 {
					out = append(out, f.forge(start, -time.Duration(day+1)*24*time.Hour, "ProcessGuid", guid(i<<8|day), "ProcessId", fmt.Sprint(20_000+4*i), "Image", `C:\Program Files\Tools\`+name, "CommandLine", name, "OriginalFileName", name))
				}
			}
			return out
		}},
		{"a linker that wrote the payload", func(f *forger) []entry {
			const link = `C:\Program Files\Microsoft Visual Studio\2022\Professional\VC\Tools\MSVC\14.38.33130\bin\Hostx64\x64\link.exe`
			return []entry{
				f.forge(start, -time.Minute, "ProcessGuid", guid(1), "ProcessId", "4444", "Image", link, "CommandLine", "link.exe", "OriginalFileName", "LINK.EXE"),
				f.forge(written, 0, "UtcTime", start.data("UtcTime"), "ProcessGuid", guid(1), "ProcessId", "4444", "Image", link, "TargetFilename", payload.data("Image")),
			}
		}},
		{"ends of all that it started, at once", func(f *forger) (out []entry) {
			for _, r := range []entry{start, payload} {
				out = append(out, f.forge(ended, 0, "UtcTime", r.data("UtcTime"), "ProcessGuid", r.data("ProcessGuid"), "ProcessId", r.data("ProcessId"), "Image", r.data("Image")))
			}
			return out
		}},
		{"more events than are looked at", func(f *forger) (out []entry) {
			for i := range 21_000 {
				r := []entry{start, payload}[i%2]
				out = append(out, f.forge(written, 0, "UtcTime", r.data("UtcTime"), "ProcessGuid", r.data("ProcessGuid"), "ProcessId", r.data("ProcessId"), "Image", r.data("Image"), "TargetFilename", fmt.Sprintf(`C:\Users\tokafor\AppData\Local\Temp\%d.tmp`, i)))
			}
			return out
		}},
		{"more children than are looked at", func(f *forger) (out []entry) {
			for i := range 700 {
				out = append(out, f.forge(payload, time.Duration(i)*time.Millisecond/100, "ProcessGuid", guid(i), "ProcessId", fmt.Sprint(20_000+4*i), "Image", `C:\Program Files\Clipper\helper.exe`, "CommandLine", "helper.exe"))
			}
			return out
		}},
		{"files without number under the payload's name", func(f *forger) (out []entry) {
			for i := range 5000 {
				out = append(out, f.forge(written, 0, "UtcTime", start.data("UtcTime"), "TargetFilename", fmt.Sprintf(`C:\Program Files\%d\readerupd.exe`, i)))
			}
			return out
		}},
		{"its processes on another host, as something else", func(f *forger) []entry {
			return []entry{
				elsewhere(f.forge(start, 0, "Image", `C:\Windows\System32\conhost.exe`), "BW-FIN-04.brightwater.example"),
				elsewhere(f.forge(payload, 0, "Image", `C:\Windows\System32\conhost.exe`), "BW-FIN-04.brightwater.example"),
			}
		}},
		{"its host under another full name", func(f *forger) []entry {
			return []entry{elsewhere(f.forge(start, 0, "Image", kit), "BW-FIN-03.other.example"), elsewhere(f.forge(payload, 0), "BW-FIN-03")}
		}},
		{"an earlier start of the same process in the right place", func(f *forger) []entry {
			return []entry{f.forge(start, -3*time.Millisecond, "Image", kit, "CommandLine", "mftrace -o trace.log clipper.exe")}
		}},
		{"a later start of the same process in the right place", func(f *forger) []entry {
			return []entry{f.forge(start, time.Hour, "Image", kit, "CommandLine", "mftrace -o trace.log clipper.exe")}
		}},
		{"a parent that is its own grandchild", func(f *forger) []entry {
			return []entry{f.forge(start, -time.Second, "ProcessGuid", start.data("ParentProcessGuid"), "ProcessId", start.data("ParentProcessId"), "ParentProcessGuid", payload.data("ProcessGuid"), "ParentProcessId", payload.data("ProcessId"))}
		}},
		{"the same start again, started by management software", func(f *forger) []entry {
			const agent = `C:\Windows\CCM\CcmExec.exe`
			return []entry{f.forge(start, 0, "ParentImage", agent, "ParentCommandLine", agent, "ParentProcessGuid", guid(9), "ParentProcessId", "900"),
				f.forge(start, -time.Hour, "ProcessGuid", guid(9), "ProcessId", "900", "Image", agent, "CommandLine", agent, "OriginalFileName", "CcmExec.exe")}
		}},
	}
	for _, c := range attacks {
		t.Run(c.says, func(t *testing.T) {
			for _, name := range []string{"a.jsonl", "z.jsonl"} { // before and after the true log in the order of names
				planted := c.plant(&forger{t: t})
				if name == "z.jsonl" && len(planted) > 1000 {
					continue
				}
				s := newScene(t, map[string][]byte{"log.jsonl": text(t, list), name: text(t, planted)})
				inv, _ := s.investigate()
				want := map[string]bool{"15128": false, "8200": false} // the two runs of the abuse
				for _, x := range inv.Cases {
					pid := fmt.Sprint(x.Subject.PID)
					if _, ok := want[pid]; ok && x.Verdict.Label == "malicious" && strings.HasSuffix(x.Subject.Host, "brightwater.example") {
						want[pid] = true
					}
				}
				if c.says == "three hundred runs of the very same line" {
					want["15128"], want["8200"] = len(inv.Cases) > 0 && inv.Cases[0].Verdict.Label == "malicious", true // they are one case
				}
				for pid, found := range want {
					if !found {
						t.Errorf("%s: the run with pid %s is not called malicious: %+v", name, pid, inv.Cases)
					}
				}
			}
		})
	}
}

// TestNoMilderLabelForTheDevelopersRunsThatWereAbused abuses one of the developer's honest runs in ways that hide what was done.
func TestNoMilderLabelForTheDevelopersRunsThatWereAbused(t *testing.T) {
	dev, fin := lines(t, "BW-DEV-07"), lines(t, "BW-FIN-03")
	load := first(t, fin, func(r entry) bool {
		return r.sysmon() && r.id() == "7" && strings.HasSuffix(r.data("ImageLoaded"), "mfdetours.dll")
	})
	dial := first(t, fin, func(r entry) bool { return r.is("3", `\readerupd.exe`) })
	key := first(t, fin, func(r entry) bool { return r.is("13", `\readerupd.exe`) })
	written := first(t, fin, func(r entry) bool { return r.sysmon() && r.id() == "11" })
	runOf := func(pid string) (tool, payload entry) {
		tool = first(t, dev, func(r entry) bool { return r.is("1", `\mftrace.exe`) && r.data("ProcessId") == pid })
		payload = first(t, dev, func(r entry) bool {
			return r.is("1", `\Clipper.exe`) && r.data("ParentProcessGuid") == tool.data("ProcessGuid")
		})
		return tool, payload
	}
	by := func(f *forger, model, who entry, later time.Duration, more ...string) entry {
		r := f.forge(model, later, "UtcTime", who.data("UtcTime"), "ProcessGuid", who.data("ProcessGuid"), "ProcessId", who.data("ProcessId"), "Image", who.data("Image"))
		r = f.forge(r, later, more...)
		r.part("System")["Computer"] = "BW-DEV-07.brightwater.example"
		return r
	}
	// deeds: an outside connection and a Run value, some time after the payload's start.
	deeds := func(f *forger, who entry, later time.Duration) []entry {
		return []entry{by(f, dial, who, later/2), by(f, key, who, later/2)}
	}
	endless := func(pid string) (out []entry) { // without the ends of that run
		tool, payload := runOf(pid)
		for _, r := range dev {
			if g := r.data("ProcessGuid"); r.sysmon() && r.id() == "5" && (g == tool.data("ProcessGuid") || g == payload.data("ProcessGuid")) {
				continue
			}
			out = append(out, r)
		}
		return out
	}
	for _, c := range []struct {
		says string
		pid  string // of the run that is abused
		log  []entry
		deed func(f *forger, tool, payload entry) []entry
	}{
		{"the third of three equal runs loads a planted library, calls home and stays", "15836", dev, func(f *forger, tool, payload entry) []entry {
			return append(deeds(f, payload, time.Second), by(f, load, tool, 0))
		}},
		{"4,100 files written before the deeds", "1184", endless("1184"), func(f *forger, tool, payload entry) (out []entry) {
			for i := range 4100 {
				out = append(out, by(f, written, payload, time.Duration(i/10)*time.Millisecond/2, "TargetFilename", fmt.Sprintf(`C:\Users\ihalvorsen\AppData\Local\Temp\%d.tmp`, i)))
			}
			return append(out, deeds(f, payload, 10*time.Second)...)
		}},
		{"600 children before the one that does the deeds", "1184", endless("1184"), func(f *forger, tool, payload entry) (out []entry) {
			parent := []string{"ParentProcessGuid", payload.data("ProcessGuid"), "ParentProcessId", payload.data("ProcessId"), "ParentImage", payload.data("Image")}
			for i := range 600 {
				out = append(out, f.forge(payload, time.Duration(i)*time.Millisecond, append(parent, "ProcessGuid", guid(i), "ProcessId", fmt.Sprint(20_000+4*i), "Image", `C:\Program Files\Clipper\helper.exe`, "CommandLine", "helper.exe")...))
			}
			evil := f.forge(payload, time.Second, append(parent, "ProcessGuid", guid(9000), "ProcessId", "50000", "Image", `C:\Users\ihalvorsen\AppData\Local\Temp\evil.exe`, "CommandLine", "evil.exe")...)
			return append(append(out, evil), deeds(f, evil, time.Second)...)
		}},
		{"an end that is recorded before the deeds of the same GUID", "1184", dev, func(f *forger, tool, payload entry) []entry { return deeds(f, payload, 20*time.Minute) }},
		{"a clock that was set back two minutes before the deeds", "1184", endless("1184"), func(f *forger, tool, payload entry) []entry { return deeds(f, payload, -2*time.Minute) }},
		{"a clock that was set back a day before the deeds", "1184", endless("1184"), func(f *forger, tool, payload entry) []entry { return deeds(f, payload, -24*time.Hour) }},
	} {
		t.Run(c.says, func(t *testing.T) {
			tool, payload := runOf(c.pid)
			planted := c.deed(&forger{t: t}, tool, payload)
			s := newScene(t, map[string][]byte{"log.jsonl": text(t, c.log), "planted.jsonl": text(t, planted)})
			inv, _ := s.investigate("--inventory", example(t)+"/inventory.csv")
			for _, x := range inv.Cases {
				mine := fmt.Sprint(x.Subject.PID) == c.pid
				for _, o := range x.Occurrences {
					mine = mine || strings.Contains(string(o), fmt.Sprintf(`"pid": %s,`, c.pid)) || strings.Contains(string(o), fmt.Sprintf(`"pid":%s,`, c.pid))
				}
				if mine && (x.Verdict.Label == "benign" || x.Verdict.Label == "expected") {
					t.Errorf("the case of pid %s with %d runs is called %s at %d", c.pid, len(x.Occurrences), x.Verdict.Label, x.Verdict.Score)
				}
			}
		})
	}
}

// TestContradictingRecordsSettleNothing: of two records of one thing the milder must not win in silence.
func TestContradictingRecordsSettleNothing(t *testing.T) {
	list := lines(t, "BW-FIN-03")
	start := first(t, list, func(r entry) bool { return r.is("1", `\wmtrace.exe`) })
	t.Run("a copy under the same record id says that the library is signed", func(t *testing.T) {
		f := &forger{t: t}
		var planted []entry
		for _, r := range list {
			if r.sysmon() && r.id() == "7" && strings.HasSuffix(r.data("ImageLoaded"), "mfdetours.dll") {
				x := f.forge(r, 0, "Signed", "true", "Signature", "Microsoft Windows", "SignatureStatus", "Valid")
				x.part("System")["EventRecordID"] = r.part("System")["EventRecordID"]
				x.part("System", "TimeCreated", "#attributes")["SystemTime"] = r.part("System", "TimeCreated", "#attributes")["SystemTime"]
				planted = append(planted, x)
			}
		}
		s := newScene(t, map[string][]byte{"log.jsonl": text(t, list), "planted.jsonl": text(t, planted)})
		if _, out, _ := s.run(t.Context(), "investigate --format json"); !strings.Contains(out, "is not validly signed") {
			t.Error("the true record of the planted library is gone")
		}
	})
	t.Run("an earlier start of the same GUID decides what ran", func(t *testing.T) {
		f := &forger{t: t}
		s := newScene(t, map[string][]byte{"log.jsonl": text(t, list), "planted.jsonl": text(t, []entry{f.forge(start, -3*time.Millisecond, "Image", kit, "CommandLine", "mftrace -o trace.log clipper.exe")})})
		inv, _ := s.investigate()
		found := false
		for _, x := range inv.Cases {
			if x.Subject.PID != 15128 {
				continue
			}
			found = true
			if x.Verdict.Label == "benign" || x.Verdict.Label == "expected" || x.Answers[0].Stance == "refutes" {
				t.Errorf("%s at %d, location %s", x.Verdict.Label, x.Verdict.Score, x.Answers[0].Stance)
			}
		}
		if !found {
			t.Error("the run has no case")
		}
	})
}

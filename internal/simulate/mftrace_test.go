package simulate

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// example is the committed folder that `go generate` writes.
const example = "../../examples/mftrace"

func TestTheExampleIsWhatTheProgramWrites(t *testing.T) {
	files, err := Mftrace().Files()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, f := range files {
		want = append(want, f.Path)
		data, err := os.ReadFile(filepath.Join(example, filepath.FromSlash(f.Path)))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(data, f.Data) {
			t.Errorf("%s differs from what is committed: run go generate ./internal/simulate/...", f.Path)
		}
	}
	err = filepath.WalkDir(example, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(example, name)
			got = append(got, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the folder holds\n%q, want\n%q", got, want)
	}
}

func TestEveryRunMakesTheSameBytes(t *testing.T) {
	first, err := Mftrace().Files()
	if err != nil {
		t.Fatal(err)
	}
	second, err := Mftrace().Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(first) < 10 || !slices.EqualFunc(first, second, func(a, b File) bool { return a.Path == b.Path && bytes.Equal(a.Data, b.Data) }) {
		t.Error("two runs differ")
	}
}

// What judges must know the example from its evidence alone.
func TestNoOtherCodeKnowsTheExample(t *testing.T) {
	var words []string
	s := Mftrace()
	for _, h := range s.Estate.Hosts() {
		words = append(words, strings.ToLower(h.Short))
	}
	for _, truth := range s.Truth {
		hashes := truth.Process.Program.hashes()
		words = append(words, strings.ToLower(hashes[4:36]), strings.ToLower(hashes[44:108]))
	}
	words = append(words, "brightwater", "wmtrace", "readerupd", "acct-telemetry", "invoice-portal", "clipper.exe")
	looked := 0
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (name == "../../internal/simulate" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if ext := filepath.Ext(name); strings.HasSuffix(name, "_test.go") || !slices.Contains([]string{".go", ".yml", ".yaml", ".json", ".txt"}, ext) {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		looked++
		data = bytes.ToLower(data)
		for _, w := range words {
			if bytes.Contains(data, []byte(w)) {
				t.Errorf("%s knows %q", name, w)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if looked < 50 {
		t.Errorf("only %d files were looked at", looked)
	}
}

// host is one of the scenario's hosts.
func host(t *testing.T, s *Scenario, short string) *Host {
	t.Helper()
	for _, h := range s.Estate.Hosts() {
		if h.Short == short {
			return h
		}
	}
	t.Fatalf("there is no host %s", short)
	return nil
}

func TestEveryTruthIsOneRecord(t *testing.T) {
	s := Mftrace()
	abuse, shown := 0, 0
	for _, truth := range s.Truth {
		p, n := truth.Process, 0
		for _, e := range p.Host().Events(sysmonChannel) {
			if e.EventID == 1 && bytes.Equal(e.Field("ProcessGuid").Bytes, p.GUID[:]) {
				n++
			}
		}
		for _, e := range p.Host().Events(securityChannel) {
			if pid, _ := e.Field("NewProcessId").Uint64(); e.EventID == 4688 && int(pid) == p.PID {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%q is %d records", truth.Says, n)
		}
		if truth.Abuse {
			abuse++
		}
		if truth.Shown {
			shown++
		}
	}
	if len(s.Truth) != 11 || abuse != 2 || shown != 10 {
		t.Errorf("%d truths, %d of them abuse, %d shown; want 11, 2, 10", len(s.Truth), abuse, shown)
	}
}

// Everything that an analyst follows from the tool back to the mail and on to the morning after is there.
func TestTheIntrusionCanBeFollowed(t *testing.T) {
	h := host(t, Mftrace(), "BW-FIN-03")
	carrier, planted, payload := carrierExe.hashes(), plantedDLL.hashes(), payloadExe.hashes()
	for _, c := range []struct {
		what   string
		id     uint16
		fields map[string]string
		times  int
	}{
		{"the browser is started by the mail", 1, map[string]string{"ParentImage": outlookExe.Path, "Image": edgeExe.Path}, 1},
		{"the archive carries its address", 15, map[string]string{"TargetFilename": `C:\Users\tokafor\Downloads\Invoice_0317.zip:Zone.Identifier`, "Image": edgeExe.Path}, 1},
		{"the desktop extracts the payload", 29, map[string]string{"Image": explorerExe.Path, "Hashes": payload}, 1},
		{"the desktop starts the script", 1, map[string]string{"ParentImage": explorerExe.Path, "Image": wscriptExe.Path}, 1},
		{"the script copies the tool", 29, map[string]string{"Image": wscriptExe.Path, "TargetFilename": carrierExe.Path, "Hashes": carrier}, 1},
		{"the script copies the library", 29, map[string]string{"Image": wscriptExe.Path, "TargetFilename": plantedDLL.Path, "Hashes": planted}, 1},
		{"the script copies the payload", 29, map[string]string{"Image": wscriptExe.Path, "TargetFilename": payloadExe.Path, "Hashes": payload}, 1},
		{"the script starts the tool under a false name", 1, map[string]string{"ParentImage": wscriptExe.Path, "Image": carrierExe.Path, "OriginalFileName": "mftrace.exe", "Hashes": carrier}, 1},
		{"the tool is signed", 7, map[string]string{"Image": carrierExe.Path, "ImageLoaded": carrierExe.Path, "SignatureStatus": "Valid"}, 2},
		{"the tool loads the planted library", 7, map[string]string{"Image": carrierExe.Path, "ImageLoaded": plantedDLL.Path, "Signed": "false", "Hashes": planted}, 2},
		{"so does the payload", 7, map[string]string{"Image": payloadExe.Path, "ImageLoaded": plantedDLL.Path, "Signed": "false"}, 2},
		{"the tool has a console", 1, map[string]string{"ParentImage": carrierExe.Path, "Image": conhostExe.Path}, 2},
		{"the tool starts the payload", 1, map[string]string{"ParentImage": carrierExe.Path, "Image": payloadExe.Path, "Hashes": payload}, 2},
		{"the payload asks for its master", 22, map[string]string{"Image": payloadExe.Path, "QueryName": beaconName}, 3},
		{"the payload calls home", 3, map[string]string{"Image": payloadExe.Path, "DestinationIp": beaconIP}, 25},
		{"the payload stays", 13, map[string]string{"Image": payloadExe.Path, "Details": `"` + carrierExe.Path + `" ` + payloadExe.Path}, 1},
		{"the payload looks around", 1, map[string]string{"ParentImage": payloadExe.Path, "Image": cmdExe.Path}, 1},
		{"and who it is", 1, map[string]string{"ParentImage": cmdExe.Path, "Image": whoamiExe.Path}, 1},
		{"the desktop starts it again", 1, map[string]string{"ParentImage": explorerExe.Path, "Image": carrierExe.Path}, 1},
		{"traces are removed", 26, map[string]string{"Image": wscriptExe.Path, "Hashes": payload, "IsExecutable": "true"}, 1},
	} {
		n := 0
		for _, e := range of(h, sysmonChannel, c.id) {
			fits := true
			for name, want := range c.fields {
				fits = fits && says(e, name) == want
			}
			if fits {
				n++
			}
		}
		if n != c.times {
			t.Errorf("%s: %d records, want %d", c.what, n, c.times)
		}
	}
	if got := last(h.Events(sysmonChannel)).Time; got.After(h.Taken) || h.Taken.Sub(got) > 2*time.Hour {
		t.Errorf("the log ends at %v, it was taken at %v", got, h.Taken)
	}
}

// The developer's runs are builds of her own, each other than the last, under the signed tool of the kit.
func TestTheDeveloperTracesHerOwnBuilds(t *testing.T) {
	s := Mftrace()
	h := host(t, s, "BW-DEV-07")
	linked := map[string]time.Time{} // hashes of what the linker wrote
	for _, e := range of(h, sysmonChannel, 29) {
		if says(e, "Image") == linkExe.Path {
			linked[says(e, "Hashes")] = e.Time
		}
	}
	runs, parents, days := 0, map[string]bool{}, map[string]bool{}
	for _, e := range of(h, sysmonChannel, 1) {
		switch {
		case says(e, "Image") == mftraceExe.Path:
			parents[says(e, "ParentImage")] = true
			days[e.Time.Format(time.DateOnly)] = true
		case says(e, "ParentImage") == mftraceExe.Path && says(e, "Image") != conhostExe.Path:
			runs++
			built, ok := linked[says(e, "Hashes")]
			if age := e.Time.Sub(built); !ok || age < time.Minute || age > 10*time.Minute {
				t.Errorf("record %d runs what was linked %v before", e.RecordID, age)
			}
		}
	}
	if runs != 8 || len(linked) != 8 || len(days) != 7 || !parents[cmdExe.Path] || !parents[devenvExe.Path] {
		t.Errorf("%d runs of %d builds on %d days, started by %v", runs, len(linked), len(days), parents)
	}
	for _, e := range of(h, sysmonChannel, 7) {
		if path := says(e, "ImageLoaded"); strings.HasSuffix(path, "mfdetours.dll") && (path != mfdetoursDLL.Path || says(e, "SignatureStatus") != "Valid") {
			t.Errorf("record %d loads %s, %s", e.RecordID, path, says(e, "SignatureStatus"))
		}
	}
}

func TestTheBenchSaysNoMoreThanItShould(t *testing.T) {
	h := host(t, Mftrace(), "BW-QA-02")
	if n := len(h.Events(sysmonChannel)); n > 0 {
		t.Errorf("%d records of Sysmon", n)
	}
	tool := 0
	for _, e := range of(h, securityChannel, 4688) {
		if line := says(e, "CommandLine"); line != "" {
			t.Errorf("record %d states the line %q", e.RecordID, line)
		}
		if strings.HasSuffix(says(e, "NewProcessName"), `\mftrace.exe`) {
			tool++
		}
		if strings.HasSuffix(says(e, "ParentProcessName"), `\mftrace.exe`) {
			t.Errorf("record %d is a child of the tool", e.RecordID)
		}
	}
	if tool != 1 {
		t.Errorf("the tool runs %d times", tool)
	}
}

func TestTheInventoryNamesEveryHost(t *testing.T) {
	s := Mftrace()
	f, err := s.Estate.Inventory()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(f.Data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(s.Estate.Hosts())+1 || !slices.Equal(rows[0], []string{"host", "owner", "department", "role"}) {
		t.Fatalf("%d rows under %q", len(rows)-1, rows[0])
	}
	for i, h := range s.Estate.Hosts() {
		if want := []string{h.Short, h.Owner, h.Department, h.Role}; !slices.Equal(rows[i+1], want) || slices.Contains(want, "") {
			t.Errorf("row %q, want %q", rows[i+1], want)
		}
	}
}

func TestThePageStatesEveryTruth(t *testing.T) {
	s := Mftrace()
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	page := string(files[len(files)-1].Data)
	for _, truth := range s.Truth {
		if row := truth.Process.Started.Format(time.DateTime) + " | " + truth.Process.Host().Short; !strings.Contains(page, row) || !strings.Contains(page, truth.Says) {
			t.Errorf("the page does not state %q", truth.Says)
		}
	}
	for _, f := range files[:len(files)-2] {
		if !strings.Contains(page, "`"+f.Path+"`") {
			t.Errorf("the page does not list %s", f.Path)
		}
	}
	s.page = "{{.Nothing}}"
	if _, err := s.Files(); err == nil {
		t.Error("a page that cannot be written is no error")
	}
}

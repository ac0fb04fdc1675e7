package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"reeve/evtx"
	"reeve/internal/report"
	"reeve/schema"
)

// The evidence, its names, the rules and the lists belong to the attacker here. The program is run as its user runs it.

// scene is a place for one attack: evidence that nobody may write to, and a folder for temporary files.
type scene struct {
	t        testing.TB
	top      string
	evidence string
	temp     string
	before   string // what lies below top
}

// newScene makes a folder of the files; names may have folders.
func newScene(t testing.TB, files map[string][]byte) *scene {
	t.Helper()
	top := t.TempDir()
	s := &scene{t: t, top: top, evidence: filepath.Join(top, "evidence"), temp: filepath.Join(top, "temp")}
	for _, dir := range []string{s.evidence, s.temp} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		path := filepath.Join(s.evidence, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o444)); err != nil {
			t.Fatal(err)
		}
	}
	s.protect(0o555)
	t.Cleanup(func() { s.protect(0o755) })
	s.before = s.look()
	return s
}

func (s *scene) protect(mode fs.FileMode) {
	_ = filepath.WalkDir(s.evidence, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, mode) // a folder that stays writable makes the test weaker, not wrong
		}
		return nil
	})
}

// look sums up names, sizes, times and contents below top.
func (s *scene) look() string {
	var b strings.Builder
	err := filepath.WalkDir(s.top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%q %v", path, info.Mode())
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %v %x", info.ModTime(), sha256.Sum256(content))
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return b.String()
}

// run runs a command on the evidence and sees to it that it leaves nothing behind and everything as it was.
func (s *scene) run(ctx context.Context, command string, args ...string) (status int, out, told string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(append(strings.Fields(command), args...), "--temp", s.temp, s.evidence)
	status = run(ctx, args, stdio{strings.NewReader(""), &stdout, &stderr})
	if after := s.look(); after != s.before {
		s.t.Errorf("%s left behind or changed something:\nbefore\n%s\nafter\n%s", command, s.before, after)
	}
	return status, stdout.String(), stderr.String()
}

// investigation is what the tests look at of the JSON.
type investigation struct {
	Evidence struct {
		Files []struct {
			Path    string
			Records int
			Errors  []json.RawMessage
		}
	}
	Coverage []struct{ Host string }
	Cases    []struct {
		Subject struct {
			Image, Host string
			PID         int64 `json:"pid"`
		}
		Verdict struct {
			Label string
			Score int
		}
		Answers     []struct{ Question, Stance string }
		Occurrences []json.RawMessage
	}
}

// investigate runs an investigation that has to end well, and holds its output against the schema.
func (s *scene) investigate(args ...string) (inv investigation, told string) {
	s.t.Helper()
	status, out, told := s.run(s.t.Context(), "investigate --format json", args...)
	if status != statusDone {
		s.t.Fatalf("status %d: %s", status, told)
	}
	valid(s.t, out)
	if err := json.Unmarshal([]byte(out), &inv); err != nil {
		s.t.Fatal(err)
	}
	return inv, told
}

// contract is the compiled public schema.
var contract = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Investigation))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schema.ID, doc); err != nil {
		return nil, err
	}
	return c.Compile(schema.ID)
})

// valid holds an investigation against the public schema.
func valid(t testing.TB, out string) {
	t.Helper()
	c, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
	if err != nil {
		t.Fatalf("no JSON: %v", err)
	}
	if err := c.Validate(v); err != nil {
		t.Errorf("against the schema: %v", err)
	}
}

// witness is a good record beside the hostile ones. Whatever they do, it has to be read.
const witness = `{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"Microsoft-Windows-Sysmon","Hostname":"witness","EventTime":"2024-05-01 10:00:00",` +
	`"UtcTime":"2024-05-01 10:00:00.000","Image":"C:\\Windows\\System32\\mftrace.exe","CommandLine":"mftrace.exe a.exe","ProcessId":"10","ProcessGuid":"{11111111-1111-1111-1111-111111111111}"}` + "\n"

// seen tells whether the witness was read.
func (inv *investigation) seen() bool {
	for _, h := range inv.Coverage {
		if h.Host == "witness" {
			return true
		}
	}
	return false
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// damages are ways in which a file is damaged.
var damages = []struct {
	name string
	do   func(r *rand.Rand, b []byte) []byte
}{
	{"is cut", func(r *rand.Rand, b []byte) []byte { return b[:r.IntN(len(b))] }},
	{"has a hole of zeros", func(r *rand.Rand, b []byte) []byte {
		at := r.IntN(len(b))
		clear(b[at : at+r.IntN(len(b)-at)])
		return b
	}},
	{"has a flipped bit", func(r *rand.Rand, b []byte) []byte { b[r.IntN(len(b))] ^= 1 << r.IntN(8); return b }},
	{"has many flipped bits", func(r *rand.Rand, b []byte) []byte {
		for range 1 + r.IntN(1000) {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		return b
	}},
	{"has sectors in another order", func(r *rand.Rand, b []byte) []byte {
		const sector = 512
		r.Shuffle(len(b)/sector, func(i, j int) {
			x, y := b[i*sector:(i+1)*sector], b[j*sector:(j+1)*sector]
			for k := range x {
				x[k], y[k] = y[k], x[k]
			}
		})
		return b
	}},
	{"repeats itself", func(r *rand.Rand, b []byte) []byte { at := r.IntN(len(b)); return append(b[:at:at], b...) }},
}

func TestADamagedLogNeverStopsARun(t *testing.T) {
	logs := map[string][]byte{}
	for name, path := range map[string]string{"a.evtx": "BW-QA-02/Security.evtx", "a.jsonl": "BW-SAL-11.jsonl"} {
		logs[name] = read(t, filepath.Join(example(t), filepath.FromSlash(path)))
	}
	logs["sysmon.evtx"] = read(t, filepath.Join(example(t), "BW-HD-02", "Microsoft-Windows-Sysmon%4Operational.evtx"))
	for name, log := range logs {
		for _, damage := range damages {
			t.Run(name+" "+damage.name, func(t *testing.T) {
				t.Parallel()
				variants := 12
				if testing.Short() {
					variants = 3
				}
				for seed := range variants {
					bad := damage.do(rand.New(rand.NewPCG(uint64(seed), 7)), bytes.Clone(log))
					s := newScene(t, map[string][]byte{name: bad, "witness.jsonl": []byte(witness)})
					recover := []string{"--recover"}[:seed%2]
					if inv, _ := s.investigate(recover...); !inv.seen() {
						t.Fatalf("variant %d: the log beside it was not read", seed)
					}
				}
			})
		}
	}
}

// sealed gives a log after change has worked on its first chunk; its checksums are made good, so that they stop nothing.
func sealed(t testing.TB, log []byte, change func(chunk []byte)) []byte {
	t.Helper()
	const header, records = 4096, 512
	log = bytes.Clone(log)
	chunk := log[header : header+evtx.ChunkSize]
	change(chunk)
	end := min(max(int(binary.LittleEndian.Uint32(chunk[48:])), records), evtx.ChunkSize)
	binary.LittleEndian.PutUint32(chunk[52:], crc32.ChecksumIEEE(chunk[records:end]))
	sum := crc32.Update(crc32.ChecksumIEEE(chunk[:120]), crc32.IEEETable, chunk[128:records])
	binary.LittleEndian.PutUint32(chunk[124:], sum)
	return log
}

// craft are chunks that no Windows writes.
var craft = []struct {
	name string
	do   func(chunk []byte)
}{
	{"whose free space begins past its end", func(c []byte) { binary.LittleEndian.PutUint32(c[48:], 1<<31) }},
	{"whose free space begins in its header", func(c []byte) { binary.LittleEndian.PutUint32(c[48:], 8) }},
	{"whose last record lies nowhere", func(c []byte) { binary.LittleEndian.PutUint32(c[44:], 0xffffffff) }},
	{"whose name and template tables lead in circles", func(c []byte) {
		for at := 128; at < 512; at += 4 {
			binary.LittleEndian.PutUint32(c[at:], uint32(at))
		}
	}},
	{"whose first record has no size", func(c []byte) { binary.LittleEndian.PutUint32(c[516:], 0) }},
	{"whose first record is as large as can be stated", func(c []byte) { binary.LittleEndian.PutUint32(c[516:], 0xffffffff) }},
	{"whose ids run backwards", func(c []byte) { binary.LittleEndian.PutUint64(c[8:], 1<<63); binary.LittleEndian.PutUint64(c[16:], 0) }},
	{"whose template is its own next", func(c []byte) { eachTemplate(c, func(at int) { binary.LittleEndian.PutUint32(c[at:], uint32(at)) }) }},
	{"whose template states four gigabytes", func(c []byte) {
		eachTemplate(c, func(at int) { binary.LittleEndian.PutUint32(c[at+20:], 0xffffffff) })
	}},
	{"whose template lies at the end of the chunk", func(c []byte) {
		eachTemplate(c, func(at int) { binary.LittleEndian.PutUint32(c[at-4:], evtx.ChunkSize-4) })
	}},
	{"whose template lies in itself", func(c []byte) {
		eachTemplate(c, func(at int) { binary.LittleEndian.PutUint32(c[at-4:], uint32(at-10)) })
	}},
	{"whose binary XML opens elements without end", func(c []byte) {
		for at := 600; at < 60_000; at++ {
			c[at] = []byte{0x41, 0xff, 0xff, 0, 0, 0, 0, 0, 2, 0, 0}[at%11]
		}
	}},
	{"whose binary XML is nothing but instances", func(c []byte) {
		for at := 536; at+10 < 60_000; at += 10 {
			copy(c[at:], []byte{0x0c, 1, 1, 0, 0, 0, 24, 2, 0, 0})
		}
	}},
	{"whose counts are giant", func(c []byte) {
		for at := 4000; at+4 < 60_000; at += 97 {
			binary.LittleEndian.PutUint32(c[at:], 0x7fffffff)
		}
	}},
}

// eachTemplate finds the definitions of a chunk by the instances that stand right before them.
func eachTemplate(chunk []byte, do func(at int)) {
	for at := 512; at+10 < len(chunk); at++ {
		if chunk[at] == 0x0c && chunk[at+1] == 1 && int(binary.LittleEndian.Uint32(chunk[at+6:])) == at+10 {
			do(at + 10)
		}
	}
}

func TestACraftedLogCostsItsRecordsOnly(t *testing.T) {
	log := read(t, filepath.Join(example(t), "BW-HD-02", "Microsoft-Windows-Sysmon%4Operational.evtx"))
	templates := 0
	sealed(t, log, func(c []byte) { eachTemplate(c, func(int) { templates++ }) })
	if templates < 4 {
		t.Fatalf("%d templates were found to craft with", templates)
	}
	for _, c := range craft {
		t.Run("a chunk "+c.name, func(t *testing.T) {
			s := newScene(t, map[string][]byte{"crafted.evtx": sealed(t, log, c.do), "witness.jsonl": []byte(witness)})
			for _, args := range [][]string{nil, {"--recover"}} {
				began := time.Now()
				inv, _ := s.investigate(args...)
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("took %v", took)
				}
				if !inv.seen() {
					t.Error("the log beside it was not read")
				}
				others := 0
				for _, f := range inv.Evidence.Files {
					if strings.HasSuffix(f.Path, "crafted.evtx") {
						others = f.Records
					}
				}
				if others < 50 { // the second and third chunk are whole
					t.Errorf("%d records of the other chunks", others)
				}
			}
		})
	}
}

// texts are files of text that are made to hurt their reader.
func texts() map[string][]byte {
	event := func(data string) string {
		return `{"Event":{"System":{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"x","TimeCreated":{"SystemTime":"2024-05-01T10:00:00Z"},"EventRecordID":7},"EventData":{` + data + "}}}\n"
	}
	inXML := func(head, data string) string {
		return head + `<Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>1</EventID><Channel>c</Channel><Computer>x</Computer></System><EventData>` + data + `</EventData></Event></Events>`
	}
	bomb := `<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">`
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	utf16 := []byte{0xff, 0xfe}
	for _, c := range event(`"Image":"C:\\a.exe"`) {
		utf16 = append(utf16, byte(c), 0)
	}
	return map[string][]byte{
		"deep.json":            []byte(event(`"a":` + strings.Repeat("[", 1<<20))),
		"deep closed.json":     []byte(event(`"a":` + strings.Repeat(`{"a":`, 1<<17) + "1" + strings.Repeat("}", 1<<17))),
		"huge string.json":     []byte(event(`"CommandLine":"` + strings.Repeat("A", 16<<20) + `"`)),
		"huge number.json":     []byte(event(`"ProcessId":` + strings.Repeat("9", 1<<20))),
		"keys.json":            []byte(event(`"Image":"a","Image":"b","IMAGE":"c","image":"d"`)),
		"latin.json":           []byte(event("\"Image\":\"C:\\\\\xe9\xff\xfe.exe\"")),
		"surrogates.json":      []byte(event(`"Image":"C:\\\ud800.exe","CommandLine":"\udc00\ud800\ud800"`)),
		"nul.json":             []byte(event("\"Image\":\"C:\\\\a\\u0000b.exe\",\"CommandLine\":\"a\x00b\"")),
		"numbers.json":         []byte(strings.ReplaceAll(event(`"ProcessId":"-1","ParentProcessId":1e400,"ProcessGuid":"{zz}"`), `"EventRecordID":7`, `"EventRecordID":-18446744073709551616`)),
		"times.json":           []byte(strings.ReplaceAll(event(`"UtcTime":"9999-99-99 99:99:99.999"`), "2024-05-01T10:00:00Z", "99999-01-01T00:00:00Z") + strings.ReplaceAll(event(""), "2024-05-01T10:00:00Z", "0000-00-00T00:00:00Z")),
		"ids.json":             []byte(strings.ReplaceAll(event(""), `"EventID":1`, `"EventID":"0x7fffffffffffffff"`) + strings.ReplaceAll(event(""), `"EventID":1`, `"EventID":{"#text":1}`) + strings.ReplaceAll(event(""), `"EventID":1`, `"EventID":[1]`)),
		"bomb.xml":             []byte(inXML(bomb+"]>", "<Data Name='Image'>&y;</Data>")),
		"outside.xml":          []byte(inXML(`<!DOCTYPE b [<!ENTITY o SYSTEM "outside.txt"><!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>`, "<Data Name='Image'>&o;</Data>")),
		"outside.txt":          []byte("the secret of another file"),
		"deep.xml":             []byte(inXML("", strings.Repeat("<a>", 1<<19))),
		"controls.xml":         []byte(inXML("", "<Data Name='\x1b[31m\u202e'>\x1b[2J\u009b31m\u202e\x00\xff\r</Data>")),
		"references.xml":       []byte(inXML("", "<Data Name='Image'>&#0;&#x1b;&#xd800;&#x110000;&#99999999999;&nothing;</Data>")),
		"ragged.csv":           []byte("EventID,Channel,Computer,Image\n1\n1,c\n1,c,x,a.exe,b,c,d\n\"\n"),
		"wide.csv":             []byte("EventID,Channel" + strings.Repeat(",c", 1<<18) + "\n1,x" + strings.Repeat(",v", 1<<18) + "\n"),
		"same columns.csv":     []byte("EventID,EventID,Channel,Channel\n1,2,3,4\n"),
		"open.csv":             []byte("EventID,Channel,Computer\n1,\"" + strings.Repeat("x\n", 1<<18)),
		"wide characters.json": utf16,
		"half.json":            utf16[:len(utf16)-1],
		"zeros.evtx":           make([]byte, 1<<20),
		"magic.evtx":           append([]byte("ElfFile\x00"), bytes.Repeat([]byte{0xff}, 8192)...),
	}
}

func TestHostileTextsCostThemselvesOnly(t *testing.T) {
	for name, content := range texts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, map[string][]byte{name: content, "witness.jsonl": []byte(witness)})
			if inv, _ := s.investigate("--all"); !inv.seen() {
				t.Error("the file beside it was not read")
			}
			for _, command := range []string{"hunt --format jsonl", "dump", "dump --format xml"} {
				status, out, told := s.run(t.Context(), command)
				if status != statusDone || !strings.Contains(out, "witness") && command != "hunt --format jsonl" {
					t.Errorf("%s: status %d: %s", command, status, told)
				}
				harmless(t, command, out)
				if command == "dump --format xml" && strings.HasSuffix(name, ".xml") {
					wellFormed(t, out)
				} else if command != "dump --format xml" {
					jsonLines(t, out)
				}
				if name == "outside.xml" && strings.Contains(out, "secret") {
					t.Error("an entity led into another file")
				}
			}
		})
	}
}

func jsonLines(t testing.TB, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line is no JSON: %.200q", line)
		}
	}
}

func wellFormed(t testing.TB, out string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader("<all>" + out + "</all>"))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("no XML: %v", err)
			return
		}
	}
}

// harmless tells whether a text could act on a terminal, or hide or reorder what its reader sees.
func harmless(t testing.TB, sink, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Errorf("%s: broken UTF-8", sink)
	}
	for at, r := range out {
		if r != '\n' && (r != '\t' || !strings.HasSuffix(sink, "xml")) && (unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)) {
			t.Errorf("%s: %U in %.80q", sink, r, out[max(0, at-40):])
			return
		}
	}
}

// hostileName has what a name, a path, a rule or a command line can carry against its reader.
const hostileName = "=1+1\"'</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\x1b]0;owned\x07\u202egpj\u2066\u200b\u009b31m\ufeff`${7*7}` {{.}} [x](https://evil.example)**b**|<!--\t\r@all\n\u2028\U000e0041"

// hostileLines is the example's abuse with hostile text in host, user, program, payload and lines.
func hostileLines(t testing.TB) []byte {
	t.Helper()
	_, out, _ := execute(t.(*testing.T), "dump", "-q", filepath.Join(example(t), "BW-FIN-03"))
	in, err := json.Marshal(hostileName)
	if err != nil {
		t.Fatal(err)
	}
	word := string(in[1 : len(in)-1])
	out = strings.NewReplacer("wmtrace.exe", "wm"+word+".exe", "readerupd.exe", word+"upd.exe", "tokafor", word, "BRIGHTWATER", word, "BW-FIN-03.brightwater.example", word,
		"sync.acct-telemetry.example", word, "MediaTraceHelper", word, "Invoice_0317", word).Replace(out)
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Fatalf("the hostile evidence is no JSON: %.200q", line)
		}
	}
	return []byte(out)
}

// hostileRule matches what the hostile evidence does.
func hostileRule() []byte {
	quoted, err := json.Marshal(hostileName)
	if err != nil {
		panic(err)
	}
	q := string(quoted)
	return []byte("title: " + q + "\nid: 7a3c5ab1-6a0e-4d5c-9a5b-0d1f6e1c2b01\nlevel: high\nauthor: " + q + "\ndescription: " + q + "\nfalsepositives: [" + q + "]\nreferences: [" + q + "]\ntags: [attack.t1127, " + q +
		"]\nlogsource: {category: process_creation, product: windows}\ndetection:\n  s: {OriginalFileName: mftrace.exe}\n  condition: s\n")
}

// hostileScene has hostile words wherever an attacker can put some, and the flags that bring in rules, inventory and lists.
func hostileScene(t *testing.T) (s *scene, flags []string) {
	name := strings.Map(func(r rune) rune {
		if r == '/' || r == 0 || runtime.GOOS == "windows" && (r < ' ' || strings.ContainsRune(`<>:"\|?*`, r)) {
			return '_'
		}
		return r
	}, hostileName)
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for _, member := range []string{hostileName + ".jsonl", "../../" + hostileName, hostileName + ".txt"} {
		w, err := z.Create(member)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, strings.ReplaceAll(witness, `"witness"`, `"packed"`)+"{torn\n"); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s = newScene(t, map[string][]byte{name + ".jsonl": hostileLines(t), name + ".zip": packed.Bytes(), "a.txt": []byte("nothing"), name + ".evtx": append([]byte("ElfFile\x00"), make([]byte, 9000)...)})
	beside := t.TempDir()
	write := func(file string, content []byte) string {
		path := filepath.Join(beside, file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("rules/"+name+".yml", hostileRule())
	write("rules/broken"+name+".yml", append(hostileRule(), "detection: ["+hostileName...))
	var inventory bytes.Buffer
	w := csv.NewWriter(&inventory)
	if err := w.WriteAll([][]string{{"host", "owner", "department", "role"}, {strings.ToLower(hostileName), hostileName, hostileName, hostileName}}); err != nil {
		t.Fatal(err)
	}
	flags = []string{"--rules", filepath.Join(beside, "rules"), "--inventory", write(name+".csv", inventory.Bytes()),
		"--known-bad", write(name+".bad", []byte("90A8CE205AB436EDEDAD450F7A9A35FF1DC735556B75FA1B2616DFF8D558BF90,\""+strings.NewReplacer("\n", " ", "\"", "").Replace(hostileName)+"\"\n"))}
	return s, flags
}

// inert tells whether hostile words stand in an output as text only.
func inert(t testing.TB, sink, out string) {
	t.Helper()
	harmless(t, sink, out)
	switch sink {
	case "html", "report.html", "markdown", "json", "jsonl", "navigator", "investigation.json", "navigator.json":
		if strings.Contains(sink, "html") {
			at := strings.LastIndex(out, "<script>\"use strict\";")
			if at < 0 {
				t.Fatal("the page lacks its own script")
			}
			out = out[:at]
		}
		for _, bad := range []string{"<script>alert", "</script>", "<img src", "<!--\t"} {
			if strings.Contains(strings.ToLower(out), bad) {
				t.Errorf("%s: %q came through", sink, bad)
			}
		}
	}
	switch sink {
	case "csv", "timeline", "timeline.csv", "hunt csv":
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", sink, err)
		}
		for _, row := range rows {
			for i, v := range row {
				if v != "" && strings.ContainsAny(v[:1], "=+-@\t\r\n") && rows[0][i] != "score" {
					t.Errorf("%s: column %s begins a formula: %.60q", sink, rows[0][i], v)
				}
			}
		}
	case "json", "navigator", "hunt json", "investigation.json", "navigator.json", "rules json":
		if !json.Valid([]byte(out)) {
			t.Errorf("%s is no JSON", sink)
		}
	case "jsonl", "hunt jsonl", "dump jsonl":
		jsonLines(t, out)
	}
}

func TestNoOutputLetsTheEvidenceAct(t *testing.T) {
	s, flags := hostileScene(t)
	for _, w := range report.Writers {
		status, out, told := s.run(t.Context(), "investigate --format "+w.Name, flags...)
		if status != statusDone || len(out) < 100 {
			t.Fatalf("%s: status %d, %d bytes: %s", w.Name, status, len(out), told)
		}
		if w.Name == "json" {
			valid(t, out)
			for _, want := range []string{`"known_bad"`, "The inventory gives the host to ", "90a8ce205ab436ededad450f7a9a35ff1dc735556b75fa1b2616dff8d558bf90 ("} {
				if !strings.Contains(out, want) {
					t.Errorf("%s does not occur, so that hostile words are not shown", want)
				}
			}
		}
		inert(t, w.Name, out)
		inert(t, "standard error", told)
	}
	for _, w := range report.FindingWriters {
		status, out, told := s.run(t.Context(), "hunt --format "+w.Name, flags[:2]...)
		if status != statusDone || len(out) < 100 {
			t.Fatalf("hunt %s: status %d, %d bytes: %s", w.Name, status, len(out), told)
		}
		inert(t, "hunt "+w.Name, out)
		inert(t, "standard error of hunt", told)
	}
	for _, format := range []string{"jsonl", "xml"} {
		status, out, told := s.run(t.Context(), "dump --format "+format)
		if status != statusDone || len(out) < 100 {
			t.Fatalf("dump %s: status %d, %d bytes: %s", format, status, len(out), told)
		}
		inert(t, "dump "+format, out)
		inert(t, "standard error of dump", told)
	}
	for _, format := range []string{"text", "json"} {
		for _, command := range []string{"list", "check"} {
			_, out, told := execute(t, "rules", command, "--format", format, flags[1])
			inert(t, "rules "+format, out)
			inert(t, "standard error of rules", told)
		}
	}
}

func TestTheReportFolderHoldsFourFilesAndNothingActs(t *testing.T) {
	s, flags := hostileScene(t)
	dir := filepath.Join(t.TempDir(), "report")
	status, _, told := s.run(t.Context(), "investigate -q", append(flags, "--report", dir, "-o", filepath.Join(dir, "..", "table.txt"))...)
	if status != statusDone {
		t.Fatalf("status %d: %s", status, told)
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
		inert(t, e.Name(), string(read(t, filepath.Join(dir, e.Name()))))
	}
	if got := strings.Join(names, " "); got != "investigation.json navigator.json report.html timeline.csv" {
		t.Errorf("the folder holds %s", got)
	}
	if beside, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(beside) != 2 {
		t.Errorf("beside it lie %v (%v)", beside, err)
	}
}

func TestErrorsAreShownAsText(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, strings.NewReplacer("/", "_", "\n", "_").Replace(hostileName)[:150])
	if err := os.WriteFile(name, []byte("\xff\xfe\x00"), 0o644); err != nil {
		t.Skip("the file system does not take such names")
	}
	for _, args := range [][]string{
		{"investigate", dir, "--known-bad", name}, {"investigate", dir, "--inventory", name + "\x1b[31m"}, {"investigate", name + "\u202e"}, {"hunt", dir, "--rules", name + "\x9b"},
		{"investigate", dir, "-o", filepath.Join(name, "x")}, {"investigate", dir, "--report", name}, {"investigate", dir, "--subject", hostileName + "@"}, {"investigate", dir, "--from", hostileName},
		{"dump", dir, "--assume-tz", hostileName}, {"dump", dir, "--memory", hostileName}, {"dump", dir, "--format", hostileName}, {hostileName}, {"lolbas", hostileName}, {"lolbas", `C:\` + hostileName + `\mftrace.exe`},
	} {
		status, out, told := execute(t, args...)
		if status == statusDone && args[0] != "lolbas" && args[2] != "--subject" {
			t.Errorf("%q: status %d", args, status)
		}
		harmless(t, fmt.Sprintf("standard output of %.60q", args), out)
		harmless(t, fmt.Sprintf("standard error of %.60q", args), told)
	}
}

package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the program prints as JSON, checked against a description of it that shares nothing with the schema or the writer: a shape
// is the keys of an object with what each holds. [x] is a list of x, x? may be null.
var shapes = map[string]string{
	"investigation": "schema:name tool:tool evidence:evidence coverage:[coverage] triage:[triage] cases:[case] gaps:[gap]",
	"tool":          "version:text? facts_revision:text? rules:[rules] options:[option]",
	"rules":         "path:relative count:natural sha256:hex64?",
	"option":        "name:name value:text",
	"evidence":      "files:[file] hosts:[host] first:time? last:time?",
	"file":          "path:relative format:name? sha256:hex64? records:natural duplicates:natural errors:[loss]",
	"loss":          "says:name citation:citation?",
	"coverage":      "host:text channels:[seen] kinds:[seen] gaps:[gap]",
	"seen":          "name:text records:natural first:time? last:time?",
	"gap":           "host:host? channel:name? kind:gapkind from:time? to:time? says:name citation:citation?",
	"triage":        "lolbin:name seen:natural in_cases:natural left_out:[leftout]",
	"leftout":       "reason:name count:natural",
	"case": "id:hex16 subject:subject lolbin:lolbin? payloads:[payload] verdict:verdict answers:[answer] findings:[finding] occurrences:[occurrence] tree:[node] " +
		"indicators:[indicator] related:[relation] next_steps:[name]",
	"subject":    "host:host? time:time? image:text? command_line:text? process_guid:guid? pid:natural? user:text? original_file_name:text? hashes:hashes",
	"hashes":     "md5:hex32? sha1:hex40? sha256:hex64? imphash:hex32?",
	"lolbin":     "name:name techniques:[technique]",
	"payload":    "kind:payloadkind image:text? command_line:text? hashes:hashes citations:[citation]",
	"verdict":    "label:label score:integer confidence:share because:[statement] would_change:[statement]",
	"statement":  "says:name citations:[citation]",
	"answer":     "question:name value:name stance:stance says:sentence points:integer detail:[detail] missing:[need] citations:[citation]",
	"detail":     "name:name value:text citations:[citation]",
	"need":       "needs:name enable:name",
	"finding":    "rule_id:name? title:name level:level citations:[citation]",
	"occurrence": "host:host? time:time? pid:natural? process_guid:guid? user:text? citation:citation?",
	"node":       "id:name parent:name? image:text? command_line:text? pid:natural? process_guid:guid? start:time? inferred:bool citations:[citation]",
	"indicator":  "type:indicatortype value:name citations:[citation]",
	"relation":   "case:hex16 why:name",
	"citation":   "file:relative record_id:natural? offset:natural line:positive?",
}

// scalars are what a text or a number must look like, the number as it is written.
var scalars = map[string]string{
	"text": `(?s).*`, "name": `(?s).*\S.*`, "sentence": `(?s).*\S[.?!]`, "host": `[^A-Z\s]+`, "relative": `[^/\\].*`,
	"time": `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z`, "guid": `[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}`,
	"hex16": `[0-9a-f]{16}`, "hex32": `[0-9a-f]{32}`, "hex40": `[0-9a-f]{40}`, "hex64": `[0-9a-f]{64}`, "technique": `T\d{4}(\.\d{3})?`,
	"natural": `\d+`, "positive": `[1-9]\d*`, "integer": `-?\d+`, "share": `0(\.\d+)?|1`, "bool": `true|false`,
	"gapkind": "hole|silence|cleared|unreadable", "label": "inconclusive|benign|expected|suspicious|malicious", "stance": "supports|refutes|neutral|unknown",
	"level": "informational|low|medium|high|critical", "payloadkind": values("payload"), "indicatortype": strings.Join(indicatorTypes, "|"),
}

var indicatorTypes = []string{"sha256", "sha1", "md5", "imphash", "ip", "domain", "url", "path"}

// tenQuestions in the analyst's order, each with its closed list.
var tenQuestions = [][2]string{
	{"location", "listed|listed_form|servicing_copy|vendor_copy|other_protected|user_writable|remote|no_list|unknown"},
	{"identity", "genuine|renamed|masquerade|same_name|unknown"},
	{"arrival", "installed|copied_local|downloaded|from_share|extracted|removable|script_written|predates_evidence|unknown"},
	{"payload", "exe|cmd|dll|dotnet|script|msi|inf|scriptlet|hta|com|wmi|remote|attach|file|none|unknown"},
	{"reputation", "known_bad|known_good|not_listed|no_hash|not_asked"},
	{"behaviour", "tamper|credential|injection|persistence|network|spawn|file|none_seen|unknown"},
	{"origin", "user_click|typed_shell|office|browser|archive|script_host|scheduled_task|service|wmi|winrm|smb_service|rdp|dcom|sql|web_server|bits|com_broker|autostart|gpo_script|" +
		"management_agent|developer_tool|spoofed|other|unknown"},
	{"host", "fits|does_not_fit|role_unknown"},
	{"frequency", "usual|rare|first_seen|deployment|too_little_history"},
	{"detection", "covered|partly|not_covered"},
}

func values(question string) string {
	for _, q := range tenQuestions {
		if q[0] == question {
			return q[1]
		}
	}
	return ""
}

// checker collects what is wrong with an output.
type checker struct {
	faults []string
	files  map[string]string // path -> format
}

func (c *checker) wrong(path, format string, args ...any) {
	c.faults = append(c.faults, path+": "+fmt.Sprintf(format, args...))
}

// value checks one value against a shape or scalar.
func (c *checker) value(path, kind string, v any) {
	if optional, ok := strings.CutSuffix(kind, "?"); ok {
		if v == nil {
			return
		}
		kind = optional
	}
	if strings.HasPrefix(kind, "[") {
		list, ok := v.([]any)
		if !ok {
			c.wrong(path, "%v is no list", v)
		}
		for i, e := range list {
			c.value(fmt.Sprintf("%s[%d]", path, i), kind[1:len(kind)-1], e)
		}
		return
	}
	shape, ok := shapes[kind]
	if !ok {
		c.scalar(path, kind, v)
		return
	}
	object, ok := v.(map[string]any)
	if !ok {
		c.wrong(path, "%v is no object", v)
		return
	}
	keys := map[string]bool{}
	for field := range strings.FieldsSeq(shape) {
		key, of, _ := strings.Cut(field, ":")
		keys[key] = true
		if e, ok := object[key]; ok {
			c.value(path+"."+key, of, e)
		} else {
			c.wrong(path, "lacks %s", key)
		}
	}
	for key := range object {
		if !keys[key] {
			c.wrong(path, "has a key %s", key)
		}
	}
	if kind == "citation" {
		c.citation(path, object)
	}
}

func (c *checker) scalar(path, kind string, v any) {
	numeric := slices.Contains([]string{"natural", "positive", "integer", "share"}, kind)
	_, number := v.(json.Number)
	_, truth := v.(bool)
	if v == nil || number != numeric || truth != (kind == "bool") || !regexp.MustCompile("^(?:"+scalars[kind]+")$").MatchString(fmt.Sprint(v)) {
		c.wrong(path, "%v is no %s", v, kind)
	}
}

// citation checks that a record is named as its format can: by an id in logs of Windows, by a line in texts of lines.
func (c *checker) citation(path string, at map[string]any) {
	file, _ := at["file"].(string)
	format, read := c.files[file]
	switch {
	case !read:
		c.wrong(path, "%q is not among the files", file)
	case strings.Contains(file, `\`), strings.Contains("/"+file+"/", "/../"), strings.Contains(file, ":/"):
		c.wrong(path, "%q is no path below an argument", file)
	case format == "evtx" && at["line"] != nil:
		c.wrong(path, "a record of an event log has line %v", at["line"])
	}
}

type object = map[string]any

// list gives the objects of a list of an object.
func list(o object, key string) (out []object) {
	l, _ := o[key].([]any)
	for _, e := range l {
		m, _ := e.(object)
		out = append(out, m)
	}
	return out
}

func sub(o object, key string) object { m, _ := o[key].(object); return m }

func str(o object, key string) string { s, _ := o[key].(string); return s }

func num(o object, key string) int {
	n, _ := o[key].(json.Number)
	i, _ := n.Int64()
	return int(i)
}

// ordered checks the stated order of a list.
func (c *checker) ordered(path string, l []object, compare func(a, b object) int) {
	for i := 1; i < len(l); i++ {
		if compare(l[i-1], l[i]) > 0 {
			c.wrong(fmt.Sprintf("%s[%d]", path, i), "stands behind what it belongs before")
		}
	}
}

func by(keys ...string) func(a, b object) int {
	return func(a, b object) int {
		for _, k := range keys {
			if n := strings.Compare(str(a, k), str(b, k)); n != 0 {
				return n
			}
		}
		return 0
	}
}

// faultsOf checks an output, decoded with numbers as written.
func faultsOf(v any) []string {
	top, _ := v.(object)
	c := &checker{files: map[string]string{}}
	evidence := sub(top, "evidence")
	for _, f := range list(evidence, "files") {
		c.files[str(f, "path")] = str(f, "format")
	}
	c.value("", "investigation", v)
	if str(top, "schema") != "reeve.investigation/1" {
		c.wrong("schema", "%v", top["schema"])
	}
	c.ordered("evidence.files", list(evidence, "files"), by("path"))
	hosts, _ := evidence["hosts"].([]any)
	for i := 1; i < len(hosts); i++ {
		if fmt.Sprint(hosts[i-1]) >= fmt.Sprint(hosts[i]) {
			c.wrong("evidence.hosts", "%v stands behind %v", hosts[i], hosts[i-1])
		}
	}
	c.ordered("tool.options", list(sub(top, "tool"), "options"), by("name"))
	c.ordered("coverage", list(top, "coverage"), by("host"))
	for _, h := range list(top, "coverage") {
		c.ordered("coverage.channels", list(h, "channels"), by("name"))
		c.ordered("coverage.kinds", list(h, "kinds"), by("name"))
	}
	c.ordered("gaps", list(top, "gaps"), by("host", "channel", "from"))
	c.ordered("triage", list(top, "triage"), func(a, b object) int {
		return strings.Compare(strings.ToLower(str(a, "lolbin")), strings.ToLower(str(b, "lolbin")))
	})
	for _, x := range list(top, "triage") {
		n := num(x, "in_cases")
		for _, l := range list(x, "left_out") {
			n += num(l, "count")
		}
		if n != num(x, "seen") {
			c.wrong("triage", "of %s %d were seen and %d are accounted for", str(x, "lolbin"), num(x, "seen"), n)
		}
	}
	c.cases(list(top, "cases"))
	return c.faults
}

func (c *checker) cases(cases []object) {
	rank := strings.Split("benign expected inconclusive suspicious malicious", " ")
	c.ordered("cases", cases, func(a, b object) int {
		x, y := sub(a, "verdict"), sub(b, "verdict")
		return cmp.Or(slices.Index(rank, str(y, "label"))-slices.Index(rank, str(x, "label")), num(y, "score")-num(x, "score"))
	})
	ids := map[string]bool{}
	for _, k := range cases {
		if ids[str(k, "id")] {
			c.wrong("cases", "two have the id %s", str(k, "id"))
		}
		ids[str(k, "id")] = true
	}
	for _, k := range cases {
		path := "case " + str(k, "id")
		c.subject(path, k)
		c.judgement(path, k)
		c.tree(path, k)
		c.ordered(path+".indicators", list(k, "indicators"), func(a, b object) int {
			return cmp.Or(slices.Index(indicatorTypes, str(a, "type"))-slices.Index(indicatorTypes, str(b, "type")), strings.Compare(str(a, "value"), str(b, "value")))
		})
		for _, key := range []string{"findings", "indicators", "payloads", "tree"} {
			for i, e := range list(k, key) {
				if len(list(e, "citations")) == 0 {
					c.wrong(fmt.Sprintf("%s.%s[%d]", path, key, i), "cites nothing")
				}
			}
		}
		for _, r := range list(k, "related") {
			if !ids[str(r, "case")] || str(r, "case") == str(k, "id") {
				c.wrong(path+".related", "%s is no other case", str(r, "case"))
			}
		}
	}
}

// subject checks that the occurrences begin with the subject, that it is the earliest, and that the id follows from it.
func (c *checker) subject(path string, k object) {
	s, runs := sub(k, "subject"), list(k, "occurrences")
	if len(runs) == 0 {
		c.wrong(path, "has no occurrence")
		return
	}
	for _, key := range []string{"host", "pid", "process_guid", "time", "user"} {
		first := runs[0][key]
		unstated := first == nil && key == "user" // the start itself is on no record
		if !unstated && !reflect.DeepEqual(first, s[key]) {
			c.wrong(path, "its first occurrence has %s %v, its subject %v", key, first, s[key])
		}
	}
	for i, o := range runs {
		if o["citation"] == nil {
			c.wrong(path, "occurrence %d cites nothing", i)
		}
		if o["time"] != nil && s["time"] != nil && str(o, "time") < str(s, "time") {
			c.wrong(path, "an occurrence at %s is earlier than its subject", str(o, "time"))
		}
	}
	fits := false
	for _, key := range []string{str(s, "process_guid"), fmt.Sprintf("%d@%s", num(s, "pid"), str(s, "time"))} {
		sum := sha256.Sum256([]byte(strings.Join([]string{str(s, "host"), key, str(s, "image")}, "\x00")))
		fits = fits || key != "" && fmt.Sprintf("%x", sum[:8]) == str(k, "id")
	}
	if !fits {
		c.wrong(path, "the id does not follow from host, process and image")
	}
}

var pointsOfReason = regexp.MustCompile(`^[+-]\d+ `)

// judgement checks the ten answers, and that score and confidence are what they are said to be.
func (c *checker) judgement(path string, k object) {
	answers := list(k, "answers")
	if len(answers) != len(tenQuestions) {
		c.wrong(path, "has %d answers", len(answers))
		return
	}
	core := 0
	for i, q := range tenQuestions {
		a := answers[i]
		if str(a, "question") != q[0] || !slices.Contains(strings.Split(q[1], "|"), str(a, "value")) {
			c.wrong(path, "answer %d is %s to %s", i, str(a, "value"), str(a, "question"))
		}
		known := str(a, "stance") != "unknown"
		if known && len(list(a, "citations")) == 0 {
			c.wrong(path, "the answer to %s cites nothing", q[0])
		}
		if known && slices.Contains([]string{"location", "payload", "behaviour", "origin"}, q[0]) {
			core++
		}
	}
	verdict, total := sub(k, "verdict"), 0
	for _, b := range list(verdict, "because") {
		var n int
		if p := pointsOfReason.FindString(str(b, "says")); p != "" {
			fmt.Sscan(p, &n)
		}
		total += n
	}
	if total != num(verdict, "score") {
		c.wrong(path, "the score is %d, its reasons sum up to %d", num(verdict, "score"), total)
	}
	if share, _ := verdict["confidence"].(json.Number); share.String() != fmt.Sprint(float64(core)/4) {
		c.wrong(path, "the confidence is %v, %d of 4 core questions are answered", verdict["confidence"], core)
	}
}

// tree checks that parents stand before their children and that the subject stands in it.
func (c *checker) tree(path string, k object) {
	s, seen, there := sub(k, "subject"), map[string]bool{}, false
	for _, n := range list(k, "tree") {
		if seen[str(n, "id")] || n["parent"] != nil && !seen[str(n, "parent")] {
			c.wrong(path, "node %s of the tree stands twice or before its parent", str(n, "id"))
		}
		seen[str(n, "id")] = true
		there = there || reflect.DeepEqual(n["process_guid"], s["process_guid"]) && reflect.DeepEqual(n["pid"], s["pid"])
	}
	if !there {
		c.wrong(path, "its tree lacks the subject")
	}
}

// investigated runs the program and decodes what it prints.
func investigated(t *testing.T, args ...string) object {
	t.Helper()
	status, out, stderr := execute(t, append([]string{"investigate", "-q", "--format", "json"}, args...)...)
	if status != statusDone {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, dir := range []string{args[0], os.TempDir()} {
		if abs, err := filepath.Abs(dir); err != nil || strings.Contains(out, abs) {
			t.Errorf("the output contains %s (%v)", abs, err)
		}
	}
	return decoded(t, out)
}

func decoded(t *testing.T, out string) object {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(out))
	d.UseNumber()
	var v object
	if err := d.Decode(&v); err != nil || d.More() {
		t.Fatalf("one object is wanted: %v", err)
	}
	return v
}

func TestTheExampleHoldsTheContract(t *testing.T) {
	dir := example(t)
	v := investigated(t, dir, "--inventory", filepath.Join(dir, "inventory.csv"))
	for _, f := range faultsOf(v) {
		t.Error(f)
	}
	if n := len(list(v, "cases")); n == 0 {
		t.Error("the example has no case")
	}
	for _, f := range list(sub(v, "evidence"), "files") {
		if p := str(f, "path"); !strings.HasPrefix(p, "mftrace/") {
			t.Errorf("%s does not begin with the name of the argument", p)
		}
	}
}

func TestSharedEvidenceHoldsTheContract(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "evidence")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs the real logs in ../shared, beside the checkout")
	}
	v := investigated(t, dir)
	faults := faultsOf(v)
	for _, f := range faults[:min(len(faults), 40)] {
		t.Error(f)
	}
	if n := len(faults) - 40; n > 0 {
		t.Errorf("and %d more", n)
	}
	if len(list(v, "cases")) == 0 {
		t.Error("the real logs have no case")
	}
	t.Logf("%d cases", len(list(sub(v, "evidence"), "files"))) // how many executions became cases is for the triage to change
}

func TestTheCheckerSeesFaults(t *testing.T) {
	dir := example(t)
	_, out, _ := execute(t, "investigate", "-q", "--format", "json", dir)
	kase := func(v object) object { return list(v, "cases")[0] }
	answer := func(v object) object { return list(kase(v), "answers")[0] }
	for name, spoil := range map[string]func(object){
		"a key is missing":        func(v object) { delete(answer(v), "missing") },
		"a key is new":            func(v object) { v["took"] = "3 s" },
		"a list is null":          func(v object) { kase(v)["related"] = nil },
		"a number is a text":      func(v object) { sub(kase(v), "subject")["pid"] = "15128" },
		"a time has six decimals": func(v object) { sub(kase(v), "subject")["time"] = "2024-03-06T09:39:08.385000Z" },
		"a hash is in upper case": func(v object) { sub(sub(kase(v), "subject"), "hashes")["md5"] = strings.Repeat("A", 32) },
		"a GUID has braces": func(v object) {
			sub(kase(v), "subject")["process_guid"] = "{" + str(sub(kase(v), "subject"), "process_guid") + "}"
		},
		"a host is in upper case":               func(v object) { sub(kase(v), "subject")["host"] = "BW-FIN-03" },
		"a citation names a file never read":    func(v object) { list(answer(v), "citations")[0]["file"] = "mftrace/other.evtx" },
		"a citation is an absolute path":        func(v object) { list(answer(v), "citations")[0]["file"] = "/logs/a.evtx" },
		"an answer cites nothing":               func(v object) { answer(v)["citations"] = []any{} },
		"an answer has another's value":         func(v object) { answer(v)["value"] = "renamed" },
		"two answers have changed places":       func(v object) { a := kase(v)["answers"].([]any); a[0], a[1] = a[1], a[0] },
		"a finding cites nothing":               func(v object) { list(kase(v), "findings")[0]["citations"] = []any{} },
		"the milder case stands first":          func(v object) { slices.Reverse(v["cases"].([]any)) },
		"files are out of order":                func(v object) { slices.Reverse(sub(v, "evidence")["files"].([]any)) },
		"the id is another's":                   func(v object) { kase(v)["id"] = strings.Repeat("0", 16) },
		"the subject is not first":              func(v object) { list(kase(v), "occurrences")[0]["pid"] = json.Number("4") },
		"a child stands before its parent":      func(v object) { slices.Reverse(kase(v)["tree"].([]any)) },
		"indicators are out of order":           func(v object) { slices.Reverse(kase(v)["indicators"].([]any)) },
		"the score is not what the reasons say": func(v object) { sub(kase(v), "verdict")["score"] = json.Number("1") },
		"the confidence is too high":            func(v object) { sub(kase(v), "verdict")["confidence"] = json.Number("0.875") },
		"an execution is not accounted for":     func(v object) { list(v, "triage")[0]["seen"] = json.Number("99999") },
		"a related case does not exist":         func(v object) { kase(v)["related"] = []any{object{"case": strings.Repeat("a", 16), "why": "x"}} },
	} {
		t.Run(name, func(t *testing.T) {
			v := decoded(t, out)
			spoil(v)
			if len(faultsOf(v)) == 0 {
				t.Error("it is not seen")
			}
		})
	}
}

func TestEveryShapeIsReached(t *testing.T) {
	used := map[string]bool{"investigation": true}
	for _, shape := range shapes {
		for field := range strings.FieldsSeq(shape) {
			_, of, _ := strings.Cut(field, ":")
			of = strings.Trim(of, "[]?")
			used[of] = true
			if shapes[of] == "" && scalars[of] == "" {
				t.Errorf("%s is described nowhere", of)
			}
		}
	}
	for name := range maps.Keys(shapes) {
		if !used[name] {
			t.Errorf("nothing holds a %s", name)
		}
	}
}

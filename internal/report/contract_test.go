package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"reeve"
	"reeve/schema"
)

// compiled gives a validator of the schema or of one of its parts.
func compiled(t testing.TB, part string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Investigation))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schema.ID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schema.ID + part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decoded(t testing.TB, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What follows is the contract once more, in another form and written from its description alone: a second opinion on both the
// schema and the output. A check returns what is wrong.

type check func(path string, v any) []string

func wrong(path, format string, args ...any) []string {
	return []string{path + ": " + fmt.Sprintf(format, args...)}
}

func object(keys map[string]check) check {
	return func(path string, v any) []string {
		m, ok := v.(map[string]any)
		if !ok {
			return wrong(path, "is no object: %v", v)
		}
		var out []string
		for k, c := range keys {
			if e, ok := m[k]; ok {
				out = append(out, c(path+"."+k, e)...)
			} else {
				out = append(out, wrong(path, "lacks %q", k)...)
			}
		}
		for k := range m {
			if keys[k] == nil {
				out = append(out, wrong(path, "has an unknown key %q", k)...)
			}
		}
		return out
	}
}

func list(of check) check {
	return func(path string, v any) []string {
		l, ok := v.([]any)
		if !ok {
			return wrong(path, "is no list: %v", v)
		}
		var out []string
		for i, e := range l {
			out = append(out, of(fmt.Sprintf("%s[%d]", path, i), e)...)
		}
		return out
	}
}

func orNil(of check) check {
	return func(path string, v any) []string {
		if v == nil {
			return nil
		}
		return of(path, v)
	}
}

func text(path string, v any) []string {
	if _, ok := v.(string); !ok {
		return wrong(path, "is no text: %v", v)
	}
	return nil
}

func like(pattern string) check {
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	return func(path string, v any) []string {
		if s, ok := v.(string); !ok || !re.MatchString(s) {
			return wrong(path, "%v is not like %s", v, pattern)
		}
		return nil
	}
}

func integer(path string, v any) []string {
	n, ok := v.(json.Number)
	if !ok {
		return wrong(path, "is no number: %v", v)
	}
	if strings.ContainsAny(n.String(), ".eE") {
		return wrong(path, "%v is no integer", n)
	}
	return nil
}

func within01(path string, v any) []string {
	n, ok := v.(json.Number)
	if !ok {
		return wrong(path, "is no number: %v", v)
	}
	if f, err := n.Float64(); err != nil || f < 0 || f > 1 {
		return wrong(path, "%v is not within 0 to 1", n)
	}
	return nil
}

func boolean(path string, v any) []string {
	if _, ok := v.(bool); !ok {
		return wrong(path, "is neither true nor false: %v", v)
	}
	return nil
}

var (
	instant  = orNil(like(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z`))
	processG = orNil(like(`[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}`))
	pid      = orNil(integer)
	someText = orNil(text)
	caseName = like(`[0-9a-f]{16}`)
	hashes   = object(map[string]check{"md5": orNil(like("[0-9a-f]{32}")), "sha1": orNil(like("[0-9a-f]{40}")), "sha256": orNil(like("[0-9a-f]{64}")), "imphash": orNil(like("[0-9a-f]{32}"))})
	place    = object(map[string]check{"file": like(`(?s).+`), "record_id": orNil(integer), "offset": integer, "line": orNil(integer)})
	places   = list(place)
	says     = list(object(map[string]check{"says": text, "citations": places}))
	seenList = list(object(map[string]check{"name": text, "records": integer, "first": instant, "last": instant}))
	gapList  = list(object(map[string]check{"host": someText, "channel": someText, "kind": like("hole|silence|cleared|unreadable"), "from": instant, "to": instant, "says": text, "citation": orNil(place)}))
)

// allowed are the closed lists of values, in the order of the questions.
var allowed = [...]struct{ question, values string }{
	{"location", "listed|listed_form|servicing_copy|vendor_copy|other_protected|user_writable|remote|no_list|unknown"},
	{"identity", "genuine|renamed|masquerade|same_name|unknown"},
	{"arrival", "installed|copied_local|downloaded|from_share|extracted|removable|script_written|predates_evidence|unknown"},
	{"payload", "exe|cmd|dll|dotnet|script|msi|inf|scriptlet|hta|com|wmi|remote|attach|file|none|unknown"},
	{"reputation", "known_bad|known_good|not_listed|no_hash|not_asked"},
	{"behaviour", "tamper|credential|injection|persistence|network|spawn|file|none_seen|unknown"},
	{"origin", "user_click|typed_shell|office|browser|archive|script_host|scheduled_task|service|wmi|winrm|smb_service|rdp|dcom|sql|web_server|bits|com_broker|autostart|gpo_script|management_agent|developer_tool|spoofed|other|unknown"},
	{"host", "fits|does_not_fit|role_unknown"},
	{"frequency", "usual|rare|first_seen|deployment|too_little_history"},
	{"detection", "covered|partly|not_covered"},
}

func tenAnswers(path string, v any) []string {
	l, _ := v.([]any)
	if len(l) != len(allowed) {
		return wrong(path, "has %d answers, want %d", len(l), len(allowed))
	}
	var out []string
	for i, q := range allowed {
		out = append(out, object(map[string]check{
			"question": like(q.question), "value": like(q.values), "stance": like("supports|refutes|neutral|unknown"), "says": text, "points": integer,
			"detail":  list(object(map[string]check{"name": text, "value": text, "citations": places})),
			"missing": list(object(map[string]check{"needs": text, "enable": text})), "citations": places,
		})(fmt.Sprintf("%s[%d]", path, i), l[i])...)
	}
	return out
}

var oneCase = object(map[string]check{
	"id": caseName,
	"subject": object(map[string]check{"host": someText, "time": instant, "image": someText, "command_line": someText, "process_guid": processG, "pid": pid, "user": someText,
		"original_file_name": someText, "hashes": hashes}),
	"lolbin":   orNil(object(map[string]check{"name": text, "techniques": list(text)})),
	"payloads": list(object(map[string]check{"kind": like(allowed[3].values), "image": someText, "command_line": someText, "hashes": hashes, "citations": places})),
	"verdict": object(map[string]check{"label": like("inconclusive|benign|expected|suspicious|malicious"), "score": integer, "confidence": within01,
		"because": says, "would_change": says}),
	"answers":     tenAnswers,
	"findings":    list(object(map[string]check{"rule_id": someText, "title": text, "level": like("informational|low|medium|high|critical"), "citations": places})),
	"occurrences": list(object(map[string]check{"host": someText, "time": instant, "pid": pid, "process_guid": processG, "user": someText, "citation": orNil(place)})),
	"tree": list(object(map[string]check{"id": text, "parent": someText, "image": someText, "command_line": someText, "pid": pid, "process_guid": processG, "start": instant,
		"inferred": boolean, "citations": places})),
	"indicators": list(object(map[string]check{"type": text, "value": text, "citations": places})),
	"related":    list(object(map[string]check{"case": caseName, "why": text})),
	"next_steps": list(text),
})

var investigation = object(map[string]check{
	"schema": like(`reeve\.investigation/1`),
	"tool": object(map[string]check{"version": someText, "facts_revision": someText, "rules": list(object(map[string]check{"path": text, "count": integer, "sha256": orNil(like("[0-9a-f]{64}"))})),
		"options": list(object(map[string]check{"name": text, "value": text}))}),
	"evidence": object(map[string]check{"files": list(object(map[string]check{"path": text, "format": someText, "sha256": orNil(like("[0-9a-f]{64}")), "records": integer, "duplicates": integer,
		"errors": list(object(map[string]check{"says": text, "citation": orNil(place)}))})), "hosts": list(text), "first": instant, "last": instant}),
	"coverage": list(object(map[string]check{"host": text, "channels": seenList, "kinds": seenList, "gaps": gapList})),
	"triage":   list(object(map[string]check{"lolbin": text, "seen": integer, "in_cases": integer, "left_out": list(object(map[string]check{"reason": text, "count": integer}))})),
	"cases":    list(oneCase),
	"gaps":     gapList,
})

// holds checks the JSON outputs of an investigation against the schema and the second opinion.
func holds(t testing.TB, whole, part *jsonschema.Schema, inv *reeve.Investigation) {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, inv, Options{}); err != nil {
		t.Fatal(err)
	}
	v := decoded(t, b.Bytes())
	if err := whole.Validate(v); err != nil {
		t.Fatalf("schema: %v", err)
	}
	if faults := investigation("", v); len(faults) > 0 {
		t.Fatalf("contract:\n%s", strings.Join(faults, "\n"))
	}
	b.Reset()
	if err := JSONL(&b, inv, Options{}); err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b.Bytes(), []byte("\n"))
	if len(lines) != len(inv.Cases)+1 || len(lines[len(lines)-1]) != 0 {
		t.Fatalf("%d cases gave %d lines", len(inv.Cases), len(lines)-1)
	}
	for _, l := range lines[:len(lines)-1] {
		if err := part.Validate(decoded(t, l)); err != nil {
			t.Fatalf("line: %v", err)
		}
	}
}

func TestTheJSONHoldsItsContract(t *testing.T) {
	whole, part := compiled(t, ""), compiled(t, "#/$defs/case")
	for name, inv := range map[string]*reeve.Investigation{
		"a rich investigation": sample(), "hostile evidence": full(), "nothing": {}, "one bare case": {Cases: []reeve.Case{{ID: "0000000000000000"}}},
		"a time that RFC 3339 cannot write": {Evidence: reeve.Evidence{First: 1<<63 - 1, Last: -5}},
	} {
		t.Run(name, func(t *testing.T) { holds(t, whole, part, inv) })
	}
}

// anyInvestigation draws an investigation with whatever the root's types can hold, closed lists kept.
func anyInvestigation(r *rapid.T) *reeve.Investigation {
	inv := &reeve.Investigation{
		Tool: rapid.Make[reeve.Tool]().Draw(r, "tool"), Coverage: rapid.SliceOfN(rapid.Make[reeve.HostCoverage](), 0, 2).Draw(r, "coverage"),
		Triage: rapid.SliceOfN(rapid.Make[reeve.Triaged](), 0, 2).Draw(r, "triage"), Cases: rapid.SliceOfN(rapid.Make[reeve.Case](), 0, 2).Draw(r, "cases"),
		Gaps: rapid.SliceOfN(rapid.Make[reeve.Gap](), 0, 2).Draw(r, "gaps"), Records: map[reeve.Ref]string{},
		Evidence: reeve.Evidence{Hosts: rapid.SliceOf(rapid.String()).Draw(r, "hosts"), First: rapid.Make[reeve.Time]().Draw(r, "first")},
	}
	for range rapid.IntRange(0, 2).Draw(r, "files") {
		inv.Evidence.Files = append(inv.Evidence.Files, reeve.File{Path: "f" + rapid.String().Draw(r, "path"), Format: rapid.String().Draw(r, "format"), SHA256: rapid.String().Draw(r, "hash"),
			MoreErrors: rapid.IntRange(0, 2).Draw(r, "more"), Errors: []reeve.ReadError{{Ref: rapid.Make[reeve.Ref]().Draw(r, "ref"), Err: reeve.ErrLimit}, {}}})
	}
	kinds := strings.Split("hole|silence|cleared|unreadable", "|")
	fix := func(gaps []reeve.Gap) {
		for i := range gaps {
			gaps[i].Kind = rapid.SampledFrom(kinds).Draw(r, "gap")
		}
	}
	natural := func(n *int) { *n = max(*n, 0) }
	fix(inv.Gaps)
	for i := range inv.Coverage {
		h := &inv.Coverage[i]
		fix(h.Gaps)
		for _, l := range [][]reeve.Seen{h.Channels, h.Kinds} {
			for k := range l {
				natural(&l[k].Records)
			}
		}
	}
	for i := range inv.Triage {
		natural(&inv.Triage[i].Seen)
		natural(&inv.Triage[i].InCases)
		for k := range inv.Triage[i].LeftOut {
			natural(&inv.Triage[i].LeftOut[k].Count)
		}
	}
	for i := range inv.Tool.Rules {
		natural(&inv.Tool.Rules[i].Count)
	}
	for i := range inv.Cases {
		closed(r, &inv.Cases[i])
	}
	return inv
}

// closed gives a drawn case the values that the contract closes.
func closed(r *rapid.T, c *reeve.Case) {
	id := func() string { return fmt.Sprintf("%016x", rapid.Uint64().Draw(r, "id")) }
	c.ID = id()
	for i := range c.Related {
		c.Related[i].Case = id()
	}
	for i := range c.Payloads {
		c.Payloads[i].Kind = rapid.SampledFrom(strings.Split(allowed[3].values, "|")).Draw(r, "kind")
	}
	for i := range c.Indicators {
		c.Indicators[i].Type = "ip"
	}
	for i := range c.Answers {
		q := rapid.SampledFrom(allowed[:]).Draw(r, "question")
		c.Answers[i].Question = q.question
		c.Answers[i].Value = rapid.SampledFrom(strings.Split(q.values, "|")).Draw(r, "value")
	}
}

func TestAnyInvestigationHoldsTheContract(t *testing.T) {
	whole, part := compiled(t, ""), compiled(t, "#/$defs/case")
	rapid.Check(t, func(r *rapid.T) {
		inv := anyInvestigation(r)
		holds(t, whole, part, inv)
		for _, w := range Writers {
			var one, two bytes.Buffer
			if err := w.Write(&one, inv, Options{}); err != nil {
				r.Fatalf("%s: %v", w.Name, err)
			}
			if err := w.Write(&two, inv, Options{}); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
				r.Fatalf("%s: written twice it differs (%v)", w.Name, err)
			}
		}
	})
}

func TestTheSecondOpinionSeesFaults(t *testing.T) {
	whole := compiled(t, "")
	for name, spoil := range map[string]func(map[string]any){
		"a key is missing":             func(m map[string]any) { delete(m, "gaps") },
		"a key is unknown":             func(m map[string]any) { m["took"] = "3 s" },
		"a list is null":               func(m map[string]any) { m["cases"] = nil },
		"a time has another precision": func(m map[string]any) { m["evidence"].(map[string]any)["first"] = "2026-03-02T09:14:07Z" },
		"a GUID has braces":            func(m map[string]any) { first(m, "subject")["process_guid"] = "{5A1F3C20-8B3F-65E2-A104-000000001700}" },
		"a pid is a text":              func(m map[string]any) { first(m, "subject")["pid"] = "7244" },
		"a hash is in upper case": func(m map[string]any) {
			first(m, "subject")["hashes"].(map[string]any)["md5"] = strings.Repeat("A", 32)
		},
		"a confidence is beyond 1":          func(m map[string]any) { first(m, "verdict")["confidence"] = json.Number("1.5") },
		"a score is no integer":             func(m map[string]any) { first(m, "verdict")["score"] = json.Number("1.5") },
		"a label is not on its list":        func(m map[string]any) { first(m, "verdict")["label"] = "bad" },
		"an answer is missing":              func(m map[string]any) { c := first(m, ""); c["answers"] = c["answers"].([]any)[1:] },
		"two answers have changed places":   func(m map[string]any) { a := first(m, "")["answers"].([]any); a[0], a[1] = a[1], a[0] },
		"a value is another question's":     func(m map[string]any) { first(m, "")["answers"].([]any)[0].(map[string]any)["value"] = "known_bad" },
		"a citation has no file":            func(m map[string]any) { delete(firstCitation(m), "file") },
		"a citation's record id is a text":  func(m map[string]any) { firstCitation(m)["record_id"] = "48121" },
		"another contract's name is stated": func(m map[string]any) { m["schema"] = "reeve.investigation/2" },
	} {
		t.Run(name, func(t *testing.T) {
			v := decoded(t, write(t, "json", sample(), Options{})).(map[string]any)
			spoil(v)
			if whole.Validate(v) == nil {
				t.Error("the schema admits it")
			}
			if len(investigation("", v)) == 0 {
				t.Error("the second opinion admits it")
			}
		})
	}
}

func first(m map[string]any, key string) map[string]any {
	c := m["cases"].([]any)[0].(map[string]any)
	if key == "" {
		return c
	}
	return c[key].(map[string]any)
}

func firstCitation(m map[string]any) map[string]any {
	return first(m, "")["answers"].([]any)[0].(map[string]any)["citations"].([]any)[0].(map[string]any)
}

func TestAHuntLineHoldsItsContract(t *testing.T) {
	part := compiled(t, "#/$defs/hunt_finding")
	second := object(map[string]check{"rule_id": someText, "title": text, "level": like("informational|low|medium|high|critical"), "host": someText, "time": instant, "citations": places,
		"fields": func(path string, v any) []string {
			if _, ok := v.(map[string]any); !ok {
				return wrong(path, "is no object")
			}
			return nil
		}})
	for _, l := range [][]reeve.Finding{maliciousCase().Findings, hostileCase().Findings, {{}}} {
		var b bytes.Buffer
		if err := FindingsJSONL(&b, l, Options{}); err != nil {
			t.Fatal(err)
		}
		for _, line := range bytes.Split(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("\n")) {
			v := decoded(t, line)
			if err := part.Validate(v); err != nil {
				t.Error(err)
			}
			if faults := second("", v); len(faults) > 0 {
				t.Error(faults)
			}
		}
	}
}

func TestGapsStandInOrderAndOnlyNamedHostsAreListed(t *testing.T) {
	out := wire(&reeve.Investigation{Evidence: reeve.Evidence{Hosts: []string{"", "a"}}, Gaps: []reeve.Gap{{Host: "b", Says: "3"}, {Host: "a", Channel: "y", Says: "2"}, {Host: "a", Channel: "x", From: 9, Says: "1"}, {Host: "a", Channel: "x", From: 4, Says: "0"}}})
	for i, g := range out.Gaps {
		if g.Says != fmt.Sprint(i) {
			t.Errorf("gap %s stands at %d", g.Says, i)
		}
	}
	if !slices.Equal(out.Evidence.Hosts, []string{"a"}) {
		t.Errorf("hosts %q", out.Evidence.Hosts)
	}
}

func TestWhatIsUnknownIsNullAndWhatIsEmptyStaysEmpty(t *testing.T) {
	c := caseOf(&reeve.Case{Subject: reeve.Subject{HasCommandLine: true, Hashes: reeve.Hashes{MD5: strings.Repeat("AB", 16), SHA1: "-", SHA256: strings.Repeat("z", 64)}},
		Answers: []reeve.Answer{{Question: "host", Value: "fits"}, {Question: "weather", Value: "fine"}}, Occurrences: []reeve.Occurrence{{Ref: reeve.Ref{File: "a", Line: 3}}}})
	if c.Subject.CommandLine == nil || *c.Subject.CommandLine != "" {
		t.Error("a command line that is there and empty must be \"\"")
	}
	if c.Subject.User != nil || c.Subject.PID != nil || c.Subject.Time != nil || c.Subject.ProcessGUID != nil {
		t.Error("an unknown scalar must be null")
	}
	if h := c.Subject.Hashes; h.MD5 == nil || *h.MD5 != strings.Repeat("ab", 16) || h.SHA1 != nil || h.SHA256 != nil {
		t.Errorf("hashes must be lower-case hexadecimal or null: %v", h)
	}
	if got := c.Answers; len(got) != 10 || got[7].Value != "fits" || slices.ContainsFunc(got, func(a wireAnswer) bool { return a.Question == "weather" }) {
		t.Errorf("answers must be the ten, in order: %+v", got)
	}
	if at := c.Occurrences[0].Citation; at.RecordID != nil || at.Line == nil || *at.Line != 3 {
		t.Errorf("citation of a text format: %+v", at)
	}
}

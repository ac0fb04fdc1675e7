package questions

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/coverage"
	"reeve/internal/intel"
	"reeve/internal/inventory"
	"reeve/internal/playbook"
	"reeve/internal/process"
	"reeve/lolbas"
)

// A scenario is a case file: what happened, what is known besides, and what the questions must answer.
//
// The section "events" holds one record a line:
//
//	10:00:00 pc1 process_creation 200#<100# image=C:\Tools\a.exe | command_line=a.exe -x
//
// that is time, host, kind, the acting process with "<parent" and ">target", and properties by their names, separated by " | ".
// An indented line goes on with one property. "#" gives the process a GUID; "-3d10:00:00" lies three days before the first day.
// The kind "chatter" stands for fourteen records of each kind that follows it, by unrelated programs: a source that logs
// without selection. The section "case" names the subject's pid.
type scenario struct {
	name, says string
	events     []line
	subject    uint32
	limit      string
	inventory  reeve.Inventory
	lists      *intel.Lists
	habit      reeve.Habit
	footprint  []playbook.Program
	findings   []reeve.Finding
	silent     []playbook.SilentRule
	want       map[string]map[string]string // question -> key -> text
	sections   []section
}

// line is a record with what the graph and coverage need besides the event.
type line struct {
	event   reeve.Event
	chatter bool
}

const day = 155_000 * reeve.Day // a midnight in May 2025

func at(text string) (reeve.Time, error) {
	days := 0
	if d, rest, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.Atoi(d)
		if err != nil {
			return 0, err
		}
		days, text = n, rest
	}
	var h, m, s int
	if _, err := fmt.Sscanf(text, "%d:%d:%d", &h, &m, &s); err != nil {
		return 0, fmt.Errorf("time %q: %w", text, err)
	}
	return day + reeve.Time(days)*reeve.Day + reeve.Time(h)*reeve.Hour + reeve.Time(m)*reeve.Minute + reeve.Time(s)*reeve.Second, nil
}

func attrs() map[string]reeve.Attr {
	out := map[string]reeve.Attr{}
	for a := reeve.AttrImage; a <= reeve.AttrMessage; a++ {
		out[a.String()] = a
	}
	return out
}

// key reads "200#2": pid and, with "#", a GUID of host, pid and what follows.
func key(host, text string) (reeve.ProcKey, error) {
	pid, tag, guid := strings.Cut(text, "#")
	n, err := strconv.ParseUint(pid, 10, 32)
	if err != nil {
		return reeve.ProcKey{}, fmt.Errorf("process %q: %w", text, err)
	}
	k := reeve.ProcKey{PID: uint32(n)}
	if guid {
		copy(k.GUID[:], fmt.Sprintf("%-6.6s%05d%-5.5s", host, n, tag))
	}
	return k, nil
}

func parseEvents(text string) ([]line, error) {
	known := attrs()
	var out []line
	for n, raw := range strings.Split(text, "\n") {
		if strings.TrimSpace(raw) == "" || strings.HasPrefix(raw, "#") {
			continue
		}
		if raw[0] == '\t' && len(out) > 0 {
			if err := property(&out[len(out)-1].event, known, raw[1:]); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
			continue
		}
		fields := strings.SplitN(raw, " ", 4)
		if len(fields) < 3 {
			return nil, fmt.Errorf("line %d: %q", n+1, raw)
		}
		when, err := at(fields[0])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		host := fields[1]
		if fields[2] == "chatter" {
			out = append(out, chatter(host, when, strings.Fields(fields[3]), n+1)...)
			continue
		}
		e := reeve.Event{Kind: reeve.Kind(fields[2]), Time: when, Written: when, Host: host, Ref: reeve.Ref{File: "events", Line: n + 1}}
		who, rest := "", ""
		if len(fields) == 4 {
			who, rest, _ = strings.Cut(fields[3], " ")
		}
		if strings.Contains(who, "=") {
			who, rest = "", fields[3]
		}
		if err := actors(&e, who); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
		for _, p := range strings.Split(rest, " | ") {
			if p == "" {
				continue
			}
			if err := property(&e, known, p); err != nil {
				return nil, fmt.Errorf("line %d: %w", n+1, err)
			}
		}
		e.Channel = channelOf(&e)
		out = append(out, line{event: e})
	}
	return out, nil
}

func actors(e *reeve.Event, who string) (err error) {
	who, target, _ := strings.Cut(who, ">")
	who, parent, _ := strings.Cut(who, "<")
	for _, x := range []struct {
		text string
		to   *reeve.ProcKey
	}{{who, &e.Process}, {parent, &e.Parent}, {target, &e.Target}} {
		if x.text == "" {
			continue
		}
		if *x.to, err = key(e.Host, x.text); err != nil {
			return err
		}
	}
	return nil
}

func property(e *reeve.Event, known map[string]reeve.Attr, text string) error {
	name, value, ok := strings.Cut(text, "=")
	a := known[name]
	if !ok || a == 0 {
		return fmt.Errorf("%q is no property", text)
	}
	if a == reeve.AttrContents {
		value = strings.ReplaceAll(value, `\n`, "\n")
	}
	e.Attrs = append(e.Attrs, reeve.Property{Attr: a, Value: value})
	return nil
}

func channelOf(e *reeve.Event) string {
	switch e.Kind {
	case reeve.Logon, reeve.ShareAccess, reeve.LogCleared:
		return "Security"
	case reeve.TaskChange, reeve.TaskRun:
		return "Tasks"
	case reeve.ServiceInstall, reeve.Boot:
		return "System"
	case reeve.ProcessStart, reeve.ProcessEnd:
		if e.Process.GUID == (reeve.GUID{}) {
			return "Security"
		}
	case reeve.Malware:
		return "Defender"
	}
	return "Sysmon"
}

func chatter(host string, when reeve.Time, kinds []string, n int) []line {
	var out []line
	for _, k := range kinds {
		for i := range 14 {
			image := fmt.Sprintf(`C:\Program Files\Chatter\program%d.exe`, i)
			e := reeve.Event{Kind: reeve.Kind(k), Time: when, Written: when, Host: host, Ref: reeve.Ref{File: "events", Line: n, Offset: int64(i)},
				Process: reeve.ProcKey{PID: uint32(60_000 + i)}, Attrs: []reeve.Property{{Attr: reeve.AttrImage, Value: image}}}
			e.Process, _ = key(host, fmt.Sprintf("%d#", 60_000+i))
			e.Channel = channelOf(&e)
			out = append(out, line{e, true})
		}
	}
	return out
}

// keyValues reads lines of "key: value"; a repeated key joins its values by line breaks.
func keyValues(text string) map[string]string {
	out := map[string]string{}
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		k, v, _ := strings.Cut(l, ":")
		v = strings.TrimSpace(v)
		if old, ok := out[k]; ok {
			v = old + "\n" + v
		}
		out[k] = v
	}
	return out
}

func parseScenario(name string, data []byte) (*scenario, error) {
	s := &scenario{name: name, want: map[string]map[string]string{}}
	s.says, s.sections = cut(string(data))
	for _, f := range s.sections {
		text := f.text
		var err error
		switch {
		case f.name == "case":
			kv := keyValues(text)
			var n uint64
			n, err = strconv.ParseUint(kv["subject"], 10, 32)
			s.subject, s.limit = uint32(n), kv["limit"]
		case f.name == "events":
			s.events, err = parseEvents(text)
		case f.name == "inventory":
			s.inventory, err = inventory.ReadCSV(strings.NewReader(text), "hosts.csv")
		case f.name == "known_bad" || f.name == "known_good":
			if s.lists == nil {
				s.lists = &intel.Lists{}
			}
			standing := reeve.KnownBad
			if f.name == "known_good" {
				standing = reeve.KnownGood
			}
			_, err = s.lists.Read(strings.NewReader(text), strings.TrimPrefix(f.name, "known_")+".txt", standing)
		case f.name == "habit":
			err = s.readHabit(keyValues(text))
		case f.name == "footprint":
			for i, l := range strings.Split(strings.TrimSpace(text), "\n") {
				s.footprint = append(s.footprint, playbook.Program{Base: strings.TrimSpace(l), Runs: 3, Ref: reeve.Ref{File: "footprint", Line: i + 1}})
			}
		case f.name == "findings" || f.name == "silent":
			err = s.readRules(f.name, text)
		case strings.HasPrefix(f.name, "want "):
			s.want[strings.TrimPrefix(f.name, "want ")] = keyValues(text)
		default:
			err = fmt.Errorf("unknown section")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: section %q: %w", name, f.name, err)
		}
	}
	return s, nil
}

func (s *scenario) readHabit(kv map[string]string) error {
	h := &s.habit
	fields := map[string]*int{"hosts": &h.Hosts, "all_hosts": &h.AllHosts, "users": &h.Users, "runs": &h.Runs, "same_host": &h.SameHost, "same_shape": &h.SameShape,
		"same_parent": &h.SameParent, "same_minute_hosts": &h.SameMinuteHosts, "days": &h.Days}
	for k, v := range kv {
		n, err := strconv.Atoi(v)
		if err != nil || fields[k] == nil {
			return fmt.Errorf("%q: %q is no count", k, v)
		}
		*fields[k] = n
	}
	return nil
}

// readRules reads lines of "level | id | title | tags or reason | words".
func (s *scenario) readRules(section, text string) error {
	for i, l := range strings.Split(strings.TrimSpace(text), "\n") {
		c := strings.Split(l, " | ")
		level := slices.Index([]string{"informational", "low", "medium", "high", "critical"}, c[0])
		if level < 0 || len(c) < 4 {
			return fmt.Errorf("line %d: %q", i+1, l)
		}
		if section == "findings" {
			s.findings = append(s.findings, reeve.Finding{RuleID: c[1], Title: c[2], Level: reeve.Level(level), Tags: strings.Fields(c[3]), Refs: []reeve.Ref{{File: "findings", Line: i + 1}}})
		} else {
			s.silent = append(s.silent, playbook.SilentRule{ID: c[1], Title: c[2], Level: reeve.Level(level), Reason: c[3], Says: strings.Join(c[4:], "")})
		}
	}
	return nil
}

// section is a part of a case file, in the txtar format.
type section struct{ name, text string }

func cut(text string) (comment string, list []section) {
	from, to := 0, 0
	end := func() {
		if n := len(list); n > 0 {
			list[n-1].text = text[from:to]
		} else {
			comment = strings.TrimSpace(text[from:to])
		}
	}
	for l := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(l), "-- "); ok && strings.HasSuffix(name, " --") {
			end()
			list = append(list, section{name: strings.TrimSuffix(name, " --")})
			from = to + len(l)
		}
		to += len(l)
	}
	end()
	return comment, list
}

// enable stands for the words of the package that knows providers.
func enable(k reeve.Kind) reeve.Need {
	return reeve.Need{Needs: string(k), Enable: "a recorder of " + string(k)}
}

// world builds graph, coverage and view the way an investigation does: records in the order given, spread over two builders;
// gathered events by time. ok is false when no record shows the subject.
func (s *scenario) world(events []line, ids func(i int) uint64) (v *playbook.View, ok bool) {
	builders := []*process.Builder{process.NewBuilder(), process.NewBuilder()}
	counters := []*coverage.Counter{coverage.NewCounter(), coverage.NewCounter()}
	v = &playbook.View{Enable: enable, Inventory: s.inventory, Habit: s.habit, Footprint: s.footprint, Findings: s.findings, Silent: s.silent, Limit: s.limit}
	if s.lists != nil {
		v.Intel = s.lists
	}
	for i := range events {
		e := &events[i].event
		b, c := builders[i%2], counters[i%2]
		c.Record(e.Host, e.Channel, ids(i), true, e.Time, e.Ref)
		c.Event(e.Host, e.Kind, []byte(e.Get(reeve.AttrImage)), e.Time)
		if e.Kind == reeve.ProcessStart && e.Channel == "Security" {
			c.Unselected(e.Host, e.Kind, e.Time) // auditing leaves no start out
		}
		switch e.Kind {
		case reeve.ProcessStart:
			b.Start(process.Start{Host: e.Host, Key: e.Process, Parent: e.Parent, Image: e.Get(reeve.AttrImage), ParentImage: e.Get(reeve.AttrParentImage),
				User: e.Get(reeve.AttrUser), UserSID: e.Get(reeve.AttrUserSID), LogonID: e.Get(reeve.AttrLogonID), Time: e.Time, Ref: e.Ref})
		case reeve.ProcessEnd:
			b.End(e.Host, e.Process, e.Time)
		case reeve.Boot:
			b.Boot(e.Host, e.Time)
		default:
			b.Deed(e.Host, e.Process, []byte(e.Get(reeve.AttrImage)), e.Time, e.Ref)
		}
		if e.Kind == reeve.LogCleared {
			c.Cleared(e.Host, e.Get(reeve.AttrChannel), "the log was cleared", e.Time, e.Ref)
		}
		if !events[i].chatter {
			v.Events = append(v.Events, *e)
		}
	}
	slices.SortFunc(v.Events, func(a, b reeve.Event) int { return cmp.Or(cmp.Compare(a.Time, b.Time), a.Ref.Compare(b.Ref)) })
	canon := func(h string) string { return h }
	v.Graph, v.Coverage = process.Build(builders, canon), coverage.Build(counters, canon)
	return v, s.enter(v)
}

// enter puts the subject into the view.
func (s *scenario) enter(v *playbook.View) bool {
	for i := range v.Events {
		e := &v.Events[i]
		if e.Process.PID != s.subject || e.Host != s.host() {
			continue
		}
		if id := v.By(e); id != 0 && v.Process.ID == 0 {
			v.Process = v.Graph.Process(id)
		}
		if e.Kind == reeve.ProcessStart && v.By(e) == v.Process.ID && v.Subject == nil {
			v.Subject = e
		}
	}
	if v.Process.ID == 0 {
		return false
	}
	if v.Subject == nil {
		v.Subject = toldByChild(v)
	}
	id := lolbas.Identify(stated(v)).Entry
	if list := lolbas.ByName(playbook.Base(v.Process.Image)); id == nil && len(list) > 0 {
		id = list[0]
	}
	if id != nil {
		v.LOLBin = &reeve.LOLBin{Name: id.Name, Techniques: id.Techniques()}
	}
	v.Payloads = Payloads(v)
	return true
}

// toldByChild makes a start of what a child's record says of its parent, as an investigation does where no record of the
// subject's own start exists.
func toldByChild(v *playbook.View) *reeve.Event {
	for i := range v.Events {
		e := &v.Events[i]
		if id := v.By(e); e.Kind != reeve.ProcessStart || id == 0 || v.Graph.Process(id).Parent != v.Process.ID {
			continue
		}
		out := &reeve.Event{Kind: reeve.ProcessStart, Time: e.Time, Host: e.Host, Ref: e.Ref, Process: e.Parent}
		for from, to := range map[reeve.Attr]reeve.Attr{reeve.AttrParentImage: reeve.AttrImage, reeve.AttrParentCommandLine: reeve.AttrCommandLine} {
			if e.Has(from) {
				out.Attrs = append(out.Attrs, reeve.Property{Attr: to, Value: e.Get(from)})
			}
		}
		return out
	}
	return nil
}

// host is the subject's: that of the first record of its pid.
func (s *scenario) host() string {
	for i := range s.events {
		if s.events[i].event.Process.PID == s.subject {
			return s.events[i].event.Host
		}
	}
	return ""
}

// inTurn numbers the records of each channel without a hole, as recorders do, in order of time.
func inTurn(events []line) func(int) uint64 {
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &events[a].event, &events[b].event
		return cmp.Or(cmp.Compare(x.Time, y.Time), x.Ref.Compare(y.Ref), strings.Compare(string(x.Kind), string(y.Kind)))
	})
	next, id := map[string]uint64{}, make([]uint64, len(events))
	for _, i := range order {
		k := events[i].event.Host + events[i].event.Channel
		next[k]++
		id[i] = next[k]
	}
	return func(i int) uint64 { return id[i] }
}

func (s *scenario) ask(t *testing.T) []reeve.Answer {
	t.Helper()
	v, ok := s.world(s.events, inTurn(s.events))
	if !ok {
		t.Fatalf("%s: no record shows process %d", s.name, s.subject)
	}
	return playbook.Run(All(), v)
}

func load(t testing.TB) []*scenario {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no case files", err)
	}
	var out []*scenario
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseScenario(strings.TrimSuffix(filepath.Base(name), ".txtar"), bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// shown renders an answer the way a "want" section states it.
func shown(a *reeve.Answer) map[string]string {
	out := map[string]string{"value": a.Value, "stance": a.Stance.String(), "says": a.Says}
	var codes []string
	for _, s := range a.Signals {
		codes = append(codes, string(s.Code))
	}
	slices.Sort(codes)
	out["signals"] = strings.Join(slices.Compact(codes), " ")
	var needs, cites []string
	for _, m := range a.Missing {
		needs = append(needs, m.Needs)
	}
	out["missing"] = strings.Join(needs, "\n")
	for _, r := range a.Refs {
		c := strconv.Itoa(r.Line)
		if r.File != "events" {
			c = r.File + ":" + c
		}
		cites = append(cites, c)
	}
	out["cites"] = strings.Join(cites, " ")
	return out
}

var wantKeys = []string{"value", "stance", "signals", "missing", "says", "cites"}

func render(want map[string]string) string {
	var b strings.Builder
	for _, k := range wantKeys {
		for _, v := range strings.Split(want[k], "\n") {
			if v != "" {
				fmt.Fprintf(&b, "%s: %s\n", k, v)
			}
		}
	}
	return b.String()
}

// rewrite brings the golden sentences and citations up to date; what must be answered is written by hand.
func (s *scenario) rewrite(t *testing.T, answers []reeve.Answer) {
	t.Helper()
	out := s.says + "\n"
	for i := range s.sections {
		f := &s.sections[i]
		question := strings.TrimPrefix(f.name, "want ")
		for k := range answers {
			if strings.HasPrefix(f.name, "want ") && answers[k].Question == question {
				want := maps.Clone(s.want[question])
				got := shown(&answers[k])
				want["says"], want["cites"] = got["says"], got["cites"]
				f.text = render(want)
			}
		}
	}
	for _, f := range s.sections {
		out += "\n-- " + f.name + " --\n" + strings.TrimRight(f.text, "\n") + "\n"
	}
	if err := os.WriteFile(filepath.Join("testdata", "cases", s.name+".txtar"), []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
}

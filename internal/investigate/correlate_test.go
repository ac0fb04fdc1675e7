package investigate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/evidence"
)

// failures and successes are logons, of which two rules speak that correlations may count.
func failure(at, user string) record {
	return security(4625, at, "TargetUserName", user, "IpAddress", "203.0.113.9", "LogonType", "3", "Status", "0xc000006d")
}

func success(at, user string) record {
	return security(4624, at, "TargetUserName", user, "IpAddress", "203.0.113.9", "LogonType", "3", "TargetLogonId", "0x8812")
}

const logonRules = `
title: Failed Logon
name: failure
id: aaaaaaaa-0000-4000-8000-000000000001
level: low
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
---
title: Logon
name: success
id: aaaaaaaa-0000-4000-8000-000000000002
level: informational
logsource: {product: windows, service: security}
detection: {s: {EventID: 4624}, condition: s}
---
title: Program
name: program
id: aaaaaaaa-0000-4000-8000-000000000003
level: informational
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: '.exe'}, condition: s}
---
title: Connection
name: connection
id: aaaaaaaa-0000-4000-8000-000000000004
level: low
logsource: {product: windows, category: network_connection}
detection: {s: {DestinationIp|startswith: '203.0.113.'}, condition: s}
`

// correlating is the rules about logons with correlations, each "Title: correlation" on a line of its own.
func correlating(t testing.TB, lines string) *Rules {
	t.Helper()
	text := logonRules
	for i, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		title, c, _ := strings.Cut(line, ": ")
		text += fmt.Sprintf("---\ntitle: %s\nname: %s\nid: bbbbbbbb-0000-4000-8000-00000000000%d\nlevel: high\ntags: [attack.t1110]\nauthor: someone\ncorrelation: %s\n", title, strings.ToLower(strings.ReplaceAll(title, " ", "_")), i, c)
	}
	r := sigmaRule(t, text)
	for _, s := range r.Sources() {
		for _, p := range slices.Concat(s.InactiveRules, s.Unreadable) {
			t.Fatalf("%s: %s", p.ID, p.Reason)
		}
	}
	return r
}

// found words what a hunt found: time, host, title, group, and how many records, with what is told of the run.
func found(t testing.TB, set *evidence.Set, opt Options) string {
	t.Helper()
	opt.Threads = max(opt.Threads, 2)
	h, err := Hunt(context.Background(), set, opt)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range h.Findings {
		if f.Source == "LOLBAS" {
			continue
		}
		line := f.Time.String()[11:19] + " " + f.Title
		if f.Host != "" && f.Host != "pc.corp.example" {
			line += " on " + f.Host
		}
		correlated := false
		for _, v := range f.Fields {
			if v.Name == "records" {
				correlated = true
				line += " " + v.Value
				if n, _ := strconv.Atoi(v.Value); n <= 20 && len(f.Refs) < n || len(f.Refs) == 0 {
					t.Errorf("%s: cites %s", line, files(f.Refs))
				}
			} else if !correlated && f.Level == reeve.High {
				line += " " + v.Name + "=" + v.Value
			}
		}
		if f.Host == "" && f.Level == reeve.High {
			line += " on several"
		}
		out = append(out, line)
	}
	return strings.Join(append(out, h.Notes...), "; ")
}

// TestCorrelationsCountMatches: each case is the correlations, the records, and what a hunt finds.
func TestCorrelationsCountMatches(t *testing.T) {
	burst := []record{failure("10:00:00", "ann"), failure("10:00:20", "ANN"), failure("10:00:30", "bob"), failure("10:00:40", "ann")}
	const guessing = "Guessing: {type: event_count, rules: failure, group-by: TargetUserName, timespan: 1m, condition: {gte: 3}}"
	const counted = "10:00:40 Guessing TargetUserName=ann 3"
	for _, c := range []struct {
		says, rules string
		logs        logs
		want        string
	}{
		{"matches of one user", guessing, logs{"a.evtx": burst}, counted},
		{"in JSON", guessing, logs{"a.json": burst}, counted},
		{"over two files", guessing, logs{"a.evtx": burst[:2], "b.json": numberAll(burst)[2:]}, counted},
		{"one too few", guessing, logs{"a.evtx": burst[:3]}, ""},
		{"copies count once", guessing, logs{"a.evtx": burst[:3], "b.json": burst[:3]}, ""},
		{"copies of enough are one match", guessing, logs{"a.evtx": burst, "b.json": burst}, counted},
		{"with the matches themselves", strings.Replace(guessing, "type", "generate: true, type", 1), logs{"a.evtx": burst},
			"10:00:00 Failed Logon; 10:00:20 Failed Logon; 10:00:30 Failed Logon; 10:00:40 Guessing TargetUserName=ann 3; 10:00:40 Failed Logon"},
		{"by host", "Many: {type: event_count, rules: failure, group-by: Computer, timespan: 1m, condition: {gte: 3}}",
			logs{"a.evtx": {burst[0], burst[1], burst[2].on("srv"), burst[3].on("PC")}}, "10:00:40 Many Computer=pc.corp.example 3"},
		{"of no group, over hosts", "Many: {type: event_count, rules: failure, timespan: 1m, condition: {gte: 4}}",
			logs{"a.evtx": {burst[0], burst[1].on("srv"), burst[2], burst[3]}}, "10:00:40 Many 4 on several"},
		{"different values", "Spray: {type: value_count, rules: failure, group-by: IpAddress, timespan: 1m, condition: {field: TargetUserName, gte: 2}}", logs{"a.evtx": burst},
			"10:00:40 Spray IpAddress=203.0.113.9 4"},
		{"two rules in order", "Guessed: {type: temporal_ordered, rules: [failure, success], group-by: TargetUserName, timespan: 5m}",
			logs{"a.evtx": {failure("10:00:00", "ann"), success("10:01:00", "bob"), success("10:02:00", "ann")}}, "10:02:00 Guessed TargetUserName=ann 2"},
		{"two rules in the other order", "Guessed: {type: temporal_ordered, rules: [failure, success], group-by: TargetUserName, timespan: 5m}",
			logs{"a.evtx": {success("10:00:00", "ann"), failure("10:02:00", "ann")}}, ""},
		{"the order of events, not of files", "Guessed: {type: temporal_ordered, rules: [failure, success], group-by: TargetUserName, timespan: 5m}",
			logs{"a.evtx": {success("10:02:00", "ann").numbered(9)}, "b.evtx": {failure("10:00:00", "ann").numbered(8)}}, "10:02:00 Guessed TargetUserName=ann 2"},
		{"a field under two names", "Guessed: {type: temporal, rules: [failure, connection], group-by: ip, timespan: 5m, aliases: {ip: {failure: IpAddress, connection: DestinationIp}}}",
			logs{"a.evtx": {failure("10:00:00", "ann"), deed(3, "10:01:00", 400, payload, "DestinationIp", "203.0.113.9")}}, "10:01:00 Guessed ip=203.0.113.9 2"},
		{"a chain", guessing + "\nGuessed: {type: temporal_ordered, rules: [guessing, success], group-by: TargetUserName, timespan: 5m}",
			logs{"a.evtx": append(slices.Clone(burst), success("10:02:00", "ann"), success("10:02:10", "bob"))}, "10:02:00 Guessed TargetUserName=ann 4"},
		{"the time is the event's own", "Programs: {type: event_count, rules: program, timespan: 10s, condition: {gte: 2}}",
			logs{"a.evtx": {starts("10:00:00", 200, shell, "cmd", 100, desktop), late(starts("10:00:05", 201, shell, "cmd", 100, desktop))}}, "10:00:05 Programs 2"},
		{"a record without a time", guessing, logs{"a.json": append(slices.Clone(burst), undated(failure("10:00:50", "ann")))},
			counted + "; 1 match of rules that correlations count could not be counted, because the records state no time."},
	} {
		t.Run(c.says, func(t *testing.T) {
			if got := found(t, c.logs.set(t), Options{Rules: correlating(t, c.rules)}); got != c.want {
				t.Errorf("found %s\nwant  %s", got, c.want)
			}
		})
	}
}

// late is a record that was written an hour after its event.
func late(r record) record { r.at = r.at.Add(3600e9); return r }

func undated(r record) record {
	r.at = r.at.AddDate(-r.at.Year()+1, 1-int(r.at.Month()), 1-r.at.Day()).Truncate(86400e9)
	return r
}

// TestARecordOfTwoRulesCountsOnce: also when only one of its copies is a match of both.
func TestARecordOfTwoRulesCountsOnce(t *testing.T) {
	const both = logonRules + `---
title: Wrong Password
name: password
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625, Note: x}, condition: s}
---
title: Both
level: high
correlation: {type: event_count, rules: [failure, password], timespan: 1m, condition: {gte: 2}}
`
	rules := sigmaRule(t, both)
	one, noted := failure("10:00:00", "ann").numbered(7), failure("10:00:00", "ann").numbered(7).with("Note", "x")
	for says, l := range map[string]logs{"a record": {"a.evtx": {noted}}, "copies of which one says more": {"a.evtx": {one}, "b.json": {noted}}, "copies of which the first says more": {"a.evtx": {noted}, "b.json": {one}}} {
		if got := found(t, l.set(t), Options{Rules: rules}); got != "" {
			t.Errorf("%s: found %s", says, got)
		}
		for name := range l {
			l[name] = append(l[name], failure("10:00:01", "ann").numbered(8))
		}
		if got := found(t, l.set(t), Options{Rules: rules}); got != "10:00:01 Both 2" {
			t.Errorf("%s and another: found %s", says, got)
		}
	}
}

func TestACorrelationCitesCopies(t *testing.T) {
	log := []record{failure("10:00:00", "ann"), failure("10:00:01", "ann"), failure("10:00:02", "ann")}
	h, err := Hunt(context.Background(), logs{"a.evtx": log, "b.json": log[:2]}.set(t), Options{Rules: correlating(t, "Many: {type: event_count, rules: failure, timespan: 1m, condition: {gte: 3}}")})
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Findings) != 1 || files(h.Findings[0].Refs) != "a.evtx/1 a.evtx/2 a.evtx/3 b.json/1 b.json/2" {
		t.Errorf("found %+v", h.Findings)
	}
}

// TestARuleThatServesCorrelationsIsNotMissed: it is no rule that should have seen a program and did not.
func TestARuleThatServesCorrelationsIsNotMissed(t *testing.T) {
	const correlation = "title: Many\ncorrelation: {type: event_count, rules: 33333333-3333-4333-8333-333333333333, timespan: 1m, condition: {gte: 9}}"
	silent := func(texts ...string) (out string) {
		for _, a := range caseOf(t, logs{"a.evtx": day()}.run(t, Options{Rules: sigmaRule(t, texts...)}), "mftrace.exe").Answers {
			for _, d := range a.Details {
				out += d.Name + ": " + d.Value + "\n"
			}
		}
		return out
	}
	contains(t, "without a correlation", silent(renamed), "silent: field absent: Mftrace With A Strange Hash")
	if got := silent(renamed, correlation); strings.Contains(got, "Strange Hash") {
		t.Errorf("with one: %s", got)
	}
}

func TestACorrelationKeepsToHostAndTime(t *testing.T) {
	rules := correlating(t, "Many: {type: event_count, rules: failure, timespan: 1m, condition: {gte: 3}}")
	l := logs{"a.evtx": {failure("10:00:00", "ann"), failure("10:00:10", "ann").on("srv"), failure("10:00:20", "ann").on("srv")}}
	const want = "10:00:20 Many 3 on several"
	for _, c := range []struct {
		says string
		opt  Options
		want string
	}{
		{"everything", Options{}, want},
		{"a host of one of its records", Options{Host: "pc"}, want},
		{"another of them", Options{Host: "srv"}, want},
		{"a host of none", Options{Host: "other"}, ""},
		{"up to its last record", Options{To: moment("10:00:20")}, want},
		{"before that", Options{To: moment("10:00:19")}, ""},
		{"from its last record on", Options{From: moment("10:00:20")}, want},
	} {
		c.opt.Rules = rules
		if got := found(t, l.set(t), c.opt); got != c.want {
			t.Errorf("%s: found %q, want %q", c.says, got, c.want)
		}
	}
}

// TestWhatCorrelationsCannotHoldIsTold: of more matches than there is room for the earliest count, and a reader hears of it.
func TestWhatCorrelationsCannotHoldIsTold(t *testing.T) {
	rules := correlating(t, "Guessing: {type: event_count, rules: failure, group-by: TargetUserName, timespan: 1m, condition: {gte: 3}}")
	var log []record
	for i := range 6 {
		log = append(log, failure(fmt.Sprintf("10:00:%02d", i), "ann"))
	}
	l := logs{"a.evtx": log}
	const lost = "up to 2024-05-01T10:00:03.0000000Z. There was no room for 2 matches after that"
	got := found(t, l.set(t), Options{Rules: rules, counted: 4})
	contains(t, "a hunt", got, "10:00:03 Guessing TargetUserName=ann 4", lost)
	contains(t, "an investigation", strings.Join(l.run(t, Options{Rules: rules, counted: 4}).Notes, "\n"), lost)
	if got := found(t, l.set(t), Options{Rules: rules, counted: 6}); got != "10:00:05 Guessing TargetUserName=ann 6" {
		t.Errorf("with room for all: %s", got)
	}
}

// TestACorrelationOpensACase: it belongs to the process of its last record, and is shown in the cases of those of the others as well.
func TestACorrelationOpensACase(t *testing.T) {
	reader := `C:\Program Files\App\reader.exe`
	log := []record{
		starts("09:00:00", 100, desktop, "explorer.exe", 90, `C:\Windows\System32\userinit.exe`),
		starts("10:00:00", 200, shell, "cmd.exe", 100, desktop),
		starts("10:00:05", 250, reader, "reader.exe", 200, shell),
		starts("10:00:10", 300, tracer, "mftrace.exe "+payload, 100, desktop),
		deed(3, "10:01:00", 300, tracer, "DestinationIp", "203.0.113.1"),
		deed(3, "10:01:10", 250, reader, "DestinationIp", "203.0.113.1"),
		deed(3, "10:01:20", 250, reader, "DestinationIp", "203.0.113.1"),
	}
	rules := correlating(t, "Beacon: {type: event_count, rules: connection, group-by: DestinationIp, timespan: 1m, condition: {gte: 3}}")
	inv := logs{"a.evtx": log}.run(t, Options{Rules: rules})
	if got := programs(inv); got != "cmd.exe mftrace.exe" { // what the shell started is part of its case
		t.Fatalf("cases of %s", got)
	}
	contains(t, "why it was opened", strings.Join(caseOf(t, inv, "cmd.exe").Opened, "\n"), "Beacon (high)")
	if opened := strings.Join(caseOf(t, inv, "mftrace.exe").Opened, "\n"); strings.Contains(opened, "Beacon") {
		t.Errorf("the process of an earlier record opens a case for it: %s", opened)
	}
	for _, program := range []string{"cmd.exe", "mftrace.exe"} {
		list := slices.DeleteFunc(slices.Clone(caseOf(t, inv, program).Findings), func(f reeve.Finding) bool { return f.Title == "Program" })
		if len(list) != 1 {
			t.Fatalf("%s: findings %+v", program, list)
		}
		f := list[0]
		if f.Title != "Beacon" || f.Level != reeve.High || f.Author != "someone" || strings.Join(f.Tags, " ") != "attack.t1110" || f.Host != "pc.corp.example" || f.Time != moment("10:01:20") || f.Process.PID != 250 || files(f.Refs) != "a.evtx/5 a.evtx/6 a.evtx/7" {
			t.Errorf("%s: %+v", program, f)
		}
		if got := fmt.Sprint(f.Fields[:2]); got != "[{DestinationIp 203.0.113.1} {records 3}]" {
			t.Errorf("%s: fields %s", program, got)
		}
		for _, r := range f.Refs {
			if inv.Records[r] == "" {
				t.Errorf("%s: record %d is not quoted", program, r.RecordID)
			}
		}
	}
}

// TestARuleThatServesCorrelationsOpensNothing: the same rule opens a case by itself once a correlation says so.
func TestARuleThatServesCorrelationsOpensNothing(t *testing.T) {
	base := strings.Replace(logonRules, "level: informational\nlogsource: {product: windows, category: process_creation}", "level: high\nlogsource: {product: windows, category: process_creation}", 1)
	log := logs{"a.evtx": {starts("10:00:00", 200, shell, "cmd.exe", 100, desktop), starts("10:00:10", 300, tracer, "mftrace.exe x.exe", 100, desktop)}}
	for correlation, want := range map[string]string{
		"": "cmd.exe mftrace.exe",
		"---\ntitle: Many\ncorrelation: {type: event_count, rules: program, timespan: 1m, condition: {gte: 9}}\n":                 "mftrace.exe",
		"---\ntitle: Many\ncorrelation: {type: event_count, rules: program, timespan: 1m, generate: true, condition: {gte: 9}}\n": "cmd.exe mftrace.exe",
	} {
		inv := log.run(t, Options{Rules: sigmaRule(t, base+correlation)})
		if got := programs(inv); got != want {
			t.Errorf("%q: cases of %s, want %s", correlation, got, want)
			continue
		}
		if n := len(caseOf(t, inv, "mftrace.exe").Findings); (n == 0) != (want == "mftrace.exe") {
			t.Errorf("%q: %d findings", correlation, n)
		}
	}
}

// TestCorrelationsDoNotDependOnThreadsOrOrder: the law for what is counted over all of the evidence, with room for everything and
// with too little.
func TestCorrelationsDoNotDependOnThreadsOrOrder(t *testing.T) {
	rules := correlating(t, `
Beacon: {type: event_count, rules: connection, group-by: Computer, timespan: 5s, condition: {gte: 3}}
Spread: {type: value_count, rules: [connection, program], timespan: 1m, condition: {field: Image, gte: 2}}
Then: {type: temporal_ordered, rules: [program, connection], group-by: Image, timespan: 10m, generate: true}`)
	dir := t.TempDir()
	var paths []string
	for _, x := range awkward(t) {
		path := dir + "/" + x.Path
		save(t, path, x.Data)
		paths = append(paths, path)
	}
	for _, room := range []int{0, 60} {
		wantHunt, wantRun := "", ""
		for _, threads := range []int{1, 4} {
			for turn := range 3 {
				list := slices.Clone(paths)
				if turn == 1 {
					slices.Reverse(list)
				} else if turn == 2 {
					list = append(list[len(list)/2:], list[:len(list)/2]...)
				}
				set, err := evidence.Open(list, evidence.Options{})
				if err != nil {
					t.Fatal(err)
				}
				opt := Options{Threads: threads, Rules: rules, Recover: true, counted: room}
				h, err := Hunt(context.Background(), set, opt)
				if err != nil {
					t.Fatal(err)
				}
				inv, err := Run(context.Background(), set, opt)
				set.Close()
				if err != nil {
					t.Fatal(err)
				}
				hunted, run := fmt.Sprintf("%+v", h.Findings)+strings.Join(h.Notes, ""), digest(inv)
				if wantHunt == "" {
					wantHunt, wantRun = hunted, run
					for _, title := range []string{"Title:Beacon", "Title:Spread", "Title:Then", "Title:Program"} {
						if !strings.Contains(hunted, title) {
							t.Errorf("room for %d: nothing with %s", room, title)
						}
					}
					if (room > 0) != (len(h.Notes) > 0) {
						t.Errorf("room for %d: notes %q", room, h.Notes)
					}
				}
				if hunted != wantHunt {
					t.Errorf("room for %d, %d threads, order %d: a hunt differs: %s", room, threads, turn, firstDifference(wantHunt, hunted))
				}
				if run != wantRun {
					t.Errorf("room for %d, %d threads, order %d: an investigation differs: %s", room, threads, turn, firstDifference(wantRun, run))
				}
			}
		}
	}
}

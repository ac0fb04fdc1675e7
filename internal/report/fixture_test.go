package report

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"reeve"
)

// The fixture is an investigation as it comes out of a small company: an abused mftrace on an accountant's computer, the same
// program at a developer's, one that the evidence cannot decide, and one whose every text is hostile.

func at(s string) reeve.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return reeve.TimeOf(t)
}

func guid(s string) reeve.GUID {
	g, ok := reeve.ParseGUID([]byte(s))
	if !ok {
		panic("no GUID: " + s)
	}
	return g
}

const (
	acctLog = "collection.zip!/acct-07/Microsoft-Windows-Sysmon%4Operational.evtx"
	acctSec = "collection.zip!/acct-07/Security.evtx"
	devLog  = "collection.zip!/dev-12/Microsoft-Windows-Sysmon%4Operational.evtx"
	kioskIn = "forwarded/kiosk-03.jsonl"
)

func rec(file string, id uint64) reeve.Ref {
	return reeve.Ref{File: file, RecordID: id, HasID: true, Offset: int64(id%4096)*1312 + 4608}
}

func acct(id uint64) reeve.Ref { return rec(acctLog, id) }

func stmt(says string, refs ...reeve.Ref) reeve.Statement {
	return reeve.Statement{Says: says, Refs: refs}
}

const (
	mftrace = `C:\Program Files (x86)\Windows Kits\10\bin\10.0.19041.0\x64\mftrace.exe`
	payload = `C:\Users\m.weber\AppData\Local\Temp\invoice_2231\upd.exe`
	badHash = "9f2b1c0d7e5a4488b1f3a6c2d9e0714bb85c3f6e2a1d4907c8e5b6f1a2d3c4e5"
)

var encoded = "powershell.exe -nop -w hidden -enc " + strings.Repeat("SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA", 6)

func maliciousCase() reeve.Case {
	start := at("2026-03-02T09:14:07.1234567Z")
	c := reeve.Case{
		ID: "3f2a9c1b5d6e7f80",
		Subject: reeve.Subject{
			Host: "acct-07.corp.example", Time: start, Image: `C:\Users\m.weber\AppData\Local\Temp\invoice_2231\mftrace.exe`,
			CommandLine: `"C:\Users\m.weber\AppData\Local\Temp\invoice_2231\mftrace.exe" upd.exe --quiet --profile "C:\Users\m.weber\AppData\Roaming\p.dat"`, HasCommandLine: true,
			GUID: guid("5A1F3C20-8B3F-65E2-A104-000000001700"), PID: 7244, User: `CORP\m.weber`, OriginalFileName: "mftrace.exe",
			Hashes: reeve.Hashes{SHA256: "737b3264a2c58fc6721acbab1eb33a905928b59524bc6b96f29da7527e7fa2ce", IMPHASH: "1b7c4a0b9c2de3f4a5b6c7d8e9f00112"},
		},
		LOLBin: &reeve.LOLBin{Name: "Mftrace.exe", Techniques: []string{"T1127"}},
		Opened: []string{"a developer program ran", "it runs from where any user can write"},
		Payloads: []reeve.Payload{
			{Kind: "exe", Image: payload, CommandLine: `upd.exe --quiet --profile "C:\Users\m.weber\AppData\Roaming\p.dat"`, Hashes: reeve.Hashes{SHA256: badHash}, Refs: []reeve.Ref{acct(48127), acct(48121)}},
			{Kind: "cmd", Image: `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, CommandLine: encoded, Refs: []reeve.Ref{acct(48131)}},
		},
		Verdict: reeve.Verdict{
			Label: reeve.Malicious, Score: 148, Confidence: 1,
			Because: []reeve.Statement{
				stmt("+60 upd.exe is on the list of bad hashes: a list or a product convicted what it ran", acct(48127)),
				stmt("+30 upd.exe connected to 203.0.113.77:443, outside the organisation: a payload that calls out is under somebody's control", acct(48140)),
				stmt(`+20 it runs from “C:\Users\m.weber\AppData\Local\Temp\invoice_2231\”, where any user can write: anybody could have put it there`, acct(48121)),
				stmt("+20 a document or mail program stands in its chain of parents: documents do not trace media applications", acct(48102), acct(48109)),
				stmt("+15 the payload had been written 41 seconds before it ran: what it ran had been written minutes before", acct(48116)),
				stmt("+15 nobody on this host uses developer programs: the role of the host does not fit", acct(47011)),
				stmt("-5 the file is the published one, which is what this technique abuses", acct(48121)),
			},
			WouldChange: []reeve.Statement{stmt("a product that installs per user into a folder of this name"), stmt("a download that m.weber remembers and the maker of upd.exe confirms")},
		},
		Findings: []reeve.Finding{
			{RuleID: "d5e1f7a0-2f64-4c8b-9a55-4c1df0b0a001", Title: "Media Foundation trace tool started outside its kit", Level: reeve.High, Tags: []string{"attack.t1127"}, Source: "windows/mftrace_place.yml", Author: "reeve",
				Host: "acct-07.corp.example", Time: start, Refs: []reeve.Ref{acct(48121)}, Fields: []reeve.NamedValue{{Name: "Image", Value: `C:\Users\m.weber\AppData\Local\Temp\invoice_2231\mftrace.exe`}, {Name: "OriginalFileName", Value: "mftrace.exe"}}},
			{RuleID: "3d48c9d3-1aa6-418d-98d3-8fd3c01a564e", Title: "Potential mftrace.exe abuse", Level: reeve.Medium, Source: "proc_creation_win_mftrace_child_process.yml", Author: "the rule's author",
				Host: "acct-07.corp.example", Time: at("2026-03-02T09:14:07.3000000Z"), Refs: []reeve.Ref{acct(48127)}},
		},
		NextSteps: []string{
			"Isolate acct-07.corp.example and keep its memory and logs before anything is cleaned.",
			"Collect " + payload + " from acct-07.corp.example and examine it.",
			"Search the estate for the sha256 " + badHash + ".",
			`Ask CORP\m.weber, or the owner of acct-07.corp.example, about this command at 2026-03-02T09:14:07.1234567Z.`,
		},
		Related:    []reeve.Relation{{Case: "aa00bb11cc22dd33", Why: "the same program on another host"}},
		Techniques: []string{"T1127", "T1204.002", "T1059.001", "T1547.001"},
	}
	c.Occurrences = []reeve.Occurrence{
		{Host: c.Subject.Host, Time: start, PID: 7244, GUID: c.Subject.GUID, User: c.Subject.User, Ref: acct(48121)},
		{Host: c.Subject.Host, Time: start + 610*reeve.Second, PID: 9012, User: c.Subject.User, Ref: acct(48310)},
	}
	c.Answers = maliciousAnswers()
	c.Tree = []reeve.Node{
		{ID: "p1", Image: `C:\Windows\explorer.exe`, PID: 4100, Inferred: true, Role: "ancestor", Refs: []reeve.Ref{acct(48102)}},
		{ID: "p2", Parent: "p1", Image: `C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`, CommandLine: `"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE"`, PID: 5120, Start: at("2026-03-02T08:02:11.0041000Z"), Role: "ancestor", Refs: []reeve.Ref{acct(48102)}},
		{ID: "p3", Parent: "p2", Image: `C:\Windows\System32\wscript.exe`, CommandLine: `"C:\Windows\System32\WScript.exe" "C:\Users\m.weber\AppData\Local\Temp\invoice_2231.js"`, PID: 6980, Start: at("2026-03-02T09:13:20.5500000Z"), Role: "ancestor", Refs: []reeve.Ref{acct(48109)}},
		{ID: "p4", Parent: "p3", Image: c.Subject.Image, CommandLine: c.Subject.CommandLine, PID: 7244, GUID: c.Subject.GUID, Start: start, Role: "subject", Refs: []reeve.Ref{acct(48121)}},
		{ID: "p5", Parent: "p4", Image: payload, CommandLine: c.Payloads[0].CommandLine, PID: 7260, Start: at("2026-03-02T09:14:07.2987000Z"), Role: "payload", Refs: []reeve.Ref{acct(48127)}},
		{ID: "p6", Parent: "p5", Image: c.Payloads[1].Image, CommandLine: encoded, PID: 7302, Start: at("2026-03-02T09:14:09.0100000Z"), Role: "descendant", Refs: []reeve.Ref{acct(48131)}},
		{ID: "p7", Parent: "p6", Image: `C:\Windows\System32\whoami.exe`, CommandLine: "whoami /all", PID: 7344, Start: at("2026-03-02T09:14:12.7000000Z"), Role: "descendant", Refs: []reeve.Ref{acct(48144)}},
		{ID: "p8", Parent: "p5", Image: `C:\Windows\System32\schtasks.exe`, CommandLine: `schtasks /create /sc onlogon /tn "Media Sync" /tr "` + payload + `"`, PID: 7390, Start: at("2026-03-02T09:14:31.2000000Z"), Role: "descendant", Refs: []reeve.Ref{acct(48150)}},
	}
	c.Timeline = maliciousTimeline(start)
	c.Indicators = []reeve.Indicator{
		{Type: "sha256", Value: badHash, Refs: []reeve.Ref{acct(48127)}},
		{Type: "ip", Value: "203.0.113.77", Refs: []reeve.Ref{acct(48140)}},
		{Type: "domain", Value: "cdn-sync.example.net", Refs: []reeve.Ref{acct(48138)}},
		{Type: "url", Value: "https://files.example.net/inv/invoice_2231.zip", Refs: []reeve.Ref{acct(48099)}},
		{Type: "path", Value: payload, Refs: []reeve.Ref{acct(48127)}},
	}
	return c
}

func maliciousAnswers() []reeve.Answer {
	return []reeve.Answer{
		{Question: "location", Value: "user_writable", Stance: reeve.Supports, Points: 20, Says: "it runs from a folder of the user, where LOLBAS lists it below the Windows Kits only.", Refs: []reeve.Ref{acct(48121)},
			Details: []reeve.Detail{{Name: "runs from", Value: `C:\Users\m.weber\AppData\Local\Temp\invoice_2231\mftrace.exe`, Refs: []reeve.Ref{acct(48121)}}, {Name: "expected", Value: mftrace}}},
		{Question: "identity", Value: "genuine", Stance: reeve.Neutral, Points: -5, Says: "The hash is that of the published x64 build; the program itself is real.", Refs: []reeve.Ref{acct(48121)},
			Details: []reeve.Detail{{Name: "original file name", Value: "mftrace.exe"}, {Name: "product", Value: "Media Foundation Tracing Application"}, {Name: "company", Value: "Microsoft"}}},
		{Question: "arrival", Value: "extracted", Stance: reeve.Supports, Points: 15, Says: "Program and payload came out of an archive that was downloaded 51 seconds before.", Refs: []reeve.Ref{acct(48099), acct(48112), acct(48116)},
			Details: []reeve.Detail{{Name: "mark of the web", Value: "https://files.example.net/inv/invoice_2231.zip", Refs: []reeve.Ref{acct(48099)}}, {Name: "program written", Value: "by wscript.exe, 44 s before it ran", Refs: []reeve.Ref{acct(48112)}}, {Name: "payload written", Value: "by wscript.exe, 41 s before it ran", Refs: []reeve.Ref{acct(48116)}}}},
		{Question: "payload", Value: "exe", Stance: reeve.Supports, Points: 15, Says: "It launched upd.exe, an unsigned program in a user's folder; command line and telemetry agree.", Refs: []reeve.Ref{acct(48121), acct(48127)}},
		{Question: "reputation", Value: "known_bad", Stance: reeve.Supports, Points: 60, Says: "A list names upd.exe as malicious: “loader, campaign 2231” (bad.csv of 2026-02-27).", Refs: []reeve.Ref{acct(48127)}},
		{Question: "behaviour", Value: "persistence", Stance: reeve.Supports, Points: 30, Says: "Worst effect seen: persistence (schtasks.exe registered “Media Sync” to start at logon).", Refs: []reeve.Ref{acct(48150), acct(48140)},
			Details: []reeve.Detail{{Name: "persistence", Value: `task “Media Sync” starts upd.exe at logon`, Refs: []reeve.Ref{acct(48150)}}, {Name: "network", Value: "upd.exe connected to 203.0.113.77:443 (cdn-sync.example.net)", Refs: []reeve.Ref{acct(48138), acct(48140)}}, {Name: "ledger: files", Value: "4 events seen", Refs: []reeve.Ref{acct(48135)}}, {Name: "ledger: registry", Value: "none seen; selectively logged"}},
			Missing: []reeve.Need{{Needs: "records of remote threads (Sysmon event 8)", Enable: "a Sysmon configuration that includes CreateRemoteThread"}}},
		{Question: "origin", Value: "office", Stance: reeve.Supports, Points: 20, Says: "Started by a document or mail program (wscript.exe < OUTLOOK.EXE < explorer.exe).", Refs: []reeve.Ref{acct(48109), acct(48102)}},
		{Question: "host", Value: "does_not_fit", Stance: reeve.Supports, Points: 15, Says: "Inventory: accounting, owner Maria Weber. A developer program does not fit.", Details: []reeve.Detail{{Name: "inventory", Value: "owner Maria Weber, department Accounting, role workstation (hosts.csv line 8)"}}, Refs: []reeve.Ref{acct(47011)}},
		{Question: "frequency", Value: "first_seen", Stance: reeve.Supports, Points: 5, Says: "No earlier run on this host in 31 days, and on one other host of 14, a developer's.", Details: []reeve.Detail{{Name: "hosts", Value: "1 of 14 with process records"}, {Name: "earlier runs on this host", Value: "0"}}},
		{Question: "detection", Value: "covered", Stance: reeve.Neutral, Points: 8, Says: "Two rules saw it, the gravest of level high.", Refs: []reeve.Ref{acct(48121), acct(48127)}},
	}
}

func maliciousTimeline(start reeve.Time) []reeve.Moment {
	m := func(s string, k reeve.Kind, says string, id uint64) reeve.Moment {
		return reeve.Moment{Time: at(s), Kind: k, Says: says, Ref: acct(id)}
	}
	return []reeve.Moment{
		m("2026-03-02T08:01:55.0000000Z", reeve.Logon, `CORP\m.weber type 2`, 48001),
		m("2026-03-02T08:02:11.0041000Z", reeve.ProcessStart, "explorer.exe started OUTLOOK.EXE", 48102),
		m("2026-03-02T09:13:16.4000000Z", reeve.FileStream, `OUTLOOK.EXE create stream hash invoice_2231.zip:Zone.Identifier`, 48099),
		m("2026-03-02T09:13:20.5500000Z", reeve.ProcessStart, `OUTLOOK.EXE started wscript.exe "C:\Users\m.weber\AppData\Local\Temp\invoice_2231.js"`, 48109),
		m("2026-03-02T09:13:23.0000000Z", reeve.FileCreate, `wscript.exe file event C:\Users\m.weber\AppData\Local\Temp\invoice_2231\mftrace.exe`, 48112),
		m("2026-03-02T09:13:26.1000000Z", reeve.FileCreate, "wscript.exe file event "+payload, 48116),
		{Time: start, Kind: reeve.ProcessStart, Says: "wscript.exe started mftrace.exe upd.exe --quiet", Ref: acct(48121)},
		m("2026-03-02T09:14:07.2987000Z", reeve.ProcessStart, "mftrace.exe started upd.exe --quiet", 48127),
		m("2026-03-02T09:14:07.4000000Z", reeve.ImageLoad, `upd.exe image load C:\Users\m.weber\AppData\Local\Temp\invoice_2231\mfdetours.dll`, 48129),
		m("2026-03-02T09:14:09.0100000Z", reeve.ProcessStart, "upd.exe started powershell.exe -nop -w hidden -enc …", 48131),
		m("2026-03-02T09:14:10.0000000Z", reeve.FileCreate, `upd.exe file event C:\Users\m.weber\AppData\Roaming\p.dat`, 48135),
		m("2026-03-02T09:14:11.2000000Z", reeve.DNSQuery, "upd.exe dns query cdn-sync.example.net", 48138),
		m("2026-03-02T09:14:11.3500000Z", reeve.NetworkConnect, "upd.exe network connection 203.0.113.77:443", 48140),
		m("2026-03-02T09:14:12.7000000Z", reeve.ProcessStart, "powershell.exe started whoami /all", 48144),
		m("2026-03-02T09:14:31.2000000Z", reeve.ProcessStart, `upd.exe started schtasks /create /sc onlogon /tn "Media Sync"`, 48150),
		m("2026-03-02T09:14:31.6000000Z", reeve.TaskChange, `task registered \Media Sync`, 48152),
	}
}

func developerCase() reeve.Case {
	d := func(id uint64) []reeve.Ref { return []reeve.Ref{rec(devLog, id)} }
	start := at("2026-03-02T13:40:02.0000000Z")
	c := reeve.Case{
		ID: "aa00bb11cc22dd33",
		Subject: reeve.Subject{
			Host: "dev-12.corp.example", Time: start, Image: mftrace, CommandLine: `mftrace.exe -o C:\src\player\trace.etl -l 16 C:\src\player\build\player.exe`, HasCommandLine: true,
			GUID: guid("7C0D2A10-91AA-65E2-1B02-000000000900"), PID: 12044, User: `CORP\j.ortiz`, OriginalFileName: "mftrace.exe",
		},
		LOLBin:   &reeve.LOLBin{Name: "Mftrace.exe", Techniques: []string{"T1127"}},
		Opened:   []string{"a developer program ran"},
		Payloads: []reeve.Payload{{Kind: "exe", Image: `C:\src\player\build\player.exe`, Refs: d(911)}},
		Verdict: reeve.Verdict{Label: reeve.Expected, Score: -24, Confidence: 1, Because: []reeve.Statement{
			stmt("-15 a developer's host and a developer's shell: the role fits the program", d(820)...), stmt("-10 it runs from its listed place: it runs from where it is installed", d(910)...),
			stmt("+8 a rule of level medium saw it: rules of this level are often right", d(911)...)},
			WouldChange: []reeve.Statement{stmt("a payload that nobody on this host built")}},
		Occurrences: []reeve.Occurrence{{Host: "dev-12.corp.example", Time: start, PID: 12044, User: `CORP\j.ortiz`, Ref: d(910)[0]}},
		Related:     []reeve.Relation{{Case: "3f2a9c1b5d6e7f80", Why: "the same program on another host"}},
		Techniques:  []string{"T1127"},
		Tree: []reeve.Node{
			{ID: "p1", Image: `C:\Program Files\Microsoft Visual Studio\2022\Common7\IDE\devenv.exe`, PID: 9001, Start: at("2026-03-02T07:55:00Z"), Role: "ancestor", Refs: d(700)},
			{ID: "p2", Parent: "p1", Image: mftrace, CommandLine: `mftrace.exe -o C:\src\player\trace.etl -l 16 C:\src\player\build\player.exe`, PID: 12044, Start: start, Role: "subject", Refs: d(910)},
			{ID: "p3", Parent: "p2", Image: `C:\src\player\build\player.exe`, PID: 12060, Start: start + reeve.Second, Role: "payload", Refs: d(911)},
		},
	}
	says := map[string][3]string{
		"location": {"listed", "refutes", "It runs from its listed place, the kit 10.0.19041.0."}, "identity": {"genuine", "neutral", "Original file name, product and company are Microsoft's."},
		"arrival": {"installed", "refutes", "The kit's installer wrote it together with its companions."}, "payload": {"exe", "neutral", "It launched player.exe, built on this host eleven minutes before."},
		"reputation": {"not_listed", "neutral", "None of its hashes is on the lists given, which by itself means nothing."}, "behaviour": {"file", "neutral", "Worst effect seen: file (it wrote trace.etl)."},
		"origin": {"developer_tool", "neutral", "Started by a developer's tool (devenv.exe)."}, "host": {"fits", "refutes", "Inventory: development, owner Julia Ortiz. A developer program fits."},
		"frequency": {"usual", "refutes", "Eleven earlier runs on this host in 31 days, nine with this command shape."}, "detection": {"partly", "neutral", "One rule saw it, of level medium."},
	}
	for _, q := range questions {
		a := reeve.Answer{Question: q.id, Value: says[q.id][0], Says: says[q.id][2], Refs: d(910)}
		a.Stance = map[string]reeve.Stance{"refutes": reeve.Refutes, "neutral": reeve.Neutral}[says[q.id][1]]
		c.Answers = append(c.Answers, a)
	}
	return c
}

func inconclusiveCase() reeve.Case {
	ref := reeve.Ref{File: kioskIn, Offset: 88_211, Line: 412}
	start := at("2026-03-03T22:10:44.5000000Z")
	need := []reeve.Need{{Needs: "the command line of process creation (Security event 4688)", Enable: "the policy “Include command line in process creation events”"}}
	c := reeve.Case{
		ID:       "0c0ffee0decade00",
		Subject:  reeve.Subject{Host: "kiosk-03", Time: start, Image: mftrace, PID: 3312},
		LOLBin:   &reeve.LOLBin{Name: "Mftrace.exe", Techniques: []string{"T1127"}},
		Opened:   []string{"a developer program ran"},
		Verdict:  reeve.Verdict{Label: reeve.Inconclusive, Score: 5, Confidence: 0.25, Because: []reeve.Statement{stmt("+15 nobody on this host uses developer programs: the role of the host does not fit", ref), stmt("-10 it runs from its listed place: it runs from where it is installed", ref)}},
		Tree:     []reeve.Node{{ID: "p1", Image: mftrace, PID: 3312, Start: start, Role: "subject", Refs: []reeve.Ref{ref}}},
		Timeline: []reeve.Moment{{Time: start, Kind: reeve.ProcessStart, Says: "mftrace.exe started", Ref: ref}},
		NextSteps: []string{
			"Ask the owner of kiosk-03 about this command at 2026-03-03T22:10:44.5000000Z.",
			`To answer "payload" next time: the policy “Include command line in process creation events”.`,
		},
		Occurrences: []reeve.Occurrence{{Host: "kiosk-03", Time: start, PID: 3312, Ref: ref}},
	}
	for _, q := range questions {
		a := reeve.Answer{Question: q.id, Value: q.unanswered, Says: "The evidence does not say.", Missing: need}
		switch q.id {
		case "location":
			a = reeve.Answer{Question: q.id, Value: "listed", Stance: reeve.Refutes, Points: -10, Says: "It runs from its listed place.", Refs: []reeve.Ref{ref}}
		case "host":
			a = reeve.Answer{Question: q.id, Value: "does_not_fit", Stance: reeve.Supports, Points: 15, Says: "The programs seen on it are those of a kiosk; a developer program does not fit.", Refs: []reeve.Ref{ref}}
		case "detection":
			a = reeve.Answer{Question: q.id, Value: "not_covered", Stance: reeve.Neutral, Says: "No rule saw it: the rules for this program need its command line."}
		}
		c.Answers = append(c.Answers, a)
	}
	return c
}

// hostile is a text with everything that a sink could take for its own: markup, a script's end, escape sequences, a NUL, an
// order override, a formula, Markdown, a template and broken UTF-8.
const hostile = "=cmd|'/c calc'!A1</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\x1b]0;owned\x07\x00\u202egnp.exe\u2066\u200b" +
	"\u009b31m\ufeff`${7*7}` {{.}} [x](https://evil.example) **b** | <!-- \" ' \\ \r\n@team \xff\xfe \U000e0041"

func hostileCase() reeve.Case {
	long := hostile + strings.Repeat("A", 1<<20)
	ref := reeve.Ref{File: "odd/" + strings.ReplaceAll(hostile, "\\", "") + ".evtx", RecordID: 1, HasID: true, Offset: 512}
	refs := []reeve.Ref{ref}
	c := reeve.Case{
		ID:         "ffffffffffffffff",
		Subject:    reeve.Subject{Host: hostile, Time: at("2026-03-04T00:00:00Z"), Image: `C:\` + hostile, CommandLine: long, HasCommandLine: true, User: hostile, OriginalFileName: hostile, Hashes: reeve.Hashes{MD5: hostile}},
		LOLBin:     &reeve.LOLBin{Name: hostile, Techniques: []string{hostile}},
		Opened:     []string{hostile},
		Payloads:   []reeve.Payload{{Kind: "cmd", Image: hostile, CommandLine: hostile, Refs: refs}},
		Verdict:    reeve.Verdict{Label: reeve.Suspicious, Score: 41, Confidence: 0.5, Because: []reeve.Statement{stmt(hostile, ref)}, WouldChange: []reeve.Statement{stmt(hostile, ref)}},
		Findings:   []reeve.Finding{{RuleID: hostile, Title: hostile, Level: reeve.Critical, Host: hostile, Refs: refs, Author: hostile, Source: hostile, Fields: []reeve.NamedValue{{Name: hostile, Value: hostile}}}},
		Tree:       []reeve.Node{{ID: "p1", Parent: "p1", Image: hostile, CommandLine: hostile, Role: "subject", Refs: refs}},
		Timeline:   []reeve.Moment{{Time: at("2026-03-04T00:00:00Z"), Kind: reeve.Kind(hostile), Says: hostile, Ref: ref}},
		Indicators: []reeve.Indicator{{Type: "url", Value: hostile, Refs: refs}, {Type: "url", Value: "javascript:alert(1)", Refs: refs}},
		Related:    []reeve.Relation{{Case: "0000000000000000", Why: hostile}},
		NextSteps:  []string{hostile},
		Techniques: []string{hostile},
	}
	c.Occurrences = []reeve.Occurrence{{Host: hostile, Time: c.Subject.Time, User: hostile, Ref: ref}}
	for _, q := range questions {
		c.Answers = append(c.Answers, reeve.Answer{Question: q.id, Value: q.unanswered, Says: hostile, Stance: reeve.Supports, Refs: refs,
			Details: []reeve.Detail{{Name: hostile, Value: hostile, Refs: refs}}, Missing: []reeve.Need{{Needs: hostile, Enable: hostile}}})
	}
	return c
}

// sample is the fixture without its hostile case.
func sample() *reeve.Investigation {
	seen := func(name string, n int) reeve.Seen {
		return reeve.Seen{Name: name, Records: n, First: at("2026-02-01T00:00:01Z"), Last: at("2026-03-04T06:00:00Z")}
	}
	kinds := func(pairs ...any) (out []reeve.Seen) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, seen(string(pairs[i].(reeve.Kind)), pairs[i+1].(int)))
		}
		return out
	}
	cleared := reeve.Gap{Host: "dev-12.corp.example", Channel: "Security", Kind: "cleared", From: at("2026-02-11T04:00:00Z"), To: at("2026-02-11T04:00:00Z"), Says: "the log was cleared; what it held before is lost.", Ref: rec("collection.zip!/dev-12/Security.evtx", 1)}
	hole := reeve.Gap{Host: "acct-07.corp.example", Channel: "Microsoft-Windows-Sysmon/Operational", Kind: "hole", From: at("2026-02-20T11:03:00Z"), To: at("2026-02-20T14:44:00Z"), Says: "record ids 40120 to 41877 are missing: 1,758 records.", Ref: acct(41878)}
	inv := &reeve.Investigation{
		Tool: reeve.Tool{Version: "0.1.0", FactsRevision: "lolbas 5f21c7e", Rules: []reeve.RuleSource{
			{Path: "built-in", Count: 14, SHA256: strings.Repeat("ab", 32)},
			{Path: "sigma", Count: 2214, Idle: 902, Inactive: 37, Failed: 1, SHA256: strings.Repeat("0c", 32), Unreadable: []reeve.RuleProblem{{ID: "", File: "windows/odd.yml", Line: 14, Reason: "a modifier that Sigma does not know"}}}},
			Options: []reeve.NamedValue{{Name: "inventory", Value: "hosts.csv"}, {Name: "known-bad", Value: "bad.csv"}}},
		Evidence: reeve.Evidence{First: at("2026-02-01T00:00:01Z"), Last: at("2026-03-04T06:00:00Z"), Hosts: []string{"acct-07.corp.example", "dev-12.corp.example", "kiosk-03"}, Files: []reeve.File{
			{Path: acctLog, Format: "evtx", SHA256: strings.Repeat("1f", 32), Records: 48_310},
			{Path: acctSec, Format: "evtx", SHA256: strings.Repeat("2e", 32), Records: 120_442, Duplicates: 12, Errors: []reeve.ReadError{{Ref: reeve.Ref{File: acctSec, Offset: 69_632}, Err: fmt.Errorf("chunk 1: %w", reeve.ErrDamaged)}}},
			{Path: devLog, Format: "evtx", SHA256: strings.Repeat("3d", 32), Records: 220_117},
			{Path: "collection.zip!/notes.docx", Says: "a Word document, no log"},
			{Path: kioskIn, Format: "json", SHA256: strings.Repeat("4c", 32), Records: 911, Errors: []reeve.ReadError{{Ref: reeve.Ref{File: kioskIn, Offset: 12_044, Line: 77}, Err: reeve.ErrRecord}}, MoreErrors: 3},
		}},
		Coverage: []reeve.HostCoverage{
			{Host: "acct-07.corp.example", Channels: []reeve.Seen{seen("Microsoft-Windows-Sysmon/Operational", 48_310), seen("Security", 120_442)}, Gaps: []reeve.Gap{hole},
				Kinds: kinds(reeve.DNSQuery, 9_120, reeve.FileCreate, 4_210, reeve.FileStream, 88, reeve.ImageLoad, 1_207, reeve.Logon, 8_800, reeve.NetworkConnect, 6_004, reeve.ProcessStart, 18_777, reeve.ProcessEnd, 18_020, reeve.RegistrySet, 950, reeve.TaskChange, 41, reeve.ServiceInstall, 3)},
			{Host: "dev-12.corp.example", Channels: []reeve.Seen{seen("Microsoft-Windows-Sysmon/Operational", 220_117)}, Gaps: []reeve.Gap{cleared},
				Kinds: kinds(reeve.DNSQuery, 20_450, reeve.FileCreate, 71_330, reeve.ImageLoad, 31_000, reeve.NetworkConnect, 22_000, reeve.ProcessStart, 60_211, reeve.ProcessEnd, 60_001, reeve.ScriptBlock, 412, reeve.LogCleared, 1)},
			{Host: "kiosk-03", Channels: []reeve.Seen{seen("Security", 911)}, Kinds: kinds(reeve.ProcessStart, 402, reeve.Logon, 120),
				Lacks: []reeve.Need{{Needs: "command lines of started processes", Enable: "the policy “Include command line in process creation events”"}}},
		},
		Triage: []reeve.Triaged{
			{LOLBin: "Cmd.exe", Seen: 612, LeftOut: []reeve.LeftOut{{Reason: "an everyday program without a sign of abuse", Count: 612}}},
			{LOLBin: "Mftrace.exe", Seen: 14, InCases: 14},
			{LOLBin: "Rundll32.exe", Seen: 1_180, LeftOut: []reeve.LeftOut{{Reason: "an everyday program without a sign of abuse", Count: 1_171}, {Reason: "outside the time asked for", Count: 9}}},
		},
		Gaps:  []reeve.Gap{hole, cleared},
		Cases: []reeve.Case{maliciousCase(), inconclusiveCase(), developerCase()},
		Notes: []string{"911 records state their time without an offset; they are taken as UTC."},
	}
	inv.Records = map[reeve.Ref]string{}
	for _, id := range []uint64{48001, 48099, 48102, 48109, 48112, 48116, 48121, 48127, 48129, 48131, 48135, 48138, 48140, 48144, 48150, 48152} {
		inv.Records[acct(id)] = fmt.Sprintf(`{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"EventRecordID":%d,"Computer":"acct-07.corp.example"},"EventData":{"Image":"C:\\Users\\m.weber\\AppData\\Local\\Temp\\invoice_2231\\mftrace.exe","ProcessId":7244,"User":"CORP\\m.weber"}}}`, id)
	}
	return inv
}

// full is the fixture with the hostile case.
func full() *reeve.Investigation {
	inv := sample()
	c := hostileCase()
	ref := c.Occurrences[0].Ref
	inv.Cases = append(inv.Cases[:1:1], append([]reeve.Case{c}, inv.Cases[1:]...)...)
	inv.Records[ref] = `{"CommandLine":"` + hostile + strings.Repeat("A", 1<<20) + `"}`
	inv.Notes = append(inv.Notes, hostile)
	inv.Unfound = []string{hostile}
	inv.Evidence.Files = append(inv.Evidence.Files, reeve.File{Path: ref.File, Says: hostile, Errors: []reeve.ReadError{{Ref: ref, Err: errors.New(hostile)}}})
	inv.Evidence.Hosts = append(inv.Evidence.Hosts, hostile)
	inv.Coverage = append(inv.Coverage, reeve.HostCoverage{Host: hostile, Channels: []reeve.Seen{{Name: hostile, Records: 1}}, Kinds: []reeve.Seen{{Name: hostile, Records: 1}}, Lacks: []reeve.Need{{Needs: hostile, Enable: hostile}}})
	inv.Triage = append(inv.Triage, reeve.Triaged{LOLBin: hostile, Seen: 1, LeftOut: []reeve.LeftOut{{Reason: hostile, Count: 1}}})
	inv.Gaps = append(inv.Gaps, reeve.Gap{Host: hostile, Channel: hostile, Kind: "unreadable", Says: hostile, Ref: ref})
	inv.Tool.Options = append(inv.Tool.Options, reeve.NamedValue{Name: hostile, Value: hostile})
	inv.Tool.Rules = append(inv.Tool.Rules, reeve.RuleSource{Path: hostile, Unreadable: []reeve.RuleProblem{{File: hostile, Reason: hostile}}})
	return inv
}

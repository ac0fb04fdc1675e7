package investigate

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"reeve"
)

const connects = `
title: A Program Talks To The Documentation
id: 11111111-1111-4111-8111-111111111111
status: test
level: medium
tags: [attack.command-and-control, attack.t1071]
author: nobody
logsource: {category: network_connection, product: windows}
detection:
  s: {DestinationIp|startswith: '203.0.113.'}
  condition: s
`

const tracing = `
title: Mftrace Starts A Program
id: 22222222-2222-4222-8222-222222222222
status: test
level: high
logsource: {category: process_creation, product: windows}
detection:
  s: {ParentImage|endswith: '\mftrace.exe'}
  condition: s
`

const renamed = `
title: Mftrace With A Strange Hash
id: 33333333-3333-4333-8333-333333333333
status: test
level: critical
logsource: {category: process_creation, product: windows}
detection:
  s: {Image|endswith: '\mftrace.exe', Hashes|contains: 'IMPHASH=0'}
  condition: s
`

const elsewhere = `
title: Mftrace In A Folder Of Users
id: 44444444-4444-4444-8444-444444444444
status: test
level: low
logsource: {category: process_creation, product: windows}
detection:
  s: {Image|startswith: 'C:\Users\', Image|endswith: '\mftrace.exe'}
  condition: s
`

func TestRulesSpeakInTheirCase(t *testing.T) {
	inv := logs{"Sysmon.evtx": story()}.run(t, Options{Rules: sigmaRule(t, connects, tracing)})
	c := caseOf(t, inv, "mftrace.exe")
	if len(c.Findings) != 41 {
		t.Fatalf("%d findings", len(c.Findings))
	}
	first, second := c.Findings[0], c.Findings[1]
	if first.Title != "Mftrace Starts A Program" || first.Level != reeve.High || first.Source != "rules/rule1.yml" || files(first.Refs) != "Sysmon.evtx/4" {
		t.Errorf("the first finding: %+v", first)
	}
	if len(first.Fields) == 0 || first.Fields[0].Name != "ParentImage" || first.Fields[0].Value != tracer {
		t.Errorf("it looked at %+v", first.Fields)
	}
	if second.Title != "A Program Talks To The Documentation" || len(second.Fields) == 0 || second.Fields[0].Value != "203.0.113.1" || strings.Join(second.Tags, " ") != "attack.command-and-control attack.t1071" || second.Author != "nobody" {
		t.Errorf("the second finding: %+v", second)
	}
	contains(t, "why it was opened", strings.Join(c.Opened, "\n"), "Mftrace Starts A Program (high)")
}

// TestARuleAloneOpensACase: an everyday program with an ordinary line, of which a rule thinks otherwise.
func TestARuleAloneOpensACase(t *testing.T) {
	rule := strings.NewReplacer("Mftrace Starts A Program", "A Shell Starts", `ParentImage|endswith: '\mftrace.exe'`, `Image|endswith: '\cmd.exe'`).Replace(tracing)
	log := logs{"Sysmon.evtx": {starts("10:00:00", 200, shell, "cmd.exe", 100, desktop)}}
	if got := programs(log.run(t, Options{})); got != "" {
		t.Errorf("without the rule: %s", got)
	}
	if got := programs(log.run(t, Options{Rules: sigmaRule(t, rule)})); got != "cmd.exe" {
		t.Errorf("with it: %s", got)
	}
	if got := programs(log.run(t, Options{Rules: sigmaRule(t, strings.Replace(rule, "level: high", "level: low", 1))})); got != "" {
		t.Errorf("with one of a low level: %s", got)
	}
}

func TestRulesAboutTheProgramThatDidNotSeeItSayWhy(t *testing.T) {
	inv := logs{"Sysmon.evtx": day()}.run(t, Options{Rules: sigmaRule(t, renamed, elsewhere, tracing)})
	c := caseOf(t, inv, "mftrace.exe")
	var text strings.Builder
	for _, a := range c.Answers {
		if a.Question != "detection" {
			continue
		}
		for _, d := range a.Details {
			text.WriteString(d.Name + ": " + d.Value + "\n")
		}
	}
	contains(t, "the detection answer", text.String(), "Mftrace With A Strange Hash", "Hashes", "Mftrace In A Folder Of Users")
}

// TestTheGravestFindingsAreListed: a rule that matches all day must not push out the one that matters.
func TestTheGravestFindingsAreListed(t *testing.T) {
	log := day()[:3]
	for i := range maxFindings + 10 {
		log = append(log, deed(3, "10:00:20", 300, tracer, "DestinationIp", "203.0.113.1", "DestinationPort", string(rune('0'+i%10))))
	}
	log = append(log, starts("11:00:00", 400, payload, payload, 300, tracer))
	inv := logs{"Sysmon.evtx": log}.run(t, Options{Rules: sigmaRule(t, connects, tracing)})
	c := caseOf(t, inv, "mftrace.exe")
	if n := len(c.Findings); n != maxFindings || c.Findings[n-1].Title != "Mftrace Starts A Program" {
		t.Errorf("%d findings, the last is %q", n, c.Findings[n-1].Title)
	}
	contains(t, "the notes", strings.Join(inv.Notes, "\n"), "Case "+c.ID, "of 211 findings the gravest 200 are listed")
}

func TestFoldersOfRulesTellWhatBecameOfThem(t *testing.T) {
	broken := "title: No Detection\nid: 55555555-5555-4555-8555-555555555555\nlogsource: {product: windows}\n"
	rules := loadRules(t, map[string]fs.FS{
		"a": fstest.MapFS{"one.yml": {Data: []byte(connects)}, "broken.yml": {Data: []byte(broken)}},
		"b": fstest.MapFS{"same.yml": {Data: []byte(strings.Replace(connects, "A Program", "Another", 1))}, "two.yml": {Data: []byte(tracing)}},
	})
	if len(rules.List()) != 2 || rules.List()[0].Title != "A Program Talks To The Documentation" || rules.List()[0].File != "a/one.yml" {
		t.Errorf("of two rules with one id the first folder's counts: %+v", rules.List())
	}
	a, b := rules.Sources()[0], rules.Sources()[1]
	if a.Path != "a" || a.Count != 1 || a.Failed != 1 || len(a.Unreadable) != 1 || a.Unreadable[0].File != "a/broken.yml" || a.Unreadable[0].Reason == "" {
		t.Errorf("a: %+v", a)
	}
	if b.Path != "b" || b.Count != 1 || b.SHA256 == "" || b.SHA256 == a.SHA256 {
		t.Errorf("b: %+v", b)
	}
}

func TestNoRulesAreNoRules(t *testing.T) {
	var r *Rules
	if r.Sources() != nil || r.List() != nil || r.worker(nil) != nil {
		t.Error("nil rules are something")
	}
	if _, err := LoadRules([]RuleFolder{{Name: "gone", FS: os.DirFS("testdata/no such folder")}}, parseOptions()); err == nil {
		t.Error("a folder that does not exist loads")
	}
}

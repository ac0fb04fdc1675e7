package sigma_test

import (
	"fmt"
	"time"

	"reeve/sigma"
)

const guessing = `
title: Password Guessed
id: 3a0e2e55-1d2c-4c5e-9f5c-0a5f6a3f8d10
correlation:
    type: temporal_ordered
    rules: [many_failures, success]
    group-by: User
    timespan: 10m
level: high
---
title: Many Failed Logons
name: many_failures
correlation:
    type: event_count
    rules: failure
    group-by: User
    timespan: 5m
    condition: {gte: 3}
---
title: Failed Logon
name: failure
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: Logon
name: success
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4624}, condition: selection}
`

func ExampleEngine_Correlate() {
	rules, faults := sigma.Parse("guessing.yml", []byte(guessing), sigma.ParseOptions{})
	if len(faults) > 0 {
		fmt.Println(faults[0])
		return
	}
	engine := sigma.Compile(&sigma.Set{Rules: rules}, everything{})
	program := engine.Program("records")
	matcher := program.NewMatcher()
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var hits []sigma.Hit
	for i, r := range []record{
		{"EventID": "4625", "User": "bob", "after": "0s"},
		{"EventID": "4625", "User": "Bob", "after": "40s"},
		{"EventID": "4624", "User": "eve", "after": "50s"},
		{"EventID": "4625", "User": "BOB", "after": "1m"},
		{"EventID": "4624", "User": "bob", "after": "2m"},
	} {
		after, _ := time.ParseDuration(r["after"])
		for _, id := range matcher.Match(r) {
			if engine.Alerts(id) {
				fmt.Println(engine.Rules()[id].Title)
			}
			fields, counted := engine.Wanted(id)
			if !counted {
				continue
			}
			hit := sigma.Hit{Rule: id, Time: start.Add(after).UnixNano() / 100, ID: i}
			for _, f := range fields {
				value, stated := r[f]
				hit.Values = append(hit.Values, sigma.HitValue{Text: value, Stated: stated})
			}
			hits = append(hits, hit)
		}
	}
	for _, c := range engine.Correlate(hits) {
		rule := engine.Rules()[c.Rule]
		fmt.Println(rule.Level, rule.Title, c.Group, time.Unix(0, c.First*100).UTC().Format(time.TimeOnly), time.Unix(0, c.Last*100).UTC().Format(time.TimeOnly), c.Hits)
	}
	// Output: high Password Guessed [{User bob}] 09:00:00 09:02:00 [0 1 3 4]
}

const ours = `
title: Our Updater Starts Shells
logsource: {product: windows, category: process_creation}
filter:
    rules: [8d0ba6b2-6d0c-4c56-9e1c-0f5b0a0c1d11]
    selection: {CommandLine|contains: 'C:\ours\update.cmd'}
    condition: not selection
`

func ExampleFilter() {
	rules, faults := sigma.Parse("rules.yml", []byte(rule+"---"+ours), sigma.ParseOptions{})
	if len(faults) > 0 {
		fmt.Println(faults[0])
		return
	}
	engine := sigma.Compile(&sigma.Set{Rules: rules}, everything{})
	matcher := engine.Program("records").NewMatcher()
	for _, command := range []string{`cmd /c C:\ours\update.cmd`, "cmd /c whoami"} {
		for range matcher.Match(record{"ParentImage": `C:\Office\WINWORD.EXE`, "Image": `C:\Windows\System32\cmd.exe`, "CommandLine": command}) {
			fmt.Println(command)
		}
	}
	// Output: cmd /c whoami
}

package sigma_test

import (
	"fmt"

	"reeve/sigma"
)

// everything maps every log source to the one source of records that this program has.
type everything struct{}

func (everything) Sources(sigma.Logsource) []string { return []string{"records"} }

const rule = `
title: Shell Started By A Word Processor
id: 8d0ba6b2-6d0c-4c56-9e1c-0f5b0a0c1d11
logsource: {product: windows, category: process_creation}
detection:
    selection:
        ParentImage|endswith: '\winword.exe'
        Image|endswith: ['\cmd.exe', '\powershell.exe']
    filter_update:
        CommandLine|contains|windash: ' -update '
    condition: selection and not 1 of filter_*
level: high
`

// record is the simplest Event: one value for each name.
type record map[string]string

func (r record) Fill(s *sigma.Slots) {
	for slot, field := range s.Fields() {
		if value, ok := r[field]; ok {
			s.Set(slot, []byte(value))
		}
	}
}

func Example() {
	rules, faults := sigma.Parse("shell.yml", []byte(rule), sigma.ParseOptions{})
	if len(faults) > 0 {
		fmt.Println(faults[0])
		return
	}
	engine := sigma.Compile(&sigma.Set{Rules: rules}, everything{})
	program := engine.Program("records")
	matcher := program.NewMatcher()
	for _, event := range []record{
		{"ParentImage": `C:\Office\WINWORD.EXE`, "Image": `C:\Windows\System32\cmd.exe`},
		{"ParentImage": `C:\Office\WINWORD.EXE`, "Image": `C:\Windows\System32\cmd.exe`, "CommandLine": "cmd /update now"},
	} {
		for _, id := range matcher.Match(event) {
			fmt.Println(engine.Rules()[id].Level, engine.Rules()[id].Title)
		}
	}
	// Output: high Shell Started By A Word Processor
}

func ExampleParse_fault() {
	_, faults := sigma.Parse("bad.yml", []byte("title: t\nlogsource: {product: windows}\ndetection:\n    s:\n        Image|endwith: x\n    condition: s\n"), sigma.ParseOptions{})
	fmt.Println(faults[0])
	// Output: bad.yml:5: the modifier "endwith" is not known
}

func ExampleProgram_Explain() {
	rules, _ := sigma.Parse("shell.yml", []byte(rule), sigma.ParseOptions{})
	program := sigma.Compile(&sigma.Set{Rules: rules}, everything{}).Program("records")
	event := record{"Image": `C:\Windows\System32\notepad.exe`}
	var show func(*sigma.Trace)
	show = func(t *sigma.Trace) {
		if len(t.Parts) == 0 && !t.Matched {
			fmt.Printf("%s: %s\n", t.Part, t.Why)
		}
		for _, part := range t.Parts {
			show(part)
		}
	}
	show(program.Explain(0, event).Parts[0])
	// Output:
	// ParentImage endswith "\\winword.exe": field absent
	// Image endswith "\\cmd.exe": value differs
	// Image endswith "\\powershell.exe": value differs
}

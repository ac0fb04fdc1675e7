package sigma

import (
	"slices"
	"testing"
	"time"
)

func TestAProfileCountsWhatRulesCost(t *testing.T) {
	const src = `
title: found
logsource: {product: a}
detection: {s: {Image|endswith: '\cmd.exe', User: root}, condition: s}
---
title: always looked at
logsource: {product: a}
detection: {s: {Image|re: '^[a-z]+$'}, condition: s}
---
title: never shown
logsource: {product: b}
detection: {s: {Image: x}, condition: s}
`
	rules, faults := Parse("p.yml", []byte(src), ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	e := Compile(&Set{Rules: rules}, byProduct{})
	var now time.Duration
	p := e.NewProfile(func() time.Duration { now += time.Microsecond; return now })
	m := e.Program("a").NewMatcher()
	m.Watch(p)
	plain := e.Program("a").NewMatcher()
	for _, event := range []testEvent{
		{"Image": {`C:\cmd.exe`}, "User": {"root"}}, {"Image": {`C:\cmd.exe`}, "User": {"ann"}}, {"Image": {"notepad"}}, {},
	} {
		if got, want := m.Match(event), plain.Match(event); !slices.Equal(got, want) {
			t.Errorf("%v matches %v, without a profile %v", event, got, want)
		}
	}
	costs := p.Costs()
	for i, want := range []Cost{{Rule: 0, Shown: 4, Matched: 1}, {Rule: 1, Shown: 4, Matched: 1}, {Rule: 2}} {
		got := costs[i]
		if got.Evaluated > got.Shown || got.Matched > got.Evaluated {
			t.Errorf("rule %d: %+v", i, got)
		}
		if got.Rule != want.Rule || got.Shown != want.Shown || got.Matched != want.Matched {
			t.Errorf("rule %d cost %+v, want %+v", i, got, want)
		}
	}
	if costs[0].Evaluated > 2 {
		t.Errorf("a rule of which no literal was found was evaluated: %+v", costs[0])
	}
	if costs[0].Time != 0 || p.Scan() != 0 {
		t.Errorf("a clock that moves only when it is read tells of %v and %v", costs[0].Time, p.Scan())
	}
}

func TestAProfileTellsTheTimeOfEachRule(t *testing.T) {
	rules, _ := Parse("p.yml", []byte("title: t\nlogsource: {product: a}\ndetection: {s: {Image: x}, condition: s}\n"), ParseOptions{})
	e := Compile(&Set{Rules: rules}, byProduct{})
	var now time.Duration
	p := e.NewProfile(func() time.Duration { return now })
	m := e.Program("a").NewMatcher()
	m.Watch(p)
	m.Match(slow{testEvent{"Image": {"x"}}, func() { now += time.Second }})
	if p.Scan() != time.Second || p.Costs()[0].Time != 0 {
		t.Errorf("a second of reading the event: scan %v, rule %v", p.Scan(), p.Costs()[0].Time)
	}
}

// slow is an event that takes its time to be read.
type slow struct {
	testEvent
	wait func()
}

func (s slow) Fill(to *Slots) {
	s.wait()
	s.testEvent.Fill(to)
}

func TestMatchingWithoutAProfileAllocatesNothing(t *testing.T) {
	rules, _ := Parse("p.yml", []byte("title: t\nlogsource: {product: a}\ndetection: {s: {Image: x}, condition: s}\n"), ParseOptions{})
	e := Compile(&Set{Rules: rules}, byProduct{})
	m := e.Program("a").NewMatcher()
	var event Event = fixed("x")
	if n := testing.AllocsPerRun(100, func() { m.Match(event) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// fixed is an event of one value, which every field has.
type fixed []byte

func (f fixed) Fill(to *Slots) {
	for i := range to.Fields() {
		to.Set(i, f)
	}
}

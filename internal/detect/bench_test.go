package detect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
	"reeve/sigma"
)

// kept is a record that outlives its reader, with values in the encoding of EVTX files.
type kept struct {
	reeve.Record
	ref    reeve.Ref
	head   reeve.Head
	class  reeve.Class
	fields []reeve.Field
	names  map[string]reeve.Handle
	flat   []reeve.Value // by handle
}

func (k *kept) Ref() reeve.Ref        { return k.ref }
func (k *kept) Head() *reeve.Head     { return &k.head }
func (k *kept) Class() reeve.Class    { return k.class }
func (k *kept) Fields() []reeve.Field { return k.fields }
func (k *kept) Resolve(name string) reeve.Handle {
	if h, ok := k.names[strings.ToLower(name)]; ok {
		return h
	}
	return reeve.NoHandle
}

func (k *kept) Value(h reeve.Handle) reeve.Value {
	if h < 0 || int(h) >= len(k.flat) {
		return reeve.Value{}
	}
	return k.flat[h]
}

// keep copies a record; equal layouts get equal classes.
func keep(r reeve.Record) *kept {
	k := &kept{ref: r.Ref(), head: *r.Head(), names: map[string]reeve.Handle{}}
	var class strings.Builder
	put := func(name string, v reeve.Value) {
		var b []byte
		for _, u := range utf16.Encode([]rune(v.String())) {
			b = append(b, byte(u), byte(u>>8))
		}
		h := reeve.Handle(len(k.flat))
		k.flat = append(k.flat, reeve.Value{Kind: v.Kind, Enc: reeve.UTF16LE, Bytes: b})
		if _, ok := k.names[strings.ToLower(name)]; !ok {
			k.names[strings.ToLower(name)] = h
		}
		fmt.Fprintf(&class, "%s\x00", name)
	}
	for _, f := range r.Fields() {
		if f.Name == "Message" { // rendered by exporters; no log holds it
			continue
		}
		k.fields = append(k.fields, reeve.Field{Name: f.Name, Handle: reeve.Handle(len(k.flat))})
		put(f.Name, r.Value(f.Handle))
	}
	class.WriteByte(0)
	for _, name := range []string{"Provider_Name", "EventID", "Channel", "Computer"} {
		if h := r.Resolve(name); h != reeve.NoHandle {
			put(name, r.Value(h))
		}
	}
	k.class = class.String()
	return k
}

// collector keeps distinct process starts of Sysmon.
type collector struct {
	records []*kept
	seen    map[string]bool
	buf     []byte
	any     bool
}

func (c *collector) Record(r reeve.Record) {
	h := r.Head()
	start := h.EventID == 1 && strings.EqualFold(h.Provider, "Microsoft-Windows-Sysmon") || h.EventID == 4688
	if len(c.records) >= 20_000 || !c.any && !start {
		return
	}
	c.buf = c.buf[:0]
	for _, name := range []string{"EventID", "Channel", "Image", "NewProcessName", "CommandLine", "ParentImage", "ParentCommandLine", "TargetObject", "ScriptBlockText"} {
		c.buf = append(r.Value(r.Resolve(name)).AppendText(c.buf), 0)
	}
	if !c.seen[string(c.buf)] {
		c.seen[string(c.buf)] = true
		c.records = append(c.records, keep(r))
	}
}

func (c *collector) Lost(reeve.ReadError) {}

func collect(b testing.TB, any bool) []*kept {
	b.Helper()
	if _, err := os.Stat(shared + "evidence"); err != nil {
		b.Skip("../shared/evidence is absent")
	}
	set, err := evidence.Open([]string{shared + "evidence"}, evidence.Options{TempDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer set.Close()
	c := &collector{seen: map[string]bool{}, any: any}
	if _, err := ingest.Scan(context.Background(), set, ingest.Options{Threads: 1}, func(int) ingest.Sink { return c }); err != nil {
		b.Fatal(err)
	}
	return c.records
}

// compiled makes an engine of some of the shared rules.
func compiled(b *testing.B, want func(*sigma.Rule) bool) *sigma.Engine {
	set := sharedRules(b)
	set.Rules = slices.DeleteFunc(set.Rules, func(r *sigma.Rule) bool { return !want(r) })
	return sigma.Compile(set, windows{})
}

func rate(b *testing.B, records []*kept, rules func(*sigma.Rule) bool) {
	engine := compiled(b, rules)
	m := newMatcher(engine)
	matched := 0
	for _, r := range records {
		matched += len(m.Match(r))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		m.Match(records[i%len(records)])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(len(engine.Rules())), "rules")
	b.ReportMetric(float64(matched)/float64(len(records)), "matches/event")
}

// BenchmarkProcessStarts matches distinct process starts, decoding included, on one core.
func BenchmarkProcessStarts(b *testing.B) {
	records := collect(b, false)
	b.Logf("%d distinct process starts", len(records))
	b.Run("rules of process_creation", func(b *testing.B) {
		rate(b, records, func(r *sigma.Rule) bool {
			return r.Logsource.Category == "process_creation" && strings.HasPrefix(r.File, "rules/")
		})
	})
	b.Run("everything of Windows", func(b *testing.B) {
		rate(b, records, func(r *sigma.Rule) bool { return true })
	})
}

// slotted is a record of which only what rules of process creation look at is left, ready to be matched.
type slotted struct {
	slots []int
	texts [][]byte
}

func (e *slotted) Fill(to *sigma.Slots) {
	for i, slot := range e.slots {
		to.Set(slot, e.texts[i])
	}
}

// slot prepares records for a program, and writes them to the file that EVENTS names, a line of JSON each, for other engines to be
// timed on.
func slot(b *testing.B, records []*kept, p *sigma.Program) (out []*slotted) {
	var lines []byte
	for _, r := range records {
		e, fields := &slotted{}, map[string]string{}
		for i, name := range p.Fields() {
			at, convert := winlog.RuleField(r, "category:process_creation", name)
			if len(at) != 1 || convert != nil {
				continue
			}
			text := r.Value(at[0]).AppendText(nil)
			e.slots, e.texts, fields[name] = append(e.slots, i), append(e.texts, text), string(text)
		}
		line, err := json.Marshal(map[string]any{"F": fields})
		if err != nil {
			b.Fatal(err)
		}
		out, lines = append(out, e), append(append(lines, line...), '\n')
	}
	if name := os.Getenv("EVENTS"); name != "" {
		if err := os.WriteFile(name, lines, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return out
}

// BenchmarkColdProcessStarts matches every distinct process start once, with rules made ready anew and a matcher that has seen
// nothing, as the prototype is timed; the processor's time counts.
func BenchmarkColdProcessStarts(b *testing.B) {
	records := collect(b, false)
	for _, set := range []struct {
		name string
		want func(*sigma.Rule) bool
	}{
		{"rules of process_creation", func(r *sigma.Rule) bool { return strings.HasPrefix(r.File, "rules/") }},
		{"with emerging threats and hunting", func(r *sigma.Rule) bool { return true }},
	} {
		for _, memory := range []bool{false, true} {
			name := set.name
			if memory {
				name += ", values remembered"
			}
			b.Run(name, func(b *testing.B) {
				var passes []time.Duration
				tried, matched, rules := 0, 0, 0
				for b.Loop() {
					engine := compiled(b, func(r *sigma.Rule) bool { return r.Logsource.Category == "process_creation" && set.want(r) })
					p := engine.Program("category:process_creation")
					events := slot(b, records, p)
					m := p.NewMatcher()
					m.Remember(memory)
					runtime.GC()
					from := processor()
					for _, e := range events {
						m.Match(e)
					}
					passes = append(passes, processor()-from)
					costs := engine.NewProfile(func() time.Duration { return 0 })
					m = p.NewMatcher()
					m.Watch(costs)
					for _, e := range events {
						m.Match(e)
					}
					tried, matched, rules = 0, 0, len(engine.Rules())
					for _, c := range costs.Costs() {
						tried, matched = tried+c.Evaluated, matched+c.Matched
					}
				}
				slices.Sort(passes)
				n := float64(len(records))
				b.ReportMetric(n/passes[len(passes)/2].Seconds(), "events/s")
				b.ReportMetric(n/passes[0].Seconds(), "events/s-best")
				b.ReportMetric(100*float64(tried)/n/float64(rules), "%rules-tried")
				b.ReportMetric(float64(matched)/n, "matches/event")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkAnyRecord matches records of every kind.
func BenchmarkAnyRecord(b *testing.B) {
	records := collect(b, true)
	b.Logf("%d distinct records", len(records))
	rate(b, records, func(r *sigma.Rule) bool { return true })
}

// BenchmarkLoad reads and compiles all rules.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		sigma.Compile(sharedRules(b), windows{})
	}
}

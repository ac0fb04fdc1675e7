package process

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reeve"
)

// The values that random evidence is made of are few, so that they collide as often as possible.
func drawKey(t *rapid.T, label string) reeve.ProcKey {
	return id(rapid.Uint32Range(0, 4).Draw(t, label+" pid"), byte(rapid.IntRange(0, 5).Draw(t, label+" guid")))
}

func drawEvidence(t *rapid.T) *evidence {
	host := rapid.SampledFrom([]string{"pc", "PC", "pc2"})
	image := rapid.SampledFrom([]string{"", shell, "cmd.exe", tracer, payload, services})
	text := rapid.SampledFrom([]string{"", "a", "b"})
	moment := rapid.Custom(func(t *rapid.T) reeve.Time {
		return at(rapid.SampledFrom([]float64{-100_000, 0, 0.5, 1, 1.5, 2, 3, 10, 10.5, 300, 301, 100_000}).Draw(t, "seconds"))
	})
	ref := rapid.Custom(func(t *rapid.T) reeve.Ref {
		n := rapid.Int64Range(0, 30).Draw(t, "n")
		return reeve.Ref{File: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "file"), RecordID: uint64(n), HasID: n != 3, Offset: n, Line: int(n % 2)}
	})
	e := &evidence{}
	for range rapid.IntRange(0, 12).Draw(t, "starts") {
		e.starts = append(e.starts, Start{Host: host.Draw(t, "host"), Key: drawKey(t, "key"), Parent: drawKey(t, "parent"), Image: image.Draw(t, "image"), ParentImage: image.Draw(t, "parent image"),
			User: text.Draw(t, "user"), UserSID: text.Draw(t, "sid"), LogonID: text.Draw(t, "logon"), Time: moment.Draw(t, "time"), Ref: ref.Draw(t, "ref")})
	}
	for range rapid.IntRange(0, 6).Draw(t, "ends") {
		e.ends = append(e.ends, endOf{host.Draw(t, "host"), drawKey(t, "end"), moment.Draw(t, "time")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "boots") {
		e.boots = append(e.boots, bootOf{host.Draw(t, "host"), moment.Draw(t, "time")})
	}
	for range rapid.IntRange(0, 10).Draw(t, "deeds") {
		e.deeds = append(e.deeds, deedOf{host.Draw(t, "host"), drawKey(t, "doer"), image.Draw(t, "image"), moment.Draw(t, "time"), ref.Draw(t, "ref")})
	}
	return e
}

// spread gives the records in random order to builders.
func (e *evidence) spread(seed uint64, builders int) *Graph {
	rng := rand.New(rand.NewPCG(seed, 1))
	list := make([]*Builder, builders)
	for i := range list {
		list[i] = NewBuilder()
	}
	var give []func(*Builder)
	for _, s := range e.starts {
		give = append(give, func(b *Builder) { b.Start(s) })
	}
	for _, x := range e.ends {
		give = append(give, func(b *Builder) { b.End(x.host, x.key, x.at) })
	}
	for _, x := range e.boots {
		give = append(give, func(b *Builder) { b.Boot(x.host, x.at) })
	}
	for _, x := range e.deeds {
		give = append(give, func(b *Builder) { b.Deed(x.host, x.key, []byte(x.image), x.at, x.ref) })
	}
	rng.Shuffle(len(give), func(i, j int) { give[i], give[j] = give[j], give[i] })
	for _, f := range give {
		f(list[rng.IntN(builders)])
	}
	return Build(list, strings.ToLower)
}

func TestTheGraphDependsOnTheRecordsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvidence(t)
		want := draw(e.graph())
		got := draw(e.spread(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 5).Draw(t, "builders")))
		if got != want {
			t.Fatalf("in order:\n%s\nshuffled and spread:\n%s", want, got)
		}
	})
}

func TestLawsOfTheGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvidence(t)
		g := e.graph()
		cited := map[reeve.Ref]bool{}
		seen := map[string]reeve.ProcID{}
		for id := reeve.ProcID(1); int(id) <= g.Len(); id++ {
			p := g.Process(id)
			if p.ID != id || len(p.Refs) == 0 || len(p.Refs) > maxRefs {
				t.Fatalf("process %d has id %d and %d citations", id, p.ID, len(p.Refs))
			}
			for i, r := range p.Refs {
				cited[r] = true
				for _, other := range p.Refs[:i] {
					if r == other {
						t.Fatalf("process %d cites %v twice", id, r)
					}
				}
			}
			if above, stop := g.Ancestors(id); stop == Limit || len(above) >= g.Len() {
				t.Fatalf("process %d is its own ancestor: %v", id, above)
			}
			if p.Parent != 0 && g.Process(p.Parent).Host != p.Host {
				t.Fatalf("process %d has a parent on another host", id)
			}
			if p.Inferred && (p.Start != 0 || p.Parent != 0) {
				t.Fatalf("inferred process %d states what no record shows: %+v", id, p)
			}
			if p.End != 0 && p.End < g.Seen(id) {
				t.Fatalf("process %d ended before it was", id)
			}
			for _, kid := range g.Children(id) {
				if g.Process(kid).Parent != id {
					t.Fatalf("%d is no child of %d", kid, id)
				}
			}
			if !none(p.Key.GUID) {
				k := p.Host + p.Key.GUID.String()
				if seen[k] != 0 {
					t.Fatalf("processes %d and %d have one GUID", id, seen[k])
				}
				seen[k] = id
				if g.Find(p.Host, p.Key, 0) != id {
					t.Fatalf("process %d is not found by its GUID", id)
				}
			}
		}
		for _, s := range e.starts {
			host := strings.ToLower(s.Host)
			if !none(s.Key.GUID) && g.Find(host, s.Key, s.Time) == 0 {
				t.Fatalf("the start at %v has no process", s.Time)
			}
			if !cited[s.Ref] && len(e.starts)+len(e.deeds) <= maxRefs {
				t.Fatalf("nothing cites %v", s.Ref)
			}
			if alone := others(e, s) == 0; alone && !none(s.Key.GUID) && !none(s.Parent.GUID) && s.Parent.GUID != s.Key.GUID && g.Find(host, s.Parent, s.Time) == 0 {
				t.Fatalf("a parent is lost: %v", s.Parent)
			}
		}
		for _, d := range e.deeds {
			if !d.key.IsZero() && !none(d.key.GUID) && g.Find(strings.ToLower(d.host), d.key, d.at) == 0 {
				t.Fatalf("a doer is lost: %v", d.key)
			}
		}
	})
}

// others counts the starts that may have a word in what is known of one.
func others(e *evidence, s Start) int {
	n := -1
	for _, o := range e.starts {
		if o.Key.GUID == s.Key.GUID || o.Key.PID == s.Key.PID {
			n++
		}
	}
	return n
}

// TestHostsNeverMix builds two hosts apart and together.
func TestHostsNeverMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEvidence(t)
		var apart, b evidence
		only := func(name string) bool { return strings.EqualFold(name, "pc") }
		for _, s := range e.starts {
			if only(s.Host) {
				apart.starts = append(apart.starts, s)
			}
		}
		for _, x := range e.ends {
			if only(x.host) {
				apart.ends = append(apart.ends, x)
			}
		}
		for _, x := range e.boots {
			if only(x.host) {
				apart.boots = append(apart.boots, x)
			}
		}
		for _, x := range e.deeds {
			if only(x.host) {
				apart.deeds = append(apart.deeds, x)
			}
		}
		b = *e
		if one, both := relations(apart.graph(), "pc"), relations(b.graph(), "pc"); one != both {
			t.Fatalf("alone:\n%s\nbeside another host:\n%s", one, both)
		}
	})
}

// relations prints one host's processes without their numbers.
func relations(g *Graph, host string) string {
	var out strings.Builder
	for id := reeve.ProcID(1); int(id) <= g.Len(); id++ {
		if p := g.Process(id); p.Host == host {
			parent := g.Process(p.Parent)
			fmt.Fprintln(&out, word(p), p.Start, p.End, p.Inferred, p.ByPID, p.User, p.UserSID, p.LogonID, p.Refs, word(parent), parent.Start, len(g.Children(id)))
		}
	}
	return out.String()
}

// TestHostileEvidenceStaysLinear builds graphs of a size at which anything quadratic takes minutes.
func TestHostileEvidenceStaysLinear(t *testing.T) {
	const n = 100_000
	guid := func(i int) reeve.ProcKey {
		k := reeve.ProcKey{PID: 10}
		k.GUID[0], k.GUID[1], k.GUID[2], k.GUID[3] = byte(i), byte(i>>8), byte(i>>16), 1
		return k
	}
	name := func(i int) string { return fmt.Sprintf(`C:\x\%d.exe`, i) }
	for what, give := range map[string]func(b *Builder, i int){
		"starts of one pid, time and program": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: id(10, 0), Parent: id(10, 0), Image: shell, Time: at(0), Ref: security(int64(i))})
		},
		"starts of one pid and time with GUIDs": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: guid(i), Image: shell, Time: at(0), Ref: sysmon(int64(i))})
		},
		"programs of one pid and time": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: id(10, 0), Parent: id(11, 0), Image: name(i), ParentImage: name(i + 1), Time: at(0), Ref: security(int64(i))})
		},
		"both recorders at one time": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: guid(i), Image: shell, Time: at(0), Ref: sysmon(int64(i))})
			b.Start(Start{Host: "pc", Key: id(10, 0), Image: shell, Time: at(float64(i%3) / 10), Ref: security(int64(i))})
		},
		"a chain": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: guid(i), Parent: guid(i + 1), Image: shell, Time: at(0), Ref: sysmon(int64(i))})
		},
		"a circle": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: guid(i), Parent: guid((i + 1) % n), Image: shell, Time: at(0), Ref: sysmon(int64(i))})
		},
		"circles of two": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: guid(i), Parent: guid(i ^ 1), Image: shell, Time: at(0), Ref: sysmon(int64(i))})
		},
		"self parents": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: guid(i), Parent: guid(i), Image: shell, Time: at(0), Ref: sysmon(int64(i))})
		},
		"unrecorded parents of one pid": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: id(uint32(i+20), 0), Parent: id(10, 0), Image: shell, ParentImage: name(i), Time: at(float64(i % 7)), Ref: security(int64(i))})
		},
		"children of one unrecorded parent": func(b *Builder, i int) {
			b.Start(Start{Host: "pc", Key: id(uint32(i+20), 0), Parent: id(10, 0), Image: shell, Time: at(float64(i % 7)), Ref: security(int64(i))})
		},
		"deeds of one pid by many programs": func(b *Builder, i int) {
			b.Deed("pc", id(10, 0), []byte(name(i)), at(float64(i%7)), security(int64(i)))
		},
		"deeds of many GUIDs of one pid": func(b *Builder, i int) {
			b.Deed("pc", guid(i), []byte(shell), at(float64(i%7)), sysmon(int64(i)))
		},
		"ends and boots": func(b *Builder, i int) {
			b.End("pc", id(10, 0), at(float64(i)))
			b.Boot("pc", at(float64(i)))
			b.Deed("pc", id(10, 0), []byte(shell), at(float64(i)*100_000), security(int64(i)))
		},
		"hosts": func(b *Builder, i int) {
			b.Start(Start{Host: name(i), Key: id(10, 1), Parent: id(11, 2), Image: shell, Time: at(0), Ref: sysmon(int64(i))})
		},
	} {
		t.Run(what, func(t *testing.T) {
			b := NewBuilder()
			began := time.Now()
			for i := range n {
				give(b, i)
			}
			g := Build([]*Builder{b}, strings.ToLower)
			for id := reeve.ProcID(1); int(id) <= g.Len(); id += 100 {
				p := g.Process(id)
				g.Ancestors(id)
				g.Find(p.Host, reeve.ProcKey{PID: p.Key.PID}, g.Seen(id))
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%d records took %v", n, took)
			} else {
				t.Logf("%d nodes in %v", g.Len(), took)
			}
		})
	}
}

// estate makes the records of an ordinary day: every process is recorded by both recorders when both is set, with its end and
// ten deeds.
func estate(starts int, both bool) *Builder {
	b := NewBuilder()
	image := []byte(shell)
	for i := range starts {
		number := func(i int) reeve.ProcKey {
			return reeve.ProcKey{PID: uint32(i%5000)*4 + 4, GUID: reeve.GUID{0: byte(i), 1: byte(i >> 8), 2: byte(i >> 16), 15: 1}}
		}
		key, host, parent := number(i), hosts[i%len(hosts)], reeve.ProcKey{}
		if up := i - len(hosts)*(1+i%50); up >= 0 {
			parent = number(up)
		}
		s := Start{Host: host, Key: key, Parent: parent, Image: shell, ParentImage: services, User: `CORP\ann`, UserSID: "S-1-5-21-1-2-3-1001", LogonID: logons[i%len(logons)], Time: at(float64(i)), Ref: sysmon(int64(i))}
		b.Start(s)
		if both {
			s.Key.GUID, s.Parent.GUID, s.Ref = reeve.GUID{}, reeve.GUID{}, security(int64(i))
			b.Start(s)
		}
		for range 10 {
			b.Deed(host, key, image, at(float64(i)+1), sysmon(int64(i)))
		}
		b.End(host, key, at(float64(i)+5))
	}
	return b
}

var (
	hosts  = []string{"pc1.corp.example", "pc2.corp.example", "pc3.corp.example", "pc4.corp.example"}
	logons = []string{"0x3e7", "0x4d2", "0x10f2c", "0x3e4"}
)

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemoryPerStart holds the promise that an investigation's budget rests on.
func TestMemoryPerStart(t *testing.T) {
	if testing.Short() {
		t.Skip("weighs the heap")
	}
	const n = 200_000
	before := heap()
	b := estate(n, false)
	scanned := heap() - before
	g := Build([]*Builder{b}, strings.ToLower)
	built := heap() - before
	runtime.KeepAlive(b)
	if want := n + len(hosts); g.Len() != want { // services.exe of each host is inferred
		t.Fatalf("%d processes, want %d", g.Len(), want)
	}
	t.Logf("bytes a start: %d while scanning, %d as a graph", scanned/n, built/n)
	if scanned/n > 200 || built/n > 130 {
		t.Errorf("a start costs %d bytes while scanning and %d in the graph; 200 and 130 are allowed", scanned/n, built/n)
	}
	runtime.KeepAlive(g)
}

func BenchmarkBuild(b *testing.B) {
	for name, both := range map[string]bool{"sysmon": false, "both": true} {
		b.Run(name, func(b *testing.B) {
			const n = 100_000
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				before := heap()
				builder := estate(n, both)
				b.StartTimer()
				g := Build([]*Builder{builder}, strings.ToLower)
				b.StopTimer()
				b.ReportMetric(float64(heap()-before)/n, "kept-B/start")
				runtime.KeepAlive(g)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/start")
		})
	}
}

func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	x := NewBuilder()
	s := Start{Host: "pc1.corp.example", Key: id(10, 1), Parent: id(4, 2), Image: shell, ParentImage: services, User: `CORP\ann`, UserSID: "S-1-5-21-1-2-3-1001", LogonID: "0x4d2", Time: at(0), Ref: sysmon(1)}
	for b.Loop() {
		x.Start(s)
	}
}

func BenchmarkDeed(b *testing.B) {
	b.ReportAllocs()
	x := NewBuilder()
	image := []byte(shell)
	x.Start(Start{Host: "pc", Key: id(10, 1), Image: shell, Time: at(0), Ref: sysmon(1)})
	for name, key := range map[string]reeve.ProcKey{"of a start seen": id(10, 1), "of an orphan": id(11, 2), "by pid": id(11, 0)} {
		x.Deed("pc", key, image, at(1), sysmon(1))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Deed("pc", key, image, at(2), sysmon(2))
			}
		})
	}
}

func TestDeedAllocatesNothingForAKnownProcess(t *testing.T) {
	x := NewBuilder()
	image := []byte(shell)
	for _, key := range []reeve.ProcKey{id(10, 1), id(11, 2), id(11, 0)} {
		if key == id(10, 1) {
			x.Start(Start{Host: "pc", Key: key, Image: shell, Time: at(0), Ref: sysmon(1)})
		}
		x.Deed("pc", key, image, at(5), sysmon(5))
		if n := testing.AllocsPerRun(100, func() { x.Deed("pc", key, image, at(6), sysmon(6)); x.Deed("pc", key, image, at(4), sysmon(4)) }); n != 0 {
			t.Errorf("a deed of %v allocates %v times", key, n)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	g := Build([]*Builder{estate(100_000, false)}, strings.ToLower)
	p := g.Process(50_000)
	for name, key := range map[string]reeve.ProcKey{"guid": p.Key, "pid": {PID: p.Key.PID}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if g.Find(p.Host, key, p.Start+reeve.Second) != p.ID {
					b.Fatal("not found")
				}
			}
		})
	}
}

// TestCopiesOfAStartCostNothing keeps the least citations of a record that stands in a hundred places, however they were read.
func TestCopiesOfAStartCostNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := make([]int, 100)
		for i := range order {
			order[i] = i
		}
		order = rapid.Permutation(order).Draw(t, "read")
		builders := []*Builder{NewBuilder(), NewBuilder()}
		for _, n := range order {
			b := builders[rapid.IntRange(0, 1).Draw(t, "builder")]
			b.Start(Start{Host: "pc", Key: reeve.ProcKey{PID: 7, GUID: reeve.GUID{1}}, Image: `C:\a.exe`, Time: reeve.Day, Ref: reeve.Ref{File: "f", Offset: int64(n)}})
		}
		for _, b := range builders {
			if n := len(b.starts); n > 0 && len(b.starts[0]) > maxRefs {
				t.Fatalf("a builder holds %d copies", len(b.starts[0]))
			}
		}
		g := Build(builders, strings.ToLower)
		refs := g.Process(1).Refs
		if g.Len() != 1 || len(refs) != maxRefs {
			t.Fatalf("%d processes, %d citations", g.Len(), len(refs))
		}
		for i, r := range refs {
			if r.Offset != int64(i) {
				t.Fatalf("citation %d stands at %d", i, r.Offset)
			}
		}
	})
}

package coverage

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reeve"
)

const morning = 3_600_000 * reeve.Hour // an hour begins then

func after(d reeve.Time) reeve.Time { return morning + d }

func ref(file string, id uint64) reeve.Ref {
	return reeve.Ref{File: file, RecordID: id, HasID: true, Offset: int64(id) * 100}
}

func build(c ...*Counter) *Coverage { return Build(c, strings.ToLower) }

func words(gaps []reeve.Gap) string {
	var out []string
	for _, g := range gaps {
		hours := func(t reeve.Time) string {
			if t == 0 {
				return "?"
			}
			return fmt.Sprintf("%gh", float64(t-morning)/float64(reeve.Hour))
		}
		out = append(out, fmt.Sprintf("%s %s %s %s to %s: %s [%s]", g.Host, g.Channel, g.Kind, hours(g.From), hours(g.To), g.Says, g.Ref.File))
	}
	return strings.Join(out, "\n")
}

func TestGaps(t *testing.T) {
	// ids counts records of these ids, ten minutes apart from a time on.
	ids := func(c *Counter, file string, from, to uint64, at reeve.Time) {
		for id := from; id <= to; id++ {
			c.Record("PC", "Security", id, true, at+reeve.Time(id-from)*10*reeve.Minute, ref(file, id))
		}
	}
	for _, c := range []struct {
		name string
		give func(c *Counter)
		want string
	}{
		{"a log without holes", func(c *Counter) { ids(c, "a", 1, 30, after(0)) }, ""},
		{"a log in two files", func(c *Counter) { ids(c, "b", 13, 18, after(2*reeve.Hour)); ids(c, "a", 1, 12, after(0)) }, ""},
		{"a log read backwards", func(c *Counter) {
			for id := uint64(30); id > 0; id-- {
				c.Record("pc", "Security", id, true, after(reeve.Time(id)*reeve.Minute), ref("a", id))
			}
		}, ""},
		{"a hole", func(c *Counter) { ids(c, "a", 1, 7, after(0)); ids(c, "a", 10, 12, after(3*reeve.Hour)) },
			"pc Security hole 1h to 3h: 2 records are missing between record 7 and record 10 [a]"},
		{"a hole of one", func(c *Counter) { ids(c, "a", 1, 7, after(0)); ids(c, "a", 9, 12, after(3*reeve.Hour)) },
			"pc Security hole 1h to 3h: 1 record is missing between record 7 and record 9 [a]"},
		{"a hole that a copy fills", func(c *Counter) {
			ids(c, "a", 1, 7, after(0))
			ids(c, "a", 10, 12, after(90*reeve.Minute))
			ids(c, "copy", 1, 12, after(0))
		}, ""},
		{"a copy makes no hole", func(c *Counter) { ids(c, "a", 1, 30, after(0)); ids(c, "copy", 5, 9, after(40*reeve.Minute)) }, ""},
		{"records without ids have no holes", func(c *Counter) {
			c.Record("pc", "Security", 0, false, after(0), reeve.Ref{})
			ids(c, "a", 5, 6, after(0))
		}, ""},
		{"other channels and hosts have their own ids", func(c *Counter) {
			ids(c, "a", 1, 3, after(0))
			c.Record("pc", "System", 900, true, after(0), ref("s", 900))
			c.Record("pc2", "Security", 500, true, after(0), ref("t", 500))
		}, ""},
		{"ids that begin anew, later", func(c *Counter) { ids(c, "a", 100, 106, after(0)); ids(c, "b", 1, 7, after(20*reeve.Hour)) },
			"pc Security cleared 1h to 20h: record ids begin anew at 1 after 106: the log was made anew, or the host was set back [a]"},
		{"ids that begin anew over the old ones", func(c *Counter) { ids(c, "a", 1, 13, after(0)); ids(c, "b", 1, 7, after(20*reeve.Hour)) },
			"pc Security cleared 2h to 20h: record ids begin anew at 1 after 13: the log was made anew, or the host was set back [a]"},
		{"a clock set back makes no new log", func(c *Counter) { ids(c, "a", 1, 7, after(20*reeve.Hour)); ids(c, "a", 9, 12, after(2*reeve.Hour)) },
			"pc Security hole 2h to 21h: 1 record is missing between record 7 and record 9 [a]"},
		{"a hole in the old log and one in the new", func(c *Counter) {
			ids(c, "a", 1, 7, after(0))
			ids(c, "a", 10, 16, after(2*reeve.Hour))
			ids(c, "b", 1, 7, after(20*reeve.Hour))
			ids(c, "b", 9, 15, after(22*reeve.Hour))
		}, "pc Security hole 1h to 2h: 2 records are missing between record 7 and record 10 [a]\n" +
			"pc Security cleared 3h to 20h: record ids begin anew at 1 after 16: the log was made anew, or the host was set back [a]\n" +
			"pc Security hole 21h to 22h: 1 record is missing between record 7 and record 9 [b]"},
		{"the greatest id is not followed by the least", func(c *Counter) {
			c.Record("pc", "Security", 1<<64-1, true, after(0), ref("a", 1))
			c.Record("pc", "Security", 0, true, after(0), ref("a", 0))
		}, "pc Security hole 0h to 0h: 18446744073709551614 records are missing between record 0 and record 18446744073709551615 [a]"},
		{"many holes are told as one", func(c *Counter) {
			for id := uint64(0); id < 60; id += 2 {
				c.Record("pc", "Security", id, true, after(reeve.Time(id)*reeve.Hour), ref("a", id))
			}
		}, "pc Security hole 0h to 58h: 29 holes in the record ids, 29 records are missing in all: an export by selection, or records removed [a]"},
		{"more holes than can be told apart", func(c *Counter) {
			for id := uint64(0); id < 4*maxRuns; id += 2 {
				c.Record("pc", "Security", id, true, after(0), ref("a", id))
			}
		}, "pc Security hole 0h to 0h: more holes in the record ids than can be told apart: an export by selection, or records removed [a]"},
		{"a log that was cleared is told once, however many copies of the record there are", func(c *Counter) {
			c.Record("pc", "Security", 1, true, after(reeve.Hour), ref("a", 1))
			for _, file := range []string{"b", "a", "c"} {
				c.Cleared("PC", "Security", "the log was cleared by CORP\\ann", after(reeve.Hour), ref(file, 1))
			}
			c.Cleared("PC", "Security", "an audit policy was switched off", after(reeve.Hour), ref("b", 7))
		}, "pc Security cleared 1h to 1h: an audit policy was switched off [b]\npc Security cleared 1h to 1h: the log was cleared by CORP\\ann [a]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := NewCounter(), NewCounter()
			c.give(one)
			_, gaps := build(one, two).Report(nil)
			if got := words(gaps); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestSilences(t *testing.T) {
	// hours counts so many records in every hour that quiet does not name.
	hours := func(total, each int, quiet func(h int) bool) *Coverage {
		c := NewCounter()
		id := uint64(1)
		for h := range total {
			for m := range each {
				if !quiet(h) {
					c.Record("pc", "Security", id, true, after(reeve.Time(h)*reeve.Hour+reeve.Time(m)*reeve.Minute), ref("a", id))
					id++
				}
			}
		}
		return build(c)
	}
	between := func(from, to int) func(int) bool { return func(h int) bool { return h >= from && h < to } }
	for _, c := range []struct {
		name string
		of   *Coverage
		want string
	}{
		{"no silence", hours(72, 10, between(0, 0)), ""},
		{"twelve hours without a record", hours(72, 10, between(30, 42)), "pc Security silence 30h to 42h: no record for 12 hours in a channel that otherwise logs nearly every hour []"},
		{"five hours are not told", hours(72, 10, between(30, 35)), ""},
		{"a channel that logs little is always silent", hours(72, 5, between(30, 42)), ""},
		{"a channel of one day shows no habit", hours(40, 20, between(10, 20)), ""},
		{"a machine that is off at night", hours(480, 10, func(h int) bool { return h%24 < 12 }), ""},
		{"a channel that logs every other hour", hours(200, 10, func(h int) bool { return h%2 == 0 || between(50, 60)(h) }), ""},
	} {
		if got := words(c.of.gaps); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSpeaks(t *testing.T) {
	const me = `C:\Tools\mftrace.exe`
	events := func(c *Counter, what reeve.Kind, programs int, at reeve.Time) {
		for i := range programs {
			c.Event("PC", what, fmt.Appendf(nil, `C:\Apps\%d.exe`, i), at)
		}
	}
	for _, c := range []struct {
		name     string
		give     func(c *Counter)
		from, to reeve.Time
		state    State
		says     string
	}{
		{"no such event at all", func(c *Counter) { events(c, reeve.DNSQuery, 20, after(0)) }, 0, reeve.Hour, Absent, "this host has no network connection events at all: absent or off"},
		{"events on another day", func(c *Counter) { events(c, reeve.NetworkConnect, 20, after(reeve.Day)) }, 0, reeve.Hour, Quiet, "this host has 20 network connection events, none of them in these hours"},
		{"one event on another day", func(c *Counter) { events(c, reeve.NetworkConnect, 1, after(reeve.Day)) }, 0, 0, Quiet, "this host has 1 network connection event, none of them in these hours"},
		{"a handful of programs, as configurations include", func(c *Counter) { events(c, reeve.NetworkConnect, 5, after(0)) }, 0, 0, Selective, "in these hours network connection events of 5 programs were logged: the source may select"},
		{"a thousand events of one program", func(c *Counter) {
			for range 1000 {
				events(c, reeve.NetworkConnect, 1, after(0))
			}
		}, 0, 0, Selective, "in these hours network connection events of 1 program were logged: the source may select"},
		{"events that name no program", func(c *Counter) {
			for range 1000 {
				c.Event("pc", reeve.NetworkConnect, nil, after(0))
			}
		}, 0, 0, Selective, "in these hours network connection events of no named program were logged: the source may select"},
		{"many unrelated programs", func(c *Counter) { events(c, reeve.NetworkConnect, 12, after(0)) }, 0, 0, Full, "in these hours network connection events of 12 unrelated programs or more were logged: silence means there was none"},
		{"many programs, over the hours of its life", func(c *Counter) {
			for i := range 12 {
				c.Event("pc", reeve.NetworkConnect, fmt.Appendf(nil, "%d.exe", i), after(reeve.Time(i)*reeve.Hour))
			}
		}, 0, 11 * reeve.Hour, Full, "in these hours network connection events of 12 unrelated programs or more were logged: silence means there was none"},
		{"the same program in other letters is one program", func(c *Counter) {
			for i := range 20 {
				name := []byte("program.exe")
				name[i%7] -= 'a' - 'A'
				c.Event("pc", reeve.NetworkConnect, name, after(0))
			}
		}, 0, 0, Selective, "in these hours network connection events of 1 program were logged: the source may select"},
		{"a single harmless act of its own buys no silence", func(c *Counter) { c.Event("pc", reeve.NetworkConnect, []byte(strings.ToUpper(me)), after(0)) }, 0, 0, Selective,
			"in these hours network connection events of 1 program were logged, this one among them: the source may select"},
		{"nor is it unrelated to itself", func(c *Counter) {
			events(c, reeve.NetworkConnect, 11, after(0))
			c.Event("pc", reeve.NetworkConnect, []byte(me), after(0))
		}, 0, 0, Selective, "in these hours network connection events of 12 programs were logged, this one among them: the source may select"},
		{"a source that leaves nothing out", func(c *Counter) {
			events(c, reeve.NetworkConnect, 1, after(0))
			c.Unselected("PC", reeve.NetworkConnect, after(0))
		}, 0, 0, Full, "in these hours a source that leaves nothing out logged network connection events: silence means there was none"},
		{"it speaks for its own hours", func(c *Counter) {
			events(c, reeve.NetworkConnect, 1, after(0))
			events(c, reeve.NetworkConnect, 1, after(5*reeve.Hour))
			c.Unselected("PC", reeve.NetworkConnect, after(0))
		}, 5 * reeve.Hour, 6 * reeve.Hour, Selective, "in these hours network connection events of 1 program were logged: the source may select"},
		{"another host's events say nothing", func(c *Counter) {
			for i := range 20 {
				c.Event("pc2", reeve.NetworkConnect, fmt.Appendf(nil, "%d.exe", i), after(0))
			}
		}, 0, 0, Absent, "this host has no network connection events at all: absent or off"},
		{"an end before the beginning is the beginning", func(c *Counter) { events(c, reeve.NetworkConnect, 12, after(0)) }, 0, -reeve.Day, Full, "in these hours network connection events of 12 unrelated programs or more were logged: silence means there was none"},
		{"events without a time are in no hour", func(c *Counter) { events(c, reeve.NetworkConnect, 20, 0) }, -morning, -morning, Quiet, "this host has 20 network connection events, none of them in these hours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := NewCounter()
			c.give(x)
			got := build(x).Speaks("pc", reeve.NetworkConnect, me, after(c.from), after(c.to))
			if got != (Speech{c.state, c.says}) {
				t.Errorf("got  %+v\nwant %+v", got, Speech{c.state, c.says})
			}
		})
	}
}

func TestReport(t *testing.T) {
	c := NewCounter()
	c.Record("PC", "Security", 1, true, after(2*reeve.Hour), ref("a", 1))
	c.Record("pc", "Security", 2, true, after(reeve.Hour), ref("a", 2))
	c.Record("pc", "Application", 9, true, 0, ref("b", 9))
	c.Record("pc0", "System", 9, true, after(0), ref("b", 9))
	c.Event("pc", reeve.ProcessStart, []byte("a.exe"), after(reeve.Hour))
	c.Event("pc", reeve.DNSQuery, []byte("a.exe"), after(2*reeve.Hour))
	c.Lacks("PC", "hashes")
	c.Lacks("pc", "command line")
	c.Lacks("pc", "command line")
	c.Cleared("pc", "System", "the log was cleared", after(0), ref("c", 3))
	cov := build(c)
	hosts, gaps := cov.Report(func(what string) reeve.Need { return reeve.Need{Enable: "enable " + what} })
	if fmt.Sprint(cov.Hosts()) != "[pc pc0]" || len(gaps) != 1 || len(hosts) != 2 {
		t.Fatalf("hosts %v, %d gaps, %d reports", cov.Hosts(), len(gaps), len(hosts))
	}
	want := reeve.HostCoverage{Host: "pc",
		Channels: []reeve.Seen{{Name: "Application", Records: 1}, {Name: "Security", Records: 2, First: after(reeve.Hour), Last: after(2 * reeve.Hour)}},
		Kinds:    []reeve.Seen{{Name: "dns_query", Records: 1, First: after(2 * reeve.Hour), Last: after(2 * reeve.Hour)}, {Name: "process_creation", Records: 1, First: after(reeve.Hour), Last: after(reeve.Hour)}},
		Gaps:     gaps,
		Lacks:    []reeve.Need{{Needs: "command line: 2 process starts do not state it", Enable: "enable command line"}, {Needs: "hashes: 1 process start does not state it", Enable: "enable hashes"}}}
	if fmt.Sprint(hosts[0]) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", hosts[0], want)
	}
	if len(hosts[1].Gaps) != 0 || len(hosts[1].Channels) != 1 {
		t.Errorf("another host's coverage: %+v", hosts[1])
	}
}

func TestCopiesAreTakenOutOfTheCounts(t *testing.T) {
	c := NewCounter()
	for _, file := range []string{"a", "copy"} {
		for id := uint64(1); id <= 10; id++ {
			c.Record("pc", "Security", id, true, after(0), ref(file, id))
			c.Event("pc", reeve.ProcessStart, nil, after(0))
		}
	}
	cov := build(c)
	cov.Discount("pc", "Security", reeve.ProcessStart, 10)
	cov.Discount("pc3", "Security", "", 10)
	hosts, gaps := cov.Report(nil)
	if hosts[0].Channels[0].Records != 10 || hosts[0].Kinds[0].Records != 10 || len(gaps) != 0 {
		t.Errorf("ten records in two places: %+v, gaps %v", hosts[0], gaps)
	}
	if cov.Discount("pc", "Security", reeve.ProcessStart, 99); cov.channels[channelKey{"pc", "Security"}].n != 0 {
		t.Error("a count is below nothing")
	}
}

// deed is one call of a counter.
type deed func(*Counter)

func drawDeeds(t *rapid.T) []deed {
	host := rapid.SampledFrom([]string{"pc", "PC", "pc2"})
	moment := rapid.Custom(func(t *rapid.T) reeve.Time {
		return after(reeve.Time(rapid.IntRange(0, 8).Draw(t, "half hours")) * reeve.Hour / 2)
	})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) deed {
		h, at, id := host.Draw(t, "host"), moment.Draw(t, "time"), rapid.Uint64Range(0, 9).Draw(t, "id")
		file := rapid.SampledFrom([]string{"a", "copy", "new"}).Draw(t, "file")
		r := ref(file, id)
		switch rapid.IntRange(0, 5).Draw(t, "what") {
		case 0:
			return func(c *Counter) { c.Cleared(h, "Security", fmt.Sprint("says ", id%3), at, r) }
		case 1:
			return func(c *Counter) { c.Lacks(h, "hashes") }
		case 2:
			return func(c *Counter) { c.Event(h, reeve.DNSQuery, fmt.Appendf(nil, "%d", id*31+uint64(at/reeve.Hour)), at) }
		case 3:
			if id == 0 {
				return func(c *Counter) { c.Unselected(h, reeve.ProcessStart, at) }
			}
			return func(c *Counter) { c.Event(h, reeve.ProcessStart, []byte("me"), at) }
		}
		when := after(reeve.Time(id) * 20 * reeve.Minute) // ids rise with time; a copy's times are cut; a new log begins anew
		switch file {
		case "copy":
			when++
		case "new":
			when += 20 * reeve.Hour
		}
		return func(c *Counter) { c.Record(h, "Security", id, id != 5, when, r) }
	}), 0, 60).Draw(t, "calls")
}

func say(c *Coverage) string {
	hosts, gaps := c.Report(func(string) reeve.Need { return reeve.Need{} })
	out := fmt.Sprintf("%+v\n%+v\n", hosts, gaps)
	for _, h := range c.Hosts() {
		for _, k := range []reeve.Kind{reeve.ProcessStart, reeve.DNSQuery} {
			for n := range reeve.Time(5) {
				out += fmt.Sprintln(h, k, n, c.Speaks(h, k, "me", after(n*reeve.Hour), after((n+2)*reeve.Hour)))
			}
		}
	}
	return out
}

func TestCoverageDependsOnTheRecordsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		deeds := drawDeeds(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		spread := func(shuffle bool, n int) *Coverage {
			list := make([]*Counter, n)
			for i := range list {
				list[i] = NewCounter()
			}
			give := slices.Clone(deeds)
			if shuffle {
				rng.Shuffle(len(give), func(i, j int) { give[i], give[j] = give[j], give[i] })
			}
			for _, d := range give {
				d(list[rng.IntN(n)])
			}
			return build(list...)
		}
		want := say(spread(false, 1))
		if got := say(spread(true, rapid.IntRange(1, 4).Draw(t, "counters"))); got != want {
			t.Fatalf("in order:\n%s\nshuffled and spread:\n%s", want, got)
		}
	})
}

func TestTheLeastKeysAreKept(t *testing.T) {
	const n = 3 * maxKeys
	one, two := newBounded[channelKey, *int](), newBounded[channelKey, *int]()
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		k := channelKey{fmt.Sprintf("%07d", i), ""}
		for range 2 {
			if v := one.get(k, func() *int { return new(int) }); v != nil {
				*v++
			}
		}
		if i%2 == 0 {
			two.get(k, func() *int { return new(int) })
		}
	}
	most := limit(&one, &two)
	if most == nil || *most != (channelKey{fmt.Sprintf("%07d", maxKeys-1), ""}) {
		t.Fatalf("the greatest key is %v", most)
	}
	for k, v := range one.of {
		if k.compare(*most) <= 0 && *v != 2 {
			t.Fatalf("%v was counted %d times", k, *v)
		}
	}
	if len(one.of) >= 2*maxKeys {
		t.Errorf("%d keys are held", len(one.of))
	}
	small := newBounded[channelKey, *int]()
	small.get(channelKey{"a", "b"}, func() *int { return new(int) })
	if limit(&small) != nil || limit[channelKey, *int]() != nil {
		t.Error("few keys have a limit")
	}
}

func TestHostileEvidenceIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("counts millions of records")
	}
	const n = 1_000_000
	name := func(i int) string { return fmt.Sprint("host", i) }
	for _, c := range []struct {
		name  string
		give  func(c *Counter, i int)
		bytes uint64
		says  string
	}{
		{"hours over centuries", func(c *Counter, i int) {
			at := reeve.Time(i%700_000+1) * reeve.Hour
			c.Record("pc", "Security", uint64(i), true, at, reeve.Ref{})
			c.Event("pc", reeve.DNSQuery, []byte("a"), at)
		}, 1 << 20, "the dns query events of this host lie too far apart to be counted by the hour"},
		{"ids with holes", func(c *Counter, i int) { c.Record("pc", "Security", uint64(i)*2, true, after(0), reeve.Ref{}) }, 8 << 20, "this host has no dns query events at all: absent or off"},
		{"holes everywhere", func(c *Counter, i int) {
			c.Record(fmt.Sprint("host", i%200), "Security", uint64(i)*2, true, after(0), reeve.Ref{})
			c.Record(fmt.Sprint("host", i%200), "System", uint64(i)*2, true, after(0), reeve.Ref{})
		}, 8 << 20, "this host has no dns query events at all: absent or off"},
		{"hosts", func(c *Counter, i int) {
			c.Record(name(i), "Security", 1, true, after(0), reeve.Ref{})
			c.Event(name(i), reeve.DNSQuery, []byte("a"), after(0))
			c.Lacks(name(i), "hashes")
		}, 320 << 20, "the evidence names more hosts and channels than are counted"},
		{"programs", func(c *Counter, i int) { c.Event("pc", reeve.DNSQuery, []byte(name(i)), after(0)) }, 1 << 20, "in these hours dns query events of 12 unrelated programs or more were logged: silence means there was none"},
		{"changes of what is logged", func(c *Counter, i int) { c.Cleared("pc", name(i), "cleared", after(0), reeve.Ref{}) }, 8 << 20, "this host has no dns query events at all: absent or off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			before := heap()
			x := NewCounter()
			for i := range n {
				c.give(x, i)
			}
			if used := heap() - before; used > c.bytes && used < 1<<60 {
				t.Errorf("%d records hold %d MiB, %d are allowed", n, used>>20, c.bytes>>20)
			}
			cov := build(x)
			if got := cov.Speaks("pc", reeve.DNSQuery, "me", after(0), after(0)).Says; got != c.says {
				t.Errorf("it says %q, want %q", got, c.says)
			}
			if _, gaps := cov.Report(func(string) reeve.Need { return reeve.Need{} }); len(gaps) > maxCleared+1 {
				t.Errorf("%d gaps are told", len(gaps))
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestCountingAllocatesNothing(t *testing.T) {
	c := NewCounter()
	image, images := []byte(`C:\Windows\System32\svchost.exe`), [2][]byte{[]byte("a"), []byte("b")}
	id := uint64(0)
	count := func() {
		id++
		c.Record("pc", "Security", id, true, after(0), reeve.Ref{File: "a"})
		c.Record("pc", "System", id, true, after(0), reeve.Ref{File: "b"})
		c.Event("pc", reeve.DNSQuery, image, after(0))
		c.Event("pc", reeve.ProcessStart, images[id%2], after(0))
		c.Unselected("pc", reeve.ProcessStart, after(0))
		c.Lacks("pc", "hashes")
	}
	count()
	count()
	if n := testing.AllocsPerRun(1000, count); n != 0 {
		t.Errorf("counting allocates %v times a record", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	c := NewCounter()
	r := reeve.Ref{File: "a"}
	b.ReportAllocs()
	for id := uint64(0); b.Loop(); id++ {
		c.Record("pc", "Security", id, true, after(reeve.Time(id)*reeve.Second), r)
	}
}

func BenchmarkEvent(b *testing.B) {
	c := NewCounter()
	var images [40][]byte
	for i := range images {
		images[i] = fmt.Appendf(nil, `C:\Program Files\Product %d\program.exe`, i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.Event("pc", reeve.DNSQuery, images[i%len(images)], after(reeve.Time(i)*reeve.Second))
	}
}

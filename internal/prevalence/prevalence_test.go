package prevalence

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"reeve"
)

const noon = 150_000 * reeve.Day

const tracer = `C:\Kits\mftrace.exe`

// nobody leaves nothing out.
func nobody(reeve.ProcID) bool { return false }

func start(id reeve.ProcID, host string, days float64, change ...func(*Start)) Start {
	s := Start{Process: id, Host: host, Image: tracer, ParentImage: `C:\Windows\explorer.exe`, User: `CORP\ann`, CommandShape: 7, Time: noon + reeve.Time(days*float64(reeve.Day))}
	for _, f := range change {
		f(&s)
	}
	return s
}

func image(path string) func(*Start)    { return func(s *Start) { s.Image = path } }
func user(name string) func(*Start)     { return func(s *Start) { s.User = name } }
func parent(path string) func(*Start)   { return func(s *Start) { s.ParentImage = path } }
func shape(n uint64) func(*Start)       { return func(s *Start) { s.CommandShape = n } }
func when(t reeve.Time) func(*Start)    { return func(s *Start) { s.Time = t } }
func seconds(n reeve.Time) func(*Start) { return func(s *Start) { s.Time += n * reeve.Second } }
func habit(h reeve.Habit) string        { return strings.TrimSuffix(fmt.Sprintf("%+v", h), " Refs:[]}") + "}" }
func only(f ...reeve.ProcID) func(reeve.ProcID) bool {
	return func(id reeve.ProcID) bool {
		for _, x := range f {
			if x == id {
				return true
			}
		}
		return false
	}
}

func TestHabit(t *testing.T) {
	subject := start(1, "pc", 40)
	for _, c := range []struct {
		name   string
		others []Start
		leave  func(reeve.ProcID) bool
		want   reeve.Habit
	}{
		{"the case itself is no habit", nil, only(1), reeve.Habit{AllHosts: 1}},
		{"earlier runs here", []Start{start(2, "pc", 1), start(3, "pc", 20)}, only(1), reeve.Habit{AllHosts: 1, Hosts: 1, Users: 1, Runs: 2, SameHost: 2, SameShape: 2, SameParent: 2, Days: 39}},
		{"later runs here are no earlier ones", []Start{start(2, "pc", 41)}, only(1), reeve.Habit{AllHosts: 1, Hosts: 1, Users: 1, Runs: 1, SameShape: 1, SameParent: 1}},
		{"runs on other hosts", []Start{start(2, "pc2", 1), start(3, "pc3", 1, user(`CORP\ben`))}, only(1), reeve.Habit{AllHosts: 3, Hosts: 2, Users: 2, Runs: 2, SameShape: 2, SameParent: 2}},
		{"another program makes days and hosts, nothing else", []Start{start(2, "pc", 10, image(`C:\a.exe`)), start(3, "pc2", 10, image(`C:\a.exe`))}, only(1), reeve.Habit{AllHosts: 2, Days: 30}},
		{"letters and folders make no other program, parent or user", []Start{start(2, "pc", 39, image(`D:\MFTRACE.exe`), parent("EXPLORER.EXE"), user(`corp\ANN`))}, only(1),
			reeve.Habit{AllHosts: 1, Hosts: 1, Users: 1, Runs: 1, SameHost: 1, SameShape: 1, SameParent: 1, Days: 1}},
		{"another shape and another parent", []Start{start(2, "pc", 39, shape(8), parent("cmd.exe"))}, only(1), reeve.Habit{AllHosts: 1, Hosts: 1, Users: 1, Runs: 1, SameHost: 1, Days: 1}},
		{"the same on other hosts within a minute", []Start{start(2, "pc2", 40, seconds(59)), start(3, "pc3", 40, seconds(-59)), start(4, "pc4", 40, seconds(60)), start(5, "pc2", 40, seconds(3)), start(6, "pc5", 40, shape(8))}, only(1),
			reeve.Habit{AllHosts: 5, Hosts: 4, Users: 1, Runs: 5, SameShape: 4, SameParent: 5, SameMinuteHosts: 2}},
		{"the same here within a minute is no other host", []Start{start(2, "pc", 40, seconds(5))}, only(1), reeve.Habit{AllHosts: 1, Hosts: 1, Users: 1, Runs: 1, SameShape: 1, SameParent: 1}},
		{"what nothing is known of is not alike", []Start{start(2, "pc", 39, user(""), parent(""), shape(0)), start(3, "", 39, shape(0))}, only(1), reeve.Habit{AllHosts: 1, Hosts: 1, Users: 1, Runs: 2, SameHost: 1, SameParent: 1, Days: 1}},
		{"a run without a time came neither before nor at once", []Start{start(2, "pc", 0, when(0)), start(3, "pc2", 0, when(0))}, only(1), reeve.Habit{AllHosts: 1, Hosts: 2, Users: 1, Runs: 2, SameShape: 2, SameParent: 2}},
		{"a start that is told twice counts once", []Start{start(2, "pc", 39), start(2, "pc", 39)}, only(1), reeve.Habit{AllHosts: 1, Hosts: 1, Users: 1, Runs: 1, SameHost: 1, SameShape: 1, SameParent: 1, Days: 1}},
		{"what the caller names is left out", []Start{start(2, "pc", 39), start(3, "pc2", 39)}, only(1, 2), reeve.Habit{AllHosts: 2, Hosts: 1, Users: 1, Runs: 1, SameShape: 1, SameParent: 1, Days: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Build(append(c.others, subject)).Habit(subject, c.leave)
			if habit(got) != habit(c.want) {
				t.Errorf("got  %s\nwant %s", habit(got), habit(c.want))
			}
		})
	}
}

func TestHabitWithoutKnowledge(t *testing.T) {
	table := Build([]Start{start(1, "pc", 1)})
	for name, s := range map[string]Start{
		"a program that never ran":  start(9, "pc", 40, image("other.exe")),
		"no program":                start(9, "pc", 40, image("")),
		"a folder":                  start(9, "pc", 40, image(`C:\Kits\`)),
		"a host without any record": start(9, "pc9", 40, image("other.exe")),
		"a time before all records": start(9, "pc", -3, image("other.exe")),
		"an unknown time":           start(9, "pc", 0, when(0), image("other.exe")),
	} {
		got := table.Habit(s, nobody)
		got.Days = 0
		if habit(got) != habit(reeve.Habit{AllHosts: 1}) {
			t.Errorf("%s: %s", name, habit(got))
		}
	}
	if got := Build(nil).Habit(start(1, "pc", 1), nobody); habit(got) != habit(reeve.Habit{}) {
		t.Errorf("a table of nothing: %s", habit(got))
	}
	if got := Build([]Start{start(1, "", 1, image(""))}).Habit(start(2, "", 5, image("")), nobody); got.Runs != 0 || got.AllHosts != 0 {
		t.Errorf("starts of no known program on no known host are a habit: %s", habit(got))
	}
}

func TestPrograms(t *testing.T) {
	table := Build([]Start{
		start(1, "pc", 1, image("b.exe")), start(2, "pc", 2, image(`C:\B.exe`)), start(3, "pc", 3, image("a.exe")), start(4, "pc", 4, image("a.exe")), start(5, "pc", 5, image("c.exe")),
		start(6, "pc", 50, image("late.exe")), start(7, "pc2", 1, image("there.exe")), start(8, "pc", 1, image("own.exe")), start(9, "pc", 1, image("")), start(10, "pc", 0, when(0), image("undated.exe"))})
	for _, c := range []struct {
		name, host string
		days       float64
		most       int
		want       string
	}{
		{"most often first, then by name; not later, elsewhere, nameless, undated or left out", "pc", 40, 9, "[{a.exe 2 3} {b.exe 2 1} {c.exe 1 5}]"},
		{"before a time", "pc", 3, 9, "[{b.exe 2 1}]"},
		{"the first few", "pc", 40, 1, "[{a.exe 2 3}]"},
		{"none", "pc", 40, -1, "[]"},
		{"an unknown host", "pc9", 40, 9, "[]"},
	} {
		got := table.Programs(c.host, start(0, "", c.days).Time, only(8), c.most)
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// TestContextIsNotForSale holds that nothing a case did changes what is said of it, however often it did it, and that the order
// of the starts does not matter.
func TestContextIsNotForSale(t *testing.T) {
	draw := rapid.Custom(func(t *rapid.T) Start {
		return start(0, rapid.SampledFrom([]string{"pc", "pc2", "pc3", ""}).Draw(t, "host"), rapid.Float64Range(0, 50).Draw(t, "days"),
			image(rapid.SampledFrom([]string{tracer, "mftrace.exe", "a.exe", ""}).Draw(t, "image")), parent(rapid.SampledFrom([]string{"explorer.exe", "cmd.exe", ""}).Draw(t, "parent")),
			shape(rapid.Uint64Range(0, 2).Draw(t, "shape")), user(rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "user")))
	})
	rapid.Check(t, func(t *rapid.T) {
		subject := start(1, "pc", 40)
		honest := append(rapid.SliceOfN(draw, 0, 20).Draw(t, "honest"), start(0, "pc", 0, image("first.exe")), start(0, "pc2", 0), start(0, "pc3", 0))
		bought := append(rapid.SliceOfN(draw, 0, 20).Draw(t, "bought"), subject)
		for i := range honest {
			honest[i].Process = reeve.ProcID(1000 + i)
		}
		for i := range bought {
			bought[i].Process = reeve.ProcID(1 + i)
		}
		leave := func(id reeve.ProcID) bool { return id < 1000 }
		say := func(starts []Start) string {
			table := Build(starts)
			return habit(table.Habit(subject, leave)) + fmt.Sprint(table.Programs("pc", subject.Time, leave, 10))
		}
		want := say(honest)
		all := append(honest, bought...)
		if got := say(all); got != want {
			t.Fatalf("without the case: %s\nwith it:          %s", want, got)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := say(all); got != want {
			t.Fatalf("in order: %s\nshuffled: %s", want, got)
		}
	})
}

func TestExtremesAreOrdered(t *testing.T) {
	const far = reeve.Time(1<<63 - 1)
	var starts []Start
	for i, at := range []reeve.Time{far, -far, 1, far - 1, -1} {
		starts = append(starts, start(reeve.ProcID(1<<31-1-i), "pc", 0, when(at)))
	}
	table := Build(starts)
	for i := 1; i < len(table.rows); i++ {
		if table.rows[i-1].Time > table.rows[i].Time {
			t.Fatalf("row %d of %v comes before one of %v", i-1, int64(table.rows[i-1].Time), int64(table.rows[i].Time))
		}
	}
	if h := table.Habit(start(1, "pc", 40), nobody); h.Runs != 5 || h.SameHost != 3 {
		t.Errorf("%s", habit(h))
	}
}

func TestShapes(t *testing.T) {
	same := [][]string{
		{`"C:\Program Files\mftrace.exe" -log a.etl`, `mftrace.exe  -LOG   A.ETL`, `C:\Users\ann\mftrace.exe -log "a.etl"`},
		{`mftrace.exe -a 4711`, `mftrace.exe -a 12`},
		{`mftrace.exe C:\Users\ann\x.exe`, `mftrace.exe C:\Users\ben\x.exe`},
		{`mftrace.exe`, `"C:\Kits\mftrace.exe"`, `mftrace.exe   `},
	}
	seen := map[uint64]string{}
	for _, group := range same {
		want := ShapeOf(group[0])
		if other, ok := seen[want]; ok {
			t.Errorf("%q and %q have one shape", other, group[0])
		}
		seen[want] = group[0]
		for _, line := range group {
			if got := ShapeOf(line); got != want {
				t.Errorf("%q and %q have two shapes", group[0], line)
			}
			if ShapeOf(line) != ShapeOf(strings.Clone(line)) {
				t.Errorf("%q has no shape of its own", line)
			}
		}
	}
	for _, line := range []string{"", "  ", "\t"} {
		if got := ShapeOf(line); got != 0 {
			t.Errorf("no command line has the shape %x", got)
		}
	}
	for line := range map[string]bool{`mftrace.exe -x`: true, `mftrace.exe`: true, `mftrace.exe calc.exe`: true} {
		if ShapeOf(line) == 0 {
			t.Errorf("%q has no shape", line)
		}
	}
}

// TestShapesStay holds the figures that are written into cases and baselines: whoever changes them breaks what users keep.
func TestShapesStay(t *testing.T) {
	for line, want := range map[string]uint64{
		`mftrace.exe`:                      0x141cfc9842c4b0e3,
		`mftrace.exe C:\Temp\payload.exe`:  0xf3f8e132437ef18d,
		`certutil -urlcache -f http://a/b`: 0xd0dedf9309921c78,
	} {
		if got := ShapeOf(line); got != want {
			t.Errorf("the shape of %q is %#x, want %#x", line, got, want)
		}
	}
}

func TestRowsAreSmall(t *testing.T) {
	if n := unsafe.Sizeof(Row{}); n > 40 {
		t.Errorf("a row takes %d bytes", n)
	}
}

func BenchmarkHabit(b *testing.B) {
	var starts []Start
	for i := range 200_000 {
		starts = append(starts, start(reeve.ProcID(i+1), fmt.Sprint("pc", i%200), float64(i%40), image(fmt.Sprint("program", i%500)), shape(uint64(i%30))))
	}
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Build(starts)
		}
	})
	table := Build(starts)
	b.Run("ask", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			table.Habit(starts[1000], nobody)
		}
	})
}

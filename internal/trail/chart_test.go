package trail

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reeve"
)

func pass(c *Chart, file, host string, offset int64, at reeve.Time) {
	c.Pass(reeve.Ref{File: file, Offset: offset}, &reeve.Head{Computer: host, Time: at})
}

// only asks for a host and a stretch of time.
func only(host string, from, to reeve.Time) func(string, reeve.Time, reeve.Time) bool {
	return func(h string, first, last reeve.Time) bool {
		return h == host && (last == 0 || last >= from && first <= to)
	}
}

func TestAPartIsLeftOutWhenItHoldsNothingThatIsAsked(t *testing.T) {
	c := NewChart()
	for i := range int64(10) {
		pass(c, "a.evtx", "PC-1", 4096+i*100, 1000+reeve.Time(i))
		pass(c, "a.evtx", "PC-2", 70_000+i*100, 2000+reeve.Time(i))
	}
	pass(c, "a.evtx", "PC-1", 140_000, 0)
	m := MergeCharts([]*Chart{c}, strings.ToLower)
	for _, x := range []struct {
		says     string
		file     string
		from, to int64
		host     string
		t0, t1   reeve.Time
		want     bool
	}{
		{"the host in its part at its time", "a.evtx", 4096, 69_632, "pc-1", 1005, 1006, true},
		{"the host at another time", "a.evtx", 4096, 69_632, "pc-1", 1100, 1200, false},
		{"another host", "a.evtx", 4096, 69_632, "pc-3", 0, 9999, false},
		{"the host of another part", "a.evtx", 0, 4096, "pc-1", 0, 9999, false},
		{"a part that begins within a stretch", "a.evtx", 4900, 5000, "pc-1", 0, 9999, true},
		{"a record without a time fits any time", "a.evtx", 139_000, 150_000, "pc-1", 5000, 6000, true},
		{"another file", "b.evtx", 0, 1 << 40, "pc-1", 0, 9999, false},
	} {
		if got := m.Holds(x.file, x.from, x.to, only(x.host, x.t0, x.t1)); got != x.want {
			t.Errorf("%s: %v", x.says, got)
		}
	}
}

func TestManyHostsInOneStretchAreAnyHost(t *testing.T) {
	c := NewChart()
	for i := range int64(20) {
		pass(c, "f.evtx", fmt.Sprintf("pc%d", i), 4096+i, 1)
	}
	if m := MergeCharts([]*Chart{c}, strings.ToLower); !m.Holds("f.evtx", 0, 9999, func(string, reeve.Time, reeve.Time) bool { return false }) {
		t.Error("hosts beyond the room of a stretch were forgotten")
	}
	if n := cap(c.list); n != 0 {
		t.Errorf("a chart that was taken over still holds %d pieces", n)
	}
}

// TestNothingThatIsAskedIsLeftOut spreads records over files, parts and workers and asks for each of them.
func TestNothingThatIsAskedIsLeftOut(t *testing.T) {
	type record struct {
		file, host string
		offset     int64
		at         reeve.Time
	}
	rapid.Check(t, func(t *rapid.T) {
		charts := []*Chart{NewChart(), NewChart(), NewChart()}
		var all []record
		for _, file := range []string{"a", "b"} {
			offset := int64(rapid.IntRange(0, 5000).Draw(t, "begin"))
			for part := range rapid.IntRange(1, 6).Draw(t, "parts") {
				c := charts[rapid.IntRange(0, 2).Draw(t, "worker")]
				for range rapid.IntRange(1, 20).Draw(t, "records") {
					r := record{file, fmt.Sprintf("H%d", rapid.IntRange(0, 6).Draw(t, "host")), offset, reeve.Time(rapid.IntRange(0, 50).Draw(t, "time"))}
					pass(c, r.file, r.host, r.offset, r.at)
					all = append(all, r)
					offset += int64(rapid.IntRange(1, 30_000).Draw(t, "size"))
				}
				offset += int64(part)
			}
		}
		m := MergeCharts(charts, strings.ToLower)
		for _, r := range all {
			if !m.Holds(r.file, r.offset, r.offset+1, only(strings.ToLower(r.host), r.at, r.at)) {
				t.Fatalf("%+v was left out", r)
			}
		}
	})
}

func TestPassingAllocatesNothing(t *testing.T) {
	c := NewChart()
	head := &reeve.Head{Computer: "pc", Time: 5}
	ref := reeve.Ref{File: "a"}
	c.Pass(ref, head)
	if n := testing.AllocsPerRun(1000, func() { ref.Offset++; c.Pass(ref, head) }); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func BenchmarkPass(b *testing.B) {
	b.ReportAllocs()
	c := NewChart()
	head := &reeve.Head{Computer: "pc", Time: 5}
	ref := reeve.Ref{File: "a"}
	for b.Loop() {
		ref.Offset += 700
		c.Pass(ref, head)
	}
}

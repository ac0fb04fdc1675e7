package trail

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reeve"
)

// TestPartsOfAFileReadByManyAreNoCopies: workers see rows of ids with gaps, which only together are one row.
func TestPartsOfAFileReadByManyAreNoCopies(t *testing.T) {
	head := func(i int) (reeve.Ref, *reeve.Head) {
		return reeve.Ref{File: "a.evtx", RecordID: uint64(i), HasID: true, Offset: int64(i) * 100_000}, &reeve.Head{Computer: "pc", Channel: "Security", Time: reeve.Time(i) * reeve.Second}
	}
	trails := []*Trail{New(), New(), New()}
	for i := range 90 {
		ref, h := head(i + 1)
		trails[i/10%3].Pass(ref, h)
	}
	for _, x := range trails {
		if n := len(x.stretches[key{"a.evtx", "pc", "Security"}].list); n != 3 {
			t.Errorf("a worker that read three parts has %d rows", n)
		}
	}
	p := Merge(trails, strings.ToLower)
	if len(p.list) != 1 || p.list[0].first != 1 || p.list[0].last != 90 {
		t.Errorf("rows: %+v", p.list)
	}
	if twice := p.Twice(); len(twice) != 0 {
		t.Errorf("read again for copies: %v", twice)
	}
	again := New()
	ref, h := head(40)
	ref.File = "b.evtx"
	again.Pass(ref, h)
	if twice := Merge(append(trails, again), strings.ToLower).Twice(); !twice["a.evtx"] || !twice["b.evtx"] {
		t.Errorf("a copy in another file is not looked for: %v", twice)
	}
}

// TestManyGenerationsOfALogHideNoCopy: beyond the bound of comparisons rows count as overlapping.
func TestManyGenerationsOfALogHideNoCopy(t *testing.T) {
	a := New()
	pass := func(file string, id, at int) {
		a.Pass(reeve.Ref{File: file, RecordID: uint64(id), HasID: true}, &reeve.Head{Computer: "pc", Channel: "Security", Time: reeve.Time(at) * reeve.Day})
	}
	for i := range 3 * maxPairs { // every log was cleared a day after the one before
		file := fmt.Sprintf("%03d.evtx", i)
		pass(file, 1, i+1)
		pass(file, 50, i+1)
	}
	pass("copy.evtx", 2, 1)
	if twice := Merge([]*Trail{a}, strings.ToLower).Twice(); !twice["copy.evtx"] || !twice["000.evtx"] {
		t.Errorf("the copy is not looked for: %d files are", len(twice))
	}
}

func TestSourcesAndTimes(t *testing.T) {
	a, b := New(), New()
	pass := func(x *Trail, file, host, channel string, id int, at reeve.Time) {
		x.Pass(reeve.Ref{File: file, RecordID: uint64(id), HasID: id > 0}, &reeve.Head{Computer: host, Channel: channel, Time: at})
	}
	pass(a, "one.evtx", "PC", "Security", 1, 50)
	pass(a, "one.evtx", "PC", "Security", 2, 70)
	pass(b, "one.evtx", "pc", "Security", 3, 40)
	pass(b, "one.evtx", "pc", "System", 1, 90)
	pass(b, "two.json", "pc2", "", 0, 0)
	rows := Merge([]*Trail{a, b}, strings.ToLower)
	want := []Source{{"one.evtx", "pc", "Security", Times{40, 70}}, {"one.evtx", "pc", "System", Times{90, 90}}, {"two.json", "pc2", "", Times{}}}
	if got := rows.Sources(); !slices.Equal(got, want) {
		t.Errorf("sources: %v, want %v", got, want)
	}
	if names := strings.Join(append(a.Hosts(), b.Hosts()...), " "); !strings.Contains(names, "PC") || !strings.Contains(names, "pc2") {
		t.Errorf("names: %s", names)
	}
}

package winlog

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
)

const sharedEvidence = "../../../shared/evidence"

// meant counts the events of one provider, id and kind, and how often each part and attribute is stated.
type meant struct {
	provider string
	id       uint32
	kind     reeve.Kind
}

type tally struct {
	records int
	filled  map[string]int
}

// meaner is a sink that decodes every record.
type meaner struct {
	t     *testing.T
	d     *Decoder
	light Light
	found map[meant]*tally
	none  int
}

func (m *meaner) Lost(reeve.ReadError) {}

func (m *meaner) Record(rec reeve.Record) {
	p := m.d.Meaning(rec)
	if p == nil {
		m.none++
		return
	}
	m.d.Light(rec, p, &m.light)
	e := m.d.Decode(rec, p)
	if m.light.Process != e.Process || m.light.Parent != e.Parent || m.light.Time != e.Time {
		m.t.Errorf("%v: light %+v, event %+v", e.Ref, m.light, e)
	}
	k := meant{strings.ToLower(e.Provider), e.ID, e.Kind}
	c := m.found[k]
	if c == nil {
		c = &tally{filled: map[string]int{}}
		m.found[k] = c
	}
	c.records++
	for name, stated := range map[string]bool{"process.guid": e.Process.GUID != reeve.GUID{}, "process.pid": e.Process.PID != 0, "parent.guid": e.Parent.GUID != reeve.GUID{}, "parent.pid": e.Parent.PID != 0,
		"target.guid": e.Target.GUID != reeve.GUID{}, "target.pid": e.Target.PID != 0, "time": e.Time != e.Written} {
		if stated {
			c.filled[name]++
		}
	}
	for _, a := range e.Attrs {
		c.filled[a.Attr.String()]++
	}
}

// partNames are the targets that are no attributes.
var partNames = map[target]string{toActorGUID: "process.guid", toActorPID: "process.pid", toParentGUID: "parent.guid", toParentPID: "parent.pid", toTargetGUID: "target.guid", toTargetPID: "target.pid", toTime: "time"}

// TestSharedMeanings gives the real logs their meaning: what is stated how often is a golden file, so that a field that is lost
// shows. An attribute of a table that no record states counts 0.
func TestSharedMeanings(t *testing.T) {
	if _, err := os.Stat(sharedEvidence); err != nil {
		t.Skip("../shared/evidence is absent")
	}
	set, err := evidence.Open([]string{sharedEvidence}, evidence.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	var mu sync.Mutex
	var sinks []*meaner
	_, err = ingest.Scan(context.Background(), set, ingest.Options{Threads: runtime.GOMAXPROCS(0)}, func(int) ingest.Sink {
		mu.Lock()
		defer mu.Unlock()
		sinks = append(sinks, &meaner{t: t, d: NewDecoder(), found: map[meant]*tally{}})
		return sinks[len(sinks)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	total := map[meant]*tally{}
	records, none := 0, 0
	for _, s := range sinks {
		none += s.none
		for k, c := range s.found {
			records += c.records
			if total[k] == nil {
				total[k] = &tally{filled: map[string]int{}}
			}
			total[k].records += c.records
			for name, n := range c.filled {
				total[k].filled[name] += n
			}
		}
	}
	got := table(total)
	got = append(got, fmt.Sprintf("\t\t\t%d\twithout meaning", none))
	compare(t, "testdata/shared.tsv", got)
	t.Logf("%d cases", records)
}

// table writes a line for each provider, id and kind.
func table(total map[meant]*tally) []string {
	var lines []string
	for k, c := range total {
		names := map[string]bool{}
		for name := range c.filled {
			names[name] = true
		}
		for _, p := range providers() {
			for _, m := range p.meanings {
				if m.kind == k.kind && slices.Contains(m.ids, k.id) && slices.Contains(p.names, k.provider) {
					for _, f := range m.fields {
						if name := partNames[f.to]; name != "" {
							names[name] = true
						} else {
							names[reeve.Attr(f.to).String()] = true
						}
					}
				}
			}
		}
		var cells []string
		for name := range names {
			cells = append(cells, fmt.Sprintf("%s:%d", name, c.filled[name]))
		}
		slices.Sort(cells)
		lines = append(lines, fmt.Sprintf("%s\t%d\t%s\t%d\t%s", k.provider, k.id, k.kind, c.records, strings.Join(cells, " ")))
	}
	slices.Sort(lines)
	return lines
}

// compare holds lines against a golden file, or rewrites it.
func compare(t *testing.T, path string, got []string) {
	t.Helper()
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missing: %s", line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("new:     %s", line)
		}
	}
}

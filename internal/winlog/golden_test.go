package winlog

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reeve"
	"reeve/internal/winlog/recordtest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// section is a file of a txtar archive.
type section struct{ name, text string }

// archive reads a txtar archive: its comment and its files.
func archive(t testing.TB, path string) (comment string, files []section) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		name, begins := strings.CutPrefix(line, "-- ")
		name, ends := strings.CutSuffix(name, " --\n")
		switch {
		case begins && ends:
			files = append(files, section{name: name})
		case files == nil:
			comment += line
		default:
			files[len(files)-1].text += line
		}
	}
	return comment, files
}

// sample is a record of the golden files with the meaning it has.
type sample struct {
	name string
	rec  *recordtest.Record
	plan *Plan
}

// samples gives the records of all golden files.
func samples(t testing.TB) []sample {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files", err)
	}
	d := NewDecoder()
	var out []sample
	for _, path := range paths {
		_, files := archive(t, path)
		for _, f := range files {
			if name, is := strings.CutSuffix(f.name, ".record"); is {
				rec := recordtest.One(t, f.text)
				out = append(out, sample{strings.TrimSuffix(filepath.Base(path), ".txtar") + "/" + name, rec, d.Meaning(rec)})
			}
		}
	}
	return out
}

// TestEveryFieldOfEveryEvent compares the events of records with golden files, in both encodings.
func TestEveryFieldOfEveryEvent(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files", err)
	}
	d := NewDecoder()
	for _, path := range paths {
		comment, files := archive(t, path)
		out := comment
		for _, f := range files {
			name, isRecord := strings.CutSuffix(f.name, ".record")
			if !isRecord {
				continue
			}
			rec := recordtest.One(t, f.text)
			got := decoded(d, rec)
			if wide := decoded(d, rec.UTF16()); wide != got {
				t.Errorf("%s: %s in UTF-16 is\n%s", path, name, wide)
			}
			out += fmt.Sprintf("-- %s --\n%s-- %s.event --\n%s", f.name, f.text, name, got)
			if i := slices.IndexFunc(files, func(s section) bool { return s.name == name+".event" }); !*update && (i < 0 || files[i].text != got) {
				t.Errorf("%s: %s is\n%s", path, name, got)
			}
		}
		if *update {
			if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func decoded(d *Decoder, rec reeve.Record) string {
	p := d.Meaning(rec)
	if p == nil {
		return "no meaning\n"
	}
	e := d.Decode(rec, p)
	return recordtest.Show(&e)
}

// TestEveryIDHasAGolden fails when a meaning is added to a table without a record that shows it.
func TestEveryIDHasAGolden(t *testing.T) {
	type shown struct {
		provider string
		id       uint32
		kind     reeve.Kind
	}
	have := map[shown]bool{}
	for _, s := range samples(t) {
		if s.plan != nil {
			h := s.rec.Head()
			have[shown{strings.ToLower(h.Provider), h.EventID, s.plan.Kind}] = true
		}
	}
	seen := 0
	for _, p := range providers() {
		name := p.names[0]
		if strings.HasPrefix(name, unnamed) {
			name = ""
		}
		for _, m := range p.meanings {
			for _, id := range m.ids {
				if seen++; m.kind != "" && !have[shown{name, id, m.kind}] {
					t.Errorf("%s %d (%s) has no golden record", p.names[0], id, m.kind)
				}
			}
		}
	}
	if seen < 120 {
		t.Errorf("only %d ids in the tables", seen)
	}
}

// TestEveryFieldIsShown fails when a meaning has a field that no golden record fills.
func TestEveryFieldIsShown(t *testing.T) {
	d := NewDecoder()
	all := samples(t)
	for _, p := range providers() {
		for i := range p.meanings {
			m := &p.meanings[i]
			filled := map[target]bool{}
			for _, s := range all {
				h := s.rec.Head()
				if s.plan == nil || s.plan.Kind != m.kind || !slices.Contains(m.ids, h.EventID) {
					continue
				}
				if archive, isUnnamed := strings.CutPrefix(p.names[0], unnamed); isUnnamed && !strings.HasPrefix(s.name, archive+"/") || !isUnnamed && !slices.Contains(p.names, strings.ToLower(h.Provider)) {
					continue
				}
				e := d.Decode(s.rec, s.plan)
				for _, a := range e.Attrs {
					filled[target(a.Attr)] = true
				}
				for to, is := range map[target]bool{toActorGUID: e.Process.GUID != reeve.GUID{}, toActorPID: e.Process.PID != 0, toParentGUID: e.Parent.GUID != reeve.GUID{}, toParentPID: e.Parent.PID != 0,
					toTargetGUID: e.Target.GUID != reeve.GUID{}, toTargetPID: e.Target.PID != 0, toTime: e.Time != e.Written} {
					filled[to] = filled[to] || is
				}
			}
			for _, f := range m.fields {
				if !filled[f.to] {
					t.Errorf("%s %v: no golden record fills %q", p.names[0], m.ids, f.raw)
				}
			}
		}
	}
}

package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reeve"
	"reeve/internal/evidence"
)

// setOf makes evidence of files by name.
func setOf(t testing.TB, files map[string][]byte) *evidence.Set {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	for name, b := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set, err := evidence.Open([]string{dir}, evidence.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

// teller is a sink that writes down all it gets.
type teller struct{ strings.Builder }

func (s *teller) Record(r reeve.Record) {
	ref, h := r.Ref(), r.Head()
	fmt.Fprintf(s, "at %d line %d", ref.Offset, ref.Line)
	if ref.HasID {
		fmt.Fprintf(s, " record %d", ref.RecordID)
	}
	fmt.Fprintf(s, "\n  provider %q channel %q computer %q event %d version %d pid %d time %s", h.Provider, h.Channel, h.Computer, h.EventID, h.Version, h.PID, h.Time)
	if h.AssumedZone {
		s.WriteString(" (zone assumed)")
	}
	s.WriteString("\n")
	for _, name := range slotNames[:] {
		if v := r.Value(r.Resolve(strings.ToLower(name))); v.Kind != reeve.Absent {
			fmt.Fprintf(s, "  %s: %s\n", name, say(v))
		}
	}
	for _, f := range r.Fields() {
		fmt.Fprintf(s, "    %s = %s\n", f.Name, say(r.Value(f.Handle)))
	}
}

func say(v reeve.Value) string {
	switch v.Kind {
	case reeve.Absent:
		return "absent"
	case reeve.Null:
		return "null"
	case reeve.List:
		return fmt.Sprintf("%q", strings.Split(strings.TrimSuffix(v.String(), "\x00"), "\x00"))
	}
	return fmt.Sprintf("%q", v.String())
}

func (s *teller) Lost(e reeve.ReadError) {
	fmt.Fprintf(s, "lost at %d line %d: %v\n", e.Ref.Offset, e.Ref.Line, e.Err)
}

// tell reads one file and writes down what came out.
func tell(t testing.TB, name string, content []byte, opt Options) (string, reeve.File) {
	t.Helper()
	opt.Threads = 1
	var s teller
	files, err := Scan(context.Background(), setOf(t, map[string][]byte{name: content}), opt, func(int) Sink { return &s })
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return s.String(), files[0]
}

// archived splits a txtar archive into its comment and its files, each a name and its text.
func archived(t testing.TB, path string) (comment string, files [][2]string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		name, isName := strings.CutPrefix(line, "-- ")
		switch name, ends := strings.CutSuffix(name, " --\n"); {
		case isName && ends:
			files = append(files, [2]string{name})
		case len(files) == 0:
			comment += line
		default:
			files[len(files)-1][1] += line
		}
	}
	return comment, files
}

// TestShapes reads every sample of the archives and compares with what is written down beside it.
func TestShapes(t *testing.T) {
	for _, archive := range []string{"json_shapes.txtar", "xml_shapes.txtar"} {
		path := filepath.Join("testdata", archive)
		comment, samples := archived(t, path)
		want := map[string]string{}
		samples = slices.DeleteFunc(samples, func(f [2]string) bool {
			name, isWant := strings.CutSuffix(f[0], ".want")
			if isWant {
				want[name] = f[1]
			}
			return isWant
		})
		out := comment
		for _, f := range samples {
			got, file := tell(t, f[0], []byte(f[1]), Options{})
			got = strings.TrimSpace(fmt.Sprintf("%s: %d records, %d lost %s", file.Format, file.Records, len(file.Errors)+file.MoreErrors, file.Says)) + "\n" + got
			out += fmt.Sprintf("-- %s --\n%s-- %s.want --\n%s", f[0], f[1], f[0], got)
			if !*update && got != want[f[0]] {
				t.Errorf("%s gives\n%s\nwant\n%s", f[0], got, want[f[0]])
			}
		}
		if *update {
			if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestZoneIsAssumedOnlyWhereNothingTellsIt(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	for _, c := range []struct{ name, record, want string }{
		{"no offset takes the zone", `{"EventID":1,"Channel":"C","EventTime":"2024-03-01 05:20:28"}`, "2024-03-01T04:20:28.0000000Z (zone assumed)"},
		{"an offset is heeded", `{"EventID":1,"Channel":"C","EventTime":"2024-03-01T05:20:28+05:00"}`, "2024-03-01T00:20:28.0000000Z"},
		{"a time in UTC beside it tells the offset", `{"EventID":1,"Channel":"C","EventTime":"2024-03-01 05:20:28","@timestamp":"2024-03-01T10:50:30Z"}`, "2024-03-01T10:50:28.0000000Z"},
		{"one of another day does not", `{"EventID":1,"Channel":"C","EventTime":"2024-03-01 05:20:28","@timestamp":"2024-03-09T10:50:30Z"}`, "2024-03-01T04:20:28.0000000Z (zone assumed)"},
		{"Sysmon's UtcTime is UTC", `{"EventID":1,"UtcTime":"2024-03-01 05:20:28.5"}`, "2024-03-01T05:20:28.5000000Z"},
	} {
		got, _ := tell(t, "x.json", []byte(c.record), Options{Zone: berlin})
		line := strings.Split(got, "\n")[1]
		if _, at, _ := strings.Cut(line, "time "); at != c.want {
			t.Errorf("%s: %s, want %s", c.name, at, c.want)
		}
	}
}

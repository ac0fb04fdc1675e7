package investigate

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"reeve"
	"reeve/internal/evidence"
)

var update = flag.Bool("update", false, "rewrite golden files")

const sharedEvidence = "../../../shared/evidence"

// mostMemory is what investigating the collection, 1,500 files of 700 MB when unpacked, may hold at any time.
const mostMemory = 256 << 20

// TestSharedInvestigation: the whole collection is investigated as if it came from one estate. Every file is accounted for, the
// result does not depend on threads, memory has a bound, and who was judged how is committed, so that a change of judgement shows.
func TestSharedInvestigation(t *testing.T) {
	if _, err := os.Stat(sharedEvidence); err != nil {
		t.Skip("../shared/evidence is absent")
	}
	if testing.Short() {
		t.Skip("takes a minute")
	}
	set, err := evidence.Open([]string{sharedEvidence}, evidence.Options{TempDir: t.TempDir(), InMemory: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	rules := sharedRules(t)
	var peak atomic.Uint64
	run := func(threads int) *reeve.Investigation {
		runtime.GC()
		inv, err := Run(context.Background(), set, Options{Threads: threads, Rules: rules, Progress: func(string, int64, int64) {
			live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
			metrics.Read(live)
			for was, now := peak.Load(), live[0].Value.Uint64(); now > was && !peak.CompareAndSwap(was, now); was = peak.Load() {
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		return inv
	}
	one, three := run(1), run(3)
	if a, b := digest(one), digest(three); a != b {
		t.Errorf("one thread and three do not agree: %s", firstDifference(a, b))
	}
	if len(one.Evidence.Files) != len(set.Files()) {
		t.Errorf("%d files accounted for, %d listed", len(one.Evidence.Files), len(set.Files()))
	}
	for _, f := range one.Evidence.Files {
		if f.Format == "" && f.Says == "" {
			t.Errorf("%s is neither read nor named", f.Path)
		}
	}
	golden(t, "shared_cases.tsv", casesOf(one))
	t.Logf("%d cases", len(one.Cases))
	t.Logf("%d MB live at most", peak.Load()>>20)
	if peak.Load() > mostMemory {
		t.Errorf("%d MB live, %d are allowed", peak.Load()>>20, mostMemory>>20)
	}
}

// sharedRules are reeve's own.
func sharedRules(t testing.TB) *Rules {
	t.Helper()
	return loadRules(t, map[string]fs.FS{"built-in": os.DirFS("../../rules")})
}

// casesOf lists who was judged how, by host, time and id.
func casesOf(inv *reeve.Investigation) string {
	list := slices.Clone(inv.Cases)
	slices.SortFunc(list, func(a, b reeve.Case) int {
		return cmp.Or(strings.Compare(a.Subject.Host, b.Subject.Host), cmp.Compare(a.Subject.Time, b.Subject.Time), strings.Compare(a.ID, b.ID))
	})
	var out strings.Builder
	for _, c := range list {
		program := "-"
		if c.LOLBin != nil {
			program = c.LOLBin.Name
		}
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\n", c.ID, c.Subject.Host, program, c.Verdict.Label)
	}
	return out.String()
}

// digest prints everything of a result, so that two results can be compared byte by byte.
func digest(inv *reeve.Investigation) string {
	var out strings.Builder
	write(&out, "", reflect.ValueOf(*inv))
	return out.String()
}

// write prints a value, one leaf a line, maps in order of their keys.
func write(out *strings.Builder, at string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[reeve.ReadError]() {
			e := v.Interface().(reeve.ReadError)
			fmt.Fprintf(out, "%s = %s\n", at, e.Error())
			return
		}
		for i := range v.NumField() {
			write(out, at+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			write(out, fmt.Sprintf("%s[%d]", at, i), v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			write(out, at, v.Elem())
		}
	case reflect.Map:
		lines := make([]string, 0, v.Len())
		for it := v.MapRange(); it.Next(); {
			lines = append(lines, fmt.Sprintf("%s[%+v] = %v\n", at, it.Key(), it.Value()))
		}
		slices.Sort(lines)
		for _, l := range lines {
			out.WriteString(l)
		}
	default:
		fmt.Fprintf(out, "%s = %v\n", at, v)
	}
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return fmt.Sprintf("line %d: %q, %q", i+1, x[i], strings.Join(y[min(i, len(y)):min(i+1, len(y))], ""))
		}
	}
	return fmt.Sprintf("%d lines, %d lines", len(x), len(y))
}

// golden compares with a file of testdata, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	was := map[string]bool{}
	for line := range strings.Lines(string(want)) {
		was[line] = true
	}
	for line := range strings.Lines(got) {
		if !was[line] {
			t.Errorf("%s does not have %s", name, strings.TrimSpace(line))
		}
		delete(was, line)
	}
	for line := range was {
		t.Errorf("%s has %s, which is no more", name, strings.TrimSpace(line))
	}
	if !t.Failed() {
		t.Errorf("%s has another order", name)
	}
}

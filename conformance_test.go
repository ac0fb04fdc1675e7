package reeve_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/conformance.tsv anew, with REEVE_CONFORMANCE=1")

// conformanceTable lists every test that reads the real logs and facts beside the checkout: package, test, and how many cases
// it runs at least. A row of 0 may be skipped: it needs another program.
const conformanceTable = "testdata/conformance.tsv"

// testName is a test and its package's folder.
type testName struct{ pkg, test string }

func byName(a, b testName) int {
	return cmp.Or(strings.Compare(a.pkg, b.pkg), strings.Compare(a.test, b.test))
}

// TestConformance runs every test that reads ../shared and fails where one is not listed, does not run, or runs fewer cases than
// the table demands. Those tests are skipped without ../shared; this one fails.
func TestConformance(t *testing.T) {
	if os.Getenv("REEVE_CONFORMANCE") == "" {
		t.Skip("`make conformance` runs this")
	}
	if _, err := os.Stat("../shared/evidence"); err != nil {
		t.Fatal("../shared, the real logs, must stand beside the checkout: ", err)
	}
	wanted := readersOfShared(t)
	ran := runTests(t, wanted)
	if *update {
		before := readConformance(t)
		var b strings.Builder
		for _, n := range wanted {
			least := ran[n].cases
			if row, listed := before[n]; listed && row == 0 {
				least = 0
			}
			fmt.Fprintf(&b, "%s\t%s\t%d\n", n.pkg, n.test, least)
		}
		if err := os.WriteFile(conformanceTable, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rows := readConformance(t)
	for _, n := range wanted {
		least, listed := rows[n]
		r := ran[n]
		switch {
		case !listed:
			t.Errorf("%s %s reads ../shared and has no row in %s; -update adds it", n.pkg, n.test, conformanceTable)
		case r == nil || r.result == "":
			t.Errorf("%s %s did not run", n.pkg, n.test)
		case r.result == "fail":
			t.Errorf("%s %s failed", n.pkg, n.test)
		case r.cases < least:
			t.Errorf("%s %s ran %d cases, %d are demanded (%s)", n.pkg, n.test, r.cases, least, r.result)
		default:
			t.Logf("%-6s %7d cases  %s %s", r.result, r.cases, n.pkg, n.test)
		}
		delete(rows, n)
	}
	for _, n := range slices.SortedFunc(maps.Keys(rows), byName) {
		t.Errorf("%s lists %s %s, which does not read ../shared or is gone", conformanceTable, n.pkg, n.test)
	}
}

func readConformance(t *testing.T) map[testName]int {
	t.Helper()
	text, err := os.ReadFile(conformanceTable)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[testName]int{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "\t")
		if len(cells) != 3 {
			t.Fatalf("%s: row %q", conformanceTable, line)
		}
		n, err := strconv.Atoi(cells[2])
		if err != nil {
			t.Fatal(err)
		}
		rows[testName{cells[0], cells[1]}] = n
	}
	return rows
}

// sharedPath is how a literal names the folder beside the checkout. Joined of parts, it is ".." and "shared" in one declaration.
var sharedPath = regexp.MustCompile(`\.\./shared\b`)

// readersOfShared finds the tests in whose code, or in what that code names within its package, a literal names ../shared.
func readersOfShared(t *testing.T) []testName {
	t.Helper()
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || name != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		dir := filepath.ToSlash(filepath.Dir(name))
		if dir == "." || !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		packages[dir] = append(packages[dir], f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []testName
	for dir, files := range packages {
		for _, test := range reaching(files) {
			out = append(out, testName{dir, test})
		}
	}
	slices.SortFunc(out, byName)
	return out
}

// reaching are the tests of one package that reach such a literal. Names are taken as they are written: one too many
// is run, none is missed.
func reaching(files []*ast.File) (tests []string) {
	uses := map[string]map[string]bool{} // declaration -> names in it
	reached := map[string]bool{}
	declare := func(name string, n ast.Node) {
		if uses[name] == nil {
			uses[name] = map[string]bool{}
		}
		up, down := false, false
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				uses[name][n.Name] = true
			case *ast.BasicLit:
				up, down = up || n.Value == `".."`, down || n.Value == `"shared"`
				if sharedPath.MatchString(n.Value) || up && down {
					reached[name] = true
				}
			}
			return true
		})
	}
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				declare(d.Name.Name, d)
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok {
						for _, id := range v.Names {
							declare(id.Name, v)
						}
					}
				}
			}
		}
	}
	for grew := true; grew; {
		grew = false
		for name, used := range uses {
			for other := range used {
				if reached[other] && !reached[name] {
					reached[name], grew = true, true
				}
			}
		}
	}
	for name := range reached {
		if strings.HasPrefix(name, "Test") && name != "TestMain" {
			tests = append(tests, name)
		}
	}
	return tests
}

// outcome of a test: "pass", "fail", "skip", or "" when it did not end.
type outcome struct {
	result string
	cases  int
	subs   int
}

// runTests runs the tests and prints what those that fail print.
func runTests(t *testing.T, list []testName) map[testName]*outcome {
	t.Helper()
	var pkgs, tests []string
	for _, n := range list {
		pkgs, tests = append(pkgs, "./"+n.pkg), append(tests, n.test)
	}
	slices.Sort(tests)
	args := append([]string{"test", "-json", "-count=1", "-timeout=30m", "-run", "^(" + strings.Join(slices.Compact(tests), "|") + ")$"}, slices.Compact(pkgs)...)
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "REEVE_CONFORMANCE=")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	ran, failed, err := outcomes(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if len(failed) > 0 {
		t.Errorf("go test fails:\n%s", failed)
	}
	return ran
}

// caseCount is the line by which a test says how many cases it looked at.
var caseCount = regexp.MustCompile(`^\s+\w+_test\.go:\d+: (\d+) cases\n$`)

// outcomes reads what `go test -json` writes. A test runs as many cases as it says; else as many as it has subtests that pass;
// else one. failed is the output of what fails.
func outcomes(r io.Reader) (ran map[testName]*outcome, failed []byte, err error) {
	ran = map[testName]*outcome{}
	said := map[testName][]byte{}
	for d := json.NewDecoder(r); ; {
		var e struct{ Action, Package, ImportPath, Test, Output string }
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return ran, failed, nil
		} else if err != nil {
			return nil, nil, err
		}
		pkg := strings.TrimPrefix(cmp.Or(e.Package, e.ImportPath), "reeve/")
		top, _, sub := strings.Cut(e.Test, "/")
		n, whole := testName{pkg, top}, testName{pkg, e.Test}
		if top != "" && ran[n] == nil {
			ran[n] = &outcome{}
		}
		switch e.Action {
		case "output", "build-output":
			said[whole] = append(said[whole], e.Output...)
			if m := caseCount.FindStringSubmatch(e.Output); m != nil && top != "" {
				count, _ := strconv.Atoi(m[1])
				ran[n].cases += count
			}
		case "fail":
			failed = append(failed, said[whole]...)
		case "pass":
			if sub {
				ran[n].subs++
			}
		}
		if top != "" && !sub && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
			o := ran[n]
			o.result = e.Action
			if e.Action == "pass" && o.cases == 0 {
				o.cases = max(o.subs, 1)
			}
		}
	}
}

func TestTheTestsThatReadTheRealLogsAreFound(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "x_test.go", `package x
		const place = "../../shared/evidence"
		func open() string { return place }
		func TestByCall(t *testing.T) { open() }
		func TestByName(t *testing.T) { _ = place }
		func TestByText(t *testing.T) { _ = "../../../shared/facts/x.json" }
		func TestByPart(t *testing.T) { filepath.Join("..", "..", "shared", "facts") }
		func TestOther(t *testing.T)  { _ = "shared" }
		func helper()                 { TestOther(nil) }
		func TestMain(m *testing.M)   { open() }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := reaching([]*ast.File{f})
	slices.Sort(got)
	if want := []string{"TestByCall", "TestByName", "TestByPart", "TestByText"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	real := testName{"evtx", "TestRealLogsHaveTheCountsOfAnIndependentReader"}
	if list := readersOfShared(t); !slices.Contains(list, real) {
		t.Errorf("%v is not among %v", real, list)
	}
}

func TestCasesAreCounted(t *testing.T) {
	const events = `
		{"Action":"output","Package":"reeve/a","Test":"TestSays","Output":"    a_test.go:7: 12 cases\n"}
		{"Action":"pass","Package":"reeve/a","Test":"TestSays"}
		{"Action":"pass","Package":"reeve/a","Test":"TestSubs/one"}
		{"Action":"skip","Package":"reeve/a","Test":"TestSubs/two"}
		{"Action":"pass","Package":"reeve/a","Test":"TestSubs/three"}
		{"Action":"pass","Package":"reeve/a","Test":"TestSubs"}
		{"Action":"output","Package":"reeve/a","Test":"TestPlain","Output":"12 cases of 13\n"}
		{"Action":"pass","Package":"reeve/a","Test":"TestPlain"}
		{"Action":"skip","Package":"reeve/a","Test":"TestSkipped"}
		{"Action":"output","Package":"reeve/b","Test":"TestBad","Output":"it broke\n"}
		{"Action":"fail","Package":"reeve/b","Test":"TestBad"}
		{"Action":"run","Package":"reeve/b","Test":"TestHangs"}
		{"Action":"build-output","ImportPath":"reeve/c","Output":"no such function\n"}
		{"Action":"fail","Package":"reeve/c"}`
	ran, failed, err := outcomes(strings.NewReader(events))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(failed); got != "it broke\nno such function\n" {
		t.Errorf("failures print %q", got)
	}
	want := map[testName]outcome{
		{"a", "TestSays"}: {"pass", 12, 0}, {"a", "TestSubs"}: {"pass", 2, 2}, {"a", "TestPlain"}: {"pass", 1, 0}, {"a", "TestSkipped"}: {"skip", 0, 0},
		{"b", "TestBad"}: {"fail", 0, 0}, {"b", "TestHangs"}: {"", 0, 0},
	}
	for n, w := range want {
		if ran[n] == nil || *ran[n] != w {
			t.Errorf("%v: %+v, want %+v", n, ran[n], w)
		}
	}
	if len(ran) != len(want) {
		t.Errorf("%d tests, want %d", len(ran), len(want))
	}
}

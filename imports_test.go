package reeve_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// may is the house: what each package may import of this module besides the root. Imports go down only. A package that is not
// in the table has no floor.
var may = map[string][]string{
	".": nil,

	// floor 0: libraries that have never heard of reeve; not even the root
	"evtx":       nil,
	"sigma":      nil,
	"cmdline":    nil,
	"lolbas":     {"cmdline"},
	"lolbas/gen": {"lolbas", "cmdline"},
	"rules":      nil,
	"schema":     nil,

	// floor 1: reading
	"internal/evidence":          nil,
	"internal/ingest":            {"evtx", "internal/evidence"},
	"internal/winlog":            nil,
	"internal/winlog/recordtest": nil,

	// floor 2: reasoning
	"internal/process":            nil,
	"internal/coverage":           nil,
	"internal/detect":             {"sigma", "lolbas", "cmdline"},
	"internal/triage":             {"internal/process", "lolbas", "cmdline"},
	"internal/playbook":           {"internal/process", "internal/coverage"},
	"internal/playbook/questions": {"internal/playbook", "internal/process", "internal/coverage", "lolbas", "cmdline"},
	"internal/verdict":            {"lolbas"},

	// floor 2 1/2: outside knowledge
	"internal/intel":      nil,
	"internal/inventory":  nil,
	"internal/prevalence": {"cmdline"},

	// floor 3: the use cases
	"internal/trail":  nil,
	"internal/gather": {"internal/evidence", "internal/ingest", "internal/winlog"},
	"internal/investigate": {"internal/evidence", "internal/ingest", "internal/winlog", "internal/trail", "internal/gather", "internal/process", "internal/coverage", "internal/detect",
		"internal/triage", "internal/playbook", "internal/playbook/questions", "internal/verdict", "internal/prevalence", "sigma", "lolbas", "cmdline"},
	"internal/rulebase":     {"internal/evidence", "internal/ingest", "internal/winlog", "internal/detect", "sigma"},
	"internal/simulate":     {"evtx", "cmdline"},
	"internal/simulate/gen": {"internal/simulate"},

	// floor 4: showing
	"internal/report": {"schema"},

	// floor 5: wiring
	"cmd/reeve": {"*"},
}

// rootless packages may not import the root either.
var rootless = []string{"evtx", "sigma", "cmdline", "lolbas", "lolbas/gen", "rules", "schema"}

// pure packages must not reach the outside world, time or chance.
var pure = []string{"internal/process", "internal/coverage", "internal/detect", "internal/triage", "internal/playbook", "internal/playbook/questions", "internal/verdict", "internal/prevalence"}

var impure = []string{"os", "os/exec", "net", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "log", "log/slog", "flag"}

// source is a parsed Go file that is not a test.
type source struct {
	path, pkg string
	file      *ast.File
	fset      *token.FileSet
	text      string
	generated bool
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || name != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		out = append(out, source{filepath.ToSlash(name), path.Dir(filepath.ToSlash(name)), f, fset, string(text), ast.IsGenerated(f)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d source files found: the test does not stand in the module's root", len(out))
	}
	return out
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, s := range sources(t) {
		allowed, ok := may[s.pkg]
		if !ok {
			t.Errorf("%s: package %s has no floor: give it a row in the table", s.path, s.pkg)
			continue
		}
		for _, imp := range s.file.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			if name == "reeve" {
				if slices.Contains(rootless, s.pkg) {
					t.Errorf("%s imports the root; %s has never heard of reeve", s.path, s.pkg)
				}
				continue
			}
			if slices.Contains(pure, s.pkg) && slices.Contains(impure, name) {
				t.Errorf("%s imports %s; reasoning is pure", s.path, name)
			}
			if own, ok := strings.CutPrefix(name, "reeve/"); ok && !slices.Contains(allowed, own) && !slices.Contains(allowed, "*") {
				t.Errorf("%s imports %s, which its row does not allow", s.path, own)
			}
			if s.pkg == "." && strings.Contains(name, ".") {
				t.Errorf("%s imports %s; the root rests on the standard library", s.path, name)
			}
		}
	}
}

// fieldNames are spellings that Windows providers use and that mean nothing above winlog.
var fieldNames = regexp.MustCompile("[\"`](NewProcessName|ParentProcessName|SubjectLogonId|SubjectUserName|SubjectUserSid|TargetLogonId|TargetUserName|ProcessGuid|ParentProcessGuid|ParentImage|ParentCommandLine|" +
	"TargetFilename|TargetObject|SourceImage|TargetImage|GrantedAccess|ImageLoaded|SignatureStatus|DestinationIp|DestinationHostname|QueryName|OriginalFileName|CurrentDirectory|ScriptBlockText|NewProcessId|CreatorProcessId|UtcTime)[\"`]")

func TestWindowsFieldNamesStayBelow(t *testing.T) {
	for _, s := range sources(t) {
		switch {
		case strings.HasPrefix(s.pkg, "internal/ingest"), strings.HasPrefix(s.pkg, "internal/winlog"), strings.HasPrefix(s.pkg, "internal/simulate"):
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && fieldNames.MatchString(lit.Value) {
				t.Errorf("%s: %s is a provider's field name: say it in winlog", s.fset.Position(lit.Pos()), lit.Value)
			}
			return true
		})
	}
}

// Budgets of code that is neither test nor generated, in lines.
const (
	maxFile, maxFunc, maxPackage, maxLibrary, maxRoot = 700, 100, 2500, 6000, 1000
)

var large = []string{"evtx", "sigma", "internal/ingest", "internal/winlog"}

func TestBudgets(t *testing.T) {
	lines := map[string]int{}
	for _, s := range sources(t) {
		if s.generated {
			continue
		}
		n := strings.Count(s.text, "\n")
		lines[s.pkg] += n
		if n > maxFile {
			t.Errorf("%s has %d lines, %d are allowed", s.path, n, maxFile)
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if from, to := s.fset.Position(d.Pos()).Line, s.fset.Position(d.End()).Line; to-from >= maxFunc {
					t.Errorf("%s:%d: %s has %d lines, %d are allowed", s.path, from, d.Name.Name, to-from+1, maxFunc)
				}
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s has an init function", s.path)
				}
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
					t.Errorf("%s: %s is exported without a doc comment", s.fset.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(t, s, d)
			}
		}
	}
	for pkg, n := range lines {
		most := maxPackage
		switch {
		case pkg == ".":
			most = maxRoot
		case slices.Contains(large, pkg):
			most = maxLibrary
		}
		if n > most {
			t.Errorf("package %s has %d lines, %d are allowed", pkg, n, most)
		}
		if slices.Contains([]string{"util", "common", "helpers", "types", "models", "core", "base", "manager", "engine"}, path.Base(pkg)) {
			t.Errorf("package name %s says nothing", pkg)
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

func undocumented(t *testing.T, s source, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && spec.Doc == nil && d.Doc == nil {
				t.Errorf("%s: type %s is exported without a doc comment", s.fset.Position(spec.Pos()), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && spec.Doc == nil && d.Doc == nil && spec.Comment == nil {
					t.Errorf("%s: %s is exported without a doc comment", s.fset.Position(spec.Pos()), name.Name)
				}
			}
		}
	}
}

func TestOnlyCommandsTouchTheProcess(t *testing.T) {
	banned := regexp.MustCompile(`\b(os\.Exit|os\.Getenv|os\.Args|os\.Stdout|os\.Stderr|os\.Stdin|time\.Now|fmt\.Print|fmt\.Println|fmt\.Printf|flag\.[A-Z])`)
	for _, s := range sources(t) {
		if strings.HasPrefix(s.pkg, "cmd/") || strings.HasSuffix(s.pkg, "/gen") {
			continue
		}
		for i, line := range strings.Split(s.text, "\n") {
			code, _, _ := strings.Cut(line, "//")
			if m := banned.FindString(code); m != "" {
				t.Errorf("%s:%d: %s belongs into cmd/", s.path, i+1, m)
			}
		}
	}
}

func TestTestsAreHalfTheWork(t *testing.T) {
	code, tests := 0, 0
	for _, s := range sources(t) {
		if !s.generated {
			code += strings.Count(s.text, "\n")
		}
	}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata") && (strings.HasSuffix(name, ".txtar") || strings.HasSuffix(name, ".txt")) {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			tests += strings.Count(string(text), "\n")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if tests < code {
		t.Errorf("%d lines of tests for %d lines of code", tests, code)
	}
}

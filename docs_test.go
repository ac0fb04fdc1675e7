package reeve_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// block is a fenced block of a document.
type block struct {
	doc  string // the file
	line int    // of the fence
	lang string
	text string
}

// blocks gives the fenced blocks of every document of the module.
func blocks(t *testing.T) (out []block) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "dist" || name != "." && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".md") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		b, open := block{}, false
		for i, line := range strings.Split(string(text), "\n") {
			lang, fence := strings.CutPrefix(line, "```")
			switch {
			case fence && open:
				out, open = append(out, b), false
			case fence:
				b, open = block{doc: filepath.ToSlash(name), line: i + 1, lang: lang}, true
			case open:
				b.text += line + "\n"
			}
		}
		if open {
			t.Errorf("%s:%d: the block does not end", name, b.line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// commandsOf are the lines "$ reeve ..." of a block, with the lines that a backslash joins to them.
func commandsOf(text string) (out []string) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		c, ok := strings.CutPrefix(lines[i], "$ reeve ")
		if !ok {
			continue
		}
		for strings.HasSuffix(c, `\`) && i+1 < len(lines) {
			i++
			c += "\n" + lines[i]
		}
		out = append(out, "reeve "+c)
	}
	return out
}

// TestCommandsInDocumentsRun runs every "$ reeve" line of a ```sh block as if it were typed in the module's root. What the
// commands write lands in a folder of the test.
func TestCommandsInDocumentsRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the documents speak to a POSIX shell")
	}
	bin, work := t.TempDir(), t.TempDir()
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "reeve"), "./cmd/reeve").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(root, e.Name()), filepath.Join(work, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for _, b := range blocks(t) {
		if b.lang != "sh" {
			continue
		}
		for _, c := range commandsOf(b.text) {
			ran++
			cmd := exec.Command("sh", "-c", c)
			cmd.Dir = work
			cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s:%d: %s: %v\n%s", b.doc, b.line, c, err, out)
			}
		}
	}
	if ran < 3 {
		t.Errorf("only %d commands were found in the documents", ran)
	}
}

// goFile is the first line of a block that is a file of the module.
var goFile = regexp.MustCompile(`^// ([a-z0-9_/.-]+\.go)\n`)

// TestExamplesInDocumentsWork puts the files and changes that a how-to shows over the module, as they would be with them, and
// runs the tests among them.
func TestExamplesInDocumentsWork(t *testing.T) {
	docs := map[string][]block{}
	for _, b := range blocks(t) {
		if b.lang == "go" || b.lang == "diff" {
			docs[b.doc] = append(docs[b.doc], b)
		}
	}
	guides, err := filepath.Glob("docs/how-to-add-a*.md")
	if err != nil || len(guides) != 5 {
		t.Fatalf("guides %v, %v: one for each row of what can be added", guides, err)
	}
	for _, doc := range guides {
		doc = filepath.ToSlash(doc)
		t.Run(path.Base(doc), func(t *testing.T) {
			over, tests, pkgs := overlay(t, docs[doc])
			if len(tests) == 0 {
				t.Fatalf("%s has no test among its examples", doc)
			}
			out, err := exec.Command("go", append([]string{"test", "-overlay", over, "-run", "^(" + strings.Join(tests, "|") + ")$", "-v"}, pkgs...)...).CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			for _, name := range tests {
				if !strings.Contains(string(out), "--- PASS: "+name+" ") {
					t.Errorf("%s did not pass:\n%s", name, out)
				}
			}
		})
	}
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// overlay writes what go build -overlay reads, and names the tests in the blocks and the packages that they touch.
func overlay(t *testing.T, list []block) (file string, tests, pkgs []string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	put := func(name, text string) {
		at := filepath.Join(dir, fmt.Sprint(len(replace), "_", path.Base(name)))
		abs, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := replace[abs]; ok {
			at = before
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		replace[abs] = at
		pkgs = append(pkgs, "./"+path.Dir(name))
	}
	for _, b := range list {
		if m := goFile.FindStringSubmatch(b.text); m != nil {
			if _, err := os.Stat(m[1]); err == nil {
				t.Errorf("%s:%d: %s is in the module already", b.doc, b.line, m[1])
			}
			put(m[1], strings.TrimPrefix(b.text, m[0]))
			for _, f := range testFunc.FindAllStringSubmatch(b.text, -1) {
				tests = append(tests, f[1])
			}
		}
		if b.lang == "diff" {
			name, from, to := change(b.text)
			abs, _ := filepath.Abs(name)
			text, err := os.ReadFile(name)
			if before, ok := replace[abs]; ok {
				text, err = os.ReadFile(before)
			}
			if err != nil || strings.Count(string(text), from) != 1 {
				t.Errorf("%s:%d: the lines that change do not stand once in %s (%v)", b.doc, b.line, name, err)
				continue
			}
			put(name, strings.Replace(string(text), from, to, 1))
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	slices.Sort(pkgs)
	return file, tests, slices.Compact(pkgs)
}

// change reads a diff of one place: the file, its text before and its text after. The last line may be the beginning of a longer
// one, so that a list may grow.
func change(diff string) (name, from, to string) {
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "+++ "):
			name = strings.TrimSpace(line[4:])
		case strings.HasPrefix(line, "--- "):
		case strings.HasPrefix(line, "+"):
			to += line[1:]
		case strings.HasPrefix(line, "-"):
			from += line[1:]
		default:
			from, to = from+line[1:], to+line[1:]
		}
	}
	return name, strings.TrimSuffix(from, "\n"), strings.TrimSuffix(to, "\n")
}

// TestEveryModuleIsInTheNotice holds the list of libraries against go.mod.
func TestEveryModuleIsInTheNotice(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	notice, err := os.ReadFile("NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^([a-z0-9.-]+\.[a-z]+/\S+) +\S`)
	var listed, used []string
	for _, m := range row.FindAllStringSubmatch(string(notice), -1) {
		listed = append(listed, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\s*([a-z0-9.-]+\.[a-z]+/\S+) v`).FindAllStringSubmatch(string(mod), -1) {
		used = append(used, m[1])
	}
	slices.Sort(listed)
	slices.Sort(used)
	if len(used) == 0 || !slices.Equal(listed, used) {
		t.Errorf("NOTICE lists\n%q\ngo.mod has\n%q", listed, used)
	}
}

// link is a relative link of a document, without its anchor.
var link = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)

func TestLinksInDocumentsLeadSomewhere(t *testing.T) {
	links := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "examples/*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				links++
				if _, err := os.Stat(filepath.Join(filepath.Dir(name), filepath.FromSlash(m[1]))); err != nil {
					t.Errorf("%s: %s leads nowhere", name, m[1])
				}
			}
		}
	}
	if links == 0 {
		t.Error("no document links to another")
	}
}

// TestTestsNamedInDocumentsExist keeps the documents from pointing at guards that are gone.
func TestTestsNamedInDocumentsExist(t *testing.T) {
	have, named := map[string]bool{}, 0
	walk := func(suffix string, visit func(name, text string)) {
		err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, suffix) {
				return err
			}
			text, err := os.ReadFile(name)
			visit(name, string(text))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	walk("_test.go", func(_, text string) {
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			have[m[1]] = true
		}
	})
	mention := regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w+)`")
	walk(".md", func(name, text string) {
		for _, m := range mention.FindAllStringSubmatch(text, -1) {
			if named++; !have[m[1]] {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	})
	if named == 0 {
		t.Error("no document names a test")
	}
}

// TestEveryPackageHasItsPlaceInTheArchitecture holds the page against the table of imports.
func TestEveryPackageHasItsPlaceInTheArchitecture(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range may {
		if pkg == "." {
			pkg = "reeve"
		}
		if !strings.Contains(string(text), "`"+pkg+"`") {
			t.Errorf("ARCHITECTURE.md does not say what %s is for", pkg)
		}
	}
}

package cmdline

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func texts(tokens []Token) []string {
	var all []string
	for _, token := range tokens {
		all = append(all, token.Text)
	}
	return all
}

func TestSplitFollowsTheRuntime(t *testing.T) {
	split := func(line string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, texts(Split(line))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", line, diff)
		}
	}
	split(``)
	split(" \t ")
	split(`mftrace.exe cmd.exe`, `mftrace.exe`, `cmd.exe`)
	split("  a\tb  c ", `a`, `b`, `c`)
	split(` -c -s 0`, ``, `-c`, `-s`, `0`) // started by name, arguments only
	split("\t/setautostart", ``, `/setautostart`)
	split(`"C:\Program Files\x.exe" -a`, `C:\Program Files\x.exe`, `-a`)
	split(`"C:\dir\" -a`, `C:\dir\`, `-a`) // a backslash does not escape in the program
	split(`a"b c"d e`, `ab cd`, `e`)
	// The examples of the C runtime's documentation.
	split(`x "a b c" d e`, `x`, `a b c`, `d`, `e`)
	split(`x "ab\"c" "\\" d`, `x`, `ab"c`, `\`, `d`)
	split(`x a\\\b d"e f"g h`, `x`, `a\\\b`, `de fg`, `h`)
	split(`x a\\\"b c d`, `x`, `a\"b`, `c`, `d`)
	split(`x a\\\\"b c" d e`, `x`, `a\\b c`, `d`, `e`)
	split(`x a"b"" c d`, `x`, `ab" c d`)
	split(`x "" ""`, `x`, ``, ``)
	split(`x """a"`, `x`, `"a`)
	split(`x "a`, `x`, `a`)
	split(`x a\\`, `x`, `a\\`)
	split("x a\u00a0b\nc", `x`, "a\u00a0b\nc") // only space and tab separate
}

func TestTokenSaysWhereItStands(t *testing.T) {
	line := `rundll32  "C:\my dir\a.dll",Run x\"y "z"`
	want := []Token{
		{Text: `rundll32`, Raw: `rundll32`, Start: 0, End: 8},
		{Text: `C:\my dir\a.dll,Run`, Raw: `"C:\my dir\a.dll",Run`, Start: 10, End: 31, Quoted: true},
		{Text: `x"y`, Raw: `x\"y`, Start: 32, End: 36},
		{Text: `z`, Raw: `"z"`, Start: 37, End: 40, Quoted: true},
	}
	got := Split(line)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if rest := Rest(line, got[1].End); rest != `x\"y "z"` {
		t.Errorf("rest behind the second token is %q", rest)
	}
	if Rest(line, -3) != line || Rest(line, 999) != "" {
		t.Error("Rest must accept any offset")
	}
}

func TestSplitReadsNoMoreThanALineCanHold(t *testing.T) {
	line := "x " + strings.Repeat("é", MaxLine)
	got := Split(line)
	if len(got) != 2 || got[1].End > MaxLine || !strings.HasSuffix(got[1].Text, "é") {
		t.Errorf("%d tokens, last ends at %d", len(got), got[len(got)-1].End)
	}
	if got := Split("x " + strings.Repeat(`"`, MaxLine)); len(got) != 2 {
		t.Errorf("%d tokens", len(got))
	}
}

func TestProgramOfALine(t *testing.T) {
	program := func(line, path, rest string) {
		t.Helper()
		if p, r := Program(line); p != path || r != rest {
			t.Errorf("%s\n got %q, %q\nwant %q, %q", line, p, r, path, rest)
		}
	}
	program(``, ``, ``)
	program(` -c -s 0`, ``, `-c -s 0`)
	program(`cmd`, `cmd`, ``)
	program(`cmd /c a.exe`, `cmd`, `/c a.exe`)
	program(`"C:\Program Files\a b.exe" "c d"`, `C:\Program Files\a b.exe`, `"c d"`)
	program(`C:\Program Files\a b.exe c d`, `C:\Program Files\a b.exe`, `c d`)
	program(`C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe cmd.exe`, `C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`, `cmd.exe`)
	program(`\\host\my share\a.exe x.exe`, `\\host\my share\a.exe`, `x.exe`)
	program(`C:\Windows\System32\cmd /c C:\x.exe`, `C:\Windows\System32\cmd`, `/c C:\x.exe`)
	program(`C:\Windows\System32\net start a.exe`, `C:\Windows\System32\net`, `start a.exe`)
	program(`C:\tools\run C:\x.exe`, `C:\tools\run`, `C:\x.exe`)
	program(`C:\tools\run -x y.exe`, `C:\tools\run`, `-x y.exe`)
	program(`C:\tools\run "y.exe"`, `C:\tools\run`, `"y.exe"`)
	program(`C:\tools\run some words`, `C:\tools\run`, `some words`)
	program(`%ProgramFiles%\My App\a.com /s`, `%ProgramFiles%\My App\a.com`, `/s`)
}

func TestArgsBehindAnUnquotedProgram(t *testing.T) {
	line := `C:\Program Files\Kits\mftrace.exe -o "a b" c\"d`
	program, args := Args(line)
	if program != `C:\Program Files\Kits\mftrace.exe` {
		t.Errorf("program %q", program)
	}
	if diff := cmp.Diff([]string{`-o`, `a b`, `c"d`}, texts(args)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if line[args[1].Start:args[1].End] != `"a b"` {
		t.Errorf("offsets of the second argument cut out %q", line[args[1].Start:args[1].End])
	}
	if program, args := Args(" "); program != "" || args != nil {
		t.Errorf("an empty line gives %q, %v", program, args)
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{``, `x "a\\\"b" c`, `"`, `\"`, "a\tb", `cmd /s /c ""x" y"`, `powershell -enc dwBoAG8AYQBtAGkA`, `C:\a b\c.exe d`, "\xff^\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		at := 0
		for i, token := range Split(line) {
			if token.Start < at || token.End < token.Start || i > 0 && token.End == token.Start || line[token.Start:token.End] != token.Raw {
				t.Fatalf("token %+v does not stand in the line behind %d", token, at)
			}
			if !token.Quoted && !strings.ContainsAny(token.Raw, `"\`) && token.Text != token.Raw {
				t.Fatalf("plain token %+v was changed", token)
			}
			at = token.End
		}
		if path, rest := Program(line); len(path)+len(rest) > len(line) {
			t.Fatalf("program %q and rest %q are longer than the line", path, rest)
		}
		if inner, ok := StripCmdWrapper(line); ok && len(inner) >= len(line) {
			t.Fatalf("unwrapping made the line longer: %q", inner)
		}
		if len(Decaret(line)) > len(line) {
			t.Fatal("removing carets made the line longer")
		}
		EncodedCommand(line)
		Args(line)
		if once := Shape(line); Shape(once) != Shape(Shape(once)) {
			t.Fatalf("shape of %q never settles", line)
		}
	})
}

// Each line is built to make a careless reader quadratic; the test's own
// time limit would show it.
func TestHostileLinesAreReadInLinearTime(t *testing.T) {
	for _, piece := range []string{`"" `, `\" `, `a/`, `\??\`, `\\?\`, `..\`, `/`, `-e `, `^`, `%`, `a~1\`, `:`, `cmd/`, `"`, `a.b `} {
		line := strings.Repeat(piece, MaxLine/len(piece)+1)
		start := time.Now()
		Split(line)
		Args(`C:\` + line)
		StripCmdWrapper(line)
		Decaret(line)
		EncodedCommand(line)
		Shape(line)
		Join(line, line)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%q repeated took %v", piece, took)
		}
	}
}

func BenchmarkSplit(b *testing.B) {
	line := `"C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe" -o C:\Users\bob\trace.log -l 16 C:\Temp\a.exe "x y"`
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		Split(line)
	}
}

func BenchmarkShape(b *testing.B) {
	line := `"C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe" -o C:\Users\bob\trace.log -l 16 C:\Temp\a.exe "x y"`
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		Shape(line)
	}
}

package lolbas

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// rowOf reads one row of a table, with forms if given.
func rowOf(t testing.TB, text string) *row {
	t.Helper()
	rows, err := parseGrammar(text)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		return r
	}
	return nil
}

func TestALineIsCutByItsProgramsOptions(t *testing.T) {
	for _, tt := range []struct {
		name, row, line string
		options         []string // name=value
		plain           []string
	}{
		{"values behind a colon or equals sign are always seen", "x.exe", `x /a:1 -b=2 c`, []string{"a=1", "b=2"}, []string{"c"}},
		{"a value is the next argument where the row says so", "x.exe -o=", `x -o out -v in`, []string{"o=out", "v="}, []string{"in"}},
		{"an option is no value", "x.exe -o=", `x -o -v in`, []string{"o=", "v="}, []string{"in"}},
		{"a path that begins with a slash is a value", "x.exe -o=", `x -o /mnt/c/a`, []string{"o=/mnt/c/a"}, nil},
		{"a command that begins with a dash is a value", "x.exe -o=", `x -o "-a b"`, []string{"o=-a b"}, nil},
		{"a last option without its value", "x.exe -o=", `x -o`, []string{"o="}, nil},
		{"a glued value", "x.exe -i*", `x /iC:\a.msi -iB`, []string{`i=C:\a.msi`, "i=B"}, nil},
		{"a glued option alone takes the next", "x.exe -i*", `x /i C:\a.msi`, []string{`i=C:\a.msi`}, nil},
		{"options end at the first argument", "x.exe stop", `x -a b -c d`, []string{"a="}, []string{"b", "-c", "d"}},
		{"a slash begins no option", "x.exe dash", `x /a -b`, []string{"b="}, []string{"/a"}},
		{"case folds", "x.exe -Out=", `x -OUT a`, []string{"out=a"}, nil},
		{"case is told apart", "x.exe case -I=", `x -I a -i b`, []string{"I=a", "i="}, []string{"b"}},
		{"two dashes and two slashes", "x.exe", `x --a //b`, []string{"a=", "b="}, nil},
		{"a share is no option", "x.exe", `x //h/s/a \\h\s\a /a/b`, nil, []string{"//h/s/a", `\\h\s\a`, "/a/b"}},
		{"a lone dash is an argument", "x.exe", `x - /`, nil, []string{"-", "/"}},
		{"a quoted value", "x.exe", `x /f:"a b" "/g:c d"`, []string{"f=a b", "g=c d"}, nil},
		{"carets go", "x.exe", `x ^/a:^b`, []string{"a=b"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := rowOf(t, tt.row+"\n").cut(tt.line, 0)
			var options, plain []string
			for _, o := range l.options {
				options = append(options, o.name+"="+o.value)
			}
			for _, p := range l.plain {
				plain = append(plain, p.Text)
			}
			if d := cmp.Diff(tt.options, options); d != "" {
				t.Errorf("options: %s", d)
			}
			if d := cmp.Diff(tt.plain, plain); d != "" {
				t.Errorf("arguments: %s", d)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	for _, tt := range []struct {
		condition, line string
		want            bool
	}{
		{"-a", `x -a`, true}, {"-a", `x a`, false}, {"!-a", `x a`, true},
		{"-a,-b", `x -b`, true}, {"-a=1,2", `x -a:2`, true}, {"-a=1,2", `x -a:3`, false}, {"!-a=1", `x`, true},
		{"1", `x a`, true}, {"2", `x a`, false}, {"1=a*", `x Abc`, true}, {"last=*c", `x a b c`, true},
		{"any=@url", `x -a:http://h.example.com/x`, true}, {"any=@url", `x -a b`, false},
		{"has=a_b", `x  A   "B"`, true}, {"has=a_b", `x ab`, false},
		{"self=*\\x", `C:\x`, true}, {"none", `x`, true}, {"none", `x a`, false}, {"args", `x a`, true},
		{"after:to==@unc", `x to=\\h\s\a`, true}, {"after:to==@unc", `x to= \\h\s\a`, true}, {"after:to==@unc", `x from=\\h\s\a`, false},
		{"any=@*.rsp", `x @a.rsp`, true},
	} {
		r := rowOf(t, "x.exe\n  run | "+tt.condition+" |\n")
		if got := r.forms[0].fits(r, r.cut(tt.line, 0)); got != tt.want {
			t.Errorf("%s on %s is %v", tt.condition, tt.line, got)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ place, line, target, args string }{
		{"1", `x a b`, "a", ""}, {"1..", `x a  "b c" d`, "a", `"b c" d`}, {"last", `x a b`, "b", ""}, {"3", `x a b`, "", ""},
		{"-o", `x -o:"a b"`, "a b", ""}, {"-o..", `x -o a "b" c`, `a "b" c`, ""}, {"-o,1", `x a`, "a", ""},
		{"1^", `x a.inf,Go,1,`, "a.inf", ""}, {"any=@ads", `x a -o:b.txt:c`, "b.txt:c", ""}, {"url", `x "(get 'http://h.example.com/x')"`, "http://h.example.com/x", ""},
		{"after=to=", `x to=a b`, "a", ""}, {"after=to=", `x to= "a b" c`, "a b", ""}, {"after=to_", `x go to {a}`, "a", ""}, {"after=to_..", `x go to a b`, "a b", ""},
		{"args", `"C:\x y.exe"  a "b"`, `a "b"`, ""}, {"args", `x`, "", ""},
	} {
		r := rowOf(t, "x.exe\n")
		l := r.cut(tt.line, 0)
		var target, args string
		for place := range strings.SplitSeq(tt.place, ",") {
			if target == "" {
				target, args = r.take(place, l)
			}
		}
		if target != tt.target || args != tt.args {
			t.Errorf("%s of %s is %q, %q", tt.place, tt.line, target, args)
		}
	}
}

func TestPayloadsAreSettled(t *testing.T) {
	for _, tt := range []struct {
		kind         PayloadKind
		target, args string
		want         Payload
		ok           bool
	}{
		{"auto", "a.ps1", "", Payload{PayloadScript, "a.ps1", ""}, true},
		{"auto", "http://h.example.com/a.ps1", "", Payload{PayloadRemote, "http://h.example.com/a.ps1", ""}, true},
		{"auto", `C:\a.txt:b.dll`, "", Payload{PayloadDLL, `C:\a.txt:b.dll`, ""}, true},
		{"auto", `C:\a`, "", Payload{PayloadFile, `C:\a`, ""}, true},
		{PayloadExe, `"C:\a b\c.exe" -d`, "", Payload{PayloadExe, `C:\a b\c.exe`, "-d"}, true},
		{PayloadExe, `C:\a b\c.dat`, "", Payload{PayloadExe, `C:\a b\c.dat`, ""}, true},
		{PayloadExe, `C:\Windows\System32\WerFault.exe`, "-u", Payload{}, false},
		{PayloadExe, `conhost`, "", Payload{}, false},
		{PayloadExe, `conhost.exe`, "--headless conhost a.exe b", Payload{PayloadExe, "a.exe", "b"}, true},
		{PayloadCmd, `C:\a b\c.bat`, "d", Payload{PayloadCmd, `"C:\a b\c.bat" d`, ""}, true},
	} {
		if got, ok := payload(tt.kind, tt.target, tt.args); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s %q %q is %+v, %v", tt.kind, tt.target, tt.args, got, ok)
		}
	}
}

// Whatever follows the options, a launcher's payload and its arguments are what was written.
func TestLaunchedProgramsKeepTheirArguments(t *testing.T) {
	word := rapid.StringMatching(`[a-z][a-z0-9.]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		options := rapid.SliceOf(rapid.SampledFrom([]string{"-v", "-dc", "-es", "-l 5", "-k All", "-o t.txt", "/c x.xml"})).Draw(t, "options")
		program := word.Filter(func(s string) bool {
			return !strings.HasSuffix(s, ".etl") && s != "conhost" && s != "wermgr" && s != "werfault"
		}).Draw(t, "program")
		args := strings.Join(rapid.SliceOf(rapid.OneOf(word, rapid.SampledFrom([]string{"-a", "/x:y", `"b c"`}))).Draw(t, "arguments"), " ")
		line := strings.TrimSpace(strings.Join(append(append([]string{"mftrace"}, options...), program, args), " "))
		u := Parse("Mftrace.exe", line)
		if u.Mode != "launch" || u.Payloads[0] != (Payload{PayloadExe, program, args}) {
			t.Fatalf("%s: %+v", line, u)
		}
	})
}

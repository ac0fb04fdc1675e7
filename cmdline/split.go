// Package cmdline reads Windows command lines and paths as evidence states them.
//
// A record holds one string; what ran is hidden in the rules by which
// Windows programs cut that string up, in what cmd.exe and PowerShell add on
// top, and in the dozen spellings one path can have. This package applies
// those rules to text alone: it never asks a file system, so where Windows
// would look at the disk (an unquoted path with spaces, an 8.3 name) it
// decides by form and says when it is unsure.
//
// Invariants: no function panics, none reads more than [MaxLine] bytes, and
// every offset it returns is valid for the line it was given.
//
// Not known here: variables set by the user, what is on PATH, which drive
// letter belongs to which device, and the private parsers that a few programs
// (cmd, msiexec, wmic) use instead of the C runtime's.
package cmdline

import (
	"strings"
	"unicode/utf8"
)

// MaxLine is the number of bytes read of one line: Windows limits a command
// line to 32,767 UTF-16 units, each at most three bytes of UTF-8. What
// follows cannot have reached a process and is ignored.
const MaxLine = 3 * 32767

// Token is one argument of a command line.
type Token struct {
	Text   string // the argument as the program receives it
	Raw    string // as written: line[Start:End]
	Start  int    // byte offset in the line of the first byte
	End    int    // byte offset in the line after the last byte
	Quoted bool   // a quote that delimits, not an escaped one, occurs in Raw
}

// Split cuts a line into arguments as the C runtime since 2008 does. In the
// first argument quotes only group and backslashes are literal. In the others
// 2n backslashes before a quote are n backslashes and the quote groups, 2n+1
// are n backslashes and a literal quote, and "" inside quotes is a literal
// quote. Blanks are space and tab.
//
// The C runtime reads a line that begins with a blank as one with an empty
// program name. So does Split when an option follows, as programs write that
// are started by name and pass arguments only; else the blank is noise of the
// source and is skipped.
func Split(line string) []Token {
	line = bound(line)
	first, end, ok := programToken(line)
	if !ok {
		return nil
	}
	return append([]Token{first}, arguments(line, end)...)
}

// programToken reads the first argument.
func programToken(line string) (token Token, end int, ok bool) {
	if rest := strings.TrimLeft(line, " \t"); len(rest) < len(line) && (strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "/")) {
		return Token{}, 0, true
	}
	return next(line, 0, true)
}

// Args is Split for lines whose program may be an unquoted path with spaces:
// the program as [Program] finds it, and the arguments behind it. Offsets
// refer to the whole line.
func Args(line string) (program string, args []Token) {
	line = bound(line)
	program, end := findProgram(line)
	return program, arguments(line, end)
}

// Rest returns what stands in the line from a byte offset on, without leading
// blanks: the raw remainder behind a Token is Rest(line, token.End).
func Rest(line string, from int) string {
	return strings.TrimLeft(line[min(max(from, 0), len(line)):], " \t")
}

// Program separates the program's path, without quotes, from the rest of the
// line, the way CreateProcess does when it is given no application name. It
// would try the disk at each space; here an unquoted rooted path is extended
// to the first piece that ends in an executable extension, unless a piece on
// the way looks like an argument, or the path is already inside the Windows
// directory, where names have no spaces.
func Program(line string) (path, rest string) {
	line = bound(line)
	path, end := findProgram(line)
	return path, Rest(line, end)
}

func findProgram(line string) (path string, end int) {
	first, end, ok := programToken(line)
	if !ok {
		return "", len(line)
	}
	if first.Quoted || !rooted(first.Text) || executable(first.Text) || inWindows(first.Text) {
		return first.Text, end
	}
	for at := end; ; {
		piece, stop, ok := next(line, at, true)
		if !ok || piece.Quoted || strings.ContainsAny(piece.Text[:1], "/-@&|<>") || strings.Contains(piece.Text, ":") {
			return first.Text, end
		}
		if executable(piece.Text) {
			return line[first.Start:stop], stop
		}
		at = stop
	}
}

// rooted says whether a word can be the beginning of an absolute path.
func rooted(word string) bool {
	return len(word) > 2 && (word[1] == ':' || word[0] == '\\' || word[0] == '%')
}

// inWindows says whether a path is in the Windows directory.
func inWindows(path string) bool {
	path = strings.ToLower(path)
	for _, root := range []string{`:\windows\`, `\systemroot\`, `%systemroot%\`, `%windir%\`} {
		if strings.Contains(path, root) {
			return true
		}
	}
	return false
}

// executable says whether a word ends in an extension that CreateProcess runs.
func executable(word string) bool {
	if len(word) < 5 {
		return false
	}
	switch strings.ToLower(word[len(word)-4:]) {
	case ".exe", ".com", ".bat", ".cmd", ".scr", ".pif":
		return true
	}
	return false
}

func arguments(line string, from int) []Token {
	var all []Token
	for {
		token, end, ok := next(line, from, false)
		if !ok {
			return all
		}
		all, from = append(all, token), end
	}
}

// next reads the argument that starts at or after from. With verbatim set it
// reads by the rule of the first argument.
func next(line string, from int, verbatim bool) (token Token, end int, ok bool) {
	for from < len(line) && blank(line[from]) {
		from++
	}
	if from >= len(line) {
		return Token{}, from, false
	}
	var (
		text   []byte // nil while the text equals the raw bytes
		quoted bool   // inside quotes
		seen   bool
		i      = from
	)
	keep := func(s string) {
		if text != nil {
			text = append(text, s...)
		}
	}
	differ := func() {
		if text == nil {
			text = append(make([]byte, 0, i-from+16), line[from:i]...)
		}
	}
	for i < len(line) && (quoted || !blank(line[i])) {
		switch c := line[i]; {
		case c == '\\' && !verbatim:
			run := i
			for run < len(line) && line[run] == '\\' {
				run++
			}
			n := run - i
			if run == len(line) || line[run] != '"' {
				keep(line[i:run])
				i = run
				break
			}
			differ()
			keep(line[i : i+n/2])
			i = run
			if n%2 == 1 {
				keep(`"`)
				i++
			}
		case c == '"':
			differ()
			seen = true
			if quoted && !verbatim && i+1 < len(line) && line[i+1] == '"' {
				keep(`"`)
				i++
			} else {
				quoted = !quoted
			}
			i++
		default:
			keep(line[i : i+1])
			i++
		}
	}
	token = Token{Text: line[from:i], Raw: line[from:i], Start: from, End: i, Quoted: seen}
	if text != nil {
		token.Text = string(text)
	}
	return token, i, true
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// bound cuts a line at MaxLine, between two characters.
func bound(line string) string {
	if len(line) <= MaxLine {
		return line
	}
	end := MaxLine
	for end > 0 && !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end]
}

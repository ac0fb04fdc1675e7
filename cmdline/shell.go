package cmdline

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Decaret removes the carets by which cmd.exe escapes characters outside
// quotes: ^x is x, ^^ is ^, a caret before a line break joins the lines, a
// last caret is dropped.
func Decaret(s string) string {
	s = bound(s)
	if !strings.Contains(s, "^") {
		return s
	}
	var out strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		if s[i] == '^' && !quoted {
			switch rest := s[i+1:]; {
			case strings.HasPrefix(rest, "\r\n"):
				i += 2
			case strings.HasPrefix(rest, "\n"):
				i++
			case rest != "":
				i++
				out.WriteByte(s[i])
			}
			continue
		}
		if s[i] == '"' {
			quoted = !quoted
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// StripCmdWrapper returns the command that cmd.exe is told to run by /c, /k
// or /r, and whether the line is such a line. Switches before it (/s /q /d /a
// /u /e:on /f:off /v:on /t:0a) are passed over, also when glued to cmd or to
// one another. Outer quotes go as cmd's own rule has it: they stay only when,
// without /s, the line has exactly these two, no special character, and a
// program's path with spaces between them. Carets stay; see [Decaret].
func StripCmdWrapper(line string) (inner string, ok bool) {
	line = bound(line)
	rest, ok := afterCmd(line)
	if !ok {
		return "", false
	}
	keepQuotes := true
	for {
		rest = strings.TrimLeft(rest, " \t,;=")
		if strings.HasPrefix(rest, `"/`) {
			rest = strings.TrimSuffix(rest[1:], `"`)
		}
		if len(rest) < 2 || rest[0] != '/' {
			return "", false
		}
		letter := rest[1] | 0x20
		rest = rest[2:]
		switch letter {
		case 'c', 'k', 'r':
			return unwrapQuotes(strings.Trim(rest, " \t"), keepQuotes), true
		case 's':
			keepQuotes = false
		case 'e', 'f', 'v', 't':
			end := strings.IndexAny(rest, " \t/")
			if end < 0 {
				return "", false
			}
			rest = rest[end:]
		case 'q', 'd', 'a', 'u', 'x', 'y':
		default:
			return "", false
		}
	}
}

// afterCmd returns what follows the program when the program is cmd.exe.
func afterCmd(line string) (rest string, ok bool) {
	path, end := findProgram(line)
	path = lower(path)
	// A switch may be glued to the name, and "/" separates folders as well.
	for at := len(path); ; {
		name := path[:at]
		base := name[strings.LastIndexAny(name, `\/`)+1:]
		if base == "cmd" || base == "cmd.exe" || name == "%comspec%" {
			return line[max(end-(len(path)-at), 0):], true
		}
		if at = strings.LastIndexByte(name, '/'); at < 0 {
			return "", false
		}
	}
}

func unwrapQuotes(s string, mayKeep bool) string {
	if !strings.HasPrefix(s, `"`) {
		return s
	}
	last := strings.LastIndexByte(s, '"')
	if last == 0 {
		return s[1:]
	}
	if mayKeep && strings.Count(s, `"`) == 2 && !strings.ContainsAny(s, "&<>()@^|") {
		program := s[1:last]
		if path, _ := Program(program); strings.Contains(program, " ") && path == program {
			return s
		}
	}
	return strings.TrimSpace(s[1:last] + s[last+1:])
}

// EncodedCommand decodes the script that a PowerShell line carries in base64
// of UTF-16LE: the argument after -EncodedCommand, any prefix of it that
// PowerShell accepts (-e, -ec, -enc ...), with -, / or a typographic dash. It
// does not ask for PowerShell's name, so that a renamed copy or a wrapping
// cmd /c changes nothing; instead ok is false unless the text decodes cleanly
// and at least half of it is ASCII.
func EncodedCommand(line string) (decoded string, ok bool) {
	tokens := Split(line)
	for i, token := range tokens {
		name, value, inline := strings.Cut(token.Text, ":")
		if !isEncodedSwitch(name) {
			continue
		}
		if !inline {
			if i+1 == len(tokens) {
				return "", false
			}
			value = tokens[i+1].Text
		}
		if text, ok := decodeUTF16(value); ok {
			return text, true
		}
	}
	return "", false
}

func isEncodedSwitch(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, "^", ""))
	for _, dash := range []string{"--", "-", "/", "\u2013", "\u2014", "\u2015"} {
		if word, found := strings.CutPrefix(name, dash); found {
			return word == "ec" || word != "" && strings.HasPrefix("encodedcommand", word)
		}
	}
	return false
}

func decodeUTF16(value string) (string, bool) {
	value = strings.TrimRight(strings.Trim(strings.ReplaceAll(value, "^", ""), `"'`), "=")
	raw, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil || len(raw) < 2 || len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	if units[0] == 0xfeff {
		units = units[1:]
	}
	runes := utf16.Decode(units)
	ascii := 0
	for _, r := range runes {
		switch {
		case r == 0xfffd || r < ' ' && r != '\t' && r != '\r' && r != '\n':
			return "", false
		case r < 0x7f:
			ascii++
		}
	}
	return string(runes), len(runes) > 0 && 2*ascii >= len(runes)
}

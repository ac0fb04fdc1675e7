package cmdline

import "strings"

// Shape reduces a command line to what stays the same when the same habit
// repeats: lower case, single blanks, no quotes, and placeholders where runs
// differ: <n> for numbers and versions, <guid>, <sid>, <hex>, <blob> for
// base64 and other long random text, <user> below a Users folder, <tmp> for a
// file below a Temp folder or with extension .tmp. Digits that belong to a
// program's name (rundll32, x64, mp3) stay. Two lines of one shape are the
// same habit; it says nothing about whether the habit is good.
func Shape(line string) string {
	line = strings.TrimSpace(bound(line))
	var out strings.Builder
	out.Grow(len(line))
	w := shaper{out: &out}
	plain := 0 // no base64 begins before this offset
	for i := 0; i < len(line); {
		c := line[i]
		switch {
		case c == '"' || c == '\'' || c == '^':
			i++
		case c <= ' ':
			for i < len(line) && line[i] <= ' ' {
				i++
			}
			w.separator(' ')
		case wordByte(c):
			if i >= plain {
				n, found := base64Run(line[i:])
				if found {
					w.placeholder("<blob>")
					i += n
					break
				}
				plain = i + n
			}
			end := i
			for end < len(line) && wordByte(line[end]) {
				end++
			}
			w.word(strings.ToLower(line[i:end]))
			i = end
		default:
			w.separator(c)
			i++
		}
	}
	return strings.ToValidUTF8(out.String(), "\ufffd")
}

// shaper remembers just enough of what it wrote to know a user's folder and a
// temporary file when it comes to one.
type shaper struct {
	out    *strings.Builder
	last   string // the last word
	sep    byte   // the separator after it, 0 for none
	inTemp bool   // below a Temp folder
}

func (w *shaper) separator(c byte) {
	switch {
	case c == ' ':
		w.last, w.inTemp = "", false
	case folder(c) && (w.last == "temp" || w.last == "tmp"):
		w.inTemp = true
	case !folder(c):
		w.inTemp = false
	}
	w.sep = c
	w.out.WriteByte(c)
}

func (w *shaper) placeholder(s string) {
	w.out.WriteString(s)
	w.last, w.sep = "", 0
}

func (w *shaper) word(s string) {
	switch stem, ext, dotted := cutExtension(s); {
	case folder(w.sep) && (w.last == "users" || w.last == "documents and settings"):
		w.out.WriteString("<user>")
	case dotted && (ext == "tmp" || w.inTemp && stem != ""):
		w.out.WriteString("<tmp>." + ext)
	case w.inTemp:
		w.out.WriteString("<tmp>")
	default:
		w.out.WriteString(shapeWord(s))
	}
	w.last, w.sep = s, 0
}

func cutExtension(s string) (stem, ext string, ok bool) {
	at := strings.LastIndexByte(s, '.')
	if at < 0 || at+1 == len(s) {
		return s, "", false
	}
	return s[:at], s[at+1:], true
}

func wordByte(c byte) bool {
	return c >= 0x80 || letter(c) || digit(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == '$'
}

func folder(c byte) bool { return c == '\\' || c == '/' }
func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }

// base64Run returns the length of the run of base64 characters that s begins
// with, and whether it is taken for base64: forty characters or more with
// digits and letters of both cases, or with padding. If it is not, neither is
// any part of it.
func base64Run(s string) (length int, ok bool) {
	n, kinds := 0, 0
	for n < len(s) && (letter(s[n]) || digit(s[n]) || s[n] == '+' || s[n] == '/') {
		switch c := s[n]; {
		case digit(c):
			kinds |= 1
		case 'a' <= c && c <= 'z':
			kinds |= 2
		case 'A' <= c && c <= 'Z':
			kinds |= 4
		}
		n++
	}
	padded := n
	for padded < len(s) && s[padded] == '=' {
		padded++
	}
	return padded, n >= 40 && (kinds == 7 || padded > n)
}

// shapeWord replaces what varies inside one word, given in lower case.
func shapeWord(s string) string {
	if !strings.ContainsAny(s, "0123456789") {
		return s
	}
	if isGUID(s) {
		return "<guid>"
	}
	if strings.HasPrefix(s, "s-1-5-") {
		return "<sid>"
	}
	if hexWord(s) {
		return "<hex>"
	}
	if len(s) >= 32 && !strings.ContainsAny(s, ".-_") {
		return "<blob>"
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			out.WriteByte(s[i])
			i++
			continue
		}
		end := i
		for end < len(s) && digit(s[end]) {
			end++
		}
		dotted := end+1 < len(s) && s[end] == '.' && digit(s[end+1])
		if number := s[i:end]; i > 0 && letter(s[i-1]) && bitness(number) && !dotted {
			out.WriteString(number)
		} else {
			// 10.0.19041 is one number.
			for end+1 < len(s) && s[end] == '.' && digit(s[end+1]) {
				for end++; end < len(s) && digit(s[end]); {
					end++
				}
			}
			out.WriteString("<n>")
		}
		i = end
	}
	return out.String()
}

// bitness says whether digits right behind a letter belong to a name.
func bitness(number string) bool {
	return len(number) == 1 || number == "32" || number == "64" || number == "86" || number == "16"
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !hexDigit(s[i]) {
			return false
		}
	}
	return true
}

func hexWord(s string) bool {
	s, prefixed := strings.CutPrefix(s, "0x")
	digits := 0
	for i := range len(s) {
		if !hexDigit(s[i]) {
			return false
		}
		if digit(s[i]) {
			digits++
		}
	}
	return prefixed && s != "" || len(s) >= 8 && digits < len(s)
}

func hexDigit(c byte) bool { return digit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }

package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"reeve"
)

// Clean makes a text from evidence safe to print on a terminal.
func Clean(s string) string { return visible(s) }

// visible makes every character of a text a printing one, so that evidence can neither drive a terminal nor reorder or hide
// what a reader sees: control characters become their pictures (ESC is U+241B), format characters (bidirectional overrides,
// zero widths, tags) their code points in brackets, broken UTF-8 the replacement character.
func visible(s string) string {
	i := 0
	for i < len(s) && s[i] >= ' ' && s[i] < 0x7f {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		switch {
		case r < ' ':
			b.WriteRune('\u2400' + r)
		case r == 0x7f:
			b.WriteRune('\u2421')
		case hides(r):
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hides tells whether a character prints as nothing or changes how its neighbours are shown.
func hides(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || r == '\u3164' || r == '\u115f' || r == '\u1160'
}

// visibleLines is visible for a text whose line breaks are our own.
func visibleLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// clip cuts a text to most characters and says how many there were.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n, cut := 0, len(s)
	for i := range s {
		if n == most {
			cut = i
		}
		n++
	}
	if n <= most {
		return s
	}
	return fmt.Sprintf("%s\u2026 (%s characters in all)", s[:cut], number(n))
}

// ellipsis cuts a text to most characters, the last being "…" when something was cut.
func ellipsis(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	for i := range s {
		if most--; most == 0 {
			return s[:i] + "\u2026"
		}
	}
	return s
}

// number writes an integer with its thousands apart.
func number(n int) string {
	s := fmt.Sprint(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short writes a count in at most four characters.
func short(n int) string {
	switch {
	case n < 1000:
		return fmt.Sprint(n)
	case n < 10_000:
		return fmt.Sprintf("%d.%dk", n/1000, n%1000/100)
	case n < 1_000_000:
		return fmt.Sprintf("%dk", n/1000)
	case n < 1_000_000_000:
		return fmt.Sprintf("%dM", n/1_000_000)
	}
	return fmt.Sprintf("%dG", n/1_000_000_000)
}

// count words a number with its noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "y"):
		noun = noun[:len(noun)-1] + "ies"
	case strings.HasSuffix(noun, "s"):
		noun += "es"
	default:
		noun += "s"
	}
	return number(n) + " " + noun
}

// when writes a time for people: UTC to the millisecond, with its offset; "" when unknown.
func when(t reeve.Time) string {
	s := timeOrNull(t)
	if s == nil {
		return ""
	}
	return (*s)[:10] + " " + (*s)[11:23] + "Z"
}

// seconds is when without the fraction.
func seconds(t reeve.Time) string {
	if s := when(t); s != "" {
		return s[:19] + "Z"
	}
	return ""
}

// since words the time from one moment to another: "+1.250 s", "−2 d 3 h"; "" when either is unknown.
func since(from, to reeve.Time) string {
	if from <= 0 || to <= 0 {
		return ""
	}
	sign, d := "+", to-from
	if d < 0 {
		sign, d = "\u2212", -d
	}
	return sign + span(d)
}

// span words a length of time in its two largest units.
func span(d reeve.Time) string {
	switch {
	case d < reeve.Minute:
		return fmt.Sprintf("%d.%03d s", d/reeve.Second, d%reeve.Second/10_000)
	case d < reeve.Hour:
		return fmt.Sprintf("%d min %d s", d/reeve.Minute, d%reeve.Minute/reeve.Second)
	case d < reeve.Day:
		return fmt.Sprintf("%d h %d min", d/reeve.Hour, d%reeve.Hour/reeve.Minute)
	}
	return fmt.Sprintf("%s d %d h", number(int(d/reeve.Day)), d%reeve.Day/reeve.Hour)
}

// baseName is the last element of a Windows or other path.
func baseName(path string) string { return path[strings.LastIndexAny(path, `\/`)+1:] }

// defang writes an indicator so that no program makes a link of it and nobody follows it by accident.
func defang(kind, value string) string {
	switch kind {
	case "ip", "domain":
		return strings.NewReplacer(".", "[.]", ":", "[:]").Replace(value)
	case "url":
		scheme, rest, ok := strings.Cut(value, "://")
		if !ok {
			return strings.ReplaceAll(value, ".", "[.]")
		}
		host, path, slash := strings.Cut(rest, "/")
		if slash {
			path = "/" + path
		}
		return strings.Replace(strings.ToLower(scheme), "tt", "xx", 1) + "[:]//" + strings.ReplaceAll(host, ".", "[.]") + path
	}
	return value
}

// position words a citation: file, then record id, line or byte.
func position(r reeve.Ref) string {
	switch {
	case r.File == "":
		return ""
	case r.HasID:
		return fmt.Sprintf("%s, record %d", r.File, r.RecordID)
	case r.Line > 0:
		return fmt.Sprintf("%s, line %d", r.File, r.Line)
	}
	return fmt.Sprintf("%s, byte %d", r.File, r.Offset)
}

// words turns a value of a closed list or a kind into words.
func words(s string) string {
	return strings.NewReplacer("ps_script", "script block", "file_event", "file creation", "create_stream_hash", "stream creation", "dns_", "DNS ", "wmi_", "WMI ", "_", " ").Replace(s)
}

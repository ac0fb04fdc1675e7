package playbook

import (
	"fmt"
	"strings"

	"reeve"
)

// Bounds of text that evidence brings into a sentence: enough to recognise it by; the record has the rest.
const (
	maxQuote    = 160
	maxSentence = 1200
)

// Quoted puts a text of the evidence into typographic quotes, cut where nobody reads on.
func Quoted(s string) string { return "\u201c" + shorten(s, maxQuote) + "\u201d" }

func shorten(s string, most int) string {
	n := 0
	for i := range s {
		if n++; n > most {
			return strings.ToValidUTF8(s[:i], "\ufffd") + "\u2026"
		}
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

// Count words a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Ago words a span of time roughly.
func Ago(t reeve.Time) string {
	switch {
	case t < reeve.Second:
		return "less than a second"
	case t < 2*reeve.Minute:
		return Count(int(t/reeve.Second), "second")
	case t < 2*reeve.Hour:
		return Count(int(t/reeve.Minute), "minute")
	case t < 2*reeve.Day:
		return Count(int(t/reeve.Hour), "hour")
	}
	return Count(int(t/reeve.Day), "day")
}

// Sentence begins a clause with a capital and ends it with a full stop.
func Sentence(says string) string {
	if says == "" {
		return ""
	}
	return strings.ToUpper(says[:1]) + says[1:] + "."
}

// Base is the file name of a path in lower case.
func Base(path string) string {
	return strings.ToLower(strings.Trim(path[strings.LastIndexAny(path, `\/`)+1:], `"`))
}

// OneOf tells whether the base name of an image is in a list separated by blanks.
func OneOf(image, list string) bool {
	b := Base(image)
	return b != "" && !strings.Contains(b, " ") && strings.Contains(" "+list+" ", " "+b+" ")
}

// HasAny tells whether a text contains one of several words, separated by "|"; no words are always contained.
func HasAny(text, words string) bool {
	for _, w := range strings.Split(words, "|") {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// HasSuffix tells whether a text ends in one of several endings, separated by blanks.
func HasSuffix(s, endings string) bool {
	for _, x := range strings.Fields(endings) {
		if strings.HasSuffix(s, x) {
			return true
		}
	}
	return false
}

// Mentions tells whether a text names a path, and not one that only begins like it.
func Mentions(text, path string) bool {
	for path != "" {
		_, rest, ok := strings.Cut(text, path)
		if !ok {
			return false
		}
		if rest == "" || strings.ContainsRune(" ;,:|>)\"'\r\n\t", rune(rest[0])) {
			return true
		}
		text = rest
	}
	return false
}

// HasAll tells whether a text, with a blank behind it, contains all words; each may be several, separated by "|".
func HasAll(text string, words []string) bool {
	for _, w := range words {
		if !HasAny(text+" ", w) {
			return false
		}
	}
	return true
}

// InOrder tells whether a registry path contains parts in order, separated by blanks; two parts may share a backslash.
func InOrder(path, parts string) bool {
	for _, p := range strings.Fields(parts) {
		_, rest, ok := strings.Cut(path, p)
		if !ok {
			return false
		}
		path = `\` + rest
	}
	return true
}

// Chain names processes, each started by the one behind it. Long chains are cut: nobody reads the twentieth parent.
func Chain(chain []reeve.Process) string {
	const most = 8
	var names []string
	for i := range chain[:min(len(chain), most)] {
		p := &chain[i]
		n := Base(p.Image)
		if n == "" {
			n = fmt.Sprintf("pid %d", p.Key.PID)
		}
		names = append(names, shorten(n, maxQuote))
	}
	if len(chain) > most {
		names = append(names, "\u2026")
	}
	return strings.Join(names, " \u2190 ")
}

// Probable says so when a link between a process and its ancestors rests on pid and time.
func Probable(p reeve.Process, chain []reeve.Process) string {
	for _, link := range append([]reeve.Process{p}, chain[:max(len(chain)-1, 0)]...) {
		if link.ByPID {
			return ", probable: linked by pid and time"
		}
	}
	return ""
}

// Disguised tells names such as report.pdf.exe, and programs without a program's extension.
func Disguised(name string) bool {
	for _, ext := range []string{".exe", ".dll", ".scr", ".com"} {
		if stem, ok := strings.CutSuffix(name, ext); ok {
			return HasSuffix(stem, ".pdf .doc .docx .xls .xlsx .txt .jpg .jpeg .png .gif .zip .html .mp4 .csv .lnk")
		}
	}
	return HasSuffix(name, ".pdf .docx .xlsx .jpg .jpeg .png .gif .txt .log .dat .tmp .mp4 .csv")
}

// PayloadKind tells a started program's kind, of the closed list of the question about the payload, by its name.
func PayloadKind(image string) string {
	switch {
	case OneOf(image, "cmd.exe powershell.exe pwsh.exe"):
		return "cmd"
	case OneOf(image, "wscript.exe cscript.exe"):
		return "script"
	case OneOf(image, "mshta.exe"):
		return "hta"
	case OneOf(image, "msiexec.exe"):
		return "msi"
	}
	return "exe"
}

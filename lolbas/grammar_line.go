package lolbas

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"reeve/cmdline"
)

// maxArgs bounds what is looked at of a line; no documented form needs a tenth of it.
const maxArgs = 256

// line is a command line cut up by the rules of one program.
type line struct {
	raw     string // without carets
	low     string // raw in lower case, byte for byte
	spaced  string // the arguments without quotes, with one blank between them
	joined  string // the same in lower case, byte for byte
	self    string // the program as the line names it
	args    []cmdline.Token
	options []option
	plain   []cmdline.Token // the arguments that are neither an option nor an option's value
	export  string          // of a library: the function that is called
	from    int             // offset in raw behind the program
	depth   int             // how many command lines this one is nested in
}

type option struct {
	name  string // without its dash; lower case unless the program tells case apart
	value string
	after int // offset in raw behind the option, before its value
}

// cut reads a command line; nil when it is not about this library or script. Carets go first: they stand in lines that were
// written for cmd.exe and mean nothing to the program.
func (r *row) cut(text string, depth int) *line {
	l := &line{raw: cmdline.Decaret(text), depth: depth}
	l.low = lowerASCII(l.raw)
	l.self, l.args = cmdline.Args(l.raw)
	l.args = l.args[:min(len(l.args), maxArgs)]
	l.from = len(l.raw)
	if len(l.args) > 0 {
		l.from = l.args[0].Start
	}
	if !r.skipHost(l) {
		return nil
	}
	words := make([]string, len(l.args))
	for i, t := range l.args {
		words[i] = t.Text
	}
	l.spaced = strings.Join(words, " ")
	l.joined = lowerASCII(l.spaced)
	ended := false
	for i := 0; i < len(l.args); i++ {
		t := l.args[i]
		name, ok := "", !ended && !(r.stop && len(l.plain) > 0)
		if ok && r.dashOnly && t.Text == "--" { // options end here
			ended = true
			continue
		}
		if ok {
			name, ok = r.optionText(t.Text)
		}
		if !ok {
			l.plain = append(l.plain, t)
			continue
		}
		o, needs := r.option(name)
		o.after = t.End
		if needs && i+1 < len(l.args) && !r.isOption(l.args[i+1].Text) {
			i++
			o.value = l.args[i].Text
		}
		l.options = append(l.options, o)
	}
	return l
}

// skipHost passes over the program that a library or script is loaded by: what follows the entry's own name are its arguments.
// It says whether the name is there at all; a script's may stand within a command.
func (r *row) skipHost(l *line) bool {
	name := strings.ToLower(r.name)
	ext := path.Ext(name)
	library := ext == ".dll" || ext == ".cpl"
	if ext == ".exe" {
		return true
	}
	for i, t := range l.args {
		file, export, _ := strings.Cut(t.Text, ",")
		if base := lowerASCII(file[strings.LastIndexAny(file, `\/`)+1:]); base != name && base != strings.TrimSuffix(name, ext) {
			continue
		}
		l.args, l.from = l.args[i+1:], t.End
		if library && export == "" && len(l.args) > 0 {
			export, l.from = strings.TrimLeft(l.args[0].Text, ","), l.args[0].End
			l.args = l.args[1:]
		}
		l.export = ordinal(export)
		return !library || export != ""
	}
	return !library && strings.Contains(l.low, name)
}

// ordinal writes the number of a function as it is usually written: the loader reads any decimal one, and its last 16 bits count.
func ordinal(export string) string {
	if n, err := strconv.ParseInt(strings.TrimPrefix(export, "#"), 10, 32); err == nil && strings.HasPrefix(export, "#") {
		return "#" + strconv.Itoa(int(uint16(n)))
	}
	return export
}

// optionText gives an argument without its dash, or says that it is no option.
func (r *row) optionText(s string) (string, bool) {
	for _, dash := range []string{"--", "-", "//", "/", "\u2013", "\u2014", "\u2015"} {
		rest, ok := strings.CutPrefix(s, dash)
		if !ok || dash[0] == '/' && r.dashOnly {
			continue
		}
		name := rest
		if i := strings.IndexAny(rest, ":="); i >= 0 {
			name = rest[:i]
		}
		if _, _, glued := r.glue(rest); rest == "" || rest[0] == ' ' || dash[0] == '/' && strings.ContainsAny(name, `/\`) && !glued {
			return "", false
		}
		return rest, true
	}
	return "", false
}

// isOption says whether an argument is an option and so no option's value.
func (r *row) isOption(s string) bool {
	_, ok := r.optionText(s)
	return ok && !strings.Contains(s, " ")
}

// glue finds an option whose value follows it without a separator.
func (r *row) glue(rest string) (name, value string, ok bool) {
	for _, g := range r.glued {
		if len(rest) >= len(g) && r.fold(rest[:len(g)]) == r.fold(g) {
			return g, strings.TrimLeft(rest[len(g):], ":=,"), true
		}
	}
	return "", "", false
}

// option splits an option off its value, and says whether the value is the next argument.
func (r *row) option(rest string) (o option, needs bool) {
	if name, value, ok := r.glue(rest); ok {
		return option{name: r.fold(name), value: strings.Trim(value, `"`)}, value == ""
	}
	i := strings.IndexAny(rest, ":=")
	if i >= 0 {
		return option{name: r.fold(rest[:i]), value: strings.Trim(rest[i+1:], `"`)}, false
	}
	return option{name: r.fold(rest)}, slices.ContainsFunc(r.valued, func(v string) bool { return r.fold(v) == r.fold(rest) })
}

func (r *row) fold(name string) string {
	if r.cased {
		return name
	}
	return strings.ToLower(name)
}

// find returns the options that a key such as "-out" names.
func (r *row) find(l *line, key string) []option {
	name := r.fold(strings.TrimLeft(key, "-"))
	var all []option
	for _, o := range l.options {
		if o.name == name {
			all = append(all, o)
		}
	}
	return all
}

// holds says whether a condition is met.
func (r *row) holds(c *condition, l *line) bool {
	for _, key := range c.keys {
		if text, ok := strings.CutPrefix(key, "after:"); ok {
			if value := l.after(strings.ReplaceAll(text, "_", " "), false); value != "" && slices.ContainsFunc(c.patterns, func(p string) bool { return matches(p, value, l) }) {
				return !c.not
			}
			continue
		}
		for _, value := range r.look(key, c, l) {
			if len(c.patterns) == 0 {
				return !c.not
			}
			for _, p := range c.patterns {
				if matches(p, value, l) {
					return !c.not
				}
			}
		}
	}
	return c.not
}

// nth gives the argument that "1", "2", ... or "last" means, nil if there is none.
func (l *line) nth(key string) *cmdline.Token {
	n := len(l.plain)
	if key != "last" {
		n, _ = strconv.Atoi(key)
	}
	if n < 1 || n > len(l.plain) {
		return nil
	}
	return &l.plain[n-1]
}

// look gives the texts that a key of a condition stands for.
func (r *row) look(key string, c *condition, l *line) []string {
	switch {
	case key[0] == '-':
		var all []string
		for _, o := range r.find(l, key) {
			all = append(all, o.value)
		}
		return all
	case digits(key), key == "last":
		if t := l.nth(key); t != nil {
			return []string{t.Text}
		}
		return nil
	}
	switch key {
	case "any":
		var all []string
		for _, t := range l.args {
			all = append(all, t.Text)
		}
		for _, o := range l.options {
			all = append(all, o.value)
		}
		return all
	case "has":
		for _, p := range c.patterns {
			if strings.Contains(l.joined, p) {
				return []string{p}
			}
		}
	case "export":
		return []string{l.export}
	case "self":
		return []string{strings.ReplaceAll(l.self, "/", `\`)}
	case "args", "none":
		if (len(l.args) > 0) == (key == "args") {
			return []string{""}
		}
	}
	return nil
}

// take gives what stands in a place, and the arguments that follow it.
func (r *row) take(place string, l *line) (target, args string) {
	place, rest := strings.CutSuffix(place, "..")
	place, comma := strings.CutSuffix(place, "^")
	place, behind := strings.CutSuffix(place, "~")
	key, pattern, _ := strings.Cut(strings.ReplaceAll(place, "_", " "), "=")
	switch {
	case strings.HasPrefix(key, "-"):
		for _, o := range r.find(l, key) {
			if rest {
				return cmdline.Rest(l.raw, o.after), ""
			}
			if target == "" {
				target = o.value
			}
		}
	case digits(key), key == "last":
		if t := l.nth(key); t != nil {
			if target = t.Text; rest {
				args = cmdline.Rest(l.raw, t.End)
			}
		}
	case key == "any":
		for _, text := range r.look("any", nil, l) {
			if target == "" && matches(pattern, text, l) {
				target = pathOf(text)
			}
		}
	case key == "url":
		for _, text := range r.look("any", nil, l) {
			if target == "" {
				target = urlIn(text)
			}
		}
	case key == "after":
		target = l.after(pattern, rest)
	case key == "args":
		target = strings.TrimSpace(cmdline.Rest(l.raw, l.from))
	}
	if comma {
		target, _, _ = strings.Cut(target, ",")
	}
	if behind {
		_, target, _ = strings.Cut(target, ",")
		target, _, _ = strings.Cut(target, ";")
	}
	return unquote(target), args
}

// after gives what follows a text: the rest of its argument, or the next one, or all that follows.
func (l *line) after(text string, all bool) string {
	i := strings.Index(l.joined, text)
	if i < 0 {
		return ""
	}
	found := strings.TrimLeft(l.spaced[i+len(text):], " ")
	if from := len(l.spaced) - len(found); !all {
		end := 0
		for _, t := range l.args {
			if end += len(t.Text) + 1; end > from {
				found = l.spaced[from : end-1]
				break
			}
		}
	}
	return strings.Trim(found, `"'{}() `)
}

// unquote takes the quotes off a text that is quoted as a whole.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '"' && strings.IndexByte(s[1:], '"') == len(s)-2 {
		return s[1 : len(s)-1]
	}
	return s
}

// lowerASCII lowers letters without moving any byte, so that offsets stay.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

package lolbas

import (
	"slices"
	"strings"

	"reeve/cmdline"
)

// natures are the patterns that name a nature instead of a spelling; [nature] decides each.
var natures = []string{"@url", "@unc", "@remote", "@webfile", "@ads", "@staged", "@parked", "@odd", "@guarded", "@code", "@bare", "@plain", "@sly", "@empty"}

// matches says whether a text fits a pattern: a nature, or a spelling in any case in which * stands for anything and ? for one byte.
func matches(pattern, text string, l *line) bool {
	if named(pattern) {
		return nature(pattern, text, l)
	}
	return glob(pattern, strings.ToLower(text))
}

// named says whether a pattern names a nature; "@*.rsp" is a spelling.
func named(pattern string) bool {
	return len(pattern) > 1 && pattern[0] == '@' && pattern[1] != '*'
}

// maxNature bounds how much of an argument is read as a path.
const maxNature = 4096

func nature(name, text string, l *line) bool {
	switch name {
	case "@url": // an address on the web
		return urlIn(text) != ""
	case "@empty":
		return text == ""
	case "@plain": // a value without wildcards
		return text != "" && !strings.ContainsAny(text, "*?")
	case "@sly":
		return sly(text, l.depth)
	}
	p := cmdline.ParsePath(pathOf(text[:min(len(text), maxNature)]))
	switch name {
	case "@unc": // a share or a WebDAV folder
		return p.Kind == cmdline.Remote || p.Kind == cmdline.TSClient
	case "@remote": // anything on another machine
		return urlIn(text) != "" || p.Kind == cmdline.Remote || p.Kind == cmdline.TSClient
	case "@webfile": // an address of a file that is no document
		return urlIn(text) != "" && slices.Contains(fetched, cmdline.ParsePath(urlIn(text)).Ext)
	case "@ads": // a file in an alternate data stream
		return stream(p)
	case "@staged": // a folder in which things are put to be run and forgotten
		return staged(p) || temporary(p)
	case "@parked": // the same without the folders for temporary files, where installers work
		return staged(p)
	case "@odd": // where anybody, or another machine, can have put it
		return urlIn(text) != "" || Place(p.String()) == UserWritable || p.Kind == cmdline.Remote || p.Kind == cmdline.TSClient
	case "@guarded": // where only administrators write
		class := Place(p.String())
		return p.Stream == "" && (class == OtherProtected || class == VendorCopy || class == ServicingCopy)
	case "@code": // a file that can be run
		return slices.Contains(code, p.Ext)
	case "@bare": // a name without a folder
		return p.Kind == cmdline.Bare || p.Kind == cmdline.Relative
	}
	return false
}

var (
	code    = []string{".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".ps1", ".js", ".jse", ".vbs", ".vbe", ".wsf", ".wsh", ".hta", ".dll", ".cpl", ".ocx", ".msi", ".sct", ".lnk"}
	fetched = append([]string{".zip", ".cab", ".7z", ".rar", ".iso", ".img", ".txt", ".bin", ".dat", ".log", ".tmp", ".png", ".jpg", ".gif", ".enc"}, code...)
)

// stream says whether a path names an alternate data stream, which is told from a host with a port, an address and the mark of
// the web that every download bears.
func stream(p cmdline.Path) bool {
	switch {
	case p.Stream == "" || digits(p.Stream) || p.Stream == "zone.identifier" || strings.ContainsAny(p.Base, "@{}()'") || strings.ContainsAny(p.Stream, " '();|&<>"):
		return false
	case p.Kind == cmdline.Bare, p.Kind == cmdline.Relative:
		return p.Ext != "" || strings.HasPrefix(p.Display, ".")
	}
	return p.Kind == cmdline.Local || p.Kind == cmdline.Volume || p.Kind == cmdline.Remote
}

// temporary says whether a file lies below a folder for temporary files.
func temporary(p cmdline.Path) bool {
	return slices.ContainsFunc(p.Dir, func(dir string) bool {
		return slices.Contains([]string{"temp", "tmp", "inetcache", "temporary internet files", "content.outlook"}, dir)
	})
}

// staged says whether a file lies on another machine or in a folder where no installer leaves programs: public and download
// folders, a profile's own roots, folders of Windows that anybody can write to.
func staged(p cmdline.Path) bool {
	if p.Kind == cmdline.Remote || p.Kind == cmdline.TSClient || p.Kind == cmdline.URL {
		return true
	}
	if p.Kind != cmdline.Local && p.Kind != cmdline.Volume || len(p.Dir) == 0 {
		return false
	}
	dirs, n := p.Dir, len(p.Dir)
	switch dirs[0] {
	case "perflogs", "$recycle.bin", "recycler":
		return true
	case "programdata":
		return n == 1
	case "windows":
		return n > 1 && slices.Contains([]string{"tasks", "tracing", "debug", "fonts", "help", "media"}, dirs[1]) && Place(p.String()) == UserWritable
	case "users":
		return n > 1 && dirs[1] == "public" || n == 3 && slices.Contains([]string{"downloads", "music", "pictures", "videos", "contacts", "links"}, dirs[2]) ||
			n > 2 && dirs[2] == "appdata" && (n < 5 || n == 5 && dirs[4] == "microsoft")
	}
	return false
}

// urlIn finds an address within an argument.
func urlIn(s string) string {
	low := lowerASCII(s)
	for _, scheme := range []string{"https:", "http:", "ftp:", "ms-appinstaller:"} {
		i := strings.Index(low, scheme)
		if i < 0 || scheme != "ms-appinstaller:" && strings.IndexAny(low[i+len(scheme):], `/\`) != 0 {
			continue
		}
		url := s[i:]
		if end := strings.IndexAny(url, "\"'`<>|)} ,;"); end >= 0 {
			url = url[:end]
		}
		return url
	}
	return ""
}

// pathOf takes the path out of an argument: behind an option's colon or a redirection, before a comma.
func pathOf(s string) string {
	s = strings.TrimLeft(s, `<>@"' `)
	if len(s) > 2 && (s[0] == '-' || s[0] == '/') && s[1] != '/' {
		if i := strings.IndexAny(s, ":="); i > 0 {
			s = s[i+1:]
		}
	}
	if urlIn(s) == "" {
		s, _, _ = strings.Cut(s, ",")
	}
	return strings.Trim(s, `"'{}`)
}

// maxDepth bounds how deep command lines within command lines are followed.
const maxDepth = 3

// sly says whether a command, given to another program to run, is a documented abuse itself, is fetched or encoded, or runs a file
// from where things are put to be run and forgotten.
func sly(command string, depth int) bool {
	if depth >= maxDepth {
		return false
	}
	if inner, ok := cmdline.StripCmdWrapper(command); ok {
		command = inner
	}
	if says(command, cradles) {
		return true
	}
	program, rest := cmdline.Program(command)
	if strings.EqualFold(program, "start") {
		for strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, `""`) {
			_, rest = cmdline.Program(rest)
		}
		return sly(rest, depth+1)
	}
	if p := cmdline.ParsePath(program); staged(p) || temporary(p) || stream(p) {
		return true
	}
	base := program[strings.LastIndexAny(program, `\/`)+1:]
	for _, e := range ByName(base) {
		if u, dual := parse(e.Name, command, depth+1); u.Abuse && !dual {
			return true
		}
	}
	_, hidden := cmdline.EncodedCommand(command)
	return hidden || urlIn(rest) != "" && len(ByName(base)) > 0
}

// cradles fetch or unpack what they run.
var cradles = []string{"downloadstring", "downloadfile", "downloaddata", "frombase64string", "invoke-expression", "net.webclient", "start-bitstransfer", "reflection.assembly", "virtualalloc",
	"-bxor", "io.compression.", "net.sockets.", "|iex", "| iex", "iex(", "iex (", "iex $", "amsiutils"}

// disguises are how a script hides its words; ordinary scripts do some of it too.
var disguises = []string{"'+'", `"+"`, "-join(", "-join (", "[char", "$pshome[", "$env:comspec[", "-enc ", ".replace(", "-f'", "-f '"}

// says says whether a command has one of these words, however cmd.exe and PowerShell let it be broken up.
func says(s string, words []string) bool {
	s = strings.NewReplacer("`", "", "^", "").Replace(strings.ToLower(s))
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s, w) })
}

// glob matches in time proportional to the product of both lengths.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

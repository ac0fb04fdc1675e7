package cmdline

import (
	"slices"
	"strconv"
	"strings"
)

// Kind says what a path is relative to.
type Kind string

// The kinds of path.
const (
	Empty    Kind = ""         // no path at all
	Bare     Kind = "bare"     // a file name, found through a search path
	Relative Kind = "relative" // relative to a current directory
	Local    Kind = "local"    // on a drive letter
	Volume   Kind = "volume"   // rooted on a volume whose drive letter is not stated
	Remote   Kind = "remote"   // UNC or WebDAV: Host and Share
	TSClient Kind = "tsclient" // a drive of the RDP client: Share is its letter or name
	CDROM    Kind = "cdrom"    // an optical drive or a mounted image, named as such
	Floppy   Kind = "floppy"   // a diskette drive, named as such
	URL      Kind = "url"      // Scheme and Host
	Device   Kind = "device"   // another device or a pipe
)

// Path is a Windows path in normal form. Text fields are in lower case, since
// Windows compares names without case, except Display.
type Path struct {
	Kind    Kind
	Drive   string   // "c:"; also of a drive-relative path such as c:x.exe
	Device  string   // device name under \Device\ where one is stated, "harddiskvolume3"
	Scheme  string   // of a URL
	Host    string   // of a URL, UNC or WebDAV path, without "@ssl@443"
	Port    string   // "@ssl@443" or "@8080" of a WebDAV host as written
	Share   string   // share, or the client's drive of a tsclient path
	Dir     []string // folders from the root on, without root and file name
	Base    string   // last segment, with extension
	Ext     string   // ".exe", or "" for none
	Stream  string   // alternate data stream of the last segment
	Display string   // the input without quotes and outer blanks, in its own case

	// Uncertain is set when normalising had to guess: an 8.3 name, or a
	// variable that depends on the user.
	Uncertain bool
}

// WebDAV says whether the path is reached through the WebDAV redirector.
func (p Path) WebDAV() bool {
	return p.Kind == Remote && (p.Port != "" || p.Share == "davwwwroot")
}

// String returns the canonical form: equal strings mean the same place as far
// as text can tell. Parsing it again yields the same string.
func (p Path) String() string {
	var parts []string
	switch p.Kind {
	case Empty:
		return ""
	case Local:
		parts = append(parts, p.Drive)
	case Volume, CDROM, Floppy, Device:
		if parts = []string{""}; p.Device != "" {
			parts = append(parts, "device", p.Device)
		} else if len(p.Dir) > 0 && slices.Contains(namespaces, p.Dir[0]) {
			parts = append(parts, ".") // a folder of that name, no namespace
		}
	case Remote, TSClient:
		parts = append(parts, `\`, p.Host+p.Port, p.Share)
	case URL:
		return p.Scheme + "://" + strings.Join(append(append([]string{p.Host}, p.Dir...), p.Base), "/")
	case Relative:
		if p.Drive != "" {
			return p.Drive + strings.Join(p.names(), `\`)
		}
		if len(p.Dir) == 0 || p.Dir[0] != ".." {
			parts = append(parts, ".")
		}
	}
	return strings.Join(append(parts, p.names()...), `\`)
}

// namespaces begin a path that is no folder of a volume.
var namespaces = []string{"device", "??", "global??", "dosdevices", "globalroot", "systemroot"}

func (p Path) names() []string {
	last := p.Base
	if p.Stream != "" {
		last += ":" + p.Stream
	}
	return append(slices.Clone(p.Dir), last)
}

// ParsePath brings a path into normal form, in whichever way a log wrote it:
// with quotes, forward slashes, doubled or trailing separators, "." and "..",
// the prefixes \\?\ \??\ \\.\ \SystemRoot\ and \Device\..., environment
// variables, Sysnative, 8.3 names, junctions of old Windows versions, and
// alternate data streams. Trailing dots and blanks are dropped from the last
// segment, as Windows does; a blank at the end of a folder is kept, because
// "C:\Windows \" is another folder than "C:\Windows\".
func ParsePath(s string) Path {
	s, _, _ = strings.Cut(bound(s), "\x00")
	s = strings.Trim(strings.ReplaceAll(s, `"`, ""), blanks)
	p := Path{Display: s}
	s = lower(s)
	if scheme, rest, found := strings.Cut(s, "://"); found && isScheme(scheme) {
		if scheme != "file" {
			p.parseURL(scheme, rest)
			return p
		}
		if s = strings.TrimLeft(rest, `/\`); !drivePrefix(s) {
			s = `\\` + s // file://host/share
		}
	}
	s = strings.ReplaceAll(s, "/", `\`)
	s, p.Uncertain = expand(s)
	names := p.parseRoot(s)
	p.parseNames(names)
	return p
}

func (p *Path) parseURL(scheme, rest string) {
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	rest = strings.TrimRight(rest, `/\`+blanks)
	names := strings.FieldsFunc(rest, func(r rune) bool { return r == '/' || r == '\\' })
	p.Kind, p.Scheme = URL, scheme
	if len(names) > 0 {
		p.Host, names = names[0], names[1:]
	}
	if len(names) > 0 {
		p.Dir, p.Base = names[:len(names)-1], names[len(names)-1]
	}
	p.Ext = extension(p.Base)
}

func isScheme(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '-' {
			return false
		}
	}
	return len(s) > 1
}

// parseRoot recognises the beginning of a path, sets Kind and the fields that
// go with it, and returns the names behind it.
func (p *Path) parseRoot(s string) []string {
	for again := true; again; {
		again = false
		for _, prefix := range []string{`\\?\`, `\\.\`, `\??\`, `\global??\`, `\dosdevices\`, `\globalroot\`} {
			rest, found := strings.CutPrefix(s, prefix)
			if !found {
				continue
			}
			again = true
			switch unc, isUNC := strings.CutPrefix(rest, `unc\`); {
			case isUNC:
				s = `\\` + unc
			case drivePrefix(rest):
				s = rest
			case prefix == `\\.\` && !strings.HasPrefix(rest, "globalroot"), strings.HasPrefix(rest, "volume{"):
				return p.parseDevice(segments(rest))
			default:
				s = s[len(s)-len(strings.TrimLeft(rest, `\`))-1:] // one separator stays
			}
		}
	}
	switch {
	case s == "":
		return nil
	case drivePrefix(s):
		p.Drive = s[:2]
		if p.Kind = Local; len(s) == 2 || s[2] != '\\' {
			p.Kind = Relative
		}
		return segments(s[2:])
	case strings.HasPrefix(s, `\device\`):
		return p.parseDevice(segments(s[len(`\device\`):]))
	case strings.HasPrefix(s, `\\`):
		return p.parseHost(segments(s))
	case strings.HasPrefix(s, `\systemroot\`):
		p.Kind = Volume
		return append([]string{"windows"}, segments(s[len(`\systemroot\`):])...)
	case s[0] == '\\':
		p.Kind = Volume
	case strings.Contains(s, `\`):
		p.Kind = Relative
	default:
		p.Kind = Bare
	}
	return segments(s)
}

// parseDevice reads what follows \Device\.
func (p *Path) parseDevice(names []string) []string {
	p.Kind = Device
	if len(names) == 0 {
		return nil
	}
	first := names[0]
	p.Device, names = first, names[1:]
	switch {
	case strings.HasPrefix(first, "harddiskvolume"), strings.HasPrefix(first, "volume{"):
		p.Kind = Volume
	case first == "harddisk0" || strings.HasPrefix(first, "harddisk") && len(names) > 0 && strings.HasPrefix(names[0], "partition"):
		if p.Kind = Volume; len(names) > 0 {
			p.Device, names = first+names[0], names[1:]
		}
	case strings.HasPrefix(first, "cdrom"):
		p.Kind = CDROM
	case strings.HasPrefix(first, "floppy"):
		p.Kind = Floppy
	case first == "mup", first == "lanmanredirector", first == "webdavredirector", first == "rdpdr":
		p.Device = ""
		for len(names) > 0 && (names[0][0] == ';' || names[0] == "lanmanredirector" || names[0] == "webdavredirector" || names[0] == "rdpdr") {
			names = names[1:]
		}
		return p.parseHost(names)
	}
	return names
}

// parseHost reads host, share and names of a network path.
func (p *Path) parseHost(names []string) []string {
	p.Kind = Remote
	if len(names) == 0 {
		return nil
	}
	if names[0] == "?" || names[0] == "." {
		p.Kind = Volume // what is left of a prefix, no host
		return names[1:]
	}
	p.Host, names = names[0], names[1:]
	if at := strings.IndexByte(p.Host, '@'); at >= 0 {
		p.Host, p.Port = p.Host[:at], p.Host[at:]
	}
	if len(names) > 0 {
		p.Share, names = names[0], names[1:]
	}
	if p.Host == "tsclient" {
		p.Kind = TSClient
	}
	return names
}

// parseNames resolves the names behind the root and fills Dir, Base, Ext and
// Stream.
func (p *Path) parseNames(names []string) {
	var dirs []string
	for i, name := range names {
		if i == len(names)-1 {
			name = p.cutStream(name)
		} else {
			name, _, _ = strings.Cut(name, ":") // dir::$INDEX_ALLOCATION
		}
		switch {
		case name == "." || name == "":
			continue
		case name == "..":
			if n := len(dirs); n > 0 && dirs[n-1] != ".." {
				dirs = dirs[:n-1]
			} else if p.Kind == Relative || p.Kind == Bare {
				dirs = append(dirs, name)
				p.Kind = Relative
			}
			continue
		case len(name) > 1 && strings.HasSuffix(name, ".") && !strings.HasSuffix(name, ".."):
			name = strings.TrimSuffix(name, ".")
		}
		dirs = append(dirs, name)
	}
	for n := len(dirs); n > 0 && dirs[n-1] != ".."; n-- {
		if dirs[n-1] = strings.TrimRight(dirs[n-1], "."+blanks); dirs[n-1] != "" {
			break
		}
		dirs, p.Stream = dirs[:n-1], ""
	}
	if p.Kind == Local || p.Kind == Volume {
		dirs = p.resolve(dirs)
	}
	if n := len(dirs); n > 0 {
		p.Dir, p.Base = dirs[:n-1], dirs[n-1]
		if shortName(p.Base) {
			p.Uncertain = true
		}
	}
	p.Ext = extension(p.Base)
}

// cutStream splits an alternate data stream off the last segment.
func (p *Path) cutStream(name string) string {
	name, stream, found := strings.Cut(name, ":")
	if found {
		stream, _, _ = strings.Cut(stream, ":")
		p.Stream = strings.TrimRight(stream, blanks)
	}
	return name
}

// resolve follows the names that stand for another folder on every Windows
// installation.
func (p *Path) resolve(dirs []string) []string {
	for i, name := range dirs {
		if !shortName(name) || i == len(dirs)-1 {
			continue
		}
		p.Uncertain = true
		if long, ok := shortNames[name]; ok && (i == 0 || name == "common~1") {
			dirs[i] = long
		}
	}
	for _, j := range junctions {
		if len(dirs) < len(j.from) {
			continue
		}
		same := true
		for i, name := range j.from {
			same = same && (name == "*" || name == dirs[i])
		}
		if !same {
			continue
		}
		to := slices.Clone(j.to)
		for i := range to {
			if to[i] == "*" {
				to[i] = dirs[1]
			}
		}
		dirs = append(to, dirs[len(j.from):]...)
	}
	return dirs
}

// shortNames are the 8.3 names that a default installation gives out.
var shortNames = map[string]string{
	"progra~1": "program files",
	"progra~2": "program files (x86)",
	"progra~3": "programdata",
	"docume~1": "documents and settings",
	"common~1": "common files",
}

// junctions are followed in this order; "*" is the user's folder.
var junctions = []struct{ from, to []string }{
	{[]string{"documents and settings"}, []string{"users"}},
	{[]string{"users", "all users", "application data"}, []string{"programdata"}},
	{[]string{"users", "all users"}, []string{"programdata"}},
	{[]string{"users", "default user"}, []string{"users", "default"}},
	{[]string{"users", "*", "local settings", "application data"}, []string{"users", "*", "appdata", "local"}},
	{[]string{"users", "*", "local settings"}, []string{"users", "*", "appdata", "local"}},
	{[]string{"users", "*", "application data"}, []string{"users", "*", "appdata", "roaming"}},
	{[]string{"windows", "sysnative"}, []string{"windows", "system32"}},
}

// variables that name a folder of every installation. The second value is
// whether it depends on the user.
var variables = map[string]struct {
	path string
	user bool
}{
	"systemroot":              {`\windows`, false},
	"windir":                  {`\windows`, false},
	"comspec":                 {`\windows\system32\cmd.exe`, false},
	"systemdrive":             {"", false},
	"programfiles":            {`\program files`, false},
	"programw6432":            {`\program files`, false},
	"programfiles(x86)":       {`\program files (x86)`, false},
	"commonprogramfiles":      {`\program files\common files`, false},
	"commonprogramw6432":      {`\program files\common files`, false},
	"commonprogramfiles(x86)": {`\program files (x86)\common files`, false},
	"programdata":             {`\programdata`, false},
	"allusersprofile":         {`\programdata`, false},
	"public":                  {`\users\public`, false},
	"homedrive":               {"", true},
	"homepath":                {`\users\%username%`, true},
	"userprofile":             {`\users\%username%`, true},
	"appdata":                 {`\users\%username%\appdata\roaming`, true},
	"localappdata":            {`\users\%username%\appdata\local`, true},
	"temp":                    {`\users\%username%\appdata\local\temp`, true},
	"tmp":                     {`\users\%username%\appdata\local\temp`, true},
	"onedrive":                {`\users\%username%\onedrive`, true},
}

// expand replaces a leading %variable% (twice, for %homedrive%%homepath%).
func expand(s string) (expanded string, uncertain bool) {
	for range 2 {
		if !strings.HasPrefix(s, "%") {
			break
		}
		name, rest, found := strings.Cut(s[1:], "%")
		v, known := variables[name]
		if !found || !known {
			break
		}
		s, uncertain = v.path+rest, uncertain || v.user
	}
	return s, uncertain
}

// Join resolves a name that a process used against its current directory. An
// absolute name stays as it is; one rooted without a drive takes the
// directory's drive. Whether Windows would have found a bare name elsewhere
// on its search path is not known here.
func Join(currentDirectory, name string) Path {
	p, dir := ParsePath(name), ParsePath(currentDirectory)
	if dir.Kind == Empty {
		return p
	}
	rootedOnly := p.Kind == Volume && p.Device == "" && strings.HasPrefix(strings.ReplaceAll(p.Display, "/", `\`), `\`) &&
		!strings.HasPrefix(lower(p.Display), `\systemroot`)
	var joined Path
	switch {
	case p.Kind == Bare, p.Kind == Relative && (p.Drive == "" || p.Drive == dir.Drive):
		joined = ParsePath(dir.String() + `\` + strings.Join(p.names(), `\`))
	case p.Kind == Relative:
		joined = ParsePath(p.Drive + `\` + strings.Join(p.names(), `\`))
		joined.Uncertain = true
	case rootedOnly && dir.Kind == Local:
		joined = ParsePath(dir.Drive + p.String())
	default:
		return p
	}
	joined.Display = name
	joined.Uncertain = joined.Uncertain || p.Uncertain || dir.Uncertain
	return joined
}

// blanks may surround a path in a log and cannot end a name.
const blanks = " \t\r\n"

func drivePrefix(s string) bool {
	return len(s) > 1 && s[1] == ':' && 'a' <= s[0] && s[0] <= 'z'
}

// segments cuts at separators and drops empty pieces.
func segments(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\\' })
}

func extension(base string) string {
	if at := strings.LastIndexByte(base, '.'); at >= 0 {
		return base[at:]
	}
	return ""
}

// shortName says whether a segment has the form of a generated 8.3 name.
func shortName(name string) bool {
	stem, ext, _ := strings.Cut(name, ".")
	at := strings.LastIndexByte(stem, '~')
	if at < 1 || len(stem) > 8 || len(ext) > 3 {
		return false
	}
	_, err := strconv.ParseUint(stem[at+1:], 10, 32)
	return err == nil
}

// lower folds case. Invalid UTF-8 becomes the replacement character, so that
// equal bytes stay equal after any number of passes.
func lower(s string) string { return strings.ToLower(strings.ToValidUTF8(s, "\ufffd")) }

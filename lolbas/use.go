package lolbas

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"reeve/cmdline"
)

// Use is what a command line asks of a program.
type Use struct {
	Mode      string    // what it is asked to do: "attach", "convert", "launch", "download", ...; "" when no form was recognised
	Payloads  []Payload // likeliest first
	Abuse     bool      // the line has the form of a documented abuse, which is not to say that it is malicious
	Category  string    // LOLBAS category of that form: Execute, Download, AWL Bypass, ADS, Dump, ...
	Technique string    // its ATT&CK id
	Hidden    string    // where to look when the line does not name, or only contains, what is run; a noun phrase
	Says      string    // one sentence; "" when no form was recognised
}

// Payload is something that a command line names to be run, fetched, written or attached to.
type Payload struct {
	Kind   PayloadKind
	Target string // file, address, class id, process name or id; of a command and of inline script all of it
	Args   string // what follows the target: the payload's own arguments, as written
}

// PayloadKind is the closed list of what can be run.
type PayloadKind string

// The kinds of payload. The names in JSON are stable.
const (
	PayloadExe       PayloadKind = "exe"       // a native program
	PayloadCmd       PayloadKind = "cmd"       // a command line for a shell or launcher
	PayloadDLL       PayloadKind = "dll"       // a native library
	PayloadDotNet    PayloadKind = "dotnet"    // an assembly, a project or source that is compiled and run
	PayloadScript    PayloadKind = "script"    // a script file, or script text on the line
	PayloadMSI       PayloadKind = "msi"       // an installer package or transform
	PayloadINF       PayloadKind = "inf"       // an INF file
	PayloadScriptlet PayloadKind = "scriptlet" // a COM scriptlet
	PayloadHTA       PayloadKind = "hta"       // an HTML application or compiled help
	PayloadCOM       PayloadKind = "com"       // a class id
	PayloadWMI       PayloadKind = "wmi"       // a MOF file
	PayloadRemote    PayloadKind = "remote"    // an address to fetch from or send to
	PayloadAttach    PayloadKind = "attach"    // a running process, by id or name
	PayloadFile      PayloadKind = "file"      // a file that is read or written, not run
	PayloadNone      PayloadKind = "none"      // nothing is run
	PayloadUnknown   PayloadKind = "unknown"   // a name whose meaning lies elsewhere, as of a registry key
)

// HasGrammar says whether the command line of an entry, named as LOLBAS spells it in any case, can be read.
func HasGrammar(name string) bool { return grammar()[strings.ToLower(name)] != nil }

// Parse tells what a full command line, program included, asks of an entry, named as LOLBAS spells it in any case. For a library
// or a script the line is that of the program which loads it. The zero value means that the line has no form that is known.
func Parse(name, line string) Use {
	u, _ := parse(name, line, 0)
	return u
}

// parse also says whether the form is the program's own purpose as much as its abuse.
func parse(name, text string, depth int) (u Use, dual bool) {
	r := grammar()[strings.ToLower(name)]
	if r == nil {
		return Use{}, false
	}
	l := r.cut(text, depth)
	if l == nil {
		return Use{}, false
	}
	if len(l.args) == 1 && strings.Contains(" /? -? /help -help --help -h /h ", " "+l.joined+" ") {
		return Use{Mode: "help", Says: "It was asked to help."}, false
	}
	if u, dual, ok := special(r, l); ok {
		return u, dual
	}
	for i := range r.forms {
		if f := &r.forms[i]; f.fits(r, l) {
			return f.use(r, l), f.dual
		}
	}
	return Use{}, false
}

func (f *usage) fits(r *row, l *line) bool {
	for i := range f.conditions {
		if !r.holds(&f.conditions[i], l) {
			return false
		}
	}
	return true
}

// use makes the answer of a form that fits.
func (f *usage) use(r *row, l *line) Use {
	u := Use{Mode: f.mode, Abuse: f.abuse, Category: f.category, Technique: f.technique, Hidden: f.hidden}
	for _, s := range f.payloads {
		for _, place := range s.places {
			if target, args := r.take(place, l); target != "" {
				if p, ok := payload(s.kind, target, args); ok {
					u.Payloads = append(u.Payloads, p)
				}
				break
			}
		}
	}
	u.Says = u.sentence(f.dual)
	return u
}

// payload settles kind, target and arguments. A console host is looked through, and alone it is no payload, nor is a crash
// handler.
func payload(kind PayloadKind, target, args string) (Payload, bool) {
	if kind == "auto" {
		kind = kindOf(target)
	}
	switch kind {
	case PayloadCmd:
		if args != "" {
			target, args = quote(target)+" "+args, ""
		}
	case PayloadExe:
		if args == "" && strings.ContainsAny(target, ` "`) {
			if program, rest := cmdline.Program(target); target[0] == '"' || !strings.Contains(target, `\`) || nature("@code", program, nil) {
				target, args = program, rest
			}
		}
		for range maxDepth {
			if folder := strings.LastIndexAny(target, `\/`); folder >= 0 && !nature("@guarded", target, nil) {
				break // a helper lies where only administrators write
			}
			switch base := strings.ToLower(target[strings.LastIndexAny(target, `\/`)+1:]); strings.TrimSuffix(base, ".exe") {
			case "conhost", "openconsole":
				target, args = cmdline.Program(strings.TrimPrefix(strings.TrimPrefix(args, "--headless"), " "))
			case "werfault", "werfaultsecure", "wermgr":
				return Payload{}, false
			}
		}
		if strings.HasPrefix(strings.ToLower(target), "0x") { // a console handle
			return Payload{}, false
		}
	case PayloadDotNet:
		target, _, _ = strings.Cut(target, ";")
	}
	return Payload{kind, target, args}, target != ""
}

func quote(s string) string {
	if strings.Contains(s, " ") && !strings.HasPrefix(s, `"`) {
		return `"` + s + `"`
	}
	return s
}

// kindByExt is what running a file of that extension means.
var kindByExt = map[string]PayloadKind{
	".exe": PayloadExe, ".com": PayloadExe, ".scr": PayloadExe, ".pif": PayloadExe,
	".dll": PayloadDLL, ".cpl": PayloadDLL, ".ocx": PayloadDLL, ".ax": PayloadDLL,
	".bat": PayloadCmd, ".cmd": PayloadCmd,
	".ps1": PayloadScript, ".psm1": PayloadScript, ".js": PayloadScript, ".jse": PayloadScript, ".vbs": PayloadScript, ".vbe": PayloadScript, ".wsf": PayloadScript, ".xsl": PayloadScript, ".py": PayloadScript,
	".msi": PayloadMSI, ".msp": PayloadMSI, ".mst": PayloadMSI,
	".inf": PayloadINF, ".sct": PayloadScriptlet, ".wsc": PayloadScriptlet, ".hta": PayloadHTA, ".chm": PayloadHTA, ".mof": PayloadWMI,
	".csproj": PayloadDotNet, ".vbproj": PayloadDotNet, ".fsproj": PayloadDotNet, ".proj": PayloadDotNet, ".sln": PayloadDotNet,
	".cs": PayloadDotNet, ".csx": PayloadDotNet, ".fsx": PayloadDotNet, ".fsscript": PayloadDotNet, ".xoml": PayloadDotNet,
}

func kindOf(target string) PayloadKind {
	if urlIn(target) != "" {
		return PayloadRemote
	}
	p := cmdline.ParsePath(target)
	if p.Stream != "" {
		p = cmdline.ParsePath(p.Stream)
	}
	if kind, ok := kindByExt[p.Ext]; ok {
		return kind
	}
	return PayloadFile
}

// maxSaid is how much of a target a sentence repeats.
const maxSaid = 160

func (u *Use) sentence(dual bool) string {
	what := u.Mode
	if len(u.Payloads) > 0 {
		target := strings.ToValidUTF8(u.Payloads[0].Target, "\ufffd")
		if len(target) > maxSaid {
			end := maxSaid
			for !utf8.RuneStart(target[end]) {
				end--
			}
			target = target[:end] + "..."
		}
		what = fmt.Sprintf("%s %q", u.Mode, target)
	}
	says := "It was asked to " + what
	switch {
	case u.Abuse && dual:
		says += fmt.Sprintf(", which is its purpose and has the form of a documented abuse (%s, %s) as well", u.Category, u.Technique)
	case u.Abuse:
		says += fmt.Sprintf(", the form of a documented abuse (%s, %s)", u.Category, u.Technique)
	}
	if u.Hidden != "" {
		says += "; what it runs is not on the command line, look at " + u.Hidden
	}
	return says + "."
}

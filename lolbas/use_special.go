package lolbas

import (
	"path"
	"slices"
	"strings"

	"reeve/cmdline"
)

// special reads the lines of programs that are hosts for others or that have a language of their own.
func special(r *row, l *line) (u Use, dual, ok bool) {
	switch strings.ToLower(r.name) {
	case "rundll32.exe":
		return l.rundll32(r)
	case "cscript.exe", "wscript.exe":
		return l.listedScript()
	case "powershell.exe":
		if u, dual, ok = l.listedScript(); !ok {
			u, dual = l.powershell()
		}
		return u, dual, true
	case "cmd.exe":
		u, ok = l.cmd()
		return u, false, ok
	}
	return Use{}, false, false
}

// listedScript reads a line as that of the listed script that it names, if it abuses it.
func (l *line) listedScript() (u Use, dual, ok bool) {
	if l.depth >= maxDepth {
		return Use{}, false, false
	}
	for i := range entries {
		if e := &entries[i]; e.Kind == Script && strings.Contains(l.low, strings.ToLower(e.Name)) {
			if u, dual = parse(e.Name, l.raw, l.depth+1); u.Abuse {
				return u, dual, true
			}
		}
	}
	return Use{}, false, false
}

// called are libraries of Windows that are known to be called by their bare name. Another bare name is found in the working folder.
var called = strings.Fields("aclui acproxy advapi32 advpack aeinv aeinvext aepdu amstream apphelp appraiser appwiz appxdeploymentclient appxdeploymentextensions.onecore bfe bthprops cabview cdosys certutil ciadmin comctl32 cmcfg32 comsvcs console cryptext cryptui davclnt desk " +
	"devmgr dfshim difxapi diskcopy dfdts display dsprop dsquery dsuiext edgehtml fdprint firewall fldrclnr fwcfg gameux generaltel gpedit hdwwiz hotplug icmui iedkcs32 ieframe iernonce iesetup inetcpl inetctl input " +
	"intl invagent ipnathlp irprops joy keymgr main mapi32 mmsys modemui mscms msctf mshtml msrating mycomput ncpa ndfapi netid newdev netplwiz ntlanui ntprint nvcpl occache odbccp32 pcasvc pcwutl pla pnidui powrprof " +
	"powercfg printui rasdlg recovery scrobj sendmail setupapi shdocvw shell32 shimgvw shsetup shwebsvc speech spoolss srclient startupscan stobject sti_ci storagewmi sysdm sysmain tapi32 telephon themecpl tsworkspace " +
	"themeui timedate tabletpc twinui uiribbon url usbui user32 usercpl uxtheme van wdi werconcpl wiashext windows.storage.applicationdata wininet winethc winmm wscui wshext wsecedit xpsrchvw zipfldr")

// rundll32 reads "rundll32 library,function arguments". A listed library has a grammar of its own.
func (l *line) rundll32(r *row) (u Use, dual, ok bool) {
	if len(l.plain) == 0 || l.depth >= maxDepth {
		return Use{}, false, false
	}
	for _, script := range []string{"javascript:", "vbscript:", "script:http", "runhtmlapplication"} {
		if strings.Contains(l.low[l.from:], script) {
			u := Use{Mode: "run script", Abuse: true, Category: "Execute", Technique: "T1218.011", Payloads: []Payload{{PayloadScript, strings.TrimSpace(l.raw[l.from:]), ""}}}
			u.Says = u.sentence(false)
			return u, false, true
		}
	}
	t := l.plain[0]
	file, export, _ := strings.Cut(t.Text, ",")
	if file = strings.Trim(file, `" `); file == "" {
		return Use{}, false, false
	}
	args := cmdline.Rest(l.raw, t.End)
	if export == "" { // "x.dll, Function" and "x.dll Function"
		word, rest, _ := strings.Cut(strings.TrimLeft(args, ", "), " ")
		export, args = word, strings.TrimSpace(rest)
	}
	p := cmdline.ParsePath(file)
	name := strings.TrimSuffix(p.Base, p.Ext)
	for _, e := range slices.Concat(ByName(name+".dll"), ByName(name+".cpl")) {
		if p.Stream != "" || e.Kind != Library || p.Kind != cmdline.Bare && !nature("@guarded", file, l) {
			continue
		}
		if u, dual = parse(e.Name, l.raw, l.depth+1); u.Mode != "" {
			return u, dual, true
		}
	}
	u = Use{Mode: "call", Payloads: []Payload{{PayloadDLL, file, strings.TrimSpace(export + " " + args)}}}
	customAction := strings.HasPrefix(p.Base, "msi") && p.Ext == ".tmp" && strings.EqualFold(export, "zzzzInvokeManagedCustomActionOutOfProc") && strings.HasPrefix(args, "SfxCA_")
	switch {
	case stream(p):
		u.Abuse, u.Category, u.Technique = true, "ADS", "T1564.004"
	case customAction || nature("@guarded", file, l):
	case p.Kind == cmdline.Bare:
		u.Abuse = !slices.Contains(called, name)
	case p.Kind == cmdline.Relative:
		u.Abuse = true
	default:
		u.Abuse = staged(p) || temporary(p) || len(p.Dir) > 0 && p.Dir[0] == "users" || !slices.Contains([]string{"", ".dll", ".cpl", ".ocx", ".ax", ".drv"}, p.Ext)
	}
	if u.Abuse && u.Category == "" {
		u.Category, u.Technique = "Execute", "T1218.011"
	}
	u.Says = u.sentence(false)
	return u, false, true
}

// cmd reads what cmd.exe is told to run. Abuse is only what needs cmd itself: streams, and copying through type.
func (l *line) cmd() (Use, bool) {
	inner, ok := cmdline.StripCmdWrapper(l.raw)
	if !ok {
		inner = strings.TrimSpace(l.raw[l.from:])
	}
	if inner == "" {
		return Use{Mode: "open", Says: "It was asked to open."}, true
	}
	u := Use{Mode: "run", Payloads: []Payload{{PayloadCmd, inner, ""}}}
	in, out := redirected(inner, '<'), redirected(inner, '>')
	var source cmdline.Path
	word, rest, _ := strings.Cut(inner, " ")
	if strings.EqualFold(word, "type") {
		rest, _, _ = strings.Cut(rest, ">")
		source = cmdline.ParsePath(rest)
	}
	from := func(p cmdline.Path) bool {
		return p.WebDAV() || p.Kind == cmdline.Remote && slices.Contains(code, p.Ext)
	}
	switch {
	case stream(out):
		u.Mode, u.Category, u.Technique = "hide", "ADS", "T1564.004"
	case stream(in):
		u.Mode, u.Category, u.Technique = "run", "ADS", "T1059.003"
	case out.Kind != cmdline.Empty && from(source):
		u.Mode, u.Category, u.Technique = "download", "Download", "T1105"
	case out.WebDAV() && source.Kind != cmdline.Empty:
		u.Mode, u.Category, u.Technique = "upload", "Upload", "T1048.003"
	}
	u.Abuse = u.Category != ""
	u.Says = u.sentence(false)
	return u, true
}

// redirected gives the first file that a command reads from or writes to by < or >.
func redirected(command string, sign byte) cmdline.Path {
	quoted := false
	for i := range len(command) {
		switch command[i] {
		case '"':
			quoted = !quoted
		case sign:
			if quoted {
				continue
			}
			rest := strings.TrimLeft(command[i:], string(sign)+" ")
			if strings.HasPrefix(rest, `"`) {
				rest, _, _ = strings.Cut(rest[1:], `"`)
			} else if end := strings.IndexAny(rest, " &|<>)"); end >= 0 {
				rest = rest[:end]
			}
			return cmdline.ParsePath(rest)
		}
	}
	return cmdline.Path{}
}

// powershellValued are PowerShell's parameters that take a value, and the shortest beginning of each that it accepts.
var powershellValued = []struct{ name, least string }{
	{"command", "c"}, {"encodedcommand", "e"}, {"ec", "ec"}, {"file", "f"}, {"executionpolicy", "ex"}, {"ep", "ep"}, {"windowstyle", "w"}, {"version", "v"}, {"configurationname", "config"},
	{"inputformat", "inp"}, {"if", "if"}, {"outputformat", "o"}, {"psconsolefile", "psc"}, {"workingdirectory", "wo"}, {"custompipename", "cus"}, {"settingsfile", "settings"}, {"encodedarguments", "encodeda"},
}

// powershell reads the parameters up to the script. Much administration runs scripts and even encoded commands; abuse is what is
// fetched, unpacked, encoded behind a hidden window, or taken from where things are put to be run and forgotten. To fetch a program
// and start it is what those do who set up a machine, too.
func (l *line) powershell() (u Use, dual bool) {
	hidden, text, file, encoded, args := false, "", "", false, ""
	for i := 0; i < len(l.args) && text == "" && file == ""; i++ {
		t := l.args[i]
		name, dashed := (&row{}).optionText(t.Text)
		name, value, glued := strings.Cut(strings.ToLower(name), ":")
		at := slices.IndexFunc(powershellValued, func(v struct{ name, least string }) bool {
			return strings.HasPrefix(v.name, name) && strings.HasPrefix(name, v.least)
		})
		switch {
		case !dashed && strings.HasSuffix(strings.ToLower(t.Text), ".ps1"):
			file, args = t.Text, cmdline.Rest(l.raw, t.End)
		case !dashed:
			text = l.remainder(i)
		case at < 0:
		case i+1 == len(l.args) && !glued:
		case powershellValued[at].name == "command":
			text = l.remainder(i + 1)
		case powershellValued[at].name == "encodedcommand", powershellValued[at].name == "ec":
			encoded = true
			if text, _ = cmdline.EncodedCommand(l.raw); text == "" {
				text = l.args[min(i+1, len(l.args)-1)].Text
			}
		case powershellValued[at].name == "file":
			file, args = l.args[min(i+1, len(l.args)-1)].Text, cmdline.Rest(l.raw, l.args[min(i+1, len(l.args)-1)].End)
		default:
			if !glued {
				i++
				value = strings.ToLower(l.args[i].Text)
			}
			hidden = hidden || powershellValued[at].name == "windowstyle" && (strings.HasPrefix(value, "h") || value == "1")
		}
	}
	u = Use{Mode: "run", Category: "Execute", Technique: "T1059.001"}
	text = unquote(text)
	program, rest := started(text)
	if strings.HasSuffix(strings.ToLower(program), ".ps1") {
		file, args = program, rest
	}
	p := cmdline.ParsePath(file)
	switch {
	case file != "":
		u.Payloads = []Payload{{PayloadScript, file, args}}
		u.Abuse = stream(p) || staged(p) && p.Kind != cmdline.Remote || p.WebDAV() || path.Ext(file) != "" && temporary(p) && hidden
	case text != "":
		u.Payloads = []Payload{{PayloadCmd, text, ""}}
		p = cmdline.ParsePath(program)
		u.Abuse = says(text, cradles) || (encoded || hidden) && says(text, disguises) || encoded && hidden || stream(p) || staged(p)
		if dual = !u.Abuse && fetchesAndStarts(text); dual {
			u.Abuse = true
		}
	default:
		return Use{Mode: "open", Says: "It was asked to open."}, false
	}
	if !u.Abuse {
		u.Category, u.Technique = "", ""
	}
	u.Says = u.sentence(dual)
	return u, dual
}

// remainder is the line from its nth argument on, as written, or what a single quoted argument says.
func (l *line) remainder(n int) string {
	switch {
	case n >= len(l.args):
		return ""
	case n == len(l.args)-1 && l.args[n].Quoted && strings.HasPrefix(l.args[n].Raw, `"`):
		return l.args[n].Text
	}
	return strings.TrimSpace(l.raw[l.args[n].Start:])
}

// starters are the ways in which a script starts another file.
var starters = []string{"& ", ". ", "start-process ", "start ", "saps ", "invoke-item ", "ii ", "-filepath ", "-file "}

// started gives the file that a script begins by starting, and what follows it; "" when it begins otherwise.
func started(text string) (file, rest string) {
	for again := true; again; {
		again = false
		for _, s := range starters {
			if len(text) > len(s) && strings.EqualFold(text[:len(s)], s) {
				text, again = strings.TrimLeft(text[len(s):], " "), true
			}
		}
	}
	if text == "" {
		return "", ""
	}
	end := strings.IndexAny(text, " ;|({")
	if quote := text[0]; quote == '\'' || quote == '"' {
		text = text[1:]
		end = strings.IndexByte(text, quote)
	}
	if end < 0 {
		end = len(text)
	}
	if file = text[:end]; !strings.ContainsAny(file, `\/`) || strings.Contains(file, "$") {
		return "", ""
	}
	return file, strings.TrimLeft(text[end:], `"' `)
}

// fetchers are the commands by which a script fetches a file.
var fetchers = []string{"invoke-webrequest", "iwr ", "invoke-restmethod", "irm ", "curl ", "curl.exe ", "wget ", "wget.exe "}

// fetchesAndStarts says whether a script fetches a file that can be run and starts something behind that.
func fetchesAndStarts(text string) bool {
	url := urlIn(text)
	if url == "" || !says(text, fetchers) || !slices.Contains(code, cmdline.ParsePath(url).Ext) {
		return false
	}
	_, rest, _ := strings.Cut(text, url)
	for {
		_, after, found := strings.Cut(rest, ";")
		if !found {
			return false
		}
		rest = strings.TrimLeft(after, " ")
		for _, s := range starters {
			if len(rest) > len(s) && strings.EqualFold(rest[:len(s)], s) {
				return true
			}
		}
		if file, _ := started(rest); file != "" && slices.Contains(code, cmdline.ParsePath(file).Ext) {
			return true
		}
	}
}

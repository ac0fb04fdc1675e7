package questions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/cmdline"
	"reeve/internal/coverage"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

var payload = playbook.Question{
	ID:     "payload",
	Text:   "What did it run?",
	Values: []string{"exe", "cmd", "dll", "dotnet", "script", "msi", "inf", "scriptlet", "hta", "com", "wmi", "remote", "attach", "file", "none", "unknown"},
	Core:   true,
	Doc: playbook.Doc{
		Why:         "The program is genuine; what it was made to run decides.",
		Supports:    "A payload that lies where anybody can write, is unsigned, remote, encoded or disguised; another payload than the command line names; a planted library; the form of a documented abuse.",
		Refutes:     "Ordinary use that runs nothing, or a payload that the command line names and that is signed or lies where only administrators write. Shells, interpreters and programs that LOLBAS lists never refute: they carry what somebody else wrote.",
		BlindSpots:  "About forty programs never name their payload on the command line. Libraries show only with image-load events, which most configurations leave off. Console hosts and crash handlers are no payload. A command line can be overwritten after the start.",
		KnownBenign: "A developer's own build is unsigned, rare and lies in the profile. A shell is what build and setup tools start all day: alone it decides nothing.",
	},
	Ask: askPayload,
}

// Use is what the subject's command line asks of its program; the zero value when that is not known.
func Use(v *playbook.View) lolbas.Use {
	line := v.Get(reeve.AttrCommandLine)
	if v.LOLBin == nil || line == "" {
		return lolbas.Use{}
	}
	return lolbas.Parse(v.LOLBin.Name, line)
}

// Payloads are what the subject ran or was told to run, likeliest first: named and seen, then named, then seen.
func Payloads(v *playbook.View) []reeve.Payload {
	children := payloadChildren(v)
	own := len(children)
	children = append(children, startedByOthers(v)...)
	used := map[reeve.ProcID]bool{}
	var both, told, seen []reeve.Payload
	for _, p := range Use(v).Payloads {
		if p.Kind == lolbas.PayloadNone || p.Kind == lolbas.PayloadUnknown {
			continue
		}
		out := reeve.Payload{Kind: string(p.Kind), Image: resolve(v, p), CommandLine: strings.TrimSpace(p.Target + " " + p.Args), Refs: v.SubjectRefs()}
		switch c, e := childOf(v, children, p, out.Image), loadOf(v, p, out.Image); {
		case p.Kind == lolbas.PayloadAttach:
			if refs := attached(v, p.Target); refs != nil {
				out.Refs = playbook.Distinct(slices.Concat(out.Refs, refs))
			}
			both = append(both, out)
		case c != nil:
			used[c.ID] = true
			fill(v, &out, c)
			both = append(both, out)
		case e != nil:
			out.Image, out.Hashes = e.Get(reeve.AttrLoadedImage), playbook.Hashes(e.Get(reeve.AttrHashes))
			out.Refs = playbook.Distinct(append(slices.Clone(out.Refs), e.Ref))
			both = append(both, out)
		default:
			told = append(told, out)
		}
	}
	for i := range children[:own] {
		if c := &children[i]; !used[c.ID] {
			out := reeve.Payload{Kind: playbook.PayloadKind(c.Image), Image: c.Image}
			fill(v, &out, c)
			seen = append(seen, out)
		}
	}
	return slices.Concat(both, told, seen)
}

// known is a payload with where the knowledge comes from: the command line, or records of it running.
type known struct {
	*reeve.Payload
	told, seen bool
}

// knownPayloads reads that off the order of Payloads: as many as the command line names come first.
func knownPayloads(v *playbook.View) []known {
	named := 0
	for _, p := range Use(v).Payloads {
		if p.Kind != lolbas.PayloadNone && p.Kind != lolbas.PayloadUnknown {
			named++
		}
	}
	children := payloadChildren(v)
	out := make([]known, len(v.Payloads))
	for i := range v.Payloads {
		p := &v.Payloads[i]
		out[i] = known{p, i < named, i >= named || slices.ContainsFunc(p.Refs, func(r reeve.Ref) bool { return !slices.Contains(v.SubjectRefs(), r) }) ||
			slices.ContainsFunc(children, func(c reeve.Process) bool { return c.Image != "" && strings.EqualFold(c.Image, p.Image) })}
	}
	return out
}

// Companions are files that decide what the subject ran and whose arrival matters: the libraries it loaded from a place that
// anybody can write to, and by name those that its program puts into other processes.
func Companions(v *playbook.View) []string {
	var out []string
	if v.LOLBin != nil {
		out = strings.Fields(sideloaded[strings.ToLower(v.LOLBin.Name)])
	}
	for _, e := range v.Deeds([]reeve.ProcID{v.Process.ID}, reeve.ImageLoad) {
		if path := e.Get(reeve.AttrLoadedImage); lolbas.Writable(path) && !strings.EqualFold(path, v.Process.Image) && !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return out
}

// maxChildren bounds what is looked at of a program that starts thousands, as the desktop does.
const maxChildren = 128

// payloadChildren are the subject's own children without console hosts and crash handlers.
func payloadChildren(v *playbook.View) []reeve.Process {
	var out []reeve.Process
	for _, id := range v.Graph.Children(v.Process.ID) {
		if p := v.Graph.Process(id); len(out) < maxChildren && !isHelper(v, &p) && !v.Desktop() {
			out = append(out, p)
		}
	}
	return out
}

// startedByOthers are programs that a service or broker started within a minute after the subject: it may have asked for them.
// They are payloads only when the command line names them.
func startedByOthers(v *playbook.View) []reeve.Process {
	var out []reeve.Process
	for _, e := range v.Of(reeve.ProcessStart) {
		p := v.Graph.Process(v.By(e))
		if since := e.Time - v.Time(); since >= 0 && since <= reeve.Minute && p.Parent != 0 && p.Parent != v.Process.ID && p.ID != v.Process.ID &&
			playbook.OneOf(v.Graph.Process(p.Parent).Image, "svchost.exe services.exe wmiprvse.exe dllhost.exe msiexec.exe explorer.exe taskeng.exe") && lolbas.InWindows(v.Graph.Process(p.Parent).Image) {
			out = append(out, p)
		}
	}
	return out
}

// resolve gives the payload's path as far as the record tells: a relative one is taken against the working directory, a bare
// name stays one, because Windows looks for it in many places.
func resolve(v *playbook.View, p lolbas.Payload) string {
	target := strings.Trim(p.Target, `"`)
	switch p.Kind {
	case lolbas.PayloadAttach, lolbas.PayloadRemote, lolbas.PayloadCOM, lolbas.PayloadWMI, lolbas.PayloadCmd:
		return target
	}
	path := cmdline.ParsePath(target)
	if dir := v.Get(reeve.AttrCurrentDirectory); path.Kind == cmdline.Relative && dir != "" && !strings.ContainsAny(target, `<>"|?*`) && !strings.Contains(target, "://") {
		return strings.TrimRight(dir, `\`) + `\` + strings.TrimPrefix(target, `.\`)
	}
	return target
}

// childOf finds the child that a named payload became: the same file when the line states a folder, else the same name with or
// without .exe; for a command also the shell that was given it.
func childOf(v *playbook.View, children []reeve.Process, p lolbas.Payload, image string) *reeve.Process {
	if p.Kind == lolbas.PayloadCmd {
		image, _ = cmdline.Program(p.Target)
	}
	name, rooted := playbook.Base(image), cmdline.ParsePath(image).Kind == cmdline.Local
	for i := range children {
		c := &children[i]
		if b := playbook.Base(c.Image); name != "" && (b == name || b == name+".exe" || b == name+".com") && (!rooted || cmdline.SameFile(c.Image, image) || cmdline.SameFile(c.Image, image+".exe") || !strings.Contains(c.Image, `\`)) {
			return c
		}
		if e := v.StartOf(*c); p.Kind == lolbas.PayloadCmd && e != nil && playbook.OneOf(c.Image, shells) && strings.Contains(e.Get(reeve.AttrCommandLine), strings.TrimSpace(p.Target)) {
			return c
		}
	}
	return nil
}

func fill(v *playbook.View, out *reeve.Payload, c *reeve.Process) {
	out.Image = c.Image
	if e := v.StartOf(*c); e != nil {
		out.Hashes = playbook.Hashes(e.Get(reeve.AttrHashes))
		if line := e.Get(reeve.AttrCommandLine); line != "" {
			out.CommandLine = line
		}
	}
	out.Refs = playbook.Distinct(append(slices.Clone(out.Refs), c.Refs...))
}

// loadOf finds the record of a library being loaded by the subject: the very file when the line states a folder, for a bare name
// any of that name, one from a place that anybody can write to first.
func loadOf(v *playbook.View, p lolbas.Payload, image string) *reeve.Event {
	name := playbook.Base(image)
	if name == "" || p.Kind == lolbas.PayloadExe || p.Kind == lolbas.PayloadFile {
		return nil
	}
	var found *reeve.Event
	for _, e := range v.Deeds([]reeve.ProcID{v.Process.ID}, reeve.ImageLoad) {
		path := e.Get(reeve.AttrLoadedImage)
		switch l := playbook.Base(path); {
		case l != name && l != name+".dll":
		case strings.Contains(image, `\`) && !cmdline.SameFile(path, image) && !cmdline.SameFile(path, image+".dll"):
		case found == nil, lolbas.Writable(path) && !lolbas.Writable(found.Get(reeve.AttrLoadedImage)):
			found = e
		}
	}
	return found
}

// attached cites the subject's reaching into the process that it was told to attach to.
func attached(v *playbook.View, target string) []reeve.Ref {
	deeds := v.Deeds([]reeve.ProcID{v.Process.ID}, reeve.ProcessAccess, reeve.RemoteThread)
	return playbook.RefsOf(slices.DeleteFunc(deeds, func(e *reeve.Event) bool { return !playbook.Reaches(e, target) }))
}

const interpreters = shells + " wscript.exe cscript.exe mshta.exe python.exe pythonw.exe node.exe java.exe perl.exe ruby.exe rundll32.exe regsvr32.exe"

func askPayload(v *playbook.View) reeve.Answer {
	use := Use(v)
	a := reeve.Answer{Value: "unknown", Stance: reeve.Unknown, Refs: v.SubjectRefs()}
	for i, p := range v.Payloads[:min(len(v.Payloads), 12)] {
		a.Details = append(a.Details, reeve.Detail{Name: fmt.Sprintf("payload %d (%s)", i+1, p.Kind), Value: cmp.Or(p.CommandLine, p.Image, "?"), Refs: p.Refs})
	}
	if use.Mode != "" {
		a.Details = append(a.Details, reeve.Detail{Name: "asked for", Value: use.Mode, Refs: v.SubjectRefs()})
	}
	line, list := v.Get(reeve.AttrCommandLine), knownPayloads(v)
	children := v.Coverage.Speaks(v.Host(), reeve.ProcessStart, "", v.Time(), v.End()).State
	switch {
	case len(v.Payloads) > 0:
		a.Value, a.Stance = v.Payloads[0].Kind, reeve.Neutral
		a.Says = sayPayload(list[0], line)
	case use.Hidden != "":
		a.Says = "The command line never names this program's payload: look at " + use.Hidden + "."
		a.Missing = []reeve.Need{{Needs: "what was there at that time (" + use.Hidden + ")", Enable: "Sysmon events 7, 11, 12 and 13"}}
	case use.Mode != "" || use.Says != "":
		a.Value, a.Stance, a.Says = "none", reeve.Neutral, cmp.Or(use.Says, "The command line asks for nothing to be run.")
	case line == "":
		a.Says = "The evidence states no command line, and no child process was seen."
		a.Missing = []reeve.Need{{Needs: "the command line", Enable: "policy ProcessCreationIncludeCmdLine_Enabled for Security 4688, or Sysmon event 1"}}
	case v.LOLBin == nil && children == coverage.Full:
		a.Value, a.Stance, a.Says = "none", reeve.Neutral, "It started no other program, in a source that logs process starts without selection."
	case v.LOLBin == nil:
		a.Says = "It is no LOLBAS program, so its command line cannot be read, and no child process was seen."
		a.Missing = []reeve.Need{v.Enable(reeve.ProcessStart)}
	case len(cmdline.Split(line)) <= 1:
		a.Value, a.Stance, a.Says = "none", reeve.Neutral, "The command line names nothing to run."
	default:
		a.Says = "The command line has no form that is known for this program, and no child process was seen."
		a.Missing = []reeve.Need{v.Enable(reeve.ImageLoad)}
	}
	weighUse(v, use, list, &a)
	honest := len(list) > 0
	for _, p := range list {
		honest = weighPayload(v, p, &a) && honest
	}
	open := weighLibraries(v, &a)
	e := (*lolbas.Entry)(nil)
	if v.LOLBin != nil {
		e = entry(v.LOLBin.Name)
	}
	settle(&a, use.Category == "Execute" && e != nil && e.Class == lolbas.Developer, honest, open)
	return a
}

// serves tells whether the subject was started as a COM server.
func serves(v *playbook.View) bool {
	return playbook.HasAny(strings.ToLower(v.Get(reeve.AttrCommandLine)), " -embedding| /automation| -automation")
}

func sayPayload(p known, line string) string {
	what, verb := playbook.Quoted(cmp.Or(p.CommandLine, p.Image)), "run "
	switch p.Kind {
	case "file", "remote", "com":
		verb = "use "
	}
	switch {
	case p.Kind == "attach" && p.seen:
		return "It was told to attach to " + what + ", and the records show it reaching into that process; such a run has no child process."
	case p.Kind == "attach":
		return "It was told to attach to " + what + "; such a run has no child process."
	case p.told && p.seen:
		return "It was told to " + verb + what + ", and the records show that it did."
	case p.told:
		return "It was told to " + verb + what + "; no record shows whether it did."
	case line == "":
		return "The records show that it started " + what + "; what it was told to do is not recorded."
	}
	return "The records show that it started " + what + "; its command line does not name it."
}

// weighUse judges the form of the command line, and whether what ran is what it names.
func weighUse(v *playbook.View, use lolbas.Use, list []known, a *reeve.Answer) {
	_, args := cmdline.Args(v.Get(reeve.AttrCommandLine))
	runs := slices.ContainsFunc(list, func(p known) bool { return p.Kind != "file" || !p.told })
	switch {
	case use.Abuse:
		says := "the command line has the form of a documented abuse"
		if use.Category != "" {
			says += " (" + use.Category + ", " + use.Technique + ")"
		}
		a.Signals = append(a.Signals, signal(reeve.SignalDocumentedAbuse, says, v.SubjectRefs()...))
	case use.Mode != "" && use.Mode != "build" && !runs && use.Hidden == "" && len(args) > 0: // without arguments, and in a build without a project, the working directory decides
		a.Signals = append(a.Signals, signal(reeve.SignalOrdinaryUse, "the command line is ordinary use ("+use.Mode+")", v.SubjectRefs()...))
	}
	unseen, other := false, (*known)(nil)
	for i := range list {
		p := &list[i]
		unseen = unseen || p.told && !p.seen && (p.Kind == "exe" || p.Kind == "cmd" && !playbook.OneOf(v.LOLBin.Name, interpreters)) // a script's children are its own affair
		if other == nil && !p.told {
			other = p
		}
	}
	if unseen && other != nil {
		a.Signals = append(a.Signals, signal(reeve.SignalPayloadDiffers, "it started "+playbook.Quoted(other.Image)+", which its command line does not name", other.Refs...))
	}
	if encoded(v.Get(reeve.AttrCommandLine)) {
		a.Signals = append(a.Signals, signal(reeve.SignalPayloadEncoded, "its command line hides or fetches what it runs", v.SubjectRefs()...))
	}
}

// weighPayload judges one payload by place, kind and signature. It returns whether the payload is what the command line names,
// and speaks for ordinary use.
func weighPayload(v *playbook.View, p known, a *reeve.Answer) (honest bool) {
	add := func(code reeve.SignalCode, says string, refs ...reeve.Ref) {
		if !slices.ContainsFunc(a.Signals, func(s reeve.Signal) bool { return s.Code == code }) {
			a.Signals = append(a.Signals, signal(code, says, append(slices.Clip(p.Refs), refs...)...))
		}
	}
	if encoded(p.CommandLine) {
		add(reeve.SignalPayloadEncoded, "what it ran is encoded, hidden or fetched in one step")
	}
	file := p.Image
	if p.Kind == "cmd" && !p.seen {
		file, _ = cmdline.Program(p.Image)
	}
	path := cmdline.ParsePath(file)
	switch {
	case p.Kind == "remote" || path.Kind == cmdline.URL || path.Kind == cmdline.Remote || path.Kind == cmdline.TSClient:
		add(reeve.SignalPayloadRemote, "its payload "+playbook.Quoted(file)+" comes from another machine")
		return false
	case p.Kind == "attach" || p.Kind == "none" || p.Kind == "file":
		return false
	case strings.HasPrefix(strings.ToLower(file), "javascript:") || strings.HasPrefix(strings.ToLower(file), "vbscript:"):
		add(reeve.SignalPayloadInline, "it was given a script on its command line")
		return false
	case path.Stream != "":
		add(reeve.SignalPayloadDisguised, "its payload "+playbook.Quoted(file)+" hides in an alternate data stream")
	case (p.Kind == "exe" || p.Kind == "dll") && playbook.Disguised(path.Base):
		add(reeve.SignalPayloadDisguised, "its payload "+playbook.Quoted(file)+" hides that it is a program")
	}
	carries := carrier(v, p.Payload)
	if playbook.OneOf(file, interpreters) || p.Kind == "cmd" && playbook.OneOf(firstProgram(p.Payload), interpreters) {
		add(reeve.SignalPayloadShell, "it started "+playbook.Quoted(cmp.Or(p.CommandLine, p.Image)))
	}
	made := built(v, file)
	switch {
	case made != nil:
		a.Details = append(a.Details, reeve.Detail{Name: "built", Value: file + ", by " + made.Get(reeve.AttrImage), Refs: []reeve.Ref{made.Ref}})
		honest = p.told
	case lolbas.Writable(file):
		add(reeve.SignalPayloadPlace, "its payload "+playbook.Quoted(file)+" lies where anybody can write")
	case lolbas.Protected(file) && !carries && p.told: // what is seen only may be the doing of a library that is not seen
		add(reeve.SignalPayloadProtected, "its payload "+playbook.Quoted(file)+" lies where only administrators write")
		honest = true
	}
	for i := range v.Events {
		e := &v.Events[i]
		if e.Kind != reeve.ImageLoad || file == "" || playbook.Base(e.Get(reeve.AttrLoadedImage)) != playbook.Base(file) || !cmdline.SameFile(e.Get(reeve.AttrLoadedImage), file) {
			continue
		}
		if _, valid := playbook.Signature(e); valid && !carries && p.told {
			add(reeve.SignalPayloadSigned, "its payload is signed by "+playbook.Quoted(e.Get(reeve.AttrSigner)), e.Ref)
			honest = true
		} else if strings.EqualFold(e.Get(reeve.AttrSigned), "false") && !lolbas.Protected(file) && made == nil {
			add(reeve.SignalPayloadUnsigned, "its payload "+playbook.Quoted(file)+" is not signed", e.Ref)
		}
		break
	}
	return honest
}

// built finds the record of a linker in its own folder having written a file: a developer's own build, which is unsigned and lies
// where its developer can write. Compilers that come with Windows make no such case, anybody has them.
func built(v *playbook.View, file string) *reeve.Event {
	var last *reeve.Event
	for _, e := range v.Of(reeve.FileCreate, reeve.FileExecutable) {
		if path := e.Get(reeve.AttrPath); e.Time <= v.Time() && playbook.Base(path) == playbook.Base(file) && cmdline.SameFile(path, file) {
			last = e
		}
	}
	if last == nil || !playbook.OneOf(last.Get(reeve.AttrImage), "link.exe lld-link.exe") || !lolbas.Protected(last.Get(reeve.AttrImage)) || !genuine(v, v.Graph.Process(v.By(last))) {
		return nil
	}
	return last
}

func firstProgram(p *reeve.Payload) string {
	program, _ := cmdline.Program(p.CommandLine)
	b := playbook.Base(program)
	if b != "" && !strings.Contains(b, ".") {
		b += ".exe"
	}
	return b
}

// cradles are words that fetch and run, or hide a window, in a line for a shell.
var cradles = []string{"downloadstring", "downloadfile", "downloaddata", "frombase64string", "invoke-webrequest", "invoke-restmethod", "invoke-expression", "|iex", "| iex", "iex(", "iex (",
	"-windowstyle hidden", "-w hidden", "-w h ", "net.webclient", "bitstransfer", "[char]", "-bxor", "certutil -urlcache", "certutil.exe -urlcache", "curl http", "reflection.assembly"}

func encoded(line string) bool {
	low := strings.ToLower(line)
	for _, c := range cradles {
		if strings.Contains(low, c) {
			return true
		}
	}
	_, ok := cmdline.EncodedCommand(line)
	return ok
}

// sideloaded names companion libraries by program: their genuine copies lie beside it in its own folder.
var sideloaded = map[string]string{"mftrace.exe": "mfdetours.dll detoured.dll"}

// weighLibraries looks for a planted library: one that bears a companion's name, or lies beside the program, in a place that
// anybody can write to. It returns whether one could have been loaded without a record of it: where anybody can write beside
// the program, the list of loaded libraries is needed before what ran can be called ordinary.
func weighLibraries(v *playbook.View, a *reeve.Answer) (open bool) {
	companions, home := "", false
	if v.LOLBin != nil {
		companions = sideloaded[strings.ToLower(v.LOLBin.Name)]
		if e := entry(v.LOLBin.Name); e != nil {
			at := lolbas.Locate(e, v.Process.Image).Class
			home = at == lolbas.Listed || at == lolbas.ListedForm
		}
	}
	below, _ := v.Descendants()
	tree := append([]reeve.ProcID{v.Process.ID}, playbook.IDs(below)...)
	for _, e := range v.Deeds(tree[:1], reeve.ProcessAccess, reeve.RemoteThread) {
		if slices.ContainsFunc(v.Payloads, func(p reeve.Payload) bool { return p.Kind == "attach" && playbook.Reaches(e, p.Image) }) {
			if id := v.Graph.Find(e.Host, e.Target, e.Time); id != 0 {
				tree = append(tree, id)
			}
		}
	}
	for _, e := range v.Deeds(tree, reeve.ImageLoad) {
		path := e.Get(reeve.AttrLoadedImage)
		named := playbook.OneOf(path, companions)
		beside := v.By(e) == v.Process.ID && cmdline.SameFile(folderOf(path), folderOf(v.Process.Image)) && !cmdline.SameFile(path, v.Process.Image)
		if !named && !beside || !lolbas.Writable(path) {
			continue
		}
		_, valid := playbook.Signature(e)
		unsigned := strings.EqualFold(e.Get(reeve.AttrSigned), "false") || e.Has(reeve.AttrSignatureInfo) && !valid
		says := "the library " + playbook.Quoted(path) + " was loaded from a place that anybody can write to"
		switch {
		case named && unsigned, beside && unsigned && v.LOLBin != nil && !home:
			a.Signals = append(a.Signals, signal(reeve.SignalSideload, says+" and is not validly signed", e.Ref))
			a.Details = append(a.Details, reeve.Detail{Name: "library", Value: path + ", not validly signed", Refs: []reeve.Ref{e.Ref}})
			return true
		case (named || unsigned) && !slices.ContainsFunc(a.Signals, func(s reeve.Signal) bool { return s.Code == reeve.SignalSideloadSuspected }):
			a.Signals = append(a.Signals, signal(reeve.SignalSideloadSuspected, says, e.Ref))
		}
	}
	loads := v.Coverage.Speaks(v.Host(), reeve.ImageLoad, v.Process.Image, v.Time(), v.Time()+reeve.Minute).State
	return loads != coverage.Full && (!lolbas.Protected(v.Process.Image) || companions != "")
}

func folderOf(path string) string { return path[:max(strings.LastIndexAny(path, `\/`), 0)] }

// settle derives the stance: what speaks for abuse outweighs. A documented form alone is not damning where to run others is the
// purpose of a developer's tool and every payload that it names is an ordinary program in its place; and what ran is called
// ordinary only when nothing else can have run unseen.
func settle(a *reeve.Answer, purpose, honest, open bool) {
	against, forIt, form := false, false, false
	for _, s := range a.Signals {
		switch s.Code {
		case reeve.SignalOrdinaryUse:
			against, honest = true, true
		case reeve.SignalPayloadSigned, reeve.SignalPayloadProtected:
			against = true
		case reeve.SignalPayloadShell:
		case reeve.SignalDocumentedAbuse:
			form = true
		default:
			forIt = true
		}
	}
	switch {
	case forIt, form && !(honest && purpose):
		a.Stance = reeve.Supports
	case against && honest && !form && !open && a.Stance != reeve.Unknown:
		a.Stance = reeve.Refutes
	}
}

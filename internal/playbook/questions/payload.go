package questions

import (
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/cmdline"
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
		Supports:    "A payload that lies where anybody can write, is unsigned, remote, encoded or disguised; a shell; the form of a documented abuse.",
		Refutes:     "Ordinary use that runs nothing, or a payload that is signed or lies where only administrators write.",
		BlindSpots:  "About forty programs never name their payload on the command line. Libraries show only with image-load events, which most configurations leave off. Console hosts and crash handlers are no payload.",
		KnownBenign: "A developer's own build is unsigned, rare and lies in the profile.",
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
	used := map[reeve.ProcID]bool{}
	var both, told, seen []reeve.Payload
	for _, p := range Use(v).Payloads {
		if p.Kind == lolbas.PayloadNone || p.Kind == lolbas.PayloadUnknown {
			continue
		}
		out := reeve.Payload{Kind: string(p.Kind), Image: resolve(v, p), CommandLine: strings.TrimSpace(p.Target + " " + p.Args), Refs: v.SubjectRefs()}
		if c := childOf(children, p, out.Image); c != nil {
			used[c.ID] = true
			fill(v, &out, c)
			both = append(both, out)
			continue
		}
		if e := loadOf(v, out.Image); e != nil {
			out.Image, out.Hashes = e.Get(reeve.AttrLoadedImage), playbook.Hashes(e.Get(reeve.AttrHashes))
			out.Refs = playbook.Distinct(append(slices.Clone(out.Refs), e.Ref))
			both = append(both, out)
			continue
		}
		told = append(told, out)
	}
	for i := range children {
		if c := &children[i]; !used[c.ID] {
			out := reeve.Payload{Kind: kindOf(c.Image), Image: c.Image}
			fill(v, &out, c)
			seen = append(seen, out)
		}
	}
	return slices.Concat(both, told, seen)
}

// Companions are files that decide what the subject ran and whose arrival matters: the libraries it loaded from a place that
// anybody can write to.
func Companions(v *playbook.View) []string {
	var out []string
	for _, e := range v.Deeds([]reeve.ProcID{v.Process.ID}, reeve.ImageLoad) {
		if path := e.Get(reeve.AttrLoadedImage); writable(path) && !strings.EqualFold(path, v.Process.Image) && !slices.Contains(out, path) {
			out = append(out, path)
		}
	}
	return out
}

// payloadChildren are the subject's own children without console hosts and crash handlers.
func payloadChildren(v *playbook.View) []reeve.Process {
	var out []reeve.Process
	for _, id := range v.Graph.Children(v.Process.ID) {
		if p := v.Graph.Process(id); !isHelper(p.Image) {
			out = append(out, p)
		}
	}
	return out
}

// resolve gives the payload's path as far as the record tells: a name is looked for in the working directory only when it has a
// folder of its own or nothing else is known.
func resolve(v *playbook.View, p lolbas.Payload) string {
	target := strings.Trim(p.Target, `"`)
	switch p.Kind {
	case lolbas.PayloadAttach, lolbas.PayloadRemote, lolbas.PayloadCOM, lolbas.PayloadWMI, lolbas.PayloadCmd:
		return target
	}
	path := cmdline.ParsePath(target)
	if dir := v.Get(reeve.AttrCurrentDirectory); path.Kind == cmdline.Relative && dir != "" {
		return strings.TrimRight(dir, `\`) + `\` + strings.TrimPrefix(target, `.\`)
	}
	return target
}

// childOf finds the child that a named payload became: same file name, with or without .exe.
func childOf(children []reeve.Process, p lolbas.Payload, image string) *reeve.Process {
	name := base(image)
	if p.Kind == lolbas.PayloadCmd {
		program, _ := cmdline.Program(p.Target)
		name = base(program)
	}
	if name == "" {
		return nil
	}
	for i := range children {
		if b := base(children[i].Image); b == name || b == name+".exe" || b == name+".com" {
			return &children[i]
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

// loadOf finds the record of a library being loaded by the subject.
func loadOf(v *playbook.View, image string) *reeve.Event {
	name := base(image)
	if name == "" {
		return nil
	}
	for _, e := range v.Deeds([]reeve.ProcID{v.Process.ID}, reeve.ImageLoad) {
		if l := base(e.Get(reeve.AttrLoadedImage)); l == name || l == name+".dll" {
			return e
		}
	}
	return nil
}

func kindOf(image string) string {
	switch {
	case oneOf(image, "cmd.exe powershell.exe pwsh.exe"):
		return "cmd"
	case oneOf(image, "wscript.exe cscript.exe"):
		return "script"
	case oneOf(image, "mshta.exe"):
		return "hta"
	case oneOf(image, "msiexec.exe"):
		return "msi"
	}
	return "exe"
}

const interpreters = shells + " wscript.exe cscript.exe mshta.exe python.exe rundll32.exe regsvr32.exe"

func askPayload(v *playbook.View) reeve.Answer {
	use := Use(v)
	a := reeve.Answer{Value: "unknown", Stance: reeve.Unknown, Refs: v.SubjectRefs()}
	for i, p := range v.Payloads {
		a.Details = append(a.Details, reeve.Detail{Name: fmt.Sprintf("payload %d (%s)", i+1, p.Kind), Value: nonEmpty(p.CommandLine, p.Image, "?")[0], Refs: p.Refs})
		if i == 11 {
			break
		}
	}
	if use.Mode != "" {
		a.Details = append(a.Details, reeve.Detail{Name: "asked for", Value: use.Mode})
	}
	switch {
	case len(v.Payloads) > 0:
		a.Value, a.Stance = v.Payloads[0].Kind, reeve.Neutral
		a.Says = sayPayload(v, use)
	case use.Hidden != "":
		a.Says = "The command line never names this program's payload: look at " + use.Hidden + "."
		a.Missing = []reeve.Need{{Needs: "what " + use.Hidden + " held at that time", Enable: "Sysmon events 7, 11, 12 and 13"}}
	case use.Mode != "" || use.Says != "":
		a.Value, a.Stance, a.Says = "none", reeve.Neutral, or(use.Says, "The command line asks for nothing to be run.")
	case v.Get(reeve.AttrCommandLine) == "":
		a.Says = "The evidence states no command line, and no child process was seen."
		a.Missing = []reeve.Need{{Needs: "the command line", Enable: "policy ProcessCreationIncludeCmdLine_Enabled for Security 4688, or Sysmon event 1"}}
	case v.LOLBin == nil || len(cmdline.Split(v.Get(reeve.AttrCommandLine))) <= 1:
		a.Value, a.Stance, a.Says = "none", reeve.Neutral, "The command line names nothing to run, and no child process was seen."
	default:
		a.Says = "The command line has no form that is known for this program, and no child process was seen."
		a.Missing = []reeve.Need{v.Enable(reeve.ImageLoad)}
	}
	weighUse(v, use, &a)
	for i := range v.Payloads {
		weighPayload(v, &v.Payloads[i], &a)
	}
	weighLibraries(v, &a)
	settle(&a)
	return a
}

func sayPayload(v *playbook.View, use lolbas.Use) string {
	p := v.Payloads[0]
	what := quoted(or(p.CommandLine, p.Image))
	ran := len(p.Refs) > len(v.SubjectRefs()) || use.Payloads == nil
	switch {
	case p.Kind == "attach":
		return "It was told to attach to " + what + "; such a run has no child process."
	case ran && len(use.Payloads) > 0:
		return "It was told to run " + what + ", and the records show that it did."
	case ran:
		return "The records show that it started " + what + "; its command line does not name it."
	}
	return "It was told to use " + what + "; no record shows whether that ran."
}

// weighUse judges the form of the command line.
func weighUse(v *playbook.View, use lolbas.Use, a *reeve.Answer) {
	switch {
	case use.Abuse:
		says := "the command line has the form of a documented abuse"
		if use.Category != "" {
			says += " (" + use.Category + ", " + use.Technique + ")"
		}
		a.Signals = append(a.Signals, signal(reeve.SignalDocumentedAbuse, says, v.SubjectRefs()...))
	case use.Mode != "" && a.Value == "none":
		a.Signals = append(a.Signals, signal(reeve.SignalOrdinaryUse, "the command line is ordinary use ("+use.Mode+")", v.SubjectRefs()...))
	}
	if len(v.Payloads) > 1 && len(use.Payloads) > 0 {
		first, told := v.Payloads[0], use.Payloads[0].Kind
		ran := len(first.Refs) > len(v.SubjectRefs())
		seen := v.Payloads[len(v.Payloads)-1]
		if !ran && len(seen.Refs) > 0 && (told == lolbas.PayloadExe || told == lolbas.PayloadCmd) && kindOf(seen.Image) != "" {
			a.Signals = append(a.Signals, signal(reeve.SignalPayloadDiffers, "it started "+quoted(seen.Image)+", which its command line does not name", seen.Refs...))
		}
	}
	if line := v.Get(reeve.AttrCommandLine); line != "" && encoded(line) {
		a.Signals = append(a.Signals, signal(reeve.SignalPayloadEncoded, "its command line hides or fetches what it runs", v.SubjectRefs()...))
	}
}

// weighPayload judges one payload by place, kind and signature.
func weighPayload(v *playbook.View, p *reeve.Payload, a *reeve.Answer) {
	add := func(code reeve.SignalCode, says string) {
		for i := range a.Signals {
			if a.Signals[i].Code == code {
				return
			}
		}
		a.Signals = append(a.Signals, signal(code, says, p.Refs...))
	}
	path := cmdline.ParsePath(p.Image)
	switch {
	case p.Kind == "remote" || path.Kind == cmdline.URL || path.Kind == cmdline.Remote || path.Kind == cmdline.TSClient:
		add(reeve.SignalPayloadRemote, "its payload "+quoted(p.Image)+" comes from another machine")
	case p.Kind == "attach" || p.Kind == "none":
	case path.Stream != "":
		add(reeve.SignalPayloadDisguised, "its payload "+quoted(p.Image)+" hides in an alternate data stream")
	case p.Kind == "exe" && disguised(path.Base):
		add(reeve.SignalPayloadDisguised, "its payload "+quoted(p.Image)+" hides that it is a program")
	}
	name := base(p.Image)
	switch {
	case oneOf(name, interpreters) || p.Kind == "cmd" && oneOf(firstProgram(p), interpreters):
		add(reeve.SignalPayloadShell, "it started "+quoted(or(p.CommandLine, p.Image)))
	case writable(p.Image) && p.Kind != "remote" && p.Kind != "attach":
		add(reeve.SignalPayloadPlace, "its payload "+quoted(p.Image)+" lies where anybody can write")
	case protected(p.Image) && p.Kind != "attach" && len(lolbas.ByName(name)) == 0:
		add(reeve.SignalPayloadProtected, "its payload "+quoted(p.Image)+" lies where only administrators write")
	}
	if encoded(p.CommandLine) {
		add(reeve.SignalPayloadEncoded, "what it ran is encoded, hidden or fetched in one step")
	}
	for _, e := range v.Events {
		if e.Kind == reeve.ImageLoad && p.Image != "" && strings.EqualFold(e.Get(reeve.AttrLoadedImage), p.Image) && e.Has(reeve.AttrSigned) {
			if strings.EqualFold(e.Get(reeve.AttrSigned), "true") && strings.EqualFold(e.Get(reeve.AttrSignatureInfo), "valid") {
				add(reeve.SignalPayloadSigned, "its payload is signed by "+quoted(e.Get(reeve.AttrSigner)))
			} else if strings.EqualFold(e.Get(reeve.AttrSigned), "false") {
				add(reeve.SignalPayloadUnsigned, "its payload "+quoted(p.Image)+" is not signed")
			}
			break
		}
	}
}

func firstProgram(p *reeve.Payload) string {
	program, _ := cmdline.Program(p.CommandLine)
	b := base(program)
	if b != "" && !strings.Contains(b, ".") {
		b += ".exe"
	}
	return b
}

// disguised tells names such as report.pdf.exe, and programs without a program's extension.
func disguised(name string) bool {
	stem, ok := strings.CutSuffix(name, ".exe")
	if ok {
		return hasSuffix(stem, ".pdf .doc .docx .xls .xlsx .txt .jpg .jpeg .png .gif .zip .html .mp4 .csv .lnk")
	}
	return hasSuffix(name, ".pdf .docx .xlsx .jpg .jpeg .png .gif .txt .log .dat .tmp .mp4 .csv")
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
// anybody can write to.
func weighLibraries(v *playbook.View, a *reeve.Answer) {
	companions := ""
	if v.LOLBin != nil {
		companions = sideloaded[strings.ToLower(v.LOLBin.Name)]
	}
	folder := strings.ToLower(v.Process.Image[:max(strings.LastIndexAny(v.Process.Image, `\/`), 0)])
	for _, e := range v.Deeds(append([]reeve.ProcID{v.Process.ID}, v.Graph.Children(v.Process.ID)...), reeve.ImageLoad) {
		path := e.Get(reeve.AttrLoadedImage)
		own := v.By(e) == v.Process.ID
		named := oneOf(path, companions)
		beside := own && folder != "" && strings.ToLower(path[:max(strings.LastIndexAny(path, `\/`), 0)]) == folder && !strings.EqualFold(path, v.Process.Image)
		if !named && !beside || !writable(path) {
			continue
		}
		unsigned := strings.EqualFold(e.Get(reeve.AttrSigned), "false") || e.Has(reeve.AttrSignatureInfo) && !strings.EqualFold(e.Get(reeve.AttrSignatureInfo), "valid")
		says := "the library " + quoted(path) + " was loaded from a place that anybody can write to"
		switch {
		case named && unsigned, beside && unsigned && v.LOLBin != nil:
			a.Signals = append(a.Signals, signal(reeve.SignalSideload, says+" and is not validly signed", e.Ref))
			a.Details = append(a.Details, reeve.Detail{Name: "library", Value: path + ", not validly signed", Refs: []reeve.Ref{e.Ref}})
			return
		case named:
			a.Signals = append(a.Signals, signal(reeve.SignalSideloadSuspected, says, e.Ref))
		}
	}
}

// settle derives the stance from the signals: what speaks for abuse outweighs.
func settle(a *reeve.Answer) {
	if a.Stance == reeve.Unknown && len(a.Signals) == 0 {
		return
	}
	against, forIt := false, false
	for _, s := range a.Signals {
		switch s.Code {
		case reeve.SignalOrdinaryUse, reeve.SignalPayloadSigned, reeve.SignalPayloadProtected:
			against = true
		case reeve.SignalPayloadShell:
		default:
			forIt = true
		}
	}
	switch {
	case forIt:
		a.Stance = reeve.Supports
	case against && a.Stance != reeve.Unknown:
		a.Stance = reeve.Refutes
	}
}

func or(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

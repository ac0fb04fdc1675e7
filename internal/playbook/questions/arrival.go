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

var arrival = playbook.Question{
	ID:     "arrival",
	Text:   "How did it get there, binary and payload?",
	Values: []string{"installed", "copied_local", "downloaded", "from_share", "extracted", "removable", "script_written", "predates_evidence", "unknown"},
	Doc: playbook.Doc{
		Why:         "An installer leaves a program with its companions; an intruder leaves one file, minutes before it runs.",
		Supports:    "A browser, script, archive program, share, disk image or copy command put it there within half an hour before it ran; its creation time was changed; its payload carries the mark of the web.",
		Refutes:     "An installer in its own folder wrote the program where only administrators write, and nothing that it ran lies where anybody can put it.",
		BlindSpots:  "File events are logged by selection; renames and overwritten files often leave none; disk images and old archive programs lose the mark of the web. A file older than the evidence is the normal case and says nothing.",
		KnownBenign: "Developers copy and build tools minutes before they run them; software deployment copies from shares; users open what they downloaded.",
	},
	Ask: askArrival,
}

// fresh is how long before its run a file's writing is part of the same story.
const fresh = 30 * reeve.Minute

// writerClasses tell an arrival by the program that wrote the file; the first that fits is taken.
var writerClasses = []struct {
	value, images string
	code          reeve.SignalCode
}{
	{"installed", "msiexec.exe trustedinstaller.exe tiworker.exe wusa.exe poqexec.exe dismhost.exe setup.exe winsdksetup.exe vs_installer.exe vs_setup_bootstrapper.exe officeclicktorun.exe ccmexec.exe ccmsetup.exe", reeve.SignalInstalled},
	{"downloaded", "chrome.exe msedge.exe firefox.exe iexplore.exe opera.exe brave.exe outlook.exe teams.exe curl.exe wget.exe bitsadmin.exe certutil.exe onedrive.exe", reeve.SignalFreshDownload},
	{"extracted", "7zfm.exe 7zg.exe 7z.exe winrar.exe unrar.exe winzip64.exe tar.exe expand.exe", reeve.SignalExtracted},
	{"script_written", "wscript.exe cscript.exe mshta.exe powershell.exe pwsh.exe winword.exe excel.exe powerpnt.exe python.exe", reeve.SignalScriptWritten},
	{"copied_local", "cmd.exe xcopy.exe robocopy.exe explorer.exe dllhost.exe", reeve.SignalCopied},
}

// coming is what is known of one file's arrival.
type coming struct {
	what, path string
	program    bool // the program itself, not a payload
	value      string
	says       string
	at         reeve.Time
	signals    []reeve.Signal
	details    []reeve.Detail
}

func (c *coming) note(value, says string, e *reeve.Event) {
	c.value, c.says, c.at = value, says, e.Time
	c.details = append(c.details, reeve.Detail{Name: c.what, Value: says, Refs: []reeve.Ref{e.Ref}})
}

func (c *coming) say(code reeve.SignalCode, says string, refs ...reeve.Ref) {
	c.signals = append(c.signals, signal(code, says, refs...))
}

func askArrival(v *playbook.View) reeve.Answer {
	list := []*coming{{what: "the program", path: v.Process.Image, program: true}}
	trusted := v.Subject != nil && (len(v.Payloads) > 0 || Use(v).Mode != "")
	for i := range v.Payloads {
		p := &v.Payloads[i]
		if strings.Contains(p.Image, `\`) && p.Kind != "attach" && p.Kind != "file" && len(list) < 12 {
			list = append(list, &coming{what: "its payload", path: p.Image})
		}
		trusted = trusted && (lolbas.Protected(p.Image) || p.Kind == "attach" || p.Kind == "cmd" && !strings.Contains(p.Image, `\`))
	}
	a := reeve.Answer{Value: "unknown", Stance: reeve.Unknown, Refs: v.SubjectRefs()}
	for _, c := range list {
		arrive(v, c)
		a.Details, a.Signals = append(a.Details, c.details...), append(a.Signals, c.signals...)
	}
	program := list[0]
	if device(v, program, &a) {
		return a
	}
	tell := program
	for _, c := range list { // the answer tells what speaks for abuse, else how the program came, else how its payload did
		if len(tell.signals) == 0 && (len(c.signals) > 0 || tell.says == "" && c.says != "") || tell.value == "installed" && len(c.signals) > 0 {
			tell = c
		}
	}
	switch {
	case tell.says == "":
		unseen(v, &a)
	default:
		a.Value, a.Says, a.Stance = tell.value, playbook.Sentence(tell.says), reeve.Neutral
	}
	for i := range a.Signals {
		if a.Signals[i].Code != reeve.SignalInstalled {
			a.Stance = reeve.Supports
		}
	}
	if a.Stance == reeve.Neutral && program.value == "installed" && trusted {
		a.Stance = reeve.Refutes
	}
	return a
}

// device answers for a program that does not lie on the host's own disk.
func device(v *playbook.View, c *coming, a *reeve.Answer) bool {
	path := cmdline.ParsePath(c.path)
	switch path.Kind {
	case cmdline.CDROM, cmdline.Floppy:
		a.Value = "removable"
		a.Signals = append(a.Signals, signal(reeve.SignalRemovable, "it runs from a removable drive or disk image", v.SubjectRefs()...))
	case cmdline.Remote, cmdline.TSClient, cmdline.URL:
		a.Value = "from_share" // the location answer weighs it
	case cmdline.Local:
		for _, e := range v.Of(reeve.DiskImage) {
			if path.Drive == "c:" || e.Time > v.Time() || v.Time()-e.Time > fresh || c.says != "" {
				continue
			}
			a.Value = "removable"
			a.Signals = append(a.Signals, signal(reeve.SignalRemovable, fmt.Sprintf("the disk image %s was mounted %s before it ran from drive %s", playbook.Quoted(cmp.Or(e.Get(reeve.AttrPath), e.Get(reeve.AttrName))), playbook.Ago(v.Time()-e.Time), path.Drive), e.Ref))
		}
	}
	if a.Value == "unknown" {
		return false
	}
	if len(a.Signals) > 0 {
		a.Stance = reeve.Supports
	} else {
		a.Stance = reeve.Neutral
	}
	a.Says = "It was not put on this host's own disk at all: it runs from " + playbook.Quoted(c.path) + "."
	return true
}

// unseen answers when no record shows the program being written: what that means depends on what is logged.
func unseen(v *playbook.View, a *reeve.Answer) {
	for _, id := range v.Graph.ByImageName(playbook.Base(v.Process.Image)) {
		if p := v.Graph.Process(id); p.Host == v.Host() && p.Start != 0 && p.Start < v.Time()-reeve.Day && !p.Inferred && cmdline.SameFile(p.Image, v.Process.Image) {
			a.Value, a.Stance, a.Refs = "predates_evidence", reeve.Neutral, append(slices.Clip(a.Refs), p.Refs[0])
			a.Says = fmt.Sprintf("No record shows it being written; it had run from there %s before.", playbook.Ago(v.Time()-p.Start))
			return
		}
	}
	switch s := v.Coverage.Speaks(v.Host(), reeve.FileCreate, v.Process.Image, v.Time()-fresh, v.Time()); s.State {
	case coverage.Full:
		a.Value, a.Stance = "predates_evidence", reeve.Neutral
		a.Says = "No record shows it being written in the half hour before it ran, though written files were logged without selection: it was there before."
	case coverage.Absent:
		a.Says = "No record shows it being written, and the evidence has no file events from this host: absent or off."
		a.Missing = []reeve.Need{v.Enable(reeve.FileCreate)}
	default:
		a.Stance = reeve.Neutral
		a.Says = "No record shows it being written; files are selectively logged on this host, so that it may be older than the evidence or its writing was left out."
	}
}

// arrive looks for the writing of one file; the last writing before the run tells how it came.
func arrive(v *playbook.View, c *coming) {
	for _, e := range v.Of(reeve.FileCreate, reeve.FileExecutable, reeve.FileStream, reeve.FileTime) {
		path := e.Get(reeve.AttrPath)
		if e.Kind == reeve.FileStream {
			path = path[:len(path)-len(playbook.ZoneStream(path))]
		}
		if e.Time > v.Time()+reeve.Second || v.By(e) == v.Process.ID || playbook.Base(path) != playbook.Base(c.path) || !cmdline.SameFile(path, c.path) {
			continue
		}
		age := max(v.Time()-e.Time, 0)
		writer := e.Get(reeve.AttrImage)
		switch e.Kind {
		case reeve.FileTime:
			says := "the creation time of " + playbook.Quoted(c.path) + " was changed by " + playbook.Quoted(playbook.Base(writer))
			c.details = append(c.details, reeve.Detail{Name: c.what, Value: says, Refs: []reeve.Ref{e.Ref}})
			c.says, c.value = cmp.Or(c.says, says), cmp.Or(c.value, "unknown")
			if !lolbas.Protected(writer) {
				c.say(reeve.SignalTimestomped, says, e.Ref)
			}
		case reeve.FileStream:
			url := playbook.WebMark(e.Get(reeve.AttrContents))
			if url == "" {
				continue
			}
			c.note("downloaded", fmt.Sprintf("%s was downloaded from %s %s before it ran, by its mark of the web", c.what, playbook.Quoted(url), playbook.Ago(age)), e)
			switch {
			case !c.program:
				c.say(reeve.SignalPayloadWebMark, c.says, e.Ref)
			case age <= fresh:
				c.say(reeve.SignalFreshDownload, c.says, e.Ref)
			}
		default:
			written(v, c, e, writer, age)
		}
	}
	commanded(v, c)
	shared(v, c)
}

// written takes a record of the file being written. What an installer writes where anybody can write proves nothing.
func written(v *playbook.View, c *coming, e *reeve.Event, writer string, age reeve.Time) {
	value, code := classOfWriter(v, e, c.path)
	if c.value == "downloaded" && e.Time-c.at < reeve.Minute && value != "installed" {
		value, code = "downloaded", "" // the browser's last step after the mark of the web
	}
	c.note(value, fmt.Sprintf("%s was written by %s %s before it ran", c.what, playbook.Quoted(cmp.Or(playbook.Base(writer), "an unnamed process")), playbook.Ago(age)), e)
	switch {
	case value == "installed":
		if c.program {
			c.say(code, c.says, e.Ref)
		}
	case age > fresh || !c.program && built(v, c.path) != nil:
	case !c.program:
		c.say(reeve.SignalPayloadFresh, c.says, e.Ref)
	case code != "":
		c.say(code, c.says, e.Ref)
	}
}

// classOfWriter tells an arrival by who wrote. Only an installer in a protected place, writing where only administrators write,
// and not of the case's own making, installs.
func classOfWriter(v *playbook.View, e *reeve.Event, path string) (string, reeve.SignalCode) {
	writer, id := e.Get(reeve.AttrImage), v.By(e)
	if strings.EqualFold(writer, "system") || e.Process.PID == 4 {
		return "from_share", reeve.SignalFromShare
	}
	chain := []reeve.Process{{Image: writer}}
	above, _ := v.Graph.Ancestors(id)
	own := slices.Contains(above, v.Process.ID)
	for _, up := range above {
		chain = append(chain, v.Graph.Process(up))
	}
	for i := range chain {
		if playbook.OneOf(chain[i].Image, writerClasses[0].images) && lolbas.Protected(chain[i].Image) && lolbas.Protected(path) && !own {
			return writerClasses[0].value, writerClasses[0].code
		}
	}
	for _, c := range writerClasses[1:] {
		if playbook.OneOf(writer, c.images) {
			return c.value, c.code
		}
	}
	return "unknown", ""
}

// commanded finds a command that copied or moved the file to where it ran from.
func commanded(v *playbook.View, c *coming) {
	const verbs = "copy xcopy xcopy.exe robocopy robocopy.exe move copy-item move-item cpi mi cp mv"
	for _, e := range v.Of(reeve.ProcessStart, reeve.ScriptBlock) {
		line := cmp.Or(e.Get(reeve.AttrCommandLine), e.Get(reeve.AttrContent))
		if e.Time > v.Time() || v.Time()-e.Time > reeve.Day || v.By(e) == v.Process.ID && e.Kind == reeve.ProcessStart {
			continue
		}
		if e.Kind == reeve.ProcessStart && !playbook.OneOf(e.Get(reeve.AttrImage), "cmd.exe powershell.exe pwsh.exe xcopy.exe robocopy.exe") || !copies(line, verbs, e.Get(reeve.AttrCurrentDirectory), c.path) {
			continue
		}
		age := v.Time() - e.Time
		c.note("copied_local", fmt.Sprintf("a command copied %s to where it ran from, %s before: %s", c.what, playbook.Ago(age), playbook.Quoted(line)), e)
		switch {
		case age > fresh:
		case c.program:
			c.say(reeve.SignalCopied, c.says, e.Ref)
		default:
			c.say(reeve.SignalPayloadFresh, c.says, e.Ref)
		}
	}
}

// copies tells whether a line has a verb of copying and, behind it, first another path and then the file or its folder.
func copies(line, verbs, dir, path string) bool {
	folder := path[:max(strings.LastIndexAny(path, `\/`), 0)]
	verb, source := false, false
	if inner, ok := cmdline.StripCmdWrapper(line); ok {
		line = inner
	}
	for _, t := range cmdline.Split(strings.NewReplacer("'", `"`, "\n", " ", "\r", " ", ";", " ", "&", " ", "|", " ").Replace(line)) {
		for _, w := range strings.FieldsFunc(t.Text, func(r rune) bool { return r == '"' || r == '(' && !verb }) {
			if slices.Contains(strings.Fields(verbs), strings.ToLower(w[strings.LastIndexAny(w, `\/ `)+1:])) {
				verb, source = true, false
				continue
			}
			if !verb || strings.HasPrefix(w, "-") || strings.HasPrefix(w, "/") {
				continue
			}
			full := cmdline.Join(dir, w).String()
			if source && folder != "" && (cmdline.SameFile(full, path) || cmdline.SameFile(strings.TrimRight(full, `\`), folder)) {
				return true
			}
			source = true
		}
	}
	return false
}

// Rights of a file handle; a record that states no mask is no proof of writing.
const (
	fileWrite  = 0x2
	fileAppend = 0x4
)

// shared finds the writing of the file through an administrative or other share: the name on the share is the end of its path.
func shared(v *playbook.View, c *coming) {
	for _, e := range v.Of(reeve.ShareAccess) {
		target := strings.ToLower(e.Get(reeve.AttrPath))
		if e.Time > v.Time() || v.Time()-e.Time > reeve.Day || target == "" || !strings.HasSuffix(strings.ToLower(c.path), `\`+strings.TrimLeft(target, `\`)) || playbook.Rights(e)&(fileWrite|fileAppend) == 0 {
			continue
		}
		age := v.Time() - e.Time
		from := cmp.Or(e.Get(reeve.AttrSourceIP), e.Get(reeve.AttrSourceHost), "an unnamed host")
		c.note("from_share", fmt.Sprintf("%s wrote %s on the share %s %s before it ran", from, playbook.Quoted(e.Get(reeve.AttrPath)), playbook.Quoted(e.Get(reeve.AttrName)), playbook.Ago(age)), e)
		switch {
		case age > fresh:
		case c.program:
			c.say(reeve.SignalFromShare, c.says, e.Ref)
		default:
			c.say(reeve.SignalPayloadFresh, c.says, e.Ref)
		}
	}
}

package questions

import (
	"fmt"
	"strings"

	"reeve"
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
		Supports:    "A browser, script, archive program, share or copy command put it there shortly before it ran; its creation time was changed.",
		Refutes:     "An installer or Windows' own servicing wrote it.",
		BlindSpots:  "File events are logged by selection; renames and overwritten files often leave none. A file older than the evidence is the normal case and says nothing.",
		KnownBenign: "Developers copy tools; software deployment copies from shares.",
	},
	Ask: askArrival,
}

// fresh is how long before its run a file's writing is part of the same story.
const fresh = 30 * reeve.Minute

// writerClasses tell an arrival by the program that wrote the file; the first that fits is taken.
var writerClasses = []struct {
	value, images string
	code          reeve.SignalCode
	trusted       bool // the writer must lie where only administrators write
}{
	{"installed", "msiexec.exe trustedinstaller.exe tiworker.exe wusa.exe poqexec.exe dismhost.exe setup.exe winsdksetup.exe vs_installer.exe vs_setup_bootstrapper.exe officeclicktorun.exe ccmexec.exe ccmsetup.exe", reeve.SignalInstalled, true},
	{"downloaded", "chrome.exe msedge.exe firefox.exe iexplore.exe opera.exe brave.exe outlook.exe teams.exe curl.exe wget.exe bitsadmin.exe certutil.exe onedrive.exe", reeve.SignalFreshDownload, false},
	{"extracted", "7zfm.exe 7zg.exe 7z.exe winrar.exe unrar.exe winzip64.exe tar.exe expand.exe", reeve.SignalExtracted, false},
	{"script_written", "wscript.exe cscript.exe mshta.exe powershell.exe pwsh.exe winword.exe excel.exe powerpnt.exe python.exe", reeve.SignalScriptWritten, false},
	{"copied_local", "cmd.exe xcopy.exe robocopy.exe explorer.exe dllhost.exe", reeve.SignalCopied, false},
}

func askArrival(v *playbook.View) reeve.Answer {
	a := reeve.Answer{Value: "unknown", Stance: reeve.Unknown, Refs: v.SubjectRefs()}
	arrive(v, v.Process.Image, "the program", &a)
	value, says := a.Value, a.Says
	for _, p := range v.Payloads {
		if !strings.Contains(p.Image, `\`) || p.Kind == "attach" {
			continue
		}
		before := len(a.Details)
		arrive(v, p.Image, "its payload", &a)
		if len(a.Details) == before || a.Value == value {
			continue
		}
		if value == "unknown" || value == "predates_evidence" {
			value, says = a.Value, a.Says // the payload's arrival is known, the program's is not
		}
	}
	a.Value, a.Says = value, says
	where := lolbas.Place(v.Process.Image)
	if a.Value == "unknown" && where == lolbas.RemotePath {
		a.Value, a.Stance, a.Says = "from_share", reeve.Supports, "It was not put on this host at all: it runs from "+quoted(v.Process.Image)+"."
	}
	if a.Value == "unknown" {
		speech := v.Coverage.Speaks(v.Host(), reeve.FileCreate, v.Process.Image, v.Time()-fresh, v.Time())
		if speech.State != coverage.Absent {
			a.Value, a.Stance = "predates_evidence", reeve.Neutral
			a.Says = "No record shows it being written; it is older than the evidence, or its writing was not logged."
		} else {
			a.Says = "No record shows it being written, and the evidence has no file events from this host."
			a.Missing = []reeve.Need{v.Enable(reeve.FileCreate)}
		}
	}
	for _, s := range a.Signals {
		if s.Code == reeve.SignalInstalled {
			continue
		}
		a.Stance = reeve.Supports
	}
	return a
}

// arrive looks for the writing of one file and notes what it finds. a.Value is set by the last writing that tells something.
func arrive(v *playbook.View, path, what string, a *reeve.Answer) {
	program := what == "the program"
	for _, e := range v.Of(reeve.FileCreate, reeve.FileExecutable, reeve.FileStream, reeve.FileTime) {
		if e.Time > v.Time()+reeve.Second || !samePath(e.Get(reeve.AttrPath), path) {
			continue
		}
		age := v.Time() - e.Time
		writer := e.Get(reeve.AttrImage)
		switch e.Kind {
		case reeve.FileTime:
			a.Details = append(a.Details, reeve.Detail{Name: "creation time changed", Value: fmt.Sprintf("%s, by %s", path, writer), Refs: []reeve.Ref{e.Ref}})
			if !protected(writer) {
				a.Signals = append(a.Signals, signal(reeve.SignalTimestomped, "the creation time of "+quoted(path)+" was changed", e.Ref))
			}
			continue
		case reeve.FileStream:
			if url := webMark(e.Get(reeve.AttrContents)); url != "" {
				a.Value, a.Stance = "downloaded", reeve.Neutral
				a.Says = fmt.Sprintf("%s carries the mark of the web (%s), written %s before it ran.", sentence(what), url, ago(age))
				a.Details = append(a.Details, reeve.Detail{Name: what + ": mark of the web", Value: url, Refs: []reeve.Ref{e.Ref}})
				code := reeve.SignalPayloadWebMark
				if program {
					code = reeve.SignalFreshDownload
				}
				a.Signals = append(a.Signals, signal(code, what+" was downloaded from "+quoted(url), e.Ref))
			}
			continue
		}
		value, code := classOfWriter(v, e)
		a.Details = append(a.Details, reeve.Detail{Name: what + " written", Value: fmt.Sprintf("%s, by %s, %s before it ran", path, writer, ago(age)), Refs: []reeve.Ref{e.Ref}})
		a.Value, a.Stance = value, reeve.Neutral
		a.Says = fmt.Sprintf("%s was written by %s %s before it ran.", sentence(what), quoted(base(writer)), ago(age))
		if value == "installed" {
			a.Stance = reeve.Refutes
		}
		says := fmt.Sprintf("%s was written by %s %s before it ran", what, quoted(base(writer)), ago(age))
		switch {
		case code == reeve.SignalInstalled && program, code != reeve.SignalInstalled && code != "" && program && age <= fresh:
			a.Signals = append(a.Signals, signal(code, says, e.Ref))
		case !program && age <= fresh && code != reeve.SignalInstalled:
			a.Signals = append(a.Signals, signal(reeve.SignalPayloadFresh, says, e.Ref))
		}
	}
	if program {
		copiedBy(v, path, a)
		overShare(v, path, a)
	}
}

func sentence(what string) string { return strings.ToUpper(what[:1]) + what[1:] }

func samePath(a, b string) bool {
	a, _, _ = strings.Cut(strings.TrimPrefix(strings.ToLower(a), `\\?\`), ":zone.identifier")
	return a != "" && strings.EqualFold(a, b)
}

// webMark gives the address in a Zone.Identifier stream: the host address, else the referrer, else the zone.
func webMark(contents string) string {
	zone := ""
	for _, key := range []string{"HostUrl=", "ReferrerUrl="} {
		if _, rest, ok := strings.Cut(contents, key); ok {
			url, _, _ := strings.Cut(strings.TrimLeft(rest, " "), "\n")
			if url = strings.TrimSpace(url); url != "" && url != "about:internet" {
				return url
			}
		}
	}
	if strings.Contains(contents, "ZoneId=3") || strings.Contains(contents, "ZoneId=4") {
		zone = "internet zone"
	}
	return zone
}

func classOfWriter(v *playbook.View, e *reeve.Event) (string, reeve.SignalCode) {
	writer := e.Get(reeve.AttrImage)
	if strings.EqualFold(writer, "system") || e.Process.PID == 4 {
		return "from_share", reeve.SignalFromShare
	}
	for _, c := range writerClasses {
		if oneOf(writer, c.images) && (!c.trusted || protected(writer)) {
			return c.value, c.code
		}
	}
	if id := v.By(e); id != 0 {
		above, _ := v.Graph.Ancestors(id)
		for _, up := range above {
			if p := v.Graph.Process(up); oneOf(p.Image, writerClasses[0].images) && protected(p.Image) {
				return "installed", reeve.SignalInstalled
			}
		}
	}
	return "unknown", ""
}

// copiedBy finds a command that names the program and copies.
func copiedBy(v *playbook.View, path string, a *reeve.Answer) {
	name := base(path)
	if len(name) < 4 {
		return
	}
	for _, e := range v.Of(reeve.ProcessStart, reeve.ScriptBlock) {
		line := strings.ToLower(e.Get(reeve.AttrCommandLine) + e.Get(reeve.AttrContent))
		if e.Time > v.Time() || v.Time()-e.Time > reeve.Day || v.By(e) == v.Process.ID && e.Kind == reeve.ProcessStart || !strings.Contains(line, name) {
			continue
		}
		if !hasAny(line, "copy |xcopy|robocopy|copy-item|move |move-item|cpi ") || e.Kind == reeve.ProcessStart && !oneOf(e.Get(reeve.AttrImage), "cmd.exe powershell.exe pwsh.exe xcopy.exe robocopy.exe") {
			continue
		}
		says := "a command copied it " + ago(v.Time()-e.Time) + " before it ran"
		a.Value, a.Stance, a.Says = "copied_local", reeve.Neutral, sentence(says)+": "+quoted(or(e.Get(reeve.AttrCommandLine), e.Get(reeve.AttrContent)))+"."
		a.Details = append(a.Details, reeve.Detail{Name: "copied", Value: or(e.Get(reeve.AttrCommandLine), e.Get(reeve.AttrContent)), Refs: []reeve.Ref{e.Ref}})
		if v.Time()-e.Time <= fresh {
			a.Signals = append(a.Signals, signal(reeve.SignalCopied, says, e.Ref))
		}
	}
}

// overShare finds the writing of the file through an administrative or other share.
func overShare(v *playbook.View, path string, a *reeve.Answer) {
	name := base(path)
	for _, e := range v.Of(reeve.ShareAccess) {
		target := e.Get(reeve.AttrPath)
		if e.Time > v.Time() || v.Time()-e.Time > reeve.Day || name == "" || base(target) != name {
			continue
		}
		from := or(e.Get(reeve.AttrSourceIP), e.Get(reeve.AttrSourceHost), "an unnamed host")
		says := fmt.Sprintf("%s reached %s on the share %s %s before it ran", from, quoted(target), e.Get(reeve.AttrName), ago(v.Time()-e.Time))
		a.Value, a.Stance, a.Says = "from_share", reeve.Neutral, sentence(says)+"."
		a.Details = append(a.Details, reeve.Detail{Name: "share", Value: says, Refs: []reeve.Ref{e.Ref}})
		if v.Time()-e.Time <= fresh {
			a.Signals = append(a.Signals, signal(reeve.SignalFromShare, says, e.Ref))
		}
	}
}

package questions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/cmdline"
	"reeve/internal/playbook"
	"reeve/internal/process"
	"reeve/lolbas"
)

var origin = playbook.Question{
	ID:   "origin",
	Text: "What started it?",
	Values: []string{"user_click", "typed_shell", "office", "browser", "archive", "script_host", "scheduled_task", "service", "wmi", "winrm", "smb_service",
		"rdp", "dcom", "sql", "web_server", "bits", "com_broker", "autostart", "gpo_script", "management_agent", "developer_tool", "spoofed", "other", "unknown"},
	Core: true,
	Doc: playbook.Doc{
		Why:         "The same command is routine from a developer's prompt and an incident from a mail program or another host.",
		Supports:    "Office, mail, browser, archive, script, web or database server in the chain; a start from another host; a task or service made just before; a parent that cannot have started it, or that runs from where anybody can write.",
		Refutes:     "A known management agent in its own folder in the chain, with nothing between it and the execution that anybody could have put there.",
		BlindSpots:  "A parent that no record names ends the chain. Parent process ids can be forged, which Sysmon alone seldom shows; brokers (UAC, seclogon, DCOM) show another parent by design. Without process GUIDs the links rest on pid and time.",
		KnownBenign: "Brokered starts, installers, software deployment, remote administration; a browser or archive program opens what a user asked for.",
	},
	Ask: askOrigin,
}

// standing is what a program must show before its name is believed.
type standing uint8

const (
	anywhere standing = iota // the name incriminates or says little
	system                   // only in the Windows directory
	managed                  // only where administrators write, and under its original name
)

// initiator is a class of program that begins chains.
type initiator struct {
	value  string
	images string // base names, blank-separated
	args   string // when not empty, one of these (|-separated, lower case) must be on its command line
	where  standing
	says   string
}

// initiators are tried in order for every ancestor, nearest first. Shells are no initiators: they carry what somebody began.
var initiators = []initiator{
	{"dcom", "mmc.exe excel.exe explorer.exe", "-embedding", anywhere, "a DCOM server"},
	{"office", "winword.exe excel.exe powerpnt.exe outlook.exe onenote.exe msaccess.exe mspub.exe visio.exe winproj.exe eqnedt32.exe olk.exe thunderbird.exe acrord32.exe acrobat.exe foxitreader.exe", "", anywhere, "a document or mail program"},
	{"browser", "chrome.exe msedge.exe firefox.exe iexplore.exe opera.exe brave.exe vivaldi.exe browser_broker.exe", "", anywhere, "a browser"},
	{"archive", "7zfm.exe 7zg.exe 7z.exe winrar.exe winzip64.exe winzip32.exe peazip.exe", "", anywhere, "an archive program"},
	{"web_server", "w3wp.exe httpd.exe nginx.exe tomcat.exe tomcat7.exe tomcat8.exe tomcat9.exe php-cgi.exe php.exe iisexpress.exe umworkerprocess.exe ws_tomcatservice.exe", "", anywhere, "a web server"},
	{"sql", "sqlservr.exe sqlagent.exe oracle.exe postgres.exe mysqld.exe", "", anywhere, "a database server"},
	{"wmi", "wmiprvse.exe scrcons.exe", "", system, "Windows Management Instrumentation"},
	{"winrm", "wsmprovhost.exe winrshost.exe", "", system, "Windows Remote Management"},
	{"smb_service", "psexesvc.exe paexec.exe remcomsvc.exe csexecsvc.exe winexesvc.exe", "", anywhere, "a remote-execution service"},
	{"scheduled_task", "taskeng.exe taskhostw.exe taskhost.exe taskhostex.exe", "", system, "the task scheduler"},
	{"scheduled_task", "svchost.exe", "-s schedule", system, "the task scheduler"},
	{"bits", "svchost.exe", "-s bits", system, "the background transfer service"},
	{"com_broker", "svchost.exe", "-s appinfo|-s seclogon|dcomlaunch", system, "a broker that starts programs for others"},
	{"service", "svchost.exe", "-k ", system, "a Windows service"},
	{"gpo_script", "gpscript.exe", "", system, "a group policy script"},
	{"com_broker", "dllhost.exe", "/processid", system, "a COM surrogate"},
	{"com_broker", "consent.exe " + elevated, "", system, "an elevation broker"},
	{"management_agent", "ccmexec.exe ccmsetup.exe microsoft.management.services.intunewindowsagent.exe intunemanagementextension.exe agentexecutor.exe taniumclient.exe pdqdeployrunner-1.exe amazon-ssm-agent.exe ssm-document-worker.exe ltsvc.exe besclient.exe monitoringhost.exe healthservice.exe", "", managed, "management software"},
	{"developer_tool", "devenv.exe msbuild.exe code.exe rider64.exe clion64.exe windbg.exe windbgx.exe vstest.console.exe testhost.exe agent.worker.exe runner.worker.exe jenkins.exe mspdbsrv.exe vsdebugconsole.exe qtcreator.exe", "", managed, "a developer's tool"},
	{"script_host", "wscript.exe cscript.exe mshta.exe python.exe pythonw.exe node.exe perl.exe ruby.exe autoit3.exe java.exe javaw.exe", "", anywhere, "a script host"},
	{"autostart", "userinit.exe runonce.exe", "", system, "the autostart of a logon"},
	{"service", "services.exe", "", system, "the service control manager"},
	{"user_click", "explorer.exe", "", system, "the user's desktop"},
}

const (
	shells    = "cmd.exe powershell.exe pwsh.exe powershell_ise.exe bash.exe wsl.exe tcc.exe"
	elevated  = "fodhelper.exe sdclt.exe computerdefaults.exe eventvwr.exe wsreset.exe" // Windows elevates these without asking
	terminals = "windowsterminal.exe wt.exe conemu64.exe conemuc64.exe mintty.exe"
)

func askOrigin(v *playbook.View) reeve.Answer {
	chain, stop := v.Ancestors()
	a := reeve.Answer{Value: "unknown", Details: v.Parents(chain), Refs: v.SubjectRefs()}
	v.Session(&a)
	if len(chain) == 0 {
		a.Says = "No record names its parent."
		a.Missing = append(a.Missing, v.Enable(reeve.ProcessStart))
		return a
	}
	found, at, top := climb(v, chain)
	task := v.TaskRun(chain[:at])
	if task != nil && (found == nil || found.value == "service") {
		found = &initiator{value: "scheduled_task", says: "the task " + playbook.Quoted(task.Get(reeve.AttrName))}
		a.Details = append(a.Details, reeve.Detail{Name: "task run", Value: task.Get(reeve.AttrName), Refs: []reeve.Ref{task.Ref}})
	}
	odd, oddRefs := lineage(v, chain)
	switch {
	case odd != "":
		a.Value, a.Says = "spoofed", fmt.Sprintf("Its records name %s as its parent, but %s: the parent may be forged, or a broker started it.", playbook.Quoted(cmp.Or(playbook.Base(chain[0].Image), "a process known by number only")), odd)
		a.Stance, a.Signals = reeve.Supports, []reeve.Signal{signal(reeve.SignalOddLineage, odd, oddRefs...)}
		return a
	case found != nil:
		a.Value = found.value
		a.Says = fmt.Sprintf("Started by %s (%s)%s.", found.says, playbook.Chain(chain[:at+1]), playbook.Probable(v.Process, chain[:at+1]))
	case stop == process.Root:
		a.Value, a.Says = "other", fmt.Sprintf("Started through %s; no known way of starting programs is among them.", playbook.Chain(chain))
	case chain[0].Image == "":
		a.Says = "Its parent is known by number only."
	case playbook.OneOf(chain[len(chain)-1].Image, interpreters+" "+terminals):
		a.Says = fmt.Sprintf("Started from %s, but no record says what started that.", playbook.Chain(chain))
	case playbook.OneOf(chain[at].Image, "svchost.exe") && lolbas.InWindows(chain[at].Image):
		a.Says = fmt.Sprintf("Started by %s, but no record says which service that is.", playbook.Chain(chain[:at+1]))
	default:
		a.Value, a.Says = "other", fmt.Sprintf("Started by %s, which is no known way of starting programs.", playbook.Chain(chain))
	}
	if a.Value == "unknown" {
		a.Missing = append(a.Missing, v.Enable(reeve.ProcessStart))
	}
	weighOrigin(v, &a, chain, at, max(top, 1), task)
	return a
}

// lineOf is the command line of an ancestor: of its own record, else as its child's record states it.
func lineOf(v *playbook.View, chain []reeve.Process, i int) string {
	if e := v.StartOf(chain[i]); e != nil && e.Get(reeve.AttrCommandLine) != "" {
		return strings.ToLower(e.Get(reeve.AttrCommandLine))
	}
	child := v.Process
	if i > 0 {
		child = chain[i-1]
	}
	if e := v.StartOf(child); e != nil {
		return strings.ToLower(e.Get(reeve.AttrParentCommandLine))
	}
	return ""
}

// climb finds the initiating class, where it stands in the chain, and how far up was looked. Where a shell that runs no given
// command stands below the user's desktop, the command was typed; a terminal stands only where somebody sits; a developer's tool
// began it unless something begins that runs such tools for others. A service host whose service is not recorded ends the climb.
func climb(v *playbook.View, chain []reeve.Process) (found *initiator, at, top int) {
	typed, terminal, tool, toolAt := false, -1, (*initiator)(nil), 0
	for i, p := range chain {
		line := lineOf(v, chain, i)
		for k := range initiators {
			in := &initiators[k]
			switch {
			case !playbook.OneOf(p.Image, in.images) || !playbook.HasAny(line, in.args) || in.where == system && !lolbas.InWindows(p.Image) || in.where == managed && !genuine(v, p):
				continue
			case in.value == "developer_tool":
				if tool == nil {
					tool, toolAt = in, i
				}
				continue
			case tool != nil && (in.value == "user_click" || in.value == "service"):
				return tool, toolAt, i
			case in.value == "user_click" && (typed || terminal >= 0):
				in = &initiator{value: "typed_shell", says: "a shell that a user opened"}
			}
			return in, i, i
		}
		switch {
		case playbook.OneOf(p.Image, shells):
			typed = line != "" && len(strings.Fields(line)) > 0 && !given(line)
		case playbook.OneOf(p.Image, terminals) && genuine(v, p):
			terminal = i
		case playbook.OneOf(p.Image, "svchost.exe") && line == "":
			return nil, i, i
		}
	}
	switch {
	case tool != nil:
		return tool, toolAt, len(chain)
	case terminal >= 0:
		return &initiator{value: "typed_shell", says: "a terminal"}, terminal, len(chain)
	}
	return nil, 0, len(chain)
}

// given tells whether a shell's command line carries what it shall run.
func given(line string) bool {
	_, args := cmdline.Args(line)
	if inner, ok := cmdline.StripCmdWrapper(line); ok {
		program, _ := cmdline.Program(inner) // the shell that Visual Studio prepares is typed into
		return !playbook.OneOf(program, "vsdevcmd.bat vcvarsall.bat vcvars64.bat vcvars32.bat") || !lolbas.Protected(program) || strings.ContainsAny(inner, "&|")
	}
	for _, t := range args {
		if !strings.HasPrefix(t.Text, "-") && !strings.HasPrefix(t.Text, "/") || playbook.HasAny(strings.TrimLeft(t.Text, "-/"), "c|e|f") && !playbook.HasAny(t.Text, "execution|noexit|nologo|noprofile") {
			return true
		}
	}
	return false
}

// genuine tells whether a program may speak for an execution by its name: it lies where only administrators write, and its
// record, where one states an original file name, does not state another.
func genuine(v *playbook.View, p reeve.Process) bool {
	if !lolbas.Protected(p.Image) {
		return false
	}
	e := v.StartOf(p)
	if e == nil || e.Get(reeve.AttrOriginalFileName) == "" || e.Get(reeve.AttrOriginalFileName) == "-" {
		return true
	}
	original := playbook.Base(strings.TrimSuffix(strings.ToLower(e.Get(reeve.AttrOriginalFileName)), ".mui"))
	return strings.TrimSuffix(original, ".exe") == strings.TrimSuffix(playbook.Base(p.Image), ".exe") || !playbook.HasSuffix(original, ".exe") || playbook.OneOf(p.Image, "code.exe")
}

// lineage finds what shows that the parent which the records name cannot have started the subject.
func lineage(v *playbook.View, chain []reeve.Process) (says string, refs []reeve.Ref) {
	parent, start := chain[0], v.Process.Start
	name := playbook.Quoted(cmp.Or(playbook.Base(parent.Image), "its parent"))
	switch {
	case start == 0 || v.Subject == nil:
		return "", nil
	case parent.End != 0 && start-parent.End > 2*reeve.Second:
		return name + " had ended " + playbook.Ago(start-parent.End) + " before", append(slices.Clip(v.SubjectRefs()), parent.Refs...)
	case strings.EqualFold(v.Process.LogonID, "0x3e7") && parent.LogonID != "" && !playbook.SystemLogon(parent.LogonID):
		return name + " runs in a user's session and cannot start a program as the system", append(slices.Clip(v.SubjectRefs()), parent.Refs...)
	}
	for _, e := range v.Of(reeve.ProcessStart, reeve.ProcessAccess) {
		switch by := v.By(e); {
		case e.Kind == reeve.ProcessStart && by == v.Process.ID:
			a, b := playbook.Base(e.Get(reeve.AttrParentImage)), playbook.Base(v.Get(reeve.AttrParentImage))
			if a != "" && b != "" && a != b && a != "svchost.exe" && b != "svchost.exe" { // a service host starts programs in others' names
				return "another record of the same start names " + playbook.Quoted(a), []reeve.Ref{v.Subject.Ref, e.Ref}
			}
		case e.Kind == reeve.ProcessAccess && start-e.Time >= 0 && start-e.Time < 10*reeve.Second && !contains(playbook.IDs(chain), by) && v.Graph.Find(e.Host, e.Target, e.Time) == parent.ID:
			if who := e.Get(reeve.AttrImage); playbook.Rights(e)&accessCreateProcess != 0 && lolbas.Writable(who) {
				return playbook.Quoted(who) + " had opened it " + playbook.Ago(start-e.Time) + " before with the right to start programs in its name", append(slices.Clip(v.SubjectRefs()), e.Ref)
			}
		}
	}
	return "", nil
}

// signIn is how long after its own start the desktop goes on starting what is entered to be started.
const signIn = 2 * reeve.Minute

// atSignIn tells whether the desktop started the subject as soon as it had begun itself, and says so.
func atSignIn(v *playbook.View, a *reeve.Answer, desktop reeve.Time, say func(reeve.Stance, reeve.SignalCode, string, ...reeve.Ref)) bool {
	since := v.Time() - desktop
	if desktop == 0 || since < 0 || since > signIn {
		return false
	}
	a.Value = "autostart"
	a.Says = fmt.Sprintf("Started by the desktop %s after it began, as autostart entries are; a quick click would look the same.", playbook.Ago(since))
	if e := runValue(v); e != nil {
		a.Says = fmt.Sprintf("Started by the desktop %s after it began; a Run value holds its command.", playbook.Ago(since))
		say(reeve.Supports, reeve.SignalAutostart, "a Run value started it when its user signed in", e.Ref)
	}
	return true
}

// runValue finds the record of a Run value that holds the subject's command.
func runValue(v *playbook.View) *reeve.Event {
	for _, e := range v.Of(reeve.RegistrySet) {
		key := strings.ToLower(e.Get(reeve.AttrKey))
		program, _ := cmdline.Program(e.Get(reeve.AttrDetails))
		if e.Time < v.Time() && (strings.Contains(key, `\currentversion\run\`) || strings.Contains(key, `\currentversion\runonce\`)) && cmdline.SameFile(program, v.Process.Image) {
			return e
		}
	}
	return nil
}

// telling are the ancestors that speak for themselves.
var telling = map[string]struct {
	code reeve.SignalCode
	what string
}{
	"office": {reeve.SignalOfficeParent, "a document or mail program"}, "browser": {reeve.SignalBrowserParent, "a browser"}, "archive": {reeve.SignalExtracted, "an archive program"},
	"web_server": {reeve.SignalServerParent, "a server program"}, "sql": {reeve.SignalServerParent, "a server program"}, "script_host": {reeve.SignalScriptParent, "a script host"},
}

// weighOrigin gives stance and signals.
func weighOrigin(v *playbook.View, a *reeve.Answer, chain []reeve.Process, at, top int, task *reeve.Event) {
	refs := append(slices.Clip(v.SubjectRefs()), chain[at].Refs...)
	say := func(stance reeve.Stance, code reeve.SignalCode, says string, more ...reeve.Ref) {
		a.Stance = stance
		a.Signals = append(a.Signals, signal(code, says, append(slices.Clip(refs), more...)...))
		if code == reeve.SignalRemoteStart || code == reeve.SignalInteractive || code == reeve.SignalFreshTask || code == reeve.SignalOldTask {
			a.Says = strings.TrimSuffix(a.Says, ".") + "; " + says + "."
		}
	}
	if a.Value != "unknown" {
		a.Stance = reeve.Neutral
	}
	logon := v.Logon()
	source, kind := "", ""
	if logon != nil {
		source, kind = playbook.Source(logon), logon.Get(reeve.AttrLogon)
	}
	if x, ok := telling[a.Value]; ok {
		say(reeve.Supports, x.code, x.what+" stands in its chain of parents")
	}
	switch a.Value {
	case "wmi", "winrm", "dcom", "smb_service":
		called := v.Inbound(chain[at])
		switch {
		case source != "" && kind == "3":
			say(reeve.Supports, reeve.SignalRemoteStart, "started through "+a.Value+" from "+source, logon.Ref)
		case called != nil:
			say(reeve.Supports, reeve.SignalRemoteStart, "started through "+a.Value+" just after "+called.Get(reeve.AttrSourceIP)+" reached it", called.Ref)
		case a.Value == "winrm" || a.Value == "smb_service":
			say(reeve.Supports, reeve.SignalRemoteStart, "started through "+a.Value+", which other hosts use")
		}
	case "com_broker":
		child := append([]reeve.Process{v.Process}, chain...)[at]
		if playbook.OneOf(chain[at].Image, elevated) && !playbook.OneOf(child.Image, "mmc.exe control.exe systemsettingsadminflows.exe") {
			say(reeve.Supports, reeve.SignalOddLineage, playbook.Base(chain[at].Image)+" starts "+playbook.Base(child.Image)+" only where a user's own registry makes it, with raised rights")
			break
		}
		// a COM server that another host reaches was started for it
		called := v.Inbound(v.Process)
		if called == nil && kind == "3" {
			called = logon
		}
		if called != nil && playbook.Source(called) != "" && serves(v) {
			a.Value = "dcom"
			say(reeve.Supports, reeve.SignalRemoteStart, "it serves COM, and "+playbook.Source(called)+" reached it", called.Ref)
		}
	case "management_agent":
		if v.Process.ByPID && v.Get(reeve.AttrParentImage) == "" {
			break // a number alone, which may have been given to another program since, excuses nothing
		}
		say(reeve.Refutes, reeve.SignalManagement, "management software in its own folder started it")
	case "autostart":
		if playbook.OneOf(v.Process.Image, "explorer.exe") && lolbas.InWindows(v.Process.Image) {
			break // the desktop itself, at every logon
		}
		say(reeve.Supports, reeve.SignalAutostart, "an autostart entry started it")
	case "user_click", "typed_shell", "developer_tool":
		if a.Value == "user_click" && at == 0 && atSignIn(v, a, chain[0].Start, say) {
			break
		}
		switch {
		case kind == "10" && source != "":
			if a.Value == "user_click" {
				a.Value = "rdp"
			}
			a.Says = strings.TrimSuffix(a.Says, ".") + ", in a remote desktop session from " + source + "."
			if playbook.Outside(source) {
				say(reeve.Supports, reeve.SignalRemoteStart, "its remote desktop session comes from outside: "+source, logon.Ref)
			}
		case (kind == "2" || kind == "7" || kind == "11") && len(v.Gaps(logon.Time, v.Time())) == 0:
			say(reeve.Neutral, reeve.SignalInteractive, "somebody at the keyboard of this host started it", logon.Ref)
		}
	}
	if made := registered(v, a.Value, append([]reeve.Process{v.Process}, chain...), at, task); made != nil {
		switch age := v.Time() - made.Time; {
		case age <= reeve.Day:
			say(reeve.Supports, reeve.SignalFreshTask, "its task or service was made "+playbook.Ago(age)+" before", made.Ref)
		case age >= 14*reeve.Day:
			say(a.Stance, reeve.SignalOldTask, "its task or service was made "+playbook.Ago(age)+" before", made.Ref)
		}
	}
	for _, p := range chain[:top] {
		if !oddPlace(&p) {
			continue
		}
		says := playbook.Quoted(p.Image) + " in its chain of parents runs from a place that anybody can write to"
		a.Signals, a.Says = append(a.Signals, signal(reeve.SignalOddParent, says, p.Refs...)), strings.TrimSuffix(a.Says, ".")+"; "+says+"."
		if a.Stance == reeve.Refutes {
			a.Stance = reeve.Neutral // whoever put that there may have used the agent's start
		} else {
			a.Stance = reeve.Supports
		}
		break
	}
}

// oddPlace tells a parent that anybody can have put where it lies; a program that LOLBAS lists there is expected there.
func oddPlace(p *reeve.Process) bool {
	if !lolbas.Writable(p.Image) {
		return false
	}
	for _, e := range lolbas.ByName(playbook.Base(p.Image)) {
		if at := lolbas.Locate(e, p.Image).Class; at == lolbas.Listed || at == lolbas.ListedForm {
			return false
		}
	}
	return true
}

// registered finds the last making of the task or service that started the subject: by the task's name where its run is
// recorded, else by what it runs. line is the subject and its ancestors.
func registered(v *playbook.View, value string, line []reeve.Process, at int, task *reeve.Event) *reeve.Event {
	var last *reeve.Event
	for _, e := range v.Of(reeve.TaskChange, reeve.ServiceInstall) {
		if e.Time > v.Time() {
			continue
		}
		fits := false
		switch {
		case e.Kind == reeve.TaskChange && value == "scheduled_task":
			fits = task != nil && task.Get(reeve.AttrName) != "" && strings.EqualFold(e.Get(reeve.AttrName), task.Get(reeve.AttrName)) || starts(v, e.Get(reeve.AttrAction), line[at])
		case e.Kind == reeve.ServiceInstall && value == "service":
			fits = starts(v, e.Get(reeve.AttrAction), line[at])
		case e.Kind == reeve.ServiceInstall && value == "smb_service":
			fits = starts(v, e.Get(reeve.AttrAction), line[at+1])
		}
		if fits && e.Get(reeve.AttrOperation) != "deleted" {
			last = e
		}
	}
	return last
}

// starts tells whether an action is what a process was started with: the same program, and, as far as both are known, the same
// arguments, without which a shell's name would mean nothing.
func starts(v *playbook.View, action string, p reeve.Process) bool {
	program, rest := cmdline.Program(action)
	if playbook.Base(program) == "" || !cmdline.SameFile(program, p.Image) && (strings.Contains(program, `\`) || !playbook.OneOf(p.Image, playbook.Base(program)+" "+playbook.Base(program)+".exe")) {
		return false
	}
	if rest = strings.TrimSpace(rest); rest == "" {
		return !playbook.OneOf(p.Image, interpreters)
	}
	e := v.StartOf(p)
	return e != nil && strings.Contains(e.Get(reeve.AttrCommandLine), rest)
}

package questions

import (
	"fmt"
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/internal/process"
)

var origin = playbook.Question{
	ID:   "origin",
	Text: "What started it?",
	Values: []string{"user_click", "typed_shell", "office", "browser", "archive", "script_host", "scheduled_task", "service", "wmi", "winrm", "smb_service",
		"rdp", "dcom", "sql", "web_server", "bits", "com_broker", "autostart", "gpo_script", "management_agent", "developer_tool", "spoofed", "other", "unknown"},
	Core: true,
	Doc: playbook.Doc{
		Why:         "The same command is routine from a developer's prompt and an incident from a mail program or another host.",
		Supports:    "Office, mail, browser, web or database server in the chain; a start from another host; a task or service made just before.",
		Refutes:     "Management software or an installer in the chain; a shell that a user opened.",
		BlindSpots:  "A parent that no record names ends the chain. Parent process ids can be forged, and brokers (UAC, seclogon, DCOM) show another parent by design. Without process GUIDs the links rest on pid and time.",
		KnownBenign: "Brokered starts, installers, software deployment.",
	},
	Ask: askOrigin,
}

// initiator is a class of program that begins chains.
type initiator struct {
	value  string
	images string // base names, blank-separated
	args   string // when not empty, one of these (|-separated, lower case) must be on its command line
	says   string
}

// initiators are tried in order for every ancestor, nearest first. Shells are no initiators: they carry what somebody began.
var initiators = []initiator{
	{"office", "winword.exe excel.exe powerpnt.exe outlook.exe onenote.exe msaccess.exe mspub.exe visio.exe winproj.exe eqnedt32.exe olk.exe thunderbird.exe acrord32.exe acrobat.exe foxitreader.exe", "", "a document or mail program"},
	{"browser", "chrome.exe msedge.exe firefox.exe iexplore.exe opera.exe brave.exe vivaldi.exe browser_broker.exe", "", "a browser"},
	{"archive", "7zfm.exe 7zg.exe 7z.exe winrar.exe winzip64.exe winzip32.exe peazip.exe", "", "an archive program"},
	{"web_server", "w3wp.exe httpd.exe nginx.exe tomcat.exe tomcat7.exe tomcat8.exe tomcat9.exe php-cgi.exe php.exe iisexpress.exe umworkerprocess.exe ws_tomcatservice.exe", "", "a web server"},
	{"sql", "sqlservr.exe sqlagent.exe sqlps.exe oracle.exe postgres.exe mysqld.exe", "", "a database server"},
	{"wmi", "wmiprvse.exe scrcons.exe", "", "Windows Management Instrumentation"},
	{"winrm", "wsmprovhost.exe winrshost.exe", "", "Windows Remote Management"},
	{"smb_service", "psexesvc.exe paexec.exe remcomsvc.exe csexecsvc.exe winexesvc.exe", "", "a remote-execution service"},
	{"dcom", "mmc.exe excel.exe explorer.exe", "-embedding", "a DCOM server"},
	{"scheduled_task", "taskeng.exe taskhostw.exe taskhost.exe taskhostex.exe", "", "the task scheduler"},
	{"scheduled_task", "svchost.exe", "schedule", "the task scheduler"},
	{"bits", "svchost.exe", "-s bits", "the background transfer service"},
	{"gpo_script", "gpscript.exe", "", "a group policy script"},
	{"com_broker", "dllhost.exe", "/processid", "a COM surrogate"},
	{"com_broker", "consent.exe fodhelper.exe sdclt.exe computerdefaults.exe eventvwr.exe wsreset.exe", "", "an elevation broker"},
	{"management_agent", "ccmexec.exe ccmsetup.exe microsoft.management.services.intunewindowsagent.exe intunemanagementextension.exe agentexecutor.exe taniumclient.exe pdqdeployrunner-1.exe amazon-ssm-agent.exe ssm-document-worker.exe ltsvc.exe besclient.exe monitoringhost.exe healthservice.exe", "", "management software"},
	{"developer_tool", "devenv.exe msbuild.exe code.exe rider64.exe clion64.exe windbg.exe windbgx.exe vstest.console.exe testhost.exe agent.worker.exe runner.worker.exe jenkins.exe mspdbsrv.exe vsdebugconsole.exe qtcreator.exe", "", "a developer's tool"},
	{"script_host", "wscript.exe cscript.exe mshta.exe python.exe pythonw.exe node.exe perl.exe ruby.exe autoit3.exe java.exe javaw.exe", "", "a script host"},
	{"autostart", "userinit.exe runonce.exe", "", "the autostart of a logon"},
	{"service", "services.exe", "", "the service control manager"},
	{"user_click", "explorer.exe", "", "the user's desktop"},
}

const (
	shells    = "cmd.exe powershell.exe pwsh.exe powershell_ise.exe bash.exe wsl.exe tcc.exe"
	terminals = "windowsterminal.exe openconsole.exe conhost.exe wt.exe conemu64.exe conemuc64.exe mintty.exe"
)

func askOrigin(v *playbook.View) reeve.Answer {
	chain, stop := v.Ancestors()
	a := reeve.Answer{Value: "unknown", Details: chainDetails(v, chain)}
	if len(chain) == 0 {
		a.Says = "No record names its parent."
		a.Missing = []reeve.Need{v.Enable(reeve.ProcessStart)}
		a.Refs = v.SubjectRefs()
		logonDetails(v, &a)
		return a
	}
	found, at := climb(v, chain)
	logonDetails(v, &a)
	if task := taskRun(v); task != nil && (found == nil || found.value == "service") {
		found = &initiator{value: "scheduled_task", says: "the task " + quoted(task.Get(reeve.AttrName))}
		a.Details = append(a.Details, reeve.Detail{Name: "task run", Value: task.Get(reeve.AttrName), Refs: []reeve.Ref{task.Ref}})
	}
	switch {
	case found != nil:
		a.Value = found.value
		a.Says = fmt.Sprintf("Started by %s (%s)%s.", found.says, chainText(chain[:at+1]), probable(v, chain[:at+1]))
	case stop == process.Root || oneOf(chain[len(chain)-1].Image, "wininit.exe winlogon.exe smss.exe"):
		a.Value, a.Says = "other", fmt.Sprintf("Started through %s; no known way of starting programs is among them.", chainText(chain))
	case oneOf(chain[0].Image, shells) || oneOf(chain[0].Image, terminals):
		a.Value = "unknown"
		a.Says = fmt.Sprintf("Started from %s, but no record says what started that.", chainText(chain))
		a.Missing = []reeve.Need{v.Enable(reeve.ProcessStart)}
	case chain[0].Image == "":
		a.Says = "Its parent is known by number only."
		a.Missing = []reeve.Need{v.Enable(reeve.ProcessStart)}
	default:
		a.Value, a.Says = "other", fmt.Sprintf("Started by %s, which is no known way of starting programs.", chainText(chain))
	}
	weighOrigin(v, &a, chain)
	return a
}

// climb finds the initiating class. A user's desktop counts as typed when a shell stands between it and the subject.
func climb(v *playbook.View, chain []reeve.Process) (*initiator, int) {
	shell := false
	for i, p := range chain {
		line := ""
		if e := v.StartOf(p); e != nil {
			line = strings.ToLower(e.Get(reeve.AttrCommandLine))
		} else if i == 0 {
			line = strings.ToLower(v.Get(reeve.AttrParentCommandLine))
		}
		for k := range initiators {
			in := &initiators[k]
			if !oneOf(p.Image, in.images) || !hasAny(line, in.args) {
				continue
			}
			if in.value == "management_agent" && !protected(p.Image) {
				continue // a name alone is no management agent
			}
			if in.value == "user_click" && shell {
				return &initiator{value: "typed_shell", says: "a shell that a user opened"}, i
			}
			return in, i
		}
		if oneOf(p.Image, terminals) {
			return &initiator{value: "typed_shell", says: "a terminal"}, i
		}
		shell = shell || oneOf(p.Image, shells)
	}
	return nil, 0
}

func hasAny(line, args string) bool {
	if args == "" {
		return true
	}
	for _, a := range strings.Split(args, "|") {
		if strings.Contains(line, a) {
			return true
		}
	}
	return false
}

// weighOrigin gives stance and signals.
func weighOrigin(v *playbook.View, a *reeve.Answer, chain []reeve.Process) {
	refs := v.SubjectRefs()
	say := func(stance reeve.Stance, code reeve.SignalCode, says string) {
		a.Stance = stance
		a.Signals = append(a.Signals, signal(code, says, refs...))
	}
	remote := remoteLogon(v)
	switch a.Value {
	case "office":
		say(reeve.Supports, reeve.SignalOfficeParent, "a document or mail program stands in its chain of parents")
	case "browser":
		say(reeve.Supports, reeve.SignalBrowserParent, "a browser stands in its chain of parents")
	case "web_server", "sql":
		say(reeve.Supports, reeve.SignalServerParent, "a server program stands in its chain of parents")
	case "script_host":
		say(reeve.Supports, reeve.SignalScriptParent, "a script host stands in its chain of parents")
	case "wmi", "winrm", "dcom", "smb_service":
		a.Stance = reeve.Neutral
		if a.Value != "wmi" || remote != nil {
			says := "started through " + a.Value
			if remote != nil {
				says += " from " + sourceOf(remote)
				refs = append(refs, remote.Ref)
			}
			say(reeve.Supports, reeve.SignalRemoteStart, says)
		}
	case "management_agent":
		say(reeve.Refutes, reeve.SignalManagement, "management software in its own folder started it")
	case "autostart":
		say(reeve.Supports, reeve.SignalAutostart, "an autostart entry started it")
	case "user_click", "typed_shell", "developer_tool":
		say(reeve.Neutral, reeve.SignalInteractive, "an interactive session started it")
	case "unknown":
		a.Stance = reeve.Unknown
	default:
		a.Stance = reeve.Neutral
	}
	if made := registered(v, a.Value); made != nil {
		refs = append(refs, made.Ref)
		if age := v.Time() - made.Time; age <= reeve.Day {
			say(reeve.Supports, reeve.SignalFreshTask, "its task or service was made "+ago(age)+" before")
		} else {
			a.Signals = append(a.Signals, signal(reeve.SignalOldTask, "its task or service was made "+ago(age)+" before", refs...))
		}
	}
	if len(chain) > 0 && writable(chain[0].Image) {
		a.Signals = append(a.Signals, signal(reeve.SignalOddParent, "its parent "+quoted(chain[0].Image)+" runs from a place that anybody can write to", refs...))
		if a.Stance == reeve.Neutral {
			a.Stance = reeve.Supports
		}
	}
}

// registered finds the making of the task or service that started the subject.
func registered(v *playbook.View, value string) *reeve.Event {
	kind := reeve.ServiceInstall
	if value == "scheduled_task" {
		kind = reeve.TaskChange
	} else if value != "service" && value != "smb_service" {
		return nil
	}
	name := base(v.Process.Image)
	var last *reeve.Event
	for _, e := range v.Of(kind) {
		if e.Time > v.Time() || name == "" {
			continue
		}
		if strings.Contains(strings.ToLower(e.Get(reeve.AttrAction)), strings.TrimSuffix(name, ".exe")) {
			last = e
		}
	}
	return last
}

// taskRun finds the task scheduler's own record that it made this process.
func taskRun(v *playbook.View) *reeve.Event {
	for _, e := range v.Of(reeve.TaskRun) {
		if e.Process.PID != 0 && e.Process.PID == v.Process.Key.PID && abs(e.Time-v.Time()) < 5*reeve.Second {
			return e
		}
	}
	return nil
}

// remoteLogon is the logon over the network that the subject's session rests on.
func remoteLogon(v *playbook.View) *reeve.Event {
	if e := logonOf(v); e != nil {
		if t := e.Get(reeve.AttrLogon); (t == "3" || t == "10") && sourceOf(e) != "" {
			return e
		}
	}
	return nil
}

// logonOf finds the logon that made the subject's session: same host, same id, the last one before it.
func logonOf(v *playbook.View) *reeve.Event {
	if v.Process.LogonID == "" {
		return nil
	}
	var last *reeve.Event
	for _, e := range v.Of(reeve.Logon) {
		if e.Time <= v.Time()+reeve.Second && strings.EqualFold(e.Get(reeve.AttrTargetLogonID), v.Process.LogonID) {
			last = e
		}
	}
	return last
}

func sourceOf(logon *reeve.Event) string {
	for _, a := range []reeve.Attr{reeve.AttrSourceIP, reeve.AttrSourceHost} {
		if s := logon.Get(a); s != "" && s != "-" && s != "127.0.0.1" && s != "::1" {
			return s
		}
	}
	return ""
}

var logonTypes = map[string]string{"2": "at the console", "3": "over the network", "4": "as a batch job", "5": "as a service", "7": "unlocking the session",
	"8": "over the network in clear text", "9": "with other credentials", "10": "by remote desktop", "11": "at the console with cached credentials"}

func logonDetails(v *playbook.View, a *reeve.Answer) {
	switch strings.ToLower(v.Process.LogonID) {
	case "":
		return
	case "0x3e7", "0x3e5", "0x3e4":
		a.Details = append(a.Details, reeve.Detail{Name: "session", Value: "the system's own (" + v.Process.LogonID + "), for which no logon is recorded"})
		return
	}
	e := logonOf(v)
	if e == nil {
		a.Details = append(a.Details, reeve.Detail{Name: "session", Value: v.Process.LogonID + "; no record of its logon"})
		if v.Answer("origin") == nil {
			a.Missing = append(a.Missing, v.Enable(reeve.Logon))
		}
		return
	}
	text := fmt.Sprintf("%s logged on %s", e.Get(reeve.AttrTargetUser), logonTypes[e.Get(reeve.AttrLogon)])
	if s := sourceOf(e); s != "" {
		text += " from " + s
	}
	a.Details = append(a.Details, reeve.Detail{Name: "session", Value: text + " at " + e.Time.String(), Refs: []reeve.Ref{e.Ref}})
}

func chainDetails(v *playbook.View, chain []reeve.Process) []reeve.Detail {
	var out []reeve.Detail
	for i, p := range chain {
		value := p.Image
		if value == "" {
			value = fmt.Sprintf("process %d", p.Key.PID)
		}
		if e := v.StartOf(p); e != nil && e.Get(reeve.AttrCommandLine) != "" {
			value = e.Get(reeve.AttrCommandLine)
		}
		if p.Inferred {
			value += " (inferred from its child's record)"
		}
		out = append(out, reeve.Detail{Name: fmt.Sprintf("parent %d", i+1), Value: value, Refs: p.Refs})
	}
	return out
}

func chainText(chain []reeve.Process) string {
	var names []string
	for _, p := range chain {
		n := base(p.Image)
		if n == "" {
			n = fmt.Sprintf("pid %d", p.Key.PID)
		}
		names = append(names, n)
	}
	return strings.Join(names, " \u2190 ")
}

// probable words that links rest on pids.
func probable(v *playbook.View, chain []reeve.Process) string {
	if v.Process.ByPID {
		return ", probable: linked by pid and time"
	}
	for _, p := range chain[:len(chain)-1] {
		if p.ByPID {
			return ", probable: linked by pid and time"
		}
	}
	return ""
}

// ago words a span of time roughly.
func ago(t reeve.Time) string {
	switch {
	case t < 2*reeve.Minute:
		return count(int(t/reeve.Second), "second")
	case t < 2*reeve.Hour:
		return count(int(t/reeve.Minute), "minute")
	case t < 2*reeve.Day:
		return count(int(t/reeve.Hour), "hour")
	}
	return count(int(t/reeve.Day), "day")
}

func abs(t reeve.Time) reeve.Time { return max(t, -t) }

package questions

import (
	"slices"
	"strconv"
	"strings"

	"reeve"
	"reeve/cmdline"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

// judge says what one event by the subject or a descendant amounts to.
func judge(v *playbook.View, e *reeve.Event, tree []reeve.ProcID, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	who := playbook.Base(e.Get(reeve.AttrImage))
	switch e.Kind {
	case reeve.ProcessStart:
		judgeCommand(v, e, add)
	case reeve.ProcessAccess:
		judgeAccess(v, e, tree, who, add)
	case reeve.RemoteThread:
		if target := playbook.Base(e.Get(reeve.AttrTargetImage)); !contains(tree, v.Graph.Find(e.Host, e.Target, e.Time)) {
			code, says := reeve.SignalInjection, who+" started a thread in "+target
			switch {
			case target == "lsass.exe" && dumps(v, e):
				add("credential", reeve.SignalLsassDump, says+", which it was told to dump", e.Ref)
				return
			case asked(v, e):
				code, says = "", says+", as its command line says"
			}
			add("injection", code, says, e.Ref)
		}
	case reeve.ProcessTamper:
		add("injection", reeve.SignalInjection, who+" replaced the image of a process", e.Ref)
	case reeve.RawDiskRead:
		code := reeve.SignalCredentials
		if lolbas.InWindows(e.Get(reeve.AttrImage)) && !playbook.OneOf(who, interpreters) {
			code = "" // tools that look after disks
		}
		add("credential", code, who+" read the disk below the file system", e.Ref)
	case reeve.RegistryKey, reeve.RegistrySet, reeve.RegistryRename:
		judgeRegistry(e, who, add)
	case reeve.WMISubscription:
		add("persistence", reeve.SignalPersistence, "a WMI event subscription was made: "+playbook.Quoted(e.Get(reeve.AttrName)), e.Ref)
	case reeve.NetworkConnect:
		judgeConnection(e, who, add)
	case reeve.DNSQuery:
		if q := e.Get(reeve.AttrQuery); q != "" {
			add("network", "", who+" asked for the address of "+playbook.Quoted(q), e.Ref)
		}
	case reeve.FileCreate, reeve.FileStream, reeve.FileExecutable:
		judgeFile(e, who, add)
	case reeve.FileTime:
		code := reeve.SignalTimestomped
		if !playbook.HasSuffix(strings.ToLower(e.Get(reeve.AttrPath)), ".exe .dll .sys .scr .com .ps1 .vbs .js .bat .cmd .hta") {
			code = "" // documents and caches, which many programs touch up
		}
		add("file", code, who+" changed the creation time of "+playbook.Quoted(e.Get(reeve.AttrPath)), e.Ref)
	case reeve.FileDelete:
		code := reeve.SignalCode("")
		if p := e.Get(reeve.AttrPath); cmdline.SameFile(p, v.Process.Image) || isPayload(v, p) {
			code = reeve.SignalSelfDelete
		}
		add("file", code, who+" deleted "+playbook.Quoted(e.Get(reeve.AttrPath)), e.Ref)
	case reeve.LogCleared:
		add("tamper", reeve.SignalTamper, "cleared the log "+playbook.Quoted(e.Get(reeve.AttrChannel)), e.Ref)
	}
}

// asked tells whether the subject itself reached into the very process that its command line names to attach to. Nobody traces
// the processes that keep secrets or that everything runs under.
func asked(v *playbook.View, e *reeve.Event) bool {
	return v.By(e) == v.Process.ID && !playbook.OneOf(e.Get(reeve.AttrTargetImage), "lsass.exe lsaiso.exe winlogon.exe csrss.exe services.exe smss.exe wininit.exe svchost.exe explorer.exe") &&
		slices.ContainsFunc(v.Payloads, func(p reeve.Payload) bool { return p.Kind == "attach" && playbook.Reaches(e, p.Image) })
}

// dumps tells whether the subject did what its command line asks for in the form of a documented dump.
func dumps(v *playbook.View, e *reeve.Event) bool {
	return v.By(e) == v.Process.ID && Use(v).Category == "Dump"
}

func isPayload(v *playbook.View, path string) bool {
	for _, p := range v.Payloads {
		if p.Image != "" && cmdline.SameFile(p.Image, path) {
			return true
		}
	}
	return false
}

// Rights of a process handle (Win32 process access rights).
const (
	accessVMRead        = 0x0010
	accessCreateProcess = 0x0080
	accessVMWrite       = 0x0020
	accessCreateThread  = 0x0002
)

func judgeAccess(v *playbook.View, e *reeve.Event, tree []reeve.ProcID, who string, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	granted := playbook.Rights(e)
	target := playbook.Base(e.Get(reeve.AttrTargetImage))
	switch {
	case target == "lsass.exe" && granted&accessVMRead != 0:
		code := reeve.SignalCredentials
		if trace := strings.ToLower(e.Get(reeve.AttrCallTrace)); strings.Contains(trace, "dbgcore.dll") || strings.Contains(trace, "dbghelp.dll") || strings.Contains(trace, "comsvcs.dll") || dumps(v, e) {
			code = reeve.SignalLsassDump
		}
		add("credential", code, who+" opened lsass.exe to read its memory ("+e.Get(reeve.AttrAccess)+")", e.Ref)
	case granted&accessVMWrite != 0 && granted&accessCreateThread != 0 && !contains(tree, v.Graph.Find(e.Host, e.Target, e.Time)):
		add("injection", "", who+" opened "+target+" with rights to write and run there ("+e.Get(reeve.AttrAccess)+")", e.Ref)
	}
}

// keyRule recognises a registry value by parts of its path, and by its data where that decides.
type keyRule struct {
	parts  string // lower case, blank-separated; all wanted, in order
	data   string // numbers that matter, blank-separated; "" for any data, "~" for a path where anybody can write
	tamper bool
}

// keyRules are values that switch security tools or logging, and values that Windows runs without anybody's doing. What every
// installer writes counts only when it points where anybody can write or stands in a user's own hive.
var keyRules = []keyRule{
	{`\windows_defender\ \disable`, "1", true}, {`\windows_defender\exclusions\`, "", true}, {`\windows_defender\spynet\`, "0 2", true}, {`\windows_defender\features\tamperprotection`, "0 4", true},
	{`\scriptblocklogging\`, "0", true}, {`\modulelogging\`, "0", true}, {`\policies\system\enablelua`, "0", true}, {`\audit\processcreationincludecmdline_enabled`, "0", true},
	{`\control\minint`, "", true}, {`\services\eventlog\start`, "4", true}, {`\services\eventlog\ \file`, "~", true}, {`\winevt\channels\ \enabled`, "0", true}, {`\services\sysmondrv\`, "", true},
	{`\lsa\runasppl`, "0", true}, {`\wdigest\uselogoncredential`, "1", true}, {`\firewallpolicy\ \enablefirewall`, "0", true},
	{`\currentversion\run\`, "", false}, {`\currentversion\runonce\`, "", false}, {`\currentversion\runonceex\`, "", false}, {`\policies\explorer\run\`, "", false},
	{`\currentversion\winlogon\shell`, "", false}, {`\currentversion\winlogon\userinit`, "", false}, {`\currentversion\winlogon\notify\`, "", false},
	{`\currentversion\windows\appinit_dlls`, "", false}, {`\currentversion\windows\load`, "", false}, {`\image_file_execution_options\ \debugger`, "", false}, {`\silentprocessexit\ \monitorprocess`, "", false},
	{`\session_manager\bootexecute`, "", false}, {`\session_manager\appcertdlls`, "", false}, {`\control\lsa\authentication_packages`, "", false}, {`\control\lsa\security_packages`, "", false},
	{`\control\lsa\notification_packages`, "", false}, {`\control\print\monitors\`, "~", false}, {`\active_setup\installed_components\ \stubpath`, "~", false}, {`\environment\userinitmprlogonscript`, "", false},
	{`\currentversion\schedule\taskcache\tree\`, "", false}, {`\office_test\special\perf`, "", false}, {`\netsh\`, "~", false}, {`\inprocserver32\`, "~", false}, {`\localserver32\`, "~", false},
	{`hku\ \shell\open\command\`, "", false}, {`\ms-settings\`, "", false}, {`\services\ \imagepath`, "", false}, {`\services\ \servicedll`, "", false},
}

func judgeRegistry(e *reeve.Event, who string, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	if strings.Contains(strings.ToLower(e.Get(reeve.AttrOperation)), "delete") {
		return
	}
	key, data := strings.ReplaceAll(strings.ToLower(e.Get(reeve.AttrKey)), " ", "_"), e.Get(reeve.AttrDetails)
	for i := range keyRules {
		r := &keyRules[i]
		if !playbook.InOrder(key, r.parts) || !dataFits(data, r.data) {
			continue
		}
		says := who + " wrote " + playbook.Quoted(e.Get(reeve.AttrKey))
		if data != "" {
			says += " = " + playbook.Quoted(data)
		}
		if r.tamper {
			add("tamper", reeve.SignalTamper, says, e.Ref)
		} else {
			add("persistence", reeve.SignalPersistence, says, e.Ref)
		}
		return
	}
}

// dataFits compares registry data as Sysmon words it: "DWORD (0x00000001)", else text.
func dataFits(data, want string) bool {
	switch want {
	case "":
		return true
	case "~":
		if file := strings.Trim(data, `"`); !playbook.HasSuffix(strings.ToLower(file), ".dll .exe .ocx .sys .cpl") {
			data, _ = cmdline.Program(data)
		}
		return lolbas.Writable(data)
	}
	_, hex, _ := strings.Cut(data, "(0x")
	n, err := strconv.ParseUint(strings.TrimSuffix(hex, ")"), 16, 64)
	return err == nil && slices.Contains(strings.Fields(want), strconv.FormatUint(n, 10))
}

func judgeConnection(e *reeve.Event, who string, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	if e.Get(reeve.AttrInitiated) == "false" {
		add("network", "", who+" was reached from "+e.Get(reeve.AttrSourceIP), e.Ref)
		return
	}
	ip := e.Get(reeve.AttrDestIP)
	to := ip
	if h := e.Get(reeve.AttrDestHost); h != "" {
		to = h + " (" + ip + ")"
	}
	says := who + " connected to " + to + " port " + e.Get(reeve.AttrDestPort)
	switch {
	case playbook.Outside(ip):
		add("network", reeve.SignalExternal, says, e.Ref)
	case strings.HasPrefix(ip, "127.") || ip == "::1" || ip == "0:0:0:0:0:0:0:1":
		add("network", "", says, e.Ref)
	default:
		add("network", reeve.SignalNamedRemote, says, e.Ref)
	}
}

func judgeFile(e *reeve.Event, who string, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	path := e.Get(reeve.AttrPath)
	low := strings.ToLower(path)
	switch {
	case strings.Contains(low, `\start menu\programs\startup\`):
		add("persistence", reeve.SignalPersistence, who+" wrote into the startup folder: "+playbook.Quoted(path), e.Ref)
	case strings.HasSuffix(low, ".dmp") && strings.Contains(low, "lsass"):
		add("credential", reeve.SignalLsassDump, who+" wrote "+playbook.Quoted(path), e.Ref)
	case strings.Contains(low, `\windows\system32\tasks\`) || strings.Contains(low, `\windows\tasks\`) && strings.HasSuffix(low, ".job"):
		add("persistence", reeve.SignalPersistence, who+" wrote the task "+playbook.Quoted(path), e.Ref)
	case e.Kind == reeve.FileExecutable || playbook.HasSuffix(low, ".exe .dll .sys .scr .cpl .ocx .com"):
		add("file", reeve.SignalDropsPE, who+" wrote the program "+playbook.Quoted(path), e.Ref)
	default:
		add("file", "", who+" wrote "+playbook.Quoted(path), e.Ref)
	}
}

// commandRule recognises what a command line does by words that must all be on it.
type commandRule struct {
	images string   // base names of the program, blank-separated; "" for any
	words  []string // lower case, all wanted; "|" separates alternatives
	value  string
	code   reeve.SignalCode
	says   string
}

// commandRules are deeds that are plain from a command line.
var commandRules = []commandRule{
	{"vssadmin.exe", []string{"delete", "shadows"}, "tamper", reeve.SignalRecovery, "delete shadow copies"},
	{"wmic.exe powershell.exe pwsh.exe", []string{"shadowcopy", "delete"}, "tamper", reeve.SignalRecovery, "delete shadow copies"},
	{"wbadmin.exe", []string{"delete", "catalog|systemstatebackup|backup"}, "tamper", reeve.SignalRecovery, "delete backups"},
	{"bcdedit.exe", []string{"recoveryenabled|bootstatuspolicy", "no|ignoreallfailures"}, "tamper", reeve.SignalRecovery, "switch off recovery"},
	{"wevtutil.exe", []string{" cl | clear-log "}, "tamper", reeve.SignalTamper, "clear an event log"},
	{"wevtutil.exe", []string{" sl | set-log ", "e:false|enabled:false"}, "tamper", reeve.SignalTamper, "switch off an event log"},
	{"powershell.exe pwsh.exe", []string{"clear-eventlog|remove-eventlog"}, "tamper", reeve.SignalTamper, "clear an event log"},
	{"powershell.exe pwsh.exe", []string{"set-mppreference|add-mppreference", "disable|exclusion"}, "tamper", reeve.SignalTamper, "change Defender's settings"},
	{"auditpol.exe", []string{"/clear|/remove|disable"}, "tamper", reeve.SignalTamper, "switch off auditing"},
	{"fltmc.exe", []string{"unload"}, "tamper", reeve.SignalTamper, "unload a file system filter"},
	{"sc.exe net.exe net1.exe", []string{"stop|delete|disabled", "windefend|sense|sysmon|eventlog|mpssvc|wscsvc"}, "tamper", reeve.SignalTamper, "stop a security service"},
	{"netsh.exe", []string{"advfirewall", "state off"}, "tamper", reeve.SignalTamper, "switch off the firewall"},
	{"fsutil.exe", []string{"usn", "deletejournal"}, "tamper", reeve.SignalTamper, "delete the change journal"},
	{"procdump.exe procdump64.exe", []string{"lsass"}, "credential", reeve.SignalLsassDump, "dump lsass"},
	{"rundll32.exe", []string{"comsvcs", "minidump|#24|#+24"}, "credential", reeve.SignalLsassDump, "dump a process with comsvcs"},
	{"reg.exe", []string{"save|export", `hklm\sam|hklm\security|hklm\system|hkey_local_machine\sam|hkey_local_machine\security`}, "credential", reeve.SignalCredentials, "save a credential hive"},
	{"ntdsutil.exe", []string{"ifm|ac i ntds|activate instance ntds"}, "credential", reeve.SignalCredentials, "export the domain database"},
	{"esentutl.exe", []string{"ntds.dit|\\sam|/vss"}, "credential", reeve.SignalCredentials, "copy a locked database"},
	{"cmdkey.exe", []string{"/list"}, "credential", "", "list saved credentials"},
	{"vaultcmd.exe", []string{"/list"}, "credential", "", "list saved credentials"},
	{"schtasks.exe", []string{"/create|/change"}, "persistence", reeve.SignalPersistence, "make a scheduled task"},
	{"at.exe", []string{":"}, "persistence", reeve.SignalPersistence, "make a scheduled task"},
	{"sc.exe", []string{" create | config "}, "persistence", reeve.SignalPersistence, "make or change a service"},
	{"reg.exe", []string{" add ", `\currentversion\run|\winlogon|image file execution options`}, "persistence", reeve.SignalPersistence, "write an autostart entry"},
	{"net.exe net1.exe", []string{" user ", "/add"}, "persistence", reeve.SignalPersistence, "make an account"},
	{"net.exe net1.exe", []string{"localgroup|group", "/add"}, "persistence", reeve.SignalPersistence, "add a member to a group"},
	{"whoami.exe systeminfo.exe nltest.exe quser.exe qwinsta.exe ipconfig.exe arp.exe nbtstat.exe dsquery.exe tasklist.exe klist.exe adfind.exe", nil, "spawn", reeve.SignalDiscovery, "look around"},
	{"net.exe net1.exe", []string{" view| user| group| localgroup| accounts| share| session"}, "spawn", reeve.SignalDiscovery, "look around"},
}

// judgeCommand reads the command lines of the tree. The subject's own line is judged too: it may be the tool that does the deed.
func judgeCommand(v *playbook.View, e *reeve.Event, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	_, rest := cmdline.Program(e.Get(reeve.AttrCommandLine))
	args := " " + strings.ToLower(rest) + " "
	name := playbook.Base(e.Get(reeve.AttrImage))
	renamed := playbook.Base(strings.TrimSuffix(strings.ToLower(e.Get(reeve.AttrOriginalFileName)), ".mui")) // a renamed tool does what the tool does
	self := v.By(e) == v.Process.ID
	for i := range commandRules {
		r := &commandRules[i]
		if self && r.code == reeve.SignalDiscovery || !playbook.HasAll(args, r.words) {
			continue
		}
		within := r.words != nil && playbook.OneOf(name, shells) && slices.ContainsFunc(strings.Fields(r.images), func(tool string) bool { return strings.Contains(args, " "+strings.TrimSuffix(tool, ".exe")) })
		if playbook.OneOf(name, r.images) || playbook.OneOf(renamed, r.images) || within {
			add(r.value, r.code, name+" was told to "+r.says+": "+playbook.Quoted(e.Get(reeve.AttrCommandLine)), e.Ref)
		}
	}
}

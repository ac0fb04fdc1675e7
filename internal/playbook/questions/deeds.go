package questions

import (
	"strconv"
	"strings"

	"reeve"
	"reeve/internal/playbook"
)

// judge says what one event by the subject or a descendant amounts to.
func judge(v *playbook.View, e *reeve.Event, tree []reeve.ProcID, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	who := base(e.Get(reeve.AttrImage))
	switch e.Kind {
	case reeve.ProcessStart:
		judgeCommand(v, e, add)
	case reeve.ProcessAccess:
		judgeAccess(v, e, tree, who, add)
	case reeve.RemoteThread:
		if target := base(e.Get(reeve.AttrTargetImage)); !contains(tree, v.Graph.Find(e.Host, e.Target, e.Time)) {
			add("injection", reeve.SignalInjection, who+" started a thread in "+target, e.Ref)
		}
	case reeve.ProcessTamper:
		add("injection", reeve.SignalInjection, who+" replaced the image of a process", e.Ref)
	case reeve.RawDiskRead:
		add("credential", reeve.SignalCredentials, who+" read the disk below the file system", e.Ref)
	case reeve.RegistryKey, reeve.RegistrySet, reeve.RegistryRename:
		judgeRegistry(e, who, add)
	case reeve.WMISubscription:
		add("persistence", reeve.SignalPersistence, "a WMI event subscription was made: "+quoted(e.Get(reeve.AttrName)), e.Ref)
	case reeve.NetworkConnect:
		judgeConnection(e, who, add)
	case reeve.DNSQuery:
		if q := e.Get(reeve.AttrQuery); q != "" {
			add("network", "", who+" asked for the address of "+quoted(q), e.Ref)
		}
	case reeve.FileCreate, reeve.FileStream, reeve.FileExecutable:
		judgeFile(e, who, add)
	case reeve.FileTime:
		add("file", reeve.SignalTimestomped, who+" changed the creation time of "+quoted(e.Get(reeve.AttrPath)), e.Ref)
	case reeve.FileDelete:
		code := reeve.SignalCode("")
		if p := base(e.Get(reeve.AttrPath)); p == base(v.Process.Image) || isPayload(v, e.Get(reeve.AttrPath)) {
			code = reeve.SignalSelfDelete
		}
		add("file", code, who+" deleted "+quoted(e.Get(reeve.AttrPath)), e.Ref)
	case reeve.LogCleared:
		add("tamper", reeve.SignalTamper, "cleared the log "+quoted(e.Get(reeve.AttrChannel)), e.Ref)
	}
}

func isPayload(v *playbook.View, path string) bool {
	for _, p := range v.Payloads {
		if p.Image != "" && strings.EqualFold(p.Image, path) {
			return true
		}
	}
	return false
}

// Rights of a process handle (Win32 process access rights).
const (
	accessVMRead       = 0x0010
	accessVMWrite      = 0x0020
	accessCreateThread = 0x0002
)

func judgeAccess(v *playbook.View, e *reeve.Event, tree []reeve.ProcID, who string, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	granted, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(e.Get(reeve.AttrAccess)), "0x"), 16, 32)
	if err != nil {
		return
	}
	target := base(e.Get(reeve.AttrTargetImage))
	switch {
	case target == "lsass.exe" && granted&accessVMRead != 0:
		code := reeve.SignalCredentials
		if trace := strings.ToLower(e.Get(reeve.AttrCallTrace)); strings.Contains(trace, "dbgcore.dll") || strings.Contains(trace, "dbghelp.dll") || strings.Contains(trace, "comsvcs.dll") {
			code = reeve.SignalLsassDump
		}
		add("credential", code, who+" opened lsass.exe to read its memory ("+e.Get(reeve.AttrAccess)+")", e.Ref)
	case granted&accessVMWrite != 0 && granted&accessCreateThread != 0 && !contains(tree, v.Graph.Find(e.Host, e.Target, e.Time)):
		add("injection", "", who+" opened "+target+" with rights to write and run there ("+e.Get(reeve.AttrAccess)+")", e.Ref)
	}
}

// autostartKeys are parts of registry paths whose values are run by Windows without anybody's doing.
var autostartKeys = []string{`\currentversion\run\`, `\currentversion\runonce\`, `\currentversion\runonceex\`, `\currentversion\policies\explorer\run\`,
	`\currentversion\winlogon\shell`, `\currentversion\winlogon\userinit`, `\currentversion\winlogon\notify\`, `\currentversion\windows\appinit_dlls`, `\currentversion\windows\load`,
	`\image file execution options\`, `\silentprocessexit\`, `\session manager\bootexecute`, `\session manager\appcertdlls`, `\control\lsa\authentication packages`,
	`\control\lsa\security packages`, `\control\lsa\notification packages`, `\control\print\monitors\`, `\active setup\installed components\`, `\environment\userinitmprlogonscript`,
	`\currentversion\schedule\taskcache\tree\`, `\office test\special\perf`, `\netsh\`, `\inprocserver32\`, `\shell\open\command\`, `\ms-settings\`}

// defenceKeys are parts of registry paths that switch security tools or logging.
var defenceKeys = []string{`\windows defender\disable`, `\windows defender\real-time protection\disable`, `\windows defender\exclusions\`, `\windows defender\spynet\`,
	`\windows defender\features\tamperprotection`, `\scriptblocklogging\`, `\modulelogging\`, `\policies\system\enablelua`, `\policies\system\audit\processcreationincludecmdline_enabled`,
	`\control\minint`, `\services\eventlog\`, `\winevt\channels\`, `\services\sysmondrv\`, `\lsa\runasppl`, `\securityproviders\wdigest\uselogoncredential`, `\firewallpolicy\`}

func judgeRegistry(e *reeve.Event, who string, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	key := strings.ToLower(e.Get(reeve.AttrKey))
	says := who + " wrote " + quoted(e.Get(reeve.AttrKey))
	if d := e.Get(reeve.AttrDetails); d != "" {
		says += " = " + quoted(d)
	}
	if deleted(e) {
		return
	}
	for _, k := range defenceKeys {
		if strings.Contains(key, k) {
			add("tamper", reeve.SignalTamper, says, e.Ref)
			return
		}
	}
	for _, k := range autostartKeys {
		if strings.Contains(key, k) {
			add("persistence", reeve.SignalPersistence, says, e.Ref)
			return
		}
	}
	if strings.Contains(key, `\services\`) && (strings.HasSuffix(key, `\imagepath`) || strings.HasSuffix(key, `\servicedll`)) {
		add("persistence", reeve.SignalPersistence, says, e.Ref)
	}
}

func deleted(e *reeve.Event) bool {
	return strings.Contains(strings.ToLower(e.Get(reeve.AttrOperation)), "delete")
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
	case Outside(ip):
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
		add("persistence", reeve.SignalPersistence, who+" wrote into the startup folder: "+quoted(path), e.Ref)
	case strings.HasSuffix(low, ".dmp") && strings.Contains(low, "lsass"):
		add("credential", reeve.SignalLsassDump, who+" wrote "+quoted(path), e.Ref)
	case strings.Contains(low, `\windows\system32\tasks\`) || strings.Contains(low, `\windows\tasks\`) && strings.HasSuffix(low, ".job"):
		add("persistence", reeve.SignalPersistence, who+" wrote the task "+quoted(path), e.Ref)
	case e.Kind == reeve.FileExecutable || hasSuffix(low, ".exe .dll .sys .scr .cpl .ocx .com"):
		add("file", reeve.SignalDropsPE, who+" wrote the program "+quoted(path), e.Ref)
	default:
		add("file", "", who+" wrote "+quoted(path), e.Ref)
	}
}

func hasSuffix(s, list string) bool {
	for _, x := range strings.Fields(list) {
		if strings.HasSuffix(s, x) {
			return true
		}
	}
	return false
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
	{"vssadmin.exe", []string{"delete", "shadows"}, "tamper", reeve.SignalRecovery, "deleted shadow copies"},
	{"wmic.exe powershell.exe pwsh.exe", []string{"shadowcopy", "delete"}, "tamper", reeve.SignalRecovery, "deleted shadow copies"},
	{"wbadmin.exe", []string{"delete", "catalog|systemstatebackup|backup"}, "tamper", reeve.SignalRecovery, "deleted backups"},
	{"bcdedit.exe", []string{"recoveryenabled|bootstatuspolicy", "no|ignoreallfailures"}, "tamper", reeve.SignalRecovery, "switched off recovery"},
	{"wevtutil.exe", []string{" cl | clear-log "}, "tamper", reeve.SignalTamper, "cleared an event log"},
	{"wevtutil.exe", []string{" sl | set-log ", "e:false|enabled:false"}, "tamper", reeve.SignalTamper, "switched off an event log"},
	{"powershell.exe pwsh.exe", []string{"clear-eventlog|remove-eventlog"}, "tamper", reeve.SignalTamper, "cleared an event log"},
	{"powershell.exe pwsh.exe", []string{"set-mppreference|add-mppreference", "disable|exclusion"}, "tamper", reeve.SignalTamper, "changed Defender's settings"},
	{"auditpol.exe", []string{"/clear|/remove|disable"}, "tamper", reeve.SignalTamper, "switched off auditing"},
	{"fltmc.exe", []string{"unload"}, "tamper", reeve.SignalTamper, "unloaded a file system filter"},
	{"sc.exe net.exe net1.exe", []string{"stop|delete|disabled", "windefend|sense|sysmon|eventlog|mpssvc|wscsvc"}, "tamper", reeve.SignalTamper, "stopped a security service"},
	{"netsh.exe", []string{"advfirewall", "state off"}, "tamper", reeve.SignalTamper, "switched off the firewall"},
	{"fsutil.exe", []string{"usn", "deletejournal"}, "tamper", reeve.SignalTamper, "deleted the change journal"},
	{"procdump.exe procdump64.exe", []string{"lsass"}, "credential", reeve.SignalLsassDump, "dumped lsass"},
	{"rundll32.exe", []string{"comsvcs", "minidump|#24|#+24"}, "credential", reeve.SignalLsassDump, "dumped a process with comsvcs"},
	{"reg.exe", []string{"save|export", `hklm\sam|hklm\security|hklm\system|hkey_local_machine\sam|hkey_local_machine\security`}, "credential", reeve.SignalCredentials, "saved a credential hive"},
	{"ntdsutil.exe", []string{"ifm|ac i ntds|activate instance ntds"}, "credential", reeve.SignalCredentials, "exported the domain database"},
	{"esentutl.exe", []string{"ntds.dit|\\sam|/vss"}, "credential", reeve.SignalCredentials, "copied a locked database"},
	{"cmdkey.exe", []string{"/list"}, "credential", "", "listed saved credentials"},
	{"vaultcmd.exe", []string{"/list"}, "credential", "", "listed saved credentials"},
	{"schtasks.exe", []string{"/create|/change"}, "persistence", reeve.SignalPersistence, "made a scheduled task"},
	{"at.exe", []string{":"}, "persistence", reeve.SignalPersistence, "made a scheduled task"},
	{"sc.exe", []string{" create | config "}, "persistence", reeve.SignalPersistence, "made or changed a service"},
	{"reg.exe", []string{" add ", `\currentversion\run|\winlogon|image file execution options`}, "persistence", reeve.SignalPersistence, "wrote an autostart entry"},
	{"net.exe net1.exe", []string{" user ", "/add"}, "persistence", reeve.SignalPersistence, "made an account"},
	{"net.exe net1.exe", []string{"localgroup|group", "/add"}, "persistence", reeve.SignalPersistence, "added a member to a group"},
	{"whoami.exe systeminfo.exe nltest.exe quser.exe qwinsta.exe ipconfig.exe arp.exe nbtstat.exe dsquery.exe tasklist.exe klist.exe adfind.exe", nil, "spawn", reeve.SignalDiscovery, "looked around"},
	{"net.exe net1.exe", []string{" view| user| group| localgroup| accounts| share| session"}, "spawn", reeve.SignalDiscovery, "looked around"},
}

// judgeCommand reads the command lines of the tree. The subject's own line is judged too: it may be the tool that does the deed.
func judgeCommand(v *playbook.View, e *reeve.Event, add func(string, reeve.SignalCode, string, reeve.Ref)) {
	line := strings.ToLower(e.Get(reeve.AttrCommandLine))
	image := e.Get(reeve.AttrImage)
	name := base(image)
	if ofn := base(strings.TrimSuffix(strings.ToLower(e.Get(reeve.AttrOriginalFileName)), ".mui")); ofn != "" && hasSuffix(ofn, ".exe") {
		name = ofn // a renamed tool does what the tool does
	}
	self := v.By(e) == v.Process.ID
	for i := range commandRules {
		r := &commandRules[i]
		if r.images != "" && !oneOf(name, r.images) || self && r.code == reeve.SignalDiscovery {
			continue
		}
		if allOf(line, r.words) {
			add(r.value, r.code, name+" "+r.says+": "+quoted(e.Get(reeve.AttrCommandLine)), e.Ref)
		}
	}
}

func allOf(line string, words []string) bool {
	for _, w := range words {
		if !hasAny(line+" ", w) {
			return false
		}
	}
	return true
}

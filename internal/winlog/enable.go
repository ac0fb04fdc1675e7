package winlog

import (
	"reeve"
)

// Enable tells what to switch on so that events of a kind are recorded.
func Enable(k reeve.Kind) reeve.Need {
	if n, ok := enable[k]; ok {
		return n
	}
	return reeve.Need{Needs: k.Words() + " events", Enable: "a recorder of such events, for example Sysmon"}
}

var enable = map[reeve.Kind]reeve.Need{
	reeve.ProcessStart:    {Needs: "records of process starts", Enable: "Sysmon event 1, or the audit policy Process Creation (Security 4688) with ProcessCreationIncludeCmdLine_Enabled"},
	reeve.ProcessEnd:      {Needs: "records of process ends", Enable: "Sysmon event 5, or the audit policy Process Termination (Security 4689)"},
	reeve.ImageLoad:       {Needs: "records of loaded libraries", Enable: "Sysmon event 7 with ImageLoad include rules"},
	reeve.NetworkConnect:  {Needs: "records of network connections", Enable: "Sysmon event 3, which is off by default"},
	reeve.DNSQuery:        {Needs: "records of name lookups", Enable: "Sysmon event 22"},
	reeve.FileCreate:      {Needs: "records of written files", Enable: "Sysmon events 11, 15 and 29"},
	reeve.FileStream:      {Needs: "records of the mark of the web", Enable: "Sysmon event 15"},
	reeve.FileExecutable:  {Needs: "records of written programs", Enable: "Sysmon event 29 (version 15 or later)"},
	reeve.FileDelete:      {Needs: "records of deleted files", Enable: "Sysmon event 23 or 26"},
	reeve.RegistrySet:     {Needs: "records of registry changes", Enable: "Sysmon events 12 to 14, or object access auditing (Security 4657)"},
	reeve.RegistryKey:     {Needs: "records of registry changes", Enable: "Sysmon events 12 to 14, or object access auditing (Security 4657)"},
	reeve.ProcessAccess:   {Needs: "records of access to other processes", Enable: "Sysmon event 10 for lsass.exe and other targets"},
	reeve.RemoteThread:    {Needs: "records of threads started in other processes", Enable: "Sysmon event 8"},
	reeve.ScriptBlock:     {Needs: "PowerShell script text", Enable: "PowerShell script block logging (event 4104)"},
	reeve.Logon:           {Needs: "records of logons", Enable: "the audit policy Logon (Security 4624) and a longer retention of the Security log"},
	reeve.TaskChange:      {Needs: "records of task changes", Enable: "the channel Microsoft-Windows-TaskScheduler/Operational, or the audit policy Other Object Access Events"},
	reeve.TaskRun:         {Needs: "records of task runs", Enable: "the channel Microsoft-Windows-TaskScheduler/Operational"},
	reeve.ServiceInstall:  {Needs: "records of installed services", Enable: "the System log (7045) or the audit policy Security System Extension (4697)"},
	reeve.WMISubscription: {Needs: "records of WMI subscriptions", Enable: "Sysmon events 19 to 21, or the channel Microsoft-Windows-WMI-Activity/Operational"},
}

// Lacks tells what to switch on so that process starts state a property.
func Lacks(what string) reeve.Need {
	switch what {
	case "command line":
		return reeve.Need{Needs: what, Enable: "the policy ProcessCreationIncludeCmdLine_Enabled for Security 4688"}
	case "hashes":
		return reeve.Need{Needs: what, Enable: "HashAlgorithms in the Sysmon configuration; Security 4688 has none"}
	case "original file name":
		return reeve.Need{Needs: what, Enable: "Sysmon version 10 or later; Security 4688 has none"}
	}
	return reeve.Need{Needs: what, Enable: "a recorder that states it"}
}

// Package winlog gives Windows records their meaning, one file per provider, and holds the tables by which Sigma's names and log
// sources find them.
//
// Invariants: a meaning is data (which provider and ids, which field is which property); a record whose provider or id is not
// listed keeps no meaning and stays a record for rules; meaning never changes what a record states, it drops only what Windows
// writes for "nothing". This package and ingest alone know the providers' field names.
package winlog

import (
	"strings"

	"reeve"
)

// provider is one source of records. Records are known by the provider's name, or by channel where an export leaves the
// provider out.
type provider struct {
	names    []string // lower case
	channels []string // lower case
	meanings []meaning
}

// providers lists every provider that has a meaning here. A new one is a file of its own and a line here.
func providers() []provider {
	return []provider{sysmon, security, eventlog, system, kernel, powershell, powershellCore, classicPowerShell, taskScheduler, wmi, bits, defender, appLocker, codeIntegrity,
		localSessions, remoteConnections, winrm, msiInstaller, sqlServer, vhdmp, ecs}
}

// meaning is what the records of some ids mean.
type meaning struct {
	ids    []uint32
	kind   reeve.Kind
	fields []field
	fixed  []reeve.Property // stated by the id alone
}

// field says where one property stands in the record.
type field struct {
	to    target
	raw   []string // names to try in order; "#2" is the second unnamed Data
	as    conversion
	extra string // for conversions that look at a second field
}

// target is what a field fills: an attribute, or a part of a key. Attributes are small; parts stand above them.
type target uint16

const (
	toActorGUID target = 0x100 + iota
	toActorPID
	toParentGUID
	toParentPID
	toTargetGUID
	toTargetPID
	toTime
	toHost
)

// conversion turns text into the property's form.
type conversion uint8

const (
	asIs        conversion = iota
	asAccount              // extra holds the domain
	asHex                  // a number as 0x... in lower case
	asMessage              // %%1234 into words
	asAction               // task XML into command and arguments
	asYesNo                // 1, 0, true, false
	asKeyValue             // the line of a key=value text whose key is extra
	asIntegrity            // a mandatory label into its word
	asRest                 // text without blanks at its ends
	asPart                 // "n/m", extra holds m
)

func ids(list ...uint32) []uint32 { return list }

// at maps raw names to an attribute.
func at(a reeve.Attr, raw ...string) field { return field{to: target(a), raw: raw} }

func part(t target, raw ...string) field { return field{to: t, raw: raw} }

func conv(a reeve.Attr, c conversion, raw ...string) field {
	return field{to: target(a), raw: raw, as: c}
}

// account joins a domain and a name into DOMAIN\name.
func account(a reeve.Attr, domain, name string) field {
	return field{to: target(a), raw: []string{name}, as: asAccount, extra: domain}
}

func is(a reeve.Attr, value string) reeve.Property { return reeve.Property{Attr: a, Value: value} }

// operation states which of a kind's verbs an id is.
func operation(verb string) []reeve.Property { return []reeve.Property{is(reeve.AttrOperation, verb)} }

func join(lists ...[]field) []field {
	var out []field
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// nothing tells the texts that Windows writes where it has nothing to say.
func nothing(s string) bool { return s == "" || s == "-" || s == "N/A" || s == "NULL SID" }

// actorOfWriter takes the acting process from the record's envelope: the process that wrote it.
const actorOfWriter = "\x00writer"

// messages are the parameter messages of the Security log that a property is read from (msobjs.dll).
var messages = map[string]string{
	"%%1936": "full", "%%1937": "elevated", "%%1938": "limited",
	"%%1904": "created", "%%1905": "modified", "%%1906": "deleted",
	"%%8448": "success removed", "%%8449": "success added", "%%8450": "failure removed", "%%8451": "failure added",
	"%%14592": "inbound", "%%14593": "outbound", "%%1842": "yes", "%%1843": "no",
}

// labels are the mandatory labels by SID (winnt.h, SECURITY_MANDATORY_*_RID).
var labels = map[string]string{"s-1-16-0": "Untrusted", "s-1-16-4096": "Low", "s-1-16-8192": "Medium", "s-1-16-8448": "MediumPlus", "s-1-16-12288": "High", "s-1-16-16384": "System"}

// Enable tells what to switch on so that events of a kind are recorded.
func Enable(k reeve.Kind) reeve.Need {
	if n, ok := enable[k]; ok {
		return n
	}
	return reeve.Need{Needs: strings.ReplaceAll(string(k), "_", " ") + " events", Enable: "a recorder of such events, for example Sysmon"}
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

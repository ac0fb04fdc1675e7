package reeve

import "strings"

// Kind is what an event means, whichever provider stated it. Where Sigma has a log source category its name is used.
type Kind string

// Words is the kind as a sentence has it before "events".
func (k Kind) Words() string {
	return strings.TrimSuffix(strings.ReplaceAll(string(k), "_", " "), " event")
}

// The kinds of event that the process graph, coverage or a question uses.
const (
	ProcessStart     Kind = "process_creation"
	ProcessEnd       Kind = "process_termination"
	ProcessAccess    Kind = "process_access"
	ProcessTamper    Kind = "process_tampering"
	RemoteThread     Kind = "create_remote_thread"
	RawDiskRead      Kind = "raw_access_thread"
	ImageLoad        Kind = "image_load"
	DriverLoad       Kind = "driver_load"
	NetworkConnect   Kind = "network_connection"
	DNSQuery         Kind = "dns_query"
	FileCreate       Kind = "file_event"
	FileTime         Kind = "file_change"
	FileDelete       Kind = "file_delete"
	FileStream       Kind = "create_stream_hash"
	FileExecutable   Kind = "file_executable_detected"
	FileBlocked      Kind = "file_block"
	FileAccess       Kind = "file_access"
	RegistryKey      Kind = "registry_add" // key or value created or deleted; AttrOperation tells
	RegistrySet      Kind = "registry_set"
	RegistryRename   Kind = "registry_rename"
	PipeCreate       Kind = "pipe_created"
	PipeConnect      Kind = "pipe_connected"
	WMISubscription  Kind = "wmi_event"
	WMIActivity      Kind = "wmi_activity"
	Clipboard        Kind = "clipboard_capture"
	Logon            Kind = "logon"
	LogonFailed      Kind = "logon_failed"
	Logoff           Kind = "logoff"
	ExplicitLogon    Kind = "explicit_credentials"
	AdminLogon       Kind = "special_privileges"
	SessionChange    Kind = "session_change"
	RemoteSession    Kind = "remote_session"
	ServiceInstall   Kind = "service_installed"
	ServiceState     Kind = "service_state"
	TaskChange       Kind = "task_registered" // registered, updated, deleted, enabled; AttrOperation tells
	TaskRun          Kind = "task_run"
	ShareAccess      Kind = "share_access"
	ScriptBlock      Kind = "ps_script"
	PowerShellModule Kind = "ps_module"
	PowerShellEngine Kind = "ps_classic"
	BITSJob          Kind = "bits_job"
	Malware          Kind = "antivirus"
	ASRBlock         Kind = "attack_surface_reduction"
	AppControl       Kind = "application_control" // AppLocker and code integrity; AttrOperation tells allowed, audited, blocked
	Signature        Kind = "signature_information"
	Installer        Kind = "installer"
	DiskImage        Kind = "disk_image"
	SQLServer        Kind = "sql_server"
	LogCleared       Kind = "log_cleared"
	AuditChange      Kind = "audit_change" // the logging itself: policy, service, Sysmon state and configuration, lost events
	ClockChange      Kind = "clock_change"
	Boot             Kind = "boot"
	Shutdown         Kind = "shutdown"
)

// Attr names a property of an event by its meaning.
type Attr uint8

// The properties. Values are text as the record states them unless said otherwise.
const (
	AttrImage            Attr = iota + 1 // full path of the acting process
	AttrCommandLine                      // of the acting or started process
	AttrCurrentDirectory                 // working directory
	AttrUser                             // DOMAIN\name of the acting account
	AttrUserSID
	AttrLogonID // hexadecimal, "0x3e7"
	AttrSession // terminal session number
	AttrIntegrity
	AttrOriginalFileName
	AttrProduct
	AttrCompany
	AttrDescription
	AttrFileVersion
	AttrHashes // "SHA256=...,MD5=..." in any order
	AttrParentImage
	AttrParentCommandLine
	AttrParentUser
	AttrElevation   // 4688 token elevation type
	AttrTargetImage // of the process acted on
	AttrTargetUser  // DOMAIN\name: the account logged on, the account of the new process when it differs
	AttrTargetSID
	AttrTargetLogonID
	AttrLinkedLogonID
	AttrAccess // granted access mask
	AttrCallTrace
	AttrStartModule   // module of a remote thread's start address
	AttrPath          // file written, deleted, accessed, mounted, blocked
	AttrContents      // of an alternate data stream (mark of the web)
	AttrCreated       // file creation time as stated
	AttrPreviousTime  // file creation time before it was changed
	AttrIsExecutable  // "true" or "false"
	AttrLoadedImage   // image or driver loaded
	AttrSigned        // "true" or "false"
	AttrSigner        // name on the signature
	AttrSignatureInfo // status, for example "Valid"
	AttrKey           // registry key and value
	AttrDetails       // registry data
	AttrNewName       // after a rename
	AttrOperation     // verb of a kind that has several
	AttrSourceIP
	AttrSourceHost
	AttrSourcePort
	AttrDestIP
	AttrDestHost
	AttrDestPort
	AttrProtocol
	AttrInitiated // "true" when this host opened the connection
	AttrQuery     // DNS name, WMI query
	AttrResult    // DNS answers, status, exit code
	AttrPipe
	AttrName     // of a task, service, job, filter, consumer, product, threat, share
	AttrAction   // what a task, service or consumer starts
	AttrContent  // task XML, script text, consumer text
	AttrAccount  // account that a service or task runs as
	AttrStart    // start type of a service
	AttrLogon    // logon type number
	AttrPackage  // authentication package
	AttrProcess  // logon process, host application
	AttrScript   // path of a script
	AttrScriptID // script block id
	AttrPart     // "n/m" of a text that was split over records
	AttrURL
	AttrRule     // rule or policy that decided
	AttrSeverity // as the product words it
	AttrVersion
	AttrActivity // GUID that joins records of one activity
	AttrChannel  // log cleared or filled
	AttrMessage  // remaining text of a record without named fields
	attrEnd
)

// Event is a record with its meaning. It is owned: it may be kept after the reader moved on.
type Event struct {
	Kind     Kind
	Time     Time   // the event's own time (Sysmon UtcTime), else when it was written
	Written  Time   // when it was written
	Host     string // the record's computer; canonical once the investigation has joined host names
	Provider string
	Channel  string
	ID       uint32
	Ref      Ref
	Also     []Ref   // other copies of the same record
	Process  ProcKey // the acting process; of a ProcessStart the started one
	Parent   ProcKey // of a ProcessStart
	Target   ProcKey // the process acted on
	Attrs    []Property
}

// Property is one attribute of an event.
type Property struct {
	Attr  Attr
	Value string
}

// Get returns the attribute's value, "" when the record states none.
func (e *Event) Get(a Attr) string {
	for i := range e.Attrs {
		if e.Attrs[i].Attr == a {
			return e.Attrs[i].Value
		}
	}
	return ""
}

// Has tells whether the record states the attribute, be it empty.
func (e *Event) Has(a Attr) bool {
	for i := range e.Attrs {
		if e.Attrs[i].Attr == a {
			return true
		}
	}
	return false
}

// Refs returns the citations of all copies of the record.
func (e *Event) Refs() []Ref { return append([]Ref{e.Ref}, e.Also...) }

var attrNames = [attrEnd]string{
	AttrImage: "image", AttrCommandLine: "command_line", AttrCurrentDirectory: "current_directory", AttrUser: "user",
	AttrUserSID: "user_sid", AttrLogonID: "logon_id", AttrSession: "session", AttrIntegrity: "integrity",
	AttrOriginalFileName: "original_file_name", AttrProduct: "product", AttrCompany: "company", AttrDescription: "description",
	AttrFileVersion: "file_version", AttrHashes: "hashes", AttrParentImage: "parent_image",
	AttrParentCommandLine: "parent_command_line", AttrParentUser: "parent_user", AttrElevation: "elevation",
	AttrTargetImage: "target_image", AttrTargetUser: "target_user", AttrTargetSID: "target_sid",
	AttrTargetLogonID: "target_logon_id", AttrLinkedLogonID: "linked_logon_id", AttrAccess: "access",
	AttrCallTrace: "call_trace", AttrStartModule: "start_module", AttrPath: "path", AttrContents: "contents",
	AttrCreated: "created", AttrPreviousTime: "previous_time", AttrIsExecutable: "is_executable",
	AttrLoadedImage: "loaded_image", AttrSigned: "signed", AttrSigner: "signer", AttrSignatureInfo: "signature_info",
	AttrKey: "key", AttrDetails: "details", AttrNewName: "new_name", AttrOperation: "operation", AttrSourceIP: "source_ip",
	AttrSourceHost: "source_host", AttrSourcePort: "source_port", AttrDestIP: "dest_ip", AttrDestHost: "dest_host",
	AttrDestPort: "dest_port", AttrProtocol: "protocol", AttrInitiated: "initiated", AttrQuery: "query", AttrResult: "result",
	AttrPipe: "pipe", AttrName: "name", AttrAction: "action", AttrContent: "content", AttrAccount: "account",
	AttrStart: "start", AttrLogon: "logon", AttrPackage: "package", AttrProcess: "process", AttrScript: "script",
	AttrScriptID: "script_id", AttrPart: "part", AttrURL: "url", AttrRule: "rule", AttrSeverity: "severity",
	AttrVersion: "version", AttrActivity: "activity", AttrChannel: "channel", AttrMessage: "message",
}

// String is the attribute's name in lower case with underscores, as golden files print it.
func (a Attr) String() string { return attrNames[a] }

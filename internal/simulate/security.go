package simulate

import (
	"strings"
	"time"

	"reeve/evtx"
)

const securityChannel = "Security"

// audit writes a record of the Security log.
func (h *Host) audit(at time.Time, id uint16, version uint8, task uint16, by *Process, activity evtx.GUID, data ...evtx.Field) {
	provider, _ := evtx.ParseGUID("54849625-5478-4994-A5BA-3E3B0328C30D")
	h.record(securityChannel, evtx.Event{Provider: "Microsoft-Windows-Security-Auditing", GUID: provider, EventID: id, Version: version, Task: task, Keywords: 0x8020000000000000,
		Time: at, ActivityID: activity, ProcessID: uint32(by.PID), ThreadID: uint32(4 * h.dice.between(20, 1400)), Data: data})
}

func hex(name string, n uint64) evtx.Field { return evtx.Field{Name: name, Value: evtx.Hex64Value(n)} }

func sid(name, s string) evtx.Field { return evtx.Field{Name: name, Value: evtx.SIDValue(s)} }

// who is the account of a session as the Security log names it: the system goes by the machine's name.
func (h *Host) who(s *Session) *Account {
	if s.ID == 0x3e7 || s.ID == 0x3e4 {
		m := *h.machineAccount()
		m.SID = s.Account.SID
		return &m
	}
	return s.Account
}

// account are the four fields that name one, for a prefix such as "Subject".
func account(prefix string, a *Account, id uint64) []evtx.Field {
	of := prefix + "User"
	return []evtx.Field{sid(of+"Sid", a.SID), text(of+"Name", a.Name), text(prefix+"DomainName", a.Domain), hex(prefix+"LogonId", id)}
}

var nullAccount = &Account{Domain: "-", Name: "-", SID: "S-1-0-0"}

// logon is Security 4624.
func (h *Host) logon(at time.Time, s *Session, from origin) {
	if !h.logging.Logons {
		return
	}
	subject, subjectID := nullAccount, uint64(0)
	process, image := uint64(0), "-"
	if from.process != nil {
		subject, subjectID = h.machineAccount(), 0x3e7
		process, image = uint64(from.process.PID), from.process.Program.Path
	}
	elevated := "%%1843" // no
	if from.elevated {
		elevated = "%%1842"
	}
	kind := s.kind
	if s == h.system {
		kind = service
	}
	var logonGUID evtx.GUID
	if from.authentication == "Kerberos" {
		logonGUID = h.activity()
	}
	f := append(account("Subject", subject, subjectID), account("Target", s.Account, s.ID)...)
	f = append(f, number("LogonType", kind), text("LogonProcessName", from.logonProcess), text("AuthenticationPackageName", from.authentication), text("WorkstationName", from.workstation),
		guid("LogonGuid", logonGUID), text("TransmittedServices", "-"), text("LmPackageName", "-"), number("KeyLength", 0), hex("ProcessId", process), text("ProcessName", image),
		text("IpAddress", from.ip), text("IpPort", from.port), text("ImpersonationLevel", "%%1833"), text("RestrictedAdminMode", "-"), text("TargetOutboundUserName", "-"),
		text("TargetOutboundDomainName", "-"), text("VirtualAccount", "%%1843"), hex("TargetLinkedLogonId", from.linked), text("ElevatedToken", elevated))
	h.audit(at, 4624, 2, 12544, h.lsass, h.activity(), f...)
}

// activity makes a GUID that says nothing.
func (h *Host) activity() evtx.GUID { return h.guid(h.booted, h.dice.next()) }

// logoff is Security 4634.
func (h *Host) logoff(at time.Time, s *Session) {
	if h.logging.Logons {
		h.audit(at, 4634, 0, 12545, h.lsass, evtx.GUID{}, append(account("Target", s.Account, s.ID), number("LogonType", s.kind))...)
	}
}

// privileges is Security 4672, which stands beside the logon of every administrator.
func (h *Host) privileges(at time.Time, s *Session) {
	if !h.logging.Logons {
		return
	}
	list := []string{"SeSecurityPrivilege", "SeBackupPrivilege", "SeRestorePrivilege", "SeTakeOwnershipPrivilege", "SeDebugPrivilege", "SeSystemEnvironmentPrivilege", "SeLoadDriverPrivilege", "SeImpersonatePrivilege"}
	if s == h.system {
		list = append([]string{"SeAssignPrimaryTokenPrivilege", "SeTcbPrivilege"}, list...)
	}
	h.audit(at, 4672, 0, 12548, h.lsass, h.activity(), append(account("Subject", s.Account, s.ID), text("PrivilegeList", strings.Join(list, "\r\n\t\t\t")))...)
}

// labels are the SIDs of the integrity levels.
var labels = map[string]string{"Low": "S-1-16-4096", "Medium": "S-1-16-8192", "High": "S-1-16-12288", "System": "S-1-16-16384"}

// auditStart is Security 4688. Subject is whoever creates the process; Target is filled when it runs as someone else.
func (h *Host) auditStart(p *Process) {
	if !h.logging.Starts {
		return
	}
	line := ""
	if h.logging.CommandLines {
		line = p.CommandLine
	}
	creator := p.Parent.Session
	target, targetID := nullAccount, uint64(0)
	if creator != p.Session {
		// Windows names the account that the process runs as, and leaves its SID out.
		named := *p.Session.Account
		named.SID = nullAccount.SID
		target, targetID = &named, p.Session.ID
	}
	elevation := "%%1936" // default: the account has no split token
	if s := p.Session; s.Elevated != nil {
		elevation = "%%1938"
	} else if s.Account.Admin && p.Integrity == "High" {
		elevation = "%%1937"
	}
	f := append(account("Subject", h.who(creator), creator.ID), hex("NewProcessId", uint64(p.PID)), text("NewProcessName", p.Program.Path), text("TokenElevationType", elevation),
		hex("ProcessId", uint64(p.Parent.PID)), text("CommandLine", line))
	f = append(f, account("Target", target, targetID)...)
	f = append(f, text("ParentProcessName", p.Parent.Program.Path), sid("MandatoryLabel", labels[p.Integrity]))
	h.audit(p.Started, 4688, 2, 13312, h.kernel, evtx.GUID{}, f...)
}

// auditEnd is Security 4689.
func (h *Host) auditEnd(at time.Time, p *Process) {
	if h.logging.Ends {
		f := append(account("Subject", h.who(p.Session), p.Session.ID), evtx.Field{Name: "Status", Value: evtx.Hex32Value(0)}, hex("ProcessId", uint64(p.PID)), text("ProcessName", p.Program.Path))
		h.audit(at, 4689, 0, 13313, h.kernel, evtx.GUID{}, f...)
	}
}

// shareAccess is Security 5140.
func (h *Host) shareAccess(at time.Time, s *Session, ip, from, share, local string) {
	if h.logging.Shares {
		f := append(account("Subject", s.Account, s.ID), text("ObjectType", "File"), text("IpAddress", ip), text("IpPort", from), text("ShareName", share), text("ShareLocalPath", `\??\`+local),
			evtx.Field{Name: "AccessMask", Value: evtx.Hex32Value(1)}, text("AccessList", "%%4416\r\n\t\t\t\t"))
		h.audit(at, 5140, 1, 12808, h.kernel, evtx.GUID{}, f...)
	}
}

// fileOverShare is Security 5145.
func (h *Host) fileOverShare(at time.Time, s *Session, ip, from, share, local, file string, write bool) {
	if !h.logging.Shares {
		return
	}
	access, rights := uint32(0x120089), []string{"%%1538", "%%1541", "%%4416", "%%4419", "%%4423"}
	if write {
		access, rights = 0x12019f, []string{"%%1538", "%%1541", "%%4416", "%%4417", "%%4418", "%%4419", "%%4420", "%%4423", "%%4424"}
	}
	f := append(account("Subject", s.Account, s.ID), text("ObjectType", "File"), text("IpAddress", ip), text("IpPort", from), text("ShareName", share), text("ShareLocalPath", `\??\`+local),
		text("RelativeTargetName", file), evtx.Field{Name: "AccessMask", Value: evtx.Hex32Value(access)}, text("AccessList", strings.Join(rights, "\r\n\t\t\t\t")+"\r\n\t\t\t\t"), text("AccessReason", "-"))
	h.audit(at, 5145, 0, 12811, h.kernel, evtx.GUID{}, f...)
}

package winlog

import "reeve"

// security is the Security log's auditing provider; field names as in its manifest.
var security = provider{
	names:    []string{"microsoft-windows-security-auditing"},
	channels: []string{"security"},
	meanings: []meaning{
		{ids: ids(4608), kind: reeve.Boot},
		{ids: ids(4616), kind: reeve.ClockChange, fields: join(subject, []field{at(reeve.AttrPreviousTime, "PreviousTime", "PreviousDate"), at(reeve.AttrCreated, "NewTime", "NewDate"), part(toActorPID, "ProcessId"), at(reeve.AttrImage, "ProcessName")})},
		{ids: ids(4624), kind: reeve.Logon, fields: join(subject, logonTarget, []field{conv(reeve.AttrLinkedLogonID, asHex, "TargetLinkedLogonId"), conv(reeve.AttrElevation, asMessage, "ElevatedToken"), at(reeve.AttrActivity, "LogonGuid")})},
		{ids: ids(4625), kind: reeve.LogonFailed, fields: join(subject, logonTarget, []field{at(reeve.AttrResult, "SubStatus", "Status"), at(reeve.AttrMessage, "FailureReason")})},
		{ids: ids(4634), kind: reeve.Logoff, fields: []field{account(reeve.AttrTargetUser, "TargetDomainName", "TargetUserName"), at(reeve.AttrTargetSID, "TargetUserSid"), conv(reeve.AttrTargetLogonID, asHex, "TargetLogonId"), at(reeve.AttrLogon, "LogonType")}},
		{ids: ids(4648), kind: reeve.ExplicitLogon, fields: join(subject, []field{account(reeve.AttrTargetUser, "TargetDomainName", "TargetUserName"), at(reeve.AttrDestHost, "TargetServerName"), part(toActorPID, "ProcessId"),
			at(reeve.AttrImage, "ProcessName"), at(reeve.AttrSourceIP, "IpAddress"), at(reeve.AttrSourcePort, "IpPort"), at(reeve.AttrName, "TargetInfo")})},
		{ids: ids(4656, 4663), kind: reeve.FileAccess, fields: join(subject, []field{at(reeve.AttrPath, "ObjectName"), at(reeve.AttrName, "ObjectType"), at(reeve.AttrAccess, "AccessMask"), at(reeve.AttrDetails, "AccessList"),
			part(toActorPID, "ProcessId"), at(reeve.AttrImage, "ProcessName")})},
		{ids: ids(4657), kind: reeve.RegistrySet, fields: join(subject, []field{at(reeve.AttrKey, "ObjectName"), at(reeve.AttrName, "ObjectValueName"), conv(reeve.AttrOperation, asMessage, "OperationType"), at(reeve.AttrDetails, "NewValue"),
			part(toActorPID, "ProcessId"), at(reeve.AttrImage, "ProcessName")})},
		{ids: ids(4672), kind: reeve.AdminLogon, fields: join(subject, []field{at(reeve.AttrDetails, "PrivilegeList")})},
		{ids: ids(4688), kind: reeve.ProcessStart, fields: []field{
			account(reeve.AttrUser, "SubjectDomainName", "SubjectUserName"), at(reeve.AttrUserSID, "SubjectUserSid"), conv(reeve.AttrLogonID, asHex, "SubjectLogonId"),
			part(toActorPID, "NewProcessId"), at(reeve.AttrImage, "NewProcessName"), part(toParentPID, "ProcessId", "CreatorProcessId"), at(reeve.AttrParentImage, "ParentProcessName", "CreatorProcessName"),
			at(reeve.AttrCommandLine, "CommandLine", "ProcessCommandLine"), conv(reeve.AttrElevation, asMessage, "TokenElevationType"), conv(reeve.AttrIntegrity, asIntegrity, "MandatoryLabel"),
			account(reeve.AttrTargetUser, "TargetDomainName", "TargetUserName"), at(reeve.AttrTargetSID, "TargetUserSid"), conv(reeve.AttrTargetLogonID, asHex, "TargetLogonId"),
		}},
		{ids: ids(4689), kind: reeve.ProcessEnd, fields: join(subject, []field{part(toActorPID, "ProcessId"), at(reeve.AttrImage, "ProcessName"), at(reeve.AttrResult, "Status")})},
		{ids: ids(4697), kind: reeve.ServiceInstall, fields: join(subject, []field{at(reeve.AttrName, "ServiceName"), at(reeve.AttrAction, "ServiceFileName"), at(reeve.AttrStart, "ServiceStartType"), at(reeve.AttrAccount, "ServiceAccount"),
			at(reeve.AttrDetails, "ServiceType"), part(toActorPID, "ClientProcessId")})},
		{ids: ids(4698), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("created")},
		{ids: ids(4699), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("deleted")},
		{ids: ids(4700), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("enabled")},
		{ids: ids(4701), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("disabled")},
		{ids: ids(4702), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("updated")},
		{ids: ids(4719), kind: reeve.AuditChange, fields: join(subject, []field{at(reeve.AttrName, "SubcategoryGuid", "SubcategoryId"), at(reeve.AttrDetails, "AuditPolicyChanges")}), fixed: operation("audit policy")},
		{ids: ids(4778), kind: reeve.SessionChange, fields: sessionAudit, fixed: operation("reconnected")},
		{ids: ids(4779), kind: reeve.SessionChange, fields: sessionAudit, fixed: operation("disconnected")},
		{ids: ids(5140), kind: reeve.ShareAccess, fields: shareAudit},
		{ids: ids(5145), kind: reeve.ShareAccess, fields: join(shareAudit, []field{at(reeve.AttrPath, "RelativeTargetName"), at(reeve.AttrDetails, "AccessList")})},
		{ids: ids(5156), kind: reeve.NetworkConnect, fields: []field{part(toActorPID, "ProcessID", "ProcessId"), at(reeve.AttrImage, "Application"), conv(reeve.AttrOperation, asMessage, "Direction"), at(reeve.AttrSourceIP, "SourceAddress"),
			at(reeve.AttrSourcePort, "SourcePort"), at(reeve.AttrDestIP, "DestAddress"), at(reeve.AttrDestPort, "DestPort"), at(reeve.AttrProtocol, "Protocol")}},
	},
}

// eventlog is the logging service's own provider, which writes into Security and System.
var eventlog = provider{
	names: []string{"microsoft-windows-eventlog"},
	meanings: []meaning{
		{ids: ids(1100), kind: reeve.AuditChange, fixed: operation("logging stopped")},
		{ids: ids(1101), kind: reeve.AuditChange, fields: []field{at(reeve.AttrDetails, "Reason", "#1")}, fixed: operation("events dropped")},
		{ids: ids(1102), kind: reeve.LogCleared, fields: []field{account(reeve.AttrUser, "SubjectDomainName", "SubjectUserName"), at(reeve.AttrUserSID, "SubjectUserSid"), conv(reeve.AttrLogonID, asHex, "SubjectLogonId"),
			part(toActorPID, "ClientProcessId")}, fixed: []reeve.Property{is(reeve.AttrChannel, "Security")}},
		{ids: ids(104), kind: reeve.LogCleared, fields: []field{account(reeve.AttrUser, "SubjectDomainName", "SubjectUserName"), at(reeve.AttrChannel, "Channel"), at(reeve.AttrPath, "BackupPath"), part(toActorPID, "ClientProcessId")}},
	},
}

var (
	subject = []field{account(reeve.AttrUser, "SubjectDomainName", "SubjectUserName"), at(reeve.AttrUserSID, "SubjectUserSid"), conv(reeve.AttrLogonID, asHex, "SubjectLogonId")}

	logonTarget = []field{account(reeve.AttrTargetUser, "TargetDomainName", "TargetUserName"), at(reeve.AttrTargetSID, "TargetUserSid"), conv(reeve.AttrTargetLogonID, asHex, "TargetLogonId"),
		at(reeve.AttrLogon, "LogonType"), at(reeve.AttrProcess, "LogonProcessName"), at(reeve.AttrPackage, "AuthenticationPackageName"), at(reeve.AttrSourceHost, "WorkstationName"),
		part(toActorPID, "ProcessId"), at(reeve.AttrImage, "ProcessName"), at(reeve.AttrSourceIP, "IpAddress"), at(reeve.AttrSourcePort, "IpPort")}

	taskAudit = join(subject, []field{at(reeve.AttrName, "TaskName"), conv(reeve.AttrAction, asAction, "TaskContent", "TaskContentNew"), at(reeve.AttrContent, "TaskContent", "TaskContentNew"), part(toActorPID, "ClientProcessId")})

	sessionAudit = []field{account(reeve.AttrTargetUser, "AccountDomain", "AccountName"), conv(reeve.AttrTargetLogonID, asHex, "LogonID"), at(reeve.AttrSession, "SessionName"), at(reeve.AttrSourceHost, "ClientName"), at(reeve.AttrSourceIP, "ClientAddress")}

	shareAudit = join(subject, []field{at(reeve.AttrSourceIP, "IpAddress"), at(reeve.AttrSourcePort, "IpPort"), at(reeve.AttrName, "ShareName"), at(reeve.AttrProtocol, "ObjectType"), at(reeve.AttrAccess, "AccessMask")})
)

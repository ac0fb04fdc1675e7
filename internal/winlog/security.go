package winlog

import "reeve"

// security is the Security log's auditing provider; field names as in its manifest.
var security = provider{
	names:    []string{"microsoft-windows-security-auditing"},
	channels: []string{"security", "sec"},
	witness:  "SubjectLogonId",
	meanings: []meaning{
		{ids: ids(4608), kind: reeve.Boot, fixed: operation("auditing started")},
		{ids: ids(4616), kind: reeve.ClockChange, fields: join(subject, acting, []field{at(reeve.AttrPreviousTime, "PreviousTime"), at(reeve.AttrCreated, "NewTime")})},
		{ids: ids(4624), kind: reeve.Logon, fields: join(subject, acting, logonSession, logonWay, []field{conv(reeve.AttrLinkedLogonID, asLogon, "TargetLinkedLogonId"), conv(reeve.AttrElevation, asMessage, "ElevatedToken"),
			conv(reeve.AttrActivity, asGUID, "LogonGuid")})},
		{ids: ids(4625), kind: reeve.LogonFailed, fields: join(subject, acting, logonAccount, logonWay, []field{conv(reeve.AttrResult, asStatus, "SubStatus", "Status"), conv(reeve.AttrMessage, asMessage, "FailureReason")})},
		{ids: ids(4634), kind: reeve.Logoff, fields: join(logonSession, logonType)},
		{ids: ids(4647), kind: reeve.Logoff, fields: logonSession},
		{ids: ids(4648), kind: reeve.ExplicitLogon, fields: join(subject, acting, fromAddress, []field{account(reeve.AttrTargetUser, "TargetDomainName", "TargetUserName"), at(reeve.AttrDestHost, "TargetServerName"), at(reeve.AttrName, "TargetInfo"), conv(reeve.AttrActivity, asGUID, "LogonGuid")})},
		// 4656 and 4663 are about objects of many types.
		{ids: ids(4656), when: []test{says("ObjectType", "File")}, kind: reeve.FileAccess, fields: join(subject, acting, objectFile), fixed: operation("requested")},
		{ids: ids(4663), when: []test{says("ObjectType", "File")}, kind: reeve.FileAccess, fields: join(subject, acting, objectFile), fixed: operation("accessed")},
		{ids: ids(4656), when: []test{says("ObjectType", "Process")}, kind: reeve.ProcessAccess, fields: join(subject, acting, objectProcess), fixed: operation("requested")},
		{ids: ids(4663), when: []test{says("ObjectType", "Process")}, kind: reeve.ProcessAccess, fields: join(subject, acting, objectProcess), fixed: operation("accessed")},
		{ids: ids(4656, 4663), when: []test{has("ObjectType")}},
		{ids: ids(4657), kind: reeve.RegistrySet, fields: join(subject, acting, []field{{to: target(reeve.AttrKey), raw: []string{"ObjectName"}, as: asPath, second: "ObjectValueName"}, conv(reeve.AttrOperation, asMessage, "OperationType"), at(reeve.AttrDetails, "NewValue")})},
		{ids: ids(4672), kind: reeve.AdminLogon, fields: join(subject, []field{conv(reeve.AttrDetails, asWords, "PrivilegeList")})},
		{ids: ids(4688), kind: reeve.ProcessStart, all: true, fields: join(subject, []field{
			part(toActorPID, "NewProcessId"), at(reeve.AttrImage, "NewProcessName"), part(toParentPID, "ProcessId", "CreatorProcessId"), at(reeve.AttrParentImage, "ParentProcessName", "CreatorProcessName"),
			at(reeve.AttrCommandLine, "CommandLine", "ProcessCommandLine"), conv(reeve.AttrElevation, asMessage, "TokenElevationType"), conv(reeve.AttrIntegrity, asIntegrity, "MandatoryLabel"),
		}, logonSession)},
		{ids: ids(4689), kind: reeve.ProcessEnd, all: true, fields: join(subject, acting, []field{at(reeve.AttrResult, "Status")})},
		{ids: ids(4697), kind: reeve.ServiceInstall, fields: join(subject, []field{at(reeve.AttrName, "ServiceName"), at(reeve.AttrAction, "ServiceFileName"), conv(reeve.AttrStart, asStart, "ServiceStartType", "StartType"),
			at(reeve.AttrAccount, "ServiceAccount", "AccountName"), at(reeve.AttrDetails, "ServiceType"), part(toActorPID, "ClientProcessId")})},
		{ids: ids(4698), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("created")},
		{ids: ids(4699), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("deleted")},
		{ids: ids(4700), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("enabled")},
		{ids: ids(4701), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("disabled")},
		{ids: ids(4702), kind: reeve.TaskChange, fields: taskAudit, fixed: operation("updated")},
		{ids: ids(4719), kind: reeve.AuditChange, fields: join(subject, []field{at(reeve.AttrName, "SubcategoryGuid", "SubcategoryId"), conv(reeve.AttrDetails, asMessage, "AuditPolicyChanges")}), fixed: operation("audit policy")},
		{ids: ids(4778), kind: reeve.SessionChange, fields: sessionAudit, fixed: operation("reconnected")},
		{ids: ids(4779), kind: reeve.SessionChange, fields: sessionAudit, fixed: operation("disconnected")},
		{ids: ids(5140), kind: reeve.ShareAccess, fields: shareAudit},
		{ids: ids(5145), kind: reeve.ShareAccess, fields: join(shareAudit, []field{at(reeve.AttrPath, "RelativeTargetName")})},
		// Before Windows 8 the source is this host's end, whoever opened the connection; since then it is who opened it, as in Sysmon.
		{ids: ids(5156), when: []test{has("LayerRTID"), lacks("RemoteUserID"), says("Direction", "%%14592")}, kind: reeve.NetworkConnect, fields: join(filtered, []field{
			at(reeve.AttrSourceIP, "DestAddress"), at(reeve.AttrSourcePort, "DestPort"), at(reeve.AttrDestIP, "SourceAddress"), at(reeve.AttrDestPort, "SourcePort")})},
		{ids: ids(5156), kind: reeve.NetworkConnect, fields: join(filtered, []field{
			at(reeve.AttrSourceIP, "SourceAddress"), at(reeve.AttrSourcePort, "SourcePort"), at(reeve.AttrDestIP, "DestAddress", "DestinationAddress"), at(reeve.AttrDestPort, "DestPort", "DestinationPort")})},
	},
}

var (
	subject = []field{account(reeve.AttrUser, "SubjectDomainName", "SubjectUserName"), at(reeve.AttrUserSID, "SubjectUserSid"), conv(reeve.AttrLogonID, asLogon, "SubjectLogonId")}

	acting = []field{part(toActorPID, "ProcessId"), saidPID("Process ID:", ""), at(reeve.AttrImage, "ProcessName")}

	logonAccount = []field{account(reeve.AttrTargetUser, "TargetDomainName", "TargetUserName"), at(reeve.AttrTargetSID, "TargetUserSid")}
	logonSession = join(logonAccount, []field{conv(reeve.AttrTargetLogonID, asLogon, "TargetLogonId")})
	logonType    = []field{at(reeve.AttrLogon, "LogonType")}
	logonWay     = join(logonType, fromAddress, []field{conv(reeve.AttrProcess, asText, "LogonProcessName"), at(reeve.AttrPackage, "AuthenticationPackageName"), at(reeve.AttrSourceHost, "WorkstationName")})
	fromAddress  = []field{at(reeve.AttrSourceIP, "IpAddress"), at(reeve.AttrSourcePort, "IpPort")}

	objectFile    = []field{at(reeve.AttrPath, "ObjectName"), conv(reeve.AttrAccess, asHex, "AccessMask"), conv(reeve.AttrDetails, asWords, "AccessList")}
	objectProcess = []field{at(reeve.AttrTargetImage, "ObjectName"), conv(reeve.AttrAccess, asHex, "AccessMask"), conv(reeve.AttrDetails, asWords, "AccessList")}

	taskAudit = join(subject, []field{at(reeve.AttrName, "TaskName"), conv(reeve.AttrAction, asAction, "TaskContent", "TaskContentNew"), at(reeve.AttrContent, "TaskContent", "TaskContentNew"), part(toActorPID, "ClientProcessId")})

	sessionAudit = []field{account(reeve.AttrTargetUser, "AccountDomain", "AccountName"), conv(reeve.AttrTargetLogonID, asLogon, "LogonID"), at(reeve.AttrSession, "SessionName"), at(reeve.AttrSourceHost, "ClientName"), at(reeve.AttrSourceIP, "ClientAddress")}

	shareAudit = join(subject, fromAddress, []field{at(reeve.AttrName, "ShareName"), conv(reeve.AttrAccess, asHex, "AccessMask"), conv(reeve.AttrDetails, asWords, "AccessList")})

	filtered = []field{part(toActorPID, "ProcessID"), saidPID("Process ID:", ""), at(reeve.AttrImage, "Application", "ApplicationName"), conv(reeve.AttrInitiated, asOutbound, "Direction"), conv(reeve.AttrProtocol, asProtocol, "Protocol")}
)

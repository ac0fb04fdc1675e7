package winlog

import "reeve"

// taskScheduler is the task scheduler's operational log.
var taskScheduler = provider{
	names: []string{"microsoft-windows-taskscheduler"}, channels: []string{"microsoft-windows-taskscheduler/operational"},
	meanings: []meaning{
		{ids: ids(106), kind: reeve.TaskChange, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrUser, "UserContext")}, fixed: operation("created")},
		{ids: ids(140), kind: reeve.TaskChange, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrUser, "UserName")}, fixed: operation("updated")},
		{ids: ids(141), kind: reeve.TaskChange, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrUser, "UserName")}, fixed: operation("deleted")},
		{ids: ids(107), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrActivity, "InstanceId")}, fixed: operation("by time")},
		{ids: ids(108), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrActivity, "InstanceId")}, fixed: operation("by event")},
		{ids: ids(110), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrActivity, "InstanceId"), at(reeve.AttrUser, "UserContext")}, fixed: operation("by user")},
		{ids: ids(118), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrActivity, "InstanceId")}, fixed: operation("at boot")},
		{ids: ids(119), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrActivity, "InstanceId"), at(reeve.AttrUser, "UserName")}, fixed: operation("at logon")},
		{ids: ids(129), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrAction, "Path"), part(toActorPID, "ProcessID")}, fixed: operation("process created")},
		{ids: ids(200), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrAction, "ActionName"), at(reeve.AttrActivity, "TaskInstanceId"), part(toActorPID, "EnginePID")}, fixed: operation("action started")},
		{ids: ids(201), kind: reeve.TaskRun, fields: []field{at(reeve.AttrName, "TaskName"), at(reeve.AttrAction, "ActionName"), at(reeve.AttrActivity, "TaskInstanceId"), at(reeve.AttrResult, "ResultCode"), part(toActorPID, "EnginePID")}, fixed: operation("action ended")},
	},
}

// wmi is the operational log of Windows Management Instrumentation; its data are UserData.
var wmi = provider{
	names: []string{"microsoft-windows-wmi-activity"}, channels: []string{"microsoft-windows-wmi-activity/operational"},
	meanings: []meaning{
		{ids: ids(5857), kind: reeve.WMIActivity, fields: []field{at(reeve.AttrName, "ProviderName"), at(reeve.AttrResult, "Code"), at(reeve.AttrProcess, "HostProcess"), part(toActorPID, "ProcessID"), at(reeve.AttrPath, "ProviderPath")}, fixed: operation("provider started")},
		{ids: ids(5858), kind: reeve.WMIActivity, fields: []field{at(reeve.AttrSourceHost, "ClientMachine"), at(reeve.AttrUser, "User"), part(toActorPID, "ClientProcessId"), at(reeve.AttrName, "Component"), at(reeve.AttrContent, "Operation"),
			at(reeve.AttrResult, "ResultCode"), at(reeve.AttrDetails, "PossibleCause")}, fixed: operation("error")},
		{ids: ids(5859), kind: reeve.WMIActivity, fields: []field{at(reeve.AttrName, "NamespaceName"), at(reeve.AttrQuery, "Query"), at(reeve.AttrUser, "User"), part(toActorPID, "Processid"), at(reeve.AttrPath, "Provider"), at(reeve.AttrDetails, "PossibleCause")}, fixed: operation("subscription")},
		{ids: ids(5860), kind: reeve.WMIActivity, fields: []field{at(reeve.AttrName, "NamespaceName"), at(reeve.AttrQuery, "Query"), at(reeve.AttrUser, "User"), part(toActorPID, "Processid"), at(reeve.AttrSourceHost, "ClientMachine"), at(reeve.AttrDetails, "PossibleCause")}, fixed: operation("temporary subscription")},
		{ids: ids(5861), kind: reeve.WMISubscription, fields: []field{at(reeve.AttrName, "Namespace"), at(reeve.AttrQuery, "ESS"), at(reeve.AttrAction, "CONSUMER"), at(reeve.AttrContent, "PossibleCause")}, fixed: operation("permanent subscription")},
	},
}

// bits is the background transfer service.
var bits = provider{
	names: []string{"microsoft-windows-bits-client"}, channels: []string{"microsoft-windows-bits-client/operational"},
	meanings: []meaning{
		{ids: ids(3), kind: reeve.BITSJob, fields: []field{at(reeve.AttrName, "jobTitle", "string"), at(reeve.AttrActivity, "jobId", "string2"), at(reeve.AttrUser, "jobOwner", "string3"), at(reeve.AttrImage, "processPath"), part(toActorPID, "processId")}, fixed: operation("created")},
		{ids: ids(59), kind: reeve.BITSJob, fields: bitsTransfer, fixed: operation("started")},
		{ids: ids(60), kind: reeve.BITSJob, fields: bitsTransfer, fixed: operation("stopped")},
		{ids: ids(61), kind: reeve.BITSJob, fields: bitsTransfer, fixed: operation("failed")},
	},
}

var bitsTransfer = []field{at(reeve.AttrName, "name"), at(reeve.AttrActivity, "Id"), at(reeve.AttrURL, "url"), at(reeve.AttrDetails, "bytesTransferred"), at(reeve.AttrCreated, "fileTime"), at(reeve.AttrResult, "hr")}

// defender is Microsoft Defender Antivirus. Its field names have blanks.
var defender = provider{
	names: []string{"microsoft-windows-windows defender", "microsoft antimalware"}, channels: []string{"microsoft-windows-windows defender/operational"},
	meanings: []meaning{
		{ids: ids(1116), kind: reeve.Malware, fields: defenderThreat, fixed: operation("detected")},
		{ids: ids(1117), kind: reeve.Malware, fields: defenderThreat, fixed: operation("acted")},
		{ids: ids(1118, 1119), kind: reeve.Malware, fields: defenderThreat, fixed: operation("action failed")},
		{ids: ids(1121), kind: reeve.ASRBlock, fields: defenderASR, fixed: operation("blocked")},
		{ids: ids(1122), kind: reeve.ASRBlock, fields: defenderASR, fixed: operation("audited")},
	},
}

var (
	defenderThreat = []field{at(reeve.AttrName, "Threat Name"), at(reeve.AttrSeverity, "Severity Name"), at(reeve.AttrPath, "Path"), at(reeve.AttrProcess, "Process Name"), at(reeve.AttrUser, "Detection User"),
		at(reeve.AttrAction, "Action Name"), at(reeve.AttrDetails, "Category Name"), at(reeve.AttrResult, "Error Description"), at(reeve.AttrActivity, "Detection ID")}
	defenderASR = []field{at(reeve.AttrRule, "ID"), at(reeve.AttrPath, "Path"), at(reeve.AttrProcess, "Process Name"), at(reeve.AttrUser, "User"), at(reeve.AttrTargetUser, "Target Commandline")}
)

// appLocker logs programs and scripts by publisher and hash; its data are UserData.
var appLocker = provider{
	names:    []string{"microsoft-windows-applocker"},
	channels: []string{"microsoft-windows-applocker/exe and dll", "microsoft-windows-applocker/msi and script"},
	meanings: []meaning{
		{ids: ids(8002, 8005), kind: reeve.AppControl, fields: appLockerFields, fixed: operation("allowed")},
		{ids: ids(8003, 8006), kind: reeve.AppControl, fields: appLockerFields, fixed: operation("audited")},
		{ids: ids(8004, 8007), kind: reeve.AppControl, fields: appLockerFields, fixed: operation("blocked")},
	},
}

var appLockerFields = []field{at(reeve.AttrName, "PolicyName"), at(reeve.AttrRule, "RuleName"), at(reeve.AttrPath, "FullFilePath", "FilePath"), at(reeve.AttrHashes, "FileHash"), at(reeve.AttrSigner, "Fqbn"), at(reeve.AttrUserSID, "TargetUser"),
	conv(reeve.AttrLogonID, asHex, "TargetLogonId"), part(toActorPID, "TargetProcessId")}

// codeIntegrity decides what code may be loaded.
var codeIntegrity = provider{
	names: []string{"microsoft-windows-codeintegrity"}, channels: []string{"microsoft-windows-codeintegrity/operational"},
	meanings: []meaning{
		{ids: ids(3033, 3077), kind: reeve.AppControl, fields: ciFields, fixed: operation("blocked")},
		{ids: ids(3076), kind: reeve.AppControl, fields: ciFields, fixed: operation("audited")},
		{ids: ids(3089), kind: reeve.Signature, fields: []field{at(reeve.AttrSigner, "PublisherName"), at(reeve.AttrDetails, "IssuerName"), at(reeve.AttrSignatureInfo, "VerificationError"), at(reeve.AttrActivity, "Correlation_ActivityID")}},
	},
}

var ciFields = []field{at(reeve.AttrPath, "File Name", "FileNameBuffer"), at(reeve.AttrProcess, "Process Name", "ProcessNameBuffer"), at(reeve.AttrHashes, "SHA256 Hash", "SHA256 Flat Hash", "SHA1 Hash"), at(reeve.AttrOriginalFileName, "OriginalFileName"),
	at(reeve.AttrProduct, "ProductName"), at(reeve.AttrRule, "PolicyName"), at(reeve.AttrSignatureInfo, "ValidatedSigningLevel", "Validated Signing Level"), at(reeve.AttrActivity, "Correlation_ActivityID")}

// localSessions and remoteConnections are the two halves of remote desktop; their data are UserData.
var localSessions = provider{
	names: []string{"microsoft-windows-terminalservices-localsessionmanager"}, channels: []string{"microsoft-windows-terminalservices-localsessionmanager/operational"},
	meanings: []meaning{
		{ids: ids(21), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("logged on")},
		{ids: ids(22), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("shell started")},
		{ids: ids(23), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("logged off")},
		{ids: ids(24), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("disconnected")},
		{ids: ids(25), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("reconnected")},
	},
}

var sessionFields = []field{at(reeve.AttrTargetUser, "User"), at(reeve.AttrSession, "SessionID"), at(reeve.AttrSourceIP, "Address")}

var remoteConnections = provider{
	names: []string{"microsoft-windows-terminalservices-remoteconnectionmanager"}, channels: []string{"microsoft-windows-terminalservices-remoteconnectionmanager/operational"},
	meanings: []meaning{{ids: ids(1149), kind: reeve.RemoteSession, fields: []field{account(reeve.AttrTargetUser, "Param2", "Param1"), at(reeve.AttrSourceIP, "Param3")}, fixed: operation("authenticated")}},
}

// winrm is remote management.
var winrm = provider{
	names: []string{"microsoft-windows-winrm"}, channels: []string{"microsoft-windows-winrm/operational"},
	meanings: []meaning{
		{ids: ids(6), kind: reeve.RemoteSession, fields: []field{at(reeve.AttrDestHost, "connection")}, fixed: operation("client session")},
		{ids: ids(91), kind: reeve.RemoteSession, fields: []field{at(reeve.AttrURL, "resourceUri"), at(reeve.AttrUserSID, "Security_UserID")}, fixed: operation("shell created")},
		{ids: ids(168), kind: reeve.RemoteSession, fields: []field{at(reeve.AttrTargetUser, "username", "authenticatedUser"), at(reeve.AttrPackage, "authenticationMechanism")}, fixed: operation("authenticated")},
	},
}

// msiInstaller writes unnamed Data into the Application log.
var msiInstaller = provider{
	names: []string{"msiinstaller"},
	meanings: []meaning{
		{ids: ids(1033), kind: reeve.Installer, fields: []field{at(reeve.AttrName, "#1"), at(reeve.AttrVersion, "#2"), at(reeve.AttrResult, "#4"), at(reeve.AttrCompany, "#5"), at(reeve.AttrUserSID, "Security_UserID")}, fixed: operation("installed")},
		{ids: ids(1040), kind: reeve.Installer, fields: []field{at(reeve.AttrPath, "#1"), part(toActorPID, "#2"), at(reeve.AttrUserSID, "Security_UserID")}, fixed: operation("transaction began")},
		{ids: ids(1042), kind: reeve.Installer, fields: []field{at(reeve.AttrPath, "#1"), part(toActorPID, "#2"), at(reeve.AttrUserSID, "Security_UserID")}, fixed: operation("transaction ended")},
		{ids: ids(11707), kind: reeve.Installer, fields: []field{at(reeve.AttrMessage, "#1"), at(reeve.AttrUserSID, "Security_UserID")}, fixed: operation("installed")},
		{ids: ids(11724), kind: reeve.Installer, fields: []field{at(reeve.AttrMessage, "#1"), at(reeve.AttrUserSID, "Security_UserID")}, fixed: operation("removed")},
	},
}

// sqlServer writes unnamed Data into the Application log; each instance has a provider of its own (MSSQL$NAME).
var sqlServer = provider{
	names: []string{"mssqlserver", "mssql$*"},
	meanings: []meaning{
		{ids: ids(15281), kind: reeve.SQLServer, fields: []field{at(reeve.AttrName, "#2"), at(reeve.AttrMessage, "#1")}, fixed: operation("refused")},
		{ids: ids(15457), kind: reeve.SQLServer, fields: []field{at(reeve.AttrName, "#1"), at(reeve.AttrPreviousTime, "#2"), at(reeve.AttrDetails, "#3")}, fixed: operation("option changed")},
	},
}

// vhdmp mounts disk images.
var vhdmp = provider{
	names: []string{"microsoft-windows-vhdmp"}, channels: []string{"microsoft-windows-vhdmp-operational", "microsoft-windows-vhdmp/operational"},
	meanings: []meaning{
		{ids: ids(1), kind: reeve.DiskImage, fields: []field{at(reeve.AttrPath, "VhdFileName"), at(reeve.AttrDetails, "VhdDiskNumber")}, fixed: operation("mounted")},
		{ids: ids(12), kind: reeve.DiskImage, fields: []field{at(reeve.AttrPath, "VhdFileName", "VhdFile"), part(toActorPID, actorOfWriter)}, fixed: operation("opened")},
	},
}

// ecs is Elastic Common Schema where the shipper kept no Windows fields: process events by category and type.
var ecs = provider{
	names: []string{ecsProvider},
	meanings: []meaning{
		{ids: ids(ecsStart), kind: reeve.ProcessStart, fields: join(ecsActor, []field{at(reeve.AttrCommandLine, "process.command_line"), at(reeve.AttrCurrentDirectory, "process.working_directory"),
			at(reeve.AttrOriginalFileName, "process.pe.original_file_name"), at(reeve.AttrProduct, "process.pe.product"), at(reeve.AttrCompany, "process.pe.company"), at(reeve.AttrHashes, "process.hash.sha256", "process.hash.sha1", "process.hash.md5"),
			part(toParentPID, "process.parent.pid"), at(reeve.AttrParentImage, "process.parent.executable"), at(reeve.AttrParentCommandLine, "process.parent.command_line")})},
		{ids: ids(ecsEnd), kind: reeve.ProcessEnd, fields: ecsActor},
		{ids: ids(ecsNetwork), kind: reeve.NetworkConnect, fields: join(ecsActor, []field{at(reeve.AttrSourceIP, "source.ip"), at(reeve.AttrSourcePort, "source.port"), at(reeve.AttrDestIP, "destination.ip"), at(reeve.AttrDestPort, "destination.port"),
			at(reeve.AttrDestHost, "destination.domain"), at(reeve.AttrProtocol, "network.transport")})},
		{ids: ids(ecsFile), kind: reeve.FileCreate, fields: join(ecsActor, []field{at(reeve.AttrPath, "file.path")})},
		{ids: ids(ecsRegistry), kind: reeve.RegistrySet, fields: join(ecsActor, []field{at(reeve.AttrKey, "registry.path"), at(reeve.AttrDetails, "registry.data.strings")})},
	},
}

// ECS records have no event id; these stand for category and type.
const (
	ecsProvider = "\x00ecs"
	ecsStart    = 1<<20 + iota
	ecsEnd
	ecsNetwork
	ecsFile
	ecsRegistry
)

var ecsActor = []field{part(toTime, "@timestamp"), part(toActorPID, "process.pid"), at(reeve.AttrImage, "process.executable"), account(reeve.AttrUser, "user.domain", "user.name")}

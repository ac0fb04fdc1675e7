package winlog

import "reeve"

// sysmon is Microsoft Sysinternals Sysmon, also that for Linux; field names as in its manifest of schema 4.90.
var sysmon = provider{
	names:    []string{sysmonName, "linux-sysmon"},
	channels: []string{sysmonName + "/operational", "linux-sysmon/operational", "sysmon"}, // the last is Hayabusa's word
	witness:  "UtcTime",
	meanings: []meaning{
		{ids: ids(1), kind: reeve.ProcessStart, fields: join(sysmonActor, sysmonFile, []field{
			at(reeve.AttrCommandLine, "CommandLine"), at(reeve.AttrCurrentDirectory, "CurrentDirectory"), at(reeve.AttrIntegrity, "IntegrityLevel"),
			conv(reeve.AttrLogonID, asLogon, "LogonId"), at(reeve.AttrSession, "TerminalSessionId"),
			part(toParentGUID, "ParentProcessGuid"), part(toParentPID, "ParentProcessId"),
			at(reeve.AttrParentImage, "ParentImage"), at(reeve.AttrParentCommandLine, "ParentCommandLine"), at(reeve.AttrParentUser, "ParentUser"),
		})},
		{ids: ids(2), kind: reeve.FileTime, fields: join(sysmonActor, sysmonCreated, []field{at(reeve.AttrPreviousTime, "PreviousCreationUtcTime")})},
		{ids: ids(3), kind: reeve.NetworkConnect, fields: join(sysmonActor, []field{
			at(reeve.AttrProtocol, "Protocol"), conv(reeve.AttrInitiated, asYesNo, "Initiated"), at(reeve.AttrSourceIP, "SourceIp"), at(reeve.AttrSourceHost, "SourceHostname"),
			at(reeve.AttrSourcePort, "SourcePort"), at(reeve.AttrDestIP, "DestinationIp"), at(reeve.AttrDestHost, "DestinationHostname"), at(reeve.AttrDestPort, "DestinationPort"),
		})},
		{ids: ids(4), kind: reeve.AuditChange, fields: []field{part(toTime, "UtcTime"), at(reeve.AttrResult, "State"), at(reeve.AttrVersion, "Version")}, fixed: operation("sysmon state")},
		{ids: ids(5), kind: reeve.ProcessEnd, fields: sysmonActor},
		{ids: ids(6), kind: reeve.DriverLoad, fields: join(sysmonSigned, []field{part(toTime, "UtcTime"), at(reeve.AttrLoadedImage, "ImageLoaded"), at(reeve.AttrHashes, "Hashes"), at(reeve.AttrRule, "RuleName")})},
		{ids: ids(7), kind: reeve.ImageLoad, fields: join(sysmonActor, sysmonFile, sysmonSigned, []field{at(reeve.AttrLoadedImage, "ImageLoaded")})},
		{ids: ids(8), kind: reeve.RemoteThread, fields: join(sysmonPair, []field{at(reeve.AttrStartModule, "StartModule"), at(reeve.AttrDetails, "StartFunction")})},
		{ids: ids(9), kind: reeve.RawDiskRead, fields: join(sysmonActor, []field{at(reeve.AttrPath, "Device")})},
		{ids: ids(10), kind: reeve.ProcessAccess, fields: join(sysmonPair, []field{conv(reeve.AttrAccess, asHex, "GrantedAccess"), at(reeve.AttrCallTrace, "CallTrace")})},
		{ids: ids(11), kind: reeve.FileCreate, fields: join(sysmonActor, sysmonCreated)},
		{ids: ids(12), kind: reeve.RegistryKey, fields: join(sysmonActor, sysmonKey)},
		{ids: ids(13), kind: reeve.RegistrySet, fields: join(sysmonActor, sysmonKey, []field{at(reeve.AttrDetails, "Details")})},
		{ids: ids(14), kind: reeve.RegistryRename, fields: join(sysmonActor, sysmonKey, []field{at(reeve.AttrNewName, "NewName")})},
		{ids: ids(15), kind: reeve.FileStream, fields: join(sysmonActor, sysmonCreated, []field{at(reeve.AttrHashes, "Hash"), at(reeve.AttrContents, "Contents")})},
		{ids: ids(16), kind: reeve.AuditChange, fields: []field{part(toTime, "UtcTime"), at(reeve.AttrPath, "Configuration"), at(reeve.AttrHashes, "ConfigurationFileHash")}, fixed: operation("sysmon configuration")},
		{ids: ids(17), kind: reeve.PipeCreate, fields: join(sysmonActor, []field{at(reeve.AttrPipe, "PipeName")})},
		{ids: ids(18), kind: reeve.PipeConnect, fields: join(sysmonActor, []field{at(reeve.AttrPipe, "PipeName")})},
		{ids: ids(19), kind: reeve.WMISubscription, fields: join(sysmonWMI, []field{conv(reeve.AttrQuery, asQuoted, "Query"), conv(reeve.AttrDetails, asQuoted, "EventNamespace")}), fixed: []reeve.Property{is(reeve.AttrMessage, "filter")}},
		{ids: ids(20), kind: reeve.WMISubscription, fields: join(sysmonWMI, []field{conv(reeve.AttrAction, asQuoted, "Destination"), at(reeve.AttrContent, "Type")}), fixed: []reeve.Property{is(reeve.AttrMessage, "consumer")}},
		{ids: ids(21), kind: reeve.WMISubscription, fields: join(sysmonWMI, []field{phrase(reeve.AttrName, "Filter", `.Name=\"`, `\"`), conv(reeve.AttrAction, asQuoted, "Consumer"), conv(reeve.AttrQuery, asQuoted, "Filter")}),
			fixed: []reeve.Property{is(reeve.AttrMessage, "binding")}},
		{ids: ids(22), kind: reeve.DNSQuery, fields: join(sysmonActor, []field{at(reeve.AttrQuery, "QueryName"), at(reeve.AttrResult, "QueryResults"), at(reeve.AttrDetails, "QueryStatus")})},
		{ids: ids(23, 26), kind: reeve.FileDelete, fields: join(sysmonActor, sysmonTarget, sysmonHashes, sysmonKind, []field{conv(reeve.AttrResult, asYesNo, "Archived")})},
		{ids: ids(24), kind: reeve.Clipboard, fields: join(sysmonActor, []field{at(reeve.AttrSession, "Session"), at(reeve.AttrMessage, "ClientInfo"), phrase(reeve.AttrSourceIP, "ClientInfo", " ip: ", " "),
			phrase(reeve.AttrSourceHost, "ClientInfo", " hostname: ", ""), at(reeve.AttrHashes, "Hashes"), conv(reeve.AttrResult, asYesNo, "Archived")})},
		{ids: ids(25), kind: reeve.ProcessTamper, fields: join(sysmonActor, []field{at(reeve.AttrDetails, "Type")})},
		{ids: ids(27), kind: reeve.FileBlocked, fields: join(sysmonActor, sysmonTarget, sysmonHashes), fixed: operation("executable blocked")},
		{ids: ids(28), kind: reeve.FileBlocked, fields: join(sysmonActor, sysmonTarget, sysmonHashes, sysmonKind), fixed: operation("shredding blocked")},
		{ids: ids(29), kind: reeve.FileExecutable, fields: join(sysmonActor, sysmonTarget, sysmonHashes)},
		{ids: ids(255), kind: reeve.AuditChange, fields: []field{part(toTime, "UtcTime"), at(reeve.AttrName, "ID"), at(reeve.AttrMessage, "Description")}, fixed: operation("sysmon error")},
	},
}

// Before schema 4 the GUIDs of events 8 and 10 ended in "GUID"; names are found without regard to case. NXLog loses some fields under
// its own and keeps them in the message.
var (
	sysmonActor = []field{part(toTime, "UtcTime"), part(toActorGUID, "ProcessGuid"), part(toActorPID, "ProcessId"), saidPID("\nProcessId: ", ""), at(reeve.AttrImage, "Image"), at(reeve.AttrUser, "User"), at(reeve.AttrRule, "RuleName")}
	sysmonFile  = []field{at(reeve.AttrFileVersion, "FileVersion"), at(reeve.AttrDescription, "Description"), at(reeve.AttrProduct, "Product"), at(reeve.AttrCompany, "Company"),
		at(reeve.AttrOriginalFileName, "OriginalFileName"), at(reeve.AttrHashes, "Hashes")}
	sysmonSigned  = []field{conv(reeve.AttrSigned, asYesNo, "Signed"), at(reeve.AttrSigner, "Signature"), at(reeve.AttrSignatureInfo, "SignatureStatus")}
	sysmonTarget  = []field{at(reeve.AttrPath, "TargetFilename")}
	sysmonCreated = []field{at(reeve.AttrPath, "TargetFilename"), at(reeve.AttrCreated, "CreationUtcTime")}
	sysmonHashes  = []field{at(reeve.AttrHashes, "Hashes")}
	sysmonKind    = []field{conv(reeve.AttrIsExecutable, asYesNo, "IsExecutable")}
	sysmonKey     = []field{at(reeve.AttrOperation, "EventType"), phrase(reeve.AttrOperation, "Message", "\nEventType: ", ""), at(reeve.AttrKey, "TargetObject")}
	sysmonPair    = []field{part(toTime, "UtcTime"), part(toActorGUID, "SourceProcessGuid"), part(toActorPID, "SourceProcessId"), at(reeve.AttrImage, "SourceImage"), at(reeve.AttrUser, "SourceUser"),
		part(toTargetGUID, "TargetProcessGuid"), part(toTargetPID, "TargetProcessId"), at(reeve.AttrTargetImage, "TargetImage"), at(reeve.AttrTargetUser, "TargetUser"), at(reeve.AttrRule, "RuleName")}
	sysmonWMI = []field{part(toTime, "UtcTime"), at(reeve.AttrOperation, "Operation"), at(reeve.AttrUser, "User"), conv(reeve.AttrName, asQuoted, "Name"), at(reeve.AttrRule, "RuleName")}
)

package winlog

import "reeve"

// mde is Microsoft Defender for Endpoint's tables of advanced hunting, as exported by hand or by its interfaces: DeviceProcessEvents and
// the like. A row has neither provider nor event id. It is told by ActionType, and what it tells of was done by the initiating process,
// which of a new process is its parent. What a query left out is not known, so none of them is taken for complete.
var mde = provider{
	names:   []string{unnamed + "mde"},
	witness: "ActionType",
	meanings: []meaning{
		{ids: ids(0), when: []test{says("ActionType", "ProcessCreated")}, kind: reeve.ProcessStart, fields: join(mdeHashes, []field{
			part(toActorPID, "ProcessId"), folder(reeve.AttrImage, "FolderPath", "FileName"), at(reeve.AttrCommandLine, "ProcessCommandLine"), account(reeve.AttrUser, "AccountDomain", "AccountName"),
			at(reeve.AttrUserSID, "AccountSid"), conv(reeve.AttrLogonID, asLogon, "LogonId"), at(reeve.AttrIntegrity, "ProcessIntegrityLevel"), conv(reeve.AttrElevation, asMessage, "ProcessTokenElevation"),
			at(reeve.AttrOriginalFileName, "ProcessVersionInfoOriginalFileName"), at(reeve.AttrProduct, "ProcessVersionInfoProductName"), at(reeve.AttrCompany, "ProcessVersionInfoCompanyName"),
			at(reeve.AttrDescription, "ProcessVersionInfoFileDescription"), at(reeve.AttrFileVersion, "ProcessVersionInfoProductVersion"),
			part(toParentPID, "InitiatingProcessId"), folder(reeve.AttrParentImage, "InitiatingProcessFolderPath", "InitiatingProcessFileName"), at(reeve.AttrParentCommandLine, "InitiatingProcessCommandLine"),
			account(reeve.AttrParentUser, "InitiatingProcessAccountDomain", "InitiatingProcessAccountName")})},
		{ids: ids(0), when: []test{says("ActionType", "ImageLoaded")}, kind: reeve.ImageLoad, fields: join(mdeActor, mdeHashes, []field{folder(reeve.AttrLoadedImage, "FolderPath", "FileName")})},
		{ids: ids(0), when: []test{says("ActionType", "FileCreated", "FileModified", "FileRenamed")}, kind: reeve.FileCreate, fields: mdeFile},
		{ids: ids(0), when: []test{says("ActionType", "FileDeleted")}, kind: reeve.FileDelete, fields: mdeFile},
		{ids: ids(0), when: []test{says("ActionType", "RegistryValueSet")}, kind: reeve.RegistrySet, fields: join(mdeActor, mdeKey, []field{at(reeve.AttrDetails, "RegistryValueData")})},
		{ids: ids(0), when: []test{says("ActionType", "RegistryKeyCreated")}, kind: reeve.RegistryKey, fields: join(mdeActor, mdeKey), fixed: operation("created")},
		{ids: ids(0), when: []test{says("ActionType", "RegistryKeyDeleted", "RegistryValueDeleted")}, kind: reeve.RegistryKey, fields: join(mdeActor, []field{
			{to: target(reeve.AttrKey), raw: []string{"PreviousRegistryKey", "RegistryKey"}, as: asPath, second: "PreviousRegistryValueName|RegistryValueName"}}), fixed: operation("deleted")},
		{ids: ids(0), when: []test{says("ActionType", "RegistryKeyRenamed")}, kind: reeve.RegistryRename, fields: join(mdeActor, []field{at(reeve.AttrKey, "PreviousRegistryKey"), at(reeve.AttrNewName, "RegistryKey")})},
		{ids: ids(0), when: []test{says("ActionType", "ConnectionSuccess", "ConnectionAttempt", "ConnectionRequest", "ConnectionAcknowledged", "ConnectionFailed", "ConnectionFound")}, kind: reeve.NetworkConnect,
			fields: join(mdeActor, mdeConnection, []field{at(reeve.AttrSourceIP, "LocalIP"), at(reeve.AttrSourcePort, "LocalPort"), at(reeve.AttrDestIP, "RemoteIP"), at(reeve.AttrDestPort, "RemotePort"),
				conv(reeve.AttrDestHost, asHost, "RemoteUrl")}), fixed: []reeve.Property{is(reeve.AttrInitiated, "true")}},
		{ids: ids(0), when: []test{says("ActionType", "InboundConnectionAccepted")}, kind: reeve.NetworkConnect,
			fields: join(mdeActor, mdeConnection, []field{at(reeve.AttrSourceIP, "RemoteIP"), at(reeve.AttrSourcePort, "RemotePort"), at(reeve.AttrDestIP, "LocalIP"), at(reeve.AttrDestPort, "LocalPort")}),
			fixed:  []reeve.Property{is(reeve.AttrInitiated, "false")}},
		{ids: ids(0), when: []test{says("ActionType", "LogonSuccess")}, kind: reeve.Logon, fields: join(mdeActor, mdeLogon, []field{conv(reeve.AttrTargetLogonID, asLogon, "LogonId")})},
		{ids: ids(0), when: []test{says("ActionType", "LogonFailed")}, kind: reeve.LogonFailed, fields: join(mdeActor, mdeLogon, []field{at(reeve.AttrMessage, "FailureReason")})},
	},
}

var (
	mdeActor = []field{part(toActorPID, "InitiatingProcessId"), folder(reeve.AttrImage, "InitiatingProcessFolderPath", "InitiatingProcessFileName"),
		account(reeve.AttrUser, "InitiatingProcessAccountDomain", "InitiatingProcessAccountName"), at(reeve.AttrUserSID, "InitiatingProcessAccountSid"), conv(reeve.AttrLogonID, asLogon, "InitiatingProcessLogonId")}
	mdeHashes     = []field{hash("SHA256", "SHA256"), hash("SHA1", "SHA1"), hash("MD5", "MD5")}
	mdeFile       = join(mdeActor, mdeHashes, []field{folder(reeve.AttrPath, "FolderPath", "FileName"), at(reeve.AttrURL, "FileOriginUrl")})
	mdeKey        = []field{{to: target(reeve.AttrKey), raw: []string{"RegistryKey"}, as: asPath, second: "RegistryValueName"}}
	mdeConnection = []field{conv(reeve.AttrProtocol, asText, "Protocol"), at(reeve.AttrResult, "ActionType")}
	mdeLogon      = []field{account(reeve.AttrTargetUser, "AccountDomain", "AccountName"), at(reeve.AttrTargetSID, "AccountSid"), conv(reeve.AttrLogon, asLogonType, "LogonType"),
		at(reeve.AttrSourceIP, "RemoteIP"), at(reeve.AttrSourcePort, "RemotePort"), at(reeve.AttrSourceHost, "RemoteDeviceName"), at(reeve.AttrPackage, "Protocol")}
)

package winlog

import "reeve"

// eventLog is the logging service's own provider, which writes into Security and System; its data are UserData.
var eventLog = provider{
	names:    []string{"microsoft-windows-eventlog"},
	channels: []string{"security", "system"},
	witness:  "SubjectLogonId",
	meanings: []meaning{
		{ids: ids(104), kind: reeve.LogCleared, fields: join(clearedBy, []field{at(reeve.AttrChannel, "Channel"), phrase(reeve.AttrChannel, "Message", "The ", " log file was cleared"), at(reeve.AttrPath, "BackupPath")})},
		{ids: ids(1100), kind: reeve.AuditChange, fixed: operation("logging stopped")},
		{ids: ids(1101), kind: reeve.AuditChange, fields: []field{at(reeve.AttrDetails, "Reason", "#1")}, fixed: operation("events dropped")},
		{ids: ids(1102), kind: reeve.LogCleared, fields: join(clearedBy, []field{conv(reeve.AttrLogonID, asLogon, "SubjectLogonId")}), fixed: []reeve.Property{is(reeve.AttrChannel, "Security")}},
	},
}

var clearedBy = []field{account(reeve.AttrUser, "SubjectDomainName|DomainName", "SubjectUserName"), at(reeve.AttrUserSID, "SubjectUserSid", "@Security_UserID"), part(toActorPID, "ClientProcessId")}

package winlog

import "reeve"

// localSessions and remoteConnections are the two halves of remote desktop; their data are UserData.
var localSessions = provider{
	names: []string{"microsoft-windows-terminalservices-localsessionmanager"}, channels: []string{"microsoft-windows-terminalservices-localsessionmanager/operational"},
	meanings: []meaning{
		{ids: ids(21), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("logged on")},
		{ids: ids(22), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("shell started")},
		{ids: ids(23), kind: reeve.RemoteSession, fields: sessionEnd, fixed: operation("logged off")},
		{ids: ids(24), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("disconnected")},
		{ids: ids(25), kind: reeve.RemoteSession, fields: sessionFields, fixed: operation("reconnected")},
	},
}

var (
	sessionEnd    = []field{at(reeve.AttrTargetUser, "User"), phrase(reeve.AttrTargetUser, "Message", "User: ", ""), at(reeve.AttrSession, "SessionID"), phrase(reeve.AttrSession, "Message", "Session ID: ", "")}
	sessionFields = join(sessionEnd, []field{at(reeve.AttrSourceIP, "Address"), phrase(reeve.AttrSourceIP, "Message", "Source Network Address: ", "")})
)

var remoteConnections = provider{
	names: []string{"microsoft-windows-terminalservices-remoteconnectionmanager"}, channels: []string{"microsoft-windows-terminalservices-remoteconnectionmanager/operational"},
	meanings: []meaning{{ids: ids(1149), kind: reeve.RemoteSession, fields: []field{account(reeve.AttrTargetUser, "Param2", "Param1"), at(reeve.AttrSourceIP, "Param3")}, fixed: operation("authenticated")}},
}

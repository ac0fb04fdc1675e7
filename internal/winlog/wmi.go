package winlog

import "reeve"

// wmi is the operational log of Windows Management Instrumentation. Its data are UserData; shippers that leave these out keep them in
// the message. The client process is one of the client machine, which may be another one.
var wmi = provider{
	names: []string{"microsoft-windows-wmi-activity"}, channels: []string{"microsoft-windows-wmi-activity/operational"},
	meanings: []meaning{
		{ids: ids(5857), kind: reeve.WMIActivity, fields: []field{
			at(reeve.AttrName, "ProviderName"), phrase(reeve.AttrName, "Message", "", " provider started"), at(reeve.AttrResult, "Code"), phrase(reeve.AttrResult, "Message", "with result code ", ". "),
			at(reeve.AttrProcess, "HostProcess"), said(reeve.AttrProcess, "HostProcess = "), part(toActorPID, "ProcessID"), saidPID("ProcessID = ", ";"),
			at(reeve.AttrPath, "ProviderPath"), said(reeve.AttrPath, "ProviderPath = ")}, fixed: operation("provider started")},
		{ids: ids(5858), kind: reeve.WMIActivity, fields: []field{
			at(reeve.AttrSourceHost, "ClientMachine"), said(reeve.AttrSourceHost, "ClientMachine = "), at(reeve.AttrUser, "User"), said(reeve.AttrUser, "User = "), clientPID("ClientProcessId"),
			at(reeve.AttrName, "Component"), said(reeve.AttrName, "Component = "), at(reeve.AttrContent, "Operation"), said(reeve.AttrContent, "Operation = "), at(reeve.AttrResult, "ResultCode"), said(reeve.AttrResult, "ResultCode = "),
			at(reeve.AttrDetails, "PossibleCause"), said(reeve.AttrDetails, "PossibleCause = ")}, fixed: operation("error")},
		{ids: ids(5859), kind: reeve.WMIActivity, fields: join(wmiQuery, []field{part(toActorPID, "Processid"), saidPID("HostProcessID = ", ";"), said(reeve.AttrUser, "OwnerName = "),
			at(reeve.AttrPath, "Provider", "providerName"), phrase(reeve.AttrPath, "Message", "Provider= ", ", queryID")}), fixed: operation("subscription")},
		{ids: ids(5860), kind: reeve.WMIActivity, fields: join(wmiQuery, []field{clientPID("Processid"), said(reeve.AttrUser, "UserName = "),
			at(reeve.AttrSourceHost, "ClientMachine", "MachineName"), said(reeve.AttrSourceHost, "ClientMachine = ")}), fixed: operation("temporary subscription")},
		{ids: ids(5861), kind: reeve.WMISubscription, fields: []field{
			at(reeve.AttrName, "ESS"), phrase(reeve.AttrName, "Message", "Eventfilter = ", " (refer to"), at(reeve.AttrAction, "CONSUMER"), said(reeve.AttrAction, "Consumer = "), at(reeve.AttrDetails, "Namespace"), said(reeve.AttrDetails, "Namespace = "),
			phrase(reeve.AttrQuery, "PossibleCause", "Query = \"", "\";"), phrase(reeve.AttrQuery, "Message", "\tQuery = \"", "\";"), at(reeve.AttrContent, "PossibleCause", "Message")}, fixed: operation("permanent subscription")},
	},
}

var wmiQuery = []field{at(reeve.AttrName, "NamespaceName"), said(reeve.AttrName, "Namespace = "), at(reeve.AttrQuery, "Query"), said(reeve.AttrQuery, "NotificationQuery = "), at(reeve.AttrUser, "User"),
	at(reeve.AttrDetails, "PossibleCause"), said(reeve.AttrDetails, "PossibleCause = ")}

// said is a clause of the message, "name = value; name = value".
func said(a reeve.Attr, name string) field { return phrase(a, "Message", name, ";") }

func saidPID(name, until string) field {
	return field{to: toActorPID, raw: []string{"Message"}, as: asPhrase, second: name, until: until}
}

func clientPID(raw string) field {
	return field{to: toActorPID, raw: []string{raw}, as: asLocalPID, second: "ClientMachine"}
}

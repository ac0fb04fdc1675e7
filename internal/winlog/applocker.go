package winlog

import "reeve"

// appLocker logs programs and scripts by publisher and hash; its data are UserData. The hash of a program is the one of its signature
// (Authenticode), not of its file, which no other source states.
var appLocker = provider{
	names:    []string{"microsoft-windows-applocker"},
	channels: []string{"microsoft-windows-applocker/exe and dll", "microsoft-windows-applocker/msi and script"},
	meanings: []meaning{
		{ids: ids(8002, 8005), kind: reeve.AppControl, fields: appLockerFields, fixed: operation("allowed")},
		{ids: ids(8003, 8006), kind: reeve.AppControl, fields: appLockerFields, fixed: operation("audited")},
		{ids: ids(8004, 8007), kind: reeve.AppControl, fields: appLockerFields, fixed: operation("blocked")},
	},
}

var appLockerFields = []field{at(reeve.AttrName, "PolicyName", "PolicyNameBuffer"), at(reeve.AttrRule, "RuleName", "RuleNameBuffer"), at(reeve.AttrPath, "FullFilePath", "FullFilePathBuffer", "FilePath", "FilePathBuffer"),
	{to: target(reeve.AttrDetails), raw: []string{"FileHash"}, as: asHash, second: "Authenticode"}, at(reeve.AttrSigner, "Fqbn"), at(reeve.AttrUserSID, "TargetUser"), conv(reeve.AttrLogonID, asLogon, "TargetLogonId"), part(toActorPID, "TargetProcessId")}

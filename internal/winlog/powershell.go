package winlog

import "reeve"

// psMeanings are shared by Windows PowerShell and PowerShell 6 and later.
var psMeanings = []meaning{
	{ids: ids(4103), kind: reeve.PowerShellModule, fields: []field{part(toActorPID, actorOfWriter), at(reeve.AttrContent, "Payload"), at(reeve.AttrMessage, "ContextInfo"),
		{to: target(reeve.AttrProcess), raw: []string{"ContextInfo"}, as: asKeyValue, extra: "Host Application"},
		{to: target(reeve.AttrScript), raw: []string{"ContextInfo"}, as: asKeyValue, extra: "Script Name"},
		{to: target(reeve.AttrName), raw: []string{"ContextInfo"}, as: asKeyValue, extra: "Command Name"},
		{to: target(reeve.AttrUser), raw: []string{"ContextInfo"}, as: asKeyValue, extra: "User"}}},
	{ids: ids(4104), kind: reeve.ScriptBlock, fields: []field{part(toActorPID, actorOfWriter), at(reeve.AttrContent, "ScriptBlockText"), at(reeve.AttrScriptID, "ScriptBlockId"), at(reeve.AttrScript, "Path"),
		{to: target(reeve.AttrPart), raw: []string{"MessageNumber"}, as: asPart, extra: "MessageTotal"}, at(reeve.AttrUserSID, "Security_UserID")}},
}

var powershell = provider{
	names: []string{"microsoft-windows-powershell"}, channels: []string{"microsoft-windows-powershell/operational"}, meanings: psMeanings,
}

var powershellCore = provider{
	names: []string{"powershellcore"}, channels: []string{"powershellcore/operational"}, meanings: psMeanings,
}

// classicPowerShell states everything in the third unnamed Data, a line for each key=value.
var classicPowerShell = provider{
	names: []string{"powershell"}, channels: []string{"windows powershell"},
	meanings: []meaning{
		{ids: ids(400), kind: reeve.PowerShellEngine, fields: classicFields("#3"), fixed: operation("engine started")},
		{ids: ids(403), kind: reeve.PowerShellEngine, fields: classicFields("#3"), fixed: operation("engine stopped")},
		{ids: ids(600), kind: reeve.PowerShellEngine, fields: join(classicFields("#3"), []field{at(reeve.AttrName, "#1")}), fixed: operation("provider started")},
		{ids: ids(800), kind: reeve.PowerShellEngine, fields: join(classicFields("#2"), []field{at(reeve.AttrContent, "#3"), at(reeve.AttrMessage, "#1")}), fixed: operation("pipeline")},
	},
}

func classicFields(raw string) []field {
	kv := func(a reeve.Attr, key string) field {
		return field{to: target(a), raw: []string{raw}, as: asKeyValue, extra: key}
	}
	return []field{kv(reeve.AttrProcess, "HostApplication"), kv(reeve.AttrVersion, "EngineVersion"), kv(reeve.AttrScript, "ScriptName"), kv(reeve.AttrCommandLine, "CommandLine"), kv(reeve.AttrUser, "UserId")}
}

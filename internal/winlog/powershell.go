package winlog

import "reeve"

// psMeanings are shared by Windows PowerShell and PowerShell 6 and later. The process that writes a record is the one that runs the
// script.
var psMeanings = []meaning{
	{ids: ids(4103), kind: reeve.PowerShellModule, fields: []field{part(toActorPID, writerPID), writerSID, at(reeve.AttrContent, "Payload"), at(reeve.AttrMessage, "ContextInfo"),
		keyed(reeve.AttrProcess, "Host Application", "ContextInfo"), keyed(reeve.AttrScript, "Script Name", "ContextInfo"), keyed(reeve.AttrName, "Command Name", "ContextInfo"),
		keyed(reeve.AttrVersion, "Engine Version", "ContextInfo"), keyed(reeve.AttrUser, "User", "ContextInfo")}},
	{ids: ids(4104), kind: reeve.ScriptBlock, fields: []field{part(toActorPID, writerPID), writerSID, at(reeve.AttrContent, "ScriptBlockText"), at(reeve.AttrScriptID, "ScriptBlockId"), at(reeve.AttrScript, "Path"),
		{to: target(reeve.AttrPart), raw: []string{"MessageNumber"}, as: asPart, second: "MessageTotal"}}},
}

var powershell = provider{
	names: []string{"microsoft-windows-powershell"}, channels: []string{"microsoft-windows-powershell/operational"}, meanings: psMeanings,
}

var powershellCore = provider{
	names: []string{"powershellcore"}, channels: []string{"powershellcore/operational"}, meanings: psMeanings,
}

// classicPowerShell states everything in one unnamed Data, a line for each key=value. Shippers that leave unnamed Data out keep it in
// the message.
var classicPowerShell = provider{
	names: []string{"powershell"}, channels: []string{"windows powershell"},
	meanings: []meaning{
		{ids: ids(400), kind: reeve.PowerShellEngine, fields: classicFields("#3"), fixed: operation("engine started")},
		{ids: ids(403), kind: reeve.PowerShellEngine, fields: classicFields("#3"), fixed: operation("engine stopped")},
		{ids: ids(600), kind: reeve.PowerShellEngine, fields: join(classicFields("#3"), []field{at(reeve.AttrName, "#1"), keyed(reeve.AttrName, "ProviderName", "Message")}), fixed: operation("provider started")},
		{ids: ids(800), kind: reeve.PowerShellEngine, fields: join(classicFields("#2"), []field{keyed(reeve.AttrUser, "UserId", "#2", "Message"), at(reeve.AttrContent, "#3"), phrase(reeve.AttrContent, "Message", "\nDetails:", toEnd), at(reeve.AttrMessage, "#1")}), fixed: operation("pipeline")},
	},
}

func classicFields(raw string) []field {
	return []field{keyed(reeve.AttrProcess, "HostApplication", raw, "Message"), keyed(reeve.AttrVersion, "EngineVersion", raw, "Message"), keyed(reeve.AttrScript, "ScriptName", raw, "Message"),
		keyed(reeve.AttrCommandLine, "CommandLine", raw, "Message")}
}

package winlog

import "reeve"

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
		at(reeve.AttrAction, "Action Name"), at(reeve.AttrDetails, "Category Name"), conv(reeve.AttrResult, asText, "Error Description"), conv(reeve.AttrActivity, asGUID, "Detection ID"), at(reeve.AttrVersion, "Product Version")}
	defenderASR = []field{at(reeve.AttrRule, "ID"), at(reeve.AttrPath, "Path"), at(reeve.AttrProcess, "Process Name"), at(reeve.AttrUser, "User"), at(reeve.AttrCommandLine, "Target Commandline"),
		at(reeve.AttrParentCommandLine, "Parent Commandline"), at(reeve.AttrDetails, "Involved File")}
)

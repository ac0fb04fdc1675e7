package winlog

import "reeve"

// system is what the service control manager and other parts of Windows write into the System log.
var system = provider{
	names: []string{"service control manager", "microsoft-windows-service control manager", "eventlog", "user32", "microsoft-windows-user32"},
	meanings: []meaning{
		{ids: ids(7036), kind: reeve.ServiceState, fields: []field{at(reeve.AttrName, "param1", "#1"), at(reeve.AttrOperation, "param2", "#2")}},
		{ids: ids(7045), kind: reeve.ServiceInstall, fields: []field{at(reeve.AttrName, "ServiceName", "#1"), at(reeve.AttrAction, "ImagePath", "#2"), at(reeve.AttrDetails, "ServiceType", "#3"), at(reeve.AttrStart, "StartType", "#4"),
			at(reeve.AttrAccount, "AccountName", "#5"), at(reeve.AttrUserSID, "Security_UserID")}},
		{ids: ids(1074), kind: reeve.Shutdown, fields: []field{at(reeve.AttrImage, "param1", "#1"), at(reeve.AttrDetails, "param3", "#3"), at(reeve.AttrOperation, "param5", "#5"), at(reeve.AttrMessage, "param6", "#6"), at(reeve.AttrUser, "param7", "#7")}},
		{ids: ids(6005), kind: reeve.Boot, fixed: operation("event log started")},
		{ids: ids(6006), kind: reeve.Shutdown, fixed: operation("event log stopped")},
		{ids: ids(6008), kind: reeve.Shutdown, fields: []field{conv(reeve.AttrMessage, asRest, "#1")}, fixed: operation("unexpected")},
	},
}

// kernel is what the kernel's own providers write into the System log.
var kernel = provider{
	names: []string{"microsoft-windows-kernel-general", "microsoft-windows-kernel-power", "microsoft-windows-kernel-boot"},
	meanings: []meaning{
		{ids: ids(1), kind: reeve.ClockChange, fields: []field{at(reeve.AttrPreviousTime, "OldTime"), at(reeve.AttrCreated, "NewTime"), at(reeve.AttrDetails, "Reason"), at(reeve.AttrImage, "ProcessName"), part(toActorPID, "ProcessID")}},
		{ids: ids(12), kind: reeve.Boot, fields: []field{at(reeve.AttrCreated, "StartTime"), at(reeve.AttrVersion, "MajorVersion")}, fixed: operation("started")},
		{ids: ids(13), kind: reeve.Shutdown, fields: []field{at(reeve.AttrCreated, "StopTime")}, fixed: operation("stopped")},
		{ids: ids(41), kind: reeve.Shutdown, fields: []field{at(reeve.AttrDetails, "BugcheckCode")}, fixed: operation("not shut down cleanly")},
	},
}

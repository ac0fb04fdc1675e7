package winlog

import "reeve"

// serviceControl starts and stops services.
var serviceControl = provider{
	names:    []string{"service control manager", "microsoft-windows-service control manager"},
	channels: []string{"system"},
	meanings: []meaning{
		{ids: ids(7036), kind: reeve.ServiceState, fields: []field{at(reeve.AttrName, "param1", "#1"), at(reeve.AttrOperation, "param2", "#2")}},
		{ids: ids(7045), kind: reeve.ServiceInstall, fields: []field{at(reeve.AttrName, "ServiceName", "#1"), at(reeve.AttrAction, "ImagePath", "#2"), at(reeve.AttrDetails, "ServiceType", "#3"), at(reeve.AttrStart, "StartType", "#4"),
			at(reeve.AttrAccount, "AccountName", "#5"), phrase(reeve.AttrAccount, "Message", "Service Account:", ""), writerSID}},
	},
}

// eventLogService is the logging service's old name, under which it still tells of starts and stops.
var eventLogService = provider{
	names:    []string{"eventlog"},
	channels: []string{"system"},
	meanings: []meaning{
		{ids: ids(6005), kind: reeve.Boot, fixed: operation("event log started")},
		{ids: ids(6006), kind: reeve.Shutdown, fixed: operation("event log stopped")},
		{ids: ids(6008), kind: reeve.Shutdown, fields: []field{{to: target(reeve.AttrMessage), raw: []string{"#1"}, as: asPair, second: "#2"}}, fixed: operation("unexpected")},
	},
}

// user32 tells who shuts down or restarts.
var user32 = provider{
	names:    []string{"user32", "microsoft-windows-user32"},
	channels: []string{"system"},
	meanings: []meaning{
		{ids: ids(1074), kind: reeve.Shutdown, fields: []field{conv(reeve.AttrImage, asProgram, "param1", "#1"), at(reeve.AttrDetails, "param3", "#3"), at(reeve.AttrOperation, "param5", "#5"), at(reeve.AttrMessage, "param6", "#6"),
			at(reeve.AttrUser, "param7", "#7"), writerSID}},
	},
}

// kernelGeneral and kernelPower are two of the kernel's providers; others use the same ids.
var kernelGeneral = provider{
	names: []string{"microsoft-windows-kernel-general"},
	meanings: []meaning{
		{ids: ids(1), kind: reeve.ClockChange, fields: []field{at(reeve.AttrPreviousTime, "OldTime"), at(reeve.AttrCreated, "NewTime"), at(reeve.AttrDetails, "Reason"), at(reeve.AttrImage, "ProcessName"), part(toActorPID, "ProcessID")}},
		{ids: ids(12), kind: reeve.Boot, fields: []field{at(reeve.AttrCreated, "StartTime"), at(reeve.AttrVersion, "BuildVersion")}, fixed: operation("started")},
		{ids: ids(13), kind: reeve.Shutdown, fields: []field{at(reeve.AttrCreated, "StopTime")}, fixed: operation("stopped")},
	},
}

var kernelPower = provider{
	names:    []string{"microsoft-windows-kernel-power"},
	meanings: []meaning{{ids: ids(41), kind: reeve.Shutdown, fields: []field{at(reeve.AttrDetails, "BugcheckCode")}, fixed: operation("not shut down cleanly")}},
}

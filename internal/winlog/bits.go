package winlog

import "reeve"

// bits is the background transfer service. Windows 7 names the texts of event 3 by number and states no job id.
var bits = provider{
	names: []string{"microsoft-windows-bits-client"}, channels: []string{"microsoft-windows-bits-client/operational"},
	meanings: []meaning{
		{ids: ids(3), kind: reeve.BITSJob, fields: []field{at(reeve.AttrName, "jobTitle", "string"), conv(reeve.AttrActivity, asGUID, "jobId", "string2"), at(reeve.AttrUser, "jobOwner", "string3", "string2"), at(reeve.AttrImage, "processPath"),
			part(toActorPID, "processId")}, fixed: operation("created")},
		{ids: ids(59), kind: reeve.BITSJob, fields: bitsTransfer, fixed: operation("started")},
		{ids: ids(60), kind: reeve.BITSJob, fields: bitsEnd, fixed: operation("stopped")},
		{ids: ids(61), kind: reeve.BITSJob, fields: bitsEnd, fixed: operation("failed")},
	},
}

var (
	bitsTransfer = []field{at(reeve.AttrName, "name"), conv(reeve.AttrActivity, asGUID, "Id"), at(reeve.AttrURL, "url"), at(reeve.AttrDetails, "bytesTransferred"), at(reeve.AttrCreated, "fileTime"), writerSID}
	bitsEnd      = join(bitsTransfer, []field{conv(reeve.AttrResult, asHex, "hr")})
)

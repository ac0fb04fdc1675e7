package winlog

import "reeve"

// vhdmp mounts disk images. The process that opens an image is the one that writes event 12.
var vhdmp = provider{
	names: []string{"microsoft-windows-vhdmp"}, channels: []string{"microsoft-windows-vhdmp-operational", "microsoft-windows-vhdmp/operational"},
	meanings: []meaning{
		{ids: ids(1), kind: reeve.DiskImage, fields: []field{at(reeve.AttrPath, "VhdFileName", "VhdFile"), at(reeve.AttrDetails, "VhdDiskNumber"), writerSID}, fixed: operation("mounted")},
		{ids: ids(12), kind: reeve.DiskImage, fields: []field{at(reeve.AttrPath, "VhdFile", "VhdFileName"), part(toActorPID, writerPID), writerSID}, fixed: operation("opened")},
	},
}

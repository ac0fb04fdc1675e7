package winlog

import "reeve"

// msiInstaller writes unnamed Data into the Application log.
var msiInstaller = provider{
	names: []string{"msiinstaller"},
	meanings: []meaning{
		{ids: ids(1033), kind: reeve.Installer, fields: []field{at(reeve.AttrName, "#1"), at(reeve.AttrVersion, "#2"), at(reeve.AttrResult, "#4"), at(reeve.AttrCompany, "#5"), writerSID}, fixed: operation("installed")},
		{ids: ids(1040), kind: reeve.Installer, fields: []field{at(reeve.AttrPath, "#1"), part(toActorPID, "#2"), writerSID}, fixed: operation("transaction began")},
		{ids: ids(1042), kind: reeve.Installer, fields: []field{at(reeve.AttrPath, "#1"), part(toActorPID, "#2"), writerSID}, fixed: operation("transaction ended")},
		{ids: ids(11707), kind: reeve.Installer, fields: []field{phrase(reeve.AttrName, "#1", "Product: ", " -- "), at(reeve.AttrMessage, "#1"), writerSID}, fixed: operation("installed")},
		{ids: ids(11724), kind: reeve.Installer, fields: []field{phrase(reeve.AttrName, "#1", "Product: ", " -- "), at(reeve.AttrMessage, "#1"), writerSID}, fixed: operation("removed")},
	},
}

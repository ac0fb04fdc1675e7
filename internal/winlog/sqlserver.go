package winlog

import "reeve"

// anySQLInstance stands for the providers of named instances (MSSQL$NAME).
const anySQLInstance = "mssql$"

// sqlServer writes unnamed Data into the Application log: what its message inserts.
var sqlServer = provider{
	names: []string{"mssqlserver", anySQLInstance},
	meanings: []meaning{
		{ids: ids(15281), kind: reeve.SQLServer, fields: []field{at(reeve.AttrName, "#2"), at(reeve.AttrDetails, "#3"), writerSID}, fixed: operation("refused")},
		{ids: ids(15457), kind: reeve.SQLServer, fields: []field{at(reeve.AttrName, "#1"), at(reeve.AttrPreviousTime, "#2"), at(reeve.AttrDetails, "#3"), writerSID}, fixed: operation("option changed")},
	},
}

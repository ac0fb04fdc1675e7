package winlog

import "reeve"

// winrm is remote management. Since Windows 10 event 91 states who asked, and from where, behind the resource.
var winrm = provider{
	names: []string{"microsoft-windows-winrm"}, channels: []string{"microsoft-windows-winrm/operational"},
	meanings: []meaning{
		{ids: ids(6), kind: reeve.RemoteSession, fields: []field{phrase(reeve.AttrDestHost, "connection", "://", "/"), phrase(reeve.AttrDestHost, "connection", "", "/"), at(reeve.AttrURL, "connection"), writerSID}, fixed: operation("client session")},
		{ids: ids(91), kind: reeve.RemoteSession, fields: []field{phrase(reeve.AttrURL, "resourceUri", "", " ("), phrase(reeve.AttrTargetUser, "resourceUri", " (", " clientIP:"), phrase(reeve.AttrSourceIP, "resourceUri", "clientIP: ", ")"),
			conv(reeve.AttrActivity, asGUID, "shellId"), writerSID}, fixed: operation("shell created")},
		{ids: ids(168, 169), kind: reeve.RemoteSession, fields: []field{at(reeve.AttrTargetUser, "username", "authenticatedUser"), at(reeve.AttrPackage, "authenticationMechanism"), writerSID}, fixed: operation("authenticated")},
	},
}

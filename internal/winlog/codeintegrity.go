package winlog

import "reeve"

// codeIntegrity decides what code may be loaded. It states the hash of the file ("flat") and the one of its signature.
var codeIntegrity = provider{
	names: []string{"microsoft-windows-codeintegrity"}, channels: []string{"microsoft-windows-codeintegrity/operational"},
	meanings: []meaning{
		{ids: ids(3033, 3077), kind: reeve.AppControl, fields: ciFields, fixed: operation("blocked")},
		{ids: ids(3076), kind: reeve.AppControl, fields: ciFields, fixed: operation("audited")},
		{ids: ids(3089), kind: reeve.Signature, fields: []field{at(reeve.AttrSigner, "PublisherName"), at(reeve.AttrDetails, "IssuerName"), at(reeve.AttrSignatureInfo, "VerificationError"), ciActivity}},
	},
}

var (
	ciActivity = conv(reeve.AttrActivity, asGUID, "@Correlation_ActivityID")
	ciFields   = []field{at(reeve.AttrPath, "File Name", "FileNameBuffer"), at(reeve.AttrProcess, "Process Name", "ProcessNameBuffer"), hash("SHA256", "SHA256 Flat Hash"), hash("SHA1", "SHA1 Flat Hash"),
		at(reeve.AttrOriginalFileName, "OriginalFileName"), at(reeve.AttrProduct, "ProductName"), at(reeve.AttrDescription, "FileDescription"), at(reeve.AttrFileVersion, "FileVersion"), at(reeve.AttrRule, "PolicyName", "PolicyNameBuffer"),
		at(reeve.AttrSignatureInfo, "Validated Signing Level", "ValidatedPolicy"), at(reeve.AttrResult, "Status"), ciActivity}
)

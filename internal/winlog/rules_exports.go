package winlog

import (
	"bytes"

	"reeve"
)

// hunting maps Sigma's fields to the columns of Defender for Endpoint's tables: a row tells of a new process what it tells of the
// initiating process elsewhere.
func hunting(category string) map[string]reading {
	if category == string(reeve.ProcessStart) {
		return huntingStart
	}
	return map[string]reading{
		"image": {raw: []string{"InitiatingProcessFolderPath", "InitiatingProcessFileName"}, as: pathOf}, "commandline": {raw: []string{"InitiatingProcessCommandLine"}},
		"parentimage": {raw: []string{"InitiatingProcessParentFolderPath", "InitiatingProcessParentFileName"}, as: pathOf}, "integritylevel": {raw: []string{"InitiatingProcessIntegrityLevel"}},
		"user":           {raw: []string{"InitiatingProcessAccountSid", "InitiatingProcessAccountDomain", "InitiatingProcessAccountName"}, as: accountOf},
		"targetfilename": {raw: []string{"FolderPath", "FileName"}, as: pathOf}, "imageloaded": {raw: []string{"FolderPath", "FileName"}, as: pathOf},
		"targetobject": {raw: []string{"ActionType", "RegistryKey", "RegistryValueName", "PreviousRegistryKey", "PreviousRegistryValueName"}, as: keyOf(category)},
		"details":      {raw: []string{"RegistryValueType", "RegistryValueData"}, as: valueOf}, "eventtype": {raw: []string{"ActionType"}, as: eventType},
		"initiated": {raw: []string{"ActionType"}, as: initiated}, "destinationhostname": {raw: []string{"RemoteUrl"}},
		"destinationip": {raw: []string{"ActionType", "RemoteIP", "LocalIP"}, as: towards(1, 2)}, "destinationport": {raw: []string{"ActionType", "RemotePort", "LocalPort"}, as: towards(1, 2)},
		"sourceip": {raw: []string{"ActionType", "RemoteIP", "LocalIP"}, as: towards(2, 1)}, "sourceport": {raw: []string{"ActionType", "RemotePort", "LocalPort"}, as: towards(2, 1)},
	}
}

var huntingStart = map[string]reading{
	"image": {raw: []string{"FolderPath", "FileName"}, as: pathOf}, "commandline": {raw: []string{"ProcessCommandLine"}}, "integritylevel": {raw: []string{"ProcessIntegrityLevel"}},
	"user":        {raw: []string{"AccountSid", "AccountDomain", "AccountName"}, as: accountOf},
	"parentimage": {raw: []string{"InitiatingProcessFolderPath", "InitiatingProcessFileName"}, as: pathOf}, "parentcommandline": {raw: []string{"InitiatingProcessCommandLine"}},
	"parentuser":       {raw: []string{"InitiatingProcessAccountSid", "InitiatingProcessAccountDomain", "InitiatingProcessAccountName"}, as: accountOf},
	"grandparentimage": {raw: []string{"InitiatingProcessParentFolderPath", "InitiatingProcessParentFileName"}, as: pathOf},
	"originalfilename": {raw: []string{"ProcessVersionInfoOriginalFileName"}}, "product": {raw: []string{"ProcessVersionInfoProductName"}}, "company": {raw: []string{"ProcessVersionInfoCompanyName"}},
	"description": {raw: []string{"ProcessVersionInfoFileDescription"}}, "fileversion": {raw: []string{"ProcessVersionInfoProductVersion"}},
}

// elastic maps Sigma's fields to the Elastic Common Schema, for exports that keep nothing else.
var elastic = map[string]reading{
	"image": {raw: []string{"process.executable"}}, "commandline": {raw: []string{"process.command_line"}}, "currentdirectory": {raw: []string{"process.working_directory"}},
	"parentimage": {raw: []string{"process.parent.executable"}}, "parentcommandline": {raw: []string{"process.parent.command_line"}}, "processid": {raw: []string{"process.pid"}}, "parentprocessid": {raw: []string{"process.parent.pid"}},
	"originalfilename": {raw: []string{"process.pe.original_file_name", "dll.pe.original_file_name"}}, "product": {raw: []string{"process.pe.product", "dll.pe.product"}}, "company": {raw: []string{"process.pe.company", "dll.pe.company"}},
	"description": {raw: []string{"process.pe.description", "dll.pe.description"}}, "fileversion": {raw: []string{"process.pe.file_version", "dll.pe.file_version"}},
	"md5": {raw: []string{"process.hash.md5", "dll.hash.md5", "file.hash.md5"}}, "sha1": {raw: []string{"process.hash.sha1", "dll.hash.sha1", "file.hash.sha1"}},
	"sha256": {raw: []string{"process.hash.sha256", "dll.hash.sha256", "file.hash.sha256"}}, "imphash": {raw: []string{"process.pe.imphash", "dll.pe.imphash", "file.pe.imphash"}},
	"user": {raw: []string{"", "user.domain", "user.name"}, as: accountOf}, "targetfilename": {raw: []string{"file.path"}}, "imageloaded": {raw: []string{"dll.path", "file.path"}},
	"signed": {raw: []string{"dll.code_signature.exists"}}, "signature": {raw: []string{"dll.code_signature.subject_name"}}, "signaturestatus": {raw: []string{"dll.code_signature.status"}},
	"targetobject": {raw: []string{"registry.path"}}, "details": {raw: []string{"registry.data.strings"}}, "queryname": {raw: []string{"dns.question.name"}},
	"destinationip": {raw: []string{"destination.ip"}}, "destinationport": {raw: []string{"destination.port"}}, "destinationhostname": {raw: []string{"destination.domain"}}, "sourceip": {raw: []string{"source.ip"}},
	"sourceport": {raw: []string{"source.port"}}, "protocol": {raw: []string{"network.transport"}}, "initiated": {raw: []string{"network.direction"}, as: outbound}, "eventid": {raw: []string{"event.code"}}, "computer": {raw: []string{"host.name"}},
}

// pathOf joins a folder and a file's name, which the path may have already. A bare name gets the backslash that rules look for
// before it.
func pathOf(dst, list []byte) []byte {
	path, file := nthItem(list, 0), nthItem(list, 1)
	if len(path) == 0 {
		path, file = file, nil
	}
	if len(path) == 0 {
		return dst
	}
	from := len(dst)
	dst = append(dst, path...)
	if base := path[bytes.LastIndexByte(path, '\\')+1:]; len(file) > 0 && !bytes.EqualFold(base, file) {
		dst = append(append(bytes.TrimSuffix(dst, []byte{'\\'}), '\\'), file...)
	}
	if bytes.IndexByte(dst[from:], '\\') < 0 {
		dst = append(dst, 0)
		copy(dst[from+1:], dst[from:])
		dst[from] = '\\'
	}
	return append(dst, 0)
}

// accepted tells connections that others opened.
func accepted(action []byte) bool { return equalFold(action, "InboundConnectionAccepted") }

func initiated(dst, list []byte) []byte {
	if accepted(nthItem(list, 0)) {
		return append(dst, "false\x00"...)
	}
	return append(dst, "true\x00"...)
}

// towards gives one of two ends of a connection, the other when it was accepted.
func towards(opened, accept int) func(dst, list []byte) []byte {
	return func(dst, list []byte) []byte {
		n := opened
		if accepted(nthItem(list, 0)) {
			n = accept
		}
		if end := nthItem(list, n); len(end) > 0 {
			return append(append(dst, end...), 0)
		}
		return dst
	}
}

// outbound tells from a direction whether the machine opened a connection.
func outbound(dst, list []byte) []byte {
	if known, ok := folded(directions, nthItem(list, 0)); ok {
		return append(append(dst, known...), 0)
	}
	return dst
}

package winlog

import (
	"bytes"
	"strconv"
	"strings"
)

// processAudit maps Sigma's process fields to those of Security 4688, whose ProcessId is the parent's. A process runs as the target
// account where there is one. Numbers stay as Windows prints them, in hexadecimal.
var processAudit = map[string]reading{
	"image": {raw: []string{"NewProcessName"}}, "parentimage": {raw: []string{"ParentProcessName"}}, "processid": {raw: []string{"NewProcessId"}}, "parentprocessid": {raw: []string{"ProcessId"}},
	"logonid": {raw: []string{"SubjectLogonId"}}, "integritylevel": {raw: []string{"MandatoryLabel"}, as: integrityWord},
	"user": {raw: []string{"TargetUserSid", "TargetDomainName", "TargetUserName", "SubjectUserSid", "SubjectDomainName", "SubjectUserName"}, as: accountOf},
}

// processEndAudit maps them to those of Security 4689.
var processEndAudit = map[string]reading{
	"image": {raw: []string{"ProcessName"}}, "logonid": {raw: []string{"SubjectLogonId"}}, "user": {raw: []string{"SubjectUserSid", "SubjectDomainName", "SubjectUserName"}, as: accountOf},
}

// antivirus maps Sigma's fields of virus alerts to Defender's.
var antivirus = map[string]reading{"signature": {raw: []string{"ThreatName"}}, "filename": {raw: []string{"Path"}}, "action": {raw: []string{"ActionName"}}}

// crash names the unnamed data of Application Error 1000 in their order; newer versions of Windows name them.
var crash = []string{"appname", "appversion", "apptimestamp", "modulename", "moduleversion", "moduletimestamp", "exceptioncode", "faultingoffset", "processid", "processcreationtime", "apppath", "modulepath"}

// registryAudit maps Sigma's registry fields to those of Security 4657, which is about values only. To the rules of a category a
// record of another operation has no TargetObject. Rules about set values see new ones too, as they do of Sysmon.
func registryAudit(category string) map[string]reading {
	return map[string]reading{
		"targetobject": {raw: []string{"OperationType", "ObjectName", "ObjectValueName"}, as: keyOf(category)}, "details": {raw: []string{"NewValueType", "NewValue"}, as: valueOf},
		"image": {raw: []string{"ProcessName"}}, "eventtype": {raw: []string{"OperationType"}, as: eventType},
		"user": {raw: []string{"SubjectUserSid", "SubjectDomainName", "SubjectUserName"}, as: accountOf},
	}
}

// operations are what is done to keys and values, as Security 4657 and the hunting tables write it, and the name that Sysmon has.
var operations = map[string]struct{ verb, event string }{
	"%%1904": {"created", "SetValue"}, "%%1905": {"modified", "SetValue"}, "%%1906": {"deleted", "DeleteValue"},
	"new registry value created": {"created", "SetValue"}, "existing registry value modified": {"modified", "SetValue"}, "registry value deleted": {"deleted", "DeleteValue"},
	"registrykeycreated": {"created", "CreateKey"}, "registryvalueset": {"modified", "SetValue"}, "registrykeyrenamed": {"renamed", "RenameKey"},
	"registrykeydeleted": {"deleted", "DeleteKey"}, "registryvaluedeleted": {"deleted", "DeleteValue"},
}

// verbs are the operations that a category of rules is about; the others' are all.
var verbs = map[string]string{"registry_set": "created modified", "registry_event": "created modified renamed", "registry_add": "created", "registry_delete": "deleted"}

// eventType gives Sysmon's name of an operation.
func eventType(dst, list []byte) []byte {
	text := nthItem(list, 0)
	if o, ok := folded(operations, text); ok {
		return append(append(dst, o.event...), 0)
	}
	return append(append(dst, text...), 0)
}

// keyOf joins operation, key and value's name into the path that Sysmon writes; nothing where the operation is of no interest to a
// category. What stands behind them is the key and the value that were deleted.
func keyOf(category string) func(dst, list []byte) []byte {
	wanted := verbs[category]
	return func(dst, list []byte) []byte {
		if o, ok := folded(operations, nthItem(list, 0)); ok && wanted != "" && !strings.Contains(wanted, o.verb) {
			return dst
		}
		key, value := nthItem(list, 1), nthItem(list, 2)
		if isNothing(key) {
			if key, value = nthItem(list, 3), nthItem(list, 4); isNothing(key) {
				return dst
			}
		}
		dst = appendKey(dst, key)
		if !isNothing(value) {
			dst = append(append(dst, '\\'), value...)
		}
		return append(dst, 0)
	}
}

// hives are the roots of the registry in the kernel and in full, and as Sysmon writes them.
var hives = [][2]string{{`\REGISTRY\MACHINE`, "HKLM"}, {`\REGISTRY\USER`, "HKU"}, {"HKEY_LOCAL_MACHINE", "HKLM"}, {"HKEY_USERS", "HKU"}, {"HKEY_CURRENT_USER", "HKCU"}, {"HKEY_CLASSES_ROOT", "HKCR"}}

// appendKey writes a registry key as Sysmon does: roots are short, and a numbered control set is the current one.
func appendKey(dst, key []byte) []byte {
	for _, h := range hives {
		if len(key) >= len(h[0]) && equalFold(key[:len(h[0])], h[0]) && (len(key) == len(h[0]) || key[len(h[0])] == '\\') {
			dst, key = append(dst, h[1]...), key[len(h[0]):]
			break
		}
	}
	const system, set = `\SYSTEM\`, "ControlSet00"
	if n := len(system) + len(set); len(key) > n && equalFold(key[:len(system)], system) && equalFold(key[len(system):n], set) && (len(key) == n+1 || key[n+1] == '\\') {
		dst, key = append(append(dst, key[:len(system)]...), "CurrentControlSet"...), key[n+1:]
	}
	return append(dst, key...)
}

// valueOf writes a registry value as Sysmon does by its type: numbers in brackets, of binary data that there are some.
func valueOf(dst, list []byte) []byte {
	kind, text := nthItem(list, 0), nthItem(list, 1)
	switch n, isNumber := number(text); {
	case text == nil:
		return dst
	case isNumber && n>>32 == 0 && (equalFold(kind, "%%1876") || equalFold(kind, "REG_DWORD") || equalFold(kind, "Dword")):
		dst = append(appendHex(append(dst, "DWORD (0x"...), uint32(n)), ')')
	case isNumber && (equalFold(kind, "%%1883") || equalFold(kind, "REG_QWORD") || equalFold(kind, "Qword")):
		dst = appendHex(append(dst, "QWORD (0x"...), uint32(n>>32))
		dst = append(appendHex(append(dst, "-0x"...), uint32(n)), ')')
	case equalFold(kind, "%%1875") || equalFold(kind, "REG_BINARY") || equalFold(kind, "Binary"):
		dst = append(dst, "Binary Data"...)
	default:
		dst = append(dst, text...)
	}
	return append(dst, 0)
}

// appendHex appends eight hexadecimal digits.
func appendHex(dst []byte, n uint32) []byte {
	from := len(dst)
	dst = strconv.AppendUint(append(dst, "00000000"...), uint64(n), 16)
	digits := dst[from+8:]
	copy(dst[from+8-len(digits):], digits)
	return dst[:from+8]
}

// systemAccounts are the accounts of the system by SID (winnt.h, SECURITY_LOCAL_SYSTEM_RID and the next two). Security records
// state them by the machine's own account.
var systemAccounts = map[string]string{"S-1-5-18": `NT AUTHORITY\SYSTEM`, "S-1-5-19": `NT AUTHORITY\LOCAL SERVICE`, "S-1-5-20": `NT AUTHORITY\NETWORK SERVICE`}

// accountOf gives DOMAIN\name of the first account that is stated, of several by SID, domain and name.
func accountOf(dst, list []byte) []byte {
	for i := 0; ; i += 3 {
		sid, domain, name := nthItem(list, i), nthItem(list, i+1), nthItem(list, i+2)
		if name == nil {
			return dst
		}
		if known := systemAccounts[string(sid)]; known != "" {
			return append(append(dst, known...), 0)
		}
		if isNothing(name) {
			continue
		}
		if !isNothing(domain) {
			dst = append(append(dst, domain...), '\\')
		}
		return append(append(dst, name...), 0)
	}
}

// integrityWord turns the SIDs of mandatory labels into Sysmon's words.
func integrityWord(dst, list []byte) []byte {
	for len(list) > 0 {
		var text []byte
		text, list = next(list)
		if word, ok := folded(labels, text); ok {
			dst = append(dst, word...)
		} else {
			dst = append(dst, text...)
		}
		dst = append(dst, 0)
	}
	return dst
}

// hashPart cuts one algorithm out of "MD5=...,SHA256=...", in whatever order.
func hashPart(algorithm string) func(dst, list []byte) []byte {
	return func(dst, list []byte) []byte {
		for len(list) > 0 {
			var text []byte
			text, list = next(list)
			for len(text) > 0 {
				var part []byte
				part, text, _ = bytes.Cut(text, []byte{','})
				if key, value, ok := bytes.Cut(part, []byte{'='}); ok && equalFold(bytes.TrimSpace(key), algorithm) {
					dst = append(append(dst, bytes.TrimSpace(value)...), 0)
				}
			}
		}
		return dst
	}
}

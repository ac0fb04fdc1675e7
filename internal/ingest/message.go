package ingest

import (
	"bytes"
	"strings"
)

// The text of a message is all that some exports keep of a record's data. Sysmon writes its fields by their names, a line each;
// Security writes labels in sections:
//
//	A new process has been created.
//
//	Creator Subject:
//		Account Name:		alice
//
//	Process Information:
//		New Process Name:	C:\Windows\System32\cmd.exe

const maxMessageFields = 128

// readMessage walks on from n with the fields of a message as leaves.
func (t *textWorker) readMessage(n *node, text []byte) *node {
	section := ""
	fields := 0
	if title, rest, _ := bytes.Cut(text, []byte("\n")); bytes.HasSuffix(bytes.TrimRight(title, " \r"), []byte(":")) {
		text = rest
	}
	for len(text) > 0 && fields < maxMessageFields && len(t.rec.leaves) < maxLeaves {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		line = bytes.TrimRight(line, " \t\r")
		label, value, ok := bytes.Cut(line, []byte(":"))
		indented := len(label) > 0 && (label[0] == '\t' || label[0] == ' ')
		if label = bytes.TrimSpace(label); !ok || !isLabel(label) {
			continue
		}
		value = bytes.TrimLeft(value, " \t")
		if len(value) == 0 && !indented && bytes.HasPrefix(bytes.TrimLeft(text, "\r"), []byte("\t")) {
			section = string(label)
			continue
		}
		if !indented {
			section = ""
		}
		n = t.trie.step(n, opMessage, []byte(fieldOf(section, string(label))))
		t.rec.put(value, plain)
		fields++
	}
	return n
}

// isLabel tells a label from the beginning of a sentence.
func isLabel(b []byte) bool {
	if len(b) == 0 || len(b) > 48 || bytes.Count(b, []byte(" ")) > 5 {
		return false
	}
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ' ' || c == '_' || c == '-' || c == '/' || c == '(' || c == ')') {
			return false
		}
	}
	return true
}

// messageSections say whom the labels of a section are about, as the raw names have it.
var messageSections = map[string]string{
	"Subject": "Subject", "Creator Subject": "Subject",
	"Target Subject": "Target", "New Logon": "Target", "Target Account": "Target", "New Account": "Target", "Account For Which Logon Failed": "Target",
	"Account Whose Credentials Were Used": "Target", "Group": "Target",
}

var accountLabels = map[string]string{
	"Security ID": "UserSid", "Account Name": "UserName", "Account Domain": "DomainName", "Logon ID": "LogonId", "Logon GUID": "LogonGuid",
	"Group Name": "UserName", "Group Domain": "DomainName",
}

// messageLabels are labels whose raw names are not just the label without its spaces.
var messageLabels = map[string]string{
	"New Process ID": "NewProcessId", "Creator Process ID": "ProcessId", "Creator Process Name": "ParentProcessName",
	"Process Command Line": "CommandLine", "Process ID": "ProcessId", "Caller Process ID": "ProcessId", "Caller Process Name": "ProcessName",
	"Workstation Name": "WorkstationName", "Source Workstation": "Workstation", "Source Network Address": "IpAddress", "Client Address": "IpAddress",
	"Client Port": "IpPort", "Authentication Package": "AuthenticationPackageName", "Logon Process": "LogonProcessName",
	"Service File Name": "ServiceFileName", "Service Start Type": "StartType", "Service Account": "AccountName",
}

// fieldOf is the raw name that a label stands for.
func fieldOf(section, label string) string {
	if who, ok := messageSections[section]; ok {
		if what, ok := accountLabels[label]; ok {
			return who + what
		}
	}
	if section == "Network Information" && label == "Source Port" {
		return "IpPort"
	}
	if raw, ok := messageLabels[label]; ok {
		return raw
	}
	return strings.ReplaceAll(label, " ", "")
}

package ingest

import (
	"strings"

	"reeve"
)

// slot is a place in a record's envelope. Whatever the format, a record's envelope is found by these.
type slot uint8

const (
	slotProvider slot = iota
	slotProviderGUID
	slotEventSource
	slotEventID
	slotQualifiers
	slotVersion
	slotLevel
	slotTask
	slotOpcode
	slotKeywords
	slotTime
	slotRecordID
	slotActivity
	slotRelated
	slotPID
	slotThread
	slotChannel
	slotComputer
	slotUser
	numSlots
)

// slotNames are the envelope's names as the Sigma taxonomy has them, which are what Resolve answers to.
var slotNames = [numSlots]string{
	slotProvider: "Provider_Name", slotProviderGUID: "Provider_Guid", slotEventSource: "Provider_EventSourceName",
	slotEventID: "EventID", slotQualifiers: "Qualifiers", slotVersion: "Version", slotLevel: "Level", slotTask: "Task",
	slotOpcode: "Opcode", slotKeywords: "Keywords", slotTime: "TimeCreated_SystemTime", slotRecordID: "EventRecordID",
	slotActivity: "Correlation_ActivityID", slotRelated: "Correlation_RelatedActivityID", slotPID: "Execution_ProcessID",
	slotThread: "Execution_ThreadID", slotChannel: "Channel", slotComputer: "Computer", slotUser: "Security_UserID",
}

// slotOf finds an envelope name without regard to case.
func slotOf(name string) (slot, bool) {
	for s, n := range slotNames {
		if strings.EqualFold(n, name) {
			return slot(s), true
		}
	}
	return 0, false
}

// names interns the strings of heads, so that they may be kept and cost nothing when they were met before. The keys are the
// spellings in the evidence, one table for each encoding.
type names [2]map[string]string

const (
	maxNames      = 1 << 12 // begin anew beyond: evidence made of ever new names must not grow memory
	maxNameLength = 1 << 12 // in bytes; the rest of a longer one is cut off
)

func (n *names) intern(v reeve.Value) string {
	b := v.Bytes[:min(len(v.Bytes), maxNameLength)]
	if len(b) == 0 {
		return ""
	}
	known := &n[v.Enc]
	if s, ok := (*known)[string(b)]; ok {
		return s
	}
	if *known == nil || len(*known) >= maxNames {
		*known = map[string]string{}
	}
	v.Bytes = b
	s := strings.ToValidUTF8(v.String(), "�")
	(*known)[string(b)] = s
	return s
}

// number reads a decimal or 0x-hexadecimal number as evidence writes it; ok is false for anything else or more than 64 bits.
func number(b []byte) (n uint64, ok bool) {
	if len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' {
		for _, c := range b[2:] {
			d := hexDigit(c)
			if d < 0 || n>>60 != 0 {
				return 0, false
			}
			n = n<<4 | uint64(d)
		}
		return n, true
	}
	for i, c := range b {
		if c == '.' && i > 0 && strings.Trim(string(b[i+1:]), "0") == "" {
			break // 4688.0, as data frames write integers
		}
		d := uint64(c - '0')
		if d > 9 || n > (1<<64-1-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(b) > 0
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

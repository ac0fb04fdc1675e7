package reeve

import "encoding/hex"

// GUID is a Windows GUID, bytes in the order of its text. The zero value means none.
type GUID [16]byte

// ParseGUID reads 8-4-4-4-12 hexadecimal digits, with or without braces; ok is false for anything else.
func ParseGUID(s []byte) (g GUID, ok bool) {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		s = s[1:37]
	}
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return GUID{}, false
	}
	n := 0
	for i := 0; i < 36; i += 2 {
		if s[i] == '-' {
			i++
		}
		if _, err := hex.Decode(g[n:n+1], s[i:i+2]); err != nil {
			return GUID{}, false
		}
		n++
	}
	return g, true
}

// String is upper case without braces; "" for the zero GUID.
func (g GUID) String() string {
	if g == (GUID{}) {
		return ""
	}
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, 36)
	for i, b := range g {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			out = append(out, '-')
		}
		out = append(out, digits[b>>4], digits[b&15])
	}
	return string(out)
}

// ProcKey is how a record names a process: by GUID where Sysmon gave one, else by pid, which means something only together
// with host and time.
type ProcKey struct {
	GUID GUID
	PID  uint32
}

// IsZero tells whether the record names no process.
func (k ProcKey) IsZero() bool { return k == ProcKey{} }

// ProcID is the number of a process within one process graph; 0 is none.
type ProcID int32

// Process is a node of the process graph: what was seen of one process, and what is only inferred from others' records.
type Process struct {
	ID       ProcID
	Parent   ProcID // 0 when nothing names it
	Host     string // canonical
	Key      ProcKey
	Image    string // as the record states it; may be a bare name
	User     string
	UserSID  string
	LogonID  string // hexadecimal as Windows prints it, "0x3e7"
	Start    Time   // 0 when unknown
	End      Time   // 0 when unknown
	Inferred bool   // no record of its own creation: known from a child's record or from its deeds
	ByPID    bool   // the link to Parent rests on host, pid and time, not on a GUID: probable
	Disputed bool   // records of its creation name different files
	Refs     []Ref  // its creation first; for an inferred one the records that name it
}

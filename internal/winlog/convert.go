package winlog

import (
	"bytes"
	"encoding/xml"
	"html"
	"io"
	"strconv"
	"strings"
	"time"

	"reeve"
)

// conversion turns text into the property's form.
type conversion uint8

const (
	asIs        conversion = iota
	asText                 // without blanks at its ends
	asWords                // words divided by single blanks, %%1234 into words
	asQuoted               // without the quotes and escapes that WMI puts around text
	asProgram              // the path before " (HOST)"
	asAccount              // second holds the domain
	asPair                 // second holds what stands before it
	asPath                 // second holds the last part of the path
	asFolder               // the same, which the path may have already
	asPart                 // "n/m", second holds m
	asHex                  // a number as 0x... in lower case
	asLogon                // the same; 0 is no logon session
	asStatus               // 0 gives way to the next field
	asMessage              // %%1234 into words
	asIntegrity            // a mandatory label into its word
	asStart                // a service's start type by number into the words of event 7045
	asProtocol             // a protocol by number into its name
	asYesNo                // 1, 0, yes, no into true, false
	asLogonType            // a logon type by its word into its number
	asHost                 // the host of a URL, or the host itself
	asOutbound             // a direction into true for outbound, false for inbound
	asGUID                 // upper case without braces; none for zeros and anything else
	asHash                 // second is the algorithm
	asAction               // task XML into command and arguments
	asKeyed                // the value of the key that second is, in a text of lines
	asPhrase               // what stands in a text behind second and before until
	asLocalPID             // a process id of the machine that second names: none when that is another one
)

// nothing tells the texts that Windows writes where it has nothing to say.
func nothing(s string) bool {
	switch s {
	case "", "-", "N/A", "(NULL)", "NULL SID", "S-1-0-0":
		return true
	}
	return false
}

// messages are the parameter messages of the Security log that a property is read from (msobjs.dll).
var messages = map[string]string{
	"%%1936": "full", "%%1937": "elevated", "%%1938": "limited",
	"tokenelevationtypedefault (1)": "full", "tokenelevationtypefull (2)": "elevated", "tokenelevationtypelimited (3)": "limited",
	"tokenelevationtypedefault": "full", "tokenelevationtypefull": "elevated", "tokenelevationtypelimited": "limited",
	"%%1904": "created", "%%1905": "modified", "%%1906": "deleted",
	"%%8448": "success removed", "%%8449": "success added", "%%8450": "failure removed", "%%8451": "failure added",
	"%%1842": "yes", "%%1843": "no",
	"%%2304": "an error occurred", "%%2305": "account expired", "%%2306": "logon service not active", "%%2307": "account locked out", "%%2308": "logon type not granted",
	"%%2309": "password expired", "%%2310": "account disabled", "%%2311": "outside logon hours", "%%2312": "not allowed on this computer", "%%2313": "unknown user or wrong password",
	"%%1537": "DELETE", "%%1538": "READ_CONTROL", "%%1539": "WRITE_DAC", "%%1540": "WRITE_OWNER", "%%1541": "SYNCHRONIZE",
	"%%4416": "ReadData", "%%4417": "WriteData", "%%4418": "AppendData", "%%4419": "ReadEA", "%%4420": "WriteEA", "%%4421": "Execute", "%%4422": "DeleteChild", "%%4423": "ReadAttributes", "%%4424": "WriteAttributes",
	"%%4480": "Terminate", "%%4481": "CreateThread", "%%4482": "SetSession", "%%4483": "MemoryOperation", "%%4484": "ReadMemory", "%%4485": "WriteMemory", "%%4486": "DuplicateHandle", "%%4487": "CreateProcess",
	"%%4488": "SetQuota", "%%4489": "SetInformation", "%%4490": "QueryInformation",
}

// labels are the mandatory labels by SID (winnt.h, SECURITY_MANDATORY_*_RID), and by name as messages have them.
var labels = map[string]string{
	"s-1-16-0": "Untrusted", "s-1-16-4096": "Low", "s-1-16-8192": "Medium", "s-1-16-8448": "MediumPlus", "s-1-16-12288": "High", "s-1-16-16384": "System",
	`mandatory label\untrusted mandatory level`: "Untrusted", `mandatory label\low mandatory level`: "Low", `mandatory label\medium mandatory level`: "Medium", `mandatory label\medium plus mandatory level`: "MediumPlus",
	`mandatory label\high mandatory level`: "High", `mandatory label\system mandatory level`: "System",
}

// starts are the start types of services by number (winnt.h, SERVICE_*_START).
var starts = map[string]string{"0": "boot start", "1": "system start", "2": "auto start", "3": "demand start", "4": "disabled"}

var protocols = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}

var directions = map[string]string{"%%14592": "false", "inbound": "false", "ingress": "false", "incoming": "false", "%%14593": "true", "outbound": "true", "egress": "true", "outgoing": "true"}

// logonTypes are the types of logon sessions by their words (ntsecapi.h, SECURITY_LOGON_TYPE).
var logonTypes = map[string]string{"interactive": "2", "network": "3", "batch": "4", "service": "5", "unlock": "7", "networkcleartext": "8", "newcredentials": "9", "remoteinteractive": "10", "cachedinteractive": "11"}

var truths = map[string]string{"1": "true", "yes": "true", "true": "true", "0": "false", "no": "false", "false": "false"}

// text gives the first stated text of a field; it is valid until the next call.
func (d *Decoder) text(rec reeve.Record, f *plannedField) []byte {
	for i := range f.from {
		d.buf = f.from[i].value(rec).AppendText(d.buf[:0])
		if b := bytes.TrimSpace(d.buf); len(b) > 0 && string(b) != "-" {
			return b
		}
	}
	return nil
}

func (d *Decoder) guid(rec reeve.Record, f *plannedField, k *reeve.ProcKey) {
	if k.GUID == (reeve.GUID{}) {
		k.GUID, _ = reeve.ParseGUID(d.text(rec, f))
	}
}

func (d *Decoder) pid(rec reeve.Record, f *plannedField, k *reeve.ProcKey) {
	if k.PID != 0 || f.as == asLocalPID && !d.local(rec, f) {
		return
	}
	b := d.text(rec, f)
	if f.as == asPhrase {
		b, _ = between(b, f.second, f.until)
	}
	if n := parseUint(b); n < 1<<32 {
		k.PID = uint32(n)
	}
}

// local tells whether the machine that a field names is the one that the record is from; one that is not named is.
func (d *Decoder) local(rec reeve.Record, f *plannedField) bool {
	for i := range f.with {
		d.buf = f.with[i].value(rec).AppendText(d.buf[:0])
		if len(d.buf) > 0 {
			there, _, _ := bytes.Cut(d.buf, []byte("."))
			here := rec.Head().Computer
			if dot := strings.IndexByte(here, '.'); dot >= 0 {
				here = here[:dot]
			}
			return equalFold(there, here)
		}
	}
	return true
}

// equalFold is strings.EqualFold for names in ASCII, without making a string.
func equalFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if d := b[i]; c != d && (c|0x20 != d|0x20 || c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// property reads one attribute; ok is false where nothing is stated. An empty command line is stated.
func (d *Decoder) property(rec reeve.Record, f *plannedField) (s string, ok bool) {
	for i := range f.from {
		v := f.from[i].value(rec)
		if v.Kind == reeve.Absent || v.Kind == reeve.Null {
			continue
		}
		s = strings.TrimRight(v.String(), "\x00")
		if v.Kind == reeve.List {
			s = strings.ReplaceAll(s, "\x00", "\n")
		}
		if ok = f.to == target(reeve.AttrCommandLine) && s == ""; nothing(s) {
			continue
		}
		if s, ok = d.convert(rec, f, s); ok {
			return s, true
		}
	}
	return "", ok
}

// convert gives a text the form of its property; ok is false when nothing is left of it.
func (d *Decoder) convert(rec reeve.Record, f *plannedField, s string) (string, bool) {
	trimmed := strings.TrimSpace(s)
	second := func() string {
		for i := range f.with {
			if s := f.with[i].value(rec).String(); s != "" {
				return s
			}
		}
		return ""
	}
	switch f.as {
	case asText:
		s = trimmed
	case asWords:
		words := strings.Fields(s)
		for i, w := range words {
			words[i] = lookUp(messages, w)
		}
		s = strings.Join(words, " ")
	case asQuoted:
		s = unquoted(trimmed)
	case asProgram:
		s, _, _ = strings.Cut(s, " (")
	case asAccount:
		if domain := second(); !nothing(domain) {
			s = domain + `\` + s
		}
	case asPair:
		s = strings.TrimSpace(second() + " " + trimmed)
	case asPath:
		if name := second(); !nothing(name) {
			s += `\` + name
		}
	case asFolder:
		s = string(inFolder([]byte(s), []byte(second())))
	case asPart:
		s += "/" + second()
	case asHex, asLogon:
		n, isNumber := number([]byte(s))
		if isNumber {
			s = "0x" + strconv.FormatUint(n, 16)
		}
		return s, n != 0 || f.as == asHex || !isNumber
	case asStatus:
		n, isNumber := number([]byte(s))
		return s, n != 0 || !isNumber
	case asMessage:
		parts := strings.Split(trimmed, ",")
		for i, p := range parts {
			parts[i] = lookUp(messages, strings.TrimSpace(p))
		}
		s = strings.Join(parts, ", ")
	case asIntegrity:
		s = lookUp(labels, s)
	case asStart:
		s = lookUp(starts, s)
	case asProtocol:
		s = lookUp(protocols, s)
	case asYesNo:
		s = lookUp(truths, s)
	case asLogonType:
		s = lookUp(logonTypes, s)
	case asHost:
		if _, rest, isURL := strings.Cut(s, "://"); isURL {
			s = rest
		}
		s, _, _ = strings.Cut(s, "/")
	case asOutbound:
		known := directions[strings.ToLower(trimmed)]
		return known, known != ""
	case asGUID:
		g, _ := reeve.ParseGUID([]byte(trimmed))
		s = g.String()
	case asHash:
		s = f.second + "=" + strings.TrimPrefix(trimmed, "0x")
	case asAction:
		s = taskAction(s)
	case asKeyed:
		return keyValue(s, f.second)
	case asPhrase:
		b, found := between([]byte(s), f.second, f.until)
		return string(b), found && !nothing(string(b))
	}
	return s, s != ""
}

// inFolder appends a file's name to its folder, unless it is there.
func inFolder(path, file []byte) []byte {
	base := path[bytes.LastIndexByte(path, '\\')+1:]
	if len(file) == 0 || bytes.EqualFold(base, file) {
		return path
	}
	return append(append(bytes.TrimSuffix(path, []byte{'\\'}), '\\'), file...)
}

func lookUp(table map[string]string, s string) string {
	if word, ok := table[strings.ToLower(strings.TrimSpace(s))]; ok {
		return word
	}
	return s
}

// unquoted undoes `"c:\\path \"x\""`, the way in which WMI writes text.
func unquoted(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s[1 : len(s)-1])
}

// keyValue finds the value of a key in a text of lines "key=value" or "key = value". A value goes on over the following lines until
// one is a key of the same indentation.
func keyValue(text, key string) (string, bool) {
	var value []string
	indent, found := "", false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		name, after, isPair := strings.Cut(line, "=")
		switch {
		case !found:
			if isPair && strings.TrimSpace(name) == key {
				found, indent, value = true, indentOf(line), []string{strings.TrimSpace(after)}
			}
			continue
		case line == "" || isPair && indentOf(line) == indent && isKey(name):
			s := strings.TrimSpace(strings.Join(value, "\n"))
			return s, !nothing(s)
		}
		value = append(value, line)
	}
	s := strings.TrimSpace(strings.Join(value, "\n"))
	return s, !nothing(s)
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// isKey tells a key from the left side of an assignment in a script.
func isKey(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ") == ""
}

// toEnd is before nothing: the rest of a text.
const toEnd = "\x00"

// between finds what stands in a text behind some words and before others; without these, or where they do not come, before the end
// of the line.
func between(text []byte, behind, before string) ([]byte, bool) {
	i := bytes.Index(text, []byte(behind))
	if i < 0 {
		return nil, false
	}
	text = text[i+len(behind):]
	if before == toEnd {
		return bytes.TrimSpace(text), true
	}
	if before != "" {
		if end := bytes.Index(text, []byte(before)); end >= 0 {
			return bytes.TrimSpace(text[:end]), true
		}
	}
	if end := bytes.IndexAny(text, "\r\n"); end >= 0 {
		text = text[:end]
	}
	return bytes.TrimSpace(text), true
}

// maxTask and maxTaskTokens bound the XML of a task that is looked into.
const (
	maxTask       = 1 << 20
	maxTaskTokens = 20_000
)

// taskAction gives what a task's XML starts, a line for each action: command and arguments, or the class of a COM handler. Some
// shippers escape the whole of it.
func taskAction(text string) string {
	if strings.HasPrefix(strings.TrimSpace(text), "&lt;") {
		text = html.UnescapeString(text[:min(len(text), maxTask)])
	}
	d := xml.NewDecoder(io.LimitReader(strings.NewReader(text), maxTask))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var actions []string
	var words []string
	in, said := "", ""
	for range maxTaskTokens {
		tok, err := d.RawToken()
		if err != nil {
			break
		}
		switch t := tok.(type) {
		case xml.StartElement:
			in, said = t.Name.Local, ""
		case xml.CharData:
			said += string(t)
		case xml.EndElement:
			switch name := t.Name.Local; {
			case name == in && (in == "Command" || in == "Arguments" || in == "ClassId"):
				if said = strings.TrimSpace(said); said != "" {
					words = append(words, said)
				}
			case name == "Exec" || name == "ComHandler":
				actions, words = append(actions, strings.Join(words, " ")), nil
			}
			in, said = "", ""
		}
	}
	if words != nil { // the XML is cut off
		actions = append(actions, strings.Join(words, " "))
	}
	return strings.TrimSpace(strings.Join(actions, "\n"))
}

// parseUint is number for those to whom 0 says that there is none.
func parseUint(b []byte) uint64 {
	n, _ := number(b)
	return n
}

// number reads decimal or 0x hexadecimal without allocating, also 4688.0 as data frames write integers and "4688." as it ends a
// sentence.
func number(b []byte) (n uint64, ok bool) {
	b = bytes.TrimSpace(b)
	if len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' {
		if b = b[2:]; len(b) > 16 {
			return 0, false
		}
		for _, c := range b {
			switch {
			case c >= '0' && c <= '9':
				n = n<<4 | uint64(c-'0')
			case c|0x20 >= 'a' && c|0x20 <= 'f':
				n = n<<4 | uint64(c|0x20-'a'+10)
			default:
				return 0, false
			}
		}
		return n, true
	}
	if dot := bytes.IndexByte(b, '.'); dot > 0 && len(bytes.Trim(b[dot+1:], "0")) == 0 {
		b = b[:dot]
	}
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// parseMoment reads "2006-01-02 15:04:05[.fraction]" with " " or "T" and an optional "Z", which is UTC; 0 for anything else.
func parseMoment(b []byte) reeve.Time {
	b = bytes.TrimSuffix(b, []byte("Z"))
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != ' ' && b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0
	}
	var n [6]int
	for i, span := range [...][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		for _, c := range b[span[0]:span[1]] {
			if c < '0' || c > '9' {
				return 0
			}
			n[i] = n[i]*10 + int(c-'0')
		}
	}
	nanos, scale := 0, 100_000_000
	if frac := b[19:]; len(frac) > 0 {
		if frac[0] != '.' || len(frac) == 1 {
			return 0
		}
		for _, c := range frac[1:] {
			if c < '0' || c > '9' {
				return 0
			}
			nanos += int(c-'0') * scale
			scale /= 10
		}
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], nanos, time.UTC)
	if t.Year() != n[0] || int(t.Month()) != n[1] || t.Day() != n[2] || t.Hour() != n[3] || t.Minute() != n[4] || t.Second() != n[5] {
		return 0 // no such moment
	}
	return reeve.TimeOf(t)
}

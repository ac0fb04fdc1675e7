package simulate

import (
	"strconv"
	"strings"
	"time"

	"reeve/evtx"
)

const sysmonChannel = "Microsoft-Windows-Sysmon/Operational"

// sysmonTime is how Sysmon states moments within its fields.
const sysmonTime = "2006-01-02 15:04:05.000"

// sysmon writes a record of Sysmon 15 with the fields and versions of its manifest, schema 4.90.
func (h *Host) sysmon(at time.Time, id uint16, version uint8, data ...evtx.Field) {
	if !h.logging.Sysmon {
		return
	}
	guid, _ := evtx.ParseGUID("5770385F-C22A-43E0-BF4C-06F5698FFBD9")
	// The service writes a little after the deed; of the network it hears later.
	delay := time.Duration(h.dice.between(9_000, 60_000)) * 100
	if id == 3 || id == 22 {
		delay += time.Duration(h.dice.between(300, 1800)) * time.Millisecond
	}
	h.record(sysmonChannel, evtx.Event{Provider: "Microsoft-Windows-Sysmon", GUID: guid, EventID: id, Version: version, Level: 4, Task: id, Keywords: 1 << 63,
		Time: at.Add(delay), ProcessID: uint32(h.sysmonPID), ThreadID: uint32(4 * h.dice.between(700, 1400)), UserSID: "S-1-5-18", Data: data})
}

func text(name, value string) evtx.Field {
	return evtx.Field{Name: name, Value: evtx.StringValue(value)}
}

func number(name string, n int) evtx.Field {
	return evtx.Field{Name: name, Value: evtx.Uint32Value(uint32(n))}
}

func guid(name string, g evtx.GUID) evtx.Field {
	return evtx.Field{Name: name, Value: evtx.GUIDValue(g)}
}

func yes(name string, b bool) evtx.Field { return evtx.Field{Name: name, Value: evtx.BoolValue(b)} }

func port(name string, n int) evtx.Field {
	return evtx.Field{Name: name, Value: evtx.Uint16Value(uint16(n))}
}

func decimal(n int) string { return strconv.Itoa(n) }

// orDash is Sysmon's sign for a property that a file does not have.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// head are the fields that most records begin with.
func head(at time.Time, p *Process) []evtx.Field {
	return []evtx.Field{text("RuleName", "-"), text("UtcTime", at.UTC().Format(sysmonTime)), guid("ProcessGuid", p.GUID), number("ProcessId", p.PID)}
}

func acting(at time.Time, p *Process, more ...evtx.Field) []evtx.Field {
	return append(append(head(at, p), text("Image", p.Program.Path)), more...)
}

func user(p *Process) evtx.Field { return text("User", p.Session.Account.String()) }

// started tells of a new process: Sysmon 1 and Security 4688.
func (h *Host) started(p *Process) {
	h.auditStart(p)
	g, up := p.Program, p.Parent
	h.sysmon(p.Started, 1, 5, acting(p.Started, p, text("FileVersion", orDash(g.Maker.Version)), text("Description", orDash(g.Description)), text("Product", orDash(g.Maker.Product)),
		text("Company", orDash(g.Maker.Company)), text("OriginalFileName", orDash(g.OriginalName)), text("CommandLine", p.CommandLine), text("CurrentDirectory", p.Directory), user(p),
		guid("LogonGuid", h.guid(p.Session.began, p.Session.ID)), evtx.Field{Name: "LogonId", Value: evtx.Hex64Value(p.Session.ID)}, number("TerminalSessionId", p.terminal),
		text("IntegrityLevel", p.Integrity), text("Hashes", g.hashes()), guid("ParentProcessGuid", up.GUID), number("ParentProcessId", up.PID), text("ParentImage", up.Program.Path),
		text("ParentCommandLine", orDash(up.CommandLine)), text("ParentUser", up.Session.Account.String()))...)
}

// ended tells of the end of a process: Sysmon 5 and Security 4689.
func (h *Host) ended(at time.Time, p *Process) {
	h.auditEnd(at, p)
	h.sysmon(at, 5, 3, acting(at, p, user(p))...)
}

// connected is Sysmon 3.
func (h *Host) connected(at time.Time, p *Process, ip, name string, to int) {
	service := map[int]string{80: "http", 443: "https", 445: "microsoft-ds", 389: "ldap", 88: "kerberos", 135: "epmap"}[to]
	h.sysmon(at, 3, 5, acting(at, p, user(p), text("Protocol", "tcp"), yes("Initiated", true), yes("SourceIsIpv6", false), text("SourceIp", h.IP), text("SourceHostname", h.Name),
		port("SourcePort", h.dice.between(49_700, 65_500)), text("SourcePortName", "-"), yes("DestinationIsIpv6", false), text("DestinationIp", ip), text("DestinationHostname", orDash(name)),
		port("DestinationPort", to), text("DestinationPortName", orDash(service)))...)
}

// unwatched are the folders whose libraries the configuration leaves out, as most do: every process loads from them.
var unwatched = []string{`C:\Windows\`, `C:\Program Files\`, `C:\Program Files (x86)\Microsoft\`, `C:\ProgramData\Microsoft\`}

// loaded is Sysmon 7.
func (h *Host) loaded(at time.Time, p *Process, image Program) {
	for _, folder := range unwatched {
		if strings.HasPrefix(image.Path, folder) {
			return
		}
	}
	signed, status := "false", "Unavailable"
	if image.Maker.Signer != "" {
		signed, status = "true", "Valid"
	}
	h.sysmon(at, 7, 3, acting(at, p, text("ImageLoaded", image.Path), text("FileVersion", orDash(image.Maker.Version)), text("Description", orDash(image.Description)),
		text("Product", orDash(image.Maker.Product)), text("Company", orDash(image.Maker.Company)), text("OriginalFileName", orDash(image.OriginalName)), text("Hashes", image.hashes()),
		text("Signed", signed), text("Signature", orDash(image.Maker.Signer)), text("SignatureStatus", status), user(p))...)
}

// opened is Sysmon 10.
func (h *Host) opened(at time.Time, p, target *Process, access uint32, trace string) {
	h.sysmon(at, 10, 3, text("RuleName", "-"), text("UtcTime", at.UTC().Format(sysmonTime)), guid("SourceProcessGUID", p.GUID), number("SourceProcessId", p.PID),
		number("SourceThreadId", 4*h.dice.between(300, 3000)), text("SourceImage", p.Program.Path), guid("TargetProcessGUID", target.GUID), number("TargetProcessId", target.PID),
		text("TargetImage", target.Program.Path), evtx.Field{Name: "GrantedAccess", Value: evtx.Hex32Value(access)}, text("CallTrace", trace), text("SourceUser", p.Session.Account.String()), text("TargetUser", target.Session.Account.String()))
}

// wrote is Sysmon 11.
func (h *Host) wrote(at time.Time, p *Process, path string) {
	h.sysmon(at, 11, 2, acting(at, p, text("TargetFilename", path), text("CreationUtcTime", at.UTC().Format(sysmonTime)), user(p))...)
}

// set is Sysmon 13.
func (h *Host) set(at time.Time, p *Process, key, details string) {
	f := acting(at, p, text("TargetObject", key), text("Details", details), user(p))
	h.sysmon(at, 13, 2, append([]evtx.Field{f[0], text("EventType", "SetValue")}, f[1:]...)...)
}

// marked is Sysmon 15. The hash is that of the file which the stream belongs to.
func (h *Host) marked(at time.Time, p *Process, file Program, contents string) {
	h.sysmon(at, 15, 2, acting(at, p, text("TargetFilename", file.Path+":Zone.Identifier"), text("CreationUtcTime", at.UTC().Format(sysmonTime)), text("Hash", file.hashes()), text("Contents", contents), user(p))...)
}

// queried is Sysmon 22. 9003 says that there is no such name.
func (h *Host) queried(at time.Time, p *Process, name, answer string) {
	status, result := "0", "::ffff:"+answer+";"
	if answer == "" {
		status, result = "9003", "-"
	}
	f := append(head(at, p), text("QueryName", name), text("QueryStatus", status), text("QueryResults", result), text("Image", p.Program.Path), user(p))
	h.sysmon(at, 22, 5, f...)
}

// deleted is Sysmon 26.
func (h *Host) deleted(at time.Time, p *Process, file Program) {
	f := append(head(at, p), user(p), text("Image", p.Program.Path), text("TargetFilename", file.Path), text("Hashes", file.hashes()), yes("IsExecutable", file.executable()))
	h.sysmon(at, 26, 5, f...)
}

// wroteExecutable is Sysmon 29.
func (h *Host) wroteExecutable(at time.Time, p *Process, program Program) {
	f := append(head(at, p), user(p), text("Image", p.Program.Path), text("TargetFilename", program.Path), text("Hashes", program.hashes()))
	h.sysmon(at, 29, 5, f...)
}

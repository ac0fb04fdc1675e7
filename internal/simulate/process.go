package simulate

import (
	"strings"
	"time"

	"reeve/evtx"
)

// Process is a running program.
type Process struct {
	Program     Program
	CommandLine string
	Directory   string
	PID         int
	GUID        evtx.GUID
	Session     *Session
	Integrity   string // "Medium"
	Started     time.Time
	Parent      *Process

	host     *Host
	terminal int
	service  bool      // up since boot, doing many things at once
	last     time.Time // of its latest deed; the deeds of a process keep the order they are told in, those of a service need not
}

// Option is something unusual about a start.
type Option func(*Process)

// In starts the process in a directory other than its parent's.
func In(directory string) Option { return func(p *Process) { p.Directory = directory } }

// As starts the process in a session other than its parent's.
func As(s *Session) Option {
	return func(p *Process) {
		p.Session, p.terminal = s, s.terminal
		p.Integrity = integrityOf(s)
		p.Directory = `C:\Windows\system32\`
	}
}

// Elevated starts the process with the administrator's full token, as "Run as administrator" does.
func Elevated() Option {
	return func(p *Process) {
		if full := p.Session.Elevated; full != nil {
			p.Session, p.Integrity = full, "High"
		}
	}
}

// Integrity starts the process with a level of its own, "Low".
func Integrity(level string) Option { return func(p *Process) { p.Integrity = level } }

func integrityOf(s *Session) string {
	switch {
	case strings.HasPrefix(s.Account.SID, "S-1-5-21-"):
		return "Medium"
	default:
		return "System"
	}
}

// Start starts a program. The line is the whole command line; "" stands for the quoted path alone. The child inherits what it is
// not told.
func (p *Process) Start(at time.Time, program Program, line string, how ...Option) *Process {
	h := p.host
	at = p.when(at)
	if line == "" {
		line = `"` + program.Path + `"`
	}
	child := &Process{Program: program, CommandLine: line, Directory: p.Directory, PID: h.pid(), GUID: h.processGUID(at), Session: p.Session, Integrity: p.Integrity,
		Started: at, Parent: p, host: h, terminal: p.terminal, last: at}
	for _, o := range how {
		o(child)
	}
	h.started(child)
	child.Load(at.Add(h.moment()), program)
	return child
}

// End ends the process and tells it to whoever listens.
func (p *Process) End(at time.Time) { p.host.ended(p.when(at), p) }

// Brief starts a program that is done within moments.
func (p *Process) Brief(at time.Time, program Program, line string, how ...Option) *Process {
	child := p.Start(at, program, line, how...)
	child.End(child.last.Add(time.Duration(p.host.dice.between(60, 1800)) * time.Millisecond))
	return child
}

// Load is the loading of a library, or of the program itself.
func (p *Process) Load(at time.Time, library Program) { p.host.loaded(p.when(at), p, library) }

// Write is the creation of a file.
func (p *Process) Write(at time.Time, path string) { p.host.wrote(p.when(at), p, path) }

// WriteProgram is the creation of an executable file, which Sysmon tells twice: with and without hashes.
func (p *Process) WriteProgram(at time.Time, program Program) {
	at = p.when(at)
	p.host.wrote(at, p, program.Path)
	p.host.wroteExecutable(at.Add(p.host.moment()), p, program)
}

// Mark is the writing of a stream beside a file: the mark of the web that browsers and mail programs leave. Archivers and copies
// carry it on; they know no referrer, and what they knew of the address is said by url or "".
func (p *Process) Mark(at time.Time, file Program, referrer, url string) {
	mark := "[ZoneTransfer]  ZoneId=3  "
	if referrer != "" {
		mark += "ReferrerUrl=" + referrer + "  "
	}
	if url != "" {
		mark += "HostUrl=" + url + "  "
	}
	p.host.marked(p.when(at), p, file, mark)
}

// Delete is the deletion of a file that holds what the program says.
func (p *Process) Delete(at time.Time, file Program) { p.host.deleted(p.when(at), p, file) }

// Query is a look-up of a name; the answer is an address or "" for none.
func (p *Process) Query(at time.Time, name, answer string) {
	p.host.queried(p.when(at), p, name, answer)
}

// Connect is a TCP connection to an address; name is what a reverse look-up says of it, often nothing.
func (p *Process) Connect(at time.Time, ip, name string, port int) {
	p.host.connected(p.when(at), p, ip, name, port)
}

// Set is the writing of a registry value, with the details as Sysmon shows them.
func (p *Process) Set(at time.Time, key, details string) { p.host.set(p.when(at), p, key, details) }

// Open is the opening of another process with access rights; the trace names modules with offsets.
func (p *Process) Open(at time.Time, target *Process, access uint32, trace string) {
	p.host.opened(p.when(at), p, target, access, trace)
}

// when gives the moment of the process's next deed: the one it is told, or right behind the last one.
func (p *Process) when(at time.Time) time.Time {
	at = p.host.jitter(at)
	if p.service {
		return at
	}
	if !at.After(p.last) {
		at = p.last.Add(p.host.moment())
	}
	p.last = at
	return at
}

// moment is the time that a small deed takes.
func (h *Host) moment() time.Duration { return time.Duration(h.dice.between(12_000, 290_000)) * 100 }

// Host is where the process runs.
func (p *Process) Host() *Host { return p.host }

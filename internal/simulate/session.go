package simulate

import (
	"time"
)

// Session is a logon session. Its ID is the LogonId of all that runs in it.
type Session struct {
	Account *Account
	ID      uint64
	// Elevated is the session of the full token that an administrator's interactive logon has beside the limited one; nil for
	// everyone else.
	Elevated *Session

	host     *Host
	kind     int
	terminal int
	began    time.Time
}

// logon kinds as the Security log numbers them.
const (
	interactive = 2
	network     = 3
	batch       = 4
	service     = 5
	unlock      = 7
)

// origin is where a logon comes from and what carried it out.
type origin struct {
	process        *Process // nil for a logon over the network
	logonProcess   string   // of fixed width in some cases: Windows pads them
	authentication string
	workstation    string
	ip, port       string
	elevated       bool
	linked         uint64
}

func (h *Host) session(at time.Time, a *Account, kind int) *Session {
	h.luid += uint64(h.dice.between(0x400, 0x9fff))
	return &Session{host: h, Account: a, ID: h.luid, kind: kind, began: at}
}

// SignIn is a logon at the console. It gives the user's explorer, whose children are what the user starts.
func (h *Host) SignIn(at time.Time, a *Account) *Process {
	at = h.jitter(at)
	s := h.session(at, a, interactive)
	s.terminal = 1
	from := origin{process: h.Service("seclogon"), logonProcess: "User32 ", authentication: "Negotiate", workstation: h.Short, ip: "127.0.0.1", port: "0"}
	if a.Admin {
		s.Elevated = h.session(at, a, interactive)
		s.Elevated.terminal = 1
		full := from
		full.elevated, full.linked, from.linked = true, s.ID, s.Elevated.ID
		h.logon(at, s.Elevated, full)
		h.privileges(at, s.Elevated)
	}
	h.logon(at, s, from)
	userinit := h.winlogon.Start(at.Add(900*time.Millisecond), userinitExe, `C:\Windows\system32\userinit.exe`, As(s))
	explorer := userinit.Start(at.Add(1500*time.Millisecond), explorerExe, `C:\Windows\Explorer.EXE`)
	userinit.End(at.Add(25 * time.Second))
	return explorer
}

// Unlock is the return of a user to a locked console: a short session of its own, beside the one that goes on.
func (h *Host) Unlock(at time.Time, a *Account) {
	at = h.jitter(at)
	s := h.session(at, a, unlock)
	h.logon(at, s, origin{process: h.lsass, logonProcess: "Negotiat", authentication: "Negotiate", workstation: h.Short, ip: "-", port: "-", elevated: a.Admin})
	if a.Admin {
		h.privileges(at, s)
	}
	h.logoff(at.Add(40*time.Millisecond), s)
}

// Remote is a logon over the network, as to a share or the directory. Close ends it.
func (h *Host) Remote(at time.Time, a *Account, ip string) *Session {
	at = h.jitter(at)
	s := h.session(at, a, network)
	h.logon(at, s, origin{logonProcess: "Kerberos", authentication: "Kerberos", workstation: "-", ip: ip, port: decimal(h.dice.between(49_700, 65_500)), elevated: true})
	if a.Admin {
		h.privileges(at, s)
	}
	return s
}

// ServiceLogon is the logon of the system account that starting a service makes.
func (h *Host) ServiceLogon(at time.Time) {
	at = h.jitter(at)
	h.logon(at, h.system, origin{process: h.services, logonProcess: "Advapi  ", authentication: "Negotiate", workstation: "-", ip: "-", port: "-", elevated: true})
	h.privileges(at, h.system)
}

// Batch is the logon of an account that a scheduled task runs as.
func (h *Host) Batch(at time.Time, a *Account) *Session {
	at = h.jitter(at)
	s := h.session(at, a, batch)
	h.logon(at, s, origin{process: h.Service("Schedule"), logonProcess: "Advapi  ", authentication: "Negotiate", workstation: h.Short, ip: "-", port: "-", elevated: true})
	return s
}

// Close ends the session.
func (s *Session) Close(at time.Time) { s.host.logoff(s.host.jitter(at), s) }

// Share is a look at a share of the host by the session, from an address: `\\*\Data`, `D:\Data`. With a file it is an access to
// that file within the share.
func (s *Session) Share(at time.Time, ip, share, local, file string, write bool) {
	at = s.host.jitter(at)
	port := decimal(s.host.dice.between(49_700, 65_500))
	s.host.shareAccess(at, s, ip, port, share, local)
	if file != "" {
		s.host.fileOverShare(at.Add(12*time.Millisecond), s, ip, port, share, local, file, write)
	}
}

// jitter moves a moment by less than a second, so that nothing happens on the full second.
func (h *Host) jitter(at time.Time) time.Time {
	if at.Nanosecond() != 0 {
		return at
	}
	return at.Add(time.Duration(h.dice.between(2_000, 6_000_000)) * 100)
}

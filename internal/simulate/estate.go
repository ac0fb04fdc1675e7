package simulate

import (
	"fmt"
	"strings"
	"time"

	"reeve/evtx"
)

// Estate is a made-up network: one domain with its accounts and hosts.
type Estate struct {
	Domain  string // DNS name, "corp.example"
	NetBIOS string // "CORP"
	SID     string // of the domain, "S-1-5-21-1-2-3"

	hosts []*Host
	rids  int
}

// NewEstate returns an estate without hosts and accounts.
func NewEstate(domain, netBIOS, sid string) *Estate {
	return &Estate{Domain: domain, NetBIOS: netBIOS, SID: sid, rids: 1103}
}

// Hosts lists the hosts in the order of their making.
func (e *Estate) Hosts() []*Host { return e.hosts }

// Account is an account of the domain or of Windows itself.
type Account struct {
	Domain, Name, SID string
	Admin             bool // signs in with a split token and a record of its privileges

	rid int
}

// String is the account as Sysmon writes it, "CORP\ann".
func (a *Account) String() string { return a.Domain + `\` + a.Name }

// User adds an account to the domain.
func (e *Estate) User(name string, admin bool) *Account {
	e.rids += 7
	return &Account{Domain: e.NetBIOS, Name: name, SID: fmt.Sprintf("%s-%d", e.SID, e.rids), Admin: admin, rid: e.rids}
}

// Logging says what a host records. The zero value records nothing.
type Logging struct {
	Sysmon       bool // process starts and ends, files, network, registry, access; libraries but for those of Windows and of installed products
	Logons       bool // Security 4624, 4634, 4672
	Starts       bool // Security 4688
	CommandLines bool // within 4688
	Ends         bool // Security 4689
	Shares       bool // Security 5140, 5145
}

// Host is a Windows machine that has been up since before the evidence begins.
type Host struct {
	Name  string // full name, as records state it
	Short string
	IP    string

	// What the inventory says of it. A host without an owner is not in it.
	Owner, Department, Role string
	// JSON says that its records were handed over as JSON lines instead of EVTX.
	JSON bool
	// Taken is when the logs were collected: nothing later is in them. Zero is after everything.
	Taken time.Time

	estate   *Estate
	logging  Logging
	booted   time.Time
	machine  uint32 // first part of all of its GUIDs
	dice     *dice
	pids     map[int]bool
	sequence uint64 // of processes, as the kernel counts them
	luid     uint64
	channels map[string][]evtx.Event
	firstID  map[string]uint64

	system, local, network            *Session
	kernel, services, winlogon, lsass *Process
	svchosts                          map[string]*Process
	sysmonPID                         int
}

// Host adds a machine. It was started at booted; what it does until the first deed is not recorded.
func (e *Estate) Host(short, ip string, booted time.Time, l Logging) *Host {
	d := newDice(e.Domain + "/" + short)
	h := &Host{Name: short + "." + e.Domain, Short: short, IP: ip, estate: e, logging: l, booted: booted, machine: uint32(d.next()), dice: d,
		pids: map[int]bool{}, luid: 0x30000, channels: map[string][]evtx.Event{}, firstID: map[string]uint64{}, svchosts: map[string]*Process{}}
	for _, c := range []string{sysmonChannel, securityChannel} {
		h.firstID[c] = uint64(d.between(20_000, 900_000))
	}
	e.hosts = append(e.hosts, h)
	h.boot()
	return h
}

// boot brings up the processes that every Windows has. They were started before the evidence and leave no record.
func (h *Host) boot() {
	machine := &Account{Domain: "NT AUTHORITY", Name: "SYSTEM", SID: "S-1-5-18"}
	h.system = &Session{host: h, Account: machine, ID: 0x3e7, began: h.booted}
	h.local = &Session{host: h, Account: &Account{Domain: "NT AUTHORITY", Name: "LOCAL SERVICE", SID: "S-1-5-19"}, ID: 0x3e5, began: h.booted}
	h.network = &Session{host: h, Account: &Account{Domain: "NT AUTHORITY", Name: "NETWORK SERVICE", SID: "S-1-5-20"}, ID: 0x3e4, began: h.booted}
	h.pids[4] = true
	h.kernel = &Process{host: h, Program: Program{Path: "System"}, PID: 4, GUID: h.processGUID(h.booted), Session: h.system, Integrity: "System", Started: h.booted, last: h.booted, service: true}
	smss := h.silent(h.kernel, smssExe, `\SystemRoot\System32\smss.exe`)
	wininit := h.silent(smss, wininitExe, "wininit.exe")
	h.winlogon = h.silent(smss, winlogonExe, "winlogon.exe")
	h.winlogon.terminal = 1
	h.services = h.silent(wininit, servicesExe, `C:\Windows\system32\services.exe`)
	h.lsass = h.silent(wininit, lsassExe, `C:\Windows\system32\lsass.exe`)
	h.sysmonPID = h.silent(h.services, sysmonExe, `C:\Windows\Sysmon64.exe`).PID
}

// silent starts a process at boot without a record.
func (h *Host) silent(parent *Process, p Program, line string) *Process {
	at := parent.Started.Add(time.Duration(h.dice.between(80, 900)) * time.Millisecond)
	return &Process{host: h, Program: p, CommandLine: line, Directory: `C:\Windows\system32\`, PID: h.pid(), GUID: h.processGUID(at), Session: h.system, Integrity: "System", Started: at, Parent: parent, last: at, terminal: parent.terminal, service: true}
}

// Service gives the service host of a service that runs since boot, as "Schedule" or "Dnscache".
func (h *Host) Service(name string) *Process {
	if p := h.svchosts[name]; p != nil {
		return p
	}
	group := "netsvcs"
	switch name {
	case "Dnscache":
		group = "NetworkService"
	case "DcomLaunch":
		group = "DcomLaunch"
	}
	p := h.silent(h.services, svchostExe, fmt.Sprintf(`C:\Windows\system32\svchost.exe -k %s -p -s %s`, group, name))
	if group == "NetworkService" {
		p.Session = h.network
	}
	h.svchosts[name] = p
	return p
}

// Kernel is the process "System", which writes what arrives over shares.
func (h *Host) Kernel() *Process { return h.kernel }

// Lsass is the local security authority.
func (h *Host) Lsass() *Process { return h.lsass }

// Services is the service control manager, the parent of services.
func (h *Host) Services() *Process { return h.services }

// pid takes a process id that no process of the host ever had.
func (h *Host) pid() int {
	for {
		if n := 4 * h.dice.between(150, 4600); !h.pids[n] {
			h.pids[n] = true
			return n
		}
	}
}

// bootMark stands in the upper bits of a process's number and counts the boots.
const bootMark = 0x15 << 48

// processGUID numbers the next process as the kernel does.
func (h *Host) processGUID(at time.Time) evtx.GUID {
	h.sequence += uint64(h.dice.between(1, 5))
	return h.guid(at, bootMark|h.sequence)
}

// guid makes the GUID of a process or logon as Sysmon does: machine, time in seconds, number.
func (h *Host) guid(at time.Time, number uint64) evtx.GUID {
	var g evtx.GUID
	put := func(at, n int, v uint64) {
		for i := range n {
			g[at+i] = byte(v >> (8 * i))
		}
	}
	sec := uint64(at.Unix())
	put(0, 4, uint64(h.machine))
	put(4, 2, sec&0xffff)
	put(6, 2, sec>>16&0xffff)
	put(8, 8, number)
	return g
}

// machineAccount is how the Security log names the system's account.
func (h *Host) machineAccount() *Account {
	return &Account{Domain: h.estate.NetBIOS, Name: strings.ToUpper(h.Short) + "$", SID: "S-1-5-18"}
}

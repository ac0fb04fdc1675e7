package playbook

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"reeve"
)

// RefsOf cites events.
func RefsOf(list []*reeve.Event) []reeve.Ref {
	var out []reeve.Ref
	for _, e := range list {
		out = append(out, e.Ref)
	}
	return Distinct(out)
}

// Signature reads what a record of a loaded image says: whether the file is signed, and whether that signature was found valid.
func Signature(e *reeve.Event) (signed, valid bool) {
	signed = strings.EqualFold(e.Get(reeve.AttrSigned), "true")
	return signed && e.Get(reeve.AttrSignatureInfo) != "", signed && strings.EqualFold(e.Get(reeve.AttrSignatureInfo), "valid")
}

// Rights reads an access mask; none where it is not stated.
func Rights(e *reeve.Event) uint64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(e.Get(reeve.AttrAccess)), "0x"), 16, 32)
	if err != nil {
		return 0
	}
	return n
}

// ZoneStream gives the part of a path that names the mark of the web; "" for any other path.
func ZoneStream(path string) string {
	if i := strings.LastIndex(strings.ToLower(path), ":zone.identifier"); i > 0 && i < len(path) {
		return path[i:]
	}
	return ""
}

// WebMark gives the address in a Zone.Identifier stream: the host address, else the referrer, else the zone; "" when the zone is
// not that of the internet or of restricted sites.
func WebMark(contents string) string {
	address, zone := "", ""
	for _, line := range strings.FieldsFunc(contents, func(r rune) bool { return r == '\n' || r == '\r' }) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch value = strings.TrimSpace(value); strings.ToLower(strings.TrimSpace(key)) {
		case "zoneid":
			zone = value
		case "hosturl":
			if value != "" && value != "about:internet" {
				address = value
			}
		case "referrerurl":
			if address == "" {
				address = value
			}
		}
	}
	switch {
	case zone != "" && zone != "3" && zone != "4":
		return ""
	case address == "" && zone != "":
		return "the internet zone"
	}
	return address
}

// SystemLogon tells the sessions of the system itself, for which no logon is recorded.
func SystemLogon(id string) bool {
	switch strings.ToLower(id) {
	case "0x3e7", "0x3e5", "0x3e4":
		return true
	}
	return false
}

// Logon finds the logon that made the subject's session: same host, same number or its elevated half, the last one before it and
// since the host started. Numbers are given anew after every start: where records are missing in between, it is not known.
func (v *View) Logon() *reeve.Event {
	id := v.Process.LogonID
	if id == "" || SystemLogon(id) {
		return nil
	}
	var last *reeve.Event
	for _, e := range v.Of(reeve.Logon, reeve.Boot) {
		switch {
		case e.Time > v.Time()+reeve.Second:
		case e.Kind == reeve.Boot:
			last = nil
		case strings.EqualFold(e.Get(reeve.AttrTargetLogonID), id), strings.EqualFold(e.Get(reeve.AttrLinkedLogonID), id):
			last = e
		}
	}
	return last
}

// LogonWords says who logged on when, how and from where.
func LogonWords(e *reeve.Event) string {
	kinds := map[string]string{"2": "at the console", "3": "over the network", "4": "as a batch job", "5": "as a service", "7": "unlocking the session",
		"8": "over the network in clear text", "9": "with other credentials", "10": "by remote desktop", "11": "at the console with cached credentials"}
	text := cmp.Or(e.Get(reeve.AttrTargetUser), "an unnamed account") + " logged on " + cmp.Or(kinds[e.Get(reeve.AttrLogon)], "in an unstated way")
	if s := Source(e); s != "" {
		text += " from " + s
	}
	return text + " at " + e.Time.String()
}

// Source is where a logon or connection came from; "" for this host itself.
func Source(e *reeve.Event) string {
	for _, a := range []reeve.Attr{reeve.AttrSourceIP, reeve.AttrSourceHost} {
		if s := e.Get(a); s != "" && s != "-" && s != "127.0.0.1" && s != "::1" {
			return s
		}
	}
	return ""
}

// Outside tells whether an address lies beyond the organisation: routable and not private.
func Outside(ip string) bool {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !netip.MustParsePrefix("100.64.0.0/10").Contains(a)
}

// Parents lists ancestors, nearest first, each by what its record or its child's states.
func (v *View) Parents(chain []reeve.Process) []reeve.Detail {
	var out []reeve.Detail
	for i, p := range chain[:min(len(chain), 32)] {
		value := p.Image
		if value == "" {
			value = fmt.Sprintf("process %d", p.Key.PID)
		}
		if e := v.StartOf(p); e != nil && e.Get(reeve.AttrCommandLine) != "" {
			value = e.Get(reeve.AttrCommandLine)
		}
		if p.Inferred {
			value += " (inferred from others' records)"
		}
		out = append(out, reeve.Detail{Name: fmt.Sprintf("parent %d", i+1), Value: value, Refs: p.Refs})
	}
	return out
}

// Reaches tells whether an event acts on a process that is named by number or name.
func Reaches(e *reeve.Event, target string) bool {
	if pid, err := strconv.ParseUint(target, 0, 32); err == nil {
		return e.Target.PID == uint32(pid)
	}
	return target != "" && OneOf(e.Get(reeve.AttrTargetImage), Base(target)+" "+Base(target)+".exe")
}

// Inbound finds a connection from another host to the program that started the subject, or to the subject, within a minute.
func (v *View) Inbound(server reeve.Process) *reeve.Event {
	for _, e := range v.Deeds([]reeve.ProcID{server.ID}, reeve.NetworkConnect) {
		if age := v.Time() - e.Time; max(age, -age) <= reeve.Minute && e.Get(reeve.AttrInitiated) == "false" && Source(e) != "" {
			return e
		}
	}
	return nil
}

// TaskRun finds the task scheduler's own record that it made this process, or the one below it in the chain.
func (v *View) TaskRun(below []reeve.Process) *reeve.Event {
	for _, p := range append([]reeve.Process{v.Process}, below...) {
		for _, e := range v.Of(reeve.TaskRun) {
			if e.Process.PID != 0 && e.Process.PID == p.Key.PID && p.Start != 0 && max(e.Time-p.Start, p.Start-e.Time) < 5*reeve.Second {
				return e
			}
		}
	}
	return nil
}

// Session notes below an answer whose session the subject ran in, or that no record of its logon exists.
func (v *View) Session(a *reeve.Answer) {
	id := v.Process.LogonID
	switch e := v.Logon(); {
	case id == "":
	case SystemLogon(id):
		a.Details = append(a.Details, reeve.Detail{Name: "session", Value: "the system's own (" + id + "), for which no logon is recorded"})
	case e == nil:
		a.Details = append(a.Details, reeve.Detail{Name: "session", Value: id + "; no record of its logon"})
		a.Missing = append(a.Missing, v.Enable(reeve.Logon))
	default:
		a.Details = append(a.Details, reeve.Detail{Name: "session", Value: LogonWords(e), Refs: []reeve.Ref{e.Ref}})
	}
}

// Gaps are the stretches without records on the subject's host that touch a time.
func (v *View) Gaps(from, to reeve.Time) []reeve.Gap {
	var out []reeve.Gap
	for _, g := range v.Coverage.Gaps(v.Host()) {
		if g.From <= to && g.To >= from {
			out = append(out, g)
		}
	}
	return out
}

// IDs of processes.
func IDs(list ...[]reeve.Process) []reeve.ProcID {
	var out []reeve.ProcID
	for _, ps := range list {
		for i := range ps {
			out = append(out, ps[i].ID)
		}
	}
	return out
}

// Package questions holds what reeve asks of every execution, one question a file.
//
// Invariants: a question says only what the records of its View show, cites them, and answers "unknown" with what is missing
// where they show nothing. No question knows points, file formats or Windows field names.
package questions

import (
	"fmt"
	"net/netip"
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/lolbas"
)

// All lists the questions in the analyst's order.
func All() []*playbook.Question {
	return []*playbook.Question{
		&location, &identity, &arrival, &payload, &reputation, &behaviour, &origin, &host, &frequency, &detection,
	}
}

// Core lists the ids of the questions without which nothing may be called benign.
func Core() []string {
	var ids []string
	for _, q := range All() {
		if q.Core {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// base is the file name of a path in lower case.
func base(path string) string {
	return strings.ToLower(strings.Trim(path[strings.LastIndexAny(path, `\/`)+1:], `"`))
}

// isHelper tells the console hosts and crash handlers that Windows itself puts beside a process: never a payload.
func isHelper(image string) bool {
	switch base(image) {
	case "conhost.exe", "openconsole.exe", "werfault.exe", "werfaultsecure.exe", "wermgr.exe", "csrss.exe":
		return true
	}
	return false
}

// oneOf tells whether the base name of an image is in a space-separated list.
func oneOf(image, list string) bool {
	b := base(image)
	return b != "" && !strings.Contains(b, " ") && strings.Contains(" "+list+" ", " "+b+" ")
}

// writable tells whether anybody, or another machine, can have put a file where it lies.
func writable(path string) bool {
	switch lolbas.Place(path) {
	case lolbas.UserWritable, lolbas.RemotePath:
		return true
	}
	return false
}

// protected tells whether only administrators can have put a file where it lies.
func protected(path string) bool {
	switch lolbas.Place(path) {
	case lolbas.VendorCopy, lolbas.OtherProtected, lolbas.ServicingCopy:
		return true
	}
	return false
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

// count words a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// ids of processes.
func ids(list ...[]reeve.Process) []reeve.ProcID {
	var out []reeve.ProcID
	for _, ps := range list {
		for i := range ps {
			out = append(out, ps[i].ID)
		}
	}
	return out
}

// eventRefs cites events.
func eventRefs(list []*reeve.Event) []reeve.Ref {
	var out []reeve.Ref
	for _, e := range list {
		out = append(out, e.Ref)
	}
	return playbook.Distinct(out)
}

func signal(code reeve.SignalCode, says string, refs ...reeve.Ref) reeve.Signal {
	return reeve.Signal{Code: code, Says: says, Refs: playbook.Distinct(refs)}
}

func quoted(s string) string {
	const most = 160
	r := []rune(s)
	if len(r) > most {
		return "\u201c" + string(r[:most]) + "\u2026\u201d"
	}
	return "\u201c" + s + "\u201d"
}

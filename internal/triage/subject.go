package triage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"reeve"
	"reeve/cmdline"
)

// ErrSubject wraps every fault in the wording of a subject.
var ErrSubject = errors.New("not a subject")

// Subject is what a user wants investigated: a program by name or path, one process by GUID, or one by host, pid and time.
type Subject struct {
	Text string // as the user gave it
	name string // lower-case base name
	path string // canonical path
	guid reeve.GUID
	host string
	pid  uint32
	at   reeve.Time
}

// slack is how far a stated time may lie from the record's.
const slack = 2 * reeve.Minute

// ParseSubject reads NAME, PATH, GUID or HOST:PID@TIME; TIME is RFC 3339.
func ParseSubject(s string) (Subject, error) {
	out := Subject{Text: s}
	text := strings.TrimSpace(s)
	if text == "" {
		return out, fmt.Errorf("%w: empty", ErrSubject)
	}
	if g, ok := reeve.ParseGUID([]byte(text)); ok {
		out.guid = g
		return out, nil
	}
	if place, when, ok := strings.Cut(text, "@"); ok && !strings.ContainsAny(text, `\/`) {
		i := strings.LastIndexByte(place, ':')
		if i <= 0 {
			return out, fmt.Errorf("%w: %q has no HOST:PID before the @", ErrSubject, s)
		}
		pid, err := strconv.ParseUint(place[i+1:], 0, 32)
		if err != nil {
			return out, fmt.Errorf("%w: %q: pid: %w", ErrSubject, s, err)
		}
		at, err := time.Parse(time.RFC3339Nano, when)
		if err != nil {
			return out, fmt.Errorf("%w: %q: time: %w", ErrSubject, s, err)
		}
		out.host, out.pid, out.at = strings.TrimRight(strings.ToLower(place[:i]), "."), uint32(pid), reeve.TimeOf(at)
		if out.host == "" || pid == 0 || out.at == 0 {
			return out, fmt.Errorf("%w: %q: host, pid or time is none that a process can have", ErrSubject, s)
		}
		return out, nil
	}
	p := cmdline.ParsePath(text)
	if p.Kind == cmdline.Bare {
		out.name = p.Base
	} else {
		out.path = p.String()
	}
	return out, nil
}

// Matches tells whether a process is the subject. Original file names are not asked: a renamed copy is found by its own name,
// path or GUID, or opens a case by itself.
func (s Subject) Matches(p *reeve.Process) bool {
	switch {
	case s.guid != reeve.GUID{}:
		return p.Key.GUID == s.guid
	case s.host != "":
		return p.Key.PID == s.pid && sameHost(p.Host, s.host) && s.alive(p)
	case s.name != "":
		b := strings.ToLower(p.Image[strings.LastIndexAny(p.Image, `\/`)+1:])
		return b == s.name || !strings.Contains(s.name, ".") && b == s.name+".exe"
	}
	return p.Image != "" && cmdline.ParsePath(p.Image).String() == s.path
}

// sameHost compares names of which either may be short.
func sameHost(a, b string) bool {
	shortA, domainA, _ := strings.Cut(a, ".")
	shortB, domainB, _ := strings.Cut(b, ".")
	return shortA == shortB && (domainA == domainB || domainA == "" || domainB == "")
}

// alive tells whether a process lived at the stated time. Of one whose end is not known only the start can be meant, since its
// pid may have been used again; of one whose start is not known nothing contradicts.
func (s Subject) alive(p *reeve.Process) bool {
	if p.End != 0 {
		return p.Start <= s.at+slack && p.End >= s.at-slack
	}
	return p.Start == 0 || p.Start <= s.at+slack && p.Start >= s.at-slack
}

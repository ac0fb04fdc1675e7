package investigate

import (
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/lolbas"
)

// maxSteps keeps the list short enough to be worked off.
const maxSteps = 8

// nextSteps says what an analyst does now: contain a grave case, keep what would be lost, look for it elsewhere, ask who knows,
// and see to it that the open questions can be answered next time.
func nextSteps(c *reeve.Case) []string {
	var out []string
	add := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); len(out) < maxSteps && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	host := "the host"
	if c.Subject.Host != "" {
		host = c.Subject.Host
	}
	if c.Verdict.Label == reeve.Malicious {
		add("Isolate %s and keep its memory and logs before anything is cleaned.", host)
	}
	if c.Verdict.Label.Rank() >= reeve.Suspicious.Rank() {
		for i := range c.Payloads[:min(len(c.Payloads), 3)] {
			if p := &c.Payloads[i]; isFile(p) && !(p.Kind == "exe" && lolbas.Place(p.Image) == lolbas.OtherProtected) {
				add("Collect %s from %s and examine it.", p.Image, host)
			}
		}
		for _, i := range wanted(c) {
			add("Search the estate for the %s %s.", i.Type, i.Value)
		}
	}
	if c.Verdict.Label.Rank() < reeve.Inconclusive.Rank() {
		return out
	}
	if c.Subject.User != "" {
		when := ""
		if c.Subject.Time != 0 {
			when = " at " + c.Subject.Time.String()
		}
		add("Ask %s, or the owner of %s, about this command%s.", c.Subject.User, host, when)
	}
	for _, a := range c.Answers {
		if a.Stance == reeve.Unknown {
			for _, m := range a.Missing {
				add("To answer %q next time: %s.", a.Question, strings.TrimRight(m.Enable, "."))
			}
		}
	}
	return out
}

// wanted picks up to three indicators that lead to other hosts: one hash of a payload, then addresses and names. The hash of a
// program that is what its name says is on every host.
func wanted(c *reeve.Case) []reeve.Indicator {
	own := []string{c.Subject.Hashes.SHA256, c.Subject.Hashes.SHA1, c.Subject.Hashes.MD5, c.Subject.Hashes.IMPHASH}
	for _, a := range c.Answers {
		if a.Question == "identity" && a.Stance == reeve.Supports {
			own = nil
		}
	}
	var out []reeve.Indicator
	hashed := false
	for _, i := range c.Indicators {
		switch i.Type {
		case "sha256", "sha1", "md5":
			if hashed || slices.Contains(own, i.Value) {
				continue
			}
			hashed = true
		case "imphash", "path":
			continue
		}
		if len(out) < 3 {
			out = append(out, i)
		}
	}
	return out
}

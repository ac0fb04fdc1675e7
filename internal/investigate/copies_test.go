package investigate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"reeve"
)

// story is a longer log: the day's records, and what its programs did.
func story() []record {
	log := day()
	for i := range 40 {
		log = append(log, deed(3, fmt.Sprintf("10:01:%02d", i), 400, payload, "DestinationIp", fmt.Sprintf("203.0.113.%d", i+1), "DestinationPort", "443"))
	}
	return numberAll(log)
}

func duplicates(inv *reeve.Investigation) (n int, by string) {
	var list []string
	for _, f := range inv.Evidence.Files {
		n += f.Duplicates
		list = append(list, fmt.Sprintf("%s:%d", f.Path, f.Duplicates))
	}
	return n, strings.Join(list, " ")
}

func TestCopiesOfRecordsCountOnce(t *testing.T) {
	log := story()
	late := func(log []record, by time.Duration) []record {
		log = slices.Clone(log)
		for i := range log {
			log[i].at = log[i].at.Add(by)
			log[i] = log[i].with("UtcTime", log[i].at.Format("2006-01-02 15:04:05.000"))
		}
		return log
	}
	gone := func(log []record) []record {
		log = slices.Clone(log)
		for i := range log {
			log[i].number = none
		}
		return log
	}
	for _, c := range []struct {
		why  string
		logs logs
		want string
	}{
		{"one log has no copies", logs{"a.evtx": log}, "a.evtx:0"},
		{"the same log twice", logs{"a.evtx": log, "b.evtx": log}, "a.evtx:0 b.evtx:44"},
		{"thrice", logs{"a.evtx": log, "b.evtx": log, "c.evtx": log}, "a.evtx:0 b.evtx:44 c.evtx:44"},
		{"an export beside the log, whose times have fewer digits", logs{"a.evtx": late(log, 123_456_700*time.Nanosecond), "b.json": late(log, 123_456_000*time.Nanosecond)}, "a.evtx:0 b.json:44"},
		{"an export that cut times to milliseconds", logs{"a.evtx": late(log, 123_456_700*time.Nanosecond), "b.json": late(log, 123_000_000*time.Nanosecond)}, "a.evtx:0 b.json:44"},
		{"a forwarded log that holds the last half, and more", logs{"a.evtx": log, "forwarded.evtx": append(slices.Clone(log[22:]), deed(3, "11:00:00", 400, payload, "DestinationIp", "203.0.113.99", "DestinationPort", "443").numbered(60))},
			"a.evtx:0 forwarded.evtx:22"},
		{"a forwarded log in another order", logs{"a.evtx": log, "forwarded.json": reversed(log)}, "a.evtx:0 forwarded.json:44"},
		{"two forwarded logs in another order", logs{"a.json": reversed(log), "b.json": reversed(log[10:20])}, "a.json:0 b.json:10"},
		{"an export that was appended to itself", logs{"a.json": append(slices.Clone(log), log...)}, "a.json:44"},
		{"a cleared log, whose ids start anew", logs{"a.evtx": log, "b.evtx": late(log, 24*time.Hour)}, "a.evtx:0 b.evtx:0"},
		{"a log cleared while it was forwarded", logs{"a.json": append(slices.Clone(log), late(log, 24*time.Hour)...)}, "a.json:0"},
		{"another host's log", logs{"a.evtx": log, "b.evtx": moved(log, "pc2")}, "a.evtx:0 b.evtx:0"},
		{"a host that is spelt otherwise", logs{"a.evtx": log, "b.evtx": moved(log, "PC")}, "a.evtx:0 b.evtx:44"},
		{"records without ids, of which nothing proves a copy", logs{"a.json": gone(log), "b.json": gone(log)}, "a.json:0 b.json:0"},
	} {
		inv := c.logs.run(t, Options{})
		n, by := duplicates(inv)
		if by != c.want {
			t.Errorf("%s: %s, want %s", c.why, by, c.want)
		}
		if note := strings.Join(inv.Notes, " "); strings.Contains(note, "more than one place") != (n > 0) {
			t.Errorf("%s: %d copies, and the notes say %q", c.why, n, note)
		}
		for _, h := range inv.Coverage {
			for _, ch := range h.Channels {
				if records := total(c.logs, h.Host) - n; ch.Records != records {
					t.Errorf("%s: %s counts %d records, %d are distinct", c.why, h.Host, ch.Records, records)
				}
			}
		}
	}
}

func reversed(log []record) []record {
	log = slices.Clone(log)
	slices.Reverse(log)
	return log
}

func moved(log []record, host string) []record {
	log = slices.Clone(log)
	for i := range log {
		log[i].host = host
	}
	return log
}

// total counts the records of a host, under whatever name.
func total(l logs, host string) (n int) {
	short, _, _ := strings.Cut(host, ".")
	for _, log := range l {
		for _, r := range log {
			if name, _, _ := strings.Cut(strings.ToLower(r.host), "."); name == short {
				n++
			}
		}
	}
	return n
}

// TestACopyAddsACitationAndNothingElse: a case over copies is the case over one of them, with more citations.
func TestACopyAddsACitationAndNothingElse(t *testing.T) {
	log := append(story(), deed(3, "10:02:00", 400, payload, "DestinationIp", "203.0.113.77", "DestinationPort", "443").numbered(45))
	rules := sigmaRule(t, connects)
	one := caseOf(t, logs{"a.evtx": log}.run(t, Options{Rules: rules}), "mftrace.exe")
	two := caseOf(t, logs{"a.evtx": log, "b.json": log}.run(t, Options{Rules: rules}), "mftrace.exe")
	if says(one) != says(two) || shape(one) != shape(two) || one.Verdict.Score != two.Verdict.Score || one.ID != two.ID || len(one.Findings) != len(two.Findings) || len(one.Occurrences) != len(two.Occurrences) {
		t.Errorf("one: %s\n%s\n%d findings, score %d\ntwo: %s\n%s\n%d findings, score %d", shape(one), says(one), len(one.Findings), one.Verdict.Score, shape(two), says(two), len(two.Findings), two.Verdict.Score)
	}
	for _, f := range two.Findings {
		if len(f.Refs) != 2 {
			t.Errorf("the finding at %s cites %s", f.Time, files(f.Refs))
		}
	}
	for _, n := range two.Tree {
		if n.Role == "subject" && files(n.Refs) != "a.evtx/3 b.json/3" {
			t.Errorf("the subject cites %s", files(n.Refs))
		}
	}
}

// TestEventsOfOneMillisecondAreTwo: records without ids that agree in all but their text are no copies.
func TestEventsOfOneMillisecondAreTwo(t *testing.T) {
	log := day()
	for i := range log {
		log[i].number = none
	}
	for _, ip := range []string{"203.0.113.1", "203.0.113.2"} {
		log = append(log, deed(3, "10:01:00", 400, payload, "DestinationIp", ip, "DestinationPort", "443").numbered(none))
	}
	contains(t, "the timeline", says(caseOf(t, logs{"a.json": log}.run(t, Options{}), "mftrace.exe")), "203.0.113.1:443", "203.0.113.2:443")
}

package triage

import (
	"errors"
	"strings"
	"testing"
	"time"

	"reeve"
)

func clock(t *testing.T, s string) reeve.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return reeve.TimeOf(at)
}

func TestSubjects(t *testing.T) {
	noon := clock(t, "2024-05-01T12:00:00Z")
	guid, _ := reeve.ParseGUID([]byte("0197231e-d5d7-5f8a-e301-000000001000"))
	tracer := `C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`
	at := func(host string, pid uint32, start, end reeve.Time) reeve.Process {
		p := reeve.Process{Host: host, Key: reeve.ProcKey{PID: pid}, Image: tracer, Start: start, End: end}
		return p
	}
	for _, c := range []struct {
		name, subject string
		p             reeve.Process
		want          bool
	}{
		{"a name in other letters", "MFTrace.EXE", reeve.Process{Image: tracer}, true},
		{"a name without extension means the program", "mftrace", reeve.Process{Image: tracer}, true},
		{"a bare image", "mftrace.exe", reeve.Process{Image: "mftrace.exe"}, true},
		{"a part of the name is another name", "trace.exe", reeve.Process{Image: tracer}, false},
		{"an extension of the name is another name", "mftrace.exe", reeve.Process{Image: tracer + ".exe"}, false},
		{"blanks around it do not count", " mftrace.exe\n", reeve.Process{Image: tracer}, true},
		{"a path", tracer, reeve.Process{Image: strings.ToUpper(tracer)}, true},
		{"a path in quotes", `"` + tracer + `"`, reeve.Process{Image: tracer}, true},
		{"the same name elsewhere", tracer, reeve.Process{Image: `C:\Users\ann\mftrace.exe`}, false},
		{"a path and no image", tracer, reeve.Process{}, false},
		{"a name and no image", "mftrace.exe", reeve.Process{}, false},
		{"a GUID", "0197231E-D5D7-5F8A-E301-000000001000", reeve.Process{Key: reeve.ProcKey{GUID: guid}}, true},
		{"a GUID in braces", "{0197231e-d5d7-5f8a-e301-000000001000}", reeve.Process{Key: reeve.ProcKey{GUID: guid}}, true},
		{"another GUID", "0197231e-d5d7-5f8a-e301-000000001001", reeve.Process{Key: reeve.ProcKey{GUID: guid}}, false},
		{"no GUID", "0197231e-d5d7-5f8a-e301-000000001000", reeve.Process{}, false},
		{"host, pid and the time of its start", "PC:10@2024-05-01T12:00:00Z", at("pc", 10, noon, 0), true},
		{"a minute off", "PC:10@2024-05-01T12:01:00Z", at("pc", 10, noon, 0), true},
		{"an hour off, its end unknown", "PC:10@2024-05-01T13:00:00Z", at("pc", 10, noon, 0), false},
		{"within its known life", "PC:10@2024-05-01T13:00:00Z", at("pc", 10, noon, noon+2*reeve.Hour), true},
		{"after its end", "PC:10@2024-05-01T13:00:00Z", at("pc", 10, noon, noon+reeve.Minute), false},
		{"before its start", "PC:10@2024-05-01T11:00:00Z", at("pc", 10, noon, noon+reeve.Hour), false},
		{"its start unknown", "PC:10@2024-05-01T11:00:00Z", at("pc", 10, 0, 0), true},
		{"its start unknown, ended before", "PC:10@2024-05-01T11:00:00Z", at("pc", 10, 0, noon-2*reeve.Hour), false},
		{"a time with an offset", "pc:10@2024-05-01T14:00:00+02:00", at("pc", 10, noon, 0), true},
		{"a pid in hexadecimal", "pc:0xa@2024-05-01T12:00:00Z", at("pc", 10, noon, 0), true},
		{"another pid", "pc:11@2024-05-01T12:00:00Z", at("pc", 10, noon, 0), false},
		{"another host", "pc2:10@2024-05-01T12:00:00Z", at("pc", 10, noon, 0), false},
		{"a short name for a full one", "pc:10@2024-05-01T12:00:00Z", at("pc.corp.example", 10, noon, 0), true},
		{"a full name for a short one", "pc.corp.example:10@2024-05-01T12:00:00Z", at("pc", 10, noon, 0), true},
		{"a full name of another domain", "pc.other.example:10@2024-05-01T12:00:00Z", at("pc.corp.example", 10, noon, 0), false},
		{"a path with an @ is a path", `C:\a@b\mftrace.exe`, reeve.Process{Image: `c:\A@B\mftrace.exe`}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ParseSubject(c.subject)
			if err != nil {
				t.Fatal(err)
			}
			if s.Text != c.subject {
				t.Errorf("its text is %q", s.Text)
			}
			if got := s.Matches(&c.p); got != c.want {
				t.Errorf("%q and %+v: %v", c.subject, c.p, got)
			}
		})
	}
}

func TestNoSubjects(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"", "empty"}, {" \t", "empty"},
		{"pc@2024-05-01T12:00:00Z", "has no HOST:PID"}, {":10@2024-05-01T12:00:00Z", "has no HOST:PID"},
		{"pc:ten@2024-05-01T12:00:00Z", "pid"}, {"pc:4294967296@2024-05-01T12:00:00Z", "pid"}, {"pc:-1@2024-05-01T12:00:00Z", "pid"},
		{"pc:10@noon", "time"}, {"pc:10@", "time"}, {"pc:10@2024-05-01 12:00", "time"},
		{"pc:0@2024-05-01T12:00:00Z", "none that a process can have"}, {"pc:10@1500-01-01T00:00:00Z", "none that a process can have"}, {".:10@2024-05-01T12:00:00Z", "none that a process can have"},
	} {
		if _, err := ParseSubject(c.text); !errors.Is(err, ErrSubject) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: error %v, want one about %q", c.text, err, c.says)
		}
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, s := range []string{"mftrace.exe", `C:\a\b.exe`, "{0197231e-d5d7-5f8a-e301-000000001000}", "pc:10@2024-05-01T12:00:00Z", "@", ":@", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSubject(text)
		if err != nil {
			if !errors.Is(err, ErrSubject) {
				t.Errorf("%q: %v is not of its class", text, err)
			}
			return
		}
		if s.Matches(&reeve.Process{}) && s.host == "" {
			t.Errorf("%q matches a process of which nothing is known", text)
		}
	})
}

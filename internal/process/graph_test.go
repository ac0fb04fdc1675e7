package process

import (
	"fmt"
	"strings"
	"testing"

	"reeve"
)

// evidence is what a test shows to a builder, in a form that reads well.
type evidence struct {
	starts []Start
	ends   []endOf
	boots  []bootOf
	deeds  []deedOf
}

type endOf struct {
	host string
	key  reeve.ProcKey
	at   reeve.Time
}

type bootOf struct {
	host string
	at   reeve.Time
}

type deedOf struct {
	host  string
	key   reeve.ProcKey
	image string
	at    reeve.Time
	ref   reeve.Ref
}

func (e *evidence) give(b *Builder) {
	for _, s := range e.starts {
		b.Start(s)
	}
	for _, x := range e.ends {
		b.End(x.host, x.key, x.at)
	}
	for _, x := range e.boots {
		b.Boot(x.host, x.at)
	}
	for _, x := range e.deeds {
		b.Deed(x.host, x.key, []byte(x.image), x.at, x.ref)
	}
}

func (e *evidence) graph() *Graph {
	b := NewBuilder()
	e.give(b)
	return Build([]*Builder{b}, strings.ToLower)
}

// noon is a moment from which tests count in seconds.
const noon = 400_000 * reeve.Day

func at(seconds float64) reeve.Time { return noon + reeve.Time(seconds*float64(reeve.Second)) }

// id makes a key: of a pid, and of a GUID when n is not 0.
func id(pid uint32, n byte) reeve.ProcKey {
	k := reeve.ProcKey{PID: pid}
	if n != 0 {
		k.GUID[15] = n
	}
	return k
}

func sysmon(n int64) reeve.Ref {
	return reeve.Ref{File: "Sysmon.evtx", RecordID: uint64(n), HasID: true, Offset: n * 1000}
}

func security(n int64) reeve.Ref {
	return reeve.Ref{File: "Security.evtx", RecordID: uint64(n), HasID: true, Offset: n * 1000}
}

const (
	services = `C:\Windows\System32\services.exe`
	shell    = `C:\Windows\System32\cmd.exe`
	tracer   = `C:\Program Files (x86)\Windows Kits\10\bin\x64\mftrace.exe`
	payload  = `C:\Users\ann\payload.exe`
)

// draw prints a graph so that two graphs can be compared and a test can say what it expects: one process a line, by host, time
// and key, with its parent.
func draw(g *Graph) string {
	var out strings.Builder
	for id := reeve.ProcID(1); int(id) <= g.Len(); id++ {
		p := g.Process(id)
		fmt.Fprintf(&out, "%d %s %s", id, p.Host, word(p))
		if p.Start != 0 {
			fmt.Fprintf(&out, " from %v", float64(p.Start-noon)/float64(reeve.Second))
		}
		if p.End != 0 {
			fmt.Fprintf(&out, " to %v", float64(p.End-noon)/float64(reeve.Second))
		}
		if p.Inferred {
			out.WriteString(" inferred")
		}
		if p.Parent != 0 {
			fmt.Fprintf(&out, " < %s", word(g.Process(p.Parent)))
		}
		if p.ByPID {
			out.WriteString(" by pid")
		}
		fmt.Fprintf(&out, " user=%s sid=%s logon=%s children=%v", p.User, p.UserSID, p.LogonID, g.Children(id))
		for _, r := range p.Refs {
			fmt.Fprintf(&out, " %s/%d", r.File, r.Offset)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func word(p reeve.Process) string {
	s := fmt.Sprintf("%d:%s", p.Key.PID, baseOf(p.Image))
	if !none(p.Key.GUID) {
		s += fmt.Sprintf("{%x}", p.Key.GUID[15])
	}
	return s
}

// short prints what most tests look at: who was started by whom.
func short(g *Graph) string {
	var out []string
	for id := reeve.ProcID(1); int(id) <= g.Len(); id++ {
		p := g.Process(id)
		s := word(p)
		if p.Inferred {
			s = "(" + s + ")"
		}
		if p.Parent != 0 {
			s += " < " + word(g.Process(p.Parent))
			if p.ByPID {
				s += "?"
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

func TestParents(t *testing.T) {
	one := func(key, parent reeve.ProcKey, image, parentImage string, seconds float64, ref reeve.Ref) Start {
		return Start{Host: "pc", Key: key, Parent: parent, Image: image, ParentImage: parentImage, Time: at(seconds), Ref: ref}
	}
	for _, c := range []struct {
		name string
		evidence
		want string
	}{
		{"a GUID links a child to its parent", evidence{starts: []Start{
			one(id(10, 1), reeve.ProcKey{}, shell, "", 0, sysmon(1)), one(id(20, 2), id(10, 1), tracer, shell, 1, sysmon(2))}},
			"10:cmd.exe{1}; 20:mftrace.exe{2} < 10:cmd.exe{1}"},
		{"a GUID decides against the pid", evidence{starts: []Start{
			one(id(10, 1), reeve.ProcKey{}, shell, "", 0, sysmon(1)), one(id(10, 3), reeve.ProcKey{}, shell, "", 5, sysmon(3)), one(id(20, 2), id(10, 1), tracer, shell, 9, sysmon(2))}},
			"10:cmd.exe{1}; 10:cmd.exe{3}; 20:mftrace.exe{2} < 10:cmd.exe{1}"},
		{"without GUIDs pid and time link, and the link is marked", evidence{starts: []Start{
			one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(20, 0), id(10, 0), tracer, shell, 1, security(2))}},
			"10:cmd.exe; 20:mftrace.exe < 10:cmd.exe?"},
		{"of a reused pid the last to have started by then is the parent", evidence{starts: []Start{
			one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(10, 0), reeve.ProcKey{}, shell, "", 50, security(2)), one(id(10, 0), reeve.ProcKey{}, shell, "", 90, security(3)), one(id(20, 0), id(10, 0), tracer, "", 60, security(4))}},
			"10:cmd.exe; 10:cmd.exe; 10:cmd.exe; 20:mftrace.exe < 10:cmd.exe?"},
		{"a process that has ended starts nothing: its successor is inferred", evidence{
			starts: []Start{one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(20, 0), id(10, 0), tracer, shell, 60, security(2))},
			ends:   []endOf{{"pc", id(10, 0), at(30)}}},
			"10:cmd.exe; 20:mftrace.exe < 10:cmd.exe?; (10:cmd.exe)"},
		{"a process does not live across a boot", evidence{
			starts: []Start{one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(20, 0), id(10, 0), tracer, shell, 600, security(2))},
			boots:  []bootOf{{"pc", at(300)}}},
			"10:cmd.exe; 20:mftrace.exe < 10:cmd.exe?; (10:cmd.exe)"},
		{"another host's boot cuts nothing", evidence{
			starts: []Start{one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(20, 0), id(10, 0), tracer, shell, 600, security(2))},
			boots:  []bootOf{{"pc2", at(300)}}},
			"10:cmd.exe; 20:mftrace.exe < 10:cmd.exe?"},
		{"Windows' first processes start before the record of the boot", evidence{
			starts: []Start{one(id(10, 0), reeve.ProcKey{}, services, "", 295, security(1)), one(id(20, 0), id(10, 0), shell, services, 600, security(2))},
			boots:  []bootOf{{"pc", at(300)}, {"pc", at(301)}, {"pc", at(340)}}},
			"10:services.exe; 20:cmd.exe < 10:services.exe?"},
		{"a parent of another program than the pid's last one is inferred", evidence{starts: []Start{
			one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(20, 0), id(10, 0), tracer, services, 9, security(2))}},
			"10:cmd.exe; 20:mftrace.exe < 10:services.exe?; (10:services.exe)"},
		{"a parent recorded a moment after its child is its parent still", evidence{starts: []Start{
			one(id(10, 0), reeve.ProcKey{}, shell, "", 0.4, security(1)), one(id(20, 0), id(10, 0), tracer, shell, 0, security(2))}},
			"10:cmd.exe; 20:mftrace.exe < 10:cmd.exe?"},
		{"the living holder of a pid goes before one that starts a moment later", evidence{starts: []Start{
			one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(10, 0), reeve.ProcKey{}, shell, "", 60.5, security(3)), one(id(20, 0), id(10, 0), tracer, shell, 60, security(2))},
			deeds: []deedOf{{"pc", id(20, 0), tracer, at(61), security(4)}}},
			"10:cmd.exe; 10:cmd.exe; 20:mftrace.exe < 10:cmd.exe?"},
		{"a parent that only its children's records name is one node, inferred", evidence{starts: []Start{
			one(id(20, 2), id(10, 1), tracer, shell, 1, sysmon(2)), one(id(30, 3), id(10, 1), payload, shell, 2, sysmon(3))}},
			"20:mftrace.exe{2} < 10:cmd.exe{1}; 30:payload.exe{3} < 10:cmd.exe{1}; (10:cmd.exe{1})"},
		{"so it is without GUIDs", evidence{starts: []Start{
			one(id(20, 0), id(10, 0), tracer, shell, 1, security(2)), one(id(30, 0), id(10, 0), payload, shell, 2, security(3))}},
			"20:mftrace.exe < 10:cmd.exe?; 30:payload.exe < 10:cmd.exe?; (10:cmd.exe)"},
		{"an end between two children makes two parents of one pid", evidence{
			starts: []Start{one(id(20, 0), id(10, 0), tracer, shell, 10, security(2)), one(id(30, 0), id(10, 0), payload, shell, 90, security(3))},
			ends:   []endOf{{"pc", id(10, 0), at(50)}}},
			"20:mftrace.exe < 10:cmd.exe?; 30:payload.exe < 10:cmd.exe?; (10:cmd.exe); (10:cmd.exe)"},
		{"a boot between two children makes two parents of one pid", evidence{
			starts: []Start{one(id(20, 0), id(10, 0), tracer, shell, 10, security(2)), one(id(30, 0), id(10, 0), payload, shell, 900, security(3))},
			boots:  []bootOf{{"pc", at(500)}}},
			"20:mftrace.exe < 10:cmd.exe?; 30:payload.exe < 10:cmd.exe?; (10:cmd.exe); (10:cmd.exe)"},
		{"a parent without a pid is known by its program", evidence{starts: []Start{
			one(id(20, 0), reeve.ProcKey{}, tracer, shell, 1, security(2)), one(id(30, 0), reeve.ProcKey{}, payload, shell, 2, security(3))}},
			"20:mftrace.exe < 0:cmd.exe?; 30:payload.exe < 0:cmd.exe?; (0:cmd.exe)"},
		{"a child that knows no program of its parent joins what others say of the pid", evidence{starts: []Start{
			one(id(20, 0), id(10, 0), tracer, "", 1, security(2)), one(id(30, 0), id(10, 0), payload, shell, 2, security(3)), one(id(40, 0), id(10, 0), payload, "", 3, security(4))}},
			"20:mftrace.exe < 10:cmd.exe?; 30:payload.exe < 10:cmd.exe?; 40:payload.exe < 10:cmd.exe?; (10:cmd.exe)"},
		{"a process is not its own parent", evidence{starts: []Start{
			one(id(20, 2), id(20, 2), tracer, tracer, 1, sysmon(2)), one(id(30, 0), id(30, 0), payload, payload, 2, security(3))}},
			"20:mftrace.exe{2}; 30:payload.exe"},
		{"a circle is cut at its earliest process", evidence{starts: []Start{
			one(id(30, 3), id(20, 2), payload, tracer, 3, sysmon(3)), one(id(20, 2), id(10, 1), tracer, shell, 2, sysmon(2)), one(id(10, 1), id(30, 3), shell, payload, 1, sysmon(1))}},
			"10:cmd.exe{1}; 20:mftrace.exe{2} < 10:cmd.exe{1}; 30:payload.exe{3} < 20:mftrace.exe{2}"},
		{"two hosts with the same pids never mix", evidence{starts: []Start{
			one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), {Host: "other", Key: id(20, 0), Parent: id(10, 0), Image: tracer, Time: at(1), Ref: security(2)}}},
			"20:mftrace.exe < 10:?; 10:cmd.exe; (10:)"},
		{"a process recorded without a GUID takes the one that a child names it by", evidence{starts: []Start{
			one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1)), one(id(20, 2), id(10, 1), tracer, shell, 5, sysmon(2))}},
			"10:cmd.exe{1}; 20:mftrace.exe{2} < 10:cmd.exe{1}?"},
		{"and the one that its deeds name it by", evidence{
			starts: []Start{one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1))},
			deeds:  []deedOf{{"pc", id(10, 1), shell, at(9), sysmon(5)}}},
			"10:cmd.exe{1}"},
		{"but not that of another program", evidence{
			starts: []Start{one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1))},
			deeds:  []deedOf{{"pc", id(10, 1), payload, at(9), sysmon(5)}}},
			"10:cmd.exe; (10:payload.exe{1})"},
		{"and not a second one", evidence{
			starts: []Start{one(id(10, 0), reeve.ProcKey{}, shell, "", 0, security(1))},
			deeds:  []deedOf{{"pc", id(10, 1), shell, at(9), sysmon(5)}, {"pc", id(10, 2), shell, at(90), sysmon(6)}}},
			"10:cmd.exe{1}; (10:cmd.exe{2})"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := short(c.graph()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRecordsOfOneStart(t *testing.T) {
	start := func(key reeve.ProcKey, image string, seconds float64, ref reeve.Ref) Start {
		return Start{Host: "pc", Key: key, Image: image, Time: at(seconds), Ref: ref}
	}
	copied := func(r reeve.Ref) reeve.Ref { r.File = "copy/" + r.File; return r }
	for _, c := range []struct {
		name   string
		starts []Start
		want   [][]reeve.Ref // citations of each node
	}{
		{"Sysmon and Security records of one start are one process with both citations", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 0), shell, 0.02, security(1))}, [][]reeve.Ref{{sysmon(1), security(1)}}},
		{"whichever was first", []Start{start(id(10, 1), shell, 0.5, sysmon(1)), start(id(10, 0), shell, 0, security(1))}, [][]reeve.Ref{{sysmon(1), security(1)}}},
		{"a bare name and a path may be one program", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 0), "CMD.EXE", 0, security(1))}, [][]reeve.Ref{{sysmon(1), security(1)}}},
		{"another program of the same pid is another process", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 0), tracer, 0.02, security(1))}, [][]reeve.Ref{{sysmon(1)}, {security(1)}}},
		{"so is a start three seconds later", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 0), shell, 3, security(1))}, [][]reeve.Ref{{sysmon(1)}, {security(1)}}},
		{"two GUIDs are two processes, at whatever time", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 2), shell, 0, sysmon(2))}, [][]reeve.Ref{{sysmon(2)}, {sysmon(1)}}},
		{"each of two quick starts takes the nearest record", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 2), shell, 1.5, sysmon(2)), start(id(10, 0), shell, 0.1, security(1)), start(id(10, 0), shell, 1.4, security(2))},
			[][]reeve.Ref{{sysmon(1), security(1)}, {sysmon(2), security(2)}}},
		{"copies of a record are one process that cites all of them", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 1), shell, 0, copied(sysmon(1)))}, [][]reeve.Ref{{sysmon(1), copied(sysmon(1))}}},
		{"copies without GUIDs too", []Start{start(id(10, 0), shell, 0, security(1)), start(id(10, 0), shell, 0, copied(security(1)))}, [][]reeve.Ref{{security(1), copied(security(1))}}},
		{"a copy whose time was cut to whole seconds too", []Start{start(id(10, 0), shell, 0.6, security(1)), start(id(10, 0), shell, 0, copied(security(1)))}, [][]reeve.Ref{{copied(security(1)), security(1)}}},
		{"within a file, another time is another start", []Start{start(id(10, 0), shell, 0, security(1)), start(id(10, 0), shell, 1, security(2))}, [][]reeve.Ref{{security(1)}, {security(2)}}},
		{"and its copies stay apart", []Start{start(id(10, 0), shell, 0, security(1)), start(id(10, 0), shell, 1, security(2)), start(id(10, 0), shell, 0, copied(security(1))), start(id(10, 0), shell, 1, copied(security(2)))},
			[][]reeve.Ref{{security(1), copied(security(1))}, {security(2), copied(security(2))}}},
		{"without a pid nothing is joined by time", []Start{start(id(0, 0), shell, 0, security(1)), start(id(0, 0), shell, 0, security(2)), start(id(0, 0), shell, 0, copied(security(2)))},
			[][]reeve.Ref{{copied(security(2)), security(2)}, {security(1)}}},
		{"the same citation is kept once", []Start{start(id(10, 1), shell, 0, sysmon(1)), start(id(10, 1), shell, 0, sysmon(1))}, [][]reeve.Ref{{sysmon(1)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := (&evidence{starts: c.starts}).graph()
			var got [][]reeve.Ref
			for id := reeve.ProcID(1); int(id) <= g.Len(); id++ {
				got = append(got, g.Process(id).Refs)
			}
			if a, b := sortedRefs(got), sortedRefs(c.want); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}
		})
	}
}

func TestMergedRecordsCompleteEachOther(t *testing.T) {
	g := (&evidence{starts: []Start{
		{Host: "pc", Key: id(10, 1), Parent: id(5, 9), Image: "cmd.exe", ParentImage: services, User: `CORP\ann`, Time: at(1), Ref: sysmon(1)},
		{Host: "PC", Key: id(10, 0), Parent: id(5, 0), Image: shell, UserSID: "S-1-5-21-1", LogonID: "0x4d2", User: `OTHER\name`, Time: at(0.5), Ref: security(1)},
	}}).graph()
	p := g.Process(g.Find("pc", id(10, 1), at(1)))
	if p.Image != shell || p.User != `CORP\ann` || p.UserSID != "S-1-5-21-1" || p.LogonID != "0x4d2" || p.Start != at(0.5) {
		t.Errorf("the records did not complete each other: %+v", p)
	}
	if parent := g.Process(p.Parent); parent.Key != id(5, 9) || parent.Image != services || p.ByPID {
		t.Errorf("the parent is %+v, by pid: %v", parent, p.ByPID)
	}
}

func TestCitationsAreBounded(t *testing.T) {
	var e evidence
	for n := range int64(100) {
		e.starts = append(e.starts, Start{Host: "pc", Key: id(10, 1), Parent: id(5, 9), Image: shell, Time: at(0), Ref: sysmon(n)},
			Start{Host: "pc", Key: id(uint32(100+n), 0), Parent: id(5, 9), Image: tracer, Time: at(float64(n)), Ref: security(n)})
	}
	g := e.graph()
	if n := len(g.Process(g.Find("pc", id(10, 1), 0)).Refs); n != maxRefs {
		t.Errorf("a start with 100 records keeps %d citations, not %d", n, maxRefs)
	}
	if n := len(g.Process(g.Find("pc", id(5, 9), 0)).Refs); n != maxRefs {
		t.Errorf("a parent that 100 records name keeps %d citations, not %d", n, maxRefs)
	}
}

func TestOrphans(t *testing.T) {
	deed := func(key reeve.ProcKey, image string, seconds float64, ref reeve.Ref) deedOf {
		return deedOf{"pc", key, image, at(seconds), ref}
	}
	for _, c := range []struct {
		name string
		evidence
		want string
	}{
		{"a process known by its deeds is a node", evidence{deeds: []deedOf{deed(id(10, 1), payload, 5, sysmon(1)), deed(id(10, 1), payload, 9, sysmon(2))}}, "(10:payload.exe{1})"},
		{"by pid too", evidence{deeds: []deedOf{deed(id(10, 0), payload, 5, security(1)), deed(id(10, 0), payload, 9, security(2))}}, "(10:payload.exe)"},
		{"a deed of a recorded process makes no node", evidence{starts: []Start{{Host: "pc", Key: id(10, 1), Image: payload, Time: at(0), Ref: sysmon(1)}}, deeds: []deedOf{deed(id(10, 1), payload, 5, sysmon(2)), deed(id(10, 0), payload, 6, security(1))}}, "10:payload.exe{1}"},
		{"a deed before the start was seen makes none either", evidence{starts: []Start{{Host: "pc", Key: id(10, 1), Image: payload, Time: at(5), Ref: sysmon(1)}}, deeds: []deedOf{deed(id(10, 1), payload, 4, sysmon(2))}}, "10:payload.exe{1}"},
		{"deeds by GUID and by pid are one process's", evidence{deeds: []deedOf{deed(id(10, 0), payload, 5, security(1)), deed(id(10, 1), payload, 9, sysmon(2)), deed(id(10, 0), payload, 12, security(3))}}, "(10:payload.exe{1})"},
		{"a deed that names no program is that of the pid's process", evidence{deeds: []deedOf{deed(id(10, 1), payload, 5, sysmon(1)), deed(id(10, 0), "", 9, security(2))}}, "(10:payload.exe{1})"},
		{"two programs of one pid are two processes", evidence{deeds: []deedOf{deed(id(10, 0), payload, 5, security(1)), deed(id(10, 0), shell, 9, security(2)), deed(id(10, 0), payload, 11, security(3))}}, "(10:payload.exe); (10:cmd.exe)"},
		{"an end cuts them", evidence{deeds: []deedOf{deed(id(10, 0), payload, 0, security(1)), deed(id(10, 0), payload, 200_000, security(2))}, ends: []endOf{{"pc", id(10, 0), at(100)}}}, "(10:payload.exe); (10:payload.exe)"},
		{"a process that names none does nothing", evidence{deeds: []deedOf{deed(reeve.ProcKey{}, payload, 5, sysmon(1))}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := c.graph()
			if got := short(g); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for _, d := range c.deeds {
				if !d.key.IsZero() && g.Find("pc", d.key, d.at) == 0 {
					t.Errorf("the doer of the deed at %v is not found", d.at)
				}
			}
		})
	}
}

func TestInferredProcessesStateWhatIsKnown(t *testing.T) {
	g := (&evidence{
		starts: []Start{{Host: "pc", Key: id(20, 2), Parent: id(10, 1), Image: tracer, ParentImage: "cmd.exe", Time: at(5), Ref: sysmon(1)}},
		deeds:  []deedOf{{"pc", id(10, 1), shell, at(7), sysmon(2)}, {"pc", id(11, 0), payload, at(7), security(2)}},
		ends:   []endOf{{"pc", id(10, 1), at(30)}, {"pc", id(11, 0), at(40)}, {"pc", id(12, 5), at(50)}},
	}).graph()
	p := g.Process(g.Find("pc", id(10, 1), 0))
	want := reeve.Process{ID: 2, Host: "pc", Key: id(10, 1), Image: shell, End: at(30), Inferred: true, Refs: []reeve.Ref{sysmon(1), sysmon(2)}}
	if fmt.Sprint(p) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	if g.Seen(2) != at(5) || g.Seen(1) != at(5) || g.Seen(0) != 0 || g.Seen(99) != 0 {
		t.Errorf("seen at %v, its child at %v", g.Seen(2), g.Seen(1))
	}
	if p := g.Process(g.Find("pc", id(11, 0), at(20))); p.End != at(40) || !p.Inferred {
		t.Errorf("the end by pid of an inferred process was not noted: %+v", p)
	}
	if g.Len() != 3 {
		t.Errorf("%d processes: an end alone makes no node", g.Len())
	}
}

func TestEnds(t *testing.T) {
	g := (&evidence{
		starts: []Start{{Host: "pc", Key: id(10, 1), Image: shell, Time: at(0), Ref: sysmon(1)}, {Host: "pc", Key: id(10, 0), Image: shell, Time: at(100), Ref: security(1)}, {Host: "pc", Key: id(10, 3), Image: shell, Time: at(200), Ref: sysmon(3)}},
		ends:   []endOf{{"pc", id(10, 1), at(50)}, {"pc", id(10, 0), at(50.2)}, {"pc", id(10, 0), at(150)}, {"pc", id(10, 9), at(160)}, {"pc", id(10, 8), at(260)}, {"pc", id(10, 3), at(199)}, {"pc2", id(10, 3), at(280)}},
	}).graph()
	var got []reeve.Time
	for id := reeve.ProcID(1); id <= 3; id++ {
		got = append(got, g.Process(id).End)
	}
	if want := []reeve.Time{at(50), at(150), 0}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("ends %v, want %v: the earliest that is its own, never another GUID's, host's or one before the start", got, want)
	}
}

func TestFind(t *testing.T) {
	g := (&evidence{
		starts: []Start{
			{Host: "pc", Key: id(10, 1), Image: shell, Time: at(0), Ref: sysmon(1)},
			{Host: "pc", Key: id(10, 2), Image: tracer, Time: at(100), Ref: sysmon(2)},
			{Host: "pc2", Key: id(10, 0), Image: payload, Time: at(0), Ref: security(1)}},
		ends:  []endOf{{"pc", id(10, 1), at(50)}},
		boots: []bootOf{{"pc", at(1000)}},
		deeds: []deedOf{{"pc", id(10, 0), payload, at(70), security(7)}},
	}).graph()
	for _, c := range []struct {
		name, host string
		key        reeve.ProcKey
		seconds    float64
		want       string
	}{
		{"a GUID at any time", "pc", id(0, 1), 900, "10:cmd.exe{1}"},
		{"an unknown GUID, though the pid is known", "pc", id(10, 7), 10, "0:"},
		{"another host's GUID", "pc2", id(10, 1), 10, "0:"},
		{"a pid while its process lived", "pc", id(10, 0), 49, "10:cmd.exe{1}"},
		{"a moment after its end", "pc", id(10, 0), 50.9, "10:cmd.exe{1}"},
		{"later: what deeds showed in between", "pc", id(10, 0), 60, "10:payload.exe"},
		{"a moment before a recorded start", "pc", id(10, 0), 99.5, "10:mftrace.exe{2}"},
		{"a pid reused", "pc", id(10, 0), 500, "10:mftrace.exe{2}"},
		{"after a boot", "pc", id(10, 0), 1001, "0:"},
		{"the same pid elsewhere", "pc2", id(10, 0), 1001, "10:payload.exe"},
		{"before anything", "pc2", id(10, 0), -5, "0:"},
		{"an unknown pid", "pc", id(77, 0), 10, "0:"},
		{"no key", "pc", reeve.ProcKey{}, 10, "0:"},
		{"an unknown host", "pc3", id(10, 0), 10, "0:"},
	} {
		if got := word(g.Process(g.Find(c.host, c.key, at(c.seconds)))); got != c.want {
			t.Errorf("%s: found %s, want %s", c.name, got, c.want)
		}
	}
}

func TestWalks(t *testing.T) {
	chain := func(images ...string) *evidence {
		e := &evidence{}
		for i, image := range images {
			s := Start{Host: "pc", Key: id(uint32(i+1), byte(i+1)), Image: image, Time: at(float64(i)), Ref: sysmon(int64(i))}
			if i > 0 {
				s.Parent = id(uint32(i), byte(i))
			}
			e.starts = append(e.starts, s)
		}
		return e
	}
	for _, c := range []struct {
		images []string
		chain  string
		stop   Stop
	}{
		{[]string{services, shell, tracer}, "2 1", Root},
		{[]string{"System", shell}, "1", Root},
		{[]string{`C:\Users\ann\services.exe`, shell}, "1", ParentMissing},
		{[]string{`C:\Users\ann\System`, shell}, "1", ParentMissing},
		{[]string{shell, tracer}, "1", ParentMissing},
		{[]string{services}, "", Root},
		{[]string{shell}, "", ParentMissing},
	} {
		g := chain(c.images...).graph()
		ids, stop := g.Ancestors(reeve.ProcID(len(c.images)))
		if got := strings.Trim(fmt.Sprint(ids), "[]"); got != c.chain || stop != c.stop {
			t.Errorf("ancestors in %v: %s, %s; want %s, %s", c.images, got, stop, c.chain, c.stop)
		}
	}
	g := chain(shell, tracer, payload, shell).graph()
	if got, stop := g.Ancestors(99); got != nil || stop != ParentMissing || g.Children(-1) != nil || g.Process(99).ID != 0 {
		t.Error("an unknown process has relatives")
	}
	for max, want := range map[int]string{0: "[] true", 2: "[2 3] true", 3: "[2 3 4] false", 9: "[2 3 4] false"} {
		if ids, more := g.Descendants(1, max); fmt.Sprint(ids, more) != want {
			t.Errorf("at most %d descendants: %v %v, want %s", max, ids, more, want)
		}
	}
	if got := g.ByImageName("CMD.exe"); fmt.Sprint(got) != "[1 4]" || g.ByImageName("") != nil || g.ByImageName("none.exe") != nil {
		t.Errorf("processes of cmd.exe: %v", got)
	}
}

func TestEmptyGraph(t *testing.T) {
	for _, builders := range [][]*Builder{nil, {NewBuilder()}, {NewBuilder(), NewBuilder()}} {
		g := Build(builders, strings.ToLower)
		if g.Len() != 0 || g.Find("pc", id(10, 1), at(0)) != 0 || g.ByImageName("cmd.exe") != nil || g.Children(1) != nil {
			t.Error("a graph of nothing knows something")
		}
	}
}

func TestCanon(t *testing.T) {
	canon := Canon([]string{"PC1", "pc1.corp.example", "PC2.corp.example", "PC2.other.example", "pc2", "PC3", "10.0.0.5", "10", "DC.corp.example.", ".odd", ""})
	for name, want := range map[string]string{
		"pc1": "pc1.corp.example", "PC1.CORP.EXAMPLE": "pc1.corp.example", "PC1.Corp.Example.": "pc1.corp.example", " PC1 ": "pc1.corp.example",
		"pc2": "pc2", "PC2.other.example": "pc2.other.example", "PC3": "pc3", "pc4": "pc4", "10": "10", "10.0.0.5": "10.0.0.5", "dc": "dc.corp.example", "": "", "odd": "odd",
	} {
		if got := canon(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { canon("PC2.corp.example") }); n != 0 {
		t.Errorf("naming a known host allocates %v times", n)
	}
}

func TestHostsJoinInTheGraph(t *testing.T) {
	names := []string{"PC", "pc.corp.example"}
	b := NewBuilder()
	b.Start(Start{Host: "PC", Key: id(10, 1), Image: shell, Time: at(0), Ref: sysmon(1)})
	b.Start(Start{Host: "pc.corp.example", Key: id(20, 2), Parent: id(10, 1), Image: tracer, ParentImage: shell, Time: at(1), Ref: security(1)})
	g := Build([]*Builder{b}, Canon(names))
	if got := short(g); got != "10:cmd.exe{1}; 20:mftrace.exe{2} < 10:cmd.exe{1}" || g.Process(1).Host != "pc.corp.example" {
		t.Errorf("got %s on %s", got, g.Process(1).Host)
	}
}

func TestRecordsThatNameDifferentFilesAreDisputed(t *testing.T) {
	for _, c := range []struct {
		says string
		a, b Start
		want bool
	}{
		{"two files under one GUID", Start{Key: id(10, 1), Image: `C:\Kits\mftrace.exe`}, Start{Key: id(10, 1), Image: `C:\Users\Public\w.exe`}, true},
		{"one file in other letters", Start{Key: id(10, 1), Image: `C:\Kits\mftrace.exe`}, Start{Key: id(10, 1), Image: `c:\kits\MFTRACE.EXE`}, false},
		{"a path and its name", Start{Key: id(10, 1), Image: `C:\Kits\mftrace.exe`}, Start{Key: id(10, 1), Image: `mftrace.exe`}, false},
		{"another recorder's spelling", Start{Key: id(10, 1), Image: `C:\Kits\mftrace.exe`}, Start{Key: id(10, 0), Image: `\Device\HarddiskVolume3\Kits\mftrace.exe`}, false},
	} {
		c.a.Host, c.b.Host, c.a.Time, c.b.Time, c.a.Ref, c.b.Ref = "pc", "pc", at(0), at(0.1), sysmon(1), security(2)
		for _, starts := range [][]Start{{c.a, c.b}, {c.b, c.a}} {
			e := evidence{starts: starts}
			g := e.graph()
			if p := g.Process(g.Find("pc", id(10, 1), at(1))); p.Disputed != c.want {
				t.Errorf("%s: disputed %v", c.says, p.Disputed)
			}
		}
	}
}

package investigate

import (
	"slices"
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/internal/playbook/questions"
	"reeve/internal/process"
	"reeve/internal/triage"
)

// Bounds of the second reading.
const (
	maxRounds  = 3      // readings that may follow one another because the last one named something new
	maxEvents  = 20_000 // events kept for a case
	maxTree    = 256    // processes below a subject whose events are asked for
	lookBack   = reeve.Day
	lookLong   = 30 * reeve.Day // for what stays: services and tasks
	lookAhead  = reeve.Hour
	maxNames   = 64 // paths, and processes that wrote them, asked for by one case
	limitWords = "the search stopped after %d readings; what they named last was not asked for"
)

// draft is a case in the making: what it asks the evidence for, and what came back.
type draft struct {
	opened    triage.Opened
	process   reeve.Process
	at        reeve.Time // its start, else when it was first seen
	lolbin    *reeve.LOLBin
	want      wants
	events    []reeve.Event
	seen      map[eventKey]int // position in events, so that a second copy only adds its citation
	truncated bool
	payloads  []reeve.Payload
	silent    []playbook.SilentRule
	looked    map[lookedKey][]reeve.NamedValue // what the rules that matched looked at
	limit     string
}

// wants is the part of a query that one case is responsible for.
type wants struct {
	processes map[reeve.ProcID]bool
	paths     map[string]bool // lower-case base names of files
	logons    map[string]bool
	from, to  reeve.Time
}

// eventKey tells the copies of one record from other records.
type eventKey struct {
	host, channel string
	id            uint32
	record        uint64
	time          reeve.Time
	process       reeve.ProcKey
}

// always are the kinds that any case on a host may need, whomever their records name.
var always = []reeve.Kind{reeve.ServiceInstall, reeve.TaskChange, reeve.TaskRun, reeve.Malware, reeve.ASRBlock, reeve.LogCleared, reeve.WMIActivity,
	reeve.RemoteSession, reeve.BITSJob, reeve.DiskImage, reeve.Installer, reeve.AppControl, reeve.SQLServer}

// long are those of them that are asked for over the long look back.
var long = []reeve.Kind{reeve.ServiceInstall, reeve.TaskChange, reeve.Installer}

// begin makes the first query of a case: its processes, its file, its session.
func begin(o triage.Opened, g *process.Graph) *draft {
	d := &draft{opened: o, process: g.Process(o.Process), at: g.Seen(o.Process), seen: map[eventKey]int{}, looked: map[lookedKey][]reeve.NamedValue{}}
	if o.Entry != nil {
		d.lolbin = &reeve.LOLBin{Name: o.Entry.Name, Techniques: o.Entry.Techniques()}
	}
	d.want = wants{processes: map[reeve.ProcID]bool{}, paths: map[string]bool{}, logons: map[string]bool{}}
	d.askProcess(g, o.Process)
	below, _ := g.Descendants(o.Process, maxTree)
	last := max(d.at, d.process.End)
	for _, id := range below {
		d.want.processes[id] = true
		p := g.Process(id)
		last = max(last, p.Start, p.End)
	}
	d.askFile(d.process.Image)
	d.want.from, d.want.to = d.at-lookBack, last+lookAhead
	return d
}

// askProcess asks for a process, its ancestors and their sessions.
func (d *draft) askProcess(g *process.Graph, id reeve.ProcID) (grew bool) {
	if id == 0 || d.want.processes[id] {
		return false
	}
	d.want.processes[id] = true
	above, _ := g.Ancestors(id)
	for _, up := range append([]reeve.ProcID{id}, above...) {
		d.want.processes[up] = true
		if s := strings.ToLower(g.Process(up).LogonID); s != "" {
			d.want.logons[s] = true
		}
	}
	return true
}

func (d *draft) askFile(path string) (grew bool) {
	name := strings.ToLower(strings.Trim(path[strings.LastIndexAny(path, `\/`)+1:], `"`))
	if len(name) < 3 || d.want.paths[name] || len(d.want.paths) >= maxNames {
		return false
	}
	d.want.paths[name] = true
	return true
}

// grow adds what the last reading named: the payloads, and whoever wrote the files in question.
func (d *draft) grow(v *playbook.View) (grew bool) {
	d.payloads = questions.Payloads(v)
	for _, p := range d.payloads {
		grew = d.askFile(p.Image) || grew
	}
	for _, path := range questions.Companions(v) {
		grew = d.askFile(path) || grew
	}
	writers := 0
	for i := range d.events {
		e := &d.events[i]
		switch e.Kind {
		case reeve.FileCreate, reeve.FileStream, reeve.FileExecutable, reeve.FileTime:
			if d.want.paths[baseOf(e.Get(reeve.AttrPath))] && writers < maxNames {
				if id := v.By(e); id != 0 && !d.want.processes[id] {
					writers++
					grew = d.askProcess(v.Graph, id) || grew
				}
			}
		}
	}
	return grew
}

// keep adds an event that fits the case, or its citation when it is a copy.
func (d *draft) keep(e reeve.Event) {
	k := eventKey{e.Host, e.Channel, e.ID, e.Ref.RecordID, e.Written, e.Process}
	if i, ok := d.seen[k]; ok {
		old := &d.events[i]
		if old.Ref == e.Ref || slices.Contains(old.Also, e.Ref) {
			return
		}
		if e.Ref.Compare(old.Ref) < 0 {
			old.Ref, e.Ref = e.Ref, old.Ref
		}
		old.Also = append(old.Also, e.Ref)
		return
	}
	if len(d.events) >= maxEvents {
		d.truncated = true
		return
	}
	d.seen[k] = len(d.events)
	d.events = append(d.events, e)
}

func baseOf(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

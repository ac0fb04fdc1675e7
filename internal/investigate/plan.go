package investigate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/gather"
	"reeve/internal/playbook"
	"reeve/internal/playbook/questions"
	"reeve/internal/process"
	"reeve/internal/triage"
)

// Bounds of what a case asks for.
const (
	maxTree   = 512 // processes below a subject whose events are asked for; no question looks at more
	maxNames  = 64  // files, and as many processes that wrote them
	lookBack  = reeve.Day
	lookLong  = 30 * reeve.Day // for what stays
	lookAhead = reeve.Hour
)

// kept is a kind of event that any case on a host may need, whomever its records name, and how far before and after the
// subject's start.
type kept struct {
	kind        reeve.Kind
	back, ahead reeve.Time
}

// keptKinds: services, tasks and boots stay true for long; what a program arranged may show only later.
func keptKinds() []kept {
	return []kept{
		{reeve.ServiceInstall, lookLong, reeve.Day},
		{reeve.TaskChange, lookLong, reeve.Day},
		{reeve.Installer, lookLong, lookAhead},
		{reeve.Boot, lookLong, lookAhead},
		{reeve.LogCleared, lookBack, reeve.Day},
		{reeve.Malware, lookBack, reeve.Day},
		{reeve.ASRBlock, lookBack, lookAhead},
		{reeve.AppControl, lookBack, lookAhead},
		{reeve.WMIActivity, lookBack, lookAhead},
		{reeve.RemoteSession, lookBack, lookAhead},
		{reeve.BITSJob, lookBack, lookAhead},
		{reeve.DiskImage, lookBack, lookAhead},
		{reeve.SQLServer, lookBack, lookAhead},
	}
}

// draft is a case in the making: what it asks the evidence for, and what was cut off.
type draft struct {
	opened   triage.Opened
	process  reeve.Process
	at       reeve.Time // its start, else when it was first seen
	lolbin   *reeve.LOLBin
	window   gather.Span // when events around it are of interest
	wants    []gather.Want
	asked    int // of wants, in earlier readings
	known    map[gather.Topic]bool
	files    []string // in question, by lower-case path: the program, its payloads, and what wrote them
	names    int      // of files that are asked for
	writers  int      // of them that are asked for
	payloads []reeve.Payload
	hits     []*detect.Hit
	silent   []playbook.SilentRule
	looked   map[lookedKey][]reeve.NamedValue // what the rules that matched looked at
	limit    string                           // why its own deeds may not all be known
	cuts     []string                         // everything that was left out because of a bound, for the reader of the report
}

// begin makes the first query of a case: its processes, its file, its session, and what happened around it.
func begin(o triage.Opened, g *process.Graph) *draft {
	d := &draft{opened: o, process: g.Process(o.Process), at: g.Seen(o.Process), known: map[gather.Topic]bool{}, looked: map[lookedKey][]reeve.NamedValue{}}
	if o.Entry != nil {
		d.lolbin = &reeve.LOLBin{Name: o.Entry.Name, Techniques: o.Entry.Techniques()}
	}
	below, more := g.Descendants(o.Process, maxTree)
	if more {
		d.bounded(fmt.Sprintf("it started more than %d processes; what the others did was not asked for", maxTree))
	}
	tree := []reeve.Process{d.process}
	for _, id := range below {
		tree = append(tree, g.Process(id))
	}
	last := d.at
	for i := range tree {
		last = max(last, tree[i].Start, tree[i].End)
	}
	d.window = gather.Span{From: d.at - lookBack, To: last + lookAhead}
	if d.at == 0 {
		d.window = gather.Span{To: gather.Endless} // nothing says when it ran
	}
	for i := range tree {
		d.askTree(&tree[i], g.Seen(tree[i].ID))
	}
	above, _ := g.Ancestors(o.Process)
	for _, id := range above {
		d.askProcess(g, id)
	}
	for _, id := range append([]reeve.ProcID{o.Process}, above...) {
		p := g.Process(id)
		if p.LogonID != "" && !playbook.SystemLogon(p.LogonID) {
			d.ask(gather.Session, 0, strings.ToLower(p.LogonID), d.long(lookLong, 0), false)
		}
		if p.Start != 0 {
			d.ask(gather.Happened, 0, string(reeve.TaskRun), gather.Around(p.Start, reeve.Minute, reeve.Minute), false)
		}
	}
	d.askFile(d.process.Image)
	d.question(d.process.Image)
	for _, path := range questions.Companions(&playbook.View{Process: d.process, LOLBin: d.lolbin, Graph: g}) { // as far as they are known beforehand
		d.askFile(path)
	}
	for _, k := range keptKinds() {
		d.ask(gather.Happened, 0, string(k.kind), d.long(k.back, k.ahead), false)
	}
	return d
}

// long is a window of its own length, which is all of time for a case that nothing dates.
func (d *draft) long(back, ahead reeve.Time) gather.Span {
	if d.at == 0 {
		return d.window
	}
	return gather.Span{From: d.at - back, To: max(d.at+ahead, d.window.To)}
}

// ask adds a topic; grew is false when it is asked already. Runs of a task are asked for at several times.
func (d *draft) ask(about gather.About, id reeve.ProcID, word string, when gather.Span, own bool) (grew bool) {
	t := d.topic(about, id, word)
	if d.known[t] && word != string(reeve.TaskRun) {
		return false
	}
	d.known[t] = true
	d.wants = append(d.wants, gather.Want{Topic: t, Span: when, Own: own})
	return true
}

// askTree asks for all that the subject or a process below it did. Where no end of it is recorded it may still go on. A GUID tells
// its deeds from those of others whatever the clock said, and whatever a record says of its end.
func (d *draft) askTree(p *reeve.Process, seen reeve.Time) {
	life := gather.Span{From: seen - reeve.Minute, To: gather.Endless}
	switch {
	case p.Key.GUID != reeve.GUID{}:
		life.From = seen - lookBack
	case p.End != 0:
		life.To = p.End + reeve.Minute
	}
	d.ask(gather.Deeds, p.ID, "", life, true)
}

// askProcess asks for the start of any other process, and what it did around the subject: it may be a service that has been
// running for weeks.
func (d *draft) askProcess(g *process.Graph, id reeve.ProcID) (grew bool) {
	p := g.Process(id)
	if !p.Inferred {
		d.ask(gather.Start, id, "", gather.Around(p.Start, reeve.Minute, reeve.Minute), false)
	}
	return !d.known[d.topic(gather.Deeds, id, "")] && d.ask(gather.Deeds, id, "", d.window, false)
}

// askFile asks for the events that name a file, wherever it lies: a copy elsewhere and a relative path tell something too.
func (d *draft) askFile(path string) (grew bool) {
	name := gather.FileName(path)
	if len(name) < 3 || d.known[d.topic(gather.File, 0, name)] {
		return false
	}
	if d.names++; d.names > maxNames {
		d.cut(fmt.Sprintf("it names more than %d files; records of the others were not asked for", maxNames))
		return false
	}
	return d.ask(gather.File, 0, name, d.window, false)
}

// question notes a file whose story is the case's story.
func (d *draft) question(path string) {
	if path = strings.ToLower(path); strings.ContainsAny(path, `\/`) && !slices.Contains(d.files, path) {
		d.files = append(d.files, path)
	}
}

// grow adds what the last reading named: the payloads, and whoever wrote the files in question. A writer that anybody could have
// put there is a file in question itself.
func (d *draft) grow(v *playbook.View) (grew bool) {
	d.payloads = questions.Payloads(v)
	for _, p := range d.payloads {
		grew = d.askFile(p.Image) || grew
		d.question(p.Image)
	}
	for _, path := range questions.Companions(v) {
		grew = d.askFile(path) || grew
		d.question(path)
	}
	for i := range v.Events {
		e := &v.Events[i]
		switch e.Kind {
		case reeve.FileCreate, reeve.FileStream, reeve.FileExecutable, reeve.FileTime:
		default:
			continue
		}
		id := v.By(e)
		if id == 0 || !d.known[d.topic(gather.File, 0, gather.FileName(e.Get(reeve.AttrPath)))] || d.known[d.topic(gather.Deeds, id, "")] {
			continue
		}
		if d.writers++; d.writers > maxNames {
			d.cut(fmt.Sprintf("more than %d processes wrote its files; the others were not looked at", maxNames))
			break
		}
		grew = d.askProcess(v.Graph, id) || grew
		if image := v.Graph.Process(id).Image; image != "" && !inPlace(image) {
			grew = d.askFile(image) || grew
			d.question(image)
		}
	}
	return grew
}

// bounded notes that deeds of the case's own may be missing: no answer may rest on their absence.
func (d *draft) bounded(says ...string) {
	for _, x := range says {
		if !strings.Contains(d.limit, x) {
			d.limit = strings.TrimPrefix(d.limit+"; "+x, "; ")
		}
	}
	d.cut(says...)
}

// cut notes what a bound left out.
func (d *draft) cut(says ...string) {
	for _, x := range says {
		if !slices.Contains(d.cuts, x) {
			d.cuts = append(d.cuts, x)
		}
	}
}

func (d *draft) topic(about gather.About, id reeve.ProcID, word string) gather.Topic {
	return gather.Topic{About: about, Host: d.process.Host, Process: id, Word: word}
}

// topicWords names a topic for the reader of a report.
func (s *scanned) topicWords(t gather.Topic) string {
	switch t.About {
	case gather.Deeds, gather.Start:
		p := s.graph.Process(t.Process)
		return fmt.Sprintf("%s (pid %d)", cmp.Or(baseOf(p.Image), "a process"), p.Key.PID)
	case gather.Session:
		return "the session " + t.Word
	case gather.Happened:
		return "the kind " + strings.ReplaceAll(t.Word, "_", " ")
	}
	return "the file name " + t.Word
}

func baseOf(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

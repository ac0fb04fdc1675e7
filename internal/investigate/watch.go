package investigate

import (
	"strings"

	"reeve"
	"reeve/cmdline"
	"reeve/internal/coverage"
	"reeve/internal/detect"
	"reeve/internal/playbook"
	"reeve/internal/prevalence"
	"reeve/internal/process"
	"reeve/internal/trail"
	"reeve/internal/triage"
	"reeve/internal/winlog"
	"reeve/lolbas"
)

// watcher is one worker's part of the first reading: it sees every record once and keeps what is small.
type watcher struct {
	decoder *winlog.Decoder
	rules   *ruleWorker
	named   []triage.Subject
	light   winlog.Light

	builder *process.Builder
	counter *coverage.Counter
	trail   *trail.Trail
	chart   *trail.Chart
	runs    []run
	hits    []*detect.Hit
	tally   *detect.Tally // shared by all workers
	texts   texts
	judged  map[string]judged
	key     []byte
	started map[startKey]int // positions of runs
	told    map[hostKey]int  // parents' runs, so that one child speaks for each
	fields  bool             // note what a rule looked at
}

type hostKey struct {
	host string
	key  reeve.ProcKey
}

// startKey names a start, of which copies of its record say the same.
type startKey struct {
	hostKey
	time reeve.Time
}

// run is one execution of a program that may become a case.
type run struct {
	host     string
	key      reeve.ProcKey
	time     reeve.Time
	shape    uint64 // 0 when no command line is known
	judged   judged
	abuse    bool
	told     bool // known from a child's record alone
	ofn, cmd bool // the record states an original file name, a command line
	ref      reeve.Ref
}

// judged is what name, place and version resource say of a file.
type judged struct {
	entry    *lolbas.Entry
	location lolbas.LocationClass
	identity lolbas.IdentityValue
}

func newWatcher(opt *Options, tally *detect.Tally) *watcher {
	d := winlog.NewDecoder()
	return &watcher{decoder: d, rules: opt.Rules.worker(d), tally: tally, named: opt.Subjects, fields: opt.hunts, builder: process.NewBuilder(), counter: coverage.NewCounter(), trail: trail.New(), chart: trail.NewChart(), texts: texts{},
		judged: map[string]judged{}, told: map[hostKey]int{}, started: map[startKey]int{}}
}

// Lost does nothing: losses stand in the account of their file.
func (w *watcher) Lost(reeve.ReadError) {}

// Record looks at one record.
func (w *watcher) Record(rec reeve.Record) {
	head, ref := rec.Head(), rec.Ref()
	w.trail.Pass(ref, head)
	w.chart.Pass(ref, head)
	w.counter.Record(head.Computer, head.Channel, ref.RecordID, ref.HasID, head.Time, ref)
	plan := w.decoder.Meaning(rec)
	w.light = winlog.Light{Host: head.Computer, Time: head.Time, Image: w.light.Image[:0]}
	if plan != nil {
		w.decoder.Light(rec, plan, &w.light)
		w.event(rec, plan, ref)
	}
	if w.rules != nil {
		for _, rule := range w.rules.matcher.Match(rec) {
			h := &detect.Hit{Rule: rule, Host: w.light.Host, Channel: head.Channel, Key: w.light.Process, Time: w.light.Time, Ref: ref}
			if !w.rules.matcher.Count(rec, h) {
				w.tally.Add(h)
				continue
			}
			if w.fields {
				h.Fields = w.rules.matcher.Looked(rec, rule)
			}
			w.hits = append(w.hits, h)
		}
	}
}

func (w *watcher) event(rec reeve.Record, plan *winlog.Plan, ref reeve.Ref) {
	l := &w.light
	w.counter.Event(l.Host, plan.Kind, l.Image, l.Time)
	if plan.Unselected {
		w.counter.Unselected(l.Host, plan.Kind, l.Time)
	}
	switch plan.Kind {
	case reeve.ProcessStart:
		e := w.decoder.Decode(rec, plan)
		w.start(&e)
	case reeve.ProcessEnd:
		w.builder.End(l.Host, l.Process, l.Time)
	case reeve.Boot:
		w.builder.Boot(l.Host, l.Time)
	case reeve.LogCleared, reeve.AuditChange:
		e := w.decoder.Decode(rec, plan)
		if channel, says := coverage.Tampered(&e); says != "" {
			w.counter.Cleared(e.Host, channel, says, e.Time, ref)
		}
	default:
		w.builder.Deed(l.Host, l.Process, l.Image, l.Time, ref)
	}
}

// start takes a process start into the graph, and remembers it when the program or its parent may become a case.
func (w *watcher) start(e *reeve.Event) {
	image, parent := w.texts.keep(e.Get(reeve.AttrImage)), w.texts.keep(e.Get(reeve.AttrParentImage))
	w.builder.Start(process.Start{Host: e.Host, Key: e.Process, Parent: e.Parent, Image: image, ParentImage: parent, User: e.Get(reeve.AttrUser), UserSID: e.Get(reeve.AttrUserSID),
		LogonID: e.Get(reeve.AttrLogonID), Time: e.Time, Ref: e.Ref})
	line, hasLine := e.Get(reeve.AttrCommandLine), e.Has(reeve.AttrCommandLine)
	for _, lack := range [...]struct {
		what string
		have bool
	}{{"command line", line != ""}, {"hashes", e.Has(reeve.AttrHashes)}, {"original file name", e.Has(reeve.AttrOriginalFileName)}} {
		if !lack.have {
			w.counter.Lacks(e.Host, lack.what)
		}
	}
	j := w.judge(e, image)
	if j.entry != nil || w.asked(e, image) {
		r := run{host: e.Host, key: e.Process, time: e.Time, judged: j, ofn: e.Has(reeve.AttrOriginalFileName), cmd: hasLine, ref: e.Ref}
		r.read(line)
		w.keep(r)
	}
	if line := e.Get(reeve.AttrParentCommandLine); line != "" {
		w.tell(e, parent, line)
	}
}

// keep remembers a run, once for all copies of its record.
func (w *watcher) keep(r run) {
	k := startKey{hostKey{r.host, r.key}, r.time}
	if at, ok := w.started[k]; ok {
		have := &w.runs[at]
		copied := r
		if copied.ref = have.ref; copied == *have {
			if r.ref.Compare(have.ref) < 0 {
				have.ref = r.ref
			}
			return
		}
	}
	w.started[k] = len(w.runs)
	w.runs = append(w.runs, r)
}

// tell remembers what a child's record says of its parent, of which there may be no record. Of many children the first citation
// counts, so that it does not matter which worker saw which.
func (w *watcher) tell(e *reeve.Event, parent, line string) {
	j := byName(parent)
	if j.entry == nil {
		return
	}
	k, at := hostKey{e.Host, e.Parent}, len(w.runs)
	if e.Parent.GUID != (reeve.GUID{}) {
		if have, ok := w.told[k]; ok {
			if e.Ref.Compare(w.runs[have].ref) >= 0 {
				return
			}
			at = have
		}
		w.told[k] = at
	}
	r := run{host: e.Host, key: e.Parent, time: e.Time, judged: j, told: true, cmd: true, ref: e.Ref}
	r.read(line)
	if at == len(w.runs) {
		w.runs = append(w.runs, r)
	} else {
		w.runs[at] = r
	}
}

// read takes what a command line says.
func (r *run) read(line string) {
	if line == "" {
		return
	}
	r.shape = prevalence.ShapeOf(line)
	if e := r.judged.entry; e != nil {
		r.abuse = lolbas.Parse(e.Name, line).Abuse
	}
}

// maxJudged bounds what a worker remembers of files; hostile evidence can name files without end.
const maxJudged = 1 << 15

// judge tells which LOLBAS entry a started file is, by name or by what its version resource says.
func (w *watcher) judge(e *reeve.Event, image string) judged {
	w.key = append(w.key[:0], image...)
	for _, a := range [...]reeve.Attr{reeve.AttrOriginalFileName, reeve.AttrHashes, reeve.AttrCompany, reeve.AttrProduct, reeve.AttrDescription} {
		w.key = append(append(w.key, 0), e.Get(a)...)
	}
	if j, ok := w.judged[string(w.key)]; ok {
		return j
	}
	id := lolbas.Identify(lolbas.Evidence{Base: cmdline.ParsePath(image).Base, OriginalFileName: e.Get(reeve.AttrOriginalFileName), Product: e.Get(reeve.AttrProduct), Company: e.Get(reeve.AttrCompany),
		Description: e.Get(reeve.AttrDescription), SHA256: playbook.Hashes(e.Get(reeve.AttrHashes)).SHA256, Path: image})
	j := judged{entry: id.Entry, identity: id.Value}
	if j.entry == nil {
		j.entry = byName(image).entry
	}
	if j.entry != nil && j.entry.Kind != lolbas.Binary && j.entry.Kind != lolbas.Other {
		j.entry = nil // libraries and scripts are run by another program, which is the execution
	}
	if j.entry != nil {
		j.location = lolbas.Locate(j.entry, image).Class
	}
	if len(w.judged) >= maxJudged {
		clear(w.judged)
	}
	w.judged[string(w.key)] = j
	return j
}

// byName tells the entry of a program that is known by its path alone.
func byName(image string) judged {
	if image == "" {
		return judged{}
	}
	for _, e := range lolbas.ByName(image[strings.LastIndexAny(image, `\/`)+1:]) {
		if e.Kind == lolbas.Binary || e.Kind == lolbas.Other {
			return judged{entry: e, location: lolbas.Locate(e, image).Class, identity: lolbas.UnknownIdentity}
		}
	}
	return judged{}
}

// asked tells whether the user named the process.
func (w *watcher) asked(e *reeve.Event, image string) bool {
	if len(w.named) == 0 {
		return false
	}
	p := reeve.Process{Host: strings.ToLower(e.Host), Key: e.Process, Image: image, Start: e.Time}
	for _, s := range w.named {
		if s.Matches(&p) {
			return true
		}
	}
	return false
}

// texts keeps one copy of each text.
type texts map[string]string

func (t texts) keep(s string) string {
	if have, ok := t[s]; ok {
		return have
	}
	s = strings.Clone(s)
	t[s] = s
	return s
}

package investigate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/coverage"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/prevalence"
	"reeve/internal/process"
	"reeve/internal/triage"
	"reeve/internal/winlog"
	"reeve/lolbas"
)

// scanned is what the first reading left: small, owned, the same for any number of workers.
type scanned struct {
	files    []reeve.File
	canon    func(string) string
	graph    *process.Graph
	coverage *coverage.Coverage
	habits   *prevalence.Table
	runs     map[reeve.ProcID]run // executions that may become a case
	hits     []located            // by process, time and rule
	where    map[string]map[string]stretch
	sources  []source
}

// source is one channel of one host in one file.
type source = place

// located is a hit with the process that it is about.
type located struct {
	process reeve.ProcID
	hit
	also []reeve.Ref
}

// scan reads every record once, in parallel.
func scan(ctx context.Context, set *evidence.Set, opt *Options) (*scanned, error) {
	var watchers []*watcher
	o := opt.ingest(func(p ingest.Progress) { opt.progress("scan", p) })
	o.Hash = true
	files, err := ingest.Scan(ctx, set, o, func(int) ingest.Sink {
		w := newWatcher(opt)
		watchers = append(watchers, w)
		return w
	})
	if err != nil {
		return nil, err
	}
	s := &scanned{files: files, canon: process.Canon(hostNames(watchers)), runs: map[reeve.ProcID]run{}}
	builders, counters := make([]*process.Builder, len(watchers)), make([]*coverage.Counter, len(watchers))
	for i, w := range watchers {
		builders[i], counters[i] = w.builder, w.counter
	}
	s.graph = process.Build(builders, s.canon)
	s.coverage = coverage.Build(counters, s.canon)
	trails := mergeTrails(watchers, s.canon)
	s.where = trails.files()
	s.sources = trails.sources()
	s.locate(watchers, opt.Rules)
	s.habits = prevalence.Build(s.starts())
	return s, s.discount(ctx, set, opt, trails.twice())
}

// hostNames lists every name under which a host appears.
func hostNames(watchers []*watcher) []string {
	seen := map[string]bool{}
	for _, w := range watchers {
		for k := range w.trail.stretches {
			seen[k.host] = true
		}
	}
	out := make([]string, 0, len(seen))
	for h := range seen {
		out = append(out, h)
	}
	slices.Sort(out)
	return out
}

// locate gives executions and hits their processes. Of several records of one start the one that says most counts.
func (s *scanned) locate(watchers []*watcher, rules *Rules) {
	for _, w := range watchers {
		for _, r := range w.runs {
			r.host = s.canon(r.host)
			id := s.graph.Find(r.host, r.key, r.time)
			if id == 0 || r.told && !s.graph.Process(id).Inferred {
				continue
			}
			if have, ok := s.runs[id]; ok {
				r = better(have, r)
			}
			s.runs[id] = r
		}
		for _, h := range w.hits {
			h.host = s.canon(h.host)
			s.hits = append(s.hits, located{process: s.graph.Find(h.host, h.key, h.time), hit: h})
		}
	}
	s.strangers()
	slices.SortFunc(s.hits, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.process, b.process), strings.Compare(a.host, b.host), cmp.Compare(a.time, b.time), cmp.Compare(a.rule, b.rule), a.ref.Compare(b.ref))
	})
	out := s.hits[:0]
	for _, h := range s.hits {
		if n := len(out); n > 0 && out[n-1].copyOf(&h) {
			if h.ref != out[n-1].ref {
				out[n-1].also = append(out[n-1].also, h.ref)
			}
			continue
		}
		out = append(out, h)
	}
	s.hits = out
}

// copyOf tells whether two hits are one rule's word on copies of one record.
func (h *located) copyOf(o *located) bool {
	return h.rule == o.rule && h.process == o.process && h.host == o.host && h.time == o.time && h.ref.HasID == o.ref.HasID && h.ref.RecordID == o.ref.RecordID && (h.ref.HasID || h.ref == o.ref)
}

// better merges two records of one execution: what either recognises counts, the fuller record leads.
func better(a, b run) run {
	rank := func(r run) int {
		n := 0
		for i, ok := range []bool{r.cmd, r.ofn, !r.told} {
			if ok {
				n += 1 << i
			}
		}
		return n
	}
	if ra, rb := rank(a), rank(b); rb > ra || rb == ra && b.ref.Compare(a.ref) < 0 {
		a, b = b, a
	}
	a.abuse = a.abuse || b.abuse
	if a.shape == 0 {
		a.shape = b.shape
	}
	if a.judged.identity == "" || a.judged.identity == lolbas.UnknownIdentity {
		if b.judged.entry != nil && b.judged.identity != "" {
			a.judged = b.judged
		}
	}
	return a
}

// strangers are programs on the list that no record of a start shows: known by their deeds, or as a parent without a line.
func (s *scanned) strangers() {
	for id := reeve.ProcID(1); int(id) <= s.graph.Len(); id++ {
		if p := s.graph.Process(id); p.Inferred {
			if _, ok := s.runs[id]; ok {
				continue
			}
			if j := byName(p.Image); j.entry != nil {
				s.runs[id] = run{host: p.Host, key: p.Key, time: s.graph.Seen(id), judged: j, told: true}
			}
		}
	}
}

// starts lists the recorded process starts for the table of habits.
func (s *scanned) starts() []prevalence.Start {
	out := make([]prevalence.Start, 0, s.graph.Len())
	for id := reeve.ProcID(1); int(id) <= s.graph.Len(); id++ {
		if p := s.graph.Process(id); !p.Inferred {
			out = append(out, s.start(&p))
		}
	}
	return out
}

func (s *scanned) start(p *reeve.Process) prevalence.Start {
	return prevalence.Start{Process: p.ID, Host: p.Host, Image: p.Image, ParentImage: s.graph.Process(p.Parent).Image, User: p.User, CommandShape: s.runs[p.ID].shape, Time: p.Start}
}

// triage prepares what decides which executions become cases.
func (s *scanned) triage(opt *Options) triage.Input {
	in := triage.Input{Graph: s.graph, Rules: map[reeve.ProcID]string{}, Named: map[reeve.ProcID]string{}, All: opt.All}
	gravest := map[reeve.ProcID]reeve.Level{}
	for i := range s.hits {
		h := &s.hits[i]
		r := opt.Rules.engine.Rules()[h.rule]
		if l := levelOf(r.Level); h.process != 0 && l >= reeve.Medium && l > gravest[h.process] {
			gravest[h.process], in.Rules[h.process] = l, fmt.Sprintf("%s (%s)", r.Title, l)
		}
	}
	for id := reeve.ProcID(1); int(id) <= s.graph.Len(); id++ {
		p := s.graph.Process(id)
		r, listed := s.runs[id]
		at := s.graph.Seen(id)
		if !opt.wants(&p, s) {
			continue
		}
		for _, subject := range opt.Subjects {
			if subject.Matches(&p) {
				in.Named[id] = subject.Text
				break
			}
		}
		if listed && r.judged.entry != nil {
			in.Executions = append(in.Executions, triage.Execution{Process: id, Host: p.Host, Time: at, Image: p.Image, Parent: s.graph.Process(p.Parent).Image, Entry: r.judged.entry,
				Location: r.judged.location, Identity: r.judged.identity, Abuse: r.abuse, Shape: r.shape})
		}
	}
	return in
}

// wants tells whether an execution lies on the host and in the time that were asked for.
func (opt *Options) wants(p *reeve.Process, s *scanned) bool {
	at := s.graph.Seen(p.ID)
	return (opt.Host == "" || p.Host == s.canon(opt.Host)) && (opt.From == 0 || at >= opt.From) && (opt.To == 0 || at <= opt.To)
}

// result is the investigation without its cases.
func (s *scanned) result(opt *Options, triaged []reeve.Triaged) *reeve.Investigation {
	inv := &reeve.Investigation{Tool: opt.Tool, Triage: triaged}
	inv.Evidence.Files = s.files
	inv.Evidence.Hosts = s.coverage.Hosts()
	inv.Coverage, inv.Gaps = s.coverage.Report(winlog.Lacks)
	for _, h := range inv.Coverage {
		for _, c := range h.Channels {
			if c.First != 0 && (inv.Evidence.First == 0 || c.First < inv.Evidence.First) {
				inv.Evidence.First = c.First
			}
			inv.Evidence.Last = max(inv.Evidence.Last, c.Last)
		}
	}
	inv.Gaps = append(inv.Gaps, s.unreadable()...)
	inv.Unfound = s.unfound(opt)
	inv.Notes = s.notes(opt)
	return inv
}

// unreadable are the losses of files that hold one channel of one host, so that it is known where the hole is.
func (s *scanned) unreadable() []reeve.Gap {
	owner := map[string]*source{}
	for i := range s.sources {
		x := &s.sources[i]
		if _, seen := owner[x.file]; seen {
			owner[x.file] = nil
			continue
		}
		owner[x.file] = x
	}
	var out []reeve.Gap
	for i := range s.files {
		f := &s.files[i]
		if x := owner[f.Path]; x != nil && len(f.Errors) > 0 {
			says := fmt.Sprintf("%d parts of %s could not be read", len(f.Errors)+f.MoreErrors, f.Path)
			if len(f.Errors) == 1 && f.MoreErrors == 0 {
				says = "a part of " + f.Path + " could not be read"
			}
			out = append(out, reeve.Gap{Host: x.host, Channel: x.channel, Kind: "unreadable", From: x.from, To: x.to, Says: says, Ref: f.Errors[0].Ref})
		}
	}
	return out
}

// unfound says of each subject that was asked for and not found why there is no case.
func (s *scanned) unfound(opt *Options) []string {
	var out []string
	for _, subject := range opt.Subjects {
		found, outside := false, false
		for id := reeve.ProcID(1); int(id) <= s.graph.Len() && !found; id++ {
			p := s.graph.Process(id)
			if !subject.Matches(&p) {
				continue
			}
			found = opt.wants(&p, s)
			outside = true
		}
		switch {
		case found:
		case outside:
			out = append(out, fmt.Sprintf("%s ran, but not on the host or in the time that was asked for.", subject.Text))
		case !s.anyStart():
			out = append(out, fmt.Sprintf("No record shows %s: the evidence has no records of process starts at all, so this says nothing about whether it ran.", subject.Text))
		default:
			out = append(out, fmt.Sprintf("No record shows %s: of %d hosts, %d have records of process starts. Where there are none, it may have run unseen.", subject.Text, len(s.coverage.Hosts()), s.hostsWithStarts()))
		}
	}
	return out
}

func (s *scanned) anyStart() bool { return s.hostsWithStarts() > 0 }

func (s *scanned) hostsWithStarts() int {
	seen := map[string]bool{}
	for id := reeve.ProcID(1); int(id) <= s.graph.Len(); id++ {
		if p := s.graph.Process(id); !p.Inferred {
			seen[p.Host] = true
		}
	}
	return len(seen)
}

// notes tells what the reader of a report must know about this run.
func (s *scanned) notes(opt *Options) []string {
	var out []string
	records, duplicates := 0, 0
	for i := range s.files {
		records += s.files[i].Records
		duplicates += s.files[i].Duplicates
	}
	switch {
	case len(s.files) == 0:
		out = append(out, "The paths hold no files.")
	case records == 0:
		out = append(out, "No event record was found in any of the files; what each of them is stands in the list of evidence.")
	case !s.anyStart():
		out = append(out, "No record of a process start was found. "+winlog.Enable(reeve.ProcessStart).Enable+" would be needed to see executions.")
	}
	if duplicates > 0 {
		out = append(out, fmt.Sprintf("%d records stand in more than one place; each counts once.", duplicates))
	}
	if opt.From != 0 || opt.To != 0 || opt.Host != "" {
		out = append(out, "Only executions on the host and in the time that were asked for could become cases; the rest of the evidence was read as their surroundings.")
	}
	return out
}

package investigate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/coverage"
	"reeve/internal/detect"
	"reeve/internal/evidence"
	"reeve/internal/gather"
	"reeve/internal/ingest"
	"reeve/internal/prevalence"
	"reeve/internal/process"
	"reeve/internal/trail"
	"reeve/internal/triage"
	"reeve/lolbas"
)

// scanned is what the first reading left: small, owned, the same for any number of workers.
type scanned struct {
	files    []reeve.File
	canon    func(string) string
	graph    *process.Graph
	coverage *coverage.Coverage
	habits   *prevalence.Table
	runs     map[reeve.ProcID]run   // executions that may become a case
	hits     []*detect.Hit          // by process, time and rule
	shared   map[reeve.ProcID][]int // by process: of the hits those of correlations that count a record about it
	left     detect.Left
	where    *trail.Map
	sources  []trail.Source
	starters map[string]bool            // hosts with records of process starts
	nameless map[reeve.Ref]reeve.ProcID // processes whose records give neither GUID nor pid, by their records
	places   map[string]bool            // programs of which it was asked whether they lie where they belong
	copies   *search
	library  *gather.Library // what the further readings find
}

// scan reads every record once, in parallel.
func scan(ctx context.Context, set *evidence.Set, opt *Options) (*scanned, error) {
	var watchers []*watcher
	tally := detect.NewTally(cmp.Or(opt.counted, detect.MaxCounted))
	o := opt.ingest(func(p ingest.Progress) { opt.progress("scan", p) })
	o.Hash = !opt.hunts
	files, err := ingest.Scan(ctx, set, o, func(int) ingest.Sink {
		w := newWatcher(opt, tally)
		watchers = append(watchers, w)
		return w
	})
	if err != nil {
		return nil, err
	}
	builders, counters := make([]*process.Builder, len(watchers)), make([]*coverage.Counter, len(watchers))
	trails, charts := make([]*trail.Trail, len(watchers)), make([]*trail.Chart, len(watchers))
	var names []string
	for i, w := range watchers {
		builders[i], counters[i], trails[i], charts[i] = w.builder, w.counter, w.trail, w.chart
		names = append(names, w.trail.Hosts()...)
	}
	s := &scanned{files: files, canon: process.Canon(names), runs: map[reeve.ProcID]run{}, starters: map[string]bool{}, nameless: map[reeve.Ref]reeve.ProcID{}, places: map[string]bool{}}
	s.graph = process.Build(builders, s.canon)
	s.coverage = coverage.Build(counters, s.canon)
	rows := trail.Merge(trails, s.canon)
	s.where, s.sources = trail.MergeCharts(charts, s.canon), rows.Sources()
	s.nameThem()
	s.library = gather.New(s.canon, s.actor)
	s.locateRuns(watchers)
	s.locateHits(watchers, tally, opt.Rules)
	s.habits = prevalence.Build(s.walk())
	s.copies = s.searchCopies(rows.Twice())
	return s, nil
}

// nameThem notes the processes that can only be known by their records.
func (s *scanned) nameThem() {
	for id := reeve.ProcID(1); int(id) <= s.graph.Len(); id++ {
		if p := s.graph.Process(id); p.Key.IsZero() && !p.Inferred {
			for _, r := range p.Refs {
				s.nameless[r] = id
			}
		}
	}
}

// actor is the process that a record is about; 0 when none is known.
func (s *scanned) actor(host string, key reeve.ProcKey, at reeve.Time, ref reeve.Ref) reeve.ProcID {
	if key.IsZero() {
		return s.nameless[ref]
	}
	return s.graph.Find(host, key, at)
}

// by is the process that did an event; 0 when none is known.
func (s *scanned) by(e *reeve.Event) reeve.ProcID { return s.actor(e.Host, e.Process, e.Time, e.Ref) }

// locateRuns gives executions their processes. Of several records of one start the one that says most leads.
func (s *scanned) locateRuns(watchers []*watcher) {
	type placed struct {
		id reeve.ProcID
		run
	}
	var all []placed
	for _, w := range watchers {
		for _, r := range w.runs {
			r.host = s.canon(r.host)
			id := s.actor(r.host, r.key, r.time, r.ref)
			if id == 0 || r.told && !s.fits(id, &r) {
				continue
			}
			all = append(all, placed{id, r})
		}
		w.runs, w.told, w.started = nil, nil, nil
	}
	slices.SortFunc(all, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(b.rank(), a.rank()), a.ref.Compare(b.ref))
	})
	for _, x := range all {
		switch have, ok := s.runs[x.id]; {
		case !ok:
			s.runs[x.id] = x.run
		case !x.told: // of children's words the first counts
			s.runs[x.id] = have.with(&x.run)
		}
	}
}

// fits tells whether a child's word on its parent can stand for a process: no record shows that, and it is the same program.
func (s *scanned) fits(id reeve.ProcID, r *run) bool {
	p := s.graph.Process(id)
	return p.Inferred && (p.Image == "" || byName(p.Image).entry == r.judged.entry)
}

// rank orders the records of one execution by what they say.
func (r *run) rank() int {
	n := 0
	for i, ok := range []bool{r.cmd, r.ofn, !r.told} {
		if ok {
			n += 1 << i
		}
	}
	return n
}

// with adds what a lesser record of the same execution says.
func (r run) with(o *run) run {
	r.abuse = r.abuse || o.abuse
	if r.shape == 0 {
		r.shape = o.shape
	}
	unknown := r.judged.identity == "" || r.judged.identity == lolbas.UnknownIdentity
	if o.judged.entry != nil && (r.judged.entry == nil || unknown && o.judged.identity != "" && o.judged.identity != lolbas.UnknownIdentity) {
		r.judged = o.judged
	}
	return r
}

// locateHits gives hits their processes, makes one of a rule's words on copies of one record, and lets correlations count them.
func (s *scanned) locateHits(watchers []*watcher, tally *detect.Tally, rules *Rules) {
	if rules == nil {
		return
	}
	s.hits = tally.Take()
	for _, w := range watchers {
		s.hits = append(s.hits, w.hits...)
		w.hits = nil
	}
	for _, h := range s.hits {
		h.Host = s.canon(h.Host)
		h.Process = s.actor(h.Host, h.Key, h.Time, h.Ref)
	}
	s.hits, s.left = tally.Correlate(rules.engine, detect.Distinct(s.hits, gather.MaxCopies))
	slices.SortFunc(s.hits, func(a, b *detect.Hit) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), strings.Compare(a.Host, b.Host), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Rule, b.Rule), a.Ref.Compare(b.Ref))
	})
	s.shared = map[reeve.ProcID][]int{}
	for i, h := range s.hits {
		if w := h.Whole; w != nil {
			for _, id := range w.Processes {
				s.shared[id] = append(s.shared[id], i)
			}
		}
	}
}

// walk goes over all processes once: it lists the recorded starts for the table of habits, and finds the strangers, programs on
// the list that no record of a start shows: known by their deeds, or as a parent without a line.
func (s *scanned) walk() []prevalence.Start {
	out := make([]prevalence.Start, 0, s.graph.Len())
	for id := reeve.ProcID(1); int(id) <= s.graph.Len(); id++ {
		p := s.graph.Process(id)
		if !p.Inferred {
			s.starters[p.Host] = true
			out = append(out, s.start(&p))
			continue
		}
		if _, ok := s.runs[id]; ok {
			continue
		}
		if j := byName(p.Image); j.entry != nil {
			s.runs[id] = run{host: p.Host, key: p.Key, time: s.graph.Seen(id), judged: j, told: true}
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
	for _, h := range s.hits {
		r := opt.Rules.engine.Rules()[h.Rule]
		if l := detect.LevelOf(r); h.Process != 0 && l >= reeve.Medium && l > gravest[h.Process] {
			gravest[h.Process], in.Rules[h.Process] = l, fmt.Sprintf("%s (%s)", r.Title, l)
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
	return opt.within(p.Host, s.graph.Seen(p.ID), s)
}

func (opt *Options) within(host string, at reeve.Time, s *scanned) bool {
	return (opt.Host == "" || host == s.canon(opt.Host)) && (opt.From == 0 || at >= opt.From) && (opt.To == 0 || at <= opt.To)
}

package investigate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/playbook"
	"reeve/internal/process"
	"reeve/internal/winlog"
)

// gather reads the evidence again for what the cases ask, and once more as long as the answers name something new.
func (s *scanned) gather(ctx context.Context, set *evidence.Set, opt *Options, drafts []*draft) error {
	for round := 1; len(drafts) > 0; round++ {
		ask := compile(drafts, s.graph)
		ask.looked = s.lookedAt(drafts, opt.Rules)
		o := opt.ingest(func(p ingest.Progress) { opt.progress(fmt.Sprintf("gather %d", round), p) })
		o.Only = func(file string) bool { return s.concerns(file, ask) }
		var readers []*reader
		_, err := ingest.Scan(ctx, set, o, func(int) ingest.Sink {
			r := &reader{ask: ask, decoder: winlog.NewDecoder(), canon: s.canon, graph: s.graph}
			r.rules = opt.Rules.worker(r.decoder)
			readers = append(readers, r)
			return r
		})
		if err != nil {
			return err
		}
		deliver(readers, drafts)
		var again []*draft
		for _, d := range drafts {
			if d.grow(s.view(d, opt)) {
				again = append(again, d)
			}
		}
		if round == maxRounds {
			for _, d := range again {
				d.limit = fmt.Sprintf(limitWords, maxRounds)
			}
			again = nil
		}
		drafts = again
	}
	return nil
}

// concerns tells whether a file holds records of a host and time that is asked for.
func (s *scanned) concerns(file string, ask *asked) bool {
	for host, x := range s.where[file] {
		if h := ask.hosts[host]; h != nil && (x.to == 0 || x.to >= h.from && x.from <= h.to) {
			return true
		}
	}
	return false
}

// asked is the compiled form of all cases' wants: from what a record names to the cases that it concerns.
type asked struct {
	hosts  map[string]*askedHost
	looked map[reeve.Ref][]lookup // records that rules matched, by citation
}

// lookup asks what a rule looked at in a record of a case.
type lookup struct {
	draft int
	rule  int32
}

// lookedAt lists the records whose rules a case will show.
func (s *scanned) lookedAt(drafts []*draft, rules *Rules) map[reeve.Ref][]lookup {
	out := map[reeve.Ref][]lookup{}
	for i, d := range drafts {
		for n, h := range s.hitsOn(d.process.ID) {
			if _, done := d.looked[lookedKey{h.ref, rules.engine.Rules()[h.rule].ID}]; !done && n < maxFindings {
				out[h.ref] = append(out[h.ref], lookup{i, h.rule})
			}
		}
	}
	return out
}

type askedHost struct {
	drafts    []int // all cases on the host
	processes map[reeve.ProcID][]int
	paths     map[string][]int
	logons    map[string][]int
	want      []*draft
	from, to  reeve.Time
}

func compile(drafts []*draft, g *process.Graph) *asked {
	a := &asked{hosts: map[string]*askedHost{}}
	for i, d := range drafts {
		h := a.hosts[d.process.Host]
		if h == nil {
			h = &askedHost{processes: map[reeve.ProcID][]int{}, paths: map[string][]int{}, logons: map[string][]int{}, want: drafts, from: d.want.from}
			a.hosts[d.process.Host] = h
		}
		h.drafts = append(h.drafts, i)
		h.from, h.to = min(h.from, d.want.from-lookLong), max(h.to, d.want.to)
		for id := range d.want.processes {
			h.processes[id] = append(h.processes[id], i)
			p := g.Process(id)
			if p.Start != 0 {
				h.from = min(h.from, p.Start-reeve.Minute)
			}
		}
		for name := range d.want.paths {
			h.paths[name] = append(h.paths[name], i)
		}
		for id := range d.want.logons {
			h.logons[id] = append(h.logons[id], i)
		}
	}
	return a
}

// reader is one worker's part of the second reading.
type reader struct {
	ask     *asked
	decoder *winlog.Decoder
	canon   func(string) string
	graph   *process.Graph
	rules   *ruleWorker
	light   winlog.Light
	found   []delivery
	silent  []silence
	looked  []looked
}

// looked is what a rule looked at in a record of a case.
type looked struct {
	draft  int
	key    lookedKey
	fields []reeve.NamedValue
}

type delivery struct {
	draft int
	event reeve.Event
}

// silence is a word about rules that did not see a case's subject.
type silence struct {
	draft int
	ref   reeve.Ref
	rules []playbook.SilentRule
}

func (r *reader) Lost(reeve.ReadError) {} // told by the first reading

func (r *reader) Record(rec reeve.Record) {
	head := rec.Head()
	host := r.ask.hosts[r.canon(head.Computer)]
	if host == nil || head.Time != 0 && head.Time < host.from {
		return
	}
	plan := r.decoder.Meaning(rec)
	if plan == nil {
		return
	}
	r.decoder.Light(rec, plan, &r.light)
	to := host.concerns(r, plan.Kind)
	if to == nil && !readsText(plan.Kind) {
		return
	}
	e := r.decoder.Decode(rec, plan)
	e.Host = r.canon(e.Host)
	for _, l := range r.ask.looked[e.Ref] {
		r.looked = append(r.looked, looked{l.draft, lookedKey{e.Ref, r.rules.rules[l.rule].ID}, r.rules.matcher.Looked(rec, l.rule)})
	}
	for _, i := range host.byText(&e, to) {
		r.found = append(r.found, delivery{i, e})
		if d := host.want[i]; r.rules != nil && d.opened.Entry != nil && d.silent == nil && !d.process.Inferred && e.Ref == d.process.Refs[0] {
			r.silent = append(r.silent, silence{i, e.Ref, r.rules.silent(rec, d.opened.Entry.Name)})
		}
	}
}

// concerns finds the cases by process and kind, without decoding text.
func (h *askedHost) concerns(r *reader, kind reeve.Kind) []int {
	var to []int
	if !r.light.Process.IsZero() {
		if id := r.graph.Find(r.canon(r.light.Host), r.light.Process, r.light.Time); id != 0 {
			to = h.processes[id]
		}
	}
	if slices.Contains(always, kind) {
		back := reeve.Time(lookBack)
		if slices.Contains(long, kind) {
			back = lookLong
		}
		for _, i := range h.drafts {
			d := h.want[i]
			if t := r.light.Time; t >= d.at-back && t <= d.want.to {
				to = append(slices.Clip(to), i)
			}
		}
	}
	return to
}

// readsText tells the kinds whose records concern a case by a file, session or target that only their text names.
func readsText(kind reeve.Kind) bool {
	switch kind {
	case reeve.FileCreate, reeve.FileStream, reeve.FileExecutable, reeve.FileTime, reeve.FileDelete, reeve.FileAccess, reeve.ImageLoad, reeve.ShareAccess,
		reeve.ProcessStart, reeve.ScriptBlock, reeve.Logon, reeve.AdminLogon, reeve.ExplicitLogon, reeve.ProcessAccess, reeve.RemoteThread, reeve.Signature:
		return true
	}
	return false
}

// byText adds the cases that the event names by file, session or target; each case once, in order.
func (h *askedHost) byText(e *reeve.Event, to []int) []int {
	to = slices.Clone(to)
	near := func(list []int) {
		for _, i := range list {
			if d := h.want[i]; e.Time >= d.want.from && e.Time <= d.want.to {
				to = append(to, i)
			}
		}
	}
	switch e.Kind {
	case reeve.Logon, reeve.AdminLogon, reeve.ExplicitLogon:
		for _, a := range []reeve.Attr{reeve.AttrTargetLogonID, reeve.AttrLogonID} {
			to = append(to, h.logons[strings.ToLower(e.Get(a))]...)
		}
	case reeve.ProcessStart:
		h.namedIn(e.Get(reeve.AttrCommandLine), near)
	case reeve.ScriptBlock:
		h.namedIn(e.Get(reeve.AttrContent), near)
	default:
		for _, a := range []reeve.Attr{reeve.AttrPath, reeve.AttrLoadedImage, reeve.AttrTargetImage} {
			if name := baseOf(e.Get(a)); name != "" {
				name, _, _ = strings.Cut(name, ":")
				near(h.paths[name])
			}
		}
	}
	slices.Sort(to)
	return slices.Compact(to)
}

// namedIn finds wanted file names in a text by looking at its words, so that the cost does not grow with the number of cases.
func (h *askedHost) namedIn(text string, near func([]int)) {
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \t\r\n\"'\\/=,;()|<>&", r) }) {
		if list := h.paths[w]; list != nil {
			near(list)
		}
	}
}

// deliver hands the findings of all workers to the cases, in an order that does not depend on the workers.
func deliver(readers []*reader, drafts []*draft) {
	var all []delivery
	for _, r := range readers {
		all = append(all, r.found...)
		for _, l := range r.looked {
			drafts[l.draft].looked[l.key] = l.fields
		}
		for _, s := range r.silent {
			if drafts[s.draft].silent == nil {
				drafts[s.draft].silent = s.rules
			}
		}
	}
	slices.SortFunc(all, func(a, b delivery) int {
		return cmp.Or(cmp.Compare(a.draft, b.draft), cmp.Compare(a.event.Time, b.event.Time), a.event.Ref.Compare(b.event.Ref))
	})
	for _, x := range all {
		drafts[x.draft].keep(x.event)
	}
	for _, d := range drafts {
		slices.SortStableFunc(d.events, func(a, b reeve.Event) int { return cmp.Or(cmp.Compare(a.Time, b.Time), a.Ref.Compare(b.Ref)) })
		for i := range d.events {
			e := &d.events[i]
			slices.SortFunc(e.Also, reeve.Ref.Compare)
			d.seen[eventKey{e.Host, e.Channel, e.ID, e.Ref.RecordID, e.Written, e.Process}] = i
		}
	}
}

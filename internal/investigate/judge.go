package investigate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/playbook"
	"reeve/internal/playbook/questions"
	"reeve/internal/verdict"
	"reeve/internal/winlog"
)

// view closes the world around a case.
func (s *scanned) view(d *draft, opt *Options) *playbook.View {
	v := &playbook.View{
		Process: d.process, LOLBin: d.lolbin, Payloads: d.payloads, Graph: s.graph, Coverage: s.coverage, Enable: winlog.Enable,
		Events: d.events, Silent: d.silent, Limit: d.limit, Inventory: opt.Inventory, Intel: opt.Intel,
	}
	if d.truncated {
		v.Limit = fmt.Sprintf("only the first %d events were looked at", maxEvents)
	}
	v.Subject = record(v)
	return v
}

// record is what is known of the subject's start: the fullest of its records, completed by the others; for want of one, what a
// child's record tells.
func record(v *playbook.View) *reeve.Event {
	var list []*reeve.Event
	for i := range v.Events {
		if e := &v.Events[i]; e.Kind == reeve.ProcessStart && e.Host == v.Process.Host && v.By(e) == v.Process.ID {
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		return told(v)
	}
	slices.SortStableFunc(list, func(a, b *reeve.Event) int { return cmp.Compare(len(b.Attrs), len(a.Attrs)) })
	if len(list) == 1 {
		return list[0]
	}
	out := *list[0]
	out.Attrs, out.Also = slices.Clone(out.Attrs), slices.Clone(out.Also)
	for _, e := range list[1:] {
		for _, a := range e.Attrs {
			if !out.Has(a.Attr) {
				out.Attrs = append(out.Attrs, a)
			}
		}
		out.Also = append(out.Also, e.Refs()...)
	}
	return &out
}

// judge asks the questions of a case, weighs the answers and puts the case together.
func (s *scanned) judge(d *draft, opt *Options) reeve.Case {
	v := s.view(d, opt)
	v.Payloads = questions.Payloads(v)
	v.Findings = s.findingsOn(v, d, opt.Rules)
	v.Habit, v.Footprint = s.habitsOf(v, d)
	c := reeve.Case{LOLBin: d.lolbin, Opened: d.opened.Reasons, Payloads: v.Payloads, Findings: v.Findings}
	c.Answers = playbook.Run(questions.All(), v)
	class := ""
	if d.opened.Entry != nil {
		class = string(d.opened.Entry.Class)
	}
	c.Verdict = verdict.Weigh(verdict.Input{Class: class, Core: questions.Core(), Answers: c.Answers})
	c.Subject = subject(v)
	c.ID = caseID(&c.Subject)
	c.Occurrences = s.occurrences(d)
	c.Tree = tree(v)
	c.Timeline = timeline(v)
	c.Indicators = indicators(v, &c.Subject)
	c.Techniques = questions.Techniques(v)
	c.NextSteps = nextSteps(&c)
	return c
}

func subject(v *playbook.View) reeve.Subject {
	p := &v.Process
	out := reeve.Subject{Host: p.Host, Time: v.Time(), Image: p.Image, GUID: p.Key.GUID, PID: p.Key.PID, User: p.User}
	if e := v.Subject; e != nil {
		out.User = cmp.Or(out.User, e.Get(reeve.AttrUser))
		out.CommandLine, out.HasCommandLine = e.Get(reeve.AttrCommandLine), e.Has(reeve.AttrCommandLine)
		out.OriginalFileName = e.Get(reeve.AttrOriginalFileName)
		out.Hashes = playbook.Hashes(e.Get(reeve.AttrHashes))
	}
	return out
}

// caseID is stable over runs and over evidence that is added: it rests on the earliest occurrence alone.
func caseID(s *reeve.Subject) string {
	key := s.GUID.String()
	if key == "" {
		key = fmt.Sprintf("%d@%s", s.PID, s.Time)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{s.Host, key, s.Image}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

func (s *scanned) occurrences(d *draft) []reeve.Occurrence {
	const most = 1000 // of one behaviour; the triage table counts them all
	var out []reeve.Occurrence
	for _, id := range d.opened.Occurrences[:min(len(d.opened.Occurrences), most)] {
		p := s.graph.Process(id)
		o := reeve.Occurrence{Host: p.Host, Time: p.Start, PID: p.Key.PID, GUID: p.Key.GUID, User: p.User}
		if len(p.Refs) > 0 {
			o.Ref = p.Refs[0]
		}
		out = append(out, o)
	}
	return out
}

// maxNodes bounds a case's tree; the report says nothing of what lies beyond, the behaviour answer does.
const maxNodes = 200

// tree lists ancestors from the root on, the subject, and what it started, parents before children.
func tree(v *playbook.View) []reeve.Node {
	above, _ := v.Ancestors()
	below, _ := v.Descendants()
	slices.Reverse(above)
	var out []reeve.Node
	names := map[reeve.ProcID]string{}
	add := func(p reeve.Process, role string) {
		if len(out) >= maxNodes {
			return
		}
		id := fmt.Sprintf("p%d", len(out)+1)
		names[p.ID] = id
		n := reeve.Node{ID: id, Parent: names[p.Parent], Image: p.Image, PID: p.Key.PID, GUID: p.Key.GUID, Start: p.Start, Inferred: p.Inferred, Role: role, Refs: p.Refs}
		if e := v.StartOf(p); e != nil {
			n.CommandLine = e.Get(reeve.AttrCommandLine)
		}
		out = append(out, n)
	}
	for _, p := range above {
		add(p, "ancestor")
	}
	add(v.Process, "subject")
	for _, p := range below {
		role := "descendant"
		if p.Parent == v.Process.ID && slices.ContainsFunc(v.Payloads, func(x reeve.Payload) bool { return strings.EqualFold(x.Image, p.Image) }) {
			role = "payload"
		}
		if names[p.Parent] != "" {
			add(p, role)
		}
	}
	return out
}

// maxMoments bounds a timeline.
const maxMoments = 400

// timeline words the events by the case's own processes and those about its files.
func timeline(v *playbook.View) []reeve.Moment {
	below, _ := v.Descendants()
	above, _ := v.Ancestors()
	mine := map[reeve.ProcID]bool{v.Process.ID: true}
	for _, p := range slices.Concat(below, above) {
		mine[p.ID] = true
	}
	own := map[reeve.ProcID]bool{v.Process.ID: true}
	for _, p := range below {
		own[p.ID] = true
	}
	var out []reeve.Moment
	for i := range v.Events {
		e := &v.Events[i]
		by := v.By(e)
		if !own[by] && !(mine[by] && e.Kind == reeve.ProcessStart) && !aboutFile(v, e) && e.Kind != reeve.Logon && e.Kind != reeve.LogCleared {
			continue
		}
		if len(out) == maxMoments {
			break
		}
		out = append(out, reeve.Moment{Time: e.Time, Kind: e.Kind, Says: words(e), Ref: e.Ref})
	}
	return out
}

func aboutFile(v *playbook.View, e *reeve.Event) bool {
	for _, a := range []reeve.Attr{reeve.AttrPath, reeve.AttrLoadedImage} {
		if p := e.Get(a); p != "" && (strings.EqualFold(p, v.Process.Image) || slices.ContainsFunc(v.Payloads, func(x reeve.Payload) bool { return strings.EqualFold(x.Image, p) })) {
			return true
		}
	}
	return false
}

// words says an event in a line: who, what kind, and the property that tells most.
func words(e *reeve.Event) string {
	who := baseOf(e.Get(reeve.AttrImage))
	what := ""
	for _, a := range []reeve.Attr{reeve.AttrPath, reeve.AttrLoadedImage, reeve.AttrKey, reeve.AttrQuery, reeve.AttrTargetImage, reeve.AttrPipe, reeve.AttrName, reeve.AttrTargetUser, reeve.AttrURL, reeve.AttrContent, reeve.AttrMessage} {
		if s := e.Get(a); s != "" {
			what = s
			break
		}
	}
	switch e.Kind {
	case reeve.ProcessStart:
		what = cmp.Or(e.Get(reeve.AttrCommandLine), e.Get(reeve.AttrImage))
		if parent := baseOf(e.Get(reeve.AttrParentImage)); parent != "" {
			who = parent
		}
		return who + " started " + what
	case reeve.ProcessEnd:
		return who + " ended"
	case reeve.NetworkConnect:
		what = cmp.Or(e.Get(reeve.AttrDestHost), e.Get(reeve.AttrDestIP)) + ":" + e.Get(reeve.AttrDestPort)
	case reeve.RegistrySet:
		what += " = " + e.Get(reeve.AttrDetails)
	case reeve.Logon:
		what += " type " + e.Get(reeve.AttrLogon) + " " + e.Get(reeve.AttrSourceIP)
	}
	return strings.TrimSpace(who + " " + strings.ReplaceAll(string(e.Kind), "_", " ") + " " + what)
}

// indicators lists what can be looked up elsewhere: hashes, addresses, names and paths of the case, each once.
func indicators(v *playbook.View, s *reeve.Subject) []reeve.Indicator {
	var out []reeve.Indicator
	add := func(kind, value string, refs ...reeve.Ref) {
		if value == "" {
			return
		}
		for i := range out {
			if out[i].Type == kind && out[i].Value == value {
				out[i].Refs = playbook.Distinct(append(out[i].Refs, refs...))
				return
			}
		}
		out = append(out, reeve.Indicator{Type: kind, Value: value, Refs: playbook.Distinct(refs)})
	}
	hashes := func(h reeve.Hashes, refs []reeve.Ref) {
		add("sha256", h.SHA256, refs...)
		add("sha1", h.SHA1, refs...)
		add("md5", h.MD5, refs...)
		add("imphash", h.IMPHASH, refs...)
	}
	hashes(s.Hashes, v.SubjectRefs())
	for _, p := range v.Payloads {
		hashes(p.Hashes, p.Refs)
		switch {
		case strings.Contains(p.Image, "://"):
			add("url", p.Image, p.Refs...)
		case strings.Contains(p.Image, `\`):
			add("path", p.Image, p.Refs...)
		}
	}
	below, _ := v.Descendants()
	tree := []reeve.ProcID{v.Process.ID}
	for _, p := range below {
		tree = append(tree, p.ID)
	}
	for _, e := range v.Deeds(tree, reeve.NetworkConnect, reeve.DNSQuery) {
		if e.Kind == reeve.DNSQuery {
			add("domain", e.Get(reeve.AttrQuery), e.Ref)
		} else if questions.Outside(e.Get(reeve.AttrDestIP)) {
			add("ip", e.Get(reeve.AttrDestIP), e.Ref)
		}
	}
	rankOf := func(t string) int {
		return slices.Index([]string{"sha256", "sha1", "md5", "imphash", "ip", "domain", "url", "path"}, t)
	}
	slices.SortStableFunc(out, func(a, b reeve.Indicator) int {
		return cmp.Or(cmp.Compare(rankOf(a.Type), rankOf(b.Type)), strings.Compare(a.Value, b.Value))
	})
	return out
}

// relate links cases: one inside the other's tree, and the same payload or program on several hosts.
func relate(cases []reeve.Case) {
	type key struct{ kind, value string }
	where := map[key][]int{}
	for i := range cases {
		c := &cases[i]
		for _, n := range c.Tree {
			if id := n.GUID.String(); id != "" && (n.Role == "subject" || n.Role == "payload" || n.Role == "descendant") {
				where[key{"tree", c.Subject.Host + id}] = append(where[key{"tree", c.Subject.Host + id}], i)
			}
		}
		for _, p := range c.Payloads {
			if p.Hashes.SHA256 != "" {
				where[key{"payload", p.Hashes.SHA256}] = append(where[key{"payload", p.Hashes.SHA256}], i)
			}
		}
	}
	keys := make([]key, 0, len(where))
	for k := range where {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.value, b.value)) })
	const most = 20
	for _, k := range keys {
		why := "a process stands in both trees"
		if k.kind == "payload" {
			why = "the same payload, by hash"
		}
		list := slices.Compact(where[k])
		for _, i := range list {
			for _, j := range list {
				r := reeve.Relation{Case: cases[j].ID, Why: why}
				if i != j && len(cases[i].Related) < most && !slices.Contains(cases[i].Related, r) {
					cases[i].Related = append(cases[i].Related, r)
				}
			}
		}
	}
	for i := range cases {
		slices.SortFunc(cases[i].Related, func(a, b reeve.Relation) int {
			return cmp.Or(strings.Compare(a.Case, b.Case), strings.Compare(a.Why, b.Why))
		})
	}
}

// rank puts the gravest case first, then by score, host, time and id.
func rank(cases []reeve.Case) {
	slices.SortFunc(cases, func(a, b reeve.Case) int {
		return cmp.Or(cmp.Compare(b.Verdict.Label.Rank(), a.Verdict.Label.Rank()), cmp.Compare(b.Verdict.Score, a.Verdict.Score),
			strings.Compare(a.Subject.Host, b.Subject.Host), cmp.Compare(a.Subject.Time, b.Subject.Time), strings.Compare(a.ID, b.ID))
	})
}

// nextSteps says what an analyst does now: close the open questions of a grave or open case, then contain, then improve.
func nextSteps(c *reeve.Case) []string {
	var out []string
	add := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); len(out) < 8 && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	grave := c.Verdict.Label.Rank() >= reeve.Suspicious.Rank()
	if c.Verdict.Label == reeve.Malicious {
		add("Isolate %s and keep its memory and logs before anything is cleaned.", c.Subject.Host)
	}
	if grave {
		for _, p := range c.Payloads[:min(len(c.Payloads), 2)] {
			if strings.Contains(p.Image, `\`) && p.Kind != "attach" {
				add("Collect %s from %s and examine it.", p.Image, c.Subject.Host)
			}
		}
		for _, i := range c.Indicators[:min(len(c.Indicators), 3)] {
			add("Search the estate for the %s %s.", i.Type, i.Value)
		}
	}
	if c.Verdict.Label.Rank() >= reeve.Inconclusive.Rank() && c.Subject.User != "" {
		add("Ask %s, or the owner of %s, about this command at %s.", c.Subject.User, c.Subject.Host, c.Subject.Time)
	}
	if c.Verdict.Label.Rank() >= reeve.Inconclusive.Rank() {
		for _, a := range c.Answers {
			if a.Stance == reeve.Unknown {
				for _, m := range a.Missing {
					add("To answer %q next time: %s.", a.Question, m.Enable)
				}
			}
		}
	}
	return out
}

// cited collects every citation of a result.
func cited(inv *reeve.Investigation) []reeve.Ref {
	set := map[reeve.Ref]bool{}
	add := func(refs ...reeve.Ref) {
		for _, r := range refs {
			if r.File != "" {
				set[r] = true
			}
		}
	}
	for i := range inv.Cases {
		c := &inv.Cases[i]
		for _, a := range c.Answers {
			add(a.Refs...)
			for _, d := range a.Details {
				add(d.Refs...)
			}
		}
		for _, st := range slices.Concat(c.Verdict.Because, c.Verdict.WouldChange) {
			add(st.Refs...)
		}
		for _, p := range c.Payloads {
			add(p.Refs...)
		}
		for _, f := range c.Findings {
			add(f.Refs...)
		}
		for _, n := range c.Tree {
			add(n.Refs...)
		}
		for _, n := range c.Indicators {
			add(n.Refs...)
		}
		for _, m := range c.Timeline {
			add(m.Ref)
		}
		for _, o := range c.Occurrences[:min(len(c.Occurrences), 50)] {
			add(o.Ref)
		}
	}
	for _, g := range inv.Gaps {
		add(g.Ref)
	}
	out := make([]reeve.Ref, 0, len(set))
	for r := range set {
		out = append(out, r)
	}
	slices.SortFunc(out, reeve.Ref.Compare)
	return out
}

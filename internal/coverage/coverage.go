package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reeve"
)

// State says what it means that no event of a kind was seen.
type State uint8

// The states, rising in what silence is worth.
const (
	Absent    State = iota // no event of this kind on this host at all: absent or off
	Quiet                  // the host has such events, but not near this time
	Selective              // there are some near this time, but the source may select by program or rule
	Full                   // the source logs without selection here: silence speaks
)

// Speech is a state with its sentence.
type Speech struct {
	State State
	Says  string
}

// talkative is how many different programs within the hours in question show that a source does not select by program.
// Configurations that include by program name a handful.
const talkative = 12

// Coverage is the merged word of all counters. It is read only but for Discount.
type Coverage struct {
	channels map[channelKey]*channel
	kinds    map[kindKey]*kind
	lacks    map[lackKey]int
	gaps     []reeve.Gap
	hosts    []string
	partial  bool // more hosts, channels or kinds than are counted
}

// Build merges what the workers counted.
func Build(counters []*Counter, canon func(string) string) *Coverage {
	c := &Coverage{channels: map[channelKey]*channel{}, kinds: map[kindKey]*kind{}, lacks: map[lackKey]int{}}
	c.mergeChannels(counters, canon)
	c.mergeKinds(counters, canon)
	for _, x := range counters {
		for _, g := range x.cleared {
			g.Host = canon(g.Host)
			c.gaps = append(c.gaps, g)
		}
	}
	if c.gaps = least(c.gaps); len(c.gaps) > maxCleared {
		c.gaps = append(c.gaps[:maxCleared], reeve.Gap{Kind: "cleared", Says: fmt.Sprintf("more than %d changes of what is logged; the others are not listed", maxCleared)})
	}
	c.findGaps(counters)
	for k := range c.channels {
		c.hosts = append(c.hosts, k.host)
	}
	slices.Sort(c.hosts)
	c.hosts = slices.Compact(c.hosts)
	return c
}

func (c *Coverage) mergeChannels(counters []*Counter, canon func(string) string) {
	most := limitOf(counters, func(x *Counter) *bounded[channelKey, *channel] { return &x.channels })
	c.partial = most != nil
	for _, x := range counters {
		for k, ch := range x.channels.of {
			if most != nil && k.compare(*most) > 0 {
				continue
			}
			k.host = canon(k.host)
			have := c.channels[k]
			if have == nil {
				have = newChannel()
				c.channels[k] = have
			}
			have.merge(ch.span)
			have.runs = append(have.runs, ch.runs...)
			have.overflow = have.overflow || ch.overflow
			for h := range ch.hours {
				have.note(reeve.Time(h) * reeve.Hour)
			}
			if ch.hours == nil {
				have.hours = nil
			}
		}
	}
}

func (c *Coverage) mergeKinds(counters []*Counter, canon func(string) string) {
	most := limitOf(counters, func(x *Counter) *bounded[kindKey, *kind] { return &x.kinds })
	lacking := limitOf(counters, func(x *Counter) *bounded[lackKey, *int] { return &x.lacks })
	c.partial = c.partial || most != nil || lacking != nil
	for _, x := range counters {
		for k, kd := range x.kinds.of {
			if most != nil && k.compare(*most) > 0 {
				continue
			}
			k.host = canon(k.host)
			have := c.kinds[k]
			if have == nil {
				have = newKind()
				c.kinds[k] = have
			}
			have.merge(kd)
		}
		for k, n := range x.lacks.of {
			if lacking == nil || k.compare(*lacking) <= 0 {
				c.lacks[lackKey{canon(k.host), k.what}] += *n
			}
		}
	}
}

func limitOf[K ordered[K], V any](counters []*Counter, of func(*Counter) *bounded[K, V]) *K {
	var maps []*bounded[K, V]
	for _, x := range counters {
		maps = append(maps, of(x))
	}
	return limit(maps...)
}

func (k *kind) merge(o *kind) {
	k.span.merge(o.span)
	for at, h := range o.hours {
		x := k.hourAt(reeve.Time(at) * reeve.Hour)
		if x == nil {
			break
		}
		x.unselected = x.unselected || h.unselected
		for _, p := range h.programs {
			x.note(p)
		}
	}
	if o.hours == nil {
		k.hours = nil
	}
}

// Hosts lists the hosts in the evidence, sorted.
func (c *Coverage) Hosts() []string { return c.hosts }

// findGaps tells holes and silences.
func (c *Coverage) findGaps(counters []*Counter) {
	runs := 0
	for _, ch := range c.channels {
		ch.runs = joined(ch.runs)
		runs += len(ch.runs)
	}
	scattered := runs > maxAllRuns/2 || slices.ContainsFunc(counters, func(x *Counter) bool { return x.scattered })
	for k, ch := range c.channels {
		if !scattered {
			c.gaps = append(c.gaps, ch.holes(k)...)
		}
		c.gaps = append(c.gaps, ch.silences(k)...)
		ch.runs, ch.hours = nil, nil // nothing else asks for them
	}
	if scattered {
		c.gaps = append(c.gaps, reeve.Gap{Kind: "hole", Says: "the record ids of the evidence have more holes than can be told apart: exports by selection, or records removed"})
	}
	slices.SortFunc(c.gaps, compareGaps)
}

// maxHoles is how many holes of a channel are told one by one; more are told as one.
const maxHoles = 20

// holes are record ids between the first and the last that no record has, and the places where the ids begin anew.
func (ch *channel) holes(k channelKey) []reeve.Gap {
	if ch.overflow || len(ch.runs) > maxToldOf {
		first := slices.MinFunc(ch.runs, byID)
		return []reeve.Gap{{Host: k.host, Channel: k.channel, Kind: "hole", From: ch.first, To: ch.last, Ref: first.behind,
			Says: "more holes in the record ids than can be told apart: an export by selection, or records removed"}}
	}
	var out []reeve.Gap
	var before *run
	missing, holes := uint64(0), 0
	for _, log := range logs(ch.runs) {
		last := log[0]
		if before != nil {
			out = append(out, reeve.Gap{Host: k.host, Channel: k.channel, Kind: "cleared", From: before.last, To: last.first, Ref: before.behind,
				Says: fmt.Sprintf("record ids begin anew at %d after %d: the log was made anew, or the host was set back", last.from, before.to)})
		}
		for _, r := range log[1:] {
			if r.from > last.to+1 && last.to+1 != 0 {
				n := r.from - last.to - 1
				missing += n
				holes++
				out = append(out, reeve.Gap{Host: k.host, Channel: k.channel, Kind: "hole", From: min(last.last, r.first), To: max(last.last, r.first), Ref: last.behind,
					Says: fmt.Sprintf("%s between record %d and record %d", count(n), last.to, r.from)})
			}
			if r.to > last.to {
				last = r
			}
		}
		before = &last
	}
	if len(out) > maxHoles {
		first, end := out[0], out[len(out)-1]
		return []reeve.Gap{{Host: k.host, Channel: k.channel, Kind: "hole", From: first.From, To: end.To, Ref: first.Ref,
			Says: fmt.Sprintf("%d holes in the record ids, %s in all: an export by selection, or records removed", holes, count(missing))}}
	}
	return out
}

func count(missing uint64) string {
	if missing == 1 {
		return "1 record is missing"
	}
	return fmt.Sprintf("%d records are missing", missing)
}

// logs parts the runs of a channel where its record ids began anew: ids as low as the lowest, later than everything before, and
// in another file, since a clock that was set back makes no new log. The runs of each part are in order of ids.
func logs(runs []run) [][]run {
	byTime := slices.Clone(runs)
	slices.SortFunc(byTime, func(a, b run) int { return cmp.Or(cmp.Compare(min(a.first, a.last), min(b.first, b.last)), byID(a, b)) })
	var out [][]run
	var files map[string]bool
	lowest, latest := uint64(0), reeve.Time(0)
	for i, r := range byTime {
		if i == 0 || r.from <= lowest && latest != 0 && min(r.first, r.last) > latest+apart && !files[r.behind.File] {
			out, files = append(out, nil), map[string]bool{}
			lowest, latest = r.from, 0
		}
		out[len(out)-1] = append(out[len(out)-1], r)
		files[r.behind.File] = true
		lowest, latest = min(lowest, r.from), max(latest, r.first, r.last)
	}
	for _, log := range out {
		slices.SortFunc(log, byID)
	}
	return out
}

// Thresholds of a silence: a channel that logged in nine of ten hours, over two days at least, and then not for six hours or more.
const (
	silenceHours  = 6
	silenceSpan   = 48
	silenceShare  = 90
	maxSilences   = 10
	silenceRecord = 500
)

// silences are stretches without a record in a channel that otherwise logs nearly every hour.
func (ch *channel) silences(k channelKey) []reeve.Gap {
	if len(ch.hours) < silenceSpan*silenceShare/100 || ch.n < silenceRecord {
		return nil
	}
	hours := slices.Sorted(maps.Keys(ch.hours))
	var out []reeve.Gap
	quiet := 0
	for i := 1; i < len(hours); i++ {
		if n := int(hours[i] - hours[i-1] - 1); n >= silenceHours {
			quiet += n
			out = append(out, reeve.Gap{Host: k.host, Channel: k.channel, Kind: "silence", From: reeve.Time(hours[i-1]+1) * reeve.Hour, To: reeve.Time(hours[i]) * reeve.Hour,
				Says: fmt.Sprintf("no record for %d hours in a channel that otherwise logs nearly every hour", n)})
		}
	}
	total := int(hours[len(hours)-1]-hours[0]) + 1
	if total < silenceSpan || len(hours)*100 < (total-quiet)*silenceShare || len(out) > maxSilences {
		return nil
	}
	return out
}

// maxWindow bounds the hours that a question may be about.
const maxWindow = 24 * 31

// Speaks tells what it means that no event of a kind by a program was seen on a host between two times. Silence speaks only
// where a source that logs everything was at work, or where many unrelated programs were logged in these hours. That the program
// itself was logged once proves nothing: sources select by what is done as well as by who does it, and a single harmless act
// would buy silence for all others.
func (c *Coverage) Speaks(host string, what reeve.Kind, image string, from, to reeve.Time) Speech {
	name := what.Words()
	k := c.kinds[kindKey{host, what}]
	switch {
	case k == nil && c.partial:
		return Speech{Selective, "the evidence names more hosts and channels than are counted"}
	case k == nil:
		return Speech{Absent, "this host has no " + name + " events at all: absent or off"}
	case k.hours == nil:
		return Speech{Selective, fmt.Sprintf("the %s events of this host lie too far apart to be counted by the hour", name)}
	}
	first, end := hourOf(from), hourOf(max(from, to))
	programs, hours, unselected := map[uint32]bool{}, 0, false
	for h := first; h <= min(end, first+maxWindow); h++ {
		if x := k.hours[h]; x != nil {
			hours++
			unselected = unselected || x.unselected
			for _, p := range x.programs {
				programs[p] = true
			}
		}
	}
	others := len(programs)
	own := programs[hashFold([]byte(image))]
	if own {
		others--
	}
	switch {
	case hours == 0:
		return Speech{Quiet, fmt.Sprintf("this host has %s, none of them in these hours", events(k.n, name))}
	case unselected:
		return Speech{Full, fmt.Sprintf("in these hours a source that leaves nothing out logged %s events: silence means there was none", name)}
	case others >= talkative:
		return Speech{Full, fmt.Sprintf("in these hours %s events of %d unrelated programs or more were logged: silence means there was none", name, talkative)}
	case own:
		return Speech{Selective, fmt.Sprintf("in these hours %s events of %s were logged, this one among them: the source may select", name, programsWord(len(programs)))}
	}
	return Speech{Selective, fmt.Sprintf("in these hours %s events of %s were logged: the source may select", name, programsWord(len(programs)))}
}

func events(n int, name string) string {
	if n == 1 {
		return "1 " + name + " event"
	}
	return fmt.Sprintf("%d %s events", n, name)
}

func programsWord(n int) string {
	switch n {
	case 0:
		return "no named program"
	case 1:
		return "1 program"
	}
	return fmt.Sprintf("%d programs", n)
}

// Report gives the coverage per host, and all gaps, in order of host, channel and time.
func (c *Coverage) Report(need func(what string) reeve.Need) ([]reeve.HostCoverage, []reeve.Gap) {
	out := make([]reeve.HostCoverage, 0, len(c.hosts))
	at := map[string]int{}
	for i, h := range c.hosts {
		out = append(out, reeve.HostCoverage{Host: h})
		at[h] = i
	}
	for k, ch := range c.channels {
		i := at[k.host]
		out[i].Channels = append(out[i].Channels, reeve.Seen{Name: k.channel, Records: ch.n, First: ch.first, Last: ch.last})
	}
	for k, kd := range c.kinds {
		if i, ok := at[k.host]; ok {
			out[i].Kinds = append(out[i].Kinds, reeve.Seen{Name: string(k.kind), Records: kd.n, First: kd.first, Last: kd.last})
		}
	}
	var lacks []lackKey
	for k := range c.lacks {
		lacks = append(lacks, k)
	}
	slices.SortFunc(lacks, func(a, b lackKey) int {
		return cmp.Or(strings.Compare(a.host, b.host), strings.Compare(a.what, b.what))
	})
	for _, k := range lacks {
		if i, ok := at[k.host]; ok {
			x := need(k.what)
			x.Needs = fmt.Sprintf("%s: %s", k.what, lacking(c.lacks[k]))
			out[i].Lacks = append(out[i].Lacks, x)
		}
	}
	for _, g := range c.gaps {
		if i, ok := at[g.Host]; ok {
			out[i].Gaps = append(out[i].Gaps, g)
		}
	}
	byName := func(a, b reeve.Seen) int { return strings.Compare(a.Name, b.Name) }
	for i := range out {
		slices.SortFunc(out[i].Channels, byName)
		slices.SortFunc(out[i].Kinds, byName)
	}
	return out, c.gaps
}

func lacking(n int) string {
	if n == 1 {
		return "1 process start does not state it"
	}
	return fmt.Sprintf("%d process starts do not state it", n)
}

// Gaps are those of one host, by channel and time.
func (c *Coverage) Gaps(host string) []reeve.Gap {
	byHost := func(g reeve.Gap, host string) int { return strings.Compare(g.Host, host) }
	from, found := slices.BinarySearchFunc(c.gaps, host, byHost)
	if !found {
		return nil
	}
	to := from
	for to < len(c.gaps) && c.gaps[to].Host == host {
		to++
	}
	return c.gaps[from:to:to]
}

package coverage

import (
	"cmp"
	"fmt"
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

// talkative is how many different programs within an hour show that a source does not select by program. Configurations that
// include by program name a handful.
const talkative = 12

// Coverage is the merged word of all counters. It is read only.
type Coverage struct {
	channels map[channelKey]*channel
	kinds    map[kindKey]*kind
	lacks    map[lackKey]int
	gaps     []reeve.Gap
	hosts    []string
}

// Build merges what the workers counted.
func Build(counters []*Counter, canon func(string) string) *Coverage {
	c := &Coverage{channels: map[channelKey]*channel{}, kinds: map[kindKey]*kind{}, lacks: map[lackKey]int{}}
	for _, x := range counters {
		for k, ch := range x.channels {
			k.host = canon(k.host)
			have := c.channels[k]
			if have == nil {
				have = &channel{hours: map[int32]int32{}}
				c.channels[k] = have
			}
			have.merge(ch.span)
			have.runs = append(have.runs, ch.runs...)
			have.overflow = have.overflow || ch.overflow
			for h, n := range ch.hours {
				have.hours[h] += n
			}
		}
		for k, kd := range x.kinds {
			k.host = canon(k.host)
			c.mergeKind(k, kd)
		}
		for k, n := range x.lacks {
			c.lacks[lackKey{canon(k.host), k.what}] += n
		}
		for _, g := range x.cleared {
			g.Host = canon(g.Host)
			c.gaps = append(c.gaps, g)
		}
	}
	for k, ch := range c.channels {
		c.hosts = append(c.hosts, k.host)
		c.gaps = append(c.gaps, ch.holes(k)...)
		c.gaps = append(c.gaps, ch.silences(k)...)
	}
	slices.Sort(c.hosts)
	c.hosts = slices.Compact(c.hosts)
	slices.SortFunc(c.gaps, func(a, b reeve.Gap) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Channel, b.Channel), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), strings.Compare(a.Kind, b.Kind), a.Ref.Compare(b.Ref))
	})
	c.gaps = slices.CompactFunc(c.gaps, func(a, b reeve.Gap) bool {
		a.Ref, b.Ref = reeve.Ref{}, reeve.Ref{}
		return a == b // the same record in two files
	})
	return c
}

func (c *Coverage) mergeKind(k kindKey, kd *kind) {
	have := c.kinds[k]
	if have == nil {
		have = &kind{hours: map[int32]*hour{}}
		c.kinds[k] = have
	}
	have.merge(kd.span)
	for at, h := range kd.hours {
		old := have.hours[at]
		if old == nil {
			old = &hour{images: map[uint64]struct{}{}}
			have.hours[at] = old
		}
		old.n += h.n
		for image := range h.images {
			old.images[image] = struct{}{}
		}
	}
}

// Hosts lists the hosts in the evidence, sorted.
func (c *Coverage) Hosts() []string { return c.hosts }

// maxHoles is how many holes of a channel are told one by one; more are told as one.
const maxHoles = 20

// holes are record ids between the first and the last that no record has.
func (ch *channel) holes(k channelKey) []reeve.Gap {
	if ch.overflow || len(ch.runs) < 2 {
		return nil
	}
	runs := slices.Clone(ch.runs)
	slices.SortFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), a.before.Compare(b.before))
	})
	var out []reeve.Gap
	missing := uint64(0)
	last := runs[0]
	for _, r := range runs[1:] {
		if r.from > last.to+1 {
			n := r.from - last.to - 1
			missing += n
			out = append(out, reeve.Gap{Host: k.host, Channel: k.channel, Kind: "hole", From: min(last.last, r.first), To: max(last.last, r.first), Ref: last.behind,
				Says: fmt.Sprintf("%d records are missing between record %d and record %d", n, last.to, r.from)})
		}
		if r.to > last.to {
			last = r
		}
	}
	if len(out) > maxHoles {
		first, end := out[0], out[len(out)-1]
		return []reeve.Gap{{Host: k.host, Channel: k.channel, Kind: "hole", From: first.From, To: end.To, Ref: first.Ref,
			Says: fmt.Sprintf("%d holes in the record ids, %d records missing in all: an export by selection, or records removed", len(out), missing)}}
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
	hours := make([]int32, 0, len(ch.hours))
	for h := range ch.hours {
		if h > 0 {
			hours = append(hours, h)
		}
	}
	slices.Sort(hours)
	if len(hours) < 2 {
		return nil
	}
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

// Speaks tells what it means that no event of a kind by a program was seen on a host between two times. Kinds that Windows
// itself logs (process starts by Security 4688) are not told apart here from Sysmon's: a source that named many programs in the
// hours in question, or this one, is taken to log without selection.
func (c *Coverage) Speaks(host string, what reeve.Kind, image string, from, to reeve.Time) Speech {
	name := strings.ReplaceAll(string(what), "_", " ")
	k := c.kinds[kindKey{host, what}]
	if k == nil {
		return Speech{Absent, "this host has no " + name + " events at all: absent or off"}
	}
	to = max(from, to)
	n, images := 0, map[uint64]struct{}{}
	mine := hashFold([]byte(image))
	most := hourOf(to) - hourOf(from)
	if most > 24*31 {
		most = 24 * 31
	}
	for h := hourOf(from); h <= hourOf(from)+most; h++ {
		if x := k.hours[h]; x != nil {
			n += int(x.n)
			for i := range x.images {
				images[i] = struct{}{}
			}
		}
	}
	_, own := images[mine]
	switch {
	case n == 0:
		return Speech{Quiet, fmt.Sprintf("this host has %d %s events, none of them in these hours", k.n, name)}
	case own || len(images) >= talkative:
		return Speech{Full, fmt.Sprintf("in these hours %s events were logged for %d programs: silence means there was none", name, len(images))}
	}
	return Speech{Selective, fmt.Sprintf("in these hours %d %s events were logged for %d programs: the source may select", n, name, len(images))}
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
			x.Needs = fmt.Sprintf("%s: %d process starts do not state it", k.what, c.lacks[k])
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

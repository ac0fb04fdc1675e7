package detect

import (
	"cmp"
	"slices"
	"strings"

	"reeve"
	"reeve/sigma"
)

// Hit is a match of a rule: small and owned, it outlives the record.
type Hit struct {
	Rule          int32
	Process       reeve.ProcID // that the record is about, as far as the caller knows
	Host, Channel string
	Key           reeve.ProcKey
	Time          reeve.Time // the event's own
	Ref           reeve.Ref
	Also          []reeve.Ref        // copies of the record
	Fields        []reeve.NamedValue // what the rule looked at, when that is noted of every match
	Values        []sigma.HitValue   // what correlations need of the record
	Whole         *Whole             // of a match of a correlation
}

// Whole is what a match of a correlation is made of.
type Whole struct {
	Refs      []reeve.Ref    // of its records and their copies, by time; of many records the first and the last
	Processes []reeve.ProcID // that its records are about; sorted, each once
	Hosts     []string       // of its records; sorted, each once
}

// Hosts lists the hosts that a match is about.
func (h *Hit) Hosts() []string {
	if h.Whole != nil {
		return h.Whole.Hosts
	}
	return []string{h.Host}
}

// Distinct makes one of a rule's matches of copies of one record: of equal process, host, channel, id, and time to the
// millisecond, as converters write it. The first citation leads; beside it at most most are kept. What is left is sorted by record.
func Distinct(hits []*Hit, most int) []*Hit {
	slices.SortFunc(hits, func(a, b *Hit) int {
		return cmp.Or(a.compareRecord(b), cmp.Compare(a.Rule, b.Rule), a.Ref.Compare(b.Ref))
	})
	out := hits[:0]
	for _, h := range hits {
		if n := len(out); n > 0 && out[n-1].Rule == h.Rule && out[n-1].compareRecord(h) == 0 {
			if h.Ref != out[n-1].Ref && len(out[n-1].Also) < most {
				out[n-1].Also = append(out[n-1].Also, h.Ref)
			}
			continue
		}
		out = append(out, h)
	}
	clear(hits[len(out):])
	return out
}

// compareRecord is 0 for matches of copies of one record. Nothing proves a record without an id to be a copy.
func (h *Hit) compareRecord(o *Hit) int {
	const millisecond = reeve.Second / 1000
	id := func(r reeve.Ref) uint64 {
		if r.HasID {
			return r.RecordID + 1
		}
		return 0
	}
	c := cmp.Or(cmp.Compare(h.Process, o.Process), strings.Compare(h.Host, o.Host), strings.Compare(h.Channel, o.Channel), cmp.Compare(id(h.Ref), id(o.Ref)), cmp.Compare(h.Time/millisecond, o.Time/millisecond))
	if c == 0 && !h.Ref.HasID {
		return h.Ref.Compare(o.Ref)
	}
	return c
}

// LevelOf is a rule's level; one that states none is informational.
func LevelOf(r *sigma.Rule) reeve.Level {
	for l := reeve.Informational; l <= reeve.Critical; l++ {
		if l.String() == r.Level {
			return l
		}
	}
	return reeve.Informational
}

// Finding words a match of a rule. A match of a correlation is at the time of the last of its records, on their host when they
// have one, and cites them.
func (h *Hit) Finding(r *sigma.Rule) reeve.Finding {
	f := reeve.Finding{RuleID: r.ID, Title: r.Title, Level: LevelOf(r), Tags: r.Tags, Source: r.File, Author: r.Author, Host: h.Host, Time: h.Time, Process: h.Key, Fields: h.Fields}
	if h.Whole != nil {
		f.Refs = h.Whole.Refs
		return f
	}
	f.Refs = append([]reeve.Ref{h.Ref}, h.Also...)
	return f
}

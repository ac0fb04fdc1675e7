package investigate

import (
	"context"
	"fmt"
	"math"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/gather"
	"reeve/internal/ingest"
)

// maxRounds is how many readings may follow one another because the last one named something new.
const maxRounds = 3

// gather reads the evidence again for what the cases ask, and once more as long as the answers name something new.
func (s *scanned) gather(ctx context.Context, set *evidence.Set, opt *Options, drafts []*draft) error {
	if len(drafts) == 0 {
		return s.discount(ctx, set, opt)
	}
	inquiry := s.inquire(drafts, opt.Rules)
	for round := 1; len(drafts) > 0; round++ {
		q := s.library.Query(unasked(drafts))
		o := opt.ingest(func(p ingest.Progress) { opt.progress(fmt.Sprintf("gather %d", round), p) })
		suspects := s.copies.suspects
		o.Where = func(file string, from, to int64) bool {
			return suspects[file] || s.where.Holds(file, from, to, q.Concerns)
		}
		o.Only = func(file string) bool { return o.Where(file, 0, math.MaxInt64) }
		if err := q.Read(ctx, set, o, inquiry.visitor(), s.copySink()); err != nil {
			return err
		}
		s.tellCopies()
		inquiry.tell(drafts)
		var again []*draft
		for _, d := range drafts {
			if d.grow(s.view(d, opt)) {
				again = append(again, d)
			}
		}
		if round == maxRounds {
			for _, d := range again {
				d.bounded(fmt.Sprintf("the search stopped after %d readings; what they named last was not asked for", maxRounds))
			}
			break
		}
		drafts = again
	}
	return nil
}

// unasked is what the drafts want and have not asked for.
func unasked(drafts []*draft) []gather.Want {
	var out []gather.Want
	for _, d := range drafts {
		out = append(out, d.wants[d.asked:]...)
		d.asked = len(d.wants)
	}
	return out
}

// eventsOf puts together what a case asked for, and notes what was left out.
func (s *scanned) eventsOf(d *draft) []reeve.Event {
	events, cut := s.library.Events(d.wants, d.at, s.topicWords)
	d.bounded(cut.Own...)
	d.cut(cut.Other...)
	return events
}

package investigate

import (
	"reeve"
	"reeve/internal/gather"
	"reeve/internal/winlog"
)

// inquiry asks the rules about the records that a case shows: what those that matched looked at, and why those about the
// program did not match. The first of the further readings comes by these records anyway.
type inquiry struct {
	rules   *Rules
	about   map[reeve.Ref][]lookup
	answers []*[]func([]*draft) // of each worker, what it has to tell the cases
}

// lookup is about a rule that matched, or, with a program, about those that mention it.
type lookup struct {
	draft   int
	rule    int32
	program string
}

// lookedKey names what a rule looked at in a record.
type lookedKey struct {
	ref  reeve.Ref
	rule string
}

// inquire lists the records about which the cases ask the rules.
func (s *scanned) inquire(drafts []*draft, rules *Rules) *inquiry {
	q := &inquiry{rules: rules, about: map[reeve.Ref][]lookup{}}
	for i, d := range drafts {
		for _, h := range d.hits {
			if h.Whole == nil {
				q.about[h.Ref] = append(q.about[h.Ref], lookup{draft: i, rule: h.Rule})
			}
		}
		if d.opened.Entry != nil && !d.process.Inferred {
			at := d.process.Refs[0]
			q.about[at] = append(q.about[at], lookup{draft: i, program: d.opened.Entry.Name})
		}
	}
	return q
}

// visitor makes each worker's part; nil when nothing is left to ask.
func (q *inquiry) visitor() func(*winlog.Decoder) gather.Visit {
	if q.rules == nil || len(q.about) == 0 {
		return nil
	}
	return func(d *winlog.Decoder) gather.Visit {
		rules, told := q.rules.worker(d), &[]func([]*draft){}
		q.answers = append(q.answers, told)
		return func(rec reeve.Record) {
			ref := rec.Ref()
			for _, l := range q.about[ref] {
				if l.program != "" {
					silent := rules.silent(rec, l.program)
					*told = append(*told, func(drafts []*draft) { drafts[l.draft].silent = silent })
					continue
				}
				key, fields := lookedKey{ref, rules.rules[l.rule].ID}, rules.matcher.Looked(rec, l.rule)
				*told = append(*told, func(drafts []*draft) { drafts[l.draft].looked[key] = fields })
			}
		}
	}
}

// tell hands the answers to the cases, which ask once.
func (q *inquiry) tell(drafts []*draft) {
	for _, told := range q.answers {
		for _, answer := range *told {
			answer(drafts)
		}
	}
	q.answers, q.about = nil, nil
}

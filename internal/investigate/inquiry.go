package investigate

import (
	"reeve"
	"reeve/internal/gather"
	"reeve/internal/playbook"
	"reeve/internal/winlog"
)

// inquiry asks the rules about the records that a case shows: what those that matched looked at, and why those about the
// program did not match. The first of the further readings comes by these records anyway.
type inquiry struct {
	rules   *Rules
	about   map[reeve.Ref]*questioned
	answers []*answers // one a worker
}

// questioned is what is asked about one record.
type questioned struct{ looked, silent []lookup }

// lookup is about a rule, or about those that mention a program.
type lookup struct {
	draft   int
	rule    int32
	program string
}

// answers are one worker's.
type answers struct {
	looked []looked
	silent []silence
}

// looked is what a rule looked at in a record of a case.
type looked struct {
	draft  int
	key    lookedKey
	fields []reeve.NamedValue
}

// lookedKey names what a rule looked at in a record.
type lookedKey struct {
	ref  reeve.Ref
	rule string
}

// silence is a word about rules that did not see a case's subject.
type silence struct {
	draft int
	rules []playbook.SilentRule
}

// inquire lists the records about which the cases ask the rules.
func (s *scanned) inquire(drafts []*draft, rules *Rules) *inquiry {
	q := &inquiry{rules: rules, about: map[reeve.Ref]*questioned{}}
	of := func(r reeve.Ref) *questioned {
		if q.about[r] == nil {
			q.about[r] = &questioned{}
		}
		return q.about[r]
	}
	for i, d := range drafts {
		for _, h := range d.hits {
			x := of(h.ref)
			x.looked = append(x.looked, lookup{draft: i, rule: h.rule})
		}
		if d.opened.Entry != nil && !d.process.Inferred {
			x := of(d.process.Refs[0])
			x.silent = append(x.silent, lookup{draft: i, program: d.opened.Entry.Name})
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
		rules, a := q.rules.worker(d), &answers{}
		q.answers = append(q.answers, a)
		return func(rec reeve.Record) {
			ref := rec.Ref()
			x := q.about[ref]
			if x == nil {
				return
			}
			for _, l := range x.looked {
				a.looked = append(a.looked, looked{l.draft, lookedKey{ref, rules.rules[l.rule].ID}, rules.matcher.Looked(rec, l.rule)})
			}
			for _, l := range x.silent {
				a.silent = append(a.silent, silence{l.draft, rules.silent(rec, l.program)})
			}
		}
	}
}

// tell hands the answers to the cases, which ask once.
func (q *inquiry) tell(drafts []*draft) {
	for _, a := range q.answers {
		for _, l := range a.looked {
			drafts[l.draft].looked[l.key] = l.fields
		}
		for _, x := range a.silent {
			drafts[x.draft].silent = x.rules
		}
	}
	q.answers, q.about = nil, nil
}

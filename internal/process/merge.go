package process

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"reeve"
)

// sameStart is how far two recorders' times of one start may lie apart.
const sameStart = 2 * reeve.Second

// maxRefs is how many citations a process keeps.
const maxRefs = 8

// merge brings the records of each start together.
type merge struct {
	table
	crowd
	starts []*start
	into   []*start
	extra  []extra

	disputed map[*start]bool // whose records name different files
}

// extra is a further citation of a process; next is the position of the one after it, 0 for none.
type extra struct {
	at   cite
	next int32
}

func newMerge(builders []*Builder, t table) *merge {
	m := &merge{disputed: map[*start]bool{}, table: t, crowd: crowd{ids: map[session]uint32{}}, extra: make([]extra, 1)}
	n := 0
	for _, b := range builders {
		for _, block := range b.starts {
			n += len(block)
		}
	}
	m.starts = make([]*start, 0, n)
	for _, b := range builders {
		for _, block := range b.starts {
			for i := range block {
				s := &block[i]
				s.session, s.more = m.id(b.who[s.session]), 0
				m.starts = append(m.starts, s)
			}
		}
	}
	return m
}

func (m *merge) host(s *start) uint32 { return m.list[s.session].host }

// rest completes every order of starts to a total one.
func (m *merge) rest(a, b *start) int {
	if a.time != b.time {
		return cmp.Compare(a.time, b.time)
	}
	x, y := m.list[a.session], m.list[b.session]
	return cmp.Or(compareGUID(b.guid, a.guid), cmp.Compare(a.pid, b.pid), a.at.compare(b.at), compareGUID(b.parentGUID, a.parentGUID),
		cmp.Compare(a.parentPID, b.parentPID), cmp.Compare(a.image, b.image), cmp.Compare(a.parentImage, b.parentImage), cmp.Compare(x.user, y.user), cmp.Compare(x.sid, y.sid), cmp.Compare(x.logon, y.logon))
}

func compareGUID(a, b reeve.GUID) int { return bytes.Compare(a[:], b[:]) }

func (c cite) compare(o cite) int {
	return cmp.Or(cmp.Compare(c.file, o.file), cmp.Compare(c.offset, o.offset), cmp.Compare(c.line, o.line), cmp.Compare(c.record, o.record))
}

// byGUID merges the records that give one GUID.
func (m *merge) byGUID() {
	slices.SortFunc(m.starts, func(a, b *start) int {
		if c := cmp.Or(cmp.Compare(m.host(a), m.host(b)), compareGUID(a.guid, b.guid)); c != 0 {
			return c
		}
		return m.rest(a, b)
	})
	out := m.starts[:0]
	for _, s := range m.starts {
		if n := len(out); n > 0 && !none(s.guid) && out[n-1].guid == s.guid && m.host(out[n-1]) == m.host(s) {
			m.absorb(out[n-1], s)
			continue
		}
		out = append(out, s)
	}
	m.starts = out
}

// byPID merges a record without a GUID into the nearest start with one of the same pid and program, or into the record without
// one that it is a copy of.
func (m *merge) byPID() {
	slices.SortFunc(m.starts, func(a, b *start) int {
		if c := cmp.Or(cmp.Compare(m.host(a), m.host(b)), cmp.Compare(a.pid, b.pid), cmp.Compare(m.base[a.image], m.base[b.image])); c != 0 {
			return c
		}
		return m.rest(a, b)
	})
	out := m.starts[:0]
	for from := 0; from < len(m.starts); {
		to, first := from+1, m.starts[from]
		for to < len(m.starts) && m.starts[to].pid == first.pid && m.host(m.starts[to]) == m.host(first) && m.base[m.starts[to].image] == m.base[first.image] {
			to++
		}
		out = m.group(out, m.starts[from:to])
		from = to
	}
	m.starts = out
}

// group merges the starts of one pid and program, which are in order of time. It appends those that stay to out, which shares
// memory with what was read already.
func (m *merge) group(out, group []*start) []*start {
	m.into = m.into[:0]
	var before, last *start // the last start with a GUID, the last that stays without one
	ahead := 0
	for i, s := range group {
		var into *start
		if none(s.guid) {
			for ahead = max(ahead, i+1); ahead < len(group) && none(group[ahead].guid); ahead++ {
			}
			near := before
			if ahead < len(group) && (near == nil || group[ahead].time-s.time < s.time-near.time) {
				near = group[ahead]
			}
			switch {
			case s.pid != 0 && near != nil && max(near.time-s.time, s.time-near.time) <= sameStart:
				into = near
			case last != nil && copies(last, s):
				into = last
			default:
				last = s
			}
		} else {
			before = s
		}
		m.into = append(m.into, into)
	}
	for i, s := range group { // only now, since a start takes the earliest time of its records
		if into := m.into[i]; into != nil {
			m.absorb(into, s)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// copies tells whether two records without GUIDs, of one pid and program, show one start. A file does not hold the records of
// two recorders without GUIDs, so within a file another time is another start. A record without a pid is the copy of one that
// has its number only.
func copies(a, b *start) bool {
	if a.pid == 0 {
		return a.time == b.time && a.at.record == b.at.record && a.at.line&b.at.line&hasID != 0
	}
	return a.time == b.time || b.time-a.time <= sameStart && a.at.file != b.at.file
}

// absorb takes what another record of the same start says.
func (m *merge) absorb(into, s *start) {
	if into.image != s.image && !none(s.guid) && into.guid == s.guid && m.disputes(into.image, s.image) {
		m.disputed[into] = true
	}
	if m.disputed[s] {
		m.disputed[into] = true
	}
	if s.time < into.time && s.time != 0 {
		into.time = s.time
	}
	if none(into.parentGUID) && !none(s.parentGUID) || none(into.parentGUID) && into.parentPID == 0 {
		into.parentGUID, into.parentPID = s.parentGUID, s.parentPID
	}
	into.parentImage, into.image = m.fuller(into.parentImage, s.parentImage), m.fuller(into.image, s.image)
	a, b := m.list[into.session], m.list[s.session]
	into.session = m.id(session{a.host, cmp.Or(a.user, b.user), cmp.Or(a.sid, b.sid), cmp.Or(a.logon, b.logon)})
	into.more = m.cite(into.at, into.more, s.at)
	for i := s.more; i != 0; i = m.extra[i].next {
		into.more = m.cite(into.at, into.more, m.extra[i].at)
	}
}

// disputes tells whether two images of one start cannot be one file: both are full paths, and they differ by more than case.
func (m *merge) disputes(a, b uint32) bool {
	x, y := m.texts[a], m.texts[b]
	return strings.Contains(x, `\`) && strings.Contains(y, `\`) && !strings.EqualFold(x, y)
}

// cite adds a citation to those of a process, and gives the head of its further ones.
func (m *merge) cite(first cite, head int32, c cite) int32 {
	if c == first {
		return head
	}
	last, n := int32(0), 1
	for i := head; i != 0; i = m.extra[i].next {
		if m.extra[i].at == c {
			return head
		}
		last, n = i, n+1
	}
	if n >= maxRefs {
		return head
	}
	at := int32(len(m.extra))
	m.extra = append(m.extra, extra{at: c})
	if last == 0 {
		return at
	}
	m.extra[last].next = at
	return head
}

// Package process builds the process graph: processes, their parents and children, over reused pids, missing parents and holes
// in the logs.
//
// Invariants: the graph depends on the records alone, not on their order or on how they were spread over builders; two hosts
// never share a process; a process is never its own ancestor; what no record of its own shows is marked inferred, and a link
// that rests on pid and time is marked so. The package knows no provider, no file and no rule.
package process

import (
	"strings"

	"reeve"
)

// Start is what a record says of a process being started.
type Start struct {
	Host                   string // as the record names it
	Key, Parent            reeve.ProcKey
	Image, ParentImage     string
	User, UserSID, LogonID string
	Time                   reeve.Time
	Ref                    reeve.Ref
}

// Builder collects what one worker sees. It holds about 130 bytes for a started process with a GUID, 90 for one without.
type Builder struct {
	ids      map[string]uint32
	texts    []string
	sessions map[session]uint32
	who      []session
	starts   [][]start // in blocks, so that growing copies nothing
	known    map[hostGUID]int32
	byPID    map[pidDeed]int32
	deeds    []deed
	ends     []end
	boots    []boot
}

// block is how many starts are held together.
const block = 4096

// session is where and for whom a process runs; many processes share one. All are ids of texts.
type session struct{ host, user, sid, logon uint32 }

type hostGUID struct {
	guid reeve.GUID
	host uint32
}

// pidDeed folds the deeds of a process that is named by pid only. The program and the day stand in for the process: a pid is
// used again, and it costs little to look at a long-lived process once a day.
type pidDeed struct {
	host, pid, image uint32
	day              int32
}

// Builder.known holds positions in deeds, and -1 minus the position of the last start for a process whose start was seen.

// start is a record of a start, with interned texts.
type start struct {
	guid, parentGUID   reeve.GUID
	time               reeve.Time
	at                 cite
	pid, parentPID     uint32
	session            uint32
	image, parentImage uint32
	more               int32 // while building, 1 and the position of the process's start before; then further citations
}

// cite is a citation with its file interned.
type cite struct {
	offset int64
	record uint64
	file   uint32
	line   uint32 // hasID is folded in
}

const hasID = 1 << 31

type deed struct {
	guid             reeve.GUID
	time             reeve.Time
	at               cite
	host, pid, image uint32
}

type end struct {
	key  reeve.ProcKey
	host uint32
	time reeve.Time
}

type boot struct {
	host uint32
	time reeve.Time
}

// NewBuilder gives an empty builder for one worker.
func NewBuilder() *Builder {
	b := &Builder{ids: map[string]uint32{}, sessions: map[session]uint32{}, known: map[hostGUID]int32{}, byPID: map[pidDeed]int32{}}
	b.intern("")
	return b
}

func (b *Builder) intern(s string) uint32 {
	id, ok := b.ids[s]
	if !ok {
		s = strings.Clone(s) // s may be part of a whole record's text
		id = uint32(len(b.texts))
		b.ids[s] = id
		b.texts = append(b.texts, s)
	}
	return id
}

func (b *Builder) internBytes(s []byte) uint32 {
	if id, ok := b.ids[string(s)]; ok {
		return id
	}
	return b.intern(string(s))
}

func (b *Builder) cite(r reeve.Ref) cite {
	c := cite{offset: r.Offset, record: r.RecordID, file: b.intern(r.File), line: uint32(r.Line) &^ hasID}
	if r.HasID {
		c.line |= hasID
	}
	return c
}

// Start notes a record of a process being started.
func (b *Builder) Start(s Start) {
	in := session{b.intern(s.Host), b.intern(s.User), b.intern(s.UserSID), b.intern(s.LogonID)}
	id, ok := b.sessions[in]
	if !ok {
		id = uint32(len(b.who))
		b.sessions[in] = id
		b.who = append(b.who, in)
	}
	if n := len(b.starts); n == 0 || len(b.starts[n-1]) == block {
		b.starts = append(b.starts, make([]start, 0, block))
	}
	x := start{guid: s.Key.GUID, parentGUID: s.Parent.GUID, time: s.Time, at: b.cite(s.Ref), pid: s.Key.PID, parentPID: s.Parent.PID,
		session: id, image: b.intern(s.Image), parentImage: b.intern(s.ParentImage)}
	if s.Key.GUID != (reeve.GUID{}) {
		k := hostGUID{s.Key.GUID, in.host}
		if i, ok := b.known[k]; ok && i < 0 {
			if x.more = -i; b.copied(&x) {
				return
			}
		}
		b.known[k] = -1 - int32((len(b.starts)-1)*block+len(b.starts[len(b.starts)-1]))
	}
	last := &b.starts[len(b.starts)-1]
	*last = append(*last, x)
}

// maxCopies is how many earlier starts of a process are looked at for copies of a record.
const maxCopies = 4 * maxRefs

// copied tells whether as many copies of a record were seen as a process keeps citations. The least citations are kept, so that
// the choice does not depend on the order of the records.
func (b *Builder) copied(x *start) bool {
	var greatest *start
	n := 0
	for i, steps := x.more, 0; i > 0 && steps < maxCopies; steps++ {
		s := &b.starts[(i-1)/block][(i-1)%block]
		i = s.more
		if y := *x; s.same(&y) {
			n++
			if greatest == nil || b.ref(s.at).Compare(b.ref(greatest.at)) > 0 {
				greatest = s
			}
		}
	}
	if n < maxRefs {
		return false
	}
	if b.ref(x.at).Compare(b.ref(greatest.at)) < 0 {
		greatest.at = x.at
	}
	return true
}

// same tells whether two records differ in nothing but where they stand.
func (s *start) same(o *start) bool {
	o.at, o.more = s.at, s.more
	return *s == *o
}

// End notes a record of a process having ended.
func (b *Builder) End(host string, key reeve.ProcKey, at reeve.Time) {
	if !key.IsZero() {
		b.ends = append(b.ends, end{key, b.intern(host), at})
	}
}

// Boot notes that a host started: no process lives across it.
func (b *Builder) Boot(host string, at reeve.Time) {
	b.boots = append(b.boots, boot{b.intern(host), at})
}

// Deed notes that a record names a process as the doer of something; when no start of it turns up, it becomes an inferred node.
// The image may be borrowed. It allocates nothing for a process that was seen before.
func (b *Builder) Deed(host string, key reeve.ProcKey, image []byte, at reeve.Time, ref reeve.Ref) {
	if key.IsZero() {
		return
	}
	h := b.intern(host)
	if key.GUID == (reeve.GUID{}) {
		k := pidDeed{host: h, pid: key.PID, image: b.internBytes(image), day: int32(at / reeve.Day)}
		i, ok := b.byPID[k]
		if !ok {
			b.byPID[k] = int32(len(b.deeds))
			b.deeds = append(b.deeds, deed{time: at, at: b.cite(ref), host: h, pid: key.PID, image: k.image})
			return
		}
		b.earlier(&b.deeds[i], key.PID, image, at, ref)
		return
	}
	k := hostGUID{key.GUID, h}
	switch i, ok := b.known[k]; {
	case !ok:
		b.known[k] = int32(len(b.deeds))
		b.deeds = append(b.deeds, deed{guid: key.GUID, time: at, at: b.cite(ref), host: h, pid: key.PID, image: b.internBytes(image)})
	case i >= 0:
		b.earlier(&b.deeds[i], key.PID, image, at, ref)
	}
}

// earlier replaces what is kept of a process's deeds by one that says more, else by an earlier one. The choice is the least of a
// total order, so that it does not depend on the order of the records.
func (b *Builder) earlier(d *deed, pid uint32, image []byte, at reeve.Time, ref reeve.Ref) {
	switch {
	case (d.image != 0) != (len(image) > 0):
		if d.image != 0 {
			return
		}
	case d.time != at:
		if d.time < at {
			return
		}
	default:
		if c := b.ref(d.at).Compare(ref); c < 0 || c == 0 && b.texts[d.image] <= string(image) {
			return
		}
	}
	d.time, d.at, d.pid, d.image = at, b.cite(ref), pid, b.internBytes(image)
}

func (b *Builder) ref(c cite) reeve.Ref { return c.ref(b.texts) }

func (c cite) ref(texts []string) reeve.Ref {
	return reeve.Ref{File: texts[c.file], RecordID: c.record, HasID: c.line&hasID != 0, Offset: c.offset, Line: int(c.line &^ hasID)}
}

// Package process builds the process graph: processes, their parents and children, over reused pids, missing parents and holes
// in the logs.
//
// Invariants: the graph depends on the records alone, not on their order or on how they were spread over builders; two hosts
// never share a process; a process is never its own ancestor; what no record of its own shows is marked inferred, and a link
// that rests on pid and time is marked so. The package knows no provider, no file and no rule.
package process

import (
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

// maxRefs is how many citations of copies a process keeps.
const maxRefs = 8

// Builder collects what one worker sees. It holds about 150 bytes for a started process, far less for its further copies.
type Builder struct {
	names  map[string]uint32
	texts  []string
	starts []start
	ends   []end
	deeds  map[deedKey]deed
	boots  []boot
}

// start is a Start with interned texts.
type start struct {
	host, image, parentImage, user, sid, logon, file uint32
	line                                             int32
	hasID                                            bool
	key, parent                                      reeve.ProcKey
	time                                             reeve.Time
	record                                           uint64
	offset                                           int64
}

type end struct {
	host uint32
	key  reeve.ProcKey
	time reeve.Time
}

type boot struct {
	host uint32
	time reeve.Time
}

// deedKey folds the deeds of one process; those that name it by pid only are folded by hour, since a pid is used again.
type deedKey struct {
	host uint32
	key  reeve.ProcKey
	hour reeve.Time
}

type deed struct {
	image  uint32
	time   reeve.Time
	source start // only its citation
}

// NewBuilder gives an empty builder for one worker.
func NewBuilder() *Builder {
	b := &Builder{names: map[string]uint32{}, deeds: map[deedKey]deed{}}
	b.intern("")
	return b
}

func (b *Builder) intern(s string) uint32 {
	id, ok := b.names[s]
	if !ok {
		id = uint32(len(b.texts))
		b.names[s] = id
		b.texts = append(b.texts, s)
	}
	return id
}

func (b *Builder) cite(s *start, r reeve.Ref) {
	s.file, s.line, s.hasID, s.record, s.offset = b.intern(r.File), int32(r.Line), r.HasID, r.RecordID, r.Offset
}

// Start notes a record of a process being started.
func (b *Builder) Start(s Start) {
	x := start{host: b.intern(s.Host), image: b.intern(s.Image), parentImage: b.intern(s.ParentImage), user: b.intern(s.User), sid: b.intern(s.UserSID),
		logon: b.intern(s.LogonID), key: s.Key, parent: s.Parent, time: s.Time}
	b.cite(&x, s.Ref)
	b.starts = append(b.starts, x)
}

// End notes a record of a process having ended.
func (b *Builder) End(host string, key reeve.ProcKey, at reeve.Time) {
	b.ends = append(b.ends, end{b.intern(host), key, at})
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
	h, ok := b.names[host]
	if !ok {
		h = b.intern(host)
	}
	k := deedKey{host: h, key: key}
	if key.GUID == (reeve.GUID{}) {
		k.hour = at / reeve.Hour
	} else {
		k.key.PID = 0
	}
	old, ok := b.deeds[k]
	if ok && (old.time < at || old.time == at && b.ref(&old.source).Compare(ref) <= 0) {
		if old.image != 0 || len(image) == 0 {
			return
		}
		id, known := b.names[string(image)]
		if !known {
			id = b.intern(string(image))
		}
		old.image = id
		b.deeds[k] = old
		return
	}
	d := deed{image: old.image, time: at}
	if len(image) > 0 {
		id, known := b.names[string(image)]
		if !known {
			id = b.intern(string(image))
		}
		d.image = id
	}
	d.source.key = key
	b.cite(&d.source, ref)
	b.deeds[k] = d
}

func (b *Builder) ref(s *start) reeve.Ref {
	return reeve.Ref{File: b.texts[s.file], RecordID: s.record, HasID: s.hasID, Offset: s.offset, Line: int(s.line)}
}

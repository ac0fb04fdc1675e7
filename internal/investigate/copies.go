package investigate

import (
	"cmp"
	"context"
	"hash/maphash"
	"strings"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
)

// search looks for records that stand in more than one place. Only files whose stretches of a channel overlap are read for it, so
// that evidence without copies pays nothing; the first of the further readings does it on its way.
type search struct {
	suspects map[string]bool
	number   map[string]int32 // of files
	seed     maphash.Seed
	readers  []*copyReader
}

func (s *scanned) searchCopies(suspects map[string]bool) *search {
	x := &search{suspects: suspects, number: map[string]int32{}, seed: maphash.MakeSeed()}
	for i := range s.files {
		x.number[s.files[i].Path] = int32(i)
	}
	return x
}

// copySink makes a worker's part; nil when there is nothing to search.
func (s *scanned) copySink() func(int) ingest.Sink {
	x := s.copies
	if len(x.suspects) == 0 {
		return nil
	}
	return func(int) ingest.Sink {
		r := &copyReader{suspects: x.suspects, canon: s.canon, number: x.number, decoder: winlog.NewDecoder(), subjects: map[copySubject]*copySubject{}, seen: copies{}, again: map[sighting]int{}}
		r.hash.SetSeed(x.seed)
		x.readers = append(x.readers, r)
		return r
	}
}

// discount searches by a reading of its own, for want of another.
func (s *scanned) discount(ctx context.Context, set *evidence.Set, opt *Options) error {
	sink := s.copySink()
	if sink == nil {
		return nil
	}
	o := opt.ingest(func(p ingest.Progress) { opt.progress("copies", p) })
	o.Only = func(name string) bool { return s.copies.suspects[name] }
	_, err := ingest.Scan(ctx, set, o, sink)
	s.tellCopies()
	return err
}

// tellCopies takes the copies that were found out of the counts. There is nothing to search afterwards.
func (s *scanned) tellCopies() {
	all := copies{}
	for _, r := range s.copies.readers {
		for x, n := range r.again {
			s.copied(x, n)
		}
		for hash, x := range r.seen {
			all.meet(hash, x, s.copied)
		}
		r.seen, r.again = nil, nil
	}
	*s.copies = search{}
}

// copied takes further copies of records out of the counts of their file, channel and kind.
func (s *scanned) copied(x sighting, n int) {
	s.files[x.file].Duplicates += n
	s.coverage.Discount(x.of.host, x.of.channel, x.of.kind, n)
}

// copies keeps the place of every record that comes first in the order of files, by what makes two records the same.
type copies map[uint64]sighting

// sighting is one place of a record.
type sighting struct {
	file int32
	of   *copySubject
}

// meet notes a place of a record, and tells of every other than the first.
func (c copies) meet(hash uint64, x sighting, again func(sighting, int)) {
	old, ok := c[hash]
	if ok && old.before(x) {
		again(x, 1)
		return
	}
	c[hash] = x
	if ok {
		again(old, 1)
	}
}

func (x sighting) before(o sighting) bool {
	return cmp.Or(cmp.Compare(x.file, o.file), strings.Compare(string(x.of.kind), string(o.of.kind))) <= 0
}

// copySubject is what a record counts towards.
type copySubject struct {
	host, channel string
	kind          reeve.Kind
}

// copyReader is one worker's part of the search for copies.
type copyReader struct {
	suspects map[string]bool
	canon    func(string) string
	number   map[string]int32
	decoder  *winlog.Decoder
	hash     maphash.Hash
	subjects map[copySubject]*copySubject
	seen     copies
	again    map[sighting]int
}

// millisecond is to what times are compared that a converter may have cut.
const millisecond = reeve.Second / 1000

// Lost does nothing: losses were told by the first reading.
func (r *copyReader) Lost(reeve.ReadError) {}

// Record notes a record that has an id. Computer, provider, channel, id and time, to the millisecond as converters write it, make
// two records the same.
func (r *copyReader) Record(rec reeve.Record) {
	ref, head := rec.Ref(), rec.Head()
	if !ref.HasID || !r.suspects[ref.File] {
		return
	}
	of := copySubject{host: r.canon(head.Computer), channel: head.Channel}
	if plan := r.decoder.Meaning(rec); plan != nil {
		of.kind = plan.Kind
	}
	subject := r.subjects[of]
	if subject == nil {
		subject = &copySubject{of.host, of.channel, of.kind}
		r.subjects[of] = subject
	}
	r.hash.Reset()
	for _, text := range [...]string{of.host, head.Provider, head.Channel} {
		r.hash.WriteString(text)
		r.hash.WriteByte(0)
	}
	maphash.WriteComparable(&r.hash, [2]uint64{ref.RecordID, uint64(head.Time / millisecond)})
	r.seen.meet(r.hash.Sum64(), sighting{r.number[ref.File], subject}, func(x sighting, n int) { r.again[x] += n })
}

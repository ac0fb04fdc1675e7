package investigate

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"

	"reeve"
	"reeve/internal/evidence"
	"reeve/internal/ingest"
	"reeve/internal/winlog"
)

// discount finds records that stand in more than one place and takes the further copies out of the counts. Only files whose
// stretches of a channel overlap are read for it, so that evidence without copies pays nothing.
func (s *scanned) discount(ctx context.Context, set *evidence.Set, opt *Options, suspects map[string]bool) error {
	if len(suspects) == 0 {
		return nil
	}
	number := map[string]int32{}
	for i := range s.files {
		number[s.files[i].Path] = int32(i)
	}
	o := opt.ingest(func(p ingest.Progress) { opt.progress("copies", p) })
	o.Only = func(name string) bool { return suspects[name] }
	seed := maphash.MakeSeed()
	var readers []*copyReader
	_, err := ingest.Scan(ctx, set, o, func(int) ingest.Sink {
		r := &copyReader{canon: s.canon, number: number, decoder: winlog.NewDecoder(), subjects: map[copySubject]int32{}}
		r.hash.SetSeed(seed)
		readers = append(readers, r)
		return r
	})
	if err != nil {
		return err
	}
	var all []sighting
	var subjects []copySubject
	for _, r := range readers {
		for i := range r.seen {
			r.seen[i].of += int32(len(subjects))
		}
		subjects, all = append(subjects, r.list...), append(all, r.seen...)
		r.seen = nil
	}
	slices.SortFunc(all, func(a, b sighting) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.file, b.file), strings.Compare(string(subjects[a.of].kind), string(subjects[b.of].kind)))
	})
	for i := 1; i < len(all); i++ {
		if x := &all[i]; x.hash == all[i-1].hash {
			s.files[x.file].Duplicates++
			of := &subjects[x.of]
			s.coverage.Discount(of.host, of.channel, of.kind, 1)
		}
	}
	return nil
}

// sighting is one place of one record, 16 bytes; hash is of what makes two records the same.
type sighting struct {
	hash uint64
	file int32
	of   int32
}

// copySubject is what a record counts towards.
type copySubject struct {
	host, channel string
	kind          reeve.Kind
}

// copyReader is one worker's part of the search for copies.
type copyReader struct {
	canon    func(string) string
	number   map[string]int32
	decoder  *winlog.Decoder
	hash     maphash.Hash
	subjects map[copySubject]int32
	list     []copySubject
	seen     []sighting
}

// Lost does nothing: losses were told by the first reading.
func (r *copyReader) Lost(reeve.ReadError) {}

// Record notes a record that has an id. Computer, provider, channel, id and time, to the millisecond as converters write it, make
// two records the same.
func (r *copyReader) Record(rec reeve.Record) {
	ref, head := rec.Ref(), rec.Head()
	if !ref.HasID {
		return
	}
	of := copySubject{host: r.canon(head.Computer), channel: head.Channel}
	if plan := r.decoder.Meaning(rec); plan != nil {
		of.kind = plan.Kind
	}
	i, ok := r.subjects[of]
	if !ok {
		i = int32(len(r.list))
		r.subjects[of] = i
		r.list = append(r.list, of)
	}
	r.hash.Reset()
	for _, text := range [...]string{of.host, head.Provider, head.Channel} {
		r.hash.WriteString(text)
		r.hash.WriteByte(0)
	}
	maphash.WriteComparable(&r.hash, [2]uint64{ref.RecordID, uint64(head.Time / millisecond)})
	r.seen = append(r.seen, sighting{r.hash.Sum64(), r.number[ref.File], i})
}

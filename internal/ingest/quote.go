package ingest

import (
	"context"
	"maps"
	"slices"

	"reeve"
	"reeve/internal/evidence"
)

// maxQuote bounds a quoted record; the rest of a longer one is cut off and said so.
const maxQuote = 64 << 10

// Quote gives the cited records as JSON, each cut at 64 KiB. Records that cannot be read again are left out.
func Quote(ctx context.Context, set *evidence.Set, refs []reeve.Ref, opt Options) map[reeve.Ref]string {
	want := map[reeve.Ref]bool{}
	files := map[string][]reeve.Ref{}
	for _, r := range refs {
		if !want[r] {
			want[r] = true
			files[r.File] = append(files[r.File], r)
		}
	}
	opt.Only = func(name string) bool { return files[name] != nil }
	opt.Hash = false
	var quotes []*quoter
	_, _ = scan(ctx, set, opt, files, func(int) Sink { // the error is that of ctx, which the caller knows
		q := &quoter{want: want, got: map[reeve.Ref]string{}}
		quotes = append(quotes, q)
		return q
	})
	out := map[reeve.Ref]string{}
	for _, q := range quotes {
		maps.Copy(out, q.got)
	}
	return out
}

// cited are the parts that hold the records asked for; nil when all of the file has to be read.
func (f *file) cited() []part {
	if f.refs == nil || f.format.near == nil || f.opt.Recover {
		return nil
	}
	var parts []part
	for _, r := range f.refs {
		parts = append(parts, f.format.near(f.handle, r))
	}
	slices.SortFunc(parts, func(a, b part) int { return int(min(1, max(-1, a.from-b.from))) })
	return slices.Compact(parts)
}

// quoter keeps the text of the records wanted.
type quoter struct {
	want map[reeve.Ref]bool
	got  map[reeve.Ref]string
	buf  []byte
}

func (q *quoter) Record(rec reeve.Record) {
	ref := rec.Ref()
	if !q.want[ref] {
		return
	}
	q.buf = rec.AppendJSON(q.buf[:0])
	text := q.buf
	if len(text) > maxQuote {
		const cut = " [cut]"
		n := maxQuote - len(cut)
		for n > 0 && text[n]&0xc0 == 0x80 {
			n--
		}
		text = append(text[:n:n], cut...)
	}
	q.got[ref] = string(text)
}

// Lost does nothing: losses were told when the evidence was read first.
func (q *quoter) Lost(reeve.ReadError) {}

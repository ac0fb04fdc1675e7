package detect

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"reeve"
	"reeve/sigma"
)

// wanted is where a field that correlations need stands.
type wanted struct {
	slot
	host bool // it is the record's host
}

// hostText stands for the record's host as a value: under which one name a host goes is known when all records are read.
const hostText = "\x00"

// Count notes what correlations need of the record that a rule matched, and tells whether the match is of interest by itself.
func (m *Matcher) Count(rec reeve.Record, h *Hit) (alerts bool) {
	names, _ := m.engine.Wanted(h.Rule)
	views := m.plan(rec).views
	for i := 0; i < len(views) && len(names) > 0 && h.Values == nil; i++ {
		if v := &views[i]; v.whole.program.Has(h.Rule) {
			h.Values = make([]sigma.HitValue, 0, len(names))
			for _, w := range m.wanted(rec, v, h.Rule, names) {
				h.Values = append(h.Values, m.value(rec, &w))
			}
		}
	}
	return m.engine.Alerts(h.Rule)
}

// wanted remembers where records of a view's class have what correlations need of a rule's matches.
func (m *Matcher) wanted(rec reeve.Record, v *view, rule int32, names []string) []wanted {
	list, ok := v.wanted[rule]
	if ok {
		return list
	}
	host := rec.Resolve("Computer")
	for _, name := range names {
		at, convert := m.meaning.Field(rec, v.source, name)
		list = append(list, wanted{slot{at: at, convert: convert}, convert == nil && len(at) == 1 && at[0] == host && host != reeve.NoHandle})
	}
	if v.wanted == nil {
		v.wanted = map[int32][]wanted{}
	}
	v.wanted[rule] = list
	return list
}

// value is the first text of a field. An empty one is no value: formats do not agree on how they write that there is none.
func (m *Matcher) value(rec reeve.Record, w *wanted) sigma.HitValue {
	if w.host {
		return sigma.HitValue{Text: hostText, Stated: true}
	}
	m.buf = m.buf[:0]
	var list []byte
	if w.convert != nil {
		if texts, kind := m.gather(rec, w.at); kind == reeve.List {
			list = w.convert(nil, texts)
		}
	} else {
		for _, h := range w.at {
			if val := rec.Value(h); val.Kind > reeve.Null {
				list = append(append(list, m.text(val)...), 0)
			}
		}
	}
	list = bytes.TrimLeft(list, "\x00")
	if text, _, _ := bytes.Cut(list, []byte{0}); len(text) > 0 {
		return sigma.HitValue{Text: m.keep(text), Stated: true}
	}
	return sigma.HitValue{}
}

// Bounds of the texts that a worker keeps for correlations.
const (
	maxKept  = 256 // bytes of one; a longer one is told from others by a digest
	maxTexts = 1 << 16
)

// keep gives a text of its own, one for all that are equal.
func (m *Matcher) keep(text []byte) string {
	if len(text) > maxKept {
		sum := sha256.Sum256(bytes.ToLower(text)) // correlations do not regard case
		text = append(bytes.ToValidUTF8(slices.Clone(text[:maxKept]), nil), "…"+hex.EncodeToString(sum[:8])...)
	}
	if s, ok := m.kept[string(text)]; ok {
		return s
	}
	if m.kept == nil || len(m.kept) >= maxTexts {
		m.kept = map[string]string{}
	}
	s := string(text)
	m.kept[s] = s
	return s
}

// MaxCounted is how many matches correlations count. To keep and to count that many takes about a GiB.
const MaxCounted = 1 << 20

// Tally keeps the matches that are of interest to correlations alone, for all workers. It holds the earliest, so that what it holds
// does not depend on which worker came first.
type Tally struct {
	most int
	mu   sync.Mutex
	hits []*Hit // a heap once there is room for no more
	left Left
}

// Left is what correlations did not count.
type Left struct {
	Late    int        // matches for which there was no room
	From    reeve.Time // of the last that was counted, when there are such
	Undated int        // matches in records that state no time
}

// NewTally begins a tally of at most most matches, which are one or more.
func NewTally(most int) *Tally { return &Tally{most: most} }

// Add takes a match. It may be called from several goroutines.
func (t *Tally) Add(h *Hit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case h.Time == 0:
		t.left.Undated++
		return
	case len(t.hits) < t.most:
		t.hits = append(t.hits, h)
		return
	case t.left.Late == 0:
		for i := len(t.hits) / 2; i >= 0; i-- {
			sink(t.hits, i)
		}
	}
	t.left.Late++
	if byTime(h, t.hits[0]) < 0 {
		t.hits[0] = h
		sink(t.hits, 0)
	}
}

// Take hands over what was added, in no order.
func (t *Tally) Take() []*Hit {
	if t.left.Late > 0 {
		t.left.From = t.hits[0].Time
	}
	hits := t.hits
	t.hits = nil
	return hits
}

// sink restores the heap, with the latest match on top, when the one at i may be too early for its place.
func sink(heap []*Hit, i int) {
	for k := 2*i + 1; k < len(heap); k = 2*i + 1 {
		if k+1 < len(heap) && byTime(heap[k+1], heap[k]) > 0 {
			k++
		}
		if byTime(heap[i], heap[k]) >= 0 {
			return
		}
		heap[i], heap[k] = heap[k], heap[i]
		i = k
	}
}

func byTime(a, b *Hit) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), a.Ref.Compare(b.Ref), cmp.Compare(a.Rule, b.Rule))
}

// Correlate lets the correlations of an engine count matches, as Distinct leaves them. It gives those that are of interest by
// themselves and, behind them, a match for each that a correlation found.
func (t *Tally) Correlate(e *sigma.Engine, hits []*Hit) ([]*Hit, Left) {
	list := t.count(e, hits)
	if len(list) == 0 {
		return hits, t.left
	}
	var out []*Hit
	for _, h := range hits {
		if e.Alerts(h.Rule) {
			out = append(out, h)
		}
	}
	for _, c := range e.Correlate(list) {
		out = append(out, whole(&c, hits))
	}
	return out, t.left
}

// count makes of matches what correlations count. A record is known by where the first match of it stands.
func (t *Tally) count(e *sigma.Engine, hits []*Hit) (list []sigma.Hit) {
	record := 0
	for i, h := range hits {
		if h.compareRecord(hits[record]) != 0 {
			record = i
		}
		_, counted := e.Wanted(h.Rule)
		switch {
		case !counted:
			continue
		case h.Time == 0:
			t.left.Undated++
			continue
		case t.left.Late > 0 && h.Time > t.left.From: // later than what is kept of rules that do not alert
			t.left.Late++
			continue
		}
		for k, v := range h.Values {
			if v.Text == hostText {
				h.Values[k] = sigma.HitValue{Text: h.Host, Stated: h.Host != ""}
			}
		}
		list = append(list, sigma.Hit{Rule: h.Rule, Time: int64(h.Time), ID: record, Values: h.Values})
	}
	if len(list) > t.most {
		slices.SortFunc(list, func(a, b sigma.Hit) int {
			return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Rule, b.Rule))
		})
		t.left.Late += len(list) - t.most
		list = list[:t.most]
		t.left.From = reeve.Time(list[t.most-1].Time)
	}
	return list
}

// maxCited is how many of a correlation's first records are cited, and how many of its last.
const maxCited = 10

// whole makes a match of what a correlation found. It belongs to the process of the last of its records that has one: that is
// where the condition was complete.
func whole(c *sigma.Correlated, hits []*Hit) *Hit {
	list := make([]*Hit, len(c.Hits))
	for i, at := range c.Hits {
		list[i] = hits[at]
	}
	slices.SortFunc(list, byTime)
	w := &Whole{}
	h := &Hit{Rule: c.Rule, Time: reeve.Time(c.Last), Ref: list[len(list)-1].Ref, Whole: w}
	for i, x := range list {
		if x.Process != 0 {
			h.Process, h.Key = x.Process, x.Key
			w.Processes = append(w.Processes, x.Process)
		}
		w.Hosts = append(w.Hosts, x.Host)
		if i < maxCited || i >= len(list)-maxCited {
			w.Refs = append(append(w.Refs, x.Ref), x.Also...)
		}
	}
	slices.Sort(w.Processes)
	slices.Sort(w.Hosts)
	w.Processes, w.Hosts = slices.Clip(slices.Compact(w.Processes)), slices.Clip(slices.Compact(w.Hosts))
	if len(w.Hosts) == 1 {
		h.Host = w.Hosts[0]
	}
	for _, g := range c.Group {
		h.Fields = append(h.Fields, reeve.NamedValue(g))
	}
	h.Fields = append(h.Fields, reeve.NamedValue{Name: "records", Value: strconv.Itoa(len(list))}, reeve.NamedValue{Name: "first", Value: reeve.Time(c.First).String()}, reeve.NamedValue{Name: "last", Value: h.Time.String()})
	if len(list) > 2*maxCited {
		h.Fields = append(h.Fields, reeve.NamedValue{Name: "cited", Value: fmt.Sprintf("the first %d and the last %d records", maxCited, maxCited)})
	}
	return h
}

// Says tells the reader of a report what correlations did not count; nothing when they counted everything.
func (l Left) Says() (out []string) {
	matches := func(n int) string {
		if n == 1 {
			return "1 match"
		}
		return strconv.Itoa(n) + " matches"
	}
	if l.Late > 0 {
		out = append(out, fmt.Sprintf("Correlations counted the earliest matches of their rules, up to %s. There was no room for %s after that, so what they would find later is not known.", l.From, matches(l.Late)))
	}
	if l.Undated > 0 {
		out = append(out, fmt.Sprintf("%s of rules that correlations count could not be counted, because the records state no time.", matches(l.Undated)))
	}
	return out
}

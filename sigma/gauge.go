package sigma

import (
	"slices"
	"sort"
)

// gauge counts what is in a window that slides over items: items are added behind it and dropped in front.
type gauge interface {
	add(at int)
	drop(at int)
	holds(from int) bool // whether the items from one on satisfy the condition
}

// gauge gives a correlation its gauge, and keeps the items that it can count.
func (r *run) gauge(p *plan, items *[]entry) gauge {
	switch p.Type {
	case "temporal_ordered":
		return newSeries(p, *items)
	case "temporal":
		for i := range *items {
			(*items)[i].key = p.ways[(*items)[i].way].ref
		}
		return &different{plan: p, items: *items, there: make([]int32, len(p.refs))}
	case "event_count":
		type event struct {
			rule int32
			id   int
		}
		seen := map[event]int32{}
		for i := range *items {
			it := &(*items)[i]
			e := event{-1, r.hits[it.hit].ID}
			if it.match > 0 {
				e = event{p.ways[it.way].via, int(it.match)}
			}
			key, ok := seen[e]
			if !ok {
				key = int32(len(seen))
				seen[e] = key
			}
			it.key = key
		}
		return &different{plan: p, items: *items, there: make([]int32, len(seen))}
	case "value_count":
		values := numbers{of: map[string]int32{}}
		list := (*items)[:0]
		for _, it := range *items {
			if key, ok := values.number(r, p, &it, len(p.GroupBy), len(p.GroupBy)+len(p.fields)); ok {
				it.key = key
				list = append(list, it)
			}
		}
		*items = list
		return &different{plan: p, items: *items, there: make([]int32, len(values.of))}
	}
	r.numeric(p, items)
	if p.Type == "value_sum" || p.Type == "value_avg" {
		return &total{plan: p, items: *items, suffix: make([]float64, len(*items))}
	}
	return newRanks(p, *items)
}

// numeric reads the numbers of items and keeps those that have one, each record once in a group.
func (r *run) numeric(p *plan, items *[]entry) {
	type record struct {
		group int32
		id    int
	}
	seen := map[record]bool{}
	list := (*items)[:0]
	for _, it := range *items {
		s, _ := r.value(p, &it, len(p.GroupBy))
		n, ok := number(s)
		if k := (record{it.group, r.hits[it.hit].ID}); ok && !seen[k] {
			seen[k], it.num = true, n
			list = append(list, it)
		}
	}
	*items = list
}

func (p *plan) satisfied(n float64) bool {
	return !slices.ContainsFunc(p.bounds, func(b bound) bool { return !b.holds(n) })
}

// different counts keys, each once.
type different struct {
	plan  *plan
	items []entry
	there []int32 // by key: items in the window
	n     int
}

func (d *different) add(at int) {
	if k := d.items[at].key; d.there[k] == 0 {
		d.n++
	}
	d.there[d.items[at].key]++
}

func (d *different) drop(at int) {
	k := d.items[at].key
	if d.there[k]--; d.there[k] == 0 {
		d.n--
	}
}

func (d *different) holds(int) bool {
	if d.plan.formula != nil {
		return d.plan.formula.holds(d.there)
	}
	return d.plan.satisfied(float64(d.n))
}

// series measures the longest series of items in the order of the rules. begin says of a length and a rule where the latest series
// of that length begins that ends with that rule or one before it.
type series struct {
	plan  *plan
	items []entry
	begin [][]int
}

func newSeries(p *plan, items []entry) *series {
	s := &series{plan: p, items: items, begin: make([][]int, len(p.refs))}
	for i := range s.begin {
		s.begin[i] = slices.Repeat([]int{-1}, len(p.refs))
	}
	return s
}

func (s *series) add(at int) {
	ref := int(s.plan.ways[s.items[at].way].ref)
	for length := range ref + 1 {
		begin := at
		if length > 0 {
			begin = s.begin[length-1][ref-1]
		}
		for i := ref; i < len(s.begin) && s.begin[length][i] < begin; i++ {
			s.begin[length][i] = begin
		}
	}
}

func (s *series) drop(int) {}

func (s *series) holds(from int) bool {
	n := 0
	for n < len(s.begin) && s.begin[n][len(s.begin)-1] >= from {
		n++
	}
	return s.plan.satisfied(float64(n))
}

// total adds numbers up. Nothing is ever subtracted, so that sums of small numbers are not lost in what large ones leave: the items
// before mid have the sums from each of them to mid, and those behind are added up as they come.
type total struct {
	plan   *plan
	items  []entry
	suffix []float64
	mid    int
	end    int
	sum    float64 // from mid to end
}

func (t *total) add(at int) {
	t.sum += t.items[at].num
	t.end = at + 1
}

func (t *total) drop(at int) {
	if at < t.mid {
		return
	}
	t.sum = 0
	sum := 0.0
	for i := t.end - 1; i >= at; i-- {
		sum += t.items[i].num
		t.suffix[i] = sum
	}
	t.mid = t.end
}

func (t *total) holds(from int) bool {
	n := t.sum
	if from < t.mid {
		n += t.suffix[from]
	}
	if t.plan.Type == "value_avg" {
		n /= float64(t.end - from)
	}
	return t.plan.satisfied(n)
}

// ranks finds the value of a rank: a Fenwick tree over the different values in order.
type ranks struct {
	plan   *plan
	items  []entry
	values []float64
	tree   []int // from 1
	n      int
}

func newRanks(p *plan, items []entry) *ranks {
	r := &ranks{plan: p, items: items, values: make([]float64, len(items))}
	for i, it := range items {
		r.values[i] = it.num
	}
	slices.Sort(r.values)
	r.values = slices.Compact(r.values)
	r.tree = make([]int, len(r.values)+1)
	for i := range items {
		items[i].key = int32(sort.SearchFloat64s(r.values, items[i].num))
	}
	return r
}

func (r *ranks) add(at int)  { r.change(at, 1) }
func (r *ranks) drop(at int) { r.change(at, -1) }

func (r *ranks) change(at, by int) {
	r.n += by
	for i := int(r.items[at].key) + 1; i < len(r.tree); i += i & -i {
		r.tree[i] += by
	}
}

// value gives the value of a rank, from 1.
func (r *ranks) value(rank int) float64 {
	step := 1
	for step*2 < len(r.tree) {
		step *= 2
	}
	at := 0
	for ; step > 0; step /= 2 {
		if at+step < len(r.tree) && r.tree[at+step] < rank {
			at += step
			rank -= r.tree[at]
		}
	}
	return r.values[at]
}

func (r *ranks) holds(int) bool {
	if r.plan.Type == "value_median" {
		return r.plan.satisfied((r.value((r.n+1)/2) + r.value(r.n/2+1)) / 2)
	}
	return r.plan.satisfied(r.value(r.plan.percentile.rank(r.n)))
}

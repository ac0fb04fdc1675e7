package detect_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/winlog/recordtest"
	"reeve/sigma"
)

// counting compiles a rule "base", which is about every record with A=x, and a correlation of it.
func counting(t testing.TB, correlation string) *sigma.Engine {
	t.Helper()
	list, faults := sigma.Parse("made.yml", []byte("title: base\nname: base\nlogsource: {service: all}\ndetection: {s: {A: x}, condition: s}\n---\ntitle: whole\nid: w\nlevel: high\nauthor: someone\ntags: [attack.t1110]\ncorrelation: "+
		correlation+"\n"), sigma.ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	return sigma.Compile(&sigma.Set{Rules: list}, keyed{})
}

const byUser = "{type: event_count, rules: base, group-by: [User], timespan: 1m, condition: {gte: 3}}"

// TestCorrelationsAreGivenTheFirstTextOfAField: the correlation groups by G; each case is a record and what is kept of it.
func TestCorrelationsAreGivenTheFirstTextOfAField(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, c := range []struct {
		says, field, record, want string
		stated                    bool
	}{
		{"a text", "G", "G=One", "One", true},
		{"the first of several", "G", "G=one\nG=two", "one", true},
		{"the first that is not empty", "G", "G=\nG=two", "two", true},
		{"an empty text is no value", "G", "G=", "", false},
		{"nor is null", "G", "G", "", false},
		{"nor is a field that is not stated", "G", "H=one", "", false},
		{"a dash is a text", "G", "G=-", "-", true},
		{"a converted text", "Big", "Small=one", "ONE", true},
		{"a converted text that is not stated", "Big", "G=one", "", false},
		{"the envelope", "EventID", "G=one", "1", true},
		{"a field that no rule looks at", "Other", "Other=é", "é", true},
		{"a text within the bound", "G", "G=" + long[:256], long[:256], true},
	} {
		t.Run(c.says, func(t *testing.T) {
			e := counting(t, strings.Replace(byUser, "User", c.field, 1))
			m := detect.NewMatcher(e, meaning())
			rec := recordtest.One(t, "app | p | 1\nA=x\n"+c.record)
			for _, rec := range []reeve.Record{rec, rec.UTF16(), rec} { // what is remembered of the class must not differ
				h := detect.Hit{Rule: m.Match(rec)[0]}
				if m.Count(rec, &h) || len(h.Values) != 1 || h.Values[0] != (sigma.HitValue{Text: c.want, Stated: c.stated}) {
					t.Errorf("kept %+v", h.Values)
				}
			}
		})
	}
}

// TestLongTextsAreToldApart: of a long text a digest is kept, which is the same in any case of letters.
func TestLongTextsAreToldApart(t *testing.T) {
	e := counting(t, byUser)
	m := detect.NewMatcher(e, meaning())
	kept := func(text string) string {
		rec := recordtest.One(t, "app | p | 1\nA=x\nUser="+text)
		h := detect.Hit{Rule: m.Match(rec)[0]}
		m.Count(rec, &h)
		if len(h.Values[0].Text) > 300 || !h.Values[0].Stated {
			t.Errorf("%d bytes are kept", len(h.Values[0].Text))
		}
		return h.Values[0].Text
	}
	long := strings.Repeat("aé", 1000)
	if kept(long+"x") == kept(long+"y") {
		t.Error("texts that differ at their ends are one")
	}
	if !strings.EqualFold(kept(long+"x"), kept(strings.ToUpper(long)+"X")) {
		t.Error("texts that differ in case alone are two")
	}
}

func TestOnlyARuleThatServesCorrelationsAloneIsSilent(t *testing.T) {
	for correlation, alerts := range map[string]bool{byUser: false, strings.Replace(byUser, "timespan", "generate: true, timespan", 1): true} {
		e := counting(t, correlation)
		m := detect.NewMatcher(e, meaning())
		rec := recordtest.One(t, "app | p | 1\nA=x\nUser=ann")
		h := detect.Hit{Rule: m.Match(rec)[0]}
		if got := m.Count(rec, &h); got != alerts || h.Values[0].Text != "ann" {
			t.Errorf("%s: of interest by itself: %v, kept %+v", correlation, got, h.Values)
		}
	}
	e := made(t, "one all\ns: {A: x}\ncondition: s")
	m := detect.NewMatcher(e, meaning())
	rec := recordtest.One(t, "app | p | 1\nA=x\nUser=ann")
	h := detect.Hit{Rule: m.Match(rec)[0]}
	if !m.Count(rec, &h) || h.Values != nil {
		t.Errorf("a rule that nothing counts keeps %+v", h.Values)
	}
}

// chance makes matches of few records, rules and places, so that much of it is equal.
func chance(r *rand.Rand, n int) (out []*detect.Hit) {
	at := map[reeve.Ref]detect.Hit{} // what a position states is always the same
	seen := map[string]bool{}
	for range n {
		ref := reeve.Ref{File: []string{"a", "b"}[r.IntN(2)], Offset: int64(r.IntN(40)), HasID: true}
		h, ok := at[ref]
		if !ok {
			h = detect.Hit{Ref: ref, Host: []string{"", "pc"}[r.IntN(2)], Channel: []string{"s", "t"}[r.IntN(2)], Process: reeve.ProcID(r.IntN(2)), Time: reeve.Time(r.IntN(3) * 5000)}
			h.Ref.HasID = r.IntN(4) > 0
			h.Ref.RecordID = uint64(r.IntN(3))
			at[ref] = h
		}
		if h.Rule = int32(r.IntN(2)); !seen[fmt.Sprint(h.Ref, h.Rule)] {
			seen[fmt.Sprint(h.Ref, h.Rule)] = true
			out = append(out, &h)
		}
	}
	return out
}

// TestCopiesAreOne holds Distinct against comparing every match with every other.
func TestCopiesAreOne(t *testing.T) {
	copies := func(a, b *detect.Hit) bool {
		return a.Rule == b.Rule && a.Process == b.Process && a.Host == b.Host && a.Channel == b.Channel && a.Time/10000 == b.Time/10000 && a.Ref.HasID && b.Ref.HasID && a.Ref.RecordID == b.Ref.RecordID
	}
	joined := 0
	for seed := range uint64(300) {
		hits := chance(rand.New(rand.NewPCG(seed, 1)), 60)
		var want []string
		for i := range hits {
			var refs []reeve.Ref
			for k := range hits {
				if i == k || copies(hits[i], hits[k]) {
					refs = append(refs, hits[k].Ref)
				}
			}
			slices.SortFunc(refs, reeve.Ref.Compare)
			if refs[0] == hits[i].Ref {
				want = append(want, fmt.Sprint(hits[i].Rule, refs))
				joined += len(refs) - 1
			}
		}
		var got []string
		for _, h := range detect.Distinct(slices.Clone(hits), 100) {
			got = append(got, fmt.Sprint(h.Rule, append([]reeve.Ref{h.Ref}, h.Also...)))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d matches, want %d:\n%s\n%s", seed, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if joined == 0 {
		t.Error("there were no copies")
	}
}

// TestATallyKeepsTheEarliest: whoever adds first, it holds what sorting everything would leave.
func TestATallyKeepsTheEarliest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var all []*detect.Hit
	undated := 0
	for i := range 5000 {
		h := &detect.Hit{Rule: int32(i % 2), Time: reeve.Time(r.IntN(900)), Ref: reeve.Ref{File: "f", Offset: int64(i / 2)}}
		if h.Time == 0 {
			undated++
		}
		all = append(all, h)
	}
	byTime := func(a, b *detect.Hit) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.Ref.Compare(b.Ref), cmp.Compare(a.Rule, b.Rule))
	}
	dated := slices.DeleteFunc(slices.Clone(all), func(h *detect.Hit) bool { return h.Time == 0 })
	slices.SortFunc(dated, byTime)
	for _, most := range []int{1, 100, 1000, len(dated), len(all)} {
		for turn := range 3 {
			r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
			tally := detect.NewTally(most)
			var wg sync.WaitGroup
			for w := range 3 {
				wg.Go(func() {
					for i := w; i < len(all); i += 3 {
						tally.Add(all[i])
					}
				})
			}
			wg.Wait()
			got := tally.Take()
			slices.SortFunc(got, byTime)
			want := dated[:min(most, len(dated))]
			if !slices.EqualFunc(got, want, func(a, b *detect.Hit) bool { return byTime(a, b) == 0 }) {
				t.Errorf("most %d, turn %d: %d matches are kept, and not the earliest %d", most, turn, len(got), len(want))
			}
			_, left := tally.Correlate(counting(t, byUser), nil)
			if left.Late != len(dated)-len(want) || left.Undated != undated || left.Late > 0 && left.From != want[len(want)-1].Time {
				t.Errorf("most %d: %+v is left of %d, %d of them without a time", most, left, len(all), undated)
			}
		}
	}
}

// tallied gives what an engine finds in matches of its first rule, of which each is a user, a second and what else fill says.
func tallied(t testing.TB, e *sigma.Engine, most int, users string, fill func(i int, h *detect.Hit)) ([]*detect.Hit, detect.Left) {
	t.Helper()
	var hits []*detect.Hit
	for i, u := range strings.Fields(users) {
		h := &detect.Hit{Host: "pc", Time: reeve.Time(i+1) * reeve.Second, Ref: reeve.Ref{File: "f", Offset: int64(i)}, Values: []sigma.HitValue{{Text: u, Stated: true}}}
		if fill != nil {
			fill(i, h)
		}
		hits = append(hits, h)
	}
	return detect.NewTally(most).Correlate(e, detect.Distinct(hits, 4))
}

func TestAMatchOfACorrelationTellsOfItsRecords(t *testing.T) {
	e := counting(t, byUser)
	found, left := tallied(t, e, 100, "ann bob Ann ANN", func(i int, h *detect.Hit) {
		h.Process, h.Key = reeve.ProcID([]int{7, 9, 5, 0}[i]), reeve.ProcKey{PID: uint32(i)}
	})
	if len(found) != 1 || left != (detect.Left{}) {
		t.Fatalf("%+v, left %+v", found, left)
	}
	h := found[0]
	f := h.Finding(e.Rules()[h.Rule])
	if f.Title != "whole" || f.RuleID != "w" || f.Level != reeve.High || f.Author != "someone" || strings.Join(f.Tags, " ") != "attack.t1110" || f.Source != "made.yml" || f.Host != "pc" || f.Time != 4*reeve.Second {
		t.Errorf("the finding is %+v", f)
	}
	if h.Process != 5 || f.Process.PID != 2 || !slices.Equal(h.Whole.Processes, []reeve.ProcID{5, 7}) {
		t.Errorf("it belongs to process %d (%v), its records to %v", h.Process, f.Process, h.Whole.Processes)
	}
	if got := fmt.Sprint(f.Fields); got != "[{User ann} {records 3} {first 1601-01-01T00:00:01.0000000Z} {last 1601-01-01T00:00:04.0000000Z}]" {
		t.Errorf("fields %s", got)
	}
	if len(f.Refs) != 3 || f.Refs[0].Offset != 0 || f.Refs[1].Offset != 2 || f.Refs[2].Offset != 3 {
		t.Errorf("it cites %v", f.Refs)
	}
}

func TestOfManyRecordsTheFirstAndTheLastAreCited(t *testing.T) {
	e := counting(t, byUser)
	for n, want := range map[int]string{20: "0-19", 21: "0-9 11-20", 55: "0-9 45-54"} {
		found, _ := tallied(t, e, 100, strings.Repeat("ann ", n), nil)
		f := found[0].Finding(e.Rules()[found[0].Rule])
		var got []string
		for i, r := range f.Refs {
			if i == 0 || r.Offset != f.Refs[i-1].Offset+1 {
				got = append(got, fmt.Sprint(r.Offset))
			}
			if i+1 == len(f.Refs) || f.Refs[i+1].Offset != r.Offset+1 {
				got[len(got)-1] += fmt.Sprint("-", r.Offset)
			}
		}
		text := fmt.Sprint(f.Fields)
		if strings.Join(got, " ") != want || !strings.Contains(text, fmt.Sprintf("{records %d}", n)) || strings.Contains(text, "{cited the first 10 and the last 10 records}") != (n > 20) {
			t.Errorf("of %d records %v are cited, fields %s", n, got, text)
		}
	}
}

// TestTheHostOfACorrelation: it has one when all its records have the same, and is found under each of theirs.
func TestTheHostOfACorrelation(t *testing.T) {
	for hosts, want := range map[string]string{"pc pc pc": "pc", "pc srv pc": "", "pc none pc": "", "none none none": ""} {
		found, _ := tallied(t, counting(t, byUser), 100, "ann ann ann", func(i int, h *detect.Hit) {
			h.Host = strings.ReplaceAll(strings.Fields(hosts)[i], "none", "")
		})
		if len(found) != 1 || found[0].Host != want {
			t.Fatalf("%s: %+v", hosts, found)
		}
		for _, host := range strings.Fields(hosts) {
			if !slices.Contains(found[0].Hosts(), strings.ReplaceAll(host, "none", "")) {
				t.Errorf("%s: it is not found on %q", hosts, host)
			}
		}
	}
}

// TestNothingCountsBeyondTheLastThatWasKept: a match that alerts is kept in any case, but with others of its time missing, what
// correlations made of it would be wrong.
func TestNothingCountsBeyondTheLastThatWasKept(t *testing.T) {
	const rule = "---\ntitle: %s\nname: %s\nlogsource: {service: all}\ndetection: {s: {A: x}, condition: s}\n"
	list, faults := sigma.Parse("made.yml", []byte(fmt.Sprintf(rule, "quiet", "quiet")[4:]+fmt.Sprintf(rule, "loud", "loud")+
		"---\ntitle: both\ncorrelation: {type: event_count, rules: [quiet, loud], timespan: 1m, condition: {gte: 3}}\n"+
		"---\ntitle: none\ncorrelation: {type: event_count, rules: loud, timespan: 1m, generate: true, condition: {gte: 9}}\n"), sigma.ParseOptions{})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	e := sigma.Compile(&sigma.Set{Rules: list}, keyed{})
	for most, want := range map[int]string{3: "loud", 4: "loud both"} {
		tally := detect.NewTally(most)
		for i, second := range []reeve.Time{1, 1, 2, 3} { // the first two are copies
			tally.Add(&detect.Hit{Rule: 0, Time: second * reeve.Second, Ref: reeve.Ref{File: "f", Offset: int64(i), RecordID: uint64(second), HasID: true}})
		}
		loud := &detect.Hit{Rule: 1, Time: 5 * reeve.Second, Ref: reeve.Ref{File: "f", Offset: 9, RecordID: 9, HasID: true}}
		found, left := tally.Correlate(e, detect.Distinct(append(tally.Take(), loud), 4))
		var got []string
		for _, h := range found {
			got = append(got, e.Rules()[h.Rule].Title)
		}
		if strings.Join(got, " ") != want || left.Late != map[int]int{3: 2}[most] {
			t.Errorf("room for %d: found %q, %+v", most, got, left)
		}
	}
}

// TestWhatIsLeftIsTold: each case is how many matches there is room for, the users of matches a second apart of which the third
// has no time, and what is said.
func TestWhatIsLeftIsTold(t *testing.T) {
	for _, c := range []struct {
		most int
		late int
		says string
	}{
		{6, 0, "1 match of rules that correlations count could not be counted, because the records state no time."},
		{5, 0, "1 match of rules that correlations count could not be counted, because the records state no time."},
		{4, 1, "Correlations counted the earliest matches of their rules, up to 1601-01-01T00:00:05.0000000Z. There was no room for 1 match after that, so what they would find later is not known."},
		{2, 3, "Correlations counted the earliest matches of their rules, up to 1601-01-01T00:00:02.0000000Z. There was no room for 3 matches after that, so what they would find later is not known."},
	} {
		found, left := tallied(t, counting(t, byUser), c.most, "ann ann ann ann ann ann", func(i int, h *detect.Hit) {
			if i == 2 {
				h.Time = 0
			}
		})
		if left.Late != c.late || left.Undated != 1 || left.Says()[0] != c.says {
			t.Errorf("room for %d: %+v: %q", c.most, left, left.Says())
		}
		if n := min(c.most, 5); (len(found) == 1) != (n >= 3) || n >= 3 && found[0].Fields[1].Value != fmt.Sprint(n) {
			t.Errorf("room for %d: found %+v", c.most, found)
		}
	}
	if says := (detect.Left{}).Says(); says != nil {
		t.Errorf("nothing is left, and it says %q", says)
	}
}

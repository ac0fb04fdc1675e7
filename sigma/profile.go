package sigma

import "time"

// Profile counts what rules cost. It belongs to one worker, as the matchers that it watches do.
type Profile struct {
	clock func() time.Duration
	tick  time.Duration // what reading the clock costs
	costs []Cost
	shown map[*Program]int
	scan  time.Duration
}

// Cost is what one rule cost. Time is that of its condition alone: looking for the literals of all rules at once is nobody's own.
// What several rules ask of an event is worked out once, at the cost of the first.
type Cost struct {
	Rule      int32         // number of the engine
	Shown     int           // events that the rule was shown
	Evaluated int           // of them, those of which its condition was evaluated
	Matched   int           // of them, those that it matches
	Time      time.Duration // without the reading of the clock
}

// NewProfile gives a profile of the engine's rules. clock tells the time since any fixed moment.
func (e *Engine) NewProfile(clock func() time.Duration) *Profile {
	p := &Profile{clock: clock, costs: make([]Cost, len(e.rules)), shown: map[*Program]int{}}
	for i := range p.costs {
		p.costs[i].Rule = int32(i)
	}
	for i := range 100 {
		from := clock()
		if d := max(clock()-from, 0); i == 0 || d < p.tick {
			p.tick = d
		}
	}
	return p
}

// Watch makes the matcher note in a profile what its rules cost.
func (m *Matcher) Watch(p *Profile) { m.profile = p }

// Costs lists every rule's cost, by number.
func (p *Profile) Costs() []Cost {
	out := make([]Cost, len(p.costs))
	copy(out, p.costs)
	for program, n := range p.shown {
		for _, id := range program.ids {
			out[id].Shown += n
		}
	}
	return out
}

// Scan is the time that went into reading the events' values and looking for the literals of all rules in them.
func (p *Profile) Scan() time.Duration { return p.scan }

// now is called without a profile as well.
func (p *Profile) now() time.Duration {
	if p == nil {
		return 0
	}
	return p.clock()
}

func (p *Profile) spent(from time.Duration) time.Duration { return max(p.clock()-from-p.tick, 0) }

// Show notes that an event is one of those that the program's rules are about, although none of them can hold of it: there is nothing
// to match it with.
func (p *Profile) Show(program *Program) {
	if p != nil {
		p.shown[program]++
	}
}

// scanned notes that an event was read and scanned for a program, or for one that it was narrowed to.
func (p *Profile) scanned(program *Program, from time.Duration) {
	if p == nil {
		return
	}
	p.scan += p.spent(from)
	if program.whole != nil {
		program = program.whole
	}
	p.shown[program]++
}

// tried notes that a rule's condition was evaluated.
func (p *Profile) tried(rule int32, from time.Duration, matched bool) {
	if p == nil {
		return
	}
	c := &p.costs[rule]
	c.Time += p.spent(from)
	c.Evaluated++
	if matched {
		c.Matched++
	}
}

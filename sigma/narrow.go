package sigma

import "strings"

// Bounds of what is made for layouts. Hostile events can have layouts without end; all further ones are matched with the whole program.
const (
	maxLayouts  = 4096   // of a program, that are told apart
	maxNarrowed = 20_000 // rules in all narrowed programs of an engine
)

// Narrow gives the program with what is known of a layout put in its place: rules that can hold of none of its events are left out,
// and so are the questions that have one answer for all of them. Of events of the layout it matches what the program matches. nil
// when no rule can hold. To make one takes as long as to match some hundred events: it is for layouts that many events have.
func (p *Program) Narrow(l Layout) *Program {
	key := p.key(&l)
	p.lock.Lock()
	defer p.lock.Unlock()
	n, ok := p.narrowed[key]
	if ok {
		return n
	}
	if len(p.narrowed) >= maxLayouts {
		return p
	}
	var ids []int32
	for _, id := range p.ids {
		if chance, _ := p.engine.rules[id].Chance(l); chance == Possible {
			ids = append(ids, id)
		}
	}
	if p.narrowed == nil {
		p.narrowed = map[string]*Program{}
	}
	if len(ids) > 0 {
		if p.engine.narrowed.Add(int64(len(ids))) > maxNarrowed {
			return p
		}
		n = &Program{engine: p.engine, ids: ids, code: p.engine.code(ids, nil, &l), whole: p}
	}
	p.narrowed[key] = n
	return n
}

// key tells layouts apart by what rules can ask of them.
func (p *Program) key(l *Layout) string {
	var key strings.Builder
	for _, f := range p.Fields() {
		value, known := "", false
		if l.Known != nil {
			value, known = l.Known(f)
		}
		switch {
		case known:
			key.WriteString("=" + fold(value) + "\x00")
		case l.States(f):
			key.WriteByte('+')
		default:
			key.WriteByte('-')
		}
	}
	return key.String()
}

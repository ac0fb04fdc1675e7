package sigma

import "strings"

// maxNarrowed bounds the programs that are made of one for layouts. Hostile events can have layouts without end; all further ones are
// matched with the whole program.
const maxNarrowed = 128

// Narrow gives the program with what is known of a layout put in its place: rules that can hold of none of its events are left out,
// and so are the questions that have one answer for all of them. It matches what the program matches. nil when no rule can hold.
func (p *Program) Narrow(l Layout) *Program {
	var key strings.Builder
	for _, f := range p.Fields() {
		value, known := "", false
		if l.Known != nil {
			value, known = l.Known(f)
		}
		switch {
		case known:
			key.WriteString("=" + value + "\x00")
		case l.States(f):
			key.WriteByte('+')
		default:
			key.WriteByte('-')
		}
	}
	p.narrow.Lock()
	defer p.narrow.Unlock()
	n, ok := p.narrowed[key.String()]
	if ok {
		return n
	}
	if len(p.narrowed) >= maxNarrowed {
		return p
	}
	if c := p.engine.code(p.ids, nil, &l); len(c.rules) > 0 {
		n = &Program{engine: p.engine, code: c, whole: p}
		for _, r := range c.rules {
			n.ids = append(n.ids, r.id)
		}
	}
	if p.narrowed == nil {
		p.narrowed = map[string]*Program{}
	}
	p.narrowed[key.String()] = n
	return n
}

package winlog

import (
	"bytes"
	"strings"

	"reeve"
)

// Decoder gives records their meaning. It belongs to one worker and remembers what it worked out per class.
type Decoder struct {
	byName    index
	byChannel index
	byWitness []provider
	plans     map[planKey][]choice
	last      planKey
	choices   []choice
	buf       []byte
}

// index finds meanings by a name and an event id.
type index map[string]map[uint32][]*meaning

// planKey is all that decides on the choices of a record.
type planKey struct {
	class    reeve.Class
	provider string
	channel  string
	id       uint32
}

// maxPlans bounds what a decoder remembers; hostile evidence can make classes without end.
const maxPlans = 1 << 16

// NewDecoder gives a decoder for one worker.
func NewDecoder() *Decoder {
	d := &Decoder{byName: index{}, byChannel: index{}, plans: map[planKey][]choice{}}
	for _, p := range providers() {
		for i := range p.meanings {
			m := &p.meanings[i]
			for _, id := range m.ids {
				for _, n := range p.names {
					d.byName.put(n, id, m)
				}
				for _, c := range p.channels {
					d.byChannel.put(c, id, m)
				}
			}
		}
		if p.witness != "" {
			d.byWitness = append(d.byWitness, p)
		}
	}
	return d
}

func (x index) put(name string, id uint32, m *meaning) {
	if x[name] == nil {
		x[name] = map[uint32][]*meaning{}
	}
	x[name][id] = append(x[name][id], m)
}

// Meaning gives the plan of a record's meaning; nil when its provider or id has none.
func (d *Decoder) Meaning(rec reeve.Record) *Plan {
	h := rec.Head()
	k := planKey{rec.Class(), h.Provider, h.Channel, h.EventID}
	if k != d.last || k.class == nil {
		c, known := d.plans[k]
		if !known {
			if len(d.plans) >= maxPlans {
				clear(d.plans)
			}
			c = choose(d.find(rec, h), rec)
			d.plans[k] = c
		}
		d.last, d.choices = k, c
	}
	for i := range d.choices {
		if d.holds(rec, d.choices[i].tests) {
			return d.choices[i].plan
		}
	}
	return nil
}

// holds tells whether the values of a record are as the tests want them.
func (d *Decoder) holds(rec reeve.Record, tests []plannedTest) bool {
	for i := range tests {
		if !d.meets(rec, &tests[i]) {
			return false
		}
	}
	return true
}

func (d *Decoder) meets(rec reeve.Record, t *plannedTest) bool {
	d.buf = rec.Value(t.at).AppendText(d.buf[:0])
	for rest := d.buf; ; {
		item, after, more := bytes.Cut(rest, []byte{0})
		for _, want := range t.any {
			if bytes.EqualFold(item, want) {
				return true
			}
		}
		if !more {
			return false
		}
		rest = after
	}
}

// find gives the meanings that an id has with a record's provider.
func (d *Decoder) find(rec reeve.Record, h *reeve.Head) []*meaning {
	name, channel := strings.ToLower(h.Provider), strings.ToLower(h.Channel)
	if strings.HasPrefix(name, "mssql$") {
		name = anySQLInstance
	}
	if m := d.byName[name][h.EventID]; m != nil {
		return m
	}
	switch known := d.byName[name] != nil; {
	case known:
	case channel != "" && (name == "" || name == channel || !shared[channel]):
		if m := d.byChannel[channel][h.EventID]; m != nil {
			return m
		}
	case channel == "" && name == "":
		for i := range d.byWitness {
			if m := d.byName[d.byWitness[i].names[0]][h.EventID]; m != nil && dataField(rec, d.byWitness[i].witness) != reeve.NoHandle {
				return m
			}
		}
	}
	if h.EventID == 0 && isECS(rec) {
		return d.byName[ecsProvider][0]
	}
	return nil
}

// Light is what the first reading wants of every record with a meaning. Image is valid until the next call.
type Light struct {
	Host            string
	Time            reeve.Time
	Process, Parent reeve.ProcKey
	Image           []byte
}

// Light fills out without allocating.
func (d *Decoder) Light(rec reeve.Record, p *Plan, out *Light) {
	h := rec.Head()
	*out = Light{Host: h.Computer, Time: h.Time, Image: out.Image[:0]}
	for i := range p.light {
		switch f := &p.light[i]; f.to {
		case toTime:
			if t := parseMoment(d.text(rec, f)); t != 0 {
				out.Time = t
			}
		case toActorGUID:
			d.guid(rec, f, &out.Process)
		case toActorPID:
			d.pid(rec, f, &out.Process)
		case toParentGUID:
			d.guid(rec, f, &out.Parent)
		case toParentPID:
			d.pid(rec, f, &out.Parent)
		default: // the image
			if len(out.Image) == 0 {
				out.Image = append(out.Image, d.text(rec, f)...)
				if f.as == asFolder && len(f.with) > 0 {
					d.buf = f.with[0].value(rec).AppendText(d.buf[:0])
					out.Image = inFolder(out.Image, d.buf)
				}
			}
		}
	}
}

// Decode gives the whole event.
func (d *Decoder) Decode(rec reeve.Record, p *Plan) reeve.Event {
	h := rec.Head()
	e := reeve.Event{Kind: p.Kind, Time: h.Time, Written: h.Time, Host: h.Computer, Provider: h.Provider, Channel: h.Channel, ID: h.EventID, Ref: rec.Ref()}
	e.Attrs = make([]reeve.Property, 0, len(p.fields)+len(p.fixed))
	for i := range p.fields {
		d.decode(rec, &p.fields[i], &e)
	}
	for _, f := range p.fixed {
		if !e.Has(f.Attr) {
			e.Attrs = append(e.Attrs, f)
		}
	}
	return e
}

func (d *Decoder) decode(rec reeve.Record, f *plannedField, e *reeve.Event) {
	switch f.to {
	case toTime:
		if t := parseMoment(d.text(rec, f)); t != 0 {
			e.Time = t
		}
	case toActorGUID:
		d.guid(rec, f, &e.Process)
	case toActorPID:
		d.pid(rec, f, &e.Process)
	case toParentGUID:
		d.guid(rec, f, &e.Parent)
	case toParentPID:
		d.pid(rec, f, &e.Parent)
	case toTargetGUID:
		d.guid(rec, f, &e.Target)
	case toTargetPID:
		d.pid(rec, f, &e.Target)
	default:
		d.attribute(rec, f, e)
	}
}

// attribute adds what a field states of an attribute, unless a field before it stated it. Accounts are often stated by SID where
// their name belongs, and the other way round.
func (d *Decoder) attribute(rec reeve.Record, f *plannedField, e *reeve.Event) {
	a := reeve.Attr(f.to)
	if f.as != asHash && e.Has(a) {
		return
	}
	v, ok := d.property(rec, f)
	if !ok {
		return
	}
	switch sid := strings.HasPrefix(v, "S-1-"); {
	case f.as == asHash && e.Has(a):
		for i := range e.Attrs {
			if e.Attrs[i].Attr == a {
				e.Attrs[i].Value += "," + v
			}
		}
		return
	case sid && a == reeve.AttrUser:
		a = reeve.AttrUserSID
	case sid && a == reeve.AttrTargetUser:
		a = reeve.AttrTargetSID
	case !sid && (a == reeve.AttrUserSID || a == reeve.AttrTargetSID):
		return
	}
	if !e.Has(a) {
		e.Attrs = append(e.Attrs, reeve.Property{Attr: a, Value: v})
	}
}

// Kind is what a record means; "" when it has no meaning.
func (d *Decoder) Kind(rec reeve.Record) reeve.Kind {
	if p := d.Meaning(rec); p != nil {
		return p.Kind
	}
	return ""
}

package winlog

import (
	"strconv"
	"strings"

	"reeve"
)

// Plan is a meaning made ready for one class of records.
type Plan struct {
	Kind reeve.Kind
	// Unselected tells that the source logs every event of the kind: no configuration picks by program or rule.
	Unselected bool

	fixed  []reeve.Property
	fields []plannedField
	light  []plannedField // those that Light reads
}

// plannedField is a field with its places in a class.
type plannedField struct {
	field
	from []place
	with []place // of a second field
}

// place is where a value stands: a field, or one of the unnamed values counted from 1.
type place struct {
	at      reeve.Handle
	unnamed []reeve.Handle
	nth     int
}

// choice is a plan with what decides for it.
type choice struct {
	tests []plannedTest
	plan  *Plan // nil when the meaning is none
}

type plannedTest struct {
	at  reeve.Handle
	any [][]byte
}

// choose makes meanings ready for a class. Tests that ask for fields are answered here.
func choose(meanings []*meaning, rec reeve.Record) []choice {
	var out []choice
next:
	for _, m := range meanings {
		var c choice
		for _, t := range m.when {
			h := dataField(rec, t.raw)
			if t.none != (h == reeve.NoHandle) {
				continue next
			}
			if t.any != nil {
				p := plannedTest{at: h}
				for _, v := range t.any {
					p.any = append(p.any, []byte(v))
				}
				c.tests = append(c.tests, p)
			}
		}
		if m.kind != "" {
			c.plan = plan(m, rec)
		}
		out = append(out, c)
		if len(c.tests) == 0 {
			break
		}
	}
	return out
}

// plan resolves a meaning's fields for a record's class.
func plan(m *meaning, rec reeve.Record) *Plan {
	p := &Plan{Kind: m.kind, Unselected: m.all, fixed: m.fixed}
	stated := map[target]bool{}
	for _, f := range m.fields {
		if p.add(f, rec) {
			stated[f.to] = true
		}
	}
	// Shippers move fields to names of the Elastic Common Schema and drop the originals. Their user.id is the account that wrote the
	// record, Sysmon's or the system's.
	if isECS(rec) {
		for i := range ecs.meanings {
			if ecs.meanings[i].kind == m.kind && &ecs.meanings[i] != m {
				for _, f := range ecs.meanings[i].fields {
					if !stated[f.to] && f.to != target(reeve.AttrUserSID) {
						p.add(f, rec)
					}
				}
				break
			}
		}
	}
	return p
}

// add plans a field; false when the class does not have it.
func (p *Plan) add(f field, rec reeve.Record) bool {
	x := plannedField{field: f}
	for _, raw := range f.raw {
		if at, ok := resolve(rec, raw); ok {
			x.from = append(x.from, at)
		}
	}
	if len(x.from) == 0 {
		return false
	}
	switch f.as {
	case asAccount, asPair, asPath, asPart, asLocalPID, asFolder:
		for _, raw := range strings.Split(f.second, "|") {
			if at, ok := resolve(rec, raw); ok {
				x.with = append(x.with, at)
			}
		}
	}
	p.fields = append(p.fields, x)
	switch f.to {
	case toTime, toActorGUID, toActorPID, toParentGUID, toParentPID, target(reeve.AttrImage):
		p.light = append(p.light, x)
	}
	return true
}

// resolve finds where a raw name stands.
func resolve(rec reeve.Record, raw string) (place, bool) {
	if nth, ok := strings.CutPrefix(raw, "#"); ok {
		n, err := strconv.Atoi(nth)
		if err != nil {
			return place{}, false
		}
		p := place{nth: n}
		for _, f := range rec.Fields() {
			if f.Name == "" || f.Name == "Data" {
				p.unnamed = append(p.unnamed, f.Handle)
			}
		}
		if p.unnamed == nil { // Winlogbeat names them
			h := dataField(rec, "param"+nth)
			return place{at: h}, h != reeve.NoHandle
		}
		return p, true
	}
	if envelope, ok := strings.CutPrefix(raw, "@"); ok {
		h := rec.Resolve(envelope)
		return place{at: h}, h != reeve.NoHandle
	}
	h := dataField(rec, raw)
	if h == reeve.NoHandle && strings.Contains(raw, " ") {
		h = dataField(rec, strings.ReplaceAll(raw, " ", ""))
	}
	return place{at: h}, h != reeve.NoHandle
}

// dataField finds a data field by name, never a value of the envelope that has the same name. The names of the Elastic Common
// Schema, which have dots, may stand in the envelope.
func dataField(rec reeve.Record, name string) reeve.Handle {
	if ofShipper(rec, name) {
		return reeve.NoHandle
	}
	found := reeve.NoHandle
	for _, f := range rec.Fields() {
		switch {
		case f.Name == name:
			return f.Handle
		case found == reeve.NoHandle && strings.EqualFold(f.Name, name):
			found = f.Handle
		}
	}
	if found == reeve.NoHandle && strings.Contains(name, ".") {
		return rec.Resolve(name)
	}
	return found
}

// ofShipper knows the names under which NXLog writes values of its own beside the record's, and over them: they are not what the
// record states.
func ofShipper(rec reeve.Record, name string) bool {
	present := func(name string) bool { return rec.Resolve(name) != reeve.NoHandle }
	if !present("SourceModuleType") {
		return false
	}
	switch strings.ToLower(name) {
	case "eventtype":
		return !present("EventTypeOrignal") // where the OTRF's pipeline keeps NXLog's, so that EventType is the record's own
	case "accountname":
		return present("AccountType")
	case "processid":
		return !present("Execution_ProcessID") // then it is the process that wrote the record
	}
	return false
}

// value reads one place of a record.
func (p *place) value(rec reeve.Record) reeve.Value {
	if p.unnamed == nil {
		return rec.Value(p.at)
	}
	n := p.nth
	for _, h := range p.unnamed {
		v := rec.Value(h)
		if v.Kind != reeve.List {
			if n--; n == 0 {
				return v
			}
			continue
		}
		for rest := v.Bytes; len(rest) > 0; {
			end, next := item(rest, v.Enc)
			if n--; n == 0 {
				return reeve.Value{Kind: reeve.Text, Enc: v.Enc, Bytes: rest[:end]}
			}
			rest = rest[next:]
		}
	}
	return reeve.Value{}
}

// item gives the end of a list's first item and the start of the next.
func item(b []byte, enc reeve.Encoding) (end, next int) {
	if enc == reeve.UTF8 {
		for i, c := range b {
			if c == 0 {
				return i, i + 1
			}
		}
		return len(b), len(b)
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return i, i + 2
		}
	}
	return len(b), len(b)
}

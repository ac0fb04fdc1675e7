package winlog

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"strings"

	"reeve"
)

// Plan is a meaning made ready for one class of records.
type Plan struct {
	Kind   reeve.Kind
	fixed  []reeve.Property
	fields []plannedField

	host, time, actorGUID, actorPID, parentGUID, parentPID, image []reeve.Handle
}

// plannedField is a field with its handles.
type plannedField struct {
	to     target
	as     conversion
	from   []reeve.Handle
	extra  reeve.Handle
	key    string
	writer bool // the value is the process that wrote the record
}

// Decoder gives records their meaning. It belongs to one worker and remembers what it worked out per class.
type Decoder struct {
	byName    map[string]map[uint32]*meaning
	byChannel map[string]map[uint32]*meaning
	plans     map[planKey]*Plan
	last      planKey
	lastPlan  *Plan
	buf       []byte
}

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
	d := &Decoder{byName: map[string]map[uint32]*meaning{}, byChannel: map[string]map[uint32]*meaning{}, plans: map[planKey]*Plan{}}
	for _, p := range providers() {
		for i := range p.meanings {
			m := &p.meanings[i]
			for _, id := range m.ids {
				for _, n := range p.names {
					put(d.byName, n, id, m)
				}
				for _, c := range p.channels {
					put(d.byChannel, c, id, m)
				}
			}
		}
	}
	return d
}

func put(table map[string]map[uint32]*meaning, name string, id uint32, m *meaning) {
	if table[name] == nil {
		table[name] = map[uint32]*meaning{}
	}
	table[name][id] = m
}

// Meaning gives the plan of a record's meaning; nil when its provider or id has none.
func (d *Decoder) Meaning(rec reeve.Record) *Plan {
	h := rec.Head()
	k := planKey{rec.Class(), h.Provider, h.Channel, h.EventID}
	if k == d.last && d.last.class != nil {
		return d.lastPlan
	}
	p, ok := d.plans[k]
	if !ok {
		if len(d.plans) >= maxPlans {
			clear(d.plans)
		}
		if m := d.find(rec, h); m != nil {
			p = plan(m, rec)
		}
		d.plans[k] = p
	}
	d.last, d.lastPlan = k, p
	return p
}

func (d *Decoder) find(rec reeve.Record, h *reeve.Head) *meaning {
	name := strings.ToLower(h.Provider)
	if instance, _, ok := strings.Cut(name, "$"); ok && instance == "mssql" {
		name = "mssql$*"
	}
	if m := d.byName[name][h.EventID]; m != nil {
		return m
	}
	// The logging service writes into the Security log under its own name; exports that leave the provider out give it away.
	channel := strings.ToLower(h.Channel)
	if name == "" || d.byName[name] == nil && d.byChannel[channel] != nil && !strings.HasPrefix(name, "microsoft-") {
		if m := d.byChannel[channel][h.EventID]; m != nil {
			return m
		}
		if channel == "security" && (h.EventID == 1102 || h.EventID == 1100 || h.EventID == 1101) {
			return d.byName["microsoft-windows-eventlog"][h.EventID]
		}
		if channel == "system" {
			return d.byName["service control manager"][h.EventID]
		}
	}
	if h.EventID == 0 {
		return d.byName[ecsProvider][ecsID(rec)]
	}
	return nil
}

// ecsID tells which of the ECS meanings a record has; 0 for none.
func ecsID(rec reeve.Record) uint32 {
	has := func(name string) bool { return rec.Resolve(name) != reeve.NoHandle }
	text := func(name string) string { return strings.ToLower(rec.Value(rec.Resolve(name)).String()) }
	category, kind := text("event.category"), text("event.type")+text("event.action")
	switch {
	case has("registry.path"):
		return ecsRegistry
	case has("destination.ip"):
		return ecsNetwork
	case has("file.path"):
		return ecsFile
	case strings.Contains(kind, "end") || strings.Contains(kind, "terminat"):
		return ecsEnd
	case has("process.executable") && (strings.Contains(category, "process") || has("process.command_line")):
		return ecsStart
	}
	return 0
}

// plan resolves a meaning's fields for a record's class.
func plan(m *meaning, rec reeve.Record) *Plan {
	p := &Plan{Kind: m.kind, fixed: m.fixed}
	fields := m.fields
	if rec.Resolve("process.entity_id") == reeve.NoHandle {
		p.host = nil
	}
	for _, f := range fields {
		x := plannedField{to: f.to, as: f.as, extra: reeve.NoHandle, key: f.extra}
		for _, raw := range f.raw {
			if raw == actorOfWriter {
				x.writer = true
				continue
			}
			if h := resolve(rec, raw); h != reeve.NoHandle {
				x.from = append(x.from, h)
			}
		}
		if f.as == asAccount || f.as == asPart {
			x.extra = resolve(rec, f.extra)
		}
		if len(x.from) == 0 && !x.writer {
			continue
		}
		switch f.to {
		case toTime:
			p.time = x.from
		case toActorGUID:
			p.actorGUID = x.from
		case toActorPID:
			p.actorPID = x.from
		case toParentGUID:
			p.parentGUID = x.from
		case toParentPID:
			p.parentPID = x.from
		case target(reeve.AttrImage):
			p.image = x.from
		}
		p.fields = append(p.fields, x)
	}
	return p
}

// resolve finds a field by name, by name without blanks, or the n-th unnamed Data.
func resolve(rec reeve.Record, raw string) reeve.Handle {
	if nth, ok := strings.CutPrefix(raw, "#"); ok {
		n, err := strconv.Atoi(nth)
		if err != nil {
			return reeve.NoHandle
		}
		for _, f := range rec.Fields() {
			if f.Name == "" || f.Name == "Data" {
				if n--; n == 0 {
					return f.Handle
				}
			}
		}
		return reeve.NoHandle
	}
	if h := rec.Resolve(raw); h != reeve.NoHandle {
		return h
	}
	if strings.Contains(raw, " ") {
		return rec.Resolve(strings.ReplaceAll(raw, " ", ""))
	}
	return reeve.NoHandle
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
	image := out.Image[:0]
	*out = Light{Host: h.Computer, Time: h.Time}
	if t := d.moment(rec, p.time); t != 0 {
		out.Time = t
	}
	out.Process = reeve.ProcKey{GUID: d.guid(rec, p.actorGUID), PID: d.pid(rec, p.actorPID)}
	out.Parent = reeve.ProcKey{GUID: d.guid(rec, p.parentGUID), PID: d.pid(rec, p.parentPID)}
	for _, x := range p.image {
		if image = rec.Value(x).AppendText(image[:0]); len(image) > 0 {
			break
		}
	}
	if string(image) == "-" {
		image = image[:0]
	}
	out.Image = image
}

func (d *Decoder) text(rec reeve.Record, from []reeve.Handle) []byte {
	for _, h := range from {
		if d.buf = rec.Value(h).AppendText(d.buf[:0]); len(d.buf) > 0 {
			return d.buf
		}
	}
	return nil
}

func (d *Decoder) guid(rec reeve.Record, from []reeve.Handle) reeve.GUID {
	if from == nil {
		return reeve.GUID{}
	}
	g, _ := reeve.ParseGUID(bytes.TrimSpace(d.text(rec, from)))
	return g
}

func (d *Decoder) pid(rec reeve.Record, from []reeve.Handle) uint32 {
	if from == nil {
		return 0
	}
	return uint32(parseUint(d.text(rec, from)))
}

// parseUint reads decimal or 0x hexadecimal without allocating; 0 for anything else.
func parseUint(b []byte) uint64 {
	b = bytes.TrimSpace(b)
	if len(b) > 2 && b[0] == '0' && (b[1] == 'x' || b[1] == 'X') {
		if len(b) > 18 {
			return 0
		}
		var n uint64
		for _, c := range b[2:] {
			switch {
			case c >= '0' && c <= '9':
				n = n<<4 | uint64(c-'0')
			case c|0x20 >= 'a' && c|0x20 <= 'f':
				n = n<<4 | uint64(c|0x20-'a'+10)
			default:
				return 0
			}
		}
		return n
	}
	if len(b) > 19 {
		return 0
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// moment reads Sysmon's "2006-01-02 15:04:05.000" and RFC 3339, both in UTC.
func (d *Decoder) moment(rec reeve.Record, from []reeve.Handle) reeve.Time {
	if from == nil {
		return 0
	}
	return parseMoment(d.text(rec, from))
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
	if f.writer {
		e.Process.PID = rec.Head().PID
		return
	}
	switch f.to {
	case toTime:
		if t := d.moment(rec, f.from); t != 0 {
			e.Time = t
		}
	case toActorGUID:
		e.Process.GUID = d.guid(rec, f.from)
	case toActorPID:
		e.Process.PID = d.pid(rec, f.from)
	case toParentGUID:
		e.Parent.GUID = d.guid(rec, f.from)
	case toParentPID:
		e.Parent.PID = d.pid(rec, f.from)
	case toTargetGUID:
		e.Target.GUID = d.guid(rec, f.from)
	case toTargetPID:
		e.Target.PID = d.pid(rec, f.from)
	default:
		if v, ok := d.property(rec, f); ok {
			e.Attrs = append(e.Attrs, reeve.Property{Attr: reeve.Attr(f.to), Value: v})
		}
	}
}

// property reads one attribute; ok is false where Windows states nothing.
func (d *Decoder) property(rec reeve.Record, f *plannedField) (string, bool) {
	s, present := "", false
	for _, h := range f.from {
		v := rec.Value(h)
		if v.Kind == reeve.Absent || v.Kind == reeve.Null {
			continue
		}
		present = true
		if s = strings.TrimRight(v.String(), "\x00"); v.Kind == reeve.List {
			s = strings.ReplaceAll(s, "\x00", "\n")
		}
		if !nothing(s) {
			break
		}
	}
	if !present || s == "-" {
		return "", false
	}
	switch f.as {
	case asAccount:
		domain := rec.Value(f.extra).String()
		if nothing(s) {
			return "", false
		}
		if !nothing(domain) {
			s = domain + `\` + s
		}
	case asHex:
		if n := parseUint([]byte(s)); n != 0 || s == "0" {
			s = "0x" + strconv.FormatUint(n, 16)
		}
	case asMessage:
		if word, ok := messages[strings.TrimSpace(s)]; ok {
			s = word
		}
	case asIntegrity:
		if word, ok := labels[strings.ToLower(s)]; ok {
			s = word
		}
	case asAction:
		s = taskAction(s)
	case asYesNo:
		s = yesNo(s)
	case asKeyValue:
		return keyValue(s, f.key)
	case asPart:
		s += "/" + rec.Value(f.extra).String()
	case asRest:
		s = strings.TrimSpace(s)
	}
	return s, s != "" || f.to == target(reeve.AttrCommandLine)
}

func yesNo(s string) string {
	switch strings.ToLower(s) {
	case "1", "true", "yes":
		return "true"
	case "0", "false", "no":
		return "false"
	}
	return s
}

// keyValue finds "key=value" or "key = value" on a line of its own.
func keyValue(text, key string) (string, bool) {
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		if ok && strings.TrimSpace(name) == key {
			value = strings.TrimSpace(value)
			return value, value != ""
		}
	}
	return "", false
}

// maxTask bounds the XML of a task that is looked into.
const maxTask = 1 << 20

// taskAction gives the command and arguments of a task's XML; "" when it has none.
func taskAction(text string) string {
	d := xml.NewDecoder(io.LimitReader(strings.NewReader(text), maxTask))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var out []string
	in, tokens := "", 0
	for {
		tok, err := d.RawToken()
		if err != nil || tokens > 20_000 {
			return strings.Join(out, " ")
		}
		tokens++
		switch t := tok.(type) {
		case xml.StartElement:
			in = t.Name.Local
		case xml.EndElement:
			in = ""
		case xml.CharData:
			if in == "Command" || in == "Arguments" {
				out = append(out, strings.TrimSpace(string(t)))
			}
		}
	}
}

// parseMoment reads "2006-01-02 15:04:05[.fraction]" with " " or "T" and an optional "Z"; 0 for anything else.
func parseMoment(b []byte) reeve.Time {
	b = bytes.TrimSuffix(bytes.TrimSpace(b), []byte("Z"))
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != ' ' && b[10] != 'T' || b[13] != ':' || b[16] != ':' {
		return 0
	}
	var n [6]int64
	for i, at := range [...]int{0, 5, 8, 11, 14, 17} {
		for _, c := range b[at : at+2+2*(1-min(i, 1))] {
			if c < '0' || c > '9' {
				return 0
			}
			n[i] = n[i]*10 + int64(c-'0')
		}
	}
	if n[0] < 1601 || n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 || n[3] > 23 || n[4] > 59 || n[5] > 60 {
		return 0
	}
	ticks, scale := int64(0), int64(1_000_000)
	if frac := b[19:]; len(frac) > 1 && frac[0] == '.' {
		for _, c := range frac[1:] {
			if c < '0' || c > '9' {
				return 0
			}
			ticks += int64(c-'0') * scale
			scale /= 10
		}
	} else if len(frac) > 0 {
		return 0
	}
	// Days since 1601-01-01 in the proleptic Gregorian calendar, counted from a year that begins in March.
	y, m := n[0], n[1]
	if m <= 2 {
		y, m = y-1, m+12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + n[2] - 1 - 584_694
	return reeve.Time(((days*24+n[3])*60+n[4])*60+n[5])*reeve.Second + reeve.Time(ticks)
}

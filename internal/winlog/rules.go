package winlog

import (
	"slices"
	"strconv"
	"strings"

	"reeve"
)

// The keys of record sources: a Sigma category, a Sigma service, both, divided by a blank, or everything that Windows logs.
const (
	categoryKey = "category:"
	serviceKey  = "service:"
	windowsKey  = "windows"
)

// RuleSources tells which record sources a rule's log source means; none when no Windows record can be one.
func RuleSources(category, product, service string) []string {
	if product != "windows" && (product != "" || category != "antivirus" && category != "process_creation") {
		return nil
	}
	var keys []string
	if category != "" {
		if !knownCategories()[category] {
			return nil
		}
		keys = append(keys, categoryKey+category)
	}
	if service != "" {
		if _, ok := services[service]; !ok {
			return nil
		}
		keys = append(keys, serviceKey+service)
	}
	if keys == nil {
		return []string{windowsKey}
	}
	return []string{strings.Join(keys, " ")}
}

// RuleSources lists the sources that a record belongs to. It is asked once for each class of records.
func (d *Decoder) RuleSources(rec reeve.Record) []string {
	h := rec.Head()
	channel, provider := strings.ToLower(h.Channel), strings.ToLower(h.Provider)
	var ofService, ofCategory []string
	for _, s := range serviceList {
		if slices.Contains(strings.Split(services[s], "|"), channel) {
			ofService = append(ofService, serviceKey+s)
		}
	}
	for _, c := range categories {
		if c.id == h.EventID && (c.provider == provider || provider == "" && channel != "" && channel == channelOf(c.provider)) {
			ofCategory = append(ofCategory, categoryKey+c.name)
		}
	}
	if ofService == nil && ofCategory == nil && h.EventID == 0 {
		if p := d.Meaning(rec); p != nil {
			for _, name := range categoriesOf(p.Kind) {
				ofCategory = append(ofCategory, categoryKey+name)
			}
		}
	}
	out := slices.Concat([]string{windowsKey}, ofService, ofCategory)
	for _, c := range ofCategory {
		for _, s := range ofService {
			out = append(out, c+" "+s)
		}
	}
	return out
}

// channelOf is where a provider of categories writes, by which exports that leave the provider out are known.
func channelOf(provider string) string {
	switch provider {
	case "microsoft-windows-security-auditing":
		return "security"
	case "powershell":
		return "windows powershell"
	}
	return provider + "/operational"
}

// reading says how a rule's field is read: from the first of the names that a record has or, with a conversion, from all of them
// together.
type reading struct {
	raw []string
	as  func(dst, list []byte) []byte
}

// RuleField finds where a rule's field stands in records of rec's class: nowhere, in one place, or in several. A record answers to
// the names of the taxonomy before those of its own. convert, unless nil, makes of the texts of all places what rules expect;
// detect.Meaning states its form.
func RuleField(rec reeve.Record, source, name string) (at []reeve.Handle, convert func(dst, list []byte) []byte) {
	lower := strings.ToLower(name)
	if r, ok := taxonomy(rec, source)[lower]; ok {
		if at = r.places(rec); at != nil {
			return at, r.as
		}
	}
	if at, convert = lineField(rec, lower); at != nil {
		return at, convert
	}
	if at = named(rec, name); at != nil {
		return at, nil
	}
	switch lower {
	case "imphash", "md5", "sha1", "sha256":
		for _, raw := range []string{"Hashes", "Hash"} {
			if at = named(rec, raw); at != nil {
				return at, hashPart(lower)
			}
		}
	}
	if r, ok := elastic[lower]; ok {
		if at = r.places(rec); at != nil {
			return at, r.as
		}
	}
	return unnamedField(rec, lower)
}

// taxonomy gives the fields that records of a kind state under other names.
func taxonomy(rec reeve.Record, source string) map[string]reading {
	category, ok := strings.CutPrefix(source, categoryKey)
	if !ok {
		return nil
	}
	category, _, _ = strings.Cut(category, " ")
	switch id := rec.Head().EventID; {
	case category == "antivirus":
		return antivirus
	case id == 4688:
		return processAudit
	case id == 4689:
		return processEndAudit
	case id == 4657:
		return registryAudit(category)
	case id == 0 && dataField(rec, mde.witness) != reeve.NoHandle:
		return hunting(category)
	}
	return nil
}

// places resolves a reading; nil when the record has none of its names.
func (r reading) places(rec reeve.Record) []reeve.Handle {
	var all []reeve.Handle
	found := false
	for _, raw := range r.raw {
		at := named(rec, raw)
		switch {
		case r.as == nil && at != nil:
			return at
		case at == nil:
			at = []reeve.Handle{reeve.NoHandle}
		default:
			found = true
		}
		all = append(all, at[0])
	}
	if !found {
		return nil
	}
	return all
}

// named finds all data of a name, without regard to case and blanks, else the envelope's value. Data without a name answer to
// that of their element, and what a shipper wrote over the record's own is none of its data.
func named(rec reeve.Record, name string) []reeve.Handle {
	if ofShipper(rec, name) {
		return nil
	}
	var out []reeve.Handle
	for _, f := range rec.Fields() {
		n := f.Name
		if n == "" {
			n = "Data"
		}
		if strings.EqualFold(n, name) || strings.Contains(n, " ") && (strings.EqualFold(strings.ReplaceAll(n, " ", ""), name) || strings.EqualFold(strings.ReplaceAll(n, " ", "_"), name)) {
			out = append(out, f.Handle)
		}
	}
	if out == nil {
		if at := rec.Resolve(name); at != reeve.NoHandle {
			out = []reeve.Handle{at}
		}
	}
	return out
}

// unnamedData finds the data that have no name.
func unnamedData(rec reeve.Record) (at []reeve.Handle) {
	for _, f := range rec.Fields() {
		if f.Name == "" || strings.EqualFold(f.Name, "Data") {
			at = append(at, f.Handle)
		}
	}
	return at
}

// numbered finds the unnamed data of exports that number them: param1, param2 and so on.
func numbered(rec reeve.Record) (at []reeve.Handle) {
	for n := 1; ; n++ {
		h := dataField(rec, "param"+strconv.Itoa(n))
		if h == reeve.NoHandle {
			return at
		}
		at = append(at, h)
	}
}

// unnamedField finds what a record states without a name: Data under the names that exports give it, or in the message, which
// repeats it; of a message that is not in the record, the data that it is made of; a numbered one among those that have no numbers;
// and those of crashes by their places.
func unnamedField(rec reeve.Record, name string) (at []reeve.Handle, convert func(dst, list []byte) []byte) {
	if name == "data" {
		if at = numbered(rec); at == nil {
			if h := dataField(rec, "Message"); h != reeve.NoHandle {
				at = []reeve.Handle{h}
			}
		}
		return at, nil
	}
	if name == "message" {
		return unnamedData(rec), nil
	}
	nth := 0
	if n, ok := strings.CutPrefix(name, "param"); ok {
		if i, err := strconv.Atoi(n); err == nil && i < 100 {
			nth = i
		}
	} else if h := rec.Head(); h.EventID == 1000 && strings.EqualFold(h.Provider, "Application Error") {
		nth = slices.Index(crash, name) + 1
	}
	if nth <= 0 {
		return nil, nil
	}
	if at = unnamedData(rec); at == nil {
		at = numbered(rec)
	}
	return at, oneOf(nth - 1)
}

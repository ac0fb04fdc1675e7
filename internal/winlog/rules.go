package winlog

import (
	"strings"

	"reeve"
)

// The keys of record sources: a Sigma category, a Sigma service, or everything that Windows logs.
const (
	categoryKey = "category:"
	serviceKey  = "service:"
	windowsKey  = "windows"
)

// RuleSources tells which record sources a rule's log source means; none when no Windows record can be one.
func RuleSources(category, product, service string) []string {
	switch {
	case product != "" && product != "windows" || product == "" && category != "antivirus" && category != "process_creation":
		return nil
	case service != "":
		if _, ok := services[service]; !ok {
			return nil
		}
		return []string{serviceKey + service}
	case category != "":
		if !knownCategories()[category] {
			return nil
		}
		return []string{categoryKey + category}
	}
	return []string{windowsKey}
}

// RuleSources lists the sources that a record belongs to. It is asked once for each class of records.
func (d *Decoder) RuleSources(rec reeve.Record) []string {
	h := rec.Head()
	out := []string{windowsKey}
	channel, provider := strings.ToLower(h.Channel), strings.ToLower(h.Provider)
	for _, s := range serviceList {
		for _, c := range strings.Split(services[s], "|") {
			if c == channel {
				out = append(out, serviceKey+s)
			}
		}
	}
	for _, c := range categories {
		if c.id == h.EventID && (c.provider == provider || provider == "" && channel != "" && channel == channelOf(c.provider)) {
			out = append(out, categoryKey+c.name)
		}
	}
	if len(out) == 1 && h.EventID == 0 {
		if p := d.Meaning(rec); p != nil && knownCategories()[string(p.Kind)] {
			out = append(out, categoryKey+string(p.Kind))
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

// RuleField finds where a rule's field stands in records of rec's class: nowhere, in one place, or in several where a record
// states a name more than once. convert makes of a text what rules expect; nil leaves it as it is.
func RuleField(rec reeve.Record, source, name string) (at []reeve.Handle, convert func(dst, text []byte) []byte) {
	lower, id := strings.ToLower(name), rec.Head().EventID
	var renamed map[string]string
	switch {
	case source == categoryKey+"antivirus":
		renamed = antivirus
	case strings.HasPrefix(source, categoryKey) && id == 4688:
		renamed = processAudit
	case (source == categoryKey+"registry_set" || source == categoryKey+"registry_event") && id == 4657:
		renamed = registryAudit
	}
	if raw := renamed[lower]; raw != "" {
		if at = named(rec, raw); at != nil {
			if raw == "MandatoryLabel" {
				return at, integrityWord
			}
			return at, nil
		}
	}
	if at = named(rec, name); at != nil {
		return at, nil
	}
	if at, convert = mdeField(rec, source, lower); at != nil {
		return at, convert
	}
	switch lower {
	case "imphash", "md5", "sha1", "sha256":
		for _, raw := range []string{"Hashes", "Hash"} {
			if at = named(rec, raw); at != nil {
				return at, hashPart(lower)
			}
		}
	}
	for _, raw := range elastic[lower] {
		if at = named(rec, raw); at != nil {
			return at, nil
		}
	}
	return nil, nil
}

// named finds all data of a name, without regard to case and blanks, else the envelope's value. Data without a name answer to
// that of their element.
func named(rec reeve.Record, name string) []reeve.Handle {
	var out []reeve.Handle
	for _, f := range rec.Fields() {
		n := f.Name
		if n == "" {
			n = "Data"
		}
		if strings.EqualFold(n, name) || strings.Contains(n, " ") && strings.EqualFold(strings.ReplaceAll(n, " ", ""), name) {
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

// integrityWord turns a mandatory label's SID into Sysmon's word.
func integrityWord(dst, text []byte) []byte {
	if word, ok := labels[strings.ToLower(string(text))]; ok {
		return append(dst, word...)
	}
	return append(dst, text...)
}

// hashPart cuts one algorithm out of "MD5=...,SHA256=...".
func hashPart(name string) func(dst, text []byte) []byte {
	return func(dst, text []byte) []byte {
		for part := range strings.SplitSeq(string(text), ",") {
			if key, value, ok := strings.Cut(part, "="); ok && strings.EqualFold(strings.TrimSpace(key), name) {
				return append(dst, value...)
			}
		}
		return dst
	}
}

// processAudit maps Sigma's process fields to those of Security 4688, whose ProcessId is the parent's.
var processAudit = map[string]string{"image": "NewProcessName", "parentimage": "ParentProcessName", "user": "SubjectUserName", "logonid": "SubjectLogonId",
	"processid": "NewProcessId", "parentprocessid": "ProcessId", "integritylevel": "MandatoryLabel"}

// registryAudit maps Sigma's registry fields to those of Security 4657.
var registryAudit = map[string]string{"targetobject": "ObjectName", "details": "NewValue", "image": "ProcessName"}

// antivirus maps Sigma's fields of virus alerts to Defender's.
var antivirus = map[string]string{"signature": "ThreatName", "filename": "Path"}

// elastic maps Sigma's fields to the Elastic Common Schema, for exports that keep nothing else.
var elastic = map[string][]string{
	"image": {"process.executable"}, "commandline": {"process.command_line"}, "currentdirectory": {"process.working_directory"}, "parentimage": {"process.parent.executable"},
	"parentcommandline": {"process.parent.command_line"}, "originalfilename": {"process.pe.original_file_name"}, "product": {"process.pe.product"}, "company": {"process.pe.company"},
	"description": {"process.pe.description"}, "user": {"user.name"}, "targetfilename": {"file.path"}, "imageloaded": {"dll.path", "file.path"}, "targetobject": {"registry.path"}, "details": {"registry.data.strings"},
	"queryname": {"dns.question.name"}, "destinationip": {"destination.ip"}, "destinationport": {"destination.port"}, "destinationhostname": {"destination.domain"}, "sourceip": {"source.ip"},
	"eventid": {"event.code"}, "computer": {"host.name"},
}

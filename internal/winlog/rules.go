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
		if c.id == h.EventID && (c.provider == provider || c.provider == sysmonName && provider == "" && channel == sysmonName+"/operational") {
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

// RuleField finds where a rule's field stands in records of rec's class, and how its text becomes what rules expect; nil
// leaves it as it is.
func RuleField(rec reeve.Record, source, name string) (reeve.Handle, func(dst, text []byte) []byte) {
	h := rec.Head()
	if strings.HasPrefix(source, categoryKey) && h.EventID == 4688 {
		if raw := processAudit[strings.ToLower(name)]; raw != "" {
			if at := rec.Resolve(raw); at != reeve.NoHandle {
				if raw == "MandatoryLabel" {
					return at, integrityWord
				}
				return at, nil
			}
		}
	}
	if source == categoryKey+"registry_set" || source == categoryKey+"registry_event" {
		if h.EventID == 4657 {
			if raw := map[string]string{"targetobject": "ObjectName", "details": "NewValue", "image": "ProcessName"}[strings.ToLower(name)]; raw != "" {
				return rec.Resolve(raw), nil
			}
		}
	}
	if at := rec.Resolve(name); at != reeve.NoHandle {
		return at, nil
	}
	lower := strings.ToLower(name)
	switch lower {
	case "imphash", "md5", "sha1", "sha256":
		for _, raw := range []string{"Hashes", "Hash"} {
			if at := rec.Resolve(raw); at != reeve.NoHandle {
				return at, hashPart(lower)
			}
		}
	}
	for _, raw := range elastic[lower] {
		if at := rec.Resolve(raw); at != reeve.NoHandle {
			return at, nil
		}
	}
	return reeve.NoHandle, nil
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

// elastic maps Sigma's fields to the Elastic Common Schema, for exports that keep nothing else.
var elastic = map[string][]string{
	"image": {"process.executable"}, "commandline": {"process.command_line"}, "currentdirectory": {"process.working_directory"}, "parentimage": {"process.parent.executable"},
	"parentcommandline": {"process.parent.command_line"}, "originalfilename": {"process.pe.original_file_name"}, "product": {"process.pe.product"}, "company": {"process.pe.company"},
	"description": {"process.pe.description"}, "user": {"user.name"}, "targetfilename": {"file.path"}, "imageloaded": {"dll.path", "file.path"}, "targetobject": {"registry.path"}, "details": {"registry.data.strings"},
	"queryname": {"dns.question.name"}, "destinationip": {"destination.ip"}, "destinationport": {"destination.port"}, "destinationhostname": {"destination.domain"}, "sourceip": {"source.ip"},
	"eventid": {"event.code"}, "computer": {"host.name"},
}

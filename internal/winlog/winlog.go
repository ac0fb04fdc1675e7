// Package winlog gives Windows records their meaning, one file per provider, and holds the tables by which Sigma's names and log
// sources find them.
//
// Invariants: a meaning is data (which provider and ids, which field is which property); a record whose provider or id is not
// listed keeps no meaning and stays a record for rules; meaning never changes what a record states, it drops only what Windows
// writes for "nothing". This package and ingest alone know the providers' field names.
package winlog

import (
	"reeve"
)

// provider is one source of records. Records are known by the provider's name; where an export leaves it out, by the channel, and
// where it leaves both out, by a field that no other source has.
type provider struct {
	names    []string // lower case
	channels []string // lower case
	witness  string   // a data field
	meanings []meaning
}

// providers lists every provider that has a meaning here. A new one is a file of its own and a line here.
func providers() []provider {
	return []provider{sysmon, security, eventLog, serviceControl, eventLogService, user32, kernelGeneral, kernelPower, powershell, powershellCore, classicPowerShell,
		taskScheduler, wmi, bits, defender, appLocker, codeIntegrity, localSessions, remoteConnections, winrm, msiInstaller, sqlServer, vhdmp, mde, eql, ecs}
}

// unnamed begins the names of sources that no record names.
const unnamed = "\x00"

// shared are the channels that many providers write to: there an unknown provider's records are not taken for those of a known one.
var shared = map[string]bool{"security": true, "system": true, "application": true}

// meaning is what the records of some ids mean. Where an id means several things, the first meaning whose tests all hold is the
// record's; one without a kind takes the rest away.
type meaning struct {
	ids    []uint32
	when   []test
	kind   reeve.Kind
	fields []field
	fixed  []reeve.Property // stated by the id alone
	all    bool             // the source logs every such event, whatever its configuration
}

// test looks at one field of a record.
type test struct {
	raw  string
	any  []string // one of them is the value or, of a list, one of its items; nil asks only whether there is such a field
	none bool     // there is no such field
}

func says(raw string, any ...string) test { return test{raw: raw, any: any} }
func has(raw string) test                 { return test{raw: raw} }
func lacks(raw string) test               { return test{raw: raw, none: true} }

// field says where one property stands in the record. Of several fields for one property, the first that states something counts.
type field struct {
	to     target
	raw    []string // names to try in order; "#2" is the second unnamed Data, "@Security_UserID" a value of the envelope
	as     conversion
	second string // of conversions that need to know more: a second field by its names divided by "|", a key, what the value stands behind
	until  string // what the value stands before, of asPhrase
}

// target is what a field fills: an attribute, or a part of a key. Attributes are small; parts stand above them.
type target uint16

const (
	toActorGUID target = 0x100 + iota
	toActorPID
	toParentGUID
	toParentPID
	toTargetGUID
	toTargetPID
	toTime
)

func ids(list ...uint32) []uint32 { return list }

// at maps raw names to an attribute.
func at(a reeve.Attr, raw ...string) field { return field{to: target(a), raw: raw} }

func part(t target, raw ...string) field { return field{to: t, raw: raw} }

func conv(a reeve.Attr, c conversion, raw ...string) field {
	return field{to: target(a), raw: raw, as: c}
}

// account joins a domain and a name into DOMAIN\name.
func account(a reeve.Attr, domain, name string) field {
	return field{to: target(a), raw: []string{name}, as: asAccount, second: domain}
}

// keyed is the value of a key in a text of lines "key=value".
func keyed(a reeve.Attr, key string, raw ...string) field {
	return field{to: target(a), raw: raw, as: asKeyed, second: key}
}

// folder is the path of a file whose name, which the path may end in, stands apart.
func folder(a reeve.Attr, path, file string) field {
	return field{to: target(a), raw: []string{path, file}, as: asFolder, second: file}
}

// phrase is what stands in a text behind some words and before others, or before the end of the line.
func phrase(a reeve.Attr, raw, behind, before string) field {
	return field{to: target(a), raw: []string{raw}, as: asPhrase, second: behind, until: before}
}

// hash is a hash that the record states without its algorithm.
func hash(algorithm string, raw ...string) field {
	return field{to: target(reeve.AttrHashes), raw: raw, as: asHash, second: algorithm}
}

func is(a reeve.Attr, value string) reeve.Property { return reeve.Property{Attr: a, Value: value} }

// operation states which of a kind's verbs an id is.
func operation(verb string) []reeve.Property { return []reeve.Property{is(reeve.AttrOperation, verb)} }

func join(lists ...[]field) []field {
	var out []field
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// writerPID is the process that wrote the record.
const writerPID = "@Execution_ProcessID"

// writerSID is the account that the record was written under.
var writerSID = at(reeve.AttrUserSID, "@Security_UserID")

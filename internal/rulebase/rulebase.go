// Package rulebase answers the questions of people who keep Sigma rules: what each rule costs on real records and which can hold of
// none of them, whether rules still match the evidence that they were written for, and why a rule matches a record or not.
//
// Invariants: evidence is read as an investigation reads it, records are routed to rules by their log source; results, times
// apart, depend on the evidence and the rules alone. The package does not know flags or formats and reads no clock.
package rulebase

import (
	"slices"
	"strings"

	"reeve"
	"reeve/internal/detect"
	"reeve/internal/winlog"
	"reeve/sigma"
)

// matcher gives the state of one worker. sources tells where records are routed to; nil is where they belong.
func matcher(e *sigma.Engine, d *winlog.Decoder, sources func(reeve.Record) []string) *detect.Matcher {
	if sources == nil {
		sources = d.RuleSources
	}
	return detect.NewMatcher(e, detect.Meaning{Sources: sources, Field: winlog.RuleField, Kind: d.Kind})
}

// sourceNames words the keys of record sources. A key of several words is of records that are of each: "of" joins them.
func sourceNames(keys []string) []string {
	out := make([]string, 0, len(keys))
	for _, k := range keys {
		if k == "windows" {
			k = "product:windows"
		}
		out = append(out, strings.NewReplacer(":", " ", " ", " of ").Replace(k))
	}
	return out
}

// single leaves out the keys that only join others.
func single(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return strings.Contains(k, " ") })
}

// Package schema holds the public contract of reeve's JSON output as a JSON Schema (2020-12). It is data; the package knows
// nothing of how an investigation is made or written.
package schema

import _ "embed"

// Version is the contract's name, which every output repeats under the key "schema". It changes when a reader of the old
// contract would misread the new one.
const Version = "reeve.investigation/1"

// ID is the schema's "$id". Definitions of parts, for example of one line of `hunt --format jsonl`, lie at ID + "#/$defs/hunt_finding".
const ID = "urn:reeve:investigation:1"

// Investigation is the schema document.
//
//go:embed investigation.schema.json
var Investigation string

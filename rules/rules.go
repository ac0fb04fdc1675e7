// Package rules holds reeve's own Sigma rules, written for rarely used LOLBAS programs: launch, attach, rename, a place that is
// not theirs, planted companions. It is data; the package knows nothing of how rules are evaluated.
package rules

import "embed"

// FS holds the rules, one a file, below "windows".
//
//go:embed windows/*.yml
var FS embed.FS

package lolbas

import (
	_ "embed"
	"strings"
)

// Class says how ordinary it is that an entry runs at all, before anything
// else is known about the execution.
type Class string

// The classes, from most to least ordinary. The names in JSON are stable.
const (
	Everyday  Class = "everyday"  // runs all day on ordinary hosts, started by Windows, by updaters or by people at their work
	AdminTool Class = "admin"     // administrators and management scripts run it
	Developer Class = "developer" // belongs to SDKs, debuggers, compilers and .NET tools
	Optional  Class = "optional"  // comes with a product that not every host has
	Rare      Class = "rare"      // practically never run for its own purpose in an enterprise
)

// classesText is the table of classes.
//
//go:embed classes.txt
var classesText string

type classRow struct {
	class  Class
	reason string
}

// classes of all entries by name in lower case, with the reason of each.
func classes() map[string]classRow {
	all := map[string]classRow{}
	class := Class("")
	for line := range strings.Lines(classesText) {
		name, reason, isRow := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case name == "" || name[0] == '#':
		case isRow:
			all[name] = classRow{class, reason}
		default:
			class = Class(name)
		}
	}
	return all
}

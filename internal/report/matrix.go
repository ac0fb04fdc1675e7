package report

import (
	"slices"

	"reeve"
)

// telling are the kinds of event that answers rest on most. The matrix shows them even where no host has them, because a
// column of empty cells is a blind spot.
var telling = [...]reeve.Kind{
	reeve.ProcessStart, reeve.ProcessEnd, reeve.ImageLoad, reeve.NetworkConnect, reeve.DNSQuery, reeve.FileCreate, reeve.FileStream,
	reeve.RegistrySet, reeve.RemoteThread, reeve.ProcessAccess, reeve.ScriptBlock, reeve.Logon, reeve.TaskChange, reeve.ServiceInstall,
}

// matrix is coverage: hosts by kinds.
type matrix struct {
	Kinds []string
	Hosts []matrixRow
	More  int // hosts beyond those shown
}

type matrixRow struct {
	Host  string
	Cells []matrixCell
}

type matrixCell struct {
	Kind  string
	Seen  reeve.Seen
	Level int  // 0 none, then one for each factor of a hundred
	Quiet bool // none, and no answer rests on it
}

func matrixOf(inv *reeve.Investigation) matrix {
	var m matrix
	for _, k := range telling {
		m.Kinds = append(m.Kinds, string(k))
	}
	var others []string
	for i := range inv.Coverage {
		for _, k := range inv.Coverage[i].Kinds {
			if k.Records > 0 && !slices.Contains(m.Kinds, k.Name) && !slices.Contains(others, k.Name) {
				others = append(others, k.Name)
			}
		}
	}
	slices.Sort(others)
	m.Kinds = append(m.Kinds, others...)
	shown := min(len(inv.Coverage), maxRows)
	m.More = len(inv.Coverage) - shown
	for i := range inv.Coverage[:shown] {
		h := &inv.Coverage[i]
		row := matrixRow{Host: h.Host}
		for at, kind := range m.Kinds {
			c := matrixCell{Kind: kind}
			if i := slices.IndexFunc(h.Kinds, func(k reeve.Seen) bool { return k.Name == kind }); i >= 0 {
				c.Seen = h.Kinds[i]
			}
			for n := c.Seen.Records; n > 0; n /= 100 {
				c.Level = min(c.Level+1, 3)
			}
			c.Quiet = c.Level == 0 && at >= len(telling)
			row.Cells = append(row.Cells, c)
		}
		m.Hosts = append(m.Hosts, row)
	}
	return m
}

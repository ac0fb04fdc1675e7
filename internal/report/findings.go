package report

import (
	"fmt"
	"io"
	"strings"

	"reeve"
)

type wireHit struct {
	RuleID    *string           `json:"rule_id"`
	Title     string            `json:"title"`
	Level     string            `json:"level"`
	Host      *string           `json:"host"`
	Time      *string           `json:"time"`
	Citations []wireCitation    `json:"citations"`
	Fields    map[string]string `json:"fields"`
}

func hitOf(f *reeve.Finding) wireHit {
	out := wireHit{orNull(f.RuleID), f.Title, f.Level.String(), orNull(f.Host), timeOrNull(f.Time), citations(f.Refs), map[string]string{}}
	for _, v := range f.Fields {
		if _, ok := out.Fields[v.Name]; !ok {
			out.Fields[v.Name] = v.Value
		}
	}
	return out
}

// FindingsJSON writes the findings as one list.
func FindingsJSON(w io.Writer, list []reeve.Finding, _ Options) error {
	return writeJSON(w, each(list, hitOf), "  ")
}

// FindingsJSONL writes one finding a line.
func FindingsJSONL(w io.Writer, list []reeve.Finding, _ Options) error {
	for i := range list {
		if err := writeJSON(w, hitOf(&list[i]), ""); err != nil {
			return err
		}
	}
	return nil
}

// FindingsCSV writes one row a finding after a header.
func FindingsCSV(w io.Writer, list []reeve.Finding, _ Options) error {
	rows := make([][]string, 0, len(list))
	for i := range list {
		f := &list[i]
		var fields []string
		for _, v := range f.Fields {
			fields = append(fields, v.Name+"="+v.Value)
		}
		row := []string{timeCell(f.Time), f.Level.String(), cell(f.Title), cell(f.RuleID), cell(f.Host), cell(strings.Join(fields, "; ")), cell(strings.Join(f.Tags, " "))}
		rows = append(rows, append(row, refCells(head(f.Refs))...))
	}
	return writeCSV(w, []string{"time", "level", "title", "rule_id", "host", "fields", "tags", "file", "record_id", "offset", "line"}, rows)
}

// FindingsTable writes the findings for a terminal, in the order given, and how many there are of each level.
func FindingsTable(w io.Writer, list []reeve.Finding, opt Options) error {
	p := newPainter(opt)
	var perLevel [reeve.Critical + 1]int
	hosts := map[string]bool{}
	for i := range list {
		f := &list[i]
		level := min(f.Level, reeve.Critical)
		perLevel[level]++
		hosts[f.Host] = true
		p.row(wide, p.level(level), when(f.Time)+"  "+visible(f.Host), visible(f.Title), p.dim(visible(f.RuleID)))
		for _, v := range f.Fields[:min(len(f.Fields), 6)] {
			p.row(wide, "", p.fit(p.dim(visible(v.Name)+" ")+visible(ellipsis(v.Value, p.width)), wide))
		}
		p.row(wide, "", p.dim(visible(position(head(f.Refs)))))
		p.gap()
	}
	if len(list) == 0 {
		p.line("No rule matched.")
		return p.flush(w)
	}
	var parts []string
	for l := int(reeve.Critical); l >= 0; l-- {
		if perLevel[l] > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", number(perLevel[l]), reeve.Level(l)))
		}
	}
	p.line(fmt.Sprintf("%s on %s: %s.", count(len(list), "finding"), count(len(hosts), "host"), strings.Join(parts, ", ")))
	return p.flush(w)
}

package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"reeve"
)

// CSV writes one row a case, gravest first, after a header. What is unknown is an empty cell.
func CSV(w io.Writer, inv *reeve.Investigation, _ Options) error {
	header := []string{"case", "verdict", "score", "confidence", "host", "time", "user", "image", "command_line", "pid", "process_guid",
		"lolbin", "payload_kind", "payload_image", "payload_command_line"}
	for _, q := range questions {
		header = append(header, "answer_"+q.id)
	}
	header = append(header, "because", "rules", "techniques", "occurrences", "file", "record_id", "offset", "line")
	rows := make([][]string, 0, len(inv.Cases))
	for i := range inv.Cases {
		rows = append(rows, caseRow(&inv.Cases[i]))
	}
	return writeCSV(w, header, rows)
}

func caseRow(c *reeve.Case) []string {
	s := &c.Subject
	row := []string{cell(c.ID), c.Verdict.Label.String(), fmt.Sprint(c.Verdict.Score), fmt.Sprint(share(c.Verdict.Confidence)),
		cell(s.Host), timeCell(s.Time), cell(s.User), cell(s.Image), cell(s.CommandLine), pidCell(s.PID), s.GUID.String()}
	var lolbin reeve.LOLBin
	if c.LOLBin != nil {
		lolbin = *c.LOLBin
	}
	payload := head(c.Payloads)
	row = append(row, cell(lolbin.Name), cell(payload.Kind), cell(payload.Image), cell(payload.CommandLine))
	for _, a := range answered(c) {
		row = append(row, cell(a.Value))
	}
	because := cell(reasonOf(head(c.Verdict.Because)).Says)
	var rules []string
	for i := range c.Findings {
		rules = append(rules, c.Findings[i].Title)
	}
	row = append(row, because, cell(strings.Join(rules, "; ")), cell(strings.Join(techniquesOf(c), " ")), fmt.Sprint(max(len(c.Occurrences), 1)))
	return append(row, refCells(head(c.Occurrences).Ref)...)
}

// head is the first of a list, or nothing.
func head[T any](list []T) (none T) {
	for _, v := range list {
		return v
	}
	return none
}

// orEmpty is the cell of what may be unknown.
func orEmpty[T any](v *T) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(*v)
}

// refCells are file, record id, offset and line of a citation.
func refCells(r reeve.Ref) []string {
	c := citationOrNull(r)
	if c == nil {
		return []string{"", "", "", ""}
	}
	return []string{cell(c.File), orEmpty(c.RecordID), fmt.Sprint(c.Offset), orEmpty(c.Line)}
}

func timeCell(t reeve.Time) string { return orEmpty(timeOrNull(t)) }
func pidCell(pid uint32) string    { return orEmpty(pidOrNull(pid)) }

// cell makes a text safe for a spreadsheet: printing characters only, and an apostrophe before what a spreadsheet would take
// for a formula. Numbers and times of our own need none.
func cell(s string) string {
	if s == "" {
		return ""
	}
	out := visible(s)
	switch []rune(s[:min(len(s), 4)])[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n', '\uff1d', '\uff0b', '\uff0d', '\uff20': // the wide forms start a formula in some locales
		return "'" + out
	}
	return out
}

func writeCSV(w io.Writer, header []string, rows [][]string) error {
	return csv.NewWriter(w).WriteAll(append([][]string{header}, rows...))
}

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
	if c.LOLBin != nil {
		row = append(row, cell(c.LOLBin.Name))
	} else {
		row = append(row, "")
	}
	if len(c.Payloads) > 0 {
		p := &c.Payloads[0]
		row = append(row, cell(p.Kind), cell(p.Image), cell(p.CommandLine))
	} else {
		row = append(row, "", "", "")
	}
	for _, a := range answered(c) {
		row = append(row, cell(a.Value))
	}
	because := ""
	if len(c.Verdict.Because) > 0 {
		because = cell(reasonOf(c.Verdict.Because[0]).Says)
	}
	var rules []string
	for i := range c.Findings {
		rules = append(rules, c.Findings[i].Title)
	}
	row = append(row, because, cell(strings.Join(rules, "; ")), cell(strings.Join(techniquesOf(c), " ")), fmt.Sprint(max(len(c.Occurrences), 1)))
	var at reeve.Ref
	if len(c.Occurrences) > 0 {
		at = c.Occurrences[0].Ref
	}
	return append(row, refCells(at)...)
}

// refCells are file, record id, offset and line of a citation.
func refCells(r reeve.Ref) []string {
	if r.File == "" {
		return []string{"", "", "", ""}
	}
	out := []string{cell(r.File), "", fmt.Sprint(max(r.Offset, 0)), ""}
	if r.HasID {
		out[1] = fmt.Sprint(r.RecordID)
	}
	if r.Line > 0 {
		out[3] = fmt.Sprint(r.Line)
	}
	return out
}

func timeCell(t reeve.Time) string {
	if s := timeOrNull(t); s != nil {
		return *s
	}
	return ""
}

func pidCell(pid uint32) string {
	if pid == 0 {
		return ""
	}
	return fmt.Sprint(pid)
}

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
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return out.Error()
}

package report

import (
	"cmp"
	"io"
	"slices"

	"reeve"
)

// line is a row of the timeline.
type line struct {
	time             reeve.Time
	message, what    string
	host, kase, kind string
	ref              reeve.Ref
}

// Timeline writes what happened in all cases in order of time, as CSV with the columns that Timesketch reads. A moment of two
// cases stands twice, once for each. Moments without a time stand at the end.
func Timeline(w io.Writer, inv *reeve.Investigation, _ Options) error {
	var lines []line
	for i := range inv.Cases {
		lines = append(lines, linesOf(&inv.Cases[i])...)
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		if (a.time <= 0) != (b.time <= 0) {
			return cmp.Compare(b.time, a.time)
		}
		return cmp.Or(cmp.Compare(a.time, b.time), a.ref.Compare(b.ref))
	})
	rows := make([][]string, 0, len(lines))
	for _, l := range lines {
		at := refCells(l.ref)
		rows = append(rows, []string{cell(l.message), timeCell(l.time), l.what, cell(l.host), cell(l.kase), cell(l.kind), at[0], at[1]})
	}
	return writeCSV(w, []string{"message", "datetime", "timestamp_desc", "host", "case", "kind", "file", "record_id"}, rows)
}

// linesOf are the moments of a case, its runs that no moment tells, and the rules that matched.
func linesOf(c *reeve.Case) []line {
	var out []line
	told := map[reeve.Ref]bool{}
	for _, m := range c.Timeline {
		told[m.Ref] = true
		out = append(out, line{m.Time, m.Says, describe(m.Kind), c.Subject.Host, c.ID, string(m.Kind), m.Ref})
	}
	runs := c.Occurrences
	if len(runs) == 0 {
		runs = []reeve.Occurrence{{Host: c.Subject.Host, Time: c.Subject.Time}}
	}
	for _, o := range runs {
		if o.Ref.File == "" || !told[o.Ref] {
			out = append(out, line{o.Time, program(c) + " ran: " + c.Verdict.Label.String(), "Process creation", o.Host, c.ID, string(reeve.ProcessStart), o.Ref})
		}
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		out = append(out, line{f.Time, "rule matched (" + f.Level.String() + "): " + f.Title, "Rule matched", f.Host, c.ID, "finding", head(f.Refs)})
	}
	return out
}

// describe is a kind as Timesketch's timestamp description.
func describe(k reeve.Kind) string { return cell(upper(words(string(k)))) }

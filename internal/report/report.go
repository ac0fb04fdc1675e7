// Package report is everything a user sees of an investigation: one file per output.
//
// Invariants: the same investigation gives the same bytes; every text that may come from evidence passes through the escaping
// of its sink (see [visible], and cell, prose, code in the files of the sinks), because evidence is hostile; nothing refers to
// a remote asset. Unknown is shown as unknown or left empty, never as "-" or as nothing found. The package does not know how
// anything was found or weighed, and writes to the writers it is given only.
package report

import (
	"fmt"
	"io"

	"reeve"
)

// Options of showing. The zero value is plain text of [defaultWidth] columns.
type Options struct {
	Color bool // escape sequences for a terminal; the table alone heeds it
	Width int  // columns of the terminal; 0 is unknown
	Guide []Guide
}

// Guide explains a question to the reader of a report, in the words of the playbook. Where it is missing the report still
// shows what is asked.
type Guide struct{ ID, Text, Why, Supports, Refutes, BlindSpots, KnownBenign string }

// Writer is an output of an investigation under the name that a user asks for it by.
type Writer struct {
	Name  string
	Write func(io.Writer, *reeve.Investigation, Options) error
}

// Writers are the outputs, the default first.
var Writers = []Writer{
	{"table", Table},
	{"json", JSON},
	{"jsonl", JSONL},
	{"csv", CSV},
	{"markdown", Markdown},
	{"html", HTML},
	{"timeline", Timeline},
	{"navigator", Navigator},
}

// FindingWriter is an output of findings alone.
type FindingWriter struct {
	Name  string
	Write func(io.Writer, []reeve.Finding, Options) error
}

// FindingWriters are the outputs of a hunt, the default first.
var FindingWriters = []FindingWriter{
	{"table", FindingsTable},
	{"json", FindingsJSON},
	{"jsonl", FindingsJSONL},
	{"csv", FindingsCSV},
}

// WriteDir writes the files of a report folder. create opens a file by its name within that folder; WriteDir closes it.
func WriteDir(create func(name string) (io.WriteCloser, error), inv *reeve.Investigation, opt Options) error {
	for _, f := range [...]struct {
		name  string
		write func(io.Writer, *reeve.Investigation, Options) error
	}{{"report.html", HTML}, {"investigation.json", JSON}, {"timeline.csv", Timeline}, {"navigator.json", Navigator}} {
		w, err := create(f.name)
		if err != nil {
			return fmt.Errorf("create %s: %w", f.name, err)
		}
		err = f.write(w, inv, opt)
		if closed := w.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
	}
	return nil
}

// question is what the report itself must know of a question: its place in the order, its words, and the value that says that
// it was not answered.
type question struct{ id, text, unanswered string }

// questions are the ten of the contract, in the analyst's order.
var questions = [...]question{
	{"location", "Is it run from where it belongs?", "unknown"},
	{"identity", "Is it really that binary?", "unknown"},
	{"arrival", "How did it get there, binary and payload?", "unknown"},
	{"payload", "What did it run?", "unknown"},
	{"reputation", "Is the payload, or the binary, known?", "not_asked"},
	{"behaviour", "What did the payload and its descendants do?", "unknown"},
	{"origin", "What started it?", "unknown"},
	{"host", "Does it belong on this machine and to this owner?", "role_unknown"},
	{"frequency", "How usual is this here?", "too_little_history"},
	{"detection", "Which rules saw it?", "not_covered"},
}

// answered gives the ten answers in order. One that the case lacks becomes an unknown answer that says so.
func answered(c *reeve.Case) []reeve.Answer {
	out := make([]reeve.Answer, len(questions))
	for i, q := range questions {
		out[i] = reeve.Answer{Question: q.id, Value: q.unanswered, Says: "This was not asked."}
		for k := range c.Answers {
			if c.Answers[k].Question == q.id {
				out[i] = c.Answers[k]
				break
			}
		}
	}
	return out
}

package report

import (
	"io"

	"reeve"
)

// JSONL writes one case of the contract a line, gravest first; no case is no line.
func JSONL(w io.Writer, inv *reeve.Investigation, _ Options) error {
	for i := range inv.Cases {
		if err := writeJSON(w, caseOf(&inv.Cases[i]), ""); err != nil {
			return err
		}
	}
	return nil
}

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"reeve"
)

// JSON writes the investigation as one indented object of the contract in package schema.
func JSON(w io.Writer, inv *reeve.Investigation, _ Options) error {
	return writeJSON(w, wire(inv), "  ")
}

// JSONL writes one case of the contract a line, gravest first; no case is no line.
func JSONL(w io.Writer, inv *reeve.Investigation, _ Options) error {
	for i := range inv.Cases {
		if err := writeJSON(w, caseOf(&inv.Cases[i]), ""); err != nil {
			return err
		}
	}
	return nil
}

// writeJSON writes one value and a line break.
func writeJSON(w io.Writer, value any, indent string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(value); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	_, err := w.Write(plainJSON(b.Bytes()))
	return err
}

// plainJSON writes the characters that could open markup, drive a terminal or reorder a line as \u escapes, which changes no
// value: in JSON they can stand inside strings only. "&" and ">" stay readable.
func plainJSON(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/16)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r == '<' || r == 0x7f || r >= utf8.RuneSelf && r < 0x10000 && hides(r):
			out = fmt.Appendf(out, `\u%04x`, r)
		case r >= 0x10000 && hides(r):
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = append(out, text[i:i+n]...)
		}
		i += n
	}
	return out
}

package playbook

import (
	"strings"

	"reeve"
)

// Hashes splits the text in which recorders state hashes, "SHA1=...,MD5=..." in any order; a bare hash is known by its length.
func Hashes(text string) reeve.Hashes {
	var h reeve.Hashes
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			name, value = "", part
		}
		value = strings.ToLower(value)
		if strings.Trim(value, "0123456789abcdef") != "" || strings.Trim(value, "0") == "" {
			continue // no hash, or the zeros that stand for none
		}
		switch {
		case strings.EqualFold(name, "IMPHASH"):
			if len(value) == 32 {
				h.IMPHASH = value
			}
		case len(value) == 32:
			h.MD5 = value
		case len(value) == 40:
			h.SHA1 = value
		case len(value) == 64:
			h.SHA256 = value
		}
	}
	return h
}

// List gives the hashes that are known, the longest first.
func List(h reeve.Hashes) []string {
	var out []string
	for _, s := range []string{h.SHA256, h.SHA1, h.MD5, h.IMPHASH} {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

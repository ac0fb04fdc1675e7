package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"reeve"
)

// errShort: the buffer ends inside the record; more of the file may complete it.
var errShort = errors.New("more is needed")

func badRecord(format string, args ...any) error {
	return fmt.Errorf("%w: %s", reeve.ErrRecord, fmt.Sprintf(format, args...))
}

// scanString finds the end of a JSON string whose first character is b[i]: the index of the closing quote. Escapes are not
// looked into. A raw line feed ends no string in valid JSON; it is where a broken line shows.
func scanString(b []byte, i int) (end int, escaped bool, err error) {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for {
		for ; i+8 <= len(b); i += 8 {
			w := binary.LittleEndian.Uint64(b[i:])
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			// A byte's high bit is set where it is a quote, a backslash or below 0x20 (or perhaps behind such a byte).
			if ((quote-ones)&^quote|(slash-ones)&^slash|(w-ones*0x20)&^w)&highs != 0 {
				break
			}
		}
		for stop := min(i+8, len(b)); i < stop; i++ {
			switch c := b[i]; {
			case c == '"':
				return i, escaped, nil
			case c == '\\':
				escaped = true
				i++
				stop = min(stop+1, len(b))
			case c == '\n':
				return i, escaped, badRecord("a string is not closed on its line")
			}
		}
		if i >= len(b) {
			return len(b), escaped, errShort
		}
	}
}

// appendJSONText decodes the inside of a JSON string. What is no valid escape stays as it stands.
func appendJSONText(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '\\')
		if i < 0 || i+1 >= len(b) {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		c := b[i+1]
		b = b[i+2:]
		switch c {
		case '"', '\\', '/':
			dst = append(dst, c)
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, ok := unit(b)
			if !ok {
				dst = append(dst, '\\', 'u')
				continue
			}
			b = b[4:]
			if utf16.IsSurrogate(r) {
				second, ok := rune(0), false
				if len(b) >= 6 && b[0] == '\\' && b[1] == 'u' {
					second, ok = unit(b[2:])
				}
				if r = utf16.DecodeRune(r, second); ok && r != utf8.RuneError {
					b = b[6:]
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, '\\', c)
		}
	}
}

func unit(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		d := hexDigit(c)
		if d < 0 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// appendJSONList decodes a list of scalars: each item's text and a NUL.
func appendJSONList(dst, b []byte) []byte {
	for i := 1; i < len(b); {
		switch c := b[i]; c {
		case ' ', '\t', '\r', '\n', ',', ']':
			i++
		case '"':
			end, _, _ := scanString(b, i+1)
			dst = append(appendJSONText(dst, b[i+1:min(end, len(b))]), 0)
			i = end + 1
		default:
			end := i + literal(b[i:])
			if end == i {
				return dst
			}
			if string(b[i:end]) == "null" {
				dst = append(dst, 0)
			} else {
				dst = append(append(dst, b[i:end]...), 0)
			}
			i = end
		}
	}
	return dst
}

// literal is the length of the number or word at the start of b.
func literal(b []byte) int {
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '+', c == '.':
		default:
			return i
		}
	}
	return len(b)
}

// validLiteral tells null, true, false and numbers from other words.
func validLiteral(b []byte) bool {
	switch string(b) {
	case "null", "true", "false", "NaN":
		return true
	}
	digit := false
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digit = true
		case c == '-' && (i == 0 || b[i-1]|0x20 == 'e'), digit && (c == '.' || c|0x20 == 'e'), c == '+' && i > 0 && b[i-1]|0x20 == 'e':
		default:
			return false
		}
	}
	return digit
}

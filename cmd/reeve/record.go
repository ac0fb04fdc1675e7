package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"reeve/internal/report"
)

// appendJSON appends JSON. What could drive a terminal, reorder a line or open markup is escaped, which changes no value: in JSON
// it can stand inside strings only.
func appendJSON(dst, text []byte) []byte {
	for {
		n := plainJSON(text)
		dst = append(dst, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			return dst
		}
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '<':
			dst = append(dst, `\u003c`...)
		case !hides(r):
			dst = append(dst, text[:n]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		text = text[n:]
	}
}

const (
	everyByte = 0x0101010101010101
	everyHigh = 0x80 * everyByte
)

// plainJSON is how many bytes of text are ASCII that nothing has to be done about.
func plainJSON(text []byte) int {
	n := 0
	for ; len(text)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(text[n:])
		less := x ^ '<'*everyByte
		if (x|(x+everyByte)|((less-everyByte)&^less))&everyHigh != 0 { // beyond ASCII, 0x7f, or a <
			break
		}
	}
	for n < len(text) && text[n] < 0x7f && text[n] != '<' {
		n++
	}
	return n
}

// isASCII tells whether text holds nothing from 0x7f on.
func isASCII(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if x := binary.LittleEndian.Uint64(text); (x|(x+everyByte))&everyHigh != 0 {
			return false
		}
	}
	for _, c := range text {
		if c >= 0x7f {
			return false
		}
	}
	return true
}

// hides tells whether a character acts on its reader instead of being seen, as the reports judge it. Line breaks and tabs, which
// may stand between the values of JSON and in XML, are left to the caller.
func hides(r rune) bool {
	return r >= 0x7f && r != utf8.RuneError && report.Clean(string(r)) != string(r)
}

// appendXML appends a record that is XML already, as its source has it, but for what could act on a reader or break the
// document around it: hidden characters become references to themselves, or U+FFFD where none may stand and where XML
// forbids the character; line breaks are those of XML; a reference that means nothing without the source's document type is text.
func appendXML(dst, record []byte) []byte {
	const (
		text = iota
		tag
		quoted
		literal
	)
	state, quote, end := text, byte(0), ""
	for i := 0; i < len(record); {
		if state != literal {
			n := plainXML(record[i:])
			dst = append(dst, record[i:i+n]...)
			if i += n; i == len(record) {
				break
			}
		}
		rest, c := record[i:], record[i]
		switch {
		case state == text && bytes.HasPrefix(rest, []byte("<![CDATA[")):
			state, end = literal, "]]>"
		case state == text && bytes.HasPrefix(rest, []byte("<!--")):
			state, end = literal, "-->"
		case state == text && c == '<':
			state = tag
		case state == tag && (c == '"' || c == '\''):
			state, quote = quoted, c
		case state == quoted && c == quote:
			state = tag
		case state == tag && c == '>', state == literal && bytes.HasPrefix(rest, []byte(end)):
			state = text
		case state == quoted && c == '<':
			dst = append(dst, "&lt;"...)
			i++
			continue
		case c == '&' && (state == text || state == quoted):
			n := 0
			dst, n = appendReference(dst, rest)
			i += n
			continue
		}
		r, n := utf8.DecodeRune(rest)
		i += n
		switch {
		case r == '\r':
			if i == len(record) || record[i] != '\n' {
				dst = append(dst, '\n')
			}
		case !allowedInXML(r):
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case !hides(r):
			dst = utf8.AppendRune(dst, r)
		case state == text || state == quoted:
			dst = fmt.Appendf(dst, "&#x%X;", r)
		default:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
	}
	return dst
}

// plainXML is how many bytes of text mean nothing but themselves, outside of CDATA and comments.
func plainXML(text []byte) int {
	for i, c := range text {
		if xmlMeans[c] {
			return i
		}
	}
	return len(text)
}

// xmlMeans marks the bytes that appendXML has to look at.
var xmlMeans = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || c >= 0x7f || strings.IndexByte("<>&'\"", byte(c)) >= 0
	}
	return t
}()

// appendReference appends the reference that text begins with, and says how long it is; one that names no character that XML
// allows becomes text.
func appendReference(dst, text []byte) ([]byte, int) {
	const longest = 12
	n := bytes.IndexFunc(text[1:min(len(text), longest)], func(r rune) bool { return r != '#' && (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') }) + 2
	if n < 4 || text[n-1] != ';' {
		return append(dst, "&amp;"...), 1
	}
	switch name := string(text[1 : n-1]); name {
	case "lt", "gt", "amp", "apos", "quot":
		return append(dst, text[:n]...), n
	default:
		if name[0] != '#' {
			return append(dst, "&amp;"...), 1
		}
		digits, base := name[1:], 10
		if len(digits) > 0 && digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		r, err := strconv.ParseUint(digits, base, 32)
		if err != nil || r > utf8.MaxRune || !allowedInXML(rune(r)) {
			return utf8.AppendRune(dst, utf8.RuneError), n
		}
		return append(dst, text[:n]...), n
	}
}

// allowedInXML are the characters of XML 1.0.
func allowedInXML(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r < 0xd800 || r > 0xdfff && r < 0xfffe || r > 0xffff && r <= utf8.MaxRune
}

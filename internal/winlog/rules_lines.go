package winlog

import (
	"bytes"
	"strings"

	"reeve"
)

// next cuts the first text off a list, in which each is ended by a NUL character.
func next(list []byte) (text, rest []byte) {
	if i := bytes.IndexByte(list, 0); i >= 0 {
		return list[:i], list[i+1:]
	}
	return list, nil
}

// nthItem is one text of a list, counted from 0; nil when there is none.
func nthItem(list []byte, n int) []byte {
	for len(list) > 0 {
		var text []byte
		text, list = next(list)
		if n--; n < 0 {
			return text
		}
	}
	return nil
}

// oneOf gives one text of a list, counted from 0.
func oneOf(n int) func(dst, list []byte) []byte {
	return func(dst, list []byte) []byte {
		if text := nthItem(list, n); text != nil {
			return append(append(dst, text...), 0)
		}
		return dst
	}
}

// folded looks a text up in a table of lower case without allocating.
func folded[T any](table map[string]T, text []byte) (T, bool) {
	var lower [64]byte
	if len(text) > len(lower) {
		var none T
		return none, false
	}
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	found, ok := table[string(lower[:len(text)])]
	return found, ok
}

// isNothing tells what Windows writes where there is nothing.
func isNothing(text []byte) bool { return len(text) == 0 || string(text) == "-" }

// lineKeys are the keys of PowerShell's lines "Key=Value", of events 400, 403, 600 and 800, and "Key = Value", of 4103, without
// blanks and in lower case.
var lineKeys = func() map[string]bool {
	out := map[string]bool{}
	for _, key := range strings.Fields("hostname hostversion hostid hostapplication engineversion runspaceid pipelineid commandname commandtype scriptname commandpath commandline sequencenumber " +
		"newenginestate previousenginestate providername newproviderstate detailsequence detailtotal userid severity user connecteduser shellid") {
		out[key] = true
	}
	return out
}()

// lineField finds a rule's field in a text of lines: what PowerShell says of itself, and what NXLog wrote over and left in the
// message only.
func lineField(rec reeve.Record, name string) (at []reeve.Handle, convert func(dst, list []byte) []byte) {
	h := rec.Head()
	provider, channel := strings.ToLower(h.Provider), strings.ToLower(h.Channel)
	message := func() []reeve.Handle {
		if m := dataField(rec, "Message"); m != reeve.NoHandle {
			return []reeve.Handle{m}
		}
		return nil
	}
	switch {
	case ofShipper(rec, name):
		if provider == sysmonName {
			return message(), lineOf(name, ':')
		}
		return nil, nil
	case !lineKeys[name] || dataField(rec, name) != reeve.NoHandle:
		return nil, nil
	case provider == "powershell" || provider == "" && channel == channelOf("powershell"):
		if at = unnamedData(rec); at == nil {
			if at = numbered(rec); at == nil {
				at = message()
			}
		}
		return at, lineOf(name, '=')
	case h.EventID == 4103:
		if c := dataField(rec, "ContextInfo"); c != reeve.NoHandle {
			return []reeve.Handle{c}, lineOf(name, '=')
		}
	}
	return nil, nil
}

// lineOf gives the values of a key in texts of lines. A value goes on over the lines that follow until one has a key or is empty:
// command lines have several. A key that stands twice has two values, so that none hides behind another.
func lineOf(name string, mark byte) func(dst, list []byte) []byte {
	return func(dst, list []byte) []byte {
		for len(list) > 0 {
			var text []byte
			text, list = next(list)
			dst = appendLine(dst, text, name, mark)
		}
		return dst
	}
}

func appendLine(dst, text []byte, name string, mark byte) []byte {
	var key [32]byte
	inside := false
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		found := key[:0]
		mid := bytes.IndexByte(line, mark)
		if mid >= 0 {
			found = appendKeyName(found, line[:mid])
		}
		known := len(found) > 0 && (string(found) == name || lineKeys[string(found)])
		switch {
		case known || len(line) == 0 || mark == ':':
			if inside {
				dst = append(dst, 0)
			}
			if inside = known && string(found) == name; inside {
				dst = append(dst, bytes.TrimLeft(line[mid+1:], " ")...)
			}
		case inside:
			dst = append(append(dst, '\n'), line...)
		}
	}
	if inside {
		dst = append(dst, 0)
	}
	return dst
}

// appendKeyName appends a key in lower case without blanks; nothing when it is none.
func appendKeyName(dst, text []byte) []byte {
	from := len(dst)
	for _, c := range text {
		switch {
		case c == ' ' || c == '\t':
		case c|0x20 >= 'a' && c|0x20 <= 'z' && len(dst) < cap(dst):
			dst = append(dst, c|0x20)
		default:
			return dst[:from]
		}
	}
	return dst
}

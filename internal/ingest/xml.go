package ingest

import (
	"bytes"

	"reeve"
)

// xmlFormat reads <Event> elements: one, many, with or without a root element, a line each or spread over lines.
var xmlFormat = format{name: "xml", sniff: sniffXML, near: nearText, read: readXML}

func sniffXML(s *sample) bool {
	text := bytes.TrimLeft(s.text, " \t\r\n")
	if !bytes.HasPrefix(text, []byte("<")) && (bytes.Count(text, []byte("<")) < 3 || sniffJSON(s) || sniffCSV(s)) {
		return false
	}
	i, _ := eventStart(text)
	return i >= 0 && (bytes.Contains(text[i:], []byte("System>")) || bytes.Contains(text[i:], []byte("schemas.microsoft.com/win/")))
}

// eventStart finds the start tag of an Event, which may have a namespace prefix ("e:"); -1 when there is none or it is cut.
func eventStart(b []byte) (at int, prefix []byte) {
	at, prefix, _ = eventTag(b, nil)
	return at, prefix
}

// eventTag finds the next start tag of an Event, or end when it comes first.
func eventTag(b, end []byte) (at int, prefix []byte, isEnd bool) {
	const name = "Event"
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(name))
		if i < 0 || from+i+len(name) >= len(b) {
			return -1, nil, false
		}
		i += from
		from = i + len(name)
		if start := from + 1 - len(end); end != nil && start >= 0 && bytes.HasPrefix(b[start:], end) {
			return start, nil, true
		}
		switch b[from] {
		case '>', ' ', '\t', '\r', '\n':
		default:
			continue
		}
		if i > 0 && b[i-1] == '<' {
			return i - 1, nil, false
		}
		if i > 1 && b[i-1] == ':' {
			const longest = 32
			near := b[max(0, i-longest-2) : i-1]
			open := bytes.LastIndexByte(near, '<')
			if open >= 0 && !bytes.ContainsAny(near[open+1:], "/ \t\r\n>\"'") {
				return i - 1 - (len(near) - open), b[i-1-(len(near)-open-1) : i], false
			}
		}
	}
}

// readXML reads the events of a file.
func readXML(w *worker, f *file, p part) {
	t := w.open(f, p)
	var other stray
	for t.win.at < p.to {
		i, prefix := eventStart(t.win.rest())
		if i < 0 {
			// All but what may be the beginning of a tag is no event.
			keep := min(len(t.win.rest()), 64)
			other.take(t, len(t.win.rest())-keep)
			if !t.win.more() {
				other.take(t, len(t.win.rest()))
				break
			}
			continue
		}
		t.endTag = append(append(append(t.endTag[:0], "</"...), prefix...), "Event>"...)
		other.take(t, i)
		other.tell(t)
		t.oneEvent(t.endTag)
	}
	other.tell(t)
	t.close()
}

// oneEvent reads the event that the window stands at. It ends at its end tag, or broken where the next event begins.
func (t *textWorker) oneEvent(endTag []byte) {
	from := 1
	for {
		rest := t.win.rest()
		at, _, isEnd := eventTag(rest[from:], endTag)
		switch {
		case at >= 0 && from+at > maxRecord || at < 0 && len(rest) > maxRecord:
			t.lose(errLarge)
			t.win.skip(min(len(rest), maxRecord))
			return
		case at >= 0 && isEnd:
			t.eventOf(rest[:from+at+len(endTag)])
			return
		case at >= 0:
			t.lose(badRecord("the next event begins before it ends"))
			t.win.skip(from + at)
			return
		}
		from = max(from, len(rest)-len(endTag)-40) // a tag may be cut at the end of the window
		if !t.win.more() {
			t.lose(badRecord("the file ends inside of it"))
			t.win.skip(len(t.win.rest()))
			return
		}
	}
}

// eventOf reads an event of known length.
func (t *textWorker) eventOf(event []byte) {
	end, err := t.xml.event(event)
	if err == nil {
		t.rec.raw, t.rec.asJSON = event, false
		_, err = t.finish(end)
	}
	if err != nil {
		t.lose(err)
	} else {
		t.deliver(xmlRecord{&t.rec})
	}
	t.win.skip(len(event))
}

// xmlRecord is a record that was XML.
type xmlRecord struct{ *textRecord }

// AppendXML appends the event as the evidence has it.
func (r xmlRecord) AppendXML(dst []byte) []byte { return append(dst, r.raw...) }

// stray is text between events. Tags, as of a root element, are no loss.
type stray struct {
	tag   bool
	bytes int
	ref   reeve.Ref
}

// take goes on by n bytes that belong to no event.
func (s *stray) take(t *textWorker, n int) {
	seg := t.win.rest()[:n]
	if t.win.at == 0 {
		if m := len(seg) - len(bytes.TrimPrefix(seg, byteOrderMark)); m > 0 {
			t.win.skip(m)
			seg = seg[m:]
		}
	}
	for len(seg) > 0 {
		i := 0
		switch {
		case s.tag:
			if i = bytes.IndexByte(seg, '>') + 1; i == 0 {
				i = len(seg)
			} else {
				s.tag = false
			}
		case seg[0] == '<' && (len(seg) == 1 || isTagStart(seg[1])):
			s.tag, i = true, 1
		default:
			if i = 1 + bytes.IndexByte(seg[1:], '<'); i == 0 {
				i = len(seg)
			}
			text := seg[:i]
			if blank := len(text) - len(bytes.TrimLeft(text, " \t\r\n")); blank < i {
				if s.bytes == 0 {
					t.win.skip(blank)
					s.ref = t.ref()
					text, seg, i = text[blank:], seg[blank:], i-blank
				}
				s.bytes += len(text)
			}
		}
		t.win.skip(i)
		seg = seg[i:]
	}
}

func isTagStart(c byte) bool {
	return c == '/' || c == '?' || c == '!' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// tell reports the text as a loss.
func (s *stray) tell(t *textWorker) {
	if s.bytes > 0 {
		t.w.lose(t.f, reeve.ReadError{Ref: s.ref, Err: badRecord("%d bytes of text that is no event in XML", s.bytes)})
	}
	*s = stray{tag: s.tag}
}

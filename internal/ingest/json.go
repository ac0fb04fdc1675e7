package ingest

import (
	"bytes"
	"fmt"

	"reeve"
	"reeve/internal/evidence"
)

// jsonFormat reads objects: one a line, one after the other, or in one array.
var jsonFormat = format{name: "json", sniff: sniffJSON, split: splitJSON, near: nearText, read: readJSON}

// startJSON finds the first object of a text, within an array or not; -1 when there is none.
func startJSON(text []byte) int {
	i := 0
	for i < len(text) && (jsonGap(text[i])) {
		i++
	}
	if i >= len(text) || text[i] != '{' {
		return -1
	}
	rest := bytes.TrimLeft(text[i+1:], " \t\r\n")
	if len(rest) > 0 && rest[0] != '"' && rest[0] != '}' {
		return -1
	}
	return i
}

// jsonGap tells what may stand between objects: white space, commas, the brackets of an array, the mark of JSON text sequences.
func jsonGap(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '[' || c == ']' || c == 0x1e
}

// sniffJSON looks for an event among the first objects, of which the last may be cut.
func sniffJSON(s *sample) bool {
	text := s.text
	i := startJSON(text)
	if i < 0 {
		return false
	}
	if listIn(s.raw) > 0 {
		return true
	}
	t := newTextWorker(nil)
	for {
		text = text[i:]
		n, end, err := t.json.object(text)
		if t.likeEvent(newShape(end.steps())) {
			return true
		}
		if err != nil {
			return false
		}
		text = text[n:]
		if i = startJSON(text); i < 0 {
			return false
		}
	}
}

// jsonPart is about how much of a file one worker reads at a time.
const jsonPart = 4 << 20

// splitJSON cuts a large file of objects, not of an array, between lines. "}" and "{" on two lines without a comma between them
// occur nowhere within valid JSON.
func splitJSON(h evidence.Content) []part {
	size := h.Size()
	head := make([]byte, sniffed)
	n, _ := h.ReadAt(head, 0)
	head = head[:n]
	if at := listIn(head); at > 0 {
		return []part{{from: int64(at), to: size, line: 1 + bytes.Count(head[:at], []byte("\n")), list: true, last: true}}
	}
	head = head[:min(n, 512)]
	whole := []part{{from: 0, to: size, line: 1, last: true}}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	if size < 2*jsonPart || encodingOf(head) != textUTF8 || !bytes.HasPrefix(text, []byte("{")) {
		return whole
	}
	var parts []part
	p := part{line: 1}
	line := 1
	buf := make([]byte, windowSize)
	const overlap = 4 // so that a border is seen whole
	for at := int64(0); at < size; {
		n, err := h.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		b := buf[:n]
		if n == 0 || err != nil && at+int64(n) < size {
			return whole // the reading itself will tell
		}
		used := n
		if at+int64(n) < size {
			used -= overlap
		}
		if at-p.from >= jsonPart {
			if i := border(b); i >= 0 && i < used {
				line += bytes.Count(b[:i], []byte{'\n'})
				p.to = at + int64(i)
				parts = append(parts, p)
				p = part{from: p.to, line: line}
				at = p.from
				continue
			}
		}
		line += bytes.Count(b[:used], []byte{'\n'})
		at += int64(used)
	}
	p.to, p.last = size, true
	return append(parts, p)
}

// nearText is the text from a record's start on.
func nearText(_ evidence.Content, r reeve.Ref) part {
	return part{from: r.Offset, to: r.Offset + 1, line: r.Line}
}

// border finds the "{" after "}" and a line break.
func border(b []byte) int {
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte("\n{"))
		if i < 0 {
			return -1
		}
		i += at
		if i > 0 && b[i-1] == '}' || i > 1 && b[i-1] == '\r' && b[i-2] == '}' {
			return i + 1
		}
		at = i + 1
	}
}

// readJSON reads the objects of a part.
func readJSON(w *worker, f *file, p part) {
	t := w.open(f, p)
	for t.nextJSON(p.list) && t.win.at < p.to {
		rest := t.win.rest()
		n, end, err := t.json.object(rest)
		if err == errShort {
			if len(rest) <= maxRecord && t.win.more() {
				continue
			}
			err = badRecord("the file ends inside of it")
			n = len(rest)
		}
		if n > maxRecord {
			err = errLarge
		}
		if err != nil {
			t.lose(err)
			t.resync(n)
			continue
		}
		t.rec.raw, t.rec.asJSON = rest[:n:n], true
		if s, err := t.finish(end); err != nil {
			if !isAction(s) {
				t.lose(err)
			}
		} else {
			t.deliver(&t.rec)
		}
		t.win.skip(n)
	}
	t.close()
}

// errLarge is about a record beyond maxRecord.
var errLarge = fmt.Errorf("%w: a record of more than %d bytes", reeve.ErrLimit, maxRecord)

// isAction knows the lines between the records of an Elasticsearch bulk request.
func isAction(s *shape) bool {
	return s != nil && len(s.leaves) > 0 && (s.leaves[0].path[0] == "index" || s.leaves[0].path[0] == "create") && len(s.leaves[0].path) == 2
}

// nextJSON goes to the next object; false at the end of the file, or of the lists that are all there is to read. Lines that are
// none are told.
func (t *textWorker) nextJSON(list bool) bool {
	for {
		rest := t.win.rest()
		i := 0
		for i < len(rest) && jsonGap(rest[i]) {
			if list && rest[i] == ']' {
				break
			}
			i++
		}
		if i == 0 && t.win.at == 0 && bytes.HasPrefix(rest, byteOrderMark) {
			i = len(byteOrderMark)
		}
		t.win.skip(i)
		switch {
		case i == len(rest):
			if !t.win.more() {
				return false
			}
		case rest[i] == '{':
			return true
		case rest[i] == ']':
			if !t.nextList() {
				return false
			}
		case i == 0:
			t.lose(badRecord("no JSON object begins here"))
			t.nextBrace()
		}
	}
}

// nextLine goes behind the next line break.
func (t *textWorker) nextLine() { t.seek("\n", 1) }

// nextBrace goes to the next brace on this line, else to the line break.
func (t *textWorker) nextBrace() { t.seek("{\n", 0) }

// seek goes to the next of some characters, and behind it by so many bytes.
func (t *textWorker) seek(chars string, behind int) {
	for {
		rest := t.win.rest()
		if i := bytes.IndexAny(rest, chars); i >= 0 {
			t.win.skip(i + behind)
			return
		}
		t.win.skip(len(rest))
		if !t.win.more() {
			return
		}
	}
}

// resync goes to where the next object begins after a broken one, which was read for n bytes: behind its closing brace when it
// has one on its line, else at the next line that begins as far in as the broken one did.
func (t *textWorker) resync(n int) {
	col := t.win.col
	rest := t.win.rest()
	line := bytes.IndexByte(rest, '\n')
	if line < 0 {
		line = len(rest)
	}
	t.json.b = rest[:line]
	if end, err := t.json.skip(0); err == nil && end >= min(n, line) {
		t.win.skip(end)
		return
	}
	for first := true; ; first = false {
		rest := t.win.rest()
		from := 0
		if !first && t.win.col == 0 {
			from = -1 // the window begins with a line
		}
		for from < len(rest) {
			if from >= 0 {
				i := bytes.IndexByte(rest[from:], '\n')
				if i < 0 {
					break
				}
				from += i
			}
			begin := from + 1
			if begin+col >= len(rest) {
				break
			}
			if rest[begin+col] == '{' && len(bytes.TrimLeft(rest[begin:begin+col], " \t")) == 0 {
				t.win.skip(begin + col)
				return
			}
			from = begin
		}
		// Keep the last line, which may go on behind the window.
		keep := bytes.LastIndexByte(rest, '\n') + 1
		if keep == 0 || len(rest)-keep > maxRecord {
			keep = len(rest)
		}
		if first || keep > 0 {
			t.win.skip(keep)
		}
		if !t.win.more() {
			t.win.skip(len(t.win.rest()))
			return
		}
	}
}

// textWorker is what a worker keeps for the text formats.
type textWorker struct {
	w       *worker
	f       *file
	win     window
	trie    *trie
	rec     textRecord
	json    jsonParser
	xml     xmlParser
	endTag  []byte // of the event at hand in XML
	records int
}

func newTextWorker(table *shapes) *textWorker {
	if table == nil {
		table = &shapes{}
	}
	t := &textWorker{trie: newTrie(table)}
	t.json.t, t.json.rec = t.trie, &t.rec
	t.xml.t, t.xml.rec = t.trie, &t.rec
	return t
}

// open begins a part of a file.
func (w *worker) open(f *file, p part) *textWorker {
	if w.text == nil {
		w.text = newTextWorker(&w.shared.shapes)
		w.text.w, w.text.win.ctx = w, w.ctx
	}
	t := w.text
	t.f, t.records, t.rec.zone = f, 0, w.opt.Zone
	head := make([]byte, 4)
	n, _ := f.handle.ReadAt(head, 0)
	t.win.open(f.handle, encodingOf(head[:n]), p.from, f.handle.Size(), max(p.line, 1))
	return t
}

// ref is where the window stands.
func (t *textWorker) ref() reeve.Ref {
	return reeve.Ref{File: t.f.ev.Name, Offset: t.win.at, Line: t.win.line}
}

func (t *textWorker) lose(err error) { t.w.lose(t.f, reeve.ReadError{Ref: t.ref(), Err: err}) }

// finish makes the leaves that lead to the node a record. The error tells that it is no event; then there may be a shape still.
func (t *textWorker) finish(end *node) (*shape, error) {
	s := t.trie.end(end)
	if s.text >= 0 {
		end = t.readText(end, s.text)
		s = t.trie.end(end)
	}
	if !s.event {
		return s, badRecord("not an event: it states no event id together with a channel, provider, computer or time")
	}
	if s.message >= 0 {
		s = t.trie.end(t.readMessage(end, t.rec.text(s.message)))
	}
	t.rec.finish(s, t.ref())
	return s, nil
}

func (t *textWorker) deliver(r reeve.Record) {
	if t.w.deliver(r) {
		t.records++
	}
}

// close ends a part.
func (t *textWorker) close() {
	if t.win.err != nil {
		t.lose(fmt.Errorf("%w: %w", reeve.ErrAccess, t.win.err))
	}
	t.f.count(t.records)
	t.f = nil
}

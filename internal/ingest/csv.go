package ingest

import (
	"bytes"
	"fmt"

	"reeve"
)

// csvFormat reads tables whose header names the fields of events: a row is a flat record.
var csvFormat = format{name: "csv", sniff: sniffCSV, read: readCSV}

const maxColumns = 1024

// table is a header: the columns' names and what separates them.
type table struct {
	comma byte
	names [][]byte
	row   [][]byte
	forms []form
}

// newTable reads the header row; n is its length.
func newTable(text []byte) (t *table, n int, err error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	t = &table{comma: ','}
	for _, c := range []byte(";\t|") {
		if bytes.Count(line, []byte{c}) > bytes.Count(line, []byte{t.comma}) {
			t.comma = c
		}
	}
	if n, err = t.read(text, true); err != nil {
		return nil, 0, err
	}
	for i, c := range t.row {
		name := bytes.TrimSpace(c)
		if t.forms[i] == inCSV {
			name = appendCSVText(nil, name)
		}
		t.names = append(t.names, bytes.Clone(name[:min(len(name), maxKey)]))
	}
	if len(t.names) == 5 && string(t.names[1]) == "Date and Time" && string(t.names[4]) == "Task Category" {
		t.names = append(t.names, []byte("Message")) // the Event Viewer writes it and does not name it
	}
	return t, n, nil
}

// read cuts the row at the start of b into cells and gives its length. last tells that b is all there is.
func (t *table) read(b []byte, last bool) (n int, err error) {
	t.row, t.forms = t.row[:0], t.forms[:0]
	for i := 0; ; {
		if len(t.row) > maxColumns {
			return i, fmt.Errorf("%w: more than %d columns", reeve.ErrLimit, maxColumns)
		}
		start, f := i, plain
		if i < len(b) && b[i] == '"' {
			end, doubled, closed := csvQuoted(b, i+1)
			if !closed {
				if !last {
					return end, errShort
				}
				return end, badRecord("a quoted cell does not end")
			}
			if doubled {
				f = inCSV
			}
			t.row = append(t.row, b[i+1:end:end])
			start, i = -1, end+1
		}
		stop, ends := t.cellEnd(b, i)
		if stop == len(b) && !last {
			return stop, errShort
		}
		if start >= 0 {
			cell := b[start:stop:stop]
			if ends {
				cell = bytes.TrimSuffix(cell, []byte("\r"))
			}
			t.row = append(t.row, cell)
		}
		t.forms = append(t.forms, f)
		if ends {
			return min(stop+1, len(b)), nil
		}
		i = stop + 1
	}
}

// cellEnd finds the comma or line break behind b[i]; ends tells that the row ends there.
func (t *table) cellEnd(b []byte, i int) (stop int, ends bool) {
	for ; i < len(b); i++ {
		if b[i] == t.comma || b[i] == '\n' {
			return i, b[i] == '\n'
		}
	}
	return len(b), true
}

// csvQuoted finds the closing quote of the cell whose text begins at b[i].
func csvQuoted(b []byte, i int) (end int, doubled, closed bool) {
	for {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return len(b), doubled, false
		}
		i += q
		if i+1 >= len(b) || b[i+1] != '"' {
			return i, doubled, true
		}
		doubled = true
		i += 2
	}
}

func appendCSVText(dst, b []byte) []byte {
	for {
		i := bytes.Index(b, []byte(`""`))
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i+1]...)
		b = b[i+2:]
	}
}

// sniffCSV knows a table by its header, or by its first row where a column may hold whole events.
func sniffCSV(s *sample) bool {
	line, _, ok := bytes.Cut(s.text, []byte("\n"))
	if !ok && !s.whole || bytes.IndexByte(line, 0) >= 0 {
		return false
	}
	h, n, err := newTable(s.text)
	if err != nil || len(h.names) < 3 {
		return false
	}
	steps := make([]step, 0, len(h.names))
	for _, n := range h.names {
		steps = append(steps, step{opLeaf, string(n)})
	}
	shape := newShape(steps)
	if shape.event || shape.text < 0 {
		return shape.event
	}
	row := s.text[n:]
	if _, err := h.read(row, s.whole); err != nil || len(h.row) != len(h.names) {
		return false
	}
	t := newTextWorker(nil)
	return t.likeEvent(t.trie.end(t.cells(h, row)))
}

// readCSV reads the rows behind the header.
func readCSV(w *worker, f *file, p part) {
	t := w.open(f, p)
	defer t.close()
	var h *table
	for {
		rest := t.win.rest()
		if bare := bytes.TrimPrefix(rest, byteOrderMark); t.win.at == 0 && len(bare) < len(rest) {
			t.win.skip(len(byteOrderMark))
			continue
		}
		if blank := len(rest) - len(bytes.TrimLeft(rest, "\r\n")); blank > 0 {
			t.win.skip(blank)
			continue
		}
		n, err := 0, errShort
		switch {
		case h != nil:
			if len(rest) > 0 || !t.win.eof {
				n, err = h.read(rest, t.win.eof)
			}
		case bytes.IndexByte(rest, '\n') >= 0 || t.win.eof && len(rest) > 0:
			if h, n, err = newTable(rest); err == nil {
				t.win.skip(n)
				continue
			}
		}
		if err == errShort {
			if len(rest) <= maxRecord && t.win.more() {
				continue
			}
			if len(t.win.rest()) == 0 {
				return
			}
			err, n = badRecord("a quoted cell does not end"), len(rest)
		}
		if n > maxRecord {
			err = errLarge
		}
		if err == nil {
			if err := t.rowOf(h, rest[:n:n]); err != nil {
				t.lose(err)
			}
			t.win.skip(n)
			continue
		}
		t.lose(err)
		t.nextLine()
		if h == nil {
			return
		}
	}
}

// rowOf delivers a row. An empty cell states nothing.
func (t *textWorker) rowOf(h *table, raw []byte) error {
	if len(h.row) > len(h.names) {
		return badRecord("%d cells under a header of %d", len(h.row), len(h.names))
	}
	t.rec.asJSON = false
	if _, err := t.finish(t.cells(h, raw)); err != nil {
		return err
	}
	t.deliver(&t.rec)
	return nil
}

// cells makes the cells of the row at hand values of a record.
func (t *textWorker) cells(h *table, raw []byte) *node {
	t.rec.begin(raw)
	n := t.trie.begin()
	for i, cell := range h.row {
		if len(h.names[i]) == 0 {
			continue
		}
		if len(cell) == 0 {
			t.rec.putNull()
		} else {
			t.rec.put(cell, h.forms[i])
		}
		n = t.trie.step(n, opLeaf, h.names[i])
	}
	return n
}

package ingest

import "bytes"

// Answers of programming interfaces hold their records as a list within an object, beside what they say of the query:
//
//	{"Schema":[...],"Results":[{...},{...}]}      {"took":1,"hits":{"total":2,"hits":[{"_source":{...}}]}}

const (
	maxListDepth = 2  // how deep in objects such a list is looked for
	maxListless  = 16 // objects in a row that hold none, before the rest of a file is given up
)

// listIn finds where the items of the first list of events begin within the object that a file in UTF-8 begins with; 0 when the
// object holds none, or is an event itself.
func listIn(head []byte) int {
	bare := bytes.TrimPrefix(head, byteOrderMark)
	if encodingOf(head) != textUTF8 {
		return 0
	}
	start := len(head) - len(bytes.TrimLeft(bare, " \t\r\n"))
	if start >= len(head) || head[start] != '{' {
		return 0
	}
	t := newTextWorker(nil)
	return t.listWithin(head, start+1, maxListDepth)
}

// nextList goes to the list of the next object that begins a line; false when there is none. What else an object holds is no record.
func (t *textWorker) nextList() bool {
	for listless := 0; ; {
		t.nextLine()
		for len(t.win.rest()) < sniffed && t.win.more() {
		}
		rest := t.win.rest()
		if len(rest) == 0 {
			return false
		}
		if rest[0] == '{' {
			if at := t.listWithin(rest[:min(len(rest), sniffed)], 1, maxListDepth); at > 0 {
				t.win.skip(at)
				return true
			}
			if line, _, _ := bytes.Cut(rest, []byte("\n")); bytes.Contains(line, []byte("[]")) {
				continue
			}
			t.lose(badRecord("the object holds no list of events as the one before does"))
			if listless++; listless == maxListless {
				t.lose(badRecord("what follows is not read"))
				return false
			}
		}
	}
}

// listWithin looks through the members of the object whose brace stands before b[i].
func (t *textWorker) listWithin(b []byte, i, depth int) int {
	p := &t.json
	for {
		p.b = b
		i = p.space(i)
		if i < len(b) && b[i] == ',' {
			i = p.space(i + 1)
		}
		if i >= len(b) || b[i] != '"' {
			return 0
		}
		end, _, err := scanString(b, i+1)
		if err != nil {
			return 0
		}
		if i = p.space(end + 1); i >= len(b) || b[i] != ':' {
			return 0
		}
		if i = p.space(i + 1); i >= len(b) {
			return 0
		}
		switch item := p.space(i + 1); {
		case b[i] == '{' && depth > 1:
			if at := t.listWithin(b, i+1, depth-1); at > 0 {
				return at
			}
		case b[i] == '[' && item < len(b) && b[item] == '{':
			_, n, _ := p.object(b[item:]) // as far as the sample has it
			if t.likeEvent(t.trie.end(n)) {
				return item
			}
		}
		p.b = b
		if i, err = p.skip(i); err != nil {
			return 0
		}
	}
}

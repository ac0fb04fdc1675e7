package ingest

import "bytes"

// Some exports keep a record's data, or the whole event, as a text in XML or JSON under one name: Log Analytics and Sentinel in
// EventData, Splunk in _raw.

// wholeEvent marks, in the step opText, that a text is an event with its envelope.
const wholeEvent = "Event"

// readText walks on from n with the values that the text of a leaf holds. A text that was cut off gives what it holds whole, and
// one that is neither XML nor JSON nothing.
func (t *textWorker) readText(n *node, leaf int) *node {
	text := bytes.TrimSpace(t.rec.text(leaf))
	if len(text) < 2 {
		return n
	}
	switch {
	case text[0] == '{':
		_, n, _ = t.json.within(text, t.trie.step(n, opText, nil))
	case isWholeEvent(text):
		i, _ := eventStart(text)
		n, _ = t.xml.within(text[i:], t.trie.step(n, opText, []byte(wholeEvent)))
	case text[0] == '<':
		for _, root := range []string{"<EventData", "<UserData"} { // within a DataItem, perhaps
			if i := bytes.Index(text, []byte(root)); i >= 0 {
				n, _ = t.xml.within(text[i:], t.trie.step(n, opText, nil))
				break
			}
		}
	}
	return n
}

// isWholeEvent tells the XML of an event from that of its data.
func isWholeEvent(text []byte) bool {
	if bytes.HasPrefix(text, []byte("<?")) {
		_, text, _ = bytes.Cut(text, []byte("?>"))
	}
	i, _ := eventStart(text)
	return i >= 0 && len(bytes.TrimSpace(text[:i])) == 0
}

// likeEvent tells whether the record at hand, of this shape, is an event or holds one as a text.
func (t *textWorker) likeEvent(s *shape) bool {
	return s.event || s.text >= 0 && isWholeEvent(bytes.TrimSpace(t.rec.text(s.text)))
}

package ingest

import (
	"slices"
	"strings"
)

// The structure of <Event> as converters write it in JSON, and as it is in XML:
//
//	{"Event":{"System":{"Provider":{"#attributes":{"Name":"..."}},"EventID":1,...},"EventData":{"Image":"..."}}}
//	{"Event":{"System":{"Provider":{"@Name":"..."},"EventID":{"#text":"1"},...},"EventData":{"Data":[{"@Name":"Image","#text":"..."}]}}}
//	{"System":{"Provider":{"Name":"..."},"EventID":{"Value":1},"TimeCreated":{"SystemTime":1600629938.1},...},"EventData":{...}}

// eventPrefix is what stands before "System": "Event.", or more where a tool wraps the event, or nothing.
func eventPrefix(leaves []site) (prefix []string, ok bool) {
	for _, p := range leaves {
		if i := slices.Index(p.path, "System"); i >= 0 && i < len(p.path)-1 && (i == 0 || p.path[i-1] == "Event") {
			return p.path[:i], true
		}
	}
	return nil, false
}

// readEvent is newShape for the structure of <Event>.
func (s *shape) readEvent(prefix []string) {
	system := make([]string, len(s.leaves))
	message, named := -1, false
	for i := range s.leaves {
		p := &s.leaves[i]
		if len(p.path) <= len(prefix)+1 || !slices.Equal(p.path[:len(prefix)], prefix) {
			if p.data = !(slices.Contains(p.path, "xmlns") || slices.Contains(p.path, "@xmlns")); p.data {
				p.name = p.full
			}
			continue
		}
		rest := p.path[len(prefix)+1:]
		switch section := p.path[len(prefix)]; section {
		case "System":
			p.data = false
			system[i] = systemKey(rest)
		case "RenderingInfo":
			p.data = false
			if rest[len(rest)-1] == "Message" {
				message = i
			}
		case "#attributes", "@xmlns", "xmlns":
			p.data = false
		default:
			if !p.data { // else named by its Data element
				p.name, p.data = elementName(p.path[len(prefix):])
			}
			named = named || p.data
		}
	}
	first := index(system)
	for sl, key := range systemKeys {
		s.take(slot(sl), first, key)
	}
	if i := s.slots[slotTime]; i >= 0 {
		s.times = []int{i}
	}
	if !named {
		s.message = message
	}
	s.event = s.slots[slotEventID] >= 0 || s.slots[slotChannel] >= 0 || s.slots[slotProvider] >= 0
}

// systemKeys are the sites within System, in lower case without the marks of attributes and text.
var systemKeys = [numSlots]string{
	slotProvider: "provider.name", slotProviderGUID: "provider.guid", slotEventSource: "provider.eventsourcename",
	slotEventID: "eventid", slotQualifiers: "eventid.qualifiers", slotVersion: "version", slotLevel: "level", slotTask: "task",
	slotOpcode: "opcode", slotKeywords: "keywords", slotTime: "timecreated.systemtime", slotRecordID: "eventrecordid",
	slotActivity: "correlation.activityid", slotRelated: "correlation.relatedactivityid", slotPID: "execution.processid",
	slotThread: "execution.threadid", slotChannel: "channel", slotComputer: "computer", slotUser: "security.userid",
}

func systemKey(path []string) string {
	var parts []string
	for _, c := range path {
		if c = strings.TrimLeft(strings.ToLower(c), "@-"); !isMark(c) {
			parts = append(parts, strings.TrimSuffix(c, "_attributes"))
		}
	}
	return strings.Join(parts, ".")
}

// isMark tells names by which converters mark attributes and text.
func isMark(c string) bool {
	switch c {
	case "#attributes", "#text", "$", "$t", "_", "value":
		return true
	}
	return false
}

// elementName names a value by its path from EventData or UserData on: its element, with "@Attribute" behind it for an attribute. Namespaces
// are no data.
func elementName(path []string) (name string, data bool) {
	last := path[len(path)-1]
	element := func(n int) string {
		if n < 0 {
			return ""
		}
		return strings.TrimSuffix(path[n], "_attributes")
	}
	if strings.TrimLeft(last, "@-") == "xmlns" {
		return "", false
	}
	switch {
	case len(path) > 1 && (last == "#text" || last == "_" || last == "$t"):
		return element(len(path) - 2), true
	case len(path) > 1 && (path[len(path)-2] == "#attributes" || path[len(path)-2] == "$"):
		return element(len(path)-3) + "@" + last, true
	case len(path) > 1 && strings.HasSuffix(path[len(path)-2], "_attributes"):
		return element(len(path)-2) + "@" + last, true
	case strings.HasPrefix(last, "@") || strings.HasPrefix(last, "-"):
		return element(len(path)-2) + "@" + last[1:], true
	}
	return last, true
}

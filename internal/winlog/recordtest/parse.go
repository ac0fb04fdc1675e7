package recordtest

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"reeve"
)

func parse(text string) ([]*Record, error) {
	var out []*Record
	for {
		text = strings.TrimLeft(text, "\r\n")
		if text == "" {
			return out, nil
		}
		r := &Record{}
		rest, err := "", error(nil)
		if strings.HasPrefix(text, "<") {
			rest, err = r.readXML(text)
		} else {
			rest, err = r.readLines(text)
		}
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", len(out)+1, err)
		}
		text = rest
		if !slices.ContainsFunc(r.system[:], func(b []byte) bool { return b != nil }) && len(r.fields) == 0 {
			continue // comments only
		}
		r.finish(len(out) + 1)
		out = append(out, r)
	}
}

// readLines reads the compact form up to a blank line and gives what follows.
func (r *Record) readLines(text string) (rest string, err error) {
	first := true
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimRight(line, "\r")
		if line == "" {
			break
		}
		for strings.HasPrefix(text, "\t") { // goes on
			more, after, _ := strings.Cut(text[1:], "\n")
			line, text = line+"\n"+strings.TrimRight(more, "\r"), after
		}
		switch {
		case strings.HasPrefix(line, "#"):
		case first:
			first = false
			head := strings.Split(line, "|")
			if len(head) != 3 {
				return "", fmt.Errorf("%q is not channel | provider | event id", line)
			}
			for i, name := range []string{"Channel", "Provider_Name", "EventID"} {
				if v := strings.TrimSpace(head[i]); v != "" {
					r.set(name, v)
				}
			}
		default:
			name, value, ok := strings.Cut(line, "=")
			if at, is := strings.CutPrefix(name, "@"); is && !strings.Contains(at, ".") && at != "timestamp" {
				if !ok || !r.set(at, value) {
					return "", fmt.Errorf("%q is no value of the envelope", line)
				}
				continue
			}
			v := reeve.Value{Kind: reeve.Null}
			if ok {
				v = reeve.Value{Kind: reeve.Text, Bytes: []byte(value)}
			}
			r.add(name, v)
		}
	}
	return text, nil
}

// readXML reads one <Event> and gives what follows. System is the envelope, the leaves of all else are data, RenderingInfo is left out.
func (r *Record) readXML(text string) (rest string, err error) {
	d := xml.NewDecoder(strings.NewReader(text))
	var path []string
	var name, value string
	leaf, nothing := false, false
	for {
		tok, err := d.Token()
		if err != nil {
			return "", err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			if path[0] != "Event" {
				return "", fmt.Errorf("<%s> is no <Event>", path[0])
			}
			name, value, leaf, nothing = tok.Name.Local, "", true, false
			if name == "Data" {
				name = ""
			}
			for _, a := range tok.Attr {
				switch {
				case a.Name.Space == "xmlns" || a.Name.Local == "xmlns":
				case len(path) == 3 && path[1] == "System":
					r.set(path[2]+"_"+a.Name.Local, a.Value)
				case a.Name.Local == "nil":
					nothing = a.Value == "true"
				case a.Name.Local == "Name" && path[len(path)-1] == "Data":
					name = a.Value
				case len(path) > 3:
					r.add(path[len(path)-1]+"@"+a.Name.Local, reeve.Value{Kind: reeve.Text, Bytes: []byte(a.Value)})
				}
			}
		case xml.CharData:
			value += string(tok)
		case xml.EndElement:
			r.element(path, name, value, leaf, nothing)
			leaf = false
			if path = path[:len(path)-1]; len(path) == 0 {
				return text[d.InputOffset():], nil
			}
		}
	}
}

// element takes what one element states.
func (r *Record) element(path []string, name, value string, leaf, nothing bool) {
	switch {
	case !leaf || len(path) < 3 || path[1] == "RenderingInfo":
	case path[1] == "System":
		if value != "" {
			r.set(path[2], value)
		}
	case nothing:
		r.add(name, reeve.Value{Kind: reeve.Null})
	default:
		r.add(name, reeve.Value{Kind: reeve.Text, Bytes: []byte(value)})
	}
}

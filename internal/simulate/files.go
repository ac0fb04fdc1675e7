package simulate

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"reeve/evtx"
)

// File is a file of a scenario's folder. Path is relative, with "/".
type File struct {
	Path    string
	Data    []byte
	Records int // of a log
}

// record keeps an event until the files are written.
func (h *Host) record(channel string, e evtx.Event) {
	e.Channel, e.Computer = channel, h.Name
	h.channels[channel] = append(h.channels[channel], e)
}

// Events are the records of a channel in the order of their time, numbered.
func (h *Host) Events(channel string) []evtx.Event {
	list := slices.DeleteFunc(slices.Clone(h.channels[channel]), func(e evtx.Event) bool { return !h.Taken.IsZero() && e.Time.After(h.Taken) })
	slices.SortStableFunc(list, func(a, b evtx.Event) int { return a.Time.Compare(b.Time) })
	for i := range list {
		list[i].RecordID = h.firstID[channel] + uint64(i)
	}
	return list
}

// Logs gives the host's records: as event log files, one a channel and named as Windows names them, or as JSON lines.
func (h *Host) Logs() ([]File, error) {
	if h.JSON {
		f, err := h.jsonLines()
		return []File{f}, err
	}
	var out []File
	for _, channel := range []string{securityChannel, sysmonChannel} {
		events := h.Events(channel)
		if len(events) == 0 {
			continue
		}
		data, err := encode(events)
		if err != nil {
			return nil, fmt.Errorf("write %s of %s: %w", channel, h.Name, err)
		}
		out = append(out, File{h.Short + "/" + strings.ReplaceAll(channel, "/", "%4") + ".evtx", data, len(events)})
	}
	return out, nil
}

func encode(events []evtx.Event) ([]byte, error) {
	var b bytes.Buffer
	w := evtx.NewWriter(&b, evtx.WriterOptions{})
	for i := range events {
		if err := w.Write(&events[i]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// jsonLines gives the records of both channels as one file of JSON objects, in the order of their time, as a converter of event
// logs makes it: Event.System and Event.EventData with typed numbers.
func (h *Host) jsonLines() (File, error) {
	type line struct {
		event evtx.Event
		text  []byte
	}
	var lines []line
	for _, channel := range []string{securityChannel, sysmonChannel} {
		events := h.Events(channel)
		data, err := encode(events)
		if err != nil {
			return File{}, fmt.Errorf("write %s of %s: %w", channel, h.Name, err)
		}
		f, err := evtx.Open(bytes.NewReader(data), int64(len(data)), evtx.Options{})
		if err != nil {
			return File{}, fmt.Errorf("convert %s of %s: %w", channel, h.Name, err)
		}
		i := 0
		for r, err := range f.Records() {
			if err != nil {
				return File{}, fmt.Errorf("convert %s of %s: %w", channel, h.Name, err)
			}
			lines = append(lines, line{events[i], append(r.AppendJSON(nil), '\n')})
			i++
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.event.Time.Compare(b.event.Time) })
	out := File{Path: h.Short + ".jsonl", Records: len(lines)}
	for _, l := range lines {
		out.Data = append(out.Data, l.text...)
	}
	return out, nil
}

// Inventory is a CSV file of the hosts that have an owner.
func (e *Estate) Inventory() (File, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"host", "owner", "department", "role"}}
	for _, h := range e.hosts {
		if h.Owner != "" {
			rows = append(rows, []string{h.Short, h.Owner, h.Department, h.Role})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return File{}, fmt.Errorf("write inventory: %w", err)
	}
	return File{Path: "inventory.csv", Data: b.Bytes()}, nil
}

// Files is the scenario as a folder: the logs of all hosts, the inventory, and a page that tells the truth.
func (s *Scenario) Files() ([]File, error) {
	var out []File
	for _, h := range s.Estate.hosts {
		logs, err := h.Logs()
		if err != nil {
			return nil, err
		}
		out = append(out, logs...)
	}
	inventory, err := s.Estate.Inventory()
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	t, err := template.New("").Funcs(template.FuncMap{"code": code}).Parse(s.page)
	if err == nil {
		err = t.Execute(&page, struct {
			*Scenario
			Files []File
		}{s, out})
	}
	if err != nil {
		return nil, fmt.Errorf("write the page: %w", err)
	}
	return append(out, inventory, File{Path: "README.md", Data: page.Bytes()}), nil
}

// code is text within a table of Markdown.
func code(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }

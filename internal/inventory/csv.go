// Package inventory tells whose host it is and what it is for, one source a file.
//
// Invariants: a host is found by its short or full name without regard to case, and only when exactly one row fits; the answer
// names the row that it came from. The package does not know what a role means.
package inventory

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"reeve"
)

// ErrInventory wraps every fault of an inventory file.
var ErrInventory = errors.New("inventory cannot be read")

// maxRows bounds an inventory; larger estates are cut into files by whoever exports them.
const maxRows = 5_000_000

// Hosts is an inventory in memory. The zero value is an empty one.
type Hosts struct {
	full  map[string]reeve.HostInfo
	short map[string][]string // short name -> full names as written
}

// columns maps the spellings of a header cell to the column that it is.
var columns = map[string]int{
	"host": 0, "hostname": 0, "computer": 0, "computer name": 0, "name": 0, "asset": 0, "device": 0,
	"owner": 1, "user": 1, "primary user": 1, "assigned to": 1,
	"department": 2, "dept": 2, "team": 2, "business unit": 2,
	"role": 3, "type": 3, "function": 3, "purpose": 3,
}

// ReadCSV reads rows of host, owner, department and role. A header row names the columns in any order; without one they stand
// in this order. Separators are comma, semicolon or tab; name is for citations.
func ReadCSV(r io.Reader, name string) (*Hosts, error) {
	data, err := io.ReadAll(io.LimitReader(r, 1<<30))
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInventory, name, err)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	c := csv.NewReader(strings.NewReader(text))
	c.FieldsPerRecord, c.TrimLeadingSpace, c.LazyQuotes = -1, true, true
	c.Comma = separator(text)
	h := &Hosts{full: map[string]reeve.HostInfo{}, short: map[string][]string{}}
	order := []int{0, 1, 2, 3}
	for first := true; ; first = false {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return h, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrInventory, name, err)
		}
		line, _ := c.FieldPos(0)
		if first {
			if named := header(row); named != nil {
				order = named
				continue
			}
		}
		if len(h.full) >= maxRows {
			return nil, fmt.Errorf("%w: %s: more than %d rows", ErrInventory, name, maxRows)
		}
		h.add(row, order, fmt.Sprintf("%s line %d", name, line))
	}
}

// separator is the candidate that occurs most often in the first line.
func separator(text string) rune {
	line, _, _ := strings.Cut(text, "\n")
	best, most := ',', 0
	for _, sep := range []rune{',', ';', '\t'} {
		if n := strings.Count(line, string(sep)); n > most {
			best, most = sep, n
		}
	}
	return best
}

// header returns, for each cell, the column that it names (-1 for none of ours); nil when no cell names the host.
func header(row []string) []int {
	order, found := make([]int, len(row)), false
	for i, cell := range row {
		column, ok := columns[strings.ToLower(strings.TrimSpace(strings.ReplaceAll(cell, "_", " ")))]
		if !ok {
			column = -1
		}
		order[i] = column
		found = found || column == 0
	}
	if !found {
		return nil
	}
	return order
}

func (h *Hosts) add(row []string, order []int, source string) {
	var cells [4]string
	for i, cell := range row {
		if i < len(order) && order[i] >= 0 && cells[order[i]] == "" {
			cells[order[i]] = strings.TrimSpace(cell)
		}
	}
	name := strings.ToLower(cells[0])
	if name == "" {
		return
	}
	if _, ok := h.full[name]; ok {
		return // the first row of a host stands
	}
	h.full[name] = reeve.HostInfo{Host: name, Owner: cells[1], Department: cells[2], Role: cells[3], Source: source}
	short, _, _ := strings.Cut(name, ".")
	h.short[short] = append(h.short[short], name)
}

// Host finds a host by the name that the evidence gives it: by the same name, else by the short one when it is not ambiguous
// and the longer names do not contradict each other.
func (h *Hosts) Host(name string) (reeve.HostInfo, bool) {
	name = strings.ToLower(name)
	if info, ok := h.full[name]; ok {
		return info, true
	}
	short, domain, _ := strings.Cut(name, ".")
	list := h.short[short]
	if len(list) != 1 {
		return reeve.HostInfo{}, false
	}
	if _, listed, long := strings.Cut(list[0], "."); long && domain != "" && listed != domain {
		return reeve.HostInfo{}, false
	}
	return h.full[list[0]], true
}

// Empty tells that the inventory has no row.
func (h *Hosts) Empty() bool { return len(h.full) == 0 }

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
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"reeve"
)

// ErrInventory wraps every fault of an inventory file.
var ErrInventory = errors.New("inventory cannot be read")

// Bounds of an inventory; larger estates are cut into files by whoever exports them.
const (
	maxRows = 5_000_000
	maxSize = 1 << 30
)

// Hosts is an inventory in memory. The zero value is an empty one.
type Hosts struct {
	full  map[string]reeve.HostInfo
	short map[string][]string // short name -> full names as written
}

// columns maps the spellings of a header cell to the column that it is. A plain name is a host's only when no other cell is.
var columns = map[string]int{
	"host": 0, "hostname": 0, "host name": 0, "computer": 0, "computer name": 0, "computername": 0, "machine": 0, "asset": 0, "device": 0, "device name": 0, "fqdn": 0, "dns name": 0,
	"owner": 1, "user": 1, "primary user": 1, "assigned to": 1,
	"department": 2, "dept": 2, "team": 2, "business unit": 2,
	"role": 3, "type": 3, "function": 3, "purpose": 3,
}

// ReadCSV reads rows of host, owner, department and role. A header row names the columns in any order; without one they stand
// in this order. Separators are comma, semicolon or tab; name is for citations. Text is UTF-8, UTF-16 with a byte order mark, or
// Windows-1252, as spreadsheets write it.
func ReadCSV(r io.Reader, name string) (*Hosts, error) {
	text, skipped, err := read(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInventory, name, err)
	}
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
		line += skipped
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

// read gives the text, and how many lines before its first row were taken off: a spreadsheet's line "sep=;" says what separates.
func read(r io.Reader) (text string, skipped int, err error) {
	data, err := io.ReadAll(io.LimitReader(transform.NewReader(r, unicode.BOMOverride(transform.Nop)), maxSize+1))
	if err != nil {
		return "", 0, err
	}
	if len(data) > maxSize {
		return "", 0, fmt.Errorf("more than %d bytes", maxSize)
	}
	if !utf8.Valid(data) {
		if data, err = charmap.Windows1252.NewDecoder().Bytes(data); err != nil {
			return "", 0, err
		}
	}
	text = string(data)
	if line, rest, ok := strings.Cut(text, "\n"); ok && len(strings.TrimSpace(line)) == 5 && strings.HasPrefix(strings.ToLower(line), "sep=") {
		return rest, 1, nil
	}
	return text, 0, nil
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
	order, plain, found := make([]int, len(row)), -1, false
	for i, cell := range row {
		cell = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(cell, "_", " ")))
		column, ok := columns[cell]
		if !ok {
			column = -1
		}
		if cell == "name" && plain < 0 {
			plain = i
		}
		order[i] = column
		found = found || column == 0
	}
	if !found && plain >= 0 {
		order[plain], found = 0, true
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
	name := clean(cells[0])
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
	name = clean(name)
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

func clean(name string) string {
	return strings.TrimRight(strings.ToLower(strings.TrimSpace(name)), ".")
}

// Empty tells that the inventory has no row.
func (h *Hosts) Empty() bool { return len(h.full) == 0 }

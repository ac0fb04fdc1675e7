package rulebase

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"reeve"
	"reeve/internal/evidence"
)

// By says how a record is named within its file.
type By string

// The ways to name a record.
const (
	ByRecord By = "record" // EventRecordID
	ByLine   By = "line"
	ByOffset By = "byte"
	ByItself By = "" // the file has no other
)

// Name names one record of the evidence.
type Name struct {
	File string // as it was written: a path, or a citation's
	By   By
	N    uint64
}

var (
	nameShort = regexp.MustCompile(`^(.+)([#@:])(0x[0-9a-fA-F]+|[0-9]+)$`)
	nameLong  = regexp.MustCompile(`^(.+), (record|line|byte) ([0-9]+)$`)
)

// ParseName reads the name of a record: FILE#RECORDID, FILE@OFFSET, FILE:LINE, a citation as reports print it ("FILE, record N",
// "FILE, line N", "FILE, byte N") or as JSON has it, or the name of a file that holds one record. exists tells whether a file has
// the whole of a text for its name.
func ParseName(text string, exists func(string) bool) (Name, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return parseCitation(text)
	}
	if exists(text) {
		return Name{File: text}, nil
	}
	m := nameLong.FindStringSubmatch(text)
	if m == nil {
		if m = nameShort.FindStringSubmatch(text); m == nil {
			return Name{File: text}, nil
		}
		m[2] = map[string]string{"#": string(ByRecord), "@": string(ByOffset), ":": string(ByLine)}[m[2]]
	}
	n, err := strconv.ParseUint(m[3], 0, 63)
	if err != nil {
		return Name{}, fmt.Errorf("%s is no number of a %s", m[3], m[2])
	}
	return Name{m[1], By(m[2]), n}, nil
}

func parseCitation(text string) (Name, error) {
	var c struct {
		File     string  `json:"file"`
		RecordID *uint64 `json:"record_id"`
		Offset   *int64  `json:"offset"`
		Line     *uint64 `json:"line"`
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.File == "" {
		return Name{}, errors.New("a citation in JSON has file, record_id, offset and line")
	}
	switch {
	case c.Offset != nil && *c.Offset >= 0: // the one that no other record of the file has
		return Name{c.File, ByOffset, uint64(*c.Offset)}, nil
	case c.RecordID != nil:
		return Name{c.File, ByRecord, *c.RecordID}, nil
	case c.Line != nil:
		return Name{c.File, ByLine, *c.Line}, nil
	}
	return Name{File: c.File}, nil
}

// Path is the file on disk that a name leads to, as far as it can be told from the name: members follow the archive behind "!/".
func (n Name) Path() string {
	path, _, _ := strings.Cut(n.File, "!/")
	return path
}

// in finds the file in the evidence: by its citation name, or as the only one or the only member of that name in evidence that was
// opened for it.
func (n Name) in(set *evidence.Set) (string, error) {
	if _, ok := set.File(n.File); ok {
		return n.File, nil
	}
	_, member, inArchive := strings.Cut(n.File, "!/")
	var fits []string
	for _, f := range set.Files() {
		_, m, is := strings.Cut(f.Name, "!/")
		if inArchive == is && m == member {
			fits = append(fits, f.Name)
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case len(set.Files()) > 1 && !inArchive:
		return "", fmt.Errorf("%s holds %d files: name one of them, as in %s", n.File, len(set.Files()), set.Files()[0].Name)
	}
	return "", fmt.Errorf("the evidence has no file %s", n.File)
}

func (n Name) fits(r reeve.Ref) bool {
	switch n.By {
	case ByRecord:
		return r.HasID && r.RecordID == n.N
	case ByLine:
		return r.Line > 0 && uint64(r.Line) == n.N
	case ByOffset:
		return uint64(r.Offset) == n.N
	}
	return true
}

// position words what the name says beside the file.
func (n Name) position() string {
	switch n.By {
	case ByRecord:
		return fmt.Sprintf("with the id %d", n.N)
	case ByLine:
		return fmt.Sprintf("on line %d", n.N)
	case ByOffset:
		return fmt.Sprintf("at byte %d", n.N)
	}
	return "at all"
}

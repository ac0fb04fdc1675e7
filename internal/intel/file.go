// Package intel answers whether a hash is known, one provider a file.
//
// Invariants: a bad word outweighs a good one; an answer names its list; nothing here touches the network. The package does not
// know what file a hash belongs to.
package intel

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"reeve"
)

// ErrList wraps every fault of a list.
var ErrList = errors.New("hash list cannot be read")

// maxLine bounds a line of a list; the longest real ones are rows of a software library with long paths.
const maxLine = 1 << 20

// Lists holds hash lists in memory. The zero value is empty. Each hash costs about 60 bytes.
type Lists struct {
	hashes map[string]word
	names  []string
}

type word struct {
	standing reeve.Standing
	list     uint16
	says     string
}

// Empty tells that no list was read.
func (l *Lists) Empty() bool { return len(l.names) == 0 }

// Hash looks up one hash in hexadecimal of any case.
func (l *Lists) Hash(hash string) reeve.Reputation {
	w, ok := l.hashes[strings.ToLower(hash)]
	if !ok {
		return reeve.Reputation{}
	}
	return reeve.Reputation{Standing: w.standing, Says: w.says, List: l.names[w.list]}
}

// Read adds a list: one hash a line, or rows of comma, semicolon or tab separated cells in which every cell that is an MD5,
// SHA-1, SHA-256 or import hash counts and the first other cell with letters is its name (NSRL rows are such rows). Lines that
// begin with # are remarks. It returns how many hashes were taken; a list without any is a fault, because whoever named the
// file meant another one.
func (l *Lists) Read(r io.Reader, name string, standing reeve.Standing) (int, error) {
	if l.hashes == nil {
		l.hashes = map[string]word{}
	}
	list := uint16(len(l.names))
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	taken := 0
	for s.Scan() {
		line := strings.TrimSpace(strings.TrimPrefix(s.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		says := ""
		var found []string
		for _, cell := range cells(line) {
			switch hash, ok := hashIn(cell); {
			case ok:
				found = append(found, hash)
			case says == "" && strings.ContainsAny(strings.ToLower(cell), "abcdefghijklmnopqrstuvwxyz"):
				says = cell
			}
		}
		for _, hash := range found {
			taken++
			if old, ok := l.hashes[hash]; ok && old.standing >= standing {
				continue
			}
			l.hashes[hash] = word{standing, list, says}
		}
	}
	if err := s.Err(); err != nil {
		return taken, fmt.Errorf("%w: %s: %w", ErrList, name, err)
	}
	if taken == 0 {
		return 0, fmt.Errorf("%w: %s: no line holds a hash", ErrList, name)
	}
	l.names = append(l.names, name)
	return taken, nil
}

func cells(line string) []string {
	out := strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' || r == '\t' })
	if len(out) == 1 {
		out = strings.Fields(line) // "hash  name", as sha256sum prints
	}
	for i := range out {
		out[i] = strings.Trim(out[i], " \"'*")
	}
	return out
}

// hashIn takes a bare hash, or one behind its algorithm ("SHA256=...").
func hashIn(cell string) (string, bool) {
	if i := strings.IndexAny(cell, "=:"); i >= 0 && i <= 8 {
		cell = cell[i+1:]
	}
	switch len(cell) {
	case 32, 40, 64:
	default:
		return "", false
	}
	if _, err := hex.DecodeString(cell); err != nil {
		return "", false
	}
	return strings.ToLower(cell), true
}

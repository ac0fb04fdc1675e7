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

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

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

// Read adds a list: one hash a line, or rows of comma, semicolon or tab separated cells, quoted or not, in which every cell that
// is an MD5, SHA-1, SHA-256 or import hash counts and the first other cell with letters is its name (NSRL rows are such rows).
// Lines that begin with # are remarks. Text is UTF-8, or UTF-16 with a byte order mark, as PowerShell writes it. It returns how
// many hashes were taken; a list without any is a fault, because whoever named the file meant another one, and so is a list that
// breaks off. Nothing of a faulty list is kept.
func (l *Lists) Read(r io.Reader, name string, standing reeve.Standing) (int, error) {
	list := uint16(len(l.names))
	s := bufio.NewScanner(transform.NewReader(r, unicode.BOMOverride(transform.Nop)))
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	taken, found := 0, map[string]word{}
	for s.Scan() {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		hashes, says := row(line)
		for _, hash := range hashes {
			taken++
			if _, ok := found[hash]; !ok {
				found[hash] = word{standing, list, says}
			}
		}
	}
	if err := s.Err(); err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrList, name, err)
	}
	if taken == 0 {
		return 0, fmt.Errorf("%w: %s: no line holds a hash", ErrList, name)
	}
	l.names = append(l.names, name)
	if l.hashes == nil {
		l.hashes = found
		return taken, nil
	}
	for hash, w := range found {
		if old, ok := l.hashes[hash]; !ok || old.standing < standing {
			l.hashes[hash] = w
		}
	}
	return taken, nil
}

// row gives the hashes of a line, and its name.
func row(line string) (hashes []string, says string) {
	for _, cell := range cells(line) {
		if hash, ok := hashIn(cell); ok {
			hashes = append(hashes, hash)
		} else if says == "" && naming(cell) {
			says = strings.ToValidUTF8(cell, "\ufffd")
		}
	}
	return hashes, says
}

// naming tells whether a cell may be a name: it has letters and is no checksum, as the CRC of NSRL rows is.
func naming(cell string) bool {
	if !strings.ContainsFunc(cell, func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' || r >= 0x80 }) {
		return false
	}
	_, err := hex.DecodeString(cell)
	return err != nil || len(cell) < 8
}

// cells cuts a line at separators outside of quotes; a line without any at blanks, as checksum programs print.
func cells(line string) []string {
	var out []string
	quoted, from := false, 0
	for i := 0; i <= len(line); i++ {
		switch {
		case i == len(line), !quoted && (line[i] == ',' || line[i] == ';' || line[i] == '\t'):
			out = append(out, line[from:i])
			from = i + 1
		case line[i] == '"':
			quoted = !quoted
		}
	}
	if len(out) == 1 {
		out = strings.Fields(line)
	}
	for i := range out {
		out[i] = strings.Trim(out[i], " \"'*\r")
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

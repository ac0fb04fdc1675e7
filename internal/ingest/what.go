package ingest

import (
	"bytes"
	"unicode/utf8"
)

// kinds of content that hold no event records, known by their first bytes. Where a sentence can help, it says what would.
var kinds = []struct {
	at    int
	magic string
	says  string
}{
	{0, "MAM\x04", "a Windows Prefetch file (compressed): shows that a program ran, but is no event log"},
	{4, "SCCA", "a Windows Prefetch file: shows that a program ran, but is no event log"},
	{0, "regf", "a registry hive, which is no event log"},
	{0, "\xd4\xc3\xb2\xa1", "a packet capture, which is no event log"},
	{0, "\xa1\xb2\xc3\xd4", "a packet capture, which is no event log"},
	{0, "\x0a\x0d\x0d\x0a", "a packet capture, which is no event log"},
	{4, "\xef\xcd\xab\x89", "an ESE database, which is no event log"},
	{0, "SQLite format 3\x00", "an SQLite database, which is no event log"},
	{0, "MZ", "a program, which is no event log"},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive, which is not read: unpack it first"},
	{0, "Rar!\x1a\x07", "a RAR archive, which is not read: unpack it first"},
	{0, "\xfd7zXZ\x00", "an xz archive, which is not read: unpack it first"},
	{0, "MSCF", "a cabinet archive, which is not read: unpack it first"},
	{0, "LfLe", "an event log of Windows XP or 2003 (EVT), which is not read: convert it with wevtutil epl"},
	{4, "LfLe", "an event log of Windows XP or 2003 (EVT), which is not read: convert it with wevtutil epl"},
	{0, "FILE0", "a master file table, which is no event log"},
	{0, "\x89PNG", "a picture"},
	{0, "\xff\xd8\xff", "a picture"},
	{0, "%PDF", "a PDF document"},
	{0, "L\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut, which is no event log"},
	{0, "\xd0\xcf\x11\xe0", "an OLE document, which is no event log"},
	{0, "\x4d\x3c\x2b\x1a", "a packet capture, which is no event log"},
	{0, "MDMP", "a process dump, which is no event log"},
	{0, "PAGEDU", "a memory dump, which is no event log"},
	{0, "EVF\x09\x0d\x0a\xff\x00", "a disk image (EWF), which is not read: mount it first"},
	{0, "conectix", "a virtual disk, which is not read: mount it first"},
	{0, "vhdxfile", "a virtual disk, which is not read: mount it first"},
	{0, "KDMV", "a virtual disk, which is not read: mount it first"},
	{3, "NTFS    ", "an NTFS volume, which is not read: mount it first"},
	{4, "ftyp", "a video"},
	{0, "GIF8", "a picture"},
	{0, "\x7fELF", "a program, which is no event log"},
	{0, "\x00\x05\x16\x07", "metadata of macOS about another file"},
	{0, "Cr24", "a browser extension, which is no event log"},
	{0, "\xca\xfe\xba\xbe", "a program, which is no event log"},
}

// whatIs says what a file is that holds no records.
func whatIs(s *sample) string {
	if len(s.raw) == 0 {
		return "empty"
	}
	for _, k := range kinds {
		if len(s.raw) >= k.at+len(k.magic) && string(s.raw[k.at:k.at+len(k.magic)]) == k.magic {
			return k.says
		}
	}
	if zero(s.raw) {
		return "zeros"
	}
	text := s.text
	for n := 0; n < utf8.UTFMax && len(text) > 0 && !utf8.Valid(text); n++ {
		text = text[:len(text)-1] // the sample may end inside a character
	}
	if text == nil || bytes.IndexByte(text, 0) >= 0 {
		return "data in a format that is not known"
	}
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case bytes.HasPrefix(trimmed, []byte("<")) && bytes.Contains(text, []byte("schemas.microsoft.com/powershell/2004/04")):
		return "objects exported by PowerShell (CLIXML), which are not read: export with ConvertTo-Json, or copy the .evtx file"
	case startJSON(text) >= 0:
		return "JSON without event records in a known shape"
	case bytes.Contains(text, []byte("logsource:")) && bytes.Contains(text, []byte("detection:")):
		return "a Sigma rule: give its folder with --rules"
	case bytes.HasPrefix(trimmed, []byte("<")):
		return "XML or HTML without event records"
	case bytes.Contains(text, []byte(": ")) && (bytes.HasPrefix(trimmed, []byte("---")) || yamlKey(trimmed)):
		return "YAML text, which is no event log"
	case !utf8.Valid(text) && !mostlyText(text):
		return "data in a format that is not known"
	case isTable(text):
		return "a table (CSV) without event records"
	}
	return "text without event records"
}

// mostlyText tells text in a code page from data: it has no control characters.
func mostlyText(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' && r != '\f' && r != 0x1b }) < 0
}

// isTable tells whether the first two rows have the same number of cells, more than two.
func isTable(text []byte) bool {
	h, n, err := newTable(text)
	if err != nil || len(h.names) < 3 {
		return false
	}
	_, err = h.read(text[n:], true)
	return err == nil && len(h.row) == len(h.names)
}

// yamlKey tells whether the text begins with a line like "name: value".
func yamlKey(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	key, _, ok := bytes.Cut(line, []byte(":"))
	return ok && len(key) > 0 && len(key) < 40 && !bytes.ContainsAny(key, " {[\"")
}

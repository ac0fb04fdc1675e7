package evtx

import (
	"errors"
	"fmt"
)

// The classes of everything that can be wrong with a file. A *RecordError and a Note wrap one of them.
var (
	// ErrFormat: the input is no EVTX file at all.
	ErrFormat = errors.New("not an EVTX file")
	// ErrHeader: the file header disagrees with the file; nothing is lost by it.
	ErrHeader = errors.New("file header does not describe the file")
	// ErrChunk: 64 KiB that are neither zero nor begin with the chunk magic.
	ErrChunk = errors.New("not a chunk")
	// ErrChecksum: a CRC32 does not match; the data is read all the same.
	ErrChecksum = errors.New("checksum mismatch")
	// ErrTruncated: the data ends inside a record.
	ErrTruncated = errors.New("truncated")
	// ErrRecord: a record whose frame or binary XML cannot be read.
	ErrRecord = errors.New("malformed record")
	// ErrTemplate: a record whose template definition is missing or malformed.
	ErrTemplate = errors.New("template cannot be read")
	// ErrLimit: a record that asks for more work than any real one.
	ErrLimit = errors.New("record exceeds a limit")
	// ErrEvent: no log can hold an event as it is: a name is empty or no text, or the type of a value is none. Of Writer alone.
	ErrEvent = errors.New("event cannot be written")
)

// RecordError says which record could not be read, where it stands and why. Reading goes on after it.
type RecordError struct {
	Chunk    int    // number of the chunk in the file, from 0; -1 when unknown
	Offset   int64  // of the record, or of the damage, in the file
	RecordID uint64 // as the record header states it; 0 when the header cannot be read
	Reason   string // what exactly was met
	Err      error  // one of the sentinels above
}

// Error gives the position, the class and what was met.
func (e *RecordError) Error() string {
	return fmt.Sprintf("chunk %d, offset %d, record %d: %v: %s", e.Chunk, e.Offset, e.RecordID, e.Err, e.Reason)
}

// Unwrap gives the class.
func (e *RecordError) Unwrap() error { return e.Err }

// Note is an oddity that cost no record: a dirty header, a wrong checksum, a wrong size copy.
type Note struct {
	Chunk  int   // number of the chunk, from 0; -1 for the file header
	Offset int64 // in the file
	Reason string
	Err    error // one of the sentinels above
}

// String gives the position, the class and what was met.
func (n Note) String() string {
	return fmt.Sprintf("chunk %d, offset %d: %v: %s", n.Chunk, n.Offset, n.Err, n.Reason)
}

// fault is a parse failure without a position, so that the parser allocates nothing to report one.
type fault struct {
	class  error
	reason string
}

func (f *fault) Error() string { return f.reason }

var (
	faultTorn      = &fault{ErrTruncated, "record was not written to its end"}
	faultShort     = &fault{ErrRecord, "binary XML ends early"}
	faultToken     = &fault{ErrRecord, "unknown binary XML token"}
	faultName      = &fault{ErrRecord, "name outside the chunk"}
	faultValues    = &fault{ErrRecord, "values exceed the record"}
	faultUnclosed  = &fault{ErrRecord, "element is not closed"}
	faultEmpty     = &fault{ErrRecord, "record holds no event"}
	faultTemplate  = &fault{ErrTemplate, "template definition is missing or malformed"}
	faultDepth     = &fault{ErrLimit, "elements or fragments nested too deeply"}
	faultElements  = &fault{ErrLimit, "too many elements"}
	faultNameLen   = &fault{ErrLimit, "name is too long"}
	faultInstances = &fault{ErrLimit, "too many template instances"}
	faultText      = &fault{ErrLimit, "values are repeated too often"}
	faultCompile   = &fault{ErrLimit, "template definitions of the chunk overlap"}
)

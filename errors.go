package reeve

import (
	"errors"
	"fmt"
)

// The classes of loss. Everything that could not be read wraps one of them.
var (
	ErrFormat  = errors.New("not in a known format")
	ErrRecord  = errors.New("record cannot be read")
	ErrDamaged = errors.New("file is damaged")
	ErrLimit   = errors.New("beyond a limit")
	ErrAccess  = errors.New("cannot be opened")
)

// ReadError is a loss with its position. It is data: the report lists it.
type ReadError struct {
	Ref Ref
	Err error // wraps one of the classes above
}

// Error states position and reason.
func (e *ReadError) Error() string {
	if e.Ref.Line > 0 {
		return fmt.Sprintf("%s line %d: %v", e.Ref.File, e.Ref.Line, e.Err)
	}
	return fmt.Sprintf("%s at byte %d: %v", e.Ref.File, e.Ref.Offset, e.Err)
}

// Unwrap gives the class.
func (e *ReadError) Unwrap() error { return e.Err }

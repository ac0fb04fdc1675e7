//go:build !amd64 || purego

package evtx

// wide reports that packASCIIWide and packJSONWide exist.
const wide = false

func packASCIIWide(dst, src *byte, n int) (read int) { panic("evtx: no wide routines") }

func packJSONWide(dst, src *byte, n int) (read, written int) { panic("evtx: no wide routines") }

//go:build !amd64 || purego

package evtx

// wide reports that the wide routines exist.
const wide = false

func packASCIIWide(dst, src *byte, n int) (read int) { panic("evtx: no wide routines") }

func packJSONWide(dst, src *byte, n int) (read, written int) { panic("evtx: no wide routines") }

func packXMLWide(dst, src *byte, n int) (read int) { panic("evtx: no wide routines") }

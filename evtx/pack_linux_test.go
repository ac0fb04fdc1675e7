package evtx

import (
	"syscall"
	"testing"
)

// guarded is memory that ends at a page nobody may touch.
func guarded(t *testing.T, size int) []byte {
	t.Helper()
	page := syscall.Getpagesize()
	pages := (size + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, pages+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no memory to guard: ", err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(b) })
	if err := syscall.Mprotect(b[pages:], syscall.PROT_NONE); err != nil {
		t.Skip("no memory to guard: ", err)
	}
	return b[pages-size : pages : pages]
}

// TestTheWideRoutinesStayWithinTheirBounds gives them just the room that they ask for, before and behind which there is none: a byte too
// far ends the test program.
func TestTheWideRoutinesStayWithinTheirBounds(t *testing.T) {
	if !wide {
		t.Skip("this build has no wide routines")
	}
	for n := 1; n <= 70; n++ {
		for special := -1; special < n; special++ {
			src := guarded(t, 2*n+wideRead)
			for i := range len(src) / 2 {
				le.PutUint16(src[2*i:], 'a')
			}
			for i := max(special, 0); special >= 0 && i < len(src)/2; i++ {
				le.PutUint16(src[2*i:], '"') // all of them, also behind the end
			}
			text := src[:2*n]
			if read := packASCIIWide(&guarded(t, n+16)[0], &text[0], n); read != n {
				t.Fatalf("%d units of %d", read, n)
			}
			if read := packXMLWide(&guarded(t, n+16)[0], &text[0], n); read != n && read != special {
				t.Fatalf("%d units of %d", read, n)
			}
			wantWritten := n
			if special >= 0 {
				wantWritten += n - special
			}
			if read, written := packJSONWide(&guarded(t, 2*n+16)[0], &text[0], n); read != n || written != wantWritten {
				t.Fatalf("%d units of %d, %d bytes written, want %d", read, n, written, wantWritten)
			}
		}
	}
}

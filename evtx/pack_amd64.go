//go:build !purego

package evtx

// wide reports that the routines of this file may be used. They are SSE2, which every amd64 has.
const wide = true

// packASCIIWide is packASCII for n units at src: they read up to 32 bytes from every even place before the end of src and write 16 from
// every place that they have come to in dst, so that src needs wideRead bytes behind its end and dst room for n+16.
//
//go:noescape
func packASCIIWide(dst, src *byte, n int) (read int)

// packJSONWide is packJSON for n units at src, which needs wideRead bytes behind its end; dst needs room for 2n+16.
//
//go:noescape
func packJSONWide(dst, src *byte, n int) (read, written int)

// packXMLWide is packXML for n units at src, which needs wideRead bytes behind its end; dst needs room for n+16.
//
//go:noescape
func packXMLWide(dst, src *byte, n int) (read int)

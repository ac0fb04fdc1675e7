package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// encoding of a text file.
type encoding uint8

const (
	textUTF8 encoding = iota
	textUTF16LE
	textUTF16BE
)

// encodingOf knows an encoding by its byte order mark, and UTF-16 without one by its zeros.
func encodingOf(head []byte) encoding {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return textUTF16LE
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return textUTF16BE
	case len(head) >= 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		return textUTF16LE
	case len(head) >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		return textUTF16BE
	}
	return textUTF8
}

// plainText gives the beginning of a text file as UTF-8 without byte order mark.
func plainText(head []byte) []byte {
	if e := encodingOf(head); e != textUTF8 {
		head, _ = appendUTF16(nil, head, e)
	}
	return bytes.TrimPrefix(head, byteOrderMark)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// appendUTF16 decodes whole characters and gives how many bytes they took; lone surrogates become U+FFFD.
func appendUTF16(dst, src []byte, e encoding) ([]byte, int) {
	unit := func(i int) rune {
		if e == textUTF16BE {
			return rune(src[i])<<8 | rune(src[i+1])
		}
		return rune(src[i]) | rune(src[i+1])<<8
	}
	i := 0
	for ; i+2 <= len(src); i += 2 {
		r := unit(i)
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		if utf16.IsSurrogate(r) {
			if r < 0xdc00 && i+4 > len(src) {
				break // its other half is still to come
			}
			second := rune(0)
			if i+4 <= len(src) {
				second = unit(i + 2)
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				i += 2
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst, i
}

// windowSize is how much of a text is read at a time.
const windowSize = 1 << 20

// window moves over a text file and shows it as UTF-8, knowing where in the file it stands.
type window struct {
	ctx  context.Context // when it is done, so is the file; may be nil
	src  io.ReaderAt
	enc  encoding
	next int64 // offset in the file of what is read next
	size int64
	buf  []byte
	pos  int
	at   int64 // offset in the file of buf[pos]
	line int   // from 1
	col  int   // bytes of this line before buf[pos]
	raw  []byte
	eof  bool
	err  error // the source itself failed
}

// open begins at an offset of a file. The buffers of the file before are used again unless a giant record made them large.
func (w *window) open(src io.ReaderAt, enc encoding, from, size int64, line int) {
	buf, raw := w.buf[:0], w.raw
	if cap(buf) > 4*windowSize {
		buf = nil
	}
	*w = window{ctx: w.ctx, src: src, enc: enc, next: from, size: size, buf: buf, raw: raw, at: from, line: line}
}

// rest is what is in the window; it is valid until more.
func (w *window) rest() []byte { return w.buf[w.pos:] }

// skip goes on by n bytes of rest.
func (w *window) skip(n int) {
	seg := w.buf[w.pos : w.pos+n]
	if lines := bytes.Count(seg, []byte{'\n'}); lines > 0 {
		w.line += lines
		w.col = n - 1 - bytes.LastIndexByte(seg, '\n')
	} else {
		w.col += n
	}
	if w.enc == textUTF8 {
		w.at += int64(n)
	} else {
		w.at += utf16Length(seg)
	}
	w.pos += n
}

// utf16Length is how many bytes b takes in UTF-16.
func utf16Length(b []byte) int64 {
	n := int64(0)
	for _, c := range b {
		switch {
		case c&0xc0 == 0x80: // not the first byte of a character
		case c >= 0xf0:
			n += 4
		default:
			n += 2
		}
	}
	return n
}

// more reads on behind rest; false at the end of the file.
func (w *window) more() bool {
	if w.eof || w.ctx != nil && w.ctx.Err() != nil {
		w.eof = true
		return false
	}
	if w.pos > 0 {
		w.buf = w.buf[:copy(w.buf, w.buf[w.pos:])]
		w.pos = 0
	}
	if cap(w.buf)-len(w.buf) < windowSize/4 {
		bigger := make([]byte, len(w.buf), max(2*cap(w.buf), windowSize))
		copy(bigger, w.buf)
		w.buf = bigger
	}
	before := len(w.buf)
	if w.enc == textUTF8 {
		n := w.read(w.buf[before:cap(w.buf)])
		w.buf = w.buf[:before+n]
	} else {
		w.decode()
	}
	return len(w.buf) > before
}

// decode reads half as many bytes as there is room: a UTF-16 unit of two bytes becomes three of UTF-8 at most.
func (w *window) decode() {
	want := (cap(w.buf) - len(w.buf)) / 3 * 2
	if cap(w.raw) < want {
		w.raw = make([]byte, want)
	}
	n := w.read(w.raw[:want])
	used := 0
	w.buf, used = appendUTF16(w.buf, w.raw[:n], w.enc)
	if used < n && !w.eof {
		w.next -= int64(n - used) // half of a character: read it again with the other half
	} else if used < n {
		w.buf = append(w.buf, "�"...)
	}
}

func (w *window) read(b []byte) int {
	b = b[:min(int64(len(b)), max(0, w.size-w.next))]
	n, err := w.src.ReadAt(b, w.next)
	w.next += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	w.eof = err != nil || n == 0 || w.next >= w.size
	return n
}

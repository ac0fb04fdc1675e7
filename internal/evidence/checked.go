package evidence

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"reeve"
)

// checked is an expanding stream that compares the checksum at its end and closes the archive below it.
type checked struct {
	io.ReadCloser
	under     io.Closer
	sum, want uint32
	unchecked bool // the stream checks itself
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if !c.unchecked {
		c.sum = crc32.Update(c.sum, crc32.IEEETable, p[:n])
		if err == io.EOF && c.sum != c.want {
			err = fmt.Errorf("%w: checksum is %08x, the archive states %08x", reeve.ErrDamaged, c.sum, c.want)
		}
	}
	return n, err
}

func (c *checked) Close() error { return errors.Join(c.ReadCloser.Close(), c.under.Close()) }

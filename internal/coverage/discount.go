package coverage

import "reeve"

// Discount takes further copies of records out of the counts of their channel and kind; kind is "" for records without a
// meaning.
func (c *Coverage) Discount(host, name string, what reeve.Kind, copies int) {
	if ch := c.channels[channelKey{host, name}]; ch != nil {
		ch.n = max(ch.n-copies, 0)
	}
	if k := c.kinds[kindKey{host, what}]; k != nil {
		k.n = max(k.n-copies, 0)
	}
}

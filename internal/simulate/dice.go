package simulate

import "hash/fnv"

// dice is a small generator (splitmix64) of numbers that look like chance. Its seed is a name, so that a deed on one host never
// changes the numbers of another.
type dice struct{ state uint64 }

func newDice(name string) *dice {
	h := fnv.New64a()
	h.Write([]byte(name))
	return &dice{h.Sum64()}
}

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// between gives a number from lo up to, without, hi.
func (d *dice) between(lo, hi int) int { return lo + int(d.next()%uint64(hi-lo)) }

package trail

import (
	"cmp"
	"slices"

	"reeve"
)

// Bounds of a piece.
const (
	length   = 60 << 10 // bytes after which a new one begins: less than a chunk of an EVTX file
	maxHosts = 4        // told apart within one; more are any host
)

// Chart is one worker's memory of which pieces of which files hold which hosts, and from when to when, so that a later reading
// leaves out what it does not need. It takes some sixty bytes for every 60 KiB read, however many hosts write into one log.
type Chart struct {
	names map[string]uint32
	list  []piece
	last  string // file of the last record
	at    int64  // and its offset
}

// piece is a part of a file that one worker read in one go.
type piece struct {
	file        uint32
	from, to    int64 // offsets of the first record and of the last
	first, last reeve.Time
	hosts       [maxHosts]uint32
	n           uint8 // of hosts; one more than there is room for means any
	timeless    bool  // a record states no time
}

// NewChart gives an empty chart.
func NewChart() *Chart { return &Chart{names: map[string]uint32{}} }

// Pass notes a record. Strings must be ones that may be kept.
func (c *Chart) Pass(ref reeve.Ref, head *reeve.Head) {
	n := len(c.list)
	if n == 0 || c.last != ref.File || ref.Offset < c.at || ref.Offset-c.list[n-1].from >= length {
		c.list = append(c.list, piece{file: c.name(ref.File), from: ref.Offset, first: head.Time, last: head.Time})
		c.last = ref.File
		n++
	}
	c.at = ref.Offset
	s := &c.list[n-1]
	s.to = ref.Offset
	if head.Time == 0 {
		s.timeless = true
	} else {
		s.first, s.last = min(s.first, head.Time), max(s.last, head.Time)
	}
	s.host(c.name(head.Computer))
}

func (c *Chart) name(s string) uint32 {
	id, ok := c.names[s]
	if !ok {
		id = uint32(len(c.names))
		c.names[s] = id
	}
	return id
}

func (s *piece) host(id uint32) {
	if s.n > maxHosts || slices.Contains(s.hosts[:s.n], id) {
		return
	}
	if s.n < maxHosts {
		s.hosts[s.n] = id
	}
	s.n++
}

// Map is the merged word of all workers. It is read only.
type Map struct {
	files map[string][]piece // by offset
	hosts []string           // canonical
}

// MergeCharts joins the charts under canonical host names. It takes them over.
func MergeCharts(charts []*Chart, canon func(string) string) *Map {
	m := &Map{files: map[string][]piece{}}
	known := map[string]uint32{}
	for _, c := range charts {
		names := make([]string, len(c.names))
		to := make([]uint32, len(c.names))
		for s, id := range c.names {
			names[id] = s
			host := canon(s)
			at, ok := known[host]
			if !ok {
				at = uint32(len(m.hosts))
				known[host] = at
				m.hosts = append(m.hosts, host)
			}
			to[id] = at
		}
		for _, s := range c.list {
			for i := range s.hosts[:min(s.n, maxHosts)] {
				s.hosts[i] = to[s.hosts[i]]
			}
			file := names[s.file]
			m.files[file] = append(m.files[file], s)
		}
		*c = Chart{}
	}
	for _, list := range m.files {
		slices.SortFunc(list, func(a, b piece) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	}
	return m
}

// Holds tells whether a part of a file can hold records that are asked for: of a host that asked names, between the times that
// it is given; both 0 are unknown.
func (m *Map) Holds(file string, from, to int64, asked func(host string, first, last reeve.Time) bool) bool {
	list := m.files[file]
	// Pieces of several workers never overlap by more than the length of one.
	i, _ := slices.BinarySearchFunc(list, from-length, func(s piece, at int64) int { return cmp.Compare(s.from, at) })
	for ; i < len(list) && list[i].from < to; i++ {
		s := &list[i]
		if s.to < from {
			continue
		}
		first, last := s.first, s.last
		if s.timeless {
			first, last = 0, 0
		}
		if s.n > maxHosts {
			return true
		}
		for _, h := range s.hosts[:s.n] {
			if asked(m.hosts[h], first, last) {
				return true
			}
		}
	}
	return false
}

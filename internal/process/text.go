package process

import (
	"slices"
	"strings"

	"reeve"
)

// table holds all texts of a graph, sorted, so that comparing two ids compares their texts whichever builder saw them first.
// Id 0 is the empty text.
type table struct {
	texts []string
	base  []uint32 // of an image's text: its base name in lower case
}

func (t *table) find(s string) (uint32, bool) {
	i, ok := slices.BinarySearch(t.texts, s)
	return uint32(i), ok
}

// join makes one table of the builders' texts and rewrites every id in them. Hosts become canonical.
func join(builders []*Builder, canon func(string) string) table {
	all := []string{""}
	images, hosts := make([][]bool, len(builders)), make([][]bool, len(builders))
	for i, b := range builders {
		images[i], hosts[i] = b.uses()
		for id, s := range b.texts {
			all = append(all, s)
			if images[i][id] {
				all = append(all, baseOf(s))
			}
			if hosts[i][id] {
				all = append(all, canon(s))
			}
		}
	}
	slices.Sort(all)
	t := table{texts: slices.Clip(slices.Compact(all))}
	t.base = make([]uint32, len(t.texts))
	for i, b := range builders {
		to, host := make([]uint32, len(b.texts)), make([]uint32, len(b.texts))
		for id, s := range b.texts {
			to[id], _ = t.find(s)
			if images[i][id] {
				t.base[to[id]], _ = t.find(baseOf(s))
			}
			if hosts[i][id] {
				host[id], _ = t.find(canon(s))
			}
		}
		b.rewrite(to, host)
	}
	return t
}

// uses tells which texts are images and which are hosts.
func (b *Builder) uses() (images, hosts []bool) {
	images, hosts = make([]bool, len(b.texts)), make([]bool, len(b.texts))
	for _, block := range b.starts {
		for i := range block {
			images[block[i].image], images[block[i].parentImage] = true, true
		}
	}
	for i := range b.deeds {
		images[b.deeds[i].image], hosts[b.deeds[i].host] = true, true
	}
	for i := range b.who {
		hosts[b.who[i].host] = true
	}
	for i := range b.ends {
		hosts[b.ends[i].host] = true
	}
	for i := range b.boots {
		hosts[b.boots[i].host] = true
	}
	return images, hosts
}

func (b *Builder) rewrite(to, host []uint32) {
	for _, block := range b.starts {
		for i := range block {
			s := &block[i]
			s.image, s.parentImage, s.at.file = to[s.image], to[s.parentImage], to[s.at.file]
		}
	}
	for i := range b.deeds {
		d := &b.deeds[i]
		d.host, d.image, d.at.file = host[d.host], to[d.image], to[d.at.file]
	}
	for i := range b.who {
		s := &b.who[i]
		*s = session{host[s.host], to[s.user], to[s.sid], to[s.logon]}
	}
	for i := range b.ends {
		b.ends[i].host = host[b.ends[i].host]
	}
	for i := range b.boots {
		b.boots[i].host = host[b.boots[i].host]
	}
}

// crowd holds the sessions of a graph.
type crowd struct {
	list []session
	ids  map[session]uint32
}

func (c *crowd) id(s session) uint32 {
	id, ok := c.ids[s]
	if !ok {
		id = uint32(len(c.list))
		c.ids[s] = id
		c.list = append(c.list, s)
	}
	return id
}

func baseOf(path string) string {
	return strings.ToLower(path[strings.LastIndexAny(path, `\/`)+1:])
}

// fuller prefers a full path to a bare name, and anything to nothing.
func (t *table) fuller(a, b uint32) uint32 {
	if a == 0 || b != 0 && !strings.Contains(t.texts[a], `\`) && strings.Contains(t.texts[b], `\`) {
		return b
	}
	return a
}

// same tells whether two images may be one program: of one name, or one of them unknown.
func (t *table) same(a, b uint32) bool { return a == 0 || b == 0 || t.base[a] == t.base[b] }

func none(g reeve.GUID) bool { return g == reeve.GUID{} }

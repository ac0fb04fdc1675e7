package evtx

// nameTable numbers the names that one reader meets. Numbers hold until reset.
type nameTable struct {
	ids   map[string]uint32 // by UTF-16LE bytes
	text  []string          // UTF-8, by number
	bytes int

	generation uint32
	cache      [512]nameSlot // by offset in the chunk of this generation
}

type nameSlot struct {
	off, generation uint32
	id              uint32
	after           uint32
}

const nameTableLimit = 8 << 20 // bytes of names after which a reader starts anew

// numbers of the names that the reader itself looks for
const (
	nameIDData = iota
	nameIDComplexData
	nameIDName
	nameIDEvent
	nameIDSystem
	nameIDEventID
)

func newNameTable() *nameTable {
	t := &nameTable{}
	t.reset()
	return t
}

func (t *nameTable) reset() {
	t.ids, t.text, t.bytes = map[string]uint32{}, t.text[:0], 0
	t.generation++
	for _, s := range []string{"Data", "ComplexData", "Name", "Event", "System", "EventID"} {
		t.number(appendUTF16(nil, s))
	}
}

func (t *nameTable) holdsData(id uint32) bool { return id == nameIDData || id == nameIDComplexData }
func (t *nameTable) isName(id uint32) bool    { return id == nameIDName }

// number is the number of a name given as UTF-16LE.
func (t *nameTable) number(raw []byte) uint32 {
	if id, ok := t.ids[string(raw)]; ok {
		return id
	}
	id := uint32(len(t.text))
	t.ids[string(raw)] = id
	t.text = append(t.text, string(AppendUTF8(nil, raw)))
	t.bytes += 3*len(raw) + 64
	return id
}

// at is the number of the name that stands at off of the chunk, and where it ends. A name is a link to the next one with the
// same hash (4 bytes, never followed: it may form a ring), a hash (2), a length (2), the units and a terminator.
func (t *nameTable) at(chunk []byte, off int) (id uint32, after int, f *fault) {
	s := &t.cache[uint32(off)*2654435761>>23]
	if s.generation == t.generation && s.off == uint32(off) {
		return s.id, int(s.after), nil
	}
	if off < chunkHeaderSize || off+8 > len(chunk) {
		return 0, 0, faultName
	}
	n := int(le.Uint16(chunk[off+6:]))
	if n > maxName {
		return 0, 0, faultNameLen
	}
	after = off + 8 + 2*n + 2
	if after > len(chunk) {
		return 0, 0, faultName
	}
	id = t.number(chunk[off+8 : after-2])
	*s = nameSlot{uint32(off), t.generation, id, uint32(after)}
	return id, after, nil
}

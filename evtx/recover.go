package evtx

func (f *File) recovered(yield func(*Record, error) bool) {}
func (f *File) holdsChunk() bool                          { return false }

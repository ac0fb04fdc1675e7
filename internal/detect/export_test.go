package detect

// Plans is how many classes the matcher remembers, and how many at most.
func (m *Matcher) Plans() (now, most int) { return len(m.plans), maxPlans }

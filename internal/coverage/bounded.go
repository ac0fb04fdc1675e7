package coverage

import "slices"

// ordered is a key that can be sorted.
type ordered[K any] interface {
	comparable
	compare(K) int
}

// bounded is a map of the least keys. Which keys are kept depends on the set of keys alone, and what is kept of one is complete:
// a key that was given up once was not among the least and never will be.
type bounded[K ordered[K], V any] struct {
	of     map[K]V
	beyond *K // the greatest key that may be kept, once there were too many
}

func newBounded[K ordered[K], V any]() bounded[K, V] { return bounded[K, V]{of: map[K]V{}} }

// get finds the value of a key, or makes it; the zero value for a key that is not kept.
func (b *bounded[K, V]) get(k K, make func() V) V {
	if v, ok := b.of[k]; ok {
		return v
	}
	var none V
	if b.beyond != nil && k.compare(*b.beyond) > 0 {
		return none
	}
	b.of[k] = make()
	if len(b.of) >= 2*maxKeys {
		b.prune()
	}
	return b.of[k]
}

// prune gives up all but the least keys.
func (b *bounded[K, V]) prune() {
	b.beyond = limit(b)
	for k := range b.of {
		if k.compare(*b.beyond) > 0 {
			delete(b.of, k)
		}
	}
}

// limit is the greatest key that may be kept of several maps taken together; nil when all may.
func limit[K ordered[K], V any](maps ...*bounded[K, V]) *K {
	var keys []K
	cut := false
	for _, b := range maps {
		cut = cut || b.beyond != nil
		for k := range b.of {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b K) int { return a.compare(b) })
	if keys = slices.Compact(keys); len(keys) <= maxKeys && !cut {
		return nil
	}
	return &keys[min(maxKeys, len(keys))-1]
}

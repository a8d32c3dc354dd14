package zone

import (
	"fmt"
	"hash/fnv"
	"math/bits"
)

// Seen tells the names of a list from others, in whatever order they come: how many there are, and a sum of their hashes. It finds what
// changed meanwhile. Who makes names on purpose that have the sum of others gains nothing: it is his that is taken for theirs.
type Seen struct {
	count int
	sum   uint64
}

func (s *Seen) add(name []byte) {
	h := fnv.New64a()
	h.Write(name)
	// A sum of such hashes alone would not tell a1 and b2 from a2 and b1.
	high, low := bits.Mul64(h.Sum64()^0xa0761d6478bd642f, 0xe7037ed1a0b428db)
	s.count++
	s.sum += high ^ low
}

// SeenOf is that of names.
func SeenOf(names []string) Seen {
	var s Seen
	for _, name := range names {
		s.add([]byte(name))
	}
	return s
}

func (s Seen) String() string { return fmt.Sprintf("%d-%016x", s.count, s.sum) }

package zone

import (
	"container/heap"
	"slices"
)

// selection holds the first so many of all that is offered to it, in the order of compare. It needs room for those alone,
// however many come: a page of a folder does not cost its folder.
type selection[T any] struct {
	keep    int
	compare func(a, b T) int
	held    []T // a heap whose first is the last in order, as soon as it is full
}

// last returns the last one held; what is not before it need not be offered. full is false while there is room.
func (s *selection[T]) last() (value T, full bool) {
	if len(s.held) < s.keep || s.keep == 0 {
		return value, false
	}
	return s.held[0], true
}

// add offers a value.
func (s *selection[T]) add(value T) {
	switch {
	case len(s.held) < s.keep:
		s.held = append(s.held, value)
		if len(s.held) == s.keep {
			heap.Init((*lastFirst[T])(s))
		}
	case s.keep > 0 && s.compare(value, s.held[0]) < 0:
		s.held[0] = value
		heap.Fix((*lastFirst[T])(s), 0)
	}
}

// sorted returns what is held, in order. Nothing is added afterwards.
func (s *selection[T]) sorted() []T {
	slices.SortFunc(s.held, s.compare)
	return s.held
}

// lastFirst is a selection as container/heap sees it.
type lastFirst[T any] selection[T]

func (l *lastFirst[T]) Len() int           { return len(l.held) }
func (l *lastFirst[T]) Less(i, j int) bool { return l.compare(l.held[i], l.held[j]) > 0 }
func (l *lastFirst[T]) Swap(i, j int)      { l.held[i], l.held[j] = l.held[j], l.held[i] }
func (l *lastFirst[T]) Push(any)           { panic("a full selection does not grow") }
func (l *lastFirst[T]) Pop() any           { panic("a full selection does not shrink") }

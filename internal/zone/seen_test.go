package zone

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestSeen: in any order the same; with one name exchanged for another, also among names that are nearly alike, something else.
func TestSeen(t *testing.T) {
	var names []string
	for i := range 300 {
		names = append(names, "a"+strconv.Itoa(i), "b"+strconv.Itoa(i), "\xff"+strconv.Itoa(i))
	}
	want := SeenOf(names)
	mixed := slices.Clone(names)
	rand.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	if got := SeenOf(mixed); got != want {
		t.Errorf("in another order %v, not %v", got, want)
	}
	for i := range names {
		other := slices.Clone(names)
		other[i] += "0000"
		if SeenOf(other) == want || SeenOf(names[:i]) == want || SeenOf(append(names, names[i])) == want {
			t.Errorf("without %q it is the same", names[i])
		}
	}
	for i := range 50 {
		for j := range i {
			x, y := strconv.Itoa(i), strconv.Itoa(j)
			if SeenOf([]string{"a" + x, "b" + y}) == SeenOf([]string{"a" + y, "b" + x}) {
				t.Errorf("a%s and b%s are taken for a%s and b%s", x, y, y, x)
			}
		}
	}
}

// TestListSeen: of all names of a list, whatever page is returned, in each order.
func TestListSeen(t *testing.T) {
	dir, root := tree(t)
	for _, name := range []string{"a1", "a2", "b1", ".shz-hidden"} {
		must(t, makeFile(dir+"/"+name, ""))
	}
	for _, by := range []string{"name", "size"} {
		for filter, want := range map[string][]string{"": {"a1", "a2", "b1"}, "a*": {"a2", "a1"}} {
			order := Order{By: by, Seen: new(Seen)}
			if filter != "" {
				order.Filter = NewPattern(filter)
			}
			if list(t, root, order, 1, 1); *order.Seen != SeenOf(want) {
				t.Errorf("by %s, %q: %v, not %v", by, filter, *order.Seen, SeenOf(want))
			}
		}
	}
}

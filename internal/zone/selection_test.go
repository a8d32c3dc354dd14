package zone

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestSelection compares with sorting everything, for any room and any order of arrival.
func TestSelection(t *testing.T) {
	for keep := range 12 {
		for range 50 {
			all := rand.Perm(10)
			s := selection[int]{keep: keep, compare: cmp.Compare[int]}
			for _, v := range all {
				before := slices.Clone(s.held)
				if last, full := s.last(); full != (keep > 0 && len(before) == keep) || full && last != slices.Max(before) {
					t.Fatalf("last of %v with room for %d: %d %t", before, keep, last, full)
				}
				s.add(v)
			}
			slices.Sort(all)
			if got := s.sorted(); !slices.Equal(got, all[:min(keep, len(all))]) {
				t.Fatalf("room for %d: %v", keep, got)
			}
		}
	}
}

// TestCompareFolded: as if both had been put in lower case first.
func TestCompareFolded(t *testing.T) {
	letters := []string{"", "a", "A", "b", "Z", "z", "0", "_", "é", "É", "e\u0301", "ſ", "K", "\xff", "İ", "日"}
	for range 20_000 {
		word := func() string {
			var b strings.Builder
			for range rand.IntN(4) {
				b.WriteString(letters[rand.IntN(len(letters))])
			}
			return b.String()
		}
		a, b := word(), word()
		want := strings.Compare(strings.ToLower(a), strings.ToLower(b))
		if got := compareFolded(a, b); got != want {
			t.Fatalf("%q and %q: %d, not %d", a, b, got, want)
		}
		if got := compareFolded([]byte(a), b); got != want {
			t.Fatalf("%q in bytes and %q: %d, not %d", a, b, got, want)
		}
	}
}

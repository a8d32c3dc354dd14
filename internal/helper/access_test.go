package helper

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestSomeOf: what is asked at once fits into a request as JSON writes it; a path that fits into none is asked about by nobody.
func TestSomeOf(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("%03d", i)+strings.Repeat("&", 250))
	}
	left := many
	for len(left) > 0 {
		some := someOf(left)
		if b, err := json.Marshal(AccessRequest{Op: "readers", Zone: strings.Repeat("z", 63), ZoneID: strings.Repeat("0", 32), Paths: some}); err != nil || len(b) > MaxRequest || len(some) == 0 {
			t.Fatalf("%d paths are %d bytes, %v", len(some), len(b), err)
		}
		left = left[len(some):]
	}
	for _, path := range []string{strings.Repeat("&", 11_000), strings.Repeat("%C3%A8", 11_000)} {
		if some := someOf([]string{path, "b"}); len(some) > 0 {
			t.Errorf("%.10s… is asked about", path)
		}
		if got, err := Readers("a", "", []string{path}, nil); err != nil || len(got) != 1 || got[0] != nil {
			t.Errorf("%.10s…: %v, %v", path, got, err)
		}
	}
}

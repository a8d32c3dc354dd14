package account

import (
	"slices"
	"testing"
)

func TestFind(t *testing.T) {
	// Names of its own for each search: what was asked for by name is known from then on.
	names := func() *Names {
		n, _ := fakeNames(t, map[string]string{"group shz-remote": "shz-remote:x:1600:\n", "group other": "other:x:1601:\n"})
		return n
	}
	for search, want := range map[string][]string{
		"": {"anna", "bruno", "carla"}, "ACME": {"anna"}, "rossi anna": {"anna"}, "rossi bruno": nil, "example.org": {"anna"}, "car": {"carla"},
		"059":  nil, // a phone number is not what one looks for
		"dora": nil, "root": nil,
	} {
		var got []string
		for _, e := range names().FindPeople(search) {
			got = append(got, e.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q", search, got)
		}
	}
	for search, want := range map[string][]string{"": {"shz-acme"}, "ACME": {"shz-acme"}, "shzbase": nil, "other": nil, "x": nil, "shz-remote": {"shz-remote"}} {
		var got []string
		for _, g := range names().FindCompanies(search) {
			got = append(got, g.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q", search, got)
		}
	}
}

package main

import "testing"

func TestHoldsProfile(t *testing.T) {
	for profiles, want := range map[string]bool{
		"sharezone-shz (complain)\n": true, "man_filter (enforce)\nsharezone-shz (enforce)\n": true,
		"": false, "other-sharezone-shz (enforce)\n": false, "sharezone-shz-2 (enforce)\n": false,
	} {
		if got := holdsProfile(profiles); got != want {
			t.Errorf("%q: %v", profiles, got)
		}
	}
}

package main

import (
	"strings"
	"testing"
)

func TestWeakness(t *testing.T) {
	for said, want := range map[string]struct {
		why   string
		limit int
	}{
		"BAD PASSWORD: The password is shorter than 8 characters":                                    {"short", 8},
		"BAD PASSWORD: The password fails the dictionary check - it is too short":                    {"longer", 0},
		"BAD PASSWORD: The password fails the dictionary check - it is too simplistic/systematic":    {"systematic", 0},
		"BAD PASSWORD: The password fails the dictionary check - it is based on a dictionary word":   {"dictionary", 0},
		"BAD PASSWORD: The password contains less than 2 digits":                                     {"digits", 2},
		"BAD PASSWORD: The password contains less than 1 uppercase letters":                          {"uppers", 1},
		"BAD PASSWORD: The password contains less than 12 character classes":                         {"classes", 12},
		"BAD PASSWORD: The password contains more than 3 same characters consecutively":              {"repeats", 3},
		"BAD PASSWORD: The password contains more than 3 characters of the same class consecutively": {"class-repeats", 3},
		"BAD PASSWORD: The password contains the user name in some form":                             {"name", 0},
		"BAD PASSWORD: The password is a palindrome":                                                 {"palindrome", 0},
		"Password has been already used. Choose another.":                                            {"used", 0},
		"the new password is the old one":                                                            {"old", 0},
		checkNew("").Error():                                                                         {"missing", 0},
		checkNew(strings.Repeat("x", 512)).Error():                                                   {"too-long", 511},
		checkNew("one\ttwo").Error():                                                                 {"character", 0},
		"something that nobody has seen":                                                             {"", 0},
	} {
		if why, limit := weakness(said); why != want.why || limit != want.limit {
			t.Errorf("%s: %s %d", said, why, limit)
		}
	}
}

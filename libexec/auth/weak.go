package main

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// weaknesses are the words in which libpwquality, pam_unix and pam_pwhistory say why they take no password, in English because a
// helper has no locale, and what they are called to who asked. %: the number in the words is told too.
var weaknesses = []struct{ words, why string }{
	{"no new password", "missing"}, // these three are checkNew's
	{"longer than % bytes", "too-long"},
	{"control character", "character"},
	{"shorter than %", "short"},
	{"choose a longer password", "longer"},
	{"is too short", "longer"}, // also the dictionary's
	{"is WAY too short", "longer"},
	{"less than % digit", "digits"},
	{"less than % uppercase", "uppers"},
	{"less than % lowercase", "lowers"},
	{"less than % non-alphanumeric", "others"},
	{"less than % character class", "classes"},
	{"more than % same character", "repeats"},
	{"more than % characters of the same class", "class-repeats"},
	{"monotonic sequence longer than %", "sequence"},
	{"enough DIFFERENT characters", "different"},
	{"simplistic/systematic", "systematic"},
	{"same as the old one", "old"},
	{"is the old one", "old"},
	{"rotated old one", "similar"},
	{"case changes only", "similar"},
	{"too similar to the old one", "similar"},
	{"already used", "used"},
	{"the user name in some form", "name"},
	{"the real name of the user", "name"},
	{"forbidden words", "words"},
	{"is a palindrome", "palindrome"},
	{"dictionary", "dictionary"}, // last: the words before say more
}

var number = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]+`) })

// weakness finds out what a module meant, "" if nothing is known of its words.
func weakness(said string) (why string, limit int) {
	plain := number().ReplaceAllString(said, "%")
	for _, w := range weaknesses {
		if !strings.Contains(plain, w.words) {
			continue
		}
		if strings.Contains(w.words, "%") {
			limit, _ = strconv.Atoi(number().FindString(said)) // it has one
		}
		return w.why, limit
	}
	return "", 0
}

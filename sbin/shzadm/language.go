package main

import (
	"fmt"
	"maps"
	"strings"
)

// texts are the sentences of one language, by key.
type texts map[string]string

// init joins the sentences that stand in files of their own.
func init() {
	for _, more := range []texts{groupsEN, problemsEN, optionsEN, contentEN, signupEN} {
		maps.Copy(textsEN, more)
	}
	for _, more := range []texts{groupsIT, problemsIT, optionsIT, contentIT, signupIT} {
		maps.Copy(textsIT, more)
	}
}

// pickTexts follows locale(7): the first of these three variables that is set and not empty decides.
func pickTexts(getenv func(string) string) texts {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			if value == "it" || strings.HasPrefix(value, "it_") || strings.HasPrefix(value, "it.") {
				return textsIT
			}
			return textsEN
		}
	}
	return textsEN
}

// line returns the sentence for a key with its arguments. A key that is missing, which a test rules out, is shown
// itself: an administrator can do more with it than with nothing.
func (t texts) line(key string, args ...any) string {
	format, ok := t[key]
	if !ok {
		return fmt.Sprint(append([]any{key}, args...)...)
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

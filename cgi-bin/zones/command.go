package main

import (
	"strings"

	"sharezone/internal/layout"
	"sharezone/internal/shell"
)

// command is a line for a shell, each word quoted where it must be. It is shown to people and never run.
func command(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = shell.Quote(word)
	}
	return strings.Join(quoted, " ")
}

// zonePath is where something in an open zone lies.
func zonePath(name string, at place) string {
	if len(at.names) == 0 {
		return layout.Base + "/" + name
	}
	return layout.Base + "/" + name + "/" + at.bytes()
}

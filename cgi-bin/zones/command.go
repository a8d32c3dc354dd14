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

// belowCommand is one about something below a zone. Such paths are for shzadm, which goes by descriptors: whoever has a
// shell could exchange a folder for a link before another program of root's follows the path.
func belowCommand(verb, zone string, at place) string {
	words := []string{"shzadm", "zone", verb, zone}
	if strings.HasPrefix(at.bytes(), "-") {
		words = append(words, "--")
	}
	if len(at.names) > 0 {
		words = append(words, at.bytes())
	}
	return command(words...)
}

// zonePath is where something in an open zone lies.
func zonePath(name string, at place) string {
	if len(at.names) == 0 {
		return layout.Base + "/" + name
	}
	return layout.Base + "/" + name + "/" + at.bytes()
}

package config

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// FuzzConfiguration: a file is taken when all of it is settings within their limits, and refused as a whole otherwise,
// with a line that it has.
func FuzzConfiguration(f *testing.F) {
	shipped, err := os.ReadFile(shippedFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strings.ReplaceAll(string(shipped), "\n# ", "\n"))
	for _, text := range []string{
		"[login]\nslots = 0x40\n", "login = { slots = 6_4 }\n", "[[login]]\nslots = 4\n", "sessions.idle_minutes = 5\n[login.slots]\nx = 1\n",
		"\"login.slots\" = 4\n", "[\"\"]\n\"\" = 1\n", "[login]\nslots = [{ a = 1 }]\n", "a.b.c.d = 1979-05-27\n", "[login]\nslots = 1e2\n", "[login]\nslots = \"4\"\n",
		"entries = { external = { idle_minutes = 4 } }\n", "[entries.internal]\ncomponents = \"home\"\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 0 || e.Line > strings.Count(text, "\n")+1 || s != (Settings{}) {
				t.Errorf("%v %+v", err, s)
			}
			return
		}
		var all map[string]any
		if _, err := toml.Decode(text, &all); err != nil {
			t.Fatalf("taken, and yet %v", err)
		}
		want := Default()
		applyAll(t, &want, nil, all)
		if s != want {
			t.Errorf("%+v, not %+v", s, want)
		}
	})
}

// applyAll sets what a table says, and what the tables in it say.
func applyAll(t *testing.T, s *Settings, section toml.Key, all map[string]any) {
	for name, value := range all {
		key := append(slices.Clone(section), name)
		if inner, isTable := value.(map[string]any); isTable {
			applyAll(t, s, key, inner)
			continue
		}
		row := find(key)
		n, isNumber := value.(int64)
		text, isText := value.(string)
		switch {
		case row != nil && row.text != nil && isText && row.text.check(text):
			row.text.apply(s, text)
		case row != nil && row.text == nil && isNumber && n >= row.least && n <= row.most:
			row.apply(s, n)
		default:
			t.Fatalf("%s = %v is taken", key, value)
		}
	}
}

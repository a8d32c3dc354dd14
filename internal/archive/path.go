package archive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// parsePath takes the path of an entry apart. It refuses instead of mending, so that no two programs can understand the
// same archive differently; "./" at the beginning, which tar writes, is the one exception. Composed and decomposed
// letters (macOS) become the same: people type the first.
func parsePath(name string, folder bool) ([]string, Reason) {
	name = strings.TrimSuffix(name, "/")
	for strings.HasPrefix(name, "./") {
		name = name[2:]
	}
	switch {
	case name == "." && folder:
		return nil, "" // the folder that was packed
	case strings.HasPrefix(name, "/") || len(name) > 1 && name[1] == ':' && unicode.IsLetter(rune(name[0])):
		return nil, Outside
	case strings.ContainsAny(name, "\\\x00"):
		return nil, BadName
	}
	if utf8.ValidString(name) {
		name = norm.NFC.String(name)
	}
	path := strings.Split(name, "/")
	for _, part := range path {
		switch {
		case part == "..":
			return nil, Outside
		case part == "" || part == "." || len(part) > maxName:
			return nil, BadName
		}
	}
	return path, ""
}

// maxName is how long a name can be on Linux, in bytes.
const maxName = 255

// decodeName reads a name of a zip that does not say it is UTF-8. Many are all the same; the others come from DOS and
// Windows, in the code page of whoever packed it: 437 in America, 850 in western Europe, which differ in letters that
// the first does not have. The one in which more of the name is Latin letters wins.
func decodeName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	american, western := decode(charmap.CodePage437, name), decode(charmap.CodePage850, name)
	if latin(western) > latin(american) {
		return western
	}
	return american
}

func decode(page *charmap.Charmap, name string) string {
	var b strings.Builder
	for i := range len(name) {
		b.WriteRune(page.DecodeByte(name[i]))
	}
	return b.String()
}

func latin(name string) int {
	n := 0
	for _, r := range name {
		if unicode.Is(unicode.Latin, r) {
			n++
		}
	}
	return n
}

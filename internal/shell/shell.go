// Package shell writes words of commands that an administrator may copy into bash. No program of Share Zone runs a shell.
package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote makes one word of a command for bash of any bytes but NUL. What a terminal would obey or the eye would not see is
// written in bytes, so the command works as it is printed. A word that begins with a dash stays one: it belongs after --.
func Quote(word string) string {
	plain, visible := word != "", utf8.ValidString(word)
	for _, r := range word {
		plain = plain && (r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune("/._-+,:@=%", r))
		visible = visible && !hides(r)
	}
	switch {
	case plain:
		return word
	case visible:
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(word) {
		if c < ' ' || c >= 0x7f || c == '\'' || c == '\\' || c == '!' { // !: an interactive bash looks into these quotes
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}

// hides reports whether r is a control, a line break, or a character that is not seen itself.
func hides(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

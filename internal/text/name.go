package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name returns a name that somebody chose (of a file, a zone, a person) as it may be shown: characters that are not
// seen themselves but change what is seen around them appear as [U+202E], bytes that are no UTF-8 as U+FFFD. Without
// it "invoice[U+202E]fdp.exe" would read "invoiceexe.pdf", and two names that differ by a zero-width space would be
// twins. It does not escape for HTML: templ does.
func Name(name string) string {
	if utf8.ValidString(name) && strings.IndexFunc(name, hides) < 0 {
		return name
	}
	var shown strings.Builder
	for _, r := range name { // a byte that is no UTF-8 comes as U+FFFD
		if hides(r) {
			fmt.Fprintf(&shown, "[U+%04X]", r)
		} else {
			shown.WriteRune(r)
		}
	}
	return shown.String()
}

// Invisible says whether there is nothing to be seen of a name: whoever gets such a one can be neither found nor told apart. The
// empty one is none.
func Invisible(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		switch {
		case hides(r), unicode.IsSpace(r), unicode.Is(unicode.Variation_Selector, r), unicode.In(r, unicode.Join_Control, unicode.Bidi_Control):
			return false
		}
		return r != '\u2800' // the Braille pattern without a dot
	})
}

// hides reports whether r is a control, a line break or an invisible format character.
func hides(r rune) bool {
	switch r {
	case '\u200c', '\u200d': // joiners: Persian, Indic scripts and emoji are written with them
		return false
	case '\u200e', '\u200f', '\u061c': // marks: they act on themselves alone, right-to-left names contain them
		return false
	}
	if unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return false // these are seen: Arabic number signs
	}
	// Cc controls, Cf format characters, Zl and Zp line breaks, and letters that have no shape (Hangul fillers).
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

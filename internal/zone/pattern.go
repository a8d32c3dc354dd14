package zone

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Pattern is what names are compared with in a search: without wildcards a part of the name, with "*" (any characters) and
// "?" (one character) the whole of it. Case does not count, as in the order of a listing, and neither does it whether an
// accent was written with its letter or after it (macOS does the second).
type Pattern struct {
	text  []byte   // folded, without wildcards
	parts [][]rune // between the stars, folded; nil without wildcards
	ascii bool     // the folded text is ASCII alone
	space []byte   // room for a folded name
}

// anyRune stands for "?": a character that no folded text has.
const anyRune = -1

// NewPattern reads a pattern as somebody types it.
func NewPattern(text string) *Pattern {
	p := &Pattern{text: fold(nil, []byte(text))}
	p.ascii = isASCII(p.text)
	if !strings.ContainsAny(text, "*?") {
		return p
	}
	for part := range strings.SplitSeq(string(p.text), "*") {
		runes := []rune(part)
		for i, r := range runes {
			if r == '?' {
				runes[i] = anyRune
			}
		}
		p.parts = append(p.parts, runes)
	}
	return p
}

// Matches compares one name. It may not be called twice at a time.
func (p *Pattern) Matches(name []byte) bool {
	if p.parts == nil && !p.ascii && isASCII(name) {
		return false
	}
	p.space = fold(p.space[:0], name)
	if p.parts == nil {
		return bytes.Contains(p.space, p.text)
	}
	return matchParts([]rune(string(p.space)), p.parts)
}

// fold appends what is the same for all spellings of a name.
func fold(to, name []byte) []byte {
	if isASCII(name) {
		for _, c := range name {
			to = append(to, lower(c))
		}
		return to
	}
	return norm.NFC.Append(to, bytes.ToLower(name)...)
}

func isASCII(name []byte) bool {
	for _, c := range name {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// matchParts says whether a name is the parts with anything between them. Each part but the last takes the first place
// where it fits, which leaves most to those after it, so it never has to be tried again.
func matchParts(name []rune, parts [][]rune) bool {
	first, last := parts[0], parts[len(parts)-1]
	if !fits(name, first) {
		return false
	}
	if len(parts) == 1 {
		return len(name) == len(first)
	}
	name = name[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		at := 0
		for !fits(name[at:], part) {
			if at++; at > len(name) {
				return false
			}
		}
		name = name[at+len(part):]
	}
	return len(name) >= len(last) && fits(name[len(name)-len(last):], last)
}

// fits says whether a name begins with a part.
func fits(name, part []rune) bool {
	if len(name) < len(part) {
		return false
	}
	for i, r := range part {
		if r != anyRune && r != name[i] {
			return false
		}
	}
	return true
}

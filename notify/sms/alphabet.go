package sms

import (
	"strings"
	"unicode/utf16"
)

// Coding is how a text travels.
type Coding int

// The codings.
const (
	GSM7 Coding = iota // of the alphabet of GSM 03.38
	UCS2               // everything else
)

// The default alphabet of GSM 03.38 (3GPP TS 23.038), in the order of its codes but for 0x1B, which escapes; and what stands behind
// that: two codes each.
const (
	plain   = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	escaped = "\f^{}\\[~]|€"
)

// What one message holds: alone, and as a part of a longer one, of which six bytes say which part it is.
const (
	gsmAlone, gsmPart = 160, 153 // codes of 7 bits
	ucsAlone, ucsPart = 70, 67   // codes of 16 bits
)

// Count says how a text travels, and in how many messages.
func Count(text string) (Coding, int) {
	coding, alone, part := GSM7, gsmAlone, gsmPart
	sizes := make([]int, 0, len(text)) // of its characters, in codes
	for _, r := range text {
		switch {
		case strings.ContainsRune(plain, r):
			sizes = append(sizes, 1)
		case strings.ContainsRune(escaped, r):
			sizes = append(sizes, 2)
		default:
			coding = UCS2
		}
	}
	if coding == UCS2 {
		alone, part, sizes = ucsAlone, ucsPart, sizes[:0]
		for _, r := range text {
			sizes = append(sizes, len(utf16.AppendRune(nil, r)))
		}
	}
	whole, parts, room := 0, 0, 0
	for _, size := range sizes {
		whole += size
		if size > room { // no character stands in two parts
			parts, room = parts+1, part
		}
		room -= size
	}
	if whole <= alone {
		return coding, 1
	}
	return coding, parts
}

package zone

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzMetadata: the owner of a zone writes what he likes into its attributes. What is believed is written again in the
// same bytes, and nothing of it can end a line where it stands.
func FuzzMetadata(f *testing.F) {
	for _, value := range []string{
		"", "Offers", "due\nrighe", "2027-02-28", "1969-12-31", "30", "-1", "036", "upload,download", "a b/c", "a//b", "..", "\u2028", "\xff",
		"00112233445566778899aabbccddeeff", strings.Repeat("a", maxDescription+1),
	} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, a := range attributes {
			if e := valueError(a.name, value, a.check); e != nil {
				if e.Reason == "" || len(e.Value) > 80 {
					t.Errorf("%s: %q: %+v", a.name, value, e)
				}
				continue
			}
			if a.name != AttrKeep && !utf8.ValidString(value) || a.name != AttrKeep && a.name != AttrDescription && strings.ContainsAny(value, "\n\r\x1b") {
				t.Errorf("%s: %q is believed", a.name, value)
			}
			if value == "" {
				continue // ReadMetadata stores none, and an empty Notify is a value like any other
			}
			var m Metadata
			a.store(&m, value)
			if again := a.load(&m); again == nil || *again != value {
				t.Errorf("%s: %q is written as %v", a.name, value, again)
			}
			if err := m.Check(); err != nil {
				t.Errorf("%s: %q is read and cannot be written: %v", a.name, value, err)
			}
			if m.Expires != nil {
				if _, err := ExpiresAt(*m.Expires); err != nil {
					t.Errorf("%q: %v", value, err)
				}
			}
		}
	})
}

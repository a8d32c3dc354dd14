package account

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"sharezone/internal/text"
)

// Contact is what the comment field of passwd(5) says of a person: full name, company, phone, mobile, mail, separated
// by commas. Everybody on the machine can read it.
type Contact struct {
	FullName string
	Company  string
	Phone    string
	Mobile   string
	Email    string
}

// Trimmed is the contact without blanks at the ends, which a phone's keyboard puts there; what are blanks alone is empty.
func (c Contact) Trimmed() Contact {
	for _, value := range []*string{&c.FullName, &c.Company, &c.Phone, &c.Mobile, &c.Email} {
		*value = strings.TrimSpace(*value)
	}
	return c
}

// Limits in bytes: a line of passwd(5) stays far below what old programs read (1024).
const (
	maxContactField = 100
	maxEmail        = 254 // RFC 5321, 4.5.3.1.3
)

// Reason says what is wrong with a field, in a form that can be translated.
type Reason string

// The reasons.
const (
	Missing   Reason = "missing"
	TooLong   Reason = "too-long"
	NotUTF8   Reason = "not-utf8"
	Forbidden Reason = "forbidden" // a character that cannot stand in this field
	Invisible Reason = "invisible" // nothing of it can be seen
	BadForm   Reason = "form"      // not what such values look like
	Past      Reason = "past"
	NoNumber  Reason = "no-number" // short messages do not get there
)

// FieldError says which field of a person cannot have the value that was given.
type FieldError struct {
	Field  string // as in the interface: "full_name"
	Reason Reason
}

func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Reason) }

// FormatGECOS returns the comment field for a contact, or a *FieldError.
func FormatGECOS(c Contact) (string, error) {
	fields := []struct{ name, value string }{
		{"full_name", c.FullName}, {"company", c.Company}, {"phone", c.Phone}, {"mobile", c.Mobile}, {"email", c.Email},
	}
	values := make([]string, len(fields))
	for i, f := range fields {
		reason := checkContactField(f.name, f.value)
		if reason != "" {
			return "", &FieldError{f.name, reason}
		}
		values[i] = f.value
	}
	return strings.TrimRight(strings.Join(values, ","), ","), nil
}

// ParseGECOS reads a comment field. Staff's own accounts may have anything there, so a mail address that is none is
// left out; the other fields are only shown.
func ParseGECOS(gecos string) Contact {
	fields := append(strings.SplitN(gecos, ",", 5), "", "", "", "", "")
	c := Contact{fields[0], fields[1], fields[2], fields[3], fields[4]}
	if CheckEmail(c.Email) != nil {
		c.Email = ""
	}
	return c
}

// checkContactField refuses what would end the field or the line, and "=", with which tools of the same family mark
// special entries. An ampersand stands for the login name to some old programs: harmless, and firms are called so.
func checkContactField(name, v string) Reason {
	limit := maxContactField
	if name == "email" {
		limit = maxEmail
	}
	switch {
	case len(v) > limit:
		return TooLong
	case !utf8.ValidString(v):
		return NotUTF8
	case strings.ContainsAny(v, ":,=") || strings.ContainsFunc(v, isControl) || strings.TrimSpace(v) != v:
		return Forbidden
	case v == "":
		return ""
	case text.Invisible(v):
		return Invisible
	case name == "phone" && !isPhone(v), name == "mobile" && !isMobile(v), name == "email" && CheckEmail(v) != nil:
		return BadForm
	}
	return ""
}

// CheckEmail returns an error unless v is a bare mail address. A leading minus is refused although the standard has
// it, because such an address is an option to many a program.
func CheckEmail(v string) error {
	parsed, err := mail.ParseAddress(v)
	if err != nil {
		return err
	}
	if parsed.Address != v || v[0] == '-' || len(v) > maxEmail || strings.ContainsFunc(v, isControl) {
		return errors.New("not a bare mail address")
	}
	return nil
}

// isPhone accepts how people write numbers, with at least three digits and a plus in front of them all.
func isPhone(v string) bool {
	digits := 0
	for _, r := range v {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case !strings.ContainsRune("+ -./()", r), r == '+' && digits > 0:
			return false
		}
	}
	return digits >= 3 && strings.Count(v, "+") <= 1
}

// isMobile accepts what is a number all over the world, or can be one in its country: that is who sends short messages to know. It is
// asked with a code of one digit, the shortest.
func isMobile(v string) bool { return E164(v, "1") != "" }

func isControl(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }

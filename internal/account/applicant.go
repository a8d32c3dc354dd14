package account

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxWords bounds what somebody says besides who he is, in characters: a paragraph.
const MaxWords = 600

// Applicant is somebody who has no account and asks for one, in his own words.
type Applicant struct {
	FullName string `json:"full_name"`
	Company  string `json:"company"`
	Phone    string `json:"phone"`
	Email    string `json:"email"`
	Message  string `json:"message"`  // why he asks
	Language string `json:"language"` // in which he asked, and is answered
}

// Contact is what his account would say of him.
func (a Applicant) Contact() Contact {
	return Contact{FullName: a.FullName, Company: a.Company, Phone: a.Phone, Email: a.Email}
}

// Check returns a *FieldError for what no account could have.
func (a Applicant) Check() error {
	for _, f := range []struct{ name, value string }{{"full_name", a.FullName}, {"email", a.Email}} {
		if f.value == "" {
			return &FieldError{f.name, Missing}
		}
	}
	if _, err := FormatGECOS(a.Contact()); err != nil {
		return err
	}
	if err := CheckWords("message", a.Message); err != nil {
		return err
	}
	return CheckLanguage(a.Language)
}

// CheckWords refuses what is no paragraph: of a field of that name.
func CheckWords(field, words string) error {
	switch {
	case utf8.RuneCountInString(words) > MaxWords:
		return &FieldError{field, TooLong}
	case !utf8.ValidString(words):
		return &FieldError{field, NotUTF8}
	case strings.ContainsFunc(words, isControl):
		return &FieldError{field, Forbidden}
	}
	return nil
}

// Paragraph is what somebody typed into a large field, as one paragraph.
func Paragraph(typed string) string {
	return strings.Join(strings.FieldsFunc(typed, unicode.IsSpace), " ")
}

// Request is one of an applicant who has confirmed his mail address, with the JSON keys of the interface. What is absent is null.
type Request struct {
	ID        string    `json:"id"` // another one as soon as he asks anew
	FullName  string    `json:"full_name"`
	Company   *string   `json:"company"`
	Phone     *string   `json:"phone"`
	Email     string    `json:"email"`
	Message   *string   `json:"message"`
	Language  *string   `json:"language"`
	Entry     string    `json:"entry"`
	Address   string    `json:"address"` // on the network, from which he asked
	Asked     time.Time `json:"asked"`
	Confirmed time.Time `json:"confirmed"`
	Expires   time.Time `json:"expires"`
	Username  *string   `json:"username"` // of the account that was begun for him, and not finished
	Accounts  []string  `json:"accounts"` // that have his mail address already
}

package main

// optionsEN are the sentences about values that an option does not take: which option, why, and what it takes.
var optionsEN = texts{
	"field":            "%s: %s; wanted: %s",
	"reason-missing":   "is needed",
	"reason-too-long":  "is too long",
	"reason-not-utf8":  "is not UTF-8",
	"reason-forbidden": "has a character that cannot stand there",
	"reason-invisible": "has nothing that can be seen",
	"reason-control":   "has control characters",
	"reason-form":      "is not a value of the right form",

	"form-role":           "base, manager or admin",
	"form-full-name":      "up to 100 bytes, no : , = nor control characters, no blanks at the ends, for example Anna Rossi",
	"form-company":        "up to 100 bytes, no : , = nor control characters, no blanks at the ends, for example Rossi S.p.A.",
	"form-phone":          "digits, at least three, with blanks and + - . / ( ), for example +39 02 1234567",
	"form-mobile":         "7 to 15 digits, with blanks and - . / ( ), at best with + and the country's code in front, for example +39 333 1234567",
	"form-email":          "one mail address and nothing else, for example anna@example.com",
	"form-expires":        "a day as YYYY-MM-DD, for example 2027-12-31",
	"form-language":       "it or en",
	"form-channel":        "mail, none, or, for an account with a mobile number where the site sends short messages, sms or both",
	"reason-no-number":    "short messages do not get there",
	"form-password-stdin": "one line, up to 511 bytes, without control characters",
	"form-title":          "up to 256 bytes in one line, for example Offers 2027",
	"form-description":    "up to 400 bytes; line feeds are the only control characters",
	"form-max-age":        "a number of days from 1 to 36500, for example 30",
	"form-notify":         "upload, download, upload,download or none",
	"form-trash":          "on or off",
}

// optionsIT are the same in Italian.
var optionsIT = texts{
	"field":            "%s: %s; si scrive così: %s",
	"reason-missing":   "è necessario",
	"reason-too-long":  "è troppo lungo",
	"reason-not-utf8":  "non è UTF-8",
	"reason-forbidden": "ha un carattere che lì non può stare",
	"reason-invisible": "non ha niente che si veda",
	"reason-control":   "ha caratteri di controllo",
	"reason-form":      "non è un valore della forma giusta",

	"form-role":           "base, manager o admin",
	"form-full-name":      "al massimo 100 byte, senza : , = né caratteri di controllo né spazi ai bordi, per esempio Anna Rossi",
	"form-company":        "al massimo 100 byte, senza : , = né caratteri di controllo né spazi ai bordi, per esempio Rossi S.p.A.",
	"form-phone":          "cifre, almeno tre, con spazi e + - . / ( ), per esempio +39 02 1234567",
	"form-mobile":         "da 7 a 15 cifre, con spazi e - . / ( ), meglio con + e il prefisso del paese davanti, per esempio +39 333 1234567",
	"form-email":          "un indirizzo e nient'altro, per esempio anna@example.com",
	"form-expires":        "un giorno come AAAA-MM-GG, per esempio 2027-12-31",
	"form-language":       "it o en",
	"form-channel":        "mail, none o, per un account con un cellulare se il sito manda SMS, sms o both",
	"reason-no-number":    "gli SMS lì non arrivano",
	"form-password-stdin": "una riga, al massimo 511 byte, senza caratteri di controllo",
	"form-title":          "al massimo 256 byte in una riga, per esempio Offerte 2027",
	"form-description":    "al massimo 400 byte; gli a capo sono i soli caratteri di controllo",
	"form-max-age":        "un numero di giorni da 1 a 36500, per esempio 30",
	"form-notify":         "upload, download, upload,download o none",
	"form-trash":          "on oppure off",
}

package account

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Channel is by what somebody wants to be told.
type Channel string

// The channels. Those with SMS are there where the site sends them and the person has a number; else they are ByMail.
const (
	ByMail Channel = "mail"
	BySMS  Channel = "sms"
	ByBoth Channel = "both"
	ByNone Channel = "none" // not of what others do; of what becomes of his own zones by mail
)

// Channels are all of them, in the order in which they are offered.
var Channels = []Channel{ByMail, BySMS, ByBoth, ByNone}

// NeedsNumber says whether short messages are part of it.
func (c Channel) NeedsNumber() bool { return c == BySMS || c == ByBoth }

// CheckChannel returns a *FieldError unless v is one of them, or "" for none chosen.
func CheckChannel(v string) error {
	if v != "" && !slices.Contains(Channels, Channel(v)) {
		return &FieldError{"channel", BadForm}
	}
	return nil
}

// By is the channel that holds: ByMail where he has chosen none.
func (p Preferences) By() Channel {
	if p.Channel == "" {
		return ByMail
	}
	return p.Channel
}

// e164 is a number as networks take it all over the world (ITU-T E.164): a country's code and the rest, 15 digits at most.
var e164 = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) })

// E164 returns a number of a person's in the form of E.164, "" if it has none. One without a country's code is of the country
// whose code is given, "" if none is.
func E164(number, country string) string {
	international := strings.HasPrefix(number, "+") || strings.HasPrefix(number, "00")
	if international {
		number = strings.ReplaceAll(number, "(0)", "") // as in +44 (0)20: dialled within the country only
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, number)
	switch {
	case !isPhone(number) || strings.LastIndexByte(number, '+') > 0:
		return ""
	case strings.HasPrefix(number, "+"):
	case international:
		digits = digits[2:]
	case country == "":
		return ""
	default: // mobile numbers have no 0 of their own at the front, in Italy neither
		digits = country + strings.TrimPrefix(digits, "0")
	}
	if n := "+" + digits; e164().MatchString(n) {
		return n
	}
	return ""
}

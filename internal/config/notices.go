package config

// What is told to whom, and how messages go out: the forms of these settings.

import (
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"sharezone/internal/account"
)

// Notices says of what people are told, and how soon.
type Notices struct {
	Tell     string        // upload, download, both with a comma, or nothing: in zones whose owner has not decided
	Window   time.Duration // what one person does meanwhile is one message
	Language string        // of who has chosen none: it, en
	HookTime time.Duration // for one program of the site and one act
	HookData int64         // bytes, the same
}

// Mail says how messages go out.
type Mail struct {
	Host   string // "" = none do
	Port   int
	TLS    string // auto, none, starttls, tls
	User   string // "" = without a login
	From   string // "" = sharezone at Domain
	Domain string // of local names; "" = the machine's
	GiveUp time.Duration
	Alarm  time.Duration // a message that waits for longer is told to the administrator; 0 = none is
}

// SMS says how short messages go out.
type SMS struct {
	Way     string // "" = none do, else one of the following
	To      string // the program with its arguments, the folder, or the address of the gateway
	Country string // the code of the country of numbers that have none, "" = there are none
	PerDay  int    // so many go to one person; 0 = any number
}

// The ways of short messages.
const (
	SMSCommand = "command"
	SMSGammu   = "gammu"
	SMSTools   = "smstools"
	SMSMail    = "mail"
)

// numberMark stands for the digits of the number in the address of a gateway.
const numberMark = "{number}"

// Number returns where the short messages to somebody with this number go, "" where there are none.
func (s SMS) Number(mobile string) string {
	if s.Way == "" {
		return ""
	}
	return account.E164(mobile, s.Country)
}

// Gateway is the address by which a mail becomes a short message to a number.
func (s SMS) Gateway(number string) string {
	return strings.Replace(s.To, numberMark, strings.TrimPrefix(number, "+"), 1)
}

// setTransport takes apart what isTransport has found right.
func (s *SMS) setTransport(v string) { s.Way, s.To, _ = strings.Cut(v, ":") }

func isTransport(v string) bool {
	var s SMS
	s.setTransport(v)
	if strings.ContainsFunc(v, unicode.IsControl) {
		return false
	}
	switch s.Way {
	case SMSCommand:
		words := strings.Fields(s.To)
		return len(words) > 0 && isPlace(words[0])
	case SMSGammu, SMSTools:
		return isPlace(s.To)
	case SMSMail:
		return strings.Count(s.To, numberMark) == 1 && isAddress(s.Gateway("+393331234567"))
	}
	return false
}

// isPlace says whether it is an absolute path, and none that could be written shorter.
func isPlace(v string) bool { return path.IsAbs(v) && path.Clean(v) == v && v != "/" }

var countryForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[1-9][0-9]{0,2}$`) })

var hostForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)
})

func isHost(v string) bool {
	_, err := netip.ParseAddr(v)
	return len(v) <= 253 && (err == nil || hostForm().MatchString(v))
}

func oneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

func emptyOr(right func(string) bool) func(string) bool {
	return func(v string) bool { return v == "" || right(v) }
}

func isAddress(v string) bool { return account.CheckEmail(v) == nil }

func isLoginName(v string) bool { return len(v) <= 254 && !strings.ContainsFunc(v, unicode.IsControl) }

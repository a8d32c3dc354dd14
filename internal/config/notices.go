package config

// What is told to whom, and how messages go out: the forms of these settings.

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
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

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

func isHost(v string) bool {
	_, err := netip.ParseAddr(v)
	return len(v) <= 253 && (err == nil || hostForm.MatchString(v))
}

func oneOf(values ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(values, v) }
}

func emptyOr(right func(string) bool) func(string) bool {
	return func(v string) bool { return v == "" || right(v) }
}

func isAddress(v string) bool { return account.CheckEmail(v) == nil }

func isLoginName(v string) bool { return len(v) <= 254 && !strings.ContainsFunc(v, unicode.IsControl) }

package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Entry is what differs between those who come from inside and those who come from outside.
type Entry struct {
	Components string // everything, or the names of those that are answered
	PAMService string
	Session    SessionLimits // never longer than this; 0: as long as for everybody
	Factor     Factors       // what is asked besides the password
	PublicURL  string        // what stands before "/cgi-bin/" in a link; "" is not known
}

// Factor says whether somebody is asked for a second factor.
type Factor string

const (
	FactorOff      Factor = "off"      // never
	FactorOptional Factor = "optional" // who has set one up
	FactorRequired Factor = "required" // everybody; who has none sets one up first
)

// Factors is that by role. Base is of those who have no other one; of both others the stricter counts.
type Factors struct{ Base, Manager, Admin Factor }

// Of is what holds for somebody who has these roles.
func (f Factors) Of(roles ...string) Factor {
	var asked []Factor
	if slices.Contains(roles, "manager") {
		asked = append(asked, f.Manager)
	}
	if slices.Contains(roles, "admin") {
		asked = append(asked, f.Admin)
	}
	switch {
	case len(asked) == 0:
		return f.Base
	case slices.Contains(asked, FactorRequired):
		return FactorRequired
	case slices.Contains(asked, FactorOptional):
		return FactorOptional
	}
	return FactorOff
}

// CodeService is the file in /etc/pam.d by which codes of the second factor are checked.
func (e Entry) CodeService() string { return e.PAMService + "-code" }

const everything = "*"

// Entry returns the settings of the entry "internal" or "external". Of any other name nothing is answered.
func (s Settings) Entry(name string) Entry {
	switch name {
	case "internal":
		return s.Internal
	case "external":
		return s.External
	}
	return Entry{}
}

// OtherEntry returns the settings of the entry that is not the one named.
func (s Settings) OtherEntry(name string) Entry {
	if name == "internal" {
		return s.External
	}
	return s.Internal
}

// Answers says whether a component is answered. Who may do what in it is not asked here.
func (e Entry) Answers(component string) bool {
	return e.Components == everything || slices.Contains(strings.Fields(e.Components), component)
}

// Within returns the limits of a session, shortened to those of the entry.
func (e Entry) Within(l SessionLimits) SessionLimits {
	if e.Session.Idle > 0 {
		l.Idle = min(l.Idle, e.Session.Idle)
	}
	if e.Session.Absolute > 0 {
		l.Absolute = min(l.Absolute, e.Session.Absolute)
	}
	return l
}

// Recovers says whether anybody may set a forgotten password by mail. Links need to know where browsers reach Share Zone.
func (s Settings) Recovers() bool { return s.Login.Recovery != "" && s.Invites() }

// SignsUp says whether people without an account may ask for one by an entry.
func (s Settings) SignsUp(entry string) bool {
	return s.Signup.By(entry) && s.Mail.Host != "" && s.Entry(entry).PublicURL != ""
}

// By says whether an entry is among those of the setting.
func (s Signup) By(entry string) bool { return slices.Contains(strings.Split(s.Entries, ","), entry) }

// Invites says whether somebody can be invited by mail.
func (s Settings) Invites() bool {
	return s.Mail.Host != "" && s.Internal.PublicURL+s.External.PublicURL != ""
}

// The rows of an entry. of is where its settings stand.

func entryComponents(entry, fallback string, of func(*Settings) *Entry) setting {
	return setting{
		section: "entries." + entry, name: "components",
		meaning: "The components that are answered by this entry. login, logout and factor, which a login may need, always are. What is named here can be " +
			"asked for; whether it is done is for the kernel and for sudo to say, as ever.",
		text: &textSetting{fallback, `"*" for all, or names below /cgi-bin/ with blanks between them`,
			func(v string) bool {
				return v == everything || len(v) <= 1000 && consists(v, small+" ") && v == strings.Join(strings.Fields(v), " ")
			},
			func(s *Settings, v string) { of(s).Components = v }},
	}
}

func entryPAMService(entry, fallback string, of func(*Settings) *Entry) setting {
	return setting{
		section: "entries." + entry, name: "pam_service",
		meaning: "The file in /etc/pam.d by which passwords are checked. Where there is none nobody can log in by this entry. Codes of the second " +
			"factor are checked by the file of this name with \"-code\".",
		text: &textSetting{fallback, "small letters, digits, _ and -",
			func(v string) bool { return v != "" && len(v) <= 63 && consists(v, small+digits+"_-") },
			func(s *Settings, v string) { of(s).PAMService = v }},
	}
}

func entryFactor(entry, role, whose string, in func(*Settings) *Entry, of func(*Factors) *Factor) setting {
	return setting{
		section: "entries." + entry, name: "second_factor_" + role,
		meaning: "Whether " + whose + " a code of an app on their phone besides the password. \"off\": never. \"optional\": who has set it up, " +
			"under \"My account\". \"required\": all; who has not set it up can do nothing else before. " +
			"In sessions that are open already it holds within a minute.",
		text: &textSetting{string(FactorOptional), `"off", "optional" or "required"`,
			oneOf(string(FactorOff), string(FactorOptional), string(FactorRequired)),
			func(s *Settings, v string) { *of(&in(s).Factor) = Factor(v) }},
	}
}

func entryIdle(entry string, of func(*Settings) *Entry) setting {
	return setting{
		"entries." + entry, "idle_minutes", 0, 0, 7 * 24 * 60, "minutes",
		"A session of this entry, of an administrator too, ends after so many minutes without a request, if [sessions] does " +
			"not end it before. 0: as [sessions] says.",
		func(s *Settings, n int64) { of(s).Session.Idle = time.Duration(n) * time.Minute }, nil,
	}
}

func entryAbsolute(entry string, of func(*Settings) *Entry) setting {
	return setting{
		"entries." + entry, "absolute_hours", 0, 0, 30 * 24, "hours",
		"It ends so many hours after its login, if [sessions] does not end it before. 0: as [sessions] says.",
		func(s *Settings, n int64) { of(s).Session.Absolute = time.Duration(n) * time.Hour }, nil,
	}
}

func entryPublicURL(entry string, schemes []string, of func(*Settings) *Entry) setting {
	form := strings.Join(schemes, " or ") + ", ://, a host and perhaps a port, as in \"https://share.example.com\"; or nothing"
	return setting{
		section: "entries." + entry, name: "public_url",
		meaning: "Where browsers reach this entry, for links that are sent to people: what a request says about it is never " +
			"believed. Requests for another host are refused then, logins too. \"\": such links are not made, and every host is answered.",
		text: &textSetting{"", form,
			func(v string) bool { return v == "" || isOrigin(v, schemes) },
			func(s *Settings, v string) { of(s).PublicURL = v }},
	}
}

const (
	small  = "abcdefghijklmnopqrstuvwxyz"
	digits = "0123456789"
)

func consists(v, of string) bool { return strings.Trim(v, of) == "" }

// isOrigin says whether v is one of the schemes, a host and perhaps a port, written as browsers write them, and no more.
func isOrigin(v string, schemes []string) bool {
	u, err := url.Parse(v)
	if err != nil || !slices.Contains(schemes, u.Scheme) || v != u.Scheme+"://"+u.Host || strings.HasSuffix(u.Host, ":") {
		return false
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0 || u.Port()[0] == '0') {
		return false
	}
	address, err := netip.ParseAddr(u.Hostname())
	if isIPv6 := err == nil && address.Is6(); isIPv6 || len(u.Hostname()) > 253 {
		return isIPv6 && address.Zone() == ""
	}
	for label := range strings.SplitSeq(u.Hostname(), ".") {
		if label == "" || len(label) > 63 || !consists(label, small+digits+"-") || strings.Trim(label, "-") != label {
			return false
		}
	}
	return true
}

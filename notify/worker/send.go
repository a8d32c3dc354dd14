package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/config"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/lessmail"
	"sharezone/internal/syslog"
	"sharezone/internal/text"
	"sharezone/notify/mail"
	"sharezone/notify/queue"
	"sharezone/notify/sms"
	"sharezone/notify/wording"
)

const (
	// firstWait is how long a message waits that was not taken; each time twice as long, up to longestWait.
	firstWait   = time.Minute
	longestWait = time.Hour
	// mostBroken is after how many connections that broke one after the other the rest waits for the next run.
	mostBroken = 3
	// timeout is how long the mail server may take for a connection, and for each message.
	timeout = time.Minute
	// shortTime is after what time of giving away short messages the rest waits for the next run: a program may take long for each,
	// and mails wait meanwhile.
	shortTime = time.Minute
)

// connection is one to a mail server.
type connection interface {
	Send(mail.Letter) (mail.Outcome, error)
	Close()
}

// sender gives waiting messages to the mail server, and short ones to what sends them.
type sender struct {
	queue    queue.Queue
	names    names
	settings config.Mail
	language text.Language // of who has chosen none
	words    wording.Site  // that the site has put in the place of ours
	from     string
	domain   string
	internal config.Entry // links lead to one that has a PublicURL
	external config.Entry
	signup   config.Signup
	grace    int // days that a closed zone is kept
	dial     func() (connection, error)
	now      func() time.Time
	tell     func(line string) // to the syslog
	warn     func(line string) // the same, as an error
	alarmed  string            // a file: when it was told last that messages wait for long
	shortDay string            // a file: how many short messages went to whom today

	preferences func(uid uint32) (account.Preferences, error)
	barred      func() (map[string]bool, error) // asks libexec/access who cannot log in
	sponsor     func(uid uint32) (account.Sponsor, bool, error)
	sms         config.SMS
	transport   sms.Transport // nil: short messages are mails to a gateway, or there are none
	key         lessmail.Key  // signs links by which somebody gets less mail; nil = there are none

	secrets []queue.Message // what waits for its recipient alone, of this run; nil: not read yet

	open   connection
	broken int // connections, one after the other
	mute   int // the same of short messages that were not taken
}

// errBroken ends a run: more messages would meet the same.
var errBroken = errors.New("the mail server breaks connections")

// run sends what waits and may be tried now.
func (s *sender) run() error {
	ids, err := s.queue.List(queue.Waiting)
	if err != nil {
		return err
	}
	defer s.hangUp()
	s.secrets = nil
	var failed, server error
	var short []string // ids: thousands of messages may wait for what sends them
	for _, id := range ids {
		m, err := s.queue.Read(queue.Waiting, id)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if s.now().Before(m.Next) && m.Next.Sub(s.now()) <= longestWait { // else the clock was set back
			continue
		}
		if m.SMS && s.transport != nil {
			short = append(short, id)
			continue
		}
		if server != nil { // it is not asked again, but what is too old does not wait for it
			failed = errors.Join(failed, s.later(m, server.Error(), false))
			continue
		}
		oneErr := s.send(m)
		var down *serverError
		if errors.As(oneErr, &down) {
			server = down
			continue
		}
		failed = errors.Join(failed, oneErr)
	}
	if server != nil { // which is nothing of the worker's: what waits is there, and the next run asks again
		s.warn("sharezone worker: " + strconv.QuoteToASCII(server.Error()))
	}
	return errors.Join(failed, s.sendShort(short), s.forget(), s.alarm())
}

// forget removes from what was put aside what is the recipient's secret, and no good to him any more.
func (s *sender) forget() error {
	ids, err := s.queue.List(queue.Failed)
	for _, id := range ids {
		m, readErr := s.queue.Read(queue.Failed, id)
		if readErr != nil || !m.Late(s.now()) {
			continue // what is damaged is told where the queue is looked at
		}
		s.report(m, "", "dropped, "+pastUse, nil)
		err = errors.Join(err, s.queue.Remove(queue.Failed, id))
	}
	return err
}

// sendShort gives away short messages. After some that were not taken one after the other the rest waits for the next run.
func (s *sender) sendShort(ids []string) error {
	var failed error
	begun := s.now()
	for _, id := range ids {
		if s.mute >= mostBroken || s.now().Sub(begun) >= shortTime {
			break
		}
		m, err := s.queue.Read(queue.Waiting, id)
		if err == nil {
			err = s.send(m)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// serverError is one that has nothing to do with the message.
type serverError struct{ cause error }

func (e *serverError) Error() string { return "mail server: " + e.cause.Error() }

// send tries one message. An error is not that of the message, which has its outcome on the disk.
func (s *sender) send(m queue.Message) error {
	if m.Kind.Stranger() {
		return s.sendStranger(m)
	}
	to, known := s.names.User(m.User)
	if !known && s.names.Err() != nil {
		return s.names.Err()
	}
	if !known || to.UID != m.UID || !s.names.InGroup(m.User, layout.GroupBase) {
		return s.drop(m, "there is no such person any more")
	}
	if barred, err := s.barred(); err != nil {
		return err
	} else if barred[m.User] && !m.Kind.Secret() { // a link or a password is what some of them get in with
		return s.drop(m, "the account is locked or has expired")
	}
	if m.Kind == queue.Asked && !s.names.InGroup(m.User, layout.GroupAdmin) {
		return s.drop(m, "the recipient is no administrator any more")
	}
	if m.Late(s.now()) {
		return s.drop(m, pastUse)
	}
	if replaced, err := s.replaced(m); err != nil {
		return err
	} else if replaced {
		return s.drop(m, pastUse+": another one is on its way")
	}
	if m.Kind.Secret() && m.Address == "" && account.ParseGECOS(to.GECOS).Email == "" {
		return s.drop(m, "there is no address any more, and what is in it is for nobody else")
	}
	chosen := s.chosenBy(to)
	by := channelFor(s.sms, to, chosen)
	switch {
	case m.Kind.Reducible() && (chosen.OftenFor(m.ZoneID) == account.Never || by == account.ByNone):
		return s.drop(m, "it is not wanted any more")
	case m.SMS && !by.NeedsNumber() && chosen.By() == account.ByBoth:
		return s.drop(m, "there is no number any more, and a mail says the same")
	case m.SMS && !by.NeedsNumber():
		m.SMS = false // he is told all the same
	}
	if m.SMS {
		full, err := s.full(m)
		switch {
		case err != nil:
			return err
		case full && by == account.ByBoth:
			return s.drop(m, "there were as many short messages today as sms.per_day allows, and a mail says the same")
		case full:
			m.SMS = false
		}
	}
	if m.SMS && s.transport != nil {
		return s.give(m, to, chosen)
	}
	return s.mail(m, to, chosen)
}

// sendStranger tries one to somebody who has no account, and so no choices.
func (s *sender) sendStranger(m queue.Message) error {
	switch {
	case m.Late(s.now()):
		return s.drop(m, pastUse)
	case account.CheckEmail(m.Address) != nil:
		return s.drop(m, "it has no address")
	}
	return s.mail(m, account.Entry{}, account.Preferences{Language: text.Language(m.Language)})
}

// mail tries one message with the mail server.
func (s *sender) mail(m queue.Message, to account.Entry, chosen account.Preferences) error {
	l, err := s.letter(m, to, chosen)
	if err != nil {
		return err
	}
	if s.open == nil {
		if s.open, err = s.dial(); err != nil {
			s.open = nil
			return errors.Join(s.later(m, err.Error(), false), &serverError{err})
		}
	}
	outcome, reason := s.open.Send(l)
	if outcome != mail.Delivered {
		s.hangUp()
	}
	if outcome != mail.Broken {
		s.broken = 0
	}
	return s.settle(m, l.To, outcome, reason)
}

// pastUse is why a secret is not sent any more.
const pastUse = "what is in it is no good any more"

// drop takes a message away that is not to be sent.
func (s *sender) drop(m queue.Message, why string) error {
	s.report(m, "", "dropped, "+why, nil)
	return s.queue.Remove(queue.Waiting, m.ID)
}

// give tries one short message.
func (s *sender) give(m queue.Message, to account.Entry, chosen account.Preferences) error {
	number, outcome := numberOf(s.sms, to), mail.Delivered
	reason := s.transport.Send(m.ID, number, s.short(m, to, chosen))
	switch {
	case errors.Is(reason, sms.ErrRefused):
		outcome = mail.Refused
	case reason != nil:
		outcome = mail.Later
	}
	s.mute++
	if outcome != mail.Later {
		s.mute = 0
	}
	return s.settle(m, number, outcome, reason)
}

// settle writes down what became of a message.
func (s *sender) settle(m queue.Message, address string, outcome mail.Outcome, reason error) error {
	switch outcome {
	case mail.Delivered:
		s.report(m, address, "delivered", nil)
		err := s.queue.Remove(queue.Waiting, m.ID)
		if m.Kind.Secret() {
			err = errors.Join(err, s.forgetOlder(m))
		}
		if m.SMS {
			err = errors.Join(err, s.count(m))
		}
		return err
	case mail.Refused:
		s.report(m, address, "refused", reason)
		return s.queue.Fail(m, reason.Error())
	case mail.Broken:
		if s.broken++; s.broken >= mostBroken {
			return errors.Join(s.later(m, reason.Error(), true), &serverError{errBroken})
		}
	}
	return s.later(m, reason.Error(), true)
}

// forgetOlder takes away what was put aside before another one arrived that replaces it: nobody has to look at it any more, or send it
// after all.
func (s *sender) forgetOlder(m queue.Message) error {
	ids, err := s.queue.List(queue.Failed)
	for _, id := range ids {
		old, readErr := s.queue.Read(queue.Failed, id)
		if readErr == nil && m.Replaces(old) {
			err = errors.Join(err, s.queue.Remove(queue.Failed, id))
		}
	}
	return err
}

// ownPort is the port of our end of a connection, in an error of package net.
var ownPort = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`:[0-9]+->`) })

// later lets a message wait, or gives it up. What the server did before it saw the message counts for its age alone.
func (s *sender) later(m queue.Message, reason string, tried bool) error {
	reason = ownPort().ReplaceAllString(reason, "->") // another one each time, and all that waits would be written anew
	if s.now().Sub(m.Due) >= s.settings.GiveUp {
		s.report(m, "", "given up", errors.New(reason))
		return s.queue.Fail(m, reason)
	}
	if !tried {
		if m.Reason == reason {
			return nil // written already, perhaps a thousand times
		}
		return s.queue.Note(m, reason)
	}
	wait := min(firstWait<<min(m.Attempts, 10), longestWait)
	return s.queue.Delay(m, reason, s.now().Add(wait))
}

func (s *sender) hangUp() {
	if s.open != nil {
		s.open.Close()
		s.open = nil
	}
}

// letter is the message as it is now: an address that was mended holds for what waits too.
func (s *sender) letter(m queue.Message, to account.Entry, chosen account.Preferences) (mail.Letter, error) {
	style, entry := s.style(to, chosen, componentOf(m))
	if m.SMS {
		address := s.sms.Gateway(numberOf(s.sms, to))
		return mail.Letter{ID: m.ID, From: s.from, To: address, Date: m.Due, Subject: "Share Zone", Text: s.short(m, to, chosen) + "\n"}, nil
	}
	if style.URL != "" && s.key != nil && entry.Answers("less") && m.Kind.Reducible() && m.ZoneID != "" {
		token, err := s.key.Token(lessmail.Link{UID: m.UID, ZoneID: m.ZoneID, Zone: m.Zone})
		if err != nil {
			return mail.Letter{}, err
		}
		style.Less = style.URL + "/cgi-bin/less?t=" + token
	}
	if actor, known := s.names.User(m.Actor); known {
		style.Actor = account.ParseGECOS(actor.GECOS).FullName
	}
	subject, plain, html, err := mail.Compose(m, style)
	return mail.Letter{ID: m.ID, From: s.from, To: cmp.Or(m.Address, s.address(to)), Date: m.Due, Subject: subject, Less: style.Less, Text: plain, HTML: html}, err
}

// short is the message as a short one.
func (s *sender) short(m queue.Message, to account.Entry, chosen account.Preferences) string {
	style, _ := s.style(to, chosen, componentOf(m))
	return sms.Compose(mail.Summary(m, style))
}

// componentOf is the one that the link of a message leads to.
func componentOf(m queue.Message) string {
	switch m.Kind {
	case queue.Recover, queue.Invite, queue.Verify:
		return "forgot"
	case queue.Signup:
		return "signup"
	case queue.Asked:
		return "users"
	case queue.Reset:
		return "login"
	case queue.Warned, queue.Closed, queue.Expired:
		return "zones"
	case queue.Removed:
		return "home"
	}
	return "shz"
}

// style is how somebody is spoken to, and where he gets in to a component.
func (s *sender) style(to account.Entry, chosen account.Preferences, component string) (mail.Style, config.Entry) {
	entry := s.entryFor(to, component)
	style := mail.Style{Language: s.language, URL: entry.PublicURL, Grace: s.grace, Words: s.words}
	if chosen.Language != "" {
		style.Language = chosen.Language
	}
	return style, entry
}

// chosenBy is what somebody chose. Whatever stands in his file, he gets his mail.
func (s *sender) chosenBy(to account.Entry) account.Preferences {
	p, err := s.preferences(to.UID)
	if err != nil {
		s.warn("sharezone worker: preferences of " + to.Name + ": " + strconv.QuoteToASCII(err.Error()))
	}
	return p
}

// entryFor is where links lead for somebody: of partners, who are in the group of a company or were invited, to the external entry, unless that does
// not answer what the link is for, or has no address for links; of the others to the internal one, unless.
func (s *sender) entryFor(to account.Entry, component string) config.Entry {
	isCompany := func(group string) bool { return strings.HasPrefix(group, layout.CompanyPrefix) }
	first, second := s.internal, s.external
	if component == "signup" {
		if s.signup.By("external") && second.PublicURL != "" && second.Answers("signup") {
			return second
		}
		return first
	}
	_, invited, err := s.sponsor(to.UID)
	if err != nil {
		s.warn("sharezone worker: sponsor of " + to.Name + ": " + strconv.QuoteToASCII(err.Error()))
	}
	if invited || slices.ContainsFunc(s.names.GroupsOf(to), isCompany) {
		first, second = second, first
	}
	leads := func(e config.Entry) bool { return e.PublicURL != "" && (component == "login" || e.Answers(component)) }
	if !leads(first) && (leads(second) || first.PublicURL == "") {
		return second
	}
	return first
}

// address is where somebody's mail goes: what the account says, else his name at the domain.
func (s *sender) address(to account.Entry) string {
	if address := account.ParseGECOS(to.GECOS).Email; address != "" {
		return address
	}
	return to.Name + "@" + s.domain
}

// report writes a line for each end of a message, ASCII whatever a server answered.
func (s *sender) report(m queue.Message, address, what string, reason error) {
	line := fmt.Sprintf("sharezone mail: %s to=%s kind=%s", m.ID, m.User, m.Kind)
	if address != "" {
		line += " address=" + strconv.QuoteToASCII(address)
	}
	line += " " + what
	if reason != nil {
		line += ": " + strconv.QuoteToASCII(reason.Error())
	}
	s.tell(line)
}

// secretFile holds the password for the mail server, in its first line.
const secretFile = layout.Configuration + "/smtp-secret"

// newSender is one on the machine.
func newSender(settings config.Settings, names names, log runLog) *sender {
	s := &sender{queue: layout.Queue, names: names, preferences: preferencesOf, sponsor: account.ReadSponsor, barred: sync.OnceValues(helper.Barred), settings: settings.Mail, sms: settings.SMS, transport: sms.New(settings.SMS, limitsOf(settings.Notices)), language: text.Language(settings.Notices.Language),
		internal: settings.Internal, external: settings.External, signup: settings.Signup, grace: settings.Cleaner.Grace, from: settings.Mail.From, domain: settings.Mail.Domain, now: time.Now,
		alarmed: layout.WorkerState + "/alarmed", shortDay: layout.WorkerState + "/short-day.json",
		tell: log.tell,
		warn: func(line string) { log.Write(syslog.DaemonError, line) }}
	s.words, _ = wording.Read(layout.Messages) // doctor says what is not used
	hello := mailName()
	if s.domain == "" {
		s.domain = hello
	}
	if s.from == "" {
		s.from = "sharezone@" + s.domain
	}
	s.dial = func() (connection, error) {
		server := mail.Server{Host: s.settings.Host, Port: s.settings.Port, TLS: s.settings.TLS, User: s.settings.User, Hello: hello,
			Timeout: timeout}
		if server.TLS == "auto" {
			server.TLS = "starttls"
			if server.Host == "localhost" || server.Host == "127.0.0.1" || server.Host == "::1" {
				server.TLS = "none"
			}
		}
		if server.User != "" {
			secret, err := os.ReadFile(secretFile)
			if err != nil {
				return nil, err
			}
			server.Password, _, _ = strings.Cut(string(secret), "\n")
		}
		c, err := mail.Dial(context.Background(), server)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
	return s
}

// mailName is the name under which this machine writes mail: Debian has one file for it.
func mailName() string {
	b, err := os.ReadFile("/etc/mailname")
	if name, _, _ := strings.Cut(string(b), "\n"); err == nil && strings.TrimSpace(name) != "" {
		return strings.TrimSpace(name)
	}
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "localhost"
}

// Package mail writes what people are told as mails, and gives these to the mail server.
//
// SECURITY: names of files are anybody's to choose, and of a mail they must reach nothing but what is read: they stand in no
// header, in the text with what hides in them made visible, in the HTML escaped by templ. Whom a mail goes to is what the
// account says, whom it comes from and where its links lead what the settings say; no request can name any of them.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Server is where mails go.
type Server struct {
	Host           string
	Port           int
	TLS            string        // as config.Mail has it
	User, Password string        // User "" = no login
	Hello          string        // the name of this machine
	Timeout        time.Duration // how long a connection may take to come about, and each mail to be taken
	Roots          *x509.CertPool
}

// Connection is one to a mail server, logged in.
type Connection struct{ client *mail.Client }

// Dial connects. An error of its is one of the server or the settings, never of a mail.
func Dial(ctx context.Context, s Server) (*Connection, error) {
	options := []mail.Option{
		mail.WithPort(s.Port), mail.WithTimeout(s.Timeout), mail.WithHELO(s.Hello),
		// A server that is asked for SMTPUTF8 may hand the mail to none that lacks it; our addresses need none.
		mail.WithoutSMTPUTF8(),
		mail.WithTLSConfig(&tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.TLS {
	case "none":
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case "starttls":
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case "tls":
		options = append(options, mail.WithSSL())
	default:
		return nil, fmt.Errorf("TLS %q", s.TLS)
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	client, err := mail.NewClient(s.Host, options...)
	if err != nil {
		return nil, err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return nil, err
	}
	return &Connection{client}, nil
}

// Close says goodbye. What was delivered is delivered, whatever the server answers.
func (c *Connection) Close() { c.client.Close() }

// Letter is one mail to one recipient: a server that refuses one of several takes the mail for none.
type Letter struct {
	ID         string // the left half of its Message-ID: the same when it is sent again, so that readers can tell
	From, To   string
	Date       time.Time
	Subject    string
	Less       string // the link by which its recipient gets less of these, "" = none
	Text, HTML string // HTML "" = the text alone
}

// Outcome is what became of a letter.
type Outcome int

// The outcomes.
const (
	Delivered Outcome = iota
	Refused           // for good
	Later             // the server says: not now
	Broken            // it says nothing, or nothing more
)

// Send gives the server one letter, and says why it did not take it. After anything but Delivered the connection is not used
// again: what the server still waits for is not known.
func (c *Connection) Send(l Letter) (Outcome, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(m.FromFormat("Share Zone", l.From), m.To(l.To)); err != nil {
		return Refused, err
	}
	m.Subject(l.Subject)
	m.SetDateWithValue(l.Date)
	m.SetMessageIDWithValue(l.ID + "@" + domainOf(l.From))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's absence answers it
	m.SetGenHeader("X-Auto-Response-Suppress", "All")  // the same for Exchange
	if l.Less != "" {                                  // the button of mail programs
		m.SetGenHeader("List-Unsubscribe", "<"+l.Less+">")
		if strings.HasPrefix(l.Less, "https:") { // with others RFC 8058 lets none be pressed without the page
			m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, l.HTML)
	}
	err := c.client.Send(m)
	if m.IsDelivered() { // whatever failed after that
		return Delivered, nil
	}
	return outcome(err), err
}

// outcome goes by the server's code alone. What the library calls temporary is not: a time-out is none to it.
func outcome(err error) Outcome {
	var refused *mail.SendError
	if !errors.As(err, &refused) {
		return Broken
	}
	code := refused.ErrorCode()
	aboutIt := refused.Reason == mail.ErrSMTPRcptTo || refused.Reason == mail.ErrSMTPData || refused.Reason == mail.ErrSMTPDataClose
	switch {
	case aboutIt && code >= 500 && code <= 599:
		return Refused
	case code == 421 || code == 0: // "closing transmission channel" (RFC 5321, 4.2.3)
		return Broken
	}
	return Later // 4xx, and 5xx of MAIL: it is the sender whom the server does not like
}

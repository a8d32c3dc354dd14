// Package mailtest is a mail server for tests that takes, refuses, stalls and breaks off as it is told.
package mailtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mail is one that was taken.
type Mail struct{ From, To, Text string }

// Server is a mail server, on 127.0.0.1 if not somewhere else.
type Server struct {
	Port  int
	Roots *x509.CertPool // that vouch for its certificate

	// Answer is what it says instead of yes: to a command ("RCPT bruno@example.org", "MAIL …", "DATA", "AUTH"), or to the end
	// of a mail ("."). "" is yes, "drop" breaks the connection off, "take and drop" takes the mail before.
	Answer func(command string) string

	mu    sync.Mutex
	mails []Mail
	dials int
	tls   *tls.Config
	login string // "\x00user\x00password" that it wants
}

// Start runs a server until the test ends. With login it offers AUTH, with immediate TLS begins with the connection, else it
// offers STARTTLS.
func Start(t *testing.T, immediate bool, login string) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return Serve(t, l, immediate, login)
}

// Serve is Start for who listens elsewhere.
func Serve(t *testing.T, l net.Listener, immediate bool, login string) *Server {
	t.Helper()
	s := &Server{Answer: func(string) string { return "" }, login: login}
	s.makeCertificate(t)
	s.Port = l.Addr().(*net.TCPAddr).Port
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.dials++
			s.mu.Unlock()
			if immediate {
				c = tls.Server(c, s.tls)
			}
			go s.serve(c, immediate)
		}
	}()
	return s
}

// Mails are those that were taken.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Dials is how many connections there were.
func (s *Server) Dials() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

func (s *Server) serve(c net.Conn, encrypted bool) {
	defer func() { c.Close() }()
	in := bufio.NewReader(c)
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	say("220 sink")
	var m Mail
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		verb = strings.ToUpper(verb)
		address, _, _ := strings.Cut(rest[strings.IndexByte(rest, '<')+1:], ">")
		asked := strings.TrimSpace(verb + " " + address)
		if verb == "DATA" || verb == "AUTH" {
			asked = verb
		}
		if answer := s.Answer(asked); answer == "drop" {
			return
		} else if answer != "" {
			say("%s", answer)
			continue
		}
		switch verb {
		case "EHLO":
			say("250-sink")
			say("250-SMTPUTF8")
			if s.login != "" {
				say("250-AUTH PLAIN")
			}
			if !encrypted {
				say("250-STARTTLS")
			}
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go on")
			upgraded := tls.Server(c, s.tls)
			c, in, encrypted = upgraded, bufio.NewReader(upgraded), true
		case "AUTH":
			_, coded, _ := strings.Cut(rest, " ")
			if said, err := base64.StdEncoding.DecodeString(coded); err != nil || string(said) != s.login || !encrypted {
				say("535 no")
				continue
			}
			say("235 welcome")
		case "MAIL":
			m = Mail{From: address}
			if strings.Contains(rest, "SMTPUTF8") {
				m.From += " SMTPUTF8"
			}
			say("250 ok")
		case "RCPT":
			m.To = strings.TrimSpace(m.To + " " + address)
			say("250 ok")
		case "DATA":
			say("354 go on")
			if m.Text, err = readData(in); err != nil {
				return
			}
			switch answer := s.Answer("."); answer {
			case "":
				s.take(m)
				say("250 taken")
			case "drop":
				return
			case "take and drop":
				s.take(m)
				return
			default:
				say("%s", answer)
			}
		case "QUIT":
			say("221 bye")
			return
		default: // NOOP, RSET
			say("250 ok")
		}
	}
}

func (s *Server) take(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
}

func readData(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", io.ErrUnexpectedEOF
		}
		if line == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (s *Server) makeCertificate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(certificate)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

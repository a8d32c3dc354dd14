// Package helper calls a root helper through sudo (root does without): one JSON object in, one out, no arguments. What
// may be asked stands in /etc/sudoers.d/sharezone and in the helper itself; nothing is decided here.
package helper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"time"
	"unicode/utf8"

	"sharezone/internal/account"
	"sharezone/internal/factor"
	"sharezone/internal/layout"
)

// limit is how long a helper is waited for; auth pads a refused login to at most 10 s, waits for a slot at most 1.8 s
// (internal/config) and ends by itself after 25 s.
const limit = 30 * time.Second

// maxPassword, maxName, maxCode and maxEmail are longer than any that auth takes, in bytes: what was longer is refused as what is left of
// it is, and not for being more than the 8 KiB that auth reads. JSON writes a byte in six at most.
const (
	maxPassword = 600
	maxName     = 100
	maxCode     = 20
	maxEmail    = 300
)

// Refusal is a code that the helper answered: refused, full, ended, weak, busy, no-space, internal.
type Refusal string

func (r Refusal) Error() string { return "helper: " + string(r) }

// AuthRequest is what libexec/auth is asked.
type AuthRequest struct {
	Op       string `json:"op"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Entry    string `json:"entry,omitempty"`
	Address  string `json:"address,omitempty"`
	Session  string `json:"session,omitempty"`
	Old      string `json:"old,omitempty"`
	New      string `json:"new,omitempty"`
	ID       string `json:"id,omitempty"` // of a session, as people see it
	Language string `json:"language,omitempty"`
	Token    string `json:"token,omitempty"`   // of a link
	ZoneID   string `json:"zone_id,omitempty"` // whose mail is meant
	Often    string `json:"often,omitempty"`   // how much of it; with a token "" only asks
	Code     string `json:"code,omitempty"`    // of the second factor
	Email    string `json:"email,omitempty"`   // that somebody says is his
	Purpose  string `json:"purpose,omitempty"` // of a link, as internal/token calls it
	Channel  string `json:"channel,omitempty"` // with messages: by what; "" = as it is

	Applicant *account.Applicant `json:"applicant,omitempty"` // who asks for an account, checked
}

// AuthReply is its answer.
type AuthReply struct {
	Error      string   `json:"error"`
	ID         string   `json:"id"`
	User       string   `json:"user"`
	Roles      []string `json:"roles"`
	MustChange bool     `json:"must_change"`
	OthersStay bool     `json:"others_stay"` // one's other sessions could not be ended
	Why        string   `json:"why"`         // with the refusal weak: which weakness, "" where nothing more is known
	Limit      int      `json:"limit"`       // with some of them: how many are wanted, or allowed

	Language string      `json:"language"` // that somebody chose who logs in
	Sessions []Session   `json:"sessions"` // one's own
	Account  *OwnAccount `json:"account"`  // the same

	Lacks    string   `json:"lacks"`    // of the second factor, after the password was right: code, enrolment; "" = nothing
	Factor   *Factor  `json:"factor"`   // one's own
	Recovery []string `json:"recovery"` // codes that were made

	Email       string `json:"email"`        // of a link: the address that it is for
	AskPassword bool   `json:"ask_password"` // to use it wants the account's password too

	Changed string `json:"changed"` // by a link for an address: of the account, as account.Difference says

	Applicant *account.Applicant `json:"applicant"` // with the link of one: his words
	Confirmed bool               `json:"confirmed"` // it was used

	Zone  string        `json:"zone"`  // with a token: of which zone it is
	Often account.Often `json:"often"` // and how often he is told now
}

// Factor is what somebody is told of his second factor.
type Factor struct {
	Policy   string `json:"policy"`   // of this entry: off, optional, required
	Required bool   `json:"required"` // by any entry: it cannot be turned off
	Asked    bool   `json:"asked"`    // a code is, of who has set it up, by this entry or another
	factor.State
	AskCode bool   `json:"ask_code"`      // to change it wants a code besides the password: this session showed none
	Key     string `json:"key,omitempty"` // that is being set up in this session
}

// OwnAccount is what somebody is told of himself.
type OwnAccount struct {
	account.User
	PasswordSet *string `json:"password_set"` // the day

	EmailOwn     bool   `json:"email_own"`     // he may have another address, by a link that goes to it
	EmailPending string `json:"email_pending"` // to which such a link went that is good still, "" = none

	Often   account.Often                  `json:"often"`   // how often he is told of all zones but these
	Notices map[string]account.ZoneNotices `json:"notices"` // by the zone's id: for which zones he chose something else
}

// Auth asks libexec/auth. A Refusal says what the helper said; any other error that it could not be asked.
func Auth(q AuthRequest) (AuthReply, error) {
	for _, secret := range [...]string{q.Password, q.Old, q.New, q.Code} {
		if !utf8.ValidString(secret) {
			return AuthReply{}, Refusal("refused") // JSON would make another password of it
		}
	}
	for text, most := range map[*string]int{&q.Username: maxName, &q.Password: maxPassword, &q.Old: maxPassword, &q.New: maxPassword, &q.Code: maxCode, &q.Email: maxEmail} {
		*text = (*text)[:min(len(*text), most)]
	}
	var out AuthReply
	err := ask(layout.AuthHelper, q, &out, limit)
	if out.Error != "" {
		err = Refusal(out.Error)
	}
	return out, err
}

// errNothingReadable: the helper died, or is none.
var errNothingReadable = errors.New("the helper answered nothing that can be read")

// ask runs a helper and reads its answer, which may say why it ended with an error. It cannot end one that takes too long, which is root's: it goes away and leaves it alone.
func ask(program string, question, answer any, limit time.Duration) error {
	c, err := command(program, question)
	if err != nil {
		return err
	}
	var said bytes.Buffer
	c.Stdout = &said
	ended := make(chan error, 1)
	go func() { ended <- c.Run() }()
	select {
	case err = <-ended:
	case <-time.After(limit):
		return context.DeadlineExceeded
	}
	if json.Unmarshal(said.Bytes(), answer) != nil {
		return errors.Join(errNothingReadable, err)
	}
	return err
}

// command is sudo for a helper, without a shell, without arguments and without the environment of the request.
func command(program string, question any) (*exec.Cmd, error) {
	in, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/usr/bin/sudo", "-n", "--", program)
	if os.Geteuid() == 0 {
		cmd = exec.Command(program) // shzadm: whom sudo lets in are others
	}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LANG=C.UTF-8"}
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(in)
	cmd.Stderr = os.Stderr // what sudo or the helper complains of belongs in Apache's error log
	return cmd, nil
}

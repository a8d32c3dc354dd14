package signup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"sharezone/internal/disk"
)

const (
	// perAddress is how many links go to one mail address in a day, and pause how long it gets none after one: Share Zone must be no means to
	// write to strangers.
	perAddress = 3
	pause      = 5 * time.Minute

	day = 24 * time.Hour

	// clientsPerMail is how many who ask are counted in a day for each mail that may be sent: who has many addresses must not fill the disk.
	clientsPerMail = 10
)

// ErrMany says that somebody asks too often: what it says besides is for the log.
var ErrMany = errors.New("asked too often")

// counts are those of a day, which begins with its first question. As many mails as the settings allow, and as many questions of each who
// asks, are all that is in it.
type counts struct {
	Since     time.Time       `json:"since"`
	Mails     int             `json:"mails"`
	Addresses map[string]sent `json:"addresses"` // by mailbox
	Clients   map[string]int  `json:"clients"`
}

// sent is what went to one mailbox.
type sent struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
}

// mailbox is an address as it is counted: without regard to case, to what stands after a plus and to dots, for which many servers have no
// regard either. That two people share one so costs them a mail.
func mailbox(email string) string {
	at := strings.LastIndexByte(email, '@')
	local, domain := strings.ToLower(email[:at]), strings.ToLower(email[at+1:])
	if base, _, tagged := strings.Cut(local, "+"); tagged && base != "" {
		local = base
	}
	if plain := strings.ReplaceAll(local, ".", ""); plain != "" {
		local = plain
	}
	return local + "@" + strings.TrimSuffix(domain, ".")
}

// count notes a question before anything is sent, or refuses it; uncount takes the mail back that could not be sent. Of a mailbox that has had enough it writes as much as of another one: a
// full disk must not tell them apart.
func (s Store) count(email, client string, now time.Time) (uncount func() error, err error) {
	c, err := s.readCounts()
	if err != nil {
		return nil, err
	}
	if age := now.Sub(c.Since); age < 0 || age >= day { // the clock may have been set back
		c = counts{Since: now.UTC()}
	}
	switch {
	case c.Mails >= s.Limits.Daily:
		return nil, fmt.Errorf("%w: as many mails were sent today as may be", ErrMany)
	case c.Clients[client] >= s.Limits.ClientDaily, c.Clients[client] == 0 && len(c.Clients) >= clientsPerMail*s.Limits.Daily:
		return nil, fmt.Errorf("%w from %s", ErrMany, client)
	}
	if c.Clients == nil {
		c.Clients, c.Addresses = make(map[string]int), make(map[string]sent)
	}
	c.Clients[client]++
	to := c.Addresses[mailbox(email)]
	var refused error
	if since := now.Sub(to.Last); to.Count >= perAddress || since >= 0 && since < pause {
		refused = fmt.Errorf("%w for %q", ErrMany, email)
	} else {
		c.Mails++
		c.Addresses[mailbox(email)] = sent{to.Count + 1, now.UTC()}
	}
	if err := s.writeCounts(c); err != nil {
		return nil, err
	}
	return func() error {
		c.Mails--
		c.Addresses[mailbox(email)] = to
		return s.writeCounts(c)
	}, refused
}

func (s Store) writeCounts(c counts) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return disk.Write(s.countsName(), append(b, '\n'))
}

func (s Store) countsName() string { return s.name("counts") }

// readCounts returns what is kept; what is damaged says nothing.
func (s Store) readCounts() (c counts, err error) {
	b, err := os.ReadFile(s.countsName())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if json.Unmarshal(b, &c) != nil {
		return counts{}, nil
	}
	return c, nil
}

// sweepCounts removes those that refuse nothing any more: of whom they tell is nobody's business then.
func (s Store) sweepCounts() error {
	c, err := s.readCounts()
	if age := s.Now().Sub(c.Since); err != nil || age >= 0 && age < day {
		return err
	}
	if err := os.Remove(s.countsName()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

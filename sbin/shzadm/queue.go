package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
	"sharezone/notify/queue"
)

var (
	errNoMessage   = errors.New("no such message")
	errTwoMessages = errors.New("several messages")
	errSending     = errors.New("messages are being sent")
	errDamaged     = errors.New("what stands in the file is no message")
)

// idDigits is how much of an ID must be given at least: its day and minute.
const idDigits = len("20261129T1200")

const messages = queue.Queue(layout.Queue)

// queued is a message, and in which folder it lies.
type queued struct {
	State string `json:"state"` // open, waiting, failed
	queue.Message
	Damaged bool `json:"damaged,omitempty"` // only its ID is known, and why
}

// shownMessage is one as JSON has it: a time that is not known is null.
type shownMessage struct {
	queued
	Opened *time.Time `json:"opened"`
	Due    *time.Time `json:"due"`
	Next   *time.Time `json:"next"`
}

// show takes out what is for the recipient alone: a list is kept in places where nobody looks for passwords.
func (m queued) show() shownMessage {
	if m.Kind.Secret() {
		m.Items = []queue.Item{}
	}
	known := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	return shownMessage{m, known(m.Opened), known(m.Due), known(m.Next)}
}

func queueList(c *call, args []string) error {
	if _, err := c.parse(c.flags(), args, 0, 0); err != nil {
		return err
	}
	found, err := readQueue(queue.Failed, queue.Waiting, queue.Open)
	if err != nil {
		return err
	}
	if c.json {
		shown := make([]shownMessage, len(found))
		for i, m := range found {
			shown[i] = m.show()
		}
		return c.printJSON(map[string]any{"messages": shown})
	}
	rows := make([][]string, 0, len(found))
	for _, m := range found {
		next := ""
		if !m.Next.IsZero() && m.State == queue.Waiting {
			next = moment(&m.Next)
		}
		if m.Damaged {
			rows = append(rows, []string{m.ID, m.State, "", "", "", "", "", "", "", m.Reason})
			continue
		}
		rows = append(rows, []string{m.ID, m.State, moment(&m.Opened), m.User, string(m.Kind), m.Zone, strconv.Itoa(m.Count),
			strconv.Itoa(m.Attempts), next, m.Reason})
	}
	return c.printRows("queue-columns", rows)
}

func queueRetry(c *call, args []string) error {
	return c.forMessage(args, func(m queued) error {
		if m.Damaged {
			return fmt.Errorf("%s: %w", m.ID, errDamaged)
		}
		return messages.Retry(m.State, m.Message, time.Now())
	})
}

func queueDrop(c *call, args []string) error {
	return c.forMessage(args, func(m queued) error { return messages.Remove(m.State, m.ID) })
}

// forMessage does something with one message that waits or was put aside, while nobody sends. What still collects is the
// worker's.
func (c *call) forMessage(args []string, do func(queued) error) error {
	operands, err := c.parse(c.flags(), args, 1, 1)
	if err != nil {
		return err
	}
	if err := becomeSpool(); err != nil {
		return err
	}
	lock, err := os.OpenFile(queue.SendLock, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return errSending
	}
	all, err := readQueue(queue.Failed, queue.Waiting)
	if err != nil {
		return err
	}
	var found []queued
	for _, m := range all {
		if len(operands[0]) >= idDigits && strings.HasPrefix(m.ID, operands[0]) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("%s: %w", operands[0], errNoMessage)
	case 1:
	default:
		return fmt.Errorf("%s: %w", operands[0], errTwoMessages)
	}
	if err := do(found[0]); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(found[0].show())
	}
	return c.print(c.say.line("queue-done", found[0].ID, found[0].User))
}

// becomeSpool makes the process the worker's user for good: what it writes into the queue stays the worker's, and nothing that
// lies there is root's to follow.
func becomeSpool() error {
	spool, known := account.NewNames().User(layout.UserSpool)
	if !known {
		return fmt.Errorf("there is no user %s", layout.UserSpool)
	}
	gid, uid := int(spool.GID), int(spool.UID)
	return errors.Join(syscall.Setgroups(nil), syscall.Setresgid(gid, gid, gid), syscall.Setresuid(uid, uid, uid))
}

// readQueue reads the messages of these folders. One that was taken away meanwhile is left out, and one that is damaged hides no other.
func readQueue(folders ...string) ([]queued, error) {
	all := []queued{}
	for _, folder := range folders {
		ids, err := messages.List(folder)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			m, err := messages.Read(folder, id)
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				all = append(all, queued{State: folder, Message: queue.Message{ID: id, Items: []queue.Item{}, Sources: []string{}, Reason: err.Error()}, Damaged: true})
				continue
			}
			all = append(all, queued{State: folder, Message: m})
		}
	}
	return all, nil
}

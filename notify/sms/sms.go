// Package sms gives people's short messages to what sends them: a program of the site, or the folder from which gammu-smsd or
// smstools takes them. Mails for a gateway are the mail server's (notify/worker).
//
// SECURITY: what stands in a text others have chosen, names of files for example. It reaches a program on its standard input
// alone, and in a folder the text of a file whose name and head have nothing of it. Whom it goes to the account says.
package sms

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"syscall"
	"unicode/utf16"

	"golang.org/x/sys/unix"

	"sharezone/internal/config"
	"sharezone/internal/disk"
	"sharezone/internal/hook"
	"sharezone/internal/text"
)

// maxParts is how many messages one text may become: each is paid for.
const maxParts = 2

// maxName is how much of a file's name a text says, in characters.
const maxName = 40

// Compose returns a text of a sentence, the path of a file ("" = of none) and a link ("" = none). What is not said where it would
// become too long stands behind the link, and the link on the welcome page.
func Compose(sentence, file, link string) string {
	sentence = "Share Zone: " + text.Name(sentence)
	with := sentence
	if file != "" {
		name := []rune(text.Name(path.Base(file)))
		if len(name) > maxName {
			name = append(name[:maxName-3], []rune("...")...)
		}
		with += ": " + string(name)
	}
	if link != "" {
		link = " " + link
	}
	for _, t := range []string{with + link, sentence + link, sentence} {
		if _, parts := Count(t); parts <= maxParts {
			return t
		}
	}
	return sentence
}

// ErrRefused: the number or the text will never be taken.
var ErrRefused = errors.New("refused")

// Transport takes short messages. An error that is not ErrRefused says that another time may be better.
type Transport interface {
	// Send gives away a text to a number in the form of E.164. The id is the same when it is given again.
	Send(id, number, text string) error
}

// New returns the transport of the settings, nil where there is none, or it is the mail server. limits are for one run of a program.
func New(s config.SMS, limits hook.Limits) Transport {
	switch s.Way {
	case config.SMSCommand:
		return command{strings.Fields(s.To), limits}
	case config.SMSGammu:
		return gammu(s.To)
	case config.SMSTools:
		return smstools(s.To)
	}
	return nil
}

// command runs a program: its own arguments, then the number; the text is on its standard input.
type command struct {
	argv   []string
	limits hook.Limits
}

// Exit statuses of sysexits(3) by which a program says that trying again is no use.
const (
	exitData   = 65 // EX_DATAERR
	exitNoUser = 67 // EX_NOUSER
)

func (c command) Send(_, number, text string) error {
	err := hook.Tell(c.argv[0], append(c.argv[1:len(c.argv):len(c.argv)], number), []byte(text), hook.Facts{}, c.limits)
	var exit interface {
		error
		ExitCode() int
	}
	if errors.As(err, &exit) && (exit.ExitCode() == exitData || exit.ExitCode() == exitNoUser) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// gammu is the outbox of gammu-smsd's service "files" (gammu-smsd-files(7)).
type gammu string

func (g gammu) Send(id, number, text string) error {
	day, rest, _ := strings.Cut(id, "T")
	clock, note, _ := strings.Cut(rest, ".")
	// Everything but ASCII would be read in the daemon's own character set: as UTF-16 with its mark it is always the same.
	return drop(string(g), "OUTC"+day+"_"+clock+"_00_"+number+"_"+note+".txt", append([]byte{0xfe, 0xff}, utf16BE(text)...))
}

// smstools is the folder "outgoing" of the SMS Server Tools 3.
type smstools string

func (s smstools) Send(id, number, text string) error {
	head := "To: " + strings.TrimPrefix(number, "+") + "\nAlphabet: "
	if coding, _ := Count(text); coding == UCS2 {
		return drop(string(s), id, append([]byte(head+"UCS2\n\n"), utf16BE(text)...))
	}
	return drop(string(s), id, []byte(head+"UTF-8\n\n"+text))
}

func utf16BE(text string) []byte {
	var b []byte
	for _, code := range utf16.Encode([]rune(text)) {
		b = binary.BigEndian.AppendUint16(b, code)
	}
	return b
}

// drop puts a file into a folder from which a daemon takes it, whole, and for the folder's group, which is the daemon's. What is
// given twice is one file, unless the daemon was there between.
func drop(folder, name string, b []byte) (err error) {
	f, err := os.OpenFile(folder, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	unfinished := folder + "/" + name + ".LOCK" // smstools passes over these, and gammu-smsd over what does not end in .txt
	file, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(b)
	if err == nil {
		err = errors.Join(file.Chown(-1, int(info.Sys().(*syscall.Stat_t).Gid)), file.Chmod(0o660))
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	return disk.Rename(unfinished, folder+"/"+name)
}

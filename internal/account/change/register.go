package change

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// ErrNoUIDs says that the range of numbers is used up.
var ErrNoUIDs = errors.New("all uids up to UID_MAX in /etc/login.defs are used")

// register is the open register of uids. Its lock is held from the choice of a uid until the account exists.
type register struct{ file *os.File }

func openRegister() (*register, error) {
	f, err := os.OpenFile(account.RegisterPath, os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, err
	}
	// Everybody may read the register, so anybody can hold it locked: it is not waited for without end.
	for end := time.Now().Add(registerTime); ; time.Sleep(registerPause) {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return &register{f}, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			break
		}
		if !time.Now().Before(end) {
			err = fmt.Errorf("%w: %w", ErrBusy, err)
			break
		}
	}
	f.Close()
	return nil, fmt.Errorf("%s: flock: %w", account.RegisterPath, err)
}

// registerTime is how long another act may take that has the register: some tools run meanwhile, and wait for locks of their own.
const (
	registerTime  = time.Minute
	registerPause = 20 * time.Millisecond
)

func (r *register) close() { r.file.Close() }

// take chooses the next number that is free as uid and as gid for name and records it, on disk, before anybody uses it.
func (r *register) take(name string, names *account.Names, now time.Time) (uint32, error) {
	text, err := io.ReadAll(io.NewSectionReader(r.file, 0, 1<<30))
	if err != nil {
		return 0, err
	}
	known, err := account.ParseRegister(text)
	if err != nil {
		return 0, err
	}
	last := uidMax()
	uid := max(known.Highest, names.HighestID(layout.MinUID, last), layout.MinUID-1) + 1
	for ; ; uid++ { // numbers that only NSS knows are passed over
		if uid > last {
			return 0, ErrNoUIDs
		}
		_, user := names.UserByUID(uid)
		_, group := names.GroupName(uid)
		if !user && !group {
			break
		}
	}
	if err := names.Err(); err != nil { // "not found" is only believed of a name service that answered
		return 0, err
	}
	return uid, r.add(text, uid, name, now)
}

// keep sees to it that a uid stands in the register: one that somebody lost a line of must not be given again.
func (r *register) keep(uid uint32, name string, now time.Time) error {
	text, err := io.ReadAll(io.NewSectionReader(r.file, 0, 1<<30))
	if err != nil {
		return err
	}
	known, err := account.ParseRegister(text)
	if err != nil || known.Has(uid) {
		return err
	}
	return r.add(text, uid, name, now)
}

// add writes a line after text, which is what the register holds.
func (r *register) add(text []byte, uid uint32, name string, now time.Time) error {
	line := fmt.Sprintf("%d %s %s\n", uid, name, now.Format(time.DateOnly))
	if len(text) == 0 {
		line = "# Every number that Share Zone gave to a user or group: number, name, day. Remove no line: it would be given again.\n" + line
	} else if whole := bytes.LastIndexByte(text, '\n') + 1; whole < len(text) { // a torn line: its uid was never used
		if err := r.file.Truncate(int64(whole)); err != nil {
			return err
		}
	}
	if _, err := r.file.WriteString(line); err != nil {
		return err
	}
	return r.file.Sync()
}

// uidMax reads UID_MAX as useradd does; 60000 is its default, and above it Debian and systemd have their own ranges.
func uidMax() uint32 {
	const standard = 60000
	text, err := os.ReadFile("/etc/login.defs")
	if err != nil {
		return standard
	}
	limit := uint64(standard)
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		if len(fields) >= 2 && fields[0] == "UID_MAX" {
			if n, err := strconv.ParseUint(fields[1], 0, 32); err == nil {
				limit = n
			}
		}
	}
	return uint32(min(limit, layout.NobodyUID-1))
}

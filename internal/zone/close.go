package zone

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// The refusals of closing and restoring.
var (
	ErrNotClosed = errors.New("there is no such closed zone")
	ErrExpired   = errors.New("the zone's last day is over")
)

// closing is what AttrClosed says: when a zone was closed and what it was called, "2026-11-22T04:19:51Z demo".
type closing struct {
	at   time.Time
	name string
}

func (c closing) String() string { return c.at.UTC().Format(time.RFC3339) + " " + c.name }

// readClosing believes only what CloseZone writes. Where that is missing, because there was no room or a backup lost it,
// the time of the last change of status counts (a rename is one), and the name that the zone has in .closed.
func readClosing(fd int, st *unix.Stat_t, name string) closing {
	fallback := closing{time.Unix(st.Ctim.Unix()).UTC(), name}
	value, err := xattr.Get(descriptorPath(fd), AttrClosed)
	if err != nil {
		return fallback
	}
	day, former, _ := strings.Cut(string(value), " ")
	at, err := time.Parse(time.RFC3339, day)
	if c := (closing{at, former}); err == nil && CheckName(former) == nil && c.String() == string(value) {
		return c
	}
	return fallback
}

// maxSuffix bounds how many closed zones of one name are kept apart.
const maxSuffix = 1000

// CloseZone moves a zone to .closed, where nobody reaches it and everything in it stays as it is, and returns the name that
// it has there: its own, or with ".2", ".3" where that is taken. Requests under way go on to their end.
func (a *Admin) CloseZone(name string, now time.Time) (string, error) {
	fd, _, err := a.reachZone(name)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	closed, err := a.reachClosed()
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrBaseNotReady, layout.Closed, err)
	}
	defer unix.Close(closed)
	// The record first: a zone is never closed without one because of a crash, and in an open zone it means nothing.
	// What the owner may have written there himself goes first, so that no room for ours never means belief in his.
	if err := removeAttribute(fd, AttrClosed); err != nil {
		return "", err
	}
	err = xattr.Set(descriptorPath(fd), AttrClosed, []byte(closing{now, name}.String()))
	if err != nil && full(err) == err && !errors.Is(err, unix.EDQUOT) { // no room is no reason to leave a zone open
		return "", fmt.Errorf("%s: %w", AttrClosed, err)
	}
	for n := 1; n <= maxSuffix; n++ {
		to := suffixed(name, n)
		err := unix.Renameat2(a.base, name, closed, to, unix.RENAME_NOREPLACE)
		if err == unix.EEXIST {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("%s: moving to %s: %w", name, layout.Closed, err)
		}
		if err := checkMoved(closed, to, fd); err != nil {
			return "", err
		}
		return to, a.syncBoth(closed)
	}
	return "", fmt.Errorf("%s: %w", name, ErrExists)
}

// suffixed is the name for the nth zone of this name in .closed, cut where it would be too long for a zone's.
func suffixed(name string, n int) string {
	if n == 1 {
		return name
	}
	suffix := "." + strconv.Itoa(n)
	return name[:min(len(name), maxName-len(suffix))] + suffix
}

// checkMoved says whether the name is now that of the zone behind fd. Its owner, who may rename it in the base, may
// have put another zone of his in its place a moment before: that one lies in .closed then, whole.
func checkMoved(dir int, name string, fd int) error {
	var was, is unix.Stat_t
	if err := unix.Fstat(fd, &was); err != nil {
		return err
	}
	if err := unix.Fstatat(dir, name, &is, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if inodeOf(&was) != inodeOf(&is) {
		return fmt.Errorf("%s: was exchanged for another meanwhile", name)
	}
	return nil
}

// RestoreZone moves a zone back from .closed under the name that it had, which it returns, with its members as they were.
// A zone whose last day is over needs a new one: expires, "" for none.
func (a *Admin) RestoreZone(closedName string, expires *string, now time.Time) (restored string, err error) {
	if err := CheckName(closedName); err != nil {
		return "", err
	}
	if err := checkNotPast(expires, now); err != nil {
		return "", err
	}
	closed, err := a.reachClosed()
	if errors.Is(err, unix.ENOENT) {
		return "", fmt.Errorf("%s: %w", closedName, ErrNotClosed)
	}
	if err != nil {
		return "", err
	}
	defer unix.Close(closed)
	fd, err := reach(closed, closedName, unix.O_PATH|unix.O_DIRECTORY)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return "", fmt.Errorf("%s: %w", closedName, ErrNotClosed)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", closedName, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return "", err
	}
	name := readClosing(fd, &st, closedName).name
	if expires == nil {
		if err := checkNotPast(ReadMetadata(fd).Expires, now); err != nil {
			return "", fmt.Errorf("%s: %w", closedName, ErrExpired)
		}
	}
	// Looked at before the date is written, so that a refusal changes nothing; the rename decides.
	if err := unix.Fstatat(a.base, name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil {
		return "", fmt.Errorf("%s: %w", name, ErrExists)
	}
	narrow, err := a.widen(fd)
	defer func() { err = errors.Join(err, narrow()) }()
	if err != nil {
		return "", err
	}
	if err := WriteMetadata(fd, Metadata{Expires: expires}); err != nil {
		return "", err
	}
	if err := unix.Renameat2(closed, closedName, a.base, name, unix.RENAME_NOREPLACE); err == unix.EEXIST {
		return "", fmt.Errorf("%s: %w", name, ErrExists)
	} else if err != nil {
		return "", fmt.Errorf("%s: moving from %s: %w", closedName, layout.Closed, err)
	}
	return name, errors.Join(removeAttribute(fd, AttrClosed), a.syncBoth(closed))
}

// reachClosed opens the folder of closed zones.
func (a *Admin) reachClosed() (int, error) {
	return reach(a.base, path.Base(layout.Closed), unix.O_RDONLY|unix.O_DIRECTORY)
}

// syncBoth makes the names in the base and in .closed last.
func (a *Admin) syncBoth(closed int) error {
	return errors.Join(unix.Fsync(closed), a.syncBase())
}

package zone

import (
	"errors"
	"fmt"
	"path"
	"slices"
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
	ErrExchanged = errors.New("was exchanged for another meanwhile")
)

// closing is what AttrClosed says: when a zone was closed and what it was called, "2026-11-22T04:19:51Z demo".
type closing struct {
	at   time.Time
	name string
}

func (c closing) String() string { return c.at.UTC().Format(time.RFC3339) + " " + c.name }

// readClosing believes only what CloseZone writes. Where that is missing, because there was no room, a container's root
// may not write such attributes, or a backup lost it, the time of the last change of status counts (a rename is one), and
// the name that the zone has in .closed.
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
	h, err := a.hold(name)
	if err != nil {
		return "", err
	}
	defer h.Release()
	return h.Shut(now)
}

// Shut is CloseZone of a zone that is held; it is then a closed one.
func (h *Held) Shut(now time.Time) (string, error) {
	closed, err := h.admin.reachClosed()
	if err != nil {
		return "", fmt.Errorf("%w: %s: %w", ErrBaseNotReady, layout.Closed, err)
	}
	// The record first: a zone is never closed without one because of a crash, and in an open zone it means nothing.
	// An earlier one goes first, so that no room for ours never means belief in that.
	err = removeAttribute(h.fd, AttrClosed)
	if err == nil {
		err = xattr.Set(descriptorPath(h.fd), AttrClosed, []byte(closing{now, h.name}.String()))
		if err != nil && (noRoom(err) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP)) {
			err = nil // no record is no reason to leave a zone open
		}
	}
	to := ""
	if err == nil {
		to, err = h.moveTo(closed)
	}
	if err != nil {
		unix.Close(closed)
		return "", err
	}
	h.dir, h.name, h.closed = closed, to, true
	return to, h.admin.syncBoth(closed)
}

// moveTo gives the zone the first free name of its own in .closed. Its owner, who may rename it in the base, may have put
// another zone in its place a moment before: that one goes back.
func (h *Held) moveTo(closed int) (string, error) {
	for n := 1; n <= maxSuffix; n++ {
		to := suffixed(h.name, n)
		err := unix.Renameat2(h.admin.base, h.name, closed, to, unix.RENAME_NOREPLACE)
		if err == unix.EEXIST {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("%s: moving to %s: %w", h.name, layout.Closed, err)
		}
		if err := checkMoved(closed, to, h.fd); err != nil {
			return "", errors.Join(err, unix.Renameat2(closed, to, h.admin.base, h.name, unix.RENAME_NOREPLACE))
		}
		return to, nil
	}
	return "", fmt.Errorf("%s: %w", h.name, ErrExists)
}

// suffixed is the name for the nth zone of this name in .closed, cut where it would be too long for a zone's.
func suffixed(name string, n int) string {
	if n == 1 {
		return name
	}
	suffix := "." + strconv.Itoa(n)
	return name[:min(len(name), maxName-len(suffix))] + suffix
}

// checkMoved refuses unless the name is now that of what is behind fd.
func checkMoved(dir int, name string, fd int) error {
	var was, is unix.Stat_t
	if err := unix.Fstat(fd, &was); err != nil {
		return err
	}
	if err := unix.Fstatat(dir, name, &is, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	if inodeOf(&was) != inodeOf(&is) {
		return fmt.Errorf("%s: %w", name, ErrExchanged)
	}
	return nil
}

// RestoreZone moves a zone back from .closed under the name that it had, which it returns, with its members as they were.
// A zone whose last day is over needs a new one: expires, "" for none.
func (a *Admin) RestoreZone(closedName string, expires *string, now time.Time) (string, error) {
	return a.RestoreZoneAs(closedName, "", expires, now)
}

// RestoreZoneAs is RestoreZone under another name, which must be free; "" is the one that the zone had.
func (a *Admin) RestoreZoneAs(closedName, name string, expires *string, now time.Time) (string, error) {
	h, err := a.ReachClosed(closedName)
	if err != nil {
		return "", err
	}
	defer h.Release()
	if err := h.Lock(); err != nil {
		return "", err
	}
	return h.RestoreAs(name, expires, now)
}

// RestoreAs is RestoreZoneAs of a closed zone that is held; it is then an open one.
func (h *Held) RestoreAs(name string, expires *string, now time.Time) (string, error) {
	if name != "" {
		if err := CheckName(name); err != nil {
			return "", err
		}
	}
	if err := checkNotPast(expires, now); err != nil {
		return "", err
	}
	// Only root changes .closed, and whoever restores this zone holds its lock.
	if err := checkMoved(h.dir, h.name, h.fd); err != nil {
		return "", fmt.Errorf("%s: %w", h.name, ErrNotClosed)
	}
	if name == "" {
		name = readClosing(h.fd, &h.stat, h.name).name
	}
	if expires == nil {
		if err := checkNotPast(ReadMetadata(h.fd).Expires, now); err != nil {
			return "", fmt.Errorf("%s: %w", h.name, ErrExpired)
		}
	}
	// Looked at before the date is written, so that a refusal changes nothing; the rename decides.
	var st unix.Stat_t
	if err := unix.Fstatat(h.admin.base, name, &st, unix.AT_SYMLINK_NOFOLLOW); err == nil {
		return "", fmt.Errorf("%s: %w", name, ErrExists)
	}
	if err := WriteMetadata(h.fd, Metadata{Expires: expires}); err != nil {
		return "", err
	}
	if ReadMetadata(h.fd).MaxAge != nil || h.hasTrash() { // else nothing in it goes because of its age
		if err := markRestored(h.fd, time.Now()); err != nil && !noRoom(err) {
			return "", err // no room for a mark is no reason to leave it closed
		}
	}
	err := unix.Renameat2(h.dir, h.name, h.admin.base, name, unix.RENAME_NOREPLACE)
	if err == unix.EEXIST {
		return "", fmt.Errorf("%s: %w", name, ErrExists)
	}
	if err != nil {
		return "", fmt.Errorf("%s: moving from %s: %w", h.name, layout.Closed, err)
	}
	err = errors.Join(removeAttribute(h.fd, AttrClosed), h.admin.syncBoth(h.dir))
	unix.Close(h.dir)
	h.dir, h.name, h.closed = h.admin.base, name, false
	return name, err
}

func (h *Held) hasTrash() bool {
	names, err := readNames(h.fd)
	return err != nil || slices.ContainsFunc(names, isTrash)
}

// reachClosed opens the folder of closed zones.
func (a *Admin) reachClosed() (int, error) {
	return reach(a.base, path.Base(layout.Closed), unix.O_RDONLY|unix.O_DIRECTORY)
}

// syncBoth makes the names in the base and in .closed last.
func (a *Admin) syncBoth(closed int) error {
	return errors.Join(unix.Fsync(closed), a.syncBase())
}

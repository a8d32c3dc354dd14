package zone

import (
	"fmt"
	"time"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

// AttrRestored is on a folder that came back, from the trash or, a zone's root, from .closed: when, in the form of RFC 3339. What is in it
// lay there for longer than its maximum age perhaps, but in nobody's sight; so it counts as changed then. Whoever owns the folder can
// write it, and wins nothing by it that touching or renaming what is in it would not give him.
const AttrRestored = "user.shz.restored"

// markRestored writes AttrRestored.
func markRestored(fd int, now time.Time) error {
	if err := xattr.Set(descriptorPath(fd), AttrRestored, now.UTC().AppendFormat(nil, time.RFC3339)); err != nil {
		return fmt.Errorf("%s: %w", AttrRestored, err)
	}
	return nil
}

// restoredSlack is how much later than the folder's change of status AttrRestored may be: the kernel's clock has other ticks.
const restoredSlack = time.Minute

// restored is what AttrRestored of a folder says, the zero time where it says nothing that can be: who writes it changes the folder's
// status, so a later time is made up.
func restored(fd int, changed unix.Timespec) time.Time {
	value := make([]byte, 2*len(time.RFC3339)) // what is longer is no time
	n, err := unix.Fgetxattr(fd, AttrRestored, value)
	if err == unix.EBADF { // an O_PATH one; a walk has others, and asks in each folder: through /proc that takes some four times as long
		n, err = unix.Getxattr(descriptorPath(fd), AttrRestored, value)
	}
	if err != nil {
		return time.Time{}
	}
	when, err := time.Parse(time.RFC3339, string(value[:n]))
	if err != nil || when.After(time.Unix(changed.Unix()).Add(restoredSlack)) {
		return time.Time{}
	}
	return when
}

// laterOf is the later of two times.
func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// A folder that mv brings is new as a whole, though nothing in it shows: a rename changes the status of the folder alone, and nothing else
// but its mode and its list does that without changing its time of modification too. So its content counts as changed then, until
// something is put into it or taken out.

// returns is, by the levels of a walk from a zone's root, what is known of folders that came back.
type returns []comeback

type comeback struct {
	when  time.Time
	by    uint32    // the owner of the folder with the mark
	moved time.Time // when this folder, or one that it lies in, was put there, or its list changed
}

// enter notes what is known of the folder at a level; the root is at 0. What holds for a folder holds for those in it, but only for
// the same owner's: nobody keeps by a mark what he could not touch.
func (r *returns) enter(level, fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	here := comeback{when: restored(fd, st.Ctim), by: st.Uid}
	if level > 1 && (*r)[level-1].by == here.by {
		here.when = laterOf(here.when, (*r)[level-1].when)
	}
	if changed := time.Unix(st.Ctim.Unix()); level > 0 && changed.After(time.Unix(st.Mtim.Unix())) {
		here.moved = changed
	}
	if level > 1 {
		here.moved = laterOf(here.moved, (*r)[level-1].moved)
	}
	*r = append((*r)[:level], here)
	return nil
}

// at is when what lies in the folder at a level came back, the whole zone perhaps; the zero time: it did not.
func (r returns) at(level int) time.Time {
	return laterOf(r[level].moved, laterOf(r[0].when, r[level].when))
}

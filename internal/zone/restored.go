package zone

import (
	"fmt"
	"time"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

// AttrRestored is on a folder that came back, from the trash or, a zone's root, from .closed: when, in the form of RFC 3339. What is in it
// lay there for longer than its maximum age perhaps, but in nobody's sight; so it counts as changed then. Whoever owns the folder can
// write it, and wins nothing by it that touching his files would not give him.
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
	value, err := xattr.Get(descriptorPath(fd), AttrRestored)
	if err != nil {
		return time.Time{}
	}
	when, err := time.Parse(time.RFC3339, string(value))
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

// returns is, by the levels of a walk, when the folder or one above it came back.
type returns []time.Time

// enter notes what is known of the folder at a level; the root is at 0.
func (r *returns) enter(level, fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	when := restored(fd, st.Ctim)
	if level > 0 {
		when = laterOf(when, (*r)[level-1])
	}
	*r = append((*r)[:level], when)
	return nil
}

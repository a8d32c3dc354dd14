package zone

import (
	"errors"
	"strconv"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// attrNarrowing begins the names of attributes on a zone's root, one for each principal ("trusted.shz.narrowing.u1001") from
// whom rights are being taken away in the zone. It is there from before the first change until nothing of his is left, so that
// who asks again after an interruption, whatever for, first ends what was begun: the root, which has lost its entry by then,
// does not tell. Only root reads and writes trusted attributes.
const attrNarrowing = "trusted.shz.narrowing."

func narrowingOf(e acl.Entry) string {
	kind := "u"
	if e.Tag == acl.Group {
		kind = "g"
	}
	return attrNarrowing + kind + strconv.FormatUint(uint64(e.ID), 10)
}

// isNarrowing says whether rights of the entry's principal were being taken away, and that did not end.
func isNarrowing(fd int, e acl.Entry) bool {
	_, err := xattr.Get(descriptorPath(fd), narrowingOf(e))
	return err == nil
}

// byHand is the value of the attribute where the root's entry gave nothing before, and so was written by hand: it stays. Otherwise one that
// gives nothing is what an interruption left of a downgrade, and goes when all rights are taken away.
const byHand = "by hand"

// isByHand says whether that was found when taking rights away began.
func isByHand(fd int, e acl.Entry) bool {
	value, err := xattr.Get(descriptorPath(fd), narrowingOf(e))
	return err == nil && string(value) == byHand
}

// beginNarrowing records it. Where there is no room, or root may not write such attributes, rights are taken away all the same.
func beginNarrowing(fd int, e acl.Entry, value string) error {
	err := xattr.Set(descriptorPath(fd), narrowingOf(e), []byte(value))
	if err != nil && (noRoom(err) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP)) {
		return nil
	}
	return err
}

func endNarrowing(fd int, e acl.Entry) error { return removeAttribute(fd, narrowingOf(e)) }

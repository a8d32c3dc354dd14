// Package quota asks the kernel how much a user or a group may have on a file system, and has (quotactl(2)).
//
// It sets nothing: quotas are the administrator's, and the kernel alone enforces them (EDQUOT). Everybody may ask about
// himself and his own groups, root about everybody.
//
// BUGS: quotas of projects (XFS, ext4) and quota groups of Btrfs are not asked here; those of Btrfs internal/btrfs knows.
package quota

import (
	"encoding/binary"
	"math"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Quota is what somebody has on a file system and what he may have. A nil limit is none.
type Quota struct {
	Used      int64      `json:"used"`       // bytes
	Limit     *int64     `json:"limit"`      // bytes: the hard limit or, where there is only that, the soft one
	Files     int64      `json:"files"`      // files and folders
	FileLimit *int64     `json:"file_limit"` // as Limit
	Until     *time.Time `json:"until"`      // a soft limit is exceeded, and counts as a hard one from then on; null: none is
}

// Quotas are those of a user and of his group. nil: nothing is limited.
type Quotas struct {
	User  *Quota `json:"user"`
	Group *Quota `json:"group"`
}

// The kernel's names and numbers, <linux/quota.h>.
const (
	getQuota   = 0x800007 // Q_GETQUOTA
	userQuota  = 0
	groupQuota = 1
	blockSize  = 1024 // QIF_DQBLKSIZE, the unit of limits
)

// answer is struct if_dqblk: nine numbers of 64 bits. The last one is a set of bits in the first half of it.
type answer [72]byte

// Of returns the quotas of a user and a group on the file system of what is behind a descriptor of any kind; nil where
// neither has a limit, or the kernel tells of none: quotas are off, or this file system has none.
func Of(fd int, uid, gid uint32) *Quotas {
	q := Quotas{User: OfUser(fd, uid), Group: of(fd, groupQuota, gid)}
	if q.User == nil && q.Group == nil {
		return nil
	}
	return &q
}

// OfUser is Of for a user alone.
func OfUser(fd int, uid uint32) *Quota { return of(fd, userQuota, uid) }

func of(fd int, kind uintptr, id uint32) *Quota {
	var a answer
	// Why there is none does not matter: ENOSYS, ESRCH, ENOENT and others say it, each file system in its way.
	if quotactl(fd, getQuota, kind, id, &a) != nil {
		return nil
	}
	return a.read()
}

// quotactl is quotactl_fd(2), which needs no name of a device; x/sys has no function for it.
func quotactl(fd int, command, kind uintptr, id uint32, a *answer) error {
	_, _, errno := unix.Syscall6(unix.SYS_QUOTACTL_FD, uintptr(fd), command<<8|kind, uintptr(id), uintptr(unsafe.Pointer(a)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// read is what the kernel said, nil where nothing is limited.
func (a *answer) read() *Quota {
	number := func(i int) uint64 { return binary.NativeEndian.Uint64(a[8*i:]) }
	q := &Quota{
		Limit: limit(number(0), number(1), blockSize), Used: bytes(number(2), 1),
		FileLimit: limit(number(3), number(4), 1), Files: bytes(number(5), 1),
	}
	if q.Limit == nil && q.FileLimit == nil {
		return nil
	}
	for _, seconds := range []uint64{number(6), number(7)} { // 0: not exceeded
		if at := time.Unix(bytes(seconds, 1), 0).UTC(); seconds != 0 && (q.Until == nil || at.Before(*q.Until)) {
			q.Until = &at
		}
	}
	return q
}

// limit is the hard limit, or the soft one where there is no other; 0 is none.
func limit(hard, soft, unit uint64) *int64 {
	if hard == 0 {
		hard = soft
	}
	if hard == 0 {
		return nil
	}
	n := bytes(hard, unit)
	return &n
}

// bytes is n units, as many as can be said.
func bytes(n, unit uint64) int64 {
	if n > math.MaxInt64/unit {
		return math.MaxInt64
	}
	return int64(n * unit)
}

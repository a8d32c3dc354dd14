package main

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// Handlers that one user may have at the same time. A browser opens six connections and a person a few tabs; shzguest
// is everybody who is about to log in, from both entries, and of him one address may have no more than a user.
const (
	slotsPerUser    = 24
	slotsPerAddress = 24
	slotsGuest      = 96
	// guestBuckets is how many kinds of addresses there are: two share a bucket, by chance, in one of so many cases.
	guestBuckets = 128
)

// takeSlots locks one of the user's slot files, for shzguest also one of the address's, and leaves them locked: the
// handler inherits the descriptors, so the kernel frees the slots when the handler has ended, however it ended.
func takeSlots(q *request, who identity, c component) ([]int, *refusal) {
	if c.name == refusedComponent().name {
		return nil, nil // short, bounded, and the answer to "no slot"
	}
	uid := itoa(int(who.uid))
	if !who.guest {
		fd, r := takeSlot(uid, slotsPerUser, who.user)
		return []int{fd}, r
	}
	bucket := q.entry + "." + itoa(int(addressBucket(q.address)))
	first, r := takeSlot(uid+"."+bucket, slotsPerAddress, q.address+" ("+q.entry+")")
	if r != nil {
		return nil, r
	}
	second, r := takeSlot(uid, slotsGuest, who.user)
	return []int{first, second}, r
}

// addressBucket puts an address into one of the buckets; of IPv6 the first 64 bits count, since whoever has one has all
// that begin so. Whoever has several addresses can choose them so that they share a bucket (FNV-1a has no key) and take
// the 24 slots of whoever else is in it; with as many addresses he could as well take all 96.
func addressBucket(address string) uint32 {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return 0
	}
	bytes := a.AsSlice()
	if a.Is6() {
		bytes = bytes[:8]
	}
	hash := uint32(2166136261)
	for _, b := range bytes {
		hash = (hash ^ uint32(b)) * 16777619
	}
	return hash % guestBuckets
}

// takeSlot locks one of the files NAME.0 to NAME.most-1.
func takeSlot(name string, most int, holder string) (int, *refusal) {
	first := int(time.Now().UnixNano()/1000) % most // mostly finds a free one at once
	for i := range most {
		path := layout.Slots + "/" + name + "." + itoa((first+i)%most)
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return -1, &refusal{stepSlot, spaceCode(err, "internal"), "slot: " + err.Error()}
		}
		if unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == nil {
			return fd, nil
		}
		unix.Close(fd)
	}
	return -1, &refusal{stepSlot, "busy", holder + " holds all " + itoa(most) + " slots"}
}

// openQueue opens one of the machine's queues, as many as it has processors, for a handler that may decode a picture: that takes hundreds
// of MiB, and 24 at a time for each user are too many. The handler locks it when it comes to that; most find that they need not.
// It is open for reading alone: nobody fills the disk by it.
func openQueue(q *request, c component) (int, *refusal) {
	if c.decodes == nil || !c.decodes(q) {
		return -1, nil
	}
	path := layout.Slots + "/decode." + itoa(int(time.Now().UnixNano()/1000)%runtime.NumCPU())
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return -1, &refusal{stepSlot, spaceCode(err, "internal"), "queue: " + err.Error()}
	}
	return fd, nil
}

// openEvent makes the file in which the handler says what it does: locked until the request is over, its first line
// stamped here, so nothing that a handler writes can pass for another user's act.
func openEvent(q *request, c component, who identity) (int, *refusal) {
	if !c.event(q) {
		return -1, nil
	}
	fail := func(err error) (int, *refusal) {
		return -1, &refusal{stepEvent, spaceCode(err, "internal"), "event file: " + err.Error()}
	}
	var space unix.Statfs_t
	if err := unix.Statfs(layout.Events, &space); err != nil {
		return fail(err)
	}
	if who.guest && inReserve(&space) {
		return -1, &refusal{stepEvent, "no-space", "event file: the last of the spool is for those who are logged in"}
	}
	now := time.Now().UTC()
	name := layout.Events + "/" + now.Format("20060102T150405.000000000Z") + "-" + q.id
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o640)
	if err != nil {
		return fail(err)
	}
	zone, zoneID, zoneDir := zoneOf(q)
	line := `{"version":1,"time":"` + now.Format(time.RFC3339) + `","request":"` + q.id + `","uid":` + itoa(int(who.uid)) +
		`,"user":"` + who.user + `","component":"` + c.name + `","entry":"` + q.entry + `","address":"` + q.address +
		`","zone":"` + zone + `","zone_id":"` + zoneID + `","zone_dir":"` + zoneDir + `"}` + "\n"
	err = unix.Fchmod(fd, 0o640) // the folder's setgid bit makes it shzspool's to read
	if err == nil {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		var n int
		if n, err = unix.Write(fd, []byte(line)); err == nil && n < len(line) {
			err = unix.ENOSPC
		}
	}
	if err != nil {
		os.Remove(name)
		unix.Close(fd)
		return fail(err)
	}
	return fd, nil
}

// What strangers leave to those who are logged in: thousands of event files. A tenth of a spool that is smaller than ten times that.
// It is no more, for while it lasts nobody can log in.
const (
	reservedBytes  = 64 << 20
	reservedInodes = 4096
)

// inReserve says whether only the reserve is left of the spool's blocks or inodes. Strangers do not get at it, for any of them
// can have event files made, by login. Btrfs counts no inodes (0).
func inReserve(space *unix.Statfs_t) bool {
	block := uint64(space.Bsize)
	return space.Bavail*block < min(space.Blocks*block/10, reservedBytes) || space.Ffree < min(space.Files/10, reservedInodes)
}

// zoneOf is the zone that a request to shz names, its id, and "INODE-BIRTH" of its directory: all "" unless the name has a zone's form, and
// the id "" unless it has an id's. That is what the zone's owner writes there; which directory it was is not his to say.
func zoneOf(q *request) (name, id, dir string) {
	rest, isZone := strings.CutPrefix(q.path(), "/cgi-bin/shz/")
	name, _, _ = strings.Cut(rest, "/")
	if !isZone || name == "" || len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" || strings.IndexByte("._-", name[0]) >= 0 {
		return "", "", ""
	}
	fd, err := unix.Open(layout.Base+"/"+name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return name, "", ""
	}
	defer unix.Close(fd)
	var st unix.Statx_t
	if unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_INO|unix.STATX_BTIME, &st) == nil && st.Mask&unix.STATX_BTIME != 0 && st.Btime.Sec >= 0 {
		dir = strconv.FormatUint(st.Ino, 10) + "-" + strconv.FormatInt(st.Btime.Sec*1e9+int64(st.Btime.Nsec), 10)
	}
	b := make([]byte, 33)
	n, err := unix.Fgetxattr(fd, "user.shz.id", b)
	if err != nil || n != 32 || strings.Trim(string(b[:n]), "0123456789abcdef") != "" {
		return name, "", dir
	}
	return name, string(b[:n]), dir
}

// setLimits bounds what one handler can use up, also by a bug.
func setLimits(c component) *refusal {
	for _, limit := range [...]struct {
		resource int
		value    uint64
	}{
		{unix.RLIMIT_CORE, 0},      // a core would hold what the user may not read of his own handler
		{unix.RLIMIT_NOFILE, 1024}, // removing a tree takes one a level
		{unix.RLIMIT_CPU, c.cpu},
		{unix.RLIMIT_DATA, c.memory},
	} {
		if err := syscall.Setrlimit(limit.resource, &syscall.Rlimit{Cur: limit.value, Max: limit.value}); err != nil {
			return &refusal{stepLimits, "", "rlimit " + itoa(limit.resource) + ": " + err.Error()}
		}
	}
	return nil
}

// keepDescriptors makes the kernel close everything on execution but stdio and the descriptors named.
func keepDescriptors(fds ...int) error {
	if err := unix.CloseRange(3, 1<<32-1, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return err
	}
	for _, fd := range fds {
		if fd < 0 {
			continue
		}
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return err
		}
	}
	return nil
}

// spaceCode is "no-space" where the state or spool has no room left, otherwise the code given.
func spaceCode(err error, otherwise string) string {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return "no-space"
	}
	return otherwise
}

package zone

import (
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// uploadPrefix begins the reserved names of uploads that are one request: a file system that has no files without a
// name needs one, and replacing does, for a moment. What other parts of Share Zone keep under reserved names begins
// differently.
const uploadPrefix = ReservedPrefix + "put-"

// LeftoverAge is how long such a name was not touched before it is taken for left. A day is more than any request lasts.
const LeftoverAge = 24 * time.Hour

// SweepUploads removes what uploads of the caller's left in the folder under reserved names when they were killed. It is
// a courtesy: whatever cannot be looked at, as in a drop box, stays for the cleaner.
func (o *Object) SweepUploads() { o.sweepUploads(LeftoverAge) }

func (o *Object) sweepUploads(age time.Duration) {
	dir, err := o.reopen(unix.O_RDONLY | unix.O_DIRECTORY)
	if err != nil {
		return
	}
	defer dir.Close()
	before := time.Now().Add(-age)
	buffer := make([]byte, direntBuffer)
	for {
		entries, err := readDirents(int(dir.Fd()), buffer)
		if err != nil || len(entries) == 0 {
			return
		}
		for _, e := range entries {
			if isUploads(e.name) {
				o.sweepUpload(e.name, before)
			}
		}
	}
}

// isUploads says whether a reserved name is an upload's.
func isUploads(name string) bool {
	return strings.HasPrefix(name, uploadPrefix) || strings.HasPrefix(name, partialPrefix) || strings.HasPrefix(name, donePrefix)
}

// sweepUpload removes what has a reserved name if it is a file of the caller's own that nothing has touched since before (ctime,
// which nobody can set) and that no process holds locked: an upload under way keeps its lock, whatever the clocks say.
func (o *Object) sweepUpload(name string, before time.Time) {
	if mark := markOf(o.fd, name); mark != "" {
		if o.sweepUpload(mark, before); markOf(o.fd, name) != "" {
			return
		}
	}
	left, err := o.reach(name, 0)
	if err != nil {
		return
	}
	defer left.Close()
	st := left.Stat()
	if left.Kind() != "file" || st.Uid != uint32(os.Geteuid()) || !time.Unix(st.Ctim.Unix()).Before(before) {
		return
	}
	file, err := left.reopen(unix.O_RDONLY)
	if err != nil {
		return
	}
	defer file.Close() // with the lock: a client that goes on now waits for it, and is told then that the upload is gone
	if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		unix.Unlinkat(o.fd, name, 0) // it is random, so nobody gave it to another file meanwhile
	}
}

// markOf is the mark that an upload in several requests has ended, "" where there is none. The mark goes before the bytes: alone
// it would say of bytes that were given up, and never got their name, that they had.
func markOf(dir int, name string) string {
	id, isPartial := strings.CutPrefix(name, partialPrefix)
	var bytes, mark unix.Stat_t
	if !isPartial || unix.Fstatat(dir, name, &bytes, unix.AT_SYMLINK_NOFOLLOW) != nil ||
		unix.Fstatat(dir, donePrefix+id, &mark, unix.AT_SYMLINK_NOFOLLOW) != nil || mark.Uid != bytes.Uid {
		return ""
	}
	return donePrefix + id
}

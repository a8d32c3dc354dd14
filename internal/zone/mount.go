package zone

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A mount in the place of a zone is root's work, or that of a member with a shell and a file system of his own making
// (FUSE). What lies on a server or in somebody's process may never answer, and whoever only looked would wait with it. So
// such a zone is named in lists and not looked at; requests to it wait on their own.

// local are the types of file systems that answer by themselves.
var local = map[string]bool{
	"btrfs": true, "exfat": true, "ext2": true, "ext3": true, "ext4": true, "f2fs": true, "ramfs": true, "tmpfs": true,
	"vfat": true, "xfs": true,
}

// mountsIn returns the type of what is mounted on the names in a folder, of the topmost where there are several.
func mountsIn(folder string) (map[string]string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMounts(string(text), folder), nil
}

// parseMounts reads the form of proc(5): "36 35 98:0 /root /mount/point rw,noatime master:1 - ext4 /dev/root rw". The
// names of zones have nothing that is escaped there.
func parseMounts(text, folder string) map[string]string {
	types := make(map[string]string)
	for line := range strings.Lines(text) {
		before, after, _ := strings.Cut(line, " - ")
		mount, system := strings.Fields(before), strings.Fields(after)
		if len(mount) < 5 || len(system) == 0 {
			continue
		}
		if dir, name := filepath.Split(mount[4]); dir == folder+"/" {
			types[name] = system[0]
		}
	}
	return types
}

// mountedOn returns the type of what is mounted on a name in the folder behind dir, "" where that cannot be told.
func mountedOn(dir int, name string) string {
	folder, err := os.Readlink(descriptorPath(dir))
	if err != nil {
		return ""
	}
	types, err := mountsIn(folder)
	if err != nil {
		return ""
	}
	return types[name]
}

// inspectAt reads what has a name in the folder behind dir. Of what a mount covers it sees nothing, of what is mounted
// only what can be seen without waiting for anybody.
func inspectAt(dir int, name string) (Root, error) {
	fd, err := reach(dir, name, unix.O_PATH)
	mounted, system := errors.Is(err, unix.EXDEV), ""
	if mounted {
		if system = mountedOn(dir, name); !local[system] {
			return Root{Name: name, IsDir: true, Mounted: true, System: system, Unseen: true}, nil
		}
		fd, err = unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0) // to look at, and nothing else
	}
	if err != nil {
		return Root{}, err
	}
	defer unix.Close(fd)
	r, err := inspect(fd, name)
	r.Mounted, r.System = mounted, system
	return r, err
}

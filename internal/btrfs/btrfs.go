// Package btrfs knows the subvolumes of a btrfs and their limits (quota groups, btrfs-quota(8)).
//
// What is set is read from sysfs, which everybody may; changing it needs root, and is done by btrfs(8), which knows the
// kernel's ioctls. Limits are enforced by the kernel alone: a write beyond one ends in EDQUOT.
//
// BUGS: of the quota group of the subvolume itself is spoken, 0/ID; those above it, which an administrator can make, are
// not looked at. They hold all the same.
package btrfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Why there are no limits somewhere.
var (
	ErrOther    = errors.New("not a btrfs")
	ErrNoQuotas = errors.New("quotas are not enabled")
)

// rootInode is the number of the root of every subvolume (BTRFS_FIRST_FREE_OBJECTID).
const rootInode = 256

// sysfs has a folder for each mounted btrfs, named by its UUID.
const sysfs = "/sys/fs/btrfs"

// Subvolume is the one in which a file or folder lies.
type Subvolume struct {
	ID     uint64
	IsRoot bool   // the folder is the subvolume itself
	groups string // where its file system tells of quota groups
}

// Of returns the subvolume of what is behind a descriptor of any kind: ErrOther elsewhere, ErrNoQuotas where nothing is
// limited.
func Of(fd int) (Subvolume, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(fd, &s); err != nil {
		return Subvolume{}, fmt.Errorf("statfs: %w", err)
	}
	if s.Type != unix.BTRFS_SUPER_MAGIC {
		return Subvolume{}, ErrOther
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Subvolume{}, fmt.Errorf("stat: %w", err)
	}
	id, err := subvolumeID(fd)
	if err != nil {
		return Subvolume{}, err
	}
	folders, err := filepath.Glob(sysfs + "/*-*-*-*-*/qgroups")
	if err != nil {
		return Subvolume{}, err
	}
	for _, groups := range folders {
		if fsid(filepath.Base(filepath.Dir(groups)), id) == s.Fsid.Val {
			return Subvolume{ID: id, IsRoot: st.Ino == rootInode, groups: groups}, nil
		}
	}
	return Subvolume{}, ErrNoQuotas // there is such a folder only while they are enabled
}

// Name is one that no other subvolume has, on any btrfs: the UUID of the file system and the number, which is never given again.
func (s Subvolume) Name() string {
	return fmt.Sprintf("%s.%d", filepath.Base(filepath.Dir(s.groups)), s.ID)
}

// subvolumeID reads it from the handle that the kernel makes of a file for NFS: inode 8 bytes, subvolume 8, generation 4
// (struct btrfs_fid). The ioctl that tells it as well is behind unsafe pointers.
func subvolumeID(fd int) (uint64, error) {
	handle, _, err := unix.NameToHandleAt(fd, "", unix.AT_EMPTY_PATH)
	if err != nil {
		return 0, fmt.Errorf("name_to_handle_at: %w", err)
	}
	b := handle.Bytes()
	if len(b) < 20 {
		return 0, fmt.Errorf("a handle of %d bytes", len(b))
	}
	return binary.NativeEndian.Uint64(b[8:]), nil
}

// fsid is what statfs(2) gives for a subvolume of the file system with this UUID: its four words, two by two, and the
// subvolume's number.
func fsid(uuid string, id uint64) [2]int32 {
	var words [4]uint32
	digits := strings.ReplaceAll(uuid, "-", "")
	for i := range words {
		if len(digits) != 32 {
			return [2]int32{}
		}
		word, err := strconv.ParseUint(digits[8*i:8*i+8], 16, 32)
		if err != nil {
			return [2]int32{}
		}
		words[i] = uint32(word)
	}
	return [2]int32{int32(words[0] ^ words[2] ^ uint32(id>>32)), int32(words[1] ^ words[3] ^ uint32(id))}
}

// Usage is how much a subvolume may take and takes, in bytes.
type Usage struct {
	Limit *int64 // nil: none
	Used  int64  // with what is set aside for changes under way, as the kernel counts it
}

// reservations are the files of what is set aside.
var reservations = [...]string{"/rsv_data", "/rsv_meta_pertrans", "/rsv_meta_prealloc"}

// Usage reads the limit of the subvolume: of what it holds, or of what it holds alone, whichever leaves less.
func (s Subvolume) Usage() (Usage, error) {
	group := fmt.Sprintf("%s/0_%d", s.groups, s.ID)
	flags, err := number(group + "/limit_flags")
	if errors.Is(err, fs.ErrNotExist) { // made before quotas were enabled, and not looked at since
		return Usage{}, nil
	}
	if err != nil {
		return Usage{}, err
	}
	var u Usage
	var aside int64
	for _, file := range reservations {
		n, err := number(group + file)
		if err != nil {
			return Usage{}, err
		}
		aside += n
	}
	for i, kind := range [...]string{"referenced", "exclusive"} { // bits of limit_flags, from the lowest
		used, err1 := number(group + "/" + kind)
		limit, err2 := number(group + "/max_" + kind)
		if err := errors.Join(err1, err2); err != nil {
			return Usage{}, err
		}
		used += aside
		limited := flags>>i&1 == 1
		if i == 0 || limited && (u.Limit == nil || limit-used < *u.Limit-u.Used) {
			u.Used = used
			if limited {
				u.Limit = &limit
			}
		}
	}
	return u, nil
}

// number reads a file of sysfs. What is larger than an int64 is as good as none, and the largest of them.
func number(file string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return int64(min(n, 1<<63-1)), nil
}

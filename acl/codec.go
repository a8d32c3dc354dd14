// The form of an ACL in the extended attributes system.posix_acl_access and system.posix_acl_default: a version
// number, then eight bytes for each entry, all little-endian (linux/posix_acl_xattr.h).

package acl

import (
	"encoding/binary"
	"fmt"
)

const (
	version    = 2 // the only one since Linux 2.6; others are answered EOPNOTSUPP
	headerSize = 4
	entrySize  = 8
)

// Decode reads the kernel's form.
//
// What it takes follows posix_acl_valid in the kernel's fs/posix_acl.c, which checks each tag against the one before
// but never compares IDs. So a list on disk may have its IDs in any order, and Decode sorts them; it may even name
// somebody twice, and that Decode refuses, as libacl does: the kernel goes by the first entry of a user, people see both. Wrong
// order of tags cannot come from a kernel and is refused. The ID of an entry that names nobody is ignored, as in the
// kernel.
func Decode(b []byte) (ACL, error) {
	if len(b) < headerSize || (len(b)-headerSize)%entrySize != 0 {
		return nil, fmt.Errorf("%w: %d bytes are not a header of %d and entries of %d each",
			ErrInvalid, len(b), headerSize, entrySize)
	}
	if v := binary.LittleEndian.Uint32(b); v != version {
		return nil, fmt.Errorf("%w: version %d instead of %d", ErrInvalid, v, version)
	}
	count := (len(b) - headerSize) / entrySize
	if count > MaxEntries {
		return nil, fmt.Errorf("%w: %d entries, at most %d fit", ErrInvalid, count, MaxEntries)
	}
	a := make(ACL, 0, count)
	for i := range count {
		raw := b[headerSize+i*entrySize:]
		e := Entry{
			Tag:  Tag(binary.LittleEndian.Uint16(raw)),
			Perm: Perm(binary.LittleEndian.Uint16(raw[2:])),
			ID:   binary.LittleEndian.Uint32(raw[4:]),
		}.identified()
		if i > 0 && e.Tag < a[i-1].Tag {
			return nil, fmt.Errorf("%w: entry %d (%v) stands after %v", ErrInvalid, i+1, e, a[i-1])
		}
		a = append(a, e)
	}
	return a.canonical()
}

// Encode checks the list and returns the kernel's form in canonical order. Two equal lists have equal bytes.
func (a ACL) Encode() ([]byte, error) {
	sorted, err := a.canonical()
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, headerSize+len(sorted)*entrySize)
	b = binary.LittleEndian.AppendUint32(b, version)
	for _, e := range sorted {
		b = binary.LittleEndian.AppendUint16(b, uint16(e.Tag))
		b = binary.LittleEndian.AppendUint16(b, uint16(e.Perm))
		b = binary.LittleEndian.AppendUint32(b, e.ID)
	}
	return b, nil
}

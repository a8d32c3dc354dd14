// Package acl reads, changes and writes POSIX access control lists (acl(5)).
//
// acl.go holds the list and its rules, codec.go the kernel's form, text.go the form of getfacl(1) and setfacl(1),
// file.go the lists of open files. The package knows nothing of zones, requests or configuration, and it never
// answers whether somebody may do something: the kernel does, and explain.go finds the reason for its answer.
//
// SECURITY: SetAccess and SetDefault give access to files. A caller with root's rights must hold a descriptor of the
// very file that it checked; this package never takes a path.
package acl

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Tag says whom an entry is about. The values are the kernel's, and their order is the canonical one.
type Tag uint16

const (
	UserObj  Tag = 1  // the file's owner
	User     Tag = 2  // the user of the entry's ID
	GroupObj Tag = 4  // the file's group
	Group    Tag = 8  // the group of the entry's ID
	Mask     Tag = 16 // the most that User, GroupObj and Group entries can give
	Other    Tag = 32 // everybody else
)

// Perm is a set of Read, Write and Execute.
type Perm uint16

const (
	Read    Perm = 4
	Write   Perm = 2
	Execute Perm = 1

	all = Read | Write | Execute
)

// Undefined is the ID of entries that name nobody. It is uid_t -1, which no account can have.
const Undefined uint32 = math.MaxUint32

// MaxEntries is how many entries fit into the largest extended attribute, 64 KiB. File systems hold fewer: ext4
// about 500, counted over both lists and all other attributes of the file.
const MaxEntries = (64<<10 - headerSize) / entrySize

// ErrInvalid is wrapped by every error about a list itself, in whichever form it came.
var ErrInvalid = errors.New("invalid ACL")

// Entry is one line of an ACL, for example {User, 1001, Read | Execute}.
type Entry struct {
	Tag  Tag
	ID   uint32 // uid of a User, gid of a Group, otherwise Undefined
	Perm Perm
}

// ACL is an access ACL or a directory's default ACL. Methods that return an ACL leave the receiver as it is and
// return the canonical order: by tag, then by ID.
type ACL []Entry

func (t Tag) String() string {
	switch t {
	case UserObj, User:
		return "user"
	case GroupObj, Group:
		return "group"
	case Mask:
		return "mask"
	case Other:
		return "other"
	}
	return fmt.Sprintf("tag %#x", uint16(t))
}

// named reports whether entries of this tag carry an ID.
func (t Tag) named() bool { return t == User || t == Group }

// masked reports whether the mask limits entries of this tag: those of the group class.
func (t Tag) masked() bool { return t == User || t == GroupObj || t == Group }

// String returns the three letters that ls(1) and getfacl(1) show.
func (p Perm) String() string {
	if p > all {
		return fmt.Sprintf("permissions %#x", uint16(p))
	}
	text := []byte("---")
	for i, letter := range []byte("rwx") {
		if p&(Read>>i) != 0 {
			text[i] = letter
		}
	}
	return string(text)
}

// String returns the entry in the long text form with a numeric ID, such as "user:1001:r-x" or "mask::rwx".
func (e Entry) String() string { return e.format(nil) }

// identified returns e with the ID that its tag allows, so that callers may leave out Undefined.
func (e Entry) identified() Entry {
	if !e.Tag.named() {
		e.ID = Undefined
	}
	return e
}

func order(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.ID, b.ID))
}

// check returns what is wrong with the entry by itself.
func (e Entry) check() error {
	switch {
	case e.Tag != UserObj && e.Tag != User && e.Tag != GroupObj && e.Tag != Group && e.Tag != Mask && e.Tag != Other:
		return errors.New("unknown tag")
	case e.Perm > all:
		return errors.New("unknown permission bits")
	case e.Tag.named() && e.ID == Undefined:
		// Inside a user namespace the kernel shows every ID that has no number there in this way. Writing
		// such a list back would lose whom it meant.
		return errors.New("names no ID")
	case !e.Tag.named() && e.ID != Undefined:
		return errors.New("must not name an ID")
	}
	return nil
}

// Check returns an error unless the kernel would take the list and it is free of duplicates. The order does not
// matter: Encode sorts.
func (a ACL) Check() error {
	_, err := a.canonical()
	return err
}

// canonical returns a sorted copy, or an error that Check describes.
func (a ACL) canonical() (ACL, error) {
	if len(a) > MaxEntries {
		return nil, fmt.Errorf("%w: %d entries, at most %d fit", ErrInvalid, len(a), MaxEntries)
	}
	for i, e := range a {
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("%w: entry %d (%v): %w", ErrInvalid, i+1, e, err)
		}
	}
	sorted := slices.Clone(a)
	slices.SortFunc(sorted, order)
	for i := 1; i < len(sorted); i++ {
		if order(sorted[i-1], sorted[i]) == 0 {
			return nil, fmt.Errorf("%w: duplicate entry: %v and %v", ErrInvalid, sorted[i-1], sorted[i])
		}
	}
	for _, t := range []Tag{UserObj, GroupObj, Other} {
		if !sorted.has(t) {
			return nil, fmt.Errorf("%w: no %v:: entry", ErrInvalid, t)
		}
	}
	if sorted.needsMask() {
		return nil, fmt.Errorf("%w: named entries and no mask:: entry", ErrInvalid)
	}
	return sorted, nil
}

func (a ACL) has(t Tag) bool {
	return slices.ContainsFunc(a, func(e Entry) bool { return e.Tag == t })
}

// needsMask reports whether a must have a mask and has none.
func (a ACL) needsMask() bool {
	return (a.has(User) || a.has(Group)) && !a.has(Mask)
}

// Minimal reports whether a has the three entries that permission bits can hold and no other.
func (a ACL) Minimal() bool {
	return len(a) == 3 && a.has(UserObj) && a.has(GroupObj) && a.has(Other)
}

// FromMode returns the minimal ACL that is equivalent to the permission bits of mode; other bits are ignored.
func FromMode(mode uint32) ACL {
	return ACL{
		{UserObj, Undefined, Perm(mode>>6) & all},
		{GroupObj, Undefined, Perm(mode>>3) & all},
		{Other, Undefined, Perm(mode) & all},
	}
}

// Mode returns the permission bits that the kernel shows for a file with the access ACL a. The group's bits are the
// mask where there is one.
func (a ACL) Mode() uint32 {
	owner, _ := a.Find(UserObj, Undefined)
	group, masked := a.Find(Mask, Undefined)
	if !masked {
		group, _ = a.Find(GroupObj, Undefined)
	}
	other, _ := a.Find(Other, Undefined)
	return uint32(owner&all)<<6 | uint32(group&all)<<3 | uint32(other&all)
}

// Find returns the permissions of an entry as they stand there; Effective applies the mask. The id matters for User
// and Group alone.
func (a ACL) Find(t Tag, id uint32) (Perm, bool) {
	want := Entry{Tag: t, ID: id}.identified()
	for _, e := range a {
		if order(e.identified(), want) == 0 {
			return e.Perm, true
		}
	}
	return 0, false
}

// With returns a with the entry set or replaced. A mask that exists stays as it is, so e may get less than it says:
// call Remask for what setfacl -m does. A mask that is needed and missing becomes the union of the group class.
func (a ACL) With(e Entry) ACL {
	e = e.identified()
	changed := append(a.Without(e.Tag, e.ID), e)
	if changed.needsMask() {
		changed = append(changed, Entry{Mask, Undefined, changed.groupClass()})
	}
	slices.SortFunc(changed, order)
	return changed
}

// Without returns a without an entry. The mask stays: call Remask for what setfacl -x does. Without one of the three
// entries that every ACL has, Check fails.
func (a ACL) Without(t Tag, id uint32) ACL {
	drop := Entry{Tag: t, ID: id}.identified()
	changed := make(ACL, 0, len(a)+2) // room for what With adds
	for _, e := range a {
		if e = e.identified(); order(e, drop) != 0 {
			changed = append(changed, e)
		}
	}
	slices.SortFunc(changed, order)
	return changed
}

// Remask returns a with the mask set to the union of the group class, as setfacl does unless it is told -n. An ACL
// that has no mask and needs none gets none; one that is no longer needed stays, as with setfacl -x.
func (a ACL) Remask() ACL {
	if !a.has(Mask) && !a.needsMask() {
		return a.Without(Mask, Undefined)
	}
	return a.With(Entry{Mask, Undefined, a.groupClass()})
}

// groupClass returns the union of the permissions that a mask limits.
func (a ACL) groupClass() Perm {
	var union Perm
	for _, e := range a {
		if e.Tag.masked() {
			union |= e.Perm
		}
	}
	return union
}

// Effective returns what is left of e under the mask of a.
//
// Linux has one exception, which acl(5) does not know: if the group's bits of the mode are all clear, it does not
// look at the list, and whoever a masked entry names gets what other:: says, unless he is in the file's group. So a
// mask of --- shuts people out only where other:: is --- too, as everywhere in Share Zone.
func (a ACL) Effective(e Entry) Perm {
	if mask, ok := a.Find(Mask, Undefined); ok && e.Tag.masked() {
		return e.Perm & mask
	}
	return e.Perm
}

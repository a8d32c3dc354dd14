package zone

import (
	"slices"

	"sharezone/acl"
)

// Problem is something about a zone that keeps a part of Share Zone from working on it. Texts say each in words.
type Problem string

// The problems.
const (
	// OtherMount: something is mounted on the zone. Its members reach it; nothing that root does for zones does.
	OtherMount Problem = "other-mount"
	// ReadOnly: nothing in it can be changed.
	ReadOnly Problem = "read-only"
	// NoACL: its root has no list, so nobody but its owner gets in. The list was lost, or its file system has none.
	NoACL Problem = "no-acl"
	// OwnerGone: it belongs to a number.
	OwnerGone Problem = "owner-gone"
	// OwnerNotManager: it belongs to somebody who may not own zones (any more).
	OwnerNotManager Problem = "owner-not-manager"
	// NoID: it has no id that can be believed, so nothing can be recorded as its own.
	NoID Problem = "no-id"
	// Shut: the mask of its root leaves nobody in but the owner, or its owner has less than he should (chmod).
	Shut Problem = "shut"
	// Everybody: its root lets in whoever is on the machine, with whom it is not shared too (chmod).
	Everybody Problem = "everybody"
	// BadValue: what describes it was written by hand and is not well formed, so it counts for nothing.
	BadValue Problem = "bad-value"
	// BadKeep: what stays in it whatever its age was written so, so nothing in it goes because of its age.
	BadKeep Problem = "bad-keep"
	// OwnerWrong: it was given (chown) to somebody who may not own zones; its lists still name the manager whose it was.
	OwnerWrong Problem = "owner-wrong"
)

// Problems are all of them, in the order in which they are told.
var Problems = []Problem{OtherMount, ReadOnly, NoACL, OwnerGone, OwnerNotManager, OwnerWrong, NoID, BadValue, BadKeep, Shut, Everybody}

// membership is the part of account.Names that asks about owners.
type membership interface {
	userNames
	InGroup(user, group string) bool
	Err() error
}

// HasNoList: newer kernels read a list that cannot be set as none, so that it cannot be told from one that was lost.
func (r Root) HasNoList() bool { return r.NoACL || r.Access.Minimal() }

// Problems says what is wrong with a root; of one that was not looked at only that something is mounted there.
func (r Root) Problems(names membership) []Problem {
	problems := []Problem{}
	add := func(found bool, p Problem) {
		if found {
			problems = append(problems, p)
		}
	}
	add(r.Mounted, OtherMount)
	if r.Unseen {
		return problems
	}
	add(r.ReadOnly, ReadOnly)
	add(r.HasNoList(), NoACL)
	owner, known := names.UserName(r.Owner)
	add(!known && names.Err() == nil, OwnerGone) // "not found" is only believed of a name service that answered
	wrong := known && r.FormerOwner(names) != ""
	add(known && !wrong && !mayOwn(names, owner), OwnerNotManager)
	add(wrong, OwnerWrong)
	add(r.Metadata.ID == nil, NoID)
	add(slices.ContainsFunc(r.Metadata.Bad, func(e ValueError) bool { return e.Attr != AttrID && e.Attr != AttrKeep }), BadValue)
	add(r.Metadata.IsBad(AttrKeep), BadKeep)
	mask, has := r.Access.Find(acl.Mask, acl.Undefined)
	own, _ := r.Access.Find(acl.UserObj, acl.Undefined)
	add(has && (mask == 0 || own != permWrite), Shut)
	add(r.Mode&0o007 != 0, Everybody)
	return problems
}

package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"

	"golang.org/x/sys/unix"

	"sharezone/internal/zone"
)

// The register is a folder of root's with one file per id: "INODE BIRTH OWNER NAME WAS" of the directory that has it, numbers
// in decimal, WAS the name that it had before this one or "-". What stands there is kept when the zone is gone, so that nobody
// who once read its id inherits what is recorded under it.

var idForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// newFile is where a binding grows before it gets its name.
const newFile = ".new"

// never stands for a name that a zone never had.
const never = "-"

// binding is the directory that an id belongs to, and whose it was and what it was called when it was last seen.
type binding struct {
	inode     uint64
	born      int64
	owner     uint32
	name, was string
}

func (b binding) is(z zone.Identity) bool { return b.inode == z.Inode && b.born == z.Born }

// next is the binding of a zone that is seen now: the name that it had is remembered, for acts from before it was renamed.
func (b binding) next(z zone.Identity) binding {
	switch was := b.name; {
	case was == z.Name:
		return binding{z.Inode, z.Born, z.Owner, z.Name, b.was}
	case was == "":
		return binding{z.Inode, z.Born, z.Owner, z.Name, never}
	default:
		return binding{z.Inode, z.Born, z.Owner, z.Name, was}
	}
}

// judge says which zones' ids are believed, which are doubtful, and what changes in the register.
//
//   - The directory that an id is bound to has it, whatever it is called and whoever owns it now.
//   - When that directory is gone, one of the same owner may take its place: a zone that was restored from a backup.
//   - An id that was never seen is bound to the one directory that has it; where two have it nobody knows who copied.
func judge(found []zone.Identity, register map[string]binding) (believed, doubtful []zone.Identity, changed map[string]binding) {
	claims := make(map[string][]zone.Identity)
	for _, z := range found {
		if z.ID != "" {
			claims[z.ID] = append(claims[z.ID], z)
		}
	}
	changed = make(map[string]binding)
	for id, zones := range claims {
		bound, isBound := register[id]
		at := claimant(zones, bound, isBound)
		for i, z := range zones {
			if i != at {
				doubtful = append(doubtful, z)
				continue
			}
			believed = append(believed, z)
			if b := bound.next(z); bound != b {
				changed[id] = b
			}
		}
	}
	return believed, doubtful, changed
}

// claimant is which of the zones that have one id is the zone that it belongs to, -1 for none.
func claimant(zones []zone.Identity, bound binding, isBound bool) int {
	same, count := -1, 0
	for i, z := range zones {
		if isBound && bound.is(z) {
			return i
		}
		if !isBound || bound.owner == z.Owner {
			same = i
			count++
		}
	}
	if count != 1 {
		return -1
	}
	return same
}

// readRegister reads all bindings. A file that is damaged is an error: without it an id could be bound anew.
func readRegister(folder string) (map[string]binding, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	register := make(map[string]binding, len(entries))
	for _, e := range entries {
		if !idForm.MatchString(e.Name()) {
			continue // newFile, left behind by a process that was killed
		}
		b, err := os.ReadFile(folder + "/" + e.Name())
		if err != nil {
			return nil, err
		}
		var one binding
		n, err := fmt.Sscanf(string(b), "%d %d %d %s %s\n", &one.inode, &one.born, &one.owner, &one.name, &one.was)
		if n != 5 || err != nil || zone.CheckName(one.name) != nil || one.was != never && zone.CheckName(one.was) != nil {
			return nil, fmt.Errorf("%s/%s: not INODE BIRTH OWNER NAME WAS", folder, e.Name())
		}
		register[e.Name()] = one
	}
	return register, nil
}

// writeBinding puts a whole file in the place, on the disk before it counts.
func writeBinding(folder, id string, b binding) error {
	f, err := os.OpenFile(folder+"/"+newFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %d %d %s %s\n", b.inode, b.born, b.owner, b.name, b.was)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(folder+"/"+newFile, folder+"/"+id)
	}
	return err
}

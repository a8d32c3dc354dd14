package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/zone"
)

// The register is one file of root's with a line for each id: "ID INODE BIRTH OWNER NAME WAS" of the directory that has it, numbers
// in decimal, WAS the name that it had before this one or "-". What stands there is kept when the zone is gone, so that nobody
// who once read its id inherits what is recorded under it.
//
// Whoever owns a zone can write another id there each minute, and make and remove zones. So a directory gets few, the directories of one
// owner a bounded number, and so all together: what is beyond that is not believed, and nothing is forgotten for it.
const (
	registerFile = "register"
	// newFile is where it grows before it gets that name.
	newFile = ".new"
	// maxOfOne is how many ids one directory can have: by hand somebody gives it another one once or twice.
	maxOfOne = 8
	// maxOfOwner is how many the zones of one owner can have, those that are gone included: a zone each day for thirteen years. It goes by
	// who has them now: who transfers his zones begins anew, and uses up the room of who gets them. Twenty owners together fill the register.
	maxOfOwner = 5_000
	// maxBindings is a zone each hour for eleven years; to read and tell so many takes a second of the worker's 25.
	maxBindings = 100_000
)

var idForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{32}$`) })

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

// doubt is a zone whose id is not believed.
type doubt struct {
	zone.Identity
	why helper.Doubt
}

// judge says which zones' ids are believed, which are doubtful, and what changes in the register.
//
//   - The directory that an id is bound to has it, whatever it is called and whoever owns it now.
//   - When that directory is gone, one of the same owner may take its place: a zone that was restored from a backup. Whether it is, is known
//     only where all zones could be looked at.
//   - An id that was never seen is bound to the one directory that has it; where two have it nobody knows who copied.
//   - A directory that had many ids already, an owner of many, and a register that is full take no further one.
func judge(found []zone.Identity, register map[string]binding, all bool) (believed []zone.Identity, doubtful []doubt, changed map[string]binding) {
	had, owns := make(map[directory]int), make(map[uint32]int)
	for _, b := range register {
		had[directory{b.inode, b.born}]++
		owns[b.owner]++
	}
	room := maxBindings - len(register)
	claims := make(map[string][]zone.Identity)
	for _, z := range found {
		if z.ID != "" {
			claims[z.ID] = append(claims[z.ID], z)
		}
	}
	changed = make(map[string]binding)
	for id, zones := range claims {
		bound, isBound := register[id]
		at, why := claimant(zones, bound, isBound), helper.Copied
		if at >= 0 && isBound && !all && !bound.is(zones[at]) {
			at = -1
		}
		if !isBound && at >= 0 {
			switch z := zones[at]; {
			case had[directory{z.Inode, z.Born}] >= maxOfOne:
				at, why = -1, helper.ManyIDs
			case owns[z.Owner] >= maxOfOwner:
				at, why = -1, helper.ManyZones
			case room <= 0:
				at, why = -1, helper.NoRoom
			default:
				room--
				owns[z.Owner]++
			}
		}
		for i, z := range zones {
			if i != at {
				doubtful = append(doubtful, doubt{z, why})
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

// directory is one, whatever it is called.
type directory struct {
	inode uint64
	born  int64
}

// readRegister reads all bindings. A line that is damaged is an error: without it an id could be bound anew.
func readRegister(folder string) (map[string]binding, error) {
	if _, err := os.Stat(folder); err != nil {
		return nil, err
	}
	path := folder + "/" + registerFile
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // nobody has made a zone yet
		return nil, err
	}
	register := make(map[string]binding)
	for line := range strings.Lines(string(text)) {
		id, b, ok := parseBinding(line)
		if _, twice := register[id]; !ok || twice {
			return nil, fmt.Errorf("%s: %q: not ID INODE BIRTH OWNER NAME WAS", path, line)
		}
		register[id] = b
	}
	return register, nil
}

func parseBinding(line string) (id string, b binding, ok bool) {
	f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	if len(f) != 6 || !strings.HasSuffix(line, "\n") || !idForm().MatchString(f[0]) {
		return "", b, false
	}
	inode, err1 := strconv.ParseUint(f[1], 10, 64)
	born, err2 := strconv.ParseInt(f[2], 10, 64)
	owner, err3 := strconv.ParseUint(f[3], 10, 32)
	b = binding{inode, born, uint32(owner), f[4], f[5]}
	ok = errors.Join(err1, err2, err3) == nil && zone.CheckName(b.name) == nil && (b.was == never || zone.CheckName(b.was) == nil)
	return f[0], b, ok
}

// writeRegister puts a whole file in the place, on the disk before it counts.
func writeRegister(folder string, register map[string]binding) error {
	var text bytes.Buffer
	for _, id := range slices.Sorted(maps.Keys(register)) {
		b := register[id]
		fmt.Fprintf(&text, "%s %d %d %d %s %s\n", id, b.inode, b.born, b.owner, b.name, b.was)
	}
	f, err := os.OpenFile(folder+"/"+newFile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(folder+"/"+newFile, folder+"/"+registerFile)
	}
	return err
}

package zone

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"
)

// AttrTold is on the root of an open zone: of which end an owner was told, how many days before, and his uid, "2027-01-31 7 1001". Only
// root reads and writes it, and it goes with the zone.
const AttrTold = "trusted.shz.told"

// Told is what AttrTold says the zone's owner was told, "" where that is nothing: another one may have been.
func (h *Held) Told() string {
	value, err := xattr.Get(descriptorPath(h.fd), AttrTold)
	told, his := strings.CutSuffix(string(value), h.toldTo())
	if err != nil || !his {
		return ""
	}
	return told
}

func (h *Held) toldTo() string { return fmt.Sprintf(" %d", h.stat.Uid) }

// SetTold writes AttrTold: text is what the zone's owner was told.
func (h *Held) SetTold(text string) error {
	if err := xattr.Set(descriptorPath(h.fd), AttrTold, []byte(text+h.toldTo())); err != nil {
		return fmt.Errorf("%s: %s: %w", h.name, AttrTold, err)
	}
	return nil
}

// expungedPrefix begins the names in .closed of zones that are being removed for good, "NAME-RANDOM" follows: such a zone is none
// any more, so nobody restores what is left of it.
const expungedPrefix = ReservedPrefix + "expired-"

// Expunge removes a closed zone, which must be locked, with everything in it.
func (h *Held) Expunge() error {
	if !h.closed {
		return fmt.Errorf("%s: %w", h.name, ErrNotClosed)
	}
	place := aside{h.dir, expungedPrefix + h.name + "-" + rand.Text()}
	if err := unix.Renameat2(h.dir, h.name, h.dir, place.name, unix.RENAME_NOREPLACE); err != nil {
		return fmt.Errorf("%s: %w", h.name, err)
	}
	if err := checkMoved(h.dir, place.name, h.fd); err != nil { // only root changes .closed, but somebody may be root
		return errors.Join(err, unix.Renameat2(h.dir, place.name, h.dir, h.name, unix.RENAME_NOREPLACE))
	}
	if err := unix.Fsync(h.dir); err != nil {
		return err
	}
	return h.admin.raze(place, nil)
}

// Remnant is what is left of a zone whose removal was interrupted, or met something that cannot be removed.
type Remnant struct {
	Name string // that the zone had in .closed
	ID   string // "" where it has none that can be believed
	file string
}

// Remnants returns what is left in .closed of removed zones.
func (a *Admin) Remnants() ([]Remnant, error) {
	closed, err := a.reachClosed()
	if err != nil {
		return nil, err
	}
	defer unix.Close(closed)
	names, err := readNames(closed)
	var found []Remnant
	for _, file := range names {
		rest, isOne := strings.CutPrefix(file, expungedPrefix)
		at := strings.LastIndexByte(rest, '-')
		if !isOne || at < 0 || CheckName(rest[:at]) != nil {
			continue
		}
		r := Remnant{Name: rest[:at], file: file}
		if fd, err := reach(closed, file, unix.O_PATH|unix.O_DIRECTORY); err == nil {
			if id := ReadMetadata(fd).ID; id != nil {
				r.ID = *id
			}
			unix.Close(fd)
		}
		found = append(found, r)
	}
	return found, err
}

// ExpungeRemnant goes on where an Expunge ended.
func (a *Admin) ExpungeRemnant(r Remnant) error {
	closed, err := a.reachClosed()
	if err != nil {
		return err
	}
	defer unix.Close(closed)
	return a.raze(aside{closed, r.file}, nil)
}

package account

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"sharezone/internal/layout"
)

// Sponsor is who answers for somebody, because he invited him.
type Sponsor struct {
	UID   uint32
	Since time.Time
}

// SponsorFile is what says who answers for a uid: an empty file of the sponsor's, so ls -l tells it and chown(1) changes it. Nobody but
// root reaches it.
func SponsorFile(uid uint32) string {
	return layout.Sponsors + "/" + strconv.FormatUint(uint64(uid), 10)
}

// ReadSponsor returns who answers for somebody; false if nobody does. The notify worker may ask too.
func ReadSponsor(uid uint32) (Sponsor, bool, error) {
	info, err := os.Lstat(SponsorFile(uid))
	if errors.Is(err, fs.ErrNotExist) {
		return Sponsor{}, false, nil
	}
	if err != nil {
		return Sponsor{}, false, err
	}
	return sponsorOf(info), true, nil
}

// CountInvited returns how many people somebody answers for since a moment.
func CountInvited(sponsor uint32, since time.Time) (int, error) {
	files, err := readFolder(layout.Sponsors)
	count := 0
	for _, f := range files {
		s := sponsorOf(f)
		if _, ok := parseID(f.Name()); ok && s.UID == sponsor && !s.Since.Before(since) {
			count++
		}
	}
	return count, err
}

func sponsorOf(info fs.FileInfo) Sponsor {
	return Sponsor{UID: info.Sys().(*syscall.Stat_t).Uid, Since: info.ModTime()}
}

// SponsorName is how a sponsor is called: by his number if he is gone.
func (n *Names) SponsorName(uid uint32) (name string, known bool) {
	e, known := n.UserByUID(uid)
	if !known {
		return fmt.Sprintf("uid:%d", uid), false
	}
	return e.Name, true
}

// AddSponsors fills in who answers for people, and for whom nobody does any more.
func (n *Names) AddSponsors(users []User, shadow Shadow, now time.Time) error {
	for i := range users {
		u := &users[i]
		s, found, err := ReadSponsor(u.UID)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		name, known := n.SponsorName(s.UID)
		u.Sponsor = &name
		left := !known || !n.InGroup(name, layout.GroupBase) || shadow.Bars(name, now) != ""
		u.Review = left && len(u.Roles) > 0 && u.Status != nil && *u.Status == Active
	}
	return n.Err()
}

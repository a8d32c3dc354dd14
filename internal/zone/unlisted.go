package zone

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/shell"
)

// ErrUnlisted: the root lost its list, and who is in the lists of what lies in the zone would be taken out of them.
var ErrUnlisted = errors.New("the zone lost its list, and people are still in those of what lies in it")

// PutsOutError names those whom Apply would put out of most of the lists in a zone, and so out of it; and beside them those who would get more, by
// groups, than they have by entries of their own.
type PutsOutError struct {
	Members []Member
	Gains   []Still
}

func (e *PutsOutError) Error() string {
	return fmt.Sprintf("%d who are in most of the lists of the content would be put out of it, %d would get more by their groups", len(e.Members), len(e.Gains))
}

// tally counts in how many lists somebody stands, and with which permissions.
type tally map[acl.Perm]int

// roll counts who stands in the lists of what lies in a zone.
type roll struct {
	found map[acl.Entry]tally // with no permissions
	lists int
}

func newRoll() roll { return roll{found: make(map[acl.Entry]tally)} }

// add counts one list; the owner of the zone stands in all.
func (r *roll) add(list acl.ACL, owner uint32) {
	listed := false
	for _, e := range list {
		if e.Tag != acl.User && e.Tag != acl.Group {
			continue
		}
		listed = true // also if it has nobody else: what few wrote into their own files is not what most of the zone says
		if accessOf(e.Perm) == None || e.Tag == acl.User && e.ID == owner {
			continue
		}
		who := acl.Entry{Tag: e.Tag, ID: e.ID}
		if r.found[who] == nil {
			r.found[who] = make(tally)
		}
		r.found[who][e.Perm]++
	}
	if listed {
		r.lists++
	}
}

// standing are those who stand in at least half of the lists, and in least of them: nobody is one by the list of a few things, which any owner
// of a file may have written.
func (r *roll) standing(h *Held, least int) (standing []Member) {
	for who, counts := range r.found {
		if isNarrowing(h.fd, who) { // his rights are being taken away, or that was interrupted: he goes
			continue
		}
		total, most := 0, acl.Perm(0)
		for _, perm := range []acl.Perm{permRead, permDrop, permWrite} { // of as many, the least
			total += counts[perm]
			if counts[perm] > counts[most] {
				most = perm
			}
		}
		m := Member{Principal: principalOf(who, h.admin.names), Access: accessOf(most)}
		if _, err := h.admin.entryFor(m.Principal, m.Access, h.stat.Uid); err == nil && total >= least && 2*total >= r.lists {
			standing = append(standing, m)
		}
	}
	slices.SortFunc(standing, func(a, b Member) int { return cmp.Compare(a.Principal, b.Principal) })
	return standing
}

// Standing are those who are in the lists of what lies in a zone: they tell with whom it was shared when its root has lost its own. Who
// could only deliver stands in none. Where stop ended the walk, complete is false.
func (h *Held) Standing(stop func() bool) (standing []Member, complete bool, err error) {
	r, complete, err := h.readRoll(stop)
	if err != nil {
		return nil, false, err
	}
	return r.standing(h, 1), complete, nil
}

// readRoll reads the lists of all that lies in a zone.
func (h *Held) readRoll(stop func() bool) (r roll, complete bool, err error) {
	r = newRoll()
	see := func(fd int, st *unix.Stat_t) {
		if list, err := acl.Access(fd); err == nil && !linked(st) {
			r.add(list, h.stat.Uid)
		}
	}
	w := walker{
		file: func(_ string, fd int, st *unix.Stat_t) {
			if st.Mode&unix.S_IFMT == unix.S_IFREG {
				see(fd, st)
			}
		},
		folder: func(_ string, fd int, st *unix.Stat_t) bool { see(fd, st); return true },
		missed: func(string, SkipReason, error) {}, progress: h.admin.tell, stop: stop,
	}
	complete, err = w.run(h.fd)
	h.admin.seen += w.done
	return r, complete, err
}

// OpenToMore is what at a root without a list lets in more than its owner, with what mends that alone: what mends all would put out those
// who stand in the lists of the content.
func (a *Admin) OpenToMore(r Root, root string) []Drift {
	found := slices.DeleteFunc(a.DriftOf(r), func(d Drift) bool { return d.Kind != DriftOther && d.Kind != DriftGroup && d.Kind != DriftShared })
	for i := range found {
		found[i].Apply, found[i].Mend = false, []string{"chmod go-rwx " + shell.Quote(root)}
	}
	return found
}

// Unlisted is the finding about a root without a list while people are still in those of its content.
func Unlisted(zone string, standing []Member) Drift {
	grants := make([]string, len(standing))
	for i, m := range standing {
		grants[i] = shell.Quote(m.Principal + "=" + string(m.Access))
	}
	found := strings.Join(grants, " ")
	return Drift{Kind: DriftUnlisted, Found: found, Members: standing,
		Mend: []string{"shzadm zone share " + zone + " " + found}}
}

package zone

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/internal/quota"
)

// Space is what a zone takes, in bytes on the disk (st_blocks) and objects.
type Space struct {
	Bytes   int64        `json:"bytes"`
	Files   int64        `json:"files"`
	Folders int64        `json:"folders"`
	People  []SpaceShare `json:"people"`    // by owner, largest first
	Top     []SpaceShare `json:"top_level"` // by first name below the root, largest first, maxTop of them
	Free    int64        `json:"free"`      // for who is not root: of the file system, or what the limit leaves
	Limit   *int64       `json:"limit"`     // of the zone, where the file system has one; null: none
}

// SpaceShare is the part of one person or one name.
type SpaceShare struct {
	Name  string
	Bytes int64
	Files int64
	Quota *quota.Quota // of a person on this file system, where he has one
}

// spaceShareJSON has the name as the interface has names: readable, and percent-encoded beside it where it is no UTF-8.
type spaceShareJSON struct {
	Name  string `json:"name"`
	Raw   string `json:"raw,omitempty"`
	Bytes int64  `json:"bytes"`
	Files int64  `json:"files"`

	Quota *quota.Quota `json:"quota,omitempty"`
}

// MarshalJSON loses no byte of the name.
func (s SpaceShare) MarshalJSON() ([]byte, error) {
	out := spaceShareJSON{Name: s.Name, Bytes: s.Bytes, Files: s.Files, Quota: s.Quota}
	if !utf8.ValidString(s.Name) {
		out.Raw = url.PathEscape(s.Name)
	}
	return json.Marshal(out)
}

// UnmarshalJSON finds the bytes of the name again.
func (s *SpaceShare) UnmarshalJSON(b []byte) (err error) {
	var in spaceShareJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	*s = SpaceShare{in.Name, in.Bytes, in.Files, in.Quota}
	if in.Raw != "" {
		s.Name, err = url.PathUnescape(in.Raw)
	}
	return err
}

// maxTop is how many names at the top of a zone are told.
const maxTop = 200

// blockSize is the unit of st_blocks, whatever the file system's blocks are (stat(2)).
const blockSize = 512

// spacer adds up what a walk sees.
type spacer struct {
	walker walker
	space  Space
	people map[uint32]*SpaceShare // nil: nobody wants the parts
	top    map[string]*SpaceShare
	linked map[inode]bool // files with several names that were counted
}

// Space adds up what the zone takes. What has several names counts once; uploads under way count too, without a name.
// What is mounted in the zone does not count, and is not asked.
func (h *Held) Space() (Space, error) { return h.SpaceAndQuotas(func(uint32) bool { return false }) }

// Sum is Space without its parts, in memory that does not grow with the zone.
func (h *Held) Sum() (Space, error) {
	s := spacer{linked: make(map[inode]bool)}
	s.walker = walker{file: s.file, folder: s.folder, missed: func(string, SkipReason, error) {}, hidden: true, progress: h.admin.tell}
	s.add("", &h.stat, 0)
	_, err := s.walker.run(h.fd)
	return s.space, err
}

// SpaceAndQuotas is Space with the quotas of those whom tell names: root may ask for everybody's, others may not.
func (h *Held) SpaceAndQuotas(tell func(uid uint32) bool) (Space, error) {
	s := spacer{people: make(map[uint32]*SpaceShare), top: make(map[string]*SpaceShare), linked: make(map[inode]bool)}
	s.walker = walker{file: s.file, folder: s.folder, missed: func(string, SkipReason, error) {}, hidden: true,
		progress: h.admin.tell}
	s.add("", &h.stat, 0)
	if _, err := s.walker.run(h.fd); err != nil {
		return Space{}, err
	}
	var err1, err2 error
	s.space.Free, err1 = freeOf(h.fd)
	s.space.Limit, err2 = limitOf(h.fd)
	if err := errors.Join(err1, err2); err != nil {
		return Space{}, err
	}
	s.space.People = s.named(h, tell)
	s.space.Top = make([]SpaceShare, 0, len(s.top))
	for _, share := range s.top {
		s.space.Top = append(s.space.Top, *share)
	}
	slices.SortFunc(s.space.Top, compareShares)
	s.space.Top = s.space.Top[:min(len(s.space.Top), maxTop)]
	return s.space, nil
}

// named are the shares of people, by their names.
func (s *spacer) named(h *Held, tell func(uid uint32) bool) []SpaceShare {
	var uids []uint32
	for uid := range s.people {
		uids = append(uids, uid)
	}
	h.admin.names.Prefetch(uids, nil)
	shares := make([]SpaceShare, 0, len(uids))
	for uid, share := range s.people {
		named := SpaceShare{Name: OwnerName(uid, h.admin.names), Bytes: share.Bytes, Files: share.Files}
		if tell(uid) {
			named.Quota = quota.OfUser(h.fd, uid)
		}
		shares = append(shares, named)
	}
	slices.SortFunc(shares, compareShares)
	return shares
}

func compareShares(a, b SpaceShare) int {
	return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Files, a.Files), cmp.Compare(a.Name, b.Name))
}

func (s *spacer) file(name string, _ int, st *unix.Stat_t) {
	if st.Nlink > 1 {
		if s.linked[inodeOf(st)] {
			return
		}
		s.linked[inodeOf(st)] = true
	}
	s.space.Files++
	s.add(name, st, 1)
}

func (s *spacer) folder(name string, _ int, st *unix.Stat_t) bool {
	s.space.Folders++
	s.add(name, st, 0)
	return true
}

// add counts name in the current directory, or the root for "".
func (s *spacer) add(name string, st *unix.Stat_t, files int64) {
	bytes := st.Blocks * blockSize
	s.space.Bytes += bytes
	if s.people == nil {
		return
	}
	person := s.people[st.Uid]
	if person == nil {
		person = &SpaceShare{}
		s.people[st.Uid] = person
	}
	person.Bytes, person.Files = person.Bytes+bytes, person.Files+files
	if len(s.walker.stack) > 1 {
		name = s.walker.stack[1].name
	}
	if name == "" || strings.HasPrefix(name, ReservedPrefix) {
		return
	}
	top := s.top[name]
	if top == nil {
		top = &SpaceShare{Name: name}
		s.top[name] = top
	}
	top.Bytes, top.Files = top.Bytes+bytes, top.Files+files
}

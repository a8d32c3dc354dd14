package zone

import (
	"fmt"
	"strings"

	"sharezone/acl"
	"sharezone/internal/account"
)

// Still is somebody who is taken off the list and gets in all the same, by groups that are on it. An entry of one's own decides alone: without
// it, what the groups have counts, which may be more.
type Still struct {
	Principal string   `json:"principal"` // "user:bruno"
	Access    Access   `json:"access"`    // what the groups give together
	Through   []string `json:"through"`   // "group:shz-acme"
	More      bool     `json:"more"`      // than he had
}

// GainsError names those who would get more than before by being taken off the list.
type GainsError struct{ Still []Still }

func (e *GainsError) Error() string {
	return fmt.Sprintf("%d would get more by their groups than their entries give", len(e.Still))
}

// CheckGains returns a *GainsError where ShareAll would give somebody more than he has by taking him off the list, unless who asks consents to it.
func (h *Held) CheckGains(members []Member, consent Consent) error {
	still, err := h.Still(members)
	if err != nil {
		return err
	}
	var gains []Still
	for _, s := range still {
		if s.More {
			gains = append(gains, s)
		}
	}
	if refused := (&GainsError{gains}); len(gains) > 0 && !consent.covers(refused) {
		return fmt.Errorf("%s: %w", h.name, refused)
	}
	return nil
}

// Still says of those whom ShareAll would take off the list who gets in all the same, by the list as it would be. Whom it would refuse is
// left out.
func (h *Held) Still(members []Member) ([]Still, error) {
	before, err := acl.Access(h.fd)
	if err != nil {
		return nil, err
	}
	s, err := h.sharing(members, before)
	if err != nil {
		return nil, nil
	}
	after := s.afterwards(before)
	var still []Still
	for i, m := range members {
		e := s.all[i]
		if _, listed := after.Find(e.Tag, e.ID); m.Access != None || e.Tag != acl.User || listed {
			continue
		}
		// What a mask takes from all now, it does not for ever: who gets more is asked about without it.
		given, through := groupsOf(withFullMask(after), e.ID, h.admin.names)
		had, listed := before.Find(e.Tag, e.ID)
		if !listed {
			had, _ = groupsOf(withFullMask(before), e.ID, h.admin.names)
		}
		_, now := groupsOf(after, e.ID, h.admin.names)
		if more := given&^had != 0; more || len(now) > 0 {
			still = append(still, Still{m.Principal, accessOf(given), through, more})
		}
	}
	return still, nil
}

// afterwards is the root's list as sharing makes it of this one.
func (s sharing) afterwards(before acl.ACL) acl.ACL {
	after := s.withoutAtRoot(before, false)
	for _, e := range s.granted {
		after = after.With(e)
	}
	return after
}

// lessened are those of the members to whom sharing does not give, by an entry of their own, all that the groups on the list would: it decides alone.
func (h *Held) lessened(s sharing, members []Member, before acl.ACL) (less []Still) {
	list := withFullMask(s.afterwards(before))
	for i, m := range members {
		if e := s.all[i]; m.Access != None && e.Tag == acl.User {
			if given, through := groupsOf(list, e.ID, h.admin.names); given&^e.Perm != 0 {
				less = append(less, Still{Principal: m.Principal, Access: accessOf(given), Through: through})
			}
		}
	}
	return less
}

// ByGroups is what the groups among the members of a zone give a user who has no entry of his own.
func ByGroups(members []Member, user string, names *account.Names) Still {
	still := Still{Principal: "user:" + user, Access: None}
	var list acl.ACL
	for _, m := range members {
		group, isGroup := strings.CutPrefix(m.Principal, "group:")
		if gid, known := names.GroupID(group); isGroup && known {
			list = append(list, acl.Entry{Tag: acl.Group, ID: gid, Perm: m.Access.perm()})
		}
	}
	if uid, known := names.UserID(user); known {
		perm, through := groupsOf(list, uid, names)
		still.Access, still.Through = accessOf(perm), through
	}
	return still
}

// groupsOf is what the groups in a list give somebody, under its mask, and which.
func groupsOf(list acl.ACL, uid uint32, names *account.Names) (perm acl.Perm, through []string) {
	user, known := names.UserName(uid)
	for _, e := range list {
		if e.Tag != acl.Group || !known || list.Effective(e) == 0 {
			continue
		}
		if group, known := names.GroupName(e.ID); known && names.InGroup(user, group) {
			perm, through = perm|list.Effective(e), append(through, "group:"+group)
		}
	}
	return perm, through
}

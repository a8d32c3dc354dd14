package zone

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// Somebody may write an entry by hand that gives a member less in one folder than the list of the zone does. Sharing and Apply make the content
// as the list is, so it goes; who asked for that is told where.

// Widened is something in a zone where somebody gets more by that.
type Widened struct {
	Path      string // below the root, as bytes
	Principal string // "user:bruno"
	Entry     string // what the entry gave, "r-x"
}

type widenedJSON struct {
	Path      string `json:"path"`
	Raw       string `json:"raw,omitempty"`
	Principal string `json:"principal"`
	Entry     string `json:"entry"`
}

// MarshalJSON loses no byte of the path.
func (w Widened) MarshalJSON() ([]byte, error) {
	out := widenedJSON{Path: w.Path, Principal: w.Principal, Entry: w.Entry}
	if !utf8.ValidString(w.Path) {
		out.Raw = escape(strings.Split(w.Path, "/"))
	}
	return json.Marshal(out)
}

// UnmarshalJSON finds the bytes of the path again.
func (w *Widened) UnmarshalJSON(b []byte) (err error) {
	var in widenedJSON
	if err = json.Unmarshal(b, &in); err != nil {
		return err
	}
	if in.Raw != "" {
		in.Path, err = url.PathUnescape(in.Raw)
	}
	*w = Widened{in.Path, in.Principal, in.Entry}
	return err
}

// widen remembers it; of many only how many they are.
func (r *Report) widen(w Widened) {
	if len(r.Wider) == maxSkips {
		r.MoreWider++
		return
	}
	r.Wider = append(r.Wider, w)
}

// errWidened goes with something that was changed, and in whose lists entries gave less; err is what else is to be said of it.
type errWidened struct {
	entries acl.ACL
	err     error
}

func (e *errWidened) Error() string { return "entries made by hand gave less" }

// widener finds them: by what the list of the zone gave in its content before a change, and gives after it.
type widener struct {
	before, after acl.ACL
	admin         *Admin
}

func (h *Held) newWidener(before, after acl.ACL) *widener {
	return &widener{before: ruleOf(h.stat.Uid, before).content, after: ruleOf(h.stat.Uid, after).content, admin: h.admin}
}

// telling is a change that shows what it finds in the lists of a thing, and what it makes of them.
func (w *widener) telling(what func(fd int, st *unix.Stat_t, see func(found, now acl.ACL)) (bool, error)) change {
	return func(fd int, st *unix.Stat_t) (bool, error) {
		var all acl.ACL
		changed, err := what(fd, st, func(found, now acl.ACL) {
			for _, e := range w.lost(found, now, st.Uid) {
				if _, told := all.Find(e.Tag, e.ID); !told {
					all = append(all, e)
				}
			}
		})
		if len(all) > 0 && (err == nil || errors.Is(err, errStillOwns)) {
			err = &errWidened{all, err}
		}
		return changed, err
	}
}

// lost are the entries of a list that are not as they were, gave less than the list of the zone gives, and were no part of what that gave before:
// in an ordinary zone who could read everywhere, and may write from now on, has no entry of his own. What gives nothing, or what Share Zone
// gives nobody, was always written by hand. No entry says what its owner may do.
func (w *widener) lost(found, now acl.ACL, owner uint32) (lost acl.ACL) {
	for _, e := range found {
		perm, still := now.Find(e.Tag, e.ID)
		if e.Tag != acl.User && e.Tag != acl.Group || still && perm == e.Perm || e.Tag == acl.User && e.ID == owner {
			continue
		}
		if w.gives(w.after, e)&^e.Perm != 0 && (accessOf(e.Perm) == None || w.gives(w.before, e)&^e.Perm != 0) {
			lost = append(lost, e)
		}
	}
	return lost
}

// gives is what a list gives whom an entry names.
func (w *widener) gives(list acl.ACL, e acl.Entry) acl.Perm {
	if e.Tag == acl.User {
		return w.admin.permOf(list, e.ID)
	}
	perm, _ := list.Find(e.Tag, e.ID)
	return perm
}

package acl

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// entries of these IDs stand in many tests: two small ones, and the ends of the range.
var someIDs = []uint32{0, 1, 5, 1001, 1002, 65534, 1 << 31, Undefined - 1}

// random returns a valid canonical list, with up to three named entries of each kind more often than with many.
func random(r *rand.Rand) ACL {
	a := FromMode(uint32(r.IntN(0o1000)))
	most := 3
	if r.IntN(10) == 0 {
		most = 60
	}
	for _, t := range []Tag{User, Group} {
		for range r.IntN(most + 1) {
			id := someIDs[r.IntN(len(someIDs))]
			if r.IntN(2) == 0 {
				id = r.Uint32N(Undefined)
			}
			a = a.With(Entry{t, id, Perm(r.IntN(8))})
		}
	}
	switch r.IntN(3) {
	case 0:
		a = a.With(Entry{Mask, Undefined, Perm(r.IntN(8))})
	case 1:
		a = a.Remask()
	}
	return a
}

// list builds a list from the long text form with numeric IDs; what it builds need not be valid.
func list(t testing.TB, entries ...string) ACL {
	t.Helper()
	var a ACL
	for _, text := range entries {
		p, rest, err := parseEntry(text, nil)
		if err != nil || rest != "" {
			t.Fatalf("test's own entry %q: %v", text, err)
		}
		a = append(a, p.Entry)
	}
	return a
}

func TestStrings(t *testing.T) {
	for want, got := range map[string]string{
		"---":                 Perm(0).String(),
		"--x":                 Execute.String(),
		"-w-":                 Write.String(),
		"r--":                 Read.String(),
		"rwx":                 (Read | Write | Execute).String(),
		"permissions 0x8":     Perm(8).String(),
		"tag 0x3":             Tag(3).String(),
		"user::r-x":           Entry{UserObj, Undefined, 5}.String(),
		"user:1001:r--":       Entry{User, 1001, 4}.String(),
		"group:0:---":         Entry{Group, 0, 0}.String(),
		"mask::-w-":           Entry{Mask, Undefined, 2}.String(),
		"other::--x":          Entry{Other, Undefined, 1}.String(),
		"group::rw-":          Entry{GroupObj, Undefined, 6}.String(),
		"user:4294967294:--x": Entry{User, Undefined - 1, 1}.String(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	base := FromMode(0o640)
	add := func(e ...Entry) ACL { return append(slices.Clone(base), e...) }
	for _, c := range []struct {
		name string
		acl  ACL
		want string // part of the error; "" for a valid list
	}{
		{"minimal", base, ""},
		{"minimal with mask", add(Entry{Mask, Undefined, 7}), ""},
		{"named, unsorted", add(Entry{Mask, Undefined, 7}, Entry{Group, 2, 1}, Entry{User, 9, 1}, Entry{User, 2, 1}), ""},
		{"same ID as user and group", add(Entry{Mask, Undefined, 7}, Entry{Group, 2, 1}, Entry{User, 2, 1}), ""},
		{"nil", nil, "no user:: entry"},
		{"no owner", base[1:], "no user:: entry"},
		{"no group", ACL{base[0], base[2]}, "no group:: entry"},
		{"no other", base[:2], "no other:: entry"},
		{"no mask", add(Entry{User, 9, 1}), "no mask:: entry"},
		{"no mask for a group", add(Entry{Group, 9, 1}), "no mask:: entry"},
		{"owner twice", add(Entry{UserObj, Undefined, 1}), "duplicate entry: user::"},
		{"mask twice", add(Entry{Mask, Undefined, 1}, Entry{Mask, Undefined, 1}), "duplicate entry: mask::--x"},
		{"user twice", add(Entry{Mask, Undefined, 7}, Entry{User, 9, 1}, Entry{User, 9, 4}), "user:9:"},
		{"unknown tag", add(Entry{3, Undefined, 1}), "entry 4 (tag 0x3"},
		{"tag 0", add(Entry{0, Undefined, 1}), "unknown tag"},
		{"permission bits", add(Entry{Mask, Undefined, 8}), "entry 4 (mask::permissions 0x8)"},
		{"named without ID", add(Entry{Mask, Undefined, 7}, Entry{User, Undefined, 1}), "names no ID"},
		{"mask with ID", add(Entry{Mask, 0, 7}), "must not name an ID"},
		{"owner with ID", append(ACL{{UserObj, 7, 7}}, base[1:]...), "must not name an ID"},
		{"too many", make(ACL, MaxEntries+1), "8192 entries, at most 8191 fit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := slices.Clone(c.acl)
			err := c.acl.Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && !errors.Is(err, ErrInvalid) {
				t.Errorf("%v does not wrap ErrInvalid", err)
			}
			if !slices.Equal(before, c.acl) {
				t.Errorf("Check changed the list to %v", c.acl)
			}
			if _, encodeErr := c.acl.Encode(); (encodeErr == nil) != (err == nil) {
				t.Errorf("Check says %v, Encode says %v", err, encodeErr)
			}
		})
	}
}

func TestMode(t *testing.T) {
	for mode := range uint32(0o1000) {
		a := FromMode(mode | 0o107000) // type and special bits play no part
		if err := a.Check(); err != nil || a.Mode() != mode || !a.Minimal() {
			t.Fatalf("%#o: %v, mode %#o, minimal %v, %v", mode, a, a.Mode(), a.Minimal(), err)
		}
	}
	a := list(t, "user::rwx", "group::---", "user:5:r-x", "mask::r-x", "other::--x")
	if a.Mode() != 0o751 {
		t.Errorf("with a mask: %#o", a.Mode())
	}
}

func TestMinimal(t *testing.T) {
	for _, c := range []struct {
		acl  ACL
		want bool
	}{
		{FromMode(0o640), true},
		{FromMode(0o640).With(Entry{Tag: Mask, Perm: 7}), false},
		{FromMode(0o640).With(Entry{User, 5, 4}), false},
		{ACL{{UserObj, Undefined, 7}, {GroupObj, Undefined, 7}, {Mask, Undefined, 7}}, false},
		{ACL{}, false},
		{nil, false},
	} {
		if got := c.acl.Minimal(); got != c.want {
			t.Errorf("%v: %v", c.acl, got)
		}
	}
}

func TestFindAndEffective(t *testing.T) {
	a := list(t, "user::rwx", "user:5:rwx", "group::r-x", "group:5:-wx", "mask::rw-", "other::rwx")
	for _, c := range []struct {
		e         Entry
		effective Perm
	}{
		{Entry{UserObj, 0, 7}, 7}, // the ID plays no part here
		{Entry{User, 5, 7}, 6},
		{Entry{GroupObj, Undefined, 5}, 4},
		{Entry{Group, 5, 3}, 2},
		{Entry{Mask, 99, 6}, 6},
		{Entry{Other, Undefined, 7}, 7},
	} {
		if p, ok := a.Find(c.e.Tag, c.e.ID); !ok || p != c.e.Perm {
			t.Errorf("Find(%v): %v, %v", c.e, p, ok)
		}
		if p := a.Effective(c.e); p != c.effective {
			t.Errorf("Effective(%v): %v, want %v", c.e, p, c.effective)
		}
	}
	if p, ok := a.Find(User, 6); ok || p != 0 {
		t.Errorf("found user 6: %v", p)
	}
	if p := FromMode(0o070).Effective(Entry{GroupObj, Undefined, 7}); p != 7 {
		t.Errorf("without a mask: %v", p)
	}
}

func TestChanges(t *testing.T) {
	minimal := []string{"user::rwx", "group::r-x", "other::---"}
	named := []string{"user::rwx", "user:5:rwx", "group::r-x", "mask::r--", "other::---"}
	for _, c := range []struct {
		name     string
		from, to []string
		change   func(ACL) ACL
	}{
		{"named makes a mask", minimal, []string{"user::rwx", "user:5:-w-", "group::r-x", "mask::rwx", "other::---"},
			func(a ACL) ACL { return a.With(Entry{User, 5, Write}) }},
		{"mask stays", named, []string{"user::rwx", "user:5:rwx", "group::r-x", "group:7:rwx", "mask::r--", "other::---"},
			func(a ACL) ACL { return a.With(Entry{Group, 7, 7}) }},
		{"replaced", named, []string{"user::rwx", "user:5:---", "group::r-x", "mask::r--", "other::---"},
			func(a ACL) ACL { return a.With(Entry{User, 5, 0}) }},
		{"sorted by ID", named, []string{"user::rwx", "user:4:r--", "user:5:rwx", "group::r-x", "mask::r--", "other::---"},
			func(a ACL) ACL { return a.With(Entry{User, 4, Read}) }},
		{"owner replaced, ID left out", minimal, []string{"user::---", "group::r-x", "other::---"},
			func(a ACL) ACL { return a.With(Entry{Tag: UserObj}) }},
		{"mask by hand", named, []string{"user::rwx", "user:5:rwx", "group::r-x", "mask::---", "other::---"},
			func(a ACL) ACL { return a.With(Entry{Tag: Mask}) }},
		{"removed, mask stays", named, []string{"user::rwx", "group::r-x", "mask::r--", "other::---"},
			func(a ACL) ACL { return a.Without(User, 5) }},
		{"removing what is not there", named, named, func(a ACL) ACL { return a.Without(Group, 5) }},
		{"mask removed", named, []string{"user::rwx", "user:5:rwx", "group::r-x", "other::---"},
			func(a ACL) ACL { return a.Without(Mask, 0) }},
		{"remask", named, []string{"user::rwx", "user:5:rwx", "group::r-x", "mask::rwx", "other::---"}, ACL.Remask},
		{"remask of a minimal list", minimal, minimal, ACL.Remask},
		{"remask of a piece", minimal[1:], minimal[1:], ACL.Remask},
		{"remask makes a missing mask", []string{"user::rwx", "user:5:-wx", "group::r--", "other::---"},
			[]string{"user::rwx", "user:5:-wx", "group::r--", "mask::rwx", "other::---"}, ACL.Remask},
		{"remask counts neither owner nor others", []string{"user::rwx", "user:5:r--", "group::---", "mask::rwx", "other::rwx"},
			[]string{"user::rwx", "user:5:r--", "group::---", "mask::r--", "other::rwx"}, ACL.Remask},
		{"from nothing", nil, []string{"group:5:r--", "mask::r--"},
			func(a ACL) ACL { return a.With(Entry{Group, 5, Read}) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := list(t, c.from...)
			slices.Reverse(from) // changes need no order
			before := slices.Clone(from)
			if got, want := c.change(from), list(t, c.to...); !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if !slices.Equal(from, before) {
				t.Errorf("the receiver became %v", from)
			}
		})
	}
}

// Two lists made from one must not write into each other, whatever room their arrays have.
func TestChangesShareNothing(t *testing.T) {
	a := FromMode(0o700).With(Entry{User, 5, 7}).Without(User, 5)
	b, c := a.With(Entry{User, 1, 1}), a.With(Entry{User, 2, 2})
	if _, ok := b.Find(User, 1); !ok || len(b) != len(c) {
		t.Errorf("%v and %v", b, c)
	}
	b[0].Perm = 0
	if a[0].Perm != 7 || c[0].Perm != 7 {
		t.Errorf("a change in one list reached %v or %v", a, c)
	}
}

package acl

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestExplain(t *testing.T) {
	const owner, group = 10, 20
	for _, c := range []struct {
		name   string
		acl    string
		person Person
		entry  string
		masked bool
		also   string
		allows string // the sets of rights that are given at once
	}{
		{"owner", "u::rw- g::--- o::---", Person{UID: 10}, "user::rw-", false, "", "r w rw"},
		{"owner is not masked", "u::rwx g::rwx m::--- o::---", Person{UID: 10}, "user::rwx", false, "", "r w x rw rx wx rwx"},
		{"owner shut out, although his group is not", "u::--- g::rwx o::rwx", Person{UID: 10, GID: 20}, "user::---", false, "", ""},
		{"owner shut out, although named", "u::--- u:10:rwx g::--- m::rwx o::rwx", Person{UID: 10}, "user::---", false, "", ""},
		{"other", "u::rwx g::rwx o::r--", Person{UID: 11, GID: 21}, "other::r--", false, "", "r"},
		{"other is not masked", "u::rwx g::r-- m::r-- o::rwx", Person{UID: 11, GID: 21}, "other::rwx", false, "", "r w x rw rx wx rwx"},
		{"named", "u::rwx u:11:r-x g::--- m::rwx o::---", Person{UID: 11, GID: 20}, "user:11:r-x", false, "", "r x rx"},
		{"named less than his group", "u::rwx u:11:--- g::rwx m::rwx o::rwx", Person{UID: 11, GID: 20}, "user:11:---", false, "", ""},
		{"named and masked", "u::rwx u:11:rwx g::--- m::r-- o::---", Person{UID: 11}, "user:11:rwx", true, "", "r"},
		{"file's group", "u::rwx g::r-x o::---", Person{UID: 11, GID: 20}, "group::r-x", false, "", "r x rx"},
		{"file's group by membership", "u::rwx g::r-x o::---", Person{UID: 11, GID: 21, Groups: []uint32{5, 20}}, "group::r-x", false, "", "r x rx"},
		{"file's group less than others", "u::rwx g::--x o::rwx", Person{UID: 11, GID: 20}, "group::--x", false, "", "x"},
		{"group that gives nothing hides others", "u::rwx g::--x g:30:--- m::rwx o::rwx", Person{UID: 11, GID: 30}, "group:30:---", false, "", ""},
		{"group that gives most", "u::rwx g::r-- g:30:r-x g:31:--- m::rwx o::---", Person{UID: 11, GID: 20, Groups: []uint32{31, 30}}, "group:30:r-x", false, "", "r x rx"},
		{"groups do not add up", "u::rwx g::r-- g:30:-wx m::rwx o::---", Person{UID: 11, GID: 20, Groups: []uint32{30}}, "group:30:-wx", false, "group::r--", "r w x wx"},
		{"groups, one bit each", "u::rwx g::r-- g:30:-w- g:31:--x m::rwx o::---", Person{UID: 11, GID: 20, Groups: []uint32{30, 31}}, "group::r--", false, "group:30:-w- group:31:--x", "r w x"},
		{"groups, two bits by one of the smaller", "u::rwx g::--x g:30:-wx g:31:rw- m::rwx o::---", Person{UID: 11, GID: 20, Groups: []uint32{30, 31}}, "group:30:-wx", false, "group:31:rw-", "r w x rw wx"},
		{"groups, one of them without anything new", "u::rwx g::rw- g:30:-w- m::rwx o::---", Person{UID: 11, GID: 20, Groups: []uint32{30}}, "group::rw-", false, "", "r w rw"},
		{"most counts under the mask", "u::rwx g::rw- g:30:--x m::--x o::---", Person{UID: 11, GID: 20, Groups: []uint32{30}}, "group:30:--x", false, "", "x"},
		{"of what is all masked, the largest", "u::rwx g::r-- g:30:rw- m::--x o::---", Person{UID: 11, GID: 20, Groups: []uint32{30}}, "group:30:rw-", true, "", ""},
		{"empty mask, named: Linux does not look", "u::rwx u:11:rwx g::rwx m::--- o::r--", Person{UID: 11, GID: 21}, "other::r--", false, "", "r"},
		{"empty mask, group", "u::rwx g::rwx m::--- o::r--", Person{UID: 11, GID: 20}, "group::rwx", true, "", ""},
		{"empty mask, named and in the group", "u::rwx u:11:rwx g::r-- m::--- o::rwx", Person{UID: 11, GID: 20}, "user:11:rwx", true, "", ""},
		{"empty mask, named group", "u::rwx g::--- g:30:rwx m::--- o::---", Person{UID: 11, GID: 30}, "group:30:rwx", true, "", ""},
		{"empty mask, named", "u::rwx u:11:r-x g::--- m::--- o::---", Person{UID: 11, GID: 21}, "user:11:r-x", true, "", ""},
		{"empty mask, nowhere named", "u::rwx u:11:r-x g::--- m::--- o::---", Person{UID: 12, GID: 21}, "other::---", false, "", ""},
		{"bits alone, group without any", "u::rwx g::--- o::r--", Person{UID: 11, GID: 20}, "group::---", false, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := list(t, strings.Fields(c.acl)...).Explain(owner, group, c.person)
			if x.Entry.String() != c.entry || x.Masked != c.masked {
				t.Errorf("%v, masked %v; not %s, %v", x.Entry, x.Masked, c.entry, c.masked)
			}
			if also := strings.Trim(fmt.Sprint(x.Also), "[]"); also != c.also {
				t.Errorf("also %q, not %q", also, c.also)
			}
			for want := Perm(1); want <= all; want++ {
				set := strings.ReplaceAll(want.String(), "-", "")
				if x.Allows(want) != slices.Contains(strings.Fields(c.allows), set) {
					t.Errorf("%s: %v", set, x.Allows(want))
				}
			}
		})
	}
}

// TestExplainNothing: lists that cannot be give nobody anything, and do not stop the program.
func TestExplainNothing(t *testing.T) {
	for _, a := range []ACL{nil, {}, {{Mask, Undefined, 7}}, {{Group, 20, 0}, {Mask, Undefined, 7}}} {
		for _, p := range []Person{{UID: 10}, {UID: 11, GID: 20}, {UID: 11, GID: 21}} {
			if x := a.Explain(10, 20, p); x.Allows(Read) || x.Allows(Write) || x.Allows(Execute) {
				t.Errorf("%v gives %+v %+v", a, p, x)
			}
		}
	}
}

// testExplainAsKernel: for random lists and people the explanation allows each set of rights that faccessat(2) does,
// and no other; and what it shows of itself says the same.
func testExplainAsKernel(t *testing.T, dir string) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	ids := []uint32{5, 1001, 1002, 1003, 65534, 1 << 31}
	type file struct {
		acl          ACL
		owner, group uint32
	}
	var files []file
	var input strings.Builder
	for i := range 400 {
		f := file{randomOf(r, ids), ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]}
		path := fmt.Sprintf("%s/f%d", dir, i)
		fd := create(t, path, 0o600)
		setAccess(t, fd, f.acl)
		if err := unix.Chown(path, int(f.owner), int(f.group)); err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
		files = append(files, f)
		fmt.Fprintln(&input, path)
	}
	for range 40 {
		c := &syscall.Credential{Uid: ids[r.IntN(len(ids))], Gid: ids[r.IntN(len(ids))]}
		for range r.IntN(4) {
			c.Groups = append(c.Groups, ids[r.IntN(len(ids))])
		}
		p := Person{c.Uid, c.Gid, c.Groups}
		got := strings.Fields(child(t, dir, "asked", c, input.String()))
		if len(got) != len(files) {
			t.Fatalf("%d answers for %d files", len(got), len(files))
		}
		for i, f := range files {
			x := f.acl.Explain(f.owner, f.group, p)
			said := ""
			for want := Perm(1); want <= all; want++ {
				said += answer(x.Allows(want))
			}
			if said != got[i] {
				t.Errorf("%+v, file of %d:%d: the kernel says %s, we say %s, by %v, of\n%s", p, f.owner, f.group, got[i], said, x.Entry, f.acl.Format(nil))
			}
			checkShown(t, f.acl, x)
		}
	}
}

// checkShown: from the entries that are shown, without those that are not, everything follows.
func checkShown(t *testing.T, a ACL, x Explanation) {
	t.Helper()
	var sets []Perm
	for _, e := range append([]Entry{x.Entry}, x.Also...) {
		if !slices.Contains(a, e) {
			t.Errorf("%v is not in\n%s", e, a.Format(nil))
		}
		sets = append(sets, a.Effective(e))
	}
	for want := Perm(1); want <= all; want++ {
		if shown := slices.ContainsFunc(sets, func(p Perm) bool { return p&want == want }); x.Allows(want) != shown {
			t.Errorf("%v and %v do not explain %v of\n%s", x.Entry, x.Also, want, a.Format(nil))
		}
	}
	if x.Masked != (a.Effective(x.Entry) != x.Entry.Perm) {
		t.Errorf("%v masked: %v, in\n%s", x.Entry, x.Masked, a.Format(nil))
	}
}

// randomOf is random with few ids, so that entries meet people.
func randomOf(r *rand.Rand, ids []uint32) ACL {
	a := FromMode(uint32(r.IntN(0o1000)))
	for _, t := range []Tag{User, Group} {
		for range r.IntN(4) {
			a = a.With(Entry{t, ids[r.IntN(len(ids))], Perm(r.IntN(8))})
		}
	}
	if r.IntN(3) == 0 {
		a = a.With(Entry{Mask, Undefined, Perm(r.IntN(8))})
	}
	return a
}

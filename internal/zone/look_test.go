package zone

import (
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
)

// TestMakeZone: what a manager makes himself is what root makes for him.
func TestMakeZone(t *testing.T) {
	base, _ := tree(t)
	root := objectAt(t, base)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	m := Metadata{Title: ptr("Offers"), Expires: ptr("2026-12-31"), MaxAge: ptr(30)}
	must(t, root.MakeZone("offers", m, now))
	made := objectAt(t, base+"/offers")
	access, err1 := acl.Access(made.fd)
	inherited, err2 := acl.Default(made.fd)
	must(t, err1, err2)
	wantAccess, wantInherited := RootACLs(uint32(os.Geteuid()), nil)
	if !slices.Equal(access, wantAccess) || !slices.Equal(inherited, wantInherited) || made.stat.Mode&0o7777 != 0o1770 {
		t.Errorf("%o\n%s\n%s", made.stat.Mode, access.Format(nil), inherited.Format(nil))
	}
	got := ReadMetadata(made.fd)
	if got.ID == nil || len(*got.ID) != idLength || *got.Title != "Offers" || *got.Expires != "2026-12-31" || *got.MaxAge != 30 {
		t.Errorf("%+v", got)
	}
	for name, err := range map[string]error{
		"offers": root.MakeZone("offers", m, now),
		"Bad":    root.MakeZone("Bad", m, now),
		"past":   root.MakeZone("past", Metadata{Expires: ptr("2026-11-23")}, now),
		"title":  root.MakeZone("title", Metadata{Title: ptr("a\x00")}, now),
	} {
		if err == nil {
			t.Errorf("%s was made", name)
		}
	}
	entries, err := os.ReadDir(base)
	must(t, err)
	for _, e := range entries {
		if e.Name() == "past" || e.Name() == "title" || e.Name() == "Bad" || len(e.Name()) > 10 && e.Name()[:9] == ".shz-new-" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// TestModifyOwn: the fields that are given, on one's own zone.
func TestModifyOwn(t *testing.T) {
	base, _ := tree(t)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	must(t, objectAt(t, base).MakeZone("offers", Metadata{Title: ptr("Offers"), Notify: ptr("")}, now))
	made := objectAt(t, base+"/offers")
	id := *ReadMetadata(made.fd).ID
	must(t, made.Modify(Metadata{ID: ptr(NewID()), Title: ptr(""), MaxAge: ptr(3)}, true, now))
	if m := ReadMetadata(made.fd); *m.ID != id || m.Title != nil || *m.MaxAge != 3 || m.Notify != nil {
		t.Errorf("%+v", m)
	}
	if err := made.Modify(Metadata{Title: ptr("x"), Expires: ptr("2026-11-23")}, false, now); err == nil || ReadMetadata(made.fd).Title != nil {
		t.Error("a day that is over is taken, or half of the change was made")
	}
}

func TestDescribe(t *testing.T) {
	base, _ := tree(t)
	must(t, objectAt(t, base).MakeZone("offers", Metadata{Title: ptr("Offers"), Description: ptr("d")}, time.Now()))
	made := objectAt(t, base+"/offers")
	access, _ := RootACLs(uint32(os.Geteuid()), []acl.Entry{{Tag: acl.User, ID: 4242, Perm: permWrite}, {Tag: acl.Group, ID: 4243, Perm: permRead}, {Tag: acl.User, ID: 4244, Perm: acl.Read}})
	access = access.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: permRead})
	must(t, acl.SetAccess(made.fd, access))
	d := Describe([]Look{made.Look("offers")}, account.NewNames())[0]
	want := []Member{{"group:4243", Read, ""}, {"user:4242", Read, "rwx"}, {"user:4244", None, "r--"}}
	if !slices.Equal(d.Members, want) || d.Access != Own || *d.Title != "Offers" || *d.Description != "d" || d.State != StateOpen || len(d.ID) != idLength || !made.Mine() {
		t.Errorf("%+v", d)
	}
}

func TestDescribeProblems(t *testing.T) {
	base, _ := tree(t)
	must(t, objectAt(t, base).MakeZone("offers", Metadata{}, time.Now()))
	made := objectAt(t, base+"/offers")
	names := account.NewNames()
	// Whoever runs this test is no manager of Share Zone.
	if got := Describe([]Look{made.Look("offers")}, names)[0].Problems; !slices.Contains(got, OwnerGone) && !slices.Contains(got, OwnerNotManager) ||
		slices.Contains(got, Shut) || slices.Contains(got, NoACL) || slices.Contains(got, ReadOnly) || slices.Contains(got, NoID) {
		t.Errorf("%v", got)
	}
	must(t, unix.Chmod(base+"/offers", 0o1700))
	if got := Describe([]Look{made.Look("offers")}, names)[0].Problems; !slices.Contains(got, Shut) {
		t.Errorf("%v", got)
	}
	for _, path := range []string{base, "/proc/sys"} { // one without a list, one that could have none
		if got := Describe([]Look{objectAt(t, path).Look("x")}, names)[0].Problems; !slices.Contains(got, NoACL) {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestLongest(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	for p, want := range map[Policy]string{{}: "", {DefaultExpiry: 7}: "2026-12-01", {DefaultExpiry: 7, MaxExpiry: 30}: "2026-12-24", {DefaultMaxAge: 3}: ""} {
		if got := p.Longest(now); got != want {
			t.Errorf("%+v: %q", p, got)
		}
	}
}

package zone

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sharezone/acl"
	"sharezone/internal/layout"
)

type fakeMembership struct {
	fakeNames
	groups map[string]string // "anna shzmgr": …
	err    error
}

func (f fakeMembership) InGroup(user, group string) bool { return f.groups[user+" "+group] != "" }
func (f fakeMembership) Err() error                      { return f.err }

func listOf(t *testing.T, text string) acl.ACL {
	t.Helper()
	list, err := acl.Parse(strings.ReplaceAll(text, ",", "\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestProblems(t *testing.T) {
	names := fakeMembership{fakeNames: fakeNames{1: "anna", 2: "bruno", 3: "left"}, groups: map[string]string{
		"anna " + layout.GroupManager: "y", "anna " + layout.GroupBase: "y", "bruno " + layout.GroupBase: "y", "left " + layout.GroupManager: "y"}}
	id := NewID()
	good := Metadata{ID: &id}
	wasHers := acl.ACL{{Tag: acl.User, ID: 1, Perm: permWrite}}
	for _, row := range []struct {
		root Root
		want string
	}{
		{Root{Owner: 1, Metadata: good}, "[]"},
		{Root{Owner: 2, Metadata: good}, "[owner-not-manager]"},
		{Root{Owner: 3, Metadata: good}, "[owner-not-manager]"},
		{Root{Owner: 4, Metadata: good}, "[owner-gone]"},
		{Root{Owner: 1, Mode: 0o1770, Metadata: good}, "[]"},
		{Root{Owner: 1, Mode: 0o1771, Metadata: good}, "[everybody]"},
		{Root{Owner: 1, Mode: 0o1770, Metadata: good, Access: listOf(t, "u::rwx,u:2:rwx,g::---,m::rwx,o::---")}, "[]"},
		{Root{Owner: 1, Mode: 0o1700, Metadata: good, Access: listOf(t, "u::rwx,u:2:rwx,g::---,m::---,o::---")}, "[shut]"},
		{Root{Owner: 1, Mode: 0o1070, Metadata: good, Access: listOf(t, "u::---,u:2:rwx,g::---,m::rwx,o::---")}, "[shut]"},
		{Root{Owner: 2, Metadata: good, Inherited: wasHers}, "[owner-wrong]"},
		{Root{Owner: 4, Metadata: good, Inherited: wasHers}, "[owner-gone]"},
		{Root{Owner: 2, Metadata: good, Inherited: wasHers, Access: acl.ACL{{Tag: acl.User, ID: 1, Perm: permWrite}}}, "[owner-not-manager]"}, // a member
		{Root{Owner: 1, Metadata: good, Inherited: acl.ACL{{Tag: acl.User, ID: 2, Perm: permWrite}}}, "[]"},
		{Root{Owner: 1}, "[no-id]"},
		{Root{Owner: 1, Metadata: Metadata{ID: &id, Bad: []ValueError{{Attr: AttrTrash}}}}, "[bad-value]"},
		{Root{Owner: 1, Metadata: Metadata{ID: &id, Bad: []ValueError{{Attr: AttrKeep}}}}, "[bad-keep]"},
		{Root{Owner: 1, Metadata: good, Mounted: true, ReadOnly: true, NoACL: true}, "[other-mount read-only no-acl]"},
		{Root{Owner: 4, Mounted: true, Unseen: true}, "[other-mount]"},
	} {
		if got := fmt.Sprint(row.root.Problems(names)); got != row.want {
			t.Errorf("%+v: %s", row.root, got)
		}
	}
	names.err = errors.New("the directory server does not answer")
	if got := (Root{Owner: 4, Metadata: good}).Problems(names); len(got) != 0 {
		t.Errorf("nobody knows who it is: %v", got)
	}
}

func TestParseMounts(t *testing.T) {
	text := `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:30 /zones /srv/sharezone rw,nosuid - btrfs /dev/sdb rw
41 40 8:3 / /srv/sharezone/disk rw - ext4 /dev/sdc rw
42 40 0:50 / /srv/sharezone/far rw shared:3 master:1 - nfs4 server:/x rw
43 42 0:51 / /srv/sharezone/far rw - fuse.sshfs x rw
44 41 0:52 / /srv/sharezone/disk/below rw - tmpfs x rw
45 22 0:53 / /srv/sharezone2/other rw - tmpfs x rw
damaged
46 22 0:54
`
	got := parseMounts(text, "/srv/sharezone")
	if len(got) != 2 || got["disk"] != "ext4" || got["far"] != "fuse.sshfs" {
		t.Errorf("%v", got)
	}
	if mounts, err := mountsIn("/no/such/folder"); err != nil || len(mounts) != 0 {
		t.Errorf("%v, %v", mounts, err)
	}
}

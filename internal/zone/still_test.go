package zone

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sharezone/acl"
)

// TestStill: who is taken off the list and is in a group on it is told with what that gives, and asked about where it is more than he had.
func TestStill(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	for _, c := range []struct {
		own, group Access // of carla, who is in acme
		hand       string
		want       string
		more       bool
	}{
		{Read, Write, "", "write group:zt-acme", true},
		{Drop, Read, "", "read group:zt-acme", true},
		{Write, Read, "", "read group:zt-acme", false},
		{None, Read, "", "read group:zt-acme", false}, // she was not listed
		{Read, None, "", "", false},
		{Read, Write, "setfacl -n -m m::---", "write group:zt-acme", true}, // nobody gets in now
		{Write, Read, "setfacl -n -m m::---", "", false},
		{Read, Write, "setfacl -n -m u:zt-carla:---", "", false},
	} {
		createDemo(t, admin)
		share(t, admin, "user:zt-carla", c.own)
		share(t, admin, "group:zt-acme", c.group)
		if c.hand != "" {
			sh(t, c.hand+" "+root)
		}
		h := hold(t, admin)
		members := []Member{{Principal: "user:zt-carla", Access: None}}
		var gains *GainsError
		if err := h.CheckGains(members, ""); errors.As(err, &gains) != c.more {
			t.Errorf("%+v: %v", c, err)
		}
		report, err := h.ShareAll(members)
		got := ""
		for _, s := range report.Still {
			got = fmt.Sprint(s.Access, " ", strings.Join(s.Through, " "))
			if s.More != c.more || s.Principal != "user:zt-carla" {
				t.Errorf("%+v: %+v", c, s)
			}
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
		if c.hand == "" && as(t, "zt-carla", "ls "+root) != (c.group != None) { // as the kernel says
			t.Errorf("%+v\n%s", c, getfacl(t, root))
		}
		h.Release()
		sh(t, "rm -rf "+root)
	}
}

// TestShareLeftover: what an interrupted downgrade leaves at the root gives nothing, and goes when he is taken off; what somebody wrote by hand stays,
// also where taking off was interrupted.
func TestShareLeftover(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	id, _ := admin.names.UserID("zt-bruno")
	for value, stays := range map[string]bool{"": false, byHand: true, "none": true} {
		createDemo(t, admin)
		share(t, admin, "user:zt-bruno", Write)
		h := hold(t, admin)
		if value != "none" {
			must(t, beginNarrowing(h.fd, acl.Entry{Tag: acl.User, ID: id}, value))
		}
		sh(t, "setfacl -n -m u:zt-bruno:--- "+root)
		report, err := h.ShareAll([]Member{{Principal: "user:zt-bruno", Access: None}})
		if list := getfacl(t, root); err != nil || report.Denied != stays || strings.Contains(list, "user:zt-bruno:---") != stays || strings.Contains(list, "default:user:zt-bruno") {
			t.Errorf("%q: %v\n%s", value, err, list)
		}
		if sh(t, "getfattr -d -m trusted.shz.narrowing --absolute-names "+root) != "" {
			t.Errorf("%q: the record stays", value)
		}
		h.Release()
		sh(t, "rm -rf "+root)
	}
}

// TestByGroups: what a page says that groups give somebody is what a change of the list reckons with.
func TestByGroups(t *testing.T) {
	_, admin := needCopy(t)
	createDemo(t, admin)
	share(t, admin, "group:zt-acme", Read)
	share(t, admin, "group:shzbase", Drop)
	share(t, admin, "user:zt-bruno", Read)
	z, err := admin.Show("demo")
	if err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]string{"zt-carla": "write [group:shzbase group:zt-acme]", "zt-bruno": "drop [group:shzbase]", "zt-staff": "none []", "zt-nobody": "none []"} {
		got := ByGroups(z.Members, user, admin.names)
		if fmt.Sprint(got.Access, " ", got.Through) != want || got.Principal != "user:"+user {
			t.Errorf("%s: %+v, wanted %s", user, got, want)
		}
	}
	h := hold(t, admin)
	defer h.Release()
	for _, user := range []string{"zt-carla", "zt-bruno"} {
		still, err := h.Still([]Member{{Principal: "user:" + user, Access: None}})
		if got := ByGroups(z.Members, user, admin.names); err != nil || len(still) != 1 || still[0].Access != got.Access || len(still[0].Through) != len(got.Through) {
			t.Errorf("%s: %+v and %+v, %v", user, still, got, err)
		}
	}
}

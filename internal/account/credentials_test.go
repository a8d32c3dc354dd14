package account

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestGroupIDs(t *testing.T) {
	for _, c := range []struct {
		name, nsswitch string
		answer         string // of getent initgroups
		asked          string
		want           string // "" for an error
	}{
		{"no nsswitch.conf", "", "", "", "anna 992 994 995 1001 / carla 995"},
		{"files", "group: files\n", "", "", "anna 992 994 995 1001 / carla 995"},
		{"systemd", "passwd: files ldap\ngroup:\tfiles [SUCCESS=merge] systemd # sss\n", "", "", "anna 992 994 995 1001 / carla 995"},
		{"nothing", "group:\n", "", "", "anna 992 994 995 1001 / carla 995"},
		{"own line", "group: files sss\ninitgroups: files\n", "", "", "anna 992 994 995 1001 / carla 995"},
		{"directory", "group: files sss\n", "anna                  995 70000\ncarla                \n", "initgroups anna carla", "anna 995 1001 70000 / carla 995"},
		{"directory after a condition", "group: files [!SUCCESS = return] ldap\n", "anna 7\ncarla 8\n", "initgroups anna carla", "anna 7 1001 / carla 8 995"},
		{"only for initgroups", "group: files\ninitgroups: sss\n", "carla 1 2\nanna\n", "initgroups anna carla", "anna 1001 / carla 1 2 995"},
		{"no answer about one", "group: sss\n", "anna 995\n", "initgroups anna carla", ""},
		{"no answer", "group: sss\n", "", "initgroups anna carla", ""},
		{"damaged answer", "group: sss\n", "anna 995 x\ncarla\n", "initgroups anna carla", ""},
		{"nobody's gid", "group: sss\n", "anna 4294967295\ncarla\n", "initgroups anna carla", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, asked := fakeNames(t, map[string]string{"initgroups anna": c.answer})
			if c.nsswitch != "" {
				if err := os.WriteFile(n.root+"/etc/nsswitch.conf", []byte(c.nsswitch), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			anna, _ := n.User("anna")
			carla, _ := n.User("carla")
			ids, err := n.GroupIDs([]Entry{anna, carla})
			if got := strings.Join(*asked, ","); got != c.asked {
				t.Errorf("asked %q, not %q", got, c.asked)
			}
			if (err != nil) != (c.want == "") {
				t.Fatal(ids, err)
			}
			for _, list := range ids {
				slices.Sort(list)
			}
			if got := fmt.Sprint("anna ", ids["anna"], " / carla ", ids["carla"]); err == nil && strings.NewReplacer("[", "", "]", "").Replace(got) != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}

func TestGroupIDsWhenNSSFails(t *testing.T) {
	n, _ := fakeNames(t, nil)
	if err := os.WriteFile(n.root+"/etc/nsswitch.conf", []byte("group: files sss\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	anna, _ := n.User("anna")
	n.ask = func(string, []string) ([]byte, error) { return nil, errors.New("the server is down") }
	if ids, err := n.GroupIDs([]Entry{anna}); err == nil {
		t.Error("a login would give other groups than", ids)
	}
}

// TestGroupIDsAsInitgroups: for everybody on this machine as id(1) says, from the files and from getent alike.
func TestGroupIDsAsInitgroups(t *testing.T) {
	n := NewNames()
	n.User("root")
	var people []Entry
	for _, e := range n.local {
		people = append(people, *e)
	}
	fromFiles, err := n.GroupIDs(people)
	if err != nil {
		t.Fatal(err)
	}
	fromNSS := make(map[string][]uint32)
	for _, e := range people {
		fromNSS[e.Name] = []uint32{e.GID}
	}
	if err := n.askGroupIDs(people, fromNSS); err != nil {
		t.Fatal(err)
	}
	for _, e := range people {
		out, err := exec.Command("id", "-G", "--", e.Name).Output()
		if err != nil {
			t.Fatalf("id of %s: %v", e.Name, err)
		}
		var want []uint32
		for _, text := range strings.Fields(string(out)) {
			gid, _ := strconv.ParseUint(text, 10, 32)
			want = append(want, uint32(gid))
		}
		for what, ids := range map[string]map[string][]uint32{"files": fromFiles, "getent": fromNSS} {
			if !slices.Equal(set(ids[e.Name]), set(want)) {
				t.Errorf("%s, %s: %v, id says %v", e.Name, what, ids[e.Name], want)
			}
		}
	}
}

func set(ids []uint32) []uint32 { return slices.Compact(slices.Sorted(slices.Values(ids))) }

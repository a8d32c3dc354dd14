package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/helper"
	"sharezone/internal/zone"
)

// TestReadersOfEach: of several paths it says the same as of each alone, also of twins with other lists, owners and folders; what
// is not there, or not to be reached, stands in nobody's set.
func TestReadersOfEach(t *testing.T) {
	needCopy(t)
	newUser(t, "re-owner", "shzbase,shzmgr")
	newUser(t, "re-member", "shzbase")
	newUser(t, "re-other", "shzbase")
	top := newZone(t, "re-zone", "re-owner")
	sh(t, `cd "$1"; setfacl -m u:re-member:rwx,d:u:re-owner:rwx,d:u:re-member:rwx,d:g::-,d:o::- .; mkdir open shut
		for f in a b c open/a shut/a "with blank" "$(printf 'caf\351')"; do echo x >"$f"; chmod 640 "$f"; done
		setfacl -m u:re-other:r b; setfacl -x u:re-member c; setfacl -x u:re-member shut; chown re-other open/a; setfacl -x u:re-member open/a
		ln -s a link; mkdir .shz-x; mkfifo fifo; setfacl -b fifo`, top)
	paths := []string{"a", "b", "none", "c", "a", "open/a", "shut/a", "link", "link/x", ".shz-x", "fifo", "..", "with%20blank", "caf%E9", "", "open"}
	all := askAs(t, "shzspool", request{Op: "readers", Zone: "re-zone", Paths: paths})
	if all.status != 0 || len(all.Readers) != len(paths) || all.Users != nil {
		t.Fatalf("%d %s%s", all.status, all.out, all.log)
	}
	for i, path := range paths {
		one := askAs(t, "shzspool", request{Op: "readers", Zone: "re-zone", Path: path})
		set := all.Readers[i]
		if one.status != 0 && set != helper.NoReaders || one.status == 0 && (set < 0 || !slices.Equal(all.Sets[set], one.Users)) {
			t.Errorf("%q: %s, of all %v %v", path, one.out, set, all.Sets)
		}
	}
	told := func(path string) string {
		if set := all.Readers[slices.Index(paths, path)]; set >= 0 {
			return strings.Join(all.Sets[set], " ")
		}
		return "-"
	}
	for path, want := range map[string]string{"a": "re-member re-owner", "b": "re-member re-owner", "c": "re-owner", "open/a": "re-other re-owner",
		"shut/a": "re-owner", "none": "-", "..": "-"} {
		if got := told(path); !strings.HasPrefix(got+" ", want+" ") && path != "open/a" {
			t.Errorf("%s: %q, not %q", path, got, want)
		}
	}
	for _, zone := range []string{"re-none", ".closed"} {
		if a := askAs(t, "shzspool", request{Op: "readers", Zone: zone, Paths: []string{"a", "b"}}); !slices.Equal(a.Readers, []int{-1, -1}) {
			t.Errorf("%s: %s", zone, a.out)
		}
	}
	if a := askAs(t, "re-member", request{Op: "readers", Zone: "re-zone", Paths: paths}); a.status == 0 || a.Readers != nil {
		t.Errorf("a member asks: %s", a.out)
	}
}

// TestBarred: whose account is locked or has expired is no reader, whatever the kernel would let him do; who has not set his first
// password yet is one. Managers are told of accounts by readers alone.
func TestBarred(t *testing.T) {
	needCopy(t)
	for name, how := range map[string]string{"rb-owner": "", "rb-active": "usermod -p '$6$x$y' rb-active", "rb-invited": "", "rb-locked": "usermod -p '!$6$x$y' rb-locked",
		"rb-expired": "usermod -p '$6$x$y' -e 2020-01-01 rb-expired"} {
		groups := "shzbase"
		if name == "rb-owner" {
			groups += ",shzmgr"
		}
		newUser(t, name, groups)
		if how != "" {
			sh(t, how)
		}
	}
	top := newZone(t, "rb-zone", "rb-owner")
	sh(t, `for u in active invited locked expired; do setfacl -m u:rb-$u:rx "$1"; done; echo x >"$1/a"; chmod 644 "$1/a"`, top)
	ours := func(users []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(users), func(u string) bool { return !strings.HasPrefix(u, "rb-") }), " ")
	}
	const can = "rb-active rb-invited rb-owner"
	if a := askAs(t, "shzspool", request{Op: "readers", Zone: "rb-zone", Path: "a"}); a.status != 0 || ours(a.Users) != can {
		t.Errorf("%d %s%s", a.status, a.out, a.log)
	}
	if a := askAs(t, "shzspool", request{Op: "readers", Zone: "rb-zone", Paths: []string{"a"}}); a.status != 0 || len(a.Sets) != 1 || ours(a.Sets[0]) != can {
		t.Errorf("%d %s%s", a.status, a.out, a.log)
	}
	if a := askAs(t, "shzspool", request{Op: "barred"}); a.status != 0 || ours(a.Users) != "rb-expired rb-locked" {
		t.Errorf("%d %s%s", a.status, a.out, a.log)
	}
	for _, user := range []string{"rb-owner", "rb-active"} {
		if a := askAs(t, user, request{Op: "barred"}); a.status == 0 || a.Users != nil {
			t.Errorf("%s: %d %s", user, a.status, a.out)
		}
	}
}

// TestReadersOfRestless: what somebody renames without end is nobody's, and holds up no answer about anything else.
func TestReadersOfRestless(t *testing.T) {
	needCopy(t)
	newUser(t, "rr-owner", "shzbase,shzmgr")
	top := newZone(t, "rr-zone", "rr-owner")
	sh(t, `cd "$1"; mkdir here; touch here/a b`, top)
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				os.Rename(top+"/here", top+"/there")
				os.Rename(top+"/there", top+"/here")
			}
		}
	}()
	paths := []string{"b"}
	for range 200 {
		paths = append(paths, "here/a", "there/a")
	}
	for range 5 {
		a := askAs(t, "shzspool", request{Op: "readers", Zone: "rr-zone", Paths: paths})
		if a.status != 0 || len(a.Readers) == 0 || a.Readers[0] == helper.NoReaders {
			t.Errorf("%d %.200s%s", a.status, a.out, a.log)
		}
	}
	close(stop)
	<-done
}

// TestReadersOfMany: hundreds of files that came together cost about as much as one.
func TestReadersOfMany(t *testing.T) {
	needCopy(t)
	newUser(t, "rm-owner", "shzbase,shzmgr")
	top := newZone(t, "rm-zone", "rm-owner")
	if out, err := exec.Command("sh", "-c", `cd "$1" && seq -f f%g 2000 | xargs touch`, "sh", top).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	var paths []string
	for i := range 2000 {
		paths = append(paths, fmt.Sprint("f", i+1))
	}
	found := 0
	for len(paths) > 0 {
		a := askAs(t, "shzspool", request{Op: "readers", Zone: "rm-zone", Paths: paths})
		if a.status != 0 || len(a.Readers) == 0 || len(a.Sets) != 1 {
			t.Fatalf("%d %.200s%s", a.status, a.out, a.log)
		}
		found += len(a.Readers)
		paths = paths[len(a.Readers):]
	}
	if found != 2000 {
		t.Errorf("%d", found)
	}
}

// TestReadersOfFile: where a certain file is asked about, another one of the same name is not taken for it.
func TestReadersOfFile(t *testing.T) {
	needCopy(t)
	newUser(t, "rf-owner", "shzbase,shzmgr")
	top := newZone(t, "rf-zone", "rf-owner")
	sh(t, `cd "$1"; touch a b`, top)
	identity := func(name string) string {
		f, err := os.Open(top + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return zone.FileIdentity(int(f.Fd()))
	}
	before := identity("b")
	sh(t, `cd "$1"; rm b; sleep .01; touch b`, top) // with the number that became free, perhaps
	q := request{Op: "readers", Zone: "rf-zone", Paths: []string{"a", "b", "b", "a", "none"}, Files: []string{identity("a"), before, identity("b"), "", before}}
	a := askAs(t, "shzspool", q)
	if len(a.Readers) != 5 {
		t.Fatalf("%d %s%s", a.status, a.out, a.log)
	}
	for i, there := range []bool{true, false, true, true, false} {
		if (a.Readers[i] != helper.NoReaders) != there {
			t.Errorf("%d: %s", i, a.out)
		}
	}
	q.Files = q.Files[:2]
	if a := askAs(t, "shzspool", q); a.status == 0 || a.Readers != nil {
		t.Errorf("too few files: %s", a.out)
	}
}

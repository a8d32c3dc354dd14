package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/layout"
)

// word is what somebody can do, where he is stopped, and the reason, in one line.
func word(p helper.Person) string {
	text := ""
	for _, right := range []struct {
		has  bool
		name string
	}{{p.Read, "r"}, {p.Write, "w"}, {p.Enter, "x"}} {
		if right.has {
			text += right.name
		} else {
			text += "-"
		}
	}
	if p.Stopped != nil {
		text += fmt.Sprintf(" at %q", *p.Stopped)
	}
	text += " " + strings.TrimSpace(p.Entry+" "+p.Perm)
	if p.Masked {
		text += " masked"
	}
	return strings.TrimSpace(text)
}

// TestObjects: whatever may lie in a zone is answered about at once, as the kernel does, and nothing is opened.
func TestObjects(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	newUser(t, "ac-reader", "shzbase")
	newUser(t, "ac-out", "users")
	top := newZone(t, "ac-objects", "ac-owner")
	sh(t, `cd "$1"; setfacl -m u:ac-reader:rx .; setfacl -d -m u:ac-owner:rwx,u:ac-reader:rx .; chown=(chown ac-owner:ac-owner)
		echo x >file; mkdir -m 1770 folder; mkdir -m 1770 shut; setfacl -m u:ac-reader:r shut; echo x >shut/below
		mkdir shut/deep; echo x >shut/deep/file; echo x >masked; chmod 600 masked
		mkfifo fifo; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "socket", Listen => 1)'
		mknod null c 1 3; chmod 666 null; setfacl -b null; ln -s file link; ln -s none dangling; ln -s loop loop; ln -s /proc/self/root root; ln -s folder way
		"${chown[@]}" -h -R .; mkdir ro bits; setfacl -b ro bits; mount -t tmpfs -o ro,mode=777 tmpfs ro; mount -t ramfs -o mode=755 ramfs bits
		echo x >fixed; chown ac-owner fixed; chattr +i fixed`, top)
	for _, row := range []struct{ path, kind, owner, reader string }{
		{"", "dir", `rwx owner rwx`, `r-x user:ac-reader r-x`},
		{"file", "file", `rw- owner rw-`, `r-- user:ac-reader r-x masked`},
		{"folder", "dir", `rwx owner rwx`, `r-x user:ac-reader r-x`},
		{"masked", "file", `rw- owner rw-`, `--- user:ac-reader r-x masked`},
		{"shut", "dir", `rwx owner rwx`, `r-- user:ac-reader r--`},
		{"shut/below", "file", `rw- owner rw-`, `--- at "shut" user:ac-reader r--`},
		{"shut/deep/file", "file", `rw- owner rw-`, `--- at "shut" user:ac-reader r--`},
		{"fifo", "other", `rw- owner rw-`, `r-- user:ac-reader r-x masked`},
		{"socket", "other", `rw- owner rwx`, `r-- user:ac-reader r-x`},
		{"null", "other", `rw- owner rw-`, `rw- other rw-`},
		{"link", "other", `---`, `---`},
		{"dangling", "other", `---`, `---`},
		{"loop", "other", `---`, `---`},
		{"root", "other", `---`, `---`},
		// What the list does not explain has no reason.
		{"ro", "dir", `r-x`, `r-x`},
		{"bits", "dir", `r-x other r-x`, `r-x other r-x`},
		{"fixed", "file", `r--`, `r-- user:ac-reader r-x masked`},
	} {
		t.Run(row.path, func(t *testing.T) {
			before := sh(t, `stat -c '%n %a %u:%g %x %y %z' "$1/$2"`, top, row.path)
			a := askAs(t, "ac-owner", request{Op: "who", Zone: "ac-objects", Path: row.path, Users: []string{"ac-owner", "ac-reader", "ac-out", layout.UserSpool}})
			if a.status != 0 || a.Object.Type != row.kind || len(a.People) != 4 || a.took > 5*time.Second {
				t.Fatalf("%d %s %s after %v", a.status, a.out, a.log, a.took)
			}
			spool := `--- at "" other ---`
			if row.path == "" {
				spool = `--- other ---`
			}
			for name, want := range map[string]string{"ac-owner": row.owner, "ac-reader": row.reader, "ac-out": `--- at "/" other ---`, layout.UserSpool: spool} {
				if got := word(a.person(t, name)); got != want {
					t.Errorf("%s: %s, not %s", name, got, want)
				}
			}
			if row.path != "ro" && row.path != "bits" && a.person(t, "ac-owner").Owner != true || a.person(t, "ac-reader").Owner {
				t.Errorf("owner: %s", a.out)
			}
			if after := sh(t, `stat -c '%n %a %u:%g %x %y %z' "$1/$2"`, top, row.path); after != before {
				t.Errorf("was %s\nis  %s", before, after)
			}
		})
	}
	for _, path := range []string{"link/x", "way/x", "loop/x", "root/etc", "root/etc/passwd", "dangling/x"} {
		if a := askAs(t, "ac-owner", request{Op: "who", Zone: "ac-objects", Path: path}); a.Error != "not-permitted" || a.Object != nil {
			t.Errorf("%s: %s", path, a.out)
		}
	}
	a := askAs(t, "ac-owner", request{Op: "who", Zone: "ac-objects", Path: "folder", Users: []string{"ac-owner"}})
	if *a.Object != (helper.Object{Type: "dir", Owner: "ac-owner", Group: "ac-owner", Mode: "1770"}) {
		t.Errorf("%s", a.out)
	}
}

// TestRootAsked: should root be in shzbase, the answer is what the kernel says, which no list explains.
func TestRootAsked(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	newZone(t, "ac-root", "ac-owner")
	a := askAs(t, "", request{Op: "who", Zone: "ac-root", Users: []string{"root"}})
	if a.status != 0 || word(a.person(t, "root")) != "rwx" {
		t.Errorf("%s%s", a.out, a.log)
	}
}

// TestNoSuchNames: owners and groups that are nobody's any more appear as numbers.
func TestNoSuchNames(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	top := newZone(t, "ac-gone", "ac-owner")
	sh(t, `echo x >"$1/file"; setfacl -m u:7001:rw,g:7002:rw "$1/file"; chown 7003:7004 "$1/file"`, top)
	a := askAs(t, "ac-owner", request{Op: "who", Zone: "ac-gone", Path: "file"})
	if a.status != 0 || a.Object.Owner != "uid:7003" || a.Object.Group != "7004" {
		t.Errorf("%s%s", a.out, a.log)
	}
}

// TestByID: the worker knows a zone by its id, and by name too where two have the same one.
func TestByID(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	newUser(t, "ac-reader", "shzbase")
	const one, two = "00000000000000000000000000000001", "00000000000000000000000000000002"
	setID := func(id, top string) {
		sh(t, `setfattr -n user.shz.id -v "$1" "$2"; echo x >"$2/file"; chown ac-owner "$2/file"; chmod 640 "$2/file"`, id, top)
	}
	first, second := newZone(t, "ac-first", "ac-owner"), newZone(t, "ac-second", "ac-owner")
	setID(one, first)
	setID(two, second)
	sh(t, `setfacl -m u:ac-reader:rx "$1"; setfacl -m u:ac-reader:r "$1/file"`, first)
	readers := func(q request) string {
		q.Op, q.Path = "readers", "file"
		a := askAs(t, layout.UserSpool, q)
		return strings.TrimSpace(a.Error + " " + strings.Join(a.Users, " "))
	}
	for _, row := range []struct {
		q    request
		want string
	}{
		{request{ZoneID: one}, "ac-owner ac-reader"},
		{request{ZoneID: two}, "ac-owner"},
		{request{Zone: "ac-first", ZoneID: one}, "ac-owner ac-reader"},
		{request{Zone: "ac-second", ZoneID: one}, "not-found"},
		{request{Zone: "ac-first"}, "ac-owner ac-reader"},
		{request{ZoneID: "../../etc"}, "not-found"},
		{request{ZoneID: strings.ToUpper("0000000000000000000000000000000a")}, "not-found"},
	} {
		if got := readers(row.q); got != row.want {
			t.Errorf("%+v: %s, not %s", row.q, got, row.want)
		}
	}
	// A copy of the id, in another's zone or on a file in the base, keeps nobody from being told.
	setID(one, second)
	if got := readers(request{ZoneID: one}); got != "conflict" {
		t.Errorf("two zones with the id: %s", got)
	}
	if got := readers(request{Zone: "ac-first", ZoneID: one}); got != "ac-owner ac-reader" {
		t.Errorf("two zones with the id, named: %s", got)
	}
	setID(two, second)
	file := layout.Base + "/ac-file"
	t.Cleanup(func() { os.Remove(file) })
	sh(t, `echo x >"$1"; setfattr -n user.shz.id -v "$2" "$1"`, file, one)
	if got := readers(request{ZoneID: one}); got != "ac-owner ac-reader" {
		t.Errorf("a file with the id: %s", got)
	}
}

// TestNames: names are bytes, and come back as they were asked.
func TestNames(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	newUser(t, "ac-reader", "shzbase")
	top := newZone(t, "ac-names", "ac-owner")
	sh(t, `setfacl -m u:ac-reader:rx "$1"`, top)
	for _, name := range []string{"a b", "perché", "perche\u0301", "caf\xe9", "\u202etxt.exe", "-rf", "--help", "$(id)", ";id", "x\ny", "\x1b[2J", "%2e%2e", "..%5c", `a\b`, "<svg onload=x>",
		"Case", "case", strings.Repeat("n", 255), "…", ".hidden", "..."} {
		sh(t, `mkdir -m 700 -- "$1/$2"; echo x >"$1/$2/file"; chown -R ac-owner: "$1/$2"`, top, name)
		segment := encoded([]string{name})
		a := askAs(t, "ac-owner", request{Op: "who", Zone: "ac-names", Path: segment + "/file", Users: []string{"ac-owner", "ac-reader"}})
		if a.status != 0 {
			t.Errorf("%q: %s%s", name, a.out, a.log)
			continue
		}
		if p := a.person(t, "ac-reader"); p.Stopped == nil || *p.Stopped != segment {
			t.Errorf("%q: %s", name, a.out)
		}
	}
}

// TestDeep: a thousand folders in each other, of which the last but some is shut, cost no more than few.
func TestDeep(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	newUser(t, "ac-reader", "shzbase")
	const levels, shut = 1000, 990
	top := newZone(t, "ac-deep", "ac-owner")
	sh(t, `setfacl -m u:ac-reader:rx "$1"; perl -e 'chdir $ARGV[0] or die; for (1..$ARGV[1]) { mkdir "abcdefgh", 0755 or die; chdir "abcdefgh" or die; chmod 0700, "." if $_ == $ARGV[2] }' "$1" "$2" "$3"
		chown -R -h ac-owner "$1"`, top, fmt.Sprint(levels), fmt.Sprint(shut))
	names := slices.Repeat([]string{"abcdefgh"}, levels)
	a := askAs(t, "ac-owner", request{Op: "who", Zone: "ac-deep", Path: strings.Join(names, "/")})
	if a.status != 0 || a.took > 3*time.Second {
		t.Fatalf("%d %s after %v", a.status, a.log, a.took)
	}
	t.Logf("%v", a.took)
	if p := a.person(t, "ac-owner"); word(p) != "rwx owner rwx" {
		t.Errorf("%+v", p)
	}
	if p := a.person(t, "ac-reader"); p.Stopped == nil || *p.Stopped != strings.Join(names[:shut], "/") || p.Entry != "other" {
		t.Errorf("%+v", p)
	}
}

// TestLinkAppears: a folder that is swapped for a link all the time never leads out of the zone.
func TestLinkAppears(t *testing.T) {
	needCopy(t)
	newUser(t, "ac-owner", "shzbase,shzmgr")
	newUser(t, "ac-reader", "shzbase")
	top, other := newZone(t, "ac-swap", "ac-owner"), newZone(t, "ac-aim", "ac-owner")
	sh(t, `for d in "$1" "$2"; do setfacl -m o::rx "$d"; done; mkdir "$1/a" "$1/real"; mkdir -m 777 "$2/a"; echo mine >"$1/a/file"; chmod 640 "$1/a/file"; chown -R ac-owner "$1/a"
		echo x >"$2/a/file"; chmod 666 "$2/a/file"; ln -s ../ac-aim/a "$1/b"`, top, other)
	stop, stopped := make(chan bool), make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			case <-time.After(50 * time.Microsecond):
			}
			if err := unix.Renameat2(unix.AT_FDCWD, top+"/a", unix.AT_FDCWD, top+"/b", unix.RENAME_EXCHANGE); err != nil {
				stopped <- err
				return
			}
		}
	}()
	answers := make(map[string]int)
	for range 60 {
		a := askAs(t, "ac-owner", request{Op: "who", Zone: "ac-swap", Path: "a/file", Users: []string{"ac-reader"}})
		said := a.Error
		if a.status == 0 {
			said = word(a.person(t, "ac-reader"))
		}
		if !slices.Contains([]string{"not-permitted", "busy", "--- other ---"}, said) {
			t.Errorf("%s%s", a.out, a.log)
		}
		answers[said]++
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	t.Logf("%v", answers)
	if len(answers) < 2 {
		t.Errorf("nothing was swapped: %v", answers)
	}
}

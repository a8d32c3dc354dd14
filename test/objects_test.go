package test

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// Objects in a zone: what a shell, cp, SFTP, Samba or an evil member can put there. Nothing is followed, nothing hangs,
// and a name in the way of an upload stays what it is.

// object is one thing in a zone and what a GET of it and a PUT over it answer.
type object struct {
	name  string
	make  string // shell commands, in the zone, as the user named
	as    string
	get   int
	kind  string // in the listing
	holds string // where get is 200
}

var objects = []object{
	{name: "file", make: "printf yes >file; chmod 640 file", as: "anna", get: 200, kind: "file", holds: "yes"},
	{name: "empty", make: ": >empty; chmod 640 empty", as: "anna", get: 200, kind: "file"},
	{name: "link", make: "ln -s file link", as: "anna", get: 403, kind: "other"},
	{name: "link-out", make: "ln -s ../SHUT/secret.txt link-out", as: "anna", get: 403, kind: "other"},
	{name: "link-absolute", make: "ln -s /etc/passwd link-absolute", as: "anna", get: 403, kind: "other"},
	{name: "link-dangling", make: "ln -s nothing link-dangling", as: "anna", get: 403, kind: "other"},
	{name: "link-loop", make: "ln -s link-loop link-loop", as: "anna", get: 403, kind: "other"},
	{name: "link-root", make: "ln -s /proc/self/root link-root", as: "anna", get: 403, kind: "other"},
	{name: "link-fd", make: "ln -s /proc/self/fd/0 link-fd", as: "anna", get: 403, kind: "other"},
	{name: "link-folder", make: "ln -s folder link-folder", as: "anna", get: 403, kind: "other"},
	{name: "link-empty-parts", make: "ln -s .//./file link-empty-parts", as: "anna", get: 403, kind: "other"},
	{name: "link-of-bruno", make: "ln -s file link-of-bruno", as: "bruno", get: 403, kind: "other"},
	{name: "fifo", make: "mkfifo -m 666 fifo", as: "anna", get: 403, kind: "other"},
	{name: "socket", make: "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => q(socket), Listen => 1) or die'", as: "anna", get: 403, kind: "other"},
	{name: "zero", make: "mknod -m 666 zero c 1 5", as: "root", get: 403, kind: "other"},
	{name: "tty", make: "mknod -m 666 tty c 5 0", as: "root", get: 403, kind: "other"},
	{name: "disk", make: "mknod -m 666 disk b 7 0", as: "root", get: 403, kind: "other"},
	{name: "folder", make: "mkdir folder", as: "anna", get: 308, kind: "dir"},
	{name: "unreadable", make: "printf no >unreadable; chmod 600 unreadable", as: "anna", get: 403, kind: "file"},
	{name: "no-x", make: "mkdir -m 600 no-x", as: "anna", get: 308, kind: "dir"},
	{name: "setuid", make: "cp /bin/true setuid; chmod 4755 setuid", as: "root", get: 200, kind: "file"},
	{name: "of-root", make: "printf root >of-root; chmod 600 of-root", as: "root", get: 403, kind: "file"},
	{name: "hard", make: "printf hard >hard; chmod 640 hard; ln hard hard2", as: "anna", get: 200, kind: "file", holds: "hard"},
	{name: "immutable", make: "printf still >immutable; chmod 644 immutable; chattr +i immutable", as: "root", get: 200, kind: "file", holds: "still"},
	{name: "bind", make: "mkdir bind; mount --bind /etc bind", as: "root", get: 308, kind: "dir"},
}

// makeObjects fills a zone that bruno may write.
func makeObjects(t *testing.T) string {
	t.Helper()
	open, shut := pathZones(t)
	for _, o := range objects {
		script := "umask 0; cd " + zonePath(open) + " && " + strings.ReplaceAll(o.make, "SHUT", shut)
		if out, status := asUser(t, o.as, "sh", "-ec", script); status != 0 {
			t.Fatalf("%s: %s", o.name, out)
		}
	}
	t.Cleanup(func() { run(t, "umount", zonePath(open, "bind")) })
	return open
}

func TestObjects(t *testing.T) {
	zone := makeObjects(t)
	folder := "/cgi-bin/shz/" + zone + "/"
	kinds := make(map[string]string)
	for _, e := range list(t, "bruno", folder).Entries {
		kinds[e.Name] = e.Type
		if (e.Type == "file") != (e.Size != nil) {
			t.Errorf("%s is %s and has size %v", e.Name, e.Type, e.Size)
		}
	}
	unchanged(t, zonePath(zone), func() {
		for _, o := range objects {
			if kinds[o.name] != o.kind {
				t.Errorf("%s is listed as %q, not %q", o.name, kinds[o.name], o.kind)
			}
			for _, args := range [][]string{{folder + o.name}, {"-I", folder + o.name}} {
				a := jsonAs(t, "bruno", append([]string{"--max-time", "5"}, args...)...)
				if a.status != o.get || o.holds != "" && a.body != o.holds && args[0] != "-I" {
					t.Errorf("GET %s: %d %.100q, not %d", o.name, a.status, a.body, o.get)
				}
				if strings.Contains(a.body, marker) || strings.Contains(a.body, "root:x:0:0") {
					t.Errorf("GET %s was followed", o.name)
				}
			}
			// By way of the object: as a folder, and to what would lie behind it.
			for _, behind := range []string{"/", "/secret.txt", "/etc/passwd", "/passwd", "/a/file.txt"} {
				a := jsonAs(t, "bruno", "--max-time", "5", folder+o.name+behind)
				isFolder := o.kind == "dir" && o.name != "no-x" && behind == "/" || o.name == "bind" && behind == "/passwd"
				if !isFolder && a.status != 403 && a.status != 404 || strings.Contains(a.body, marker) {
					t.Errorf("GET %s%s: %d %.100q", o.name, behind, a.status, a.body)
				}
			}
		}
	})
}

// TestObjectsInTheWay: whatever stands under the name of an upload stays, and its target as well.
func TestObjectsInTheWay(t *testing.T) {
	zone := makeObjects(t)
	passwd := digestOf(t, "/etc/passwd")
	unchanged(t, layout.Base, func() {
		for _, o := range objects {
			target := "/cgi-bin/shz/" + zone + "/" + o.name
			for query, want := range map[string][]int{
				"": {409}, "?on_exists=fail": {409}, "?on_exists=replace": {403, 409}, "?on_exists=skip": {200},
			} {
				a := jsonAs(t, "bruno", "--max-time", "5", "-T", "/etc/hostname", target+query)
				if !has(want, a.status) {
					t.Errorf("PUT %s%s: %d %.200s", o.name, query, a.status, a.body)
				}
			}
			for _, behind := range []string{"/new.txt", "/../new.txt"} {
				if o.kind == "dir" && behind == "/new.txt" && o.name == "folder" {
					continue // an ordinary folder
				}
				a := jsonAs(t, "bruno", "--max-time", "5", "-T", "/etc/hostname", target+behind)
				if !has([]int{400, 403, 404, 409}, a.status) {
					t.Errorf("PUT %s%s: %d %.200s", o.name, behind, a.status, a.body)
				}
			}
		}
	})
	if digestOf(t, "/etc/passwd") != passwd {
		t.Error("/etc/passwd was written")
	}
}

func has(all []int, n int) bool {
	for _, m := range all {
		if m == n {
			return true
		}
	}
	return false
}

// TestOwnObjectsReplaced: replace is for files of one's own, and makes a new inode: whoever is reading the old one reads
// on, and a link to it elsewhere keeps it.
func TestOwnObjectsReplaced(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	target := "/cgi-bin/shz/" + zone + "/own.txt?on_exists=replace"
	place := zonePath(zone, "own.txt")
	put := func(content string) answer {
		return rawBody(t, "bruno", "PUT "+target, content)
	}
	if a := put("first"); a.status != 201 {
		t.Fatal(a.status, a.body)
	}
	old, err := os.Open(place)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if a := put("second"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	b := make([]byte, 16)
	if n, _ := old.ReadAt(b, 0); string(b[:n]) != "first" || read(t, place) != "second" {
		t.Errorf("old %q, new %q", b, read(t, place))
	}
	// A link of one's own is no file of one's own: what it points to must not be written.
	outside := t.TempDir() + "/outside"
	if err := os.WriteFile(outside, []byte("outside"), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, status := asUser(t, "bruno", "ln", "-sf", outside, place); status != 0 {
		t.Fatal(out)
	}
	unchanged(t, zonePath(zone), func() {
		if a := put("third"); a.status != 403 || read(t, outside) != "outside" {
			t.Errorf("%d %s, outside is %q", a.status, a.body, read(t, outside))
		}
	})
	if names := hidden(t, zonePath(zone)); len(names) > 0 {
		t.Errorf("left behind: %q", names)
	}
}

// hidden are the reserved names in a folder.
func hidden(t *testing.T, folder string) []string {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".shz-") && !strings.HasPrefix(f.Name(), ".shz-trash-") {
			names = append(names, f.Name())
		}
	}
	return names
}

// TestAppearingLink: a folder on the way becomes a link to another zone and back, all the time. No request gets through,
// none brings a file there.
func TestAppearingLink(t *testing.T) {
	open, shut := pathZones(t)
	run(t, "chmod", "1777", zonePath(shut)) // the kernel would let bruno in there if he were led there
	write(t, "anna", zonePath(open, "a", "secret.txt"), "harmless")
	defer run(t, "chmod", "1770", zonePath(shut))
	script := `chdir shift or die; while (!-e "stop") { rename "a", "real"; symlink "../` + shut + `", "a"; unlink "a"; rename "real", "a" }`
	swap := exec.Command("runuser", "-u", "anna", "--", "perl", "-e", script, zonePath(open))
	if err := swap.Start(); err != nil {
		t.Fatal(err)
	}
	defer swap.Wait()
	defer write(t, "anna", zonePath(open, "stop"), "")
	statuses := make(map[int]int)
	for i := range rounds(150, 2000) {
		a := jsonAs(t, "bruno", "/cgi-bin/shz/"+open+"/a/secret.txt")
		statuses[a.status]++
		if strings.Contains(a.body, marker) {
			t.Fatal("bruno was led into the other zone")
		}
		a = rawBody(t, "bruno", fmt.Sprintf("PUT /cgi-bin/shz/%s/a/%d.txt", open, i), "x")
		statuses[a.status]++
	}
	for status := range statuses {
		if !has([]int{200, 201, 403, 404, 503}, status) {
			t.Errorf("statuses %v", statuses)
		}
	}
	if statuses[200] == 0 || statuses[403]+statuses[404] == 0 {
		t.Logf("the race was not met: %v", statuses)
	}
	files, err := os.ReadDir(zonePath(shut))
	if err != nil || len(files) != 1 {
		t.Errorf("in the other zone: %v %v", files, err)
	}
}

// TestFolderWithoutRight: a folder that the kernel does not let the caller search or read answers 403, and tells neither
// whether something lies in it nor how much.
func TestFolderWithoutRight(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	script := `cd "$1"; for m in 000 100 200 300 400 500 600 700; do mkdir f$m; echo x >f$m/in.txt; setfacl -k f$m; setfacl -b f$m; setfacl -m u:bruno:$(printf %s $m |
		sed 's/^0.*/---/;s/^1.*/--x/;s/^2.*/-w-/;s/^3.*/-wx/;s/^4.*/r--/;s/^5.*/r-x/;s/^6.*/rw-/;s/^7.*/rwx/') f$m; chmod 644 f$m/in.txt; done`
	if out, status := asUser(t, "anna", "sh", "-ec", script, "sh", zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	for _, row := range []struct {
		mode            string
		list, get, make int
		access          string
	}{
		{"000", 403, 403, 403, ""}, {"100", 403, 200, 403, ""}, {"200", 403, 403, 403, ""}, {"300", 200, 200, 201, "drop"},
		{"400", 403, 403, 403, ""}, {"500", 200, 200, 403, "read"}, {"600", 403, 403, 403, ""}, {"700", 200, 200, 201, "write"},
	} {
		folder := "/cgi-bin/shz/" + zone + "/f" + row.mode + "/"
		a := jsonAs(t, "bruno", folder)
		if row.mode == "400" || row.mode == "600" {
			// r without x lists names of which nothing can be known: both answers tell the truth.
			if a.status != 403 && a.status != 200 {
				t.Errorf("list f%s: %d", row.mode, a.status)
			}
		} else if a.status != row.list || row.access != "" && !strings.Contains(a.body, `"access":"`+row.access+`"`) {
			t.Errorf("list f%s: %d %.200s", row.mode, a.status, a.body)
		}
		if row.access == "drop" && (strings.Contains(a.body, "in.txt") || !strings.Contains(a.body, `"total":null`)) {
			t.Errorf("a drop box shows %s", a.body)
		}
		if a := jsonAs(t, "bruno", folder+"in.txt"); a.status != row.get {
			t.Errorf("GET f%s/in.txt: %d %.200s", row.mode, a.status, a.body)
		}
		if a := jsonAs(t, "bruno", "-T", "/etc/hostname", folder+"new.txt"); a.status != row.make {
			t.Errorf("PUT f%s/new.txt: %d %.200s", row.mode, a.status, a.body)
		}
	}
}

// TestSparseTerabyte: its size is told, its end can be asked for, and nothing is read that was not asked for.
func TestSparseTerabyte(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	const size = 1 << 40
	if out, status := asUser(t, "anna", "sh", "-c", `truncate -s 1T "$1" && chmod 640 "$1"`, "sh", zonePath(zone, "sparse")); status != 0 {
		t.Fatal(out)
	}
	target := "/cgi-bin/shz/" + zone + "/sparse"
	if e := list(t, "bruno", "/cgi-bin/shz/"+zone+"/").Entries[0]; *e.Size != size {
		t.Errorf("size %d", *e.Size)
	}
	if a := jsonAs(t, "bruno", "-I", target); a.header.Get("Content-Length") != strconv.Itoa(size) {
		t.Errorf("HEAD: %d %q", a.status, a.header)
	}
	a := jsonAs(t, "bruno", "-r", fmt.Sprintf("%d-", size-5), target)
	if a.status != 206 || a.body != "\x00\x00\x00\x00\x00" {
		t.Errorf("the last five bytes: %d %q", a.status, a.body)
	}
	if a = curlAs(t, "bruno", "--max-time", "3", "-o", "/dev/null", target); a.status != 200 || a.exit != 28 {
		t.Errorf("all of it: %d, curl %d", a.status, a.exit)
	}
	noHandlers(t, "shz", "bruno")
}

// TestFileBeingWritten: the answer has the length that was announced, whatever happens to the file.
func TestFileBeingWritten(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	place := zonePath(zone, "growing")
	write(t, "anna", place, strings.Repeat("x", 100<<10))
	target := "/cgi-bin/shz/" + zone + "/growing"
	var stop atomic.Bool
	var writing sync.WaitGroup
	writing.Go(func() {
		for !stop.Load() {
			os.Truncate(place, 100<<10)
			f, err := os.OpenFile(place, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				f.Write(make([]byte, 900<<10))
				f.Close()
			}
			time.Sleep(2 * time.Millisecond) // without it nobody else gets hold of the file
		}
	})
	for range rounds(15, 100) {
		began := time.Now()
		a := curlAs(t, "bruno", target)
		if took := time.Since(began); took > patience/2 {
			t.Errorf("the client waited %v for bytes that never came", took)
		}
		announced, _ := strconv.Atoi(a.header.Get("Content-Length"))
		switch {
		case a.status != 200:
			t.Errorf("%d", a.status)
		case a.exit == 0 && len(a.body) != announced:
			t.Errorf("%d bytes, %d announced, and curl is content", len(a.body), announced)
		case a.exit != 0 && a.exit != 18:
			t.Errorf("curl %d %s", a.exit, a.stderr)
		}
	}
	stop.Store(true)
	writing.Wait()
}

// TestLeasedFile: somebody has a lease on the file (Samba does that): busy, at once, not after the lease's 45 seconds.
func TestLeasedFile(t *testing.T) {
	zone := newZone(t, "user:bruno=read")
	place := zonePath(zone, "leased")
	write(t, "anna", place, "x")
	f, err := os.OpenFile(place, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// F_SETLEASE sends SIGIO to this process when the lease is to be broken; Go ignores it.
	if _, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/leased")
	if a.status != 503 || a.header.Get("Retry-After") == "" || time.Since(began) > 5*time.Second {
		t.Errorf("%d after %v %s", a.status, time.Since(began), a.body)
	}
}

// TestFullFolder: 100,000 entries, 1,000 levels.
func TestFullFolder(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	const entries = 100_000
	script := `chdir shift or die; mkdir "many"; for (1..` + strconv.Itoa(entries) + `) { open F, sprintf(">many/%06d", $_); close F }
		mkdir "deep" and chdir "deep"; for (1..1000) { mkdir "d" and chdir "d" or die } open F, ">end.txt"; print F "end"; chmod 0640, "end.txt"`
	if out, status := asUser(t, "anna", "perl", "-e", script, zonePath(zone)); status != 0 {
		t.Fatal(out)
	}
	many := "/cgi-bin/shz/" + zone + "/many/"
	began := time.Now()
	l := list(t, "bruno", many+"?offset=99900&limit=1000")
	if *l.Total != entries || len(l.Entries) != 100 || l.Entries[99].Name != "100000" {
		t.Errorf("total %d, %d entries", *l.Total, len(l.Entries))
	}
	for _, query := range []string{"?sort=size&order=desc&limit=1000", "?sort=modified", "?order=desc&limit=1"} {
		if l := list(t, "bruno", many+query); *l.Total != entries {
			t.Errorf("%s: total %d", query, *l.Total)
		}
	}
	if a := curlAs(t, "bruno", many); a.status != 200 || len(a.body) > 1<<20 {
		t.Errorf("page: %d, %d bytes", a.status, len(a.body))
	}
	if took := time.Since(began); took > patience {
		t.Errorf("five listings took %v", took)
	}
	deep := "/cgi-bin/shz/" + zone + "/deep/" + strings.Repeat("d/", 1000)
	if a := jsonAs(t, "bruno", deep+"end.txt"); a.status != 200 || a.body != "end" {
		t.Errorf("1,000 levels: %d %.200s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", "-T", "/etc/hostname", deep+"new.txt"); a.status != 201 {
		t.Errorf("PUT there: %d %.200s", a.status, a.body)
	}
}

// TestOtherFileSystems: zones on file systems of their own that refuse in other ways than with "permission denied".
func TestOtherFileSystems(t *testing.T) {
	for _, row := range []struct {
		name, make, after string
		put, get          int
		code              string
	}{
		{"no inodes", "mkfs.ext4 -q -N 16", `i=0; while touch "$1/fill$i"; do i=$((i+1)); done 2>/dev/null; true`, 507, 200, "no-space"},
		{"read-only", "mkfs.ext4 -q", `mount -o remount,ro "$1"`, 423, 200, "locked"},
		{"tiny", "mkfs.ext4 -q -m 0", `dd if=/dev/zero of="$1/fill" bs=4k 2>/dev/null; dd if=/dev/zero of="$1/fill2" bs=1 2>/dev/null; true`, 507, 200, "no-space"},
	} {
		t.Run(row.name, func(t *testing.T) {
			zone := newZone(t, "user:bruno=write")
			place := zonePath(zone)
			mountOver(t, place, row.make)
			write(t, "anna", place+"/old.txt", "old")
			run(t, "sh", "-c", row.after, "sh", place)
			before := snapshot(t, place)
			a := jsonAs(t, "bruno", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/new.txt")
			if a.status != row.put || a.code() != row.code {
				t.Errorf("PUT: %d %s", a.status, a.body)
			}
			if a = jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/old.txt"); a.status != row.get || a.body != "old" {
				t.Errorf("GET: %d %s", a.status, a.body)
			}
			compare(t, before, snapshot(t, place))
		})
	}
}

// mountOver puts a small file system in the place of a zone's root, with its owner, mode and ACLs.
func mountOver(t *testing.T, place, mkfs string) {
	t.Helper()
	script := `set -e; place=$1 image=$2; shift 2; truncate -s 4M "$image"; "$@" -O ^has_journal "$image"
		acl=$(getfacl -p "$place"); owner=$(stat -c %u:%g "$place"); mode=$(stat -c %a "$place")
		mount -o loop,nosuid,nodev,noexec "$image" "$place"; rmdir "$place/lost+found"; chown "$owner" "$place"; chmod "$mode" "$place"
		printf '%s\n' "$acl" | setfacl --set-file=- "$place"`
	args := append([]string{"-c", script, "sh", place, t.TempDir() + "/image"}, strings.Fields(mkfs)...)
	run(t, "sh", args...)
	t.Cleanup(func() {
		noHandlers(t, "shz", "bruno") // they hold it for a moment after their answer
		run(t, "umount", place)
	})
}

// TestMembersCannotTouchZone: what a member with the right to write tries from a shell against the zone itself.
func TestMembersCannotTouchZone(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	write(t, "anna", zonePath(zone, "hers.txt"), "hers")
	run(t, "setfattr", "-n", "user.shz.title", "-v", "Title", zonePath(zone))
	root := zonePath(zone)
	unchanged(t, root, func() {
		for _, argv := range [][]string{
			{"setfattr", "-n", "user.shz.title", "-v", "Mine", root}, {"setfattr", "-n", "user.shz.id", "-v", hex.EncodeToString(make([]byte, 16)), root},
			{"setfattr", "-x", "user.shz.title", root}, {"setfattr", "-n", "user.other", "-v", "x", root}, {"setfacl", "-m", "u:carla:rwx", root},
			{"setfacl", "-b", root}, {"chmod", "777", root}, {"mv", root, root + "2"}, {"rmdir", root}, {"rm", "-f", root + "/hers.txt"},
			{"mv", root + "/hers.txt", root + "/mine.txt"}, {"sh", "-c", "echo x >>" + root + "/hers.txt"}, {"truncate", "-s", "0", root + "/hers.txt"},
			{"chmod", "666", root + "/hers.txt"}, {"setfacl", "-m", "u:carla:rw", root + "/hers.txt"}, {"mkdir", layout.Base + "/of-bruno"},
			{"ln", "-s", "/etc", layout.Base + "/of-bruno"},
		} {
			if out, status := asUser(t, "bruno", argv...); status == 0 {
				t.Errorf("%q succeeded %s", argv, out)
			}
		}
	})
}

package zone

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Who gets at what in the trash of somebody else, and what root does with it.

// trashActs is set where a test runs itself as another user: a zone's root and what he does with its trash.
const trashActs = "SHZ_TRASH_ACTS"

// TestTrashActs is what runs as that user. It prints what he sees.
func TestTrashActs(t *testing.T) {
	dir, act, found := strings.Cut(os.Getenv(trashActs), "|")
	if !found {
		t.Skip("run by other tests, as another user")
	}
	root := objectAt(t, dir)
	trash := root.Trash()
	root.KeepIn(trash, nil)
	what, name, _ := strings.Cut(act, " ")
	if what == "discard" {
		kept, err := root.Discard(name)
		t.Logf("SAYS %v %v", kept, err)
		return
	}
	all, _, err := trash.List(0, 100)
	names := []string{}
	for _, d := range all {
		names = append(names, d.Name)
		if what == "restore" && d.Name == name {
			_, err = trash.Restore(d.ID, root, "", ExistsFail, Reserve{})
		}
		if what == "purge" && d.Name == name {
			err = trash.Purge(d.ID)
		}
	}
	slices.Sort(names)
	t.Logf("SAYS %s %v", strings.Join(names, ","), err)
}

// trashAs does something as a user.
func trashAs(t *testing.T, user, root, act string) string {
	t.Helper()
	program := filepath.Dir(filepath.Dir(root)) + "/program"
	if !exists(program) {
		sh(t, "cp "+os.Args[0]+" "+program+"; chmod 755 "+program)
	}
	cmd := exec.Command("/usr/bin/setpriv", "--reuid="+user, "--regid="+user, "--init-groups", program, "-test.run", "^TestTrashActs$", "-test.v")
	cmd.Env = []string{trashActs + "=" + root + "|" + act, "TMPDIR=/tmp"}
	cmd.Dir = "/"
	out, _ := cmd.CombinedOutput()
	_, says, found := strings.Cut(string(out), "SAYS ")
	if !found {
		t.Fatalf("%s: %s: %s", user, act, out)
	}
	says, _, _ = strings.Cut(says, "\n")
	return says
}

func wantTrash(t *testing.T, user, root, act, want string) {
	t.Helper()
	if got := trashAs(t, user, root, act); got != want {
		t.Errorf("%s: %s: %s, not %s", user, act, got, want)
	}
}

func uidOf(t *testing.T, user string) string { return sh(t, "id -u "+user) }

func TestTrashOfOthers(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	share(t, admin, "user:zt-carla", Read)
	wantTrash(t, "zt-bruno", root, "discard his", "true <nil>")
	wantTrash(t, "zt-bruno", root, "discard b", "true <nil>")
	top := root + "/" + trashPrefix + uidOf(t, "zt-bruno")
	const want = "user::rwx\nuser:zt-anna:rwx\ngroup::---\nmask::rwx\nother::---\n"
	list := func() string { return sh(t, "getfacl -cEp "+top+" | grep -v ^default; echo") }
	if got := list(); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("the trash has\n%s", got)
	}
	for user, sees := range map[string]string{"zt-bruno": "b,his <nil>", "zt-anna": "b,his <nil>", "zt-carla": " <nil>"} {
		wantTrash(t, user, root, "list", sees)
	}
	if as(t, "zt-carla", "ls "+top) || as(t, "zt-carla", "cat "+top+"/*/b") || as(t, "zt-carla", "touch "+top+"/x") {
		t.Error("somebody else gets into the trash")
	}
	// What is given and taken meanwhile holds for what lies there, and not for the trash itself.
	share(t, admin, "user:zt-carla", None)
	share(t, admin, "group:zt-acme", Read)
	if got := list(); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("after sharing the trash has\n%s", got)
	}
	inside := sh(t, "getfacl -cEpR "+top+"/*/his "+top+"/*/b")
	if strings.Contains(inside, "zt-carla") || strings.Count(inside, "group:zt-acme:r-x") != 7 {
		t.Errorf("what lies in the trash has\n%s", inside)
	}
	if as(t, "zt-carla", "ls "+top+"/*") {
		t.Error("a new member gets into the trash")
	}
	wantTrash(t, "zt-anna", root, "restore his", "b,his <nil>")
	if owner := sh(t, "stat -c %U "+root+"/his "+root+"/his/deep/d"); owner != "zt-bruno\nzt-bruno" || !as(t, "zt-carla", "cat "+root+"/his/deep/d") {
		t.Errorf("it came back as %s's", owner)
	}
	if found := sh(t, "getfacl -cEpR "+root+"/his "+root+"/c 2>&1 | grep -c acme; true"); found == "0" {
		t.Error("it came back without the lists of where it lies")
	}
	wantTrash(t, "zt-bruno", root, "purge b", "b <nil>")
	wantTrash(t, "zt-anna", root, "list", " <nil>")
}

// TestTrashGrants: what comes back is as shut as its owner made it, and as open as the zone is now, also where no walk passed.
func TestTrashGrants(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	sh(t, "chmod 600 "+root+"/his/c")
	wantTrash(t, "zt-bruno", root, "discard his", "true <nil>")
	top := root + "/" + trashPrefix + uidOf(t, "zt-bruno")
	sh(t, "setfacl -R -m u:zt-carla:rwx "+top+"/*/his; setfacl -d -R -m u:zt-carla:rwx "+top+"/*/his; chmod 600 "+top+"/*/his/c")
	wantTrash(t, "zt-bruno", root, "restore his", "his <nil>")
	if got := sh(t, "getfacl -cEpR "+root+"/his"); strings.Contains(got, "carla") {
		t.Errorf("an entry of before came back:\n%s", got)
	}
	if got := sh(t, "stat -c %a "+root+"/his "+root+"/his/c "+root+"/his/deep/d"); got != "1770\n600\n640" {
		t.Errorf("modes: %s", got)
	}
	// Of what is not the one's who restores it there is a copy, with the list that it must have.
	wantTrash(t, "zt-bruno", root, "discard b", "true <nil>")
	sh(t, "setfacl -m u:zt-carla:rwx "+top+"/*/b; chmod g-w "+top+"/*/b")
	wantTrash(t, "zt-anna", root, "restore b", "b <nil>")
	if got := sh(t, "stat -c %U "+root+"/b; getfacl -cEp "+root+"/b; cat "+root+"/b"); strings.Contains(got, "carla") || !strings.HasPrefix(got, "zt-anna\n") || !strings.HasSuffix(got, "hello") {
		t.Errorf("it came back as\n%s", got)
	}
	if exists(top) {
		t.Error("an empty trash stays")
	}
}

// TestTrashWhole: what the zone's owner can neither bring back nor remove as a whole stays whole in another's trash.
func TestTrashWhole(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	wantTrash(t, "zt-bruno", root, "discard his", "true <nil>")
	top := root + "/" + trashPrefix + uidOf(t, "zt-bruno")
	sh(t, "setfacl -R -m u:zt-carla:rx "+top+"/*/his")
	tree := func() string { return sh(t, "cd "+root+"; find . .shz-trash-* -printf '%P %U\\n' | sort -u") }
	before := tree()
	for _, act := range []string{"restore his", "purge his"} {
		wantTrash(t, "zt-anna", root, act, "his "+ErrStrange.Error())
		if after := tree(); after != before {
			t.Errorf("%s: before\n%s\nafter\n%s", act, before, after)
		}
	}
	wantTrash(t, "zt-bruno", root, "purge his", "his <nil>")
	if exists(top) {
		t.Error("an empty trash stays")
	}
}

// TestTrashOneRule: nothing gets into the trash that root would not remove from there for the one who deleted it.
func TestTrashOneRule(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	share(t, admin, "user:zt-carla", Write)
	as(t, "zt-bruno", "umask 007; mkdir "+root+"/mixed; echo x >"+root+"/mixed/his")
	as(t, "zt-carla", "umask 007; mkdir "+root+"/mixed/hers; echo x >"+root+"/mixed/hers/file")
	if !as(t, "zt-bruno", "touch "+root+"/mixed/hers/x && rm "+root+"/mixed/hers/x") {
		t.Fatal("the kernel does not let bruno remove there")
	}
	wantTrash(t, "zt-bruno", root, "discard mixed", "false "+ErrStrange.Error())
	sh(t, "rm "+root+"/mixed/hers/file")
	wantTrash(t, "zt-bruno", root, "discard mixed", "true <nil>") // her folder lies in his
	h := hold(t, admin)
	var paths []string
	e := emptying(&paths)
	if must(t, h.EmptyTrash(e)); e.Found != 1 || e.Failed != 0 || exists(root+"/"+trashPrefix+uidOf(t, "zt-bruno")) {
		t.Errorf("%d were removed, %d not: %v", e.Found, e.Failed, e.First)
	}
}

// TestTrashTransfer: with the zone the new owner gets at the trash of everybody, and the old one no longer.
func TestTrashTransfer(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	sh(t, "getent passwd zt-dora >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-dora; echo x > "+root+"/hers; chown zt-anna: "+root+"/hers")
	admin = newTestAdmin(t, base)
	wantTrash(t, "zt-bruno", root, "discard b", "true <nil>")
	wantTrash(t, "zt-anna", root, "discard hers", "true <nil>")
	if report, err := admin.Transfer("demo", "zt-dora"); err != nil || report.Incomplete() {
		t.Fatal(report, err)
	}
	for user, sees := range map[string]string{"zt-bruno": "b <nil>", "zt-dora": "b,hers <nil>"} {
		wantTrash(t, user, root, "list", sees)
	}
	if as(t, "zt-anna", "ls "+root+"/.shz-trash-*/*") {
		t.Error("the old owner still gets in")
	}
	wantTrash(t, "zt-dora", root, "restore b", "b,hers <nil>")
	wantTrash(t, "zt-dora", root, "restore hers", "hers <nil>")
}

// emptying is everything in the trash, whatever its age.
func emptying(paths *[]string) *Emptying {
	return &Emptying{Remove: true, Due: func(_, _ time.Time) bool { return true }, Record: func(some []string) (func([]error), error) {
		*paths = append(*paths, some...)
		return func([]error) {}, nil
	}}
}

// TestEmptyTrash: what is due goes for good, but nothing that the one who put it there could not have removed himself.
func TestEmptyTrash(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	share(t, admin, "user:zt-carla", Write)
	if !as(t, "zt-bruno", "mkdir -m 1770 "+root+"/both") || !as(t, "zt-carla", "umask 007; cd "+root+"/both; mkdir -m 1770 hers; echo hers >hers/file") {
		t.Fatal("no folder of both")
	}
	if got := trashAs(t, "zt-bruno", root, "discard both"); !strings.HasPrefix(got, "false "+ErrStrange.Error()) || !exists(root+"/both/hers/file") {
		t.Error(got)
	}
	wantTrash(t, "zt-bruno", root, "discard his", "true <nil>")
	wantTrash(t, "zt-bruno", root, "discard b", "true <nil>")
	top := root + "/" + trashPrefix + uidOf(t, "zt-bruno")
	sh(t, "setfattr -n "+attrFrom+" -v /contracts "+top+"/*") // his to write: root records no place where it did not see it
	const hand = "20200101T000000.000000000Z-AAAAAAAAAAAA"
	// By hand, as a shell lets him.
	if !as(t, "zt-bruno", "mkdir "+top+"/"+hand+" "+top+"/20200101T000000.000000000Z-BBBBBBBBBBBB; mv "+root+"/both "+top+"/"+hand+"/; touch "+top+"/loose") {
		t.Fatal("he may not move his folder")
	}
	sh(t, "cd "+root+"; ln -s / .shz-trash-link; touch .shz-trash-1; mkdir -p .shz-trash-other/x/y; ln -s /etc "+top+"/etc; mkfifo "+top+"/fifo")
	h := hold(t, admin)
	var paths []string
	look := emptying(&paths)
	look.Remove, look.Record = false, nil
	if err := h.EmptyTrash(look); err != nil || look.Seen != 7 || look.Found != 2 || look.Failed != 4 || !errors.Is(look.First, ErrStrange) {
		t.Errorf("%+v %v", look, err)
	}
	young := emptying(&paths)
	young.Due = func(_, changed time.Time) bool { return time.Since(changed) > time.Hour }
	if err := h.EmptyTrash(young); err != nil || young.Found != 0 || young.Failed != 3 || len(paths) != 0 {
		t.Errorf("%+v %q %v", young, paths, err)
	}
	refused := emptying(&paths)
	refused.Record = func([]string) (func([]error), error) { return nil, unix.ENOSPC }
	if err := h.EmptyTrash(refused); !errors.Is(err, unix.ENOSPC) || refused.Found != 0 {
		t.Errorf("what cannot be told: %+v %v", refused, err)
	}
	all := emptying(&paths)
	if err := h.EmptyTrash(all); err != nil || all.Found != 2 || all.Failed != 4 || all.Bytes == 0 || !errors.Is(all.First, ErrStrange) {
		t.Errorf("%+v %v", all, err)
	}
	var told []string
	for _, path := range paths {
		if way := strings.Split(path, "/"); len(way) == 3 && way[0] == filepath.Base(top) && deletionForm().MatchString(way[1]) {
			told = append(told, way[2])
		}
	}
	if slices.Sort(told); len(paths) != 2 || strings.Join(told, " ") != "b his" {
		t.Errorf("told: %q", paths)
	}
	if left := sh(t, "find "+top+" -mindepth 1 -printf '%P ' | tr ' ' '\\n' | sort | paste -sd' '"); strings.TrimSpace(left) != hand+" "+hand+"/both "+hand+"/both/hers "+hand+"/both/hers/file etc fifo loose" {
		t.Errorf("left: %s", left)
	}
	if !exists(root+"/.shz-trash-other/x/y") || !exists(root+"/.shz-trash-link") || !exists("/etc/passwd") || sh(t, "ls -A "+base+"/.closed") != "" {
		t.Error("something else went, or was left aside")
	}
}

// TestTrashOfAnotherFolder: whoever moves another's folder to the name of that one's trash has nothing of it removed by age, and what its owner
// deletes does not shut it.
func TestTrashOfAnotherFolder(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	share(t, admin, "user:zt-carla", Write)
	if !as(t, "zt-bruno", "umask 007; mkdir -m 1770 "+root+"/p") || !as(t, "zt-carla", "umask 007; cd "+root+"/p; mkdir -m 1770 f f/sub; echo hers >f/file; echo hers >f/sub/file; echo hers >"+root+"/more") {
		t.Fatal("no folder of hers in his")
	}
	top := root + "/" + trashPrefix + uidOf(t, "zt-carla")
	if !as(t, "zt-bruno", "mv -T "+root+"/p/f "+top) {
		t.Skip("the kernel refuses it")
	}
	before := getfacl(t, top)
	var paths []string
	e := emptying(&paths)
	if err := hold(t, admin).EmptyTrash(e); err != nil || e.Found != 0 || e.Failed == 0 || !exists(top+"/file") {
		t.Errorf("%+v %v", e, err)
	}
	if got := trashAs(t, "zt-carla", root, "list"); strings.Contains(got, "file") || !strings.HasSuffix(got, "<nil>") {
		t.Errorf("a page takes what is in it for deleted: %s", got)
	}
	if got := trashAs(t, "zt-carla", root, "discard more"); !strings.HasPrefix(got, "false "+ErrTrashTaken.Error()) || getfacl(t, top) != before || !exists(root+"/more") {
		t.Errorf("%s\n%s", got, getfacl(t, top))
	}
}

// TestRazePersons: what came into a folder after it was looked at goes only if it is the person's.
func TestRazePersons(t *testing.T) {
	base, admin := needCopy(t)
	dir := base + "/raze"
	sh(t, "mkdir -p "+dir+"/x/his/hers; cd "+dir+"/x; touch his/his his/of-carla his/hers/hers; chown -R zt-bruno .; chown -R zt-carla his/hers his/of-carla")
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var bruno unix.Stat_t
	if err := unix.Lstat(dir+"/x/his", &bruno); err != nil {
		t.Fatal(err)
	}
	err = admin.raze(aside{fd, "x"}, &bruno.Uid)
	if left := sh(t, "cd "+dir+"; find . | sort | paste -sd' '"); !errors.Is(err, ErrStrange) || left != ". ./x ./x/his ./x/his/hers ./x/his/hers/hers" {
		t.Errorf("%v, left: %s", err, left)
	}
	if err := admin.raze(aside{fd, "x"}, nil); err != nil || exists(dir+"/x") {
		t.Error(err)
	}
}

// TestEmptyTrashAgainstSwaps: whoever exchanges what is in his trash while root empties it gains nothing.
func TestEmptyTrashAgainstSwaps(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	uid := uidOf(t, "zt-bruno")
	top := root + "/" + trashPrefix + uid
	sh(t, "cd "+root+"; mkdir -p both/hers "+top+"; chown zt-bruno both "+top+"; for i in $(seq 50); do echo precious > both/hers/$i; done; chown -R zt-carla both/hers")
	const x = "20200101T000000.000000000Z-AAAAAAAAAAAA"
	h := hold(t, admin)
	var stop atomic.Bool
	var group sync.WaitGroup
	swaps := 0
	group.Go(func() {
		for ; !stop.Load(); swaps++ {
			unix.Renameat2(unix.AT_FDCWD, root+"/both", unix.AT_FDCWD, top+"/"+x+"/item", unix.RENAME_EXCHANGE)
			os.Symlink("/etc", top+"/evil")
			unix.Renameat2(unix.AT_FDCWD, top+"/"+x, unix.AT_FDCWD, top+"/evil", unix.RENAME_EXCHANGE)
			unix.Renameat2(unix.AT_FDCWD, top+"/"+x, unix.AT_FDCWD, top+"/evil", unix.RENAME_EXCHANGE)
			unix.Renameat2(unix.AT_FDCWD, root+"/both", unix.AT_FDCWD, top+"/"+x+"/item", unix.RENAME_EXCHANGE)
		}
	})
	removed := int64(0)
	var paths []string
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		sh(t, "cd "+base+"; mkdir -p spare/item/sub; touch spare/item/sub/f; chown -R zt-bruno spare; mv -nT spare "+top+"/"+x+"; rm -rf spare")
		for range 50 {
			e := emptying(&paths)
			if err := h.EmptyTrash(e); err != nil {
				t.Fatal(err)
			}
			removed += e.Found
		}
	}
	stop.Store(true)
	group.Wait()
	kept := sh(t, "find "+base+" -path '*hers/[0-9]*' -type f | wc -l")
	if kept != "50" {
		t.Errorf("%s of 50 files are left", kept)
	}
	if removed == 0 || swaps < 100 {
		t.Errorf("%d removed, %d swaps: the test saw nothing", removed, swaps)
	}
	if !exists("/etc/passwd") {
		t.Error("a link was followed")
	}
}

// TestRemoveFromTrash: what lies in somebody's trash and is not the zone's owner's to take out of a sticky folder, he has removed by
// root; the trash itself, and other reserved names, nobody.
func TestRemoveFromTrash(t *testing.T) {
	base, admin := needCopy(t)
	root := prepareRemoval(t, admin, base)
	wantTrash(t, "zt-bruno", root, "discard his", "true <nil>")
	top := trashPrefix + uidOf(t, "zt-bruno")
	id := strings.TrimSpace(sh(t, "ls "+root+"/"+top))
	if got := trashAs(t, "zt-anna", root, "purge his"); !strings.HasPrefix(got, "his ") || strings.HasSuffix(got, "<nil>") || !exists(root+"/"+top+"/"+id+"/his/c") {
		t.Fatalf("her own purge: %s", got)
	}
	h := hold(t, admin)
	for _, names := range [][]string{{top}, {"b", top}, {ReservedPrefix + "x", "y"}, {top, ReservedPrefix + "x"}, {trashPrefix + "x", id}} {
		if err := h.Remove(names); !errors.Is(err, ErrReserved) {
			t.Errorf("%q: %v", names, err)
		}
	}
	if err := h.Remove([]string{top, id}); err != nil || exists(root+"/"+top+"/"+id) || !exists(root+"/b") {
		t.Errorf("%v", err)
	}
}

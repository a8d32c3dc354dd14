package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/schedule"
	"sharezone/internal/zone"
)

// backdate gives files below the base times of birth and of the last change of status, which nothing but the file system's
// debugger can: "PATH BORN CHANGED", in days before now.
func (s *site) backdate(lines ...string) {
	s.t.Helper()
	var commands strings.Builder
	day := func(text string) string {
		var days float64
		fmt.Sscan(text, &days)
		return time.Now().Add(-time.Duration(days * 24 * float64(time.Hour))).UTC().Format("20060102150405")
	}
	for _, line := range lines {
		f := strings.Fields(line)
		fmt.Fprintf(&commands, "sif %[1]s crtime %[2]s\nsif %[1]s ctime %[3]s\n", f[0], day(f[1]), day(f[2]))
	}
	script := s.t.TempDir() + "/commands"
	if err := os.WriteFile(script, []byte(commands.String()), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.admin.Close()
	image := filepath.Dir(s.base) + "/zones.img"
	sh(s.t, "umount "+s.base+"; e2fsck -fp "+image+" >/dev/null; debugfs -w -f "+script+" "+image+" >/dev/null 2>&1; mount -o loop "+image+" "+s.base)
	s.admin = s.newAdmin()
}

// aging makes a zone with a maximum age of 30 days, and of "keep" a name that stays.
func (s *site) aging(name string) string {
	s.t.Helper()
	m := zone.Metadata{ID: ptr(zone.NewID()), MaxAge: ptr(30), Keep: []string{"keep", "kept.txt"}}
	if err := s.admin.Create(name, "ct-anna", m, time.Now()); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.admin.Share(name, "user:ct-bruno", zone.Write); err != nil {
		s.t.Fatal(err)
	}
	s.alone(name)
	return s.base + "/" + name
}

func (s *site) list(root string) string {
	s.t.Helper()
	return sh(s.t, "cd "+root+" && find . -mindepth 1 -printf '%P\\n' | LC_ALL=C sort | paste -sd' '")
}

// What goes is old by the time of arrival: whatever mtime says, and not when it was moved or changed a moment ago.
func TestAge(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+`; mkdir -p deep/er empty/very filled keep/sub mixed; echo old >old; echo young >young; echo moved >moved; echo settled >settled
		touch -d 1900-01-01 young; touch -d 2100-01-01 old; ln -s /etc/passwd link; mkfifo fifo; ln old second; echo >deep/er/old; echo >filled/old; echo >filled/young
		echo >keep/sub/old; echo >kept.txt; echo >mixed/kept.txt; echo >.shz-upload-X; echo >$'odd\xff'`)
	s.backdate("/age/old 40 40", "/age/young 20 20", "/age/moved 400 6", "/age/settled 400 8", "/age/link 40 40", "/age/fifo 40 40", "/age/deep/er/old 31 31",
		"/age/filled/old 31 31", "/age/keep/sub/old 90 90", "/age/keep/sub 90 90", "/age/keep 90 90", "/age/kept.txt 90 90", "/age/mixed/kept.txt 90 90",
		"/age/.shz-upload-X 90 90", "/age/deep/er 40 40", "/age/deep 40 40", "/age/empty/very 40 40", "/age/empty 40 40", "/age/filled 40 40", "/age/mixed 40 3")
	outside := sh(t, "stat -c '%i %s %Z' /etc/passwd")
	s.now = time.Now()
	s.dryRun = true
	before := s.list(root)
	if err := s.run("files"); err != nil || s.list(root) != before {
		t.Errorf("dry run: %v, %s", err, s.list(root))
	}
	for _, says := range []string{`"old" goes, it has been there for more than 30 days`, `"deep/er/old" goes`, `"empty/very/" goes`, "files: 8 of 12, empty folders: 4, bytes:"} {
		if !strings.Contains(s.told.String(), says) {
			t.Errorf("dry run: no %q in %s", says, s.told.String())
		}
	}
	s.dryRun = false
	if err := s.run("files"); err != nil {
		t.Error(err)
	}
	if left := s.list(root); left != ".shz-upload-X filled filled/young keep keep/sub keep/sub/old kept.txt mixed moved odd\xff young" {
		t.Errorf("left: %q", left)
	}
	if now := sh(t, "stat -c '%i %s %Z' /etc/passwd"); now != outside {
		t.Error("what a link leads to was touched")
	}
	acts := strings.Join(s.acts(), "; ")
	want := "expire age deep/ ok; expire age deep/er/ ok; expire age deep/er/old ok; expire age empty/ ok; expire age empty/very/ ok; expire age fifo ok; " +
		"expire age filled/old ok; expire age link ok; expire age mixed/kept.txt ok; expire age old ok; expire age second ok; expire age settled ok"
	if acts != want {
		t.Errorf("%s", acts)
	}
	state, err := schedule.ReadState(s.state)
	if run := state.Jobs["files"]; err != nil || run.Removed != 12 || run.Failed != 0 || run.Freed == 0 {
		t.Errorf("%+v %v", run, err)
	}
	if left := sh(t, "ls -A "+s.base+"/.closed"); left != "" {
		t.Errorf("aside: %s", left)
	}
}

// A name that begins as Share Zone's own keeps nothing: what no request and no deletion can have left there is as old as anything else.
func TestAgeReserved(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+`; mkdir -p .shz-mine/in .shz-upload-D .shz-removed-D .shz-trash-D .shz-trash-7/odd sub/.shz-trash-7 .shz-grow-D
		for f in .shz-mine/in/old .shz-mine/young .shz-mine/.shz-upload-Y .shz-old .shz-trash-8 .shz-removed-X .shz-upload-D/old .shz-removed-D/old .shz-trash-D/old .shz-trash-7/odd/old sub/.shz-trash-7/old .shz-grow-D/old .shz-upload-X
		do echo >$f; done; mkdir -m 700 .shz-removed-R; chown ct-bruno: .shz-removed-D; echo >.shz-removed-R/old`)
	var lines []string
	for f := range strings.FieldsSeq(sh(t, "cd "+root+"; find . -mindepth 1 ! -name young -printf '%P '")) {
		lines = append(lines, "/age/"+f+" 40 40")
	}
	s.backdate(lines...)
	s.now = time.Now()
	if err := s.run("files"); err != nil {
		t.Error(err)
	}
	if left := s.list(root); left != ".shz-grow-D .shz-grow-D/old .shz-mine .shz-mine/.shz-upload-Y .shz-mine/young .shz-removed-R .shz-removed-R/old .shz-trash-7 .shz-trash-7/odd .shz-trash-7/odd/old .shz-upload-X" {
		t.Errorf("left: %s", left)
	}
	if err := s.run("uploads"); err == nil || !strings.Contains(err.Error(), "uploads: 1 failures") || !strings.Contains(err.Error(), "age: .shz-removed-R, ") {
		t.Error(err) // what is root's there could be of a removal that was killed
	}
	if left := s.list(root); left != ".shz-mine .shz-mine/young .shz-removed-R .shz-removed-R/old .shz-trash-7 .shz-trash-7/odd .shz-trash-7/odd/old" {
		t.Errorf("swept up: %s", left)
	}
}

// What goes from several zones is counted together, whoever did it, and so is what did not.
func TestManyZones(t *testing.T) {
	s := newSite(t)
	var old []string
	for i := range 5 {
		name := fmt.Sprintf("age-%d", i)
		sh(t, "cd "+s.aging(name)+"; echo >old; echo >young")
		old = append(old, "/"+name+"/old 40 40")
	}
	sh(t, "chattr +i "+s.base+"/age-2/old")
	s.backdate(old...)
	defer sh(t, "chattr -i "+s.base+"/age-2/old")
	h, err := s.admin.Reach("age-1")
	if err == nil {
		err = h.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	s.now = time.Now()
	run := func() schedule.Run {
		s.run("files") // what failed stands in the record
		state, err := schedule.ReadState(s.state)
		if err != nil {
			t.Fatal(err)
		}
		return state.Jobs["files"]
	}
	if r := run(); r.Removed != 3 || r.Failed != 1 || len(r.Failures) != 1 || !r.Last.IsZero() {
		t.Errorf("one is locked: %+v", r)
	}
	h.Release()
	if r := run(); r.Seen != 6 || r.Removed != 1 || r.Failed != 1 || r.Last.IsZero() {
		t.Errorf("afterwards: %+v", r)
	}
	if acts := strings.Join(s.acts(), "; "); acts != "expire age-0 old ok; expire age-1 old ok; expire age-3 old ok; expire age-4 old ok" {
		t.Error(acts)
	}
}

// A folder that mv brought from elsewhere is new here for a week, with all that is in it.
func TestAgeMoved(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	s.zone("archive", "", time.Now())
	sh(t, "cd "+s.base+"/archive; mkdir -p year/month stays; touch year/a year/month/b "+root+"/old; chown ct-bruno year/month")
	s.backdate("/archive/year/a 400 400", "/archive/year/month/b 400 400", "/archive/year/month 400 400", "/archive/year 400 400", "/age/old 400 400")
	sh(t, "cd "+s.base+"; touch -d '400 days ago' archive/year/month archive/year; mv archive/year age/")
	s.now = time.Now()
	if err := s.run("files"); err != nil || s.list(root) != "year year/a year/month year/month/b" {
		t.Errorf("at once: %v, left: %s", err, s.list(root))
	}
	s.pass(time.Now().Add(8 * 24 * time.Hour))
	if err := s.run("files"); err != nil || s.list(root) != "" {
		t.Errorf("a week later: %v, left: %s", err, s.list(root))
	}
}

// What nobody can take out of a folder is one failure and no event, and what lies deeper goes.
func TestAgeFixed(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+"; mkdir -p sub/deep; touch a b sub/c sub/deep/d")
	s.backdate("/age/a 40 40", "/age/b 40 40", "/age/sub/c 40 40", "/age/sub/deep/d 40 40", "/age/sub 40 40", "/age/sub/deep 40 40")
	sh(t, "cd "+root+"; chattr +i . sub")
	t.Cleanup(func() { sh(t, "cd "+root+"; chattr -i . sub") })
	s.now = time.Now().Add(8 * 24 * time.Hour) // chattr is a change
	if err := s.run("files"); err == nil || !strings.Contains(err.Error(), "2 failures") {
		t.Errorf("%v", err)
	}
	if left := s.list(root); left != "a b sub sub/c sub/deep" {
		t.Errorf("left: %s", left)
	}
	if acts := strings.Join(s.acts(), "; "); acts != "expire age sub/deep/d ok" {
		t.Errorf("%s", acts)
	}
}

// What cannot go is told and left: immutable, append-only, mounted on. What is around it goes.
func TestAgeRefused(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+"; mkdir sub mnt shut bound; touch a b c sub/d shut/e; mkdir -p "+s.base+"/other; touch "+s.base+"/other/precious")
	s.backdate("/age/a 40 40", "/age/b 40 40", "/age/c 40 40", "/age/sub/d 40 40", "/age/sub 40 40", "/age/mnt 40 40", "/age/shut/e 40 40", "/age/shut 40 40",
		"/age/bound 40 40", "/other/precious 40 40")
	sh(t, "cd "+root+"; mount -t tmpfs tmpfs mnt; touch mnt/in; mount --bind ../other bound; touch ../target; mount --bind ../target b; chattr +i a; chattr +a shut")
	t.Cleanup(func() {
		sh(t, "cd "+s.base+"/age; umount mnt bound b; chattr -i a; chattr -a shut")
	})
	s.now = time.Now().Add(8 * 24 * time.Hour) // chattr is a change
	err := s.run("files")
	if err == nil || !strings.Contains(err.Error(), "5 failures") {
		t.Errorf("%v", err)
	}
	if left := s.list(root); left != "a b bound bound/precious mnt mnt/in shut shut/e" {
		t.Errorf("left: %s", left)
	}
	sh(t, "ls "+s.base+"/other/precious "+s.base+"/target")
}

// TestAgeBadKeep: where nobody knows what is to stay, nothing goes.
func TestAgeBadKeep(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "touch "+root+"/old; setfattr -n user.shz.keep -v old//.. "+root)
	s.backdate("/age/old 40 40")
	s.now = time.Now()
	if err := s.run("files"); err == nil || !strings.Contains(err.Error(), "user.shz.keep") || s.list(root) != "old" {
		t.Errorf("%v, left: %s", err, s.list(root))
	}
	sh(t, "setfattr -x user.shz.keep "+root)
	if err := s.run("files"); err != nil || s.list(root) != "" {
		t.Errorf("%v, left: %s", err, s.list(root))
	}
}

// TestAgeChanged: what the owner chooses while the cleaner looks holds; what is written or exchanged between the decision and the
// removal stays, and so does a folder into which something comes.
func TestAgeChanged(t *testing.T) {
	for _, attribute := range []string{"setfattr -n user.shz.keep -v old", "setfattr -x user.shz.max_age", "setfattr -n user.shz.max_age -v 300"} {
		t.Run(attribute, func(t *testing.T) {
			s := newSite(t)
			root := s.aging("age")
			sh(t, "touch "+root+"/old")
			s.backdate("/age/old 40 40")
			s.now = time.Now()
			asked := 0 // before the job, before the zone, and then by the walk through it
			s.stop = func() bool {
				if asked++; asked == 3 {
					sh(t, attribute+" "+root)
				}
				return false
			}
			if err := s.run("files"); err != nil {
				t.Error(err)
			}
			if left := s.list(root); left != "old" || asked < 3 {
				t.Errorf("left: %q", left)
			}
		})
	}
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+"; mkdir filled empty; echo one >written; echo one >rewritten; echo one >replaced; touch old")
	s.backdate("/age/written 40 40", "/age/rewritten 40 40", "/age/replaced 40 40", "/age/old 40 40", "/age/filled 40 40", "/age/empty 40 40")
	h, err := s.admin.Reach("age")
	if err == nil {
		err = h.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	going := zone.Aging{Check: func() error { return nil }, Due: func(born, changed time.Time) bool { return time.Since(changed) > 30*24*time.Hour },
		Record: func(paths []string) (func([]error), error) {
			if paths[0] == "filled/" {
				sh(t, "touch "+root+"/filled/young")
			}
			if len(paths) > 1 {
				sh(t, "cd "+root+"; echo two >>written; echo two >rewritten; echo new >.new; mv .new replaced")
			}
			return func([]error) {}, nil
		}}
	if err := h.RemoveAged(&going); err != nil || going.Files != 1 || going.Folders != 1 || going.Failed != 0 {
		t.Errorf("%v %+v", err, going)
	}
	if left := s.list(root); left != "filled filled/young replaced rewritten written" {
		t.Errorf("left: %q", left)
	}
}

// Too much at once is not removed, but told, until an administrator has looked.
func TestAgeLimit(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	s.settings.Cleaner.LimitFiles, s.settings.Cleaner.LimitPercent = 3, 50
	sh(t, "cd "+root+"; touch f{1..5} g{1..4}")
	var lines []string
	for i := range 5 {
		lines = append(lines, fmt.Sprintf("/age/f%d 40 40", i+1))
	}
	s.backdate(lines...)
	s.now = time.Now()
	if err := s.run("files"); err == nil || !strings.Contains(err.Error(), "5 of 9 files and folders are due") {
		t.Errorf("%v", err)
	}
	state, _ := schedule.ReadState(s.state)
	if left := s.list(root); left != "f1 f2 f3 f4 f5 g1 g2 g3 g4" || !state.Jobs["files"].Stopped {
		t.Errorf("left: %s, %+v", left, state)
	}
	sh(t, "touch "+root+"/h")
	if err := s.run("files"); err != nil {
		t.Error(err)
	}
	if left := s.list(root); left != "g1 g2 g3 g4 h" {
		t.Errorf("left: %s", left)
	}
	s.pass(time.Now().AddDate(0, 0, 31))
	if err := s.run("files"); err == nil {
		t.Error("all of it went")
	}
	s.noLimit = true
	if err := s.run("files"); err != nil || s.list(root) != "" {
		t.Errorf("%v, left: %s", err, s.list(root))
	}
	// Folders count as well: a tree that somebody has prepared is work, too.
	s.noLimit = false
	sh(t, "cd "+root+"; mkdir -p a/b c d; touch young")
	s.backdate("/age/a 40 40", "/age/a/b 40 40", "/age/c 40 40", "/age/d 40 40")
	s.now = time.Now()
	if err := s.run("files"); err == nil || !strings.Contains(err.Error(), "4 of 5 files and folders are due") {
		t.Errorf("%v, left: %s", err, s.list(root))
	}
}

// What killed requests left goes after a day; what a process holds does not, and nothing that is not called so.
func TestUploads(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+`; mkdir -p sub/.shz-grow-A/deep .shz-grow-B .shz-odd .shz-grow-C .shz-put-dir; touch .shz-grow-C/theirs; chown nobody .shz-grow-C/theirs; touch .shz-put-1 .shz-upload-2 .shz-done-2 .shz-done-3 .shz-upload-5 .shz-done-5 sub/.shz-away-4 sub/.shz-away-5-name sub/.shz-away-6-name .shz-upload-held .shz-other sub/shz-put- sub/.shz-grow-A/deep/x; mkfifo .shz-put-fifo
		ln -s /etc/passwd .shz-put-link; mkdir `+s.base+`/.shz-new-X `+s.base+`/.shz-new-full; touch `+s.base+`/.shz-new-full/x; touch `+s.base+`/.closed/.shz-removed-1-2-3-AAAA`)
	held, err := os.Open(root + "/.shz-upload-held")
	if err == nil {
		err = unix.Flock(int(held.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		t.Fatal(err)
	}
	// An upload stays as long as its mark does: a mark alone says that the bytes have got their name.
	mark, err := os.Open(root + "/.shz-done-5")
	if err == nil {
		err = unix.Flock(int(mark.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		t.Fatal(err)
	}
	aside := s.base + "/.closed/.shz-removed-99-" + sh(t, `f=`+root+`/sub/shz-put-; echo $(stat -c %i $f)-$(date -d "$(stat -c %w $f)" +%s%N)`) + "-BBBB"
	sh(t, "ln "+root+"/sub/shz-put- "+aside)
	// The folder of a walk that was killed, with what was to go, and with what was not looked at yet.
	own := s.base + "/.closed/.shz-removed-98-own-"
	sh(t, fmt.Sprintf("mkdir -m 700 %[1]sCCCC %[1]sDDDD; ln %[2]s/sub/shz-put- %[1]sCCCC/%[3]s; touch %[1]sDDDD/.shz-removed-1-2-3-EEEE", own, root, filepath.Base(aside)))
	before := s.list(root)
	s.now = time.Now().Add(23 * time.Hour)
	if err := s.run("uploads"); err != nil || s.list(root) != before {
		t.Errorf("%v: %s", err, s.list(root))
	}
	s.now = time.Now().Add(25 * time.Hour)
	// What was not looked at is told, once, with the folder in which it lies, and a folder that cannot be removed.
	told := func(when string) {
		t.Helper()
		err := s.run("uploads")
		if err == nil || !strings.Contains(err.Error(), "uploads: 1 failures") || !strings.Contains(err.Error(), "2 could not be swept, the first: .shz-removed-1-2-3-AAAA: moved away") {
			t.Errorf("%s: %v", when, err)
		}
	}
	told("first")
	if left := s.list(root); left != ".shz-done-5 .shz-grow-C .shz-grow-C/theirs .shz-odd .shz-other .shz-put-dir .shz-upload-5 .shz-upload-held sub sub/name sub/name (2) sub/recovered-4 sub/shz-put-" {
		t.Errorf("left: %s", left)
	}
	if left := sh(t, "cd "+s.base+"; ls -A . .closed .closed/.*own* | paste -sd' '"); left != ".: .closed .shz-new-full age  .closed: .shz-removed-1-2-3-AAAA .shz-removed-98-own-DDDD  .closed/.shz-removed-98-own-DDDD: .shz-removed-1-2-3-EEEE" {
		t.Errorf("left: %s", left)
	}
	held.Close()
	mark.Close()
	told("once more, though it was looked at a moment ago")
	if left := s.list(root); left != ".shz-grow-C .shz-grow-C/theirs .shz-odd .shz-other .shz-put-dir sub sub/name sub/name (2) sub/recovered-4 sub/shz-put-" {
		t.Errorf("left: %s", left)
	}
	sh(t, "ls /etc/passwd")
	// So is a folder that cannot be removed.
	sh(t, "rm "+s.base+"/.closed/.shz-removed-1-2-3-AAAA")
	if err := s.run("uploads"); err == nil || !strings.Contains(err.Error(), "1 could not be swept, the first: .shz-removed-98-own-DDDD/.shz-removed-1-2-3-EEEE: moved away") {
		t.Error(err)
	}
	sh(t, "rm -r "+own+"*; mkdir -m 700 "+own+"FFFF; chattr +i "+own+"FFFF")
	err = s.run("uploads")
	sh(t, "chattr -i "+own+"FFFF")
	if err == nil || !strings.Contains(err.Error(), "1 could not be swept, the first: .shz-removed-98-own-FFFF: ") || !strings.Contains(err.Error(), "operation not permitted") {
		t.Error(err)
	}
	if err := s.run("uploads"); err != nil {
		t.Error(err)
	}
}

// TestLeftInSubvolume: in a zone that is a file system of its own, what a killed removal left and cannot be swept is told for the zone; what has
// such a name and is a member's is not.
func TestLeftInSubvolume(t *testing.T) {
	s := newSiteOn(t, "mkfs.btrfs -q")
	s.subvolumes = true
	s.zone("own", "", time.Now())
	left := s.base + "/own/.shz-removed-AAAA"
	sh(t, "mkdir -m 700 "+left+" "+s.base+"/own/.shz-removed-theirs; touch "+left+"/x; chown nobody "+s.base+"/own/.shz-removed-theirs")
	s.now = time.Now().Add(25 * time.Hour)
	for range 2 {
		if err := s.run("uploads"); err == nil || !strings.Contains(err.Error(), "uploads: 1 failures") || !strings.Contains(err.Error(), "own: .shz-removed-AAAA, of a removal that was interrupted: directory not empty") {
			t.Error(err)
		}
	}
	admin := s.newAdmin()
	defer admin.Close()
	found, err := admin.LeftAside(time.Now().Add(time.Minute))
	if want := []zone.Aside{{Path: "own/.shz-removed-AAAA", Zone: "own"}}; err != nil || !slices.Equal(found, want) {
		t.Errorf("%+v, %v", found, err)
	}
	// The number of a subvolume is that of others, and nothing of one lies in .closed; of a closed zone on the same file system something may.
	s.subvolumes = false
	s.zone("shut", "", time.Now())
	shut := s.base + "/.closed/.shz-removed-" + sh(t, "stat -c %i "+s.base+"/shut") + "-own-BBBB"
	nobodys := s.base + "/.closed/.shz-removed-256-own-CCCC"
	sh(t, "mkdir -m 700 "+shut+" "+nobodys)
	if _, err := s.admin.CloseZone("shut", time.Now()); err != nil {
		t.Fatal(err)
	}
	found, err = admin.LeftAside(time.Now().Add(time.Minute))
	want := []zone.Aside{{Path: "own/.shz-removed-AAAA", Zone: "own"}, {Path: ".closed/.shz-removed-256-own-CCCC"}, {Path: ".closed/" + filepath.Base(shut), Zone: "shut"}}
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("%+v, %v", found, err)
	}
	sh(t, "rm "+left+"/x")
	if err := s.run("uploads"); err != nil || s.list(s.base+"/own") != ".shz-removed-theirs a a/b a/b/z a/y x" {
		t.Errorf("%v: %s", err, s.list(s.base+"/own"))
	}
}

// Somebody swaps names, folders and links while the cleaner is at work: nothing young goes, nothing outside is touched, and when
// he stops nothing old is left.
func TestHostile(t *testing.T) {
	s := newSite(t)
	rounds := 15
	if os.Getenv("SHZ_LONG") != "" {
		rounds = 1000
	}
	for round := range rounds {
		s.hostile(round)
		if t.Failed() {
			return
		}
	}
}

func (s *site) hostile(round int) {
	t := s.t
	name := fmt.Sprintf("hostile%d", round)
	root := s.aging(name)
	haven := s.base + "/haven"
	if round == 0 {
		s.zone("haven", "", time.Now())
		sh(t, "mkdir "+s.base+"/outside; touch "+s.base+"/outside/{1..20}; chmod 777 "+s.base+"/outside")
	}
	as := "setpriv --reuid=ct-bruno --regid=ct-bruno --init-groups bash -c "
	sh(t, "cd "+root+" && "+as+"'umask 007; mkdir -m 1770 d1 d2 d1/e; for i in {1..20}; do echo old > o$i; echo old > d1/o$i; echo old > d1/e/o$i; echo young > y$i; echo young > d1/y$i; echo young > d2/y$i; done'")
	lines := []string{"/outside/1 40 40"}
	for i := range 20 {
		for _, folder := range []string{"", "d1/", "d1/e/"} {
			lines = append(lines, fmt.Sprintf("/%s/%so%d 40 40", name, folder, i+1))
		}
	}
	s.backdate(lines...)
	// With the clock a bit more than a week ahead even what was renamed a moment ago is old, and what is young stays so.
	s.now = time.Now().Add(8 * 24 * time.Hour)
	s.settings.Cleaner.LimitFiles = 1 << 40
	// Root himself links to a file of elsewhere, and mounts a folder of elsewhere.
	sh(t, "cd "+root+"; ln ../outside/1 linked; mkdir bound; mount --bind ../outside bound")
	defer exec.Command("umount", root+"/bound").Run()
	held, err := os.Open(root + "/o1")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	times := []time.Time{time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	exchange := func(a, b string) {
		unix.Renameat2(unix.AT_FDCWD, root+"/"+a, unix.AT_FDCWD, root+"/"+b, unix.RENAME_EXCHANGE)
	}
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			n := i%20 + 1
			exchange(fmt.Sprintf("o%d", n), fmt.Sprintf("y%d", n))
			exchange(fmt.Sprintf("d1/o%d", n), fmt.Sprintf("d1/y%d", n))
			exchange(fmt.Sprintf("d1/e/o%d", n), fmt.Sprintf("d2/y%d", n))
			exchange("d1", "d2")
			os.Chtimes(fmt.Sprintf("%s/y%d", root, n), times[i%2], times[i%2])
			os.Chtimes(fmt.Sprintf("%s/d2/o%d", root, n), times[i%2], times[i%2])
			if os.Rename(root+"/d2", haven+"/away") == nil {
				os.Symlink(s.base+"/outside", root+"/d2")
				os.Remove(root + "/d2")
				os.Rename(haven+"/away", root+"/d2")
			}
		}
	}()
	files := func() {
		s.run("files") // it tells of what is mounted there, and of nothing else
		state, err := schedule.ReadState(s.cleaner.state)
		if f := state.Jobs["files"].Failures; err != nil || len(f) != 1 || !strings.HasPrefix(f[0], name+"/bound: ") {
			t.Errorf("round %d: %v %q", round, err, f)
		}
	}
	for range 3 {
		files()
	}
	close(stop)
	<-done
	files()
	if b, err := io.ReadAll(held); err != nil || len(b) == 0 {
		t.Errorf("round %d: who held a file open reads %q %v", round, b, err)
	}
	sh(t, "umount "+root+"/bound; test ! -e "+root+"/linked; test $(stat -c %h "+s.base+"/outside/1) = 1")
	if young := sh(t, "cd "+s.base+"; find "+name+" haven .closed -type f -exec grep -l young {} + | wc -l"); young != "60" {
		t.Errorf("round %d: %s of 60 young files are left", round, young)
	}
	if old := sh(t, "cd "+root+"; grep -rl old . | wc -l"); old != "0" {
		t.Errorf("round %d: %s old files are left", round, old)
	}
	if out := sh(t, "cd "+s.base+"; ls outside | wc -l; find . -name '.shz-*'"); out != "20" {
		t.Errorf("round %d: outside or aside: %s", round, out)
	}
	s.acts()
	sh(t, "rm -r "+root)
}

package zone

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// check compares the zone demo with its root and returns the findings as "path kind", sorted.
func check(t *testing.T, admin *Admin) ([]Drift, []string) {
	t.Helper()
	h, err := admin.Reach("demo")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	c, err := h.Check(1000, nil)
	if err != nil || c.More != 0 || !c.Complete {
		t.Fatalf("%v, %d more, complete %v", err, c.More, c.Complete)
	}
	var short []string
	mendable, others := 0, 0
	for _, d := range c.Findings {
		short = append(short, d.Path+" "+d.Kind)
		if d.Apply && d.Path != "" {
			mendable++
		} else if d.Path != "" {
			others++
		}
		if !slices.Contains(DriftKinds, d.Kind) || d.Mend == nil {
			t.Errorf("%+v", d)
		}
	}
	if mendable != c.Mendable || others != c.Others {
		t.Errorf("%d mendable, %d said; %d others, %d said", mendable, c.Mendable, others, c.Others)
	}
	slices.Sort(short)
	return c.Findings, short
}

// damages are what tools and backups do to a zone with the members zt-bruno (write), zt-acme (read) and zt-carla (drop),
// with what a checkup must say of it. The commands run in the zone's root.
var damages = []struct {
	command string
	want    []string
	apply   bool // apply mends it
}{
	{"setfacl -x u:zt-bruno sub", []string{"sub lost"}, true},
	{"setfacl -m u:zt-bruno:r-x sub/deep", []string{"sub/deep lost"}, true},
	{"setfacl -n -x u:zt-anna,g:zt-acme sub/b", []string{"sub/b lost"}, true},
	{"setfacl -b sub/b", []string{"sub/b lost", "sub/b shut"}, false}, // group:: was empty
	{"setfacl -b sub/b; chmod 640 sub/b", []string{"sub/b group", "sub/b lost"}, true},
	{"setfacl -b sub/b; chmod 666 sub/b", []string{"sub/b group", "sub/b lost", "sub/b other", "sub/b wide"}, true},
	{"setfacl -b -k sub", []string{"sub default", "sub lost", "sub shut"}, false},
	{"setfacl -n -m u:zt-staff:rwx sub", []string{"sub extra"}, true},
	{"setfacl -n -m g:zt-acme:rwx a", []string{"a extra"}, true},
	{"setfacl -n -m u:zt-carla:wx sub", []string{"sub extra"}, true}, // who only delivers has no entry inside
	{"setfacl -n -m u:7001:r,g:7002:rwx sub/deep/c", []string{"sub/deep/c extra"}, true},
	{"setfacl -n -m u:zt-staff:---,g:7002:---,d:u:zt-staff:--- sub; setfacl -n -m u:zt-staff:--- a", nil, true}, // to keep somebody out
	{"setfacl -n -m u:zt-staff:---,d:u:zt-staff:--- .", nil, true},
	{"setfacl -n -m u:zt-bruno:--- sub", []string{"sub lost"}, true}, // a member's entry is the zone's
	{"setfacl -k sub", []string{"sub default"}, true},
	{"setfacl -d -m u:zt-staff:rwx sub/deep", []string{"sub/deep default"}, true},
	{"setfacl -d -m mask::--- sub", []string{"sub shut"}, false}, // somebody keeps what is made there to its owner
	{"setfacl -n -m g::rx sub", []string{"sub group"}, true},
	{"setfacl -n -m g::rx sub; chgrp zt-acme sub", []string{"sub shared-group"}, true},
	{"chmod o+x sub", []string{"sub other"}, true},
	{"chmod 664 a", []string{"a other", "a wide"}, true},
	{"chmod 660 a sub/deep/c", []string{"a wide", "sub/deep/c wide"}, true},
	{"chmod 750 a", []string{"a wide"}, true},
	{"chmod -t sub/deep", []string{"sub/deep sticky"}, true},
	{"chmod 1700 sub", []string{"sub shut"}, false},
	{"chmod 1750 sub", []string{"sub shut"}, false},
	{"chmod 600 a", []string{"a shut"}, false}, // the owner's to close, and told
	{"chmod 600 a; chown zt-bruno sub/b; chmod 600 sub/b; chown -h zt-carla sub/deep/c; chmod 440 sub/deep/c", []string{"a shut", "sub/b shut"}, false},
	{"chown 7001 sub/b", []string{"sub/b owner"}, false},
	{"chown root sub; chmod 1700 sub", []string{"sub owner", "sub shut"}, false},
	{"ln sub/b second", []string{"second linked", "sub/b linked"}, false},
	{"chattr +i a", []string{"a immutable"}, false},
	{"chattr +i sub; chattr +a a", []string{"a immutable", "sub immutable"}, false},
	{"chmod 660 a; chattr +i a", []string{"a immutable", "a wide"}, false},
	{"setfacl -x u:zt-bruno .", []string{" default", "a extra", "sub extra", "sub/b extra", "sub/deep extra", "sub/deep/c extra", "sub default", "sub/deep default"}, true},
	{"setfacl -m u:zt-staff:x .", []string{" odd"}, true},
	{"setfacl -n -m u:zt-staff:r,g:zt-acme:w .", []string{" default", " odd", "a extra", "sub extra", "sub/b extra", "sub/deep extra", "sub/deep/c extra", "sub default", "sub/deep default"}, true},
	{"setfacl -m u:7001:rwx,d:u:7001:rwx .", []string{" nobody", "a lost", "sub lost", "sub/b lost", "sub/deep lost", "sub/deep/c lost", "sub default", "sub/deep default"}, false},
	{"setfacl -k .", []string{" default"}, true},
	{"chmod 0770 .", []string{" sticky"}, true},
	{"chmod g+s .", []string{" sticky"}, true},
	{"chmod 1700 .", []string{" shut"}, false},
	{"chmod 1570 .", []string{" shut"}, false},
	{"setfacl -m g::rx,o::x .", []string{" group", " other"}, true},
	{"setfacl -b -k .", []string{" unlisted"}, false},
	{"setfacl -b -k .; chmod 660 a; setfacl -n -m u:zt-staff:rwx sub/b; mkdir empty", []string{" unlisted"}, false}, // one list makes no member
	{"mkdir sub/mnt; mount -t tmpfs tmpfs sub/mnt", []string{"sub/mnt mount"}, false},
	{"ln -s /etc link; mkfifo fifo; touch .shz-upload", nil, true},
	{"umask 0; cp /etc/hostname $'odd\\n\\xff \\'\"$(id)!%é'; chown zt-anna: odd*; setfacl -b odd*; chmod 666 odd*",
		[]string{"odd%0A%FF%20%27%22$%28id%29%21%25%C3%A9 group", "odd%0A%FF%20%27%22$%28id%29%21%25%C3%A9 lost", "odd%0A%FF%20%27%22$%28id%29%21%25%C3%A9 other",
			"odd%0A%FF%20%27%22$%28id%29%21%25%C3%A9 wide"}, true},
	{"chown root sub/b; chmod 666 sub/b", []string{"sub/b other", "sub/b owner", "sub/b wide"}, false},
	{"chown root sub/b; setfacl -b sub/b; chmod 640 sub/b", []string{"sub/b lost", "sub/b owner", "sub/b shared-group"}, false},
	{"mkdir -m 1700 -- -shut; chown zt-bruno: -- -shut; chmod 1700 -- -shut", []string{"-shut shut"}, false},
	{"mkdir -- -rf; chown zt-anna: -- -rf; setfacl -bk -- -rf; chmod 777 -- -rf", []string{"-rf default", "-rf group", "-rf lost", "-rf other", "-rf sticky"}, true},
}

// prepareDamage makes the zone that the damages are done to.
func prepareDamage(t *testing.T, admin *Admin, root string) {
	t.Helper()
	createDemo(t, admin)
	fill(t, root)
	share(t, admin, "user:zt-bruno", Write)
	share(t, admin, "group:zt-acme", Read)
	share(t, admin, "user:zt-carla", Drop)
	if _, short := check(t, admin); short != nil {
		t.Fatalf("before any damage: %q", short)
	}
}

func undoDamage(t *testing.T, root string) {
	t.Helper()
	sh(t, "umount "+root+"/sub/mnt 2>/dev/null; chattr -R -ia "+root+" 2>/dev/null; rm -rf "+root)
}

// Every damage is found, and nothing else; the commands, run by bash in their order, leave nothing to find.
func TestCheckMends(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	for _, d := range damages {
		t.Run(d.command, func(t *testing.T) {
			prepareDamage(t, admin, root)
			defer undoDamage(t, root)
			before := sh(t, "getfacl -Rp "+root)
			sh(t, "cd "+root+"; "+d.command)
			findings, short := check(t, admin)
			want := slices.Clone(d.want)
			slices.Sort(want)
			if !slices.Equal(short, want) {
				t.Errorf("found %q, want %q", short, want)
			}
			for _, f := range findings { // no command is offered that is refused, or changes nothing
				if slices.Contains(f.Mend, "shzadm zone apply demo") && !f.Apply && strings.HasPrefix(d.command, "chown root") {
					t.Errorf("%+v", f)
				}
				if slices.Contains(f.Mend, "shzadm zone apply demo") && (d.command == "setfacl -x u:zt-bruno ." || strings.HasSuffix(d.command, "g:zt-acme:w .")) {
					t.Errorf("%+v", f)
				}
			}
			for round := 0; len(findings) > 0 && round < 2; round++ { // what somebody else's owner hid comes second
				for _, f := range findings {
					for _, line := range f.Mend {
						mend(t, admin, root, line)
					}
					if f.Apply && len(f.Mend) == 0 { // it would put somebody out: said for all at once
						mend(t, admin, root, MendSurely("demo"))
					}
				}
				findings, _ = check(t, admin)
			}
			for _, f := range findings {
				if f.Kind != DriftLinked && f.Kind != DriftMount { // a person's to decide
					t.Errorf("left: %+v", f)
				}
			}
			if t.Failed() {
				t.Logf("before\n%s\nafter\n%s", before, sh(t, "getfacl -Rp "+root))
			}
		})
	}
}

// mend runs a command that mends. Those of shzadm are done here, because shzadm knows the real base alone. Of all others none
// may name anything below the root: whoever has a shell could put a link there.
func mend(t *testing.T, admin *Admin, root, line string) {
	t.Helper()
	if !strings.HasPrefix(line, "shzadm zone ") {
		if !regexp.MustCompile(`^find ` + root + ` -xdev -inum [0-9]+ -execdir chattr -i -a -- \{\} \\;$`).MatchString(line) {
			t.Errorf("it follows a path: %s", line)
		}
		sh(t, line)
		return
	}
	out, err := exec.Command("bash", "-c", `printf '%s\0' `+line).Output()
	words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if err != nil || len(words) < 4 || words[3] != "demo" {
		t.Fatal(line, words, err)
	}
	switch operands := words[4:]; words[2] {
	case "share":
		for _, grant := range operands {
			principal, access, _ := strings.Cut(grant, "=")
			share(t, admin, principal, Access(access))
		}
	case "apply":
		_, err = admin.Apply("demo", Whatever)
	case "open":
		if len(operands) == 0 {
			err = admin.Unshut("demo")
		} else {
			_, err = admin.Open("demo", strings.Split(operands[len(operands)-1], "/"))
		}
	case "take":
		_, err = admin.Take("demo", strings.Split(operands[len(operands)-1], "/"))
	default:
		t.Fatal(line)
	}
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
}

// Apply mends what it says it mends, and touches nothing else; and it makes no mask wider.
func TestApply(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	for _, d := range damages {
		t.Run(d.command, func(t *testing.T) {
			prepareDamage(t, admin, root)
			defer undoDamage(t, root)
			sh(t, "cd "+root+"; "+d.command)
			findings, _ := check(t, admin)
			masks := masksOf(t, root)
			before := sh(t, "getfacl -Rp "+root)
			report, err := admin.Apply("demo", "")
			var out *PutsOutError
			if putsOut := slices.Contains(d.want, " unlisted") || d.command == "setfacl -x u:zt-bruno ." || strings.HasSuffix(d.command, "g:zt-acme:w ."); errors.As(err, &out) != putsOut {
				t.Errorf("puts out %v: %v", putsOut, err)
			} else if putsOut { // it says whom
				if after := sh(t, "getfacl -Rp "+root); len(out.Members) == 0 || after != before {
					t.Errorf("%v, before\n%s\nafter\n%s", err, before, after)
				}
				if report, err = admin.Apply("demo", Whatever); slices.Contains(d.want, " unlisted") { // nobody is in any list then
					if after := sh(t, "getfacl -Rp "+root); err != nil || strings.Contains(after, "user:zt-bruno") || strings.Contains(after, "group:zt-acme") {
						t.Errorf("%v, after\n%s", err, after)
					}
					return
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if changes := slices.ContainsFunc(findings, func(f Drift) bool { return f.Apply }); changes && report.Folders+report.Files == 0 {
				t.Errorf("it mends %+v and says that it changed nothing", findings)
			}
			var want []string
			for _, f := range findings {
				if !f.Apply {
					want = append(want, f.Path+" "+f.Kind)
				}
			}
			left, short := check(t, admin)
			for _, f := range left {
				if f.Apply || !slices.Contains(want, f.Path+" "+f.Kind) {
					t.Errorf("left: %+v", f)
				}
			}
			if d.apply && len(short) > 0 {
				t.Errorf("apply left %q", short)
			}
			for path, mask := range masksOf(t, root) {
				if mask&^masks[path] != 0 {
					t.Errorf("%s: mask %o, was %o", path, mask, masks[path])
				}
			}
			again, err := admin.Apply("demo", "")
			if err != nil || again.Folders+again.Files != 0 {
				t.Errorf("the same again changed %+v: %v; before %+v", again, err, report)
			}
		})
	}
}

// TestCheckMode: the mode that a finding says is right is the one that apply makes, and one that lets nobody write is no finding.
func TestCheckMode(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	fill(t, root)
	share(t, admin, "user:zt-bruno", Write)
	for _, mode := range []string{"0777", "0770", "3770", "4777"} {
		sh(t, "chmod "+mode+" "+root)
		found, _ := check(t, admin)
		if i := slices.IndexFunc(found, func(d Drift) bool { return d.Kind == DriftSticky }); i < 0 || found[i].Found != mode || found[i].Right != "1770" {
			t.Errorf("%s: %+v", mode, found)
		}
		if _, err := admin.Apply("demo", ""); err != nil || sh(t, "stat -c %a "+root) != "1770" {
			t.Errorf("%s: %v %s", mode, err, sh(t, "stat -c %a "+root))
		}
	}
	sh(t, "chmod 0777 "+root+"/sub")
	if found, _ := check(t, admin); !slices.ContainsFunc(found, func(d Drift) bool { return d.Kind == DriftSticky && d.Right == "1770" }) {
		t.Errorf("%+v", found)
	}
	for _, mode := range []string{"0000", "0700"} {
		sh(t, "chmod "+mode+" "+root)
		if found, _ := check(t, admin); slices.ContainsFunc(found, func(d Drift) bool { return d.Path == "" && d.Kind != DriftShut }) {
			t.Errorf("%s: %+v", mode, found)
		}
		if err := admin.Unshut("demo"); err != nil || sh(t, "stat -c %a "+root) != "1770" {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// masksOf are the group bits of everything: the mask, or what the group has where there is none.
func masksOf(t *testing.T, root string) map[string]int {
	t.Helper()
	masks := make(map[string]int)
	for _, line := range strings.Split(sh(t, "find "+root+` ! -type l -printf '%m %i\n'`), "\n") {
		var mode int
		var inode string
		if _, err := fmt.Sscanf(line, "%o %s", &mode, &inode); err != nil {
			t.Fatal(line, err)
		}
		masks[inode] = mode >> 3 & 7
	}
	return masks
}

// What the kernel lets people do after apply is what sharing anew would have given them.
func TestApplyRights(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	prepareDamage(t, admin, root)
	sh(t, "cd "+root+`; setfacl -R -b -k sub; chmod 777 sub sub/deep; chmod 666 sub/b sub/deep/c; mkdir sub/restored; cp /etc/hostname sub/restored/r
		chown -R zt-anna sub; chmod 755 sub/restored; chmod 644 sub/restored/r; setfacl -n -m u:zt-staff:rwx a`)
	if _, err := admin.Apply("demo", ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		user, command string
		may           bool
	}{
		{"zt-bruno", "cat a sub/b sub/deep/c sub/restored/r", true}, {"zt-bruno", "echo x > sub/deep/new-$$", true}, {"zt-bruno", "echo x >> sub/b", false},
		{"zt-bruno", "rm -f sub/b", false}, {"zt-bruno", "touch sub/restored/new", false}, // its mask, r-x, was not made wider
		{"zt-carla", "cat sub/deep/c", true}, // by group zt-acme
		{"zt-carla", "echo x > sub/new-$$", false}, {"zt-anna", "cat sub/deep/new-*", true}, {"zt-staff", "ls .", false}, {"zt-staff", "cat a", false},
	} {
		if as(t, c.user, "cd "+root+" && "+c.command) != c.may {
			t.Errorf("%s: %s: may %v\n%s", c.user, c.command, !c.may, sh(t, "getfacl -Rp "+root))
		}
	}
}

func TestCheckLimits(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	createDemo(t, admin)
	sh(t, "cd "+root+"; mkdir many; for i in $(seq 600); do echo > many/$i; done; chown -R zt-anna many; chmod 600 many/*; setfacl -b many/*; chmod 1770 many")
	h, err := admin.Reach("demo")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	var progress []int
	admin.Progress = func(done int) { progress = append(progress, done) }
	c, err := h.Check(200, nil)
	if err != nil || len(c.Findings) != 200 || c.More != 400 || c.Mendable != 600 || c.Kinds[DriftLost] != 600 || !c.Complete {
		t.Errorf("%v: %d findings, %d more, %d mendable", err, len(c.Findings), c.More, c.Mendable)
	}
	if len(progress) < 2 || !slices.IsSorted(progress) || progress[len(progress)-1] != 601 {
		t.Errorf("progress: %v", progress)
	}
	began := time.Now()
	c, err = h.Check(200, func() bool { return len(c.Findings) == 0 || time.Since(began) > 0 })
	if err != nil || c.Complete {
		t.Errorf("%v, not stopped", err)
	}
	if _, err := admin.Apply("nothing", ""); !errors.Is(err, ErrNotThere) {
		t.Error(err)
	}
}

// TestCheckOffersNoLoss: no command is shown against what is to stay whatever its age: taken away, that would go.
func TestCheckOffersNoLoss(t *testing.T) {
	if mend := MendValue(AttrExpires, "/zone"); len(mend) != 1 {
		t.Errorf("%q", mend)
	}
	if mend := MendValue(AttrKeep, "/zone"); mend == nil || len(mend) != 0 {
		t.Errorf("%q", mend)
	}
}

// TestCheckUnlisted: after a root lost its list the members are named, each with what most lists give, and sharing with them lets
// them in again without a further command; who stands in a few lists is none. Where nobody stands, the zone is mended as any other.
func TestCheckUnlisted(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	prepareDamage(t, admin, root)
	sh(t, "cd "+root+"; setfacl -n -m u:zt-staff:rwx a; setfacl -n -m g:zt-acme:rwx a; setfacl -b -k .")
	findings, _ := check(t, admin)
	if len(findings) != 1 || findings[0].Apply || findings[0].Found != "group:zt-acme=read user:zt-bruno=write" || len(findings[0].Members) != 2 ||
		!slices.Equal(findings[0].Mend, []string{"shzadm zone share demo group:zt-acme=read user:zt-bruno=write"}) {
		t.Fatalf("%+v", findings)
	}
	mend(t, admin, root, findings[0].Mend[0])
	for _, c := range []struct {
		user, command string
		may           bool
	}{{"zt-bruno", "cat a && test -w sub", true}, {"zt-carla", "cat sub/b", true}, {"zt-carla", "echo x >sub/hers", false}, {"zt-staff", "ls .", false}} {
		if as(t, c.user, "cd "+root+" && "+c.command) != c.may {
			t.Errorf("%s: %s: may %v\n%s", c.user, c.command, !c.may, sh(t, "getfacl -Rp "+root))
		}
	}
	if _, short := check(t, admin); !slices.Equal(short, []string{"a extra"}) {
		t.Errorf("%q", short)
	}
	sh(t, "setfacl -R -b -k "+root)
	if _, short := check(t, admin); slices.Contains(short, " unlisted") || !slices.Contains(short, " no-list") {
		t.Errorf("%q", short)
	}
	if _, err := admin.Apply("demo", ""); err != nil {
		t.Error(err)
	}
}

// TestListsLost: a zone without any list is one that is shared with nobody, after Apply, and its owner's own files are there for whom he shares it
// with. What another's lost is told, and opened by whose it is, or in a shell; what somebody shut with its list stays shut.
func TestListsLost(t *testing.T) {
	base, admin := needCopy(t)
	root := base + "/demo"
	prepareDamage(t, admin, root)
	sh(t, "cd "+root+"; chown zt-bruno sub/b; chmod 600 a; chmod 0 sub/deep; setfacl -n -m m::--- sub/deep; setfacl -b -k . sub sub/b; chmod 700 .")
	if _, err := admin.Apply("demo", Whatever); err != nil {
		t.Fatal(err)
	}
	if z, err := admin.Show("demo"); err != nil || len(z.Problems) > 0 || len(z.Members) > 0 {
		t.Errorf("%+v, %v", z, err)
	}
	share(t, admin, "user:zt-carla", Read)
	_, short := check(t, admin)
	if want := []string{"a shut", "sub/b shut", "sub/deep shut"}; !slices.Equal(short, want) {
		t.Errorf("%q, want %q", short, want)
	}
	if !as(t, "zt-carla", "ls "+root+"/sub") || as(t, "zt-carla", "cat "+root+"/sub/b || cat "+root+"/a") {
		t.Error(sh(t, "getfacl -Rp "+root))
	}
	h := hold(t, admin)
	defer h.Release()
	mine := func(uid uint32) bool { return uid == h.stat.Uid }
	if _, err := h.Open([]string{"sub", "b"}, mine); !errors.Is(err, ErrNotYours) || as(t, "zt-carla", "cat "+root+"/sub/b") {
		t.Errorf("another's is opened: %v", err)
	}
	if report, err := h.Open([]string{"sub"}, mine); err != nil || as(t, "zt-carla", "cat "+root+"/sub/b") || !as(t, "zt-carla", "cat "+root+"/sub/deep/c") {
		t.Errorf("%+v, %v\n%s", report, err, sh(t, "getfacl -Rp "+root))
	}
	all := func(uint32) bool { return true }
	if report, err := h.Open([]string{"sub"}, all); err != nil || report.Files != 1 || !as(t, "zt-carla", "cat "+root+"/sub/b") {
		t.Errorf("%+v, %v\n%s", report, err, sh(t, "getfacl -Rp "+root))
	}
	sh(t, "cd "+root+"; ln -s sub link; mkfifo fifo; ln a second; cp /etc/hostname of-root; mkdir -p "+base+"/other/x; ln -s "+base+"/other other")
	for path, want := range map[string]error{"": ErrPath, "..": ErrPath, "nothing": unix.ENOENT, "link": unix.ENOTDIR, "fifo": unix.ENOTDIR, "second": ErrLinked, "of-root": ErrNotOurs,
		"other/x": unix.ENOTDIR, ".shz-x": ErrReserved} {
		if _, err := h.Open(strings.Split(path, "/"), all); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", path, err, want)
		}
	}
}

// TestOpenIsSticky: chmod 700 takes the sticky bit too, without which who may write there would remove what is another's.
func TestOpenIsSticky(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	sh(t, "chmod 0700 "+base+"/demo")
	if err := admin.Unshut("demo"); err != nil || sh(t, "stat -c %a "+base+"/demo") != "1770" {
		t.Errorf("%v: %s", err, sh(t, "stat -c %a "+base+"/demo"))
	}
}

package test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// The lines of doc/backup.md, run as they stand there: what comes back is what was saved, and doctor finds nothing.

// documented are the commands below a heading of doc/backup.md.
func documented(t *testing.T, heading string) string {
	t.Helper()
	_, section, found := strings.Cut(read(t, "../doc/backup.md"), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("doc/backup.md has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for line := range strings.Lines(section) {
		if command, indented := strings.CutPrefix(line, "    "); indented {
			script.WriteString(command)
		}
	}
	if script.Len() == 0 {
		t.Fatalf("%q has no commands", heading)
	}
	return script.String()
}

// follow runs the commands below a heading, and returns what they said.
func follow(t *testing.T, heading string) string {
	t.Helper()
	out, err := exec.Command("/bin/bash", "-euo", "pipefail", "-c", documented(t, heading)).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", heading, err, out)
	}
	return string(out)
}

// bound to one file system are numbers of inodes, counts of links and change times, and the sizes of folders.
var bound, boundSize = regexp.MustCompile(` (ino|links|ctime)=[0-9]+`), regexp.MustCompile(` size=[0-9]+`)

// kept is the part of a tree's state that a backup keeps.
func kept(t *testing.T, top string) []string {
	t.Helper()
	lines := snapshot(t, top)
	for i, line := range lines {
		if strings.Contains(line, " mode=04") {
			line = boundSize.ReplaceAllString(line, "")
		}
		lines[i] = bound.ReplaceAllString(line, "")
	}
	return lines
}

// backupDisk mounts an empty ext4 at /backup until the test ends.
func backupDisk(t *testing.T, name string) {
	t.Helper()
	image := emptyImage(t, "disk-"+name, "64M")
	run(t, "mkfs.ext4", "-q", image)
	run(t, "mkdir", "-p", "/backup")
	run(t, "mount", "-o", "loop", image, "/backup")
	t.Cleanup(func() { run(t, "umount", "/backup") })
}

// offers makes the zone of the document, with all that a backup could lose.
func offers(t *testing.T, options ...string) {
	t.Helper()
	run(t, "shzadm", append([]string{"zone", "add", "offers", "--owner", "anna", "--title", "Offerte è 漢字", "--description", "a\nb",
		"--expires", "2099-12-31", "--max-age", "30", "--notify", "upload"}, options...)...)
	run(t, "shzadm", "zone", "share", "offers", "user:bruno=write", "group:shzbase=drop")
	place := zonePath("offers")
	t.Cleanup(func() { os.RemoveAll(place) })
	write(t, "anna", place+"/plan.pdf", "plan")
	script := `cd "$1"; mkdir -m 1770 his his/deep; echo x >his/deep/x; chmod 600 his/deep/x; printf y >"$(printf 'caff\351')"; chmod 0640 caff*
		touch -d 2001-02-03T04:05:06.789 his/old; setfacl -m u:carla:r his/old; mkfifo his/fifo; ln -s plan.pdf his/link; touch .shz-underway`
	if out, status := asUser(t, "bruno", "sh", "-ec", script, "sh", place); status != 0 {
		t.Fatal(out)
	}
	run(t, "shzadm", "zone", "apply", "offers") // what doctor says after a restore is not to be of before
	age(t, place)
}

// age gives a tree times of long ago: rsync takes times of the same second for equal.
func age(t *testing.T, top string) {
	t.Helper()
	run(t, "find", top, "-depth", "-exec", "touch", "-h", "-d", "2020-01-02T03:04:05.678", "{}", "+")
}

// rootsAlone expects that nobody else enters a place with copies, and that no file there would be his if it were moved.
func rootsAlone(t *testing.T, place string) {
	t.Helper()
	if out, status := asUser(t, "carla", "ls", place); status == 0 {
		t.Errorf("carla lists %s: %s", place, out)
	}
	if open := run(t, "find", place, "-maxdepth", "1", "-type", "f", "-perm", "/077"); open != "" {
		t.Errorf("open to others: %s", open)
	}
}

// noFindings expects that doctor finds nothing.
func noFindings(t *testing.T) {
	t.Helper()
	if out, status := shzadm(t, "doctor"); status != 0 {
		t.Errorf("doctor: %s", out)
	}
}

// withoutUploads leaves out what is not saved.
func withoutUploads(lines []string) []string {
	var left []string
	for _, line := range lines {
		if !strings.Contains(line, ".shz-") {
			left = append(left, line)
		}
	}
	return left
}

func TestBackupOfAZone(t *testing.T) {
	for _, tool := range []string{"rsync", "tar"} {
		t.Run(tool, func(t *testing.T) {
			needDemo(t)
			backupDisk(t, tool)
			offers(t)
			before, shown := withoutUploads(kept(t, zonePath("offers"))), run(t, "shzadm", "zone", "show", "offers")
			follow(t, "Save with "+tool)
			rootsAlone(t, "/backup")
			run(t, "rm", "-r", zonePath("offers"))
			follow(t, "Restore a zone with "+tool)
			compare(t, before, kept(t, zonePath("offers")))
			if again := run(t, "shzadm", "zone", "show", "offers"); lineWith(again, "Members") != lineWith(shown, "Members") || lineWith(again, "Title") != lineWith(shown, "Title") {
				t.Errorf("%s\n%s", shown, again)
			}
			noFindings(t)
			if a := jsonAs(t, "bruno", "/cgi-bin/shz/offers/plan.pdf"); a.status != 200 || a.body != "plan" {
				t.Errorf("bruno: %d %s", a.status, a.body)
			}
			if a := jsonAs(t, "carla", "/cgi-bin/shz/offers/plan.pdf"); a.status != 403 {
				t.Errorf("carla: %d %s", a.status, a.body)
			}
			run(t, "shzadm", "zone", "close", "offers")
			run(t, "rm", "-r", layout.Closed+"/offers")
		})
	}
}

// TestBackupOfEverything: all zones, closed ones and the base itself, onto a new disk.
func TestBackupOfEverything(t *testing.T) {
	for _, tool := range []string{"rsync", "tar"} {
		t.Run(tool, func(t *testing.T) {
			needDemo(t)
			smallBase(t, "everything-"+tool)
			backupDisk(t, tool)
			offers(t)
			run(t, "shzadm", "zone", "close", "everything-"+tool)
			age(t, layout.Base)
			before := withoutUploads(kept(t, layout.Base))
			follow(t, "Save with "+tool)

			image := emptyImage(t, "new-"+tool, "16M")
			run(t, "mkfs.ext4", "-q", image)
			run(t, "mount", "-o", "loop,nosuid,nodev,noexec", image, layout.Base)
			defer run(t, "umount", layout.Base)
			run(t, "rmdir", layout.Base+"/lost+found")
			follow(t, "Restore everything with "+tool)
			compare(t, before, kept(t, layout.Base))
			noFindings(t)
			run(t, "shzadm", "zone", "restore", "everything-"+tool)
			if a := jsonAs(t, "bruno", "/cgi-bin/shz/everything-"+tool+"/old.txt"); a.status != 200 || a.body != "old" {
				t.Errorf("restored twice: %d %s", a.status, a.body)
			}
			noHandlers(t, "shz", "bruno")
		})
	}
}

// TestBackupOfALimit: the zone is as it was, its limit and its id too.
func TestBackupOfALimit(t *testing.T) {
	btrfsBase(t, "backup-limit")
	backupDisk(t, "limit")
	offers(t, "--limit", "20G")
	follow(t, "Save with rsync")
	before := withoutUploads(kept(t, zonePath("offers")))
	run(t, "rm", "-r", zonePath("offers"))
	follow(t, "Restore a zone with its limit")
	compare(t, before, kept(t, zonePath("offers")))
	if z := showZone(t, "offers"); z.Limit == nil || *z.Limit != 20*gib || len(z.Problems) > 0 {
		t.Errorf("%+v", z)
	}
	noFindings(t)
}

// TestBackupBySnapshot: a zone, then everything, with a zone that has a limit.
func TestBackupBySnapshot(t *testing.T) {
	needDemo(t)
	image := emptyImage(t, "snapshot", "512M")
	run(t, "mkfs.btrfs", "-q", image)
	loop := strings.TrimSpace(run(t, "losetup", "--find", "--show", image))
	run(t, "mkdir", "-p", "/mnt/disk")
	run(t, "mount", loop, "/mnt/disk")
	run(t, "losetup", "-d", loop) // from now on it ends with its last mount, also when the tests are killed
	t.Cleanup(func() { run(t, "umount", "/mnt/disk") })
	run(t, "btrfs", "subvolume", "create", "/mnt/disk/zones")
	run(t, "btrfs", "quota", "enable", "/mnt/disk")
	fstab := read(t, "/etc/fstab")
	line := loop + " " + layout.Base + " btrfs subvol=zones,nosuid,nodev,noexec 0 0\n"
	if err := os.WriteFile("/etc/fstab", []byte(line+fstab), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile("/etc/fstab", []byte(fstab), 0o644); err != nil {
			t.Error(err)
		}
	})
	run(t, "mount", layout.Base)
	t.Cleanup(func() {
		noHandlers(t, "shz", "bruno")
		run(t, "umount", layout.Base)
	})
	dressBase(t)
	offers(t)
	run(t, "shzadm", "zone", "add", "limited", "--owner", "anna", "--limit", "64M")
	write(t, "anna", zonePath("limited", "file"), "limited")
	zone, all := kept(t, zonePath("offers")), kept(t, layout.Base)
	follow(t, "Save with a snapshot")
	rootsAlone(t, "/mnt/disk")

	run(t, "rm", "-r", zonePath("offers"))
	follow(t, "Restore a zone from a snapshot")
	compare(t, zone, kept(t, zonePath("offers")))
	noFindings(t)

	run(t, "rm", "-r", zonePath("offers"))
	follow(t, "Restore everything from a snapshot")
	compare(t, all[1:], kept(t, layout.Base)[1:]) // moving the zone with a limit shows in the time of the base
	if z := showZone(t, "limited"); z.Limit == nil || *z.Limit != 64*mib {
		t.Errorf("%+v", z)
	}
	if saved := read(t, "/mnt/disk/saved-limited/file"); saved != "limited" {
		t.Error(saved)
	}
	noFindings(t)
	if a := jsonAs(t, "bruno", "/cgi-bin/shz/offers/plan.pdf"); a.status != 200 || a.body != "plan" {
		t.Errorf("bruno: %d %s", a.status, a.body)
	}
}

// TestBackupOfAccounts: numbers that are somebody else's are named, and people come back as they were.
func TestBackupOfAccounts(t *testing.T) {
	needDemo(t)
	backupDisk(t, "accounts")
	files := []string{"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", layout.State + "/uids"}
	for _, file := range files {
		run(t, "cp", "-a", file, file+".test")
	}
	t.Cleanup(func() {
		for _, file := range files {
			run(t, "mv", file+".test", file)
		}
	})
	run(t, "shzadm", "group", "add", "saved")
	run(t, "shzadm", "group", "member", "saved", "bruno")
	follow(t, "Save the accounts")
	rootsAlone(t, "/backup")
	if out := follow(t, "Before a restore"); out != "" {
		t.Errorf("nothing has changed: %s", out)
	}
	people := run(t, "sh", "-c", "getent passwd anna bruno; getent group shz-saved shzbase shzmgr shzonly; getent shadow bruno; id bruno")
	for _, argv := range [][]string{{"userdel", "bruno"}, {"userdel", "anna"}, {"groupdel", "shz-saved"}, {"groupdel", "shzmgr"}} {
		run(t, argv[0], argv[1:]...)
	}
	follow(t, "Restore the accounts")
	// useradd and userdel may have put the lines elsewhere; what they say counts.
	again := run(t, "sh", "-c", "getent passwd anna bruno; getent group shz-saved shzbase shzmgr shzonly; getent shadow bruno; id bruno")
	if !sameMembers(people, again) {
		t.Errorf("was:\n%s\nis:\n%s", people, again)
	}
	number := strings.Fields(strings.ReplaceAll(run(t, "getent", "passwd", "carla"), ":", " "))[2]
	run(t, "usermod", "-l", "other", "carla")
	if out := follow(t, "Before a restore"); !strings.Contains(out, "/etc/passwd: "+number+" was carla and is other") {
		t.Errorf("another has the number: %q", out)
	}
}

// sameMembers compares without the order of members, which userdel and gpasswd change.
func sameMembers(a, b string) bool {
	sorted := func(text string) string {
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			words := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(":, ", c) })
			slices.Sort(words)
			lines[i] = strings.Join(words, " ")
		}
		return strings.Join(lines, "\n")
	}
	return sorted(a) == sorted(b)
}

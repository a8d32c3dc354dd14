package test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// Limits of single zones: a zone is a subvolume of a btrfs then, and the kernel enforces what shzadm set.

// shzadm runs the command, which may be refused, in English unless args begin with a language.
func shzadm(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	language := "LC_ALL=C.UTF-8"
	if args[0] == "it" {
		language, args = "LC_ALL=it_IT.UTF-8", args[1:]
	}
	cmd := exec.Command("env", append([]string{language, "shzadm"}, args...)...)
	b, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// shownZone is a zone as shzadm tells it.
type shownZone struct {
	Name, Owner, State string
	Limit, Free        *int64
	Problems           []string
	Members            []struct{ Principal, Access string }
}

func showZone(t *testing.T, name string, options ...string) shownZone {
	t.Helper()
	var z shownZone
	if err := json.Unmarshal([]byte(run(t, "shzadm", append([]string{"zone", "show", name, "--json"}, options...)...)), &z); err != nil {
		t.Fatal(err)
	}
	return z
}

// btrfsBase puts a btrfs with quotas over the zones.
func btrfsBase(t *testing.T, name string) {
	t.Helper()
	image := emptyImage(t, name, "512M")
	run(t, "mkfs.btrfs", "-q", image)
	coverBase(t, image)
	run(t, "btrfs", "quota", "enable", layout.Base)
	run(t, "btrfs", "quota", "rescan", "-w", layout.Base)
}

func TestZoneLimit(t *testing.T) {
	btrfsBase(t, "limit")
	const zone, limit = "limited", 32 * mib
	run(t, "shzadm", "zone", "add", zone, "--owner", "anna", "--title", "Limited", "--limit", "32M")
	run(t, "shzadm", "zone", "add", "plain", "--owner", "anna")
	for _, name := range []string{zone, "plain"} {
		run(t, "shzadm", "zone", "share", name, "user:bruno=write")
		write(t, "bruno", zonePath(name, "old.txt"), "old")
	}
	z := showZone(t, zone)
	if z.Limit == nil || *z.Limit != limit || z.Free == nil || *z.Free > limit || *z.Free < limit-mib || len(z.Problems) > 0 {
		t.Errorf("%+v", z)
	}
	if z := showZone(t, "plain"); z.Limit != nil || *z.Free < 100*mib {
		t.Errorf("plain: %+v", z)
	}
	if out, status := shzadm(t, "doctor"); status != 0 || !strings.Contains(out, "zones can have limits") {
		t.Errorf("doctor: %d %s", status, out)
	}

	// The kernel refuses what is too much here, and nowhere else.
	large := randomFile(t, 48*mib)
	folder := "/cgi-bin/shz/" + zone + "/"
	if a := jsonAs(t, "bruno", "-T", large, folder+"large.bin"); a.status != 507 || a.code() != "quota" {
		t.Errorf("too much: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "bruno", "-T", large, "/cgi-bin/shz/plain/large.bin"); a.status != 201 {
		t.Errorf("beside it: %d %s", a.status, a.body)
	}
	useUp(t, zone)
	small := changes(folder, randomFile(t, 1000))
	checkAll(t, zone, small, "quota", 507)
	if z := showZone(t, zone); *z.Free > mib {
		t.Errorf("full: %d bytes free", *z.Free)
	}

	// Full or not, it is closed and restored with its limit, and a larger one helps at once.
	closeAndRestore(t, zone)
	checkAll(t, zone, small, "quota", 507)
	run(t, "shzadm", "zone", "modify", zone, "--limit", "64M", "--title", "Larger")
	if z := showZone(t, zone); *z.Limit != 64*mib || *z.Free < 16*mib {
		t.Errorf("larger: %+v", z)
	}
	checkNext(t, zone, small)
	run(t, "shzadm", "zone", "modify", zone, "--limit=")
	if z := showZone(t, zone); z.Limit != nil {
		t.Errorf("taken away: %+v", z)
	}
	if a := jsonAs(t, "bruno", "-T", large, folder+"large.bin"); a.status != 201 {
		t.Errorf("without a limit: %d %s", a.status, a.body)
	}
	run(t, "shzadm", "zone", "close", zone)
	run(t, "rm", "-r", layout.Closed+"/"+zone) // as the cleaner would
}

// closeAndRestore expects a zone to come back as it was: the same inodes, times, ACLs and bytes.
func closeAndRestore(t *testing.T, zone string) {
	t.Helper()
	before, shown := snapshot(t, zonePath(zone)), showZone(t, zone)
	run(t, "shzadm", "zone", "close", zone)
	if z := showZone(t, zone, "--closed"); z.State != "closed" || z.Limit == nil || *z.Limit != *shown.Limit {
		t.Errorf("closed: %+v", z)
	}
	run(t, "shzadm", "zone", "restore", zone)
	after := snapshot(t, zonePath(zone))
	compare(t, before[1:], after[1:]) // the root's own change time tells of both
	if z := showZone(t, zone); z.State != "open" || *z.Limit != *shown.Limit || len(z.Members) != 1 {
		t.Errorf("restored: %+v", z)
	}
}

// TestZoneLimitRevoked: who is kept out of a zone that is full is kept out.
func TestZoneLimitRevoked(t *testing.T) {
	btrfsBase(t, "revoked")
	const zone = "revoked"
	run(t, "shzadm", "zone", "add", zone, "--owner", "anna", "--limit", "16M")
	run(t, "shzadm", "zone", "share", zone, "user:bruno=write", "user:carla=read")
	write(t, "bruno", zonePath(zone, "his.txt"), "his")
	useUp(t, zone)
	if out, status := asUser(t, "anna", "setfacl", "-x", "u:bruno", zonePath(zone)); status == 0 {
		t.Errorf("the zone is not full: %s", out)
	}
	run(t, "shzadm", "zone", "share", zone, "user:bruno=none")
	if a := jsonAs(t, "bruno", "/cgi-bin/shz/"+zone+"/"); a.status != 403 {
		t.Errorf("bruno gets %d", a.status)
	}
	if entries := run(t, "getfacl", "-Rcp", zonePath(zone, "his.txt"), zonePath(zone, "full")); strings.Contains(entries, "bruno") {
		t.Errorf("inside: %s", entries)
	}
	run(t, "shzadm", "zone", "share", zone, "user:admin=read")
	run(t, "shzadm", "zone", "modify", zone, "--title", "Full")
	run(t, "shzadm", "zone", "close", zone)
	run(t, "shzadm", "zone", "restore", zone, "--expires", "2099-12-31")
	if z := showZone(t, zone); *z.Limit != 16*mib {
		t.Errorf("the limit is %d now", *z.Limit)
	}
	if a := jsonAs(t, "admin", "-T", "/etc/hostname", "/cgi-bin/shz/"+zone+"/more"); a.status != 403 {
		t.Errorf("who may only read: %d", a.status)
	}
	if out, status := asUser(t, "anna", "sh", "-c", `head -c 1M /dev/urandom >"$1"`, "sh", zonePath(zone, "more")); status == 0 {
		t.Errorf("there is room: %s", out)
	}
}

// TestZoneLimitRefused: where there are no limits, and what is none; nothing is left behind.
func TestZoneLimitRefused(t *testing.T) {
	plain := newZone(t)
	refused := func(words string, args ...string) {
		t.Helper()
		before := snapshot(t, layout.Base)
		if out, status := shzadm(t, args...); status != 1 || !strings.Contains(out, words) {
			t.Errorf("%q: %d %s", args, status, out)
		}
		compare(t, before[1:], snapshot(t, layout.Base)[1:]) // a zone that was begun shows in the time of the base
	}
	refused("lies on no Btrfs", "zone", "add", "limited", "--owner", "anna", "--limit", "32M")
	refused("non sta su un Btrfs", "it", "zone", "add", "limited", "--owner", "anna", "--limit", "32M")
	refused("lies on no Btrfs", "zone", "modify", plain, "--limit", "32M", "--title", "Not written either")
	if out, _ := shzadm(t, "doctor"); !strings.Contains(out, "no limits of their own; /srv/sharezone lies on no Btrfs") {
		t.Errorf("doctor: %s", out)
	}
	btrfsBase(t, "refused")
	run(t, "shzadm", "zone", "add", "plain", "--owner", "anna")
	for _, size := range []string{"0", "1023K", "-1G", "1.5G", "none", "99999999999T"} {
		refused("--limit", "zone", "add", "limited", "--owner", "anna", "--limit="+size)
		refused("--limit", "zone", "modify", "plain", "--limit="+size)
	}
	refused("plain folder", "zone", "modify", "plain", "--limit", "32M", "--title", "Not written either")
	refused("there is no such user", "zone", "add", "limited", "--owner", "nobody-such", "--limit", "32M")
	refused("this name is taken", "zone", "add", "plain", "--owner", "anna", "--limit", "32M")
	if subvolumes := run(t, "btrfs", "subvolume", "list", layout.Base); strings.TrimSpace(subvolumes) != "" {
		t.Errorf("left behind: %s", subvolumes)
	}
	run(t, "btrfs", "quota", "disable", layout.Base)
	refused("btrfs quota enable /srv/sharezone", "zone", "add", "limited", "--owner", "anna", "--limit", "32M")
	if out, status := shzadm(t, "doctor"); status != 0 || !strings.Contains(out, "btrfs quota enable") {
		t.Errorf("doctor: %d %s", status, out)
	}
}

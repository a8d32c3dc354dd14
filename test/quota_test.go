package test

import (
	"os"
	"strings"
	"testing"

	"sharezone/internal/layout"
)

// What a quota of the file system refuses (EDQUOT), on a real btrfs: btrfs answers the write. The file systems that wait
// for fsync to say it, and those that say it about a name, are played by strace.

// quotaBase puts a btrfs over the zones, all of which together may take limit, with a zone as smallBase makes it.
func quotaBase(t *testing.T, zone, limit string) {
	t.Helper()
	image := emptyImage(t, zone, "512M")
	run(t, "mkfs.btrfs", "-q", image)
	coverBase(t, image)
	run(t, "btrfs", "quota", "enable", layout.Base)
	run(t, "btrfs", "quota", "rescan", "-w", layout.Base)
	run(t, "btrfs", "qgroup", "limit", limit, layout.Base)
	smallZone(t, zone)
}

// useUp fills a zone as anna until the quota refuses a file of a few bytes and a folder.
func useUp(t *testing.T, zone string) {
	t.Helper()
	script := `cd "$1" && mkdir full && cd full && head -c 200M /dev/urandom >big; sync -f .
		i=0; while echo x >f$i && mkdir d$i; do i=$((i + 1)); test $i -lt 20000; done`
	if out, _ := asUser(t, "anna", "sh", "-c", script, "sh", zonePath(zone)); !strings.Contains(out, "Disk quota exceeded") {
		t.Fatalf("the quota is not used up: %s", out)
	}
}

func TestQuota(t *testing.T) {
	const zone = "quota"
	quotaBase(t, zone, "32M")
	large := changes("/cgi-bin/shz/"+zone+"/", randomFile(t, 48*mib))
	large = large[:len(large)-1] // a folder would fit
	small := changes("/cgi-bin/shz/"+zone+"/", randomFile(t, 1000))

	checkAll(t, zone, large, "quota", 507)
	uploads := activityOf(t, zone, "--event", "upload")
	if want := "upload bruno new.bin quota|upload bruno new.bin quota|upload bruno old.txt quota|upload bruno new.bin quota"; strings.Join(uploads, "|") != want {
		t.Errorf("%q", uploads)
	}
	checkNext(t, zone, small)

	write(t, "bruno", zonePath(zone, "old.txt"), "old") // it was replaced
	write(t, "bruno", zonePath(zone, "his.txt"), "his")
	useUp(t, zone)
	checkAll(t, zone, small, "quota", 507)
	if folders := activityOf(t, zone, "--event", "mkdir"); folders[len(folders)-1] != "mkdir bruno folder quota" {
		t.Errorf("%q", folders)
	}
	checkQuotaWords(t, zone)
	// What is full can be emptied, by who used it too.
	if a := jsonAs(t, "bruno", "-d", "op=delete&name=his.txt", "/cgi-bin/shz/"+zone+"/"); a.status != 200 || !strings.Contains(a.body, `"ok"`) {
		t.Errorf("deleting: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", "-d", "op=delete&name=full", "/cgi-bin/shz/"+zone+"/"); a.status != 200 || !strings.Contains(a.body, `"ok"`) {
		t.Errorf("deleting: %d %s", a.status, a.body)
	}
	run(t, "sync", "-f", layout.Base)
	checkNext(t, zone, small)
}

// checkQuotaWords: both forms say it, each in both languages.
func checkQuotaWords(t *testing.T, zone string) {
	t.Helper()
	target := "/cgi-bin/shz/" + zone + "/words.bin"
	for language, words := range map[string]string{
		"en": "The space that you or this zone may take is used up",
		"it": "Lo spazio concesso a te o a quest",
	} {
		for _, form := range []string{"application/json", "text/html"} {
			a := curlAs(t, "bruno", "-H", "Accept: "+form, "-H", "Accept-Language: "+language, "-T", "/etc/hostname", target)
			if a.status != 507 || !strings.Contains(a.body, words) {
				t.Errorf("%s %s: %d %.600s", language, form, a.status, a.body)
			}
		}
	}
}

// TestQuotaAtEachCall: whichever call of an upload the quota refuses, the answer is the same and nothing is left.
func TestQuotaAtEachCall(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	write(t, "bruno", zonePath(zone, "old.txt"), "old")
	source := randomFile(t, mib)
	target := "/cgi-bin/shz/" + zone + "/"
	for _, row := range []struct{ call, name string }{
		{"fsync", "new.bin"},
		{"fsync", "old.txt?on_exists=replace"},
		{"linkat", "new.bin"},
		{"linkat", "old.txt?on_exists=replace"},
		{"renameat2", "old.txt?on_exists=replace"},
	} {
		t.Run(row.call+" "+row.name, func(t *testing.T) {
			before := snapshot(t, zonePath(zone))
			ended, said, log := traced(t, source, target+row.name, "-e", "trace="+row.call, "-e", "inject="+row.call+":error=EDQUOT")
			if !ended || !strings.HasPrefix(said, "Status: 507") || !strings.Contains(log, "(INJECTED)") {
				t.Errorf("%.200s\n%s", said, log)
			}
			after := snapshot(t, zonePath(zone))
			if row.call == "renameat2" { // the new file had a reserved name for a moment, which the folder's times show
				before, after = before[1:], after[1:]
			}
			compare(t, before, after)
		})
	}
	if left := hidden(t, zonePath(zone)); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if names, _ := os.ReadDir(zonePath(zone)); len(names) != 1 {
		t.Errorf("%d names", len(names))
	}
}

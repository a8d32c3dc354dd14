package test

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
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
	if a := jsonAs(t, "bruno", "-d", "op=delete&for_good=1&name=his.txt", "/cgi-bin/shz/"+zone+"/"); a.status != 200 || !strings.Contains(a.body, `"ok"`) {
		t.Errorf("deleting: %d %s", a.status, a.body)
	}
	if a := jsonAs(t, "anna", "-d", "op=delete&for_good=1&name=full", "/cgi-bin/shz/"+zone+"/"); a.status != 200 || !strings.Contains(a.body, `"ok"`) {
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

// TestQuotaShown: the page of a zone says what the kernel says the user and his group may have there. The kernel's answer is
// played by strace: internal/quota asks a real one, where it has quotas.
func TestQuotaShown(t *testing.T) {
	zone := newZone(t, "user:bruno=write")
	var answer []byte // struct if_dqblk: limits in KiB
	for _, n := range []uint64{5 << 20, 4 << 20, 4500 << 20, 1000, 0, 70, 4070908800, 0, 0} {
		answer = binary.NativeEndian.AppendUint64(answer, n)
	}
	shown := func(accept string, inject ...string) (said, log string) {
		t.Helper()
		file := t.TempDir() + "/strace"
		argv := append([]string{"-f", "-qq", "-o", file, "-u", "bruno", "-e", "trace=quotactl_fd"}, inject...)
		cmd := exec.Command("strace", append(argv, "/usr/lib/sharezone/cgi-bin/zones")...)
		cmd.Env = []string{
			"PATH=/usr/bin:/bin", "SHZ_REQUEST=0123456789abcdef", "SHZ_ENTRY=internal", "SHZ_USER=bruno", "REQUEST_METHOD=GET", "HTTP_ACCEPT_LANGUAGE=en",
			"SERVER_PROTOCOL=HTTP/1.1", "REMOTE_ADDR=127.0.0.1", "HTTP_HOST=127.0.0.1", "GATEWAY_INTERFACE=CGI/1.1", "HTTP_ACCEPT=" + accept,
			"REQUEST_URI=" + management + "/" + zone,
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out), read(t, file)
	}
	played := fmt.Sprintf("inject=quotactl_fd:retval=0:poke_exit=@arg4=%x", answer)
	page, log := shown("text/html", "-e", played)
	for _, words := range []string{"Your space on this disk", "Your group&#39;s space on this disk", "4.7\u00a0GB of 5.4\u00a0GB used; 70 of 1,000 files and folders; over the limit: from ", "2099"} {
		if !strings.Contains(page, words) {
			t.Errorf("no %q in %s", words, page)
		}
	}
	for _, asked := range []string{fmt.Sprintf("USRQUOTA), %d, ", uidOf(t, "bruno")), "GRPQUOTA), "} {
		if !strings.Contains(log, asked) {
			t.Errorf("not asked for %s: %s", asked, log)
		}
	}
	object, _ := shown("application/json", "-e", played)
	if !strings.Contains(object, `"quota":{"user":{"used":4718592000,"limit":5368709120,"files":70,"file_limit":1000,"until":"2099-01-01T00:00:00Z"}`) {
		t.Errorf("%s", object)
	}
	// Without quotas nothing is said, whichever way the kernel says so.
	for _, inject := range [][]string{nil, {"-e", "inject=quotactl_fd:error=ESRCH"}, {"-e", "inject=quotactl_fd:error=ENOSYS"}} {
		if page, _ := shown("text/html", inject...); strings.Contains(page, "on this disk") || !strings.Contains(page, zone) {
			t.Errorf("%q: %s", inject, page)
		}
	}
}

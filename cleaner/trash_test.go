package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// discard is what ct-bruno's deletions make in a zone: "TIME NAME", under the folder "sub".
func (s *site) discard(root string, lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		at, name, _ := strings.Cut(line, " ")
		sh(s.t, "cd "+root+" && setpriv --reuid=ct-bruno --regid=ct-bruno --init-groups bash -c 'umask 007; T=.shz-trash-$(id -u); mkdir -p $T/"+at+
			"; setfattr -n user.shz.from -v /sub $T/"+at+"; mkdir $T/"+at+"/"+name+"; echo hello > $T/"+at+"/"+name+"/x'")
	}
}

// What was deleted long enough ago goes, is told with its path in the trash, and nothing else.
func TestTrash(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	s.zone("bin", "", now)
	root := s.base + "/bin"
	s.discard(root, "20260101T000000.000000000Z-AAAAAAAAAAAA old", "20260102T000000.000000000Z-BBBBBBBBBBBB young", "20260103T000000.000000000Z-CCCCCCCCCCCC settled")
	sh(t, "cd "+root+"; mkdir kept; setfattr -n user.shz.trash -v off .")
	uid := sh(t, "id -u ct-bruno")
	top := "/bin/.shz-trash-" + uid
	s.backdate(top+"/20260101T000000.000000000Z-AAAAAAAAAAAA 40 40", top+"/20260102T000000.000000000Z-BBBBBBBBBBBB 29 29", top+"/20260103T000000.000000000Z-CCCCCCCCCCCC 31 31", "/bin/kept 90 90", "/bin/x 90 90")
	s.now = now
	s.dryRun = true
	before := s.list(root)
	if err := s.run("trash"); err != nil || s.list(root) != before {
		t.Errorf("dry run: %v, %s", err, s.list(root))
	}
	for _, says := range []string{`/old" goes from the trash`, `/settled" goes`, "in the trash for more than 30 days: 2 of 3, bytes: "} {
		if !strings.Contains(s.told.String(), says) {
			t.Errorf("no %q in %s", says, s.told.String())
		}
	}
	if strings.Contains(s.told.String(), "young") {
		t.Errorf("it is young: %s", s.told.String())
	}
	s.dryRun = false
	s.settings.Cleaner.LimitFiles, s.settings.Cleaner.LimitPercent = 0, 0
	if err := s.run("trash"); err == nil || s.list(root) != before {
		t.Errorf("more than the limit: %v, %s", err, s.list(root))
	}
	// More than one run may remove goes in several, the oldest first.
	s.settings.Cleaner.LimitFiles, s.dryRun = 1, true
	if err := s.run("trash"); err != nil || s.list(root) != before || !strings.Contains(s.told.String(), "so the first 1 of them go") {
		t.Errorf("the limit in a dry run: %v, %s", err, s.told.String())
	}
	s.dryRun = false
	if err := s.run("trash"); err != nil || strings.Contains(s.list(root), "old") || !strings.Contains(s.list(root), "settled") {
		t.Errorf("more than the limit: %v, %s", err, s.list(root))
	}
	if err := s.run("trash"); err != nil {
		t.Error(err)
	}
	purged := regexp.MustCompile(`^purge bin \.shz-trash-[0-9]+/[^/]+/old ok; purge bin \.shz-trash-[0-9]+/[^/]+/settled ok$`)
	if acts := strings.Join(s.acts(), "; "); !purged.MatchString(acts) {
		t.Errorf("%s", acts)
	}
	if left := s.list(root); strings.Contains(left, "old") || strings.Contains(left, "settled") || !strings.Contains(left, "/20260102T000000.000000000Z-BBBBBBBBBBBB/young/x") || !strings.Contains(left, "kept") {
		t.Errorf("left: %s", left)
	}
	// Without a trash what is left of one goes after a day, and a first run removes nothing that was there before.
	s.settings.Trash.KeepDays = 0
	if err := s.run("trash"); err != nil || strings.Contains(s.list(root), "young") {
		t.Errorf("%v: %s", err, s.list(root))
	}
}

// What the one whose trash it is could not have removed stays, and is a failure.
func TestTrashStrange(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	s.zone("bin", "", now)
	root := s.base + "/bin"
	s.discard(root, "20260101T000000.000000000Z-AAAAAAAAAAAA old")
	top := root + "/.shz-trash-" + sh(t, "id -u ct-bruno")
	sh(t, "mkdir "+top+"/20260101T000000.000000000Z-AAAAAAAAAAAA/old/hers; touch "+top+"/20260101T000000.000000000Z-AAAAAAAAAAAA/old/hers/file; chown -R ct-anna "+top+"/20260101T000000.000000000Z-AAAAAAAAAAAA/old/hers")
	s.now = now.Add(40 * 24 * time.Hour)
	if err := s.run("trash"); err == nil || !strings.Contains(err.Error(), "the trash: it holds what is not") {
		t.Errorf("%v", err)
	}
	if acts := s.acts(); len(acts) != 0 || !strings.Contains(s.list(root), "old/hers/file") {
		t.Errorf("%q, left: %s", acts, s.list(root))
	}
}

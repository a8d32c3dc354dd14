package main

import (
	"strings"
	"testing"
	"time"

	"sharezone/internal/zone"
)

// TestRestoredStays: what comes back from .closed or from the trash counts as changed then: nobody saw it while its time went by.
func TestRestoredStays(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+"; mkdir -p back/deep lies back/anna; touch back/deep/old back/anna/old lies/old; touch old; chown ct-bruno back back/deep; chown ct-anna back/anna")
	s.backdate("/age/back/anna/old 45 45", "/age/back/anna 45 45", "/age/back/deep/old 45 45", "/age/back/deep 45 45", "/age/back 45 45", "/age/lies/old 45 45", "/age/lies 45 45", "/age/old 45 45")
	mark := func(path string, when time.Time) {
		sh(t, "setfattr -n "+zone.AttrRestored+" -v "+when.UTC().Format(time.RFC3339)+" "+root+"/"+path)
	}
	mark("back", time.Now())
	mark("lies", time.Now().AddDate(50, 0, 0))                  // nobody restores in the future
	sh(t, "cd "+root+"; touch back/x lies/x; rm back/x lies/x") // or their own times would be later than those of their content
	s.now = time.Now()
	if err := s.run("files"); err != nil {
		t.Error(err)
	}
	if left := s.list(root); left != "back back/anna back/deep back/deep/old lies" {
		t.Errorf("a folder: %s", left)
	}
	sh(t, "touch "+root+"/old")
	s.backdate("/age/old 45 45")
	closed, err := s.admin.CloseZone("age", time.Now())
	if err == nil {
		_, err = s.admin.RestoreZone(closed, nil, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		days int
		want string
	}{{6, "back back/anna back/deep back/deep/old lies old"}, {8, ""}} {
		s.now = time.Now().AddDate(0, 0, row.days)
		s.pass(s.now)
		if err := s.run("files"); err != nil {
			t.Error(err)
		}
		if left := s.list(root); left != row.want {
			t.Errorf("the zone, %d days later: %s", row.days, left)
		}
	}
}

// TestAgeChosenAnew: what its owner chooses while files are removed holds at once, without a lock.
func TestAgeChosenAnew(t *testing.T) {
	s := newSite(t)
	root := s.aging("age")
	sh(t, "cd "+root+"; mkdir a b; touch a/old b/old")
	s.backdate("/age/a/old 45 45", "/age/b/old 45 45", "/age/a 1 1", "/age/b 1 1")
	h, err := s.admin.Reach("age")
	if err == nil {
		err = h.Lock()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer h.Release()
	records := 0
	going := zone.Aging{
		Due: func(born, changed time.Time) bool { return time.Since(changed) > 30*24*time.Hour },
		Check: func() error {
			if h.Metadata().MaxAge == nil {
				return zone.ErrBusy
			}
			return nil
		},
		Record: func([]string) (func([]error), error) {
			if records++; records == 1 {
				sh(t, "setfattr -x user.shz.max_age "+root)
			}
			return func([]error) {}, nil
		},
	}
	if err := h.RemoveAged(&going); err == nil || going.Files != 1 || records != 1 {
		t.Errorf("%v %+v", err, going)
	}
}

// TestWithoutID: a zone that somebody made by mkdir gets an id before its owner is told of anything.
func TestWithoutID(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	s.zone("hand", now.AddDate(0, 0, 3).Format(time.DateOnly), now)
	sh(t, "setfattr -x user.shz.id "+s.base+"/hand")
	s.at(now)
	if acts := strings.Join(s.acts(), "; "); !strings.HasPrefix(acts, "zone-warn hand") { // acts fails where one has no id
		t.Errorf("%s", acts)
	}
}

// TestNewOwnerIsTold: what the one before was told is nothing that the new one knows.
func TestNewOwnerIsTold(t *testing.T) {
	s := newSite(t)
	sh(t, "getent passwd ct-carla >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M ct-carla; usermod -aG shzbase,shzmgr ct-carla")
	s.admin.Close()
	s.admin = s.newAdmin() // it knows who there was
	now := time.Now()
	s.zone("handed", now.AddDate(0, 0, 3).Format(time.DateOnly), now)
	for _, want := range []string{"zone-warn", ""} {
		s.now = now
		if err := s.run("warnings"); err != nil {
			t.Error(err)
		}
		if acts := strings.Join(s.acts(), "; "); !strings.HasPrefix(acts, want) || want == "" && acts != "" {
			t.Errorf("%q: %s", want, acts)
		}
	}
	if _, err := s.admin.Transfer("handed", "ct-carla"); err != nil {
		t.Fatal(err)
	}
	if err := s.run("warnings"); err != nil {
		t.Error(err)
	}
	if acts := strings.Join(s.acts(), "; "); !strings.HasPrefix(acts, "zone-warn") {
		t.Errorf("the new owner: %q", acts)
	}
}

// TestTrashOfARestoredZone: while a zone is closed nobody can take anything out of its trash.
func TestTrashOfARestoredZone(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	s.zone("bin", "", now)
	root := s.base + "/bin"
	s.discard(root, "20260101T000000.000000000Z-AAAAAAAAAAAA old")
	s.backdate("/bin/.shz-trash-" + sh(t, "id -u ct-bruno") + "/20260101T000000.000000000Z-AAAAAAAAAAAA 40 40")
	closed, err := s.admin.CloseZone("bin", now)
	if err == nil {
		_, err = s.admin.RestoreZone(closed, nil, now)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		days   int
		stands bool
	}{{0, true}, {6, true}, {8, false}} {
		s.now = now.AddDate(0, 0, row.days)
		s.pass(s.now)
		if err := s.run("trash"); err != nil {
			t.Error(err)
		}
		if left := s.list(root); strings.Contains(left, "AAAA") != row.stands {
			t.Errorf("%d days later: %s", row.days, left)
		}
	}
}

// TestNoRoomForAnID: who fills the attributes of his zone keeps it no longer by that.
func TestNoRoomForAnID(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	s.zone("full", now.Format(time.DateOnly), now)
	sh(t, "cd "+s.base+"/full; setfattr -x user.shz.id .; for i in $(seq 60); do setfattr -n user.x$i -v $(printf %0100d 1) . || break; done 2>/dev/null; for i in $(seq 60); do setfattr -n user.y$i -v 1 . || break; done 2>/dev/null; true")
	s.now = now.AddDate(0, 0, 2)
	if err := s.run("zones"); err == nil || !strings.Contains(err.Error(), "it has no id") {
		t.Errorf("%v", err)
	}
	if left := sh(t, "ls "+s.base+"/.closed"); left != "full" {
		t.Errorf("it is open: %q", left)
	}
}

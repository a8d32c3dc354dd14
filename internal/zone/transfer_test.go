package zone

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/account"
)

// TestTransferLinked: a file with several names keeps somebody only if it is his, or names him where his place is taken.
func TestTransferLinked(t *testing.T) {
	base, _ := needCopy(t)
	sh(t, "getent passwd zt-dora >/dev/null || useradd -K SUB_UID_COUNT=0 -K SUB_GID_COUNT=0 -M -G shzbase,shzmgr zt-dora; mkdir -m 700 "+base+"/.closed")
	admin := newTestAdmin(t, base)
	createDemo(t, admin)
	share(t, admin, "user:zt-bruno", Write)
	if err := admin.Create("of-dora", "zt-dora", Metadata{}, time.Now()); err != nil {
		t.Fatal(err)
	}
	as(t, "zt-bruno", "cd "+base+"/demo; umask 027; echo x >his; ln his his-too; setfacl -b his; mkdir sub; echo x >sub/plain")
	sh(t, "cd "+base+"/demo; echo x >roots; ln roots roots-too; setfacl -b roots") // names nobody
	transfer := func(from, to string) (skipped []string) {
		t.Helper()
		giver, ok := account.NewNames().User(from)
		if !ok {
			t.Fatal(from)
		}
		done, err := admin.TransferAll(giver, to)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range done {
			for _, s := range h.Report.Skipped {
				skipped = append(skipped, h.Zone.Name+"/"+s.Path+" "+string(s.Reason))
			}
		}
		slices.Sort(skipped)
		return skipped
	}
	if skipped := transfer("zt-carla", "zt-bruno"); skipped != nil {
		t.Errorf("what is others' keeps carla: %q", skipped)
	}
	if skipped, want := transfer("zt-bruno", "zt-carla"), []string{"demo/his linked", "demo/his-too linked"}; !slices.Equal(skipped, want) {
		t.Errorf("bruno is kept by %q, not by %q", skipped, want)
	}
	if got := sh(t, "cd "+base+"/demo; stat -c %U his roots sub/plain"); got != "zt-bruno\nroot\nzt-carla" {
		t.Errorf("they belong to %s", got)
	}

	// In anna's zone, which goes to dora, dora takes her place in the lists, and in dora's own, where a transfer may have
	// been interrupted; what she has already keeps nobody.
	sh(t, "cd "+base+`; setfacl -m u:zt-anna:r demo/his
		for f in of-dora/dora of-dora/both of-dora/anna; do echo x >$f; ln $f $f-too; chown zt-bruno $f; setfacl -b -m u:zt-anna:r $f; done
		chown zt-dora of-dora/dora; setfacl -m u:zt-dora:r of-dora/both`)
	want := []string{"demo/his linked", "demo/his-too linked", "of-dora/anna linked", "of-dora/anna-too linked"}
	if skipped := transfer("zt-anna", "zt-dora"); !slices.Equal(skipped, want) {
		t.Errorf("anna is kept by %q, not by %q", skipped, want)
	}
}

// TestTransferNamesWhatMatters: his file is named, however many links lie around it.
func TestTransferNamesWhatMatters(t *testing.T) {
	base, admin := needCopy(t)
	sh(t, "mkdir -m 700 "+base+"/.closed")
	createDemo(t, admin)
	share(t, admin, "user:zt-bruno", Write)
	as(t, "zt-bruno", "cd "+base+"/demo; for i in $(seq 300); do ln -s /nowhere link$i; done; mkdir -p x/y; echo x >x/y/his; ln x/y/his x/y/his-too")
	bruno, _ := account.NewNames().User("zt-bruno")
	done, err := admin.TransferAll(bruno, "zt-carla")
	if err != nil || len(done) != 1 {
		t.Fatal(done, err)
	}
	r := done[0].Report
	if got := fmt.Sprint(r.Skipped); !strings.Contains(got, "{x/y/his linked") || !strings.Contains(got, "{x/y/his-too linked") || r.More != 0 || len(r.Skipped) != maxSkips {
		t.Errorf("%d and %d more: %s", len(r.Skipped), r.More, got)
	}
}

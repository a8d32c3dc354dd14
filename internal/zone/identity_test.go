package zone

import (
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestIdentities: what is no zone is passed over; what cannot be looked at, or has nothing mounted there, is an error: a zone that is
// taken for gone is told of to nobody.
func TestIdentities(t *testing.T) {
	base, admin := needCopy(t)
	createDemo(t, admin)
	os.Mkdir(base+"/Not A Zone", 0o700)
	os.WriteFile(base+"/file", nil, 0o600)
	os.Symlink("demo", base+"/link")
	closed := base + "/.closed"
	os.Mkdir(closed, 0o700)
	found, _, err := admin.Identities()
	if err != nil || !slices.ContainsFunc(found, func(i Identity) bool { return i.Name == "demo" && i.ID != "" }) {
		t.Fatalf("%v, %v", found, err)
	}
	if err := os.Remove(closed); err != nil {
		t.Fatal(err)
	}
	if found, _, err := admin.Identities(); err == nil || found != nil {
		t.Errorf("without the folder of closed zones: %v", found)
	}
	os.Mkdir(closed, 0o700)
	// No more descriptors stands for what passes.
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	highest, err := unix.Open("/", unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(highest)
	for extra := range uint64(3) {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(highest) + extra + 1, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
		found, _, err := admin.Identities()
		unix.Setrlimit(unix.RLIMIT_NOFILE, &before)
		if err == nil && !slices.ContainsFunc(found, func(i Identity) bool { return i.Name == "demo" && i.ID != "" }) {
			t.Errorf("with %d descriptors it is taken for gone", extra)
		}
	}
}

package schedule

import (
	"os"
	"testing"
	"time"
)

func TestSince(t *testing.T) {
	name := t.TempDir() + "/since"
	now := time.Date(2027, 3, 28, 3, 30, 0, 5, time.FixedZone("", 7200))
	if since, err := ReadSince(name, now); err != nil || !since.Equal(now) {
		t.Errorf("before the first run: %v %v", since, err)
	}
	for _, want := range []time.Time{now.AddDate(-1, 0, 0), now} {
		if err := (State{Since: want}).PublishSince(name, want); err != nil {
			t.Fatal(err)
		}
		if since, err := ReadSince(name, now.AddDate(1, 0, 0)); err != nil || !since.Equal(want) {
			t.Errorf("%v %v, not %v", since, err, want)
		}
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v %v", info, err)
	}
	if err := os.WriteFile(name, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if since, err := ReadSince(name, now); err != nil || !since.Equal(now) {
		t.Errorf("cut short: %v %v", since, err)
	}
}

package slot

import (
	"errors"
	"os"
	"testing"

	"sharezone/internal/layout"
)

func TestLock(t *testing.T) {
	if os.Getenv("SHZ_COPY") != "1" || os.Geteuid() != 0 {
		t.Skip("needs the folder of an installation: run by test.sh in its copy of the machine")
	}
	first, err := Lock("test.slot")
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(layout.Slots + "/test.slot")
	if _, err := Lock("test.slot"); !errors.Is(err, ErrTaken) {
		t.Errorf("taken twice: %v", err)
	}
	other, err := Lock("test.slot.other")
	if err != nil {
		t.Error(err)
	}
	defer os.Remove(other.Name())
	other.Close()
	first.Close()
	again, err := Lock("test.slot")
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if err := os.Symlink("/etc/passwd", layout.Slots+"/test.link"); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(layout.Slots + "/test.link")
	if _, err := Lock("test.link"); err == nil {
		t.Error("a link was followed")
	}
}

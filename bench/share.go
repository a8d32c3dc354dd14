package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The zone that is shared: 200,000 files in 400 folders, as its owner and uploads would have made them.
const (
	sharedZone     = "shared"
	sharedRoot     = "/srv/sharezone/" + sharedZone
	sharedFolders  = 400
	sharedFiles    = 500 // in each
	roundsShare    = 5
	zonefixProgram = "/usr/lib/sharezone/libexec/zonefix"
)

// compareShare shares with one more user what lies in a zone: as its owner's page does it, through sudo and zonefix, and by
// setfacl -R as root, with the same entries and the same masks.
func compareShare() error {
	if err := makeShared(); err != nil {
		return err
	}
	samples, err := alternate(roundsShare, way{"zonefix", shareByZonefix}, way{"setfacl", shareBySetfacl})
	if err != nil {
		return err
	}
	row("sharing 200,000 files / setfacl -R", "ms", samples[0], samples[1], below(2))
	return nil
}

func makeShared() error {
	if out, err := exec.Command("shzadm", "zone", "add", sharedZone, "--owner", user).CombinedOutput(); err != nil {
		return fmt.Errorf("shzadm zone add: %w: %s", err, out)
	}
	owner, err := ownerOf(sharedRoot)
	if err != nil {
		return err
	}
	for i := range sharedFolders {
		if err := makeSharedFolder(filepath.Join(sharedRoot, fmt.Sprint("folder ", i)), owner); err != nil {
			return err
		}
	}
	return nil
}

func makeSharedFolder(folder string, owner int) error {
	if err := os.Mkdir(folder, 0o770); err != nil {
		return err
	}
	for n := range sharedFiles {
		name := filepath.Join(folder, fmt.Sprintf("%05d.pdf", n))
		if err := os.WriteFile(name, nil, 0o640); err != nil {
			return err
		}
		if err := os.Chown(name, owner, -1); err != nil {
			return err
		}
	}
	return os.Chown(folder, owner, -1)
}

func shareByZonefix() (float64, error) {
	cmd := exec.Command("runuser", "-u", user, "--", "sudo", "-n", "--", zonefixProgram)
	cmd.Stdin = strings.NewReader(`{"op":"share","zone":"` + sharedZone + `","principal":"user:bruno","access":"read"}`)
	return share(cmd, fmt.Sprintf(`"folders":%d,"files":%d`, sharedFolders, sharedFolders*sharedFiles))
}

func shareBySetfacl() (float64, error) {
	return share(exec.Command("setfacl", "-R", "-n", "-m", "u:bruno:r-x,d:u:bruno:r-x", sharedRoot), "")
}

// share measures a command that gives bruno his entry everywhere, until it is on disk, and takes the entry away, which is
// not measured.
func share(cmd *exec.Cmd, says string) (float64, error) {
	cmd.Dir = "/"
	unix.Sync()
	began := time.Now()
	out, err := cmd.CombinedOutput()
	unix.Sync()
	took := milliseconds(began)
	if err != nil || !bytes.Contains(out, []byte(says)) {
		return 0, fmt.Errorf("%s: %w: %s", cmd.Path, err, out)
	}
	last := filepath.Join(sharedRoot, fmt.Sprint("folder ", sharedFolders-1), fmt.Sprintf("%05d.pdf", sharedFiles-1))
	list, err := exec.Command("getfacl", "-cp", last).Output()
	if err != nil || !bytes.Contains(list, []byte("user:bruno:r-x")) {
		return 0, fmt.Errorf("%s did not share: %w: %s", cmd.Path, err, list)
	}
	out, err = exec.Command("setfacl", "-R", "-n", "-x", "u:bruno,d:u:bruno", sharedRoot).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("setfacl -x: %w: %s", err, out)
	}
	return took, nil
}

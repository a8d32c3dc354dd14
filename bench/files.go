package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Where things lie and how they are reached, as bench/run.sh and bench/apache.conf have it.
const (
	site  = "http://127.0.0.1:8080"
	place = "/var/lib/shzbench"

	user       = "bench"
	zone       = "bench"
	zoneFolder = "/srv/sharezone/" + zone

	helloURL          = site + "/bench/cgi-bin/hello"
	sendfileURL       = site + "/bench/cgi-bin/sendfile"
	staticURL         = site + "/bench/files/" + largeName
	staticSendfileURL = site + "/bench/sendfile/" + largeName
	davURL            = site + "/bench/dav/arrived"
	davFile           = place + "/disk/dav/arrived"

	fewFolder, manyFolder = "few", "many"
	few, many             = 200, 100_000

	largeName, sparseName = "large", "sparse"
	largeSize, sparseSize = 1 << 30, 4 << 30
	largeFile             = zoneFolder + "/" + largeName
	sparseFile            = zoneFolder + "/" + sparseName
)

func folderURL(folder string) string {
	if folder != "" {
		folder += "/"
	}
	return site + "/cgi-bin/shz/" + zone + "/" + folder
}
func fileURL(name string) string { return site + "/cgi-bin/shz/" + zone + "/" + name }

// password of the user: made for this run, it leaves the process only by pipe and form.
var password = rand.Text()

// makeFiles makes the user, his zone and what lies in it, as uploads would have left it.
func makeFiles() error {
	owner, err := makeZone()
	if err != nil {
		return err
	}
	for folder, entries := range map[string]int{fewFolder: few, manyFolder: many} {
		if err := makeEntries(filepath.Join(zoneFolder, folder), entries, owner); err != nil {
			return err
		}
	}
	if err := makeLarge(owner); err != nil {
		return err
	}
	if err := makeTree(owner); err != nil {
		return err
	}
	unix.Sync()
	return nil
}

// makeFew makes what is taken and brought by the proxy.
func makeFew() error {
	owner, err := makeZone()
	if err != nil {
		return err
	}
	for folder, entries := range map[string]int{fewFolder: few, tinyFolder: 1} {
		if err := makeEntries(filepath.Join(zoneFolder, folder), entries, owner); err != nil {
			return err
		}
	}
	defer unix.Sync()
	return makeLarge(owner)
}

// makeZone makes the user and his zone, and returns his uid.
func makeZone() (owner int, err error) {
	if _, err := os.Stat(place + "/disk/files"); err != nil {
		return 0, fmt.Errorf("not started by bench/run.sh: %w", err)
	}
	shzadm := func(input string, args ...string) error {
		cmd := exec.Command("shzadm", args...)
		cmd.Stdin = strings.NewReader(input)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("shzadm %s: %w: %s", args[0], err, out)
		}
		return nil
	}
	if err := errors.Join(
		shzadm(password+"\n", "user", "add", user, "--role", "manager", "--full-name", "Bench",
			"--email", "bench@localhost", "--password-stdin"),
		shzadm("", "zone", "add", zone, "--owner", user),
	); err != nil {
		return 0, err
	}
	return ownerOf(zoneFolder)
}

func ownerOf(path string) (int, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return int(st.Uid), err
}

// makeEntries makes a folder of small files with names such as people give.
func makeEntries(folder string, entries, owner int) error {
	if err := os.Mkdir(folder, 0o770); err != nil {
		return err
	}
	for i := range entries {
		name := fmt.Sprintf("%s/Drawing %05d, sheet A.pdf", folder, i)
		if err := os.WriteFile(name, []byte(name), 0o640); err != nil {
			return err
		}
		if err := os.Chown(name, owner, -1); err != nil {
			return err
		}
	}
	return os.Chown(folder, owner, -1)
}

// makeLarge makes the file of 1 GiB, which the references send too: the same inode, so the same pages in memory. And one
// of 4 GiB that takes no room.
func makeLarge(owner int) error {
	f, err := os.Create(largeFile)
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for range largeSize / len(block) {
		rand.Read(block[:4096]) // no block is like another
		if _, err := f.Write(block); err != nil {
			return err
		}
	}
	sparse, err := os.Create(sparseFile)
	if err != nil {
		return err
	}
	defer sparse.Close()
	// The link lies on the same file system, seen through the mount that holds both.
	disk := place + "/disk/"
	return errors.Join(
		sparse.Truncate(sparseSize), f.Chmod(0o644), f.Chown(owner, -1), sparse.Chown(owner, -1),
		os.Link(disk+"zones/"+zone+"/"+largeName, disk+"files/"+largeName),
	)
}

// machine says in words what it was measured on.
func machine() string {
	var name unix.Utsname
	unix.Uname(&name)
	version, _ := exec.Command("/usr/sbin/apache2", "-v").Output()
	apache, _, _ := strings.Cut(strings.TrimPrefix(string(version), "Server version: "), "\n")
	return fmt.Sprintf("%d processors, Linux %s, %s", processors(), unix.ByteSliceToString(name.Release[:]), apache)
}

func processors() int {
	var set unix.CPUSet
	unix.SchedGetaffinity(0, &set)
	return set.Count()
}

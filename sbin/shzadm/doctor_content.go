package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// recordFile holds the SHA-256 of every file as install.sh wrote it, in sha256sum's format.
const recordFile = layout.State + "/installed"

// checkContents compares what install.sh wrote with what is there: a changed program or rule in a privileged place is
// found, whoever changed it. What an administrator may change is told, and is no finding. It cannot protect from root,
// who can change the record as well.
func (u *checkup) checkContents(m manifest) {
	recorded := readRecord()
	known := make(map[string]bool)
	for _, item := range m.items {
		known[item.path] = true
		want, ok := recorded[item.path]
		if item.kind != "file" || !ok || item.path == recordFile {
			continue
		}
		found, err := checksum(item.path)
		switch {
		case err != nil: // missing or unreadable: found already
		case item.has("keep"):
			if found != want {
				u.notes = append(u.notes, item.path)
			}
		default:
			u.check(found == want, finding{Check: "content", Subject: item.path, Mend: install})
		}
	}
	// Nothing else lies where privileged programs lie.
	for _, folder := range [...]string{filepath.Dir(layout.Gate), layout.Handlers, layout.Helpers} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			path := filepath.Join(folder, e.Name())
			u.check(known[path], finding{Check: "stranger", Subject: path, Mend: "mv --backup=numbered -T -- " + quote(path) + " /root/" + quote(e.Name())})
		}
	}
}

// readRecord is empty where install.sh never ran to its end: the manifest's finding says so.
func readRecord() map[string]string {
	recorded := make(map[string]string)
	b, err := os.ReadFile(recordFile)
	if err != nil {
		return recorded
	}
	for line := range strings.Lines(string(b)) {
		sum, path, found := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if found && len(sum) == 2*sha256.Size {
			recorded[path] = sum
		}
	}
	return recorded
}

func checksum(path string) (string, error) {
	f, err := os.OpenFile(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

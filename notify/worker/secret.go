package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/disk"
	"sharezone/notify/queue"
)

// Links that open something are handed over by root, one file each, because no event may hold one. The message has the link's id
// as its source, so what is repeated after a kill adds nothing to it.

// secret is one of them.
type secret struct {
	User    string    `json:"user"`
	UID     uint32    `json:"uid"`
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// maxSecret bounds a file, in bytes.
const maxSecret = 4 << 10

// postSecrets makes messages of what lies in a folder, and removes it.
func postSecrets(folder string, q queue.Queue, now time.Time) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries {
		if !queue.IsLink(e.Name()) {
			continue // being written
		}
		if err := postSecret(folder, e.Name(), q, now); err != nil {
			failed = errors.Join(failed, fmt.Errorf("secret %s: %w", e.Name(), err))
		}
	}
	return failed
}

func postSecret(folder, id string, q queue.Queue, now time.Time) error {
	name := folder + "/" + id
	b, err := readSecret(name)
	if err != nil {
		return err
	}
	var s secret
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if now.Before(s.Expires) {
		k := queue.Key{Kind: queue.Recover, UID: s.UID, User: s.User, Actor: s.User, ZoneID: id}
		if err := q.Add(k, id, []queue.Item{{Time: s.Expires, Path: s.Token}}, now, 0); err != nil {
			return err
		}
	}
	if err := os.Remove(name); err != nil {
		return err
	}
	return disk.SyncFolder(folder)
}

func readSecret(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecret {
		return nil, errors.New("no file of root's")
	}
	b := make([]byte, info.Size())
	n, err := f.Read(b)
	return b[:n], err
}

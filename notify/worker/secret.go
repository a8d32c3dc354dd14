package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"sharezone/internal/disk"
	"sharezone/internal/secret"
	"sharezone/notify/queue"
)

// postSecrets makes messages of what root has handed over, and removes it.
func postSecrets(folder string, q queue.Queue, now time.Time) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries {
		if !secret.ValidID(e.Name()) {
			continue // being written
		}
		if err := postSecret(folder, e.Name(), q, now); err != nil {
			failed = errors.Join(failed, fmt.Errorf("secret %s: %w", e.Name(), err))
		}
	}
	return failed
}

func postSecret(folder, id string, q queue.Queue, now time.Time) error {
	s, err := secret.Read(folder, id)
	if err != nil {
		return err
	}
	k := queue.Key{Kind: queue.Kind(s.Kind), UID: s.UID, User: s.User, Actor: cmp.Or(s.Actor, s.User), Zone: s.Zone, ZoneID: id, Address: s.Address}
	if now.Before(s.Expires) && k.Kind.Secret() {
		if err := q.Add(k, id, []queue.Item{{Time: s.Expires, Path: s.Text}}, 1, now, 0); err != nil {
			return err
		}
	}
	if err := os.Remove(folder + "/" + id); err != nil {
		return err
	}
	return disk.SyncFolder(folder)
}

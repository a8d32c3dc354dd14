package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/disk"
	"sharezone/internal/secret"
	"sharezone/notify/queue"
)

// moveTime is how long a change of an address may take, from when its note is handed over: auth is ended after 25 seconds, and usermod(8)
// waits for a lock before it goes on without it.
const moveTime = 5 * time.Minute

// askedWindow is for how long requests for accounts are collected before an administrator is told of them.
const askedWindow = time.Hour

// postSecrets makes messages of what root has handed over, and removes it.
func postSecrets(folder string, q queue.Queue, people names, now time.Time) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries {
		if !secret.ValidID(e.Name()) {
			continue // being written
		}
		if err := postSecret(folder, e.Name(), q, people, now); err != nil {
			failed = errors.Join(failed, fmt.Errorf("secret %s: %w", e.Name(), err))
		}
	}
	return failed
}

func postSecret(folder, id string, q queue.Queue, people names, now time.Time) error {
	s, err := secret.Read(folder, id)
	if err != nil {
		return err
	}
	k := queue.Key{Kind: queue.Kind(s.Kind), UID: s.UID, User: s.User, Actor: cmp.Or(s.Actor, s.User), Zone: s.Zone, ZoneID: id, Address: s.Address, Language: s.Language}
	when, window := s.Expires, time.Duration(0)
	if k.Kind == queue.Asked { // who administers is told of all of an hour at once
		k.ZoneID, when, window = "", now, askedWindow
	}
	stays := false // the address is what it was
	if k.Kind == queue.Moved {
		e, found := people.User(s.User)
		if err := people.Err(); err != nil {
			return err
		}
		stays = found && e.UID == s.UID && account.ParseGECOS(e.GECOS).Email == s.Address
	}
	if stays {
		info, err := os.Lstat(folder + "/" + id)
		if err != nil || now.Sub(info.ModTime()).Abs() < moveTime {
			return err // it may be under way
		}
	}
	if !stays && now.Before(s.Expires) && (k.Kind.Secret() || k.Kind == queue.Asked) {
		if err := q.Add(k, id, []queue.Item{{Time: when, Path: s.Text}}, 1, now, window); err != nil {
			return err
		}
	}
	if err := os.Remove(folder + "/" + id); err != nil {
		return err
	}
	return disk.SyncFolder(folder)
}

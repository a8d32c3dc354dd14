package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/event"
	"sharezone/internal/layout"
)

// What has collected while the worker did not run, or waits for a zone whose log cannot be written.
const (
	backlogEvents = 100_000
	backlogBatch  = 500 // as the worker takes them
	roundsBacklog = 3
	roundsWaiting = 7

	workerProgram = "/usr/lib/sharezone/worker"
	busyZone      = "demo"
)

// compareBacklog lets the worker take many events, of which nobody is told but the logs, and a loop that reads, appends and syncs.
func compareBacklog(events int) error {
	var peaks [2]int
	for i, n := range []int{max(events/10, 1), events} {
		rounds := roundsBacklog
		if n >= backlogEvents { // making them takes longer than taking them
			rounds = 1
		}
		samples, err := alternate(rounds,
			way{"worker", func() (float64, error) { return timedBacklog(n, func() error { return byWorker(&peaks[i]) }) }},
			way{"loop", func() (float64, error) { return timedBacklog(n, byLoop) }},
		)
		if err != nil {
			return err
		}
		row(fmt.Sprintf("backlog of %d events / read, append, fsync and remove by %d", n, backlogBatch), "ms", samples[0], samples[1], below(4))
	}
	g := below(float64(maxResident))
	fmt.Printf("\nThe worker's memory: %s, with a tenth of the events %s (goal: < 32 MiB: %s)\n", inMiB(peaks[1]), inMiB(peaks[0]), g.verdict(float64(peaks[1]), float64(peaks[1])))
	return compareWaiting(events)
}

// compareWaiting lets the worker run beside events of a zone whose log cannot be written, which it knows, and which it reads anew.
func compareWaiting(events int) error {
	id, err := busyID()
	if err != nil {
		return err
	}
	folder := layout.ZoneLogs + "/" + id
	if err := errors.Join(os.Rename(folder, folder+".away"), os.WriteFile(folder, nil, 0o600), makeBacklog(id, events)); err != nil {
		return err
	}
	peak := 0
	run := func(anew bool) (float64, error) {
		if anew {
			if err := os.Remove(layout.WorkerState + "/waiting.json"); err != nil {
				return 0, err
			}
		}
		began := time.Now()
		err := byWorker(&peak)
		if _, failed := errors.AsType[*exec.ExitError](err); !failed { // it says that the log cannot be written
			return 0, fmt.Errorf("a worker that should have said what waits: %v", err)
		}
		return milliseconds(began), nil
	}
	samples, err := alternate(roundsWaiting,
		way{"known", func() (float64, error) { return run(false) }},
		way{"anew", func() (float64, error) { return run(true) }},
	)
	if err != nil {
		return err
	}
	fmt.Println()
	tableHead()
	row(fmt.Sprintf("a run beside %d events that wait for a zone / a run that reads them anew", events), "ms", samples[0], samples[1], below(0.2))
	fmt.Printf("\nThe worker's memory: %s\n", inMiB(peak))
	if err := errors.Join(os.Remove(folder), os.Rename(folder+".away", folder), byWorker(&peak)); err != nil {
		return err
	}
	return noneLeft()
}

func busyID() (string, error) {
	id := make([]byte, 32)
	_, err := unix.Getxattr(layout.Base+"/"+busyZone, "user.shz.id", id)
	return string(id), err
}

// timedBacklog makes events, and measures one way to take them all.
func timedBacklog(n int, take func() error) (float64, error) {
	id, err := busyID()
	if err == nil {
		err = makeBacklog(id, n)
	}
	if err != nil {
		return 0, err
	}
	unix.Sync()
	began := time.Now()
	err = take()
	return milliseconds(began), errors.Join(err, noneLeft())
}

// noneLeft is an error where events are left.
func noneLeft() error {
	left, err := os.ReadDir(layout.Events)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d events are left", len(left))
	}
	return err
}

func makeBacklog(id string, n int) error {
	for i := range n {
		f, err := event.Create(layout.Events, event.Header{UID: 1, User: "bruno", Component: "shz", Entry: "internal", Address: "192.0.2.1", Zone: busyZone, ZoneID: id})
		if err != nil {
			return err
		}
		act, err := f.Begin("mkdir", fmt.Sprintf("folder %d", i))
		if err != nil {
			return err
		}
		act.End("ok", -1, "")
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// byWorker runs the worker; peak is the largest resident set that it ever had, in KiB.
func byWorker(peak *int) error {
	worker, known := account.NewNames().User(layout.UserSpool)
	if !known {
		return errors.New("there is no " + layout.UserSpool)
	}
	cmd := exec.Command(workerProgram)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: worker.UID, Gid: worker.GID}}
	seen, err := runWatched(cmd)
	*peak = max(*peak, seen)
	return err
}

// runWatched runs a program, and returns the largest resident set that it ever had, in KiB.
func runWatched(cmd *exec.Cmd) (peak int, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return peak, err
		case <-time.After(10 * time.Millisecond):
			peak = max(peak, highWater(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid)))
		}
	}
}

// byLoop does the least that loses nothing.
func byLoop() error {
	log, err := os.OpenFile(layout.WorkerState+"/bench.log", os.O_WRONLY|os.O_CREATE|os.O_APPEND|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	entries, err := os.ReadDir(layout.Events)
	if err != nil {
		return err
	}
	for len(entries) > 0 {
		some := entries[:min(backlogBatch, len(entries))]
		entries = entries[len(some):]
		var lines strings.Builder
		for _, e := range some {
			b, err := os.ReadFile(filepath.Join(layout.Events, e.Name()))
			if err != nil {
				return err
			}
			lines.Write(b)
		}
		if _, err := log.WriteString(lines.String()); err != nil {
			return err
		}
		if err := log.Sync(); err != nil {
			return err
		}
		for _, e := range some {
			if err := os.Remove(filepath.Join(layout.Events, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

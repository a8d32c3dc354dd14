package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sharezone/internal/privileged"
)

// TestSilentCallers: who starts the helper and sends nothing holds as many of root's processes as he has slots, and no more.
func TestSilentCallers(t *testing.T) {
	needCopy(t)
	newZone(t, "zf-silent")
	owner := sh(t, "id -u zf-anna")
	var started []*exec.Cmd
	var pipes []io.Closer
	for range slotsPerCaller + 1 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", asZonefix + "=yes", "SUDO_UID=" + owner}
		pipe, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		started, pipes = append(started, cmd), append(pipes, pipe)
	}
	ended := make(chan int, len(started))
	for _, cmd := range started {
		go func() {
			cmd.Wait()
			ended <- cmd.ProcessState.ExitCode()
		}()
	}
	select {
	case status := <-ended:
		if status != privileged.ExitRefused {
			t.Errorf("the one too many ended with %d", status)
		}
	case <-time.After(15 * time.Second):
		t.Error("one more than there are slots waits for its input")
	}
	select {
	case status := <-ended:
		t.Errorf("another ended with %d", status)
	case <-time.After(300 * time.Millisecond):
	}
	if a := askIn(t, owner, `{"op":"show","zone":"zf-silent"}`, `exec "$@"`); a.status != privileged.ExitRefused || a.Error != "busy" || strings.Count(a.log, "\n") != 1 {
		t.Errorf("%d %+v %s", a.status, a, a.log)
	}
	if a := askIn(t, "", `{"op":"show","zone":"zf-silent"}`, `exec "$@"`); a.status != 0 {
		t.Errorf("another caller's slots are taken too: %d %s", a.status, a.log)
	}
	for _, pipe := range pipes {
		pipe.Close()
	}
	for range slotsPerCaller {
		<-ended
	}
	if a := askIn(t, owner, `{"op":"show","zone":"zf-silent"}`, `exec "$@"`); a.status != 0 {
		t.Errorf("the slots are still taken: %d %s", a.status, a.log)
	}
}

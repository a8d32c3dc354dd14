// Package privilegedtest has what the tests of several root helpers share.
package privilegedtest

import (
	"io"
	"os/exec"
	"testing"
	"time"

	"sharezone/internal/privileged"
)

// SilentCallers requires that who starts the helper and sends nothing holds as many of root's processes as he has slots, and no
// more. The helper is this test program, as which it runs with env; ask asks it something, as the silent caller or as another
// one, and returns its exit status and whether it said "busy" in one line of the log.
func SilentCallers(t *testing.T, slots int, env []string, ask func(silent bool) (status int, busy bool)) {
	t.Helper()
	var pipes []io.Closer
	ended := make(chan int, slots+1)
	for range slots + 1 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, env...)
		pipe, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		pipes = append(pipes, pipe)
		t.Cleanup(func() { cmd.Process.Kill() })
		go func() {
			cmd.Wait()
			ended <- cmd.ProcessState.ExitCode()
		}()
	}
	waiting := slots + 1
	select {
	case status := <-ended:
		waiting--
		if status != privileged.ExitRefused {
			t.Errorf("the one too many ended with %d", status)
		}
	case <-time.After(15 * time.Second):
		t.Error("one more than there are slots waits for its input")
	}
	select {
	case status := <-ended:
		waiting--
		t.Errorf("another ended with %d", status)
	case <-time.After(300 * time.Millisecond):
	}
	if status, busy := ask(true); status != privileged.ExitRefused || !busy {
		t.Errorf("the silent caller: %d, busy %v", status, busy)
	}
	if status, _ := ask(false); status != 0 {
		t.Errorf("another caller's slots are taken too: %d", status)
	}
	for _, pipe := range pipes {
		pipe.Close()
	}
	for range waiting {
		<-ended
	}
	if status, _ := ask(true); status != 0 {
		t.Errorf("the slots are still taken: %d", status)
	}
}
